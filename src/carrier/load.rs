//! Reading and checking the table files. All mistakes are reported at once, or nothing is.

use super::check;
use super::check_service::edges;
use super::file::{BoxesFile, CarrierFile, ExtensionFile, PlacesFile, ReasonsFile};
use super::numbers::Range;
use super::places::Places;
use super::problem::{Report, TableError, TableErrors};
use super::ranges::Known;
use super::rules_file::{self, RULES, RuleBook};
use super::tables::{Carrier, Tables};
use crate::content::{control, country, weight};
use crate::domain::desk::{BoxType, Extent};
use firstscan_drivers::mass::Mass;
use include_dir::{Dir, include_dir};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

static SHIPPED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/src/carrier/data");

const FORMAT: u32 = 1;
const BOXES: &str = "boxes.toml";
const REASONS: &str = "reasons.toml";
const PLACES: &str = "places.toml";
/// Bytes of one file.
const FILE_BYTES_MAX: u64 = 1_000_000;
/// Files of one folder.
const FILES_MAX: usize = 500;
/// Characters of a name or explanation.
pub(super) const NAME_CHARS_MAX: usize = 60;
const ID_REMEDY: &str = "use 1 to 32 small letters, digits or hyphens";
const TOKEN_REMEDY: &str = "use 1 to 8 of the letters BCDEFGHIJKLNOPRSTUVX, once per table";

impl Tables {
    /// The shipped tables, with the `*.toml` files of `folder` laid over them: a file of a shipped
    /// name replaces it, another adds a carrier or, with `extends`, adds to one, and
    /// `enabled = false` takes a carrier out.
    ///
    /// # Errors
    /// [`TableErrors`] naming file, key, cause and remedy.
    pub fn load(folder: Option<&Path>) -> Result<Tables, TableErrors> {
        let mut files = shipped();
        if let Some(folder) = folder {
            files.extend(read_folder(folder).map_err(|error| TableErrors(vec![error]))?);
        }
        Tables::from_files(&files)
    }

    /// Tables from file names and their texts, nothing added.
    ///
    /// # Errors
    /// As [`Tables::load`].
    pub fn from_files(files: &BTreeMap<String, String>) -> Result<Tables, TableErrors> {
        let mut errors = Vec::new();
        let places = places(files, &mut errors);
        let carriers = carriers(files, &places, &mut errors);
        let book = book(files, &places, &carriers, &mut errors);
        let boxes = boxes(files, &mut errors);
        let reasons = reasons(files, &mut errors);
        if errors.is_empty() {
            return Ok(Tables {
                carriers,
                book,
                boxes,
                reasons,
                origin: None,
            });
        }
        Err(TableErrors(errors))
    }
}

/// The shipped files by name.
pub(super) fn shipped() -> BTreeMap<String, String> {
    let files = SHIPPED.files().filter_map(|file| {
        let name = file.path().to_str()?.to_owned();
        Some((name, file.contents_utf8()?.to_owned()))
    });
    files.collect()
}

fn read_folder(folder: &Path) -> Result<BTreeMap<String, String>, TableError> {
    let fail = |file: &Path, text: String, remedy: &str| TableError {
        file: file.display().to_string(),
        key: "file".to_owned(),
        text,
        remedy: remedy.to_owned(),
    };
    let readable = "make it readable for the service's user";
    let entries = std::fs::read_dir(folder)
        .map_err(|error| fail(folder, error.to_string(), "give an existing folder"))?;
    let mut files = BTreeMap::new();
    for entry in entries.take(FILES_MAX) {
        let path = entry
            .map_err(|error| fail(folder, error.to_string(), readable))?
            .path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if !name.ends_with(".toml") || name.starts_with('.') {
            continue;
        }
        let size = std::fs::metadata(&path).map_err(|e| fail(&path, e.to_string(), readable))?;
        if !size.is_file() || size.len() > FILE_BYTES_MAX {
            return Err(fail(
                &path,
                "is no table of at most 1 MB".to_owned(),
                "remove it",
            ));
        }
        let text = std::fs::read_to_string(&path)
            .map_err(|error| fail(&path, error.to_string(), "save it as readable UTF-8"))?;
        files.insert(name.to_owned(), text);
    }
    Ok(files)
}

/// Parses one file; a mistake is reported with its line.
fn parse<T: serde::de::DeserializeOwned>(text: &str, report: &mut Report<'_>) -> Option<T> {
    match toml::from_str(text) {
        Ok(table) => Some(table),
        Err(error) => {
            let start = error.span().map_or(0, |span| span.start);
            let line = text
                .bytes()
                .take(start)
                .filter(|b| *b == b'\n')
                .count()
                .saturating_add(1);
            let key = format!("line {line}");
            report.add(
                &key,
                error.message(),
                "correct it; the shipped files show every key",
            );
            None
        }
    }
}

/// Reads one of the three single tables. A wrong format number is a mistake like any other.
pub(super) fn table<T: serde::de::DeserializeOwned>(
    files: &BTreeMap<String, String>,
    report: &mut Report<'_>,
    format: fn(&T) -> u32,
) -> Option<T> {
    let Some(text) = files.get(report.file) else {
        report.add("file", "is missing", "copy the shipped one and adapt it");
        return None;
    };
    let table: T = parse(text, report)?;
    check_format(format(&table), report);
    Some(table)
}

fn places(files: &BTreeMap<String, String>, errors: &mut Vec<TableError>) -> Places {
    let mut report = Report {
        file: PLACES,
        errors,
    };
    let file = table::<PlacesFile>(files, &mut report, |file| file.format);
    file.map(|file| Places::new(file, &mut report))
        .unwrap_or_default()
}

pub(super) fn check_format(format: u32, report: &mut Report<'_>) {
    if format != FORMAT {
        let text = format!("{format} is unknown here");
        report.add(
            "format",
            text,
            "write format = 1, or install a newer version",
        );
    }
}

fn carriers(
    files: &BTreeMap<String, String>,
    places: &Places,
    errors: &mut Vec<TableError>,
) -> Vec<Carrier> {
    let tables = [RULES, BOXES, REASONS, PLACES];
    let files = files
        .iter()
        .filter(|(name, _)| !tables.contains(&name.as_str()));
    let (additions, files): (Vec<_>, Vec<_>) = files.partition(|(_, text)| is_addition(text));
    let mut found: Vec<Carrier> = Vec::new();
    let mut ranges: Vec<Known> = Vec::new();
    for (name, text) in files {
        let mut report = Report { file: name, errors };
        let Some(file) = parse::<CarrierFile>(text, &mut report) else {
            continue;
        };
        if !file.enabled {
            continue;
        }
        let carrier = check::carrier(file, places, &mut report);
        check_own(&carrier, &found, &mut report);
        check_ranges(&carrier.info.id, &carrier.ranges, &mut ranges, &mut report);
        found.push(carrier);
    }
    for (name, text) in additions {
        let mut report = Report { file: name, errors };
        let Some(file) = parse::<ExtensionFile>(text, &mut report) else {
            continue;
        };
        check_format(file.format, &mut report);
        let Some(at) = found.iter().position(|c| c.info.id == file.extends) else {
            let text = format!("there is no carrier {:?}", file.extends);
            report.add(
                "extends",
                text,
                "add or enable its file, or remove this one",
            );
            continue;
        };
        if !file.enabled {
            found.remove(at);
        } else if let Some(carrier) = found.get_mut(at) {
            let had = carrier.ranges.len();
            check::extend(carrier, file, places, &mut report);
            let added = carrier.ranges.get(had..).unwrap_or_default();
            check_ranges(&carrier.info.id, added, &mut ranges, &mut report);
        }
    }
    if found.is_empty() {
        let mut report = Report {
            file: "*.toml",
            errors,
        };
        report.add(
            "id",
            "there is no carrier",
            "add one carrier file, or enable one",
        );
    }
    found.sort_by(|one, other| one.info.id.cmp(&other.info.id));
    found
}

/// A file that adds to a carrier says so at the start of a line.
fn is_addition(text: &str) -> bool {
    text.lines()
        .any(|line| line.split(['=', ' ']).next() == Some("extends"))
}

/// Reports an id or a control-code token that another carrier has as well.
fn check_own(carrier: &Carrier, others: &[Carrier], report: &mut Report<'_>) {
    let (id, token) = (&carrier.info.id, &carrier.info.token);
    let taken = |c: &&Carrier| c.info.id == *id || c.info.token == *token;
    if let Some(other) = others.iter().find(taken) {
        let text = format!("{id}/{token} is taken by carrier {}", other.info.name);
        report.add("id, token", text, "give each carrier its own id and token");
    }
}

fn check_ranges(carrier: &str, new: &[Range], known: &mut Vec<Known>, report: &mut Report<'_>) {
    for range in new {
        range.check_against(carrier, known, report);
        known.push(Known {
            file: report.file.to_owned(),
            carrier: carrier.to_owned(),
            range: range.clone(),
        });
    }
}

fn book(
    files: &BTreeMap<String, String>,
    places: &Places,
    carriers: &[Carrier],
    errors: &mut Vec<TableError>,
) -> RuleBook {
    let mut report = Report {
        file: RULES,
        errors,
    };
    rules_file::book(files, places, carriers, &mut report)
}

fn boxes(files: &BTreeMap<String, String>, errors: &mut Vec<TableError>) -> Vec<(String, BoxType)> {
    let mut report = Report {
        file: BOXES,
        errors,
    };
    let file = table::<BoxesFile>(files, &mut report, |file| file.format);
    let (mut tokens, mut ids) = (BTreeSet::new(), BTreeSet::new());
    let mut found = Vec::new();
    for (index, row) in file
        .map(|file| file.boxes)
        .unwrap_or_default()
        .into_iter()
        .enumerate()
    {
        let key = |name: &str| format!("box[{index}].{name}");
        check_id(&key("id"), &row.id, &mut report);
        check_name(&key("name"), &row.name, &mut report);
        check_token(&key("token"), &row.token, &mut report);
        if !ids.insert(row.id.clone()) || !tokens.insert(row.token.clone()) {
            let text = format!("{}/{} is there twice", row.id, row.token);
            report.add(
                &key("id, token"),
                text,
                "give each box its own id and token",
            );
        }
        let tare = mass(&key("tare"), Some(&row.tare), &mut report).unwrap_or_default();
        let size = edges(&key("size"), row.size.as_ref(), &mut report);
        found.push((
            row.token,
            BoxType {
                id: row.id,
                name: row.name,
                tare,
                size: size.map(Extent::new),
            },
        ));
    }
    found
}

fn reasons(
    files: &BTreeMap<String, String>,
    errors: &mut Vec<TableError>,
) -> Vec<(String, String)> {
    let mut report = Report {
        file: REASONS,
        errors,
    };
    let file = table::<ReasonsFile>(files, &mut report, |file| file.format);
    let mut found: Vec<(String, String)> = Vec::new();
    for (index, row) in file
        .map(|file| file.reason)
        .unwrap_or_default()
        .into_iter()
        .enumerate()
    {
        let key = |name: &str| format!("reason[{index}].{name}");
        check_name(&key("name"), &row.name, &mut report);
        check_token(&key("token"), &row.token, &mut report);
        if found.iter().any(|(token, _)| *token == row.token) {
            report.add(
                &key("token"),
                format!("{} is there twice", row.token),
                TOKEN_REMEDY,
            );
        }
        found.push((row.token, row.name));
    }
    found
}

pub(super) fn limits(
    key: &str,
    min: Option<String>,
    max: Option<String>,
    report: &mut Report<'_>,
) -> (Option<Mass>, Option<Mass>) {
    let min = mass(&format!("{key}.weight_min"), min.as_deref(), report);
    let max = mass(&format!("{key}.weight_max"), max.as_deref(), report);
    if let (Some(min), Some(max)) = (min, max)
        && min > max
    {
        let text = format!("{max} is less than weight_min {min}");
        report.add(&format!("{key}.weight_max"), text, "exchange the two");
    }
    (min, max)
}

pub(super) fn mass(key: &str, text: Option<&str>, report: &mut Report<'_>) -> Option<Mass> {
    match weight::parse(text?) {
        Ok(mass) => Some(mass),
        Err(text) => {
            report.add(key, text, "give number and unit");
            None
        }
    }
}

pub(super) fn check_id(key: &str, id: &str, report: &mut Report<'_>) {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !(1..=32).contains(&id.len()) || !id.bytes().all(legal) {
        report.add(key, format!("{id:?} is no id"), ID_REMEDY);
    }
}

pub(super) fn check_name(key: &str, name: &str, report: &mut Report<'_>) {
    let chars = name.trim().chars().count();
    if !(1..=NAME_CHARS_MAX).contains(&chars) || name.chars().any(char::is_control) {
        report.add(
            key,
            format!("{name:?} is no name"),
            "use 1 to 60 characters on one line",
        );
    }
}

pub(super) fn check_token(key: &str, token: &str, report: &mut Report<'_>) {
    if !control::is_token(token) {
        report.add(
            key,
            format!("{token:?} cannot be put into a control code"),
            TOKEN_REMEDY,
        );
    }
}

pub(super) fn check_countries(key: &str, countries: &[String], report: &mut Report<'_>) {
    for code in countries {
        if country::find(code).is_none() {
            let text = format!("{code:?} is no country");
            report.add(key, text, "use the two capital letters of ISO 3166");
        }
    }
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
