//! Outlines to dots, stretched separately in x and y. Integers only: the same bits everywhere.

use super::surface::Stamp;

/// Parts of a dot that coordinates are kept in.
const PART: i64 = 256;
/// Scan lines per dot row.
const LINES: i64 = 4;

/// A straight edge in font units, y upwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    pub from: (i32, i32),
    pub to: (i32, i32),
}

/// How an outline becomes dots: dots per em across and down, in sixteenths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stretch {
    pub across: i32,
    pub down: i32,
}

struct Line {
    x: i64,
    y: i64,
    end_y: i64,
    dx: i64,
    dy: i64,
    winding: i32,
}

fn scaled(edges: &[Edge], em: i64, stretch: Stretch) -> Vec<Line> {
    let along = |n: i32, dots: i32| i64::from(n) * i64::from(dots) * (PART / 16) / em;
    let point = |(x, y): (i32, i32)| (along(x, stretch.across), -along(y, stretch.down));
    let line = |edge: &Edge| {
        let (from, to) = (point(edge.from), point(edge.to));
        let (winding, from, to) = if from.1 <= to.1 {
            (1, from, to)
        } else {
            (-1, to, from)
        };
        Line {
            x: from.0,
            y: from.1,
            end_y: to.1,
            dx: to.0 - from.0,
            dy: to.1 - from.1,
            winding,
        }
    };
    edges.iter().map(line).collect()
}

/// Dots at least half covered are black. `em` is the font's units per em.
pub fn raster(edges: &[Edge], em: i32, stretch: Stretch) -> Stamp {
    let lines = scaled(edges, i64::from(em.max(1)), stretch);
    let xs = lines.iter().flat_map(|line| [line.x, line.x + line.dx]);
    let bounds = xs.fold((i64::MAX, i64::MIN), |b, x| (b.0.min(x), b.1.max(x)));
    let top = lines.iter().map(|line| line.y).min().unwrap_or(0);
    let bottom = lines.iter().map(|line| line.end_y).max().unwrap_or(0);
    let whole = |n: i64| i32::try_from(n).unwrap_or(0);
    if lines.is_empty() || bounds.0 >= bounds.1 || top >= bottom {
        return Stamp {
            left: 0,
            top: 0,
            width: 0,
            height: 0,
            rows: Vec::new(),
        };
    }
    let (left, right) = (
        bounds.0.div_euclid(PART),
        (bounds.1 + PART - 1).div_euclid(PART),
    );
    let (top, bottom) = (top.div_euclid(PART), (bottom + PART - 1).div_euclid(PART));
    let width = usize::try_from(right - left).unwrap_or(0);
    let mut rows = Vec::new();
    let mut cover = vec![0_i64; width];
    let mut crossings = Vec::new();
    for row in top..bottom {
        cover.fill(0);
        for line in 0..LINES {
            let y = row * PART + (2 * line + 1) * PART / (2 * LINES);
            cross(&lines, y, &mut crossings);
            spans(&crossings, left * PART, &mut cover);
        }
        for eight in cover.chunks(8) {
            let byte = eight.iter().enumerate().fold(0_u8, |byte, (at, sum)| {
                byte | (u8::from(*sum * 2 >= PART * LINES) << (7 - at))
            });
            rows.push(byte);
        }
    }
    trimmed(Stamp {
        left: whole(left),
        top: whole(top),
        width: whole(right - left),
        height: whole(bottom - top),
        rows,
    })
}

/// Without white rows above and below.
fn trimmed(mut stamp: Stamp) -> Stamp {
    let bytes = stamp.rows.len() / usize::try_from(stamp.height).unwrap_or(1).max(1);
    let white = |row: &[u8]| row.iter().all(|byte| *byte == 0);
    let rows = stamp.rows.chunks_exact(bytes.max(1));
    let above = rows.clone().take_while(|row| white(row)).count();
    let below = rows.rev().take_while(|row| white(row)).count();
    let count = |n: usize| i32::try_from(n).unwrap_or(0);
    if count(above) < stamp.height {
        stamp.rows.truncate(stamp.rows.len() - below * bytes);
        stamp.rows.drain(..above * bytes);
        stamp.top += count(above);
        stamp.height -= count(above + below);
    }
    stamp
}

fn cross(lines: &[Line], y: i64, crossings: &mut Vec<(i64, i32)>) {
    crossings.clear();
    for line in lines.iter().filter(|line| line.y <= y && y < line.end_y) {
        crossings.push((line.x + (y - line.y) * line.dx / line.dy, line.winding));
    }
    crossings.sort_unstable();
}

fn spans(crossings: &[(i64, i32)], left: i64, cover: &mut [i64]) {
    let mut winding = 0;
    let mut start = 0;
    for (x, turn) in crossings {
        if winding == 0 {
            start = *x;
        }
        winding += turn;
        if winding == 0 {
            add(start - left, *x - left, cover);
        }
    }
}

/// Adds the length of `from..to` to the dots it lies on.
fn add(from: i64, to: i64, cover: &mut [i64]) {
    let at = |x: i64| usize::try_from(x / PART).unwrap_or(0);
    let (first, last) = (at(from), at(to));
    if first == last {
        if let Some(dot) = cover.get_mut(first) {
            *dot += to - from;
        }
        return;
    }
    if let Some(dot) = cover.get_mut(first) {
        *dot += PART - from % PART;
    }
    if let Some(between) = cover.get_mut(first + 1..last) {
        between.iter_mut().for_each(|dot| *dot += PART);
    }
    if let Some(dot) = cover.get_mut(last) {
        *dot += to % PART;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(from: i32, to: i32) -> [Edge; 4] {
        let corners = [(from, from), (to, from), (to, to), (from, to)];
        std::array::from_fn(|at| Edge {
            from: corners[at],
            to: corners[(at + 1) % 4],
        })
    }

    #[test]
    fn a_square_is_stretched_and_its_hole_stays_white() {
        let stretch = Stretch {
            across: 16 * 10,
            down: 16 * 20,
        };
        let solid = raster(&square(0, 1000), 1000, stretch);
        assert_eq!(
            (solid.left, solid.top, solid.width, solid.height),
            (0, -20, 10, 20)
        );
        assert!(solid.rows.chunks(2).all(|row| row == [0xFF, 0xC0]));
        let hole = square(300, 700).map(|edge| Edge {
            from: edge.to,
            to: edge.from,
        });
        let ring = raster(&[square(0, 1000), hole].concat(), 1000, stretch);
        assert_eq!(ring.rows[20..22], [0b1110_0001, 0b1100_0000]);
    }

    #[test]
    fn nothing_becomes_nothing() {
        let stretch = Stretch {
            across: 160,
            down: 160,
        };
        assert!(raster(&[], 1000, stretch).rows.is_empty());
    }
}
