//! `^GB ^GC ^GD ^GE`: boxes, circles, diagonals, ellipses, as spans of rows.

use super::surface::{Ink, Surface};
use crate::label::canvas::Dots;

/// A drawn shape, in dots of the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Corner radius in eighths of half the shorter side.
    Box {
        rounding: i32,
    },
    Ellipse,
    /// From lower left to upper right, or from upper left to lower right.
    Diagonal {
        rising: bool,
    },
}

/// A shape with its size; at least 1 dot each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figure {
    pub shape: Shape,
    pub width: i32,
    pub height: i32,
    pub thickness: i32,
}

fn span(page: &mut Surface, x: i32, y: i32, width: i32, ink: Ink) {
    page.fill(
        Dots {
            x,
            y,
            width,
            height: 1,
        },
        ink,
    );
}

impl Figure {
    /// Draws with the upper left corner at `x`, `y`. No dot is touched twice.
    pub fn draw(&self, page: &mut Surface, x: i32, y: i32, ink: Ink) {
        match self.shape {
            Shape::Box { rounding } => {
                let radius = self.width.min(self.height) * rounding.clamp(0, 8) / 16;
                if radius == 0 {
                    self.frame(page, x, y, ink);
                } else {
                    let (w, h, t) = (self.width, self.height, self.thickness);
                    let inner = (radius - t).max(0);
                    let outline = move |row| rounded(w, h, radius, row);
                    let hole = move |row| rounded(w - 2 * t, h - 2 * t, inner, row);
                    self.ring(page, (x, y), ink, outline, hole);
                }
            }
            Shape::Ellipse => {
                let (w, h, t) = (self.width, self.height, self.thickness);
                let outline = move |row| ellipse(w, h, row);
                let hole = move |row| ellipse(w - 2 * t, h - 2 * t, row);
                self.ring(page, (x, y), ink, outline, hole);
            }
            Shape::Diagonal { rising } => self.diagonal(page, x, y, rising, ink),
        }
    }

    fn frame(&self, page: &mut Surface, x: i32, y: i32, ink: Ink) {
        let (w, h, t) = (self.width, self.height, self.thickness);
        let mut fill = |x: i32, y: i32, width: i32, height: i32| {
            page.fill(
                Dots {
                    x,
                    y,
                    width,
                    height,
                },
                ink,
            );
        };
        if t.saturating_mul(2) >= w.min(h) {
            return fill(x, y, w, h);
        }
        fill(x, y, w, t);
        fill(x, y + h - t, w, t);
        fill(x, y + t, t, h - 2 * t);
        fill(x + w - t, y + t, t, h - 2 * t);
    }

    /// The outline without its hole, row by row; both give start and end of a row's span.
    fn ring(
        &self,
        page: &mut Surface,
        (x, y): (i32, i32),
        ink: Ink,
        outline: impl Fn(i32) -> (i32, i32),
        hole: impl Fn(i32) -> (i32, i32),
    ) {
        let t = self.thickness;
        let hollow = t.saturating_mul(2) < self.width.min(self.height);
        for row in 0..self.height {
            if page.budget() == 0 {
                return;
            }
            let (from, to) = outline(row);
            let inside = hollow && (t..self.height - t).contains(&row);
            let (start, end) = if inside { hole(row - t) } else { (0, 0) };
            let (start, end) = (start + t, end + t);
            if inside && end > start {
                span(page, x + from, y + row, start - from, ink);
                span(page, x + end, y + row, to - end, ink);
            } else {
                span(page, x + from, y + row, to - from, ink);
            }
        }
    }

    fn diagonal(&self, page: &mut Surface, x: i32, y: i32, rising: bool, ink: Ink) {
        let thick = self.thickness.min(self.width);
        let reach = i64::from(self.width - thick);
        let steps = i64::from((self.height - 1).max(1));
        for row in 0..self.height {
            if page.budget() == 0 {
                return;
            }
            let along = reach * i64::from(row) / steps;
            let from = i32::try_from(if rising { reach - along } else { along }).unwrap_or(0);
            span(page, x + from, y + row, thick, ink);
        }
    }
}

/// Start and end of a row of a box with round corners.
fn rounded(width: i32, height: i32, radius: i32, row: i32) -> (i32, i32) {
    let from_edge = row.min(height - 1 - row);
    if from_edge >= radius {
        return (0, width);
    }
    let inset = radius - half_chord(radius, 2 * (radius - from_edge) - 1);
    (inset, width - inset)
}

/// Half the chord of a circle at a distance given in half dots.
fn half_chord(radius: i32, half_dots: i32) -> i32 {
    let (r, d) = (i64::from(radius) * 2, i64::from(half_dots));
    let square = u64::try_from(r * r - d * d).unwrap_or(0);
    i32::try_from(square.isqrt().div_ceil(2)).unwrap_or(0)
}

/// Start and end of a row of an ellipse.
fn ellipse(width: i32, height: i32, row: i32) -> (i32, i32) {
    let (w, h) = (i64::from(width.max(1)), i64::from(height.max(1)));
    let off = i64::from(row) * 2 + 1 - h;
    let square = u64::try_from(h * h - off * off).unwrap_or(0);
    // Scaled by 64 so that flat ellipses have smooth ends.
    let chord = i64::try_from((square * 4_096).isqrt()).unwrap_or(0) * w / h;
    let inset = (w * 64 - chord + 64) / 128;
    let inset = i32::try_from(inset).unwrap_or(0);
    (inset, width - inset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(figure: Figure) -> Vec<String> {
        let mut page = Surface::new(figure.width, figure.height, u64::MAX);
        // Flipping shows any dot that is touched twice.
        figure.draw(&mut page, 0, 0, Ink::Flip);
        let (width, height) = (page.width().unsigned_abs(), page.height().unsigned_abs());
        let map = page.finish();
        let row = |y| {
            (0..width)
                .map(|x| if map.get(x, y) { '#' } else { '.' })
                .collect()
        };
        (0..height).map(row).collect()
    }

    #[test]
    fn shapes_look_as_they_should() {
        let figure = Figure {
            shape: Shape::Box { rounding: 0 },
            width: 5,
            height: 4,
            thickness: 1,
        };
        assert_eq!(drawn(figure), ["#####", "#...#", "#...#", "#####"]);
        let round = Figure {
            shape: Shape::Box { rounding: 8 },
            width: 8,
            height: 8,
            ..figure
        };
        let circle = Figure {
            shape: Shape::Ellipse,
            ..round
        };
        for shape in [round, circle] {
            let rows = drawn(shape);
            assert_eq!(rows[0], "..####..", "{rows:?}");
            assert_eq!(rows[3], "#......#", "{rows:?}");
            assert_eq!(rows[7], "..####..", "{rows:?}");
        }
        let rising = Figure {
            shape: Shape::Diagonal { rising: true },
            width: 4,
            height: 4,
            thickness: 1,
        };
        assert_eq!(drawn(rising), ["...#", "..#.", ".#..", "#..."]);
        let solid = Figure {
            thickness: 9,
            ..figure
        };
        assert!(drawn(solid).iter().all(|row| row == "#####"));
    }
}
