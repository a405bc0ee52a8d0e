//! Template + fields + resolution -> bitmap, problems, and where text and symbols are.
//!
//! [`render`] draws one label. A station prints thousands of one template at one resolution:
//! [`Renderer`] keeps what did not change from label to label (titles, sender, carrier) as dots,
//! so that only what did is bound, shaped and encoded again; nothing is allocated for the rest.

mod draw;
mod place;
mod placed;

use firstscan_drivers::bitmap::Resolution;

use crate::label::FieldMap;
use crate::label::canvas::Canvas;
use crate::label::problem::Problem;
use crate::label::template::binding::{Binding, Bound};
use crate::label::template::{Area, Element, Kind, Repeat, Symbol, Template, Text};
use crate::label::text::{Engine, engine};
use crate::label::units::to_dots;
use draw::{Drawn, Letters};
pub use placed::{FontKey, GlyphRun, PlacedSymbol, PlacedText, Rendered, Sides};

/// Draws a label. Never fails on data: what is wrong is listed and the rest is drawn.
pub fn render(template: &Template, fields: &FieldMap, resolution: Resolution) -> Rendered {
    all(
        template,
        fields,
        Drawing::of(template, resolution, Vec::new()),
    )
}

/// The same label with its texts in place but without their dots, for those that set text
/// themselves.
pub(super) fn without_letters(
    template: &Template,
    fields: &FieldMap,
    resolution: Resolution,
) -> Rendered {
    let drawing = Drawing {
        letters: Letters::LeftOut,
        ..Drawing::of(template, resolution, Vec::new())
    };
    all(template, fields, drawing)
}

fn all(template: &Template, fields: &FieldMap, mut drawing: Drawing) -> Rendered {
    let mut slot = Slot::default();
    let mut binds = Binds::default();
    let mut engine = engine();
    for element in template.elements.iter().filter(|e| e.shown(fields)) {
        slot.ready = false;
        if drawing.element(&mut engine, element, fields, &mut slot, &mut binds) {
            drawing.texts.extend(slot.drawn.text.take());
            drawing.symbols.extend(slot.drawn.symbol.take());
        }
    }
    drawing.overflows(&template.repeats, fields);
    drawing.finish()
}

/// Draws labels of one template at one resolution, fast.
#[derive(Debug)]
pub struct Renderer {
    template: Template,
    resolution: Resolution,
    /// What each element was last time.
    slots: Vec<Slot>,
    binds: Binds,
    last: Option<Rendered>,
    /// Which slots the texts and symbols of `last` came from.
    text_owners: Vec<usize>,
    symbol_owners: Vec<usize>,
}

impl Renderer {
    pub fn new(template: Template, resolution: Resolution) -> Self {
        let slots = template.elements.iter().map(|_| Slot::default()).collect();
        Self {
            template,
            resolution,
            slots,
            binds: Binds::default(),
            last: None,
            text_owners: Vec::new(),
            symbol_owners: Vec::new(),
        }
    }

    pub fn template(&self) -> &Template {
        &self.template
    }

    /// Draws the next label, dot for dot what [`render`] draws. It stands until the next call.
    pub fn render(&mut self, fields: &FieldMap) -> &Rendered {
        let mut drawing = self.clean_page();
        let mut engine = engine();
        for (index, element) in self.template.elements.iter().enumerate() {
            if !element.shown(fields) {
                continue;
            }
            let slot = &mut self.slots[index];
            if !drawing.element(&mut engine, element, fields, slot, &mut self.binds) {
                continue;
            }
            if let Some(text) = slot.drawn.text.take() {
                drawing.texts.push(text);
                self.text_owners.push(index);
            }
            if let Some(symbol) = slot.drawn.symbol.take() {
                drawing.symbols.push(symbol);
                self.symbol_owners.push(index);
            }
        }
        drawing.overflows(&self.template.repeats, fields);
        self.last.insert(drawing.finish())
    }

    /// A white page in the memory of the last label, whose parts go back to their slots.
    fn clean_page(&mut self) -> Drawing {
        let Some(last) = self.last.take() else {
            return Drawing::of(&self.template, self.resolution, Vec::new());
        };
        let Rendered {
            bitmap,
            mut problems,
            mut symbols,
            mut texts,
            ..
        } = last;
        for (owner, text) in self.text_owners.drain(..).zip(texts.drain(..)) {
            self.slots[owner].drawn.text = Some(text);
        }
        for (owner, symbol) in self.symbol_owners.drain(..).zip(symbols.drain(..)) {
            self.slots[owner].drawn.symbol = Some(symbol);
        }
        problems.clear();
        Drawing {
            problems,
            symbols,
            texts,
            ..Drawing::of(&self.template, self.resolution, bitmap.into_bits())
        }
    }
}

/// What an element was when it was drawn last.
#[derive(Debug, Default)]
struct Slot {
    /// `drawn` is right for `value` and `country`.
    ready: bool,
    /// `drawn` is one picture, because it was the same more than once.
    settled: bool,
    value: String,
    country: String,
    drawn: Drawn,
}

impl Slot {
    /// Whether it can be painted again as it is.
    fn holds(&mut self, value: &str, country: &str) -> bool {
        let same = self.ready && self.value == value && self.country == country;
        if same && !self.settled {
            self.drawn.settle();
            self.settled = true;
        }
        same
    }

    fn set(&mut self, value: &str, country: &str, drawn: Drawn) {
        self.value.clear();
        self.value.push_str(value);
        self.country.clear();
        self.country.push_str(country);
        self.drawn = drawn;
        self.ready = true;
        self.settled = false;
    }
}

/// Bound texts, their memory used again.
#[derive(Debug, Default)]
struct Binds {
    value: Bound,
    country: Bound,
}

/// A label being drawn; also used by documents that are laid out by program.
#[derive(Debug)]
pub struct Drawing {
    letters: Letters,
    canvas: Canvas,
    resolution: Resolution,
    problems: Vec<Problem>,
    symbols: Vec<PlacedSymbol>,
    texts: Vec<PlacedText>,
}

impl Drawing {
    /// A white page of so many dots.
    pub fn new(width: i32, height: i32, resolution: Resolution) -> Self {
        Self::on(width, height, resolution, Vec::new())
    }

    fn on(width: i32, height: i32, resolution: Resolution, memory: Vec<u8>) -> Self {
        Self {
            letters: Letters::Drawn,
            canvas: Canvas::on(width, height, memory),
            resolution,
            problems: Vec::new(),
            symbols: Vec::new(),
            texts: Vec::new(),
        }
    }

    fn of(template: &Template, resolution: Resolution, memory: Vec<u8>) -> Self {
        let (width, height) = (
            to_dots(template.width_um, resolution),
            to_dots(template.height_um, resolution),
        );
        Self::on(width, height, resolution, memory)
    }

    pub fn finish(self) -> Rendered {
        Rendered {
            bitmap: self.canvas.finish(),
            resolution: self.resolution,
            problems: self.problems,
            symbols: self.symbols,
            texts: self.texts,
        }
    }

    /// Draws one element; whether `slot` is what stands on the page now.
    fn element(
        &mut self,
        engine: &mut Engine,
        element: &Element,
        fields: &FieldMap,
        slot: &mut Slot,
        binds: &mut Binds,
    ) -> bool {
        let (id, resolution) = (element.id.as_str(), self.resolution);
        match element.kind_at(resolution) {
            Kind::Fill { area, radius_um } => {
                let radius = to_dots(*radius_um, resolution);
                let area = place::dots(*area, resolution);
                if radius == 0 {
                    self.canvas.fill(area, true);
                } else {
                    self.canvas.fill_rounded(area, radius);
                }
                return false;
            }
            Kind::Frame {
                area,
                thickness_um,
                radius_um,
            } => {
                let thickness = to_dots(*thickness_um, resolution).max(1);
                let radius = to_dots(*radius_um, resolution);
                let area = place::dots(*area, resolution);
                self.canvas.frame(area, thickness, radius);
                return false;
            }
            Kind::Image(image) => {
                if !slot.holds("", "") {
                    slot.set("", "", draw::image(id, image, resolution));
                }
            }
            Kind::Text(text) => {
                self.bind(id, &text.binding, fields, &mut binds.value);
                match &text.country {
                    Some(country) => country.bind_into(fields, &mut binds.country),
                    None => binds.country.text.clear(),
                }
                let (value, country) = (&binds.value.text, &binds.country.text);
                if !slot.holds(value, country) {
                    let as_wanted = (resolution, self.letters);
                    let drawn = draw::text(engine, id, text, (value, country), as_wanted);
                    slot.set(value, country, drawn);
                }
            }
            Kind::Symbol(symbol) => {
                binds.value.gs1 = symbol.symbology.gs1();
                self.bind(id, &symbol.binding, fields, &mut binds.value);
                binds.value.gs1 = false;
                if !binds.value.whole() {
                    return false;
                }
                let value = &binds.value.text;
                if !slot.holds(value, "") {
                    slot.set(
                        value,
                        "",
                        draw::symbol(engine, id, symbol, value, (resolution, self.letters)),
                    );
                }
            }
        }
        self.problems.extend(slot.drawn.problems.iter().cloned());
        slot.drawn.paint(&mut self.canvas);
        true
    }

    fn bind(&mut self, id: &str, binding: &Binding, fields: &FieldMap, bound: &mut Bound) {
        binding.bind_into(fields, bound);
        for field in &bound.missing {
            self.problems.push(Problem::new(
                id,
                format!("field '{field}' is empty"),
                format!("fill '{field}', or mark it {{{field}?}} in the template"),
            ));
        }
        for (field, reason) in &bound.unfit {
            self.problems.push(Problem::new(
                id,
                format!("field '{field}': {reason}"),
                "correct the field's value, or change its format in the template",
            ));
        }
    }

    /// A problem for numbered fields beyond the last copy.
    fn overflows(&mut self, repeats: &[Repeat], fields: &FieldMap) {
        for Repeat { name, max, element } in repeats {
            let filled = fields
                .range::<str, _>((
                    std::ops::Bound::Included(name.as_str()),
                    std::ops::Bound::Unbounded,
                ))
                .take_while(|(field, _)| field.starts_with(name.as_str()))
                .filter(|(_, value)| !value.trim().is_empty());
            let numbers = filled.filter_map(|(field, _)| {
                let rest = field.get(name.len()..)?.strip_prefix('.')?;
                rest.split('.').next()?.parse::<u64>().ok()
            });
            let Some(last) = numbers.max().filter(|last| *last > u64::from(*max)) else {
                continue;
            };
            self.problems.push(Problem::new(
                element.as_str(),
                format!("there is room for {max} '{name}' but the fields go up to {last}"),
                format!("spread '{name}' over several labels, or raise max in the template"),
            ));
        }
    }

    /// Fills a rectangle, at least one dot wide and high.
    pub fn fill(&mut self, area: Area) {
        self.canvas.fill(place::dots(area, self.resolution), true);
    }

    /// Draws `text` into its box.
    pub fn text(&mut self, engine: &mut Engine, id: &str, text: &Text, value: &str) {
        let drawn = draw::text(
            engine,
            id,
            text,
            (value, ""),
            (self.resolution, self.letters),
        );
        self.put(drawn);
    }

    /// Draws a symbol into its box, modules in whole dots, quiet zones inside the box.
    pub fn symbol(&mut self, engine: &mut Engine, id: &str, symbol: &Symbol, data: &str) {
        let drawn = draw::symbol(engine, id, symbol, data, (self.resolution, self.letters));
        self.put(drawn);
    }

    fn put(&mut self, mut drawn: Drawn) {
        drawn.paint(&mut self.canvas);
        self.problems.append(&mut drawn.problems);
        self.texts.extend(drawn.text);
        self.symbols.extend(drawn.symbol);
    }
}
