//! `firstscan label`, and `firstscan-label`: render, convert, check and watch labels without a
//! daemon.

mod check;
mod convert;
mod render;
mod target;
mod watch;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Args, Parser, Subcommand, ValueEnum};
use firstscan_drivers::bitmap::Resolution;
use firstscan_drivers::length::Length;

use crate::label::{import, parse_um};
use target::{Format, Target};
use watch::Watch;

const PROGRAM: &str = "firstscan-label";
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
        /// A picture, a document, or a printer's language
        #[arg(long, default_value = "png", value_parser = Format::names())]
        format: String,
        /// Where to write; standard output if absent
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Put a carrier's label (ZPL, PDF, PNG, JPEG, GIF, BMP, TIFF) on our stock and into any
    /// printer's language; several labels become FILE-1, FILE-2
    Convert {
        /// The label as it came
        file: PathBuf,
        /// What FILE is; seen from its content if absent
        #[arg(long)]
        from: Option<From>,
        /// Dots per inch of the printer
        #[arg(long, default_value_t = 203, value_parser = dpi_range())]
        dpi: u32,
        /// A picture, a document, or a printer's language
        #[arg(long, default_value = "png", value_parser = Format::names())]
        to: String,
        /// Stock, millimetres (101.6x152.4) or inches (4x6in)
        #[arg(long, default_value = "4x6in", value_parser = parse_size)]
        size: (Length, Length),
        /// Leave a ZPL label as it is, without what would outlive it or harm the printer
        #[arg(long)]
        native: bool,
        /// Where to write; standard output if absent
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Read every code of a label (ZPL, PDF or picture) and measure it
    Check {
        /// The label, or a picture of it
        file: PathBuf,
        /// Dots per inch at which a PDF or ZPL label is looked at
        #[arg(long, default_value_t = 203, value_parser = dpi_range())]
        dpi: u32,
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
}

/// Render, convert and check labels: what `firstscan label` does, by itself
#[derive(Debug, Parser)]
#[command(name = PROGRAM, version, arg_required_else_help = true)]
struct Alone {
    /// Print one JSON document on standard output
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    label: LabelArgs,
}

/// What a carrier's file is.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum From {
    Zpl,
    Pdf,
    Png,
    Jpeg,
    Gif,
    Bmp,
    Tiff,
}

impl From {
    fn kind(self) -> import::Kind {
        match self {
            Self::Zpl => import::Kind::Zpl,
            Self::Pdf => import::Kind::Pdf,
            Self::Png => import::Kind::Png,
            Self::Jpeg => import::Kind::Jpeg,
            Self::Gif => import::Kind::Gif,
            Self::Bmp => import::Kind::Bmp,
            Self::Tiff => import::Kind::Tiff,
        }
    }
}

/// The program that has nothing but labels.
pub fn main() -> ExitCode {
    let alone = Alone::parse();
    super::ended(PROGRAM, run(alone.label, alone.json))
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
            let resolution = Resolution::from_dpi(dpi.parse()?);
            let target = Target::new(&format, out, json)?;
            render::run(&template, &data, resolution, &target)
        }
        Command::Convert {
            file,
            from,
            dpi,
            to,
            size,
            native,
            out,
        } => {
            let resolution = Resolution::from_dpi(dpi);
            let target = Target::new(&to, out, json)?;
            let source = convert::Source {
                file: &file,
                kind: from.map(From::kind),
                native,
            };
            convert::run(&source, size, resolution, &target)
        }
        Command::Check { file, dpi } => check::run(&file, Resolution::from_dpi(dpi), json),
        Command::Watch {
            folder,
            data,
            dpi,
            out,
        } => {
            let watch = Watch::new(&folder, data, out, Resolution::from_dpi(dpi))?;
            watch.run(&mut std::io::stdout().lock())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// Reads a file of at most `bytes_max` bytes.
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
}
