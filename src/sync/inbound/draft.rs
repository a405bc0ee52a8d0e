//! An order as read, before it is judged: what JSON and CSV have in common.

use super::problem::Report;
use crate::domain::order::Address;

/// A document as read. `report` already has what the reader found.
#[derive(Debug)]
pub(super) enum Draft {
    Order(Box<OrderDraft>),
    Cancel {
        order: String,
        reason: String,
        report: Report,
    },
}

#[derive(Debug, Default)]
pub(super) struct OrderDraft {
    pub id: String,
    pub seller: String,
    pub channel: String,
    pub service: Option<String>,
    pub value: Option<ValueDraft>,
    pub promised_by: Option<String>,
    pub ship_to: Address,
    pub lines: Vec<LineDraft>,
    pub label: Option<LabelDraft>,
    pub report: Report,
    /// Names of fields as this language writes them.
    pub names: Names,
}

#[derive(Debug, Default)]
pub(super) struct LineDraft {
    /// Place of this line, if it is not the order's own.
    pub place: String,
    pub sku: String,
    pub title: String,
    pub quantity: u32,
}

#[derive(Debug, Default)]
pub(super) struct LabelDraft {
    pub carrier: String,
    pub service: String,
    pub tracking_number: String,
    /// Base64.
    pub document: String,
}

/// What the goods are worth, as written.
#[derive(Debug, Default)]
pub(super) struct ValueDraft {
    pub amount: String,
    pub currency: String,
}

/// How a language names the fields of an order.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Names {
    #[default]
    Json,
    Csv,
}

impl Names {
    pub fn order_id(self) -> &'static str {
        match self {
            Names::Json => "id",
            Names::Csv => "order_id",
        }
    }

    /// A field of order line `index`.
    pub fn line(self, index: usize, field: &str) -> String {
        match self {
            Names::Json => format!("lines[{index}].{field}"),
            Names::Csv => field.to_owned(),
        }
    }

    /// A field of the value.
    pub fn value(self, field: &str) -> String {
        match (self, field) {
            (Names::Json, _) => format!("value.{field}"),
            (Names::Csv, "amount") => "value".to_owned(),
            (Names::Csv, _) => field.to_owned(),
        }
    }

    /// A field of the address, as `content::address` names it.
    pub fn address(self, field: &str) -> String {
        match (self, field) {
            (Names::Json, _) => format!("ship_to.{field}"),
            (Names::Csv, "lines" | "lines[0]") => "line1".to_owned(),
            (Names::Csv, "lines[1]") => "line2".to_owned(),
            (Names::Csv, "lines[2]") => "line3".to_owned(),
            (Names::Csv, _) => field.to_owned(),
        }
    }
}
