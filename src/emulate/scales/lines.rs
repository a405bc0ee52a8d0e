//! A scale that speaks lines as its profile says: the same patterns the host reads by, written.

use super::EmulatedScale;
use super::platform::Platform;
use crate::emulate::model::DeviceModel;
use firstscan_drivers::mass::MassReading;
use firstscan_drivers::profile::{Profile, unescape};
use firstscan_drivers::scale::framed::{FramedOptions, encode};
use std::collections::VecDeque;

/// Time between two frames of a scale that sends by itself.
const SEND_MS: u64 = 100;
/// Frames waiting; a host that does not read loses the older ones.
const FRAMES_MAX: usize = 16;
/// Longest command.
const COMMAND_BYTES_MAX: usize = 64;

/// How a family answers what is no question for the weight.
#[derive(Debug, Clone, Copy)]
struct Manners {
    zeroed: &'static [u8],
    tared: &'static [u8],
    cleared: &'static [u8],
    refused: &'static [u8],
    unknown: &'static [u8],
}

const SICS: Manners = Manners {
    zeroed: b"Z A\r\n",
    tared: b"T S     0.000 kg\r\n",
    cleared: b"TAC A\r\n",
    refused: b"Z I\r\n",
    unknown: b"ES\r\n",
};
const NCI: Manners = Manners {
    zeroed: b"\n20\r\x03",
    tared: b"\n00\r\x03",
    cleared: b"\n00\r\x03",
    refused: b"\n10\r\x03",
    unknown: b"\n?\r\x03",
};
/// Most say nothing.
const SILENT: Manners = Manners {
    zeroed: b"",
    tared: b"",
    cleared: b"",
    refused: b"",
    unknown: b"",
};

/// A scale with codec `framed`.
#[derive(Debug)]
pub struct LineScale {
    platform: Platform,
    profile: Profile,
    manners: Manners,
    /// Command bytes so far.
    input: Vec<u8>,
    /// When it sends by itself next.
    send_at_ms: Option<u64>,
    out: VecDeque<Vec<u8>>,
}

impl LineScale {
    /// A scale of this profile; `None` if it has no `[framed]`.
    pub fn new(profile: &Profile) -> Option<Self> {
        let options = profile.framed.as_ref()?;
        let manners = match options.ask.as_str() {
            r"SI\r\n" => SICS,
            r"W\r" => NCI,
            _ if options.begin == r"SIR\r\n" => SICS,
            _ => SILENT,
        };
        let asked = !options.ask.is_empty() || !options.begin.is_empty();
        Some(Self {
            platform: Platform::new(profile.unit?),
            profile: profile.clone(),
            manners,
            input: Vec::new(),
            send_at_ms: (!asked).then_some(0),
            out: VecDeque::new(),
        })
    }

    fn options(&self) -> FramedOptions {
        self.profile.framed.clone().unwrap_or_default()
    }

    fn send(&mut self, frame: &[u8]) {
        if frame.is_empty() {
            return;
        }
        if self.out.len() == FRAMES_MAX {
            self.out.pop_front();
        }
        self.out.push_back(frame.to_vec());
    }

    /// The reading, or as much of it as the protocol has words for.
    fn say(&mut self, now_ms: u64) {
        let Some(unit) = self.profile.unit else {
            return;
        };
        let whole = self.platform.reading(now_ms);
        let mut fewer = whole.clone();
        fewer.flags.net = false;
        let mut unsure = fewer.clone();
        unsure.flags.stable = false;
        let mut fault = MassReading::absent(unit, whole.flags);
        (fault.flags.under, fault.flags.over, fault.flags.fault) = (false, false, true);
        let mut says: Vec<MassReading> = vec![whole.clone()];
        if !whole.flags.forbids_value() {
            // A printout of the net weight, tare or not.
            let mut net = whole.clone();
            net.flags.net = true;
            says.extend([fewer, net, unsure]);
            // A protocol that gives no weight while it moves.
            if whole.flags.motion {
                let mut flags = whole.flags;
                flags.net = false;
                says.push(MassReading::absent(unit, flags));
            }
        } else {
            says.push(fault);
        }
        let options = self.options();
        let frame = says.iter().find_map(|r| encode(&options, unit, r));
        self.send(&frame.unwrap_or_default());
    }

    /// Takes a command off the front of the input; whether there was one.
    fn command(&mut self, now_ms: u64) -> bool {
        let options = self.options();
        let manners = self.manners;
        let is = |text: &str| unescape(text).filter(|bytes| !bytes.is_empty());
        let all = [
            is(&options.ask),
            is(&options.begin),
            is(&options.zero),
            is(&options.tare),
            is(&options.clear_tare),
        ];
        let mut known = all.iter().enumerate();
        let found = known.find_map(|(place, bytes)| {
            let bytes = bytes.as_ref()?;
            self.input
                .starts_with(bytes)
                .then_some((place, bytes.len()))
        });
        let Some((place, length)) = found else {
            return false;
        };
        self.input.drain(..length);
        match place {
            0 => self.say(now_ms),
            1 => self.send_at_ms = Some(now_ms),
            2 if self.platform.zero(now_ms) => self.send(manners.zeroed),
            3 if self.platform.tare(now_ms) => self.send(manners.tared),
            4 => {
                self.platform.clear_tare();
                self.send(manners.cleared);
            }
            _ => self.send(manners.refused),
        }
        true
    }
}

impl EmulatedScale for LineScale {
    fn platform(&self) -> &Platform {
        &self.platform
    }

    fn platform_mut(&mut self) -> &mut Platform {
        &mut self.platform
    }
}

impl DeviceModel for LineScale {
    fn receive(&mut self, now_ms: u64, bytes: &[u8]) {
        for &byte in bytes {
            self.input.push(byte);
            if self.command(now_ms) {
                continue;
            }
            let line_end = matches!(byte, b'\r' | b'\n');
            let options = self.options();
            let begun = [&options.ask, &options.begin, &options.zero, &options.tare]
                .into_iter()
                .filter_map(|text| unescape(text))
                .any(|text| text.starts_with(&self.input));
            if (line_end && !begun) || self.input.len() > COMMAND_BYTES_MAX {
                let empty = self.input.iter().all(|b| matches!(b, b'\r' | b'\n'));
                self.input.clear();
                if !empty {
                    self.send(self.manners.unknown);
                }
            }
        }
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    fn poll_timeout(&self) -> Option<u64> {
        self.send_at_ms
    }

    fn handle_timeout(&mut self, now_ms: u64) {
        if self.send_at_ms.is_some_and(|at| now_ms >= at) {
            self.send_at_ms = Some(now_ms + SEND_MS);
            self.say(now_ms);
        }
    }

    fn disconnected(&mut self, _now_ms: u64) {
        self.input.clear();
    }
}
