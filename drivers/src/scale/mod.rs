//! Scale protocols, one file each.

pub mod cas_enq;
pub mod dibal;
pub mod framed;
pub mod hid_scale;
pub mod toledo8217;
pub mod toledo_continuous;
