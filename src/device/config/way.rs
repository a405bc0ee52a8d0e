//! From the keys of a device to the way to it.

use super::{DeviceConfig, DeviceConfigError, Role, Via};
use crate::device::link::find::UsbId;
use crate::device::link::replay::Carries;
use crate::device::link::serial::{LineSettings, Parity};
use crate::device::link::{Target, UsbWay, http, ipp};
use firstscan_drivers::profile::{Kind, Profile, Serial};
use std::path::Path;

/// Nodes numbered in the order of plugging in.
const FLEETING: [&str; 2] = ["/dev/ttyUSB", "/dev/ttyACM"];
const FLEETING_REMEDY: &str = "this name is another device's after the next start: write its \
                               /dev/serial/by-id/... name, or usb with serial or usb_port";
const EXACTLY_ONE: &str = "write exactly one of port, tcp, usb, queue, url and replay";
/// Nodes that are no serial ports although they look like files to open.
const NO_PORTS: [&str; 3] = ["/dev/usb", "/dev/input", "/dev/bus"];
const SERIAL_BYTES_MAX: usize = 126;

impl DeviceConfig {
    /// The way to the device that the keys and the profile describe.
    pub(super) fn target(&self, profile: &Profile) -> Result<Target, DeviceConfigError> {
        let ways = [
            self.port.is_some(),
            self.tcp.is_some(),
            self.usb.is_some(),
            self.queue.is_some(),
            self.url.is_some(),
            self.replay.is_some(),
        ];
        if ways.iter().filter(|way| **way).count() != 1 {
            return Err(self.error("port", EXACTLY_ONE.into()));
        }
        if let Some(ids) = &self.usb {
            return self.usb_target(ids, profile);
        }
        for (key, is_set) in [
            ("serial", self.serial.is_some()),
            ("usb_port", self.usb_port.is_some()),
            ("via", self.via.is_some()),
        ] {
            if is_set {
                let text = "it belongs to `usb`: add usb = \"vvvv:pppp\" or remove the line";
                return Err(self.error(key, text.into()));
            }
        }
        if let Some(path) = &self.port {
            return self.serial_target(path, &profile.serial);
        }
        if let Some(address) = &self.tcp {
            if !is_address(address) {
                let text = "write host:port, such as 192.168.1.50:9100";
                return Err(self.error("tcp", text.into()));
            }
            let address = address.clone();
            return Ok(Target::Tcp { address });
        }
        if let Some(path) = &self.replay {
            return self.replay_target(path, profile);
        }
        match (&self.queue, &self.url) {
            (Some(url), _) => self.queue_target(url),
            (_, Some(url)) => self.http_target(url),
            _ => Err(self.error("port", EXACTLY_ONE.into())),
        }
    }

    fn queue_target(&self, url: &str) -> Result<Target, DeviceConfigError> {
        if self.role != Role::Printer {
            let text = "only a printer has a queue: write port, tcp or usb";
            return Err(self.error("queue", text.into()));
        }
        if !ipp::is_address(url) {
            return Err(self.error("queue", "write ipp://host:631/printers/NAME".into()));
        }
        let url = url.to_owned();
        Ok(Target::Queue { url })
    }

    fn http_target(&self, url: &str) -> Result<Target, DeviceConfigError> {
        if self.role != Role::Dimensioner {
            let text = "only a dimensioner has a url: write port, tcp or usb";
            return Err(self.error("url", text.into()));
        }
        if !http::is_address(url) {
            return Err(self.error("url", "write http://host:port".into()));
        }
        let url = url.to_owned();
        Ok(Target::Http { url })
    }

    fn serial_target(&self, path: &Path, serial: &Serial) -> Result<Target, DeviceConfigError> {
        if !path.is_absolute() {
            let text = "write a full path, such as /dev/serial/by-id/...";
            return Err(self.error("port", text.into()));
        }
        if NO_PORTS.iter().any(|node| path.starts_with(node)) || is_hidraw(path) {
            let text = "this is no serial port, and its number changes: write usb = \
                        \"vvvv:pppp\" instead, `firstscan device list` shows it";
            return Err(self.error("port", text.into()));
        }
        if FLEETING
            .iter()
            .any(|start| path.to_string_lossy().starts_with(start))
        {
            let device = self.id.as_str();
            tracing::warn!(device, port = %path.display(), "{FLEETING_REMEDY}");
        }
        Ok(Target::Serial {
            path: path.to_owned(),
            settings: self.settings(serial)?,
        })
    }

    fn usb_target(&self, ids: &str, profile: &Profile) -> Result<Target, DeviceConfigError> {
        let (vendor_id, product_id) = UsbId::parse_ids(ids).ok_or_else(|| {
            let text = "write vendor and product id, four hex digits each, such as 0922:8003";
            self.error("usb", text.into())
        })?;
        if self.usb_port.as_deref().is_some_and(|p| !UsbId::is_port(p)) {
            let text = "write a port path such as 1-1.4; `firstscan device list` shows it";
            return Err(self.error("usb_port", text.into()));
        }
        let is_text = |s: &String| !s.trim().is_empty() && s.len() <= SERIAL_BYTES_MAX;
        if self.serial.as_ref().is_some_and(|s| !is_text(s)) {
            let text = "write the device's serial number, or usb_port if it has none";
            return Err(self.error("serial", text.into()));
        }
        let vendor = format!("{vendor_id:04x}");
        let other_products = profile
            .matches
            .iter()
            .filter(|wanted| wanted.vendor_id.eq_ignore_ascii_case(&vendor))
            .filter_map(|wanted| u16::from_str_radix(wanted.product_id.as_ref()?, 16).ok())
            .filter(|other| *other != product_id)
            .collect();
        Ok(Target::Usb {
            id: UsbId {
                vendor_id,
                product_id,
                other_products,
                serial: self.serial.as_ref().map(|s| s.trim().to_owned()),
                port: self.usb_port.clone(),
            },
            way: self.usb_way(profile)?,
        })
    }

    /// What of the device is used follows from what its protocol travels in.
    fn usb_way(&self, profile: &Profile) -> Result<UsbWay, DeviceConfigError> {
        let via = self.via.unwrap_or(Via::Kernel);
        let is_printer = profile.kind == Kind::Printer;
        let page = hid_page(&profile.codec);
        match (via, profile.codec.as_str(), page) {
            (Via::Kernel, ..) if is_printer => Ok(UsbWay::Usblp),
            (Via::Libusb, ..) if is_printer => Ok(UsbWay::LibusbPrinter),
            (Via::Kernel, "keyboard", _) => Ok(UsbWay::Keyboard),
            (Via::Hidraw, "keyboard", _) => Ok(UsbWay::KeyboardReports),
            (Via::Kernel | Via::Hidraw, _, Some(page)) => Ok(UsbWay::Hidraw { page }),
            (Via::Libusb, _, Some(page)) => Ok(UsbWay::LibusbHid { page }),
            (Via::Kernel, ..) => Ok(UsbWay::Tty(self.settings(&profile.serial)?)),
            (Via::Libusb | Via::Hidraw, ..) => {
                let text = "this profile's device is used through the kernel: remove the line";
                Err(self.error("via", text.into()))
            }
        }
    }

    fn replay_target(&self, path: &Path, profile: &Profile) -> Result<Target, DeviceConfigError> {
        if profile.kind == Kind::Printer {
            let text = "a recording prints nothing: write port, tcp or usb for a printer";
            return Err(self.error("replay", text.into()));
        }
        let descriptor = profile.hid.as_ref().and_then(|hid| hid.descriptor_bytes());
        let carries = match (descriptor, profile.codec.as_str()) {
            (Some(descriptor), _) => Carries::Reports { descriptor },
            (None, "keyboard") => Carries::Events,
            (None, _) => Carries::Stream,
        };
        let path = path.to_owned();
        Ok(Target::Replay { path, carries })
    }

    fn settings(&self, serial: &Serial) -> Result<LineSettings, DeviceConfigError> {
        let settings = LineSettings {
            baud: self.baud.unwrap_or(serial.baud),
            data_bits: self.data_bits.unwrap_or(serial.data_bits),
            parity: self.parity.unwrap_or_else(|| Parity::named(&serial.parity)),
            stop_bits: self.stop_bits.unwrap_or(serial.stop_bits),
            dtr: self.dtr.or(serial.dtr),
            rts: self.rts.or(serial.rts),
        };
        if !(110..=4_000_000).contains(&settings.baud) {
            return Err(self.error("baud", "write 110 to 4000000, such as 9600".into()));
        }
        if !matches!(settings.data_bits, 7 | 8) {
            return Err(self.error("data_bits", "write 7 or 8".into()));
        }
        if !matches!(settings.stop_bits, 1 | 2) {
            return Err(self.error("stop_bits", "write 1 or 2".into()));
        }
        Ok(settings)
    }
}

fn is_hidraw(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with("hidraw"))
}

/// Usage page of the reports of a HID protocol (HID usage tables: weighing devices 0x8D, barcode
/// scanners 0x8C).
fn hid_page(codec: &str) -> Option<u16> {
    match codec {
        "hid-scale" => Some(0x8D),
        "hid-pos" => Some(0x8C),
        _ => None,
    }
}

fn is_address(text: &str) -> bool {
    text.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && host.len() <= 255 && port.parse::<u16>().is_ok_and(|p| p > 0)
    })
}
