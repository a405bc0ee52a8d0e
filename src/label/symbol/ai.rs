//! Application identifiers as symbols need them. Their rules are [`crate::content::gs1`]'s.

use super::SymbolError;
use crate::content::gs1::{self, Dictionary, Element, Problem, Rule};

/// Characters of the identifier `text` begins with.
pub fn length(text: &str) -> Option<usize> {
    gs1::ai_at(text, Dictionary::builtin()).map(str::len)
}

/// Whole length of an element, identifier and value, if it is fixed in advance: no separator
/// follows it then.
pub fn predefined(ai: &str) -> Option<usize> {
    let entry = Dictionary::builtin().find(ai)?;
    entry.predefined.then(|| ai.len() + entry.length().1)
}

/// Checks a value by the rules of its identifier.
///
/// # Errors
/// The first rule it breaks.
pub fn check(ai: &str, value: &str) -> Result<(), SymbolError> {
    first(Dictionary::builtin().check(ai, value, 0))
}

/// Rules between identifiers of one symbol. Companions that are missing may be in another symbol
/// of the same label.
///
/// # Errors
/// The two that may not stand together.
pub fn together(elements: &[Element<'_>]) -> Result<(), SymbolError> {
    let mut problems = gs1::together(elements, Dictionary::builtin());
    problems.retain(|problem| problem.rule != Rule::Requires);
    first(problems)
}

fn first(problems: Vec<Problem>) -> Result<(), SymbolError> {
    match problems.into_iter().next() {
        Some(problem) => Err(SymbolError::Rule(problem.message)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn values_are_held_to_their_format() {
        for (ai, value) in [
            ("00", "106141411234567897"),
            ("3102", "001234"),
            ("10", "A(1)"),
            ("421", "276X1"),
            ("8010", "9528-1#2"),
            ("253", "4012345000009X"),
            ("99", "x"),
        ] {
            check(ai, value).unwrap();
        }
        for (ai, value, part) in [
            ("00", "106141411234567898", "must be 7"),
            ("01", "123", "must have 14"),
            ("3106", "001234", "no application identifier"),
            ("421", "27x1", "digits only"),
            ("421", "2761234567890", "may have 4 to 12"),
            ("402", "12345678901234567", "must be"),
            ("8010", "abc", "capitals"),
            ("10", "a b", "character set"),
            ("05", "1", "no application identifier"),
        ] {
            let error = check(ai, value).unwrap_err().to_string();
            assert!(error.contains(part), "({ai}){value}: {error}");
        }
        let set = |ais: &[&'static str]| {
            let one = |ai: &&'static str| Element::new(*ai, format!("{}", ai.len()));
            together(&ais.iter().map(one).collect::<Vec<_>>())
        };
        assert!(set(&["00", "420", "421"]).is_err());
        set(&["00", "420", "10"]).unwrap();
        // What one symbol lacks may be in another one of the same label.
        set(&["420", "4307"]).unwrap();
        let twice = [Element::new("10", "A"), Element::new("10", "B")];
        assert!(together(&twice).is_err());
    }
}
