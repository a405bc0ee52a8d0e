//! An SBPL printer: a job between `ESC A` and `ESC Z`, raster behind `ESC GB` and `ESC GH`, 1 is
//! black, in blocks of eight rows.
//!
//! ENQ is answered with id, state letter and remaining labels, CAN cancels, DLE and DC1 stop and
//! start; inside binary data they are data (`device-protocols` 5.9).

use super::page::{Page, number, unhex};
use super::{Dialect, Item, PrinterSettings, Report};

const ESC: u8 = 0x1B;
/// Longest command without raster.
const COMMAND_BYTES_MAX: usize = 64;

#[derive(Debug)]
enum State {
    Between,
    /// After ESC: the command so far.
    Command(Vec<u8>),
    Raster {
        stride: usize,
        hex: bool,
        data: Vec<u8>,
        bytes: usize,
    },
}

/// The dialect.
#[derive(Debug)]
pub struct Sbpl {
    state: State,
    page: Page,
    size: (u32, u32),
    /// Horizontal and vertical, from 1.
    at: (u32, u32),
    copies: u32,
    open: bool,
    data_bytes_max: usize,
}

impl Sbpl {
    /// As after power on.
    pub fn new(settings: &PrinterSettings) -> Self {
        let size = (settings.head_dots, settings.label_dots);
        Self {
            state: State::Between,
            page: Page::new(size.0, size.1),
            size,
            at: (1, 1),
            copies: 1,
            open: false,
            data_bytes_max: settings.format_bytes_max,
        }
    }

    fn begin(&mut self) {
        self.page = Page::new(self.size.0, self.size.1);
        (self.at, self.copies, self.open) = ((1, 1), 1, true);
    }

    /// A command that the next control byte ended.
    fn command(&mut self, command: &[u8], items: &mut Vec<Item>) {
        let text = String::from_utf8_lossy(command);
        let rest = |skip: usize| number(text.get(skip..).unwrap_or_default());
        match command {
            b"" => {}
            b"A" => self.begin(),
            [b'V', ..] => self.at.1 = rest(1).max(1),
            [b'H', ..] => self.at.0 = rest(1).max(1),
            [b'Q', ..] => self.copies = rest(1).max(1),
            b"Z" if self.open => {
                self.open = false;
                let copies = self.copies;
                items.extend(
                    self.page
                        .take()
                        .map(|picture| Item::Label { picture, copies }),
                );
            }
            _ => items.push(Item::Note(format!("ignored ESC {text}"))),
        }
    }

    /// `GBbbbccc` and `GHbbbccc` announce raster.
    fn raster(&self, command: &[u8]) -> Option<State> {
        let hex = match command.get(..2)? {
            b"GB" => false,
            b"GH" => true,
            _ => return None,
        };
        let digits = std::str::from_utf8(command.get(2..8)?).ok()?;
        let stride: usize = digits.get(..3)?.parse().ok()?;
        let blocks: usize = digits.get(3..)?.parse().ok()?;
        let bytes = stride * blocks * if hex { 16 } else { 8 };
        let fits = self.open && bytes > 0 && bytes <= self.data_bytes_max;
        fits.then(|| State::Raster {
            stride,
            hex,
            data: Vec::new(),
            bytes,
        })
    }

    fn drawn(&mut self, stride: usize, hex: bool, data: &[u8], items: &mut Vec<Item>) {
        let rows = if hex {
            unhex(data)
        } else {
            Some(data.to_vec())
        };
        let (x, y) = (self.at.0 - 1, self.at.1 - 1);
        match rows {
            Some(rows) => self.page.draw(x, y, stride, &rows, true),
            None => items.push(Item::Note("broken label: hex".into())),
        }
    }

    /// A byte that acts at once, outside of raster.
    fn control(&mut self, byte: u8, items: &mut Vec<Item>) -> bool {
        match byte {
            0x05 => items.push(Item::Ask(vec![byte])),
            0x10 => items.push(Item::Pause(true)),
            0x11 => items.push(Item::Pause(false)),
            0x18 => {
                self.reset();
                items.push(Item::Cancel);
            }
            0 | 0x02 | 0x03 | b'\r' | b'\n' => {}
            _ => return false,
        }
        true
    }
}

impl Dialect for Sbpl {
    fn push(&mut self, byte: u8, items: &mut Vec<Item>) {
        match &mut self.state {
            State::Raster {
                stride,
                hex,
                data,
                bytes,
            } => {
                data.push(byte);
                if data.len() == *bytes {
                    let (stride, hex, data) = (*stride, *hex, std::mem::take(data));
                    self.state = State::Between;
                    self.drawn(stride, hex, &data, items);
                }
            }
            State::Command(command) if byte != ESC && byte >= b' ' => {
                command.push(byte);
                let command = command.clone();
                if let Some(state) = self.raster(&command) {
                    self.state = state;
                } else if command == b"Z" {
                    self.state = State::Between;
                    self.command(&command, items);
                } else if command.len() > COMMAND_BYTES_MAX {
                    self.state = State::Between;
                    items.push(Item::Note("a command too long".into()));
                }
            }
            state => {
                let ended = match std::mem::replace(state, State::Between) {
                    State::Command(command) => command,
                    _ => Vec::new(),
                };
                self.command(&ended, items);
                if byte == ESC {
                    self.state = State::Command(Vec::new());
                } else if !self.control(byte, items) {
                    items.push(Item::Note(format!("ignored {byte:02X}")));
                }
            }
        }
    }

    fn answer(&self, _question: &[u8], report: &Report<'_>) -> Option<Vec<u8>> {
        let now = &report.condition;
        let letter = match now {
            now if now.head_open => 'b',
            now if now.paper_out => 'c',
            now if now.paused => '0',
            now if now.is_printing() => 'G',
            _ if self.open => 'S',
            _ => 'A',
        };
        let labels = usize::try_from(now.labels_left).unwrap_or(usize::MAX);
        let remaining = labels.saturating_add(now.formats).min(999_999);
        Some(format!("\x02  {letter}{remaining:06}\x03").into_bytes())
    }

    fn is_partial(&self) -> bool {
        self.open
    }

    fn reset(&mut self) {
        self.state = State::Between;
        self.page = Page::new(self.size.0, self.size.1);
        self.open = false;
    }
}
