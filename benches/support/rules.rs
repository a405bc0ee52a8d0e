//! Decisions of fifty rules about parcels that only a late one takes, or none.

use crate::measure::{Goal, Row, Unit, Which};
use firstscan::carrier::Tables;
use firstscan::domain::Wall;
use firstscan::domain::desk::{AssignRequest, Desk, Extent};
use firstscan_drivers::length::Length;
use firstscan_drivers::mass::Mass;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::hint::black_box;
use std::time::Instant;

/// Rules of the table.
const RULES: usize = 50;
/// A decision takes no longer, in nanoseconds.
const BELOW: u64 = 20_000;
/// Decisions of one sample.
const PER_SAMPLE: u32 = 50;

/// Fifty rules: lists of countries, parts of them, weights and sizes; the last take anything.
fn tables() -> Tables {
    let data = |name: &str| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/carrier/data/");
        std::fs::read_to_string(format!("{path}{name}")).unwrap()
    };
    let names = [
        "boxes",
        "reasons",
        "places",
        "dpd",
        "ups",
        "dhl-paket",
        "dhl-express",
    ];
    let files = names.map(|name| format!("{name}.toml"));
    let mut files: BTreeMap<String, String> = files
        .into_iter()
        .map(|name| (name.clone(), data(&name)))
        .collect();
    let mut rules = String::from("format = 1\n");
    for n in 0..RULES {
        let (asks, take) = match n {
            _ if n + 2 >= RULES => (String::new(), "\"dhl-express/express\", \"ups/express\""),
            _ if n % 3 == 0 => (
                format!(
                    "countries = [\"EU\"]\nexcept = [\"DE\"]\nweight_max = \"{} kg\"",
                    n + 1
                ),
                "\"ups/standard\", \"dpd/parcel\"",
            ),
            _ if n % 3 == 1 => (
                format!("countries = [\"GB:BT\", \"FR:{n:02}\", \"DE:{n:02}\"]"),
                "\"dpd/parcel\"",
            ),
            _ => (
                format!("sellers = [\"Seller {n}\"]\nedge_max = \"{} cm\"", n + 20),
                "\"dhl-paket/parcel\", \"dpd/parcel\"",
            ),
        };
        let written = write!(
            rules,
            "[[rule]]\nname = \"rule {n}\"\nwhy = \"a test\"\ntake = [{take}]\n{asks}\n"
        );
        written.unwrap();
    }
    files.insert("rules.toml".to_owned(), rules);
    Tables::from_files(&files).unwrap().shipping_from("DE")
}

/// A row for a decision by the last rules, and for a refusal by all.
pub fn rows(rounds: usize) -> Vec<Row> {
    let tables = tables();
    let now = Wall {
        unix_ms: 1_795_226_700_000,
        offset_min: 60,
    };
    let edges = [600, 400, 300].map(Length::from_mm);
    let request = |country, kilos: i64| AssignRequest {
        area: "990",
        size: Some(Extent::new(edges)),
        ..AssignRequest::plain(country, "Nobody", Mass::from_grams(kilos * 1000), now)
    };
    let (taken, refused) = (request("DE", 20), request("DE", 90));
    assert!(tables.assign(&taken).is_ok() && tables.assign(&refused).is_err());
    let row = |name: &str, request: &AssignRequest<'_>| {
        let times = (0..rounds + 3).map(|_| {
            let began = Instant::now();
            for _ in 0..PER_SAMPLE {
                black_box(tables.assign(black_box(request)).is_ok());
            }
            let spent = began.elapsed().as_nanos() / u128::from(PER_SAMPLE);
            u64::try_from(spent).unwrap_or(u64::MAX)
        });
        let goal = Goal {
            which: Which::P50,
            below: BELOW,
        };
        let times = times.skip(3).collect();
        Row::new(name, Unit::Nanoseconds, times, Some(goal))
    };
    vec![
        row("a decision of 50 rules, by the 49th", &taken),
        row("the same, nobody takes it", &refused),
    ]
}
