//! Bar codes as modules. Encoders are wrapped here and nowhere else; drawing is in `render`.

pub mod code128;
pub mod qr;

use firstscan_drivers::bitmap::{Bitmap, Resolution};
use serde::{Deserialize, Serialize};

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

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Symbology {
    Code128,
    #[serde(rename = "gs1-128")]
    Gs1_128,
    Code39,
    Code93,
    #[serde(rename = "itf14")]
    Itf14,
    Itf,
    #[serde(rename = "ean13")]
    Ean13,
    Ean8,
    #[serde(rename = "upca")]
    UpcA,
    Codabar,
    Qr,
    #[serde(rename = "gs1-qr")]
    Gs1Qr,
    #[serde(rename = "datamatrix")]
    DataMatrix,
    #[serde(rename = "gs1-datamatrix")]
    Gs1DataMatrix,
    Pdf417,
    Aztec,
    #[serde(rename = "maxicode")]
    MaxiCode,
    Imb,
}
impl Symbology {
    /// Every one, in the order of the reports.
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
        )
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub enum Level {
    L,
    #[default]
    M,
    Q,
    H,
}
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Bearer {
    Frame,
}
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    pub level: Option<Level>,
    pub columns: Option<u32>,
    pub rows: Option<u32>,
    pub row_modules: Option<u32>,
    pub ec: Option<u32>,
    pub rectangular: bool,
    pub mode: Option<u8>,
    pub check_digit: Option<bool>,
    pub bearer: Option<Bearer>,
    pub other: bool,
}
#[derive(Debug, Clone, Default)]
pub struct Quiet {
    pub left: u32,
    pub right: u32,
    pub top: u32,
    pub bottom: u32,
}
#[derive(Debug, Clone)]
pub struct Encoded {
    modules: Modules,
    pub quiet: Quiet,
    pub text: String,
    pub data: String,
}
#[derive(Debug, Clone, Copy)]
pub struct Geometry {
    pub module_dots: u32,
    pub height_dots: u32,
    pub wide_tenths: u32,
    pub resolution: Resolution,
}
pub fn encode(symbology: Symbology, data: &str, options: &Options) -> Result<Encoded, SymbolError> {
    let modules = match symbology {
        Symbology::Code128 => {
            code128::units_from_text(data).and_then(|units| code128::encode(&units))?
        }
        Symbology::Qr => qr::encode(data, options.level.unwrap_or_default())?,
        _ => return Err(SymbolError::Encoder("not yet".into())),
    };
    let q = modules.quiet;
    let v = if modules.height > 1 { q } else { 0 };
    Ok(Encoded {
        quiet: Quiet {
            left: q,
            right: q,
            top: v,
            bottom: v,
        },
        modules,
        text: data.into(),
        data: data.into(),
    })
}
impl Encoded {
    pub fn size_dots(&self, g: &Geometry) -> (u32, u32) {
        let h = if self.modules.height > 1 {
            self.modules.height * g.module_dots
        } else {
            g.height_dots
        };
        (self.modules.width * g.module_dots, h)
    }
    pub fn draw(&self, g: &Geometry) -> Bitmap {
        let (w, h) = self.size_dots(g);
        let stride = (w as usize).div_ceil(8);
        let mut out = crate::label::canvas::packed(w, h, vec![0; stride * h as usize]);
        let m = g.module_dots;
        for (i, b) in self.modules.black.iter().enumerate() {
            let i = i as u32;
            if *b {
                let rh = h / self.modules.height;
                out.fill_rect(
                    i % self.modules.width * m,
                    i / self.modules.width * rh,
                    m,
                    rh,
                    true,
                );
            }
        }
        out
    }
}
