//! What the reducer asks about carriers, boxes and reasons. Implemented by the carrier layer as
//! pure tables, so that a decision stays a function of its arguments.

use super::money::Money;
use super::order::Order;
use super::parcel::{Assignment, Estimate, Number};
use super::state::{Counters, Lease};
use super::time::Wall;
use firstscan_drivers::length::Length;
use firstscan_drivers::mass::Mass;
use serde::{Deserialize, Serialize};

/// Facts an assignment rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignRequest<'a> {
    /// Destination, ISO 3166-1 alpha-2.
    pub country: &'a str,
    /// The first characters of the postcode, see `Order::area`; empty if unknown.
    pub area: &'a str,
    pub seller: &'a str,
    /// The marketplace's name, see `Order::channel`; empty if unknown.
    pub channel: &'a str,
    pub requested_service: Option<&'a str>,
    pub mass: Mass,
    /// Outer dimensions, if they were measured or the box has them.
    pub size: Option<Extent>,
    /// What the goods are worth, if the order says so.
    pub value: Option<&'a Money>,
    /// Day it was promised for, `2026-11-24`, if the order says so.
    pub promised: Option<&'a str>,
    /// The earliest handover.
    pub now: Wall,
}

impl<'a> AssignRequest<'a> {
    /// All an order says, for a parcel of this weight whose size is not known.
    pub fn of(order: &'a Order, mass: Mass, now: Wall) -> AssignRequest<'a> {
        AssignRequest {
            country: &order.country,
            area: &order.area,
            seller: &order.seller,
            channel: &order.channel,
            requested_service: order.requested_service.as_deref(),
            mass,
            size: None,
            value: order.value.as_ref(),
            promised: order.promised.as_deref(),
            now,
        }
    }

    /// A parcel of which only destination, seller and weight are known.
    pub fn plain(country: &'a str, seller: &'a str, mass: Mass, now: Wall) -> AssignRequest<'a> {
        AssignRequest {
            country,
            area: "",
            seller,
            channel: "",
            requested_service: None,
            mass,
            size: None,
            value: None,
            promised: None,
            now,
        }
    }
}

/// Outer dimensions of a parcel, longest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    pub length: Length,
    pub width: Length,
    pub height: Length,
}

impl Extent {
    /// The three edges in any order.
    pub fn new(edges: [Length; 3]) -> Extent {
        let mut edges = edges;
        edges.sort_by(|one, other| other.cmp(one));
        let [length, width, height] = edges;
        Extent {
            length,
            width,
            height,
        }
    }
}

/// A parcel on its way, for [`Desk::estimate`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EstimateRequest<'a> {
    pub carrier: &'a str,
    pub service: &'a str,
    /// Destination, ISO 3166-1 alpha-2.
    pub country: &'a str,
    /// See `Order::area`; empty if unknown.
    pub area: &'a str,
    /// When the carrier took it.
    pub handed_over: Wall,
}

/// Why something cannot be done, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}: {remedy}")]
pub struct Refusal {
    pub text: String,
    pub remedy: String,
}

/// A carton or bag with its own weight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoxType {
    pub id: String,
    pub name: String,
    pub tare: Mass,
    /// Outer dimensions, if they are known.
    pub size: Option<Extent>,
}

/// A carrier as the dock sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierInfo {
    pub id: String,
    pub name: String,
    /// Letters appended to the OPEN control code; from the layout-safe alphabet.
    pub token: String,
    /// How its place at the dock is marked, if it has one.
    pub lane: Option<Lane>,
}

/// The mark of a carrier's place at the dock: shape, colour and letters together, because one of
/// them alone is not seen by everybody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lane {
    /// One of [`Lane::SHAPES`].
    pub shape: String,
    /// One of [`Lane::COLOURS`].
    pub colour: String,
    /// 1 to 4 capital letters or digits.
    pub letters: String,
}

impl Lane {
    /// Shapes; none of them means a state of the screen, as octagon, triangle and tick do.
    pub const SHAPES: &'static [&'static str] = &[
        "circle", "cross", "diamond", "hexagon", "pentagon", "ring", "square", "star",
    ];
    /// Colours; none of them is a state's: no red, amber, green or signal blue.
    pub const COLOURS: &'static [&'static str] = &[
        "black", "brown", "grey", "navy", "olive", "pink", "purple", "teal", "white", "yellow",
    ];
}

/// Days a number rests if its carrier says nothing else: the twelve months of an SSCC, which is
/// published; for other numbers the same is assumed, not known.
pub const REUSE_DAYS: u16 = 365;

/// How far a range of numbers is used up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stock {
    pub carrier: String,
    pub carrier_name: String,
    pub range: String,
    /// Serials as the carrier issued them, both ends included.
    pub first: u64,
    pub last: u64,
    /// Several stations use it: this one takes numbers only out of its blocks.
    pub shared: bool,
    /// This station's blocks, if it is shared.
    pub leases: Vec<Lease>,
    /// It begins again: days until a number may be used once more.
    pub reuse_days: Option<u16>,
    /// The next number, if one is free.
    pub next: Option<String>,
    /// Free numbers; of a shared range, in this station's blocks.
    pub left: u64,
    /// From how many numbers left on it is time for more.
    pub low_at: u64,
    pub low: bool,
}

/// Tables behind a decision: carriers, ranges, boxes, reasons.
pub trait Desk {
    /// Chooses carrier and service.
    ///
    /// # Errors
    /// [`Refusal`] if no rule fits; the text names why each was refused.
    fn assign(&self, request: &AssignRequest<'_>) -> Result<Assignment, Refusal>;

    /// Whether a service takes a parcel that was not assigned here, because it came with its own
    /// label. A service nobody knows takes everything.
    ///
    /// # Errors
    /// [`Refusal`] naming the limit it breaks.
    fn admits(
        &self,
        _carrier: &str,
        _service: &str,
        _request: &AssignRequest<'_>,
    ) -> Result<(), Refusal> {
        Ok(())
    }

    /// The next tracking number of the carrier's ranges. `counters` tell what this station used of
    /// them and which blocks it may use; `now` tells which numbers have rested long enough.
    ///
    /// # Errors
    /// [`Refusal`] if the carrier has no range here, or none with a free number.
    fn number(
        &self,
        carrier: &str,
        service: &str,
        counters: &Counters,
        now: Wall,
    ) -> Result<Number, Refusal>;

    /// All ranges, by carrier and file order; none if the desk keeps no account of them.
    fn stock(&self, _counters: &Counters, _now: Wall) -> Vec<Stock> {
        Vec::new()
    }

    /// Days within which the carrier must not see the same number twice.
    fn reuse_days(&self, _carrier: &str) -> u16 {
        REUSE_DAYS
    }

    /// When the carrier should deliver what it took at a moment; `None` if its table does not say.
    fn estimate(&self, request: &EstimateRequest<'_>) -> Option<Estimate>;

    /// The carrier's next cut-off at or after `now`; `None` if its calendar does not say.
    fn cutoff(&self, _carrier: &str, _now: Wall) -> Option<Wall> {
        None
    }

    /// All carriers, sorted by id.
    fn carriers(&self) -> Vec<CarrierInfo>;

    /// The carrier whose OPEN token this is.
    fn carrier_by_token(&self, token: &str) -> Option<CarrierInfo> {
        self.carriers().into_iter().find(|c| c.token == token)
    }

    /// The carrier with this id.
    fn carrier(&self, id: &str) -> Option<CarrierInfo> {
        self.carriers().into_iter().find(|c| c.id == id)
    }

    /// A box by the token of its BOX control code.
    fn box_by_token(&self, token: &str) -> Option<BoxType>;

    /// A box by id.
    fn box_type(&self, id: &str) -> Option<BoxType>;

    /// The reason behind a REASON token, such as `torn`.
    fn reason(&self, token: &str) -> Option<String>;
}
