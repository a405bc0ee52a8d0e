//! Dimensioners: machines that measure a parcel's length, width and height.

pub mod cubiscan;
pub mod http_json;
mod pointer;
