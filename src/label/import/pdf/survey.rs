//! A dry run of a page: what would drawing it cost, and is it nothing but one picture?
//!
//! The interpreter calls a [`Device`] for everything visible. This one draws nothing: it adds up
//! prices.

use hayro::hayro_interpret::font::{Glyph, GlyphRun};
use hayro::hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageData, ImageDrawProps,
    InterpreterCache, InterpreterSettings, LumaData, Paint, SoftMask, interpret_page,
};
use hayro::hayro_syntax::page::Page;
use hayro::kurbo::{Affine, BezPath, Rect};

use super::price::Budget;
use super::{Sheet, luma, placed, rectangle};
use crate::label::import::ImportError;
use crate::label::import::raster::Grey;

/// Dots by which a picture may miss a whole multiple of its pixels.
const MISS_DOTS_MAX: f64 = 0.5;

/// The picture a page consists of, turned as it is seen.
#[derive(Debug)]
pub struct Native {
    pub grey: Grey,
    /// Its size on the page in dots of the resolution asked for.
    pub width: u32,
    pub height: u32,
    /// Every pixel is a whole number of dots.
    pub whole: bool,
}

/// Adds up the page; then, if it is one picture, takes that out.
pub fn survey<'a>(
    page: &'a Page<'a>,
    sheet: &Sheet,
    form_cost: u64,
) -> Result<Option<Native>, ImportError> {
    let (width, height) = (f64::from(sheet.across), f64::from(sheet.down));
    let target = Rect::new(0.0, 0.0, width, height);
    let cache = InterpreterCache::new();
    let context = || {
        let settings = InterpreterSettings::default();
        Context::new(sheet.transform, target, &cache, page.xref(), settings)
    };
    let mut survey = Survey {
        budget: Budget::new(target, form_cost),
        target,
        clip: Vec::new(),
        only: Only::Nothing,
    };
    interpret_page(page, &mut context(), &mut survey);
    if survey.only != Only::Picture {
        return Ok(None);
    }
    let mut take = Take(None);
    interpret_page(page, &mut context(), &mut take);
    Ok(take.0)
}

/// What the page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Only {
    Nothing,
    Picture,
    More,
}

struct Survey {
    budget: Budget,
    target: Rect,
    clip: Vec<Rect>,
    only: Only,
}

impl Survey {
    /// White paint on the bare page and nothing at all show nothing.
    fn painted(&mut self, paint: &Paint<'_>, mode: &DrawMode) {
        let white = match paint {
            Paint::Pattern(pattern) => {
                self.budget.pattern(pattern);
                false
            }
            Paint::Color(color) => {
                let rgba = color.to_rgba().to_rgba8();
                rgba[..3].iter().all(|part| *part == 255) || rgba[3] == 0
            }
        };
        let invisible = matches!(mode, DrawMode::Invisible);
        let hidden = invisible || (white && self.only == Only::Nothing);
        if !hidden {
            self.only = Only::More;
        }
    }
}

impl<'a> Device<'a> for Survey {
    fn draw_path(&mut self, path: &BezPath, props: DrawProps<'a>, mode: &DrawMode) {
        self.budget.path(path, props.transform, mode);
        self.painted(&props.paint, mode);
        if let Some(mask) = &props.soft_mask {
            self.mask(mask);
        }
    }

    fn push_clip_path(&mut self, clip: &ClipPath) {
        self.budget.clip(&clip.path);
        self.clip.push(rectangle(&clip.path).unwrap_or_default());
    }

    fn push_clip_rect(&mut self, rect: &Rect) {
        self.budget.clip_rect();
        self.clip.push(*rect);
    }

    fn push_transparency_group(
        &mut self,
        opacity: f32,
        mask: Option<SoftMask<'a>>,
        blend_mode: BlendMode,
    ) {
        self.budget.drawing();
        if let Some(mask) = &mask {
            self.mask(mask);
        }
        if opacity < 1.0 || mask.is_some() || blend_mode != BlendMode::Normal {
            self.only = Only::More;
        }
    }

    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, 'a>, props: DrawProps<'a>, mode: &DrawMode) {
        for glyph in run.glyphs() {
            match &**glyph {
                Glyph::Outline(outline) => {
                    let transform = props.transform * glyph.transform();
                    self.budget.letter(outline, transform);
                }
                Glyph::Type3(_) => self.budget.drawing(),
            }
        }
        self.painted(&props.paint, mode);
        if let Some(mask) = &props.soft_mask {
            self.mask(mask);
        }
    }

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        let (width, height) = (image.width(), image.height());
        match &image {
            Image::Stencil(stencil) => self.budget.stream(stencil.stream(), width, height),
            Image::Raster(raster) => self.budget.stream(raster.stream(), width, height),
        }
        let on_page = placed(props.transform, width, height);
        let clips = self.clip.iter().chain([&self.target]);
        let uncut = clips
            .clone()
            .all(|clip| clip.inflate(1.0, 1.0).contains_rect(on_page));
        let alone = self.only == Only::Nothing && props.soft_mask.is_none();
        let only = alone && uncut && upright(props.transform, width, height).is_some();
        self.only = if only { Only::Picture } else { Only::More };
    }

    fn pop_clip(&mut self) {
        self.clip.pop();
    }

    fn pop_transparency_group(&mut self) {}
}

impl Survey {
    /// What a mask draws is drawn as well.
    fn mask<'a>(&mut self, mask: &SoftMask<'a>) {
        self.budget.mask();
        let only = self.only;
        mask.interpret(self);
        self.only = only;
    }
}

/// Quarter turns clockwise from the picture to the page, and whether it is mirrored first; None
/// if it stands askew.
fn upright(transform: Affine, width: u32, height: u32) -> Option<(u8, bool)> {
    let [a, b, c, d, ..] = transform.as_coeffs();
    let small = |slope: f64, side: u32| slope.abs() * f64::from(side) < MISS_DOTS_MAX / 10.0;
    if small(b, width) && small(c, height) && a != 0.0 && d != 0.0 {
        return Some(match (a > 0.0, d > 0.0) {
            (true, true) => (0, false),
            (false, false) => (2, false),
            (false, true) => (0, true),
            (true, false) => (2, true),
        });
    }
    if small(a, width) && small(d, height) && b != 0.0 && c != 0.0 {
        // x runs down (b > 0) or up; y runs left (c < 0) or right.
        return Some(match (b > 0.0, c > 0.0) {
            (true, false) => (1, false),
            (false, true) => (3, false),
            (false, false) => (1, true),
            (true, true) => (3, true),
        });
    }
    None
}

/// Takes the pixels of the one picture.
struct Take(Option<Native>);

impl<'a> Device<'a> for Take {
    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'a>, _: &DrawMode) {}
    fn push_clip_path(&mut self, _: &ClipPath) {}
    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'a>>, _: BlendMode) {}
    fn draw_glyph_run(&mut self, _: &GlyphRun<'_, 'a>, _: DrawProps<'a>, _: &DrawMode) {}
    fn pop_clip(&mut self) {}
    fn pop_transparency_group(&mut self) {}

    fn draw_image(&mut self, image: Image<'a, '_>, props: ImageDrawProps<'a>) {
        let transform = props.transform;
        let mut picture = None;
        match image {
            Image::Raster(raster) => {
                raster.with_rgba(|data, alpha| picture = grey_of(data, alpha), None);
            }
            Image::Stencil(stencil) => stencil.with_stencil(
                |mask, paint| {
                    if let Paint::Color(color) = paint {
                        let [red, green, blue, alpha] = color.to_rgba().to_rgba8();
                        if alpha == 255 {
                            picture = stencilled(&mask, luma(red, green, blue));
                        }
                    }
                },
                None,
            ),
        }
        self.0 = picture.and_then(|grey| native(grey, transform));
    }
}

fn grey_of(data: ImageData, alpha: Option<LumaData>) -> Option<Grey> {
    if data.scale_factors() != (1.0, 1.0) {
        return None;
    }
    let (width, height) = (data.width(), data.height());
    let mut pixels = match data {
        ImageData::Luma(grey) => grey.data,
        ImageData::Rgb(rgb) => {
            let three = rgb.data.chunks_exact(3);
            three.map(|rgb| luma(rgb[0], rgb[1], rgb[2])).collect()
        }
    };
    if let Some(alpha) = alpha {
        if (alpha.width, alpha.height) != (width, height) || alpha.scale_factors != (1.0, 1.0) {
            return None;
        }
        for (grey, alpha) in pixels.iter_mut().zip(&alpha.data) {
            let (dark, alpha) = (255 - u32::from(*grey), u32::from(*alpha));
            *grey = 255 - u8::try_from(dark * alpha / 255).unwrap_or(255);
        }
    }
    let complete = pixels.len() as u64 == u64::from(width) * u64::from(height);
    complete.then_some(Grey {
        width,
        height,
        pixels,
        resolution: None,
    })
}

fn stencilled(mask: &LumaData, ink: u8) -> Option<Grey> {
    (mask.scale_factors == (1.0, 1.0)).then_some(())?;
    let dark = 255 - u32::from(ink);
    let shade = |alpha: &u8| 255 - u8::try_from(dark * u32::from(*alpha) / 255).unwrap_or(255);
    Some(Grey {
        width: mask.width,
        height: mask.height,
        pixels: mask.data.iter().map(shade).collect(),
        resolution: None,
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "within the page"
)]
fn native(grey: Grey, transform: Affine) -> Option<Native> {
    let on_page = placed(transform, grey.width, grey.height);
    let (turns, mirrored) = upright(transform, grey.width, grey.height)?;
    let grey = grey.turned(turns, mirrored);
    let multiple = |dots: f64, pixels: u32| {
        let times = (dots / f64::from(pixels)).round().max(1.0);
        let exact = times * f64::from(pixels);
        let whole = (dots - exact).abs() < MISS_DOTS_MAX;
        (
            if whole { exact } else { dots.round().max(1.0) },
            times,
            whole,
        )
    };
    let (width, times_across, whole_across) = multiple(on_page.width(), grey.width);
    let (height, times_down, whole_down) = multiple(on_page.height(), grey.height);
    Some(Native {
        width: width as u32,
        height: height as u32,
        whole: whole_across && whole_down && times_across == times_down,
        grey,
    })
}
