//! Text, symbols and pictures made into dots, ready to be put on a page again and again.

use std::sync::Arc;

use firstscan_drivers::bitmap::{Bitmap, Resolution};

use super::place::{Frame, dots};
use super::placed::{PlacedSymbol, PlacedText, Sides};
use crate::label::canvas::{Canvas, Dots};
use crate::label::problem::Problem;
use crate::label::symbol::{Encoded, Geometry, SymbolError, encode};
use crate::label::template::schema::{Align, Caption, Fit, Font, Weight};
use crate::label::template::{Image, Symbol, Text};
use crate::label::text::{Block, Engine, Glyph, Locale, Style};
use crate::label::units::to_dots;

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
        width: area.width,
        height: area.height,
        size: to_dots(text.size_um, resolution),
        size_min: to_dots(text.size_min_um, resolution),
        lines_max: text.lines_max as usize,
        line_height_percent: text.line_height_percent.cast_signed(),
        align: text.align,
        middle: text.middle,
        locale: Locale::of_country(country),
    };
    set(engine, id, &block, (value, country), area, &mut drawn);
    if let Some(placed) = &mut drawn.text {
        placed.inverse = text.inverse;
        placed.turns = text.turns;
        // The runs lie in the inner box of inverse text.
        let inner = frame.on_page(area);
        (placed.x, placed.y) = (inner.x, inner.y);
        (placed.width, placed.height) = (inner.width, inner.height);
    }
    drawn.turned(frame)
}

/// Sets text into `area` of an upright box; the placed text still lies in that box.
fn set(
    engine: &mut Engine,
    id: &str,
    block: &Block,
    (value, _country): (&str, &str),
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
    if !fitted.missing.is_empty() {
        let list = fitted.missing.iter().take(8);
        let list: Vec<String> = list
            .map(|c| format!("{c:?} (U+{:04X})", u32::from(*c)))
            .collect();
        let message = format!("no font here has {}", list.join(", "));
        drawn.problem(
            id,
            message,
            "write the text in a script that can be printed, or add a font that has it",
        );
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
        cap_dots: fitted.size * 73 / 100,
        turns: 0,
        inverse: false,
        runs: Arc::clone(&fitted.runs),
    });
}

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
        let below = at.y + at.height + caption / 4;
        let top = if symbol.caption == Caption::Above {
            0
        } else {
            below
        };
        let line = Dots {
            y: top,
            height: caption * 76 / 100,
            ..area
        };
        set_caption(engine, id, &encoded.text, line, caption, &mut drawn);
        if let Some(placed) = &mut drawn.text {
            let page = frame.on_page(line);
            (placed.x, placed.y) = (page.x, page.y);
            (placed.width, placed.height) = (page.width, page.height);
            placed.turns = symbol.turns;
        }
    }
    drawn.picture = Some((at.x, at.y, encoded.draw(&fit.geometry)));
    let on_page = frame.on_page(at);
    drawn.symbol = Some(PlacedSymbol {
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
    });
    drawn.turned(frame)
}

fn set_caption(
    engine: &mut Engine,
    id: &str,
    text: &str,
    line: Dots,
    size: i32,
    drawn: &mut Drawn,
) {
    let block = Block {
        style: Style {
            font: Font::Sans,
            weight: Weight::Regular,
        },
        width: line.width,
        height: size,
        size,
        size_min: size / 2,
        lines_max: 1,
        line_height_percent: 100,
        align: Align::Center,
        middle: false,
        locale: Locale::Elsewhere,
    };
    set(engine, id, &block, (text, ""), line, drawn);
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

/// Draws a picture into its box.
pub fn image(id: &str, image: &Image, resolution: Resolution) -> Drawn {
    let frame = Frame {
        page: dots(image.area, resolution),
        turns: image.turns,
    };
    let room = frame.upright();
    let mut drawn = Drawn::default();
    let side = |dots: u32| i64::from(dots.max(1));
    let (width, height) = (side(image.bitmap.width()), side(image.bitmap.height()));
    let (across, down) = (i64::from(room.width), i64::from(room.height));
    let (to_width, to_height) = match image.fit {
        Fit::Dots => {
            let times = (across / width).min(down / height);
            if times == 0 {
                let message =
                    format!("the picture has {width} x {height} dots, its box {across} x {down}");
                let remedy = "enlarge the box, give a smaller picture for this resolution with \
                              [element.at.203], or write fit = \"scale\"";
                drawn.problem(id, message, remedy);
                return drawn;
            }
            (width * times, height * times)
        }
        // The side that reaches its edge first decides.
        Fit::Scale if across * height <= down * width => (across, (height * across) / width),
        Fit::Scale => ((width * down) / height, down),
    };
    let (to_width, to_height) = (to_width.max(1), to_height.max(1));
    let scaled = scaled(&image.bitmap, to_width, to_height);
    let free = across - to_width;
    let indent = match image.align {
        Align::Left => 0,
        Align::Center => free / 2,
        Align::Right => free,
    };
    let whole = |dots: i64| i32::try_from(dots).unwrap_or(0);
    drawn.picture = Some((whole(indent), whole((down - to_height) / 2), scaled));
    drawn.turned(frame)
}

/// Each new dot is black if at least half of what it covers is. Whole numbers only: an old dot is
/// `to` wide and a new one `from`.
fn scaled(picture: &Bitmap, to_width: i64, to_height: i64) -> Bitmap {
    let (from_width, from_height) = (i64::from(picture.width()), i64::from(picture.height()));
    let whole = |dots: i64| u32::try_from(dots).unwrap_or(1);
    let mut canvas = Canvas::new(
        i32::try_from(to_width).unwrap_or(1),
        i32::try_from(to_height).unwrap_or(1),
    );
    for y in 0..to_height {
        for x in 0..to_width {
            let (left, right) = (x * from_width, (x + 1) * from_width);
            let (top, bottom) = (y * from_height, (y + 1) * from_height);
            let mut black = 0;
            for py in top / to_height..=(bottom - 1) / to_height {
                let high = ((py + 1) * to_height).min(bottom) - (py * to_height).max(top);
                for px in left / to_width..=(right - 1) / to_width {
                    let wide = ((px + 1) * to_width).min(right) - (px * to_width).max(left);
                    if picture.get(whole(px), whole(py)) {
                        black += wide * high;
                    }
                }
            }
            if black * 2 >= from_width * from_height {
                let (x, y) = (whole(x).cast_signed(), whole(y).cast_signed());
                canvas.fill(
                    Dots {
                        x,
                        y,
                        width: 1,
                        height: 1,
                    },
                    true,
                );
            }
        }
    }
    canvas.finish()
}

fn unencodable(id: &str, data: &str, error: &SymbolError) -> Problem {
    let message = format!("\"{}\" cannot become a code: {error}", excerpt(data));
    Problem::new(id, message, "correct the field's value")
}

fn excerpt(text: &str) -> String {
    let flat = text.replace('\n', " / ");
    if flat.chars().count() <= 60 {
        return flat;
    }
    flat.chars().take(59).chain(['…']).collect()
}
