//! The TOML files as written. Unknown keys are refused; meaning is checked in `tables`.

use super::ranges_file::RangeFile;
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
