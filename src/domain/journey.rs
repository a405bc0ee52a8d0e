//! A parcel on its way: the estimate at our first scan, the carrier's own scans, and what they do
//! to the estimate.
//!
//! Our first scan and the carrier's stay two facts: nothing here touches `parcel.first_scan`.
//! `carrier.accepted` is the first scan of this very parcel by its carrier; everything else the
//! carrier reports is `carrier.moved`, and nobody concludes an acceptance from it. An estimate is
//! what a table or the carrier says, with that as its source; a delay without a new day is told,
//! not guessed.

use super::desk::EstimateRequest;
use super::event::Fact;
use super::ids::ParcelId;
use super::parcel::{Assignment, CarrierScan, Estimate, Parcel, ScanKind};
use super::scan::forms;
use super::state::CodeRef;
use super::step::{Desktop, Reply};
use super::time::Wall;

/// Scans kept of one parcel; a feed that sends more is broken.
pub const SCANS_MAX: usize = 200;
/// A scan may be this much older than the parcel, by clocks that disagree. Any older one is of an
/// earlier parcel with this number.
const EARLIER_MS_MAX: i64 = 86_400_000;
/// Ends the source of an estimate that a delay made doubtful.
const DELAYED: &str = "; the carrier reported a delay and no new day";

/// The parcel was handed over: when will it arrive?
pub(super) fn handed_over(at: &mut Desktop<'_>, id: &ParcelId) {
    let Some(parcel) = at.state.parcels.get(id).cloned() else {
        return;
    };
    // The carrier had it before we scanned it out, and knows better.
    if parcel.estimate.is_some() && !parcel.carrier_scans.is_empty() {
        return;
    }
    let now = at.stamp.wall;
    if let Some(estimate) = counted(at, &parcel, now) {
        let reason = format!("handed over at {}", now.time_of_day());
        change(at, &parcel, estimate, reason);
    }
}

/// A carrier reported a scan of its own.
pub(super) fn carrier_scan(at: &mut Desktop<'_>, carrier: &str, number: &str, scan: &CarrierScan) {
    let Some(parcel) = find(at, carrier, number, scan.at) else {
        at.reply(Reply::Unknown);
        return;
    };
    let first = scan.kind == ScanKind::Accepted
        && !parcel
            .carrier_scans
            .iter()
            .any(|s| s.kind == ScanKind::Accepted);
    let id = parcel.id.clone();
    if parcel.carrier_scans.contains(scan) {
        at.reply(Reply::Known { parcel: id });
        return;
    }
    if parcel.carrier_scans.len() >= SCANS_MAX {
        let text = format!("parcel {id} has {SCANS_MAX} scans of its carrier: check the feed");
        at.reply(Reply::Conflict(text));
        return;
    }
    at.state.recall(&parcel);
    let (scan, subject) = (scan.clone(), parcel.id.clone());
    let fact = match first {
        true => Fact::CarrierAccepted {
            parcel: subject,
            scan: scan.clone(),
        },
        false => Fact::CarrierMoved {
            parcel: subject,
            scan: scan.clone(),
        },
    };
    let kind = fact.kind();
    at.emit(id.as_str(), fact);
    update(at, &parcel, &scan, first);
    at.reply(Reply::Scanned { parcel: id, kind });
}

/// The parcel of this carrier with this number that was about at the time of the scan: numbers are
/// used again after a while.
fn find(at: &Desktop<'_>, carrier: &str, number: &str, when: Wall) -> Option<Parcel> {
    let forms = forms(number);
    let refs = forms.iter().flat_map(|form| at.state.by_code(form));
    let live = refs.filter_map(|target| match target {
        CodeRef::Parcel(id) => at.state.parcels.get(id),
        CodeRef::Order(_) | CodeRef::Handover(_) => None,
    });
    let earliest = |p: &Parcel| p.opened_at.unix_ms.saturating_sub(EARLIER_MS_MAX);
    live.chain(&at.looked.parcels)
        .filter(|p| assigned(p).is_some_and(|a| a.carrier == carrier))
        .filter(|p| earliest(p) <= when.unix_ms)
        .max_by_key(|p| p.opened_at.unix_ms)
        .cloned()
}

fn assigned(parcel: &Parcel) -> Option<&Assignment> {
    parcel.assignment.as_ref()
}

/// What the scan makes of the estimate. `parcel` is as before the scan.
fn update(at: &mut Desktop<'_>, parcel: &Parcel, scan: &CarrierScan, first: bool) {
    let name = assigned(parcel).map_or("the carrier", |a| a.carrier_name.as_str());
    let when = format!("{} {}", scan.at.date(), scan.at.time_of_day());
    let mut given = parcel.carrier_scans.iter().filter(|s| s.estimate.is_some());
    if let Some(estimate) = &scan.estimate {
        // Reports overtake each other: the carrier's newest word counts, not the last to arrive.
        if !given.any(|s| s.at.unix_ms > scan.at.unix_ms) {
            let reason = format!("{name} gave it with its scan of {when}");
            change(at, parcel, estimate.clone(), reason);
        }
        return;
    }
    let days = |e: &Estimate| (e.from.clone(), e.to.clone());
    let known = parcel.estimate.as_ref();
    if first && given.next().is_none() {
        let counted = counted(at, parcel, scan.at);
        if let Some(estimate) = counted.filter(|new| known.map(days) != Some(days(new))) {
            change(
                at,
                parcel,
                estimate,
                format!("{name} accepted it on {when}"),
            );
        }
    } else if let (ScanKind::Delayed, Some(known)) = (scan.kind, known)
        && !known.source.ends_with(DELAYED)
    {
        let source = format!("{}{DELAYED}", known.source);
        let estimate = Estimate {
            source,
            ..known.clone()
        };
        change(
            at,
            parcel,
            estimate,
            format!("{name} reported a delay on {when}"),
        );
    }
}

/// The estimate of the carrier's table, counted from a moment.
fn counted(at: &Desktop<'_>, parcel: &Parcel, handed_over: Wall) -> Option<Estimate> {
    let assignment = assigned(parcel)?;
    let archived = at.looked.orders.iter().find(|o| o.id == parcel.order);
    let order = at.state.orders.get(&parcel.order).or(archived)?;
    at.desk.estimate(&EstimateRequest {
        carrier: &assignment.carrier,
        service: &assignment.service,
        country: &order.country,
        area: &order.area,
        handed_over,
    })
}

fn change(at: &mut Desktop<'_>, parcel: &Parcel, estimate: Estimate, reason: String) {
    if parcel.estimate.as_ref() == Some(&estimate) {
        return;
    }
    let fact = Fact::EstimateChanged {
        parcel: parcel.id.clone(),
        estimate,
        reason,
    };
    at.emit(parcel.id.as_str(), fact);
}
