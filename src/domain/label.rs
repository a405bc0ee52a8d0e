//! Label jobs: queued, sending, sent, in doubt, verified. Nothing is called printed on less than
//! evidence, and nothing prints twice by itself.

use super::Cue;
use super::bench;
use super::controls::parcels_named;
use super::effect::Effect;
use super::event::Fact;
use super::ids::{JobId, ParcelId};
use super::input::{PrintStep, RenderedLabel, Unlabelled};
use super::job::{Evidence, JobState, LabelJob};
use super::order::OrderStatus;
use super::parcel::{Parcel, Stage};
use super::scan::{Meaning, names_parcel};
use super::step::Desktop;
use super::{exception, reading};

/// The picture is ready, or cannot be made.
pub(super) fn rendered(
    at: &mut Desktop<'_>,
    id: &JobId,
    outcome: &Result<RenderedLabel, Unlabelled>,
) {
    let Some(job) = at.state.jobs.get(id).cloned() else {
        return;
    };
    if job.state != JobState::Rendering {
        return;
    }
    at.place = Some(job.place.clone());
    let subject = job.parcel.as_str();
    if let Some(reason) = unwanted(at, &job) {
        at.emit(
            subject,
            Fact::LabelCancelled {
                job: id.clone(),
                reason,
            },
        );
        return;
    }
    match outcome {
        Ok(label) => {
            let picture = label.picture.clone();
            let symbols = label.symbols;
            at.emit(
                subject,
                Fact::LabelRendered {
                    job: id.clone(),
                    picture,
                    symbols,
                },
            );
            let unprintable = [exception::ADDRESS, exception::LABEL];
            exception::gone(at, &job.parcel, &unprintable);
            at.emit(subject, Fact::LabelQueued { job: id.clone() });
            at.live.queued.insert(id.clone(), at.stamp.mono);
            at.effect(Effect::Submit {
                job: id.clone(),
                place: job.place,
            });
        }
        Err(unlabelled) => failed(at, &job, unlabelled),
    }
}

/// The picture cannot be made: an exception of the parcel, and red.
fn failed(at: &mut Desktop<'_>, job: &LabelJob, unlabelled: &Unlabelled) {
    let Unlabelled { address, problems } = unlabelled;
    let fact = Fact::LabelFailed {
        job: job.id.clone(),
        problems: problems.clone(),
    };
    at.emit(job.parcel.as_str(), fact);
    let first = problems
        .first()
        .map_or("The label cannot be made.", String::as_str);
    let (code, remedy) = match address {
        true => (
            exception::ADDRESS,
            "Ask the office for the full address. Scan ABORT.",
        ),
        false => (
            exception::LABEL,
            "Call the supervisor. Scan ABORT, or REPRINT and a reason.",
        ),
    };
    exception::raise(at, &job.parcel, exception::of(code, first, remedy));
    at.stop("label_failed", None, first, remedy);
}

/// Why a label that has not left yet must not leave.
fn unwanted(at: &Desktop<'_>, job: &LabelJob) -> Option<String> {
    let parcel = at.state.parcels.get(&job.parcel)?;
    let order = at.state.orders.get(&parcel.order);
    if matches!(parcel.stage, Stage::Aborted | Stage::Voided) {
        return Some("the parcel was given up".into());
    }
    order
        .is_some_and(|o| o.status == OrderStatus::Cancelled)
        .then(|| "order cancelled".into())
}

/// News from the printer. Evidence is only ever added.
pub(super) fn printed(at: &mut Desktop<'_>, id: &JobId, step: &PrintStep) {
    let Some(job) = at.state.jobs.get(id).cloned() else {
        return;
    };
    at.place = Some(job.place.clone());
    let subject = job.parcel.as_str();
    let job_id = id.clone();
    match step {
        PrintStep::Ready { counter_before } => ready(at, &job, *counter_before),
        PrintStep::Sent { bytes } => at.emit(
            subject,
            Fact::LabelSent {
                job: job_id,
                bytes: *bytes,
            },
        ),
        PrintStep::Drained => at.emit(subject, Fact::LabelDrained { job: job_id }),
        PrintStep::Counted { before, after } => {
            let fact = Fact::LabelCounted {
                job: job_id,
                before: *before,
                after: *after,
            };
            at.emit(subject, fact);
        }
        PrintStep::Broken { reason } => broken(at, &job, reason),
    }
}

/// The transfer broke, or the printer's counter denies the label. Before the first byte that is a
/// failure; after it, a doubt.
fn broken(at: &mut Desktop<'_>, job: &LabelJob, reason: &str) {
    let subject = job.parcel.as_str();
    let reason = reason.to_owned();
    match job.state {
        JobState::Queued => {
            at.live.queued.remove(&job.id);
            let problems = vec![reason.clone()];
            at.emit(
                subject,
                Fact::LabelFailed {
                    job: job.id.clone(),
                    problems,
                },
            );
            let remedy = "Call the supervisor. Scan ABORT, or REPRINT and a reason.";
            at.stop("label_failed", None, &reason, remedy);
        }
        JobState::Sending | JobState::Sent if !job.evidence.contains(&Evidence::Counted) => {
            at.emit(
                subject,
                Fact::LabelInDoubt {
                    job: job.id.clone(),
                    reason,
                },
            );
            at.warn("The label may have printed. Look, then scan it or NOLABEL.");
        }
        _ => {}
    }
}

/// The printer waits for the word: `sending` is committed before the first byte leaves.
fn ready(at: &mut Desktop<'_>, job: &LabelJob, counter_before: Option<u64>) {
    let subject = job.parcel.as_str();
    let drop = Effect::DropJob {
        job: job.id.clone(),
        place: job.place.clone(),
    };
    if job.state != JobState::Queued {
        at.effect(drop);
        return;
    }
    if let Some(reason) = unwanted(at, job) {
        at.live.queued.remove(&job.id);
        at.emit(
            subject,
            Fact::LabelCancelled {
                job: job.id.clone(),
                reason,
            },
        );
        at.effect(drop);
        return;
    }
    at.live.queued.remove(&job.id);
    at.emit(
        subject,
        Fact::LabelSending {
            job: job.id.clone(),
            counter_before,
        },
    );
    at.effect(Effect::Release {
        job: job.id.clone(),
        place: job.place.clone(),
    });
}

/// Queued labels whose printer stayed away too long will not pour out when it returns.
pub(super) fn expire(at: &mut Desktop<'_>) {
    let now = at.stamp.mono;
    let limit_ms = at.rules.label_queue_ms_max;
    let old = |(job, since): (&JobId, &super::Instant)| {
        (now.since_ms(*since) >= limit_ms).then(|| job.clone())
    };
    let expired: Vec<JobId> = at.live.queued.iter().filter_map(old).collect();
    for id in expired {
        at.live.queued.remove(&id);
        let Some(job) = at.state.jobs.get(&id).cloned() else {
            continue;
        };
        if job.state != JobState::Queued {
            continue;
        }
        at.place = Some(job.place.clone());
        at.emit(job.parcel.as_str(), Fact::LabelExpired { job: id.clone() });
        at.effect(Effect::DropJob {
            job: id,
            place: job.place,
        });
        if at.current_stop().is_none() {
            let text = "The printer did not answer in time.";
            at.stop(
                "label_expired",
                None,
                text,
                "Check the printer, then scan REPRINT and a reason.",
            );
        }
    }
    at.place = None;
}

/// What a scanned code says about the label on the open parcel.
enum Verdict {
    Right(JobId),
    /// An older copy, or a number that several copies bear.
    OldCopy,
    Unclear,
    NotPrinted,
    Other,
}

fn verdict(at: &Desktop<'_>, parcel: &Parcel, code: &str, meaning: &Meaning) -> Verdict {
    let Some(last) = at.state.last_job(parcel) else {
        return Verdict::Other;
    };
    let scannable = matches!(
        last.state,
        JobState::Sending | JobState::Sent | JobState::InDoubt
    );
    if let Meaning::Label { parcel: owner, job } = meaning {
        return match (owner == &parcel.id, job == &last.id) {
            (false, _) => Verdict::Other,
            (true, false) => Verdict::OldCopy,
            (true, true) if scannable => Verdict::Right(last.id.clone()),
            (true, true) => Verdict::NotPrinted,
        };
    }
    let tracking = parcel.tracking_number();
    if !tracking.is_some_and(|t| names_parcel(Some(t), &ParcelId::new(""), code)) {
        return Verdict::Other;
    }
    let mut older = parcel
        .jobs
        .iter()
        .rev()
        .skip(1)
        .filter_map(|id| at.state.jobs.get(id));
    match (scannable, older.any(LabelJob::may_exist)) {
        (false, _) => Verdict::NotPrinted,
        (true, true) => Verdict::Unclear,
        (true, false) => Verdict::Right(last.id.clone()),
    }
}

/// Whether this scan proves the right label on the open parcel.
pub(super) fn is_right_label(
    at: &Desktop<'_>,
    parcel: &Parcel,
    code: &str,
    meaning: &Meaning,
) -> bool {
    matches!(verdict(at, parcel, code, meaning), Verdict::Right(_))
}

/// The scan that ends a parcel: its own label, on it, legible.
pub(super) fn scan_back(at: &mut Desktop<'_>, parcel: &Parcel, code: &str, meaning: &Meaning) {
    match verdict(at, parcel, code, meaning) {
        Verdict::Right(job) => verified(at, parcel, job, code),
        Verdict::OldCopy => {
            let text = "This is an old copy of the label.";
            at.stop(
                "old_copy",
                Some(code),
                text,
                "Destroy it. Scan the new label.",
            );
        }
        Verdict::Unclear => {
            let text = "Two copies bear this number.";
            let remedy = "Scan the square code of the new label, or DESTROYED and the old one.";
            at.stop("copy_unclear", Some(code), text, remedy);
        }
        Verdict::NotPrinted => at.warn("The label is still on its way."),
        Verdict::Other => foreign(at, parcel, code, meaning),
    }
}

/// Something else was scanned where the label of the open parcel is wanted.
fn foreign(at: &mut Desktop<'_>, parcel: &Parcel, code: &str, meaning: &Meaning) {
    let mut text = "This is not the label of this parcel.".to_owned();
    let remedy = "Put the right label on and scan it.";
    match meaning {
        Meaning::Unknown => {
            let reading = reading::of(at, code, &[parcel]);
            if reading.reason == exception::MISREAD {
                let remedy = reading.remedy.unwrap_or(remedy);
                let exception = exception::of(exception::MISREAD, &*reading.text, remedy);
                exception::raise(at, &parcel.id, exception);
                at.stop(exception::MISREAD, Some(code), &reading.text, remedy);
                return;
            }
        }
        _ => {
            let named = parcels_named(at, meaning);
            if let Some(other) = named.iter().find(|p| p.id != parcel.id) {
                text = format!("This is the label of {}.", other.id);
                let exception = exception::of(exception::WRONG_LABEL, &*text, remedy);
                exception::raise(at, &parcel.id, exception);
            }
        }
    }
    at.stop(exception::WRONG_LABEL, Some(code), &text, remedy);
}

fn verified(at: &mut Desktop<'_>, parcel: &Parcel, job: JobId, code: &str) {
    let Some(order) = at.state.orders.get(&parcel.order).cloned() else {
        return;
    };
    let mut evidence: Vec<_> = at
        .state
        .jobs
        .get(&job)
        .map(|j| j.evidence.iter().copied().collect())
        .unwrap_or_default();
    evidence.push(Evidence::Verified);
    let id = parcel.id.clone();
    let fact = Fact::LabelVerified {
        job,
        parcel: id.clone(),
        code: code.to_owned(),
        evidence,
    };
    at.emit(id.as_str(), fact);
    exception::gone(at, &id, &exception::OF_THE_LABEL);
    let text = format!("Parcel {id} is ready");
    if let Some(place) = at.place.clone() {
        let live = at.live.place(&place);
        live.finished = live.finished.saturating_add(1);
        live.last_parcel = Some(id);
        live.pending = None;
    }
    at.say(true, text);
    at.sound(Cue::ParcelDone);
    if at.state.pieces_left(&order) > 0 {
        bench::open_parcel(at, &order);
    } else if order.status != OrderStatus::Packed
        && !at.state.parcels_of(&order.id).any(Parcel::is_open)
    {
        let parcels = u32::try_from(at.state.parcels_of(&order.id).count()).unwrap_or(u32::MAX);
        let fact = Fact::PackingCompleted {
            order: order.id.clone(),
            parcels,
        };
        at.emit(order.id.as_str(), fact);
    }
}
