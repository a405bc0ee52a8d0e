//! What a burnt-out dot of the print head would do: its column stays white all the way down.
//! Across bars that stand upright ("picket fence") this is a white line through the whole code;
//! bars across the web ("ladder") lose an end or nothing.

use serde::Serialize;

use super::bits::Sheet;
use super::placed::{self, Cut};
use super::reader::{self, Matrix};
use super::search::{self, Found};
use super::{compare, imb};
use crate::label::canvas::Dots;
use crate::label::problem::Problem;
use crate::label::render::{PlacedSymbol, Rendered};
use crate::label::symbol::Symbology;

/// Columns tried for symbols that take long to read.
const MATRIX_COLUMNS_MAX: i32 = 48;
/// Dots named.
const NAMED_MAX: usize = 8;

/// Which dots of the head a symbol needs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DeadDots {
    /// Dots tried, one at a time.
    pub tried: u32,
    /// Of these, how many would make the symbol unreadable.
    pub fatal: u32,
    /// Some of the fatal ones, counted from the left edge of the page.
    pub examples: Vec<u32>,
}

/// Tries each dot of the head under a symbol.
pub fn needed(page: &Sheet, found: &Found) -> DeadDots {
    let area = found.area;
    let linear = found.symbology.linear() && found.symbology != Symbology::Imb;
    let step = if linear {
        1
    } else {
        (area.width / MATRIX_COLUMNS_MAX).max(1)
    };
    let mut dead = DeadDots::default();
    let whole = page.part(area.grown(16));
    for x in (0..area.width).step_by(usize::try_from(step).unwrap_or(1)) {
        let column = Dots {
            x: 16 + x,
            y: 0,
            width: 1,
            height: area.height + 32,
        };
        let mut damaged = whole.clone();
        damaged.wipe(column);
        dead.tried += 1;
        if !reads(damaged, found, linear) {
            dead.fatal += 1;
            if dead.examples.len() < NAMED_MAX {
                dead.examples.extend(u32::try_from(area.x + x));
            }
        }
    }
    dead
}

/// Whether a damaged symbol still says the same.
fn reads(sheet: Sheet, found: &Found, linear: bool) -> bool {
    let read = if linear {
        let sheet = if found.ladder { sheet.turned() } else { sheet };
        lines(&sheet, found.symbology)
    } else {
        match found.symbology {
            Symbology::MaxiCode | Symbology::Imb => {
                let inner = Dots {
                    x: 16,
                    y: 16,
                    width: found.area.width,
                    height: found.area.height,
                };
                let part = sheet.part(inner);
                if found.symbology == Symbology::Imb {
                    imb::read(&part).map(|data| Matrix {
                        symbology: Symbology::Imb,
                        data,
                        points: Vec::new(),
                    })
                } else {
                    search::maxi_code(&part)
                }
            }
            kind => reader::read_matrix(&sheet, kind),
        }
    };
    read.is_some_and(|read| {
        let kind = |symbology| match symbology {
            Symbology::UpcA => Symbology::Ean13,
            other => other,
        };
        let data = read.data.trim_start_matches('0');
        kind(read.symbology) == kind(found.symbology) && data == found.data.trim_start_matches('0')
    })
}

/// Reads upright bars in three rows, either way; one is enough.
fn lines(sheet: &Sheet, symbology: Symbology) -> Option<Matrix> {
    let kind = if symbology == Symbology::UpcA {
        Symbology::Ean13
    } else {
        symbology
    };
    (1..=3).find_map(|quarter| {
        let y = 16 + sheet.height().saturating_sub(32) * quarter / 4;
        let mut row = reader::row(sheet.row(y), sheet.width());
        let read = reader::read_bars(&row, kind).or_else(|| {
            row.reverse();
            reader::read_bars(&row, kind)
        })?;
        Some(Matrix {
            symbology: read.symbology,
            data: read.data,
            points: Vec::new(),
        })
    })
}

/// Whether every symbol of a label can still be read if these dots of the head are dead (counted
/// from the label's left edge as rendered). One problem for each that cannot.
pub fn survives(label: &Rendered, dead_dots: &[u32]) -> Vec<Problem> {
    let mut page = Sheet::from_view(&label.bitmap.view());
    let height = i32::try_from(page.height()).unwrap_or(i32::MAX);
    for dot in dead_dots {
        page.wipe(Dots {
            x: i32::try_from(*dot).unwrap_or(i32::MAX),
            y: 0,
            width: 1,
            height,
        });
    }
    let under = |symbol: &&PlacedSymbol| {
        let columns = symbol.x..symbol.x + symbol.width;
        dead_dots
            .iter()
            .any(|dot| i32::try_from(*dot).is_ok_and(|dot| columns.contains(&dot)))
    };
    let lost = |symbol: &PlacedSymbol| {
        let outer = placed::quiet_area(symbol);
        let cut = Cut::upright(page.part(outer), outer, symbol);
        let right = |read: Option<Matrix>| {
            read.is_some_and(|read| compare::same(symbol.symbology, &symbol.data, &read))
        };
        let read = if symbol.symbology.linear() && symbol.symbology != Symbology::Imb {
            let line = |part: i32| {
                let y = cut.inner.y + cut.inner.height * part / 8;
                right(cut.line(usize::try_from(y).unwrap_or(0)))
            };
            (1..=5).any(line)
        } else {
            right(cut.read())
        };
        (!read).then(|| {
            let dots: Vec<String> = dead_dots
                .iter()
                .take(NAMED_MAX)
                .map(u32::to_string)
                .collect();
            Problem::new(
                symbol.element.as_str(),
                format!(
                    "the code cannot be read with dead head dot {}",
                    dots.join(", ")
                ),
                "replace the print head, use another printer, or move or turn the code",
            )
        })
    };
    label
        .symbols
        .iter()
        .filter(under)
        .filter_map(lost)
        .collect()
}
