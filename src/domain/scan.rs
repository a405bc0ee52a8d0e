//! From a code to its meaning, the bounce guard, and the rule that red swallows scans.

use super::event::Fact;
use super::ids::{DeviceId, HandoverId, JobId, OrderId, ParcelId};
use super::order::Item;
use super::rules::Badge;
use super::state::{CodeRef, normal};
use super::step::{Desktop, scan_at_place};
use super::{Cue, bench, dock};
use crate::content::control::{self, Control};
use crate::content::tracking;

/// Prefix of our own 2D symbol: `FS1/P/<parcel>/J/<job>`.
const LABEL_PREFIX: &str = "FS1/P/";

/// What a scanned code means at this station, right now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    Control {
        control: Control,
        param: Option<String>,
    },
    /// Begins like a control code but is none of ours.
    BadControl(String),
    Badge(Badge),
    /// Our own 2D symbol: exactly one copy of one label.
    Label {
        parcel: ParcelId,
        job: JobId,
    },
    /// Live parcels with this id or tracking number.
    Parcels(Vec<ParcelId>),
    Order(OrderId),
    Handover(HandoverId),
    Items(Vec<Item>),
    /// Only the archive knows it.
    Gone,
    Unknown,
}

impl Meaning {
    /// One word for the journal.
    pub fn word(&self) -> String {
        match self {
            Meaning::Control { control, .. } => format!("control {}", control.name()),
            Meaning::BadControl(_) => "bad control".into(),
            Meaning::Badge(_) => "badge".into(),
            Meaning::Label { .. } => "label".into(),
            Meaning::Parcels(_) => "parcel".into(),
            Meaning::Order(_) => "order".into(),
            Meaning::Handover(_) => "handover".into(),
            Meaning::Items(_) => "item".into(),
            Meaning::Gone => "archived".into(),
            Meaning::Unknown => "unknown".into(),
        }
    }
}

/// The text of our own 2D symbol.
pub fn label_code(parcel: &ParcelId, job: &JobId) -> String {
    format!("{LABEL_PREFIX}{parcel}/J/{job}")
}

fn parse_label_code(code: &str) -> Option<(ParcelId, JobId)> {
    let (parcel, job) = code.strip_prefix(LABEL_PREFIX)?.split_once("/J/")?;
    Some((ParcelId::parse(parcel).ok()?, JobId::parse(job).ok()?))
}

/// A scan, or a touched button.
pub(super) fn scan(at: &mut Desktop<'_>, device: &DeviceId, code: &str) {
    let code = code.trim();
    if code.is_empty() {
        return;
    }
    let meaning = meaning(at, code);
    if bounced(at, device, code, &meaning) {
        let reason = "same code again at once".to_owned();
        ignore(at, device, code, reason);
        return;
    }
    if let Some(stop) = at.current_stop().cloned() {
        let clears = match at.here().map(|p| p.kind) {
            Some(super::place::PlaceKind::Bench) => bench::clears(at, &stop, code, &meaning),
            Some(super::place::PlaceKind::Dock) => dock::clears(&stop, &meaning),
            None => false,
        };
        if !clears {
            ignore(at, device, code, format!("red: {}", stop.code));
            at.sound(Cue::Stop);
            return;
        }
        capture(at, device, code, &meaning);
        at.clear_stop(&meaning.word());
        let only_ok = matches!(
            &meaning,
            Meaning::Control {
                control: Control::Ok,
                ..
            }
        );
        if only_ok {
            bench::after_ok(at, &stop);
            return;
        }
        scan_at_place(at, code, &meaning);
        return;
    }
    capture(at, device, code, &meaning);
    scan_at_place(at, code, &meaning);
}

fn capture(at: &mut Desktop<'_>, device: &DeviceId, code: &str, meaning: &Meaning) {
    let fact = Fact::ScanCaptured {
        device: device.clone(),
        code: code.to_owned(),
        meaning: meaning.word(),
    };
    at.emit(device.as_str(), fact);
}

fn ignore(at: &mut Desktop<'_>, device: &DeviceId, code: &str, reason: String) {
    let fact = Fact::ScanIgnored {
        device: device.clone(),
        code: code.to_owned(),
        reason,
    };
    at.emit(device.as_str(), fact);
}

/// The same code from the same device within the guard time is one scan.
fn bounced(at: &mut Desktop<'_>, device: &DeviceId, code: &str, meaning: &Meaning) -> bool {
    let Some(place) = at.place.clone() else {
        return false;
    };
    let guard_ms = match meaning {
        Meaning::Items(_) => at.rules.bounce_item_ms,
        _ => at.rules.bounce_ms,
    };
    let now = at.stamp.mono;
    let last = &mut at.live.place(&place).last_scan;
    let again = last
        .get(device)
        .is_some_and(|(c, t)| c == code && now.since_ms(*t) < guard_ms);
    if !again {
        last.insert(device.clone(), (code.to_owned(), now));
    }
    again
}

fn meaning(at: &Desktop<'_>, code: &str) -> Meaning {
    match control::parse(code) {
        Some(Ok(scan)) => {
            return Meaning::Control {
                control: scan.control,
                param: scan.param,
            };
        }
        Some(Err(error)) => return Meaning::BadControl(error.to_string()),
        None => {}
    }
    if let Some(badge) = at.rules.badges.get(code) {
        return Meaning::Badge(badge.clone());
    }
    if let Some((parcel, job)) = parse_label_code(code) {
        let known = at
            .state
            .parcels
            .get(&parcel)
            .is_some_and(|p| p.jobs.contains(&job));
        return match (known, at.looked.parcels.is_empty()) {
            (true, _) => Meaning::Label { parcel, job },
            (false, false) => Meaning::Gone,
            (false, true) => Meaning::Unknown,
        };
    }
    let mut parcels = Vec::new();
    for target in at.state.by_code(code) {
        match target {
            CodeRef::Handover(id) => return Meaning::Handover(id.clone()),
            CodeRef::Parcel(id) => parcels.push(id.clone()),
            CodeRef::Order(_) => {}
        }
    }
    if !parcels.is_empty() {
        return Meaning::Parcels(parcels);
    }
    let order = at.state.by_code(code).find_map(|t| match t {
        CodeRef::Order(id) => Some(id.clone()),
        CodeRef::Parcel(_) | CodeRef::Handover(_) => None,
    });
    match order {
        Some(id) => Meaning::Order(id),
        None if !at.looked.items.is_empty() => Meaning::Items(at.looked.items.clone()),
        None => inside(at, code),
    }
}

/// What the numbers inside a code lead to: carriers print the number people know within others.
fn inside(at: &Desktop<'_>, code: &str) -> Meaning {
    let mut parcels = Vec::new();
    for name in tracking::names(code) {
        for target in at.state.by_code(&name) {
            if let CodeRef::Parcel(id) = target
                && !parcels.contains(id)
            {
                parcels.push(id.clone());
            }
        }
    }
    match parcels.is_empty() {
        false => Meaning::Parcels(parcels),
        true if !at.looked.parcels.is_empty() || !at.looked.orders.is_empty() => Meaning::Gone,
        true => Meaning::Unknown,
    }
}

/// The forms a code is looked up in, as it is first.
pub fn forms(code: &str) -> Vec<String> {
    let plain = code.strip_prefix(LABEL_PREFIX);
    let plain = plain.and_then(|c| c.split('/').next()).unwrap_or(code);
    let mut forms = vec![normal(plain)];
    for name in tracking::names(plain) {
        if !forms.contains(&name) {
            forms.push(name);
        }
    }
    forms
}

/// Whether a code is the parcel's id, or its tracking number in any form a label may hold.
pub(super) fn names_parcel(number: Option<&str>, id: &ParcelId, code: &str) -> bool {
    let plain = normal(code);
    let is = |number: &str| normal(number) == plain || tracking::is_same(number, code);
    number.is_some_and(is) || normal(id.as_str()) == plain
}
