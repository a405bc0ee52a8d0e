//! Sync from the real store: what the station runs, without the station.

use firstscan::domain::event::Draft;
use firstscan::domain::{
    Clock, DeviceId, Fact, HandoverId, Instant, OrderId, ParcelId, PlaceId, Stamp, Wall,
};
use firstscan::emulate::upstream::{Fault, Refuse, Upstream, UpstreamConfig};
use firstscan::store::{Commit, OpenOptions, Store};
use firstscan::sync::sinks::{Secret, SinkConfig};
use firstscan::sync::stored::StoredOutbox;
use firstscan::sync::worker;

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const STATION: &str = "north/1";

/// A parcel's story: a raw scan, a fact, the first scan.
fn story(parcel: &str) -> Commit {
    let id = ParcelId::new(parcel);
    let draft = |subject: &str, fact| Draft {
        subject: subject.to_owned(),
        place: Some(PlaceId::new("dock1")),
        operator: None,
        stamp: Stamp {
            wall: Wall {
                unix_ms: 1_795_248_300_000,
                offset_min: -330,
            },
            mono: Instant(5),
        },
        fact,
    };
    let mut commit = Commit::new("boot", Clock::FreeRunning);
    let (device, code) = (DeviceId::new("dock1/scanner"), parcel.to_owned());
    commit.drafts = vec![
        draft(
            "dock1/scanner",
            Fact::ScanCaptured {
                device,
                code,
                meaning: "label".to_owned(),
            },
        ),
        draft(
            parcel,
            Fact::ParcelBoxed {
                parcel: id.clone(),
                box_type: "M".to_owned(),
            },
        ),
        draft(
            parcel,
            Fact::FirstScan {
                parcel: id,
                order: OrderId::new("O-1"),
                seller: "ร้านค้า \u{1f4e6} \"quoted\"\n".to_owned(),
                handover: HandoverId::new("north-H1"),
                carrier: "acme".to_owned(),
                tracking_number: format!("TN-{parcel}"),
                evidence: vec![],
                weight: None,
                provisional: false,
            },
        ),
    ];
    commit
}

#[test]
fn the_store_and_the_upstream_agree_on_every_hash_through_faults_and_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let (address, secret) = ("127.0.0.1:0".parse().unwrap(), Secret::new(SECRET));
    let upstream = Upstream::open(UpstreamConfig {
        address,
        secret,
        ledger: None,
    })
    .unwrap();
    let handle = upstream.handle();
    let mut config = SinkConfig::http("main", handle.url(), Secret::new(SECRET));
    (
        config.first_spread_ms,
        config.batch_events,
        config.timeout_ms,
    ) = (0, 7, 500);
    let open = || {
        Store::open(&OpenOptions::new(dir.path(), STATION))
            .unwrap()
            .0
    };
    let refuse = Refuse {
        subject: Some("P-4".to_owned()),
        permanent: true,
        ..Refuse::default()
    };
    let mut parcels = Vec::new();
    for fault in [Fault::Acknowledge, Fault::AnswerLost, Fault::Refuse(refuse)] {
        handle.set_fault(fault);
        let store = open();
        let outbox = Box::new(StoredOutbox::new(store.clone(), "main"));
        let worker = worker::start(&config, outbox, 3).unwrap();
        for _ in 0..3 {
            parcels.push(format!("P-{}", parcels.len()));
            store.commit(story(parcels.last().unwrap())).unwrap();
            worker.wake();
            std::thread::sleep(std::time::Duration::from_millis(60));
        }
        // Ends in the middle of whatever it is doing.
        worker.shutdown();
    }
    let store = open();
    let outbox = Box::new(StoredOutbox::new(store.clone(), "main"));
    handle.set_fault(Fault::Refuse(Refuse {
        subject: Some("P-8".to_owned()),
        permanent: true,
        ..Refuse::default()
    }));
    let worker = worker::start(&config, outbox, 4).unwrap();
    worker.retry_parked().unwrap();
    let began = std::time::Instant::now();
    let done = || {
        let status = worker.status();
        let last = store.verify().unwrap().events;
        status.acked_through == last && status.waiting == 0
    };
    while !done() || worker.status().parked.iter().any(|p| p.subject != "P-8") {
        assert!(
            began.elapsed().as_secs() < 20,
            "no end: {:?}",
            worker.status()
        );
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let parked = worker.status().parked;
    if !handle.first_scans().contains_key("P-8") {
        assert!(parked.iter().any(|p| p.subject == "P-8"), "{parked:?}");
    }
    handle.set_fault(Fault::Acknowledge);
    worker.retry_parked().unwrap();
    while !done() || !worker.status().parked.is_empty() {
        assert!(
            began.elapsed().as_secs() < 20,
            "no end: {:?}",
            worker.status()
        );
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    worker.shutdown();
    let scans = handle.first_scans();
    assert_eq!(scans.keys().cloned().collect::<Vec<_>>(), parcels);
    assert!(scans.values().all(|ids| ids.len() == 1));
    assert_eq!(handle.violations(), Vec::<String>::new());
    assert_eq!((handle.count(), handle.links()), (18, 9));
    let report = store.verify().unwrap();
    assert!(report.valid && report.receipts_checked >= 3, "{report:?}");
}
