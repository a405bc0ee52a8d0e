//! The exclusive lock on the data folder. The kernel drops it when the holder ends, however it
//! ends, so a stale file never blocks.

use super::error::StoreError;
use rustix::fs::{FlockOperation, flock};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

/// Held as long as the store is open.
#[derive(Debug)]
pub(super) struct FolderLock {
    _file: File,
}

/// Longest text read from the lock file, in bytes.
const PID_BYTES_MAX: u64 = 20;

impl FolderLock {
    /// Takes `dir/lock` and writes this process's id into it.
    pub(super) fn take(dir: &Path) -> Result<Self, StoreError> {
        let path = dir.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| StoreError::io("open", &path, &e))?;
        if let Err(errno) = flock(&file, FlockOperation::NonBlockingLockExclusive) {
            if errno == rustix::io::Errno::WOULDBLOCK {
                return Err(StoreError::InUse {
                    dir: dir.to_owned(),
                    pid: holder(&mut file),
                });
            }
            return Err(StoreError::io("lock", &path, &errno.into()));
        }
        // The id only helps people; a full disk must not keep the store from opening.
        let written = file
            .set_len(0)
            .and_then(|()| file.seek(SeekFrom::Start(0)))
            .and_then(|_| writeln!(file, "{}", std::process::id()));
        if let Err(error) = written {
            tracing::warn!(%error, "cannot note the process id in the lock file");
        }
        Ok(Self { _file: file })
    }
}

/// The process id in the lock file, or `unknown`.
fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.take(PID_BYTES_MAX).read_to_string(&mut text);
    match (read, text.trim().parse::<u32>()) {
        (Ok(_), Ok(pid)) => pid.to_string(),
        _ => "unknown".to_owned(),
    }
}
