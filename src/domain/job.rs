//! Label jobs: one wish for one printed label, and the evidence that it exists.

use super::ids::{JobId, ParcelId, PlaceId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What proves a label, weakest first (DESIGN promise 1). A set, never a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// All bytes were handed over.
    Sent,
    /// The printer was seen busy with it and then idle without a fault.
    Drained,
    /// Its own label counter rose by the copies.
    Counted,
    /// The label was scanned back on the parcel.
    Verified,
}

/// Where a job stands. Never goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// The picture is being made.
    Rendering,
    /// Waiting for the printer; may still expire or be cancelled.
    Queued,
    /// Committed before the first byte leaves; from here it may exist on paper.
    Sending,
    Sent,
    /// It might have printed: only a scan, a counter or the packer's word settles it.
    InDoubt,
    /// Scanned on its parcel.
    Verified,
    /// Not usable or never came out.
    Wasted,
    Expired,
    Cancelled,
    /// The picture could not be made.
    Failed,
}

/// A label job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelJob {
    pub id: JobId,
    pub parcel: ParcelId,
    pub place: PlaceId,
    pub state: JobState,
    pub evidence: BTreeSet<Evidence>,
    /// 0 for the first label of a parcel, then 1, 2, ...
    pub copy: u32,
    /// Why a further copy was wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Hex SHA-256 of the stored PNG of exactly what was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
    /// The printer's label counter before the first byte, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter_before: Option<u64>,
    /// The fate of this copy was stated after a later one was made.
    #[serde(default)]
    pub destroyed: bool,
}

impl LabelJob {
    /// A label of this job may lie on the bench.
    pub fn may_exist(&self) -> bool {
        use JobState::{InDoubt, Sending, Sent, Verified};
        matches!(self.state, Sending | Sent | InDoubt | Verified) && !self.destroyed
    }
}
