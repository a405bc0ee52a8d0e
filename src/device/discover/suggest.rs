//! What to write into the configuration for a device that was found.

use super::Found;
use firstscan_drivers::profile::{Kind, Profile};

/// The lines of a device as the configuration wants them, from `id` on, without the table's header.
/// A device is named by what stays: its serial number, or else the socket it sits in.
pub fn suggest(found: &Found, profile: &Profile, id: &str) -> String {
    let role = match profile.kind {
        Kind::Scale => "scale",
        Kind::Scanner => "scanner",
        Kind::Dimensioner => "dimensioner",
        Kind::Printer => "printer",
    };
    let mut lines = vec![("id", id), ("role", role), ("profile", &profile.id)];
    let ids = found
        .usb
        .as_ref()
        .map(|usb| format!("{}:{}", usb.vendor_id, usb.product_id));
    let stable = found.port.starts_with("/dev/serial/") || found.usb.is_none();
    match (&found.usb, &ids) {
        (Some(usb), Some(ids)) if found.bus == "usb" || !stable || found.twin => {
            lines.push(("usb", ids));
            match &usb.serial {
                Some(serial) if !found.twin => lines.push(("serial", serial)),
                _ => lines.push(("usb_port", &usb.usb_port)),
            }
        }
        _ => lines.push(("port", &found.port)),
    }
    let line = |(key, value): (&str, &str)| {
        let value = toml::Value::String(value.to_owned());
        format!("{key} = {value}\n")
    };
    lines.into_iter().map(line).collect()
}
