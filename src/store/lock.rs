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
    file: File,
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
        Ok(Self { file })
    }
}

impl Drop for FolderLock {
    /// Closing the file is not enough: a program that is being started holds a copy for an instant.
    fn drop(&mut self) {
        if let Err(error) = flock(&self.file, FlockOperation::Unlock) {
            tracing::warn!(%error, "cannot release the lock on the data folder");
        }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_copy_of_the_file_does_not_keep_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let lock = FolderLock::take(folder.path()).unwrap();
        let copy = lock.file.try_clone().unwrap();
        assert!(matches!(
            FolderLock::take(folder.path()),
            Err(StoreError::InUse { .. })
        ));
        drop(lock);
        FolderLock::take(folder.path()).unwrap();
        drop(copy);
    }
}
