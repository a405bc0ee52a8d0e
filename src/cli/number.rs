//! `firstscan number allocate|stock|lease|split`: numbers outside of packing.

use super::access::{self, Access, Exit};
use super::{Globals, output};
use crate::carrier::Tables;
use crate::config::Config;
use crate::domain::desk::{Desk, Stock};
use crate::domain::state::Lease;
use crate::domain::{ISSUED_MAX, InputKind};
use crate::station::api::{ApiError, Issued};
use crate::station::clock::StationClock;
use crate::station::numbers;
use crate::store::Store;
use clap::{Args, Subcommand};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::process::ExitCode;

/// Stations a range is split for at once.
const STATIONS_MAX: u64 = 10_000;

/// Arguments of `number`.
#[derive(Debug, Args)]
pub(crate) struct NumberArgs {
    #[command(subcommand)]
    command: NumberCommand,
}

#[derive(Debug, Subcommand)]
enum NumberCommand {
    /// Give out numbers for labels made elsewhere; none is ever given out again
    Allocate {
        /// As `carrier list` shows it
        #[arg(long)]
        carrier: String,
        /// One of its services
        #[arg(long)]
        service: String,
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32)
            .range(1..=i64::from(ISSUED_MAX)))]
        count: u32,
    },
    /// What is left of every range; exit 1 if one runs low
    Stock,
    /// Record a block of a shared range as this station's
    Lease {
        /// As `number stock` shows it
        range: String,
        /// First serial of the block
        #[arg(long)]
        first: u64,
        /// Last serial of the block
        #[arg(long)]
        last: u64,
    },
    /// Plan blocks of a shared range for several stations; records nothing
    Split {
        /// As `number stock` shows it
        range: String,
        /// How many stations share it
        #[arg(long, value_parser = clap::value_parser!(u64).range(1..=STATIONS_MAX))]
        stations: u64,
        /// Serials per block
        #[arg(long, value_parser = clap::value_parser!(u64).range(1..))]
        size: u64,
        /// Serial the first block begins with, behind what was handed out before; the range's
        /// first, if not given
        #[arg(long)]
        from: Option<u64>,
    },
}

pub(crate) fn run(globals: &Globals, args: NumberArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        NumberCommand::Allocate {
            carrier,
            service,
            count,
        } => allocate(globals, &carrier, &service, count),
        NumberCommand::Stock => stock(globals),
        NumberCommand::Lease { range, first, last } => lease(globals, &range, first, last),
        NumberCommand::Split {
            range,
            stations,
            size,
            from,
        } => split(globals, &range, stations, size, from),
    }
}

fn tables(globals: &Globals) -> anyhow::Result<Tables> {
    let config = Config::load(globals.config.as_deref())?;
    let tables = Tables::load(config.carriers.folder.as_deref());
    Ok(tables.map_err(|error| Exit::new(3, error.to_string()))?)
}

/// What the station said, as an exit.
fn refused(error: &ApiError) -> Exit {
    let code = match error {
        ApiError::Unavailable { .. } => 5,
        ApiError::NotFound { .. } | ApiError::Invalid { .. } | ApiError::Conflict { .. } => 1,
    };
    Exit::new(code, error.to_string())
}

/// An answer of the daemon.
fn answered<T: DeserializeOwned>(answer: (u16, Value)) -> anyhow::Result<T> {
    let (status, value) = answer;
    if status >= 300 {
        let code = if status >= 500 { 5 } else { 1 };
        return Err(Exit::new(code, access::refused(&value).text).into());
    }
    Ok(serde_json::from_value(value)?)
}

fn allocate(
    globals: &Globals,
    carrier: &str,
    service: &str,
    count: u32,
) -> anyhow::Result<ExitCode> {
    let issued: Issued = match access::open(globals)? {
        Access::Api(api) => {
            let body = json!({ "carrier": carrier, "service": service, "count": count });
            let body = serde_json::to_vec(&body)?;
            answered(api.post("/api/v1/numbers", "application/json", &body)?)?
        }
        Access::Store(store) => {
            let kind = InputKind::IssueNumbers {
                carrier: carrier.to_owned(),
                service: service.to_owned(),
                count,
            };
            let reply = numbers::take_alone(&store, &tables(globals)?, kind)
                .map_err(|error| Exit::new(5, error.to_string()))?;
            numbers::issued(reply).map_err(|error| refused(&error))?
        }
    };
    if globals.json {
        output::json(&issued)?;
    } else {
        for number in &issued.numbers {
            output::line(&number.tracking_number)?;
        }
    }
    let Some(refusal) = issued.refusal else {
        return Ok(ExitCode::SUCCESS);
    };
    eprintln!(
        "firstscan: {} of {count} numbers: {refusal}",
        issued.numbers.len()
    );
    Ok(ExitCode::from(1))
}

/// All ranges as the station has them.
fn rows(globals: &Globals) -> anyhow::Result<Vec<Stock>> {
    match access::open(globals)? {
        Access::Api(api) => {
            let answer = api.get("/api/v1/numbers")?.unwrap_or_default();
            let ranges = answer.get("ranges").cloned().unwrap_or_default();
            Ok(serde_json::from_value(ranges)?)
        }
        Access::Store(store) => stored(&store, &tables(globals)?),
    }
}

/// All ranges by what a store says of them.
fn stored(store: &Store, tables: &Tables) -> anyhow::Result<Vec<Stock>> {
    let counters = numbers::counters(store).map_err(|error| refused(&error))?;
    Ok(tables.stock(&counters, StationClock::default().now().wall))
}

fn stock(globals: &Globals) -> anyhow::Result<ExitCode> {
    let rows = rows(globals)?;
    if globals.json {
        output::json(&rows)?;
    } else {
        for row in &rows {
            output::line(&sentence(row))?;
        }
    }
    Ok(if rows.iter().any(|row| row.low) {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

/// A range on one line.
fn sentence(row: &Stock) -> String {
    let mut text = format!("{:16} {}: {} left", row.range, row.carrier_name, row.left);
    if let Some(next) = &row.next {
        text.push_str(&format!(", next {next}"));
    }
    if row.shared {
        text.push_str(&format!(", {} blocks leased", row.leases.len()));
    }
    if let Some(days) = row.reuse_days {
        text.push_str(&format!(", again after {days} days"));
    }
    if row.low {
        text.push_str(&format!(", LOW: {}", remedy(row)));
    }
    text
}

fn remedy(row: &Stock) -> &'static str {
    if row.shared {
        "lease another block"
    } else {
        "ask the carrier for a new range"
    }
}

/// Ranges that run low, with what to do; for `doctor`. `None` without data of a station.
pub(crate) fn low(globals: &Globals) -> anyhow::Result<Option<Vec<String>>> {
    let has_data = globals.data.join("firstscan.db").exists();
    if !has_data {
        return Ok(None);
    }
    let low = rows(globals)?.into_iter().filter(|row| row.low);
    let told = low.map(|row| {
        let (range, name, left) = (&row.range, &row.carrier_name, row.left);
        format!("{range} of {name}: {left} left: {}", remedy(&row))
    });
    Ok(Some(told.collect()))
}

fn lease(globals: &Globals, range: &str, first: u64, last: u64) -> anyhow::Result<ExitCode> {
    let row: Stock = match access::open(globals)? {
        Access::Api(api) => {
            let body = json!({ "range": range, "first": first, "last": last });
            let body = serde_json::to_vec(&body)?;
            answered(api.post("/api/v1/numbers/leases", "application/json", &body)?)?
        }
        Access::Store(store) => {
            let tables = tables(globals)?;
            let kind = InputKind::LeaseNumbers {
                range: range.to_owned(),
                block: Lease { first, last },
            };
            let reply = numbers::take_alone(&store, &tables, kind)
                .map_err(|error| Exit::new(5, error.to_string()))?;
            numbers::leased(reply, range).map_err(|error| refused(&error))?;
            let rows = stored(&store, &tables)?;
            let row = rows.into_iter().find(|row| row.range == range);
            row.ok_or_else(|| Exit::new(1, format!("there is no range {range:?} any more")))?
        }
    };
    if globals.json {
        output::json(&row)?;
    } else {
        output::line(&sentence(&row))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn split(
    globals: &Globals,
    range: &str,
    stations: u64,
    size: u64,
    from: Option<u64>,
) -> anyhow::Result<ExitCode> {
    let tables = tables(globals)?;
    let missing = || {
        Exit::new(
            1,
            format!("there is no range {range:?}: see `number stock`"),
        )
    };
    let row = tables.range(range).ok_or_else(missing)?;
    let blocks = plan(&row, stations, size, from).map_err(|text| Exit::new(1, text))?;
    if globals.json {
        output::json(&json!({ "range": range, "blocks": blocks }))?;
    } else {
        for (Lease { first, last }, station) in blocks.iter().zip(1_u64..) {
            output::line(&format!(
                "station {station}: firstscan number lease {range} --first {first} --last {last}"
            ))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Blocks one behind the other, within the range.
fn plan(row: &Stock, stations: u64, size: u64, from: Option<u64>) -> Result<Vec<Lease>, String> {
    let range = &row.range;
    if !row.shared {
        return Err(format!(
            "range {range} belongs to one station: write shared = true into its table first"
        ));
    }
    let start = from.unwrap_or(row.first);
    if !(row.first..=row.last).contains(&start) {
        return Err(format!(
            "{start} is not within range {range}: give a serial from {} to {}",
            row.first, row.last
        ));
    }
    let block = |n: u64| {
        let first = n.checked_mul(size)?.checked_add(start)?;
        let last = first.checked_add(size)?.checked_sub(1)?;
        (last <= row.last).then_some(Lease { first, last })
    };
    let blocks: Option<Vec<Lease>> = (0..stations).map(block).collect();
    blocks.ok_or_else(|| {
        let left = row.last - start + 1;
        format!("{left} serials from {start} on are too few: give fewer stations or a smaller size")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn row(first: u64, last: u64) -> Stock {
        Stock {
            carrier: "c".into(),
            carrier_name: "C".into(),
            range: "r".into(),
            first,
            last,
            shared: true,
            leases: Vec::new(),
            reuse_days: None,
            next: None,
            left: 0,
            low_at: 0,
            low: true,
        }
    }

    #[test]
    fn too_much_is_refused_with_what_there_is() {
        let told = plan(&row(10, 19), 3, 4, None).unwrap_err();
        assert!(told.contains("10 serials from 10 on"), "{told}");
        assert!(plan(&row(10, 19), 2, 4, Some(13)).is_err());
        assert_eq!(
            plan(&row(10, 19), 2, 4, Some(12)).unwrap(),
            [
                Lease {
                    first: 12,
                    last: 15
                },
                Lease {
                    first: 16,
                    last: 19
                }
            ]
        );
        assert!(
            plan(&row(10, 19), 1, 1, Some(9))
                .unwrap_err()
                .contains("from 10 to 19")
        );
        assert!(plan(&row(0, u64::MAX), 2, u64::MAX, Some(5)).is_err());
        let own = Stock {
            shared: false,
            ..row(1, 9)
        };
        assert!(
            plan(&own, 1, 1, None)
                .unwrap_err()
                .contains("shared = true")
        );
    }

    proptest! {
        #[test]
        fn blocks_are_disjoint_and_inside(
            first in 0..1000_u64, length in 1..5000_u64, stations in 1..40_u64, size in 1..200_u64,
        ) {
            let row = row(first, first + length - 1);
            let Ok(blocks) = plan(&row, stations, size, None) else {
                prop_assert!(stations * size > length);
                return Ok(());
            };
            prop_assert_eq!(u64::try_from(blocks.len()).unwrap(), stations);
            for (at, block) in blocks.iter().enumerate() {
                prop_assert_eq!(block.last - block.first + 1, size);
                prop_assert!(block.first >= row.first && block.last <= row.last);
                let apart = |other: &Lease| other.last < block.first || block.last < other.first;
                prop_assert!(blocks.iter().skip(at + 1).all(apart));
            }
        }
    }
}
