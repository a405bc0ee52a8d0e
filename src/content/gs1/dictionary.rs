//! The table of application identifiers: our own, or an operator's copy of the GS1 Syntax
//! Dictionary, read from its published line format:
//!
//! ```text
//! 3300-3305  *?  N6  req=00,01 ex=330n   # GROSS WEIGHT (kg)
//! ```
//!
//! An identifier or a range; flags (`*`: length fixed in advance, no FNC1 behind it); components
//! (`N14,csum`: kind, length or `..` greatest length, rules; in square brackets if optional);
//! attributes (`req=`: comma is or, plus is and; `ex=`; `dlpkey=`: key of a Digital Link with its
//! qualifiers, `|` between alternatives; a small `n` stands for any digit); the title behind `#`.

use super::lint::{self, Linter};
use super::table;
use std::sync::LazyLock;

/// Longest dictionary taken.
const TEXT_BYTES_MAX: usize = 1 << 20;
const ENTRIES_MAX: usize = 2_000;
/// Components of one value.
const COMPONENTS_MAX: usize = 8;
/// Characters of one value.
const VALUE_CHARS_MAX: usize = 255;

/// Which characters a component takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Digits.
    N,
    /// GS1 character set 82.
    X,
    /// GS1 character set 39.
    Y,
    /// GS1 character set 64, base 64 for files and links.
    Z,
}

/// A part of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Component {
    pub kind: Kind,
    pub least: usize,
    pub most: usize,
    pub optional: bool,
    pub linters: Vec<Linter>,
}

/// An identifier in a rule; `310n` is 3100 to 3109.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pattern {
    digits: u8,
    from: u16,
    to: u16,
}

/// One line: an identifier, or several with the same rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    span: Pattern,
    /// No separator follows: the length is fixed in advance.
    pub predefined: bool,
    pub(super) components: Vec<Component>,
    /// All must hold; each is any of several groups, whose identifiers all must be there.
    pub(super) requires: Vec<Vec<Vec<Pattern>>>,
    pub(super) excludes: Vec<Pattern>,
    /// Key of a Digital Link: sequences of qualifiers, one of which may follow it.
    pub(super) key: Option<Vec<Vec<Pattern>>>,
    /// The data title, such as `SSCC`; may be empty.
    pub title: String,
}

impl Entry {
    /// Fewest and most characters of a value.
    pub fn length(&self) -> (usize, usize) {
        let of = |(least, most), part: &Component| {
            let here = if part.optional { 0 } else { part.least };
            (least + here, most + part.most)
        };
        let (least, most) = self.components.iter().fold((0, 0), of);
        (least.max(1), most)
    }

    /// True if every component takes digits only.
    pub fn is_numeric(&self) -> bool {
        self.components.iter().all(|part| part.kind == Kind::N)
    }

    /// True if values are percent-encoded.
    pub fn is_encoded(&self) -> bool {
        let encoded = |part: &Component| part.linters.contains(&Linter::PercentEncoding);
        self.components.iter().any(encoded)
    }
}

/// What is wrong with a dictionary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DictionaryError {
    #[error("line {line}: {text}; take the published gs1-syntax-dictionary.txt as it is")]
    Line { line: usize, text: String },
    #[error("{0} is too large for a dictionary; take the published gs1-syntax-dictionary.txt")]
    TooLarge(String),
    #[error("no identifier in it; take the published gs1-syntax-dictionary.txt")]
    Empty,
}

/// What identifiers exist and what they may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dictionary {
    /// Sorted by length, then number.
    entries: Vec<Entry>,
    /// Digits of the identifiers that begin with these two digits; 0 if there is none.
    lengths: Vec<u8>,
    unchecked: Vec<String>,
}

impl Dictionary {
    /// Our own table: the identifiers shipping needs, with the companion rules of those.
    pub fn builtin() -> &'static Dictionary {
        static BUILTIN: LazyLock<Dictionary> = LazyLock::new(|| {
            Dictionary::parse(table::LINES).unwrap_or_else(|_| Dictionary::none())
        });
        &BUILTIN
    }

    fn none() -> Dictionary {
        Dictionary {
            entries: Vec::new(),
            lengths: vec![0; 100],
            unchecked: Vec::new(),
        }
    }

    /// Reads a dictionary in the published format.
    ///
    /// # Errors
    /// The first line that is not understood, or a text too large or empty. Rules this software
    /// does not know are no error: see [`Dictionary::unchecked`].
    pub fn parse(text: &str) -> Result<Dictionary, DictionaryError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(DictionaryError::TooLarge(format!("{} bytes", text.len())));
        }
        let mut all = Dictionary::none();
        for (at, line) in text.lines().enumerate() {
            let told = |text: String| DictionaryError::Line { line: at + 1, text };
            if let Some(entry) = entry(line, &mut all.unchecked).map_err(told)? {
                let lead = lead(&entry.span);
                for two in lead.0..=lead.1 {
                    if let Some(length) = all.lengths.get_mut(usize::from(two)) {
                        if *length != 0 && *length != entry.span.digits {
                            let text = format!("{two:02}: identifiers of two lengths");
                            return Err(told(text));
                        }
                        *length = entry.span.digits;
                    }
                }
                all.entries.push(entry);
            }
            if all.entries.len() > ENTRIES_MAX {
                return Err(DictionaryError::TooLarge(format!("{ENTRIES_MAX}+ lines")));
            }
        }
        if all.entries.is_empty() {
            return Err(DictionaryError::Empty);
        }
        all.entries.sort_by_key(|e| (e.span.digits, e.span.from));
        let overlaps = |pair: &[Entry]| match pair {
            [a, b] => a.span.digits == b.span.digits && a.span.to >= b.span.from,
            _ => false,
        };
        if let Some([one, ..]) = all.entries.windows(2).find(|pair| overlaps(pair)) {
            let text = format!("{} is there twice", one.span.from);
            return Err(DictionaryError::Line { line: 0, text });
        }
        all.unchecked.sort();
        all.unchecked.dedup();
        Ok(all)
    }

    /// Rules of the text that are not checked here, by name: data that break only those pass.
    pub fn unchecked(&self) -> &[String] {
        &self.unchecked
    }

    /// The entry of an identifier.
    pub fn find(&self, ai: &str) -> Option<&Entry> {
        let number = number(ai)?;
        let digits = u8::try_from(ai.len()).ok()?;
        let key = (digits, number);
        let after = self
            .entries
            .partition_point(|e| (e.span.digits, e.span.from) <= key);
        let entry = self.entries.get(after.checked_sub(1)?)?;
        (entry.span.digits == digits && number <= entry.span.to).then_some(entry)
    }

    /// Digits of the identifiers that begin with the first two digits of `text`.
    pub(super) fn ai_digits(&self, text: &str) -> Option<usize> {
        let two = usize::from(number(text.get(..2)?)?);
        let length = self.lengths.get(two).copied().unwrap_or(0);
        (length > 0).then_some(usize::from(length))
    }

    /// All identifiers that may be the key of a Digital Link.
    pub(super) fn is_key(&self, ai: &str) -> bool {
        self.find(ai).is_some_and(|entry| entry.key.is_some())
    }

    /// Checks a value by the rules of its identifier, all problems.
    pub fn check(&self, ai: &str, value: &str, position: usize) -> Vec<super::Problem> {
        lint::check(self.find(ai), ai, value, position)
    }
}

impl Pattern {
    pub(super) fn holds(&self, ai: &str) -> bool {
        usize::from(self.digits) == ai.len()
            && number(ai).is_some_and(|n| (self.from..=self.to).contains(&n))
    }

    fn parse(text: &str) -> Option<Pattern> {
        let digits = u8::try_from(text.len()).ok()?;
        let from = number(&text.replace('n', "0"))?;
        let to = number(&text.replace('n', "9"))?;
        (2..=4)
            .contains(&digits)
            .then_some(Pattern { digits, from, to })
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let width = usize::from(self.digits);
        if self.from == self.to {
            return write!(out, "({:0width$})", self.from);
        }
        write!(out, "({:0width$}-{:0width$})", self.from, self.to)
    }
}

/// A number of one to four digits.
fn number(text: &str) -> Option<u16> {
    let fits = (1..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

/// The first two digits of the identifiers of a span.
fn lead(span: &Pattern) -> (u16, u16) {
    let scale = 10_u16.pow(u32::from(span.digits.saturating_sub(2)));
    (span.from / scale, span.to / scale)
}

/// One line; none if it is empty or a comment.
fn entry(line: &str, unchecked: &mut Vec<String>) -> Result<Option<Entry>, String> {
    let (line, title) = line.split_once('#').unwrap_or((line, ""));
    let mut words = line.split_whitespace();
    let Some(ai) = words.next() else {
        return Ok(None);
    };
    let wrong = |word: &str| format!("{} is not understood", super::super::address::shorten(word));
    let (from, to) = ai.split_once('-').unwrap_or((ai, ai));
    let (from, to) = (Pattern::parse(from), Pattern::parse(to));
    let (Some(from), Some(to)) = (from, to) else {
        return Err(wrong(ai));
    };
    if from.digits != to.digits || from.from > to.to {
        return Err(wrong(ai));
    }
    let mut entry = Entry {
        span: Pattern {
            digits: from.digits,
            from: from.from,
            to: to.to,
        },
        predefined: false,
        components: Vec::new(),
        requires: Vec::new(),
        excludes: Vec::new(),
        key: None,
        title: title.trim().to_owned(),
    };
    for word in words {
        word_of(word, &mut entry, unchecked).ok_or_else(|| wrong(word))?;
    }
    let length = entry.length().1;
    if entry.components.len() > COMPONENTS_MAX || length > VALUE_CHARS_MAX {
        return Err(format!("({ai}) is longer than any value can be"));
    }
    if entry.components.is_empty() {
        return Err(format!("({ai}) has no format"));
    }
    Ok(Some(entry))
}

/// A component, an attribute or flags.
fn word_of(word: &str, entry: &mut Entry, unchecked: &mut Vec<String>) -> Option<()> {
    let bare = word.replace(['[', ']'], "");
    if bare.starts_with(|c: char| c.is_ascii_uppercase()) {
        let component = component(&bare, bare != word, unchecked)?;
        entry.components.push(component);
        return Some(());
    }
    let (name, value) = word.split_once('=').unwrap_or((word, ""));
    let list = |text: &str| {
        text.split(',')
            .map(Pattern::parse)
            .collect::<Option<Vec<_>>>()
    };
    match name {
        "req" => {
            let all = |group: &str| group.split('+').map(Pattern::parse).collect();
            entry
                .requires
                .push(value.split(',').map(all).collect::<Option<_>>()?);
        }
        "ex" => entry.excludes.extend(list(value)?),
        "dlpkey" if value.is_empty() => entry.key = Some(Vec::new()),
        "dlpkey" => entry.key = Some(value.split('|').map(list).collect::<Option<_>>()?),
        flags if flags.bytes().all(|b| b.is_ascii_punctuation()) => {
            entry.predefined |= flags.contains('*');
        }
        other if other.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            unchecked.push(other.to_owned());
        }
        _ => return None,
    }
    Some(())
}

/// Such as `N14,csum` or `X..20`.
fn component(text: &str, optional: bool, unchecked: &mut Vec<String>) -> Option<Component> {
    let mut parts = text.split(',');
    let size = parts.next()?;
    let kind = match size.chars().next()? {
        'N' => Kind::N,
        'X' => Kind::X,
        'Y' => Kind::Y,
        'Z' => Kind::Z,
        _ => return None,
    };
    let size = size.get(1..)?;
    let most = size.trim_start_matches("..").parse().ok()?;
    let least = if size.starts_with("..") { 1 } else { most };
    let mut linters = Vec::new();
    for name in parts {
        match Linter::named(name) {
            Some(linter) => linters.push(linter),
            None => unchecked.push(name.to_owned()),
        }
    }
    (most > 0 && most <= VALUE_CHARS_MAX).then_some(Component {
        kind,
        least,
        most,
        optional,
        linters,
    })
}
