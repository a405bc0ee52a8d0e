//! Sync: nothing lost, nothing doubled in effect, order kept per subject, whatever the network and
//! the upstream do. First a simulation without sockets or sleep, hundreds of seeds; then the real
//! HTTP sink and worker against the emulated upstream on loopback, fault by fault.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "sync_parts/chain.rs"]
mod chain;
#[path = "sync_parts/loopback.rs"]
mod loopback;
#[path = "sync_parts/rules.rs"]
mod rules;
#[path = "sync_parts/simulation.rs"]
mod simulation;
#[path = "sync_parts/stored.rs"]
mod stored;
