//! Scanner protocols, one file or folder each.

pub mod aim;
pub mod codeid;
pub mod hid_pos;
pub mod host;
pub mod keyboard;
pub mod line;
pub mod msgget;
pub mod packets;
pub mod ssi;
