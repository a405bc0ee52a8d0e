//! From state to the view document: pure, and the only place where a screen's content is chosen.

use super::desk::Desk;
use super::dock;
use super::handover::{Handover, HandoverState};
use super::ids::{PlaceId, Sku};
use super::job::{JobState, LabelJob};
use super::live::{Live, LivePlace, Weighing};
use super::parcel::{Parcel, Stage};
use super::place::{Pending, Place, PlaceKind};
use super::rules::Rules;
use super::state::State;
use super::time::{Instant, Wall};
use super::view::{
    BandView, CueView, DockParcel, DockReject, DockView, DockWaiting, ExceptionView, Health,
    JobView, LastView, LineView, Mode, OperatorView, OrderView, ParcelView, PlaceView, StopView,
    SyncHealth, WeightState, WeightView,
};
use super::weigh;
use crate::content::control::{self, Control};
use std::collections::BTreeMap;

/// Parcels and rejects a dock screen lists at most, newest first.
const DOCK_ROWS_MAX: usize = 50;

/// Everything a screen is made of.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub state: &'a State,
    pub live: &'a Live,
    pub rules: &'a Rules,
    pub desk: &'a dyn Desk,
    pub sync: &'a SyncHealth,
    /// Article pictures by SKU, as URL paths.
    pub pictures: &'a BTreeMap<Sku, String>,
    pub now: Instant,
}

impl std::fmt::Debug for Scene<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scene")
            .field("now", &self.now)
            .finish_non_exhaustive()
    }
}

/// The screen of a place; `None` if there is no such place.
pub fn view(scene: &Scene<'_>, id: &PlaceId) -> Option<PlaceView> {
    let place = scene.state.places.get(id)?;
    let fresh = LivePlace::default();
    let live = scene.live.places.get(id).unwrap_or(&fresh);
    let parcel = place
        .parcel
        .as_ref()
        .and_then(|p| scene.state.parcels.get(p));
    let job = parcel.and_then(|p| scene.state.last_job(p));
    let handover = place
        .handover
        .as_ref()
        .and_then(|h| scene.state.handovers.get(h));
    let mode = mode(place, parcel, handover);
    let weight = (place.kind == PlaceKind::Bench).then(|| weight_view(scene, live, parcel));
    let next = next(mode, live, job, weight.as_ref(), parcel);
    Some(PlaceView {
        version: live.version,
        station: scene.state.station.clone(),
        place: id.clone(),
        kind: place.kind,
        title: scene
            .rules
            .titles
            .get(id)
            .cloned()
            .unwrap_or_else(|| id.to_string()),
        operator: place.operator.as_ref().map(|o| OperatorView {
            id: o.clone(),
            name: scene.rules.operator_name(o),
        }),
        mode,
        next,
        order: parcel.and_then(|p| order_view(scene, p)),
        parcel: parcel.map(|p| parcel_view(p, job)),
        weight,
        stop: place.stop.as_ref().map(|s| StopView {
            code: s.code.clone(),
            word: stop_word(&s.code).to_owned(),
            text: s.text.clone(),
            remedy: s.remedy.clone(),
            scanned: s.scanned.clone(),
            since_ms: live.stop_since_ms,
        }),
        last: live.last_text.clone().map(|text| LastView {
            ok: live.last_ok,
            text,
        }),
        prompt: live.pending.as_ref().map(|p| prompt(p).to_owned()),
        dock: (place.kind == PlaceKind::Dock).then(|| dock_view(scene, handover)),
        health: health(scene, live),
        finished: live.finished,
        cue: live.cue.map(|(id, cue)| CueView { id, cue }),
    })
}

fn mode(place: &Place, parcel: Option<&Parcel>, handover: Option<&Handover>) -> Mode {
    if place.stop.is_some() {
        return Mode::Stop;
    }
    if place.operator.is_none() {
        return Mode::Login;
    }
    if place.kind == PlaceKind::Dock {
        return match handover.map(|h| h.state) {
            Some(HandoverState::Open) => Mode::DockScanning,
            Some(HandoverState::Closing) => Mode::DockClosing,
            Some(HandoverState::Closed) => Mode::DockClosed,
            _ => Mode::DockReady,
        };
    }
    match parcel.map(|p| p.stage) {
        Some(Stage::Verifying) => Mode::Verifying,
        Some(Stage::Weighing) => Mode::Weighing,
        Some(Stage::Labelling) => Mode::Labelling,
        Some(Stage::ScanBack) => Mode::ScanBack,
        _ => Mode::Ready,
    }
}

fn next(
    mode: Mode,
    live: &LivePlace,
    job: Option<&LabelJob>,
    weight: Option<&WeightView>,
    parcel: Option<&Parcel>,
) -> String {
    if let Some(pending) = &live.pending {
        return prompt(pending).to_owned();
    }
    let text = match mode {
        Mode::Login => "Scan your badge",
        Mode::Ready => "Scan an order or an item",
        Mode::Verifying => "Scan the next item",
        Mode::Weighing => match weight {
            Some(w) if !w.armed && parcel.is_some_and(|p| p.weight.is_none()) => {
                "Empty the scale first"
            }
            Some(w) if w.state == WeightState::Moving => "Hands off: weighing",
            _ if parcel.is_some_and(|p| p.weight.is_some()) => "Hands off: measuring the size",
            _ => "Put the parcel on the scale",
        },
        Mode::Labelling => match job.map(|j| j.state) {
            Some(JobState::Queued) => "Waiting for the printer",
            Some(JobState::Failed | JobState::Expired) => "Scan REPRINT, then a reason",
            _ => "The label is being made",
        },
        Mode::ScanBack => match job.map(|j| j.state) {
            Some(JobState::InDoubt) => "Is there a label? Scan it, or NOLABEL",
            _ => "Stick the label on, then scan it",
        },
        Mode::Stop => "Stop",
        Mode::DockReady => "Scan the carrier's OPEN code",
        Mode::DockScanning => "Scan the next parcel",
        Mode::DockClosing => "Check the counts, then CONFIRM",
        Mode::DockClosed => "Load it, scan LOADED, then the manifest",
    };
    text.to_owned()
}

fn prompt(pending: &Pending) -> &'static str {
    match pending {
        Pending::Reprint => "Scan a reason",
        Pending::Destroyed => "Scan the old label",
        Pending::Void => "Scan the label to void",
        Pending::Remove => "Scan the parcel to take out",
        Pending::Resume => "Scan the parked parcel or order",
        Pending::Loaded => "Scan the manifest",
    }
}

fn stop_word(code: &str) -> &'static str {
    match code {
        "no_operator" => "NO BADGE",
        "wrong_item" => "WRONG ITEM",
        "surplus" => "ONE TOO MANY",
        "ambiguous" => "WHICH ONE?",
        "unknown_code" | "unknown" => "UNKNOWN",
        "nobody_wants" => "NOT WANTED",
        "second_order" => "FINISH FIRST",
        "order_elsewhere" => "OTHER BENCH",
        "already_packed" => "ALREADY PACKED",
        "order_cancelled" | "cancelled" => "CANCELLED",
        "order_changed" => "CHANGED",
        "weight_out_of_band" => "WRONG WEIGHT",
        "scale_over" => "TOO HEAVY",
        "scale_fault" | "unstable_weight" => "SCALE",
        "size_unmeasurable" => "NO SIZE",
        "no_carrier" => "NO CARRIER",
        "service_changed" => "NEW SERVICE",
        "no_number" => "NO NUMBER",
        "label_failed" | "label_expired" | "label_unprintable" => "NO LABEL",
        "no_label_counted" => "LOOK AGAIN",
        "wrong_label" | "unexpected_label" => "WRONG LABEL",
        "old_copy" | "copy_unclear" => "OLD LABEL",
        "wrong_carrier" => "WRONG CARRIER",
        "duplicate" => "SCANNED BEFORE",
        "not_verified" => "NOT FINISHED",
        "voided" => "VOID",
        "not_a_label" => "NOT A LABEL",
        "misread" => "SCAN AGAIN",
        "number_check_failed" => "BAD NUMBER",
        "number_of_other_carrier" => "WHOSE NUMBER?",
        "weight_over_limit" => "TOO HEAVY",
        "label_superseded" => "ORDER CHANGED",
        "address_unprintable" => "NO ADDRESS",
        "gone" => "GONE",
        "bad_control" | "control_refused" | "void_refused" => "NOT POSSIBLE",
        _ => "STOP",
    }
}

fn order_view(scene: &Scene<'_>, parcel: &Parcel) -> Option<OrderView> {
    let order = scene.state.orders.get(&parcel.order)?;
    let mut lines: Vec<LineView> = order
        .lines
        .iter()
        .map(|l| LineView {
            sku: l.sku.to_string(),
            title: l.title.clone(),
            done: scene.state.pieces_done(&order.id, &l.sku).min(l.quantity),
            wanted: l.quantity,
            picture: scene.pictures.get(&l.sku).cloned(),
        })
        .collect();
    lines.sort_by_key(|l| l.done >= l.wanted);
    Some(OrderView {
        id: order.id.clone(),
        seller: order.seller.clone(),
        channel: order.channel.clone(),
        country: order.country.clone(),
        done: lines.iter().map(|l| l.done).sum(),
        wanted: order.pieces(),
        lines,
        parked: parcel.parked,
        warnings: order.warnings.clone(),
    })
}

fn parcel_view(parcel: &Parcel, job: Option<&LabelJob>) -> ParcelView {
    let assignment = parcel.assignment.as_ref();
    ParcelView {
        id: parcel.id.clone(),
        n: parcel.n,
        of: parcel.of,
        box_type: parcel.box_type.clone(),
        weight: parcel
            .weight
            .as_ref()
            .map(|w| format!("{} {}", w.decimal, w.unit)),
        carrier: assignment.map(|a| a.carrier_name.clone()),
        service: assignment.map(|a| a.service_name.clone()),
        reason: assignment.map(|a| a.reason.clone()),
        changed: assignment.and_then(|a| a.changed.clone()),
        cost: assignment.and_then(|a| Some(a.cost.as_ref()?.to_string())),
        surcharges: assignment.map_or_else(Vec::new, |a| a.surcharges.clone()),
        tracking_number: parcel.tracking_number().map(str::to_owned),
        job: job.map(|j| JobView {
            id: j.id.clone(),
            state: j.state,
            evidence: j.evidence.iter().copied().collect(),
            copy: j.copy,
            picture: j
                .picture
                .as_ref()
                .map(|_| format!("/api/v1/jobs/{}/label.png", j.id)),
        }),
        exceptions: exceptions(parcel).collect(),
    }
}

fn exceptions(parcel: &Parcel) -> impl Iterator<Item = ExceptionView> {
    parcel.exceptions.iter().map(|e| ExceptionView {
        parcel: parcel.id.clone(),
        tracking_number: parcel.tracking_number().map(str::to_owned),
        code: e.code.clone(),
        word: stop_word(&e.code).to_owned(),
        text: e.text.clone(),
        remedy: e.remedy.clone(),
    })
}

fn weight_view(scene: &Scene<'_>, live: &LivePlace, parcel: Option<&Parcel>) -> WeightView {
    let fresh = |w: &&Weighing| scene.now.since_ms(w.at) <= scene.rules.reading_age_ms_max;
    let weighing = live.weighing.as_ref().filter(fresh);
    let reading = weighing.map(|w| &w.reading);
    let state = match reading {
        None => WeightState::Unknown,
        Some(r) if r.flags.fault => WeightState::Fault,
        Some(r) if r.flags.over => WeightState::Over,
        Some(r) if r.flags.under => WeightState::Under,
        Some(r) if r.flags.motion || !r.flags.stable => WeightState::Moving,
        Some(r) if r.mass.is_some_and(|m| m <= scene.rules.empty_max) => WeightState::Empty,
        Some(_) => WeightState::Stable,
    };
    let grams = |ng: i64| ng / 1_000_000_000;
    let now_g = reading.and_then(|r| r.mass).map(|m| grams(m.ng()));
    let band = parcel.and_then(|p| weigh::band_of(p, scene.rules, scene.desk));
    WeightView {
        text: reading
            .and_then(|r| r.decimal)
            .map(|d| d.to_string())
            .unwrap_or_default(),
        unit: reading
            .and_then(|r| r.unit)
            .map(|u| u.symbol().to_owned())
            .unwrap_or_default(),
        state,
        armed: live.empty_seen.is_some(),
        band: band.map(|b| BandView {
            min_g: grams(b.min.ng()),
            expected_g: grams(b.expected.ng()),
            max_g: grams(b.max.ng()),
            now_g,
        }),
    }
}

fn dock_view(scene: &Scene<'_>, handover: Option<&Handover>) -> DockView {
    let state = scene.state;
    let row = |p: &Parcel| DockParcel {
        parcel: p.id.clone(),
        order: p.order.clone(),
        tracking_number: p.tracking_number().unwrap_or_default().to_owned(),
        place: p.place.clone(),
    };
    let waiting = scene.desk.carriers().into_iter().filter_map(|c| {
        let parcels = dock::waiting_for(state, &c.id).len();
        (parcels > 0).then(|| DockWaiting {
            code: control::payload(Control::Open, Some(&c.token)),
            carrier: c.id,
            carrier_name: c.name,
            parcels: u32::try_from(parcels).unwrap_or(u32::MAX),
        })
    });
    let scanned = handover.map_or(0, |h| h.parcels.len());
    let missing = handover
        .map(|h| dock::missing(state, h))
        .unwrap_or_default();
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let parcels = handover.map(|h| h.parcels.as_slice()).unwrap_or_default();
    let rejects = handover.map(|h| h.rejects.as_slice()).unwrap_or_default();
    DockView {
        handover: handover.map(|h| h.id.clone()),
        carrier: handover.map(|h| h.carrier.clone()),
        carrier_name: handover.map(|h| h.carrier_name.clone()),
        scanned: count(scanned),
        expected: count(scanned.saturating_add(missing.len())),
        parcels: parcels
            .iter()
            .rev()
            .take(DOCK_ROWS_MAX)
            .filter_map(|id| state.parcels.get(id))
            .map(row)
            .collect(),
        rejects: rejects
            .iter()
            .rev()
            .take(DOCK_ROWS_MAX)
            .map(|r| DockReject {
                code: r.code.clone(),
                reason: r.reason.clone(),
            })
            .collect(),
        exceptions: state
            .parcels
            .values()
            .rev()
            .flat_map(exceptions)
            .take(DOCK_ROWS_MAX)
            .collect(),
        missing: missing.into_iter().take(DOCK_ROWS_MAX).map(row).collect(),
        manifest: handover
            .filter(|h| h.manifest.is_some())
            .map(|h| format!("/api/v1/handovers/{}/manifest.pdf", h.id)),
        waiting: waiting.collect(),
    }
}

fn health(scene: &Scene<'_>, live: &LivePlace) -> Health {
    let role = |name: &str| {
        live.devices
            .get(name)
            .cloned()
            .unwrap_or_else(|| "none".into())
    };
    Health {
        scanner: role("scanner"),
        scale: role("scale"),
        printer: role("printer"),
        numbers: reserve(scene),
        sync: scene.sync.clone(),
    }
}

/// The carrier whose numbers run out, and how many are left.
fn reserve(scene: &Scene<'_>) -> String {
    // What rests until a day needs the wall clock, which the first tick tells.
    let Some((unix_ms, _)) = scene.live.last_tick else {
        return "ok".into();
    };
    let now = Wall {
        unix_ms,
        offset_min: 0,
    };
    let stock = scene.desk.stock(&scene.state.counters, now);
    let mut low = stock.into_iter().filter(|row| row.low);
    let Some(first) = low.by_ref().min_by_key(|row| row.left) else {
        return "ok".into();
    };
    format!("{}: {} left", first.carrier_name, first.left)
}
