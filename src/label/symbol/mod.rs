//! Bar codes as modules. Encoders are wrapped here and nowhere else; drawing is in `render`.

pub mod code128;
pub mod qr;

pub use crate::label::template::schema::Symbology;

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
