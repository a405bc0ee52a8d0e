//! Bar codes as modules. Encoders are wrapped here and nowhere else; drawing is in `render`.

pub mod code128;
pub mod qr;

use serde::{Deserialize, Serialize};

/// Symbologies there are names for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Symbology {
    #[serde(rename = "code128")]
    Code128,
    #[serde(rename = "gs1-128")]
    Gs1_128,
    #[serde(rename = "code39")]
    Code39,
    #[serde(rename = "code93")]
    Code93,
    #[serde(rename = "itf14")]
    Itf14,
    #[serde(rename = "itf")]
    Itf,
    #[serde(rename = "ean13")]
    Ean13,
    #[serde(rename = "ean8")]
    Ean8,
    #[serde(rename = "upca")]
    UpcA,
    #[serde(rename = "codabar")]
    Codabar,
    #[serde(rename = "qr")]
    Qr,
    #[serde(rename = "gs1-qr")]
    Gs1Qr,
    #[serde(rename = "datamatrix")]
    DataMatrix,
    #[serde(rename = "gs1-datamatrix")]
    Gs1DataMatrix,
    #[serde(rename = "pdf417")]
    Pdf417,
    #[serde(rename = "aztec")]
    Aztec,
    #[serde(rename = "maxicode")]
    MaxiCode,
    #[serde(rename = "imb")]
    Imb,
}

impl Symbology {
    pub const ALL: [Self; 18] = [
        Self::Code128,
        Self::Gs1_128,
        Self::Code39,
        Self::Code93,
        Self::Itf14,
        Self::Itf,
        Self::Ean13,
        Self::Ean8,
        Self::UpcA,
        Self::Codabar,
        Self::Qr,
        Self::Gs1Qr,
        Self::DataMatrix,
        Self::Gs1DataMatrix,
        Self::Pdf417,
        Self::Aztec,
        Self::MaxiCode,
        Self::Imb,
    ];

    /// The name in templates and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Code128 => "code128",
            Self::Gs1_128 => "gs1-128",
            Self::Code39 => "code39",
            Self::Code93 => "code93",
            Self::Itf14 => "itf14",
            Self::Itf => "itf",
            Self::Ean13 => "ean13",
            Self::Ean8 => "ean8",
            Self::UpcA => "upca",
            Self::Codabar => "codabar",
            Self::Qr => "qr",
            Self::Gs1Qr => "gs1-qr",
            Self::DataMatrix => "datamatrix",
            Self::Gs1DataMatrix => "gs1-datamatrix",
            Self::Pdf417 => "pdf417",
            Self::Aztec => "aztec",
            Self::MaxiCode => "maxicode",
            Self::Imb => "imb",
        }
    }

    /// Rows of bars, not a matrix.
    pub const fn linear(self) -> bool {
        !matches!(
            self,
            Self::Qr
                | Self::Gs1Qr
                | Self::DataMatrix
                | Self::Gs1DataMatrix
                | Self::Pdf417
                | Self::Aztec
                | Self::MaxiCode
                | Self::Imb
        )
    }
}

/// Why data cannot become a symbol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SymbolError {
    #[error("there is no data; fill the field")]
    Empty,
    #[error("{length} characters, at most {max} fit; shorten the data")]
    TooLong { length: usize, max: usize },
    #[error(
        "character {found:?} (U+{code:04X}) at position {position} cannot be encoded; \
         use plain ASCII without DEL"
    )]
    Character {
        found: char,
        code: u32,
        position: usize,
    },
    #[error("the encoder refused the data ({0}); report this with the data")]
    Encoder(String),
}

/// Black modules of one row (linear) or of a square matrix, row by row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modules {
    /// Modules per row.
    pub width: u32,
    /// Rows; 1 for a linear symbol, which is stretched to its height.
    pub height: u32,
    /// Quiet zone needed on the left and right (all sides for a matrix), in modules.
    pub quiet: u32,
    /// `width * height` entries, true = black.
    pub black: Vec<bool>,
}
