//! `^GFA` graphics: hex, ACS run lengths, `:B64:` and `:Z64:`; both ways.
//!
//! ACS: `G`..`Y` repeat the next nibble 1..19 times, `g`..`z` 20..400 in steps of 20; `,` fills
//! the row with white, `!` with black, `:` repeats the row above.

use super::super::Compression;
use super::pack::{self, Effort};
use crate::bitmap::{Bitmap, BitmapView};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::ZlibDecoder;
use std::cmp::Ordering;
use std::io::Read;

pub use super::pack::crc16;

/// Largest graphic accepted, in bytes of raster.
pub const RASTER_BYTES_MAX: usize = 8 << 20;

/// Why a graphic cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphicError {
    #[error("graphic parameters make no sense: want A,total,total,bytes-per-row,data")]
    Parameters,
    #[error("graphic data holds {0:?}, which is no digit or run length there")]
    Data(char),
    #[error("graphic data ends early: the transfer was cut or the announced size is wrong")]
    Short,
    #[error("graphic data is no valid base64 or zlib: the transfer was damaged")]
    Packed,
    #[error("graphic checksum is wrong: the transfer was damaged")]
    Checksum,
    #[error("graphic is larger than {RASTER_BYTES_MAX} bytes")]
    Large,
}

/// Appends `^GFA,...` for a picture.
pub fn encode(picture: &BitmapView<'_>, compression: Compression, out: &mut Vec<u8>) {
    push(
        picture.bits(),
        picture.stride(),
        compression,
        Effort::Quick,
        out,
    );
}

/// Appends `^GFA,...` for whole rows of `stride` bytes.
pub(super) fn push(
    rows: &[u8],
    stride: usize,
    compression: Compression,
    effort: Effort,
    out: &mut Vec<u8>,
) {
    let total = rows.len();
    out.extend_from_slice(format!("^GFA,{total},{total},{stride},").as_bytes());
    pack::push(rows, stride, compression, effort, out);
}

/// The picture of a `^GF` command's parameters (everything after `^GF`).
///
/// # Errors
/// [`GraphicError`], also for format C (compressed binary). The picture is whole bytes wide.
pub fn decode(parameters: &[u8]) -> Result<Bitmap, GraphicError> {
    decode_delimited(parameters, b',')
}

/// As [`decode`], after `^CD` made another character the delimiter.
///
/// # Errors
/// [`GraphicError`].
pub fn decode_delimited(parameters: &[u8], delimiter: u8) -> Result<Bitmap, GraphicError> {
    let mut parts = parameters.splitn(5, |b| *b == delimiter);
    let mut next = || parts.next().ok_or(GraphicError::Parameters);
    let kind = next()?;
    next()?;
    let total = number(next()?)?;
    let stride = number(next()?)?;
    let data = next()?;
    if total > RASTER_BYTES_MAX {
        return Err(GraphicError::Large);
    }
    if stride == 0 || total == 0 || total % stride != 0 {
        return Err(GraphicError::Parameters);
    }
    let bits = match kind {
        b"A" | b"a" => text_bits(data, total, stride)?,
        b"B" | b"b" => data.get(..total).ok_or(GraphicError::Parameters)?.to_vec(),
        _ => return Err(GraphicError::Parameters),
    };
    let size = |n: usize| u32::try_from(n).map_err(|_| GraphicError::Large);
    let width = size(stride.checked_mul(8).ok_or(GraphicError::Large)?)?;
    let height = size(total / stride)?;
    Bitmap::from_bits(width, height, bits).map_err(|_| GraphicError::Large)
}

fn number(text: &[u8]) -> Result<usize, GraphicError> {
    let text = std::str::from_utf8(text).map_err(|_| GraphicError::Parameters)?;
    text.trim().parse().map_err(|_| GraphicError::Parameters)
}

fn text_bits(data: &[u8], total: usize, stride: usize) -> Result<Vec<u8>, GraphicError> {
    let packed = [(b":Z64:".as_slice(), true), (b":B64:".as_slice(), false)];
    for (mark, deflated) in packed {
        if let Some(rest) = data.strip_prefix(mark) {
            return based(rest, total, deflated);
        }
    }
    hex_bits(data, total, stride)
}

fn based(rest: &[u8], total: usize, deflated: bool) -> Result<Vec<u8>, GraphicError> {
    let colon = rest
        .iter()
        .rposition(|b| *b == b':')
        .ok_or(GraphicError::Checksum)?;
    let (text, crc) = rest.split_at(colon);
    let crc = std::str::from_utf8(crc.get(1..).unwrap_or_default()).unwrap_or_default();
    let wanted = u16::from_str_radix(crc.trim(), 16).map_err(|_| GraphicError::Checksum)?;
    if crc16(text) != wanted {
        return Err(GraphicError::Checksum);
    }
    let bytes = STANDARD.decode(text).map_err(|_| GraphicError::Packed)?;
    let mut bits = Vec::new();
    if deflated {
        let limit = u64::try_from(total).unwrap_or(u64::MAX).saturating_add(1);
        let mut reader = ZlibDecoder::new(bytes.as_slice()).take(limit);
        reader
            .read_to_end(&mut bits)
            .map_err(|_| GraphicError::Packed)?;
    } else {
        bits = bytes;
    }
    match bits.len().cmp(&total) {
        Ordering::Equal => Ok(bits),
        Ordering::Less => Err(GraphicError::Short),
        Ordering::Greater => Err(GraphicError::Parameters),
    }
}

/// Nibbles written from the first row on; a run may cross rows, nothing may cross the end.
struct Nibbles {
    bits: Vec<u8>,
    /// Nibbles written.
    at: usize,
    row: usize,
}

impl Nibbles {
    fn left(&self) -> usize {
        self.bits.len().saturating_mul(2).saturating_sub(self.at)
    }

    fn row_left(&self) -> usize {
        self.row.saturating_sub(self.at % self.row)
    }

    fn put(&mut self, value: u8, count: usize) {
        let end = self.at.saturating_add(count.min(self.left()));
        while self.at < end {
            let byte = self.at / 2;
            if self.at.is_multiple_of(2) && end.saturating_sub(self.at) >= 2 {
                let last = end / 2;
                if let Some(run) = self.bits.get_mut(byte..last) {
                    run.fill((value << 4) | value);
                }
                self.at = last.saturating_mul(2);
                continue;
            }
            if let Some(byte) = self.bits.get_mut(byte) {
                *byte |= if self.at.is_multiple_of(2) {
                    value << 4
                } else {
                    value
                };
            }
            self.at = self.at.saturating_add(1);
        }
    }

    fn repeat_row(&mut self) -> Option<()> {
        let stride = self.row / 2;
        let above = (self.at / 2).checked_sub(stride)?;
        self.bits
            .copy_within(above..above.checked_add(stride)?, self.at / 2);
        self.at = self.at.saturating_add(self.row);
        Some(())
    }
}

/// Hex with run lengths. Data beyond the announced total is passed over, missing data is an error:
/// a printer would print such a label damaged.
fn hex_bits(data: &[u8], total: usize, stride: usize) -> Result<Vec<u8>, GraphicError> {
    let mut nibbles = Nibbles {
        bits: vec![0; total],
        at: 0,
        row: stride.checked_mul(2).ok_or(GraphicError::Large)?,
    };
    let mut repeat = 0_usize;
    for byte in data {
        if nibbles.left() == 0 {
            break;
        }
        let wrong = GraphicError::Data(char::from(*byte));
        match byte {
            b'\r' | b'\n' | b' ' | b'\t' => {}
            b'G'..=b'Y' => repeat = repeat.saturating_add(usize::from(byte - b'F')),
            b'g'..=b'z' => repeat = repeat.saturating_add(usize::from(byte - b'f') * 20),
            // Counts belong to digits only; between count and digit nothing else may stand.
            _ if repeat > 0 && !byte.is_ascii_hexdigit() => return Err(wrong),
            b',' => nibbles.put(0, nibbles.row_left()),
            b'!' => nibbles.put(0x0F, nibbles.row_left()),
            b':' if nibbles.at.is_multiple_of(nibbles.row) => nibbles.repeat_row().ok_or(wrong)?,
            _ => {
                let value = char::from(*byte).to_digit(16).ok_or(wrong)?;
                let count = std::mem::take(&mut repeat).max(1);
                nibbles.put(u8::try_from(value).unwrap_or(0), count);
            }
        }
    }
    if nibbles.left() == 0 {
        Ok(nibbles.bits)
    } else {
        Err(GraphicError::Short)
    }
}
