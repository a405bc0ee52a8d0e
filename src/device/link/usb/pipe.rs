//! What the thread of a USB device needs of it.

use std::io;
use std::time::Duration;

/// An open device. Every call ends in about the time it is given.
pub trait Pipe: Send {
    /// Waits for bytes or a report; 0 if none came.
    ///
    /// # Errors
    /// [`PipeError`].
    fn read(&mut self, into: &mut [u8], max: Duration) -> Result<usize, PipeError>;
    /// Sends bytes or one whole report; how many the device took, 0 if it takes none now.
    ///
    /// # Errors
    /// [`PipeError`].
    fn write(&mut self, bytes: &[u8], max: Duration) -> Result<usize, PipeError>;
    /// The way back is there; `false` for one-way printers.
    fn answers(&self) -> bool;
    /// Asked when the device takes nothing: what it says is wrong, beside its data.
    fn trouble(&mut self, max: Duration) -> Option<&'static str>;
}

/// Why a transfer failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PipeError {
    #[error("the device was unplugged")]
    Gone,
    /// It refused, which was cleared.
    #[error("the device refuses its transfers: switch it off and on")]
    Stalled,
    #[error("the transfer failed ({0}): check the cable, plug the device in again")]
    Failed(&'static str),
}

impl From<PipeError> for io::Error {
    fn from(error: PipeError) -> Self {
        let kind = match error {
            PipeError::Gone => io::ErrorKind::UnexpectedEof,
            _ => io::ErrorKind::Other,
        };
        io::Error::new(kind, error.to_string())
    }
}
