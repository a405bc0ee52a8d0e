//! JSON into a tree that keeps what `serde_json::Value` forgets: a key given twice is an error,
//! because two readers would disagree about it.

use super::problem::{Problem, Report};
use crate::content::address::shorten;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use std::fmt;

/// Entries of one JSON array or object.
const ENTRIES_MAX: usize = 100_000;

/// A JSON value with unique keys in document order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Null,
    Bool,
    Number(Number),
    Text(String),
    List(Vec<Value>),
    Map(Vec<(String, Value)>),
}

impl Value {
    /// Parses a whole document. Nesting is limited to 128 levels.
    pub fn parse(text: &str) -> Result<Value, Problem> {
        serde_json::from_str(text).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            let told = error.to_string();
            let cause = told.split(" at line ").next().unwrap_or_default();
            let text = format!("this is no JSON ({cause})");
            Problem {
                place,
                ..Problem::document(text, "correct it there; `order schema` helps")
            }
        })
    }

    /// What it is, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool => "true or false",
            Value::Number(_) => "a number",
            Value::Text(_) => "a text",
            Value::List(_) => "a list",
            Value::Map(_) => "an object",
        }
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Tree)
    }
}

struct Tree;

impl<'de> Visitor<'de> for Tree {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Value, E> {
        Ok(Value::Bool)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = entries.next_element()? {
            if list.len() >= ENTRIES_MAX {
                return Err(A::Error::custom("a list has more than 100000 entries"));
            }
            list.push(entry);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        const KEYS_MAX: usize = 100;
        let mut map: Vec<(String, Value)> = Vec::new();
        while let Some(key) = entries.next_key::<String>()? {
            if map.len() >= KEYS_MAX {
                return Err(A::Error::custom("an object has more than 100 keys"));
            }
            if map.iter().any(|(known, _)| *known == key) {
                return Err(A::Error::custom(format!(
                    "key {} is given twice",
                    shorten(&key)
                )));
            }
            let value = entries.next_value()?;
            map.push((key, value));
        }
        Ok(Value::Map(map))
    }
}

/// Takes the fields out of an object one by one, and reports what is missing, mistyped or left.
pub(super) struct Fields<'a> {
    path: String,
    left: Vec<(String, Value)>,
    known: &'a [&'a str],
}

impl<'a> Fields<'a> {
    /// `known` lists all fields; `path` is the object's own, empty for the document.
    pub fn of(value: Value, path: &str, known: &'a [&'a str], report: &mut Report) -> Self {
        let left = match value {
            Value::Map(map) => map,
            other => {
                let text = format!("is {}", other.kind());
                report.add(
                    path,
                    text,
                    &format!("give an object with {}", known.join(", ")),
                );
                Vec::new()
            }
        };
        Fields {
            path: path.to_owned(),
            left,
            known,
        }
    }

    /// The full path of a field.
    pub fn path(&self, field: &str) -> String {
        match self.path.as_str() {
            "" => field.to_owned(),
            path => format!("{path}.{field}"),
        }
    }

    /// A field's value; null counts as absent.
    pub fn take(&mut self, field: &str) -> Option<Value> {
        let at = self.left.iter().position(|(name, _)| name == field)?;
        Some(self.left.swap_remove(at).1).filter(|value| *value != Value::Null)
    }

    /// An optional text.
    pub fn text(&mut self, field: &str, report: &mut Report) -> Option<String> {
        match self.take(field)? {
            Value::Text(text) => Some(text),
            other => {
                let text = format!("is {}", other.kind());
                report.add(&self.path(field), text, "give a text in quotation marks");
                None
            }
        }
    }

    /// A text that must be there; empty if it is not.
    pub fn required(&mut self, field: &str, report: &mut Report) -> String {
        let before = report.problems.len();
        let text = self.text(field, report);
        if text.is_none() && report.problems.len() == before {
            report.add(&self.path(field), "is missing", "give it as a text");
        }
        text.unwrap_or_default()
    }

    /// A list; empty if it is absent or something else.
    pub fn list(&mut self, field: &str, report: &mut Report) -> Vec<Value> {
        match self.take(field) {
            None => Vec::new(),
            Some(Value::List(list)) => list,
            Some(other) => {
                let text = format!("is {}", other.kind());
                report.add(&self.path(field), text, "give a list in square brackets");
                Vec::new()
            }
        }
    }

    /// Reports every field that nobody took.
    pub fn finish(self, report: &mut Report) {
        for (name, _) in &self.left {
            if !self.known.contains(&name.as_str()) {
                let plain = name.len() <= 40 && name.bytes().all(|b| b.is_ascii_graphic());
                let name = if plain { name.clone() } else { shorten(name) };
                report.unknown_field(&self.path(&name), self.known);
            }
        }
    }
}
