//! The host's side: polls, commands, and what the answers mean.
//!
//! One question is on the wire at a time. A command waits for the answer before it, so that a
//! weight from before a tare is never taken for one after it.

use super::{CR, STX, status};
use crate::codec::{Codec, Command, CommandError, Emitted, Event, EventQueue, Hint, ParityWatch};
use crate::mass::{Decimal, MassFlags, MassReading, Unit};
use std::collections::VecDeque;
use std::time::Duration;

/// Longest answer between STX and CR.
const FRAME_BYTES_MAX: usize = 16;
const ANSWER_TIMEOUT: Duration = Duration::from_millis(500);
const INTER_BYTE_TIMEOUT: Duration = Duration::from_millis(300);
/// After a clear-tare the scale needs time before the next question.
const CLEAR_TARE_SETTLE: Duration = Duration::from_millis(150);
/// Commands waiting for their turn.
const COMMANDS_MAX: usize = 4;

/// The one safe way to find out whether an assigned port carries this protocol.
pub const PROBE: &[u8] = b"Ehello";
/// Sent after the probe, whatever came back: leaves echo mode.
pub const PROBE_END: &[u8] = b"F";

/// Whether the bytes after [`PROBE`] prove the protocol; `None` while more may come.
pub fn probe_answer(bytes: &[u8]) -> Option<bool> {
    const WANTED: &[u8] = b"\x02E\rhello";
    match bytes.get(..WANTED.len()) {
        Some(head) => Some(head == WANTED),
        None if WANTED.starts_with(bytes) => None,
        None => Some(false),
    }
}

/// What differs between scales that speak this protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// The unit of the display; the protocol does not tell.
    pub unit: Unit,
    /// Decimals of a weight that comes without a point; such weights are garbage if absent.
    pub implied_decimals: Option<u8>,
    /// Time from one question to the next.
    pub poll_interval: Duration,
}

impl Options {
    /// A scale that sends the point, asked five times a second.
    pub fn new(unit: Unit) -> Self {
        Options {
            unit,
            implied_decimals: None,
            poll_interval: Duration::from_millis(200),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    Weight,
    /// Zero, tare, clear tare: answered with a status.
    Control(u8),
    /// Leave the echo mode: answered with its own letter.
    EchoOff,
}

/// The host's side.
#[derive(Debug)]
pub struct Toledo8217 {
    options: Options,
    frame: Vec<u8>,
    in_frame: bool,
    /// Position of the next byte since reset.
    position: u64,
    /// Start of the garbage run being collected.
    garbage: Option<u64>,
    last_byte: Duration,
    parity: ParityWatch,
    events: EventQueue,
    transmit: Option<Vec<u8>>,
    commands: VecDeque<Command>,
    /// The question on the wire and when its answer is late.
    asked: Option<(Question, Duration)>,
    /// The letter on the wire, until it has come back from a line with echo.
    echo: Option<u8>,
    /// A letter came back and no answer followed: somebody left the scale in echo mode.
    stuck: bool,
    /// No poll before this.
    next_poll: Duration,
    /// Nothing at all is asked before this.
    settled: Duration,
    /// The reading of the load that is on the platform, for units that answer only once.
    kept: Option<MassReading>,
}

impl Toledo8217 {
    /// A host for a scale.
    pub fn new(options: Options) -> Self {
        Toledo8217 {
            options,
            frame: Vec::with_capacity(FRAME_BYTES_MAX),
            in_frame: false,
            position: 0,
            garbage: None,
            last_byte: Duration::ZERO,
            parity: ParityWatch::default(),
            events: EventQueue::default(),
            transmit: None,
            commands: VecDeque::new(),
            asked: None,
            echo: None,
            stuck: false,
            next_poll: Duration::ZERO,
            settled: Duration::ZERO,
            kept: None,
        }
    }

    /// Where the frame in progress began.
    fn frame_start(&self) -> u64 {
        let bytes = u64::try_from(self.frame.len()).unwrap_or(0);
        self.position.saturating_sub(bytes.saturating_add(1))
    }

    /// Closes a run of bytes that belong to no frame.
    fn end_garbage(&mut self, now: Duration, end: u64) {
        if let Some(start) = self.garbage.take() {
            self.events.garbage(now, start, end);
        }
    }

    /// The frame so far turns out to be no frame.
    fn drop_frame(&mut self) {
        if self.in_frame {
            let start = self.frame_start();
            self.garbage.get_or_insert(start);
        }
        self.in_frame = false;
        self.frame.clear();
    }

    fn byte(&mut self, now: Duration, byte: u8) {
        self.parity.byte(byte);
        match byte {
            STX => {
                self.drop_frame();
                self.end_garbage(now, self.position);
                self.in_frame = true;
            }
            CR if self.in_frame => {
                let start = self.frame_start();
                let body = std::mem::take(&mut self.frame);
                self.in_frame = false;
                self.end_frame(now, &body, (start, self.position.saturating_add(1)));
            }
            _ if self.in_frame && self.frame.len() < FRAME_BYTES_MAX => self.frame.push(byte),
            _ if !self.in_frame && self.garbage.is_none() && self.echo == Some(byte) => {
                let leaving = self.asked.is_some_and(|(q, _)| q == Question::EchoOff);
                (self.echo, self.stuck) = (None, !leaving);
            }
            _ => {
                self.drop_frame();
                self.garbage.get_or_insert(self.position);
            }
        }
        self.position = self.position.saturating_add(1);
    }

    fn end_frame(&mut self, now: Duration, body: &[u8], range: (u64, u64)) {
        self.stuck = false;
        if body == b"F" && self.asked.is_some_and(|(q, _)| q == Question::EchoOff) {
            self.asked = None;
            return;
        }
        let Some(reading) = self.reading(now, body) else {
            self.events.garbage(now, range.0, range.1);
            return;
        };
        let mut raw = Vec::with_capacity(body.len().saturating_add(2));
        raw.push(STX);
        raw.extend_from_slice(body);
        raw.push(CR);
        self.events.push(now, raw, Event::Mass(reading), range);
    }

    /// What a frame says, and which question that settles.
    fn reading(&mut self, now: Duration, body: &[u8]) -> Option<MassReading> {
        if let [b'?', st] = body {
            // Bit 6 is always set and the line takes the parity bit away: else it is noise.
            let plausible = st & 0xC0 == status::ALWAYS;
            return plausible.then(|| self.status_reading(now, *st));
        }
        let reading = self.weight(body)?;
        if let Some((Question::Control(_), _)) = self.asked {
            // A late answer to an earlier poll: from before the zero or tare that is under way.
            return Some(MassReading::absent(self.options.unit, MassFlags::default()));
        }
        self.asked = None;
        self.kept = Some(reading.clone());
        Some(reading)
    }

    fn weight(&self, body: &[u8]) -> Option<MassReading> {
        let (digits, net) = match body {
            [digits @ .., b'N'] => (digits, true),
            digits => (digits, false),
        };
        let text = std::str::from_utf8(digits).ok()?;
        // The manuals show unsigned digits with a point inside; anything else is line noise.
        let edge = |b: Option<u8>| b.is_some_and(|b| b.is_ascii_digit());
        if !edge(text.bytes().next()) || !edge(text.bytes().last()) {
            return None;
        }
        let mut decimal = Decimal::parse(text).ok()?;
        if !text.contains('.') {
            let places = i8::try_from(self.options.implied_decimals?).ok()?;
            decimal.exponent = places.checked_neg()?;
        }
        let flags = MassFlags {
            stable: true,
            zero: decimal.mantissa == 0,
            net,
            ..MassFlags::default()
        };
        MassReading::present(decimal, self.options.unit, flags).ok()
    }

    fn status_reading(&mut self, now: Duration, st: u8) -> MassReading {
        let has = |bit| st & bit != 0;
        let flags = MassFlags {
            zero: has(status::ZERO),
            motion: has(status::MOTION),
            over: has(status::OVER),
            under: has(status::UNDER),
            fault: has(status::NOT_ZEROED),
            ..MassFlags::default()
        };
        if let Some((Question::Control(letter), _)) = self.asked.take() {
            if letter == b'C' {
                self.settled = now.saturating_add(CLEAR_TARE_SETTLE);
            }
            self.kept = None;
        }
        // Nothing new is told: the load is the same, unless the platform is now at zero.
        let silent = !flags.motion && !flags.forbids_value();
        let same = |kept: &MassReading| silent && (kept.flags.zero || !flags.zero);
        self.kept = self.kept.take().filter(same);
        self.kept
            .clone()
            .unwrap_or_else(|| MassReading::absent(self.options.unit, flags))
    }

    /// Sends what is due, if nothing is on the wire.
    fn ask_next(&mut self, now: Duration) {
        if self.asked.is_some() || self.transmit.is_some() || now < self.settled {
            return;
        }
        let command = if self.stuck {
            None
        } else {
            self.commands.pop_front()
        };
        let question = match command {
            _ if std::mem::take(&mut self.stuck) => Question::EchoOff,
            Some(Command::Zero) => Question::Control(b'Z'),
            Some(Command::Tare) => Question::Control(b'T'),
            Some(Command::ClearTare) => Question::Control(b'C'),
            Some(Command::Request | Command::Accept | Command::Reject) => Question::Weight,
            None if now >= self.next_poll => Question::Weight,
            None => return,
        };
        let letter = match question {
            Question::Weight => b'W',
            Question::EchoOff => b'F',
            Question::Control(letter) => {
                self.kept = None;
                letter
            }
        };
        // What is half received now belongs to an older question.
        self.drop_frame();
        self.echo = Some(letter);
        self.transmit = Some(vec![letter]);
        self.asked = Some((question, now.saturating_add(ANSWER_TIMEOUT)));
        self.next_poll = now.saturating_add(self.options.poll_interval);
    }

    /// Gives up what has waited too long.
    fn expire(&mut self, now: Duration) {
        if now >= self.last_byte.saturating_add(INTER_BYTE_TIMEOUT) {
            self.drop_frame();
            self.end_garbage(now, self.position);
        }
        if self.asked.is_some_and(|(_, by)| now >= by) {
            // Silence says nothing about the load: forget it.
            (self.asked, self.echo, self.kept) = (None, None, None);
        }
    }
}

impl Codec for Toledo8217 {
    fn receive(&mut self, now: Duration, bytes: &[u8]) {
        self.expire(now);
        self.last_byte = now;
        for byte in bytes {
            self.byte(now, *byte);
        }
        if !self.commands.is_empty() {
            self.ask_next(now);
        }
    }

    fn command(&mut self, now: Duration, command: Command) -> Result<(), CommandError> {
        if matches!(command, Command::Accept | Command::Reject) {
            return Err(CommandError::Unsupported);
        }
        if self.commands.len() >= COMMANDS_MAX {
            return Err(CommandError::Busy);
        }
        self.commands.push_back(command);
        self.ask_next(now);
        Ok(())
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.expire(now);
        self.ask_next(now);
        if self.transmit.is_some() && now >= self.next_poll {
            // The caller has not taken the last question yet; look again in a while.
            self.next_poll = now.saturating_add(self.options.poll_interval);
        }
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.transmit.take()
    }

    fn poll_event(&mut self) -> Option<Emitted> {
        self.events.pop()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        let quiet = (self.in_frame || self.garbage.is_some())
            .then(|| self.last_byte.saturating_add(INTER_BYTE_TIMEOUT));
        let next = match self.asked {
            Some((_, late)) => late,
            None if self.commands.is_empty() || self.transmit.is_some() => {
                self.next_poll.max(self.settled)
            }
            None => self.settled,
        };
        Some(quiet.map_or(next, |quiet| quiet.min(next)))
    }

    fn reset(&mut self) {
        *self = Toledo8217::new(self.options);
    }

    fn hint(&self) -> Option<Hint> {
        self.parity.hint()
    }
}
