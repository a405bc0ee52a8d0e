//! A number belongs to its carrier, for as long as the carrier remembers it.

use crate::bench::{Station, labelled, order};
use crate::{kinds, signed_in};
use firstscan::content::control::Control as C;
use firstscan::domain::event::Fact;
use firstscan::domain::job::JobState;
use firstscan::domain::parcel::Stage;
use firstscan::domain::{InputKind, OrderId, ParcelId};

const DPD: &str = "09980123456789";
const DPD_BARS: &str = "%0012345099801234567891012765";
const DAY_MS: u64 = 86_400_000;

fn is_known(s: &Station, id: &str) -> bool {
    s.state.orders.contains_key(&OrderId::new(id))
}

/// Adds an order with its own label; true if it was taken.
fn brings(s: &mut Station, id: &str, carrier: &str, number: &str) -> bool {
    let facts = s.add(labelled(id, carrier, number, &[("A", 1)]));
    assert_eq!(facts.is_empty(), !is_known(s, id), "{facts:?}");
    is_known(s, id)
}

fn number_facts(facts: &[Fact]) -> Vec<String> {
    let kinds = kinds(facts).into_iter();
    kinds.filter(|kind| kind.starts_with("number.")).collect()
}

#[test]
fn an_order_cannot_bring_a_number_its_carrier_has_on_the_way() {
    let mut s = signed_in();
    assert!(brings(&mut s, "o1", "dpd", DPD));
    // It waits: the number is promised. Under another dress it is the same number.
    assert!(!brings(&mut s, "o2", "dpd", DPD));
    // Another carrier may have it, and the same order may come again.
    assert!(brings(&mut s, "o3", "ups", DPD));
    let again = labelled("o1", "dpd", DPD, &[("A", 2)]);
    assert_eq!(kinds(&s.add(again)), ["order.changed"]);
    s.add(labelled("o1", "dpd", DPD, &[("A", 1)]));
    s.pack("b1", "o1");
    assert!(!brings(&mut s, "o2", "dpd", DPD));
    assert!(!brings(
        &mut s,
        "o2",
        "dpd",
        DPD_BARS.trim_start_matches('%')
    ));
}

#[test]
fn two_carriers_with_one_number_are_told_apart_at_the_dock() {
    let mut s = signed_in();
    assert!(brings(&mut s, "o1", "dpd", DPD) && brings(&mut s, "o2", "ups", DPD));
    let mut ids: Vec<ParcelId> = Vec::new();
    for order in ["o1", "o2"] {
        ids.push(s.pack("b1", order).0);
    }
    for (token, own, other) in [("UPS", 1, 0), ("DPD", 0, 0)] {
        s.control_with("d1", C::Open, token);
        let facts = s.scan("d1", DPD);
        assert!(
            kinds(&facts).contains(&"parcel.first_scan".to_owned()),
            "{token}: {facts:?}"
        );
        assert_eq!(s.state.parcels[&ids[own]].stage, Stage::HandedOver);
        if own != other {
            assert_eq!(s.state.parcels[&ids[other]].stage, Stage::Ready);
        }
        s.control("d1", C::Close);
        s.control("d1", C::Confirm);
        s.print_all();
        s.control("d1", C::Loaded);
        let handover = s.state.handovers.keys().next_back().unwrap().to_string();
        s.scan("d1", &handover);
    }
}

#[test]
fn a_number_that_left_comes_again_only_behind_the_carriers_window() {
    let mut s = signed_in();
    assert!(brings(&mut s, "o1", "dpd", DPD));
    let (id, _) = s.pack("b1", "o1");
    s.control_with("d1", C::Open, "DPD");
    s.scan("d1", DPD);
    s.control("d1", C::Close);
    s.control("d1", C::Confirm);
    s.print_all();
    s.control("d1", C::Loaded);
    s.scan("d1", "T1-H00001");
    assert!(!s.state.parcels.contains_key(&id), "archived");
    s.wait(364 * DAY_MS);
    assert!(!brings(&mut s, "o2", "dpd", DPD));
    s.wait(DAY_MS);
    assert!(brings(&mut s, "o2", "dpd", DPD));
}

#[test]
fn a_number_an_order_brings_is_not_given_to_another_parcel() {
    let mut s = signed_in();
    // The next two numbers of the range, one waiting, one on the other carrier.
    assert!(brings(&mut s, "o1", "alpha", "ALPHA00000000"));
    assert!(brings(&mut s, "o2", "beta", "ALPHA00000001"));
    s.add(order("o3", "AA", &[("A", 1)]));
    s.scan("b1", "o3");
    s.scan("b1", "item-A");
    let facts = s.weigh("b1", 100);
    assert_eq!(
        number_facts(&facts),
        ["number.allocated", "number.burnt", "number.allocated"]
    );
    let parcel = s.open_parcel("b1").unwrap();
    assert_eq!(parcel.tracking_number(), Some("ALPHA00000001"));
    assert!(!parcel.burnt, "the number it has is good");
    // And so it is burnt when the parcel is given up.
    let facts = s.control("b1", C::Abort);
    assert_eq!(number_facts(&facts), ["number.burnt"]);
}

#[test]
fn a_number_in_doubt_stays_with_its_parcel_and_is_burnt_with_it() {
    let mut s = signed_in();
    let mut seen = Vec::new();
    for (turn, end) in [C::Abort, C::Void, C::NoLabel].into_iter().enumerate() {
        let id = format!("o{turn}");
        s.add(order(&id, "AA", &[("A", 1)]));
        s.scan("b1", &id);
        s.scan("b1", "item-A");
        s.weigh("b1", 100);
        let (number, _) = s.label("b1");
        assert!(!seen.contains(&number), "given twice: {number}");
        seen.push(number.clone());
        // Made, sent, and then nobody knows.
        while let Some(effect) = (!s.effects.is_empty()).then(|| s.effects.remove(0)) {
            if matches!(effect, firstscan::domain::Effect::Release { .. }) {
                break;
            }
            s.carry_out(effect);
        }
        s.effects.clear();
        let facts = s.input(
            None,
            InputKind::Start {
                version: "test".into(),
            },
        );
        assert!(
            kinds(&facts).contains(&"label.in_doubt".to_owned()),
            "{facts:?}"
        );
        let parcel = s.open_parcel("b1").unwrap().clone();
        let job = parcel.jobs.last().unwrap();
        assert_eq!(s.state.jobs[job].state, JobState::InDoubt);
        let facts = s.control("b1", end);
        match end {
            C::Abort => assert_eq!(number_facts(&facts), ["number.burnt"]),
            C::Void => {
                let facts = s.scan("b1", &number);
                assert_eq!(number_facts(&facts), ["number.burnt"]);
            }
            _ => {
                // A new label of the same parcel bears the same number: no other is used up.
                assert_eq!(number_facts(&facts), [] as [&str; 0]);
                s.print_all();
                assert_eq!(s.label("b1").0, number);
                continue;
            }
        }
        assert!(s.state.parcels[&parcel.id].burnt);
        s.control("b1", C::Ok);
    }
}
