//! Zebra's resident fonts: cell sizes, base lines, advances.
//!
//! Cell sizes and gaps are those of the programming guide for 203 dpi; E and H are other
//! pictures at 300 and 600 dpi.

use super::font::{Face, Fonts, GlyphKey};
use super::outline::Stretch;
use super::surface::Stamp;
use std::sync::Arc;

/// Largest glyph cell drawn, in dots; larger requests are cut to it.
pub const CELL_DOTS_MAX: i32 = 3_000;
/// Advance of DejaVu Sans Mono and height of its capitals, thousandths of an em.
const MONO_ADVANCE: i32 = 602;
const CAPITAL: i32 = 729;

/// A font as asked for by `^A` or `^CF`; sizes in dots of the label, 0 for not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    pub name: u8,
    pub height: i32,
    pub width: i32,
}

/// A font at a size, in dots of the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typeface {
    pub face: Face,
    /// Cell height: the pitch of lines without extra space.
    pub height: i32,
    /// Base line below the top of the cell.
    pub baseline: i32,
    /// Font 0: width of its em. Others: every character's advance.
    width: i32,
    fixed: bool,
    /// Dots per em down, sixteenths.
    down: i32,
    /// Capitals only.
    upper: bool,
}

/// A bitmap font's cell: height, width, gap, base line.
type Cell = (i32, i32, i32, i32);

fn cell(name: u8, dpi: u32) -> Option<Cell> {
    Some(match (name, dpi) {
        (b'A', _) => (9, 5, 1, 7),
        (b'B', _) => (11, 7, 2, 11),
        (b'C' | b'D', _) => (18, 10, 2, 14),
        (b'E', 0..=159) => (21, 10, 5, 17),
        (b'E', 160..=259) => (28, 15, 5, 23),
        (b'E', 260..=459) => (42, 20, 10, 34),
        (b'E', _) => (84, 40, 20, 68),
        (b'F', _) => (26, 13, 3, 21),
        (b'G', _) => (60, 40, 8, 48),
        (b'H', 0..=159) => (17, 11, 6, 17),
        (b'H', 160..=259) => (21, 13, 6, 21),
        (b'H', 260..=459) => (34, 22, 9, 34),
        (b'H', _) => (68, 44, 18, 68),
        _ => return None,
    })
}

/// Resident scalable faces' nominal cells, used when no size is given.
fn nominal(name: u8) -> (i32, i32) {
    match name {
        b'P' => (20, 18),
        b'Q' => (28, 24),
        b'R' => (35, 31),
        b'S' => (40, 35),
        b'T' => (48, 42),
        b'U' => (59, 53),
        b'V' => (80, 71),
        _ => (15, 12),
    }
}

/// How often a bitmap cell is repeated for a wanted size: nearest, 1 to 10.
fn times(wanted: i32, cell: i32) -> i32 {
    ((wanted * 2 + cell) / (cell * 2)).clamp(1, 10)
}

impl Typeface {
    /// The face for a choice. `scaled` turns dots of the label into dots of the head; `dpi` is
    /// what the label was written for.
    pub fn new(choice: Choice, dpi: u32, scaled: impl Fn(i32) -> i32) -> Self {
        let (height, width) = (choice.height.max(0), choice.width.max(0));
        match cell(choice.name, dpi) {
            Some(cell) => Self::bitmap(choice.name, cell, height, width, scaled),
            None => {
                let (height, width) = match (height, width) {
                    (0, 0) => nominal(choice.name),
                    (0, width) => (width, width),
                    (height, 0) => (height, height),
                    both => both,
                };
                let bounded = |n: i32| scaled(n).clamp(1, CELL_DOTS_MAX);
                let (height, width) = (bounded(height), bounded(width));
                Self {
                    face: Face::Condensed,
                    height,
                    baseline: (height * 3 + 2) / 4,
                    width,
                    fixed: false,
                    down: height * 16,
                    upper: false,
                }
            }
        }
    }

    fn bitmap(name: u8, cell: Cell, height: i32, width: i32, scaled: impl Fn(i32) -> i32) -> Self {
        let (rows, columns, gap, baseline) = cell;
        let (down, across) = match (height, width) {
            (0, 0) => (1, 1),
            (0, width) => (times(width, columns), times(width, columns)),
            (height, 0) => (times(height, rows), times(height, rows)),
            (height, width) => (times(height, rows), times(width, columns)),
        };
        let bounded = |n: i32| scaled(n).clamp(1, CELL_DOTS_MAX);
        let baseline = bounded(baseline * down);
        Self {
            face: Face::Mono,
            height: bounded(rows * down),
            baseline,
            width: bounded((columns + gap) * across),
            fixed: true,
            down: baseline * 16 * 1_000 / CAPITAL,
            upper: matches!(name, b'B' | b'H'),
        }
    }

    /// A fixed-pitch face of the wanted multiple of font A, for lines under bars.
    pub fn font_a(multiple: i32) -> Self {
        let choice = Choice {
            name: b'A',
            height: 9 * multiple,
            width: 0,
        };
        Self::new(choice, 203, |n| n)
    }

    /// A reading of the same face for a character that this one lacks.
    fn shown(&self, character: char) -> char {
        if self.upper {
            character.to_ascii_uppercase()
        } else {
            character
        }
    }

    /// Dots to the next character.
    pub fn advance(&self, fonts: &mut Fonts, character: char) -> i32 {
        if self.fixed {
            return self.width;
        }
        let (advance, _, _) = fonts.condensed(character);
        (advance * self.width + 500) / 1_000
    }

    /// The character's dots, turned, and how far right of the pen they belong; None if no face
    /// has it.
    pub fn stamp(
        &self,
        fonts: &mut Fonts,
        character: char,
        turns: u8,
    ) -> Option<(Arc<Stamp>, i32)> {
        let character = self.shown(character);
        let mut aside = 0;
        let (face, across) = if !self.fixed {
            let (_, narrow, before) = fonts.condensed(character);
            aside = (before * self.width + 500).div_euclid(1_000);
            (Face::Condensed, self.width * 16 * narrow / 1_000)
        } else if fonts.has(Face::Mono, character) {
            (Face::Mono, self.width * 16 * 1_000 / MONO_ADVANCE)
        } else {
            (Face::Condensed, self.width * 16)
        };
        let stamp = fonts.stamp(GlyphKey {
            face,
            character,
            stretch: Stretch {
                across,
                down: self.down,
            },
            turns,
        });
        stamp.map(|stamp| (stamp, aside))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::zpl::font::fonts;

    fn choose(name: u8, height: i32, width: i32) -> Typeface {
        let choice = Choice {
            name,
            height,
            width,
        };
        Typeface::new(choice, 203, |n| n)
    }

    #[test]
    fn bitmap_fonts_come_in_whole_multiples_of_their_cell() {
        let a = choose(b'A', 0, 0);
        assert_eq!((a.height, a.width, a.baseline), (9, 6, 7));
        let a = choose(b'A', 30, 0);
        assert_eq!((a.height, a.width), (27, 18));
        let d = choose(b'D', 36, 10);
        assert_eq!((d.height, d.width), (36, 12));
        let e = choose(b'E', 0, 0);
        assert_eq!((e.height, e.width), (28, 20));
    }

    #[test]
    fn font_0_takes_a_missing_side_from_the_other() {
        assert_eq!(choose(b'0', 40, 0), choose(b'0', 40, 40));
        assert_eq!(choose(b'0', 0, 40), choose(b'0', 40, 40));
        let mut fonts = fonts();
        let wide = choose(b'0', 40, 80);
        assert_eq!(wide.advance(&mut fonts, '0'), 36);
        assert_eq!(choose(b'0', 40, 40).advance(&mut fonts, '0'), 18);
    }
}
