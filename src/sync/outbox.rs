//! What a sender needs of the place where events wait, and a copy of it in memory for tests.
//!
//! Constraints every implementation keeps: nothing at or below the cursor is undelivered unless it
//! has a row among the parked; events of one subject come out in order of their numbers; a refused
//! event holds back the later ones of its subject and nobody else's.

use crate::domain::Event;
use std::collections::{BTreeMap, BTreeSet};

/// Events to send now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Due {
    /// By number. Empty with a risen `through` means: nothing to send, settle to move on.
    pub events: Vec<Event>,
    /// Where the cursor may go once `events` are settled.
    pub through: u64,
}

/// The verdicts on a batch, stored in one step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settlement {
    /// As given with the events, or lower. What it passes without delivery or refusal stays due.
    pub through: u64,
    /// Numbers the upstream has, or that the sink does not carry by its filter.
    pub delivered: Vec<u64>,
    /// Numbers refused for good, with the reason.
    pub refused: Vec<(u64, String)>,
    pub receipt: Option<Receipt>,
}

/// An upstream's proof that it has seen the chain up to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub seq: u64,
    /// Hash of the event `seq`.
    pub head: String,
    /// The receipt as it came, JSON.
    pub body: String,
}

/// Numbers of one outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    /// The cursor.
    pub acked_through: u64,
    /// Unix milliseconds when something was last delivered.
    pub acked_ms: Option<i64>,
    /// Events not yet delivered, local ones included, without those that wait for a person.
    pub waiting: u64,
}

/// An event that passed the cursor without delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parked {
    pub seq: u64,
    pub subject: String,
    /// The event type.
    pub kind: String,
    pub reason: String,
    /// True: refused, waits for [`Outbox::unpark`]. False: due as soon as no refused one of its
    /// subject is before it.
    pub refused: bool,
}

/// The outbox cannot be read or written; the text says why and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct OutboxError(pub String);

/// The events one sink has still to deliver. One sender per sink.
pub trait Outbox: Send {
    /// What to send next: re-driven events first, then those after the cursor; at most
    /// `events_max` events and about `bytes_max` bytes, but one if one is due.
    ///
    /// # Errors
    /// [`OutboxError`] if it cannot be read.
    fn due(&mut self, events_max: u32, bytes_max: usize) -> Result<Due, OutboxError>;
    /// Stores the verdicts on a batch and moves the cursor, in one step.
    ///
    /// # Errors
    /// [`OutboxError`] if it cannot be written or names events or a head that do not exist.
    fn settle(&mut self, settlement: Settlement) -> Result<(), OutboxError>;
    /// Refused events and those that wait behind them, by number; at most `limit`.
    ///
    /// # Errors
    /// [`OutboxError`] if it cannot be read.
    fn parked(&mut self, limit: u32) -> Result<Vec<Parked>, OutboxError>;
    /// Makes all refused events due again; returns how many there were.
    ///
    /// # Errors
    /// [`OutboxError`] if it cannot be written.
    fn unpark(&mut self) -> Result<u32, OutboxError>;
    /// The cursor and the numbers around it.
    ///
    /// # Errors
    /// [`OutboxError`] if it cannot be read.
    fn backlog(&mut self) -> Result<Backlog, OutboxError>;
}

/// An outbox in memory: the same rules, nothing durable. For tests and simulations.
#[derive(Debug, Clone, Default)]
pub struct MemoryOutbox {
    /// Event n is at index n - 1.
    pub events: Vec<Event>,
    pub cursor: u64,
    /// Reason and whether it was refused, by number.
    pub parked: BTreeMap<u64, (String, bool)>,
    pub receipts: Vec<Receipt>,
}

impl MemoryOutbox {
    fn event(&self, seq: u64) -> Option<&Event> {
        let index = usize::try_from(seq.checked_sub(1)?).ok()?;
        self.events.get(index)
    }

    fn subject(&self, seq: u64) -> &str {
        self.event(seq).map_or("", |e| e.subject.as_str())
    }

    /// Some event of the subject is parked and not among `chosen`.
    fn is_held(&self, subject: &str, chosen: &BTreeSet<u64>) -> bool {
        self.parked
            .keys()
            .any(|seq| self.subject(*seq) == subject && !chosen.contains(seq))
    }

    fn is_behind(&self, seq: u64) -> bool {
        let refused_before = |(_, (_, refused)): &(&u64, &(String, bool))| *refused;
        self.parked
            .range(..seq)
            .filter(refused_before)
            .any(|(earlier, _)| self.subject(*earlier) == self.subject(seq))
    }
}

impl Outbox for MemoryOutbox {
    fn due(&mut self, events_max: u32, bytes_max: usize) -> Result<Due, OutboxError> {
        let limit = usize::try_from(events_max).unwrap_or(usize::MAX);
        let (mut chosen, mut bytes_left) = (BTreeSet::new(), bytes_max);
        let mut take = |seq: u64, event: &Event| {
            let bytes = serde_json::to_vec(event).map_or(usize::MAX, |b| b.len());
            if chosen.len() >= limit || (bytes > bytes_left && !chosen.is_empty()) {
                return None;
            }
            bytes_left = bytes_left.saturating_sub(bytes);
            chosen.insert(seq);
            Some(chosen.clone())
        };
        let (mut full, mut so_far) = (false, BTreeSet::new());
        for (seq, (_, refused)) in &self.parked {
            let Some(event) = self
                .event(*seq)
                .filter(|_| !refused && !self.is_behind(*seq))
            else {
                continue;
            };
            match take(*seq, event) {
                Some(now) => so_far = now,
                None => full = true,
            }
        }
        let mut through = self.cursor;
        while let Some(event) = self.event(through + 1).filter(|_| !full) {
            if !self.is_held(&event.subject, &so_far) {
                match take(through + 1, event) {
                    Some(now) => so_far = now,
                    None => break,
                }
            }
            through += 1;
        }
        let events = so_far
            .iter()
            .filter_map(|seq| self.event(*seq))
            .cloned()
            .collect();
        Ok(Due { events, through })
    }

    fn settle(&mut self, settlement: Settlement) -> Result<(), OutboxError> {
        let reach = self.cursor.max(settlement.through);
        let refused: BTreeMap<u64, String> = settlement.refused.into_iter().collect();
        let mut named = settlement.delivered.iter().chain(refused.keys());
        if named.any(|seq| *seq > reach) || self.event(reach).is_none() && reach > 0 {
            return Err(OutboxError(format!("a settlement beyond event {reach}")));
        }
        if let Some(receipt) = &settlement.receipt
            && self
                .event(receipt.seq)
                .is_none_or(|e| e.hash != receipt.head)
        {
            return Err(OutboxError(format!(
                "receipt for another event {}",
                receipt.seq
            )));
        }
        for seq in self.cursor + 1..=reach {
            self.parked
                .insert(seq, ("waits for an earlier event".to_owned(), false));
        }
        for seq in &settlement.delivered {
            self.parked.remove(seq);
        }
        for (seq, reason) in refused {
            self.parked.insert(seq, (reason, true));
        }
        self.cursor = reach;
        self.receipts.extend(settlement.receipt);
        Ok(())
    }

    fn parked(&mut self, limit: u32) -> Result<Vec<Parked>, OutboxError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let row = |(seq, (reason, refused)): (&u64, &(String, bool))| Parked {
            seq: *seq,
            subject: self.subject(*seq).to_owned(),
            kind: self.event(*seq).map(|e| e.fact.kind()).unwrap_or_default(),
            reason: reason.clone(),
            refused: *refused,
        };
        Ok(self.parked.iter().take(limit).map(row).collect())
    }

    fn unpark(&mut self) -> Result<u32, OutboxError> {
        let mut changed = 0;
        for (_, refused) in self.parked.values_mut().filter(|(_, refused)| *refused) {
            *refused = false;
            changed += 1;
        }
        Ok(changed)
    }

    fn backlog(&mut self) -> Result<Backlog, OutboxError> {
        let due = self
            .parked
            .keys()
            .filter(|s| !self.parked[*s].1 && !self.is_behind(**s))
            .count();
        let after = self.events.len() as u64 - self.cursor;
        Ok(Backlog {
            acked_through: self.cursor,
            acked_ms: None,
            waiting: after + due as u64,
        })
    }
}

/// One outbox in memory behind a lock: the test keeps the other half.
impl Outbox for std::sync::Arc<std::sync::Mutex<MemoryOutbox>> {
    fn due(&mut self, events_max: u32, bytes_max: usize) -> Result<Due, OutboxError> {
        locked(self)?.due(events_max, bytes_max)
    }

    fn settle(&mut self, settlement: Settlement) -> Result<(), OutboxError> {
        locked(self)?.settle(settlement)
    }

    fn parked(&mut self, limit: u32) -> Result<Vec<Parked>, OutboxError> {
        locked(self)?.parked(limit)
    }

    fn unpark(&mut self) -> Result<u32, OutboxError> {
        locked(self)?.unpark()
    }

    fn backlog(&mut self) -> Result<Backlog, OutboxError> {
        locked(self)?.backlog()
    }
}

fn locked(
    outbox: &std::sync::Mutex<MemoryOutbox>,
) -> Result<std::sync::MutexGuard<'_, MemoryOutbox>, OutboxError> {
    outbox
        .lock()
        .map_err(|_| OutboxError("a test panicked with the outbox in hand".to_owned()))
}
