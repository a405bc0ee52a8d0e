//! A HID POS gun: reports of 64 bytes in the shape of its profile, and Honeywell's menu frames.

use super::{Fault, Heard, Out, Scanner, WAITING_MAX};
use crate::emulate::model::DeviceModel;
use firstscan_drivers::profile::{HidShape, Profile};
use std::collections::VecDeque;

/// Bytes of a report, its id included.
const REPORT_BYTES: usize = 64;

/// A HID POS gun.
#[derive(Debug)]
pub struct PosGun {
    shape: HidShape,
    out: Out,
    faults: VecDeque<Fault>,
    heard: Vec<Heard>,
}

impl PosGun {
    /// A gun in the shape a profile names, the common one if it names none.
    pub fn of(profile: &Profile) -> Self {
        PosGun {
            shape: profile.scanner.hid_shape.unwrap_or(HidShape::Aim),
            out: Out::default(),
            faults: VecDeque::new(),
            heard: Vec::new(),
        }
    }

    fn reports(&self, data: &[u8], aim: &str) -> Vec<Vec<u8>> {
        let aimed = self.shape == HidShape::Aim;
        let (id, room) = match self.shape {
            HidShape::Aim | HidShape::Newland => (2, 56),
            HidShape::Microscan => (1, 62),
        };
        let count = data.len().div_ceil(room);
        let one = |(number, part): (usize, &[u8])| {
            let mut report = vec![id, u8::try_from(part.len()).unwrap_or(u8::MAX)];
            if aimed {
                report.extend(aim.bytes().chain([0; 3]).take(3));
            }
            report.extend(part);
            report.resize(REPORT_BYTES, 0);
            if let Some(last) = report.last_mut() {
                *last |= u8::from(aimed && number + 1 < count);
            }
            report
        };
        data.chunks(room).enumerate().map(one).collect()
    }

    fn hear(&mut self, heard: Heard) {
        if self.heard.len() < WAITING_MAX {
            self.heard.push(heard);
        }
    }

    /// A menu command is answered with itself and a status byte, the last report as `]Z6`.
    fn menu(&mut self, command: &[u8]) {
        let mut answer = command.to_vec();
        let end = answer.len().saturating_sub(1);
        answer.insert(end, 0x06);
        for report in self.reports(&answer, "]Z6") {
            self.out.push(report);
        }
    }
}

impl Scanner for PosGun {
    fn read(&mut self, data: &[u8], aim: &str) {
        let mut reports = self.reports(data, aim);
        match self.faults.pop_front() {
            Some(Fault::Silent) => return,
            Some(Fault::NoEnd) if reports.len() > 1 => drop(reports.pop()),
            Some(Fault::BadLength) => {
                if let Some(length) = reports.first_mut().and_then(|r| r.get_mut(1)) {
                    *length = 0xFF;
                }
            }
            Some(Fault::Unplugged) => {
                reports.truncate(reports.len() / 2);
                reports.into_iter().for_each(|r| self.out.push(r));
                return self.out.push_break();
            }
            _ => {}
        }
        reports.into_iter().for_each(|r| self.out.push(r));
    }

    fn plan(&mut self, fault: Fault) {
        self.faults.push_back(fault);
    }

    fn heard(&mut self) -> Vec<Heard> {
        std::mem::take(&mut self.heard)
    }
}

impl DeviceModel for PosGun {
    fn receive(&mut self, _now_ms: u64, bytes: &[u8]) {
        match bytes {
            [4, bits, ..] => {
                if bits & 2 != 0 {
                    self.hear(Heard::Trigger);
                }
            }
            [0xFD, length, frame @ ..] => {
                let frame = frame.get(..usize::from(*length)).unwrap_or(frame).to_vec();
                match frame.as_slice() {
                    [0x16, 0x07, ..] => self.hear(Heard::Beep(0)),
                    [0x16, 0x54, ..] => self.hear(Heard::Trigger),
                    [0x16, 0x4D, 0x0D, command @ ..] => self.menu(command),
                    other => self.hear(Heard::Other(other.to_vec())),
                }
            }
            other => self.hear(Heard::Other(other.to_vec())),
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
