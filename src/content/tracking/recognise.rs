//! All formats a number may have, ranked.

use super::NUMBER_CHARS_MAX;
use super::clean::{Cleaned, Note, clean, normalise};
use super::format::{Format, Grade, Part, Piece};
use super::formats::FORMATS;
use crate::content::check_digit::Family;
use serde::Serialize;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;

/// Confidence a candidate needs to be believed without a person.
pub const BELIEVE_MIN: u8 = 45;
/// Lead over the best candidate of another carrier, for the same.
const LEAD_MIN: u8 = 5;
/// Most that a candidate gets if the station expects other numbers, or the text was odd.
const DOUBTED_MAX: u8 = 40;
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
    span: (usize, usize),
    /// Postcode in front of it.
    zip: Option<(usize, usize)>,
    why: Why,
}

/// What moved the confidence, for the reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Why {
    expected: bool,
    unexpected: bool,
    contract: Option<bool>,
    symbol: Option<bool>,
    reserved: bool,
    odd: bool,
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

    /// The decoded parts of a candidate of this number, in their order.
    pub fn fields(&self, candidate: &Candidate) -> Vec<Field<'_>> {
        let mut fields = Vec::new();
        let mut push = |name, from, to| {
            if let Some(value) = self.number.get(from..to) {
                fields.push(Field { name, value });
            }
        };
        if let Some((from, to)) = candidate.zip {
            push("zip", from, to);
        }
        let (start, end) = candidate.span;
        let number = self.number.get(start..end).unwrap_or_default();
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
        let (start, end) = candidate.span;
        let number = self.number.get(start..end).unwrap_or_default();
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

/// Formats by the length of their numbers: most never look at a number.
static BY_LENGTH: LazyLock<Vec<Vec<&'static Format>>> = LazyLock::new(|| {
    let of = |length: usize| {
        let all = FORMATS.into_iter().flatten();
        all.filter(|format| format.has_length(length)).collect()
    };
    (0..=NUMBER_CHARS_MAX).map(of).collect()
});

/// A number the station expects although no format has its shape.
static EXPECTED: Format = Format {
    id: "expected",
    carrier: "expected",
    name: "a number this station expects",
    parts: &[],
    lengths: &[],
    check: None,
    routed: false,
    gs1: None,
    grade: Grade::A,
    doubt: "",
    example: "",
};

/// Everything a scan or a typed text may be. Empty candidates mean that no known format has this
/// shape.
pub fn recognise<'a>(scan: &'a str, context: &Context<'_>) -> Recognition<'a> {
    let Cleaned {
        number,
        symbology,
        notes,
    } = clean(scan);
    let mut candidates = Vec::new();
    let strange = notes.contains(&Note::Foreign) || notes.contains(&Note::TooLong);
    if !strange {
        read(&number, (0, number.len()), None, &mut candidates);
        // One bar code may hold 420, the postcode and the number.
        if number.starts_with("420") && matches!(number.len(), 30 | 34) {
            for digits in [5, 9] {
                let zip = (3, 3 + digits);
                read(
                    &number,
                    (3 + digits, number.len()),
                    Some(zip),
                    &mut candidates,
                );
            }
        }
    }
    let mut found = Recognition {
        number,
        symbology,
        notes,
        candidates,
    };
    judge(&mut found, context);
    found
        .candidates
        .sort_by_key(|c| std::cmp::Reverse((c.is_valid(), c.confidence)));
    found.candidates.truncate(CANDIDATES_MAX);
    found
}

/// Adds every format that `span` of the number has the shape of.
fn read(
    number: &str,
    span: (usize, usize),
    zip: Option<(usize, usize)>,
    candidates: &mut Vec<Candidate>,
) {
    let Some(text) = number.get(span.0..span.1) else {
        return;
    };
    let formats = BY_LENGTH.get(text.len()).map_or(&[][..], Vec::as_slice);
    for format in formats
        .iter()
        .filter(|format| zip.is_none() || format.routed)
    {
        if !format.fits(text, |_| ()) {
            continue;
        }
        // A code that needs at least one digit must not be a word.
        if format.id == "dhl-ecommerce" && !text.bytes().any(|b| b.is_ascii_digit()) {
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
            span,
            zip,
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
    if format.id != "s10" {
        return format.carrier;
    }
    let country = number.get(11..).unwrap_or_default();
    let found = OPERATORS.iter().find(|(code, _)| *code == country);
    found.map_or(format.carrier, |(_, operator)| operator)
}

fn judge(found: &mut Recognition<'_>, context: &Context<'_>) {
    let mut candidates = std::mem::take(&mut found.candidates);
    // A damaged number of a format with a check must not pass as another without one.
    let failed = candidates
        .iter()
        .find(|c| c.check == Check::Failed && c.format.fixed() >= 2);
    let veto = failed.map(|c| c.format);
    let expected = expected(found, &candidates, context);
    for candidate in &mut candidates {
        if candidate.check == Check::None && candidate.format.fixed() > 0 {
            candidate.vetoed = veto;
        }
        weigh(candidate, found, context);
        match &expected {
            Some(carriers) => {
                let mine = carriers
                    .iter()
                    .any(|c| c.is_empty() || *c == candidate.carrier);
                if mine {
                    candidate.why.expected = true;
                    candidate.vetoed = None;
                    candidate.confidence = 90 + candidate.confidence / 10;
                } else {
                    candidate.confidence = candidate.confidence.min(DOUBTED_MAX / 2);
                }
            }
            None if !context.expected.is_empty() => {
                candidate.why.unexpected = true;
                candidate.confidence = candidate.confidence.min(DOUBTED_MAX);
            }
            None => {}
        }
    }
    let believed = candidates.iter().any(|c| c.why.expected && c.is_valid());
    if expected.is_some() && !believed {
        candidates.push(Candidate {
            format: &EXPECTED,
            carrier: EXPECTED.carrier,
            check: Check::None,
            confidence: 100,
            vetoed: None,
            span: (0, found.number.len()),
            zip: None,
            why: Why {
                expected: true,
                ..Why::default()
            },
        });
    }
    found.candidates = candidates;
}

/// Carriers of the expected numbers this one is; none if it is not expected.
fn expected<'c>(
    found: &Recognition<'_>,
    candidates: &[Candidate],
    context: &Context<'c>,
) -> Option<Vec<&'c str>> {
    if context.expected.is_empty() || found.notes.contains(&Note::OddDigits) {
        return None;
    }
    // The number itself, the part behind a postcode, and the part customers know.
    let mut texts = vec![Cow::Borrowed(found.number.as_str())];
    for candidate in candidates {
        let (from, to) = candidate.span;
        texts.extend(found.number.get(from..to).map(Cow::Borrowed));
        let known = found
            .fields(candidate)
            .into_iter()
            .find(|f| f.name == "number");
        texts.extend(known.map(|field| Cow::Borrowed(field.value)));
    }
    if found.number.starts_with("00") && found.number.len() == 20 {
        texts.extend(found.number.get(2..).map(Cow::Borrowed));
    }
    let is = |e: &&Expected<'_>| {
        let plain = e
            .number
            .bytes()
            .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
        let number = match plain {
            true => Cow::Borrowed(e.number),
            false => Cow::Owned(normalise(e.number)),
        };
        texts.contains(&number)
    };
    let carriers: Vec<&str> = context
        .expected
        .iter()
        .filter(is)
        .map(|e| e.carrier)
        .collect();
    (!carriers.is_empty()).then_some(carriers)
}

/// Confidence before expectations: a check counts most, then a prefix, then what the station and
/// the symbol say.
fn weigh(candidate: &mut Candidate, found: &Recognition<'_>, context: &Context<'_>) {
    let format = candidate.format;
    if !candidate.is_valid() {
        candidate.confidence = if candidate.vetoed.is_some() { 2 } else { 3 };
        return;
    }
    let fixed = format.fixed() + if candidate.zip.is_some() { 3 } else { 0 };
    let fixed = i32::try_from(fixed.min(5)).unwrap_or(0);
    let mut score = match candidate.check {
        Check::Ok => 60 + 4 * fixed + strength(format),
        _ => 25 + 7 * fixed,
    };
    score -= match format.grade {
        Grade::A => 0,
        Grade::B => 3,
        Grade::C => 6,
        Grade::D => 12,
    };
    if !context.contracts.is_empty() {
        let ours = context.contracts.contains(&candidate.carrier);
        candidate.why.contract = Some(ours);
        score += match (ours, candidate.check) {
            (true, Check::Ok) => 15,
            (true, _) => 20,
            (false, _) => -20,
        };
    }
    if let (Some(aim), Some(gs1)) = (found.symbology, format.gs1) {
        let carries = matches!(aim, "C1" | "e0" | "d2" | "Q3" | "J1");
        // Only where the symbology has both kinds does the identifier decide.
        if carries || matches!(aim, "C0" | "d1" | "Q1" | "A0") {
            candidate.why.symbol = Some(carries == gs1);
            score += if carries == gs1 { 5 } else { -20 };
        }
    }
    if found.notes.contains(&Note::DpdIdentifier) {
        score += if format.carrier == "dpd" { 10 } else { -20 };
    }
    let number = found.number.get(candidate.span.0..candidate.span.1);
    if format.id == "s10" && number.is_some_and(|n| n.starts_with(['J', 'K', 'S', 'T', 'W'])) {
        candidate.why.reserved = true;
        score -= 20;
    }
    let mut score = u8::try_from(score.clamp(1, 99)).unwrap_or(1);
    if found.notes.contains(&Note::OddDigits) {
        candidate.why.odd = true;
        score = score.min(DOUBTED_MAX);
    }
    candidate.confidence = score;
}

/// What the check is worth beside others: one of 37 more than one of 10, and half a number
/// covered less than a whole.
fn strength(format: &Format) -> i32 {
    let family = match format.check.map(|cover| cover.family) {
        Some(Family::Iso7064Mod37) => 6,
        Some(Family::FedexMod11 | Family::S10) => 1,
        _ => 0,
    };
    let characters = |part: &Part| part.length().0;
    let whole: usize = format.parts.iter().map(characters).sum();
    let skipped = format.check.map_or(0, |cover| usize::from(cover.from));
    let covered = if skipped * 2 > whole - 1 { -10 } else { 0 };
    family + covered
}
