//! Symbols we drew, where we drew them: clipped or not, quiet zone white, nothing printed across,
//! every bar on the dot grid, data as wanted. Only the symbol's own dots are looked at, which
//! takes microseconds.

use firstscan_drivers::bitmap::{BitmapView, Resolution};

use super::bits::{Sheet, side};
use super::imb;
use super::reader::{self, Matrix};
use super::rules::{self, Size};
use super::{compare, search};
use crate::label::canvas::Dots;
use crate::label::problem::Problem;
use crate::label::render::PlacedSymbol;
use crate::label::symbol::Symbology;

/// A symbol's dots, cut out and standing upright.
#[derive(Debug)]
pub struct Cut {
    pub sheet: Sheet,
    /// The symbol without its quiet zone, on `sheet`.
    pub inner: Dots,
    pub symbology: Symbology,
    pub module: i32,
}

/// Checks one symbol. `scratch` is memory to work in. The answer is empty if all is well.
pub fn check(
    page: &BitmapView<'_>,
    resolution: Resolution,
    symbol: &PlacedSymbol,
    scratch: &mut Sheet,
) -> Vec<Problem> {
    let tell =
        |message: String, remedy: &str| Problem::new(symbol.element.as_str(), message, remedy);
    let area = area_of(symbol);
    let page_area = Dots {
        x: 0,
        y: 0,
        width: side(page.width()),
        height: side(page.height()),
    };
    if !contains(page_area, area) {
        let message = "the code is cut off by the edge of the label".to_owned();
        return vec![tell(message, "move the code inwards, or make it smaller")];
    }
    let mut problems = Vec::new();
    let outer = quiet_area(symbol);
    if !contains(page_area, outer) {
        problems.push(tell(
            "the code's quiet zone ends at the edge of the label".to_owned(),
            "move the code away from the edge",
        ));
    }
    let cut = Cut::take(page, symbol, std::mem::take(scratch));
    for (side, ink) in cut.quiet_ink(symbol.turns) {
        if ink > 0 {
            problems.push(tell(
                format!("something is printed in the code's quiet zone, {side}"),
                "move the neighbours away from the code in the template",
            ));
        }
    }
    problems.extend(cut.verify(symbol));
    problems.extend(cut.judge(symbol, resolution).problems);
    *scratch = cut.sheet;
    problems
}

pub fn area_of(symbol: &PlacedSymbol) -> Dots {
    Dots {
        x: symbol.x,
        y: symbol.y,
        width: symbol.width,
        height: symbol.height,
    }
}

/// The symbol with its quiet zone.
pub fn quiet_area(symbol: &PlacedSymbol) -> Dots {
    let quiet = &symbol.quiet;
    Dots {
        x: symbol.x - quiet.left,
        y: symbol.y - quiet.top,
        width: symbol.width + quiet.left + quiet.right,
        height: symbol.height + quiet.top + quiet.bottom,
    }
}

fn contains(outer: Dots, inner: Dots) -> bool {
    inner.x >= outer.x
        && inner.y >= outer.y
        && inner.x + inner.width <= outer.x + outer.width
        && inner.y + inner.height <= outer.y + outer.height
}

impl Cut {
    /// Cuts a symbol with its quiet zone out of the page and turns it upright.
    pub fn take(page: &BitmapView<'_>, symbol: &PlacedSymbol, mut sheet: Sheet) -> Self {
        let outer = quiet_area(symbol);
        sheet.recut(page, outer);
        Self::upright(sheet, outer, symbol)
    }

    /// Turns what was cut out at `outer`.
    pub fn upright(mut sheet: Sheet, outer: Dots, symbol: &PlacedSymbol) -> Self {
        let mut inner = Dots {
            x: symbol.x - outer.x,
            y: symbol.y - outer.y,
            width: symbol.width,
            height: symbol.height,
        };
        for _ in 0..(4 - symbol.turns % 4) % 4 {
            inner = Dots {
                x: whole(sheet.height()) - inner.y - inner.height,
                y: inner.x,
                width: inner.height,
                height: inner.width,
            };
            sheet = sheet.turned();
        }
        Self {
            sheet,
            inner,
            symbology: symbol.symbology,
            module: symbol.module_dots.max(1),
        }
    }

    /// Whether it is as it was drawn and says what it should.
    fn verify(&self, symbol: &PlacedSymbol) -> Option<Problem> {
        let flaw = self.flaw();
        let read = match flaw {
            None => self.read_exact(),
            Some(_) => self.read(),
        };
        let right = |read: &Matrix| compare::same(symbol.symbology, &symbol.data, read);
        let tell = |message, remedy| Some(Problem::new(symbol.element.as_str(), message, remedy));
        let misread = || {
            let read = match &read {
                Some(read) => format!("{} \"{}\"", read.symbology.name(), read.data),
                None => "nothing".to_owned(),
            };
            format!("the code reads as {read} instead of \"{}\"", symbol.data)
        };
        let remedy = "move the neighbours away from the code in the template";
        match (flaw, read.as_ref().is_some_and(right)) {
            (None, true) => None,
            (None, false) => tell(misread(), "do not print; report this label"),
            (Some(flaw), true) => tell(
                format!("something is printed across the code: {flaw}"),
                remedy,
            ),
            (Some(flaw), false) => tell(
                format!(
                    "something is printed across the code: {flaw}; {}",
                    misread()
                ),
                remedy,
            ),
        }
    }

    /// Black dots on each side of the symbol, named as on the page.
    fn quiet_ink(&self, turns: u8) -> [(&'static str, u32); 4] {
        const SIDES: [&str; 4] = ["above", "on the right", "below", "on the left"];
        let (left, right) = (index(self.inner.x), index(self.inner.x + self.inner.width));
        let (top, bottom) = (index(self.inner.y), index(self.inner.y + self.inner.height));
        let (width, height) = (self.sheet.width(), self.sheet.height());
        let ink = |rows: std::ops::Range<usize>, left: usize, right: usize| -> u32 {
            rows.map(|y| self.sheet.ink(y, left, right)).sum()
        };
        let found = [
            ink(0..top, 0, width),
            ink(top..bottom, right, width),
            ink(bottom..height, 0, width),
            ink(top..bottom, 0, left),
        ];
        let name = |at: usize| SIDES[(at + usize::from(turns)) % 4];
        std::array::from_fn(|at| (name(at), found[at]))
    }

    /// What in the symbol is not as it was drawn: rows of bars that differ, edges off the grid.
    fn flaw(&self) -> Option<String> {
        match self.symbology {
            Symbology::MaxiCode | Symbology::Imb => None,
            Symbology::Pdf417 | Symbology::Aztec => self.off_grid_rows(1),
            _ if self.symbology.linear() => self.bars_flaw(),
            _ => self.off_grid_rows(index(self.module)),
        }
    }

    fn columns(&self) -> (usize, usize) {
        (index(self.inner.x), index(self.inner.x + self.inner.width))
    }

    /// A row through all bars; digits, if any, are in the lower part.
    fn reference_row(&self) -> usize {
        index(self.inner.y + self.inner.height / 3)
    }

    fn bars_flaw(&self) -> Option<String> {
        let (left, right) = self.columns();
        let (top, bottom) = (index(self.inner.y), index(self.inner.y + self.inner.height));
        let line = self.reference_row();
        let guards = matches!(
            self.symbology,
            Symbology::Ean13 | Symbology::Ean8 | Symbology::UpcA
        );
        let bearers = matches!(self.symbology, Symbology::Itf14 | Symbology::Itf);
        for y in top..bottom {
            if self.sheet.alike(y, line, left, right) {
                continue;
            }
            // Guards may go on alone below the others; bearer bars are black throughout.
            let guard = guards
                && y > top + (bottom - top) / 2
                && self.sheet.alike(y, bottom - 1, left, right)
                && self.sheet.within(y, line, left, right);
            let bearer = bearers && self.sheet.ink(y, left, right) as usize == right - left;
            if !guard && !bearer {
                return Some(format!(
                    "row {} of the bars differs from the others",
                    y - top
                ));
            }
        }
        let mut runs = Vec::new();
        self.sheet.runs(line, left, right, &mut runs);
        let module = index(self.module);
        let even = if rules::two_width(self.symbology) {
            let wide = runs.iter().copied().filter(|run| *run != module).max();
            let wide = wide.unwrap_or(module);
            // Bearer bars at the sides, and the white between them and the code, are as they are.
            bearers || runs.iter().all(|run| [module, wide].contains(run))
        } else {
            runs.iter().all(|run| run % module == 0)
        };
        (!even).then(|| "edges of bars are off the module grid".to_owned())
    }

    /// Rows of a matrix: edges on the grid, and `step` rows alike.
    fn off_grid_rows(&self, step: usize) -> Option<String> {
        let (left, right) = self.columns();
        let (top, bottom) = (index(self.inner.y), index(self.inner.y + self.inner.height));
        let module = index(self.module);
        let mut runs = Vec::new();
        for y in top..bottom {
            let first = top + (y - top) / step.max(1) * step.max(1);
            if y > first {
                if !self.sheet.alike(y, first, left, right) {
                    return Some(format!("row {} differs within its modules", y - top));
                }
                continue;
            }
            if y > top && self.sheet.alike(y, y - 1, left, right) {
                continue;
            }
            self.sheet.runs(y, left, right, &mut runs);
            if runs.iter().any(|run| run % module != 0) {
                return Some(format!("edges in row {} are off the module grid", y - top));
            }
        }
        None
    }

    /// Reads the symbol as a scanner would, trusting only place and module width.
    pub fn read(&self) -> Option<Matrix> {
        match self.symbology {
            Symbology::Imb => self.mail(),
            Symbology::MaxiCode => search::maxi_code(&self.sheet.part(self.inner)),
            Symbology::Pdf417 | Symbology::Aztec => {
                reader::read_matrix(&self.sheet, self.symbology)
            }
            _ if self.symbology.linear() => self.line(self.reference_row()),
            _ => self.modules(),
        }
    }

    /// [`Cut::read`] of a symbol without a flaw: all rows of bars are alike and all edges are on
    /// the grid, so that one dot of each module says it all.
    fn read_exact(&self) -> Option<Matrix> {
        let module = index(self.module);
        let one_width = !self.symbology.linear() || rules::two_width(self.symbology);
        if one_width || self.symbology == Symbology::Imb {
            return self.read();
        }
        let (left, right) = self.columns();
        let y = whole(self.reference_row());
        let mut small = Sheet::white((right - left) / module, 1);
        for (at, x) in (left..right).step_by(module).enumerate() {
            if self.sheet.get(whole(x), y) {
                small.blacken(at);
            }
        }
        self.bars(&small, 0)
    }

    /// Reads one row of bars.
    pub fn line(&self, y: usize) -> Option<Matrix> {
        self.bars(&self.sheet, y)
    }

    fn bars(&self, sheet: &Sheet, y: usize) -> Option<Matrix> {
        let row = reader::row(sheet.row(y), sheet.width());
        let read = reader::read_bars(&row, self.symbology)?;
        Some(Matrix {
            symbology: read.symbology,
            data: read.data,
            points: Vec::new(),
        })
    }

    fn mail(&self) -> Option<Matrix> {
        Some(Matrix {
            symbology: self.symbology,
            data: imb::read(&self.sheet.part(self.inner))?,
            points: Vec::new(),
        })
    }

    /// Reads the modules of a square grid; a module is what most of its dots are.
    fn modules(&self) -> Option<Matrix> {
        let module = index(self.module);
        let (columns, rows) = (
            index(self.inner.width) / module,
            index(self.inner.height) / module,
        );
        let (left, top) = (index(self.inner.x), index(self.inner.y));
        let black = |x: usize, y: usize| {
            let (from, first) = (left + x * module, top + y * module);
            let ink: u32 = (first..first + module)
                .map(|y| self.sheet.ink(y, from, from + module))
                .sum();
            ink as usize * 2 > module * module
        };
        reader::read_modules(self.symbology, columns, rows, black)
    }

    /// Holds the symbol against its carrier's or GS1's rule.
    fn judge(&self, symbol: &PlacedSymbol, resolution: Resolution) -> rules::Verdict {
        let size = Size {
            module_milli: self.module.unsigned_abs().saturating_mul(1_000),
            length_dots: self.inner.width,
            height_dots: self.inner.height,
        };
        let element = symbol.element.as_str();
        rules::judge(element, symbol.symbology, &symbol.data, size, resolution)
    }
}

fn index(at: i32) -> usize {
    usize::try_from(at).unwrap_or(0)
}

fn whole(at: usize) -> i32 {
    i32::try_from(at).unwrap_or(i32::MAX)
}
