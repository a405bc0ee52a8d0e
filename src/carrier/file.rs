//! The TOML files as written. Unknown keys are refused; meaning is checked in `tables`.

use super::ranges_file::RangeFile;
use super::rules_file::CostFile;
use crate::domain::desk::Lane;
use crate::domain::money::Money;
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CarrierFile {
    pub format: u32,
    pub id: String,
    pub name: String,
    pub token: String,
    pub template: String,
    /// False takes the carrier out, as if the file were not there.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Invented for demonstrations; shown as such.
    #[serde(default)]
    pub demo: bool,
    /// Ids of `content::tracking` formats.
    #[serde(default)]
    pub formats: Vec<String>,
    /// Countries and groups it collects in; empty = everywhere.
    #[serde(default)]
    pub from: Vec<String>,
    /// Days within which no number may be used again.
    pub reuse_days: Option<u16>,
    /// Hours within which an unused label may be given back.
    pub void_hours: Option<u32>,
    /// What is not public and has to be filled in for the site.
    #[serde(default)]
    pub integrator: Vec<String>,
    pub lane: Option<Lane>,
    pub calendar: Option<CalendarFile>,
    pub manifest: Option<ManifestFile>,
    #[serde(default)]
    pub service: Vec<ServiceFile>,
    #[serde(default)]
    pub transit: Vec<TransitFile>,
    #[serde(default)]
    pub cost: Vec<CostFile>,
    #[serde(default)]
    pub range: Vec<RangeFile>,
}

fn yes() -> bool {
    true
}

/// A site's addition to a carrier: what is given replaces or, for rows, comes first.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExtensionFile {
    pub format: u32,
    /// Id of the carrier.
    pub extends: String,
    /// False takes the carrier out.
    #[serde(default = "yes")]
    pub enabled: bool,
    #[serde(default)]
    pub demo: bool,
    pub template: Option<String>,
    pub from: Option<Vec<String>>,
    pub reuse_days: Option<u16>,
    pub void_hours: Option<u32>,
    pub lane: Option<Lane>,
    pub calendar: Option<CalendarFile>,
    pub manifest: Option<ManifestFile>,
    #[serde(default)]
    pub transit: Vec<TransitFile>,
    #[serde(default)]
    pub cost: Vec<CostFile>,
    #[serde(default)]
    pub range: Vec<RangeFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CalendarFile {
    /// IANA name; absent = the station's own clock.
    pub zone: Option<String>,
    pub pickup: Vec<String>,
    /// Absent: the pickup days.
    pub delivery: Option<Vec<String>>,
    /// `17:00`; absent = a handover counts on its day, however late.
    pub cutoff: Option<String>,
    /// As `holiday` says, or a country of `places.toml`.
    #[serde(default)]
    pub holidays: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ManifestFile {
    /// Nothing is taken without one.
    #[serde(default)]
    pub required: bool,
    /// Such as `scan-form`.
    pub kind: String,
    pub cutoff: Option<String>,
    pub parcels_max: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TransitFile {
    #[serde(default)]
    pub services: Vec<String>,
    #[serde(default)]
    pub from: Vec<String>,
    #[serde(default)]
    pub to: Vec<String>,
    /// Parts of them the row says nothing about.
    #[serde(default)]
    pub except: Vec<String>,
    pub min: u16,
    pub max: u16,
    /// At the destination and on the way; absent = the calendar's.
    pub holidays: Option<Vec<String>>,
    pub source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceFile {
    pub id: String,
    pub name: String,
    /// Where it is sold; absent = where the carrier collects.
    #[serde(default)]
    pub from: Vec<String>,
    #[serde(default)]
    pub countries: Vec<String>,
    /// Parts of them it does not serve, such as `GB:BT`.
    #[serde(default)]
    pub except: Vec<String>,
    pub weight_min: Option<String>,
    pub weight_max: Option<String>,
    pub edge_max: Option<String>,
    pub edges_max: Option<[String; 3]>,
    pub edges_min: Option<[String; 3]>,
    pub girth_max: Option<String>,
    pub sum_max: Option<String>,
    pub volume_max: Option<String>,
    pub value_max: Option<Money>,
    pub divisor: Option<DivisorFile>,
    pub days: Option<DaysFile>,
    #[serde(default)]
    pub surcharge: Vec<SurchargeFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DivisorFile {
    pub number: u32,
    /// `cm3/kg` or `in3/lb`.
    pub unit: String,
    pub step: Option<String>,
    pub edge_step: Option<String>,
    pub over: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DaysFile {
    pub min: u16,
    pub max: u16,
    pub source: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SurchargeFile {
    pub id: String,
    pub name: String,
    pub weight_over: Option<String>,
    pub edge_over: Option<String>,
    pub second_edge_over: Option<String>,
    pub girth_over: Option<String>,
    pub volume_over: Option<String>,
    /// Countries, groups, and parts such as `GB:BT`.
    #[serde(default)]
    pub places: Vec<String>,
    pub amount: Option<Money>,
}

/// `places.toml`: what carrier files refer to by name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlacesFile {
    pub format: u32,
    #[serde(default)]
    pub group: Vec<GroupFile>,
    #[serde(default)]
    pub holidays: Vec<HolidaysFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupFile {
    pub id: String,
    pub countries: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HolidaysFile {
    pub country: String,
    pub days: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BoxesFile {
    pub format: u32,
    #[serde(default, rename = "box")]
    pub boxes: Vec<BoxFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BoxFile {
    pub id: String,
    pub name: String,
    pub token: String,
    pub tare: String,
    /// Outer edges, in any order.
    pub size: Option<[String; 3]>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonsFile {
    pub format: u32,
    #[serde(default)]
    pub reason: Vec<ReasonFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonFile {
    pub token: String,
    pub name: String,
}
