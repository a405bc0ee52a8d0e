//! The shipped templates with their sample values, for the preview page.

use super::api::{ApiError, Document};
use crate::label::{Template, check, png, render};
use firstscan_drivers::bitmap::Resolution;
use serde::Serialize;

/// Resolutions a preview can be asked for, dots per inch.
const DPI: [u32; 3] = [203, 300, 600];

/// A template as it draws its sample values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TemplatePreview {
    pub name: String,
    pub title: String,
    pub width_um: i64,
    pub height_um: i64,
    /// What is wrong with the label of the sample values; empty if it may be printed.
    pub problems: Vec<String>,
}

/// All shipped templates, by name; drawn at the smallest resolution to tell their problems.
pub(super) fn list() -> Vec<TemplatePreview> {
    let preview = |name: &str| {
        let template = Template::load(name).ok()?;
        let drawn = render(&template, &template.sample, Resolution::from_dpi(DPI[0]));
        let mut problems: Vec<String> = drawn.problems.iter().map(ToString::to_string).collect();
        problems.extend(check::expect(&drawn).iter().map(ToString::to_string));
        Some(TemplatePreview {
            name: template.name,
            title: template.title,
            width_um: template.width_um,
            height_um: template.height_um,
            problems,
        })
    };
    Template::shipped().into_iter().filter_map(preview).collect()
}

/// The sample label of a shipped template as PNG; None if there is no such template.
pub(super) fn picture(name: &str, dpi: u32) -> Result<Option<Document>, ApiError> {
    if !DPI.contains(&dpi) {
        let text = format!("dpi = {dpi}: ask for 203, 300 or 600");
        return Err(ApiError::Invalid { text });
    }
    if !Template::shipped().contains(&name) {
        return Ok(None);
    }
    let invalid = |text: String| ApiError::Invalid { text };
    let template = Template::load(name).map_err(|e| invalid(e.to_string()))?;
    let resolution = Resolution::from_dpi(dpi);
    let drawn = render(&template, &template.sample, resolution);
    let bytes = png::encode(&drawn.bitmap, resolution).map_err(|e| invalid(e.to_string()))?;
    let format = "png".to_owned();
    Ok(Some(Document { format, bytes }))
}
