//! EPL2 (Eltron, older Zebra desktop printers): text lines, raster by `GW`.
//!
//! | bytes | meaning |
//! |---|---|
//! | `N` | clears the picture; lines end LF, the first one is empty |
//! | `qW` `QL,G` | width of the stock; its length and gap in dots, gap 0 for continuous stock |
//! | `R0,0` `ZT` | origin and direction: a foreign label may have left others |
//! | `GWx,y,bytes,rows,` data LF | raster, **1 is white**, first dot is the top bit |
//! | `Pn` | prints n labels |
//! | `^ee` | answers two digits, CR LF: 00 well, else an error; two codes as `XX,YY` |
//!
//! Sources: Zebra's public EPL2 manual and its `GW` article. Doubts: codes above 50 differ by
//! firmware, so unknown ones are an answer that says nothing; `Q` is left out for unknown stock,
//! the printer then keeps what it measured. A cut in the middle of `GW` makes the printer wait for
//! the rest of the data: line feeds fill it up, which are empty lines everywhere else.

use super::raster::{self, COPIES_MAX, Limits, put};
use super::{EncodeError, JobOptions, Language, PrinterStatus, Query, QueryKind, Reply};
use crate::bitmap::{BitmapView, Resolution};

/// One `GW` at most; also the length of the filler after a cut.
const BAND_BYTES_MAX: usize = 2048;
const LIMITS: Limits = Limits {
    width_dots: 1280,
    height_dots: 65_535,
    copies: COPIES_MAX,
};
const FILLER: usize = BAND_BYTES_MAX + 64;

static RESYNC: [u8; FILLER] = raster::filler(b'\n', b"\nN\n");

static QUERIES: [Query; 1] = [Query {
    name: "ee",
    kind: QueryKind::Status,
    bytes: b"\n^ee\n",
}];

/// The EPL2 language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Epl2;

impl Language for Epl2 {
    fn id(&self) -> &'static str {
        "epl2"
    }

    fn encode(
        &self,
        picture: &BitmapView<'_>,
        resolution: Resolution,
        options: &JobOptions,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        LIMITS.check(picture, options)?;
        out.reserve(picture.bits().len() + 256);
        put(&format!("\nN\nq{}\n", picture.width()), out);
        if let Some(stock) = options.stock {
            let (height, gap) = (picture.height(), resolution.dots(stock.gap));
            put(&format!("Q{height},{gap}\n"), out);
        }
        put("R0,0\nZT\n", out);
        for band in raster::inked_bands(*picture, BAND_BYTES_MAX) {
            let (y, rows, stride) = (band.y, band.rows, picture.stride());
            put(&format!("GW0,{y},{stride},{rows},"), out);
            raster::put_inverted(band.bits, out);
            out.push(b'\n');
        }
        put(&format!("P{}\n", options.copies), out);
        Ok(())
    }

    fn resync(&self) -> &'static [u8] {
        &RESYNC
    }

    fn queries(&self) -> &'static [Query] {
        &QUERIES
    }

    fn parse_reply(&self, _query: &Query, bytes: &[u8]) -> Reply {
        const ANSWER_BYTES_MAX: usize = 5;
        let Some(end) = bytes.iter().position(|b| *b == b'\n') else {
            return if bytes.len() > ANSWER_BYTES_MAX + 2 {
                Reply::Unknown(1)
            } else {
                Reply::Incomplete
            };
        };
        let used = end + 1;
        let line = bytes.get(..end).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let mut status = PrinterStatus::default();
        let known = line.split(|b| *b == b',').all(|c| code(c, &mut status));
        if known && line.len() <= ANSWER_BYTES_MAX {
            Reply::Status(status, used)
        } else {
            Reply::Unknown(used)
        }
    }
}

/// Adds what a code means; false for a code that says nothing about the printer. 07 is paper or
/// ribbon: reported as paper, which sends a hand to the printer all the same.
fn code(code: &[u8], status: &mut PrinterStatus) -> bool {
    match code {
        b"00" => {}
        b"04" => status.buffer_full = true,
        b"07" => status.paper_out = true,
        b"11" => status.head_open = true,
        b"12" => status.paused = true,
        b"13" | b"14" => status.over_temperature = true,
        b"50" => status.labels_remaining = 1,
        b"62" => status.under_temperature = true,
        _ => return false,
    }
    true
}
