//! The thread of an open USB device, and the link to it.
//!
//! A chunk counts as written when the device took it. Nothing is read while nobody takes what came
//! before, and nothing the device does can hold the thread for longer than a slice.

use super::pipe::{Pipe, PipeError};
use crate::device::link::Link;
use firstscan_drivers::codec::Attachment;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Waiting for the device to say something; a chunk to write waits as long.
const READ_SLICE: Duration = Duration::from_millis(10);
/// Waiting for the device to take something; the way back waits as long.
const WRITE_SLICE: Duration = Duration::from_millis(250);
/// While chunk follows chunk, the way back is looked at this often.
const READ_EVERY: Duration = Duration::from_millis(100);
/// The next chunk of a label comes within this.
const NEXT_CHUNK: Duration = Duration::from_millis(2);
/// Pause after an empty packet, which comes at once and says nothing.
const EMPTY_PAUSE: Duration = Duration::from_millis(10);
const TROUBLE_MAX: Duration = Duration::from_millis(300);
/// Empty slices in a row before the device is asked what is wrong.
const TROUBLE_AFTER: u32 = 2;
/// Failures in a row that end the connection: one may be noise on the cable.
const FAILURES_MAX: u32 = 3;
const READ_BYTES: usize = 4096;
/// Packets nobody took.
const WAITING_MAX: usize = 32;

struct Shared {
    closing: AtomicBool,
    trouble: Mutex<Option<&'static str>>,
}

/// The link to a device that a thread drives.
pub struct ThreadLink {
    shared: Arc<Shared>,
    chunks: SyncSender<Vec<u8>>,
    /// Bytes taken of the chunk under way.
    taken: mpsc::Receiver<usize>,
    under_way: bool,
    packets: mpsc::Receiver<Result<Vec<u8>, PipeError>>,
    descriptor: Option<Vec<u8>>,
}

/// Starts the thread. `descriptor` makes it a HID device.
pub fn start(pipe: Box<dyn Pipe>, descriptor: Option<Vec<u8>>) -> ThreadLink {
    let shared = Arc::new(Shared {
        closing: AtomicBool::new(false),
        trouble: Mutex::new(None),
    });
    let (chunks, chunks_out) = sync_channel(1);
    let (taken_in, taken) = mpsc::channel(1);
    let (packets_in, packets) = mpsc::channel(WAITING_MAX);
    let driver = Driver {
        pipe,
        shared: Arc::clone(&shared),
        chunks: chunks_out,
        taken: taken_in,
        packets: packets_in,
        failures: 0,
        refusals: 0,
    };
    std::thread::spawn(move || driver.run());
    ThreadLink {
        shared,
        chunks,
        taken,
        under_way: false,
        packets,
        descriptor,
    }
}

impl Drop for ThreadLink {
    fn drop(&mut self) {
        self.shared.closing.store(true, Ordering::Release);
    }
}

fn thread_ended() -> io::Error {
    PipeError::Gone.into()
}

impl Link for ThreadLink {
    fn poll_read(&mut self, cx: &mut Context<'_>, into: &mut [u8]) -> Poll<io::Result<usize>> {
        self.packets.poll_recv(cx).map(|packet| match packet {
            Some(Ok(bytes)) => {
                let count = bytes.len().min(into.len());
                into.iter_mut().zip(bytes).for_each(|(at, byte)| *at = byte);
                Ok(count)
            }
            Some(Err(error)) => Err(error.into()),
            None => Err(thread_ended()),
        })
    }

    /// The same bytes are to be offered until they are taken.
    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if !self.under_way {
            if self.chunks.try_send(bytes.to_vec()).is_err() {
                return Poll::Ready(Err(thread_ended()));
            }
            self.under_way = true;
        }
        self.taken.poll_recv(cx).map(|taken| {
            self.under_way = false;
            taken.map(|n| n.min(bytes.len())).ok_or_else(thread_ended)
        })
    }

    fn attachment(&self) -> Attachment<'_> {
        match &self.descriptor {
            Some(descriptor) => Attachment::Hid { descriptor },
            None => Attachment::Stream,
        }
    }

    fn trouble(&self) -> Option<&'static str> {
        *self
            .shared
            .trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

struct Driver {
    pipe: Box<dyn Pipe>,
    shared: Arc<Shared>,
    chunks: Receiver<Vec<u8>>,
    taken: mpsc::Sender<usize>,
    packets: mpsc::Sender<Result<Vec<u8>, PipeError>>,
    failures: u32,
    /// Slices in a row in which the device took nothing.
    refusals: u32,
}

impl Driver {
    fn run(mut self) {
        if let Err(error) = self.drive() {
            // If nobody listens any more, nobody needs the reason.
            drop(self.packets.try_send(Err(error)));
        }
    }

    fn drive(&mut self) -> Result<(), PipeError> {
        let mut chunk: Option<Vec<u8>> = None;
        let mut buffer = vec![0_u8; READ_BYTES];
        let mut read_at = Instant::now();
        while !self.shared.closing.load(Ordering::Acquire) {
            let wrote = match &chunk {
                Some(bytes) => self.write(bytes)?,
                None => false,
            };
            if wrote {
                chunk = None;
            }
            if chunk.is_none() {
                let wait = if wrote { NEXT_CHUNK } else { Duration::ZERO };
                match self.next_chunk(wait) {
                    Ok(next) => chunk = next,
                    Err(()) => return Ok(()),
                }
            }
            let busy = chunk.is_some() && self.refusals == 0;
            if !busy || read_at.elapsed() >= READ_EVERY {
                self.read(&mut buffer)?;
                read_at = Instant::now();
            }
        }
        Ok(())
    }

    /// Something to write; `Err` if nobody writes any more.
    fn next_chunk(&self, wait: Duration) -> Result<Option<Vec<u8>>, ()> {
        if wait.is_zero() {
            return match self.chunks.try_recv() {
                Ok(chunk) => Ok(Some(chunk)),
                Err(TryRecvError::Empty) => Ok(None),
                Err(TryRecvError::Disconnected) => Err(()),
            };
        }
        match self.chunks.recv_timeout(wait) {
            Ok(chunk) => Ok(Some(chunk)),
            Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(()),
        }
    }

    /// True if the device took something of it; the writer offers the rest anew.
    fn write(&mut self, bytes: &[u8]) -> Result<bool, PipeError> {
        let result = self.pipe.write(bytes, WRITE_SLICE);
        let count = self.forgive(result)?;
        if count == 0 {
            self.refusals = self.refusals.saturating_add(1);
            if self.refusals >= TROUBLE_AFTER {
                let trouble = self.pipe.trouble(TROUBLE_MAX);
                self.set_trouble(trouble);
            }
            return Ok(false);
        }
        if self.refusals > 0 {
            self.refusals = 0;
            self.set_trouble(None);
        }
        // One chunk is under way and one place is kept for it; only a writer that left has none.
        if self.taken.try_send(count).is_err() {
            self.shared.closing.store(true, Ordering::Release);
        }
        Ok(true)
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<(), PipeError> {
        if !self.pipe.answers() || self.packets.capacity() == 0 {
            std::thread::sleep(READ_SLICE);
            return Ok(());
        }
        let began = Instant::now();
        let result = self.pipe.read(buffer, READ_SLICE);
        let count = self.forgive(result)?;
        if count == 0 {
            if began.elapsed() < READ_SLICE / 2 {
                std::thread::sleep(EMPTY_PAUSE);
            }
            return Ok(());
        }
        let bytes = buffer.get(..count).unwrap_or_default().to_vec();
        // There is room: this thread alone fills it.
        drop(self.packets.try_send(Ok(bytes)));
        Ok(())
    }

    /// A failure now and then is none.
    fn forgive(&mut self, result: Result<usize, PipeError>) -> Result<usize, PipeError> {
        match result {
            Ok(count) => {
                if count > 0 {
                    self.failures = 0;
                }
                Ok(count)
            }
            Err(PipeError::Gone) => Err(PipeError::Gone),
            Err(error) => {
                self.failures = self.failures.saturating_add(1);
                if self.failures >= FAILURES_MAX {
                    return Err(error);
                }
                Ok(0)
            }
        }
    }

    fn set_trouble(&self, trouble: Option<&'static str>) {
        *self
            .shared
            .trouble
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}
