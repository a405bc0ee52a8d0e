//! Text: shaped by `cosmic-text` with our own fonts, thresholded to dots, cached.

mod engine;
mod layout;

pub use engine::{Engine, Glyph, engine, printable};
pub use layout::{Block, Style};
