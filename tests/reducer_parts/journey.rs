//! Estimates, and the carriers' own scans: three facts that are never merged.

use crate::bench::{Station, labelled};
use crate::{kinds, signed_in};
use firstscan::content::control::Control as C;
use firstscan::domain::event::Fact;
use firstscan::domain::parcel::{Parcel, ScanKind};
use firstscan::domain::{InputKind, ParcelId};

const DPD: &str = "09980123456789";
const DPD_BARS: &str = "%0012345099801234567891012765";

fn handed_over(s: &mut Station) -> (ParcelId, Vec<Fact>) {
    s.add(labelled("o1", "dpd", DPD, &[("A", 1)]));
    let (id, _) = s.pack("b1", "o1");
    s.control_with("d1", C::Open, "DPD");
    let facts = s.scan("d1", DPD);
    (id, facts)
}

fn row(s: &Station, id: &ParcelId) -> Parcel {
    serde_json::from_value(s.rows[&("parcel", id.to_string())].clone()).unwrap()
}

fn reason(facts: &[Fact]) -> Option<&str> {
    facts.iter().find_map(|fact| match fact {
        Fact::EstimateChanged { reason, .. } => Some(reason.as_str()),
        _ => None,
    })
}

/// Loads the truck: the parcel leaves memory.
fn gone(s: &mut Station) {
    s.control("d1", C::Close);
    s.control("d1", C::Confirm);
    s.print_all();
    s.control("d1", C::Loaded);
    s.scan("d1", "T1-H00001");
}

#[test]
fn the_first_scan_starts_the_estimate_and_taking_it_back_ends_it() {
    let mut s = signed_in();
    let (id, facts) = handed_over(&mut s);
    let wanted = [
        "scan.captured",
        "parcel.first_scan",
        "parcel.estimate_changed",
    ];
    assert_eq!(kinds(&facts), wanted);
    let time = s.stamp().wall.time_of_day();
    assert_eq!(
        reason(&facts),
        Some(format!("handed over at {time}").as_str())
    );
    let estimate = row(&s, &id).estimate.unwrap();
    assert_eq!(estimate.from, s.stamp().wall.date());
    assert_eq!(estimate.source, "table of dpd to AA");
    s.control("d1", C::Remove);
    s.scan("d1", DPD);
    assert_eq!(row(&s, &id).estimate, None, "it is still here");
}

#[test]
fn the_carriers_scans_are_its_own_and_the_first_acceptance_counts() {
    let mut s = signed_in();
    let (id, _) = handed_over(&mut s);
    let first = row(&s, &id).first_scan;
    // In any form of the number; a report before the acceptance is none.
    let facts = s.carrier_scan("dpd", DPD, ScanKind::Moved, 30, None);
    assert_eq!(kinds(&facts), ["carrier.moved"]);
    let facts = s.carrier_scan("dpd", DPD_BARS, ScanKind::Accepted, 26, None);
    assert_eq!(
        kinds(&facts),
        ["carrier.accepted", "parcel.estimate_changed"]
    );
    assert!(
        reason(&facts).unwrap().starts_with("DPD accepted it on "),
        "{facts:?}"
    );
    let again = s.carrier_scan("dpd", DPD, ScanKind::Accepted, 26, None);
    assert_eq!(kinds(&again), [] as [String; 0], "the same report is one");
    let second = s.carrier_scan("dpd", DPD, ScanKind::Accepted, 27, None);
    assert_eq!(kinds(&second), ["carrier.moved"], "accepted once");
    let parcel = row(&s, &id);
    assert_eq!(parcel.first_scan, first, "ours stays ours");
    assert_eq!(parcel.carrier_scans.len(), 3);
    assert_eq!(parcel.stage, firstscan::domain::parcel::Stage::HandedOver);
}

#[test]
fn the_carriers_newest_word_replaces_ours() {
    let mut s = signed_in();
    let (id, _) = handed_over(&mut s);
    let later = Some(("2026-11-26", "2026-11-27"));
    let facts = s.carrier_scan("dpd", DPD, ScanKind::Moved, 20, later);
    assert_eq!(kinds(&facts), ["carrier.moved", "parcel.estimate_changed"]);
    assert_eq!(row(&s, &id).estimate.unwrap().from, "2026-11-26");
    // An older report that was overtaken changes nothing, nor does our own table.
    let older = Some(("2026-11-24", "2026-11-24"));
    let facts = s.carrier_scan("dpd", DPD, ScanKind::Moved, 10, older);
    assert_eq!(kinds(&facts), ["carrier.moved"]);
    let facts = s.carrier_scan("dpd", DPD, ScanKind::Accepted, 9, None);
    assert_eq!(kinds(&facts), ["carrier.accepted"]);
    // A delay without a day is told, once, and nothing is guessed.
    let facts = s.carrier_scan("dpd", DPD, ScanKind::Delayed, 30, None);
    assert_eq!(kinds(&facts), ["carrier.moved", "parcel.estimate_changed"]);
    let estimate = row(&s, &id).estimate.unwrap();
    assert_eq!(estimate.from, "2026-11-26");
    assert!(estimate.source.ends_with("reported a delay and no new day"));
    let facts = s.carrier_scan("dpd", DPD, ScanKind::Delayed, 31, None);
    assert_eq!(kinds(&facts), ["carrier.moved"]);
}

#[test]
fn a_parcel_gone_with_its_truck_is_found_and_archived_again() {
    let mut s = signed_in();
    let (id, _) = handed_over(&mut s);
    gone(&mut s);
    assert!(!s.state.parcels.contains_key(&id));
    let facts = s.carrier_scan("dpd", DPD_BARS, ScanKind::Accepted, 26, None);
    assert_eq!(
        kinds(&facts),
        ["carrier.accepted", "parcel.estimate_changed"]
    );
    assert!(!s.state.parcels.contains_key(&id), "memory stays small");
    assert!(s.state.by_code(DPD).next().is_none());
    assert_eq!(row(&s, &id).carrier_scans.len(), 1);
    let again = s.carrier_scan("dpd", DPD, ScanKind::Accepted, 26, None);
    assert!(again.is_empty());
}

#[test]
fn number_carrier_and_time_must_fit_one_parcel() {
    let mut s = signed_in();
    let (id, _) = handed_over(&mut s);
    for (carrier, number, hours) in [
        ("ups", DPD, 1),
        ("dpd", "09980123456788", 1),
        ("dpd", DPD, -48),
    ] {
        let facts = s.carrier_scan(carrier, number, ScanKind::Accepted, hours, None);
        assert!(facts.is_empty(), "{carrier} {number} {hours}: {facts:?}");
    }
    assert!(row(&s, &id).carrier_scans.is_empty());
    // Used again after it left: the younger parcel is meant.
    gone(&mut s);
    s.wait(400 * 86_400_000);
    s.add(labelled("o9", "dpd", DPD, &[("A", 1)]));
    let (young, _) = s.pack("b1", "o9");
    s.carrier_scan("dpd", DPD, ScanKind::Moved, 1, None);
    assert_eq!(row(&s, &young).carrier_scans.len(), 1);
    // And for a scan of the time before, the older one.
    s.carrier_scan("dpd", DPD, ScanKind::Moved, -399 * 24, None);
    assert_eq!(row(&s, &id).carrier_scans.len(), 1);
}

#[test]
fn a_broken_feed_is_bounded() {
    let mut s = signed_in();
    let (id, _) = handed_over(&mut s);
    for hour in 0..210 {
        s.carrier_scan("dpd", DPD, ScanKind::Moved, hour, None);
    }
    assert_eq!(row(&s, &id).carrier_scans.len(), 200);
    let tick = s.input(None, InputKind::Tick);
    assert!(tick.is_empty());
}
