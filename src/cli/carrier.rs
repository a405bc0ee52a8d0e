//! `firstscan carrier list|explain`.

use super::access::{self, Access, Exit};
use super::{Globals, output};
use crate::carrier::{Outcome, Tables, Verdict};
use crate::config::Config;
use crate::domain::change::RecordKind;
use crate::domain::desk::{AssignRequest, Extent};
use crate::domain::order::Order;
use crate::domain::parcel::Assignment;
use crate::station::clock::StationClock;
use clap::{Args, Subcommand};
use firstscan_drivers::length::Length;
use firstscan_drivers::mass::Mass;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Arguments of `carrier`.
#[derive(Debug, Args)]
pub(crate) struct CarrierArgs {
    #[command(subcommand)]
    command: CarrierCommand,
}

#[derive(Debug, Subcommand)]
enum CarrierCommand {
    /// All carriers of this station: services, limits, number formats, what is still to fill in
    List,
    /// Which rule takes an order, and why the others do not
    Explain {
        /// Its id, as the platform gave it
        order: String,
        /// Weight of the parcel in grams
        #[arg(long, default_value_t = 1000)]
        grams: i64,
        /// Its edges in millimetres, such as 400x300x200
        #[arg(long, value_parser = size)]
        size: Option<Extent>,
    },
}

/// Three whole edges above zero, at most 100 m each.
fn size(text: &str) -> Result<Extent, String> {
    let edges: Vec<&str> = text.split(['x', 'X']).collect();
    let edge = |text: &&str| {
        text.trim()
            .parse()
            .ok()
            .filter(|mm| (1..=100_000).contains(mm))
    };
    let edges: Option<Vec<i64>> = edges.iter().map(edge).collect();
    match edges.as_deref() {
        Some([length, width, height]) => {
            Ok(Extent::new([*length, *width, *height].map(Length::from_mm)))
        }
        _ => Err("give three edges in millimetres, such as 400x300x200".to_owned()),
    }
}

pub(crate) fn run(globals: &Globals, args: CarrierArgs) -> anyhow::Result<ExitCode> {
    let config = Config::load(globals.config.as_deref())?;
    let tables = crate::app::tables(&config).map_err(|e| Exit::new(3, e.to_string()))?;
    match args.command {
        CarrierCommand::List => list(globals, &tables),
        CarrierCommand::Explain { order, grams, size } => {
            explain(globals, &tables, &order, grams, size)
        }
    }
}

fn list(globals: &Globals, tables: &Tables) -> anyhow::Result<ExitCode> {
    let carriers = tables.carrier_details();
    if globals.json {
        let row = |carrier| {
            let c: &crate::carrier::Carrier = carrier;
            json!({
                "id": c.info.id, "name": c.info.name, "token": c.info.token,
                "template": c.template, "demo": c.demo, "from": c.from, "formats": c.formats,
                "services": tables.offers(c), "to_fill_in": tables.missing(c),
            })
        };
        output::json(&carriers.iter().map(row).collect::<Vec<Value>>())?;
        return Ok(ExitCode::SUCCESS);
    }
    for carrier in carriers {
        let demo = if carrier.demo { " (demo)" } else { "" };
        output::line(&format!(
            "{:16} {}{demo}",
            carrier.info.id, carrier.info.name
        ))?;
        for offer in tables.offers(carrier) {
            let limits = offer.limits.join(", ");
            output::line(&format!("  {:14} {}: {limits}", offer.id, offer.name))?;
        }
        if !carrier.formats.is_empty() {
            output::line(&format!("  numbers: {}", carrier.formats.join(", ")))?;
        }
        let missing = tables.missing(carrier);
        if !missing.is_empty() {
            output::line(&format!("  to fill in: {}", missing.join(", ")))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn explain(
    globals: &Globals,
    tables: &Tables,
    id: &str,
    grams: i64,
    size: Option<Extent>,
) -> anyhow::Result<ExitCode> {
    let body = match access::open(globals)? {
        Access::Api(api) => api.get(&format!("/api/v1/orders/{id}"))?,
        Access::Store(store) => store.record(RecordKind::Order, id)?,
    };
    let missing = || Exit::new(1, format!("no order {id:?} here: check the id"));
    let order: Order = serde_json::from_value(body.ok_or_else(missing)?)?;
    let now = StationClock::default().now().wall;
    let mass = Mass::from_grams(grams);
    let request = AssignRequest {
        size,
        ..AssignRequest::of(&order, mass, now)
    };
    let verdicts = tables.explain(&request);
    let taken = verdicts.iter().find_map(|verdict| match &verdict.outcome {
        Outcome::Taken(assignment) => Some(assignment),
        _ => None,
    });
    if globals.json {
        let candidates: Vec<Value> = verdicts.iter().map(candidate).collect();
        let taken = taken.map(serde_json::to_value).transpose()?;
        let (country, area) = (&order.country, &order.area);
        output::json(&json!({
            "order": order.id, "country": country, "area": area, "grams": grams,
            "taken": taken, "candidates": candidates,
        }))?;
    } else {
        tell(taken, &verdicts)?;
    }
    Ok(match taken {
        Some(_) => ExitCode::SUCCESS,
        None => ExitCode::from(1),
    })
}

fn candidate(verdict: &Verdict) -> Value {
    let (outcome, why, assignment) = match &verdict.outcome {
        Outcome::Taken(a) => ("taken", a.reason.as_str(), Some(a)),
        Outcome::Passed(a, why) => ("passed", why.as_str(), Some(a)),
        Outcome::Refused(why) => ("refused", why.as_str(), None),
    };
    json!({
        "rule": verdict.rule, "carrier": verdict.carrier, "service": verdict.service,
        "outcome": outcome, "why": why, "notes": verdict.notes,
        "cost": assignment.and_then(|a| a.cost.clone()),
        "surcharges": assignment.map(|a| a.surcharges.clone()).unwrap_or_default(),
    })
}

fn tell(taken: Option<&Assignment>, verdicts: &[Verdict]) -> anyhow::Result<()> {
    match taken {
        Some(a) => {
            output::line(&format!("{} {}", a.carrier_name, a.service_name))?;
            output::line(&format!(
                "  {}/{}, label {}",
                a.carrier, a.service, a.template
            ))?;
            output::line(&format!("  {}", a.reason))?;
            if let Some(cost) = &a.cost {
                output::line(&format!("  costs {cost}"))?;
            }
            if let Some(billable) = a.billable {
                output::line(&format!("  billed as {billable} by its size"))?;
            }
            for surcharge in &a.surcharges {
                output::line(&format!("  extra: {surcharge}"))?;
            }
        }
        None => output::line("no carrier takes it")?,
    }
    output::line("")?;
    for verdict in verdicts {
        let (word, why) = match &verdict.outcome {
            Outcome::Taken(_) => ("taken", ""),
            Outcome::Passed(_, why) => ("passed", why.as_str()),
            Outcome::Refused(why) => ("refused", why.as_str()),
        };
        let name = format!("{}/{}", verdict.carrier, verdict.service);
        output::line(&format!("{:20} {name:24} {word:8} {why}", verdict.rule))?;
        for note in &verdict.notes {
            output::line(&format!("{:20} {:24} {:8} {note}", "", "", "note"))?;
        }
    }
    Ok(())
}
