//! `device record` and `device replay`: exchanges as text, for profiles, tests and bug reports.

use super::{Exit, Globals, access, block_on, device, key, printed, unusable};
use crate::config::Config;
use crate::device::config::{DeviceConfig, Wiring};
use crate::device::record::{MASKED, OpenError, Session};
use anyhow::Context as _;
use clap::Args;
use firstscan_drivers::decode::{Line, line};
use firstscan_drivers::profile::{Kind, Profile};
use firstscan_drivers::registry;
use firstscan_drivers::transcript::Transcript;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tokio::time::Instant;

const FILE_BYTES_MAX: u64 = 64 << 20;

#[derive(Debug, Args)]
pub(super) struct Record {
    /// A device of the configuration, by its id; the daemon must not run then
    #[arg(long, value_name = "ID", conflicts_with_all = ["profile", "port", "tcp", "usb"])]
    device: Option<String>,
    /// What a device of the running daemon (--data) said and heard lately, by its id: always
    /// masked, labels left out
    #[arg(long, value_name = "ID",
        conflicts_with_all = ["device", "profile", "port", "tcp", "usb", "raw", "listen_only"])]
    from_daemon: Option<String>,
    /// Profile of a device that is not in the configuration
    #[arg(long, value_name = "ID")]
    profile: Option<String>,
    /// With --profile: the serial port it is at
    #[arg(long, value_name = "PATH", conflicts_with_all = ["tcp", "usb"])]
    port: Option<PathBuf>,
    /// With --profile: its address in the network
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "usb")]
    tcp: Option<String>,
    /// With --profile: its USB ids, hexadecimal
    #[arg(long, value_name = "VVVV:PPPP")]
    usb: Option<String>,
    /// With --usb: its serial number
    #[arg(long, value_name = "TEXT", requires = "usb")]
    serial: Option<String>,
    /// With --usb: the socket it sits in, such as 1-1.4
    #[arg(long, value_name = "PORT", requires = "usb")]
    usb_port: Option<String>,
    /// With --usb: kernel, hidraw or libusb; an example of a keyboard's profile wants hidraw
    #[arg(long, value_name = "WAY", requires = "usb")]
    via: Option<String>,
    /// Where the recording goes; standard output if absent
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Record for so long; the last 64 KiB are kept
    #[arg(long, value_name = "N", default_value_t = 10,
        value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// Keep what was scanned; otherwise letters become x and digits 0
    #[arg(long)]
    raw: bool,
    /// Send nothing
    #[arg(long)]
    listen_only: bool,
}

pub(super) fn record(globals: &Globals, options: &Record) -> anyhow::Result<ExitCode> {
    if let Some(id) = &options.from_daemon {
        return lately(globals, id, options.out.as_deref());
    }
    let wiring = wiring(globals, options)?;
    let profile = wiring.profile;
    let heard = block_on(heard(&wiring, options))?;
    let transcript = heard.map_err(|error| unusable(&error))?;
    let transcript = if options.raw {
        transcript
    } else {
        transcript.masked(profile)
    };
    let masked = profile.kind == Kind::Scanner && !options.raw;
    let note = if masked {
        format!("{MASKED}\n")
    } else {
        String::new()
    };
    let text = format!("{note}{}", transcript.to_text());
    keep(&text, transcript.transfers.len(), options.out.as_deref())
}

/// The flight recorder of a device of the daemon.
fn lately(globals: &Globals, id: &str, out: Option<&Path>) -> anyhow::Result<ExitCode> {
    let mut name = String::new();
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            name.push(char::from(byte));
        } else {
            name.push_str(&format!("%{byte:02X}"));
        }
    }
    let api = access::daemon(globals)?;
    let found = api.text(&format!("/api/v1/devices/{name}/transcript"))?;
    let absent = || {
        let text = format!("the daemon has no device {id:?}: `firstscan doctor` lists its devices");
        Exit::new(2, text)
    };
    let text = found.ok_or_else(absent)?;
    keep(&text, Transcript::parse(&text)?.transfers.len(), out)
}

/// Writes a recording of so many transfers to a new file, or prints it.
fn keep(text: &str, count: usize, out: Option<&Path>) -> anyhow::Result<ExitCode> {
    match out {
        Some(path) => {
            let mut file = std::fs::File::options()
                .write(true)
                .create_new(true)
                .open(path);
            let file = file.as_mut().map_err(|e| {
                Exit::new(
                    2,
                    format!("{}: {e}: give a new file with --out", path.display()),
                )
            })?;
            file.write_all(text.as_bytes())?;
            eprintln!("{count} transfers in {}", path.display());
        }
        None => printed(text.trim_end())?,
    }
    Ok(if count == 0 {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

fn wiring(globals: &Globals, options: &Record) -> anyhow::Result<Wiring> {
    if let Some(id) = &options.device {
        let config = Config::load(globals.config.as_deref())?;
        let mut devices = config.places.into_iter().flat_map(|place| place.devices);
        let found: Option<DeviceConfig> = devices.find(|device| device.id.as_str() == id);
        let absent = || {
            Exit::new(
                2,
                format!("no device {id:?} in the configuration (--config)"),
            )
        };
        return Ok(found.ok_or_else(absent)?.wiring()?);
    }
    let Some(id) = &options.profile else {
        return Err(Exit::new(
            2,
            "name a --device, a --profile and its --port, or --from-daemon",
        )
        .into());
    };
    let profile = known(id)?;
    let role = format!("{:?}", profile.kind).to_lowercase();
    let mut lines = key("id", "record/device") + &key("role", &role) + &key("profile", id);
    let port = options.port.as_ref().map(|path| path.display().to_string());
    for (name, value) in [
        ("port", &port),
        ("tcp", &options.tcp),
        ("usb", &options.usb),
        ("serial", &options.serial),
        ("usb_port", &options.usb_port),
        ("via", &options.via),
    ] {
        if let Some(value) = value {
            lines += &key(name, value);
        }
    }
    Ok(device(&lines)?.wiring()?)
}

async fn heard(wiring: &Wiring, options: &Record) -> Result<Transcript, OpenError> {
    let mut session = Session::open(wiring, options.listen_only).await?;
    eprintln!("recording {} for {} s", session.what, options.seconds);
    let until = Instant::now() + Duration::from_secs(options.seconds);
    loop {
        match session.next(until).await {
            Ok(Some(emitted)) => tracing::debug!(event = ?line(&emitted.event), "heard"),
            Ok(None) => break,
            Err(error) => {
                eprintln!("the line ended: {error}");
                break;
            }
        }
    }
    Ok(session.transcript(&wiring.profile.id))
}

fn known(id: &str) -> Result<&'static Profile, Exit> {
    let text = format!("no profile {id:?}: `firstscan device profiles` lists them");
    registry::profile(id).ok_or_else(|| Exit::new(2, text))
}

#[derive(Debug, Args)]
pub(super) struct Replay {
    /// A recording
    file: PathBuf,
    /// Read it with another profile than it names
    #[arg(long, value_name = "ID")]
    profile: Option<String>,
    /// Print it as an example of a profile instead, under this name
    #[arg(long, value_name = "NAME")]
    example: Option<String>,
}

/// JSON lines as of `device decode`, with `at_ms`; exit code 1 if nothing was understood.
pub(super) fn replay(options: &Replay) -> anyhow::Result<ExitCode> {
    let path = &options.file;
    let shown = path.display();
    let size = std::fs::metadata(path).with_context(|| format!("{shown}: give a recording"))?;
    if size.len() > FILE_BYTES_MAX {
        return Err(Exit::new(2, format!("{shown}: longer than 64 MiB: split it")).into());
    }
    let text = std::fs::read_to_string(path).with_context(|| format!("{shown}: no text"))?;
    let transcript = Transcript::parse(&text).map_err(|e| Exit::new(2, format!("{shown}: {e}")))?;
    let id = options.profile.as_ref().or(transcript.profile.as_ref());
    let unnamed = || Exit::new(2, "the recording names no profile: give one with --profile");
    let profile = known(id.ok_or_else(unnamed)?)?;
    if profile.kind == Kind::Printer {
        let text = "a printer's answers need their question: use `device decode --query NAME`";
        return Err(Exit::new(2, text).into());
    }
    if let Some(name) = &options.example {
        if profile.hid.is_some() && transcript.has_input_events() {
            let text = "examples of this profile are reports: record them with --via hidraw";
            return Err(Exit::new(2, text).into());
        }
        printed(transcript.example(profile, name).trim_end())?;
        return Ok(ExitCode::SUCCESS);
    }
    let events = transcript.events(profile);
    for (at_ms, line) in &events {
        let mut value = serde_json::to_value(line)?;
        if let Some(object) = value.as_object_mut() {
            object.insert("at_ms".into(), (*at_ms).into());
        }
        printed(&value.to_string())?;
    }
    let understood = events
        .iter()
        .any(|(_, line)| !matches!(line, Line::Garbage { .. }));
    Ok(if understood {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}
