//! Sans-IO wire protocols and device profiles of a packing station.
//!
//! | module | holds |
//! |---|---|
//! | [`mass`], [`length`], [`bitmap`] | exact values, 1-bit pictures |
//! | [`codec`] | the contract every protocol keeps |
//! | [`scale`], [`scanner`], [`printer`] | one protocol or language per file |
//! | [`profile`], [`registry`] | device models as data, each with its recorded proof |
//! | [`decode`], [`transcript`] | bytes to JSON lines; recorded exchanges |
//!
//! Deliberately absent: sockets, files, clocks, async, parcels. Time is an argument.

pub mod bitmap;
pub mod codec;
pub mod decode;
pub mod length;
pub mod mass;
pub mod printer;
pub mod profile;
pub mod registry;
pub mod scale;
pub mod scanner;
pub mod transcript;
