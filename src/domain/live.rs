//! The volatile half of a place: what is true only while the daemon runs. Never replayed.

use super::effect::Cue;
use super::ids::{DeviceId, JobId, ParcelId, PlaceId};
use super::place::Pending;
use super::time::Instant;
use firstscan_drivers::mass::MassReading;
use std::collections::BTreeMap;

/// A scale reading and when it came.
#[derive(Debug, Clone)]
pub struct Weighing {
    pub device: DeviceId,
    pub reading: MassReading,
    /// Frame in hex.
    pub raw: String,
    pub at: Instant,
}

/// Volatile state of one place.
#[derive(Debug, Clone, Default)]
pub struct LivePlace {
    pub weighing: Option<Weighing>,
    /// Raw frame of an empty platform seen since the last capture: the next weight may count.
    pub empty_seen: Option<String>,
    /// Since when the scale has shown motion without a pause, while a weight is wanted.
    pub moving_since: Option<Instant>,
    pub pending: Option<Pending>,
    /// Last scan per device, for the bounce guard.
    pub last_scan: BTreeMap<DeviceId, (String, Instant)>,
    /// The parcel finished last here, for REPRINT after the fact.
    pub last_parcel: Option<ParcelId>,
    pub last_ok: bool,
    pub last_text: Option<String>,
    pub stop_since_ms: i64,
    pub cue: Option<(u64, Cue)>,
    pub finished: u32,
    /// Device role (`scanner`, `scale`, `printer`) to `ok` or what is wrong.
    pub devices: BTreeMap<String, String>,
    pub version: u64,
}

/// Volatile state of the station.
#[derive(Debug, Clone, Default)]
pub struct Live {
    pub places: BTreeMap<PlaceId, LivePlace>,
    /// When a label job was queued, for its expiry.
    pub queued: BTreeMap<JobId, Instant>,
    pub cues: u64,
    pub now: Instant,
    /// Wall and monotonic time of the last tick: a jump between them is a stepped clock.
    pub last_tick: Option<(i64, Instant)>,
}

impl Live {
    /// The volatile state of a place, made on first use.
    pub fn place(&mut self, id: &PlaceId) -> &mut LivePlace {
        self.places.entry(id.clone()).or_default()
    }
}
