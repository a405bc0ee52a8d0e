//! The dot grid: filled and rounded rectangles, glyphs, pictures. 1 = black, first dot in the
//! highest bit. Everything is clipped to the canvas; a row's spare bits stay white.

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
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
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

impl Dots {
    /// The box around both.
    pub fn with(self, other: Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        let right = (self.x + self.width).max(other.x + other.width);
        let bottom = (self.y + self.height).max(other.y + other.height);
        Self {
            x,
            y,
            width: right - x,
            height: bottom - y,
        }
    }
}

impl Canvas {
    /// A white canvas. Sizes beyond the limits are cut; templates and importers check before.
    pub fn new(width: i32, height: i32) -> Self {
        Self::on(width, height, Vec::new())
    }

    /// A white canvas on memory that was used before.
    pub fn on(width: i32, height: i32, mut rows: Vec<u8>) -> Self {
        let width = width.clamp(1, SIDE_MAX);
        let tallest = i32::try_from(DOTS_MAX).unwrap_or(i32::MAX) / width;
        let height = height.clamp(1, tallest);
        let stride = usize::try_from(width).unwrap_or(1).div_ceil(8);
        rows.clear();
        rows.resize(stride * usize::try_from(height).unwrap_or(1), 0);
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

    /// Paints a rectangle with round corners black.
    pub fn fill_rounded(&mut self, area: Dots, radius: i32) {
        let radius = radius.clamp(0, area.width.min(area.height) / 2);
        for dy in 0..area.height {
            let inset = inset(dy, area.height, radius);
            self.fill(
                Dots {
                    x: area.x + inset,
                    y: area.y + dy,
                    width: area.width - 2 * inset,
                    height: 1,
                },
                true,
            );
        }
    }

    /// Paints an outline, inside `area`, its outer corners rounded by `radius`.
    pub fn frame(&mut self, area: Dots, thickness: i32, radius: i32) {
        let shorter = area.width.min(area.height);
        let radius = radius.clamp(0, shorter / 2);
        let thickness = thickness.clamp(1, (shorter / 2).max(1));
        let inner = area.grown(-thickness);
        let inner_radius = (radius - thickness).max(0);
        // Rows in the two ends; between them only the two sides are black.
        let end = radius.max(thickness).min((area.height + 1) / 2);
        for dy in (0..end).chain(area.height - end..area.height) {
            let outside = inset(dy, area.height, radius);
            let row = |x: i32, width: i32| Dots {
                x,
                y: area.y + dy,
                width,
                height: 1,
            };
            let (left, width) = (area.x + outside, area.width - 2 * outside);
            let inner_row = dy - thickness;
            if inner.width <= 0 || !(0..inner.height).contains(&inner_row) {
                self.fill(row(left, width), true);
                continue;
            }
            let inside = inset(inner_row, inner.height, inner_radius);
            let (from, to) = (inner.x + inside, inner.x + inner.width - inside);
            self.fill(row(left, from - left), true);
            self.fill(row(to, left + width - to), true);
        }
        let side = |x: i32| Dots {
            x,
            y: area.y + end,
            width: thickness,
            height: area.height - 2 * end,
        };
        self.fill(side(area.x), true);
        self.fill(side(area.x + area.width - thickness), true);
    }

    /// Adds a glyph's black dots, or takes them away from black ground.
    pub fn glyph(&mut self, x: i32, y: i32, glyph: &Glyph, black: bool) {
        self.rows_at(x, y, glyph.width, &glyph.rows, black);
    }

    /// Adds a picture's black dots.
    pub fn picture(&mut self, x: i32, y: i32, picture: &Bitmap) {
        self.rows_at(x, y, picture.width(), picture.bits(), true);
    }

    /// Rows of whole bytes, each `width` dots wide.
    fn rows_at(&mut self, x: i32, y: i32, width: u32, rows: &[u8], black: bool) {
        let bytes = (width as usize).div_ceil(8);
        if bytes == 0 {
            return;
        }
        // Rows above the canvas are passed over, those below end the loop.
        let above = usize::try_from(y.saturating_neg()).unwrap_or(0);
        let top = usize::try_from(y).unwrap_or(0) * self.stride;
        let Some(targets) = self.rows.get_mut(top..) else {
            return;
        };
        let targets = targets.chunks_exact_mut(self.stride);
        let sources = rows.chunks_exact(bytes).skip(above);
        let end = i64::from(x) + i64::from(width);
        if let Ok(left) = usize::try_from(x)
            && end <= i64::from(self.width)
        {
            let (first, shift) = (left / 8, left % 8);
            if bytes <= 7 && first + 8 <= self.stride {
                blit_narrow(targets, first, shift, (rows, bytes, above), black);
            } else if shift == 0 && black {
                for (target, source) in targets.zip(sources) {
                    for (to, from) in target[first..first + bytes].iter_mut().zip(source) {
                        *to |= from;
                    }
                }
            } else {
                for (target, source) in targets.zip(sources) {
                    blit_inside(target, left, source, black);
                }
            }
            return;
        }
        // Only what lies over the right edge can set the spare bits.
        let spare = 0xFF_u8 << (self.stride * 8 - usize::try_from(self.width).unwrap_or(0));
        for (target, source) in targets.zip(sources) {
            blit_bits(target, x, source, black);
            if let Some(last) = target.last_mut() {
                *last &= spare;
            }
        }
    }
}

/// How far a row of a shape with round corners starts inside its box. The circle's middle is
/// `radius` dots from both edges; a dot belongs to it if its middle does.
fn inset(row: i32, height: i32, radius: i32) -> i32 {
    let from_edge = row.min(height - 1 - row);
    if from_edge >= radius {
        return 0;
    }
    // In half dots, because the middle of a dot is half a dot from its edge.
    let across = i64::from(2 * radius - 2 * from_edge - 1);
    let round = i64::from(2 * radius);
    let reach = (round * round - across * across).isqrt();
    i32::try_from((round - reach + 1) / 2).unwrap_or(0)
}

fn clip(start: i32, length: i32, limit: i32) -> Option<(usize, usize)> {
    let end = start.saturating_add(length).min(limit);
    let start = start.max(0);
    (end > start).then_some(())?;
    Some((usize::try_from(start).ok()?, usize::try_from(end).ok()?))
}

fn fill_bits(row: &mut [u8], left: usize, right: usize, black: bool) {
    let (first, last) = (left / 8, (right - 1) / 8);
    let (head, tail) = (0xFF_u8 >> (left % 8), 0xFF_u8 << (7 - (right - 1) % 8));
    let paint = |byte: &mut u8, mask: u8| {
        if black { *byte |= mask } else { *byte &= !mask }
    };
    if first == last {
        paint(&mut row[first], head & tail);
        return;
    }
    paint(&mut row[first], head);
    paint(&mut row[last], tail);
    row[first + 1..last].fill(if black { 0xFF } else { 0 });
}

/// Rows of up to seven bytes, each moved in one word. Rows below the last target are left out.
fn blit_narrow<'a>(
    targets: impl Iterator<Item = &'a mut [u8]>,
    first: usize,
    shift: usize,
    (rows, bytes, skip): (&[u8], usize, usize),
    black: bool,
) {
    // A word is read from the start of a row; what belongs to the next rows is masked out.
    let mask = u64::MAX << (64 - bytes * 8);
    let mut at = skip * bytes;
    for target in targets {
        let Some(place) = target.get_mut(first..first + 8) else {
            return;
        };
        if let Some(word) = rows.get(at..).and_then(<[u8]>::first_chunk) {
            merge(place, (u64::from_be_bytes(*word) & mask) >> shift, black);
        } else if let Some(row) = rows.get(at..at + bytes) {
            blit_word(place, shift, row, black);
        } else {
            return;
        }
        at += bytes;
    }
}

/// Blackens or whitens the dots of `bits` in the first eight bytes of `place`.
fn merge(place: &mut [u8], bits: u64, black: bool) {
    if let Some(word) = place.first_chunk_mut() {
        let before = u64::from_be_bytes(*word);
        *word = (if black { before | bits } else { before & !bits }).to_be_bytes();
    }
}

/// Up to seven bytes moved in one word; `place` is eight bytes long.
fn blit_word(place: &mut [u8], shift: usize, source: &[u8], black: bool) {
    let mut bytes = [0_u8; 8];
    for (to, from) in bytes.iter_mut().zip(source) {
        *to = *from;
    }
    merge(place, u64::from_be_bytes(bytes) >> shift, black);
}

/// A row whose dots all lie on the target: seven bytes at a time.
fn blit_inside(target: &mut [u8], x: usize, source: &[u8], black: bool) {
    let (first, shift) = (x / 8, x % 8);
    for (index, seven) in source.chunks(7).enumerate() {
        let at = first + index * 7;
        if let Some(place) = target.get_mut(at..at + 8) {
            blit_word(place, shift, seven, black);
        } else {
            // The last bytes of the row.
            let x = i32::try_from(at * 8 + shift).unwrap_or(i32::MAX);
            blit_bits(target, x, seven, black);
        }
    }
}

/// A row that may reach over the edges.
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn shown(canvas: Canvas) -> Vec<String> {
        let bitmap = canvas.finish();
        let dot = |x, y| if bitmap.get(x, y) { '#' } else { '.' };
        let row = |y| (0..bitmap.width()).map(|x| dot(x, y)).collect();
        (0..bitmap.height()).map(row).collect()
    }

    #[test]
    fn round_corners_are_symmetric_and_keep_the_sides() {
        let mut canvas = Canvas::new(9, 8);
        let area = Dots {
            x: 0,
            y: 0,
            width: 9,
            height: 8,
        };
        canvas.fill_rounded(area, 3);
        let rows = shown(canvas);
        assert_eq!(rows[0], "..#####..");
        assert_eq!(rows[1], ".#######.");
        assert_eq!(rows[3], "#########");
        assert!(rows.iter().eq(rows.iter().rev()));
        let mut canvas = Canvas::new(9, 8);
        canvas.frame(area, 1, 0);
        let rows = shown(canvas);
        assert_eq!(
            (rows[0].as_str(), rows[1].as_str()),
            ("#########", "#.......#")
        );
        let mut canvas = Canvas::new(4, 4);
        canvas.frame(
            Dots {
                x: 0,
                y: 0,
                width: 4,
                height: 4,
            },
            9,
            0,
        );
        assert!(shown(canvas).iter().all(|row| row == "####"));
    }

    /// Dot by dot, for comparison.
    fn slow(picture: &Bitmap, x: i32, y: i32, width: u32, height: u32) -> Bitmap {
        let mut out = Bitmap::new(width, height).unwrap();
        for py in 0..picture.height() {
            for px in 0..picture.width() {
                let (tx, ty) = (x + px as i32, y + py as i32);
                if picture.get(px, py)
                    && tx >= 0
                    && ty >= 0
                    && tx < width as i32
                    && ty < height as i32
                {
                    out.set(tx as u32, ty as u32, true);
                }
            }
        }
        out
    }

    #[test]
    fn pictures_land_dot_for_dot_at_every_offset_and_size() {
        for width in [1, 7, 8, 9, 55, 56, 57, 64, 65, 130] {
            let mut picture = Bitmap::new(width, 3).unwrap();
            for at in 0..width * 3 {
                if (at * 7 + at / 3) % 5 < 2 {
                    picture.set(at % width, at / width, true);
                }
            }
            for x in -20..140 {
                let mut canvas = Canvas::new(131, 4);
                canvas.picture(x, 2, &picture);
                assert!(
                    canvas.finish() == slow(&picture, x, 2, 131, 4),
                    "{width} at {x}"
                );
            }
        }
    }
}
