//! How long to wait: full-jitter backoff under a seed.

/// First backoff step.
pub const BACKOFF_BASE_MS: u64 = 500;
/// Longest backoff.
pub const BACKOFF_CAP_MS: u64 = 60_000;
/// Longest obeyed `Retry-After`.
pub const RETRY_AFTER_MS_MAX: u64 = 3_600_000;

/// Failures in a row and the randomness that spreads a fleet.
#[derive(Debug)]
pub(super) struct Pace {
    random: u64,
    failures: u32,
}

impl Pace {
    pub fn new(seed: u64) -> Self {
        Self {
            random: seed,
            failures: 0,
        }
    }

    /// Something worked.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// Counts a failure; returns how long to wait, in milliseconds.
    pub fn next(&mut self, retry_after_ms: Option<u64>) -> u64 {
        let step = BACKOFF_BASE_MS
            .saturating_mul(1 << self.failures.min(16))
            .min(BACKOFF_CAP_MS);
        self.failures = self.failures.saturating_add(1);
        match retry_after_ms {
            // Obeyed, but never a tight loop; a little spread keeps a fleet apart.
            Some(ms) => {
                let ms = ms.clamp(BACKOFF_BASE_MS, RETRY_AFTER_MS_MAX);
                ms + self.uniform(ms / 10)
            }
            None => self.uniform(step),
        }
    }

    /// A random number from 0 to `max`, both included (SplitMix64; the bias does not matter here).
    pub fn uniform(&mut self, max: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % max.saturating_add(1)
    }
}

/// How the sink fares, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    Ok,
    /// Reachable, but it asked for patience.
    Waiting,
    Offline,
    Paused,
}
