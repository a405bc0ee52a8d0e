//! A Brother QL printer: one row per command, mirrored, 1 is black; `0C` and `1A` end a page.
//!
//! The label is as wide as the head, pin 0 at its right edge. `ESC i S` is answered with 32 bytes;
//! while a page prints it tells by itself that it prints, has printed, and waits again
//! (`device-protocols` 5.10).

use super::page::Strip;
use super::{Condition, Dialect, Happened, Item, PrinterSettings, Report};

const ESC: u8 = 0x1B;
const HEAD: [u8; 8] = [0x80, 0x20, 0x42, 0x34, 0x38, 0x30, 0x30, 0x00];
const STATUS_BYTES: usize = 32;

/// The dialect.
#[derive(Debug)]
pub struct BrotherQl {
    command: Vec<u8>,
    packed: bool,
    strip: Strip,
    /// Width in mm, kind and length in mm of the stock as the job named them.
    stock: [u8; 3],
    quiet: bool,
}

impl BrotherQl {
    /// As after power on, with continuous stock of 62 mm.
    pub fn new(_settings: &PrinterSettings) -> Self {
        Self {
            command: Vec::new(),
            packed: false,
            strip: Strip::default(),
            stock: [62, 0x0A, 0],
            quiet: false,
        }
    }

    /// A row: unpacked, and its pins turned round to dots from the left.
    fn row(&mut self, data: &[u8], items: &mut Vec<Item>) {
        let pins = if self.packed {
            unpack(data)
        } else {
            Some(data.to_vec())
        };
        match pins {
            Some(pins) => {
                let dots: Vec<u8> = pins.iter().rev().map(|byte| byte.reverse_bits()).collect();
                self.strip.push(&dots);
            }
            None => items.push(Item::Note("broken row".into())),
        }
    }

    fn page(&mut self, items: &mut Vec<Item>) {
        let copies = 1;
        items.extend(
            self.strip
                .take()
                .map(|picture| Item::Label { picture, copies }),
        );
    }

    /// Carries the command out once it is whole; false if more bytes are needed.
    fn run(&mut self, items: &mut Vec<Item>) -> bool {
        let command = std::mem::take(&mut self.command);
        match *command.as_slice() {
            [0] | [ESC, b'i', b'a' | b'M' | b'A' | b'K', _] | [ESC, b'i', b'd', _, _] => {}
            [ESC, b'@'] => self.strip = Strip::default(),
            [ESC, b'i', b'!', mode] => self.quiet = mode == 1,
            [ESC, b'i', b'S'] => items.push(Item::Ask(vec![b'S'])),
            [
                ESC,
                b'i',
                b'z',
                flags,
                kind,
                width,
                length,
                _,
                _,
                _,
                _,
                _,
                _,
            ] => {
                // Only fields that count.
                let [old_width, old_kind, old_length] = self.stock;
                let take = |bit: u8, new: u8, old: u8| if flags & bit != 0 { new } else { old };
                self.stock = [
                    take(0x04, width, old_width),
                    take(0x02, kind, old_kind),
                    take(0x08, length, old_length),
                ];
            }
            [b'M', mode] => self.packed = mode == 2,
            [b'Z'] => self.row(&[], items),
            [0x0C | 0x1A] => self.page(items),
            [b'g', 0, count, ref data @ ..] if data.len() == usize::from(count) => {
                self.row(data, items);
            }
            [ESC] | [ESC, b'i'] | [b'M'] | [b'g', ..] => {
                self.command = command;
                return false;
            }
            [
                ESC,
                b'i',
                b'a' | b'M' | b'A' | b'K' | b'd' | b'z' | b'!',
                ..,
            ] => {
                self.command = command;
                return false;
            }
            _ => items.push(Item::Note(format!("ignored {command:02X?}"))),
        }
        true
    }

    fn frame(&self, kind: u8, phase: u8, now: &Condition) -> Vec<u8> {
        let mut frame = HEAD.to_vec();
        frame.resize(STATUS_BYTES, 0);
        let [width, stock, length] = self.stock;
        let values = [
            (8, u8::from(now.paper_out) << 1),
            (9, u8::from(now.head_open) << 4),
            (10, width),
            (11, stock),
            (17, length),
            (18, kind),
            (19, phase),
        ];
        for (at, value) in values {
            if let Some(byte) = frame.get_mut(at) {
                *byte = value;
            }
        }
        frame
    }
}

/// PackBits; `None` if it ends in the middle.
fn unpack(data: &[u8]) -> Option<Vec<u8>> {
    let mut row = Vec::new();
    let mut rest = data;
    while let Some((head, after)) = rest.split_first() {
        let count = usize::from(*head);
        rest = match count {
            0..=127 => {
                row.extend_from_slice(after.get(..=count)?);
                after.get(count + 1..)?
            }
            128 => after,
            _ => {
                row.extend(std::iter::repeat_n(*after.first()?, 257 - count));
                after.get(1..)?
            }
        };
    }
    Some(row)
}

impl Dialect for BrotherQl {
    fn push(&mut self, byte: u8, items: &mut Vec<Item>) {
        self.command.push(byte);
        self.run(items);
    }

    fn answer(&self, _question: &[u8], report: &Report<'_>) -> Option<Vec<u8>> {
        let now = &report.condition;
        let kind = if now.in_error() { 0x02 } else { 0x00 };
        Some(self.frame(kind, u8::from(now.is_printing()), now))
    }

    fn is_partial(&self) -> bool {
        !self.strip.is_empty()
    }

    fn reset(&mut self) {
        self.command.clear();
        self.strip = Strip::default();
        (self.packed, self.quiet) = (false, false);
    }

    fn news(&mut self, happened: Happened, report: &Report<'_>) -> Option<Vec<u8>> {
        let now = &report.condition;
        match happened {
            _ if self.quiet => None,
            Happened::Began => Some(self.frame(0x06, 1, now)),
            Happened::Done => Some([self.frame(0x01, 1, now), self.frame(0x06, 0, now)].concat()),
            Happened::Changed if now.in_error() => Some(self.frame(0x02, 0, now)),
            Happened::Changed => None,
        }
    }
}
