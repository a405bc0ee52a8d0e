//! The outbox sender (sans-IO) and its sinks.
//!
//! Constraints: an event counts as delivered only by a verdict on its own id; nothing here blocks
//! anything else, with or without a network; what a sink must know fits into one source file
//! under [`sinks`]. The parts: [`outbox`] is what waits, [`sender`] decides, [`sinks`] carry,
//! [`worker`] drives the three and says how they fare.

pub mod batch;
pub mod cloudevents;
pub mod inbound;
pub mod outbox;
mod pace;
mod refusals;
pub mod sender;
pub mod sinks;
pub mod status;
pub mod stored;
pub mod worker;
