//! A DYMO LabelWriter of the 3xx and 4xx series: one row per command, 1 is black; a feed ends the
//! label.
//!
//! `ESC A` is answered with one byte, `ESC V` with ten characters. Escapes in a row mean nothing,
//! so that enough of them end whatever was half received (`device-protocols` 5.11).

use super::page::Strip;
use super::{Dialect, Item, PrinterSettings, Report};

const ESC: u8 = 0x1B;
const PLAIN: u8 = 0x16;
const RUNS: u8 = 0x17;

/// The dialect.
#[derive(Debug)]
pub struct Dymo {
    command: Vec<u8>,
    /// Dots of the row that comes in runs.
    run_dots: Vec<bool>,
    row_bytes: usize,
    power_on: usize,
    strip: Strip,
}

impl Dymo {
    /// As after power on.
    pub fn new(settings: &PrinterSettings) -> Self {
        let bytes = usize::try_from(settings.head_dots / 8).unwrap_or(usize::MAX);
        Self {
            command: Vec::new(),
            run_dots: Vec::new(),
            row_bytes: bytes.min(255),
            power_on: bytes.min(255),
            strip: Strip::default(),
        }
    }

    /// A byte of a row in runs: the top bit is the colour, the rest the dots less one.
    fn run(&mut self, byte: u8) -> bool {
        let dots = usize::from(byte & 0x7F) + 1;
        self.run_dots
            .extend(std::iter::repeat_n(byte & 0x80 != 0, dots));
        if self.run_dots.len() < self.row_bytes * 8 {
            return false;
        }
        let mut row = vec![0_u8; self.row_bytes];
        let black = self
            .run_dots
            .iter()
            .enumerate()
            .filter(|(_, black)| **black);
        for (at, _) in black {
            if let Some(byte) = row.get_mut(at / 8) {
                *byte |= 0x80 >> (at % 8);
            }
        }
        self.run_dots.clear();
        self.strip.push(&row);
        true
    }

    fn feed(&mut self, items: &mut Vec<Item>) {
        let copies = 1;
        items.extend(
            self.strip
                .take()
                .map(|picture| Item::Label { picture, copies }),
        );
    }

    /// Carries the command out once it is whole.
    fn command(&mut self, items: &mut Vec<Item>) {
        let command = std::mem::take(&mut self.command);
        match *command.as_slice() {
            [ESC, ESC] => self.command = vec![ESC],
            [ESC, b'@'] => {
                self.strip = Strip::default();
                self.row_bytes = self.power_on;
            }
            [ESC, b'D', bytes] => self.row_bytes = usize::from(bytes).max(1),
            [ESC, b'A' | b'V'] => {
                items.push(Item::Ask(command.get(1..).unwrap_or_default().to_vec()))
            }
            [ESC, b'G' | b'E'] => self.feed(items),
            [ESC, b'c'..=b'e' | b'g'..=b'i'] | [ESC, b'B' | b'q', _] | [ESC, b'L', _, _] => {}
            [PLAIN, ref row @ ..] if row.len() == self.row_bytes => self.strip.push(row),
            [RUNS, .., last] => {
                if !self.run(last) {
                    self.command = vec![RUNS];
                }
            }
            [ESC] | [ESC, b'D' | b'B' | b'q' | b'L'] | [ESC, b'L', _] | [RUNS] | [PLAIN, ..] => {
                self.command = command;
            }
            _ => items.push(Item::Note(format!("ignored {command:02X?}"))),
        }
    }
}

impl Dialect for Dymo {
    fn push(&mut self, byte: u8, items: &mut Vec<Item>) {
        self.command.push(byte);
        self.command(items);
    }

    fn answer(&self, question: &[u8], report: &Report<'_>) -> Option<Vec<u8>> {
        let now = &report.condition;
        Some(match question {
            b"V" => b"1738071   ".to_vec(),
            _ if now.paper_out => vec![0xA0],
            _ if now.head_open => vec![0x80],
            _ if now.is_printing() || self.is_partial() => vec![0x01],
            _ => vec![0x03],
        })
    }

    fn is_partial(&self) -> bool {
        !self.strip.is_empty()
    }

    fn reset(&mut self) {
        self.command.clear();
        self.run_dots.clear();
        self.row_bytes = self.power_on;
        self.strip = Strip::default();
    }
}
