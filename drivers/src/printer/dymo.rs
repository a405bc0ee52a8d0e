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
//! | `1B 56` | ten characters of version |
//!
//! A status of 03 is ready, 01 is in the middle of a job.
//!
//! Proof: `drained` is a status in the middle of a job and then 03. The status names no job and
//! there is no label counter, so `counted` is never claimed.
//!
//! Recovery: the printer holds no label, it prints what comes; after paper out or a jam the rest is
//! lost or printed where it stopped, and it is not sent again by us.
//!
//! Sources: the public LabelWriter 450 reference, LPrint, a public driver (MIT). There is no count
//! of copies: the rows are sent again. Doubts: the coding of runs is from general knowledge, so a
//! profile that says `hex` sends plain rows only; whether the darkness commands stay after a
//! job is open, so none is sent. The 550 series and the Wireless speak another protocol:
//! `dymo-550` and `dymo-wireless`. Some 330 Turbo answer 05, which is no status here. A cut row is filled up with escapes, as the reference says; there are enough
//! of them for the widest head.

use super::raster::{self, Limits};
use super::{
    Compression, Details, EncodeError, JobOptions, Language, PrinterIdentity, PrinterStatus, Proof,
    Query, QueryKind, Reply,
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

static QUERIES: [Query; 2] = [
    Query {
        name: "status",
        kind: QueryKind::Status,
        bytes: b"\x1BA",
    },
    Query {
        name: "version",
        kind: QueryKind::Identity,
        bytes: b"\x1BV",
    },
];
const VERSION_BYTES: usize = 10;

const BITS: &[(u8, PrinterStatus)] = &[
    (0x20, PrinterStatus::PAPER_OUT),
    (0x40, PrinterStatus::detail(Details::JAM)),
];

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

    fn proof(&self) -> Proof {
        Proof::STATUS
    }

    fn queries(&self) -> &'static [Query] {
        &QUERIES
    }

    /// Ready but not at the top of a form is busy; the error bit is set without paper too.
    fn parse_reply(&self, query: &Query, bytes: &[u8]) -> Reply {
        if query.kind == QueryKind::Identity {
            return version(bytes);
        }
        let Some(byte) = bytes.first() else {
            return Reply::Incomplete;
        };
        // Bits 2 to 4 mean nothing.
        if byte & 0x1C != 0 {
            return Reply::Unknown(1);
        }
        let mut status = PrinterStatus::of_bits(*byte, BITS);
        status.labels_remaining = u32::from(byte & 0xE3 == 0x01);
        // The error bit without a word about paper; and not ready without a word why.
        if byte & 0xA0 == 0x80 || byte & 0xE1 == 0 {
            status = status.and(PrinterStatus::detail(Details::PRINTER_FAULT));
        }
        Reply::Status(status, 1)
    }
}

fn version(bytes: &[u8]) -> Reply {
    let mut start = bytes.iter().take(VERSION_BYTES);
    if !start.all(|b| (b' '..=b'~').contains(b)) {
        return Reply::Unknown(1);
    }
    match bytes.get(..VERSION_BYTES) {
        Some(text) => {
            let identity = PrinterIdentity {
                firmware: String::from_utf8_lossy(text).trim().to_owned(),
                ..PrinterIdentity::default()
            };
            Reply::Identity(identity, VERSION_BYTES)
        }
        None => Reply::Incomplete,
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
