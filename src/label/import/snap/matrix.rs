//! Matrices of modules: QR and Data Matrix both ways, PDF417 along its rows.

use firstscan_drivers::bitmap::{Bitmap, BitmapView};

use super::lines::{Lines, paint};
use super::{Outcome, Scale, candidates, fit};
use crate::label::canvas::Dots;

/// Dots the reported area may be off by.
const SLACK_DOTS: i32 = 12;
/// Quiet zones, modules (ISO/IEC 18004, 16022, 15438).
const QR_QUIET: i32 = 4;
const DATA_MATRIX_QUIET: i32 = 1;
const PDF417_QUIET: i32 = 2;

/// The smallest rectangle around all that touches `rough`, looking no farther than the slack.
fn tight(page: &BitmapView<'_>, rough: Dots) -> Option<Dots> {
    let lines = |upright: bool| Lines {
        page: *page,
        upright,
    };
    let edges = |upright: bool, (start, end): (i32, i32), across: (i32, i32)| {
        let columns = lines(!upright);
        let inked = |at: &i32| (across.0..across.1).any(|line| columns.black(line, *at));
        let low = match inked(&start) {
            true => (start - SLACK_DOTS..=start).rev().take_while(inked).last(),
            false => (start..end).find(inked),
        }?;
        let high = match inked(&(end - 1)) {
            true => (end - 1..end + SLACK_DOTS).take_while(inked).last(),
            false => (start..end).rev().find(inked),
        }?;
        Some((low, high + 1))
    };
    let mut across = (rough.x, rough.x + rough.width);
    let mut down = (rough.y, rough.y + rough.height);
    for _ in 0..2 {
        across = edges(true, across, down)?;
        down = edges(false, down, across)?;
    }
    Some(Dots {
        x: across.0,
        y: down.0,
        width: across.1 - across.0,
        height: down.1 - down.0,
    })
}

/// Columns and rows of a QR code: its size in units of the finders' sides, which are 7 modules.
fn qr_size(page: &BitmapView<'_>, area: Dots) -> Option<(i32, i32)> {
    let lines = Lines {
        page: *page,
        upright: true,
    };
    let inset = (area.height / 120).max(1);
    let (left, right) = (area.x, area.x + area.width);
    let corner = |line: i32, back: bool| {
        let (_, runs) = lines.runs(left, right, line)?;
        if back {
            runs.last().copied()
        } else {
            runs.first().copied()
        }
    };
    let (top, bottom) = (area.y + inset, area.y + area.height - 1 - inset);
    let mut finders = [
        corner(top, false)?,
        corner(top, true)?,
        corner(bottom, false)?,
        corner(bottom, true)?,
    ];
    finders.sort_unstable();
    // One corner has no finder: it is the smallest or the largest.
    let finder = finders[1].max(7);
    let modules_10 = area.width * 70 / finder;
    let version = (modules_10 - 170 + 20) / 40;
    let modules = 17 + 4 * version;
    let near = (modules_10 - modules * 10).abs() <= 15 + modules / 4;
    ((1..=40).contains(&version) && near).then_some((modules, modules))
}

/// Columns and rows of a Data Matrix: along two sides modules alternate.
fn data_matrix_size(page: &BitmapView<'_>, area: Dots) -> Option<(i32, i32)> {
    let count = |upright: bool| {
        let lines = Lines {
            page: *page,
            upright,
        };
        let ((from, to), (first, last)) = lines.stretch(area);
        let runs = |line: i32| {
            let changes = |at: &i32| lines.black(*at, line) != lines.black(at - 1, line);
            i32::try_from((from + 1..to).filter(changes).count()).unwrap_or(0) + 1
        };
        // Half a module inside, once it is known how wide that is.
        let inside = |line: i32, direction: i32| {
            let half = (to - from) / (2 * runs(line).max(8));
            runs(line + direction * half)
        };
        inside(first, 1).max(inside(last - 1, -1))
    };
    let (columns, rows) = (count(true), count(false));
    let legal = |modules: i32| (8..=144).contains(&modules) && modules % 2 == 0;
    (legal(columns) && legal(rows)).then_some((columns, rows))
}

/// Draws a QR code or Data Matrix again if it is off the grid.
pub fn redraw(
    source: &BitmapView<'_>,
    rough: Dots,
    symbology: &str,
    ours: &mut Bitmap,
    scale: Scale,
) -> Outcome {
    let qr = symbology.ends_with("qr");
    let size = |area: Dots| match qr {
        true => qr_size(source, area),
        false => data_matrix_size(source, area),
    };
    let found = tight(source, rough).and_then(|area| Some((area, size(area)?)));
    let Some((area, (columns, rows))) = found else {
        return Outcome::Left;
    };
    let black: Vec<bool> = (0..rows)
        .flat_map(|row| (0..columns).map(move |column| (column, row)))
        .map(|(column, row)| {
            let middle = |start: i32, length: i32, index: i32, of: i32| {
                start + length * (2 * index + 1) / (2 * of)
            };
            let x = middle(area.x, area.width, column, columns).unsigned_abs();
            let y = middle(area.y, area.height, row, rows).unsigned_abs();
            source.get(x, y)
        })
        .collect();
    let across = onto((area.x, area.width), scale.from.0, scale.to.0);
    let down = onto((area.y, area.height), scale.from.1, scale.to.1);
    let (wide, high) = (
        (across.1 - across.0) / i64::from(columns),
        (down.1 - down.0) / i64::from(rows),
    );
    // Not square: not what it seems.
    if (wide - high).abs() * 10 > wide {
        return Outcome::Left;
    }
    let pitch_256 = (wide + high) / 2;
    let grid = Grid {
        columns,
        rows,
        black,
    };
    let quiet = if qr { QR_QUIET } else { DATA_MATRIX_QUIET };
    grid.draw(ours, dots(across), dots(down), quiet, pitch_256)
}

/// `start` and `start + length`, in 256ths of our dots.
fn onto((start, length): (i32, i32), from: u32, to: u32) -> (i64, i64) {
    let onto = |at: i32| i64::from(at) * 256 * i64::from(to) / i64::from(from);
    (onto(start), onto(start + length))
}

fn dots((start, end): (i64, i64)) -> (i32, i32) {
    let whole = |at: i64| i32::try_from((at + 128) / 256).unwrap_or(0);
    (whole(start), whole(end))
}

struct Grid {
    columns: i32,
    rows: i32,
    black: Vec<bool>,
}

impl Grid {
    fn draw(
        &self,
        ours: &mut Bitmap,
        across: (i32, i32),
        down: (i32, i32),
        quiet: i32,
        pitch_256: i64,
    ) -> Outcome {
        let view = ours.view();
        let lines = |upright: bool| Lines {
            page: view,
            upright,
        };
        // A dot of grey around may have become black.
        let (across, down) = ((across.0 - 1, across.1 + 1), (down.0 - 1, down.1 + 1));
        let most = i32::try_from(pitch_256 / 64)
            .unwrap_or(0)
            .saturating_mul(quiet)
            + 20;
        let beside = lines(true).gaps(across, down, most);
        let above = lines(false).gaps(down, across, most);
        let mut found = None;
        for module in candidates(pitch_256) {
            let fit = |old: (i32, i32), gaps, count: i32| {
                fit((old.0, old.1 - old.0), gaps, count * module, quiet * module)
            };
            let x = fit(across, beside, self.columns);
            if let (Some(x), Some(y)) = (x, fit(down, above, self.rows)) {
                found = Some((module, x, y));
                break;
            }
        }
        let Some((module, x, y)) = found else {
            return Outcome::NoRoom { pitch_256 };
        };
        let (right, bottom) = (x + self.columns * module, y + self.rows * module);
        let area = lines(true).area(
            (across.0.min(x), across.1.max(right)),
            (down.0.min(y), down.1.max(bottom)),
        );
        let before = ours.clone();
        paint(ours, area, false);
        for (index, _) in self.black.iter().enumerate().filter(|(_, black)| **black) {
            let index = i32::try_from(index).unwrap_or(0);
            let (column, row) = (index % self.columns, index / self.columns);
            let dot = Dots {
                x: x + column * module,
                y: y + row * module,
                width: module,
                height: module,
            };
            paint(ours, dot, true);
        }
        if *ours == before {
            return Outcome::Left;
        }
        Outcome::Redrawn {
            area,
            pitch_256,
            module,
        }
    }
}

/// Draws a PDF417 again if its bars are off the grid; its rows may have any height.
pub fn redraw_stacked(
    source: &BitmapView<'_>,
    rough: Dots,
    ours: &mut Bitmap,
    scale: Scale,
) -> Outcome {
    let Some(area) = tight(source, rough) else {
        return Outcome::Left;
    };
    for upright in [true, false] {
        let lines = Lines {
            page: *source,
            upright,
        };
        if let Some((modules, along)) = pdf417_row(&lines, area) {
            let (_, rows) = lines.stretch(area);
            return stacked(&lines, lines.area(along, rows), modules, ours, scale);
        }
    }
    Outcome::Left
}

/// Modules of a row and where they start and end: 17 per codeword, as start and row indicators
/// are, and 18 in the stop. The bar of 8 modules stands at one end of every row. Each codeword
/// ends white, so that the area found may lack the stop.
fn pdf417_row(lines: &Lines<'_>, area: Dots) -> Option<(i32, (i32, i32))> {
    let ((from, to), (first, last)) = lines.stretch(area);
    let (_, seen) = lines.runs(from, to, first + (last - first) / 2)?;
    let stop = (*seen.first()?).max(*seen.last()?).saturating_mul(20) / 8;
    let of_line = |sixteenth: i32, more: (i32, i32)| {
        let line = first + (last - first) * sixteenth / 16;
        let (start, runs) = lines.runs(from - more.0, to + more.1, line)?;
        let length: i32 = runs.iter().sum();
        let guard = (*runs.first()?).max(*runs.last()?).max(8);
        let codewords = (length * 80 / guard - 690 + 85) / 170;
        // 8 runs per codeword, 9 in the stop.
        let runs_right = i32::try_from(runs.len()).ok()? == 8 * codewords + 33;
        let legal = (1..=30).contains(&codewords) && runs_right;
        legal.then_some((17 * codewords + 69, (start, start + length)))
    };
    let wider = [(0, 0), (0, stop), (stop, 0), (stop, stop)];
    let tried = wider
        .into_iter()
        .flat_map(|more| (1..16).map(move |line| (line, more)));
    tried
        .into_iter()
        .find_map(|(line, more)| of_line(line, more))
}

fn stacked(
    lines: &Lines<'_>,
    area: Dots,
    modules: i32,
    ours: &mut Bitmap,
    scale: Scale,
) -> Outcome {
    let ((from, to), (first, last)) = lines.stretch(area);
    let (along, across) = if lines.upright {
        ((scale.from.0, scale.to.0), (scale.from.1, scale.to.1))
    } else {
        ((scale.from.1, scale.to.1), (scale.from.0, scale.to.0))
    };
    let old = onto((from, to - from), along.0, along.1);
    let rows = dots(onto((first, last - first), across.0, across.1));
    let pitch_256 = (old.1 - old.0) / i64::from(modules);
    let (start, end) = dots(old);
    let (start, end) = (start - 1, end + 1);
    let view = ours.view();
    let target = Lines {
        page: view,
        upright: lines.upright,
    };
    let most = i32::try_from(pitch_256 / 64).unwrap_or(0) * PDF417_QUIET + 20;
    let gaps = target.gaps((start, end), rows, most);
    let fitting = candidates(pitch_256).find_map(|module| {
        let quiet = PDF417_QUIET * module;
        let at = fit((start, end - start), gaps, modules * module, quiet)?;
        Some((module, at))
    });
    let Some((module, at)) = fitting else {
        return Outcome::NoRoom { pitch_256 };
    };
    let cleared = (start.min(at), end.max(at + modules * module));
    let all = target.area(cleared, (rows.0 - 1, rows.1 + 1));
    let mut black = Vec::new();
    for row in rows.0..rows.1 {
        let line = i64::from(2 * row + 1) * i64::from(across.0) / (2 * i64::from(across.1));
        let line = i32::try_from(line).unwrap_or(0).clamp(first, last - 1);
        for index in 0..modules {
            let middle = from + (to - from) * (2 * index + 1) / (2 * modules);
            if lines.black(middle, line) {
                let bar = at + index * module;
                black.push(target.area((bar, bar + module), (row, row + 1)));
            }
        }
    }
    let before = ours.clone();
    paint(ours, all, false);
    for dots in black {
        paint(ours, dots, true);
    }
    if *ours == before {
        return Outcome::Left;
    }
    Outcome::Redrawn {
        area: all,
        pitch_256,
        module,
    }
}
