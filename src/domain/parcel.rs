//! The physical box from the first item to the carrier's hands.

use super::desk::Extent;
use super::ids::{HandoverId, JobId, OperatorId, OrderId, ParcelId, PlaceId, Sku};
use super::money::Money;
use super::time::Wall;
use firstscan_drivers::length::Length;
use firstscan_drivers::mass::Mass;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How far a parcel is. Order matters: later means nearer to the truck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Items are being verified.
    Verifying,
    /// All its items are in; waiting for a stable weight.
    Weighing,
    /// Weighed and numbered; a label job is under way.
    Labelling,
    /// A label should be out; waiting for its scan.
    ScanBack,
    /// Its own label was scanned on it.
    Ready,
    /// In a handover: the first scan is recorded.
    HandedOver,
    /// Given up before it was ready.
    Aborted,
    /// Its label was voided; it must not leave.
    Voided,
}

/// A captured weight, with what proves it (DESIGN promise 3).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WeightCapture {
    pub mass: Mass,
    /// The number as displayed, such as `1.25`.
    pub decimal: String,
    /// Unit symbol as displayed.
    pub unit: String,
    pub stable: bool,
    /// Age of the frame when it was judged, in milliseconds.
    pub age_ms: u64,
    pub scale: String,
    /// Raw frame in hex.
    pub raw: String,
    /// The empty platform seen between the parcel before and this one, raw frame in hex.
    pub empty_before: String,
}

/// Captured dimensions, with what proves them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeCapture {
    /// Micrometres each.
    pub length_um: i64,
    pub width_um: i64,
    pub height_um: i64,
    /// The dimensioner says so: not good enough to bill by.
    #[serde(default)]
    pub low_precision: bool,
    /// Whether this result may be used for trade, if the dimensioner says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub legal_for_trade: Option<bool>,
    pub dimensioner: String,
    /// What it sent, in hex.
    pub raw: String,
}

impl SizeCapture {
    /// The three edges, longest first.
    pub fn extent(&self) -> Extent {
        Extent::new([self.length_um, self.width_um, self.height_um].map(Length::from_um))
    }
}

/// Which carrier takes it, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    pub carrier: String,
    pub carrier_name: String,
    pub service: String,
    pub service_name: String,
    pub template: String,
    /// One sentence for people: which rule chose it.
    pub reason: String,
    /// What the carrier's cost table says, surcharges included, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Money>,
    /// Surcharges it takes, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub surcharges: Vec<String>,
    /// The weight the carrier bills, if its size counts for more than its weight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billable: Option<Mass>,
    /// What weight or size changed against what was planned, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed: Option<String>,
}

/// When a parcel should arrive: days from and to, both included, and what that rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// Local day at the destination, `2026-11-24`.
    pub from: String,
    pub to: String,
    /// Such as `DPD transit table DE-FR, handed over before the 17:00 cut-off`.
    pub source: String,
}

/// Something about a parcel does not fit together and needs a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Reason code, such as `carrier_mismatch`.
    pub code: String,
    pub text: String,
    /// What to do.
    pub remedy: String,
}

/// What a carrier's scan says about the parcel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScanKind {
    /// The carrier has it: a scan of this very parcel, not of a form or a container.
    Accepted,
    /// On its way.
    #[default]
    Moved,
    /// It will be later than said.
    Delayed,
    Delivered,
}

/// A scan the carrier made itself, as it reported it. Two reports that say the same are one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarrierScan {
    pub at: Wall,
    #[serde(default)]
    pub kind: ScanKind,
    /// The carrier's own code of the event, if it gave one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub code: String,
    pub text: String,
    /// When it says it will deliver, if it said so with this scan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
}

/// A number from a carrier's range, or one that came with the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Number {
    pub tracking_number: String,
    /// Range it was taken from; `None` if it came with the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<u64>,
    /// The range begins again: after so many days the carrier may see this number again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reuse_days: Option<u16>,
}

impl Number {
    /// A number that came with the order.
    pub fn given(tracking_number: &str) -> Number {
        Number {
            tracking_number: tracking_number.to_owned(),
            range: None,
            serial: None,
            reuse_days: None,
        }
    }
}

/// The expected weight and its tolerance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Band {
    pub min: Mass,
    pub expected: Mass,
    pub max: Mass,
}

/// One box of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parcel {
    pub id: ParcelId,
    pub order: OrderId,
    pub place: PlaceId,
    pub operator: OperatorId,
    pub stage: Stage,
    #[serde(default)]
    pub parked: bool,
    /// Position within the order, from 1.
    pub n: u32,
    /// Parcels of the order, once fixed.
    #[serde(default)]
    pub of: Option<u32>,
    /// Pieces by article.
    pub items: BTreeMap<Sku, u32>,
    /// Scanned articles in order, for UNDO.
    pub trail: Vec<Sku>,
    /// Weight of the verified pieces; `None` if one has no known weight.
    pub items_mass: Option<Mass>,
    /// Weight of each piece, parallel to `trail`.
    #[serde(default)]
    pub piece_masses: Vec<Option<Mass>>,
    #[serde(default)]
    pub box_type: Option<String>,
    #[serde(default)]
    pub weight: Option<WeightCapture>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<SizeCapture>,
    /// The packer went on without a size.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub size_waived: bool,
    #[serde(default)]
    pub assignment: Option<Assignment>,
    #[serde(default)]
    pub number: Option<Number>,
    /// The number must never be used: the parcel was voided or given up.
    #[serde(default)]
    pub burnt: bool,
    /// Label jobs in order; the last one counts.
    pub jobs: Vec<JobId>,
    #[serde(default)]
    pub handover: Option<HandoverId>,
    /// When its label was scanned back, and when it was first scanned.
    #[serde(default)]
    pub ready_at: Option<Wall>,
    #[serde(default)]
    pub first_scan: Option<FirstScan>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimate: Option<Estimate>,
    /// Exceptions nobody resolved yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exceptions: Vec<Exception>,
    /// Reason codes a person looked at and let pass: the station does not raise them again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub settled: Vec<String>,
    /// What the carrier reported, in the order it came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carrier_scans: Vec<CarrierScan>,
    pub opened_at: Wall,
}

/// Our own handover scan: the first of the three facts, never merged with the carrier's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstScan {
    pub at: Wall,
    pub place: PlaceId,
    pub operator: OperatorId,
    pub handover: HandoverId,
    /// True while a configured hub has not confirmed that no other station scanned it first.
    pub provisional: bool,
}

impl Parcel {
    /// Pieces in the box.
    pub fn pieces(&self) -> u32 {
        self.items.values().sum()
    }

    /// The tracking number, if it has one.
    pub fn tracking_number(&self) -> Option<&str> {
        self.number.as_ref().map(|n| n.tracking_number.as_str())
    }

    /// Neither given up, nor voided, nor gone.
    pub fn is_open(&self) -> bool {
        self.stage < Stage::Ready
    }
}
