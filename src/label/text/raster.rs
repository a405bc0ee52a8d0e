//! Outlines to dots: a glyph scaled, hinted and filled, black or white and nothing between.
#![expect(
    clippy::float_arithmetic,
    reason = "outlines come as f32; sums and products of f32 are the same on every machine"
)]

use std::collections::HashMap;

use cosmic_text::skrifa::instance::{LocationRef, Size};
use cosmic_text::skrifa::outline::{
    DrawSettings, Engine, GlyphStyles, HintingInstance, HintingOptions, OutlineGlyphCollection,
    OutlinePen, Target,
};
use cosmic_text::skrifa::{FontRef, GlyphId as OutlineId, MetadataProvider};

use super::faces::Face;

/// Share of a dot that must be covered to make it black.
const COVERAGE: f32 = 0.5;
/// Dots of a glyph's side; larger ones are not drawn. A 4x6 label has 3,600 at 600 dpi.
const SIDE_MAX: f32 = 8_192.0;
/// Points of one outline; the densest Chinese characters have about 500.
const POINTS_MAX: usize = 20_000;
/// Sizes whose prepared hinting is kept. A label uses about five.
const HINTERS_MAX: usize = 16;

/// A glyph as dots. `left` and `top` lead from the pen to its top left corner, y downwards.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Glyph {
    pub left: i32,
    pub top: i32,
    pub width: u32,
    pub height: u32,
    /// Rows of whole bytes, first dot in the highest bit.
    pub rows: Vec<u8>,
}

/// Which glyph at which size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GlyphId {
    /// Index of the face in the engine.
    pub face: u16,
    pub glyph: u16,
    /// Dots per em.
    pub size: u16,
}

/// Prepared hinting, by face and size; running a font's set-up program is slow.
#[derive(Default)]
pub struct Rasteriser {
    hinters: Vec<((u16, u16), Option<HintingInstance>)>,
    styles: HashMap<u16, GlyphStyles>,
    pen: Pen,
}

impl Rasteriser {
    /// The glyph as dots; an empty one if the font has no picture for it.
    pub fn draw(&mut self, face: &Face, id: GlyphId) -> Glyph {
        let Ok(font) = FontRef::from_index(face.bytes(), face.index) else {
            return Glyph::default();
        };
        let outlines = font.outline_glyphs();
        let Some(outline) = outlines.get(OutlineId::new(u32::from(id.glyph))) else {
            return Glyph::default();
        };
        let size = Size::new(f32::from(id.size));
        let key = (id.face, id.size);
        let at = match self.hinters.iter().position(|(known, _)| *known == key) {
            Some(at) => at,
            None => {
                if self.hinters.len() >= HINTERS_MAX {
                    self.hinters.remove(0);
                }
                let options = HintingOptions {
                    engine: self.hinting(face, id.face, &outlines),
                    target: Target::Mono,
                };
                let location = LocationRef::default();
                let hinter = HintingInstance::new(&outlines, size, location, options);
                self.hinters.push((key, hinter.ok()));
                self.hinters.len() - 1
            }
        };
        self.pen.clear();
        let hinter = self.hinters.get(at).and_then(|(_, hinter)| hinter.as_ref());
        let hinted = hinter.is_some_and(|hinter| {
            let settings = DrawSettings::hinted(hinter, false);
            outline.draw(settings, &mut self.pen).is_ok()
        });
        if !hinted {
            self.pen.clear();
            let settings = DrawSettings::unhinted(size, LocationRef::default());
            if outline.draw(settings, &mut self.pen).is_err() {
                return Glyph::default();
            }
        }
        self.pen.fill()
    }

    /// Which hints to follow.
    ///
    /// Compared at 20 to 40 dots per em, enlarged: with the fonts' own instructions for black and
    /// white, Latin, Greek, Cyrillic, Hebrew, Arabic and Thai stems are all as wide and stand on
    /// whole dots; those for grey tones leave stems between dots, which the threshold then makes
    /// thick here and thin there; without any, small text loses thin strokes. The East Asian fonts
    /// have no useful instructions, and neighbouring strokes ran together (U+7701 at 30 dots); the
    /// automatic hinter keeps them apart. A lower threshold or bolder outlines closed the small
    /// rooms of Chinese characters and of `e` and `8` without making stems more even.
    fn hinting(&mut self, face: &Face, number: u16, all: &OutlineGlyphCollection<'_>) -> Engine {
        if !face.east_asian {
            return Engine::AutoFallback;
        }
        // Classifying all glyphs of a large font takes a while, and is the same at all sizes.
        let known = self.styles.entry(number);
        let styles = known.or_insert_with(|| GlyphStyles::new(all));
        Engine::Auto(Some(styles.clone()))
    }
}

/// Collects an outline as straight lines, y downwards.
#[derive(Default)]
struct Pen {
    lines: Vec<[f32; 4]>,
    start: (f32, f32),
    at: (f32, f32),
    /// Signed area covered per dot, and the same summed up along a row.
    cells: Vec<f32>,
}

impl Pen {
    fn clear(&mut self) {
        self.lines.clear();
        (self.start, self.at) = Default::default();
    }

    fn line(&mut self, x: f32, y: f32) {
        if self.lines.len() < POINTS_MAX {
            self.lines.push([self.at.0, self.at.1, x, y]);
        }
        self.at = (x, y);
    }

    /// Fills what the outline encloses.
    fn fill(&mut self) -> Glyph {
        let mut bounds = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
        for [x0, y0, x1, y1] in &self.lines {
            bounds[0] = bounds[0].min(*x0).min(*x1);
            bounds[1] = bounds[1].min(*y0).min(*y1);
            bounds[2] = bounds[2].max(*x0).max(*x1);
            bounds[3] = bounds[3].max(*y0).max(*y1);
        }
        let [left, top] = [bounds[0].floor(), bounds[1].floor()];
        let (across, down) = (bounds[2].ceil() - left, bounds[3].ceil() - top);
        let sane = |side: f32| (1.0..=SIDE_MAX).contains(&side);
        if self.lines.is_empty() || !sane(across) || !sane(down) {
            return Glyph::default();
        }
        let (width, height) = (whole(across), whole(down));
        let (width, height) = (width.unsigned_abs(), height.unsigned_abs());
        // One column more: a line on the right edge leaves its share beside it.
        let stride = width as usize + 2;
        self.cells.clear();
        self.cells.resize(stride * height as usize, 0.0);
        for line in &self.lines {
            let line = [line[0] - left, line[1] - top, line[2] - left, line[3] - top];
            add_line(&mut self.cells, stride, line);
        }
        let mut rows = Vec::with_capacity((width as usize).div_ceil(8) * height as usize);
        for cells in self.cells.chunks_exact(stride) {
            let mut covered = 0.0_f32;
            for eight in cells[..width as usize].chunks(8) {
                let mut byte = 0;
                for (at, cell) in eight.iter().enumerate() {
                    covered += cell;
                    byte |= u8::from(covered.abs() >= COVERAGE) << (7 - at);
                }
                rows.push(byte);
            }
        }
        Glyph {
            left: whole(left),
            top: whole(top),
            width,
            height,
            rows,
        }
    }
}

/// Adds what lies right of a line, with the sign of its direction, as a difference per dot: the
/// running sum of a row is the covered share of each of its dots.
fn add_line(cells: &mut [f32], stride: usize, [x0, y0, x1, y1]: [f32; 4]) {
    let (sign, x0, y0, x1, y1) = if y0 < y1 {
        (1.0, x0, y0, x1, y1)
    } else {
        (-1.0, x1, y1, x0, y0)
    };
    if y0 >= y1 {
        return;
    }
    let slope = (x1 - x0) / (y1 - y0);
    for (row, cells) in cells.chunks_exact_mut(stride).enumerate().skip(index(y0)) {
        let (above, below) = (row_f32(row), row_f32(row + 1));
        if above >= y1 {
            break;
        }
        let (from, to) = (y0.max(above), y1.min(below));
        let (xa, xb) = (x0 + (from - y0) * slope, x0 + (to - y0) * slope);
        let area = sign * (to - from);
        let (xa, xb) = (xa.min(xb).max(0.0), xa.max(xb).max(0.0));
        let (first, last) = (index(xa), index(xb));
        if first == last || xb - xa <= f32::EPSILON {
            let inside = 1.0 - ((xa + xb) * 0.5 - row_f32(first));
            put(cells, first, area * inside);
            put(cells, first + 1, area * (1.0 - inside));
            continue;
        }
        // The share right of the line, column by column; the sum of the puts is `area`.
        let per_dot = area / (xb - xa);
        let mut done = 0.0;
        for column in first..=last {
            let (l, r) = (row_f32(column).max(xa), row_f32(column + 1).min(xb));
            let part = (r - l) * per_dot;
            let inside = 1.0 - ((l + r) * 0.5 - row_f32(column));
            put(cells, column, part * inside + done);
            done = part * (1.0 - inside);
        }
        put(cells, last + 1, done);
    }
}

fn put(cells: &mut [f32], at: usize, share: f32) {
    if let Some(cell) = cells.get_mut(at) {
        *cell += share;
    }
}

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.close();
        self.at = (x, -y);
        self.start = self.at;
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.line(x, -y);
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        let (from, by, to) = (self.at, (cx, -cy), (x, -y));
        let steps = steps(&[from, by, to]);
        for step in 1..=steps {
            let t = row_f32(step) / row_f32(steps);
            let u = 1.0 - t;
            let mix = |a: f32, b: f32, c: f32| u * u * a + 2.0 * u * t * b + t * t * c;
            self.line(mix(from.0, by.0, to.0), mix(from.1, by.1, to.1));
        }
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        let (from, one, two, to) = (self.at, (cx0, -cy0), (cx1, -cy1), (x, -y));
        let steps = steps(&[from, one, two, to]);
        for step in 1..=steps {
            let t = row_f32(step) / row_f32(steps);
            let u = 1.0 - t;
            let mix = |a: f32, b: f32, c: f32, d: f32| {
                u * u * u * a + 3.0 * u * u * t * b + 3.0 * u * t * t * c + t * t * t * d
            };
            self.line(
                mix(from.0, one.0, two.0, to.0),
                mix(from.1, one.1, two.1, to.1),
            );
        }
    }

    fn close(&mut self) {
        if self.at != self.start {
            let (x, y) = self.start;
            self.line(x, y);
        }
    }
}

/// Straight pieces for a curve: enough that none is off by a tenth of a dot at text sizes.
fn steps(points: &[(f32, f32)]) -> usize {
    let pairs = points.iter().zip(points.iter().skip(1));
    let length: f32 = pairs
        .map(|(a, b)| (a.0 - b.0).abs() + (a.1 - b.1).abs())
        .sum();
    (index(length) / 2).clamp(2, 24)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "sides of a glyph are far below 2^24"
)]
fn row_f32(row: usize) -> f32 {
    row as f32
}

/// Whole part of what is not negative.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "float casts saturate"
)]
fn index(value: f32) -> usize {
    value as usize
}

#[expect(clippy::cast_possible_truncation, reason = "float casts saturate")]
fn whole(value: f32) -> i32 {
    value as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(pen: &mut Pen) -> (i32, i32, u32, Vec<String>) {
        pen.close();
        let glyph = pen.fill();
        let bytes = (glyph.width as usize).div_ceil(8).max(1);
        let row = |row: &[u8]| {
            let dots = (0..glyph.width as usize).map(|x| row[x / 8] & (0x80 >> (x % 8)) != 0);
            dots.map(|black| if black { '#' } else { '.' }).collect()
        };
        let rows = glyph.rows.chunks_exact(bytes).map(row).collect();
        (glyph.left, glyph.top, glyph.height, rows)
    }

    fn corners(points: &[(f32, f32)]) -> Pen {
        let mut pen = Pen::default();
        for (at, (x, y)) in points.iter().enumerate() {
            if at == 0 {
                pen.move_to(*x, *y);
            } else {
                pen.line_to(*x, *y);
            }
        }
        pen
    }

    #[test]
    fn whole_dots_are_filled_exactly() {
        let mut pen = corners(&[(2.0, -1.0), (12.0, -1.0), (12.0, 2.0), (2.0, 2.0)]);
        // A hole, wound the other way.
        pen.move_to(4.0, 0.0);
        for (x, y) in [(4.0, 1.0), (10.0, 1.0), (10.0, 0.0)] {
            pen.line_to(x, y);
        }
        let rows = ["##########", "##......##", "##########"].map(str::to_owned);
        assert_eq!(drawn(&mut pen), (2, -2, 3, rows.to_vec()));
    }

    #[test]
    fn half_a_dot_is_the_limit() {
        let mut pen = corners(&[(0.5, 0.0), (3.4, 0.0), (3.4, 1.0), (0.5, 1.0)]);
        assert_eq!(drawn(&mut pen).3, ["###."]);
        let mut pen = corners(&[(0.0, 0.0), (6.0, 0.0), (0.0, 6.0)]);
        let rows = ["#.....", "##....", "###...", "####..", "#####.", "######"];
        assert_eq!(drawn(&mut pen).3, rows);
        // Clockwise or not makes no difference.
        let mut pen = corners(&[(0.0, 6.0), (6.0, 0.0), (0.0, 0.0)]);
        assert_eq!(drawn(&mut pen).3, rows);
    }

    #[test]
    fn impossible_outlines_draw_nothing() {
        for far in [1e9, f32::NAN, f32::INFINITY] {
            let mut pen = corners(&[(0.0, 0.0), (far, 0.0), (far, far), (0.0, far)]);
            assert_eq!(pen.fill(), Glyph::default());
        }
        assert_eq!(Pen::default().fill(), Glyph::default());
    }
}
