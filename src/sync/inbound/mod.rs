//! Orders and items in: documents become validated orders, or a list of problems that names place,
//! field, cause and remedy.
//!
//! Constraints: parsing is pure; randomness is passed in; every document and list has a limit;
//! nothing of a bad order is taken, but its neighbours in the same file are. The same content gives
//! the same fingerprint, whatever the order of its keys or its spaces.

mod canonical;
pub mod carrier_scan;
mod check;
mod csv;
mod draft;
pub mod items;
mod json;
mod problem;
mod value;
pub mod watch;

pub use canonical::person_hash;
pub use problem::{Problem, Refused};

use crate::content::script::Unprintable;
use crate::domain::OrderId;
use crate::domain::order::{Address, Order};

/// The published JSON schema of an order document, as `order schema` prints it.
pub const ORDER_SCHEMA: &str = include_str!("../../../fixtures/schema/order-v1.json");
/// The first row of a CSV of orders: one row per order line, further rows of an order may leave
/// all but `order_id`, `sku`, `title` and `quantity` empty.
pub const ORDER_CSV_HEADER: &str = "order_id,seller,channel,service,name,company,line1,line2,\
    line3,postcode,city,region,country,phone,value,currency,promised_by,sku,title,quantity";

/// Bytes of one document.
pub const DOCUMENT_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Orders of one document.
pub const ORDERS_MAX: usize = 2_000;
/// Lines of one order.
pub const LINES_MAX: usize = 200;
/// Pieces of one line.
pub const QUANTITY_MAX: u32 = 999;
/// Bytes of a carrier's label.
pub const LABEL_BYTES_MAX: usize = 5 * 1024 * 1024;

/// The language of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// One order or cancellation, or an array of them.
    Json,
    /// One row per order line, [`ORDER_CSV_HEADER`] first.
    Csv,
}

impl Language {
    /// By a file name's ending, in any case.
    pub fn of_file(name: &str) -> Option<Language> {
        let (_, ending) = name.rsplit_once('.')?;
        match ending.to_ascii_lowercase().as_str() {
            "json" => Some(Language::Json),
            "csv" => Some(Language::Csv),
            _ => None,
        }
    }
}

/// What validation asks of its surroundings.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// Characters of a text the label fonts have no glyph for.
    pub printable: &'a dyn Fn(&str) -> Result<(), Unprintable>,
    /// True for the id of a carrier of this station.
    pub carrier_known: &'a dyn Fn(&str) -> bool,
}

impl std::fmt::Debug for Rules<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Rules")
    }
}

/// Where a recipient is kept apart from the order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Row id.
    pub id: String,
    /// Random text, at least 128 bits; kept in the erasable row.
    pub salt: String,
}

/// A validated order with what is stored beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Waiting, version 1.
    pub order: Order,
    pub address: Address,
    pub salt: String,
    pub label: Option<LabelDocument>,
}

/// The carrier's label as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelDocument {
    /// `pdf`, `png` or `jpeg`, by its first bytes.
    pub format: &'static str,
    pub bytes: Vec<u8>,
}

/// One validated document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    Order(Box<Incoming>),
    Cancel { order: OrderId, reason: String },
}

/// Reads all orders of a document, each for itself, in document order. A document that cannot be
/// read at all is one refusal with an empty order id.
///
/// `person` is asked once per valid order: for an order that is already stored it must give the
/// stored row (otherwise the same order twice would look changed: the fingerprint covers the
/// address only through its salted hash), for a new one a fresh id and salt.
pub fn read(
    body: &[u8],
    language: Language,
    rules: &Rules<'_>,
    person: &mut dyn FnMut(&OrderId) -> Person,
) -> Vec<Result<Document, Refused>> {
    let drafts = match language {
        Language::Json => json::drafts(body),
        Language::Csv => csv::drafts(body),
    };
    match drafts {
        Err(problem) => vec![Err(Refused {
            order: String::new(),
            problems: vec![problem],
        })],
        Ok(drafts) => drafts
            .into_iter()
            .map(|draft| check::finish(draft, rules, person))
            .collect(),
    }
}

/// Reads a document that must hold exactly one order or cancellation.
///
/// # Errors
/// [`Refused`] with all problems.
pub fn read_one(
    body: &[u8],
    rules: &Rules<'_>,
    person: &mut dyn FnMut(&OrderId) -> Person,
) -> Result<Document, Refused> {
    let drafts = json::drafts(body);
    let refuse = |problem| Refused {
        order: String::new(),
        problems: vec![problem],
    };
    let mut drafts = drafts.map_err(refuse)?;
    match (drafts.pop(), drafts.is_empty()) {
        (Some(draft), true) => check::finish(draft, rules, person),
        _ => {
            let remedy = "send each order by itself, or import the file";
            Err(refuse(Problem::document(
                "this is more than one order, or none",
                remedy,
            )))
        }
    }
}
