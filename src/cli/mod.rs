//! Subcommands, one file each.

pub mod label;
