//! Templates: a folder with `label.toml` (what is where) and `sample.json` (field values that
//! show it). Shipped ones are embedded; a folder on disk works the same way.

pub mod binding;
mod build;
pub mod schema;

use std::path::Path;

use include_dir::{Dir, include_dir};

use binding::Binding;
use schema::{Align, Font, Level, Symbology, Weight};

use crate::label::FieldMap;

static SHIPPED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/templates");

/// Largest template file read.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// A checked template. All lengths are micrometres from the top left corner.
#[derive(Debug, Clone)]
pub struct Template {
    /// Name of its folder.
    pub name: String,
    /// One line for people.
    pub title: String,
    pub width_um: i64,
    pub height_um: i64,
    /// In drawing order.
    pub elements: Vec<Element>,
    /// Example values, from `sample.json`.
    pub sample: FieldMap,
}

/// A thing on the label.
#[derive(Debug, Clone)]
pub struct Element {
    pub id: String,
    /// Drawn only if this field holds something.
    pub when: Option<String>,
    pub kind: Kind,
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
    /// A filled rectangle.
    Fill(Area),
    /// An outline of this thickness, drawn inwards.
    Frame {
        area: Area,
        thickness_um: i64,
    },
}

/// Text in a box: wrapped at the width, shrunk from `size` to `size_min` until it fits.
#[derive(Debug, Clone)]
pub struct Text {
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
}

/// A bar code in a box that includes its quiet zones.
#[derive(Debug, Clone)]
pub struct Symbol {
    pub area: Area,
    pub binding: Binding,
    pub symbology: Symbology,
    pub module_um: i64,
    pub module_min_um: i64,
    pub align: Align,
    pub level: Level,
}

/// Why a template cannot be used; each text names file, element and remedy.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error(
        "no template '{name}': neither shipped ({shipped}) nor a folder with label.toml; \
         give one of the names or the folder's path"
    )]
    Unknown { name: String, shipped: String },
    #[error("{file}: cannot be read ({reason}); check that it exists and is readable")]
    Unreadable { file: String, reason: String },
    #[error("{file}: {reason}")]
    File { file: String, reason: String },
    #[error("{file}: element '{element}': {reason}")]
    Element {
        file: String,
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
        let embedded = |file: &str| {
            SHIPPED
                .get_file(format!("{name_or_folder}/{file}"))?
                .contents_utf8()
        };
        if let (Some(toml), Some(sample)) = (embedded("label.toml"), embedded("sample.json")) {
            return build::template(name_or_folder, name_or_folder, toml, sample);
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
        let toml = read(&folder.join("label.toml"))?;
        let sample = read(&folder.join("sample.json"))?;
        build::template(&name, name_or_folder, &toml, &sample)
    }

    /// Builds a template from the two files' text; `origin` is the folder named in errors.
    pub fn parse(origin: &str, toml: &str, sample: &str) -> Result<Self, TemplateError> {
        build::template(origin, origin, toml, sample)
    }

    /// Every field name the template uses, sorted, once each.
    pub fn fields(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for element in &self.elements {
            names.extend(element.when.clone());
            match &element.kind {
                Kind::Text(text) => names.extend(text.binding.fields().map(str::to_owned)),
                Kind::Symbol(symbol) => names.extend(symbol.binding.fields().map(str::to_owned)),
                Kind::Fill(_) | Kind::Frame { .. } => {}
            }
        }
        names.sort_unstable();
        names.dedup();
        names
    }
}

fn read(path: &Path) -> Result<String, TemplateError> {
    let unreadable = |reason: String| TemplateError::Unreadable {
        file: path.display().to_string(),
        reason,
    };
    let size = std::fs::metadata(path)
        .map_err(|e| unreadable(e.to_string()))?
        .len();
    if size > FILE_BYTES_MAX {
        return Err(unreadable(format!(
            "{size} bytes, at most {FILE_BYTES_MAX} are allowed"
        )));
    }
    std::fs::read_to_string(path).map_err(|e| unreadable(e.to_string()))
}
