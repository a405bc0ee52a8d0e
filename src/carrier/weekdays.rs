//! Days of the week as carrier files name them.

use jiff::civil::Weekday;

const NAMES: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

/// A set of days of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Weekdays([bool; 7]);

impl Weekdays {
    /// Single days and runs of them: `mon`, `mon-fri`, `sat`. `None` names what cannot be read.
    pub fn parse(texts: &[String]) -> Result<Weekdays, String> {
        let mut days = [false; 7];
        for text in texts {
            let (first, last) = text.split_once('-').unwrap_or((text, text));
            let (Some(first), Some(last)) = (place(first), place(last)) else {
                return Err(format!("{text:?} is no day of the week"));
            };
            if first > last {
                return Err(format!("{text:?} runs backwards"));
            }
            days.iter_mut()
                .take(last + 1)
                .skip(first)
                .for_each(|day| *day = true);
        }
        if days.contains(&true) {
            return Ok(Weekdays(days));
        }
        Err("there is no day".to_owned())
    }

    pub fn has(self, day: Weekday) -> bool {
        let at = usize::try_from(day.to_monday_zero_offset()).ok();
        at.and_then(|at| self.0.get(at)).copied().unwrap_or(false)
    }
}

/// A day by its three letters.
pub(super) fn parse(text: &str) -> Option<Weekday> {
    NAMES
        .iter()
        .find(|(name, _)| *name == text)
        .map(|(_, day)| *day)
}

fn place(text: &str) -> Option<usize> {
    NAMES.iter().position(|(name, _)| *name == text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn days_and_runs_are_read_and_mistakes_named() {
        let read = |texts: &[&str]| {
            let texts: Vec<String> = texts.iter().map(|t| (*t).to_owned()).collect();
            Weekdays::parse(&texts)
        };
        let week = read(&["mon-wed", "sat"]).unwrap();
        let has: Vec<bool> = NAMES.iter().map(|(_, day)| week.has(*day)).collect();
        assert_eq!(has, [true, true, true, false, false, true, false]);
        assert!(read(&["sun"]).unwrap().has(Weekday::Sunday));
        for (texts, cause) in [
            (&["Mon"][..], "no day of the week"),
            (&["fri-mon"][..], "backwards"),
            (&["mon-"][..], "no day of the week"),
            (&[][..], "there is no day"),
        ] {
            assert!(read(texts).unwrap_err().contains(cause), "{texts:?}");
        }
    }
}
