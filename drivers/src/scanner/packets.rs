//! Packets out of a byte stream: one bounded buffer, resynchronised a byte at a time.

use crate::codec::EventQueue;
use std::time::Duration;

/// What stands at the front of the buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// It can still become a packet.
    More,
    /// It is a packet of so many bytes.
    Packet(usize),
    /// It looked like a packet of so many bytes, but its check failed.
    Damaged(usize),
    /// It is no packet.
    No,
}

/// A stretch of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packet {
    pub bytes: Vec<u8>,
    /// Positions since reset, end exclusive.
    pub range: (u64, u64),
    /// False: its check failed. Its bytes are looked at again, one further on.
    pub sound: bool,
}

/// The bytes that have not become packets. The longest packet bounds the buffer, because `cut` must
/// not ask for more of anything longer.
#[derive(Debug, Default)]
pub struct Packets {
    buffer: Vec<u8>,
    position: u64,
    /// Start of the garbage before the buffer, if any.
    garbage: Option<u64>,
    /// End of the latest range that was told.
    told: u64,
    last: Duration,
}

impl Packets {
    /// Takes a byte.
    pub fn push(&mut self, now: Duration, byte: u8) {
        self.buffer.push(byte);
        self.position = self.position.saturating_add(1);
        self.last = now;
    }

    /// The next packet; call until `None`. Garbage before it is told first. A damaged packet is
    /// handed out only where no garbage goes before, so that it is surely one.
    pub fn next(
        &mut self,
        now: Duration,
        events: &mut EventQueue,
        cut: impl Fn(&[u8]) -> Cut,
    ) -> Option<Packet> {
        while !self.buffer.is_empty() {
            match cut(&self.buffer) {
                Cut::More => return None,
                Cut::Packet(length) => {
                    let start = self.start();
                    self.tell(now, events);
                    let length = length.clamp(1, self.buffer.len());
                    let bytes: Vec<u8> = self.buffer.drain(..length).collect();
                    let end = self.start();
                    let (range, sound) = ((start, end), true);
                    return Some(Packet {
                        bytes,
                        range,
                        sound,
                    });
                }
                Cut::Damaged(length) => {
                    let first = self.garbage.is_none();
                    let start = self.start();
                    let bytes = self.buffer.get(..length).unwrap_or_default().to_vec();
                    self.drop_one();
                    if first {
                        let range = (start, start.saturating_add(1));
                        return Some(Packet {
                            bytes,
                            range,
                            sound: false,
                        });
                    }
                }
                Cut::No => self.drop_one(),
            }
        }
        None
    }

    /// A pause: what is there will not become a packet. True if there was anything.
    pub fn expire(&mut self, now: Duration, gap: Duration, events: &mut EventQueue) -> bool {
        let pending = self.due(gap).is_some_and(|due| now >= due);
        if pending {
            if self.garbage.is_none() && !self.buffer.is_empty() {
                self.garbage = Some(self.start());
            }
            self.buffer.clear();
            self.tell(now, events);
        }
        pending
    }

    /// When [`Packets::expire`] is due.
    pub fn due(&self, gap: Duration) -> Option<Duration> {
        let pending = !self.buffer.is_empty() || self.garbage.is_some();
        pending.then(|| self.last.saturating_add(gap))
    }

    /// Tells that a packet, or several with noise between them, made no sense. What of it was told
    /// before is left out.
    pub fn refuse(&mut self, now: Duration, events: &mut EventQueue, (start, end): (u64, u64)) {
        events.garbage(now, start.max(self.told), end);
        self.told = self.told.max(end);
    }

    fn start(&self) -> u64 {
        let length = u64::try_from(self.buffer.len()).unwrap_or(u64::MAX);
        self.position.saturating_sub(length)
    }

    fn drop_one(&mut self) {
        let start = self.start();
        self.garbage.get_or_insert(start);
        self.buffer.remove(0);
    }

    fn tell(&mut self, now: Duration, events: &mut EventQueue) {
        if let Some(garbage) = self.garbage.take() {
            let range = (garbage, self.start());
            self.refuse(now, events, range);
        }
    }
}
