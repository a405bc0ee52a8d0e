//! `firstscan label`: render, convert and check labels without a daemon.

use std::fs;
use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Subcommand, ValueEnum};
use firstscan_drivers::bitmap::{Bitmap, Resolution};
use firstscan_drivers::length::Length;
use firstscan_drivers::printer::zpl::Zpl;
use firstscan_drivers::printer::{JobOptions, Language};
use serde::Serialize;

use crate::cli::label_watch::Watch;
use crate::label::import::{self, Kind};
use crate::label::{FieldMap, Problem, Template, TemplateError, check, parse_um, pdf, png, render};

/// Largest data file read.
const DATA_BYTES_MAX: u64 = 1 << 20;
const EXIT_NEGATIVE: u8 = 1;
const EXIT_USAGE: u8 = 2;

/// Draw labels, convert carriers' labels, check that codes can be read
#[derive(Debug, Args)]
pub struct LabelArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Draw a template with the fields of a JSON file
    Render {
        /// Shipped template, or a folder with label.toml
        template: String,
        /// JSON object of texts, one per field
        #[arg(long, value_name = "FILE")]
        data: PathBuf,
        /// Dots per inch of the printer
        #[arg(long, default_value = "203", value_parser = ["203", "300", "600"])]
        dpi: String,
        /// png, pdf or zpl
        #[arg(long, default_value = "png")]
        format: String,
        /// Where to write; standard output if absent
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Put a carrier's label (PDF, PNG, JPEG) on our stock; several labels become FILE-1, FILE-2
    Convert {
        file: PathBuf,
        /// What FILE is; seen from its content if absent
        #[arg(long)]
        from: Option<From>,
        /// Dots per inch of the printer
        #[arg(long, default_value_t = 203, value_parser = dpi_range())]
        dpi: u32,
        /// png, pdf or zpl
        #[arg(long, default_value = "png")]
        to: String,
        /// Stock, millimetres (101.6x152.4) or inches (4x6in)
        #[arg(long, default_value = "4x6in", value_parser = parse_size)]
        size: (Length, Length),
        /// Where to write; standard output if absent
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Draw a template folder again whenever a file in it is saved; ends with Ctrl-C
    Watch {
        /// Folder with label.toml
        folder: PathBuf,
        /// JSON object of texts; the folder's sample.json if absent
        #[arg(long, value_name = "FILE")]
        data: Option<PathBuf>,
        /// Dots per inch of the printer
        #[arg(long, default_value_t = 203, value_parser = dpi_range())]
        dpi: u32,
        /// PNG to write; beside the folder, with its name, if absent
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Read every code of a label (PNG, JPEG, PDF) and measure it
    Check {
        file: PathBuf,
        /// Dots per inch at which a PDF is looked at
        #[arg(long, default_value_t = 203, value_parser = dpi_range())]
        dpi: u32,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum From {
    Pdf,
    Png,
    Jpeg,
    /// Not available yet
    Zpl,
}

/// What a command wrote, for `--json`.
#[derive(Serialize)]
struct Written<'a> {
    ok: bool,
    files: Vec<String>,
    problems: &'a [Problem],
    notes: &'a [String],
}

/// Runs the command. Problems go to standard error and end with exit code 1 and no file.
pub fn run(args: LabelArgs, json: bool) -> anyhow::Result<ExitCode> {
    match args.command {
        Command::Render {
            template,
            data,
            dpi,
            format,
            out,
        } => {
            let Some(format) = Format::parse(&format) else {
                return Ok(ExitCode::from(EXIT_USAGE));
            };
            let resolution = Resolution::from_dpi(dpi.parse()?);
            render_template(&template, &data, resolution, &Target { format, out, json })
        }
        Command::Convert {
            file,
            from,
            dpi,
            to,
            size,
            out,
        } => {
            let Some(format) = Format::parse(&to) else {
                return Ok(ExitCode::from(EXIT_USAGE));
            };
            let resolution = Resolution::from_dpi(dpi);
            convert(&file, from, size, resolution, &Target { format, out, json })
        }
        Command::Watch {
            folder,
            data,
            dpi,
            out,
        } => {
            Watch::new(&folder, data, out, Resolution::from_dpi(dpi))?
                .run(&mut std::io::stdout().lock())?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Check { file, dpi } => check_file(&file, Resolution::from_dpi(dpi), json),
    }
}

/// Output formats there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Png,
    Pdf,
    Zpl,
}

impl Format {
    /// Tells on standard error what to use instead if `name` is none.
    fn parse(name: &str) -> Option<Self> {
        match name {
            "png" => Some(Self::Png),
            "pdf" => Some(Self::Pdf),
            "zpl" => Some(Self::Zpl),
            other => {
                eprintln!("format '{other}' is not available; use png, pdf or zpl");
                None
            }
        }
    }
}

/// Where the result goes and how it is told.
struct Target {
    format: Format,
    out: Option<PathBuf>,
    json: bool,
}

fn render_template(
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
    target.finish(&[drawn.bitmap], resolution, &problems, &[])
}

fn convert(
    file: &Path,
    from: Option<From>,
    size: (Length, Length),
    resolution: Resolution,
    target: &Target,
) -> anyhow::Result<ExitCode> {
    let bytes = read(file, import::FILE_BYTES_MAX as u64)?;
    let kind = match from {
        Some(From::Pdf) => Some(Kind::Pdf),
        Some(From::Png) => Some(Kind::Png),
        Some(From::Jpeg) => Some(Kind::Jpeg),
        Some(From::Zpl) => None,
        None => Kind::detect(&bytes),
    };
    let Some(kind) = kind else {
        let shown = file.display();
        eprintln!("{shown}: only PDF, PNG and JPEG can be converted; ask for one of them");
        return Ok(ExitCode::from(EXIT_USAGE));
    };
    let labels = match import::to_bitmaps(&bytes, kind, size, resolution) {
        Ok(labels) => labels,
        Err(error) => {
            eprintln!("{}: {error}", file.display());
            return Ok(ExitCode::from(EXIT_NEGATIVE));
        }
    };
    let several = labels.len() > 1;
    let (mut problems, mut notes, mut bitmaps) = (Vec::new(), Vec::new(), Vec::new());
    for (index, label) in labels.into_iter().enumerate() {
        let prefix = if several {
            format!("label {}: ", index + 1)
        } else {
            String::new()
        };
        problems.extend(label.problems.into_iter().map(|mut problem| {
            problem.element.insert_str(0, &prefix);
            problem
        }));
        notes.extend(
            label
                .notes
                .into_iter()
                .map(|note| format!("{prefix}{note}")),
        );
        bitmaps.push(label.bitmap);
    }
    target.finish(&bitmaps, resolution, &problems, &notes)
}

impl Target {
    /// Tells problems and notes, or writes the labels.
    fn finish(
        &self,
        labels: &[Bitmap],
        resolution: Resolution,
        problems: &[Problem],
        notes: &[String],
    ) -> anyhow::Result<ExitCode> {
        for problem in problems {
            eprintln!("{problem}");
        }
        for note in notes {
            eprintln!("{note}");
        }
        let files = if problems.is_empty() {
            self.write(labels, resolution)?
        } else {
            Vec::new()
        };
        if self.json {
            let ok = problems.is_empty();
            print_json(&Written {
                ok,
                files,
                problems,
                notes,
            })?;
        }
        Ok(ExitCode::from(if problems.is_empty() {
            0
        } else {
            EXIT_NEGATIVE
        }))
    }

    fn write(&self, labels: &[Bitmap], resolution: Resolution) -> anyhow::Result<Vec<String>> {
        let encoded: Vec<Vec<u8>> = labels
            .iter()
            .map(|label| self.encode(label, resolution))
            .collect::<Result<_, _>>()?;
        let Some(out) = &self.out else {
            let [one] = encoded.as_slice() else {
                bail!(
                    "{} labels cannot share standard output; give --out FILE",
                    encoded.len()
                );
            };
            if self.json {
                bail!("with --json standard output is taken; give --out FILE");
            }
            let mut stdout = std::io::stdout().lock();
            if stdout.is_terminal() && self.format != Format::Zpl {
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
            Format::Zpl => {
                let mut out = Vec::new();
                Zpl.encode(&label.view(), resolution, &JobOptions::default(), &mut out)?;
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

fn check_file(file: &Path, resolution: Resolution, json: bool) -> anyhow::Result<ExitCode> {
    let bytes = read(file, import::FILE_BYTES_MAX as u64)?;
    let report = match check::file(&bytes, resolution) {
        Ok(report) => report,
        Err(error) => {
            let remedy = "give a PNG, JPEG or PDF of the label";
            let problem = Problem::new("file", error.to_string(), remedy);
            check::Report {
                valid: false,
                score: 0,
                symbols: Vec::new(),
                problems: vec![problem],
            }
        }
    };
    if json {
        print_json(&report)?;
    } else {
        tell(&report)?;
    }
    Ok(ExitCode::from(if report.valid { 0 } else { EXIT_NEGATIVE }))
}

fn tell(report: &check::Report) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for symbol in &report.symbols {
        let check::Symbol {
            symbology,
            data,
            x,
            y,
            module_dots,
            score,
            ..
        } = symbol;
        writeln!(
            out,
            "{symbology} at {x},{y}, module {module_dots} dots, score {score}: {data}"
        )?;
        for problem in &symbol.problems {
            writeln!(out, "  {}; {}", problem.message, problem.remedy)?;
        }
        if let Some(dead) = symbol.dead_dots.as_ref().filter(|dead| dead.fatal > 0) {
            let first = dead.examples.first().copied().unwrap_or_default();
            writeln!(
                out,
                "  would not survive a dead dot of the head at {} of {} places, such as {first}",
                dead.fatal, dead.tried
            )?;
        }
    }
    for problem in &report.problems {
        writeln!(out, "{problem}")?;
    }
    let valid = if report.valid { "valid" } else { "not valid" };
    writeln!(
        out,
        "{valid}, score {} of 100 (relative; no ISO grade)",
        report.score
    )?;
    Ok(())
}

fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, value)?;
    writeln!(out)?;
    Ok(())
}

fn read(file: &Path, bytes_max: u64) -> anyhow::Result<Vec<u8>> {
    let shown = file.display();
    let size = fs::metadata(file)
        .with_context(|| format!("{shown}: cannot be read; check path and rights"))?
        .len();
    if size > bytes_max {
        bail!("{shown}: {size} bytes, at most {bytes_max} are read; give a smaller file");
    }
    fs::read(file).with_context(|| format!("{shown}: cannot be read; check path and rights"))
}

/// Resolutions of print heads.
fn dpi_range() -> clap::builder::RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(100..=1200)
}

/// `101.6x152.4` (mm), `4x6in`.
fn parse_size(text: &str) -> Result<(Length, Length), String> {
    let (body, inches) = match text.strip_suffix("in") {
        Some(body) => (body, true),
        None => (text.strip_suffix("mm").unwrap_or(text), false),
    };
    let side = |part: &str| {
        // The same decimals read as inches: 25.4 times as long.
        let um = parse_um(part.trim())?;
        let um = if inches { um * 254 / 10 } else { um };
        (5_000..=1_000_000)
            .contains(&um)
            .then(|| Length::from_um(um))
    };
    let sides = body
        .split_once(['x', 'X'])
        .and_then(|(w, h)| Some((side(w)?, side(h)?)));
    sides.ok_or_else(|| "write the stock as WIDTHxHEIGHT, 101.6x152.4 (mm) or 4x6in".into())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn sizes() {
        let four_by_six = (Length::from_um(101_600), Length::from_um(152_400));
        for text in ["4x6in", "101.6x152.4", "101.6X152.4mm", "4.0x6.0in"] {
            assert_eq!(parse_size(text).unwrap(), four_by_six, "{text}");
        }
        for text in ["", "4", "4x", "0x6in", "4x6x8", "4x6cm", "-4x6"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn several_labels_are_numbered() {
        assert_eq!(
            numbered(Path::new("a/label.png"), 2),
            PathBuf::from("a/label-2.png")
        );
        assert_eq!(numbered(Path::new("label"), 1), PathBuf::from("label-1"));
    }
}
