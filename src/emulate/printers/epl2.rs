//! An EPL2 printer: lines, and binary data behind `GW`, where **1 is white**.
//!
//! `^ee` is answered with its code and CR LF; `UQ` with the model line and some settings; with
//! `US` on, every printed label is reported by 06 and an error by 15 and its code
//! (`device-protocols` 5.4).

use super::page::{Page, number};
use super::{Condition, Dialect, Happened, Item, LINE_BYTES_MAX, PrinterSettings, Report};

#[derive(Debug)]
enum State {
    Line(Vec<u8>),
    Binary {
        head: [u32; 4],
        data: Vec<u8>,
        bytes: usize,
    },
}

/// The dialect.
#[derive(Debug)]
pub struct Epl2 {
    state: State,
    page: Page,
    size: (u32, u32),
    power_on: (u32, u32),
    data_bytes_max: usize,
    /// A picture was begun and not printed.
    drawn: bool,
    tells: bool,
}

impl Epl2 {
    /// As after power on.
    pub fn new(settings: &PrinterSettings) -> Self {
        let size = (settings.head_dots, settings.label_dots);
        Self {
            state: State::Line(Vec::new()),
            page: Page::new(size.0, size.1),
            size,
            power_on: size,
            data_bytes_max: settings.format_bytes_max,
            drawn: false,
            tells: false,
        }
    }

    fn line(&mut self, line: &[u8], items: &mut Vec<Item>) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_end_matches('\r');
        let rest = |skip: usize| number(text.get(skip..).unwrap_or_default());
        match text {
            "" | "ZT" | "ZB" => {}
            "^ee" | "UQ" => items.push(Item::Ask(text.as_bytes().to_vec())),
            "US" => self.tells = true,
            "UN" => self.tells = false,
            "^@" => items.push(Item::Restart),
            "N" => {
                self.page = Page::new(self.size.0, self.size.1);
                self.drawn = false;
            }
            _ if text.starts_with('q') => {
                self.size.0 = rest(1).min(self.power_on.0);
                self.page = Page::new(self.size.0, self.size.1);
            }
            _ if text.starts_with('Q') => {
                self.size.1 = rest(1);
                self.page = Page::new(self.size.0, self.size.1);
            }
            _ if text.starts_with(['R', 'S', 'D', 'O', 'J', 'I']) => {}
            _ if text.starts_with('P') => self.print(rest(1).max(1), items),
            _ => items.push(Item::Note(format!("ignored {text}"))),
        }
    }

    fn print(&mut self, copies: u32, items: &mut Vec<Item>) {
        self.drawn = false;
        // The picture stays for the next `P`.
        let kept = self.page.clone();
        items.extend(
            self.page
                .take()
                .map(|picture| Item::Label { picture, copies }),
        );
        self.page = kept;
    }

    /// `GWx,y,bytes,rows` announces binary data, behind a comma or, as LPrint sends it, behind a
    /// line end.
    fn graphic(&mut self, line: &[u8]) -> Option<State> {
        let text = std::str::from_utf8(line.strip_prefix(b"GW")?).ok()?;
        let fields: Vec<u32> = text.split(',').map(number).collect();
        let head: [u32; 4] = fields.try_into().ok()?;
        let [_, _, stride, rows] = head;
        let bytes = usize::try_from(u64::from(stride) * u64::from(rows)).ok()?;
        let fits = bytes > 0 && bytes <= self.data_bytes_max;
        fits.then(|| State::Binary {
            head,
            data: Vec::new(),
            bytes,
        })
    }
}

impl Dialect for Epl2 {
    fn push(&mut self, byte: u8, items: &mut Vec<Item>) {
        match &mut self.state {
            State::Line(line) if byte == b'\n' => {
                let line = std::mem::take(line);
                match self.graphic(&line) {
                    Some(state) => self.state = state,
                    None => self.line(&line, items),
                }
            }
            State::Line(line) => {
                if byte == b',' && line.starts_with(b"GW") {
                    let line = line.clone();
                    if let Some(state) = self.graphic(&line) {
                        self.state = state;
                        return;
                    }
                }
                if let State::Line(line) = &mut self.state {
                    line.push(byte);
                    if line.len() > LINE_BYTES_MAX {
                        line.clear();
                        items.push(Item::Note("a line too long".into()));
                    }
                }
            }
            State::Binary { head, data, bytes } => {
                data.push(byte);
                if data.len() == *bytes {
                    let [x, y, stride, _] = *head;
                    let stride = usize::try_from(stride).unwrap_or(usize::MAX);
                    self.page.draw(x, y, stride, data, false);
                    self.drawn = true;
                    self.state = State::Line(Vec::new());
                }
            }
        }
    }

    fn answer(&self, question: &[u8], report: &Report<'_>) -> Option<Vec<u8>> {
        Some(match question {
            b"UQ" => {
                let (width, length) = self.size;
                let set = report.settings;
                format!(
                    "{} {}\r\nSerial port :96,N,8,1\r\nq{width} Q{length},024\r\nOption:D\r\n\r\n",
                    set.model, set.firmware
                )
                .into_bytes()
            }
            _ => format!("{:02}\r\n", code(&report.condition)).into_bytes(),
        })
    }

    fn is_partial(&self) -> bool {
        self.drawn || matches!(self.state, State::Binary { .. })
    }

    fn reset(&mut self) {
        self.state = State::Line(Vec::new());
        self.size = self.power_on;
        self.page = Page::new(self.size.0, self.size.1);
        (self.drawn, self.tells) = (false, false);
    }

    fn news(&mut self, happened: Happened, report: &Report<'_>) -> Option<Vec<u8>> {
        match happened {
            Happened::Done if self.tells => Some(vec![0x06]),
            Happened::Changed if self.tells && report.condition.in_error() => {
                Some(format!("\x15{:02}", code(&report.condition)).into_bytes())
            }
            _ => None,
        }
    }
}

fn code(now: &Condition) -> u8 {
    match now {
        now if now.head_open => 11,
        now if now.paper_out => 7,
        now if now.paused => 12,
        now if now.is_printing() => 50,
        _ => 0,
    }
}
