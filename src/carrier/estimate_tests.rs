#![allow(clippy::unwrap_used)]
use crate::carrier::load::shipped;
use crate::carrier::tables::Tables;
use crate::domain::Wall;
use crate::domain::desk::{Desk, EstimateRequest};
use jiff::Timestamp;
use proptest::prelude::*;
use std::sync::LazyLock;

const NORD: &str = r#"
format = 1
id = "nord"
name = "Nord"
token = "NORD"
template = "transport-4x6"

[calendar]
pickup = ["mon-fri"]
delivery = ["mon-sat"]
cutoff = "17:00"
holidays = ["DE"]

[[service]]
id = "parcel"
name = "Parcel"

[[service]]
id = "slow"
name = "Slow"
days = { min = 5, max = 9, source = "printed on the flyer" }

[[transit]]
services = ["parcel"]
from = ["DE"]
to = ["FR:20"]
min = 4
max = 6
holidays = ["FR"]
source = "zone C of 2026"

[[transit]]
services = ["parcel"]
from = ["DE"]
to = ["FR", "AT"]
min = 2
max = 3
holidays = ["FR"]
source = "zone B of 2026"

[[transit]]
services = ["parcel"]
to = ["DE"]
min = 1
max = 1
source = "zone A of 2026"
"#;

fn tables(origin: Option<&str>) -> Tables {
    let mut files = shipped();
    files.insert("nord.toml".to_owned(), NORD.to_owned());
    let tables = Tables::from_files(&files).unwrap();
    match origin {
        Some(country) => tables.shipping_from(country),
        None => tables,
    }
}

/// A time with the offset it is written with.
fn wall(text: &str) -> Wall {
    let hours: i16 = text.get(19..22).unwrap().parse().unwrap();
    Wall {
        unix_ms: text.parse::<Timestamp>().unwrap().as_millisecond(),
        offset_min: hours * 60,
    }
}

fn ask<'a>(service: &'a str, country: &'a str, area: &'a str, at: &str) -> EstimateRequest<'a> {
    EstimateRequest {
        carrier: "nord",
        service,
        country,
        area,
        handed_over: wall(at),
    }
}

#[test]
fn worked_examples_over_weekends_holidays_clocks_and_the_cutoff() {
    let tables = tables(Some("DE"));
    for (country, area, handed_over, from, to) in [
        // Tuesday afternoon.
        (
            "DE",
            "101",
            "2026-11-24T16:00:00+01:00",
            "2026-11-25",
            "2026-11-25",
        ),
        // Tuesday after the cut-off counts from Wednesday.
        (
            "DE",
            "101",
            "2026-11-24T17:01:00+01:00",
            "2026-11-26",
            "2026-11-26",
        ),
        // Friday: delivered on Saturday at home, over the Sunday abroad.
        (
            "DE",
            "101",
            "2026-11-20T12:00:00+01:00",
            "2026-11-21",
            "2026-11-21",
        ),
        (
            "FR",
            "750",
            "2026-11-20T12:00:00+01:00",
            "2026-11-23",
            "2026-11-24",
        ),
        // Friday after the cut-off counts from Monday.
        (
            "FR",
            "750",
            "2026-11-20T18:00:00+01:00",
            "2026-11-25",
            "2026-11-26",
        ),
        // Corsica is a row of its own.
        (
            "FR",
            "200",
            "2026-11-23T12:00:00+01:00",
            "2026-11-27",
            "2026-11-30",
        ),
        // An unknown area is in no part of a country.
        (
            "FR",
            "",
            "2026-11-23T12:00:00+01:00",
            "2026-11-25",
            "2026-11-26",
        ),
        // Christmas: picked up on the 24th; 25th and 26th are holidays at home, in France the
        // 26th is a Saturday that delivers.
        (
            "DE",
            "101",
            "2026-12-24T12:00:00+01:00",
            "2026-12-28",
            "2026-12-28",
        ),
        (
            "FR",
            "750",
            "2026-12-24T12:00:00+01:00",
            "2026-12-28",
            "2026-12-29",
        ),
        // Over the night the clocks go back, and the one they go forward.
        (
            "DE",
            "101",
            "2026-10-23T16:59:00+02:00",
            "2026-10-24",
            "2026-10-24",
        ),
        (
            "FR",
            "750",
            "2026-03-27T16:59:00+01:00",
            "2026-03-30",
            "2026-03-31",
        ),
        // Easter: Thursday after the cut-off counts from Tuesday.
        (
            "DE",
            "101",
            "2026-04-02T17:30:00+02:00",
            "2026-04-08",
            "2026-04-08",
        ),
    ] {
        let found = tables
            .estimate(&ask("parcel", country, area, handed_over))
            .unwrap();
        assert_eq!(
            (found.from.as_str(), found.to.as_str()),
            (from, to),
            "{handed_over}"
        );
    }
}

#[test]
fn the_source_says_which_row_and_why_that_day() {
    let tables = tables(Some("DE"));
    let source = |service, country, at| {
        let request = ask(service, country, "", at);
        tables.estimate(&request).unwrap().source
    };
    assert_eq!(
        source("parcel", "FR", "2026-11-24T16:00:00+01:00"),
        "Nord transit table DE-FR: zone B of 2026; handed over before the 17:00 cut-off of \
         2026-11-24"
    );
    assert_eq!(
        source("parcel", "DE", "2026-11-24T17:30:00+01:00"),
        "Nord transit table to DE: zone A of 2026; handed over after the 17:00 cut-off, so \
         counted from 2026-11-25"
    );
    assert_eq!(
        source("slow", "VN", "2026-11-22T09:00:00+01:00"),
        "Nord Slow: printed on the flyer; handed over on a day without pickup, so counted from \
         2026-11-23"
    );
}

#[test]
fn what_the_table_does_not_say_is_not_estimated() {
    let at = "2026-11-24T16:00:00+01:00";
    let known = tables(Some("DE"));
    for request in [
        ask("parcel", "VN", "", at),
        ask("express", "DE", "", at),
        EstimateRequest {
            carrier: "nobody",
            ..ask("parcel", "DE", "", at)
        },
        // No calendar.
        EstimateRequest {
            carrier: "ups",
            ..ask("ground", "US", "", at)
        },
        // A calendar and no row.
        EstimateRequest {
            carrier: "dpd",
            ..ask("parcel", "DE", "", at)
        },
    ] {
        assert_eq!(known.estimate(&request), None, "{request:?}");
    }
    // A row for parcels from Germany says nothing of a station elsewhere, or nowhere known.
    for origin in [None, Some("CH")] {
        let tables = tables(origin);
        assert_eq!(tables.estimate(&ask("parcel", "FR", "", at)), None);
        assert!(tables.estimate(&ask("parcel", "DE", "", at)).is_some());
    }
}

/// Loading is not what the property is about.
static GERMAN: LazyLock<Tables> = LazyLock::new(|| tables(Some("DE")));

#[test]
fn a_row_with_exceptions_is_used_only_if_none_of_them_can_be_meant() {
    let tables = tables(Some("US"));
    let at = "2026-11-23T12:00:00-05:00";
    let usps = |area| {
        let request = EstimateRequest {
            carrier: "usps",
            ..ask("ground", "US", area, at)
        };
        tables.estimate(&request)
    };
    // Monday; Thursday is Thanksgiving, Saturday counts.
    let found = usps("100").unwrap();
    assert_eq!(
        (found.from.as_str(), found.to.as_str()),
        ("2026-11-25", "2026-11-30")
    );
    for area in ["995", "967", "006", "096", ""] {
        assert_eq!(usps(area), None, "{area}");
    }
}

proptest! {
    #[test]
    fn an_estimate_is_an_interval_after_the_handover_and_never_goes_back(
        ms in 1_790_000_000_000..1_990_000_000_000_i64, later_ms in 0..2_000_000_000_i64,
        offset in -12..14_i16, slow in proptest::bool::ANY,
    ) {
        let at = |unix_ms| {
            let offset_min = offset * 60;
            let service = if slow { "slow" } else { "parcel" };
            let request = ask(service, "FR", "", "2026-11-24T16:00:00+01:00");
            let handed_over = Wall { unix_ms, offset_min };
            let found = GERMAN.estimate(&EstimateRequest { handed_over, ..request });
            (found.unwrap(), handed_over.date())
        };
        let ((one, day), (two, _)) = (at(ms), at(ms + later_ms));
        prop_assert!(day < one.from && one.from <= one.to);
        prop_assert!(one.from <= two.from && one.to <= two.to);
    }
}
