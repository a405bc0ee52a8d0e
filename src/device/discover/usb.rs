//! USB devices as sysfs tells them: one entry each, or one per serial port.

use super::serial_ports::Aliases;
use super::{Found, UsbIdentity};
use crate::device::link::hidraw::application_pages;
use crate::device::link::sysfs::{self, UsbDevice};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const DEVICES_MAX: usize = 512;
const DESCRIPTOR_BYTES_MAX: usize = 4096;
/// Kernel names of nodes that a station uses.
const NODES: [&str; 3] = ["hidraw", "event", "lp"];
const PORTS: [&str; 2] = ["ttyACM", "ttyUSB"];
/// USB-IF class of hubs, as sysfs writes it.
const HUB: &str = "09";

/// Lists everything but hubs, by socket; what cannot be read is said in `problems`.
pub fn list(root: &Path, aliases: &Aliases, problems: &mut Vec<String>) -> Vec<Found> {
    let vendors = match vendors(root) {
        Ok(vendors) => vendors,
        Err(e) => {
            problems.push(format!(
                "USB devices cannot be listed ({e}): the kernel has no USB support here, or /sys \
                 is not mounted"
            ));
            return Vec::new();
        }
    };
    let mut devices: Vec<UsbDevice> = vendors
        .into_iter()
        .filter_map(|vendor| sysfs::devices(root, vendor).ok())
        .flatten()
        .filter(|d| sysfs::text(&d.folder.join("bDeviceClass")).as_deref() != Some(HUB))
        .collect();
    devices.sort_by(|a, b| a.port.cmp(&b.port));
    devices
        .iter()
        .flat_map(|d| entries(root, d, aliases))
        .collect()
}

fn vendors(root: &Path) -> std::io::Result<BTreeSet<u16>> {
    let entries = fs::read_dir(root.join("sys/bus/usb/devices"))?;
    let vendor = |entry: fs::DirEntry| {
        let text = sysfs::text(&entry.path().join("idVendor"))?;
        u16::from_str_radix(&text, 16).ok()
    };
    Ok(entries
        .flatten()
        .take(DEVICES_MAX)
        .filter_map(vendor)
        .collect())
}

fn entries(root: &Path, device: &UsbDevice, aliases: &Aliases) -> Vec<Found> {
    let shown = |prefix: &&str| {
        let nodes = sysfs::nodes(root, device, prefix);
        let paths = nodes.into_iter().map(|node| path_shown(root, &node.path));
        paths.collect::<Vec<_>>()
    };
    let identity = identity(root, device);
    let nodes: Vec<String> = NODES.iter().flat_map(shown).collect();
    let ports: Vec<String> = PORTS.iter().flat_map(shown).collect();
    if ports.is_empty() {
        return vec![Found {
            bus: "usb",
            port: format!("usb:{}", device.port),
            names: nodes,
            usb: Some(identity),
            ..Found::default()
        }];
    }
    let has_serial = identity.serial.is_some();
    ports
        .into_iter()
        .map(|node| {
            let (port, mut names) = aliases.names(&node, has_serial);
            names.extend(nodes.iter().cloned());
            Found {
                bus: "serial",
                port,
                names,
                usb: Some(identity.clone()),
                ..Found::default()
            }
        })
        .collect()
}

/// As it is called on the machine itself.
fn path_shown(root: &Path, path: &Path) -> String {
    let inner = path.strip_prefix(root).unwrap_or(path);
    format!("/{}", inner.display())
}

fn identity(root: &Path, device: &UsbDevice) -> UsbIdentity {
    let text = |name: &str| sysfs::text(&device.folder.join(name));
    let interfaces = sysfs::interfaces(device);
    let mut classes: Vec<&'static str> = interfaces.iter().map(|i| class(i.class)).collect();
    classes.sort_unstable();
    classes.dedup();
    let pages: BTreeSet<u16> = sysfs::nodes(root, device, "hidraw")
        .iter()
        .filter_map(|node| fs::read(node.folder.ancestors().nth(2)?.join("report_descriptor")).ok())
        .filter(|descriptor| descriptor.len() <= DESCRIPTOR_BYTES_MAX)
        .flat_map(|descriptor| application_pages(&descriptor))
        .collect();
    UsbIdentity {
        vendor_id: format!("{:04x}", device.vendor_id),
        product_id: format!("{:04x}", device.product_id),
        manufacturer: text("manufacturer"),
        product: text("product"),
        serial: device.serial.clone(),
        usb_port: device.port.clone(),
        classes,
        usage_pages: pages
            .into_iter()
            .map(|page| format!("{page:04x}"))
            .collect(),
        ieee1284: interfaces
            .iter()
            .find_map(|interface| sysfs::text(&interface.folder.join("ieee1284_id"))),
    }
}

/// USB-IF class codes.
fn class(code: u8) -> &'static str {
    match code {
        0x02 | 0x0A => "cdc",
        0x03 => "hid",
        0x07 => "printer",
        0x08 => "mass_storage",
        _ => "other",
    }
}
