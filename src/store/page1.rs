//! A copy of the first page beside the database. Page 1 holds the file header and the schema:
//! when it is hit, nothing else can be found, although nearly everything is still there. Page 1
//! changes its meaning only with a migration, so an old copy with a corrected size serves.
//!
//! File `firstscan.page1`: the page, the epoch as 4 bytes big-endian, SHA-256 over both.

use super::error::StoreError;
use super::open::sync_folder;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// SQLite's page size here (its default, and fixed once a file exists).
pub(super) const PAGE_BYTES: usize = 4096;
/// First bytes of every SQLite 3 file ("Database File Format", 1.3).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const HASH_BYTES: usize = 32;

/// What the copy holds.
#[derive(Debug, Clone)]
pub(super) struct Page1 {
    pub page: Vec<u8>,
    pub epoch: u32,
}

fn copy_path(db: &Path) -> PathBuf {
    db.with_extension("page1")
}

/// Notes the page of a sound database, if it changed its meaning.
pub(super) fn note(db: &Path, epoch: u32) -> Result<(), StoreError> {
    let mut page = vec![0; PAGE_BYTES];
    let read = File::open(db).and_then(|mut f| f.read_exact(&mut page));
    // A database that lives in its log alone has no page yet; the next start notes it.
    if read.is_err() || !page.starts_with(MAGIC) {
        return Ok(());
    }
    if let Some(known) = load(db)
        && known.epoch == epoch
        && known.page[100..] == page[100..]
    {
        return Ok(());
    }
    let mut content = page;
    content.extend(epoch.to_be_bytes());
    let hash = Sha256::digest(&content);
    content.extend(hash);
    let (path, part) = (copy_path(db), db.with_extension("page1.part"));
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&part)?;
        file.write_all(&content)?;
        file.sync_all()?;
        std::fs::rename(&part, &path)
    };
    write().map_err(|e| StoreError::io("write", &path, &e))?;
    sync_folder(db.parent().unwrap_or(Path::new(".")))
}

/// The copy, if it is there and whole.
pub(super) fn load(db: &Path) -> Option<Page1> {
    let mut content = Vec::new();
    let limit = u64::try_from(PAGE_BYTES + 4 + HASH_BYTES + 1).ok()?;
    File::open(copy_path(db))
        .ok()?
        .take(limit)
        .read_to_end(&mut content)
        .ok()?;
    let (body, hash) = content.split_at_checked(PAGE_BYTES + 4)?;
    if Sha256::digest(body).as_slice() != hash {
        return None;
    }
    let (page, epoch) = body.split_at(PAGE_BYTES);
    let epoch = u32::from_be_bytes(epoch.try_into().ok()?);
    Some(Page1 {
        page: page.to_vec(),
        epoch,
    })
}

/// Writes the copy over the first page of `db`, with the size corrected to that of the file and
/// an empty list of free pages (offsets of "Database File Format", 1.3).
pub(super) fn patch(db: &Path, known: &Page1) -> std::io::Result<()> {
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(db)?;
    let pages = file.metadata()?.len().div_ceil(PAGE_BYTES as u64).max(1);
    let mut page = known.page.clone();
    let pages = u32::try_from(pages).unwrap_or(u32::MAX).to_be_bytes();
    let change_counter: [u8; 4] = [page[24], page[25], page[26], page[27]];
    page[28..32].copy_from_slice(&pages);
    page[32..40].fill(0);
    page[92..96].copy_from_slice(&change_counter);
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&page)?;
    file.sync_all()
}
