//! Carriers as data: services, limits, number ranges, boxes, reasons, and the assignment rules.
//!
//! | file | holds |
//! |---|---|
//! | `<carrier>.toml` | one carrier: services, limits, calendar, transit days, numbers, lane |
//! | any with `extends = "ups"` | what a site adds: ranges, cut-off, transit days, template |
//! | `places.toml` | groups of countries and national holidays, for the carriers' files |
//! | `rules.toml` | which carrier takes a parcel; first match wins |
//! | `boxes.toml`, `reasons.toml` | what BOX and REASON codes mean |
//!
//! The shipped files are in `data/`. A folder given at load is laid over them, file name by file
//! name. Constraints: after loading everything is a pure table; nothing is loaded that is not
//! consistent as a whole.

mod assign;
mod calendar;
mod capability;
mod check;
mod check_service;
mod cost;
mod estimate;
mod file;
mod holiday;
mod limits;
mod load;
mod numbers;
mod objection;
mod offer;
mod places;
mod problem;
mod quantity;
mod ranges;
mod ranges_file;
mod rule;
mod rules_file;
mod tables;
mod weekdays;

pub use assign::{Outcome, Verdict};
pub use offer::Offer;
pub use problem::{TableError, TableErrors};
pub use tables::{Carrier, Manifest, Tables};
