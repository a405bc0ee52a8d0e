//! `firstscan order|item|parcel|handover`: the station's records.

use super::access::{self, Access, Exit};
use super::{Globals, output};
use crate::domain::change::RecordKind;
use crate::domain::scan;
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Rows a listing shows.
const ROWS_MAX: u32 = 1000;

/// Arguments of `order`.
#[derive(Debug, Args)]
pub(crate) struct OrderArgs {
    #[command(subcommand)]
    command: OrderCommand,
}

#[derive(Debug, Subcommand)]
enum OrderCommand {
    /// Give order files (JSON or CSV) to the running daemon
    Import {
        /// Files, as `order schema` describes them
        #[arg(required = true)]
        files: Vec<PathBuf>,
    },
    /// Print the JSON schema of an order document
    Schema,
    /// Show one order
    Show {
        /// As the platform gave it
        id: String,
    },
}

/// Arguments of `item`.
#[derive(Debug, Args)]
pub(crate) struct ItemArgs {
    #[command(subcommand)]
    command: ItemCommand,
}

#[derive(Debug, Subcommand)]
enum ItemCommand {
    /// Give an item master (JSON or CSV) to the running daemon
    Import {
        /// A list of items with their codes, or rows
        file: PathBuf,
    },
}

/// Arguments of `parcel`.
#[derive(Debug, Args)]
pub(crate) struct ParcelArgs {
    #[command(subcommand)]
    command: ParcelCommand,
}

#[derive(Debug, Subcommand)]
enum ParcelCommand {
    /// One parcel
    Show {
        /// Parcel id, tracking number or label code
        code: String,
    },
}

/// Arguments of `handover`.
#[derive(Debug, Args)]
pub(crate) struct HandoverArgs {
    #[command(subcommand)]
    command: HandoverCommand,
}

#[derive(Debug, Subcommand)]
enum HandoverCommand {
    /// All handovers, newest last
    List,
    /// One handover
    Show {
        /// As `handover list` shows it
        id: String,
    },
}

fn media(path: &Path) -> &'static str {
    let csv = path
        .extension()
        .is_some_and(|e| e.eq_ignore_ascii_case("csv"));
    if csv { "text/csv" } else { "application/json" }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let fail = |e| Exit::new(2, format!("cannot read {}: {e}", path.display()));
    Ok(std::fs::read(path).map_err(fail)?)
}

pub(crate) fn order(globals: &Globals, args: OrderArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        OrderCommand::Import { files } => import(globals, &files),
        OrderCommand::Schema => {
            output::line(crate::sync::inbound::ORDER_SCHEMA)?;
            Ok(ExitCode::SUCCESS)
        }
        OrderCommand::Show { id } => show(globals, RecordKind::Order, &id),
    }
}

fn import(globals: &Globals, files: &[PathBuf]) -> anyhow::Result<ExitCode> {
    let api = access::daemon(globals)?;
    let mut refused = false;
    let mut all = Vec::new();
    for file in files {
        let (status, answer) = api.post("/api/v1/orders/import", media(file), &read(file)?)?;
        if status >= 500 || answer.get("results").is_none() {
            return Err(access::refused(&answer).into());
        }
        let results = answer
            .get("results")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default();
        for result in results {
            let bad = result.get("outcome").and_then(Value::as_str) == Some("refused");
            refused |= bad;
            if !globals.json {
                output::line(&format!("{}: {}", file.display(), sentence(&result)))?;
            }
            all.push(result);
        }
    }
    if globals.json {
        output::json(&all)?;
    }
    Ok(if refused {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

fn sentence(result: &Value) -> String {
    let text = |key: &str| result.get(key).and_then(Value::as_str).unwrap_or_default();
    let problems = result
        .get("problems")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    // What cannot be read names no order.
    let mut line = match text("order") {
        "" => text("outcome").to_owned(),
        order => format!("order {order} {}", text("outcome")),
    };
    for problem in problems {
        line.push_str(&format!("\n  {}", problem.as_str().unwrap_or_default()));
    }
    line
}

pub(crate) fn item(globals: &Globals, args: ItemArgs) -> anyhow::Result<ExitCode> {
    let ItemCommand::Import { file } = args.command;
    let api = access::daemon(globals)?;
    let (status, answer) = api.post("/api/v1/items", media(&file), &read(&file)?)?;
    if status >= 300 {
        return Err(access::refused(&answer).into());
    }
    if globals.json {
        output::json(&answer)?;
    } else {
        output::line(&format!("{}: {answer}", file.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn parcel(globals: &Globals, args: ParcelArgs) -> anyhow::Result<ExitCode> {
    let ParcelCommand::Show { code } = args.command;
    let found = match access::open(globals)? {
        Access::Api(api) => api.get(&format!("/api/v1/parcels/{}", encoded(&code)))?,
        Access::Store(store) => {
            let mut row = None;
            for form in scan::forms(&code) {
                let rows = store.records_by_code(&form)?;
                let is_parcel =
                    |(kind, _, _): &(RecordKind, String, Value)| *kind == RecordKind::Parcel;
                row = row.or(rows.into_iter().rev().find(is_parcel));
            }
            match row {
                Some((_, id, body)) => {
                    let events = store.events_of(&id, ROWS_MAX)?;
                    Some(json!({ "parcel": body, "events": events }))
                }
                None => None,
            }
        }
    };
    print(found, "parcel", &code)
}

/// Percent-encoded for one path segment.
fn encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~".contains(&b);
    let one = |b: u8| {
        if plain(b) {
            char::from(b).to_string()
        } else {
            format!("%{b:02X}")
        }
    };
    text.bytes().map(one).collect()
}

pub(crate) fn handover(globals: &Globals, args: HandoverArgs) -> anyhow::Result<ExitCode> {
    let rows: Vec<Value> = match access::open(globals)? {
        Access::Api(api) => {
            let answer = api.get(&format!("/api/v1/handovers?limit={ROWS_MAX}"))?;
            let list = answer
                .and_then(|a| a.get("handovers").cloned())
                .unwrap_or_default();
            serde_json::from_value(list)?
        }
        Access::Store(store) => {
            let rows = store.records(RecordKind::Handover, false, ROWS_MAX)?;
            rows.into_iter().map(|(_, body)| body).collect()
        }
    };
    match args.command {
        HandoverCommand::List => {
            output::json(&rows)?;
            Ok(ExitCode::SUCCESS)
        }
        HandoverCommand::Show { id } => {
            let is = |r: &&Value| r.get("id").and_then(Value::as_str) == Some(id.as_str());
            print(rows.iter().find(is).cloned(), "handover", &id)
        }
    }
}

fn show(globals: &Globals, kind: RecordKind, id: &str) -> anyhow::Result<ExitCode> {
    let found = match access::open(globals)? {
        Access::Api(api) => api.get(&format!("/api/v1/{}s/{}", kind.as_str(), encoded(id)))?,
        Access::Store(store) => store.record(kind, id)?,
    };
    print(found, kind.as_str(), id)
}

fn print(found: Option<Value>, what: &str, id: &str) -> anyhow::Result<ExitCode> {
    match found {
        Some(value) => {
            output::json(&value)?;
            Ok(ExitCode::SUCCESS)
        }
        None => {
            eprintln!("firstscan: no {what} {id:?} here: check the id, or list what exists");
            Ok(ExitCode::from(1))
        }
    }
}
