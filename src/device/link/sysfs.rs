//! USB devices and their nodes as sysfs tells them.
//!
//! Constraints: files are read, no device is opened. `root` is `/`, or a folder in tests. Texts of
//! a device are read only if its vendor is the one looked for: the kernel asks the device for its
//! lock there, and a device that hangs would hold up the search for others.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// More devices than a station has; the rest is not seen.
const DEVICES_MAX: usize = 512;
/// Longest text of an attribute, in bytes.
const TEXT_BYTES_MAX: usize = 256;
/// Levels from an interface down to its node: `0003:0922:8003.0001/input/input5/event3`.
const DEPTH_MAX: u32 = 4;
/// Nodes of one interface.
const NODES_MAX: usize = 16;

/// A USB device that is plugged in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsbDevice {
    /// Where it is plugged in, such as `1-1.4`: bus, then the socket of each hub.
    pub port: String,
    /// Its folder in sysfs.
    pub folder: PathBuf,
    pub vendor_id: u16,
    pub product_id: u16,
    /// As the device says; cheap ones say nothing.
    pub serial: Option<String>,
    pub bus: u8,
    /// New with every plugging in.
    pub address: u8,
}

impl std::fmt::Display for UsbDevice {
    /// Such as `0922:8003 serial 0071 at 1-1.4`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04x}:{:04x}", self.vendor_id, self.product_id)?;
        if let Some(serial) = &self.serial {
            write!(f, " serial {serial}")?;
        }
        write!(f, " at {}", self.port)
    }
}

impl UsbDevice {
    /// Whether it is still the one that was found; a replugged one has another address.
    pub fn is_present(&self) -> bool {
        decimal(&self.folder.join("devnum")) == Some(self.address)
    }
}

/// An interface of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interface {
    pub folder: PathBuf,
    pub number: u8,
    /// USB-IF class code: 3 HID, 7 printer.
    pub class: u8,
    /// The kernel driver that holds it; `usbfs` is a program that uses libusb.
    pub driver: Option<String>,
}

/// A device node of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its path below `/dev`.
    pub path: PathBuf,
    /// Its folder in sysfs.
    pub folder: PathBuf,
    pub interface: u8,
}

/// All devices of a vendor, sorted by port.
///
/// # Errors
/// The folder of USB devices cannot be read.
pub fn devices(root: &Path, vendor_id: u16) -> io::Result<Vec<UsbDevice>> {
    let class = root.join("sys/bus/usb/devices");
    let mut found: Vec<UsbDevice> = fs::read_dir(&class)?
        .flatten()
        .take(DEVICES_MAX)
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.contains(':'))
        .filter_map(|name| device(class.join(&name), name, vendor_id))
        .collect();
    found.sort_by(|a, b| a.port.cmp(&b.port));
    Ok(found)
}

fn device(folder: PathBuf, port: String, vendor_id: u16) -> Option<UsbDevice> {
    if hex(&folder.join("idVendor")) != Some(vendor_id) {
        return None;
    }
    Some(UsbDevice {
        vendor_id,
        product_id: hex(&folder.join("idProduct"))?,
        bus: decimal(&folder.join("busnum"))?,
        address: decimal(&folder.join("devnum"))?,
        serial: text(&folder.join("serial")),
        port,
        folder,
    })
}

/// The interfaces of a device in the order of their numbers.
pub fn interfaces(device: &UsbDevice) -> Vec<Interface> {
    let Ok(entries) = fs::read_dir(&device.folder) else {
        return Vec::new();
    };
    let byte = |path: PathBuf| hex(&path).and_then(|value| u8::try_from(value).ok());
    let mut found: Vec<Interface> = entries
        .flatten()
        .take(DEVICES_MAX)
        .map(|entry| entry.path())
        .filter_map(|folder| {
            Some(Interface {
                number: byte(folder.join("bInterfaceNumber"))?,
                class: byte(folder.join("bInterfaceClass"))?,
                driver: fs::read_link(folder.join("driver"))
                    .ok()
                    .and_then(|link| Some(link.file_name()?.to_string_lossy().into_owned())),
                folder,
            })
        })
        .collect();
    found.sort_by_key(|interface| interface.number);
    found
}

/// The nodes of a device whose kernel name is `prefix` and a number, such as `hidraw` or `lp`, in
/// the order of their interfaces.
pub fn nodes(root: &Path, device: &UsbDevice, prefix: &str) -> Vec<Node> {
    let mut found = Vec::new();
    for interface in interfaces(device) {
        let mut folders = Vec::new();
        descend(&interface.folder, prefix, DEPTH_MAX, &mut folders);
        folders.sort();
        found.extend(folders.into_iter().filter_map(|folder| {
            Some(Node {
                path: root.join("dev").join(node_name(&folder)?),
                interface: interface.number,
                folder,
            })
        }));
    }
    found
}

fn descend(folder: &Path, prefix: &str, depth: u32, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten().take(DEVICES_MAX) {
        // Links lead to other devices and back up.
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) || found.len() >= NODES_MAX {
            continue;
        }
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix(prefix));
        let is_node = |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit());
        if number.is_some_and(is_node) && entry.path().join("uevent").exists() {
            let inner = found.len();
            descend(&entry.path(), prefix, depth.saturating_sub(1), found);
            // A USB serial port is `ttyUSB0/tty/ttyUSB0`, and only the inner one is the node.
            if found.len() == inner {
                found.push(entry.path());
            }
        } else if depth > 0 {
            descend(&entry.path(), prefix, depth - 1, found);
        }
    }
}

/// The kernel's name of the node, such as `usb/lp0`.
fn node_name(folder: &Path) -> Option<String> {
    let uevent = fs::read_to_string(folder.join("uevent")).ok()?;
    let name = uevent
        .lines()
        .find_map(|line| line.strip_prefix("DEVNAME="))?;
    let harmless = !name.split('/').any(|part| part.is_empty() || part == "..");
    harmless.then(|| name.to_owned())
}

/// An attribute's text without blanks at its ends; `None` if it is missing or empty.
pub fn text(path: &Path) -> Option<String> {
    let bytes = fs::read(path).ok()?;
    let bytes = bytes.get(..TEXT_BYTES_MAX).unwrap_or(&bytes);
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_matches(|c: char| c.is_whitespace() || c.is_control());
    (!text.is_empty()).then(|| text.to_owned())
}

fn hex(path: &Path) -> Option<u16> {
    u16::from_str_radix(&text(path)?, 16).ok()
}

fn decimal(path: &Path) -> Option<u8> {
    text(path)?.parse().ok()
}

#[cfg(test)]
pub(super) mod fake {
    //! A sysfs tree in a folder.
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::os::unix::fs::symlink;

    /// Adds a device; `more` are further attributes.
    pub fn plug(root: &Path, port: &str, ids: (&str, &str), address: u8, serial: Option<&str>) {
        let folder = root.join("sys/devices/usb1").join(port);
        fs::create_dir_all(&folder).unwrap();
        let class = root.join("sys/bus/usb/devices");
        fs::create_dir_all(&class).unwrap();
        symlink(&folder, class.join(port)).unwrap();
        fs::write(folder.join("idVendor"), format!("{}\n", ids.0)).unwrap();
        fs::write(folder.join("idProduct"), format!("{}\n", ids.1)).unwrap();
        fs::write(folder.join("busnum"), "1\n").unwrap();
        fs::write(folder.join("devnum"), format!("{address}\n")).unwrap();
        if let Some(serial) = serial {
            fs::write(folder.join("serial"), format!("{serial}\n")).unwrap();
        }
    }

    pub fn unplug(root: &Path, port: &str) {
        fs::remove_file(root.join("sys/bus/usb/devices").join(port)).unwrap();
        fs::remove_dir_all(root.join("sys/devices/usb1").join(port)).unwrap();
    }

    /// Adds an interface with a node at `below` (relative to the interface).
    pub fn node(root: &Path, port: &str, number: u8, class: &str, below: &str, name: &str) {
        let folder = root
            .join("sys/devices/usb1")
            .join(port)
            .join(format!("{port}:1.{number}"));
        fs::create_dir_all(folder.join(below)).unwrap();
        fs::write(folder.join("bInterfaceNumber"), format!("{number:02x}\n")).unwrap();
        fs::write(folder.join("bInterfaceClass"), format!("{class}\n")).unwrap();
        let uevent = format!("MAJOR=1\nMINOR=2\nDEVNAME={name}\n");
        fs::write(folder.join(below).join("uevent"), uevent).unwrap();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn devices_interfaces_and_nodes_are_found_and_an_unplugged_one_is_gone() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fake::plug(root, "1-1.4", ("0922", "8003"), 7, Some(" 0071 "));
        fake::plug(root, "1-2", ("0403", "6001"), 8, None);
        let hid = "0003:0922:8003.0001/hidraw/hidraw3";
        fake::node(root, "1-1.4", 0, "03", hid, "hidraw3");
        fake::node(
            root,
            "1-1.4",
            1,
            "03",
            "x/input/input9/event12",
            "input/event12",
        );
        fake::node(root, "1-2", 0, "ff", "ttyUSB0/tty/ttyUSB0", "ttyUSB0");
        let outer = root.join("sys/devices/usb1/1-2/1-2:1.0/ttyUSB0/uevent");
        fs::write(outer, "DRIVER=ftdi_sio\n").unwrap();

        let scales = devices(root, 0x0922).unwrap();
        let [scale] = scales.as_slice() else {
            panic!("{scales:?}")
        };
        assert_eq!(scale.to_string(), "0922:8003 serial 0071 at 1-1.4");
        let paths = |device: &UsbDevice, prefix: &str| -> Vec<PathBuf> {
            let found = nodes(root, device, prefix);
            found.into_iter().map(|node| node.path).collect()
        };
        assert_eq!(paths(scale, "hidraw"), [root.join("dev/hidraw3")]);
        assert_eq!(paths(scale, "event"), [root.join("dev/input/event12")]);
        assert!(paths(scale, "lp").is_empty());
        let adapters = devices(root, 0x0403).unwrap();
        assert_eq!(paths(&adapters[0], "ttyUSB"), [root.join("dev/ttyUSB0")]);
        assert_eq!(interfaces(scale).len(), 2);

        assert!(scale.is_present());
        fs::write(scale.folder.join("devnum"), "9\n").unwrap();
        assert!(!scale.is_present(), "plugged in anew");
        fake::unplug(root, "1-1.4");
        assert!(!scale.is_present() && devices(root, 0x0922).unwrap().is_empty());
        assert!(devices(&root.join("nowhere"), 1).is_err());
    }
}
