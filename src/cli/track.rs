//! `firstscan track`.

use super::output;
use crate::content::tracking::{Check, Context, Expected, FORMATS, Format, Report, recognise};
use clap::Args;
use serde_json::json;
use std::process::ExitCode;

/// Arguments of `track`.
#[derive(Debug, Args)]
pub(crate) struct TrackArgs {
    /// Number as scanned or typed, with its symbology identifier if there is one
    #[arg(required_unless_present = "formats")]
    number: Option<String>,
    /// List all formats
    #[arg(long)]
    formats: bool,
    /// A carrier this station works with; may be given several times
    #[arg(long = "carrier", value_name = "ID")]
    carriers: Vec<String>,
    /// A number this station expects; may be given several times, and then no other is believed
    #[arg(long = "expect", value_name = "NUMBER")]
    expected: Vec<String>,
}

/// Says what a number may be; exit code 1 if nothing.
pub(crate) fn run(args: &TrackArgs, as_json: bool) -> anyhow::Result<ExitCode> {
    let Some(number) = args.number.as_deref().filter(|_| !args.formats) else {
        formats(as_json)?;
        return Ok(ExitCode::SUCCESS);
    };
    let contracts: Vec<&str> = args.carriers.iter().map(String::as_str).collect();
    let expect = |number: &'_ String| crate::content::tracking::normalise(number);
    let numbers: Vec<String> = args.expected.iter().map(expect).collect();
    let one = |number| Expected {
        number,
        carrier: "",
    };
    let expected: Vec<Expected<'_>> = numbers.iter().map(|n| one(n.as_str())).collect();
    let context = Context {
        expected: &expected,
        contracts: &contracts,
    };
    let found = recognise(number, &context);
    let reports = found.report();
    if as_json {
        output::json(&json!({ "candidates": reports }))?;
    } else {
        people(
            &found.number,
            &reports,
            found.best().map(|best| best.format),
        )?;
        for note in &found.notes {
            output::line(&format!("note: {}", note.text()))?;
        }
    }
    let valid = reports.iter().any(|report| report.valid);
    Ok(ExitCode::from(u8::from(!valid)))
}

fn people(number: &str, reports: &[Report], best: Option<&Format>) -> anyhow::Result<()> {
    if reports.is_empty() {
        return output::line(&format!("{number}: unknown, no format has this shape"));
    }
    let verdict = best.map_or_else(
        || "not certain, a person must decide".to_owned(),
        |format| format.name.to_owned(),
    );
    output::line(&format!("{number}: {verdict}"))?;
    for report in reports {
        let check = match report.check {
            Check::Ok => "ok",
            Check::Failed => "FAILED",
            Check::None => "-",
        };
        let (confidence, carrier, format) = (report.confidence, report.carrier, report.format);
        output::line(&format!(
            "{confidence:>4} %  {carrier:<16} {format:<22} check {check:<7} {}",
            report.reason
        ))?;
        let pairs: Vec<String> = report
            .fields
            .iter()
            .map(|(k, v)| format!("{k} {v}"))
            .collect();
        if report.valid && !pairs.is_empty() {
            output::line(&format!("        {}", pairs.join(", ")))?;
        }
    }
    Ok(())
}

fn formats(as_json: bool) -> anyhow::Result<()> {
    let all = || FORMATS.into_iter().flatten();
    if as_json {
        let row = |f: &Format| {
            json!({ "id": f.id, "carrier": f.carrier, "name": f.name, "check": f.check.is_some(),
                "grade": format!("{:?}", f.grade), "doubt": f.doubt, "example": f.example })
        };
        return output::json(&all().map(row).collect::<Vec<_>>());
    }
    for f in all() {
        let check = if f.check.is_some() { "check" } else { "shape" };
        let (id, carrier, example) = (f.id, f.carrier, f.example);
        let line = format!("{id:<22} {carrier:<16} {check}  {example:<36} {}", f.name);
        output::line(line.trim_end())?;
    }
    Ok(())
}
