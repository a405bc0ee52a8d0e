//! Text into its box, with what it takes to set it again elsewhere.

use std::sync::Arc;

use firstscan_drivers::bitmap::Resolution;

use super::super::place::{Frame, dots};
use super::super::placed::{GlyphRun, PlacedText};
use super::{Drawn, Letters, excerpt};
use crate::label::canvas::Dots;
use crate::label::template::Text;
use crate::label::text::{Block, Engine, Locale, Style, Unprintable};
use crate::label::units::to_dots;

/// Height of a capital letter, thousandths of the size (DejaVu Sans: 1493 of 2048 units).
const CAPITAL_PERMILLE: i32 = 729;

/// Draws `value` into the box of `text`.
pub fn text(
    engine: &mut Engine,
    id: &str,
    text: &Text,
    (value, country): (&str, &str),
    (resolution, letters): (Resolution, Letters),
) -> Drawn {
    let page = dots(text.area, resolution);
    let frame = Frame {
        page,
        turns: text.turns,
    };
    let mut area = frame.upright();
    let mut drawn = Drawn {
        letters,
        ..Drawn::default()
    };
    if text.inverse {
        drawn.ground = Some(area);
        let margin = (area.height / 4).min(area.width / 8);
        area.x += margin;
        area.width -= 2 * margin;
    }
    let block = Block {
        style: Style {
            font: text.font,
            weight: text.weight,
        },
        locale: Locale::of_country(country),
        width: area.width,
        height: area.height,
        size: to_dots(text.size_um, resolution),
        size_min: to_dots(text.size_min_um, resolution),
        lines_max: text.lines_max as usize,
        line_height_percent: text.line_height_percent.cast_signed(),
        align: text.align,
        middle: text.middle,
    };
    set(engine, id, &block, value, area, &mut drawn);
    if let Some(placed) = &mut drawn.text {
        if area.x != 0 {
            placed.runs = placed.runs.iter().map(|run| moved(run, area.x)).collect();
        }
        placed.inverse = text.inverse;
        placed.turns = text.turns;
        (placed.x, placed.y) = (page.x, page.y);
        (placed.width, placed.height) = (page.width, page.height);
    }
    drawn.turned(frame)
}

fn moved(run: &GlyphRun, by: i32) -> GlyphRun {
    let mut run = run.clone();
    for (_, x, _, _) in &mut run.glyphs {
        *x += by;
    }
    run
}

/// Sets text into `area` of an upright box; the placed text still lies in that box.
pub fn set(
    engine: &mut Engine,
    id: &str,
    block: &Block,
    value: &str,
    area: Dots,
    drawn: &mut Drawn,
) {
    let fitted = block.fit(engine, value);
    if fitted.cut {
        let message = format!("the text does not fit its box: \"{}\"", excerpt(value));
        drawn.problem(
            id,
            message,
            "shorten the text, or enlarge the element's box in the template",
        );
    }
    if let Err(missing) = Unprintable::check(fitted.missing.clone()) {
        let message = format!("no font here has {missing}");
        drawn.problem(id, message, &missing.remedy());
    }
    if drawn.letters == Letters::Drawn {
        let moved = fitted.glyphs.iter();
        let moved = moved.map(|(x, y, glyph)| (area.x + x, area.y + y, Arc::clone(glyph)));
        drawn.glyphs.extend(moved);
    }
    drawn.text = Some(PlacedText {
        element: id.to_owned(),
        text: value.to_owned(),
        x: area.x,
        y: area.y,
        width: area.width,
        height: area.height,
        size_dots: fitted.size,
        cap_dots: (fitted.size * CAPITAL_PERMILLE + 500) / 1_000,
        turns: 0,
        inverse: false,
        runs: Arc::clone(&fitted.runs),
    });
}
