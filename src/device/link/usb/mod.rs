//! USB devices through libusb: printers by bulk transfers, HID devices by interrupt transfers.
//!
//! libusb's calls wait, so a thread per open device makes them ([`thread`]) behind a small trait
//! ([`pipe`]) and the device stays claimed, by one handle, for the whole session: releasing it
//! between jobs makes label printers lose them.

mod device;
mod pipe;
mod thread;

use super::hidraw::{application_pages, is_of_maker};
use super::sysfs::UsbDevice;
use super::{OpenError, Opened, refused};
use device::Claimed;
use std::path::{Path, PathBuf};

/// Opens the printer interface of `device`.
///
/// # Errors
/// [`OpenError`]: no such interface, held by another program, no permission. Blocks; call it in a
/// thread.
pub fn open_printer(root: &Path, device: &UsbDevice) -> Result<Opened, OpenError> {
    refused::wait_for_ourselves(&node(root, device));
    let pipe = Claimed::printer(device).map_err(|e| explain(root, device, e))?;
    opened(device, Box::new(pipe), None)
}

/// Opens the HID interface of `device` whose reports are of usage page `page`.
///
/// # Errors
/// As [`open_printer`].
pub fn open_hid(root: &Path, device: &UsbDevice, page: u16) -> Result<Opened, OpenError> {
    refused::wait_for_ourselves(&node(root, device));
    let is_of_page = |descriptor: &[u8]| application_pages(descriptor).contains(&page);
    let claimed = Claimed::hid(device, &is_of_page).or_else(|e| match e {
        ClaimError::Absent(_) => Claimed::hid(device, &is_of_maker),
        other @ ClaimError::Usb(_) => Err(other),
    });
    let (pipe, descriptor) = claimed.map_err(|e| explain(root, device, e))?;
    opened(device, Box::new(pipe), Some(descriptor))
}

fn opened(
    device: &UsbDevice,
    pipe: Box<dyn pipe::Pipe>,
    descriptor: Option<Vec<u8>>,
) -> Result<Opened, OpenError> {
    let what = format!("{device}, libusb");
    let link = thread::start(pipe, descriptor).map_err(|e| {
        let cause = format!("there is no thread for it ({e})");
        OpenError::new(&what, cause, "free memory and try again")
    })?;
    Ok(Opened {
        link: Box::new(link),
        what,
    })
}

/// Why a device cannot be claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ClaimError {
    /// No interface of the wanted kind.
    Absent(&'static str),
    Usb(rusb::Error),
}

impl From<rusb::Error> for ClaimError {
    fn from(error: rusb::Error) -> Self {
        ClaimError::Usb(error)
    }
}

fn explain(root: &Path, device: &UsbDevice, error: ClaimError) -> OpenError {
    let what = format!("{device}, libusb");
    let node = node(root, device);
    match error {
        ClaimError::Absent(cause) => OpenError::new(
            what,
            cause.into(),
            "set the device to that mode by its menu or setup code, or choose another profile",
        ),
        ClaimError::Usb(rusb::Error::Access) => refused::denied(&what, &node),
        ClaimError::Usb(rusb::Error::Busy) => {
            refused::busy(&what, &node, refused::holder(Path::new("/proc"), &node))
        }
        ClaimError::Usb(rusb::Error::NoDevice | rusb::Error::NotFound) => OpenError::new(
            what,
            "it left while it was opened, or libusb cannot see it".into(),
            "it is tried again; in a container, pass /dev/bus/usb through",
        ),
        ClaimError::Usb(error) => OpenError::new(
            what,
            error.to_string(),
            "unplug the device, wait a moment, plug it in again",
        ),
    }
}

/// What libusb opens.
fn node(root: &Path, device: &UsbDevice) -> PathBuf {
    root.join(format!(
        "dev/bus/usb/{:03}/{:03}",
        device.bus, device.address
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_name_the_node_and_the_remedy() {
        let device = UsbDevice {
            port: "1-1".into(),
            folder: "/nowhere".into(),
            vendor_id: 0x0922,
            product_id: 0x8003,
            serial: None,
            bus: 1,
            address: 7,
        };
        for (error, part) in [
            (rusb::Error::Access.into(), "firstscan udev"),
            (
                rusb::Error::Busy.into(),
                "another program holds /dev/bus/usb/001/007",
            ),
            (rusb::Error::NoDevice.into(), "tried again"),
            (rusb::Error::Io.into(), "plug it in again"),
            (
                ClaimError::Absent("it has no printer interface"),
                "set the device to",
            ),
        ] {
            let text = explain(Path::new("/"), &device, error).to_string();
            assert!(text.contains(part) && text.contains("at 1-1"), "{text}");
        }
        let gone = Claimed::printer(&device);
        assert!(gone.is_err(), "no such device on any machine");
    }
}
