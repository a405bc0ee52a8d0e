//! `firstscan sync status|retry|parked`.

use super::access;
use super::{Globals, output};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::process::ExitCode;

/// Arguments of `sync`.
#[derive(Debug, Args)]
pub(crate) struct SyncArgs {
    #[command(subcommand)]
    command: SyncCommand,
}

#[derive(Debug, Subcommand)]
enum SyncCommand {
    /// How each sink fares
    Status,
    /// Send parked events again
    Retry {
        /// Only this sink
        sink: Option<String>,
    },
    /// Events the upstream refused, with the reasons; exit 1 if there are any
    Parked,
}

pub(crate) fn run(globals: &Globals, args: SyncArgs) -> anyhow::Result<ExitCode> {
    let api = access::daemon(globals)?;
    if let SyncCommand::Retry { sink } = &args.command {
        let body = sink
            .as_ref()
            .map_or_else(|| json!({}), |s| json!({ "sink": s }));
        let body = serde_json::to_vec(&body)?;
        let (status, answer) = api.post("/api/v1/sync/retry", "application/json", &body)?;
        if status >= 300 {
            return Err(access::refused(&answer).into());
        }
        output::json_line(&answer)?;
        return Ok(ExitCode::SUCCESS);
    }
    let status = api.get("/api/v1/status")?.unwrap_or_default();
    let sinks = status.get("sinks").cloned().unwrap_or_default();
    let sinks: Vec<Value> = serde_json::from_value(sinks)?;
    let parked = |s: &Value| {
        s.get("parked")
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    if matches!(args.command, SyncCommand::Parked) {
        let all: Vec<Value> = sinks.iter().flat_map(parked).collect();
        if globals.json {
            output::json(&all)?;
        } else {
            for event in &all {
                output::line(&event.to_string())?;
            }
        }
        return Ok(if all.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(1)
        });
    }
    if globals.json {
        output::json(&sinks)?;
    } else {
        for sink in &sinks {
            let text = |key: &str| output::field(sink, key);
            output::line(&format!(
                "{}: {}, acknowledged through {}, {} waiting, {} parked",
                text("sink"),
                text("state"),
                text("acked_through"),
                text("waiting"),
                parked(sink).len()
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
