//! `apply`: how each fact changes the records. Total: a fact about an unknown record changes
//! nothing, because replay must never fail.

use super::change::RecordKind;
use super::event::Fact;
use super::handover::{Handover, HandoverState};
use super::ids::{HandoverId, JobId, OperatorId, OrderId, ParcelId, PlaceId};
use super::job::{Evidence, JobState, LabelJob};
use super::order::{Order, OrderStatus};
use super::parcel::{FirstScan, Parcel, Stage};
use super::place::Place;
use super::state::{Context, State};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn apply(state: &mut State, at: Context<'_>, fact: &Fact) {
    match fact {
        Fact::OrderReceived { .. }
        | Fact::OrderChanged { .. }
        | Fact::OrderRefused { .. }
        | Fact::OrderCancelled { .. }
        | Fact::PackingStarted { .. }
        | Fact::PackingParked { .. }
        | Fact::PackingResumed { .. }
        | Fact::PackingCompleted { .. }
        | Fact::PackingAborted { .. } => apply_order(state, at, fact),
        Fact::StopRaised { stop } => {
            let stop = Some(stop.clone());
            place(state, at.place, |p| p.stop = stop);
        }
        Fact::StopCleared { .. } => place(state, at.place, |p| p.stop = None),
        Fact::OperatorChanged { operator } => {
            let operator = operator.clone();
            place(state, at.place, |p| p.operator = operator);
        }
        Fact::ItemVerified { .. }
        | Fact::ItemRejected { .. }
        | Fact::ParcelOpened { .. }
        | Fact::ParcelFilled { .. }
        | Fact::ParcelBoxed { .. }
        | Fact::ParcelWeighed { .. }
        | Fact::ReweighRequested { .. }
        | Fact::ParcelAssigned { .. }
        | Fact::NumberAllocated { .. }
        | Fact::NumberBurnt { .. } => apply_parcel(state, at, fact),
        Fact::LabelRequested { .. }
        | Fact::LabelRendered { .. }
        | Fact::LabelFailed { .. }
        | Fact::LabelQueued { .. }
        | Fact::LabelSending { .. }
        | Fact::LabelSent { .. }
        | Fact::LabelDrained { .. }
        | Fact::LabelCounted { .. }
        | Fact::LabelInDoubt { .. }
        | Fact::LabelVerified { .. }
        | Fact::LabelWasted { .. }
        | Fact::LabelExpired { .. }
        | Fact::LabelCancelled { .. }
        | Fact::LabelVoided { .. } => apply_label(state, at, fact),
        Fact::HandoverOpened { .. }
        | Fact::HandoverRejected { .. }
        | Fact::HandoverRemoved { .. }
        | Fact::HandoverClosing { .. }
        | Fact::HandoverReopened { .. }
        | Fact::HandoverClosed { .. }
        | Fact::HandoverVoided { .. }
        | Fact::HandoverDocumented { .. }
        | Fact::HandoverLoaded { .. }
        | Fact::FirstScan { .. }
        | Fact::FirstScanCorrected { .. } => apply_handover(state, at, fact),
        Fact::ScanCaptured { .. }
        | Fact::ScanIgnored { .. }
        | Fact::DeviceConnected { .. }
        | Fact::DeviceLost { .. }
        | Fact::DeviceFaulted { .. }
        | Fact::ClockStepped { .. }
        | Fact::StationStarted { .. } => {}
    }
}

fn place(state: &mut State, id: Option<&PlaceId>, change: impl FnOnce(&mut Place)) {
    let Some(place) = id.and_then(|id| state.places.get_mut(id)) else {
        return;
    };
    change(place);
    let id = place.id.as_str().to_owned();
    state.touch(RecordKind::Place, &id);
}

fn order(state: &mut State, id: &OrderId, change: impl FnOnce(&mut Order)) {
    if let Some(order) = state.orders.get_mut(id) {
        change(order);
        state.touch(RecordKind::Order, id.as_str());
    }
}

fn parcel(state: &mut State, id: &ParcelId, change: impl FnOnce(&mut Parcel)) {
    if let Some(parcel) = state.parcels.get_mut(id) {
        change(parcel);
        state.touch(RecordKind::Parcel, id.as_str());
    }
}

fn job(state: &mut State, id: &JobId, change: impl FnOnce(&mut LabelJob)) {
    if let Some(job) = state.jobs.get_mut(id) {
        change(job);
        state.touch(RecordKind::Job, id.as_str());
    }
}

fn handover(state: &mut State, id: &HandoverId, change: impl FnOnce(&mut Handover)) {
    if let Some(handover) = state.handovers.get_mut(id) {
        change(handover);
        state.touch(RecordKind::Handover, id.as_str());
    }
}

fn apply_order(state: &mut State, at: Context<'_>, fact: &Fact) {
    match fact {
        Fact::OrderReceived { order } | Fact::OrderChanged { order } => {
            state.orders.insert(order.id.clone(), order.clone());
            state.touch(RecordKind::Order, order.id.as_str());
        }
        Fact::OrderCancelled { order: id, .. } => {
            order(state, id, |o| o.status = OrderStatus::Cancelled);
        }
        Fact::PackingStarted { order: id, .. } => {
            order(state, id, |o| o.status = OrderStatus::Packing);
        }
        Fact::PackingParked {
            order: id,
            parcel: parked,
        } => {
            order(state, id, |o| o.status = OrderStatus::Parked);
            parcel(state, parked, |p| p.parked = true);
            place(state, at.place, |p| p.parcel = None);
        }
        Fact::PackingResumed {
            order: id,
            parcel: resumed,
        } => {
            order(state, id, |o| o.status = OrderStatus::Packing);
            let here = at.place.cloned();
            parcel(state, resumed, |p| {
                p.parked = false;
                p.place = here.unwrap_or_else(|| p.place.clone());
            });
            place(state, at.place, |p| p.parcel = Some(resumed.clone()));
        }
        Fact::PackingCompleted { order: id, .. } => {
            order(state, id, |o| o.status = OrderStatus::Packed);
        }
        Fact::PackingAborted {
            order: id,
            parcel: aborted,
            ..
        } => {
            parcel(state, aborted, |p| p.stage = Stage::Aborted);
            leave_place(state, aborted);
            reopen_order(state, id);
        }
        _ => {}
    }
}

/// The parcel is no longer the open one of any place.
fn leave_place(state: &mut State, id: &ParcelId) {
    let holds = |p: &&Place| p.parcel.as_ref() == Some(id);
    let holder = state.places.values().find(holds).map(|p| p.id.clone());
    place(state, holder.as_ref(), |p| p.parcel = None);
}

/// After a parcel was given up its pieces are wanted again.
fn reopen_order(state: &mut State, id: &OrderId) {
    order(state, id, |o| {
        if o.status != OrderStatus::Cancelled {
            o.status = OrderStatus::Waiting;
        }
    });
}

fn apply_parcel(state: &mut State, at: Context<'_>, fact: &Fact) {
    match fact {
        Fact::ParcelOpened {
            parcel: id,
            order,
            n,
        } => open_parcel(state, at, id, order, *n),
        Fact::ItemVerified {
            parcel: id,
            sku,
            mass,
            ..
        } => parcel(state, id, |p| {
            *p.items.entry(sku.clone()).or_insert(0) += 1;
            p.trail.push(sku.clone());
            p.items_mass = match (p.items_mass, mass) {
                (Some(sum), Some(piece)) => sum.checked_add(*piece),
                _ => None,
            };
            p.piece_masses.push(*mass);
        }),
        Fact::ItemRejected {
            parcel: id, sku, ..
        } => parcel(state, id, |p| {
            if let Some(at) = p.trail.iter().rposition(|s| s == sku) {
                p.trail.remove(at);
                if at < p.piece_masses.len() {
                    p.piece_masses.remove(at);
                }
                let left = p.items.get(sku).copied().unwrap_or(0).saturating_sub(1);
                if left == 0 {
                    p.items.remove(sku);
                } else {
                    p.items.insert(sku.clone(), left);
                }
                p.items_mass = sum(&p.piece_masses);
            }
            p.stage = Stage::Verifying;
        }),
        Fact::ParcelFilled { parcel: id, of } => {
            parcel(state, id, |p| p.stage = Stage::Weighing);
            let order = state.parcels.get(id).map(|p| p.order.clone());
            if let (Some(of), Some(order)) = (of, order) {
                let all: Vec<ParcelId> = state.parcels_of(&order).map(|p| p.id.clone()).collect();
                for id in all {
                    parcel(state, &id, |p| p.of = Some(*of));
                }
            }
        }
        Fact::ParcelBoxed {
            parcel: id,
            box_type,
        } => {
            parcel(state, id, |p| p.box_type = Some(box_type.clone()));
        }
        Fact::ParcelWeighed {
            parcel: id, weight, ..
        } => {
            parcel(state, id, |p| p.weight = Some(weight.clone()));
        }
        Fact::ReweighRequested { parcel: id } => parcel(state, id, |p| p.weight = None),
        Fact::ParcelAssigned {
            parcel: id,
            assignment,
        } => {
            parcel(state, id, |p| p.assignment = Some(assignment.clone()));
        }
        Fact::NumberAllocated {
            parcel: id, number, ..
        } => {
            if let (Some(range), Some(serial)) = (&number.range, number.serial) {
                let next = state.counters.ranges.entry(range.clone()).or_insert(0);
                *next = (*next).max(serial.saturating_add(1));
                state.touch(RecordKind::Station, "station");
            }
            parcel(state, id, |p| p.number = Some(number.clone()));
        }
        Fact::NumberBurnt { parcel: id, .. } => parcel(state, id, |p| p.burnt = true),
        _ => {}
    }
}

fn sum(masses: &[Option<firstscan_drivers::mass::Mass>]) -> Option<firstscan_drivers::mass::Mass> {
    let zero = firstscan_drivers::mass::Mass::from_ng(0);
    masses
        .iter()
        .try_fold(zero, |sum, piece| sum.checked_add((*piece)?))
}

fn open_parcel(state: &mut State, at: Context<'_>, id: &ParcelId, order: &OrderId, n: u32) {
    let Some(place_id) = at.place.cloned() else {
        return;
    };
    state.counters.parcels += 1;
    state.touch(RecordKind::Station, "station");
    state.put_parcel(Parcel {
        id: id.clone(),
        order: order.clone(),
        place: place_id,
        operator: at
            .operator
            .cloned()
            .unwrap_or_else(|| OperatorId::new("unknown")),
        stage: Stage::Verifying,
        parked: false,
        n,
        of: None,
        items: BTreeMap::new(),
        trail: Vec::new(),
        items_mass: Some(firstscan_drivers::mass::Mass::from_ng(0)),
        piece_masses: Vec::new(),
        box_type: None,
        weight: None,
        assignment: None,
        number: None,
        burnt: false,
        jobs: Vec::new(),
        handover: None,
        ready_at: None,
        first_scan: None,
        opened_at: at.wall,
    });
    state.touch(RecordKind::Parcel, id.as_str());
    place(state, at.place, |p| p.parcel = Some(id.clone()));
}

fn apply_label(state: &mut State, at: Context<'_>, fact: &Fact) {
    match fact {
        Fact::LabelRequested {
            job: id,
            parcel: owner,
            copy,
            reason,
        } => {
            let Some(place_id) = at.place.cloned() else {
                return;
            };
            let fresh = LabelJob {
                id: id.clone(),
                parcel: owner.clone(),
                place: place_id,
                state: JobState::Rendering,
                evidence: BTreeSet::new(),
                copy: *copy,
                reason: reason.clone(),
                picture: None,
                counter_before: None,
                destroyed: false,
            };
            state.jobs.insert(id.clone(), fresh);
            state.touch(RecordKind::Job, id.as_str());
            parcel(state, owner, |p| {
                p.jobs.push(id.clone());
                p.stage = Stage::Labelling;
            });
            place(state, at.place, |p| p.parcel = Some(owner.clone()));
        }
        Fact::LabelRendered {
            job: id, picture, ..
        } => {
            job(state, id, |j| j.picture = Some(picture.clone()));
        }
        Fact::LabelFailed { job: id, .. } => job(state, id, |j| j.state = JobState::Failed),
        Fact::LabelQueued { job: id } => job(state, id, |j| j.state = JobState::Queued),
        Fact::LabelSending {
            job: id,
            counter_before,
        } => {
            job(state, id, |j| {
                j.state = JobState::Sending;
                j.counter_before = *counter_before;
            });
            stage_of_job(state, id, Stage::ScanBack);
        }
        Fact::LabelSent { job: id, .. } => add_evidence(state, id, Evidence::Sent),
        Fact::LabelDrained { job: id } => add_evidence(state, id, Evidence::Drained),
        Fact::LabelCounted { job: id, .. } => add_evidence(state, id, Evidence::Counted),
        Fact::LabelInDoubt { job: id, .. } => job(state, id, |j| j.state = JobState::InDoubt),
        Fact::LabelVerified {
            job: id,
            parcel: owner,
            ..
        } => {
            job(state, id, |j| {
                j.state = JobState::Verified;
                j.evidence.insert(Evidence::Verified);
            });
            let wall = at.wall;
            parcel(state, owner, |p| {
                p.stage = Stage::Ready;
                p.ready_at = Some(wall);
            });
            leave_place(state, owner);
        }
        Fact::LabelWasted { job: id, .. } => job(state, id, |j| {
            j.state = JobState::Wasted;
            j.destroyed = true;
        }),
        Fact::LabelExpired { job: id } => job(state, id, |j| j.state = JobState::Expired),
        Fact::LabelCancelled { job: id, .. } => job(state, id, |j| j.state = JobState::Cancelled),
        Fact::LabelVoided { parcel: owner, .. } => {
            parcel(state, owner, |p| p.stage = Stage::Voided);
            leave_place(state, owner);
            if let Some(order) = state.parcels.get(owner).map(|p| p.order.clone()) {
                reopen_order(state, &order);
            }
        }
        _ => {}
    }
}

/// Evidence is added; `sending` and `in_doubt` end with it, a finished job keeps its state.
fn add_evidence(state: &mut State, id: &JobId, evidence: Evidence) {
    job(state, id, |j| {
        j.evidence.insert(evidence);
        if matches!(j.state, JobState::Sending | JobState::InDoubt) {
            j.state = JobState::Sent;
        }
    });
}

fn stage_of_job(state: &mut State, id: &JobId, stage: Stage) {
    if let Some(owner) = state.jobs.get(id).map(|j| j.parcel.clone()) {
        parcel(state, &owner, |p| p.stage = stage);
    }
}

fn apply_handover(state: &mut State, at: Context<'_>, fact: &Fact) {
    match fact {
        Fact::HandoverOpened {
            handover: id,
            carrier,
            carrier_name,
        } => {
            let Some(place_id) = at.place.cloned() else {
                return;
            };
            state.counters.handovers += 1;
            state.touch(RecordKind::Station, "station");
            let fresh = Handover {
                id: id.clone(),
                place: place_id,
                carrier: carrier.clone(),
                carrier_name: carrier_name.clone(),
                state: HandoverState::Open,
                parcels: Vec::new(),
                rejects: Vec::new(),
                opened_at: at.wall,
                closed_at: None,
                manifest: None,
            };
            state.handovers.insert(id.clone(), fresh);
            state.touch(RecordKind::Handover, id.as_str());
            place(state, at.place, |p| p.handover = Some(id.clone()));
        }
        Fact::HandoverRejected {
            handover: id,
            reject,
        } => {
            handover(state, id, |h| h.rejects.push(reject.clone()));
        }
        Fact::FirstScan {
            parcel: id,
            handover: into,
            provisional,
            ..
        } => {
            let scan = at
                .place
                .zip(at.operator)
                .map(|(place, operator)| FirstScan {
                    at: at.wall,
                    place: place.clone(),
                    operator: operator.clone(),
                    handover: into.clone(),
                    provisional: *provisional,
                });
            parcel(state, id, |p| {
                p.stage = Stage::HandedOver;
                p.handover = Some(into.clone());
                p.first_scan = scan;
            });
            handover(state, into, |h| h.parcels.push(id.clone()));
        }
        Fact::HandoverRemoved {
            handover: id,
            parcel: removed,
        } => {
            handover(state, id, |h| h.parcels.retain(|p| p != removed));
            parcel(state, removed, |p| {
                p.stage = Stage::Ready;
                p.handover = None;
            });
        }
        Fact::FirstScanCorrected { parcel: id, .. } => parcel(state, id, |p| p.first_scan = None),
        Fact::HandoverClosing { handover: id } => {
            handover(state, id, |h| h.state = HandoverState::Closing);
        }
        Fact::HandoverReopened { handover: id } => {
            handover(state, id, |h| h.state = HandoverState::Open);
        }
        Fact::HandoverClosed { handover: id, .. } => {
            let wall = at.wall;
            handover(state, id, |h| {
                h.state = HandoverState::Closed;
                h.closed_at = Some(wall);
            });
        }
        Fact::HandoverVoided { handover: id, .. } => end_handover(state, id, HandoverState::Voided),
        Fact::HandoverDocumented {
            handover: id,
            manifest,
        } => {
            handover(state, id, |h| h.manifest = Some(manifest.clone()));
        }
        Fact::HandoverLoaded { handover: id } => end_handover(state, id, HandoverState::Loaded),
        _ => {}
    }
}

fn end_handover(state: &mut State, id: &HandoverId, end: HandoverState) {
    handover(state, id, |h| h.state = end);
    let holds = |p: &&Place| p.handover.as_ref() == Some(id);
    let holder = state.places.values().find(holds).map(|p| p.id.clone());
    place(state, holder.as_ref(), |p| p.handover = None);
}
