//! Where a device is, and the way to it.

use super::find::{Bound, UsbId, find};
use super::present::Present;
use super::replay::{self, Carries};
use super::serial::LineSettings;
use super::{OpenError, Opened, evdev, hidraw, http, ipp, serial, sysfs, tcp, usb, usblp};
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
    /// A print queue: requests and answers of IPP.
    Queue {
        url: String,
    },
    /// A device that is asked over HTTP.
    Http {
        url: String,
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
            Target::Queue { url } => ipp::open(url).await,
            Target::Http { url } => http::open(url).await,
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

#[cfg(test)]
mod tests {
    //! Nodes of a made-up sysfs that lead to ptys.
    #![allow(clippy::unwrap_used)]
    use super::super::serial::Parity;
    use super::super::sysfs::fake;
    use super::super::{Moved, transfer};
    use super::*;
    use firstscan_drivers::codec::Attachment;
    use rustix::fs::OFlags;
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
    use std::fs::{self, File};
    use std::io::{Read, Write};
    use std::os::unix::fs::symlink;
    use std::time::{Duration, Instant};

    fn pty(node: &Path) -> File {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let mut raw = tcgetattr(&master).unwrap();
        raw.make_raw();
        tcsetattr(&master, OptionalActions::Now, &raw).unwrap();
        let flags = rustix::fs::fcntl_getfl(&master).unwrap();
        rustix::fs::fcntl_setfl(&master, flags | OFlags::NONBLOCK).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        fs::create_dir_all(node.parent().unwrap()).unwrap();
        symlink(name.into_string().unwrap(), node).unwrap();
        File::from(master)
    }

    fn id() -> UsbId {
        UsbId {
            vendor_id: 0x0a5f,
            product_id: 0x0080,
            other_products: Vec::new(),
            serial: None,
            port: None,
        }
    }

    fn tree(class: &str, below: &str, name: &str) -> (tempfile::TempDir, File) {
        let root = tempfile::tempdir().unwrap();
        fake::plug(root.path(), "1-1", ("0a5f", "0080"), 3, Some("Z9"));
        fake::node(root.path(), "1-1", 0, class, below, name);
        let master = pty(&root.path().join("dev").join(name));
        (root, master)
    }

    async fn moved(opened: &mut Opened, bytes: &[u8]) -> std::io::Result<(Moved, Vec<u8>)> {
        let mut buffer = [0; 64];
        let wait = transfer(opened.link.as_mut(), &mut buffer, bytes, true);
        let moved = tokio::time::timeout(Duration::from_secs(3), wait).await;
        let moved = moved.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))?;
        Ok((moved, buffer.to_vec()))
    }

    #[tokio::test]
    async fn a_printer_node_takes_bytes_answers_pushes_back_and_is_pulled() {
        let (root, mut master) = tree("07", "usbmisc/lp3", "usb/lp3");
        let mut opened = open_usb_below(root.path(), &id(), &UsbWay::Usblp, None).unwrap();
        assert!(opened.what.contains("serial Z9 at 1-1"), "{}", opened.what);
        assert_eq!(opened.link.bound().unwrap().port, "1-1");
        assert_eq!(moved(&mut opened, b"~HS").await.unwrap().0, Moved::Wrote(3));
        let mut got = [0; 8];
        assert_eq!(master.read(&mut got).unwrap(), 3);
        master.write_all(b"ok").unwrap();
        let (read, bytes) = moved(&mut opened, b"").await.unwrap();
        assert_eq!((read, &bytes[..2]), (Moved::Read(2), &b"ok"[..]));

        // Nobody reads the other end: it takes some and then none, and nothing is lost.
        let (mut sent, chunk) = (0, [7_u8; 4096]);
        let full = loop {
            match moved(&mut opened, &chunk).await {
                Ok((Moved::Wrote(count), _)) => sent += count,
                Ok(_) => {}
                Err(e) => break e,
            }
        };
        assert_eq!(full.kind(), std::io::ErrorKind::TimedOut);
        let mut taken = 0;
        while let Ok(count) = master.read(&mut [0; 4096]) {
            taken += count;
        }
        assert!(
            sent <= taken && taken <= sent + chunk.len(),
            "{sent} {taken}"
        );

        fake::unplug(root.path(), "1-1");
        let pulled = Instant::now();
        let error = moved(&mut opened, b"").await.unwrap_err();
        assert!(error.to_string().contains("unplugged"), "{error}");
        assert!(pulled.elapsed() < Duration::from_secs(1));
    }

    #[tokio::test]
    async fn reports_pass_whole_both_ways_and_the_descriptor_is_known() {
        let (root, mut master) = tree("03", "hid/hidraw/hidraw0", "hidraw0");
        let scale = [
            0x05, 0x8D, 0x09, 0x20, 0xA1, 0x01, 0x75, 8, 0x95, 6, 0x81, 2, 0xC0,
        ];
        let hid = "sys/devices/usb1/1-1/1-1:1.0/hid/report_descriptor";
        fs::write(root.path().join(hid), scale).unwrap();
        let way = UsbWay::Hidraw { page: 0x8D };
        let mut opened = open_usb_below(root.path(), &id(), &way, None).unwrap();
        let attachment = opened.link.attachment();
        assert!(matches!(attachment, Attachment::Hid { descriptor } if descriptor == scale));
        for report in [[3, 4, 11, 0xFF, 1, 0], [3, 2, 11, 0xFF, 0, 0]] {
            master.write_all(&report).unwrap();
            let (read, bytes) = moved(&mut opened, b"").await.unwrap();
            assert_eq!((read, &bytes[..6]), (Moved::Read(6), &report[..]));
        }
        let (wrote, _) = moved(&mut opened, &[2, 2]).await.unwrap();
        assert_eq!(wrote, Moved::Wrote(2));
        let mut got = [0; 8];
        assert_eq!((master.read(&mut got).unwrap(), got[0]), (2, 2));
        drop(master);
        let pulled = Instant::now();
        assert!(moved(&mut opened, b"").await.is_err());
        assert!(pulled.elapsed() < Duration::from_secs(1));
    }

    #[tokio::test]
    async fn a_serial_device_is_found_by_its_ids_and_other_modes_are_explained() {
        let (root, mut master) = tree("0a", "tty/ttyACM4", "ttyACM4");
        let settings = LineSettings {
            baud: 9600,
            data_bits: 8,
            parity: Parity::None,
            stop_bits: 1,
            dtr: Some(true),
            rts: None,
        };
        let way = UsbWay::Tty(settings);
        let mut opened = open_usb_below(root.path(), &id(), &way, None).unwrap();
        assert!(opened.what.contains("9600 8N1"), "{}", opened.what);
        master.write_all(b"hello").unwrap();
        assert_eq!(moved(&mut opened, b"").await.unwrap().0, Moved::Read(5));
        for (way, part) in [
            (UsbWay::Usblp, "no printer interface"),
            (UsbWay::Hidraw { page: 0x8C }, "without HID"),
            (UsbWay::Keyboard, "no keyboard"),
            (UsbWay::KeyboardReports, "no keyboard"),
        ] {
            let error = open_usb_below(root.path(), &id(), &way, None).unwrap_err();
            assert!(error.to_string().contains(part), "{error}");
        }
        // A second opener is refused and told who has it.
        let way = UsbWay::Tty(settings);
        let error = open_usb_below(root.path(), &id(), &way, None).unwrap_err();
        assert!(
            error
                .to_string()
                .contains("two devices of the configuration"),
            "{error}"
        );
    }
}
