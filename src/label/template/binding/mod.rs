//! Text with holes: `"Ref {order_ref}"`. A field is required unless marked `{order_ref?}`;
//! formats follow bars: `{ship_date|date:DD MMM YYYY}`, `{zip|digits|first:5}`. Braces are
//! written `{{` and `}}`. In a repeated element `#` in a field's name is the copy's number, and
//! `{#}` is that number.
//!
//! A line whose fields are all empty disappears, so that an address of three lines leaves no gap.

mod date;
mod format;
mod group;
mod weight;

use crate::label::FieldMap;
use crate::label::symbol::gs1;
pub use group::group_in_fours;

use format::Format;

/// Formats behind one field.
const FORMATS_MAX: usize = 8;
/// Characters of a field's name.
const NAME_CHARS_MAX: usize = 64;

/// A piece of a binding.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Field {
        name: String,
        formats: Vec<Format>,
        optional: bool,
    },
}

/// A parsed text with holes, line by line.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Binding {
    lines: Vec<Vec<Part>>,
}

/// A binding with its fields put in. Keep it and hand it in again: its memory is used again.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Bound {
    /// The text, lines joined by `\n`.
    pub text: String,
    /// Required fields that were absent or empty.
    pub missing: Vec<String>,
    /// Fields whose value the format cannot show, with the reason.
    pub unfit: Vec<(String, String)>,
    /// Values are put into GS1 data: none of their characters may begin an element.
    pub gs1: bool,
    /// A value on its way through its formats.
    work: String,
    next: String,
}

impl Bound {
    /// Whether every field was there and could be shown.
    pub fn whole(&self) -> bool {
        self.missing.is_empty() && self.unfit.is_empty()
    }
}

impl Binding {
    /// Parses `source`. The error says what is wrong and what to write instead.
    pub fn parse(source: &str) -> Result<Self, String> {
        Self::parse_copy(source, None)
    }

    /// Parses `source` for copy `number` of a repeated element (None: the element stands once).
    pub fn parse_copy(source: &str, number: Option<u32>) -> Result<Self, String> {
        let lines = source
            .split('\n')
            .map(|line| parse_line(line, number))
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
        self.bind_into(fields, &mut bound);
        bound
    }

    /// [`Self::bind`] into `bound`, whose former content is dropped and memory kept.
    pub fn bind_into(&self, fields: &FieldMap, bound: &mut Bound) {
        bound.text.clear();
        bound.missing.clear();
        bound.unfit.clear();
        let mut first = true;
        for line in &self.lines {
            let start = bound.text.len();
            if !first {
                bound.text.push('\n');
            }
            if bind_line(line, fields, bound) {
                first = false;
            } else {
                bound.text.truncate(start);
            }
        }
    }
}

/// False if the line has fields and none of them holds anything.
fn bind_line(line: &[Part], fields: &FieldMap, bound: &mut Bound) -> bool {
    let (mut holes, mut filled) = (false, false);
    for part in line {
        match part {
            Part::Text(fixed) => bound.text.push_str(fixed),
            Part::Field {
                name,
                formats,
                optional,
            } => {
                holes = true;
                let value = fields.get(name).map_or("", |value| value.trim());
                filled |= bind_field(name, value, formats, *optional, bound);
            }
        }
    }
    !holes || filled
}

/// Appends one field; whether anything was there to show.
fn bind_field(
    name: &str,
    value: &str,
    formats: &[Format],
    optional: bool,
    bound: &mut Bound,
) -> bool {
    if formats.is_empty() {
        if value.is_empty() && !optional {
            bound.missing.push(name.to_owned());
        }
        bound.text.push_str(value);
        return !value.is_empty();
    }
    bound.work.clear();
    bound.work.push_str(value);
    for format in formats {
        bound.next.clear();
        if let Err(reason) = format.apply(&bound.work, &mut bound.next) {
            bound.unfit.push((name.to_owned(), reason));
            bound.text.push_str(value);
            return true;
        }
        std::mem::swap(&mut bound.work, &mut bound.next);
    }
    if bound.work.is_empty() && !optional {
        bound.missing.push(name.to_owned());
    }
    if bound.gs1 {
        bound.text.push_str(&gs1::mask(&bound.work));
    } else {
        bound.text.push_str(&bound.work);
    }
    !bound.work.is_empty()
}

fn parse_line(source: &str, number: Option<u32>) -> Result<Vec<Part>, String> {
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
                match number {
                    Some(number) if inner == "#" => text.push_str(&number.to_string()),
                    _ => {
                        if !text.is_empty() {
                            parts.push(Part::Text(std::mem::take(&mut text)));
                        }
                        parts.push(parse_field(&inner, number)?);
                    }
                }
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

fn parse_field(inner: &str, number: Option<u32>) -> Result<Part, String> {
    let mut pieces = inner.split('|');
    let head = pieces.next().unwrap_or_default();
    let formats = pieces
        .map(Format::parse)
        .collect::<Result<Vec<_>, String>>()?;
    if formats.len() > FORMATS_MAX {
        return Err(format!(
            "'{{{inner}}}' has {} formats; use at most {FORMATS_MAX}",
            formats.len()
        ));
    }
    let (name, optional) = match head.strip_suffix('?') {
        Some(name) => (name, true),
        None => (head, false),
    };
    let name = field_name(name, number).ok_or_else(|| {
        format!(
            "'{{{inner}}}' names no field; write {{field}}, {{field?}} or {{field|fours}} with \
             small letters, digits, '_' and '.' ('#' only with repeat)"
        )
    })?;
    Ok(Part::Field {
        name,
        formats,
        optional,
    })
}

/// A field's name as written, `#` replaced by the copy's number; None if it is no name.
pub fn field_name(written: &str, number: Option<u32>) -> Option<String> {
    let name = match number {
        Some(number) => written.replace('#', &number.to_string()),
        None => written.to_owned(),
    };
    is_field_name(&name).then_some(name)
}

/// Field names: small letters, digits, underscore and dot, at most 64 characters.
pub fn is_field_name(name: &str) -> bool {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'.';
    !name.is_empty() && name.len() <= NAME_CHARS_MAX && name.bytes().all(legal)
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
    fn formats_chain_and_a_default_counts_as_filled() {
        let binding = Binding::parse("{zip|digits|first:5}-{zip|digits|skip:5}\n{z|default:none}");
        let bound = binding.unwrap().bind(&fields(&[("zip", "10001-4207")]));
        assert_eq!(bound.text, "10001-4207\nnone");
        assert!(bound.whole());
    }

    #[test]
    fn a_value_the_format_cannot_show_is_told_and_shown_as_it_is() {
        let binding = Binding::parse("{d|date:DD MMM YYYY}").unwrap();
        let bound = binding.bind(&fields(&[("d", "tomorrow")]));
        assert_eq!(bound.text, "tomorrow");
        assert_eq!(bound.unfit.len(), 1);
        assert!(!bound.whole());
    }

    #[test]
    fn copies_have_their_number() {
        let binding = Binding::parse_copy("{#}: {items.#.sku}", Some(12)).unwrap();
        let bound = binding.bind(&fields(&[("items.12.sku", "A1")]));
        assert_eq!(bound.text, "12: A1");
        assert!(Binding::parse("{items.#.sku}").is_err());
    }

    #[test]
    fn a_reused_bound_forgets_what_was_before() {
        let mut bound = Bound::default();
        let binding = Binding::parse("{a}\n{b|upper}").unwrap();
        binding.bind_into(&fields(&[]), &mut bound);
        assert_eq!((bound.text.as_str(), bound.missing.len()), ("", 2));
        binding.bind_into(&fields(&[("a", "x"), ("b", "y")]), &mut bound);
        assert_eq!(bound.text, "x\nY");
        assert!(bound.whole());
    }

    #[test]
    fn mistakes_are_explained() {
        for source in [
            "{",
            "{a",
            "{}",
            "{A}",
            "}",
            "{a|sevens}",
            "{a b}",
            "{a|}",
            "{#}",
            "{a|first}",
        ] {
            assert!(Binding::parse(source).is_err(), "{source}");
        }
        assert!(Binding::parse(&format!("{{a{}}}", "|upper".repeat(9))).is_err());
    }
}
