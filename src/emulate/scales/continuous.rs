//! Toledo continuous output: a frame every 100 ms, whoever listens.

use super::EmulatedScale;
use super::platform::Platform;
use crate::emulate::model::DeviceModel;
use firstscan_drivers::mass::Unit;
use std::collections::VecDeque;

const SEND_MS: u64 = 100;
const FRAMES_MAX: usize = 4;

/// A scale with codec `toledo-continuous`.
#[derive(Debug)]
pub struct ContinuousScale {
    platform: Platform,
    pound: bool,
    checksum: bool,
    send_at_ms: u64,
    out: VecDeque<Vec<u8>>,
}

impl ContinuousScale {
    /// Kilograms with three decimals, or pounds with two.
    pub fn new(unit: Unit, checksum: bool) -> Self {
        let pound = unit == Unit::Pound;
        let shown = if pound { Unit::Pound } else { Unit::Kilogram };
        Self {
            platform: Platform::new(shown),
            pound,
            checksum,
            send_at_ms: 0,
            out: VecDeque::new(),
        }
    }

    fn frame(&self, now_ms: u64) -> Vec<u8> {
        let reading = self.platform.reading(now_ms);
        let flags = reading.flags;
        let counts = reading.decimal.map_or(0, |d| d.mantissa);
        let bit = |on: bool, bit: u8| if on { bit } else { 0 };
        let swa = 0x28 | if self.pound { 4 } else { 5 };
        let swb = 0x20
            | bit(flags.net, 0x01)
            | bit(counts < 0, 0x02)
            | bit(flags.over || flags.under, 0x04)
            | bit(flags.motion, 0x08)
            | bit(!self.pound, 0x10)
            | bit(flags.fault, 0x40);
        let mut frame = vec![0x02, swa, swb, 0x20];
        frame.extend(format!("{:6}{:6}\r", counts.unsigned_abs(), 0).bytes());
        if self.checksum {
            let sum = frame.iter().fold(0_u8, |sum, byte| sum.wrapping_add(*byte));
            frame.push(0_u8.wrapping_sub(sum) & 0x7F);
        }
        frame
    }
}

impl EmulatedScale for ContinuousScale {
    fn platform(&self) -> &Platform {
        &self.platform
    }

    fn platform_mut(&mut self) -> &mut Platform {
        &mut self.platform
    }
}

impl DeviceModel for ContinuousScale {
    fn receive(&mut self, now_ms: u64, bytes: &[u8]) {
        for byte in bytes {
            match byte {
                b'Z' => drop(self.platform.zero(now_ms)),
                b'T' => drop(self.platform.tare(now_ms)),
                b'C' => self.platform.clear_tare(),
                _ => {}
            }
        }
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    fn poll_timeout(&self) -> Option<u64> {
        Some(self.send_at_ms)
    }

    fn handle_timeout(&mut self, now_ms: u64) {
        if now_ms >= self.send_at_ms {
            self.send_at_ms = now_ms + SEND_MS;
            if self.out.len() == FRAMES_MAX {
                self.out.pop_front();
            }
            self.out.push_back(self.frame(now_ms));
        }
    }
}
