//! Scanners that type: HID keyboard reports or Linux input events to codes.
//!
//! | bytes of a boot report | content |
//! |---|---|
//! | 0 | modifiers: Ctrl, Shift, Alt, GUI, left in bits 0 to 3, right in bits 4 to 7 |
//! | 1 | reserved |
//! | 2 to 7 | usages of the keys that are down, in the order pressed |
//!
//! | bytes of an input event | content |
//! |---|---|
//! | 0, 1 | type: 0 report (code 3 = events were dropped), 1 key, 4 other, 17 light |
//! | 2, 3 | code, little-endian |
//! | 4 to 7 | value: 1 down, 0 up, 2 repeated by the kernel |
//!
//! Sources: HID 1.11 appendix B, the kernel's `input-event-codes.h` and `hid-input`. Reports are
//! read by their descriptor, so boards with a bit per key are read as well; without a descriptor
//! the boot report is assumed. A code is what is typed up to a suffix; prefix, AIM identifiers and
//! pauses are as for serial scanners. The layout is that of the scanner, not the computer's.
//!
//! | control characters | arrive as |
//! |---|---|
//! | Ctrl | Ctrl with the letter or bracket, by its character or its place on a US keyboard |
//! | function keys | the profile's `keys` say what they mean |
//! | Alt code | left Alt held, three or four keypad digits, taken when Alt goes up |
//! | dropped | not at all: only a missing separator in GS1 data tells |
//!
//! A key without a meaning, a roll-over error, a report that does not fit its descriptor or dropped
//! events spoil the code under way up to its end: it becomes garbage, never half a code. So does a
//! pause inside a code, whose rest is garbage too, as with serial scanners (`REST_WITHIN`).
//!
//! Doubts that stay: a chord of Alt digits in one report can hold a digit twice, and the kernel's
//! input events then show it once. So chords are believed on input events only if the profile says
//! how many digits there are (`alt_digits`); hidraw has no such limit and is to be preferred.
//! Whether a scanner turns letters round for caps lock is its setting (`caps_lock`). After dropped
//! events all keys count as up; the suffix may be among what was dropped, then the next code is
//! spoilt too unless a pause comes first.

mod keys;
mod layout;
mod layouts;
mod state;
mod typist;

pub use keys::{LEFT_CTRL, code_of, key_named};
pub use layout::{ALT_GR, Layout, SHIFT, Stroke};
pub use layouts::LAYOUTS;

use super::line::{CODE_BYTES_MAX, Content, LineOptions, REST_WITHIN};
use crate::codec::{Attachment, Codec, Command, CommandError, Emitted, Event, EventQueue};
use state::{Boards, Events};
use std::time::Duration;
use typist::{Manner, Typed, Typist};

/// Most bytes of reports that one code may take.
const RAW_BYTES_MAX: usize = 256 << 10;
/// Length of an input event.
const EVENT_BYTES: usize = 8;

/// How a scanner types.
#[derive(Debug, Clone)]
pub struct KeyboardOptions {
    /// Prefix, suffixes, pauses, AIM identifiers.
    pub line: LineOptions,
    pub layout: &'static Layout,
    /// Caps lock turns letters round; otherwise it is passed over.
    pub follow_caps: bool,
    /// Digits of every Alt code, if they are always as many.
    pub alt_digits: Option<u8>,
    /// What keys without a character stand for, by usage.
    pub keys: Vec<(u8, Vec<u8>)>,
}

/// The host's side of a scanner that types.
#[derive(Debug)]
pub struct Keyboard {
    line: LineOptions,
    manner: Manner,
    source: Source,
    typist: Typist,
    /// What is typed so far.
    text: Vec<u8>,
    /// The reports it took.
    raw: Vec<u8>,
    /// A code is under way, since this position.
    open: Option<u64>,
    /// The code under way cannot be trusted.
    spoilt: bool,
    /// Keys of it were lost, and the suffix may be among them.
    lost: bool,
    /// Until when what is typed is taken for the rest of a code that a pause broke off.
    rest_until: Option<Duration>,
    position: u64,
    /// End of the latest event or garbage range.
    told: u64,
    last: Duration,
    events: EventQueue,
}

/// Where keys come from.
#[derive(Debug)]
enum Source {
    /// Not said: all bytes are garbage.
    Unknown,
    Reports(Box<Boards>),
    Events(Events),
}

impl Keyboard {
    /// A host for a scanner that types in this manner.
    pub fn new(options: KeyboardOptions) -> Self {
        Keyboard {
            line: options.line,
            manner: Manner {
                layout: options.layout,
                follow_caps: options.follow_caps,
                alt_digits: options.alt_digits,
                keys: options.keys,
            },
            source: Source::Unknown,
            typist: Typist::default(),
            text: Vec::new(),
            raw: Vec::new(),
            open: None,
            spoilt: false,
            lost: false,
            rest_until: None,
            position: 0,
            told: 0,
            last: Duration::ZERO,
            events: EventQueue::default(),
        }
    }

    /// One report or one event.
    fn record(&mut self, now: Duration, record: &[u8]) {
        let start = self.position;
        let length = u64::try_from(record.len()).unwrap_or(u64::MAX);
        self.position = start.saturating_add(length);
        if self.open.is_some() {
            self.keep(record);
        }
        let mut typed = Vec::new();
        let sound = match &mut self.source {
            Source::Unknown => false,
            Source::Reports(boards) => {
                boards.report(record, &mut self.typist, &self.manner, &mut typed)
            }
            Source::Events(events) => {
                events.event(record, &mut self.typist, &self.manner, &mut typed)
            }
        };
        let begins = !sound || !typed.is_empty() || self.typist.is_midway();
        if begins && self.open.is_none() {
            self.begin(start, record);
        }
        if !sound {
            (self.spoilt, self.lost) = (true, true);
        }
        for one in typed {
            if self.open.is_none() {
                // The report ended a code and began another.
                self.begin(self.position, record);
            }
            self.typed(now, one);
        }
    }

    fn begin(&mut self, start: u64, record: &[u8]) {
        self.open = Some(start);
        self.keep(record);
    }

    fn keep(&mut self, record: &[u8]) {
        if self.raw.len().saturating_add(record.len()) > RAW_BYTES_MAX {
            self.spoilt = true;
        } else {
            self.raw.extend_from_slice(record);
        }
    }

    fn typed(&mut self, now: Duration, typed: Typed) {
        match typed {
            Typed::Char(c) => self.text.extend(c.encode_utf8(&mut [0; 4]).bytes()),
            Typed::Bytes(bytes) => self.text.extend(bytes),
            Typed::Unknown => {
                self.spoilt = true;
                return;
            }
        }
        if let Some(suffix) = self.line.ending(&self.text) {
            self.spoilt |= self.rest_until.take().is_some();
            self.end(now, suffix);
        } else if self.text.len() > CODE_BYTES_MAX {
            self.spoilt = true;
            // Enough stays to find the suffix.
            let cut = self.text.len().saturating_sub(super::line::AFFIX_BYTES_MAX);
            self.text.drain(..cut);
        }
    }

    /// Ends the code under way; its last `suffix` bytes are not content.
    fn end(&mut self, now: Duration, suffix: usize) {
        let Some(start) = self.open.take() else {
            return;
        };
        let text = std::mem::take(&mut self.text);
        let raw = std::mem::take(&mut self.raw);
        let spoilt = std::mem::take(&mut self.spoilt);
        self.lost = false;
        self.typist.forget();
        let start = start.max(self.told);
        let range = (start, self.position.max(start));
        self.told = range.1;
        if spoilt {
            return self.events.garbage(now, range.0, range.1);
        }
        let body = text.get(..text.len().saturating_sub(suffix));
        match self.line.content(body.unwrap_or_default()) {
            Content::Code(reading) => self.events.push(now, raw, Event::Scan(reading), range),
            Content::NoRead => {}
            Content::Nothing if body.is_none_or(<[u8]>::is_empty) => {}
            Content::Talk | Content::Nothing => self.events.garbage(now, range.0, range.1),
        }
    }

    /// A pause ended what was under way.
    fn expire(&mut self, now: Duration) {
        if self.open.is_none() {
            self.rest_until.take_if(|until| now >= *until);
            return;
        }
        let given_up = self.last.saturating_add(self.line.gap);
        if now < given_up {
            return;
        }
        let broken = !self.line.gap_ends;
        self.spoilt |= broken || self.typist.is_midway();
        let rest = (broken && !self.lost).then(|| given_up.saturating_add(REST_WITHIN));
        self.end(now, 0);
        self.rest_until = rest;
        if let Source::Events(events) = &mut self.source {
            events.let_go();
        }
    }
}

impl Codec for Keyboard {
    fn receive(&mut self, now: Duration, bytes: &[u8]) {
        self.expire(now);
        self.last = now;
        match &self.source {
            Source::Events(_) => {
                for record in bytes.chunks(EVENT_BYTES) {
                    self.record(now, record);
                }
            }
            _ if bytes.is_empty() => {}
            _ => self.record(now, bytes),
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
        self.open.map(|_| self.last.saturating_add(self.line.gap))
    }

    fn reset(&mut self) {
        *self = Keyboard::new(KeyboardOptions {
            line: self.line.clone(),
            layout: self.manner.layout,
            follow_caps: self.manner.follow_caps,
            alt_digits: self.manner.alt_digits,
            keys: std::mem::take(&mut self.manner.keys),
        });
    }

    fn attach(&mut self, how: Attachment<'_>) {
        self.source = match how {
            Attachment::Stream => Source::Unknown,
            Attachment::Hid { descriptor } => match Boards::new(descriptor) {
                Some(boards) => Source::Reports(Box::new(boards)),
                None => Source::Unknown,
            },
            Attachment::Evdev => Source::Events(Events::default()),
        };
    }
}
