//! The TOML files as written. Unknown keys are refused; meaning is checked in `tables`.

use crate::content::check_digit::Family;
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
    #[serde(default)]
    pub service: Vec<ServiceFile>,
    #[serde(default)]
    pub range: Vec<RangeFile>,
}

fn yes() -> bool {
    true
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServiceFile {
    pub id: String,
    pub name: String,
    #[serde(default)]
    pub countries: Vec<String>,
    pub weight_min: Option<String>,
    pub weight_max: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RangeFile {
    pub id: String,
    /// Services it is issued for; empty = all.
    #[serde(default)]
    pub services: Vec<String>,
    pub format: Format,
    pub first: u64,
    pub last: u64,
    /// From how many numbers left on it is time to order more.
    #[serde(default)]
    pub low: u64,
    /// `numeric`: what precedes the serial, and its digits with leading zeros.
    pub prefix: Option<String>,
    pub digits: Option<u8>,
    /// `numeric`: the rule of the check character at the end; without it there is none.
    pub check: Option<Family>,
    /// `numeric`: leading characters the check does not cover, such as 2 for `1Z`.
    #[serde(default)]
    pub check_skip: u8,
    /// `s10`: the two service letters and the issuing country.
    pub service: Option<String>,
    pub country: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    Numeric,
    S10,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RulesFile {
    pub format: u32,
    #[serde(default)]
    pub rule: Vec<RuleFile>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleFile {
    pub name: String,
    /// Half a sentence for people.
    pub why: String,
    pub carrier: String,
    pub service: String,
    #[serde(default)]
    pub countries: Vec<String>,
    #[serde(default)]
    pub sellers: Vec<String>,
    #[serde(default)]
    pub requested: Vec<String>,
    pub weight_min: Option<String>,
    pub weight_max: Option<String>,
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
