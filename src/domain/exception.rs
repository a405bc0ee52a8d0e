//! Exceptions of a parcel: number, label, address, weight and carrier that disagree.
//!
//! Raised with a reason code and a remedy, once while it is open; resolved by an event: by the
//! station when the cause is gone, or by a person. What a person let pass stays passed.
//!
//! - `number_check_failed`, `number_of_other_carrier`: the number that came with the order does not
//!   fit its carrier; asked when the parcel is opened, at the latest at the dock. OK lets it pass.
//! - `weight_over_limit`: the service of the label that came with the order does not take the
//!   weight. Ends with another weight; OK lets it pass.
//! - `label_superseded`: the order changed after packing. Ends if it changes back, or with VOID.
//! - `address_unprintable`, `label_unprintable`: an own label cannot be made. Ends when one is.
//! - `wrong_label`, `misread`: another label, or a damaged number, was scanned for this parcel.
//!   Ends when its own is verified or accepted.
//! - `old_copy`: an old copy was scanned at the dock. Ends when the right one is, or with
//!   DESTROYED.
//! - `wrong_carrier`, `not_verified`: scanned into a handover it does not belong to yet. Ends when
//!   it is accepted, or verified.
//! - `duplicate`: scanned again after it was handed over. Ends with REMOVE, or when CONFIRM says
//!   that the counts are right.
//! - `cancelled`, `voided`: it must not leave. Ends with VOID, or with DESTROYED.
//!
//! Every one can be ended by a person through the API, who says why.

use super::desk::AssignRequest;
use super::event::Fact;
use super::ids::ParcelId;
use super::order::Order;
use super::parcel::{Exception, Parcel, SizeCapture, Stage};
use super::step::{Desktop, Reply};
use crate::content::tracking::{self, Fit};

/// `by` of a resolution that took no person.
pub const STATION: &str = "station";
/// The service does not take the weight.
pub(super) const OVER_LIMIT: &str = "weight_over_limit";
pub(super) const SUPERSEDED: &str = "label_superseded";
pub(super) const ADDRESS: &str = "address_unprintable";
pub(super) const LABEL: &str = "label_unprintable";
pub(super) const WRONG_LABEL: &str = "wrong_label";
pub(super) const MISREAD: &str = "misread";
pub(super) const OLD_COPY: &str = "old_copy";
pub(super) const DUPLICATE: &str = "duplicate";
pub(super) const NOT_VERIFIED: &str = "not_verified";
pub(super) const VOIDED: &str = "voided";
/// What ends when its own label is verified on the parcel.
pub(super) const OF_THE_LABEL: [&str; 4] = [WRONG_LABEL, MISREAD, OLD_COPY, NOT_VERIFIED];
const CHECK_FAILED: &str = "number_check_failed";
const OTHER_CARRIER: &str = "number_of_other_carrier";

/// True for what the packer may let pass with OK, because the label may be right all the same.
pub(super) fn is_confirmable(code: &str) -> bool {
    matches!(code, CHECK_FAILED | OTHER_CARRIER | OVER_LIMIT)
}

/// True if the dock keeps a parcel while this is open. What a wrong scan at the dock raised does
/// not: the next scan judges anew.
pub(super) fn holds(code: &str) -> bool {
    is_confirmable(code) || code == SUPERSEDED
}

pub(super) fn of(code: &str, text: impl Into<String>, remedy: &str) -> Exception {
    Exception {
        code: code.to_owned(),
        text: text.into(),
        remedy: remedy.to_owned(),
    }
}

/// Records an exception, unless it is open already or a person let it pass.
pub(super) fn raise(at: &mut Desktop<'_>, id: &ParcelId, exception: Exception) {
    let Some(parcel) = at.state.parcels.get(id) else {
        return;
    };
    let code = &exception.code;
    if is_open(parcel, code) || parcel.settled.contains(code) {
        return;
    }
    let fact = Fact::ParcelException {
        parcel: id.clone(),
        exception,
    };
    at.emit(id.as_str(), fact);
}

fn is_open(parcel: &Parcel, code: &str) -> bool {
    parcel.exceptions.iter().any(|open| open.code == code)
}

/// The cause is gone: ends those of these exceptions that are open.
pub(super) fn gone(at: &mut Desktop<'_>, id: &ParcelId, codes: &[&str]) {
    let why = None;
    for code in codes {
        end(at, id, code, STATION, why);
    }
}

/// Ends everything: the parcel is accepted, or its label will never leave. What the dock must know
/// of a void label stays.
pub(super) fn gone_all(at: &mut Desktop<'_>, id: &ParcelId) {
    let open = at.state.parcels.get(id).map(|p| p.exceptions.clone());
    for exception in open.unwrap_or_default() {
        if exception.code != VOIDED {
            end(at, id, &exception.code, STATION, None);
        }
    }
}

/// The operator here says it is settled.
pub(super) fn settle(at: &mut Desktop<'_>, id: &ParcelId, code: &str, why: &str) {
    let by = at.operator().map(|o| o.to_string()).unwrap_or_default();
    end(at, id, code, &by, Some(why));
}

fn end(at: &mut Desktop<'_>, id: &ParcelId, code: &str, by: &str, why: Option<&str>) -> bool {
    let open = at.state.parcels.get(id).is_some_and(|p| is_open(p, code));
    if open {
        let fact = Fact::ExceptionResolved {
            parcel: id.clone(),
            code: code.to_owned(),
            by: by.to_owned(),
            why: why.map(str::to_owned),
        };
        at.emit(id.as_str(), fact);
    }
    open
}

/// A person settles an exception from outside.
pub(super) fn settled(at: &mut Desktop<'_>, id: &ParcelId, code: &str, by: &str, why: &str) {
    let archived = at.looked.parcels.iter().find(|p| &p.id == id);
    if let Some(archived) = archived.filter(|p| is_open(p, code)) {
        at.state.recall(archived);
    }
    let ended = end(at, id, code, by, Some(why));
    at.reply(match ended {
        true => Reply::Settled,
        false => Reply::Unknown,
    });
}

/// OK on the stop of a confirmable exception: the packer lets it pass.
pub(super) fn confirmed(at: &mut Desktop<'_>, code: &str) {
    if let Some(id) = at.parcel().map(|p| p.id.clone()) {
        settle(at, &id, code, "confirmed with OK");
    }
}

/// Stops the bench with the first exception of its open parcel that waits for OK.
pub(super) fn remind(at: &mut Desktop<'_>) {
    let open = at.parcel().map(|p| p.exceptions.clone());
    let waits = |e: &Exception| is_confirmable(&e.code);
    if let Some(first) = open.unwrap_or_default().into_iter().find(waits) {
        at.stop(&first.code, None, &first.text, &first.remedy);
    }
}

/// Holds the number that came with an order against its carrier, before anything is packed.
pub(super) fn check_number(at: &mut Desktop<'_>, id: &ParcelId, order: &Order) {
    let first = at.state.parcels.get(id).is_some_and(|p| p.n == 1);
    let Some(given) = order.carrier_label.as_ref().filter(|_| first) else {
        return;
    };
    if let Some(exception) = misfit(at, &given.tracking_number, &given.carrier) {
        raise(at, id, exception);
        remind(at);
    }
}

/// A refusal at the dock, as an exception of its parcel, which may be archived.
pub(super) fn at_dock(at: &mut Desktop<'_>, id: &ParcelId, code: &str, text: &str) {
    let archived = at.looked.parcels.iter().find(|p| &p.id == id);
    if let Some(archived) = archived.filter(|p| !is_open(p, code)) {
        at.state.recall(archived);
    }
    let remedy = match code {
        "wrong_carrier" => "Put it to the parcels of its own carrier.",
        MISREAD => "Scan it again, else print a new label.",
        OLD_COPY => "Destroy this copy. Scan the new label.",
        NOT_VERIFIED => "Finish it at its bench first.",
        DUPLICATE => "Look for a second box with this label.",
        "cancelled" => "Keep it here. VOID its label at a bench.",
        VOIDED => "Destroy its label: scan DESTROYED, then the label, at a bench.",
        _ => "Set it aside and ask the office.",
    };
    raise(at, id, of(code, text, remedy));
}

/// As [`check_number`], at the dock: for parcels packed before it was asked.
pub(super) fn number_doubt(at: &Desktop<'_>, parcel: &Parcel) -> Option<Exception> {
    // What the station numbered itself is its carrier's by the range.
    let number = parcel.number.as_ref().filter(|n| n.range.is_none())?;
    let carrier = &parcel.assignment.as_ref()?.carrier;
    let doubt = misfit(at, &number.tracking_number, carrier)?;
    (!parcel.settled.contains(&doubt.code)).then_some(doubt)
}

fn misfit(at: &Desktop<'_>, number: &str, carrier: &str) -> Option<Exception> {
    let name = |id: &str| at.desk.carrier(id).map_or(id.to_owned(), |c| c.name);
    let works_with = |id: &str| at.desk.carrier(id).is_some();
    let remedy = "Compare it with the label. Scan OK if it is right, else ABORT.";
    match tracking::fit(number, carrier, &works_with) {
        Fit::Fits => None,
        Fit::CheckFailed { .. } => {
            let text = format!("{number}: check digit wrong for {}.", name(carrier));
            Some(of(CHECK_FAILED, text, remedy))
        }
        Fit::Other { carrier: other } => {
            let text = format!(
                "The label is for {}, but {number} is a number of {}.",
                name(carrier),
                name(other)
            );
            Some(of(OTHER_CARRIER, text, remedy))
        }
    }
}

/// Stops a parcel whose own label is of a service that does not take its weight; false if nothing
/// speaks against it.
pub(super) fn is_over_limit(at: &mut Desktop<'_>, parcel: &Parcel, order: &Order) -> bool {
    let given = order.carrier_label.as_ref().filter(|_| parcel.n == 1);
    let (Some(given), Some(weight)) = (given, parcel.weight.as_ref()) else {
        return false;
    };
    let request = AssignRequest {
        requested_service: Some(&given.service),
        size: parcel.size.as_ref().map(SizeCapture::extent),
        ..AssignRequest::of(order, weight.mass, at.stamp.wall)
    };
    let Err(refusal) = at.desk.admits(&given.carrier, &given.service, &request) else {
        gone(at, &parcel.id, &[OVER_LIMIT]);
        return false;
    };
    if parcel.settled.iter().any(|code| code == OVER_LIMIT) {
        return false;
    }
    raise(
        at,
        &parcel.id,
        of(OVER_LIMIT, refusal.text, &refusal.remedy),
    );
    remind(at);
    true
}

/// The order changed although its parcels are packed: they keep the old address until somebody
/// decides. True if that is news.
pub(super) fn superseded(at: &mut Desktop<'_>, order: &Order) -> bool {
    let packed = |p: &&Parcel| p.stage > Stage::Verifying && p.stage < Stage::HandedOver;
    let packed = at.state.parcels_of(&order.id).filter(packed);
    let fresh = packed.filter(|p| !is_open(p, SUPERSEDED));
    let fresh: Vec<ParcelId> = fresh.map(|p| p.id.clone()).collect();
    for id in &fresh {
        let text = "The order changed after it was packed.";
        let remedy = "Do not ship. VOID the label, or let the office release it.";
        raise(at, id, of(SUPERSEDED, text, remedy));
    }
    !fresh.is_empty()
}
