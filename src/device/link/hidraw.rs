//! HID devices through the kernel's hidraw: a report per read, a report per write.
//!
//! A write waits in the kernel until the device took the report, for seconds if it does not, so
//! each has a thread to itself. Reads never wait there.

use super::sysfs::{self, Node, UsbDevice};
use super::{Link, OpenError, Opened, aside, refused, watched};
use firstscan_drivers::codec::Attachment;
use firstscan_drivers::hid;
use std::fs::{File, OpenOptions};
use std::future::Future;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::io::unix::AsyncFd;
use tokio::task::JoinHandle;

/// Longest report descriptor the kernel knows.
const DESCRIPTOR_BYTES_MAX: usize = 4096;

/// Opens the HID interface of `device` whose reports are of usage page `page`.
///
/// # Errors
/// [`OpenError`]: no such interface, held by a libusb program, no permission. Blocks; call it in a
/// thread of a runtime.
pub fn open(root: &Path, device: &UsbDevice, page: u16) -> Result<Opened, OpenError> {
    let (node, descriptor) = choose(root, device, page)?;
    let what = format!("{device}, {}", node.path.display());
    let refuse = |e: io::Error| refused::explain(&what, &node.path, &e);
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(nonblocking)
        .open(&node.path)
        .map_err(refuse)?;
    let writer = Arc::new(file.try_clone().map_err(refuse)?);
    Ok(Opened {
        link: Box::new(HidrawLink {
            reader: Some(watched(file).map_err(refuse)?),
            writer: Some(writer),
            writing: None,
            descriptor,
        }),
        what,
    })
}

/// The node with reports of the page, or else one whose reports only their maker knows: some
/// scanners name no usages, and the profile says what they send.
fn choose(root: &Path, device: &UsbDevice, page: u16) -> Result<(Node, Vec<u8>), OpenError> {
    let mut all: Vec<(Node, Vec<u8>)> = sysfs::nodes(root, device, "hidraw")
        .into_iter()
        .map(|node| {
            // The node is `HID device/hidraw/hidrawN`.
            let hid = node.folder.parent().and_then(Path::parent);
            let descriptor = hid.and_then(|hid| std::fs::read(hid.join("report_descriptor")).ok());
            (node, descriptor.unwrap_or_default())
        })
        .filter(|(_, descriptor)| descriptor.len() <= DESCRIPTOR_BYTES_MAX)
        .collect();
    let is_of_page = |(_, d): &(Node, Vec<u8>)| application_pages(d).contains(&page);
    let is_of_maker = |(_, d): &(Node, Vec<u8>)| is_of_maker(d);
    let at = all.iter().position(is_of_page);
    if let Some(at) = at.or_else(|| all.iter().position(is_of_maker)) {
        return Ok(all.swap_remove(at));
    }
    if all.is_empty() {
        return Err(absent(device));
    }
    let offered: Vec<String> = all
        .iter()
        .flat_map(|(_, descriptor)| application_pages(descriptor))
        .map(|page| format!("{page:#04x}"))
        .collect();
    let cause = format!(
        "it has no interface of usage page {page:#04x}, only {}",
        offered.join(", ")
    );
    let remedy = "scan its setup code for USB HID POS, or choose a profile of its present mode";
    Err(OpenError::new(device, cause, remedy))
}

fn absent(device: &UsbDevice) -> OpenError {
    let interfaces = sysfs::interfaces(device);
    let mut hid = interfaces.iter().filter(|i| i.class == HID_CLASS);
    let Some(interface) = hid.next() else {
        let remedy = "set it to USB HID by its menu or setup code, or choose another profile";
        return OpenError::new(device, "it is in a mode without HID".into(), remedy);
    };
    if interface.driver.as_deref() == Some("usbfs") {
        let remedy = "stop that program, or plug the device in again";
        return OpenError::new(device, "a program that uses libusb holds it".into(), remedy);
    }
    let cause = "the kernel made no hidraw node for it (yet)".to_owned();
    OpenError::new(device, cause, "it is tried again; `modprobe usbhid` if not")
}

const HID_CLASS: u8 = 3;

/// Usage pages of the top-level collections of a report descriptor; none if it is nonsense.
pub fn application_pages(descriptor: &[u8]) -> Vec<u16> {
    let reports = hid::parse(descriptor).unwrap_or_default();
    let mut pages: Vec<u16> = reports
        .fields
        .iter()
        .filter_map(|field| u16::try_from(field.collections.first()? >> 16).ok())
        .collect();
    pages.dedup();
    pages
}

/// Whether its reports are of vendor-defined pages (HID usage tables: 0xFF00 and above).
pub fn is_of_maker(descriptor: &[u8]) -> bool {
    let pages = application_pages(descriptor);
    pages.iter().any(|page| *page >= 0xFF00)
}

struct HidrawLink {
    reader: Option<AsyncFd<File>>,
    writer: Option<Arc<File>>,
    /// A report on its way.
    writing: Option<JoinHandle<io::Result<usize>>>,
    descriptor: Vec<u8>,
}

impl Drop for HidrawLink {
    fn drop(&mut self) {
        let closing = (self.reader.take(), self.writer.take());
        aside(move || drop(closing));
    }
}

impl Link for HidrawLink {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let Some(reader) = &self.reader else {
            return Poll::Ready(Ok(0));
        };
        loop {
            let mut guard = ready!(reader.poll_read_ready(cx))?;
            if let Ok(result) = guard.try_io(|fd| fd.get_ref().read(into)) {
                return Poll::Ready(result);
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, report: &[u8]) -> Poll<io::Result<usize>> {
        let Some(writer) = &self.writer else {
            return Poll::Ready(Ok(0));
        };
        let writing = self.writing.get_or_insert_with(|| {
            let (writer, report) = (Arc::clone(writer), report.to_vec());
            tokio::task::spawn_blocking(move || (&*writer).write(&report))
        });
        let written = ready!(Pin::new(writing).poll(cx));
        self.writing = None;
        Poll::Ready(match written {
            Ok(written) => taken(written, report.len()),
            Err(e) => Err(io::Error::other(e)),
        })
    }

    fn attachment(&self) -> Attachment<'_> {
        Attachment::Hid {
            descriptor: &self.descriptor,
        }
    }
}

/// What became of a report. The kernel takes it whole or not at all; a device that stalls it does
/// not know it (many scales know no zero), and goes on with its own.
fn taken(written: io::Result<usize>, length: usize) -> io::Result<usize> {
    match written {
        Ok(_) => Ok(length),
        Err(e) if e.kind() == io::ErrorKind::BrokenPipe => {
            tracing::debug!("the device does not take this report: it has no such control");
            Ok(length)
        }
        Err(e) => Err(e),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::sysfs::{devices, fake};
    use super::*;
    use std::fs;

    const SCALE: &[u8] = &[
        0x05, 0x8D, 0x09, 0x20, 0xA1, 0x01, 0x09, 0x40, 0x75, 0x08, 0x95, 0x02, 0x81, 0x02, 0xC0,
    ];
    const KEYBOARD: &[u8] = &[
        0x05, 0x01, 0x09, 0x06, 0xA1, 0x01, 0x75, 0x08, 0x95, 0x08, 0x81, 0x02, 0xC0,
    ];

    #[test]
    fn a_report_that_the_device_stalls_ends_no_connection() {
        let refused = |errno: rustix::io::Errno| taken(Err(errno.into()), 3);
        assert_eq!(taken(Ok(3), 3).unwrap(), 3);
        assert_eq!(refused(rustix::io::Errno::PIPE).unwrap(), 3);
        assert!(refused(rustix::io::Errno::NODEV).is_err());
        assert!(refused(rustix::io::Errno::IO).is_err());
    }

    #[test]
    fn pages_are_those_of_top_level_collections() {
        assert_eq!(application_pages(SCALE), [0x8D]);
        assert_eq!(application_pages(&[KEYBOARD, SCALE].concat()), [1, 0x8D]);
        assert!(application_pages(&SCALE[..3]).is_empty());
    }

    #[test]
    fn the_interface_is_chosen_by_its_page_and_refusals_say_why() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fake::plug(root, "1-1", ("0c2e", "0b61"), 3, None);
        let device = devices(root, 0x0c2e).unwrap().remove(0);
        let text = open(root, &device, 0x8D).unwrap_err().to_string();
        assert!(text.contains("without HID"), "{text}");
        for (number, descriptor) in [(0, KEYBOARD), (1, SCALE)] {
            let below = format!("hid{number}/hidraw/hidraw{number}");
            let name = format!("hidraw{number}");
            fake::node(root, "1-1", number, "03", &below, &name);
            let hid = format!("sys/devices/usb1/1-1/1-1:1.{number}/hid{number}/report_descriptor");
            fs::write(root.join(hid), descriptor).unwrap();
        }
        let (node, descriptor) = choose(root, &device, 0x8D).unwrap();
        assert_eq!((node.interface, descriptor.as_slice()), (1, SCALE));
        let text = choose(root, &device, 0x8C).unwrap_err().to_string();
        assert!(
            text.contains("0x8c") && text.contains("0x01, 0x8d"),
            "{text}"
        );
        let text = open(root, &device, 0x8D).unwrap_err().to_string();
        assert!(text.contains("dev/hidraw1 is not there"), "{text}");
        let keyboard = "sys/devices/usb1/1-1/1-1:1.0/hid0/report_descriptor";
        let maker = [&[0x06, 0x00, 0xFF, 0x09, 0x01][..], &KEYBOARD[4..]].concat();
        fs::write(root.join(keyboard), maker).unwrap();
        assert_eq!(choose(root, &device, 0x8C).unwrap().0.interface, 0);
        assert_eq!(choose(root, &device, 0x8D).unwrap().0.interface, 1);
    }
}
