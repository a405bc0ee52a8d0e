//! A grey page that shapes are painted on, by the exact share of each dot they cover.
#![expect(
    clippy::float_arithmetic,
    reason = "places on a page are floats in the crate"
)]

use hayro::kurbo::Rect;

use crate::label::area::{Outline, Window};

/// A page, 255 where it is bare.
pub struct Paper {
    width: usize,
    pub greys: Vec<u8>,
}

/// Which dots an outline that runs round them several times covers (ISO 32000-1, 8.5.3.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    NonZero,
    EvenOdd,
}

/// A shape as shares of its dots, 255 for all of one.
#[derive(Debug)]
pub struct Stamp {
    pub window: Window,
    pub shares: Vec<u8>,
}

impl Stamp {
    /// What an outline covers within a window.
    pub fn of(outline: &mut Outline, window: Window, rule: Rule) -> Stamp {
        let width = window.width as usize;
        let mut shares = Vec::with_capacity(width * window.height as usize);
        for row in outline.cover(&window) {
            let mut sum = 0.0_f32;
            shares.extend(row[..width].iter().map(|cell| {
                sum += cell;
                share(sum, rule)
            }));
        }
        Stamp { window, shares }
    }
}

/// Of 255.
fn share(windings: f32, rule: Rule) -> u8 {
    let covered = windings.abs();
    let covered = match rule {
        Rule::NonZero => covered.min(1.0),
        // Up to one, and back to none.
        Rule::EvenOdd => 1.0 - (covered % 2.0 - 1.0).abs(),
    };
    part(f64::from(covered))
}

/// A share of a dot, of 255.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "float casts saturate"
)]
fn part(share: f64) -> u8 {
    (share * 255.0 + 0.5) as u8
}

#[expect(clippy::cast_possible_truncation, reason = "float casts saturate")]
pub fn whole(dots: f64) -> i32 {
    dots as i32
}

/// How much of the dot `at` lies within `from..to`.
fn within(at: i32, from: f64, to: f64) -> f64 {
    let at = f64::from(at);
    (to.min(at + 1.0) - from.max(at)).clamp(0.0, 1.0)
}

/// The dots a rectangle touches.
pub fn touched(rect: Rect) -> Option<Window> {
    let (left, top) = (whole(rect.x0.floor()), whole(rect.y0.floor()));
    let width = whole(rect.x1.ceil()).saturating_sub(left);
    let height = whole(rect.y1.ceil()).saturating_sub(top);
    let some = rect.width() > 0.0 && rect.height() > 0.0;
    some.then_some(Window {
        left,
        top,
        width: u32::try_from(width).ok()?,
        height: u32::try_from(height).ok()?,
    })
}

impl Window {
    /// The part of it within another.
    pub fn cut_to(self, other: Window) -> Option<Window> {
        let end = |start: i32, length: u32| start.saturating_add_unsigned(length);
        let (left, top) = (self.left.max(other.left), self.top.max(other.top));
        let right = end(self.left, self.width).min(end(other.left, other.width));
        let bottom = end(self.top, self.height).min(end(other.top, other.height));
        let side = |from: i32, to: i32| u32::try_from(to.checked_sub(from)?).ok();
        let (width, height) = (side(left, right)?, side(top, bottom)?);
        (width > 0 && height > 0).then_some(Window {
            left,
            top,
            width,
            height,
        })
    }

    fn inside(&self, rect: &Rect) -> bool {
        let (left, top) = (f64::from(self.left), f64::from(self.top));
        let (right, bottom) = (left + f64::from(self.width), top + f64::from(self.height));
        rect.contains_rect(Rect::new(left, top, right, bottom))
    }
}

impl Paper {
    pub fn new(width: u32, height: u32) -> Paper {
        let width = width as usize;
        Paper {
            width,
            greys: vec![255; width * height as usize],
        }
    }

    /// The dots of a row of a window, which lies on the page.
    fn row(&mut self, window: &Window, row: u32) -> &mut [u8] {
        let at = |n: i32| usize::try_from(n).unwrap_or(0);
        let start = (at(window.top) + row as usize) * self.width + at(window.left);
        let end = start + window.width as usize;
        self.greys.get_mut(start..end).unwrap_or_default()
    }

    /// A rectangle that lies on the page.
    pub fn rect(&mut self, rect: Rect, ink: u8) {
        self.rect_by(rect, |grey, share| blend(grey, ink, share));
    }

    /// One of several rectangles of black ink that touch each other, or of white: what they cover
    /// of a dot adds up, so that no seam shows between them.
    pub fn tile(&mut self, rect: Rect, white: bool) {
        if white {
            self.rect_by(rect, |grey, share| *grey = grey.saturating_add(share));
        } else {
            self.rect_by(rect, |grey, share| *grey = grey.saturating_sub(share));
        }
    }

    fn rect_by(&mut self, rect: Rect, put: impl Fn(&mut u8, u8)) {
        let Some(window) = touched(rect) else { return };
        let last = window.left.saturating_add_unsigned(window.width - 1);
        let ends = [window.left, last].map(|x| within(x, rect.x0, rect.x1));
        for y in 0..window.height {
            let down = within(window.top.saturating_add_unsigned(y), rect.y0, rect.y1);
            let [from, to, all] = [ends[0], ends[1], 1.0].map(|across| part(across * down));
            match self.row(&window, y) {
                [] => {}
                [only] => put(only, from),
                [first, middle @ .., end] => {
                    put(first, from);
                    put(end, to);
                    middle.iter_mut().for_each(|grey| put(grey, all));
                }
            }
        }
    }

    /// A shape, as far as it lies within `clip`, which lies on the page.
    pub fn stamp(&mut self, stamp: &Stamp, (left, top): (i32, i32), ink: u8, clip: &Rect) {
        let at = Window {
            left: stamp.window.left.saturating_add(left),
            top: stamp.window.top.saturating_add(top),
            ..stamp.window
        };
        let Some(window) = touched(*clip).and_then(|clip| at.cut_to(clip)) else {
            return;
        };
        let uncut = window.inside(clip);
        let (skip_x, skip_y) = (window.left - at.left, window.top - at.top);
        let (skip_x, skip_y) = (skip_x.unsigned_abs() as usize, skip_y.unsigned_abs());
        let stride = at.width as usize;
        for y in 0..window.height {
            let from = (skip_y + y) as usize * stride + skip_x;
            let shares = stamp.shares.get(from..).unwrap_or_default();
            let down = within(window.top.saturating_add_unsigned(y), clip.y0, clip.y1);
            for (x, (grey, share)) in (0..).zip(self.row(&window, y).iter_mut().zip(shares)) {
                let mut share = *share;
                if !uncut && share > 0 {
                    let x = window.left.saturating_add_unsigned(x);
                    share = part(f64::from(share) / 255.0 * down * within(x, clip.x0, clip.x1));
                }
                blend(grey, ink, share);
            }
        }
    }
}

/// Opaque ink over what is there.
fn blend(grey: &mut u8, ink: u8, share: u8) {
    match share {
        0 => {}
        255 => *grey = ink,
        _ => {
            let (under, over, share) = (u32::from(*grey), u32::from(ink), u32::from(share));
            let mixed = (under * (255 - share) + over * share + 127) / 255;
            *grey = u8::try_from(mixed).unwrap_or(u8::MAX);
        }
    }
}
