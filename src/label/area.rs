//! The area an outline covers, dot by dot: what glyphs and drawings are before anybody decides what
//! of it is black.
#![expect(
    clippy::float_arithmetic,
    reason = "outlines come as floats; sums and products of f32 are the same on every machine"
)]

/// Straight lines of one outline; the densest Chinese characters have about 2,000, a large
/// two-dimensional symbol drawn as squares has 40,000.
const LINES_MAX: usize = 100_000;

/// Dots from the corner beyond which nothing is drawn: four times the longest sheet, where a number
/// still tells a 32nd of a dot.
const FAR: f32 = 262_144.0;

/// An outline as straight lines in dots, y downwards.
#[derive(Debug, Default)]
pub struct Outline {
    lines: Vec<[f32; 4]>,
    start: (f32, f32),
    at: (f32, f32),
    cut: bool,
    /// Long curves are cut into so many more pieces; text needs none.
    more_steps: usize,
    /// Signed area covered per dot, as differences along a row.
    cells: Vec<f32>,
}

/// A rectangle of whole dots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    pub left: i32,
    pub top: i32,
    pub width: u32,
    pub height: u32,
}

impl Outline {
    /// One whose long curves are cut into so many more pieces.
    pub fn finer(more_steps: usize) -> Self {
        Self {
            more_steps,
            ..Self::default()
        }
    }

    pub fn clear(&mut self) {
        self.lines.clear();
        self.cut = false;
        (self.start, self.at) = Default::default();
    }

    /// Whether lines had to be left out: too many, or not of this world.
    pub fn cut(&self) -> bool {
        self.cut
    }

    pub fn move_to(&mut self, x: f32, y: f32) {
        self.close();
        let sound = sound(x, y);
        self.at = if sound { (x, y) } else { self.at };
        self.start = self.at;
        self.cut |= !sound;
    }

    pub fn line_to(&mut self, x: f32, y: f32) {
        let sound = sound(x, y) && self.lines.len() < LINES_MAX;
        if sound {
            self.lines.push([self.at.0, self.at.1, x, y]);
            self.at = (x, y);
        }
        self.cut |= !sound;
    }

    pub fn quad_to(&mut self, by: (f32, f32), to: (f32, f32)) {
        let from = self.at;
        let steps = steps(&[from, by, to], self.more_steps);
        for step in 1..=steps {
            let t = float(step) / float(steps);
            let u = 1.0 - t;
            let mix = |a: f32, b: f32, c: f32| u * u * a + 2.0 * u * t * b + t * t * c;
            self.line_to(mix(from.0, by.0, to.0), mix(from.1, by.1, to.1));
        }
    }

    pub fn curve_to(&mut self, one: (f32, f32), two: (f32, f32), to: (f32, f32)) {
        let from = self.at;
        let steps = steps(&[from, one, two, to], self.more_steps);
        for step in 1..=steps {
            let t = float(step) / float(steps);
            let u = 1.0 - t;
            let mix = |a: f32, b: f32, c: f32, d: f32| {
                u * u * u * a + 3.0 * u * u * t * b + 3.0 * u * t * t * c + t * t * t * d
            };
            self.line_to(
                mix(from.0, one.0, two.0, to.0),
                mix(from.1, one.1, two.1, to.1),
            );
        }
    }

    pub fn close(&mut self) {
        if self.at != self.start {
            let (x, y) = self.start;
            self.line_to(x, y);
        }
    }

    /// The dots it touches, if any.
    pub fn window(&self) -> Option<Window> {
        let mut bounds = [f32::MAX, f32::MAX, f32::MIN, f32::MIN];
        for [x0, y0, x1, y1] in &self.lines {
            bounds[0] = bounds[0].min(*x0).min(*x1);
            bounds[1] = bounds[1].min(*y0).min(*y1);
            bounds[2] = bounds[2].max(*x0).max(*x1);
            bounds[3] = bounds[3].max(*y0).max(*y1);
        }
        let [left, top] = [bounds[0].floor(), bounds[1].floor()];
        let (across, down) = (bounds[2].ceil() - left, bounds[3].ceil() - top);
        let some = !self.lines.is_empty() && across >= 1.0 && down >= 1.0;
        some.then(|| Window {
            left: whole(left),
            top: whole(top),
            width: whole(across).unsigned_abs(),
            height: whole(down).unsigned_abs(),
        })
    }

    /// The rows of a window, which need not hold all of the outline. The running sum of a row's
    /// numbers is the covered share of each of its dots, negative where the outline runs the other
    /// way round, and more than one where it covers a dot several times. A row has numbers beyond
    /// the window's width: leave them.
    pub fn cover(&mut self, window: &Window) -> impl Iterator<Item = &[f32]> {
        // One column more: a line on the right edge leaves its share beside it.
        let stride = window.width as usize + 2;
        self.cells.clear();
        self.cells.resize(stride * window.height as usize, 0.0);
        let (left, top) = (edge(window.left), edge(window.top));
        for line in &self.lines {
            let line = [line[0] - left, line[1] - top, line[2] - left, line[3] - top];
            add_line(&mut self.cells, stride, line);
        }
        self.cells.chunks_exact(stride)
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
        let (above, below) = (float(row), float(row + 1));
        if above >= y1 {
            break;
        }
        let (from, to) = (y0.max(above), y1.min(below));
        let (xa, xb) = (x0 + (from - y0) * slope, x0 + (to - y0) * slope);
        let mut area = sign * (to - from);
        let (mut xa, mut xb) = (xa.min(xb), xa.max(xb));
        if xa < 0.0 {
            // What is left of the first dot covers all of it.
            let outside = if xb <= 0.0 {
                area
            } else {
                area * xa / (xa - xb)
            };
            put(cells, 0, outside);
            area -= outside;
            (xa, xb) = (0.0, xb.max(0.0));
        }
        let (first, last) = (index(xa), index(xb));
        if first == last || xb - xa <= f32::EPSILON {
            let inside = 1.0 - ((xa + xb) * 0.5 - float(first));
            put(cells, first, area * inside);
            put(cells, first.saturating_add(1), area * (1.0 - inside));
            continue;
        }
        // The share right of the line, column by column; the sum of the puts is `area`.
        let per_dot = area / (xb - xa);
        let mut done = 0.0;
        // Nothing beyond the row is seen.
        for column in first..=last.min(stride) {
            let (l, r) = (float(column).max(xa), float(column + 1).min(xb));
            let part = (r - l) * per_dot;
            let inside = 1.0 - ((l + r) * 0.5 - float(column));
            put(cells, column, part * inside + done);
            done = part * (1.0 - inside);
        }
        put(cells, last.saturating_add(1), done);
    }
}

fn put(cells: &mut [f32], at: usize, share: f32) {
    if let Some(cell) = cells.get_mut(at) {
        *cell += share;
    }
}

/// Whether a place is near enough for its parts of a dot to be right, and a number.
fn sound(x: f32, y: f32) -> bool {
    x.abs() < FAR && y.abs() < FAR
}

/// Straight pieces for a curve: enough that none is off by a tenth of a dot at text sizes.
fn steps(points: &[(f32, f32)], more: usize) -> usize {
    let pairs = points.iter().zip(points.iter().skip(1));
    let length: f32 = pairs
        .map(|(a, b)| (a.0 - b.0).abs() + (a.1 - b.1).abs())
        .sum();
    (index(length) / 2).clamp(2, 24 + more)
}

#[expect(clippy::cast_precision_loss, reason = "sides are far below 2^24")]
fn float(number: usize) -> f32 {
    number as f32
}

#[expect(clippy::cast_precision_loss, reason = "sides are far below 2^24")]
fn edge(dot: i32) -> f32 {
    dot as f32
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
