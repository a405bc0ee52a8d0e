//! A device as configured at a place, and what that means on the wire.

use super::link::serial::{LineSettings, Parity};
use super::link::{Target, http, ipp};
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

/// One device: role, profile, and exactly one of `port`, `tcp`, `queue` and `url`. Line settings come from the
/// profile; the keys here override them one by one.
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
    /// Print queue of a printer: `ipp://127.0.0.1:631/printers/NAME`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// Address of a device that is asked over HTTP: `http://192.168.1.60:6600`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
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
            target: self.target(&profile.serial)?,
            idle_poll: Duration::from_millis(idle_poll_ms),
            foreign_zpl: self.foreign_zpl.unwrap_or_default(),
        })
    }

    fn target(&self, serial: &Serial) -> Result<Target, DeviceConfigError> {
        let tcp = self.tcp.clone().map(|address| Target::Tcp { address });
        let queue = self.queue.clone().map(|url| Target::Queue { url });
        let url = self.url.clone().map(|url| Target::Http { url });
        let mut targets = [tcp, queue, url].into_iter().flatten();
        let target = match (&self.port, targets.next(), targets.next()) {
            (Some(path), None, _) => Target::Serial {
                path: path.clone(),
                settings: self.settings(serial)?,
            },
            (None, Some(target), None) => target,
            _ => {
                let text = "write exactly one of port, tcp, queue and url";
                return Err(self.error("port", text.into()));
            }
        };
        match &target {
            Target::Serial { path, .. } if !path.is_absolute() => {
                let text = "write a full path, such as /dev/serial/by-id/...";
                Err(self.error("port", text.into()))
            }
            Target::Tcp { address } if !is_address(address) => {
                Err(self.error("tcp", "write host:port, such as 192.168.1.50:9100".into()))
            }
            Target::Queue { .. } if self.role != Role::Printer => Err(self.error(
                "queue",
                "only a printer has a queue: write port or tcp".into(),
            )),
            Target::Queue { url } if !ipp::is_address(url) => {
                Err(self.error("queue", "write ipp://host:631/printers/NAME".into()))
            }
            Target::Http { .. } if self.role != Role::Dimensioner => Err(self.error(
                "url",
                "only a dimensioner has a url: write port or tcp".into(),
            )),
            Target::Http { url } if !http::is_address(url) => {
                Err(self.error("url", "write http://host:port".into()))
            }
            _ => Ok(target),
        }
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
