//! `label convert`.

use std::path::Path;
use std::process::ExitCode;

use firstscan_drivers::bitmap::Resolution;
use firstscan_drivers::length::Length;
use firstscan_drivers::printer::Media;

use super::target::{Format, Target};
use super::{EXIT_NEGATIVE, EXIT_USAGE, read};
use crate::label::Problem;
use crate::label::import::{self, Imported, Kind};
use crate::print::guard::{self, Preamble};

/// A carrier's file.
pub struct Source<'a> {
    pub file: &'a Path,
    /// Seen from its content if absent.
    pub kind: Option<Kind>,
    /// ZPL stays ZPL.
    pub native: bool,
}

/// Converts every label of the file.
pub fn run(
    source: &Source<'_>,
    size: (Length, Length),
    resolution: Resolution,
    target: &Target,
) -> anyhow::Result<ExitCode> {
    let bytes = read(source.file, import::FILE_BYTES_MAX as u64)?;
    let shown = source.file.display();
    let Some(kind) = source.kind.or_else(|| Kind::detect(&bytes)) else {
        eprintln!("{shown}: neither ZPL, PDF nor a picture; ask the carrier for one of them");
        return Ok(ExitCode::from(EXIT_USAGE));
    };
    let labels = match import::to_bitmaps(&bytes, kind, size, resolution) {
        Ok(labels) => labels,
        Err(error) => {
            eprintln!("{shown}: {error}");
            return Ok(ExitCode::from(EXIT_NEGATIVE));
        }
    };
    let (problems, mut notes) = told(&labels);
    if source.native {
        let zpl = matches!(target.format, Format::Printer(l) if l.id() == "zpl");
        if kind != Kind::Zpl || !zpl {
            eprintln!("--native keeps a ZPL label as it is; use it from ZPL with --to zpl");
            return Ok(ExitCode::from(EXIT_USAGE));
        }
        let media = Media {
            width: size.0,
            height: size.1,
        };
        let guarded = guard::guard(&bytes, &Preamble::of(media, resolution, None));
        notes.extend(guarded.report.iter().map(ToString::to_string));
        return target.finish_with(|| Ok(vec![guarded.bytes]), &problems, &notes);
    }
    let bitmaps: Vec<_> = labels.into_iter().map(|label| label.bitmap).collect();
    target.finish(&bitmaps, resolution, &problems, &notes)
}

/// Problems and notes of all labels, each with the label's number if there are several.
fn told(labels: &[Imported]) -> (Vec<Problem>, Vec<String>) {
    let (mut problems, mut notes) = (Vec::new(), Vec::new());
    for (index, label) in labels.iter().enumerate() {
        let prefix = if labels.len() > 1 {
            format!("label {}: ", index + 1)
        } else {
            String::new()
        };
        problems.extend(label.problems.iter().cloned().map(|mut problem| {
            problem.element.insert_str(0, &prefix);
            problem
        }));
        notes.extend(label.notes.iter().map(|note| format!("{prefix}{note}")));
    }
    (problems, notes)
}
