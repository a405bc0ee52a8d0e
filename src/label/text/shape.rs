//! Lines of text, shaped, and laid out at a size. Positions end on whole dots.
#![expect(
    clippy::float_arithmetic,
    reason = "the shaper works in f32; everything is rounded to whole dots here, and only here"
)]

use cosmic_text::skrifa::instance::{LocationRef, Size};
use cosmic_text::skrifa::metrics::GlyphMetrics;
use cosmic_text::skrifa::{GlyphId as OutlineId, MetadataProvider};
use cosmic_text::{Attrs, AttrsList, Hinting, LayoutGlyph, ShapeLine, Shaping, Wrap};

use super::clean::{THAI_BREAK, is_invisible};
use super::engine::Engine;
use super::faces::{Face, Faces};
use super::host::Locale;
use super::layout::Style;
use super::raster::GlyphId;
use crate::label::render::FontKey;

/// Advances are rounded glyph by glyph, so that a pair of letters has the same gap wherever it
/// stands; rounding the pens instead makes gaps vary by a dot along a line.
const HINTING: Hinting = Hinting::Enabled;

/// A line as shaped, good for every size.
pub struct Shaped {
    pub text: String,
    line: ShapeLine,
    /// It is read from right to left.
    pub rtl: bool,
    /// It has letters, so that its direction says something.
    pub lettered: bool,
    pub missing: Vec<char>,
    /// How far its ink reaches above and below the base line, thousandths of an em.
    pub up: i32,
    pub down: i32,
}

/// A glyph and its pen position in a line; `start..end` is its cluster in the line's text.
#[derive(Debug, Clone, Copy)]
pub struct Pen {
    pub id: GlyphId,
    pub x: i32,
    /// Below the base line.
    pub y: i32,
    pub start: usize,
    pub end: usize,
}

/// A laid-out line: glyphs with pen positions, and its width.
pub struct Line {
    /// Which of the shaped lines it is a part of.
    pub of: usize,
    pub glyphs: Vec<Pen>,
    pub width: i32,
}

/// Shapes one line of cleaned text.
pub fn shape(engine: &mut Engine, style: Style, locale: Locale, text: &str) -> Shaped {
    let faces = &mut engine.faces;
    let (parts, mut missing) = faces.assign(style, locale, text);
    let mut list = AttrsList::new(&Attrs::new());
    for (range, number) in &parts {
        if let Some(face) = faces.get(*number) {
            list.add_span(range.clone(), &face.attrs());
        }
    }
    let line = ShapeLine::new(&mut faces.system, text, &list, Shaping::Advanced, 4);
    missing.extend(lost(faces, &line, text));
    let (up, down) = reach(faces, &line);
    Shaped {
        text: text.to_owned(),
        rtl: line.rtl,
        lettered: text.chars().any(char::is_alphabetic),
        missing,
        up,
        down,
        line,
    }
}

/// Chinese, Japanese and Korean characters fill a square that lies so far above and below the base
/// line, ems. (Measuring the ink of their outlines one by one takes longer than shaping them.)
const SQUARE: (f32, f32) = (0.88, 0.12);

/// Characters the shaper found no picture for after all, or none in a face of ours: nothing may
/// be left out of a label untold.
fn lost(faces: &Faces, line: &ShapeLine, text: &str) -> Vec<char> {
    let words = line.spans.iter().flat_map(|span| &span.words);
    let glyphs = words.flat_map(|word| &word.glyphs);
    let lost = glyphs.filter(|g| g.glyph_id == 0 || faces.number(g.font_id).is_none());
    let clusters = lost.filter_map(|glyph| text.get(glyph.start..glyph.end));
    let chars = clusters.flat_map(str::chars);
    chars.filter(|c| !is_invisible(*c)).collect()
}

/// How far the line's ink reaches above and below the base line, thousandths of an em.
fn reach(faces: &Faces, line: &ShapeLine) -> (i32, i32) {
    let words = line.spans.iter().flat_map(|span| &span.words);
    let (mut up, mut down) = (0.0_f32, 0.0_f32);
    let mut opened: Option<(FontKey, Option<(GlyphMetrics<'_>, f32)>)> = None;
    for glyph in words.flat_map(|word| &word.glyphs) {
        let same = |(key, _): &(FontKey, _)| *key == glyph.font_id;
        if !opened.as_ref().is_some_and(same) {
            let face = faces.number(glyph.font_id).and_then(|n| faces.get(n));
            if face.is_some_and(|face| face.east_asian) {
                (up, down) = (up.max(SQUARE.0), down.max(SQUARE.1));
            }
            let measured = face.filter(|face| !face.east_asian).and_then(Face::open);
            let measures = measured.map(|font| {
                let location = LocationRef::default();
                let em = font.metrics(Size::unscaled(), location).units_per_em;
                let metrics = font.glyph_metrics(Size::unscaled(), location);
                (metrics, f32::from(em.max(1)))
            });
            opened = Some((glyph.font_id, measures));
        }
        let Some((_, Some((metrics, em)))) = &opened else {
            continue;
        };
        let id = OutlineId::new(u32::from(glyph.glyph_id));
        if let Some(bounds) = metrics.bounds(id) {
            up = up.max(bounds.y_max / em + glyph.y_offset);
            down = down.max(-bounds.y_min / em - glyph.y_offset);
        }
    }
    // A font may claim anything.
    let thousandths = |em: f32| whole(em * 1_000.0).clamp(0, 3_000);
    (thousandths(up), thousandths(down))
}

/// How lines are broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaks {
    None,
    /// Between words, and where a script allows it: between Chinese characters, Thai syllables.
    Words,
    /// Also inside a word that is wider than the line.
    Anywhere,
}

impl Shaped {
    /// Adds the line at `size` dots per em to `out`, as several if it is broken at `width` dots.
    pub fn lay_out(
        &self,
        engine: &Engine,
        (of, size, width): (usize, i32, i32),
        breaks: Breaks,
        out: &mut Vec<Line>,
    ) {
        let em = dots_f32(size);
        let wrap = match breaks {
            Breaks::None => Wrap::None,
            Breaks::Words => Wrap::Word,
            Breaks::Anywhere => Wrap::WordOrGlyph,
        };
        let width = Some(dots_f32(width));
        for laid in self.line.layout(em, width, wrap, None, None, HINTING) {
            let blank = |g: &&LayoutGlyph| {
                let cluster = self.text.get(g.start..g.end).unwrap_or_default();
                !cluster.trim_matches([' ', THAI_BREAK]).is_empty()
            };
            let inked = || laid.glyphs.iter().filter(blank);
            let start = inked().map(|g| g.x).fold(f32::INFINITY, f32::min);
            let end = inked().map(|g| g.x + g.w).fold(f32::NEG_INFINITY, f32::max);
            let pens = laid.glyphs.iter().filter(blank).map(|glyph| Pen {
                id: GlyphId {
                    face: engine.faces.number(glyph.font_id).unwrap_or(0),
                    glyph: glyph.glyph_id,
                    size: u16::try_from(size).unwrap_or(u16::MAX),
                },
                x: whole(glyph.x - start + glyph.x_offset * em),
                y: whole(-(glyph.y + glyph.y_offset * em)),
                start: glyph.start,
                end: glyph.end,
            });
            let glyphs = pens.collect();
            let width = if end > start { whole(end - start) } else { 0 };
            out.push(Line { of, glyphs, width });
        }
    }
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
