//! What came of a run, from the events themselves, the printer's counter and the upstream's
//! ledger.

use super::daemon::Daemon;
use super::script::Script;
use super::setup::UpstreamPlan;
use crate::domain::event::Fact;
use crate::domain::job::Evidence;
use crate::domain::{Event, JobId, ParcelId};
use crate::emulate::eyes;
use crate::emulate::models;
use crate::emulate::upstream::UpstreamHandle;
use crate::label::{pdf, png};
use firstscan_drivers::profile::Profile;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Result of a demo run (DESIGN 5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Summary {
    pub ok: bool,
    pub orders: Vec<OrderRow>,
    pub labels: LabelCounts,
    pub events: u64,
    pub head: String,
    /// What is not as it should be; empty if `ok`.
    pub problems: Vec<String>,
}

/// An order of the script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderRow {
    pub id: String,
    pub outcome: String,
    pub parcels: Vec<ParcelRow>,
}

/// A parcel that was handed over or is ready.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ParcelRow {
    pub id: String,
    pub tracking_number: String,
    pub carrier: String,
    pub service: String,
    /// What weight or size changed against the plan, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<String>,
    pub evidence: Vec<Evidence>,
    /// Id of the event that recorded its first scan.
    pub first_scan_event: Option<String>,
    /// How many times the upstream acknowledged it; 1 is right.
    pub acks: u64,
}

/// Labels, counted three ways.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LabelCounts {
    /// Pictures written to the folder.
    pub written: u64,
    /// Of these, how many a reader of other descent read the tracking number from.
    pub decoded: u64,
    /// What the printer counted.
    pub printed: u64,
}

/// All events of the station.
///
/// # Errors
/// A text if the daemon does not answer.
pub fn all_events(daemon: &Daemon) -> Result<Vec<Event>, String> {
    let mut events: Vec<Event> = Vec::new();
    loop {
        let since = events.last().map_or(0, |e| e.seq);
        let path = format!("/api/v1/events?since={since}&limit=1000");
        let page = daemon.insist(|d| d.get(&path))?;
        let list = page.get("events").cloned().unwrap_or_default();
        let mut more: Vec<Event> = serde_json::from_value(list).map_err(|e| e.to_string())?;
        if more.is_empty() {
            return Ok(events);
        }
        events.append(&mut more);
    }
}

/// What the events say.
#[derive(Debug, Default)]
struct Facts {
    orders: BTreeMap<String, Vec<ParcelId>>,
    cancelled: BTreeSet<String>,
    refused: BTreeSet<String>,
    packed: BTreeSet<String>,
    parcels: BTreeMap<ParcelId, ParcelRow>,
    gone: BTreeSet<ParcelId>,
    jobs: BTreeMap<JobId, (ParcelId, BTreeSet<Evidence>)>,
    pictures: BTreeMap<JobId, ParcelId>,
    verified: BTreeSet<JobId>,
    rejects: BTreeSet<String>,
}

fn facts(events: &[Event]) -> Facts {
    let mut facts = Facts::default();
    for event in events {
        facts.take(event);
    }
    facts
}

impl Facts {
    fn take(&mut self, event: &Event) {
        match &event.fact {
            Fact::OrderRefused { order, .. } => drop(self.refused.insert(order.clone())),
            Fact::OrderCancelled { order, .. } => drop(self.cancelled.insert(order.to_string())),
            Fact::PackingCompleted { order, .. } => drop(self.packed.insert(order.to_string())),
            Fact::ParcelOpened { parcel, order, .. } => {
                self.orders
                    .entry(order.to_string())
                    .or_default()
                    .push(parcel.clone());
                let row = ParcelRow {
                    id: parcel.to_string(),
                    ..ParcelRow::default()
                };
                self.parcels.insert(parcel.clone(), row);
            }
            Fact::PackingAborted { parcel, .. } | Fact::LabelVoided { parcel, .. } => {
                self.gone.insert(parcel.clone());
            }
            Fact::ParcelAssigned { parcel, assignment } => {
                let row = self.parcel(parcel);
                row.carrier.clone_from(&assignment.carrier);
                row.service.clone_from(&assignment.service);
                row.changed.clone_from(&assignment.changed);
            }
            Fact::NumberAllocated { parcel, number, .. } => {
                self.parcel(parcel)
                    .tracking_number
                    .clone_from(&number.tracking_number);
            }
            Fact::LabelRequested { job, parcel, .. } => {
                self.jobs
                    .insert(job.clone(), (parcel.clone(), BTreeSet::new()));
            }
            Fact::LabelRendered { job, .. } => {
                let parcel = self.jobs.get(job).map(|(p, _)| p.clone());
                self.pictures.extend(parcel.map(|p| (job.clone(), p)));
            }
            Fact::LabelSent { job, .. } => self.evidence(job, Evidence::Sent),
            Fact::LabelDrained { job } => self.evidence(job, Evidence::Drained),
            Fact::LabelCounted { job, .. } => self.evidence(job, Evidence::Counted),
            Fact::LabelVerified { job, .. } => {
                self.evidence(job, Evidence::Verified);
                self.verified.insert(job.clone());
            }
            Fact::FirstScan { parcel, .. } => {
                self.parcel(parcel).first_scan_event = Some(event.id.clone());
            }
            Fact::HandoverRejected { reject, .. } => {
                self.rejects.insert(reject.reason.clone());
            }
            _ => {}
        }
    }

    fn parcel(&mut self, id: &ParcelId) -> &mut ParcelRow {
        self.parcels.entry(id.clone()).or_default()
    }

    fn evidence(&mut self, job: &JobId, evidence: Evidence) {
        if let Some((parcel, set)) = self.jobs.get_mut(job) {
            set.insert(evidence);
            let list = set.iter().copied().collect();
            let parcel = parcel.clone();
            self.parcel(&parcel).evidence = list;
        }
    }
}

/// Sums a run up and writes the label pictures to `DIR/labels`; `printer` is what printed them, and
/// `odometer` what it counted.
///
/// # Errors
/// A text if the daemon does not answer or a file cannot be written.
pub fn sum_up(
    daemon: &Daemon,
    upstream: &UpstreamHandle,
    script: &Script,
    plan: UpstreamPlan,
    printer: &Profile,
    odometer: u64,
) -> Result<Summary, String> {
    let events = all_events(daemon)?;
    let mut facts = facts(&events);
    let ledger = upstream.first_scans();
    for row in facts.parcels.values_mut() {
        let acks = row.first_scan_event.as_ref().map_or(0, |id| {
            ledger
                .get(&row.id)
                .map_or(0, |ids| ids.iter().filter(|i| *i == id).count())
        });
        row.acks = u64::try_from(acks).unwrap_or(u64::MAX);
    }
    let mut labels = write_labels(daemon, &facts)?;
    labels.printed = odometer;
    let mut problems = judge(&facts, script, plan, odometer);
    let parcels = facts.parcels.values();
    problems.extend(parcels.flat_map(|p| beyond_proof(p, printer)));
    problems.extend(upstream.violations());
    let (status, report) = daemon.insist(|d| d.post("/api/v1/verify", b"{}"))?;
    let valid = report
        .get("valid")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    if status != 200 || !valid {
        problems.push(format!("the event chain does not verify: {report}"));
    }
    if labels.written != labels.decoded {
        let (written, decoded) = (labels.written, labels.decoded);
        problems.push(format!(
            "{written} label pictures, but only {decoded} could be read"
        ));
    }
    let orders = script
        .steps
        .iter()
        .map(|s| order_row(&facts, &s.order))
        .collect();
    let head = report
        .get("head")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let count = u64::try_from(events.len()).unwrap_or(u64::MAX);
    Ok(Summary {
        ok: problems.is_empty(),
        orders,
        labels,
        events: count,
        head,
        problems,
    })
}

fn order_row(facts: &Facts, id: &str) -> OrderRow {
    let outcome = if facts.refused.contains(id) {
        "refused"
    } else if facts.cancelled.contains(id) {
        "cancelled"
    } else if facts.packed.contains(id) {
        "packed"
    } else {
        "open"
    };
    let parcels = facts.orders.get(id).into_iter().flatten();
    let parcels = parcels.filter(|p| !facts.gone.contains(p));
    let parcels = parcels
        .filter_map(|p| facts.parcels.get(p).cloned())
        .collect();
    OrderRow {
        id: id.to_owned(),
        outcome: outcome.to_owned(),
        parcels,
    }
}

fn judge(facts: &Facts, script: &Script, plan: UpstreamPlan, odometer: u64) -> Vec<String> {
    let mut problems = Vec::new();
    for step in &script.steps {
        let row = order_row(facts, &step.order);
        let count = u64::try_from(row.parcels.len()).unwrap_or(u64::MAX);
        if row.outcome != step.outcome || count != step.parcels {
            problems.push(format!(
                "order {}: {} in {count} parcels, expected {} in {}",
                step.order, row.outcome, step.outcome, step.parcels
            ));
        }
        for parcel in &row.parcels {
            let other = |want: &Option<String>, is: &String| want.as_ref().is_some_and(|w| w != is);
            if other(&step.carrier, &parcel.carrier) || other(&step.service, &parcel.service) {
                let (carrier, service) = (&parcel.carrier, &parcel.service);
                problems.push(format!("parcel {} went to {carrier}/{service}", parcel.id));
            }
            if step.planned.is_some() != parcel.changed.is_some() {
                let told = parcel.changed.as_deref().unwrap_or("nothing");
                problems.push(format!("parcel {}: {told} changed its service", parcel.id));
            }
            if !parcel.evidence.contains(&Evidence::Verified) {
                problems.push(format!("parcel {} has an unproven label", parcel.id));
            }
            if parcel.first_scan_event.is_none() {
                problems.push(format!("parcel {} has no first scan", parcel.id));
            }
            let deaf = matches!(plan, UpstreamPlan::Refuse | UpstreamPlan::Away(None));
            let wanted = u64::from(!deaf);
            if parcel.acks != wanted {
                let acks = parcel.acks;
                problems.push(format!("parcel {}: {acks} acknowledgements", parcel.id));
            }
        }
    }
    for reason in ["wrong_carrier", "duplicate"] {
        if !facts.rejects.contains(reason) {
            problems.push(format!("the dock never refused a parcel as {reason}"));
        }
    }
    let wanted = u64::try_from(facts.verified.len()).unwrap_or(u64::MAX);
    if odometer != wanted {
        problems.push(format!(
            "the printer counted {odometer} labels, {wanted} were wanted"
        ));
    }
    problems
}

/// Evidence that this printer cannot have given.
fn beyond_proof(parcel: &ParcelRow, printer: &Profile) -> Vec<String> {
    let provable = |evidence: &&Evidence| match evidence {
        Evidence::Counted => models::counts(printer),
        Evidence::Drained => models::drains(printer),
        Evidence::Sent | Evidence::Verified => true,
    };
    let told = |evidence: &Evidence| {
        let (parcel, id, codec) = (&parcel.id, &printer.id, &printer.codec);
        format!(
            "parcel {parcel} is called {evidence:?}, which a {codec} printer ({id}) cannot prove"
        )
    };
    let mut list: Vec<&Evidence> = parcel.evidence.iter().collect();
    list.retain(|evidence| !provable(evidence));
    list.into_iter().map(told).collect()
}

/// Writes `labels/<parcel>.png` and `.pdf` of each parcel's newest label, and reads each back.
fn write_labels(daemon: &Daemon, facts: &Facts) -> Result<LabelCounts, String> {
    let folder = daemon.dir().join("labels");
    std::fs::create_dir_all(&folder).map_err(|e| format!("cannot make {folder:?}: {e}"))?;
    let mut counts = LabelCounts::default();
    for (job, parcel) in &facts.pictures {
        if !facts.verified.contains(job) {
            continue;
        }
        let bytes = daemon.insist(|d| d.bytes(&format!("/api/v1/jobs/{job}/label.png")))?;
        let (bitmap, resolution) = png::decode(&bytes).map_err(|e| e.to_string())?;
        write(&folder.join(format!("{parcel}.png")), &bytes)?;
        let resolution = resolution.unwrap_or(firstscan_drivers::bitmap::Resolution::from_dpi(203));
        let document = pdf::encode(std::slice::from_ref(&bitmap), resolution);
        write(
            &folder.join(format!("{parcel}.pdf")),
            &document.map_err(|e| e.to_string())?,
        )?;
        counts.written += 1;
        let number = facts
            .parcels
            .get(parcel)
            .map(|p| p.tracking_number.as_str());
        if number.is_some_and(|number| eyes::sees(&bitmap, number)) {
            counts.decoded += 1;
        }
    }
    Ok(counts)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    std::fs::write(path, bytes).map_err(|e| format!("cannot write {}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use firstscan_drivers::registry;

    #[test]
    fn a_printer_is_not_believed_more_than_its_language_can_prove() {
        let parcel = ParcelRow {
            evidence: vec![Evidence::Sent, Evidence::Drained, Evidence::Counted],
            ..ParcelRow::default()
        };
        let beyond = |id| beyond_proof(&parcel, registry::profile(id).unwrap());
        assert_eq!(beyond("zpl-203"), [""; 0]);
        let told = beyond("epl2-203");
        assert!(told.len() == 1 && told[0].contains("Counted"), "{told:?}");
        assert_eq!(beyond("escpos-203").len(), 2);
    }
}
