//! How bytes move: one small trait in front of every transport.
//!
//! Constraints: nothing here knows a protocol. A line that ended is an error, never an endless
//! `Ok(0)`. Nothing flushes: draining a serial line blocks the thread while flow control holds it.

pub mod http;
pub mod ipp;
mod request;
pub mod serial;
pub mod tcp;

use firstscan_drivers::codec::Attachment;
use std::future::poll_fn;
use std::io;
use std::path::PathBuf;
use std::task::{Context, Poll};

/// An open connection to a device. Report-oriented transports return one report per read.
pub trait Link: Send {
    /// Reads what has come; 0 bytes mean that the line ended.
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>>;
    /// Writes what the line takes now.
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>>;
    /// What a read and a write carry.
    fn attachment(&self) -> Attachment<'_> {
        Attachment::Stream
    }
}

/// Where a device is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Serial {
        path: PathBuf,
        settings: serial::LineSettings,
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
}

impl Target {
    /// What a line carries, ten bits a byte; `None` for a network, which is quick.
    pub fn bytes_per_second(&self) -> Option<u32> {
        match self {
            Target::Serial { settings, .. } => Some(settings.baud / 10),
            Target::Tcp { .. } | Target::Queue { .. } | Target::Http { .. } => None,
        }
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

impl Target {
    /// Opens the device. Waits as long as the system does, so callers give each device a task.
    ///
    /// # Errors
    /// [`OpenError`] with cause and remedy.
    pub async fn open(&self) -> Result<Opened, OpenError> {
        match self {
            Target::Serial { path, settings } => serial::open(path.clone(), *settings).await,
            Target::Tcp { address } => tcp::open(address).await,
            Target::Queue { url } => ipp::open(url).await,
            Target::Http { url } => http::open(url).await,
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
