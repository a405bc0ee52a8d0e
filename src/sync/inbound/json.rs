//! Orders as JSON, by the published schema.

use super::draft::{Draft, LabelDraft, LineDraft, Names, OrderDraft, ValueDraft};
use super::problem::{Problem, Report, utf8};
use super::value::{Fields, Value};
use super::{LINES_MAX, ORDERS_MAX};
use crate::content::address;
use crate::domain::order::Address;

const ORDER: &[&str] = &[
    "schema",
    "id",
    "seller",
    "channel",
    "service",
    "value",
    "promised_by",
    "ship_to",
    "lines",
    "carrier_label",
];
const VALUE: &[&str] = &["amount", "currency"];
const SHIP_TO: &[&str] = &[
    "name", "company", "lines", "postcode", "city", "region", "country", "phone",
];
const LINE: &[&str] = &["sku", "title", "quantity"];
const LABEL: &[&str] = &["carrier", "service", "tracking_number", "document"];
const CANCEL: &[&str] = &["schema", "cancel", "reason"];
/// The only value of `schema`.
const SCHEMA: &str = "order-v1";

/// One order or cancellation, or a list of them.
pub(super) fn drafts(body: &[u8]) -> Result<Vec<Draft>, Problem> {
    let list = match Value::parse(utf8(body)?)? {
        Value::List(list) => list,
        value => return Ok(vec![draft(value, String::new())]),
    };
    if list.is_empty() || list.len() > ORDERS_MAX {
        let text = format!("the list has {} orders", list.len());
        return Err(Problem::document(text, "send 1 to 2000 in one document"));
    }
    let places = list.into_iter().enumerate();
    Ok(places
        .map(|(index, value)| draft(value, format!("[{index}]")))
        .collect())
}

fn draft(value: Value, place: String) -> Draft {
    let mut report = Report::at(place);
    let is_cancel = matches!(&value, Value::Map(map) if map.iter().any(|(key, _)| key == "cancel"));
    if is_cancel {
        let mut fields = Fields::of(value, "", CANCEL, &mut report);
        schema(&mut fields, &mut report);
        let order = fields.required("cancel", &mut report);
        let reason = fields.required("reason", &mut report);
        fields.finish(&mut report);
        return Draft::Cancel {
            order,
            reason,
            report,
        };
    }
    let mut fields = Fields::of(value, "", ORDER, &mut report);
    if !report.problems.is_empty() {
        return Draft::Order(Box::new(OrderDraft {
            report,
            ..OrderDraft::default()
        }));
    }
    schema(&mut fields, &mut report);
    let id = fields.required("id", &mut report);
    let seller = fields.required("seller", &mut report);
    let channel = fields.required("channel", &mut report);
    let service = fields.text("service", &mut report);
    let value = fields
        .take("value")
        .map(|found| value_of(found, &mut report));
    let promised_by = fields.text("promised_by", &mut report);
    let ship_to = ship_to(fields.take("ship_to"), &mut report);
    let rows = fields.list("lines", &mut report);
    let lines = lines(rows, &mut report);
    let label = fields
        .take("carrier_label")
        .map(|value| label(value, &mut report));
    fields.finish(&mut report);
    let names = Names::Json;
    let order = OrderDraft {
        id,
        seller,
        channel,
        service,
        value,
        promised_by,
        ship_to,
        lines,
        label,
        report,
        names,
    };
    Draft::Order(Box::new(order))
}

/// An amount is a text: as a number, `19.90` and `19.899999` are the same to many a writer.
fn value_of(value: Value, report: &mut Report) -> ValueDraft {
    let mut fields = Fields::of(value, "value", VALUE, report);
    let found = ValueDraft {
        amount: fields.required("amount", report),
        currency: fields.required("currency", report),
    };
    fields.finish(report);
    found
}

fn schema(fields: &mut Fields<'_>, report: &mut Report) {
    if let Some(version) = fields.text("schema", report)
        && version != SCHEMA
    {
        let text = format!("{} is unknown here", address::shorten(&version));
        report.add("schema", text, "write order-v1, or install a newer version");
    }
}

fn ship_to(value: Option<Value>, report: &mut Report) -> Address {
    let Some(value) = value else {
        report.add("ship_to", "is missing", "give the recipient's address");
        return Address::default();
    };
    let before = report.problems.len();
    let mut fields = Fields::of(value, "ship_to", SHIP_TO, report);
    if report.problems.len() > before {
        return Address::default();
    }
    let mut lines = Vec::new();
    for (index, value) in fields.list("lines", report).into_iter().enumerate() {
        match value {
            Value::Text(text) => lines.push(text),
            other => {
                let field = format!("ship_to.lines[{index}]");
                report.add(&field, format!("is {}", other.kind()), "give a text");
            }
        }
    }
    let address = Address {
        name: fields.text("name", report).unwrap_or_default(),
        company: fields.text("company", report),
        lines,
        postcode: fields.text("postcode", report).unwrap_or_default(),
        city: fields.text("city", report).unwrap_or_default(),
        region: fields.text("region", report),
        country: fields.text("country", report).unwrap_or_default(),
        phone: fields.text("phone", report),
    };
    fields.finish(report);
    address
}

fn lines(rows: Vec<Value>, report: &mut Report) -> Vec<LineDraft> {
    let too_many = rows.len() > LINES_MAX;
    if too_many {
        report.add(
            "lines",
            format!("{} lines", rows.len()),
            "send at most 200 per order",
        );
    }
    let rows = rows.into_iter().take(LINES_MAX).enumerate();
    rows.map(|(index, value)| line(index, value, report))
        .collect()
}

fn line(index: usize, value: Value, report: &mut Report) -> LineDraft {
    let path = format!("lines[{index}]");
    let mut fields = Fields::of(value, &path, LINE, report);
    let sku = fields.required("sku", report);
    let title = fields.required("title", report);
    let field = fields.path("quantity");
    let remedy = "give a whole number from 1 to 999, without quotation marks";
    let quantity = match fields.take("quantity") {
        Some(Value::Number(number)) => {
            let whole = number
                .as_u64()
                .and_then(|number| u32::try_from(number).ok());
            if whole.is_none() {
                report.add(&field, format!("{number} is no quantity"), remedy);
            }
            whole.unwrap_or_default()
        }
        None => {
            report.add(&field, "is missing", remedy);
            0
        }
        Some(other) => {
            report.add(&field, format!("is {}", other.kind()), remedy);
            0
        }
    };
    fields.finish(report);
    LineDraft {
        place: report.place.clone(),
        sku,
        title,
        quantity,
    }
}

fn label(value: Value, report: &mut Report) -> LabelDraft {
    let mut fields = Fields::of(value, "carrier_label", LABEL, report);
    let label = LabelDraft {
        carrier: fields.required("carrier", report),
        service: fields.required("service", report),
        tracking_number: fields.required("tracking_number", report),
        document: fields.required("document", report),
    };
    fields.finish(report);
    label
}
