//! What can reach the reducer.

use super::ids::{DeviceId, HandoverId, JobId, OrderId, ParcelId, PlaceId};
use super::order::Order;
use super::parcel::CarrierScan;
use super::state::Lease;
use super::time::Stamp;
use firstscan_drivers::length::SizeReading;
use firstscan_drivers::mass::MassReading;

/// One input with its place and time.
#[derive(Debug, Clone)]
pub struct Input {
    /// The place it came from; `None` for orders and timers of the whole station.
    pub place: Option<PlaceId>,
    pub stamp: Stamp,
    pub kind: InputKind,
}

/// What happened.
#[derive(Debug, Clone)]
pub enum InputKind {
    /// A decoded barcode, or a touched button (device `<place>/screen`) with the same payload.
    Scan {
        device: DeviceId,
        code: String,
    },
    /// A reading of the place's scale; `raw` is the frame in hex.
    Mass {
        device: DeviceId,
        reading: MassReading,
        raw: String,
    },
    /// A measurement of the place's dimensioner; `raw` is what it sent, in hex.
    Size {
        device: DeviceId,
        reading: SizeReading,
        raw: String,
    },
    /// A device appeared, vanished or complains.
    Device {
        device: DeviceId,
        change: DeviceChange,
    },
    /// A validated order: new, the same again, or changed (the reducer tells them apart).
    Order {
        order: Box<Order>,
    },
    OrderRefused {
        order: String,
        problems: Vec<String>,
    },
    OrderCancelled {
        order: OrderId,
        reason: String,
    },
    /// The picture of a label job was made, checked and stored, or could not be.
    Rendered {
        job: JobId,
        outcome: Result<RenderedLabel, Unlabelled>,
    },
    /// News of a label job from the print worker.
    Print {
        job: JobId,
        step: PrintStep,
    },
    /// The manifest document of a closed handover was made and stored.
    ManifestMade {
        handover: HandoverId,
        document: String,
    },
    /// A carrier reported a scan of its own.
    CarrierScan {
        /// Id of the carrier here.
        carrier: String,
        tracking_number: String,
        scan: CarrierScan,
    },
    /// A person looked at an exception and says why it is none any more.
    ExceptionSettled {
        parcel: ParcelId,
        code: String,
        by: String,
        why: String,
    },
    /// Numbers wanted outside of packing.
    IssueNumbers {
        carrier: String,
        service: String,
        count: u32,
    },
    /// A block of a range that several stations use is this station's from now on.
    LeaseNumbers {
        range: String,
        block: Lease,
    },
    /// Time passed; sent every 250 ms.
    Tick,
    /// First input after start-up: unfinished work is taken up.
    Start {
        version: String,
    },
}

/// A device's connection or fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeviceChange {
    /// `what` names model or address for people.
    Connected {
        what: String,
    },
    Lost {
        reason: String,
    },
    /// Connected, but in need of a hand: `paper_out`, `head_open`, ...; empty = fine again.
    Status {
        flags: Vec<String>,
    },
}

/// A finished label picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderedLabel {
    /// Hex SHA-256 of the stored PNG.
    pub picture: String,
    /// Symbols that were decoded back from the bitmap.
    pub symbols: u32,
}

/// Why a label cannot be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlabelled {
    /// It is the address that cannot be printed.
    pub address: bool,
    pub problems: Vec<String>,
}

impl From<Vec<String>> for Unlabelled {
    fn from(problems: Vec<String>) -> Self {
        Unlabelled {
            address: false,
            problems,
        }
    }
}

/// The life of a label job at the printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrintStep {
    /// Printer connected and idle; nothing was sent yet. The reducer answers with
    /// `Effect::Release` or `Effect::DropJob`.
    Ready { counter_before: Option<u64> },
    /// All bytes were handed over.
    Sent { bytes: u64 },
    /// Seen busy with it and then idle without a fault.
    Drained,
    /// The printer's own counter, before and after.
    Counted { before: u64, after: u64 },
    /// The transfer broke off, or nothing can be known any more.
    Broken { reason: String },
}
