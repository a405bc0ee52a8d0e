//! The task around a printer's [`Hands`]: clock, connection, channels.

use super::guard::{self, Preamble};
use super::hands::Hands;
use super::limits::{Printer, Timing};
use super::queue::QueueSession;
use super::report::{Bars, PrintOrder, PrintReport, PrintReportKind, Printable};
use super::session::Session;
use crate::device::dial::Dialer;
use crate::device::flight::Recorder;
use crate::device::link::{Link, Moved, OpenError, Opened, Target, transfer};
use crate::device::{DeviceConfig, DeviceConfigError, ForeignZpl, SharedClock};
use crate::domain::input::PrintStep;
use crate::domain::{DeviceId, JobId};
use crate::pulse::{Ear, Pulse};
use firstscan_drivers::bitmap::{Bitmap, Resolution};
use firstscan_drivers::printer::zpl::{Native, Zpl};
use firstscan_drivers::printer::{JobOptions, Language};
use firstscan_drivers::registry;
use firstscan_drivers::transcript::Direction;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

const ORDERS_MAX: usize = 256;
const READ_BYTES_MAX: usize = 4096;
/// A transfer that is under way may end when the station stops.
const FINISH_MAX: Duration = Duration::from_secs(2);
const STOP_MAX: Duration = Duration::from_secs(4);
/// While a label is on its way, the line is asked this often what is wrong with it.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A running printer. Dropping it stops the task once no transfer is under way.
#[derive(Debug)]
pub struct PrinterHandle {
    pub id: DeviceId,
    orders: mpsc::Sender<PrintOrder>,
    task: JoinHandle<()>,
    flight: Recorder,
    ear: Ear,
}

/// Why an order did not reach its worker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{device} takes no print orders now: check the printer, then try again")]
pub struct OrderRefused {
    pub device: DeviceId,
}

impl PrinterHandle {
    /// Hands an order over without waiting.
    ///
    /// # Errors
    /// [`OrderRefused`] if too many wait or the worker has ended.
    pub fn order(&self, order: PrintOrder) -> Result<(), OrderRefused> {
        let refused = |_| OrderRefused {
            device: self.id.clone(),
        };
        self.orders.try_send(order).map_err(refused)
    }

    /// Its last exchanges, without labels.
    pub fn flight(&self) -> Recorder {
        self.flight.clone()
    }

    /// Whether its worker gets on.
    pub fn ear(&self) -> Ear {
        self.ear.clone()
    }

    /// Ends the worker: a transfer under way gets two seconds, then it is reported broken.
    pub async fn stop(self) {
        drop(self.orders);
        let mut task = self.task;
        if timeout(STOP_MAX, &mut task).await.is_err() {
            tracing::warn!(device = %self.id, "did not stop in time and is cut off");
            task.abort();
        }
    }
}

/// Starts a printer's worker. Call inside a tokio runtime.
///
/// # Errors
/// [`DeviceConfigError`] naming key and remedy; nothing was started then.
pub fn start(
    config: &DeviceConfig,
    clock: SharedClock,
    reports: mpsc::Sender<PrintReport>,
) -> Result<PrinterHandle, DeviceConfigError> {
    start_with(config, Timing::default(), clock, reports)
}

/// As [`start`], with other time limits; `idle_poll` comes from the configuration.
///
/// # Errors
/// As [`start`].
pub fn start_with(
    config: &DeviceConfig,
    timing: Timing,
    clock: SharedClock,
    reports: mpsc::Sender<PrintReport>,
) -> Result<PrinterHandle, DeviceConfigError> {
    let wiring = config.wiring()?;
    let language = registry::language(wiring.profile).zip(wiring.profile.printer.as_ref());
    let (language, options) = language.ok_or_else(|| DeviceConfigError {
        device: config.id.to_string(),
        key: "role",
        text: "only a printer can be started by the print worker".into(),
    })?;
    let printer = Printer {
        language,
        status: options.status,
        counter: options.counter,
    };
    let timing = Timing {
        idle_poll: wiring.idle_poll,
        ..timing
    };
    let session: Box<dyn Hands> = match &wiring.target {
        Target::Queue { url } => Box::new(QueueSession::new(url.clone(), language, timing)),
        _ => Box::new(Session::new(printer, timing)),
    };
    let (orders, inbox) = mpsc::channel(ORDERS_MAX);
    let (flight, pulse) = (Recorder::default(), Pulse::default());
    let ear = pulse.ear();
    let worker = Worker {
        id: wiring.id.clone(),
        printer,
        resolution: Resolution::from_dpi(options.dpi),
        options: options.job(1),
        foreign_zpl: wiring.foreign_zpl,
        bytes_per_second: wiring.target.bytes_per_second(),
        session,
        dialer: Dialer::new(wiring.target),
        link: None,
        clock,
        reports,
        flight: flight.clone(),
        pulse,
        started: Instant::now(),
    };
    let task = tokio::spawn(worker.run(inbox));
    Ok(PrinterHandle {
        id: wiring.id,
        orders,
        task,
        flight,
        ear,
    })
}

struct Worker {
    id: DeviceId,
    printer: Printer,
    resolution: Resolution,
    options: JobOptions,
    foreign_zpl: ForeignZpl,
    /// What a slow line carries; `None` if it is quick.
    bytes_per_second: Option<u32>,
    session: Box<dyn Hands>,
    dialer: Dialer,
    link: Option<Box<dyn Link>>,
    clock: SharedClock,
    reports: mpsc::Sender<PrintReport>,
    flight: Recorder,
    pulse: Pulse,
    started: Instant,
}

fn native(bars: &Bars) -> Native<'_> {
    Native::Code128 {
        x: bars.x,
        y: bars.y,
        module_dots: bars.module_dots,
        height: bars.height,
        widths: &bars.widths,
    }
}

/// What woke the task.
enum Wake {
    Order(Option<PrintOrder>),
    Opened(Result<Opened, OpenError>),
    Moved(std::io::Result<Moved>),
    Time,
}

/// Nobody takes reports any more.
struct Closed;

impl Worker {
    async fn run(mut self, mut inbox: mpsc::Receiver<PrintOrder>) {
        let mut buffer = vec![0_u8; READ_BYTES_MAX];
        let mut write_first = true;
        let mut stop_at: Option<Instant> = None;
        loop {
            if self.tell().await.is_err() {
                return;
            }
            if let Some(at) = stop_at
                && (!self.session.is_writing() || Instant::now() >= at)
            {
                self.session.lost(self.now(), "the station stopped");
                // The last word; if nobody takes it, the next start finds the job in doubt.
                drop(self.tell().await);
                return;
            }
            let wake_at = self.session.poll_timeout().map(|at| self.started + at);
            let look_at = self
                .session
                .is_writing()
                .then(|| Instant::now() + LOOK_EVERY);
            let wake_at = [wake_at, stop_at, look_at].into_iter().flatten().min();
            let connected = self.link.is_some();
            let bytes = self.session.to_write();
            self.pulse.rests();
            let wake = tokio::select! {
                order = inbox.recv(), if stop_at.is_none() => Wake::Order(order),
                opened = self.dialer.dial(), if !connected => Wake::Opened(opened),
                moved = move_bytes(&mut self.link, &mut buffer, bytes, write_first) => {
                    Wake::Moved(moved)
                }
                () = sleep_until(wake_at.unwrap_or_else(Instant::now)), if wake_at.is_some() => {
                    Wake::Time
                }
            };
            self.pulse.works();
            if let Wake::Moved(Ok(moved)) = &wake {
                self.record(*moved, &buffer);
                write_first = matches!(moved, Moved::Read(_));
            }
            if let Wake::Order(None) = wake {
                stop_at = Some(Instant::now() + FINISH_MAX);
            }
            if let Some(link) = &self.link {
                self.session.line_says(link.trouble());
            }
            self.react(wake, &buffer).await;
            if let Some(reason) = self.session.take_close() {
                self.hang_up(&reason);
            }
        }
    }

    async fn react(&mut self, wake: Wake, buffer: &[u8]) {
        match wake {
            Wake::Order(Some(order)) => self.order(order).await,
            Wake::Order(None) => {}
            Wake::Opened(Ok(opened)) => {
                self.link = Some(opened.link);
                self.session.connected(self.now(), opened.what);
            }
            Wake::Opened(Err(error)) => self.session.lost(self.now(), &error.to_string()),
            Wake::Moved(Ok(Moved::Read(count))) => {
                self.dialer.works();
                let bytes = buffer.get(..count).unwrap_or_default();
                self.session.received(self.now(), bytes);
            }
            Wake::Moved(Ok(Moved::Wrote(count))) => self.session.wrote(self.now(), count),
            Wake::Moved(Err(error)) => self.hang_up(&error.to_string()),
            Wake::Time => self.session.handle_timeout(self.now()),
        }
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn now_ms(&self) -> u64 {
        u64::try_from(self.now().as_millis()).unwrap_or(u64::MAX)
    }

    /// Questions and answers are kept; of a label, which holds an address, its length.
    fn record(&self, moved: Moved, buffer: &[u8]) {
        let (at_ms, mut flight) = (self.now_ms(), self.flight.lock());
        match moved {
            Moved::Read(count) => {
                let bytes = buffer.get(..count).unwrap_or_default();
                flight.record(at_ms, Direction::FromDevice, bytes, false);
            }
            Moved::Wrote(count) if self.session.is_writing() => flight.leave_out(at_ms, count),
            Moved::Wrote(count) => {
                let bytes = self.session.to_write().get(..count).unwrap_or_default();
                flight.record(at_ms, Direction::ToDevice, bytes, false);
            }
        }
    }

    fn hang_up(&mut self, reason: &str) {
        self.link = None;
        self.dialer.lost();
        self.session.lost(self.now(), reason);
    }

    async fn order(&mut self, order: PrintOrder) {
        match order {
            PrintOrder::Submit { job, label } => match self.encode(label).await {
                Ok(bytes) => self.session.submit(self.now(), job, bytes),
                Err(reason) => self.refuse(job, reason).await,
            },
            PrintOrder::Release { job } => self.session.release(self.now(), &job),
            PrintOrder::Drop { job } => self.session.drop_job(self.now(), &job),
            PrintOrder::Settle {
                job,
                counter_before,
            } => {
                self.session.settle(self.now(), job, counter_before);
            }
        }
    }

    /// Compressing a large picture takes a while, so it has a thread.
    async fn encode(&mut self, label: Printable) -> Result<Vec<u8>, String> {
        let Printable { picture, zpl, bars } = label;
        if let Some(zpl) = zpl.filter(|_| self.foreign_zpl == ForeignZpl::Native) {
            return Ok(self.guarded(&zpl, &picture));
        }
        let (language, resolution, options) =
            (self.printer.language, self.resolution, self.options);
        let speed = self.bytes_per_second.filter(|_| language.id() == Zpl.id());
        let encode = move || {
            let mut bytes = Vec::new();
            if speed.is_some() {
                let natives: Vec<Native<'_>> = bars.iter().map(native).collect();
                let view = picture.view();
                return Zpl
                    .encode_mixed(&view, &natives, speed, &options, &mut bytes)
                    .map(|_| bytes)
                    .map_err(|e| e.to_string());
            }
            language
                .encode(&picture.view(), resolution, &options, &mut bytes)
                .map(|()| bytes)
                .map_err(|e| e.to_string())
        };
        tokio::task::spawn_blocking(encode)
            .await
            .unwrap_or_else(|e| Err(e.to_string()))
    }

    /// A carrier's ZPL as it is, without what would outlive it; what was done goes to the log.
    fn guarded(&self, zpl: &[u8], picture: &Bitmap) -> Vec<u8> {
        let preamble = Preamble {
            width_dots: picture.width(),
            length_dots: picture.height(),
            ..Preamble::default()
        };
        let guarded = guard::guard(zpl, &preamble);
        for done in &guarded.report {
            tracing::info!(device = %self.id, "{done}");
        }
        guarded.bytes
    }

    fn note(&self, text: &str) {
        self.flight.lock().note(self.now_ms(), text);
    }

    async fn refuse(&mut self, job: JobId, reason: String) {
        tracing::error!(device = %self.id, %job, reason, "label cannot be encoded");
        let reason = format!("nothing was sent: {reason}");
        let step = PrintStep::Broken { reason };
        // If nobody listens, the loop notices by itself.
        drop(self.send(PrintReportKind::Step { job, step }).await);
    }

    async fn tell(&mut self) -> Result<(), Closed> {
        while let Some(kind) = self.session.poll_report() {
            self.send(kind).await?;
        }
        Ok(())
    }

    async fn send(&mut self, kind: PrintReportKind) -> Result<(), Closed> {
        match &kind {
            PrintReportKind::Connected { what } => self.note(&format!("connected: {what}")),
            PrintReportKind::Lost { reason } => self.note(&format!("lost: {reason}")),
            PrintReportKind::Step { .. } | PrintReportKind::Status { .. } => {}
        }
        let report = PrintReport {
            device: self.id.clone(),
            at: self.clock.now(),
            kind,
        };
        self.reports.send(report).await.map_err(|_| Closed)
    }
}

/// Never ends while there is no connection.
async fn move_bytes(
    link: &mut Option<Box<dyn Link>>,
    buffer: &mut [u8],
    bytes: &[u8],
    write_first: bool,
) -> std::io::Result<Moved> {
    match link {
        Some(link) => transfer(link.as_mut(), buffer, bytes, write_first).await,
        None => std::future::pending().await,
    }
}
