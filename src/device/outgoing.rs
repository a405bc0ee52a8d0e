//! What a codec wants to say, until the line has taken it.
//!
//! A message stays whole: over HID it is a report, and half a report is none.

use std::collections::VecDeque;
use std::time::Duration;

/// Bytes a device may leave untaken; commands are a few bytes each.
const BYTES_MAX: usize = 4096;

/// Messages on their way to a device.
#[derive(Debug, Default)]
pub struct Outgoing {
    messages: VecDeque<Vec<u8>>,
    /// Bytes taken of the first message.
    taken: usize,
    bytes: usize,
    /// Since when the line has taken nothing.
    since: Duration,
}

impl Outgoing {
    /// Adds a message; dropped if the device has left too much untaken.
    pub fn push(&mut self, now: Duration, message: Vec<u8>) {
        if message.is_empty() || self.bytes.saturating_add(message.len()) > BYTES_MAX {
            return;
        }
        if self.messages.is_empty() {
            self.since = now;
        }
        self.bytes = self.bytes.saturating_add(message.len());
        self.messages.push_back(message);
    }

    /// What the line should take next; empty if nothing.
    pub fn next(&self) -> &[u8] {
        let rest = self.messages.front().and_then(|m| m.get(self.taken..));
        rest.unwrap_or_default()
    }

    /// The line took the first `count` bytes of [`Outgoing::next`].
    pub fn took(&mut self, now: Duration, count: usize) {
        self.since = now;
        self.taken = self.taken.saturating_add(count);
        if self.next().is_empty()
            && let Some(done) = self.messages.pop_front()
        {
            self.bytes = self.bytes.saturating_sub(done.len());
            self.taken = 0;
        }
    }

    /// Since when the line has taken nothing although something is to be said.
    pub fn waiting_since(&self) -> Option<Duration> {
        (!self.messages.is_empty()).then_some(self.since)
    }

    /// A new connection: nothing of the old one is said on it.
    pub fn clear(&mut self) {
        *self = Outgoing::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_stay_whole_in_order_and_bounded() {
        let at = Duration::from_secs;
        let mut out = Outgoing::default();
        assert_eq!((out.next(), out.waiting_since()), (&[][..], None));
        out.push(at(1), vec![2, 2]);
        out.push(at(2), vec![3, 4, 5]);
        out.push(at(2), Vec::new());
        assert_eq!(
            (out.next(), out.waiting_since()),
            (&[2, 2][..], Some(at(1)))
        );
        out.took(at(3), 2);
        assert_eq!(
            (out.next(), out.waiting_since()),
            (&[3, 4, 5][..], Some(at(3)))
        );
        out.took(at(4), 1);
        assert_eq!(out.next(), [4, 5]);
        out.took(at(4), 2);
        assert_eq!((out.next(), out.waiting_since()), (&[][..], None));
        for _ in 0..10_000 {
            out.push(at(5), vec![0; 64]);
        }
        assert_eq!((out.messages.len(), out.bytes), (64, BYTES_MAX));
        out.clear();
        assert!(out.next().is_empty() && out.bytes == 0);
    }
}
