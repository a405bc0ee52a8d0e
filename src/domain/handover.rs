//! One carrier pickup: a container of parcels with a life cycle; a closed one is never edited.

use super::ids::{HandoverId, ParcelId, PlaceId};
use super::time::Wall;
use serde::{Deserialize, Serialize};

/// Where a handover stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoverState {
    Open,
    /// CLOSE was scanned; counts are shown, CONFIRM ends it.
    Closing,
    Closed,
    /// The driver took it: the manifest was scanned at the truck.
    Loaded,
    Voided,
}

/// A parcel that was refused at the dock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reject {
    pub code: String,
    pub reason: String,
    pub at: Wall,
}

/// One carrier pickup at one dock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handover {
    pub id: HandoverId,
    pub place: PlaceId,
    pub carrier: String,
    pub carrier_name: String,
    pub state: HandoverState,
    /// In scan order.
    pub parcels: Vec<ParcelId>,
    pub rejects: Vec<Reject>,
    pub opened_at: Wall,
    #[serde(default)]
    pub closed_at: Option<Wall>,
    /// Hex SHA-256 of the stored manifest PDF, once made.
    #[serde(default)]
    pub manifest: Option<String>,
}
