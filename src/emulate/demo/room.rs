//! The interactive demo: the panel's content, its view of the upstream and of the screens.

use super::daemon::Daemon;
use super::script::{Article, Script, Step, Twist};
use crate::carrier::Tables;
use crate::content::control::{Control, payload};
use crate::domain::desk::Desk;
use crate::emulate::panel::{
    PanelCode, PanelConfig, PanelItem, PanelOrder, PanelUpstream, ReceivedEvent, Screens,
    UpstreamMode,
};
use crate::emulate::upstream::{Fault, Refuse, UpstreamHandle};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Between two looks at the daemon's screens.
const LOOK: Duration = Duration::from_millis(150);

/// What is behind the panel: the emulated upstream, and the daemon's screens as last seen.
#[derive(Debug)]
pub struct DemoUpstream {
    upstream: UpstreamHandle,
    screens: Arc<Mutex<Screens>>,
}

impl DemoUpstream {
    /// Looks at the daemon's screens in a thread of its own, until this is dropped.
    pub fn new(upstream: UpstreamHandle, daemon: Daemon) -> Self {
        let screens = Arc::<Mutex<Screens>>::default();
        let seen = Arc::downgrade(&screens);
        std::thread::spawn(move || {
            while let Some(screens) = seen.upgrade() {
                let now = look(&daemon);
                *screens.lock().unwrap_or_else(PoisonError::into_inner) = now;
                drop(screens);
                std::thread::sleep(LOOK);
            }
        });
        Self { upstream, screens }
    }
}

/// A silent daemon shows nothing.
fn look(daemon: &Daemon) -> Screens {
    let get = |path: &str| daemon.get(path).unwrap_or_default();
    let listed = get("/api/v1/orders?limit=1000");
    let rows = listed.get("orders").and_then(Value::as_array);
    let row = |row: &Value| {
        let text = |key: &str| row.get(key).and_then(Value::as_str).map(str::to_owned);
        Some((text("id")?, text("status")?))
    };
    Screens {
        bench: get("/api/v1/places/bench1/view"),
        dock: get("/api/v1/places/dock1/view"),
        orders: rows.into_iter().flatten().filter_map(row).collect(),
    }
}

impl PanelUpstream for DemoUpstream {
    fn mode(&self) -> UpstreamMode {
        match self.upstream.fault() {
            Fault::Acknowledge => UpstreamMode::Ok,
            Fault::Refuse(_) => UpstreamMode::Refuse,
            _ => UpstreamMode::Away,
        }
    }

    fn set_mode(&self, mode: UpstreamMode) {
        self.upstream.set_fault(match mode {
            UpstreamMode::Ok => Fault::Acknowledge,
            UpstreamMode::Refuse => Fault::Refuse(Refuse::all()),
            UpstreamMode::Away => Fault::Closed,
        });
    }

    fn received(&self, limit: usize) -> Vec<ReceivedEvent> {
        let events = self.upstream.events();
        let row = |e: &crate::emulate::upstream::Received| ReceivedEvent {
            at: e
                .event
                .occurred_at
                .get(11..19)
                .unwrap_or_default()
                .to_owned(),
            kind: e.event.fact.kind(),
            subject: e.event.subject.clone(),
            verdict: "acknowledged".into(),
        };
        events.iter().rev().take(limit).map(row).collect()
    }

    fn screens(&self) -> Screens {
        self.screens
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// What the panel shows: orders to scan, sheets, badges.
pub fn panel(script: &Script, tables: &Tables, daemon_url: &str) -> PanelConfig {
    let code = |name: &str, payload: String| PanelCode {
        name: name.into(),
        payload,
    };
    let boxes = tables
        .boxes()
        .iter()
        .map(|(token, b)| code(&b.name, payload(Control::Box, Some(token))));
    let reasons = tables
        .reasons()
        .iter()
        .take(4)
        .map(|(token, name)| code(name, payload(Control::Reason, Some(token))));
    PanelConfig {
        bench: "bench1".into(),
        dock: "dock1".into(),
        bench_url: format!("{daemon_url}/bench/bench1"),
        dock_url: format!("{daemon_url}/dock/dock1"),
        badges: vec![
            code("Anna", "BADGE-ANNA".into()),
            code("Ben", "BADGE-BEN".into()),
        ],
        orders: script
            .steps
            .iter()
            .filter_map(|s| card(script, s))
            .collect(),
        bench_codes: PanelCode::bench_sheet(),
        extra_codes: boxes.chain(reasons).collect(),
        dock_codes: PanelCode::dock_sheet(),
        carriers: tables
            .carriers()
            .iter()
            .map(|c| code(&c.name, payload(Control::Open, Some(&c.token))))
            .collect(),
        box_grams: 0,
    }
}

/// An order as a card with its articles; refused ones never reach the bench.
fn card(script: &Script, step: &Step) -> Option<PanelOrder> {
    if step.outcome == "refused" {
        return None;
    }
    let document: Value = serde_json::from_slice(&step.document).ok()?;
    let text = |pointer: &str| {
        document
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let item = |line: &Value| {
        let sku = line.get("sku")?.as_str()?;
        let Article {
            title,
            barcode,
            grams,
        } = script.articles.get(sku)?.clone();
        let quantity = u32::try_from(line.get("quantity")?.as_u64()?).ok()?;
        Some(PanelItem {
            title,
            barcode,
            quantity,
            grams,
        })
    };
    let items = document
        .get("lines")?
        .as_array()?
        .iter()
        .filter_map(item)
        .collect();
    let note = match document.get("carrier_label") {
        Some(_) => "arrives with its carrier label".to_owned(),
        None => match step.twist {
            Twist::TwoBoxes { pieces } => format!("two boxes: NEXT BOX after {pieces} pieces"),
            _ => step.note.clone(),
        },
    };
    Some(PanelOrder {
        id: step.order.clone(),
        code: step.order.clone(),
        title: format!("{}, {}", text("/ship_to/name"), text("/ship_to/country")),
        note,
        items,
    })
}
