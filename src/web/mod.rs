//! Pages, API and the one event stream. Everything goes through [`StationApi`].
//!
//! Constraints: the listener is loopback and nothing else; every request names a known host (DNS
//! rebinding) and, if a browser says where it comes from, that must be this very server; programs
//! show the bearer token, kiosk pages a same-site cookie that reaches only what a screen needs;
//! no CORS, nothing inline, nothing from elsewhere. Bodies, streams, requests in flight and
//! waiting times are bounded. No handler runs a station call on the async threads.

mod api;
mod error;
mod guard;
mod input;
mod journey;
mod numbers;
mod openapi;
mod pages;
mod routes;
mod stream;

use crate::station::api::{ApiError, StationApi};
use axum::Router;
use axum::serve::ListenerExt;
use error::Problem;
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

pub use openapi::document as openapi_document;
pub use routes::listed as listed_routes;

/// Screens that may listen at once; a bench has one, a mirror or two more are normal.
pub const STREAMS_MAX: usize = 32;
/// Requests being answered at once; more are told to come back.
pub const REQUESTS_MAX: usize = 128;
/// Longest a station call may take before the caller is told that the station is busy.
pub const CALL_MS_MAX: u64 = 10_000;
/// Longest wait for open connections at shutdown.
const DRAIN_MS_MAX: u64 = 3_000;
/// Shortest bearer token that is worth checking, in bytes.
const TOKEN_BYTES_MIN: usize = 16;

/// How the web side is set up. Files and secrets are read elsewhere.
#[derive(Debug, Clone)]
pub struct WebConfig {
    /// Secret of programs, at least 16 bytes.
    pub bearer_token: String,
    /// Host names accepted beside `localhost`, `127.0.0.1` and `[::1]`, without port.
    pub hosts: Vec<String>,
    /// Origins that may show the pages in a frame, such as `http://127.0.0.1:9000`. Empty: none.
    pub frame_ancestors: Vec<String>,
    /// Folder behind `/pictures/`; `None` answers "not found".
    pub pictures: Option<PathBuf>,
}

impl WebConfig {
    /// Loopback names only, no frames, no pictures.
    pub fn new(bearer_token: impl Into<String>) -> Self {
        Self {
            bearer_token: bearer_token.into(),
            hosts: Vec::new(),
            frame_ancestors: Vec::new(),
            pictures: None,
        }
    }
}

/// Why the web side cannot start or ended.
#[derive(Debug, thiserror::Error)]
pub enum WebError {
    #[error("{address} is not a loopback address: listen on 127.0.0.1 or [::1]")]
    NotLoopback { address: SocketAddr },
    #[error("the bearer token is too short: give at least {TOKEN_BYTES_MIN} bytes of randomness")]
    WeakToken,
    #[error("frame ancestor {value:?} is no origin: write it like http://127.0.0.1:9000")]
    FrameAncestor { value: String },
    #[error("the web listener failed: {0}; check the address and the limits of the process")]
    Listener(#[from] std::io::Error),
}

/// What every handler shares.
struct Web {
    config: WebConfig,
    station: Arc<dyn StationApi>,
    pages: pages::Pages,
    guard: guard::Guard,
    streams: Arc<Semaphore>,
    requests: Semaphore,
    /// Turns true when the daemon ends: streams must not hold it up.
    stop: watch::Receiver<bool>,
}

type App = Arc<Web>;

impl Web {
    /// Runs a station call off the async threads, for at most [`CALL_MS_MAX`].
    async fn call<T, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&dyn StationApi) -> T + Send + 'static,
    {
        let station = Arc::clone(&self.station);
        let task = tokio::task::spawn_blocking(move || work(station.as_ref()));
        match tokio::time::timeout(Duration::from_millis(CALL_MS_MAX), task).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(_)) => Err(Problem::internal()),
            Err(_) => Err(Problem::busy("the station did not answer in time")),
        }
    }

    /// [`Web::call`] for calls that can be refused.
    async fn ask<T, F>(&self, work: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&dyn StationApi) -> Result<T, ApiError> + Send + 'static,
    {
        self.call(work).await?.map_err(Problem::from)
    }
}

/// The whole web side as a router. `stop` ends open streams when it turns true.
///
/// # Errors
/// [`WebError::WeakToken`] or [`WebError::FrameAncestor`].
pub fn router(
    config: WebConfig,
    station: Arc<dyn StationApi>,
    stop: watch::Receiver<bool>,
) -> Result<Router, WebError> {
    if config.bearer_token.len() < TOKEN_BYTES_MIN {
        return Err(WebError::WeakToken);
    }
    let guard = guard::Guard::new(&config)?;
    let app = Arc::new(Web {
        pages: pages::Pages::load(),
        guard,
        config,
        station,
        streams: Arc::new(Semaphore::new(STREAMS_MAX)),
        requests: Semaphore::new(REQUESTS_MAX),
        stop,
    });
    Ok(routes::build(&app))
}

/// Serves until `shutdown` is done; open connections then get [`DRAIN_MS_MAX`] to finish.
///
/// # Errors
/// [`WebError::NotLoopback`] for any other listener, otherwise as [`router`].
pub async fn serve(
    listener: TcpListener,
    config: WebConfig,
    station: Arc<dyn StationApi>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), WebError> {
    let address = listener.local_addr()?;
    if !address.ip().is_loopback() {
        return Err(WebError::NotLoopback { address });
    }
    let (stop_sender, stop) = watch::channel(false);
    let service =
        router(config, station, stop.clone())?.into_make_service_with_connect_info::<SocketAddr>();
    let listener = listener.tap_io(|tcp| {
        if let Err(error) = tcp.set_nodelay(true) {
            tracing::debug!(%error, "no nodelay on a page connection");
        }
    });
    let server = axum::serve(listener, service).with_graceful_shutdown(async move {
        shutdown.await;
        stop_sender.send_replace(true);
    });
    tokio::select! {
        ended = server => Ok(ended?),
        () = drained(stop) => Ok(()),
    }
}

/// Ends some time after `stop` turned true.
async fn drained(mut stop: watch::Receiver<bool>) {
    // An error means the server is gone already; the limit below then ends the wait.
    let told = stop.wait_for(|stopped| *stopped).await.is_ok();
    tracing::debug!(told, "waiting for open page connections");
    tokio::time::sleep(Duration::from_millis(DRAIN_MS_MAX)).await;
}
