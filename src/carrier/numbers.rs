//! Number ranges: the next serial becomes a tracking number with its check digit. What was used is
//! not kept here: the caller says where each range stands, and records what it took in the same
//! transaction as the label.

use super::tables::Tables;
use crate::content::check_digit::Family;
use crate::content::tracking;
use crate::domain::desk::Refusal;
use crate::domain::parcel::Number;

/// Numbers a carrier issued to this station.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range {
    /// Unique over all carriers: positions are kept by it.
    pub id: String,
    /// Services it is issued for; empty = all.
    pub services: Vec<String>,
    pub shape: Shape,
    pub first: u64,
    pub last: u64,
    pub low: u64,
}

/// How a serial is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Shape {
    /// Prefix, serial with leading zeros, check character over all but `check_skip` characters.
    Numeric {
        prefix: String,
        digits: u8,
        check: Option<Family>,
        check_skip: u8,
    },
    /// UPU S10.
    S10 { service: String, country: String },
}

/// How far a range is used up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stock {
    pub carrier: String,
    pub range: String,
    /// The next number, if one is left.
    pub next: Option<String>,
    pub left: u64,
    /// True if it is time to order more.
    pub low: bool,
}

impl Range {
    /// The next serial, if one is left. `used_up_to` is the first serial not used yet.
    fn next(&self, used_up_to: u64) -> Option<u64> {
        let serial = used_up_to.max(self.first);
        (serial <= self.last).then_some(serial)
    }

    /// The tracking number of a serial; `None` if it does not fit the shape (excluded at load).
    pub(super) fn write(&self, serial: u64) -> Option<String> {
        match &self.shape {
            Shape::S10 { service, country } => tracking::s10(service, serial, country),
            Shape::Numeric {
                check, check_skip, ..
            } => {
                let body = self.body(serial);
                let covered = body.get(usize::from(*check_skip)..)?;
                match check {
                    Some(family) => family.check(covered).map(|check| format!("{body}{check}")),
                    None => Some(body),
                }
            }
        }
    }

    /// The number without its check character; S10 with its country in front.
    pub(super) fn body(&self, serial: u64) -> String {
        match &self.shape {
            Shape::Numeric { prefix, digits, .. } => {
                format!("{prefix}{serial:0width$}", width = usize::from(*digits))
            }
            Shape::S10 { service, country } => format!("{country}{service}{serial:08}"),
        }
    }

    fn serves(&self, service: &str) -> bool {
        self.services.is_empty() || self.services.iter().any(|listed| listed == service)
    }
}

impl Tables {
    pub(super) fn allocate(
        &self,
        carrier: &str,
        service: &str,
        next_serial: &dyn Fn(&str) -> u64,
    ) -> Result<Number, Refusal> {
        let refuse = |text: String, remedy: &str| Refusal {
            text,
            remedy: remedy.to_owned(),
        };
        let Some(details) = self.details(carrier) else {
            let text = format!("there is no carrier {carrier} here");
            return Err(refuse(text, "add its file to the carrier folder"));
        };
        let name = &details.info.name;
        let mut empty = Vec::new();
        for range in details.ranges.iter().filter(|range| range.serves(service)) {
            let next = range.next(next_serial(&range.id));
            match next.and_then(|serial| range.write(serial).map(|text| (serial, text))) {
                Some((serial, tracking_number)) => {
                    let range = Some(range.id.clone());
                    return Ok(Number {
                        tracking_number,
                        range,
                        serial: Some(serial),
                    });
                }
                None => empty.push(range.id.as_str()),
            }
        }
        if empty.is_empty() {
            let text = format!("{name} issued no numbers for {service}");
            return Err(refuse(
                text,
                "add a range to its file, or let the order bring a label",
            ));
        }
        let text = format!("all numbers of {name} are used up ({})", empty.join(", "));
        Err(refuse(
            text,
            "ask the carrier for a new range and add it to its file",
        ))
    }

    /// How far every range is used up, by carrier and file order.
    pub fn stock(&self, next_serial: &dyn Fn(&str) -> u64) -> Vec<Stock> {
        let mut rows = Vec::new();
        for carrier in &self.carriers {
            for range in &carrier.ranges {
                let next = range.next(next_serial(&range.id));
                let left = next.map_or(0, |serial| (range.last - serial).saturating_add(1));
                rows.push(Stock {
                    carrier: carrier.info.id.clone(),
                    range: range.id.clone(),
                    next: next.and_then(|serial| range.write(serial)),
                    left,
                    low: left <= range.low,
                });
            }
        }
        rows
    }
}
