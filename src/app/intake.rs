//! The watched order folder: a thread that looks, hands files over, and moves them.

use super::AppError;
use crate::config::Config;
use crate::station::api::{StationApi, Submitted};
use crate::station::handle::Handle;
use crate::sync::inbound::Language;
use crate::sync::inbound::watch::{Taken, Watch};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// Time between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// A file is complete when it did not change for this long.
const SETTLE_MS: u64 = 400;

/// The running intake.
pub(super) struct Intake {
    stop: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Intake {
    /// Ends it; the file in hand is finished.
    pub fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the order folder's thread panicked");
        }
    }
}

/// Starts watching, if a folder is configured.
pub(super) fn start(config: &Config, station: Arc<Handle>) -> Result<Option<Intake>, AppError> {
    let Some(folder) = &config.orders.watch_folder else {
        return Ok(None);
    };
    let doing = format!("cannot watch {}", folder.display());
    let opened = Watch::open(folder, SETTLE_MS);
    let mut watch = opened.map_err(|e| super::io(doing)(std::io::Error::other(e)))?;
    let (stop, stopped) = sync_channel(1);
    let look = move || {
        while stopped.recv_timeout(LOOK_EVERY) == Err(RecvTimeoutError::Timeout) {
            let now_ms = station.clock.mono().0;
            let mut take = |_: &str, language, body: &[u8]| take(&station, language, body);
            if let Err(error) = watch.scan(now_ms, &mut take) {
                tracing::warn!(%error, "order folder");
            }
        }
    };
    let thread = std::thread::Builder::new()
        .name("intake".into())
        .spawn(look)
        .map_err(super::io("cannot start the order folder's thread"))?;
    Ok(Some(Intake { stop, thread }))
}

fn take(station: &Handle, language: Language, body: &[u8]) -> Taken {
    let Ok(results) = station.import_orders(body, language == Language::Csv) else {
        return Taken::Later;
    };
    let mut lines = Vec::new();
    for result in results {
        if let Submitted::Refused { order, problems } = result {
            lines.extend(problems.into_iter().map(|p| format!("order {order}: {p}")));
        }
    }
    if lines.is_empty() {
        Taken::Done
    } else {
        Taken::Refused(lines)
    }
}
