//! The state a printer is in before and after every foreign label.

use firstscan_drivers::bitmap::Resolution;
use firstscan_drivers::printer::{Media, PrintMode};

/// What a printer's profile says about its own state. Darkness, speed, sensors and the kind of
/// stock are set at the printer and by nobody else, so they are not in here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preamble {
    /// The stock in the printer, in dots.
    pub width_dots: u32,
    pub length_dots: u32,
    /// Labels leave the printer upside down.
    pub inverted: bool,
    pub mirrored: bool,
    /// White on black.
    pub reversed: bool,
    /// `^LT`: rows the print is moved down, -120 to 120.
    pub top_dots: i32,
    /// `^LS`: dots the print is moved to the left.
    pub shift_dots: i32,
    /// `^LH`: where positions count from.
    pub home_dots: (u32, u32),
    /// The printer's own setting if absent.
    pub mode: Option<PrintMode>,
    /// `^CI`: 28 is UTF-8, which ASCII labels of any code page are.
    pub encoding: u8,
}

impl Default for Preamble {
    /// 4 x 6 in at 203 dpi, nothing moved.
    fn default() -> Self {
        Preamble {
            width_dots: 812,
            length_dots: 1218,
            inverted: false,
            mirrored: false,
            reversed: false,
            top_dots: 0,
            shift_dots: 0,
            home_dots: (0, 0),
            mode: None,
            encoding: 28,
        }
    }
}

impl Preamble {
    /// For a stock on a print head, nothing moved.
    pub fn of(media: Media, head: Resolution, mode: Option<PrintMode>) -> Self {
        let (width_dots, length_dots) = media.dots(head);
        Preamble {
            width_dots,
            length_dots,
            mode,
            ..Preamble::default()
        }
    }

    /// The commands that set this state, without `^XA` and `^XZ`. `^MU` stands first, because the
    /// others count in its unit; `^MCY` clears what a label with `^MCN` left behind; `^JZN` leaves
    /// reprints after an error to the journal.
    pub fn commands(&self) -> Vec<u8> {
        let yes = |set: bool, yes: char, no: char| if set { yes } else { no };
        let (x, y) = self.home_dots;
        let text = format!(
            "^MUD^JZN^MCY^PO{}^PM{}^LR{}^LH{x},{y}^LS{}^LT{}^FWN,0^CI{}^CFA,9,5^BY2,3.0,10\
             ^PW{}^LL{}{}",
            yes(self.inverted, 'I', 'N'),
            yes(self.mirrored, 'Y', 'N'),
            yes(self.reversed, 'Y', 'N'),
            self.shift_dots,
            self.top_dots,
            self.encoding,
            self.width_dots.max(1),
            self.length_dots.max(1),
            mode(self.mode),
        );
        text.into_bytes()
    }

    /// The format that sets this state and prints nothing.
    pub fn format(&self) -> Vec<u8> {
        [b"^XA".as_slice(), &self.commands(), b"^XZ\r\n"].concat()
    }
}

fn mode(mode: Option<PrintMode>) -> &'static str {
    match mode {
        Some(PrintMode::TearOff) => "^MMT",
        Some(PrintMode::Peel) => "^MMP",
        Some(PrintMode::Cut) => "^MMC",
        Some(PrintMode::Rewind) => "^MMR",
        Some(PrintMode::Applicator) => "^MMA",
        // What is new there is the printer's own setting here.
        _ => "",
    }
}
