//! Thins out a scale's readings: every change is told, but never faster than a screen needs.
//!
//! An empty platform at rest is what separates one parcel from the next, so it is never dropped in
//! favour of a later reading, however short it was.

use firstscan_drivers::mass::MassReading;
use std::collections::VecDeque;
use std::time::Duration;

/// No two readings are closer.
const GAP_MIN: Duration = Duration::from_millis(100);
/// An unchanged reading is repeated after this.
const REPEAT_AFTER: Duration = Duration::from_millis(500);
/// Readings waiting: alternating empty and loaded platform within 100 ms is a defect, not a day's
/// work.
const HELD_MAX: usize = 8;

/// Readings of one connection; `T` travels along (raw frame, time).
#[derive(Debug)]
pub struct Coalescer<T> {
    last: Option<(MassReading, Duration)>,
    held: VecDeque<(MassReading, T)>,
}

impl<T> Default for Coalescer<T> {
    fn default() -> Self {
        Coalescer {
            last: None,
            held: VecDeque::new(),
        }
    }
}

impl<T> Coalescer<T> {
    /// A new reading came.
    pub fn offer(&mut self, reading: MassReading, with: T) {
        let keep = |held: &(MassReading, T)| is_empty_platform(&held.0) && held.0 != reading;
        if self.held.back().is_some_and(|back| !keep(back)) {
            self.held.pop_back();
        }
        if self.held.len() >= HELD_MAX {
            self.held.pop_front();
        }
        self.held.push_back((reading, with));
    }

    /// When [`Coalescer::take`] gives something; `None` if nothing waits.
    pub fn due(&self) -> Option<Duration> {
        let (reading, _) = self.held.front()?;
        let Some((last, at)) = &self.last else {
            return Some(Duration::ZERO);
        };
        let wait = if last == reading {
            REPEAT_AFTER
        } else {
            GAP_MIN
        };
        Some(at.saturating_add(wait))
    }

    /// The next reading to report, if it is time.
    pub fn take(&mut self, now: Duration) -> Option<(MassReading, T)> {
        if self.due()? > now {
            return None;
        }
        let (reading, with) = self.held.pop_front()?;
        self.last = Some((reading.clone(), now));
        Some((reading, with))
    }
}

fn is_empty_platform(reading: &MassReading) -> bool {
    reading.flags.stable && reading.flags.zero
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use firstscan_drivers::mass::{Mass, MassFlags};

    fn reading(grams: i64) -> MassReading {
        let flags = MassFlags {
            stable: true,
            zero: grams == 0,
            ..MassFlags::default()
        };
        MassReading {
            mass: Some(Mass::from_grams(grams)),
            flags,
            ..MassReading::default()
        }
    }

    fn run(steps: &[(u64, i64)]) -> Vec<(u64, i64)> {
        let mut coalescer = Coalescer::default();
        let mut told = Vec::new();
        for ms in 0..2000 {
            let now = Duration::from_millis(ms);
            for (_, grams) in steps.iter().filter(|(at, _)| *at == ms) {
                coalescer.offer(reading(*grams), ());
            }
            while let Some((reading, ())) = coalescer.take(now) {
                told.push((ms, reading.mass.unwrap().ng() / 1_000_000_000));
            }
        }
        told
    }

    #[test]
    fn changes_come_at_most_every_100_ms_and_the_last_one_wins() {
        assert_eq!(
            run(&[(0, 5), (10, 6), (20, 7), (300, 8)]),
            [(0, 5), (100, 7), (300, 8)]
        );
    }

    #[test]
    fn an_unchanged_reading_is_repeated_only_while_frames_come() {
        let steady: Vec<_> = (0..=60).map(|n| (n * 20, 5)).collect();
        assert_eq!(run(&steady), [(0, 5), (500, 5), (1000, 5), (1500, 5)]);
        assert_eq!(run(&[(0, 5)]), [(0, 5)]);
    }

    #[test]
    fn a_short_empty_platform_is_never_swallowed() {
        let told = run(&[(0, 5), (10, 0), (20, 7), (30, 9)]);
        assert_eq!(told, [(0, 5), (100, 0), (200, 9)]);
    }

    #[test]
    fn the_queue_is_bounded() {
        let mut coalescer = Coalescer::default();
        for n in 0..1000 {
            coalescer.offer(reading(n % 2), ());
        }
        assert!(coalescer.held.len() <= HELD_MAX);
    }
}
