//! What drawing a page would cost, in bytes of work roughly; no label comes near the budget.
#![expect(
    clippy::float_arithmetic,
    reason = "page sizes and transforms are floats in the crate"
)]

use std::collections::{HashMap, HashSet};
use std::panic::resume_unwind;

use hayro::hayro_interpret::DrawMode;
use hayro::hayro_interpret::font::OutlineGlyph;
use hayro::hayro_interpret::pattern::Pattern;
use hayro::hayro_syntax::object::Stream;
use hayro::kurbo::{Affine, BezPath, PathEl, Point, Rect, Shape};

/// What drawing a page may cost.
const COST_MAX: u64 = 256 << 20;
/// Pixels of one picture on a page: A4 at 400 dpi.
const PICTURE_PIXELS_MAX: u64 = 16_000_000;
const GLYPH_COST: u64 = 2_000;
/// The same when its outline has to be found and hinted for a size.
const NEW_GLYPH_COST: u64 = 20_000;
/// A glyph that is a drawing of its own, a pattern, a mask.
const DRAWING_COST: u64 = 20_000;
const PATTERN_COST: u64 = 16 << 20;
/// A corner of a path; a strip of 4 rows or 256 columns of it.
const CORNER_COST: u64 = 32;
const STRIP_COST: u64 = 64;
const STRIP_ROWS: f64 = 4.0;
/// Into how many pieces a stroke cuts each piece of a curve; corners of a dash with its ends.
const STROKED_PIECES: u64 = 16;
const DASH_CORNERS: u64 = 10;
/// A curve's control points further than this from each other are no label's.
const FAR_DOTS: f64 = 8_388_608.0;

/// The budget is used up; travels as a panic, because the interpreter has no other exit.
pub struct TooMuch(pub &'static str);

/// What the lines and curves of a path come to.
#[derive(Debug, Default)]
struct Course {
    /// Dots on the page.
    length: f64,
    /// Straight pieces of its curves.
    pieces: f64,
    far: bool,
}

impl Course {
    /// With so many pieces made of each piece of a curve, and as many lines made of each line.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "float casts saturate"
    )]
    fn cost(&self, cut: u64) -> u64 {
        // What is no number is beyond every budget.
        if self.far || self.length.is_nan() {
            return COST_MAX + 1;
        }
        let lines = if cut > 1 { 3 } else { 1 };
        let strips = (self.length / STRIP_ROWS) as u64;
        let pieces = self.pieces as u64;
        let strips = strips.saturating_mul(lines * STRIP_COST);
        strips.saturating_add(pieces.saturating_mul(cut * CORNER_COST))
    }
}

/// What has been spent on a page.
pub struct Budget {
    cost: u64,
    form_cost: u64,
    page: Rect,
    /// Glyphs by identity, size and slant.
    letters: HashSet<(u128, [u64; 4])>,
    /// Corners and length of the outline of each glyph.
    outlines: HashMap<u128, (u64, f64)>,
}

/// Corners of an outline, and how far its lines run at most.
fn run(outline: &BezPath) -> (u64, f64) {
    let (mut at, mut length) = (Point::ZERO, 0.0);
    for element in outline.elements() {
        let to = match *element {
            PathEl::MoveTo(to) | PathEl::LineTo(to) => to,
            PathEl::QuadTo(by, to) => {
                length += at.distance(by) + by.distance(to) - at.distance(to);
                to
            }
            PathEl::CurveTo(one, two, to) => {
                let way = at.distance(one) + one.distance(two) + two.distance(to);
                length += way - at.distance(to);
                to
            }
            PathEl::ClosePath => continue,
        };
        length += at.distance(to);
        at = to;
    }
    (outline.elements().len() as u64, length)
}

impl Budget {
    /// For a page of these dots, on which a form costs so much.
    pub fn new(page: Rect, form_cost: u64) -> Self {
        Self {
            cost: 0,
            form_cost,
            page,
            letters: HashSet::new(),
            outlines: HashMap::new(),
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
        let course = self.course(path, transform);
        let (DrawMode::Stroke(stroke) | DrawMode::FillAndStroke(_, stroke)) = mode else {
            return self.spend(course.cost(1));
        };
        // Two lines, of which curves are cut into many more pieces.
        self.spend(course.cost(STROKED_PIECES));
        // Every corner and end may reach as far as the line is wide, or its mitre long.
        let [a, b, c, d, ..] = transform.as_coeffs();
        let scale = a.hypot(b).max(c.hypot(d));
        let mitre = f64::from(stroke.miter_limit).max(1.0);
        let page = self.page.width() + self.page.height();
        let reach = (f64::from(stroke.line_width) * scale * mitre).min(page);
        let corner = (reach / STRIP_ROWS) as u64 * 2 * STRIP_COST;
        self.spend(corners.saturating_mul(corner));
        let period: f32 = stroke.dash_array.iter().sum();
        let odd = stroke
            .dash_array
            .iter()
            .any(|dash| !dash.is_finite() || *dash < 0.0);
        if odd || !reach.is_finite() {
            self.spend(COST_MAX + 1);
        } else if period > 0.0 {
            let box_of = path.control_box();
            let round = (box_of.width() + box_of.height()) * corners as f64;
            let dashes = round / f64::from(period) * stroke.dash_array.len() as f64;
            let dash = DASH_CORNERS * CORNER_COST + corner;
            self.spend((dashes as u64).saturating_mul(dash));
        }
    }

    /// How far the lines of a path run on the page, and how many pieces its curves have.
    fn course(&self, path: &BezPath, transform: Affine) -> Course {
        let page = self.page;
        let (mut start, mut at) = (Point::ZERO, Point::ZERO);
        let mut course = Course::default();
        for element in path.elements() {
            let from = at;
            at = element.end_point().map_or(start, |to| transform * to);
            let by = match element {
                PathEl::MoveTo(_) => {
                    start = at;
                    continue;
                }
                PathEl::LineTo(_) | PathEl::ClosePath => {
                    let across = from.x.clamp(page.x0, page.x1) - at.x.clamp(page.x0, page.x1);
                    let down = from.y.clamp(page.y0, page.y1) - at.y.clamp(page.y0, page.y1);
                    course.length += across.abs() + down.abs();
                    continue;
                }
                PathEl::QuadTo(by, _) => [transform * *by, at],
                PathEl::CurveTo(one, two, _) => [transform * *one, transform * *two],
            };
            let legs = [(from, by[0]), (by[0], by[1]), (by[1], at)];
            let sum = |side: fn(Point) -> f64| -> f64 {
                legs.iter().map(|(a, b)| (side(*a) - side(*b)).abs()).sum()
            };
            let (across, down) = (sum(|p| p.x), sum(|p| p.y));
            // A curve crosses a line three times at most.
            course.length += across.min(3.0 * page.width()) + down.min(3.0 * page.height());
            course.pieces += (across + down).sqrt();
            course.far |= across + down >= FAR_DOTS || (across + down).is_nan();
        }
        course
    }

    /// An outlined glyph, thousandths of an em to dots.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "float casts saturate"
    )]
    pub fn letter(&mut self, glyph: &OutlineGlyph, transform: Affine) {
        let id = glyph.identifier().cache_key();
        let outline = self.outlines.entry(id);
        // A font may hold any drawing of any size as a letter.
        let (corners, length) = *outline.or_insert_with(|| run(&glyph.outline()));
        let [a, b, c, d, ..] = transform.as_coeffs();
        if self.letters.insert((id, [a, b, c, d].map(f64::to_bits))) {
            self.spend(NEW_GLYPH_COST.saturating_add(corners.saturating_mul(STRIP_COST)));
        }
        let scale = a.hypot(b).max(c.hypot(d));
        let (width, height) = (self.page.width(), self.page.height());
        let most = corners as f64 * 3.0 * (width + height);
        let strips = ((length * scale).min(most) / STRIP_ROWS) as u64;
        let side = (scale * 1_000.0).min(width.max(height)) as u64;
        let area = side * side / 1024;
        let drawn = strips.saturating_add(area).saturating_mul(STRIP_COST);
        self.spend(GLYPH_COST.saturating_add(drawn));
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
