//! What devices say to the station and may be told by it.

use crate::domain::{DeviceId, Stamp};
use firstscan_drivers::codec::Command;
use firstscan_drivers::length::SizeReading;
use firstscan_drivers::mass::MassReading;
use std::fmt::Write as _;
use std::sync::Arc;

/// Reads both clocks. The application gives one; tests give their own.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Stamp;
}

impl<F: Fn() -> Stamp + Send + Sync> Clock for F {
    fn now(&self) -> Stamp {
        self()
    }
}

/// The clock all devices of a station share.
pub type SharedClock = Arc<dyn Clock>;

/// News from a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceReport {
    pub device: DeviceId,
    /// When the last byte of the frame came, or the connection changed.
    pub at: Stamp,
    pub kind: ReportKind,
}

/// What happened at a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReportKind {
    /// A barcode; `code` as [`code_text`] makes it, `raw` the frame as received.
    Scan {
        code: String,
        raw: Vec<u8>,
    },
    /// A reading: sent on change, at least every 500 ms while frames come, at most every 100 ms.
    Mass {
        reading: MassReading,
        raw: Vec<u8>,
    },
    /// A measurement of a dimensioner, as it came.
    Size {
        reading: SizeReading,
        raw: Vec<u8>,
    },
    /// `what` names address and line settings for people.
    Connected {
        what: String,
    },
    Lost {
        reason: String,
    },
    /// Connected, but in need of a hand; empty = fine again. `silent`: a scale says nothing;
    /// `garbage`: what comes makes no sense; `looks_like_7e1`, `looks_like_7o1`: since the line is
    /// set to 8 data bits; `stuck_key`: a scanner's key or trigger is jammed.
    Status {
        flags: Vec<String>,
    },
}

/// What the station may ask of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceCommand {
    Zero,
    Tare,
    ClearTare,
    /// Dimensioners: measure now.
    Measure,
    /// Scanners: the code was taken, or refused.
    Accept,
    Reject,
}

impl From<DeviceCommand> for Command {
    fn from(command: DeviceCommand) -> Command {
        match command {
            DeviceCommand::Zero => Command::Zero,
            DeviceCommand::Tare => Command::Tare,
            DeviceCommand::ClearTare => Command::ClearTare,
            DeviceCommand::Measure => Command::Request,
            DeviceCommand::Accept => Command::Accept,
            DeviceCommand::Reject => Command::Reject,
        }
    }
}

/// Marks a code that was escaped; no clean code begins with it.
const ESCAPED: char = '\u{FFFD}';

/// The text of a scanned code. UTF-8 stays as it is. Anything else becomes U+FFFD followed by the
/// text with `\xNN` for each stray byte and `\\` for each backslash, so that no two codes ever
/// share a text.
pub fn code_text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.starts_with(ESCAPED) => text.to_owned(),
        _ => escaped(bytes),
    }
}

fn escaped(bytes: &[u8]) -> String {
    let mut text = String::from(ESCAPED);
    for chunk in bytes.utf8_chunks() {
        text.push_str(&chunk.valid().replace('\\', "\\\\"));
        for byte in chunk.invalid() {
            // Writing to a String cannot fail.
            write!(text, "\\x{byte:02X}").unwrap_or_default();
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_codes_share_a_text() {
        assert_eq!(code_text(b"9400\x1D21"), "9400\u{1D}21");
        assert_eq!(code_text(br"a\xE9"), r"a\xE9");
        assert_eq!(code_text(b"a\xE9\\b"), "\u{FFFD}a\\xE9\\\\b");
        assert_eq!(
            code_text("\u{FFFD}a\\xE9".as_bytes()),
            "\u{FFFD}\u{FFFD}a\\\\xE9"
        );
    }
}
