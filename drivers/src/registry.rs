//! Three static lists, one line each, and the embedded profiles.

use crate::codec::Codec;
use crate::mass::Unit;
use crate::printer::Language;
use crate::printer::brother_ql::BrotherQl;
use crate::printer::cpcl::Cpcl;
use crate::printer::dpl::Dpl;
use crate::printer::dymo::Dymo;
use crate::printer::dymo_labels::DymoLabels;
use crate::printer::epl2::Epl2;
use crate::printer::escpos::EscPos;
use crate::printer::sbpl::Sbpl;
use crate::printer::tspl::Tspl;
use crate::printer::zpl::Zpl;
use crate::profile::{Kind, Profile};
use crate::scale::framed::Framed;
use crate::scale::toledo_continuous::{self, ToledoContinuous};
use crate::scale::toledo8217::{Options, Toledo8217};
use crate::scanner::line::{Line, LineOptions};
use include_dir::{Dir, DirEntry, include_dir};
use std::sync::OnceLock;
use std::time::Duration;

/// `None` if the profile lacks what the protocol needs; a checked one never does.
type Make = fn(&Profile) -> Option<Box<dyn Codec>>;

static SCALES: &[(&str, Make)] = &[
    ("framed", framed),
    ("toledo-8217", |p| {
        Some(Box::new(Toledo8217::new(toledo_options(p))))
    }),
    ("toledo-continuous", |p| {
        Some(Box::new(ToledoContinuous::new(continuous_options(p))))
    }),
];

static SCANNERS: &[(&str, Make)] = &[("line", |p| Some(Box::new(Line::new(line_options(p)))))];

static DIMENSIONERS: &[(&str, Make)] = &[];

/// All printer languages.
pub static LANGUAGES: &[&dyn Language] = &[
    &Zpl,
    &Epl2,
    &Tspl,
    &EscPos,
    &Cpcl,
    &Dpl,
    &Sbpl,
    &BrotherQl,
    &Dymo,
    &DymoLabels::Series550,
    &DymoLabels::Wireless,
];

static PROFILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/profiles");

fn framed(profile: &Profile) -> Option<Box<dyn Codec>> {
    let poll = Duration::from_millis(profile.scale.poll_ms);
    let host = Framed::new(profile.framed.as_ref()?, profile.unit?, poll).ok()?;
    Some(Box::new(host))
}

fn toledo_options(profile: &Profile) -> Options {
    // A checked profile of a scale names its unit.
    let unit = profile.unit.unwrap_or(Unit::Kilogram);
    Options {
        implied_decimals: profile.scale.implied_decimals,
        poll_interval: Duration::from_millis(profile.scale.poll_ms),
        ..Options::new(unit)
    }
}

fn continuous_options(profile: &Profile) -> toledo_continuous::Options {
    toledo_continuous::Options {
        checksum: profile.scale.checksum,
        fixed_zeros: profile.scale.fixed_zeros,
    }
}

fn line_options(profile: &Profile) -> LineOptions {
    let options = &profile.scanner;
    LineOptions {
        prefix: options.prefix.clone().into_bytes(),
        suffixes: options
            .suffixes
            .iter()
            .map(|s| s.clone().into_bytes())
            .collect(),
        aim: options.aim,
        gap: Duration::from_millis(options.gap_ms),
        gap_ends: options.gap_ends,
    }
}

/// Whether a protocol or language of this name exists.
pub fn knows(kind: Kind, codec: &str) -> bool {
    codecs(kind).contains(&codec)
}

/// The protocols or languages a profile of this kind can name.
pub fn codecs(kind: Kind) -> Vec<&'static str> {
    match kind {
        Kind::Scale => SCALES.iter().map(|(name, _)| *name).collect(),
        Kind::Scanner => SCANNERS.iter().map(|(name, _)| *name).collect(),
        Kind::Dimensioner => DIMENSIONERS.iter().map(|(name, _)| *name).collect(),
        Kind::Printer => LANGUAGES.iter().map(|l| l.id()).collect(),
    }
}

/// All embedded profile files as (path, text); `BLUEPRINT.toml` is not among them.
pub fn files() -> Vec<(String, String)> {
    let mut files = Vec::new();
    let mut folders = vec![&PROFILES];
    while let Some(folder) = folders.pop() {
        for entry in folder.entries() {
            match entry {
                DirEntry::Dir(dir) => folders.push(dir),
                DirEntry::File(file) => {
                    let path = file.path().display().to_string();
                    if let Some(text) = file.contents_utf8().filter(|_| path.contains('/')) {
                        files.push((path, text.to_owned()));
                    }
                }
            }
        }
    }
    files.sort();
    files
}

/// All embedded profiles by id. A file that does not parse is left out; a test keeps that from
/// ever happening in a release.
pub fn profiles() -> &'static [Profile] {
    static PARSED: OnceLock<Vec<Profile>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let parse = |(path, text): &(String, String)| Profile::parse(path, text).ok();
        let mut profiles: Vec<Profile> = files().iter().filter_map(parse).collect();
        profiles.sort_by(|a, b| a.id.cmp(&b.id));
        profiles
    })
}

/// One embedded profile.
pub fn profile(id: &str) -> Option<&'static Profile> {
    profiles().iter().find(|p| p.id == id)
}

/// The codec of a scale, scanner or dimensioner profile; `None` for printers.
pub fn codec(profile: &Profile) -> Option<Box<dyn Codec>> {
    let list = match profile.kind {
        Kind::Scale => SCALES,
        Kind::Scanner => SCANNERS,
        Kind::Dimensioner => DIMENSIONERS,
        Kind::Printer => return None,
    };
    list.iter()
        .find(|(name, _)| *name == profile.codec)
        .and_then(|(_, make)| make(profile))
}

/// The codec of a scale profile.
pub fn scale_codec(profile: &Profile) -> Option<Box<dyn Codec>> {
    codec(profile).filter(|_| profile.kind == Kind::Scale)
}

/// The codec of a scanner profile.
pub fn scanner_codec(profile: &Profile) -> Option<Box<dyn Codec>> {
    codec(profile).filter(|_| profile.kind == Kind::Scanner)
}

/// The language of a printer profile.
pub fn language(profile: &Profile) -> Option<&'static dyn Language> {
    let printer = profile.kind == Kind::Printer;
    crate::printer::language(&profile.codec).filter(|_| printer)
}
