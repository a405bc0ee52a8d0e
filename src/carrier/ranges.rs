//! Checking a number range before it may give a single number: two ranges must never write the
//! same number, and every serial must fit.

use super::file::{Format, RangeFile};
use super::load::check_id;
use super::numbers::{Range, Shape};
use super::problem::Report;
use super::tables::Service;

/// Characters of a prefix.
const PREFIX_CHARS_MAX: usize = 24;
/// Digits of a serial.
const DIGITS_MAX: u8 = 18;

impl Range {
    /// A range as written, if it is usable; otherwise the reasons are in `report`.
    pub(super) fn check(
        index: usize,
        row: RangeFile,
        services: &[Service],
        report: &mut Report<'_>,
    ) -> Option<Range> {
        let before = report.errors.len();
        let key = |name: &str| format!("range[{index}].{name}");
        check_id(&key("id"), &row.id, report);
        for service in &row.services {
            if !services.iter().any(|known| known.id == *service) {
                let text = format!("there is no service {service:?}");
                report.add(&key("services"), text, "name services of this file");
            }
        }
        if row.first > row.last {
            let text = format!("{} is after last = {}", row.first, row.last);
            report.add(
                &key("first"),
                text,
                "give the range as the carrier issued it",
            );
        }
        let digits = if row.format == Format::S10 {
            8
        } else {
            row.digits.unwrap_or(DIGITS_MAX)
        };
        let end = 10_u64.checked_pow(u32::from(digits)).unwrap_or(u64::MAX);
        if row.last >= end {
            let text = format!("{} has more than {digits} digits", row.last);
            report.add(
                &key("last"),
                text,
                "give the range as the carrier issued it",
            );
        }
        let shape = match row.format {
            Format::S10 => s10(&row, &key, report),
            Format::Numeric => numeric(&row, &key, report),
        }?;
        let (id, services) = (row.id, row.services);
        let range = Range {
            id,
            services,
            shape,
            first: row.first,
            last: row.last,
            low: row.low,
        };
        if report.errors.len() > before {
            return None;
        }
        if range.write(range.first).is_none() || range.write(range.last).is_none() {
            let remedy = "choose a rule that knows letters, or raise check_skip over the prefix";
            report.add(&key("check"), "cannot be computed over this number", remedy);
            return None;
        }
        Some(range)
    }

    /// First and last number; the numbers of one range are equally long and sort like their
    /// serials. S10 has its country behind the serial, so that it is put in front here.
    fn span(&self) -> (String, String) {
        let of = |serial| match self.shape {
            Shape::Numeric { .. } => self.write(serial).unwrap_or_default(),
            Shape::S10 { .. } => format!("S10 {}", self.body(serial)),
        };
        (of(self.first), of(self.last))
    }

    /// Reports an id or a number that another range has as well.
    pub(super) fn check_against(&self, others: &[(String, Range)], report: &mut Report<'_>) {
        for (file, other) in others {
            if other.id == self.id {
                let text = format!("{} is taken in {file}", self.id);
                report.add(
                    "range.id",
                    text,
                    "give every range of all carriers its own id",
                );
            }
            let ((first, last), (other_first, other_last)) = (self.span(), other.span());
            let same_length = first.len() == other_first.len();
            if same_length && first <= other_last && other_first <= last {
                let text = format!("{} and {} write the same numbers", self.id, other.id);
                report.add("range", text, "correct first and last of one of them");
            }
        }
    }
}

fn s10(row: &RangeFile, key: &dyn Fn(&str) -> String, report: &mut Report<'_>) -> Option<Shape> {
    let letters = |text: &&str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
    for (name, text) in [("service", &row.service), ("country", &row.country)] {
        if text.as_deref().filter(letters).is_none() {
            report.add(
                &key(name),
                "an S10 number needs it",
                "give two capital letters",
            );
        }
    }
    let numeric_only = row.prefix.is_some() || row.digits.is_some() || row.check.is_some();
    if numeric_only || row.check_skip > 0 {
        report.add(
            &key("format"),
            "s10 has no prefix, digits or check",
            "remove these keys",
        );
    }
    let (service, country) = (row.service.clone()?, row.country.clone()?);
    Some(Shape::S10 { service, country })
}

fn numeric(
    row: &RangeFile,
    key: &dyn Fn(&str) -> String,
    report: &mut Report<'_>,
) -> Option<Shape> {
    let prefix = row.prefix.clone().unwrap_or_default();
    let legal = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    if prefix.len() > PREFIX_CHARS_MAX || !prefix.bytes().all(legal) {
        let text = format!("{prefix:?} is no prefix");
        report.add(
            &key("prefix"),
            text,
            "use at most 24 capital letters and digits",
        );
    }
    if row.service.is_some() || row.country.is_some() {
        report.add(
            &key("format"),
            "numeric has no service or country",
            "remove these keys",
        );
    }
    if row.check_skip > 0 && row.check.is_none() {
        report.add(
            &key("check_skip"),
            "there is no check",
            "add check, or remove check_skip",
        );
    }
    let Some(digits) = row
        .digits
        .filter(|digits| (1..=DIGITS_MAX).contains(digits))
    else {
        report.add(
            &key("digits"),
            "is missing or too large",
            "give the serial's 1 to 18 digits",
        );
        return None;
    };
    let (check, check_skip) = (row.check, row.check_skip);
    Some(Shape::Numeric {
        prefix,
        digits,
        check,
        check_skip,
    })
}
