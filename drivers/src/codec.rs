//! The contract of every wire protocol: inputs are calls with bytes and a time, outputs are
//! polled. A codec never reads a clock, never waits, and holds at most one bounded frame.

use crate::length::SizeReading;
use crate::mass::MassReading;
use crate::printer::PrinterStatus;
use std::time::Duration;

/// What the host may ask of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    Zero,
    Tare,
    ClearTare,
    /// Ask for a reading now.
    Request,
}

/// Why a command was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    #[error("this device cannot do that: use its own keys")]
    Unsupported,
    #[error("the device is busy with an earlier command: try again in a moment")]
    Busy,
}

/// A decoded barcode.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScanReading {
    /// Content without framing and AIM identifier.
    pub bytes: Vec<u8>,
    /// AIM identifier such as `]C1`, if the scanner sends it.
    pub aim: Option<String>,
    /// Symbology by its usual name, if known.
    pub symbology: Option<String>,
}

impl ScanReading {
    /// The content as text; `None` if it is not UTF-8.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }
}

/// What a device said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Mass(MassReading),
    Size(SizeReading),
    Scan(ScanReading),
    Status(PrinterStatus),
    /// Bytes that belong to no frame: positions since reset, end exclusive.
    Garbage {
        start: u64,
        end: u64,
    },
}

/// An event with its proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Emitted {
    pub event: Event,
    /// The frame as received.
    pub raw: Vec<u8>,
    /// When its last byte came.
    pub at: Duration,
}

/// A wire protocol from the host's side. `now` is monotonic time since any fixed start.
///
/// Poll order after every call: `poll_event` until empty, `poll_transmit` until empty, then
/// `poll_timeout`.
pub trait Codec: Send {
    /// Takes received bytes, split anywhere.
    fn receive(&mut self, now: Duration, bytes: &[u8]);
    /// Takes a command for the device.
    ///
    /// # Errors
    /// [`CommandError`].
    fn command(&mut self, now: Duration, command: Command) -> Result<(), CommandError>;
    /// Call when the time of `poll_timeout` has come.
    fn handle_timeout(&mut self, now: Duration);
    /// Bytes to send.
    fn poll_transmit(&mut self) -> Option<Vec<u8>>;
    /// What the device said.
    fn poll_event(&mut self) -> Option<Emitted>;
    /// When `handle_timeout` is due.
    fn poll_timeout(&self) -> Option<Duration>;
    /// A new connection: nothing of the old one survives.
    fn reset(&mut self);
}
