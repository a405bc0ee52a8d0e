-- Version 1. All tables keep a rowid: salvage copies and probes rows by it.
-- Comments stay outside the statements: SQLite stores those verbatim, and the whole schema must
-- fit into page 1 of the file, of which a copy is kept beside the database (see page1.rs).

-- The chain. `body` is the exact JSON that `hash` covers; the other columns repeat parts of it
-- for queries and are checked against it by verify.
CREATE TABLE events(seq INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, id TEXT NOT NULL UNIQUE,
 type TEXT NOT NULL, place TEXT, operator TEXT, subject TEXT NOT NULL, unix_ms INTEGER NOT NULL,
 body BLOB NOT NULL, prev_hash TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
CREATE INDEX events_subject ON events(subject, seq);

-- Why an epoch after the first began, and which numbers were lost before it.
CREATE TABLE epochs(epoch INTEGER PRIMARY KEY, first_seq INTEGER NOT NULL, body BLOB NOT NULL,
 anchor TEXT NOT NULL) STRICT;

-- Projections: what the reducer's state is, one row per record.
CREATE TABLE records(n INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL,
 live INTEGER NOT NULL, body TEXT NOT NULL, UNIQUE(kind, id)) STRICT;
CREATE INDEX records_kind ON records(kind, n);
CREATE INDEX records_live ON records(kind, n) WHERE live = 1;
CREATE TABLE codes(code TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
 PRIMARY KEY(kind, id, code)) STRICT;
CREATE INDEX codes_code ON codes(code);

-- The item master.
CREATE TABLE items(sku TEXT PRIMARY KEY NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE item_barcodes(sku TEXT NOT NULL, barcode TEXT NOT NULL,
 PRIMARY KEY(sku, barcode)) STRICT;
CREATE INDEX item_barcodes_barcode ON item_barcodes(barcode);

-- Names and addresses: the only rows that are ever erased.
CREATE TABLE persons(id TEXT PRIMARY KEY NOT NULL, salt TEXT NOT NULL, body TEXT NOT NULL) STRICT;

-- Label pictures, carriers' labels, manifests.
CREATE TABLE documents(sha256 TEXT PRIMARY KEY NOT NULL, format TEXT NOT NULL,
 bytes BLOB NOT NULL, created_ms INTEGER NOT NULL) STRICT;

-- Outbox: one cursor per sink; what it passed without delivery is in parked.
CREATE TABLE sinks(sink TEXT PRIMARY KEY NOT NULL, acked_through INTEGER NOT NULL,
 acked_ms INTEGER) STRICT;
CREATE TABLE parked(sink TEXT NOT NULL, seq INTEGER NOT NULL, subject TEXT NOT NULL,
 reason TEXT NOT NULL, attempts INTEGER NOT NULL, since_ms INTEGER NOT NULL,
 refused INTEGER NOT NULL, PRIMARY KEY(sink, seq)) STRICT;
CREATE INDEX parked_subject ON parked(sink, subject, seq);
CREATE TABLE receipts(n INTEGER PRIMARY KEY, sink TEXT NOT NULL, seq INTEGER NOT NULL,
 head TEXT NOT NULL, body TEXT NOT NULL, received_ms INTEGER NOT NULL) STRICT;

-- Answers already given, so that a repeated request gets the same one.
CREATE TABLE idempotency(key TEXT PRIMARY KEY NOT NULL, request_hash TEXT NOT NULL,
 response TEXT NOT NULL, created_ms INTEGER NOT NULL) STRICT;

CREATE TABLE meta(key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT;
