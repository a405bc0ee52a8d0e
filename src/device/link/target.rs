//! Where a device is, and the way to it.

use super::find::{Bound, UsbId, find};
use super::present::Present;
use super::replay::{self, Carries};
use super::serial::LineSettings;
use super::{OpenError, Opened, evdev, hidraw, serial, sysfs, tcp, usb, usblp};
use std::path::{Path, PathBuf};

/// Where a device is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Serial {
        path: PathBuf,
        settings: LineSettings,
    },
    Tcp {
        address: String,
    },
    Usb {
        id: UsbId,
        way: UsbWay,
    },
    Replay {
        path: PathBuf,
        carries: Carries,
    },
}

/// The way to a USB device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UsbWay {
    /// Reports of a usage page through hidraw.
    Hidraw {
        page: u16,
    },
    /// Key events, grabbed.
    Keyboard,
    /// A keyboard's reports through hidraw, its key events grabbed away from others: shows what
    /// the kernel's events hide, such as a key twice in one report.
    KeyboardReports,
    Usblp,
    /// A CDC device or a serial adapter.
    Tty(LineSettings),
    LibusbHid {
        page: u16,
    },
    LibusbPrinter,
}

/// Usage page of keyboards: generic desktop.
const DESKTOP_PAGE: u16 = 0x01;
/// Kernel names of USB serial ports: CDC, adapters.
const TTY_NAMES: [&str; 2] = ["ttyACM", "ttyUSB"];

impl Target {
    /// What a line carries, ten bits a byte; `None` for what is quick.
    pub fn bytes_per_second(&self) -> Option<u32> {
        match self {
            Target::Serial { settings, .. } => Some(settings.baud / 10),
            _ => None,
        }
    }

    /// Opens the device. Waits as long as the system does, so callers give each device a task.
    ///
    /// # Errors
    /// [`OpenError`] with cause and remedy.
    pub async fn open(&self) -> Result<Opened, OpenError> {
        self.open_again(None).await
    }

    /// As [`Target::open`], after the device `bound` was lost: another one is refused.
    ///
    /// # Errors
    /// [`OpenError`] with cause and remedy.
    pub async fn open_again(&self, bound: Option<Bound>) -> Result<Opened, OpenError> {
        match self {
            Target::Serial { path, settings } => serial::open(path.clone(), *settings).await,
            Target::Tcp { address } => tcp::open(address).await,
            Target::Usb { id, way } => open_usb(id.clone(), way.clone(), bound).await,
            Target::Replay { path, carries } => replay::open(path, carries.clone()).await,
        }
    }
}

/// Looking for a device and opening it may hang with it, so it has a thread to itself.
async fn open_usb(id: UsbId, way: UsbWay, bound: Option<Bound>) -> Result<Opened, OpenError> {
    let shown = id.to_string();
    let open = move || open_usb_below(Path::new("/"), &id, &way, bound.as_ref());
    match tokio::task::spawn_blocking(open).await {
        Ok(opened) => opened,
        Err(e) => Err(OpenError::new(
            shown,
            format!("opening was broken off ({e})"),
            "it is tried again",
        )),
    }
}

fn open_usb_below(
    root: &Path,
    id: &UsbId,
    way: &UsbWay,
    bound: Option<&Bound>,
) -> Result<Opened, OpenError> {
    let device = find(root, id, bound)?;
    let opened = match way {
        UsbWay::Hidraw { page } => hidraw::open(root, &device, *page),
        UsbWay::Keyboard => evdev::open(root, &device),
        UsbWay::KeyboardReports => keyboard_reports(root, &device),
        UsbWay::Usblp => usblp::open(root, &device),
        UsbWay::Tty(settings) => tty(root, &device, *settings),
        UsbWay::LibusbHid { page } => usb::open_hid(root, &device, *page),
        UsbWay::LibusbPrinter => usb::open_printer(root, &device),
    }?;
    Ok(Opened {
        link: Box::new(Present::new(opened.link, device)),
        what: opened.what,
    })
}

fn keyboard_reports(root: &Path, device: &sysfs::UsbDevice) -> Result<Opened, OpenError> {
    let (grabbed, note) = evdev::grab(root, device)?;
    let opened = hidraw::open(root, device, DESKTOP_PAGE)?;
    Ok(Opened {
        what: format!("{}{note}", opened.what),
        link: Box::new(evdev::Grabbed::new(opened.link, grabbed)),
    })
}

fn tty(
    root: &Path,
    device: &sysfs::UsbDevice,
    settings: LineSettings,
) -> Result<Opened, OpenError> {
    let node = TTY_NAMES
        .iter()
        .find_map(|name| sysfs::nodes(root, device, name).into_iter().next());
    let node = node.ok_or_else(|| {
        let cause = "it offers no serial port in its present mode".to_owned();
        let remedy = "scan its setup code for USB serial (CDC), or choose a profile of its \
                      present mode";
        OpenError::new(device, cause, remedy)
    })?;
    let opened = serial::open_blocking(&node.path, settings)?;
    Ok(Opened {
        what: format!("{device}, {}", opened.what),
        link: opened.link,
    })
}
