//! The pack path and the dock path, case by case, and what must hold for any sequence of inputs.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/bench.rs"]
mod bench;
#[path = "reducer_parts/exceptions.rs"]
mod exceptions;
#[path = "reducer_parts/journey.rs"]
mod journey;
#[path = "reducer_parts/numbers.rs"]
mod numbers;

use bench::{Station, order, replay};
use firstscan::content::control::Control as C;
use firstscan::domain::event::Fact;
use firstscan::domain::input::PrintStep;
use firstscan::domain::job::{Evidence, JobState};
use firstscan::domain::order::OrderStatus;
use firstscan::domain::parcel::{Parcel, ScanKind, Stage};
use firstscan::domain::{Cue, Effect, InputKind, OrderId};
use proptest::prelude::*;

fn signed_in() -> Station {
    let mut station = Station::new();
    for at in ["b1", "b2", "d1"] {
        station.scan(at, "badge-1");
    }
    station
}

fn kinds(facts: &[Fact]) -> Vec<String> {
    facts.iter().map(Fact::kind).collect()
}

#[test]
fn one_item_needs_three_scans_and_no_touch() {
    let mut s = signed_in();
    s.add(order("o1", "AA", &[("A", 1)]));
    s.scan("b1", "o1");
    s.scan("b1", "item-A");
    let facts = s.weigh("b1", 100);
    let wanted = [
        "parcel.weighed",
        "parcel.assigned",
        "number.allocated",
        "label.requested",
    ];
    assert_eq!(kinds(&facts), wanted);
    s.print_all();
    let (number, _) = s.label("b1");
    let facts = s.scan("b1", &number);
    assert_eq!(
        kinds(&facts),
        ["scan.captured", "label.verified", "packing.completed"]
    );
    let Fact::LabelVerified { evidence, .. } = &facts[1] else {
        panic!("{facts:?}")
    };
    assert_eq!(
        evidence,
        &[Evidence::Sent, Evidence::Counted, Evidence::Verified]
    );
    assert_eq!(
        s.state.orders[&OrderId::new("o1")].status,
        OrderStatus::Packed
    );
    assert!(s.open_parcel("b1").is_none());
}

#[test]
fn item_first_opens_the_order_that_needs_it() {
    let mut s = signed_in();
    s.add(order("o1", "AA", &[("B", 1)]));
    s.scan("b1", "item-B");
    assert_eq!(s.open_parcel("b1").unwrap().stage, Stage::Weighing);
}

#[test]
fn wrong_surplus_unknown_and_second_order_are_red_and_the_right_scan_clears() {
    let mut s = signed_in();
    s.add(order("o1", "AA", &[("A", 2)]));
    s.add(order("o2", "AA", &[("B", 1)]));
    s.scan("b1", "o1");
    for (code, stop) in [
        ("item-B", "wrong_item"),
        ("nonsense", "unknown_code"),
        ("o2", "second_order"),
        ("XCTLOKXB", "bad_control"),
    ] {
        s.scan("b1", code);
        assert_eq!(s.stop("b1").as_deref(), Some(stop), "{code}");
        assert_eq!(kinds(&s.scan("b1", "nonsense-2")), ["scan.ignored"]);
        s.control("b1", C::Ok);
        assert_eq!(s.stop("b1"), None);
    }
    s.scan("b1", "item-C");
    let facts = s.scan("b1", "item-A");
    assert_eq!(
        kinds(&facts),
        ["scan.captured", "stop.cleared", "item.verified"]
    );
    s.scan("b1", "item-A");
    s.scan("b1", "item-A");
    assert_eq!(s.stop("b1").as_deref(), Some("surplus"));
}

#[test]
fn a_scan_twice_at_once_is_one_scan_and_nobody_works_without_a_badge() {
    let mut s = Station::new();
    s.add(order("o1", "AA", &[("A", 2)]));
    s.scan("b1", "o1");
    assert_eq!(s.stop("b1").as_deref(), Some("no_operator"));
    s.scan("b1", "badge-1");
    s.scan("b1", "o1");
    s.scan("b1", "item-A");
    s.now_ms -= 400;
    assert_eq!(kinds(&s.scan("b1", "item-A")), ["scan.ignored"]);
    assert_eq!(s.open_parcel("b1").unwrap().pieces(), 1);
}

#[test]
fn weight_needs_rest_an_empty_platform_and_the_band() {
    let mut s = signed_in();
    s.add(order("o1", "AA", &[("A", 1)]));
    s.mass("b1", 100, true);
    s.scan("b1", "o1");
    s.scan("b1", "item-A");
    s.mass("b1", 100, true);
    assert!(
        s.open_parcel("b1").unwrap().weight.is_none(),
        "platform was never empty"
    );
    s.mass("b1", 0, true);
    s.mass("b1", 100, false);
    assert!(s.open_parcel("b1").unwrap().weight.is_none(), "moving");
    s.mass("b1", 200, true);
    assert_eq!(s.stop("b1").as_deref(), Some("weight_out_of_band"));
    let text = s.state.places[&bench::place("b1")]
        .stop
        .clone()
        .unwrap()
        .text;
    assert_eq!(text, "The parcel is 100 g too heavy. About one Article A.");
    let facts = s.mass("b1", 101, true);
    assert_eq!(kinds(&facts)[..2], ["stop.cleared", "parcel.weighed"]);
    let Fact::ParcelWeighed { weight, .. } = &facts[1] else {
        panic!("{facts:?}")
    };
    assert_eq!(
        (weight.decimal.as_str(), weight.unit.as_str()),
        ("0.101", "kg")
    );
    assert!(!weight.empty_before.is_empty());
}

/// An order of 1000 g by its articles, ready to be weighed.
fn to_be_weighed(confirm_rerate: bool) -> Station {
    let mut s = signed_in();
    s.rules.confirm_rerate = confirm_rerate;
    s.add(order("o1", "AA", &[("E", 2)]));
    s.scan("b1", "o1");
    s.scan("b1", "item-E");
    s.scan("b1", "item-E");
    s
}

fn changed(facts: &[Fact]) -> Option<String> {
    let assigned = facts.iter().find_map(|fact| match fact {
        Fact::ParcelAssigned { assignment, .. } => Some(assignment.clone()),
        _ => None,
    });
    assigned.expect("it was assigned").changed
}

const CHANGED: &str = "Planned: ALPHA Standard: up to 1000 g, this is 1015 g. Now: ALPHA Heavy.";

#[test]
fn a_weight_that_changes_the_service_is_said_before_the_label_is_made() {
    let mut s = to_be_weighed(false);
    s.effects.clear();
    let facts = s.weigh("b1", 1015);
    let wanted = [
        "parcel.weighed",
        "parcel.assigned",
        "number.allocated",
        "label.requested",
    ];
    assert_eq!(kinds(&facts), wanted, "no extra scan");
    assert_eq!(changed(&facts).as_deref(), Some(CHANGED));
    let parcel = s.open_parcel("b1").unwrap();
    let assignment = parcel.assignment.clone().unwrap();
    assert_eq!(
        (assignment.service.as_str(), parcel.stage),
        ("heavy", Stage::Labelling)
    );
    let sound = |e: &Effect| matches!(e, Effect::Sound { cue: Cue::Warn, .. });
    let render = |e: &Effect| matches!(e, Effect::Render { .. });
    let warned = s.effects.iter().position(sound);
    assert!(warned.is_some() && warned < s.effects.iter().position(render));
    let shown = s.view("b1");
    assert_eq!(shown.parcel.unwrap().changed.as_deref(), Some(CHANGED));
    assert!(shown.stop.is_none());

    let mut s = to_be_weighed(false);
    let facts = s.weigh("b1", 998);
    assert_eq!(changed(&facts), None, "as planned");
    assert_eq!(s.view("b1").parcel.unwrap().changed, None);

    let mut s = signed_in();
    for item in s.items.values_mut() {
        item.weight = None;
    }
    s.add(order("o1", "AA", &[("E", 1)]));
    s.scan("b1", "o1");
    s.scan("b1", "item-E");
    let facts = s.weigh("b1", 1500);
    assert_eq!(changed(&facts), None, "nothing was planned without weights");
}

#[test]
fn where_the_site_wants_it_a_changed_service_waits_for_ok() {
    let mut s = to_be_weighed(true);
    let facts = s.weigh("b1", 1015);
    assert_eq!(kinds(&facts), ["parcel.weighed", "stop.raised"]);
    assert_eq!(s.stop("b1").as_deref(), Some("service_changed"));
    let stop = s.view("b1").stop.unwrap();
    assert_eq!(
        (stop.text.as_str(), stop.word.as_str()),
        (CHANGED, "NEW SERVICE")
    );
    s.mass("b1", 1015, true);
    assert!(s.open_parcel("b1").unwrap().number.is_none());
    let facts = s.control("b1", C::Ok);
    let wanted = [
        "scan.captured",
        "stop.cleared",
        "parcel.assigned",
        "number.allocated",
        "label.requested",
    ];
    assert_eq!(kinds(&facts), wanted);
    assert_eq!(changed(&facts).as_deref(), Some(CHANGED));

    let mut s = to_be_weighed(true);
    s.weigh("b1", 1015);
    s.control("b1", C::Reweigh);
    let facts = s.weigh("b1", 1000);
    assert_eq!(changed(&facts), None, "weighed again, as planned");
}

#[test]
fn two_boxes_get_two_numbers_and_m_only_when_fixed() {
    let mut s = signed_in();
    s.add(order("o1", "AA", &[("A", 1), ("B", 1)]));
    s.scan("b1", "o1");
    s.scan("b1", "item-A");
    s.control("b1", C::NextBox);
    s.weigh("b1", 100);
    s.print_all();
    assert_eq!(s.open_parcel("b1").unwrap().of, None);
    let (first, _) = s.label("b1");
    s.scan("b1", &first);
    assert_eq!(s.open_parcel("b1").unwrap().n, 2);
    s.scan("b1", "item-B");
    assert_eq!(s.open_parcel("b1").unwrap().of, Some(2));
    s.weigh("b1", 200);
    s.print_all();
    let (second, _) = s.label("b1");
    assert_ne!(first, second);
    s.scan("b1", &second);
    assert_eq!(
        s.state.orders[&OrderId::new("o1")].status,
        OrderStatus::Packed
    );
}

#[test]
fn in_doubt_is_settled_by_a_scan_or_by_nolabel_and_never_by_itself() {
    let mut s = signed_in();
    s.add(order("o1", "AA", &[("A", 1)]));
    s.scan("b1", "o1");
    s.scan("b1", "item-A");
    s.weigh("b1", 100);
    for _ in 0..2 {
        let effect = s
            .effects
            .remove(s.effects.iter().position(not_sound).unwrap());
        s.carry_out(effect);
    }
    let job = s.open_parcel("b1").unwrap().jobs[0].clone();
    let broken = PrintStep::Broken {
        reason: "cable".into(),
    };
    s.input(
        None,
        InputKind::Print {
            job: job.clone(),
            step: broken,
        },
    );
    assert_eq!(s.state.jobs[&job].state, JobState::InDoubt);
    s.effects.clear();
    s.wait(100_000);
    s.input(None, InputKind::Tick);
    assert!(
        !s.effects.iter().any(not_sound),
        "nothing is sent again by itself"
    );
    s.control("b1", C::NoLabel);
    assert_eq!(s.state.jobs[&job].state, JobState::Wasted);
    s.print_all();
    let (_, square) = s.label("b1");
    s.scan("b1", &square);
    assert_eq!(s.stop("b1"), None);
    assert!(s.open_parcel("b1").is_none());
}

fn not_sound(effect: &Effect) -> bool {
    !matches!(effect, Effect::Sound { .. })
}

#[test]
fn a_restart_in_the_middle_of_sending_is_in_doubt() {
    let mut s = signed_in();
    s.add(order("o1", "AA", &[("A", 1)]));
    s.scan("b1", "o1");
    s.scan("b1", "item-A");
    s.weigh("b1", 100);
    for _ in 0..2 {
        let effect = s
            .effects
            .remove(s.effects.iter().position(not_sound).unwrap());
        s.carry_out(effect);
    }
    s.effects.clear();
    s.live = firstscan::domain::Live::default();
    let facts = s.input(
        None,
        InputKind::Start {
            version: "t".into(),
        },
    );
    assert_eq!(kinds(&facts), ["station.started", "label.in_doubt"]);
    assert!(matches!(
        s.effects.as_slice(),
        [Effect::Settle {
            counter_before: 0,
            ..
        }]
    ));
}

#[test]
fn queued_labels_expire_and_a_reprint_needs_a_reason() {
    let mut s = signed_in();
    s.add(order("o1", "AA", &[("A", 1)]));
    s.scan("b1", "o1");
    s.scan("b1", "item-A");
    s.weigh("b1", 100);
    let render = s
        .effects
        .remove(s.effects.iter().position(not_sound).unwrap());
    s.carry_out(render);
    s.effects.clear();
    s.wait(61_000);
    let facts = s.input(None, InputKind::Tick);
    assert_eq!(kinds(&facts), ["label.expired", "stop.raised"]);
    s.control("b1", C::Reprint);
    s.control_with("b1", C::Reason, "BOX");
    assert_eq!(
        s.open_parcel("b1").unwrap().jobs.len(),
        1,
        "unknown reason prints nothing"
    );
    s.control_with("b1", C::Reason, "TORN");
    s.print_all();
    let (_, square) = s.label("b1");
    s.scan("b1", &square);
    assert!(s.open_parcel("b1").is_none());
    let reasons: Vec<_> = s.state.jobs.values().map(|j| j.reason.clone()).collect();
    assert_eq!(reasons, [None, Some("torn".into())]);
}

#[test]
fn after_a_reprint_copies_are_told_apart() {
    let mut s = signed_in();
    s.add(order("o1", "AA", &[("A", 1)]));
    s.scan("b1", "o1");
    s.scan("b1", "item-A");
    s.weigh("b1", 100);
    s.print_all();
    let (number, old_square) = s.label("b1");
    s.control("b1", C::Reprint);
    s.control_with("b1", C::Reason, "TORN");
    s.print_all();
    s.scan("b1", &old_square);
    assert_eq!(s.stop("b1").as_deref(), Some("old_copy"));
    s.control("b1", C::Ok);
    s.scan("b1", &number);
    assert_eq!(s.stop("b1").as_deref(), Some("copy_unclear"));
    s.control("b1", C::Destroyed);
    s.scan("b1", &old_square);
    s.scan("b1", &number);
    assert!(s.open_parcel("b1").is_none());
}

#[test]
fn a_cancelled_order_stops_the_bench_at_once_and_its_number_is_burnt() {
    let mut s = signed_in();
    s.add(order("o1", "AA", &[("A", 1)]));
    s.scan("b1", "o1");
    s.scan("b1", "item-A");
    s.weigh("b1", 100);
    let facts = s.cancel("o1");
    assert_eq!(kinds(&facts), ["order.cancelled", "stop.raised"]);
    assert_eq!(kinds(&s.scan("b1", "item-A")), ["scan.ignored"]);
    let facts = s.control("b1", C::Ok);
    assert!(
        kinds(&facts).contains(&"number.burnt".to_owned()),
        "{facts:?}"
    );
    s.print_all();
    assert!(s.printed.is_empty(), "its label never printed");
    assert!(
        !s.state.orders.contains_key(&OrderId::new("o1")),
        "archived"
    );
    let kind = |k: &str| s.rows.keys().filter(|(kind, _)| *kind == k).count();
    assert_eq!((kind("order"), kind("parcel"), kind("job")), (1, 1, 1));
}

#[test]
fn the_same_order_is_one_order_a_changed_one_a_version() {
    let mut s = signed_in();
    s.add(order("o1", "AA", &[("A", 1)]));
    assert!(s.add(order("o1", "AA", &[("A", 1)])).is_empty());
    assert_eq!(
        kinds(&s.add(order("o1", "AA", &[("A", 2)]))),
        ["order.changed"]
    );
    assert_eq!(s.state.orders[&OrderId::new("o1")].version, 2);
    s.scan("b1", "o1");
    s.add(order("o1", "AA", &[("A", 3)]));
    assert_eq!(s.stop("b1").as_deref(), Some("order_changed"));
    assert_eq!(kinds(&s.scan("b1", "item-A")), ["scan.ignored"]);
    s.control("b1", C::Abort);
    s.scan("b1", "o1");
    assert_eq!(s.open_parcel("b1").unwrap().stage, Stage::Verifying);
}

#[test]
fn park_resume_undo_box_reweigh_and_abort() {
    let mut s = signed_in();
    s.add(order("o1", "AA", &[("A", 1), ("B", 1)]));
    s.scan("b1", "o1");
    s.scan("b1", "item-A");
    s.control("b1", C::Undo);
    assert_eq!(s.open_parcel("b1").unwrap().pieces(), 0);
    s.scan("b1", "item-B");
    s.control("b1", C::Park);
    assert!(s.open_parcel("b1").is_none());
    s.control("b2", C::Resume);
    s.scan("b2", "o1");
    s.control_with("b2", C::Box, "BIG");
    s.scan("b2", "item-A");
    s.weigh("b2", 300);
    assert_eq!(
        s.stop("b2").as_deref(),
        Some("weight_out_of_band"),
        "the box weighs 200 g"
    );
    s.control("b2", C::Reweigh);
    assert_eq!(s.stop("b2"), None);
    s.mass("b2", 500, true);
    assert!(
        s.open_parcel("b2").unwrap().weight.is_none(),
        "REWEIGH wants an empty platform"
    );
    s.weigh("b2", 500);
    assert_eq!(s.open_parcel("b2").unwrap().stage, Stage::Labelling);
    s.control("b2", C::Abort);
    assert_eq!(
        s.state.orders[&OrderId::new("o1")].status,
        OrderStatus::Waiting
    );
}

#[test]
fn the_dock_takes_only_what_may_leave_and_records_each_first_scan_once() {
    let mut s = signed_in();
    for (id, country) in [
        ("o1", "AA"),
        ("o2", "BB"),
        ("o3", "AA"),
        ("o4", "AA"),
        ("o5", "AA"),
    ] {
        s.add(order(id, country, &[("A", 1)]));
    }
    let (p1, n1) = s.pack("b1", "o1");
    let (_, other) = s.pack("b1", "o2");
    let (_, n3) = s.pack("b1", "o3");
    let (_, voided) = s.pack("b1", "o4");
    let (_, cancelled) = s.pack("b1", "o5");
    s.cancel("o5");
    s.control("b1", C::Void);
    s.scan("b1", &voided);
    s.scan("d1", &n1);
    assert_eq!(s.stop("d1").as_deref(), Some("no_handover"));
    s.control_with("d1", C::Open, "LP");
    let facts = s.scan("d1", &n1);
    let wanted = [
        "scan.captured",
        "parcel.first_scan",
        "parcel.estimate_changed",
    ];
    assert_eq!(kinds(&facts), wanted);
    for (code, stop) in [
        (other.as_str(), "wrong_carrier"),
        (n1.as_str(), "duplicate"),
        ("nobody", "unknown"),
        (voided.as_str(), "voided"),
        (cancelled.as_str(), "cancelled"),
    ] {
        let mut kinds_seen = kinds(&s.scan("d1", code));
        // Of a parcel that is known.
        let exception = kinds_seen.iter().position(|k| k == "parcel.exception");
        assert_eq!(
            exception.map(|at| kinds_seen.remove(at)).is_some(),
            stop != "unknown"
        );
        assert_eq!(
            kinds_seen,
            ["scan.captured", "handover.rejected", "stop.raised"],
            "{code}"
        );
        assert_eq!(s.stop("d1").as_deref(), Some(stop));
        assert_eq!(kinds(&s.scan("d1", &n3)), ["scan.ignored"]);
        s.control("d1", C::Ok);
    }
    s.control("d1", C::Remove);
    let facts = s.scan("d1", &n1);
    assert_eq!(
        kinds(&facts)[1..],
        [
            "parcel.first_scan_corrected",
            "handover.removed",
            "parcel.exception_resolved"
        ]
    );
    s.scan("d1", &n1);
    s.control("d1", C::Close);
    let facts = s.control("d1", C::Confirm);
    let Some(Fact::HandoverClosed {
        handover,
        parcels,
        missing,
    }) = facts.get(1)
    else {
        panic!("{facts:?}")
    };
    assert_eq!(
        (parcels.as_slice(), missing.len()),
        ([p1.clone()].as_slice(), 1)
    );
    let id = handover.to_string();
    s.scan("d1", &n3);
    assert_eq!(s.stop("d1").as_deref(), Some("handover_closed"));
    s.control("d1", C::Ok);
    s.control("d1", C::Loaded);
    s.scan("d1", &id);
    assert!(!s.state.parcels.contains_key(&p1), "gone with the truck");
}

#[derive(Debug, Clone)]
enum Act {
    Scan(usize, usize),
    Control(usize, usize),
    Label(usize, bool),
    Mass(usize, i64, bool),
    Work(usize),
    Break(usize),
    Add(usize),
    Cancel(usize),
    Tick(u64),
    Restart,
    /// Another version of an order that may be packed.
    Change(usize),
    /// A label with one digit misread.
    Slip(usize),
    /// A carrier's scan: of which parcel, its kind, hours from now, with days of its own.
    Carrier(usize, usize, i64, bool),
    /// The office settles the exception of some parcel.
    Settle(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..3_usize, 0..12_usize).prop_map(|(p, c)| Act::Scan(p, c)),
        5 => (0..3_usize, 0..20_usize).prop_map(|(p, c)| Act::Control(p, c)),
        4 => (0..3_usize, any::<bool>()).prop_map(|(p, square)| Act::Label(p, square)),
        4 => (0..2_usize, 0..8_i64, any::<bool>()).prop_map(|(p, g, st)| Act::Mass(p, g * 100, st)),
        8 => (0..4_usize).prop_map(Act::Work),
        1 => (0..4_usize).prop_map(Act::Break),
        1 => (0..6_usize).prop_map(Act::Add),
        1 => (0..6_usize).prop_map(Act::Cancel),
        1 => (1..70_000_u64).prop_map(Act::Tick),
        1 => Just(Act::Restart),
        1 => (0..6_usize).prop_map(Act::Change),
        1 => (0..3_usize).prop_map(Act::Slip),
        2 => (0..8_usize, 0..4_usize, 0..9_i64, any::<bool>())
            .prop_map(|(n, kind, hours, days)| Act::Carrier(n, kind, hours, days)),
        1 => (0..8_usize).prop_map(Act::Settle),
    ]
}

const PLACES: [&str; 3] = ["b1", "b2", "d1"];

/// Some parcel of the projections, archived or not.
fn parcel_row(s: &Station, n: usize) -> Option<Parcel> {
    let rows: Vec<_> = s
        .rows
        .iter()
        .filter(|((kind, _), _)| *kind == "parcel")
        .collect();
    let (_, row) = rows.get(n % rows.len().max(1))?;
    serde_json::from_value((*row).clone()).ok()
}

/// What is scanned, beside labels.
const CODES: [&str; 12] = [
    "badge-1",
    "o0",
    "o1",
    "o2",
    "o3",
    "item-A",
    "item-B",
    "item-C",
    "item-D",
    "noise",
    "T1-000001",
    "T1-H00001",
];

const CONTROLS: [C; 17] = [
    C::Ok,
    C::Undo,
    C::Park,
    C::Resume,
    C::Abort,
    C::Reweigh,
    C::Reprint,
    C::NoLabel,
    C::Destroyed,
    C::Void,
    C::NextBox,
    C::Remove,
    C::Close,
    C::Confirm,
    C::Loaded,
    C::Back,
    C::Qty,
];

fn perform(s: &mut Station, act: &Act) -> Vec<Fact> {
    match act {
        Act::Scan(p, c) => s.scan(PLACES[*p], CODES[*c]),
        Act::Control(p, 17) => s.control_with(PLACES[*p], C::Open, "LP"),
        Act::Control(p, 18) => s.control_with(PLACES[*p], C::Open, "BT"),
        Act::Control(p, 19) => s.control_with(PLACES[*p], C::Reason, "TORN"),
        Act::Control(p, c) => s.control(PLACES[*p], CONTROLS[*c]),
        Act::Label(p, square) => {
            let parcels: Vec<_> = s.state.parcels.values().cloned().collect();
            let pick = usize::try_from(s.now_ms).unwrap() % parcels.len().max(1);
            let Some(parcel) = parcels.get(pick) else {
                return vec![];
            };
            let code = match (square, parcel.jobs.last(), parcel.tracking_number()) {
                (true, Some(job), _) => firstscan::domain::scan::label_code(&parcel.id, job),
                (_, _, Some(number)) => number.to_owned(),
                _ => parcel.id.to_string(),
            };
            s.scan(PLACES[*p], &code)
        }
        Act::Change(n) => {
            let country = if n % 2 == 0 { "AA" } else { "BB" };
            s.add(order(&format!("o{n}"), country, &[("A", 2)]))
        }
        Act::Slip(p) => {
            let first = s.state.parcels.values().find_map(|p| p.tracking_number());
            let Some(number) = first.map(str::to_owned) else {
                return vec![];
            };
            s.scan(PLACES[*p], &format!("{}X", &number[..number.len() - 1]))
        }
        Act::Carrier(n, kind, hours, days) => {
            let (carrier, number) = match parcel_row(s, *n) {
                Some(p) => (
                    p.assignment
                        .as_ref()
                        .map_or("alpha".into(), |a| a.carrier.clone()),
                    p.tracking_number().unwrap_or("NONE").to_owned(),
                ),
                None => return vec![],
            };
            let kinds = [
                ScanKind::Accepted,
                ScanKind::Moved,
                ScanKind::Delayed,
                ScanKind::Delivered,
            ];
            let days = days.then_some(("2026-12-01", "2026-12-02"));
            s.carrier_scan(&carrier, &number, kinds[*kind], *hours, days)
        }
        Act::Settle(n) => {
            let found = parcel_row(s, *n);
            let open = found.and_then(|p| Some((p.id.clone(), p.exceptions.first()?.code.clone())));
            open.map_or(vec![], |(id, code)| s.settle(&id, &code))
        }
        Act::Mass(p, grams, stable) => s.mass(PLACES[*p], *grams, *stable),
        Act::Work(n) => {
            let before = s.drafts.len();
            if !s.effects.is_empty() {
                let effect = s.effects.remove(n % s.effects.len());
                s.carry_out(effect);
            }
            s.drafts[before..].iter().map(|d| d.fact.clone()).collect()
        }
        Act::Break(n) => {
            let sending = s.state.jobs_in(JobState::Sending);
            let Some(job) = sending.get(n % sending.len().max(1)) else {
                return vec![];
            };
            let step = PrintStep::Broken {
                reason: "cable".into(),
            };
            s.input(
                None,
                InputKind::Print {
                    job: job.id.clone(),
                    step,
                },
            )
        }
        Act::Add(n) => {
            let country = if n % 2 == 0 { "AA" } else { "BB" };
            let lines = [("A", 1), ("B", 2), ("C", 1)];
            s.add(order(&format!("o{n}"), country, &lines[..=n % 3]))
        }
        Act::Cancel(n) => s.cancel(&format!("o{n}")),
        Act::Tick(ms) => {
            s.wait(*ms);
            s.input(None, InputKind::Tick)
        }
        Act::Restart => {
            s.live = firstscan::domain::Live::default();
            s.effects.clear();
            s.input(
                None,
                InputKind::Start {
                    version: "t".into(),
                },
            )
        }
    }
}

fn check_always(s: &Station, red: bool, act: &Act, facts: &[Fact]) -> Result<(), TestCaseError> {
    let is_scan = matches!(
        act,
        Act::Scan(..) | Act::Control(..) | Act::Label(..) | Act::Slip(..)
    );
    let captured = facts
        .iter()
        .filter(|f| matches!(f, Fact::ScanCaptured { .. }))
        .count();
    let ignored = facts
        .iter()
        .filter(|f| matches!(f, Fact::ScanIgnored { .. }))
        .count();
    if is_scan && !facts.is_empty() {
        prop_assert_eq!(captured + ignored, 1, "every scan is in the journal once");
    }
    if ignored > 0 {
        prop_assert_eq!(facts.len(), 1, "an ignored scan changes nothing");
    }
    if red && captured > 0 {
        let cleared = matches!(facts.get(1), Some(Fact::StopCleared { .. }));
        prop_assert!(cleared, "red advanced: {:?}", facts);
    }
    for job in s.state.jobs.values() {
        prop_assert!(
            job.copy == 0 || job.reason.is_some(),
            "a further copy has a reason"
        );
    }
    Ok(())
}

fn check_history(s: &Station) -> Result<(), TestCaseError> {
    let mut first = std::collections::BTreeMap::<String, i32>::new();
    let mut numbers = std::collections::BTreeSet::new();
    let mut released = std::collections::BTreeSet::new();
    let mut open = std::collections::BTreeSet::new();
    let mut accepted = std::collections::BTreeSet::new();
    for draft in &s.drafts {
        match &draft.fact {
            Fact::FirstScan { parcel, .. } => {
                let count = first.entry(parcel.to_string()).or_default();
                *count += 1;
                prop_assert!(*count <= 1, "two first scans of {}", parcel);
            }
            Fact::FirstScanCorrected { parcel, .. } => {
                *first.entry(parcel.to_string()).or_default() -= 1;
            }
            Fact::NumberAllocated { number, .. } => {
                prop_assert!(
                    numbers.insert(number.tracking_number.clone()),
                    "number used twice"
                );
            }
            Fact::ParcelException { parcel, exception } => {
                let fresh = open.insert((parcel.clone(), exception.code.clone()));
                prop_assert!(fresh, "{} {} raised while open", parcel, exception.code);
            }
            Fact::ExceptionResolved { parcel, code, .. } => {
                let was = open.remove(&(parcel.clone(), code.clone()));
                prop_assert!(was, "{} {} resolved and not open", parcel, code);
            }
            Fact::CarrierAccepted { parcel, .. } => {
                prop_assert!(accepted.insert(parcel.clone()), "{} accepted twice", parcel);
            }
            Fact::LabelSending { job, .. } => {
                prop_assert!(released.insert(job.clone()), "{} sent twice", job);
            }
            _ => {}
        }
    }
    let printed: std::collections::BTreeSet<_> = s.printed.iter().cloned().collect();
    prop_assert_eq!(
        printed.len(),
        s.printed.len(),
        "a label printed twice by itself"
    );
    prop_assert!(
        printed.is_subset(&released),
        "printed before `sending` was recorded"
    );
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn any_sequence_keeps_the_promises(acts in proptest::collection::vec(act(), 1..250)) {
        let mut s = signed_in();
        for n in 0..4 {
            perform(&mut s, &Act::Add(n));
        }
        for act in &acts {
            let at = match act {
                Act::Scan(p, _) | Act::Control(p, _) | Act::Label(p, _) | Act::Slip(p) => {
                    Some(PLACES[*p])
                }
                _ => None,
            };
            let red = at.is_some_and(|at| s.stop(at).is_some());
            let facts = perform(&mut s, act);
            check_always(&s, red, act, &facts)?;
        }
        check_history(&s)?;
        let (replayed, rows) = replay(&s.drafts);
        for (key, row) in &rows {
            prop_assert_eq!(s.rows.get(key), Some(row), "replay differs for {:?}", key);
        }
        prop_assert_eq!(&replayed.orders, &s.state.orders);
        prop_assert_eq!(&replayed.parcels, &s.state.parcels);
        prop_assert_eq!(&replayed.jobs, &s.state.jobs);
        prop_assert_eq!(&replayed.handovers, &s.state.handovers);
        prop_assert_eq!(&replayed.counters, &s.state.counters);
    }
}
