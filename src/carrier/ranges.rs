//! Checking a number range before it may give a single number: two ranges of a carrier must never
//! write the same number, and every serial must fit.

use super::load::check_id;
use super::numbers::{Range, Shape};
use super::problem::Report;
use super::ranges_file::{Format, RangeFile};
use super::tables::Service;
use crate::content::country;

/// Characters of a prefix.
const PREFIX_CHARS_MAX: usize = 24;
/// Digits of a serial.
const DIGITS_MAX: u8 = 18;
const REUSE_DAYS_MAX: u16 = 3650;
/// Digits of a USPS number, if nothing is said.
const USPS_LENGTH: u8 = 22;
/// Stands for no country in numbers made for tests.
const NO_COUNTRY: &str = "XX";
const AS_ISSUED: &str = "give the range as the carrier issued it";

/// A range that was read before, and where.
pub(super) struct Known {
    pub file: String,
    pub carrier: String,
    pub range: Range,
}

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
            report.add(&key("first"), text, AS_ISSUED);
        }
        check_reuse(&row, &key, report);
        let shape = Reader {
            row: &row,
            key: &key,
            report,
        }
        .shape()?;
        let digits = shape.digits();
        let end = u32::try_from(digits)
            .ok()
            .and_then(|digits| 10_u64.checked_pow(digits));
        if end.is_some_and(|end| row.last >= end) {
            let text = format!("{} has more than {digits} digits", row.last);
            report.add(&key("last"), text, AS_ISSUED);
        }
        let range = Range {
            id: row.id,
            services: row.services,
            shape,
            first: row.first,
            last: row.last,
            low: row.low,
            shared: row.shared,
            cycle: row.cycle,
            reuse_days: row.reuse_days,
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
        let of = |serial| match &self.shape {
            Shape::S10 { service, country } => format!("S10 {country}{service}{serial:08}"),
            _ => self.write(serial).unwrap_or_default(),
        };
        (of(self.first), of(self.last))
    }

    /// Reports an id that another range has as well, or a number that another range of its carrier
    /// has. Two carriers may have the same numbers: a parcel's key is both.
    pub(super) fn check_against(&self, carrier: &str, known: &[Known], report: &mut Report<'_>) {
        for Known {
            file,
            carrier: owner,
            range: other,
        } in known
        {
            if other.id == self.id {
                let text = format!("{} is taken in {file}", self.id);
                let remedy = "give every range of all carriers its own id";
                report.add("range.id", text, remedy);
            }
            let ((first, last), (other_first, other_last)) = (self.span(), other.span());
            let same_length = first.len() == other_first.len();
            let meet = same_length && first <= other_last && other_first <= last;
            if owner == carrier && meet {
                let text = format!("{} and {} write the same numbers", self.id, other.id);
                report.add("range", text, "correct first and last of one of them");
            }
        }
    }
}

fn check_reuse(row: &RangeFile, key: &dyn Fn(&str) -> String, report: &mut Report<'_>) {
    let Some(days) = row.reuse_days else {
        return;
    };
    if !(1..=REUSE_DAYS_MAX).contains(&days) {
        let text = format!("{days} is no span of days");
        report.add(&key("reuse_days"), text, "give 1 to 3650 days");
    }
    if !row.cycle {
        let text = "the range is used once";
        report.add(&key("reuse_days"), text, "add cycle = true, or remove it");
    }
}

/// Reads the keys of one format.
struct Reader<'a, 'r> {
    row: &'a RangeFile,
    key: &'a dyn Fn(&str) -> String,
    report: &'a mut Report<'r>,
}

impl Reader<'_, '_> {
    fn shape(&mut self) -> Option<Shape> {
        let row = self.row;
        let (name, _) = row.format.names();
        for given in row.given() {
            if !row.format.keys().contains(&given) {
                let text = format!("{name} has no {given}");
                self.add(given, text, "remove this key");
            }
        }
        match row.format {
            Format::Numeric => self.numeric(),
            Format::S10 => self.s10(),
            Format::Sscc => self.sscc(),
            Format::UspsImpb => self.usps(),
            Format::Ups1z => {
                let shipper = self.text("shipper", &row.shipper, "6 capital letters or digits");
                let shipper = self.fits(shipper, "shipper", |t| is_alnum(t, 6));
                let service = self.text("service", &row.service, "2 capital letters or digits");
                let service = self.fits(service, "service", |t| is_alnum(t, 2));
                Some(Shape::Ups1z {
                    shipper: shipper?,
                    service: service?,
                })
            }
            Format::Fedex12 => Some(Shape::Fedex12),
            Format::Fedex96 => {
                let scnc = self.digits("scnc", &row.scnc, 2);
                let class = self.digits("class", &row.class, 3);
                let shipper = self.digits("shipper", &row.shipper, 7);
                Some(Shape::Fedex96 {
                    scnc: scnc?,
                    class: class?,
                    shipper: shipper?,
                })
            }
            Format::Dpd => {
                let prefix = self.text("prefix", &row.prefix, "1 to 13 digits");
                let is_prefix = |t: &str| (1..=13).contains(&t.len()) && is_digits(t, t.len());
                let prefix = self.fits(prefix, "prefix", is_prefix)?;
                Some(Shape::Dpd { prefix })
            }
        }
    }

    fn s10(&mut self) -> Option<Shape> {
        let row = self.row;
        let letters = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
        let service = self.text("service", &row.service, "two capital letters");
        let service = self.fits(service, "service", letters);
        if service
            .as_ref()
            .is_some_and(|s| s.starts_with(['J', 'K', 'S', 'T', 'W']))
        {
            let text = "the first letter is reserved by the UPU";
            self.add(
                "service",
                text,
                "give the letters as issued: E, C, L, R, V, U or M",
            );
        }
        let country = self.text("country", &row.country, "two capital letters");
        let country = self.fits(country, "country", letters);
        let is_known = |code: &String| code == NO_COUNTRY || country::find(code).is_some();
        if country.as_ref().is_some_and(|code| !is_known(code)) {
            let text = "is no country of ISO 3166";
            self.add("country", text, "give that of the issuing post");
        }
        Some(Shape::S10 {
            service: service?,
            country: country?,
        })
    }

    fn sscc(&mut self) -> Option<Shape> {
        let row = self.row;
        let extension = row.extension.filter(|digit| *digit <= 9);
        if extension.is_none() {
            self.missing("extension", "a digit from 0 to 9");
        }
        let company = self.text("company", &row.company, "4 to 12 digits");
        let is_company = |t: &str| (4..=12).contains(&t.len()) && is_digits(t, t.len());
        let company = self.fits(company, "company", is_company);
        let with_ai = match row.prefix.as_deref() {
            None => false,
            Some("00") => true,
            Some(other) => {
                let text = format!("{other:?} is not the identifier of an SSCC");
                self.add("prefix", text, "give \"00\", or remove it");
                false
            }
        };
        Some(Shape::Sscc {
            with_ai,
            extension: extension?,
            company: company?,
        })
    }

    fn usps(&mut self) -> Option<Shape> {
        let row = self.row;
        let service = self.digits("service", &row.service, 3);
        let mailer = self.text("mailer", &row.mailer, "6 digits, or 9 that begin with 9");
        let is_mailer = |t: &str| match t.len() {
            9 => is_digits(t, 9) && t.starts_with('9'),
            _ => is_digits(t, 6) && !t.starts_with('9'),
        };
        let mailer = self.fits(mailer, "mailer", is_mailer);
        let length = row.length.unwrap_or(USPS_LENGTH);
        if !matches!(length, 22 | 26) {
            let text = format!("{length} is no length of these numbers");
            self.add("length", text, "give 22 or 26");
        }
        Some(Shape::UspsImpb {
            service: service?,
            mailer: mailer?,
            length: usize::from(length),
        })
    }

    fn numeric(&mut self) -> Option<Shape> {
        let row = self.row;
        let prefix = row.prefix.clone().unwrap_or_default();
        if prefix.len() > PREFIX_CHARS_MAX || !is_alnum(&prefix, prefix.len()) {
            let text = format!("{prefix:?} is no prefix");
            self.add("prefix", text, "use at most 24 capital letters and digits");
        }
        let check_skip = row.check_skip.unwrap_or(0);
        if check_skip > 0 && row.check.is_none() {
            self.add(
                "check_skip",
                "there is no check",
                "add check, or remove check_skip",
            );
        }
        let Some(digits) = row.digits.filter(|d| (1..=DIGITS_MAX).contains(d)) else {
            let text = "is missing or too large";
            self.add("digits", text, "give the serial's 1 to 18 digits");
            return None;
        };
        Some(Shape::Numeric {
            prefix,
            digits,
            check: row.check,
            check_skip,
        })
    }

    /// A text the format needs; `wanted` says how it looks.
    fn text<'t>(
        &mut self,
        name: &str,
        text: &'t Option<String>,
        wanted: &'static str,
    ) -> Option<(&'t str, &'static str)> {
        if text.is_none() {
            self.missing(name, wanted);
        }
        text.as_deref().map(|text| (text, wanted))
    }

    fn fits(
        &mut self,
        text: Option<(&str, &'static str)>,
        name: &str,
        is: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let (text, wanted) = text?;
        if !is(text) {
            self.missing(name, wanted);
            return None;
        }
        Some(text.to_owned())
    }

    fn digits(&mut self, name: &str, text: &Option<String>, count: usize) -> Option<String> {
        let wanted = match count {
            2 => "2 digits",
            3 => "3 digits",
            _ => "7 digits",
        };
        let text = self.text(name, text, wanted);
        self.fits(text, name, |t| is_digits(t, count))
    }

    fn missing(&mut self, name: &str, wanted: &str) {
        let (_, number) = self.row.format.names();
        self.add(
            name,
            format!("{number} needs it"),
            &format!("give {wanted}"),
        );
    }

    fn add(&mut self, name: &str, text: impl Into<String>, remedy: &str) {
        self.report.add(&(self.key)(name), text, remedy);
    }
}

fn is_digits(text: &str, count: usize) -> bool {
    text.len() == count && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_alnum(text: &str, count: usize) -> bool {
    let legal = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    text.len() == count && text.bytes().all(legal)
}
