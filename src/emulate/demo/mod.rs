//! The demo: a real daemon as a child process, emulated devices and upstream around it, and a
//! player that packs by looking at the screens and at the printed labels.

pub mod daemon;
mod dock;
mod paper;
pub mod player;
pub mod room;
pub mod script;
mod setup;
pub mod summary;

pub use setup::{CARRIERS, Demo, DemoOptions, UpstreamPlan};
