//! Time as an argument: wall time with its offset, and monotonic time since boot.

use serde::{Deserialize, Serialize};

/// Wall-clock time: milliseconds since the Unix epoch in UTC, and the local offset in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Wall {
    pub unix_ms: i64,
    pub offset_min: i16,
}

impl Wall {
    /// RFC 3339 with milliseconds and numeric offset, such as `2026-11-21T09:05:00.000+01:00`.
    pub fn rfc3339(self) -> String {
        let local_ms = self.unix_ms + i64::from(self.offset_min) * 60_000;
        let (date, clock_ms) = (
            local_ms.div_euclid(86_400_000),
            local_ms.rem_euclid(86_400_000),
        );
        let (year, month, day) = civil_from_days(date);
        let (hour, minute) = (clock_ms / 3_600_000, clock_ms / 60_000 % 60);
        let (second, ms) = (clock_ms / 1000 % 60, clock_ms % 1000);
        let sign = if self.offset_min < 0 { '-' } else { '+' };
        let (off_h, off_m) = (self.offset_min.abs() / 60, self.offset_min.abs() % 60);
        format!(
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}\
             {sign}{off_h:02}:{off_m:02}"
        )
    }

    /// The local calendar date, `2026-11-21`.
    pub fn date(self) -> String {
        self.rfc3339().chars().take(10).collect()
    }

    /// The local time of day, `09:05`.
    pub fn time_of_day(self) -> String {
        self.rfc3339().chars().skip(11).take(5).collect()
    }
}

/// Days since 1970-01-01 to a proleptic Gregorian date (the era arithmetic of Howard Hinnant's
/// public description of `civil_from_days`).
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_shifted + 2) / 5 + 1;
    let month = if month_shifted < 10 {
        month_shifted + 3
    } else {
        month_shifted - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// Milliseconds of the monotonic clock; comparable only within one boot of the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Instant(pub u64);

impl Instant {
    /// Milliseconds from `earlier` to this instant; 0 if `earlier` is later.
    pub fn since_ms(self, earlier: Instant) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// When an input happened, by both clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    pub wall: Wall,
    pub mono: Instant,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_dates_across_leap_days_offsets_and_the_epoch() {
        let at = |unix_ms, offset_min| {
            Wall {
                unix_ms,
                offset_min,
            }
            .rfc3339()
        };
        assert_eq!(at(0, 0), "1970-01-01T00:00:00.000+00:00");
        assert_eq!(at(-1, 0), "1969-12-31T23:59:59.999+00:00");
        assert_eq!(at(1_709_164_799_000, 60), "2024-02-29T00:59:59.000+01:00");
        assert_eq!(at(1_795_226_700_123, -330), "2026-11-20T20:35:00.123-05:30");
        assert_eq!(
            Wall {
                unix_ms: 0,
                offset_min: 90
            }
            .time_of_day(),
            "01:30"
        );
        assert_eq!(
            Wall {
                unix_ms: 951_782_400_000,
                offset_min: 0
            }
            .date(),
            "2000-02-29"
        );
    }
}
