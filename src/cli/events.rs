//! `firstscan events export|verify`.

use super::access::{self, Access};
use super::{Globals, output};
use crate::domain::Event;
use crate::store::Store;
use crate::sync::cloudevents;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::Value;
use std::process::ExitCode;

/// Events fetched at once.
const PAGE_EVENTS: u32 = 500;

/// Arguments of `events`.
#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    #[command(subcommand)]
    command: EventsCommand,
}

#[derive(Debug, Subcommand)]
enum EventsCommand {
    /// Write events as JSON lines
    Export {
        /// Form of each line
        #[arg(long, value_enum, default_value_t = Format::Stored)]
        format: Format,
        /// Only events after this number
        #[arg(long, default_value_t = 0)]
        since: u64,
    },
    /// Recompute the hash chain and check every stored receipt; exit 1 if it does not hold
    Verify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// As stored
    Stored,
    /// CloudEvents 1.0
    Cloudevents,
}

pub(crate) fn run(globals: &Globals, args: EventsArgs) -> anyhow::Result<ExitCode> {
    let access = access::open(globals)?;
    match args.command {
        EventsCommand::Export { format, since } => export(&access, format, since),
        EventsCommand::Verify => verify(globals, &access),
    }
}

fn page(access: &Access, since: u64) -> anyhow::Result<Vec<Event>> {
    match access {
        Access::Store(store) => Ok(store.events(since, PAGE_EVENTS)?),
        Access::Api(api) => {
            let path = format!("/api/v1/events?since={since}&limit={PAGE_EVENTS}");
            let answer = api.get(&path)?.unwrap_or_default();
            Ok(serde_json::from_value(
                answer.get("events").cloned().unwrap_or_default(),
            )?)
        }
    }
}

fn export(access: &Access, format: Format, since: u64) -> anyhow::Result<ExitCode> {
    let mut since = since;
    loop {
        let events = page(access, since)?;
        let Some(last) = events.last() else {
            return Ok(ExitCode::SUCCESS);
        };
        since = last.seq;
        for event in &events {
            match format {
                Format::Stored => output::json_line(event)?,
                Format::Cloudevents => output::json_line(&cloudevents::cloud_event(event))?,
            }
        }
    }
}

fn report(access: &Access) -> anyhow::Result<Value> {
    let of_store = |store: &Store| Ok(serde_json::to_value(store.verify()?)?);
    match access {
        Access::Store(store) => of_store(store),
        Access::Api(api) => {
            let (status, value) = api.post("/api/v1/verify", "application/json", b"{}")?;
            if status == 200 {
                Ok(value)
            } else {
                Err(access::refused(&value).into())
            }
        }
    }
}

fn verify(globals: &Globals, access: &Access) -> anyhow::Result<ExitCode> {
    let report = report(access)?;
    let valid = report
        .get("valid")
        .and_then(Value::as_bool)
        .unwrap_or(false);
    if globals.json {
        output::json(&report)?;
    } else {
        let text = |key: &str| output::field(&report, key);
        let word = if valid {
            "the chain holds"
        } else {
            "THE CHAIN IS BROKEN"
        };
        output::line(&format!(
            "{word}: {} events, {} receipts checked, head {}",
            text("events"),
            text("receipts_checked"),
            text("head")
        ))?;
        if !valid {
            output::line(&format!(
                "broken at {}: {}",
                text("broken_at"),
                text("reason")
            ))?;
        }
    }
    Ok(if valid {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}
