//! `label check`.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use firstscan_drivers::bitmap::Resolution;

use super::target::print_json;
use super::{EXIT_NEGATIVE, read};
use crate::label::{Problem, check, import};

/// Reads and measures every code of the file.
pub fn run(file: &Path, resolution: Resolution, json: bool) -> anyhow::Result<ExitCode> {
    let bytes = read(file, import::FILE_BYTES_MAX as u64)?;
    let report = match check::file(&bytes, resolution) {
        Ok(report) => report,
        Err(error) => {
            let remedy = "give the label as ZPL, PDF, PNG, JPEG, GIF, BMP or TIFF";
            let problem = Problem::new("file", error.to_string(), remedy);
            check::Report {
                valid: false,
                score: 0,
                symbols: Vec::new(),
                problems: vec![problem],
            }
        }
    };
    if json {
        print_json(&report)?;
    } else {
        tell(&report)?;
    }
    Ok(ExitCode::from(if report.valid { 0 } else { EXIT_NEGATIVE }))
}

fn tell(report: &check::Report) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for symbol in &report.symbols {
        let check::Symbol {
            symbology,
            data,
            x,
            y,
            module_dots,
            score,
            ..
        } = symbol;
        writeln!(
            out,
            "{symbology} at {x},{y}, module {module_dots} dots, score {score}: {data}"
        )?;
        for problem in &symbol.problems {
            writeln!(out, "  {}; {}", problem.message, problem.remedy)?;
        }
        if let Some(dead) = symbol.dead_dots.as_ref().filter(|dead| dead.fatal > 0) {
            let first = dead.examples.first().copied().unwrap_or_default();
            writeln!(
                out,
                "  would not survive a dead dot of the head at {} of {} places, such as {first}",
                dead.fatal, dead.tried
            )?;
        }
    }
    for problem in &report.problems {
        writeln!(out, "{problem}")?;
    }
    let valid = if report.valid { "valid" } else { "not valid" };
    writeln!(
        out,
        "{valid}, score {} of 100 (relative; no ISO grade)",
        report.score
    )?;
    Ok(())
}
