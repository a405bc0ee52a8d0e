//! The demo as people and scripts run it: the real binary, real ptys, loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code)]
#[path = "support/daemon.rs"]
mod daemon;

use daemon::{Guarded, lives, wait_until};
use rustix::process::Signal;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Far beyond any run, also on a busy machine.
const RUN_MAX: Duration = Duration::from_secs(200);

/// An auto run; exit code and document.
fn auto(folder: &Path, name: &str, args: &[&str]) -> (bool, Value) {
    let mut all = vec!["--auto", "--json"];
    all.extend(args);
    let mut demo = Guarded::demo(folder, name, &all);
    let status = demo.wait(RUN_MAX);
    let document = serde_json::from_str(&demo.out())
        .unwrap_or_else(|e| panic!("{e}: {}{}", demo.out(), demo.err()));
    (status.success(), document)
}

fn parcels(document: &Value) -> Vec<&Value> {
    let orders = document["orders"].as_array().unwrap();
    orders
        .iter()
        .flat_map(|o| o["parcels"].as_array().unwrap())
        .collect()
}

/// What may not change when the same folder runs again: numbers, proofs, first scans.
fn lasting(document: &Value) -> Vec<Value> {
    let pick = |p: &&Value| {
        serde_json::json!([
            p["id"],
            p["tracking_number"],
            p["carrier"],
            p["first_scan_event"]
        ])
    };
    parcels(document).iter().map(pick).collect()
}

/// Lines of the upstream's ledger per first-scan event id.
fn first_scans_upstream(folder: &Path, document: &Value) -> BTreeMap<String, usize> {
    let ledger = std::fs::read_to_string(folder.join("upstream.jsonl")).unwrap_or_default();
    let ids = parcels(document);
    let ids = ids
        .iter()
        .map(|p| p["first_scan_event"].as_str().unwrap().to_owned());
    ids.map(|id| {
        (
            id.clone(),
            ledger.lines().filter(|l| l.contains(&id)).count(),
        )
    })
    .collect()
}

fn assert_all_is_well(folder: &Path, (ok, document): &(bool, Value)) {
    assert!(ok, "{document:#}");
    assert_eq!(document["ok"], true, "{document:#}");
    let mut numbers = BTreeSet::new();
    for parcel in parcels(document) {
        assert_eq!(parcel["acks"], 1, "{parcel}");
        let number = parcel["tracking_number"].as_str().unwrap();
        assert!(
            numbers.insert(number.to_owned()),
            "{number} was given twice"
        );
    }
    let labels = &document["labels"];
    assert_eq!(labels["written"], numbers.len(), "{labels}");
    assert_eq!(labels["decoded"], labels["written"], "{labels}");
    assert_eq!(labels["printed"], labels["written"], "{labels}");
    for (event, lines) in first_scans_upstream(folder, document) {
        assert_eq!(lines, 1, "first scan {event} in the upstream's ledger");
    }
}

/// A barcode reader of other descent than the program's own.
fn zbar_reads(picture: &Path) -> String {
    let read = Command::new("zbarimg")
        .args(["-q", "--raw"])
        .arg(picture)
        .output();
    let read = read.expect("zbarimg is missing: install zbar-tools");
    daemon::text(&read.stdout)
}

#[test]
fn an_auto_run_is_right_in_every_detail() {
    let folder = tempfile::tempdir().unwrap();
    let outcome = auto(folder.path(), "first", &[]);
    assert_all_is_well(folder.path(), &outcome);
    let (_, document) = &outcome;
    let orders = document["orders"].as_array().unwrap();
    assert!(orders.len() >= 12);
    let outcomes: BTreeSet<&str> = orders
        .iter()
        .map(|o| o["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, BTreeSet::from(["cancelled", "packed", "refused"]));
    assert!(
        orders
            .iter()
            .any(|o| o["parcels"].as_array().unwrap().len() == 2)
    );
    assert!(document["events"].as_u64().unwrap() > 100);
    assert_eq!(document["head"].as_str().unwrap().len(), 64);
    for parcel in parcels(document) {
        let evidence: Vec<&str> = parcel["evidence"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e.as_str().unwrap())
            .collect();
        assert_eq!(
            evidence,
            ["sent", "drained", "counted", "verified"],
            "{parcel}"
        );
        let id = parcel["id"].as_str().unwrap();
        let file = |ending: &str| folder.path().join("labels").join(format!("{id}.{ending}"));
        assert!(std::fs::read(file("pdf")).unwrap().starts_with(b"%PDF-"));
        let seen = zbar_reads(&file("png"));
        let number = parcel["tracking_number"].as_str().unwrap();
        assert!(
            seen.lines().any(|l| l == number),
            "{id}: {number} not in {seen:?}"
        );
    }
    assert!(
        !folder.path().join("daemon.pid").exists(),
        "the note outlives the daemon"
    );
    let data = folder.path().join("data");
    let verified = daemon::run(&[
        "events",
        "verify",
        "--json",
        "--data",
        data.to_str().unwrap(),
    ]);
    assert_eq!(daemon::code(&verified), 0);
    assert_eq!(daemon::json(&verified)["head"], document["head"]);
}

/// Other models at the same places; what was proven is what their printer can prove.
fn auto_with(models: [&str; 3], drains: bool) {
    let folder = tempfile::tempdir().unwrap();
    let [scale, scanner, printer] = models;
    let args = ["--scale", scale, "--scanner", scanner, "--printer", printer];
    let outcome = auto(folder.path(), printer, &args);
    assert_all_is_well(folder.path(), &outcome);
    let config = std::fs::read_to_string(folder.path().join("station.toml")).unwrap();
    for id in models {
        assert!(
            config.contains(&format!("profile = \"{id}\"")),
            "{id}: {config}"
        );
    }
    let mut drained = 0;
    for parcel in parcels(&outcome.1) {
        let evidence: BTreeSet<&str> = parcel["evidence"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e.as_str().unwrap())
            .collect();
        assert!(
            evidence.contains("sent") && evidence.contains("verified"),
            "{parcel}"
        );
        assert!(
            !evidence.contains("counted"),
            "{printer} has no counter: {parcel}"
        );
        drained += usize::from(evidence.contains("drained"));
    }
    // One that was asked in time at least, also on a busy machine.
    assert_eq!(drained > 0, drains, "{printer}");
}

#[test]
fn other_models_stand_in_and_prove_what_they_can() {
    auto_with(["a-and-d", "zebra-ssi", "tspl-203"], true);
}

#[test]
fn a_scale_that_streams_a_gun_with_packets_and_an_old_printer() {
    auto_with(["cas-st-gs", "honeywell-msgget", "epl2-203"], true);
}

#[test]
fn a_model_that_cannot_stand_in_is_wrong_use() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("demo");
    for (args, words) in [
        (["--scale", "acme"], "`firstscan device profiles`"),
        (["--scale", "hid-scale"], "toledo-8217-kg"),
        (["--scanner", "keyboard-de"], "zebra-ssi"),
        (["--printer", "dymo-450"], "tspl-203"),
        (["--printer", "serial-line"], "zpl-203"),
    ] {
        let all = ["demo", "--auto", "--out", out.to_str().unwrap()];
        let refused = daemon::run(&[all.as_slice(), &args].concat());
        let told = daemon::text(&refused.stderr);
        assert_eq!(daemon::code(&refused), 2, "{told}");
        assert!(told.contains(args[1]) && told.contains(words), "{told}");
        assert!(!out.exists(), "something was started");
    }
}

#[test]
fn refused_events_are_delivered_by_the_next_run() {
    let folder = tempfile::tempdir().unwrap();
    let (ok, refused) = auto(folder.path(), "refused", &["--upstream", "refuse"]);
    assert!(ok, "{refused:#}");
    assert!(parcels(&refused).iter().all(|p| p["acks"] == 0));
    let again = auto(folder.path(), "again", &[]);
    assert_all_is_well(folder.path(), &again);
    assert_eq!(lasting(&refused), lasting(&again.1));
    assert_eq!(refused["labels"]["printed"], again.1["labels"]["printed"]);
}

#[test]
fn an_upstream_that_was_away_gets_everything_once() {
    let folder = tempfile::tempdir().unwrap();
    let away = auto(folder.path(), "away", &["--upstream", "away:5"]);
    assert_all_is_well(folder.path(), &away);
    let again = auto(folder.path(), "again", &[]);
    assert_all_is_well(folder.path(), &again);
    assert_eq!(lasting(&away.1), lasting(&again.1));
}

fn noted_pid(folder: &Path) -> Option<u32> {
    std::fs::read_to_string(folder.join("daemon.pid"))
        .ok()?
        .trim()
        .parse()
        .ok()
}

#[test]
fn interrupting_the_interactive_demo_leaves_nothing_running() {
    for signal in [Signal::INT, Signal::TERM] {
        let folder = tempfile::tempdir().unwrap();
        let mut demo = Guarded::demo(folder.path(), "panel", &[]);
        wait_until(
            "the panel's address is told",
            Duration::from_secs(30),
            || demo.out().contains("Ctrl-C"),
        );
        let child = noted_pid(folder.path()).unwrap();
        assert!(lives(child));
        demo.signal(signal);
        let status = demo.wait(Duration::from_secs(10));
        assert_eq!(status.code(), Some(0), "{}", demo.err());
        assert!(!lives(child), "the daemon outlives the demo");
        assert!(!folder.path().join("daemon.pid").exists());
        assert!(!folder.path().join("data/daemon.json").exists());
    }
}

#[test]
fn a_killed_supervisor_takes_its_daemon_along_and_the_folder_resumes() {
    let folder = tempfile::tempdir().unwrap();
    let mut children = Vec::new();
    // Once among the parcels, once while a label is on its way or near it.
    for (round, delay_ms) in [(0, 2500), (1, 4100)] {
        let name = format!("killed{round}");
        let mut demo = Guarded::demo(folder.path(), &name, &["--auto", "--json"]);
        let note = folder.path().join("daemon.pid");
        wait_until("a daemon runs", Duration::from_secs(30), || {
            noted_pid(folder.path()).is_some_and(|id| !children.contains(&id) && lives(id))
        });
        std::thread::sleep(Duration::from_millis(delay_ms));
        let child: u32 = std::fs::read_to_string(&note)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        demo.signal(Signal::KILL);
        demo.wait(Duration::from_secs(5));
        wait_until(
            "the daemon ended by itself",
            Duration::from_secs(10),
            || !lives(child),
        );
        children.push(child);
    }
    let outcome = auto(folder.path(), "resumed", &[]);
    assert_all_is_well(folder.path(), &outcome);
}
