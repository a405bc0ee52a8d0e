//! How a field's text is shown. Formats work on text and whole numbers only: the same value gives
//! the same text everywhere.

use super::date::Pattern;
use super::group::{self, Grouping};
use super::weight::{self, Unit};

/// Longest padding and longest part taken, characters.
const LENGTH_MAX: usize = 200;

const NAMES: &str = "plain, upper, lower, trim, compact, digits, fours, group[:auto|ups|s10|sscc], \
     first:N, last:N, skip:N, pad:N[:0], pad-end:N, default:TEXT, date:DD MMM YYYY, \
     weight:kg|g|lb|oz|lb-oz|gs1";

/// One step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// As it is.
    Plain,
    /// Upper case, as postal rules ask (USPS Publication 28).
    Upper,
    Lower,
    /// No white space at the ends, single spaces inside.
    Trim,
    /// No white space at all.
    Compact,
    /// Digits only.
    Digits,
    /// As people read tracking numbers aloud.
    Group(Grouping),
    /// The first so many characters.
    First(usize),
    /// The last so many characters.
    Last(usize),
    /// Without the first so many characters.
    Skip(usize),
    /// Filled up at the front to so many characters.
    Pad(usize, char),
    /// Filled up with spaces at the end.
    PadEnd(usize),
    /// What stands there if there is nothing.
    Default(String),
    Date(Pattern),
    /// Unit and decimals.
    Weight(Unit, u32),
}

impl Format {
    /// `name` or `name:argument`. The error lists what there is.
    pub fn parse(source: &str) -> Result<Self, String> {
        let (name, argument) = match source.split_once(':') {
            Some((name, argument)) => (name, Some(argument)),
            None => (source, None),
        };
        let unknown = || format!("unknown format '{source}'; use {NAMES}");
        let length = || {
            let length = argument.and_then(|text| text.parse::<usize>().ok());
            let length = length.filter(|length| (1..=LENGTH_MAX).contains(length));
            length.ok_or_else(|| {
                format!("'{source}' needs a number from 1 to {LENGTH_MAX}, such as {name}:5")
            })
        };
        Ok(match (name, argument) {
            ("plain", None) => Self::Plain,
            ("upper", None) => Self::Upper,
            ("lower", None) => Self::Lower,
            ("trim", None) => Self::Trim,
            ("compact", None) => Self::Compact,
            ("digits", None) => Self::Digits,
            ("fours", None) => Self::Group(Grouping::Fours),
            ("group", name) => {
                Self::Group(Grouping::parse(name.unwrap_or("auto")).ok_or_else(unknown)?)
            }
            ("first", _) => Self::First(length()?),
            ("last", _) => Self::Last(length()?),
            ("skip", _) => Self::Skip(length()?),
            ("pad-end", _) => Self::PadEnd(length()?),
            ("pad", Some(argument)) => pad(argument).ok_or_else(|| {
                format!("'{source}' needs a length and maybe a character: pad:8 or pad:8:0")
            })?,
            ("default", Some(text)) => Self::Default(text.to_owned()),
            ("date", Some(pattern)) => Self::Date(Pattern::parse(pattern)?),
            ("weight", Some(argument)) => {
                let (unit, decimals) = weight::parse_unit(argument)?;
                Self::Weight(unit, decimals)
            }
            _ => return Err(unknown()),
        })
    }

    /// Appends `value` in this format to `out`. Nothing stays nothing, except for a default. The
    /// error says what the value should look like.
    pub fn apply(&self, value: &str, out: &mut String) -> Result<(), String> {
        if let Self::Default(text) = self {
            out.push_str(if value.is_empty() { text } else { value });
            return Ok(());
        }
        if value.is_empty() {
            return Ok(());
        }
        match self {
            Self::Plain | Self::Default(_) => out.push_str(value),
            Self::Upper => out.extend(value.chars().flat_map(char::to_uppercase)),
            Self::Lower => out.extend(value.chars().flat_map(char::to_lowercase)),
            Self::Trim => trim(value, out),
            Self::Compact => out.extend(value.chars().filter(|c| !c.is_whitespace())),
            Self::Digits => out.extend(value.chars().filter(char::is_ascii_digit)),
            Self::Group(grouping) => group::append(*grouping, value, out),
            Self::First(count) => out.extend(value.chars().take(*count)),
            Self::Last(count) => {
                let all = value.chars().count();
                out.extend(value.chars().skip(all.saturating_sub(*count)));
            }
            Self::Skip(count) => out.extend(value.chars().skip(*count)),
            Self::Pad(count, with) => {
                let short = count.saturating_sub(value.chars().count());
                out.extend(std::iter::repeat_n(*with, short));
                out.push_str(value);
            }
            Self::PadEnd(count) => {
                let short = count.saturating_sub(value.chars().count());
                out.push_str(value);
                out.extend(std::iter::repeat_n(' ', short));
            }
            Self::Date(pattern) => pattern.append(value, out)?,
            Self::Weight(unit, decimals) => weight::append(value, *unit, *decimals, out)?,
        }
        Ok(())
    }
}

fn pad(argument: &str) -> Option<Format> {
    let (length, with) = argument.split_once(':').unwrap_or((argument, " "));
    let length = length.parse().ok()?;
    let mut with = with.chars();
    let (Some(with), None) = (with.next(), with.next()) else {
        return None;
    };
    (1..=LENGTH_MAX)
        .contains(&length)
        .then_some(Format::Pad(length, with))
}

fn trim(value: &str, out: &mut String) {
    for (index, word) in value.split_whitespace().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn shown(format: &str, value: &str) -> String {
        let mut out = String::new();
        Format::parse(format)
            .unwrap()
            .apply(value, &mut out)
            .unwrap();
        out
    }

    #[test]
    fn every_format_does_what_its_name_says() {
        for (format, value, expected) in [
            ("plain", " a ", " a "),
            ("upper", "straße", "STRASSE"),
            ("lower", "ÄB", "äb"),
            ("trim", "  a \t b  ", "a b"),
            ("compact", "1Z 99 9", "1Z999"),
            ("digits", "+49 (0)40-1", "490401"),
            ("fours", "1234 56789", "1234 5678 9"),
            ("first:3", "äöü1", "äöü"),
            ("last:3", "1äöü", "äöü"),
            ("last:9", "äöü", "äöü"),
            ("skip:2", "äöü", "ü"),
            ("skip:9", "äöü", ""),
            ("pad:5:0", "42", "00042"),
            ("pad:5", "42", "   42"),
            ("pad:1:0", "42", "42"),
            ("pad-end:4", "42", "42  "),
            ("default:-", "", "-"),
            ("default:-", "x", "x"),
            ("upper", "", ""),
            ("pad:4:0", "", ""),
        ] {
            assert_eq!(shown(format, value), expected, "{format} of {value:?}");
        }
    }

    #[test]
    fn wrong_formats_are_refused() {
        for format in [
            "",
            "x",
            "first",
            "first:0",
            "first:x",
            "first:201",
            "pad",
            "pad:",
            "pad:3:ab",
            "date",
            "weight",
            "weight:stone",
            "group:none",
            "upper:1",
            "date:QQ",
        ] {
            assert!(Format::parse(format).is_err(), "{format}");
        }
    }
}
