//! Finds what is on a page. Bars are looked for where rows some dots apart are alike, in both
//! directions; matrix symbols in islands of ink. What was read is wiped out and the search goes
//! on. Work is counted, so that a page of noise ends as surely as a label.

use std::collections::HashSet;

use super::bits::Sheet;
use super::imb;
use super::measure::{self, Measured, Seen};
use super::reader::{self, MARGIN, Matrix};
use crate::label::canvas::Dots;
use crate::label::symbol::Symbology;

/// Symbols looked for on one page.
pub const SYMBOLS_MAX: usize = 64;
/// Rows compared, dots: bars are alike 8 and 16 dots further down, text is not for long.
const STEP: usize = 8;
/// Fewest changes of colour in the shortest symbol (Code 128 with one character has 25).
const CHANGES_MIN: u32 = 24;
/// Rows given to the reader per direction; each costs it some 20 to 200 us.
const ROWS_READ_MAX: u32 = 1_500;
/// Islands given to the readers of matrix symbols, and their dots in pages.
const ISLANDS_READ_MAX: usize = 64;
const PAGES_READ_MAX: usize = 6;
/// Largest island given to them: 85 mm square at 600 dpi.
const ISLAND_DOTS_MAX: usize = 4_000_000;
/// Cells per side that islands are looked for in.
const CELLS: usize = 300;
/// Gaps bridged between inked cells: narrow first, so that neighbours stay apart.
const GAPS: [usize; 3] = [1, 2, 4];
/// Smallest symbol side, dots: 10 modules of 2 dots.
const SIDE_MIN: i32 = 20;
/// Share of single-dot runs, in percent, beyond which an island is noise. Modules have two dots
/// or more.
const SINGLES_PERCENT_MAX: usize = 30;

/// A symbol that was found.
#[derive(Debug)]
pub struct Found {
    pub symbology: Symbology,
    pub data: String,
    /// Bars run across the page's height.
    pub ladder: bool,
    /// On the page; size and place as printed.
    pub area: Dots,
    pub measured: Measured,
}

/// Everything that can be read. The second is true if the work allowed did not suffice.
pub fn everything(page: &Sheet) -> (Vec<Found>, bool) {
    let mut work = page.clone();
    let mut found = Vec::new();
    let mut tired = rows(page, &mut work, &mut found);
    for symbol in &mut found {
        symbol.area = symbol.measured.area.unwrap_or(symbol.area);
    }
    // Bars across: the same on the page turned a quarter.
    let turned = page.turned();
    let mut turned_work = work.turned();
    let mut ladders = Vec::new();
    tired |= rows(&turned, &mut turned_work, &mut ladders);
    for mut symbol in ladders {
        let area = symbol.measured.area.unwrap_or(symbol.area);
        symbol.area = Dots {
            x: area.y,
            y: whole(page.height()) - area.x - area.width,
            width: area.height,
            height: area.width,
        };
        symbol.ladder = true;
        work.wipe(symbol.area.grown(1));
        found.push(symbol);
    }
    mail_bars(page, &mut work, &mut found);
    tired |= islands(page, &mut work, &mut found);
    found.sort_by_key(|symbol| (symbol.area.y, symbol.area.x));
    (found, tired)
}

/// Reads bars that stand upright. True if there were too many rows to try.
fn rows(page: &Sheet, work: &mut Sheet, found: &mut Vec<Found>) -> bool {
    let mut left = ROWS_READ_MAX;
    let last = work.height().saturating_sub(2 * STEP);
    for y in (0..last).step_by(STEP) {
        let mut from = 0;
        while let Some((start, end)) = alike(work, y, from) {
            from = end;
            if found.len() >= SYMBOLS_MAX || left == 0 {
                return true;
            }
            left -= 1;
            let Some(symbol) = read_stretch(page, work, y, (start, end)) else {
                continue;
            };
            work.wipe(symbol.measured.area.unwrap_or(symbol.area).grown(1));
            work.wipe(symbol.area);
            let again = |other: &Found| {
                other.data == symbol.data && touches(other.area, symbol.area.grown(SIDE_MIN))
            };
            if !found.iter().any(again) {
                found.push(symbol);
            }
            // What is left of the stretch may hold another symbol.
            from = start;
        }
    }
    false
}

/// The next stretch of a row, from column `from` on, that is alike in the rows below and changes
/// colour often enough. Edges may be off by a dot, as they are in pictures that were scaled.
fn alike(work: &Sheet, y: usize, from: usize) -> Option<(usize, usize)> {
    let (here, near, far) = (work.row(y), work.row(y + STEP), work.row(y + 2 * STEP));
    let mut start = from;
    let mut changes_seen = 0;
    let width = work.width();
    for at in from / 64..here.len() {
        let before = if at == 0 { 0 } else { here[at - 1] >> 63 };
        let changes = here[at] ^ (here[at] << 1 | before);
        let after = here
            .get(at + 1)
            .map_or(0, |next| (next ^ here[at] >> 63) & 1);
        let edges = changes | changes >> 1 | after << 63;
        let unlike = ((here[at] ^ near[at]) | (here[at] ^ far[at])) & !edges;
        if unlike == 0 && from <= at * 64 {
            changes_seen += changes.count_ones();
            continue;
        }
        for bit in 0..64 {
            let x = at * 64 + bit;
            if x < from {
                continue;
            }
            changes_seen += (changes >> bit & 1) as u32;
            if unlike >> bit & 1 == 1 {
                if changes_seen >= CHANGES_MIN {
                    return Some((start, x));
                }
                (start, changes_seen) = (x + 1, 0);
            }
        }
    }
    (changes_seen >= CHANGES_MIN).then_some((start, width))
}

fn read_stretch(
    page: &Sheet,
    work: &Sheet,
    y: usize,
    (start, end): (usize, usize),
) -> Option<Found> {
    let line = whole(y + STEP);
    let stretch = Dots {
        x: whole(start),
        y: line,
        width: whole(end - start),
        height: 1,
    };
    let part = work.part(stretch);
    let read = reader::read_any_bars(&mut reader::row(part.row(0), part.width()))?;
    let shift = whole(start) - whole(MARGIN);
    let seen = Seen {
        symbology: read.symbology,
        data: &read.data,
        line,
        from: (read.from + shift).max(0),
        to: (read.to + shift).min(whole(end) - 1),
    };
    if seen.to - seen.from < SIDE_MIN {
        return None;
    }
    let measured = measure::bars(page, &seen);
    // A row of a large matrix is no symbol of bars.
    let height = measured.area.map_or(0, |area| area.height);
    if i64::from(height) * 1_000 < i64::from(measured.module_milli) * 8 {
        return None;
    }
    let area = Dots {
        x: seen.from,
        y: whole(y),
        width: seen.to - seen.from + 1,
        height: whole(2 * STEP + 1),
    };
    let (symbology, data) = (read.symbology, read.data);
    Some(Found {
        symbology,
        data,
        ladder: false,
        area,
        measured,
    })
}

/// Intelligent Mail barcodes: 65 equally wide bars at equal distances.
fn mail_bars(page: &Sheet, work: &mut Sheet, found: &mut Vec<Found>) {
    const BARS: usize = 65;
    let mut runs = Vec::new();
    for y in (0..work.height()).step_by(4) {
        work.runs(y, 0, work.width(), &mut runs);
        if runs.len() < 2 * BARS - 1 {
            continue;
        }
        let Some((start, end)) = comb(&runs, work.get(0, whole(y)), BARS) else {
            continue;
        };
        let (mut top, mut bottom) = (y, y + 1);
        let inked = |work: &Sheet, y: usize| work.ink(y, start, end) > 0;
        let highest = (end - start) / 8;
        while top > 0 && y - top < highest && inked(work, top - 1) {
            top -= 1;
        }
        while bottom < work.height() && bottom - y < highest && inked(work, bottom) {
            bottom += 1;
        }
        let area = Dots {
            x: whole(start),
            y: whole(top),
            width: whole(end - start),
            height: whole(bottom - top),
        };
        let Some(data) = imb::read(&work.part(area)) else {
            continue;
        };
        let bars: usize = work.ink(y, start, end) as usize;
        let mut measured = measure::matrix(page, Symbology::Imb, area);
        measured.module_milli = u32::try_from(bars * 1_000 / BARS).unwrap_or(0);
        work.wipe(area);
        found.push(Found {
            symbology: Symbology::Imb,
            data,
            ladder: false,
            area,
            measured,
        });
    }
}

/// Where a row has so many bars of one width at one distance.
fn comb(runs: &[usize], black_first: bool, bars: usize) -> Option<(usize, usize)> {
    let first = usize::from(!black_first);
    let mut x: usize = runs.iter().take(first).sum();
    for at in (first..runs.len()).step_by(2) {
        let Some(part) = runs.get(at..at + 2 * bars - 1) else {
            break;
        };
        let even = |offset: usize| {
            let chosen = part.iter().skip(offset).step_by(2);
            let (least, most) = chosen.fold((usize::MAX, 0), |(l, m), r| (l.min(*r), m.max(*r)));
            most <= least + 2 && most < 3 * least
        };
        if even(0) && even(1) {
            return Some((x, x + part.iter().sum::<usize>()));
        }
        x += runs[at] + runs.get(at + 1).copied().unwrap_or(0);
    }
    None
}

/// Reads matrix symbols. True if there were too many islands to try.
fn islands(page: &Sheet, work: &mut Sheet, found: &mut Vec<Found>) -> bool {
    let mut dots_left = work.width() * work.height() * PAGES_READ_MAX;
    let mut islands_left = ISLANDS_READ_MAX;
    let mut tried = HashSet::new();
    let mut tired = false;
    for gap in GAPS {
        for island in find_islands(work, gap) {
            let key = (island.x, island.y, island.width, island.height);
            let dots = (island.width.unsigned_abs() * island.height.unsigned_abs()) as usize;
            let possible = dots <= ISLAND_DOTS_MAX && plausible(work, island);
            if found.len() >= SYMBOLS_MAX || !possible || !tried.insert(key) {
                continue;
            }
            if islands_left == 0 || dots > dots_left {
                tired = true;
                continue;
            }
            (islands_left, dots_left) = (islands_left - 1, dots_left - dots);
            let Some(symbol) = read_island(work, island) else {
                continue;
            };
            let area = ink_within(work, extent(&symbol, island));
            let measured = measure::matrix(page, symbol.symbology, area);
            work.wipe(area);
            found.push(Found {
                symbology: symbol.symbology,
                data: symbol.data,
                ladder: false,
                area,
                measured,
            });
        }
    }
    tired
}

/// Rectangles around connected ink, largest first.
fn find_islands(work: &Sheet, gap: usize) -> Vec<Dots> {
    let cell = work.width().max(work.height()).div_ceil(CELLS).max(4);
    let (columns, rows) = (work.width().div_ceil(cell), work.height().div_ceil(cell));
    let mut inked = vec![false; columns * rows];
    for y in 0..work.height() {
        let row = &mut inked[y / cell * columns..];
        for x in super::bits::ones(work.row(y)) {
            row[x / cell] = true;
        }
    }
    let mut islands = Vec::new();
    let mut stack = Vec::new();
    for start in 0..inked.len() {
        if !std::mem::take(&mut inked[start]) {
            continue;
        }
        stack.push(start);
        let (mut left, mut right) = (start % columns, start % columns);
        let (mut top, mut bottom) = (start / columns, start / columns);
        while let Some(at) = stack.pop() {
            let (x, y) = (at % columns, at / columns);
            (left, right) = (left.min(x), right.max(x));
            (top, bottom) = (top.min(y), bottom.max(y));
            for near_y in y.saturating_sub(gap)..(y + gap + 1).min(rows) {
                for near_x in x.saturating_sub(gap)..(x + gap + 1).min(columns) {
                    let near = near_y * columns + near_x;
                    if std::mem::take(&mut inked[near]) {
                        stack.push(near);
                    }
                }
            }
        }
        let area = Dots {
            x: whole(left * cell),
            y: whole(top * cell),
            width: whole((right + 1 - left) * cell),
            height: whole((bottom + 1 - top) * cell),
        };
        islands.push(ink_within(work, area));
    }
    islands.retain(|island| island.width >= SIDE_MIN && island.height >= SIDE_MIN);
    islands.sort_by_key(|island| -i64::from(island.width) * i64::from(island.height));
    islands
}

/// The rectangle around the ink in an area.
fn ink_within(work: &Sheet, area: Dots) -> Dots {
    let part = work.part(area);
    let inked = |y: &usize| part.ink(*y, 0, part.width()) > 0;
    let (Some(top), Some(bottom)) = (
        (0..part.height()).find(inked),
        (0..part.height()).rev().find(inked),
    ) else {
        return area;
    };
    let flat = part.flat();
    let mut columns = super::bits::ones(flat.row(0));
    let left = columns.next().unwrap_or(0);
    let right = columns.last().unwrap_or(left);
    Dots {
        x: area.x + whole(left),
        y: area.y + whole(top),
        width: whole(right - left + 1),
        height: whole(bottom - top + 1),
    }
}

/// Whether an island can be a matrix symbol at all: a fifth to four fifths black, no noise, and
/// changing colour often both across and down. Words change across only; in PDF417 of few rows the
/// many changes across make up for the few down, but half of it is black, and of text less is.
fn plausible(work: &Sheet, island: Dots) -> bool {
    let part = work.part(island);
    let dots = (part.width() * part.height()) as u64;
    let ink: u64 = (0..part.height())
        .map(|y| u64::from(part.ink(y, 0, part.width())))
        .sum();
    let percent = ink * 100 / dots.max(1);
    if !(20..=80).contains(&percent) {
        return false;
    }
    let Some(across) = runs_per_row(&part) else {
        return false;
    };
    let Some(down) = runs_per_row(&part.turned()) else {
        return false;
    };
    let stacked = across.min(down) >= 2 && across.max(down) >= 25 && (38..=65).contains(&percent);
    across.min(down) >= 4 || stacked
}

/// Stretches of one colour per row, on average; None if too many are a single dot.
fn runs_per_row(part: &Sheet) -> Option<usize> {
    let (mut singles, mut all) = (0, 0);
    let mut runs = Vec::new();
    for y in 0..part.height() {
        part.runs(y, 0, part.width(), &mut runs);
        singles += runs.iter().filter(|run| **run == 1).count();
        all += runs.len();
    }
    let average = all / part.height().max(1);
    (singles * 100 <= all * SINGLES_PERCENT_MAX).then_some(average)
}

fn read_island(work: &Sheet, island: Dots) -> Option<Matrix> {
    const PAD: i32 = 8;
    let sheet = padded(work, island, PAD);
    let (long, short) = (
        island.width.max(island.height),
        island.width.min(island.height),
    );
    let square = long * 3 <= short * 4;
    let kinds: &[Symbology] = match (square, long <= short * 6, long <= short * 12) {
        (true, ..) => &[
            Symbology::Qr,
            Symbology::DataMatrix,
            Symbology::Aztec,
            Symbology::Pdf417,
        ],
        (_, true, _) => &[Symbology::DataMatrix, Symbology::Pdf417],
        (_, _, true) => &[Symbology::Pdf417],
        _ => &[],
    };
    let mut read = kinds
        .iter()
        .find_map(|kind| reader::read_matrix(&sheet, *kind));
    for point in read.iter_mut().flat_map(|read| &mut read.points) {
        *point = (point.0 + island.x - PAD, point.1 + island.y - PAD);
    }
    read.or_else(|| square.then(|| maxi_code(&work.part(island)))?)
}

/// An area with pure white around.
fn padded(work: &Sheet, area: Dots, pad: i32) -> Sheet {
    let inner = Dots {
        x: -pad,
        y: -pad,
        width: area.width + 2 * pad,
        height: area.height + 2 * pad,
    };
    work.part(area).part(inner)
}

/// A MaxiCode that fills the sheet, any way up: 33 rows of 30 hexagons, every other row half a
/// hexagon to the right.
pub fn maxi_code(sheet: &Sheet) -> Option<Matrix> {
    let mut sheet = sheet.clone();
    for _ in 0..4 {
        let (width, height) = (sheet.width(), sheet.height());
        let black = |x: usize, y: usize| {
            let across = (2 * x + 1 + (y & 1)) * width / 60;
            let down = (2 * y + 1) * height / 66;
            sheet.get(whole(across), whole(down))
        };
        let read = reader::read_modules(Symbology::MaxiCode, 30, 33, black);
        if read.is_some() {
            return read;
        }
        sheet = sheet.turned();
    }
    None
}

/// The island, unless the reader's points show that the symbol is only a part of it.
fn extent(symbol: &Matrix, island: Dots) -> Dots {
    // Of PDF417 the reader may have seen the start only.
    if symbol.symbology == Symbology::Pdf417 {
        return island;
    }
    let xs = symbol.points.iter().map(|point| point.0);
    let ys = symbol.points.iter().map(|point| point.1);
    let (Some(left), Some(right)) = (xs.clone().min(), xs.max()) else {
        return island;
    };
    let (Some(top), Some(bottom)) = (ys.clone().min(), ys.max()) else {
        return island;
    };
    let (width, height) = (right - left + 1, bottom - top + 1);
    if island.width * 2 <= width * 3 && island.height * 2 <= height * 3 {
        return island;
    }
    let x = (left - 2).max(island.x);
    let y = (top - 2).max(island.y);
    Dots {
        x,
        y,
        width: (right + 3).min(island.x + island.width) - x,
        height: (bottom + 3).min(island.y + island.height) - y,
    }
}

fn touches(a: Dots, b: Dots) -> bool {
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

fn whole(at: usize) -> i32 {
    i32::try_from(at).unwrap_or(i32::MAX)
}
