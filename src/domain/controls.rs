//! Control barcodes at the bench, and the codes that wait for one more scan.

use super::Cue;
use super::bench;
use super::effect::Effect;
use super::event::Fact;
use super::exception;
use super::ids::{JobId, PlaceId};
use super::job::{Evidence, JobState};
use super::parcel::{Parcel, Stage};
use super::place::Pending;
use super::scan::{Meaning, names_parcel};
use super::step::Desktop;
use super::weigh;
use crate::content::control::Control;

/// A control code at a bench with an operator.
pub(super) fn at_bench(at: &mut Desktop<'_>, control: Control, param: Option<&str>) {
    if control != Control::Reason {
        set_pending(at, None);
    }
    match control {
        Control::Ok => at.warn("Nothing to confirm."),
        Control::Undo => undo(at),
        Control::Park => park(at),
        Control::Resume => wait_for(
            at,
            Pending::Resume,
            "Scan the parked parcel's tag or order.",
        ),
        Control::Abort => abort(at, "given up at the bench"),
        Control::Box => choose_box(at, param),
        Control::Reweigh => reweigh(at),
        Control::Reprint => reprint(at),
        Control::Reason => reason(at, param),
        Control::NoLabel => no_label(at),
        Control::Destroyed => wait_for(at, Pending::Destroyed, "Scan the old label."),
        Control::Void => wait_for(at, Pending::Void, "Scan the label to void."),
        Control::NextBox => next_box(at),
        Control::Zero => command(at, |place| Effect::Zero { place }),
        Control::Tare => command(at, |place| Effect::Tare { place }),
        Control::Logout => {
            if at.parcel().is_some() {
                at.warn("Finish or park the parcel first.");
            } else {
                let subject = at.operator().map(|o| o.to_string()).unwrap_or_default();
                at.emit(&subject, Fact::OperatorChanged { operator: None });
            }
        }
        Control::Open | Control::Remove | Control::Close | Control::Confirm | Control::Loaded => {
            refuse(at, control, "it belongs to the dock");
        }
        other => refuse(at, other, "this station does not offer it yet"),
    }
}

/// A control code that has no meaning here: recognised and refused with the reason.
pub(super) fn refuse(at: &mut Desktop<'_>, control: Control, why: &str) {
    let text = format!("{} is not possible: {why}.", control.name());
    at.stop(
        "control_refused",
        Some(control.name()),
        &text,
        "Scan OK and go on.",
    );
}

fn command(at: &mut Desktop<'_>, effect: impl FnOnce(PlaceId) -> Effect) {
    if let Some(place) = at.place.clone() {
        at.effect(effect(place));
        at.sound(Cue::ItemOk);
    }
}

pub(super) fn set_pending(at: &mut Desktop<'_>, pending: Option<Pending>) {
    if let Some(place) = at.place.clone() {
        at.live.place(&place).pending = pending;
    }
}

pub(super) fn pending(at: &Desktop<'_>) -> Option<Pending> {
    at.place
        .as_ref()
        .and_then(|p| at.live.places.get(p))
        .and_then(|l| l.pending.clone())
}

pub(super) fn wait_for(at: &mut Desktop<'_>, pending: Pending, text: &str) {
    set_pending(at, Some(pending));
    at.say(true, text);
    at.sound(Cue::ItemOk);
}

fn undo(at: &mut Desktop<'_>) {
    let open = at
        .parcel()
        .filter(|p| p.stage <= Stage::Weighing && p.weight.is_none())
        .cloned();
    let Some((parcel, sku)) = open.and_then(|p| p.trail.last().cloned().map(|sku| (p, sku))) else {
        at.warn("Nothing to undo.");
        return;
    };
    let reason = "undo".to_owned();
    let fact = Fact::ItemRejected {
        parcel: parcel.id.clone(),
        sku: sku.clone(),
        reason,
    };
    at.emit(parcel.id.as_str(), fact);
    at.say(true, format!("{sku} taken out"));
    at.sound(Cue::ItemOk);
}

fn park(at: &mut Desktop<'_>) {
    let Some(parcel) = at.parcel().cloned() else {
        at.warn("Nothing to park.");
        return;
    };
    if parcel.stage > Stage::Weighing {
        at.warn("Finish the label first.");
        return;
    }
    let fact = Fact::PackingParked {
        order: parcel.order.clone(),
        parcel: parcel.id.clone(),
    };
    at.emit(parcel.id.as_str(), fact);
    at.say(true, format!("Parked {}", parcel.id));
    at.sound(Cue::ItemOk);
}

/// Gives the open parcel up: its label is taken back, its number burnt, its pieces wanted again.
pub(super) fn abort(at: &mut Desktop<'_>, why: &str) {
    let Some(parcel) = at.parcel().cloned() else {
        at.warn("Nothing to give up.");
        return;
    };
    let subject = parcel.id.as_str();
    for job in parcel
        .jobs
        .iter()
        .filter_map(|id| at.state.jobs.get(id))
        .cloned()
        .collect::<Vec<_>>()
    {
        let reason = format!("parcel given up: {why}");
        let id = job.id.clone();
        match job.state {
            JobState::Rendering | JobState::Queued => {
                at.live.queued.remove(&id);
                at.emit(
                    subject,
                    Fact::LabelCancelled {
                        job: id.clone(),
                        reason,
                    },
                );
                at.effect(Effect::DropJob {
                    job: id,
                    place: job.place,
                });
            }
            JobState::Sending | JobState::Sent | JobState::InDoubt | JobState::Verified => {
                at.emit(subject, Fact::LabelWasted { job: id, reason });
            }
            _ => {}
        }
    }
    burn(at, &parcel, why);
    let fact = Fact::PackingAborted {
        order: parcel.order.clone(),
        parcel: parcel.id.clone(),
        reason: why.to_owned(),
    };
    at.emit(subject, fact);
    exception::gone_all(at, &parcel.id);
    at.say(true, format!("{} given up", parcel.id));
    at.sound(Cue::Warn);
}

fn burn(at: &mut Desktop<'_>, parcel: &Parcel, reason: &str) {
    if let Some(number) = parcel.number.clone().filter(|_| !parcel.burnt) {
        let reason = reason.to_owned();
        let fact = Fact::NumberBurnt {
            parcel: parcel.id.clone(),
            number,
            reason,
        };
        at.emit(parcel.id.as_str(), fact);
    }
}

fn choose_box(at: &mut Desktop<'_>, param: Option<&str>) {
    let open = at
        .parcel()
        .filter(|p| p.stage <= Stage::Weighing && p.weight.is_none())
        .cloned();
    let Some(parcel) = open else {
        at.warn("A box is chosen before the weight is taken.");
        return;
    };
    let Some(chosen) = param.and_then(|t| at.desk.box_by_token(t)) else {
        at.stop(
            "unknown_box",
            param,
            "This box is not known.",
            "Scan OK, then another box code.",
        );
        return;
    };
    let fact = Fact::ParcelBoxed {
        parcel: parcel.id.clone(),
        box_type: chosen.id,
    };
    at.emit(parcel.id.as_str(), fact);
    at.say(true, chosen.name);
    at.sound(Cue::ItemOk);
    weigh::try_capture(at);
}

fn reweigh(at: &mut Desktop<'_>) {
    let Some(parcel) = at.parcel().filter(|p| p.stage == Stage::Weighing).cloned() else {
        at.warn("Too late to weigh again: ABORT and start over.");
        return;
    };
    if parcel.weight.is_some() || parcel.size.is_some() {
        at.emit(
            parcel.id.as_str(),
            Fact::ReweighRequested {
                parcel: parcel.id.clone(),
            },
        );
    }
    if let Some(place) = at.place.clone() {
        at.live.place(&place).empty_seen = None;
    }
    at.say(true, "Take the parcel off, then put it on again.");
    at.sound(Cue::ItemOk);
}

/// The parcel whose label REPRINT and NOLABEL are about: the open one, else the last finished.
fn labelled(at: &Desktop<'_>) -> Option<Parcel> {
    if let Some(open) = at.parcel() {
        let labelled = matches!(open.stage, Stage::Labelling | Stage::ScanBack);
        return labelled.then(|| open.clone());
    }
    let last = at
        .place
        .as_ref()
        .and_then(|p| at.live.places.get(p))?
        .last_parcel
        .as_ref()?;
    at.state
        .parcels
        .get(last)
        .filter(|p| p.stage == Stage::Ready)
        .cloned()
}

fn reprint(at: &mut Desktop<'_>) {
    let Some(parcel) = labelled(at) else {
        at.warn("There is no label to print again.");
        return;
    };
    if still_printing(at, &parcel) {
        at.warn("The label is still on its way.");
        return;
    }
    wait_for(at, Pending::Reprint, "Why? Scan a reason.");
}

fn still_printing(at: &Desktop<'_>, parcel: &Parcel) -> bool {
    let state = at.state.last_job(parcel).map(|j| j.state);
    matches!(
        state,
        Some(JobState::Rendering | JobState::Queued | JobState::Sending)
    )
}

fn reason(at: &mut Desktop<'_>, param: Option<&str>) {
    if pending(at) != Some(Pending::Reprint) {
        at.warn("A reason is wanted only after REPRINT.");
        return;
    }
    let Some(reason) = param.and_then(|t| at.desk.reason(t)) else {
        at.warn("This reason is not known. Scan another.");
        return;
    };
    set_pending(at, None);
    match labelled(at) {
        Some(parcel) if !still_printing(at, &parcel) => {
            weigh::request_label(at, &parcel.id, Some(reason));
            at.say(true, "A new label comes. Destroy the old one.");
            at.sound(Cue::ItemOk);
        }
        _ => at.warn("There is no label to print again."),
    }
}

/// "No label came out": the job is wasted, and a new one follows with the reason.
fn no_label(at: &mut Desktop<'_>) {
    let Some(parcel) = at.parcel().filter(|p| p.stage >= Stage::Labelling).cloned() else {
        at.warn("No label is wanted now.");
        return;
    };
    let Some(job) = at.state.last_job(&parcel).cloned() else {
        return;
    };
    match job.state {
        JobState::Rendering | JobState::Queued | JobState::Sending => {
            at.warn("The label is still on its way.");
        }
        JobState::Sent if job.evidence.contains(&Evidence::Counted) => {
            let text = "The printer counted this label.";
            let remedy = "Look again and scan it, or scan REPRINT and a reason.";
            at.stop("no_label_counted", None, text, remedy);
        }
        JobState::Sent | JobState::InDoubt => {
            let reason = "no label came out".to_owned();
            let fact = Fact::LabelWasted {
                job: job.id,
                reason,
            };
            at.emit(parcel.id.as_str(), fact);
            weigh::request_label(at, &parcel.id, Some("no_label".into()));
            at.say(true, "A new label comes.");
            at.sound(Cue::ItemOk);
        }
        _ => {
            weigh::request_label(at, &parcel.id, Some("no_label".into()));
            at.say(true, "A new label comes.");
        }
    }
}

/// The box is full: weigh and label it, the rest goes into the next one.
fn next_box(at: &mut Desktop<'_>) {
    let open = at
        .parcel()
        .filter(|p| p.stage == Stage::Verifying && p.pieces() > 0)
        .cloned();
    match open {
        Some(parcel) => {
            bench::fill(at, &parcel.id, None);
            at.say(true, "Weigh this box. The next one follows.");
            at.sound(Cue::ItemOk);
        }
        None => at.warn("Put at least one item into this box first."),
    }
}

/// A scan that completes RESUME, DESTROYED or VOID; false if nothing was waiting.
pub(super) fn pending_at_bench(at: &mut Desktop<'_>, code: &str, meaning: &Meaning) -> bool {
    let Some(pending) = pending(at) else {
        return false;
    };
    match pending {
        Pending::Resume => resume(at, code, meaning),
        Pending::Destroyed => destroyed(at, code, meaning),
        Pending::Void => void(at, code, meaning),
        Pending::Reprint | Pending::Remove | Pending::Loaded => {
            set_pending(at, None);
            return false;
        }
    }
    set_pending(at, None);
    true
}

fn resume(at: &mut Desktop<'_>, code: &str, meaning: &Meaning) {
    let order = match meaning {
        Meaning::Order(id) => Some(id.clone()),
        _ => parcels_named(at, meaning).first().map(|p| p.order.clone()),
    };
    let parked = order.and_then(|o| at.state.parcels_of(&o).find(|p| p.parked).cloned());
    match parked {
        Some(_) if at.parcel().is_some() => {
            let remedy = "Finish the open one, or scan PARK.";
            at.stop(
                "second_order",
                Some(code),
                "Another order is still open.",
                remedy,
            );
        }
        Some(parcel) => bench::resume(at, &parcel),
        None => at.warn("Nothing is parked under this code."),
    }
}

/// Live parcels a label or parcel code leads to.
pub(super) fn parcels_named(at: &Desktop<'_>, meaning: &Meaning) -> Vec<Parcel> {
    let ids = match meaning {
        Meaning::Label { parcel, .. } => vec![parcel.clone()],
        Meaning::Parcels(ids) => ids.clone(),
        _ => vec![],
    };
    ids.iter()
        .filter_map(|id| at.state.parcels.get(id))
        .cloned()
        .collect()
}

/// The fate of an old copy is stated: its own square code, or the number on an older copy.
fn destroyed(at: &mut Desktop<'_>, code: &str, meaning: &Meaning) {
    let newest = |p: &Parcel| p.jobs.last().cloned();
    let old: Option<JobId> = match meaning {
        Meaning::Label { parcel, job } => {
            let parcel = at.state.parcels.get(parcel);
            parcel
                .filter(|p| newest(p).as_ref() != Some(job))
                .map(|_| job.clone())
        }
        _ => at
            .parcel()
            .filter(|p| names_parcel(p.tracking_number(), &p.id, code))
            .and_then(|p| {
                p.jobs
                    .iter()
                    .rev()
                    .skip(1)
                    .find(|id| may_exist(at, id))
                    .cloned()
            }),
    };
    let old = old.or_else(|| void_copy(at, meaning));
    let owner = old
        .as_ref()
        .and_then(|id| at.state.jobs.get(id))
        .map(|j| j.parcel.clone());
    match (old, owner) {
        (Some(job), Some(parcel)) => {
            let reason = "destroyed".to_owned();
            at.emit(parcel.as_str(), Fact::LabelWasted { job, reason });
            for code in [exception::OLD_COPY, exception::VOIDED] {
                exception::settle(at, &parcel, code, "the label was destroyed");
            }
            at.say(true, "The old label is written off.");
            at.sound(Cue::ItemOk);
        }
        _ => at.warn("This is no old copy of a label."),
    }
}

/// The label of a parcel that was voided or given up: any copy of it is an old one.
fn void_copy(at: &Desktop<'_>, meaning: &Meaning) -> Option<JobId> {
    let named = parcels_named(at, meaning);
    let void = |p: &&Parcel| matches!(p.stage, Stage::Voided | Stage::Aborted);
    let mut jobs = named.iter().find(void)?.jobs.iter().rev();
    jobs.find(|id| may_exist(at, id)).cloned()
}

fn may_exist(at: &Desktop<'_>, id: &JobId) -> bool {
    at.state
        .jobs
        .get(id)
        .is_some_and(super::job::LabelJob::may_exist)
}

/// VOID: the label must never leave; its number is burnt.
fn void(at: &mut Desktop<'_>, code: &str, meaning: &Meaning) {
    let found = parcels_named(at, meaning);
    let Some(parcel) = found
        .iter()
        .find(|p| !matches!(p.stage, Stage::Aborted | Stage::Voided))
    else {
        at.warn("No live parcel bears this label.");
        return;
    };
    if parcel.stage == Stage::HandedOver {
        let text = "This parcel is in a handover.";
        at.stop(
            "void_refused",
            Some(code),
            text,
            "Take it out at the dock with REMOVE first.",
        );
        return;
    }
    let Some(number) = parcel.number.clone() else {
        at.warn("This parcel has no label yet. Scan ABORT instead.");
        return;
    };
    let parcel = parcel.clone();
    burn(at, &parcel, "voided");
    let fact = Fact::LabelVoided {
        parcel: parcel.id.clone(),
        tracking_number: number.tracking_number,
    };
    at.emit(parcel.id.as_str(), fact);
    exception::gone_all(at, &parcel.id);
    at.say(true, format!("{} is void. Destroy its label.", parcel.id));
    at.sound(Cue::Warn);
}
