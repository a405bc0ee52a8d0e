//! A bench or a dock, and the red stop that holds it.

use super::ids::{HandoverId, OperatorId, ParcelId, PlaceId};
use serde::{Deserialize, Serialize};

/// What a place is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlaceKind {
    Bench,
    Dock,
}

/// Why a place is red. Scans that do not clear it are journalled and ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Stable code, such as `wrong_item`.
    pub code: String,
    /// What was scanned or read, if that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scanned: Option<String>,
    /// One short sentence: what is wrong.
    pub text: String,
    /// One short sentence: what to do.
    pub remedy: String,
}

/// A control code that waits for one more scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pending {
    /// REPRINT was scanned: waits for REASON.
    Reprint,
    /// DESTROYED: waits for the old label.
    Destroyed,
    /// VOID: waits for the label to void.
    Void,
    /// REMOVE: waits for the parcel to take out of the handover.
    Remove,
    /// RESUME: waits for the parked parcel's tag or order.
    Resume,
    /// LOADED: waits for the manifest's barcode.
    Loaded,
}

/// Durable state of one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub id: PlaceId,
    pub kind: PlaceKind,
    #[serde(default)]
    pub operator: Option<OperatorId>,
    #[serde(default)]
    pub parcel: Option<ParcelId>,
    #[serde(default)]
    pub handover: Option<HandoverId>,
    #[serde(default)]
    pub stop: Option<Stop>,
}
