//! Which USB device is meant, and whether the one that is plugged in is it.
//!
//! Identity is the serial number, or else the port. What cannot be told apart is refused, and what
//! came back elsewhere asks: a station that guesses weighs on its neighbour's scale.

use super::OpenError;
use super::sysfs::{self, UsbDevice};
use std::path::Path;

/// A device as configured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsbId {
    pub vendor_id: u16,
    pub product_id: u16,
    /// Product ids the same model has in other modes.
    pub other_products: Vec<u16>,
    pub serial: Option<String>,
    /// Port path of sysfs, such as `1-1.4`.
    pub port: Option<String>,
}

/// The device that was open last; kept while the station runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    pub serial: Option<String>,
    pub port: String,
}

impl From<&UsbDevice> for Bound {
    fn from(device: &UsbDevice) -> Self {
        Bound {
            serial: device.serial.clone(),
            port: device.port.clone(),
        }
    }
}

impl Bound {
    /// The same serial number, or without any the same port.
    fn is(&self, device: &UsbDevice) -> bool {
        match (&self.serial, &device.serial) {
            (Some(a), Some(b)) => a == b,
            (None, None) => self.port == device.port,
            _ => false,
        }
    }
}

impl std::fmt::Display for UsbId {
    /// Such as `USB 0922:8003 serial 0071`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "USB {:04x}:{:04x}", self.vendor_id, self.product_id)?;
        if let Some(serial) = &self.serial {
            write!(f, " serial {serial}")?;
        }
        if let Some(port) = &self.port {
            write!(f, " at {port}")?;
        }
        Ok(())
    }
}

impl UsbId {
    /// Reads `vvvv:pppp`, four hex digits each.
    pub fn parse_ids(text: &str) -> Option<(u16, u16)> {
        let (vendor, product) = text.split_once(':')?;
        let id = |text: &str| {
            let four = text.len() == 4 && text.bytes().all(|b| b.is_ascii_hexdigit());
            four.then(|| u16::from_str_radix(text, 16).ok())?
        };
        Some((id(vendor)?, id(product)?))
    }

    /// Whether the text looks like a port path: bus, dash, sockets with dots between.
    pub fn is_port(text: &str) -> bool {
        let number = |part: &str| {
            !part.is_empty() && part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit())
        };
        text.split_once('-')
            .is_some_and(|(bus, path)| number(bus) && path.split('.').all(number))
    }

    fn fits_product(&self, device: &UsbDevice) -> bool {
        device.product_id == self.product_id || self.other_products.contains(&device.product_id)
    }

    fn fits(&self, device: &UsbDevice) -> bool {
        let named = self.serial.is_some() || self.port.is_some();
        let same = |wanted: &Option<String>, is: Option<&String>| {
            wanted.as_ref().is_none_or(|wanted| Some(wanted) == is)
        };
        (device.product_id == self.product_id || named)
            && same(&self.serial, device.serial.as_ref())
            && same(&self.port, Some(&device.port))
    }
}

/// The device that is meant, if it is plugged in. `bound` is the one that was open last.
///
/// # Errors
/// [`OpenError`]: absent, moved to another port, another unit, or not to be told apart.
pub fn find(root: &Path, id: &UsbId, bound: Option<&Bound>) -> Result<UsbDevice, OpenError> {
    let all = sysfs::devices(root, id.vendor_id).map_err(|e| {
        let remedy = "the kernel has no USB support here, or /sys is not mounted";
        OpenError::new(id, format!("USB devices cannot be listed ({e})"), remedy)
    })?;
    let (alike, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|d| id.fits_product(d));
    let mut fitting: Vec<&UsbDevice> = alike.iter().filter(|d| id.fits(d)).collect();
    if let (true, Some(bound)) = (fitting.len() > 1, bound) {
        fitting.retain(|device| bound.is(device));
    }
    match fitting.as_slice() {
        [device] => same_as_before(id, device, bound).map(|()| (*device).clone()),
        [] => Err(other_mode(id, &others).unwrap_or_else(|| missing(id, &alike))),
        several => Err(ambiguous(id, several)),
    }
}

/// The vendor's device of the wanted serial number, under a product id that its profile does not
/// know: a scanner whose setup code was scanned.
fn other_mode(id: &UsbId, others: &[UsbDevice]) -> Option<OpenError> {
    let wanted = id.serial.as_ref()?;
    let there = others.iter().find(|d| d.serial.as_ref() == Some(wanted))?;
    let cause = format!("it is plugged in as {there}, in a mode its profile does not know");
    let remedy = format!(
        "scan the setup code of its former mode, or `firstscan device assign` for this one ({:04x}:\
         {:04x})",
        there.vendor_id, there.product_id
    );
    Some(OpenError::new(id, cause, remedy))
}

fn missing(id: &UsbId, alike: &[UsbDevice]) -> OpenError {
    let Some(other) = alike.first() else {
        let remedy = "plug it in and switch it on; `firstscan device list` shows what is there";
        return OpenError::new(id, "it is not plugged in".into(), remedy);
    };
    let unit = id.serial.is_none() || id.serial == other.serial;
    if let (true, Some(port)) = (unit, &id.port) {
        let remedy = format!(
            "plug it back into {port}; if it shall stay there, `firstscan device assign` or \
             usb_port = \"{}\"",
            other.port
        );
        return OpenError::new(id, format!("one like it is there, but {other}"), remedy);
    }
    let key = match &other.serial {
        Some(serial) => format!("serial = \"{serial}\""),
        None => format!("usb_port = \"{}\"", other.port),
    };
    let remedy = format!("to use that one, `firstscan device assign` or {key}");
    let cause = format!("it is not plugged in, but {other} is");
    OpenError::new(id, cause, remedy)
}

fn ambiguous(id: &UsbId, several: &[&UsbDevice]) -> OpenError {
    let list: Vec<String> = several.iter().map(ToString::to_string).collect();
    let mut serials: Vec<_> = several.iter().map(|d| &d.serial).collect();
    serials.sort();
    serials.dedup();
    let told_apart = serials.len() == several.len() && several.iter().all(|d| d.serial.is_some());
    let key = if told_apart { "serial" } else { "usb_port" };
    let cause = format!("{} are plugged in: {}", several.len(), list.join(", "));
    let remedy = format!("say which one with {key} = \"...\" (`firstscan device assign` does it)");
    OpenError::new(id, cause, remedy)
}

/// A device configured by its ids alone stays the one it was while the station runs.
fn same_as_before(id: &UsbId, found: &UsbDevice, bound: Option<&Bound>) -> Result<(), OpenError> {
    let named = id.serial.is_some() || id.port.is_some();
    let Some(bound) = bound.filter(|bound| !named && !bound.is(found)) else {
        return Ok(());
    };
    let was = match &bound.serial {
        Some(serial) => format!("serial {serial} at {}", bound.port),
        None => format!("at {}", bound.port),
    };
    let key = match &found.serial {
        Some(serial) => format!("serial = \"{serial}\""),
        None => format!("usb_port = \"{}\"", found.port),
    };
    let cause = format!("it was {was}, and now there is {found}");
    let remedy = format!(
        "plug the former one in where it was; if this one takes its place, `firstscan device \
         assign` or {key}"
    );
    Err(OpenError::new(id, cause, remedy))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::sysfs::fake;
    use super::*;

    fn id(serial: Option<&str>, port: Option<&str>) -> UsbId {
        UsbId {
            vendor_id: 0x0c2e,
            product_id: 0x0b61,
            other_products: vec![0x0b6a],
            serial: serial.map(str::to_owned),
            port: port.map(str::to_owned),
        }
    }

    fn at(found: Result<UsbDevice, OpenError>) -> String {
        found.map_or_else(|e| e.to_string(), |device| device.port)
    }

    #[test]
    fn equal_devices_are_told_apart_by_serial_or_port_and_never_guessed() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let text = at(find(root, &id(None, None), None));
        assert!(text.contains("/sys is not mounted"), "{text}");
        fake::plug(root, "1-1", ("0c2e", "0b61"), 3, Some("A1"));
        assert_eq!(at(find(root, &id(None, None), None)), "1-1");
        fake::plug(root, "1-2", ("0c2e", "0b61"), 4, Some("B2"));
        fake::plug(root, "1-3", ("0c2e", "0001"), 5, Some("A1"));
        let text = at(find(root, &id(None, None), None));
        assert!(
            text.contains("A1 at 1-1") && text.contains("serial = "),
            "{text}"
        );
        assert_eq!(at(find(root, &id(Some("B2"), None), None)), "1-2");
        assert_eq!(at(find(root, &id(None, Some("1-1")), None)), "1-1");
        let bound = Bound {
            serial: Some("B2".into()),
            port: "1-9".into(),
        };
        assert_eq!(at(find(root, &id(None, None), Some(&bound))), "1-2");
        fake::plug(root, "1-4", ("0c2e", "0b61"), 6, Some("B2"));
        let text = at(find(root, &id(Some("B2"), None), None));
        assert!(text.contains("usb_port = "), "{text}");
    }

    #[test]
    fn a_device_elsewhere_asks_and_another_unit_is_not_taken() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fake::plug(root, "1-2", ("0c2e", "0b61"), 3, None);
        let text = at(find(root, &id(None, Some("1-1")), None));
        assert!(text.contains("plug it back into 1-1"), "{text}");
        assert!(text.contains("usb_port = \"1-2\""), "{text}");
        let text = at(find(root, &id(Some("A1"), None), None));
        assert!(text.contains("not plugged in, but"), "{text}");
        let was = Bound {
            serial: None,
            port: "1-1".into(),
        };
        let text = at(find(root, &id(None, None), Some(&was)));
        assert!(
            text.contains("was at 1-1") && text.contains("\"1-2\""),
            "{text}"
        );
        let same = Bound {
            serial: None,
            port: "1-2".into(),
        };
        assert_eq!(at(find(root, &id(None, None), Some(&same))), "1-2");
        fake::unplug(root, "1-2");
        let text = at(find(root, &id(None, None), Some(&same)));
        assert!(
            text.contains("not plugged in;") && text.contains("device list"),
            "{text}"
        );
        fake::plug(root, "1-3", ("0c2e", "0b61"), 8, Some("C3"));
        let moved = Bound {
            serial: Some("C3".into()),
            port: "1-2".into(),
        };
        assert_eq!(at(find(root, &id(None, None), Some(&moved))), "1-3");
    }

    #[test]
    fn a_scanner_that_changed_its_mode_is_the_same_if_serial_or_port_say_so() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fake::plug(root, "1-1", ("0c2e", "0b6a"), 3, Some("A1"));
        assert_eq!(at(find(root, &id(Some("A1"), None), None)), "1-1");
        assert_eq!(at(find(root, &id(None, Some("1-1")), None)), "1-1");
        let text = at(find(root, &id(None, None), None));
        assert!(text.contains("0c2e:0b6a serial A1"), "{text}");
        // A mode nobody wrote down is no absence.
        fake::unplug(root, "1-1");
        fake::plug(root, "1-1", ("0c2e", "0777"), 4, Some("A1"));
        let text = at(find(root, &id(Some("A1"), None), None));
        assert!(
            text.contains("as 0c2e:0777 serial A1") && text.contains("setup code"),
            "{text}"
        );
        let text = at(find(root, &id(Some("B2"), None), None));
        assert!(text.contains("not plugged in;"), "{text}");
    }

    #[test]
    fn ids_and_ports_are_read_strictly() {
        assert_eq!(UsbId::parse_ids("0922:8003"), Some((0x0922, 0x8003)));
        for wrong in [
            "922:8003",
            "0922",
            "0922:80033",
            "0922:+003",
            "g922:8003",
            ":",
        ] {
            assert_eq!(UsbId::parse_ids(wrong), None, "{wrong}");
        }
        assert!(UsbId::is_port("1-1") && UsbId::is_port("2-1.4.3"));
        for wrong in ["1", "1-", "-1", "1-1.", "1-../x", "usb1-1", "1-1:1.0"] {
            assert!(!UsbId::is_port(wrong), "{wrong}");
        }
    }
}
