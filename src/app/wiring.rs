//! Devices, printers and sinks as configured, connected to the station's inbox.

use super::AppError;
use crate::config::Config;
use crate::device::flight::Flights;
use crate::device::{self, DeviceHandle, DeviceReport, ReportKind, Role, SharedClock};
use crate::domain::input::DeviceChange;
use crate::domain::view::SyncHealth;
use crate::domain::{DeviceId, InputKind, PlaceId};
use crate::print::{self, PrintReport, PrintReportKind};
use crate::pulse::{Pulse, Watch};
use crate::station::api::{DeviceStatus, SinkStatus};
use crate::station::clock::StationClock;
use crate::station::core::{Delivery, Message, SharedSync};
use crate::station::handle::{SharedDevices, SyncControl};
use crate::station::hands::Printer;
use crate::station::labels::Stock;
use crate::store::{Store, StoreError};
use crate::sync::stored::StoredOutbox;
use crate::sync::worker;
use firstscan_drivers::bitmap::Resolution;
use firstscan_drivers::length::Length;
use firstscan_drivers::registry;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;

/// Reports that may wait for the station.
const REPORTS_MAX: usize = 1024;

/// Longest piece of work of a scale's or scanner's task; its waits are not counted.
const DEVICE_WORK_MAX: Duration = Duration::from_secs(10);
/// The same for a printer, which also packs pictures.
const PRINTER_WORK_MAX: Duration = Duration::from_secs(60);
/// A report waits for the station at most so long.
const NEWS_WORK_MAX: Duration = Duration::from_secs(10);
/// A sink's own work: reading and settling its outbox. Its requests have their own limit.
const SINK_WORK_MAX: Duration = Duration::from_secs(30);

/// All started devices.
#[derive(Default)]
pub(super) struct Devices {
    pub scales: BTreeMap<PlaceId, DeviceHandle>,
    pub dimensioners: BTreeMap<PlaceId, DeviceHandle>,
    pub scanners: BTreeMap<PlaceId, Vec<DeviceHandle>>,
    pub printers: BTreeMap<PlaceId, Printer>,
    pub status: SharedDevices,
    pub flights: Flights,
}

impl Devices {
    fn keep(&mut self, role: Role, place: PlaceId, handle: DeviceHandle) {
        match role {
            Role::Scale => drop(self.scales.insert(place, handle)),
            Role::Dimensioner => drop(self.dimensioners.insert(place, handle)),
            Role::Scanner | Role::Printer => {
                self.scanners.entry(place).or_default().push(handle);
            }
        }
    }
}

/// Starts every configured device; `watch` listens to what works for them.
pub(super) fn devices(
    config: &Config,
    clock: &StationClock,
    inbox: &mpsc::Sender<Message>,
    watch: &mut Watch,
) -> Result<Devices, AppError> {
    let now = clock.clone();
    let shared: SharedClock = Arc::new(move || now.now());
    let (reports, device_news) = mpsc::channel(REPORTS_MAX);
    let (print_reports, print_news) = mpsc::channel(REPORTS_MAX);
    let mut started = Devices::default();
    let mut places = BTreeMap::new();
    for place in &config.places {
        let id = PlaceId::new(place.id.clone());
        for device in &place.devices {
            places.insert(device.id.clone(), id.clone());
            let name = device.id.to_string();
            let fresh = DeviceStatus {
                device: name.clone(),
                profile: device.profile.clone(),
                state: "connecting".into(),
                detail: String::new(),
            };
            lock(&started.status).insert(name.clone(), fresh);
            let flight = if device.role == Role::Printer {
                let handle = print::start(device, shared.clone(), print_reports.clone())?;
                let stock = stock(&device.profile);
                watch.add(&name, PRINTER_WORK_MAX, handle.ear());
                let flight = handle.flight();
                let printer = Printer { handle, stock };
                started.printers.insert(id.clone(), printer);
                flight
            } else {
                let handle = device::start(device, shared.clone(), reports.clone())?;
                watch.add(&name, DEVICE_WORK_MAX, handle.ear());
                let flight = handle.flight();
                started.keep(device.role, id.clone(), handle);
                flight
            };
            if let Some(profile) = registry::profile(&device.profile) {
                started.flights.add(name, profile, flight);
            }
        }
    }
    let router = Router {
        places,
        status: started.status.clone(),
        inbox: inbox.clone(),
    };
    let printing = router.clone();
    let (devices, printers) = (Pulse::default(), Pulse::default());
    // Without a device nobody sends news, and their reader ends at once.
    if router.places.len() > started.printers.len() {
        watch.add("news of devices", NEWS_WORK_MAX, devices.ear());
    }
    if !started.printers.is_empty() {
        watch.add("news of printers", NEWS_WORK_MAX, printers.ear());
    }
    tokio::spawn(async move { router.devices(device_news, devices).await });
    tokio::spawn(async move { printing.printers(print_news, printers).await });
    Ok(started)
}

fn stock(profile: &str) -> Stock {
    let options = registry::profile(profile).and_then(|p| p.printer.as_ref());
    let (dpi, width, height) = options.map_or((203, 101_600, 152_400), |p| {
        (p.dpi, p.media_width_um, p.media_height_um)
    });
    Stock {
        resolution: Resolution::from_dpi(dpi),
        width: Length::from_um(width),
        height: Length::from_um(height),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Turns reports into inputs of the right place.
#[derive(Clone)]
struct Router {
    places: BTreeMap<DeviceId, PlaceId>,
    status: SharedDevices,
    inbox: mpsc::Sender<Message>,
}

impl Router {
    async fn devices(self, mut news: mpsc::Receiver<DeviceReport>, pulse: Pulse) {
        while let Some(report) = rested(&mut news, &pulse).await {
            let device = report.device.clone();
            let kind = match report.kind {
                ReportKind::Scan { code, .. } => InputKind::Scan { device, code },
                ReportKind::Mass { reading, raw } => InputKind::Mass {
                    device,
                    reading,
                    raw: hex(&raw),
                },
                ReportKind::Size { reading, raw } => InputKind::Size {
                    device,
                    reading,
                    raw: hex(&raw),
                },
                ReportKind::Connected { what } => self.change(device, connected(what)),
                ReportKind::Lost { reason } => self.change(device, DeviceChange::Lost { reason }),
                ReportKind::Status { flags } => self.change(device, DeviceChange::Status { flags }),
            };
            if !self.send(&report.device, report.at, kind).await {
                return;
            }
        }
    }

    async fn printers(self, mut news: mpsc::Receiver<PrintReport>, pulse: Pulse) {
        while let Some(report) = rested(&mut news, &pulse).await {
            let device = report.device.clone();
            let kind = match report.kind {
                PrintReportKind::Step { job, step } => InputKind::Print { job, step },
                PrintReportKind::Connected { what } => self.change(device, connected(what)),
                PrintReportKind::Lost { reason } => {
                    self.change(device, DeviceChange::Lost { reason })
                }
                PrintReportKind::Status { flags } => {
                    self.change(device, DeviceChange::Status { flags })
                }
            };
            if !self.send(&report.device, report.at, kind).await {
                return;
            }
        }
    }

    /// Also keeps the status list.
    fn change(&self, device: DeviceId, change: DeviceChange) -> InputKind {
        if let Some(row) = lock(&self.status).get_mut(device.as_str()) {
            let (state, detail) = match &change {
                DeviceChange::Connected { what } => ("ok".to_owned(), what.clone()),
                DeviceChange::Lost { reason } => ("missing".to_owned(), reason.clone()),
                DeviceChange::Status { flags } if flags.is_empty() => {
                    ("ok".to_owned(), row.detail.clone())
                }
                DeviceChange::Status { flags } => (flags.join(", "), row.detail.clone()),
            };
            row.state = state;
            row.detail = detail;
        }
        InputKind::Device { device, change }
    }

    async fn send(&self, device: &DeviceId, at: crate::domain::Stamp, kind: InputKind) -> bool {
        let place = self.places.get(device).cloned();
        let delivery = Delivery::plain(place, at, kind);
        self.inbox
            .send(Message::Input(Box::new(delivery)))
            .await
            .is_ok()
    }
}

/// The next of a queue; waiting for it is no work.
async fn rested<T>(queue: &mut mpsc::Receiver<T>, pulse: &Pulse) -> Option<T> {
    pulse.rests();
    let next = queue.recv().await;
    pulse.works();
    next
}

fn connected(what: String) -> DeviceChange {
    DeviceChange::Connected { what }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// All started sinks.
pub(super) struct Sinks {
    workers: Mutex<Vec<worker::Handle>>,
}

/// Starts a worker per configured sink; their health reaches every screen.
pub(super) fn sinks(
    config: &Config,
    store: &Store,
    health: &SharedSync,
    inbox: &mpsc::Sender<Message>,
    watch: &mut Watch,
) -> Result<Sinks, AppError> {
    let mut workers = Vec::new();
    for sink in &config.sinks {
        let outbox = Box::new(StoredOutbox::new(store.clone(), sink.id.clone()));
        let seed = uuid::Uuid::new_v4().as_u64_pair().0;
        let handle = worker::start(sink, outbox, seed)?;
        let (own, request) = handle.ears();
        let request_max = Duration::from_millis(sink.timeout_ms).saturating_add(SINK_WORK_MAX);
        watch.add(format!("sink {}", sink.id), SINK_WORK_MAX, own);
        watch.add(format!("request of sink {}", sink.id), request_max, request);
        let mut news = handle.watch();
        let (health, inbox) = (health.clone(), inbox.clone());
        tokio::spawn(async move {
            loop {
                let shown = shown(&news.borrow_and_update());
                *lock(&health) = shown;
                if inbox.send(Message::Repaint).await.is_err() || news.changed().await.is_err() {
                    return;
                }
            }
        });
        workers.push(handle);
    }
    if workers.is_empty() {
        lock(health).state = "none".into();
    }
    Ok(Sinks {
        workers: Mutex::new(workers),
    })
}

fn shown(status: &SinkStatus) -> SyncHealth {
    SyncHealth {
        state: status.state.clone(),
        waiting: status.waiting,
        parked: u64::try_from(status.parked.len()).unwrap_or(u64::MAX),
        last_ack_ms: status.last_ack_ms,
    }
}

impl Sinks {
    /// New events were committed.
    pub fn wake(&self) {
        lock(&self.workers).iter().for_each(worker::Handle::wake);
    }

    /// Ends all workers; what is not acknowledged stays due.
    pub fn stop(&self) {
        for worker in std::mem::take(&mut *lock(&self.workers)) {
            worker.shutdown();
        }
    }
}

impl SyncControl for Sinks {
    fn status(&self) -> Vec<SinkStatus> {
        lock(&self.workers)
            .iter()
            .map(worker::Handle::status)
            .collect()
    }

    fn retry(&self, sink: Option<&str>) -> Result<u32, StoreError> {
        let mut count = 0_u32;
        for worker in lock(&self.workers)
            .iter()
            .filter(|w| sink.is_none_or(|s| s == w.sink()))
        {
            let retried = worker.retry_parked();
            count = count.saturating_add(retried.map_err(|cause| StoreError::Failed { cause })?);
        }
        Ok(count)
    }
}
