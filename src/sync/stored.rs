//! The outbox of the real store.

use super::outbox::{Backlog, Due, Outbox, OutboxError, Parked, Settlement};
use crate::store::{self, Store, StoreError};

/// One sink's view of the store.
#[derive(Debug, Clone)]
pub struct StoredOutbox {
    store: Store,
    sink: String,
}

impl StoredOutbox {
    /// The outbox of `sink`.
    pub fn new(store: Store, sink: impl Into<String>) -> Self {
        StoredOutbox {
            store,
            sink: sink.into(),
        }
    }
}

impl From<StoreError> for OutboxError {
    fn from(error: StoreError) -> Self {
        OutboxError(error.to_string())
    }
}

impl Outbox for StoredOutbox {
    fn due(&mut self, events_max: u32, bytes_max: usize) -> Result<Due, OutboxError> {
        let batch = self.store.outbox(&self.sink, events_max, bytes_max)?;
        Ok(Due {
            events: batch.events,
            through: batch.through,
        })
    }

    fn settle(&mut self, settlement: Settlement) -> Result<(), OutboxError> {
        let receipt = settlement.receipt.map(|r| store::Receipt {
            seq: r.seq,
            head: r.head,
            body: r.body,
        });
        let settlement = store::Settlement {
            through: settlement.through,
            delivered: settlement.delivered,
            refused: settlement.refused,
            receipt,
        };
        Ok(self.store.settle(&self.sink, settlement)?)
    }

    fn parked(&mut self, limit: u32) -> Result<Vec<Parked>, OutboxError> {
        let parked = self.store.parked(&self.sink, limit)?;
        let row = |p: store::Parked| Parked {
            seq: p.seq,
            subject: p.subject,
            kind: p.kind,
            reason: p.reason,
            refused: p.refused,
        };
        Ok(parked.into_iter().map(row).collect())
    }

    fn unpark(&mut self) -> Result<u32, OutboxError> {
        Ok(self.store.unpark(&self.sink, None)?)
    }

    fn backlog(&mut self) -> Result<Backlog, OutboxError> {
        let state = self.store.sink(&self.sink)?;
        Ok(Backlog {
            acked_through: state.acked_through,
            acked_ms: state.acked_ms,
            waiting: state.waiting,
        })
    }
}
