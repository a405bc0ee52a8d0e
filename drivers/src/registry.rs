//! Three static lists, one line each; the embedded profiles, and a site's own over them.

use crate::codec::Codec;
use crate::dimensioner::cubiscan::CubiScan;
use crate::dimensioner::http_json::HttpJson;
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
use crate::profile::{CapsLock, Kind, Profile, ProfileError, ScannerOptions, unescape};
use crate::scale::cas_enq::CasEnq;
use crate::scale::dibal::Dibal;
use crate::scale::framed::Framed;
use crate::scale::hid_scale::HidScale;
use crate::scale::toledo_continuous::{self, ToledoContinuous};
use crate::scale::toledo8217::{Options, Toledo8217};
use crate::scanner::hid_pos::{HidPos, HidPosOptions};
use crate::scanner::host::Messages;
use crate::scanner::keyboard::{self, Keyboard, KeyboardOptions};
use crate::scanner::line::{Answer, Line, LineOptions};
use crate::scanner::msgget::MsgGet;
use crate::scanner::ssi::{Ssi, SsiOptions};
use include_dir::{Dir, DirEntry, include_dir};
use std::sync::OnceLock;
use std::time::Duration;

/// `None` if the profile lacks what the protocol needs; a checked one never does.
type Make = fn(&Profile) -> Option<Box<dyn Codec>>;

static SCALES: &[(&str, Make)] = &[
    ("cas-enq", |p| {
        Some(Box::new(CasEnq::new(poll(p), p.scale.checksum_start)))
    }),
    ("dibal", |p| Some(Box::new(Dibal::new(poll(p))))),
    ("framed", framed),
    ("hid-scale", |p| {
        let zero = p.scale.zero_report.as_deref().and_then(unescape);
        Some(Box::new(HidScale::new(p.unit?, zero)))
    }),
    ("toledo-8217", |p| {
        Some(Box::new(Toledo8217::new(toledo_options(p))))
    }),
    ("toledo-continuous", |p| {
        Some(Box::new(ToledoContinuous::new(continuous_options(p))))
    }),
];

static SCANNERS: &[(&str, Make)] = &[
    ("line", |p| {
        Some(Box::new(Line::new(line_options(&p.scanner)?)))
    }),
    ("keyboard", |p| {
        Some(Box::new(Keyboard::new(keyboard_options(&p.scanner)?)))
    }),
    ("hid-pos", |p| {
        Some(Box::new(HidPos::new(hid_pos_options(&p.scanner)?)))
    }),
    ("ssi", |p| Some(Box::new(Ssi::new(ssi_options(&p.scanner))))),
    ("msgget", |p| {
        let gap = Duration::from_millis(p.scanner.gap_ms);
        Some(Box::new(MsgGet::new(gap, messages(&p.scanner)?)))
    }),
];

static DIMENSIONERS: &[(&str, Make)] = &[
    ("cubiscan", |_| Some(Box::new(CubiScan::default()))),
    ("http-json", |p| {
        let host = HttpJson::new(p.http.as_ref()?).ok()?;
        Some(Box::new(host))
    }),
];

/// Most files of a site.
const SITE_FILES_MAX: usize = 512;

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

fn poll(profile: &Profile) -> Duration {
    Duration::from_millis(profile.scale.poll_ms)
}

fn framed(profile: &Profile) -> Option<Box<dyn Codec>> {
    let host = Framed::new(profile.framed.as_ref()?, profile.unit?, poll(profile)).ok()?;
    Some(Box::new(host))
}

fn toledo_options(profile: &Profile) -> Options {
    // A checked profile of a scale names its unit.
    let unit = profile.unit.unwrap_or(Unit::Kilogram);
    Options {
        implied_decimals: profile.scale.implied_decimals,
        poll_interval: poll(profile),
        ..Options::new(unit)
    }
}

fn continuous_options(profile: &Profile) -> toledo_continuous::Options {
    toledo_continuous::Options {
        checksum: profile.scale.checksum,
        fixed_zeros: profile.scale.fixed_zeros,
    }
}

fn line_options(options: &ScannerOptions) -> Option<LineOptions> {
    let answer = |answer: &crate::profile::Answer| {
        Some(Answer {
            starts: unescape(&answer.starts)?,
            ends: unescape(&answer.ends)?,
            unasked: answer.unasked,
        })
    };
    Some(LineOptions {
        prefix: options.prefix.clone().into_bytes(),
        suffixes: plain(&options.suffixes),
        aim: options.aim,
        gap: Duration::from_millis(options.gap_ms),
        gap_ends: options.gap_ends,
        no_read: plain(&options.no_read),
        answers: options.answers.iter().map(answer).collect::<Option<_>>()?,
        messages: messages(options)?,
    })
}

fn plain(texts: &[String]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.clone().into_bytes()).collect()
}

fn messages(options: &ScannerOptions) -> Option<Messages> {
    let all = |texts: &[String]| {
        texts
            .iter()
            .map(|text| unescape(text))
            .collect::<Option<_>>()
    };
    Some(Messages {
        connect: all(&options.commands.connect)?,
        accept: all(&options.commands.accept)?,
        reject: all(&options.commands.reject)?,
        trigger: all(&options.commands.trigger)?,
    })
}

fn keyboard_options(options: &ScannerOptions) -> Option<KeyboardOptions> {
    let keys = options.keys.iter();
    let key =
        |(name, bytes): (&String, &String)| Some((keyboard::key_named(name)?, unescape(bytes)?));
    Some(KeyboardOptions {
        line: line_options(options)?,
        layout: keyboard::Layout::find(&options.layout)?,
        follow_caps: options.caps_lock == CapsLock::Follow,
        alt_digits: options.alt_digits,
        keys: keys.map(key).collect::<Option<_>>()?,
    })
}

fn hid_pos_options(options: &ScannerOptions) -> Option<HidPosOptions> {
    Some(HidPosOptions {
        shape: options.hid_shape,
        code_ids: options.code_ids,
        aim: options.aim,
        gap: Duration::from_millis(options.gap_ms),
        no_read: plain(&options.no_read),
        messages: messages(options)?,
    })
}

fn ssi_options(options: &ScannerOptions) -> SsiOptions {
    SsiOptions {
        aim: options.aim,
        gap: Duration::from_millis(options.gap_ms),
        no_read: plain(&options.no_read),
        feedback: options.ssi.clone(),
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

/// What keeps a site's profiles from being used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SiteError {
    #[error(transparent)]
    Profile(#[from] ProfileError),
    #[error("{second}: id: {id:?} is in {first} too: give one of them another id")]
    Twice {
        id: String,
        first: String,
        second: String,
    },
    #[error(
        "{origin}: kind: the built-in profile {id:?} is of another kind: write kind = {kind:?}, \
         or give this one another id"
    )]
    Kind {
        origin: String,
        id: String,
        kind: String,
    },
    #[error("{0} profile files: 512 are the limit: remove those that no device uses")]
    TooMany(usize),
    #[error("profiles are in use already: load a site's own ones before anything else")]
    Late,
}

static PROFILES_IN_USE: OnceLock<Vec<Profile>> = OnceLock::new();

/// The embedded profiles by id. A file that does not parse is left out; a test keeps that from
/// ever happening in a release.
fn built_in() -> Vec<Profile> {
    let parse = |(path, text): &(String, String)| Profile::parse(path, text).ok();
    let mut profiles: Vec<Profile> = files().iter().filter_map(parse).collect();
    profiles.sort_by(|a, b| a.id.cmp(&b.id));
    profiles
}

/// The embedded profiles with a site's over them, by id: (file name, text) pairs. A site's profile
/// replaces the embedded one of the same id.
///
/// # Errors
/// All mistakes of all files, each naming file, key and remedy.
pub fn merged(site: &[(String, String)]) -> Result<Vec<Profile>, Vec<SiteError>> {
    if site.len() > SITE_FILES_MAX {
        return Err(vec![SiteError::TooMany(site.len())]);
    }
    let (mut own, mut errors): (Vec<(&String, Profile)>, Vec<SiteError>) = Default::default();
    let mut all = built_in();
    for (origin, text) in site {
        let profile = match Profile::parse(origin, text) {
            Ok(profile) => profile,
            Err(error) => {
                errors.push(error.into());
                continue;
            }
        };
        let id = profile.id.clone();
        if let Some((first, _)) = own.iter().find(|(_, p)| p.id == id) {
            errors.push(SiteError::Twice {
                id,
                first: (*first).clone(),
                second: origin.clone(),
            });
            continue;
        }
        let namesake = all.iter().find(|p| p.id == id);
        if let Some(other) = namesake.filter(|p| p.kind != profile.kind) {
            errors.push(SiteError::Kind {
                origin: origin.clone(),
                id,
                kind: format!("{:?}", other.kind).to_lowercase(),
            });
            continue;
        }
        own.push((origin, profile));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    all.retain(|built_in| own.iter().all(|(_, p)| p.id != built_in.id));
    all.extend(own.into_iter().map(|(_, profile)| profile));
    all.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(all)
}

/// Puts a site's profiles over the embedded ones for the rest of the program's life. Once, before
/// any profile is asked for.
///
/// # Errors
/// As [`merged`]; [`SiteError::Late`] if profiles have been asked for.
pub fn use_site_profiles(site: &[(String, String)]) -> Result<(), Vec<SiteError>> {
    let all = merged(site)?;
    PROFILES_IN_USE.set(all).map_err(|_| vec![SiteError::Late])
}

/// All profiles by id.
pub fn profiles() -> &'static [Profile] {
    PROFILES_IN_USE.get_or_init(built_in)
}

/// One profile.
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
