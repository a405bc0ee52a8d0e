//! What all transports share: the handle on a running device, and the loop that moves its bytes.

use super::fault::{Piece, Planned};
use super::model::DeviceModel;
use super::wire::Wire;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// Bytes moved by one read.
const READ_BYTES_MAX: usize = 64 * 1024;

/// Shared between a device's task and everyone who plays with the device.
#[derive(Debug)]
struct Shared<M> {
    state: Mutex<State<M>>,
    news: Notify,
    started: Instant,
}

#[derive(Debug)]
struct State<M> {
    wire: Wire<M>,
    /// Whether the cable is in; the task follows.
    plugged: bool,
    /// Whether the host has the line open now.
    host_open: bool,
}

/// A handle on a running emulated device; clones are the same device.
#[derive(Debug)]
pub struct Device<M> {
    shared: Arc<Shared<M>>,
}

impl<M> Clone for Device<M> {
    fn clone(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
        }
    }
}

impl<M: DeviceModel> Device<M> {
    /// A device that is plugged in and connected to nothing yet.
    pub(super) fn new(model: M) -> Self {
        let state = State {
            wire: Wire::new(model),
            plugged: true,
            host_open: false,
        };
        let (news, started) = (Notify::new(), Instant::now());
        Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                news,
                started,
            }),
        }
    }

    /// Milliseconds on the device's clock.
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.shared.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn lock(&self) -> MutexGuard<'_, State<M>> {
        // A panic in a test's closure must not hide the device's state from the other tests.
        self.shared
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something to the device; what follows from it is sent at once.
    pub fn with<R>(&self, act: impl FnOnce(&mut M, u64) -> R) -> R {
        let result = act(&mut self.lock().wire.model, self.now_ms());
        self.shared.news.notify_one();
        result
    }

    /// Adds a fault to the device's script.
    pub fn fault(&self, planned: Planned) {
        self.lock().wire.faults.add(planned);
        self.shared.news.notify_one();
    }

    /// Ends all faults.
    pub fn clear_faults(&self) {
        self.lock().wire.faults.clear();
        self.shared.news.notify_one();
    }

    /// Pulls the cable: the host sees a hang-up (pty) or a broken connection (TCP).
    pub fn unplug(&self) {
        self.lock().plugged = false;
        self.shared.news.notify_one();
    }

    /// Puts the cable back; a serial device comes back under another node.
    pub fn replug(&self) {
        self.lock().plugged = true;
        self.shared.news.notify_one();
    }

    /// Whether the cable is in.
    pub fn is_plugged(&self) -> bool {
        self.lock().plugged
    }

    /// Whether the host has the line open.
    pub fn host_open(&self) -> bool {
        self.lock().host_open
    }

    /// The last exchanges in hex, for a test that failed.
    pub fn transcript_text(&self) -> String {
        self.lock().wire.transcript_text()
    }

    pub(super) fn set_host_open(&self, open: bool) {
        let now_ms = self.now_ms();
        let mut state = self.lock();
        if state.host_open && !open {
            state.wire.disconnected(now_ms);
        }
        state.host_open = open;
    }

    /// Plugged in and powered.
    pub(super) fn is_reachable(&self) -> bool {
        let state = self.lock();
        state.plugged && state.wire.model.reachable()
    }

    /// Lets time pass for a device nobody is connected to; returns after news or `idle`.
    pub(super) async fn idle(&self, idle: Duration) {
        let deadline_ms = {
            let (now_ms, mut state) = (self.now_ms(), self.lock());
            state.wire.model.handle_timeout(now_ms);
            state.wire.lose_output();
            state.wire.model.poll_disconnect();
            state
                .wire
                .poll_timeout()
                .map(|at_ms| at_ms.saturating_sub(now_ms).max(1))
        };
        let pause = deadline_ms.map_or(idle, |ms| idle.min(Duration::from_millis(ms)));
        tokio::select! {
            () = self.shared.news.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }

    /// Moves bytes until the line ends.
    pub(super) async fn drive<S: ByteStream>(&self, stream: &S) -> End {
        let mut buffer = vec![0; READ_BYTES_MAX];
        let mut unsent: Vec<u8> = Vec::new();
        loop {
            let step = self.step(&mut unsent);
            let (room, wake_ms) = match step {
                Step::Go { room, wake_ms } => (room.min(READ_BYTES_MAX), wake_ms),
                Step::End(end) => return end,
            };
            if !unsent.is_empty() {
                match stream.try_write(&unsent) {
                    Ok(n) if n > 0 => {
                        unsent.drain(..n);
                        continue;
                    }
                    Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                    Ok(_) | Err(_) => return End::Lost,
                }
            }
            let wake = self.shared.started + Duration::from_millis(wake_ms.unwrap_or(0));
            tokio::select! {
                ready = stream.readable(), if room > 0 => {
                    if ready.is_err() {
                        return End::Lost;
                    }
                    match stream.try_read(buffer.get_mut(..room).unwrap_or_default()) {
                        Ok(0) => return End::Lost,
                        Ok(n) => self.take(buffer.get(..n).unwrap_or_default()),
                        Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
                        Err(_) => return End::Lost,
                    }
                }
                ready = stream.writable(), if !unsent.is_empty() => {
                    if ready.is_err() {
                        return End::Lost;
                    }
                }
                () = self.shared.news.notified() => {}
                () = tokio::time::sleep_until(wake), if wake_ms.is_some() => {}
            }
        }
    }

    /// For transports that are no plain stream: the wire with the time, told to nobody.
    pub(super) fn wire<R>(&self, act: impl FnOnce(&mut Wire<M>, u64) -> R) -> R {
        let now_ms = self.now_ms();
        act(&mut self.lock().wire, now_ms)
    }

    /// Returns when somebody played with the device, or its clock shows `wake_ms`.
    pub(super) async fn news_or(&self, wake_ms: Option<u64>) {
        let wake = self.shared.started + Duration::from_millis(wake_ms.unwrap_or(0));
        tokio::select! {
            () = self.shared.news.notified() => {}
            () = tokio::time::sleep_until(wake), if wake_ms.is_some() => {}
        }
    }

    /// Bytes from the host.
    pub(super) fn take(&self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let now_ms = self.now_ms();
        self.lock().wire.receive(now_ms, bytes);
    }

    fn step(&self, unsent: &mut Vec<u8>) -> Step {
        let now_ms = self.now_ms();
        let mut state = self.lock();
        if !(state.plugged && state.wire.model.reachable()) {
            return Step::End(End::Pulled);
        }
        if unsent.is_empty() {
            match state.wire.poll(now_ms) {
                Some(Piece::Bytes(bytes)) => *unsent = bytes,
                Some(Piece::Cut) => return Step::End(End::Cut),
                None => {}
            }
        }
        let wake_ms = if unsent.is_empty() {
            state.wire.poll_timeout()
        } else {
            // The host does not read: only the device's own life goes on.
            state.wire.model.handle_timeout(now_ms);
            state.wire.model.poll_timeout()
        };
        Step::Go {
            room: state.wire.model.room(),
            wake_ms,
        }
    }
}

enum Step {
    Go { room: usize, wake_ms: Option<u64> },
    End(End),
}

/// Why a line ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The host closed it, or it failed.
    Lost,
    /// The device or its fault script broke it.
    Cut,
    /// The cable or the power is out.
    Pulled,
}

/// A non-blocking stream of bytes.
pub(super) trait ByteStream: Sync {
    fn try_read(&self, buffer: &mut [u8]) -> io::Result<usize>;
    fn try_write(&self, bytes: &[u8]) -> io::Result<usize>;
    fn readable(&self) -> impl Future<Output = io::Result<()>> + Send;
    fn writable(&self) -> impl Future<Output = io::Result<()>> + Send;
}
