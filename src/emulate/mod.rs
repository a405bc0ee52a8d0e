//! Emulated devices and upstream, with fault scripts; for the demo and tests.
pub mod upstream;
