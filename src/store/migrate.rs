//! Numbered migrations on `user_version`. A released file is never edited; a change is a new
//! file, and a database of every released version stays in `fixtures/databases`.

use super::error::StoreError;
use rusqlite::{Connection, TransactionBehavior};

/// The migrations in order; the first makes version 1.
pub(super) const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_initial.sql")];

/// The newest format this program knows.
pub(super) fn latest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// The format of a database; 0 for an empty one.
pub(super) fn version(conn: &Connection) -> Result<i64, StoreError> {
    Ok(conn.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

/// Brings the database from its version to the last of `migrations`, in one transaction.
/// Returns whether anything changed.
pub(super) fn migrate(conn: &mut Connection, migrations: &[&str]) -> Result<bool, StoreError> {
    let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    // A start must not need room on the disk when there is nothing to do.
    if version(conn)? == known {
        return Ok(false);
    }
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    let done = usize::try_from(found).map_err(|_| StoreError::Damaged {
        cause: format!("format number {found}"),
    })?;
    for sql in migrations.iter().skip(done) {
        transaction.execute_batch(sql)?;
    }
    transaction.pragma_update(None, "user_version", known)?;
    transaction.commit()?;
    Ok(found < known)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    #[test]
    fn applies_only_what_is_missing_and_keeps_the_rows() {
        let mut conn = Connection::open_in_memory().unwrap();
        let first = ["CREATE TABLE a(x)"];
        let both = ["CREATE TABLE a(x)", "ALTER TABLE a ADD COLUMN y DEFAULT 7"];
        assert!(migrate(&mut conn, &first).unwrap());
        conn.execute_batch("INSERT INTO a VALUES(1)").unwrap();
        assert!(migrate(&mut conn, &both).unwrap());
        assert!(!migrate(&mut conn, &both).unwrap());
        let sum: i64 = conn
            .query_row("SELECT x + y FROM a", [], |r| r.get(0))
            .unwrap();
        assert_eq!((sum, version(&conn).unwrap()), (8, 2));
    }

    #[test]
    fn a_failing_migration_leaves_the_old_version() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn, &["CREATE TABLE a(x)"]).unwrap();
        let broken = [
            "CREATE TABLE a(x)",
            "CREATE TABLE b(y); SELECT nonsense FROM nowhere",
        ];
        migrate(&mut conn, &broken).unwrap_err();
        assert_eq!(version(&conn).unwrap(), 1);
        conn.execute_batch("SELECT * FROM b").unwrap_err();
    }

    #[test]
    fn refuses_a_newer_database() {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.pragma_update(None, "user_version", 9).unwrap();
        let error = migrate(&mut conn, MIGRATIONS).unwrap_err();
        assert_eq!(
            error,
            StoreError::TooNew {
                found: 9,
                known: latest()
            }
        );
    }

    /// `page1.rs` keeps a copy of page 1 only.
    #[test]
    fn the_whole_schema_fits_into_page_one() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn, MIGRATIONS).unwrap();
        let pages: i64 = conn
            .query_row(
                "SELECT count(*) FROM dbstat WHERE name = 'sqlite_schema'",
                [],
                |r| r.get(0),
            )
            .unwrap();
        assert_eq!(pages, 1);
    }
}
