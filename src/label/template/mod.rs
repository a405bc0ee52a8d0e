//! Templates: a folder with `label.toml` (what is where) and `sample.json` (field values that
//! show it). Shipped ones are embedded; a folder on disk works the same way.

pub mod binding;
mod build;
pub mod condition;
mod files;
pub mod schema;
mod source;

use std::path::Path;
use std::sync::Arc;

use firstscan_drivers::bitmap::{Bitmap, Resolution};
use include_dir::{Dir, include_dir};

use binding::Binding;
use condition::Condition;
use files::Files;
use schema::{Align, Caption, Fit, Font, Symbology, Weight};

use crate::label::FieldMap;
use crate::label::symbol::Options;

static SHIPPED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// A checked template. All lengths are micrometres from the top left corner.
#[derive(Debug, Clone)]
pub struct Template {
    /// Name of its folder.
    pub name: String,
    /// One line for people.
    pub title: String,
    pub width_um: i64,
    pub height_um: i64,
    /// In drawing order; repeated ones once per copy.
    pub elements: Vec<Element>,
    /// What repeats, and how often there is room for it.
    pub repeats: Vec<Repeat>,
    /// Example values, from `sample.json`.
    pub sample: FieldMap,
}

/// Numbered fields with room for so many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repeat {
    /// `items` for `items.1.sku`.
    pub name: String,
    pub max: u32,
    /// The first element that repeats it.
    pub element: String,
}

/// A thing on the label.
#[derive(Debug, Clone)]
pub struct Element {
    pub id: String,
    /// Line of its table in `label.toml`.
    pub line: usize,
    /// All must hold.
    pub when: Vec<Condition>,
    pub kind: Kind,
    /// What it is instead at certain resolutions, dots per inch.
    pub at: Vec<(u32, Kind)>,
}

/// A rectangle, micrometres.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    pub x_um: i64,
    pub y_um: i64,
    pub width_um: i64,
    pub height_um: i64,
}

#[derive(Debug, Clone)]
pub enum Kind {
    Text(Text),
    Symbol(Symbol),
    Image(Image),
    /// A filled rectangle.
    Fill {
        area: Area,
        radius_um: i64,
    },
    /// An outline of this thickness, drawn inwards.
    Frame {
        area: Area,
        thickness_um: i64,
        radius_um: i64,
    },
}

/// Text in a box: wrapped at the width, shrunk from `size` to `size_min` until it fits.
#[derive(Debug, Clone)]
pub struct Text {
    /// As it lies on the label, turned.
    pub area: Area,
    pub binding: Binding,
    pub font: Font,
    pub weight: Weight,
    pub size_um: i64,
    pub size_min_um: i64,
    pub lines_max: u32,
    pub line_height_percent: u32,
    pub align: Align,
    /// Centred in the height.
    pub middle: bool,
    /// White on a black box that fills the area; keeps a margin at the sides and is centred in
    /// the height.
    pub inverse: bool,
    /// Quarter turns clockwise, 0 to 3.
    pub turns: u8,
    /// Country whose way of writing is wanted.
    pub country: Option<Binding>,
}

/// A bar code in a box that includes its quiet zones and its human-readable line.
#[derive(Debug, Clone)]
pub struct Symbol {
    /// As it lies on the label, turned.
    pub area: Area,
    pub binding: Binding,
    pub symbology: Symbology,
    pub module_um: i64,
    pub module_min_um: i64,
    pub align: Align,
    pub options: Options,
    /// Wide to narrow times ten, for symbologies of two widths.
    pub wide_tenths: u32,
    pub caption: Caption,
    pub caption_size_um: i64,
    /// Quarter turns clockwise, 0 to 3.
    pub turns: u8,
}

/// A 1-bit picture.
#[derive(Debug, Clone)]
pub struct Image {
    pub area: Area,
    pub bitmap: Arc<Bitmap>,
    pub fit: Fit,
    pub align: Align,
    pub turns: u8,
}

/// Why a template cannot be used; each text names file, line, element and remedy.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error(
        "no template '{name}': neither shipped ({shipped}) nor a folder with label.toml; \
         give one of the names or the folder's path"
    )]
    Unknown { name: String, shipped: String },
    #[error("{file}: cannot be read ({reason}); check that it exists and is readable")]
    Unreadable { file: String, reason: String },
    #[error("{file}:{line}: {reason}")]
    File {
        file: String,
        line: usize,
        reason: String,
    },
    #[error("{file}:{line}: element '{element}': {reason}")]
    Element {
        file: String,
        line: usize,
        element: String,
        reason: String,
    },
}

impl Template {
    /// Names of the shipped templates, sorted.
    pub fn shipped() -> Vec<&'static str> {
        let mut names: Vec<&str> = SHIPPED
            .dirs()
            .filter_map(|dir| dir.path().file_name()?.to_str())
            .collect();
        names.sort_unstable();
        names
    }

    /// A shipped template by name, else a folder by path.
    pub fn load(name_or_folder: &str) -> Result<Self, TemplateError> {
        if SHIPPED.get_dir(name_or_folder).is_some() {
            return build::template(name_or_folder, &Files::shipped(&SHIPPED, name_or_folder));
        }
        let folder = Path::new(name_or_folder);
        if !folder.join("label.toml").is_file() {
            return Err(TemplateError::Unknown {
                name: name_or_folder.to_owned(),
                shipped: Self::shipped().join(", "),
            });
        }
        let name = folder
            .file_name()
            .map_or_else(String::new, |n| n.to_string_lossy().into());
        build::template(&name, &Files::folder(folder))
    }

    /// Builds a template from the two files' text; `origin` is the folder named in errors. It
    /// has no pictures.
    pub fn parse(origin: &str, toml: &str, sample: &str) -> Result<Self, TemplateError> {
        build::template(origin, &Files::texts(origin, toml, sample))
    }

    /// Field values of another JSON file in a shipped template's folder, such as `strange.json`.
    pub fn shipped_data(name: &str, file: &str) -> Option<FieldMap> {
        let file = SHIPPED.get_file(format!("{name}/{file}"))?;
        serde_json::from_slice(file.contents()).ok()
    }

    /// Names of all JSON files in a shipped template's folder, sorted.
    pub fn shipped_data_files(name: &str) -> Vec<&'static str> {
        let files = SHIPPED.get_dir(name).into_iter().flat_map(Dir::files);
        let mut names: Vec<&str> = files
            .filter_map(|file| file.path().file_name()?.to_str())
            .filter(|name| Path::new(name).extension().is_some_and(|e| e == "json"))
            .collect();
        names.sort_unstable();
        names
    }

    /// Every field name the template uses, sorted, once each.
    pub fn fields(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for element in &self.elements {
            let asked = element.when.iter().filter_map(Condition::field);
            names.extend(asked.map(str::to_owned));
            for kind in std::iter::once(&element.kind).chain(element.at.iter().map(|(_, k)| k)) {
                match kind {
                    Kind::Text(text) => {
                        let country = text.country.iter().flat_map(Binding::fields);
                        names.extend(text.binding.fields().chain(country).map(str::to_owned));
                    }
                    Kind::Symbol(symbol) => {
                        names.extend(symbol.binding.fields().map(str::to_owned));
                    }
                    Kind::Image(_) | Kind::Fill { .. } | Kind::Frame { .. } => {}
                }
            }
        }
        names.sort_unstable();
        names.dedup();
        names
    }
}

impl Element {
    /// Whether it is drawn for these fields.
    pub fn shown(&self, fields: &FieldMap) -> bool {
        self.when.iter().all(|condition| condition.holds(fields))
    }

    /// What it is at this resolution.
    pub fn kind_at(&self, resolution: Resolution) -> &Kind {
        let special = |(dpi, _): &&(u32, Kind)| Resolution::from_dpi(*dpi) == resolution;
        self.at
            .iter()
            .find(special)
            .map_or(&self.kind, |(_, kind)| kind)
    }
}

impl Kind {
    /// The box it stays in.
    pub fn area(&self) -> Area {
        match self {
            Self::Text(text) => text.area,
            Self::Symbol(symbol) => symbol.area,
            Self::Image(image) => image.area,
            Self::Fill { area, .. } | Self::Frame { area, .. } => *area,
        }
    }

    fn area_mut(&mut self) -> &mut Area {
        match self {
            Self::Text(text) => &mut text.area,
            Self::Symbol(symbol) => &mut symbol.area,
            Self::Image(image) => &mut image.area,
            Self::Fill { area, .. } | Self::Frame { area, .. } => area,
        }
    }
}
