//! What was drawn where, for those that read it back or write it another way: checks compare
//! symbols with the bitmap, PDF out sets text and modules as vectors.

use firstscan_drivers::bitmap::{Bitmap, Resolution};
use serde::Serialize;
use std::sync::Arc;

use crate::label::problem::Problem;
use crate::label::symbol::Symbology;

/// Which face a glyph number belongs to.
pub type FontKey = cosmic_text::fontdb::ID;

/// A drawn label.
#[derive(Debug, Clone)]
pub struct Rendered {
    pub bitmap: Bitmap,
    pub resolution: Resolution,
    /// Empty if the label may be printed.
    pub problems: Vec<Problem>,
    pub symbols: Vec<PlacedSymbol>,
    pub texts: Vec<PlacedText>,
}

/// Dots on the four sides of something, as it lies on the page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sides {
    pub left: i32,
    pub top: i32,
    pub right: i32,
    pub bottom: i32,
}

/// A symbol as drawn, in dots of the page, without its quiet zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlacedSymbol {
    /// Id of the template's element.
    pub element: String,
    pub symbology: Symbology,
    /// What a scanner reports; FNC1 separators as `\u{1D}`, no symbology identifier.
    pub data: String,
    /// The human-readable line by the symbology's rule; drawn only if the template asks for it.
    pub text: String,
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
    pub module_dots: i32,
    /// White needed around it, on the page's sides (after turning).
    pub quiet: Sides,
    /// Quarter turns clockwise, 0 to 3. Turned once, a linear symbol reads from top to bottom.
    pub turns: u8,
}

/// A text as drawn, in dots of the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedText {
    /// Id of the template's element.
    pub element: String,
    /// What was to be shown, lines separated by `\n`.
    pub text: String,
    /// The box it was put into.
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
    /// Dots per em, after shrinking.
    pub size_dots: i32,
    /// Height of a capital letter.
    pub cap_dots: i32,
    /// Quarter turns clockwise, 0 to 3.
    pub turns: u8,
    /// White on black.
    pub inverse: bool,
    /// The glyphs drawn, as they lie before turning: positions are relative to the box's top
    /// left corner when it is turned back upright.
    pub runs: Arc<[GlyphRun]>,
}

/// Glyphs of one font at one size, in drawing order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GlyphRun {
    pub font: FontKey,
    /// Dots per em.
    pub size: i32,
    /// Glyph number, pen position (x) and base line (y, downwards), and the characters it stands
    /// for: empty for the further glyphs of a cluster.
    pub glyphs: Vec<(u16, i32, i32, String)>,
}
