//! Scale protocols, one file each.

pub mod framed;
pub mod toledo8217;
pub mod toledo_continuous;
