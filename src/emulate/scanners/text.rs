//! Guns that send text: with prefix and suffix, or in Honeywell's packets.

use super::{Fault, Heard, Out, Scanner, WAITING_MAX};
use crate::emulate::model::DeviceModel;
use firstscan_drivers::profile::ScannerOptions;
use std::collections::VecDeque;

/// A serial gun.
#[derive(Debug, Default)]
pub struct TextGun {
    prefix: Vec<u8>,
    suffix: Vec<u8>,
    aim: bool,
    /// Each code in a MSGGET packet.
    packets: bool,
    out: Out,
    faults: VecDeque<Fault>,
    heard: Vec<Heard>,
}

impl TextGun {
    /// A gun with the framing of a profile; its first suffix.
    pub fn of(options: &ScannerOptions) -> Self {
        TextGun {
            prefix: options.prefix.clone().into_bytes(),
            suffix: options
                .suffixes
                .first()
                .cloned()
                .unwrap_or_default()
                .into_bytes(),
            aim: options.aim,
            ..TextGun::default()
        }
    }

    /// A gun that wraps codes into packets.
    pub fn packets() -> Self {
        TextGun {
            packets: true,
            ..TextGun::default()
        }
    }

    fn frame(&self, data: &[u8], aim: &str) -> Vec<u8> {
        if !self.packets {
            let aim = if self.aim { aim } else { "" };
            return [&self.prefix, aim.as_bytes(), data, &self.suffix].concat();
        }
        let length = data.len() + 1;
        let mut frame = vec![0x16, 0xFE];
        frame.extend(u32::try_from(length + 14).unwrap_or(u32::MAX).to_le_bytes());
        frame.extend(format!("\rMSGGET{length:04}").into_bytes());
        // The code id of "other" is left to the AIM identifier.
        frame.push(0x00);
        frame.extend(aim.trim_start_matches(']').bytes());
        frame.push(0x1D);
        frame.extend(data);
        frame.push(b'\r');
        frame
    }
}

impl Scanner for TextGun {
    fn read(&mut self, data: &[u8], aim: &str) {
        let mut frame = self.frame(data, aim);
        match self.faults.pop_front() {
            Some(Fault::Silent) => return,
            Some(Fault::NoEnd) => {
                frame.truncate(frame.len().saturating_sub(self.suffix.len().max(1)))
            }
            Some(Fault::Unplugged) => {
                frame.truncate(frame.len() / 2);
                self.out.push(frame);
                return self.out.push_break();
            }
            _ => {}
        }
        self.out.push(frame);
    }

    fn plan(&mut self, fault: Fault) {
        self.faults.push_back(fault);
    }

    fn heard(&mut self) -> Vec<Heard> {
        std::mem::take(&mut self.heard)
    }
}

impl DeviceModel for TextGun {
    fn receive(&mut self, _now_ms: u64, bytes: &[u8]) {
        if self.heard.len() < WAITING_MAX {
            self.heard.push(Heard::Other(bytes.to_vec()));
        }
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.out.pop()
    }

    fn poll_disconnect(&mut self) -> bool {
        self.out.take_break()
    }

    fn disconnected(&mut self, _now_ms: u64) {
        self.out.clear();
    }
}
