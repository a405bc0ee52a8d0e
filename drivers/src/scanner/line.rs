//! Serial text scanners: optional prefix, content, suffix.
//!
//! Serial and CDC scanners send the decoded text followed by a configured suffix, CR by default.
//! A gap in the middle of a code ends it as garbage, so that half a code never counts, unless the
//! scanner is one that sends no suffix (`gap_ends`). GS (1D) and any other byte inside is content.
//!
//! Doubt that stays: a 2D code can hold the suffix itself, and then becomes two codes. A rare
//! suffix, or a packet protocol, is the remedy.

use super::aim;
use crate::codec::{Codec, Command, CommandError, Emitted, Event, EventQueue, ScanReading};
use std::time::Duration;

/// Longest code accepted, prefix included; the largest 2D symbols hold about 3 KB.
pub const CODE_BYTES_MAX: usize = 4096;
/// Longest prefix or suffix.
pub const AFFIX_BYTES_MAX: usize = 16;

/// How a scanner frames its codes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineOptions {
    /// Bytes before every code, removed; a code without them is garbage.
    pub prefix: Vec<u8>,
    /// Byte strings that end a code; any of them does, as soon as it is complete. Empty codes are
    /// passed over silently, so that CR and LF may both be listed for a scanner that sends CR LF.
    pub suffixes: Vec<Vec<u8>>,
    /// The scanner sends AIM identifiers: strip and report them.
    pub aim: bool,
    /// A pause this long inside a code makes it garbage, or ends it with `gap_ends`.
    pub gap: Duration,
    /// The scanner may leave the suffix out: a pause ends a code.
    pub gap_ends: bool,
}

impl Default for LineOptions {
    fn default() -> Self {
        LineOptions {
            prefix: Vec::new(),
            suffixes: vec![b"\r".to_vec(), b"\n".to_vec()],
            aim: true,
            gap: Duration::from_millis(500),
            gap_ends: false,
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
    /// The code is too long; `frame` holds only its tail, to find the suffix.
    overflow: bool,
    last_byte: Duration,
    events: EventQueue,
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
            events: EventQueue::default(),
        }
    }

    fn byte(&mut self, now: Duration, byte: u8) {
        self.position = self.position.saturating_add(1);
        self.frame.push(byte);
        let ends = self.options.suffixes.iter();
        let suffix = ends
            .filter(|s| !s.is_empty() && self.frame.ends_with(s))
            .map(Vec::len)
            .max();
        if let Some(suffix) = suffix {
            self.end(now, suffix);
        } else if self.frame.len() > CODE_BYTES_MAX.saturating_add(AFFIX_BYTES_MAX) {
            self.overflow = true;
            let cut = self.frame.len().saturating_sub(AFFIX_BYTES_MAX);
            self.frame.drain(..cut);
        }
    }

    /// Ends the code in progress; its last `suffix` bytes are not content.
    fn end(&mut self, now: Duration, suffix: usize) {
        let raw = std::mem::take(&mut self.frame);
        let range = (self.start, self.position);
        self.start = self.position;
        let overflow = std::mem::take(&mut self.overflow);
        let body = raw.get(..raw.len().saturating_sub(suffix));
        let body = body.unwrap_or_default();
        if body.is_empty() && !overflow {
            return;
        }
        let whole = !overflow && body.len() <= CODE_BYTES_MAX;
        match self.reading(body).filter(|_| whole) {
            Some(reading) => self.events.push(now, raw, Event::Scan(reading), range),
            None => self.events.garbage(now, range.0, range.1),
        }
    }

    fn reading(&self, body: &[u8]) -> Option<ScanReading> {
        let content = body.strip_prefix(self.options.prefix.as_slice())?;
        if self.options.aim && aim::is_talk(content) {
            return None;
        }
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
        (!reading.bytes.is_empty()).then_some(reading)
    }

    /// A pause ended what was under way.
    fn expire(&mut self, now: Duration) {
        if self.frame.is_empty() || now < self.last_byte.saturating_add(self.options.gap) {
            return;
        }
        if self.options.gap_ends {
            return self.end(now, 0);
        }
        self.events.garbage(now, self.start, self.position);
        self.frame.clear();
        self.overflow = false;
        self.start = self.position;
    }
}

impl Codec for Line {
    fn receive(&mut self, now: Duration, bytes: &[u8]) {
        self.expire(now);
        self.last_byte = now;
        for byte in bytes {
            self.byte(now, *byte);
        }
    }

    fn command(&mut self, _now: Duration, _command: Command) -> Result<(), CommandError> {
        Err(CommandError::Unsupported)
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.expire(now);
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        None
    }

    fn poll_event(&mut self) -> Option<Emitted> {
        self.events.pop()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        let pending = !self.frame.is_empty();
        pending.then(|| self.last_byte.saturating_add(self.options.gap))
    }

    fn reset(&mut self) {
        *self = Line::new(self.options.clone());
    }
}
