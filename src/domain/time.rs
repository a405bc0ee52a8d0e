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

    /// Reads RFC 3339 with its offset, such as `2026-11-21T09:05:00+01:00`; `Z` is UTC, fractions
    /// count to the millisecond. `None` for anything else, also without an offset: a time nobody
    /// can place is none.
    pub fn parse(text: &str) -> Option<Wall> {
        let days = day_number(text.get(..10)?)?;
        let clock = text.get(10..19)?.strip_prefix(['T', 't'])?;
        let [hour, minute, second] = three(clock, ':')?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        let rest = text.get(19..)?;
        let (ms, zone) = match rest.strip_prefix('.') {
            Some(rest) => {
                let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
                let fraction = rest.get(..digits).filter(|f| (1..=9).contains(&f.len()))?;
                let padded: String = fraction.chars().chain("00".chars()).take(3).collect();
                (padded.parse::<i64>().ok()?, rest.get(digits..)?)
            }
            None => (0, rest),
        };
        let offset_min = match zone {
            "Z" | "z" => 0,
            _ => offset(zone)?,
        };
        let local_ms = ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + ms;
        Some(Wall {
            unix_ms: local_ms - i64::from(offset_min) * 60_000,
            offset_min,
        })
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

/// Days since 1970-01-01 of a calendar date such as `2026-11-21`; `None` if it is none, or before
/// 1970.
pub fn day_number(text: &str) -> Option<i64> {
    let [year, month, day] = three(text, '-').filter(|_| text.len() == 10)?;
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Months from March on, so that the leap day ends the year.
    let (year_shifted, month_shifted) = match month {
        1 | 2 => (year - 1, month + 9),
        _ => (year, month - 3),
    };
    let leaps = year_shifted / 4 - year_shifted / 100 + year_shifted / 400;
    let days = year_shifted * 365 + leaps + (month_shifted * 153 + 2) / 5 + day - 1 - 719_468;
    // The 31st of a short month comes out as another date.
    (civil_from_days(days) == (year, month, day)).then_some(days)
}

/// Three numbers of digits only, as `2026-11-21` and `09:05:00` have them.
fn three(text: &str, between: char) -> Option<[i64; 3]> {
    let mut parts = text.split(between);
    let mut next = || {
        let part = parts.next().filter(|p| (2..=4).contains(&p.len()))?;
        let digits = part.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| part.parse::<i64>().ok())?
    };
    let found = [next()?, next()?, next()?];
    parts.next().is_none().then_some(found)
}

/// Minutes of `+01:00` or `-05:30`.
fn offset(zone: &str) -> Option<i16> {
    let (sign, rest) = match zone.strip_prefix('+') {
        Some(rest) => (1, rest),
        None => (-1, zone.strip_prefix('-')?),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let two = |text: &str| {
        let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| text.parse::<i16>().ok())?
    };
    let (hours, minutes) = (two(hours)?, two(minutes)?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes))
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
    #[test]
    fn reads_what_it_writes_and_refuses_the_rest() {
        for (text, written) in [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000+00:00"),
            (
                "2024-02-29T23:59:59.5+05:30",
                "2024-02-29T23:59:59.500+05:30",
            ),
            (
                "2026-11-21t09:05:00.123456789-05:00",
                "2026-11-21T09:05:00.123-05:00",
            ),
        ] {
            assert_eq!(
                Wall::parse(text).map(Wall::rfc3339).as_deref(),
                Some(written)
            );
        }
        for text in [
            "",
            "2026-11-21",
            "2026-11-21T09:05:00",
            "2026-11-21 09:05:00Z",
            "2026-02-29T00:00:00Z",
            "2026-11-21T24:00:00Z",
            "2026-11-21T09:05:60Z",
            "2026-11-21T09:05:00.Z",
            "2026-11-21T9:05:00Z",
            "2026-11-21T09:05:00+1:00",
            "2026-11-21T09:05:00+24:00",
            "2026-11-21T09:05:00Zulu",
            "1969-12-31T23:59:59Z",
            "2026-13-01T00:00:00Z",
            "\u{ff12}026-11-21T09:05:00Z",
        ] {
            assert_eq!(Wall::parse(text), None, "{text}");
        }
        assert_eq!(day_number("2000-02-29"), Some(11_016));
        assert_eq!(day_number("20000-2-29"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_moment_survives(
            unix_ms in 86_400_000_i64..253_000_000_000_000,
            offset_min in -720_i16..840,
        ) {
            let wall = Wall { unix_ms, offset_min };
            proptest::prop_assert_eq!(Wall::parse(&wall.rfc3339()), Some(wall));
        }
    }
}
