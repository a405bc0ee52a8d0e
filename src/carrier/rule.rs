//! One row of the rule table: what it asks of a parcel, and whom it offers.

use super::limits::{Place, Volume, any_has, length_plus_girth};
use super::objection::{Amount, Measure, No};
use crate::domain::desk::AssignRequest;
use crate::domain::money::Money;
use firstscan_drivers::length::Length;
use firstscan_drivers::mass::Mass;

/// Stands in `requested` for any wish, or for none.
const ANY: &str = "any";
const NONE: &str = "none";

/// One row. The first row that asks nothing the parcel is not, and has a candidate that takes
/// it, decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    pub name: String,
    pub why: String,
    pub asks: Asks,
    /// At least one.
    pub candidates: Vec<Candidate>,
    pub choose: Choose,
}

/// A service of a carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub carrier: String,
    pub service: String,
}

/// Which of several candidates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Choose {
    /// In the order they are written.
    #[default]
    First,
    /// By the cost tables; what has no price comes last, the rest in the order written.
    Cheapest,
}

/// From and to, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span<T> {
    pub min: Option<T>,
    pub max: Option<T>,
}

/// What a row asks. An empty list and a free span ask nothing, except `requested`: without it a
/// row takes only parcels whose buyer asked for no service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Asks {
    pub places: Vec<Place>,
    pub except: Vec<Place>,
    pub sellers: Vec<String>,
    pub channels: Vec<String>,
    pub requested: Vec<String>,
    pub weight: Span<Mass>,
    pub edge: Span<Length>,
    /// Longest edge plus girth.
    pub girth: Span<Length>,
    pub volume: Span<Volume>,
    pub value: Span<Money>,
}

impl<T> Default for Span<T> {
    fn default() -> Self {
        let (min, max) = (None, None);
        Span { min, max }
    }
}

impl<T> Span<T> {
    pub fn is_free(&self) -> bool {
        self.min.is_none() && self.max.is_none()
    }
}

impl<T: Copy + PartialOrd> Span<T> {
    /// What a number breaks.
    fn check<'a>(&self, what: Measure, is: T, shown: fn(T) -> Amount<'a>) -> Result<(), No<'a>> {
        match (self.min, self.max) {
            (Some(min), _) if is < min => Err(No::Below(what, shown(min), shown(is))),
            (_, Some(max)) if is > max => Err(No::Above(what, shown(max), shown(is))),
            _ => Ok(()),
        }
    }
}

/// The same for one limit of a service.
pub(super) fn up_to<'a, T: Copy + PartialOrd>(
    max: Option<T>,
    what: Measure,
    is: T,
    shown: fn(T) -> Amount<'a>,
) -> Result<(), No<'a>> {
    Span { min: None, max }.check(what, is, shown)
}

pub(super) fn weight<'a>(span: &Span<Mass>, mass: Mass) -> Result<(), No<'a>> {
    span.check(Measure::Weight, mass, Amount::Mass)
}

impl Asks {
    /// Whether the parcel is what this row is about.
    pub fn fit<'a>(&'a self, request: &AssignRequest<'a>) -> Result<(), No<'a>> {
        let (country, area) = (request.country, request.area);
        let not_there = |listed| No::Place {
            country,
            area,
            listed,
        };
        if !self.places.is_empty() && !any_has(&self.places, country, area) {
            return Err(not_there(&self.places));
        }
        if any_has(&self.except, country, area) {
            return Err(not_there(&self.except));
        }
        let listed = |list: &[String], is: &str| list.is_empty() || list.iter().any(|e| e == is);
        if !listed(&self.sellers, request.seller) {
            return Err(No::Seller(request.seller));
        }
        if !listed(&self.channels, request.channel) {
            return Err(No::Channel(request.channel));
        }
        self.wish(request.requested_service)?;
        weight(&self.weight, request.mass)?;
        self.size(request)?;
        self.value(request.value)
    }

    fn wish<'a>(&'a self, requested: Option<&'a str>) -> Result<(), No<'a>> {
        let wish = requested.unwrap_or(NONE);
        let fits = |entry: &String| entry == ANY || entry.eq_ignore_ascii_case(wish);
        let listed = self.requested.iter().any(fits);
        match requested {
            None if listed || self.requested.is_empty() => Ok(()),
            Some(_) if listed => Ok(()),
            None => Err(No::OnlyIf(&self.requested)),
            Some(wish) => Err(No::Requested(wish)),
        }
    }

    fn size<'a>(&self, request: &AssignRequest<'a>) -> Result<(), No<'a>> {
        if self.edge.is_free() && self.girth.is_free() && self.volume.is_free() {
            return Ok(());
        }
        let size = request.size.ok_or(No::NotMeasured)?;
        self.edge
            .check(Measure::Edge, size.length, Amount::Length)?;
        let girth = length_plus_girth(size);
        self.girth.check(Measure::Girth, girth, Amount::Length)?;
        match Volume::of(size) {
            Some(volume) => self.volume.check(Measure::Volume, volume, Amount::Volume),
            None if self.volume.is_free() => Ok(()),
            None => Err(No::NotMeasured),
        }
    }

    fn value<'a>(&'a self, value: Option<&'a Money>) -> Result<(), No<'a>> {
        let Some(asked) = self.value.min.as_ref().or(self.value.max.as_ref()) else {
            return Ok(());
        };
        let value = value.filter(|value| value.currency == asked.currency);
        let value = value.ok_or(No::ValueUnknown(&asked.currency))?;
        let shown = |limit| (limit, Amount::Money(value));
        match (&self.value.min, &self.value.max) {
            (Some(min), _) if value.minor < min.minor => {
                let (limit, is) = shown(Amount::Money(min));
                Err(No::Below(Measure::Value, limit, is))
            }
            (_, Some(max)) if value.minor > max.minor => {
                let (limit, is) = shown(Amount::Money(max));
                Err(No::Above(Measure::Value, limit, is))
            }
            _ => Ok(()),
        }
    }
}
