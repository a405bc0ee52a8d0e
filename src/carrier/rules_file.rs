//! `rules.toml`: the rule table and the site's prices. Reading and checking; every mistake is
//! reported with file, key, cause and remedy.

use super::cost::Cost;
use super::load::{check_name, mass, table};
use super::places::Places;
use super::problem::Report;
use super::quantity;
use super::rule::{Asks, Candidate, Choose, Rule, Span};
use super::tables::{Carrier, Service};
use crate::domain::money::Money;
use firstscan_drivers::mass::Mass;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const RULES: &str = "rules.toml";
/// Rules of a table: a decision looks at all of them.
const RULES_MAX: usize = 1_000;
/// Candidates of a rule.
const CANDIDATES_MAX: usize = 50;
/// Weight steps of a price.
const STEPS_MAX: usize = 500;
const SPAN_REMEDY: &str = "exchange the two";

/// The rule table after checking.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RuleBook {
    pub rules: Vec<Rule>,
    /// The site's own prices; those of carriers' files follow them.
    pub costs: Vec<Cost>,
    /// If nobody arrives by the promised day, the fastest takes it.
    pub late_allowed: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesFile {
    format: u32,
    /// What becomes of a parcel nobody delivers by the promised day.
    #[serde(default)]
    late: Late,
    #[serde(default)]
    rule: Vec<RuleFile>,
    #[serde(default)]
    cost: Vec<CostFile>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Late {
    #[default]
    Refuse,
    Fastest,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleFile {
    name: String,
    /// Half a sentence for people.
    why: String,
    /// One candidate: carrier and service.
    carrier: Option<String>,
    service: Option<String>,
    /// Or several, such as `dpd/classic`.
    #[serde(default)]
    take: Vec<String>,
    choose: Option<Choose>,
    #[serde(default)]
    countries: Vec<String>,
    #[serde(default)]
    except: Vec<String>,
    #[serde(default)]
    sellers: Vec<String>,
    #[serde(default)]
    channels: Vec<String>,
    #[serde(default)]
    requested: Vec<String>,
    weight_min: Option<String>,
    weight_max: Option<String>,
    edge_min: Option<String>,
    edge_max: Option<String>,
    girth_min: Option<String>,
    girth_max: Option<String>,
    volume_min: Option<String>,
    volume_max: Option<String>,
    value_min: Option<Money>,
    value_max: Option<Money>,
}

/// `[[cost]]`, in `rules.toml` or in a carrier's own file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CostFile {
    /// Only in `rules.toml`: a carrier's own file speaks of itself.
    carrier: Option<String>,
    services: Vec<String>,
    zone: String,
    /// Empty = everywhere.
    #[serde(default)]
    countries: Vec<String>,
    currency: String,
    /// Up to this weight, so many minor units: `[["2 kg", 420], ["5 kg", 560]]`.
    steps: Vec<(String, i64)>,
}

/// Reads and checks the rule table.
pub(super) fn book(
    files: &BTreeMap<String, String>,
    places: &Places,
    carriers: &[Carrier],
    report: &mut Report<'_>,
) -> RuleBook {
    let Some(file) = table::<RulesFile>(files, report, |file| file.format) else {
        return RuleBook::default();
    };
    let mut book = RuleBook {
        late_allowed: file.late == Late::Fastest,
        ..RuleBook::default()
    };
    for (index, row) in file.cost.into_iter().enumerate() {
        let at = format!("cost[{index}]");
        let owner = row.carrier.clone().unwrap_or_default();
        let carrier = carriers.iter().find(|carrier| carrier.info.id == owner);
        if carrier.is_none() {
            let text = format!("there is no carrier {owner:?}");
            let remedy = "add or enable its file, or remove the price";
            report.add(&format!("{at}.carrier"), text, remedy);
        }
        let sold = carrier.map(|carrier| carrier.services.as_slice());
        book.costs
            .push(cost(&at, row, &owner, sold, places, report));
    }
    let (count, mut names) = (file.rule.len(), BTreeSet::new());
    if !(1..=RULES_MAX).contains(&count) {
        let text = match count {
            0 => "there is none".to_owned(),
            _ => format!("there are {count}"),
        };
        report.add("rule", text, "add at least one [[rule]], at most 1000");
    }
    for (index, row) in file.rule.into_iter().enumerate() {
        let key = format!("rule[{index}].name");
        if !names.insert(row.name.clone()) {
            let text = format!("{:?} is there twice", row.name);
            report.add(&key, text, "rename one: refusals name the rule");
        }
        let rule = rule(index, row, places, carriers, report);
        check_choice(index, &rule, &book.costs, carriers, report);
        book.rules.push(rule);
    }
    book
}

/// The prices of a carrier's own file.
pub(super) fn own_costs(
    rows: Vec<CostFile>,
    carrier: &str,
    sold: &[Service],
    places: &Places,
    report: &mut Report<'_>,
) -> Vec<Cost> {
    let mut costs = Vec::new();
    for (index, row) in rows.into_iter().enumerate() {
        let at = format!("cost[{index}]");
        if row.carrier.is_some() {
            let remedy = "remove it: this file's prices are this carrier's";
            report.add(&format!("{at}.carrier"), "is not wanted here", remedy);
        }
        costs.push(cost(&at, row, carrier, Some(sold), places, report));
    }
    costs
}

fn cost(
    at: &str,
    row: CostFile,
    carrier: &str,
    sold: Option<&[Service]>,
    places: &Places,
    report: &mut Report<'_>,
) -> Cost {
    let key = |name: &str| format!("{at}.{name}");
    check_name(&key("zone"), &row.zone, report);
    if row.services.is_empty() {
        report.add(
            &key("services"),
            "there is none",
            "name the services it is for",
        );
    }
    let known = |id: &&String| sold.is_none_or(|sold| sold.iter().any(|s| s.id == **id));
    for service in row.services.iter().filter(|service| !known(service)) {
        let text = format!("{carrier} has no service {service:?}");
        report.add(&key("services"), text, "name one of its services");
    }
    if !Money::is_currency(&row.currency) {
        let text = format!("{:?} is no currency", row.currency);
        report.add(
            &key("currency"),
            text,
            "use the three capital letters of ISO 4217",
        );
    }
    if !(1..=STEPS_MAX).contains(&row.steps.len()) {
        let text = format!("there are {}", row.steps.len());
        report.add(
            &key("steps"),
            text,
            "give 1 to 500, such as [[\"2 kg\", 420]]",
        );
    }
    let mut steps: Vec<(Mass, Money)> = Vec::new();
    for (text, minor) in row.steps {
        let currency = row.currency.clone();
        if minor < 0 {
            let text = format!("{minor} is no price");
            report.add(
                &key("steps"),
                text,
                "give minor units, such as 420 for 4.20 EUR",
            );
        }
        let Some(up_to) = mass(&key("steps"), Some(&text), report) else {
            continue;
        };
        if steps.last().is_some_and(|(before, _)| *before >= up_to) {
            let text = format!("{up_to} is not above the step before it");
            report.add(&key("steps"), text, "sort them by weight");
        }
        steps.push((up_to, Money { minor, currency }));
    }
    Cost {
        carrier: carrier.to_owned(),
        services: row.services,
        zone: row.zone,
        places: places.places(&key("countries"), &row.countries, report),
        steps,
    }
}

fn rule(
    index: usize,
    row: RuleFile,
    places: &Places,
    carriers: &[Carrier],
    report: &mut Report<'_>,
) -> Rule {
    let at = format!("rule[{index}]");
    let key = |name: &str| format!("{at}.{name}");
    check_name(&key("name"), &row.name, report);
    check_name(&key("why"), &row.why, report);
    let candidates = candidates(&at, &row, carriers, report);
    let mut length = |name: &str, text: &Option<String>| {
        let read = |text: &String| quantity::length(text);
        let remedy = "give number and mm, cm, m or in";
        written(&key(name), text.as_ref().map(read), remedy, report)
    };
    let edge = Span {
        min: length("edge_min", &row.edge_min),
        max: length("edge_max", &row.edge_max),
    };
    let girth = Span {
        min: length("girth_min", &row.girth_min),
        max: length("girth_max", &row.girth_max),
    };
    let mut volume = |name: &str, text: &Option<String>| {
        let read = |text: &String| quantity::volume(text);
        let remedy = "give number and cm3, m3, in3 or ft3";
        written(&key(name), text.as_ref().map(read), remedy, report)
    };
    let volume = Span {
        min: volume("volume_min", &row.volume_min),
        max: volume("volume_max", &row.volume_max),
    };
    let weight = Span {
        min: mass(&key("weight_min"), row.weight_min.as_deref(), report),
        max: mass(&key("weight_max"), row.weight_max.as_deref(), report),
    };
    check_span(&key("weight_max"), &weight, report);
    check_span(&key("edge_max"), &edge, report);
    check_span(&key("girth_max"), &girth, report);
    check_span(&key("volume_max"), &volume, report);
    let value = Span {
        min: row.value_min,
        max: row.value_max,
    };
    check_value(&key("value_max"), &value, report);
    let asks = Asks {
        places: places.places(&key("countries"), &row.countries, report),
        except: places.places(&key("except"), &row.except, report),
        sellers: row.sellers,
        channels: row.channels,
        requested: row.requested,
        weight,
        edge,
        girth,
        volume,
        value,
    };
    Rule {
        name: row.name,
        why: row.why,
        asks,
        candidates,
        choose: row.choose.unwrap_or_default(),
    }
}

fn candidates(
    at: &str,
    row: &RuleFile,
    carriers: &[Carrier],
    report: &mut Report<'_>,
) -> Vec<Candidate> {
    let key = |name: &str| format!("{at}.{name}");
    let one = "name one carrier and service, or several in take";
    let mut found: Vec<Candidate> = Vec::new();
    match (&row.carrier, &row.service) {
        (Some(carrier), Some(service)) => found.push(Candidate {
            carrier: carrier.clone(),
            service: service.clone(),
        }),
        (None, None) if !row.take.is_empty() => {}
        (None, _) => report.add(&key("carrier"), "is missing", one),
        (_, None) => report.add(&key("service"), "is missing", one),
    }
    if !found.is_empty() && !row.take.is_empty() {
        report.add(&key("take"), "is there beside carrier and service", one);
    }
    if row.take.len() > CANDIDATES_MAX {
        let text = format!("has {} entries", row.take.len());
        report.add(&key("take"), text, "give at most 50");
    }
    for text in &row.take {
        let Some((carrier, service)) = text.split_once('/') else {
            let cause = format!("{text:?} is no service of a carrier");
            report.add(
                &key("take"),
                cause,
                "write carrier/service, such as dpd/classic",
            );
            continue;
        };
        let candidate = Candidate {
            carrier: carrier.to_owned(),
            service: service.to_owned(),
        };
        if found.contains(&candidate) {
            report.add(&key("take"), format!("{text} is there twice"), "remove one");
        }
        found.push(candidate);
    }
    let named = |single: &'static str| if row.take.is_empty() { single } else { "take" };
    for Candidate { carrier, service } in &found {
        match carriers.iter().find(|known| known.info.id == *carrier) {
            None => {
                let text = format!("there is no carrier {carrier:?}");
                let remedy = "add or enable its file, or remove the rule";
                report.add(&key(named("carrier")), text, remedy);
            }
            Some(known) if known.service(service).is_none() => {
                let text = format!("{carrier} has no service {service:?}");
                report.add(&key(named("service")), text, "name one of its services");
            }
            Some(_) => {}
        }
    }
    found
}

/// What is to be compared has prices, in one currency.
fn check_choice(
    index: usize,
    rule: &Rule,
    costs: &[Cost],
    carriers: &[Carrier],
    report: &mut Report<'_>,
) {
    let key = format!("rule[{index}].choose");
    if rule.choose != Choose::Cheapest {
        return;
    }
    if rule.candidates.len() < 2 {
        let text = "cheapest has nothing to compare";
        report.add(&key, text, "name several in take, or remove choose");
    }
    let mut currencies = BTreeSet::new();
    for Candidate { carrier, service } in &rule.candidates {
        let owner = carriers.iter().find(|known| known.info.id == *carrier);
        let rows = costs
            .iter()
            .chain(owner.iter().flat_map(|owner| &owner.costs));
        let rows = rows.filter(|row| row.is_for(carrier, service));
        let own: BTreeSet<&str> = rows.map(Cost::currency).collect();
        if own.is_empty() {
            let text = format!("{carrier}/{service} has no price");
            report.add(&key, text, "add a [[cost]] for it, or choose = \"first\"");
        }
        currencies.extend(own);
    }
    if currencies.len() > 1 {
        let list: Vec<&str> = currencies.into_iter().collect();
        let text = format!("prices in {} cannot be compared", list.join(" and "));
        report.add(&key, text, "give all of them in one currency");
    }
}

fn written<T>(
    key: &str,
    read: Option<Result<T, String>>,
    remedy: &str,
    report: &mut Report<'_>,
) -> Option<T> {
    match read? {
        Ok(found) => Some(found),
        Err(cause) => {
            report.add(key, cause, remedy);
            None
        }
    }
}

fn check_span<T: PartialOrd>(key: &str, span: &Span<T>, report: &mut Report<'_>) {
    if let (Some(min), Some(max)) = (&span.min, &span.max)
        && min > max
    {
        report.add(key, "is less than the minimum", SPAN_REMEDY);
    }
}

fn check_value(key: &str, span: &Span<Money>, report: &mut Report<'_>) {
    for money in [&span.min, &span.max].into_iter().flatten() {
        if money.minor < 0 || !Money::is_currency(&money.currency) {
            let remedy = "write { minor = 1999, currency = \"EUR\" } for 19.99 EUR";
            report.add(key, "is no value", remedy);
        }
    }
    if let (Some(min), Some(max)) = (&span.min, &span.max) {
        if min.currency != max.currency {
            report.add(
                key,
                "has another currency than value_min",
                "use one currency",
            );
        } else if min.minor > max.minor {
            report.add(key, "is less than the minimum", SPAN_REMEDY);
        }
    }
}
