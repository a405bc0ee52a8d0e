//! Scanner protocols, one file each.

pub mod aim;
pub mod line;
