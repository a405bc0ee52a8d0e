//! `firstscan doctor`: can this station work, and what to do if not.

use super::access::{self, Api};
use super::{Globals, output};
use crate::config::Config;
use crate::device::discover;
use crate::label;
use serde::Serialize;
use serde_json::Value;
use std::path::Path;
use std::process::ExitCode;

/// Free space below this is a warning.
const FREE_BYTES_MIN: u64 = 1 << 30;

/// From this score on a device plugged in is one of ours.
const PROVEN: u8 = 60;

#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    ok: bool,
    text: String,
}

fn finding(what: &'static str, ok: bool, text: impl Into<String>) -> Finding {
    Finding {
        what,
        ok,
        text: text.into(),
    }
}

pub(crate) fn run(globals: &Globals) -> anyhow::Result<ExitCode> {
    let mut findings = vec![configuration(globals)];
    findings.push(zones(globals));
    findings.push(space(&globals.data));
    findings.push(template());
    findings.extend(system(globals));
    findings.extend(daemon(globals));
    findings.extend(numbers(globals));
    let ok = findings.iter().all(|f| f.ok);
    if globals.json {
        output::json(&findings)?;
    } else {
        for f in &findings {
            let word = if f.ok { "ok  " } else { "BAD " };
            output::line(&format!("{word} {:14} {}", f.what, f.text))?;
        }
    }
    Ok(if ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn configuration(globals: &Globals) -> Finding {
    let checked = Config::load(globals.config.as_deref())
        .map_err(|e| e.to_string())
        .and_then(|c| crate::app::check(&c).map_err(|e| e.to_string()).map(|()| c));
    match checked {
        Ok(c) => {
            let devices: usize = c.places.iter().map(|p| p.devices.len()).sum();
            let text = format!("{} places, {devices} devices", c.places.len());
            finding("configuration", true, text)
        }
        Err(text) => finding("configuration", false, text),
    }
}

/// Cut-offs and delivery days are in the carriers' time zones.
fn zones(globals: &Globals) -> Finding {
    let config = Config::load(globals.config.as_deref()).unwrap_or_default();
    let lacking = crate::app::tables(&config).is_ok_and(|tables| tables.lacks_zones());
    if lacking {
        let text = "this computer has no time zone database, so that no cut-off and no delivery \
                    day is known: install tzdata";
        return finding("time zones", false, text);
    }
    finding("time zones", true, "known")
}

/// What the system must grant, if the configuration or what is plugged in needs it.
fn system(globals: &Globals) -> Vec<Finding> {
    let inventory = discover::list();
    let config = Config::load(globals.config.as_deref()).unwrap_or_default();
    let mut devices = config.places.iter().flat_map(|place| &place.devices);
    let is_usb_port = |path: &Path| {
        let path = path.to_string_lossy();
        ["/dev/serial/", "/dev/ttyACM", "/dev/ttyUSB"]
            .iter()
            .any(|start| path.starts_with(start))
    };
    let is_configured =
        devices.any(|d| d.usb.is_some() || d.port.as_deref().is_some_and(is_usb_port));
    let is_proven = |found: &discover::Found| found.candidates.iter().any(|c| c.score >= PROVEN);
    if !is_configured && !inventory.devices.iter().any(is_proven) {
        return Vec::new();
    }
    let mut groups: Vec<u32> = rustix::process::getgroups()
        .unwrap_or_default()
        .into_iter()
        .map(rustix::process::Gid::as_raw)
        .collect();
    groups.push(rustix::process::getegid().as_raw());
    let is_root = rustix::process::geteuid().is_root();
    let checks = discover::system::checks(Path::new("/"), &groups, is_root);
    let mut findings: Vec<Finding> = checks
        .into_iter()
        .map(|check| finding(check.what, check.ok, check.text))
        .collect();
    for found in inventory.devices.iter().filter(|found| is_proven(found)) {
        for problem in &found.problems {
            findings.push(finding(
                "plugged in",
                false,
                format!("{}: {problem}", found.port),
            ));
        }
    }
    findings
}

/// Ranges that run low, if the station has worked yet.
fn numbers(globals: &Globals) -> Vec<Finding> {
    match super::number::low(globals) {
        Ok(None) => Vec::new(),
        Ok(Some(low)) if low.is_empty() => {
            vec![finding("numbers", true, "enough of every range")]
        }
        Ok(Some(low)) => low
            .into_iter()
            .map(|text| finding("numbers", false, text))
            .collect(),
        Err(error) => vec![finding("numbers", false, error.to_string())],
    }
}

fn space(data: &Path) -> Finding {
    let folder = data
        .ancestors()
        .find(|p| p.exists())
        .unwrap_or(Path::new("."));
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    match rustix::fs::statvfs(folder) {
        Ok(stat) => {
            let free = stat.f_bavail.saturating_mul(stat.f_frsize);
            let text = format!("{} MiB free for {}", free >> 20, data.display());
            finding("disk", free >= FREE_BYTES_MIN, text)
        }
        Err(error) => finding("disk", false, format!("{}: {error}", folder.display())),
    }
}

/// Renders and decodes a sample label: fonts, symbols and reader work on this machine.
fn template() -> Finding {
    let made = label::Template::load("transport-4x6").map(|template| {
        let resolution = firstscan_drivers::bitmap::Resolution::from_dpi(203);
        let label = label::render(&template, &template.sample, resolution);
        (
            label.problems.len() + label::check::expect(&label).len(),
            label.symbols.len(),
        )
    });
    match made {
        Ok((0, symbols)) => finding("label", true, format!("{symbols} symbols drawn and read")),
        Ok((problems, _)) => finding("label", false, format!("{problems} problems: reinstall")),
        Err(error) => finding("label", false, error.to_string()),
    }
}

/// What the running daemon says of its devices and sinks; without one, the store is checked.
fn daemon(globals: &Globals) -> Vec<Finding> {
    let Some(api) = Api::find(&globals.data) else {
        let stored = if globals.data.join("firstscan.db").exists() {
            match access::store(globals).and_then(|s| Ok(s.verify()?)) {
                Ok(r) => finding(
                    "store",
                    r.valid,
                    format!("{} events in the chain", r.events),
                ),
                Err(error) => finding("store", false, error.to_string()),
            }
        } else {
            finding("store", true, "no data yet")
        };
        let text = format!(
            "not running; start it with `firstscan run --data {}`",
            globals.data.display()
        );
        return vec![stored, finding("daemon", true, text)];
    };
    let Ok(Some(status)) = api.get("/api/v1/status") else {
        return vec![finding(
            "daemon",
            false,
            "it runs but does not answer: restart it",
        )];
    };
    let text = |v: &Value, key: &str| v.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
    let list = |key: &str| {
        status
            .get(key)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let mut findings = vec![finding(
        "daemon",
        true,
        format!("runs, {}", text(&status, "version")),
    )];
    for device in list("devices") {
        let state = text(&device, "state");
        let line = format!(
            "{}: {state} {}",
            text(&device, "device"),
            text(&device, "detail")
        );
        findings.push(finding("device", state == "ok", line));
    }
    for sink in list("sinks") {
        let state = text(&sink, "state");
        let parked = sink
            .get("parked")
            .and_then(Value::as_array)
            .map_or(0, Vec::len);
        let ok = matches!(state.as_str(), "ok" | "waiting") && parked == 0;
        let line = format!("{}: {state}, {parked} parked", text(&sink, "sink"));
        findings.push(finding("sink", ok, line));
    }
    findings
}
