//! One line of a scale as a row of parts, and what a frame says by it.
//!
//! | part | stands for |
//! |---|---|
//! | text | itself; braces are written `{{` and `}}` |
//! | `{weight N}`, `{weight}` | a number of N bytes padded with blanks, or as long as it is |
//! | `{sign}` | a blank, `+` or `-` that belongs to the weight |
//! | `{ounces}` | after a weight in whole pounds: its ounces; the reading is in ounces |
//! | `{unit N}`, `{unit}` | a unit of exactly N bytes (all blank: the profile's), or letters |
//! | `{mark NAME}` | one of the texts of `[framed.marks]` |
//! | `{bits NAME}` | a byte whose bits `[framed.bits]` explains |
//! | `{blanks}` | any number of blanks, also none |
//! | `{skip N}` | N bytes of any kind |
//! | `{flags LIST}` | nothing; a frame of this pattern has these flags |

use crate::mass::{Decimal, MassFlags, MassReading, Unit};
use crate::profile::unescape;
use std::collections::BTreeMap;

/// Widest part.
const WIDTH_MAX: usize = 32;
/// Most parts of a pattern.
const PARTS_MAX: usize = 32;
/// Most digits of a number; 16 times it is still in range.
const DIGITS_MAX: usize = 16;

/// Texts of a mark with what they mean, longest first.
pub(super) type Marks = Vec<(Vec<u8>, MassFlags)>;

/// What parts refer to.
#[derive(Debug, Clone, Default)]
pub(super) struct Tables {
    pub marks: BTreeMap<String, Marks>,
    pub bits: BTreeMap<String, Vec<(u8, MassFlags)>>,
    pub units: BTreeMap<String, Unit>,
    pub comma: bool,
}

/// What a frame is by a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    Ignored,
    Reading(MassReading),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(Vec<u8>),
    Weight(Option<usize>),
    Sign,
    Ounces,
    Unit(Option<usize>),
    Mark(String),
    Bits(String),
    Blanks,
    Skip(usize),
    Flags(MassFlags),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Part>);

/// What was gathered on the way through a frame.
#[derive(Default)]
struct Gathered {
    negative: bool,
    weight: Option<Decimal>,
    ounces: Option<Decimal>,
    unit: Option<Unit>,
    flags: MassFlags,
}

impl Pattern {
    /// Parses a pattern; the error says what is wrong in it.
    pub fn parse(text: &str, tables: &Tables) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            let doubled = rest.get(1..2).is_some_and(|next| next.starts_with(c));
            match c {
                '{' | '}' if doubled => {
                    literal.push(c);
                    rest = rest.get(2..).unwrap_or_default();
                }
                '{' => {
                    let (inner, after) = rest[1..].split_once('}').ok_or("'{' without '}'")?;
                    push_literal(&mut literal, &mut parts)?;
                    parts.push(part(inner, tables)?);
                    rest = after;
                }
                '}' => return Err("'}' without '{'; write '}}' for a brace".into()),
                _ => {
                    literal.push(c);
                    rest = &rest[c.len_utf8()..];
                }
            }
        }
        push_literal(&mut literal, &mut parts)?;
        if parts.is_empty() || parts.len() > PARTS_MAX {
            return Err(format!("1 to {PARTS_MAX} parts are needed"));
        }
        Ok(Pattern(parts))
    }

    /// Reads a frame; it fits from its first to its last byte or not at all.
    pub fn read(&self, body: &[u8], tables: &Tables, unit: Unit) -> Found {
        let mut gathered = Gathered::default();
        let mut rest = body;
        for part in &self.0 {
            match gathered.take(part, rest, tables) {
                Some(after) => rest = after,
                None => return Found::Nothing,
            }
        }
        if rest.is_empty() {
            gathered.reading(unit)
        } else {
            Found::Nothing
        }
    }
}

fn push_literal(literal: &mut String, parts: &mut Vec<Part>) -> Result<(), String> {
    if !literal.is_empty() {
        let bytes = unescape(&std::mem::take(literal)).ok_or("an escape is wrong")?;
        parts.push(Part::Literal(bytes));
    }
    Ok(())
}

fn part(inner: &str, tables: &Tables) -> Result<Part, String> {
    let (name, argument) = inner.split_once(' ').unwrap_or((inner, ""));
    let argument = argument.trim();
    let width = || match argument.parse() {
        _ if argument.is_empty() => Ok(None),
        Ok(width) if (1..=WIDTH_MAX).contains(&width) => Ok(Some(width)),
        _ => Err(format!("{{{inner}}}: the width is 1 to {WIDTH_MAX}")),
    };
    let known = |known: bool, kind: &str| {
        let missing = format!("{{{inner}}}: there is no [framed.{kind}] of that name");
        known.then(|| argument.to_owned()).ok_or(missing)
    };
    match name {
        "weight" => Ok(Part::Weight(width()?)),
        "unit" => Ok(Part::Unit(width()?)),
        "sign" => Ok(Part::Sign),
        "ounces" => Ok(Part::Ounces),
        "blanks" => Ok(Part::Blanks),
        "skip" => Ok(Part::Skip(width()?.unwrap_or(1))),
        "mark" => known(tables.marks.contains_key(argument), "marks").map(Part::Mark),
        "bits" => known(tables.bits.contains_key(argument), "bits").map(Part::Bits),
        "flags" => super::options::flags("patterns", argument)
            .map(Part::Flags)
            .map_err(|e| e.text),
        _ => Err(format!("{{{inner}}} is no part")),
    }
}

impl Gathered {
    /// Takes a part off the front of `rest`; `None` if it is not there.
    fn take<'a>(&mut self, part: &Part, rest: &'a [u8], tables: &Tables) -> Option<&'a [u8]> {
        match part {
            Part::Literal(text) => rest.strip_prefix(text.as_slice()),
            Part::Blanks => Some(rest.trim_ascii_start()),
            Part::Skip(width) => rest.get(*width..),
            Part::Flags(flags) => {
                self.add(*flags);
                Some(rest)
            }
            Part::Sign => {
                let (first, after) = rest.split_first()?;
                self.negative = *first == b'-';
                matches!(first, b' ' | b'+' | b'-').then_some(after)
            }
            Part::Weight(width) => {
                let (number, after) = number(rest, *width, tables.comma)?;
                self.weight = Some(number);
                Some(after)
            }
            Part::Ounces => {
                let (number, after) = number(rest, None, tables.comma)?;
                self.ounces = Some(number);
                Some(after)
            }
            Part::Unit(width) => {
                let letters = rest.iter().take_while(|b| b.is_ascii_alphabetic()).count();
                let (name, after) = rest.split_at_checked(width.unwrap_or(letters))?;
                let name = std::str::from_utf8(name).ok()?;
                if !name.trim().is_empty() {
                    self.unit = Some(unit(name, tables)?);
                }
                (width.is_some() || letters > 0).then_some(after)
            }
            Part::Mark(name) => {
                let mut texts = tables.marks.get(name)?.iter();
                let (text, flags) = texts.find(|(text, _)| rest.starts_with(text))?;
                self.add(*flags);
                rest.get(text.len()..)
            }
            Part::Bits(name) => {
                let (byte, after) = rest.split_first()?;
                let set = tables.bits.get(name)?.iter();
                for (_, flags) in set.filter(|(mask, _)| byte & mask != 0) {
                    self.add(*flags);
                }
                Some(after)
            }
        }
    }

    fn add(&mut self, flags: MassFlags) {
        let all = &mut self.flags;
        all.stable |= flags.stable;
        all.motion |= flags.motion;
        all.zero |= flags.zero;
        all.net |= flags.net;
        all.over |= flags.over;
        all.under |= flags.under;
        all.fault |= flags.fault;
    }

    fn reading(self, unit: Unit) -> Found {
        let mut flags = self.flags;
        // At rest and moving at once is moving.
        flags.stable &= !flags.motion && !flags.forbids_value();
        let unit = self.unit.unwrap_or(unit);
        let Some(mut weight) = self.weight else {
            return Found::Reading(MassReading::absent(unit, flags));
        };
        if self.negative {
            weight.mantissa = weight.mantissa.saturating_neg();
        }
        let (weight, unit) = match self.ounces {
            None => (weight, unit),
            Some(ounces) => match pounds_and_ounces(weight, ounces) {
                Some(both) => (both, Unit::Ounce),
                None => return Found::Nothing,
            },
        };
        MassReading::present(weight, unit, flags).map_or(Found::Nothing, Found::Reading)
    }
}

fn unit(name: &str, tables: &Tables) -> Option<Unit> {
    let own = tables
        .units
        .get(name)
        .or_else(|| tables.units.get(name.trim()));
    own.copied().or_else(|| Unit::parse(name).ok())
}

/// Whole pounds and ounces below sixteen, in ounces as fine as they came.
fn pounds_and_ounces(pounds: Decimal, ounces: Decimal) -> Option<Decimal> {
    let ten = 10_i64.checked_pow(u32::from(ounces.exponent.unsigned_abs()))?;
    let pound = 16_i64.checked_mul(ten)?;
    let proper = pounds.exponent == 0 && (0..pound).contains(&ounces.mantissa);
    let of_pounds = pounds.mantissa.checked_mul(pound).filter(|_| proper)?;
    let mantissa = if pounds.mantissa < 0 {
        of_pounds.checked_sub(ounces.mantissa)?
    } else {
        of_pounds.checked_add(ounces.mantissa)?
    };
    Some(Decimal {
        mantissa,
        exponent: ounces.exponent,
    })
}

/// A number at the front of `rest`: blanks, a sign, blanks, digits with one separator. Brackets
/// around the last digits (approved scales mark their unverified ones so) belong to it.
fn number(rest: &[u8], width: Option<usize>, comma: bool) -> Option<(Decimal, &[u8])> {
    let (mine, after) = match width {
        Some(width) => rest.split_at_checked(width)?,
        None => rest.split_at(length(rest, comma)),
    };
    let text = std::str::from_utf8(mine).ok()?.trim();
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let digits = digits.trim_start_matches(' ');
    let plain = match digits.split_once('[') {
        None => digits.to_owned(),
        Some((verified, more)) => format!("{verified}{}", more.strip_suffix(']')?),
    };
    let plain = match (comma, plain.contains('.'), plain.contains(',')) {
        (true, false, _) => plain.replace(',', "."),
        (false, _, false) => plain,
        _ => return None,
    };
    let signed = plain.starts_with(['-', '+']);
    if signed || plain.len() > DIGITS_MAX {
        return None;
    }
    let mut decimal = Decimal::parse(&plain).ok()?;
    if negative {
        decimal.mantissa = decimal.mantissa.saturating_neg();
    }
    Some((decimal, after))
}

/// Bytes of a number that is as long as it is; a separator without digits behind it is no part.
fn length(rest: &[u8], comma: bool) -> usize {
    let separator = if comma { b',' } else { b'.' };
    let blanks = |rest: &[u8]| rest.iter().take_while(|b| **b == b' ').count();
    let mut at = blanks(rest);
    if matches!(rest.get(at), Some(b'+' | b'-')) {
        at += 1;
        at += blanks(rest.get(at..).unwrap_or_default());
    }
    let digits = rest.get(at..).unwrap_or_default();
    let part = |b: &&u8| b.is_ascii_digit() || **b == separator || matches!(**b, b'[' | b']');
    let count = digits.iter().take_while(part).count();
    let open = count > 0 && digits.get(count - 1) == Some(&separator);
    at + count - usize::from(open)
}
