//! Typed configuration: one TOML file, unknown keys refused, every value's origin known.

mod profiles;

pub use profiles::ProfilesConfig;

use crate::device::config::{DeviceConfig, Role};
use crate::domain::place::PlaceKind;
use crate::domain::rules::{Badge, Rules};
use crate::domain::{OperatorId, PlaceId};
use crate::sync::sinks::SinkConfig;
use firstscan_drivers::mass::Mass;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// The whole configuration of a station.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    pub station: StationConfig,
    pub rules: RulesConfig,
    pub web: WebConfig,
    pub orders: OrdersConfig,
    pub ship_from: ShipFrom,
    pub carriers: CarriersConfig,
    pub profiles: ProfilesConfig,
    pub badges: Vec<BadgeConfig>,
    pub places: Vec<PlaceConfig>,
    pub sinks: Vec<SinkConfig>,
}

/// Identity of the station.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StationConfig {
    /// Short id, first part of parcel ids: 1 to 8 capital letters or digits.
    pub id: String,
    /// ISO 3166-1 alpha-2 country the station ships from.
    pub country: String,
}

impl Default for StationConfig {
    fn default() -> Self {
        StationConfig {
            id: "S1".into(),
            country: "US".into(),
        }
    }
}

/// Tolerances and times.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RulesConfig {
    /// Weight band: the larger of this and `band_permille` of the expected weight.
    pub band_grams: i64,
    pub band_permille: u32,
    /// At or below this the platform counts as empty.
    pub empty_grams_max: i64,
    /// A queued label that could not start for this long expires.
    pub label_queue_ms_max: u64,
    /// Motion without a pause for this long is a stop.
    pub unstable_ms_max: u64,
    pub bounce_ms: u64,
    pub bounce_item_ms: u64,
    /// Box id used when no BOX code was scanned.
    pub default_box: Option<String>,
    /// A service that weight or size changed waits for OK; false shows it and goes on.
    pub confirm_rerate: bool,
}

impl Default for RulesConfig {
    fn default() -> Self {
        let rules = Rules::default();
        RulesConfig {
            band_grams: 20,
            band_permille: rules.band_permille,
            empty_grams_max: 5,
            label_queue_ms_max: rules.label_queue_ms_max,
            unstable_ms_max: rules.unstable_ms_max,
            bounce_ms: rules.bounce_ms,
            bounce_item_ms: rules.bounce_item_ms,
            default_box: rules.default_box,
            confirm_rerate: rules.confirm_rerate,
        }
    }
}

/// Where pages and API listen.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct WebConfig {
    /// Loopback address and port.
    pub listen: SocketAddr,
    /// Origins that may show the pages in a frame.
    pub frame_ancestors: Vec<String>,
    /// Folder with article pictures, as the item master names them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pictures: Option<PathBuf>,
}

impl Default for WebConfig {
    fn default() -> Self {
        WebConfig {
            listen: SocketAddr::from(([127, 0, 0, 1], 8470)),
            frame_ancestors: Vec::new(),
            pictures: None,
        }
    }
}

/// Order intake beside the API.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OrdersConfig {
    /// Folder watched for `*.json` and `*.csv`; none if absent.
    pub watch_folder: Option<PathBuf>,
}

/// The sender's address as printed, up to four lines.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ShipFrom {
    pub lines: Vec<String>,
}

impl Default for ShipFrom {
    fn default() -> Self {
        let lines = [
            "Firstscan Demo Warehouse",
            "1 Dock Road",
            "Springfield 01101",
            "US",
        ];
        ShipFrom {
            lines: lines.map(str::to_owned).to_vec(),
        }
    }
}

/// Carriers of the site.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CarriersConfig {
    /// Folder of carrier TOML files that override or extend the built-in ones.
    pub folder: Option<PathBuf>,
}

/// A badge and the person it belongs to.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BadgeConfig {
    /// Code on the badge, as scanned.
    pub code: String,
    pub operator: String,
    pub name: String,
}

/// A bench or a dock.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceConfig {
    pub id: String,
    pub kind: PlaceKind,
    #[serde(default)]
    pub title: Option<String>,
    #[serde(default)]
    pub devices: Vec<DeviceConfig>,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("cannot read {path}: {source}; give an existing file with --config")]
    Read {
        path: String,
        source: std::io::Error,
    },
    #[error("{path}: {source}")]
    Parse {
        path: String,
        source: Box<toml::de::Error>,
    },
    #[error("{key}: {text}")]
    Value { key: String, text: String },
}

fn bad(key: impl Into<String>, text: impl Into<String>) -> ConfigError {
    ConfigError::Value {
        key: key.into(),
        text: text.into(),
    }
}

impl Config {
    /// Reads and checks a file; no file gives the defaults.
    ///
    /// # Errors
    /// [`ConfigError`] with file, line and what to write instead.
    pub fn load(path: Option<&Path>) -> Result<Config, ConfigError> {
        let Some(path) = path else {
            return Ok(Config::default());
        };
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: shown.clone(),
            source,
        })?;
        let config: Config = toml::from_str(&text).map_err(|e| ConfigError::Parse {
            path: shown,
            source: Box::new(e),
        })?;
        config.profiles.take()?;
        config.check()?;
        Ok(config)
    }

    /// Rules that types cannot express.
    ///
    /// # Errors
    /// [`ConfigError::Value`] naming the key and what to write.
    pub fn check(&self) -> Result<(), ConfigError> {
        let id = &self.station.id;
        let legal = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
        if !(1..=8).contains(&id.len()) || !id.bytes().all(legal) {
            return Err(bad(
                "station.id",
                "write 1 to 8 capital letters or digits, such as \"S1\"",
            ));
        }
        if !self.web.listen.ip().is_loopback() {
            let text = "only loopback addresses such as 127.0.0.1:8470 are possible until TLS \
                        and pairing exist";
            return Err(bad("web.listen", text));
        }
        if crate::content::country::find(&self.station.country).is_none() {
            let text = "write the two capital letters of ISO 3166, such as \"DE\"";
            return Err(bad("station.country", text));
        }
        if self.rules.band_permille > 1000 || self.rules.band_grams < 0 {
            return Err(bad(
                "rules.band_permille",
                "write 0 to 1000, and band_grams from 0",
            ));
        }
        let mut seen = std::collections::BTreeSet::new();
        let mut devices = std::collections::BTreeSet::new();
        for place in &self.places {
            let mut roles = Vec::new();
            let key = format!("places[{}]", place.id);
            PlaceId::parse(&place.id).map_err(|e| bad(key.clone(), e.to_string()))?;
            if !seen.insert(&place.id) {
                return Err(bad(key, "this place id is used twice: rename one"));
            }
            for device in &place.devices {
                if firstscan_drivers::registry::profile(&device.profile).is_none() {
                    let text = format!(
                        "profile {:?} does not exist: see `firstscan device profiles`",
                        device.profile
                    );
                    return Err(bad(format!("{key}.devices[{}]", device.id), text));
                }
                if !devices.insert(&device.id) {
                    let text = "this device id is used twice: rename one";
                    return Err(bad(format!("{key}.devices[{}]", device.id), text));
                }
                if device.role != Role::Scanner && roles.contains(&device.role) {
                    let text = "a place has one device of this role, and several scanners: give \
                                this one a place of its own";
                    return Err(bad(format!("{key}.devices[{}]", device.id), text));
                }
                roles.push(device.role);
            }
        }
        for badge in &self.badges {
            OperatorId::parse(&badge.operator)
                .map_err(|e| bad(format!("badges[{}]", badge.code), e.to_string()))?;
        }
        Ok(())
    }

    /// The rules the reducer follows.
    pub fn rules(&self) -> Rules {
        let r = &self.rules;
        let badge = |b: &BadgeConfig| {
            let operator = OperatorId::new(b.operator.clone());
            (
                b.code.clone(),
                Badge {
                    operator,
                    name: b.name.clone(),
                },
            )
        };
        let title = |p: &PlaceConfig| {
            let title = p.title.clone().unwrap_or_else(|| p.id.clone());
            (PlaceId::new(p.id.clone()), title)
        };
        Rules {
            band_abs: Mass::from_grams(r.band_grams),
            band_permille: r.band_permille,
            empty_max: Mass::from_grams(r.empty_grams_max),
            unstable_ms_max: r.unstable_ms_max,
            label_queue_ms_max: r.label_queue_ms_max,
            bounce_ms: r.bounce_ms,
            bounce_item_ms: r.bounce_item_ms,
            default_box: r.default_box.clone(),
            confirm_rerate: r.confirm_rerate,
            badges: self.badges.iter().map(badge).collect(),
            titles: self.places.iter().map(title).collect(),
            ..Rules::default()
        }
    }
}

/// One effective value and where it came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    pub key: String,
    pub value: String,
    /// `file` or `default`.
    pub origin: &'static str,
}

/// Every effective value with its origin; secrets are masked.
///
/// # Errors
/// [`ConfigError`] as [`Config::load`].
pub fn show(path: Option<&Path>) -> Result<Vec<Shown>, ConfigError> {
    let config = Config::load(path)?;
    let text = match path {
        Some(path) => std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.display().to_string(),
            source,
        })?,
        None => String::new(),
    };
    let file: toml::Table = toml::from_str(&text).unwrap_or_default();
    let effective = toml::Table::try_from(&config)
        .map_err(|e| bad("config", format!("cannot be shown: {e}")))?;
    let mut rows = Vec::new();
    walk(
        "",
        &toml::Value::Table(effective),
        Some(&toml::Value::Table(file)),
        &mut rows,
    );
    Ok(rows)
}

fn walk(key: &str, value: &toml::Value, file: Option<&toml::Value>, rows: &mut Vec<Shown>) {
    let join = |k: &str| {
        if key.is_empty() {
            k.to_owned()
        } else {
            format!("{key}.{k}")
        }
    };
    match value {
        toml::Value::Table(table) => {
            for (k, v) in table {
                walk(&join(k), v, file.and_then(|f| f.get(k)), rows);
            }
        }
        toml::Value::Array(list) if list.iter().any(toml::Value::is_table) => {
            for (i, v) in list.iter().enumerate() {
                walk(&format!("{key}[{i}]"), v, file.and_then(|f| f.get(i)), rows);
            }
        }
        _ => {
            let secret = key.ends_with("secret") || key.ends_with("token");
            let value = if secret {
                "\"***\"".to_owned()
            } else {
                value.to_string()
            };
            let origin = if file.is_some() { "file" } else { "default" };
            rows.push(Shown {
                key: key.to_owned(),
                value,
                origin,
            });
        }
    }
}
