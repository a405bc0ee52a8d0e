//! Texts of a label: inside the paper, clear of the symbols and of each other, high enough.

use firstscan_drivers::bitmap::{BitmapView, Resolution};

use super::bits::side;
use super::placed;
use crate::label::canvas::Dots;
use crate::label::problem::Problem;
use crate::label::render::{PlacedSymbol, PlacedText};
use crate::label::units::{mm_text, to_um};

/// Lowest capital letters people and cameras can read on thermal paper (4 pt type).
const CAPITALS_UM_MIN: i64 = 950;
/// Fewest dots a capital can be drawn with (a 5 by 7 matrix).
const CAPITALS_DOTS_MIN: i32 = 6;

/// Problems of all texts.
pub fn check(
    page: &BitmapView<'_>,
    resolution: Resolution,
    texts: &[PlacedText],
    symbols: &[PlacedSymbol],
) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (at, text) in texts
        .iter()
        .enumerate()
        .filter(|(_, text)| !text.text.trim().is_empty())
    {
        let area = ink_of(text);
        let mut tell = |message: String, remedy: &str| {
            problems.push(Problem::new(text.element.as_str(), message, remedy));
        };
        let (width, height) = (side(page.width()), side(page.height()));
        if area.x < 0 || area.y < 0 || area.x + area.width > width || area.y + area.height > height
        {
            tell(
                format!(
                    "\"{}\" is cut off by the edge of the label",
                    excerpt(&text.text)
                ),
                "move the text inwards, or make it smaller",
            );
        }
        let capitals_um = to_um(text.cap_dots, resolution);
        if text.cap_dots < CAPITALS_DOTS_MIN || capitals_um < CAPITALS_UM_MIN {
            tell(
                format!(
                    "letters of \"{}\" are {} ({} dots) high; at least {} and {CAPITALS_DOTS_MIN} \
                     dots can be read",
                    excerpt(&text.text),
                    mm_text(capitals_um),
                    text.cap_dots,
                    mm_text(CAPITALS_UM_MIN)
                ),
                "make the text larger, or shorten it so that it is not shrunk so far",
            );
        }
        if let Some(other) = beneath(text, area, &texts[..at], symbols) {
            tell(
                format!("\"{}\" is printed over {other}", excerpt(&text.text)),
                "move them apart in the template",
            );
        }
    }
    problems
}

/// The symbol or the earlier text that a text lies upon.
fn beneath(
    text: &PlacedText,
    area: Dots,
    texts: &[PlacedText],
    symbols: &[PlacedSymbol],
) -> Option<String> {
    let over = symbols
        .iter()
        .find(|symbol| symbol.element != text.element && overlap(area, placed::area_of(symbol), 0));
    if let Some(symbol) = over {
        return Some(format!("the code {}", symbol.element));
    }
    let other = texts.iter().find(|other| {
        let room = text.cap_dots.min(other.cap_dots) / 3;
        other.element != text.element
            && !other.text.trim().is_empty()
            && overlap(area, ink_of(other), room)
    });
    other.map(|other| format!("the text of {}", other.element))
}

/// About where the ink of a text is: pen positions and capitals' height of its glyphs, turned
/// with its box.
fn ink_of(text: &PlacedText) -> Dots {
    let (mut left, mut right) = (i32::MAX, i32::MIN);
    let (mut top, mut bottom) = (i32::MAX, i32::MIN);
    for run in text.runs.iter() {
        for (_, x, base, _) in run.glyphs.iter().filter(|glyph| !glyph.3.trim().is_empty()) {
            (left, right) = (left.min(*x), right.max(x + run.size / 4));
            (top, bottom) = (top.min(base - text.cap_dots), bottom.max(*base));
        }
    }
    if left >= right || top >= bottom {
        return Dots {
            x: text.x,
            y: text.y,
            width: 0,
            height: 0,
        };
    }
    let mut ink = Dots {
        x: left,
        y: top,
        width: right - left,
        height: bottom - top,
    };
    // The box before turning.
    let mut height = if text.turns.is_multiple_of(2) {
        text.height
    } else {
        text.width
    };
    let mut width = if text.turns.is_multiple_of(2) {
        text.width
    } else {
        text.height
    };
    for _ in 0..text.turns % 4 {
        ink = Dots {
            x: height - ink.y - ink.height,
            y: ink.x,
            width: ink.height,
            height: ink.width,
        };
        (width, height) = (height, width);
    }
    Dots {
        x: text.x + ink.x,
        y: text.y + ink.y,
        ..ink
    }
}

/// Whether two areas share more than so many dots both across and down.
fn overlap(a: Dots, b: Dots, dots: i32) -> bool {
    let across = (a.x + a.width).min(b.x + b.width) - a.x.max(b.x);
    let down = (a.y + a.height).min(b.y + b.height) - a.y.max(b.y);
    across > dots && down > dots
}

fn excerpt(text: &str) -> String {
    let flat = text.replace('\n', " / ");
    if flat.chars().count() <= 40 {
        return flat;
    }
    flat.chars().take(39).chain(['…']).collect()
}
