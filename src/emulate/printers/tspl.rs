//! A TSPL printer: lines, and binary data behind `BITMAP`, where **1 is white**.
//!
//! Immediate commands begin with `ESC !` or `~!` and act at once between lines; inside binary data
//! they are data here (`device-protocols` 5.5). Real printers differ in that.

use super::page::{Page, number};
use super::{Dialect, Item, LINE_BYTES_MAX, PrinterSettings, Report};

const ESC: u8 = 0x1B;

#[derive(Debug)]
enum State {
    Line(Vec<u8>),
    Immediate(Vec<u8>),
    Binary {
        head: [u32; 5],
        data: Vec<u8>,
        bytes: usize,
    },
}

/// The dialect.
#[derive(Debug)]
pub struct Tspl {
    state: State,
    page: Page,
    size: (u32, u32),
    power_on: (u32, u32),
    dpi: u32,
    data_bytes_max: usize,
    drawn: bool,
}

impl Tspl {
    /// As after power on.
    pub fn new(settings: &PrinterSettings) -> Self {
        let size = (settings.head_dots, settings.label_dots);
        Self {
            state: State::Line(Vec::new()),
            page: Page::new(size.0, size.1),
            size,
            power_on: size,
            dpi: settings.dpi(),
            data_bytes_max: settings.format_bytes_max,
            drawn: false,
        }
    }

    fn line(&mut self, line: &[u8], items: &mut Vec<Item>) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_matches(['\r', '\0']);
        let (command, rest) = text.split_once(' ').unwrap_or((text, ""));
        match command {
            "" | "GAP" | "DIRECTION" | "REFERENCE" | "SET" | "DENSITY" | "SPEED" => {}
            "SIZE" => self.set_size(rest, items),
            "CLS" => {
                self.page = Page::new(self.size.0, self.size.1);
                self.drawn = false;
            }
            "PRINT" => {
                let mut counts = rest.split(',').map(number);
                let sets = counts.next().unwrap_or(1).max(1);
                let copies = sets.saturating_mul(counts.next().unwrap_or(1).max(1));
                let kept = self.page.clone();
                items.extend(
                    self.page
                        .take()
                        .map(|picture| Item::Label { picture, copies }),
                );
                (self.page, self.drawn) = (kept, false);
            }
            _ => items.push(Item::Note(format!("ignored {text}"))),
        }
    }

    /// `w mm,h mm`; anything else than millimetres is passed over.
    fn set_size(&mut self, rest: &str, items: &mut Vec<Item>) {
        let mut sides = rest.split(',').map(|side| um(side).map(|um| self.dots(um)));
        if let (Some(Some(width)), Some(Some(height))) = (sides.next(), sides.next()) {
            self.size = (width.min(self.power_on.0), height);
            self.page = Page::new(self.size.0, self.size.1);
        } else {
            items.push(Item::Note(format!("ignored SIZE {rest}")));
        }
    }

    fn dots(&self, um: u64) -> u32 {
        let dots = (um * u64::from(self.dpi) + 12_700) / 25_400;
        u32::try_from(dots).unwrap_or(u32::MAX)
    }

    fn bitmap(&self, line: &[u8]) -> Option<State> {
        let text = std::str::from_utf8(line).ok()?.trim_start_matches('\0');
        let text = text.strip_prefix("BITMAP ")?.strip_suffix(',')?;
        let fields: Vec<u32> = text.split(',').map(number).collect();
        let head: [u32; 5] = fields.try_into().ok()?;
        let [_, _, stride, rows, _] = head;
        let bytes = usize::try_from(u64::from(stride) * u64::from(rows)).ok()?;
        let fits = bytes > 0 && bytes <= self.data_bytes_max;
        fits.then(|| State::Binary {
            head,
            data: Vec::new(),
            bytes,
        })
    }

    fn immediate(&mut self, command: &[u8], items: &mut Vec<Item>) {
        match command {
            [ESC, b'!', b'?' | b'S'] | [b'~', b'!', b'T' | b'@' | b'A'] => {
                items.push(Item::Ask(command.to_vec()));
            }
            [ESC, b'!', b'P'] => items.push(Item::Pause(true)),
            [ESC, b'!', b'O'] => items.push(Item::Pause(false)),
            [ESC, b'!', b'R'] => items.push(Item::Restart),
            other => items.push(Item::Note(format!("ignored {other:02X?}"))),
        }
    }
}

/// A length in millimetres with decimals, in micrometres.
fn um(side: &str) -> Option<u64> {
    let text = side.trim().strip_suffix("mm")?.trim();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let part = format!("{part:0<3}");
    let um = whole.parse::<u64>().ok()?.checked_mul(1000)?;
    um.checked_add(part.get(..3)?.parse().ok()?)
        .filter(|um| *um < 10_000_000)
}

impl Dialect for Tspl {
    fn push(&mut self, byte: u8, items: &mut Vec<Item>) {
        match &mut self.state {
            State::Line(line) if line.is_empty() && matches!(byte, ESC | b'~') => {
                self.state = State::Immediate(vec![byte]);
            }
            State::Line(line) if byte == b'\n' => {
                let line = std::mem::take(line);
                self.line(&line, items);
            }
            // Fill bytes between commands.
            State::Line(line) if line.is_empty() && byte == 0 => {}
            State::Line(line) => {
                line.push(byte);
                if line.len() > LINE_BYTES_MAX {
                    line.clear();
                    items.push(Item::Note("a line too long".into()));
                } else if byte == b','
                    && let Some(state) = {
                        let line = line.clone();
                        self.bitmap(&line)
                    }
                {
                    self.state = state;
                }
            }
            State::Immediate(command) => {
                command.push(byte);
                if command.len() == 3 || (command.len() == 2 && byte != b'!') {
                    let command = std::mem::take(command);
                    self.state = State::Line(Vec::new());
                    self.immediate(&command, items);
                }
            }
            State::Binary { head, data, bytes } => {
                data.push(byte);
                if data.len() == *bytes {
                    let [x, y, stride, _, _] = *head;
                    let stride = usize::try_from(stride).unwrap_or(usize::MAX);
                    self.page.draw(x, y, stride, data, false);
                    self.drawn = true;
                    self.state = State::Line(Vec::new());
                }
            }
        }
    }

    fn answer(&self, question: &[u8], report: &Report<'_>) -> Option<Vec<u8>> {
        let now = &report.condition;
        Some(match question {
            [ESC, _, b'?'] => vec![
                u8::from(now.head_open)
                    | u8::from(now.paper_out) << 2
                    | u8::from(now.paused) << 4
                    | u8::from(now.is_printing()) << 5,
            ],
            [ESC, _, b'S'] => {
                let state = match now {
                    now if now.paused => 0x60,
                    now if now.in_error() => 0x45,
                    now if now.is_printing() => 0x50,
                    _ => 0x40,
                };
                let full = if now.buffer_full { 0x48 } else { 0x40 };
                let error = 0x40 | u8::from(now.paper_out) | u8::from(now.head_open) << 5;
                vec![0x02, state, full, 0x40, error, 0x03, 0x0D, 0x0A]
            }
            [_, _, b'@'] => format!("{}\r\n", report.odometer).into_bytes(),
            [_, _, b'T'] => format!("{}\r\n", report.settings.model).into_bytes(),
            _ => b"FREE 8192 KB\r\n".to_vec(),
        })
    }

    fn is_partial(&self) -> bool {
        self.drawn || matches!(self.state, State::Binary { .. })
    }

    fn reset(&mut self) {
        self.state = State::Line(Vec::new());
        self.size = self.power_on;
        self.page = Page::new(self.size.0, self.size.1);
        self.drawn = false;
    }
}
