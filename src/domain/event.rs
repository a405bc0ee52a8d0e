//! The event: what happened, immutable, chained. `Fact` is its typed content.

use super::handover::Reject;
use super::ids::{DeviceId, HandoverId, JobId, OperatorId, OrderId, ParcelId, PlaceId, Sku};
use super::job::Evidence;
use super::order::Order;
use super::parcel::{
    Assignment, Band, CarrierScan, Estimate, Exception, Number, SizeCapture, WeightCapture,
};
use super::place::Stop;
use super::time::Stamp;
use firstscan_drivers::mass::Mass;
use serde::{Deserialize, Serialize};

/// How far the wall clock can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clock {
    Synchronised,
    FreeRunning,
    KnownBad,
}

/// Content of an event. The serde name is the event type, `area.fact`, past tense.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum Fact {
    #[serde(rename = "order.received")]
    OrderReceived { order: Order },
    #[serde(rename = "order.changed")]
    OrderChanged { order: Order },
    /// Its subject is the station if the document names no order.
    #[serde(rename = "order.refused")]
    OrderRefused {
        order: String,
        problems: Vec<String>,
    },
    #[serde(rename = "order.cancelled")]
    OrderCancelled { order: OrderId, reason: String },

    #[serde(rename = "scan.captured")]
    ScanCaptured {
        device: DeviceId,
        code: String,
        meaning: String,
    },
    #[serde(rename = "scan.ignored")]
    ScanIgnored {
        device: DeviceId,
        code: String,
        reason: String,
    },
    #[serde(rename = "stop.raised")]
    StopRaised { stop: Stop },
    #[serde(rename = "stop.cleared")]
    StopCleared { code: String, by: String },
    #[serde(rename = "operator.changed")]
    OperatorChanged { operator: Option<OperatorId> },

    #[serde(rename = "packing.started")]
    PackingStarted { order: OrderId, version: u32 },
    #[serde(rename = "packing.parked")]
    PackingParked { order: OrderId, parcel: ParcelId },
    #[serde(rename = "packing.resumed")]
    PackingResumed { order: OrderId, parcel: ParcelId },
    #[serde(rename = "packing.completed")]
    PackingCompleted { order: OrderId, parcels: u32 },
    #[serde(rename = "packing.aborted")]
    PackingAborted {
        order: OrderId,
        parcel: ParcelId,
        reason: String,
    },

    #[serde(rename = "item.verified")]
    ItemVerified {
        parcel: ParcelId,
        sku: Sku,
        code: String,
        mass: Option<Mass>,
    },
    /// UNDO: the last piece was taken out again.
    #[serde(rename = "item.rejected")]
    ItemRejected {
        parcel: ParcelId,
        sku: Sku,
        reason: String,
    },

    #[serde(rename = "parcel.opened")]
    ParcelOpened {
        parcel: ParcelId,
        order: OrderId,
        n: u32,
    },
    /// Its content is complete; `of` is known if this is the order's last parcel.
    #[serde(rename = "parcel.filled")]
    ParcelFilled { parcel: ParcelId, of: Option<u32> },
    #[serde(rename = "parcel.boxed")]
    ParcelBoxed { parcel: ParcelId, box_type: String },
    #[serde(rename = "parcel.weighed")]
    ParcelWeighed {
        parcel: ParcelId,
        weight: WeightCapture,
        band: Option<Band>,
    },
    #[serde(rename = "parcel.measured")]
    ParcelMeasured { parcel: ParcelId, size: SizeCapture },
    /// The dimensioner could not measure it, and the packer goes on without a size.
    #[serde(rename = "parcel.size_waived")]
    SizeWaived { parcel: ParcelId },
    /// REWEIGH: captured weight and size no longer count.
    #[serde(rename = "parcel.reweigh_requested")]
    ReweighRequested { parcel: ParcelId },
    #[serde(rename = "parcel.assigned")]
    ParcelAssigned {
        parcel: ParcelId,
        assignment: Assignment,
    },
    #[serde(rename = "number.allocated")]
    NumberAllocated {
        parcel: ParcelId,
        carrier: String,
        number: Number,
    },
    /// A number given out by hand: no label of this station bears it, an order may bring it.
    #[serde(rename = "number.issued")]
    NumberIssued {
        carrier: String,
        service: String,
        number: Number,
        /// Why it was not given out after all; it is used up then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        withheld: Option<String>,
    },
    #[serde(rename = "number.burnt")]
    NumberBurnt {
        parcel: ParcelId,
        number: Number,
        reason: String,
    },

    /// A label job begins; `copy` 0 is the first.
    #[serde(rename = "label.requested")]
    LabelRequested {
        job: JobId,
        parcel: ParcelId,
        copy: u32,
        reason: Option<String>,
    },
    #[serde(rename = "label.rendered")]
    LabelRendered {
        job: JobId,
        picture: String,
        symbols: u32,
    },
    #[serde(rename = "label.failed")]
    LabelFailed { job: JobId, problems: Vec<String> },
    #[serde(rename = "label.queued")]
    LabelQueued { job: JobId },
    #[serde(rename = "label.sending")]
    LabelSending {
        job: JobId,
        counter_before: Option<u64>,
    },
    #[serde(rename = "label.sent")]
    LabelSent { job: JobId, bytes: u64 },
    #[serde(rename = "label.drained")]
    LabelDrained { job: JobId },
    #[serde(rename = "label.counted")]
    LabelCounted { job: JobId, before: u64, after: u64 },
    #[serde(rename = "label.in_doubt")]
    LabelInDoubt { job: JobId, reason: String },
    #[serde(rename = "label.verified")]
    LabelVerified {
        job: JobId,
        parcel: ParcelId,
        code: String,
        evidence: Vec<Evidence>,
    },
    #[serde(rename = "label.wasted")]
    LabelWasted { job: JobId, reason: String },
    #[serde(rename = "label.expired")]
    LabelExpired { job: JobId },
    #[serde(rename = "label.cancelled")]
    LabelCancelled { job: JobId, reason: String },
    #[serde(rename = "label.voided")]
    LabelVoided {
        parcel: ParcelId,
        tracking_number: String,
    },

    #[serde(rename = "handover.opened")]
    HandoverOpened {
        handover: HandoverId,
        carrier: String,
        carrier_name: String,
    },
    #[serde(rename = "handover.rejected")]
    HandoverRejected {
        handover: HandoverId,
        reject: Reject,
    },
    #[serde(rename = "handover.removed")]
    HandoverRemoved {
        handover: HandoverId,
        parcel: ParcelId,
    },
    #[serde(rename = "handover.closing")]
    HandoverClosing { handover: HandoverId },
    #[serde(rename = "handover.reopened")]
    HandoverReopened { handover: HandoverId },
    #[serde(rename = "handover.closed")]
    HandoverClosed {
        handover: HandoverId,
        parcels: Vec<ParcelId>,
        missing: Vec<ParcelId>,
    },
    #[serde(rename = "handover.voided")]
    HandoverVoided {
        handover: HandoverId,
        reason: String,
    },
    #[serde(rename = "handover.documented")]
    HandoverDocumented {
        handover: HandoverId,
        manifest: String,
    },
    #[serde(rename = "handover.loaded")]
    HandoverLoaded { handover: HandoverId },

    /// The parcel left the seller's hands: exactly one per custody episode.
    #[serde(rename = "parcel.first_scan")]
    FirstScan {
        parcel: ParcelId,
        order: OrderId,
        seller: String,
        handover: HandoverId,
        carrier: String,
        tracking_number: String,
        evidence: Vec<Evidence>,
        weight: Option<WeightCapture>,
        provisional: bool,
    },
    /// A recorded first scan was taken back before the handover closed.
    #[serde(rename = "parcel.first_scan_corrected")]
    FirstScanCorrected {
        parcel: ParcelId,
        handover: HandoverId,
        reason: String,
    },

    /// The carrier has it: what it reported first.
    #[serde(rename = "carrier.accepted")]
    CarrierAccepted { parcel: ParcelId, scan: CarrierScan },
    #[serde(rename = "carrier.moved")]
    CarrierMoved { parcel: ParcelId, scan: CarrierScan },
    #[serde(rename = "parcel.estimate_changed")]
    EstimateChanged {
        parcel: ParcelId,
        estimate: Estimate,
        reason: String,
    },
    #[serde(rename = "parcel.exception")]
    ParcelException {
        parcel: ParcelId,
        exception: Exception,
    },
    #[serde(rename = "parcel.exception_resolved")]
    ExceptionResolved {
        parcel: ParcelId,
        code: String,
        /// An operator, whoever called the API, or `station` if the cause went away.
        by: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// A block of a range this station may use alone: serials from `first` to `last`.
    #[serde(rename = "number.leased")]
    NumberLeased {
        range: String,
        first: u64,
        last: u64,
    },

    /// The reserve of a range is reached: it is time for more.
    #[serde(rename = "number.ran_low")]
    NumberRanLow {
        carrier: String,
        range: String,
        left: u64,
    },

    #[serde(rename = "device.connected")]
    DeviceConnected { device: DeviceId, what: String },
    #[serde(rename = "device.lost")]
    DeviceLost { device: DeviceId, reason: String },
    #[serde(rename = "device.faulted")]
    DeviceFaulted { device: DeviceId, fault: String },
    #[serde(rename = "clock.stepped")]
    ClockStepped { by_ms: i64 },
    /// The daemon started: a new boot id; state was rebuilt from the store.
    #[serde(rename = "station.started")]
    StationStarted { version: String },
}

impl Fact {
    /// The event type, such as `parcel.first_scan`.
    pub fn kind(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        value
            .get("type")
            .and_then(|t| t.as_str())
            .unwrap_or("unknown")
            .to_owned()
    }
}

/// A fact about to be committed: what the reducer returns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What the event is about: a parcel, order, handover or device id. Sync keeps order per
    /// subject.
    pub subject: String,
    pub place: Option<PlaceId>,
    pub operator: Option<OperatorId>,
    pub stamp: Stamp,
    pub fact: Fact,
}

/// A committed event: the envelope of DESIGN 4 around a fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Gapless per station and epoch, from 1.
    pub seq: u64,
    /// Rises when a salvage or restore breaks the numbering.
    pub epoch: u32,
    /// UUIDv7 made at capture: the idempotency key everywhere.
    pub id: String,
    pub station: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<PlaceId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<OperatorId>,
    pub subject: String,
    /// RFC 3339 with offset.
    pub occurred_at: String,
    pub unix_ms: i64,
    pub boot_id: String,
    pub monotonic_ms: u64,
    pub clock: Clock,
    #[serde(flatten)]
    pub fact: Fact,
    /// Hex SHA-256 of the event before; 64 zeros for the first of the first epoch.
    pub prev_hash: String,
    /// Hex SHA-256 over `prev_hash` and the stored bytes.
    pub hash: String,
}

impl Event {
    /// Minutes of the offset in `occurred_at`; 0 if the text has none.
    pub fn offset_min(&self) -> i16 {
        let tail = self
            .occurred_at
            .get(self.occurred_at.len().saturating_sub(6)..);
        let parse = |t: &str| {
            let (hours, minutes) = t.get(1..)?.split_once(':')?;
            let total = hours.parse::<i16>().ok()? * 60 + minutes.parse::<i16>().ok()?;
            Some(if t.starts_with('-') { -total } else { total })
        };
        tail.and_then(parse).unwrap_or(0)
    }
}
