//! Opening: lock, settings, checks, migration; damage leads to salvage and a second attempt.

use super::backup::BACKUP_MARK;
use super::chain::{self, Chain};
use super::error::StoreError;
use super::lock::FolderLock;
use super::read::{BUSY_TIMEOUT_MS, Readers};
use super::types::{OpenOptions, Opened};
use super::writer::{Shared, WAITING_MAX, Writer, now_ms};
use super::{Inner, Store, migrate, page1, salvage, wal};
use rusqlite::{Connection, OpenFlags, OptionalExtension};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

/// File name of the database in the data folder.
pub(super) const FILE: &str = "firstscan.db";
/// The log is cut to this size when it begins anew.
const LOG_BYTES_KEPT: i64 = 8 << 20;

/// What a successful attempt gives.
struct Ready {
    conn: Connection,
    chain: Chain,
    fresh: bool,
    restored: bool,
}

/// See [`Store::open`].
pub(super) fn open(options: &OpenOptions) -> Result<(Store, Opened), StoreError> {
    super::commit::check_key("station name", &options.station)?;
    let dir = &options.dir;
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(|e| StoreError::io("create", dir, &e))?;
    let lock = FolderLock::take(dir)?;
    let db = dir.join(FILE);
    salvage::finish_swap(&db)?;
    salvage::clear_leftovers(&db)?;
    let (ready, salvaged) = match attempt(&db, options) {
        Ok(ready) => (ready, None),
        Err(StoreError::Damaged { cause } | StoreError::Altered { cause, .. }) => {
            tracing::error!(%cause, "the database is damaged: saving what can be read");
            let report = salvage::salvage(&db, &cause)?;
            (attempt(&db, options)?, Some(report))
        }
        Err(error) => return Err(error),
    };
    page1::note(&db, ready.chain.epoch)?;
    let opened = Opened {
        seq: ready.chain.seq,
        epoch: ready.chain.epoch,
        head: ready.chain.head.clone(),
        fresh: ready.fresh && salvaged.is_none(),
        restored: ready.restored,
        salvaged,
    };
    Ok((start(db, options, ready, lock)?, opened))
}

/// Starts the writer thread and makes the first handle.
fn start(
    db: PathBuf,
    options: &OpenOptions,
    ready: Ready,
    lock: FolderLock,
) -> Result<Store, StoreError> {
    let shared = Arc::new(Shared::default());
    let writer = Writer {
        conn: ready.conn,
        chain: ready.chain,
        station: options.station.clone(),
        shared: Arc::clone(&shared),
        empty_log: false,
    };
    let (sender, receiver) = sync_channel(WAITING_MAX);
    let thread = std::thread::Builder::new()
        .name("store-writer".to_owned())
        .spawn(move || writer.run(&receiver))
        .map_err(|e| StoreError::Failed {
            cause: format!("no thread for the writer: {e}"),
        })?;
    let inner = Inner {
        requests: Some(sender),
        writer: Some(thread),
        readers: Readers::new(db),
        shared,
        station: options.station.clone(),
        _lock: lock,
    };
    Ok(Store {
        inner: Arc::new(inner),
    })
}

/// Opens and checks; [`StoreError::Damaged`] asks for a salvage.
fn attempt(db: &Path, options: &OpenOptions) -> Result<Ready, StoreError> {
    let damaged = |cause: &str| {
        Err(StoreError::Damaged {
            cause: cause.to_owned(),
        })
    };
    let there = std::fs::metadata(db).is_ok_and(|m| m.len() > 0);
    let log = log_path(db);
    if !there && (page1::load(db).is_some() || std::fs::metadata(&log).is_ok_and(|m| m.len() > 0)) {
        return damaged("the database file is gone or empty");
    }
    if let Some(cause) = wal::damage(&log) {
        return damaged(&cause);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(db, flags)?;
    conn.busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MS))?;
    if there {
        check_version(&conn, db)?;
        quick_check(&conn)?;
    }
    configure(&conn, options)?;
    let migrated = migrate::migrate(&mut conn, migrate::MIGRATIONS)?;
    check_schema(&conn)?;
    check_json(&conn)?;
    own(&conn, &options.station)?;
    let restored = restored(&mut conn)?;
    if migrated || restored {
        // Page 1 has to be in the file itself for its copy; a reader cannot be there yet.
        conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    }
    let chain = chain::load(&conn)?;
    Ok(Ready {
        conn,
        chain,
        fresh: !there,
        restored,
    })
}

/// The name SQLite gives to the write-ahead log.
pub(super) fn log_path(db: &Path) -> PathBuf {
    let mut name = db.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

/// A newer format is refused, unless the number itself is damage.
fn check_version(conn: &Connection, db: &Path) -> Result<(), StoreError> {
    let (found, known) = (migrate::version(conn)?, migrate::latest());
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get(0))?;
    // Bytes 60..64 of the header hold `user_version`; whoever upgrades notes the page anew.
    let noted =
        page1::load(db).and_then(|p| Some(i32::from_be_bytes(*p.page[60..].first_chunk()?)));
    let contradicted = noted.is_some_and(|noted| i64::from(noted) != found);
    if (found == 0) != (tables == 0) || found < 0 || (found > known && contradicted) {
        return Err(StoreError::Damaged {
            cause: format!("format number {found}"),
        });
    }
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    Ok(())
}

/// Settings of the write connection; those that durability needs are read back.
fn configure(conn: &Connection, options: &OpenOptions) -> Result<(), StoreError> {
    let mode: String =
        conn.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))?;
    if mode != "wal" {
        return Err(StoreError::Unsafe {
            name: "journal_mode",
            found: mode,
            wanted: "wal",
        });
    }
    conn.pragma_update(None, "synchronous", "FULL")?;
    let level: i64 = conn.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    if level != 2 {
        let (name, found) = ("synchronous", level.to_string());
        return Err(StoreError::Unsafe {
            name,
            found,
            wanted: "2",
        });
    }
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    // Erased addresses must not stay readable in free pages.
    conn.query_row("PRAGMA secure_delete = ON", [], |_| Ok(()))?;
    conn.query_row(
        &format!("PRAGMA journal_size_limit = {LOG_BYTES_KEPT}"),
        [],
        |_| Ok(()),
    )?;
    if let Some(pages) = options.pages_max {
        conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
    }
    Ok(())
}

/// SQLite's own check of all pages.
pub(super) fn quick_check(conn: &Connection) -> Result<(), StoreError> {
    let mut statement = conn.prepare("PRAGMA quick_check(3)")?;
    let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
    let lines = rows.collect::<Result<Vec<_>, _>>()?;
    if lines == ["ok"] {
        return Ok(());
    }
    Err(StoreError::Damaged {
        cause: lines.join("; "),
    })
}

/// Tables and indexes are exactly those of this version.
fn check_schema(conn: &Connection) -> Result<(), StoreError> {
    let list = |conn: &Connection| -> Result<Vec<(String, Option<String>)>, StoreError> {
        let mut statement = conn.prepare(
            "SELECT name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY name",
        )?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    };
    let mut template = Connection::open_in_memory()?;
    migrate::migrate(&mut template, migrate::MIGRATIONS)?;
    if list(conn)? == list(&template)? {
        return Ok(());
    }
    Err(StoreError::Damaged {
        cause: "the list of tables is not that of this format".to_owned(),
    })
}

/// Stored JSON that does not parse would keep the station from starting; live records are read
/// whole then, so they are here.
fn check_json(conn: &Connection) -> Result<(), StoreError> {
    for table in salvage::JSON_TABLES {
        let sql = format!("SELECT EXISTS(SELECT 1 FROM {table} WHERE NOT json_valid(body))");
        if conn.query_row(&sql, [], |row| row.get::<_, bool>(0))? {
            return Err(StoreError::Damaged {
                cause: format!("altered rows in {table}"),
            });
        }
    }
    let mut statement = conn.prepare("SELECT kind, id, body FROM records WHERE live = 1")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (kind, id, body): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
        if let Err(error) = serde_json::from_str::<serde_json::Value>(&body) {
            return Err(StoreError::Damaged {
                cause: format!("altered {kind} {id}: {error}"),
            });
        }
    }
    Ok(())
}

/// The folder belongs to one station for ever.
fn own(conn: &Connection, station: &str) -> Result<(), StoreError> {
    let found: Option<String> = conn
        .query_row("SELECT value FROM meta WHERE key = 'station'", [], |row| {
            row.get(0)
        })
        .optional()?;
    match found {
        None => {
            conn.execute(
                "INSERT INTO meta(key, value) VALUES('station', ?1)",
                [station],
            )?;
            Ok(())
        }
        Some(found) if found == station => Ok(()),
        Some(found) => Err(StoreError::OtherStation {
            found,
            wanted: station.to_owned(),
        }),
    }
}

/// Begins a new epoch if the database is a backup that was put into place.
fn restored(conn: &mut Connection) -> Result<bool, StoreError> {
    let transaction = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    if transaction.execute("DELETE FROM meta WHERE key = ?1", [BACKUP_MARK])? == 0 {
        return Ok(false);
    }
    chain::begin_epoch(&transaction, "restored from a backup", now_ms(), 0)?;
    transaction.commit()?;
    Ok(true)
}

/// Makes renames in a folder durable.
pub(super) fn sync_folder(dir: &Path) -> Result<(), StoreError> {
    let dir = if dir.as_os_str().is_empty() {
        Path::new(".")
    } else {
        dir
    };
    let file = std::fs::File::open(dir).map_err(|e| StoreError::io("open", dir, &e))?;
    file.sync_all()
        .map_err(|e| StoreError::io("flush", dir, &e))
}
