//! Bar codes: data checked, encoded, and drawn in whole dots. Encoders of other crates are wrapped
//! here and nowhere else.
//!
//! [`encode`] turns data into an [`Encoded`]: which modules are dark, how much white it needs
//! around it, what its line of text says, and what a scanner will report. [`Encoded::draw`] makes
//! dots of it, each module a whole number of them. Data is checked before anything is drawn, and
//! nothing in it can steer an encoder: control characters are refused or encoded as themselves.

mod ai;
mod aztec;
pub mod code128;
mod draw;
pub mod gs1;
mod imb;
pub mod linear;
mod matrix;
mod maxicode;
mod pdf417;
pub mod qr;

use firstscan_drivers::bitmap::Resolution;
use serde::{Deserialize, Serialize};

/// Symbologies we draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
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
    /// Interleaved 2 of 5 of any even number of digits.
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
    /// USPS Intelligent Mail barcode.
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

    /// The symbology of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Its data are GS1 element strings.
    pub const fn gs1(self) -> bool {
        matches!(self, Self::Gs1_128 | Self::Gs1Qr | Self::Gs1DataMatrix)
    }

    /// One row of bars that is stretched to its height.
    pub const fn linear(self) -> bool {
        matches!(
            self,
            Self::Code128
                | Self::Gs1_128
                | Self::Code39
                | Self::Code93
                | Self::Itf14
                | Self::Itf
                | Self::Ean13
                | Self::Ean8
                | Self::UpcA
                | Self::Codabar
        )
    }
}

/// Error correction of a QR code: L 7 %, M 15 %, Q 25 %, H 30 %.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
pub enum Level {
    L,
    #[default]
    M,
    Q,
    H,
}

/// Bearer bars of an ITF symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bearer {
    None,
    /// Above and below, two modules high.
    Bars,
    /// All around, four modules wide, outside the quiet zones.
    Frame,
}

/// Choices beyond the data; what a symbology does not have must be left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Options {
    /// QR; M if absent.
    pub level: Option<Level>,
    /// PDF417: data columns, 1 to 30.
    pub columns: Option<u32>,
    /// PDF417: rows, 3 to 90; as many as needed if absent.
    pub rows: Option<u32>,
    /// PDF417: height of a row in modules, 2 to 10; 3 if absent.
    pub row_modules: Option<u32>,
    /// PDF417: level 0 to 8, by the amount of data if absent. Aztec: check words in per cent, 5
    /// to 90; 23 if absent.
    pub ec: Option<u32>,
    /// Data Matrix: an oblong symbol.
    pub rectangular: bool,
    /// MaxiCode: 2 to 6; by the data if absent.
    pub mode: Option<u8>,
    /// Code 39, ITF, Codabar: add a check digit.
    pub check_digit: Option<bool>,
    /// Code 39 and 93: all of ASCII by pairs of characters.
    pub full_ascii: bool,
    /// ITF; bars for ITF-14 and none for ITF if absent.
    pub bearer: Option<Bearer>,
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
         use {allowed}"
    )]
    Character {
        found: char,
        code: u32,
        position: usize,
        /// What may stand there.
        allowed: &'static str,
    },
    #[error("{length} digits; {wanted}")]
    Length { length: usize, wanted: &'static str },
    #[error("the check digit is {found} but must be {right}; correct the number")]
    CheckDigit { found: char, right: char },
    #[error("{0}")]
    Rule(String),
    #[error("the encoder refused the data ({0}); report this with the data")]
    Encoder(String),
}

/// White needed around a symbol, in modules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quiet {
    pub left: u32,
    pub right: u32,
    pub top: u32,
    pub bottom: u32,
}

impl Quiet {
    pub(crate) const fn sides(modules: u32) -> Self {
        Self {
            left: modules,
            right: modules,
            top: 0,
            bottom: 0,
        }
    }

    pub(crate) const fn around(modules: u32) -> Self {
        Self {
            left: modules,
            right: modules,
            top: modules,
            bottom: modules,
        }
    }
}

/// A bar of a four-state code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    pub ascender: bool,
    pub descender: bool,
}

/// What is dark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// Runs, black first, in modules.
    Linear(Vec<u8>),
    /// Runs, black first: narrow (one module) or wide (by ratio).
    TwoWidth {
        wide: Vec<bool>,
        bearer: Bearer,
    },
    /// `columns * rows` modules by rows, each row `row_modules` high.
    Matrix {
        columns: u32,
        rows: u32,
        row_modules: u32,
        black: Vec<bool>,
    },
    /// 33 rows of 30 hexagons, of fixed physical size.
    MaxiCode(Vec<bool>),
    FourState(Vec<Bar>),
}

/// Data as a symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encoded {
    pub shape: Shape,
    pub quiet: Quiet,
    /// The line people read, by the symbology's rule: brackets around application identifiers,
    /// groups, check digit.
    pub text: String,
    /// What a scanner reports: FNC1 separators as `\u{1D}`, no symbology identifier.
    pub data: String,
}

/// How a symbol becomes dots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// Width of a module; MaxiCode has its own size and does not look at it.
    pub module_dots: u32,
    /// Height of linear and four-state symbols.
    pub height_dots: u32,
    /// Wide to narrow, tenths: 20 to 30; a wide element is rounded to whole dots.
    pub wide_tenths: u32,
    pub resolution: Resolution,
}

/// Encodes `data`. GS1 data is written with its identifiers in brackets, `(00)340...(10)A1`, or
/// with `\u{1D}` behind elements of variable length.
///
/// # Errors
/// [`SymbolError`]: what is wrong with the data and what to do.
pub fn encode(symbology: Symbology, data: &str, options: &Options) -> Result<Encoded, SymbolError> {
    match symbology {
        Symbology::Code128 => code128::symbol(data),
        Symbology::Gs1_128 => gs1::linear(data),
        Symbology::Code39 => linear::code39(data, options),
        Symbology::Code93 => linear::code93(data, options),
        Symbology::Itf14 => linear::itf14(data, options),
        Symbology::Itf => linear::itf(data, options),
        Symbology::Ean13 => linear::ean13(data),
        Symbology::Ean8 => linear::ean8(data),
        Symbology::UpcA => linear::upca(data),
        Symbology::Codabar => linear::codabar(data, options),
        Symbology::Qr => qr::symbol(data, options.level.unwrap_or_default()),
        Symbology::Gs1Qr => qr::gs1(data, options.level.unwrap_or_default()),
        Symbology::DataMatrix => matrix::data_matrix(data, options),
        Symbology::Gs1DataMatrix => matrix::gs1_data_matrix(data, options),
        Symbology::Pdf417 => pdf417::symbol(data, options),
        Symbology::Aztec => aztec::symbol(data, options),
        Symbology::MaxiCode => maxicode::symbol(data, options),
        Symbology::Imb => imb::symbol(data),
    }
}

/// Refuses empty data and data longer than `max` characters.
fn length(data: &str, max: usize) -> Result<(), SymbolError> {
    let length = data.chars().count();
    match length {
        0 => Err(SymbolError::Empty),
        _ if length > max => Err(SymbolError::TooLong { length, max }),
        _ => Ok(()),
    }
}

/// Refuses characters that do not pass.
fn only(data: &str, allowed: &'static str, pass: impl Fn(char) -> bool) -> Result<(), SymbolError> {
    match data.chars().enumerate().find(|(_, c)| !pass(*c)) {
        None => Ok(()),
        Some((position, found)) => Err(SymbolError::Character {
            found,
            code: u32::from(found),
            position,
            allowed,
        }),
    }
}

/// Refuses all but digits.
fn digits(data: &str) -> Result<(), SymbolError> {
    only(data, "digits only", |c| c.is_ascii_digit())
}

/// Text as Latin-1, which is what scanners take bytes without a stated character set for.
fn latin1(data: &str) -> Result<Vec<u8>, SymbolError> {
    let byte = |(position, found): (usize, char)| {
        u8::try_from(found).map_err(|_| SymbolError::Character {
            found,
            code: u32::from(found),
            position,
            allowed: "Latin-1 characters, or a QR code or Data Matrix",
        })
    };
    data.chars().enumerate().map(byte).collect()
}
