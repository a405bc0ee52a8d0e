//! Reads GS1 data in any of its forms.

use super::{
    DATA_BYTES_MAX, Dictionary, ELEMENTS_MAX, Element, Form, Parsed, Problem, Rule, SEPARATOR, link,
};
use std::borrow::Cow;

/// FNC1 as tools write it where a control character cannot be typed. No value may hold it.
const CARET: char = '^';

/// Elements and problems as they are found; positions count characters of the whole data.
pub(super) struct Reader<'a, 'd> {
    pub dictionary: &'d Dictionary,
    data: &'a str,
    pub elements: Vec<Element<'a>>,
    pub errors: Vec<Problem>,
}

impl<'a> Reader<'a, '_> {
    /// `at` is a byte offset of the data.
    pub(super) fn tell(&mut self, ai: &str, at: usize, rule: Rule, message: String) {
        let position = self.position(at);
        self.errors.push(Problem {
            ai: ai.to_owned(),
            position,
            rule,
            message,
        });
    }

    fn position(&self, at: usize) -> usize {
        match self.data.get(..at) {
            Some(before) if before.is_ascii() => at,
            Some(before) => before.chars().count(),
            None => self.data.chars().count(),
        }
    }

    /// Takes an element and checks its value; false if there are too many.
    pub(super) fn push(&mut self, ai: &'a str, value: Cow<'a, str>, at: usize) -> bool {
        if self.elements.len() == ELEMENTS_MAX {
            let message = format!("more than {ELEMENTS_MAX} elements; split the data");
            self.tell(ai, at, Rule::TooLong, message);
            return false;
        }
        let position = self.position(at);
        self.errors
            .extend(self.dictionary.check(ai, &value, position));
        self.elements.push(Element {
            ai: Cow::Borrowed(ai),
            value,
            position,
        });
        true
    }
}

/// Reads an element string (with or without FNC1, bracketed, with or without symbology
/// identifier) or a Digital Link, and checks it by `dictionary`. `^` is read as FNC1, and brackets
/// inside a bracketed value may be written `\(`.
pub fn parse<'a>(data: &'a str, dictionary: &Dictionary) -> Parsed<'a> {
    let symbology = symbology(data);
    let start = symbology.map_or(0, |aim| aim.len() + 1);
    let text = data.get(start..).unwrap_or_default();
    let mut reader = Reader {
        dictionary,
        data,
        elements: Vec::new(),
        errors: Vec::new(),
    };
    let form = if text.starts_with('(') {
        Form::Bracketed
    } else if link::is_link(text) {
        Form::DigitalLink
    } else {
        Form::Unbracketed
    };
    if data.len() > DATA_BYTES_MAX {
        let message = format!("{} bytes; at most {DATA_BYTES_MAX} are read", data.len());
        reader.tell("", 0, Rule::TooLong, message);
    } else if text.trim_matches([SEPARATOR, CARET]).is_empty() {
        reader.tell("", start, Rule::Syntax, "no data".to_owned());
    } else {
        match form {
            Form::Bracketed => bracketed(text, start, &mut reader),
            Form::DigitalLink => link::read(text, start, &mut reader),
            Form::Unbracketed => unbracketed(text, start, &mut reader),
        }
    }
    let Reader {
        elements,
        mut errors,
        ..
    } = reader;
    errors.extend(together(&elements, dictionary));
    Parsed {
        form,
        symbology,
        elements,
        errors,
    }
}

/// The AIM symbology identifier (ISO/IEC 15424) data begin with, without `]`, such as `C1`.
fn symbology(data: &str) -> Option<&str> {
    let aim = data.strip_prefix(']')?.get(..2)?;
    let shape = aim.starts_with(|c: char| c.is_ascii_alphabetic())
        && aim.ends_with(|c: char| c.is_ascii_alphanumeric());
    shape.then_some(aim)
}

/// The identifier `text` begins with.
pub fn ai_at<'a>(text: &'a str, dictionary: &Dictionary) -> Option<&'a str> {
    let ai = text.get(..dictionary.ai_digits(text)?)?;
    dictionary.find(ai).map(|_| ai)
}

fn bracketed<'a>(text: &'a str, start: usize, reader: &mut Reader<'a, '_>) {
    let mut at = 0;
    while let Some(after) = text.get(at..).and_then(|rest| rest.strip_prefix('(')) {
        let Some((ai, value)) = after.split_once(')') else {
            let message = "'(' without ')': write (identifier)value".to_owned();
            return reader.tell("", start + at, Rule::Syntax, message);
        };
        let from = at + ai.len() + 2;
        let end = from + value_end(value, reader.dictionary);
        let value = text.get(from..end).unwrap_or_default();
        let value = value.trim_end_matches([SEPARATOR, CARET]);
        let value = match value.contains("\\(") {
            true => Cow::Owned(value.replace("\\(", "(")),
            false => Cow::Borrowed(value),
        };
        if !reader.push(ai, value, start + at) {
            return;
        }
        at = end;
    }
}

/// Where a bracketed value ends: at a bracket with an identifier, or with digits that would be one.
/// Other brackets belong to the value.
fn value_end(value: &str, dictionary: &Dictionary) -> usize {
    let begins = |(at, _): &(usize, &str)| {
        if value[..*at].ends_with('\\') {
            return false;
        }
        // An identifier has four digits at most; looking further would make this quadratic.
        let inner = &value.as_bytes()[at + 1..value.len().min(at + 6)];
        let digits = inner.iter().take_while(|b| b.is_ascii_digit()).count();
        let ai = value.get(at + 1..at + 1 + digits).unwrap_or_default();
        inner.get(digits) == Some(&b')') && dictionary.find(ai).is_some()
    };
    let found = value.match_indices('(').find(begins);
    found.map_or(value.len(), |(at, _)| at)
}

fn unbracketed<'a>(text: &'a str, start: usize, reader: &mut Reader<'a, '_>) {
    let is_end = |c: char| c == SEPARATOR || c == CARET;
    // FNC1 in front says that these are GS1 data; scanners may send it or not.
    let mut at = usize::from(text.starts_with(is_end));
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let end = rest.find(is_end).unwrap_or(rest.len());
        if end == 0 {
            let message = "a separator without an element before it; remove it".to_owned();
            reader.tell("", start + at, Rule::Syntax, message);
            at += 1;
            continue;
        }
        let Some(ai) = ai_at(rest, reader.dictionary) else {
            let shown = crate::content::address::shorten(&rest[..end]);
            let message = format!("no application identifier at {shown}");
            reader.tell("", start + at, Rule::UnknownAi, message);
            at += (end + 1).min(rest.len());
            continue;
        };
        let entry = reader.dictionary.find(ai);
        let fixed = entry
            .filter(|e| e.predefined)
            .map(|e| ai.len() + e.length().1);
        let mut stop = fixed.map_or(end, |length| length.min(end));
        while !rest.is_char_boundary(stop) {
            stop += 1;
        }
        let value = rest.get(ai.len()..stop).unwrap_or_default();
        if !reader.push(ai, Cow::Borrowed(value), start + at) {
            return;
        }
        // A separator behind a value of fixed length is superfluous, but does no harm.
        let separator = usize::from(rest[stop..].starts_with(is_end));
        at += (stop + separator).max(1);
    }
}

/// The rules between the elements of one set: companions, exclusions, repetitions.
pub fn together(elements: &[Element<'_>], dictionary: &Dictionary) -> Vec<Problem> {
    let mut found = Vec::new();
    let has = |pattern: &super::dictionary::Pattern| elements.iter().any(|e| pattern.holds(&e.ai));
    for (index, element) in elements.iter().enumerate() {
        let ai = element.ai.as_ref();
        let mut tell = |rule, message| {
            found.push(Problem {
                ai: ai.to_owned(),
                position: element.position,
                rule,
                message,
            });
        };
        let earlier = elements.iter().take(index);
        let differs = |e: &Element<'_>| e.ai == element.ai && e.value != element.value;
        if earlier.clone().any(differs) {
            tell(Rule::Repeat, format!("({ai}) is there twice; remove one"));
        }
        let Some(entry) = dictionary.find(ai) else {
            continue;
        };
        for wanted in &entry.requires {
            if wanted.iter().any(|group| group.iter().all(has)) {
                continue;
            }
            let all = |group: &Vec<super::dictionary::Pattern>| {
                let ais: Vec<String> = group.iter().map(ToString::to_string).collect();
                ais.join(" and ")
            };
            let ways: Vec<String> = wanted.iter().map(all).collect();
            let message = format!("({ai}) needs {} beside it", ways.join(", or "));
            tell(Rule::Requires, message);
        }
        for other in &entry.excludes {
            let apart = |e: &&Element<'_>| other.holds(&e.ai) && e.ai != element.ai;
            if let Some(other) = elements.iter().find(apart) {
                let other = other.ai.as_ref();
                let message = format!("({ai}) and ({other}) exclude each other; leave one out");
                tell(Rule::Excludes, message);
            }
        }
    }
    found
}
