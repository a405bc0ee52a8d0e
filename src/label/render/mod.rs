//! Template + fields + resolution -> bitmap, problems, and where the symbols are.

mod placed;

use firstscan_drivers::bitmap::Resolution;

use crate::label::FieldMap;
use crate::label::canvas::{Canvas, Dots};
use crate::label::problem::Problem;
use crate::label::symbol::{Modules, SymbolError, code128, qr};
use crate::label::template::schema::{Align, Symbology};
use crate::label::template::{Area, Element, Kind, Symbol, Template, Text};
use crate::label::text::{Block, Engine, Locale, Style, engine};
use crate::label::units::to_dots;

pub use placed::{FontKey, GlyphRun, PlacedSymbol, PlacedText, Rendered, Sides};

/// Draws a label. Never fails on data: what is wrong is listed and the rest is drawn.
pub fn render(template: &Template, fields: &FieldMap, resolution: Resolution) -> Rendered {
    let mut drawing = Drawing::new(
        to_dots(template.width_um, resolution),
        to_dots(template.height_um, resolution),
        resolution,
    );
    let mut engine = engine();
    for element in &template.elements {
        let holds = |field: &String| fields.get(field).is_some_and(|v| !v.trim().is_empty());
        if element.when.as_ref().is_none_or(holds) {
            drawing.element(&mut engine, element, fields);
        }
    }
    drawing.finish()
}

/// A label being drawn; also used by documents that are laid out by program.
#[derive(Debug)]
pub struct Drawing {
    canvas: Canvas,
    resolution: Resolution,
    problems: Vec<Problem>,
    symbols: Vec<PlacedSymbol>,
}

impl Drawing {
    /// A white page of so many dots.
    pub fn new(width: i32, height: i32, resolution: Resolution) -> Self {
        let canvas = Canvas::new(width, height);
        Self {
            canvas,
            resolution,
            problems: Vec::new(),
            symbols: Vec::new(),
        }
    }

    pub fn finish(self) -> Rendered {
        Rendered {
            bitmap: self.canvas.finish(),
            resolution: self.resolution,
            problems: self.problems,
            symbols: self.symbols,
            texts: Vec::new(),
        }
    }

    fn element(&mut self, engine: &mut Engine, element: &Element, fields: &FieldMap) {
        let id = element.id.as_str();
        match &element.kind {
            Kind::Fill(area) => self.fill(*area),
            Kind::Frame { area, thickness_um } => {
                let thickness = to_dots(*thickness_um, self.resolution).max(1);
                self.canvas.frame(dots(*area, self.resolution), thickness);
            }
            Kind::Text(text) => {
                let bound = text.binding.bind(fields);
                self.empty_fields(id, &bound.missing);
                self.text(engine, id, text, &bound.text);
            }
            Kind::Symbol(symbol) => {
                let bound = symbol.binding.bind(fields);
                self.empty_fields(id, &bound.missing);
                if bound.missing.is_empty() {
                    self.symbol(id, symbol, &bound.text);
                }
            }
        }
    }

    /// Fills a rectangle, at least one dot wide and high.
    pub fn fill(&mut self, area: Area) {
        self.canvas.fill(dots(area, self.resolution), true);
    }

    fn empty_fields(&mut self, id: &str, missing: &[String]) {
        for field in missing {
            self.problems.push(Problem::new(
                id,
                format!("field '{field}' is empty"),
                format!("fill '{field}', or mark it {{{field}?}} in the template"),
            ));
        }
    }

    /// Draws `text` into its box.
    pub fn text(&mut self, engine: &mut Engine, id: &str, text: &Text, value: &str) {
        let mut area = dots(text.area, self.resolution);
        let size = to_dots(text.size_um, self.resolution);
        if text.inverse {
            self.canvas.fill(area, true);
            let margin = (area.height / 4).min(area.width / 8);
            area = Dots {
                x: area.x + margin,
                width: area.width - 2 * margin,
                ..area
            };
        }
        let block = Block {
            style: Style {
                font: text.font,
                weight: text.weight,
            },
            width: area.width,
            height: area.height,
            size,
            size_min: to_dots(text.size_min_um, self.resolution),
            locale: Locale::Elsewhere,
            lines_max: text.lines_max as usize,
            line_height_percent: i32::try_from(text.line_height_percent).unwrap_or(120),
            align: text.align,
            middle: text.middle,
        };
        let fitted = block.fit(engine, value);
        for (x, y, glyph) in &fitted.glyphs {
            self.canvas
                .glyph(area.x + x, area.y + y, glyph, !text.inverse);
        }
        if fitted.cut {
            self.problems.push(Problem::new(
                id,
                format!("text does not fit and is cut: \"{}\"", excerpt(value)),
                "shorten the text, or give it more room in the template",
            ));
        }
        if !fitted.missing.is_empty() {
            let list: Vec<String> = fitted
                .missing
                .iter()
                .take(8)
                .map(|c| format!("'{c}' (U+{:04X})", u32::from(*c)))
                .collect();
            self.problems.push(Problem::new(
                id,
                format!("no font here has {}", list.join(", ")),
                "write the text in a script that can be printed, or add a font that has it",
            ));
        }
    }

    /// Draws a symbol into its box, modules in whole dots, quiet zones inside the box.
    pub fn symbol(&mut self, id: &str, symbol: &Symbol, data: &str) {
        let encoded = match symbol.symbology {
            Symbology::Code128 => {
                code128::units_from_text(data).and_then(|units| code128::encode(&units))
            }
            Symbology::Qr => qr::encode(data, symbol.level),
        };
        match encoded {
            Ok(modules) => self.place(id, symbol, data, &modules),
            Err(error) => self.problems.push(unencodable(id, data, &error)),
        }
    }

    fn place(&mut self, id: &str, symbol: &Symbol, data: &str, modules: &Modules) {
        let area = dots(symbol.area, self.resolution);
        let across = i32::try_from(modules.width + 2 * modules.quiet).unwrap_or(i32::MAX);
        let matrix = modules.height > 1;
        let room = if matrix {
            area.width.min(area.height)
        } else {
            area.width
        };
        let wanted = to_dots(symbol.module_um, self.resolution).max(1);
        let module = wanted.min(room / across);
        // Half a dot of rounding is allowed: 0.25 mm is 1.998 dots at 203 dpi.
        let narrowest = to_dots(symbol.module_min_um, self.resolution).max(1);
        if module < narrowest {
            self.problems.push(Problem::new(
                id,
                format!(
                    "the code needs {} dots at its narrowest but has {room}: \"{}\"",
                    across * narrowest,
                    excerpt(data)
                ),
                "shorten the data, widen the code's box, or print at a higher resolution",
            ));
        }
        if module == 0 {
            return;
        }
        let quiet = i32::try_from(modules.quiet).unwrap_or(0) * module;
        let width = across * module - 2 * quiet;
        let height = if matrix { width } else { area.height };
        let free = area.width - across * module;
        let indent = match symbol.align {
            Align::Left => 0,
            Align::Center => free / 2,
            Align::Right => free,
        };
        let top = if matrix {
            (area.height - height) / 2
        } else {
            0
        };
        let at = Dots {
            x: area.x + indent + quiet,
            y: area.y + top,
            width,
            height,
        };
        self.canvas
            .modules(at, &modules.black, modules.width as usize, module);
        self.symbols.push(PlacedSymbol {
            element: id.to_owned(),
            symbology: symbol.symbology,
            data: data.to_owned(),
            text: data.to_owned(),
            x: at.x,
            y: at.y,
            width,
            height,
            module_dots: module,
            quiet: Sides {
                left: quiet,
                right: quiet,
                top: if matrix { quiet } else { 0 },
                bottom: if matrix { quiet } else { 0 },
            },
            turns: 0,
        });
    }
}

/// Edges are rounded one by one, so that neighbours still touch; nothing vanishes.
fn dots(area: Area, resolution: Resolution) -> Dots {
    let (x, y) = (
        to_dots(area.x_um, resolution),
        to_dots(area.y_um, resolution),
    );
    let right = to_dots(area.x_um + area.width_um, resolution);
    let bottom = to_dots(area.y_um + area.height_um, resolution);
    Dots {
        x,
        y,
        width: (right - x).max(1),
        height: (bottom - y).max(1),
    }
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
