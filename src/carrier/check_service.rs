//! Checking what a carrier sells: services with their limits, divisors and surcharges.

use super::file::{DivisorFile, ServiceFile, SurchargeFile};
use super::limits::{Divisor, Surcharge};
use super::load::{NAME_CHARS_MAX, check_id, check_name, limits, mass};
use super::places::Places;
use super::problem::Report;
use super::quantity;
use super::tables::{Days, Service};
use crate::domain::money::Money;
use firstscan_drivers::length::Length;

/// No carrier takes longer than a season.
const DAYS_MAX: u16 = 120;
/// Divisors are between a few cubic inches per pound and a few litres per kilogram.
const DIVISOR_MAX: u32 = 100_000;

/// A service as written; what is wrong with it is in `report`.
pub(super) fn service(
    index: usize,
    row: ServiceFile,
    places: &Places,
    report: &mut Report<'_>,
) -> Service {
    let at = format!("service[{index}]");
    let key = |name: &str| format!("{at}.{name}");
    check_id(&key("id"), &row.id, report);
    check_name(&key("name"), &row.name, report);
    let from = places.countries(&key("from"), &row.from, report);
    let countries = places.countries(&key("countries"), &row.countries, report);
    let except = places.places(&key("except"), &row.except, report);
    let (weight_min, weight_max) = limits(&at, row.weight_min, row.weight_max, report);
    let mut edge = |name: &str, text: &Option<String>| length(&key(name), text.as_deref(), report);
    let edge_max = edge("edge_max", &row.edge_max);
    let girth_max = edge("girth_max", &row.girth_max);
    let sum_max = edge("sum_max", &row.sum_max);
    let edges_max = edges(&key("edges_max"), row.edges_max.as_ref(), report);
    let edges_min = edges(&key("edges_min"), row.edges_min.as_ref(), report);
    let volume_max = volume(&key("volume_max"), row.volume_max.as_deref(), report);
    check_money(&key("value_max"), row.value_max.as_ref(), report);
    let divisor = row.divisor.map(|d| divisor(&key("divisor"), d, report));
    let days = row.days.map(|d| {
        let source = d.source;
        days(&key("days"), d.min, d.max, source, report)
    });
    let mut surcharges: Vec<Surcharge> = Vec::new();
    for (nth, row) in row.surcharge.into_iter().enumerate() {
        let at = format!("{at}.surcharge[{nth}]");
        if surcharges.iter().any(|known| known.id == row.id) {
            let text = format!("{} is there twice", row.id);
            report.add(&format!("{at}.id"), text, "rename one");
        }
        surcharges.push(surcharge(&at, row, places, report));
    }
    Service {
        id: row.id,
        name: row.name,
        from,
        countries,
        except,
        weight_min,
        weight_max,
        edge_max,
        edges_max,
        edges_min,
        girth_max,
        sum_max,
        volume_max,
        value_max: row.value_max,
        divisor,
        surcharges,
        days,
    }
}

/// A span of days with its source.
pub(super) fn days(key: &str, min: u16, max: u16, source: String, report: &mut Report<'_>) -> Days {
    if min > max || max > DAYS_MAX {
        let text = format!("{min} to {max} is no span of days");
        report.add(key, text, "give min and max, at most 120 days");
    }
    let chars = source.trim().chars().count();
    if !(1..=NAME_CHARS_MAX * 2).contains(&chars) || source.chars().any(char::is_control) {
        let remedy = "say in 1 to 120 characters where the days come from";
        report.add(
            &format!("{key}.source"),
            format!("{source:?} is no source"),
            remedy,
        );
    }
    Days { min, max, source }
}

fn divisor(at: &str, row: DivisorFile, report: &mut Report<'_>) -> Divisor {
    let key = |name: &str| format!("{at}.{name}");
    if !(1..=DIVISOR_MAX).contains(&row.number) {
        let text = format!("{} is no divisor", row.number);
        report.add(
            &key("number"),
            text,
            "give the carrier's, such as 5000 or 139",
        );
    }
    if !["cm3/kg", "in3/lb"].contains(&row.unit.as_str()) {
        let text = format!("{:?} is no unit of a divisor", row.unit);
        report.add(&key("unit"), text, "write cm3/kg or in3/lb");
    }
    let step = mass(&key("step"), row.step.as_deref(), report);
    if step.is_some_and(|step| step.ng() < 1) {
        report.add(
            &key("step"),
            "is nothing",
            "give the step, or remove the key",
        );
    }
    Divisor {
        number: row.number,
        imperial: row.unit == "in3/lb",
        step,
        edge_step: length(&key("edge_step"), row.edge_step.as_deref(), report),
        over: volume(&key("over"), row.over.as_deref(), report),
    }
}

fn surcharge(at: &str, row: SurchargeFile, places: &Places, report: &mut Report<'_>) -> Surcharge {
    let key = |name: &str| format!("{at}.{name}");
    check_id(&key("id"), &row.id, report);
    check_name(&key("name"), &row.name, report);
    check_money(&key("amount"), row.amount.as_ref(), report);
    let found = Surcharge {
        weight_over: mass(&key("weight_over"), row.weight_over.as_deref(), report),
        edge_over: length(&key("edge_over"), row.edge_over.as_deref(), report),
        second_edge_over: length(
            &key("second_edge_over"),
            row.second_edge_over.as_deref(),
            report,
        ),
        girth_over: length(&key("girth_over"), row.girth_over.as_deref(), report),
        volume_over: volume(&key("volume_over"), row.volume_over.as_deref(), report),
        places: places.places(&key("places"), &row.places, report),
        id: row.id,
        name: row.name,
        amount: row.amount,
    };
    if found.measures() == 0 && found.places.is_empty() {
        let remedy = "give a measure such as weight_over, or places";
        report.add(at, "it would always be charged", remedy);
    }
    found
}

fn length(key: &str, text: Option<&str>, report: &mut Report<'_>) -> Option<Length> {
    match quantity::length(text?) {
        Ok(length) => Some(length),
        Err(text) => {
            report.add(key, text, "give number and mm, cm, m or in");
            None
        }
    }
}

fn volume(key: &str, text: Option<&str>, report: &mut Report<'_>) -> Option<super::limits::Volume> {
    match quantity::volume(text?) {
        Ok(volume) => Some(volume),
        Err(text) => {
            report.add(key, text, "give number and cm3, m3, in3 or ft3");
            None
        }
    }
}

/// Three edges, longest first.
pub(super) fn edges(
    key: &str,
    texts: Option<&[String; 3]>,
    report: &mut Report<'_>,
) -> Option<[Length; 3]> {
    let [one, two, three] = texts?;
    let mut edge = |text: &String| length(key, Some(text), report);
    let mut found = [edge(one)?, edge(two)?, edge(three)?];
    found.sort_by(|one, other| other.cmp(one));
    Some(found)
}

/// Amounts are above zero and in three capital letters of ISO 4217.
fn check_money(key: &str, money: Option<&Money>, report: &mut Report<'_>) {
    let legal = |money: &Money| {
        let letters = money.currency.bytes().all(|b| b.is_ascii_uppercase());
        money.minor > 0 && money.currency.len() == 3 && letters
    };
    if money.is_some_and(|money| !legal(money)) {
        let remedy = "write { minor = 1999, currency = \"EUR\" } for 19.99 EUR";
        report.add(key, "is no amount", remedy);
    }
}
