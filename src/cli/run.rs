//! `firstscan run`: the daemon.

use super::Globals;
use crate::config::Config;
use crate::{app, telemetry};
use clap::Args;
use std::process::ExitCode;

/// Arguments of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// End when standard input closes: a supervisor that dies takes its daemon along
    #[arg(long, hide = true)]
    end_with_stdin: bool,
}

pub(crate) fn run(globals: &Globals, args: &RunArgs) -> anyhow::Result<ExitCode> {
    telemetry::start("info");
    let config = Config::load(globals.config.as_deref())?;
    app::run(config, &globals.data, args.end_with_stdin)?;
    Ok(ExitCode::SUCCESS)
}
