//! What needs no daemon: label, reducer step, commit.

use super::measure::{Goal, Row, Unit, Which, repeat};
use crate::bench::{Station, TestDesk, order, place};
use firstscan::domain::view::SyncHealth;
use firstscan::domain::{DeviceId, Input, InputKind, Looked, screen, step};
use firstscan::label::{Template, check, render};
use firstscan::store::measure::sample_commit;
use firstscan::store::{OpenOptions, Store};
use firstscan_drivers::bitmap::Resolution;
use firstscan_drivers::printer::zpl::Zpl;
use firstscan_drivers::printer::{JobOptions, Language};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Orders that wait while the reducer is measured.
const LIVE_ORDERS: usize = 2_000;
/// Pieces scanned into one parcel.
const PIECES: u32 = 50;
/// Threads of the grouped commits.
const THREADS: usize = 8;

/// Transport label at 203 dpi: drawn, read back, encoded.
pub fn label(samples: usize) -> Vec<Row> {
    let template = Template::load("transport-4x6").unwrap();
    let resolution = Resolution::from_dpi(203);
    let draw = || render(&template, &template.sample, resolution);
    let label = draw();
    assert_eq!(label.problems, []);
    let encode = || {
        let mut bytes = Vec::new();
        Zpl.encode(
            &label.bitmap.view(),
            resolution,
            &JobOptions::default(),
            &mut bytes,
        )
        .unwrap();
        bytes
    };
    let whole = || {
        let label = draw();
        assert_eq!(check::expect(&label), []);
        let mut bytes = Vec::new();
        Zpl.encode(
            &label.bitmap.view(),
            resolution,
            &JobOptions::default(),
            &mut bytes,
        )
        .unwrap();
        bytes
    };
    let all = repeat(samples, whole);
    let spent_ms = all.iter().sum::<Duration>().as_millis().max(1);
    let per_second = all.len() as u128 * 1000 / spent_ms;
    let goal = Goal::ms(Which::P99, 100);
    vec![
        Row::times("label: render 4x6 at 203 dpi", &repeat(samples, draw), None),
        Row::times(
            "label: read its symbols back",
            &repeat(samples, || check::expect(&label)),
            None,
        ),
        Row::times("label: encode as ZPL (Z64)", &repeat(samples, encode), None),
        Row::times(
            &format!("label: all three ({per_second} labels/s)"),
            &all,
            goal,
        ),
    ]
}

/// One article scanned into an open order while others wait; the same without an open order, when
/// all of them are looked at; and the screen that follows.
pub fn reducer(samples: usize) -> Vec<Row> {
    let mut station = Station::new();
    for n in 0..LIVE_ORDERS {
        station.add(order(&format!("w{n}"), "AA", &[("A", 2), ("B", 1)]));
    }
    station.add(order("open", "AA", &[("A", PIECES), ("B", 1)]));
    station.scan("b1", "badge-1");
    let item_first = scans(&station, samples / 50 + 1, 1);
    station.scan("b1", "open");
    let steps = scans(&station, samples, PIECES);
    let (sync, pictures) = (SyncHealth::default(), BTreeMap::new());
    let scene = screen::Scene {
        state: &station.state,
        live: &station.live,
        rules: &station.rules,
        desk: &TestDesk,
        sync: &sync,
        pictures: &pictures,
        now: station.stamp().mono,
    };
    let paint = || screen::view(&scene, &place("b1"));
    assert!(paint().is_some());
    let painted = repeat(samples, paint);
    let goal = Goal::ms(Which::P99, 1);
    vec![
        Row::times("reducer step, 2,000 live orders", &steps, goal),
        Row::times("reducer step that chooses among them", &item_first, goal),
        Row::times("view document, 2,000 live orders", &painted, goal),
    ]
}

/// Scans article A at b1 so many times; the station is as given again after `pieces` scans.
fn scans(station: &Station, samples: usize, pieces: u32) -> Vec<Duration> {
    let item = station.items.get("item-A").cloned();
    let looked = Looked {
        items: item.into_iter().collect(),
        ..Default::default()
    };
    let mut times = Vec::new();
    while times.len() < samples {
        let (mut state, mut live) = (station.state.clone(), station.live.clone());
        let mut stamp = station.stamp();
        for _ in 0..pieces {
            stamp.mono.0 += 1_000;
            let device = DeviceId::new("b1/scanner");
            let code = "item-A".to_owned();
            let input = Input {
                place: Some(place("b1")),
                stamp,
                kind: InputKind::Scan { device, code },
            };
            let (rules, began) = (&station.rules, Instant::now());
            let done = step(&mut state, &mut live, &input, &looked, rules, &TestDesk);
            times.push(began.elapsed());
            let last = done.drafts.last().map(|d| d.fact.kind());
            assert_eq!(last.as_deref(), Some("item.verified"));
        }
    }
    times
}

/// What a caller waits until one event is on the disk.
pub fn commit(samples: usize) -> Vec<Row> {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = Store::open(&OpenOptions::new(dir.path(), "S1")).unwrap();
    commits(&store, 0, samples / 10 + 1);
    let alone = commits(&store, 10_000_000, samples);
    let began = Instant::now();
    let grouped: Vec<u64> = std::thread::scope(|scope| {
        let start = |n| {
            let store = &store;
            scope.spawn(move || commits(store, n * samples, samples))
        };
        let running: Vec<_> = (0..THREADS).map(start).collect();
        running
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    let spent_ms = began.elapsed().as_millis().max(1);
    let per_second = grouped.len() as u128 * 1000 / spent_ms;
    let name = format!("event commit, 8 callers ({per_second} events/s)");
    vec![
        Row::new(
            "event commit, one caller",
            Unit::Nanoseconds,
            alone,
            Goal::ms(Which::P50, 10),
        ),
        Row::new(&name, Unit::Nanoseconds, grouped, Goal::ms(Which::P99, 50)),
    ]
}

/// Single commits from this thread, in nanoseconds.
fn commits(store: &Store, first: usize, count: usize) -> Vec<u64> {
    let one = |n: usize| {
        let commit = sample_commit(u64::try_from(first + n).unwrap());
        let began = Instant::now();
        store.commit(commit).unwrap();
        u64::try_from(began.elapsed().as_nanos()).unwrap()
    };
    (0..count).map(one).collect()
}
