//! Labels as raster plus commands: rectangles and Code 128 the printer draws itself, the rest as
//! graphics without the white around them.
//!
//! Constraints: the printed dots are those of the picture. A native is taken out of the raster
//! only if every dot it draws is black there, at whole dots, and is drawn again by a command that
//! can draw nothing else; black on black is black, so natives may overlap anything. On a quick
//! transport nothing is gained, so the page goes as one graphic there.

use super::super::{Compression, EncodeError, JobOptions};
use super::pack::Effort;
use super::{Zpl, code128, graphic};
use crate::bitmap::{Bitmap, BitmapView};

/// Below this, in bytes per second, bytes cost more time than anything that saves them: serial
/// lines and Bluetooth are slower, USB and networks quicker.
pub const QUICK_BYTES_PER_SECOND: u32 = 500_000;
/// Most natives looked at in one label.
const NATIVES_MAX: usize = 500;
/// `^BY` goes from 1 to 10.
const MODULE_DOTS_MAX: u32 = 10;
/// `^GB` and `^BC` sizes end here.
const SIDE_DOTS_MAX: u32 = 32_000;

/// Something in the picture the printer can draw by itself, in dots from the top left corner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Native<'a> {
    /// A black rectangle or line.
    Fill {
        x: u32,
        y: u32,
        width: u32,
        height: u32,
    },
    /// A black frame; sizes are those of its outside.
    Frame {
        x: u32,
        y: u32,
        width: u32,
        height: u32,
        thickness: u32,
    },
    /// A Code 128 symbol without its quiet zone.
    Code128 {
        x: u32,
        y: u32,
        /// Dots per module.
        module_dots: u32,
        /// Of the bars.
        height: u32,
        /// Bars and spaces in modules, bar first, from the start to the stop character.
        widths: &'a [u8],
    },
}

/// What was sent how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mixed {
    /// Natives that went as commands.
    pub natives: usize,
    /// Graphics the rest went as.
    pub strips: usize,
}

/// One black rectangle: x, y, width, height.
type Rect = (u32, u32, u32, u32);

/// A native that can be drawn exactly.
struct Drawable {
    rects: Vec<Rect>,
    command: Vec<u8>,
    symbol: bool,
}

impl Zpl {
    /// Appends one complete label like [`super::super::Language::encode`], as commands and graphics
    /// if that is smaller and `bytes_per_second`, what the transport carries, makes it worth while
    /// (`None`: quick). Pass no natives for a printer that draws them in a way of its own.
    ///
    /// # Errors
    /// [`EncodeError`]; nothing was appended then.
    pub fn encode_mixed(
        &self,
        picture: &BitmapView<'_>,
        natives: &[Native<'_>],
        bytes_per_second: Option<u32>,
        options: &JobOptions,
        out: &mut Vec<u8>,
    ) -> Result<Mixed, EncodeError> {
        if bytes_per_second.is_none_or(|speed| speed >= QUICK_BYTES_PER_SECOND) {
            super::label(picture, options, out, |out| {
                out.extend_from_slice(b"^FO0,0");
                graphic::encode(picture, options.compression, out);
                out.extend_from_slice(b"^FS");
            })?;
            return Ok(Mixed {
                natives: 0,
                strips: 1,
            });
        }
        let (body, mixed) = smallest(picture, natives, options.compression);
        super::label(picture, options, out, |out| out.extend_from_slice(&body))?;
        Ok(mixed)
    }
}

/// The shortest of: graphics only; symbols as commands; all natives as commands.
fn smallest(
    picture: &BitmapView<'_>,
    natives: &[Native<'_>],
    compression: Compression,
) -> (Vec<u8>, Mixed) {
    let natives = natives.iter().take(NATIVES_MAX);
    let natives: Vec<Drawable> = natives
        .filter_map(|native| native.drawable(picture))
        .collect();
    let (mut best, mut mixed) = body(picture, &[], compression);
    let symbols = natives.iter().filter(|native| native.symbol).collect();
    let tries: [Vec<&Drawable>; 2] = [symbols, natives.iter().collect()];
    for chosen in tries.iter().filter(|chosen| !chosen.is_empty()) {
        let (bytes, how) = body(picture, chosen, compression);
        if bytes.len() < best.len() {
            (best, mixed) = (bytes, how);
        }
    }
    (best, mixed)
}

fn body(
    picture: &BitmapView<'_>,
    natives: &[&Drawable],
    compression: Compression,
) -> (Vec<u8>, Mixed) {
    let mut out = Vec::new();
    let mut rest = Bitmap::from_bits(picture.width(), picture.height(), picture.bits().to_vec());
    if let Ok(rest) = &mut rest {
        for native in natives {
            out.extend_from_slice(&native.command);
            for (x, y, width, height) in native.rects.iter().copied() {
                rest.fill_rect(x, y, width, height, false);
            }
        }
    }
    let rest = rest.as_ref().map_or(*picture, Bitmap::view);
    let strips = push_strips(&rest, compression, &mut out);
    if out.is_empty() {
        // A format without a field prints nothing, and a white label is still a label.
        out.extend_from_slice(b"^FO0,0^GFA,1,1,1,00^FS");
    }
    let mixed = Mixed {
        natives: natives.len(),
        strips,
    };
    (out, mixed)
}

impl Native<'_> {
    /// Its rectangles and command, if the picture holds it whole and the command is exact.
    fn drawable(&self, picture: &BitmapView<'_>) -> Option<Drawable> {
        let (rects, command) = match *self {
            Native::Fill {
                x,
                y,
                width,
                height,
            } => {
                let command = format!("^FO{x},{y}^GB{width},{height},{}^FS", width.min(height));
                (vec![(x, y, width, height)], command)
            }
            Native::Frame {
                x,
                y,
                width,
                height,
                thickness,
            } => {
                let command = format!("^FO{x},{y}^GB{width},{height},{thickness}^FS");
                (frame((x, y, width, height), thickness)?, command)
            }
            Native::Code128 {
                x,
                y,
                module_dots,
                height,
                widths,
            } => {
                let data = String::from_utf8(code128::field_data(widths)?).ok()?;
                let command = format!("^FO{x},{y}^BY{module_dots}^BCN,{height},N,N,N^FD{data}^FS");
                (bars((x, y), module_dots, height, widths)?, command)
            }
        };
        let exact = rects.iter().all(|rect| black(picture, *rect));
        (exact && !rects.is_empty()).then(|| Drawable {
            rects,
            command: command.into_bytes(),
            symbol: matches!(self, Native::Code128 { .. }),
        })
    }
}

/// Four sides; a frame without an inside is a fill, and no frame.
fn frame((x, y, width, height): Rect, thickness: u32) -> Option<Vec<Rect>> {
    let inside = thickness.checked_mul(2)?;
    if thickness == 0 || inside >= width || inside >= height {
        return None;
    }
    let right = x.checked_add(width - thickness)?;
    let bottom = y.checked_add(height - thickness)?;
    Some(vec![
        (x, y, width, thickness),
        (x, bottom, width, thickness),
        (x, y, thickness, height),
        (right, y, thickness, height),
    ])
}

fn bars((x, y): (u32, u32), module: u32, height: u32, widths: &[u8]) -> Option<Vec<Rect>> {
    if !(1..=MODULE_DOTS_MAX).contains(&module) {
        return None;
    }
    let mut left = x;
    let mut bars = Vec::with_capacity(widths.len() / 2 + 1);
    for (at, width) in widths.iter().enumerate() {
        let dots = module.checked_mul(u32::from(*width))?;
        if at.is_multiple_of(2) {
            bars.push((left, y, dots, height));
        }
        left = left.checked_add(dots)?;
    }
    Some(bars)
}

/// Whether all of a rectangle lies in the picture and is black.
fn black(picture: &BitmapView<'_>, (x, y, width, height): Rect) -> bool {
    let within = |start: u32, size: u32, end: u32| {
        let fits = start.checked_add(size).is_some_and(|stop| stop <= end);
        fits && (1..=SIDE_DOTS_MAX).contains(&size)
    };
    if !within(x, width, picture.width()) || !within(y, height, picture.height()) {
        return false;
    }
    let (first, last) = (x / 8, (x + width - 1) / 8);
    let head = 0xFF_u8 >> (x % 8);
    let tail = 0xFF_u8 << (7 - (x + width - 1) % 8);
    let index = |byte: u32| usize::try_from(byte).unwrap_or(usize::MAX);
    (y..y + height).all(|row| {
        let bytes = picture.row(row).get(index(first)..=index(last));
        match bytes.unwrap_or_default() {
            [] => false,
            [one] => one & head & tail == head & tail,
            [start, middle @ .., end] => {
                let ends = start & head == head && end & tail == tail;
                ends && middle.iter().all(|byte| *byte == 0xFF)
            }
        }
    })
}

/// Blank rows from which on a new graphic is shorter than going on.
fn gap_rows(compression: Compression) -> usize {
    match compression {
        // A blank row costs next to nothing, a new stream some forty bytes and its memory.
        Compression::Z64 => 200,
        // A blank row costs one character, a new command some thirty.
        Compression::Acs => 40,
        Compression::Hex => 1,
    }
}

/// Appends the black parts of the picture as graphics of their own; how many.
fn push_strips(picture: &BitmapView<'_>, compression: Compression, out: &mut Vec<u8>) -> usize {
    let stride = picture.stride().max(1);
    let rows: Vec<&[u8]> = picture.bits().chunks(stride).collect();
    let blank = |row: &&[u8]| row.iter().all(|byte| *byte == 0);
    let gap = gap_rows(compression);
    let (mut top, mut count) = (0, 0);
    while let Some(start) = rows.iter().skip(top).position(|row| !blank(row)) {
        let start = top.saturating_add(start);
        // One after the last row that is followed by fewer blank ones than the gap.
        let (mut end, mut white) = (start, 0);
        for (at, row) in rows.iter().enumerate().skip(start) {
            if !blank(row) {
                (end, white) = (at.saturating_add(1), 0);
                continue;
            }
            white += 1;
            if white >= gap {
                break;
            }
        }
        let strip = rows.get(start..end).unwrap_or_default();
        push_strip(strip, start, compression, out);
        (top, count) = (end, count + 1);
    }
    count
}

/// Appends some rows, without the white columns on both sides.
fn push_strip(rows: &[&[u8]], y: usize, compression: Compression, out: &mut Vec<u8>) {
    let first = |row: &&[u8]| row.iter().position(|byte| *byte != 0);
    let last = |row: &&[u8]| row.iter().rposition(|byte| *byte != 0);
    let left = rows.iter().filter_map(first).min().unwrap_or(0);
    let right = rows.iter().filter_map(last).max().unwrap_or(0);
    let mut bits = Vec::with_capacity(rows.len().saturating_mul(right + 1 - left));
    for row in rows {
        bits.extend_from_slice(row.get(left..=right).unwrap_or_default());
    }
    let x = left.saturating_mul(8);
    out.extend_from_slice(format!("^FO{x},{y}").as_bytes());
    graphic::push(&bits, right + 1 - left, compression, Effort::Small, out);
    out.extend_from_slice(b"^FS");
}

#[cfg(test)]
mod tests;
