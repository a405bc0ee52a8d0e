//! The tables after checking, and what the reducer asks them.

use super::numbers::Range;
use crate::domain::Wall;
use crate::domain::desk::{
    AssignRequest, BoxType, CarrierInfo, Desk, EstimateRequest, Refusal, Stock,
};
use crate::domain::parcel::{Assignment, Estimate, Number};
use crate::domain::state::Counters;
use firstscan_drivers::mass::Mass;

/// All carriers, rules, boxes and reasons of a station; consistent as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tables {
    /// Sorted by id.
    pub(super) carriers: Vec<Carrier>,
    pub(super) rules: Vec<Rule>,
    pub(super) boxes: Vec<(String, BoxType)>,
    pub(super) reasons: Vec<(String, String)>,
}

/// One carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carrier {
    pub info: CarrierInfo,
    /// Name of the label template.
    pub template: String,
    /// Invented for demonstrations.
    pub demo: bool,
    pub(super) services: Vec<Service>,
    pub(super) ranges: Vec<Range>,
}

/// What a carrier sells. Empty `countries` = everywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Service {
    pub id: String,
    pub name: String,
    pub countries: Vec<String>,
    pub weight_min: Option<Mass>,
    pub weight_max: Option<Mass>,
}

/// One row of the rule table; empty lists ask nothing, except `requested`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    pub name: String,
    pub why: String,
    pub carrier: String,
    pub service: String,
    pub countries: Vec<String>,
    pub sellers: Vec<String>,
    pub requested: Vec<String>,
    pub weight_min: Option<Mass>,
    pub weight_max: Option<Mass>,
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

    fn stock(&self, counters: &Counters, now: Wall) -> Vec<Stock> {
        self.count(counters, now)
    }

    fn estimate(&self, _request: &EstimateRequest<'_>) -> Option<Estimate> {
        None
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
