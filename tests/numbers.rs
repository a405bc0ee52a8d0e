//! Numbers outside of packing: issued by hand, leased in blocks, counted; through the daemon, on
//! the store alone, and killed in between.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code)]
#[path = "support/daemon.rs"]
mod daemon;

use daemon::{BIN, Daemon, code, json, run, text};
use firstscan::carrier::Tables;
use firstscan::domain::desk::{Desk, Stock};
use firstscan::domain::event::{Draft, Fact};
use firstscan::domain::parcel::Number;
use firstscan::domain::state::{Context, Lease};
use firstscan::domain::step::Reply;
use firstscan::domain::{Input, InputKind, Instant, Live, Looked, Rules, Stamp, State, Wall, step};
use firstscan::store::{OpenOptions, Store};
use serde_json::{Value, json as value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// A carrier with a range of its own, a shared one and one that begins again.
const CARRIER: &str = r#"
format = 1
id = "test"
name = "Test Carrier"
token = "TST"
template = "transport-4x6"

[[service]]
id = "own"
name = "Own"

[[service]]
id = "shared"
name = "Shared"

[[service]]
id = "round"
name = "Round"

[[range]]
id = "own"
services = ["own"]
format = "fedex-12"
first = 1
last = 99_999
low = 10

[[range]]
id = "many"
services = ["shared"]
format = "ups-1z"
shipper = "1A2345"
service = "03"
first = 1000
last = 1999
low = 3
shared = true

[[range]]
id = "again"
services = ["round"]
format = "dpd"
prefix = "0998"
first = 0
last = 4
cycle = true
reuse_days = 30
"#;

fn tables() -> Tables {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("test.toml"), CARRIER).unwrap();
    Tables::load(Some(folder.path())).unwrap()
}

/// A station that only numbers.
struct Station {
    tables: Tables,
    state: State,
    drafts: Vec<Draft>,
    day: i64,
}

impl Station {
    fn new() -> Station {
        Station {
            tables: tables(),
            state: State::new("T1", &[]),
            drafts: Vec::new(),
            day: 0,
        }
    }

    fn wall(&self) -> Wall {
        Wall {
            unix_ms: 1_790_000_000_000 + self.day * 86_400_000,
            offset_min: 60,
        }
    }

    fn take(&mut self, kind: InputKind) -> (Option<Reply>, Vec<Fact>) {
        let input = Input {
            place: None,
            stamp: Stamp {
                wall: self.wall(),
                mono: Instant(0),
            },
            kind,
        };
        let (mut live, rules) = (Live::default(), Rules::default());
        let done = step(
            &mut self.state,
            &mut live,
            &input,
            &Looked::default(),
            &rules,
            &self.tables,
        );
        let facts = done.drafts.iter().map(|d| d.fact.clone()).collect();
        self.drafts.extend(done.drafts);
        (done.reply, facts)
    }

    fn issue(&mut self, service: &str, count: u32) -> (Vec<Number>, Option<String>) {
        let (reply, _) = self.take(InputKind::IssueNumbers {
            carrier: "test".into(),
            service: service.into(),
            count,
        });
        match reply {
            Some(Reply::Numbers { numbers, refusal }) => (numbers, refusal),
            other => panic!("{other:?}"),
        }
    }

    fn lease(&mut self, range: &str, first: u64, last: u64) -> Option<Reply> {
        let block = Lease { first, last };
        let range = range.to_owned();
        self.take(InputKind::LeaseNumbers { range, block }).0
    }

    fn stock(&self, range: &str) -> Stock {
        let all = self.tables.stock(&self.state.counters, self.wall());
        all.into_iter().find(|row| row.range == range).unwrap()
    }
}

fn serials(numbers: &[Number]) -> Vec<u64> {
    numbers.iter().map(|n| n.serial.unwrap()).collect()
}

#[test]
fn blocks_are_leased_used_in_order_and_said_to_run_low_once() {
    let mut s = Station::new();
    let (none, refusal) = s.issue("shared", 1);
    assert!(none.is_empty() && refusal.unwrap().contains("no block for this station"));
    for (range, first, last, told) in [
        ("own", 1, 2, "is this station's alone"),
        ("many", 999, 1001, "give serials from 1000 to 1999"),
        ("many", 1990, 2000, "give serials from 1000 to 1999"),
        ("many", 1005, 1004, "exchange the two"),
    ] {
        let Some(Reply::Conflict(text)) = s.lease(range, first, last) else {
            panic!("{range} {first} {last}")
        };
        assert!(text.contains(told), "{told}: {text}");
    }
    assert_eq!(s.lease("none", 1, 2), Some(Reply::Unknown));
    assert_eq!(s.lease("many", 1500, 1503), Some(Reply::Leased));
    for (first, last) in [(1500, 1503), (1490, 1500), (1503, 1503), (1400, 1600)] {
        let Some(Reply::Conflict(text)) = s.lease("many", first, last) else {
            panic!("{first} {last}")
        };
        assert!(text.contains("1500 to 1503"), "{text}");
    }
    assert_eq!(s.lease("many", 1000, 1001), Some(Reply::Leased));
    assert_eq!((s.stock("many").left, s.stock("many").low), (6, false));
    let mut low = Vec::new();
    let mut taken = Vec::new();
    for _ in 0..6 {
        let (reply, facts) = s.take(InputKind::IssueNumbers {
            carrier: "test".into(),
            service: "shared".into(),
            count: 1,
        });
        let Some(Reply::Numbers { numbers, .. }) = reply else {
            panic!()
        };
        taken.extend(serials(&numbers));
        low.extend(facts.into_iter().filter_map(|fact| match fact {
            Fact::NumberRanLow { range, left, .. } => Some((range, left)),
            _ => None,
        }));
    }
    assert_eq!(taken, [1500, 1501, 1502, 1503, 1000, 1001]);
    assert_eq!(low, [("many".to_owned(), 3)]);
    let (_, refusal) = s.issue("shared", 1);
    let refusal = refusal.unwrap();
    assert!(
        refusal.contains("blocks are used up") && refusal.contains("firstscan number lease"),
        "{refusal}"
    );
    assert!(s.stock("many").low);
    // What is left of a request that a block cannot meet is given, and the rest is told.
    assert_eq!(s.lease("many", 1900, 1901), Some(Reply::Leased));
    let (two, refusal) = s.issue("shared", 5);
    assert_eq!(serials(&two), [1900, 1901]);
    assert!(refusal.is_some());
}

#[test]
fn a_round_begins_again_with_what_has_rested() {
    let mut s = Station::new();
    assert_eq!(serials(&s.issue("round", 2).0), [0, 1]);
    s.day = 10;
    let (rest, refusal) = s.issue("round", 9);
    assert_eq!(serials(&rest), [2, 3, 4]);
    assert!(refusal.unwrap().contains("within 30 days"));
    s.day = 29;
    assert_eq!(s.issue("round", 1).0, []);
    s.day = 30;
    let (again, refusal) = s.issue("round", 9);
    assert_eq!(serials(&again), [0, 1]);
    assert!(again.iter().all(|n| n.reuse_days == Some(30)) && refusal.is_some());
    assert_eq!(s.stock("again").left, 0);
    s.day = 40;
    assert_eq!(s.stock("again").left, 3);
}

#[test]
fn replaying_the_facts_gives_the_same_account() {
    let mut s = Station::new();
    s.lease("many", 1500, 1520);
    s.lease("many", 1100, 1109);
    for (day, service, count) in [
        (0, "own", 7),
        (0, "shared", 15),
        (1, "round", 4),
        (2, "shared", 9),
        (20, "own", 1),
        (31, "round", 5),
    ] {
        s.day = day;
        s.issue(service, count);
    }
    let mut replayed = State::new("T1", &[]);
    for draft in &s.drafts {
        let at = Context {
            place: draft.place.as_ref(),
            operator: draft.operator.as_ref(),
            wall: draft.stamp.wall,
        };
        // Through its stored form, as a rebuilt station reads it.
        let stored = serde_json::to_string(&draft.fact).unwrap();
        replayed.apply(at, &serde_json::from_str(&stored).unwrap());
    }
    assert_eq!(replayed.counters, s.state.counters);
    let stored = serde_json::to_string(&s.state.counters).unwrap();
    let loaded: firstscan::domain::state::Counters = serde_json::from_str(&stored).unwrap();
    assert_eq!(loaded, s.state.counters);
}

/// A folder with a store, the carrier and a configuration; returns its arguments.
fn station(folder: &Path) -> Vec<String> {
    let carriers = folder.join("carriers");
    std::fs::create_dir_all(&carriers).unwrap();
    std::fs::write(carriers.join("test.toml"), CARRIER).unwrap();
    let config = folder.join("station.toml");
    std::fs::write(&config, configuration(folder)).unwrap();
    let data = folder.join("data");
    let (store, _) = Store::open(&OpenOptions::new(&data, "T1")).unwrap();
    drop(store);
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    vec![
        "--config".into(),
        path(&config),
        "--data".into(),
        path(&data),
    ]
}

fn configuration(folder: &Path) -> String {
    let carriers = folder.join("carriers");
    format!(
        "[station]\nid = \"T1\"\n[web]\nlisten = \"127.0.0.1:0\"\n[carriers]\nfolder = {:?}\n",
        carriers.to_str().unwrap()
    )
}

/// `number ...` with the station's arguments.
fn number(station: &[String], args: &[&str]) -> std::process::Output {
    let mut all = vec!["number"];
    all.extend(args);
    all.extend(station.iter().map(String::as_str));
    run(&all)
}

fn lines(output: &std::process::Output) -> Vec<String> {
    text(&output.stdout).lines().map(str::to_owned).collect()
}

fn stock_of(output: &std::process::Output, range: &str) -> Value {
    let rows = json(output);
    let rows = rows.as_array().unwrap().iter();
    let mut rows = rows.filter(|row| row["range"] == range);
    rows.next().unwrap().clone()
}

const ALLOCATE: [&str; 5] = ["allocate", "--carrier", "test", "--service", "own"];

#[test]
fn the_daemon_and_the_store_alone_keep_one_account() {
    let folder = tempfile::tempdir().unwrap();
    let args = station(folder.path());
    let first = number(&args, &ALLOCATE);
    assert_eq!(code(&first), 0, "{}", text(&first.stderr));
    assert_eq!(lines(&first), ["000000000011".to_owned()]);
    let leased = number(
        &args,
        &["lease", "many", "--first", "1000", "--last", "1004"],
    );
    assert_eq!(code(&leased), 0, "{}", text(&leased.stderr));

    let daemon = Daemon::start(folder.path(), &configuration(folder.path()));
    let mut more = ALLOCATE.to_vec();
    more.extend(["--count", "3", "--json"]);
    let issued = number(&args, &more);
    assert_eq!(code(&issued), 0, "{}", text(&issued.stderr));
    let issued = json(&issued);
    let serials: Vec<&Value> = issued["numbers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|n| &n["serial"])
        .collect();
    assert_eq!(serials, [&value!(2), &value!(3), &value!(4)]);
    let again = number(
        &args,
        &["lease", "many", "--first", "1004", "--last", "1010"],
    );
    assert_eq!(code(&again), 1);
    assert!(
        text(&again.stderr).contains("has 1000 to 1004 of many already"),
        "{}",
        text(&again.stderr)
    );
    let (status, answer) = daemon.post("/api/v1/numbers", &[], b"{\"carrier\":\"test\"}");
    assert_eq!(status, 422, "{answer}");
    let many = br#"{"carrier":"test","service":"own","count":1001}"#;
    assert_eq!(daemon.post("/api/v1/numbers", &[], many).0, 422);
    let running = number(&args, &["stock", "--json"]);
    drop(daemon);

    let alone = number(&args, &["stock", "--json"]);
    for (range, left, low) in [
        ("own", 99_995, false),
        ("many", 5, false),
        ("again", 5, false),
    ] {
        let row = stock_of(&running, range);
        assert_eq!(row, stock_of(&alone, range), "{range}");
        assert_eq!(
            (&row["left"], &row["low"]),
            (&value!(left), &value!(low)),
            "{row}"
        );
    }
    let mut shared = ALLOCATE.to_vec();
    shared[4] = "shared";
    shared.extend(["--count", "9"]);
    let short = number(&args, &shared);
    assert_eq!((code(&short), lines(&short).len()), (1, 5));
    assert!(
        text(&short.stderr).contains("5 of 9 numbers"),
        "{}",
        text(&short.stderr)
    );
    let low = number(&args, &["stock"]);
    assert_eq!(code(&low), 1);
    assert!(
        text(&low.stdout).contains("LOW: lease another block"),
        "{}",
        text(&low.stdout)
    );
    let mut doctor = vec!["doctor"];
    doctor.extend(args.iter().map(String::as_str));
    let doctor = run(&doctor);
    assert_eq!(code(&doctor), 1);
    let told = text(&doctor.stdout);
    assert!(
        told.contains("numbers") && told.contains("many of Test Carrier: 0 left"),
        "{told}"
    );
}

#[test]
fn wrong_use_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let args = station(folder.path());
    for (command, exit, told) in [
        (
            &["allocate", "--carrier", "nobody", "--service", "x"][..],
            1,
            "no carrier nobody",
        ),
        (
            &["allocate", "--carrier", "test", "--service", "x"],
            1,
            "issued no numbers for x",
        ),
        (
            &[
                "allocate",
                "--carrier",
                "test",
                "--service",
                "own",
                "--count",
                "0",
            ],
            2,
            "0 is not in 1..=1000",
        ),
        (
            &["lease", "nothing", "--first", "1", "--last", "2"],
            1,
            "no number range",
        ),
        (
            &["split", "own", "--stations", "2", "--size", "5"],
            1,
            "shared = true",
        ),
        (
            &["split", "many", "--stations", "3", "--size", "400"],
            1,
            "are too few",
        ),
        (
            &["split", "gone", "--stations", "3", "--size", "4"],
            1,
            "no range \"gone\"",
        ),
    ] {
        let output = number(&args, command);
        let said = text(&output.stderr);
        assert_eq!(code(&output), exit, "{command:?}: {said}");
        assert!(said.contains(told), "{told}: {said}");
    }
    let nowhere = run(&["number", "stock", "--data", "/nonexistent/firstscan"]);
    assert_eq!(code(&nowhere), 5);
    let split = [
        "split",
        "many",
        "--stations",
        "2",
        "--size",
        "5",
        "--from",
        "1010",
        "--json",
    ];
    let blocks = json(&number(&args, &split));
    let wanted = value!([{ "first": 1010, "last": 1014 }, { "first": 1015, "last": 1019 }]);
    assert_eq!(blocks["blocks"], wanted);
    let line = number(&args, &split[..6]);
    assert_eq!(
        lines(&line)[1],
        "station 2: firstscan number lease many --first 1005 --last 1009"
    );
}

/// Processes that are killed.
const KILLS: u64 = 30;
/// Numbers each of them wants.
const WANTED: &str = "300";

#[test]
fn kill_9_while_numbers_are_given_out_never_gives_one_twice() {
    let folder = tempfile::tempdir().unwrap();
    let args = station(folder.path());
    let mut all = ALLOCATE.to_vec();
    all.extend(["--count", WANTED]);
    let started = std::time::Instant::now();
    let undisturbed = number(&args, &all);
    assert_eq!(code(&undisturbed), 0, "{}", text(&undisturbed.stderr));
    let whole_ms = u64::try_from(started.elapsed().as_millis()).unwrap();
    let mut printed = lines(&undisturbed);
    let (mut cut, mut done) = (0, 0);
    for turn in 0..KILLS {
        let out = folder.path().join(format!("{turn}.out"));
        let mut child = Command::new(BIN)
            .arg("number")
            .args(&all)
            .args(&args)
            .stdin(Stdio::null())
            .stdout(std::fs::File::create(&out).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // From the first moment to a little behind the end.
        let pause = whole_ms * 5 / 4 * (turn + 1) / KILLS;
        std::thread::sleep(Duration::from_millis(pause));
        child.kill().unwrap();
        match child.wait().unwrap().success() {
            true => done += 1,
            false => cut += 1,
        }
        let said = std::fs::read_to_string(&out).unwrap();
        let complete = said
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        printed.extend(complete.map(|line| line.trim_end().to_owned()));
    }
    assert!(cut > 0, "{done} of {KILLS} ended before they were killed");
    let after = number(&args, &all);
    assert_eq!(code(&after), 0, "{}", text(&after.stderr));
    printed.extend(lines(&after));
    let once: BTreeSet<&String> = printed.iter().collect();
    assert_eq!(once.len(), printed.len(), "a number was printed twice");

    let data = folder.path().join("data");
    let (store, opened) = Store::open(&OpenOptions::new(&data, "T1")).unwrap();
    assert!(opened.salvaged.is_none() && store.verify().unwrap().valid);
    let mut recorded: BTreeMap<String, u64> = BTreeMap::new();
    let mut since = 0;
    loop {
        let events = store.events(since, 1000).unwrap();
        let Some(last) = events.last() else { break };
        since = last.seq;
        for event in &events {
            let Fact::NumberIssued { number, .. } = &event.fact else {
                panic!("{:?}", event.fact)
            };
            let before = recorded.insert(number.tracking_number.clone(), event.seq);
            assert_eq!(before, None, "{} twice", number.tracking_number);
        }
    }
    for number in &printed {
        assert!(
            recorded.contains_key(number),
            "{number} was printed, not recorded"
        );
    }
    eprintln!(
        "{cut} killed, {done} done, {} recorded, {} printed",
        recorded.len(),
        printed.len()
    );
}
