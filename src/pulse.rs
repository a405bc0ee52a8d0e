//! Whether the parts that work on their own still get on. A part says when it begins and ends a
//! piece of work; a piece that takes longer than the part's limit hangs, and a part that is gone
//! without having been stopped has ended badly.
//!
//! Constraints: no clock; whoever watches brings the time. Saying costs one atomic store, and a
//! part that waits for work says nothing and may wait for ever.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// The part's end. Dropping it means that the part has ended.
#[derive(Debug, Default)]
pub struct Pulse(Arc<AtomicU64>);

impl Pulse {
    /// A piece of work begins; the one before has ended.
    pub fn works(&self) {
        // The count is odd while there is work, and every piece has a number of its own.
        let count = self.0.load(Ordering::Relaxed);
        self.0
            .store(count.wrapping_add(1 + (count & 1)), Ordering::Release);
    }

    /// The part waits for its next piece.
    pub fn rests(&self) {
        let count = self.0.load(Ordering::Relaxed);
        self.0
            .store(count.wrapping_add(count & 1), Ordering::Release);
    }

    /// What a watcher listens at; it does not keep the part's end alive.
    pub fn ear(&self) -> Ear {
        Ear(Arc::downgrade(&self.0))
    }
}

/// The watcher's end.
#[derive(Debug, Clone)]
pub struct Ear(Weak<AtomicU64>);

/// Listens to all parts.
#[derive(Debug, Default)]
pub struct Watch(Vec<Part>);

#[derive(Debug)]
struct Part {
    name: String,
    limit: Duration,
    ear: Ear,
    /// The count as last heard, and since when it is so.
    heard: u64,
    since: Duration,
}

impl Watch {
    /// Listens to one more part, whose pieces of work end within `limit`.
    pub fn add(&mut self, name: impl Into<String>, limit: Duration, ear: Ear) {
        self.0.push(Part {
            name: name.into(),
            limit,
            ear,
            heard: 0,
            since: Duration::ZERO,
        });
    }

    /// The parts that do not get on, as text for the log; empty if all is well. `now` never falls.
    /// What hangs is seen no later than two calls after its limit.
    pub fn stuck(&mut self, now: Duration) -> Vec<String> {
        self.0
            .iter_mut()
            .filter_map(|part| part.stuck(now))
            .collect()
    }
}

impl Part {
    fn stuck(&mut self, now: Duration) -> Option<String> {
        let Some(count) = self.ear.0.upgrade() else {
            return Some(format!("{} has ended", self.name));
        };
        let count = count.load(Ordering::Acquire);
        if count & 1 == 0 || count != self.heard {
            (self.heard, self.since) = (count, now);
            return None;
        }
        let hangs = now.saturating_sub(self.since);
        let (name, seconds) = (&self.name, hangs.as_secs());
        (hangs > self.limit).then(|| format!("{name} has hung for {seconds} s"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn only_one_piece_that_takes_too_long_is_told_and_by_name() {
        let (scale, labels) = (Pulse::default(), Pulse::default());
        let mut watch = Watch::default();
        watch.add("bench1/scale", LIMIT, scale.ear());
        watch.add("labels", LIMIT, labels.ear());
        // Waiting for work takes as long as it takes.
        assert!(watch.stuck(at(0)).is_empty() && watch.stuck(at(3600)).is_empty());
        // Many pieces one after the other are no hanging, with or without a rest between them.
        for second in 3600..3700 {
            scale.works();
            labels.works();
            labels.rests();
            labels.rests();
            assert!(watch.stuck(at(second)).is_empty(), "{second}");
        }
        assert!(watch.stuck(at(3709)).is_empty());
        assert_eq!(watch.stuck(at(3711)), ["bench1/scale has hung for 12 s"]);
        labels.works();
        assert_eq!(watch.stuck(at(3712)).len(), 1);
        assert_eq!(watch.stuck(at(3723)).len(), 2);
        scale.rests();
        labels.works();
        assert!(watch.stuck(at(3724)).is_empty(), "it goes on");
    }

    #[test]
    fn a_part_that_is_gone_is_told() {
        let pulse = Pulse::default();
        let mut watch = Watch::default();
        watch.add("station", LIMIT, pulse.ear());
        pulse.works();
        assert!(watch.stuck(at(1)).is_empty());
        drop(pulse);
        assert_eq!(watch.stuck(at(2)), ["station has ended"]);
    }
}
