//! Which profiles could drive a device, and by which evidence. Ids prove, usage pages and a
//! printer's own text tell, classes merely allow; the operator's word beats all of it.

use super::{Candidate, Found, UsbIdentity};
use firstscan_drivers::profile::{Kind, Match, Profile};
use firstscan_drivers::registry;
use firstscan_drivers::udev::ADAPTERS;

/// What printers call their languages, in upper case. The field is advisory: some say what they do
/// not speak.
const LANGUAGES: &[(&str, &str)] = &[
    ("ZPL", "zpl"),
    ("EPL", "epl2"),
    ("TSPL", "tspl"),
    ("XPP", "tspl"),
    ("CEZD", "tspl"),
    ("ESC/POS", "escpos"),
    ("CPCL", "cpcl"),
    ("DPL", "dpl"),
    ("SBPL", "sbpl"),
    ("PT-CBP", "brother-ql"),
];

/// Profiles that could drive the device, best first.
pub fn of(found: &Found) -> Vec<Candidate> {
    let mut fitting: Vec<Candidate> = registry::profiles()
        .iter()
        .filter_map(|profile| candidate(profile, found))
        .collect();
    fitting.sort_by(|a, b| b.score.cmp(&a.score).then(a.profile.cmp(b.profile)));
    fitting
}

fn candidate(profile: &'static Profile, found: &Found) -> Option<Candidate> {
    let mut clues = Vec::new();
    if let Some(usb) = &found.usb {
        clues.extend(
            profile
                .matches
                .iter()
                .filter_map(|wanted| by_ids(wanted, usb)),
        );
        clues.extend(by_page(profile, usb));
        clues.extend(by_language(profile, usb));
    }
    if clues.is_empty() {
        clues.extend(by_connection(profile, found));
    }
    let score = clues.iter().map(|(score, _)| *score).max()?;
    let mut evidence: Vec<String> = Vec::new();
    clues.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    for (_, text) in clues {
        if !evidence.contains(&text) {
            evidence.push(text);
        }
    }
    Some(Candidate {
        profile: &profile.id,
        score,
        evidence,
    })
}

type Clue = (u8, String);

fn by_ids(wanted: &Match, usb: &UsbIdentity) -> Option<Clue> {
    let texts = [&usb.manufacturer, &usb.product, &usb.ieee1284];
    let texts: Vec<&str> = texts
        .into_iter()
        .filter_map(|text| text.as_deref())
        .collect();
    if !wanted.fits(&usb.vendor_id, &usb.product_id, &texts) {
        return None;
    }
    let vendor = &usb.vendor_id;
    let (score, ids) = match (&wanted.product_id, &wanted.text) {
        (Some(product), _) => (100, format!("vendor and product id {vendor}:{product}")),
        (None, Some(_)) => (80, format!("vendor id {vendor}")),
        (None, None) => (60, format!("vendor id {vendor}")),
    };
    let text = wanted
        .text
        .as_ref()
        .map(|text| format!(" and {text:?} in its name"));
    Some((score, format!("{ids}{}", text.unwrap_or_default())))
}

/// HID usage tables: 0x8D weighing devices, 0x8C barcode scanners, 0x01 desktop (keyboards, but
/// mice as well).
fn by_page(profile: &Profile, usb: &UsbIdentity) -> Option<Clue> {
    let has = |page: &str| usb.usage_pages.iter().any(|own| own == page);
    let clue = match profile.codec.as_str() {
        "hid-scale" if has("008d") => (90, "its reports are of a scale (usage page 8d)"),
        "hid-pos" if has("008c") => (90, "its reports are of a scanner (usage page 8c)"),
        "keyboard" if has("0001") => (30, "it types or points (usage page 01), as keyboards do"),
        _ => return None,
    };
    Some((clue.0, clue.1.to_owned()))
}

fn by_language(profile: &Profile, usb: &UsbIdentity) -> Option<Clue> {
    let printer = profile.printer.as_ref()?;
    let id = usb.ieee1284.as_ref()?.to_ascii_uppercase();
    let said = id.split(';').find_map(|pair| {
        let (key, value) = pair.split_once(':')?;
        matches!(key.trim(), "CMD" | "COMMAND SET").then(|| value.trim().to_owned())
    })?;
    let speaks = |(word, codec): &&(&str, &str)| {
        *codec == profile.codec && said.split([',', ' ']).any(|w| w.starts_with(word))
    };
    LANGUAGES.iter().find(speaks)?;
    let text = format!("it says it speaks {said}");
    let names_head = id.contains(&format!("{}DPI", printer.dpi));
    Some(if names_head {
        (70, format!("{text} at {} dpi", printer.dpi))
    } else {
        (50, text)
    })
}

fn by_connection(profile: &Profile, found: &Found) -> Option<Clue> {
    let over_reports = profile.hid.is_some()
        || profile.codec.starts_with("hid-")
        || matches!(profile.codec.as_str(), "keyboard" | "http-json");
    if found.bus == "serial" && profile.kind != Kind::Printer && !over_reports {
        let usb = found.usb.as_ref();
        let chip = usb.and_then(|usb| {
            ADAPTERS
                .iter()
                .find(|(v, p, _)| *v == usb.vendor_id && *p == usb.product_id)
        });
        let text = match chip {
            Some((_, _, name)) => format!("{name} adapter: only you know what is behind it"),
            None => "any serial port can carry it; only you know".to_owned(),
        };
        return Some((10, text));
    }
    let is_printer = found
        .usb
        .as_ref()
        .is_some_and(|usb| usb.classes.contains(&"printer"));
    (is_printer && profile.kind == Kind::Printer)
        .then(|| (20, "it is a printer; its language is unknown".to_owned()))
}
