//! Retail scales that are asked with control characters: CAS ENQ and Dibal dialogue 06.

use super::EmulatedScale;
use super::platform::Platform;
use crate::emulate::model::DeviceModel;
use firstscan_drivers::mass::{MassReading, Unit};
use firstscan_drivers::scale::cas_enq;
use std::collections::VecDeque;

const ETX: u8 = 0x03;
const EOT: u8 = 0x04;
const ENQ: u8 = 0x05;
const ACK: u8 = 0x06;
const DC1: u8 = 0x11;
const NAK: u8 = 0x15;
/// Longest record of a host, and answers waiting.
const INPUT_BYTES_MAX: usize = 64;
const FRAMES_MAX: usize = 16;

/// Which of the two it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Cas {
        /// STX counts for the check.
        with_stx: bool,
    },
    Dibal,
}

/// A scale with codec `cas-enq` or `dibal`.
#[derive(Debug)]
pub struct Handshake {
    kind: Kind,
    platform: Platform,
    input: Vec<u8>,
    /// Dibal: what the next enquiry is answered with.
    record: Vec<u8>,
    out: VecDeque<Vec<u8>>,
}

impl Handshake {
    /// A CAS AP or PD; `with_stx` if STX counts for its check.
    pub fn cas(unit: Unit, with_stx: bool) -> Self {
        Self::new(Kind::Cas { with_stx }, unit)
    }

    /// A Dibal, in grams.
    pub fn dibal() -> Self {
        Self::new(Kind::Dibal, Unit::Gram)
    }

    fn new(kind: Kind, unit: Unit) -> Self {
        Self {
            kind,
            platform: Platform::new(unit),
            input: Vec::new(),
            record: Vec::new(),
            out: VecDeque::new(),
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        if !bytes.is_empty() && self.out.len() < FRAMES_MAX {
            self.out.push_back(bytes.to_vec());
        }
    }

    fn cas_byte(&mut self, now_ms: u64, byte: u8, with_stx: bool) {
        let reading = self.platform.reading(now_ms);
        match (byte, reading.decimal, reading.unit) {
            (ENQ, Some(_), _) => self.send(&[ACK]),
            (ENQ, None, _) => self.send(&[NAK]),
            (DC1, Some(number), Some(unit)) => {
                let stable = reading.flags.stable;
                let frame = cas_enq::encode(stable, &number.to_string(), unit.symbol(), with_stx);
                self.send(&frame);
            }
            _ => {}
        }
    }

    fn dibal_byte(&mut self, now_ms: u64, byte: u8) {
        self.input.push(byte);
        if self.input.ends_with(&[EOT, ENQ]) {
            let record = std::mem::take(&mut self.record);
            self.send(&record);
        } else if byte == ETX {
            let reading = self.platform.reading(now_ms);
            let asked = self.input.clone();
            let has = |text: &[u8]| asked.windows(text.len()).any(|w| w == text);
            if has(b"\x0201\x1b") {
                let weight = weight(&reading);
                self.send(&[if weight.is_some() { ACK } else { NAK }]);
                self.record = weight.unwrap_or_default();
            } else if has(b"\x0208") {
                self.send(&[ACK]);
                self.record = reason(&reading).to_vec();
            } else {
                self.send(&[NAK]);
            }
        } else if self.input.len() < INPUT_BYTES_MAX {
            return;
        }
        self.input.clear();
    }
}

/// Record 02, of a weight at rest.
fn weight(reading: &MassReading) -> Option<Vec<u8>> {
    let grams = reading.decimal.filter(|_| reading.flags.stable)?.mantissa;
    let grams = u32::try_from(grams).ok()?;
    Some(format!("\x0202\x1b3\x1b{grams:05}\x1b000000\x1b000000\x03").into_bytes())
}

/// Record 09.
fn reason(reading: &MassReading) -> &'static [u8] {
    if reading.flags.over {
        b"\x0209\x1b32\x03"
    } else if reading.flags.under || reading.decimal.is_some_and(|d| d.mantissa < 0) {
        b"\x0209\x1b31\x03"
    } else {
        b"\x0209\x1b20\x03"
    }
}

impl EmulatedScale for Handshake {
    fn platform(&self) -> &Platform {
        &self.platform
    }

    fn platform_mut(&mut self) -> &mut Platform {
        &mut self.platform
    }
}

impl DeviceModel for Handshake {
    fn receive(&mut self, now_ms: u64, bytes: &[u8]) {
        for &byte in bytes {
            match self.kind {
                Kind::Cas { with_stx } => self.cas_byte(now_ms, byte, with_stx),
                Kind::Dibal => self.dibal_byte(now_ms, byte),
            }
        }
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    fn disconnected(&mut self, _now_ms: u64) {
        self.input.clear();
        self.record.clear();
    }
}
