//! USB HID POS scanners (usage page 8C): whole reports with length, data and symbology.
//!
//! The report descriptor says where the parts are: the byte count (0001:003B), the AIM identifier
//! (FB, FC, FD), the data (FE), whether more reports follow (FF), all within "scanned data" (12).
//! Three shapes are known, and taken by the profile's `hid_shape` if a descriptor names nothing:
//!
//! | shape | id | length | AIM | data | symbology | more follows |
//! |---|---|---|---|---|---|---|
//! | A: Honeywell, Zebra, Access-IS | 02 | byte 1 | 2 to 4 | 5 to 60 | 61 | byte 63, bit 0 |
//! | B: Newland | 02 | byte 1 | | 2 to 57 | 62 | |
//! | C: Microscan | 01 | byte 1 | | 2 to 63 | | |
//!
//! Sources: HID Point of Sale Usage Tables 1.02, Access-IS ATR110 and LSR118 manuals, behaviour of
//! public host programs for Honeywell and Newland. Data may hold 00, CR and GS: the length decides.
//!
//! Commands: the profile's messages (Honeywell: report FD), else the descriptor's own beeps and
//! trigger, if it has them: good read (86), not on file (87) or error (85), initiate read (60).
//! Honeywell answers menu commands with scanned-data reports: `]X0` while they go on, `]Z6` at the
//! end. `]Z` is never a code; `]X` is none while an answer is due.
//!
//! A pause before the last report of a message makes it garbage, and its rest too, if that still
//! comes ([`REST_WITHIN`]).
//!
//! Doubts that stay: no complete descriptor of a real scanner was found, shape A's is made after
//! the usage tables. B and C have no sign that more follows; a report that is full is joined with
//! the next one unless a pause comes first.

use super::host::{Messages, Outbox};
use super::line::{CODE_BYTES_MAX, REST_WITHIN};
use super::{aim, codeid};
use crate::codec::{
    Attachment, Codec, Command, CommandError, Emitted, Event, EventQueue, ScanReading,
};
use crate::hid::{self, Field, ReportKind, Reports};
use crate::profile::{CodeIds, HidShape};
use std::collections::VecDeque;
use std::time::Duration;

/// The page of barcode scanners.
const PAGE: u32 = 0x8C_0000;
const SCANNED_DATA: u32 = PAGE | 0x12;
const INITIATE_READ: u32 = PAGE | 0x60;
const GOOD_READ_LED: u32 = PAGE | 0x7D;
const ERROR_BEEP: u32 = PAGE | 0x85;
const GOOD_READ_BEEP: u32 = PAGE | 0x86;
const NOT_ON_FILE_BEEP: u32 = PAGE | 0x87;
const AIM_ID: u32 = PAGE | 0xFB;
const DATA: u32 = PAGE | 0xFE;
const MORE: u32 = PAGE | 0xFF;
/// Generic desktop, byte count.
const BYTE_COUNT: u32 = 0x01_003B;

/// Most bytes of reports that one message may take: reports may hold nothing and promise more.
const RAW_BYTES_MAX: usize = 64 << 10;

/// How a scanner is set up.
#[derive(Debug, Clone)]
pub struct HidPosOptions {
    /// The shape if the descriptor names no data.
    pub shape: Option<HidShape>,
    pub code_ids: Option<CodeIds>,
    /// Identifiers may stand before the data where a report has no place for them.
    pub aim: bool,
    /// A pause this long ends a message of several reports.
    pub gap: Duration,
    pub no_read: Vec<Vec<u8>>,
    pub messages: Messages,
}

/// Where the parts of an input report are, in bytes from its start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Shape {
    /// 0 if reports are not numbered.
    id: u8,
    length: Option<usize>,
    aim: Option<usize>,
    data: (usize, usize),
    code_id: Option<usize>,
    /// Byte and bit.
    more: Option<(usize, u8)>,
}

impl Shape {
    const AIM: Shape = Shape {
        id: 2,
        length: Some(1),
        aim: Some(2),
        data: (5, 56),
        code_id: Some(61),
        more: Some((63, 0)),
    };
    const NEWLAND: Shape = Shape {
        id: 2,
        length: Some(1),
        aim: None,
        data: (2, 56),
        code_id: Some(62),
        more: None,
    };
    const MICROSCAN: Shape = Shape {
        id: 1,
        length: Some(1),
        aim: None,
        data: (2, 62),
        code_id: None,
        more: None,
    };

    fn named(shape: HidShape) -> Self {
        match shape {
            HidShape::Aim => Shape::AIM,
            HidShape::Newland => Shape::NEWLAND,
            HidShape::Microscan => Shape::MICROSCAN,
        }
    }

    /// The shape that a descriptor describes, if it names the data.
    fn described(reports: &Reports) -> Option<Self> {
        let holds =
            |f: &&Field| f.kind == ReportKind::Input && f.has_usage(DATA) && f.bit_size == 8;
        let mut fields = reports.fields.iter().filter(holds);
        let scanned = fields.clone().find(|f| f.is_within(SCANNED_DATA));
        let data = scanned.or_else(|| fields.next())?;
        let base = usize::from(reports.numbered);
        let place = |field: &Field, element: u32| -> Option<usize> {
            let bits = field
                .bit_size
                .checked_mul(element)?
                .checked_add(field.bit_offset)?;
            let byte = usize::try_from(bits / 8).ok()?.checked_add(base)?;
            (field.bit_size == 8 && bits % 8 == 0).then_some(byte)
        };
        let find = |usage: u32| reports.input(data.report_id).find(|f| f.has_usage(usage));
        let at = |usage: u32| find(usage).and_then(|f| place(f, f.index_of(usage)?));
        let more = find(MORE).filter(|f| f.bit_size == 1).and_then(|f| {
            let bit = f.index_of(MORE)?.checked_add(f.bit_offset)?;
            let byte = usize::try_from(bit / 8).ok()?.checked_add(base)?;
            Some((byte, u8::try_from(bit % 8).ok()?))
        });
        // A symbology byte has no usage of its own: makers take one of a page of theirs.
        let vendor = |f: &&Field| f.usages.iter().any(|r| r.first >= 0xFF00_0000);
        let code_id = reports.input(data.report_id).find(vendor);
        Some(Shape {
            id: data.report_id,
            length: at(BYTE_COUNT),
            aim: at(AIM_ID).filter(|_| find(PAGE | 0xFD).is_some()),
            data: (place(data, 0)?, usize::try_from(data.count).ok()?),
            code_id: code_id.and_then(|f| place(f, 0)),
            more,
        })
    }

    /// The parts of a report; `None` if it is too short.
    fn parts<'a>(&self, report: &'a [u8]) -> Option<Parts<'a>> {
        let (start, most) = self.data;
        let room = report.get(start..start.checked_add(most)?)?;
        let data = match self.length {
            Some(at) => room.get(..usize::from(*report.get(at)?)),
            // Without a length only the padding can be told from the data.
            None => {
                let end = room
                    .iter()
                    .rposition(|b| *b != 0)
                    .map_or(0, |at| at.saturating_add(1));
                room.get(..end)
            }
        };
        let aim = match self.aim {
            Some(at) => Some(report.get(at..at.checked_add(3)?)?),
            None => None,
        };
        let more = match self.more {
            Some((byte, bit)) => *report.get(byte)? >> bit & 1 == 1,
            // Full, or not readable: the next report may go on.
            None => data.is_none_or(|d| d.len() == most),
        };
        let code_id = match self.code_id {
            Some(at) => *report.get(at)?,
            None => 0,
        };
        Some(Parts {
            data,
            aim,
            code_id,
            more,
        })
    }
}

struct Parts<'a> {
    /// `None` if the report says more bytes than it can hold.
    data: Option<&'a [u8]>,
    aim: Option<&'a [u8]>,
    code_id: u8,
    more: bool,
}

/// A message of which more reports follow.
#[derive(Debug, Default)]
struct Message {
    data: Vec<u8>,
    aim: [u8; 3],
    code_id: u8,
    raw: Vec<u8>,
    start: u64,
    /// Too long, or one of its reports could not be read.
    spoilt: bool,
    /// Reports so far.
    reports: u32,
}

/// The host's side of a HID POS scanner.
#[derive(Debug)]
pub struct HidPos {
    options: HidPosOptions,
    shape: Option<Shape>,
    reports: Reports,
    message: Message,
    /// Until when reports are taken for the rest of a message that a pause broke off.
    rest_until: Option<Duration>,
    position: u64,
    last: Duration,
    outbox: Outbox,
    /// Reports of the descriptor's own beeps and trigger.
    signals: VecDeque<Vec<u8>>,
    events: EventQueue,
}

impl HidPos {
    /// Most reports of signals that wait.
    const SIGNALS_MAX: usize = 16;

    /// A host; it understands nothing until [`Codec::attach`] tells the descriptor.
    pub fn new(options: HidPosOptions) -> Self {
        HidPos {
            outbox: Outbox::new(options.messages.clone()),
            options,
            shape: None,
            reports: Reports::default(),
            message: Message::default(),
            rest_until: None,
            position: 0,
            last: Duration::ZERO,
            signals: VecDeque::new(),
            events: EventQueue::default(),
        }
    }

    fn report(&mut self, now: Duration, report: &[u8]) {
        let start = self.position;
        let length = u64::try_from(report.len()).unwrap_or(u64::MAX);
        self.position = start.saturating_add(length);
        let shape = self.shape;
        let mine = shape.filter(|s| s.id == 0 || report.first() == Some(&s.id));
        let Some(shape) = mine else {
            // Another report of the device, such as its settings, says nothing about codes.
            let id = self.reports.id_of(report).unwrap_or(0);
            let known = shape.is_some() && self.reports.report_bits(ReportKind::Input, id) > 0;
            if !known {
                self.drop_message(now);
                self.events.garbage(now, start, self.position);
            }
            return;
        };
        match shape.parts(report) {
            Some(parts) => self.take(now, &parts, report, start),
            None if self.message.reports == 0 => self.events.garbage(now, start, self.position),
            // Its part of the message is lost.
            None => self.message.spoilt = true,
        }
    }

    fn take(&mut self, now: Duration, parts: &Parts<'_>, report: &[u8], start: u64) {
        let aim = match parts.aim {
            Some([a, b, c]) => [*a, *b, *c],
            _ => [0; 3],
        };
        let talk = aim::is_talk(&aim);
        let other = self.message.reports > 0 && aim != self.message.aim;
        if other && aim != [0; 3] && self.message.aim != [0; 3] && !talk {
            // The end of the message before never came.
            self.drop_message_until(now, start);
        }
        if self.message.reports == 0 {
            self.message.start = start;
        }
        if aim != [0; 3] {
            self.message.aim = aim;
        }
        if parts.code_id != 0 {
            self.message.code_id = parts.code_id;
        }
        self.message.reports = self.message.reports.saturating_add(1);
        let room = CODE_BYTES_MAX.saturating_sub(self.message.data.len());
        let full = self.message.raw.len() > RAW_BYTES_MAX;
        match parts.data.filter(|data| data.len() <= room && !full) {
            Some(data) => {
                self.message.data.extend_from_slice(data);
                self.message.raw.extend_from_slice(report);
            }
            None => self.message.spoilt = true,
        }
        if !parts.more {
            self.end(now);
        }
    }

    /// The message is complete.
    fn end(&mut self, now: Duration) {
        let due = self.outbox.answer_due(now);
        let message = std::mem::take(&mut self.message);
        // The scanner's talk may come between the parts of a message.
        let talk = aim::is_talk(&message.aim);
        let rest = !talk && self.rest_until.take().is_some();
        let range = (message.start, self.position);
        if message.spoilt || rest {
            return self.events.garbage(now, range.0, range.1);
        }
        let continued = message.aim.starts_with(b"]X") && due;
        if talk || continued {
            if !due {
                self.events.garbage(now, range.0, range.1);
            }
            return;
        }
        if message.data.is_empty() || self.options.no_read.contains(&message.data) {
            return;
        }
        let reading = self.reading(&message);
        self.events
            .push(now, message.raw, Event::Scan(reading), range);
    }

    fn reading(&self, message: &Message) -> ScanReading {
        let by_id = match self.options.code_ids {
            Some(CodeIds::Honeywell) => codeid::honeywell(message.code_id),
            None => None,
        };
        let mut reading = match message.aim {
            [0, 0, 0] => {
                let placed = self.shape.is_some_and(|s| s.aim.is_some());
                aim::reading(&message.data, self.options.aim && !placed)
            }
            [b']', letter, modifier] => {
                let named = aim::name(letter, modifier);
                let id = format!("]{}{}", char::from(letter), char::from(modifier));
                ScanReading {
                    bytes: message.data.clone(),
                    aim: named.map(|_| id),
                    symbology: named.map(str::to_owned),
                }
            }
            _ => aim::reading(&message.data, false),
        };
        reading.symbology = reading.symbology.or_else(|| by_id.map(str::to_owned));
        reading
    }

    fn drop_message(&mut self, now: Duration) {
        // The report that is being taken is not part of it.
        let end = self.message.start.saturating_add(self.message_bytes());
        self.drop_message_until(now, end);
    }

    fn drop_message_until(&mut self, now: Duration, end: u64) {
        if self.message.reports > 0 {
            let message = std::mem::take(&mut self.message);
            self.events.garbage(now, message.start, end);
        }
    }

    fn message_bytes(&self) -> u64 {
        u64::try_from(self.message.raw.len()).unwrap_or(u64::MAX)
    }

    fn expire(&mut self, now: Duration) {
        if self.message.reports == 0 {
            self.rest_until.take_if(|until| now >= *until);
            return;
        }
        let given_up = self.last.saturating_add(self.options.gap);
        if now < given_up {
            return;
        }
        let joined = self.shape.is_some_and(|s| s.more.is_none());
        if joined {
            return self.end(now);
        }
        let end = self.position;
        self.drop_message_until(now, end);
        self.rest_until = Some(given_up.saturating_add(REST_WITHIN));
    }

    /// One-shot controls of the descriptor: the bits set, then cleared for the next time.
    fn signal(&mut self, usages: &[u32]) -> Result<(), CommandError> {
        let field = |usage: u32| {
            let mut fields = self.reports.fields.iter();
            let found = fields.find(|f| f.kind == ReportKind::Output && f.has_usage(usage));
            found
                .filter(|f| !f.is_array() && !f.is_constant())
                .map(|f| (f, usage))
        };
        let Some((field, usage)) = usages.iter().find_map(|usage| field(*usage)) else {
            return Err(CommandError::Unsupported);
        };
        let blank = self.reports.blank(ReportKind::Output, field.report_id);
        let (Some(clear), Some(index)) = (blank, field.index_of(usage)) else {
            return Err(CommandError::Unsupported);
        };
        if self.signals.len() >= Self::SIGNALS_MAX {
            return Err(CommandError::Busy);
        }
        let mut set = clear.clone();
        if !field.set(&mut set, index, 1) {
            return Err(CommandError::Unsupported);
        }
        self.signals.extend([set, clear]);
        Ok(())
    }

    /// A message of the profile as a report of the length that the descriptor states.
    fn padded(&self, mut message: Vec<u8>) -> Vec<u8> {
        let id = message.first().copied().unwrap_or(0);
        let blank = self.reports.blank(ReportKind::Output, id);
        let length = blank.map_or(0, |b| b.len());
        message.resize(message.len().max(length), 0);
        message
    }
}

impl Codec for HidPos {
    fn receive(&mut self, now: Duration, bytes: &[u8]) {
        self.expire(now);
        self.last = now;
        if !bytes.is_empty() {
            self.report(now, bytes);
        }
    }

    fn command(&mut self, now: Duration, command: Command) -> Result<(), CommandError> {
        match self.outbox.command(now, command) {
            Err(CommandError::Unsupported) => match command {
                Command::Accept => self.signal(&[GOOD_READ_BEEP, GOOD_READ_LED]),
                Command::Reject => self.signal(&[NOT_ON_FILE_BEEP, ERROR_BEEP]),
                Command::Request => self.signal(&[INITIATE_READ]),
                Command::Zero | Command::Tare | Command::ClearTare => {
                    Err(CommandError::Unsupported)
                }
            },
            other => other,
        }
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.expire(now);
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        let message = self.outbox.pop().map(|message| self.padded(message));
        message.or_else(|| self.signals.pop_front())
    }

    fn poll_event(&mut self) -> Option<Emitted> {
        self.events.pop()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        let pending = self.message.reports > 0;
        pending.then(|| self.last.saturating_add(self.options.gap))
    }

    fn reset(&mut self) {
        *self = HidPos::new(self.options.clone());
    }

    fn attach(&mut self, how: Attachment<'_>) {
        let Attachment::Hid { descriptor } = how else {
            return;
        };
        self.reports = hid::parse(descriptor).unwrap_or_default();
        let described = Shape::described(&self.reports);
        self.shape = described.or(self.options.shape.map(Shape::named));
    }
}
