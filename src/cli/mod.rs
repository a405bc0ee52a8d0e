//! Subcommands, one file each. Standard output carries answers only; everything else goes to
//! standard error. Exit codes: 0 ok, 1 negative result, 2 usage, 3 configuration, 4 device,
//! 5 store, 6 upstream.

mod access;
mod backup;
mod carrier;
mod config;
mod demo;
pub mod device;
mod doctor;
mod events;
mod gs1;
pub mod label;
mod number;
mod output;
mod records;
mod run;
mod sync;
mod track;
mod udev;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

pub use access::Exit;

/// Software of a warehouse packing station: from order to proven first scan.
#[derive(Debug, Parser)]
#[command(name = "firstscan", version, arg_required_else_help = true)]
struct Cli {
    /// Configuration file (TOML); embedded defaults without it
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Data folder: database, token, locks
    #[arg(
        long = "data",
        global = true,
        value_name = "DIR",
        default_value = "data"
    )]
    data: PathBuf,
    /// Print one JSON document (or JSON lines) on standard output
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

/// What all commands share.
#[derive(Debug)]
pub(crate) struct Globals {
    pub config: Option<PathBuf>,
    pub data: PathBuf,
    pub json: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Pack parcels without hardware: emulated devices around the real daemon
    Demo(demo::DemoArgs),
    /// Run the daemon
    Run(run::RunArgs),
    /// Render, convert and check labels
    Label(label::LabelArgs),
    /// Find, assign, record and decode devices
    Device(device::DeviceArgs),
    /// Import and show orders
    Order(records::OrderArgs),
    /// Import the item master
    Item(records::ItemArgs),
    /// Show a parcel with everything that happened to it
    Parcel(records::ParcelArgs),
    /// List and show handovers
    Handover(records::HandoverArgs),
    /// List carriers, explain an assignment
    Carrier(carrier::CarrierArgs),
    /// Numbers of carriers' ranges: give out, count, lease, split
    Number(number::NumberArgs),
    /// Say what a tracking number is: carrier, format, check, fields
    Track(track::TrackArgs),
    /// Read and check GS1 data
    Gs1(gs1::Gs1Args),
    /// State of the upstream sinks
    Sync(sync::SyncArgs),
    /// Export and verify the event chain
    Events(events::EventsArgs),
    /// Check and show the configuration
    Config(config::ConfigArgs),
    /// Check that this station can work, and say what to do if not
    Doctor,
    /// Print udev rules, systemd unit, user and group for this station's devices
    Udev(udev::UdevArgs),
    /// Write a verified copy of the database
    Backup(backup::BackupArgs),
}

/// Parses the command line and runs the command.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let globals = Globals {
        config: cli.config,
        data: cli.data,
        json: cli.json,
    };
    let outcome = match cli.command {
        Command::Demo(args) => demo::run(&globals, &args),
        Command::Run(args) => run::run(&globals, &args),
        Command::Label(args) => label::run(args, globals.json),
        Command::Device(args) => device::run(&globals, &args),
        Command::Order(args) => records::order(&globals, args),
        Command::Item(args) => records::item(&globals, args),
        Command::Parcel(args) => records::parcel(&globals, args),
        Command::Handover(args) => records::handover(&globals, args),
        Command::Carrier(args) => carrier::run(&globals, args),
        Command::Number(args) => number::run(&globals, args),
        Command::Track(args) => track::run(&args, globals.json),
        Command::Gs1(args) => gs1::run(&args, globals.json),
        Command::Sync(args) => sync::run(&globals, args),
        Command::Events(args) => events::run(&globals, args),
        Command::Config(args) => config::run(&globals, args),
        Command::Doctor => doctor::run(&globals),
        Command::Udev(args) => udev::run(&globals, &args),
        Command::Backup(args) => backup::run(&globals, &args),
    };
    ended("firstscan", outcome)
}

/// Tells why a program failed, and its exit code.
fn ended(program: &str, outcome: anyhow::Result<ExitCode>) -> ExitCode {
    outcome.unwrap_or_else(|error| {
        if !reader_left(&error) {
            eprintln!("{program}: {}", told(&error));
        }
        access::exit_code(&error)
    })
}

/// The error with its causes; many texts name their cause themselves, and once is enough.
fn told(error: &anyhow::Error) -> String {
    let mut text = error.to_string().trim_end().to_owned();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !text.contains(cause.trim_end()) {
            text = format!("{text}: {}", cause.trim_end());
        }
    }
    text
}

/// Whoever read our output has seen enough, as in `events export | head`: nothing to complain of.
fn reader_left(error: &anyhow::Error) -> bool {
    let broken = |e: &std::io::Error| e.kind() == std::io::ErrorKind::BrokenPipe;
    error
        .chain()
        .filter_map(|c| c.downcast_ref::<std::io::Error>())
        .any(broken)
}
