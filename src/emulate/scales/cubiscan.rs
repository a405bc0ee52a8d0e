//! A CubiScan: measures what lies on it, in centimetres and kilograms.

use crate::emulate::model::DeviceModel;
use std::collections::VecDeque;

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const INPUT_BYTES_MAX: usize = 64;
const FRAMES_MAX: usize = 16;

/// What happens to the next measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Refused, with this letter: `C` corner, `M` measuring, `Z` zeroing.
    Refused(char),
    /// The height is marked: `_`, `-` or `~`.
    Marked(char),
    /// No answer at all.
    Silent,
    /// Output in a shape of the user's own making.
    OwnShape,
}

/// The machine.
#[derive(Debug, Default)]
pub struct CubiScan {
    /// Length, width and height in millimetres.
    pub parcel_mm: [u32; 3],
    /// Weight in grams, shown in steps of ten.
    pub grams: u32,
    pub trouble: Option<Trouble>,
    /// NULs behind every answer, as over TCP.
    pub padding: bool,
    continuous: bool,
    input: Vec<u8>,
    out: VecDeque<Vec<u8>>,
}

impl CubiScan {
    /// A parcel was put on it; in continuous mode it is measured at once.
    pub fn put(&mut self, parcel_mm: [u32; 3], grams: u32) {
        (self.parcel_mm, self.grams) = (parcel_mm, grams);
        if self.continuous {
            self.measure('C');
        }
    }

    fn send(&mut self, body: &str) {
        if self.out.len() == FRAMES_MAX {
            return;
        }
        let nuls = if self.padding { "\0\0\0" } else { "" };
        self.out
            .push_back(format!("\x02{body}\x03\r\n{nuls}").into_bytes());
    }

    fn measure(&mut self, origin: char) {
        let [length, width, height] = self
            .parcel_mm
            .map(|mm| format!("{:03}.{}", mm / 10, mm % 10));
        let height = match self.trouble {
            Some(Trouble::Silent) => return,
            Some(Trouble::Refused(why)) => return self.send(&format!("MN{origin}{why}")),
            Some(Trouble::OwnShape) => return self.send(&format!("{length};{width};{height}")),
            Some(Trouble::Marked(mark)) => format!("{mark}{}", height.get(1..).unwrap_or_default()),
            None => height,
        };
        let weight = format!("{:03}.{:02}", self.grams / 1000, self.grams % 1000 / 10);
        self.send(&format!(
            "MA{origin}000000,L{length},W{width},H{height},M,K{weight},D000.00,M,F5000,I"
        ));
    }

    fn command(&mut self, command: &[u8]) {
        match command {
            b"M" => self.measure('H'),
            b"C" => {
                self.continuous = !self.continuous;
                self.send("CA");
            }
            b"Z" => self.send("ZA"),
            b"T" => self.send("TA00"),
            b"U" => self.send("UAMM"),
            b"I" => self.send("IA000042"),
            _ => self.send("?N"),
        }
    }
}

impl DeviceModel for CubiScan {
    fn receive(&mut self, _now_ms: u64, bytes: &[u8]) {
        for &byte in bytes {
            match byte {
                STX => self.input.clear(),
                ETX => {
                    let command = std::mem::take(&mut self.input);
                    self.command(&command);
                }
                b'\r' | b'\n' => {}
                _ if self.input.len() < INPUT_BYTES_MAX => self.input.push(byte),
                _ => {}
            }
        }
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    fn disconnected(&mut self, _now_ms: u64) {
        self.input.clear();
    }
}
