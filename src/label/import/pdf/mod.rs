//! PDF pages to grey through `hayro`, at exact scale. Its panics are errors here.
//!
//! The file is hostile until shown otherwise, in this order: `preflight` bounds what its streams
//! unpack to, `survey` what drawing a page costs, and only then is it drawn: `plain` ink by
//! ourselves, everything else by the renderer. A page that is one picture is not drawn at all: its
//! pixels are taken as they are.
#![expect(
    clippy::float_arithmetic,
    reason = "page sizes and transforms are floats in the crate"
)]

mod lzw;
mod paper;
mod plain;
mod preflight;
mod price;
mod survey;

use std::panic::{AssertUnwindSafe, catch_unwind};

use firstscan_drivers::bitmap::Resolution;
use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_interpret::util::TransformExt;
use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::page::Page;
use hayro::kurbo::{Affine, BezPath, Rect};
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::vello_cpu::{PixmapMut, RasterizerSettings, RenderContext, Resources, TargetInit};
use hayro::{RenderCache, RenderSettings, render_into};

use super::ImportError;
use super::raster::Grey;
pub use survey::Native;

/// Labels in one file.
pub const PAGES_MAX: usize = 50;
/// Sides of a page, points: 5 mm to 1 m.
const SIDE_PT: std::ops::RangeInclusive<f64> = 14.0..=2_835.0;
/// Pixels of one page: A4 at 600 dpi.
const PIXELS_MAX: f64 = 40_000_000.0;
/// The renderer counts dots in 16 bits.
const SIDE_DOTS_MAX: f64 = 65_000.0;
/// Pixels turned into grey at a time.
const PIXELS_AT_ONCE: usize = 32;
/// Pixels drawn at a time: the renderer keeps four bytes and more for each.
const BAND_PIXELS: u32 = 4_000_000;

/// A parsed document.
pub struct Document {
    pdf: Pdf,
    /// Bytes of the longest thing that could be drawn as a form, and so the price of one.
    form_cost: u64,
}

impl std::fmt::Debug for Document {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Document({} pages)", self.pages())
    }
}

/// A page's size in dots, and the way from its units to them.
#[derive(Debug, Clone, Copy)]
struct Sheet {
    across: u32,
    down: u32,
    transform: Affine,
}

impl Document {
    /// Parses the file and checks it against the limits.
    pub fn open(bytes: &[u8]) -> Result<Self, ImportError> {
        let form_cost = guarded(|| preflight::check(bytes))??;
        let bytes = bytes.to_vec();
        let parsed = guarded(|| Pdf::new(bytes).ok())?;
        let pdf = parsed.ok_or_else(|| {
            ImportError::Unreadable("no readable PDF, or it is protected by a password".into())
        })?;
        let document = Self { pdf, form_cost };
        match document.pages() {
            1..=PAGES_MAX => Ok(document),
            pages => Err(ImportError::Unreadable(format!(
                "{pages} pages, 1 to {PAGES_MAX} work"
            ))),
        }
    }

    pub fn pages(&self) -> usize {
        self.pdf.pages().len()
    }

    fn page(&self, index: usize) -> Result<&Page<'_>, ImportError> {
        let missing = || ImportError::Unreadable(format!("page {} is missing", index + 1));
        self.pdf.pages().get(index).ok_or_else(missing)
    }

    /// The one picture page `index` (from 0) consists of, if that is all there is on it. An error
    /// if drawing the page would take too long or too much memory.
    pub fn survey(
        &self,
        index: usize,
        resolution: Resolution,
    ) -> Result<Option<Native>, ImportError> {
        guarded(|| {
            let page = self.page(index)?;
            let sheet = sheet(page, resolution)?;
            survey::survey(page, &sheet, self.form_cost)
        })?
    }

    /// Renders page `index` (from 0) at scale 1. [`Document::survey`] has been asked before.
    pub fn render(&self, index: usize, resolution: Resolution) -> Result<Grey, ImportError> {
        guarded(|| {
            let page = self.page(index)?;
            let sheet = sheet(page, resolution)?;
            let drawn = plain::draw(page, &sheet).or_else(|| render_page(page, &sheet));
            let pixels = drawn
                .ok_or_else(|| ImportError::Unreadable("the page is too large to draw".into()))?;
            Ok(Grey {
                width: sheet.across,
                height: sheet.down,
                pixels,
                resolution: Some(resolution),
            })
        })?
    }
}

/// Scale is exactly 1, so a page's last dot may be a part of one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "within the limits"
)]
fn sheet(page: &Page<'_>, resolution: Resolution) -> Result<Sheet, ImportError> {
    // ISO 32000-1, 14.10: a unit of the page is so many points.
    let unit = page.raw().get::<f32>(b"UserUnit").map_or(1.0, f64::from);
    let (width, height) = page.render_dimensions();
    let (width, height) = (f64::from(width) * unit, f64::from(height) * unit);
    if !SIDE_PT.contains(&width) || !SIDE_PT.contains(&height) {
        return Err(ImportError::Unreadable(format!(
            "a page of {width} x {height} points"
        )));
    }
    // 1 pt = 25.4 mm / 72.
    let per_point = f64::from(resolution.dots) * 25_400.0 / (f64::from(resolution.per_um) * 72.0);
    // A hundredth of a dot is rounding in the file, not paper.
    let whole = |points: f64| (points * per_point - 0.01).ceil().max(1.0);
    let (across, down) = (whole(width), whole(height));
    if across * down > PIXELS_MAX || across > SIDE_DOTS_MAX || down > SIDE_DOTS_MAX {
        return Err(ImportError::Unreadable(format!(
            "a page of {across} x {down} dots"
        )));
    }
    // The page's own transform turns and crops it.
    let transform = Affine::scale(per_point * unit) * page.initial_transform(true).to_kurbo();
    Ok(Sheet {
        across: across as u32,
        down: down as u32,
        transform,
    })
}

/// Draws band after band, so that a large sheet takes little memory.
fn render_page(page: &Page<'_>, sheet: &Sheet) -> Option<Vec<u8>> {
    let across = u16::try_from(sheet.across).ok()?;
    let width = usize::from(across);
    let band = (BAND_PIXELS / sheet.across).clamp(64, sheet.down.max(64));
    let cache = RenderCache::new();
    let mut pixels = vec![255; width * sheet.down as usize];
    let mut colours = vec![0; 4 * width * band.min(sheet.down) as usize];
    let mut top = 0;
    for greys in pixels.chunks_mut(width * band as usize) {
        let rows = u16::try_from(greys.len() / width).ok()?;
        let transform = Affine::translate((0.0, -f64::from(top))) * sheet.transform;
        let mut context = RenderContext::new(across, rows);
        render_into(
            page,
            &cache,
            &InterpreterSettings::default(),
            &RenderSettings::default(),
            &mut context,
            transform,
        );
        context.flush();
        let colours = colours.get_mut(..4 * greys.len())?;
        context.render_with(
            PixmapMut::new(across, rows, colours)?,
            &mut Resources::default(),
            RasterizerSettings {
                target_init: TargetInit::Clear(WHITE),
                ..Default::default()
            },
        );
        ink(colours, greys);
        top += u32::from(rows);
    }
    Some(pixels)
}

/// Grey of what was drawn, into white. Most of a label is paper, and the rest has hardly any
/// colour: both are found a run at a time.
fn ink(colours: &[u8], greys: &mut [u8]) {
    let runs = colours.chunks(4 * PIXELS_AT_ONCE);
    for (run, greys) in runs.zip(greys.chunks_mut(PIXELS_AT_ONCE)) {
        if run.iter().fold(255, |all, part| all & part) == 255 {
            continue;
        }
        let (pixels, _) = run.as_chunks::<4>();
        let mut colour = 0;
        for (grey, pixel) in greys.iter_mut().zip(pixels) {
            let pixel = u32::from_le_bytes(*pixel);
            *grey = (pixel & 0xFF) as u8;
            // Red against green, green against blue.
            colour |= (pixel ^ (pixel >> 8)) & 0xFFFF;
        }
        if colour != 0 {
            for (grey, [red, green, blue, _]) in greys.iter_mut().zip(pixels) {
                *grey = luma(*red, *green, *blue);
            }
        }
    }
}

/// ITU-R BT.709; the weights' sum is one, so grey stays the grey it is.
fn luma(red: u8, green: u8, blue: u8) -> u8 {
    let (red, green, blue) = (u32::from(red), u32::from(green), u32::from(blue));
    ((red * 2126 + green * 7152 + blue * 722) / 10_000) as u8
}

/// The rectangle a picture of `width` x `height` is put into.
fn placed(transform: Affine, width: u32, height: u32) -> Rect {
    transform.transform_rect_bbox(Rect::new(0.0, 0.0, f64::from(width), f64::from(height)))
}

/// The rectangle a path is, if it is an upright one and nothing else.
fn rectangle(path: &BezPath) -> Option<Rect> {
    match plain::tiles(path)?[..] {
        [one] => Some(one),
        _ => None,
    }
}

/// Runs foreign code on foreign data. A budget that is used up arrives as a panic, too, because
/// the interpreter cannot be stopped otherwise.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, ImportError> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let reason = match panic.downcast::<price::TooMuch>() {
            Ok(too_much) => too_much.0,
            Err(_) => "the PDF reader failed on this file",
        };
        ImportError::Unreadable(reason.into())
    })
}

#[cfg(test)]
mod tests;
