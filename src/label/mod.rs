//! Labels: template + field map -> layout -> 1-bit bitmap; symbols, text, PNG and PDF; carriers'
//! labels in; checks. Pure: no device, no network, no clock.
//!
//! The renderer never fails on data. It draws what it can and lists what is wrong as
//! [`Problem`]s; whether a label with problems is printed is decided elsewhere (it is not). Bars
//! are drawn in whole dots of the print head and never resampled afterwards.

mod area;
mod canvas;
pub mod check;
pub mod import;
pub mod manifest;
pub mod pdf;
pub mod png;
mod problem;
pub mod render;
pub mod symbol;
pub mod template;
pub mod text;
mod units;
pub mod zpl;

use std::collections::BTreeMap;

pub use problem::Problem;
pub use render::{PlacedSymbol, PlacedText, Rendered, Renderer, render};
pub use template::{Template, TemplateError};
pub use text::printable;
pub use units::parse_um;

/// Field values by name. Names are listed in the templates' `sample.json`.
pub type FieldMap = BTreeMap<String, String>;
