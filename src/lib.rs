//! firstscan: the software of a warehouse packing station. See ARCHITECTURE.md for the map.

pub mod app;
pub mod carrier;
pub mod cli;
pub mod config;
pub mod content;
pub mod device;
pub mod domain;
pub mod emulate;
pub mod label;
pub mod print;
pub mod pulse;
pub mod station;
pub mod store;
pub mod sync;
pub mod telemetry;
pub mod web;
