//! The real HTTP sink and worker against the emulated upstream, over loopback sockets.

use crate::chain::Chain;
use firstscan::emulate::upstream::{Fault, Refuse, Upstream, UpstreamConfig, UpstreamHandle};
use firstscan::sync::outbox::MemoryOutbox;
use firstscan::sync::sinks::{Secret, SinkConfig};
use firstscan::sync::worker::{self, Handle};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const WAIT_S_MAX: u64 = 20;

fn upstream(ledger: Option<PathBuf>) -> Upstream {
    let address = "127.0.0.1:0".parse().unwrap();
    let secret = Secret::new(SECRET);
    Upstream::open(UpstreamConfig {
        address,
        secret,
        ledger,
    })
    .unwrap()
}

/// A station's sync alone: chain, outbox, worker.
struct Station {
    chain: Chain,
    outbox: Arc<Mutex<MemoryOutbox>>,
    worker: Option<Handle>,
    config: SinkConfig,
}

impl Station {
    fn new(upstream: &UpstreamHandle) -> Self {
        let mut config = SinkConfig::http("main", upstream.url(), Secret::new(SECRET));
        (
            config.first_spread_ms,
            config.timeout_ms,
            config.batch_events,
        ) = (0, 300, 5);
        let outbox = Arc::new(Mutex::new(MemoryOutbox::default()));
        let mut station = Self {
            chain: Chain::new(),
            outbox,
            worker: None,
            config,
        };
        station.start();
        station
    }

    fn start(&mut self) {
        let outbox = Box::new(self.outbox.clone());
        self.worker = Some(worker::start(&self.config, outbox, 1).unwrap());
    }

    fn stop(&mut self) {
        self.worker.take().unwrap().shutdown();
    }

    fn worker(&self) -> &Handle {
        self.worker.as_ref().unwrap()
    }

    /// Commits a parcel's story: a raw scan, a fact, the first scan.
    fn pack(&mut self, parcel: &str) {
        {
            let mut outbox = self.outbox.lock().unwrap();
            outbox.events.push(self.chain.scan("scanner"));
            outbox.events.push(self.chain.parcel(parcel));
            outbox.events.push(self.chain.first_scan(parcel));
        }
        if let Some(worker) = &self.worker {
            worker.wake();
        }
    }

    /// Waits until everything is delivered or parked.
    fn wait_synced(&self) {
        let last = self.outbox.lock().unwrap().events.len() as u64;
        wait("sync to finish", || {
            let status = self.worker().status();
            status.waiting == 0 && status.acked_through + 1 >= last && status.state == "ok"
        });
    }

    fn wait_state(&self, state: &str) {
        wait(state, || self.worker().status().state == state);
    }
}

fn wait(what: &str, done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(
            began.elapsed() < Duration::from_secs(WAIT_S_MAX),
            "no end waiting for {what}"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Every parcel's first scan is there once, and nothing about it is odd.
fn assert_arrived(upstream: &UpstreamHandle, parcels: &[&str]) {
    let scans = upstream.first_scans();
    assert_eq!(
        scans.keys().map(String::as_str).collect::<Vec<_>>(),
        parcels
    );
    assert!(scans.values().all(|ids| ids.len() == 1), "{scans:?}");
    assert_eq!(upstream.violations(), Vec::<String>::new());
    assert_eq!(
        upstream.count(),
        parcels.len() * 2,
        "raw scans stay at the station"
    );
}

#[test]
fn events_arrive_with_receipts_and_status() {
    let upstream = upstream(None);
    let mut station = Station::new(&upstream.handle());
    let began = Instant::now();
    for parcel in ["P-1", "P-2", "P-3"] {
        station.pack(parcel);
    }
    station.wait_synced();
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "no needless waiting"
    );
    assert_arrived(&upstream.handle(), &["P-1", "P-2", "P-3"]);
    assert!(upstream.handle().links() >= 3, "chain links were checked");
    let status = station.worker().status();
    assert!(status.last_ack_ms.is_some() && status.last_error.is_none());
    let metrics = station.worker().metrics();
    assert_eq!(
        (metrics.delivered, metrics.parked, metrics.lag_ms(i64::MAX)),
        (6, 0, 0)
    );
    let outbox = station.outbox.lock().unwrap();
    assert!(!outbox.receipts.is_empty());
    assert!(
        outbox
            .receipts
            .iter()
            .all(|r| r.body.contains("received_at"))
    );
}

#[test]
fn each_fault_delays_and_loses_nothing() {
    for fault in [
        Fault::Status {
            status: 500,
            retry_after_s: None,
        },
        Fault::Status {
            status: 429,
            retry_after_s: Some(1),
        },
        Fault::Closed,
        Fault::Mute,
        Fault::AnswerLost,
        Fault::Portal,
    ] {
        let upstream = upstream(None);
        let handle = upstream.handle();
        let mut station = Station::new(&handle);
        station.pack("P-1");
        station.wait_synced();
        handle.set_fault(fault.clone());
        station.pack("P-2");
        let expected = if matches!(fault, Fault::Status { .. }) {
            "waiting"
        } else {
            "offline"
        };
        station.wait_state(expected);
        station.pack("P-3");
        let status = station.worker().status();
        assert!(
            status.last_error.is_some() && status.waiting > 0,
            "{fault:?}: {status:?}"
        );
        assert!(station.worker().metrics().failed > 0);
        handle.set_fault(Fault::Acknowledge);
        station.wait_synced();
        assert_arrived(&handle, &["P-1", "P-2", "P-3"]);
        assert_eq!(
            fault == Fault::AnswerLost,
            handle.duplicates() > 0,
            "{fault:?}"
        );
        assert!(station.worker().status().parked.is_empty());
    }
}

#[test]
fn a_closed_port_refuses_connections_for_the_given_time() {
    let upstream = upstream(None);
    let handle = upstream.handle();
    handle.set_fault_for(Fault::Closed, Duration::from_millis(1200));
    let connects = || std::net::TcpStream::connect(handle.address()).is_ok();
    wait("the port to close", || !connects());
    let mut station = Station::new(&handle);
    station.pack("P-1");
    station.wait_state("offline");
    assert_eq!((handle.count(), handle.requests()), (0, 0));
    station.wait_synced();
    assert!(connects());
    assert_eq!(handle.fault(), Fault::Acknowledge);
    assert_arrived(&handle, &["P-1"]);
}

#[test]
fn a_refusal_parks_one_parcel_and_a_retry_brings_it_home() {
    let upstream = upstream(None);
    let handle = upstream.handle();
    let kind = Some("parcel.boxed".to_owned());
    let subject = Some("P-2".to_owned());
    handle.set_fault(Fault::Refuse(Refuse {
        kind,
        subject,
        permanent: true,
    }));
    let mut station = Station::new(&handle);
    for parcel in ["P-1", "P-2", "P-3"] {
        station.pack(parcel);
    }
    station.wait_synced();
    assert_arrived(&handle, &["P-1", "P-3"]);
    let parked = station.worker().status().parked;
    assert_eq!(parked.len(), 2, "{parked:?}");
    assert_eq!(
        (parked[0].subject.as_str(), parked[0].kind.as_str()),
        ("P-2", "parcel.boxed")
    );
    assert!(parked[0].reason.contains("refused by the fault script"));
    assert_eq!(parked[1].kind, "parcel.first_scan");
    // Still refused: it stays visible.
    assert_eq!(station.worker().retry_parked(), Ok(1));
    wait("the second refusal", || handle.requests() >= 3);
    station.wait_synced();
    wait("both to be parked", || {
        station.worker().status().parked.len() == 2
    });
    handle.set_fault(Fault::Acknowledge);
    station.worker().retry_parked().unwrap();
    wait("all parcels", || {
        station.worker().status().parked.is_empty()
    });
    station.wait_synced();
    assert_arrived(&handle, &["P-1", "P-2", "P-3"]);
}

#[test]
fn a_wrong_secret_pauses_visibly_until_resumed() {
    let upstream = upstream(None);
    let handle = upstream.handle();
    let mut station = Station::new(&handle);
    station.stop();
    station.config.secret = Some(Secret::new(
        "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ));
    station.start();
    station.pack("P-1");
    station.wait_state("paused");
    let status = station.worker().status();
    let error = status.last_error.unwrap();
    assert!(
        error.contains("401") && error.contains("different secrets"),
        "{error}"
    );
    assert!(!error.contains("AAAA"));
    assert_eq!((handle.count(), status.waiting > 0), (0, true));
    station.stop();
    station.config.secret = Some(Secret::new(SECRET));
    station.start();
    station.wait_synced();
    assert_arrived(&handle, &["P-1"]);
    handle.set_fault(Fault::Status {
        status: 401,
        retry_after_s: None,
    });
    station.pack("P-2");
    station.wait_state("paused");
    handle.set_fault(Fault::Acknowledge);
    assert_eq!(station.worker().retry_parked(), Ok(0));
    station.wait_synced();
    assert_arrived(&handle, &["P-1", "P-2"]);
}

#[test]
fn a_redirect_is_not_followed() {
    let upstream = upstream(None);
    upstream.handle().set_fault(Fault::Status {
        status: 307,
        retry_after_s: None,
    });
    let mut station = Station::new(&upstream.handle());
    station.pack("P-1");
    station.wait_state("paused");
    assert_eq!(upstream.handle().requests(), 1);
    assert!(
        station
            .worker()
            .status()
            .last_error
            .unwrap()
            .contains("307")
    );
}

#[test]
fn a_small_receiver_gets_smaller_batches() {
    let upstream = upstream(None);
    let handle = upstream.handle();
    handle.set_fault(Fault::EventsMax(2));
    let mut station = Station::new(&handle);
    for parcel in ["P-1", "P-2", "P-3", "P-4"] {
        station.pack(parcel);
    }
    station.wait_synced();
    assert_arrived(&handle, &["P-1", "P-2", "P-3", "P-4"]);
}

#[test]
fn a_stop_during_silence_is_quick_and_nothing_is_lost() {
    let upstream = upstream(None);
    let handle = upstream.handle();
    handle.set_fault(Fault::Mute);
    let mut station = Station::new(&handle);
    station.config.timeout_ms = 60_000;
    station.stop();
    station.start();
    station.pack("P-1");
    wait("a request", || handle.requests() > 0);
    let began = Instant::now();
    assert_eq!(
        station.worker().retry_parked(),
        Ok(0),
        "answers while a request hangs"
    );
    assert!(began.elapsed() < Duration::from_millis(500));
    station.stop();
    assert!(
        began.elapsed() < Duration::from_secs(4),
        "{:?}",
        began.elapsed()
    );
    handle.set_fault(Fault::Acknowledge);
    station.start();
    station.wait_synced();
    assert_arrived(&handle, &["P-1"]);
}

#[test]
fn the_ledger_survives_with_its_file_and_drops_a_torn_line() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("upstream.jsonl");
    let first = upstream(Some(path.clone()));
    let mut station = Station::new(&first.handle());
    station.pack("P-1");
    station.wait_synced();
    station.stop();
    drop(first);
    let mut text = std::fs::read(&path).unwrap();
    text.extend_from_slice(b"{\"received_ms\":1,\"ev");
    std::fs::write(&path, text).unwrap();
    let second = upstream(Some(path.clone()));
    let handle = second.handle();
    assert_arrived(&handle, &["P-1"]);
    // The station forgot that it was acknowledged: everything comes again and changes nothing.
    let events = station.outbox.lock().unwrap().events.clone();
    *station.outbox.lock().unwrap() = MemoryOutbox {
        events,
        ..MemoryOutbox::default()
    };
    station.config.url = handle.url();
    station.start();
    station.pack("P-2");
    station.wait_synced();
    assert_arrived(&handle, &["P-1", "P-2"]);
    assert_eq!(handle.duplicates(), 2);
    drop(second);
    let third = upstream(Some(path.clone()));
    assert_arrived(&third.handle(), &["P-1", "P-2"]);
    drop(third);
    std::fs::write(&path, "something else\n").unwrap();
    let secret = Secret::new(SECRET);
    let address = "127.0.0.1:0".parse().unwrap();
    let refused = Upstream::open(UpstreamConfig {
        address,
        secret,
        ledger: Some(path),
    });
    assert!(refused.unwrap_err().to_string().contains("remove the file"));
}
