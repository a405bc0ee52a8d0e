//! `label.toml` as it is written. Unknown keys are refused. Checked and converted in
//! [`super::build`]; nothing else reads these types.

use serde::{Deserialize, Deserializer, de};

use crate::label::units::parse_um;

/// A length as written: whole millimetres, or decimal text with unit `mm` (default) or `pt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure(pub i64);

impl<'de> Deserialize<'de> for Measure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        const WANTED: &str =
            "whole millimetres (12) or decimal text with at most 3 decimals (\"12.5\", \"9pt\")";
        impl de::Visitor<'_> for Visitor {
            type Value = Measure;
            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str(WANTED)
            }
            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Measure, E> {
                let text = value.to_string();
                self.visit_str(&text)
            }
            fn visit_str<E: de::Error>(self, value: &str) -> Result<Measure, E> {
                let wrong = || E::custom(format!("'{value}' is no length; write {WANTED}"));
                parse_um(value).map(Measure).ok_or_else(wrong)
            }
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Measure, E> {
                Err(E::custom(format!(
                    "write {value} in quotes, \"{value}\", to keep it exact"
                )))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// The head of the file; elements are read one by one so that errors can name them.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    pub format: u32,
    pub title: String,
    pub width: Measure,
    pub height: Measure,
    #[serde(default)]
    pub element: Vec<toml::Table>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Align {
    #[default]
    Left,
    Center,
    Right,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    #[default]
    Regular,
    Bold,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Font {
    #[default]
    Sans,
    Condensed,
}

pub use crate::label::symbol::Symbology;

/// Error correction of a QR code: L 7 %, M 15 %, Q 25 %, H 30 %.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Level {
    L,
    #[default]
    M,
    Q,
    H,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextSpec {
    pub x: Measure,
    pub y: Measure,
    pub width: Measure,
    pub height: Option<Measure>,
    pub text: String,
    #[serde(default)]
    pub font: Font,
    #[serde(default)]
    pub weight: Weight,
    pub size: Measure,
    pub min_size: Option<Measure>,
    pub max_lines: Option<u32>,
    /// Line pitch in percent of the size.
    pub line_height: Option<u32>,
    #[serde(default)]
    pub align: Align,
    /// Centre in the height.
    #[serde(default)]
    pub middle: bool,
    #[serde(default)]
    pub inverse: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SymbolSpec {
    pub symbology: Symbology,
    pub data: String,
    pub x: Measure,
    pub y: Measure,
    pub width: Measure,
    pub height: Measure,
    /// Module width wanted.
    pub module: Measure,
    /// Narrowest module allowed.
    pub module_min: Option<Measure>,
    #[serde(default)]
    pub align: Align,
    pub level: Option<Level>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineSpec {
    pub x: Measure,
    pub y: Measure,
    pub width: Option<Measure>,
    pub height: Option<Measure>,
    pub thickness: Measure,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoxSpec {
    pub x: Measure,
    pub y: Measure,
    pub width: Measure,
    pub height: Measure,
    pub thickness: Option<Measure>,
    #[serde(default)]
    pub filled: bool,
}
