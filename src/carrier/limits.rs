//! What a service takes and what it charges extra for: the types, and the exact arithmetic of
//! dimensional weight.

use crate::domain::desk::Extent;
use crate::domain::money::Money;
use firstscan_drivers::length::Length;
use firstscan_drivers::mass::{Mass, Unit};
use std::fmt;

/// A volume in cubic micrometres.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Volume(pub i128);

impl Volume {
    /// Of a box; `None` beyond what a number holds (edges of a thousand kilometres).
    pub fn of(size: Extent) -> Option<Volume> {
        let area = i128::from(size.length.um()).checked_mul(i128::from(size.width.um()))?;
        area.checked_mul(i128::from(size.height.um())).map(Volume)
    }
}

impl fmt::Display for Volume {
    /// In litres, rounded down to the millilitre.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ml = self.0 / VolumeUnit::Cm3.cubic_um();
        write!(f, "{}.{:03} l", ml / 1000, ml % 1000)
    }
}

/// Longest edge plus girth, where girth is twice the sum of the two shorter edges.
pub(super) fn length_plus_girth(size: Extent) -> Length {
    let across = size.width.um().saturating_add(size.height.um());
    Length::from_um(size.length.um().saturating_add(across.saturating_mul(2)))
}

/// The sum of the three edges.
pub(super) fn edge_sum(size: Extent) -> Length {
    let across = size.width.um().saturating_add(size.height.um());
    Length::from_um(size.length.um().saturating_add(across))
}

/// Units of volume as carriers print them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VolumeUnit {
    Cm3,
    M3,
    In3,
    Ft3,
}

impl VolumeUnit {
    /// Cubic micrometres in one of it; whole for all of them.
    pub const fn cubic_um(self) -> i128 {
        match self {
            VolumeUnit::Cm3 => 1_000_000_000_000,
            VolumeUnit::M3 => 1_000_000_000_000_000_000,
            VolumeUnit::In3 => 25_400 * 25_400 * 25_400,
            VolumeUnit::Ft3 => 304_800 * 304_800 * 304_800,
        }
    }
}

/// How a carrier turns a size into a weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Divisor {
    /// Such as 5000 cubic centimetres per kilogram, or 139 cubic inches per pound.
    pub number: u32,
    /// True: cubic inches per pound.
    pub imperial: bool,
    /// The weight that is billed is rounded up to a multiple of this.
    pub step: Option<Mass>,
    /// Every edge is first rounded up to a multiple of this.
    pub edge_step: Option<Length>,
    /// Only parcels larger than this count by their size.
    pub over: Option<Volume>,
}

impl Divisor {
    /// The weight a size counts for, rounded up to the nanogram and then to the step; `None` if
    /// the size does not count, or is beyond all numbers.
    pub fn mass(&self, size: Extent) -> Option<Mass> {
        let size = self.rounded(size)?;
        let volume = Volume::of(size)?;
        if self.over.is_some_and(|over| volume <= over) {
            return None;
        }
        let (unit, weight) = if self.imperial {
            (VolumeUnit::In3, Unit::Pound)
        } else {
            (VolumeUnit::Cm3, Unit::Kilogram)
        };
        let per = unit.cubic_um().checked_mul(i128::from(self.number))?;
        let product = volume.0.checked_mul(i128::from(weight.ng()))?;
        let ng = up(product, per)?.checked_div(per)?;
        Some(self.stepped(Mass::from_ng(i64::try_from(ng).ok()?)))
    }

    /// A weight rounded up to the step.
    pub fn stepped(&self, mass: Mass) -> Mass {
        let step = self.step.map_or(1, Mass::ng);
        let ng = up(i128::from(mass.ng()), i128::from(step));
        let ng = ng.and_then(|ng| i64::try_from(ng).ok());
        ng.map_or(mass, Mass::from_ng)
    }

    fn rounded(&self, size: Extent) -> Option<Extent> {
        let Some(step) = self.edge_step else {
            return Some(size);
        };
        let edge = |edge: Length| {
            let um = up(i128::from(edge.um()), i128::from(step.um()))?;
            i64::try_from(um).ok().map(Length::from_um)
        };
        Some(Extent {
            length: edge(size.length)?,
            width: edge(size.width)?,
            height: edge(size.height)?,
        })
    }
}

/// The next multiple of `step` at or above `number`; `None` for a step below 1.
fn up(number: i128, step: i128) -> Option<i128> {
    if step < 1 {
        return None;
    }
    let rest = number.rem_euclid(step);
    match rest {
        0 => Some(number),
        rest => number.checked_add(step.checked_sub(rest)?),
    }
}

/// What a carrier charges extra for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Surcharge {
    pub id: String,
    /// In words, such as `Additional handling`.
    pub name: String,
    /// Any one of these measures is enough.
    pub weight_over: Option<Mass>,
    pub edge_over: Option<Length>,
    pub second_edge_over: Option<Length>,
    pub girth_over: Option<Length>,
    pub volume_over: Option<Volume>,
    /// Only there; empty = everywhere. Without a measure the place alone is the reason.
    pub places: Vec<Place>,
    /// Public amounts are rare: `None` says that it costs extra, not how much.
    pub amount: Option<Money>,
}

/// A country, or a part of it by how its postcodes begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// 1 to 3 letters and digits, upper case; `None`: the whole country.
    pub area: Option<String>,
}

impl Place {
    /// True if a destination is in it. An unknown area is in no part of a country.
    pub fn has(&self, country: &str, area: &str) -> bool {
        let within = |begin: &String| area.starts_with(begin.as_str());
        self.country == country && self.area.as_ref().is_none_or(within)
    }
}

/// True if one of the places has the destination.
pub(super) fn any_has(places: &[Place], country: &str, area: &str) -> bool {
    places.iter().any(|place| place.has(country, area))
}

impl Surcharge {
    /// True if it is charged. What was not measured is not charged for: a size that is unknown
    /// exceeds nothing.
    pub fn applies(&self, mass: Mass, size: Option<Extent>, country: &str, area: &str) -> bool {
        let there = |place: &Place| place.has(country, area);
        if !self.places.is_empty() && !self.places.iter().any(there) {
            return false;
        }
        let over = |limit: Option<Length>, of: fn(Extent) -> Length| match (limit, size) {
            (Some(limit), Some(size)) => of(size) > limit,
            _ => false,
        };
        let volume = match (self.volume_over, size.and_then(Volume::of)) {
            (Some(limit), Some(volume)) => volume > limit,
            _ => false,
        };
        self.measures() == 0
            || volume
            || self.weight_over.is_some_and(|limit| mass > limit)
            || over(self.edge_over, |size| size.length)
            || over(self.second_edge_over, |size| size.width)
            || over(self.girth_over, length_plus_girth)
    }

    /// How many measures it names.
    pub fn measures(&self) -> usize {
        let lengths = [self.edge_over, self.second_edge_over, self.girth_over];
        let lengths = lengths.iter().flatten().count();
        lengths + usize::from(self.weight_over.is_some()) + usize::from(self.volume_over.is_some())
    }
}

#[cfg(test)]
#[path = "limits_tests.rs"]
mod tests;
