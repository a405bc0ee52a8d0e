//! Finds rows in raw pages that SQLite can no longer reach: behind a damaged inner page, or behind
//! a damaged spot of the log. Only rows that prove themselves are taken: an event by its hash, a
//! document by its SHA-256. So nothing here has to trust the file.
//!
//! Layout: "Database File Format" of the SQLite documentation, 1.6 (b-tree pages), 2.1 (records).

use super::chain::{link, sha256};
use super::page1::PAGE_BYTES;
use rusqlite::types::Value;
use std::collections::HashMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

const TABLE_LEAF: u8 = 0x0d;
/// Largest row taken.
const PAYLOAD_BYTES_MAX: usize = super::types::DOCUMENT_BYTES_MAX + PAGE_BYTES;
/// Columns of the tables that carry their own proof.
const EVENT_COLUMNS: usize = 11;
const DOCUMENT_COLUMNS: usize = 4;

/// A row that proved itself; the columns are in the order of the schema.
#[derive(Debug)]
pub(super) enum Found {
    Event(Vec<Value>),
    Document(Vec<Value>),
}

/// Calls `take` for every row that proves itself, in the database file and in its log. Rows may
/// come more than once.
pub(super) fn carve<E>(
    db: &Path,
    log: &Path,
    mut take: impl FnMut(Found) -> Result<(), E>,
) -> Result<(), E> {
    let pages = Pages::new(db, log);
    let mut page = vec![0; PAGE_BYTES];
    for place in pages.places() {
        if pages.read(place, &mut page).is_none() {
            continue;
        }
        let start = if place == (Place { log: false, at: 0 }) {
            100
        } else {
            0
        };
        for cell in cells(&page, start) {
            if let Some(found) = row(&pages, &page, cell).and_then(proven) {
                take(found)?;
            }
        }
    }
    Ok(())
}

/// Where a page image lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    log: bool,
    at: u64,
}

/// The two files, read page by page.
struct Pages {
    db: Option<File>,
    log: Option<File>,
    db_pages: u64,
    log_frames: u64,
    /// Newest image of a page in the log.
    in_log: HashMap<u32, u64>,
}

/// Bytes before the page in a frame of the log, and before the first frame.
const FRAME_HEADER_BYTES: u64 = 24;
const LOG_HEADER_BYTES: u64 = 32;

impl Pages {
    fn new(db: &Path, log: &Path) -> Self {
        let (db, log) = (File::open(db).ok(), File::open(log).ok());
        let len = |f: &Option<File>| {
            f.as_ref()
                .and_then(|f| f.metadata().ok())
                .map_or(0, |m| m.len())
        };
        let frame = FRAME_HEADER_BYTES + PAGE_BYTES as u64;
        let log_frames = len(&log).saturating_sub(LOG_HEADER_BYTES) / frame;
        let db_pages = len(&db) / PAGE_BYTES as u64;
        let mut pages = Self {
            db,
            log,
            db_pages,
            log_frames,
            in_log: HashMap::new(),
        };
        for n in 0..log_frames {
            let mut number = [0; 4];
            let at = LOG_HEADER_BYTES + n * frame;
            let read = pages.log.as_ref().map(|f| f.read_exact_at(&mut number, at));
            if matches!(read, Some(Ok(()))) {
                pages
                    .in_log
                    .insert(u32::from_be_bytes(number), at + FRAME_HEADER_BYTES);
            }
        }
        pages
    }

    fn places(&self) -> impl Iterator<Item = Place> + use<> {
        let frame = FRAME_HEADER_BYTES + PAGE_BYTES as u64;
        let first = LOG_HEADER_BYTES + FRAME_HEADER_BYTES;
        let db = (0..self.db_pages).map(|n| Place {
            log: false,
            at: n * PAGE_BYTES as u64,
        });
        db.chain((0..self.log_frames).map(move |n| Place {
            log: true,
            at: first + n * frame,
        }))
    }

    fn read(&self, place: Place, page: &mut [u8]) -> Option<()> {
        let file = if place.log { &self.log } else { &self.db };
        file.as_ref()?.read_exact_at(page, place.at).ok()
    }

    /// The newest image of a page by its number, from 1.
    fn numbered(&self, number: u32, page: &mut [u8]) -> Option<()> {
        let place = match self.in_log.get(&number) {
            Some(at) => Place { log: true, at: *at },
            None => Place {
                log: false,
                at: u64::from(number.checked_sub(1)?) * PAGE_BYTES as u64,
            },
        };
        self.read(place, page)
    }
}

/// Offsets of the cells of a table leaf; none for any other page.
fn cells(page: &[u8], start: usize) -> Vec<usize> {
    if page.get(start) != Some(&TABLE_LEAF) {
        return Vec::new();
    }
    let short = |at: usize| {
        Some(usize::from(u16::from_be_bytes([
            *page.get(at)?,
            *page.get(at + 1)?,
        ])))
    };
    let count = short(start + 3).unwrap_or(0).min(PAGE_BYTES / 4);
    (0..count)
        .filter_map(|n| short(start + 8 + 2 * n))
        .collect()
}

/// The row number and the values of a cell.
fn row(pages: &Pages, page: &[u8], cell: usize) -> Option<(i64, Vec<Value>)> {
    let mut at = cell;
    let payload_len = usize::try_from(varint(page, &mut at)?).ok()?;
    let rowid = varint(page, &mut at)?;
    if payload_len > PAYLOAD_BYTES_MAX {
        return None;
    }
    // 1.6: how much of the payload lies in the leaf itself.
    let most = PAGE_BYTES - 35;
    let least = (PAGE_BYTES - 12) * 32 / 255 - 23;
    let local = if payload_len <= most {
        payload_len
    } else {
        let wanted = least + (payload_len - least) % (PAGE_BYTES - 4);
        if wanted <= most { wanted } else { least }
    };
    let mut payload = page.get(at..at.checked_add(local)?)?.to_vec();
    let mut next = if local < payload_len {
        number_at(page, at + local)?
    } else {
        0
    };
    let mut overflow = vec![0; PAGE_BYTES];
    while payload.len() < payload_len {
        pages.numbered(next, &mut overflow)?;
        next = number_at(&overflow, 0)?;
        let rest = (payload_len - payload.len()).min(PAGE_BYTES - 4);
        payload.extend_from_slice(&overflow[4..4 + rest]);
    }
    Some((rowid, record(&payload)?))
}

/// The values of a record (2.1); wrong ones give `None`.
fn record(payload: &[u8]) -> Option<Vec<Value>> {
    let mut at = 0;
    let header_len = usize::try_from(varint(payload, &mut at)?).ok()?;
    let mut content = header_len;
    let mut values = Vec::new();
    while at < header_len {
        if values.len() >= EVENT_COLUMNS {
            return None;
        }
        let kind = usize::try_from(varint(payload, &mut at)?).ok()?;
        let len = match kind {
            0 | 8 | 9 => 0,
            1..=4 => kind,
            5 => 6,
            6 => 8,
            12.. => (kind - 12) / 2,
            _ => return None,
        };
        let bytes = payload.get(content..content.checked_add(len)?)?;
        content += len;
        values.push(match kind {
            0 => Value::Null,
            1..=6 => Value::Integer(integer(bytes)),
            8 | 9 => Value::Integer(i64::from(kind == 9)),
            _ if kind % 2 == 0 => Value::Blob(bytes.to_vec()),
            _ => Value::Text(String::from_utf8(bytes.to_vec()).ok()?),
        });
    }
    Some(values)
}

/// Keeps a row only if its content gives its hash.
fn proven((rowid, mut values): (i64, Vec<Value>)) -> Option<Found> {
    if values.len() == EVENT_COLUMNS {
        let [Value::Blob(body), Value::Text(prev_hash), Value::Text(hash)] = &values[8..] else {
            return None;
        };
        let seq = serde_json::from_slice::<serde_json::Value>(body)
            .ok()?
            .get("seq")?
            .as_i64();
        if seq != Some(rowid) || link(prev_hash, body) != *hash {
            return None;
        }
        values[0] = Value::Integer(rowid);
        return Some(Found::Event(values));
    }
    if values.len() == DOCUMENT_COLUMNS
        && let [
            Value::Text(hash),
            Value::Text(_),
            Value::Blob(bytes),
            Value::Integer(_),
        ] = values.as_slice()
        && sha256(bytes) == *hash
    {
        return Some(Found::Document(values));
    }
    None
}

/// Big-endian two's complement of 1 to 8 bytes.
fn integer(bytes: &[u8]) -> i64 {
    let sign = if bytes.first().is_some_and(|b| b & 0x80 != 0) {
        -1
    } else {
        0
    };
    bytes
        .iter()
        .fold(sign, |value, byte| (value << 8) | i64::from(*byte))
}

/// SQLite's variable-length integer: up to nine bytes, the last one whole.
fn varint(bytes: &[u8], at: &mut usize) -> Option<i64> {
    let mut value: i64 = 0;
    for n in 0..9 {
        let byte = *bytes.get(*at)?;
        *at += 1;
        if n == 8 {
            return Some((value << 8) | i64::from(byte));
        }
        value = (value << 7) | i64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn number_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}
