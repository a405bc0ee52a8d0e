//! ISO dates (`2026-11-21`, with or without a time) in another order. Names of months and days
//! are English, as on carriers' labels. No clock and no time zones: what is written is shown.

use std::fmt::Write as _;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];
const TOKENS: &str = "YYYY YY MMMM MMM MM M DDD (day of the year) DD D EEEE EEE HH mm ss";

/// A pattern such as `DD MMM YYYY`; text between single quotes stands for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern {
    pieces: Vec<Piece>,
    with_time: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Year,
    Year2,
    MonthName,
    MonthShort,
    Month2,
    Month,
    DayOfYear,
    Day2,
    Day,
    Weekday,
    WeekdayShort,
    Hour,
    Minute,
    Second,
}

/// Longest first, so that `MMM` is not two months.
const PIECES: [(&str, Piece); 14] = [
    ("YYYY", Piece::Year),
    ("MMMM", Piece::MonthName),
    ("EEEE", Piece::Weekday),
    ("MMM", Piece::MonthShort),
    ("DDD", Piece::DayOfYear),
    ("EEE", Piece::WeekdayShort),
    ("YY", Piece::Year2),
    ("MM", Piece::Month2),
    ("DD", Piece::Day2),
    ("HH", Piece::Hour),
    ("mm", Piece::Minute),
    ("ss", Piece::Second),
    ("M", Piece::Month),
    ("D", Piece::Day),
];

/// A date and maybe a time, as written.
struct Moment {
    year: u32,
    month: u32,
    day: u32,
    time: Option<(u32, u32, u32)>,
}

impl Pattern {
    /// The error lists the letters there are.
    pub fn parse(source: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut rest = source;
        while let Some(c) = rest.chars().next() {
            if let Some(quoted) = rest.strip_prefix('\'') {
                let Some((inside, after)) = quoted.split_once('\'') else {
                    return Err(format!(
                        "date:{source}: a quote is not closed; write 'text'"
                    ));
                };
                text.push_str(inside);
                rest = after;
            } else if let Some((token, piece)) = PIECES.iter().find(|(t, _)| rest.starts_with(t)) {
                if !text.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                }
                pieces.push(piece.clone());
                rest = &rest[token.len()..];
            } else if c.is_alphanumeric() {
                return Err(format!(
                    "date:{source}: '{c}' stands for nothing; use {TOKENS}, or put text in quotes"
                ));
            } else {
                text.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        if pieces.is_empty() {
            return Err(format!(
                "date:{source} shows no part of a date; use {TOKENS}"
            ));
        }
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        let timed = |piece: &Piece| matches!(piece, Piece::Hour | Piece::Minute | Piece::Second);
        let with_time = pieces.iter().any(timed);
        Ok(Self { pieces, with_time })
    }

    /// Appends the ISO date `value` in this pattern.
    pub fn append(&self, value: &str, out: &mut String) -> Result<(), String> {
        let moment =
            read(value).ok_or_else(|| format!("'{value}' is no date; give it as YYYY-MM-DD"))?;
        if self.with_time && moment.time.is_none() {
            return Err(format!(
                "'{value}' has no time; give it as YYYY-MM-DD HH:MM"
            ));
        }
        for piece in &self.pieces {
            moment.append(piece, out);
        }
        Ok(())
    }
}

impl Moment {
    fn append(&self, piece: &Piece, out: &mut String) {
        let (hour, minute, second) = self.time.unwrap_or_default();
        let month = MONTHS
            .get(self.month.saturating_sub(1) as usize)
            .unwrap_or(&"");
        let number = |out: &mut String, value: u32, digits: usize| {
            // Writing to a String cannot fail.
            let written = write!(out, "{value:0digits$}");
            debug_assert!(written.is_ok());
        };
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Year => number(out, self.year, 4),
            Piece::Year2 => number(out, self.year % 100, 2),
            Piece::MonthName => out.push_str(month),
            Piece::MonthShort => out.push_str(&month[..3.min(month.len())]),
            Piece::Month2 => number(out, self.month, 2),
            Piece::Month => number(out, self.month, 1),
            Piece::DayOfYear => number(out, self.day_of_year(), 3),
            Piece::Day2 => number(out, self.day, 2),
            Piece::Day => number(out, self.day, 1),
            Piece::Weekday => out.push_str(self.weekday()),
            Piece::WeekdayShort => out.push_str(&self.weekday()[..3]),
            Piece::Hour => number(out, hour, 2),
            Piece::Minute => number(out, minute, 2),
            Piece::Second => number(out, second, 2),
        }
    }

    fn day_of_year(&self) -> u32 {
        let before: u32 = (1..self.month).map(|month| days_in(self.year, month)).sum();
        before + self.day
    }

    fn weekday(&self) -> &'static str {
        // 0001-01-01 was a Monday in the calendar used backwards.
        let years = self.year.saturating_sub(1);
        let days = years * 365 + years / 4 - years / 100 + years / 400 + self.day_of_year() - 1;
        DAYS[(days % 7) as usize]
    }
}

fn days_in(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    }
}

/// `2026-11-21`, `20261121`, `2026-11-21T14:05:09+01:00`, `2026-11-21 14:05`.
fn read(value: &str) -> Option<Moment> {
    let value = value.trim();
    let (date, time) = match value.split_once(['T', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (value, None),
    };
    let bytes = date.as_bytes();
    let (year, month, day) = match bytes {
        [y @ .., b'-', m1, m2, b'-', d1, d2] if y.len() == 4 => (y, [*m1, *m2], [*d1, *d2]),
        [y1, y2, y3, y4, m1, m2, d1, d2] => (&[*y1, *y2, *y3, *y4][..], [*m1, *m2], [*d1, *d2]),
        _ => return None,
    };
    let (year, month, day) = (digits(year)?, digits(&month)?, digits(&day)?);
    let known = year >= 1 && (1..=12).contains(&month);
    if !known || !(1..=days_in(year, month)).contains(&day) {
        return None;
    }
    let time = match time {
        None => None,
        Some(time) => Some(read_time(time)?),
    };
    Some(Moment {
        year,
        month,
        day,
        time,
    })
}

/// `14:05`, `14:05:09`; what follows (fractions, a zone) is not shown and not looked at.
fn read_time(time: &str) -> Option<(u32, u32, u32)> {
    let bytes = time.as_bytes();
    let two = |at: usize| digits(bytes.get(at..at + 2)?);
    let (hour, minute) = (two(0)?, two(3)?);
    let second = if bytes.get(5) == Some(&b':') {
        two(6)?
    } else {
        0
    };
    let legal = bytes.get(2) == Some(&b':') && hour < 24 && minute < 60 && second < 61;
    legal.then_some((hour, minute, second))
}

fn digits(bytes: &[u8]) -> Option<u32> {
    let plain = bytes.iter().all(u8::is_ascii_digit);
    plain.then(|| {
        bytes
            .iter()
            .fold(0, |sum, byte| sum * 10 + u32::from(byte - b'0'))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn shown(pattern: &str, value: &str) -> Result<String, String> {
        let mut out = String::new();
        Pattern::parse(pattern)?
            .append(value, &mut out)
            .map(|()| out)
    }

    #[test]
    fn dates_in_every_order() {
        for (pattern, value, expected) in [
            ("DD MMM YYYY", "2026-11-21", "21 Nov 2026"),
            ("D.M.YY", "2026-03-05", "5.3.26"),
            ("EEEE, MMMM D", "2026-11-21", "Saturday, November 21"),
            ("EEE", "2024-02-29", "Thu"),
            ("DDD", "2026-12-31", "365"),
            ("YYDDD", "2024-12-31", "24366"),
            ("YYYYMMDD", "2026-11-21T14:05:09+01:00", "20261121"),
            ("HH:mm:ss 'h'", "2026-11-21 14:05 +01:00", "14:05:00 h"),
            ("DD/MM", "20261121", "21/11"),
        ] {
            assert_eq!(shown(pattern, value).as_deref(), Ok(expected), "{pattern}");
        }
    }

    #[test]
    fn weekdays_agree_with_known_ones() {
        for (value, day) in [
            ("2000-01-01", "Sat"),
            ("1900-03-01", "Thu"),
            ("2026-11-21", "Sat"),
            ("2027-01-01", "Fri"),
        ] {
            assert_eq!(shown("EEE", value).as_deref(), Ok(day), "{value}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for value in [
            "2026-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-1-1",
            "21.11.2026",
            "0000-01-01",
            "2026-11-21T25:00",
            "２０２６-11-21",
            "2026-11-21 x",
        ] {
            assert!(shown("DD", value).is_err(), "{value}");
        }
        assert!(shown("HH", "2026-11-21").is_err());
        for pattern in ["", "X", "DD 'open", "-", "Q"] {
            assert!(Pattern::parse(pattern).is_err(), "{pattern}");
        }
    }
}
