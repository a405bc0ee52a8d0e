//! Labels on office paper: where one sheet carries several labels, or a label and instructions.
//!
//! A page of A4 or Letter size or larger whose ink does not fit the stock is cut into equal parts,
//! a half, a third, a quarter and so on, where the cuts run through white. Parts with symbols are
//! labels; several must be alike, or it is one large label that happens to have white bands. A
//! part without any symbol is a receipt or an instruction and is left out.

use firstscan_drivers::bitmap::{Bitmap, BitmapView, Resolution};

use super::fit::crop;
use crate::label::canvas::{Dots, ink_box};
use crate::label::check::Symbol;
use crate::label::units::to_dots;

/// Sides of the smallest sheet, micrometres: A4 and Letter are larger.
const SHEET_UM: (i64, i64) = (200_000, 270_000);
/// White along a cut, micrometres.
const GUTTER_UM: i64 = 3_000;
/// How far a cut may be from where it should be, as part of the sheet.
const SHIFT_PART: i32 = 25;
/// Columns and rows, fewest parts first.
const CUTS: [(i32, i32); 11] = [
    (1, 2),
    (2, 1),
    (2, 2),
    (1, 3),
    (3, 1),
    (1, 4),
    (4, 1),
    (2, 3),
    (3, 2),
    (2, 4),
    (4, 2),
];

/// One label of a page.
#[derive(Debug)]
pub struct Label {
    pub bitmap: Bitmap,
    /// Those of the page that lie on it.
    pub symbols: Vec<Symbol>,
    pub note: Option<String>,
}

/// The labels of a page for a stock of so many dots. `symbols` were read on a page of
/// `size` dots.
pub fn labels(
    page: Bitmap,
    size: (u32, u32),
    symbols: Vec<Symbol>,
    stock: (u32, u32),
    resolution: Resolution,
) -> Vec<Label> {
    let view = page.view();
    let (width, height) = (side(view.width()), side(view.height()));
    let um = |um: i64| to_dots(um, resolution);
    let sheet = (um(SHEET_UM.0), um(SHEET_UM.1));
    let large = width.min(height) >= sheet.0 && width.max(height) >= sheet.1;
    let fits = ink_box(&view).is_none_or(|ink| fits(ink, stock));
    if large && !fits {
        let gutter = um(GUTTER_UM).max(1);
        let cuts = CUTS.iter();
        if let Some(labels) = cuts
            .filter_map(|cut| parts(&view, *cut, gutter))
            .find_map(|parts| split(&view, &parts, size, &symbols, stock))
        {
            return labels;
        }
    }
    vec![Label {
        bitmap: page,
        symbols,
        note: None,
    }]
}

fn side(dots: u32) -> i32 {
    i32::try_from(dots).unwrap_or(i32::MAX)
}

fn fits(ink: Dots, stock: (u32, u32)) -> bool {
    let (width, height) = (side(stock.0), side(stock.1));
    (ink.width <= width && ink.height <= height) || (ink.height <= width && ink.width <= height)
}

/// The parts of a cut, row by row, if all its lines run through white.
fn parts(page: &BitmapView<'_>, (columns, rows): (i32, i32), gutter: i32) -> Option<Vec<Dots>> {
    let (width, height) = (side(page.width()), side(page.height()));
    let white_column = |x: i32| (0..height).all(|y| !black(page, x, y));
    let white_row = |y: i32| page.row(y.unsigned_abs()).iter().all(|byte| *byte == 0);
    let down = lines(height, rows, gutter, white_row)?;
    let across = lines(width, columns, gutter, white_column)?;
    let between = |lines: &[i32]| -> Vec<(i32, i32)> {
        lines.windows(2).map(|two| (two[0], two[1])).collect()
    };
    let (across, down) = (between(&across), between(&down));
    let cell = |x: &(i32, i32), y: &(i32, i32)| Dots {
        x: x.0,
        y: y.0,
        width: x.1 - x.0,
        height: y.1 - y.0,
    };
    let cells = down
        .iter()
        .flat_map(|y| across.iter().map(move |x| cell(x, y)));
    Some(cells.collect())
}

fn black(page: &BitmapView<'_>, x: i32, y: i32) -> bool {
    page.get(x.unsigned_abs(), y.unsigned_abs())
}

/// Where `length` is cut into `count` parts, with both ends; each cut in the middle of the widest
/// white near its place.
fn lines(length: i32, count: i32, gutter: i32, white: impl Fn(i32) -> bool) -> Option<Vec<i32>> {
    let mut cuts = vec![0];
    for index in 1..count {
        let ideal = length * index / count;
        let shift = length / SHIFT_PART;
        let mut best: Option<(i32, i32)> = None;
        let mut start = None;
        for at in ideal - shift..=ideal + shift {
            match (white(at), start) {
                (true, None) => start = Some(at),
                (true, Some(first)) => {
                    let run = at - first + 1;
                    if run >= gutter && best.is_none_or(|(longest, _)| run > longest) {
                        best = Some((run, first + run / 2));
                    }
                }
                (false, _) => start = None,
            }
        }
        cuts.push(best?.1);
    }
    cuts.push(length);
    Some(cuts)
}

/// The labels of these parts, if they are such.
fn split(
    page: &BitmapView<'_>,
    parts: &[Dots],
    size: (u32, u32),
    symbols: &[Symbol],
    stock: (u32, u32),
) -> Option<Vec<Label>> {
    let mut labels: Vec<Label> = Vec::new();
    let mut left_out = 0;
    for part in parts {
        let bitmap = crop(page, *part);
        let Some(ink) = ink_box(&bitmap.view()) else {
            continue;
        };
        let here: Vec<Symbol> = symbols
            .iter()
            .filter(|symbol| lies_on(symbol, *part, size, page))
            .cloned()
            .collect();
        if here.is_empty() {
            left_out += 1;
        } else if fits(ink, stock) {
            labels.push(Label {
                bitmap,
                symbols: here,
                note: None,
            });
        } else {
            return None;
        }
    }
    let kinds = |label: &Label| {
        let mut kinds: Vec<&str> = label
            .symbols
            .iter()
            .map(|symbol| symbol.symbology)
            .collect();
        kinds.sort_unstable();
        kinds
    };
    let first = kinds(labels.first()?);
    let all = labels
        .iter()
        .map(|label| label.symbols.len())
        .sum::<usize>()
        == symbols.len();
    if !all || labels.iter().any(|label| kinds(label) != first) {
        return None;
    }
    let (number, of) = (labels.len(), parts.len());
    let others = match left_out {
        0 => "",
        _ => "; what is printed beside it without any code was left out",
    };
    for (index, label) in labels.iter_mut().enumerate() {
        label.note = Some(format!(
            "label {} of {number} cut out of a sheet of {of}{others}",
            index + 1
        ));
    }
    Some(labels)
}

/// By the symbol's middle.
fn lies_on(symbol: &Symbol, part: Dots, size: (u32, u32), page: &BitmapView<'_>) -> bool {
    let scaled = |start: u32, length: u32, from: u32, to: u32| {
        let middle = u64::from(start) + u64::from(length) / 2;
        i32::try_from(middle * u64::from(to) / u64::from(from.max(1))).unwrap_or(i32::MAX)
    };
    let x = scaled(symbol.x, symbol.width, size.0, page.width());
    let y = scaled(symbol.y, symbol.height, size.1, page.height());
    (part.x..part.x + part.width).contains(&x) && (part.y..part.y + part.height).contains(&y)
}
