//! How label facts change jobs and parcels.

use super::{job, leave_place, parcel, place, reopen_order};
use crate::domain::change::RecordKind;
use crate::domain::event::Fact;
use crate::domain::ids::JobId;
use crate::domain::job::{Evidence, JobState, LabelJob};
use crate::domain::parcel::Stage;
use crate::domain::state::{Context, State};
use std::collections::BTreeSet;

pub(super) fn apply_label(state: &mut State, at: Context<'_>, fact: &Fact) {
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
