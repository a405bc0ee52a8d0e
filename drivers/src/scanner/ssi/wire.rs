//! Packets and messages of SSI, as bytes.

use super::{Cut, Packet};
use crate::scanner::line::CODE_BYTES_MAX;

/// What a packet is.
pub mod op {
    pub const SEGMENT: u8 = 0x73;
    pub const SEGMENT_ACK: u8 = 0x74;
    pub const MANAGEMENT: u8 = 0x80;
    pub const INIT_REPLY: u8 = 0x91;
    /// Instead of an acknowledgement, after [`INIT_REPLY`].
    pub const HOST_ACK: u8 = 0x96;
    pub const REVISION_REPLY: u8 = 0xA4;
    pub const IMAGE: u8 = 0xB1;
    pub const VIDEO: u8 = 0xB4;
    pub const PARAM_SEND: u8 = 0xC6;
    pub const ACK: u8 = 0xD0;
    pub const NAK: u8 = 0xD1;
    pub const CAPABILITIES: u8 = 0xD3;
    pub const CAPABILITIES_REPLY: u8 = 0xD4;
    pub const BATCH_DATA: u8 = 0xD6;
    pub const START_SESSION: u8 = 0xE4;
    pub const BEEP: u8 = 0xE6;
    pub const LED_ON: u8 = 0xE7;
    pub const LED_OFF: u8 = 0xE8;
    pub const DECODE_DATA: u8 = 0xF3;
    pub const EVENT: u8 = 0xF6;
}

/// What a decoder sends.
const FROM_DECODER: &[u8] = &[
    op::SEGMENT,
    op::MANAGEMENT,
    op::INIT_REPLY,
    op::REVISION_REPLY,
    op::IMAGE,
    op::VIDEO,
    op::PARAM_SEND,
    op::ACK,
    op::NAK,
    op::CAPABILITIES_REPLY,
    op::BATCH_DATA,
    op::DECODE_DATA,
    op::EVENT,
];

/// The source byte of the host.
pub const HOST: u8 = 0x04;
/// Status: this packet was sent before.
pub const RETRANSMIT: u8 = 0x01;
/// Status: the message goes on in the next packet.
const CONTINUED: u8 = 0x02;
/// Longest packet, checksum left out.
const LENGTH_MAX: usize = 255;
/// Most bytes of packets that one message may take: the longest code in packets of one character
/// stays far below.
const RAW_BYTES_MAX: usize = 64 << 10;

/// The two bytes behind a packet: two's complement of the sum.
pub fn checksum(bytes: &[u8]) -> [u8; 2] {
    let sum = bytes
        .iter()
        .fold(0_u16, |sum, b| sum.wrapping_add(u16::from(*b)));
    sum.wrapping_neg().to_be_bytes()
}

/// A packet with its length and checksum. Data beyond 251 bytes is cut off.
pub fn packet(op: u8, source: u8, status: u8, data: &[u8]) -> Vec<u8> {
    let data = data.get(..LENGTH_MAX.saturating_sub(4)).unwrap_or(data);
    let length = u8::try_from(data.len().saturating_add(4)).unwrap_or(u8::MAX);
    let mut bytes = vec![length, op, source, status];
    bytes.extend_from_slice(data);
    let sum = checksum(&bytes);
    bytes.extend(sum);
    bytes
}

/// Where the packet at the front ends.
pub(super) fn cut(bytes: &[u8]) -> Cut {
    let length = usize::from(bytes.first().copied().unwrap_or(0));
    let known = bytes.get(1).is_none_or(|op| FROM_DECODER.contains(op));
    // Sources above 03 are hosts: our own bytes, echoed.
    let decoder = bytes.get(2).is_none_or(|source| *source < HOST);
    if length < 4 || !known || !decoder {
        return Cut::No;
    }
    let whole = length.saturating_add(2);
    let (Some(body), Some(sum)) = (bytes.get(..length), bytes.get(length..whole)) else {
        return Cut::More;
    };
    if sum == checksum(body) {
        Cut::Packet(whole)
    } else {
        Cut::Damaged(whole)
    }
}

/// Whether a damaged packet was surely sent for the first time: its mark is not set, and it is not
/// the mark alone that is damaged.
pub(super) fn is_fresh(bytes: &[u8]) -> bool {
    let [_, op::DECODE_DATA | op::SEGMENT, _, status, ..] = bytes else {
        return false;
    };
    let mut marked = bytes.to_vec();
    if let Some(status) = marked.get_mut(3) {
        *status |= RETRANSMIT;
    }
    let body = marked.len().saturating_sub(2);
    let (body, sum) = marked.split_at(body);
    status & RETRANSMIT == 0 && sum != checksum(body)
}

/// What a packet made of a message.
pub(super) enum Chained {
    More,
    Whole,
    /// It does not go on like this.
    Broken,
}

/// A message of one or more packets.
#[derive(Debug)]
pub(super) struct Assembly {
    pub kind: u8,
    pub text: Vec<u8>,
    pub raw: Vec<u8>,
    pub start: u64,
    /// End of its latest packet.
    pub end: u64,
    pub at: std::time::Duration,
    /// Characters that were announced, for segments.
    wanted: Option<usize>,
    /// Packets so far.
    parts: u8,
}

impl Assembly {
    pub fn new(start: u64) -> Self {
        Assembly {
            kind: 0,
            text: Vec::new(),
            raw: Vec::new(),
            start,
            end: start,
            at: std::time::Duration::ZERO,
            wanted: None,
            parts: 0,
        }
    }

    /// Takes a decode data packet: code type and characters.
    pub fn decode_data(&mut self, data: &[u8], status: u8, packet: &Packet) -> Chained {
        let Some((kind, text)) = data.split_first() else {
            return Chained::Broken;
        };
        if self.wanted.is_some() || self.parts > 0 && *kind != self.kind {
            return Chained::Broken;
        }
        self.kind = *kind;
        if !self.add(text, packet) {
            return Chained::Broken;
        }
        if status & CONTINUED != 0 {
            Chained::More
        } else {
            Chained::Whole
        }
    }

    /// Takes a segment.
    pub fn segment(&mut self, data: &[u8], packet: &Packet) -> Chained {
        let Some((number, rest)) = data.split_first() else {
            return Chained::Broken;
        };
        if *number != self.parts {
            return Chained::Broken;
        }
        let text = if *number == 0 {
            let [_, _, _, _, _, kind, _, high, low, text @ ..] = rest else {
                return Chained::Broken;
            };
            self.kind = *kind;
            self.wanted = Some(usize::from(u16::from_be_bytes([*high, *low])));
            text
        } else {
            rest
        };
        let Some(wanted) = self.wanted.filter(|_| self.add(text, packet)) else {
            return Chained::Broken;
        };
        let last = usize::from(packet.bytes.first().copied().unwrap_or(0)) < LENGTH_MAX;
        match self.text.len().cmp(&wanted) {
            std::cmp::Ordering::Equal => Chained::Whole,
            std::cmp::Ordering::Less if !last => Chained::More,
            _ => Chained::Broken,
        }
    }

    /// False if the message grows beyond any code, in characters or in packets.
    fn add(&mut self, text: &[u8], packet: &Packet) -> bool {
        self.text.extend_from_slice(text);
        self.raw.extend_from_slice(&packet.bytes);
        self.end = packet.range.1;
        self.parts = self.parts.saturating_add(1);
        self.text.len() <= CODE_BYTES_MAX && self.raw.len() <= RAW_BYTES_MAX
    }
}
