//! PDF pages to grey through `hayro`, at exact scale. Its panics are errors here.
#![expect(clippy::float_arithmetic, reason = "page sizes and transforms are floats in the crate")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use firstscan_drivers::bitmap::Resolution;
use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::page::Page;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::{PixmapSettings, RenderCache, RenderSettings, render};

use super::ImportError;
use super::raster::Grey;

/// Labels in one file.
pub const PAGES_MAX: usize = 50;
/// Sides of a page, points: 5 mm to 1 m.
const SIDE_PT: std::ops::RangeInclusive<f32> = 14.0..=2_835.0;
/// Pixels of one page: A4 at 600 dpi.
const PIXELS_MAX: u64 = 40_000_000;

/// A parsed document.
pub struct Document(Pdf);

impl std::fmt::Debug for Document {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Document({} pages)", self.pages())
    }
}

impl Document {
    /// Parses the file and checks its pages against the limits.
    pub fn open(bytes: &[u8]) -> Result<Self, ImportError> {
        let bytes = bytes.to_vec();
        let parsed = guarded(|| Pdf::new(bytes).ok())?;
        let pdf = parsed.ok_or_else(|| {
            ImportError::Unreadable("no readable PDF, or it is protected by a password".into())
        })?;
        let document = Self(pdf);
        match document.pages() {
            1..=PAGES_MAX => Ok(document),
            pages => Err(ImportError::Unreadable(format!("{pages} pages, 1 to {PAGES_MAX} work"))),
        }
    }

    pub fn pages(&self) -> usize {
        self.0.pages().len()
    }

    /// Renders page `index` (from 0) at scale 1.
    pub fn render(&self, index: usize, resolution: Resolution) -> Result<Grey, ImportError> {
        let missing = || ImportError::Unreadable(format!("page {} is missing", index + 1));
        guarded(|| {
            let page = self.0.pages().get(index).ok_or_else(missing)?;
            render_page(page, resolution)
        })?
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the limits")]
#[expect(clippy::cast_precision_loss, reason = "resolutions are below 2^24")]
fn render_page(page: &Page<'_>, resolution: Resolution) -> Result<Grey, ImportError> {
    let (width, height) = page.render_dimensions();
    if !SIDE_PT.contains(&width) || !SIDE_PT.contains(&height) {
        return Err(ImportError::Unreadable(format!("a page of {width} x {height} points")));
    }
    // 1 pt = 25.4 mm / 72.
    let per_point = resolution.dots as f32 / resolution.per_um as f32 * 25_400.0 / 72.0;
    // The renderer cuts fractions off; the last part of a dot is kept.
    let whole = |points: f32| (points * per_point).round().max(1.0);
    let (across, down) = (whole(width), whole(height));
    if (across as u64) * (down as u64) > PIXELS_MAX || across > 65_000.0 || down > 65_000.0 {
        return Err(ImportError::Unreadable(format!("a page of {across} x {down} dots")));
    }
    let settings = PixmapSettings { x_scale: per_point, y_scale: per_point, bg_color: WHITE };
    let pixmap = render(
        page,
        &RenderCache::new(),
        &InterpreterSettings::default(),
        &RenderSettings::default(),
        &settings,
    );
    let (width, height) = (u32::from(pixmap.width()), u32::from(pixmap.height()));
    let luma = |rgba: &[u8]| {
        let part = |at: usize, weight: u32| u32::from(rgba[at]) * weight;
        // ITU-R BT.709.
        ((part(0, 2126) + part(1, 7152) + part(2, 722)) / 10_000) as u8
    };
    let pixels = pixmap.data_as_u8_slice().chunks_exact(4).map(luma).collect();
    Ok(Grey { width, height, pixels, resolution: Some(resolution) })
}

/// Runs foreign code on foreign data.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, ImportError> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| ImportError::Unreadable("the PDF reader failed on this file".into()))
}
