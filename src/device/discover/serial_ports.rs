//! Serial ports as sysfs and `/dev/serial` tell them.

use super::{Found, UsbIdentity, candidates};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// More ports than a station has; the rest is not shown.
const PORTS_MAX: usize = 256;
/// Levels from a tty up to its USB device.
const PARENTS_MAX: usize = 4;
const TEXT_BYTES_MAX: usize = 256;

/// Lists ports below `root` (`/`, or a folder in tests), sorted by name.
pub fn list(root: &Path, problems: &mut Vec<String>) -> Vec<Found> {
    let aliases = aliases(root);
    let class = root.join("sys/class/tty");
    let entries = match fs::read_dir(&class) {
        Ok(entries) => entries,
        Err(e) => {
            problems.push(format!(
                "{}: {e}; serial ports cannot be listed",
                class.display()
            ));
            return Vec::new();
        }
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|e| e.file_name().into_string().ok())
        .collect();
    names.retain(|name| is_port(&class, name));
    names.sort();
    names.truncate(PORTS_MAX);
    names
        .into_iter()
        .map(|name| found(&class, &aliases, name))
        .collect()
}

/// Virtual consoles have no device behind them; empty 8250 slots have type 0.
fn is_port(class: &Path, name: &str) -> bool {
    let folder = class.join(name);
    folder.join("device").exists() && read(&folder.join("type")).as_deref() != Some("0")
}

fn found(class: &Path, aliases: &BTreeMap<String, Vec<String>>, name: String) -> Found {
    let usb = identity(&class.join(&name).join("device"));
    let node = format!("/dev/{name}");
    let mut names = aliases.get(&name).cloned().unwrap_or_default();
    names.push(node);
    let port = names.remove(0);
    let candidates = candidates("serial", usb.as_ref());
    Found {
        bus: "serial",
        port,
        names,
        usb,
        candidates,
    }
}

/// The nearest USB device above the tty.
fn identity(device: &Path) -> Option<UsbIdentity> {
    let mut folder = device.canonicalize().ok()?;
    for _ in 0..PARENTS_MAX {
        if let Some(vendor_id) = read(&folder.join("idVendor")) {
            return Some(UsbIdentity {
                vendor_id,
                product_id: read(&folder.join("idProduct")).unwrap_or_default(),
                manufacturer: read(&folder.join("manufacturer")),
                product: read(&folder.join("product")),
                serial: read(&folder.join("serial")),
                class: "cdc",
            });
        }
        folder = folder.parent()?.to_owned();
    }
    None
}

fn read(path: &Path) -> Option<String> {
    let text = fs::read(path).ok()?;
    let text = String::from_utf8_lossy(text.get(..TEXT_BYTES_MAX).unwrap_or(&text)).into_owned();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Stable names per node, best first: by-id knows the device, by-path the socket it sits in. An
/// adapter without serial number has a by-id name that its twin shares, so by-path wins there;
/// udev then links by-id to one of the two at random.
fn aliases(root: &Path) -> BTreeMap<String, Vec<String>> {
    let mut aliases: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for folder in ["dev/serial/by-id", "dev/serial/by-path"] {
        let Ok(entries) = fs::read_dir(root.join(folder)) else {
            continue;
        };
        let mut links: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
        links.sort();
        for link in links.into_iter().take(PORTS_MAX) {
            let target = fs::read_link(&link).ok();
            let node = target
                .as_deref()
                .and_then(Path::file_name)
                .and_then(|n| n.to_str());
            let shown = link.strip_prefix(root).map(|p| format!("/{}", p.display()));
            if let (Some(node), Ok(shown)) = (node, shown) {
                aliases.entry(node.to_owned()).or_default().push(shown);
            }
        }
    }
    aliases
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn ports_carry_their_stable_names_and_the_device_above_them() {
        let root = tempfile::tempdir().unwrap();
        let at = |path: &str| root.path().join(path);
        fs::create_dir_all(at("sys/devices/usb1/1-2/1-2:1.0/ttyACM0")).unwrap();
        fs::write(at("sys/devices/usb1/1-2/idVendor"), "0c2e\n").unwrap();
        fs::write(at("sys/devices/usb1/1-2/idProduct"), "0aaf\n").unwrap();
        fs::write(at("sys/devices/usb1/1-2/product"), b"Scan\xFFner\n").unwrap();
        for (name, kind) in [
            ("ttyACM0", None),
            ("ttyS0", Some("0")),
            ("ttyS1", Some("4")),
        ] {
            fs::create_dir_all(at("sys/class/tty").join(name)).unwrap();
            if let Some(kind) = kind {
                fs::write(at("sys/class/tty").join(name).join("type"), kind).unwrap();
                fs::create_dir_all(at("sys/class/tty").join(name).join("device")).unwrap();
            }
        }
        fs::create_dir_all(at("sys/class/tty/tty1")).unwrap();
        let device = at("sys/devices/usb1/1-2/1-2:1.0");
        symlink(device, at("sys/class/tty/ttyACM0/device")).unwrap();
        for (folder, name) in [
            ("by-path", "pci-0-usb-0:2"),
            ("by-id", "usb-Maker_Scanner_77"),
        ] {
            fs::create_dir_all(at("dev/serial").join(folder)).unwrap();
            symlink("../../ttyACM0", at("dev/serial").join(folder).join(name)).unwrap();
        }
        let mut problems = Vec::new();
        let ports = list(root.path(), &mut problems);
        assert!(problems.is_empty());
        let shown: Vec<_> = ports.iter().map(|p| p.port.as_str()).collect();
        assert_eq!(
            shown,
            ["/dev/serial/by-id/usb-Maker_Scanner_77", "/dev/ttyS1"]
        );
        assert_eq!(
            ports[0].names,
            ["/dev/serial/by-path/pci-0-usb-0:2", "/dev/ttyACM0"]
        );
        let usb = ports[0].usb.as_ref().unwrap();
        assert_eq!(
            (usb.vendor_id.as_str(), usb.product_id.as_str()),
            ("0c2e", "0aaf")
        );
        assert_eq!(usb.product.as_deref(), Some("Scan\u{FFFD}ner"));
        assert!(
            ports[0]
                .candidates
                .iter()
                .any(|c| c.profile == "serial-line")
        );
        assert!(list(&at("nowhere"), &mut problems).is_empty() && problems.len() == 1);
    }
}
