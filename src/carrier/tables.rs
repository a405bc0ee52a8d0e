//! The tables after checking, and what the reducer asks them.

use super::calendar::{Calendar, Zone};
use super::cost::Cost;
use super::holiday::Holiday;
use super::limits::{Divisor, Place, Surcharge, Volume};
use super::numbers::Range;
use super::rules_file::RuleBook;
use crate::domain::Wall;
use crate::domain::desk::{
    AssignRequest, BoxType, CarrierInfo, Desk, EstimateRequest, REUSE_DAYS, Refusal, Stock,
};
use crate::domain::money::Money;
use crate::domain::parcel::{Assignment, Estimate, Number};
use crate::domain::state::Counters;
use firstscan_drivers::length::Length;
use firstscan_drivers::mass::Mass;

/// All carriers, rules, boxes and reasons of a station; consistent as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// Sorted by id.
    pub(super) carriers: Vec<Carrier>,
    pub(super) book: RuleBook,
    pub(super) boxes: Vec<(String, BoxType)>,
    pub(super) reasons: Vec<(String, String)>,
    /// Country of the station, if it is known.
    pub(super) origin: Option<String>,
}

/// One carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    pub info: CarrierInfo,
    /// Name of the label template.
    pub template: String,
    /// Invented for demonstrations, wholly or in part.
    pub demo: bool,
    /// Ids of the tracking-number formats it uses, see `content::tracking::by_id`.
    pub formats: Vec<String>,
    /// Countries it collects in; empty = everywhere.
    pub from: Vec<String>,
    /// Days within which no number may be used again.
    pub reuse_days: u16,
    /// Hours within which an unused label may be given back, if that is public.
    pub void_hours: Option<u32>,
    pub manifest: Option<Manifest>,
    pub(super) integrator: Vec<String>,
    pub(super) calendar: Option<Calendar>,
    /// The first row that covers a way counts.
    pub(super) transit: Vec<Transit>,
    /// The first row with the destination counts; the rule table's own come before.
    pub(super) costs: Vec<Cost>,
    pub(super) services: Vec<Service>,
    pub(super) ranges: Vec<Range>,
}

/// The document a carrier wants with a handover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// Nothing is taken without one.
    pub required: bool,
    /// Such as `scan-form`.
    pub kind: String,
    /// Time of day after which it belongs to the next day, `19:00`.
    pub cutoff: Option<String>,
    pub parcels_max: Option<u32>,
}

/// Days from pickup to delivery on a way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Transit {
    /// Empty = all services.
    pub services: Vec<String>,
    /// Countries of the station; empty = anywhere.
    pub from: Vec<String>,
    /// Destinations; empty = everywhere.
    pub to: Vec<Place>,
    /// Parts of them the row says nothing about.
    pub except: Vec<Place>,
    pub days: Days,
    /// At the destination and on the way; `None` = the calendar's.
    pub holidays: Option<Vec<Holiday>>,
}

/// What a carrier sells. A limit that is `None` is not known here, or does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Service {
    pub id: String,
    pub name: String,
    /// Countries it is sold in; empty = wherever the carrier collects.
    pub from: Vec<String>,
    /// Destinations, groups resolved; empty = everywhere.
    pub countries: Vec<String>,
    /// Places it does not serve although its countries say so.
    pub except: Vec<Place>,
    pub weight_min: Option<Mass>,
    pub weight_max: Option<Mass>,
    /// The longest edge.
    pub edge_max: Option<Length>,
    /// All three edges, longest first: the parcel fits into this box.
    pub edges_max: Option<[Length; 3]>,
    /// All three edges, longest first: the parcel is at least this large.
    pub edges_min: Option<[Length; 3]>,
    /// Longest edge plus girth, see `limits::length_plus_girth`.
    pub girth_max: Option<Length>,
    /// Sum of the three edges.
    pub sum_max: Option<Length>,
    pub volume_max: Option<Volume>,
    /// What the goods may be worth.
    pub value_max: Option<Money>,
    /// `None`: the carrier bills the weight alone, as far as is known.
    pub divisor: Option<Divisor>,
    pub surcharges: Vec<Surcharge>,
    /// Delivery days the carrier publishes for the service wherever it goes.
    pub days: Option<Days>,
}

/// Days from pickup to delivery, both included, counted in the carrier's delivery days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Days {
    pub min: u16,
    pub max: u16,
    /// Who says so, such as `published service standard`.
    pub source: String,
}

impl Tables {
    /// All carriers with their details, sorted by id.
    pub fn carrier_details(&self) -> &[Carrier] {
        &self.carriers
    }

    /// All boxes with the letters of their BOX code, for the printed sheet.
    pub fn boxes(&self) -> &[(String, BoxType)] {
        &self.boxes
    }

    /// All reasons as token and name, for the printed sheet.
    pub fn reasons(&self) -> &[(String, String)] {
        &self.reasons
    }

    /// The same tables for a station in this country (ISO 3166-1 alpha-2): rows that name an origin
    /// count only then.
    #[must_use]
    pub fn shipping_from(mut self, country: &str) -> Tables {
        self.origin = Some(country.to_owned());
        self
    }

    /// Country of the station, if it is known.
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// True if a carrier names its time zone and this computer has no time zone database: its
    /// cut-off and its delivery days are then not known.
    pub fn lacks_zones(&self) -> bool {
        let mut calendars = self.carriers.iter().flat_map(|c| &c.calendar);
        calendars.any(|c| c.zone == Zone::Missing)
    }

    /// Days within which the carrier's numbers must not be used again: with carrier and number
    /// the key of a parcel. `None` for an unknown carrier.
    pub fn window(&self, carrier: &str) -> Option<u16> {
        self.details(carrier).map(|details| details.reuse_days)
    }

    /// Formats of the carrier's tracking numbers; empty for an unknown carrier.
    pub fn formats(&self, carrier: &str) -> &[String] {
        self.details(carrier)
            .map_or(&[], |details| &details.formats)
    }

    pub(super) fn details(&self, id: &str) -> Option<&Carrier> {
        self.carriers.iter().find(|carrier| carrier.info.id == id)
    }
}

impl Carrier {
    /// Ids and names of its services, in file order.
    pub fn services(&self) -> impl Iterator<Item = (&str, &str)> {
        self.services
            .iter()
            .map(|service| (service.id.as_str(), service.name.as_str()))
    }

    /// What is not public and still has to be filled in for this site, such as `ranges`.
    pub fn open(&self) -> impl Iterator<Item = &str> {
        let filled = |word: &str| match word {
            "calendar" => self.calendar.is_some(),
            "cost" => !self.costs.is_empty(),
            "cutoff" => self.calendar.as_ref().is_some_and(|c| c.cutoff.is_some()),
            "manifest" => self.manifest.is_some(),
            "ranges" => !self.ranges.is_empty(),
            "transit" => !self.transit.is_empty(),
            _ => false,
        };
        let words = self.integrator.iter().map(String::as_str);
        words.filter(move |word| !filled(word))
    }

    pub(super) fn service(&self, id: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.id == id)
    }
}

impl Desk for Tables {
    fn assign(&self, request: &AssignRequest<'_>) -> Result<Assignment, Refusal> {
        self.choose(request)
    }

    fn admits(
        &self,
        carrier: &str,
        service: &str,
        request: &AssignRequest<'_>,
    ) -> Result<(), Refusal> {
        self.limits(carrier, service, request)
    }

    fn number(
        &self,
        carrier: &str,
        service: &str,
        counters: &Counters,
        now: Wall,
    ) -> Result<Number, Refusal> {
        self.allocate(carrier, service, counters, now)
    }

    fn reuse_days(&self, carrier: &str) -> u16 {
        self.window(carrier).unwrap_or(REUSE_DAYS)
    }

    fn stock(&self, counters: &Counters, now: Wall) -> Vec<Stock> {
        self.count(counters, now)
    }

    fn estimate(&self, request: &EstimateRequest<'_>) -> Option<Estimate> {
        self.expect_delivery(request)
    }

    fn cutoff(&self, carrier: &str, now: Wall) -> Option<Wall> {
        self.details(carrier)?.calendar.as_ref()?.next_cutoff(now)
    }

    fn carriers(&self) -> Vec<CarrierInfo> {
        self.carriers
            .iter()
            .map(|carrier| carrier.info.clone())
            .collect()
    }

    fn box_by_token(&self, token: &str) -> Option<BoxType> {
        let found = self
            .boxes
            .iter()
            .find(|(listed, _)| listed.eq_ignore_ascii_case(token));
        found.map(|(_, box_type)| box_type.clone())
    }

    fn box_type(&self, id: &str) -> Option<BoxType> {
        let found = self.boxes.iter().find(|(_, box_type)| box_type.id == id);
        found.map(|(_, box_type)| box_type.clone())
    }

    fn reason(&self, token: &str) -> Option<String> {
        let found = self
            .reasons
            .iter()
            .find(|(listed, _)| listed.eq_ignore_ascii_case(token));
        found.map(|(_, name)| name.clone())
    }
}
