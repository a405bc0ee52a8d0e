//! A device as configured at a place, and what that means on the wire.

use super::link::Target;
use super::link::serial::Parity;
use crate::domain::{DeviceId, ids};
use firstscan_drivers::profile::{Kind, Profile};
use firstscan_drivers::registry;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

mod way;

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
    /// Print queue of a printer: `ipp://127.0.0.1:631/printers/NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Address of a device that is asked over HTTP: `http://192.168.1.60:6600`.
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

    fn error(&self, key: &'static str, text: String) -> DeviceConfigError {
        let device = self.id.as_str().chars().take(80).collect();
        DeviceConfigError { device, key, text }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::link::UsbWay;
    use super::super::link::replay::Carries;
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
    fn the_way_to_a_usb_device_follows_from_its_profile() {
        let way = |profile: &str, role: &str, more: &str| {
            let text = format!(
                "id = 'b1/x'\nrole = '{role}'\nprofile = '{profile}'\nusb = '0A5F:0080'\n{more}"
            );
            match parse(&text).wiring().unwrap().target {
                Target::Usb { id, way } => (id, way),
                other => panic!("{other:?}"),
            }
        };
        let (id, printer) = way("zpl-203", "printer", "serial = 'Z9'\nusb_port = '1-1.4'");
        assert_eq!(id.to_string(), "USB 0a5f:0080 serial Z9 at 1-1.4");
        assert_eq!(printer, UsbWay::Usblp);
        let printer = way("zpl-203", "printer", "via = 'libusb'").1;
        assert_eq!(printer, UsbWay::LibusbPrinter);
        let scale = way("toledo-8217-kg", "scale", "via = 'kernel'").1;
        assert!(
            matches!(scale, UsbWay::Tty(s) if s.to_string() == "9600 7E1"),
            "{scale:?}"
        );
    }

    #[test]
    fn a_recording_carries_what_its_profile_says_and_never_prints() {
        let text = format!("{SCALE}replay = '/x/y.txt'");
        let Target::Replay { carries, .. } = parse(&text).wiring().unwrap().target else {
            panic!("no replay")
        };
        assert_eq!(carries, Carries::Stream);
        let text = "id = 'b1/p'\nrole = 'printer'\nprofile = 'zpl-203'\nreplay = '/x'";
        assert_eq!(parse(text).wiring().unwrap_err().key, "replay");
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
            ("usb = '0922:8003'\ntcp = 'h:1'", "port"),
            ("usb = '0922-8003'", "usb"),
            ("usb = '0922:8003'\nusb_port = '1:1'", "usb_port"),
            ("usb = '0922:8003'\nserial = ' '", "serial"),
            ("usb = '0922:8003'\nvia = 'libusb'", "via"),
            ("tcp = 'h:1'\nusb_port = '1-1'", "usb_port"),
            ("tcp = 'h:1'\nserial = 'A'", "serial"),
            ("port = '/dev/x'\nvia = 'kernel'", "via"),
            ("port = '/dev/usb/lp0'", "port"),
            ("port = '/dev/hidraw3'", "port"),
            ("tcp = 'h:1'\nqueue = 'ipp://h/printers/a'", "port"),
            ("queue = 'ipp://h/printers/a'", "queue"),
            ("url = 'http://h'", "url"),
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
