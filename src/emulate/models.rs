//! Which models stand at the emulated places, by the ids of the profiles the daemon is told.
//!
//! A profile can stand in if its device talks over a line that needs no kernel module: a serial
//! scale or scanner on a pty, a printer on TCP with paper for a label of 4 x 6 in.

use super::printers::{self, PrinterSettings};
use super::scales;
use super::scanners::{Gun, Wire};
use firstscan_drivers::bitmap::Resolution;
use firstscan_drivers::length::Length;
use firstscan_drivers::printer::Counted;
use firstscan_drivers::profile::{Kind, PrinterOptions, Profile};
use firstscan_drivers::registry;

/// The demo's labels: 4 x 6 in, less the edge that stock of 102 x 152 mm does not have.
const LABEL: (Length, Length) = (Length::from_mm(101), Length::from_mm(152));

/// Profile ids of the devices at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Models {
    pub scale: String,
    pub scanner: String,
    pub printer: String,
}

impl Default for Models {
    fn default() -> Self {
        Self {
            scale: "toledo-8217-kg".into(),
            scanner: "serial-line".into(),
            printer: "zpl-203".into(),
        }
    }
}

/// Why a profile cannot stand in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ModelError {
    #[error("there is no profile {0:?}: `firstscan device profiles` lists them")]
    Unknown(String),
    #[error("{id}: {why}; what can stand in as {role}: {able}")]
    Unfit {
        role: &'static str,
        id: String,
        why: String,
        able: String,
    },
}

/// The profiles behind [`Models`]; each can be emulated.
#[derive(Debug, Clone, Copy)]
pub struct Chosen {
    pub scale: &'static Profile,
    pub scanner: &'static Profile,
    pub printer: &'static Profile,
}

impl Models {
    /// Looks the ids up.
    ///
    /// # Errors
    /// [`ModelError`] that names the ids which can stand in.
    pub fn resolve(&self) -> Result<Chosen, ModelError> {
        Ok(Chosen {
            scale: one("scale", Kind::Scale, &self.scale)?,
            scanner: one("scanner", Kind::Scanner, &self.scanner)?,
            printer: one("printer", Kind::Printer, &self.printer)?,
        })
    }
}

fn one(role: &'static str, kind: Kind, id: &str) -> Result<&'static Profile, ModelError> {
    let profile = registry::profile(id).ok_or_else(|| ModelError::Unknown(id.to_owned()))?;
    let why = match obstacle(profile) {
        _ if profile.kind != kind => format!("this profile is of no {role}"),
        Some(why) => why,
        None => return Ok(profile),
    };
    let able = registry::profiles().iter();
    let able = able.filter(|p| p.kind == kind && obstacle(p).is_none());
    let able: Vec<&str> = able.map(|p| p.id.as_str()).collect();
    Err(ModelError::Unfit {
        role,
        id: id.to_owned(),
        why,
        able: able.join(", "),
    })
}

/// Why no emulated device can stand in for a profile.
fn obstacle(profile: &Profile) -> Option<String> {
    match profile.kind {
        Kind::Scale if profile.hid.is_some() => Some(usb("scale")),
        Kind::Scale => scales::scale(profile).is_none().then(no_model),
        Kind::Scanner => match Gun::of(profile).map(|gun| gun.wire()) {
            Some(Wire::Serial) => None,
            Some(Wire::Keyboard | Wire::HidPos) => Some(usb("scanner")),
            None => Some(no_model()),
        },
        Kind::Dimensioner => Some("no bench of the demo has a dimensioner".into()),
        Kind::Printer => printer_obstacle(profile),
    }
}

fn usb(what: &str) -> String {
    format!("a {what} with USB reports cannot be put on a serial line")
}

fn no_model() -> String {
    "no emulated device speaks its protocol".into()
}

fn printer_obstacle(profile: &Profile) -> Option<String> {
    let Some(options) = &profile.printer else {
        return Some(no_model());
    };
    if printers::dialect(&profile.codec, &settings(profile)).is_none() {
        return Some(no_model());
    }
    let media = options.media();
    let small = media.width < LABEL.0 || media.height < LABEL.1;
    small.then(|| {
        let mm = |length: Length| length.um() / 1000;
        let (width, height) = (mm(media.width), mm(media.height));
        format!("its stock is {width} x {height} mm, and the demo's labels are 4 x 6 in")
    })
}

/// How an emulated printer of this profile is built.
pub fn settings(profile: &Profile) -> PrinterSettings {
    let plain = PrinterSettings::default();
    let Some(options) = &profile.printer else {
        return plain;
    };
    let dpmm = match options.dpi {
        300 => 12,
        600 => 24,
        _ => 8,
    };
    let (_, label_dots) = options.media().dots(Resolution::from_dpi(options.dpi));
    PrinterSettings {
        model: profile.id.clone(),
        dpmm,
        head_dots: options.width_dots,
        label_dots,
        ..plain
    }
}

/// Whether a printer of this profile can prove a label by its counter.
pub fn counts(profile: &Profile) -> bool {
    let language = registry::language(profile);
    let proves = language.is_some_and(|l| l.proof().counted == Counted::Counter);
    proves && profile.printer.as_ref().is_some_and(|p| p.counter)
}

/// Whether it can be known of such a printer that it worked and then was done.
pub fn drains(profile: &Profile) -> bool {
    let answers = |options: &PrinterOptions| options.status || options.counter;
    profile.printer.as_ref().is_some_and(answers)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn refused(change: impl Fn(&mut Models)) -> String {
        let mut models = Models::default();
        change(&mut models);
        models.resolve().unwrap_err().to_string()
    }

    #[test]
    fn what_cannot_stand_in_names_what_can() {
        Models::default().resolve().unwrap();
        let unknown = refused(|m| m.scale = "acme".into());
        assert!(unknown.contains("`firstscan device profiles`"), "{unknown}");
        let hid = refused(|m| m.scale = "dymo-m10-m25".into());
        assert!(
            hid.contains("USB reports") && hid.contains("a-and-d, "),
            "{hid}"
        );
        assert!(!hid.contains("hid-scale"), "{hid}");
        for id in ["keyboard-de", "honeywell-hid-pos"] {
            let text = refused(|m| m.scanner = id.into());
            assert!(
                text.contains("USB reports") && text.contains("zebra-ssi"),
                "{text}"
            );
        }
        let other = refused(|m| m.printer = "serial-line".into());
        assert!(
            other.contains("of no printer") && other.contains("epl2-203"),
            "{other}"
        );
        let small = refused(|m| m.printer = "dymo-450".into());
        assert!(
            small.contains("54 x 101 mm") && small.contains("dymo-300"),
            "{small}"
        );
    }

    #[test]
    fn every_language_of_labels_and_every_serial_profile_stands_in() {
        let able = |kind: Kind| {
            let all = registry::profiles().iter();
            all.filter(move |p| p.kind == kind && obstacle(p).is_none())
        };
        let of_line = |p: &&Profile| p.hid.is_none() && p.codec != "keyboard";
        for kind in [Kind::Scale, Kind::Scanner] {
            let wanted = registry::profiles().iter().filter(|p| p.kind == kind);
            assert_eq!(able(kind).count(), wanted.filter(of_line).count());
        }
        let spoken = |codec: &str| able(Kind::Printer).any(|p| p.codec == codec);
        for codec in registry::codecs(Kind::Printer) {
            // A receipt printer's roll is narrower, the smaller DYMOs hold smaller labels.
            let narrow = matches!(codec, "escpos" | "dymo-wireless");
            assert_eq!(spoken(codec), !narrow, "{codec}");
        }
    }

    #[test]
    fn only_what_counts_is_said_to_count() {
        let profile = |id| registry::profile(id).unwrap();
        assert!(counts(profile("zpl-203")) && drains(profile("zpl-203")));
        for id in ["tspl-203", "epl2-203", "dpl-203", "sbpl-203", "dymo-5xl"] {
            assert!(!counts(profile(id)) && drains(profile(id)), "{id}");
        }
        let head = settings(profile("zpl-300"));
        assert_eq!(
            (head.dpmm, head.label_dots, head.head_dots),
            (12, 1800, 1280)
        );
    }
}
