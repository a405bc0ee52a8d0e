//! `label render`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use firstscan_drivers::bitmap::Resolution;

use super::target::{Format, Target};
use super::{EXIT_NEGATIVE, EXIT_USAGE, read};
use crate::label::{FieldMap, Template, TemplateError, check, pdf, render};

/// Largest data file read.
const DATA_BYTES_MAX: u64 = 1 << 20;

/// Draws `name` with the fields in file `data`.
pub fn run(
    name: &str,
    data: &Path,
    resolution: Resolution,
    target: &Target,
) -> anyhow::Result<ExitCode> {
    let template = match Template::load(name) {
        Ok(template) => template,
        Err(error) => {
            eprintln!("{error}");
            let missing = matches!(error, TemplateError::Unknown { .. });
            return Ok(ExitCode::from(if missing {
                EXIT_USAGE
            } else {
                EXIT_NEGATIVE
            }));
        }
    };
    let text = read(data, DATA_BYTES_MAX)?;
    let fields: FieldMap = serde_json::from_slice(&text).with_context(|| {
        let names = template.fields().join(", ");
        format!(
            "{}: must be one JSON object with a text for each field; {name} knows: {names}",
            data.display()
        )
    })?;
    let drawn = render(&template, &fields, resolution);
    let mut problems = drawn.problems.clone();
    problems.extend(check::expect(&drawn));
    if matches!(target.format, Format::Pdf) {
        let document = || Ok(vec![pdf::label(&template, &fields, resolution)?]);
        return target.finish_with(document, &problems, &[]);
    }
    target.finish(&[drawn.bitmap], resolution, &problems, &[])
}
