//! `firstscan config check|show`.

use super::{Globals, output};
use crate::config::{self, Config};
use clap::{Args, Subcommand};
use serde_json::json;
use std::process::ExitCode;

/// Arguments of `config`.
#[derive(Debug, Args)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Check the file and everything it names
    Check,
    /// Show every effective value and where it comes from
    Show,
}

pub(crate) fn run(globals: &Globals, args: ConfigArgs) -> anyhow::Result<ExitCode> {
    let path = globals.config.as_deref();
    match args.command {
        ConfigCommand::Check => {
            let config = Config::load(path)?;
            crate::app::check(&config)?;
            if globals.json {
                output::json(&json!({ "valid": true, "places": config.places.len() }))?;
            } else {
                output::line("the configuration is valid")?;
            }
        }
        ConfigCommand::Show => {
            let rows = config::show(path)?;
            if globals.json {
                output::json(&rows)?;
            } else {
                for row in rows {
                    output::line(&format!("{} = {}  # {}", row.key, row.value, row.origin))?;
                }
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
