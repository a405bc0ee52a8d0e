//! Recordings without what was scanned: codes on parcels lead to people.
//!
//! Letters become `x` and digits `0`, over every connection a scanner has; lengths, separators,
//! control characters, AIM identifiers, framing and times stay, so that a fault of framing still
//! shows. A checksum over the text no longer fits: such recordings are for reading, not for replay.
//! Weights and sizes say nothing about a person and stay.

use super::{Direction, Transcript, Transfer};
use crate::profile::{Kind, Profile};

/// HID usages and Linux key codes of what stands for every letter and digit.
const USAGE_X: u8 = 0x1B;
const USAGE_0: u8 = 0x27;
const KEY_X: u16 = 45;
const KEY_0: u16 = 11;
/// Linux key codes of letters and digits, by the rows of the keyboard and the keypad.
const LETTER_KEYS: [std::ops::RangeInclusive<u16>; 3] = [16..=25, 30..=38, 44..=50];
const DIGIT_KEYS: [std::ops::RangeInclusive<u16>; 3] = [2..=11, 71..=73, 75..=77];
const MORE_DIGIT_KEYS: std::ops::RangeInclusive<u16> = 79..=82;
const EV_KEY: u16 = 1;
const EV_MSC: u16 = 4;
/// In front of the text of every layout of reports: id and length. The symbology, which some
/// layouts have next, goes with the text: a layout without it must not show two characters.
const HEAD_BYTES: usize = 2;

impl Transcript {
    /// The recording of a device of this profile without personal data.
    pub fn masked(&self, profile: &Profile) -> Transcript {
        if profile.kind != Kind::Scanner {
            return self.clone();
        }
        let reports = profile.hid.is_some() || profile.codec.starts_with("hid-");
        let events = self.has_input_events();
        let mut at = At::Start;
        let transfer = |transfer: &Transfer| {
            let mut bytes = transfer.bytes.clone();
            match (transfer.direction, profile.codec.as_str()) {
                (Direction::ToDevice, _) => {}
                (_, "keyboard") if events => key_events(&mut bytes),
                (_, "keyboard") => keys(&mut bytes),
                _ if reports => {
                    let text = bytes.iter_mut().skip(HEAD_BYTES);
                    text.for_each(|byte| *byte = plain(*byte));
                }
                _ => stream(&mut bytes, &mut at),
            }
            Transfer {
                bytes,
                ..transfer.clone()
            }
        };
        Transcript {
            profile: self.profile.clone(),
            transfers: self.transfers.iter().map(transfer).collect(),
        }
    }
}

fn plain(byte: u8) -> u8 {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' => b'x',
        b'0'..=b'9' => b'0',
        // Parts of letters beyond ASCII.
        0x80.. => b'x',
        other => other,
    }
}

/// Where a byte of a stream stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// At the start, or behind a control character: a code may begin here.
    Start,
    /// In the AIM identifier, a bracket and two characters that name the symbology: it stays.
    Identifier(u8),
    Text,
}

fn stream(bytes: &mut [u8], at: &mut At) {
    for byte in bytes {
        *at = match (*at, *byte) {
            (At::Identifier(left @ 1..), b'!'..=b'~') => At::Identifier(left - 1),
            (At::Start, b']') => At::Identifier(2),
            (_, 0..=0x1F) => At::Start,
            _ => {
                *byte = plain(*byte);
                At::Text
            }
        };
    }
}

/// Reports of a keyboard: modifiers, a reserved byte, keys (with or without an id in front).
fn keys(report: &mut [u8]) {
    for byte in report.iter_mut().skip(2) {
        *byte = match *byte {
            0x04..=0x1D => USAGE_X,
            0x1E..=0x27 | 0x59..=0x62 => USAGE_0,
            other => other,
        };
    }
}

/// Input events of 8 bytes: type, code, value.
fn key_events(bytes: &mut [u8]) {
    let (records, _) = bytes.as_chunks_mut::<8>();
    for record in records {
        let kind = u16::from_le_bytes([record[0], record[1]]);
        let code = u16::from_le_bytes([record[2], record[3]]);
        match kind {
            EV_KEY => {
                let is = |rows: &[std::ops::RangeInclusive<u16>]| {
                    rows.iter().any(|row| row.contains(&code))
                };
                let new = if is(&LETTER_KEYS) {
                    KEY_X
                } else if is(&DIGIT_KEYS) || MORE_DIGIT_KEYS.contains(&code) {
                    KEY_0
                } else {
                    code
                };
                let [low, high] = new.to_le_bytes();
                (record[2], record[3]) = (low, high);
            }
            // The usage of the key, once more.
            EV_MSC => record[4..].fill(0),
            _ => {}
        }
    }
}
