//! Text with holes: `"Ref {order_ref}"`. A field is required unless marked `{order_ref?}`; a
//! format follows a bar: `{tracking_number|fours}`. Braces are written `{{` and `}}`.
//!
//! A line whose fields are all empty disappears, so that an address of three lines leaves no gap.

use crate::label::FieldMap;

/// How a field's text is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// As it is.
    Plain,
    /// In groups of four, from the left: `1Z99 9AA1`.
    Fours,
    /// Upper case, as postal rules ask (USPS Publication 28).
    Upper,
}

/// A piece of a binding.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Field {
        name: String,
        format: Format,
        optional: bool,
    },
}

/// A parsed text with holes, line by line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Binding {
    lines: Vec<Vec<Part>>,
}

/// A binding with its fields put in.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// The text, lines joined by `\n`.
    pub text: String,
    /// Required fields that were absent or empty.
    pub missing: Vec<String>,
}

impl Binding {
    /// Parses `source`. The error says what is wrong and what to write instead.
    pub fn parse(source: &str) -> Result<Self, String> {
        let lines = source
            .split('\n')
            .map(parse_line)
            .collect::<Result<_, _>>()?;
        Ok(Self { lines })
    }

    /// Names of all fields, in order of appearance.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.lines.iter().flatten().filter_map(|part| match part {
            Part::Field { name, .. } => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// Puts the fields in. A line break inside a value stays a line break.
    pub fn bind(&self, fields: &FieldMap) -> Bound {
        let mut bound = Bound::default();
        let mut first = true;
        for line in &self.lines {
            let Some(text) = bind_line(line, fields, &mut bound.missing) else {
                continue;
            };
            if !first {
                bound.text.push('\n');
            }
            bound.text.push_str(&text);
            first = false;
        }
        bound
    }
}

/// None if the line has fields and none of them holds anything.
fn bind_line(line: &[Part], fields: &FieldMap, missing: &mut Vec<String>) -> Option<String> {
    let mut text = String::new();
    let (mut holes, mut filled) = (false, false);
    for part in line {
        match part {
            Part::Text(fixed) => text.push_str(fixed),
            Part::Field {
                name,
                format,
                optional,
            } => {
                holes = true;
                let value = fields.get(name).map_or("", |value| value.trim());
                filled |= !value.is_empty();
                if value.is_empty() && !optional {
                    missing.push(name.clone());
                }
                text.push_str(&format.apply(value));
            }
        }
    }
    (!holes || filled).then_some(text)
}

impl Format {
    fn parse(name: &str) -> Result<Self, String> {
        match name {
            "plain" => Ok(Self::Plain),
            "fours" => Ok(Self::Fours),
            "upper" => Ok(Self::Upper),
            other => Err(format!(
                "unknown format '{other}'; use plain, fours or upper"
            )),
        }
    }

    fn apply(self, value: &str) -> String {
        match self {
            Self::Plain => value.to_owned(),
            Self::Upper => value.to_uppercase(),
            Self::Fours => group_in_fours(value),
        }
    }
}

/// `1Z999AA10123456784` -> `1Z99 9AA1 0123 4567 84`. Spaces already there are dropped first.
pub fn group_in_fours(value: &str) -> String {
    let mut out = String::with_capacity(value.len() + value.len() / 4);
    for (index, c) in value.chars().filter(|c| !c.is_whitespace()).enumerate() {
        if index > 0 && index % 4 == 0 {
            out.push(' ');
        }
        out.push(c);
    }
    out
}

fn parse_line(source: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut text = String::new();
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '{' | '}' if chars.peek() == Some(&c) => {
                chars.next();
                text.push(c);
            }
            '{' => {
                let mut inner = String::new();
                loop {
                    match chars.next() {
                        Some('}') => break,
                        Some(c) => inner.push(c),
                        None => return Err("'{' without '}'; write '{{' for a brace".into()),
                    }
                }
                if !text.is_empty() {
                    parts.push(Part::Text(std::mem::take(&mut text)));
                }
                parts.push(parse_field(&inner)?);
            }
            '}' => return Err("'}' without '{'; write '}}' for a brace".into()),
            other => text.push(other),
        }
    }
    if !text.is_empty() {
        parts.push(Part::Text(text));
    }
    Ok(parts)
}

fn parse_field(inner: &str) -> Result<Part, String> {
    let (head, format) = match inner.split_once('|') {
        Some((head, format)) => (head, Format::parse(format)?),
        None => (inner, Format::Plain),
    };
    let (name, optional) = match head.strip_suffix('?') {
        Some(name) => (name, true),
        None => (head, false),
    };
    if !is_field_name(name) {
        return Err(format!(
            "'{{{inner}}}' names no field; write {{field}}, {{field?}} or {{field|fours}} with \
             small letters, digits, '_' and '.'"
        ));
    }
    Ok(Part::Field {
        name: name.to_owned(),
        format,
        optional,
    })
}

/// Field names: small letters, digits, underscore and dot, at most 64 characters.
pub fn is_field_name(name: &str) -> bool {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.';
    !name.is_empty() && name.len() <= 64 && name.bytes().all(legal)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn fields(pairs: &[(&str, &str)]) -> FieldMap {
        pairs
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
            .collect()
    }

    #[test]
    fn empty_lines_close_up_and_required_fields_are_named() {
        let binding = Binding::parse("{a}\n{b?}\n{c}\nend").unwrap();
        let bound = binding.bind(&fields(&[("a", "one"), ("c", " ")]));
        assert_eq!(bound.text, "one\nend");
        assert_eq!(bound.missing, ["c"]);
    }

    #[test]
    fn formats_and_braces() {
        let binding = Binding::parse("{{x}} {n|fours} {s|upper}").unwrap();
        let bound = binding.bind(&fields(&[("n", "123456789"), ("s", "straße")]));
        assert_eq!(bound.text, "{x} 1234 5678 9 STRASSE");
    }

    #[test]
    fn mistakes_are_explained() {
        for source in ["{", "{a", "{}", "{A}", "}", "{a|sevens}", "{a b}", "{a|}"] {
            assert!(Binding::parse(source).is_err(), "{source}");
        }
    }
}
