//! The outbox: one cursor per sink over the events.
//!
//! Constraints: nothing below the cursor is undelivered unless it has a row in `parked`; events of
//! one subject are given out in order of their numbers; a refused event holds back the later ones
//! of its subject and nobody else's. Losing is impossible by construction: what the cursor passes
//! without being named as delivered gets a row. Nothing is deleted from `events` here or anywhere
//! (retention is not built yet).

use super::Store;
use super::chain::{int, uint};
use super::commit::check_key;
use super::error::StoreError;
use super::read::collect_events;
use super::types::{ANSWER_BYTES_MAX, Receipt};
use super::writer::Work;
use crate::domain::Event;
use rusqlite::{Connection, OptionalExtension, params};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Events looked at in one call beyond those given out; held subjects are passed over.
const SCAN_MAX: u32 = 5000;
/// Events one settlement may pass.
const PASSED_MAX: usize = 50_000;
/// Longest reason kept, in characters.
const REASON_CHARS_MAX: usize = 500;
/// Reason of an event that was passed because an earlier one of its subject is not delivered.
const BEHIND: &str = "waits for an earlier event of the same subject";

/// Events to send now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Batch {
    /// By number. Empty with a risen `through` means: nothing to send, settle to move on.
    pub events: Vec<Event>,
    /// Where the cursor may go once `events` are settled.
    pub through: u64,
}

/// The verdicts on a batch, stored in one step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Settlement {
    /// As given with the batch, or lower.
    pub through: u64,
    /// Numbers the upstream has (or that the sink does not carry by its rules).
    pub delivered: Vec<u64>,
    /// Numbers refused for good, with the upstream's reason.
    pub refused: Vec<(u64, String)>,
    pub receipt: Option<Receipt>,
}

impl Store {
    /// What a sink should send next: first what was re-driven, then what comes after the cursor.
    /// At most `limit` events and about `bytes_max` bytes of stored JSON, but at least one event
    /// if one is due. One sender per sink.
    ///
    /// # Errors
    /// As [`Store::records`].
    pub fn outbox(&self, sink: &str, limit: u32, bytes_max: usize) -> Result<Batch, StoreError> {
        self.read(|conn| {
            // One snapshot for all questions; the transaction reads only and ends with the drop.
            let snapshot = conn.unchecked_transaction()?;
            let mut pick = Pick::new(&snapshot, sink, limit, bytes_max)?;
            let mut events = Vec::new();
            if pick.redriven()? {
                pick.after_cursor()?;
            }
            for seq in &pick.seqs {
                let mut statement =
                    snapshot.prepare_cached("SELECT seq, body, hash FROM events WHERE seq = ?1")?;
                events.append(&mut collect_events(statement.query([int(*seq)])?)?);
            }
            Ok(Batch {
                events,
                through: pick.through,
            })
        })
    }

    /// Stores the verdicts on a batch and moves the cursor. Whatever it passes that is neither
    /// delivered nor refused stays due.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] if it names events that do not exist or a receipt that does not fit
    /// the chain; else as [`Store::commit`].
    pub fn settle(&self, sink: &str, settlement: Settlement) -> Result<(), StoreError> {
        let sink = sink.to_owned();
        self.write(move |work| settle(work, &sink, &settlement))
    }

    /// Sends refused events again: the given ones, or all of the sink. Returns how many.
    ///
    /// # Errors
    /// As [`Store::commit`].
    pub fn unpark(&self, sink: &str, seqs: Option<Vec<u64>>) -> Result<u32, StoreError> {
        let sink = sink.to_owned();
        self.write(move |work| {
            let one = "UPDATE parked SET refused = 0 WHERE sink = ?1 AND refused = 1 AND seq = ?2";
            let all = "UPDATE parked SET refused = 0 WHERE sink = ?1 AND refused = 1";
            let mut changed = 0;
            match &seqs {
                None => changed = work.conn.execute(all, [&sink])?,
                Some(seqs) => {
                    for seq in seqs {
                        changed += work.conn.execute(one, params![sink, int(*seq)])?;
                    }
                }
            }
            Ok(u32::try_from(changed).unwrap_or(u32::MAX))
        })
    }
}

/// Choosing the events of a batch.
struct Pick<'a> {
    conn: &'a Connection,
    sink: &'a str,
    limit: usize,
    bytes_left: u64,
    seqs: BTreeSet<u64>,
    through: u64,
    /// Subjects asked about: true if some event of them is parked and not in this batch.
    held: HashMap<String, bool>,
}

impl<'a> Pick<'a> {
    fn new(
        conn: &'a Connection,
        sink: &'a str,
        limit: u32,
        bytes_max: usize,
    ) -> Result<Self, StoreError> {
        let bytes_left = u64::try_from(bytes_max).unwrap_or(u64::MAX);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let (seqs, held) = (BTreeSet::new(), HashMap::new());
        Ok(Self {
            conn,
            sink,
            limit,
            bytes_left,
            seqs,
            through: cursor(conn, sink)?,
            held,
        })
    }

    /// Takes an event; false if the batch is full.
    fn take(&mut self, seq: u64, bytes: u64) -> bool {
        if self.seqs.len() >= self.limit || (bytes > self.bytes_left && !self.seqs.is_empty()) {
            return false;
        }
        self.bytes_left = self.bytes_left.saturating_sub(bytes);
        self.seqs.insert(seq);
        true
    }

    /// Parked events that are due. False if the batch is full with them.
    fn redriven(&mut self) -> Result<bool, StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT p.seq, length(e.body) FROM parked p JOIN events e ON e.seq = p.seq
             WHERE p.sink = ?1 AND p.refused = 0
             AND NOT EXISTS(SELECT 1 FROM parked q WHERE q.sink = p.sink
                 AND q.subject = p.subject AND q.seq < p.seq AND q.refused = 1)
             ORDER BY p.seq",
        )?;
        let mut rows = statement.query([self.sink])?;
        while let Some(row) = rows.next()? {
            if !self.take(uint(row.get(0)?), uint(row.get(1)?)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Events after the cursor whose subject is not held.
    fn after_cursor(&mut self) -> Result<(), StoreError> {
        let mut statement = self.conn.prepare_cached(
            "SELECT seq, subject, length(body) FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        )?;
        let scan = u32::try_from(self.limit)
            .unwrap_or(u32::MAX)
            .saturating_add(SCAN_MAX);
        let mut rows = statement.query(params![int(self.through), scan])?;
        while let Some(row) = rows.next()? {
            let (seq, subject): (u64, String) = (uint(row.get(0)?), row.get(1)?);
            if !self.is_held(&subject)? && !self.take(seq, uint(row.get(2)?)) {
                break;
            }
            self.through = seq;
        }
        Ok(())
    }

    fn is_held(&mut self, subject: &str) -> Result<bool, StoreError> {
        if let Some(held) = self.held.get(subject) {
            return Ok(*held);
        }
        let sql = "SELECT seq FROM parked WHERE sink = ?1 AND subject = ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let mut rows = statement.query([self.sink, subject])?;
        let mut held = false;
        while let Some(row) = rows.next()? {
            held |= !self.seqs.contains(&uint(row.get(0)?));
        }
        self.held.insert(subject.to_owned(), held);
        Ok(held)
    }
}

fn cursor(conn: &Connection, sink: &str) -> Result<u64, StoreError> {
    let found = conn
        .prepare_cached("SELECT acked_through FROM sinks WHERE sink = ?1")?
        .query_row([sink], |r| r.get(0).map(uint))
        .optional()?;
    Ok(found.unwrap_or(0))
}

fn settle(work: &Work<'_>, sink: &str, settlement: &Settlement) -> Result<(), StoreError> {
    check_key("sink name", sink)?;
    let through = settlement.through;
    if through > work.chain.seq {
        let newest = work.chain.seq;
        return Err(StoreError::invalid(format!(
            "event {through} is not there, {newest} is last"
        )));
    }
    let cursor = cursor(work.conn, sink)?;
    let delivered: BTreeSet<u64> = settlement.delivered.iter().copied().collect();
    let refused: BTreeMap<u64, &str> = settlement
        .refused
        .iter()
        .map(|(seq, reason)| (*seq, reason.as_str()))
        .collect();
    let reach = cursor.max(through);
    if let Some(seq) = delivered
        .iter()
        .chain(refused.keys())
        .find(|seq| **seq > reach)
    {
        return Err(StoreError::invalid(format!(
            "event {seq} lies beyond {reach}: settle it too"
        )));
    }
    for seq in delivered.range(..=cursor) {
        work.conn
            .prepare_cached("DELETE FROM parked WHERE sink = ?1 AND seq = ?2")?
            .execute(params![sink, int(*seq)])?;
    }
    for (seq, reason) in refused.range(..=cursor) {
        work.conn
            .prepare_cached(
                "UPDATE parked SET refused = 1, reason = ?3, attempts = attempts + 1
                 WHERE sink = ?1 AND seq = ?2",
            )?
            .execute(params![sink, int(*seq), shortened(reason)])?;
    }
    pass(work, sink, cursor, through, &delivered, &refused)?;
    let acked_ms = (!delivered.is_empty()).then_some(work.now_ms);
    work.conn
        .prepare_cached(
            "INSERT INTO sinks(sink, acked_through, acked_ms) VALUES(?1, ?2, ?3)
             ON CONFLICT(sink) DO UPDATE SET acked_through = excluded.acked_through,
                 acked_ms = ifnull(excluded.acked_ms, acked_ms)",
        )?
        .execute(params![sink, int(reach), acked_ms])?;
    settlement
        .receipt
        .as_ref()
        .map_or(Ok(()), |receipt| put_receipt(work, sink, receipt))
}

/// Moves over `cursor < seq <= through`, leaving a row for whatever is not delivered.
fn pass(
    work: &Work<'_>,
    sink: &str,
    cursor: u64,
    through: u64,
    delivered: &BTreeSet<u64>,
    refused: &BTreeMap<u64, &str>,
) -> Result<(), StoreError> {
    let mut statement = work.conn.prepare_cached(
        "SELECT seq, subject FROM events WHERE seq > ?1 AND seq <= ?2 ORDER BY seq",
    )?;
    let mut rows = statement.query([int(cursor), int(through)])?;
    let mut passed = 0;
    while let Some(row) = rows.next()? {
        passed += 1;
        if passed > PASSED_MAX {
            return Err(StoreError::invalid(format!(
                "more than {PASSED_MAX} events in one step"
            )));
        }
        let (seq, subject): (u64, String) = (uint(row.get(0)?), row.get(1)?);
        let (reason, is_refused) = match refused.get(&seq) {
            Some(reason) => (*reason, true),
            None if delivered.contains(&seq) => continue,
            None => (BEHIND, false),
        };
        work.conn
            .prepare_cached(
                "INSERT INTO parked(sink, seq, subject, reason, attempts, since_ms, refused)
                 VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?5)",
            )?
            .execute(params![
                sink,
                int(seq),
                subject,
                shortened(reason),
                is_refused,
                work.now_ms
            ])?;
    }
    Ok(())
}

/// Stores a receipt that fits the chain.
fn put_receipt(work: &Work<'_>, sink: &str, receipt: &Receipt) -> Result<(), StoreError> {
    let seq = receipt.seq;
    if receipt.body.len() > ANSWER_BYTES_MAX {
        return Err(StoreError::invalid(format!(
            "receipt above {ANSWER_BYTES_MAX} bytes"
        )));
    }
    let hash: Option<String> = work
        .conn
        .prepare_cached("SELECT hash FROM events WHERE seq = ?1")?
        .query_row([int(seq)], |r| r.get(0))
        .optional()?;
    if hash.as_ref() != Some(&receipt.head) {
        let (head, ours) = (&receipt.head, hash.unwrap_or_else(|| "nothing".to_owned()));
        return Err(StoreError::invalid(format!(
            "the receipt says event {seq} ends with {head:?}, the chain has {ours}: \
             do not count the batch as delivered, and ask the upstream's operator"
        )));
    }
    work.conn
        .prepare_cached(
            "INSERT INTO receipts(sink, seq, head, body, received_ms) VALUES(?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            sink,
            int(seq),
            receipt.head,
            receipt.body,
            work.now_ms
        ])?;
    Ok(())
}

fn shortened(reason: &str) -> String {
    reason.chars().take(REASON_CHARS_MAX).collect()
}
