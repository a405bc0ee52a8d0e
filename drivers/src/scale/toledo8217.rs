//! Toledo 8217: the host asks with one character, the scale answers `STX ... CR`.
//!
//! | host | reply | |
//! |---|---|---|
//! | `W` | `STX WW.WWW CR`, `N` before CR if net | weight at rest |
//! | `W` | `STX ? st CR` | motion, range, not zeroed |
//! | `Z` `T` `C` | `STX ? st CR` | zero, tare, clear tare |
//!
//! Status byte: bit 0 motion, 1 over capacity, 2 under zero, 3 outside zero capture range,
//! 4 centre of zero, 5 net on classic models and always 1 on others (never an error), 6 always 1,
//! 7 parity. Line 9600 7E1.
//!
//! Sources: Mettler Toledo DIVA service manual pp. 45-51; Brecknell DS1000 manual p. 27. Doubt:
//! some units answer a weight once and then a bare `?` until the load changes; the last weight of
//! the same load is kept for that case.

use crate::codec::{Codec, Command, CommandError, Emitted, Event};
use crate::mass::{Decimal, Mass, MassFlags, MassReading, Unit};
use std::collections::VecDeque;
use std::time::Duration;

const STX: u8 = 0x02;
const CR: u8 = 0x0D;
/// Longest answer between STX and CR.
const FRAME_BYTES_MAX: usize = 16;
const POLL_INTERVAL: Duration = Duration::from_millis(100);
const ANSWER_TIMEOUT: Duration = Duration::from_millis(500);
const INTER_BYTE_TIMEOUT: Duration = Duration::from_millis(300);
/// Events kept for a caller that does not poll.
const EVENTS_MAX: usize = 256;

pub mod status {
    //! Bits of the status byte.
    pub const MOTION: u8 = 0x01;
    pub const OVER: u8 = 0x02;
    pub const UNDER: u8 = 0x04;
    pub const NOT_ZEROED: u8 = 0x08;
    pub const ZERO: u8 = 0x10;
    pub const ALWAYS: u8 = 0x40;
}

/// The host's side.
#[derive(Debug)]
pub struct Toledo8217 {
    unit: Unit,
    frame: Vec<u8>,
    /// Position of the next byte since reset.
    position: u64,
    /// Start of the garbage run being collected.
    garbage: Option<u64>,
    in_frame: bool,
    events: VecDeque<Emitted>,
    transmit: VecDeque<Vec<u8>>,
    /// Nothing is asked before this.
    next_poll: Duration,
    /// An answer is awaited until then.
    answer_by: Option<Duration>,
    last_byte: Duration,
    /// The reading of the load that is on the platform, for units that answer only once.
    kept: Option<MassReading>,
}

impl Toledo8217 {
    /// A host for a scale that displays in `unit`.
    pub fn new(unit: Unit) -> Self {
        Toledo8217 {
            unit,
            frame: Vec::with_capacity(FRAME_BYTES_MAX),
            position: 0,
            garbage: None,
            in_frame: false,
            events: VecDeque::new(),
            transmit: VecDeque::new(),
            next_poll: Duration::ZERO,
            answer_by: None,
            last_byte: Duration::ZERO,
            kept: None,
        }
    }

    fn emit(&mut self, at: Duration, raw: Vec<u8>, event: Event) {
        if self.events.len() >= EVENTS_MAX {
            self.events.pop_front();
        }
        self.events.push_back(Emitted { event, raw, at });
    }

    /// Closes a run of bytes that belong to no frame.
    fn end_garbage(&mut self, now: Duration, end: u64) {
        if let Some(start) = self.garbage.take().filter(|start| *start < end) {
            self.emit(now, Vec::new(), Event::Garbage { start, end });
        }
    }

    /// The frame so far turns out to be no frame.
    fn drop_frame(&mut self) {
        if self.in_frame {
            let length = u64::try_from(self.frame.len())
                .unwrap_or(0)
                .saturating_add(1);
            self.garbage
                .get_or_insert(self.position.saturating_sub(length));
        }
        self.in_frame = false;
        self.frame.clear();
    }

    fn byte(&mut self, now: Duration, byte: u8) {
        match byte {
            STX => {
                self.drop_frame();
                let at = self.position;
                self.end_garbage(now, at);
                self.in_frame = true;
            }
            CR if self.in_frame => {
                let body = std::mem::take(&mut self.frame);
                self.in_frame = false;
                let mut raw = vec![STX];
                raw.extend_from_slice(&body);
                raw.push(CR);
                match self.reading(&body) {
                    Some(reading) => self.emit(now, raw, Event::Mass(reading)),
                    None => {
                        let length = u64::try_from(body.len()).unwrap_or(0).saturating_add(1);
                        self.garbage
                            .get_or_insert(self.position.saturating_sub(length));
                        let end = self.position.saturating_add(1);
                        self.end_garbage(now, end);
                    }
                }
                self.answer_by = None;
                self.next_poll = now.saturating_add(POLL_INTERVAL);
            }
            _ if self.in_frame && self.frame.len() < FRAME_BYTES_MAX => self.frame.push(byte),
            _ => {
                self.drop_frame();
                self.garbage.get_or_insert(self.position);
            }
        }
        self.position = self.position.saturating_add(1);
    }

    fn reading(&mut self, body: &[u8]) -> Option<MassReading> {
        if let [b'?', st] = body {
            return Some(self.status_reading(*st));
        }
        let (digits, net) = match body {
            [digits @ .., b'N'] => (digits, true),
            digits => (digits, false),
        };
        let text = std::str::from_utf8(digits).ok()?;
        // The DIVA manual shows unsigned digits only; a sign here is line noise.
        if !text.bytes().next()?.is_ascii_digit() {
            return None;
        }
        let decimal = Decimal::parse(text).ok()?;
        let mass = Mass::from_decimal(decimal, self.unit).ok()?;
        let flags = MassFlags {
            stable: true,
            zero: decimal.mantissa == 0,
            net,
            ..MassFlags::default()
        };
        let unit = Some(self.unit);
        let reading = MassReading {
            mass: Some(mass),
            decimal: Some(decimal),
            unit,
            flags,
        };
        self.kept = Some(reading.clone());
        Some(reading)
    }

    fn status_reading(&mut self, st: u8) -> MassReading {
        let has = |bit| st & bit != 0;
        let flags = MassFlags {
            stable: false,
            zero: has(status::ZERO),
            motion: has(status::MOTION),
            over: has(status::OVER),
            under: has(status::UNDER),
            fault: has(status::NOT_ZEROED),
            net: false,
        };
        let quiet = !flags.motion && !flags.forbids_value() && !flags.zero;
        match self.kept.clone().filter(|_| quiet) {
            Some(kept) => kept,
            None => {
                self.kept = None;
                MassReading {
                    flags,
                    unit: Some(self.unit),
                    ..MassReading::default()
                }
            }
        }
    }

    fn ask(&mut self, now: Duration, bytes: &[u8]) {
        self.transmit.push_back(bytes.to_vec());
        self.answer_by = Some(now.saturating_add(ANSWER_TIMEOUT));
    }
}

impl Codec for Toledo8217 {
    fn receive(&mut self, now: Duration, bytes: &[u8]) {
        self.last_byte = now;
        for byte in bytes {
            self.byte(now, *byte);
        }
    }

    fn command(&mut self, now: Duration, command: Command) -> Result<(), CommandError> {
        if self.transmit.len() >= 4 {
            return Err(CommandError::Busy);
        }
        let byte = match command {
            Command::Zero => b'Z',
            Command::Tare => b'T',
            Command::ClearTare => b'C',
            Command::Request => b'W',
        };
        self.kept = None;
        self.ask(now, &[byte]);
        Ok(())
    }

    fn handle_timeout(&mut self, now: Duration) {
        if self.in_frame && now >= self.last_byte.saturating_add(INTER_BYTE_TIMEOUT) {
            self.drop_frame();
        }
        if self.garbage.is_some() && now >= self.last_byte.saturating_add(INTER_BYTE_TIMEOUT) {
            let end = self.position;
            self.end_garbage(now, end);
        }
        if self.answer_by.is_some_and(|by| now >= by) {
            self.answer_by = None;
            self.kept = None;
            self.next_poll = now;
        }
        if self.answer_by.is_none() && now >= self.next_poll {
            self.ask(now, b"W");
        }
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.transmit.pop_front()
    }

    fn poll_event(&mut self) -> Option<Emitted> {
        self.events.pop_front()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        let quiet = (self.in_frame || self.garbage.is_some())
            .then(|| self.last_byte.saturating_add(INTER_BYTE_TIMEOUT));
        let next = self.answer_by.unwrap_or(self.next_poll);
        Some(quiet.map_or(next, |q| q.min(next)))
    }

    fn reset(&mut self) {
        *self = Toledo8217::new(self.unit);
    }
}

/// What a host asks; for emulated scales.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostCommand {
    Weight,
    HighResolution,
    Zero,
    Tare,
    ClearTare,
    /// Answered with a status.
    Other(u8),
}

impl HostCommand {
    /// The command behind a byte; parity bit ignored.
    pub fn from_byte(byte: u8) -> Self {
        match byte & 0x7F {
            b'W' => HostCommand::Weight,
            b'H' => HostCommand::HighResolution,
            b'Z' => HostCommand::Zero,
            b'T' => HostCommand::Tare,
            b'C' => HostCommand::ClearTare,
            other => HostCommand::Other(other),
        }
    }
}

/// A scale's weight answer.
pub fn encode_weight(decimal: Decimal, net: bool) -> Vec<u8> {
    let mut frame = vec![STX];
    frame.extend_from_slice(decimal.to_string().as_bytes());
    if net {
        frame.push(b'N');
    }
    frame.push(CR);
    frame
}

/// A scale's status answer; bit 6 is always set.
pub fn encode_status(st: u8) -> Vec<u8> {
    vec![STX, b'?', (st & 0x7F) | status::ALWAYS, CR]
}
