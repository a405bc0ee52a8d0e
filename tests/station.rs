//! The station thread with a real store: what is not committed has no effect, and a full disk is
//! a red screen, never a lost or a half-done step.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use firstscan::carrier::Tables;
use firstscan::domain::event::Fact;
use firstscan::domain::place::PlaceKind;
use firstscan::domain::rules::Badge;
use firstscan::domain::screen::{self, Scene};
use firstscan::domain::view::{Mode, SyncHealth};
use firstscan::domain::*;
use firstscan::station::clock::StationClock;
use firstscan::station::core::{self, Core, Delivery, Hands, Message, Views};
use firstscan::station::metrics::Metrics;
use firstscan::store::{OpenOptions, Store};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use tokio::sync::{mpsc, watch};

/// Remembers effects, and how many events were committed before each.
#[derive(Clone, Default)]
struct Witness {
    effects: Arc<Mutex<Vec<(Effect, u64)>>>,
    committed: Arc<Mutex<u64>>,
}

impl Hands for Witness {
    fn run(&mut self, effect: Effect, _state: &State) {
        let committed = *self.committed.lock().unwrap();
        self.effects.lock().unwrap().push((effect, committed));
    }

    fn committed(&mut self, events: &[Event]) {
        *self.committed.lock().unwrap() = events.last().unwrap().seq;
    }
}

struct Station {
    inbox: mpsc::Sender<Message>,
    view: watch::Receiver<Arc<view::PlaceView>>,
    thread: Option<std::thread::JoinHandle<()>>,
    witness: Witness,
    clock: StationClock,
    store: Store,
}

fn start(dir: &Path, pages_max: Option<u32>) -> Station {
    let options = OpenOptions { pages_max, ..OpenOptions::new(dir, "T1") };
    let (store, _) = Store::open(&options).unwrap();
    let places = vec![(PlaceId::new("b1"), PlaceKind::Bench)];
    let badge = |id: &str| {
        let operator = OperatorId::new(id);
        (format!("badge-{id}"), Badge { operator, name: id.into() })
    };
    let badges = BTreeMap::from([badge("anna"), badge("ben")]);
    let rules = Rules { badges, bounce_ms: 0, ..Rules::default() };
    let desk: Arc<dyn Desk + Send + Sync> = Arc::new(Tables::load(None).unwrap());
    let state = core::load(&store, &places).unwrap();
    let scene = Scene {
        state: &state,
        live: &Live::default(),
        rules: &rules,
        desk: desk.as_ref(),
        sync: &SyncHealth::default(),
        pictures: &BTreeMap::new(),
        now: Instant(0),
    };
    let first = screen::view(&scene, &places[0].0).unwrap();
    let (sender, view) = watch::channel(Arc::new(first));
    let views: Views = BTreeMap::from([(places[0].0.clone(), sender)]);
    let (clock, witness) = (StationClock::default(), Witness::default());
    let core = Core::new(
        store.clone(),
        clock.clone(),
        rules,
        desk,
        Box::new(witness.clone()),
        views,
        Arc::default(),
        places,
        Arc::new(Metrics::default()),
    )
    .unwrap();
    let (inbox, receiver) = mpsc::channel(64);
    let thread = Some(std::thread::spawn(move || core.run(receiver)));
    Station { inbox, view, thread, witness, clock, store }
}

impl Station {
    /// Scans and waits for the outcome.
    fn scan(&self, code: &str) -> Result<(), String> {
        let device = DeviceId::new("b1/scanner");
        let kind = InputKind::Scan { device, code: code.into() };
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        let place = Some(PlaceId::new("b1"));
        let mut delivery = Delivery::plain(place, self.clock.now(), kind);
        delivery.reply = Some(reply);
        self.inbox.blocking_send(Message::Input(Box::new(delivery))).unwrap();
        answer.recv().unwrap().map(|_| ()).map_err(|e| e.to_string())
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        drop(self.inbox.blocking_send(Message::Stop));
        self.thread.take().unwrap().join().unwrap();
    }
}

#[test]
fn no_effect_runs_before_its_events_are_committed() {
    let dir = tempfile::tempdir().unwrap();
    let station = start(dir.path(), None);
    for _ in 0..10 {
        station.scan("badge-anna").unwrap();
        station.scan("badge-ben").unwrap();
    }
    let effects = station.witness.effects.lock().unwrap().clone();
    assert_eq!(effects.len(), 20, "one sound per badge");
    let mut last = 0;
    for (effect, committed) in effects {
        assert!(matches!(effect, Effect::Sound { .. }));
        assert!(committed > last, "the sound came before its commit");
        last = committed;
    }
    assert_eq!(station.store.head().unwrap().0, last);
}

#[test]
fn a_full_disk_is_red_loses_nothing_and_has_no_effect() {
    let dir = tempfile::tempdir().unwrap();
    let pages = {
        let station = start(dir.path(), None);
        station.scan("badge-anna").unwrap();
        u32::try_from(std::fs::metadata(dir.path().join("firstscan.db")).unwrap().len() / 4096)
            .unwrap()
    };
    let station = start(dir.path(), Some(pages + 12));
    let mut taken = 0;
    let error = loop {
        let code = if taken % 2 == 0 { "badge-ben" } else { "badge-anna" };
        match station.scan(code) {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
        assert!(taken < 5000, "the disk never filled");
    };
    assert!(error.contains("free disk space"), "{error}");
    let sounds = station.witness.effects.lock().unwrap().len();
    assert_eq!(sounds, taken, "a refused scan made a sound");
    let red = |v: &Arc<view::PlaceView>| {
        v.mode == Mode::Stop && v.stop.as_ref().is_some_and(|s| s.word == "DO NOT PACK")
    };
    let until = std::time::Instant::now() + std::time::Duration::from_secs(5);
    while !red(&station.view.borrow()) {
        assert!(std::time::Instant::now() < until, "the screen is not red");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let events = station.store.events(0, 10_000).unwrap();
    let changes = events.iter().filter(|e| matches!(e.fact, Fact::OperatorChanged { .. })).count();
    assert_eq!(changes, taken + 1, "exactly what was acknowledged is in the chain");
    assert!(station.store.verify().unwrap().valid);
}
