//! The only thread with a write connection. It joins all requests that wait into one transaction
//! and answers each after the COMMIT has reached the disk.

use super::chain::{self, Chain};
use super::error::StoreError;
use super::types::Stats;
use rusqlite::Connection;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Instant;

/// Requests that may wait; more are refused or wait outside.
pub(super) const WAITING_MAX: usize = 1024;
/// Requests joined into one transaction.
const GROUP_MAX: usize = 256;

/// One write request inside its group's transaction.
#[derive(Debug)]
pub(super) struct Work<'a> {
    pub conn: &'a Connection,
    pub chain: &'a mut Chain,
    pub station: &'a str,
    /// Wall time of the transaction in Unix milliseconds, for bookkeeping columns only.
    pub now_ms: i64,
    /// Asks for an empty log after the commit: erased content must not stay in it.
    pub empty_log: &'a mut bool,
}

/// A queued request: `run` inside the transaction, then `answer` once.
pub(super) trait Job: Send {
    fn run(&mut self, work: &mut Work<'_>) -> Result<(), StoreError>;
    fn answer(self: Box<Self>, outcome: Result<(), StoreError>);
}

/// A request made of two closures.
pub(super) struct Task<T, F, A> {
    work: Option<F>,
    output: Option<T>,
    answer: A,
}

impl<T, F, A> Task<T, F, A>
where
    T: Send + 'static,
    F: FnOnce(&mut Work<'_>) -> Result<T, StoreError> + Send + 'static,
    A: FnOnce(Result<T, StoreError>) + Send + 'static,
{
    pub(super) fn boxed(work: F, answer: A) -> Box<dyn Job> {
        Box::new(Self {
            work: Some(work),
            output: None,
            answer,
        })
    }
}

impl<T, F, A> Job for Task<T, F, A>
where
    T: Send,
    F: FnOnce(&mut Work<'_>) -> Result<T, StoreError> + Send,
    A: FnOnce(Result<T, StoreError>) + Send,
{
    fn run(&mut self, work: &mut Work<'_>) -> Result<(), StoreError> {
        let task = self.work.take().ok_or(StoreError::Closed)?;
        self.output = Some(task(work)?);
        Ok(())
    }

    fn answer(self: Box<Self>, outcome: Result<(), StoreError>) {
        let output = self.output.ok_or(StoreError::Closed);
        (self.answer)(outcome.and(output));
    }
}

/// What the writer shares with the handles.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub stats: Mutex<Stats>,
    /// Set after a failure that leaves the connection in doubt; the next start checks the file.
    pub failed: AtomicBool,
}

/// The thread's state.
pub(super) struct Writer {
    pub conn: Connection,
    pub chain: Chain,
    pub station: String,
    pub shared: std::sync::Arc<Shared>,
    pub empty_log: bool,
}

impl Writer {
    /// Serves requests until every handle is gone, then closes the database.
    pub(super) fn run(mut self, requests: &Receiver<Box<dyn Job>>) {
        let mut failure: Option<StoreError> = None;
        while let Ok(first) = requests.recv() {
            let mut group = vec![first];
            while group.len() < GROUP_MAX {
                let Ok(next) = requests.try_recv() else { break };
                group.push(next);
            }
            if let Some(error) = &failure {
                group
                    .into_iter()
                    .for_each(|job| job.answer(Err(error.clone())));
                continue;
            }
            failure = self.commit_group(group);
        }
        if let Err((_, error)) = self.conn.close() {
            tracing::warn!(%error, "the database did not close cleanly; nothing is lost");
        }
    }

    /// Moves the log into the database file and empties it. A reader in the middle of a
    /// snapshot keeps it from being emptied; then the next commit tries again.
    fn truncate_log(&mut self) {
        let pragma = "PRAGMA wal_checkpoint(TRUNCATE)";
        let blocked = self.conn.query_row(pragma, [], |row| row.get::<_, bool>(0));
        self.empty_log = !matches!(blocked, Ok(false));
    }

    /// Commits a group and answers it. Returns the error after which no write is possible.
    fn commit_group(&mut self, mut group: Vec<Box<dyn Job>>) -> Option<StoreError> {
        let began = Instant::now();
        let before = self.chain.clone();
        let requests = group.len();
        let mut outcomes = Vec::with_capacity(requests);
        let result = self.transaction(&mut group, &mut outcomes);
        self.measure(began, requests, result.is_ok());
        let Err(error) = result else {
            if self.empty_log {
                self.truncate_log();
            }
            for (job, outcome) in group.into_iter().zip(outcomes) {
                job.answer(outcome);
            }
            return None;
        };
        self.chain = before;
        // A rollback that fails was already done by SQLite itself, or the connection is lost.
        let rolled_back = self.conn.is_autocommit()
            || self.conn.execute_batch("ROLLBACK").is_ok()
            || self.conn.is_autocommit();
        tracing::error!(%error, requests, "commit failed");
        let fatal = error.is_fatal() || !rolled_back;
        if fatal {
            self.shared.failed.store(true, Ordering::Release);
        }
        for job in group {
            job.answer(Err(error.clone()));
        }
        fatal.then_some(error)
    }

    /// One transaction. A request that is wrong by itself is undone alone; any other error ends
    /// the group.
    fn transaction(
        &mut self,
        group: &mut [Box<dyn Job>],
        outcomes: &mut Vec<Result<(), StoreError>>,
    ) -> Result<(), StoreError> {
        self.conn.execute_batch("BEGIN IMMEDIATE")?;
        for job in group {
            let before = self.chain.clone();
            self.conn.execute_batch("SAVEPOINT request")?;
            let mut work = Work {
                conn: &self.conn,
                chain: &mut self.chain,
                station: &self.station,
                now_ms: now_ms(),
                empty_log: &mut self.empty_log,
            };
            match job.run(&mut work) {
                Ok(()) => outcomes.push(Ok(())),
                Err(error) if error.concerns_request_only() => {
                    self.conn.execute_batch("ROLLBACK TO request")?;
                    self.chain = before;
                    outcomes.push(Err(error));
                }
                Err(error) => return Err(error),
            }
            self.conn.execute_batch("RELEASE request")?;
        }
        debug_assert_eq!(chain::load(&self.conn).ok().as_ref(), Some(&self.chain));
        Ok(self.conn.execute_batch("COMMIT")?)
    }

    fn measure(&self, began: Instant, requests: usize, committed: bool) {
        let us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let mut stats = self.shared.stats.lock().unwrap_or_else(|e| e.into_inner());
        if committed {
            stats.commits += 1;
            stats.requests += u64::try_from(requests).unwrap_or(u64::MAX);
            stats.commit_us_last = us;
            stats.commit_us_max = stats.commit_us_max.max(us);
            stats.commit_us_sum = stats.commit_us_sum.saturating_add(us);
        } else {
            stats.failed += 1;
        }
    }
}

/// Unix milliseconds by the host's clock.
pub(super) fn now_ms() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}
