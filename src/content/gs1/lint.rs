//! Rules of values. The names are those of the GS1 Syntax Dictionary.

use super::dictionary::{Component, Entry, Kind};
use super::{Problem, Rule};
use crate::content::check_digit::Family;
use crate::content::country;

/// Punctuation of GS1 character set 82, besides letters and digits.
const SET_82: &str = "!\"%&'()*+,-./:;<=>?_";
/// Digits a GS1 company prefix has at least.
const COMPANY_DIGITS_MIN: usize = 4;

/// A rule of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Linter {
    /// The last digit is a GS1 check digit.
    CheckDigit,
    /// A company prefix begins at this character, from 0.
    CompanyPrefix(usize),
    /// A whole date.
    Date,
    /// A date whose day may be 00.
    DateDay0,
    HourMinute,
    CountryNumeric,
    /// As before, and 999 for several.
    CountryNumericOr999,
    CountryAlpha2,
    CurrencyShape,
    PercentEncoding,
    /// 0 or 1.
    YesNo,
    /// All zeros.
    Zero,
    /// Not all zeros.
    NonZero,
    NoZeroPrefix,
    /// Two numbers of equal length: piece and total.
    PieceOfTotal,
    Latitude,
    Longitude,
    Hyphen,
    /// At least one character that is no digit.
    HasNonDigit,
}

impl Linter {
    /// By the dictionary's name.
    pub(super) fn named(name: &str) -> Option<Linter> {
        Some(match name {
            "csum" => Linter::CheckDigit,
            "key" | "gcppos1" => Linter::CompanyPrefix(0),
            "keyoff1" | "gcppos2" => Linter::CompanyPrefix(1),
            "yymmdd" => Linter::Date,
            "yymmd0" => Linter::DateDay0,
            "hhmi" | "hhmm" => Linter::HourMinute,
            "iso3166" => Linter::CountryNumeric,
            "iso3166999" => Linter::CountryNumericOr999,
            "iso3166alpha2" => Linter::CountryAlpha2,
            "iso4217" => Linter::CurrencyShape,
            "pcenc" => Linter::PercentEncoding,
            "yesno" => Linter::YesNo,
            "zero" => Linter::Zero,
            "nonzero" => Linter::NonZero,
            "nozeroprefix" => Linter::NoZeroPrefix,
            "pieceoftotal" => Linter::PieceOfTotal,
            "latitude" => Linter::Latitude,
            "longitude" => Linter::Longitude,
            "hyphen" => Linter::Hyphen,
            "hasnondigit" => Linter::HasNonDigit,
            _ => return None,
        })
    }

    /// What is wrong with `text`, which has the right length and characters.
    fn wrong(self, text: &str) -> Option<(Rule, String)> {
        let value = |message: &str| Some((Rule::Value, message.to_owned()));
        let all_zero = || text.bytes().all(|b| b == b'0');
        match self {
            Linter::CheckDigit => check_digit(text),
            Linter::CompanyPrefix(at) => company_prefix(text, at),
            Linter::Date if !is_date(text, false) => date(text, "a date as YYMMDD"),
            Linter::DateDay0 if !is_date(text, true) => {
                date(text, "a date as YYMMDD, DD may be 00")
            }
            Linter::HourMinute if !is_hour_minute(text) => date(text, "a time as HHMM"),
            Linter::CountryNumeric if !is_country(text) => no_country(text),
            Linter::CountryNumericOr999 if text != "999" && !is_country(text) => no_country(text),
            Linter::CountryAlpha2 if country::find(text).is_none() => Some((
                Rule::Country,
                format!("{text:?} is no country; write two capital letters of ISO 3166"),
            )),
            Linter::CurrencyShape if text == "000" => value("000 is no currency"),
            Linter::PercentEncoding => percent(text),
            Linter::YesNo if !matches!(text, "0" | "1") => value("must be 0 (no) or 1 (yes)"),
            Linter::Zero if !all_zero() => value("must begin with 0"),
            Linter::NonZero if all_zero() => value("must not be zero"),
            Linter::NoZeroPrefix if text.len() > 1 && text.starts_with('0') => {
                value("must not begin with 0")
            }
            Linter::PieceOfTotal => piece_of_total(text),
            Linter::Latitude if !at_most(text, 1_800_000_000) => value("is no latitude"),
            Linter::Longitude if !at_most(text, 3_600_000_000) => value("is no longitude"),
            Linter::Hyphen if text != "-" => value("must be a hyphen"),
            Linter::HasNonDigit if text.bytes().all(|b| b.is_ascii_digit()) => {
                value("needs a character that is no digit")
            }
            _ => None,
        }
    }
}

/// Checks a value by its entry: length, characters, then the rules of each component.
pub(super) fn check(entry: Option<&Entry>, ai: &str, value: &str, position: usize) -> Vec<Problem> {
    let problem = |rule, message| Problem {
        ai: ai.to_owned(),
        position,
        rule,
        message,
    };
    let Some(entry) = entry else {
        let message = format!("({ai}) is no application identifier");
        return vec![problem(Rule::UnknownAi, message)];
    };
    let (least, most) = entry.length();
    let length = value.chars().count();
    if length < least || length > most {
        let wanted = if least == most {
            format!("must have {most}")
        } else {
            format!("may have {least} to {most}")
        };
        let message = match length {
            0 => format!("({ai}) has no value"),
            _ => format!("({ai}) has {length} characters but {wanted}"),
        };
        return vec![problem(Rule::Length, message)];
    }
    let mut found = Vec::new();
    let mut rest = value;
    for part in &entry.components {
        let end = rest
            .char_indices()
            .nth(part.most)
            .map_or(rest.len(), |(at, _)| at);
        let (this, tail) = rest.split_at(end);
        rest = tail;
        if this.is_empty() && part.optional {
            continue;
        }
        component(part, ai, this, &mut |rule, message| {
            found.push(problem(rule, message))
        });
    }
    found
}

fn component(part: &Component, ai: &str, text: &str, tell: &mut dyn FnMut(Rule, String)) {
    if let Some(message) = characters(part.kind, ai, text) {
        return tell(Rule::Characters, message);
    }
    if text.len() < part.least {
        let (has, wants) = (text.len(), part.least);
        return tell(
            Rule::Length,
            format!("({ai}) ends after {has} of {wants} characters"),
        );
    }
    for (rule, message) in part.linters.iter().filter_map(|linter| linter.wrong(text)) {
        tell(rule, format!("({ai}) {message}"));
    }
}

/// True if a value may hold the character without encoding.
pub(super) fn in_set_82(c: char) -> bool {
    c.is_ascii_alphanumeric() || SET_82.contains(c)
}

fn characters(kind: Kind, ai: &str, text: &str) -> Option<String> {
    let pass = |c: char| match kind {
        Kind::N => c.is_ascii_digit(),
        Kind::X => in_set_82(c),
        Kind::Y => matches!(c, '#' | '-' | '/' | '0'..='9' | 'A'..='Z'),
        Kind::Z => c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '='),
    };
    let bad = text.chars().find(|c| !pass(*c))?;
    Some(match kind {
        Kind::N => format!("({ai}) takes digits only, not {bad:?}"),
        Kind::Y => format!("({ai}): {bad:?}; use digits, capitals and #-/"),
        Kind::Z => format!("({ai}): {bad:?}; use letters, digits and -_="),
        Kind::X => format!(
            "({ai}): {bad:?} is not in the GS1 character set; use letters, digits and {SET_82}"
        ),
    })
}

fn check_digit(text: &str) -> Option<(Rule, String)> {
    let (at, last) = text.char_indices().next_back()?;
    let right = Family::Gs1Mod10.check(text.get(..at)?)?;
    let message = format!("check digit is {last} but must be {right}");
    (last != right).then_some((Rule::CheckDigit, message))
}

fn company_prefix(text: &str, at: usize) -> Option<(Rule, String)> {
    let prefix = text.get(at..at + COMPANY_DIGITS_MIN);
    let good = prefix.is_some_and(|p| p.bytes().all(|b| b.is_ascii_digit()));
    let from = at + 1;
    let message = format!("needs a GS1 company prefix of digits from character {from}");
    (!good).then_some((Rule::CompanyPrefix, message))
}

fn date(text: &str, what: &str) -> Option<(Rule, String)> {
    Some((Rule::Date, format!("{text} is not {what}")))
}

fn no_country(text: &str) -> Option<(Rule, String)> {
    let message = format!("{text} is no country; write the three digits of ISO 3166");
    Some((Rule::Country, message))
}

fn is_country(text: &str) -> bool {
    country::by_number(text).is_some()
}

fn two(text: &str, at: usize) -> Option<u32> {
    text.get(at..at + 2)?.parse().ok()
}

fn is_date(text: &str, day_0: bool) -> bool {
    let (Some(year), Some(month), Some(day)) = (two(text, 0), two(text, 2), two(text, 4)) else {
        return false;
    };
    // The century slides, but 2000 is a leap year, and 1900 or 2100 are out of its reach.
    let leap = u32::from(year % 4 == 0);
    let most = match month {
        2 => 28 + leap,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return false,
    };
    day <= most && (day > 0 || day_0)
}

fn is_hour_minute(text: &str) -> bool {
    // 9999 stands for "no time given" in 4324 and 4325.
    text == "9999" || two(text, 0).is_some_and(|h| h < 24) && two(text, 2).is_some_and(|m| m < 60)
}

/// A `%` must begin an encoded byte; what the bytes say must be text.
fn percent(text: &str) -> Option<(Rule, String)> {
    let wrong = |message: &str| Some((Rule::PercentEncoding, message.to_owned()));
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('%') {
        let hex = |two: &str| two.bytes().all(|b| b.is_ascii_hexdigit());
        if !after.get(..2).is_some_and(hex) {
            return wrong("has % without two hexadecimal digits; write %25 for it");
        }
        rest = after.get(2..).unwrap_or_default();
    }
    match super::percent_decode(text) {
        Some(_) => None,
        None => wrong("has encoded bytes that are no text in UTF-8"),
    }
}

fn piece_of_total(text: &str) -> Option<(Rule, String)> {
    let (piece, total) = text.split_at(text.len() / 2);
    let zero = |half: &str| half.bytes().all(|b| b == b'0');
    let message = format!("piece {piece} of {total} cannot be");
    (zero(piece) || zero(total) || piece > total).then_some((Rule::Value, message))
}

fn at_most(text: &str, most: u64) -> bool {
    text.parse::<u64>().is_ok_and(|n| n <= most)
}
