//! A CPCL printer: a label between `! 0 ...` and `PRINT`, raster behind `CG` and `EG`, 1 is black.
//!
//! `ESC h` is answered with one byte, `ESC v` with the version and a NUL, between lines
//! (`device-protocols` 5.7). Text outside of a label is noted, where a real printer prints it.

use super::page::{Page, number, unhex};
use super::{Dialect, Item, LINE_BYTES_MAX, PrinterSettings, Report};

const ESC: u8 = 0x1B;
/// A line of hex raster holds a whole picture.
const HEX_LINE_BYTES_MAX: usize = 4 << 20;

#[derive(Debug)]
enum State {
    Line(Vec<u8>),
    Escape,
    Binary {
        head: [u32; 4],
        data: Vec<u8>,
        bytes: usize,
    },
}

/// The label that is open.
#[derive(Debug)]
struct Label {
    page: Page,
    height: u32,
    copies: u32,
}

/// The dialect.
#[derive(Debug)]
pub struct Cpcl {
    state: State,
    label: Option<Label>,
    head_dots: u32,
    data_bytes_max: usize,
    /// Told until the host asks to forget it.
    was_reset: bool,
}

impl Cpcl {
    /// As after power on.
    pub fn new(settings: &PrinterSettings) -> Self {
        Self {
            state: State::Line(Vec::new()),
            label: None,
            head_dots: settings.head_dots,
            data_bytes_max: settings.format_bytes_max,
            was_reset: false,
        }
    }

    fn line(&mut self, line: &[u8], items: &mut Vec<Item>) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim_matches(['\r', '\0']);
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        match (words.as_slice(), &mut self.label) {
            ([], _) | (["FORM"], Some(_)) => {}
            (["!", _, _, _, height, copies], _) => {
                let height = number(height);
                self.label = Some(Label {
                    page: Page::new(self.head_dots, height),
                    height,
                    copies: number(copies).max(1),
                });
            }
            (["PAGE-WIDTH", width], Some(label)) => {
                label.page = Page::new(number(width).min(self.head_dots), label.height);
            }
            (["EG", stride, _, x, y, hex], Some(label)) => match unhex(hex.as_bytes()) {
                Some(rows) => {
                    let stride = usize::try_from(number(stride)).unwrap_or(usize::MAX);
                    label.page.draw(number(x), number(y), stride, &rows, true);
                }
                None => items.push(Item::Note("broken label: hex".into())),
            },
            (["PRINT"], Some(label)) => {
                let copies = label.copies;
                let picture = label.page.take();
                items.extend(picture.map(|picture| Item::Label { picture, copies }));
                self.label = None;
            }
            (["ABORT"], Some(_)) => self.label = None,
            _ => {
                let text: String = text.chars().take(80).collect();
                items.push(Item::Note(format!("ignored {text}")));
            }
        }
    }

    /// `CG bytes rows x y ` announces binary data.
    fn graphic(&self, line: &[u8]) -> Option<State> {
        self.label.as_ref()?;
        let text = std::str::from_utf8(line.strip_prefix(b"CG ")?).ok()?;
        let fields: Vec<u32> = text.strip_suffix(' ')?.split(' ').map(number).collect();
        let head: [u32; 4] = fields.try_into().ok()?;
        let [stride, rows, _, _] = head;
        let bytes = usize::try_from(u64::from(stride) * u64::from(rows)).ok()?;
        let fits = bytes > 0 && bytes <= self.data_bytes_max;
        fits.then(|| State::Binary {
            head,
            data: Vec::new(),
            bytes,
        })
    }

    fn in_line(&mut self, byte: u8, items: &mut Vec<Item>) {
        let State::Line(line) = &mut self.state else {
            return;
        };
        // Fill bytes between commands.
        if line.is_empty() && byte == 0 {
            return;
        }
        line.push(byte);
        let limit = if line.starts_with(b"EG ") {
            HEX_LINE_BYTES_MAX
        } else {
            LINE_BYTES_MAX
        };
        if line.len() > limit {
            line.clear();
            items.push(Item::Note("a line too long".into()));
        } else if byte == b' ' && line.starts_with(b"CG ") {
            let line = line.clone();
            if let Some(state) = self.graphic(&line) {
                self.state = state;
            }
        }
    }
}

impl Dialect for Cpcl {
    fn push(&mut self, byte: u8, items: &mut Vec<Item>) {
        match &mut self.state {
            State::Line(line) if line.is_empty() && byte == ESC => self.state = State::Escape,
            State::Line(line) if byte == b'\n' => {
                let line = std::mem::take(line);
                self.line(&line, items);
            }
            State::Line(_) => self.in_line(byte, items),
            State::Escape => {
                self.state = State::Line(Vec::new());
                match byte {
                    b'h' | b'v' => items.push(Item::Ask(vec![byte])),
                    b'N' => self.was_reset = false,
                    _ => items.push(Item::Note(format!("ignored ESC {byte:02X}"))),
                }
            }
            State::Binary { head, data, bytes } => {
                data.push(byte);
                if data.len() == *bytes {
                    let [stride, _, x, y] = *head;
                    let stride = usize::try_from(stride).unwrap_or(usize::MAX);
                    if let Some(label) = &mut self.label {
                        label.page.draw(x, y, stride, data, true);
                    }
                    self.state = State::Line(Vec::new());
                }
            }
        }
    }

    fn answer(&self, question: &[u8], report: &Report<'_>) -> Option<Vec<u8>> {
        let now = &report.condition;
        Some(match question {
            b"v" => format!("{}\0", report.settings.firmware).into_bytes(),
            _ => vec![
                u8::from(now.is_printing())
                    | u8::from(now.paper_out) << 1
                    | u8::from(now.head_open) << 2
                    | u8::from(self.was_reset) << 4,
            ],
        })
    }

    fn is_partial(&self) -> bool {
        self.label.is_some()
    }

    fn reset(&mut self) {
        self.state = State::Line(Vec::new());
        self.label = None;
        self.was_reset = true;
    }
}
