//! From what a scanner or a keyboard sent to the characters of a number.

use super::NUMBER_CHARS_MAX;
use crate::content::gs1::{self, Dictionary};
use serde::Serialize;

/// Something about the text that people should know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Note {
    /// Digits or letters of another script were read as their ASCII look-alikes.
    OddDigits,
    /// Characters no tracking number has.
    Foreign,
    /// Longer than any tracking number.
    TooLong,
    /// The start character `%` of DPD's bar code.
    DpdIdentifier,
    /// Read out of GS1 data.
    Gs1,
}

impl Note {
    /// As people read it.
    pub fn text(self) -> &'static str {
        match self {
            Note::OddDigits => "it had digits or letters of another script; scan it instead",
            Note::Foreign => "it has characters no tracking number has",
            Note::TooLong => "it is longer than any tracking number",
            Note::DpdIdentifier => "it began with the % of DPD's bar code",
            Note::Gs1 => "it was read out of GS1 data",
        }
    }
}

/// [`gs1::SEPARATOR`] as a byte.
const SEPARATOR_BYTE: u8 = 0x1D;

/// A text as a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cleaned<'a> {
    /// ASCII digits and capitals, unless a note says otherwise.
    pub number: String,
    /// AIM identifier without `]`.
    pub symbology: Option<&'a str>,
    pub notes: Vec<Note>,
}

/// A scanned or typed number in the form numbers are stored and compared in: without the AIM
/// symbology identifier (`]C1`), spaces, hyphens, FNC1 (0x1D) and other control characters, and
/// in upper case.
pub fn normalise(scan: &str) -> String {
    let (_, rest) = split_aim(scan.trim());
    rest.chars()
        .filter(|c| !is_noise(*c))
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// Separators and what keyboards and copying leave behind.
fn is_noise(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '-' | '\u{2010}')
}

/// As [`is_noise`], and what only a reader of numbers may ignore: other dashes, invisible marks.
fn is_ignored(c: char) -> bool {
    is_noise(c)
        || matches!(
            c,
            '\u{2011}'..='\u{2015}' | '\u{2212}' | '\u{AD}' | '\u{FEFF}'
        )
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FF0D}')
}

/// The AIM identifier (ISO/IEC 15424) without `]`, and the rest.
fn split_aim(scan: &str) -> (Option<&str>, &str) {
    if !scan.starts_with(']') {
        return (None, scan);
    }
    let mut head = scan.chars();
    let is_aim = head.next() == Some(']')
        && head.next().is_some_and(|c| c.is_ascii_alphabetic())
        && head.next().is_some_and(|c| c.is_ascii_alphanumeric());
    if is_aim {
        (scan.get(1..3), head.as_str())
    } else {
        (None, scan)
    }
}

/// Full-width ASCII and the digits of Arabic, Persian and Devanagari hands.
fn look_alike(c: char) -> Option<char> {
    let code = u32::from(c);
    let ascii = match code {
        0xFF01..=0xFF5E => code - 0xFEE0,
        0x0660..=0x0669 => code - 0x0660 + 0x30,
        0x06F0..=0x06F9 => code - 0x06F0 + 0x30,
        0x0966..=0x096F => code - 0x0966 + 0x30,
        _ => return None,
    };
    char::from_u32(ascii)
}

/// The number a scan holds. GS1 data are read as such if they say so: by their AIM identifier, by
/// separators, brackets, or as a web address.
pub(super) fn clean(scan: &str) -> Cleaned<'_> {
    let scan = scan.trim_ascii();
    let (symbology, rest) = split_aim(scan);
    let mut cleaned = Cleaned {
        number: String::new(),
        symbology,
        notes: Vec::new(),
    };
    let is_plain = |b: u8| b.is_ascii_digit() || b.is_ascii_uppercase();
    let plain = |text: &str| text.len() <= NUMBER_CHARS_MAX && text.bytes().all(is_plain);
    if symbology.is_none() && plain(rest) {
        // What is looked up nearly always.
        rest.clone_into(&mut cleaned.number);
        return cleaned;
    }
    let says_gs1 = matches!(symbology, Some("C1" | "e0" | "d2" | "Q3" | "J1"));
    let looks_gs1 = rest.starts_with(['(', 'h', 'H']) || rest.as_bytes().contains(&SEPARATOR_BYTE);
    if (says_gs1 || looks_gs1)
        && let Some(number) = from_gs1(scan)
    {
        cleaned.notes.push(Note::Gs1);
        cleaned.number = number;
        return cleaned;
    }
    let mut body = rest;
    // Start and stop characters of Code 39 and of DPD's Code 128.
    if let Some(inner) = body.strip_prefix('*').and_then(|b| b.strip_suffix('*')) {
        body = inner;
    }
    if let Some(inner) = body.strip_prefix('%') {
        cleaned.notes.push(Note::DpdIdentifier);
        body = inner;
    }
    characters(body, &mut cleaned);
    cleaned
}

fn characters(body: &str, cleaned: &mut Cleaned<'_>) {
    let mut chars = 0;
    let note = |notes: &mut Vec<Note>, note| {
        if !notes.contains(&note) {
            notes.push(note);
        }
    };
    cleaned.number.reserve(body.len().min(NUMBER_CHARS_MAX));
    for c in body.chars() {
        let kept = if c.is_ascii_digit() || c.is_ascii_uppercase() {
            c
        } else if c.is_ascii_lowercase() {
            c.to_ascii_uppercase()
        } else if is_ignored(c) || matches!(c, '(' | ')') {
            continue;
        } else if let Some(ascii) = look_alike(c) {
            note(&mut cleaned.notes, Note::OddDigits);
            ascii.to_ascii_uppercase()
        } else {
            c
        };
        if !kept.is_ascii_alphanumeric() {
            note(&mut cleaned.notes, Note::Foreign);
        }
        chars += 1;
        if chars > NUMBER_CHARS_MAX {
            note(&mut cleaned.notes, Note::TooLong);
            return;
        }
        cleaned.number.push(kept);
    }
}

/// The tracking number in GS1 data: an SSCC, or a postcode with the carrier's own number (90s)
/// behind it as the post of the United States concatenates them.
fn from_gs1(scan: &str) -> Option<String> {
    let mut spaceless = String::new();
    let data = if scan.contains(' ') && !scan.contains("://") {
        spaceless.extend(scan.chars().filter(|c| *c != ' '));
        &spaceless
    } else {
        scan
    };
    let parsed = gs1::parse(data, Dictionary::builtin());
    if let Some(sscc) = parsed.value("00").filter(|value| value.len() == 18) {
        return Some(format!("00{}", sscc.to_ascii_uppercase()));
    }
    let [zip, own] = parsed.elements.as_slice() else {
        return None;
    };
    let internal = own.ai.len() == 2 && own.ai.starts_with('9');
    let short = zip.value.len() + own.value.len() + 5 <= NUMBER_CHARS_MAX;
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    (zip.ai == "420" && internal && short && digits(&zip.value) && digits(&own.value))
        .then(|| format!("420{}{}{}", zip.value, own.ai, own.value))
}
