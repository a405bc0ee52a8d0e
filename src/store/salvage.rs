//! Saving what can be read of a damaged database.
//!
//! Constraints: the damaged file is only read, then renamed, never changed; a crash at any point
//! leaves either the damaged file in place (the salvage starts over) or the finished new one
//! under a name that the next start puts into place; running out of disk is an error, not a loss.
//!
//! Order of attempts: SQLite on a copy; if page 1 is hit, the same with page 1 from its copy
//! (`page1.rs`); then every event and document that proves itself in raw pages (`carve.rs`).

use super::carve::{Found, carve};
use super::chain::{begin_epoch, link, uint};
use super::error::StoreError;
use super::open::{log_path, quick_check, sync_folder};
use super::types::SalvageReport;
use super::writer::now_ms;
use super::{migrate, page1};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params_from_iter};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Tables whose column `body` is JSON text that is read at start.
pub(super) const JSON_TABLES: [&str; 3] = ["records", "items", "persons"];
/// Single rows tried between the readable ends of a damaged table.
const PROBES_MAX: i64 = 200_000;
/// Probes without a hit after which the open end of a table is given up.
const MISSES_MAX: i64 = 5_000;

/// Builds a new database from the damaged one and puts it into place.
pub(super) fn salvage(db: &Path, cause: &str) -> Result<SalvageReport, StoreError> {
    let now = now_ms();
    let work = sibling(db, "work");
    let fresh = sibling(db, "new");
    clear_leftovers(db)?;
    copy_if_there(db, &work)?;
    copy_if_there(&log_path(db), &log_path(&work))?;
    let known = page1::load(db);
    let source = readable(&work, known.as_ref())?;
    let report = fill(
        &fresh,
        source.as_ref(),
        db,
        cause,
        now,
        known.map_or(0, |k| k.epoch),
    )?;
    drop(source);
    let done = sibling(db, &format!("salvaged-{now}"));
    std::fs::rename(&fresh, &done).map_err(|e| StoreError::io("rename", &fresh, &e))?;
    sync_folder(folder(db))?;
    remove_with_logs(&work)?;
    finish_swap(db)?;
    Ok(report)
}

/// Removes what an interrupted salvage left; copies of addresses must not lie around.
pub(super) fn clear_leftovers(db: &Path) -> Result<(), StoreError> {
    remove_with_logs(&sibling(db, "work"))?;
    remove_with_logs(&sibling(db, "new"))
}

/// Puts a finished salvage into place; also after a crash in the middle of it.
pub(super) fn finish_swap(db: &Path) -> Result<(), StoreError> {
    let Some((done, at)) = finished(db)? else {
        return Ok(());
    };
    let aside = sibling(db, &format!("damaged-{at}"));
    // The log first goes where SQLite finds it beside the renamed file; the index of the log is
    // derived from it.
    rename_if_there(db, &aside)?;
    rename_if_there(&log_path(db), &log_path(&aside))?;
    remove_if_there(&index_path(db))?;
    std::fs::rename(&done, db).map_err(|e| StoreError::io("rename", &done, &e))?;
    sync_folder(folder(db))
}

/// The newest finished salvage in the folder, and its time.
fn finished(db: &Path) -> Result<Option<(PathBuf, String)>, StoreError> {
    let dir = folder(db);
    let name = db.file_name().unwrap_or_default().to_string_lossy();
    let prefix = format!("{name}.salvaged-");
    let entries = std::fs::read_dir(dir).map_err(|e| StoreError::io("list", dir, &e))?;
    let mut found = None;
    for entry in entries {
        let entry = entry.map_err(|e| StoreError::io("list", dir, &e))?;
        let file = entry.file_name();
        let at = file
            .to_str()
            .and_then(|f| f.strip_prefix(&prefix))
            .map(str::to_owned);
        found = found.max(at.filter(|at| at.bytes().all(|b| b.is_ascii_digit())));
    }
    Ok(found.map(|at| (sibling(db, &format!("salvaged-{at}")), at)))
}

/// A read-only connection to the copy through which the events can be asked for, if there is one.
fn readable(work: &Path, known: Option<&page1::Page1>) -> Result<Option<Connection>, StoreError> {
    // SQLite deletes the log of an empty file before anybody can read it.
    let there = std::fs::metadata(work).is_ok_and(|m| m.len() > 0);
    if there && let Some(conn) = open_copy(work) {
        return Ok(Some(conn));
    }
    let Some(known) = known else { return Ok(None) };
    page1::patch(work, known).map_err(|e| StoreError::io("write", work, &e))?;
    Ok(open_copy(work))
}

fn open_copy(work: &Path) -> Option<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(work, flags).ok()?;
    conn.pragma_update(None, "cell_size_check", true).ok()?;
    let answers = conn.prepare("SELECT seq FROM events").is_ok();
    answers.then_some(conn)
}

/// Fills the new database and closes it.
fn fill(
    fresh: &Path,
    source: Option<&Connection>,
    db: &Path,
    cause: &str,
    now: i64,
    epoch_known: u32,
) -> Result<SalvageReport, StoreError> {
    let mut target = Connection::open(fresh)?;
    target.pragma_update(None, "synchronous", "FULL")?;
    // Rows go into tables of their own version; the later migrations then run as always.
    let version = source.and_then(|s| migrate::version(s).ok()).unwrap_or(0);
    let version = usize::try_from(version).unwrap_or(0);
    let versions = migrate::MIGRATIONS.len();
    let version = if (1..=versions).contains(&version) {
        version
    } else {
        versions
    };
    migrate::migrate(&mut target, &migrate::MIGRATIONS[..version])?;
    let transaction = target.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (mut saved, mut incomplete) = (BTreeMap::new(), Vec::new());
    for table in tables(&transaction)? {
        let (rows, complete) = match source {
            Some(source) => copy_table(source, &transaction, &table)?,
            None => (0, false),
        };
        if !complete {
            incomplete.push(table.clone());
        }
        saved.insert(table, rows);
    }
    let carved = carve_into(&transaction, db)?;
    for table in ["events", "documents"] {
        let sql = format!("SELECT count(*) FROM {table}");
        saved.insert(
            table.to_owned(),
            transaction.query_row(&sql, [], |r| r.get(0).map(uint))?,
        );
    }
    let reason = format!("salvage: {cause}");
    begin_epoch(&transaction, &reason, now, epoch_known)?;
    let lost = lost(&transaction)?;
    transaction.commit()?;
    migrate::migrate(&mut target, migrate::MIGRATIONS)?;
    quick_check(&target)?;
    target.close().map_err(|(_, e)| StoreError::from(e))?;
    let set_aside = sibling(db, &format!("damaged-{now}"));
    let alarm = alarm(cause, &set_aside, &saved, &lost, &incomplete);
    Ok(SalvageReport {
        cause: cause.to_owned(),
        set_aside,
        saved,
        carved,
        lost,
        incomplete,
        alarm,
    })
}

/// All tables of the new database.
fn tables(target: &Connection) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
               ORDER BY name";
    let mut statement = target.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Copies the rows that read: from the front, from the back, then one by one in between.
/// Returns how many, and whether nothing was unreadable.
fn copy_table(
    source: &Connection,
    target: &Connection,
    table: &str,
) -> Result<(u64, bool), StoreError> {
    let mut copy = TableCopy::new(source, target, table)?;
    let Some(front) = copy.scan("rowid >= ?1 ORDER BY rowid", i64::MIN)? else {
        return Ok((copy.rows, copy.complete));
    };
    copy.complete = false;
    let after = if front == i64::MIN { 0 } else { front };
    let back = copy.scan("rowid > ?1 ORDER BY rowid DESC", after)?;
    let Some(back) = back else {
        return Ok((copy.rows, false));
    };
    let end = if back == i64::MIN { i64::MAX } else { back };
    let last = after.saturating_add(PROBES_MAX).min(end.saturating_sub(1));
    let mut misses = 0;
    for rowid in after.saturating_add(1)..=last {
        misses = if copy.probe(rowid)? { 0 } else { misses + 1 };
        if end == i64::MAX && misses > MISSES_MAX {
            break;
        }
    }
    Ok((copy.rows, false))
}

/// Copying one table.
struct TableCopy<'a> {
    source: &'a Connection,
    target: &'a Connection,
    table: &'a str,
    columns: Vec<String>,
    rows: u64,
    complete: bool,
}

impl<'a> TableCopy<'a> {
    fn new(
        source: &'a Connection,
        target: &'a Connection,
        table: &'a str,
    ) -> Result<Self, StoreError> {
        let mut statement = target.prepare("SELECT name FROM pragma_table_info(?1)")?;
        let rows = statement.query_map([table], |row| row.get(0))?;
        let columns = rows.collect::<Result<_, _>>()?;
        Ok(Self {
            source,
            target,
            table,
            columns,
            rows: 0,
            complete: true,
        })
    }

    fn select(&self, condition: &str) -> String {
        let (columns, table) = (self.columns.join(", "), self.table);
        format!("SELECT rowid, {columns} FROM {table} WHERE {condition}")
    }

    /// Reads in one direction. `None`: reached the end. Else the last row number that read, or
    /// `i64::MIN` if none did.
    fn scan(&mut self, condition: &str, from: i64) -> Result<Option<i64>, StoreError> {
        let source = self.source;
        let Ok(mut statement) = source.prepare(&self.select(condition)) else {
            return Ok(Some(i64::MIN));
        };
        let Ok(mut rows) = statement.query([from]) else {
            return Ok(Some(i64::MIN));
        };
        let mut last = None;
        loop {
            let row = match rows.next() {
                Ok(Some(row)) => row,
                Ok(None) => return Ok(None),
                Err(_) => return Ok(Some(last.unwrap_or(i64::MIN))),
            };
            let Ok(rowid) = row.get::<_, i64>(0) else {
                return Ok(Some(last.unwrap_or(i64::MIN)));
            };
            // A page that is linked into itself would go round for ever.
            let descending = condition.ends_with("DESC");
            if last.is_some_and(|last| {
                if descending {
                    rowid >= last
                } else {
                    rowid <= last
                }
            }) {
                return Ok(Some(last.unwrap_or(i64::MIN)));
            }
            self.take(row)?;
            last = Some(rowid);
        }
    }

    /// Reads one row by number; true if it was there.
    fn probe(&mut self, rowid: i64) -> Result<bool, StoreError> {
        let source = self.source;
        let Ok(mut statement) = source.prepare_cached(&self.select("rowid = ?1")) else {
            return Ok(false);
        };
        let Ok(mut rows) = statement.query([rowid]) else {
            return Ok(false);
        };
        match rows.next() {
            Ok(Some(row)) => self.take(row).map(|()| true),
            _ => Ok(false),
        }
    }

    /// Copies a row if its content makes sense.
    fn take(&mut self, row: &rusqlite::Row<'_>) -> Result<(), StoreError> {
        let values: Result<Vec<Value>, _> = (1..=self.columns.len())
            .map(|n| row.get::<_, Value>(n))
            .collect();
        let sound = values.ok().filter(|values| is_sound(self.table, values));
        let Some(values) = sound else {
            self.complete = false;
            return Ok(());
        };
        match insert(self.target, self.table, values)? {
            Some(rows) => self.rows += rows,
            None => self.complete = false,
        }
        Ok(())
    }
}

/// Content that would stop the station later is not taken over.
fn is_sound(table: &str, values: &[Value]) -> bool {
    match (table, values) {
        ("events", [.., Value::Blob(body), Value::Text(prev), Value::Text(hash)]) => {
            link(prev, body) == *hash
        }
        ("documents", [Value::Text(hash), _, Value::Blob(bytes), _]) => {
            super::chain::sha256(bytes) == *hash
        }
        ("events" | "documents", _) => false,
        (table, values) if JSON_TABLES.contains(&table) => match values.last() {
            Some(Value::Text(body)) => serde_json::from_str::<serde_json::Value>(body).is_ok(),
            _ => false,
        },
        _ => true,
    }
}

/// Inserts a row unless it is there. `None`: the table does not take it.
fn insert(target: &Connection, table: &str, values: Vec<Value>) -> Result<Option<u64>, StoreError> {
    let marks = vec!["?"; values.len()].join(", ");
    let sql = format!("INSERT OR IGNORE INTO {table} VALUES({marks})");
    match target
        .prepare_cached(&sql)?
        .execute(params_from_iter(values))
        .map_err(StoreError::from)
    {
        Ok(rows) => Ok(Some(u64::try_from(rows).unwrap_or(0))),
        Err(error) if error.concerns_request_only() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Takes the events and documents that only the raw pages still show. Returns the events.
fn carve_into(target: &Connection, db: &Path) -> Result<u64, StoreError> {
    let mut carved = 0;
    carve(db, &log_path(db), |found| {
        match found {
            Found::Event(values) => carved += insert(target, "events", values)?.unwrap_or(0),
            Found::Document(values) => {
                insert(target, "documents", values)?;
            }
        }
        Ok::<(), StoreError>(())
    })?;
    Ok(carved)
}

/// The losses the new epoch declares.
fn lost(target: &Connection) -> Result<Vec<(u64, u64)>, StoreError> {
    let sql = "SELECT body FROM epochs ORDER BY epoch DESC LIMIT 1";
    let body: Vec<u8> = target.query_row(sql, [], |row| row.get(0))?;
    let body: super::chain::EpochBody =
        serde_json::from_slice(&body).map_err(|e| StoreError::Failed {
            cause: format!("epoch record: {e}"),
        })?;
    Ok(body.lost)
}

fn alarm(
    cause: &str,
    set_aside: &Path,
    saved: &BTreeMap<String, u64>,
    lost: &[(u64, u64)],
    incomplete: &[String],
) -> String {
    let events = saved.get("events").copied().unwrap_or(0);
    let gone: u64 = lost.iter().map(|(from, to)| to - from + 1).sum();
    let parts = if incomplete.is_empty() {
        "every table was readable".to_owned()
    } else {
        format!("not all of {} was readable", incomplete.join(", "))
    };
    format!(
        "The database was damaged ({cause}). {events} events were saved, {gone} are known to be \
         lost; {parts}. The damaged file is kept as {}: copy it away, compare the open parcels \
         with the shelf, and have the disk checked.",
        set_aside.display()
    )
}

fn folder(db: &Path) -> &Path {
    db.parent().unwrap_or(Path::new("."))
}

/// `firstscan.db.<suffix>` beside the database.
fn sibling(db: &Path, suffix: &str) -> PathBuf {
    let mut name = db.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

fn index_path(db: &Path) -> PathBuf {
    let mut name = db.as_os_str().to_owned();
    name.push("-shm");
    PathBuf::from(name)
}

fn remove_with_logs(path: &Path) -> Result<(), StoreError> {
    let mut journal = path.as_os_str().to_owned();
    journal.push("-journal");
    for path in [
        path,
        &log_path(path),
        &index_path(path),
        Path::new(&journal),
    ] {
        remove_if_there(path)?;
    }
    Ok(())
}

fn is_gone(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::NotFound
}

fn remove_if_there(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(e) if !is_gone(&e) => Err(StoreError::io("remove", path, &e)),
        _ => Ok(()),
    }
}

fn rename_if_there(from: &Path, to: &Path) -> Result<(), StoreError> {
    match std::fs::rename(from, to) {
        Err(e) if !is_gone(&e) => Err(StoreError::io("rename", from, &e)),
        _ => Ok(()),
    }
}

fn copy_if_there(from: &Path, to: &Path) -> Result<(), StoreError> {
    match std::fs::copy(from, to) {
        Err(e) if !is_gone(&e) => Err(StoreError::io("copy", from, &e)),
        _ => Ok(()),
    }
}
