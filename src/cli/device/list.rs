//! `device list` and `device watch`: what is plugged in, what it could be, what comes and goes.

use super::{printed, quiet};
use crate::device::discover::{self, Candidate, Found, Inventory};
use clap::Args;
use serde::Serialize;
use std::io::{self, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Candidates shown for people; `--json` has all of them.
const SHOWN_MAX: usize = 4;
/// The score of what any serial port can carry.
const MERELY_POSSIBLE: u8 = 10;

pub(super) fn list(
    inventory: &Inventory,
    json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    if json {
        writeln!(out, "{}", serde_json::to_string(inventory)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = vec![["PORT", "DEVICE", "COULD BE", "WHY"].map(str::to_owned)];
    for found in &inventory.devices {
        rows.extend(rows_of(found));
    }
    table(&rows, out)?;
    if inventory.devices.is_empty() {
        writeln!(
            out,
            "Nothing is plugged in. Network devices are not listed: they need tcp = ..."
        )?;
    }
    for found in &inventory.devices {
        for problem in &found.problems {
            writeln!(out, "note: {}: {}", quiet(&found.port), quiet(problem))?;
        }
    }
    for problem in &inventory.problems {
        writeln!(out, "note: {}", quiet(problem))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// One row per candidate; names only in the first.
fn rows_of(found: &Found) -> Vec<[String; 4]> {
    let usb = found.usb.as_ref();
    let device = usb.map_or_else(String::new, |_| named(found));
    let is_anything = |c: &Candidate| c.score <= MERELY_POSSIBLE;
    if found.candidates.len() > 1 && found.candidates.iter().all(is_anything) {
        let count = format!("{} profiles", found.candidates.len());
        let port = quiet(&found.port);
        let why = format!("only you know; `firstscan device detect --port {port}` listens");
        return vec![[port, quiet(&device), count, why]];
    }
    let why = |c: &Candidate| c.evidence.join("; ");
    let mut rows: Vec<[String; 4]> = found
        .candidates
        .iter()
        .take(SHOWN_MAX)
        .map(|c| {
            [
                String::new(),
                String::new(),
                format!("{} ({})", c.profile, c.score),
                why(c),
            ]
        })
        .collect();
    let more = found.candidates.len().saturating_sub(SHOWN_MAX);
    if more > 0 {
        let why = "with --json, or `firstscan device profiles`".to_owned();
        rows.push([String::new(), String::new(), format!("{more} more"), why]);
    }
    if rows.is_empty() {
        rows.push([String::new(), String::new(), "-".into(), String::new()]);
    }
    if let Some(first) = rows.first_mut() {
        first[0].clone_from(&found.port);
        first[1] = quiet(&device);
    }
    rows
}

/// Columns as wide as their widest cell.
fn table(rows: &[[String; 4]], out: &mut dyn Write) -> io::Result<()> {
    let width = |i: usize| rows.iter().map(|r| r[i].chars().count()).max().unwrap_or(0);
    let (a, b, c) = (width(0), width(1), width(2));
    for [port, device, profile, why] in rows {
        let line = format!("{port:a$}  {device:b$}  {profile:c$}  {why}");
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// Ids and what it calls itself.
fn named(found: &Found) -> String {
    let Some(usb) = &found.usb else {
        return found.port.clone();
    };
    let serial = usb.serial.as_ref().map(|serial| format!("serial {serial}"));
    let texts = [&usb.manufacturer, &usb.product, &serial];
    let texts: Vec<&str> = texts.into_iter().filter_map(|t| t.as_deref()).collect();
    format!("{}:{} {}", usb.vendor_id, usb.product_id, texts.join(" "))
}

#[derive(Debug, Args)]
pub(super) struct Watch {
    /// End after so many seconds; goes on until interrupted if absent
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    seconds: Option<u64>,
}

/// One change; a line of JSON.
#[derive(Debug, Serialize)]
struct Change<'a> {
    /// `present`, `added`, `removed` or `changed`.
    change: &'static str,
    device: &'a Found,
}

/// Looks once a second and tells what came, went, or is another mode of what was there.
pub(super) fn watch(options: &Watch, json: bool) -> anyhow::Result<ExitCode> {
    let until = options
        .seconds
        .map(|s| Instant::now() + Duration::from_secs(s));
    let mut known: Option<Vec<Found>> = None;
    loop {
        let now = discover::list().devices;
        for change in changes(known.as_deref(), &now) {
            if json {
                printed(&serde_json::to_string(&change)?)?;
            } else {
                let best = change.device.candidates.first();
                let best = best.map(|c| format!("  could be {} ({})", c.profile, c.score));
                let (word, port) = (change.change, quiet(&change.device.port));
                let what = quiet(&named(change.device));
                printed(&format!(
                    "{word:8} {port}  {what}{}",
                    best.unwrap_or_default()
                ))?;
            }
        }
        known = Some(now);
        if until.is_some_and(|until| Instant::now() >= until) {
            return Ok(ExitCode::SUCCESS);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

fn changes<'a>(known: Option<&'a [Found]>, now: &'a [Found]) -> Vec<Change<'a>> {
    let is_same = |a: &Found, b: &Found| {
        let ids = |f: &Found| {
            f.usb
                .as_ref()
                .map(|u| (u.product_id.clone(), u.usb_port.clone()))
        };
        a.port == b.port && ids(a) == ids(b)
    };
    let Some(known) = known else {
        let present = |device| Change {
            change: "present",
            device,
        };
        return now.iter().map(present).collect();
    };
    let gone = known
        .iter()
        .filter(|old| !now.iter().any(|new| is_same(old, new)));
    let gone: Vec<&Found> = gone.collect();
    let came = now
        .iter()
        .filter(|new| !known.iter().any(|old| is_same(old, new)));
    let came: Vec<&Found> = came.collect();
    let mut all = Vec::new();
    for old in &gone {
        if !came.iter().any(|new| new.is_same_unit(old)) {
            all.push(Change {
                change: "removed",
                device: old,
            });
        }
    }
    for new in &came {
        let was_there = gone.iter().any(|old| old.is_same_unit(new));
        let change = if was_there { "changed" } else { "added" };
        all.push(Change {
            change,
            device: new,
        });
    }
    all
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::device::discover::UsbIdentity;

    fn device(product: &str, port: &str) -> Found {
        let usb = UsbIdentity {
            vendor_id: "0c2e".into(),
            product_id: product.into(),
            usb_port: port.into(),
            ..UsbIdentity::default()
        };
        Found {
            bus: "usb",
            port: format!("usb:{port}"),
            usb: Some(usb),
            ..Found::default()
        }
    }

    #[test]
    fn what_comes_goes_and_changes_its_mode_is_told_once() {
        let told = |known: Vec<Found>, now: Vec<Found>| -> Vec<String> {
            let all = changes(Some(&known), &now);
            all.iter()
                .map(|c| format!("{} {}", c.change, c.device.port))
                .collect()
        };
        let (a, b) = (device("0001", "1-1"), device("0002", "1-2"));
        assert_eq!(changes(None, std::slice::from_ref(&a))[0].change, "present");
        assert_eq!(told(vec![a.clone()], vec![a.clone()]), [""; 0]);
        assert_eq!(
            told(vec![a.clone()], vec![b.clone()]),
            ["removed usb:1-1", "added usb:1-2"]
        );
        assert_eq!(
            told(vec![a.clone()], vec![device("0009", "1-1"), b]),
            ["changed usb:1-1", "added usb:1-2"]
        );
    }

    #[test]
    fn a_port_that_can_carry_anything_is_one_row() {
        let candidate = |profile| Candidate {
            profile,
            score: 10,
            evidence: vec!["maybe".into()],
        };
        let found = Found {
            bus: "serial",
            port: "/dev/x".into(),
            candidates: vec![candidate("a"), candidate("b")],
            ..Found::default()
        };
        let [row] = rows_of(&found).try_into().unwrap();
        assert_eq!(row[2], "2 profiles");
        assert!(row[3].contains("device detect --port /dev/x"), "{row:?}");
    }

    #[test]
    fn the_table_shows_every_candidate_under_its_port() {
        let candidates = vec![
            Candidate {
                profile: "a",
                score: 100,
                evidence: vec!["ids".into()],
            },
            Candidate {
                profile: "b",
                score: 10,
                evidence: vec!["maybe".into()],
            },
        ];
        let found = Found {
            bus: "serial",
            port: "/dev/x".into(),
            names: vec![],
            candidates,
            ..Found::default()
        };
        let inventory = Inventory {
            devices: vec![found],
            problems: vec!["no rights".into()],
        };
        let mut out = Vec::new();
        list(&inventory, false, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "PORT    DEVICE  COULD BE  WHY\n/dev/x          a (100)   ids\n\
             \x20               b (10)    maybe\nnote: no rights\n"
        );
    }
}
