//! What is wrong with a document, told to the person who sent it.

use std::fmt;

/// Most problems told of one order; a flood helps nobody.
pub const PROBLEMS_MAX: usize = 50;

/// One problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where in the document: `line 4`, `[2]`, or empty for a single JSON order.
    pub place: String,
    /// Path of the field, such as `ship_to.lines[1]`; empty for the whole document.
    pub field: String,
    pub text: String,
    pub remedy: String,
}

impl Problem {
    /// About the document as a whole.
    pub(super) fn document(text: impl Into<String>, remedy: &str) -> Problem {
        Problem {
            place: String::new(),
            field: String::new(),
            text: text.into(),
            remedy: remedy.to_owned(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in [&self.place, &self.field] {
            if !part.is_empty() {
                write!(f, "{part}: ")?;
            }
        }
        write!(f, "{}: {}", self.text, self.remedy)
    }
}

/// An order or item that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its id as far as it could be read.
    pub order: String,
    pub problems: Vec<Problem>,
}

/// Collects the problems of one order.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub place: String,
    pub problems: Vec<Problem>,
}

impl Report {
    pub fn at(place: impl Into<String>) -> Report {
        Report {
            place: place.into(),
            problems: Vec::new(),
        }
    }

    /// Adds a problem, unless this very field, or the object it is in, was reported before for
    /// something more basic.
    pub fn add(&mut self, field: &str, text: impl Into<String>, remedy: &str) {
        let place = self.place.clone();
        self.add_at(&place, field, text, remedy);
    }

    /// The same for another place of the document than the order's own.
    pub fn add_at(&mut self, place: &str, field: &str, text: impl Into<String>, remedy: &str) {
        let of = |whole: &str| {
            let rest = field.strip_prefix(whole);
            rest.is_some_and(|rest| rest.is_empty() || (rest.starts_with('.') && !whole.is_empty()))
        };
        let told = self
            .problems
            .iter()
            .any(|p| p.place == place && of(&p.field));
        if told || self.problems.len() >= PROBLEMS_MAX {
            return;
        }
        let (place, field) = (place.to_owned(), field.to_owned());
        self.problems.push(Problem {
            place,
            field,
            text: text.into(),
            remedy: remedy.to_owned(),
        });
    }

    pub fn unknown_field(&mut self, field: &str, known: &[&str]) {
        let remedy = format!("remove it; the fields are {}", known.join(", "));
        self.add(field, "is no field here", &remedy);
    }
}

/// The text of a document: UTF-8, with or without a byte order mark.
pub(super) fn utf8(body: &[u8]) -> Result<&str, Problem> {
    if body.len() > super::DOCUMENT_BYTES_MAX {
        let text = format!("the document has {} bytes", body.len());
        return Err(Problem::document(text, "split it below 32 MiB"));
    }
    if body.starts_with(&[0xff, 0xfe]) || body.starts_with(&[0xfe, 0xff]) {
        return Err(Problem::document(
            "the document is UTF-16",
            "save it as UTF-8",
        ));
    }
    let body = body.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(body);
    match std::str::from_utf8(body) {
        Ok(text) if text.trim().is_empty() => Err(Problem::document(
            "the document is empty",
            "send at least one order",
        )),
        Ok(text) => Ok(text),
        Err(error) => {
            let text = format!("the document is no UTF-8 (byte {})", error.valid_up_to());
            Err(Problem::document(text, "save it as UTF-8"))
        }
    }
}
