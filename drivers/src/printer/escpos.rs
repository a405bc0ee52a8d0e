//! ESC/POS (receipt printers): raster bands by `GS v 0`, printed as they come.
//!
//! | bytes | meaning |
//! |---|---|
//! | `1B 40` | known state |
//! | `1D 76 30 00 xL xH yL yH` data | raster, x in bytes, y in rows, 1 is black |
//! | `1D 56 41 00` | feeds to the cutter and cuts |
//! | `1B 64 n` | feeds n lines, for a tear bar |
//! | `10 04 n` | asks: 1 printer, 2 cause of being offline, 4 paper; answers `0xx1xx10` |
//!
//! Sources: Epson's public command reference. There is no count of copies: the picture is sent
//! again. Blank rows are sent too, because the unit of a feed differs by model. The answers to
//! `10 04` tell faults and nothing about work in progress, so they are faults, never a status.
//!
//! Doubts: printers act on `10 04 n` even inside raster data, so a picture that holds it by chance
//! makes a stray answer; dots are not changed for that. Zeros fill up a cut band, outside of data
//! they are passed over; what was received before the cut is on paper already.

use super::raster::{self, Limits};
use super::{
    EncodeError, FaultsQuery, FaultsReply, JobOptions, Language, PrintMode, PrinterFaults, Query,
    Reply,
};
use crate::bitmap::{BitmapView, Resolution};

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

static RESYNC: [u8; BAND_BYTES_MAX + 64] = raster::filler(0, INIT);

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

    fn queries(&self) -> &'static [Query] {
        &[]
    }

    fn faults_query(&self) -> Option<&'static FaultsQuery> {
        Some(&FAULTS)
    }

    fn parse_reply(&self, _query: &Query, bytes: &[u8]) -> Reply {
        Reply::Unknown(bytes.len())
    }
}

fn half(n: usize) -> [u8; 2] {
    u16::try_from(n).unwrap_or(u16::MAX).to_le_bytes()
}

/// The three answers in the order of the questions.
fn faults(bytes: &[u8]) -> FaultsReply {
    let answer = |b: &u8| b & 0x93 == 0x12;
    if let Some(strange) = bytes.iter().take(3).position(|b| !answer(b)) {
        return FaultsReply::Unknown(strange + 1);
    }
    let [printer, cause, paper, ..] = *bytes else {
        return FaultsReply::Incomplete;
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
    FaultsReply::Faults(PrinterFaults::new(errors, warnings, (ERRORS, WARNINGS)), 3)
}
