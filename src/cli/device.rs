//! `firstscan device`: what is plugged in, and what recorded bytes mean.

use crate::device::discover::{self, Found, Inventory};
use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use firstscan_drivers::decode::{Line, decode};
use firstscan_drivers::profile::{Kind, Profile};
use firstscan_drivers::registry;
use serde::Serialize;
use std::io::{self, Read, Write};
use std::process::ExitCode;

/// Recorded bytes accepted on standard input.
const INPUT_BYTES_MAX: u64 = 16 << 20;
/// Exit code for a negative result.
const NEGATIVE: u8 = 1;
/// Exit code for wrong use.
const USAGE: u8 = 2;

/// Arguments of `firstscan device`.
#[derive(Debug, Args)]
pub struct DeviceArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// What is plugged in, and which profiles could drive it; probes nothing.
    List,
    /// Recorded bytes on standard input to JSON lines.
    Decode(Decode),
    /// Ids of all profiles.
    Profiles,
}

#[derive(Debug, Args)]
struct Decode {
    /// Profile id; `firstscan device profiles` lists them.
    #[arg(long, value_name = "ID")]
    profile: String,
    /// Feed so many bytes at a time; everything at once if absent.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    chunk: Option<u32>,
    /// Which question a printer's bytes answer, such as hs.
    #[arg(long, value_name = "NAME")]
    query: Option<String>,
}

/// Runs the command; prints to standard output.
///
/// # Errors
/// Unreadable input or a closed output; the text says what to do.
pub fn run(args: &DeviceArgs, json: bool) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    match &args.command {
        Command::List => list(&discover::list(), json, &mut out),
        Command::Decode(options) => decode_input(options, &mut io::stdin().lock(), &mut out),
        Command::Profiles => profiles(json, &mut out),
    }
}

fn list(inventory: &Inventory, json: bool, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
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
    for problem in &inventory.problems {
        writeln!(out, "note: {problem}")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// One row per candidate; names only in the first.
fn rows_of(found: &Found) -> Vec<[String; 4]> {
    let usb = found.usb.as_ref();
    let device = usb.map_or_else(String::new, |u| {
        let texts = [u.manufacturer.as_deref(), u.product.as_deref()];
        let texts: Vec<&str> = texts.into_iter().flatten().collect();
        format!("{}:{} {}", u.vendor_id, u.product_id, texts.join(" "))
    });
    let why = |c: &discover::Candidate| c.evidence.join("; ");
    let mut rows: Vec<[String; 4]> = found
        .candidates
        .iter()
        .map(|c| {
            [
                String::new(),
                String::new(),
                format!("{} ({})", c.profile, c.score),
                why(c),
            ]
        })
        .collect();
    if rows.is_empty() {
        rows.push([String::new(), String::new(), "-".into(), String::new()]);
    }
    if let Some(first) = rows.first_mut() {
        first[0].clone_from(&found.port);
        first[1] = device
            .chars()
            .filter(|c| !c.is_control())
            .take(48)
            .collect();
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

fn profiles(json: bool, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    #[derive(Serialize)]
    struct Row<'a> {
        id: &'a str,
        kind: Kind,
        vendor: &'a str,
        model: &'a str,
    }
    let row = |p: &'static Profile| Row {
        id: &p.id,
        kind: p.kind,
        vendor: &p.vendor,
        model: &p.model,
    };
    let all = registry::profiles();
    if json {
        let rows: Vec<Row<'_>> = all.iter().map(row).collect();
        writeln!(out, "{}", serde_json::to_string(&rows)?)?;
    } else {
        for profile in all {
            writeln!(out, "{}", profile.id)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// JSON lines in any case; exit code 1 if nothing was understood.
fn decode_input(
    options: &Decode,
    input: &mut dyn Read,
    out: &mut dyn Write,
) -> anyhow::Result<ExitCode> {
    let Some(profile) = registry::profile(&options.profile) else {
        let id = &options.profile;
        eprintln!("error: no profile {id:?}: `firstscan device profiles` lists them");
        return Ok(ExitCode::from(USAGE));
    };
    if let Some(problem) = query_problem(profile, options.query.as_deref()) {
        eprintln!("error: {problem}");
        return Ok(ExitCode::from(USAGE));
    }
    let mut bytes = Vec::new();
    input
        .take(INPUT_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .context("cannot read standard input: give the recorded bytes with < FILE")?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > INPUT_BYTES_MAX {
        bail!("more than {INPUT_BYTES_MAX} bytes on standard input: split the recording");
    }
    let chunk = options.chunk.and_then(|n| usize::try_from(n).ok());
    let lines = decode(profile, chunk, options.query.as_deref(), &bytes);
    for line in &lines {
        writeln!(out, "{}", serde_json::to_string(line)?)?;
    }
    let understood = lines
        .iter()
        .any(|line| !matches!(line, Line::Garbage { .. }));
    Ok(if understood {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(NEGATIVE)
    })
}

/// Why `--query` cannot be used; `None` if it can.
fn query_problem(profile: &Profile, query: Option<&str>) -> Option<String> {
    let query = query?;
    let Some(language) = registry::language(profile) else {
        return Some(format!("{} is no printer: leave --query out", profile.id));
    };
    let names: Vec<&str> = language.queries().iter().map(|q| q.name).collect();
    (!names.contains(&query)).then(|| {
        format!(
            "{} has no question {query:?}: write {}",
            profile.id,
            names.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn decoded(profile: &str, query: Option<&str>, input: &[u8]) -> (ExitCode, String) {
        let options = Decode {
            profile: profile.into(),
            chunk: Some(1),
            query: query.map(str::to_owned),
        };
        let mut out = Vec::new();
        let code = decode_input(&options, &mut &*input, &mut out).unwrap();
        (code, String::from_utf8(out).unwrap())
    }

    #[test]
    fn bytes_become_json_lines_and_nonsense_a_negative_result() {
        let (code, text) = decoded("toledo-8217-kg", None, b"\x0201.25\r");
        assert_eq!(code, ExitCode::SUCCESS);
        assert!(text.contains(r#""kind":"mass","decimal":"1.25""#), "{text}");
        let (code, text) = decoded("toledo-8217-kg", None, b"hello world");
        assert_eq!(code, ExitCode::from(NEGATIVE), "{text}");
        assert_eq!(decoded("zpl-203", Some("xx"), b"").0, ExitCode::from(USAGE));
        assert_eq!(decoded("nobody", None, b"").0, ExitCode::from(USAGE));
        assert_eq!(
            decoded("serial-line", Some("hs"), b"").0,
            ExitCode::from(USAGE)
        );
    }

    #[test]
    fn the_table_shows_every_candidate_under_its_port() {
        let candidates = vec![
            discover::Candidate {
                profile: "a",
                score: 100,
                evidence: vec!["ids".into()],
            },
            discover::Candidate {
                profile: "b",
                score: 10,
                evidence: vec!["maybe".into()],
            },
        ];
        let found = Found {
            bus: "serial",
            port: "/dev/x".into(),
            names: vec![],
            usb: None,
            candidates,
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
