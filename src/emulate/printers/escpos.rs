//! An ESC/POS receipt printer: raster bands behind `GS v 0`, 1 is black; a cut or a feed ends the
//! label.
//!
//! `DLE EOT n` is answered at once, even inside raster, where it stays data too. `GS ( H` function
//! 48 is answered when what came before it is printed; `GS a` makes it tell changes unasked
//! (`device-protocols` 5.6).

use super::page::Strip;
use super::{Condition, Dialect, Happened, Item, PrinterSettings, Report};

const DLE: u8 = 0x10;
const EOT: u8 = 0x04;
const ESC: u8 = 0x1B;
const GS: u8 = 0x1D;
/// Longest command without raster.
const COMMAND_BYTES_MAX: usize = 64;

/// The dialect.
#[derive(Debug)]
pub struct EscPos {
    command: Vec<u8>,
    /// Of the raster that comes in: bytes of a row, bytes to come.
    raster: Option<(usize, usize)>,
    row: Vec<u8>,
    strip: Strip,
    /// The last two bytes, for commands that act inside everything.
    last: [u8; 2],
    head_bytes: usize,
    data_bytes_max: usize,
    tells: bool,
}

impl EscPos {
    /// As after power on.
    pub fn new(settings: &PrinterSettings) -> Self {
        Self {
            command: Vec::new(),
            raster: None,
            row: Vec::new(),
            strip: Strip::default(),
            last: [0; 2],
            head_bytes: usize::try_from(settings.head_dots.div_ceil(8)).unwrap_or(usize::MAX),
            data_bytes_max: settings.format_bytes_max,
            tells: false,
        }
    }

    fn cut(&mut self, items: &mut Vec<Item>) {
        let copies = 1;
        items.extend(
            self.strip
                .take()
                .map(|picture| Item::Label { picture, copies }),
        );
    }

    fn raster_byte(&mut self, byte: u8) {
        let Some((stride, left)) = &mut self.raster else {
            return;
        };
        self.row.push(byte);
        *left -= 1;
        if self.row.len() == *stride {
            self.row.resize(self.head_bytes, 0);
            self.strip.push(&self.row);
            self.row.clear();
        }
        if *left == 0 {
            self.raster = None;
        }
    }

    /// Carries the command out once it is whole; false if more bytes are needed.
    fn run(&mut self, items: &mut Vec<Item>) -> bool {
        match *self.command.as_slice() {
            [ESC, b'@'] => self.strip = Strip::default(),
            [ESC, b'd', _] | [ESC, b'i'] | [GS, b'V', 0 | 1 | 48 | 49] => self.cut(items),
            [GS, b'V', 65 | 66, _] => self.cut(items),
            [ESC, b'3' | b'=' | b'a', _] | [DLE, EOT, _] => {}
            [DLE, 5, _] => items.push(Item::Cancel),
            [ESC, b'v'] | [GS, b'I' | b'r', _] => items.push(Item::Ask(self.command.clone())),
            [GS, b'a', flags] => self.tells = flags != 0,
            [GS, b'v', b'0', _, xl, xh, yl, yh] => {
                let stride = usize::from(u16::from_le_bytes([xl, xh]));
                let bytes = stride * usize::from(u16::from_le_bytes([yl, yh]));
                self.row.clear();
                let fits = bytes > 0 && bytes <= self.data_bytes_max;
                self.raster = fits.then_some((stride, bytes));
            }
            [GS, b'(', b'H', 6, 0, 48, 48, a, b, c, d] => {
                items.push(Item::Receipt(vec![0x37, 0x22, a, b, c, d, 0]));
            }
            // Text and line ends print nothing here; zeros are passed over.
            [byte] if !matches!(byte, ESC | GS | DLE) => {}
            [ESC | GS | DLE]
            | [GS, b'V' | b'v' | b'(' | b'a' | b'I' | b'r', ..]
            | [ESC, b'd' | b'3' | b'=' | b'a']
            | [DLE, EOT | 5] => return self.command.len() > COMMAND_BYTES_MAX,
            _ => items.push(Item::Note(format!("ignored {:02X?}", self.command))),
        }
        true
    }
}

impl Dialect for EscPos {
    fn push(&mut self, byte: u8, items: &mut Vec<Item>) {
        if self.last == [DLE, EOT] && matches!(byte, 1..=4) {
            items.push(Item::Ask(vec![DLE, EOT, byte]));
        }
        self.last = [self.last[1], byte];
        if self.raster.is_some() {
            self.raster_byte(byte);
            return;
        }
        self.command.push(byte);
        if self.run(items) {
            self.command.clear();
        }
    }

    fn answer(&self, question: &[u8], report: &Report<'_>) -> Option<Vec<u8>> {
        let now = &report.condition;
        let offline = now.in_error() || now.paused;
        Some(match *question {
            [DLE, EOT, 1] => vec![0x12 | u8::from(offline) << 3],
            [DLE, EOT, 2] => {
                vec![0x12 | u8::from(now.head_open) << 2 | u8::from(now.paper_out) << 5]
            }
            [DLE, EOT, 3] => vec![0x12],
            [DLE, EOT, 4] => vec![0x12 | if now.paper_out { 0x60 } else { 0 }],
            [ESC, b'v'] | [GS, b'r', 1 | 49] => vec![if now.paper_out { 0x0C } else { 0 }],
            [GS, b'r', _] => vec![0],
            [GS, b'I', n @ 65..=69] => {
                let set = report.settings;
                let text = match n {
                    65 => &set.firmware,
                    66 => "EPSON",
                    67 => &set.model,
                    _ => "X0000001",
                };
                format!("_{text}\0").into_bytes()
            }
            [GS, b'I', _] => vec![0x20],
            _ => return None,
        })
    }

    fn is_partial(&self) -> bool {
        self.raster.is_some() || !self.strip.is_empty()
    }

    fn reset(&mut self) {
        self.command.clear();
        self.row.clear();
        (self.raster, self.last, self.tells) = (None, [0; 2], false);
        self.strip = Strip::default();
    }

    fn news(&mut self, happened: Happened, report: &Report<'_>) -> Option<Vec<u8>> {
        let wanted = self.tells && happened == Happened::Changed;
        wanted.then(|| changes(&report.condition).to_vec())
    }
}

/// The four bytes of an automatic status.
fn changes(now: &Condition) -> [u8; 4] {
    let offline = now.in_error() || now.paused;
    let first = 0x10 | u8::from(offline) << 3 | u8::from(now.head_open) << 5;
    [first, 0, if now.paper_out { 0x0C } else { 0 }, 0]
}
