//! Sans-IO wire protocols and device profiles of a packing station.
//!
//! | module | holds |
//! |---|---|
//! | [`mass`], [`length`] | exact integer values, beside the text a device displayed |
//! | [`bitmap`] | 1-bit pictures on a print head's dot grid, resolution as a ratio |
//! | [`codec`] | the contract of every protocol: calls with bytes and a time, outputs polled |
//! | [`frames`] | the bounded buffer of stream protocols |
//! | [`hid`] | report descriptors of HID devices to fields |
//! | [`scale`], [`dimensioner`], [`scanner`] | one protocol per file or folder, both sides |
//! | [`printer`] | languages: picture in, bytes out; questions and what the answers mean |
//! | [`profile`] | device models as TOML, each with its recorded proof; text escapes |
//! | [`registry`] | the static lists of protocols and languages, the embedded profiles |
//! | [`decode`] | bytes to JSON lines, as `device decode` prints them |
//! | [`transcript`] | recorded exchanges as text |
//! | [`udev`], [`catalogue`] | rules and a page made from the profiles |
//!
//! To add a model, copy `profiles/BLUEPRINT.toml`; nothing else needs an edit. To add a protocol,
//! write one file that keeps [`codec::Codec`] (or [`printer::Language`]) and one line in
//! [`registry`]; every profile that names it is then tested whole and split anywhere.
//!
//! Three rules hold throughout. A range or error flag means there is no value, never a zero.
//! Silence is unknown: it makes no event, no status and no fault. Bytes that belong to no frame
//! are reported as ranges, not passed over.
//!
//! Deliberately absent: sockets, files, clocks, async, parcels. Time is an argument.

pub mod bitmap;
pub mod catalogue;
pub mod codec;
pub mod decode;
pub mod dimensioner;
pub mod frames;
pub mod hid;
pub mod ipp;
pub mod length;
pub mod mass;
pub mod printer;
pub mod profile;
pub mod registry;
pub mod scale;
pub mod scanner;
pub mod transcript;
pub mod udev;
