//! Where a command's labels go, and in which form.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use firstscan_drivers::bitmap::{Bitmap, Resolution};
use firstscan_drivers::printer::{self, JobOptions, LANGUAGES, Language};
use serde::Serialize;

use super::EXIT_NEGATIVE;
use crate::label::{Problem, pdf, png};

/// Output formats there are.
#[derive(Clone, Copy)]
pub enum Format {
    Png,
    Pdf,
    Printer(&'static dyn Language),
}

impl Format {
    /// All names, as `--format` and `--to` take them.
    pub fn names() -> Vec<&'static str> {
        let languages = LANGUAGES.iter().map(|language| language.id());
        ["png", "pdf"].into_iter().chain(languages).collect()
    }

    fn parse(name: &str) -> Option<Self> {
        match name {
            "png" => Some(Self::Png),
            "pdf" => Some(Self::Pdf),
            language => printer::language(language).map(Self::Printer),
        }
    }
}

/// Where the result goes and how it is told.
pub struct Target {
    pub format: Format,
    out: Option<PathBuf>,
    json: bool,
}

/// What a command wrote, for `--json`.
#[derive(Serialize)]
struct Written<'a> {
    ok: bool,
    files: Vec<String>,
    problems: &'a [Problem],
    notes: &'a [String],
}

impl Target {
    /// A target of a format's name; names are checked by the command line already.
    pub fn new(format: &str, out: Option<PathBuf>, json: bool) -> anyhow::Result<Self> {
        let format = Format::parse(format)
            .ok_or_else(|| anyhow!("format '{format}' is unknown; --help lists all"))?;
        Ok(Self { format, out, json })
    }

    /// Tells problems and notes, or writes the labels.
    pub fn finish(
        &self,
        labels: &[Bitmap],
        resolution: Resolution,
        problems: &[Problem],
        notes: &[String],
    ) -> anyhow::Result<ExitCode> {
        let encode = || {
            let each = labels.iter().map(|label| self.encode(label, resolution));
            each.collect::<anyhow::Result<_>>()
        };
        self.finish_with(encode, problems, notes)
    }

    /// As [`Target::finish`], with files made by `encode` if there is no problem.
    pub fn finish_with(
        &self,
        encode: impl FnOnce() -> anyhow::Result<Vec<Vec<u8>>>,
        problems: &[Problem],
        notes: &[String],
    ) -> anyhow::Result<ExitCode> {
        for problem in problems {
            eprintln!("{problem}");
        }
        for note in notes {
            eprintln!("{note}");
        }
        let ok = problems.is_empty();
        let files = if ok {
            self.write(&encode()?)?
        } else {
            Vec::new()
        };
        if self.json {
            print_json(&Written {
                ok,
                files,
                problems,
                notes,
            })?;
        }
        Ok(ExitCode::from(if ok { 0 } else { EXIT_NEGATIVE }))
    }

    fn write(&self, encoded: &[Vec<u8>]) -> anyhow::Result<Vec<String>> {
        let Some(out) = &self.out else {
            let [one] = encoded else {
                bail!(
                    "{} labels cannot share standard output; give --out FILE",
                    encoded.len()
                );
            };
            if self.json {
                bail!("with --json standard output is taken; give --out FILE");
            }
            let mut stdout = std::io::stdout().lock();
            let text = matches!(self.format, Format::Printer(l) if l.id() == "zpl");
            if stdout.is_terminal() && !text {
                bail!("a terminal cannot show this format; give --out FILE");
            }
            stdout.write_all(one).context("standard output is closed")?;
            return Ok(Vec::new());
        };
        let mut files = Vec::with_capacity(encoded.len());
        for (index, bytes) in encoded.iter().enumerate() {
            let path = if encoded.len() == 1 {
                out.clone()
            } else {
                numbered(out, index + 1)
            };
            let shown = path.display().to_string();
            let hint = || format!("{shown}: cannot be written; check folder, rights and space");
            fs::write(&path, bytes).with_context(hint)?;
            files.push(shown);
        }
        Ok(files)
    }

    fn encode(&self, label: &Bitmap, resolution: Resolution) -> anyhow::Result<Vec<u8>> {
        match self.format {
            Format::Png => Ok(png::encode(label, resolution)?),
            Format::Pdf => Ok(pdf::encode(std::slice::from_ref(label), resolution)?),
            Format::Printer(language) => {
                let mut out = Vec::new();
                language.encode(&label.view(), resolution, &JobOptions::default(), &mut out)?;
                Ok(out)
            }
        }
    }
}

/// `label.png` -> `label-2.png`.
fn numbered(path: &Path, number: usize) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = match path.extension() {
        Some(extension) => format!("{stem}-{number}.{}", extension.to_string_lossy()),
        None => format!("{stem}-{number}"),
    };
    path.with_file_name(name)
}

/// Writes one JSON document to standard output.
pub fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_labels_are_numbered() {
        assert_eq!(
            numbered(Path::new("a/label.png"), 2),
            PathBuf::from("a/label-2.png")
        );
        assert_eq!(numbered(Path::new("label"), 1), PathBuf::from("label-1"));
    }
}
