//! Postal addresses: what cannot be printed or routed, and the lines of a label.
//!
//! Only what makes a label useless is refused (missing parts, masked data, characters no printer
//! should get, endless lines). What merely looks wrong, such as a postcode of another shape, is
//! [`super::lint`]'s: published patterns age, and a wrong refusal holds a parcel back for nothing.

use super::{country, postcode};

/// Characters of a name, company or street line.
pub const LINE_CHARS_MAX: usize = 60;
/// Characters of city and region.
pub const CITY_CHARS_MAX: usize = 50;
/// Characters of a postcode.
pub const POSTCODE_CHARS_MAX: usize = 16;
/// Characters of a phone number.
pub const PHONE_CHARS_MAX: usize = 40;
/// Street lines.
pub const LINES_MAX: usize = 3;

/// A borrowed address.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parts<'a> {
    pub name: &'a str,
    pub company: &'a str,
    /// Street lines, 1 to 3.
    pub lines: &'a [String],
    pub postcode: &'a str,
    pub city: &'a str,
    pub region: &'a str,
    /// ISO 3166-1 alpha-2, upper case.
    pub country: &'a str,
    pub phone: &'a str,
}

/// One thing wrong with an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Such as `city` or `lines[1]`.
    pub field: String,
    pub text: String,
    pub remedy: String,
}

/// An address as a label shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelLines {
    /// Recipient, street, city: at most 7 lines, none empty.
    pub lines: Vec<String>,
    /// English country name in capitals, for the last line; only if foreign.
    pub country: Option<&'static str>,
}

/// The lines of a label in the order the destination's post reads them. `from` is the country it
/// is sent from (ISO 3166-1 alpha-2). An unknown destination is laid out by default and its code
/// is left out; [`check`] refuses it before.
pub fn label_lines(address: &Parts<'_>, from: &str) -> LabelLines {
    let country = country::find(address.country);
    let layout = country.map_or("A|Z C|S", |country| country.layout);
    let mut lines = vec![address.name.to_owned(), address.company.to_owned()];
    for line in layout.split('|') {
        if line == "A" {
            lines.extend(address.lines.iter().cloned());
            continue;
        }
        let part = |token| match token {
            "Z" => cased(address, 'Z', address.postcode),
            "C" => cased(address, 'C', address.city),
            _ => cased(address, 'S', address.region),
        };
        let parts: Vec<String> = line
            .split(' ')
            .map(part)
            .filter(|text| !text.is_empty())
            .collect();
        lines.push(parts.join(" "));
    }
    lines.retain(|line| !line.trim().is_empty());
    let foreign = country.filter(|country| country.code != from);
    LabelLines {
        lines,
        country: foreign.map(|country| country.name),
    }
}

/// A part in capitals where the destination's post reads them so.
fn cased(address: &Parts<'_>, part: char, text: &str) -> String {
    if postcode::in_capitals(address.country, part) {
        return text.to_uppercase();
    }
    text.to_owned()
}

/// All problems of an address, in field order. Empty means complete and unmasked; whether the
/// fonts have its characters is asked elsewhere.
pub fn check(address: &Parts<'_>) -> Vec<Problem> {
    let mut found = Found::default();
    found.text(
        "name",
        address.name,
        LINE_CHARS_MAX,
        Some("give the recipient's name"),
    );
    found.text("company", address.company, LINE_CHARS_MAX, None);
    found.lines(address.lines);
    let country = country::find(address.country);
    let zip = "give the postcode: nothing is delivered there without";
    let needs_postcode = country.is_some_and(|c| c.needs_postcode);
    let postcode_missing = needs_postcode.then_some(zip);
    found.text(
        "postcode",
        address.postcode,
        POSTCODE_CHARS_MAX,
        postcode_missing,
    );
    found.text("city", address.city, CITY_CHARS_MAX, Some("give the city"));
    let state = "give the state or province: nothing is delivered there without";
    let needs_region = country.is_some_and(|c| c.needs_region);
    found.text(
        "region",
        address.region,
        CITY_CHARS_MAX,
        needs_region.then_some(state),
    );
    if country.is_none() {
        found.country(address.country);
    }
    found.text("phone", address.phone, PHONE_CHARS_MAX, None);
    for (field, text) in [("name", address.name), ("city", address.city)] {
        if !text.is_empty() && !found.about(field) && !text.chars().any(char::is_alphabetic) {
            let shown = format!("{} has no letters", shorten(text));
            found.push(field, &shown, "give it in full");
        }
    }
    found.0
}

/// Problems of the country alone, for documents that need nothing else.
pub fn check_country(code: &str) -> Vec<Problem> {
    let mut found = Found::default();
    if country::find(code).is_none() {
        found.country(code);
    }
    found.0
}

/// Why a text is not what it stands for, or `None`: platforms replace personal data by stars or
/// crosses, and broken conversions leave question marks.
pub fn masked(text: &str) -> Option<&'static str> {
    const STARS: &str = "*\u{2022}\u{25cf}\u{25aa}\u{2217}\u{ff0a}\u{2731}\u{2588}";
    if text.chars().any(|c| STARS.contains(c)) {
        return Some("is masked");
    }
    if text.contains('\u{fffd}') || text.contains("??") {
        return Some("lost characters on its way");
    }
    if text.contains("###") || text.contains("___") {
        return Some("is masked");
    }
    let all_crosses = |word: &str| word.chars().all(|c| matches!(c, 'x' | 'X'));
    let crossed = |word: &str| {
        let tail = word
            .chars()
            .rev()
            .take_while(|c| matches!(c, 'x' | 'X'))
            .count();
        let chars = word.chars().count();
        // Roman numerals (Via XXX Ottobre) stay; Jxxx, XXXX and xxx are masks.
        (all_crosses(word) && chars >= 4) || word == "xxx" || (tail >= 3 && tail < chars)
    };
    let trimmed = text.trim();
    let whole = trimmed.len() >= 3 && all_crosses(trimmed);
    let words = text.split(|c: char| !c.is_alphanumeric());
    let numeral = |word: &str| word.chars().all(|c| "IVXLCDM".contains(c));
    let mut words = words.filter(|word| !numeral(word) || all_crosses(word));
    (whole || words.any(crossed)).then_some("is masked")
}

/// True for characters that do not print: control characters, line separators, and marks that
/// turn the reading direction (they can make a label lie).
pub fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text as stored: trimmed, inner runs of spaces (also no-break ones) made one.
pub fn tidy(text: &str) -> String {
    let is_space = |c: char| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{3000}');
    let words = text.trim().split(is_space).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

/// At most 40 characters of a text, quoted and escaped, for messages.
pub fn shorten(text: &str) -> String {
    let head: String = text.chars().take(40).collect();
    let tail = if text.chars().nth(40).is_some() {
        "..."
    } else {
        ""
    };
    format!("{head:?}{tail}")
}

/// The common rules of one text field: control characters, length, masks. `None` if it is fine.
pub fn check_text(text: &str, chars_max: usize) -> Option<(String, String)> {
    let shown = shorten(text);
    if let Some(c) = text.chars().find(|c| is_unprintable(*c)) {
        let code = u32::from(c);
        let text = format!("{shown} has the control character U+{code:04X}");
        return Some((text, "remove it".to_owned()));
    }
    let chars = text.chars().count();
    if chars > chars_max {
        let text = format!("{shown} has {chars} characters");
        return Some((text, format!("shorten it to {chars_max}")));
    }
    let why = masked(text)?;
    let remedy = "ask the platform for the full data, or correct it, and send the order again";
    Some((format!("{shown} {why}"), remedy.to_owned()))
}

#[derive(Default)]
struct Found(Vec<Problem>);

impl Found {
    fn push(&mut self, field: &str, text: &str, remedy: &str) {
        let (text, remedy) = (text.to_owned(), remedy.to_owned());
        self.0.push(Problem {
            field: field.to_owned(),
            text,
            remedy,
        });
    }

    fn about(&self, field: &str) -> bool {
        self.0.iter().any(|problem| problem.field == field)
    }

    /// One text field; `missing` is the remedy if it must not be empty.
    fn text(&mut self, field: &str, text: &str, chars_max: usize, missing: Option<&str>) {
        if text.trim().is_empty() {
            if let Some(remedy) = missing {
                self.push(field, "is missing", remedy);
            }
        } else if let Some((text, remedy)) = check_text(text, chars_max) {
            self.push(field, &text, &remedy);
        }
    }

    fn lines(&mut self, lines: &[String]) {
        let written = lines
            .iter()
            .any(|line| line.chars().any(char::is_alphanumeric));
        if lines.is_empty() || lines.iter().all(|line| line.trim().is_empty()) {
            self.push("lines", "the street is missing", "give 1 to 3 street lines");
        } else if lines.len() > LINES_MAX {
            let text = format!("{} street lines", lines.len());
            self.push("lines", &text, "give 1 to 3");
        } else {
            for (index, line) in lines.iter().enumerate() {
                self.text(&format!("lines[{index}]"), line, LINE_CHARS_MAX, None);
            }
            if !written && self.0.iter().all(|p| !p.field.starts_with("lines")) {
                self.push(
                    "lines",
                    "the street has neither letters nor digits",
                    "give it in full",
                );
            }
        }
    }

    fn country(&mut self, code: &str) {
        let remedy = "give the two capital letters of ISO 3166, such as DE or US";
        match code.trim() {
            "" => self.push("country", "is missing", remedy),
            "UK" => self.push("country", "UK is no ISO code", "write GB"),
            _ => self.push(
                "country",
                &format!("{} is no country", shorten(code)),
                remedy,
            ),
        }
    }
}

#[cfg(test)]
#[path = "address_tests.rs"]
mod tests;
