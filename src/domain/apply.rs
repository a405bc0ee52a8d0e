//! `apply`: how each fact changes the records. Total: a fact about an unknown record changes
//! nothing, because replay must never fail.

mod handovers;
mod labels;

use super::change::RecordKind;
use super::event::Fact;
use super::handover::Handover;
use super::ids::{HandoverId, JobId, OperatorId, OrderId, ParcelId, PlaceId};
use super::job::LabelJob;
use super::order::{Order, OrderStatus};
use super::parcel::{Number, Parcel, Stage};
use super::place::Place;
use super::state::{Context, Lease, State};
use super::{exception, journey, serials};
use handovers::apply_handover;
use labels::apply_label;
use std::collections::BTreeMap;

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
        | Fact::ParcelMeasured { .. }
        | Fact::SizeWaived { .. }
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
        Fact::EstimateChanged { .. }
        | Fact::ParcelException { .. }
        | Fact::ExceptionResolved { .. }
        | Fact::CarrierAccepted { .. }
        | Fact::CarrierMoved { .. } => apply_journey(state, fact),
        Fact::NumberIssued { number, .. } => use_number(state, at, number),
        Fact::NumberLeased { range, first, last } => {
            let lease = Lease {
                first: *first,
                last: *last,
            };
            let leases = state.counters.leases.entry(range.clone()).or_default();
            if !leases.contains(&lease) {
                leases.push(lease);
            }
            state.touch(RecordKind::Station, "station");
        }
        Fact::ScanCaptured { .. }
        | Fact::ScanIgnored { .. }
        | Fact::NumberRanLow { .. }
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
        Fact::ParcelMeasured { parcel: id, size } => {
            parcel(state, id, |p| p.size = Some(size.clone()));
        }
        Fact::SizeWaived { parcel: id } => parcel(state, id, |p| p.size_waived = true),
        Fact::ReweighRequested { parcel: id } => parcel(state, id, |p| {
            p.weight = None;
            p.size = None;
            p.size_waived = false;
            p.settled.retain(|code| code != exception::OVER_LIMIT);
        }),
        Fact::ParcelAssigned {
            parcel: id,
            assignment,
        } => {
            parcel(state, id, |p| p.assignment = Some(assignment.clone()));
        }
        Fact::NumberAllocated {
            parcel: id, number, ..
        } => {
            use_number(state, at, number);
            parcel(state, id, |p| {
                p.number = Some(number.clone());
                p.burnt = false;
            });
        }
        Fact::NumberBurnt { parcel: id, .. } => parcel(state, id, |p| p.burnt = true),
        _ => {}
    }
}

fn use_number(state: &mut State, at: Context<'_>, number: &Number) {
    if let (Some(range), Some(serial)) = (&number.range, number.serial) {
        let counters = &mut state.counters;
        serials::note(counters, range, serial, number.reuse_days, at.wall);
        state.touch(RecordKind::Station, "station");
    }
}

/// What becomes of a parcel beside its packing: estimates, exceptions, the carrier's own scans.
fn apply_journey(state: &mut State, fact: &Fact) {
    match fact {
        Fact::EstimateChanged {
            parcel: id,
            estimate,
            ..
        } => parcel(state, id, |p| p.estimate = Some(estimate.clone())),
        Fact::ParcelException {
            parcel: id,
            exception,
        } => parcel(state, id, |p| {
            p.exceptions.retain(|open| open.code != exception.code);
            p.exceptions.push(exception.clone());
        }),
        Fact::ExceptionResolved {
            parcel: id,
            code,
            by,
            ..
        } => parcel(state, id, |p| {
            p.exceptions.retain(|open| open.code != *code);
            let lasting = by != exception::STATION && exception::is_confirmable(code);
            if lasting && !p.settled.contains(code) {
                p.settled.push(code.clone());
            }
        }),
        Fact::CarrierAccepted { parcel: id, scan } | Fact::CarrierMoved { parcel: id, scan } => {
            parcel(state, id, |p| {
                if p.carrier_scans.len() < journey::SCANS_MAX {
                    p.carrier_scans.push(scan.clone());
                }
            });
        }
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
        size: None,
        size_waived: false,
        assignment: None,
        number: None,
        burnt: false,
        jobs: Vec::new(),
        handover: None,
        ready_at: None,
        first_scan: None,
        estimate: None,
        exceptions: Vec::new(),
        settled: Vec::new(),
        carrier_scans: Vec::new(),
        opened_at: at.wall,
    });
    state.touch(RecordKind::Parcel, id.as_str());
    place(state, at.place, |p| p.parcel = Some(id.clone()));
}
