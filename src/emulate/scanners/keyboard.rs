//! A gun that types: boot reports in a layout, control characters by Ctrl, or all by Alt codes.

use super::{Fault, Heard, Out, Scanner, WAITING_MAX};
use crate::emulate::model::DeviceModel;
use firstscan_drivers::profile::ScannerOptions;
use firstscan_drivers::scanner::keyboard::{ALT_GR, Layout, SHIFT, Stroke, key_named};
use std::collections::VecDeque;

/// How characters are typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typing {
    /// By the keys of the layout.
    Keys,
    /// The same, without a release between different keys.
    KeysWithoutRelease,
    /// As Alt codes of four digits, one digit after the other.
    AltDigits,
    /// As Alt codes of three digits in one report.
    AltChord,
}

const CTRL: u8 = 0x01;
const LEFT_SHIFT: u8 = 0x02;
const LEFT_ALT: u8 = 0x04;
const RIGHT_ALT: u8 = 0x40;

/// A gun that types.
#[derive(Debug)]
pub struct KeyboardGun {
    layout: &'static Layout,
    typing: Typing,
    prefix: String,
    suffix: String,
    aim: bool,
    out: Out,
    faults: VecDeque<Fault>,
    heard: Vec<Heard>,
}

impl KeyboardGun {
    /// A gun set up as a profile says; `None` if its layout does not exist.
    pub fn of(options: &ScannerOptions) -> Option<Self> {
        Some(KeyboardGun {
            layout: Layout::find(&options.layout)?,
            typing: Typing::Keys,
            prefix: options.prefix.clone(),
            suffix: options.suffixes.first().cloned().unwrap_or_default(),
            aim: options.aim,
            out: Out::default(),
            faults: VecDeque::new(),
            heard: Vec::new(),
        })
    }

    /// The same gun, typing in another way.
    pub fn typing(self, typing: Typing) -> Self {
        KeyboardGun { typing, ..self }
    }

    /// The reports that type a text. What the layout cannot type is left out, as guns do.
    fn type_text(&self, text: &str) -> Vec<Vec<u8>> {
        let by_alt = matches!(self.typing, Typing::AltDigits | Typing::AltChord);
        let mut reports = Vec::new();
        for c in text.chars() {
            if by_alt && !matches!(c, '\t' | '\n' | '\r') {
                reports.extend(self.alt(c));
                continue;
            }
            for (modifiers, usage) in self.keys(c) {
                // Two presses of one key need a release between them.
                let kept = self.typing == Typing::KeysWithoutRelease;
                if !kept || same_key(reports.last(), usage) {
                    reports.push(report(0, &[]));
                }
                reports.push(report(modifiers, &[usage]));
            }
        }
        reports.push(report(0, &[]));
        reports
    }

    fn keys(&self, c: char) -> Vec<(u8, u8)> {
        let plain = |stroke: &Stroke| {
            let shift = if stroke.level & SHIFT != 0 {
                LEFT_SHIFT
            } else {
                0
            };
            let alt_gr = if stroke.level & ALT_GR != 0 {
                RIGHT_ALT
            } else {
                0
            };
            (shift | alt_gr, stroke.usage)
        };
        match c {
            '\r' | '\n' => key_named("Enter").map(|key| (0, key)).into_iter().collect(),
            '\t' => key_named("Tab").map(|key| (0, key)).into_iter().collect(),
            '\0'..='\u{1F}' => self.control(c).into_iter().collect(),
            _ => {
                let strokes = self.layout.strokes(c).unwrap_or_default();
                strokes.iter().map(plain).collect()
            }
        }
    }

    /// Ctrl with the key of the character 64 above, or the key at its US place.
    fn control(&self, c: char) -> Option<(u8, u8)> {
        let base = char::from_u32(u32::from(c) + 0x40)?.to_ascii_lowercase();
        let own = self.layout.strokes(base).filter(|s| s.len() == 1);
        let own = own.and_then(|s| s.first().filter(|s| s.level == 0).map(|s| s.usage));
        let place = match base {
            '@' => 0x1F,
            '[' => 0x2F,
            '\\' => 0x31,
            ']' => 0x30,
            '^' => 0x23,
            _ => 0x2D,
        };
        Some((CTRL, own.unwrap_or(place)))
    }

    fn alt(&self, c: char) -> Vec<Vec<u8>> {
        let code = u32::from(c);
        // Above 127 only Windows-1252 with a leading zero is sure.
        let digits = match self.typing {
            Typing::AltChord if code < 128 => format!("{code:03}"),
            _ => format!("{code:04}"),
        };
        let usage = |d: u8| if d == b'0' { 0x62 } else { 0x59 + (d - b'1') };
        let keys: Vec<u8> = digits.bytes().map(usage).collect();
        let mut reports = Vec::new();
        if self.typing == Typing::AltChord {
            reports.push(report(LEFT_ALT, &keys));
        } else {
            for key in keys {
                reports.push(report(LEFT_ALT, &[key]));
                reports.push(report(LEFT_ALT, &[]));
            }
        }
        reports.push(report(0, &[]));
        reports
    }
}

fn report(modifiers: u8, keys: &[u8]) -> Vec<u8> {
    let mut report = vec![modifiers, 0];
    report.extend(keys.iter().take(6));
    report.resize(8, 0);
    report
}

fn same_key(report: Option<&Vec<u8>>, usage: u8) -> bool {
    report.is_some_and(|r| r.iter().skip(2).any(|key| *key == usage))
}

impl Scanner for KeyboardGun {
    fn read(&mut self, data: &[u8], aim: &str) {
        let text = String::from_utf8_lossy(data).into_owned();
        let aim = if self.aim { aim } else { "" };
        let mut typed = format!("{}{aim}{text}", self.prefix);
        let fault = self.faults.pop_front();
        if fault != Some(Fault::NoEnd) {
            typed.push_str(&self.suffix);
        }
        let mut reports = self.type_text(&typed);
        let middle = reports.len() / 2;
        match fault {
            Some(Fault::Silent) => return,
            Some(Fault::RollOver) => reports.insert(middle, report(0, &[1; 6])),
            Some(Fault::Unplugged) => reports.truncate(middle),
            _ => {}
        }
        for report in reports {
            self.out.push(report);
        }
        if fault == Some(Fault::Unplugged) {
            self.out.push_break();
        }
    }

    fn plan(&mut self, fault: Fault) {
        self.faults.push_back(fault);
    }

    fn heard(&mut self) -> Vec<Heard> {
        std::mem::take(&mut self.heard)
    }
}

impl DeviceModel for KeyboardGun {
    /// Lights are all that a keyboard can be told.
    fn receive(&mut self, _now_ms: u64, bytes: &[u8]) {
        if self.heard.len() < WAITING_MAX {
            self.heard.push(Heard::Light(
                bytes.last().is_some_and(|lights| *lights != 0),
            ));
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
