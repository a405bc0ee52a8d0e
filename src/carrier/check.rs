//! Checking a carrier's file, and laying a site's addition over it.

use super::calendar::{Calendar, Zone};
use super::check_service::{days, service};
use super::file::{CalendarFile, CarrierFile, ExtensionFile, ManifestFile, TransitFile};
use super::load::{check_format, check_id, check_name, check_token};
use super::numbers::Range;
use super::places::Places;
use super::problem::Report;
use super::quantity;
use super::rules_file::own_costs;
use super::tables::{Carrier, Manifest, Service, Transit};
use super::weekdays::Weekdays;
use crate::content::tracking;
use crate::domain::desk::{CarrierInfo, Lane, REUSE_DAYS};
use jiff::tz::TimeZone;

const REUSE_DAYS_MAX: u16 = 3650;
const VOID_HOURS_MAX: u32 = 24 * 365;
const SERVICES_MAX: usize = 100;
const TRANSIT_ROWS_MAX: usize = 2000;
/// What `integrator` may name.
const OPEN: &[&str] = &[
    "calendar",
    "cost",
    "cutoff",
    "divisor",
    "limits",
    "manifest",
    "ranges",
    "surcharges",
    "template",
    "transit",
];

/// A carrier as written; what is wrong with it is in `report`.
pub(super) fn carrier(file: CarrierFile, places: &Places, report: &mut Report<'_>) -> Carrier {
    check_format(file.format, report);
    check_id("id", &file.id, report);
    check_name("name", &file.name, report);
    check_token("token", &file.token, report);
    check_id("template", &file.template, report);
    check_formats(&file.formats, report);
    for word in file
        .integrator
        .iter()
        .filter(|w| !OPEN.contains(&w.as_str()))
    {
        let remedy = format!("use some of {}", OPEN.join(", "));
        report.add("integrator", format!("{word:?} is unknown here"), &remedy);
    }
    if file.service.is_empty() || file.service.len() > SERVICES_MAX {
        let text = if file.service.is_empty() {
            "there is none"
        } else {
            "there are too many"
        };
        report.add("service", text, "add at least one [[service]], at most 100");
    }
    let mut services: Vec<Service> = Vec::new();
    for (index, row) in file.service.into_iter().take(SERVICES_MAX).enumerate() {
        if services.iter().any(|service| service.id == row.id) {
            let text = format!("{} is there twice", row.id);
            report.add(&format!("service[{index}].id"), text, "rename one");
        }
        services.push(service(index, row, places, report));
    }
    let calendar = file.calendar.and_then(|c| calendar(c, places, report));
    let costs = own_costs(file.cost, &file.id, &services, places, report);
    let ranges = file.range.into_iter().enumerate();
    let ranges = ranges.filter_map(|(index, row)| Range::check(index, row, &services, report));
    let ranges = ranges.collect();
    Carrier {
        info: CarrierInfo {
            id: file.id,
            name: file.name,
            token: file.token,
            lane: file.lane.map(|lane| check_lane(lane, report)),
        },
        template: file.template,
        demo: file.demo,
        formats: file.formats,
        from: places.countries("from", &file.from, report),
        reuse_days: reuse_days(file.reuse_days, report).unwrap_or(REUSE_DAYS),
        void_hours: void_hours(file.void_hours, report),
        manifest: file.manifest.map(|m| manifest(m, report)),
        integrator: file.integrator,
        transit: transit(file.transit, &services, places, report),
        calendar,
        costs,
        services,
        ranges,
    }
}

/// Lays a site's addition over its carrier: single things are replaced, transit and cost rows come
/// first, ranges last.
pub(super) fn extend(
    carrier: &mut Carrier,
    file: ExtensionFile,
    places: &Places,
    report: &mut Report<'_>,
) {
    carrier.demo |= file.demo;
    if let Some(template) = file.template {
        check_id("template", &template, report);
        carrier.template = template;
    }
    if let Some(from) = file.from {
        carrier.from = places.countries("from", &from, report);
    }
    if let Some(days) = reuse_days(file.reuse_days, report) {
        carrier.reuse_days = days;
    }
    if let Some(hours) = void_hours(file.void_hours, report) {
        carrier.void_hours = Some(hours);
    }
    if let Some(lane) = file.lane {
        carrier.info.lane = Some(check_lane(lane, report));
    }
    if let Some(file) = file.calendar {
        carrier.calendar = calendar(file, places, report);
    }
    if let Some(file) = file.manifest {
        carrier.manifest = Some(manifest(file, report));
    }
    let rows = transit(file.transit, &carrier.services, places, report);
    carrier.transit.splice(0..0, rows);
    let (id, services) = (carrier.info.id.clone(), &carrier.services);
    let costs = own_costs(file.cost, &id, services, places, report);
    carrier.costs.splice(0..0, costs);
    for (index, row) in file.range.into_iter().enumerate() {
        let range = Range::check(index, row, &carrier.services, report);
        carrier.ranges.extend(range);
    }
}

fn check_formats(formats: &[String], report: &mut Report<'_>) {
    for id in formats.iter().filter(|id| tracking::by_id(id).is_none()) {
        let remedy = "use the ids that `firstscan track --formats` lists";
        report.add(
            "formats",
            format!("{id:?} is no format of tracking numbers"),
            remedy,
        );
    }
}

fn check_lane(lane: Lane, report: &mut Report<'_>) -> Lane {
    let one_of = |text: &str, list: &[&str]| list.contains(&text);
    if !one_of(&lane.shape, Lane::SHAPES) {
        let remedy = format!("use one of {}", Lane::SHAPES.join(", "));
        report.add(
            "lane.shape",
            format!("{:?} is no shape", lane.shape),
            &remedy,
        );
    }
    if !one_of(&lane.colour, Lane::COLOURS) {
        let remedy = format!("use one of {}", Lane::COLOURS.join(", "));
        report.add(
            "lane.colour",
            format!("{:?} is no colour", lane.colour),
            &remedy,
        );
    }
    let legal = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
    if !(1..=4).contains(&lane.letters.len()) || !lane.letters.bytes().all(legal) {
        let text = format!("{:?} cannot be shown", lane.letters);
        report.add("lane.letters", text, "use 1 to 4 capital letters or digits");
    }
    lane
}

fn reuse_days(days: Option<u16>, report: &mut Report<'_>) -> Option<u16> {
    if days.is_some_and(|days| !(1..=REUSE_DAYS_MAX).contains(&days)) {
        report.add("reuse_days", "is no span of days", "give 1 to 3650 days");
    }
    days
}

fn void_hours(hours: Option<u32>, report: &mut Report<'_>) -> Option<u32> {
    if hours.is_some_and(|hours| !(1..=VOID_HOURS_MAX).contains(&hours)) {
        report.add("void_hours", "is no span of hours", "give 1 to 8760 hours");
    }
    hours
}

fn calendar(file: CalendarFile, places: &Places, report: &mut Report<'_>) -> Option<Calendar> {
    let before = report.errors.len();
    let zone = zone(file.zone.as_deref(), report);
    let mut week = |key: &str, texts: &[String]| {
        let remedy = "write days such as mon, or runs such as mon-fri";
        let found = Weekdays::parse(texts);
        found.map_err(|text| report.add(key, text, remedy)).ok()
    };
    let pickup = week("calendar.pickup", &file.pickup)?;
    let delivery = match &file.delivery {
        Some(texts) => week("calendar.delivery", texts)?,
        None => pickup,
    };
    let cutoff = time("calendar.cutoff", file.cutoff.as_deref(), report);
    let holidays = places.holidays("calendar.holidays", &file.holidays, report);
    (report.errors.len() == before).then_some(Calendar {
        zone,
        pickup,
        delivery,
        cutoff,
        holidays,
    })
}

/// A computer without a time zone database still labels; it only cannot tell when a cut-off is.
fn zone(name: Option<&str>, report: &mut Report<'_>) -> Zone {
    let Some(name) = name else {
        return Zone::Station;
    };
    if jiff::tz::db().is_definitively_empty() {
        return Zone::Missing;
    }
    match TimeZone::get(name) {
        Ok(zone) => Zone::Named(zone),
        Err(_) => {
            let text = format!("{name:?} is no time zone");
            let remedy = "write one such as Europe/Berlin, or leave it out for the station's";
            report.add("calendar.zone", text, remedy);
            Zone::Missing
        }
    }
}

fn time(key: &str, text: Option<&str>, report: &mut Report<'_>) -> Option<jiff::civil::Time> {
    match quantity::time_of_day(text?) {
        Ok(time) => Some(time),
        Err(text) => {
            report.add(key, text, "write hours and minutes, such as 17:00");
            None
        }
    }
}

fn manifest(file: ManifestFile, report: &mut Report<'_>) -> Manifest {
    check_id("manifest.kind", &file.kind, report);
    time("manifest.cutoff", file.cutoff.as_deref(), report);
    if file.parcels_max == Some(0) {
        let remedy = "give at least 1, or remove the key";
        report.add("manifest.parcels_max", "takes no parcel", remedy);
    }
    Manifest {
        required: file.required,
        kind: file.kind,
        cutoff: file.cutoff,
        parcels_max: file.parcels_max,
    }
}

fn transit(
    rows: Vec<TransitFile>,
    services: &[Service],
    places: &Places,
    report: &mut Report<'_>,
) -> Vec<Transit> {
    if rows.len() > TRANSIT_ROWS_MAX {
        report.add("transit", "there are too many", "give at most 2000 rows");
    }
    let mut found = Vec::new();
    for (index, row) in rows.into_iter().take(TRANSIT_ROWS_MAX).enumerate() {
        let at = format!("transit[{index}]");
        let key = |name: &str| format!("{at}.{name}");
        for id in row
            .services
            .iter()
            .filter(|id| !services.iter().any(|s| s.id == **id))
        {
            let text = format!("there is no service {id:?}");
            report.add(&key("services"), text, "name services of this carrier");
        }
        let holidays = row.holidays.as_deref();
        found.push(Transit {
            from: places.countries(&key("from"), &row.from, report),
            to: places.places(&key("to"), &row.to, report),
            except: places.places(&key("except"), &row.except, report),
            days: days(&at, row.min, row.max, row.source, report),
            holidays: holidays.map(|h| places.holidays(&key("holidays"), h, report)),
            services: row.services,
        });
    }
    found
}
