//! What the reducer asks about carriers, boxes and reasons. Implemented by the carrier layer as
//! pure tables, so that a decision stays a function of its arguments.

use super::parcel::{Assignment, Number};
use firstscan_drivers::mass::Mass;

/// Facts an assignment rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssignRequest<'a> {
    /// Destination, ISO 3166-1 alpha-2.
    pub country: &'a str,
    pub seller: &'a str,
    pub requested_service: Option<&'a str>,
    pub mass: Mass,
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
}

/// A carrier as the dock sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierInfo {
    pub id: String,
    pub name: String,
    /// Letters appended to the OPEN control code; from the layout-safe alphabet.
    pub token: String,
}

/// Tables behind a decision: carriers, ranges, boxes, reasons.
pub trait Desk {
    /// Chooses carrier and service.
    ///
    /// # Errors
    /// [`Refusal`] if no rule fits; the text names why each was refused.
    fn assign(&self, request: &AssignRequest<'_>) -> Result<Assignment, Refusal>;

    /// The next tracking number of the carrier's range. `next_serial` tells, per range id, the
    /// first serial this station has not used yet (0 if none was used).
    ///
    /// # Errors
    /// [`Refusal`] if the carrier has no range here or it is used up.
    fn number(
        &self,
        carrier: &str,
        service: &str,
        next_serial: &dyn Fn(&str) -> u64,
    ) -> Result<Number, Refusal>;

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
