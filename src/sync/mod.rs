//! The outbox sender (sans-IO) and its sinks.
