//! One line of a scale as a row of parts, and what a frame says by it.
//!
//! | part | stands for |
//! |---|---|
//! | text | itself; braces are written `{{` and `}}` |
//! | `{weight N}`, `{weight}` | a number of N bytes padded with blanks, or as long as it is |
//! | `{sign}` | a blank, `+` or `-` that belongs to the weight |
//! | `{digits N D}` | N digits without a point, the last D of them decimals |
//! | `{number}` | a number that is not the weight |
//! | `{ounces}` | after a weight in whole pounds: its ounces; the reading is in ounces |
//! | `{unit N}`, `{unit}` | a unit of exactly N bytes (all blank: the profile's), or letters |
//! | `{in UNIT}` | nothing; the weight is in kg, g, lb or oz |
//! | `{mark NAME}` | one of the texts of `[framed.marks]` |
//! | `{bits NAME}` | a byte whose bits `[framed.bits]` explains |
//! | `{blanks}` | any number of blanks, also none |
//! | `{skip N}` | N bytes of any kind |
//! | `{rest}` | all that is left |
//! | `{check 1}`, `{check 2}` | the checksum of the bytes before it, as a byte or two hex digits |
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
    pub checksum: Option<Checksum>,
}

/// How a frame is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sum {
    Xor,
    Add,
    /// What makes the sum zero.
    Complement,
}

/// A checksum over the bytes before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checksum {
    pub sum: Sum,
    /// Bytes that count although they are not in the frame's body: the start mark.
    pub before: Vec<u8>,
}

impl Checksum {
    pub fn of(&self, body: &[u8]) -> u8 {
        let bytes = self.before.iter().chain(body);
        match self.sum {
            Sum::Xor => bytes.fold(0, |sum, byte| sum ^ byte),
            Sum::Add => bytes.fold(0, |sum, byte| sum.wrapping_add(*byte)),
            Sum::Complement => bytes.fold(0, |sum, byte| sum.wrapping_sub(*byte)),
        }
    }
}

/// What a frame is by a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    Ignored,
    Reading(MassReading),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Literal(Vec<u8>),
    Weight(Option<usize>),
    Digits(usize, u8),
    Number,
    Sign,
    Ounces,
    Unit(Option<usize>),
    In(Unit),
    Mark(Marks),
    Bits(Vec<(u8, MassFlags)>),
    Blanks,
    Skip(usize),
    Rest,
    /// As a byte, or as two hex digits.
    Check(usize),
    Flags(MassFlags),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(pub Vec<Part>);

/// What was gathered on the way through a frame.
#[derive(Default)]
struct Gathered {
    /// A sign that stands apart, and whether it is a minus.
    apart: Option<bool>,
    /// The weight without its sign, and the sign that it brought.
    weight: Option<(Decimal, Sign)>,
    ounces: Option<(Decimal, Sign)>,
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
        if let Some(Part::Literal(head)) = self.0.first()
            && !body.starts_with(head)
        {
            return Found::Nothing;
        }
        let mut gathered = Gathered::default();
        let mut rest = body;
        for part in &self.0 {
            let before = body.len().saturating_sub(rest.len());
            if let (Part::Check(width), Some(checksum)) = (part, &tables.checksum) {
                let sum = checksum.of(body.get(..before).unwrap_or_default());
                match rest.split_at_checked(*width) {
                    Some((sent, after)) if check(sent) == Some(sum) => rest = after,
                    _ => return Found::Nothing,
                }
                continue;
            }
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
    let missing = |kind| format!("{{{inner}}}: there is no [framed.{kind}] of that name");
    match name {
        "weight" => Ok(Part::Weight(width()?)),
        "unit" => Ok(Part::Unit(width()?)),
        "sign" => Ok(Part::Sign),
        "ounces" => Ok(Part::Ounces),
        "blanks" => Ok(Part::Blanks),
        "skip" => Ok(Part::Skip(width()?.unwrap_or(1))),
        "rest" => Ok(Part::Rest),
        "number" => Ok(Part::Number),
        "digits" => digits(argument)
            .ok_or_else(|| format!("{{{inner}}}: write digits and decimals, such as 5 3")),
        "in" => match Unit::parse(argument) {
            Ok(unit) => Ok(Part::In(unit)),
            Err(error) => Err(error.to_string()),
        },
        "check" => match (width()?, &tables.checksum) {
            (Some(width @ (1 | 2)), Some(_)) => Ok(Part::Check(width)),
            (_, None) => Err(format!("{{{inner}}}: write checksum = \"xor\" beside it")),
            _ => Err(format!(
                "{{{inner}}}: the width is 1 (a byte) or 2 (hex digits)"
            )),
        },
        "mark" => {
            let marks = tables.marks.get(argument).cloned();
            marks.map(Part::Mark).ok_or_else(|| missing("marks"))
        }
        "bits" => {
            let bits = tables.bits.get(argument).cloned();
            bits.map(Part::Bits).ok_or_else(|| missing("bits"))
        }
        "flags" => super::options::flags("patterns", argument)
            .map(Part::Flags)
            .map_err(|e| e.text),
        _ => Err(format!("{{{inner}}} is no part")),
    }
}

fn digits(argument: &str) -> Option<Part> {
    let (count, decimals) = argument.split_once(' ')?;
    let (count, decimals) = (count.parse().ok()?, decimals.trim().parse().ok()?);
    let proper = (1..=DIGITS_MAX).contains(&count) && usize::from(decimals) <= count;
    proper.then_some(Part::Digits(count, decimals))
}

/// A checksum as it was sent.
fn check(sent: &[u8]) -> Option<u8> {
    match sent {
        [byte] => Some(*byte),
        digits if digits.iter().all(u8::is_ascii_hexdigit) => {
            u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
        }
        _ => None,
    }
}

impl Gathered {
    /// Takes a part off the front of `rest`; `None` if it is not there.
    fn take<'a>(&mut self, part: &Part, rest: &'a [u8], tables: &Tables) -> Option<&'a [u8]> {
        match part {
            Part::Literal(text) => rest.strip_prefix(text.as_slice()),
            Part::Blanks => Some(after_blanks(rest)),
            Part::Skip(width) => rest.get(*width..),
            Part::Flags(flags) => {
                self.add(*flags);
                Some(rest)
            }
            Part::Sign => {
                let (first, after) = rest.split_first()?;
                self.apart = Some(*first == b'-');
                matches!(first, b' ' | b'+' | b'-').then_some(after)
            }
            Part::Weight(width) => {
                let (number, sign, after) = number(rest, *width, tables.comma)?;
                self.weight = Some((number, sign));
                Some(after)
            }
            Part::Digits(count, decimals) => {
                let (digits, after) = rest.split_at_checked(*count)?;
                let digits = digits.iter().all(u8::is_ascii_digit).then_some(digits)?;
                let mut number = Decimal::parse(std::str::from_utf8(digits).ok()?).ok()?;
                number.exponent = i8::try_from(*decimals).ok()?.checked_neg()?;
                self.weight = Some((number, Sign::None));
                Some(after)
            }
            Part::Number => number(rest, None, tables.comma).map(|(.., after)| after),
            Part::Rest => Some(&[]),
            Part::In(unit) => {
                self.unit = Some(*unit);
                Some(rest)
            }
            // Told from the whole frame by the caller.
            Part::Check(_) => None,
            Part::Ounces => {
                let (number, sign, after) = number(rest, None, tables.comma)?;
                self.ounces = Some((number, sign));
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
            Part::Mark(marks) => {
                let mut texts = marks.iter();
                let (text, flags) = texts.find(|(text, _)| rest.starts_with(text))?;
                self.add(*flags);
                rest.get(text.len()..)
            }
            Part::Bits(bits) => {
                let (byte, after) = rest.split_first()?;
                for (_, flags) in bits.iter().filter(|(mask, _)| byte & mask != 0) {
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
        let Some((weight, sign)) = self.weight else {
            return Found::Reading(MassReading::absent(unit, flags));
        };
        let negative = match (self.apart, sign) {
            // Two signs for one number: it is damaged.
            (Some(_), Sign::Plus | Sign::Minus) => return Found::Nothing,
            (Some(negative), Sign::None) => negative,
            (None, sign) => sign == Sign::Minus,
        };
        let (mut weight, unit) = match self.ounces {
            None => (weight, unit),
            Some((ounces, Sign::None)) => match pounds_and_ounces(weight, ounces) {
                Some(both) => (both, Unit::Ounce),
                None => return Found::Nothing,
            },
            Some(_) => return Found::Nothing,
        };
        if negative {
            weight.mantissa = weight.mantissa.saturating_neg();
        }
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
    Some(Decimal {
        mantissa: of_pounds.checked_add(ounces.mantissa)?,
        exponent: ounces.exponent,
    })
}

/// The sign in front of a number. That of a nought counts too: less than a pound can be minus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sign {
    None,
    Plus,
    Minus,
}

/// A number at the front of `rest`, without its sign: blanks, a sign, blanks, digits with one
/// separator. Brackets around the last digits (approved scales mark their unverified ones so)
/// belong to it.
fn number(rest: &[u8], width: Option<usize>, comma: bool) -> Option<(Decimal, Sign, &[u8])> {
    let (mine, after) = match width {
        Some(width) => rest.split_at_checked(width)?,
        None => rest.split_at(length(rest, comma)),
    };
    let (sign, digits) = match before_blanks(after_blanks(mine)) {
        [b'-', digits @ ..] => (Sign::Minus, digits),
        [b'+', digits @ ..] => (Sign::Plus, digits),
        digits => (Sign::None, digits),
    };
    let separator = if comma { b',' } else { b'.' };
    let (mut magnitude, mut count, mut places) = (0_i64, 0_usize, None::<i8>);
    // None, opened, closed.
    let mut bracket = None::<bool>;
    for byte in after_blanks(digits) {
        match byte {
            _ if bracket == Some(false) => return None,
            b'0'..=b'9' if count < DIGITS_MAX => {
                magnitude = magnitude * 10 + i64::from(byte - b'0');
                count += 1;
                places = places.map(|places| places + 1);
            }
            b'[' if bracket.is_none() => bracket = Some(true),
            b']' if bracket.is_some() => bracket = Some(false),
            _ if *byte == separator && places.is_none() => places = Some(0),
            _ => return None,
        }
    }
    if count == 0 || bracket == Some(true) {
        return None;
    }
    let number = Decimal {
        mantissa: magnitude,
        exponent: -places.unwrap_or(0),
    };
    Some((number, sign, after))
}

fn after_blanks(mut bytes: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] = bytes {
        bytes = rest;
    }
    bytes
}

fn before_blanks(mut bytes: &[u8]) -> &[u8] {
    while let [rest @ .., b' '] = bytes {
        bytes = rest;
    }
    bytes
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
