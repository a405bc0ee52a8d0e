//! From `label.toml` as written to a checked [`Template`].

use serde::de::DeserializeOwned;

use super::binding::{Binding, is_field_name};
use super::schema::{BoxSpec, Head, LineSpec, Measure, SymbolSpec, Symbology, TextSpec};
use super::{Area, Element, Kind, Symbol, Template, TemplateError, Text};
use crate::label::FieldMap;
use crate::label::units::mm_text;

/// Sides of a label; 300 mm at 600 dpi are 50 million dots.
const SIDES_UM: std::ops::RangeInclusive<i64> = 5_000..=300_000;
const ELEMENTS_MAX: usize = 200;
const LINES_MAX: u32 = 100;
/// Narrowest module unless the template says otherwise: 0.25 mm, two dots at 203 dpi.
const MODULE_MIN_UM: i64 = 250;

/// Builds the template called `name` from the texts of folder `origin`.
pub fn template(
    name: &str,
    origin: &str,
    toml: &str,
    sample: &str,
) -> Result<Template, TemplateError> {
    let file = format!("{origin}/label.toml");
    let wrong = |reason: String| TemplateError::File {
        file: file.clone(),
        reason,
    };
    let head: Head = toml::from_str(toml).map_err(|e| wrong(e.to_string()))?;
    if head.format != 1 {
        return Err(wrong(format!(
            "format {} is unknown; write format = 1",
            head.format
        )));
    }
    if !SIDES_UM.contains(&head.width.0) || !SIDES_UM.contains(&head.height.0) {
        return Err(wrong("width and height must be 5 to 300 mm".into()));
    }
    if head.element.is_empty() || head.element.len() > ELEMENTS_MAX {
        return Err(wrong(format!(
            "1 to {ELEMENTS_MAX} [[element]] tables are needed"
        )));
    }
    let page = Area {
        x_um: 0,
        y_um: 0,
        width_um: head.width.0,
        height_um: head.height.0,
    };
    let mut elements: Vec<Element> = Vec::new();
    for (index, table) in head.element.into_iter().enumerate() {
        let label = match table.get("id").and_then(toml::Value::as_str) {
            Some(id) => id.to_owned(),
            None => format!("number {}", index + 1),
        };
        let twice = elements.iter().any(|earlier| earlier.id == label);
        let built = if twice {
            Err("this id is used twice; give each element its own".into())
        } else {
            element(table, page)
        };
        elements.push(built.map_err(|reason| TemplateError::Element {
            file: file.clone(),
            element: label,
            reason,
        })?);
    }
    let sample: FieldMap = serde_json::from_str(sample).map_err(|e| TemplateError::File {
        file: format!("{origin}/sample.json"),
        reason: format!("{e}; it must be one JSON object of texts"),
    })?;
    Ok(Template {
        name: name.to_owned(),
        title: head.title,
        width_um: page.width_um,
        height_um: page.height_um,
        elements,
        sample,
    })
}

fn element(mut table: toml::Table, page: Area) -> Result<Element, String> {
    let id = take_text(&mut table, "id")?.ok_or("give it an id")?;
    let kind = take_text(&mut table, "kind")?.unwrap_or_default();
    let when = take_text(&mut table, "when")?;
    if let Some(field) = when.as_deref().filter(|field| !is_field_name(field)) {
        return Err(format!(
            "when = '{field}' is no field name; write it without braces"
        ));
    }
    let kind = match kind.as_str() {
        "text" => Kind::Text(text(spec(table)?)?),
        "symbol" => Kind::Symbol(symbol(spec(table)?)?),
        "line" => Kind::Fill(line(&spec(table)?)?),
        "box" => frame(&spec(table)?)?,
        other => return Err(format!("kind = '{other}'; use text, symbol, line or box")),
    };
    inside(kind.area(), page)?;
    Ok(Element { id, when, kind })
}

impl Kind {
    fn area(&self) -> Area {
        match self {
            Self::Text(text) => text.area,
            Self::Symbol(symbol) => symbol.area,
            Self::Fill(area) | Self::Frame { area, .. } => *area,
        }
    }
}

fn take_text(table: &mut toml::Table, key: &str) -> Result<Option<String>, String> {
    match table.remove(key) {
        None => Ok(None),
        Some(toml::Value::String(text)) => Ok(Some(text)),
        Some(other) => Err(format!("{key} = {other} must be text in quotes")),
    }
}

fn spec<T: DeserializeOwned>(table: toml::Table) -> Result<T, String> {
    toml::Value::Table(table)
        .try_into()
        .map_err(|e| e.to_string().trim().to_owned())
}

fn text(spec: TextSpec) -> Result<Text, String> {
    let lines_max = spec.max_lines.unwrap_or(1);
    let line_height_percent = spec.line_height.unwrap_or(120);
    let size_min_um = spec.min_size.unwrap_or(spec.size).0;
    if !(1..=LINES_MAX).contains(&lines_max) {
        return Err(format!("max_lines = {lines_max}; use 1 to {LINES_MAX}"));
    }
    if !(80..=300).contains(&line_height_percent) {
        return Err(format!(
            "line_height = {line_height_percent}; use 80 to 300 (percent)"
        ));
    }
    if !(1_000..=100_000).contains(&size_min_um) || size_min_um > spec.size.0 {
        return Err("min_size must be at least 1 mm and at most size".into());
    }
    let needed_um = spec.size.0 * i64::from(line_height_percent) * i64::from(lines_max) / 100;
    let height_um = spec.height.map_or(needed_um, |height| height.0);
    Ok(Text {
        area: area(spec.x, spec.y, spec.width, Measure(height_um)),
        binding: Binding::parse(&spec.text).map_err(|e| format!("text: {e}"))?,
        font: spec.font,
        weight: spec.weight,
        size_um: spec.size.0,
        size_min_um,
        lines_max,
        line_height_percent,
        align: spec.align,
        middle: spec.middle || spec.inverse,
        inverse: spec.inverse,
    })
}

fn symbol(spec: SymbolSpec) -> Result<Symbol, String> {
    let module_min_um = spec
        .module_min
        .map_or(MODULE_MIN_UM.min(spec.module.0), |min| min.0);
    if !(100..=5_000).contains(&module_min_um) || module_min_um > spec.module.0 {
        return Err("module_min must be 0.1 to 5 mm and at most module".into());
    }
    if spec.level.is_some() && spec.symbology != Symbology::Qr {
        return Err("level belongs to qr only; remove it".into());
    }
    Ok(Symbol {
        area: area(spec.x, spec.y, spec.width, spec.height),
        binding: Binding::parse(&spec.data).map_err(|e| format!("data: {e}"))?,
        symbology: spec.symbology,
        module_um: spec.module.0,
        module_min_um,
        align: spec.align,
        level: spec.level.unwrap_or_default(),
    })
}

fn line(spec: &LineSpec) -> Result<Area, String> {
    match (spec.width, spec.height) {
        (Some(width), None) => Ok(area(spec.x, spec.y, width, spec.thickness)),
        (None, Some(height)) => Ok(area(spec.x, spec.y, spec.thickness, height)),
        _ => Err("give width (a horizontal line) or height (a vertical one), not both".into()),
    }
}

fn frame(spec: &BoxSpec) -> Result<Kind, String> {
    let area = area(spec.x, spec.y, spec.width, spec.height);
    match (spec.thickness, spec.filled) {
        (Some(thickness), false) => Ok(Kind::Frame {
            area,
            thickness_um: thickness.0,
        }),
        (None, true) => Ok(Kind::Fill(area)),
        _ => Err("give thickness, or filled = true without thickness".into()),
    }
}

fn area(x: Measure, y: Measure, width: Measure, height: Measure) -> Area {
    Area {
        x_um: x.0,
        y_um: y.0,
        width_um: width.0,
        height_um: height.0,
    }
}

fn inside(area: Area, page: Area) -> Result<(), String> {
    let (right, bottom) = (area.x_um + area.width_um, area.y_um + area.height_um);
    if area.width_um == 0 || area.height_um == 0 {
        return Err("it has no width or height; give both".into());
    }
    if right > page.width_um || bottom > page.height_um {
        return Err(format!(
            "it ends at {} x {}, outside the label of {} x {}; move or shrink it",
            mm_text(right),
            mm_text(bottom),
            mm_text(page.width_um),
            mm_text(page.height_um)
        ));
    }
    Ok(())
}
