//! The demo: a real daemon as a child process, emulated devices and upstream around it, and a
//! player that packs by looking at the screens and at the printed labels.

pub mod daemon;
pub mod player;
pub mod script;
pub mod summary;
mod dock;
mod paper;
pub mod room;
mod setup;

pub use setup::{Demo, DemoOptions, UpstreamPlan};
