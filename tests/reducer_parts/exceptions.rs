//! Every exception with its resolution.

use crate::bench::{Station, labelled, order, place};
use crate::{kinds, signed_in};
use firstscan::content::control::Control as C;
use firstscan::domain::event::Fact;
use firstscan::domain::input::Unlabelled;
use firstscan::domain::parcel::{Exception, ScanKind, Stage};
use firstscan::domain::{Effect, InputKind, OrderId, ParcelId};

const UPS: &str = "1ZA1B2C30312345673";
const UPS_DAMAGED: &str = "1ZA1B2C30312345674";
const DPD: &str = "09980123456789";
const DPD_BARS: &str = "%0012345099801234567891012765";
const USPS: &str = "9400112345678901234566";

fn raised(facts: &[Fact]) -> Option<&Exception> {
    facts.iter().find_map(|fact| match fact {
        Fact::ParcelException { exception, .. } => Some(exception),
        _ => None,
    })
}

/// Code and who resolved it.
fn resolved(facts: &[Fact]) -> Vec<(String, String)> {
    let one = |fact: &Fact| match fact {
        Fact::ExceptionResolved { code, by, .. } => Some((code.clone(), by.clone())),
        _ => None,
    };
    facts.iter().filter_map(one).collect()
}

fn by(code: &str, who: &str) -> Vec<(String, String)> {
    vec![(code.to_owned(), who.to_owned())]
}

/// Packs an order with one piece of `A` that came with its label.
fn packed(s: &mut Station, id: &str, carrier: &str, number: &str) -> ParcelId {
    s.add(labelled(id, carrier, number, &[("A", 1)]));
    s.pack("b1", id).0
}

#[test]
fn a_parcel_for_another_carrier_is_an_exception_until_it_is_accepted() {
    let mut s = signed_in();
    let id = packed(&mut s, "o1", "dpd", DPD);
    s.control_with("d1", C::Open, "UPS");
    let facts = s.scan("d1", DPD_BARS);
    let wanted = [
        "scan.captured",
        "handover.rejected",
        "parcel.exception",
        "stop.raised",
    ];
    assert_eq!(kinds(&facts), wanted);
    let exception = raised(&facts).unwrap();
    assert_eq!(exception.code, "wrong_carrier");
    assert_eq!(exception.text, "This parcel goes with DPD.");
    s.control("d1", C::Ok);
    let again = s.scan("d1", DPD_BARS);
    assert!(raised(&again).is_none(), "open already: {again:?}");
    assert_eq!(s.exceptions(&id), ["wrong_carrier"]);
    s.control("d1", C::Ok);
    s.control("d1", C::Close);
    s.control_with("d1", C::Open, "DPD");
    let facts = s.scan("d1", DPD_BARS);
    assert_eq!(resolved(&facts), by("wrong_carrier", "station"));
    assert_eq!(s.state.parcels[&id].stage, Stage::HandedOver);
    assert!(s.exceptions(&id).is_empty());
}

#[test]
fn a_number_inside_another_code_leads_to_its_parcel() {
    let mut s = signed_in();
    let id = packed(&mut s, "o1", "usps", USPS);
    s.control_with("d1", C::Open, "USP");
    let facts = s.scan("d1", &format!("]C142062701\u{1d}{USPS}"));
    assert_eq!(kinds(&facts)[..2], ["scan.captured", "parcel.first_scan"]);
    let facts = s.scan("d1", &format!("42062701{USPS}"));
    assert_eq!(s.stop("d1").as_deref(), Some("duplicate"));
    assert_eq!(raised(&facts).unwrap().code, "duplicate");
    assert_eq!(s.exceptions(&id), ["duplicate"]);

    // The other way round: the order brought the bars, people read the number.
    let mut s = signed_in();
    s.add(labelled("o1", "dpd", &DPD_BARS[1..], &[("A", 1)]));
    s.scan("b1", "o1");
    s.scan("b1", "item-A");
    s.weigh("b1", 100);
    s.print_all();
    let facts = s.scan("b1", DPD);
    assert!(
        kinds(&facts).contains(&"label.verified".to_owned()),
        "{facts:?}"
    );
}

#[test]
fn a_damaged_number_says_so_and_names_the_parcel_it_nearly_is() {
    let mut s = signed_in();
    let id = packed(&mut s, "o1", "ups", UPS);
    s.control_with("d1", C::Open, "UPS");
    let facts = s.scan("d1", UPS_DAMAGED);
    let stop = s.state.places[&place("d1")].stop.clone().unwrap();
    assert_eq!(stop.code, "misread");
    assert_eq!(stop.text, "UPS number, check digit wrong.");
    assert_eq!(stop.remedy, "Scan again, else print a new label.");
    assert_eq!(raised(&facts).unwrap().code, "misread");
    assert_eq!(
        kinds(&s.scan("d1", UPS_DAMAGED)),
        ["scan.ignored"],
        "still damaged"
    );
    // "Scan again" is what it says: no OK in between.
    let facts = s.scan("d1", UPS);
    assert_eq!(
        kinds(&facts)[..3],
        ["scan.captured", "stop.cleared", "parcel.first_scan"]
    );
    assert_eq!(resolved(&facts), by("misread", "station"));
    assert!(s.exceptions(&id).is_empty());
    // Nobody's number, and nothing at all.
    for (code, reason, text) in [
        (
            "9400112345678901234566",
            "unknown",
            "A number of USPS. Nobody here packed it.",
        ),
        (
            "1ZA1B2C30399999999",
            "misread",
            "UPS number, check digit wrong.",
        ),
        ("hello", "unknown", "Nobody here packed hello."),
        (
            "\u{ff11}Z A1B2C30312345673",
            "unknown",
            "This code has letters or digits of another script.",
        ),
    ] {
        let facts = s.scan("d1", code);
        let stop = s.state.places[&place("d1")].stop.clone().unwrap();
        assert_eq!((stop.code.as_str(), stop.text.as_str()), (reason, text));
        assert!(raised(&facts).is_none(), "no parcel is known: {facts:?}");
        s.control("d1", C::Ok);
    }
}

#[test]
fn scan_back_tells_a_damaged_number_from_another_parcels_label() {
    let mut s = signed_in();
    packed(&mut s, "o1", "dpd", DPD);
    s.add(labelled("o2", "ups", UPS, &[("A", 1)]));
    s.scan("b1", "o2");
    s.scan("b1", "item-A");
    s.weigh("b1", 100);
    s.print_all();
    let facts = s.scan("b1", UPS_DAMAGED);
    assert_eq!(s.stop("b1").as_deref(), Some("misread"));
    assert_eq!(raised(&facts).unwrap().code, "misread");
    s.control("b1", C::Ok);
    let facts = s.scan("b1", DPD);
    assert_eq!(s.stop("b1").as_deref(), Some("wrong_label"));
    assert_eq!(
        raised(&facts).unwrap().text,
        "This is the label of T1-000001."
    );
    let id = s.open_parcel("b1").unwrap().id.clone();
    assert_eq!(s.exceptions(&id), ["misread", "wrong_label"]);
    let facts = s.scan("b1", UPS);
    let codes: Vec<String> = resolved(&facts).into_iter().map(|(code, _)| code).collect();
    assert_eq!(codes, ["wrong_label", "misread"]);
    assert!(s.exceptions(&id).is_empty());
}

#[test]
fn a_number_that_does_not_fit_its_carrier_stops_the_bench_before_packing() {
    for (carrier, number, code) in [
        ("dpd", UPS, "number_of_other_carrier"),
        ("ups", UPS_DAMAGED, "number_check_failed"),
    ] {
        let mut s = signed_in();
        s.add(labelled("o1", carrier, number, &[("A", 1)]));
        let facts = s.scan("b1", "o1");
        assert_eq!(raised(&facts).unwrap().code, code);
        assert_eq!(s.stop("b1").as_deref(), Some(code));
        assert_eq!(
            kinds(&s.scan("b1", "item-A")),
            ["scan.ignored"],
            "only OK goes on"
        );
        // Parked and taken up again, it asks again.
        s.control("b1", C::Park);
        assert_eq!(s.stop("b1"), None);
        s.control("b1", C::Resume);
        s.scan("b1", "o1");
        assert_eq!(s.stop("b1").as_deref(), Some(code));
        let facts = s.control("b1", C::Ok);
        assert_eq!(resolved(&facts), by(code, "anna"));
        s.scan("b1", "item-A");
        s.weigh("b1", 100);
        s.print_all();
        let (bars, _) = s.label("b1");
        s.scan("b1", &bars);
        // What a person let pass stays passed.
        let token = if carrier == "dpd" { "DPD" } else { "UPS" };
        s.control_with("d1", C::Open, token);
        let facts = s.scan("d1", number);
        assert!(
            kinds(&facts).contains(&"parcel.first_scan".to_owned()),
            "{facts:?}"
        );
    }
}

#[test]
fn item_first_does_not_pack_over_a_stop() {
    let mut s = signed_in();
    s.add(labelled("o1", "dpd", UPS, &[("A", 1)]));
    s.scan("b1", "item-A");
    assert_eq!(s.stop("b1").as_deref(), Some("number_of_other_carrier"));
    assert_eq!(s.open_parcel("b1").unwrap().pieces(), 0);
}

#[test]
fn a_number_nobody_confirmed_stops_at_the_dock_until_the_office_settles_it() {
    let mut s = signed_in();
    let id = packed(&mut s, "o1", "dpd", DPD);
    // As an older version left it: packed without being asked.
    let mut parcel = s.state.parcels[&id].clone();
    parcel.number.as_mut().unwrap().tracking_number = UPS.into();
    let row = serde_json::to_value(&parcel).unwrap();
    s.state
        .load(
            firstscan::domain::change::RecordKind::Parcel,
            id.as_str(),
            row,
        )
        .unwrap();
    s.control_with("d1", C::Open, "DPD");
    let facts = s.scan("d1", UPS);
    assert_eq!(raised(&facts).unwrap().code, "number_of_other_carrier");
    s.control("d1", C::Ok);
    let facts = s.settle(&id, "number_of_other_carrier");
    assert_eq!(resolved(&facts), by("number_of_other_carrier", "office"));
    let facts = s.scan("d1", UPS);
    assert!(
        kinds(&facts).contains(&"parcel.first_scan".to_owned()),
        "{facts:?}"
    );
}

#[test]
fn a_weight_beyond_the_service_waits_for_ok_or_for_another_weight() {
    for reweigh in [false, true] {
        let mut s = signed_in();
        s.add(labelled("o1", "dpd", DPD, &[("E", 2), ("A", 1)]));
        s.scan("b1", "o1");
        for code in ["item-E", "item-E", "item-A"] {
            s.scan("b1", code);
        }
        let facts = s.weigh("b1", 1_100);
        assert_eq!(raised(&facts).unwrap().text, "DPD takes up to 1 kg.");
        assert_eq!(s.stop("b1").as_deref(), Some("weight_over_limit"));
        assert!(s.open_parcel("b1").unwrap().jobs.is_empty(), "no label yet");
        let id = s.open_parcel("b1").unwrap().id.clone();
        let facts = if reweigh {
            s.control("b1", C::Reweigh);
            // The band allows some grams less.
            s.rules.band_abs = firstscan_drivers::mass::Mass::from_grams(200);
            s.weigh("b1", 1_000)
        } else {
            s.control("b1", C::Ok)
        };
        let who = if reweigh { "station" } else { "anna" };
        assert_eq!(resolved(&facts), by("weight_over_limit", who), "{facts:?}");
        assert!(
            kinds(&facts).contains(&"label.requested".to_owned()),
            "{facts:?}"
        );
        assert!(s.exceptions(&id).is_empty());
    }
}

#[test]
fn an_order_that_changed_after_packing_is_held_back() {
    let mut s = signed_in();
    let id = packed(&mut s, "o1", "dpd", DPD);
    let changed = || labelled("o1", "dpd", DPD, &[("A", 2)]);
    let facts = s.add(changed());
    assert_eq!(raised(&facts).unwrap().code, "label_superseded");
    assert!(s.add(changed()).is_empty(), "told once");
    s.control_with("d1", C::Open, "DPD");
    let facts = s.scan("d1", DPD);
    assert_eq!(s.stop("d1").as_deref(), Some("label_superseded"));
    assert!(raised(&facts).is_none());
    s.control("d1", C::Ok);
    // The seller takes the change back.
    let facts = s.add(labelled("o1", "dpd", DPD, &[("A", 1)]));
    assert_eq!(resolved(&facts), by("label_superseded", "station"));
    // Again, and now the office lets it go.
    s.add(changed());
    let facts = s.settle(&id, "label_superseded");
    assert_eq!(resolved(&facts), by("label_superseded", "office"));
    assert!(
        s.settle(&id, "label_superseded").is_empty(),
        "nothing is open"
    );
    let facts = s.scan("d1", DPD);
    assert!(
        kinds(&facts).contains(&"parcel.first_scan".to_owned()),
        "{facts:?}"
    );
}

#[test]
fn a_bench_with_the_label_out_is_told_of_the_change_at_once() {
    let mut s = signed_in();
    s.add(order("o1", "AA", &[("A", 1)]));
    s.scan("b1", "o1");
    s.scan("b1", "item-A");
    s.weigh("b1", 100);
    let id = s.open_parcel("b1").unwrap().id.clone();
    let facts = s.add(order("o1", "AA", &[("A", 3)]));
    assert_eq!(kinds(&facts), ["parcel.exception", "stop.raised"]);
    let facts = s.control("b1", C::Abort);
    assert_eq!(
        resolved(&facts),
        by("label_superseded", "station"),
        "its label never leaves"
    );
    assert!(s.exceptions(&id).is_empty());
}

#[test]
fn a_label_that_cannot_be_made_is_an_exception_until_one_is() {
    for address in [true, false] {
        let mut s = signed_in();
        s.add(order("o1", "AA", &[("A", 1)]));
        s.scan("b1", "o1");
        s.scan("b1", "item-A");
        s.weigh("b1", 100);
        let parcel = s.open_parcel("b1").unwrap();
        let (id, job) = (parcel.id.clone(), parcel.jobs[0].clone());
        s.effects.clear();
        let outcome = Err(Unlabelled {
            address,
            problems: vec!["name is masked".into()],
        });
        let facts = s.input(None, InputKind::Rendered { job, outcome });
        let code = if address {
            "address_unprintable"
        } else {
            "label_unprintable"
        };
        assert_eq!(raised(&facts).unwrap().code, code);
        assert_eq!(s.stop("b1").as_deref(), Some("label_failed"));
        s.control("b1", C::Reprint);
        s.control_with("b1", C::Reason, "TORN");
        let render = s
            .effects
            .iter()
            .position(|e| matches!(e, Effect::Render { .. }));
        let render = s.effects.remove(render.unwrap());
        s.carry_out(render);
        assert!(s.exceptions(&id).is_empty());
        assert!(
            s.drafts
                .iter()
                .any(|d| resolved(std::slice::from_ref(&d.fact)) == by(code, "station"))
        );
    }
}

#[test]
fn scanned_again_ends_with_the_count_or_with_remove() {
    let mut s = signed_in();
    let id = packed(&mut s, "o1", "dpd", DPD);
    s.control_with("d1", C::Open, "DPD");
    s.scan("d1", DPD);
    s.scan("d1", DPD_BARS);
    s.control("d1", C::Ok);
    s.control("d1", C::Remove);
    let facts = s.scan("d1", DPD);
    assert_eq!(resolved(&facts), by("duplicate", "station"));
    s.scan("d1", DPD);
    s.scan("d1", DPD_BARS);
    s.control("d1", C::Ok);
    s.control("d1", C::Close);
    let facts = s.control("d1", C::Confirm);
    assert_eq!(resolved(&facts), by("duplicate", "anna"));
    // Gone with the truck, and here again: the archived record has it, too.
    s.print_all();
    s.control("d1", C::Loaded);
    s.scan("d1", "T1-H00001");
    assert!(!s.state.parcels.contains_key(&id), "archived");
    s.control_with("d1", C::Open, "DPD");
    let facts = s.scan("d1", DPD_BARS);
    assert_eq!(raised(&facts).unwrap().code, "duplicate");
    assert_eq!(s.exceptions(&id), ["duplicate"]);
    assert!(!s.state.parcels.contains_key(&id), "and archived again");
    let facts = s.settle(&id, "duplicate");
    assert_eq!(resolved(&facts), by("duplicate", "office"));
    assert!(s.exceptions(&id).is_empty());
}

#[test]
fn what_must_not_leave_ends_with_void_and_destroyed() {
    let mut s = signed_in();
    let cancelled = packed(&mut s, "o1", "dpd", DPD);
    s.cancel("o1");
    s.control_with("d1", C::Open, "DPD");
    let facts = s.scan("d1", DPD);
    assert_eq!(raised(&facts).unwrap().code, "cancelled");
    s.control("d1", C::Ok);
    s.control("b1", C::Void);
    let facts = s.scan("b1", DPD);
    assert_eq!(resolved(&facts), by("cancelled", "station"));
    assert!(s.exceptions(&cancelled).is_empty());

    let mut s = signed_in();
    s.add(order("o2", "AA", &[("A", 1)]));
    let (id, number) = s.pack("b1", "o2");
    s.control("b1", C::Void);
    s.scan("b1", &number);
    s.control_with("d1", C::Open, "LP");
    let facts = s.scan("d1", &number);
    assert_eq!(raised(&facts).unwrap().code, "voided");
    s.control("b1", C::Destroyed);
    let facts = s.scan("b1", &number);
    assert_eq!(resolved(&facts), by("voided", "anna"));
    assert!(s.exceptions(&id).is_empty());
    assert!(s.state.orders.contains_key(&OrderId::new("o2")));
}

#[test]
fn an_unfinished_parcel_and_an_old_copy_end_with_the_right_label() {
    let mut s = signed_in();
    s.add(order("o1", "AA", &[("A", 1)]));
    s.scan("b1", "o1");
    s.scan("b1", "item-A");
    s.weigh("b1", 100);
    s.print_all();
    let (number, old) = s.label("b1");
    s.control_with("d1", C::Open, "LP");
    let facts = s.scan("d1", &number);
    assert_eq!(raised(&facts).unwrap().code, "not_verified");
    s.control("d1", C::Ok);
    s.control("b1", C::Reprint);
    s.control_with("b1", C::Reason, "TORN");
    s.print_all();
    let (_, fresh) = s.label("b1");
    let facts = s.scan("b1", &fresh);
    assert_eq!(resolved(&facts), by("not_verified", "station"));
    let facts = s.scan("d1", &old);
    assert_eq!(raised(&facts).unwrap().code, "old_copy");
    s.control("d1", C::Ok);
    let facts = s.scan("d1", &fresh);
    assert_eq!(resolved(&facts), by("old_copy", "station"));
    assert_eq!(
        kinds(&s.carrier_scan("alpha", "nobody", ScanKind::Moved, 1, None)),
        [] as [String; 0]
    );
}
