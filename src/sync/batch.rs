//! What travels to an upstream and what comes back: batches, verdicts, receipts.

use super::cloudevents;
use crate::domain::Event;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// One event of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub seq: u64,
    pub id: String,
    pub subject: String,
    /// The event as CloudEvents JSON.
    pub json: String,
}

/// The end of the chain as far as a batch goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    pub station: String,
    pub epoch: u32,
    pub seq: u64,
    pub hash: String,
}

/// What is sent in one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Derived from the content: the same events make the same id.
    pub id: String,
    /// In order of their numbers; never empty.
    pub entries: Vec<Entry>,
    /// Of the last event in it.
    pub head: Head,
}

impl Batch {
    /// The JSON array of its events.
    pub fn body(&self) -> String {
        let bytes: usize = self.entries.iter().map(|e| e.json.len() + 1).sum();
        let mut out = String::with_capacity(bytes + 1);
        for entry in &self.entries {
            out.push(if out.is_empty() { '[' } else { ',' });
            out.push_str(&entry.json);
        }
        out.push(']');
        out
    }
}

/// What the upstream said about one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Event id.
    pub id: String,
    pub verdict: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of a refusal: it will never be taken as it is.
    #[serde(default)]
    pub permanent: bool,
}

/// The three ways an event can fare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Accepted,
    /// It has this id with this content already.
    Duplicate,
    Refused,
}

/// The upstream's word that it has seen the chain up to a head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamReceipt {
    pub station: String,
    pub epoch: u32,
    pub seq: u64,
    pub head: String,
    /// RFC 3339, by the upstream's clock.
    pub received_at: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

/// How a request ended, as a sink reports it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// 2xx with verdicts.
    Verdicts {
        verdicts: Vec<Verdict>,
        receipt: Option<UpstreamReceipt>,
    },
    /// Any other status for the whole request.
    Status {
        status: u16,
        retry_after_ms: Option<u64>,
        text: String,
    },
    /// No connection, no answer, or one that cannot be read: it may have arrived.
    Unclear { reason: String },
}

pub(super) fn head_of(event: &Event) -> Head {
    Head {
        station: event.station.clone(),
        epoch: event.epoch,
        seq: event.seq,
        hash: event.hash.clone(),
    }
}

pub(super) fn batch_id(entries: &[Entry]) -> String {
    let mut hash = Sha256::new();
    for entry in entries {
        hash.update(entry.json.as_bytes());
        hash.update(b"\n");
    }
    let mut id = cloudevents::hex(&hash.finalize());
    id.truncate(32);
    format!("batch_{id}")
}

/// Why a receipt is not for the head that was sent.
pub(super) fn misfit(receipt: &UpstreamReceipt, head: &Head) -> Option<String> {
    let fits = receipt.station == head.station
        && receipt.epoch == head.epoch
        && receipt.seq == head.seq
        && receipt.head == head.hash;
    (!fits).then(|| {
        format!(
            "the receipt is for {} epoch {} event {} with head {}, sent was {} epoch {} event {} \
             with head {}: nothing counts as delivered; run `events verify` and ask the \
             upstream's operator",
            receipt.station,
            receipt.epoch,
            receipt.seq,
            receipt.head,
            head.station,
            head.epoch,
            head.seq,
            head.hash
        )
    })
}

/// Bounds of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Events in a batch, at least 1.
    pub events_max: u32,
    /// Bytes of a batch's JSON; a single larger event still goes alone.
    pub bytes_max: usize,
    /// The first attempt comes within this time, at random: a fleet must not reconnect at once.
    pub first_spread_ms: u64,
}
