//! From kernel events to records: what is held, what was dropped, what is stuck.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// An event: type, code, value.
pub type Raw = (u16, u16, i32);

const EV_SYN: u16 = 0;
const EV_KEY: u16 = 1;
/// Lights: codecs follow that of caps lock.
const EV_LED: u16 = 0x11;
const SYN_REPORT: u16 = 0;
const SYN_DROPPED: u16 = 3;
const RELEASED: i32 = 0;
const PRESSED: i32 = 1;
/// Control, shift, alt and meta keys of both sides.
const MODIFIERS: [u16; 8] = [29, 42, 54, 56, 97, 100, 125, 126];
/// No scanner holds a key for this long.
const STUCK_AFTER: Duration = Duration::from_secs(3);
const RECORD_BYTES: usize = 8;
/// Records nobody took; then the oldest code is lost anyway.
const WAITING_MAX: usize = 4096;
const HELD_MAX: usize = 64;

/// Records of one input node.
#[derive(Debug, Default)]
pub struct Records {
    /// Keys that are down, since when.
    held: BTreeMap<u16, Duration>,
    /// Keys that were released in the codec's eyes although they are down.
    stuck: Vec<u16>,
    /// Events are worth nothing until the next report ends.
    dropping: bool,
    waiting: VecDeque<Raw>,
}

impl Records {
    /// Takes an event. True: the node's key state is wanted, see [`Records::resync`].
    pub fn event(&mut self, now: Duration, (kind, code, value): Raw) -> bool {
        match (kind, code) {
            (EV_SYN, SYN_DROPPED) => {
                self.push((EV_SYN, SYN_DROPPED, 0));
                self.dropping = true;
            }
            (EV_SYN, SYN_REPORT) if self.dropping => {
                self.dropping = false;
                return true;
            }
            _ if self.dropping => {}
            (EV_SYN, SYN_REPORT) => self.push((kind, code, 0)),
            (EV_KEY, _) => self.key(now, code, value),
            (EV_LED, _) => self.push((kind, code, value)),
            _ => {}
        }
        false
    }

    fn key(&mut self, now: Duration, code: u16, value: i32) {
        match value {
            RELEASED => {
                self.held.remove(&code);
                self.stuck.retain(|stuck| *stuck != code);
            }
            PRESSED if self.held.len() < HELD_MAX => {
                self.held.insert(code, now);
                self.stuck.retain(|stuck| *stuck != code);
            }
            PRESSED => {}
            // Autorepeat is the kernel's, not the scanner's.
            _ => return,
        }
        self.push((EV_KEY, code, value));
    }

    /// After dropped events: `down` are the keys that are down now. Their codes are lost, but a
    /// modifier that is held counts for what follows.
    pub fn resync(&mut self, now: Duration, down: &[u16]) {
        // What was dropped ends here; what follows counts.
        self.push((EV_SYN, SYN_REPORT, 0));
        let gone: Vec<u16> = self
            .held
            .keys()
            .copied()
            .filter(|k| !down.contains(k))
            .collect();
        for code in gone {
            self.key(now, code, RELEASED);
        }
        for code in down.iter().take(HELD_MAX) {
            if MODIFIERS.contains(code) && !self.held.contains_key(code) {
                self.push((EV_KEY, *code, PRESSED));
            }
            self.held.entry(*code).or_insert(now);
        }
        self.push((EV_SYN, SYN_REPORT, 0));
    }

    /// Lets go of keys that are down for too long, so that a jammed one spoils no later code.
    pub fn stuck(&mut self, now: Duration) {
        let is_old = |since: &Duration| now >= since.saturating_add(STUCK_AFTER);
        let old: Vec<u16> = self
            .held
            .iter()
            .filter(|(_, since)| is_old(since))
            .map(|(code, _)| *code)
            .collect();
        for code in old {
            self.key(now, code, RELEASED);
            self.push((EV_SYN, SYN_REPORT, 0));
            self.stuck.push(code);
        }
    }

    /// A key is down that should not be.
    pub fn is_stuck(&self) -> bool {
        !self.stuck.is_empty()
    }

    pub fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    fn push(&mut self, event: Raw) {
        if self.waiting.len() < WAITING_MAX {
            self.waiting.push_back(event);
        } else if self.waiting.back() != Some(&(EV_SYN, SYN_DROPPED, 0)) {
            self.waiting.push_back((EV_SYN, SYN_DROPPED, 0));
        }
    }

    /// Writes whole records; the count of bytes.
    pub fn take(&mut self, into: &mut [u8]) -> usize {
        let mut count = 0;
        for record in into.chunks_exact_mut(RECORD_BYTES) {
            let Some((kind, code, value)) = self.waiting.pop_front() else {
                break;
            };
            let bytes = kind
                .to_le_bytes()
                .into_iter()
                .chain(code.to_le_bytes())
                .chain(value.to_le_bytes());
            record
                .iter_mut()
                .zip(bytes)
                .for_each(|(at, byte)| *at = byte);
            count += RECORD_BYTES;
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: u16 = 30;
    const SHIFT: u16 = 42;
    const REPORT: Raw = (0, 0, 0);
    const DROPPED: Raw = (0, 3, 0);

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn all(records: &mut Records) -> Vec<Raw> {
        records.waiting.drain(..).collect()
    }

    #[test]
    fn keys_pass_in_order_and_noise_does_not() {
        let mut records = Records::default();
        for event in [
            (4, 4, 0x70004),
            (1, A, 1),
            (1, A, 2),
            REPORT,
            (1, A, 0),
            REPORT,
        ] {
            assert!(!records.event(at(1), event));
        }
        let mut bytes = [0_u8; 20];
        assert_eq!(records.take(&mut bytes), 16, "whole records only");
        assert_eq!(bytes[..8], [1, 0, 30, 0, 1, 0, 0, 0]);
        assert_eq!(all(&mut records), [(1, A, 0), REPORT]);
        records.event(at(2), (0x11, 1, 1));
        assert_eq!(all(&mut records), [(0x11, 1, 1)], "the light of caps lock");
    }

    #[test]
    fn dropped_events_are_told_and_the_state_is_taken_anew() {
        let mut records = Records::default();
        records.event(at(1), (1, A, 1));
        records.event(at(1), REPORT);
        all(&mut records);
        assert!(!records.event(at(2), DROPPED));
        assert!(!records.event(at(2), (1, 31, 1)), "worth nothing");
        assert!(records.event(at(2), REPORT), "asks for the state");
        records.resync(at(2), &[SHIFT, 32]);
        assert_eq!(
            all(&mut records),
            [DROPPED, REPORT, (1, A, 0), (1, SHIFT, 1), REPORT],
            "a held key 32 makes no character of its own"
        );
        records.event(at(3), (1, 32, 0));
        assert_eq!(all(&mut records), [(1, 32, 0)]);
    }

    #[test]
    fn a_stuck_key_is_let_go_and_said_until_it_moves() {
        let mut records = Records::default();
        records.event(at(0), (1, SHIFT, 1));
        records.stuck(at(2999));
        assert!(!records.is_stuck());
        records.stuck(at(3000));
        assert!(records.is_stuck());
        assert_eq!(all(&mut records), [(1, SHIFT, 1), (1, SHIFT, 0), REPORT]);
        records.stuck(at(9000));
        assert!(!records.is_waiting(), "let go once");
        records.event(at(9000), (1, SHIFT, 0));
        assert!(!records.is_stuck());
    }

    #[test]
    fn untaken_records_are_bounded_and_end_in_a_dropped_mark() {
        let mut records = Records::default();
        for n in 0..20_000 {
            records.event(at(1), (1, A, n % 2));
        }
        let held = all(&mut records);
        assert!(held.len() <= WAITING_MAX + 1);
        assert_eq!(held.last(), Some(&DROPPED));
    }
}
