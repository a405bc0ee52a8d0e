//! GS1 data: element strings, Digital Link, EPC URIs, and the rules of application identifiers.
//!
//! Constraints: any text in, never a panic; what could be read is returned together with every
//! error, each with its identifier, position and rule. At most [`DATA_BYTES_MAX`] bytes and
//! [`ELEMENTS_MAX`] elements. What an identifier may hold is data ([`Dictionary`]): a table of our
//! own, or the operator's copy of the GS1 Syntax Dictionary.
//!
//! Sources: GS1 General Specifications 3 and 7.8 (identifiers, separators), GS1 Syntax Dictionary
//! (formats and companions, as published), GS1 Digital Link 1.2 (uncompressed), GS1 EPC Tag Data
//! Standard (pure identity URIs).

mod build;
mod dictionary;
pub mod epc;
pub mod link;
mod lint;
mod parse;
mod table;
#[cfg(test)]
mod tests;
pub mod transport;

pub use build::{Symbol, bracketed, percent_decode, percent_encode, scanned, unbracketed};
pub use dictionary::{Dictionary, DictionaryError, Entry};
pub use parse::{ai_at, parse, together};

use serde::Serialize;
use std::borrow::Cow;

/// Longest data taken, in bytes; the largest symbol holds less.
pub const DATA_BYTES_MAX: usize = 4096;
/// Elements of one set of data.
pub const ELEMENTS_MAX: usize = 64;
/// Ends an element of variable length when another follows: FNC1 as scanners send it.
pub const SEPARATOR: char = '\u{1D}';

/// An application identifier with its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Element<'a> {
    /// Two to four digits.
    pub ai: Cow<'a, str>,
    /// Without separator; from a Digital Link, decoded once.
    pub value: Cow<'a, str>,
    /// Where the identifier begins, in characters of the data as given, from 0.
    pub position: usize,
}

impl<'a> Element<'a> {
    /// An element that was not read from anywhere.
    pub fn new(ai: impl Into<Cow<'a, str>>, value: impl Into<Cow<'a, str>>) -> Self {
        Self {
            ai: ai.into(),
            value: value.into(),
            position: 0,
        }
    }
}

/// The rule data broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// Brackets, separators, or a link that is none.
    Syntax,
    /// No identifier begins here.
    UnknownAi,
    Length,
    Characters,
    CheckDigit,
    /// A date, time or date with day 00.
    Date,
    /// ISO 3166.
    Country,
    /// `%` without two hexadecimal digits.
    PercentEncoding,
    /// The GS1 company prefix does not begin with digits where it must.
    CompanyPrefix,
    /// Another rule of the value, such as yes or no.
    Value,
    /// A companion is missing.
    Requires,
    /// Two that may not stand together.
    Excludes,
    /// The same identifier with different values.
    Repeat,
    /// More than this software takes.
    TooLong,
}

/// One thing wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Empty if no identifier could be read.
    pub ai: String,
    /// In characters of the data as given, from 0.
    pub position: usize,
    pub rule: Rule,
    /// What is wrong and what would be right.
    pub message: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} (at {})", self.message, self.position)
    }
}

impl std::error::Error for Problem {}

/// How the data came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// `(01)...(10)...`
    Bracketed,
    /// Identifiers and values in a row, FNC1 between them.
    Unbracketed,
    /// A web address.
    DigitalLink,
}

/// What was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parsed<'a> {
    pub form: Form,
    /// The AIM symbology identifier the scanner sent, without `]`, such as `C1`.
    pub symbology: Option<&'a str>,
    pub elements: Vec<Element<'a>>,
    /// Empty if the data keep every rule of the dictionary.
    pub errors: Vec<Problem>,
}

impl Parsed<'_> {
    /// True if nothing is wrong.
    pub fn is_valid(&self) -> bool {
        self.errors.is_empty()
    }

    /// The value of an identifier.
    pub fn value(&self, ai: &str) -> Option<&str> {
        let found = self.elements.iter().find(|element| element.ai == ai);
        found.map(|element| element.value.as_ref())
    }
}
