//! Whether a scanner says what was meant. Scanners differ in what they leave out: check digits,
//! start and stop letters, the pairs of full ASCII.

use std::borrow::Cow;

use super::reader::{self, Matrix};
use crate::label::symbol::Symbology;

const CODE_39: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";

/// Whether `read` is a symbol of this kind with these data. `wanted` has GS (0x1D) for FNC1.
pub fn same(symbology: Symbology, wanted: &str, read: &Matrix) -> bool {
    let data = read.data.as_str();
    if !kind(symbology, read.symbology) {
        return false;
    }
    if data == wanted || repaired(wanted) == repaired(data) {
        return true;
    }
    match symbology {
        Symbology::Code39 => {
            let checked = wanted.chars().chain(code39_check(wanted));
            checked.eq(data.chars()) || code39_full(data).as_deref() == Some(wanted)
        }
        Symbology::Codabar => {
            let inner = data.get(1..data.len().saturating_sub(1));
            inner == Some(wanted) || data.eq_ignore_ascii_case(wanted)
        }
        Symbology::Itf | Symbology::Itf14 => data
            .strip_prefix(wanted)
            .is_some_and(|check| check == mod10(wanted)),
        Symbology::Ean13 | Symbology::Ean8 | Symbology::UpcA => data
            .strip_prefix(wanted)
            .is_some_and(|rest| rest.len() == 1),
        // The reader's texts are halved if they are the same twice.
        Symbology::DataMatrix => !data.is_ascii() && wanted == data.repeat(2),
        _ if gs1(symbology) => bare(wanted) == bare(data),
        _ => false,
    }
}

/// Text as UTF-8 if its bytes are that, however a reader took them.
fn repaired(text: &str) -> Cow<'_, str> {
    reader::utf8(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// The reader does not tell ITF-14 from ITF.
fn kind(wanted: Symbology, read: Symbology) -> bool {
    wanted == read || (wanted == Symbology::Itf14 && read == Symbology::Itf)
}

fn gs1(symbology: Symbology) -> bool {
    matches!(
        symbology,
        Symbology::Gs1_128 | Symbology::Gs1Qr | Symbology::Gs1DataMatrix
    )
}

/// GS1 data without the FNC1 in front and behind, which say nothing.
fn bare(data: &str) -> &str {
    data.trim_matches('\u{1D}')
}

fn code39_check(data: &str) -> Option<char> {
    let places = data.chars().map(|letter| CODE_39.find(letter));
    let sum = places.sum::<Option<usize>>()?;
    CODE_39.chars().nth(sum % CODE_39.len())
}

/// Full ASCII: pairs of `$%/+` and a letter (ISO/IEC 16388, annex).
fn code39_full(data: &str) -> Option<String> {
    let mut out = String::new();
    let mut letters = data.chars();
    while let Some(letter) = letters.next() {
        if !matches!(letter, '$' | '%' | '/' | '+') {
            out.push(letter);
            continue;
        }
        let second = u8::try_from(letters.next()?)
            .ok()
            .filter(u8::is_ascii_uppercase)?;
        let code = match (letter, second) {
            ('$', _) => second - 64,
            ('+', _) => second + 32,
            ('/', b'Z') => b':',
            ('/', b'A'..=b'O') => second - 32,
            ('%', b'A'..=b'E') => second - 38,
            ('%', b'F'..=b'J') => second - 11,
            ('%', b'K'..=b'O') => second + 16,
            ('%', b'P'..=b'T') => second + 43,
            ('%', b'U') => 0,
            ('%', b'V') => b'@',
            ('%', b'W') => b'`',
            ('%', b'X'..=b'Z') => 127,
            _ => return None,
        };
        out.push(char::from(code));
    }
    Some(out)
}

/// Check digit of GTIN, SSCC and ITF: weights 3 and 1 from the right.
fn mod10(digits: &str) -> String {
    let weights = [3_u32, 1].into_iter().cycle();
    let sum: u32 = digits
        .bytes()
        .rev()
        .zip(weights)
        .map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight)
        .sum();
    ((10 - sum % 10) % 10).to_string()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(symbology: Symbology, data: &str) -> Matrix {
        Matrix {
            symbology,
            data: data.to_owned(),
            points: Vec::new(),
        }
    }

    #[test]
    fn what_scanners_leave_out_is_the_same() {
        use Symbology::{Codabar, Code39, Code128, Ean13, Gs1_128, Itf, Itf14};
        let alike = [
            (Code39, "ABC-1", "ABC-1"),
            (Code39, "CODE39", "CODE39W"),
            (Code39, "a:b", "+A/Z+B"),
            (Codabar, "40156", "A40156B"),
            (Itf14, "0401234512345", "04012345123456"),
            (Ean13, "400638133393", "4006381333931"),
            (Gs1_128, "00123\u{1D}", "00123"),
        ];
        for (symbology, wanted, data) in alike {
            let kind = if symbology == Itf14 { Itf } else { symbology };
            assert!(
                same(symbology, wanted, &read(kind, data)),
                "{wanted} {data}"
            );
        }
        let unlike = [
            (Code39, "CODE39", "CODE39X"),
            (Itf14, "0401234512345", "04012345123457"),
            (Code128, "ABC", "ABCD"),
            (Gs1_128, "00123", "001234"),
        ];
        for (symbology, wanted, data) in unlike {
            let kind = if symbology == Itf14 { Itf } else { symbology };
            assert!(
                !same(symbology, wanted, &read(kind, data)),
                "{wanted} {data}"
            );
        }
        assert!(!same(Code128, "12", &read(Gs1_128, "12")));
    }
}
