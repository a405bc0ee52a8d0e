//! Number ranges: the next serial becomes a tracking number with its check digit. What was used is
//! not kept here: the caller says where each range stands, and records what it took in the same
//! transaction as the label.

use super::tables::{Carrier, Tables};
use crate::content::check_digit::Family;
use crate::content::tracking::{self, make};
use crate::domain::Wall;
use crate::domain::desk::{Refusal, Stock};
use crate::domain::parcel::Number;
use crate::domain::serials;
use crate::domain::state::{Counters, Lease};

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
    /// Used by several stations, each in its own blocks.
    pub shared: bool,
    /// Begins again behind its end.
    pub cycle: bool,
    /// Days a number rests, if the range says so itself.
    pub reuse_days: Option<u16>,
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
    S10 {
        service: String,
        country: String,
    },
    /// 18 digits, with the identifier 00 in front 20.
    Sscc {
        with_ai: bool,
        extension: u8,
        company: String,
    },
    UspsImpb {
        service: String,
        mailer: String,
        length: usize,
    },
    Ups1z {
        shipper: String,
        service: String,
    },
    Fedex12,
    Fedex96 {
        scnc: String,
        class: String,
        shipper: String,
    },
    /// 14 digits and a check character.
    Dpd {
        prefix: String,
    },
}

impl Shape {
    /// Digits of a serial.
    pub(super) fn digits(&self) -> usize {
        match self {
            Shape::Numeric { digits, .. } => usize::from(*digits),
            Shape::S10 { .. } => 8,
            Shape::Sscc { company, .. } => 16_usize.saturating_sub(company.len()),
            Shape::UspsImpb { mailer, length, .. } => length.saturating_sub(6 + mailer.len()),
            Shape::Ups1z { .. } | Shape::Fedex96 { .. } => 7,
            Shape::Fedex12 => 11,
            Shape::Dpd { prefix } => 14_usize.saturating_sub(prefix.len()),
        }
    }
}

impl Range {
    /// The tracking number of a serial; `None` if it does not fit the shape (excluded at load).
    pub(super) fn write(&self, serial: u64) -> Option<String> {
        match &self.shape {
            Shape::Numeric {
                prefix,
                digits,
                check,
                check_skip,
            } => {
                let digits = usize::from(*digits);
                match check {
                    Some(family) => {
                        make::numeric(prefix, serial, digits, *family, usize::from(*check_skip))
                    }
                    None => {
                        let text = format!("{serial:0digits$}");
                        (text.len() == digits).then(|| format!("{prefix}{text}"))
                    }
                }
            }
            Shape::S10 { service, country } => tracking::s10(service, serial, country),
            Shape::Sscc {
                with_ai,
                extension,
                company,
            } => {
                let number = make::sscc(*extension, company, serial)?;
                Some(if *with_ai {
                    format!("00{number}")
                } else {
                    number
                })
            }
            Shape::UspsImpb {
                service,
                mailer,
                length,
            } => make::usps_impb(service, mailer, serial, *length),
            Shape::Ups1z { shipper, service } => make::ups_1z(shipper, service, serial),
            Shape::Fedex12 => make::fedex_12(serial),
            Shape::Fedex96 {
                scnc,
                class,
                shipper,
            } => make::fedex_96(scnc, class, shipper, serial),
            Shape::Dpd { prefix } => make::dpd_14(prefix, serial),
        }
    }

    fn serves(&self, service: &str) -> bool {
        self.services.is_empty() || self.services.iter().any(|listed| listed == service)
    }

    /// What the station may take serials from.
    fn blocks(&self, counters: &Counters) -> Vec<Lease> {
        if !self.shared {
            let (first, last) = (self.first, self.last);
            return vec![Lease { first, last }];
        }
        let leases = counters.leases.get(&self.id).into_iter().flatten();
        let within = leases.map(|lease| Lease {
            first: lease.first.max(self.first),
            last: lease.last.min(self.last),
        });
        within.filter(|lease| lease.first <= lease.last).collect()
    }

    /// Days until a number may be used again; `None` if it never may.
    fn rest_days(&self, carrier: &Carrier) -> Option<u16> {
        self.cycle
            .then(|| self.reuse_days.unwrap_or(carrier.reuse_days))
    }

    /// Why it gives no number now, and what helps.
    fn dry(&self, carrier: &Carrier, counters: &Counters) -> (String, &'static str) {
        let (id, days) = (&self.id, self.rest_days(carrier));
        if self.shared && self.blocks(counters).is_empty() {
            let text = format!("{id} has no block for this station");
            return (text, "lease one with `firstscan number lease`");
        }
        if let (Some(days), Some(free_ms)) = (days, serials::free_at_ms(counters, id, days)) {
            let free = Wall {
                unix_ms: free_ms,
                offset_min: 0,
            };
            let text = format!(
                "{id}: every number was used within {days} days, the first is free again on {}",
                free.date()
            );
            return (text, "ask the carrier for a larger range");
        }
        if self.shared {
            let text = format!("{id}: this station's blocks are used up");
            return (text, "lease another block with `firstscan number lease`");
        }
        let remedy = "ask the carrier for a new range and add it to its file";
        (format!("{id} is used up"), remedy)
    }
}

impl Tables {
    pub(super) fn allocate(
        &self,
        carrier: &str,
        service: &str,
        counters: &Counters,
        now: Wall,
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
        let mut dry = Vec::new();
        for range in details.ranges.iter().filter(|range| range.serves(service)) {
            let days = range.rest_days(details);
            let blocks = range.blocks(counters);
            let next = serials::next(counters, &range.id, &blocks, days, now);
            match next.and_then(|serial| range.write(serial).map(|text| (serial, text))) {
                Some((serial, tracking_number)) => {
                    return Ok(Number {
                        tracking_number,
                        range: Some(range.id.clone()),
                        serial: Some(serial),
                        reuse_days: days,
                    });
                }
                None => dry.push(range.dry(details, counters)),
            }
        }
        let Some((_, remedy)) = dry.first() else {
            let text = format!("{name} issued no numbers for {service}");
            let remedy = "add a range to its file, or let the order bring a label";
            return Err(refuse(text, remedy));
        };
        let remedy = *remedy;
        let why: Vec<String> = dry.into_iter().map(|(text, _)| text).collect();
        let text = format!("{name} has no free number here ({})", why.join("; "));
        Err(refuse(text, remedy))
    }

    /// How far every range is used up, by carrier and file order.
    pub(super) fn count(&self, counters: &Counters, now: Wall) -> Vec<Stock> {
        let row = |carrier: &Carrier, range: &Range| {
            let (id, days) = (&range.id, range.rest_days(carrier));
            let blocks = range.blocks(counters);
            let next = serials::next(counters, id, &blocks, days, now);
            let left = serials::left(counters, id, &blocks, days, now);
            Stock {
                carrier: carrier.info.id.clone(),
                carrier_name: carrier.info.name.clone(),
                range: id.clone(),
                first: range.first,
                last: range.last,
                shared: range.shared,
                leases: if range.shared { blocks } else { Vec::new() },
                reuse_days: days,
                next: next.and_then(|serial| range.write(serial)),
                left,
                low_at: range.low,
                low: left <= range.low,
            }
        };
        let of = |carrier: &Carrier| -> Vec<Stock> {
            carrier.ranges.iter().map(|r| row(carrier, r)).collect()
        };
        self.carriers.iter().flat_map(of).collect()
    }

    /// The range with this id, for handing out blocks: carrier name, first and last serial, and
    /// whether it is shared.
    pub fn range(&self, id: &str) -> Option<Stock> {
        let zero = Wall {
            unix_ms: 0,
            offset_min: 0,
        };
        let all = self.count(&Counters::default(), zero);
        all.into_iter().find(|row| row.range == id)
    }
}

#[cfg(test)]
#[path = "numbers_tests.rs"]
mod tests;
