//! When a parcel should arrive: the day its handover counts from, then the days of the carrier's
//! transit table, counted in the carrier's delivery days.
//!
//! Constraints: an interval, with what it rests on; a carrier without a calendar, or a way its
//! table has no row for, gives `None`. A row that names origins is used only if the station's
//! country is known to be one of them, a row with exceptions only if the destination is known to
//! be none.

use super::calendar::Pickup;
use super::limits::Place;
use super::tables::{Carrier, Service, Tables, Transit};
use crate::domain::desk::EstimateRequest;
use crate::domain::parcel::Estimate;
use jiff::civil::Time;

impl Tables {
    pub(super) fn expect_delivery(&self, request: &EstimateRequest<'_>) -> Option<Estimate> {
        let carrier = self.details(request.carrier)?;
        let service = carrier.service(request.service)?;
        let calendar = carrier.calendar.as_ref()?;
        let mut rows = carrier.transit.iter();
        let row = rows.find(|row| self.covers(row, request));
        let days = row.map(|row| &row.days).or(service.days.as_ref())?;
        let holidays = row.and_then(|row| row.holidays.as_ref());
        let holidays = holidays.unwrap_or(&calendar.holidays);
        let pickup = calendar.pickup(request.handed_over)?;
        let day = |days| calendar.delivery_day(pickup.day, days, holidays);
        let (from, to) = (day(days.min)?, day(days.max)?);
        let table = self.table(carrier, service, row, request);
        let counted = counted(pickup, calendar.cutoff);
        Some(Estimate {
            from: from.to_string(),
            to: to.to_string(),
            source: format!("{table}: {}; {counted}", days.source),
        })
    }

    fn covers(&self, row: &Transit, request: &EstimateRequest<'_>) -> bool {
        let listed = |list: &[String], text: &str| list.iter().any(|entry| entry == text);
        let from = match self.origin() {
            Some(origin) => listed(&row.from, origin),
            None => false,
        };
        let (country, area) = (request.country, request.area);
        let there = |place: &Place| place.has(country, area);
        // Without its area a destination may be in any part of its country.
        let may_be = |place: &Place| there(place) || (area.is_empty() && place.country == country);
        (row.services.is_empty() || listed(&row.services, request.service))
            && (row.from.is_empty() || from)
            && (row.to.is_empty() || row.to.iter().any(there))
            && !row.except.iter().any(may_be)
    }

    /// Such as `DPD transit table DE-FR`.
    fn table(
        &self,
        carrier: &Carrier,
        service: &Service,
        row: Option<&Transit>,
        request: &EstimateRequest<'_>,
    ) -> String {
        let (name, country) = (&carrier.info.name, request.country);
        match row {
            None => format!("{name} {}", service.name),
            Some(row) => match self.origin().filter(|_| !row.from.is_empty()) {
                Some(origin) => format!("{name} transit table {origin}-{country}"),
                None => format!("{name} transit table to {country}"),
            },
        }
    }
}

/// What the handover's hour means for the day it counts from.
fn counted(pickup: Pickup, cutoff: Option<Time>) -> String {
    let at = cutoff.map(|c| format!("{:02}:{:02}", c.hour(), c.minute()));
    let day = pickup.day;
    match at {
        Some(at) if pickup.same_day => format!("handed over before the {at} cut-off of {day}"),
        None if pickup.same_day => format!("handed over on {day}"),
        Some(at) if pickup.on_pickup_day => {
            format!("handed over after the {at} cut-off, so counted from {day}")
        }
        _ => format!("handed over on a day without pickup, so counted from {day}"),
    }
}

#[cfg(test)]
#[path = "estimate_tests.rs"]
mod tests;
