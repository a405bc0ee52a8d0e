//! The station thread with a real store: what is not committed has no effect, and a full disk is
//! a red screen, never a lost or a half-done step.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use firstscan::carrier::Tables;
use firstscan::domain::change::{Change, RecordKind};
use firstscan::domain::event::{Clock, Fact};
use firstscan::domain::parcel::{CarrierScan, ScanKind};
use firstscan::domain::place::PlaceKind;
use firstscan::domain::rules::Badge;
use firstscan::domain::screen::{self, Scene};
use firstscan::domain::step::Reply;
use firstscan::domain::view::{Mode, SyncHealth};
use firstscan::domain::*;
use firstscan::station::clock::StationClock;
use firstscan::station::core::{self, Core, Delivery, Hands, Message, Views};
use firstscan::station::metrics::Metrics;
use firstscan::store::{Commit, OpenOptions, Store};
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
    let options = OpenOptions {
        pages_max,
        ..OpenOptions::new(dir, "T1")
    };
    let (store, _) = Store::open(&options).unwrap();
    let places = vec![(PlaceId::new("b1"), PlaceKind::Bench)];
    let badge = |id: &str| {
        let operator = OperatorId::new(id);
        (
            format!("badge-{id}"),
            Badge {
                operator,
                name: id.into(),
            },
        )
    };
    let badges = BTreeMap::from([badge("anna"), badge("ben")]);
    let rules = Rules {
        badges,
        bounce_ms: 0,
        ..Rules::default()
    };
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
    Station {
        inbox,
        view,
        thread,
        witness,
        clock,
        store,
    }
}

impl Station {
    /// Scans and waits for the outcome.
    fn scan(&self, code: &str) -> Result<(), String> {
        let device = DeviceId::new("b1/scanner");
        let kind = InputKind::Scan {
            device,
            code: code.into(),
        };
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        let place = Some(PlaceId::new("b1"));
        let mut delivery = Delivery::plain(place, self.clock.now(), kind);
        delivery.reply = Some(reply);
        self.inbox
            .blocking_send(Message::Input(Box::new(delivery)))
            .unwrap();
        answer
            .recv()
            .unwrap()
            .map(|_| ())
            .map_err(|e| e.to_string())
    }
}

impl Station {
    /// Hands inputs over at once, then waits for all outcomes.
    fn together(&self, kinds: Vec<InputKind>) -> Vec<Option<Reply>> {
        let send = |kind| {
            let (reply, answer) = std::sync::mpsc::sync_channel(1);
            let mut delivery = Delivery::plain(None, self.clock.now(), kind);
            delivery.reply = Some(reply);
            let message = Message::Input(Box::new(delivery));
            self.inbox.blocking_send(message).unwrap();
            answer
        };
        let answers: Vec<_> = kinds.into_iter().map(send).collect();
        let outcome = |answer: std::sync::mpsc::Receiver<core::Outcome>| answer.recv().unwrap();
        answers.into_iter().map(|a| outcome(a).unwrap()).collect()
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

/// A parcel that left with its truck: in the store, not in memory.
fn archive(station: &Station, id: &str, number: &str) {
    let wall = station.clock.now().wall;
    let parcel = serde_json::json!({
        "id": id, "order": "o1", "place": "b1", "operator": "anna", "stage": "handed_over", "n": 1,
        "items": {}, "trail": [], "items_mass": null, "jobs": [], "opened_at": wall,
        "number": { "tracking_number": number },
        "assignment": {
            "carrier": "dpd", "carrier_name": "DPD", "service": "classic",
            "service_name": "Classic", "template": "", "reason": "",
        },
        "exceptions": [{ "code": "duplicate", "text": "Already left.", "remedy": "Look." }],
    });
    let mut commit = Commit::new("boot", Clock::Synchronised);
    commit.changes.push(Change {
        kind: RecordKind::Parcel,
        id: id.into(),
        body: parcel,
        live: false,
        codes: vec![number.to_owned()],
    });
    station.store.commit(commit).unwrap();
}

#[test]
fn what_comes_in_about_an_archived_parcel_is_added_to_its_record_without_a_loss() {
    let dir = tempfile::tempdir().unwrap();
    let station = start(dir.path(), None);
    archive(&station, "T1-000001", "09980123456789");
    let at = station.clock.now().wall;
    let scan = |text: &str| InputKind::CarrierScan {
        carrier: "dpd".into(),
        // The bars of the label, which hold the number.
        tracking_number: "%0012345099801234567891012765".into(),
        scan: CarrierScan {
            at,
            kind: ScanKind::Accepted,
            code: String::new(),
            text: text.into(),
            estimate: None,
        },
    };
    let settle = InputKind::ExceptionSettled {
        parcel: ParcelId::new("T1-000001"),
        code: "duplicate".into(),
        by: "office".into(),
        why: "one box, scanned twice".into(),
    };
    let kinds = vec![
        scan("one"),
        scan("two"),
        scan("one"),
        settle.clone(),
        settle,
    ];
    let replies = station.together(kinds);
    let id = ParcelId::new("T1-000001");
    let scanned = |kind: &str| {
        Some(Reply::Scanned {
            parcel: id.clone(),
            kind: kind.into(),
        })
    };
    let wanted = [
        scanned("carrier.accepted"),
        scanned("carrier.moved"),
        Some(Reply::Known { parcel: id.clone() }),
        Some(Reply::Settled),
        Some(Reply::Unknown),
    ];
    assert_eq!(replies, wanted);
    let row = station
        .store
        .record(RecordKind::Parcel, id.as_str())
        .unwrap()
        .unwrap();
    assert_eq!(row["carrier_scans"].as_array().unwrap().len(), 2, "{row}");
    assert_eq!(row["carrier_scans"][1]["text"], "two");
    assert!(row.get("exceptions").is_none(), "{row}");
    let live = station.store.records(RecordKind::Parcel, true, 10).unwrap();
    assert!(live.is_empty(), "it stays archived");
    let upstream = firstscan::sync::cloudevents::Filter::default();
    for event in station.store.events_of(id.as_str(), 10).unwrap() {
        assert!(upstream.passes(&event.fact.kind()), "{}", event.fact.kind());
    }
    let nobody = InputKind::CarrierScan {
        carrier: "ups".into(),
        tracking_number: "09980123456789".into(),
        scan: CarrierScan {
            at,
            kind: ScanKind::Moved,
            code: String::new(),
            text: "x".into(),
            estimate: None,
        },
    };
    assert_eq!(station.together(vec![nobody]), [Some(Reply::Unknown)]);
}

#[test]
fn a_full_disk_is_red_loses_nothing_and_has_no_effect() {
    let dir = tempfile::tempdir().unwrap();
    let pages = {
        let station = start(dir.path(), None);
        station.scan("badge-anna").unwrap();
        u32::try_from(
            std::fs::metadata(dir.path().join("firstscan.db"))
                .unwrap()
                .len()
                / 4096,
        )
        .unwrap()
    };
    let station = start(dir.path(), Some(pages + 12));
    let mut taken = 0;
    let error = loop {
        let code = if taken % 2 == 0 {
            "badge-ben"
        } else {
            "badge-anna"
        };
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
    let changes = events
        .iter()
        .filter(|e| matches!(e.fact, Fact::OperatorChanged { .. }))
        .count();
    assert_eq!(
        changes,
        taken + 1,
        "exactly what was acknowledged is in the chain"
    );
    assert!(station.store.verify().unwrap().valid);
}
