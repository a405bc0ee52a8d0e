//! The bounded frame buffer of protocols that know from its first bytes whether something is a
//! frame. A protocol gives one function: what stands at the front of these bytes.
//!
//! What it must keep, so that any split of a stream says the same: an answer other than
//! [`Front::Open`] may not change when more bytes follow.

use crate::codec::{Emitted, Event, EventQueue, Hint, ParityWatch};
use std::time::Duration;

/// Longest frame of any protocol here, in bytes.
pub const FRAME_BYTES_MAX: usize = 512;
/// A run of garbage is told in pieces of this length at most, also if it never ends.
const GARBAGE_BYTES_MAX: u64 = 1024;

/// What stands at the front of some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Front {
    /// It may become a frame.
    Open,
    /// So many bytes belong to no frame.
    Garbage(usize),
    /// So many bytes are padding.
    Filler(usize),
    /// So many bytes are a frame; what it says of the load, if anything.
    Frame(usize, Option<Event>),
}

/// Received bytes until they are frames or garbage, and the events they made.
#[derive(Debug)]
pub struct Frames {
    bytes: Vec<u8>,
    /// Position of the first byte of `bytes` since reset.
    start: u64,
    /// Start of the garbage run that ends at `start`.
    garbage: Option<u64>,
    gap: Duration,
    last_byte: Duration,
    events: EventQueue,
    parity: ParityWatch,
}

impl Frames {
    /// An empty buffer; a pause of `gap` inside a frame makes it garbage.
    pub fn new(gap: Duration) -> Self {
        Frames {
            bytes: Vec::new(),
            start: 0,
            garbage: None,
            gap,
            last_byte: Duration::ZERO,
            events: EventQueue::default(),
            parity: ParityWatch::default(),
        }
    }

    /// Takes received bytes, split anywhere; `front` says what stands at the front.
    pub fn receive(&mut self, now: Duration, bytes: &[u8], mut front: impl FnMut(&[u8]) -> Front) {
        self.expire(now);
        self.last_byte = now;
        for byte in bytes {
            self.parity.byte(*byte);
        }
        for part in bytes.chunks(FRAME_BYTES_MAX) {
            self.bytes.extend_from_slice(part);
            self.settle(now, &mut front);
        }
    }

    fn settle(&mut self, now: Duration, front: &mut impl FnMut(&[u8]) -> Front) {
        let mut at = 0_usize;
        while at < self.bytes.len() {
            let end = at.saturating_add(FRAME_BYTES_MAX).min(self.bytes.len());
            let rest = self.bytes.get(at..end).unwrap_or_default();
            match front(rest) {
                Front::Open if rest.len() < FRAME_BYTES_MAX => break,
                Front::Open => at = self.skip(now, at, 1, true),
                Front::Garbage(count) => at = self.skip(now, at, count, true),
                Front::Filler(count) => at = self.skip(now, at, count, false),
                Front::Frame(count, event) => {
                    let count = count.clamp(1, rest.len());
                    let raw = event
                        .as_ref()
                        .map(|_| rest.get(..count).unwrap_or_default());
                    let raw = raw.map(<[u8]>::to_vec).unwrap_or_default();
                    let from = self.start.saturating_add(at as u64);
                    self.end_garbage(now, from);
                    at = at.saturating_add(count);
                    if let Some(event) = event {
                        let to = self.start.saturating_add(at as u64);
                        self.events.push(now, raw, event, (from, to));
                    }
                }
            }
        }
        self.bytes.drain(..at);
        self.start = self.start.saturating_add(at as u64);
    }

    /// Passes over bytes; returns the place behind them.
    fn skip(&mut self, now: Duration, at: usize, count: usize, garbage: bool) -> usize {
        let left = self.bytes.len().saturating_sub(at);
        let next = at.saturating_add(count.clamp(1, left.max(1)));
        for place in at..next {
            let position = self.start.saturating_add(place as u64);
            if !garbage {
                self.end_garbage(now, position);
                continue;
            }
            let from = *self.garbage.get_or_insert(position);
            if position.saturating_sub(from) >= GARBAGE_BYTES_MAX {
                self.end_garbage(now, position);
                self.garbage = Some(position);
            }
        }
        next
    }

    fn end_garbage(&mut self, now: Duration, end: u64) {
        if let Some(start) = self.garbage.take() {
            self.events.garbage(now, start, end);
        }
    }

    /// Drops an unfinished frame after a pause, and tells of garbage that no frame followed.
    pub fn expire(&mut self, now: Duration) {
        let waiting = !self.bytes.is_empty() || self.garbage.is_some();
        if waiting && now >= self.last_byte.saturating_add(self.gap) {
            let all = self.bytes.len();
            if all > 0 {
                self.garbage.get_or_insert(self.start);
            }
            self.start = self.start.saturating_add(all as u64);
            self.bytes.clear();
            self.end_garbage(now, self.start);
        }
    }

    /// When [`Frames::expire`] is due.
    pub fn deadline(&self) -> Option<Duration> {
        let waiting = !self.bytes.is_empty() || self.garbage.is_some();
        waiting.then(|| self.last_byte.saturating_add(self.gap))
    }

    /// Adds an event that no bytes made, such as a refusal told by a pause.
    pub fn push(&mut self, now: Duration, event: Event) {
        self.events
            .push(now, Vec::new(), event, (self.start, self.start));
    }

    /// The oldest event.
    pub fn pop(&mut self) -> Option<Emitted> {
        self.events.pop()
    }

    /// What the latest bytes look like.
    pub fn hint(&self) -> Option<Hint> {
        self.parity.hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frames are `<`, two bytes, `>`.
    fn front(bytes: &[u8]) -> Front {
        match bytes {
            [b'<', _, _, b'>', ..] => Front::Frame(4, Some(Event::Garbage { start: 9, end: 9 })),
            [b'<', _, _, _, ..] => Front::Garbage(1),
            [b'<', ..] => Front::Open,
            [0, ..] => Front::Filler(1),
            _ => Front::Garbage(1),
        }
    }

    fn events(pieces: &[&[u8]]) -> Vec<String> {
        let mut frames = Frames::new(Duration::from_millis(100));
        for piece in pieces {
            frames.receive(Duration::ZERO, piece, front);
        }
        frames.expire(Duration::from_secs(1));
        let made = std::iter::from_fn(|| frames.pop());
        made.map(|e| match e.event {
            Event::Garbage { start: 9, end: 9 } => String::from_utf8_lossy(&e.raw).into_owned(),
            Event::Garbage { start, end } => format!("{start}..{end}"),
            other => format!("{other:?}"),
        })
        .collect()
    }

    #[test]
    fn garbage_is_one_range_and_the_next_frame_is_read() {
        let stream = b"xx<a<b1>\0y<c";
        let wanted = ["0..4", "<b1>", "9..12"];
        assert_eq!(events(&[stream]), wanted);
        let bytes: Vec<&[u8]> = stream.chunks(1).collect();
        assert_eq!(events(&bytes), wanted);
    }

    #[test]
    fn endless_noise_is_told_and_forgotten() {
        let told = events(&[&[b'x'; 2100]]);
        assert_eq!(told, ["0..1024", "1024..2048", "2048..2100"]);
    }
}
