//! Text into a box: wrap, shrink, cut.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::clean::{THAI_BREAK, clean};
use super::engine::Engine;
use super::host::Locale;
use super::raster::Glyph;
use super::shape::{Breaks, Line, Shaped, shape};
use crate::label::render::GlyphRun;
use crate::label::template::schema::{Align, Font, Weight};

/// Height of a capital letter above the base line, percent of the size (DejaVu: 72.9), rounded
/// up; the box's top is the top of the capitals.
const CAPITAL_PERCENT: i32 = 76;
/// Room a line needs below its base line, percent of the size (DejaVu: 23.6).
const DESCENT_PERCENT: i32 = 24;
/// How far accents on capitals may rise above a box that has no room for them, percent of the
/// size: as they do on any capital; the text does not shrink for them.
const ACCENT_PERCENT: i32 = 20;
/// Lines whose ink is higher than this get a wider pitch; percent of the size.
const PITCH_PERCENT: i32 = 120;
/// Characters of one text that are looked at; the rest is cut.
const CHARS_MAX: usize = 2_000;

/// Face of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Style {
    pub font: Font,
    pub weight: Weight,
}

/// A box to fill, in dots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    pub style: Style,
    /// Whose forms of Chinese characters to draw.
    pub locale: Locale,
    pub width: i32,
    pub height: i32,
    /// Largest and smallest size, dots per em.
    pub size: i32,
    pub size_min: i32,
    pub lines_max: usize,
    pub line_height_percent: i32,
    /// Left is where reading starts: lines of right-to-left scripts are set flush right then.
    pub align: Align,
    /// Centre the lines in the height instead of starting at the top.
    pub middle: bool,
}

impl Hash for Block {
    /// What differs most between the boxes of a label; equality decides.
    fn hash<H: Hasher>(&self, state: &mut H) {
        (self.style, self.width, self.height, self.size).hash(state);
    }
}

/// A glyph and where its top left corner goes, relative to the box.
pub type PlacedGlyph = (i32, i32, Arc<Glyph>);

/// Text put into its box.
#[derive(Debug)]
pub struct Fitted {
    pub glyphs: Vec<PlacedGlyph>,
    /// The same as characters, for those that draw with outlines or read the text back.
    pub runs: Arc<[GlyphRun]>,
    /// Dots per em, after shrinking.
    pub size: i32,
    /// Something did not fit even at the smallest size and is not drawn.
    pub cut: bool,
    /// Characters no font has, once each.
    pub missing: Vec<char>,
}

/// What the lines' ink asks for, thousandths of an em.
#[derive(Clone, Copy)]
struct Reach {
    up: i32,
    down: i32,
}

impl Block {
    /// Fits `text` (lines separated by `\n`) into the box with the largest size that holds it.
    pub fn fit(&self, engine: &mut Engine, text: &str) -> Arc<Fitted> {
        engine.fitted(self, text)
    }

    pub(super) fn fit_anew(&self, engine: &mut Engine, text: &str) -> Fitted {
        let too_long = text.chars().nth(CHARS_MAX).is_some();
        let clean = clean(text.chars().take(CHARS_MAX));
        let shaped: Vec<Shaped> = clean
            .split('\n')
            .map(|line| shape(engine, self.style, self.locale, line))
            .collect();
        let mut missing: Vec<char> = shaped.iter().flat_map(|s| &s.missing).copied().collect();
        missing.sort_unstable();
        missing.dedup();

        let (size, mut lines, reach) = self.largest(engine, &shaped);
        let cut = too_long || !self.holds(&lines, size, reach);
        let lines_fit = self.lines_fitting(size, reach).min(lines.len());
        lines.truncate(lines_fit);
        let (glyphs, runs) = self.place(engine, &shaped, &lines, size, reach);
        Fitted {
            glyphs,
            runs: runs.into(),
            size,
            cut,
            missing,
        }
    }

    /// The largest size that holds the lines, or the smallest allowed one.
    fn largest(&self, engine: &Engine, shaped: &[Shaped]) -> (i32, Vec<Line>, Reach) {
        let reach = Reach {
            up: shaped.iter().map(|s| s.up).max().unwrap_or(0),
            down: shaped.iter().map(|s| s.down).max().unwrap_or(0),
        };
        let lay_out = |size: i32, breaks: Breaks| {
            let mut lines = Vec::with_capacity(shaped.len());
            for (of, line) in shaped.iter().enumerate() {
                line.lay_out(engine, (of, size, self.width), breaks, &mut lines);
            }
            lines
        };
        let breaks = if self.lines_max > 1 {
            Breaks::Words
        } else {
            Breaks::None
        };
        let size = self.size.clamp(1, i32::from(u16::MAX));
        let lines = lay_out(size, breaks);
        let size_min = self.size_min.clamp(1, size);
        if size == size_min || self.holds(&lines, size, reach) {
            return self.or_broken(size, lines, reach, breaks, lay_out);
        }
        // What fits at a size fits at every smaller one: halve what is left.
        let (mut low, mut high) = (size_min, size - 1);
        let mut lines = lay_out(low, breaks);
        if !self.holds(&lines, low, reach) {
            return self.or_broken(low, lines, reach, breaks, lay_out);
        }
        while low < high {
            let middle = (low + high + 1) / 2;
            let tried = lay_out(middle, breaks);
            if self.holds(&tried, middle, reach) {
                (low, lines) = (middle, tried);
            } else {
                high = middle - 1;
            }
        }
        (low, lines, reach)
    }

    /// At the smallest size a word that is too wide is broken rather than cut.
    fn or_broken(
        &self,
        size: i32,
        lines: Vec<Line>,
        reach: Reach,
        breaks: Breaks,
        lay_out: impl Fn(i32, Breaks) -> Vec<Line>,
    ) -> (i32, Vec<Line>, Reach) {
        if breaks == Breaks::Words && lines.iter().any(|line| line.width > self.width) {
            return (size, lay_out(size, Breaks::Anywhere), reach);
        }
        (size, lines, reach)
    }

    /// Lines that fit the height at `size`; at least one.
    fn lines_fitting(&self, size: i32, reach: Reach) -> usize {
        let (up, down) = self.room(size, reach);
        let pitch = self.pitch(size, reach);
        let more = (self.height - up - down).max(0) / pitch.max(1);
        (1 + usize::try_from(more).unwrap_or(0)).min(self.lines_max.max(1))
    }

    /// Dots wanted above the first base line and below the last.
    fn room(&self, size: i32, reach: Reach) -> (i32, i32) {
        // Centred text may let its descenders hang into the lower margin.
        let descent = if self.middle { 0 } else { DESCENT_PERCENT };
        let beyond = reach.down - DESCENT_PERCENT * 10;
        let up = (CAPITAL_PERCENT * 10).max(reach.up - ACCENT_PERCENT * 10);
        let last = size * (CAPITAL_PERCENT + descent) / 100;
        let up_dots = size * CAPITAL_PERCENT / 100;
        let extra = size * (up - CAPITAL_PERCENT * 10) / 1_000;
        let below = size * beyond.max(0) / 1_000;
        (up_dots + extra, last - up_dots + below)
    }

    fn pitch(&self, size: i32, reach: Reach) -> i32 {
        let asked = (size * self.line_height_percent + 50) / 100;
        let needed = reach.up + reach.down;
        if needed > PITCH_PERCENT * 10 {
            asked.max((size * needed + 999) / 1_000)
        } else {
            asked
        }
    }

    fn holds(&self, lines: &[Line], size: i32, reach: Reach) -> bool {
        // Stacked marks must have their room; a plain line may stand in a box as low as it likes.
        let (up, _) = self.room(size, reach);
        let low = up > self.height && up > size * CAPITAL_PERCENT / 100;
        !low && lines.len() <= self.lines_fitting(size, reach)
            && lines.iter().all(|l| l.width <= self.width)
    }

    /// Glyphs of a line too wide that would leave the box are left out; `cut` has told of them.
    fn place(
        &self,
        engine: &mut Engine,
        shaped: &[Shaped],
        lines: &[Line],
        size: i32,
        reach: Reach,
    ) -> (Vec<PlacedGlyph>, Vec<GlyphRun>) {
        let mut placed = Vec::with_capacity(lines.iter().map(|line| line.glyphs.len()).sum());
        let mut runs: Vec<GlyphRun> = Vec::new();
        let mut base = self.first_base(shaped, lines, size, reach);
        for line in lines {
            let indent = self.indent(shaped, line);
            let text = shaped.get(line.of).map_or("", |line| &line.text);
            let mut last = None;
            for pen in &line.glyphs {
                let glyph = engine.glyph(pen.id);
                let left = indent + pen.x + glyph.left;
                let right = left + i32::try_from(glyph.width).unwrap_or(i32::MAX / 2);
                // A letter's side bearing may reach a dot or two over the edge; a mark on the last
                // letter may reach further, and no mark of a line that fits is lost.
                let slack = if line.width <= self.width {
                    size / 2
                } else {
                    size / 16 + 1
                };
                if glyph.width > 0 && left >= -slack && right <= self.width + slack {
                    placed.push((left, base + pen.y + glyph.top, glyph));
                } else if glyph.width > 0 {
                    continue;
                }
                let Some(face) = engine.faces.get(pen.id.face) else {
                    continue;
                };
                let mut cluster = String::new();
                if last != Some((pen.start, pen.end)) {
                    let chars = text.get(pen.start..pen.end).unwrap_or_default().chars();
                    cluster.extend(chars.filter(|c| *c != THAI_BREAK));
                    last = Some((pen.start, pen.end));
                }
                let set = (pen.id.glyph, indent + pen.x, base + pen.y, cluster);
                match runs.last_mut() {
                    Some(run) if run.font == face.key => run.glyphs.push(set),
                    _ => runs.push(GlyphRun {
                        font: face.key,
                        size,
                        glyphs: vec![set],
                    }),
                }
            }
            base += self.pitch(size, reach);
        }
        (placed, runs)
    }

    /// The first base line: capitals touch the box's top, or higher ink if there is room below.
    fn first_base(&self, shaped: &[Shaped], lines: &[Line], size: i32, reach: Reach) -> i32 {
        let capital = (size * CAPITAL_PERCENT + 50) / 100;
        let more = i32::try_from(lines.len()).unwrap_or(1) - 1;
        let free = self.height - capital - more * self.pitch(size, reach);
        let base = capital + if self.middle { free / 2 } else { 0 };
        let ink = |line: Option<&Line>, up: bool| {
            let line = line.and_then(|line| shaped.get(line.of));
            let thousandths = line.map_or(0, |line| if up { line.up } else { line.down });
            (size * thousandths + 999) / 1_000
        };
        let over = ink(lines.first(), true) - base;
        let last = base + more * self.pitch(size, reach);
        let room = self.height - last - ink(lines.last(), false);
        let (up, _) = self.room(size, reach);
        (base + over.min(room)).max(base).max(up)
    }

    /// Dots left of a line.
    fn indent(&self, shaped: &[Shaped], line: &Line) -> i32 {
        let free = (self.width - line.width).max(0);
        // A line of digits follows the lines around it.
        let speaks = |at: &usize| shaped.get(*at).is_some_and(|line| line.lettered);
        let before = (0..=line.of).rev().find(speaks);
        let spoken = before.or_else(|| (0..shaped.len()).find(speaks));
        let rtl = spoken
            .and_then(|at| shaped.get(at))
            .is_some_and(|line| line.rtl);
        match self.align {
            Align::Left if rtl => free,
            Align::Left => 0,
            Align::Center => free / 2,
            Align::Right => free,
        }
    }
}
