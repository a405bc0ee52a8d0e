//! Recomputes the chain from the stored bytes, row by row.

use super::Store;
use super::chain::{EpochBody, GENESIS, link, uint};
use super::error::StoreError;
use super::types::VerifyReport;
use rusqlite::{Connection, OptionalExtension};
use serde::Deserialize;

impl Store {
    /// Checks every event's hash, link, number, epoch and query columns, every cursor and every
    /// receipt. Reads a snapshot while the station goes on; memory stays small.
    ///
    /// # Errors
    /// Only if the database cannot be read; a chain that does not hold is a report.
    pub fn verify(&self) -> Result<VerifyReport, StoreError> {
        self.read(verify)
    }
}

/// The columns that repeat parts of the body.
#[derive(Debug, PartialEq, Deserialize)]
struct Columns {
    seq: u64,
    epoch: u32,
    id: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    place: Option<String>,
    #[serde(default)]
    operator: Option<String>,
    subject: String,
    unix_ms: i64,
    prev_hash: String,
}

/// Checks a whole database.
pub(super) fn verify(conn: &Connection) -> Result<VerifyReport, StoreError> {
    let snapshot = conn.unchecked_transaction()?;
    let mut walk = Walk::new(&snapshot)?;
    let mut statement = snapshot.prepare(
        "SELECT seq, epoch, id, type, place, operator, subject, unix_ms, prev_hash, body, hash
         FROM events ORDER BY seq",
    )?;
    let mut rows = statement.query([])?;
    let mut events = 0;
    let mut broken: Option<(u64, String)> = None;
    while let Some(row) = rows.next()? {
        events += 1;
        if broken.is_some() {
            continue;
        }
        broken = match stored(row) {
            Ok((columns, body, hash)) => walk.step(&columns, &body, &hash).err(),
            // Text that is no text any more.
            Err(error) => {
                let seq = uint(row.get(0)?);
                Some((seq, format!("event {seq} cannot be read: {error}")))
            }
        };
    }
    let mut receipts_checked = 0;
    if broken.is_none() {
        broken = walk.end()?;
    }
    if broken.is_none() {
        (receipts_checked, broken) = receipts(&walk)?;
    }
    let (broken_at, reason) = broken.unzip();
    Ok(VerifyReport {
        valid: broken_at.is_none(),
        events,
        head: walk.head,
        broken_at,
        reason,
        epochs: walk.epoch,
        lost: walk.lost,
        receipts_checked,
    })
}

/// One row of the walk.
fn stored(row: &rusqlite::Row<'_>) -> rusqlite::Result<(Columns, Vec<u8>, String)> {
    let columns = Columns {
        seq: uint(row.get(0)?),
        epoch: row.get(1)?,
        id: row.get(2)?,
        kind: row.get(3)?,
        place: row.get(4)?,
        operator: row.get(5)?,
        subject: row.get(6)?,
        unix_ms: row.get(7)?,
        prev_hash: row.get(8)?,
    };
    Ok((columns, row.get(9)?, row.get(10)?))
}

/// A number that does not hold, and why.
type Broken = (u64, String);

/// The state between two events.
struct Walk<'a> {
    conn: &'a Connection,
    lost: Vec<(u64, u64)>,
    expected: u64,
    epoch: u32,
    /// What the next event must carry as `prev_hash`; unknown behind a declared loss.
    link: Option<String>,
    head: String,
}

impl<'a> Walk<'a> {
    fn new(conn: &'a Connection) -> Result<Self, StoreError> {
        let last: Option<Vec<u8>> = conn
            .query_row(
                "SELECT body FROM epochs ORDER BY epoch DESC LIMIT 1",
                [],
                |r| r.get(0),
            )
            .optional()?;
        // The newest epoch row repeats the losses of all before it; its own anchor is checked
        // when the walk reaches it.
        let body = last.and_then(|b| serde_json::from_slice::<EpochBody>(&b).ok());
        let lost = body.map(|b| b.lost).unwrap_or_default();
        let (link, head) = (Some(GENESIS.to_owned()), GENESIS.to_owned());
        Ok(Self {
            conn,
            lost,
            expected: 1,
            epoch: 1,
            link,
            head,
        })
    }

    /// All of `from..=to` is declared lost (or nothing is between them).
    fn is_lost(&self, from: u64, to: u64) -> bool {
        from > to
            || self
                .lost
                .iter()
                .any(|(first, last)| *first <= from && to <= *last)
    }

    /// Checks one event against the walk so far.
    fn step(&mut self, columns: &Columns, body: &[u8], hash: &str) -> Result<(), Broken> {
        let seq = columns.seq;
        while self.epoch < columns.epoch && self.enter_next()? {}
        if columns.epoch != self.epoch {
            let epoch = columns.epoch;
            return Err((
                seq,
                format!("event {seq} is of epoch {epoch}, which never began"),
            ));
        }
        let expected = self.expected;
        if seq < expected {
            return Err((seq, format!("event {seq} is older than its epoch")));
        }
        if seq > expected {
            if !self.is_lost(expected, seq - 1) {
                return Err((
                    expected,
                    format!("event {expected} is missing, {seq} follows"),
                ));
            }
            self.link = None;
        }
        if self
            .link
            .as_ref()
            .is_some_and(|link| *link != columns.prev_hash)
        {
            return Err((
                seq,
                format!("event {seq} does not follow the one before it"),
            ));
        }
        if link(&columns.prev_hash, body) != hash {
            return Err((
                seq,
                format!("the content of event {seq} does not give its hash"),
            ));
        }
        match serde_json::from_slice::<Columns>(body) {
            Ok(stored) if stored == *columns => {}
            Ok(_) => {
                return Err((
                    seq,
                    format!("the columns of event {seq} contradict its content"),
                ));
            }
            Err(e) => return Err((seq, format!("event {seq} is no event: {e}"))),
        }
        self.expected = seq.saturating_add(1);
        self.link = Some(hash.to_owned());
        hash.clone_into(&mut self.head);
        Ok(())
    }

    /// Enters the next epoch that has a row; false if there is none.
    fn enter_next(&mut self) -> Result<bool, Broken> {
        let expected = self.expected;
        let row = self
            .conn
            .query_row(
                "SELECT epoch, first_seq, body, anchor FROM epochs WHERE epoch > ?1
                 ORDER BY epoch LIMIT 1",
                [self.epoch],
                |r| {
                    let first = uint(r.get(1)?);
                    Ok((
                        r.get::<_, u32>(0)?,
                        first,
                        r.get::<_, Vec<u8>>(2)?,
                        r.get::<_, String>(3)?,
                    ))
                },
            )
            .optional()
            .map_err(|e| (expected, format!("the epoch rows cannot be read: {e}")))?;
        let Some((epoch, first_seq, text, anchor)) = row else {
            return Ok(false);
        };
        let broken = |why: &str| Err((first_seq, format!("the record of epoch {epoch} {why}")));
        let Ok(body) = serde_json::from_slice::<EpochBody>(&text) else {
            return broken("cannot be read");
        };
        if link(&body.after, &text) != anchor || (body.epoch, body.first_seq) != (epoch, first_seq)
        {
            return broken("was altered");
        }
        let follows = body.after_seq.saturating_add(1) == expected && body.after == self.head;
        if !follows && !self.is_lost(body.after_seq, body.after_seq) {
            return broken("does not follow the event before it");
        }
        if first_seq < expected || !self.is_lost(expected, first_seq - 1) {
            return broken("leaves out events that were not declared lost");
        }
        (self.epoch, self.expected) = (epoch, first_seq);
        self.link = Some(anchor.clone());
        self.head = anchor;
        Ok(true)
    }

    /// Epochs without events, then what cursors prove to have existed.
    fn end(&mut self) -> Result<Option<Broken>, StoreError> {
        loop {
            match self.enter_next() {
                Ok(true) => {}
                Ok(false) => break,
                Err(broken) => return Ok(Some(broken)),
            }
        }
        let (sink, used): (Option<String>, Option<i64>) = self.conn.query_row(
            "SELECT sink, max(seq) FROM (SELECT sink, acked_through AS seq FROM sinks
             UNION ALL SELECT sink, seq FROM parked)",
            [],
            |r| Ok((r.get(0).unwrap_or_default(), r.get(1)?)),
        )?;
        let used = uint(used.unwrap_or(0));
        if self.is_lost(self.expected, used) {
            return Ok(None);
        }
        let (expected, sink) = (self.expected, sink.unwrap_or_default());
        Ok(Some((
            expected,
            format!("event {expected} is missing, sink {sink} got up to {used}"),
        )))
    }
}

/// Compares every receipt with the chain. Returns how many were compared.
fn receipts(walk: &Walk<'_>) -> Result<(u64, Option<Broken>), StoreError> {
    let mut statement = walk.conn.prepare(
        "SELECT r.sink, r.seq, r.head, e.hash FROM receipts r LEFT JOIN events e ON e.seq = r.seq
         ORDER BY r.seq",
    )?;
    let mut rows = statement.query([])?;
    let mut checked = 0;
    while let Some(row) = rows.next()? {
        let seq = uint(row.get(1)?);
        // A receipt whose text was altered cannot agree with anything.
        let sink: String = row.get(0).unwrap_or_default();
        let head: Option<String> = row.get(2).ok();
        match row.get::<_, Option<String>>(3)? {
            Some(hash) if Some(&hash) == head.as_ref() => checked += 1,
            None if walk.is_lost(seq, seq) => {}
            _ => {
                let why = format!("the receipt of {sink} for event {seq} names another hash");
                return Ok((checked, Some((seq, why))));
            }
        }
    }
    Ok((checked, None))
}
