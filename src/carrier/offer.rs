//! What a carrier sells, in words: for `carrier list` and whoever fills in what is missing.

use super::cost::words;
use super::limits::Divisor;
use super::objection::{Amount, Measure};
use super::tables::{Carrier, Service, Tables};

/// A service as people read it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Offer {
    pub id: String,
    pub name: String,
    /// ISO 3166-1 alpha-2; empty = everywhere.
    pub countries: Vec<String>,
    /// Such as `up to 31500 g` and `length plus girth up to 3000 mm`.
    pub limits: Vec<String>,
    /// How size becomes weight, if it does.
    pub divisor: Option<String>,
    /// What costs extra.
    pub surcharges: Vec<String>,
    /// True if a cost table has it.
    pub priced: bool,
}

impl Tables {
    /// The services of a carrier, in file order.
    pub fn offers(&self, carrier: &Carrier) -> Vec<Offer> {
        let offer = |service: &Service| Offer {
            id: service.id.clone(),
            name: service.name.clone(),
            countries: service.countries.clone(),
            limits: limits(service),
            divisor: service.divisor.as_ref().map(divided),
            surcharges: service.surcharges.iter().map(words).collect(),
            priced: self.costs_of(carrier, service).next().is_some(),
        };
        carrier.services.iter().map(offer).collect()
    }

    /// What the integrator still has to fill in for a carrier, such as `ranges`.
    pub fn missing<'a>(&'a self, carrier: &'a Carrier) -> Vec<&'a str> {
        let mut services = carrier.services.iter();
        let priced = services.any(|service| self.costs_of(carrier, service).next().is_some());
        let open = carrier.open();
        open.filter(|word| *word != "cost" || !priced).collect()
    }
}

fn limits(service: &Service) -> Vec<String> {
    let up_to = |what: Measure, limit: Option<Amount<'_>>| {
        limit.map(|limit| format!("{what}up to {limit}"))
    };
    let from = |what: Measure, limit: Option<Amount<'_>>| {
        limit.map(|limit| format!("{what}from {limit} on"))
    };
    let value = service.value_max.as_ref().map(Amount::Money);
    let found = [
        from(Measure::Weight, service.weight_min.map(Amount::Mass)),
        up_to(Measure::Weight, service.weight_max.map(Amount::Mass)),
        from(Measure::Edges, service.edges_min.map(Amount::Edges)),
        up_to(Measure::Edges, service.edges_max.map(Amount::Edges)),
        up_to(Measure::Edge, service.edge_max.map(Amount::Length)),
        up_to(Measure::Girth, service.girth_max.map(Amount::Length)),
        up_to(Measure::Sum, service.sum_max.map(Amount::Length)),
        up_to(Measure::Volume, service.volume_max.map(Amount::Volume)),
        up_to(Measure::Value, value),
    ];
    found.into_iter().flatten().collect()
}

fn divided(divisor: &Divisor) -> String {
    let unit = if divisor.imperial { "in3/lb" } else { "cm3/kg" };
    match divisor.over {
        Some(over) => format!("{} {unit} above {over}", divisor.number),
        None => format!("{} {unit}", divisor.number),
    }
}
