//! The outbox sender (sans-IO) and its sinks; and orders in ([`inbound`]).

pub mod inbound;
