#![allow(clippy::unwrap_used)]
use super::*;
use crate::carrier::{Outcome, Verdict};
use crate::content::check_digit::Family;
use crate::content::tracking;
use crate::domain::Wall;
use crate::domain::desk::{AssignRequest, Desk, EstimateRequest};
use crate::domain::state::Counters;
use proptest::prelude::*;

fn request<'a>(country: &'a str, grams: i64, wish: Option<&'a str>) -> AssignRequest<'a> {
    let mass = Mass::from_grams(grams);
    let now = Wall {
        unix_ms: 1_795_226_700_000,
        offset_min: 60,
    };
    AssignRequest {
        requested_service: wish,
        ..AssignRequest::plain(country, "Nordlicht Outdoor", mass, now)
    }
}

fn now() -> Wall {
    request("DE", 1, None).now
}

/// A station that used its ranges up to these serials.
fn used(ranges: &[(&str, u64)]) -> Counters {
    let ranges = ranges.iter().map(|(range, at)| ((*range).to_owned(), *at));
    Counters {
        ranges: ranges.collect(),
        ..Counters::default()
    }
}

fn with(file: &str, text: &str) -> String {
    let mut files = shipped();
    files.insert(file.to_owned(), text.to_owned());
    match Tables::from_files(&files) {
        Ok(_) => panic!("no mistake was found in {file}"),
        Err(errors) => errors.to_string(),
    }
}

/// The shipped file with one text replaced, as it is reported.
fn changed(file: &str, from: &str, to: &str) -> String {
    let text = shipped().get(file).unwrap().clone();
    assert!(text.contains(from), "{file} has no {from}");
    with(file, &text.replacen(from, to, 1))
}

#[test]
fn the_shipped_tables_are_consistent_and_marked() {
    let tables = Tables::load(None).unwrap();
    let ids: Vec<String> = tables.carriers().into_iter().map(|c| c.id).collect();
    let all = [
        "australia-post",
        "canada-post",
        "dhl-express",
        "dhl-paket",
        "dpd",
        "fedex",
        "house",
        "la-poste",
        "post",
        "royal-mail",
        "s10-post",
        "swift",
        "ups",
        "usps",
    ];
    assert_eq!(ids, all);
    assert_eq!(tables.carrier_by_token("SFT").unwrap().id, "swift");
    let demo = tables.carrier_details().iter().filter(|c| c.demo);
    let demo: Vec<&str> = demo.map(|c| c.info.id.as_str()).collect();
    assert_eq!(demo, ["post", "swift"]);
    assert_eq!(
        tables.box_by_token("bs").unwrap().tare,
        Mass::from_grams(120)
    );
    assert_eq!(tables.box_type("large").unwrap().name, "Box L");
    assert_eq!(tables.reason("TORN").unwrap(), "torn");
    assert_eq!(tables.reason("X"), None);
    assert_eq!(tables.reasons().len(), 12);
}

#[test]
fn the_first_rule_that_fits_wins_and_says_why() {
    let tables = Tables::load(None).unwrap();
    for (country, grams, wish, want) in [
        ("DE", 800, None, "house/standard"),
        ("DE", 800, Some("Express"), "swift/express"),
        ("FR", 800, None, "swift/parcel"),
        ("GR", 31_500, Some("standard"), "swift/parcel"),
        ("VN", 2_000, None, "post/tracked"),
        ("VN", 2_001, None, "post/parcel"),
    ] {
        let found = tables.assign(&request(country, grams, wish)).unwrap();
        assert_eq!(
            format!("{}/{}", found.carrier, found.service),
            want,
            "{country} {grams}"
        );
        assert!(found.reason.starts_with("Rule "), "{}", found.reason);
        assert_eq!(found.template, "transport-4x6");
    }
    let contract = AssignRequest {
        seller: "Kupferkessel Manufaktur",
        ..request("DE", 1, None)
    };
    assert_eq!(tables.assign(&contract).unwrap().carrier, "swift");
    let verdicts = tables.explain(&request("FR", 800, None));
    assert_eq!(verdicts.len(), 6);
    let refused = |v: &&Verdict| matches!(v.outcome, Outcome::Refused(_));
    assert!(verdicts.iter().filter(refused).count() <= 4);
}

#[test]
fn a_refusal_says_what_the_nearest_rules_object_to() {
    let tables = Tables::load(None).unwrap();
    let heavy = tables
        .assign(&request("DE", 40_000, None))
        .unwrap_err()
        .to_string();
    for key in [
        "DE, 40000 g",
        "House Delivery Standard: up to 31500 g, this is 40000 g",
        "Demo Swift Parcel Parcel: up to 31500 g",
        "NEXTBOX",
    ] {
        assert!(heavy.contains(key), "{key}: {heavy}");
    }
    let wish = tables
        .assign(&request("US", 100, Some("express")))
        .unwrap_err()
        .to_string();
    for key in [
        "rule express: does not go to US",
        "3 more",
        "carrier explain",
    ] {
        assert!(wish.contains(key), "{key}: {wish}");
    }
}

#[test]
fn numbers_carry_valid_check_digits_until_the_range_ends() {
    let tables = Tables::load(None).unwrap();
    let number = |carrier: &str, service: &str, ranges: &[(&str, u64)]| {
        tables.number(carrier, service, &used(ranges), now())
    };
    let house = number("house", "standard", &[]).unwrap();
    assert_eq!(house.serial, Some(1));
    assert_eq!(house.range.as_deref(), Some("house-1"));
    assert!(
        house.tracking_number.starts_with("HD2600000001"),
        "{house:?}"
    );
    assert!(Family::Gs1Mod10.holds(house.tracking_number.get(2..).unwrap()));
    let post = number("post", "tracked", &[("post-tracked", 47_110_815)]).unwrap();
    assert_eq!(post.tracking_number, "RX471108151XX");
    let last = number("swift", "parcel", &[("swift-1", 199_999)]).unwrap();
    assert_eq!((last.serial, last.reuse_days), (Some(199_999), None));
    for position in [200_000, u64::MAX] {
        let gone = number("swift", "parcel", &[("swift-1", position)]).unwrap_err();
        let gone = gone.to_string();
        assert!(
            gone.contains("swift-1 is used up") && gone.contains("new range"),
            "{gone}"
        );
    }
    let unknown = number("dhx", "parcel", &[]).unwrap_err();
    assert!(unknown.text.contains("no carrier dhx"));
    let counters = used(&[("swift-1", 198_000)]);
    let stock = tables.stock(&counters, now());
    let row = |range: &str| stock.iter().find(|row| row.range == range).unwrap();
    assert_eq!((row("swift-1").left, row("swift-1").low), (2_000, true));
    assert!(!row("house-1").low && row("house-1").next.is_some());
    let post = row("post-parcel");
    assert_eq!((post.left, post.low), (10_000, false));
}

#[test]
fn the_next_range_follows_and_a_service_keeps_its_own() {
    let mut files = shipped();
    let more = "\n[[range]]\nid = \"house-2\"\nformat = \"numeric\"\nprefix = \"HD27\"\n\
        digits = 8\nfirst = 5\nlast = 6\n";
    files.get_mut("house.toml").unwrap().push_str(more);
    let tables = Tables::from_files(&files).unwrap();
    let empty = used(&[("house-1", 100_000_000)]);
    let number = tables.number("house", "standard", &empty, now()).unwrap();
    assert_eq!(number.tracking_number, "HD2700000005");
    let number = |service: &str| tables.number("post", service, &used(&[]), now());
    assert!(number("parcel").unwrap().tracking_number.starts_with("CX"));
    let none = number("nonsense").unwrap_err().to_string();
    assert!(none.contains("issued no numbers for nonsense"), "{none}");
}

#[test]
fn every_mistake_names_file_key_and_remedy() {
    for (told, keys) in [
        (
            changed("swift.toml", "format = 1", "format = 2"),
            "swift.toml: format: 2 is unknown",
        ),
        (
            changed("swift.toml", "demo = true", "dmeo = true"),
            "swift.toml: line 7: unknown field",
        ),
        (
            changed("swift.toml", "\"SFT\"", "\"SWIFT\""),
            "swift.toml: token: \"SWIFT\" cannot be",
        ),
        (
            changed("swift.toml", "\"swift\"", "\"Sw ift\""),
            "swift.toml: id: \"Sw ift\" is no id",
        ),
        (
            changed("swift.toml", "\"swift\"", "\"post\""),
            "taken by carrier Demo Post",
        ),
        (
            changed("swift.toml", "31.5 kg", "31,5 kg"),
            "service[0].weight_max: \"31,5 kg\" has a",
        ),
        (
            changed("swift.toml", "iso7064-mod37", "gs1-mod10"),
            "range[0].check: cannot be computed",
        ),
        (
            changed("swift.toml", "iso7064-mod37", "mod11"),
            "swift.toml: line",
        ),
        (
            changed("swift.toml", "199_999", "99_999"),
            "range[0].first: 100000 is after last",
        ),
        (
            changed("swift.toml", "199_999", "1_199_999_999"),
            "range[0].last: 1199999999 has more",
        ),
        (
            changed("swift.toml", "swift-1", "house-1"),
            "range.id: house-1 is taken in house.toml",
        ),
        (
            changed("swift.toml", "digits = 9\n", ""),
            "range[0].digits: is missing",
        ),
        (
            changed("post.toml", "\"RX\"", "\"R\""),
            "range[0].service: an S10 number needs it",
        ),
        (
            changed("post.toml", "\"s10\"", "\"s10\"\nprefix = \"X\""),
            "s10 has no prefix",
        ),
        (
            changed("rules.toml", "\"CZ\"", "\"UK\""),
            "rule[0].countries: \"UK\" is no country",
        ),
        (
            changed("rules.toml", "\"express\"\n\n", "\"fast\"\n\n"),
            "rule[0].service: swift has no",
        ),
        (
            changed("rules.toml", "\"house\"", "\"hose\""),
            "rule[2].carrier: there is no carrier",
        ),
        (
            changed("boxes.toml", "\"28 g\"", "\"28\""),
            "box[0].tare: \"28\" is no weight",
        ),
        (
            changed("boxes.toml", "\"BS\"", "\"BG\""),
            "box[1].id, token: small/BG is there twice",
        ),
        (
            changed("reasons.toml", "\"KILO\"", "\"TORN\""),
            "reason[3].token: TORN is there twice",
        ),
        (
            changed("house.toml", "format = 1", "format = 1\nenabled = false"),
            "rule[2].carrier",
        ),
        (
            with("rules.toml", "format = 1"),
            "rules.toml: rule: there is none",
        ),
        (with("x.toml", "]["), "x.toml: line 1"),
    ] {
        assert!(told.contains(keys), "{keys}\n{told}");
    }
    let none = Tables::from_files(&BTreeMap::new())
        .unwrap_err()
        .to_string();
    assert!(none.contains("there is no carrier") && none.contains("boxes.toml: file: is missing"));
}

#[test]
fn two_ranges_of_a_carrier_never_write_the_same_number() {
    // 1 to 99 with prefix HD2600000 writes what 1 to 99999999 with prefix HD26 writes.
    let range = "\n[[range]]\nid = \"new-1\"\n\
        format = \"numeric\"\nprefix = \"HD2600000\"\ndigits = 3\ncheck = \"gs1-mod10\"\n\
        check_skip = 2\nfirst = 1\nlast = 99\n";
    let house = shipped().get("house.toml").unwrap().clone();
    let told = with("house.toml", &format!("{house}{range}"));
    assert!(
        told.contains("new-1 and house-1 write the same numbers"),
        "{told}"
    );
    let mut files = shipped();
    let beside = format!("{house}{}", range.replace("HD2600000", "HD2500000"));
    files.insert("house.toml".to_owned(), beside);
    Tables::from_files(&files).unwrap();
    // Another carrier may have the same numbers.
    let new = "format = 1\nid = \"new\"\nname = \"New\"\ntoken = \"NEU\"\n\
        template = \"t\"\n[[service]]\nid = \"s\"\nname = \"S\"\n";
    let mut files = shipped();
    files.insert("new.toml".to_owned(), format!("{new}{range}"));
    Tables::from_files(&files).unwrap();
}

#[test]
fn a_folder_is_laid_over_the_shipped_files() {
    let folder = tempfile::tempdir().unwrap();
    let text = shipped()
        .get("house.toml")
        .unwrap()
        .replace("House Delivery", "Own Vans");
    std::fs::write(folder.path().join("house.toml"), text).unwrap();
    std::fs::write(folder.path().join("notes.txt"), "no table").unwrap();
    let tables = Tables::load(Some(folder.path())).unwrap();
    assert_eq!(tables.carrier("house").unwrap().name, "Own Vans");
    assert_eq!(
        tables.carriers().len(),
        Tables::load(None).unwrap().carriers().len()
    );
    let gone = Tables::load(Some(&folder.path().join("none")))
        .unwrap_err()
        .to_string();
    assert!(gone.contains("give an existing folder"), "{gone}");
    std::fs::write(folder.path().join("bad.toml"), [0xff, 0xfe]).unwrap();
    let bad = Tables::load(Some(folder.path())).unwrap_err().to_string();
    assert!(bad.contains("bad.toml") && bad.contains("UTF-8"), "{bad}");
}

/// Carriers ship without numbers: who ships makes none up.
#[test]
fn a_carrier_that_exists_has_formats_a_lane_and_no_numbers() {
    let tables = Tables::load(None).unwrap();
    let mut lanes = Vec::new();
    for carrier in tables.carrier_details() {
        let id = carrier.info.id.as_str();
        let lane = carrier.info.lane.clone().unwrap();
        assert!(!lanes.contains(&lane), "{id} has the lane of another");
        lanes.push(lane);
        if carrier.demo || id == "house" {
            continue;
        }
        assert!(carrier.ranges.is_empty(), "{id}");
        assert!(carrier.open().any(|word| word == "ranges"), "{id}");
        assert!(!tables.formats(id).is_empty(), "{id}");
        assert_eq!(tables.window(id), Some(365), "{id}");
        for service in &carrier.services {
            let limit = service.edge_max.is_some()
                || service.edges_max.is_some()
                || service.girth_max.is_some();
            assert!(limit && service.weight_max.is_some(), "{id} {}", service.id);
        }
    }
    assert_eq!(tables.window("nobody"), None);
    assert!(tables.formats("nobody").is_empty());
    let usps = tables.details("usps").unwrap();
    assert_eq!(usps.void_hours, Some(720));
    let form = usps.manifest.as_ref().unwrap();
    assert_eq!((form.required, form.kind.as_str()), (false, "scan-form"));
    let ground = usps.service("ground").unwrap();
    assert_eq!(ground.countries, ["AS", "GU", "MP", "PR", "US", "VI"]);
    let dpd = tables.details("dpd").unwrap().service("parcel").unwrap();
    assert_eq!(dpd.countries.len(), 31);
}

/// The numbers of the demo have the real formats of their carriers and are taken for nothing else.
#[test]
fn what_the_demo_adds_is_marked_and_its_numbers_are_recognised() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/carriers");
    let tables = Tables::load(Some(&folder)).unwrap().shipping_from("DE");
    let plain = Tables::load(None).unwrap();
    let mut seen = BTreeSet::new();
    for stock in tables.stock(&|_| 0) {
        let carrier = tables.details(&stock.carrier).unwrap();
        if !plain.details(&stock.carrier).unwrap().ranges.is_empty() {
            continue;
        }
        assert!(carrier.demo, "{} is not marked", stock.carrier);
        assert!(carrier.open().all(|word| word != "ranges"));
        let number = stock.next.unwrap();
        let contracts = [stock.carrier.as_str()];
        let context = tracking::Context {
            contracts: &contracts,
            ..tracking::Context::default()
        };
        let found = tracking::recognise(&number, &context);
        let best = found.candidates.first().unwrap();
        assert!(best.is_valid(), "{number}");
        let formats = tables.formats(&stock.carrier);
        assert!(
            formats.iter().any(|f| f == best.format.id),
            "{number} {}",
            best.format.id
        );
        assert_eq!(best.format.carrier, stock.carrier, "{number}");
        seen.insert(stock.carrier);
    }
    assert!(seen.len() >= 6, "{seen:?}");
    let request = EstimateRequest {
        carrier: "dpd",
        service: "parcel",
        country: "FR",
        area: "750",
        handed_over: Wall {
            unix_ms: 1_795_226_700_000,
            offset_min: 60,
        },
    };
    // Saturday morning.
    let found = tables.estimate(&request).unwrap();
    assert_eq!(
        (found.from.as_str(), found.to.as_str()),
        ("2026-11-25", "2026-11-27")
    );
    let cutoff = tables.cutoff("dpd", request.handed_over).unwrap();
    assert_eq!(cutoff.rfc3339(), "2026-11-23T17:00:00.000+01:00");
    assert_eq!(plain.estimate(&request), None);
    assert_eq!(plain.cutoff("dpd", request.handed_over), None);
}

const ADDS: &str = "format = 1\nextends = \"dpd\"\n";

#[test]
fn an_addition_replaces_single_things_and_adds_rows() {
    let folder = tempfile::tempdir().unwrap();
    let load = |text: &str| {
        std::fs::write(folder.path().join("ours.toml"), format!("{ADDS}{text}")).unwrap();
        Tables::load(Some(folder.path())).unwrap()
    };
    let tables = load(
        "template = \"ours\"\nreuse_days = 90\nvoid_hours = 24\nfrom = [\"EU\"]\n\
         lane = { shape = \"cross\", colour = \"black\", letters = \"D2\" }\n\
         [manifest]\nrequired = true\nkind = \"list\"\ncutoff = \"16:00\"\n\
         [[transit]]\nmin = 1\nmax = 2\nsource = \"our contract\"\n",
    );
    let dpd = tables.details("dpd").unwrap();
    assert_eq!((dpd.template.as_str(), dpd.demo), ("ours", false));
    assert_eq!((tables.window("dpd"), dpd.void_hours), (Some(90), Some(24)));
    assert_eq!((dpd.from.len(), dpd.transit.len()), (27, 1));
    assert_eq!(dpd.info.lane.as_ref().unwrap().letters, "D2");
    assert!(dpd.manifest.as_ref().unwrap().required);
    assert_eq!(dpd.formats.len(), 3);
    let open: Vec<&str> = dpd.open().collect();
    assert_eq!(open, ["ranges", "cutoff", "cost", "surcharges"]);
    let gone = load("enabled = false\n");
    assert!(gone.details("dpd").is_none());
}

#[test]
fn every_mistake_in_limits_days_and_additions_names_its_key() {
    let adds = |text: &str| with("ours.toml", &format!("{ADDS}{text}"));
    for (told, keys) in [
        (
            changed("ups.toml", "\"108 in\"", "\"108 feet\""),
            "service[0].edge_max: \"feet\" is no unit of length",
        ),
        (
            changed("ups.toml", "number = 139", "number = 0"),
            "service[0].divisor.number: 0 is no divisor",
        ),
        (
            changed("ups.toml", "in3/lb", "in3"),
            "service[0].divisor.unit: \"in3\" is no unit",
        ),
        (
            changed("ups.toml", "min = 1", "min = 6"),
            "transit[0]: 6 to 5 is no span",
        ),
        (
            changed("house.toml", "max = 2", "max = 121"),
            "service[0].days: 1 to 121 is no span",
        ),
        (
            changed("ups.toml", "\"large-package\"", "\"additional-handling\""),
            "service[0].surcharge[1].id: additional-handling is there twice",
        ),
        (
            changed("ups.toml", "\"ups-1z\"", "\"ups-2z\""),
            "formats: \"ups-2z\" is no format",
        ),
        (
            changed("ups.toml", "\"brown\"", "\"red\""),
            "lane.colour: \"red\" is no colour",
        ),
        (
            changed("ups.toml", "\"square\"", "\"octagon\""),
            "lane.shape: \"octagon\" is no shape",
        ),
        (
            changed("ups.toml", "\"UPS\" }", "\"ups\" }"),
            "lane.letters: \"ups\" cannot be shown",
        ),
        (
            changed("ups.toml", "\"cost\"", "\"costs\""),
            "integrator: \"costs\" is unknown",
        ),
        (
            changed("ups.toml", "\"NO\", \"LI\"", "\"EFTA\""),
            "service[1].countries: \"EFTA\" is no country",
        ),
        (
            changed("usps.toml", "volume_over = \"2 ft3\"", ""),
            "service[0].surcharge[2]: it would always be charged",
        ),
        (
            changed("usps.toml", "\"1 ft3\"", "\"1 foot\""),
            "service[0].divisor.over: \"foot\" is no unit of volume",
        ),
        (
            changed("usps.toml", "void_hours = 720", "void_hours = 0"),
            "void_hours: is no span of hours",
        ),
        (
            changed("usps.toml", "[\"ground\"]\nfrom", "[\"air\"]\nfrom"),
            "transit[0].services: there is no service \"air\"",
        ),
        (
            changed("usps.toml", "holidays = [\"US\"]", "holidays = [\"XX\"]"),
            "calendar.holidays: \"XX\" is no holiday",
        ),
        (
            changed("dpd.toml", "Europe/Berlin", "Europe/Bonn"),
            "calendar.zone: \"Europe/Bonn\" is no time zone",
        ),
        (
            changed("dpd.toml", "\"mon-fri\"", "\"monday\""),
            "calendar.pickup: \"monday\" is no day of the week",
        ),
        (
            changed("house.toml", "18:00", "25:00"),
            "calendar.cutoff: \"25:00\" is no time of day",
        ),
        (
            changed("places.toml", "\"EU\"", "\"DE\""),
            "group[0].id: \"DE\" is no name of a group",
        ),
        (
            changed("places.toml", "\"UK-POST\"", "\"EU\""),
            "group[2].id: EU is there twice",
        ),
        (
            changed("places.toml", "\"10-03\"", "\"10-33\""),
            "holidays[4].days: \"10-33\" is no holiday",
        ),
        (adds("name = \"X\"\n"), "ours.toml: line 3: unknown field"),
        (
            with("ours.toml", "format = 1\nextends = \"gls\"\n"),
            "ours.toml: extends: there is no carrier \"gls\"",
        ),
        (
            adds("[[transit]]\nto = [\"FR:2000\"]\nmin = 1\nmax = 1\nsource = \"x\"\n"),
            "ours.toml: transit[0].to: \"FR:2000\" has no beginning of a postcode",
        ),
        (
            adds("[[transit]]\nmin = 1\nmax = 1\nsource = \"\"\n"),
            "ours.toml: transit[0].source: \"\" is no source",
        ),
        (
            adds(
                "[[range]]\nid = \"house-1\"\nformat = \"numeric\"\ndigits = 3\nfirst = 1\n\
                 last = 9\n",
            ),
            "ours.toml: range.id: house-1 is taken in house.toml",
        ),
    ] {
        assert!(told.contains(keys), "{keys}\n{told}");
    }
}

proptest! {
    #[test]
    fn allocated_numbers_are_unique_and_valid(start in 0..199_000_u64, count in 1..300_u64) {
        let tables = Tables::load(None).unwrap();
        let mut position = start;
        let mut seen = std::collections::HashSet::new();
        for _ in 0..count {
            let counters = used(&[("swift-1", position)]);
            let number = tables.number("swift", "parcel", &counters, now()).unwrap();
            let serial = number.serial.unwrap();
            prop_assert!(serial >= position && serial >= 100_000);
            prop_assert!(Family::Iso7064Mod37.holds(&number.tracking_number));
            prop_assert!(seen.insert(number.tracking_number));
            position = serial + 1;
        }
    }

    #[test]
    fn no_table_text_panics(text in "\\PC{0,200}", at in 0..900_usize, put in "\\PC{0,3}") {
        let mut files = shipped();
        files.insert("x.toml".to_owned(), text);
        let swift = files.get_mut("swift.toml").unwrap();
        let at = at.min(swift.len());
        if swift.is_char_boundary(at) {
            swift.insert_str(at, &put);
        }
        let told = Tables::from_files(&files).map(|_| String::new());
        prop_assert!(told.is_ok() || !told.unwrap_err().to_string().is_empty());
    }
}
