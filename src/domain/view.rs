//! The one document every screen, mirror and test reads. Versioned; painted, never interpreted.

use super::ids::{HandoverId, JobId, OrderId, ParcelId, PlaceId};
use super::job::{Evidence, JobState};
use super::place::PlaceKind;
use super::{Cue, OperatorId};
use serde::Serialize;

/// The screen of one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlaceView {
    /// Rises with every change.
    pub version: u64,
    pub station: String,
    pub place: PlaceId,
    pub kind: PlaceKind,
    pub title: String,
    pub operator: Option<OperatorView>,
    pub mode: Mode,
    /// The one next action, at most a short sentence.
    pub next: String,
    pub order: Option<OrderView>,
    pub parcel: Option<ParcelView>,
    pub weight: Option<WeightView>,
    pub stop: Option<StopView>,
    /// Result of the last finished step.
    pub last: Option<LastView>,
    /// A control code that waits for one more scan, in words.
    pub prompt: Option<String>,
    pub dock: Option<DockView>,
    pub health: Health,
    /// Parcels finished at this place since the daemon started.
    pub finished: u32,
    /// The newest sound: `id` rises, so a page plays each once.
    pub cue: Option<CueView>,
}

/// What the screen is doing: decides layout and colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// No operator: scan a badge.
    Login,
    Ready,
    Verifying,
    Weighing,
    Labelling,
    ScanBack,
    Stop,
    /// Dock without an open handover.
    DockReady,
    DockScanning,
    DockClosing,
    /// Closed: waits for LOADED.
    DockClosed,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OperatorView {
    pub id: OperatorId,
    pub name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderView {
    pub id: OrderId,
    pub seller: String,
    pub channel: String,
    pub country: String,
    pub lines: Vec<LineView>,
    pub done: u32,
    pub wanted: u32,
    /// Parcels waiting in the bench's park.
    pub parked: bool,
    /// What looked wrong when the order came in.
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineView {
    pub sku: String,
    pub title: String,
    pub done: u32,
    pub wanted: u32,
    /// URL path of a picture.
    pub picture: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ParcelView {
    pub id: ParcelId,
    pub n: u32,
    pub of: Option<u32>,
    pub box_type: Option<String>,
    /// Such as `1.25 kg`.
    pub weight: Option<String>,
    pub carrier: Option<String>,
    pub service: Option<String>,
    /// Why this carrier.
    pub reason: Option<String>,
    /// What weight or size changed against the plan, in words.
    pub changed: Option<String>,
    /// Such as `5.80 EUR`, surcharges included.
    pub cost: Option<String>,
    pub surcharges: Vec<String>,
    pub tracking_number: Option<String>,
    pub job: Option<JobView>,
    /// What does not fit together about it, and nobody resolved yet.
    pub exceptions: Vec<ExceptionView>,
}

/// An open exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExceptionView {
    pub parcel: ParcelId,
    pub tracking_number: Option<String>,
    pub code: String,
    /// Two words at most, in capitals.
    pub word: String,
    pub text: String,
    pub remedy: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JobView {
    pub id: JobId,
    pub state: JobState,
    pub evidence: Vec<Evidence>,
    pub copy: u32,
    /// URL path of the label's picture, once rendered.
    pub picture: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WeightView {
    /// As displayed by the scale, such as `1.250`; empty if there is no value.
    pub text: String,
    pub unit: String,
    pub state: WeightState,
    /// An empty platform was seen since the last capture: the next stable weight counts.
    pub armed: bool,
    pub band: Option<BandView>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WeightState {
    /// No scale, or no reading younger than 2 s.
    Unknown,
    Empty,
    Moving,
    Stable,
    Over,
    Under,
    Fault,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BandView {
    /// Grams, for the bar on screen.
    pub min_g: i64,
    pub expected_g: i64,
    pub max_g: i64,
    pub now_g: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StopView {
    pub code: String,
    /// Two words at most, in capitals.
    pub word: String,
    pub text: String,
    pub remedy: String,
    pub scanned: Option<String>,
    /// Unix milliseconds when it was raised.
    pub since_ms: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LastView {
    pub ok: bool,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DockView {
    pub handover: Option<HandoverId>,
    pub carrier: Option<String>,
    pub carrier_name: Option<String>,
    pub scanned: u32,
    /// Ready parcels of this carrier that are not in a handover yet, plus those scanned.
    pub expected: u32,
    pub parcels: Vec<DockParcel>,
    pub rejects: Vec<DockReject>,
    /// Open exceptions of all parcels that are still here, newest parcel first.
    pub exceptions: Vec<ExceptionView>,
    /// Expected but not scanned; filled while closing.
    pub missing: Vec<DockParcel>,
    /// URL path of the manifest, once made.
    pub manifest: Option<String>,
    /// Carriers that can be opened, with their ready parcels.
    pub waiting: Vec<DockWaiting>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DockParcel {
    pub parcel: ParcelId,
    pub order: OrderId,
    pub tracking_number: String,
    pub place: PlaceId,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DockReject {
    pub code: String,
    pub reason: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DockWaiting {
    pub carrier: String,
    pub carrier_name: String,
    /// Control payload that opens it.
    pub code: String,
    pub parcels: u32,
}

/// One word per device role, `ok` or what is wrong; absent roles are `none`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct Health {
    pub scanner: String,
    pub scale: String,
    pub printer: String,
    /// `ok`, or the carrier that runs out of numbers and how many are left.
    pub numbers: String,
    pub sync: SyncHealth,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct SyncHealth {
    /// `ok`, `waiting`, `offline`, `paused` or `none`.
    pub state: String,
    pub waiting: u64,
    pub parked: u64,
    /// Unix milliseconds of the last acknowledgement.
    pub last_ack_ms: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CueView {
    pub id: u64,
    pub cue: Cue,
}
