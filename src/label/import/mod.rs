//! A carrier's label in: PDF or a picture, any page, to bitmaps of our stock at our resolution.
//!
//! Scale is exactly 1. A page larger than the stock (A6 on 4 x 6 in) is cropped where it is
//! white; ink that does not fit is refused, because scaling would take the bars off the dot grid.
//! Symbols that are off it already are redrawn on it, module by module, as wide as their room
//! allows. What could be read before and cannot be read afterwards is a problem.

pub mod density;
mod fit;
mod kind;
mod pdf;
pub mod raster;
mod sheet;
mod snap;
mod zpl;

use firstscan_drivers::bitmap::{Bitmap, Resolution};
use firstscan_drivers::length::Length;

use crate::label::check::{self, Symbol};
use crate::label::problem::Problem;
use crate::label::units::{mm_text, to_dots, to_um};
use fit::Fit;
pub use kind::Kind;
use raster::{Grey, RasterError};

/// Largest file taken.
pub const FILE_BYTES_MAX: usize = 32 << 20;
/// Resolution the original is read at before conversion, if its file is not dots already.
const READ_DPI: u32 = 406;

/// Why there is no label.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("the file has {0} bytes, at most {FILE_BYTES_MAX} are taken; ask for a smaller one")]
    TooLarge(usize),
    #[error("{0}; ask the carrier or platform for the label again")]
    Unreadable(String),
    #[error("{0}")]
    Raster(#[from] RasterError),
    #[error("{0}; ask the carrier or platform for the label again")]
    Zpl(#[from] crate::label::zpl::ZplError),
    #[error(
        "the picture of {width} x {height} pixels states no resolution and is no usual label \
         size; save it with its resolution, or take the PDF"
    )]
    NoResolution { width: u32, height: u32 },

    #[error("stock of {width} x {height} dots is too large; check its size and the resolution")]
    Stock { width: u32, height: u32 },
}

/// One page, ready for the stock.
#[derive(Debug, Clone)]
pub struct Imported {
    pub bitmap: Bitmap,
    pub resolution: Resolution,
    /// Empty if it may be printed.
    pub problems: Vec<Problem>,
    /// What was done that is worth knowing and harmless.
    pub notes: Vec<String>,
    /// Read from the original.
    pub symbols_before: Vec<Symbol>,
    /// Read from the bitmap.
    pub symbols_after: Vec<Symbol>,
}

/// Converts every page. `stock` is width and height of the label.
pub fn to_bitmaps(
    bytes: &[u8],
    kind: Kind,
    stock: (Length, Length),
    resolution: Resolution,
) -> Result<Vec<Imported>, ImportError> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(ImportError::TooLarge(bytes.len()));
    }
    let side = |length: Length| to_dots(length.um(), resolution).max(1).unsigned_abs();
    let stock = (side(stock.0), side(stock.1));
    if u64::from(stock.0) * u64::from(stock.1) > raster::PIXELS_MAX {
        return Err(ImportError::Stock {
            width: stock.0,
            height: stock.1,
        });
    }
    let mut labels = Vec::new();
    let mut take = |page: Page| labels.extend(convert(page, stock, resolution));
    match (kind, kind.picture()) {
        (_, Some(format)) => take(picture(bytes, format, resolution)?),
        (Kind::Zpl, None) => return zpl::labels(bytes, stock, resolution),
        (_, None) => {
            let document = pdf::Document::open(bytes)?;
            for index in 0..document.pages() {
                take(pdf_page(&document, index, resolution)?);
            }
        }
    }
    Ok(labels)
}

/// The pages of a PDF at `resolution`, or a picture as it is, thresholded and nothing else.
pub fn original(bytes: &[u8], resolution: Resolution) -> Result<Vec<Bitmap>, ImportError> {
    let Some(kind) = Kind::detect(bytes) else {
        return Err(ImportError::Unreadable(
            "this is neither ZPL, PDF, PNG, JPEG, GIF, BMP nor TIFF".into(),
        ));
    };
    match (kind, kind.picture()) {
        (_, Some(format)) => Ok(vec![raster::decode(bytes, format)?.threshold()]),
        (Kind::Zpl, None) => zpl::pages(bytes, resolution),
        (_, None) => {
            let document = pdf::Document::open(bytes)?;
            let page = |index| {
                document.survey(index, resolution)?;
                Ok(document.render(index, resolution)?.threshold())
            };
            (0..document.pages()).map(page).collect()
        }
    }
}

/// A page as it came and at our resolution.
struct Page {
    original: Bitmap,
    ours: Bitmap,
    /// A picture in our resolution: no dot of it has been touched.
    untouched: bool,
}

/// A page that is one picture is that picture. Otherwise symbols are read finer than we print.
fn pdf_page(
    document: &pdf::Document,
    index: usize,
    resolution: Resolution,
) -> Result<Page, ImportError> {
    if let Some(native) = document.survey(index, resolution)? {
        return scaled(&native.grey, native.width, native.height, native.whole);
    }
    let ours = document.render(index, resolution)?.threshold();
    let original = if resolution.dots * 25_400 < READ_DPI * resolution.per_um {
        document
            .render(index, Resolution::from_dpi(READ_DPI))?
            .threshold()
    } else {
        ours.clone()
    };
    Ok(Page {
        original,
        ours,
        untouched: false,
    })
}

fn picture(
    bytes: &[u8],
    format: image::ImageFormat,
    resolution: Resolution,
) -> Result<Page, ImportError> {
    let grey = raster::decode(bytes, format)?;
    let (width, height) = (grey.width, grey.height);
    let stated = grey.resolution.or_else(|| guess_resolution(&grey));
    let from = stated.ok_or(ImportError::NoResolution { width, height })?;
    let ours = |pixels: u32| {
        let across = u64::from(pixels) * u64::from(from.per_um) * u64::from(resolution.dots) * 2;
        let per = u64::from(from.dots) * u64::from(resolution.per_um) * 2;
        u32::try_from((across + per / 2) / per.max(1)).unwrap_or(u32::MAX)
    };
    let (across, down) = (ours(width).max(1), ours(height).max(1));
    let whole = across.is_multiple_of(width) && down == height * (across / width);
    scaled(&grey, across, down, whole)
}

/// `grey` at `across` x `down` dots.
fn scaled(grey: &Grey, across: u32, down: u32, untouched: bool) -> Result<Page, ImportError> {
    let dots = u64::from(across) * u64::from(down);
    if across > raster::SIDE_MAX || down > raster::SIDE_MAX || dots > raster::PIXELS_MAX {
        return Err(ImportError::Unreadable(format!(
            "a picture of {across} x {down} dots"
        )));
    }
    let original = grey.threshold();
    let ours = if (across, down) == (grey.width, grey.height) {
        original.clone()
    } else {
        grey.scaled(across, down).threshold()
    };
    Ok(Page {
        original,
        ours,
        untouched,
    })
}

/// A picture without a resolution is taken for a usual label at a usual resolution if both sides
/// agree within 1 %.
fn guess_resolution(grey: &Grey) -> Option<Resolution> {
    const SIZES_UM: [(i64, i64); 3] = [(101_600, 152_400), (105_000, 148_000), (100_000, 150_000)];
    let near = |pixels: u32, um: i64, resolution: Resolution| {
        let ideal = to_dots(um, resolution).unsigned_abs();
        ideal.abs_diff(pixels) * 100 <= ideal
    };
    let candidates = [203, 300, 600, 150, 200, 400, 72, 96].map(Resolution::from_dpi);
    candidates.into_iter().find(|resolution| {
        SIZES_UM.iter().any(|(width, height)| {
            near(grey.width, *width, *resolution) && near(grey.height, *height, *resolution)
        })
    })
}

/// Redraws what is off the grid, cuts the sheet into its labels, puts each on the stock.
fn convert(mut page: Page, stock: (u32, u32), resolution: Resolution) -> Vec<Imported> {
    let before = check::check(&page.original.view()).symbols;
    let notes = snap::onto_grid(&page.original, &mut page.ours, &before, page.untouched);
    let size = (page.original.width(), page.original.height());
    let labels = sheet::labels(page.ours, size, before, stock, resolution);
    let one = |(label, mut extra): (sheet::Label, Vec<String>)| {
        extra.extend(label.note);
        onto_stock(&label.bitmap, label.symbols, extra, stock, resolution)
    };
    let mut notes = Some(notes);
    labels
        .into_iter()
        .map(|label| one((label, notes.take().unwrap_or_default())))
        .collect()
}

fn onto_stock(
    page: &Bitmap,
    symbols_before: Vec<Symbol>,
    mut notes: Vec<String>,
    stock: (u32, u32),
    resolution: Resolution,
) -> Imported {
    let mut problems = Vec::new();
    let bitmap = match fit::onto_stock(page, stock.0, stock.1) {
        Fit::Placed { stock, turned } => {
            if turned {
                notes.push("turned a quarter to fit the stock".to_owned());
            }
            stock
        }
        Fit::Blank => {
            let remedy = "ask the carrier or platform for the label again";
            problems.push(Problem::new("page", "the page is empty", remedy));
            page.clone()
        }
        Fit::TooLarge { ink } => {
            problems.push(too_large(ink.width, ink.height, stock, resolution));
            page.clone()
        }
    };
    let symbols_after = check::check(&bitmap.view()).symbols;
    for lost in symbols_before
        .iter()
        .filter(|before| !found(before, &symbols_after))
    {
        problems.push(Problem::new(
            lost.symbology,
            format!(
                "\"{}\" can be read in the file but not in the result",
                lost.data
            ),
            "take a printer of higher resolution, or ask for the label in its resolution",
        ));
    }
    for symbol in &symbols_after {
        let problems = symbol.problems.iter();
        notes.extend(problems.map(|problem| format!("warning: {problem}")));
    }
    Imported {
        bitmap,
        resolution,
        problems,
        notes,
        symbols_before,
        symbols_after,
    }
}

/// Whether the same symbol is among `symbols`.
fn found(symbol: &Symbol, symbols: &[Symbol]) -> bool {
    let same = |a: &Symbol| a.symbology == symbol.symbology && a.data == symbol.data;
    symbols.iter().any(same)
}

fn too_large(width: i32, height: i32, stock: (u32, u32), resolution: Resolution) -> Problem {
    let mm = |dots: i32| mm_text(to_um(dots, resolution));
    let side = |dots: u32| mm(i32::try_from(dots).unwrap_or(i32::MAX));
    Problem::new(
        "page",
        format!(
            "what is printed measures {} x {}, the stock {} x {}",
            mm(width),
            mm(height),
            side(stock.0),
            side(stock.1)
        ),
        "load larger stock and give its size, or ask for the label in a smaller format",
    )
}
