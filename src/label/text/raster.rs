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
use crate::label::area::{Outline, Window};

/// Share of a dot that must be covered to make it black.
const COVERAGE: f32 = 0.5;
/// Dots of a glyph's side; larger ones are not drawn. A 4x6 label has 3,600 at 600 dpi.
const SIDE_MAX: u32 = 8_192;
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
        self.pen.0.clear();
        let hinter = self.hinters.get(at).and_then(|(_, hinter)| hinter.as_ref());
        let hinted = hinter.is_some_and(|hinter| {
            let settings = DrawSettings::hinted(hinter, false);
            outline.draw(settings, &mut self.pen).is_ok()
        });
        if !hinted {
            self.pen.0.clear();
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

/// Collects an outline and fills it. Fonts have y upwards.
#[derive(Default)]
struct Pen(Outline);

impl Pen {
    /// Fills what the outline encloses.
    fn fill(&mut self) -> Glyph {
        let window = self.0.window();
        let sane = |w: &Window| w.width <= SIDE_MAX && w.height <= SIDE_MAX;
        let Some(window) = window.filter(sane) else {
            return Glyph::default();
        };
        let width = window.width as usize;
        let mut rows = Vec::with_capacity(width.div_ceil(8) * window.height as usize);
        for cells in self.0.cover(&window) {
            let mut covered = 0.0_f32;
            for eight in cells[..width].chunks(8) {
                let mut byte = 0;
                for (at, cell) in eight.iter().enumerate() {
                    covered += cell;
                    byte |= u8::from(covered.abs() >= COVERAGE) << (7 - at);
                }
                rows.push(byte);
            }
        }
        Glyph {
            left: window.left,
            top: window.top,
            width: window.width,
            height: window.height,
            rows,
        }
    }
}

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to(x, -y);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to(x, -y);
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.0.quad_to((cx, -cy), (x, -y));
    }

    fn curve_to(&mut self, cx0: f32, cy0: f32, cx1: f32, cy1: f32, x: f32, y: f32) {
        self.0.curve_to((cx0, -cy0), (cx1, -cy1), (x, -y));
    }

    fn close(&mut self) {
        self.0.close();
    }
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
