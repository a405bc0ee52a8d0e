//! Pauses between two attempts to open a device.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST_MS: u64 = 50;
/// A replugged device is found again at latest after this; a look costs some reads of sysfs.
const LONGEST_MS: u64 = 1000;
/// Doublings left of a wait when the reason changed.
const HURRY_ATTEMPT: u32 = 2;

/// Doubling pauses with jitter, so that ten devices behind one hub do not wake together.
#[derive(Debug, Default)]
pub struct Backoff {
    attempt: u32,
}

impl Backoff {
    /// The next pause: half fixed, half by `noise`.
    pub fn pause(&mut self, noise: u64) -> Duration {
        let full = FIRST_MS
            .checked_shl(self.attempt.min(16))
            .unwrap_or(LONGEST_MS);
        let half = full.min(LONGEST_MS) / 2;
        self.attempt = self.attempt.saturating_add(1);
        Duration::from_millis(half + noise % (half + 1))
    }

    /// Something changed, such as a node that is there and not yet ours: look again soon, but not
    /// as often as after a success.
    pub fn hurry(&mut self) {
        self.attempt = self.attempt.min(HURRY_ATTEMPT);
    }

    /// The device answered: the next loss is a new story.
    pub fn reset(&mut self) {
        self.attempt = 0;
    }
}

/// Unpredictable enough to spread attempts; no secrets depend on it.
pub fn noise() -> u64 {
    RandomState::new().hash_one(0_u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_second_and_no_further() {
        for noise in [0, 1, 977, u64::MAX] {
            let mut backoff = Backoff::default();
            let pauses: Vec<_> = (0..40).map(|_| backoff.pause(noise).as_millis()).collect();
            assert!(pauses.iter().all(|p| (25..=1000).contains(p)), "{pauses:?}");
            assert!(
                pauses.first() <= Some(&50) && pauses.last() >= Some(&500),
                "{pauses:?}"
            );
            backoff.hurry();
            let next = backoff.pause(noise).as_millis();
            assert!((100..=200).contains(&next), "{next}");
        }
    }
}
