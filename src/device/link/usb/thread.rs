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

/// Waiting for the device to say something; a chunk to write waits as long. Commands to a HID
/// device are rare, labels are not.
const READ_SLICE: Duration = Duration::from_millis(10);
const HID_READ_SLICE: Duration = Duration::from_millis(50);
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
///
/// # Errors
/// The system has no thread left.
pub fn start(pipe: Box<dyn Pipe>, descriptor: Option<Vec<u8>>) -> io::Result<ThreadLink> {
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
        slice: if descriptor.is_some() {
            HID_READ_SLICE
        } else {
            READ_SLICE
        },
        failures: 0,
        refusals: 0,
    };
    let thread = std::thread::Builder::new().name("usb device".into());
    thread.spawn(move || driver.run())?;
    Ok(ThreadLink {
        shared,
        chunks,
        taken,
        under_way: false,
        packets,
        descriptor,
    })
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
    /// Longest wait for the device to say something.
    slice: Duration,
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
            std::thread::sleep(self.slice);
            return Ok(());
        }
        let began = Instant::now();
        let result = self.pipe.read(buffer, self.slice);
        let count = self.forgive(result)?;
        if count == 0 {
            if began.elapsed() < self.slice / 2 {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::device::link::{Moved, transfer};
    use std::collections::VecDeque;

    /// A device as a test wants it.
    #[derive(Default)]
    struct State {
        says: VecDeque<Result<Vec<u8>, PipeError>>,
        /// Bytes it takes per transfer; 0 is a printer without paper.
        takes: usize,
        took: Vec<u8>,
        gone: bool,
        released: bool,
        no_paper: bool,
    }

    #[derive(Clone, Default)]
    struct Fake(Arc<Mutex<State>>);

    impl Fake {
        fn state(&self) -> std::sync::MutexGuard<'_, State> {
            self.0.lock().unwrap()
        }
    }

    struct FakePipe(Fake);

    impl Drop for FakePipe {
        fn drop(&mut self) {
            self.0.state().released = true;
        }
    }

    impl Pipe for FakePipe {
        fn read(&mut self, into: &mut [u8], max: Duration) -> Result<usize, PipeError> {
            let said = {
                let mut state = self.0.state();
                if state.gone {
                    return Err(PipeError::Gone);
                }
                state.says.pop_front()
            };
            let Some(said) = said else {
                std::thread::sleep(max);
                return Ok(0);
            };
            let bytes = said?;
            into[..bytes.len()].copy_from_slice(&bytes);
            Ok(bytes.len())
        }

        fn write(&mut self, bytes: &[u8], max: Duration) -> Result<usize, PipeError> {
            let mut state = self.0.state();
            let count = state.takes.min(bytes.len());
            state.took.extend_from_slice(&bytes[..count]);
            drop(state);
            if count == 0 {
                std::thread::sleep(max);
            }
            Ok(count)
        }

        fn answers(&self) -> bool {
            true
        }

        fn trouble(&mut self, _: Duration) -> Option<&'static str> {
            self.0.state().no_paper.then_some("paper_out")
        }
    }

    fn open(takes: usize) -> (Fake, ThreadLink) {
        let fake = Fake::default();
        fake.state().takes = takes;
        let link = start(Box::new(FakePipe(fake.clone())), None).unwrap();
        (fake, link)
    }

    async fn moved(link: &mut ThreadLink, into: &mut [u8], bytes: &[u8]) -> io::Result<Moved> {
        let wait = transfer(link, into, bytes, true);
        tokio::time::timeout(Duration::from_secs(5), wait)
            .await
            .unwrap()
    }

    async fn read(link: &mut ThreadLink) -> io::Result<Vec<u8>> {
        let mut buffer = [0; 64];
        match moved(link, &mut buffer, b"").await? {
            Moved::Read(count) => Ok(buffer[..count].to_vec()),
            Moved::Wrote(_) => panic!("nothing to write"),
        }
    }

    async fn write_all(link: &mut ThreadLink, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match moved(link, &mut [0; 64], bytes).await.unwrap() {
                Moved::Wrote(count) => bytes = &bytes[count..],
                Moved::Read(_) => {}
            }
        }
    }

    #[tokio::test]
    async fn short_writes_go_on_where_they_stopped() {
        let (fake, mut link) = open(3);
        write_all(&mut link, b"0123456789").await;
        assert_eq!(fake.state().took, b"0123456789");
    }

    #[tokio::test]
    async fn back_pressure_holds_the_label_not_the_answers_and_is_explained() {
        let (fake, mut link) = open(0);
        fake.state().no_paper = true;
        for _ in 0..3 {
            fake.state().says.push_back(Ok(b"status".to_vec()));
            let mut buffer = [0; 64];
            let got = moved(&mut link, &mut buffer, b"label").await.unwrap();
            assert_eq!(got, Moved::Read(6), "the label waits, the answer comes");
        }
        let asked = Instant::now();
        while link.trouble().is_none() && asked.elapsed() < Duration::from_secs(2) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(link.trouble(), Some("paper_out"));
        fake.state().takes = 100;
        write_all(&mut link, b"label").await;
        assert_eq!(
            fake.state().took,
            b"label",
            "once, although it was offered often"
        );
        assert_eq!(link.trouble(), None);
    }

    #[tokio::test]
    async fn a_pulled_device_is_an_error_at_once_and_the_thread_ends() {
        let (fake, mut link) = open(9);
        fake.state().gone = true;
        let pulled = Instant::now();
        let error = read(&mut link).await.unwrap_err();
        assert!(error.to_string().contains("unplugged"), "{error}");
        assert!(pulled.elapsed() < Duration::from_millis(500));
        assert!(moved(&mut link, &mut [0; 8], b"x").await.is_err());
        assert!(fake.state().released);
    }

    #[tokio::test]
    async fn one_failure_is_noise_and_three_in_a_row_are_the_end() {
        let (fake, mut link) = open(9);
        let failed = || Err(PipeError::Failed("noise"));
        fake.state()
            .says
            .extend([failed(), failed(), Ok(b"a".to_vec()), failed(), failed()]);
        assert_eq!(read(&mut link).await.unwrap(), b"a");
        fake.state().says.push_back(failed());
        let error = read(&mut link).await.unwrap_err();
        assert!(error.to_string().contains("noise"), "{error}");
    }

    #[tokio::test]
    async fn reports_nobody_takes_wait_in_bounds_and_none_is_lost() {
        let (fake, mut link) = open(9);
        let reports = (0..100_u8).map(|n| Ok(vec![n]));
        fake.state().says.extend(reports);
        tokio::time::sleep(Duration::from_millis(300)).await;
        let left = fake.state().says.len();
        assert!(left >= 100 - WAITING_MAX, "{left}");
        for n in 0..100_u8 {
            assert_eq!(read(&mut link).await.unwrap(), [n]);
        }
        drop(link);
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(fake.state().released, "the device is free for others");
    }
}
