//! USB devices through libusb: descriptors only.

use super::{Found, UsbIdentity, candidates};
use rusb::{Context, Device, DeviceDescriptor, UsbContext};
use std::time::Duration;

/// A device that does not answer for its texts is listed without them.
const TEXT_MAX: Duration = Duration::from_millis(200);
const DEVICES_MAX: usize = 256;

/// Lists everything but hubs; what cannot be read is said in `problems`.
pub fn list(problems: &mut Vec<String>) -> Vec<Found> {
    let devices = Context::new().and_then(|context| context.devices());
    let devices = match devices {
        Ok(devices) => devices,
        Err(e) => {
            problems.push(format!(
                "USB devices cannot be listed ({e}); is /dev/bus/usb there?"
            ));
            return Vec::new();
        }
    };
    let mut found: Vec<Found> = devices
        .iter()
        .take(DEVICES_MAX)
        .filter_map(|device| entry(&device, problems))
        .collect();
    found.sort_by(|a, b| a.port.cmp(&b.port));
    found
}

fn entry(device: &Device<Context>, problems: &mut Vec<String>) -> Option<Found> {
    let descriptor = device.device_descriptor().ok()?;
    let class = class(device, &descriptor);
    if class == "hub" {
        return None;
    }
    let port = format!("usb:{:03}-{:03}", device.bus_number(), device.address());
    let mut usb = UsbIdentity {
        vendor_id: format!("{:04x}", descriptor.vendor_id()),
        product_id: format!("{:04x}", descriptor.product_id()),
        class,
        ..UsbIdentity::default()
    };
    if let Err(e) = texts(device, &descriptor, &mut usb) {
        let remedy = "install the udev rules, or run as a user who may open it";
        problems.push(format!("{port}: its texts cannot be read ({e}); {remedy}"));
    }
    let candidates = candidates("usb", Some(&usb));
    Some(Found {
        bus: "usb",
        port,
        names: Vec::new(),
        usb: Some(usb),
        candidates,
    })
}

/// Manufacturer, product, serial number; best effort, each may be missing.
fn texts(
    device: &Device<Context>,
    descriptor: &DeviceDescriptor,
    usb: &mut UsbIdentity,
) -> rusb::Result<()> {
    let handle = device.open()?;
    let Some(language) = handle.read_languages(TEXT_MAX)?.first().copied() else {
        return Ok(());
    };
    let tidy = |text: rusb::Result<String>| {
        let text = text.ok()?;
        let text = text.trim_matches(|c: char| c.is_control() || c.is_whitespace());
        (!text.is_empty()).then(|| text.to_owned())
    };
    usb.manufacturer = tidy(handle.read_manufacturer_string(language, descriptor, TEXT_MAX));
    usb.product = tidy(handle.read_product_string(language, descriptor, TEXT_MAX));
    usb.serial = tidy(handle.read_serial_number_string(language, descriptor, TEXT_MAX));
    Ok(())
}

/// What it is for, by its own class or that of its first telling interface.
fn class(device: &Device<Context>, descriptor: &DeviceDescriptor) -> &'static str {
    let own = name(descriptor.class_code());
    if own != "other" {
        return own;
    }
    let Ok(config) = device.active_config_descriptor() else {
        return own;
    };
    config
        .interfaces()
        .flat_map(|interface| {
            interface
                .descriptors()
                .map(|d| name(d.class_code()))
                .collect::<Vec<_>>()
        })
        .find(|class| *class != "other")
        .unwrap_or(own)
}

/// USB-IF class codes.
fn name(code: u8) -> &'static str {
    match code {
        0x02 | 0x0A => "cdc",
        0x03 => "hid",
        0x07 => "printer",
        0x08 => "mass_storage",
        0x09 => "hub",
        _ => "other",
    }
}
