//! Bar codes into their boxes: the widest module that fits, white around, a line of text.

use firstscan_drivers::bitmap::Resolution;

use super::super::place::{Frame, dots};
use super::super::placed::{PlacedSymbol, Sides};
use super::text::set;
use super::{Drawn, Letters, excerpt};
use crate::label::canvas::Dots;
use crate::label::problem::Problem;
use crate::label::symbol::{Encoded, Geometry, SymbolError, encode};
use crate::label::template::Symbol;
use crate::label::template::schema::{Align, Caption, Font, Weight};
use crate::label::text::{Block, Engine, Locale, Style};
use crate::label::units::to_dots;

/// Draws a symbol into its box, modules in whole dots, quiet zones inside the box.
pub fn symbol(
    engine: &mut Engine,
    id: &str,
    symbol: &Symbol,
    data: &str,
    (resolution, letters): (Resolution, Letters),
) -> Drawn {
    let mut drawn = Drawn {
        letters,
        ..Drawn::default()
    };
    let encoded = match encode(symbol.symbology, data, &symbol.options) {
        Ok(encoded) => encoded,
        Err(error) => {
            drawn.problems.push(unencodable(id, data, &error));
            return drawn;
        }
    };
    let frame = Frame {
        page: dots(symbol.area, resolution),
        turns: symbol.turns,
    };
    let caption = match symbol.caption {
        Caption::None => 0,
        Caption::Above | Caption::Below => to_dots(symbol.caption_size_um, resolution),
    };
    let area = frame.upright();
    let room = Dots {
        height: area.height - caption,
        ..area
    };
    let Some(fit) = Fitting::of(&encoded, symbol, room, resolution) else {
        too_small(&mut drawn, id, &encoded, symbol, room, resolution);
        return drawn;
    };
    if fit.narrow {
        too_small(&mut drawn, id, &encoded, symbol, room, resolution);
    }
    let mut at = fit.at;
    if symbol.caption == Caption::Above {
        at.y += caption;
    }
    if symbol.caption != Caption::None {
        let line = Dots {
            y: match symbol.caption {
                Caption::Above => 0,
                _ => at.y + at.height + caption / 4,
            },
            height: caption * 76 / 100,
            ..area
        };
        set_caption(
            engine,
            id,
            &encoded.text,
            (line, caption),
            frame,
            &mut drawn,
        );
    }
    drawn.picture = Some((at.x, at.y, encoded.draw(&fit.geometry)));
    drawn.symbol = Some(placed(id, symbol, encoded, at, frame, &fit));
    drawn.turned(frame)
}

/// What was drawn at `at` of the upright box.
fn placed(
    id: &str,
    symbol: &Symbol,
    encoded: Encoded,
    at: Dots,
    frame: Frame,
    fit: &Fitting,
) -> PlacedSymbol {
    let on_page = frame.on_page(at);
    PlacedSymbol {
        element: id.to_owned(),
        symbology: symbol.symbology,
        data: encoded.data,
        text: encoded.text,
        x: on_page.x,
        y: on_page.y,
        width: on_page.width,
        height: on_page.height,
        module_dots: fit.geometry.module_dots.cast_signed(),
        quiet: frame.sides(fit.quiet),
        turns: symbol.turns,
    }
}

fn set_caption(
    engine: &mut Engine,
    id: &str,
    text: &str,
    (line, size): (Dots, i32),
    frame: Frame,
    drawn: &mut Drawn,
) {
    let block = Block {
        style: Style {
            font: Font::Sans,
            weight: Weight::Regular,
        },
        locale: Locale::default(),
        width: line.width,
        height: size,
        size,
        size_min: size / 2,
        lines_max: 1,
        line_height_percent: 100,
        align: Align::Center,
        middle: false,
    };
    set(engine, id, &block, text, line, drawn);
    if let Some(placed) = &mut drawn.text {
        let page = frame.on_page(line);
        (placed.x, placed.y) = (page.x, page.y);
        (placed.width, placed.height) = (page.width, page.height);
        placed.turns = frame.turns;
    }
}

/// How a symbol goes into its room.
struct Fitting {
    geometry: Geometry,
    /// Without quiet zones, in the upright box.
    at: Dots,
    quiet: Sides,
    /// Narrower than the template allows.
    narrow: bool,
}

impl Fitting {
    /// With the widest module up to the wanted one that fits; None if one dot is too wide.
    fn of(encoded: &Encoded, symbol: &Symbol, room: Dots, resolution: Resolution) -> Option<Self> {
        let wanted = to_dots(symbol.module_um, resolution).max(1);
        // Half a dot of rounding is allowed: 0.25 mm is 1.998 dots at 203 dpi.
        let narrowest = to_dots(symbol.module_min_um, resolution).max(1);
        (1..=wanted).rev().find_map(|module| {
            let fit = Self::at_module(encoded, symbol, room, module, resolution)?;
            let narrow = module < narrowest;
            Some(Self { narrow, ..fit })
        })
    }

    fn at_module(
        encoded: &Encoded,
        symbol: &Symbol,
        room: Dots,
        module: i32,
        resolution: Resolution,
    ) -> Option<Self> {
        let quiet = |modules: u32| i32::try_from(modules).unwrap_or(i32::MAX / 4) * module;
        let quiet = Sides {
            left: quiet(encoded.quiet.left),
            top: quiet(encoded.quiet.top),
            right: quiet(encoded.quiet.right),
            bottom: quiet(encoded.quiet.bottom),
        };
        let high = room.height - quiet.top - quiet.bottom;
        let geometry = Geometry {
            module_dots: module.unsigned_abs(),
            height_dots: u32::try_from(high).ok().filter(|high| *high > 0)?,
            wide_tenths: symbol.wide_tenths,
            resolution,
        };
        let (width, height) = encoded.size_dots(&geometry);
        let (width, height) = (i32::try_from(width).ok()?, i32::try_from(height).ok()?);
        let (across, down) = (
            width.checked_add(quiet.left + quiet.right)?,
            height.checked_add(quiet.top + quiet.bottom)?,
        );
        if across > room.width || down > room.height {
            return None;
        }
        let free = room.width - across;
        let indent = match symbol.align {
            Align::Left => 0,
            Align::Center => free / 2,
            Align::Right => free,
        };
        let at = Dots {
            x: indent + quiet.left,
            y: (room.height - down) / 2 + quiet.top,
            width,
            height,
        };
        Some(Self {
            geometry,
            at,
            quiet,
            narrow: false,
        })
    }
}

fn too_small(
    drawn: &mut Drawn,
    id: &str,
    encoded: &Encoded,
    symbol: &Symbol,
    room: Dots,
    resolution: Resolution,
) {
    let narrowest = to_dots(symbol.module_min_um, resolution)
        .max(1)
        .unsigned_abs();
    let (width, height) = encoded.size_dots(&Geometry {
        module_dots: narrowest,
        height_dots: room.height.max(1).unsigned_abs(),
        wide_tenths: symbol.wide_tenths,
        resolution,
    });
    let quiet = &encoded.quiet;
    let across = width + (quiet.left + quiet.right) * narrowest;
    let down = height + (quiet.top + quiet.bottom) * narrowest;
    let message = if symbol.symbology.linear() {
        format!(
            "the code needs {across} dots at its narrowest but has {}: \"{}\"",
            room.width,
            excerpt(&encoded.data)
        )
    } else {
        format!(
            "the code needs {across} x {down} dots at its smallest but has {} x {}: \"{}\"",
            room.width,
            room.height,
            excerpt(&encoded.data)
        )
    };
    drawn.problem(
        id,
        message,
        "shorten the data, widen the code's box, or print at a higher resolution",
    );
}

fn unencodable(id: &str, data: &str, error: &SymbolError) -> Problem {
    let message = format!("\"{}\" cannot become a code: {error}", excerpt(data));
    Problem::new(id, message, "correct the field's value")
}
