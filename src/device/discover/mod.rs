//! What is plugged in, and which profiles could drive it. Looks, never probes.

mod serial_ports;
mod usb;

use firstscan_drivers::profile::{Kind, Profile};
use firstscan_drivers::registry;
use serde::Serialize;
use std::path::Path;

/// A device the system knows of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// `serial` or `usb`.
    pub bus: &'static str,
    /// What to write into the configuration: the most stable name of a port; `usb:BUS-ADDRESS`
    /// for USB devices without one.
    pub port: String,
    /// All other names, such as `/dev/ttyUSB0` and the by-path name.
    pub names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usb: Option<UsbIdentity>,
    /// Profiles that could drive it, best first.
    pub candidates: Vec<Candidate>,
}

/// What a USB device says about itself. Texts may be absent, empty or wrong.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct UsbIdentity {
    /// Four hex digits.
    pub vendor_id: String,
    pub product_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub manufacturer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// `printer`, `hid`, `cdc`, `mass_storage`, `hub` or `other`.
    pub class: &'static str,
}

/// A profile and why it could fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    pub profile: &'static str,
    /// 100 certain by the maker's ids, 10 merely possible.
    pub score: u8,
    pub evidence: Vec<String>,
}

/// Everything found, and what kept something from being seen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Inventory {
    pub devices: Vec<Found>,
    /// Such as missing permissions; each says what to do.
    pub problems: Vec<String>,
}

/// Lists serial ports and USB devices. Reads sysfs and descriptors only: no device is opened for
/// talk, because a blind probe makes one device take another one's question (`device-protocols` 1).
pub fn list() -> Inventory {
    let mut inventory = Inventory::default();
    let ports = serial_ports::list(Path::new("/"), &mut inventory.problems);
    let usb = usb::list(&mut inventory.problems);
    inventory.devices = ports;
    let covered = |found: &Found, all: &[Found]| {
        all.iter()
            .any(|port| port.bus == "serial" && same_device(port, found))
    };
    for found in usb {
        if !covered(&found, &inventory.devices) {
            inventory.devices.push(found);
        }
    }
    inventory
}

/// A port and a USB entry are one device if ids and serial number agree.
fn same_device(port: &Found, usb: &Found) -> bool {
    match (&port.usb, &usb.usb) {
        (Some(a), Some(b)) => {
            (&a.vendor_id, &a.product_id, &a.serial) == (&b.vendor_id, &b.product_id, &b.serial)
        }
        _ => false,
    }
}

/// Profiles that could drive the device, best first.
fn candidates(bus: &str, usb: Option<&UsbIdentity>) -> Vec<Candidate> {
    let mut fitting: Vec<Candidate> = registry::profiles()
        .iter()
        .filter_map(|p| candidate(p, bus, usb))
        .collect();
    fitting.sort_by(|a, b| b.score.cmp(&a.score).then(a.profile.cmp(b.profile)));
    fitting
}

fn candidate(profile: &'static Profile, bus: &str, usb: Option<&UsbIdentity>) -> Option<Candidate> {
    let mut evidence = Vec::new();
    let mut score = 0;
    if let Some(usb) = usb {
        for wanted in &profile.matches {
            if !wanted.vendor_id.eq_ignore_ascii_case(&usb.vendor_id) {
                continue;
            }
            match &wanted.product_id {
                Some(id) if id.eq_ignore_ascii_case(&usb.product_id) => {
                    score = 100;
                    evidence.push(format!("vendor and product id {}:{id}", usb.vendor_id));
                }
                Some(_) => {}
                None => {
                    score = score.max(60);
                    evidence.push(format!("vendor id {}", usb.vendor_id));
                }
            }
        }
    }
    if score == 0 && bus == "serial" && profile.kind != Kind::Printer {
        score = 10;
        evidence.push("any serial port can carry it; only you know".into());
    }
    if score == 0 && usb.is_some_and(|u| u.class == "printer") && profile.kind == Kind::Printer {
        score = 20;
        evidence.push("it is a printer; its language is unknown".into());
    }
    (score > 0).then_some(Candidate {
        profile: &profile.id,
        score,
        evidence,
    })
}
