//! What looks wrong in an address without making it useless: warnings for the desk, never a stop.
//! Sources: USPS Publication 28 (capitals, punctuation), the posts' addressing pages, and what
//! broken exports leave behind.

use super::address::{Parts, Problem, shorten};
use super::{country, postcode};

/// Punctuation USPS asks to leave out of street lines; `#` and `/` are needed there.
const PUNCTUATION: &str = ".,;:!?\"()[]{}";

/// One thing that looks wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// Such as `city` or `lines[1]`.
    pub field: String,
    /// The text in question; personal data.
    pub shown: String,
    /// What is wrong with it. It quotes nothing, so it may be kept where nobody can be forgotten.
    pub what: String,
    pub remedy: String,
}

impl Doubt {
    /// For whoever sent the address: with the text in question.
    pub fn problem(self) -> Problem {
        let text = match self.shown.as_str() {
            "" => self.what,
            shown => format!("{} {}", shorten(shown), self.what),
        };
        Problem {
            field: self.field,
            text,
            remedy: self.remedy,
        }
    }
}

/// Everything that looks wrong, in field order. An address that is refused is told by
/// [`super::address::check`], not here.
pub fn warnings(address: &Parts<'_>) -> Vec<Problem> {
    doubts(address).into_iter().map(Doubt::problem).collect()
}

/// As [`warnings`], with the texts in question apart.
pub fn doubts(address: &Parts<'_>) -> Vec<Doubt> {
    let mut found = Vec::new();
    let mut doubt = |field: &str, shown: &str, what: &str, remedy: &str| {
        found.push(Doubt {
            field: field.to_owned(),
            shown: shown.to_owned(),
            what: what.to_owned(),
            remedy: remedy.to_owned(),
        });
    };
    let mut fields = vec![("name".to_owned(), address.name)];
    fields.push(("company".to_owned(), address.company));
    let lines = address.lines.iter().enumerate();
    fields.extend(lines.map(|(at, line)| (format!("lines[{at}]"), line.as_str())));
    fields.push(("city".to_owned(), address.city));
    for (field, text) in &fields {
        if let Some((why, remedy)) = leftover(text) {
            doubt(field, text, why, remedy);
        }
        if address.country == "US" && text.contains(|c| PUNCTUATION.contains(c)) {
            let remedy = "leave it out: sorting machines in the United States read better";
            doubt(field, text, "has punctuation", remedy);
        }
        if is_box(text) {
            let remedy = "choose the post as carrier: others do not deliver to boxes";
            doubt(field, text, "is a post office box", remedy);
        }
    }
    for (at, line) in address.lines.iter().enumerate() {
        let twice = address.lines.iter().take(at).any(|earlier| earlier == line);
        if twice || (!line.is_empty() && line == address.city) {
            doubt(
                &format!("lines[{at}]"),
                line,
                "is there twice",
                "remove one",
            );
        }
    }
    codes(address, &mut doubt);
    found
}

/// Postcode and region against what the country has.
fn codes(address: &Parts<'_>, doubt: &mut dyn FnMut(&str, &str, &str, &str)) {
    let Some(country) = country::find(address.country) else {
        return;
    };
    let code = address.postcode.trim();
    if let Some(shape) = postcode::of(country.code) {
        if code.is_empty() {
            if !country.needs_postcode {
                let what = format!("is missing; {} has postcodes", country.name);
                doubt("postcode", "", &what, "ask for it, or ship without");
            }
        } else if !shape.fits(code, country.code) {
            let (name, example) = (country.name, shape.example);
            let what = format!("is no usual postcode of {name}, such as {example}");
            let remedy = "compare it with the order; ship if it is right";
            doubt("postcode", code, &what, remedy);
        }
    }
    let region = address.region.trim();
    if !region.is_empty() && postcode::is_region(country.code, region) == Some(false) {
        let what = format!("is no state or province of {}", country.name);
        let remedy = "write its postal letters, such as CA, ON or NSW";
        doubt("region", region, &what, remedy);
    }
}

/// What shops and conversions leave in a text.
fn leftover(text: &str) -> Option<(&'static str, &'static str)> {
    let entity = text.split('&').skip(1).any(|rest| {
        let name = rest.split(';').next().unwrap_or_default();
        let short = (2..=8).contains(&name.len()) && rest.len() > name.len();
        short && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'#')
    });
    if entity {
        return Some(("has an HTML entity", "write the character itself"));
    }
    // UTF-8 read as Latin-1: these pairs begin nearly every accented letter then.
    if text.contains("\u{c3}\u{a4}")
        || text.contains("\u{c3}\u{bc}")
        || text.contains("\u{c3}\u{a9}")
        || text.contains("\u{c3}\u{b6}")
        || text.contains("\u{e2}\u{20ac}")
    {
        return Some((
            "was read in the wrong encoding",
            "export the order in UTF-8",
        ));
    }
    if text.contains('@') || text.contains("://") {
        return Some(("has an e-mail or web address", "move it out of the address"));
    }
    let placeholder = ["n/a", "null", "none", "undefined", "test", "-"];
    let word = text.trim().to_lowercase();
    placeholder
        .contains(&word.as_str())
        .then_some(("is a placeholder", "ask for the real text"))
}

fn is_box(text: &str) -> bool {
    let letters = text.chars().filter(|c| !matches!(c, '.' | ' '));
    let plain: String = letters.take(12).collect::<String>().to_uppercase();
    ["POBOX", "POSTOFFICEBOX", "POSTFACH", "BOITEPOSTALE"]
        .iter()
        .any(|word| plain.starts_with(&word[..word.len().min(12)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(parts: [&str; 4], street: &str, country: &str) -> Vec<String> {
        let [name, postcode, city, region] = parts;
        let lines = vec![street.to_owned()];
        let address = Parts {
            name,
            lines: &lines,
            postcode,
            city,
            region,
            country,
            ..Parts::default()
        };
        let one = |p: Problem| format!("{}: {}", p.field, p.text);
        warnings(&address).into_iter().map(one).collect()
    }

    #[test]
    fn a_good_address_has_no_warning() {
        let us = ["Erin Sample", "62701-0001", "Springfield", "IL"];
        assert_eq!(told(us, "12 MAIN ST APT 4", "US"), [] as [&str; 0]);
        let de = ["Dr. J. Müller & Söhne", "50667", "Köln", ""];
        assert_eq!(told(de, "Große Str. 7", "DE"), [] as [&str; 0]);
        let hk = ["Chan Tai Man", "", "Kowloon", ""];
        assert_eq!(told(hk, "1 Nathan Road", "HK"), [] as [&str; 0]);
    }

    #[test]
    fn what_is_kept_quotes_nobody() {
        let lines = vec!["Mustergasse 7".to_owned(), "Mustergasse 7".to_owned()];
        let address = Parts {
            name: "Erika@Muster",
            lines: &lines,
            postcode: "987",
            city: "Musterstadt",
            region: "Musterland",
            country: "US",
            ..Parts::default()
        };
        let doubts = doubts(&address);
        assert_eq!(doubts.len(), 4, "{doubts:?}");
        for doubt in doubts {
            let kept = format!("{} {} {}", doubt.field, doubt.what, doubt.remedy);
            assert!(!kept.contains("uster") && !kept.contains("987"), "{kept}");
            assert!(doubt.problem().text.contains(['u', '9']));
        }
    }

    #[test]
    fn what_looks_wrong_is_told() {
        for (parts, street, country, want) in [
            (
                ["A B", "6270", "X Y", "IL"],
                "1 A ST",
                "US",
                "postcode: \"6270\" is no usual",
            ),
            (
                ["A B", "62701", "X Y", "Illinois"],
                "1 A ST",
                "US",
                "region: \"Illinois\" is no",
            ),
            (
                ["A B", "62701", "X Y", "IL"],
                "1 A St., #4",
                "US",
                "has punctuation",
            ),
            (
                ["A B", "50667", "X Y", ""],
                "P.O. Box 7",
                "DE",
                "post office box",
            ),
            (
                ["A B", "50667", "X Y", ""],
                "Postfach 10 20 30",
                "DE",
                "post office box",
            ),
            (
                ["A &amp; B", "50667", "X Y", ""],
                "Weg 1",
                "DE",
                "name: \"A &amp; B\" has an HTML",
            ),
            (
                ["M\u{c3}\u{bc}ller", "50667", "X", ""],
                "Weg 1",
                "DE",
                "wrong encoding",
            ),
            (
                ["null", "50667", "X Y", ""],
                "Weg 1",
                "DE",
                "is a placeholder",
            ),
            (["a@b.example", "50667", "X", ""], "Weg 1", "DE", "e-mail"),
            (
                ["A B", "50667", "Weg 1", ""],
                "Weg 1",
                "DE",
                "lines[0]: \"Weg 1\" is there twice",
            ),
            (
                ["A B", "", "X Y", ""],
                "Weg 1",
                "IE",
                "postcode: is missing; IRELAND has",
            ),
        ] {
            let found = told(parts, street, country);
            assert!(
                found.len() == 1 && found[0].contains(want),
                "{want}: {found:?}"
            );
        }
    }
}
