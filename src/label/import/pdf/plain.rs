//! Pages of plain ink, drawn at once in grey: solid colours, upright clips, outlines.
//!
//! Most carriers' labels are nothing else, and then the renderer's four colour channels, layers and
//! strips are not needed. Outlines and their hints come from the same interpreter, so that text
//! looks alike on either road. Anything else on the page (a picture, a pattern, a mask, a drawing
//! as a glyph) leaves the whole page to the renderer.
#![expect(
    clippy::float_arithmetic,
    reason = "page sizes and transforms are floats in the crate"
)]

use std::collections::HashMap;

use hayro::hayro_interpret::font::{Glyph, GlyphRun, HintingCache, OutlineGlyph};
use hayro::hayro_interpret::hayro_cmap::WritingMode;
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, FillRule, Image, ImageDrawProps,
    InterpreterCache, InterpreterSettings, Paint, SoftMask, StrokeProps, interpret_page,
};
use hayro::hayro_syntax::page::Page;
use hayro::kurbo::{self, Affine, BezPath, Cap, Join, PathEl, Point, Rect, Shape, StrokeOpts};

use super::paper::{Paper, Rule, Stamp, touched, whole};
use super::{Sheet, luma, rectangle};
use crate::label::area::{Outline, Window};

/// Dots that all shapes of a page may touch; beyond, the renderer is no slower. A large sheet may
/// be covered twice besides.
const DOTS_MAX: u64 = 32 << 20;
/// Dots per em that text is hinted at, and dots of a glyph that is kept.
const HINTED: std::ops::RangeInclusive<f64> = 4.0..=128.0;
const KEPT_MAX: u32 = 128;
/// Dots of one outline that are looked at together.
const BAND_DOTS: u32 = 1 << 20;
/// Pieces of a long curve besides the usual ones.
const MORE_STEPS: usize = 232;
/// A glyph stands on a quarter of a dot, on a whole row.
const STEPS: f64 = 4.0;
/// Glyphs kept; a label has a few hundred different ones.
const STAMPS_MAX: usize = 4_096;
/// A line is at least a dot wide (ISO 32000-1, 8.4.3.2: the thinnest the device can draw).
const LINE_DOTS_MIN: f64 = 1.0;
/// Dots by which a curved stroke may be off.
const MISS_DOTS: f64 = 0.05;

/// The page in grey; `None` if it is not plain.
pub fn draw(page: &Page<'_>, sheet: &Sheet) -> Option<Vec<u8>> {
    let whole = Rect::new(0.0, 0.0, f64::from(sheet.across), f64::from(sheet.down));
    let crop = page.intersected_crop_box();
    let crop = Rect::new(crop.x0, crop.y0, crop.x1, crop.y1);
    let cropped = sheet.transform.transform_rect_bbox(crop);
    let cache = InterpreterCache::new();
    let settings = InterpreterSettings::default();
    let mut context = Context::new(sheet.transform, whole, &cache, page.xref(), settings);
    let mut plain = Plain {
        paper: Paper::new(sheet.across, sheet.down),
        clips: vec![cropped.inflate(1.0 / 256.0, 1.0 / 256.0).intersect(whole)],
        plain: true,
        dots: 0,
        dots_max: DOTS_MAX + 2 * u64::from(sheet.across) * u64::from(sheet.down),
        outline: Outline::finer(MORE_STEPS),
        paths: HashMap::new(),
        stamps: HashMap::new(),
        hinting: HintingCache::new(),
    };
    interpret_page(page, &mut context, &mut plain);
    plain.plain.then_some(plain.paper.greys)
}

/// A glyph's outline, and if it is hinted the size it is hinted for.
type Path = (u128, u32);
const UNHINTED: u32 = 0;

/// An outline at a size and slant, on a quarter of a dot.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    path: Path,
    place: [u64; 5],
}

struct Plain {
    paper: Paper,
    /// Each within the one before; the first within the page.
    clips: Vec<Rect>,
    plain: bool,
    dots: u64,
    dots_max: u64,
    outline: Outline,
    paths: HashMap<Path, Option<BezPath>>,
    stamps: HashMap<Key, Option<Stamp>>,
    hinting: HintingCache,
}

/// The grey of solid, opaque paint put on in the plain way; `Some(None)` shows nothing.
fn ink(props: &DrawProps<'_>) -> Option<Option<u8>> {
    let Paint::Color(colour) = &props.paint else {
        return None;
    };
    if props.soft_mask.is_some() || props.blend_mode != BlendMode::Normal {
        return None;
    }
    match colour.to_rgba().to_rgba8() {
        [.., 0] => Some(None),
        [red, green, blue, 255] => Some(Some(luma(red, green, blue))),
        _ => None,
    }
}

fn rule(rule: FillRule) -> Rule {
    match rule {
        FillRule::NonZero => Rule::NonZero,
        FillRule::EvenOdd => Rule::EvenOdd,
    }
}

/// Whether rectangles stay rectangles.
fn upright(transform: Affine) -> bool {
    let [a, b, c, d, ..] = transform.as_coeffs();
    (b == 0.0 && c == 0.0) || (a == 0.0 && d == 0.0)
}

impl Plain {
    fn clip(&self) -> Rect {
        self.clips.last().copied().unwrap_or(Rect::ZERO)
    }

    /// Counts the dots of one more shape; whether the page is still plain.
    fn spend(&mut self, window: Window) -> bool {
        self.dots += u64::from(window.width) * u64::from(window.height);
        self.plain &= self.dots <= self.dots_max;
        self.plain
    }

    fn fill(&mut self, path: &BezPath, transform: Affine, rule: Rule, ink: u8) {
        let clip = self.clip();
        let pure = rule == Rule::NonZero && upright(transform) && matches!(ink, 0 | 255);
        if let Some(tiles) = pure.then(|| tiles(path)).flatten() {
            for tile in tiles {
                let seen = transform.transform_rect_bbox(tile).intersect(clip);
                if touched(seen).is_some_and(|window| self.spend(window)) {
                    self.paper.tile(seen, ink == 255);
                }
            }
            return;
        }
        trace(&mut self.outline, path.elements(), transform);
        let window = self.outline.window().zip(touched(clip));
        let Some(window) = window.and_then(|(all, clip)| all.cut_to(clip)) else {
            self.plain &= !self.outline.cut();
            return;
        };
        self.plain &= !self.outline.cut();
        if !self.spend(window) {
            return;
        }
        // A band at a time, so that a large sheet takes little memory.
        let rows = (BAND_DOTS / window.width).max(1);
        for top in (0..window.height).step_by(rows as usize) {
            let band = Window {
                top: window.top.saturating_add_unsigned(top),
                height: rows.min(window.height - top),
                ..window
            };
            let stamp = Stamp::of(&mut self.outline, band, rule);
            self.paper.stamp(&stamp, (0, 0), ink, &clip);
        }
    }

    fn stroke(&mut self, path: &BezPath, transform: Affine, props: &StrokeProps, ink: u8) {
        let scale = longest(transform);
        let style = style(props, scale);
        let tolerance = MISS_DOTS / scale.max(1e-9);
        let options = StrokeOpts::default();
        let outline = kurbo::stroke(path.iter(), &style, &options, tolerance);
        self.fill(&outline, transform, Rule::NonZero, ink);
    }

    fn shape(&mut self, path: &BezPath, props: &DrawProps<'_>, mode: &DrawMode) {
        let Some(ink) = self.plain.then(|| ink(props)).flatten() else {
            self.plain = matches!(mode, DrawMode::Invisible) && self.plain;
            return;
        };
        let Some(ink) = ink else { return };
        match mode {
            DrawMode::Fill(way) => self.fill(path, props.transform, rule(*way), ink),
            DrawMode::Stroke(line) => self.stroke(path, props.transform, line, ink),
            DrawMode::FillAndStroke(way, line) => {
                self.fill(path, props.transform, rule(*way), ink);
                self.stroke(path, props.transform, line, ink);
            }
            DrawMode::Invisible => {}
        }
    }

    /// The outline to draw, hinted for its size if it can be, and that size.
    fn path(&mut self, glyph: &OutlineGlyph, id: u128, transform: Affine) -> Path {
        let [_, b, _, d, ..] = transform.as_coeffs();
        // Outlines are in thousandths of an em.
        let ppem = d.abs() * 1_000.0;
        if b == 0.0 && HINTED.contains(&ppem) {
            #[expect(clippy::cast_possible_truncation, reason = "at most 128")]
            let ppem = ppem as f32;
            let key = (id, ppem.to_bits());
            let known = self.paths.entry(key);
            let path = known.or_insert_with(|| glyph.hinted_outline(ppem, &self.hinting));
            if path.is_some() {
                return key;
            }
        }
        let known = self.paths.entry((id, UNHINTED));
        known.or_insert_with(|| Some(glyph.outline()));
        (id, UNHINTED)
    }

    fn glyph(&mut self, glyph: &OutlineGlyph, transform: Affine, ink: u8) {
        let id = glyph.identifier().cache_key();
        if self.paths.len() >= STAMPS_MAX {
            self.paths.clear();
        }
        let path = self.path(glyph, id, transform);
        let [a, b, c, d, x, y] = transform.as_coeffs();
        let steps = (x * STEPS).round();
        let (dot, quarter) = ((steps / STEPS).floor(), steps.rem_euclid(STEPS) / STEPS);
        let key = Key {
            path,
            place: [a, b, c, d, quarter].map(f64::to_bits),
        };
        if !self.stamps.contains_key(&key) {
            let Some(outline) = self.paths.get(&path).and_then(Option::as_ref) else {
                return;
            };
            let near = Affine::new([a, b, c, d, quarter, 0.0]);
            trace(&mut self.outline, outline.elements(), near);
            self.plain &= !self.outline.cut();
            let window = self.outline.window();
            let large = |window: &Window| window.width.max(window.height) > KEPT_MAX;
            if window.as_ref().is_some_and(large) || self.stamps.len() >= STAMPS_MAX {
                let outline = outline.clone();
                let y = if path.1 == UNHINTED { y } else { y.round() };
                let transform = Affine::new([a, b, c, d, x, y]);
                return self.fill(&outline, transform, Rule::NonZero, ink);
            }
            let stamp = window.map(|w| Stamp::of(&mut self.outline, w, Rule::NonZero));
            self.stamps.insert(key.clone(), stamp);
        }
        let clip = self.clip();
        let window = self.stamps.get(&key).and_then(Option::as_ref);
        let window = window.map(|stamp| stamp.window);
        if window.is_some_and(|window| self.spend(window))
            && let Some(Some(stamp)) = self.stamps.get(&key)
        {
            let at = (whole(dot), whole(y.round()));
            self.paper.stamp(stamp, at, ink, &clip);
        }
    }
}

/// The path's lines in dots.
fn trace(outline: &mut Outline, path: &[PathEl], transform: Affine) {
    outline.clear();
    #[expect(
        clippy::cast_possible_truncation,
        reason = "dots of a page, or infinite and refused"
    )]
    let at = |point: Point| {
        let point = transform * point;
        (point.x as f32, point.y as f32)
    };
    for element in path {
        match *element {
            PathEl::MoveTo(to) => {
                let (x, y) = at(to);
                outline.move_to(x, y);
            }
            PathEl::LineTo(to) => {
                let (x, y) = at(to);
                outline.line_to(x, y);
            }
            PathEl::QuadTo(by, to) => outline.quad_to(at(by), at(to)),
            PathEl::CurveTo(one, two, to) => outline.curve_to(at(one), at(two), at(to)),
            PathEl::ClosePath => outline.close(),
        }
    }
    outline.close();
}

/// The rectangles a path consists of, as symbols are drawn, if all run round the same way: then
/// none of them is a hole in another.
pub fn tiles(path: &BezPath) -> Option<Vec<Rect>> {
    let (mut tiles, mut corners) = (Vec::new(), Vec::new());
    let mut clockwise = None;
    let mut close = |corners: &mut Vec<Point>| {
        if corners.len() == 5 && corners.first() == corners.last() {
            corners.pop();
        }
        match corners[..] {
            [] | [_] => {}
            [a, b, c, d] => {
                let first_across = a.y == b.y && b.x == c.x && c.y == d.y && d.x == a.x;
                let first_down = a.x == b.x && b.y == c.y && c.x == d.x && d.y == a.y;
                let turn = (b - a).cross(c - b) > 0.0;
                let known = *clockwise.get_or_insert(turn);
                ((first_across || first_down) && known == turn).then_some(())?;
                tiles.push(Rect::from_points(a, c));
            }
            _ => return None,
        }
        corners.clear();
        Some(())
    };
    for element in path.elements() {
        match *element {
            PathEl::MoveTo(to) => {
                close(&mut corners)?;
                corners.push(to);
            }
            PathEl::LineTo(to) if !corners.is_empty() => corners.push(to),
            PathEl::ClosePath => close(&mut corners)?,
            _ => return None,
        }
    }
    close(&mut corners)?;
    Some(tiles)
}

/// By how much a length grows at most.
fn longest(transform: Affine) -> f64 {
    let [a, b, c, d, ..] = transform.as_coeffs();
    a.hypot(b).max(c.hypot(d))
}

fn style(props: &StrokeProps, scale: f64) -> kurbo::Stroke {
    let width = f64::from(props.line_width) * scale;
    let thin = width <= LINE_DOTS_MIN;
    // As wide as a dot, round ends cannot be told from square ones.
    let cap = match props.line_cap {
        Cap::Round if thin => Cap::Square,
        cap => cap,
    };
    let join = match props.line_join {
        Join::Round if thin => Join::Bevel,
        join => join,
    };
    kurbo::Stroke {
        width: width.max(LINE_DOTS_MIN) / scale.max(1e-9),
        join,
        miter_limit: f64::from(props.miter_limit),
        start_cap: cap,
        end_cap: cap,
        dash_pattern: props.dash_array.iter().map(|n| f64::from(*n)).collect(),
        dash_offset: f64::from(props.dash_offset),
    }
}

impl<'a> Device<'a> for Plain {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        self.shape(path, &props, mode);
    }

    fn draw_rect(&mut self, rect: &Rect, props: DrawProps<'a>, mode: &DrawMode) {
        let filled = matches!(mode, DrawMode::Fill(_)) && upright(props.transform);
        match ink(&props) {
            Some(Some(ink)) if filled && self.plain => {
                let on_page = props.transform.transform_rect_bbox(*rect);
                let seen = on_page.intersect(self.clip());
                if touched(seen).is_some_and(|window| self.spend(window)) {
                    self.paper.rect(seen, ink);
                }
            }
            _ => self.shape(&rect.to_path(0.1), &props, mode),
        }
    }

    fn push_clip_rect(&mut self, rect: &Rect) {
        self.clips.push(rect.intersect(self.clip()));
    }

    fn push_clip_path(&mut self, clip: &ClipPath) {
        let rect = rectangle(&clip.path);
        self.plain &= rect.is_some();
        self.push_clip_rect(&rect.unwrap_or_default());
    }

    fn pop_clip(&mut self) {
        self.clips.pop();
    }

    fn push_transparency_group(
        &mut self,
        opacity: f32,
        mask: Option<SoftMask<'a>>,
        mode: BlendMode,
    ) {
        self.plain &= opacity >= 1.0 && mask.is_none() && mode == BlendMode::Normal;
    }

    fn pop_transparency_group(&mut self) {}

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, mode: &DrawMode) {
        let ink = match (mode, ink(&props)) {
            (DrawMode::Invisible, _) | (_, Some(None)) => return,
            (DrawMode::Fill(_), Some(Some(ink))) => ink,
            _ => {
                self.plain = false;
                return;
            }
        };
        self.plain &= run.writing_mode() == WritingMode::Horizontal;
        for glyph in run.glyphs() {
            match &**glyph {
                Glyph::Outline(outline) if self.plain => {
                    self.glyph(outline, props.transform * glyph.transform(), ink);
                }
                _ => self.plain = false,
            }
        }
    }

    fn draw_image(&mut self, _: Image<'a, '_>, _: ImageDrawProps<'a>) {
        self.plain = false;
    }
}
