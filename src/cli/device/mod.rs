//! `firstscan device`: what is plugged in, what it could be, which one it is, what it says.

mod assign;
mod decode;
mod detect;
mod list;
mod record;
mod write;

use super::{Exit, Globals, access};
use crate::config::Config;
use crate::device::config::DeviceConfig;
use crate::device::discover;
use crate::device::record::OpenError;
use clap::{Args, Subcommand};
use std::future::Future;
use std::io::{self, Write};
use std::process::ExitCode;

/// Exit code for a device that cannot be used.
const DEVICE: u8 = 4;
/// Longest text shown of what a device says about itself.
const SHOWN_CHARS_MAX: usize = 400;

/// Arguments of `firstscan device`.
#[derive(Debug, Args)]
pub struct DeviceArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// What is plugged in, and which profiles could drive it; probes nothing
    List,
    /// What is plugged in and out, as it happens
    Watch(list::Watch),
    /// Find a scanner or scale by using it, and write it into the configuration
    Assign(assign::Assign),
    /// Line settings and protocol of a serial port that you name
    Detect(detect::Detect),
    /// Recorded bytes on standard input to JSON lines
    Decode(decode::Decode),
    /// Record what a device and its protocol say to each other
    Record(record::Record),
    /// What a recording says, as JSON lines
    Replay(record::Replay),
    /// Ids of all profiles
    Profiles,
}

/// Runs the command; prints to standard output.
///
/// # Errors
/// Unreadable input, a device that cannot be used, or a closed output; the text says what to do.
pub(crate) fn run(globals: &Globals, args: &DeviceArgs) -> anyhow::Result<ExitCode> {
    let json = globals.json;
    let mut out = io::stdout();
    // The site's own profiles count everywhere.
    if globals.config.is_some() {
        Config::load(globals.config.as_deref())?;
    }
    match &args.command {
        Command::List => list::list(&discover::list(), json, &mut out),
        Command::Watch(options) => list::watch(options, json),
        Command::Assign(options) => assign::run(globals, options),
        Command::Detect(options) => detect::run(options, json),
        Command::Decode(options) => {
            decode::decode_input(options, &mut io::stdin().lock(), &mut out)
        }
        Command::Record(options) => record::record(globals, options),
        Command::Replay(options) => record::replay(options),
        Command::Profiles => decode::profiles(json, &mut out),
    }
}

/// Runs what talks to devices.
fn block_on<T>(work: impl Future<Output = T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let done = runtime.block_on(work);
    // Closing a line may wait in the kernel; nobody waits for it.
    runtime.shutdown_background();
    Ok(done)
}

/// A line at once, for whoever watches.
fn printed(line: &str) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}

/// Texts of devices cannot steer the terminal, and not fill it.
fn quiet(text: &str) -> String {
    let plain = |c: &char| !c.is_control();
    text.chars().filter(plain).take(SHOWN_CHARS_MAX).collect()
}

fn unusable(error: &OpenError) -> Exit {
    Exit::new(DEVICE, quiet(&error.to_string()))
}

/// A device out of lines as the configuration has them.
fn device(lines: &str) -> Result<DeviceConfig, Exit> {
    toml::from_str(lines).map_err(|e| Exit::new(2, e.to_string()))
}

/// `key = "value"` for the configuration.
fn key(key: &str, value: &str) -> String {
    format!("{key} = {}\n", toml::Value::String(value.to_owned()))
}
