//! A DYMO LabelWriter 550, 5XL or Wireless: jobs of numbered labels, a picture in one block, a
//! status of 32 bytes; 1 is black.
//!
//! `ESC A 1` takes the printer, and without it a job is dropped (`device-protocols` 5.11). The
//! Wireless has the same commands, height before width, and other bytes in its status: its upper
//! half is filled in as far as it is known.

use super::page::Strip;
use super::{Dialect, Item, Report};
use firstscan_drivers::bitmap::Bitmap;

const ESC: u8 = 0x1B;
/// Bytes of `ESC D`, `01`, `02` and two sizes.
const PICTURE_HEAD: usize = 12;
const STATUS_BYTES: usize = 32;
const SKU_BYTES: usize = 63;
const VERSION_BYTES: usize = 34;
/// Labels a new roll holds.
const ROLL: u16 = 220;
/// Sizes beyond are nonsense: the rest of a command that was cut.
const DOTS_MAX: u32 = 32_000;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Series {
    Of550,
    Wireless,
}

/// The dialect.
#[derive(Debug)]
pub struct DymoLabels {
    series: Series,
    command: Vec<u8>,
    /// Bytes of a picture that are still to come, and of one of its rows.
    missing: usize,
    row: Vec<u8>,
    row_bytes: usize,
    strip: Strip,
    /// Width of the picture; its rows end in whole bytes.
    width: u32,
    /// A host took the printer.
    held: bool,
    /// Within a job that was taken.
    job: Option<u32>,
    label: u16,
}

impl DymoLabels {
    /// As after power on.
    pub fn new(series: Series) -> Self {
        Self {
            series,
            command: Vec::new(),
            missing: 0,
            row: Vec::new(),
            row_bytes: 1,
            strip: Strip::default(),
            width: 0,
            held: false,
            job: None,
            label: 0,
        }
    }

    /// A byte of a picture.
    fn data(&mut self, byte: u8) {
        self.missing -= 1;
        self.row.push(byte);
        if self.row.len() == self.row_bytes {
            let row = std::mem::take(&mut self.row);
            if self.job.is_some() {
                self.strip.push(&row);
            }
        }
    }

    /// `ESC D` with its sizes.
    fn picture(&mut self, head: &[u8], items: &mut Vec<Item>) {
        let number = |at: usize| {
            let bytes = head
                .get(at..at + 4)
                .and_then(|b| <[u8; 4]>::try_from(b).ok());
            bytes.map_or(0, u32::from_le_bytes)
        };
        let (width, height) = match self.series {
            Series::Of550 => (number(4), number(8)),
            Series::Wireless => (number(8), number(4)),
        };
        if !(1..=DOTS_MAX).contains(&width) || !(1..=DOTS_MAX).contains(&height) {
            items.push(Item::Note(format!("no picture of {width} x {height} dots")));
            return;
        }
        let index = |n: u32| usize::try_from(n).unwrap_or(0);
        (self.width, self.strip) = (width, Strip::default());
        self.row_bytes = index(width.div_ceil(8));
        self.missing = self.row_bytes * index(height);
    }

    /// A feed: what was drawn comes out.
    fn feed(&mut self, items: &mut Vec<Item>) {
        let drawn = self.strip.take();
        let cut = drawn.and_then(|drawn| narrowed(&drawn, self.width));
        items.extend(cut.map(|picture| Item::Label { picture, copies: 1 }));
    }

    /// Carries the command out once it is whole.
    fn command(&mut self, items: &mut Vec<Item>) {
        let command = std::mem::take(&mut self.command);
        match *command.as_slice() {
            [ESC, ESC] => self.command = vec![ESC],
            [ESC, b'A', lock] => {
                self.held |= lock == 1;
                items.push(Item::Ask(vec![b'A']));
            }
            [ESC, question @ (b'U' | b'V')] => items.push(Item::Ask(vec![question])),
            [ESC, b's', a, b, c, d] if self.held => {
                self.job = Some(u32::from_le_bytes([a, b, c, d]));
                self.label = 0;
            }
            [ESC, b's', ..] if command.len() == 6 => {
                items.push(Item::Note("a job without the printer: dropped".into()));
            }
            [ESC, b'n', low, high] => self.label = u16::from_le_bytes([low, high]),
            [ESC, b'D', ..] if command.len() == PICTURE_HEAD => self.picture(&command, items),
            [ESC, b'G' | b'E'] => self.feed(items),
            [ESC, b'Q'] => {
                (self.strip, self.job) = (Strip::default(), None);
            }
            [ESC, b'@'] => self.reset(),
            [ESC, b'h' | b'i'] | [ESC, b'C', _] => {}
            [ESC]
            | [ESC, b'A' | b'C' | b'n']
            | [ESC, b'n', _]
            | [ESC, b's', ..]
            | [ESC, b'D', ..] => self.command = command,
            _ => items.push(Item::Note(format!("ignored {command:02X?}"))),
        }
    }

    fn status(&self, report: &Report<'_>) -> Vec<u8> {
        let now = &report.condition;
        let mut status = vec![0; STATUS_BYTES];
        let mut set = |at: usize, bytes: &[u8]| {
            for (place, byte) in status.iter_mut().skip(at).zip(bytes) {
                *place = *byte;
            }
        };
        let stopped = now.in_error() && now.is_printing();
        let printing = now.is_printing() || self.is_partial();
        let job = self.job.unwrap_or(0).to_le_bytes();
        match self.series {
            Series::Of550 => {
                set(0, &[if stopped { 2 } else { u8::from(printing) }]);
                set(1, &job);
                set(5, &self.label.to_le_bytes());
                set(9, &[100]);
                let bay = if now.head_open {
                    1
                } else if now.paper_out {
                    2
                } else {
                    8
                };
                set(10, &[bay]);
                set(11, b"S0904980    ");
                let used = u16::try_from(report.odometer % u64::from(ROLL)).unwrap_or(0);
                set(27, &(ROLL - used).to_le_bytes());
                set(29, &[1, 1, 0xFF]);
            }
            Series::Wireless => {
                set(0, &[u8::from(printing)]);
                // The job shows from the second label on.
                if self.label > 1 {
                    set(1, &job);
                }
                set(10, &[if now.paper_out { 2 } else { 8 }]);
                set(15, &[u8::from(now.paper_out)]);
            }
        }
        status
    }
}

/// The picture without the dots that fill up its rows.
fn narrowed(drawn: &Bitmap, width: u32) -> Option<Bitmap> {
    let mut picture = Bitmap::new(width, drawn.height()).ok()?;
    for y in 0..drawn.height() {
        for x in (0..width).filter(|x| drawn.get(*x, y)) {
            picture.set(x, y, true);
        }
    }
    Some(picture)
}

impl Dialect for DymoLabels {
    fn push(&mut self, byte: u8, items: &mut Vec<Item>) {
        if self.missing > 0 {
            return self.data(byte);
        }
        self.command.push(byte);
        self.command(items);
    }

    fn answer(&self, question: &[u8], report: &Report<'_>) -> Option<Vec<u8>> {
        let padded = |text: &[u8], length: usize| {
            let mut answer = text.to_vec();
            answer.resize(length, 0);
            answer
        };
        Some(match question {
            b"U" => padded(b"S0904980", SKU_BYTES),
            b"V" => padded(b"0100", VERSION_BYTES),
            _ => self.status(report),
        })
    }

    fn is_partial(&self) -> bool {
        self.missing > 0 || !self.strip.is_empty()
    }

    fn reset(&mut self) {
        *self = Self::new(self.series);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(series: Series, bytes: &[u8]) -> (usize, usize) {
        let mut dymo = DymoLabels::new(series);
        let mut items = Vec::new();
        bytes.iter().for_each(|byte| dymo.push(*byte, &mut items));
        let printed = |item: &&Item| matches!(item, Item::Label { .. });
        let noted = |item: &&Item| matches!(item, Item::Note(_));
        (
            items.iter().filter(printed).count(),
            items.iter().filter(noted).count(),
        )
    }

    const JOB: &[u8] = b"\x1Bs\x01\0\0\0\x1BD\x01\x02\x08\0\0\0\x02\0\0\0\xFF\x81\x1BE\x1BQ";

    #[test]
    fn a_job_needs_the_printer() {
        assert_eq!(labels(Series::Of550, JOB), (0, 1));
        let taken = [b"\x1BA\x01".as_slice(), JOB].concat();
        assert_eq!(labels(Series::Of550, &taken), (1, 0));
        let looked = [b"\x1BA\0".as_slice(), JOB].concat();
        assert_eq!(labels(Series::Of550, &looked), (0, 1));
    }

    #[test]
    fn the_wireless_wants_the_height_first() {
        let turned = JOB.to_vec();
        let taken = [b"\x1BA\x01".as_slice(), &turned].concat();
        let mut dymo = DymoLabels::new(Series::Wireless);
        let mut items = Vec::new();
        taken.iter().for_each(|byte| dymo.push(*byte, &mut items));
        // 8 rows of one byte were announced, two bytes came before the rest was taken for rows.
        assert!(dymo.is_partial());
    }

    #[test]
    fn a_cut_command_makes_no_endless_picture() {
        let cut = [
            b"\x1BA\x01\x1BD\x01\x02\x08".as_slice(),
            &[ESC; 40],
            b"\x1BQ",
        ]
        .concat();
        assert_eq!(labels(Series::Of550, &cut), (0, 1));
    }
}
