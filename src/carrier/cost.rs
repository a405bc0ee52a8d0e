//! What a service costs: a price by weight step and place, plus the surcharges whose amount is
//! known. A cost that is not known whole is no cost.

use super::limits::{Place, Surcharge, any_has};
use super::tables::{Carrier, Service, Tables};
use crate::domain::desk::AssignRequest;
use crate::domain::money::Money;
use firstscan_drivers::mass::Mass;

/// Prices of services to a zone; the first row with the destination counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cost {
    pub carrier: String,
    /// At least one.
    pub services: Vec<String>,
    /// Name of the zone, for people.
    pub zone: String,
    /// Empty = everywhere.
    pub places: Vec<Place>,
    /// Up to this weight, this price; weights rise, one currency.
    pub steps: Vec<(Mass, Money)>,
}

/// What a service asks for a parcel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Quote<'a> {
    pub surcharges: Vec<&'a Surcharge>,
    /// The weight billed, if the size counts for more than the weight.
    pub billable: Option<Mass>,
    pub cost: Option<Money>,
    /// Why there is no cost although there is a cost table.
    pub note: Option<String>,
}

impl Cost {
    pub fn is_for(&self, carrier: &str, service: &str) -> bool {
        self.carrier == carrier && self.services.iter().any(|listed| listed == service)
    }

    /// Of its steps; there is at least one.
    pub fn currency(&self) -> &str {
        self.steps.first().map_or("", |(_, price)| &price.currency)
    }
}

impl Tables {
    /// All price rows of a service, the rule table's first.
    pub(super) fn costs_of<'a>(
        &'a self,
        carrier: &'a Carrier,
        service: &'a Service,
    ) -> impl Iterator<Item = &'a Cost> {
        let rows = self.book.costs.iter().chain(&carrier.costs);
        rows.filter(|row| row.is_for(&carrier.info.id, &service.id))
    }

    pub(super) fn quote<'a>(
        &'a self,
        carrier: &'a Carrier,
        service: &'a Service,
        request: &AssignRequest<'_>,
    ) -> Quote<'a> {
        let (mass, size) = (request.mass, request.size);
        let applies = |s: &&Surcharge| s.applies(mass, size, request.country, request.area);
        let surcharges: Vec<&Surcharge> = service.surcharges.iter().filter(applies).collect();
        let dimensional = match (&service.divisor, size) {
            (Some(divisor), Some(size)) => divisor.mass(size),
            _ => None,
        };
        let stepped = service.divisor.as_ref().map_or(mass, |d| d.stepped(mass));
        let billed = dimensional.map_or(stepped, |dimensional| dimensional.max(stepped));
        let (cost, note) = match self.price(carrier, service, request, billed, &surcharges) {
            Ok(cost) => (cost, None),
            Err(note) => (None, Some(note)),
        };
        Quote {
            surcharges,
            billable: dimensional.filter(|dimensional| *dimensional > mass),
            cost,
            note,
        }
    }

    /// `Ok(None)` without a cost table.
    fn price(
        &self,
        carrier: &Carrier,
        service: &Service,
        request: &AssignRequest<'_>,
        billed: Mass,
        surcharges: &[&Surcharge],
    ) -> Result<Option<Money>, String> {
        let mut rows = self.costs_of(carrier, service).peekable();
        if rows.peek().is_none() {
            return Ok(None);
        }
        let there = |row: &&Cost| {
            row.places.is_empty() || any_has(&row.places, request.country, request.area)
        };
        let row = rows.find(there);
        let row = row.ok_or_else(|| format!("no price to {}", request.country))?;
        let step = row.steps.iter().find(|(up_to, _)| billed <= *up_to);
        let (_, price) = step.ok_or_else(|| format!("no price for {billed}"))?;
        let mut total = price.clone();
        for surcharge in surcharges {
            let amount = surcharge.amount.as_ref();
            let amount = amount.filter(|amount| amount.currency == total.currency);
            let sum = amount.and_then(|amount| total.minor.checked_add(amount.minor));
            let name = &surcharge.name;
            total.minor = sum.ok_or_else(|| {
                format!("no whole price: {name} is charged too, how much is not in the tables")
            })?;
        }
        Ok(Some(total))
    }
}

/// A surcharge in words.
pub(super) fn words(surcharge: &Surcharge) -> String {
    match &surcharge.amount {
        Some(amount) => format!("{} {amount}", surcharge.name),
        None => surcharge.name.clone(),
    }
}
