//! Rows of dots into the data of a `^GFA` command: `:Z64:`, run lengths or plain hex.
//!
//! The whole page goes through here for every label, so it works on bytes, not on dots, and
//! appends to what the caller already has.

use super::super::Compression;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compress, FlushCompress, Status};

/// What to spend on fewer bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// The transport is quicker than a better compression would be.
    Quick,
    /// Every byte takes longer to travel than to compress.
    Small,
}

impl Effort {
    /// zlib's level. Measured on a full 4 x 6 in page at 203 dpi: level 5 is done in 0.47 ms, and
    /// every quicker one costs more time on a USB cable than it saves; level 8 takes 1.8 ms for
    /// 7 % fewer bytes, level 9 twice that for more bytes.
    fn level(self) -> flate2::Compression {
        flate2::Compression::new(match self {
            Effort::Quick => 5,
            Effort::Small => 8,
        })
    }
}

/// Appends whole rows of `stride` bytes as `^GFA` data.
pub fn push(
    rows: &[u8],
    stride: usize,
    compression: Compression,
    effort: Effort,
    out: &mut Vec<u8>,
) {
    match compression {
        Compression::Hex => push_hex(rows, out),
        Compression::Acs => push_acs(rows, stride, out),
        Compression::Z64 => push_z64(rows, effort, out),
    }
}

/// Number of characters of `bytes` in base64 with padding.
fn base64_length(bytes: usize) -> usize {
    bytes.div_ceil(3).saturating_mul(4)
}

fn push_z64(rows: &[u8], effort: Effort, out: &mut Vec<u8>) {
    // Compressing into memory cannot fail; if it ever did, plain hex is still right.
    let Some(packed) = deflate(rows, effort) else {
        push_hex(rows, out);
        return;
    };
    let before = out.len();
    out.extend_from_slice(b":Z64:");
    let start = out.len();
    out.resize(start.saturating_add(base64_length(packed.len())), 0);
    let text = out.get_mut(start..).unwrap_or_default();
    if STANDARD.encode_slice(&packed, text).is_err() {
        out.truncate(before);
        push_hex(rows, out);
        return;
    }
    let crc = crc16(text);
    out.extend_from_slice(format!(":{crc:04X}").as_bytes());
}

/// A zlib stream.
fn deflate(rows: &[u8], effort: Effort) -> Option<Vec<u8>> {
    let mut zlib = Compress::new(effort.level(), true);
    let mut packed = Vec::with_capacity(rows.len() / 4 + 128);
    loop {
        let done = usize::try_from(zlib.total_in()).ok()?;
        let rest = rows.get(done..)?;
        let status = zlib.compress_vec(rest, &mut packed, FlushCompress::Finish);
        match status.ok()? {
            Status::StreamEnd => return Some(packed),
            Status::Ok | Status::BufError => packed.reserve(packed.capacity().max(128)),
        }
    }
}

const fn nibble(value: u8) -> u8 {
    if value < 10 {
        b'0' + value
    } else {
        b'A' + (value - 10)
    }
}

fn push_hex(rows: &[u8], out: &mut Vec<u8>) {
    out.reserve(rows.len().saturating_mul(2));
    out.extend(rows.iter().flat_map(|b| [nibble(b >> 4), nibble(b & 0x0F)]));
}

fn push_acs(rows: &[u8], stride: usize, out: &mut Vec<u8>) {
    let mut above: Option<&[u8]> = None;
    for row in rows.chunks(stride.max(1)) {
        if above == Some(row) {
            out.push(b':');
        } else {
            push_acs_row(row, out);
        }
        above = Some(row);
    }
}

/// One row: runs of nibbles, the last one as "rest of the row" if it is white or black.
fn push_acs_row(row: &[u8], out: &mut Vec<u8>) {
    let Some(first) = row.first() else {
        return;
    };
    let (mut value, mut run) = (first >> 4, 0_usize);
    let mut rest = row;
    while let Some(byte) = rest.first().copied() {
        let (high, low) = (byte >> 4, byte & 0x0F);
        if high != value {
            push_run(run, value, out);
            (value, run) = (high, 0);
        }
        if high == low {
            let same = rest.iter().take_while(|b| **b == byte).count();
            run = run.saturating_add(same.saturating_mul(2));
            rest = rest.get(same..).unwrap_or_default();
        } else {
            push_run(run.saturating_add(1), value, out);
            (value, run) = (low, 1);
            rest = rest.get(1..).unwrap_or_default();
        }
    }
    match value {
        0x0 => out.push(b','),
        0xF => out.push(b'!'),
        _ => push_run(run, value, out),
    }
}

/// `G`..`Y` stand for 1..19, `g`..`z` for 20..400 in steps of 20; the digit follows.
fn push_run(run: usize, value: u8, out: &mut Vec<u8>) {
    if run <= 2 {
        out.extend(std::iter::repeat_n(nibble(value), run));
        return;
    }
    let mut left = run;
    while left >= 400 {
        out.push(b'z');
        left -= 400;
    }
    if left >= 20 {
        out.push(b'f' + u8::try_from(left / 20).unwrap_or(0));
        left %= 20;
    }
    if left > 0 {
        out.push(b'F' + u8::try_from(left).unwrap_or(0));
    }
    out.push(nibble(value));
}

/// Row `k`: what a byte adds to the checksum when `k` more bytes follow it.
const CRC: [[u16; 256]; 8] = crc_tables();

const fn crc_tables() -> [[u16; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = (byte as u16) << 8;
        let mut step = 0;
        while step < 64 {
            crc = (crc << 1) ^ if crc & 0x8000 == 0 { 0 } else { 0x1021 };
            step += 1;
            if step % 8 == 0 {
                tables[step / 8 - 1][byte] = crc;
            }
        }
        byte += 1;
    }
    tables
}

/// CRC-16/CCITT, polynomial 1021, initial value 0, as it stands behind `:Z64:` and `:B64:` text.
pub fn crc16(bytes: &[u8]) -> u16 {
    let look = |table: usize, byte: u8| CRC[table & 7][usize::from(byte)];
    let (eights, rest) = bytes.as_chunks::<8>();
    let crc = eights.iter().fold(0_u16, |crc, [a, b, c, d, e, f, g, h]| {
        let [high, low] = crc.to_be_bytes();
        let near = look(7, a ^ high) ^ look(6, b ^ low) ^ look(5, *c) ^ look(4, *d);
        near ^ look(3, *e) ^ look(2, *f) ^ look(1, *g) ^ look(0, *h)
    });
    rest.iter().fold(crc, |crc, byte| {
        let [high, low] = crc.to_be_bytes();
        (u16::from(low) << 8) ^ look(0, byte ^ high)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crc_bit_by_bit(bytes: &[u8]) -> u16 {
        bytes.iter().fold(0, |crc, byte| {
            (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
                (crc << 1) ^ if crc & 0x8000 == 0 { 0 } else { 0x1021 }
            })
        })
    }

    #[test]
    fn the_checksum_is_the_one_defined_bit_by_bit() {
        let bytes: Vec<u8> = (0..1000_u32).map(|n| ((n * n) >> 3) as u8).collect();
        for length in (0..40).chain([999, 1000]) {
            assert_eq!(
                crc16(&bytes[..length]),
                crc_bit_by_bit(&bytes[..length]),
                "{length}"
            );
        }
        assert_eq!(crc16(b"123456789"), 0x31C3);
    }

    #[test]
    fn rows_become_the_shortest_run_lengths() {
        let acs = |rows: &[u8], stride| {
            let mut out = Vec::new();
            push_acs(rows, stride, &mut out);
            String::from_utf8(out).unwrap_or_default()
        };
        assert_eq!(acs(&[0xFF, 0xFF, 0x00, 0x00], 4), "JF,");
        assert_eq!(acs(&[0x0F, 0xFF, 0xF0, 0x0F], 4), "0JF00!");
        assert_eq!(acs(&[0xAB, 0xBB, 0xBB, 0xBA], 4), "ALBA");
        assert_eq!(acs(&[0xAB, 0xAB, 0xAB, 0xAB], 2), "ABAB:");
        assert_eq!(acs(&[vec![0xAA; 205], vec![0]].concat(), 206), "zPA,");
        assert_eq!(acs(&[0x11, 0x11, 0x11], 3), "L1");
        assert_eq!(acs(&[0x00, 0x00, 0xFF], 1), ",:!");
        assert_eq!(acs(&[], 0), "");
    }
}
