//! demo
use super::Globals;
use clap::Args;
use std::process::ExitCode;
/// Arguments of `demo`.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {}
pub(crate) fn run(_globals: &Globals, _args: &DemoArgs) -> anyhow::Result<ExitCode> { Ok(ExitCode::SUCCESS) }
