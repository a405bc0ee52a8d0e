//! A scan that a carrier made itself, as a bridge to its tracking service hands it over.
//!
//! ```json
//! {"carrier":"dpd","tracking_number":"09980123456789","at":"2026-11-21T18:05:00+01:00",
//!  "kind":"accepted","code":"PU","text":"Parcel handed to DPD",
//!  "estimate":{"from":"2026-11-24","to":"2026-11-25"}}
//! ```
//! `code` and `estimate` may be left out. `kind` is the bridge's own judgement, because carriers'
//! codes mean different things: `accepted` only for a scan of this very parcel, not for a form, a
//! container or an announcement. `text` ends in the event chain, which cannot be forgotten: leave
//! names and signatures out.

use super::problem::{Problem, Report, utf8};
use super::value::{Fields, Value};
use crate::content::address::{check_text, shorten};
use crate::content::tracking::NUMBER_CHARS_MAX;
use crate::domain::Wall;
use crate::domain::ids;
use crate::domain::parcel::{CarrierScan, Estimate, ScanKind};
use crate::domain::time::day_number;

/// Characters of the carrier's text.
const TEXT_CHARS_MAX: usize = 200;
/// Characters of the carrier's own code.
const CODE_CHARS_MAX: usize = 40;
/// Characters of a number with what scanners and people put around it.
const NUMBER_TEXT_MAX: usize = 2 * NUMBER_CHARS_MAX;
/// Clocks disagree; a scan further ahead is of a broken one.
const AHEAD_MS_MAX: i64 = 86_400_000;
/// Older scans are history of nobody's interest, or of a parcel before.
const AGE_MS_MAX: i64 = 400 * 86_400_000;
/// Days an estimate may end after its scan.
const ESTIMATE_DAYS_MAX: i64 = 365;
const DAY_MS: i64 = 86_400_000;

const SCAN: &[&str] = &[
    "carrier",
    "tracking_number",
    "at",
    "kind",
    "code",
    "text",
    "estimate",
];
const ESTIMATE: &[&str] = &["from", "to"];

/// A checked scan with whose and which parcel it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    pub carrier: String,
    /// As it came; to be looked up in all its forms.
    pub tracking_number: String,
    pub scan: CarrierScan,
}

/// Reads one scan. `now` bounds its time.
///
/// # Errors
/// All problems, each with its field and remedy.
pub fn read(body: &[u8], now: Wall) -> Result<Incoming, Vec<Problem>> {
    let value = utf8(body).and_then(Value::parse);
    let value = value.map_err(|problem| vec![problem])?;
    let mut report = Report::default();
    let mut fields = Fields::of(value, "", SCAN, &mut report);
    let carrier = fields.required("carrier", &mut report);
    let tracking_number = fields.required("tracking_number", &mut report);
    let at = fields.required("at", &mut report);
    let kind = fields.required("kind", &mut report);
    let code = fields.text("code", &mut report).unwrap_or_default();
    let text = fields.required("text", &mut report);
    let estimate = fields.take("estimate");
    fields.finish(&mut report);
    if !report.problems.is_empty() {
        return Err(report.problems);
    }
    if ids::check(&carrier).is_err() {
        let told = format!("{} is no carrier's id", shorten(&carrier));
        report.add("carrier", told, "give the id that `carrier list` shows");
    }
    if !(1..=NUMBER_TEXT_MAX).contains(&tracking_number.len()) {
        let told = format!("{} is no tracking number", shorten(&tracking_number));
        report.add("tracking_number", told, "give the number of the label");
    }
    let at = time(&at, now, &mut report);
    let kind = scan_kind(&kind, &mut report);
    for (field, value, max) in [
        ("text", &text, TEXT_CHARS_MAX),
        ("code", &code, CODE_CHARS_MAX),
    ] {
        if let Some((told, remedy)) = check_text(value, max) {
            report.add(field, told, &remedy);
        }
    }
    if text.trim().is_empty() {
        report.add("text", "is empty", "give what the carrier says");
    }
    let estimate = estimate.and_then(|value| days(value, at, &carrier, &mut report));
    if !report.problems.is_empty() {
        return Err(report.problems);
    }
    Ok(Incoming {
        carrier,
        tracking_number,
        scan: CarrierScan {
            at,
            kind,
            code,
            text: text.trim().to_owned(),
            estimate,
        },
    })
}

fn time(text: &str, now: Wall, report: &mut Report) -> Wall {
    let Some(at) = Wall::parse(text) else {
        let told = format!("{} is no time with an offset", shorten(text));
        report.add("at", told, "write it like 2026-11-21T18:05:00+01:00");
        return now;
    };
    if at.unix_ms > now.unix_ms.saturating_add(AHEAD_MS_MAX) {
        let told = format!("{} has not come yet", shorten(text));
        report.add("at", told, "compare the clocks and the offset");
    } else if at.unix_ms < now.unix_ms.saturating_sub(AGE_MS_MAX) {
        let told = format!("{} is more than 400 days ago", shorten(text));
        report.add("at", told, "leave scans of that age out");
    }
    at
}

fn scan_kind(text: &str, report: &mut Report) -> ScanKind {
    match text {
        "accepted" => ScanKind::Accepted,
        "moved" => ScanKind::Moved,
        "delayed" => ScanKind::Delayed,
        "delivered" => ScanKind::Delivered,
        _ => {
            let told = format!("{} is no kind of scan", shorten(text));
            let remedy = "give accepted, moved, delayed or delivered; leave announcements out";
            report.add("kind", told, remedy);
            ScanKind::default()
        }
    }
}

fn days(value: Value, at: Wall, carrier: &str, report: &mut Report) -> Option<Estimate> {
    let mut fields = Fields::of(value, "estimate", ESTIMATE, report);
    let from = fields.required("from", report);
    let to = fields.required("to", report);
    fields.finish(report);
    let mut day = |field: &str, text: &str| {
        let number = day_number(text);
        if number.is_none() {
            let told = format!("{} is no day", shorten(text));
            report.add(field, told, "write it like 2026-11-24");
        }
        number
    };
    let first = day("estimate.from", &from);
    let last = day("estimate.to", &to);
    let (first, last) = (first?, last?);
    let latest = at
        .unix_ms
        .div_euclid(DAY_MS)
        .saturating_add(ESTIMATE_DAYS_MAX);
    if last < first || last > latest {
        let told = format!("{from} to {to} is no interval to come");
        let remedy = "give the first and the last day, within a year of the scan";
        report.add("estimate", told, remedy);
        return None;
    }
    let source = format!("{carrier}, with its scan of {}", at.rfc3339());
    Some(Estimate { from, to, source })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    const NOW: &str = "2026-11-22T12:00:00+01:00";

    fn told(change: serde_json::Value) -> Result<Incoming, Vec<String>> {
        let mut scan = json!({
            "carrier": "dpd",
            "tracking_number": "0998 0123 4567 89",
            "at": "2026-11-21T18:05:00+01:00",
            "kind": "accepted",
            "text": " Parcel handed to DPD ",
        });
        for (key, value) in change.as_object().unwrap() {
            scan[key] = value.clone();
        }
        let all = |problems: Vec<Problem>| problems.iter().map(Problem::to_string).collect();
        read(scan.to_string().as_bytes(), Wall::parse(NOW).unwrap()).map_err(all)
    }

    #[test]
    fn a_scan_is_taken_as_the_carrier_told_it() {
        let taken = told(json!({ "estimate": { "from": "2026-11-24", "to": "2026-11-25" } }));
        let Incoming {
            carrier,
            tracking_number,
            scan,
        } = taken.unwrap();
        assert_eq!((carrier.as_str(), tracking_number.len()), ("dpd", 17));
        assert_eq!(scan.at.rfc3339(), "2026-11-21T18:05:00.000+01:00");
        assert_eq!(
            (scan.kind, scan.text.as_str()),
            (ScanKind::Accepted, "Parcel handed to DPD")
        );
        let estimate = scan.estimate.unwrap();
        assert_eq!(
            (estimate.from.as_str(), estimate.to.as_str()),
            ("2026-11-24", "2026-11-25")
        );
        assert_eq!(
            estimate.source,
            "dpd, with its scan of 2026-11-21T18:05:00.000+01:00"
        );
    }

    #[test]
    fn what_is_wrong_is_told_by_field() {
        for (change, wanted) in [
            (json!({ "carrier": "no carrier" }), "carrier: "),
            (json!({ "carrier": null }), "carrier: is missing"),
            (
                json!({ "tracking_number": "9".repeat(97) }),
                "tracking_number: ",
            ),
            (
                json!({ "tracking_number": 99 }),
                "tracking_number: is a number",
            ),
            (json!({ "at": "2026-11-21T18:05:00" }), "at: "),
            (json!({ "at": "2026-11-24T18:05:00Z" }), "at: "),
            (json!({ "at": "2025-01-01T18:05:00Z" }), "at: "),
            (json!({ "kind": "label_created" }), "kind: "),
            (json!({ "text": "x".repeat(201) }), "text: "),
            (json!({ "text": " " }), "text: is empty"),
            (json!({ "text": "a\u{7}b" }), "text: "),
            (json!({ "code": "x".repeat(41) }), "code: "),
            (json!({ "estimate": {} }), "estimate."),
            (
                json!({ "estimate": { "from": "soon", "to": "2026-11-24" } }),
                "estimate.from: ",
            ),
            (
                json!({ "estimate": { "from": "2026-11-25", "to": "2026-11-24" } }),
                "estimate: ",
            ),
            (
                json!({ "estimate": { "from": "2026-11-25", "to": "2028-11-24" } }),
                "estimate: ",
            ),
            (json!({ "estimate": "soon" }), "estimate: is a text"),
            (json!({ "weight": "1 kg" }), "weight: is no field"),
        ] {
            let problems = told(change.clone()).unwrap_err();
            assert!(
                problems.iter().all(|p| p.starts_with(wanted)) && !problems.is_empty(),
                "{change}: {problems:?}"
            );
        }
        for body in ["", "[]", "{", "\u{0}", "7"] {
            assert!(
                read(body.as_bytes(), Wall::parse(NOW).unwrap()).is_err(),
                "{body:?}"
            );
        }
    }
}
