//! Emulated devices and upstream, with fault scripts; for the demo and tests.
//!
//! Constraints: an emulated device lives outside the daemon's process and is reached only through
//! a real transport (pty, TCP, USB/IP). The behaviour of a device is a sans-IO [`model`], so that
//! the same one can be put on other transports.

pub mod bench;
pub mod demo;
pub mod eyes;
pub mod fault;
pub mod link;
pub mod model;
pub mod models;
pub mod panel;
pub mod printers;
pub mod pty;
pub mod scale;
pub mod scales;
pub mod scanners;
pub mod tcp;
pub mod tray;
pub mod upstream;
pub mod usbip;
pub mod wire;
pub mod zpl_label;
pub mod zpl_printer;
pub mod zpl_status;
pub mod zpl_stream;
