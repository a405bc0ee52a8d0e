//! What can go wrong, as cause and remedy.

use rusqlite::ErrorCode;
use std::path::PathBuf;

/// Why the store did not do what was asked. Cheap to clone: one failed group commit answers every
/// waiting request with it. Nothing of the request was stored when one of these comes back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Another process has the data folder.
    #[error(
        "{dir:?} is in use by another firstscan (process {pid}): \
         use that one's API, or stop it first"
    )]
    InUse { dir: PathBuf, pid: String },
    /// The database was written by a newer program.
    #[error(
        "the database has format {found}, this program knows up to {known}: \
         install the newer firstscan again, or restore the backup made before the upgrade"
    )]
    TooNew { found: i64, known: i64 },
    /// The folder belongs to another station.
    #[error(
        "this data folder belongs to station {found:?}, the configuration says {wanted:?}: \
         correct `station` or choose another data folder"
    )]
    OtherStation { found: String, wanted: String },
    /// The disk or the configured budget is used up.
    #[error("no room left for the database ({cause}): free disk space, then repeat the step")]
    Full { cause: String },
    /// The file holds nonsense; the next start repairs it.
    #[error("the database is damaged ({cause}): restart firstscan, it saves what can be read")]
    Damaged { cause: String },
    /// One row on the disk is not what was written; the file's structure is sound.
    #[error(
        "{what} on the disk is not what was written ({cause}): run `firstscan events verify`, \
         and take it from a backup"
    )]
    Altered { what: String, cause: String },
    /// A write failed in a way after which nothing may be assumed; all later writes are refused.
    #[error("the database cannot be written ({cause}): check the disk, then restart firstscan")]
    Failed { cause: String },
    /// The operating system refused a file operation.
    #[error("cannot {doing} {path:?}: {cause}; check that the folder exists and is writable")]
    Io {
        doing: &'static str,
        path: PathBuf,
        cause: String,
    },
    /// A setting that durability needs did not take effect.
    #[error(
        "SQLite runs with {name} = {found}, not {wanted}: nothing would survive a power cut; \
         put the data folder on a local file system"
    )]
    Unsafe {
        name: &'static str,
        found: String,
        wanted: &'static str,
    },
    /// The request itself is wrong.
    #[error("the store refused this: {cause}")]
    Invalid { cause: String },
    /// An idempotency key that is taken. `same_request`: answer with the stored response.
    #[error("key {key:?} was used before: read its stored answer, or use a fresh key")]
    KeyUsed { key: String, same_request: bool },
    /// More writes are waiting than the limit.
    #[error("too many writes are waiting ({waiting_max}): repeat in a moment")]
    Busy { waiting_max: usize },
    /// The writer has ended.
    #[error("the store is closed: restart firstscan")]
    Closed,
}

impl StoreError {
    /// Shorthand for a request that breaks a rule.
    pub(super) fn invalid(cause: impl Into<String>) -> Self {
        StoreError::Invalid {
            cause: cause.into(),
        }
    }

    /// Shorthand for a file operation.
    pub(super) fn io(doing: &'static str, path: &std::path::Path, error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::StorageFull {
            return StoreError::Full {
                cause: format!("cannot {doing} {}", path.display()),
            };
        }
        StoreError::Io {
            doing,
            path: path.to_owned(),
            cause: error.to_string(),
        }
    }

    /// The fault lies in this one request; others of its group are not touched by it.
    pub(super) fn concerns_request_only(&self) -> bool {
        use StoreError::{Altered, Invalid, KeyUsed};
        matches!(self, Invalid { .. } | KeyUsed { .. } | Altered { .. })
    }

    /// After this nothing about the write connection may be assumed.
    pub(super) fn is_fatal(&self) -> bool {
        matches!(self, StoreError::Failed { .. } | StoreError::Damaged { .. })
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        let cause = error.to_string();
        match &error {
            rusqlite::Error::SqliteFailure(inner, _) => match inner.code {
                ErrorCode::DiskFull => StoreError::Full { cause },
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                    StoreError::Damaged { cause }
                }
                ErrorCode::ConstraintViolation | ErrorCode::TooBig | ErrorCode::TypeMismatch => {
                    StoreError::Invalid { cause }
                }
                _ => StoreError::Failed { cause },
            },
            // A column of another type than the schema's: not written by this program.
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..) => StoreError::Altered {
                what: "a row".to_owned(),
                cause,
            },
            _ => StoreError::Failed { cause },
        }
    }
}
