//! `firstscan carrier list|explain`.

use super::access::{self, Access, Exit};
use super::{Globals, output};
use crate::carrier::Tables;
use crate::config::Config;
use crate::domain::change::RecordKind;
use crate::domain::desk::{AssignRequest, Desk};
use crate::domain::order::Order;
use crate::station::clock::StationClock;
use clap::{Args, Subcommand};
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
    /// All carriers of this station
    List,
    /// Which rule takes an order, and why the others do not
    Explain {
        order: String,
        /// Weight of the parcel in grams
        #[arg(long, default_value_t = 1000)]
        grams: i64,
    },
}

pub(crate) fn run(globals: &Globals, args: CarrierArgs) -> anyhow::Result<ExitCode> {
    let config = Config::load(globals.config.as_deref())?;
    let tables =
        Tables::load(config.carriers.folder.as_deref()).map_err(|e| Exit::new(3, e.to_string()))?;
    match args.command {
        CarrierCommand::List => {
            let rows: Vec<Value> = tables
                .carriers()
                .into_iter()
                .map(|c| json!({ "id": c.id, "name": c.name, "token": c.token }))
                .collect();
            if globals.json {
                output::json(&rows)?;
            } else {
                for carrier in tables.carriers() {
                    output::line(&format!("{:12} {}", carrier.id, carrier.name))?;
                }
            }
            Ok(ExitCode::SUCCESS)
        }
        CarrierCommand::Explain { order, grams } => explain(globals, &tables, &order, grams),
    }
}

fn explain(globals: &Globals, tables: &Tables, id: &str, grams: i64) -> anyhow::Result<ExitCode> {
    let body = match access::open(globals)? {
        Access::Api(api) => api.get(&format!("/api/v1/orders/{id}"))?,
        Access::Store(store) => store.record(RecordKind::Order, id)?,
    };
    let missing = || Exit::new(1, format!("no order {id:?} here: check the id"));
    let order: Order = serde_json::from_value(body.ok_or_else(missing)?)?;
    let mass = Mass::from_grams(grams);
    let now = StationClock::default().now().wall;
    let request = AssignRequest {
        area: &order.area,
        requested_service: order.requested_service.as_deref(),
        value: order.value.as_ref(),
        promised: order.promised.as_deref(),
        ..AssignRequest::plain(&order.country, &order.seller, mass, now)
    };
    let verdicts = tables.explain(&request);
    let rows: Vec<Value> = verdicts
        .iter()
        .map(|v| match &v.outcome {
            Ok(a) => json!({ "rule": v.rule, "takes": v.takes, "carrier": a.carrier,
                "service": a.service, "reason": a.reason }),
            Err(why) => json!({ "rule": v.rule, "takes": v.takes, "refused": why }),
        })
        .collect();
    if globals.json {
        output::json(&rows)?;
    } else {
        for verdict in &verdicts {
            let end = match &verdict.outcome {
                Ok(a) => format!("{} {}: {}", a.carrier, a.service, a.reason),
                Err(why) => format!("no: {why}"),
            };
            output::line(&format!("{:16} {end}", verdict.rule))?;
        }
    }
    let taken = verdicts.iter().any(|v| v.outcome.is_ok());
    Ok(if taken {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}
