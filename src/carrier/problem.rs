//! What can be wrong with a carrier table.

use std::fmt;

/// One mistake: file, key, cause, remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {key}: {text}: {remedy}")]
pub struct TableError {
    /// File name, such as `swift.toml`.
    pub file: String,
    /// Such as `range[0].check`, or `line 7`.
    pub key: String,
    pub text: String,
    pub remedy: String,
}

/// All mistakes found, one per line when shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableErrors(pub Vec<TableError>);

impl fmt::Display for TableErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for TableErrors {}

/// Collects the mistakes of one file.
pub(super) struct Report<'a> {
    pub file: &'a str,
    pub errors: &'a mut Vec<TableError>,
}

impl Report<'_> {
    pub fn add(&mut self, key: &str, text: impl Into<String>, remedy: &str) {
        let (file, key) = (self.file.to_owned(), key.to_owned());
        self.errors.push(TableError {
            file,
            key,
            text: text.into(),
            remedy: remedy.to_owned(),
        });
    }
}
