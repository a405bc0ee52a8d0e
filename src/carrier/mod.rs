//! Carriers as data: services, limits, number ranges, boxes, reasons, and the assignment rules.
//!
//! | file | holds |
//! |---|---|
//! | `<carrier>.toml` | one carrier: services with limits, number ranges, label template |
//! | `rules.toml` | which carrier takes a parcel; first match wins |
//! | `boxes.toml`, `reasons.toml` | what BOX and REASON codes mean |
//!
//! The shipped files are in `data/`. A folder given at load is laid over them, file name by file
//! name. Constraints: after loading everything is a pure table; nothing is loaded that is not
//! consistent as a whole.

mod assign;
mod file;
mod load;
mod numbers;
mod problem;
mod ranges;
mod ranges_file;
mod tables;

pub use assign::Verdict;
pub use problem::{TableError, TableErrors};
pub use tables::{Carrier, Tables};
