//! `device assign`: which device it is, found by using it.

use super::{Exit, Globals, block_on, device, printed, quiet, write};
use crate::config::Config;
use crate::device::assign::{self, News};
use crate::device::config::Wiring;
use crate::device::discover::{self, Found, suggest};
use clap::{Args, ValueEnum};
use firstscan_drivers::profile::{Kind, Profile};
use firstscan_drivers::registry;
use serde::Serialize;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// A device is opened unasked only if its ids or its reports prove what it is.
const PROVEN: u8 = 60;

#[derive(Debug, Args)]
pub(super) struct Assign {
    /// What it is to be
    #[arg(long, value_enum)]
    role: Wanted,
    /// The place it belongs to
    #[arg(long, value_name = "ID", default_value = "bench1")]
    place: String,
    /// Its id; PLACE/ROLE if absent
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// Also listen on this port or device, by any of its names in `device list`; may be repeated
    #[arg(long, value_name = "NAME")]
    allow: Vec<String>,
    /// Profile of the allowed ones, if their best candidate is not it
    #[arg(long, value_name = "ID")]
    profile: Option<String>,
    /// Wait so long
    #[arg(long, value_name = "N", default_value_t = 60,
        value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Add the device to this configuration file
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Wanted {
    Scanner,
    Scale,
}

impl Wanted {
    fn kind(self) -> Kind {
        match self {
            Wanted::Scanner => Kind::Scanner,
            Wanted::Scale => Kind::Scale,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Wanted::Scanner => "scanner",
            Wanted::Scale => "scale",
        }
    }
}

/// What is printed with `--json`.
#[derive(Serialize)]
struct Answer<'a> {
    id: &'a str,
    place: &'a str,
    profile: &'a str,
    device: &'a Found,
    /// The scanned text, or the load as displayed.
    reacted_to: &'a str,
    /// Lines of the device for the configuration.
    config: &'a str,
    written: bool,
}

struct Listened {
    found: Found,
    profile: &'static Profile,
    lines: String,
    wiring: Wiring,
}

pub(super) fn run(globals: &Globals, options: &Assign) -> anyhow::Result<ExitCode> {
    let named = options.id.clone();
    let id = named.unwrap_or_else(|| format!("{}/{}", options.place, options.role.name()));
    let taken = taken(globals)?;
    let mut listened = chosen(options, &id)?;
    listened.retain(|l| !taken.contains(&l.lines_of_target()));
    if listened.is_empty() {
        let text = format!(
            "no {} is proven by its ids: name a port from `firstscan device list` with --allow, \
             and its --profile if it is a serial one (`firstscan device detect` finds it)",
            options.role.name()
        );
        return Err(Exit::new(super::DEVICE, text).into());
    }
    eprintln!("{}", instruction(options.role, listened.len()));
    let names: Vec<String> = listened.iter().map(|l| quiet(&l.found.port)).collect();
    let name = |device: usize| names.get(device).cloned().unwrap_or_default();
    let news = |news: News| match news {
        News::Listening { device, what } => eprintln!("listening: {} ({what})", name(device)),
        News::Away { device, why } => eprintln!("not heard: {}: {}", name(device), quiet(&why)),
        News::Loaded { device, shown } => {
            eprintln!("{} shows {shown}: now take it off", name(device));
        }
    };
    let wirings = listened.iter().map(|l| l.wiring.clone()).collect();
    let how_long = Duration::from_secs(options.seconds);
    let Some(reacted) = block_on(assign::listen(wirings, how_long, news))? else {
        let text = "no device reacted: is it connected, and in the mode of its profile?";
        return Err(Exit::new(1, text).into());
    };
    let Some(it) = listened.get(reacted.device) else {
        return Err(Exit::new(1, "a device reacted that is not in the list").into());
    };
    if let Some(file) = &options.write {
        write::append(file, &options.place, &id, &it.lines)?;
    }
    if globals.json {
        let answer = Answer {
            id: &id,
            place: &options.place,
            profile: &it.profile.id,
            device: &it.found,
            reacted_to: &reacted.by,
            config: &it.lines,
            written: options.write.is_some(),
        };
        printed(&serde_json::to_string(&answer)?)?;
    } else {
        let by = quiet(&reacted.by);
        eprintln!("it is {}: {by}", quiet(&it.found.port));
        printed(&format!("[[places.devices]]\n{}", it.lines.trim_end()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn instruction(role: Wanted, count: usize) -> String {
    let act = match role {
        Wanted::Scanner => "Scan any printed code with the scanner you mean",
        Wanted::Scale => "Put something heavier than 20 g on the scale you mean, wait, take it off",
    };
    format!("{act} ({count} listened to).")
}

impl Listened {
    /// What names the device, without id, role and profile.
    fn lines_of_target(&self) -> String {
        self.lines.lines().skip(3).collect::<Vec<_>>().join("\n")
    }
}

/// The targets of devices the configuration has: they belong to somebody.
fn taken(globals: &Globals) -> anyhow::Result<Vec<String>> {
    let config = Config::load(globals.config.as_deref())?;
    let devices = config.places.iter().flat_map(|place| &place.devices);
    let target = |device: &crate::device::config::DeviceConfig| {
        let port = device.port.as_ref().map(|path| path.display().to_string());
        let keys = [
            ("port", &port),
            ("usb", &device.usb),
            ("serial", &device.serial),
            ("usb_port", &device.usb_port),
        ];
        let lines = keys
            .iter()
            .filter_map(|(name, value)| Some(super::key(name, value.as_ref()?)));
        lines.collect::<String>().trim_end().to_owned()
    };
    Ok(devices.map(target).collect())
}

/// What is listened to: proven by ids or reports, or allowed by name.
fn chosen(options: &Assign, id: &str) -> anyhow::Result<Vec<Listened>> {
    let mut all = discover::list().devices;
    for name in &options.allow {
        let known = |found: &Found| found.port == *name || found.names.contains(name);
        if !all.iter().any(known) {
            // A port that is not in sysfs: a pty, a port of a container.
            if !name.starts_with('/') {
                let text = format!("{name}: no such name in `firstscan device list`");
                return Err(Exit::new(2, text).into());
            }
            all.push(Found {
                bus: "serial",
                port: name.clone(),
                ..Found::default()
            });
        }
    }
    let mut chosen = Vec::new();
    for found in all {
        let names: Vec<&String> = std::iter::once(&found.port).chain(&found.names).collect();
        let allowed = options.allow.iter().any(|name| names.contains(&name));
        let Some(profile) = profile(options, &found, allowed)? else {
            continue;
        };
        let lines = suggest(&found, profile, id);
        let wiring = device(&lines)?.wiring()?;
        chosen.push(Listened {
            found,
            profile,
            lines,
            wiring,
        });
    }
    Ok(chosen)
}

fn profile(
    options: &Assign,
    found: &Found,
    allowed: bool,
) -> Result<Option<&'static Profile>, Exit> {
    let kind = options.role.kind();
    if let Some(id) = options.profile.as_ref().filter(|_| allowed) {
        let absent = format!("no profile {id:?}: `firstscan device profiles` lists them");
        let profile = registry::profile(id).ok_or_else(|| Exit::new(2, absent))?;
        return if profile.kind == kind {
            Ok(Some(profile))
        } else {
            let text = format!("{id} is no profile of a {}", options.role.name());
            Err(Exit::new(2, text))
        };
    }
    let fitting = found.candidates.iter().filter_map(|candidate| {
        let profile = registry::profile(candidate.profile)?;
        (profile.kind == kind).then_some((candidate.score, profile))
    });
    let best = fitting.into_iter().max_by_key(|(score, _)| *score);
    match best {
        Some((score, profile)) if score >= PROVEN => Ok(Some(profile)),
        // Any serial scanner sends lines; a scale's protocol cannot be guessed.
        _ if allowed && kind == Kind::Scanner && found.bus == "serial" => {
            Ok(registry::profile("serial-line"))
        }
        Some((score, profile)) if allowed && score > 10 => Ok(Some(profile)),
        _ if allowed => {
            let port = &found.port;
            let text = format!(
                "{port}: which protocol? `firstscan device detect --port {port}` finds it; then \
                 give --profile"
            );
            Err(Exit::new(2, text))
        }
        _ => Ok(None),
    }
}
