#![allow(clippy::unwrap_used)]
use super::*;
use crate::carrier::quantity;
use proptest::prelude::*;

fn extent(edges: [&str; 3]) -> Extent {
    Extent::new(edges.map(|edge| quantity::length(edge).unwrap()))
}

fn pounds(count: i64) -> Mass {
    Mass::from_ng(count * Unit::Pound.ng())
}

fn imperial(number: u32) -> Divisor {
    Divisor {
        number,
        imperial: true,
        step: Some(pounds(1)),
        edge_step: Some(quantity::length("1 in").unwrap()),
        over: None,
    }
}

fn metric(number: u32, step: Option<Mass>) -> Divisor {
    Divisor {
        number,
        imperial: false,
        step,
        edge_step: None,
        over: None,
    }
}

#[test]
fn dimensional_weights_as_carriers_work_them_out() {
    // 12 * 12 * 12 = 1728; 1728 / 139 = 12.43, which is 13 pounds.
    let cube = extent(["12 in", "12 in", "12 in"]);
    assert_eq!(imperial(139).mass(cube), Some(pounds(13)));
    // 1728 / 166 = 10.4; but a cubic foot is not more than a cubic foot.
    assert_eq!(imperial(166).mass(cube), Some(pounds(11)));
    let post = Divisor {
        over: Some(quantity::volume("1 ft3").unwrap()),
        ..imperial(166)
    };
    assert_eq!(post.mass(cube), None);
    // An edge of 12.1 in counts as 13: 13 * 12 * 12 = 1872; 1872 / 166 = 11.3.
    let more = extent(["12.1 in", "12 in", "12 in"]);
    assert_eq!(post.mass(more), Some(pounds(12)));
    // 40 * 30 * 20 = 24000; / 5000 = 4.8 kg, by half kilograms 5 kg.
    let metric_box = extent(["40 cm", "30 cm", "20 cm"]);
    let half = Some(Mass::from_grams(500));
    assert_eq!(
        metric(5000, None).mass(metric_box),
        Some(Mass::from_grams(4800))
    );
    assert_eq!(
        metric(5000, half).mass(metric_box),
        Some(Mass::from_grams(5000))
    );
    assert_eq!(
        metric(6000, half).mass(metric_box),
        Some(Mass::from_grams(4000))
    );
    // 250 kg a cubic metre.
    let cubic = extent(["1 m", "50 cm", "50 cm"]);
    assert_eq!(
        metric(4000, None).mass(cubic),
        Some(Mass::from_grams(62_500))
    );
}

#[test]
fn sizes_beyond_all_numbers_count_for_nothing() {
    let huge = Extent::new([Length::from_um(i64::MAX); 3]);
    assert_eq!(Volume::of(huge), None);
    assert_eq!(imperial(139).mass(huge), None);
    assert_eq!(length_plus_girth(huge), Length::from_um(i64::MAX));
    assert_eq!(edge_sum(huge), Length::from_um(i64::MAX));
    let most = metric(5000, Some(Mass::from_grams(500))).stepped(Mass::from_ng(i64::MAX));
    assert_eq!(most, Mass::from_ng(i64::MAX));
}

#[test]
fn girth_and_sums_are_of_sorted_edges() {
    let size = extent(["20 cm", "60 cm", "40 cm"]);
    assert_eq!(length_plus_girth(size), Length::from_mm(1800));
    assert_eq!(edge_sum(size), Length::from_mm(1200));
    assert_eq!(Volume::of(size).unwrap().to_string(), "48.000 l");
}

#[test]
fn a_surcharge_needs_one_measure_and_its_place() {
    let length = |text| quantity::length(text).ok();
    let plain = Surcharge {
        id: "x".to_owned(),
        name: "X".to_owned(),
        weight_over: Some(pounds(50)),
        edge_over: length("48 in"),
        second_edge_over: length("30 in"),
        girth_over: length("105 in"),
        volume_over: None,
        places: Vec::new(),
        amount: None,
    };
    let applies =
        |surcharge: &Surcharge, mass, size, area| surcharge.applies(pounds(mass), size, "GB", area);
    let small = Some(extent(["48 in", "10 in", "10 in"]));
    assert!(!applies(&plain, 50, small, ""));
    assert!(applies(&plain, 51, small, ""));
    assert!(applies(&plain, 51, None, ""));
    assert!(!applies(&plain, 50, None, ""));
    assert!(applies(
        &plain,
        1,
        Some(extent(["48.1 in", "1 in", "1 in"])),
        ""
    ));
    assert!(applies(
        &plain,
        1,
        Some(extent(["31 in", "31 in", "1 in"])),
        ""
    ));
    assert!(applies(
        &plain,
        1,
        Some(extent(["40 in", "30 in", "3 in"])),
        ""
    ));
    let volume = Surcharge {
        volume_over: quantity::volume("1 ft3").ok(),
        weight_over: None,
        edge_over: None,
        second_edge_over: None,
        girth_over: None,
        ..plain.clone()
    };
    assert!(!applies(
        &volume,
        1,
        Some(extent(["12 in", "12 in", "12 in"])),
        ""
    ));
    assert!(applies(
        &volume,
        1,
        Some(extent(["12 in", "12 in", "12.1 in"])),
        ""
    ));
    let place = |country: &str, area: Option<&str>| Place {
        country: country.to_owned(),
        area: area.map(str::to_owned),
    };
    let remote = Surcharge {
        places: vec![place("IM", None), place("GB", Some("BT"))],
        volume_over: None,
        ..volume
    };
    assert!(applies(&remote, 1, None, "BT1"));
    assert!(!applies(&remote, 1, None, "B11"));
    assert!(!applies(&remote, 1, None, ""));
    assert!(remote.applies(pounds(1), None, "IM", ""));
    let heavy_and_remote = Surcharge {
        weight_over: Some(pounds(50)),
        ..remote
    };
    assert!(!applies(&heavy_and_remote, 50, None, "BT1"));
    assert!(applies(&heavy_and_remote, 51, None, "BT1"));
}

proptest! {
    #[test]
    fn dimensional_weight_is_the_least_multiple_that_holds_the_size(
        edges in proptest::array::uniform3(1..2_000_000_i64),
        number in 1..10_000_u32, step_g in 1..2_000_i64,
    ) {
        let size = Extent::new(edges.map(Length::from_um));
        let exact = metric(number, None).mass(size).unwrap();
        let volume = Volume::of(size).unwrap().0;
        // A kilogram stands for `number` cubic centimetres: ng * number >= um3.
        let holds = |ng: i64| i128::from(ng) * i128::from(number) >= volume;
        prop_assert!(holds(exact.ng()) && !holds(exact.ng() - 1));
        let step = Mass::from_grams(step_g);
        let billed = metric(number, Some(step)).mass(size).unwrap();
        prop_assert!(billed >= exact && billed.ng() - exact.ng() < step.ng());
        prop_assert_eq!(billed.ng() % step.ng(), 0);
    }
}
