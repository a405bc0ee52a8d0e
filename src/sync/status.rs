//! How a sink fares, for screens and commands.

use serde::Serialize;

/// State of one sink's outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SinkStatus {
    pub sink: String,
    /// `ok`, `waiting`, `offline` or `paused`.
    pub state: String,
    pub acked_through: u64,
    pub waiting: u64,
    pub parked: Vec<ParkedEvent>,
    pub last_ack_ms: Option<i64>,
    pub last_error: Option<String>,
}

/// An event the upstream refused for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ParkedEvent {
    pub seq: u64,
    pub subject: String,
    pub kind: String,
    pub reason: String,
}
