//! The formats by carrier, in the order ties are broken. One entry per format; a new one needs a
//! carrier's document, or two unrelated public programs that agree.
//!
//! Not here, because shape says nothing: ZTO, STO, Yunda and China Post's domestic numbers (12 to
//! 15 digits, prefixes move), and Ninja Van, LEX and Kerry (prefixes chosen by shippers). Those
//! are recognised because the station expects them. Thailand Post, VNPost, India Post and all
//! other posts are S10.

use super::format::{Cover, Format, Grade, Part, Set};
use crate::content::check_digit::Family;

mod americas;
mod asia;
mod europe;

/// All formats.
pub static FORMATS: [&[Format]; 3] = [americas::FORMATS, europe::FORMATS, asia::FORMATS];

/// The format with this id.
pub fn by_id(id: &str) -> Option<&'static Format> {
    FORMATS.into_iter().flatten().find(|format| format.id == id)
}

const fn text(text: &'static str) -> Part {
    Part::Text(text)
}

const fn run(field: &'static str, set: Set, least: u8, most: u8) -> Part {
    Part::Run {
        field,
        set,
        least,
        most,
    }
}

/// A field of digits.
const fn digits(field: &'static str, count: u8) -> Part {
    run(field, Set::Digits, count, count)
}

/// The place of a check digit.
const CHECK: Part = digits("", 1);

/// The check character is last and covers everything from `from`.
const fn last(family: Family, from: u8) -> Option<Cover> {
    Some(Cover {
        family,
        from,
        behind: 0,
        before: "",
    })
}

/// What an entry does not say.
const BASE: Format = Format {
    id: "",
    carrier: "",
    name: "",
    parts: &[],
    lengths: &[],
    check: None,
    routed: false,
    gs1: None,
    grade: Grade::A,
    doubt: "",
    example: "",
};
