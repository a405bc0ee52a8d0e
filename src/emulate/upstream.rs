//! An emulated upstream: receives event batches over real HTTP on a loopback port, keeps every
//! event once, and misbehaves on request. Runs on a thread of its own in the demo's or a test's
//! process, so that what it knows survives the daemon.
//!
//! `POST` to any path with the headers and body of [`crate::sync::sinks::http`]. A signature or
//! timestamp that does not hold is answered 401, a body that is no JSON array 400.

mod ledger;

pub use ledger::{Ledger, Received};

use crate::sync::cloudevents::BATCH_MEDIA_TYPE;
use crate::sync::sender::{UpstreamReceipt, Verdict};
use crate::sync::sinks::Secret;
use crate::sync::sinks::http::{AnswerBody, ID_HEADER, Key, SIGNATURE_HEADER, TIMESTAMP_HEADER};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::sync::watch;

/// How far a request's timestamp may be off (Standard Webhooks), in seconds.
pub const TOLERANCE_S: i64 = 300;
/// Largest request taken, in bytes.
const REQUEST_BYTES_MAX: usize = 16 << 20;
/// Most events of a request.
const REQUEST_EVENTS_MAX: usize = 10_000;
/// Between two tries to take the port again.
const REBIND_MS: u64 = 50;

/// Where and how to receive.
#[derive(Debug, Clone)]
pub struct UpstreamConfig {
    /// Loopback address; port 0 takes a free one.
    pub address: SocketAddr,
    /// The sink's secret.
    pub secret: Secret,
    /// JSON-lines file that keeps what was received; `None` keeps it in memory.
    pub ledger: Option<PathBuf>,
}

/// Which events a scripted refusal strikes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Refuse {
    /// Event type such as `parcel.first_scan`; `None` is every type.
    pub kind: Option<String>,
    /// Subject; `None` is every subject.
    pub subject: Option<String>,
    /// For good, or only for now.
    pub permanent: bool,
}

impl Refuse {
    /// Refuses everything for good.
    pub fn all() -> Self {
        Self {
            permanent: true,
            ..Self::default()
        }
    }

    fn strikes(&self, kind: &str, subject: &str) -> bool {
        self.kind.as_deref().is_none_or(|k| k == kind)
            && self.subject.as_deref().is_none_or(|s| s == subject)
    }
}

/// What it does with requests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Fault {
    /// None: takes events and says so.
    #[default]
    Acknowledge,
    /// Refuses the events that match, takes the others.
    Refuse(Refuse),
    /// Answers this status to every request.
    Status {
        status: u16,
        retry_after_s: Option<u64>,
    },
    /// Requests with more events are answered 413.
    EventsMax(usize),
    /// The port is closed: connections are refused.
    Closed,
    /// Takes connections and requests and never answers.
    Mute,
    /// Takes the events; the answer breaks off.
    AnswerLost,
    /// The answer is a page of a captive portal.
    Portal,
}

/// A running emulated upstream; ends when dropped.
#[derive(Debug)]
pub struct Upstream {
    handle: UpstreamHandle,
    stop: watch::Sender<bool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

/// Asks and scripts a running upstream; can be cloned and kept anywhere.
#[derive(Debug, Clone)]
pub struct UpstreamHandle {
    shared: Arc<Shared>,
    address: SocketAddr,
}

#[derive(Debug)]
struct Shared {
    key: Key,
    ledger: Mutex<Ledger>,
    /// The fault and when it ends.
    fault: watch::Sender<(Fault, Option<Instant>)>,
    requests: std::sync::atomic::AtomicU64,
}

impl Upstream {
    /// Opens the ledger, takes the port and starts to receive.
    ///
    /// # Errors
    /// If the ledger or the port cannot be had, the address is not loopback, or the secret is none.
    pub fn open(config: UpstreamConfig) -> std::io::Result<Self> {
        if !config.address.ip().is_loopback() {
            return Err(std::io::Error::other(
                "the emulated upstream listens on loopback only",
            ));
        }
        let key = Key::parse(&config.secret).map_err(std::io::Error::other)?;
        let ledger = config
            .ledger
            .as_deref()
            .map_or_else(|| Ok(Ledger::default()), Ledger::open)?;
        let listener = bind(config.address)?;
        let address = listener.local_addr()?;
        let (fault, _) = watch::channel((Fault::Acknowledge, None));
        let (ledger, requests) = (Mutex::new(ledger), 0.into());
        let shared = Arc::new(Shared {
            key,
            ledger,
            fault,
            requests,
        });
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let (stop, stopped) = watch::channel(false);
        let running = shared.clone();
        let thread = std::thread::Builder::new()
            .name("emulated-upstream".to_owned())
            .spawn(move || {
                runtime.block_on(supervise(listener, address, running, stopped));
                // Requests that are held in silence must not hold the end.
                runtime.shutdown_background();
            })?;
        Ok(Self {
            handle: UpstreamHandle { shared, address },
            stop,
            thread: Some(thread),
        })
    }

    /// A handle to ask and script it.
    pub fn handle(&self) -> UpstreamHandle {
        self.handle.clone()
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the emulated upstream had panicked");
        }
    }
}

impl UpstreamHandle {
    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The url for a sink's configuration.
    pub fn url(&self) -> String {
        format!("http://{}/events", self.address)
    }

    /// Changes the script from now on.
    pub fn set_fault(&self, fault: Fault) {
        self.shared.fault.send_replace((fault, None));
    }

    /// Changes the script for a while; then it acknowledges again.
    pub fn set_fault_for(&self, fault: Fault, time: Duration) {
        self.shared
            .fault
            .send_replace((fault, Instant::now().checked_add(time)));
    }

    /// The script now.
    pub fn fault(&self) -> Fault {
        self.shared.fault_now()
    }

    /// Everything received, in order of arrival.
    pub fn events(&self) -> Vec<Received> {
        self.shared.ledger().events.clone()
    }

    /// How many events were received.
    pub fn count(&self) -> usize {
        self.shared.ledger().events.len()
    }

    /// Requests that arrived, whatever became of them.
    pub fn requests(&self) -> u64 {
        self.shared
            .requests
            .load(std::sync::atomic::Ordering::Relaxed)
    }

    /// True if the event was received.
    pub fn has(&self, event_id: &str) -> bool {
        self.shared.ledger().has(event_id)
    }

    /// Event ids of the first scans, by parcel: more than one is a defect of the station.
    pub fn first_scans(&self) -> BTreeMap<String, Vec<String>> {
        self.shared.ledger().first_scans()
    }

    /// Arrivals of events it had already.
    pub fn duplicates(&self) -> u64 {
        self.shared.ledger().duplicates
    }

    /// What no correct station does: other content under a known id, a hash or chain link that
    /// does not hold, an event before an earlier one of its subject.
    pub fn violations(&self) -> Vec<String> {
        self.shared.ledger().violations.clone()
    }

    /// Neighbouring events whose chain link was checked.
    pub fn links(&self) -> usize {
        self.shared.ledger().links()
    }
}

impl Shared {
    fn fault_now(&self) -> Fault {
        let (fault, until) = self.fault.borrow().clone();
        if until.is_some_and(|at| Instant::now() >= at) {
            Fault::Acknowledge
        } else {
            fault
        }
    }

    /// A panic elsewhere leaves the ledger as it was: single steps are whole.
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Opens and closes the port as the script says.
async fn supervise(
    first: TcpListener,
    address: SocketAddr,
    shared: Arc<Shared>,
    mut stopped: watch::Receiver<bool>,
) {
    let mut script = shared.fault.subscribe();
    let mut listener = Some(first);
    let mut server: Option<tokio::task::JoinHandle<()>> = None;
    loop {
        let until = script.borrow_and_update().1;
        if shared.fault_now() == Fault::Closed {
            listener = None;
            if let Some(task) = server.take() {
                task.abort();
                // Ends with the abort itself: the port is closed after this.
                drop(task.await);
            }
        } else if server.is_none() {
            match listener.take().map_or_else(|| bind(address), Ok) {
                Ok(bound) => server = Some(tokio::spawn(serve(bound, shared.clone()))),
                Err(e) => tracing::warn!(%address, error = %e, "port is taken, trying again"),
            }
        }
        let rest = until.map(|at| at.saturating_duration_since(Instant::now()));
        let nap = match (&server, rest) {
            (None, _) if shared.fault_now() != Fault::Closed => Duration::from_millis(REBIND_MS),
            (_, Some(rest)) if !rest.is_zero() => rest,
            _ => Duration::from_secs(3600),
        };
        tokio::select! {
            _ = script.changed() => {}
            _ = stopped.changed() => return,
            () = tokio::time::sleep(nap) => {}
        }
    }
}

async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let app = Router::new()
        .fallback(receive)
        .layer(DefaultBodyLimit::max(REQUEST_BYTES_MAX))
        .with_state(shared);
    let served = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => axum::serve(listener, app).await,
        Err(e) => Err(e),
    };
    if let Err(e) = served {
        tracing::error!(error = %e, "the emulated upstream stopped receiving");
    }
}

async fn receive(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: Bytes) -> Response {
    shared
        .requests
        .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let fault = shared.fault_now();
    match &fault {
        Fault::Mute => std::future::pending().await,
        Fault::Closed => return cut(),
        Fault::Portal => return "<html>Please log in to the guest network</html>".into_response(),
        Fault::Status {
            status,
            retry_after_s,
        } => return scripted(*status, *retry_after_s),
        _ => {}
    }
    let now_ms = unix_ms();
    if let Err(why) = authentic(&shared.key, &headers, &body, now_ms.div_euclid(1000)) {
        return (StatusCode::UNAUTHORIZED, why).into_response();
    }
    let is_batch = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|v| v == BATCH_MEDIA_TYPE);
    let batch = match serde_json::from_slice::<Vec<Value>>(&body) {
        Ok(batch) if is_batch && batch.len() <= REQUEST_EVENTS_MAX => batch,
        Ok(_) => return (StatusCode::BAD_REQUEST, "not a batch of CloudEvents").into_response(),
        Err(e) => return (StatusCode::BAD_REQUEST, e.to_string()).into_response(),
    };
    let refuse = match &fault {
        Fault::Refuse(refuse) => Some(refuse),
        Fault::EventsMax(max) if batch.len() > *max => return scripted(413, None),
        _ => None,
    };
    let verdicts = match shared.ledger().take(&batch, refuse, now_ms) {
        Ok(verdicts) => verdicts,
        Err(e) => return (StatusCode::INSUFFICIENT_STORAGE, e.to_string()).into_response(),
    };
    if fault == Fault::AnswerLost {
        return cut();
    }
    let answer = AnswerBody {
        verdicts,
        receipt: receipt_for(&batch, now_ms),
    };
    axum::Json(answer).into_response()
}

/// Checks signature and timestamp.
fn authentic(key: &Key, headers: &HeaderMap, body: &[u8], unix_s: i64) -> Result<(), String> {
    let get = |name: &str| {
        let text = headers.get(name).and_then(|v| v.to_str().ok());
        text.ok_or_else(|| format!("header {name} is missing"))
    };
    let (id, timestamp) = (get(ID_HEADER)?, get(TIMESTAMP_HEADER)?);
    if !key.verify(id, timestamp, body, get(SIGNATURE_HEADER)?) {
        return Err("the signature does not hold: the two sides have different secrets".to_owned());
    }
    let sent: i64 = timestamp
        .parse()
        .map_err(|_| "the timestamp is no number".to_owned())?;
    let off = unix_s.saturating_sub(sent);
    if off.saturating_abs() > TOLERANCE_S {
        return Err(format!(
            "the timestamp is {off} s off: set the station's clock"
        ));
    }
    Ok(())
}

/// The receipt for the last event of a batch: this upstream has seen the chain that far.
fn receipt_for(batch: &[Value], now_ms: i64) -> Option<UpstreamReceipt> {
    let last = crate::sync::cloudevents::event_of(batch.last()?).ok()?;
    let wall = crate::domain::Wall {
        unix_ms: now_ms,
        offset_min: 0,
    };
    Some(UpstreamReceipt {
        station: last.station,
        epoch: last.epoch,
        seq: last.seq,
        head: last.hash,
        received_at: wall.rfc3339(),
        signature: None,
    })
}

fn scripted(status: u16, retry_after_s: Option<u64>) -> Response {
    let code = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (code, "by the fault script").into_response();
    if let Some(seconds) = retry_after_s {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, seconds.into());
    }
    response
}

/// An answer that breaks off: its head leaves, then the connection ends.
fn cut() -> Response {
    let broken = tokio_stream::once(Err::<Bytes, _>(std::io::Error::other("cut by the script")));
    Body::from_stream(broken).into_response()
}

fn unix_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
