//! Carriers' ZPL II in: a file becomes one bitmap per label, at any head resolution.
//!
//! Written from Zebra's public programming guide (commands, parameters, defaults, font cells).
//! Where the guide is silent, common renderers' behaviour is followed and the place says so. What
//! is not known is reported, never fatal; what would spoil a symbol is refused.
//!
//! A file is first drawn as written. If it was plainly made for another head ([`scale`]), it is
//! drawn again with every length multiplied by the exact ratio.

mod bars;
mod charset;
mod code128;
mod codes;
mod draw;
mod field;
mod font;
mod format;
mod frame;
mod linear;
mod matrix;
mod outline;
mod params;
mod raster;
mod scale;
mod shapes;
mod state;
mod store;
mod surface;
mod text;
mod typeface;

use firstscan_drivers::bitmap::{Bitmap, Resolution};

use crate::label::Problem;

/// Longest file.
pub const INPUT_BYTES_MAX: usize = 8 << 20;
/// Labels in a file.
pub const LABELS_MAX: usize = 200;
/// Bytes of all bitmaps of a file.
pub const OUTPUT_BYTES_MAX: usize = 96 << 20;
/// Commands carried out, those of recalled formats included.
pub const COMMANDS_MAX: usize = 100_000;

/// Why a file is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ZplError {
    #[error("the file is larger than {INPUT_BYTES_MAX} bytes; send one label at a time")]
    Input,
    #[error("more than {LABELS_MAX} labels, or too many dots of them; send fewer at a time")]
    Labels,
    #[error("more than {COMMANDS_MAX} commands; this is no label")]
    Commands,
    #[error("the label takes more drawing than {0} dots of ink allow; it is damaged or hostile")]
    Work(u64),
    #[error("a format calls itself, or formats are nested deeper than {0}")]
    Recursion(usize),
    #[error("a field holds more than {0} bytes; this is no label")]
    Field(usize),
    #[error("a page of {width} x {height} dots cannot be drawn; check ^PW and ^LL")]
    Page { width: i32, height: i32 },
    #[error("nothing to print: no ^XA ... ^XZ with a field in it; check that this is ZPL")]
    Nothing,
    #[error("the label was made for {made} dpi and this head has {head}: {reason}")]
    Raster {
        made: u32,
        head: u32,
        reason: String,
    },
}

/// A symbol on a label, for checking what was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZplSymbol {
    /// `code128`, `gs1-128`, `qr`, ... as in the check's report; others by their own name.
    pub symbology: &'static str,
    /// What a scanner reports; empty if that is not known.
    pub data: String,
    /// Bars without the text line, in dots of the finished page.
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
    pub module_dots: u32,
    /// Quarter turns clockwise.
    pub turns: u8,
}

/// One label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZplLabel {
    pub bitmap: Bitmap,
    /// What `^PQ` asked for; at least 1. Never drawn or printed by itself.
    pub copies: u32,
    pub symbols: Vec<ZplSymbol>,
}

/// A file understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreted {
    /// At least one.
    pub labels: Vec<ZplLabel>,
    /// Commands passed over and the like, bounded; nothing of it changes what is seen.
    pub notes: Vec<String>,
    /// What keeps the print from being what the sender meant.
    pub problems: Vec<Problem>,
    /// The resolution the label was written for, nominal dots per inch.
    pub made_for_dpi: u32,
}

/// Draws a file. `stock` is the paper in dots of the head; without it the page is what `^PW` and
/// `^LL` say, or 4 x 6 in.
///
/// # Errors
/// [`ZplError`], within a second and without taking more than the limits' memory.
pub fn interpret(
    bytes: &[u8],
    head: Resolution,
    stock: Option<(u32, u32)>,
) -> Result<Interpreted, ZplError> {
    if bytes.len() > INPUT_BYTES_MAX {
        return Err(ZplError::Input);
    }
    let own = scale::nominal(head);
    let (seen, drawn) = state::run(bytes, head, stock, own)?;
    let made = scale::made_for(&seen, head, stock);
    if made == own {
        return Ok(drawn);
    }
    state::run(bytes, head, stock, made).map(|(_, drawn)| drawn)
}

#[cfg(test)]
mod tests;
