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
