//! DYMO LabelWriter 3xx and 4xx: binary commands, one row per command.
//!
//! | bytes | meaning |
//! |---|---|
//! | `1B 40` | known state |
//! | `1B 44 n` | bytes per row |
//! | `1B 4C hi lo` | length of the label in rows; negative for continuous stock |
//! | `1B 68` | equal resolution both ways |
//! | `16` data | a row, n bytes, 1 is black |
//! | `17` runs | a row in runs: top bit the colour, the rest dots - 1, until it is full |
//! | `1B 47` / `1B 45` | short feed between labels / form feed after the last |
//! | `1B 41` | one byte: bit 0 ready, 1 top of form, 5 no paper, 6 jam, 7 error |
//!
//! A status of 03 is ready, 01 is in the middle of a job.
//!
//! Sources: the public LabelWriter 450 reference, LPrint, a public driver (MIT). There is no count
//! of copies: the rows are sent again. Doubts: the coding of runs is from general knowledge, so a
//! profile that says `hex` sends plain rows only; whether the darkness commands stay after a
//! job is open, so none is sent. The 550 series and the Wireless speak another protocol, which is
//! not this language. A cut row is filled up with escapes, as the reference says; there are enough
//! of them for the widest head.

use super::raster::{self, Limits};
use super::{
    Compression, EncodeError, JobOptions, Language, PrinterStatus, Query, QueryKind, Reply,
};
use crate::bitmap::{BitmapView, Resolution};

/// Bytes of the widest head (4XL).
const ROW_BYTES_MAX: usize = 156;
/// Longest run of dots.
const RUN_MAX: usize = 128;
const LIMITS: Limits = Limits {
    width_dots: 1248,
    height_dots: 32_000,
    copies: 9,
};

static RESYNC: [u8; ROW_BYTES_MAX + 3] = raster::filler(0x1B, b"\x1B@");

static QUERIES: [Query; 1] = [Query {
    name: "status",
    kind: QueryKind::Status,
    bytes: b"\x1BA",
}];

/// The language of LabelWriters up to the 450 series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dymo;

impl Language for Dymo {
    fn id(&self) -> &'static str {
        "dymo"
    }

    fn encode(
        &self,
        picture: &BitmapView<'_>,
        _resolution: Resolution,
        options: &JobOptions,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        LIMITS.check(picture, options)?;
        out.reserve(picture.bits().len() + 256);
        let continuous = options.stock.is_some_and(|s| s.gap.um() <= 0);
        let rows = u16::try_from(picture.height()).unwrap_or(u16::MAX);
        let [hi, lo] = if continuous { u16::MAX } else { rows }.to_be_bytes();
        let bytes = u8::try_from(picture.stride()).unwrap_or(u8::MAX);
        out.extend_from_slice(&[
            0x1B, b'@', 0x1B, b'D', bytes, 0x1B, b'L', hi, lo, 0x1B, b'h',
        ]);
        let start = out.len();
        let mut packed = Vec::with_capacity(ROW_BYTES_MAX);
        for y in 0..picture.height() {
            let row = picture.row(y);
            packed.clear();
            if options.compression != Compression::Hex && runs(row, &mut packed) {
                out.push(0x17);
                out.extend_from_slice(&packed);
            } else {
                out.push(0x16);
                out.extend_from_slice(row);
            }
        }
        let end = out.len();
        for _ in 1..options.copies {
            out.extend_from_slice(b"\x1BG");
            out.extend_from_within(start..end);
        }
        out.extend_from_slice(b"\x1BE");
        Ok(())
    }

    fn resync(&self) -> &'static [u8] {
        &RESYNC
    }

    fn queries(&self) -> &'static [Query] {
        &QUERIES
    }

    /// Neither ready nor faulty is busy; a jam or another error needs a hand.
    fn parse_reply(&self, _query: &Query, bytes: &[u8]) -> Reply {
        let Some(byte) = bytes.first() else {
            return Reply::Incomplete;
        };
        if byte & 0x18 != 0 {
            return Reply::Unknown(1);
        }
        let bit = |n: u8| byte >> n & 1 == 1;
        let status = PrinterStatus {
            paper_out: bit(5),
            paused: bit(6) || (bit(7) && !bit(5)),
            labels_remaining: u32::from(byte & 0xE3 == 0x01),
            ..PrinterStatus::default()
        };
        Reply::Status(status, 1)
    }
}

/// Codes a row in runs; false if that is no shorter than the row itself.
fn runs(row: &[u8], out: &mut Vec<u8>) -> bool {
    let (mut black, mut run) = (false, 0_usize);
    for byte in row {
        // A whole byte of the colour at hand, the usual case.
        if *byte == if black { 0xFF } else { 0 } {
            run += 8;
            continue;
        }
        let (mut rest, mut left) = (*byte, 8_u32);
        while left > 0 {
            let ones = if black { rest } else { !rest };
            let same = ones.leading_ones().min(left);
            run += usize::try_from(same).unwrap_or_default();
            left -= same;
            rest = rest.checked_shl(same).unwrap_or(0);
            if left > 0 {
                put_run(black, run, out);
                (black, run) = (!black, 0);
            }
        }
        if out.len() >= row.len() {
            return false;
        }
    }
    put_run(black, run, out);
    out.len() < row.len()
}

fn put_run(black: bool, mut dots: usize, out: &mut Vec<u8>) {
    let colour = if black { 0x80 } else { 0 };
    while dots > 0 {
        let run = dots.min(RUN_MAX);
        out.push(colour | u8::try_from(run - 1).unwrap_or(0));
        dots -= run;
    }
}
