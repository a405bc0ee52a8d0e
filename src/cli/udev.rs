//! `firstscan udev`: the files that give the daemon its devices and its place in the system.

use super::{Exit, Globals, output};
use crate::config::Config;
use anyhow::Context as _;
use clap::{Args, ValueEnum};
use firstscan_drivers::{registry, udev};
use serde::Serialize;
use std::io::Write;
use std::process::ExitCode;

const UNIT: &str = include_str!("../../udev/firstscan.service");
const SYSUSERS: &str = include_str!("../../udev/firstscan.sysusers");

/// Arguments of `firstscan udev`.
#[derive(Debug, Args)]
pub struct UdevArgs {
    /// Which file
    #[arg(long, value_enum, default_value_t = What::Rules)]
    what: What,
    /// A device without a profile of its own, by its ids; may be repeated. Devices of the
    /// configuration are always among the rules
    #[arg(long, value_name = "VVVV:PPPP")]
    usb: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Who may open which device
    Rules,
    /// The systemd service
    Unit,
    /// User and group for systemd-sysusers
    Sysusers,
}

#[derive(Serialize)]
struct Document {
    group: &'static str,
    rules: Vec<udev::Rule>,
    files: Vec<File>,
    /// Commands that make the system read the files, in order.
    then: [&'static str; 5],
}

#[derive(Serialize)]
struct File {
    path: &'static str,
    text: String,
}

const THEN: [&str; 5] = [
    "systemd-sysusers",
    "udevadm control --reload",
    "udevadm trigger",
    "systemctl daemon-reload",
    "systemctl enable --now firstscan",
];

/// Prints one of the files; all of them with what they say as one JSON document.
///
/// # Errors
/// Ids that are none, a configuration that cannot be read.
pub(crate) fn run(globals: &Globals, args: &UdevArgs) -> anyhow::Result<ExitCode> {
    let mut named = Vec::new();
    for text in &args.usb {
        let text_is = || format!("--usb {text:?}: write two times four hex digits, as 0922:8003");
        named.push(ids(text).ok_or_else(|| Exit::new(2, text_is()))?);
    }
    let config = Config::load(globals.config.as_deref())?;
    let devices = config.places.iter().flat_map(|place| &place.devices);
    named.extend(devices.filter_map(|device| ids(device.usb.as_deref()?)));
    let rules = udev::rules(registry::profiles(), &named);
    if globals.json {
        output::json(&document(rules))?;
    } else {
        let text = match args.what {
            What::Rules => udev::text(&rules),
            What::Unit => UNIT.to_owned(),
            What::Sysusers => SYSUSERS.to_owned(),
        };
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes())
            .context("cannot write to standard output")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn document(rules: Vec<udev::Rule>) -> Document {
    let file = |path, text: &str| File {
        path,
        text: text.to_owned(),
    };
    let text = udev::text(&rules);
    Document {
        group: udev::GROUP,
        rules,
        files: vec![
            file(udev::PATH, &text),
            file("/etc/systemd/system/firstscan.service", UNIT),
            file("/usr/lib/sysusers.d/firstscan.conf", SYSUSERS),
        ],
        then: THEN,
    }
}

fn ids(text: &str) -> Option<(String, String)> {
    let (vendor, product) = text.trim().split_once(':')?;
    let is_id = |id: &str| id.len() == 4 && id.bytes().all(|b| b.is_ascii_hexdigit());
    (is_id(vendor) && is_id(product)).then(|| (vendor.to_owned(), product.to_owned()))
}
