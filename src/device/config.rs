//! A device as configured at a place, and what that means on the wire.

use super::link::find::UsbId;
use super::link::replay::Carries;
use super::link::serial::{LineSettings, Parity};
use super::link::{Target, UsbWay};
use crate::domain::{DeviceId, ids};
use firstscan_drivers::profile::{Kind, Profile, Serial};
use firstscan_drivers::registry;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// Slowest and fastest idle status poll of a printer, in milliseconds.
const IDLE_POLL_MS: std::ops::RangeInclusive<u64> = 200..=60_000;

/// What a device does at its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Scale,
    Scanner,
    Dimensioner,
    Printer,
}

impl Role {
    fn kind(self) -> Kind {
        match self {
            Role::Scale => Kind::Scale,
            Role::Scanner => Kind::Scanner,
            Role::Dimensioner => Kind::Dimensioner,
            Role::Printer => Kind::Printer,
        }
    }
}

/// One device: role, profile, and exactly one of `port`, `tcp`, `usb`, `queue`, `url` and `replay`.
/// Line settings come from the profile; the keys here override them one by one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceConfig {
    /// Unique at the station, such as `bench1/scale`.
    pub id: DeviceId,
    pub role: Role,
    /// Id of a profile; `firstscan device profiles` lists them.
    pub profile: String,
    /// Serial device; prefer a `/dev/serial/by-id/...` name, which survives replugging.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<PathBuf>,
    /// `host:port`, such as `192.168.1.50:9100`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<String>,
    /// USB device by vendor and product id, such as `0922:8003`; `serial` or `usb_port` tell it
    /// from its equals. By its profile it is a printer, a HID device, a keyboard or a serial port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usb: Option<String>,
    /// Serial number of the USB device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// The USB socket it sits in, such as `1-1.4` (as the folders of `/sys/bus/usb/devices`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usb_port: Option<String>,
    /// The way to the USB device; the kernel's if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
    /// Print queue, such as `ipp://127.0.0.1:631/printers/NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Address of a dimensioner that answers HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// A recorded exchange that is played instead of a device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baud: Option<u32>,
    /// 7 or 8.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_bits: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parity: Option<Parity>,
    /// 1 or 2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_bits: Option<u8>,
    /// Level of the DTR line after opening; untouched if neither here nor in the profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dtr: Option<bool>,
    /// Level of the RTS line after opening.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rts: Option<bool>,
    /// How often an idle printer is asked for its status, 200 to 60000; 1000 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle_poll_ms: Option<u64>,
    /// How a ZPL printer gets a carrier's ZPL: `picture` (drawn and checked here, the default) or
    /// `native` (checked here, then sent as it came, behind a guard).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign_zpl: Option<ForeignZpl>,
}

/// The way to a USB device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// usblp, hidraw, grabbed input events or a serial port, as the profile needs it.
    Kernel,
    /// libusb, which takes the device away from the kernel's driver.
    Libusb,
    /// Keyboards only: their reports, for scanners that type special characters as Alt codes.
    Hidraw,
}

/// How a carrier's ZPL label reaches a ZPL printer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ForeignZpl {
    #[default]
    Picture,
    Native,
}

/// Why a device cannot be started as configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("device {device}: {key}: {text}")]
pub struct DeviceConfigError {
    pub device: String,
    /// The key to change.
    pub key: &'static str,
    /// What is wrong and what to write instead.
    pub text: String,
}

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Wiring {
    pub id: DeviceId,
    pub profile: &'static Profile,
    pub target: Target,
    pub idle_poll: Duration,
    pub foreign_zpl: ForeignZpl,
}

impl DeviceConfig {
    /// Checks everything that can be known without touching the device.
    ///
    /// # Errors
    /// [`DeviceConfigError`] naming the key and what to write.
    pub fn wiring(&self) -> Result<Wiring, DeviceConfigError> {
        ids::check(self.id.as_str()).map_err(|e| self.error("id", e.to_string()))?;
        let profile = registry::profile(&self.profile).ok_or_else(|| {
            let text = "no such profile: `firstscan device profiles` lists them";
            self.error("profile", format!("{:?}: {text}", self.profile))
        })?;
        if profile.kind != self.role.kind() {
            let kind = format!("{:?}", profile.kind).to_lowercase();
            let text = format!(
                "profile {} is of a {kind}: write role = {kind:?}",
                profile.id
            );
            return Err(self.error("role", text));
        }
        let idle_poll_ms = self.idle_poll_ms.unwrap_or(1000);
        if !IDLE_POLL_MS.contains(&idle_poll_ms) {
            return Err(self.error("idle_poll_ms", "write 200 to 60000".into()));
        }
        let speaks_zpl = profile.codec == "zpl";
        if self.foreign_zpl.is_some() && !speaks_zpl {
            let text = "only a ZPL printer takes it: remove the line";
            return Err(self.error("foreign_zpl", text.into()));
        }
        Ok(Wiring {
            id: self.id.clone(),
            profile,
            target: self.target(profile)?,
            idle_poll: Duration::from_millis(idle_poll_ms),
            foreign_zpl: self.foreign_zpl.unwrap_or_default(),
        })
    }

    fn target(&self, profile: &Profile) -> Result<Target, DeviceConfigError> {
        let ways = [
            self.port.is_some(),
            self.tcp.is_some(),
            self.usb.is_some(),
            self.queue.is_some(),
            self.url.is_some(),
            self.replay.is_some(),
        ];
        if ways.iter().filter(|way| **way).count() != 1 {
            let text = "write exactly one of port, tcp, usb, queue, url and replay";
            return Err(self.error("port", text.into()));
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
        let key = if self.queue.is_some() { "queue" } else { "url" };
        Err(self.error(
            key,
            "this way does not exist yet: write port, tcp or usb".into(),
        ))
    }

    fn serial_target(
        &self,
        path: &std::path::Path,
        serial: &Serial,
    ) -> Result<Target, DeviceConfigError> {
        if !path.is_absolute() {
            let text = "write a full path, such as /dev/serial/by-id/...";
            return Err(self.error("port", text.into()));
        }
        if NO_PORTS.iter().any(|node| path.starts_with(node)) || is_hidraw(path) {
            let text = "this is no serial port, and its number changes: write usb = \
                        \"vvvv:pppp\" instead, `firstscan device list` shows it";
            return Err(self.error("port", text.into()));
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

    fn replay_target(
        &self,
        path: &std::path::Path,
        profile: &Profile,
    ) -> Result<Target, DeviceConfigError> {
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

    fn error(&self, key: &'static str, text: String) -> DeviceConfigError {
        let device = self.id.as_str().chars().take(80).collect();
        DeviceConfigError { device, key, text }
    }
}

/// Nodes that are no serial ports although they look like files to open.
const NO_PORTS: [&str; 3] = ["/dev/usb", "/dev/input", "/dev/bus"];
const SERIAL_BYTES_MAX: usize = 126;

fn is_hidraw(path: &std::path::Path) -> bool {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parse(text: &str) -> DeviceConfig {
        toml::from_str(text).unwrap()
    }

    const SCALE: &str = "id = 'b1/scale'\nrole = 'scale'\nprofile = 'toledo-8217-kg'\n";

    #[test]
    fn settings_come_from_the_profile_and_are_overridden_one_by_one() {
        let text = format!("{SCALE}port = '/dev/ttyUSB0'\nparity = 'odd'\ndtr = true");
        let wiring = parse(&text).wiring().unwrap();
        let Target::Serial { settings, .. } = wiring.target else {
            panic!("no serial line")
        };
        assert_eq!(settings.to_string(), "9600 7O1");
        assert_eq!(settings.dtr, Some(true));
    }

    #[test]
    fn every_mistake_names_its_key() {
        for (rest, key) in [
            ("", "port"),
            ("port = '/dev/x'\ntcp = 'h:1'", "port"),
            ("port = 'ttyUSB0'", "port"),
            ("tcp = '192.168.1.50'", "tcp"),
            ("tcp = 'h:0'", "tcp"),
            ("port = '/dev/x'\ndata_bits = 9", "data_bits"),
            ("port = '/dev/x'\nbaud = 0", "baud"),
            ("tcp = 'h:1'\nidle_poll_ms = 5", "idle_poll_ms"),
        ] {
            let error = parse(&format!("{SCALE}{rest}")).wiring().unwrap_err();
            assert_eq!(error.key, key, "{rest}: {error}");
        }
        let other = SCALE.replace("'scale'", "'printer'");
        assert_eq!(
            parse(&format!("{other}tcp = 'h:1'"))
                .wiring()
                .unwrap_err()
                .key,
            "role"
        );
        let other = SCALE.replace("toledo", "nobody");
        assert_eq!(
            parse(&format!("{other}tcp = 'h:1'"))
                .wiring()
                .unwrap_err()
                .key,
            "profile"
        );
        assert!(toml::from_str::<DeviceConfig>(&format!("{SCALE}prot = '/dev/x'")).is_err());
    }
}
