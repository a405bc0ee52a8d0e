//! The item master: articles with their barcodes and weights, as JSON or CSV.
//!
//! JSON: a list of `{"sku", "title", "barcodes": [..], "weight": "0.350 kg", "picture"}`. CSV: the
//! columns of [`ITEM_CSV_HEADER`], several barcodes separated by spaces. A weight without a unit is
//! whole grams. A master is taken as a whole or not at all: half of one would stop the bench.

use super::check::{RESERVED, TITLE_CHARS_MAX, check_id, check_text};
use super::csv::{Table, place};
use super::problem::{Problem, Report, utf8};
use super::value::{Fields, Value};
use crate::content::{address, control, weight};
use crate::domain::Sku;
use crate::domain::order::Item;
use firstscan_drivers::mass::Mass;
use std::collections::HashMap;

/// The first row of a CSV of items.
pub const ITEM_CSV_HEADER: &str = "sku,title,barcodes,weight,picture";
/// Items of one document.
pub const ITEMS_MAX: usize = 100_000;
/// Barcodes of one item.
pub const BARCODES_MAX: usize = 20;
/// Bytes of one barcode.
pub const BARCODE_BYTES_MAX: usize = 80;
/// The heaviest piece a packing bench sees.
const WEIGHT_MAX: Mass = Mass::from_grams(1_000_000);
const PICTURE_BYTES_MAX: usize = 200;
const FIELDS: &[&str] = &["sku", "title", "barcodes", "weight", "picture"];
const REQUIRED: &[&str] = &["sku", "title", "barcodes"];
const WEIGHT_REMEDY: &str = "write 0.350 kg or whole grams, or leave it out";

#[derive(Debug, Default)]
struct ItemDraft {
    place: String,
    sku: String,
    title: String,
    barcodes: Vec<String>,
    weight: Option<String>,
    picture: Option<String>,
}

/// Reads an item master; JSON if it begins with a bracket, CSV otherwise.
///
/// # Errors
/// All problems (the first 50 of each item) if there is a single one.
pub fn read(body: &[u8]) -> Result<Vec<Item>, Vec<Problem>> {
    let mut report = Report::default();
    let text = utf8(body).map_err(|problem| vec![problem])?;
    let is_json = text.trim_start().starts_with(['[', '{']);
    let drafts = if is_json {
        json(text, &mut report)
    } else {
        csv(body, &mut report)
    };
    let drafts = drafts.map_err(|problem| vec![problem])?;
    if drafts.is_empty() || drafts.len() > ITEMS_MAX {
        let text = format!("the document has {} items", drafts.len());
        return Err(vec![Problem::document(text, "send 1 to 100000")]);
    }
    let mut problems = report.problems;
    let mut owners = Owners::default();
    let mut items = Vec::with_capacity(drafts.len());
    for draft in drafts {
        let mut report = Report::at(draft.place.clone());
        let item = item(&draft, &mut report);
        owners.claim(&item, &draft.place, &mut report);
        for problem in report.problems {
            let told = problems
                .iter()
                .any(|p| p.place == problem.place && p.field == problem.field);
            if !told && problems.len() < 1_000 {
                problems.push(problem);
            }
        }
        items.push(item);
    }
    if problems.is_empty() {
        Ok(items)
    } else {
        Err(problems)
    }
}

fn json(text: &str, report: &mut Report) -> Result<Vec<ItemDraft>, Problem> {
    let Value::List(list) = Value::parse(text)? else {
        let text = "an item master is a list";
        return Err(Problem::document(
            text,
            "put the items into square brackets",
        ));
    };
    let mut drafts = Vec::new();
    for (index, value) in list.into_iter().enumerate() {
        report.place = format!("[{index}]");
        drafts.push(json_item(value, report));
    }
    Ok(drafts)
}

fn json_item(value: Value, report: &mut Report) -> ItemDraft {
    let mut fields = Fields::of(value, "", FIELDS, report);
    let sku = fields.required("sku", report);
    let title = fields.required("title", report);
    let mut barcodes = Vec::new();
    for (index, value) in fields.list("barcodes", report).into_iter().enumerate() {
        match value {
            Value::Text(text) => barcodes.push(text),
            other => {
                let field = format!("barcodes[{index}]");
                report.add(
                    &field,
                    format!("is {}", other.kind()),
                    "give it in quotation marks",
                );
            }
        }
    }
    let weight = match fields.take("weight") {
        None => None,
        Some(Value::Text(text)) => Some(text),
        Some(Value::Number(grams)) if grams.is_u64() => Some(grams.to_string()),
        Some(Value::Number(grams)) => {
            report.add("weight", format!("{grams} is no weight"), WEIGHT_REMEDY);
            None
        }
        Some(other) => {
            report.add("weight", format!("is {}", other.kind()), WEIGHT_REMEDY);
            None
        }
    };
    let picture = fields.text("picture", report);
    fields.finish(report);
    ItemDraft {
        place: report.place.clone(),
        sku,
        title,
        barcodes,
        weight,
        picture,
    }
}

fn csv(body: &[u8], report: &mut Report) -> Result<Vec<ItemDraft>, Problem> {
    let table = Table::read(body, FIELDS, REQUIRED)?;
    let mut drafts = Vec::new();
    for (line, row) in &table.rows {
        table.check_ragged(*line, report);
        let cell = |column| table.cell(row, column).trim().to_owned();
        let optional = |column| Some(cell(column)).filter(|text| !text.is_empty());
        drafts.push(ItemDraft {
            place: place(*line),
            sku: cell("sku"),
            title: cell("title"),
            barcodes: cell("barcodes").split(' ').map(str::to_owned).collect(),
            weight: optional("weight"),
            picture: optional("picture"),
        });
    }
    Ok(drafts)
}

fn item(draft: &ItemDraft, report: &mut Report) -> Item {
    check_id("sku", &draft.sku, report);
    if control::is_reserved(&draft.sku) {
        report.add("sku", address::shorten(&draft.sku), RESERVED);
    }
    check_text("title", &draft.title, TITLE_CHARS_MAX, report);
    let barcodes = barcodes(draft, report);
    let weight = draft
        .weight
        .as_deref()
        .and_then(|text| piece_weight(text, report));
    if let Some(picture) = &draft.picture {
        check_picture(picture, report);
    }
    Item {
        sku: Sku::new(&draft.sku),
        title: address::tidy(&draft.title),
        barcodes,
        weight,
        picture: draft.picture.clone(),
    }
}

fn barcodes(draft: &ItemDraft, report: &mut Report) -> Vec<String> {
    let mut barcodes: Vec<String> = Vec::new();
    for (index, code) in draft.barcodes.iter().enumerate() {
        let (code, field) = (code.trim(), format!("barcodes[{index}]"));
        if code.is_empty() || barcodes.iter().any(|known| known == code) {
            continue;
        }
        let plain = code.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        if !plain || code.len() > BARCODE_BYTES_MAX {
            let text = format!("{} is no barcode", address::shorten(code));
            report.add(&field, text, "give at most 80 plain characters, as scanned");
        } else if control::is_reserved(code) {
            report.add(&field, address::shorten(code), RESERVED);
        }
        barcodes.push(code.to_owned());
    }
    if barcodes.len() > BARCODES_MAX {
        report.add(
            "barcodes",
            format!("{} barcodes", barcodes.len()),
            "give at most 20",
        );
    }
    if barcodes.is_empty() {
        let remedy = "give what is printed on the article, or its SKU if that is";
        report.add("barcodes", "there is none", remedy);
    }
    barcodes
}

fn piece_weight(text: &str, report: &mut Report) -> Option<Mass> {
    let text = text.trim();
    let grams = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let parsed = if grams {
        weight::parse(&format!("{text} g"))
    } else {
        weight::parse(text)
    };
    match parsed {
        Ok(mass) if mass > Mass::default() && mass <= WEIGHT_MAX => Some(mass),
        Ok(mass) => {
            let told = format!("{mass} is no weight of a piece");
            report.add("weight", told, "give more than nothing and at most 1000 kg");
            None
        }
        Err(told) => {
            report.add("weight", told, WEIGHT_REMEDY);
            None
        }
    }
}

/// A path below the picture folder and nowhere else.
fn check_picture(path: &str, report: &mut Report) {
    let legal = |c: char| !c.is_control() && !matches!(c, '\\' | ':');
    let part = |part: &str| !part.is_empty() && !part.starts_with('.');
    let ending = path
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase());
    let picture = ending.is_some_and(|e| ["png", "jpg", "jpeg", "webp"].contains(&e.as_str()));
    let inside = path.chars().all(legal) && path.split('/').all(part);
    if !picture || !inside || path.len() > PICTURE_BYTES_MAX {
        let text = format!(
            "{} is no picture below the picture folder",
            address::shorten(path)
        );
        report.add(
            "picture",
            text,
            "give a relative path without .. to a png, jpg or webp file",
        );
    }
}

/// Every SKU and barcode belongs to one item, or a scan would be ambiguous.
#[derive(Default)]
struct Owners {
    skus: HashMap<String, String>,
    barcodes: HashMap<String, String>,
}

impl Owners {
    fn claim(&mut self, item: &Item, place: &str, report: &mut Report) {
        let sku = item.sku.to_string();
        if let Some(other) = self.skus.insert(sku.clone(), place.to_owned()) {
            let text = format!("{} is at {other} already", address::shorten(&sku));
            report.add("sku", text, "give every item once");
        }
        for (index, code) in item.barcodes.iter().enumerate() {
            let owner = self.barcodes.insert(code.clone(), sku.clone());
            if let Some(other) = owner.filter(|other| *other != sku) {
                let text = format!("{} belongs to {other} too", address::shorten(code));
                let remedy = "leave it at one item: a scan must mean one article";
                report.add(&format!("barcodes[{index}]"), text, remedy);
            }
        }
    }
}
