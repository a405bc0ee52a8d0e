//! The data folder: the store, the programs' token, the mark of the running daemon.

use super::{AppError, io, places};
use crate::config::Config;
use crate::domain::State;
use crate::station::clock::StationClock;
use crate::station::mark::DaemonFile;
use crate::store::{Commit, OpenOptions, Store};
use std::fs::OpenOptions as FileOptions;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Opens the store; after a salvage the projections are rebuilt from the events.
pub(super) fn open_store(config: &Config, data: &Path) -> Result<(Store, StationClock), AppError> {
    let clock = StationClock::default();
    let (store, opened) = Store::open(&OpenOptions::new(data, config.station.id.clone()))?;
    if let Some(report) = &opened.salvaged {
        tracing::error!(alarm = report.alarm, "the database was damaged");
        rebuild(&store, config, &clock)?;
    }
    Ok((store, clock))
}

/// Replays every event and writes the projections anew.
fn rebuild(store: &Store, config: &Config, clock: &StationClock) -> Result<(), AppError> {
    let mut state = State::new(&config.station.id, &places(config));
    let mut since = 0;
    loop {
        let events = store.events(since, 1000)?;
        let Some(last) = events.last() else { break };
        since = last.seq;
        for event in &events {
            state.replay(event);
        }
    }
    let mut commit = Commit::new(clock.boot_id.clone(), clock.quality());
    commit.changes = state.take_changes();
    store.commit(commit)?;
    Ok(())
}

/// The programs' bearer token, made on first use, readable by the service's user only.
pub(super) fn token(data: &Path) -> Result<String, AppError> {
    let path = data.join(DaemonFile::TOKEN_NAME);
    let doing = || format!("cannot make {}", path.display());
    if let Ok(mut file) = std::fs::File::open(&path) {
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(io(doing()))?;
        if text.trim().len() >= 32 {
            return Ok(text.trim().to_owned());
        }
    }
    let token = format!(
        "{}{}",
        uuid::Uuid::new_v4().simple(),
        uuid::Uuid::new_v4().simple()
    );
    let mut file = FileOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&path)
        .map_err(io(doing()))?;
    file.write_all(token.as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(io(doing()))?;
    Ok(token)
}

/// Leaves address and process id for commands, in one step.
pub(super) fn write_mark(data: &Path, mark: &DaemonFile) -> Result<(), AppError> {
    let path = data.join(DaemonFile::NAME);
    let fresh = data.join("daemon.json.new");
    let text = serde_json::to_string(mark).unwrap_or_default();
    std::fs::write(&fresh, text)
        .and_then(|()| std::fs::rename(&fresh, &path))
        .map_err(io(format!("cannot write {}", path.display())))
}
