//! Jobs in doubt from before a restart, settled by the label counter.

use crate::domain::JobId;
use std::time::Duration;

/// Jobs in doubt at one printer.
const DOUBTS_MAX: usize = 256;
/// More of them may come: two jobs with one counter must be judged together.
const GATHER: Duration = Duration::from_millis(300);

/// Jobs whose fate only the counter can tell.
#[derive(Debug, Default)]
pub struct Doubts {
    jobs: Vec<(JobId, u64)>,
    ready_at: Duration,
}

impl Doubts {
    /// Another job in doubt.
    pub fn add(&mut self, now: Duration, job: JobId, counter_before: u64) {
        if self.jobs.len() < DOUBTS_MAX && !self.jobs.iter().any(|(known, _)| *known == job) {
            self.jobs.push((job, counter_before));
            self.ready_at = now.saturating_add(GATHER);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// When they may be judged.
    pub fn due(&self) -> Option<Duration> {
        (!self.jobs.is_empty()).then_some(self.ready_at)
    }

    /// Judges all by the counter of the idle printer: one label more than before is the job's own,
    /// unless two jobs share that claim. Without a counter nothing is claimed.
    pub fn judge(&mut self, counter: Option<u64>) -> Vec<(JobId, u64, u64)> {
        let jobs = std::mem::take(&mut self.jobs);
        let Some(after) = counter else {
            return Vec::new();
        };
        let claims: Vec<&(JobId, u64)> = jobs
            .iter()
            .filter(|(_, before)| after.checked_sub(*before) == Some(1))
            .collect();
        match claims.as_slice() {
            [(job, before)] => vec![(job.clone(), *before, after)],
            _ => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(jobs: &[(&str, u64)], counter: Option<u64>) -> Vec<String> {
        let mut doubts = Doubts::default();
        for (job, before) in jobs {
            doubts.add(Duration::ZERO, JobId::new(*job), *before);
        }
        let claims = doubts.judge(counter);
        assert!(doubts.is_empty());
        claims
            .into_iter()
            .map(|(job, ..)| job.to_string())
            .collect()
    }

    #[test]
    fn only_an_unshared_claim_counts() {
        assert_eq!(judged(&[("a", 10)], Some(11)), ["a"]);
        assert_eq!(judged(&[("a", 10), ("b", 11)], Some(11)), ["a"]);
        assert_eq!(judged(&[("a", 10), ("b", 11)], Some(12)), ["b"]);
        assert!(judged(&[("a", 10), ("b", 10)], Some(11)).is_empty());
        assert!(judged(&[("a", 10)], Some(10)).is_empty());
        assert!(judged(&[("a", 10)], Some(9)).is_empty());
        assert!(judged(&[("a", 10)], None).is_empty());
    }
}
