//! A USB postal scale: whole HID reports, as the descriptor of profile `hid-scale` lays them out.

use super::EmulatedScale;
use super::platform::Platform;
use crate::emulate::model::DeviceModel;
use firstscan_drivers::mass::{MassReading, Unit};
use std::collections::VecDeque;

/// Usual time between two reports.
const SEND_MS: u64 = 100;
const REPORTS_MAX: usize = 4;

/// A scale with codec `hid-scale`.
#[derive(Debug)]
pub struct HidScale {
    platform: Platform,
    unit: Unit,
    /// It obeys the zero bit of its control report; many do not.
    pub zeroes: bool,
    /// A status report (id 4) follows every data report.
    pub status_reports: bool,
    /// Milliseconds between two data reports.
    pub every_ms: u64,
    send_at_ms: u64,
    out: VecDeque<Vec<u8>>,
}

impl HidScale {
    /// A scale that zeroes when told so and sends no status reports.
    pub fn new(unit: Unit) -> Self {
        Self {
            platform: Platform::new(unit),
            unit,
            zeroes: true,
            status_reports: false,
            every_ms: SEND_MS,
            send_at_ms: 0,
            out: VecDeque::new(),
        }
    }

    fn report(&self, reading: &MassReading) -> Vec<u8> {
        let unit = match self.unit {
            Unit::Gram => 2,
            Unit::Kilogram => 3,
            Unit::Ounce => 0x0B,
            _ => 0x0C,
        };
        let number = reading.decimal;
        let scaling = number.map_or(0, |d| d.exponent);
        let magnitude = number.map_or(0, |d| d.mantissa.unsigned_abs());
        let [low, high] = u16::try_from(magnitude).unwrap_or(u16::MAX).to_le_bytes();
        vec![3, state(reading), unit, scaling.to_le_bytes()[0], low, high]
    }
}

/// The index of the status.
fn state(reading: &MassReading) -> u8 {
    let flags = reading.flags;
    if flags.fault {
        1
    } else if flags.over {
        6
    } else if flags.under || reading.decimal.is_some_and(|d| d.mantissa < 0) {
        5
    } else if flags.motion {
        3
    } else if flags.zero {
        2
    } else {
        4
    }
}

impl EmulatedScale for HidScale {
    fn platform(&self) -> &Platform {
        &self.platform
    }

    fn platform_mut(&mut self) -> &mut Platform {
        &mut self.platform
    }
}

impl DeviceModel for HidScale {
    fn receive(&mut self, now_ms: u64, report: &[u8]) {
        // Report 2, bit 1: Zero Scale.
        if let [2, bits, ..] = report
            && bits & 2 != 0
            && self.zeroes
        {
            self.platform.zero(now_ms);
        }
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    fn poll_timeout(&self) -> Option<u64> {
        Some(self.send_at_ms)
    }

    fn handle_timeout(&mut self, now_ms: u64) {
        if now_ms < self.send_at_ms {
            return;
        }
        self.send_at_ms = now_ms + self.every_ms;
        let reading = self.platform.reading(now_ms);
        let mut reports = vec![self.report(&reading)];
        if self.status_reports {
            reports.push(vec![4, state(&reading)]);
        }
        for report in reports {
            if self.out.len() >= REPORTS_MAX {
                self.out.pop_front();
            }
            self.out.push_back(report);
        }
    }
}
