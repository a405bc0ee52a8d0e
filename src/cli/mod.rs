//! Subcommands, one file each.

pub mod device;
pub mod label;
