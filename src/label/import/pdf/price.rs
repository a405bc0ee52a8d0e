//! What drawing a page would cost, in bytes of work roughly; no label comes near the budget.
#![expect(
    clippy::float_arithmetic,
    reason = "page sizes and transforms are floats in the crate"
)]

use std::panic::resume_unwind;

use hayro::hayro_interpret::DrawMode;
use hayro::hayro_interpret::pattern::Pattern;
use hayro::hayro_syntax::object::Stream;
use hayro::kurbo::{Affine, BezPath, PathEl, Point, Rect, Shape};

/// What drawing a page may cost.
const COST_MAX: u64 = 256 << 20;
/// Pixels of one picture on a page: A4 at 400 dpi.
const PICTURE_PIXELS_MAX: u64 = 16_000_000;
const GLYPH_COST: u64 = 2_000;
/// A glyph that is a drawing of its own, a pattern, a mask.
const DRAWING_COST: u64 = 20_000;
const PATTERN_COST: u64 = 16 << 20;
/// A corner of a path; a strip of 4 rows or 256 columns of it.
const CORNER_COST: u64 = 32;
const STRIP_COST: u64 = 64;
const STRIP_ROWS: f64 = 4.0;
/// Lines of a letter that run from its top to its bottom.
const LETTER_LINES: u64 = 8;

/// The budget is used up; travels as a panic, because the interpreter has no other exit.
pub struct TooMuch(pub &'static str);

/// What has been spent on a page.
pub struct Budget {
    cost: u64,
    form_cost: u64,
    page: Rect,
}

impl Budget {
    /// For a page of these dots, on which a form costs so much.
    pub fn new(page: Rect, form_cost: u64) -> Self {
        Self {
            cost: 0,
            form_cost,
            page,
        }
    }

    fn spend(&mut self, cost: u64) {
        self.cost = self.cost.saturating_add(cost);
        if self.cost > COST_MAX {
            resume_unwind(Box::new(TooMuch(
                "drawing it would take far longer than any label does",
            )));
        }
    }

    /// A path on its way to the page.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "float casts saturate"
    )]
    pub fn path(&mut self, path: &BezPath, transform: Affine, mode: &DrawMode) {
        let bounds = transform.transform_rect_bbox(path.bounding_box());
        let seen = bounds.intersect(self.page);
        let strips = (seen.height().max(0.0) / 4.0 + 1.0) * (seen.width().max(0.0) / 256.0 + 1.0);
        let corners = path.elements().len() as u64;
        self.spend(corners * CORNER_COST + strips as u64 * STRIP_COST);
        // A stroke is two lines and their ends.
        let stroked = matches!(mode, DrawMode::Stroke(_) | DrawMode::FillAndStroke(..));
        let lines = if stroked { 3 } else { 1 };
        let crossed = self.crossed(path, transform);
        self.spend(crossed.saturating_mul(lines * STRIP_COST));
        if let DrawMode::Stroke(stroke) | DrawMode::FillAndStroke(_, stroke) = mode {
            let period: f32 = stroke.dash_array.iter().sum();
            let odd = stroke
                .dash_array
                .iter()
                .any(|dash| !dash.is_finite() || *dash < 0.0);
            if odd {
                self.spend(COST_MAX + 1);
            } else if period > 0.0 {
                let box_of = path.control_box();
                let round = (box_of.width() + box_of.height()) * corners as f64;
                let dashes = round / f64::from(period) * stroke.dash_array.len() as f64;
                self.spend((dashes as u64).saturating_mul(CORNER_COST));
            }
        }
    }

    /// How many strips the lines of a path cross on the page.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "float casts saturate"
    )]
    fn crossed(&self, path: &BezPath, transform: Affine) -> u64 {
        let page = self.page;
        let (mut start, mut at, mut length) = (Point::ZERO, Point::ZERO, 0.0);
        for element in path.elements() {
            let to = match element.end_point() {
                Some(to) => transform * to,
                None => start,
            };
            if matches!(element, PathEl::MoveTo(_)) {
                start = to;
            } else {
                let across = at.x.clamp(page.x0, page.x1) - to.x.clamp(page.x0, page.x1);
                let down = at.y.clamp(page.y0, page.y1) - to.y.clamp(page.y0, page.y1);
                length += across.abs() + down.abs();
            }
            at = to;
        }
        // What is no number is beyond every budget.
        let strips = length / STRIP_ROWS;
        if strips.is_nan() {
            u64::MAX
        } else {
            strips as u64
        }
    }

    /// A letter of so many dots.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "float casts saturate"
    )]
    pub fn letter(&mut self, dots: f64) {
        let side = dots.min(self.page.width().max(self.page.height())) as u64;
        let lines = LETTER_LINES * side / STRIP_ROWS as u64;
        let area = side * side / 1024;
        self.spend(GLYPH_COST.saturating_add((lines + area) * STRIP_COST));
    }

    /// A glyph that is a drawing of its own, a layer.
    pub fn drawing(&mut self) {
        self.spend(DRAWING_COST);
    }

    /// A clip of any shape.
    pub fn clip(&mut self, path: &BezPath) {
        self.spend(self.form_cost);
        self.path(path, Affine::IDENTITY, &DrawMode::Invisible);
    }

    /// A clip that is an upright rectangle.
    pub fn clip_rect(&mut self) {
        self.spend(DRAWING_COST / 10);
    }

    /// A soft mask, without what it draws.
    pub fn mask(&mut self) {
        self.spend(PATTERN_COST);
    }

    /// A pattern that something is filled with.
    pub fn pattern(&mut self, pattern: &Pattern<'_>) {
        self.spend(PATTERN_COST);
        if let Pattern::Tiling(tiling) = pattern {
            // The renderer draws one cell and repeats it; its size is bounded by the page there.
            if !(tiling.x_step.is_finite() && tiling.y_step.is_finite()) {
                self.spend(COST_MAX + 1);
            }
        }
    }

    /// A picture of `width` x `height` pixels and its masks.
    pub fn stream(&mut self, stream: &Stream<'_>, width: u32, height: u32) {
        let pixels = |width: u32, height: u32| u64::from(width) * u64::from(height);
        let mut most = pixels(width, height);
        for key in [&b"SMask"[..], b"Mask"] {
            if let Some(mask) = stream.dict().get::<Stream<'_>>(key) {
                let side = |key: &[u8]| mask.dict().get::<u32>(key).unwrap_or(0);
                most = most.max(pixels(side(b"Width"), side(b"Height")));
            }
        }
        if most > PICTURE_PIXELS_MAX {
            resume_unwind(Box::new(TooMuch(
                "a picture on it has more than 16 million pixels",
            )));
        }
        self.spend(most * 4);
    }
}
