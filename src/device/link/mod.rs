//! How bytes move: one small trait in front of every transport.
//!
//! Constraints: nothing here knows a protocol. A line that ended is an error, never an endless
//! `Ok(0)`. Nothing flushes: draining a serial line blocks the thread while flow control holds it.
//! What may wait in the kernel has a thread to itself.

pub mod evdev;
pub mod find;
pub mod hidraw;
pub mod http;
pub mod ipp;
mod present;
pub mod refused;
pub mod replay;
mod request;
pub mod serial;
pub mod sysfs;
mod target;
pub mod tcp;
pub mod usb;
pub mod usblp;

use find::Bound;
use firstscan_drivers::codec::Attachment;
use std::fmt::Display;
use std::fs::File;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};
use tokio::io::unix::AsyncFd;

pub use target::{Target, UsbWay};

/// An open connection to a device. Report-oriented transports return one report per read.
pub trait Link: Send {
    /// Reads what has come; 0 bytes mean that the line ended.
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>>;
    /// Writes what the line takes now; over HID one whole report. Until it is ready, the same
    /// bytes must be offered again (more may follow behind them).
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;
    /// What a read and a write carry.
    fn attachment(&self) -> Attachment<'_> {
        Attachment::Stream
    }
    /// What the line itself knows to be wrong now, as a status flag: `stuck_key`, `paper_out`.
    fn trouble(&self) -> Option<&'static str> {
        None
    }
    /// Which USB device this is, to know it again.
    fn bound(&self) -> Option<&Bound> {
        None
    }
}

/// A connection and its name for people.
pub struct Opened {
    pub link: Box<dyn Link>,
    pub what: String,
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened")
            .field("what", &self.what)
            .finish_non_exhaustive()
    }
}

/// Why a device cannot be opened; the text says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}: {cause}; {remedy}")]
pub struct OpenError {
    pub what: String,
    pub cause: String,
    pub remedy: String,
}

impl OpenError {
    /// An error about the device that people know as `what`.
    pub fn new(what: impl Display, cause: String, remedy: impl Into<String>) -> Self {
        OpenError {
            what: what.to_string(),
            cause,
            remedy: remedy.into(),
        }
    }
}

/// What [`transfer`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    Read(usize),
    Wrote(usize),
}

/// Moves bytes in one direction, whichever is possible first; nothing is lost if it is dropped
/// before it is done. Alternating `write_first` keeps a flood in one direction from starving the
/// other.
///
/// # Errors
/// Any error ends the connection, the end of the line included.
pub async fn transfer(
    link: &mut dyn Link,
    into: &mut [u8],
    bytes: &[u8],
    write_first: bool,
) -> io::Result<Moved> {
    poll_fn(|cx| {
        for write in [write_first, !write_first] {
            let polled = match write {
                true if bytes.is_empty() => Poll::Pending,
                true => link.poll_write(cx, bytes).map_ok(Moved::Wrote),
                false => link.poll_read(cx, into).map_ok(Moved::Read),
            };
            if let Poll::Ready(result) = polled {
                return Poll::Ready(match result {
                    Ok(Moved::Read(0)) => Err(ended()),
                    Ok(Moved::Wrote(0)) => Err(io::ErrorKind::WriteZero.into()),
                    other => other,
                });
            }
        }
        Poll::Pending
    })
    .await
}

fn ended() -> io::Error {
    let text = "the line ended: unplugged, switched off, or closed by the device";
    io::Error::new(io::ErrorKind::UnexpectedEof, text)
}

/// A file whose readiness the runtime tells. Call inside a runtime.
fn watched(file: File) -> io::Result<AsyncFd<File>> {
    #[expect(
        deprecated,
        reason = "its successor is unsafe for types that lie about their descriptor; files do not"
    )]
    AsyncFd::new(file)
}

/// Closes something that may wait in the kernel, without waiting for it.
fn aside(close: impl FnOnce() + Send + 'static) {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => drop(runtime.spawn_blocking(close)),
        Err(_) => close(),
    }
}
