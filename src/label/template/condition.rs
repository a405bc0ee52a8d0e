//! When an element is drawn: `when = "seller"`, `when = "service == express"`,
//! `unless = "ship_to.country == DE"`, several of them as a list.

use std::ops::Bound::{Included, Unbounded};

use super::binding::field_name;
use crate::label::FieldMap;

/// A question about the fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The field holds something.
    Filled(String),
    /// The field's text is this, white space at the ends aside.
    Equals(String, String),
    Differs(String, String),
    /// Any field `NAME` or `NAME.something` holds something: copy of a repeated element.
    Group(String),
    Not(Box<Condition>),
}

impl Condition {
    /// Parses `source` for copy `number` of a repeated element.
    pub fn parse(source: &str, number: Option<u32>) -> Result<Self, String> {
        let named = |name: &str| {
            field_name(name.trim(), number).ok_or_else(|| {
                format!(
                    "'{source}' is no condition; write field, field == text or field != text, \
                     without braces"
                )
            })
        };
        // The operator that comes first counts; the text may hold the other one.
        let equals = source.find("==").map(|at| (at, true));
        let differs = source.find("!=").map(|at| (at, false));
        let first = [equals, differs].into_iter().flatten().min();
        let Some((at, equal)) = first else {
            return Ok(Self::Filled(named(source)?));
        };
        let name = named(&source[..at])?;
        let text = source[at + 2..].trim().to_owned();
        Ok(if equal {
            Self::Equals(name, text)
        } else {
            Self::Differs(name, text)
        })
    }

    /// Whether it is so.
    pub fn holds(&self, fields: &FieldMap) -> bool {
        let value = |name: &String| fields.get(name).map_or("", |value| value.trim());
        match self {
            Self::Filled(name) => !value(name).is_empty(),
            Self::Equals(name, text) => value(name) == text,
            Self::Differs(name, text) => value(name) != text,
            Self::Group(name) => fields
                .range::<str, _>((Included(name.as_str()), Unbounded))
                .take_while(|(field, _)| field.starts_with(name.as_str()))
                .any(|(field, value)| {
                    let rest = &field[name.len()..];
                    (rest.is_empty() || rest.starts_with('.')) && !value.trim().is_empty()
                }),
            Self::Not(inner) => !inner.holds(fields),
        }
    }

    /// The field it asks about; none for a group.
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Filled(name) | Self::Equals(name, _) | Self::Differs(name, _) => Some(name),
            Self::Group(_) => None,
            Self::Not(inner) => inner.field(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn conditions_ask_what_they_say() {
        let pairs = [
            ("a", " x "),
            ("b", ""),
            ("items.1", "y"),
            ("items.2.sku", "z"),
            ("items.20", "w"),
        ];
        let fields: FieldMap = pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        for (source, expected) in [
            ("a", true),
            ("b", false),
            ("c", false),
            ("a == x", true),
            ("a==y", false),
            ("a != y", true),
            ("b == ", true),
            ("b != ", false),
            ("c != x == y", true),
        ] {
            let condition = Condition::parse(source, None).unwrap();
            assert_eq!(condition.holds(&fields), expected, "{source}");
            assert_eq!(
                Condition::Not(Box::new(condition)).holds(&fields),
                !expected
            );
        }
        for (name, expected) in [
            ("items.1", true),
            ("items.2", true),
            ("items.3", false),
            ("item", false),
        ] {
            assert_eq!(
                Condition::Group(name.into()).holds(&fields),
                expected,
                "{name}"
            );
        }
        for source in ["", "{a}", "A", "a = x", "a b"] {
            assert!(Condition::parse(source, None).is_err(), "{source}");
        }
        let copy = Condition::parse("items.#.sku == z", Some(2)).unwrap();
        assert!(copy.holds(&fields));
    }
}
