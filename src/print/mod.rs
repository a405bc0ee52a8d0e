//! A label job's hands: picture + printer profile -> bytes -> transport -> evidence.
//!
//! Constraints: one worker per printer and one connection for its whole life; a label's first byte
//! leaves only on `Release`, and then at once; nothing is ever sent a second time; silence is
//! never taken for "ok", and idleness alone is no proof of printing.
//!
//! [`Hands`] are a protocol as a pure state machine (time and bytes in, reports and bytes out):
//! `Session` that of a printer that takes bytes, `queue` that of a print queue. `worker` gives them
//! a clock, a connection and channels.

mod asker;
mod evidence;
mod flow;
pub mod guard;
mod hands;
mod limits;
mod queue;
mod report;
mod session;
mod settle;
mod worker;

pub use hands::Hands;
pub use limits::{Printer, Timing};
pub use queue::QueueSession;
pub use report::{Bars, PrintOrder, PrintReport, PrintReportKind, Printable};
pub use session::Session;
pub use worker::{OrderRefused, PrinterHandle, start, start_with};
