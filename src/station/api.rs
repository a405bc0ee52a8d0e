//! What pages and commands may ask of a running station. Blocking calls return after the commit
//! (milliseconds); async callers wrap them.

use super::previews;
pub use super::previews::TemplatePreview;
use crate::domain::desk::Stock;
use crate::domain::handover::Handover;
use crate::domain::job::LabelJob;
use crate::domain::order::Order;
use crate::domain::parcel::{Number, Parcel};
use crate::domain::place::PlaceKind;
use crate::domain::view::PlaceView;
use crate::domain::{Event, OrderId, ParcelId, PlaceId};
pub use crate::sync::status::{ParkedEvent, SinkStatus};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::watch;

/// A place as configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlaceInfo {
    pub id: PlaceId,
    pub kind: PlaceKind,
    pub title: String,
}

/// How an order submission ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Submitted {
    /// First version stored.
    Received {
        order: OrderId,
        version: u32,
    },
    /// Same content as stored: nothing changed.
    Unchanged {
        order: OrderId,
        version: u32,
    },
    /// New version stored.
    Changed {
        order: OrderId,
        version: u32,
    },
    Cancelled {
        order: OrderId,
    },
    /// Not taken: each problem names line, field and remedy.
    Refused {
        order: String,
        problems: Vec<String>,
    },
}

/// How a carrier's scan was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum CarrierScanned {
    /// It became an event of this type: `carrier.accepted` or `carrier.moved`.
    Recorded { parcel: ParcelId, event: String },
    /// Reported before, word for word: nothing changed.
    Unchanged { parcel: ParcelId },
}

/// A settled exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settled {
    pub parcel: ParcelId,
    pub code: String,
}

/// Numbers given out by hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issued {
    pub numbers: Vec<Number>,
    /// Why they are fewer than wanted.
    pub refusal: Option<String>,
}

/// Why a request failed; the texts say what to do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    #[error("no {what} {id:?} here: check the id, or list what exists")]
    NotFound { what: &'static str, id: String },
    #[error("{text}")]
    Invalid { text: String },
    #[error("{text}")]
    Conflict { text: String },
    #[error("the station cannot take this now: {text}")]
    Unavailable { text: String },
}

/// A stored document: a label picture, a carrier's label, a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// `png`, `pdf` or `jpeg`.
    pub format: String,
    pub bytes: Vec<u8>,
}

/// A parcel with everything that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ParcelDetail {
    pub parcel: Parcel,
    pub order: Option<Order>,
    pub jobs: Vec<LabelJob>,
    /// Its events, oldest first.
    pub events: Vec<Event>,
}

/// Numbers of the whole station, for `/api/v1/status` and `doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    pub station: String,
    pub version: String,
    pub boot_id: String,
    pub started_at: String,
    /// Newest event and its hash.
    pub seq: u64,
    pub head: String,
    pub devices: Vec<DeviceStatus>,
    pub sinks: Vec<SinkStatus>,
}

/// One configured device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DeviceStatus {
    pub device: String,
    pub profile: String,
    /// `ok`, or what is wrong.
    pub state: String,
    pub detail: String,
}

/// A running station.
pub trait StationApi: Send + Sync {
    /// All places, in configured order.
    fn places(&self) -> Vec<PlaceInfo>;
    /// The live screen document of a place.
    fn view(&self, place: &PlaceId) -> Option<watch::Receiver<Arc<PlaceView>>>;
    /// A touched button: the same as scanning `code` at the place, from its screen. `seen` is the
    /// view version the finger saw; an older one is refused.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] for an unknown place, [`ApiError::Conflict`] for a stale view.
    fn touch(&self, place: &PlaceId, code: &str, seen: Option<u64>) -> Result<(), ApiError>;
    /// Takes one order document (the published JSON schema). The same `key` answers the same.
    ///
    /// # Errors
    /// [`ApiError::Conflict`] if the key was used for another document.
    fn submit_order(&self, body: &[u8], key: Option<&str>) -> Result<Submitted, ApiError>;
    /// Takes a file of orders and cancellations, JSON or CSV; each one for itself.
    ///
    /// # Errors
    /// [`ApiError::Unavailable`] if the station cannot take it now.
    fn import_orders(&self, body: &[u8], csv: bool) -> Result<Vec<Submitted>, ApiError>;
    /// Cancels an order; the bench that has it open stops at once.
    ///
    /// # Errors
    /// [`ApiError::NotFound`], or [`ApiError::Conflict`] if it already left.
    fn cancel_order(&self, order: &OrderId, reason: &str) -> Result<Submitted, ApiError>;
    /// Takes an item master document (JSON array or CSV); returns the number of items.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] naming line, field and remedy; nothing is stored then.
    fn import_items(&self, body: &[u8]) -> Result<u32, ApiError>;
    /// One order by id.
    ///
    /// # Errors
    /// [`ApiError::Unavailable`] if the store cannot be read.
    fn order(&self, id: &str) -> Result<Option<Order>, ApiError>;
    /// All orders, newest last, at most `limit`.
    ///
    /// # Errors
    /// As [`StationApi::order`].
    fn orders(&self, limit: u32) -> Result<Vec<Order>, ApiError>;
    /// A parcel by id, tracking number or label code.
    ///
    /// # Errors
    /// As [`StationApi::order`].
    fn parcel(&self, code: &str) -> Result<Option<ParcelDetail>, ApiError>;
    /// Takes one scan a carrier made itself (JSON, see the OpenAPI document). The same scan twice
    /// is one.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] naming every field, [`ApiError::NotFound`] if the carrier has no such
    /// parcel of ours, [`ApiError::Conflict`] after too many scans of one parcel.
    fn carrier_scan(&self, body: &[u8]) -> Result<CarrierScanned, ApiError>;
    /// A person settles an open exception of a parcel (id, tracking number or label code).
    ///
    /// # Errors
    /// [`ApiError::NotFound`] for the parcel or the exception, [`ApiError::Invalid`] without who
    /// and why.
    fn settle_exception(
        &self,
        parcel: &str,
        code: &str,
        who: &str,
        why: &str,
    ) -> Result<Settled, ApiError>;
    /// All number ranges with what is left of them.
    ///
    /// # Errors
    /// As [`StationApi::order`].
    fn stock(&self) -> Result<Vec<Stock>, ApiError>;
    /// Gives numbers out by hand, at most [`crate::domain::ISSUED_MAX`] at once; fewer, if the
    /// ranges end. An answer that gets lost loses its numbers: they are never given out again.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] for a count out of bounds, [`ApiError::Conflict`] if there is none.
    fn issue_numbers(&self, carrier: &str, service: &str, count: u32) -> Result<Issued, ApiError>;
    /// Records a block of a shared range as this station's.
    ///
    /// # Errors
    /// [`ApiError::NotFound`] for an unknown range, [`ApiError::Conflict`] if the block is not in
    /// it, is this station's already or was used.
    fn lease_numbers(&self, range: &str, first: u64, last: u64) -> Result<Stock, ApiError>;
    /// All handovers, newest last.
    ///
    /// # Errors
    /// As [`StationApi::order`].
    fn handovers(&self, limit: u32) -> Result<Vec<Handover>, ApiError>;
    /// Events after `since`, at most `limit`.
    ///
    /// # Errors
    /// As [`StationApi::order`].
    fn events(&self, since: u64, limit: u32) -> Result<Vec<Event>, ApiError>;
    /// The picture of a label job.
    ///
    /// # Errors
    /// As [`StationApi::order`].
    fn label_picture(&self, job: &str) -> Result<Option<Document>, ApiError>;
    /// The manifest of a handover.
    ///
    /// # Errors
    /// As [`StationApi::order`].
    fn manifest(&self, handover: &str) -> Result<Option<Document>, ApiError>;
    /// The shipped label templates with what is wrong with their sample labels.
    fn templates(&self) -> Vec<TemplatePreview> {
        previews::list()
    }
    /// The sample label of a shipped template as PNG at 203, 300 or 600 dpi.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] for another resolution.
    fn template_picture(&self, name: &str, dpi: u32) -> Result<Option<Document>, ApiError> {
        previews::picture(name, dpi)
    }
    /// Station, devices and sinks.
    fn status(&self) -> Status;
    /// The last exchanges of a device as a transcript's text: scanned codes masked, labels left
    /// out. `None` if there is no such device.
    fn transcript(&self, device: &str) -> Option<String>;
    /// Sends parked events again.
    ///
    /// # Errors
    /// As [`StationApi::order`].
    fn retry_parked(&self, sink: Option<&str>) -> Result<u32, ApiError>;
    /// Recomputes the event chain and checks the receipts.
    ///
    /// # Errors
    /// As [`StationApi::order`].
    fn verify(&self) -> Result<serde_json::Value, ApiError>;
    /// Writes a verified copy of the database.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] for a relative path or an existing file.
    fn backup(&self, file: &std::path::Path) -> Result<serde_json::Value, ApiError>;
    /// Metrics in the Prometheus text format.
    fn metrics(&self) -> String;
}
