//! A label job's hands: picture + printer profile -> bytes -> transport -> evidence.
//!
//! Constraints: one worker per printer and one connection for its whole life; a label's first byte
//! leaves only on `Release`, and then at once; nothing is ever sent a second time; silence is
//! never taken for "ok", and idleness alone is no proof of printing.
//!
//! `Session` is the whole protocol as a pure state machine (time and bytes in, reports and bytes
//! out); `worker` gives it a clock, a connection and channels.

mod asker;
mod evidence;
mod flow;
pub mod guard;
mod limits;
mod report;
mod session;
mod settle;
mod worker;

pub use limits::{Printer, Timing};
pub use report::{Bars, PrintOrder, PrintReport, PrintReportKind, Printable};
pub use session::Session;
pub use worker::{OrderRefused, PrinterHandle, start, start_with};
