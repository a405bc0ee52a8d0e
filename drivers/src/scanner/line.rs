//! Serial text scanners: optional prefix, content, terminator.
//!
//! Serial and CDC scanners send the decoded text followed by a configured suffix, CR by default.
//! A gap in the middle of a code ends it as garbage, so that half a code never counts; GS (1D)
//! inside is content.

use super::aim;
use crate::codec::{Codec, Command, CommandError, Emitted, Event, ScanReading};
use std::collections::VecDeque;
use std::time::Duration;

/// Longest code accepted; the largest 2D symbols hold about 3 KB.
pub const CODE_BYTES_MAX: usize = 4096;
/// Events kept for a caller that does not poll.
const EVENTS_MAX: usize = 256;

/// How a scanner frames its codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineOptions {
    /// Bytes before every code, removed; a code without them is garbage.
    pub prefix: Vec<u8>,
    /// Bytes that end a code; any one of them does. Empty codes are passed over silently.
    pub terminators: Vec<u8>,
    /// The scanner sends AIM identifiers: strip and report them.
    pub aim: bool,
    /// A pause this long inside a code makes it garbage.
    pub gap: Duration,
}

impl Default for LineOptions {
    fn default() -> Self {
        LineOptions {
            prefix: Vec::new(),
            terminators: b"\r\n".to_vec(),
            aim: true,
            gap: Duration::from_millis(500),
        }
    }
}

/// The host's side of a text scanner.
#[derive(Debug)]
pub struct Line {
    options: LineOptions,
    frame: Vec<u8>,
    /// Position of the frame's first byte since reset.
    start: u64,
    position: u64,
    overflow: bool,
    last_byte: Duration,
    events: VecDeque<Emitted>,
}

impl Line {
    /// A host for a scanner with this framing.
    pub fn new(options: LineOptions) -> Self {
        Line {
            options,
            frame: Vec::new(),
            start: 0,
            position: 0,
            overflow: false,
            last_byte: Duration::ZERO,
            events: VecDeque::new(),
        }
    }

    fn emit(&mut self, at: Duration, raw: Vec<u8>, event: Event) {
        if self.events.len() >= EVENTS_MAX {
            self.events.pop_front();
        }
        self.events.push_back(Emitted { event, raw, at });
    }

    fn garbage(&mut self, now: Duration) {
        let (start, end) = (self.start, self.position);
        self.frame.clear();
        self.overflow = false;
        self.start = end;
        if start < end {
            self.emit(now, Vec::new(), Event::Garbage { start, end });
        }
    }

    fn end(&mut self, now: Duration, terminator: u8) {
        self.position = self.position.saturating_add(1);
        let frame = std::mem::take(&mut self.frame);
        if frame.is_empty() && !self.overflow {
            self.start = self.position;
            return;
        }
        let Some(content) = frame.strip_prefix(self.options.prefix.as_slice()) else {
            self.garbage(now);
            return;
        };
        if self.overflow || content.is_empty() {
            self.garbage(now);
            return;
        }
        self.start = self.position;
        let reading = match aim::split(content).filter(|_| self.options.aim) {
            Some((id, name, rest)) => ScanReading {
                bytes: rest.to_vec(),
                aim: Some(id.to_owned()),
                symbology: Some(name.to_owned()),
            },
            None => ScanReading {
                bytes: content.to_vec(),
                aim: None,
                symbology: None,
            },
        };
        let mut raw = frame;
        raw.push(terminator);
        self.emit(now, raw, Event::Scan(reading));
    }
}

impl Codec for Line {
    fn receive(&mut self, now: Duration, bytes: &[u8]) {
        if !self.frame.is_empty() && now >= self.last_byte.saturating_add(self.options.gap) {
            self.garbage(now);
        }
        self.last_byte = now;
        for byte in bytes {
            if self.options.terminators.contains(byte) {
                self.end(now, *byte);
                continue;
            }
            if self.frame.len() < CODE_BYTES_MAX {
                self.frame.push(*byte);
            } else {
                self.overflow = true;
            }
            self.position = self.position.saturating_add(1);
        }
    }

    fn command(&mut self, _now: Duration, _command: Command) -> Result<(), CommandError> {
        Err(CommandError::Unsupported)
    }

    fn handle_timeout(&mut self, now: Duration) {
        let pending = !self.frame.is_empty() || self.overflow;
        if pending && now >= self.last_byte.saturating_add(self.options.gap) {
            self.garbage(now);
        }
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        None
    }

    fn poll_event(&mut self) -> Option<Emitted> {
        self.events.pop_front()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        let pending = !self.frame.is_empty() || self.overflow;
        pending.then(|| self.last_byte.saturating_add(self.options.gap))
    }

    fn reset(&mut self) {
        *self = Line::new(self.options.clone());
    }
}
