//! Why a rule or a service does not take a parcel. Kept without its words until somebody asks:
//! most objections of a decision are never read.

use super::limits::{Place, Volume};
use crate::domain::money::Money;
use firstscan_drivers::length::Length;
use firstscan_drivers::mass::Mass;
use std::fmt;

/// What was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    Weight,
    Edge,
    Edges,
    /// Longest edge plus girth.
    Girth,
    Sum,
    Volume,
    Value,
}

/// A number with its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Amount<'a> {
    Mass(Mass),
    Length(Length),
    Edges([Length; 3]),
    Volume(Volume),
    Money(&'a Money),
}

/// Why not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum No<'a> {
    /// The destination is not among these, or is among the excepted ones.
    Place {
        country: &'a str,
        area: &'a str,
        listed: &'a [Place],
    },
    /// Not sold where the station is.
    Origin(&'a str),
    Seller(&'a str),
    Channel(&'a str),
    /// Nothing was requested, but something of this is wanted.
    OnlyIf(&'a [String]),
    Requested(&'a str),
    Above(Measure, Amount<'a>, Amount<'a>),
    Below(Measure, Amount<'a>, Amount<'a>),
    /// A rule asks for a measure nobody took.
    NotMeasured,
    /// A rule asks for a value in this currency.
    ValueUnknown(&'a str),
    /// Arrives on this day at the latest, but was promised for the other.
    Late {
        by: String,
        promised: &'a str,
        source: String,
    },
    /// Its carrier or service is not in the tables; excluded at load.
    Gone,
}

impl fmt::Display for Measure {
    /// What stands before the number; a weight speaks for itself.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Measure::Weight => "",
            Measure::Edge => "longest edge ",
            Measure::Edges => "edges ",
            Measure::Girth => "length plus girth ",
            Measure::Sum => "sum of edges ",
            Measure::Volume => "volume ",
            Measure::Value => "value ",
        })
    }
}

impl fmt::Display for Amount<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Amount::Mass(mass) => write!(f, "{mass}"),
            Amount::Length(length) => write!(f, "{} mm", mm(*length)),
            Amount::Edges([one, two, three]) => {
                write!(f, "{} x {} x {} mm", mm(*one), mm(*two), mm(*three))
            }
            Amount::Volume(volume) => write!(f, "{volume}"),
            Amount::Money(money) => write!(f, "{money}"),
        }
    }
}

/// Millimetres with as many decimals as there are.
fn mm(length: Length) -> String {
    let (whole, part) = (length.um() / 1000, length.um() % 1000);
    match part {
        0 => whole.to_string(),
        part => format!("{whole}.{part:03}")
            .trim_end_matches('0')
            .to_owned(),
    }
}

impl fmt::Display for No<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            No::Place {
                country,
                area,
                listed,
            } => {
                let partly = |place: &Place| place.country == *country && place.area.is_some();
                match (listed.iter().any(partly), area.is_empty()) {
                    (false, _) => write!(f, "does not go to {country}"),
                    (true, false) => write!(f, "does not go to {country}-{area}"),
                    (true, true) => write!(f, "goes to parts of {country}, no postcode is known"),
                }
            }
            No::Origin(origin) => write!(f, "is not sold in {origin}"),
            No::Seller(seller) => write!(f, "not for seller {seller}"),
            No::Channel(channel) => write!(f, "not for channel {channel}"),
            No::OnlyIf(listed) => write!(f, "only if {} is requested", listed.join(" or ")),
            No::Requested(wish) => write!(f, "not for the requested service {wish}"),
            No::Above(what, limit, is) => write!(f, "{what}up to {limit}, this is {is}"),
            No::Below(what, limit, is) => write!(f, "{what}from {limit} on, this is {is}"),
            No::NotMeasured => f.write_str("asks for a size, none is known"),
            No::ValueUnknown(currency) => {
                write!(f, "asks for a value in {currency}, the order gives none")
            }
            No::Late {
                by,
                promised,
                source,
            } => write!(f, "arrives by {by}, promised for {promised} ({source})"),
            No::Gone => f.write_str("is in no table"),
        }
    }
}
