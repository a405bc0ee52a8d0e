//! How likely each candidate is.

use super::clean::{Note, normalise};
use super::format::{Format, Grade};
use super::recognise::{Candidate, Check, Context, Expected, Recognition, Why};
use crate::content::check_digit::Family;
use std::borrow::Cow;

/// Most that a candidate gets if the station expects other numbers, or the text was odd.
const DOUBTED_MAX: u8 = 40;

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

/// Gives every candidate its confidence, vetoes included, and adds the expected number if no format
/// has its shape.
pub(super) fn judge(found: &mut Recognition<'_>, context: &Context<'_>) {
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
            span: (0, u8::try_from(found.number.len()).unwrap_or(0)),
            zip_digits: 0,
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
        texts.push(Cow::Borrowed(found.part(candidate)));
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
        !number.is_empty() && texts.contains(&number)
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
    let fixed = format.fixed() + if candidate.zip_digits > 0 { 3 } else { 0 };
    let fixed = i32::try_from(fixed.min(5)).unwrap_or(0);
    let mut score = match candidate.check {
        Check::Ok => 60 + 4 * fixed + strength(format, found.part(candidate).len()),
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
    let reserved = || found.part(candidate).starts_with(['J', 'K', 'S', 'T', 'W']);
    if format.ends_with_country() && reserved() {
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
fn strength(format: &Format, length: usize) -> i32 {
    let Some(cover) = format.check else {
        return 0;
    };
    let family = match cover.family {
        Family::Iso7064Mod37 => 6,
        Family::FedexMod11 | Family::S10 => 1,
        _ => 0,
    };
    let half = usize::from(cover.from) * 2 >= length;
    family - if half { 10 } else { 0 }
}
