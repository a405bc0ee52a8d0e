//! Under which numbers a parcel may be known whose label bears this code: carriers print the
//! number people know inside longer ones, with a postcode, an identifier or a service around it.
//!
//! Only forms with a right check character give up an inner number: one that is not sure what it
//! is must not lead to somebody's parcel.

use super::clean::Note;
use super::format::Format;
use super::recognise::{Candidate, Check, Context, Recognition, recognise};

/// Names of one code: itself, and what is inside.
const NAMES_MAX: usize = 8;
/// Characters of the number behind a FedEx Ground code of 22 digits: shipper, package, check.
const FEDEX_GROUND: usize = 15;
/// Characters of the number at the end of FedEx codes of 34 digits.
const FEDEX_EXPRESS: usize = 12;

/// The code as a number, first, then the numbers inside it. Empty if it is none, or if it has
/// digits of another script: those are flagged, never silently kept.
///
/// | in | also known as |
/// |---|---|
/// | USPS with 420 and a postcode in front | the number behind them |
/// | SSCC with its identifier 00 | the 18 digits |
/// | DPD of 28 and 15 characters | the 14 digits customers know |
/// | FedEx ASTRA of 32 digits | the 12 digits before the last four |
/// | FedEx Ground 96 of 22 digits | the last 15 digits |
/// | FedEx of 34 digits with 00 before the last 12 | the last 12 digits |
///
/// The last row rests on published examples: the check character of the tail is then that of the
/// 12 digits, and other tails stay what they are.
pub fn names(scan: &str) -> Vec<String> {
    let found = recognise(scan, &Context::default());
    let strange = [Note::Foreign, Note::TooLong, Note::OddDigits];
    if found.number.is_empty() || found.notes.iter().any(|note| strange.contains(note)) {
        return Vec::new();
    }
    let mut names = vec![found.number.clone()];
    for candidate in &found.candidates {
        if candidate.check == Check::Ok && candidate.is_valid() {
            inner(&found, candidate, &mut names);
        }
    }
    names.truncate(NAMES_MAX);
    names
}

/// Whether two codes may be on the label of one parcel.
pub fn is_same(one: &str, other: &str) -> bool {
    let others = names(other);
    !others.is_empty() && names(one).iter().any(|name| others.contains(name))
}

fn inner(found: &Recognition<'_>, candidate: &Candidate, names: &mut Vec<String>) {
    let mut add = |name: Option<&str>| {
        if let Some(name) = name
            && !name.is_empty()
            && !names.iter().any(|known| known == name)
        {
            names.push(name.to_owned());
        }
    };
    let part = found.part(candidate);
    add(Some(part));
    let fields = found.fields(candidate);
    add(fields.iter().find(|f| f.name == "number").map(|f| f.value));
    let Format { id, .. } = *candidate.format;
    match id {
        "sscc" | "dhl-paket" => add(part.strip_prefix("00")),
        "fedex-ground-96" => add(tail(part, FEDEX_GROUND)),
        "fedex-34" | "fedex-gsn-34" => {
            let padded = tail(part, FEDEX_EXPRESS + 2).is_some_and(|tail| tail.starts_with("00"));
            add(tail(part, FEDEX_EXPRESS).filter(|_| padded));
        }
        _ => {}
    }
}

fn tail(text: &str, chars: usize) -> Option<&str> {
    text.get(text.len().checked_sub(chars)?..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_leads_to_the_number_inside_it() {
        for (code, inside) in [
            ("420627019400112345678901234566", "9400112345678901234566"),
            (
                "]C1420627010001\u{1d}9400112345678901234566",
                "9400112345678901234566",
            ),
            (
                "(420)62701(94)00112345678901234566",
                "9400112345678901234566",
            ),
            ("00095287654321011110", "095287654321011110"),
            ("]C100095287654321011110", "095287654321011110"),
            ("%0012345099801234567891012765", "09980123456789"),
            ("09980123456789S", "09980123456789"),
            ("9611020123456712345678", "123456712345678"),
            ("30000000000000001234567890120000", "123456789012"),
            ("*1z a1b2c3-0312345673*", "1ZA1B2C30312345673"),
        ] {
            assert!(
                names(code).iter().any(|name| name == inside),
                "{code}: {:?}",
                names(code)
            );
            assert!(is_same(code, inside) && is_same(inside, code), "{code}");
        }
    }

    #[test]
    fn a_padded_tail_of_34_digits_is_the_number_of_twelve() {
        // The check character of the tail covers 13 digits; two zeros in front leave eleven.
        let padded = "1000000000000001234500123456789012";
        assert_eq!(names(padded), [padded, "123456789012"]);
        let full = "1000000000000001234512345678901230";
        assert_eq!(names(full), [full]);
    }

    #[test]
    fn what_is_not_sure_gives_nothing_up() {
        // A wrong check digit behind the postcode, and of DPD.
        let damaged = "420627019400112345678901234567";
        assert_eq!(names(damaged), [damaged]);
        assert_eq!(
            names("0012345099801234567891012766"),
            ["0012345099801234567891012766"]
        );
        assert!(!is_same(damaged, "9400112345678901234566"));
        assert_eq!(names("\u{ff11}Z A1B2C30312345673"), [] as [&str; 0]);
        assert_eq!(names("https://example.com/9400"), [] as [&str; 0]);
        assert_eq!(names(""), [] as [&str; 0]);
        assert!(!is_same("", ""));
        assert_eq!(names("hello 7"), ["HELLO7"]);
    }
}
