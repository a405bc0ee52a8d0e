//! Elements to text: bracketed, in a row with FNC1, and as a scanner sends them.

use super::lint::in_set_82;
use super::{Dictionary, Element, Problem, SEPARATOR, together};

/// A symbol that carries GS1 data, for its AIM identifier (ISO/IEC 15424).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Symbol {
    Gs1_128,
    /// GS1 DataBar and composites.
    DataBar,
    DataMatrix,
    QrCode,
    DotCode,
}

impl Symbol {
    /// What a scanner sends before the data.
    pub fn aim(self) -> &'static str {
        match self {
            Symbol::Gs1_128 => "]C1",
            Symbol::DataBar => "]e0",
            Symbol::DataMatrix => "]d2",
            Symbol::QrCode => "]Q3",
            Symbol::DotCode => "]J1",
        }
    }
}

/// Identifiers in a row, FNC1 (0x1D) behind values of variable length unless they are last. With
/// `leading`, FNC1 also begins the data, as encoders want it.
///
/// # Errors
/// All rules the elements break; nothing is built from them.
pub fn unbracketed(
    elements: &[Element<'_>],
    leading: bool,
    dictionary: &Dictionary,
) -> Result<String, Vec<Problem>> {
    checked(elements, dictionary)?;
    let mut text = String::new();
    if leading {
        text.push(SEPARATOR);
    }
    for (at, element) in elements.iter().enumerate() {
        text.push_str(&element.ai);
        text.push_str(&element.value);
        let predefined = dictionary.find(&element.ai).is_some_and(|e| e.predefined);
        if !predefined && at + 1 < elements.len() {
            text.push(SEPARATOR);
        }
    }
    Ok(text)
}

/// What a scanner with AIM identifiers switched on sends for a symbol of these elements.
///
/// # Errors
/// All rules the elements break.
pub fn scanned(
    elements: &[Element<'_>],
    symbol: Symbol,
    dictionary: &Dictionary,
) -> Result<String, Vec<Problem>> {
    let text = unbracketed(elements, false, dictionary)?;
    Ok(format!("{}{text}", symbol.aim()))
}

/// `(01)...(10)...`, with `\(` for brackets inside values.
///
/// # Errors
/// All rules the elements break.
pub fn bracketed(
    elements: &[Element<'_>],
    dictionary: &Dictionary,
) -> Result<String, Vec<Problem>> {
    checked(elements, dictionary)?;
    let one = |e: &Element<'_>| format!("({}){}", e.ai, e.value.replace('(', "\\("));
    Ok(elements.iter().map(one).collect())
}

/// Every rule of every element and of the set.
pub(super) fn checked(
    elements: &[Element<'_>],
    dictionary: &Dictionary,
) -> Result<(), Vec<Problem>> {
    let mut errors = Vec::new();
    if elements.len() > super::ELEMENTS_MAX {
        let (at, most) = (super::ELEMENTS_MAX, super::ELEMENTS_MAX);
        let ai = elements.get(at).map_or("", |e| &e.ai);
        errors.push(Problem {
            ai: ai.to_owned(),
            position: at,
            rule: super::Rule::TooLong,
            message: format!("more than {most} elements; split the data"),
        });
    }
    for (index, element) in elements.iter().enumerate() {
        errors.extend(dictionary.check(&element.ai, &element.value, index));
    }
    errors.extend(together(elements, dictionary));
    if errors.is_empty() {
        Ok(())
    } else {
        Err(errors)
    }
}

/// Text for a percent-encoded value (the 43xx group): whatever character set 82 does not have,
/// the space included, and the percent sign become `%` and two capital hexadecimal digits per
/// UTF-8 byte. The encoded length counts. A plus stays a plus.
pub fn percent_encode(text: &str) -> String {
    encode_unless(text, |c| in_set_82(c) && c != '%')
}

/// Encodes all characters that do not `pass`.
pub(super) fn encode_unless(text: &str, pass: impl Fn(char) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut bytes = [0; 4];
    for c in text.chars() {
        if pass(c) {
            out.push(c);
            continue;
        }
        for byte in c.encode_utf8(&mut bytes).bytes() {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The text of a percent-encoded value; a `%` that begins no byte stays. `None` if the bytes are
/// no UTF-8.
pub fn percent_decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let two = bytes.get(at + 1..at + 3).filter(|_| *byte == b'%');
        let hex = |b: &u8| char::from(*b).to_digit(16);
        let pair = two.and_then(|two| Some((hex(two.first()?)?, hex(two.get(1)?)?)));
        match pair.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()) {
            Some(decoded) => {
                out.push(decoded);
                at += 3;
            }
            None => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).ok()
}
