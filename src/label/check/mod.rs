//! Does it scan? Two questions: [`expect`] asks whether every symbol of a label we drew reads as
//! it should (microseconds, crops only; used before paper), [`check`] what can be read from any
//! bitmap (the whole page).
//!
//! The reader (`rxing`) is of other descent than the encoders. It is content without quiet zones
//! and with uneven bars, so both are measured here. This is no ISO/IEC 15416 grade.

mod geometry;
mod reader;

use firstscan_drivers::bitmap::BitmapView;
use serde::Serialize;

#[cfg(test)]
pub(crate) use reader::decode_row;

use crate::label::canvas::ink_box;
use crate::label::problem::Problem;
use crate::label::render::{PlacedSymbol, Rendered};

/// Symbols looked for on one page.
const SYMBOLS_MAX: usize = 32;
/// Dots of the largest page looked at: A4 at 600 dpi.
const DOTS_MAX: u64 = 40_000_000;

/// The same data this near is the same symbol.
const AGAIN_DOTS: u32 = 40;
/// White around the ink that the reader is shown.
const MARGIN_DOTS: i32 = 20;

/// What a bitmap holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// At least one symbol, and no problem anywhere.
    pub valid: bool,
    pub symbols: Vec<Symbol>,
    pub problems: Vec<Problem>,
}

/// A symbol that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Symbol {
    /// `code128`, `gs1-128`, `qr`, `datamatrix`, `pdf417`, `aztec`, `code39`, `itf`, `ean13`,
    /// `upca`.
    pub symbology: &'static str,
    pub data: String,
    /// Top left corner of where it was seen, dots.
    pub x: u32,
    pub y: u32,
    /// Module width, rounded; 0 if it was not measured.
    pub module_dots: u32,
    pub problems: Vec<Problem>,
}

/// Reads everything on the page.
pub fn check(page: &BitmapView<'_>) -> Report {
    if u64::from(page.width()) * u64::from(page.height()) > DOTS_MAX {
        let message = format!("the page has more than {DOTS_MAX} dots");
        let problem = Problem::new("page", message, "check one label at a time");
        return Report {
            valid: false,
            symbols: Vec::new(),
            problems: vec![problem],
        };
    }
    let mut symbols = Vec::new();
    // A label in a corner of A4 is mostly nothing to look at.
    let ink = ink_box(page).map(|ink| ink.grown(MARGIN_DOTS));
    let mut luma = ink.map(|ink| reader::Luma::from_view(page, ink));
    // Find one, wipe it out, look again: the reader's own search for several gives up early.
    while let Some(luma) = luma.as_mut().filter(|_| symbols.len() < SYMBOLS_MAX) {
        let Some(found) = luma.find_one() else { break };
        let place = geometry::measure(page, &found);
        luma.wipe(place.area);
        let (x, y) = (
            place.area.x.max(0).unsigned_abs(),
            place.area.y.max(0).unsigned_abs(),
        );
        let again = |s: &Symbol| {
            s.data == found.data && s.x.abs_diff(x) < AGAIN_DOTS && s.y.abs_diff(y) < AGAIN_DOTS
        };
        // Wiping missed a part of it; looking on would only find it again.
        if symbols.iter().any(again) {
            break;
        }
        symbols.push(Symbol {
            symbology: found.symbology,
            data: found.data,
            x,
            y,
            module_dots: place.module_dots,
            problems: place.problems,
        });
    }
    symbols.sort_by_key(|symbol| (symbol.y, symbol.x));
    let mut problems = Vec::new();
    if symbols.is_empty() {
        problems.push(Problem::new(
            "page",
            "no symbol could be read",
            "check that this is a label, that its resolution is right and bars are not blurred",
        ));
    }
    let valid = problems.is_empty() && symbols.iter().all(|symbol| symbol.problems.is_empty());
    Report {
        valid,
        symbols,
        problems,
    }
}

/// Reads back every symbol of a label we drew: quiet zone white, data as wanted.
pub fn expect(label: &Rendered) -> Vec<Problem> {
    let page = label.bitmap.view();
    let unread = |symbol: &PlacedSymbol| {
        if !geometry::quiet(&page, symbol) {
            return Some(Problem::new(
                symbol.element.as_str(),
                "something is printed in the code's quiet zone",
                "move the neighbours away from the code in the template",
            ));
        }
        let read = reader::read_placed(&page, symbol);
        (read.as_deref() != Some(symbol.data.as_str())).then(|| {
            let read = read.map_or_else(|| "nothing".to_owned(), |text| format!("\"{text}\""));
            Problem::new(
                symbol.element.as_str(),
                format!("the code reads as {read} instead of \"{}\"", symbol.data),
                "do not print; report this label",
            )
        })
    };
    label.symbols.iter().filter_map(unread).collect()
}
