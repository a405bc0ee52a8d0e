//! A page seen along one direction: `along` a line, and from line to line.

use firstscan_drivers::bitmap::{Bitmap, BitmapView};

use crate::label::canvas::Dots;

/// A page whose lines run left to right (`upright`) or top to bottom.
#[derive(Debug, Clone, Copy)]
pub struct Lines<'a> {
    pub page: BitmapView<'a>,
    pub upright: bool,
}

fn side(dots: u32) -> i32 {
    i32::try_from(dots).unwrap_or(i32::MAX)
}

impl Lines<'_> {
    pub fn black(&self, along: i32, line: i32) -> bool {
        let (x, y) = if self.upright {
            (along, line)
        } else {
            (line, along)
        };
        match (u32::try_from(x), u32::try_from(y)) {
            (Ok(x), Ok(y)) => self.page.get(x, y),
            _ => false,
        }
    }

    /// Dots of a line, and number of lines.
    pub fn size(&self) -> (i32, i32) {
        let (width, height) = (side(self.page.width()), side(self.page.height()));
        if self.upright {
            (width, height)
        } else {
            (height, width)
        }
    }

    /// Runs of one colour in `from..to` without the white at both ends, black first, and where
    /// the first starts.
    pub fn runs(&self, from: i32, to: i32, line: i32) -> Option<(i32, Vec<i32>)> {
        let start = (from..to).find(|at| self.black(*at, line))?;
        let end = (from..to).rev().find(|at| self.black(*at, line))?;
        let mut runs = Vec::new();
        let mut last = false;
        for at in start..=end {
            let now = self.black(at, line);
            match runs.last_mut() {
                Some(run) if last == now => *run += 1,
                _ => runs.push(1),
            }
            last = now;
        }
        Some((start, runs))
    }

    /// White dots from `at` in `direction` up to `max`, until ink or the page's edge.
    pub fn white(&self, at: i32, line: i32, direction: i32, max: i32) -> i32 {
        let (length, _) = self.size();
        let white = |step: &i32| {
            let at = at + direction * step;
            (0..length).contains(&at) && !self.black(at, line)
        };
        side((0..max).take_while(white).count().try_into().unwrap_or(0))
    }

    /// The least white beside `start..end` on all `lines`, before and after.
    pub fn gaps(&self, (start, end): (i32, i32), lines: (i32, i32), max: i32) -> (i32, i32) {
        let least = |at: i32, direction: i32| {
            let all = (lines.0..lines.1).map(|line| self.white(at, line, direction, max));
            all.min().unwrap_or(0)
        };
        (least(start - 1, -1), least(end, 1))
    }

    /// An area as stretch along the lines and range of lines, both `start..end`.
    pub fn stretch(&self, area: Dots) -> ((i32, i32), (i32, i32)) {
        let across = (area.x, area.x + area.width);
        let down = (area.y, area.y + area.height);
        if self.upright {
            (across, down)
        } else {
            (down, across)
        }
    }

    /// The other way round.
    pub fn area(&self, along: (i32, i32), lines: (i32, i32)) -> Dots {
        let (across, down) = if self.upright {
            (along, lines)
        } else {
            (lines, along)
        };
        Dots {
            x: across.0,
            y: down.0,
            width: across.1 - across.0,
            height: down.1 - down.0,
        }
    }
}

/// Paints a rectangle, clipped to the page.
pub fn paint(page: &mut Bitmap, area: Dots, black: bool) {
    let clip = |start: i32, length: i32| {
        let end = (start + length).max(0).unsigned_abs();
        let start = start.max(0).unsigned_abs();
        (start, end.saturating_sub(start))
    };
    let ((x, width), (y, height)) = (clip(area.x, area.width), clip(area.y, area.height));
    page.fill_rect(x, y, width, height, black);
}

/// Whether bars stand upright in `area`: the row through its middle changes colour more often
/// than the column does.
pub fn upright(page: &BitmapView<'_>, area: Dots) -> bool {
    let changes = |upright: bool| {
        let lines = Lines {
            page: *page,
            upright,
        };
        let ((from, to), (first, last)) = lines.stretch(area);
        let count = |line: i32| lines.runs(from, to, line).map_or(0, |(_, runs)| runs.len());
        let third = (last - first) / 3;
        count(first + third).max(count(last - third))
    };
    changes(true) >= changes(false)
}
