//! `device decode`, `device profiles`: what recorded bytes mean, and by which profiles.

use anyhow::{Context as _, bail};
use clap::Args;
use firstscan_drivers::decode::{Line, decode};
use firstscan_drivers::profile::{Kind, Profile};
use firstscan_drivers::registry;
use serde::Serialize;
use std::io::{Read, Write};
use std::process::ExitCode;

/// Recorded bytes accepted on standard input.
const INPUT_BYTES_MAX: u64 = 16 << 20;
/// Exit code for a negative result.
const NEGATIVE: u8 = 1;
/// Exit code for wrong use.
const USAGE: u8 = 2;

#[derive(Debug, Args)]
pub(super) struct Decode {
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

pub(super) fn profiles(json: bool, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
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
pub(super) fn decode_input(
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
}
