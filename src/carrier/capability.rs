//! What a service can take: its limits against a parcel. An unknown size or value breaks no limit;
//! that it was not checked is said.

use super::limits::{Volume, any_has, edge_sum, length_plus_girth};
use super::objection::{Amount, Measure, No};
use super::rule::{Span, up_to, weight};
use super::tables::Service;
use crate::domain::desk::{AssignRequest, Extent};
use crate::domain::money::Money;

impl Service {
    /// The first limit the parcel breaks.
    pub(super) fn takes<'a>(&'a self, request: &AssignRequest<'a>) -> Result<(), No<'a>> {
        let (country, area) = (request.country, request.area);
        let not_there = |listed| No::Place {
            country,
            area,
            listed,
        };
        if !self.countries.is_empty() && !self.countries.iter().any(|c| c == country) {
            return Err(not_there(&[]));
        }
        if any_has(&self.except, country, area) {
            return Err(not_there(&self.except));
        }
        let span = Span {
            min: self.weight_min,
            max: self.weight_max,
        };
        weight(&span, request.mass)?;
        if let Some(size) = request.size {
            self.holds(size)?;
        }
        match (&self.value_max, known_value(self, request)) {
            (Some(max), Some(value)) if value.minor > max.minor => {
                let (max, value) = (Amount::Money(max), Amount::Money(value));
                Err(No::Above(Measure::Value, max, value))
            }
            _ => Ok(()),
        }
    }

    fn holds<'a>(&self, size: Extent) -> Result<(), No<'a>> {
        up_to(self.edge_max, Measure::Edge, size.length, Amount::Length)?;
        let edges = [size.length, size.width, size.height];
        if let Some(max) = self.edges_max
            && edges.iter().zip(&max).any(|(edge, max)| edge > max)
        {
            let (max, is) = (Amount::Edges(max), Amount::Edges(edges));
            return Err(No::Above(Measure::Edges, max, is));
        }
        if let Some(min) = self.edges_min
            && edges.iter().zip(&min).any(|(edge, min)| edge < min)
        {
            let (min, is) = (Amount::Edges(min), Amount::Edges(edges));
            return Err(No::Below(Measure::Edges, min, is));
        }
        let girth = length_plus_girth(size);
        up_to(self.girth_max, Measure::Girth, girth, Amount::Length)?;
        up_to(self.sum_max, Measure::Sum, edge_sum(size), Amount::Length)?;
        match Volume::of(size) {
            Some(volume) => up_to(self.volume_max, Measure::Volume, volume, Amount::Volume),
            None => Ok(()),
        }
    }

    /// What could not be checked, in whole phrases.
    pub(super) fn unchecked(&self, request: &AssignRequest<'_>) -> Vec<String> {
        let lengths = [self.edge_max, self.girth_max, self.sum_max];
        let sized = lengths.iter().any(Option::is_some)
            || self.edges_max.is_some()
            || self.edges_min.is_some()
            || self.volume_max.is_some()
            || self.divisor.is_some();
        let mut notes = Vec::new();
        if sized && request.size.is_none() {
            notes.push("no size is known: its size limits were not checked".to_owned());
        }
        if let Some(max) = &self.value_max
            && known_value(self, request).is_none()
        {
            let currency = &max.currency;
            notes.push(format!(
                "no value in {currency}: its limit {max} was not checked"
            ));
        }
        notes
    }
}

/// The value, if it can be compared with the service's limit.
fn known_value<'a>(service: &Service, request: &AssignRequest<'a>) -> Option<&'a Money> {
    let currency = service.value_max.as_ref().map(|max| &max.currency)?;
    request.value.filter(|value| value.currency == *currency)
}
