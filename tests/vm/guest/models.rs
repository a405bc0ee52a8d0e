//! Small device models of the guest's own: reports as given, typed text.

use firstscan::emulate::model::DeviceModel;
use std::collections::VecDeque;

/// Sends the reports it is given, and keeps what it is sent.
#[derive(Debug, Default)]
pub struct Reports {
    out: VecDeque<Vec<u8>>,
    pub got: Vec<Vec<u8>>,
}

impl Reports {
    pub fn send(&mut self, report: &[u8]) {
        self.out.push_back(report.to_vec());
    }

    /// A data report of the scale: stable or in motion, tenths of an ounce.
    pub fn weigh(&mut self, stable: bool, tenths: u16) {
        let [low, high] = tenths.to_le_bytes();
        self.send(&[3, if stable { 4 } else { 3 }, 0x0B, 0xFF, low, high]);
    }

    /// Types digits and small letters, then Enter: a report for each key down and up.
    pub fn type_line(&mut self, text: &str) {
        for key in text.bytes().chain([b'\n']) {
            let usage = match key {
                b'a'..=b'z' => key - b'a' + 4,
                b'1'..=b'9' => key - b'1' + 30,
                b'0' => 39,
                _ => 40,
            };
            self.send(&[0, 0, usage, 0, 0, 0, 0, 0]);
            self.send(&[0; 8]);
        }
    }
}

impl DeviceModel for Reports {
    fn receive(&mut self, _now_ms: u64, bytes: &[u8]) {
        self.got.push(bytes.to_vec());
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }
}

/// A scanner gun by reports: types on a US keyboard, or speaks HID POS.
#[derive(Debug)]
pub struct Typist {
    types: bool,
    out: VecDeque<Vec<u8>>,
}

/// Characters of a US keyboard beyond letters and digits: plain, shifted, usage.
const SYMBOLS: &[(u8, u8, u8)] = &[
    (b'-', b'_', 45),
    (b'=', b'+', 46),
    (b'[', b'{', 47),
    (b']', b'}', 48),
    (b'\\', b'|', 49),
    (b';', b':', 51),
    (b'\'', b'"', 52),
    (b'`', b'~', 53),
    (b',', b'<', 54),
    (b'.', b'>', 55),
    (b'/', b'?', 56),
    (b' ', b' ', 44),
    (b'\n', b'\n', 40),
];
/// What the shifted digits are, from 1 to 0.
const SHIFTED_DIGITS: &[u8] = b"!@#$%^&*()";

impl Typist {
    pub fn keys() -> Self {
        Self {
            types: true,
            out: VecDeque::new(),
        }
    }

    pub fn reports() -> Self {
        Self {
            types: false,
            out: VecDeque::new(),
        }
    }

    /// Pulls the trigger.
    pub fn scan(&mut self, code: &str) {
        if !self.types {
            return self.speak(code);
        }
        for byte in code.bytes().chain([b'\n']) {
            let (shift, usage) = key(byte);
            self.out.push_back(vec![shift * 2, 0, usage, 0, 0, 0, 0, 0]);
            self.out.push_back(vec![0; 8]);
        }
    }

    /// Reports of 56 bytes of data each.
    fn speak(&mut self, code: &str) {
        let pieces: Vec<&[u8]> = code.as_bytes().chunks(56).collect();
        for (at, piece) in pieces.iter().enumerate() {
            let mut report = vec![2, u8::try_from(piece.len()).unwrap()];
            report.extend(b"]C0");
            report.extend(*piece);
            report.resize(63, 0);
            report.push(u8::from(at + 1 < pieces.len()));
            self.out.push_back(report);
        }
    }
}

/// Shift and usage of a character.
fn key(byte: u8) -> (u8, u8) {
    let digit = |d: u8| if d == b'0' { 39 } else { d - b'1' + 30 };
    match byte {
        b'a'..=b'z' => (0, byte - b'a' + 4),
        b'A'..=b'Z' => (1, byte - b'A' + 4),
        b'0'..=b'9' => (0, digit(byte)),
        _ => {
            if let Some(at) = SHIFTED_DIGITS.iter().position(|b| *b == byte) {
                return (1, u8::try_from(at).unwrap() + 30);
            }
            let row = SYMBOLS
                .iter()
                .find(|(plain, shifted, _)| [*plain, *shifted].contains(&byte));
            let (plain, _, usage) = row.unwrap_or_else(|| panic!("no key for {byte:#04x}"));
            (u8::from(*plain != byte), *usage)
        }
    }
}

impl DeviceModel for Typist {
    fn receive(&mut self, _now_ms: u64, _bytes: &[u8]) {}

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }
}

/// A HID scale that tells its reading in grams all the time.
#[derive(Debug, Default)]
pub struct Platform {
    grams: u16,
    rests_at_ms: u64,
    next_ms: u64,
    out: VecDeque<Vec<u8>>,
}

const SETTLE_MS: u64 = 200;
const EVERY_MS: u64 = 100;

impl Platform {
    /// Puts this on it instead of what lay there.
    pub fn put(&mut self, now_ms: u64, grams: u16) {
        if self.grams != grams {
            (self.grams, self.rests_at_ms) = (grams, now_ms + SETTLE_MS);
        }
    }
}

impl DeviceModel for Platform {
    fn receive(&mut self, _now_ms: u64, _bytes: &[u8]) {}

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    fn poll_timeout(&self) -> Option<u64> {
        Some(self.next_ms)
    }

    fn handle_timeout(&mut self, now_ms: u64) {
        if now_ms < self.next_ms {
            return;
        }
        self.next_ms = now_ms + EVERY_MS;
        let status = match (now_ms < self.rests_at_ms, self.grams) {
            (true, _) => 3,
            (false, 0) => 2,
            (false, _) => 4,
        };
        let [low, high] = self.grams.to_le_bytes();
        // What nobody fetched is stale.
        self.out.clear();
        self.out.push_back(vec![3, status, 2, 0, low, high]);
    }
}
