//! Days on which nobody works: a date, a day of every year, a distance from Easter Sunday, or the
//! n-th weekday of a month.
//!
//! | written | is |
//! |---|---|
//! | `2026-12-24` | that day, once; also for a substitute of a holiday that falls on a Sunday |
//! | `12-25` | every year |
//! | `easter`, `easter-2`, `easter+39` | Easter Sunday (Gregorian), Good Friday, Ascension |
//! | `11-thu-4`, `05-mon-last` | fourth Thursday of November, last Monday of May |

use super::weekdays;
use jiff::civil::{Date, Weekday};

/// Farther from Easter no year has anything, and such a day could fall into another year.
const EASTER_DAYS_MAX: i16 = 80;

/// One day, or one day of every year.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holiday {
    Once(Date),
    Yearly {
        month: i8,
        day: i8,
    },
    /// Days after Easter Sunday.
    Easter(i16),
    /// `nth` is 1 to 4, or `None` for the last.
    Nth {
        month: i8,
        weekday: Weekday,
        nth: Option<i8>,
    },
}

impl Holiday {
    /// Reads one of the forms above.
    pub fn parse(text: &str) -> Option<Holiday> {
        if let Some(days) = text.strip_prefix("easter") {
            let days = if days.is_empty() {
                0
            } else {
                days.starts_with(['+', '-']).then(|| days.parse().ok())??
            };
            let near = (-EASTER_DAYS_MAX..=EASTER_DAYS_MAX).contains(&days);
            return near.then_some(Holiday::Easter(days));
        }
        let parts: Vec<&str> = text.splitn(4, '-').collect();
        match parts.as_slice() {
            [month, day] => {
                let (month, day) = (two(month)?, two(day)?);
                // A leap year, so that 02-29 can be written.
                Date::new(2024, month, day).ok()?;
                Some(Holiday::Yearly { month, day })
            }
            [year, month, day] if year.len() == 4 => {
                let year = year.parse().ok().filter(|year| *year >= 1970)?;
                Date::new(year, two(month)?, two(day)?)
                    .ok()
                    .map(Holiday::Once)
            }
            [month, weekday, nth] => {
                let (month, weekday) = (two(month)?, weekdays::parse(weekday)?);
                let nth = match *nth {
                    "last" => None,
                    "1" | "2" | "3" | "4" => Some(nth.parse().ok()?),
                    _ => return None,
                };
                (1..=12).contains(&month).then_some(Holiday::Nth {
                    month,
                    weekday,
                    nth,
                })
            }
            _ => None,
        }
    }

    pub fn is_on(&self, date: Date) -> bool {
        match self {
            Holiday::Once(day) => *day == date,
            Holiday::Yearly { month, day } => date.month() == *month && date.day() == *day,
            Holiday::Easter(days) => easter(date.year()).is_some_and(|sunday| {
                date.day_of_year() == sunday.day_of_year().saturating_add(*days)
            }),
            Holiday::Nth {
                month,
                weekday,
                nth,
            } => {
                let week = (date.day() - 1) / 7 + 1;
                let right = match nth {
                    Some(nth) => week == *nth,
                    None => date.day() + 7 > date.days_in_month(),
                };
                right && date.month() == *month && date.weekday() == *weekday
            }
        }
    }
}

/// Exactly two digits.
fn two(text: &str) -> Option<i8> {
    let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}

/// Easter Sunday of the Gregorian calendar, by the anonymous rule printed in Nature in 1876.
fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (b - (b + 8) / 25 + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let n = h + l - 7 * m + 114;
    let (month, day) = (n / 31, n % 31 + 1);
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use jiff::civil::date;
    use proptest::prelude::*;

    #[test]
    fn easter_falls_where_it_was_published() {
        for day in [
            date(1961, 4, 2),
            date(2000, 4, 23),
            date(2008, 3, 23),
            date(2019, 4, 21),
            date(2024, 3, 31),
            date(2025, 4, 20),
            date(2026, 4, 5),
            date(2027, 3, 28),
            date(2038, 4, 25),
        ] {
            assert_eq!(easter(day.year()), Some(day));
        }
    }

    #[test]
    fn rules_fall_on_their_days() {
        for (text, day) in [
            ("easter-2", date(2026, 4, 3)),
            ("easter+39", date(2026, 5, 14)),
            ("easter+60", date(2026, 6, 4)),
            ("11-thu-4", date(2026, 11, 26)),
            ("05-mon-last", date(2026, 5, 25)),
            ("08-mon-last", date(2026, 8, 31)),
            ("01-mon-3", date(2026, 1, 19)),
            ("12-25", date(2031, 12, 25)),
            ("02-29", date(2028, 2, 29)),
            ("2026-12-28", date(2026, 12, 28)),
        ] {
            let holiday = Holiday::parse(text).unwrap();
            assert!(holiday.is_on(day), "{text}");
            assert!(!holiday.is_on(day.tomorrow().unwrap()), "{text}");
        }
    }

    #[test]
    fn anything_else_is_no_holiday() {
        for text in [
            "",
            "easter2",
            "easter+",
            "easter+81",
            "easter--1",
            "13-01",
            "02-30",
            "1-1",
            "2026-02-29",
            "12-25-",
            "11-thu-5",
            "11-thursday-4",
            "00-mon-1",
            "26-12-24",
            "1969-01-01",
        ] {
            assert_eq!(Holiday::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,16}", near in "(easter)?[0-9a-z+-]{0,10}") {
            for text in [text, near] {
                if let Some(holiday) = Holiday::parse(&text) {
                    prop_assert!(text.is_ascii());
                    for month in 1..=12 {
                        holiday.is_on(date(2026, month, 28));
                    }
                }
            }
        }

        #[test]
        fn easter_is_a_sunday_in_spring(year in 1583..9999_i16) {
            let day = easter(year).unwrap();
            prop_assert_eq!(day.weekday(), Weekday::Sunday);
            prop_assert!(day >= date(year, 3, 22) && day <= date(year, 4, 25));
        }
    }
}
