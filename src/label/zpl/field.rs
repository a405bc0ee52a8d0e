//! The field being built between `^FO` and `^FS`.

use std::sync::Arc;

use firstscan_drivers::bitmap::Bitmap;

use super::codes::Code;
use super::frame::Origin;
use super::shapes::Figure;
use super::text::Block;
use super::typeface::Choice;

/// Bytes of one field's data: `^FD` holds 3,072; some slack for foreign writers.
pub const DATA_BYTES_MAX: usize = 16 << 10;

/// What a field draws besides text.
#[derive(Debug, Clone)]
pub enum Drawing {
    /// Shape, and whether it is black.
    Figure(Figure, bool),
    Picture(Arc<Bitmap>),
    /// `^GS`: a letter of the symbol font, its height and turns.
    Sign {
        height: i32,
        turns: u8,
    },
}

/// Everything said about a field so far.
#[derive(Debug, Clone, Default)]
pub struct Field {
    pub origin: Option<Origin>,
    pub font: Option<Choice>,
    pub font_turns: Option<u8>,
    pub block: Option<Block>,
    /// `^TB`: as many lines as fit this height.
    pub block_height: Option<i32>,
    pub code: Option<Code>,
    pub drawing: Option<Drawing>,
    /// After `^FH` is undone.
    pub data: Option<Vec<u8>>,
    /// `^FH` and its indicator.
    pub hex: Option<u8>,
    pub reverse: bool,
    /// `^FN`.
    pub number: Option<i64>,
    pub gap: i32,
}

impl Field {
    /// Whether there is anything to draw.
    pub fn has_content(&self) -> bool {
        self.data.is_some() || self.drawing.is_some() || self.number.is_some()
    }
}
