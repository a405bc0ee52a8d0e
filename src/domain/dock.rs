//! The dock: open a handover, scan parcels into it, close, load. The first scan is recorded at
//! the scan, not at close.

use super::Cue;
use super::bench;
use super::controls::{parcels_named, pending, refuse, set_pending, wait_for};
use super::effect::Effect;
use super::event::Fact;
use super::gate::{Refused, judge};
use super::handover::{Handover, HandoverState, Reject};
use super::ids::{HandoverId, ParcelId};
use super::order::OrderStatus;
use super::parcel::{Parcel, Stage};
use super::place::{Pending, Stop};
use super::scan::Meaning;
use super::state::State;
use super::step::Desktop;
use super::{exception, journey};
use crate::content::control::Control;

/// A scan at a dock that is not red.
pub(super) fn scan(at: &mut Desktop<'_>, code: &str, meaning: &Meaning) {
    if bench::signs_in(at, code, meaning) {
        return;
    }
    match meaning {
        Meaning::Control { control, param } => control_scan(at, *control, param.as_deref()),
        Meaning::BadControl(why) => {
            at.stop(
                "bad_control",
                Some(code),
                why,
                "Scan OK. Ask for a new control sheet.",
            );
        }
        Meaning::Handover(id) => handover_code(at, code, id),
        _ => parcel_scan(at, code, meaning),
    }
}

/// Whether a scan ends a red stop at a dock.
pub(super) fn clears(stop: &Stop, meaning: &Meaning) -> bool {
    let control = match meaning {
        Meaning::Control { control, .. } => Some(*control),
        _ => None,
    };
    match stop.code.as_str() {
        "no_operator" => matches!(meaning, Meaning::Badge(_)) || control == Some(Control::Ok),
        "no_handover" => matches!(control, Some(Control::Ok | Control::Open)),
        // A readable label is what the stop asks for; it is judged like any other.
        exception::MISREAD => {
            let label = matches!(meaning, Meaning::Label { .. } | Meaning::Parcels(_));
            label || control == Some(Control::Ok)
        }
        _ => control == Some(Control::Ok),
    }
}

/// The handover this dock is working on.
fn current(at: &Desktop<'_>) -> Option<Handover> {
    let id = at.here()?.handover.as_ref()?;
    at.state.handovers.get(id).cloned()
}

fn control_scan(at: &mut Desktop<'_>, control: Control, param: Option<&str>) {
    set_pending(at, None);
    let now = current(at);
    let state = now.as_ref().map(|h| h.state);
    match (control, now) {
        (Control::Ok, _) => at.warn("Nothing to confirm."),
        (Control::Open, now) => open(at, param, now.as_ref()),
        (Control::Remove, Some(_)) if state == Some(HandoverState::Open) => {
            wait_for(at, Pending::Remove, "Scan the parcel to take out.");
        }
        (Control::Close, Some(h)) if state == Some(HandoverState::Open) => close(at, &h),
        (Control::Back, Some(h)) if state == Some(HandoverState::Closing) => {
            at.emit(
                h.id.as_str(),
                Fact::HandoverReopened {
                    handover: h.id.clone(),
                },
            );
            at.sound(Cue::ItemOk);
        }
        (Control::Confirm, Some(h)) if state == Some(HandoverState::Closing) => confirm(at, &h),
        (Control::Loaded, _) => wait_for(at, Pending::Loaded, "Scan the manifest."),
        (Control::Logout, _) => {
            let subject = at.operator().map(|o| o.to_string()).unwrap_or_default();
            at.emit(&subject, Fact::OperatorChanged { operator: None });
        }
        (Control::Remove | Control::Close, Some(_)) => {
            refuse(at, control, "the handover is not open");
        }
        (Control::Confirm | Control::Back, _) => refuse(at, control, "nothing is being closed"),
        (Control::Remove | Control::Close, None) => refuse(at, control, "no handover is open"),
        (
            Control::Undo
            | Control::Park
            | Control::Resume
            | Control::Abort
            | Control::Box
            | Control::Reweigh
            | Control::Reprint
            | Control::Reason
            | Control::NoLabel
            | Control::Destroyed
            | Control::Void
            | Control::NextBox,
            _,
        ) => refuse(at, control, "it belongs to the bench"),
        (other, _) => refuse(at, other, "this station does not offer it yet"),
    }
}

fn open(at: &mut Desktop<'_>, param: Option<&str>, now: Option<&Handover>) {
    let busy = now.is_some_and(|h| matches!(h.state, HandoverState::Open | HandoverState::Closing));
    if busy {
        at.stop(
            "handover_open",
            None,
            "A handover is still open.",
            "Scan OK, then CLOSE it first.",
        );
        return;
    }
    let Some(carrier) = param.and_then(|t| at.desk.carrier_by_token(t)) else {
        let text = "This carrier is not known here.";
        at.stop(
            "unknown_carrier",
            param,
            text,
            "Scan OK, then another carrier's code.",
        );
        return;
    };
    let count = at.state.counters.handovers.saturating_add(1);
    let id = HandoverId::new(format!("{}-H{count:05}", at.state.station));
    let carrier_name = carrier.name.clone();
    let fact = Fact::HandoverOpened {
        handover: id.clone(),
        carrier: carrier.id,
        carrier_name,
    };
    at.emit(id.as_str(), fact);
    at.say(true, format!("{} is open", carrier.name));
    at.sound(Cue::LineComplete);
}

fn close(at: &mut Desktop<'_>, handover: &Handover) {
    if handover.parcels.is_empty() {
        let reason = "closed without parcels".to_owned();
        let id = handover.id.clone();
        at.emit(
            handover.id.as_str(),
            Fact::HandoverVoided {
                handover: id,
                reason,
            },
        );
        at.say(true, "Closed: nothing was scanned.");
        at.sound(Cue::Warn);
        return;
    }
    let id = handover.id.clone();
    at.emit(handover.id.as_str(), Fact::HandoverClosing { handover: id });
    at.say(true, "Check the counts, then scan CONFIRM.");
    at.sound(Cue::Warn);
}

fn confirm(at: &mut Desktop<'_>, handover: &Handover) {
    let missing: Vec<ParcelId> = missing(at.state, handover)
        .into_iter()
        .map(|p| p.id.clone())
        .collect();
    let parcels = handover.parcels.clone();
    for parcel in &parcels {
        let why = "the counts of the handover were confirmed";
        exception::settle(at, parcel, exception::DUPLICATE, why);
    }
    let id = handover.id.clone();
    let fact = Fact::HandoverClosed {
        handover: id.clone(),
        parcels,
        missing,
    };
    at.emit(handover.id.as_str(), fact);
    at.effect(Effect::Manifest { handover: id });
    at.say(true, "Closed. Print the manifest, load, then scan LOADED.");
    at.sound(Cue::ParcelDone);
}

/// Ready parcels of the handover's carrier that nobody scanned into one.
pub(super) fn missing<'a>(state: &'a State, handover: &Handover) -> Vec<&'a Parcel> {
    waiting_for(state, &handover.carrier)
}

/// Ready parcels of a carrier, not in a handover yet.
pub(super) fn waiting_for<'a>(state: &'a State, carrier: &str) -> Vec<&'a Parcel> {
    let fits = |p: &&Parcel| {
        let order = state.orders.get(&p.order);
        p.stage == Stage::Ready
            && p.assignment.as_ref().is_some_and(|a| a.carrier == carrier)
            && order.is_none_or(|o| o.status != OrderStatus::Cancelled)
    };
    state.parcels.values().filter(fits).collect()
}

/// Closed handovers whose manifest was not made yet.
pub(super) fn undocumented(state: &State) -> Vec<HandoverId> {
    let open = |h: &&Handover| h.state == HandoverState::Closed && h.manifest.is_none();
    state
        .handovers
        .values()
        .filter(open)
        .map(|h| h.id.clone())
        .collect()
}

fn handover_code(at: &mut Desktop<'_>, code: &str, id: &HandoverId) {
    let wanted = pending(at) == Some(Pending::Loaded);
    set_pending(at, None);
    let state = at.state.handovers.get(id).map(|h| h.state);
    match (wanted, state) {
        (true, Some(HandoverState::Closed)) => {
            at.emit(
                id.as_str(),
                Fact::HandoverLoaded {
                    handover: id.clone(),
                },
            );
            at.say(true, format!("{id} is loaded"));
            at.sound(Cue::ParcelDone);
        }
        (true, _) => {
            let text = "This handover is not closed.";
            at.stop(
                "not_closed",
                Some(code),
                text,
                "Scan OK, then CLOSE and CONFIRM it first.",
            );
        }
        (false, _) => at.warn("Scan LOADED first, then the manifest."),
    }
}

fn parcel_scan(at: &mut Desktop<'_>, code: &str, meaning: &Meaning) {
    let waiting = pending(at);
    set_pending(at, None);
    let Some(handover) = current(at) else {
        let text = "No handover is open.";
        at.stop(
            "no_handover",
            Some(code),
            text,
            "Scan the carrier's OPEN code first.",
        );
        return;
    };
    match handover.state {
        HandoverState::Open => {}
        HandoverState::Closing => {
            let fact = Fact::HandoverReopened {
                handover: handover.id.clone(),
            };
            at.emit(handover.id.as_str(), fact);
        }
        HandoverState::Closed | HandoverState::Loaded | HandoverState::Voided => {
            let text = "This handover is closed.";
            let remedy = "Scan OK, then open the next handover for it.";
            at.stop("handover_closed", Some(code), text, remedy);
            return;
        }
    }
    if waiting == Some(Pending::Remove) {
        remove(at, &handover, meaning);
        return;
    }
    match judge(at, &handover, code, meaning) {
        Ok(parcel) => accept(at, &handover, &parcel),
        Err(refused) => reject(at, &handover, code, refused),
    }
}

fn remove(at: &mut Desktop<'_>, handover: &Handover, meaning: &Meaning) {
    let named = parcels_named(at, meaning);
    let Some(parcel) = named
        .iter()
        .find(|p| p.handover.as_ref() == Some(&handover.id))
    else {
        at.warn("This parcel is not in this handover.");
        return;
    };
    let (id, container) = (parcel.id.clone(), handover.id.clone());
    let reason = "taken out of the open handover".to_owned();
    let correction = Fact::FirstScanCorrected {
        parcel: id.clone(),
        handover: container.clone(),
        reason,
    };
    at.emit(id.as_str(), correction);
    at.emit(
        id.as_str(),
        Fact::HandoverRemoved {
            handover: container,
            parcel: id.clone(),
        },
    );
    exception::gone(at, &id, &[exception::DUPLICATE]);
    at.say(true, format!("{id} taken out"));
    at.sound(Cue::Warn);
}

fn accept(at: &mut Desktop<'_>, handover: &Handover, parcel: &Parcel) {
    let seller = at
        .state
        .orders
        .get(&parcel.order)
        .map(|o| o.seller.clone())
        .unwrap_or_default();
    let evidence = at
        .state
        .last_job(parcel)
        .map(|j| j.evidence.iter().copied().collect());
    let fact = Fact::FirstScan {
        parcel: parcel.id.clone(),
        order: parcel.order.clone(),
        seller,
        handover: handover.id.clone(),
        carrier: handover.carrier.clone(),
        tracking_number: parcel.tracking_number().unwrap_or_default().to_owned(),
        evidence: evidence.unwrap_or_default(),
        weight: parcel.weight.clone(),
        provisional: at.rules.hub,
    };
    at.emit(parcel.id.as_str(), fact);
    exception::gone_all(at, &parcel.id);
    journey::handed_over(at, &parcel.id);
    let count = handover.parcels.len().saturating_add(1);
    let all = count.saturating_add(waiting_for(at.state, &handover.carrier).len());
    at.say(true, format!("Accepted {count} of {all}"));
    at.sound(Cue::ItemOk);
}

fn reject(at: &mut Desktop<'_>, handover: &Handover, code: &str, refused: Refused) {
    let Refused {
        reason,
        text,
        remedy,
        parcel,
    } = refused;
    let reject = Reject {
        code: code.to_owned(),
        reason: reason.clone(),
        at: at.stamp.wall,
    };
    let fact = Fact::HandoverRejected {
        handover: handover.id.clone(),
        reject,
    };
    at.emit(handover.id.as_str(), fact);
    if let Some(id) = parcel {
        exception::at_dock(at, &id, &reason, &text);
    }
    let remedy = remedy.unwrap_or_else(|| "Set the parcel aside, then scan OK.".into());
    at.stop(&reason, Some(code), &text, &remedy);
}
