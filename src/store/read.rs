//! Reads, on a few read-only connections beside the writer. Each call sees the last commit.

use super::Store;
use super::chain::{self, Chain, int, uint};
use super::error::StoreError;
use super::types::{
    Idempotency, Parked, Person, Receipt, SinkState, StoredDocument, StoredReceipt,
};
use crate::domain::change::RecordKind;
use crate::domain::order::Item;
use crate::domain::{Event, Sku};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

/// Connections kept open; more are opened for a moment when needed.
const IDLE_MAX: usize = 3;
/// Longest wait for a lock, in milliseconds. Readers of a WAL database hardly ever wait.
pub(super) const BUSY_TIMEOUT_MS: u64 = 5000;
/// Rows returned at most by the calls without a limit argument.
const FOUND_MAX: i64 = 1000;

/// The read-only connections.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Runs `read` on a connection of its own.
    pub(super) fn with<T>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let idle = self.idle.lock().unwrap_or_else(|e| e.into_inner()).pop();
        let conn = match idle {
            Some(conn) => conn,
            None => open_read_only(&self.path)?,
        };
        let result = read(&conn);
        let mut idle = self.idle.lock().unwrap_or_else(|e| e.into_inner());
        if idle.len() < IDLE_MAX {
            idle.push(conn);
        }
        result
    }

    /// Closes the idle connections.
    pub(super) fn close(&self) {
        self.idle.lock().unwrap_or_else(|e| e.into_inner()).clear();
    }
}

/// A read-only connection.
pub(super) fn open_read_only(path: &std::path::Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags)?;
    conn.busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MS))?;
    Ok(conn)
}

impl Store {
    /// Records of a kind: the newest `limit`, oldest first, as `(id, body)`.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], [`StoreError::Altered`] or [`StoreError::Failed`] if the rows
    /// cannot be read; so for every read below.
    pub fn records(
        &self,
        kind: RecordKind,
        live_only: bool,
        limit: u32,
    ) -> Result<Vec<(String, Value)>, StoreError> {
        let sql = if live_only {
            "SELECT id, body FROM records WHERE kind = ?1 AND live = 1 ORDER BY n DESC LIMIT ?2"
        } else {
            "SELECT id, body FROM records WHERE kind = ?1 ORDER BY n DESC LIMIT ?2"
        };
        self.read(|conn| {
            let mut statement = conn.prepare_cached(sql)?;
            let mut rows = statement.query(params![kind.as_str(), limit])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let id: String = row.get(0)?;
                let body = json(
                    &format!("{} {id}", kind.as_str()),
                    &row.get::<_, String>(1)?,
                )?;
                found.push((id, body));
            }
            found.reverse();
            Ok(found)
        })
    }

    /// One record.
    ///
    /// # Errors
    /// As [`Store::records`].
    pub fn record(&self, kind: RecordKind, id: &str) -> Result<Option<Value>, StoreError> {
        self.read(|conn| {
            let text: Option<String> = conn
                .prepare_cached("SELECT body FROM records WHERE kind = ?1 AND id = ?2")?
                .query_row([kind.as_str(), id], |r| r.get(0))
                .optional()?;
            text.map(|text| json(&format!("{} {id}", kind.as_str()), &text))
                .transpose()
        })
    }

    /// All records a scanned code leads to, oldest first, at most 1000.
    ///
    /// # Errors
    /// As [`Store::records`].
    pub fn records_by_code(
        &self,
        code: &str,
    ) -> Result<Vec<(RecordKind, String, Value)>, StoreError> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT r.kind, r.id, r.body FROM codes c
                 JOIN records r ON r.kind = c.kind AND r.id = c.id
                 WHERE c.code = ?1 ORDER BY r.n LIMIT ?2",
            )?;
            let mut rows = statement.query(params![code, FOUND_MAX])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let (name, id): (String, String) = (row.get(0)?, row.get(1)?);
                // A kind this version does not know belongs to a newer one.
                let Some(kind) = RecordKind::ALL.into_iter().find(|k| k.as_str() == name) else {
                    continue;
                };
                let body = json(&format!("{name} {id}"), &row.get::<_, String>(2)?)?;
                found.push((kind, id, body));
            }
            Ok(found)
        })
    }

    /// Events with a number above `since`, oldest first.
    ///
    /// # Errors
    /// As [`Store::records`].
    pub fn events(&self, since: u64, limit: u32) -> Result<Vec<Event>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT seq, body, hash FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2";
            let mut statement = conn.prepare_cached(sql)?;
            collect_events(statement.query(params![int(since), limit])?)
        })
    }

    /// The newest `limit` events of a subject, oldest first.
    ///
    /// # Errors
    /// As [`Store::records`].
    pub fn events_of(&self, subject: &str, limit: u32) -> Result<Vec<Event>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT seq, body, hash FROM events WHERE subject = ?1
                       ORDER BY seq DESC LIMIT ?2";
            let mut statement = conn.prepare_cached(sql)?;
            let mut events = collect_events(statement.query(params![subject, limit])?)?;
            events.reverse();
            Ok(events)
        })
    }

    /// Number of events stored.
    ///
    /// # Errors
    /// As [`Store::records`].
    pub fn event_count(&self) -> Result<u64, StoreError> {
        self.read(|c| Ok(c.query_row("SELECT count(*) FROM events", [], |r| r.get(0).map(uint))?))
    }

    /// Newest event number, epoch, and what the next event will chain to.
    ///
    /// # Errors
    /// As [`Store::records`].
    pub fn head(&self) -> Result<(u64, u32, String), StoreError> {
        let Chain { seq, epoch, head } = self.read(chain::load)?;
        Ok((seq, epoch, head))
    }

    /// All articles that carry a barcode.
    ///
    /// # Errors
    /// As [`Store::records`].
    pub fn items_by_barcode(&self, code: &str) -> Result<Vec<Item>, StoreError> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT i.body FROM item_barcodes b JOIN items i ON i.sku = b.sku
                 WHERE b.barcode = ?1 ORDER BY i.sku LIMIT ?2",
            )?;
            let mut rows = statement.query(params![code, FOUND_MAX])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(json("item", &row.get::<_, String>(0)?)?);
            }
            Ok(found)
        })
    }

    /// One article.
    ///
    /// # Errors
    /// As [`Store::records`].
    pub fn item(&self, sku: &Sku) -> Result<Option<Item>, StoreError> {
        self.read(|conn| {
            let text: Option<String> = conn
                .prepare_cached("SELECT body FROM items WHERE sku = ?1")?
                .query_row([sku.as_str()], |r| r.get(0))
                .optional()?;
            text.map(|text| json("item", &text)).transpose()
        })
    }

    /// One address; `None` once it was forgotten.
    ///
    /// # Errors
    /// As [`Store::records`].
    pub fn person(&self, id: &str) -> Result<Option<Person>, StoreError> {
        self.read(|conn| {
            let row: Option<(String, String)> = conn
                .prepare_cached("SELECT salt, body FROM persons WHERE id = ?1")?
                .query_row([id], |r| Ok((r.get(0)?, r.get(1)?)))
                .optional()?;
            let Some((salt, body)) = row else {
                return Ok(None);
            };
            Ok(Some(Person {
                id: id.to_owned(),
                salt,
                address: json("address", &body)?,
            }))
        })
    }

    /// One document by its hash.
    ///
    /// # Errors
    /// As [`Store::records`]; [`StoreError::Altered`] also if the bytes do not give the hash.
    pub fn document(&self, sha256: &str) -> Result<Option<StoredDocument>, StoreError> {
        let found = self.read(|conn| {
            let sql = "SELECT sha256, format, bytes FROM documents WHERE sha256 = ?1";
            Ok(conn
                .prepare_cached(sql)?
                .query_row([sha256], |r| {
                    let (sha256, format, bytes) = (r.get(0)?, r.get(1)?, r.get(2)?);
                    Ok(StoredDocument {
                        sha256,
                        format,
                        bytes,
                    })
                })
                .optional()?)
        })?;
        match found {
            Some(document) if chain::sha256(&document.bytes) != document.sha256 => {
                let (what, cause) = (format!("document {sha256}"), "other hash".to_owned());
                Err(StoreError::Altered { what, cause })
            }
            found => Ok(found),
        }
    }

    /// The newest `limit` receipts, oldest first.
    ///
    /// # Errors
    /// As [`Store::records`].
    pub fn receipts(&self, limit: u32) -> Result<Vec<StoredReceipt>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT sink, seq, head, body, received_ms FROM receipts
                       ORDER BY n DESC LIMIT ?1";
            let mut statement = conn.prepare_cached(sql)?;
            let rows = statement.query_map([limit], |r| {
                let receipt = Receipt {
                    seq: uint(r.get(1)?),
                    head: r.get(2)?,
                    body: r.get(3)?,
                };
                Ok(StoredReceipt {
                    sink: r.get(0)?,
                    receipt,
                    received_ms: r.get(4)?,
                })
            })?;
            let mut found = rows.collect::<Result<Vec<_>, _>>()?;
            found.reverse();
            Ok(found)
        })
    }

    /// Parked events of a sink by number, at most `limit`.
    ///
    /// # Errors
    /// As [`Store::records`].
    pub fn parked(&self, sink: &str, limit: u32) -> Result<Vec<Parked>, StoreError> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT p.seq, p.subject, ifnull(e.type, '?'), p.reason, p.attempts, p.since_ms,
                        p.refused
                 FROM parked p LEFT JOIN events e ON e.seq = p.seq
                 WHERE p.sink = ?1 ORDER BY p.seq LIMIT ?2",
            )?;
            let rows = statement.query_map(params![sink, limit], parked_row)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// State of a sink's outbox; an unknown sink has delivered nothing.
    ///
    /// # Errors
    /// As [`Store::records`].
    pub fn sink(&self, sink: &str) -> Result<SinkState, StoreError> {
        self.read(|conn| {
            let cursor: Option<(i64, Option<i64>)> = conn
                .prepare_cached("SELECT acked_through, acked_ms FROM sinks WHERE sink = ?1")?
                .query_row([sink], |r| Ok((r.get(0)?, r.get(1)?)))
                .optional()?;
            let (cursor, acked_ms) = cursor.unwrap_or((0, None));
            let count = |sql: &str, sink: &str| {
                conn.prepare_cached(sql)?
                    .query_row(params![sink, cursor], |r| r.get(0).map(uint))
            };
            let ahead = count(
                "SELECT count(*) FROM events WHERE ?1 = ?1 AND seq > ?2",
                sink,
            )?;
            let rows = count(
                "SELECT count(*) FROM parked WHERE sink = ?1 AND ?2 = ?2",
                sink,
            )?;
            let due = count(
                "SELECT count(*) FROM parked p WHERE ?2 = ?2 AND sink = ?1 AND refused = 0
                 AND NOT EXISTS(SELECT 1 FROM parked q WHERE q.sink = p.sink
                     AND q.subject = p.subject AND q.seq < p.seq AND q.refused = 1)",
                sink,
            )?;
            Ok(SinkState {
                acked_through: uint(cursor),
                acked_ms,
                waiting: ahead + due,
                parked: rows.saturating_sub(due),
            })
        })
    }

    /// The stored answer for a key.
    ///
    /// # Errors
    /// As [`Store::records`].
    pub fn idempotent(&self, key: &str) -> Result<Option<Idempotency>, StoreError> {
        self.read(|conn| {
            let sql = "SELECT key, request_hash, response FROM idempotency WHERE key = ?1";
            Ok(conn
                .prepare_cached(sql)?
                .query_row([key], |r| {
                    let (key, request_hash, response) = (r.get(0)?, r.get(1)?, r.get(2)?);
                    Ok(Idempotency {
                        key,
                        request_hash,
                        response,
                    })
                })
                .optional()?)
        })
    }
}

/// Events from rows of `seq, body, hash`.
pub(super) fn collect_events(mut rows: rusqlite::Rows<'_>) -> Result<Vec<Event>, StoreError> {
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let (seq, body, hash): (i64, Vec<u8>, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        events.push(chain::event_of(uint(seq), &body, &hash)?);
    }
    Ok(events)
}

fn parked_row(row: &Row<'_>) -> rusqlite::Result<Parked> {
    Ok(Parked {
        seq: uint(row.get(0)?),
        subject: row.get(1)?,
        kind: row.get(2)?,
        reason: row.get(3)?,
        attempts: row.get(4)?,
        since_ms: row.get(5)?,
        refused: row.get(6)?,
    })
}

/// Reads stored JSON.
fn json<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|e| StoreError::Altered {
        what: what.to_owned(),
        cause: e.to_string(),
    })
}
