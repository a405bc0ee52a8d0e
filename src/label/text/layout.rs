//! Text into a box: wrap, shrink, cut. Positions end on whole dots.
#![expect(
    clippy::float_arithmetic,
    reason = "the shaper works in f32; everything is rounded to whole dots here, and only here"
)]

use std::sync::Arc;

use cosmic_text::{
    Attrs, AttrsList, Family, Hinting, ShapeLine, Shaping, Stretch, Weight as FontWeight, Wrap,
};

use super::engine::{Engine, Glyph, GlyphId};
use crate::label::template::schema::{Align, Font, Weight};

/// Height of a capital letter above the base line, percent of the size (DejaVu: 72.9), rounded
/// up; the box's top is the top of the capitals.
const CAPITAL_PERCENT: i32 = 76;
/// Room a line needs below its base line, percent of the size (DejaVu: 23.6).
const DESCENT_PERCENT: i32 = 24;
/// Characters of one text that are looked at; the rest is cut.
const CHARS_MAX: usize = 2_000;

/// Face of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Style {
    pub font: Font,
    pub weight: Weight,
}

/// A box to fill, in dots.
#[derive(Debug, Clone, Copy)]
pub struct Block {
    pub style: Style,
    pub width: i32,
    pub height: i32,
    /// Largest and smallest size, dots per em.
    pub size: i32,
    pub size_min: i32,
    pub lines_max: usize,
    pub line_height_percent: i32,
    pub align: Align,
    /// Centre the lines in the height instead of starting at the top.
    pub middle: bool,
}

/// A glyph and where its top left corner goes, relative to the box.
pub type PlacedGlyph = (i32, i32, Arc<Glyph>);

/// Text put into its box.
#[derive(Debug)]
pub struct Fitted {
    pub glyphs: Vec<PlacedGlyph>,
    /// Something did not fit even at the smallest size and is not drawn.
    pub cut: bool,
    /// Characters no font has, once each.
    pub missing: Vec<char>,
}

/// A laid-out line: glyphs with pen positions, and its width.
struct Line {
    glyphs: Vec<(GlyphId, i32, i32)>,
    width: i32,
}

impl Block {
    /// Fits `text` (lines separated by `\n`) into the box with the largest size that holds it.
    pub fn fit(&self, engine: &mut Engine, text: &str) -> Fitted {
        let clean: String = text.chars().take(CHARS_MAX).map(visible).collect();
        let shaped: Vec<(Arc<ShapeLine>, &str)> = clean
            .split('\n')
            .map(|line| (shape(engine, self.style, line), line))
            .collect();
        let mut missing: Vec<char> = clean
            .chars()
            .filter(|c| *c != '\n' && !engine.has(*c))
            .collect();
        missing.sort_unstable();
        missing.dedup();

        let mut size = self.size.clamp(1, i32::from(u16::MAX));
        let size_min = self.size_min.clamp(1, size);
        let mut lines = self.lay_out(&shaped, size);
        while size > size_min && !self.holds(&lines, size) {
            size -= 1;
            lines = self.lay_out(&shaped, size);
        }
        let too_long = clean.len() < text.len() && text.chars().count() > CHARS_MAX;
        let cut = too_long || !self.holds(&lines, size);
        let lines_fit = self.lines_fitting(size).min(lines.len());
        lines.truncate(lines_fit);
        let glyphs = self.place(engine, &lines, size);
        Fitted {
            glyphs,
            cut,
            missing,
        }
    }

    /// Lines that fit the height at `size`; at least one.
    fn lines_fitting(&self, size: i32) -> usize {
        // Centred text may let its descenders hang into the lower margin.
        let descent = if self.middle { 0 } else { DESCENT_PERCENT };
        let last = size * (CAPITAL_PERCENT + descent) / 100;
        let pitch = self.pitch(size);
        let more = (self.height - last).max(0) / pitch.max(1);
        (1 + usize::try_from(more).unwrap_or(0)).min(self.lines_max.max(1))
    }

    fn pitch(&self, size: i32) -> i32 {
        (size * self.line_height_percent + 50) / 100
    }

    fn holds(&self, lines: &[Line], size: i32) -> bool {
        lines.len() <= self.lines_fitting(size) && lines.iter().all(|l| l.width <= self.width)
    }

    fn lay_out(&self, shaped: &[(Arc<ShapeLine>, &str)], size: i32) -> Vec<Line> {
        let em = dots_f32(size);
        let wrap = if self.lines_max > 1 {
            Wrap::Word
        } else {
            Wrap::None
        };
        let weight = font_weight(self.style);
        let mut out = Vec::new();
        for (line, _) in shaped {
            let width = Some(dots_f32(self.width));
            for laid in line.layout(em, width, wrap, None, None, Hinting::Disabled) {
                let start = laid
                    .glyphs
                    .iter()
                    .map(|g| g.x)
                    .fold(f32::INFINITY, f32::min);
                let end = laid.glyphs.iter().map(|g| g.x + g.w).fold(0.0, f32::max);
                let glyphs = laid.glyphs.iter().map(|glyph| {
                    let id = GlyphId {
                        font: glyph.font_id,
                        glyph: glyph.glyph_id,
                        weight,
                        size: u16::try_from(size).unwrap_or(u16::MAX),
                    };
                    let x = glyph.x - start + glyph.x_offset * em;
                    (id, whole(x), whole(-(glyph.y + glyph.y_offset * em)))
                });
                let glyphs = glyphs.collect();
                let width = if end > start { whole(end - start) } else { 0 };
                out.push(Line { glyphs, width });
            }
        }
        out
    }

    /// Glyphs that would leave the box sideways are left out; `cut` has told of them.
    fn place(&self, engine: &mut Engine, lines: &[Line], size: i32) -> Vec<PlacedGlyph> {
        let mut placed = Vec::new();
        let capital = (size * CAPITAL_PERCENT + 50) / 100;
        let more = i32::try_from(lines.len()).unwrap_or(1) - 1;
        let free = self.height - capital - more * self.pitch(size);
        let mut base = capital + if self.middle { free / 2 } else { 0 };
        for line in lines {
            let free = (self.width - line.width).max(0);
            let indent = match self.align {
                Align::Left => 0,
                Align::Center => free / 2,
                Align::Right => free,
            };
            for (id, x, y) in &line.glyphs {
                let glyph = engine.glyph(*id);
                let left = indent + x + glyph.left;
                let right = left + i32::try_from(glyph.width).unwrap_or(i32::MAX / 2);
                // A letter's side bearing may reach a dot or two over the edge.
                let slack = size / 16 + 1;
                if glyph.width > 0 && left >= -slack && right <= self.width + slack {
                    placed.push((left, base + y + glyph.top, glyph));
                }
            }
            base += self.pitch(size);
        }
        placed
    }
}

/// Tabs and other controls become spaces; line breaks stay.
fn visible(c: char) -> char {
    match c {
        // Paragraph separators would show the shaper two directions in one line; it panics then.
        '\u{2028}' | '\u{2029}' => '\n',
        '\n' => c,
        _ if c.is_control() => ' ',
        _ => c,
    }
}

fn font_weight(style: Style) -> FontWeight {
    match style.weight {
        Weight::Regular => FontWeight::NORMAL,
        Weight::Bold => FontWeight::BOLD,
    }
}

fn shape(engine: &mut Engine, style: Style, line: &str) -> Arc<ShapeLine> {
    let key = (style, line.to_owned());
    if let Some(shaped) = engine.lines.get(&key) {
        return Arc::clone(shaped);
    }
    engine.room_for_a_line();
    let stretch = match style.font {
        Font::Sans => Stretch::Normal,
        Font::Condensed => Stretch::SemiCondensed,
    };
    let attrs = Attrs::new()
        .family(Family::Name("DejaVu Sans"))
        .weight(font_weight(style))
        .stretch(stretch);
    let list = AttrsList::new(&attrs);
    let shaped = ShapeLine::new(&mut engine.fonts, line, &list, Shaping::Advanced, 4);
    let shaped = Arc::new(shaped);
    engine.lines.insert(key, Arc::clone(&shaped));
    shaped
}

#[expect(
    clippy::cast_precision_loss,
    reason = "dots on a label are far below 2^24"
)]
fn dots_f32(dots: i32) -> f32 {
    dots as f32
}

#[expect(clippy::cast_possible_truncation, reason = "float casts saturate")]
fn whole(value: f32) -> i32 {
    value.round() as i32
}
