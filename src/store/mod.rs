//! SQLite: one writer thread, the event chain, projections, outbox cursors, backup, salvage.
//!
//! Constraints, in order of weight:
//! - What a call acknowledged survives kill -9 and power loss: WAL with `synchronous=FULL`, which
//!   is read back at open; without it the store refuses to work.
//! - Only the writer thread has a write connection; a second process is kept out by a lock on the
//!   data folder. Readers have connections of their own and never block the writer.
//! - A request is stored whole or not at all. An error means that nothing of it was stored.
//! - The stored bytes of an event never change. Hashes cover bytes, not a re-serialised value.
//! - Damage never keeps the station from starting: the file is set aside untouched, everything
//!   that reads goes into a new one, a new epoch begins, and the report is an alarm.
//!
//! ```text
//! Store (handles) --requests--> writer thread --one transaction per group--> firstscan.db
//!       '--------- reads ------ read-only connections ------------------------'
//! ```
//!
//! Not here: network, retention (nothing is deleted yet), interpretation of facts.

mod backup;
mod carve;
mod chain;
mod commit;
mod error;
mod lock;
pub mod measure;
mod migrate;
mod open;
mod outbox;
mod page1;
mod read;
mod salvage;
mod types;
mod verify;
mod wal;
mod writer;

pub use error::StoreError;
pub use outbox::{Batch, Settlement};
pub use types::{
    ANSWER_BYTES_MAX, Commit, DOCUMENT_BYTES_MAX, EVENT_BYTES_MAX, Idempotency, KEY_BYTES_MAX,
    NewDocument, NewPerson, OpenOptions, Opened, Parked, Person, Receipt, SalvageReport, SinkState,
    Stats, StoredDocument, StoredReceipt, VerifyReport,
};

use crate::domain::Event;
use crate::domain::order::Item;
use rusqlite::Connection;
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, atomic::Ordering};
use std::thread::JoinHandle;
use writer::{Job, Task, WAITING_MAX, Work};

/// A handle to the open store: cheap to clone, usable from any thread. The database is closed
/// when the last handle is dropped.
#[derive(Debug, Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    requests: Option<SyncSender<Box<dyn Job>>>,
    writer: Option<JoinHandle<()>>,
    readers: read::Readers,
    shared: Arc<writer::Shared>,
    station: String,
    /// Last, so that the folder is free only after the database is closed.
    _lock: lock::FolderLock,
}

impl Store {
    /// Opens the store in a folder, making, upgrading or salvaging the database as needed.
    ///
    /// # Errors
    /// [`StoreError::InUse`], [`StoreError::TooNew`], [`StoreError::OtherStation`],
    /// [`StoreError::Unsafe`], [`StoreError::Full`], [`StoreError::Io`]. Damage is no error: see
    /// [`Opened::salvaged`].
    pub fn open(options: &OpenOptions) -> Result<(Store, Opened), StoreError> {
        open::open(options)
    }

    /// Stores one step and returns its events once they are on the disk. Blocks for the commit,
    /// a few milliseconds.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] or [`StoreError::KeyUsed`] for a request that is wrong by itself;
    /// [`StoreError::Full`], [`StoreError::Failed`], [`StoreError::Damaged`] if it could not be
    /// written; [`StoreError::Closed`] after the end. Nothing of it is stored then.
    pub fn commit(&self, commit: Commit) -> Result<Vec<Event>, StoreError> {
        self.write(move |work| commit::commit(work, &commit))
    }

    /// As [`Store::commit`] without waiting: the receiver gets the outcome after the COMMIT.
    pub fn commit_async(
        &self,
        commit: Commit,
    ) -> tokio::sync::oneshot::Receiver<Result<Vec<Event>, StoreError>> {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        self.commit_then(commit, move |outcome| {
            // Nobody waits any more: the commit stands all the same.
            drop(sender.send(outcome));
        });
        receiver
    }

    /// As [`Store::commit`] without waiting: `done` is called once, on the writer thread after the
    /// COMMIT (so it must be quick and must not call blocking methods of the store), or at once
    /// on this thread with [`StoreError::Busy`] or [`StoreError::Closed`].
    pub fn commit_then(
        &self,
        commit: Commit,
        done: impl FnOnce(Result<Vec<Event>, StoreError>) + Send + 'static,
    ) {
        let job = Task::boxed(
            move |work: &mut Work<'_>| commit::commit(work, &commit),
            done,
        );
        let Some(requests) = &self.inner.requests else {
            return job.answer(Err(StoreError::Closed));
        };
        match requests.try_send(job) {
            Ok(()) => {}
            Err(TrySendError::Full(job)) => {
                job.answer(Err(StoreError::Busy {
                    waiting_max: WAITING_MAX,
                }));
            }
            Err(TrySendError::Disconnected(job)) => job.answer(Err(StoreError::Closed)),
        }
    }

    /// Puts items into the item master; an article that is there is replaced.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn put_items(&self, items: Vec<Item>) -> Result<(), StoreError> {
        self.write(move |work| commit::put_items(work, &items))
    }

    /// Stores a document under its hash.
    ///
    /// # Errors
    /// As [`Store::commit`]; [`StoreError::Invalid`] if the hash is not that of the bytes.
    pub fn put_document(&self, document: NewDocument) -> Result<(), StoreError> {
        self.write(move |work| commit::put_document(work, &document))
    }

    /// Erases an address, from the disk too; the chain still verifies. True if it was there.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn forget_person(&self, id: &str) -> Result<bool, StoreError> {
        let id = id.to_owned();
        self.write(move |work| commit::forget_person(work, &id))
    }

    /// What the store measured about itself.
    pub fn stats(&self) -> Stats {
        *self
            .inner
            .shared
            .stats
            .lock()
            .unwrap_or_else(|e| e.into_inner())
    }

    /// True after a failure that only a restart can settle; every write is refused then.
    pub fn has_failed(&self) -> bool {
        self.inner.shared.failed.load(Ordering::Acquire)
    }

    /// The station this store belongs to.
    pub fn station(&self) -> &str {
        &self.inner.station
    }

    /// Sends a request to the writer and waits for its answer.
    fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Work<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, receiver) = sync_channel(1);
        let job = Task::boxed(work, move |outcome| {
            // The receiver is this very call; it is there until the answer comes.
            drop(sender.send(outcome));
        });
        let requests = self.inner.requests.as_ref().ok_or(StoreError::Closed)?;
        requests.send(job).map_err(|_| StoreError::Closed)?;
        receiver.recv().map_err(|_| StoreError::Closed)?
    }

    /// Runs a read on a connection of its own.
    fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.inner.readers.with(read)
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The writer closes last: only it can move the log into the file.
        self.readers.close();
        self.requests = None;
        let Some(writer) = self.writer.take() else {
            return;
        };
        // The last handle may live in an answer on the writer thread, which cannot join itself.
        if writer.thread().id() != std::thread::current().id() && writer.join().is_err() {
            tracing::error!("the store's writer thread panicked");
        }
    }
}
