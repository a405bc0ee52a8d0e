//! Three static lists, one line each, and the embedded profiles.

use crate::codec::Codec;
use crate::mass::Unit;
use crate::printer::Language;
use crate::printer::zpl::Zpl;
use crate::profile::{Kind, Profile};
use crate::scale::toledo8217::Toledo8217;
use crate::scanner::line::{Line, LineOptions};
use include_dir::{Dir, DirEntry, include_dir};
use std::sync::OnceLock;
use std::time::Duration;

type Make = fn(&Profile) -> Box<dyn Codec>;

static SCALES: &[(&str, Make)] = &[("toledo-8217", |p| Box::new(Toledo8217::new(unit(p))))];

static SCANNERS: &[(&str, Make)] = &[("line", |p| Box::new(Line::new(line_options(p))))];

static LANGUAGES: &[&dyn Language] = &[&Zpl];

static PROFILES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/profiles");

fn unit(profile: &Profile) -> Unit {
    let unit = profile.unit.as_deref().and_then(|u| Unit::parse(u).ok());
    unit.unwrap_or(Unit::Kilogram)
}

fn line_options(profile: &Profile) -> LineOptions {
    let options = &profile.scanner;
    LineOptions {
        prefix: options.prefix.clone().into_bytes(),
        terminators: options.terminators.clone().into_bytes(),
        aim: options.aim,
        gap: Duration::from_millis(options.gap_ms),
    }
}

/// Whether a protocol or language of this name exists.
pub fn knows(kind: Kind, codec: &str) -> bool {
    match kind {
        Kind::Scale => SCALES.iter().any(|(name, _)| *name == codec),
        Kind::Scanner => SCANNERS.iter().any(|(name, _)| *name == codec),
        Kind::Printer => LANGUAGES.iter().any(|l| l.id() == codec),
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

/// The codec of a scale or scanner profile; `None` for printers.
pub fn codec(profile: &Profile) -> Option<Box<dyn Codec>> {
    let list = match profile.kind {
        Kind::Scale => SCALES,
        Kind::Scanner => SCANNERS,
        Kind::Printer => return None,
    };
    list.iter()
        .find(|(name, _)| *name == profile.codec)
        .map(|(_, make)| make(profile))
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
    LANGUAGES
        .iter()
        .find(|l| printer && l.id() == profile.codec)
        .copied()
}
