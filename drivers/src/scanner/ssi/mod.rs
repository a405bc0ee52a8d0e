//! Zebra's Simple Serial Interface: codes as packets with a checksum, each acknowledged.
//!
//! | byte | content |
//! |---|---|
//! | 0 | length: all bytes but the checksum, 4 to 255 |
//! | 1 | what it is, see [`op`] |
//! | 2 | source: 00 decoder, 04 host |
//! | 3 | status: bit 0 sent again, bit 1 more packets follow, bit 3 parameter change is kept |
//! | 4 | data |
//! | last 2 | two's complement of the sum of all bytes before, high byte first |
//!
//! Decode data is a code type and the characters. Longer codes come as segments:
//! `FF 73 02 00`, segment 0, `F3 00 00`, two length bytes, code type, 01, two bytes with the number
//! of characters, characters; then `length 73 00 00`, segment number, characters. The last segment
//! is shorter than 255 or completes the number.
//!
//! Sources: Simple Serial Interface Programmer's Guide 72E-40451, DS4308, DS9908 and SE923 guides,
//! behaviour of public host programs. 9600 baud, always 8 data bits; with RTS and CTS unless that
//! is switched off in the scanner.
//!
//! After connecting, the host wakes the scanner, switches packets on (parameter EE, and software
//! acknowledgements 9F) without writing its memory, and asks what it can do. Text that is no packet
//! means that the scanner forgot; the parameters are sent again, at most every ten seconds.
//!
//! **Exactly once.** Each packet is acknowledged at once; a damaged one is refused, and comes again
//! marked as such. A packet marked as sent again that equals the one before is passed over, because
//! its acknowledgement was lost, unless a fresh packet was refused in between.
//!
//! Doubts that stay: beep codes above 06 and the list in the capabilities reply are from knowledge;
//! whether each packet of a continued message (status bit 1) has its code type is assumed, and a
//! message whose types differ is garbage; the segment acknowledgement is sent without data.

mod wire;

pub use wire::{HOST, RETRANSMIT, checksum, op, packet};

use super::packets::{Cut, Packet, Packets};
use super::{aim, codeid};
use crate::codec::{Codec, Command, CommandError, Emitted, Event, EventQueue};
use crate::profile;
use std::collections::VecDeque;
use std::time::Duration;
use wire::{Assembly, Chained, cut, is_fresh};

/// The scanner answers within this time, or did not hear.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// A command is sent again so often.
const RESENDS_MAX: u8 = 2;
/// As long as a scanner can wait for an acknowledgement: 9.9 s, twice.
const SAME_WITHIN: Duration = Duration::from_secs(20);
/// A message of several packets that does not go on for so long is lost.
const MESSAGE_WITHIN: Duration = Duration::from_secs(10);
/// How long a light for a refused code stays on.
const LED_FOR: Duration = Duration::from_millis(500);
/// Least time between two settings of parameters.
const PARAMETERS_EVERY: Duration = Duration::from_secs(10);
/// Most commands that wait.
const COMMANDS_MAX: usize = 16;
/// Most acknowledgements that wait; more than one only if nobody sends them.
const REPLIES_MAX: usize = 64;

/// No beep, then packets on, then acknowledgements by packet.
const PARAMETERS: &[u8] = &[0xFF, 0xEE, 0x01, 0x9F, 0x01];
/// A byte that only wakes the scanner.
const WAKE_UP: &[u8] = &[0x00];

/// How a scanner is set up.
#[derive(Debug, Clone)]
pub struct SsiOptions {
    /// The scanner puts AIM identifiers before the characters.
    pub aim: bool,
    /// A pause this long inside a packet makes it garbage.
    pub gap: Duration,
    /// Whole messages that say that nothing was read.
    pub no_read: Vec<Vec<u8>>,
    pub feedback: profile::SsiOptions,
}

/// A command that waits for its answer.
#[derive(Debug)]
struct InFlight {
    op: u8,
    data: Vec<u8>,
    resends: u8,
    /// It has to go out (again).
    unsent: bool,
    /// When it counts as unheard; set at the first call after it went out.
    due: Option<Duration>,
}

/// The host's side of an SSI scanner.
#[derive(Debug)]
pub struct Ssi {
    options: SsiOptions,
    packets: Packets,
    assembly: Option<Assembly>,
    /// The latest packet with a code: its kind, its data, when.
    latest: Option<(u8, Vec<u8>, Duration)>,
    /// A packet that was not sent again was refused since.
    fresh_refused: bool,
    /// What the scanner can do, once it said so.
    capabilities: Option<Vec<u8>>,
    commands: VecDeque<(u8, Vec<u8>)>,
    in_flight: Option<InFlight>,
    replies: VecDeque<Vec<u8>>,
    awake: bool,
    parameters_at: Option<Duration>,
    led_off: Option<Duration>,
    /// The latest time that was told.
    now: Duration,
    events: EventQueue,
}

impl Ssi {
    /// A host; a new connection begins at once.
    pub fn new(options: SsiOptions) -> Self {
        let connect = [
            (op::PARAM_SEND, PARAMETERS.to_vec()),
            (op::CAPABILITIES, Vec::new()),
        ];
        Ssi {
            options,
            packets: Packets::default(),
            assembly: None,
            latest: None,
            fresh_refused: false,
            capabilities: None,
            commands: VecDeque::from(connect),
            in_flight: None,
            replies: VecDeque::new(),
            awake: false,
            parameters_at: None,
            led_off: None,
            now: Duration::ZERO,
            events: EventQueue::default(),
        }
    }

    fn packet(&mut self, now: Duration, packet: Packet) {
        if !packet.sound {
            self.fresh_refused |= is_fresh(&packet.bytes);
            return self.reply(op::NAK, &[0x01]);
        }
        let body = packet.bytes.len().saturating_sub(2);
        let [_, kind, _, status, data @ ..] = packet.bytes.get(..body).unwrap_or_default() else {
            return;
        };
        let (kind, status) = (*kind, *status);
        let data = data.to_vec();
        match kind {
            op::ACK => self.in_flight = None,
            op::NAK => self.refused(data.first() == Some(&0x01)),
            op::REVISION_REPLY => self.in_flight = None,
            op::CAPABILITIES_REPLY => {
                self.in_flight = None;
                self.capabilities = Some(data);
            }
            op::DECODE_DATA | op::SEGMENT => self.code(now, kind, status, data, packet),
            op::PARAM_SEND | op::EVENT | op::MANAGEMENT => self.reply(op::ACK, &[]),
            op::INIT_REPLY => self.reply(op::HOST_ACK, &[]),
            // Batches of a memory scanner and pictures are no codes of now.
            _ => {
                self.reply(op::ACK, &[]);
                self.packets.refuse(now, &mut self.events, packet.range);
            }
        }
    }

    /// The scanner refused the command under way.
    fn refused(&mut self, again: bool) {
        match &mut self.in_flight {
            Some(command) if again && command.resends < RESENDS_MAX => {
                command.resends = command.resends.saturating_add(1);
                command.unsent = true;
            }
            _ => self.in_flight = None,
        }
    }

    fn code(&mut self, now: Duration, kind: u8, status: u8, data: Vec<u8>, packet: Packet) {
        let reply = if kind == op::SEGMENT {
            op::SEGMENT_ACK
        } else {
            op::ACK
        };
        self.reply(reply, &[]);
        let refused = std::mem::take(&mut self.fresh_refused);
        let same = self.latest.as_ref().is_some_and(|(k, d, at)| {
            (*k, d) == (kind, &data) && now.saturating_sub(*at) <= SAME_WITHIN
        });
        if same && status & RETRANSMIT != 0 && !refused {
            return;
        }
        self.latest = Some((kind, data.clone(), now));
        if let Some(assembly) = self.assembly.take() {
            let (start, end) = (assembly.start, assembly.end);
            if self.chain(now, assembly, kind, status, &data, &packet) {
                return;
            }
            // It does not go on: its end was lost, and this packet begins another.
            self.packets.refuse(now, &mut self.events, (start, end));
        }
        let (start, end) = packet.range;
        if !self.chain(now, Assembly::new(start), kind, status, &data, &packet) {
            self.packets.refuse(now, &mut self.events, (start, end));
        }
    }

    /// Adds a packet to a message; false if it does not fit.
    fn chain(
        &mut self,
        now: Duration,
        mut assembly: Assembly,
        kind: u8,
        status: u8,
        data: &[u8],
        packet: &Packet,
    ) -> bool {
        let chained = if kind == op::SEGMENT {
            assembly.segment(data, packet)
        } else {
            assembly.decode_data(data, status, packet)
        };
        match chained {
            Chained::More => {
                assembly.at = now;
                self.assembly = Some(assembly);
            }
            Chained::Whole => self.scan(now, assembly, packet.range.1),
            Chained::Broken => return false,
        }
        true
    }

    fn scan(&mut self, now: Duration, assembly: Assembly, end: u64) {
        let start = assembly.start;
        if self.options.no_read.contains(&assembly.text) {
            return;
        }
        let mut reading = aim::reading(&assembly.text, self.options.aim);
        if reading.bytes.is_empty() {
            return self.packets.refuse(now, &mut self.events, (start, end));
        }
        let by_kind = codeid::ssi(assembly.kind).map(str::to_owned);
        reading.symbology = reading.symbology.or(by_kind);
        self.events
            .push(now, assembly.raw, Event::Scan(reading), (start, end));
    }

    fn reply(&mut self, op: u8, data: &[u8]) {
        if self.replies.len() < REPLIES_MAX {
            self.replies.push_back(packet(op, HOST, 0, data));
        }
    }

    fn ask(&mut self, op: u8, data: &[u8]) -> Result<(), CommandError> {
        if self.commands.len() >= COMMANDS_MAX {
            return Err(CommandError::Busy);
        }
        self.commands.push_back((op, data.to_vec()));
        Ok(())
    }

    /// Whether the scanner can do it, as far as it said: its list follows four bytes about lines
    /// and packets.
    fn can(&self, op: u8) -> bool {
        let list = self.capabilities.as_ref().and_then(|c| c.get(4..));
        list.is_none_or(|list| list.is_empty() || list.contains(&op))
    }

    fn feedback(&mut self, now: Duration, beep: Option<u8>, led: u8) -> Result<(), CommandError> {
        let beep = beep.filter(|_| self.can(op::BEEP));
        let led = Some(led).filter(|mask| *mask != 0 && self.can(op::LED_ON));
        if beep.is_none() && led.is_none() {
            return Err(CommandError::Unsupported);
        }
        if let Some(code) = beep {
            self.ask(op::BEEP, &[code])?;
        }
        if let Some(mask) = led {
            self.ask(op::LED_ON, &[mask])?;
            self.led_off = Some(now.saturating_add(LED_FOR));
        }
        Ok(())
    }

    /// All that waits for a time.
    fn timers(&mut self, now: Duration) {
        self.now = now;
        if self.packets.expire(now, self.options.gap, &mut self.events) {
            self.remind(now);
        }
        if let Some(assembly) = &self.assembly
            && now >= assembly.at.saturating_add(MESSAGE_WITHIN)
        {
            let (start, end) = (assembly.start, assembly.end);
            self.assembly = None;
            self.packets.refuse(now, &mut self.events, (start, end));
        }
        if self.led_off.is_some_and(|due| now >= due) {
            self.led_off = None;
            let mask = self.options.feedback.reject_led;
            // If too much waits, the light stays until the next refusal; no harm is done.
            self.ask(op::LED_OFF, &[mask]).unwrap_or_default();
        }
        let Some(command) = self.in_flight.as_mut().filter(|c| !c.unsent) else {
            return;
        };
        let due = *command.due.get_or_insert(now.saturating_add(ANSWER_WITHIN));
        if now >= due {
            self.refused(true);
        }
    }

    /// Bytes that are no packets: packets may be off again.
    fn remind(&mut self, now: Duration) {
        let at = self.parameters_at;
        if at.is_none_or(|at| now >= at.saturating_add(PARAMETERS_EVERY)) {
            self.parameters_at = Some(now);
            self.awake = false;
            // A full queue means that the scanner does not listen anyway.
            self.ask(op::PARAM_SEND, PARAMETERS).unwrap_or_default();
        }
    }
}

impl Codec for Ssi {
    fn receive(&mut self, now: Duration, bytes: &[u8]) {
        self.timers(now);
        for byte in bytes {
            self.packets.push(now, *byte);
            while let Some(packet) = self.packets.next(now, &mut self.events, cut) {
                self.packet(now, packet);
            }
        }
    }

    fn command(&mut self, now: Duration, command: Command) -> Result<(), CommandError> {
        self.now = now;
        let feedback = self.options.feedback.clone();
        match command {
            Command::Accept => self.feedback(now, feedback.accept_beep, 0),
            Command::Reject => self.feedback(now, feedback.reject_beep, feedback.reject_led),
            Command::Request => self.ask(op::START_SESSION, &[]),
            Command::Zero | Command::Tare | Command::ClearTare => Err(CommandError::Unsupported),
        }
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.timers(now);
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        if let Some(reply) = self.replies.pop_front() {
            return Some(reply);
        }
        if self.in_flight.is_none() {
            let (op, data) = self.commands.front()?.clone();
            if !std::mem::replace(&mut self.awake, true) {
                return Some(WAKE_UP.to_vec());
            }
            self.commands.pop_front();
            let (resends, unsent, due) = (0, true, None);
            self.in_flight = Some(InFlight {
                op,
                data,
                resends,
                unsent,
                due,
            });
        }
        let command = self.in_flight.as_mut().filter(|c| c.unsent)?;
        command.unsent = false;
        command.due = None;
        let status = if command.resends > 0 { RETRANSMIT } else { 0 };
        Some(packet(command.op, HOST, status, &command.data))
    }

    fn poll_event(&mut self) -> Option<Emitted> {
        self.events.pop()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        let command = self.in_flight.as_ref().filter(|c| !c.unsent);
        let all = [
            self.packets.due(self.options.gap),
            self.assembly
                .as_ref()
                .map(|a| a.at.saturating_add(MESSAGE_WITHIN)),
            self.led_off,
            // Just sent: the time has to be told first.
            command.map(|c| c.due.unwrap_or(self.now)),
        ];
        all.into_iter().flatten().min()
    }

    fn reset(&mut self) {
        *self = Ssi::new(self.options.clone());
    }
}
