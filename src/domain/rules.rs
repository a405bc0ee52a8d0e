//! Site rules the reducer follows: tolerances, times, badges. Plain values from configuration.

use super::ids::{OperatorId, PlaceId};
use firstscan_drivers::mass::Mass;
use std::collections::BTreeMap;

/// A person who may work here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Badge {
    pub operator: OperatorId,
    pub name: String,
}

/// Site rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Weight band around the expected weight: the larger of an absolute mass and a share.
    pub band_abs: Mass,
    pub band_permille: u32,
    /// At or below this the platform counts as empty.
    pub empty_max: Mass,
    /// A reading older than this is no reading.
    pub reading_age_ms_max: u64,
    /// Motion without a pause for this long raises a stop.
    pub unstable_ms_max: u64,
    /// A queued label that could not start for this long expires.
    pub label_queue_ms_max: u64,
    /// The same code from the same device within this time is one scan.
    pub bounce_ms: u64,
    /// The same for item codes, where true repeats are quick.
    pub bounce_item_ms: u64,
    /// Box used when none was scanned.
    pub default_box: Option<String>,
    /// A service that weight or size changed waits for the packer's OK.
    pub confirm_rerate: bool,
    /// A hub is configured: first scans are provisional while it is out of reach.
    pub hub: bool,
    /// Badge code to person.
    pub badges: BTreeMap<String, Badge>,
    pub titles: BTreeMap<PlaceId, String>,
}

impl Default for Rules {
    fn default() -> Self {
        Rules {
            band_abs: Mass::from_grams(20),
            band_permille: 30,
            empty_max: Mass::from_grams(5),
            reading_age_ms_max: 2_000,
            unstable_ms_max: 10_000,
            label_queue_ms_max: 60_000,
            bounce_ms: 400,
            bounce_item_ms: 150,
            default_box: None,
            confirm_rerate: false,
            hub: false,
            badges: BTreeMap::new(),
            titles: BTreeMap::new(),
        }
    }
}

impl Rules {
    /// The name of an operator.
    pub fn operator_name(&self, id: &OperatorId) -> String {
        let found = self.badges.values().find(|b| &b.operator == id);
        found.map_or_else(|| id.to_string(), |b| b.name.clone())
    }
}
