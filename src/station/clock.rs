//! The station's clocks: the only place where time is read.

use crate::domain::{Clock, Instant, Stamp, Wall};
use std::path::Path;

/// Wall time before this is a clock that lost its battery (2025-01-01).
const PLAUSIBLE_UNIX_MS_MIN: i64 = 1_735_689_600_000;
/// Left by the time service once the clock is synchronised.
const SYNCHRONISED_MARK: &str = "/run/systemd/timesync/synchronized";

/// Reads wall and monotonic time; monotonic time counts from its making.
#[derive(Debug, Clone)]
pub struct StationClock {
    started: std::time::Instant,
    /// Random id of this run of the daemon.
    pub boot_id: String,
}

impl Default for StationClock {
    fn default() -> Self {
        StationClock {
            started: std::time::Instant::now(),
            boot_id: uuid::Uuid::new_v4().to_string(),
        }
    }
}

impl StationClock {
    /// Now, by both clocks.
    pub fn now(&self) -> Stamp {
        let zoned = jiff::Zoned::now();
        let unix_ms = zoned.timestamp().as_millisecond();
        let offset_min = i16::try_from(zoned.offset().seconds() / 60).unwrap_or(0);
        Stamp {
            wall: Wall {
                unix_ms,
                offset_min,
            },
            mono: self.mono(),
        }
    }

    /// Milliseconds since the daemon started.
    pub fn mono(&self) -> Instant {
        Instant(u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// How far the wall clock can be trusted right now.
    pub fn quality(&self) -> Clock {
        if self.now().wall.unix_ms < PLAUSIBLE_UNIX_MS_MIN {
            Clock::KnownBad
        } else if Path::new(SYNCHRONISED_MARK).exists() {
            Clock::Synchronised
        } else {
            Clock::FreeRunning
        }
    }
}
