//! Where a symbol is, how wide its modules are, whether its quiet zone is white.

use firstscan_drivers::bitmap::BitmapView;

use super::reader::Found;
use crate::label::canvas::Dots;
use crate::label::problem::Problem;
use crate::label::render::PlacedSymbol;

/// Quiet zone of linear symbols, in modules (ISO/IEC 15417, 10X; ITF and Code 39 the same).
const LINEAR_QUIET_MODULES: i32 = 10;
/// Quiet zone of a QR code, in modules.
const QR_QUIET_MODULES: i32 = 4;
/// Widest element of a Code 128, Code 39 or EAN symbol, in modules; wider white is outside.
const ELEMENT_MODULES_MAX: i32 = 5;
/// Off by more than this, in thousandths of a module, an element is misread by weak scanners.
const OFF_GRID_MAX: i32 = 400;

/// What was measured.
#[derive(Debug)]
pub struct Place {
    pub area: Dots,
    pub module_dots: u32,
    pub problems: Vec<Problem>,
}

/// Whether the quiet zone of a symbol we drew is white and inside the page.
pub fn quiet(page: &BitmapView<'_>, symbol: &PlacedSymbol) -> bool {
    let area = Dots {
        x: symbol.x,
        y: symbol.y,
        width: symbol.width,
        height: symbol.height,
    };
    let (quiet, vertical) = (symbol.quiet.left, symbol.quiet.top);
    let wide = Dots {
        x: area.x - quiet,
        y: area.y - vertical,
        width: area.width + 2 * quiet,
        height: area.height + 2 * vertical,
    };
    let page_width = i32::try_from(page.width()).unwrap_or(i32::MAX);
    let page_height = i32::try_from(page.height()).unwrap_or(i32::MAX);
    let inside = wide.x >= 0
        && wide.y >= 0
        && wide.x + wide.width <= page_width
        && wide.y + wide.height <= page_height;
    inside && !ink_between(page, wide, area)
}

/// Any black dot in `outer` but not in `inner`.
fn ink_between(page: &BitmapView<'_>, outer: Dots, inner: Dots) -> bool {
    let bottom = inner.y + inner.height;
    (outer.y..outer.y + outer.height).any(|y| {
        let right = outer.x + outer.width;
        if y < inner.y || y >= bottom {
            return (outer.x..right).any(|x| black(page, x, y));
        }
        let after = inner.x + inner.width;
        (outer.x..inner.x)
            .chain(after..right)
            .any(|x| black(page, x, y))
    })
}

fn black(page: &BitmapView<'_>, x: i32, y: i32) -> bool {
    match (u32::try_from(x), u32::try_from(y)) {
        (Ok(x), Ok(y)) if x < page.width() && y < page.height() => page.get(x, y),
        _ => false,
    }
}

/// Measures a found symbol.
pub fn measure(page: &BitmapView<'_>, found: &Found) -> Place {
    let rough = bounds(&found.points);
    if found.linear {
        return linear(page, found, rough);
    }
    if found.symbology == "qr" {
        return qr(page, &found.points);
    }
    // Points of the others are corners or near them; a margin makes sure that wiping ends it.
    Place {
        area: rough.grown(12),
        module_dots: 0,
        problems: Vec::new(),
    }
}

fn bounds(points: &[(i32, i32)]) -> Dots {
    let x = points.iter().map(|p| p.0).min().unwrap_or(0);
    let y = points.iter().map(|p| p.1).min().unwrap_or(0);
    let right = points.iter().map(|p| p.0).max().unwrap_or(0);
    let bottom = points.iter().map(|p| p.1).max().unwrap_or(0);
    Dots {
        x,
        y,
        width: right - x + 1,
        height: bottom - y + 1,
    }
}

/// A line through the page along the bars' reading direction.
struct Along<'a> {
    page: &'a BitmapView<'a>,
    upright: bool,
    length: i32,
    breadth: i32,
}

impl Along<'_> {
    fn black(&self, at: i32, line: i32) -> bool {
        let (x, y) = if self.upright { (at, line) } else { (line, at) };
        black(self.page, x, y)
    }

    /// White dots from `at` in `direction`, until ink or the page's edge.
    fn white(&self, mut at: i32, line: i32, direction: i32) -> i32 {
        let mut count = 0;
        while (0..self.length).contains(&at) && !self.black(at, line) {
            count += 1;
            at += direction;
        }
        count
    }

    /// Lengths of equal-coloured stretches in `from..to`.
    fn runs(&self, from: i32, to: i32, line: i32) -> Vec<i32> {
        let mut runs = Vec::new();
        let mut last = None;
        for at in from..to {
            let now = self.black(at, line);
            match runs.last_mut() {
                Some(run) if last == Some(now) => *run += 1,
                _ => runs.push(1),
            }
            last = Some(now);
        }
        runs
    }

    /// Walks outwards from inside the symbol to just past its outermost bar.
    fn edge(&self, mut at: i32, line: i32, direction: i32, module: i32) -> i32 {
        while (0..self.length).contains(&at) {
            if self.black(at, line) {
                at += direction;
                continue;
            }
            let white = self.white(at, line, direction);
            let outside = !(0..self.length).contains(&(at + direction * white));
            if outside || white > module * ELEMENT_MODULES_MAX {
                break;
            }
            at += direction * white;
        }
        at
    }

    /// How far the same bars go on beside `line`, in `direction`.
    fn extent(&self, from: i32, to: i32, line: i32, direction: i32) -> i32 {
        let mut reached = line;
        loop {
            let next = reached + direction;
            let same = |at: &i32| self.black(*at, next) == self.black(*at, line);
            let alike = (from..to).filter(same).count();
            if !(0..self.breadth).contains(&next) || alike * 10 < (from..to).len() * 9 {
                return reached;
            }
            reached = next;
        }
    }
}

fn linear(page: &BitmapView<'_>, found: &Found, rough: Dots) -> Place {
    let (along, start, stop, line) = along(page, rough);
    let upright = along.upright;
    // The outer two runs may be cut by the reader's points.
    let inner = along.runs(start, stop, line);
    let inner = inner.get(1..inner.len().saturating_sub(1)).unwrap_or(&[]);
    let narrow = inner.iter().copied().min().unwrap_or(1).max(1);
    let from = along.edge(start, line, -1, narrow + 1) + 1;
    let to = along.edge(stop, line, 1, narrow + 1);
    let low = along.extent(from, to, line, -1);
    let high = along.extent(from, to, line, 1);
    // The outermost lines may already touch a neighbour above or below.
    let lines = low + (high - low) / 16..=high - (high - low) / 16;
    let narrowest = |at: i32, direction: i32| {
        lines
            .clone()
            .map(|line| along.white(at, line, direction))
            .min()
            .unwrap_or(0)
    };
    let (near, far) = (narrowest(from - 1, -1), narrowest(to, 1));
    let runs = along.runs(from, to, line);
    let (module, mut problems) = modules(found.symbology, &runs, narrow);
    problems.extend(narrow_quiet(
        found,
        module,
        [("before", near), ("after", far)],
    ));
    let (length, breadth) = (to - from, high - low + 1);
    let area = if upright {
        Dots {
            x: from,
            y: low,
            width: length,
            height: breadth,
        }
    } else {
        Dots {
            x: low,
            y: from,
            width: breadth,
            height: length,
        }
    };
    Place {
        area,
        module_dots: module.unsigned_abs(),
        problems,
    }
}

/// The reading direction, and where in it the reader's points start, stop and lie.
fn along<'a>(page: &'a BitmapView<'a>, rough: Dots) -> (Along<'a>, i32, i32, i32) {
    let side = |dots: u32| i32::try_from(dots).unwrap_or(i32::MAX);
    let upright = rough.width >= rough.height;
    let (width, height) = (side(page.width()), side(page.height()));
    let along = if upright {
        Along {
            page,
            upright,
            length: width,
            breadth: height,
        }
    } else {
        Along {
            page,
            upright,
            length: height,
            breadth: width,
        }
    };
    let (start, stop, line) = if upright {
        (
            rough.x,
            rough.x + rough.width - 1,
            rough.y + rough.height / 2,
        )
    } else {
        (
            rough.y,
            rough.y + rough.height - 1,
            rough.x + rough.width / 2,
        )
    };
    (along, start, stop, line)
}

/// A problem for each side with too little white.
fn narrow_quiet<'a>(
    found: &'a Found,
    module: i32,
    sides: [(&'static str, i32); 2],
) -> impl Iterator<Item = Problem> + 'a {
    let needed = module * LINEAR_QUIET_MODULES;
    let narrow = sides.into_iter().filter(move |(_, white)| *white < needed);
    narrow.map(move |(name, white)| {
        Problem::new(
            found.symbology,
            format!(
                "{white} white dots {name} \"{}\", {needed} are needed",
                found.data
            ),
            "keep 10 modules of white on both sides of the bars",
        )
    })
}

/// Module width and what is wrong with the bars. In Code 128 each character has 6 elements and
/// 11 modules and the end one element and 2 modules more, so the number of modules follows from
/// the number of elements, and with it every element's right width.
fn modules(symbology: &str, runs: &[i32], narrow: i32) -> (i32, Vec<Problem>) {
    let elements = i32::try_from(runs.len()).unwrap_or(0);
    let code128 = matches!(symbology, "code128" | "gs1-128");
    if !code128 || elements % 6 != 1 {
        return (narrow, Vec::new());
    }
    let modules = (elements - 1) / 6 * 11 + 2;
    let total: i32 = runs.iter().sum();
    let module = ((total * 2 + modules) / (modules * 2)).max(1);
    let worst = runs.iter().map(|run| {
        let thousandths = i64::from(*run) * 1_000 * i64::from(modules) / i64::from(total.max(1));
        let off = thousandths % 1_000;
        i32::try_from(off.min(1_000 - off)).unwrap_or(0)
    });
    let worst = worst.max().unwrap_or(0);
    let mut problems = Vec::new();
    if worst > OFF_GRID_MAX {
        problems.push(Problem::new(
            symbology,
            format!("bars are off by up to {worst}/1000 of a module; they are not on the dot grid"),
            "draw the label for this resolution, or use a finer printer",
        ));
    }
    (module, problems)
}

/// The reader gives the corners of the whole symbol. The finder's top edge is 7 modules of black
/// along the upper side.
fn qr(page: &BitmapView<'_>, points: &[(i32, i32)]) -> Place {
    let rough = bounds(points);
    let inside = (0..6).map(|step| (rough.x + step, rough.y + step));
    let corner = inside.into_iter().find(|(x, y)| black(page, *x, *y));
    let Some((x, y)) = corner.filter(|_| rough.width > 20) else {
        return Place {
            area: rough.grown(2),
            module_dots: 0,
            problems: Vec::new(),
        };
    };
    let run = |direction: i32| {
        (1..400)
            .take_while(|step| black(page, x + direction * step, y))
            .count()
    };
    let finder = i32::try_from(run(-1) + run(1)).unwrap_or(0) + 1;
    let module = ((finder + 3) / 7).max(1);
    let left = x - i32::try_from(run(-1)).unwrap_or(0);
    let up = (1..400).take_while(|step| black(page, x, y - step)).count();
    let top = y - i32::try_from(up).unwrap_or(0);
    // Sides are 17 + 4 * version modules.
    let modules = (rough.width.max(rough.height) + module / 2) / module;
    let side = ((modules - 17 + 2) / 4 * 4 + 17).max(21) * module;
    let area = Dots {
        x: left,
        y: top,
        width: side,
        height: side,
    };
    let upright = (rough.width - side).abs() <= module && (rough.height - side).abs() <= module;
    let mut problems = Vec::new();
    // Modules off the grid add up to some dots at the far edges, so half a module is left out.
    let outer = area.grown(module * QR_QUIET_MODULES - module / 2);
    let inner = area.grown((module / 2).max(1));
    if upright && ink_between(page, outer, inner) {
        problems.push(Problem::new(
            "qr",
            "something is printed in the code's quiet zone",
            "keep 4 modules of white around the code",
        ));
    }
    let area = if upright { area } else { rough };
    Place {
        area: area.grown((module / 2).max(1)),
        module_dots: module.unsigned_abs(),
        problems,
    }
}
