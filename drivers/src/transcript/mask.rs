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
/// In front of the text of a report: id, length, symbology.
const HEAD_BYTES: usize = 5;

impl Transcript {
    /// The recording of a device of this profile without personal data.
    pub fn masked(&self, profile: &Profile) -> Transcript {
        if profile.kind != Kind::Scanner {
            return self.clone();
        }
        let reports = profile.hid.is_some() || profile.codec.starts_with("hid-");
        let mut after_bracket = 0_u8;
        let transfer = |transfer: &Transfer| {
            let mut bytes = transfer.bytes.clone();
            match (transfer.direction, profile.codec.as_str()) {
                (Direction::ToDevice, _) => {}
                (_, "keyboard") if reports || !bytes.len().is_multiple_of(8) => keys(&mut bytes),
                (_, "keyboard") => key_events_or_keys(&mut bytes),
                _ if reports => {
                    let text = bytes.iter_mut().skip(HEAD_BYTES);
                    text.for_each(|byte| *byte = plain(*byte));
                }
                _ => stream(&mut bytes, &mut after_bracket),
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

/// An AIM identifier is a bracket and two characters that name the symbology, at the start of a
/// code: what stands there stays.
fn stream(bytes: &mut [u8], kept: &mut u8) {
    for byte in bytes {
        if *byte == b']' {
            *kept = 2;
        } else if *kept > 0 {
            *kept -= 1;
        } else {
            *byte = plain(*byte);
        }
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

/// Eight bytes are an input event (type, code, value) or a report of a keyboard; the recording does
/// not say which. An event's value and code tell, and what is neither is masked as a report.
fn key_events_or_keys(bytes: &mut [u8]) {
    let (records, _) = bytes.as_chunks_mut::<8>();
    for record in records {
        let kind = u16::from_le_bytes([record[0], record[1]]);
        let code = u16::from_le_bytes([record[2], record[3]]);
        let value = i32::from_le_bytes([record[4], record[5], record[6], record[7]]);
        match kind {
            EV_KEY if (0..=2).contains(&value) => {
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
            EV_MSC if code == 4 && record[6] == 7 => record[4..].fill(0),
            _ => keys(record),
        }
    }
}
