//! A Zebra gun with SSI: packets that want an acknowledgement, sent again twice if none comes.

use super::{Fault, Heard, Out, Scanner, WAITING_MAX};
use crate::emulate::model::DeviceModel;
use firstscan_drivers::scanner::ssi::{HOST, RETRANSMIT, checksum, op, packet};
use std::collections::VecDeque;

/// How long the gun waits for an acknowledgement.
const HOST_WITHIN_MS: u64 = 2000;
/// It sends a packet again so often.
const RESENDS_MAX: u8 = 2;
/// Characters in the first segment, and in the others.
const SEGMENT_BYTES: (usize, usize) = (241, 250);
/// Characters in one decode data packet.
const DECODE_BYTES: usize = 250;

/// A packet that wants an acknowledgement.
#[derive(Debug, Clone)]
struct Wanted {
    bytes: Vec<u8>,
    fault: Option<Fault>,
}

/// An SSI gun. Out of the box it sends text, until the host switches packets on.
#[derive(Debug, Default)]
pub struct SsiGun {
    packets_on: bool,
    /// Packets in order; the first is under way.
    wanted: VecDeque<Wanted>,
    sent: bool,
    resends: u8,
    due_ms: Option<u64>,
    now_ms: u64,
    input: Vec<u8>,
    latest: Vec<u8>,
    replies: Out,
    faults: VecDeque<Fault>,
    heard: Vec<Heard>,
    /// Codes given up because the host never acknowledged them.
    given_up: u64,
}

impl SsiGun {
    /// Packets given up because the host never acknowledged them.
    pub fn given_up(&self) -> u64 {
        self.given_up
    }

    fn host_packet(&mut self, body: &[u8]) {
        let [_, kind, _, status, data @ ..] = body else {
            return;
        };
        // A command that is marked as sent again was done already.
        let again = status & RETRANSMIT != 0
            && self.latest.get(1) == Some(kind)
            && self.latest.get(4..) == Some(data);
        if !matches!(*kind, op::ACK | op::NAK | op::SEGMENT_ACK) {
            self.latest = body.to_vec();
        }
        match *kind {
            op::ACK | op::SEGMENT_ACK => return self.acknowledged(),
            op::NAK => return self.send_again(),
            op::CAPABILITIES => {
                let can = [
                    0,
                    0,
                    0,
                    0,
                    op::PARAM_SEND,
                    op::BEEP,
                    op::LED_ON,
                    op::LED_OFF,
                ];
                return self
                    .replies
                    .push(packet(op::CAPABILITIES_REPLY, 0, 0, &can));
            }
            op::PARAM_SEND => {
                let on = data.windows(2).find(|pair| pair.first() == Some(&0xEE));
                if let Some([_, value]) = on {
                    self.packets_on = *value == 1;
                }
            }
            _ if again => {}
            op::BEEP => self.hear(Heard::Beep(data.first().copied().unwrap_or(0))),
            op::LED_ON => self.hear(Heard::Light(true)),
            op::LED_OFF => self.hear(Heard::Light(false)),
            op::START_SESSION => self.hear(Heard::Trigger),
            _ => self.hear(Heard::Other(body.to_vec())),
        }
        self.replies.push(packet(op::ACK, 0, 0, &[]));
    }

    fn hear(&mut self, heard: Heard) {
        if self.heard.len() < WAITING_MAX {
            self.heard.push(heard);
        }
    }

    fn acknowledged(&mut self) {
        let Some(first) = self.wanted.front_mut().filter(|_| self.sent) else {
            return;
        };
        if first.fault == Some(Fault::AckLost) {
            first.fault = None;
            return;
        }
        self.next_packet();
    }

    fn next_packet(&mut self) {
        self.wanted.pop_front();
        self.sent = false;
        self.resends = 0;
        self.due_ms = None;
    }

    fn send_again(&mut self) {
        if !self.sent {
            return;
        }
        if self.resends >= RESENDS_MAX {
            self.given_up += 1;
            return self.next_packet();
        }
        self.resends += 1;
        self.sent = false;
        self.due_ms = None;
    }

    fn want(&mut self, bytes: Vec<u8>, fault: Option<Fault>) {
        if self.wanted.len() < WAITING_MAX {
            self.wanted.push_back(Wanted { bytes, fault });
        }
    }

    fn segments(data: &[u8]) -> Vec<Vec<u8>> {
        let short = |n: usize| u16::try_from(n).unwrap_or(u16::MAX).to_be_bytes();
        let (first, rest) = data.split_at(data.len().min(SEGMENT_BYTES.0));
        let mut head = vec![0, op::DECODE_DATA, 0, 0];
        head.extend(short(data.len() + 10));
        head.extend([0x1C, 0x01]);
        head.extend(short(data.len()));
        head.extend(first);
        let mut packets = vec![packet(op::SEGMENT, 0x02, 0, &head)];
        for (number, part) in (1_u8..).zip(rest.chunks(SEGMENT_BYTES.1)) {
            let body = [&[number][..], part].concat();
            packets.push(packet(op::SEGMENT, 0, 0, &body));
        }
        packets
    }
}

/// SSI's code type of an AIM identifier, for the codes of a packing station.
fn kind(aim: &str) -> u8 {
    match aim {
        "]C1" => 0x0F,
        "]E0" => 0x0B,
        "]d1" | "]d2" => 0x1B,
        "]Q1" | "]Q3" => 0x1C,
        _ => 0x03,
    }
}

impl Scanner for SsiGun {
    fn read(&mut self, data: &[u8], aim: &str) {
        let fault = self.faults.pop_front();
        match fault {
            Some(Fault::Silent) => return,
            Some(Fault::Forgot) => self.packets_on = false,
            _ => {}
        }
        if !self.packets_on {
            return self.replies.push([data, b"\r"].concat());
        }
        if data.len() > DECODE_BYTES {
            for (number, bytes) in Self::segments(data).into_iter().enumerate() {
                self.want(bytes, fault.filter(|_| number == 0));
            }
            return;
        }
        let body = [&[kind(aim)][..], data].concat();
        self.want(packet(op::DECODE_DATA, 0, 0, &body), fault);
    }

    fn plan(&mut self, fault: Fault) {
        self.faults.push_back(fault);
    }

    fn heard(&mut self) -> Vec<Heard> {
        std::mem::take(&mut self.heard)
    }
}

impl DeviceModel for SsiGun {
    fn receive(&mut self, now_ms: u64, bytes: &[u8]) {
        self.now_ms = now_ms;
        self.input.extend(bytes.iter().take(WAITING_MAX));
        while let Some(first) = self.input.first() {
            let length = usize::from(*first);
            // A wake-up, or noise.
            if length < 4 {
                self.input.remove(0);
                continue;
            }
            if self.input.len() < length + 2 {
                break;
            }
            let rest = self.input.split_off(length + 2);
            let mut body = std::mem::replace(&mut self.input, rest);
            let sum = body.split_off(length);
            if sum == checksum(&body) && body.get(2) == Some(&HOST) {
                self.host_packet(&body);
            } else {
                self.replies.push(packet(op::NAK, 0, 0, &[0x01]));
            }
        }
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        if let Some(reply) = self.replies.pop() {
            return Some(reply);
        }
        let resends = self.resends;
        let first = self.wanted.front_mut().filter(|_| !self.sent)?;
        self.sent = true;
        let mut bytes = first.bytes.clone();
        if resends > 0 {
            bytes.truncate(bytes.len() - 2);
            bytes[3] |= RETRANSMIT;
            let sum = checksum(&bytes);
            bytes.extend(sum);
        }
        if first.fault == Some(Fault::Damaged) {
            first.fault = None;
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x10;
        }
        Some(bytes)
    }

    fn poll_timeout(&self) -> Option<u64> {
        let waiting = self.sent && !self.wanted.is_empty();
        waiting.then(|| self.due_ms.unwrap_or(self.now_ms))
    }

    fn handle_timeout(&mut self, now_ms: u64) {
        self.now_ms = now_ms;
        if !self.sent || self.wanted.is_empty() {
            return;
        }
        let due = *self.due_ms.get_or_insert(now_ms + HOST_WITHIN_MS);
        if now_ms >= due {
            self.send_again();
        }
    }

    fn disconnected(&mut self, _now_ms: u64) {
        let faults = std::mem::take(&mut self.faults);
        let packets_on = self.packets_on;
        *self = SsiGun {
            faults,
            packets_on,
            ..SsiGun::default()
        };
    }
}
