//! `label.toml` as a tree that remembers where everything stands.

use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// A mistake and the byte of the file it is at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    pub at: usize,
    pub reason: String,
}

/// A table with its place in the file.
#[derive(Debug, Clone)]
pub struct Table<'a> {
    pub span: Range<usize>,
    pub entries: DeTable<'a>,
}

impl<'a> Table<'a> {
    /// The whole file.
    pub fn parse(source: &'a str) -> Result<Self, Mistake> {
        let parsed = DeTable::parse(source).map_err(|e| mistake(&e, 0))?;
        let span = parsed.span();
        let entries = parsed.into_inner();
        Ok(Self { span, entries })
    }

    /// A mistake at this table.
    pub fn mistake(&self, reason: impl Into<String>) -> Mistake {
        Mistake {
            at: self.span.start,
            reason: reason.into(),
        }
    }

    /// A mistake at a key, or at the table if it has no such key.
    pub fn mistake_at(&self, key: &str, reason: impl Into<String>) -> Mistake {
        let found = self.entries.iter().find(|(name, _)| name.get_ref() == key);
        Mistake {
            at: found.map_or(self.span.start, |(name, _)| name.span().start),
            reason: reason.into(),
        }
    }

    /// Takes a key out.
    pub fn take(&mut self, key: &str) -> Option<Spanned<DeValue<'a>>> {
        // Keys are compared by their text alone, wherever they stand.
        let name = Spanned::new(0..0, key.to_owned().into());
        self.entries.remove(&name)
    }

    /// A text, left in.
    pub fn text(&self, key: &str) -> Option<&str> {
        let found = self.entries.iter().find(|(name, _)| name.get_ref() == key);
        found.and_then(|(_, value)| value.get_ref().as_str())
    }

    /// Takes some keys out, as a table of their own.
    pub fn split(&mut self, keys: &[&str]) -> Self {
        let mut entries = DeTable::new();
        let taken = std::mem::take(&mut self.entries);
        for (name, value) in taken {
            if keys.contains(&name.get_ref().as_ref()) {
                entries.insert(name, value);
            } else {
                self.entries.insert(name, value);
            }
        }
        let span = self.span.clone();
        Self { span, entries }
    }

    /// This table with the keys of `other` put over its own.
    pub fn with(&self, other: &Self) -> Self {
        let mut both = self.clone();
        for (name, value) in &other.entries {
            both.entries.insert(name.clone(), value.clone());
        }
        both
    }

    /// As the type it should be.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Mistake> {
        let value = DeValue::Table(self.entries.clone());
        let spanned = Spanned::new(self.span.clone(), value);
        T::deserialize(ValueDeserializer::from(spanned)).map_err(|e| mistake(&e, self.span.start))
    }
}

/// A value that must be a table.
pub fn table<'a>(value: Spanned<DeValue<'a>>) -> Result<Table<'a>, Mistake> {
    let span = value.span();
    match value.into_inner() {
        DeValue::Table(entries) => Ok(Table { span, entries }),
        other => Err(Mistake {
            at: span.start,
            reason: format!("a table is needed here, not {}", other.type_str()),
        }),
    }
}

fn mistake(error: &toml::de::Error, otherwise: usize) -> Mistake {
    Mistake {
        at: error.span().map_or(otherwise, |span| span.start),
        reason: error.message().trim().replace('\n', ", "),
    }
}

/// Line number of a byte, from 1.
pub fn line_of(source: &str, at: usize) -> usize {
    let before = source.as_bytes().get(..at).unwrap_or(source.as_bytes());
    1 + before.iter().filter(|byte| **byte == b'\n').count()
}
