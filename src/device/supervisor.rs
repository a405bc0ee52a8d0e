//! One task per scale or scanner: open, talk, reconnect, report.
//!
//! Constraints: a device shares nothing with another one, so a wedged one delays nobody. A new
//! connection starts with a reset codec and an empty coalescer: no reading outlives its line, and
//! none that a scale kept for it is taken.

use super::coalesce::Coalescer;
use super::config::{DeviceConfig, DeviceConfigError};
use super::dial::Dialer;
use super::flight::Recorder;
use super::fresh::Fresh;
use super::link::{Link, Moved, OpenError, Opened, transfer};
use super::outgoing::Outgoing;
use super::report::{DeviceCommand, DeviceReport, ReportKind, SharedClock, code_text};
use crate::domain::{DeviceId, Stamp};
use crate::pulse::{Ear, Pulse};
use firstscan_drivers::codec::{Attachment, Codec, CommandError, Emitted, Event, Hint};
use firstscan_drivers::profile::Kind;
use firstscan_drivers::registry;
use firstscan_drivers::transcript::Direction;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

const READ_BYTES_MAX: usize = 4096;
/// A line that takes nothing for this long is opened anew.
const WRITE_STALL_MAX: Duration = Duration::from_secs(5);
/// A scale that says nothing valid for this long is called silent.
const SILENT_AFTER: Duration = Duration::from_secs(3);
/// Fewer bytes than this between good frames are noise: some scanners send a NUL or two.
const GARBAGE_BYTES_MIN: u64 = 4;
/// What a scanner garbled is old news after this.
const GARBAGE_FADES: Duration = Duration::from_secs(10);
const COMMANDS_MAX: usize = 16;
const STOP_MAX: Duration = Duration::from_secs(2);

/// A running device. Dropping it stops the task at its next step.
#[derive(Debug)]
pub struct DeviceHandle {
    pub id: DeviceId,
    commands: mpsc::Sender<DeviceCommand>,
    task: JoinHandle<()>,
    flight: Recorder,
    ear: Ear,
}

/// Why a command did not reach its device.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{device} takes no commands now: try again in a moment")]
pub struct CommandRefused {
    pub device: DeviceId,
}

impl DeviceHandle {
    /// Hands a command over; the device acts on it if it is connected.
    ///
    /// # Errors
    /// [`CommandRefused`] if too many wait already.
    pub fn command(&self, command: DeviceCommand) -> Result<(), CommandRefused> {
        let refused = |_| CommandRefused {
            device: self.id.clone(),
        };
        self.commands.try_send(command).map_err(refused)
    }

    /// Its last exchanges.
    pub fn flight(&self) -> Recorder {
        self.flight.clone()
    }

    /// Whether its task gets on.
    pub fn ear(&self) -> Ear {
        self.ear.clone()
    }

    /// Closes the device, within two seconds.
    pub async fn stop(self) {
        drop(self.commands);
        let mut task = self.task;
        if timeout(STOP_MAX, &mut task).await.is_err() {
            tracing::warn!(device = %self.id, "did not stop in time and is cut off");
            task.abort();
        }
    }
}

/// Starts a scale or scanner. Call inside a tokio runtime. A printer belongs to `print::start`.
///
/// # Errors
/// [`DeviceConfigError`] naming key and remedy; nothing was started then.
pub fn start(
    config: &DeviceConfig,
    clock: SharedClock,
    reports: mpsc::Sender<DeviceReport>,
) -> Result<DeviceHandle, DeviceConfigError> {
    let wiring = config.wiring()?;
    let codec = registry::codec(wiring.profile).ok_or_else(|| DeviceConfigError {
        device: config.id.to_string(),
        key: "role",
        text: "a printer is started by the print worker".into(),
    })?;
    let (commands, inbox) = mpsc::channel(COMMANDS_MAX);
    let (flight, pulse) = (Recorder::default(), Pulse::default());
    let ear = pulse.ear();
    let supervisor = Supervisor {
        id: wiring.id.clone(),
        speaks: wiring.profile.kind == Kind::Scale,
        codec,
        clock,
        reports,
        started: Instant::now(),
        masses: Coalescer::default(),
        outgoing: Outgoing::default(),
        flight: flight.clone(),
        pulse,
        fresh: Fresh::default(),
        last_frame: Duration::ZERO,
        unframed_bytes: 0,
        garbage_bytes: 0,
        garbage_at: Duration::ZERO,
        flags: None,
        lost_told: None,
    };
    let task = tokio::spawn(supervisor.run(Dialer::new(wiring.target), inbox));
    Ok(DeviceHandle {
        id: wiring.id,
        commands,
        task,
        flight,
        ear,
    })
}

/// Nobody takes reports any more.
struct Closed;

struct Supervisor {
    id: DeviceId,
    /// It talks all the time, so silence is news.
    speaks: bool,
    codec: Box<dyn Codec>,
    clock: SharedClock,
    reports: mpsc::Sender<DeviceReport>,
    started: Instant,
    masses: Coalescer<(Vec<u8>, Stamp)>,
    outgoing: Outgoing,
    flight: Recorder,
    pulse: Pulse,
    fresh: Fresh,
    last_frame: Duration,
    /// All that came since the last valid frame.
    unframed_bytes: usize,
    /// Of these, what the codec gave up.
    garbage_bytes: u64,
    garbage_at: Duration,
    /// As last reported on this connection.
    flags: Option<Vec<String>>,
    /// Reason as last reported; `None` while connected.
    lost_told: Option<String>,
}

/// What woke the task.
enum Wake {
    Command(Option<DeviceCommand>),
    Opened(Result<Opened, OpenError>),
    Moved(std::io::Result<Moved>),
    Time,
}

impl Supervisor {
    async fn run(mut self, mut dialer: Dialer, mut inbox: mpsc::Receiver<DeviceCommand>) {
        let mut link: Option<Box<dyn Link>> = None;
        let mut buffer = vec![0_u8; READ_BYTES_MAX];
        let mut write_first = true;
        loop {
            let wake_at = self.wake_at(link.is_some());
            self.pulse.rests();
            let wake = tokio::select! {
                command = inbox.recv() => Wake::Command(command),
                opened = dialer.dial(), if link.is_none() => Wake::Opened(opened),
                moved = move_bytes(&mut link, &mut buffer, self.outgoing.next(), write_first) => {
                    Wake::Moved(moved)
                }
                () = sleep_until(wake_at.unwrap_or_else(Instant::now)), if wake_at.is_some() => {
                    Wake::Time
                }
            };
            self.pulse.works();
            if let Wake::Command(None) = wake {
                return;
            }
            if let Wake::Moved(Ok(moved)) = &wake {
                write_first = matches!(moved, Moved::Read(_));
            }
            let done = self.react(wake, &mut link, &mut dialer, &buffer).await;
            let trouble = link.as_ref().map(|link| link.trouble());
            let told = match (done, trouble) {
                (Ok(()), Some(trouble)) => self.tell(trouble).await,
                (done, _) => done,
            };
            if told.is_err() {
                return;
            }
            if link.is_some() && self.is_stalled() {
                link = None;
                dialer.lost();
                let reason = "the line takes no bytes: check cable and flow control";
                if self.lost(reason.into()).await.is_err() {
                    return;
                }
            }
        }
    }

    async fn react(
        &mut self,
        wake: Wake,
        link: &mut Option<Box<dyn Link>>,
        dialer: &mut Dialer,
        buffer: &[u8],
    ) -> Result<(), Closed> {
        let now = self.now();
        match wake {
            Wake::Command(Some(command)) => self.command(command, link.is_some()),
            Wake::Command(None) => {}
            Wake::Opened(Ok(opened)) => {
                self.codec.reset();
                let attachment = opened.link.attachment();
                let reports = self.speaks && matches!(attachment, Attachment::Hid { .. });
                self.fresh = Fresh::opened(now, reports);
                self.codec.attach(attachment);
                *link = Some(opened.link);
                return self.connected(opened.what).await;
            }
            Wake::Opened(Err(error)) => return self.lost(error.to_string()).await,
            Wake::Moved(Ok(Moved::Read(count))) => {
                dialer.works();
                let bytes = buffer.get(..count).unwrap_or_default();
                let is_whole = is_whole(link);
                let flight = &self.flight;
                flight
                    .lock()
                    .record(ms(now), Direction::FromDevice, bytes, is_whole);
                if self.fresh.is_new(now) {
                    self.unframed_bytes = self.unframed_bytes.saturating_add(count);
                    self.codec.receive(now, bytes);
                }
            }
            Wake::Moved(Ok(Moved::Wrote(count))) => {
                let bytes = self.outgoing.next().get(..count).unwrap_or_default();
                let (at_ms, is_whole) = (ms(now), is_whole(link));
                self.flight
                    .lock()
                    .record(at_ms, Direction::ToDevice, bytes, is_whole);
                self.outgoing.took(now, count);
            }
            Wake::Moved(Err(error)) => {
                *link = None;
                dialer.lost();
                return self.lost(error.to_string()).await;
            }
            Wake::Time => {
                if self.codec.poll_timeout().is_some_and(|at| at <= now) {
                    self.codec.handle_timeout(now);
                }
            }
        }
        Ok(())
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn is_stalled(&self) -> bool {
        let stall = self.outgoing.waiting_since();
        stall.is_some_and(|since| self.now() >= since.saturating_add(WRITE_STALL_MAX))
    }

    /// The next moment something is due without outside help.
    fn wake_at(&self, connected: bool) -> Option<Instant> {
        if !connected {
            return None;
        }
        let stall = self.outgoing.waiting_since();
        let stall = stall.map(|since| since.saturating_add(WRITE_STALL_MAX));
        let quiet = self.last_frame.saturating_add(SILENT_AFTER);
        let silence = (self.speaks && quiet > self.now()).then_some(quiet);
        let fades = self.garbage_at.saturating_add(GARBAGE_FADES);
        let fades = (!self.speaks && self.garbage_bytes > 0).then_some(fades);
        let codec = self.codec.poll_timeout();
        [codec, self.masses.due(), stall, silence, fades]
            .into_iter()
            .flatten()
            .min()
            .map(|at| self.started + at)
    }

    fn command(&mut self, command: DeviceCommand, connected: bool) {
        if !connected {
            tracing::warn!(device = %self.id, ?command, "device is away, command dropped");
        } else if let Err(error) = self.codec.command(self.now(), command.into()) {
            // Most guns cannot be told; the screen and the speaker say it anyway.
            let verdict = matches!(command, DeviceCommand::Accept | DeviceCommand::Reject);
            if verdict && error == CommandError::Unsupported {
                return;
            }
            tracing::warn!(device = %self.id, ?command, %error, "command not taken");
        }
    }

    async fn connected(&mut self, what: String) -> Result<(), Closed> {
        self.masses = Coalescer::default();
        self.outgoing.clear();
        self.unframed_bytes = 0;
        self.garbage_bytes = 0;
        self.flags = None;
        self.lost_told = None;
        self.last_frame = self.now();
        // Starts the first question of devices that are polled.
        self.codec.handle_timeout(self.now());
        self.note(&format!("connected: {what}"));
        let at = self.clock.now();
        self.report(at, ReportKind::Connected { what }).await
    }

    /// Told once per cause, not once per attempt.
    async fn lost(&mut self, reason: String) -> Result<(), Closed> {
        self.codec.reset();
        self.masses = Coalescer::default();
        self.outgoing.clear();
        if self.lost_told.as_ref() == Some(&reason) {
            return Ok(());
        }
        self.lost_told = Some(reason.clone());
        self.note(&format!("lost: {reason}"));
        let at = self.clock.now();
        self.report(at, ReportKind::Lost { reason }).await
    }

    /// Carries out what the codec has to say, then what is due.
    async fn tell(&mut self, trouble: Option<&'static str>) -> Result<(), Closed> {
        while let Some(emitted) = self.codec.poll_event() {
            self.event(emitted).await?;
        }
        while let Some(bytes) = self.codec.poll_transmit() {
            self.outgoing.push(self.now(), bytes);
        }
        while let Some((reading, (raw, at))) = self.masses.take(self.now()) {
            self.report(at, ReportKind::Mass { reading, raw }).await?;
        }
        self.tell_flags(trouble).await
    }

    async fn event(&mut self, emitted: Emitted) -> Result<(), Closed> {
        let at = self.clock.now();
        match emitted.event {
            Event::Garbage { start, end } => {
                self.garbage_bytes += end.saturating_sub(start);
                self.garbage_at = self.now();
                tracing::debug!(device = %self.id, start, end, "bytes of no frame");
                return Ok(());
            }
            Event::Mass(reading) => self.masses.offer(reading, (emitted.raw, at)),
            Event::Scan(scan) => {
                let code = code_text(&scan.bytes);
                self.report(
                    at,
                    ReportKind::Scan {
                        code,
                        raw: emitted.raw,
                    },
                )
                .await?;
            }
            Event::Size(reading) => {
                let raw = emitted.raw;
                self.report(at, ReportKind::Size { reading, raw }).await?;
            }
            Event::Status(_) => {
                tracing::debug!(device = %self.id, "reading of another kind of device passed over");
                return Ok(());
            }
        }
        self.last_frame = self.now();
        self.unframed_bytes = 0;
        self.garbage_bytes = 0;
        Ok(())
    }

    /// What is wrong now. Noise of a scale matters once it hides the weight; of a scanner it is
    /// told at once, because a code was lost.
    fn flags(&mut self, trouble: Option<&'static str>) -> Vec<String> {
        let now = self.now();
        let quiet = self.speaks && now >= self.last_frame.saturating_add(SILENT_AFTER);
        if !self.speaks && now >= self.garbage_at.saturating_add(GARBAGE_FADES) {
            self.garbage_bytes = 0;
        }
        let noise = match self.speaks {
            true => quiet && self.unframed_bytes > 0,
            false => self.garbage_bytes >= GARBAGE_BYTES_MIN,
        };
        let hint = self.codec.hint().filter(|_| noise).map(|hint| match hint {
            Hint::SevenEven => "looks_like_7e1",
            Hint::SevenOdd => "looks_like_7o1",
        });
        let heard = match (noise, quiet) {
            (true, _) => Some("garbage"),
            (false, true) => Some("silent"),
            (false, false) => None,
        };
        let flags = [heard, hint, trouble].into_iter().flatten();
        flags.map(str::to_owned).collect()
    }

    /// What is wrong is told when it begins and when it ends.
    async fn tell_flags(&mut self, trouble: Option<&'static str>) -> Result<(), Closed> {
        let flags = self.flags(trouble);
        let news = match &self.flags {
            Some(told) => *told != flags,
            None => !flags.is_empty(),
        };
        if !news {
            return Ok(());
        }
        if let Some(hint) = self.codec.hint().filter(|_| !flags.is_empty()) {
            tracing::warn!(device = %self.id, "{hint}");
        }
        self.flags = Some(flags.clone());
        let at = self.clock.now();
        self.report(at, ReportKind::Status { flags }).await
    }

    fn note(&self, text: &str) {
        self.flight.lock().note(ms(self.now()), text);
    }

    async fn report(&mut self, at: Stamp, kind: ReportKind) -> Result<(), Closed> {
        let report = DeviceReport {
            device: self.id.clone(),
            at,
            kind,
        };
        self.reports.send(report).await.map_err(|_| Closed)
    }
}

fn ms(now: Duration) -> u64 {
    u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
}

/// A read or a write is a report, or a record of input events.
fn is_whole(link: &Option<Box<dyn Link>>) -> bool {
    let attachment = link.as_ref().map(|link| link.attachment());
    attachment.is_some_and(|a| a != Attachment::Stream)
}

/// Never ends while there is no connection.
async fn move_bytes(
    link: &mut Option<Box<dyn Link>>,
    buffer: &mut [u8],
    unsent: &[u8],
    write_first: bool,
) -> std::io::Result<Moved> {
    match link {
        Some(link) => transfer(link.as_mut(), buffer, unsent, write_first).await,
        None => std::future::pending().await,
    }
}
