//! Measuring commits, for benchmarks and `doctor`.

use super::{Commit, Store, StoreError};
use crate::domain::DeviceId;
use crate::domain::event::{Clock, Draft, Fact};
use crate::domain::time::{Instant as Mono, Stamp, Wall};
use std::time::Instant;

/// Latencies of single commits in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    pub commits: usize,
    pub p50_us: u64,
    pub p99_us: u64,
    pub max_us: u64,
}

/// A commit with one scan event, as the bench makes them.
pub fn sample_commit(n: u64) -> Commit {
    let wall = Wall {
        unix_ms: 1_795_226_700_000 + i64::try_from(n).unwrap_or(0),
        offset_min: 60,
    };
    let fact = Fact::ScanCaptured {
        device: DeviceId::new("bench1/scanner"),
        code: format!("400638133{:04}", n % 10_000),
        meaning: "item".to_owned(),
    };
    let stamp = Stamp {
        wall,
        mono: Mono(n),
    };
    let subject = format!("P{}", n % 100);
    let mut commit = Commit::new("measure", Clock::Synchronised);
    commit.drafts = vec![Draft {
        subject,
        place: None,
        operator: None,
        stamp,
        fact,
    }];
    commit
}

/// Makes `commits` commits from each of `threads` threads and returns what one caller waited.
/// The store keeps the events: use an empty folder on the disk in question.
///
/// # Errors
/// As [`Store::commit`].
pub fn commit_latency(store: &Store, threads: u64, commits: u64) -> Result<Latency, StoreError> {
    let one = |thread: u64| -> Result<Vec<u64>, StoreError> {
        (0..commits)
            .map(|n| {
                let commit = sample_commit(thread * commits + n);
                let began = Instant::now();
                store.commit(commit)?;
                Ok(u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX))
            })
            .collect()
    };
    let mut all = Vec::new();
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|t| scope.spawn(move || one(t))).collect();
        for thread in running {
            all.extend(thread.join().map_err(|_| StoreError::Closed)??);
        }
        Ok::<(), StoreError>(())
    })?;
    all.sort_unstable();
    let at = |percent: usize| all.get((all.len() * percent / 100).min(all.len().saturating_sub(1)));
    let value = |percent| at(percent).copied().unwrap_or(0);
    Ok(Latency {
        commits: all.len(),
        p50_us: value(50),
        p99_us: value(99),
        max_us: value(100),
    })
}
