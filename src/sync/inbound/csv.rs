//! Orders as CSV (RFC 4180): one row per order line.

use super::draft::{Draft, LineDraft, Names, OrderDraft, ValueDraft};
use super::problem::{Problem, Report, utf8};
use super::{ORDER_CSV_HEADER, ORDERS_MAX};
use crate::content::address::shorten;
use crate::domain::order::Address;
use ::csv::{ReaderBuilder, StringRecord};
use std::collections::HashMap;

/// Columns that describe the order and may be empty in its further rows.
const ORDER_COLUMNS: &[&str] = &[
    "seller",
    "channel",
    "service",
    "name",
    "company",
    "line1",
    "line2",
    "line3",
    "postcode",
    "city",
    "region",
    "country",
    "phone",
    "value",
    "currency",
    "promised_by",
];
/// Columns a file must have.
const REQUIRED: &[&str] = &[
    "order_id", "seller", "channel", "name", "line1", "city", "country", "sku", "title", "quantity",
];
/// Rows of one file.
const ROWS_MAX: usize = 100_000;

/// A CSV document as rows of named cells.
pub(super) struct Table {
    /// Column names as in the header, lower case.
    pub columns: Vec<String>,
    /// Line number and cells; short rows have empty cells at the end.
    pub rows: Vec<(u64, Vec<String>)>,
    /// Rows with another number of cells than the header: line, cells.
    pub ragged: Vec<(u64, usize)>,
}

impl Table {
    /// Reads header and rows. `known` are the columns that may be there, `required` those that
    /// must.
    pub fn read(body: &[u8], known: &[&str], required: &[&str]) -> Result<Table, Problem> {
        let text = utf8(body)?;
        let mut reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut records = reader.records();
        let no_csv = |error: ::csv::Error| {
            Problem::document(
                format!("this is no CSV ({error})"),
                "save it as CSV with commas",
            )
        };
        let header = records
            .next()
            .transpose()
            .map_err(no_csv)?
            .unwrap_or_default();
        let columns = header_columns(&header, known, required)?;
        let mut table = Table {
            columns,
            rows: Vec::new(),
            ragged: Vec::new(),
        };
        for record in records {
            let record = record.map_err(no_csv)?;
            if record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            if table.rows.len() >= ROWS_MAX {
                let text = format!("the file has more than {ROWS_MAX} rows");
                return Err(Problem::document(text, "split it"));
            }
            table.add(&record);
        }
        if table.rows.is_empty() {
            return Err(Problem::document(
                "there are no rows below the header",
                "add some",
            ));
        }
        Ok(table)
    }

    fn add(&mut self, record: &StringRecord) {
        let line = record.position().map_or(0, ::csv::Position::line);
        if record.len() != self.columns.len() {
            self.ragged.push((line, record.len()));
        }
        let cell = |at| record.get(at).unwrap_or_default().to_owned();
        self.rows
            .push((line, (0..self.columns.len()).map(cell).collect()));
    }

    /// A cell by row and column name; empty if the column is not there.
    pub fn cell<'a>(&self, row: &'a [String], column: &str) -> &'a str {
        let at = self.columns.iter().position(|name| name == column);
        at.and_then(|at| row.get(at)).map_or("", String::as_str)
    }

    /// Reports a row with too many or too few cells.
    pub fn check_ragged(&self, line: u64, report: &mut Report) {
        if let Some((_, cells)) = self.ragged.iter().find(|(ragged, _)| *ragged == line) {
            let text = format!("{cells} cells below {} columns", self.columns.len());
            let remedy = "put cells with commas into quotation marks, and keep empty ones";
            report.add_at(&place(line), "row", text, remedy);
        }
    }
}

pub(super) fn place(line: u64) -> String {
    format!("line {line}")
}

fn header_columns(
    header: &StringRecord,
    known: &[&str],
    required: &[&str],
) -> Result<Vec<String>, Problem> {
    let first = header.get(0).unwrap_or_default();
    for (separator, name) in [(';', "semicolons"), ('\t', "tabs"), ('|', "bars")] {
        if header.len() == 1 && first.contains(separator) {
            let text = format!("the columns are separated by {name}");
            return Err(at_header(
                text,
                "save it again with commas (\"CSV UTF-8\" may not do it)",
            ));
        }
    }
    let columns: Vec<String> = header
        .iter()
        .map(|name| name.trim().to_lowercase())
        .collect();
    for (index, column) in columns.iter().enumerate() {
        if !known.contains(&column.as_str()) {
            let text = format!("{} is no column here", shorten(column));
            return Err(at_header(
                text,
                &format!("the columns are {}", known.join(",")),
            ));
        }
        if columns.iter().take(index).any(|earlier| earlier == column) {
            let text = format!("column {column} is there twice");
            return Err(at_header(text, "remove one"));
        }
    }
    match required
        .iter()
        .find(|column| !columns.iter().any(|name| name == *column))
    {
        Some(column) => Err(at_header(
            format!("column {column} is missing"),
            &format!("begin the file with {}", known.join(",")),
        )),
        None => Ok(columns),
    }
}

fn at_header(text: String, remedy: &str) -> Problem {
    Problem {
        place: place(1),
        ..Problem::document(text, remedy)
    }
}

/// All orders of a file, in order of their first rows.
pub(super) fn drafts(body: &[u8]) -> Result<Vec<Draft>, Problem> {
    let known: Vec<&str> = ORDER_CSV_HEADER.split(',').collect();
    let table = Table::read(body, &known, REQUIRED)?;
    // First row of every order, and where its draft is.
    let mut firsts: HashMap<&str, (usize, usize)> = HashMap::new();
    let mut drafts: Vec<OrderDraft> = Vec::new();
    for (index, (line, row)) in table.rows.iter().enumerate() {
        let id = table.cell(row, "order_id").trim();
        let known = firsts.get(id).copied().filter(|_| !id.is_empty());
        let at = match known {
            Some((first, at)) => {
                if let (Some((first_line, first)), Some(draft)) =
                    (table.rows.get(first), drafts.get_mut(at))
                {
                    compare(
                        &table,
                        (*first_line, first),
                        (*line, row),
                        &mut draft.report,
                    );
                }
                at
            }
            None => {
                firsts.insert(id, (index, drafts.len()));
                drafts.push(begin(&table, id, *line, row));
                drafts.len().saturating_sub(1)
            }
        };
        if let Some(draft) = drafts.get_mut(at) {
            table.check_ragged(*line, &mut draft.report);
            let line = order_line(&table, *line, row, &mut draft.report);
            draft.lines.push(line);
        }
    }
    if drafts.len() > ORDERS_MAX {
        let text = format!("the file has {} orders", drafts.len());
        return Err(Problem::document(text, "send at most 2000 in one document"));
    }
    Ok(drafts
        .into_iter()
        .map(|draft| Draft::Order(Box::new(draft)))
        .collect())
}

fn begin(table: &Table, id: &str, line: u64, row: &[String]) -> OrderDraft {
    let cell = |column: &str| table.cell(row, column).to_owned();
    let optional = |column: &str| Some(cell(column)).filter(|text| !text.trim().is_empty());
    let ship_to = Address {
        name: cell("name"),
        company: optional("company"),
        lines: vec![cell("line1"), cell("line2"), cell("line3")],
        postcode: cell("postcode"),
        city: cell("city"),
        region: optional("region"),
        country: cell("country"),
        phone: optional("phone"),
    };
    let (amount, currency) = (optional("value"), optional("currency"));
    let value = (amount.is_some() || currency.is_some()).then(|| ValueDraft {
        amount: amount.unwrap_or_default(),
        currency: currency.unwrap_or_default(),
    });
    OrderDraft {
        id: id.to_owned(),
        seller: cell("seller"),
        channel: cell("channel").trim().to_owned(),
        service: optional("service"),
        value,
        promised_by: optional("promised_by"),
        ship_to,
        lines: Vec::new(),
        label: None,
        report: Report::at(place(line)),
        names: Names::Csv,
    }
}

/// Further rows of an order must say the same as its first, or nothing.
fn compare(table: &Table, first: (u64, &[String]), row: (u64, &[String]), report: &mut Report) {
    for column in ORDER_COLUMNS {
        let (one, other) = (
            table.cell(first.1, column).trim(),
            table.cell(row.1, column).trim(),
        );
        if !other.is_empty() && one != other {
            let text = format!("{} is not what line {} says", shorten(other), first.0);
            let remedy = "make the rows of one order agree, or leave the cell empty";
            report.add_at(&place(row.0), column, text, remedy);
        }
    }
}

fn order_line(table: &Table, line: u64, row: &[String], report: &mut Report) -> LineDraft {
    let text = table.cell(row, "quantity").trim();
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let quantity = text.parse().ok().filter(|_| digits);
    if quantity.is_none() {
        let told = format!("{} is no quantity", shorten(text));
        let remedy = "give a whole number from 1 to 999";
        report.add_at(&place(line), "quantity", told, remedy);
    }
    LineDraft {
        place: place(line),
        sku: table.cell(row, "sku").trim().to_owned(),
        title: table.cell(row, "title").to_owned(),
        quantity: quantity.unwrap_or_default(),
    }
}
