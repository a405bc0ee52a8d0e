//! `firstscan run`: the daemon.

use super::Globals;
use crate::config::Config;
use crate::{app, telemetry};
use clap::Args;
use std::process::ExitCode;

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {}

pub(crate) fn run(globals: &Globals, _args: &RunArgs) -> anyhow::Result<ExitCode> {
    telemetry::start("info");
    let config = Config::load(globals.config.as_deref())?;
    app::run(config, &globals.data)?;
    Ok(ExitCode::SUCCESS)
}
