//! The contract of every wire protocol: inputs are calls with bytes and a time, outputs are
//! polled. A codec never reads a clock, never waits, and holds at most one bounded frame.

use crate::length::SizeReading;
use crate::mass::MassReading;
use crate::printer::PrinterStatus;
use std::collections::VecDeque;
use std::time::Duration;

/// Most bytes to give to [`Codec::receive`] between two rounds of [`Codec::poll_event`]; up to
/// this many, no event is ever lost.
pub const RECEIVE_BYTES_MAX: usize = 4096;

/// What the host may ask of a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    Zero,
    Tare,
    ClearTare,
    /// Ask for a reading now.
    Request,
    /// Scanners: tell the packer at the gun that the code was taken.
    Accept,
    /// Scanners: tell the packer at the gun that the code was refused.
    Reject,
}

/// How a connection hands bytes over; told to the codec after each reset, before the first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attachment<'a> {
    /// A byte stream, split anywhere.
    Stream,
    /// One whole HID report per `receive`, and one output report per `poll_transmit`. A report
    /// begins with its id if the report descriptor numbers its reports; an output report always
    /// does, with 0 for unnumbered ones (as Linux's hidraw wants it). What the descriptor has as a
    /// feature report only is one, and goes out so where the connection can.
    Hid { descriptor: &'a [u8] },
    /// Linux input events, whole and in order, 8 bytes each, little-endian: type (u16), code
    /// (u16), value (i32).
    Evdev,
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

/// What the bytes look like when they make no sense: a remedy to show, never acted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hint {
    /// Every byte has even parity over all eight bits, and some have the eighth bit set.
    SevenEven,
    /// The same with odd parity.
    SevenOdd,
}

impl std::fmt::Display for Hint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (line, parity) = match self {
            Hint::SevenEven => ("7E1", "even"),
            Hint::SevenOdd => ("7O1", "odd"),
        };
        write!(
            f,
            "this looks like a {line} line read with 8 data bits: \
             write data_bits = 7 and parity = \"{parity}\""
        )
    }
}

/// Watches for a 7-bit line with parity that is read with 8 data bits. The bytes themselves are
/// never masked: a wrong line setting must be seen and put right, not papered over.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParityWatch {
    even_run: u32,
    odd_run: u32,
    /// Bytes with the eighth bit among the latest run.
    high_run: u32,
}

impl ParityWatch {
    /// Bytes in a row before a hint is given: one short frame.
    const RUN_MIN: u32 = 7;

    /// Takes one received byte.
    pub fn byte(&mut self, byte: u8) {
        let even = byte.count_ones().is_multiple_of(2);
        let (run, other) = if even {
            (&mut self.even_run, &mut self.odd_run)
        } else {
            (&mut self.odd_run, &mut self.even_run)
        };
        if *other > 0 {
            // The run broke: what came before belongs to no 7-bit line.
            *other = 0;
            *run = 0;
            self.high_run = 0;
        }
        *run = run.saturating_add(1);
        self.high_run = self.high_run.saturating_add(u32::from(byte >> 7));
    }

    /// What the latest bytes look like.
    pub fn hint(&self) -> Option<Hint> {
        if self.high_run < 2 {
            None
        } else if self.even_run >= Self::RUN_MIN {
            Some(Hint::SevenEven)
        } else if self.odd_run >= Self::RUN_MIN {
            Some(Hint::SevenOdd)
        } else {
            None
        }
    }
}

/// The events of a codec until they are polled. If nobody polls, further events become one
/// growing garbage range: lost, but not silently.
#[derive(Debug, Default)]
pub struct EventQueue {
    events: VecDeque<Emitted>,
}

impl EventQueue {
    /// One byte makes at most one event and ends at most one garbage range.
    const EVENTS_MAX: usize = 2 * RECEIVE_BYTES_MAX;

    /// Adds an event made of the bytes from `start` to `end` (positions since reset).
    pub fn push(&mut self, at: Duration, raw: Vec<u8>, event: Event, (start, end): (u64, u64)) {
        if self.events.len() < Self::EVENTS_MAX {
            self.events.push_back(Emitted { event, raw, at });
            return;
        }
        let lost = |start| Emitted {
            event: Event::Garbage { start, end },
            raw: Vec::new(),
            at,
        };
        if self.events.len() == Self::EVENTS_MAX {
            self.events.push_back(lost(start));
        } else if let Some(last) = self.events.back_mut()
            && let Event::Garbage { start, .. } = last.event
        {
            *last = lost(start);
        }
    }

    /// Adds a garbage range; nothing for an empty one.
    pub fn garbage(&mut self, at: Duration, start: u64, end: u64) {
        if start < end {
            let event = Event::Garbage { start, end };
            self.push(at, Vec::new(), event, (start, end));
        }
    }

    /// The oldest event.
    pub fn pop(&mut self) -> Option<Emitted> {
        self.events.pop_front()
    }
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
    /// What kind of connection it is. Codecs that know only byte streams need not care.
    fn attach(&mut self, _how: Attachment<'_>) {}
    /// Why the latest bytes may make no sense, for a log or a diagnosis page.
    fn hint(&self) -> Option<Hint> {
        None
    }
}
