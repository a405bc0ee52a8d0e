//! `device detect`: line settings and protocol of a port the operator names.

use super::{block_on, key, printed, quiet, unusable};
use crate::device::detect::{self, Detected, Hypothesis, Options};
use clap::{Args, ValueEnum};
use firstscan_drivers::profile::Kind;
use firstscan_drivers::registry;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

const SHOWN_MAX: usize = 5;

#[derive(Debug, Args)]
pub(super) struct Detect {
    /// The serial port; no other one is touched
    #[arg(long, value_name = "PATH")]
    port: PathBuf,
    /// What is connected to it, if you know
    #[arg(long, value_enum)]
    kind: Option<Connected>,
    /// Send nothing, even if nothing is heard
    #[arg(long)]
    listen_only: bool,
    /// Listen so long at each speed
    #[arg(long, value_name = "MS", default_value_t = 1500,
        value_parser = clap::value_parser!(u64).range(50..=60_000))]
    listen_ms: u64,
    /// Wait so long for the answer to each question
    #[arg(long, value_name = "MS", default_value_t = 700,
        value_parser = clap::value_parser!(u64).range(50..=60_000))]
    answer_ms: u64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Connected {
    Scale,
    Scanner,
    Dimensioner,
}

pub(super) fn run(options: &Detect, json: bool) -> anyhow::Result<ExitCode> {
    let wanted = Options {
        listen: Duration::from_millis(options.listen_ms),
        answer: Duration::from_millis(options.answer_ms),
        listen_only: options.listen_only,
        kind: options.kind.map(|kind| match kind {
            Connected::Scale => Kind::Scale,
            Connected::Scanner => Kind::Scanner,
            Connected::Dimensioner => Kind::Dimensioner,
        }),
    };
    let news = |text: &str| eprintln!("{text}");
    let found = block_on(detect::detect(&options.port, wanted, news))?;
    let mut found = found.map_err(|error| unusable(&error))?;
    found.hypotheses.truncate(20);
    if json {
        printed(&serde_json::to_string(&found)?)?;
    } else {
        table(&found)?;
    }
    Ok(if found.hypotheses.is_empty() {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

fn table(found: &Detected) -> anyhow::Result<()> {
    let sent = if found.asked {
        "questions were sent"
    } else {
        "nothing was sent"
    };
    printed(&format!(
        "{}: {} bytes heard, {sent}",
        found.port, found.heard_bytes
    ))?;
    let Some(best) = found.hypotheses.first() else {
        let hint = if found.heard_bytes == 0 && !found.asked {
            "Nothing came. Press the scale's print key or scan a code while this runs, or leave \
             --listen-only out."
        } else if found.heard_bytes == 0 {
            "Nothing came and nothing answered. Check the cable (a null-modem adapter?) and the \
             device's own menu."
        } else {
            "What came fits no profile. Record it with `firstscan device record` for a profile of \
             its own."
        };
        return printed(hint);
    };
    for hypothesis in found.hypotheses.iter().take(SHOWN_MAX) {
        let Hypothesis {
            score,
            line,
            profile,
            ..
        } = hypothesis;
        printed(&format!("{score:3}  {line:10}  {profile}"))?;
        for evidence in &hypothesis.evidence {
            printed(&format!("     {}", quiet(evidence)))?;
        }
    }
    printed(&block(found, best))
}

/// What to write, without a choice that is not ours: of profiles that fit alike, one may weigh in
/// another unit, and taking it would be a wrong weight.
fn block(found: &Detected, best: &Hypothesis) -> String {
    let block = lines(&found.port, best);
    if found.equals.is_empty() {
        return format!("\nFor the configuration:\n{block}");
    }
    let alike = found.equals.join(", ");
    let rest: Vec<&str> = block.lines().skip(1).collect();
    let count = found.equals.len().saturating_add(1);
    format!(
        "\nThe bytes fit {count} profiles alike: {}, {alike}.\n\
         Choose by the model, and by the unit on its display.\n\
         For the configuration:\nprofile = \"...\"\n{}",
        best.profile,
        rest.join("\n")
    )
}

/// Keys of the device, line settings only where they are not the profile's own.
fn lines(port: &str, best: &Hypothesis) -> String {
    let mut text = key("profile", best.profile) + &key("port", port);
    let own = registry::profile(best.profile).map(|p| &p.serial);
    if own.is_none_or(|own| own.baud != best.baud) {
        text += &format!("baud = {}\n", best.baud);
    }
    if own.is_none_or(|own| own.data_bits != best.data_bits) {
        text += &format!("data_bits = {}\n", best.data_bits);
    }
    if own.is_none_or(|own| own.parity != best.parity) {
        text += &key("parity", best.parity);
    }
    text
}
