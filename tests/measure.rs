//! A bench with a dimensioner: the label waits for the size, and nothing waits for ever.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
#[path = "support/bench.rs"]
mod bench;

use bench::{Station, order, replay};
use firstscan::content::control::Control as C;
use firstscan::domain::event::Fact;
use firstscan::domain::input::DeviceChange;
use firstscan::domain::{DeviceId, Effect, InputKind, PlaceId};
use firstscan_drivers::length::{Length, SizeFlags, SizeReading};

fn device(s: &mut Station, change: DeviceChange) -> Vec<Fact> {
    let device = DeviceId::new("b1/dimensioner");
    s.input(Some("b1"), InputKind::Device { device, change })
}

fn connect(s: &mut Station) {
    let what = "CubiScan on /dev/ttyUSB1".to_owned();
    device(s, DeviceChange::Connected { what });
}

fn lose(s: &mut Station) -> Vec<Fact> {
    let reason = "unplugged".to_owned();
    device(s, DeviceChange::Lost { reason })
}

fn size(s: &mut Station, mm: Option<[i64; 3]>, flags: SizeFlags) -> Vec<Fact> {
    let side = |i: usize| mm.map(|sides| Length::from_mm(sides[i]));
    let reading = SizeReading {
        length: side(0),
        width: side(1),
        height: side(2),
        flags,
        ..SizeReading::default()
    };
    let kind = InputKind::Size {
        device: DeviceId::new("b1/dimensioner"),
        reading,
        raw: "02".into(),
    };
    s.input(Some("b1"), kind)
}

/// An order of one piece, verified: the parcel is to be weighed.
fn filled() -> Station {
    let mut s = Station::new();
    s.scan("b1", "badge-1");
    s.add(order("o1", "AA", &[("A", 1)]));
    s.scan("b1", "o1");
    s.scan("b1", "item-A");
    s
}

fn kinds(facts: &[Fact]) -> Vec<String> {
    facts.iter().map(Fact::kind).collect()
}

const LABEL: [&str; 3] = ["parcel.assigned", "number.allocated", "label.requested"];

#[test]
fn the_label_waits_for_the_size_and_the_dimensioner_is_asked() {
    let mut s = filled();
    connect(&mut s);
    assert_eq!(kinds(&s.weigh("b1", 100)), ["parcel.weighed"]);
    let place = PlaceId::new("b1");
    assert!(s.effects.contains(&Effect::Measure { place }));
    let facts = size(&mut s, Some([300, 200, 120]), SizeFlags::default());
    assert_eq!(kinds(&facts)[0], "parcel.measured");
    assert_eq!(kinds(&facts)[1..], LABEL);
    let size = s.open_parcel("b1").unwrap().size.clone().unwrap();
    assert_eq!(
        (size.length_um, size.width_um, size.height_um),
        (300_000, 200_000, 120_000)
    );
    assert_eq!(replay(&s.drafts).0.parcels, s.state.parcels);
}

#[test]
fn a_size_that_costs_extra_is_said_before_the_label_is_made() {
    let mut s = filled();
    connect(&mut s);
    s.weigh("b1", 100);
    let facts = size(&mut s, Some([300, 200, 610]), SizeFlags::default());
    let Some(Fact::ParcelAssigned { assignment, .. }) = facts.get(1) else {
        panic!("{facts:?}")
    };
    assert_eq!(assignment.surcharges, ["Long goods"]);
    let told = "ALPHA Standard was planned without Long goods. It weighs 0.100 kg and measures \
        610 x 300 x 200 mm: charged.";
    assert_eq!(assignment.changed.as_deref(), Some(told));
}

#[test]
fn a_size_before_the_weight_counts_and_a_second_one_does_not() {
    let mut s = filled();
    connect(&mut s);
    let facts = size(&mut s, Some([300, 200, 120]), SizeFlags::default());
    assert_eq!(kinds(&facts), ["parcel.measured"]);
    let facts = size(&mut s, Some([1, 1, 1]), SizeFlags::default());
    assert_eq!(kinds(&facts), [""; 0]);
    assert_eq!(kinds(&s.weigh("b1", 100))[1..], LABEL);
}

#[test]
fn a_dimensioner_that_is_or_goes_away_holds_nobody_up() {
    let mut s = filled();
    assert_eq!(
        kinds(&s.weigh("b1", 100))[1..],
        LABEL,
        "there never was one"
    );
    let mut s = filled();
    connect(&mut s);
    assert_eq!(kinds(&s.weigh("b1", 100)), ["parcel.weighed"]);
    let facts = kinds(&lose(&mut s));
    assert_eq!(facts[0], "device.lost");
    assert_eq!(facts[1..], LABEL);
    assert!(s.open_parcel("b1").unwrap().size.is_none());
}

#[test]
fn what_cannot_be_measured_is_said_and_passed_over_only_by_the_packer() {
    let over = SizeFlags {
        over: true,
        ..SizeFlags::default()
    };
    let mut s = filled();
    connect(&mut s);
    s.weigh("b1", 100);
    assert_eq!(kinds(&size(&mut s, None, over)), ["stop.raised"]);
    assert_eq!(kinds(&size(&mut s, None, over)), [""; 0], "said once");
    // Measured after all.
    let facts = size(&mut s, Some([300, 200, 120]), SizeFlags::default());
    assert_eq!(kinds(&facts)[..2], ["stop.cleared", "parcel.measured"]);

    let mut s = filled();
    connect(&mut s);
    s.weigh("b1", 100);
    size(&mut s, None, over);
    let facts = kinds(&s.control("b1", C::Ok));
    assert!(
        facts.contains(&"parcel.size_waived".to_owned()),
        "{facts:?}"
    );
    assert_eq!(facts[facts.len() - 3..], LABEL);
    assert!(s.open_parcel("b1").unwrap().size_waived);
    assert_eq!(replay(&s.drafts).0.parcels, s.state.parcels);
}

#[test]
fn weighing_again_measures_again() {
    let mut s = filled();
    connect(&mut s);
    size(&mut s, Some([300, 200, 120]), SizeFlags::default());
    s.control("b1", C::Reweigh);
    assert!(s.open_parcel("b1").unwrap().size.is_none());
    assert_eq!(kinds(&s.weigh("b1", 100)), ["parcel.weighed"]);
}
