//! `kill -9` of the daemon at random moments of runs that then continue: nothing is lost, nothing
//! happens twice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code)]
#[path = "support/daemon.rs"]
mod daemon;

use daemon::{Guarded, kill_noted};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};

/// Kills in all, shared by the runs.
const KILLS: u32 = 50;
/// Runs in parallel: more of them hide each other's speed, fewer take longer.
const RUNS: u32 = 2;
const RUN_MAX: Duration = Duration::from_secs(235);

/// A small generator of random numbers (xorshift64*), so that a seed tells the whole story.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % bound
    }
}

/// `FIRSTSCAN_SEED`, or one by the clock: every run of the suite tries other moments.
fn seed() -> u64 {
    let given = std::env::var("FIRSTSCAN_SEED")
        .ok()
        .and_then(|s| s.parse().ok());
    given.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        u64::try_from(now.unwrap().as_nanos() % 1_000_000_007).unwrap() + 1
    })
}

/// One run, killed `kills` times; the rest of it undisturbed.
fn killed_run(folder: &Path, seed: u64, kills: u32) -> Value {
    let mut random = Random(seed);
    let mut demo = Guarded::demo(folder, "run", &["--auto", "--json", "--narrate"]);
    let note = folder.join("daemon.pid");
    let started = Instant::now();
    let mut moments = Vec::new();
    while u32::try_from(moments.len()).unwrap() < kills {
        // Short ones hit the restart itself, long ones a bench in full swing.
        let pause = [60, 400, 900, 1400][usize::try_from(random.below(4)).unwrap()];
        std::thread::sleep(Duration::from_millis(20 + random.below(pause)));
        if demo.child.try_wait().unwrap().is_some() {
            break;
        }
        if kill_noted(&note) {
            moments.push(started.elapsed().as_millis());
        }
    }
    let status = demo.wait(RUN_MAX);
    let tell = || {
        keep(folder, seed);
        format!(
            "seed {seed}, killed at {moments:?} ms\n{}\n{}",
            demo.out(),
            demo.err()
        )
    };
    assert_eq!(
        moments.len(),
        kills as usize,
        "the run was over too soon\n{}",
        tell()
    );
    assert!(status.success(), "{}", tell());
    let document: Value = serde_json::from_str(&demo.out()).unwrap();
    assert_eq!(document["ok"], true, "{}", tell());
    document
}

/// Keeps a failed run's folder for whoever looks into it.
fn keep(folder: &Path, seed: u64) {
    let Ok(to) = std::env::var("FIRSTSCAN_KEEP") else {
        return;
    };
    let to = Path::new(&to).join(format!("crash-{seed}"));
    let copied = std::process::Command::new("cp")
        .arg("-a")
        .arg(folder)
        .arg(&to)
        .status();
    eprintln!("kept in {}: {copied:?}", to.display());
}

fn count(events: &[Value], kind: &str) -> usize {
    events.iter().filter(|e| e["type"] == kind).count()
}

/// Judges by what is stored, not by what the run said of itself.
fn assert_exact(folder: &Path, document: &Value) {
    let data = folder.join("data");
    let data = data.to_str().unwrap();
    let verified = daemon::run(&["events", "verify", "--json", "--data", data]);
    assert_eq!(
        daemon::code(&verified),
        0,
        "{}",
        daemon::text(&verified.stdout)
    );
    let exported = daemon::run(&["events", "export", "--data", data]);
    let events: Vec<Value> = daemon::text(&exported.stdout)
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let orders = document["orders"].as_array().unwrap();
    let parcels: Vec<&Value> = orders
        .iter()
        .flat_map(|o| o["parcels"].as_array().unwrap())
        .collect();
    assert_eq!(count(&events, "parcel.first_scan"), parcels.len());
    assert_eq!(count(&events, "label.verified"), parcels.len());
    let ledger = std::fs::read_to_string(folder.join("upstream.jsonl")).unwrap();
    for parcel in parcels {
        assert_eq!(parcel["acks"], 1, "{parcel}");
        let event = parcel["first_scan_event"].as_str().unwrap();
        assert_eq!(
            ledger.lines().filter(|l| l.contains(event)).count(),
            1,
            "{parcel}"
        );
    }
    let allocated = events.iter().filter(|e| e["type"] == "number.allocated");
    let numbers: Vec<&Value> = allocated
        .map(|e| &e["data"]["number"]["tracking_number"])
        .collect();
    let mut once = numbers.clone();
    once.sort_by_key(|number| number.to_string());
    once.dedup();
    assert_eq!(once.len(), numbers.len(), "a number was given twice");
    let labels = &document["labels"];
    assert_eq!(
        labels["printed"],
        count(&events, "label.verified"),
        "{labels}"
    );
    assert_eq!(labels["decoded"], labels["written"], "{labels}");
}

#[test]
fn fifty_kills_change_nothing() {
    let seed = seed();
    eprintln!("FIRSTSCAN_SEED={seed}");
    let run = |number: u32| {
        move || {
            let folder = tempfile::tempdir().unwrap();
            let document = killed_run(folder.path(), seed + u64::from(number), KILLS / RUNS);
            assert_exact(folder.path(), &document);
        }
    };
    let threads: Vec<_> = (0..RUNS).map(|n| std::thread::spawn(run(n))).collect();
    let ended: Vec<_> = threads
        .into_iter()
        .map(std::thread::JoinHandle::join)
        .collect();
    assert!(ended.iter().all(Result::is_ok), "FIRSTSCAN_SEED={seed}");
}
