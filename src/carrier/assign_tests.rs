#![allow(clippy::unwrap_used)]
use super::*;
use crate::carrier::load::shipped;
use crate::domain::Wall;
use crate::domain::desk::Extent;
use firstscan_drivers::length::Length;
use firstscan_drivers::mass::Mass;
use proptest::prelude::*;
use std::collections::BTreeMap;

const NOW: Wall = Wall {
    unix_ms: 1_795_226_700_000,
    offset_min: 60,
};

/// A carrier with a service to 2 kg, one to 10 kg, and one for nobody else.
const ALPHA: &str = r#"
format = 1
id = "alpha"
name = "Alpha"
token = "LPH"
template = "transport-4x6"

[[service]]
id = "small"
name = "Small"
countries = ["DE", "FR"]
weight_max = "2 kg"
edge_max = "60 cm"

[[service]]
id = "large"
name = "Large"
except = ["GB:BT"]
weight_max = "10 kg"
girth_max = "300 cm"
value_max = { minor = 50_000, currency = "EUR" }
divisor = { number = 5000, unit = "cm3/kg", step = "500 g" }

[[service.surcharge]]
id = "long"
name = "Long goods"
edge_over = "100 cm"
amount = { minor = 250, currency = "EUR" }

[[service.surcharge]]
id = "island"
name = "Island"
places = ["GR"]

[[cost]]
services = ["large"]
zone = "home"
countries = ["DE"]
currency = "EUR"
steps = [["2 kg", 500], ["10 kg", 800]]

[[cost]]
services = ["large"]
zone = "else"
currency = "EUR"
steps = [["10 kg", 1200]]
"#;

const BETA: &str = r#"
format = 1
id = "beta"
name = "Beta"
token = "BT"
template = "transport-4x6"

[calendar]
zone = "Europe/Berlin"
pickup = ["mon-fri"]
cutoff = "17:00"

[[service]]
id = "std"
name = "Standard"
days = { min = 2, max = 3, source = "published" }
"#;

fn tables(rules: &str) -> Result<Tables, String> {
    let shipped = shipped();
    let keep = |name: &str| (name.to_owned(), shipped.get(name).unwrap().clone());
    let mut files: BTreeMap<String, String> = ["boxes.toml", "reasons.toml", "places.toml"]
        .map(keep)
        .into();
    files.insert("alpha.toml".to_owned(), ALPHA.to_owned());
    files.insert("beta.toml".to_owned(), BETA.to_owned());
    files.insert("rules.toml".to_owned(), format!("format = 1\n{rules}"));
    Tables::from_files(&files).map_err(|errors| errors.to_string())
}

/// One rule that asks `asks`, for Beta, which takes everything.
fn asking(asks: &str) -> Tables {
    let rule = "[[rule]]\nname = \"r\"\nwhy = \"w\"\ncarrier = \"beta\"\nservice = \"std\"\n";
    tables(&format!("{rule}{asks}\n")).unwrap()
}

fn parcel(country: &str, grams: i64) -> AssignRequest<'_> {
    AssignRequest::plain(country, "Nord", Mass::from_grams(grams), NOW)
}

fn size(mm: [i64; 3]) -> Option<Extent> {
    Some(Extent::new(mm.map(Length::from_mm)))
}

fn euros(minor: i64) -> Money {
    let currency = "EUR".to_owned();
    Money { minor, currency }
}

/// The single verdict: `taken`, or why not.
fn said(tables: &Tables, request: &AssignRequest<'_>) -> String {
    let verdicts = tables.explain(request);
    assert_eq!(verdicts.len(), 1);
    match &verdicts[0].outcome {
        Outcome::Taken(_) => "taken".to_owned(),
        Outcome::Passed(_, why) | Outcome::Refused(why) => why.clone(),
    }
}

#[test]
fn each_condition_takes_what_it_names_and_says_what_it_refuses() {
    let value = euros(20_000);
    let dollars = Money {
        currency: "USD".to_owned(),
        ..euros(20_000)
    };
    let belfast = AssignRequest {
        area: "BT9",
        ..parcel("GB", 500)
    };
    let boxed = AssignRequest {
        size: size([200, 1000, 100]),
        ..parcel("DE", 500)
    };
    let worth = AssignRequest {
        value: Some(&value),
        ..parcel("DE", 500)
    };
    let in_dollars = AssignRequest {
        value: Some(&dollars),
        ..parcel("DE", 500)
    };
    let shop = AssignRequest {
        channel: "shop",
        ..parcel("DE", 500)
    };
    let wish = AssignRequest {
        requested_service: Some("Express"),
        ..parcel("DE", 500)
    };
    let plain = parcel("DE", 500);
    for (asks, request, want) in [
        ("countries = [\"EU\"]", &plain, "taken"),
        ("countries = [\"FR\"]", &plain, "does not go to DE"),
        ("countries = [\"GB:BT\", \"IE\"]", &belfast, "taken"),
        ("countries = [\"GB:IM\"]", &belfast, "does not go to GB-BT9"),
        ("except = [\"GB:BT\"]", &belfast, "does not go to GB-BT9"),
        ("except = [\"GB:BT\"]", &parcel("GB", 5), "taken"),
        ("weight_max = \"500 g\"", &plain, "taken"),
        (
            "weight_max = \"0.4 kg\"",
            &plain,
            "up to 400 g, this is 500 g",
        ),
        (
            "weight_min = \"1 kg\"",
            &plain,
            "from 1000 g on, this is 500 g",
        ),
        ("edge_max = \"100 cm\"", &boxed, "taken"),
        (
            "edge_max = \"99.9 cm\"",
            &boxed,
            "longest edge up to 999 mm, this is 1000 mm",
        ),
        (
            "edge_min = \"120 cm\"",
            &boxed,
            "longest edge from 1200 mm on, this is 1000 mm",
        ),
        ("girth_max = \"160 cm\"", &boxed, "taken"),
        (
            "girth_max = \"1.5 m\"",
            &boxed,
            "length plus girth up to 1500 mm, this is 1600 mm",
        ),
        ("volume_max = \"20000 cm3\"", &boxed, "taken"),
        (
            "volume_max = \"0.01 m3\"",
            &boxed,
            "volume up to 10.000 l, this is 20.000 l",
        ),
        (
            "edge_max = \"1 m\"",
            &plain,
            "asks for a size, none is known",
        ),
        (
            "value_max = { minor = 20000, currency = \"EUR\" }",
            &worth,
            "taken",
        ),
        (
            "value_max = { minor = 19999, currency = \"EUR\" }",
            &worth,
            "value up to 199.99 EUR, this is 200.00 EUR",
        ),
        (
            "value_min = { minor = 30000, currency = \"EUR\" }",
            &worth,
            "value from 300.00 EUR on, this is 200.00 EUR",
        ),
        (
            "value_min = { minor = 1, currency = \"EUR\" }",
            &in_dollars,
            "asks for a value in EUR, the order gives none",
        ),
        ("sellers = [\"Nord\"]", &plain, "taken"),
        ("sellers = [\"Ost\"]", &plain, "not for seller Nord"),
        ("channels = [\"shop\"]", &shop, "taken"),
        ("channels = [\"market\"]", &shop, "not for channel shop"),
        ("requested = [\"express\"]", &wish, "taken"),
        (
            "requested = [\"express\"]",
            &plain,
            "only if express is requested",
        ),
        ("requested = [\"any\"]", &wish, "taken"),
        ("", &wish, "not for the requested service Express"),
        ("", &plain, "taken"),
    ] {
        assert_eq!(said(&asking(asks), request), want, "{asks}");
    }
}

const LARGE: &str =
    "[[rule]]\nname = \"r\"\nwhy = \"w\"\ncarrier = \"alpha\"\nservice = \"large\"\n";

#[test]
fn limits_of_the_service_refuse_and_what_is_not_known_is_said() {
    let tables = tables(LARGE).unwrap();
    let value = euros(50_001);
    let with = |mm| AssignRequest {
        size: size(mm),
        ..parcel("FR", 900)
    };
    let north = AssignRequest {
        area: "BT1",
        ..parcel("GB", 900)
    };
    let dear = AssignRequest {
        value: Some(&value),
        ..parcel("FR", 900)
    };
    for (request, want) in [
        (parcel("FR", 10_001), "up to 10000 g, this is 10001 g"),
        (
            with([1000, 600, 401]),
            "length plus girth up to 3000 mm, this is 3002 mm",
        ),
        (north, "does not go to GB-BT1"),
        (dear, "value up to 500.00 EUR, this is 500.01 EUR"),
    ] {
        assert_eq!(said(&tables, &request), want);
        assert!(tables.choose(&request).unwrap_err().text.contains(want));
        let refusal = tables.admits("alpha", "large", &request).unwrap_err();
        assert_eq!(refusal.text, format!("Alpha Large: {want}."));
    }
    let notes = tables.explain(&parcel("FR", 900)).remove(0).notes;
    let told = [
        "no size is known: its size limits were not checked",
        "no value in EUR: its limit 500.00 EUR was not checked",
    ];
    assert_eq!(notes, told);
    assert!(tables.admits("alpha", "large", &parcel("FR", 900)).is_ok());
    // The service alone is asked, whatever the rules say of it.
    let small = tables
        .admits("alpha", "small", &parcel("US", 1))
        .unwrap_err();
    assert_eq!(small.text, "Alpha Small: does not go to US.");
}

#[test]
fn prices_follow_weight_size_place_and_surcharges() {
    let tables = tables(LARGE).unwrap();
    let quoted = |request: &AssignRequest<'_>| {
        let found = tables.choose(request).unwrap();
        let cost = found.cost.map(|cost| cost.to_string());
        (cost.unwrap_or_default(), found.billable, found.surcharges)
    };
    assert_eq!(quoted(&parcel("DE", 2000)).0, "5.00 EUR");
    assert_eq!(quoted(&parcel("DE", 2001)).0, "8.00 EUR", "the step above");
    assert_eq!(quoted(&parcel("FR", 2001)).0, "12.00 EUR", "the other zone");
    // 500 x 400 x 300 mm is 60 l, which counts for 12 kg: more than its price table knows.
    let bulky = AssignRequest {
        size: size([500, 400, 300]),
        ..parcel("DE", 2000)
    };
    let (cost, billable, _) = quoted(&bulky);
    assert_eq!(
        (cost.as_str(), billable),
        ("", Some(Mass::from_grams(12_000)))
    );
    let notes = tables.explain(&bulky).remove(0).notes;
    assert!(
        notes.contains(&"no price for 12000 g".to_owned()),
        "{notes:?}"
    );
    let long = AssignRequest {
        size: size([1100, 100, 100]),
        ..parcel("DE", 2000)
    };
    let (cost, billable, extra) = quoted(&long);
    assert_eq!(
        (cost.as_str(), extra.as_slice()),
        ("10.50 EUR", &["Long goods 2.50 EUR".into()][..])
    );
    assert_eq!(
        billable,
        Some(Mass::from_grams(2_500)),
        "2.2 kg in steps of 500 g"
    );
    let island = parcel("GR", 2000);
    let (cost, _, extra) = quoted(&island);
    assert_eq!(
        (cost.as_str(), extra.as_slice()),
        ("", &["Island".to_owned()][..])
    );
    let notes = tables.explain(&island).remove(0).notes.join("; ");
    assert!(
        notes.contains("Island is charged too, how much is not in the tables"),
        "{notes}"
    );
}

#[test]
fn first_takes_the_order_written_and_cheapest_the_price() {
    let rule = |choose: &str| {
        let take = "take = [\"beta/std\", \"alpha/large\"]";
        format!("[[rule]]\nname = \"r\"\nwhy = \"w\"\n{take}\n{choose}\n")
    };
    let beta = "[[cost]]\ncarrier = \"beta\"\nservices = [\"std\"]\nzone = \"all\"\n\
        currency = \"EUR\"\nsteps = [[\"1 kg\", 400], [\"5 kg\", 900]]\n";
    let first = tables(&rule("")).unwrap();
    assert_eq!(first.choose(&parcel("DE", 1500)).unwrap().carrier, "beta");
    let verdicts = first.explain(&parcel("DE", 1500));
    let Outcome::Passed(_, why) = &verdicts[1].outcome else {
        panic!("{verdicts:?}")
    };
    assert_eq!(why, "beta/std comes first");

    let cheapest = tables(&format!("{}{beta}", rule("choose = \"cheapest\""))).unwrap();
    let light = cheapest.choose(&parcel("DE", 900)).unwrap();
    assert_eq!(light.carrier, "beta");
    assert_eq!(light.reason, "Rule r: w, cheapest at 4.00 EUR.");
    assert_eq!(
        cheapest.choose(&parcel("DE", 1500)).unwrap().carrier,
        "alpha"
    );
    let verdicts = cheapest.explain(&parcel("DE", 1500));
    let Outcome::Passed(_, why) = &verdicts[0].outcome else {
        panic!("{verdicts:?}")
    };
    assert_eq!(why, "costs 9.00 EUR, alpha/large costs 5.00 EUR");
    let verdicts = cheapest.explain(&parcel("DE", 6000));
    let Outcome::Passed(_, why) = &verdicts[0].outcome else {
        panic!("{verdicts:?}")
    };
    assert_eq!(why, "has no price, alpha/large costs 8.00 EUR");
}

#[test]
fn a_promised_day_refuses_what_arrives_later_and_is_never_guessed() {
    // Saturday morning: counted from Monday the 23rd, delivered on Wednesday or Thursday.
    let promised = |day| AssignRequest {
        promised: Some(day),
        ..parcel("DE", 500)
    };
    let strict = asking("");
    assert_eq!(said(&strict, &promised("2026-11-26")), "taken");
    let late = said(&strict, &promised("2026-11-25"));
    assert!(
        late.starts_with("arrives by 2026-11-26, promised for 2026-11-25 ("),
        "{late}"
    );
    assert!(strict.choose(&promised("2026-11-25")).is_err());

    let unknown = tables(LARGE)
        .unwrap()
        .choose(&promised("2026-11-23"))
        .unwrap();
    let told = "whether it arrives by 2026-11-23 cannot be told";
    assert!(unknown.reason.contains(told), "{}", unknown.reason);

    let rule = "late = \"fastest\"\n[[rule]]\nname = \"r\"\nwhy = \"w\"\ncarrier = \"beta\"\n\
        service = \"std\"\n";
    let kind = tables(rule).unwrap();
    let taken = kind.choose(&promised("2026-11-25")).unwrap();
    let told = "It arrives by 2026-11-26, promised for 2026-11-25; nothing is faster.";
    assert!(taken.reason.ends_with(told), "{}", taken.reason);
    assert_eq!(said(&kind, &promised("2026-11-25")), "taken");
}

#[test]
fn every_mistake_in_the_rule_table_names_file_key_cause_and_remedy() {
    let one = "[[rule]]\nname = \"r\"\nwhy = \"w\"\n";
    let beta = "carrier = \"beta\"\nservice = \"std\"\n";
    let cost = "[[cost]]\ncarrier = \"beta\"\nservices = [\"std\"]\nzone = \"z\"\n";
    for (rules, want) in [
        (String::new(), "rule: there is none: add at least one"),
        (
            one.to_owned(),
            "rule[0].carrier: is missing: name one carrier and service",
        ),
        (
            format!("{one}carrier = \"beta\"\n"),
            "rule[0].service: is missing",
        ),
        (
            format!("{one}{beta}take = [\"beta/std\"]\n"),
            "rule[0].take: is there beside",
        ),
        (
            format!("{one}take = [\"beta\"]\n"),
            "rule[0].take: \"beta\" is no service",
        ),
        (
            format!("{one}take = [\"beta/x\"]\n"),
            "rule[0].take: beta has no service \"x\"",
        ),
        (
            format!("{one}take = [\"dhx/x\"]\n"),
            "rule[0].take: there is no carrier \"dhx\"",
        ),
        (
            format!("{one}take = [\"beta/std\", \"beta/std\"]\n"),
            "rule[0].take: beta/std is there twice: remove one",
        ),
        (
            format!("{one}{beta}choose = \"best\"\n"),
            "rules.toml: line 7: unknown variant",
        ),
        (
            format!("{one}{beta}chose = \"first\"\n"),
            "rules.toml: line 7: unknown field",
        ),
        (
            format!("{one}{beta}choose = \"cheapest\"\n"),
            "rule[0].choose: cheapest has nothing to compare",
        ),
        (
            format!("{one}take = [\"beta/std\", \"alpha/large\"]\nchoose = \"cheapest\"\n"),
            "rule[0].choose: beta/std has no price: add a [[cost]]",
        ),
        (
            format!(
                "{one}take = [\"beta/std\", \"alpha/large\"]\nchoose = \"cheapest\"\n{cost}\
                 currency = \"USD\"\nsteps = [[\"1 kg\", 1]]\n"
            ),
            "rule[0].choose: prices in EUR and USD cannot be compared",
        ),
        (
            format!("{one}{beta}{one}{beta}"),
            "rule[1].name: \"r\" is there twice",
        ),
        (
            format!("{one}{beta}countries = [\"eu\"]\n"),
            "rule[0].countries: \"eu\" is no country",
        ),
        (
            format!("{one}{beta}countries = [\"GB:BELF\"]\n"),
            "\"GB:BELF\" has no beginning",
        ),
        (
            format!("{one}{beta}edge_max = \"5\"\n"),
            "rule[0].edge_max: \"\" is no unit of length",
        ),
        (
            format!("{one}{beta}volume_max = \"5 l\"\n"),
            "rule[0].volume_max: \"l\" is no unit",
        ),
        (
            format!("{one}{beta}girth_min = \"2 m\"\ngirth_max = \"1 m\"\n"),
            "rule[0].girth_max: is less than the minimum: exchange the two",
        ),
        (
            format!("{one}{beta}value_max = {{ minor = 5, currency = \"EURO\" }}\n"),
            "rule[0].value_max: is no value: write",
        ),
        (
            format!(
                "{one}{beta}value_min = {{ minor = 5, currency = \"USD\" }}\n\
                 value_max = {{ minor = 9, currency = \"EUR\" }}\n"
            ),
            "rule[0].value_max: has another currency than value_min",
        ),
    ] {
        refused(&rules, want);
    }
}

fn refused(rules: &str, want: &str) {
    let told = tables(rules).expect_err(want);
    assert!(told.contains(want), "{want}\n{told}");
    assert!(told.starts_with("rules.toml: "), "{told}");
}

#[test]
fn every_mistake_in_a_price_names_file_key_cause_and_remedy() {
    let rule = "[[rule]]\nname = \"r\"\nwhy = \"w\"\ncarrier = \"beta\"\nservice = \"std\"\n";
    let cost = "[[cost]]\ncarrier = \"beta\"\nservices = [\"std\"]\nzone = \"z\"\n";
    for (rules, want) in [
        (
            format!("{rule}{cost}currency = \"EUR\"\nsteps = []\n"),
            "cost[0].steps: there are 0: give 1 to 500",
        ),
        (
            format!("{rule}{cost}currency = \"EUR\"\nsteps = [[\"2 kg\", 1], [\"1 kg\", 2]]\n"),
            "cost[0].steps: 1000 g is not above the step before it: sort them",
        ),
        (
            format!("{rule}{cost}currency = \"EUR\"\nsteps = [[\"2 kg\", -1]]\n"),
            "cost[0].steps: -1 is no price",
        ),
        (
            format!("{rule}{cost}currency = \"euro\"\nsteps = [[\"2 kg\", 1]]\n"),
            "cost[0].currency: \"euro\" is no currency",
        ),
        (
            format!(
                "{rule}[[cost]]\nservices = [\"x\"]\nzone = \"z\"\ncurrency = \"EUR\"\n\
                 steps = [[\"2 kg\", 1]]\n"
            ),
            "cost[0].carrier: there is no carrier \"\"",
        ),
    ] {
        refused(&rules, want);
    }
}

/// Rules of random conditions over the five services of the test's carriers.
fn rules() -> impl Strategy<Value = String> {
    let take = prop::sample::subsequence(vec!["beta/std", "alpha/large", "alpha/small"], 1..=3);
    let countries = prop::sample::subsequence(vec!["DE", "FR", "GB:BT", "US"], 0..=3);
    let rule = (take.prop_shuffle(), countries, 0..12_u32, any::<bool>());
    let text = |(index, (take, countries, kilos, cheapest)): (
        usize,
        (Vec<_>, Vec<_>, u32, bool),
    )| {
        let limit = match kilos {
            0 => String::new(),
            kilos => format!("weight_max = \"{kilos} kg\"\n"),
        };
        let choose = if cheapest && take.len() > 1 {
            "cheapest"
        } else {
            "first"
        };
        format!(
            "[[rule]]\nname = \"r{index}\"\nwhy = \"w\"\ntake = {take:?}\nchoose = \"{choose}\"\n\
             countries = {countries:?}\n{limit}"
        )
    };
    let costs = "[[cost]]\ncarrier = \"beta\"\nservices = [\"std\"]\nzone = \"all\"\n\
        currency = \"EUR\"\nsteps = [[\"3 kg\", 700]]\n[[cost]]\ncarrier = \"alpha\"\n\
        services = [\"small\"]\nzone = \"all\"\ncurrency = \"EUR\"\nsteps = [[\"1 kg\", 650]]\n";
    let list = prop::collection::vec(rule, 1..8);
    (list, any::<bool>()).prop_map(move |(list, late)| {
        let late = if late { "late = \"fastest\"\n" } else { "" };
        let rules: String = list.into_iter().enumerate().map(text).collect();
        format!("{late}{rules}{costs}")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn the_first_or_cheapest_not_refused_is_taken_and_each_candidate_is_told_once(
        text in rules(),
        country in prop::sample::select(vec!["DE", "FR", "GB", "US"]),
        area in prop::sample::select(vec!["", "BT1", "101"]),
        grams in 1..14_000_i64,
        edge in prop::option::of(10..1500_i64),
        promised in prop::option::of(prop::sample::select(vec!["2026-11-20", "2026-11-27"])),
    ) {
        let tables = tables(&text).map_err(TestCaseError::fail)?;
        let request = AssignRequest {
            area,
            promised,
            size: edge.and_then(|edge| size([edge, 200, 100])),
            ..parcel(country, grams)
        };
        let verdicts = tables.explain(&request);
        prop_assert_eq!(&verdicts, &tables.explain(&request), "deterministic");
        let told = verdicts.iter().cloned().map(|v| (v.rule, v.carrier, v.service));
        let told: Vec<_> = told.collect();
        let rules = &tables.book.rules;
        let mut all = Vec::new();
        for rule in rules {
            let own = rule.candidates.iter().cloned();
            all.extend(own.map(|c| (rule.name.clone(), c.carrier, c.service)));
        }
        prop_assert_eq!(told, all, "each candidate once, in order");
        let fits = |v: &&Verdict| !matches!(v.outcome, Outcome::Refused(_));
        let is_taken = |v: &&Verdict| matches!(v.outcome, Outcome::Taken(_));
        let taken: Vec<_> = verdicts.iter().filter(is_taken).collect();
        prop_assert!(taken.len() <= 1);
        let chosen = tables.choose(&request).ok();
        match (verdicts.iter().find(fits), taken.first()) {
            (None, None) => prop_assert!(chosen.is_none()),
            (Some(first), Some(taken)) => {
                let Outcome::Taken(assignment) = &taken.outcome else { unreachable!() };
                prop_assert_eq!(chosen.as_ref(), Some(assignment));
                prop_assert_eq!(&first.rule, &taken.rule, "the first rule that can decides");
                let rule = rules.iter().find(|r| r.name == taken.rule).unwrap();
                let own = verdicts.iter().filter(|v| v.rule == taken.rule);
                let own: Vec<_> = own.filter(fits).collect();
                let price = |v: &Verdict| match &v.outcome {
                    Outcome::Taken(a) | Outcome::Passed(a, _) => {
                        a.cost.as_ref().map_or(i64::MAX, |cost| cost.minor)
                    }
                    Outcome::Refused(_) => unreachable!(),
                };
                match rule.choose {
                    Choose::First => prop_assert_eq!(own.first(), Some(taken)),
                    Choose::Cheapest => {
                        let least = own.iter().map(|v| price(v)).min();
                        let best = own.iter().find(|v| Some(price(v)) == least);
                        prop_assert_eq!(best, Some(taken));
                    }
                }
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }
}
