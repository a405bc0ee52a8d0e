//! `label.toml` as it is written. Unknown keys are refused. Checked and converted in
//! [`super::build`]; nothing else reads these types.

use serde::{Deserialize, Deserializer, de};

use crate::label::symbol::Bearer;
pub use crate::label::symbol::{Level, Symbology};
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
}

/// One text or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore {
    One(String),
    More(Vec<String>),
}

/// What every element may have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommonSpec {
    pub id: String,
    pub kind: String,
    pub when: Option<OneOrMore>,
    pub unless: Option<OneOrMore>,
    /// Name of numbered fields: `items` for `items.1.sku`, `items.2.sku` and so on.
    pub repeat: Option<String>,
    /// Most copies there is room for.
    pub max: Option<u32>,
    /// From one row of copies to the next.
    pub pitch: Option<Measure>,
    /// Copies side by side, and from one to the next.
    pub across: Option<u32>,
    pub pitch_across: Option<Measure>,
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

/// Where a symbol's human-readable line goes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Caption {
    #[default]
    None,
    Above,
    Below,
}

/// How a picture gets its size.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// Every dot of the file becomes one dot, or a square of 2 x 2, 3 x 3, as fits.
    #[default]
    Dots,
    /// Scaled to the box, sides kept in proportion, thresholded.
    Scale,
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
    /// Degrees clockwise.
    #[serde(default)]
    pub turn: u32,
    /// Two-letter country whose way of writing Han characters is wanted, usually
    /// `{ship_to.country_code?}`.
    pub country: Option<String>,
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
    /// Module width wanted. MaxiCode and Intelligent Mail have their size by rule.
    pub module: Option<Measure>,
    /// Narrowest module allowed.
    pub module_min: Option<Measure>,
    #[serde(default)]
    pub align: Align,
    #[serde(default)]
    pub turn: u32,
    /// Human-readable line, and its size.
    #[serde(default)]
    pub text: Caption,
    pub text_size: Option<Measure>,
    /// Wide to narrow, `"2.0"` to `"3.0"`, for Code 39, ITF and Codabar.
    pub ratio: Option<String>,
    pub level: Option<Level>,
    pub columns: Option<u32>,
    pub rows: Option<u32>,
    pub row_modules: Option<u32>,
    pub ec: Option<u32>,
    #[serde(default)]
    pub rectangular: bool,
    pub mode: Option<u8>,
    pub check_digit: Option<bool>,
    pub bearer: Option<Bearer>,
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
    /// Of the corners.
    pub radius: Option<Measure>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImageSpec {
    /// File in the template's folder.
    pub file: String,
    pub x: Measure,
    pub y: Measure,
    pub width: Measure,
    pub height: Measure,
    #[serde(default)]
    pub fit: Fit,
    #[serde(default)]
    pub align: Align,
    #[serde(default)]
    pub turn: u32,
}
