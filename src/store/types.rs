//! What goes into the store and what comes out.

use crate::domain::change::Change;
use crate::domain::event::{Clock, Draft};
use crate::domain::order::Address;
use serde::Serialize;
use std::path::PathBuf;

/// Largest stored event in bytes of JSON.
pub const EVENT_BYTES_MAX: usize = 1 << 20;
/// Largest stored document in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 32 << 20;
/// Largest stored answer or receipt in bytes.
pub const ANSWER_BYTES_MAX: usize = 1 << 20;
/// Longest key (document hash, idempotency key, sink name, person id, code) in bytes.
pub const KEY_BYTES_MAX: usize = 512;

/// Where and for whom to open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenOptions {
    /// The data folder; made if missing. Holds `firstscan.db` and its helpers.
    pub dir: PathBuf,
    /// Name of the station; must stay the same for the life of the folder.
    pub station: String,
    /// Disk budget in pages of 4096 bytes; `None` is up to the disk.
    pub pages_max: Option<u32>,
}

impl OpenOptions {
    /// A folder and a station, no budget.
    pub fn new(dir: impl Into<PathBuf>, station: impl Into<String>) -> Self {
        Self {
            dir: dir.into(),
            station: station.into(),
            pages_max: None,
        }
    }
}

/// What was found at open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Opened {
    /// Newest event number ever used, 0 for a fresh store.
    pub seq: u64,
    pub epoch: u32,
    /// What the next event will carry as `prev_hash`.
    pub head: String,
    /// True if this open made the database.
    pub fresh: bool,
    /// True if the database was a backup put into place: a new epoch began.
    pub restored: bool,
    /// Set if the database was damaged: raise an alarm with its text.
    pub salvaged: Option<SalvageReport>,
}

/// What a salvage saved. The projections may lag behind the events: replay them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SalvageReport {
    /// What was wrong with the file.
    pub cause: String,
    /// The untouched damaged file, kept for people.
    pub set_aside: PathBuf,
    /// Rows saved, by table name.
    pub saved: std::collections::BTreeMap<String, u64>,
    /// Events that were found again although SQLite could no longer reach them.
    pub carved: u64,
    /// Event numbers that are gone, as closed ranges; the tail is known only as far as cursors
    /// and receipts prove it.
    pub lost: Vec<(u64, u64)>,
    /// Tables of which something could not be read.
    pub incomplete: Vec<String>,
    /// One text for the alarm: what happened and what to do.
    pub alarm: String,
}

/// One atomic step: everything or nothing.
#[derive(Debug, Clone)]
pub struct Commit {
    /// In order; each becomes one event.
    pub drafts: Vec<Draft>,
    /// Written in order; a later change of the same record wins.
    pub changes: Vec<Change>,
    pub persons: Vec<NewPerson>,
    pub documents: Vec<NewDocument>,
    pub idempotency: Option<Idempotency>,
    /// Id of this run of the daemon.
    pub boot_id: String,
    pub clock: Clock,
}

impl Commit {
    /// A step without content.
    pub fn new(boot_id: impl Into<String>, clock: Clock) -> Self {
        Self {
            drafts: Vec::new(),
            changes: Vec::new(),
            persons: Vec::new(),
            documents: Vec::new(),
            idempotency: None,
            boot_id: boot_id.into(),
            clock,
        }
    }
}

/// An erasable address. Storing an id again replaces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPerson {
    pub id: String,
    /// Random; the hash in the events covers it, so a forgotten address cannot be guessed.
    pub salt: String,
    pub address: Address,
}

/// A stored address.
pub type Person = NewPerson;

/// A document to store. One that is already there is left as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDocument {
    /// Lower-case hex SHA-256 of `bytes`; checked.
    pub sha256: String,
    /// `png`, `pdf`, `jpeg`.
    pub format: String,
    pub bytes: Vec<u8>,
}

/// A stored document; its bytes were checked against their hash when read.
pub type StoredDocument = NewDocument;

/// A request's key and the answer it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    pub key: String,
    /// Hash of the request, to tell a repetition from a reused key.
    pub request_hash: String,
    pub response: String,
}

/// An upstream's proof that it has the chain up to an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Receipt {
    pub seq: u64,
    /// Hash of the event `seq`; checked against the chain when stored and by `verify`.
    pub head: String,
    /// The receipt as it came, such as JSON.
    pub body: String,
}

/// A stored receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StoredReceipt {
    pub sink: String,
    pub receipt: Receipt,
    pub received_ms: i64,
}

/// State of one outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Default)]
pub struct SinkState {
    /// Everything up to here is delivered or in the parked table.
    pub acked_through: u64,
    /// When something was last delivered.
    pub acked_ms: Option<i64>,
    /// Events not yet delivered, without those that wait for a person.
    pub waiting: u64,
    /// Refused events and those that wait behind them.
    pub parked: u64,
}

/// An event that passed the cursor without delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parked {
    pub seq: u64,
    pub subject: String,
    /// The event type.
    pub kind: String,
    pub reason: String,
    /// Refusals so far.
    pub attempts: u32,
    pub since_ms: i64,
    /// True: refused, waits for `unpark`. False: due as soon as no refused one of its subject is
    /// before it.
    pub refused: bool,
}

/// Result of checking the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    pub valid: bool,
    pub events: u64,
    /// Hash of the newest event, or what the next one will chain to.
    pub head: String,
    /// First event number that does not hold.
    pub broken_at: Option<u64>,
    /// Why, in words.
    pub reason: Option<String>,
    pub epochs: u32,
    /// Event numbers declared lost by a salvage, as closed ranges. They do not make the chain
    /// invalid, but nothing is proven about them.
    pub lost: Vec<(u64, u64)>,
    pub receipts_checked: u64,
}

/// What the store measured about itself since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
pub struct Stats {
    /// Transactions committed, and requests in them (group commit joins several).
    pub commits: u64,
    pub requests: u64,
    pub failed: u64,
    /// Time from BEGIN to the end of COMMIT in microseconds: of the last, the longest, and in sum.
    pub commit_us_last: u64,
    pub commit_us_max: u64,
    pub commit_us_sum: u64,
}
