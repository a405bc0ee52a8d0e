//! The store against real files: chain, crashes, damage, outbox.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use firstscan::domain::change::{Change, RecordKind};
use firstscan::domain::event::{Clock, Draft, Fact};
use firstscan::domain::order::{Address, Item};
use firstscan::domain::time::{Instant, Stamp, Wall};
use firstscan::domain::{DeviceId, Event, HandoverId, OperatorId, ParcelId, PlaceId, Sku};
use firstscan::store::measure::{commit_latency, sample_commit};
use firstscan::store::{
    Commit, Idempotency, NewDocument, NewPerson, OpenOptions, Opened, Receipt, Settlement, Store,
    StoreError,
};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const STATION: &str = "S1";
const T0: i64 = 1_795_226_700_000;
/// Set for the re-executed test binary that is killed.
const CHILD_DIR: &str = "FIRSTSCAN_STORE_CHILD";

fn open(dir: &Path) -> (Store, Opened) {
    Store::open(&OpenOptions::new(dir, STATION)).unwrap()
}

fn draft(subject: &str, n: u64) -> Draft {
    let wall = Wall {
        unix_ms: T0 + i64::try_from(n).unwrap(),
        offset_min: 60,
    };
    Draft {
        subject: subject.to_owned(),
        place: Some(PlaceId::new("bench1")),
        operator: Some(OperatorId::new("op7")),
        stamp: Stamp {
            wall,
            mono: Instant(n),
        },
        fact: Fact::ScanCaptured {
            device: DeviceId::new("bench1/scanner"),
            code: format!("code-{n}"),
            meaning: "item".to_owned(),
        },
    }
}

fn commit_of(drafts: Vec<Draft>) -> Commit {
    let mut commit = Commit::new("boot-1", Clock::Synchronised);
    commit.drafts = drafts;
    commit
}

/// `n` events over a few subjects, in commits of three.
fn fill(store: &Store, n: u64) -> Vec<Event> {
    let mut events = Vec::new();
    for start in (0..n).step_by(3) {
        let drafts = (start..n.min(start + 3))
            .map(|i| draft(&format!("P{}", i % 5), i))
            .collect();
        events.extend(store.commit(commit_of(drafts)).unwrap());
    }
    events
}

fn order_change(id: &str, live: bool, codes: &[&str]) -> Change {
    Change {
        kind: RecordKind::Order,
        id: id.to_owned(),
        body: serde_json::json!({ "id": id, "live": live }),
        live,
        codes: codes.iter().map(|c| (*c).to_owned()).collect(),
    }
}

fn person(id: &str, name: &str) -> NewPerson {
    let address = Address {
        name: name.to_owned(),
        country: "DE".to_owned(),
        ..Address::default()
    };
    NewPerson {
        id: id.to_owned(),
        salt: "5a17".to_owned(),
        address,
    }
}

fn document(bytes: &[u8]) -> NewDocument {
    use sha2::Digest;
    let sha256 = sha2::Sha256::digest(bytes)
        .iter()
        .map(|b| format!("{b:02x}"))
        .collect();
    NewDocument {
        sha256,
        format: "png".to_owned(),
        bytes: bytes.to_owned(),
    }
}

fn item(sku: &str, barcodes: &[&str]) -> Item {
    Item {
        sku: Sku::new(sku),
        title: format!("Item {sku}"),
        barcodes: barcodes.iter().map(|c| (*c).to_owned()).collect(),
        weight: None,
        picture: None,
    }
}

fn raw(dir: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(dir.join("firstscan.db")).unwrap()
}

/// Deterministic noise.
struct Noise(u64);

impl Noise {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, n: u64) -> u64 {
        self.next() % n.max(1)
    }
}

#[test]
fn stores_one_step_and_reads_every_part_of_it_back() {
    let dir = tempfile::tempdir().unwrap();
    let (store, opened) = open(dir.path());
    assert_eq!((opened.seq, opened.epoch, opened.fresh), (0, 1, true));
    assert_eq!(opened.head, "0".repeat(64));
    let mut commit = commit_of(vec![draft("P1", 1), draft("P2", 2)]);
    commit.changes = vec![
        order_change("o1", true, &["X1", "X2"]),
        order_change("o2", false, &["X2"]),
    ];
    commit.persons = vec![person("p1", "Ærø Ångström")];
    commit.documents = vec![document(b"picture")];
    let answer = Idempotency {
        key: "k".to_owned(),
        request_hash: "h".to_owned(),
        response: "{}".to_owned(),
    };
    commit.idempotency = Some(answer.clone());
    let events = store.commit(commit).unwrap();
    assert_eq!(events[0].prev_hash, "0".repeat(64));
    assert_eq!(events[1].prev_hash, events[0].hash);
    assert_eq!(store.events(0, 10).unwrap(), events);
    assert_eq!(store.events(1, 10).unwrap(), events[1..]);
    assert_eq!(store.events_of("P2", 10).unwrap(), events[1..]);
    assert_eq!(store.head().unwrap(), (2, 1, events[1].hash.clone()));
    let ids = |live| {
        let rows = store.records(RecordKind::Order, live, 10).unwrap();
        rows.into_iter().map(|(id, _)| id).collect::<Vec<_>>()
    };
    assert_eq!(
        (ids(true), ids(false)),
        (vec!["o1".into()], vec!["o1".into(), "o2".into()])
    );
    assert_eq!(
        store.records(RecordKind::Order, false, 1).unwrap()[0].0,
        "o2"
    );
    assert_eq!(store.records_by_code("X2").unwrap().len(), 2);
    assert_eq!(
        store.person("p1").unwrap().unwrap(),
        person("p1", "Ærø Ångström")
    );
    let stored = document(b"picture");
    assert_eq!(store.document(&stored.sha256).unwrap().unwrap(), stored);
    assert_eq!(store.idempotent("k").unwrap().unwrap(), answer);
    assert!(store.person("nobody").unwrap().is_none() && store.document("00").unwrap().is_none());

    // The codes of a record are replaced with it, and it keeps its place in the list.
    let mut again = commit_of(vec![]);
    again.changes = vec![order_change("o1", false, &["X3"])];
    assert!(store.commit(again).unwrap().is_empty());
    assert!(store.records_by_code("X1").unwrap().is_empty());
    assert_eq!(store.records_by_code("X3").unwrap()[0].1, "o1");
    assert_eq!(
        store.record(RecordKind::Order, "o1").unwrap().unwrap()["live"],
        false
    );
    assert_eq!((ids(true).len(), ids(false)[0].as_str()), (0, "o1"));

    store
        .put_items(vec![item("A", &["1", "2"]), item("B", &["2"])])
        .unwrap();
    store.put_items(vec![item("A", &["2"])]).unwrap();
    assert_eq!(store.items_by_barcode("2").unwrap().len(), 2);
    assert!(store.items_by_barcode("1").unwrap().is_empty());
    assert_eq!(
        store.item(&Sku::new("B")).unwrap().unwrap(),
        item("B", &["2"])
    );

    drop(store);
    let (store, opened) = open(dir.path());
    assert_eq!((opened.seq, opened.epoch, opened.fresh), (2, 1, false));
    assert_eq!(opened.head, events[1].hash);
    assert_eq!(store.events(0, 10).unwrap(), events);
    let report = store.verify().unwrap();
    assert!(report.valid, "{report:?}");
    assert_eq!((report.events, report.broken_at), (2, None));
}

#[test]
fn the_hash_covers_exactly_the_stored_bytes() {
    use sha2::Digest;
    let dir = tempfile::tempdir().unwrap();
    let events = fill(&open(dir.path()).0, 2);
    let (body, hash): (Vec<u8>, String) = raw(dir.path())
        .query_row("SELECT body, hash FROM events WHERE seq = 2", [], |r| {
            Ok((r.get(0)?, r.get(1)?))
        })
        .unwrap();
    let mut covered = events[0].hash.clone().into_bytes();
    covered.extend(&body);
    let digest = sha2::Sha256::digest(&covered);
    assert_eq!(
        hash,
        digest
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect::<String>()
    );
    let json: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert!(json.get("hash").is_none());
    assert_eq!(json["type"], "scan.captured");
    assert_eq!(json["prev_hash"], events[0].hash.as_str());
}

#[test]
fn a_wrong_request_stores_nothing_and_harms_no_other() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let key = |hash: &str| Idempotency {
        key: "k".to_owned(),
        request_hash: hash.to_owned(),
        response: "1".to_owned(),
    };
    let mut commit = commit_of(vec![draft("P", 1)]);
    commit.idempotency = Some(key("h"));
    store.commit(commit.clone()).unwrap();
    let mut used = |hash: &str| {
        commit.idempotency = Some(key(hash));
        store.commit(commit.clone()).unwrap_err()
    };
    assert_eq!(
        used("h"),
        StoreError::KeyUsed {
            key: "k".to_owned(),
            same_request: true
        }
    );
    assert_eq!(
        used("i"),
        StoreError::KeyUsed {
            key: "k".to_owned(),
            same_request: false
        }
    );
    // The event is already written when the bad document comes: it is undone.
    let mut bad = commit_of(vec![draft("P", 2)]);
    bad.changes = vec![order_change(&"x".repeat(600), true, &[])];
    assert!(matches!(store.commit(bad), Err(StoreError::Invalid { .. })));
    let forged = NewDocument {
        sha256: "00".repeat(32),
        ..document(b"x")
    };
    assert!(matches!(
        store.put_document(forged),
        Err(StoreError::Invalid { .. })
    ));
    assert!(matches!(
        store.commit(commit_of(vec![draft("", 2)])),
        Err(StoreError::Invalid { .. })
    ));
    let next = store.commit(commit_of(vec![draft("P", 3)])).unwrap();
    assert_eq!(next[0].seq, 2);
    assert!(store.verify().unwrap().valid && !store.has_failed());
}

#[test]
fn group_commit_of_eight_threads_keeps_the_numbers_gapless() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let threads: Vec<_> = (0..8)
        .map(|t| {
            let store = store.clone();
            std::thread::spawn(move || {
                let commit = |n| commit_of(vec![draft(&format!("T{t}"), n), draft("all", n)]);
                (0..40)
                    .flat_map(|n| store.commit(commit(n)).unwrap())
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    let mut answered: Vec<Event> = threads
        .into_iter()
        .flat_map(|t| t.join().unwrap())
        .collect();
    answered.sort_by_key(|e| e.seq);
    let seqs: Vec<u64> = answered.iter().map(|e| e.seq).collect();
    assert_eq!(seqs, (1..=640).collect::<Vec<_>>());
    assert_eq!(store.events(0, 1000).unwrap(), answered);
    assert!(store.verify().unwrap().valid);
    let stats = store.stats();
    assert_eq!(stats.requests, 320);
    assert!(stats.commits < 320, "nothing was grouped: {stats:?}");
}

#[test]
fn answers_asynchronously_after_the_commit() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let events = store
        .commit_async(commit_of(vec![draft("P", 1)]))
        .blocking_recv()
        .unwrap();
    assert_eq!(events.unwrap(), store.events(0, 9).unwrap());
    let latency = commit_latency(&store, 2, 10).unwrap();
    assert_eq!(latency.commits, 20);
    assert!(latency.p50_us <= latency.p99_us && latency.p99_us <= latency.max_us);
    assert_eq!(store.event_count().unwrap(), 21);
}

#[test]
fn verify_finds_every_kind_of_tampering() {
    let dir = tempfile::tempdir().unwrap();
    let events = fill(&open(dir.path()).0, 9);
    let head = events[8].hash.clone();
    {
        let (store, _) = open(dir.path());
        let receipt = Receipt {
            seq: 9,
            head,
            body: "{}".to_owned(),
        };
        let delivered = (1..=9).collect();
        let settled = Settlement {
            through: 9,
            delivered,
            receipt: Some(receipt),
            refused: vec![],
        };
        store.settle("up", settled).unwrap();
        let report = store.verify().unwrap();
        assert_eq!((report.valid, report.receipts_checked), (true, 1));
    }
    let sound = std::fs::read(dir.path().join("firstscan.db")).unwrap();
    let cases = [
        (
            "UPDATE events SET body = CAST(replace(CAST(body AS TEXT), 'code-4', 'code-5') AS BLOB)
          WHERE seq = 5",
            5,
        ),
        ("UPDATE events SET body = x'00' WHERE seq = 1", 1),
        (
            "UPDATE events SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE seq = 4",
            4,
        ),
        ("UPDATE events SET prev_hash = hash WHERE seq = 3", 3),
        ("UPDATE events SET type = 'label.sent' WHERE seq = 2", 2),
        ("UPDATE events SET subject = 'P9' WHERE seq = 6", 6),
        ("UPDATE events SET place = NULL WHERE seq = 7", 7),
        ("UPDATE events SET operator = 'op8' WHERE seq = 7", 7),
        ("UPDATE events SET id = 'x' WHERE seq = 8", 8),
        ("UPDATE events SET unix_ms = unix_ms + 1 WHERE seq = 8", 8),
        ("UPDATE events SET epoch = 2 WHERE seq = 9", 9),
        ("DELETE FROM events WHERE seq = 1", 1),
        ("DELETE FROM events WHERE seq = 5", 5),
        ("DELETE FROM events WHERE seq = 9", 9),
        ("UPDATE events SET seq = 10 WHERE seq = 9", 9),
        ("UPDATE receipts SET head = 'x'", 9),
        ("DELETE FROM sinks; DELETE FROM events WHERE seq = 9", 9),
        (
            "UPDATE events SET seq = -1 WHERE seq = 5; UPDATE events SET seq = 5 WHERE seq = 6;
          UPDATE events SET seq = 6 WHERE seq = -1",
            5,
        ),
        (
            "UPDATE events SET type = CAST(x'ff41' AS TEXT) WHERE seq = 2",
            2,
        ),
    ];
    for (sql, seq) in cases {
        std::fs::write(dir.path().join("firstscan.db"), &sound).unwrap();
        raw(dir.path()).execute_batch(sql).unwrap();
        let (store, opened) = open(dir.path());
        assert_eq!(opened.salvaged, None, "{sql}");
        let report = store.verify().unwrap();
        assert_eq!(
            (report.valid, report.broken_at),
            (false, Some(seq)),
            "{sql}: {report:?}"
        );
        assert!(report.reason.is_some());
    }
}

#[test]
fn every_flipped_byte_of_a_stored_event_is_found() {
    let dir = tempfile::tempdir().unwrap();
    fill(&open(dir.path()).0, 3);
    let db = dir.path().join("firstscan.db");
    let sound = std::fs::read(&db).unwrap();
    let conn = raw(dir.path());
    let body: Vec<u8> = conn
        .query_row("SELECT body FROM events WHERE seq = 2", [], |r| r.get(0))
        .unwrap();
    drop(conn);
    let at = sound.windows(body.len()).position(|w| w == body).unwrap();
    for offset in (at..at + body.len() + 128).step_by(13) {
        let mut bytes = sound.clone();
        bytes[offset] ^= 0x01;
        std::fs::write(&db, &bytes).unwrap();
        let (store, opened) = open(dir.path());
        let report = store.verify().unwrap();
        let noticed = report.broken_at == Some(2) || opened.salvaged.is_some();
        assert!(noticed, "offset {offset}: {report:?}");
    }
}

#[test]
fn a_second_opener_is_refused_with_the_process_id() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let error = Store::open(&OpenOptions::new(dir.path(), STATION)).unwrap_err();
    let pid = std::process::id().to_string();
    assert_eq!(
        error,
        StoreError::InUse {
            dir: dir.path().to_owned(),
            pid: pid.clone()
        }
    );
    assert!(error.to_string().contains(&pid));
    let clone = store.clone();
    drop(store);
    Store::open(&OpenOptions::new(dir.path(), STATION)).unwrap_err();
    drop(clone);
    open(dir.path());
}

#[test]
fn refuses_another_station_and_a_newer_format() {
    let dir = tempfile::tempdir().unwrap();
    fill(&open(dir.path()).0, 1);
    let other = Store::open(&OpenOptions::new(dir.path(), "S2")).unwrap_err();
    assert!(matches!(other, StoreError::OtherStation { .. }), "{other}");
    raw(dir.path())
        .pragma_update(None, "user_version", 99)
        .unwrap();
    // Whoever upgrades a database also notes its first page; without that the number is damage.
    std::fs::remove_file(dir.path().join("firstscan.page1")).unwrap();
    let newer = Store::open(&OpenOptions::new(dir.path(), STATION)).unwrap_err();
    assert!(
        matches!(newer, StoreError::TooNew { found: 99, .. }),
        "{newer}"
    );
    assert!(newer.to_string().contains("newer"), "{newer}");
}

#[test]
fn a_full_disk_is_an_error_that_leaves_everything_usable() {
    let dir = tempfile::tempdir().unwrap();
    let options = OpenOptions {
        pages_max: Some(60),
        ..OpenOptions::new(dir.path(), STATION)
    };
    let (store, _) = Store::open(&options).unwrap();
    let before = fill(&store, 6);
    let big = |n: u64| {
        let mut commit = commit_of(vec![draft("P", n)]);
        commit.documents = vec![document(&vec![7; 40_000 + usize::try_from(n).unwrap()])];
        commit
    };
    let mut stored = before.len() as u64;
    let error = (0..50)
        .find_map(|n| match store.commit(big(n)) {
            Ok(events) => {
                stored = events[0].seq;
                None
            }
            Err(error) => Some(error),
        })
        .unwrap();
    assert!(matches!(error, StoreError::Full { .. }), "{error}");
    assert!(error.to_string().contains("free disk space"), "{error}");
    assert!(!store.has_failed());
    assert_eq!(store.event_count().unwrap(), stored);
    assert!(store.verify().unwrap().valid);
    drop(store);
    let (store, opened) = open(dir.path());
    assert_eq!((opened.seq, opened.salvaged), (stored, None));
    assert_eq!(store.commit(big(77)).unwrap()[0].seq, stored + 1);
}

#[test]
fn a_forgotten_person_is_gone_from_the_disk_and_the_chain_holds() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let mut commit = commit_of(vec![draft("P", 1)]);
    commit.persons = vec![
        person("p1", "Unforgettable Name"),
        person("p2", "Other Person"),
    ];
    store.commit(commit).unwrap();
    fill(&store, 30);
    assert!(store.forget_person("p1").unwrap());
    assert!(!store.forget_person("p1").unwrap());
    assert!(store.person("p1").unwrap().is_none() && store.person("p2").unwrap().is_some());
    assert!(store.verify().unwrap().valid);
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        assert!(!bytes.windows(18).any(|w| w == b"Unforgettable Name"));
    }
}

#[test]
fn backs_up_while_running_and_a_restored_backup_begins_a_new_epoch() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    fill(&store, 30);
    let copy = dir.path().join("copy.db");
    let report = std::thread::scope(|scope| {
        let busy = scope.spawn(|| fill(&store, 60));
        let report = store.backup(&copy).unwrap();
        busy.join().unwrap();
        report
    });
    assert!(
        report.valid && (30..=90).contains(&report.events),
        "{report:?}"
    );
    let again = store.backup(&copy).unwrap_err();
    assert!(matches!(again, StoreError::Invalid { .. }), "{again}");
    let files: Vec<_> = std::fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    assert!(
        !files
            .iter()
            .any(|f| f.to_string_lossy().starts_with("copy.db.")),
        "{files:?}"
    );

    let other = tempfile::tempdir().unwrap();
    std::fs::copy(&copy, other.path().join("firstscan.db")).unwrap();
    let (restored, opened) = open(other.path());
    assert!(opened.restored && opened.salvaged.is_none());
    assert_eq!((opened.seq, opened.epoch), (report.events, 2));
    let event = restored
        .commit(commit_of(vec![draft("P", 1)]))
        .unwrap()
        .remove(0);
    assert_eq!((event.seq, event.epoch), (report.events + 1, 2));
    assert_eq!(event.prev_hash, opened.head);
    let report = restored.verify().unwrap();
    assert_eq!(
        (report.valid, report.epochs, report.lost.len()),
        (true, 2, 0),
        "{report:?}"
    );
    drop(restored);
    assert!(!open(other.path()).1.restored);
}

#[test]
fn a_backup_of_a_broken_chain_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    fill(&open(dir.path()).0, 5);
    raw(dir.path())
        .execute("UPDATE events SET subject = 'Z' WHERE seq = 3", [])
        .unwrap();
    let (store, _) = open(dir.path());
    let error = store.backup(&dir.path().join("copy.db")).unwrap_err();
    assert!(error.to_string().contains("event 3"), "{error}");
    assert!(!dir.path().join("copy.db").exists());
}

/// Commits from three threads until it is killed; does nothing in a normal test run.
#[test]
fn child_that_is_killed() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else {
        return;
    };
    let (store, _) = open(Path::new(&dir));
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let store = store.clone();
            std::thread::spawn(move || {
                for n in 0..100_000 {
                    let mut commit = commit_of(vec![draft("P1", n), draft("P2", n)]);
                    commit.changes = vec![order_change("o", true, &[])];
                    let ids: Vec<_> = store.commit(commit).unwrap();
                    println!("acknowledged {} {}", ids[0].id, ids[1].id);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|t| t.join().unwrap());
}

#[test]
fn everything_acknowledged_survives_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    let mut noise = Noise(0x5eed);
    let mut acknowledged = BTreeSet::new();
    for _ in 0..8 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_is_killed", "--nocapture"])
            .env(CHILD_DIR, dir.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let enough = 1 + noise.below(120);
        let mut seen = 0;
        for line in lines {
            // After the kill, what was printed before is still read to the end.
            let Ok(line) = line else { break };
            let Some((_, ids)) = line.split_once("acknowledged ") else {
                continue;
            };
            if let Some((a, b)) = ids.split_once(' ').filter(|(_, b)| b.len() == 36) {
                acknowledged.extend([a.to_owned(), b.to_owned()]);
            }
            seen += 1;
            if seen == enough {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(seen >= enough, "the child ended by itself");
        let (store, opened) = open(dir.path());
        assert_eq!((opened.epoch, opened.salvaged), (1, None));
        let stored: BTreeSet<String> = store
            .events(0, 1_000_000)
            .unwrap()
            .into_iter()
            .map(|e| e.id)
            .collect();
        assert!(acknowledged.is_subset(&stored));
        assert_eq!(stored.len() % 2, 0, "half a step was stored");
        assert!(store.verify().unwrap().valid);
    }
}

/// A store with everything in it; its files with the log still holding the last part.
fn sample(dir: &Path) -> (Vec<Event>, BTreeMap<String, Vec<u8>>) {
    let (store, _) = open(dir);
    let mut commit = commit_of(vec![]);
    commit.changes = (0..40)
        .map(|n| order_change(&format!("o{n}"), true, &["X"]))
        .collect();
    commit.persons = (0..10).map(|n| person(&format!("p{n}"), "Name")).collect();
    commit.documents = (0..4).map(|n| document(&vec![n; 9000])).collect();
    store.commit(commit).unwrap();
    store
        .put_items((0..20).map(|n| item(&format!("A{n}"), &["1"])).collect())
        .unwrap();
    let mut events = fill(&store, 240);
    let receipt = Receipt {
        seq: 100,
        head: events[99].hash.clone(),
        body: "{}".to_owned(),
    };
    let delivered = (1..=100).collect();
    let settled = Settlement {
        through: 100,
        delivered,
        receipt: Some(receipt),
        refused: vec![],
    };
    store.settle("up", settled).unwrap();
    drop(store);
    let (store, _) = open(dir);
    events.extend(fill(&store, 60));
    let read = |name: &str| (name.to_owned(), std::fs::read(dir.join(name)).unwrap());
    let files = ["firstscan.db", "firstscan.db-wal", "firstscan.page1"]
        .map(read)
        .into();
    (events, files)
}

fn put(files: &BTreeMap<String, Vec<u8>>) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(dir.path().join(name), bytes).unwrap();
    }
    dir
}

/// A store after damage: it takes work, and what it shows as valid is what was written.
fn assert_usable(dir: &Path, events: &[Event], what: &str) -> Opened {
    let (store, opened) = match Store::open(&OpenOptions::new(dir, STATION)) {
        Ok(open) => open,
        Err(error) => panic!("{what}: {error}"),
    };
    let new = store
        .commit(commit_of(vec![draft("new", 1)]))
        .unwrap()
        .remove(0);
    assert_eq!(new.seq, opened.seq + 1, "{what}");
    let report = store.verify().unwrap();
    if let Some(salvage) = &opened.salvaged {
        assert!(report.valid, "{what}: {report:?}");
        assert!(opened.epoch >= 2 && new.epoch == opened.epoch, "{what}");
        assert!(salvage.set_aside.parent() == Some(dir), "{what}");
        assert!(salvage.alarm.contains(&salvage.cause), "{what}");
        assert_eq!(report.lost, salvage.lost, "{what}");
    }
    if report.valid {
        let by_id: BTreeMap<&str, &Event> = events.iter().map(|e| (e.id.as_str(), e)).collect();
        for event in store
            .events(0, 10_000)
            .unwrap()
            .iter()
            .filter(|e| e.id != new.id)
        {
            assert_eq!(by_id.get(event.id.as_str()), Some(&event), "{what}");
        }
    }
    store.records(RecordKind::Order, true, 1000).unwrap();
    drop(store);
    let (_, again) = open(dir);
    assert_eq!((again.salvaged, again.seq), (None, new.seq), "{what}");
    opened
}

#[test]
fn random_damage_never_panics_and_leaves_a_usable_store() {
    let origin = tempfile::tempdir().unwrap();
    let (events, files) = sample(origin.path());
    let mut noise = Noise(0xbad_5eed);
    let mut salvaged = 0;
    for round in 0..60 {
        let mut broken = files.clone();
        let name = if noise.below(3) == 0 {
            "firstscan.db-wal"
        } else {
            "firstscan.db"
        };
        let bytes = broken.get_mut(name).unwrap();
        let at = usize::try_from(noise.below(bytes.len() as u64)).unwrap();
        let how = noise.below(4);
        match how {
            0 => bytes[at] ^= 1 << noise.below(8),
            1 => bytes.truncate(at),
            2 => bytes.iter_mut().skip(at).take(4096).for_each(|b| *b = 0),
            _ => bytes
                .iter_mut()
                .skip(at)
                .take(700)
                .for_each(|b| *b = noise.next() as u8),
        }
        let dir = put(&broken);
        let what = format!("round {round}: {name} at {at}, kind {how}");
        salvaged += usize::from(assert_usable(dir.path(), &events, &what).salvaged.is_some());
    }
    assert!(
        salvaged > 10,
        "only {salvaged} of 60 needed a salvage: the damage is too mild"
    );
}

/// Damages the files and returns what the salvage reported.
fn salvage_of(files: &BTreeMap<String, Vec<u8>>, events: &[Event]) -> (tempfile::TempDir, Opened) {
    let dir = put(files);
    let opened = assert_usable(dir.path(), events, "known damage");
    assert!(opened.salvaged.is_some());
    (dir, opened)
}

#[test]
fn a_destroyed_first_page_costs_nothing() {
    let origin = tempfile::tempdir().unwrap();
    let (events, mut files) = sample(origin.path());
    // No log: page 1 is in the file alone.
    drop(open(origin.path()));
    files.remove("firstscan.db-wal");
    let db = std::fs::read(origin.path().join("firstscan.db")).unwrap();
    files.insert("firstscan.db".to_owned(), db);
    files.get_mut("firstscan.db").unwrap()[..4096].fill(0x55);
    let (dir, opened) = salvage_of(&files, &events);
    let report = opened.salvaged.unwrap();
    assert_eq!(
        (report.lost.len(), report.incomplete.len()),
        (0, 0),
        "{report:?}"
    );
    assert_eq!((report.saved["events"], report.saved["persons"]), (300, 10));
    assert_eq!(
        (report.saved["records"], report.saved["documents"]),
        (40, 4)
    );
    let (store, _) = open(dir.path());
    assert_eq!(store.sink("up").unwrap().acked_through, 100);
    assert_eq!(store.items_by_barcode("1").unwrap().len(), 20);
    assert_eq!(
        std::fs::read(&report.set_aside).unwrap(),
        files["firstscan.db"]
    );
}

#[test]
fn events_behind_a_destroyed_inner_page_are_carved() {
    let origin = tempfile::tempdir().unwrap();
    let (events, mut files) = sample(origin.path());
    drop(open(origin.path()));
    files.remove("firstscan.db-wal");
    let mut db = std::fs::read(origin.path().join("firstscan.db")).unwrap();
    let root: usize = raw(origin.path())
        .query_row(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'events'",
            [],
            |r| r.get::<_, i64>(0).map(|n| usize::try_from(n).unwrap()),
        )
        .unwrap();
    db[(root - 1) * 4096..root * 4096].fill(0);
    files.insert("firstscan.db".to_owned(), db);
    let (_, opened) = salvage_of(&files, &events);
    let report = opened.salvaged.unwrap();
    assert_eq!(
        (report.saved["events"], report.carved, report.lost.len()),
        (300, 300, 0)
    );
}

#[test]
fn acknowledged_commits_behind_a_broken_spot_of_the_log_are_noticed_and_saved() {
    let origin = tempfile::tempdir().unwrap();
    let (events, mut files) = sample(origin.path());
    let log = files.get_mut("firstscan.db-wal").unwrap();
    let frame = 24 + 4096;
    // One byte in the page of the third frame: SQLite would silently forget all that follows.
    log[32 + 2 * frame + 500] ^= 0xff;
    let (_, opened) = salvage_of(&files, &events);
    let report = opened.salvaged.unwrap();
    assert!(report.cause.contains("write-ahead log"), "{}", report.cause);
    assert!(
        report.saved["events"] >= 297 && report.carved > 0,
        "{report:?}"
    );
}

#[test]
fn a_vanished_database_is_noticed_and_numbers_are_not_used_again() {
    let origin = tempfile::tempdir().unwrap();
    let (events, mut files) = sample(origin.path());
    files.remove("firstscan.db");
    let (_, opened) = salvage_of(&files, &events);
    assert_eq!(opened.epoch, 2);
    files.remove("firstscan.db-wal");
    let (_, opened) = salvage_of(&files, &events);
    assert_eq!((opened.epoch, opened.seq), (2, 0));
}

#[test]
fn a_salvage_that_was_interrupted_before_the_swap_is_finished() {
    let origin = tempfile::tempdir().unwrap();
    let (events, files) = sample(origin.path());
    let dir = put(&files);
    let (store, _) = open(dir.path());
    let copy = dir.path().join("firstscan.db.salvaged-1795226700000");
    store.backup(&copy).unwrap();
    drop(store);
    std::fs::write(dir.path().join("firstscan.db"), b"damaged").unwrap();
    let (store, opened) = open(dir.path());
    assert_eq!((opened.seq, opened.salvaged), (300, None));
    assert_eq!(store.events(0, 1000).unwrap(), events);
    assert!(
        dir.path()
            .join("firstscan.db.damaged-1795226700000")
            .exists()
    );
}

#[test]
fn an_altered_live_record_does_not_keep_the_station_from_starting() {
    for body in ["'{'", "CAST(x'227b00ff22' AS TEXT)"] {
        let dir = tempfile::tempdir().unwrap();
        let (store, _) = open(dir.path());
        let mut commit = commit_of(vec![draft("P", 1)]);
        commit.changes = vec![order_change("o1", true, &[]), order_change("o2", true, &[])];
        let events = store.commit(commit).unwrap();
        drop(store);
        let sql = format!("UPDATE records SET body = {body} WHERE id = 'o1'");
        raw(dir.path()).execute(&sql, []).unwrap();
        let report = assert_usable(dir.path(), &events, body).salvaged.unwrap();
        assert_eq!(report.incomplete, ["records"]);
        assert_eq!((report.saved["records"], report.saved["events"]), (1, 1));
    }
}

#[test]
fn losses_in_the_middle_are_declared_and_cannot_be_edited_later() {
    let dir = tempfile::tempdir().unwrap();
    fill(&open(dir.path()).0, 200);
    let (page, first): (u64, Vec<u8>) = {
        let conn = raw(dir.path());
        let sql = "SELECT pageno FROM dbstat WHERE name = 'events' AND pagetype = 'leaf' LIMIT 1
                   OFFSET 3";
        let page: i64 = conn.query_row(sql, [], |r| r.get(0)).unwrap();
        (u64::try_from(page).unwrap(), vec![0xee; 4096])
    };
    let file = std::fs::File::options()
        .write(true)
        .open(dir.path().join("firstscan.db"))
        .unwrap();
    file.write_all_at(&first, (page - 1) * 4096).unwrap();
    drop(file);
    let (store, opened) = open(dir.path());
    let report = opened.salvaged.unwrap();
    assert_eq!(report.lost.len(), 1, "{report:?}");
    let (from, to) = report.lost[0];
    assert!(from > 1 && to < 200 && report.saved["events"] == 200 - (to - from + 1));
    fill(&store, 3);
    assert!(store.verify().unwrap().valid);
    drop(store);
    // Taking away one more event and declaring it lost as well breaks the anchor.
    let conn = raw(dir.path());
    let body: Vec<u8> = conn
        .query_row("SELECT body FROM epochs", [], |r| r.get(0))
        .unwrap();
    let text = String::from_utf8(body).unwrap();
    let forged = text.replace(&format!("[{from},{to}]"), &format!("[{from},{}]", to + 1));
    assert_ne!(text, forged);
    conn.execute("UPDATE epochs SET body = ?1", [forged.into_bytes()])
        .unwrap();
    conn.execute(
        "DELETE FROM events WHERE seq = ?1",
        [i64::try_from(to + 1).unwrap()],
    )
    .unwrap();
    drop(conn);
    let report = open(dir.path()).0.verify().unwrap();
    assert_eq!(
        (report.valid, report.broken_at),
        (false, Some(201)),
        "{report:?}"
    );
}

/// Every released format stays readable. `FIRSTSCAN_WRITE_FIXTURE=1` writes the newest one anew.
#[test]
fn a_database_of_version_1_opens_with_all_its_content() {
    let fixture = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/databases/version-1.db");
    if std::env::var_os("FIRSTSCAN_WRITE_FIXTURE").is_some() {
        let dir = tempfile::tempdir().unwrap();
        write_fixture(&open(dir.path()).0);
        std::fs::copy(dir.path().join("firstscan.db"), &fixture).unwrap();
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::copy(&fixture, dir.path().join("firstscan.db")).unwrap();
    let (store, opened) = open(dir.path());
    assert_eq!((opened.seq, opened.epoch, opened.salvaged), (4, 1, None));
    let report = store.verify().unwrap();
    assert_eq!(
        (report.valid, report.events, report.receipts_checked),
        (true, 4, 1),
        "{report:?}"
    );
    assert!(matches!(
        store.events(3, 1).unwrap()[0].fact,
        Fact::FirstScan { .. }
    ));
    assert_eq!(store.records_by_code("X").unwrap()[0].1, "o1");
    assert!(store.person("p1").unwrap().is_some());
    assert_eq!(store.items_by_barcode("1").unwrap().len(), 1);
    assert_eq!(store.sink("up").unwrap().parked, 1);
    assert!(
        store
            .document(&document(b"picture").sha256)
            .unwrap()
            .is_some()
    );
    assert!(store.idempotent("k").unwrap().is_some());
}

fn write_fixture(store: &Store) {
    let mut commit = commit_of(vec![
        draft("P1", 1),
        draft("P2", 2),
        draft("P1", 3),
        draft("P3", 4),
    ]);
    commit.drafts[3].fact = Fact::FirstScan {
        parcel: ParcelId::new("P3"),
        order: firstscan::domain::OrderId::new("o1"),
        seller: "seller".to_owned(),
        handover: HandoverId::new("S1-H1"),
        carrier: "dhl".to_owned(),
        tracking_number: "00340434161094000001".to_owned(),
        evidence: vec![],
        weight: None,
        provisional: false,
    };
    commit.changes = vec![order_change("o1", true, &["X"])];
    commit.persons = vec![person("p1", "Erika Mustermann")];
    commit.documents = vec![document(b"picture")];
    commit.idempotency = Some(Idempotency {
        key: "k".to_owned(),
        request_hash: "h".to_owned(),
        response: "{}".to_owned(),
    });
    let events = store.commit(commit).unwrap();
    store.put_items(vec![item("A", &["1"])]).unwrap();
    let head = events[1].hash.clone();
    let settled = Settlement {
        through: 2,
        delivered: vec![2],
        refused: vec![(1, "unknown seller".to_owned())],
        receipt: Some(Receipt {
            seq: 2,
            head,
            body: "{}".to_owned(),
        }),
    };
    store.settle("up", settled).unwrap();
}

#[test]
fn a_refused_event_holds_back_its_parcel_only_and_goes_first_when_re_driven() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = open(dir.path());
    let drafts = ["A", "B", "A", "B", "A"]
        .iter()
        .zip(1..)
        .map(|(s, n)| draft(s, n))
        .collect();
    store.commit(commit_of(drafts)).unwrap();
    let due = |limit| {
        let batch = store.outbox("up", limit, 1 << 20).unwrap();
        (
            batch.events.iter().map(|e| e.seq).collect::<Vec<_>>(),
            batch.through,
        )
    };
    assert_eq!(due(2), (vec![1, 2], 2));
    let refused = vec![(1, "no".to_owned())];
    let settled = Settlement {
        through: 2,
        delivered: vec![2],
        refused,
        receipt: None,
    };
    store.settle("up", settled.clone()).unwrap();
    assert_eq!(due(10), (vec![4], 5));
    store
        .settle(
            "up",
            Settlement {
                through: 5,
                delivered: vec![4],
                ..Settlement::default()
            },
        )
        .unwrap();
    assert_eq!(due(10), (vec![], 5));
    let parked = store.parked("up", 10).unwrap();
    let rows: Vec<_> = parked
        .iter()
        .map(|p| (p.seq, p.refused, p.attempts))
        .collect();
    assert_eq!(rows, [(1, true, 1), (3, false, 0), (5, false, 0)]);
    assert_eq!(
        (parked[0].reason.as_str(), parked[0].kind.as_str()),
        ("no", "scan.captured")
    );
    let state = store.sink("up").unwrap();
    assert_eq!(
        (state.acked_through, state.waiting, state.parked),
        (5, 0, 3)
    );
    assert_eq!(store.unpark("up", Some(vec![1])).unwrap(), 1);
    assert_eq!(due(2), (vec![1, 3], 5));
    store
        .commit(commit_of(vec![draft("A", 6), draft("C", 7)]))
        .unwrap();
    // Only part of A's backlog fits: what follows of A stays behind it.
    assert_eq!(due(2).0, [1, 3]);
    assert_eq!(due(10), (vec![1, 3, 5, 6, 7], 7));
    let beyond = Settlement {
        through: 3,
        delivered: vec![7],
        ..Settlement::default()
    };
    assert!(matches!(
        store.settle("up", beyond),
        Err(StoreError::Invalid { .. })
    ));
    let unknown = Settlement {
        through: 8,
        ..Settlement::default()
    };
    assert!(matches!(
        store.settle("up", unknown),
        Err(StoreError::Invalid { .. })
    ));
    let receipt = Some(Receipt {
        seq: 7,
        head: "00".repeat(32),
        body: String::new(),
    });
    let delivered = vec![1, 3, 5, 6, 7];
    let lying = Settlement {
        through: 7,
        delivered: delivered.clone(),
        receipt,
        refused: vec![],
    };
    assert!(matches!(
        store.settle("up", lying),
        Err(StoreError::Invalid { .. })
    ));
    assert_eq!(due(10).0, [1, 3, 5, 6, 7]);
    store
        .settle(
            "up",
            Settlement {
                through: 7,
                delivered,
                ..Settlement::default()
            },
        )
        .unwrap();
    assert_eq!(
        (due(10), store.parked("up", 9).unwrap().len()),
        ((vec![], 7), 0)
    );
    assert_eq!(store.outbox("other", 3, 1).unwrap().events.len(), 1);
}

#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<u8>),
    /// Batch size, and per event: 0 refused, 1 no verdict, else delivered.
    Send(u32, Vec<u8>),
    Unpark(Option<u8>),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        proptest::collection::vec(0u8..4, 1..6).prop_map(Step::Commit),
        (1u32..7, proptest::collection::vec(0u8..5, 7)).prop_map(|(n, v)| Step::Send(n, v)),
        proptest::option::of(any::<u8>()).prop_map(Step::Unpark),
    ]
}

/// Sends one batch by `verdicts`; checks order and returns whether anything was given out.
fn send(
    store: &Store,
    limit: u32,
    verdicts: &[u8],
    events: &[Event],
    delivered: &mut BTreeSet<u64>,
) -> bool {
    let before = store.sink("up").unwrap().acked_through;
    let batch = store.outbox("up", limit, 1 << 20).unwrap();
    let given: BTreeSet<u64> = batch.events.iter().map(|e| e.seq).collect();
    assert!(batch.events.is_sorted_by_key(|e| e.seq));
    for event in &batch.events {
        assert!(
            !delivered.contains(&event.seq),
            "event {} came twice",
            event.seq
        );
        let earlier = events
            .iter()
            .filter(|e| e.subject == event.subject && e.seq < event.seq);
        for earlier in earlier {
            let settled = delivered.contains(&earlier.seq) || given.contains(&earlier.seq);
            assert!(settled, "event {} overtook {}", event.seq, earlier.seq);
        }
    }
    let mut settlement = Settlement {
        through: batch.through,
        ..Settlement::default()
    };
    for (event, verdict) in batch.events.iter().zip(verdicts) {
        match verdict {
            0 => settlement.refused.push((event.seq, "no".to_owned())),
            1 => {}
            _ => settlement.delivered.push(event.seq),
        }
    }
    delivered.extend(&settlement.delivered);
    let moved = batch.through > before;
    store.settle("up", settlement).unwrap();
    moved || !given.is_empty()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_outbox_never_loses_or_reorders_within_a_subject(
        steps in proptest::collection::vec(step(), 1..25)
    ) {
        let dir = tempfile::tempdir().unwrap();
        let (store, _) = open(dir.path());
        let (mut events, mut delivered) = (Vec::new(), BTreeSet::new());
        for step in steps {
            match step {
                Step::Commit(subjects) => {
                    let drafts = subjects.iter().map(|s| draft(&format!("P{s}"), 1)).collect();
                    events.extend(store.commit(commit_of(drafts)).unwrap());
                }
                Step::Send(limit, verdicts) => {
                    send(&store, limit, &verdicts, &events, &mut delivered);
                }
                Step::Unpark(seq) => {
                    store.unpark("up", seq.map(|s| vec![u64::from(s % 30)])).unwrap();
                }
            }
        }
        store.unpark("up", None).unwrap();
        let mut rounds = 0;
        while send(&store, 7, &[9; 7], &events, &mut delivered) {
            rounds += 1;
            prop_assert!(rounds < 200, "the outbox does not run dry");
        }
        prop_assert_eq!(delivered.len(), events.len());
        let state = store.sink("up").unwrap();
        prop_assert_eq!((state.waiting, state.parked), (0, 0));
    }
}

#[test]
fn the_sample_commit_of_the_measurement_is_one_event() {
    assert_eq!(sample_commit(7).drafts.len(), 1);
}
