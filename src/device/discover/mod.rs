//! What is plugged in, which profiles could drive it, and what stands in the way. Looks, never
//! probes.
//!
//! Constraints: files below `root` are read (`/`, or a folder in tests) and no device is opened.
//! One USB device is one entry with all its nodes; one with several serial ports is one entry per
//! port.

mod candidates;
mod notes;
mod serial_ports;
mod suggest;
pub mod system;
#[cfg(test)]
mod tests;
mod usb;

use serde::Serialize;
use std::path::Path;

pub use suggest::suggest;

/// A device the system knows of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Found {
    /// `serial` or `usb`.
    pub bus: &'static str,
    /// The most stable name: of a serial port its path, of other USB devices `usb:` and the socket
    /// they sit in.
    pub port: String,
    /// All other names, such as `/dev/ttyUSB0`, `/dev/hidraw1` and the by-path name.
    pub names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usb: Option<UsbIdentity>,
    /// Another one with these ids and this serial number (or none) is plugged in: only the socket
    /// tells them apart.
    pub twin: bool,
    /// Profiles that could drive it, best first.
    pub candidates: Vec<Candidate>,
    /// What keeps it from being used, and what to do.
    pub problems: Vec<String>,
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
    /// Where it is plugged in, such as `1-1.4`: bus, then the socket of each hub.
    pub usb_port: String,
    /// Classes of its interfaces, each once: `printer`, `hid`, `cdc`, `mass_storage` or `other`.
    pub classes: Vec<&'static str>,
    /// Usage pages of its reports, four hex digits: `008d` weighs, `008c` scans, `0001` types.
    pub usage_pages: Vec<String>,
    /// What a printer says of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ieee1284: Option<String>,
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

/// Lists serial ports and USB devices of this machine.
pub fn list() -> Inventory {
    list_below(Path::new("/"))
}

/// Lists what is plugged in as the system below `root` tells it.
pub fn list_below(root: &Path) -> Inventory {
    let mut inventory = Inventory::default();
    let names = serial_ports::aliases(root);
    inventory.devices = usb::list(root, &names, &mut inventory.problems);
    let ports = serial_ports::list(root, &names, &mut inventory.problems);
    let known = |node: &str, all: &[Found]| {
        all.iter()
            .any(|found| found.port == node || found.names.iter().any(|name| name == node))
    };
    for port in ports {
        let node = port.names.last().unwrap_or(&port.port);
        if !known(node, &inventory.devices) {
            inventory.devices.push(port);
        }
    }
    mark_twins(&mut inventory.devices);
    for found in &mut inventory.devices {
        found.candidates = candidates::of(found);
        notes::add(root, found);
    }
    inventory
}

fn mark_twins(devices: &mut [Found]) {
    let key = |found: &Found| {
        let usb = found.usb.as_ref()?;
        let ids = (usb.vendor_id.clone(), usb.product_id.clone());
        Some((ids, usb.serial.clone(), usb.usb_port.clone()))
    };
    let keys: Vec<_> = devices.iter().map(key).collect();
    for (found, own) in devices.iter_mut().zip(&keys) {
        let Some((ids, serial, port)) = own else {
            continue;
        };
        let is_twin = |(i, s, p): &(_, _, String)| i == ids && s == serial && p != port;
        found.twin = keys.iter().flatten().any(is_twin);
    }
}

impl Found {
    /// Whether both are one device, however its mode, and with it its product id, has changed:
    /// the same vendor with the same serial number, or without one in the same socket.
    pub fn is_same_unit(&self, other: &Found) -> bool {
        match (&self.usb, &other.usb) {
            (Some(a), Some(b)) if a.vendor_id == b.vendor_id => match (&a.serial, &b.serial) {
                (Some(x), Some(y)) => x == y,
                (None, None) => a.usb_port == b.usb_port,
                _ => false,
            },
            (None, None) => self.port == other.port,
            _ => false,
        }
    }
}
