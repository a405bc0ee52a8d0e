//! Does it scan? [`expect`] asks whether every symbol of a label we drew is as it should be
//! (microseconds, crops only; used before paper), [`check`] what can be read from any bitmap (the
//! whole page), [`survives`] what a print head with dead dots makes of a label.
//!
//! The reader (`rxing`) is of other descent than the encoders, and so is the one for Intelligent
//! Mail. Readers are content without quiet zones and with uneven bars, so both are measured here.
//! The score is relative: this is no ISO/IEC 15416 grade.

mod bits;
mod compare;
mod dead;
mod file;
mod imb;
mod measure;
mod placed;
mod reader;
mod rules;
mod score;
mod search;
mod text;

use std::cell::RefCell;

use firstscan_drivers::bitmap::{BitmapView, Resolution};
use serde::Serialize;

#[cfg(test)]
pub(crate) use reader::decode_row;

pub use dead::{DeadDots, survives};
pub use file::file;

use crate::label::canvas::Dots;
use crate::label::problem::Problem;
use crate::label::render::Rendered;
use bits::Sheet;
use rules::Size;
use score::Shares;
use search::Found;

/// Dots of the largest page looked at: A4 at 600 dpi.
const DOTS_MAX: u64 = 40_000_000;
/// Lowest contrast between paper and bars, in percent, that weak scanners read.
const CONTRAST_PERCENT_MIN: u32 = 40;

/// What a bitmap holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// At least one symbol, and no problem anywhere.
    pub valid: bool,
    /// 0 to 100, that of the worst symbol; relative, no ISO grade.
    pub score: u8,
    pub symbols: Vec<Symbol>,
    pub problems: Vec<Problem>,
}

/// A symbol that was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Symbol {
    /// Name of the symbology (`code128`, `gs1-qr`...).
    pub symbology: &'static str,
    /// FNC1 as GS (0x1D), none in front.
    pub data: String,
    /// Top left corner, dots.
    pub x: u32,
    pub y: u32,
    /// Size on the page, dots.
    pub width: u32,
    pub height: u32,
    /// Module width, rounded; 0 if it was not measured.
    pub module_dots: u32,
    /// The same in micrometres, if the resolution is known.
    pub module_um: Option<u32>,
    /// Height of the bars, if the resolution is known.
    pub height_um: Option<u32>,
    /// Percent between the lightest and the darkest dot, if there is a grey original.
    pub contrast_percent: Option<u32>,
    /// 0 to 100; relative, no ISO grade.
    pub score: u8,
    /// Dead dots of the head it would not survive, if that was asked for.
    pub dead_dots: Option<DeadDots>,
    pub problems: Vec<Problem>,
}

/// A grey original of the same size as the page, 0 black to 255 white.
#[derive(Debug, Clone, Copy)]
pub struct Grey<'a> {
    pub width: u32,
    pub height: u32,
    pub luma: &'a [u8],
}

/// What is known besides the bitmap, and what else is asked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'a> {
    /// Without it lengths cannot be held against rules.
    pub resolution: Option<Resolution>,
    pub grey: Option<Grey<'a>>,
    /// Try every dot of the head (milliseconds per symbol).
    pub dead_dots: bool,
}

/// Reads everything on the page.
pub fn check(page: &BitmapView<'_>) -> Report {
    check_with(page, &Options::default())
}

/// Reads everything on the page and measures it.
pub fn check_with(page: &BitmapView<'_>, options: &Options<'_>) -> Report {
    let mut report = Report {
        valid: false,
        score: 0,
        symbols: Vec::new(),
        problems: Vec::new(),
    };
    if u64::from(page.width()) * u64::from(page.height()) > DOTS_MAX {
        let message = format!("the page has more than {DOTS_MAX} dots");
        let remedy = "check one label at a time";
        report.problems.push(Problem::new("page", message, remedy));
        return report;
    }
    let sheet = Sheet::from_view(page);
    let (found, tired) = search::everything(&sheet);
    report.symbols = found
        .iter()
        .map(|found| symbol(&sheet, found, options))
        .collect();
    if tired {
        report.problems.push(Problem::new(
            "page",
            "there is so much that looks like codes that not all of it was read",
            "check one label at a time; a picture of a screen or a scan full of noise is no label",
        ));
    }
    if report.symbols.is_empty() {
        report.problems.push(Problem::new(
            "page",
            "no symbol could be read",
            "check that this is a label, that its resolution is right and bars are not blurred",
        ));
    }
    let flawless = |symbol: &Symbol| symbol.problems.is_empty();
    report.valid = report.problems.is_empty() && report.symbols.iter().all(flawless);
    report.score = report
        .symbols
        .iter()
        .map(|symbol| symbol.score)
        .min()
        .unwrap_or(0);
    report
}

fn symbol(page: &Sheet, found: &Found, options: &Options<'_>) -> Symbol {
    let area = found.area;
    let measured = &found.measured;
    let mut problems = measured.problems.clone();
    let mut shares = Shares {
        quiet_missing: measured.quiet_missing_milli,
        off_grid: measured.off_milli,
        ..Shares::default()
    };
    let (length, height) = if found.ladder {
        (area.height, area.width)
    } else {
        (area.width, area.height)
    };
    if let Some(resolution) = options.resolution {
        let size = Size {
            module_milli: measured.module_milli,
            length_dots: length,
            height_dots: height,
        };
        let name = found.symbology.name();
        let verdict = rules::judge(name, found.symbology, &found.data, size, resolution);
        shares.module_missing = verdict.module_missing_milli;
        shares.height_missing = verdict.height_missing_milli;
        problems.extend(verdict.problems);
    }
    shares.contrast_percent = options.grey.and_then(|grey| contrast(&grey, area));
    if let Some(percent) = shares
        .contrast_percent
        .filter(|p| *p < CONTRAST_PERCENT_MIN)
    {
        problems.push(Problem::new(
            found.symbology.name(),
            format!("the contrast is only {percent} %; scanners need {CONTRAST_PERCENT_MIN} %"),
            "print black on white; no colours, no grey, no photograph of a label",
        ));
    }
    let um = |milli: u32| {
        let um = rules::milli_to_um(milli, options.resolution?);
        u32::try_from(um).ok()
    };
    Symbol {
        symbology: found.symbology.name(),
        data: found.data.clone(),
        x: area.x.max(0).unsigned_abs(),
        y: area.y.max(0).unsigned_abs(),
        width: area.width.max(0).unsigned_abs(),
        height: area.height.max(0).unsigned_abs(),
        module_dots: (measured.module_milli + 500) / 1_000,
        module_um: um(measured.module_milli).filter(|um| *um > 0),
        height_um: um(height.max(0).unsigned_abs().saturating_mul(1_000)),
        contrast_percent: shares.contrast_percent,
        score: score::score(&shares),
        dead_dots: options.dead_dots.then(|| dead::needed(page, found)),
        problems,
    }
}

/// Lightest less darkest, in percent of white.
fn contrast(grey: &Grey<'_>, area: Dots) -> Option<u32> {
    let width = grey.width as usize;
    let index = |at: i32, max: u32| usize::try_from(at).unwrap_or(0).min(max as usize);
    let (left, right) = (
        index(area.x, grey.width),
        index(area.x + area.width, grey.width),
    );
    let (mut least, mut most) = (u8::MAX, 0);
    for y in index(area.y, grey.height)..index(area.y + area.height, grey.height) {
        for luma in grey.luma.get(y * width + left..y * width + right)? {
            (least, most) = (least.min(*luma), most.max(*luma));
        }
    }
    Some(u32::from(most.saturating_sub(least)) * 100 / 255)
}

/// Checks a label we drew: every symbol inside the paper, its quiet zone white, nothing across it,
/// large enough by its rule, data as wanted; texts inside the paper, apart and legible. Empty if
/// it may be printed.
pub fn expect(label: &Rendered) -> Vec<Problem> {
    thread_local! {
        // Symbols are cut out one after the other into the same memory.
        static SCRATCH: RefCell<Sheet> = RefCell::default();
    }
    let page = label.bitmap.view();
    let mut problems = Vec::new();
    let mut scratch = SCRATCH.take();
    for symbol in &label.symbols {
        problems.extend(placed::check(&page, label.resolution, symbol, &mut scratch));
    }
    SCRATCH.set(scratch);
    problems.extend(text::check(
        &page,
        label.resolution,
        &label.texts,
        &label.symbols,
    ));
    problems
}
