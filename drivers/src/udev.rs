//! udev rules out of profiles: who may open which device, as text.
//!
//! Narrow on purpose: a rule names vendor and product, gives the device to one group and nothing to
//! everybody else. Serial lines also tell ModemManager to keep away, because it sends modem
//! commands into every port it does not know, and a scale answers or stops answering.
//!
//! A profile's `text` is looked for in the product and the manufacturer text, as upper or lower
//! case: rules cannot see the IEEE-1284 text at the device itself.

use crate::profile::{Kind, Match, Profile};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The group that may open the devices.
pub const GROUP: &str = "firstscan";
/// Where the rules belong. The number is below 73, where desktops give devices to who sits there.
pub const PATH: &str = "/etc/udev/rules.d/60-firstscan.rules";

/// Chips inside serial adapters, which hide the device behind them: vendor, product, name. From
/// the tables of the Linux drivers ftdi_sio, pl2303, cp210x, ch341 and mxuport.
pub const ADAPTERS: &[(&str, &str, &str)] = &[
    ("0403", "6001", "FTDI FT232R"),
    ("0403", "6010", "FTDI FT2232"),
    ("0403", "6011", "FTDI FT4232"),
    ("0403", "6014", "FTDI FT232H"),
    ("0403", "6015", "FTDI FT-X"),
    ("067b", "2303", "Prolific PL2303"),
    ("067b", "23a3", "Prolific PL2303GC"),
    ("067b", "23c3", "Prolific PL2303GT"),
    ("067b", "23d3", "Prolific PL2303GL"),
    ("10c4", "ea60", "Silicon Labs CP210x"),
    ("10c4", "ea70", "Silicon Labs CP2105"),
    ("10c4", "ea71", "Silicon Labs CP2108"),
    ("110a", "1110", "Moxa UPort 1110"),
    ("110a", "1150", "Moxa UPort 1150"),
    ("1a86", "5523", "WCH CH341"),
    ("1a86", "7522", "WCH CH340"),
    ("1a86", "7523", "WCH CH340"),
    ("1a86", "55d3", "WCH CH343"),
    ("1a86", "55d4", "WCH CH9102"),
];

/// What of a USB device the host opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Access {
    /// Reports: `/dev/hidraw*`.
    Hidraw,
    /// Key strokes: `/dev/input/event*`.
    Input,
    /// `/dev/usb/lp*`.
    Printer,
    /// `/dev/ttyACM*`, `/dev/ttyUSB*`.
    Serial,
    /// The whole device through libusb, `/dev/bus/usb/*/*`.
    Usb,
}

/// One device the group may open in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule {
    pub access: Access,
    /// Four lower-case hex digits.
    pub vendor_id: String,
    /// Absent if the profile proves its model by the vendor, or by a text, alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Profile ids, adapter chips, or `named` for ids given by the operator.
    pub wanted_by: Vec<String>,
}

type Key = (Access, String, Option<String>, Option<String>);

/// The rules for all profiles, for the common serial adapters, and for devices somebody named by
/// vendor and product id (these in every way of access). In the order of their keys.
pub fn rules(profiles: &[Profile], named: &[(String, String)]) -> Vec<Rule> {
    let mut wanted: BTreeMap<Key, Vec<String>> = BTreeMap::new();
    let mut want = |access, ids: &Match, by: &str| {
        let lower = |id: &String| id.to_ascii_lowercase();
        let product = ids.product_id.as_ref().map(lower);
        let key = (access, lower(&ids.vendor_id), product, ids.text.clone());
        let list = wanted.entry(key).or_default();
        if !list.iter().any(|known| known == by) {
            list.push(by.to_owned());
        }
    };
    for profile in profiles {
        for ids in &profile.matches {
            for access in accesses(profile) {
                want(*access, ids, &profile.id);
            }
        }
    }
    for (vendor, product, name) in ADAPTERS {
        want(Access::Serial, &exact(vendor, product), name);
    }
    for (vendor, product) in named {
        for access in EVERY {
            want(access, &exact(vendor, product), "named");
        }
    }
    let rule = |((access, vendor_id, product_id, text), wanted_by): (Key, _)| Rule {
        access,
        vendor_id,
        product_id,
        text,
        wanted_by,
    };
    wanted.into_iter().map(rule).collect()
}

const EVERY: [Access; 5] = [
    Access::Hidraw,
    Access::Input,
    Access::Printer,
    Access::Serial,
    Access::Usb,
];

fn exact(vendor_id: &str, product_id: &str) -> Match {
    Match {
        vendor_id: vendor_id.to_owned(),
        product_id: Some(product_id.to_owned()),
        text: None,
    }
}

/// The ways to a device follow from what its protocol travels in.
fn accesses(profile: &Profile) -> &'static [Access] {
    match (profile.kind, profile.codec.as_str()) {
        (Kind::Printer, _) => &[Access::Printer, Access::Usb],
        (_, "keyboard") => &[Access::Hidraw, Access::Input],
        (_, codec) if profile.hid.is_some() || codec.starts_with("hid-") => {
            &[Access::Hidraw, Access::Usb]
        }
        _ => &[Access::Serial],
    }
}

const HEADER: &str = "\
# Devices of a packing station. Generated from the device profiles by `firstscan udev`.
#
#   firstscan udev | sudo tee /etc/udev/rules.d/60-firstscan.rules
#   sudo udevadm control --reload
#   sudo udevadm trigger
#
# The group must exist: `firstscan udev --what sysusers` says how. A device that is missing here is
# added with `firstscan udev --usb VVVV:PPPP`.

ACTION==\"remove\", GOTO=\"firstscan_end\"
SUBSYSTEM==\"hidraw\", GOTO=\"firstscan_hidraw\"
SUBSYSTEM==\"input\", KERNEL==\"event[0-9]*\", GOTO=\"firstscan_input\"
SUBSYSTEM==\"usbmisc\", KERNEL==\"lp[0-9]*\", GOTO=\"firstscan_printer\"
SUBSYSTEM==\"tty\", KERNEL==\"ttyACM[0-9]*|ttyUSB[0-9]*\", GOTO=\"firstscan_serial\"
SUBSYSTEM==\"usb\", ENV{DEVTYPE}==\"usb_device\", GOTO=\"firstscan_usb\"
GOTO=\"firstscan_end\"
";

const FOOTER: &str = "
LABEL=\"firstscan_give_port\"
ENV{ID_MM_DEVICE_IGNORE}=\"1\", ENV{ID_MM_PORT_IGNORE}=\"1\"

LABEL=\"firstscan_give\"
GROUP=\"firstscan\", MODE=\"0660\"

LABEL=\"firstscan_end\"
";

/// The rules as a file for udev.
pub fn text(rules: &[Rule]) -> String {
    let mut text = HEADER.to_owned();
    for access in EVERY {
        section(&mut text, access, rules);
    }
    text.push_str(FOOTER);
    text
}

fn section(text: &mut String, access: Access, rules: &[Rule]) {
    let (label, about, target) = match access {
        Access::Hidraw => ("hidraw", "Scales and scanners with reports.", "give"),
        Access::Input => ("input", "Scanners that type.", "give"),
        Access::Printer => (
            "printer",
            "Printers through usblp. Any of them: the language is the operator's choice, and\n\
             # CUPS does not use this node.",
            "give",
        ),
        Access::Serial => (
            "serial",
            "Serial adapters and USB serial devices.",
            "give_port",
        ),
        Access::Usb => ("usb", "Through libusb; ModemManager asks here too.", "give"),
    };
    let mut add = |line: &str| {
        text.push_str(line);
        text.push('\n');
    };
    add(&format!("\n# {about}\nLABEL=\"firstscan_{label}\""));
    if access == Access::Printer {
        add("GOTO=\"firstscan_give\"");
        return;
    }
    let serial = |rule: &&Rule| access == Access::Usb && rule.access == Access::Serial;
    for rule in rules.iter().filter(serial) {
        for line in conditions(rule, "ATTR") {
            add(&format!("{line}, ENV{{ID_MM_DEVICE_IGNORE}}=\"1\""));
        }
    }
    // A hub above a device has a vendor, too: only the device's own attributes count for it.
    let attribute = if access == Access::Usb {
        "ATTR"
    } else {
        "ATTRS"
    };
    for rule in rules.iter().filter(|rule| rule.access == access) {
        add(&format!("# {}", names(rule)));
        for line in conditions(rule, attribute) {
            add(&format!("{line}, GOTO=\"firstscan_{target}\""));
        }
    }
    add("GOTO=\"firstscan_end\"");
}

/// Who wants it, on one line.
fn names(rule: &Rule) -> String {
    const NAMES_MAX: usize = 4;
    let mut names = rule
        .wanted_by
        .iter()
        .take(NAMES_MAX)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    let more = rule.wanted_by.len().saturating_sub(NAMES_MAX);
    if more > 0 {
        let written = write!(names, " and {more} more");
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    }
    names
}

/// One line of conditions, or two if a text may stand in either of two places.
fn conditions(rule: &Rule, attribute: &str) -> Vec<String> {
    let mut ids = format!("{attribute}{{idVendor}}==\"{}\"", rule.vendor_id);
    if let Some(product) = &rule.product_id {
        ids = format!("{ids}, {attribute}{{idProduct}}==\"{product}\"");
    }
    let Some(text) = &rule.text else {
        return vec![ids];
    };
    ["product", "manufacturer"]
        .iter()
        .map(|place| format!("{ids}, {attribute}{{{place}}}==\"*{}*\"", pattern(text)))
        .collect()
}

/// A glob that means this text in any case. What could mean something else to udev becomes `?`.
fn pattern(text: &str) -> String {
    let mut glob = String::new();
    for c in text.chars() {
        match c {
            'a'..='z' | 'A'..='Z' => {
                glob.extend(['[', c.to_ascii_lowercase(), c.to_ascii_uppercase(), ']']);
            }
            '0'..='9' | ' ' | '-' | '_' | '.' | '/' => glob.push(c),
            _ => glob.push('?'),
        }
    }
    glob
}
