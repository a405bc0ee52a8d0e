//! A DPL printer: pictures are stored by `STX I`, placed on a label between `STX L` and `E`.
//!
//! A picture comes as PCX in eight bits (0 is black) or as hex records from the bottom row up (1 is
//! black). SOH and a command's letter act at once, inside eight-bit data too, where they are lost
//! to the picture (`device-protocols` 5.8). Doubts are those of the public descriptions: the order
//! of records, and that rows count from the lower edge of the label.

use super::page::{Page, number, unhex};
use super::{Dialect, Item, LINE_BYTES_MAX, PrinterSettings, Report};
use firstscan_drivers::bitmap::Bitmap;

const SOH: u8 = 0x01;
const STX: u8 = 0x02;
/// Letters that are commands behind SOH.
const IMMEDIATE: &[u8] = b"AaFEeBCD#*";
/// Pictures in memory.
const PICTURES_MAX: usize = 8;
const PCX_HEAD: usize = 128;

#[derive(Debug)]
enum State {
    /// Lines, of the system or of the open label.
    Line(Vec<u8>),
    Pcx {
        name: String,
        head: Vec<u8>,
        picture: Option<Pcx>,
    },
    Records {
        name: String,
        line: Vec<u8>,
        rows: Vec<Vec<u8>>,
    },
}

/// A PCX picture as it comes.
#[derive(Debug)]
struct Pcx {
    width: u32,
    height: u32,
    stride: usize,
    bytes: usize,
    run: Option<usize>,
    data: Vec<u8>,
}

#[derive(Debug)]
struct Label {
    page: Page,
    copies: u32,
}

/// The dialect.
#[derive(Debug)]
pub struct Dpl {
    state: State,
    soh: bool,
    label: Option<Label>,
    pictures: Vec<(String, Bitmap)>,
    size: (u32, u32),
    dpi: u32,
    data_bytes_max: usize,
}

impl Dpl {
    /// As after power on.
    pub fn new(settings: &PrinterSettings) -> Self {
        Self {
            state: State::Line(Vec::new()),
            soh: false,
            label: None,
            pictures: Vec::new(),
            size: (settings.head_dots, settings.label_dots),
            dpi: settings.dpi(),
            data_bytes_max: settings.format_bytes_max,
        }
    }

    fn line(&mut self, line: &[u8], items: &mut Vec<Item>) {
        let text = String::from_utf8_lossy(line).into_owned();
        let text = text.trim_matches(['\n', '\0']);
        if let Some(system) = text.strip_prefix('\u{2}') {
            self.system(system, items);
        } else if self.label.is_some() {
            self.field(text, items);
        } else if !text.is_empty() && text != "FFFF" && text != "X" {
            let text: String = text.chars().take(80).collect();
            items.push(Item::Note(format!("ignored {text}")));
        }
    }

    fn system(&mut self, command: &str, items: &mut Vec<Item>) {
        if command == "L" {
            let page = Page::new(self.size.0, self.size.1);
            self.label = Some(Label { page, copies: 1 });
        } else if let Some(name) = command.strip_prefix("IDp") {
            let (name, head) = (name.to_owned(), Vec::new());
            self.state = State::Pcx {
                name,
                head,
                picture: None,
            };
        } else if let Some(name) = command.strip_prefix("IDAF") {
            let (name, line) = (name.to_owned(), Vec::new());
            self.state = State::Records {
                name,
                line,
                rows: Vec::new(),
            };
        } else if let Some(name) = command.strip_prefix("xDG") {
            self.pictures.retain(|(known, _)| known != name);
        } else if !command.starts_with('z') {
            items.push(Item::Note(format!("ignored STX {command}")));
        }
    }

    fn field(&mut self, line: &str, items: &mut Vec<Item>) {
        let Some(label) = &mut self.label else { return };
        match line.get(..1) {
            Some("E") => {
                let copies = label.copies;
                items.extend(
                    label
                        .page
                        .take()
                        .map(|picture| Item::Label { picture, copies }),
                );
                self.label = None;
            }
            Some("X") => self.label = None,
            Some("Q") => label.copies = number(line.get(1..).unwrap_or_default()).max(1),
            Some("D" | "H") | None => {}
            Some("1") if line.get(1..2) == Some("Y") => self.place(line, items),
            _ => items.push(Item::Note(format!("ignored {line}"))),
        }
    }

    /// `1Y`, two factors, three zeros, row (4) and column (4) in hundredths of an inch, name.
    fn place(&mut self, line: &str, items: &mut Vec<Item>) {
        let dots = |at: std::ops::Range<usize>| {
            let hundredths = number(line.get(at).unwrap_or_default());
            hundredths * self.dpi / 100
        };
        let (bottom, x) = (dots(7..11), dots(11..15));
        let name = line.get(15..).unwrap_or_default();
        let picture = self.pictures.iter().find(|(known, _)| known == name);
        match (picture, &mut self.label) {
            (Some((_, picture)), Some(label)) => {
                let used = bottom.saturating_add(picture.height());
                let y = self.size.1.saturating_sub(used);
                label
                    .page
                    .draw(x, y, picture.stride(), picture.bits(), true);
            }
            _ => items.push(Item::Note(format!("no picture {name}"))),
        }
    }

    fn store(&mut self, name: String, picture: Option<Bitmap>, items: &mut Vec<Item>) {
        self.pictures.retain(|(known, _)| *known != name);
        match picture {
            Some(picture) if self.pictures.len() < PICTURES_MAX => {
                self.pictures.push((name, picture));
            }
            _ => items.push(Item::Note(format!("broken picture {name}"))),
        }
    }

    fn pcx_byte(&mut self, byte: u8, items: &mut Vec<Item>) {
        let State::Pcx {
            name,
            head,
            picture,
        } = &mut self.state
        else {
            return;
        };
        let Some(pcx) = picture else {
            head.push(byte);
            if head.len() == PCX_HEAD {
                *picture = Pcx::read(head, self.data_bytes_max);
                if picture.is_none() {
                    let name = std::mem::take(name);
                    self.state = State::Line(Vec::new());
                    self.store(name, None, items);
                }
            }
            return;
        };
        if pcx.push(byte) {
            let (name, picture) = (std::mem::take(name), pcx.finish());
            self.state = State::Line(Vec::new());
            self.store(name, picture, items);
        }
    }

    fn record_byte(&mut self, byte: u8, items: &mut Vec<Item>) {
        let State::Records { name, line, rows } = &mut self.state else {
            return;
        };
        if byte != b'\r' {
            line.push(byte);
            if line.len() > 2 * LINE_BYTES_MAX {
                self.state = State::Line(Vec::new());
            }
            return;
        }
        let record = std::mem::take(line);
        if record == b"FFFF" {
            let (name, mut rows) = (std::mem::take(name), std::mem::take(rows));
            rows.reverse();
            self.state = State::Line(Vec::new());
            let stride = rows.first().map_or(0, Vec::len);
            let even = rows.iter().all(|row| row.len() == stride);
            let width = u32::try_from(stride * 8).ok().filter(|_| even);
            let height = u32::try_from(rows.len()).ok();
            let picture = width.zip(height);
            let picture = picture.and_then(|(w, h)| Bitmap::from_bits(w, h, rows.concat()).ok());
            self.store(name, picture, items);
            return;
        }
        // `80`, the number of bytes in hex, and as many bytes in hex.
        let row = record.strip_prefix(b"80").and_then(unhex);
        let row = row.filter(|row| row.first().map(|n| usize::from(*n)) == Some(row.len() - 1));
        match row {
            Some(row) if rows.len() < 32_000 => {
                rows.push(row.get(1..).unwrap_or_default().to_vec())
            }
            _ => items.push(Item::Note("broken record".into())),
        }
    }

    fn immediate(letter: u8, items: &mut Vec<Item>) {
        match letter {
            b'B' => items.push(Item::Pause(true)),
            b'C' => items.push(Item::Cancel),
            b'#' | b'*' => items.push(Item::Restart),
            b'D' => {}
            _ => items.push(Item::Ask(vec![letter])),
        }
    }
}

impl Pcx {
    fn read(head: &[u8], bytes_max: usize) -> Option<Pcx> {
        let byte = |at: usize| head.get(at).copied().unwrap_or_default();
        let word = |at: usize| u32::from(u16::from_le_bytes([byte(at), byte(at + 1)]));
        let known = (byte(0), byte(2), byte(3), byte(65)) == (10, 1, 1, 1);
        let width = word(8).checked_sub(word(4))? + 1;
        let height = word(10).checked_sub(word(6))? + 1;
        let stride = usize::try_from(word(66)).ok()?;
        let bytes = stride.checked_mul(usize::try_from(height).ok()?)?;
        let fits = known && stride * 8 >= usize::try_from(width).ok()? && bytes <= bytes_max;
        let (run, data) = (None, Vec::new());
        fits.then_some(Pcx {
            width,
            height,
            stride,
            bytes,
            run,
            data,
        })
    }

    /// Takes a byte; true once the picture is whole.
    fn push(&mut self, byte: u8) -> bool {
        match self.run.take() {
            Some(run) => self.data.extend(std::iter::repeat_n(byte, run)),
            None if byte >= 0xC0 => self.run = Some(usize::from(byte & 0x3F)),
            None => self.data.push(byte),
        }
        self.data.len() >= self.bytes
    }

    fn finish(&self) -> Option<Bitmap> {
        let mut picture = Bitmap::new(self.width, self.height).ok()?;
        for (row, y) in self.data.chunks(self.stride.max(1)).zip(0..self.height) {
            for x in 0..self.width {
                let byte = row.get(usize::try_from(x / 8).ok()?)?;
                picture.set(x, y, byte & (0x80 >> (x % 8)) == 0);
            }
        }
        Some(picture)
    }
}

impl Dialect for Dpl {
    fn push(&mut self, byte: u8, items: &mut Vec<Item>) {
        if std::mem::take(&mut self.soh) {
            if IMMEDIATE.contains(&byte) {
                Self::immediate(byte, items);
                return;
            }
            self.data_byte(SOH, items);
        }
        if byte == SOH {
            self.soh = true;
        } else {
            self.data_byte(byte, items);
        }
    }

    fn answer(&self, question: &[u8], report: &Report<'_>) -> Option<Vec<u8>> {
        let now = &report.condition;
        let printing = now.is_printing();
        let flags = [
            self.is_partial(),
            now.paper_out,
            false,
            printing,
            printing,
            now.paused,
        ];
        let letter = |flag: bool| if flag { 'Y' } else { 'N' };
        let eight: String = flags
            .iter()
            .copied()
            .chain([false, false])
            .map(letter)
            .collect();
        Some(match question {
            b"A" => format!("{eight}\r").into_bytes(),
            b"a" => {
                let more = [
                    false,
                    now.paper_out,
                    false,
                    now.head_open,
                    false,
                    false,
                    false,
                    false,
                ];
                let more: String = more.into_iter().map(letter).collect();
                format!("{eight}:{more}\r").into_bytes()
            }
            b"F" => {
                let byte = flags
                    .iter()
                    .rev()
                    .fold(0, |all, flag| all << 1 | u8::from(*flag));
                vec![byte, b'\r']
            }
            b"E" => {
                let left = u64::from(now.labels_left).min(9999);
                format!("{left:04}\r").into_bytes()
            }
            _ => format!("{:04}\r", report.odometer % 10_000).into_bytes(),
        })
    }

    fn is_partial(&self) -> bool {
        self.label.is_some() || !matches!(self.state, State::Line(_))
    }

    fn reset(&mut self) {
        self.state = State::Line(Vec::new());
        (self.soh, self.label) = (false, None);
        self.pictures.clear();
    }
}

impl Dpl {
    fn data_byte(&mut self, byte: u8, items: &mut Vec<Item>) {
        match &mut self.state {
            State::Pcx { .. } => self.pcx_byte(byte, items),
            State::Records { .. } => self.record_byte(byte, items),
            State::Line(line) if byte == b'\r' => {
                let line = std::mem::take(line);
                self.line(&line, items);
            }
            State::Line(line) => {
                // STX begins a command whatever came before it.
                if byte == STX {
                    line.clear();
                }
                line.push(byte);
                if line.len() > LINE_BYTES_MAX {
                    line.clear();
                    items.push(Item::Note("a line too long".into()));
                }
            }
        }
    }
}
