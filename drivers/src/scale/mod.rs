//! Scale protocols, one file each.

pub mod toledo8217;
