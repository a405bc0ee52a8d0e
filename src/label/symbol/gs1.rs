//! GS1 element strings: bracketed or raw text to what encoders take, with the line people read.
//!
//! Sources: GS1 General Specifications, sections 3 (application identifiers), 5.4 and 7.8
//! (predefined lengths, FNC1). Values are checked by [`ai`].

use super::ai;
use super::code128::{self, Unit};
use super::{Encoded, SymbolError};
use crate::content::gs1 as content;

/// Longest content of a GS1-128 symbol, identifiers and separators included.
const CHARS_MAX: usize = 48;
/// Elements of one symbol.
const ELEMENTS_MAX: usize = 20;
const SEPARATOR: char = '\u{1D}';

/// One element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    pub ai: String,
    pub value: String,
}

fn rule<T>(text: String) -> Result<T, SymbolError> {
    Err(SymbolError::Rule(text))
}

/// Stand for brackets that came with a value and begin no element: private characters, which no
/// value may hold.
const MASKS: [(char, char); 2] = [('(', '\u{E000}'), (')', '\u{E001}')];

/// A field's value for GS1 data: whatever it holds, it stays inside its element.
pub fn mask(value: &str) -> String {
    let masked = |c: char| MASKS.iter().find(|(bracket, _)| *bracket == c);
    // A separator would end the element; it is no character a value may have.
    let one = |c: char| match c {
        SEPARATOR => char::REPLACEMENT_CHARACTER,
        _ => masked(c).map_or(c, |(_, mask)| *mask),
    };
    value.chars().map(one).collect()
}

fn unmask(value: &str) -> String {
    let bracket = |c: char| MASKS.iter().find(|(_, mask)| *mask == c);
    let one = |c: char| bracket(c).map_or(c, |(bracket, _)| *bracket);
    value.chars().map(one).collect()
}

/// Reads bracketed text, `(01)0...(10)A1`, or raw text with separators.
///
/// # Errors
/// What is wrong and where.
pub fn parse(text: &str) -> Result<Vec<Element>, SymbolError> {
    if text.is_empty() {
        return Err(SymbolError::Empty);
    }
    let mut elements = if text.starts_with('(') {
        bracketed(text)?
    } else {
        raw(text)?
    };
    for element in &mut elements {
        element.value = unmask(&element.value);
    }
    if elements.len() > ELEMENTS_MAX {
        return rule(format!(
            "{} elements, at most {ELEMENTS_MAX} fit",
            elements.len()
        ));
    }
    elements
        .iter()
        .try_for_each(|element| ai::check(&element.ai, &element.value))?;
    let one = |e: &Element| content::Element::new(e.ai.clone(), e.value.clone());
    ai::together(&elements.iter().map(one).collect::<Vec<_>>())?;
    Ok(elements)
}

fn bracketed(text: &str) -> Result<Vec<Element>, SymbolError> {
    let mut elements = Vec::new();
    let mut rest = text;
    while let Some(after) = rest.strip_prefix('(') {
        let Some((ai, value)) = after.split_once(')') else {
            return rule("'(' without ')': write (identifier)value".into());
        };
        // A bracket followed by an identifier and its end begins the next element; others are
        // characters of the value.
        let next = value.match_indices('(').find(|(at, _)| {
            let inner = value[at + 1..].split_once(')').map(|(inner, _)| inner);
            inner.is_some_and(|ai| ai::length(ai) == Some(ai.len()))
        });
        let end = next.map_or(value.len(), |(at, _)| at);
        elements.push(Element {
            ai: ai.to_owned(),
            value: value[..end].to_owned(),
        });
        rest = &value[end..];
    }
    Ok(elements)
}

fn raw(text: &str) -> Result<Vec<Element>, SymbolError> {
    let mut elements = Vec::new();
    let mut rest = text.trim_start_matches(SEPARATOR);
    while !rest.is_empty() {
        let unknown = || SymbolError::Rule(format!("no application identifier at {rest:?}"));
        let digits = ai::length(rest).ok_or_else(unknown)?;
        let ai = rest.get(..digits).ok_or_else(unknown)?;
        let end = match ai::predefined(ai) {
            Some(length) => length,
            None => rest.find(SEPARATOR).unwrap_or(rest.len()),
        };
        let value = rest.get(digits..end).ok_or_else(|| {
            SymbolError::Rule(format!("({ai}) is cut short: it has {end} characters"))
        })?;
        elements.push(Element {
            ai: ai.to_owned(),
            value: value.to_owned(),
        });
        rest = rest.get(end..).unwrap_or_default();
        rest = rest.strip_prefix(SEPARATOR).unwrap_or(rest);
    }
    Ok(elements)
}

/// The GS1 check digit: weights 3 and 1 from the right.
pub fn mod10(body: &str) -> char {
    let digits = body
        .bytes()
        .rev()
        .map(|b| u32::from(b.wrapping_sub(b'0') % 10));
    let sum: u32 = digits
        .zip([3, 1].into_iter().cycle())
        .map(|(d, w)| d * w)
        .sum();
    char::from_digit((10 - sum % 10) % 10, 10).unwrap_or('0')
}

/// What a scanner reports: a separator behind elements of variable length, but the last.
pub fn scanned(elements: &[Element]) -> String {
    let mut text = String::new();
    for (at, element) in elements.iter().enumerate() {
        text.push_str(&element.ai);
        text.push_str(&element.value);
        if ai::predefined(&element.ai).is_none() && at + 1 < elements.len() {
            text.push(SEPARATOR);
        }
    }
    text
}

/// What people read.
pub fn readable(elements: &[Element]) -> String {
    let one = |element: &Element| format!("({}) {}", element.ai, element.value);
    let all: Vec<String> = elements.iter().map(one).collect();
    all.join(" ")
}

/// GS1-128: FNC1 first, separators as FNC1.
pub(super) fn linear(data: &str) -> Result<Encoded, SymbolError> {
    let elements = parse(data)?;
    let scanned = scanned(&elements);
    let length = scanned.chars().count();
    if length > CHARS_MAX {
        let max = CHARS_MAX;
        return Err(SymbolError::TooLong { length, max });
    }
    let unit = |c: char| match c {
        SEPARATOR => Unit::Fnc1,
        _ => Unit::Byte(u8::try_from(c).unwrap_or(0)),
    };
    let units: Vec<Unit> = std::iter::once(Unit::Fnc1)
        .chain(scanned.chars().map(unit))
        .collect();
    Ok(Encoded {
        shape: code128::encode(&units)?,
        quiet: code128::QUIET,
        text: readable(&elements),
        data: scanned,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn both_spellings_mean_the_same() {
        let elements = parse("(00)340123450000000001(10)AB(1)2(21)7").map(|e| e.len());
        assert!(elements.is_err(), "the check digit is wrong: {elements:?}");
        let bracketed = parse("(01)04012345678901(10)A(B)1(21)77").unwrap();
        assert_eq!(bracketed.len(), 3);
        assert_eq!(bracketed[1].value, "A(B)1");
        let text = scanned(&bracketed);
        assert_eq!(text, "010401234567890110A(B)1\u{1D}2177");
        assert_eq!(parse(&text).unwrap(), bracketed);
        assert_eq!(
            readable(&bracketed),
            "(01) 04012345678901 (10) A(B)1 (21) 77"
        );
    }

    #[test]
    fn a_value_never_becomes_an_element() {
        for hostile in ["A(21)B", "A\u{1D}21B", "(00)1", "\u{E000}21\u{E001}X"] {
            let text = format!("(10){}(21)7", mask(hostile));
            match parse(&text) {
                Ok(elements) => {
                    let ais: Vec<&str> = elements.iter().map(|e| e.ai.as_str()).collect();
                    assert_eq!(ais, ["10", "21"], "{hostile:?}");
                }
                Err(error) => assert!(hostile.contains('\u{1D}'), "{hostile:?}: {error}"),
            }
        }
        let masked = format!("(10){}", mask("A(21)B"));
        assert_eq!(parse(&masked).unwrap()[0].value, "A(21)B");
    }

    #[test]
    fn mistakes_are_named() {
        for (text, part) in [
            ("(00)123", "must have 18"),
            ("(01)04012345678902", "must be 1"),
            ("(10)", "no value"),
            ("(05)1", "no application identifier"),
            ("(10)A\u{e9}", "character set"),
            ("(10", "without"),
            ("(3103)00125x", "digits only"),
        ] {
            let error = parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        let long = format!("(10){0}(21){0}(90){0}", "A".repeat(20));
        assert!(matches!(linear(&long), Err(SymbolError::TooLong { .. })));
    }
}
