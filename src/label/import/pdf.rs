//! PDF pages to grey through `hayro`, at exact scale. Its panics are errors here.
#![expect(
    clippy::float_arithmetic,
    reason = "page sizes and transforms are floats in the crate"
)]

use std::panic::{AssertUnwindSafe, catch_unwind};

use firstscan_drivers::bitmap::Resolution;
use hayro::hayro_interpret::InterpreterSettings;
use hayro::hayro_interpret::util::TransformExt;
use hayro::hayro_syntax::Pdf;
use hayro::hayro_syntax::page::Page;
use hayro::kurbo::Affine;
use hayro::vello_cpu::color::palette::css::WHITE;
use hayro::vello_cpu::{Pixmap, RasterizerSettings, RenderContext, Resources, TargetInit};
use hayro::{RenderCache, RenderSettings, render_into};

use super::ImportError;
use super::raster::Grey;

/// Labels in one file.
pub const PAGES_MAX: usize = 50;
/// Sides of a page, points: 5 mm to 1 m.
const SIDE_PT: std::ops::RangeInclusive<f32> = 14.0..=2_835.0;
/// Pixels of one page: A4 at 600 dpi.
const PIXELS_MAX: f64 = 40_000_000.0;
/// The renderer counts dots in 16 bits.
const SIDE_DOTS_MAX: f64 = 65_000.0;

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
            pages => Err(ImportError::Unreadable(format!(
                "{pages} pages, 1 to {PAGES_MAX} work"
            ))),
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

/// Scale is exactly 1, so a page's last dot may be a part of one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "within the limits"
)]
fn render_page(page: &Page<'_>, resolution: Resolution) -> Result<Grey, ImportError> {
    let (width, height) = page.render_dimensions();
    if !SIDE_PT.contains(&width) || !SIDE_PT.contains(&height) {
        return Err(ImportError::Unreadable(format!(
            "a page of {width} x {height} points"
        )));
    }
    // 1 pt = 25.4 mm / 72.
    let per_point = f64::from(resolution.dots) * 25_400.0 / (f64::from(resolution.per_um) * 72.0);
    // A hundredth of a dot is rounding in the file, not paper.
    let whole = |points: f32| (f64::from(points) * per_point - 0.01).ceil().max(1.0);
    let (across, down) = (whole(width), whole(height));
    if across * down > PIXELS_MAX || across > SIDE_DOTS_MAX || down > SIDE_DOTS_MAX {
        return Err(ImportError::Unreadable(format!(
            "a page of {across} x {down} dots"
        )));
    }
    let mut context = RenderContext::new(across as u16, down as u16);
    // The page's own transform turns and crops it.
    let transform = Affine::scale(per_point) * page.initial_transform(true).to_kurbo();
    render_into(
        page,
        &RenderCache::new(),
        &InterpreterSettings::default(),
        &RenderSettings::default(),
        &mut context,
        transform,
    );
    context.flush();
    let mut pixmap = Pixmap::new(context.width(), context.height());
    context.render_with(
        &mut pixmap,
        &mut Resources::default(),
        RasterizerSettings {
            target_init: TargetInit::Clear(WHITE),
            ..Default::default()
        },
    );
    let (width, height) = (u32::from(pixmap.width()), u32::from(pixmap.height()));
    let luma = |rgba: &[u8]| {
        let part = |at: usize, weight: u32| u32::from(rgba[at]) * weight;
        // ITU-R BT.709.
        ((part(0, 2126) + part(1, 7152) + part(2, 722)) / 10_000) as u8
    };
    let pixels = pixmap
        .data_as_u8_slice()
        .chunks_exact(4)
        .map(luma)
        .collect();
    Ok(Grey {
        width,
        height,
        pixels,
        resolution: Some(resolution),
    })
}

/// Runs foreign code on foreign data.
fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, ImportError> {
    catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| ImportError::Unreadable("the PDF reader failed on this file".into()))
}
