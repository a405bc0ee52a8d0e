//! Looks at the write-ahead log before SQLite does. SQLite silently ignores everything from the
//! first frame that does not check; after a crash that is right for the last transaction, which
//! nobody was told about. More than one finished transaction behind that point means that
//! acknowledged commits are gone, and their numbers must not be used again.
//!
//! Layout: "WAL File Format" of the SQLite documentation ("Database File Format", 4): header of 32
//! bytes, frames of 24 bytes and a page; checksums over pairs of 32-bit words.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// Last bit tells the byte order of the checksums.
const MAGIC: u32 = 0x377f_0682;
/// Largest page SQLite knows.
const PAGE_BYTES_MAX: usize = 65_536;

/// Says what is wrong with a log, if acknowledged commits are lost in it.
pub(super) fn damage(path: &Path) -> Option<String> {
    let file = File::open(path).ok()?;
    let len = file.metadata().ok()?.len();
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut header = [0; HEADER_BYTES];
    if len <= HEADER_BYTES as u64 {
        return None;
    }
    reader.read_exact(&mut header).ok()?;
    let big_endian = word(&header, 0, true) & 1 == 1;
    let page_bytes = usize::try_from(word(&header, 8, true)).ok()?;
    let header_sum = sum((0, 0), &header[..24], big_endian);
    let sound = word(&header, 0, true) & !1 == MAGIC
        && (512..=PAGE_BYTES_MAX).contains(&page_bytes)
        && page_bytes.is_power_of_two()
        && header_sum == (word(&header, 24, true), word(&header, 28, true));
    if !sound {
        return Some("the write-ahead log has a broken header".to_owned());
    }
    let lost = commits_behind_the_break(&mut reader, &header, page_bytes, big_endian, header_sum);
    (lost > 1).then(|| format!("the write-ahead log is broken before {lost} finished commits"))
}

/// Counts finished transactions of this log behind its first frame that does not check.
fn commits_behind_the_break(
    reader: &mut impl Read,
    header: &[u8],
    page_bytes: usize,
    big_endian: bool,
    header_sum: (u32, u32),
) -> u32 {
    let mut frame = vec![0; FRAME_HEADER_BYTES + page_bytes];
    let (mut running, mut broken, mut commits) = (header_sum, false, 0);
    while reader.read_exact(&mut frame).is_ok() {
        // Frames of an earlier round of the log carry other salts.
        if frame[8..16] != header[16..24] {
            broken = true;
            continue;
        }
        if !broken {
            running = sum(running, &frame[..8], big_endian);
            running = sum(running, &frame[FRAME_HEADER_BYTES..], big_endian);
            broken = running != (word(&frame, 16, true), word(&frame, 20, true));
        }
        if broken && word(&frame, 4, true) != 0 {
            commits += 1;
        }
    }
    commits
}

/// The checksum of the format: two running sums over pairs of words.
fn sum(start: (u32, u32), bytes: &[u8], big_endian: bool) -> (u32, u32) {
    bytes.chunks_exact(8).fold(start, |(a, b), pair| {
        let a = a.wrapping_add(word(pair, 0, big_endian)).wrapping_add(b);
        let b = b.wrapping_add(word(pair, 4, big_endian)).wrapping_add(a);
        (a, b)
    })
}

fn word(bytes: &[u8], at: usize, big_endian: bool) -> u32 {
    let four = [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
    if big_endian {
        u32::from_be_bytes(four)
    } else {
        u32::from_le_bytes(four)
    }
}
