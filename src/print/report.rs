//! What the station tells a printer's worker, and what it hears back.

use crate::domain::input::PrintStep;
use crate::domain::{DeviceId, JobId, Stamp};
use firstscan_drivers::bitmap::Bitmap;
use std::sync::Arc;

/// Orders to a printer's worker.
#[derive(Debug, Clone)]
pub enum PrintOrder {
    /// Make it ready; answered with [`PrintStep::Ready`] once the printer can take it.
    Submit { job: JobId, label: Printable },
    /// `label.sending` is committed: the bytes may leave.
    Release { job: JobId },
    /// Forget it, unless its bytes are already leaving.
    Drop { job: JobId },
    /// A job in doubt from before a restart: answered with [`PrintStep::Counted`] if the label
    /// counter proves it, else not at all. Give these before any `Submit`.
    Settle {
        job: JobId,
        counter_before: Option<u64>,
    },
}

/// What a printer is given.
#[derive(Debug, Clone)]
pub struct Printable {
    /// The label as it was checked.
    pub picture: Arc<Bitmap>,
    /// The carrier's own ZPL of the same label; sent instead, behind the guard, by a printer that
    /// is set to `foreign_zpl = "native"`.
    pub zpl: Option<Arc<[u8]>>,
    /// Its upright Code 128 symbols, which a ZPL printer on a slow line draws by itself.
    pub bars: Arc<[Bars]>,
}

/// A Code 128 symbol as it stands in the picture, dots from the top left corner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bars {
    pub x: u32,
    pub y: u32,
    pub module_dots: u32,
    pub height: u32,
    /// Bars and spaces in modules, bar first.
    pub widths: Vec<u8>,
}

impl From<Arc<Bitmap>> for Printable {
    fn from(picture: Arc<Bitmap>) -> Self {
        Printable {
            picture,
            zpl: None,
            bars: Arc::default(),
        }
    }
}

/// News from a printer's worker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrintReport {
    pub device: DeviceId,
    pub at: Stamp,
    pub kind: PrintReportKind,
}

/// What happened at a printer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrintReportKind {
    Step {
        job: JobId,
        step: PrintStep,
    },
    /// `what` names the address for people.
    Connected {
        what: String,
    },
    Lost {
        reason: String,
    },
    /// In need of a hand: `paper_out`, `head_open`, `paused`, ..., or `silent` if it does not
    /// answer; empty = it said that it is fine.
    Status {
        flags: Vec<String>,
    },
}
