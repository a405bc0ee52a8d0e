//! Text, symbols and pictures made into dots, ready to be put on a page again and again.

mod picture;
mod symbol;
mod text;

use std::sync::Arc;

use firstscan_drivers::bitmap::Bitmap;

use super::place::Frame;
use super::placed::{PlacedSymbol, PlacedText};
use crate::label::canvas::{Canvas, Dots};
use crate::label::problem::Problem;
use crate::label::text::Glyph;
pub use picture::image;
pub use symbol::symbol;
pub use text::text;

/// Whether texts become dots; their place is told either way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Letters {
    #[default]
    Drawn,
    LeftOut,
}

/// An element as dots of the page.
#[derive(Debug, Default)]
pub struct Drawn {
    pub letters: Letters,
    /// Black ground under white text.
    pub ground: Option<Dots>,
    /// Top left corner of each glyph.
    pub glyphs: Vec<(i32, i32, Arc<Glyph>)>,
    pub picture: Option<(i32, i32, Bitmap)>,
    pub text: Option<PlacedText>,
    pub symbol: Option<PlacedSymbol>,
    pub problems: Vec<Problem>,
}

impl Drawn {
    fn problem(&mut self, id: &str, message: String, remedy: &str) {
        self.problems.push(Problem::new(id, message, remedy));
    }

    /// Puts the dots on `canvas`.
    pub fn paint(&self, canvas: &mut Canvas) {
        if let Some(ground) = self.ground {
            canvas.fill(ground, true);
        }
        for (x, y, glyph) in &self.glyphs {
            canvas.glyph(*x, *y, glyph, self.ground.is_none());
        }
        if let Some((x, y, picture)) = &self.picture {
            canvas.picture(*x, *y, picture);
        }
    }

    /// Makes one picture of it that starts at a whole byte of the page's rows: what stays the
    /// same from label to label is then put down with the fewest steps.
    pub fn settle(&mut self) {
        let Some(ink) = self.ink() else { return };
        let left = ink.x.div_euclid(8) * 8;
        let mut canvas = Canvas::new(ink.x + ink.width - left, ink.height);
        for (x, y, _) in &mut self.glyphs {
            (*x, *y) = (*x - left, *y - ink.y);
        }
        if let Some(ground) = &mut self.ground {
            (ground.x, ground.y) = (ground.x - left, ground.y - ink.y);
        }
        if let Some((x, y, _)) = &mut self.picture {
            (*x, *y) = (*x - left, *y - ink.y);
        }
        self.paint(&mut canvas);
        self.glyphs.clear();
        self.ground = None;
        self.picture = Some((left, ink.y, canvas.finish()));
    }

    /// The box around everything that is painted; None if that is nothing.
    fn ink(&self) -> Option<Dots> {
        let side = |dots: u32| i32::try_from(dots).unwrap_or(i32::MAX / 4);
        let glyphs = self.glyphs.iter().map(|(x, y, glyph)| Dots {
            x: *x,
            y: *y,
            width: side(glyph.width),
            height: side(glyph.height),
        });
        let picture = self.picture.iter().map(|(x, y, picture)| Dots {
            x: *x,
            y: *y,
            width: side(picture.width()),
            height: side(picture.height()),
        });
        glyphs.chain(picture).chain(self.ground).reduce(Dots::with)
    }

    /// Turns what was drawn in the upright box of `frame`.
    fn turned(mut self, frame: Frame) -> Self {
        if frame.turns == 0 {
            let Dots { x, y, .. } = frame.page;
            for glyph in &mut self.glyphs {
                (glyph.0, glyph.1) = (glyph.0 + x, glyph.1 + y);
            }
            if let Some(ground) = &mut self.ground {
                (ground.x, ground.y) = (ground.x + x, ground.y + y);
            }
            if let Some(picture) = &mut self.picture {
                (picture.0, picture.1) = (picture.0 + x, picture.1 + y);
            }
            return self;
        }
        let upright = frame.upright();
        let mut canvas = Canvas::new(upright.width, upright.height);
        self.paint(&mut canvas);
        let turned = canvas.finish().rotated_quarter(frame.turns);
        self.glyphs.clear();
        self.ground = None;
        self.picture = Some((frame.page.x, frame.page.y, turned));
        self
    }
}

/// The start of a text, for messages.
fn excerpt(text: &str) -> String {
    let flat = text.replace('\n', " / ");
    if flat.chars().count() <= 60 {
        return flat;
    }
    flat.chars().take(59).chain(['…']).collect()
}
