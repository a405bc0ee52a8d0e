//! Bars of one row, in whole modules.

use firstscan_drivers::bitmap::{Bitmap, BitmapView};

use super::lines::{Lines, paint, upright};
use super::{Outcome, Scale, candidates, fit};
use crate::label::canvas::Dots;

/// Quiet zone on both sides, modules.
const QUIET_MODULES: i32 = 10;
/// Dots a symbol may reach beyond the area it was reported in.
const SLACK_DOTS: i32 = 3;
/// A page in our own resolution is left as it is if its modules are whole within this, 256ths.
const WHOLE_256: i64 = 4;
/// A wide bar in narrow ones, tenths; and the least that is asked for below 0.5 mm (ISO/IEC 16388
/// for Code 39).
const WIDE_TENTHS: std::ops::RangeInclusive<i64> = 20..=30;
const CLEAR_TENTHS: i32 = 22;

/// The bars of a symbol, black first.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Bars {
    /// Widths in modules.
    Modules(Vec<i32>),
    /// Wide or not; a wide one has so many tenths of a narrow one.
    TwoWidth { wide: Vec<bool>, tenths: i64 },
}

impl Bars {
    /// Widths in dots; `clear`: wide ones at least as wide as asked for, even if they were not.
    fn dots(&self, module: i32, clear: bool) -> Vec<i32> {
        match self {
            Self::Modules(modules) => modules.iter().map(|n| n * module).collect(),
            Self::TwoWidth { wide, tenths } => {
                let broad = (tenths * i64::from(module) + 5) / 10;
                let broad = i32::try_from(broad).unwrap_or(module * 3).max(module + 1);
                let least = if clear {
                    (module * CLEAR_TENTHS + 9) / 10
                } else {
                    0
                };
                let broad = broad.max(least);
                wide.iter()
                    .map(|wide| if *wide { broad } else { module })
                    .collect()
            }
        }
    }

    /// Width of everything, tenths of modules.
    fn tenths(&self) -> i64 {
        match self {
            Self::Modules(modules) => modules.iter().map(|n| i64::from(*n) * 10).sum(),
            Self::TwoWidth { wide, tenths } => wide
                .iter()
                .map(|wide| if *wide { *tenths } else { 10 })
                .sum(),
        }
    }
}

/// A symbol in the original.
struct Measured {
    bars: Bars,
    start: i32,
    runs: Vec<i32>,
}

/// Draws the symbol in `area` again if it is off the grid.
pub fn redraw(
    source: &BitmapView<'_>,
    area: Dots,
    symbology: &str,
    ours: &mut Bitmap,
    scale: Scale,
    untouched: bool,
) -> Outcome {
    let lines = Lines {
        page: *source,
        upright: upright(source, area),
    };
    let (along, across) = lines.stretch(area);
    let Some(measured) = measure(&lines, along, across, symbology) else {
        return Outcome::Left;
    };
    let ((from, to), (from_across, to_across)) = if lines.upright {
        ((scale.from.0, scale.to.0), (scale.from.1, scale.to.1))
    } else {
        ((scale.from.1, scale.to.1), (scale.from.0, scale.to.0))
    };
    let onto = |at: i32| i64::from(at) * 256 * i64::from(to) / i64::from(from);
    let length: i32 = measured.runs.iter().sum();
    let old = (onto(measured.start), onto(measured.start + length));
    let pitch_256 = (old.1 - old.0) * 10 / measured.bars.tenths().max(1);
    let whole = (pitch_256 + 128) / 256 * 256;
    if untouched && (pitch_256 - whole).abs() <= WHOLE_256 {
        return Outcome::Left;
    }
    let (first, last) = extent(&lines, &measured, across);
    // A line that is there in part is drawn whole, so that nothing of the old bars stays.
    let line = |at: i32, up: i64| {
        let part = i64::from(at) * i64::from(to_across) + up * i64::from(from_across - 1);
        i32::try_from(part / i64::from(from_across)).unwrap_or(0)
    };
    let rows = (line(first, 0), line(last, 1).max(line(first, 0) + 1));
    let edge = |at: i64| i32::try_from((at + 128) / 256).unwrap_or(0);
    let place = (edge(old.0), edge(old.1));
    draw(ours, lines.upright, &measured.bars, place, rows, pitch_256)
}

fn draw(
    ours: &mut Bitmap,
    upright: bool,
    bars: &Bars,
    (start, end): (i32, i32),
    rows: (i32, i32),
    pitch_256: i64,
) -> Outcome {
    let view = ours.view();
    let lines = Lines {
        page: view,
        upright,
    };
    let nearest = i32::try_from((pitch_256 + 128) / 256).unwrap_or(1).max(1);
    let there = [1, 2, 3].map(|quarter| {
        let line = rows.0 + (rows.1 - rows.0) * quarter / 4;
        lines.runs(start - SLACK_DOTS, end + SLACK_DOTS, line)
    });
    let drawn = |wanted: Vec<i32>| {
        let same =
            |runs: &Option<(i32, Vec<i32>)>| matches!(runs, Some((_, runs)) if *runs == wanted);
        there.iter().all(same)
    };
    if drawn(bars.dots(nearest, true)) || drawn(bars.dots(nearest, false)) {
        return Outcome::Left;
    }
    // A dot of grey on either side may have become black.
    let (old_start, old_end) = (start - 1, end + 1);
    let most = QUIET_MODULES * nearest * 3;
    let gaps = lines.gaps((old_start, old_end), inner(rows), most);
    let mut found = None;
    let both = candidates(pitch_256).flat_map(|module| [(module, true), (module, false)]);
    for (module, clear) in both {
        let dots = bars.dots(module, clear);
        let length = dots.iter().sum();
        let place = (old_start, old_end - old_start);
        if let Some(at) = fit(place, gaps, length, QUIET_MODULES * module) {
            found = Some((module, dots, at, length));
            break;
        }
    }
    let Some((module, dots, at, length)) = found else {
        return Outcome::NoRoom { pitch_256 };
    };
    let cleared = (old_start.min(at), old_end.max(at + length));
    let area = lines.area(cleared, rows);
    let black: Vec<Dots> = dots
        .iter()
        .scan(at, |next, width| {
            let start = *next;
            *next += width;
            Some((start, *next))
        })
        .step_by(2)
        .map(|bar| lines.area(bar, rows))
        .collect();
    paint(ours, area, false);
    for bar in black {
        paint(ours, bar, true);
    }
    Outcome::Redrawn {
        area,
        pitch_256,
        module,
    }
}

/// The outermost lines may touch a neighbour above or below.
fn inner((first, last): (i32, i32)) -> (i32, i32) {
    let margin = (last - first) / 16;
    (first + margin, (last - margin).max(first + margin + 1))
}

/// What most of some lines say.
fn measure(
    lines: &Lines<'_>,
    (from, to): (i32, i32),
    (first, last): (i32, i32),
    symbology: &str,
) -> Option<Measured> {
    let mut found: Vec<(Measured, usize)> = Vec::new();
    for eighth in [4, 3, 5, 2, 6] {
        let line = first + (last - first) * eighth / 8;
        let Some((start, runs)) = lines.runs(from - SLACK_DOTS, to + SLACK_DOTS, line) else {
            continue;
        };
        let Some(bars) = either_way(symbology, &runs) else {
            continue;
        };
        match found.iter_mut().find(|(other, _)| other.bars == bars) {
            Some((_, votes)) => *votes += 1,
            None => found.push((Measured { bars, start, runs }, 1)),
        }
    }
    found
        .into_iter()
        .rev()
        .max_by_key(|(_, votes)| *votes)
        .map(|(measured, _)| measured)
}

/// Runs to modules, the symbol standing on its feet or its head.
fn either_way(symbology: &str, runs: &[i32]) -> Option<Bars> {
    bars(symbology, runs).or_else(|| {
        let back: Vec<i32> = runs.iter().rev().copied().collect();
        let mut bars = bars(symbology, &back)?;
        match &mut bars {
            Bars::Modules(modules) => modules.reverse(),
            Bars::TwoWidth { wide, .. } => wide.reverse(),
        }
        Some(bars)
    })
}

/// Runs to modules by the rules of the symbology.
fn bars(symbology: &str, runs: &[i32]) -> Option<Bars> {
    let elements = i32::try_from(runs.len()).ok()?;
    let modules = match (symbology, elements) {
        // 6 elements and 11 modules a character; the stop has one bar of 2 modules more.
        ("code128" | "gs1-128", _) if elements % 6 == 1 && elements > 18 => {
            (elements - 1) / 6 * 11 + 2
        }
        ("code93", _) if elements % 6 == 1 && elements > 18 => (elements - 1) / 6 * 9 + 1,
        ("ean13" | "upca", 59) => 95,
        ("ean8", 43) => 67,
        ("upce", 33) => 51,
        ("code39", _) if elements % 10 == 9 => return two_width(runs),
        ("itf" | "itf14", _) if elements % 10 == 7 => return two_width(runs),
        ("codabar", _) if elements % 8 == 7 => return two_width(runs),
        _ => return None,
    };
    let characters = match symbology {
        "code128" | "gs1-128" => Some(11),
        "code93" => Some(9),
        _ => None,
    };
    // Ink that spread, or was taken away against that, makes all bars thicker or thinner alike.
    let biases = (0..=8).flat_map(|step| [step, -step]);
    let tried = biases.filter_map(|sixteenths| {
        let (modules, error) = quantised(runs, modules, sixteenths)?;
        let right = |each: i32| {
            modules
                .chunks_exact(6)
                .all(|six| six.iter().sum::<i32>() == each)
        };
        characters.is_none_or(right).then_some((modules, error))
    });
    tried
        .min_by_key(|(_, error)| *error)
        .map(|(modules, _)| Bars::Modules(modules))
}

/// Each run in modules, black ones first made thinner by so many sixteenths of a module; and the
/// sum of what rounding took.
fn quantised(runs: &[i32], modules: i32, sixteenths: i64) -> Option<(Vec<i32>, i64)> {
    let total = i64::from(runs.iter().sum::<i32>()).max(1);
    let modules_16 = i64::from(modules) * 16;
    // There is one black run more than white ones.
    let total_16 = modules_16 - sixteenths;
    let mut error = 0;
    let mut whole = Vec::with_capacity(runs.len());
    for (index, run) in runs.iter().enumerate() {
        // In 256ths of a module.
        let seen = i64::from(*run) * modules_16 * 16 / total;
        let bias = if index % 2 == 0 {
            -sixteenths
        } else {
            sixteenths
        } * 16;
        let right = (seen + bias) * modules_16 / total_16.max(1);
        let rounded = (right + 128) / 256;
        error += (right - rounded * 256).abs();
        if !(1..=4).contains(&rounded) {
            return None;
        }
        whole.push(i32::try_from(rounded).ok()?);
    }
    (whole.iter().sum::<i32>() == modules).then_some((whole, error))
}

/// Narrow and wide, each colour by itself: spread ink moves both the same way.
fn two_width(runs: &[i32]) -> Option<Bars> {
    let mut wide = vec![false; runs.len()];
    let (mut narrow_sum, mut narrow_count, mut wide_sum, mut wide_count) = (0_i64, 0, 0_i64, 0);
    let limits = |step: usize| {
        let part = || runs.iter().skip(step).step_by(2);
        Some((*part().min()?, *part().max()?))
    };
    let (black, white) = (limits(0)?, limits(1)?);
    for (index, run) in runs.iter().enumerate() {
        let (least, most) = if index % 2 == 0 { black } else { white };
        // All of one colour may be narrow: then the other colour tells.
        let (least, most) = if most * 10 < least * 16 {
            (black.0.min(white.0), black.1.max(white.1))
        } else {
            (least, most)
        };
        wide[index] = run * 2 > least + most;
        if wide[index] {
            wide_sum += i64::from(*run);
            wide_count += 1;
        } else {
            narrow_sum += i64::from(*run);
            narrow_count += 1;
        }
    }
    if narrow_count == 0 || wide_count == 0 {
        return None;
    }
    let tenths = wide_sum * 10 * narrow_count / (narrow_sum * wide_count).max(1);
    let tenths = tenths.clamp(*WIDE_TENTHS.start(), *WIDE_TENTHS.end());
    Some(Bars::TwoWidth { wide, tenths })
}

/// The lines `start..end` on which the same bars stand: most bars black, hardly a space.
fn extent(lines: &Lines<'_>, measured: &Measured, (first, last): (i32, i32)) -> (i32, i32) {
    let mut at = measured.start;
    let (mut bars, mut spaces) = (Vec::new(), Vec::new());
    for (index, run) in measured.runs.iter().enumerate() {
        if index % 2 == 0 {
            &mut bars
        } else {
            &mut spaces
        }
        .push(at + run / 2);
        at += run;
    }
    let same = |line: &i32| {
        let black = |all: &[i32]| all.iter().filter(|at| lines.black(**at, *line)).count();
        black(&bars) * 10 >= bars.len() * 7 && black(&spaces) * 10 <= spaces.len()
    };
    let middle = (first + last) / 2;
    let (_, count) = lines.size();
    let low = (0..=middle).rev().take_while(same).last().unwrap_or(middle);
    let high = (middle..count).take_while(same).last().unwrap_or(middle);
    (low, high + 1)
}
