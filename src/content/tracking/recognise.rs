//! All formats a number may have, ranked.

use super::clean::{Cleaned, Note, clean};
use super::format::{Format, Piece};
use super::formats::FORMATS;
use super::{NUMBER_CHARS_MAX, rank};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

/// Confidence a candidate needs to be believed without a person.
pub const BELIEVE_MIN: u8 = 45;
/// Lead over the best candidate of another carrier, for the same.
const LEAD_MIN: u8 = 5;
/// Candidates kept.
const CANDIDATES_MAX: usize = 16;

/// What the check character says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Check {
    Ok,
    Failed,
    /// The format has none, or none is known.
    None,
}

/// A number the station expects, as [`normalise`] writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected<'a> {
    pub number: &'a str,
    /// Empty if any carrier will do.
    pub carrier: &'a str,
}

/// What the station knows before it looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Context<'a> {
    /// Numbers of the labels that are about. If there are any, no other number is believed.
    pub expected: &'a [Expected<'a>],
    /// Carriers the station works with; empty if it does not say.
    pub contracts: &'a [&'a str],
}

/// A decoded part of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    pub name: &'static str,
    pub value: &'a str,
}

/// One thing a number may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    pub format: &'static Format,
    /// For S10, the operator of the country.
    pub carrier: &'static str,
    pub check: Check,
    /// 0 to 100.
    pub confidence: u8,
    /// The format whose failed check rules this one out.
    pub vetoed: Option<&'static Format>,
    /// The part of the number that has the format.
    pub(super) span: (u8, u8),
    /// Digits of the postcode in front of it, behind 420.
    pub(super) zip_digits: u8,
    pub(super) why: Why,
}

/// What moved the confidence, for the reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Why {
    pub expected: bool,
    pub unexpected: bool,
    pub contract: Option<bool>,
    pub symbol: Option<bool>,
    pub reserved: bool,
    pub odd: bool,
}

impl Candidate {
    /// True if the shape fits and no check failed.
    pub fn is_valid(&self) -> bool {
        self.check != Check::Failed && self.vetoed.is_none()
    }
}

/// A number with everything it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognition<'a> {
    /// Without separators, in capitals.
    pub number: String,
    /// AIM identifier the scanner sent, without `]`.
    pub symbology: Option<&'a str>,
    pub notes: Vec<Note>,
    /// Best first.
    pub candidates: Vec<Candidate>,
}

/// A candidate as programs read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub carrier: &'static str,
    pub format: &'static str,
    pub valid: bool,
    pub check: Check,
    pub fields: BTreeMap<&'static str, String>,
    /// 0 to 100.
    pub confidence: u8,
    pub reason: String,
}

impl Recognition<'_> {
    /// The candidate to act on without asking; none is a good answer: too little is known, or two
    /// carriers are as likely.
    pub fn best(&self) -> Option<&Candidate> {
        let best = self.candidates.first()?;
        // An SSCC says nothing about the carrier, so it is nobody's rival.
        let rival = |c: &&Candidate| {
            let apart = c.carrier != best.carrier && c.carrier != "gs1" && best.carrier != "gs1";
            c.is_valid() && apart && c.confidence.saturating_add(LEAD_MIN) > best.confidence
        };
        let rival = self.candidates.iter().skip(1).find(rival);
        let sure = best.is_valid() && best.confidence >= BELIEVE_MIN;
        (sure && (rival.is_none() || best.why.expected)).then_some(best)
    }

    /// The part of the number that has the candidate's format.
    pub(super) fn part(&self, candidate: &Candidate) -> &str {
        let (start, end) = candidate.span;
        let span = usize::from(start)..usize::from(end);
        self.number.get(span).unwrap_or_default()
    }

    /// The decoded parts of a candidate of this number, in their order.
    pub fn fields(&self, candidate: &Candidate) -> Vec<Field<'_>> {
        let mut fields = Vec::new();
        let mut push = |name, from, to| {
            if let Some(value) = self.number.get(from..to) {
                fields.push(Field { name, value });
            }
        };
        if candidate.zip_digits > 0 {
            push("zip", 3, 3 + usize::from(candidate.zip_digits));
        }
        let start = usize::from(candidate.span.0);
        let number = self.part(candidate);
        let fits = candidate.format.fits(number, |(name, from, to): Piece| {
            push(name, start + from, start + to);
        });
        debug_assert!(fits || candidate.format.parts.is_empty());
        fields
    }

    /// All candidates with fields and reasons, best first.
    pub fn report(&self) -> Vec<Report> {
        let one = |candidate: &Candidate| {
            let fields = self.fields(candidate);
            Report {
                carrier: candidate.carrier,
                format: candidate.format.id,
                valid: candidate.is_valid(),
                check: candidate.check,
                fields: fields
                    .into_iter()
                    .map(|f| (f.name, f.value.to_owned()))
                    .collect(),
                confidence: candidate.confidence,
                reason: self.reason(candidate),
            }
        };
        self.candidates.iter().map(one).collect()
    }

    /// Why a candidate stands where it stands.
    pub fn reason(&self, candidate: &Candidate) -> String {
        let format = candidate.format;
        let number = self.part(candidate);
        let mut text = match (candidate.check, format.checks(number)) {
            (Check::Ok, _) => "check character right".to_owned(),
            (Check::Failed, Some((right, has))) => {
                format!("check character is {has} but must be {right}: misread or mistyped")
            }
            (Check::Failed, None) => "check character cannot be right".to_owned(),
            (Check::None, _) => "shape only: no check is known".to_owned(),
        };
        let mut add = |part: &str| {
            text.push_str("; ");
            text.push_str(part);
        };
        if let Some(veto) = candidate.vetoed {
            add(&format!(
                "ruled out, because it fails the check of {}",
                veto.id
            ));
        }
        let why = candidate.why;
        for (is, part) in [
            (why.expected, "expected here"),
            (why.unexpected, "not among the expected numbers"),
            (why.contract == Some(true), "carrier of this station"),
            (why.contract == Some(false), "no carrier of this station"),
            (
                why.symbol == Some(true),
                "in a symbol as the carrier prints it",
            ),
            (
                why.symbol == Some(false),
                "in a symbol the carrier does not use for it",
            ),
            (why.reserved, "reserved service letter"),
            (
                why.odd,
                "digits or letters of another script: scan it instead",
            ),
        ] {
            if is {
                add(part);
            }
        }
        if !format.doubt.is_empty() {
            let _written = write!(text, "; not certain: {}", format.doubt).is_ok();
        }
        text
    }
}

/// Characters a number may begin with: digits and capitals.
const FIRSTS: usize = 36;

/// Formats by length and first character of their numbers: most never look at a number.
static BY_LOOK: LazyLock<Vec<Vec<&'static Format>>> = LazyLock::new(|| {
    let of = |slot: usize| {
        let first = (b'0'..=b'9').chain(b'A'..=b'Z').nth(slot % FIRSTS);
        let fits = |format: &&Format| {
            format.has_length(slot / FIRSTS) && first.is_some_and(|byte| format.may_begin(byte))
        };
        FORMATS.into_iter().flatten().filter(fits).collect()
    };
    (0..(NUMBER_CHARS_MAX + 1) * FIRSTS).map(of).collect()
});

/// Formats a number may have by its look.
fn looks(number: &str) -> &'static [&'static Format] {
    let first = match number.as_bytes().first() {
        Some(digit @ b'0'..=b'9') => digit - b'0',
        Some(letter @ b'A'..=b'Z') => letter - b'A' + 10,
        _ => return &[],
    };
    let slot = number.len() * FIRSTS + usize::from(first);
    BY_LOOK.get(slot).map_or(&[], Vec::as_slice)
}

/// Everything a scan or a typed text may be. Empty candidates mean that no known format has this
/// shape.
pub fn recognise<'a>(scan: &'a str, context: &Context<'_>) -> Recognition<'a> {
    let Cleaned {
        number,
        symbology,
        notes,
    } = clean(scan);
    let mut candidates = Vec::with_capacity(8);
    let strange = notes.contains(&Note::Foreign) || notes.contains(&Note::TooLong);
    if !strange {
        read(&number, 0, &mut candidates);
        // One bar code may hold 420, the postcode and the number.
        if number.starts_with("420") && matches!(number.len(), 30 | 34) {
            read(&number, 5, &mut candidates);
            read(&number, 9, &mut candidates);
        }
    }
    let mut found = Recognition {
        number,
        symbology,
        notes,
        candidates,
    };
    rank::judge(&mut found, context);
    if found.candidates.len() > 1 {
        let rank = |c: &Candidate| std::cmp::Reverse((c.is_valid(), c.confidence));
        found.candidates.sort_by_key(rank);
    }
    found.candidates.truncate(CANDIDATES_MAX);
    found
}

/// Adds every format the number has the shape of, or its part behind 420 and a postcode of
/// `zip_digits`.
fn read(number: &str, zip_digits: u8, candidates: &mut Vec<Candidate>) {
    let start = if zip_digits > 0 { 3 + zip_digits } else { 0 };
    let (Some(text), Ok(end)) = (number.get(usize::from(start)..), u8::try_from(number.len()))
    else {
        return;
    };
    let routed = zip_digits > 0;
    for format in looks(text).iter().filter(|format| !routed || format.routed) {
        if !format.fits(text, |_| ()) {
            continue;
        }
        let check = match (format.check, format.checks(text)) {
            (None, _) => Check::None,
            (Some(_), Some((right, has))) if right == has => Check::Ok,
            (Some(_), _) => Check::Failed,
        };
        candidates.push(Candidate {
            format,
            carrier: carrier(format, text),
            check,
            confidence: 0,
            vetoed: None,
            span: (start, end),
            zip_digits,
            why: Why::default(),
        });
    }
}

/// Operators of S10 countries by the name carriers have here.
const OPERATORS: [(&str, &str); 12] = [
    ("AU", "australia-post"),
    ("BE", "bpost"),
    ("CA", "canada-post"),
    ("CN", "china-post"),
    ("DE", "deutsche-post"),
    ("FR", "la-poste"),
    ("GB", "royal-mail"),
    ("IN", "india-post"),
    ("JP", "japan-post"),
    ("TH", "thailand-post"),
    ("US", "usps"),
    ("VN", "vnpost"),
];

fn carrier(format: &'static Format, number: &str) -> &'static str {
    if !format.ends_with_country() {
        return format.carrier;
    }
    let country = number.get(11..).unwrap_or_default();
    let found = OPERATORS.iter().find(|(code, _)| *code == country);
    found.map_or(format.carrier, |(_, operator)| operator)
}
