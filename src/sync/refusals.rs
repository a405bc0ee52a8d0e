//! Which refused events of a batch are parked and which are tried again.

use super::batch::{Batch, Outcome, Verdict};
use std::collections::{HashMap, HashSet};

/// Refusals "for now" of one event while others were taken, or without, before it is parked.
const TRIES_AMONG_OTHERS_MAX: u32 = 8;
const TRIES_MAX: u32 = 30;
/// Events whose refusals are counted.
const TRIES_KEPT_MAX: usize = 10_000;

/// Refusals "for now", by event number.
#[derive(Debug, Default)]
pub(super) struct Tries(HashMap<u64, u32>);

/// What to do with the events of a batch that were not taken.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    /// To park, with the reason.
    pub parked: Vec<(u64, String)>,
    /// Why the first event that stays due, and that nothing parked holds back, was not taken.
    pub left: Option<String>,
}

impl Tries {
    /// Forgets events that were taken.
    pub fn forget(&mut self, seqs: &[u64]) {
        for seq in seqs {
            self.0.remove(seq);
        }
    }

    /// Sorts what was not taken. An event without a verdict counts as refused for now; one behind
    /// another of its subject only waits for it and is not counted.
    pub fn sort(
        &mut self,
        batch: &Batch,
        verdicts: &HashMap<&str, &Verdict>,
        others_taken: bool,
    ) -> Refusals {
        let tries_max = if others_taken {
            TRIES_AMONG_OTHERS_MAX
        } else {
            TRIES_MAX
        };
        let mut out = Refusals::default();
        let mut behind = HashSet::new();
        for entry in &batch.entries {
            let verdict = verdicts.get(entry.id.as_str());
            if verdict.is_some_and(|v| v.verdict != Outcome::Refused) {
                continue;
            }
            let reason = verdict
                .and_then(|v| v.reason.as_deref())
                .unwrap_or("no reason given");
            let is_first = behind.insert(entry.subject.as_str());
            if verdict.is_some_and(|v| v.permanent) {
                out.parked.push((entry.seq, reason.to_owned()));
            } else if is_first {
                let tries = self.count(entry.seq);
                if tries >= tries_max {
                    let reason = format!("refused {tries} times for now: {reason}");
                    out.parked.push((entry.seq, reason));
                } else if out.left.is_none() {
                    out.left = Some(format!("event {} is refused for now: {reason}", entry.seq));
                }
            }
        }
        for (seq, _) in &out.parked {
            self.0.remove(seq);
        }
        out
    }

    fn count(&mut self, seq: u64) -> u32 {
        if self.0.len() >= TRIES_KEPT_MAX {
            self.0.clear();
        }
        let tries = self.0.entry(seq).or_insert(0);
        *tries += 1;
        *tries
    }
}
