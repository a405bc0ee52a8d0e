//! `places.toml`: groups of countries and the national holidays that carrier files refer to by
//! name, so that neither is copied into every file.

use super::file::PlacesFile;
use super::holiday::Holiday;
use super::limits::Place;
use super::load::check_countries;
use super::problem::Report;
use crate::content::country;
use std::collections::BTreeMap;

/// Letters and digits of a postcode that an order keeps.
const AREA_CHARS_MAX: usize = 3;
/// Rows of one list of places.
const ROWS_MAX: usize = 500;

/// Groups by id, holidays by country.
#[derive(Debug, Default)]
pub(super) struct Places {
    groups: BTreeMap<String, Vec<String>>,
    holidays: BTreeMap<String, Vec<Holiday>>,
}

impl Places {
    pub fn new(file: PlacesFile, report: &mut Report<'_>) -> Places {
        let mut places = Places::default();
        for (index, row) in file.group.into_iter().enumerate() {
            let key = |name: &str| format!("group[{index}].{name}");
            let legal = |b: u8| b.is_ascii_uppercase() || b == b'-';
            let shape = (2..=16).contains(&row.id.len()) && row.id.bytes().all(legal);
            if !shape || country::find(&row.id).is_some() {
                let text = format!("{:?} is no name of a group", row.id);
                let remedy = "use 2 to 16 capital letters and hyphens, and no country's code";
                report.add(&key("id"), text, remedy);
            }
            check_countries(&key("countries"), &row.countries, report);
            if places
                .groups
                .insert(row.id.clone(), row.countries)
                .is_some()
            {
                report.add(
                    &key("id"),
                    format!("{} is there twice", row.id),
                    "join the two",
                );
            }
        }
        for (index, row) in file.holidays.into_iter().enumerate() {
            let key = |name: &str| format!("holidays[{index}].{name}");
            check_countries(&key("country"), std::slice::from_ref(&row.country), report);
            let days = places.holidays(&key("days"), &row.days, report);
            if places.holidays.insert(row.country.clone(), days).is_some() {
                let text = format!("{} is there twice", row.country);
                report.add(&key("country"), text, "join the two");
            }
        }
        places
    }

    /// Countries with their groups resolved.
    pub fn countries(&self, key: &str, texts: &[String], report: &mut Report<'_>) -> Vec<String> {
        let mut found = Vec::new();
        for text in texts {
            match self.groups.get(text) {
                Some(group) => found.extend(group.iter().cloned()),
                None => {
                    check_countries(key, std::slice::from_ref(text), report);
                    found.push(text.clone());
                }
            }
        }
        found.sort();
        found.dedup();
        limit(key, found.len(), report);
        found
    }

    /// Countries, groups, and parts of a country such as `GB:BT`.
    pub fn places(&self, key: &str, texts: &[String], report: &mut Report<'_>) -> Vec<Place> {
        let mut found = Vec::new();
        for text in texts {
            let (whole, area) = match text.split_once(':') {
                Some((country, area)) => (country, Some(area)),
                None => (text.as_str(), None),
            };
            let legal = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit();
            let fits =
                |area: &str| (1..=AREA_CHARS_MAX).contains(&area.len()) && area.bytes().all(legal);
            if area.is_some_and(|area| !fits(area)) {
                let text = format!("{text:?} has no beginning of a postcode");
                let remedy = "give its first 1 to 3 letters or digits, such as GB:BT";
                report.add(key, text, remedy);
            }
            for country in self.countries(key, &[whole.to_owned()], report) {
                let area = area.map(str::to_owned);
                found.push(Place { country, area });
            }
        }
        limit(key, found.len(), report);
        found
    }

    /// Holidays as `holiday` reads them, or all of a country's by its code.
    pub fn holidays(&self, key: &str, texts: &[String], report: &mut Report<'_>) -> Vec<Holiday> {
        let mut found = Vec::new();
        for text in texts {
            if let Some(days) = self.holidays.get(text) {
                found.extend(days.iter().cloned());
            } else if let Some(day) = Holiday::parse(text) {
                found.push(day);
            } else {
                let text = format!("{text:?} is no holiday");
                let remedy = "write 2026-12-24, 12-25, easter+1, 11-thu-4, 05-mon-last, or a \
                    country of places.toml";
                report.add(key, text, remedy);
            }
        }
        limit(key, found.len(), report);
        found
    }
}

fn limit(key: &str, rows: usize, report: &mut Report<'_>) {
    if rows > ROWS_MAX {
        report.add(key, format!("has {rows} entries"), "give at most 500");
    }
}
