//! Backup of a running store through SQLite's backup interface, checked before it counts.

use super::Store;
use super::error::StoreError;
use super::open::{quick_check, sync_folder};
use super::types::VerifyReport;
use super::verify::verify;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};
use std::path::Path;

/// Key in `meta` that marks a backup. A store that finds it in its own database begins a new
/// epoch, because the numbers after the backup were used by the original.
pub(super) const BACKUP_MARK: &str = "backup";

impl Store {
    /// Writes a consistent copy of the database to `path` while the station goes on, checks its
    /// pages and its whole chain, and only then gives it its name. To restore, stop the daemon
    /// and put the file into an empty data folder as `firstscan.db`.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if `path` exists or the chain does not hold; [`StoreError::Full`],
    /// [`StoreError::Io`] or [`StoreError::Damaged`] if it cannot be written or read.
    pub fn backup(&self, path: &Path) -> Result<VerifyReport, StoreError> {
        if path.exists() {
            let path = path.display();
            return Err(StoreError::invalid(format!(
                "{path} exists: give another file name"
            )));
        }
        let mut name = path.as_os_str().to_owned();
        name.push(".part");
        let part = Path::new(&name);
        remove_if_there(part)?;
        let report = self.copy_to(part).inspect_err(|_| {
            if let Err(error) = remove_if_there(part) {
                tracing::warn!(%error, "an unfinished backup is left");
            }
        })?;
        std::fs::rename(part, path).map_err(|e| StoreError::io("rename", part, &e))?;
        sync_folder(path.parent().unwrap_or(Path::new(".")))?;
        Ok(report)
    }

    fn copy_to(&self, part: &Path) -> Result<VerifyReport, StoreError> {
        let mut copy = Connection::open(part)?;
        self.read(|conn| {
            // One step over all pages holds one snapshot; in WAL mode the writer is not blocked.
            let result = Backup::new(conn, &mut copy)?.step(-1)?;
            match result {
                StepResult::Done => Ok(()),
                _ => Err(StoreError::Failed {
                    cause: "the backup was interrupted".to_owned(),
                }),
            }
        })?;
        // One plain file without a log beside it; all of it on the disk when this returns.
        copy.pragma_update_and_check(None, "journal_mode", "DELETE", |_| Ok(()))?;
        copy.pragma_update(None, "synchronous", "FULL")?;
        copy.execute(
            "INSERT OR REPLACE INTO meta(key, value) VALUES(?1, '1')",
            [BACKUP_MARK],
        )?;
        quick_check(&copy)?;
        let report = verify(&copy)?;
        copy.close().map_err(|(_, e)| StoreError::from(e))?;
        let file = std::fs::File::open(part).map_err(|e| StoreError::io("open", part, &e))?;
        file.sync_all()
            .map_err(|e| StoreError::io("flush", part, &e))?;
        match &report.reason {
            None => Ok(report),
            Some(reason) => Err(StoreError::invalid(format!(
                "no backup made, the chain does not hold: {reason}; keep the data folder as it \
                 is and run `firstscan events verify`"
            ))),
        }
    }
}

fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
            Err(StoreError::io("remove", path, &e))
        }
        _ => Ok(()),
    }
}
