//! Honeywell scanners that wrap each code into a packet (menu command `DECHDR1.`).
//!
//! | bytes | content |
//! |---|---|
//! | `16 FE` | start |
//! | 4 | payload length, little-endian: data length + 14 |
//! | `0D` | |
//! | `MSGGET` | |
//! | 4 | data length in decimal digits, the final CR counted |
//! | 1 | Honeywell code id |
//! | 2 | AIM letter and modifier |
//! | `1D` | |
//! | data | any bytes, then `0D` |
//!
//! Source: behaviour of public host programs for Honeywell's SPP scanners. A code can hold any byte
//! in this form, and whatever is not in a packet is the scanner's talk: answers to menu commands
//! never reach the order flow.
//!
//! The payload length leaves out the `0D` behind it. A packet whose two lengths disagree is
//! garbage, and the next one is found. Answers are the command with 06, 05 or 15 before its last
//! `.` or `!`; another kind of answer is garbage, which is no harm either.

use super::host::{Messages, Outbox};
use super::packets::{Cut, Packet, Packets};
use super::{aim, codeid};
use crate::codec::{Codec, Command, CommandError, Emitted, Event, EventQueue, ScanReading};
use std::time::Duration;

const START: &[u8] = b"\x16\xFE";
const MARK: &[u8] = b"\rMSGGET";
/// Bytes before the data: start, payload length, mark, data length, ids, separator.
const HEAD_BYTES: usize = 21;
/// Longest data; the largest 2D symbols hold about 3 KB.
const DATA_BYTES_MAX: usize = 4096;
/// Longest answer.
const ANSWER_BYTES_MAX: usize = 512;

/// The host's side of a scanner that sends packets.
#[derive(Debug)]
pub struct MsgGet {
    gap: Duration,
    packets: Packets,
    outbox: Outbox,
    events: EventQueue,
}

impl MsgGet {
    /// A host; `gap` is the pause after which an unfinished packet is garbage.
    pub fn new(gap: Duration, messages: Messages) -> Self {
        MsgGet {
            gap,
            packets: Packets::default(),
            outbox: Outbox::new(messages),
            events: EventQueue::default(),
        }
    }

    fn packet(&mut self, now: Duration, packet: Packet) {
        let reading = match packet.bytes.as_slice() {
            [_, _, rest @ ..] if packet.bytes.starts_with(START) => reading(rest),
            _ => None,
        };
        let range = packet.range;
        match reading {
            Some(reading) => {
                self.events
                    .push(now, packet.bytes, Event::Scan(reading), packet.range);
            }
            // An answer that was asked for.
            None if self.outbox.answer_due(now) => {}
            None => self.packets.refuse(now, &mut self.events, range),
        }
    }
}

/// Where the packet at the front ends.
fn cut(bytes: &[u8]) -> Cut {
    let begun = |whole: &[u8], part: &[u8]| part.starts_with(whole) || whole.starts_with(part);
    if !begun(START, bytes) {
        return answer(bytes);
    }
    let Some(length) = bytes.get(2..6) else {
        return Cut::More;
    };
    let length = length
        .iter()
        .rev()
        .fold(0_u32, |n, b| n << 8 | u32::from(*b));
    let data = usize::try_from(length).ok().and_then(|n| n.checked_sub(14));
    let Some(data) = data.filter(|n| (1..=DATA_BYTES_MAX).contains(n)) else {
        return Cut::No;
    };
    if !bytes.get(6..).is_some_and(|rest| begun(MARK, rest)) {
        return Cut::No;
    }
    let whole = HEAD_BYTES.saturating_add(data);
    if bytes.len() < whole {
        return Cut::More;
    }
    let digits = bytes.get(13..17).and_then(|d| std::str::from_utf8(d).ok());
    let stated = digits.and_then(|d| d.parse::<usize>().ok());
    let framed = bytes.get(20) == Some(&0x1D) && bytes.get(whole.saturating_sub(1)) == Some(&b'\r');
    if stated == Some(data) && framed {
        Cut::Packet(whole)
    } else {
        Cut::No
    }
}

/// An answer to a menu command: capitals up to a status byte and a point.
fn answer(bytes: &[u8]) -> Cut {
    match bytes {
        [b'A'..=b'Z', ..] if bytes.len() <= ANSWER_BYTES_MAX && !bytes.contains(&0x16) => {
            let ended = |pair: &[u8]| matches!(pair, [0x05 | 0x06 | 0x15, b'.' | b'!']);
            match bytes.windows(2).position(ended) {
                Some(at) => Cut::Packet(at.saturating_add(2)),
                None => Cut::More,
            }
        }
        _ => Cut::No,
    }
}

/// The reading of a packet without its start.
fn reading(rest: &[u8]) -> Option<ScanReading> {
    let (id, letter, modifier) = match rest.get(15..18)? {
        [id, letter, modifier] => (*id, *letter, *modifier),
        _ => return None,
    };
    let data = rest
        .get(HEAD_BYTES.saturating_sub(2)..)?
        .strip_suffix(b"\r")?;
    let named = aim::name(letter, modifier);
    let by_id = codeid::honeywell(id);
    (!data.is_empty() && letter != b'Z').then(|| ScanReading {
        bytes: data.to_vec(),
        aim: named.map(|_| format!("]{}{}", char::from(letter), char::from(modifier))),
        symbology: named.or(by_id).map(str::to_owned),
    })
}

impl Codec for MsgGet {
    fn receive(&mut self, now: Duration, bytes: &[u8]) {
        self.packets.expire(now, self.gap, &mut self.events);
        for byte in bytes {
            self.packets.push(now, *byte);
            while let Some(packet) = self.packets.next(now, &mut self.events, cut) {
                self.packet(now, packet);
            }
        }
    }

    fn command(&mut self, now: Duration, command: Command) -> Result<(), CommandError> {
        self.outbox.command(now, command)
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.packets.expire(now, self.gap, &mut self.events);
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.outbox.pop()
    }

    fn poll_event(&mut self) -> Option<Emitted> {
        self.events.pop()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.packets.due(self.gap)
    }

    fn reset(&mut self) {
        self.outbox.reset();
        self.packets = Packets::default();
        self.events = EventQueue::default();
    }
}
