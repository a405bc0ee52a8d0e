//! What the write requests do inside the transaction.

use super::chain::{self, int};
use super::error::StoreError;
use super::types::{
    ANSWER_BYTES_MAX, Commit, DOCUMENT_BYTES_MAX, Idempotency, KEY_BYTES_MAX, NewDocument,
    NewPerson,
};
use super::writer::Work;
use crate::domain::Event;
use crate::domain::change::Change;
use crate::domain::event::{Clock, Draft};
use crate::domain::order::Item;
use rusqlite::{Connection, OptionalExtension, params};

/// Drafts, changes and other rows of one request.
const ROWS_MAX: usize = 10_000;

/// Everything of one [`Commit`]; returns its events with numbers, ids and hashes.
pub(super) fn commit(work: &mut Work<'_>, commit: &Commit) -> Result<Vec<Event>, StoreError> {
    let rows = [
        commit.drafts.len(),
        commit.changes.len(),
        commit.persons.len(),
    ];
    if rows.iter().any(|n| *n > ROWS_MAX) {
        return Err(StoreError::invalid(format!(
            "more than {ROWS_MAX} rows in one step: split it"
        )));
    }
    if let Some(answer) = &commit.idempotency {
        put_answer(work, answer)?;
    }
    for person in &commit.persons {
        put_person(work.conn, person)?;
    }
    for document in &commit.documents {
        put_document(work, document)?;
    }
    let mut events = Vec::with_capacity(commit.drafts.len());
    for draft in &commit.drafts {
        events.push(append(work, draft, &commit.boot_id, commit.clock)?);
    }
    for change in &commit.changes {
        put_record(work.conn, change)?;
    }
    Ok(events)
}

/// Gives a draft its number, id and place in the chain.
fn append(
    work: &mut Work<'_>,
    draft: &Draft,
    boot_id: &str,
    clock: Clock,
) -> Result<Event, StoreError> {
    check_key("event subject", &draft.subject)?;
    let seq = work.chain.seq.saturating_add(1);
    let mut event = Event {
        seq,
        epoch: work.chain.epoch,
        id: event_id(draft.stamp.wall.unix_ms, seq),
        station: work.station.to_owned(),
        place: draft.place.clone(),
        operator: draft.operator.clone(),
        subject: draft.subject.clone(),
        occurred_at: draft.stamp.wall.rfc3339(),
        unix_ms: draft.stamp.wall.unix_ms,
        boot_id: boot_id.to_owned(),
        monotonic_ms: draft.stamp.mono.0,
        clock,
        fact: draft.fact.clone(),
        prev_hash: work.chain.head.clone(),
        hash: String::new(),
    };
    let body = chain::body_of(&event)?;
    event.hash = chain::link(&event.prev_hash, &body);
    work.conn
        .prepare_cached(
            "INSERT INTO events(seq, epoch, id, type, place, operator, subject, unix_ms, body,
                                prev_hash, hash)
             VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            int(seq),
            event.epoch,
            event.id,
            event.fact.kind(),
            event.place.as_ref().map(|p| p.as_str()),
            event.operator.as_ref().map(|o| o.as_str()),
            event.subject,
            event.unix_ms,
            body,
            event.prev_hash,
            event.hash
        ])?;
    work.chain.seq = seq;
    work.chain.head.clone_from(&event.hash);
    Ok(event)
}

/// UUIDv7 of the moment of capture; the low bits of the number sort ids within a millisecond.
fn event_id(unix_ms: i64, seq: u64) -> String {
    let random = uuid::Uuid::new_v4().into_bytes();
    let mut tail = [0u8; 10];
    tail[..2].copy_from_slice(&[(seq >> 8 & 0x0f) as u8, (seq & 0xff) as u8]);
    tail[2..6].copy_from_slice(&random[..4]);
    tail[6..].copy_from_slice(&random[12..]);
    let unix_ms = u64::try_from(unix_ms).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(unix_ms, &tail)
        .into_uuid()
        .to_string()
}

fn put_record(conn: &Connection, change: &Change) -> Result<(), StoreError> {
    check_key("record id", &change.id)?;
    let (kind, id) = (change.kind.as_str(), change.id.as_str());
    conn.prepare_cached(
        "INSERT INTO records(kind, id, live, body) VALUES(?1, ?2, ?3, ?4)
         ON CONFLICT(kind, id) DO UPDATE SET live = excluded.live, body = excluded.body",
    )?
    .execute(params![kind, id, change.live, change.body.to_string()])?;
    conn.prepare_cached("DELETE FROM codes WHERE kind = ?1 AND id = ?2")?
        .execute([kind, id])?;
    for code in &change.codes {
        check_key("code", code)?;
        conn.prepare_cached("INSERT OR IGNORE INTO codes(kind, id, code) VALUES(?1, ?2, ?3)")?
            .execute([kind, id, code])?;
    }
    Ok(())
}

fn put_person(conn: &Connection, person: &NewPerson) -> Result<(), StoreError> {
    check_key("person id", &person.id)?;
    let body = serde_json::to_string(&person.address)
        .map_err(|e| StoreError::invalid(format!("address is no JSON: {e}")))?;
    conn.prepare_cached("INSERT OR REPLACE INTO persons(id, salt, body) VALUES(?1, ?2, ?3)")?
        .execute([&person.id, &person.salt, &body])?;
    Ok(())
}

/// Stores a document unless its hash is there already.
pub(super) fn put_document(work: &Work<'_>, document: &NewDocument) -> Result<(), StoreError> {
    let (len, found) = (document.bytes.len(), chain::sha256(&document.bytes));
    if len > DOCUMENT_BYTES_MAX {
        return Err(StoreError::invalid(format!(
            "document of {len} bytes, the limit is {DOCUMENT_BYTES_MAX}: send a smaller one"
        )));
    }
    if found != document.sha256 {
        let given = &document.sha256;
        return Err(StoreError::invalid(format!(
            "document hash {given:?} is not that of its bytes ({found}): send it again"
        )));
    }
    work.conn
        .prepare_cached(
            "INSERT OR IGNORE INTO documents(sha256, format, bytes, created_ms)
             VALUES(?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            document.sha256,
            document.format,
            document.bytes,
            work.now_ms
        ])?;
    Ok(())
}

fn put_answer(work: &Work<'_>, answer: &Idempotency) -> Result<(), StoreError> {
    check_key("idempotency key", &answer.key)?;
    if answer.response.len() > ANSWER_BYTES_MAX {
        return Err(StoreError::invalid(format!(
            "answer above {ANSWER_BYTES_MAX} bytes"
        )));
    }
    let stored: Option<String> = work
        .conn
        .prepare_cached("SELECT request_hash FROM idempotency WHERE key = ?1")?
        .query_row([&answer.key], |r| r.get(0))
        .optional()?;
    if let Some(stored) = stored {
        let same_request = stored == answer.request_hash;
        return Err(StoreError::KeyUsed {
            key: answer.key.clone(),
            same_request,
        });
    }
    work.conn
        .prepare_cached(
            "INSERT INTO idempotency(key, request_hash, response, created_ms)
             VALUES(?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            answer.key,
            answer.request_hash,
            answer.response,
            work.now_ms
        ])?;
    Ok(())
}

/// Replaces items by article, with their barcodes.
pub(super) fn put_items(work: &Work<'_>, items: &[Item]) -> Result<(), StoreError> {
    for item in items {
        let body = serde_json::to_string(item)
            .map_err(|e| StoreError::invalid(format!("item is no JSON: {e}")))?;
        let sku = item.sku.as_str();
        work.conn
            .prepare_cached("INSERT OR REPLACE INTO items(sku, body) VALUES(?1, ?2)")?
            .execute([sku, &body])?;
        work.conn
            .prepare_cached("DELETE FROM item_barcodes WHERE sku = ?1")?
            .execute([sku])?;
        for barcode in &item.barcodes {
            check_key("barcode", barcode)?;
            work.conn
                .prepare_cached("INSERT OR IGNORE INTO item_barcodes(sku, barcode) VALUES(?1, ?2)")?
                .execute([sku, barcode])?;
        }
    }
    Ok(())
}

/// Removes an address; true if it was there.
pub(super) fn forget_person(work: &mut Work<'_>, id: &str) -> Result<bool, StoreError> {
    *work.empty_log = true;
    Ok(work
        .conn
        .execute("DELETE FROM persons WHERE id = ?1", [id])?
        > 0)
}

/// Keys from outside have a limit.
pub(super) fn check_key(what: &str, key: &str) -> Result<(), StoreError> {
    if (1..=KEY_BYTES_MAX).contains(&key.len()) {
        return Ok(());
    }
    let len = key.len();
    Err(StoreError::invalid(format!(
        "{what} of {len} bytes: give 1 to {KEY_BYTES_MAX}"
    )))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn event_ids_are_uuid_v7_of_the_capture_and_sort_within_a_millisecond() {
        let ids: Vec<String> = (1..=300)
            .map(|seq| event_id(1_795_226_700_123, seq))
            .collect();
        assert!(ids.is_sorted(), "{ids:?}");
        let parsed = uuid::Uuid::parse_str(&ids[0]).unwrap();
        assert_eq!(parsed.get_version_num(), 7);
        assert_eq!(parsed.get_timestamp().unwrap().to_unix().0, 1_795_226_700);
        assert_ne!(event_id(-5, 1), event_id(-5, 1));
    }
}
