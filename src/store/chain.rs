//! The hash chain: event text, hashes, epochs.
//!
//! `hash` = hex SHA-256 over the 64 hex digits of `prev_hash`, then the stored JSON of the event
//! without `hash`. The first event of epoch 1 has 64 zeros before it; the first event of a later
//! epoch has that epoch's anchor = hex SHA-256 over the hash before it, then the stored JSON of
//! the epoch row, so that declared losses cannot be edited later.

use super::error::StoreError;
use super::types::EVENT_BYTES_MAX;
use crate::domain::Event;
use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Where the chain of a fresh store begins.
pub(super) const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The end of the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chain {
    /// Newest event number ever used.
    pub seq: u64,
    pub epoch: u32,
    /// `prev_hash` of the next event.
    pub head: String,
}

/// Content of an epoch row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EpochBody {
    pub epoch: u32,
    pub first_seq: u64,
    pub reason: String,
    /// All event numbers before `first_seq` that are missing, as closed ranges.
    pub lost: Vec<(u64, u64)>,
    pub unix_ms: i64,
    /// The newest event that was there, and what the chain ended with.
    pub after_seq: u64,
    pub after: String,
}

/// Lower-case hex.
pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |n: u8| char::from(DIGITS[usize::from(n & 15)]);
    bytes
        .iter()
        .flat_map(|b| [digit(b >> 4), digit(*b)])
        .collect()
}

/// Hex SHA-256 of `bytes`.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Hash of an event or the anchor of an epoch.
pub(super) fn link(prev_hash: &str, body: &[u8]) -> String {
    hex(&Sha256::new()
        .chain_update(prev_hash.as_bytes())
        .chain_update(body)
        .finalize())
}

/// The bytes that are stored and hashed.
pub(super) fn body_of(event: &Event) -> Result<Vec<u8>, StoreError> {
    let refused = |e: serde_json::Error| StoreError::invalid(format!("event is no JSON: {e}"));
    let mut value = serde_json::to_value(event).map_err(refused)?;
    if let Some(fields) = value.as_object_mut() {
        fields.remove("hash");
    }
    let body = serde_json::to_vec(&value).map_err(refused)?;
    if body.len() > EVENT_BYTES_MAX {
        let (len, seq) = (body.len(), event.seq);
        return Err(StoreError::invalid(format!(
            "event {seq} has {len} bytes, the limit is {EVENT_BYTES_MAX}: store large content as \
             a document"
        )));
    }
    Ok(body)
}

/// An event from its stored bytes.
pub(super) fn event_of(seq: u64, body: &[u8], hash: &str) -> Result<Event, StoreError> {
    let unreadable = |e: serde_json::Error| StoreError::Altered {
        what: format!("event {seq}"),
        cause: e.to_string(),
    };
    let mut value: serde_json::Value = serde_json::from_slice(body).map_err(unreadable)?;
    if let Some(fields) = value.as_object_mut() {
        fields.insert("hash".to_owned(), hash.into());
    }
    serde_json::from_value(value).map_err(unreadable)
}

/// Event numbers are never negative and fit SQLite's integers.
pub(super) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Back from SQLite; a negative number was not written by this program and reads as 0.
pub(super) fn uint(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// Reads the end of the chain.
pub(super) fn load(conn: &Connection) -> Result<Chain, StoreError> {
    type Last = (i64, u32, String);
    let event: Option<Last> = conn
        .query_row(
            "SELECT seq, epoch, hash FROM events ORDER BY seq DESC LIMIT 1",
            [],
            |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)),
        )
        .optional()?;
    let epoch: Option<Last> = conn
        .query_row(
            "SELECT first_seq, epoch, anchor FROM epochs ORDER BY epoch DESC LIMIT 1",
            [],
            |r| Ok((r.get(0)?, r.get(1)?, r.get(2)?)),
        )
        .optional()?;
    Ok(match (event, epoch) {
        (Some((seq, epoch, head)), Some((first, ..))) if seq >= first => Chain {
            seq: uint(seq),
            epoch,
            head,
        },
        (_, Some((first, epoch, head))) => Chain {
            seq: uint(first).saturating_sub(1),
            epoch,
            head,
        },
        (Some((seq, epoch, head)), None) => Chain {
            seq: uint(seq),
            epoch,
            head,
        },
        (None, None) => Chain {
            seq: 0,
            epoch: 1,
            head: GENESIS.to_owned(),
        },
    })
}

/// Writes an epoch row after the present end of the chain and returns the new end.
/// `epoch_min` is a number that is known to be used up, such as one noted beside the database.
pub(super) fn begin_epoch(
    conn: &Connection,
    reason: &str,
    unix_ms: i64,
    epoch_min: u32,
) -> Result<Chain, StoreError> {
    let end = load(conn)?;
    let used = conn.query_row(
        "SELECT max(ifnull((SELECT max(acked_through) FROM sinks), 0),
                    ifnull((SELECT max(seq) FROM parked), 0),
                    ifnull((SELECT max(seq) FROM receipts), 0))",
        [],
        |r| r.get(0).map(uint),
    )?;
    let body = EpochBody {
        epoch: end.epoch.max(epoch_min).saturating_add(1),
        first_seq: end.seq.max(used).saturating_add(1),
        reason: reason.to_owned(),
        lost: holes(conn, end.seq.max(used))?,
        unix_ms,
        after_seq: end.seq,
        after: end.head.clone(),
    };
    let text = serde_json::to_vec(&body).map_err(|e| StoreError::invalid(e.to_string()))?;
    let anchor = link(&end.head, &text);
    conn.execute(
        "INSERT INTO epochs(epoch, first_seq, body, anchor) VALUES(?1, ?2, ?3, ?4)",
        params![body.epoch, int(body.first_seq), text, anchor],
    )?;
    Ok(Chain {
        seq: body.first_seq - 1,
        epoch: body.epoch,
        head: anchor,
    })
}

/// Missing event numbers in `1..=last`, as closed ranges.
fn holes(conn: &Connection, last: u64) -> Result<Vec<(u64, u64)>, StoreError> {
    let mut statement = conn.prepare("SELECT seq FROM events ORDER BY seq")?;
    let mut rows = statement.query([])?;
    let (mut expected, mut holes) = (1, Vec::new());
    while let Some(row) = rows.next()? {
        let seq = uint(row.get(0)?);
        if seq > expected {
            holes.push((expected, seq - 1));
        }
        expected = seq.saturating_add(1);
    }
    if last >= expected {
        holes.push((expected, last));
    }
    Ok(holes)
}
