//! The dot grid: filled rectangles, glyphs, module rows. 1 = black, first dot in the highest bit.
//! Everything is clipped to the canvas; the spare bits of a row's last byte stay white.

use firstscan_drivers::bitmap::{Bitmap, BitmapView, DOTS_MAX};

use crate::label::text::Glyph;

/// Longest row.
const SIDE_MAX: i32 = 32_000;

/// Rows of dots as a bitmap.
///
/// Callers have checked the size (1 to [`DOTS_MAX`] dots) and give `height` rows of whole bytes.
pub fn packed(width: u32, height: u32, rows: Vec<u8>) -> Bitmap {
    match Bitmap::from_bits(width, height, rows) {
        Ok(bitmap) => bitmap,
        Err(error) => unreachable!("size was not checked: {error}"),
    }
}

/// Smallest rectangle with all black dots.
pub fn ink_box(page: &BitmapView<'_>) -> Option<Dots> {
    let inked = |y: &u32| page.row(*y).iter().any(|byte| *byte != 0);
    let top = (0..page.height()).find(inked)?;
    let bottom = (0..page.height()).rev().find(inked)?;
    // All rows on top of each other.
    let mut all = vec![0_u8; page.row(top).len()];
    for y in top..=bottom {
        for (sum, byte) in all.iter_mut().zip(page.row(y)) {
            *sum |= byte;
        }
    }
    let black = |x: &u32| all[(*x / 8) as usize] & (0x80 >> (*x % 8)) != 0;
    let left = (0..page.width()).find(black)?;
    let right = (0..page.width()).rev().find(black)?;
    let (width, height) = (side_of(right - left + 1), side_of(bottom - top + 1));
    Some(Dots {
        x: side_of(left),
        y: side_of(top),
        width,
        height,
    })
}

fn side_of(dots: u32) -> i32 {
    i32::try_from(dots).unwrap_or(i32::MAX)
}

/// A bitmap being drawn.
#[derive(Debug)]
pub struct Canvas {
    width: i32,
    height: i32,
    stride: usize,
    rows: Vec<u8>,
}

/// A rectangle in dots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dots {
    pub x: i32,
    pub y: i32,
    pub width: i32,
    pub height: i32,
}

impl Dots {
    /// This rectangle grown by `by` on all sides.
    pub fn grown(self, by: i32) -> Self {
        let (x, y) = (self.x - by, self.y - by);
        Self {
            x,
            y,
            width: self.width + 2 * by,
            height: self.height + 2 * by,
        }
    }
}

impl Canvas {
    /// A white canvas. Sizes beyond the limits are cut; templates and importers check before.
    pub fn new(width: i32, height: i32) -> Self {
        let width = width.clamp(1, SIDE_MAX);
        let tallest = i32::try_from(DOTS_MAX).unwrap_or(i32::MAX) / width;
        let height = height.clamp(1, tallest);
        let stride = usize::try_from(width).unwrap_or(1).div_ceil(8);
        let rows = vec![0; stride * usize::try_from(height).unwrap_or(1)];
        Self {
            width,
            height,
            stride,
            rows,
        }
    }

    /// The finished bitmap.
    pub fn finish(self) -> Bitmap {
        let side = |dots: i32| u32::try_from(dots).unwrap_or(1);
        packed(side(self.width), side(self.height), self.rows)
    }

    /// Paints a rectangle black or white.
    pub fn fill(&mut self, area: Dots, black: bool) {
        let Some((left, right)) = clip(area.x, area.width, self.width) else {
            return;
        };
        let Some((top, bottom)) = clip(area.y, area.height, self.height) else {
            return;
        };
        for y in top..bottom {
            let row = &mut self.rows[y * self.stride..(y + 1) * self.stride];
            fill_bits(row, left, right, black);
        }
    }

    /// Paints an outline, inside `area`.
    pub fn frame(&mut self, area: Dots, thickness: i32) {
        let Dots {
            x,
            y,
            width,
            height,
        } = area;
        let t = thickness.clamp(1, (width.min(height) / 2).max(1));
        self.fill(
            Dots {
                x,
                y,
                width,
                height: t,
            },
            true,
        );
        self.fill(
            Dots {
                x,
                y: y + height - t,
                width,
                height: t,
            },
            true,
        );
        self.fill(
            Dots {
                x,
                y,
                width: t,
                height,
            },
            true,
        );
        self.fill(
            Dots {
                x: x + width - t,
                y,
                width: t,
                height,
            },
            true,
        );
    }

    /// Adds a glyph's black dots, or takes them away from black ground.
    pub fn glyph(&mut self, x: i32, y: i32, glyph: &Glyph, black: bool) {
        let bytes = (glyph.width as usize).div_ceil(8);
        if bytes == 0 {
            return;
        }
        // Only a glyph over the right edge can set the spare bits.
        let spare = 0xFF_u8 << (self.stride * 8 - usize::try_from(self.width).unwrap_or(0));
        for (dy, row) in (0_i32..).zip(glyph.rows.chunks_exact(bytes)) {
            let Some(target) = self.row_mut(y + dy) else {
                continue;
            };
            blit_bits(target, x, row, black);
            if let Some(last) = target.last_mut() {
                *last &= spare;
            }
        }
    }

    /// Draws a matrix of modules, each `module` dots wide and `row_height` high.
    pub fn modules(&mut self, at: Dots, black: &[bool], columns: usize, module: i32) {
        let rows = black.len() / columns.max(1);
        let row_height = at.height / i32::try_from(rows.max(1)).unwrap_or(1);
        for (row, modules) in (0_i32..).zip(black.chunks_exact(columns.max(1))) {
            let mut x = at.x;
            for run in modules.chunk_by(|a, b| a == b) {
                let width = i32::try_from(run.len()).unwrap_or(0) * module;
                let y = at.y + row * row_height;
                if run.first() == Some(&true) {
                    self.fill(
                        Dots {
                            x,
                            y,
                            width,
                            height: row_height,
                        },
                        true,
                    );
                }
                x += width;
            }
        }
    }

    fn row_mut(&mut self, y: i32) -> Option<&mut [u8]> {
        let y = usize::try_from(y).ok().filter(|_| y < self.height)?;
        self.rows.get_mut(y * self.stride..(y + 1) * self.stride)
    }
}

fn clip(start: i32, length: i32, limit: i32) -> Option<(usize, usize)> {
    let end = start.saturating_add(length).min(limit);
    let start = start.max(0);
    (end > start).then_some(())?;
    Some((usize::try_from(start).ok()?, usize::try_from(end).ok()?))
}

fn fill_bits(row: &mut [u8], left: usize, right: usize, black: bool) {
    let (first, last) = (left / 8, (right - 1) / 8);
    for (at, byte) in row.iter_mut().enumerate().take(last + 1).skip(first) {
        let mut mask = 0xFF_u8;
        if at == first {
            mask &= 0xFF >> (left % 8);
        }
        if at == last {
            mask &= 0xFF << (7 - (right - 1) % 8);
        }
        if black { *byte |= mask } else { *byte &= !mask }
    }
}

fn blit_bits(target: &mut [u8], x: i32, source: &[u8], black: bool) {
    let shift = x.rem_euclid(8);
    let first = x.div_euclid(8);
    for (at, byte) in (first..).zip(source) {
        let both = u16::from(*byte) << (8 - shift);
        for (at, part) in [(at, (both >> 8) as u8), (at + 1, (both & 0xFF) as u8)] {
            let Some(to) = usize::try_from(at).ok().and_then(|at| target.get_mut(at)) else {
                continue;
            };
            if black { *to |= part } else { *to &= !part }
        }
    }
}
