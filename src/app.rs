//! Composition: puts the layers together and ends them in order. No logic.

mod error;
mod folder;
mod intake;
mod notify;
mod wiring;

use crate::carrier::{TableErrors, Tables};
use crate::config::Config;
use crate::domain::place::PlaceKind;
use crate::domain::view::PlaceView;
use crate::domain::{Desk, InputKind, Live, PlaceId, Rules, screen};
use crate::label;
use crate::pulse::{Pulse, Watch};
use crate::station::api::{PlaceInfo, StationApi};
use crate::station::clock::StationClock;
use crate::station::core::{self, Core, Delivery, INPUTS_MAX, Message, SharedSync, Views};
use crate::station::handle::Handle;
use crate::station::hands::StationHands;
use crate::station::labels::{LabelDesk, LabelQueue, Pictures, Sender, TASKS_MAX};
use crate::station::mark::DaemonFile;
use crate::station::metrics::Metrics;
use crate::store::{Store, StoreError};
use crate::web::{self, WebError};
pub use error::AppError;
use error::io;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, oneshot, watch};

/// Time between two ticks of the station.
const TICK: Duration = Duration::from_millis(250);
/// A tick waits for the station at most so long.
const TICK_MAX: Duration = Duration::from_secs(10);
/// Longest work on one label or manifest: a carrier's PDF on a slow machine.
const LABEL_MAX: Duration = Duration::from_secs(120);
/// Threads of the async runtime.
const WORKER_THREADS: usize = 2;

/// Checks everything a configuration names that can be checked without hardware.
///
/// # Errors
/// [`AppError`] with key and remedy.
pub fn check(config: &Config) -> Result<(), AppError> {
    tables(config)?;
    for place in &config.places {
        for device in &place.devices {
            device.wiring()?;
        }
    }
    for sink in &config.sinks {
        sink.check()?;
    }
    Ok(())
}

/// The carriers of a station, as seen from its country.
///
/// # Errors
/// [`TableErrors`] naming file, key, cause and remedy.
pub fn tables(config: &Config) -> Result<Tables, TableErrors> {
    let tables = Tables::load(config.carriers.folder.as_deref())?;
    Ok(tables.shipping_from(&config.station.country))
}

/// Runs the daemon until SIGTERM or SIGINT, and with `end_with_stdin` until standard input closes.
///
/// # Errors
/// [`AppError`] with cause and remedy.
pub fn run(config: Config, data: &Path, end_with_stdin: bool) -> Result<(), AppError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKER_THREADS)
        .enable_all()
        .build()
        .map_err(io("cannot start the runtime"))?;
    runtime.block_on(serve(config, data.to_owned(), end_with_stdin))
}

async fn serve(config: Config, data: PathBuf, end_with_stdin: bool) -> Result<(), AppError> {
    // From here on a stop that comes early is a graceful one too.
    let signals = Signals::new()?;
    let config = with_default_places(config);
    config.check()?;
    check(&config)?;
    let tables: Arc<dyn Desk + Send + Sync> = Arc::new(tables(&config)?);
    let (store, clock) = folder::open_store(&config, &data)?;
    let token = folder::token(&data)?;
    let address = config.web.listen;
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .map_err(|error| AppError::Listen { address, error })?;
    let url = listener
        .local_addr()
        .map(|a| format!("http://{a}"))
        .unwrap_or_default();

    let (inbox_sender, inbox) = mpsc::channel(INPUTS_MAX);
    let station = Parts {
        config: &config,
        store,
        clock,
        tables,
        inbox: inbox_sender,
    };
    let mut watch = Watch::default();
    let running = station.start(inbox, &mut watch)?;

    let web_config = web::WebConfig {
        frame_ancestors: config.web.frame_ancestors.clone(),
        pictures: config.web.pictures.clone(),
        ..web::WebConfig::new(token)
    };
    let (stop, stopped) = watch::channel(false);
    let api: Arc<dyn StationApi> = running.handle.clone();
    let served = tokio::spawn(web::serve(listener, web_config, api, until(stopped)));
    let mark = DaemonFile {
        pid: std::process::id(),
        url: url.clone(),
    };
    folder::write_mark(&data, &mark)?;
    tracing::info!(%url, station = config.station.id, "ready");
    let clock = running.handle.clock.clone();
    let watchdog = notify::watchdog(running.inbox.clone(), clock, watch);
    notify::ready();
    let lifeline = lifeline(end_with_stdin)?;
    let ended = wait_for_end(&running, served, lifeline, signals).await;
    notify::stopping();
    if let Some(watchdog) = watchdog {
        watchdog.abort();
    }
    stop.send_replace(true);
    running.stop().await;
    // A mark that stays behind names a process that no longer answers; commands cope with that.
    drop(std::fs::remove_file(data.join(DaemonFile::NAME)));
    ended
}

async fn until(mut stopped: watch::Receiver<bool>) {
    drop(stopped.wait_for(|s| *s).await);
}

type Served = tokio::task::JoinHandle<Result<(), WebError>>;

/// Open as long as the supervisor lives. A thread, because a pending read of the async runtime
/// would keep the runtime from ending.
fn lifeline(end_with_stdin: bool) -> Result<Lifeline, AppError> {
    let (held, closed) = oneshot::channel();
    let mut lifeline = Lifeline { closed, kept: None };
    if end_with_stdin {
        let watch = move || {
            // Whatever ends the reading ends the daemon.
            drop(std::io::copy(
                &mut std::io::stdin().lock(),
                &mut std::io::sink(),
            ));
            drop(held);
        };
        std::thread::Builder::new()
            .name("lifeline".into())
            .spawn(watch)
            .map_err(io("cannot watch standard input"))?;
    } else {
        lifeline.kept = Some(held);
    }
    Ok(lifeline)
}

struct Lifeline {
    /// Answers when the supervisor is gone.
    closed: oneshot::Receiver<()>,
    /// Keeps `closed` from answering if there is no supervisor.
    kept: Option<oneshot::Sender<()>>,
}

/// What ends the daemon from outside.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> Result<Self, AppError> {
        let listen = |kind| signal(kind).map_err(io("cannot wait for signals"));
        Ok(Signals {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }
}

async fn wait_for_end(
    running: &Running,
    served: Served,
    lifeline: Lifeline,
    mut signals: Signals,
) -> Result<(), AppError> {
    let Lifeline {
        closed,
        kept: _kept,
    } = lifeline;
    tokio::select! {
        _ = signals.terminate.recv() => tracing::info!("stopping: SIGTERM"),
        _ = signals.interrupt.recv() => tracing::info!("stopping: SIGINT"),
        _ = closed => tracing::info!("stopping: the supervisor is gone"),
        ended = served => return ended.map_or_else(
            |e| Err(AppError::Io { doing: "the web side ended".into(), error: e.into() }),
            |outcome| outcome.map_err(AppError::from),
        ),
        () = store_failure(running.handle.store.clone()) => {
            let cause = "the store failed and nothing more can be recorded".to_owned();
            return Err(StoreError::Failed { cause }.into());
        }
    }
    Ok(())
}

/// Ends when the store can only be helped by a restart: whoever supervises us starts us again.
async fn store_failure(store: Store) {
    while !store.has_failed() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// A bench and a dock without devices, if none are configured: pages work at once.
fn with_default_places(mut config: Config) -> Config {
    if config.places.is_empty() {
        let place = |id: &str, kind, title: &str| crate::config::PlaceConfig {
            id: id.into(),
            kind,
            title: Some(title.into()),
            devices: Vec::new(),
        };
        config.places = vec![
            place("bench1", PlaceKind::Bench, "Bench 1"),
            place("dock1", PlaceKind::Dock, "Dock 1"),
        ];
    }
    config
}

fn places(config: &Config) -> Vec<(PlaceId, PlaceKind)> {
    config
        .places
        .iter()
        .map(|p| (PlaceId::new(p.id.clone()), p.kind))
        .collect()
}

/// What the station is made of.
struct Parts<'a> {
    config: &'a Config,
    store: Store,
    clock: StationClock,
    tables: Arc<dyn Desk + Send + Sync>,
    inbox: mpsc::Sender<Message>,
}

/// A running station.
struct Running {
    handle: Arc<Handle>,
    inbox: mpsc::Sender<Message>,
    station: std::thread::JoinHandle<()>,
    sinks: Arc<wiring::Sinks>,
    ticker: tokio::task::JoinHandle<()>,
    intake: Option<intake::Intake>,
}

impl Running {
    /// Ends intake, then the station (which takes what waits), then sync.
    async fn stop(self) {
        self.ticker.abort();
        if let Some(intake) = self.intake {
            intake.stop();
        }
        drop(self.inbox.send(Message::Stop).await);
        let joined = tokio::task::spawn_blocking(move || self.station.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("the station thread ended badly");
        }
        self.sinks.stop();
        tracing::info!("stopped");
    }
}

impl Parts<'_> {
    fn start(self, inbox: mpsc::Receiver<Message>, watch: &mut Watch) -> Result<Running, AppError> {
        let rules = self.config.rules();
        let places = places(self.config);
        let sync: SharedSync = Arc::default();
        let metrics = Arc::new(Metrics::default());
        let (views, screens) = self.screens(&rules, &places)?;
        let pictures: Pictures = Arc::default();
        let labels = self.label_desk(&pictures, watch)?;
        let devices = wiring::devices(self.config, &self.clock, &self.inbox, watch)?;
        let sinks = wiring::sinks(self.config, &self.store, &sync, &self.inbox, watch)?;
        let sinks = Arc::new(sinks);
        let wake = sinks.clone();
        let hands = StationHands {
            labels,
            printers: devices.printers,
            scales: devices.scales,
            dimensioners: devices.dimensioners,
            scanners: devices.scanners,
            pictures,
            store: self.store.clone(),
            sound: Box::new(|place, cue| tracing::debug!(%place, ?cue, "sound")),
            wake: Box::new(move || wake.wake()),
            metrics: metrics.clone(),
            triggered: BTreeMap::new(),
        };
        let desk = self.tables.clone();
        let core = Core::new(
            self.store.clone(),
            self.clock.clone(),
            rules,
            self.tables,
            Box::new(hands),
            views,
            sync,
            places,
            metrics.clone(),
        )?;
        let station = std::thread::Builder::new()
            .name("station".into())
            .spawn(move || core.run(inbox))
            .map_err(io("cannot start the station thread"))?;
        let handle = Arc::new(Handle {
            station: self.config.station.id.clone(),
            places: infos(self.config),
            views: screens,
            inbox: self.inbox.clone(),
            store: self.store,
            started_at: self.clock.now().wall.rfc3339(),
            clock: self.clock.clone(),
            devices: devices.status,
            flights: devices.flights,
            sync: sinks.clone(),
            metrics,
            desk,
            printable: label::printable,
        });
        let ticker = first_inputs(&self.inbox, &self.clock, watch);
        let intake = intake::start(self.config, handle.clone())?;
        Ok(Running {
            handle,
            inbox: self.inbox,
            station,
            sinks,
            ticker,
            intake,
        })
    }

    /// One published view per place, filled from the loaded state.
    #[allow(clippy::type_complexity)]
    fn screens(
        &self,
        rules: &Rules,
        places: &[(PlaceId, PlaceKind)],
    ) -> Result<(Views, BTreeMap<PlaceId, watch::Receiver<Arc<PlaceView>>>), AppError> {
        let state = core::load(&self.store, places)?;
        let live = Live::default();
        let scene = screen::Scene {
            state: &state,
            live: &live,
            rules,
            desk: self.tables.as_ref(),
            sync: &Default::default(),
            pictures: &BTreeMap::new(),
            now: self.clock.mono(),
        };
        let mut senders = Views::new();
        let mut receivers = BTreeMap::new();
        for (id, _) in places {
            let Some(view) = screen::view(&scene, id) else {
                continue;
            };
            let (sender, receiver) = watch::channel(Arc::new(view));
            senders.insert(id.clone(), sender);
            receivers.insert(id.clone(), receiver);
        }
        Ok((senders, receivers))
    }

    fn label_desk(&self, pictures: &Pictures, watch: &mut Watch) -> Result<LabelQueue, AppError> {
        let (queue, tasks) = std::sync::mpsc::sync_channel(TASKS_MAX);
        let lane =
            |carrier: crate::domain::desk::CarrierInfo| Some((carrier.id, carrier.lane?.letters));
        let desk = LabelDesk {
            store: self.store.clone(),
            clock: self.clock.clone(),
            sender: Sender {
                lines: self.config.ship_from.lines.clone(),
                country: self.config.station.country.clone(),
                lanes: self
                    .tables
                    .carriers()
                    .into_iter()
                    .filter_map(lane)
                    .collect(),
            },
            pictures: pictures.clone(),
            station: self.inbox.clone(),
        };
        let pulse = Pulse::default();
        watch.add("the label desk", LABEL_MAX, pulse.ear());
        std::thread::Builder::new()
            .name("labels".into())
            .spawn(move || desk.run(tasks, &pulse))
            .map_err(io("cannot start the label desk"))?;
        Ok(LabelQueue(queue))
    }
}

fn deliver(inbox: &mpsc::Sender<Message>, delivery: Delivery) {
    if inbox.try_send(Message::Input(Box::new(delivery))).is_err() {
        tracing::error!("the station does not take inputs");
    }
}

/// The start, then a tick every moment.
fn first_inputs(
    inbox: &mpsc::Sender<Message>,
    clock: &StationClock,
    watch: &mut Watch,
) -> tokio::task::JoinHandle<()> {
    let start = InputKind::Start {
        version: env!("CARGO_PKG_VERSION").into(),
    };
    deliver(inbox, Delivery::plain(None, clock.now(), start));
    let pulse = Pulse::default();
    watch.add("the ticker", TICK_MAX, pulse.ear());
    tokio::spawn(tick(inbox.clone(), clock.clone(), pulse))
}

async fn tick(inbox: mpsc::Sender<Message>, clock: StationClock, pulse: Pulse) {
    let mut interval = tokio::time::interval(TICK);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        pulse.rests();
        interval.tick().await;
        pulse.works();
        let delivery = Delivery::plain(None, clock.now(), InputKind::Tick);
        if inbox
            .send(Message::Input(Box::new(delivery)))
            .await
            .is_err()
        {
            return;
        }
    }
}

fn infos(config: &Config) -> Vec<PlaceInfo> {
    let info = |p: &crate::config::PlaceConfig| PlaceInfo {
        id: PlaceId::new(p.id.clone()),
        kind: p.kind,
        title: p.title.clone().unwrap_or_else(|| p.id.clone()),
    };
    config.places.iter().map(info).collect()
}
