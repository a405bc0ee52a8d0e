//! How wide modules are, how far they are off the dot grid, how much white is around: of symbols
//! that were found, not drawn, by us. Readers are content without quiet zones and with uneven
//! bars; scanners are less so.

use super::bits::Sheet;
use super::rules;
use crate::label::canvas::Dots;
use crate::label::problem::Problem;
use crate::label::symbol::Symbology;

/// Widest element of any symbology here, in tenths of a module, with room for rounding; wider
/// white is outside.
const ELEMENT_TENTHS_MAX: usize = 45;
/// Off by more than this, in thousandths of a module, an element is misread by weak scanners.
const OFF_GRID_MAX: u32 = 400;
/// Narrowest ratio of wide to narrow bars, in hundredths (Code 39 and ITF below 0.5 mm: 2.25 on
/// paper; whole dots allow no finer step than 2 at 1 dot).
const RATIO_MIN: usize = 180;

/// What was measured of a symbol.
#[derive(Debug, Clone, Default)]
pub struct Measured {
    pub area: Option<Dots>,
    /// Thousandths of a dot; 0 if it was not measured.
    pub module_milli: u32,
    /// Worst deviation of an element, thousandths of a module.
    pub off_milli: u32,
    /// Missing share of the quiet zone on the worst side, thousandths.
    pub quiet_missing_milli: u32,
    pub problems: Vec<Problem>,
}

/// A stretch of bars that was read: row and columns inside the outer characters.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'a> {
    pub symbology: Symbology,
    pub data: &'a str,
    pub line: i32,
    pub from: i32,
    pub to: i32,
}

/// Measures upright bars. `page` is turned so that they are.
pub fn bars(page: &Sheet, seen: &Seen<'_>) -> Measured {
    let mut runs = Vec::new();
    let line = index(seen.line);
    // The outer two runs are cut by the reader's points.
    page.runs(line, index(seen.from), index(seen.to), &mut runs);
    let inner = runs.get(1..runs.len().saturating_sub(1)).unwrap_or(&[]);
    // Elements are 1.5 (two widths) to 1.9 modules (Code 128) wide on average.
    let average_milli = inner.iter().sum::<usize>() * 1_000 / inner.len().max(1);
    let narrow_milli = inner.iter().copied().min().unwrap_or(1) * 1_000;
    let module_milli = narrow_milli.max(average_milli * 6 / 11);
    let widest = whole(module_milli * ELEMENT_TENTHS_MAX / 10_000 + 1);
    let from = edge(page, seen.from, seen.line, -1, widest) + 1;
    let to = edge(page, seen.to, seen.line, 1, widest);
    let low = extent(page, (from, to), seen.line, -1);
    let high = extent(page, (from, to), seen.line, 1);
    page.runs(line, index(from), index(to), &mut runs);
    let (module_milli, off_milli) = modules(seen.symbology, &runs);
    let mut measured = Measured {
        area: Some(Dots {
            x: from,
            y: low,
            width: to - from,
            height: high - low + 1,
        }),
        module_milli,
        off_milli,
        ..Measured::default()
    };
    if off_milli > OFF_GRID_MAX {
        measured.problems.push(Problem::new(
            seen.symbology.name(),
            format!(
                "bars are off by up to {off_milli}/1000 of a module; they are not on the dot grid"
            ),
            "draw the label for this resolution, or use a finer printer",
        ));
    }
    if let Some(ratio) = ratio(seen.symbology, &runs).filter(|ratio| *ratio < RATIO_MIN) {
        measured.problems.push(Problem::new(
            seen.symbology.name(),
            format!("wide bars are only {ratio}/100 of narrow ones"),
            "draw wide bars at least twice as wide as narrow ones",
        ));
    }
    // The outermost lines may already touch a neighbour above or below.
    let margin = (high - low) / 16;
    let narrowest = |at: i32, direction: i32| {
        let lines = low + margin..=high - margin;
        lines
            .map(|line| white(page, at, line, direction))
            .min()
            .unwrap_or(0)
    };
    let quiet = rules::quiet(seen.symbology);
    let sides = [
        ("before", narrowest(from - 1, -1), quiet.left),
        ("after", narrowest(to, 1), quiet.right),
    ];
    for (name, found, modules) in sides {
        quiet_side(&mut measured, seen, name, found, modules);
    }
    measured
}

fn quiet_side(measured: &mut Measured, seen: &Seen<'_>, name: &str, found: i32, modules: u32) {
    let needed = u64::from(measured.module_milli) * u64::from(modules);
    let needed = i32::try_from(needed / 1_000).unwrap_or(i32::MAX);
    if found >= needed {
        return;
    }
    let missing = i64::from(needed - found) * 1_000 / i64::from(needed.max(1));
    let missing = u32::try_from(missing).unwrap_or(1_000);
    measured.quiet_missing_milli = measured.quiet_missing_milli.max(missing);
    measured.problems.push(Problem::new(
        seen.symbology.name(),
        format!(
            "{found} white dots {name} \"{}\", {needed} are needed",
            seen.data
        ),
        format!("keep {modules} modules of white there, clear of text, lines and the paper's edge"),
    ));
}

/// White dots from `at` in `direction`, until ink or the page's edge.
fn white(page: &Sheet, mut at: i32, line: i32, direction: i32) -> i32 {
    let mut count = 0;
    while (0..whole(page.width())).contains(&at) && !page.get(at, line) {
        count += 1;
        at += direction;
    }
    count
}

/// Walks outwards from inside the symbol to just past its outermost bar.
fn edge(page: &Sheet, mut at: i32, line: i32, direction: i32, widest: i32) -> i32 {
    let inside = 0..whole(page.width());
    while inside.contains(&at) {
        if page.get(at, line) {
            at += direction;
            continue;
        }
        let white = white(page, at, line, direction);
        let outside = !inside.contains(&(at + direction * white));
        if outside || white > widest {
            break;
        }
        at += direction * white;
    }
    at
}

/// How far the same bars go on beside `line`, in `direction`.
fn extent(page: &Sheet, (from, to): (i32, i32), line: i32, direction: i32) -> i32 {
    let mut reached = line;
    loop {
        let next = reached + direction;
        if !(0..whole(page.height())).contains(&next) {
            return reached;
        }
        let differ = page.differ(index(next), index(line), index(from), index(to));
        if i64::from(differ) * 10 > i64::from(to - from) {
            return reached;
        }
        reached = next;
    }
}

/// Module width and worst deviation, both in thousandths. The number of modules follows from the
/// number of elements where characters are equally wide (ISO/IEC 15417, 15420; AIM Code 93), and
/// with it every element's right width.
fn modules(symbology: Symbology, runs: &[usize]) -> (u32, u32) {
    let elements = runs.len();
    let total: usize = runs.iter().sum();
    let modules = match symbology {
        Symbology::Code128 | Symbology::Gs1_128 if elements % 6 == 1 => elements / 6 * 11 + 2,
        Symbology::Code93 if elements % 6 == 1 => elements / 6 * 9 + 1,
        Symbology::Ean13 | Symbology::UpcA if elements == 59 => 95,
        Symbology::Ean8 if elements == 43 => 67,
        _ => {
            return (
                two_widths(runs).map_or(0, |(narrow, _)| milli(narrow, 1)),
                0,
            );
        }
    };
    let worst = runs.iter().map(|run| {
        let off = run * 1_000 * modules / total.max(1) % 1_000;
        off.min(1_000 - off)
    });
    let worst = worst.max().unwrap_or(0);
    (
        milli(total * 1_000 / modules, 1),
        u32::try_from(worst).unwrap_or(500),
    )
}

/// Mean narrow and mean wide run, thousandths of a dot.
fn two_widths(runs: &[usize]) -> Option<(usize, usize)> {
    let (least, most) = (*runs.iter().min()?, *runs.iter().max()?);
    let mean = |wide: bool| {
        let chosen = runs.iter().filter(|run| (**run * 2 > least + most) == wide);
        let (count, sum) = chosen.fold((0, 0), |(count, sum), run| (count + 1, sum + run));
        (count > 0).then(|| sum * 1_000 / count)
    };
    Some((mean(false)?, mean(true)?))
}

/// Wide to narrow, hundredths; for symbologies that have just two widths.
fn ratio(symbology: Symbology, runs: &[usize]) -> Option<usize> {
    if !rules::two_width(symbology) {
        return None;
    }
    let (narrow, wide) = two_widths(runs)?;
    Some(wide * 100 / narrow.max(1))
}

fn milli(value: usize, per: usize) -> u32 {
    u32::try_from(value / per.max(1)).unwrap_or(u32::MAX)
}

/// Measures a matrix symbol whose black dots fill `area`.
pub fn matrix(page: &Sheet, symbology: Symbology, area: Dots) -> Measured {
    let symbol = page.part(area);
    let columns = match symbology {
        Symbology::MaxiCode => 30,
        _ => columns(&symbol, symbology),
    };
    let mut measured = Measured {
        area: Some(area),
        module_milli: milli(symbol.width() * 1_000, columns),
        ..Measured::default()
    };
    let quiet = rules::quiet(symbology);
    let white = i64::from(measured.module_milli) * i64::from(quiet.left) / 1_000;
    // Modules off the grid add up to some dots at the far edges, so half a module is left out.
    let half = i64::from(measured.module_milli) / 2_000;
    let outer = area.grown(i32::try_from(white - half).unwrap_or(0).max(0));
    let around = page.part(outer);
    let ink = |sheet: &Sheet| -> u32 {
        (0..sheet.height())
            .map(|y| sheet.ink(y, 0, sheet.width()))
            .sum()
    };
    let inside = |part: &Dots| {
        part.x >= 0
            && part.y >= 0
            && part.x + part.width <= whole(page.width())
            && part.y + part.height <= whole(page.height())
    };
    if quiet.left > 0 && (ink(&around) > ink(&symbol) || !inside(&outer)) {
        measured.quiet_missing_milli = 500;
        measured.problems.push(Problem::new(
            symbology.name(),
            "something is printed in the code's quiet zone, or the page ends there",
            format!("keep {} module(s) of white around the code", quiet.left),
        ));
    }
    measured
}

/// Modules across: the shortest frequent run is one module, and QR has 17 + 4 x version of them.
fn columns(symbol: &Sheet, symbology: Symbology) -> usize {
    let mut counts = [0_usize; 129];
    let mut runs = Vec::new();
    let mut all = 0;
    for y in 0..symbol.height() {
        symbol.runs(y, 0, symbol.width(), &mut runs);
        for run in &runs {
            counts[(*run).min(128)] += 1;
            all += 1;
        }
    }
    let shortest = (1..128)
        .find(|run| counts[*run] * 20 >= all.max(1))
        .unwrap_or(1);
    // Neighbouring lengths belong together if modules are no whole number of dots.
    let near = shortest..=(shortest + 1).min(128);
    let (count, sum) = near
        .filter(|run| counts[*run] * 20 >= all && *run * 2 < shortest * 3 + 1)
        .fold((0, 0), |(n, s), run| {
            (n + counts[run], s + counts[run] * run)
        });
    let module = (sum * 1_000 / count.max(1)).max(1_000);
    let columns = (symbol.width() * 1_000 + module / 2) / module;
    match symbology {
        Symbology::Qr | Symbology::Gs1Qr => (columns.saturating_sub(17) + 2) / 4 * 4 + 17,
        _ => columns.max(1),
    }
}

fn index(at: i32) -> usize {
    usize::try_from(at).unwrap_or(0)
}

fn whole(at: usize) -> i32 {
    i32::try_from(at).unwrap_or(i32::MAX)
}
