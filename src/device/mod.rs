//! Discovery, supervision and transports of devices. Emits scans, masses, printer states.
//!
//! Constraints: one task per device and nothing shared between them; wire protocols come from the
//! drivers crate and never see a clock; nothing here knows parcels; discovery looks and never
//! probes.

pub mod assign;
pub mod backoff;
pub mod coalesce;
pub mod config;
pub mod detect;
pub mod dial;
pub mod discover;
pub mod flight;
mod fresh;
pub mod link;
mod outgoing;
pub mod record;
pub mod report;
mod supervisor;

pub use config::{DeviceConfig, DeviceConfigError, ForeignZpl, Role, Via, Wiring};
pub use report::{Clock, DeviceCommand, DeviceReport, ReportKind, SharedClock};
pub use supervisor::{CommandRefused, DeviceHandle, start};
