//! How handover facts change handovers, parcels and docks.

use super::{handover, parcel, place};
use crate::domain::change::RecordKind;
use crate::domain::event::Fact;
use crate::domain::handover::{Handover, HandoverState};
use crate::domain::ids::HandoverId;
use crate::domain::parcel::{FirstScan, Stage};
use crate::domain::place::Place;
use crate::domain::state::{Context, State};

pub(super) fn apply_handover(state: &mut State, at: Context<'_>, fact: &Fact) {
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
        Fact::FirstScanCorrected { parcel: id, .. } => parcel(state, id, |p| {
            p.first_scan = None;
            // Ours counted from that scan; what the carrier knows better stands.
            if p.carrier_scans.is_empty() {
                p.estimate = None;
            }
        }),
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
