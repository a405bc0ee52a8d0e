//! `firstscan backup FILE`: a verified copy, also while the daemon runs.

use super::access::{self, Access, Exit};
use super::{Globals, output};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Arguments of `backup`.
#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// File to write; must not exist
    file: PathBuf,
}

pub(crate) fn run(globals: &Globals, args: &BackupArgs) -> anyhow::Result<ExitCode> {
    let file = std::path::absolute(&args.file)?;
    if file.exists() {
        let text = format!("{} exists already: choose another name", file.display());
        return Err(Exit::new(2, text).into());
    }
    let report = match access::open(globals)? {
        Access::Store(store) => serde_json::to_value(store.backup(&file)?)?,
        Access::Api(api) => {
            let body = serde_json::to_vec(&json!({ "path": file }))?;
            let (status, value) = api.post("/api/v1/backup", "application/json", &body)?;
            if status != 200 {
                return Err(access::refused(&value).into());
            }
            value
        }
    };
    if globals.json {
        output::json(&json!({ "file": file, "verified": report }))?;
    } else {
        let events = report
            .get("events")
            .map(ToString::to_string)
            .unwrap_or_default();
        output::line(&format!(
            "{} written and verified: {events} events",
            file.display()
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}
