//! Serial text scanners: optional prefix, content, suffix.
//!
//! Serial and CDC scanners send the decoded text followed by a configured suffix, CR by default.
//! A gap in the middle of a code ends it as garbage, and so is the rest up to its suffix if it
//! still comes within [`REST_WITHIN`]: neither half of a code ever counts. Scanners that send no
//! suffix are another matter (`gap_ends`). GS (1D) and any other byte inside is content.
//!
//! Some of these scanners take commands and answer in the same stream. An [`Answer`] says how that
//! looks; it is never a code. What was asked for makes no event, anything else is garbage.
//!
//! | maker | host to scanner | answer |
//! |---|---|---|
//! | Honeywell | `16 4D 0D` and a menu command | it, with 06, 15 or 05 before each `.` and `!` |
//! | | `16 54 0D` trigger, `16 07 0D` beep | none |
//! | Newland | `7E 01 30 30 30 30`, `@` or `#`, items, `3B 03` | `02 01 30 30 30 30` ... `3B 03` |
//! | | `01 54 04` trigger | none |
//! | Datalogic | `B` good-read beep, `01` beep, `E` and `D` on and off | none |
//! | Cino | `7E 80 01 03 00 00 01 00 83 7E` buzzer | `7E` ... `7E` |
//!
//! Sources: Honeywell N86XX and 1900 guides, Datalogic QD2300 guide appendix G, behaviour of public
//! host programs for Newland and Cino.
//!
//! Doubt that stays: a 2D code can hold the suffix itself, and then becomes two codes. A rare
//! suffix, or a packet protocol, is the remedy.

use super::aim;
use super::host::{Messages, Outbox};
use crate::codec::{Codec, Command, CommandError, Emitted, Event, EventQueue, ScanReading};
use std::time::Duration;

/// Longest code accepted, prefix included; the largest 2D symbols hold about 3 KB.
pub const CODE_BYTES_MAX: usize = 4096;
/// Longest prefix or suffix.
pub const AFFIX_BYTES_MAX: usize = 16;
/// The rest of a code that a pause broke off comes this soon after it was given up, or never: a
/// missing suffix costs the next code only if it follows sooner.
pub const REST_WITHIN: Duration = Duration::from_secs(10);

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
    /// Whole messages that say that nothing was read: passed over.
    pub no_read: Vec<Vec<u8>>,
    /// How answers to commands look.
    pub answers: Vec<Answer>,
    /// What to send when.
    pub messages: Messages,
}

/// An answer to a command: from its start to its end, whatever stands between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Empty: anything may come before the end.
    pub starts: Vec<u8>,
    pub ends: Vec<u8>,
    /// Looked for even if no answer is due.
    pub unasked: bool,
}

impl Default for LineOptions {
    fn default() -> Self {
        LineOptions {
            prefix: Vec::new(),
            suffixes: vec![b"\r".to_vec(), b"\n".to_vec()],
            aim: true,
            gap: Duration::from_millis(500),
            gap_ends: false,
            no_read: Vec::new(),
            answers: Vec::new(),
            messages: Messages::default(),
        }
    }
}

/// What the bytes before a suffix are.
pub(super) enum Content {
    Code(ScanReading),
    /// The scanner says that it read nothing.
    NoRead,
    /// The scanner's own talk.
    Talk,
    /// No code: the prefix is missing, or nothing is left.
    Nothing,
}

impl LineOptions {
    /// Length of the longest suffix that these bytes end with.
    pub(super) fn ending(&self, bytes: &[u8]) -> Option<usize> {
        let ends = self.suffixes.iter();
        let ends = ends.filter(|s| !s.is_empty() && bytes.ends_with(s));
        ends.map(Vec::len).max()
    }

    /// What a message without its suffix is.
    pub(super) fn content(&self, body: &[u8]) -> Content {
        if self.no_read.iter().any(|text| text == body) {
            return Content::NoRead;
        }
        let Some(content) = body.strip_prefix(self.prefix.as_slice()) else {
            return Content::Nothing;
        };
        if self.aim && aim::is_talk(content) {
            return Content::Talk;
        }
        let reading = aim::reading(content, self.aim);
        if reading.bytes.is_empty() {
            return Content::Nothing;
        }
        Content::Code(reading)
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
    /// Until when what comes is taken for the rest of a code that a pause broke off.
    rest_until: Option<Duration>,
    last_byte: Duration,
    /// An answer to a command may come.
    answer_due: bool,
    outbox: Outbox,
    events: EventQueue,
}

impl Line {
    /// A host for a scanner with this framing.
    pub fn new(options: LineOptions) -> Self {
        Line {
            outbox: Outbox::new(options.messages.clone()),
            answer_due: false,
            options,
            frame: Vec::new(),
            start: 0,
            position: 0,
            overflow: false,
            rest_until: None,
            last_byte: Duration::ZERO,
            events: EventQueue::default(),
        }
    }

    fn byte(&mut self, now: Duration, byte: u8) {
        self.position = self.position.saturating_add(1);
        self.frame.push(byte);
        match self.answer() {
            Seen::Whole => return self.end_answer(now),
            Seen::Part => {}
            Seen::No => {
                if let Some(suffix) = self.options.ending(&self.frame) {
                    return self.end(now, suffix);
                }
            }
        }
        if self.frame.len() > CODE_BYTES_MAX.saturating_add(AFFIX_BYTES_MAX) {
            self.overflow = true;
            let cut = self.frame.len().saturating_sub(AFFIX_BYTES_MAX);
            self.frame.drain(..cut);
        }
    }

    /// Whether the frame is an answer, or the first part of one.
    fn answer(&self) -> Seen {
        let mut seen = Seen::No;
        let answers = self.options.answers.iter();
        for answer in answers.filter(|a| a.unasked || self.answer_due) {
            let begun = self.frame.strip_prefix(answer.starts.as_slice());
            match begun {
                Some(rest) if rest.ends_with(&answer.ends) => return Seen::Whole,
                Some(_) if !answer.starts.is_empty() => seen = Seen::Part,
                _ => {}
            }
        }
        seen
    }

    fn end_answer(&mut self, now: Duration) {
        self.frame.clear();
        self.overflow = false;
        if !self.answer_due {
            self.events.garbage(now, self.start, self.position);
        }
        self.start = self.position;
    }

    /// Ends the code in progress; its last `suffix` bytes are not content.
    fn end(&mut self, now: Duration, suffix: usize) {
        let raw = std::mem::take(&mut self.frame);
        let range = (self.start, self.position);
        self.start = self.position;
        let overflow = std::mem::take(&mut self.overflow);
        let rest = self.rest_until.take().is_some();
        let body = raw.get(..raw.len().saturating_sub(suffix));
        let body = body.unwrap_or_default();
        if body.is_empty() && !overflow {
            return;
        }
        if rest || overflow || body.len() > CODE_BYTES_MAX {
            return self.events.garbage(now, range.0, range.1);
        }
        match self.options.content(body) {
            Content::Code(reading) => self.events.push(now, raw, Event::Scan(reading), range),
            Content::NoRead => {}
            Content::Talk if self.answer_due => {}
            Content::Talk | Content::Nothing => self.events.garbage(now, range.0, range.1),
        }
    }

    /// A pause ended what was under way.
    fn expire(&mut self, now: Duration) {
        if self.frame.is_empty() {
            self.rest_until.take_if(|until| now >= *until);
            return;
        }
        if now < self.last_byte.saturating_add(self.options.gap) {
            return;
        }
        if self.options.gap_ends {
            return self.end(now, 0);
        }
        // What a line says when it is plugged in or switched on is no part of a code.
        if self.frame.iter().any(u8::is_ascii_graphic) {
            let given_up = self.last_byte.saturating_add(self.options.gap);
            self.rest_until = Some(given_up.saturating_add(REST_WITHIN));
        }
        self.events.garbage(now, self.start, self.position);
        self.frame.clear();
        self.overflow = false;
        self.start = self.position;
    }
}

/// How much of an answer is there.
enum Seen {
    No,
    Part,
    Whole,
}

impl Codec for Line {
    fn receive(&mut self, now: Duration, bytes: &[u8]) {
        self.expire(now);
        self.last_byte = now;
        self.answer_due = self.outbox.answer_due(now);
        for byte in bytes {
            self.byte(now, *byte);
        }
    }

    fn command(&mut self, now: Duration, command: Command) -> Result<(), CommandError> {
        self.outbox.command(now, command)
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.expire(now);
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.outbox.pop()
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
