//! Text: cleaned, given a face per script, shaped by `cosmic-text`, fitted into its box, drawn as
//! dots, cached.
//!
//! Latin, Greek, Cyrillic, Vietnamese, Hebrew and Arabic come from embedded fonts, so that most
//! labels are the same on every machine. Thai, Devanagari, Chinese, Japanese and Korean come from
//! the host's fonts, by a fixed list (`host`). Pictures such as emoji print as outlines if our own
//! fonts draw them (they have some hundred), else they are refused: a colour picture has no black
//! and white form worth printing, and no address needs one. Private-use characters are refused.

mod clean;
mod engine;
mod faces;
mod host;
mod layout;
mod raster;
mod shape;
#[cfg(test)]
mod tests;

pub use crate::content::script::{Script, Unprintable, scripts};
pub use engine::{Engine, FontData, engine, printable, use_fonts_of};
pub use host::Locale;
pub use layout::{Block, Fitted, PlacedGlyph, Style};
pub use raster::Glyph;
