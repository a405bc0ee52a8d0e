//! ESC/POS (receipt printers): raster bands by `GS v 0`, printed as they come.
//!
//! | bytes | meaning |
//! |---|---|
//! | `1B 40` | known state |
//! | `1D 76 30 00 xL xH yL yH` data | raster, x in bytes, y in rows, 1 is black |
//! | `1D 56 41 00` | feeds to the cutter and cuts |
//! | `1B 64 n` | feeds n lines, for a tear bar |
//! | `10 04 n` | asks: 1 printer, 2 cause of being offline, 3 error, 4 paper; answers `0xx1xx10` |
//! | `10 05 02` | after an error: forget what is left, and go on |
//! | `1D 49 n` | asks: 65 firmware, 67 model; answers `5F` text `00` |
//! | `1D 28 48 06 00 30 30` d (4) | answers `37 22` d (4) `00` once all before is printed |
//! | `1D 61 n` | answers four bytes by itself at every change, the first one `0xx1xx00` |
//!
//! Told apart by their bits, however mixed: `0xx1xx10` answers `10 04`, `0xx1xx00` begins the four
//! bytes of the automatic status (the others are `0xx0xxxx`), `0xx0xxxx` alone answers queued
//! questions, 11 and 13 are XON and XOFF, 37, 53 and 5F begin a text that ends 00.
//!
//! Proof: `drained` is the answer to `1D 28 48` with this label's own token. The other answers tell
//! nothing about work in progress, so busy and idle prove nothing here. There is no label counter,
//! so `counted` is never claimed. Models without the command (TM-T88III) stay silent: a label is
//! then only `sent`.
//!
//! Recovery: after paper or cover the printer goes on where it stopped; after a cutter fault it
//! waits for `10 05`. A new connection begins with zeros for a cut band and `10 05 02`,
//! which acts in an error only.
//!
//! Sources: Epson's public command reference. There is no count of copies: the picture is sent
//! again. Blank rows are sent too, because the unit of a feed differs by model.
//!
//! Doubts: printers act on `10 04 n` even inside raster data, so a picture that holds it by chance
//! makes a stray answer; dots are not changed for that. Zeros fill up a cut band, outside of data
//! they are passed over; what was received before the cut is on paper already.

mod said;

use super::raster::{self, Limits};
use super::{
    Counted, Drained, EncodeError, FaultsQuery, FaultsReply, JobOptions, Language, Notice,
    PrintMode, PrinterFaults, Proof, Query, QueryKind, Reply,
};
use crate::bitmap::{BitmapView, Resolution};
use said::{ANSWER_BYTES_MAX, Said, digit, said, token_of};
use std::ops::Range;

/// One band at most; small receive buffers hold it.
const BAND_BYTES_MAX: usize = 4096;
const LIMITS: Limits = Limits {
    width_dots: 1280,
    height_dots: 32_000,
    copies: 9,
};
const INIT: &[u8] = b"\x1B@";
const CUT: &[u8] = b"\x1DVA\0";
const FEED: &[u8] = b"\x1Bd\x05";

/// Zeros first, or what follows would be read as the rest of a cut command's sizes.
static RESYNC: [u8; BAND_BYTES_MAX + 64] = raster::filler(0, b"\x10\x05\x02\x1B@");

static QUERIES: [Query; 2] = [
    Query {
        name: "status",
        kind: QueryKind::Status,
        bytes: b"\x10\x04\x01\x10\x04\x02\x10\x04\x03\x10\x04\x04",
    },
    Query {
        name: "model",
        kind: QueryKind::Identity,
        bytes: b"\x1DIC\x1DIA",
    },
];

static FAULTS: FaultsQuery = FaultsQuery {
    name: "dle-eot",
    bytes: b"\x10\x04\x01\x10\x04\x02\x10\x04\x04",
    parse: faults,
};

/// Bits 0 to 4.
const ERRORS: &[&str] = &["offline", "waiting", "head_open", "error", "paper_out"];
const WARNINGS: &[&str] = &["paper_low"];

/// The ESC/POS language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EscPos;

impl Language for EscPos {
    fn id(&self) -> &'static str {
        "escpos"
    }

    fn encode(
        &self,
        picture: &BitmapView<'_>,
        _resolution: Resolution,
        options: &JobOptions,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        LIMITS.check(picture, options)?;
        let [xl, xh] = half(picture.stride());
        out.reserve(picture.bits().len() + 512);
        let start = out.len();
        out.extend_from_slice(INIT);
        for band in raster::all_bands(*picture, BAND_BYTES_MAX) {
            let [yl, yh] = half(band.rows);
            out.extend_from_slice(&[0x1D, b'v', b'0', 0, xl, xh, yl, yh]);
            out.extend_from_slice(band.bits);
        }
        // A cut is a command here, not a setting: without one the label stays in the printer.
        out.extend_from_slice(match options.mode {
            None | Some(PrintMode::Cut) => CUT,
            Some(_) => FEED,
        });
        let end = out.len();
        for _ in 1..options.copies {
            out.extend_from_within(start..end);
        }
        Ok(())
    }

    fn resync(&self) -> &'static [u8] {
        &RESYNC
    }

    fn proof(&self) -> Proof {
        Proof {
            drained: Drained::Told,
            counted: Counted::Never,
            asked_while_printing: true,
        }
    }

    fn confirmation(&self, token: u32) -> Vec<u8> {
        let mut bytes = b"\x1D(H\x06\0\x30\x30".to_vec();
        bytes.extend((0..4).map(|n| digit(token >> (18 - 6 * n))));
        bytes
    }

    /// An automatic status or a confirmation, wherever it stands.
    fn notice(&self, bytes: &[u8]) -> Option<(Range<usize>, Notice)> {
        let mut at = 0;
        loop {
            if at > ANSWER_BYTES_MAX {
                return None;
            }
            let (said, used) = said(bytes.get(at..)?)?;
            let notice = match said {
                Said::Automatic(status) => Some(Notice::Status(status)),
                Said::Text([0x37, 0x22, token @ .., 0]) => {
                    token_of(token).map(|token| Notice::Printed { token: Some(token) })
                }
                Said::Flow => Some(Notice::Other),
                _ => None,
            };
            if let Some(notice) = notice {
                return Some((at..at + used, notice));
            }
            at += used;
        }
    }

    fn queries(&self) -> &'static [Query] {
        &QUERIES
    }

    fn faults_query(&self) -> Option<&'static FaultsQuery> {
        Some(&FAULTS)
    }

    fn parse_reply(&self, query: &Query, bytes: &[u8]) -> Reply {
        match query.kind {
            QueryKind::Identity => said::identity(bytes),
            _ => said::status(bytes),
        }
    }
}

fn half(n: usize) -> [u8; 2] {
    u16::try_from(n).unwrap_or(u16::MAX).to_le_bytes()
}

/// The three answers in the order of the questions.
fn faults(bytes: &[u8]) -> FaultsReply {
    let ([printer, cause, paper], used) = match said::real_time::<3>(bytes) {
        Ok(answers) => answers,
        Err(0) => return FaultsReply::Incomplete,
        Err(strange) => return FaultsReply::Unknown(strange),
    };
    let bits = [
        printer & 0x08 != 0,
        printer & 0x20 != 0,
        cause & 0x04 != 0,
        cause & 0x40 != 0,
        cause & 0x20 != 0 || paper & 0x60 != 0,
    ];
    let errors = bits
        .iter()
        .rev()
        .fold(0, |all, bit| all << 1 | u32::from(*bit));
    let warnings = u32::from(paper & 0x0C != 0);
    FaultsReply::Faults(
        PrinterFaults::new(errors, warnings, (ERRORS, WARNINGS)),
        used,
    )
}
