//! The interactive demo's own page: a person plays the packer with mouse or keyboard.
//!
//! It shows the daemon's bench and dock pages in frames and, beneath, the physical world: order
//! cards, articles, the scale, the printer, cables, the network. It acts on emulated devices
//! only; the daemon hears of it through its real transports. Loopback only; Host and Origin are
//! checked, and nothing is loaded from elsewhere.

mod http;
mod play;
#[cfg(test)]
mod tests;

use super::bench::EmulatedStation;
use play::Play;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::JoinHandle;

pub use play::{Act, ActError};

/// An article in an order, as it lies on the shelf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanelItem {
    pub title: String,
    pub barcode: String,
    pub quantity: u32,
    /// Weight of one piece in grams.
    pub grams: i64,
}

/// An order card that can be scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanelOrder {
    pub id: String,
    /// What is on the card's barcode; usually the id.
    pub code: String,
    /// Who buys, for people.
    pub title: String,
    /// What is special about it, such as `arrives with its carrier label`.
    pub note: String,
    pub items: Vec<PanelItem>,
}

/// A code on a printed sheet: control code, badge, carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanelCode {
    pub name: String,
    pub payload: String,
}

impl PanelCode {
    fn new(name: &str, payload: &str) -> Self {
        Self {
            name: name.into(),
            payload: payload.into(),
        }
    }

    /// The control codes of a bench's sheet (`bench-ux-and-ops` 5.3).
    pub fn bench_sheet() -> Vec<Self> {
        [
            ("OK", "XCTLOKXI"),
            ("UNDO", "XCTLUNDG"),
            ("NEXT BOX", "XCTLNEXR"),
            ("REWEIGH", "XCTLREEK"),
            ("PARK", "XCTLPRKJ"),
            ("RESUME", "XCTLRESG"),
            ("REPRINT", "XCTLREPX"),
            ("NO LABEL", "XCTLNOLG"),
            ("DESTROYED", "XCTLDESP"),
            ("VOID", "XCTLVOIE"),
            ("ABORT", "XCTLBORH"),
        ]
        .map(|(name, payload)| Self::new(name, payload))
        .into()
    }

    /// The control codes of a dock's sheet.
    pub fn dock_sheet() -> Vec<Self> {
        [
            ("OK", "XCTLOKXI"),
            ("REMOVE", "XCTLREVR"),
            ("CLOSE", "XCTLCLOU"),
            ("CONFIRM", "XCTLCONV"),
            ("LOADED", "XCTLLODB"),
        ]
        .map(|(name, payload)| Self::new(name, payload))
        .into()
    }
}

/// What the page shows and knows from the start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PanelConfig {
    /// Place ids of the emulated station.
    pub bench: String,
    pub dock: String,
    /// Pages of the daemon, such as `http://127.0.0.1:8020/bench/bench1`.
    pub bench_url: String,
    pub dock_url: String,
    pub badges: Vec<PanelCode>,
    pub orders: Vec<PanelOrder>,
    pub bench_codes: Vec<PanelCode>,
    /// Reasons and boxes: codes that follow another one.
    pub extra_codes: Vec<PanelCode>,
    pub dock_codes: Vec<PanelCode>,
    pub carriers: Vec<PanelCode>,
    /// Weight of an empty carton in grams.
    pub box_grams: i64,
}

/// How the emulated upstream behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpstreamMode {
    Ok,
    Refuse,
    Away,
}

/// An event as the upstream got it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceivedEvent {
    /// Time of day for people.
    pub at: String,
    /// Such as `parcel.first_scan`.
    pub kind: String,
    pub subject: String,
    /// What it answered: `acknowledged`, `refused`, ...
    pub verdict: String,
}

/// The emulated upstream, as far as the page needs it. Calls return at once.
pub trait PanelUpstream: Send + Sync {
    /// How it behaves now.
    fn mode(&self) -> UpstreamMode;
    /// Changes how it behaves.
    fn set_mode(&self, mode: UpstreamMode);
    /// The newest events, newest first, at most `limit`.
    fn received(&self, limit: usize) -> Vec<ReceivedEvent>;
    /// What the daemon's screens showed a moment ago; empty while nobody knows.
    fn screens(&self) -> Screens {
        Screens::default()
    }
}

/// What a packer sees: the page takes from it what to do next, and how heavy the box should be.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Screens {
    /// The bench's view document, null while the daemon is silent.
    pub bench: serde_json::Value,
    /// The dock's view document, null while the daemon is silent.
    pub dock: serde_json::Value,
    /// Status of each order by its id, such as `packed`.
    pub orders: BTreeMap<String, String>,
}

impl Screens {
    /// The expected weight in grams while the bench asks for the box on the scale.
    fn expected_grams(&self) -> Option<i64> {
        let weighing = self.bench.get("mode")?.as_str()? == "weighing";
        let expected = self.bench.pointer("/weight/band/expected_g")?.as_i64()?;
        weighing.then_some(expected)
    }
}

/// The page's world: configuration, devices, upstream, and what the packer has at hand.
pub struct Panel {
    config: PanelConfig,
    station: Arc<EmulatedStation>,
    upstream: Arc<dyn PanelUpstream>,
    play: Mutex<Play>,
}

impl std::fmt::Debug for Panel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Panel")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Panel {
    /// A panel over running devices.
    pub fn new(
        config: PanelConfig,
        station: Arc<EmulatedStation>,
        upstream: Arc<dyn PanelUpstream>,
    ) -> Self {
        Self {
            config,
            station,
            upstream,
            play: Mutex::default(),
        }
    }

    fn play(&self) -> MutexGuard<'_, Play> {
        self.play.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running panel; ends when dropped.
#[derive(Debug)]
pub struct PanelServer {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl PanelServer {
    /// Serves the panel on 127.0.0.1 at `port`, or at any free port if that is taken or 0.
    /// Call inside a tokio runtime.
    ///
    /// # Errors
    /// If no port can be had.
    pub fn start(panel: Arc<Panel>, port: u16) -> io::Result<Self> {
        let bind = |port| std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port));
        let listener = bind(port).or_else(|_| bind(0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let router = http::router(panel);
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the panel's server stopped: restart the demo");
            }
        });
        Ok(Self { address, task })
    }

    /// The page's address.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

impl Drop for PanelServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
