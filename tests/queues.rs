//! Print queues and other clients of the emulated printers, as real programs on loopback: a private
//! CUPS, `ippeveprinter`, LPrint; and many labels with random faults through every transport a host
//! without printers has. What is claimed is compared with what the printer says it printed.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "queues_parts/cups.rs"]
mod cups;
#[path = "queues_parts/desk.rs"]
mod desk;
#[path = "queues_parts/faults.rs"]
mod faults;
#[path = "queues_parts/ippeve.rs"]
mod ippeve;
#[path = "queues_parts/lprint.rs"]
mod lprint;
#[path = "queues_parts/programs.rs"]
mod programs;
