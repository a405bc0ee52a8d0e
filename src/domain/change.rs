//! What an event changes in the stored projections. The store writes these rows in the same
//! transaction as the event; replaying all events gives the same rows.

use serde::{Deserialize, Serialize};

/// Which projection a record belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    Order,
    Parcel,
    Job,
    Handover,
    Place,
    /// Counters and range positions of the station; one row, id `station`.
    Station,
}

impl RecordKind {
    /// All kinds.
    pub const ALL: [RecordKind; 6] = [
        RecordKind::Order,
        RecordKind::Parcel,
        RecordKind::Job,
        RecordKind::Handover,
        RecordKind::Place,
        RecordKind::Station,
    ];

    /// The name in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            RecordKind::Order => "order",
            RecordKind::Parcel => "parcel",
            RecordKind::Job => "job",
            RecordKind::Handover => "handover",
            RecordKind::Place => "place",
            RecordKind::Station => "station",
        }
    }
}

/// One record after an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub kind: RecordKind,
    pub id: String,
    pub body: serde_json::Value,
    /// Live records are loaded into memory at start-up; the others are looked up by code.
    pub live: bool,
    /// Scannable codes that lead to the record.
    pub codes: Vec<String>,
}
