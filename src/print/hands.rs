//! What the worker drives: one printer's protocol, without a clock, a socket or a channel.

use super::report::PrintReportKind;
use crate::domain::JobId;
use std::fmt::Debug;
use std::time::Duration;

/// A printer's protocol as a state machine: inputs are calls with a time; reports and bytes are
/// polled. After every call: poll reports until empty, offer `to_write` to the connection, close
/// it if `take_close` says so, and call `handle_timeout` at `poll_timeout`.
pub trait Hands: Debug + Send + Sync {
    /// A new label, encoded; the same job twice is one.
    fn submit(&mut self, now: Duration, id: JobId, bytes: Vec<u8>);
    /// The first byte leaves with the next write.
    fn release(&mut self, now: Duration, id: &JobId);
    /// Forgets a label none of whose bytes left.
    fn drop_job(&mut self, now: Duration, id: &JobId);
    /// A job in doubt from before the start.
    fn settle(&mut self, now: Duration, id: JobId, counter_before: Option<u64>);
    /// A connection is open; `what` names it for people.
    fn connected(&mut self, now: Duration, what: String);
    /// The connection ended, or could not be made; told once per reason.
    fn lost(&mut self, now: Duration, reason: &str);
    /// What the line says is wrong, beside the printer's answers; told before every other input.
    fn line_says(&mut self, _trouble: Option<&'static str>) {}
    /// Bytes from the printer.
    fn received(&mut self, now: Duration, bytes: &[u8]);
    /// What the connection should take next; empty if nothing.
    fn to_write(&self) -> &[u8];
    /// The connection took the first `count` bytes of `to_write`.
    fn wrote(&mut self, now: Duration, count: usize);
    /// Call when the time of `poll_timeout` has come.
    fn handle_timeout(&mut self, now: Duration);
    /// When `handle_timeout` is due.
    fn poll_timeout(&self) -> Option<Duration>;
    /// News for the station.
    fn poll_report(&mut self) -> Option<PrintReportKind>;
    /// The connection must be closed, and why. Tell `lost` afterwards.
    fn take_close(&mut self) -> Option<String>;
    /// A label is on its way to the printer.
    fn is_writing(&self) -> bool;
}
