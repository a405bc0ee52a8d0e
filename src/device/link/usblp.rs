//! Printers through the kernel's usblp, `/dev/usb/lpN`.
//!
//! The kernel takes up to 4096 bytes and says at once that it did; a chunk counts as handed over
//! only when the printer has taken it. An empty read is an empty packet, not the end.

use super::sysfs::{self, UsbDevice};
use super::{Link, OpenError, Opened, aside, refused, watched};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::fs::{File, OpenOptions};
use std::future::Future;
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::unix::AsyncFd;
use tokio::time::{Sleep, sleep};

/// Pause after an empty packet: some printers answer every question for data with one.
const EMPTY_PAUSE: Duration = Duration::from_millis(20);
const PRINTER_CLASS: u8 = 7;

/// Opens the printer interface of `device`. One process at a time may.
///
/// # Errors
/// [`OpenError`]: no printer interface, held by CUPS or another program, no permission. Blocks;
/// call it in a thread of a runtime.
pub fn open(root: &Path, device: &UsbDevice) -> Result<Opened, OpenError> {
    let node = sysfs::nodes(root, device, "lp").into_iter().next();
    let node = node.ok_or_else(|| absent(device))?;
    let what = format!("{device}, {}", node.path.display());
    refused::wait_for_ourselves(&node.path);
    let refuse = |e: io::Error| refused::explain(&what, &node.path, &e);
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(nonblocking)
        .open(&node.path)
        .map_err(refuse)?;
    let file = watched(file).map_err(refuse)?;
    Ok(Opened {
        link: Box::new(UsblpLink {
            file: Some(file),
            on_its_way: None,
            answers: true,
            pause: None,
        }),
        what,
    })
}

fn absent(device: &UsbDevice) -> OpenError {
    let interfaces = sysfs::interfaces(device);
    let printer = interfaces.iter().find(|i| i.class == PRINTER_CLASS);
    match printer.map(|i| i.driver.as_deref()) {
        None => OpenError::new(
            device,
            "it has no printer interface".into(),
            "set the printer to USB printer class, or correct `usb`",
        ),
        Some(Some("usbfs")) => OpenError::new(
            device,
            "a program that uses libusb holds it, often CUPS or ipp-usb".into(),
            "remove the printer in CUPS (`lpadmin -x NAME`), stop ipp-usb, then plug it in again; \
             or print through the queue with queue = \"ipp://...\"",
        ),
        Some(_) => OpenError::new(
            device,
            "the kernel made no /dev/usb/lp node for it (yet)".into(),
            "it is tried again; if not, `modprobe usblp`, or write via = \"libusb\"",
        ),
    }
}

struct UsblpLink {
    file: Option<AsyncFd<File>>,
    /// Bytes the kernel has and the printer has not.
    on_its_way: Option<usize>,
    /// It has a way back; `false` for one-way printers.
    answers: bool,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Drop for UsblpLink {
    fn drop(&mut self) {
        let closing = self.file.take();
        aside(move || drop(closing));
    }
}

/// Whether the printer has taken what the kernel held. A pulled printer is an error: its transfer
/// ends too, and an empty write is what tells.
fn is_taken(mut file: &File) -> io::Result<bool> {
    let mut fds = [PollFd::new(file, PollFlags::OUT)];
    if poll(&mut fds, Some(&Timespec::default()))? == 0 {
        return Ok(false);
    }
    match file.write(&[]) {
        Ok(_) => Ok(fds.iter().all(|fd| fd.revents().contains(PollFlags::OUT))),
        Err(e) if is_back_pressure(&e) => Ok(false),
        Err(e) => Err(e),
    }
}

/// Full, or held up by the printer: both mean later.
fn is_back_pressure(e: &io::Error) -> bool {
    matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::StorageFull)
}

impl Link for UsblpLink {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        let Some(file) = &self.file else {
            return Poll::Ready(Ok(0));
        };
        loop {
            if let Some(pause) = &mut self.pause {
                ready!(pause.as_mut().poll(cx));
                self.pause = None;
            }
            let mut guard = ready!(file.poll_read_ready(cx))?;
            if !self.answers {
                if guard.ready().is_read_closed() {
                    return Poll::Ready(Ok(0));
                }
                guard.clear_ready();
                continue;
            }
            match guard.try_io(|fd| fd.get_ref().read(into)) {
                Ok(Ok(0)) => self.pause = Some(Box::pin(sleep(EMPTY_PAUSE))),
                Ok(Err(e)) if e.kind() == ErrorKind::InvalidInput => self.answers = false,
                Ok(result) => return Poll::Ready(result),
                Err(_would_block) => {}
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let Some(file) = &self.file else {
            return Poll::Ready(Ok(0));
        };
        loop {
            let mut guard = ready!(file.poll_write_ready(cx))?;
            if let Some(count) = self.on_its_way {
                if is_taken(guard.get_inner())? {
                    self.on_its_way = None;
                    return Poll::Ready(Ok(count.min(bytes.len())));
                }
                guard.clear_ready();
                continue;
            }
            match guard.get_inner().write(bytes) {
                Ok(0) => return Poll::Ready(Ok(0)),
                Ok(count) => self.on_its_way = Some(count),
                Err(e) if is_back_pressure(&e) => guard.clear_ready(),
                Err(e) => return Poll::Ready(Err(e)),
            }
        }
    }
}
