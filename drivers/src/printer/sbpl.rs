//! SBPL (SATO): a job between `ESC A` and `ESC Z`, raster by `ESC GB` or `ESC GH`.
//!
//! | bytes | meaning |
//! |---|---|
//! | STX ... ETX | frame of a job; needed on serial lines, harmless elsewhere |
//! | `ESC A` | begins a job |
//! | `ESC Vnnnn` `ESC Hnnnn` | position in dots, from 1 |
//! | `ESC GBbbbccc` data | raster: bytes per row, rows / 8; 1 is black |
//! | `ESC GHbbbccc` hex | the same in hex |
//! | `ESC Qn` `ESC Z` | n labels; ends the job |
//! | `05` | answers STX, id (2), status letter, remaining (6), perhaps a job name (16), ETX |
//! | `18` | cancels what is received |
//!
//! Sources: public SBPL references of several models. A picture is rounded up to blocks of eight
//! rows with white ones. Doubts: letters `h` to `k` differ by model, all mean that a hand is
//! needed; the size command differs by model and is left out, the printer's own setting holds. The
//! compressing graphic commands are left out too, blank rows are skipped instead.

use super::raster::{self, COPIES_MAX, Limits, put};
use super::{
    Compression, EncodeError, JobOptions, Language, PrinterStatus, Query, QueryKind, Reply,
};
use crate::bitmap::{BitmapView, Resolution};

/// One `GB` at most; also the length of the filler after a cut.
const BAND_BYTES_MAX: usize = 2048;
const BLOCK_ROWS: usize = 8;
const LIMITS: Limits = Limits {
    // So that eight rows still fit a band.
    width_dots: 2_048,
    // Four digits of a position.
    height_dots: 9_999,
    copies: COPIES_MAX,
};
const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const CAN: u8 = 0x18;
/// Id, status and remaining; and the same with a job name.
const ANSWERS: [usize; 2] = [9, 25];

static RESYNC: [u8; BAND_BYTES_MAX + 64] = raster::filler(0, &[CAN]);

static QUERIES: [Query; 1] = [Query {
    name: "enq",
    kind: QueryKind::Status,
    bytes: b"\x05",
}];

/// The SBPL language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sbpl;

impl Language for Sbpl {
    fn id(&self) -> &'static str {
        "sbpl"
    }

    fn encode(
        &self,
        picture: &BitmapView<'_>,
        _resolution: Resolution,
        options: &JobOptions,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        LIMITS.check(picture, options)?;
        let hex = options.compression == Compression::Hex;
        out.reserve(picture.bits().len() * if hex { 2 } else { 1 } + 1024);
        out.extend_from_slice(&[STX, 0x1B, b'A']);
        let name = if hex { "GH" } else { "GB" };
        let stride = picture.stride();
        // Whole blocks, so that only the last one of a run is filled up.
        let rows_max = BAND_BYTES_MAX / stride.max(1) / BLOCK_ROWS * BLOCK_ROWS;
        for band in raster::inked_bands(*picture, rows_max.max(BLOCK_ROWS) * stride) {
            let (y, blocks) = (band.y + 1, band.rows.div_ceil(BLOCK_ROWS));
            let head = format!("\x1BV{y:04}\x1BH0001\x1B{name}{stride:03}{blocks:03}");
            put(&head, out);
            let filled = (blocks * BLOCK_ROWS - band.rows) * stride;
            if hex {
                raster::put_hex(band.bits, out);
                out.extend(std::iter::repeat_n(b'0', filled * 2));
            } else {
                out.extend_from_slice(band.bits);
                out.extend(std::iter::repeat_n(0, filled));
            }
        }
        put(&format!("\x1BQ{}\x1BZ", options.copies), out);
        out.push(ETX);
        Ok(())
    }

    fn resync(&self) -> &'static [u8] {
        &RESYNC
    }

    fn queries(&self) -> &'static [Query] {
        &QUERIES
    }

    fn parse_reply(&self, _query: &Query, bytes: &[u8]) -> Reply {
        let Some(start) = bytes.iter().position(|b| *b == STX) else {
            return if bytes.is_empty() {
                Reply::Incomplete
            } else {
                Reply::Unknown(bytes.len())
            };
        };
        if start > 0 {
            return Reply::Unknown(start);
        }
        let body = bytes.get(1..).unwrap_or_default();
        let [_, longest] = ANSWERS;
        match body.iter().take(longest + 1).position(|b| *b == ETX) {
            Some(end) => body
                .get(..end)
                .filter(|body| ANSWERS.contains(&body.len()))
                .and_then(status)
                .map_or(Reply::Unknown(end + 2), |s| Reply::Status(s, end + 2)),
            None if body.len() > longest => Reply::Unknown(1),
            None => Reply::Incomplete,
        }
    }
}

/// A letter names the state and, within each group of five, a warning.
fn status(body: &[u8]) -> Option<PrinterStatus> {
    let letter = *body.get(2)?;
    let remaining = std::str::from_utf8(body.get(3..9)?).ok()?;
    let mut status = PrinterStatus {
        labels_remaining: remaining.trim().parse().ok()?,
        ..PrinterStatus::default()
    };
    let working = match letter {
        b'0'..=b'4' => {
            status.paused = true;
            false
        }
        b'A'..=b'E' => false,
        b'G'..=b'K' | b'S'..=b'W' => true,
        b'M'..=b'Q' => {
            status.label_waiting = true;
            true
        }
        b'a' => {
            status.buffer_full = true;
            false
        }
        b'b' | b'h' => {
            status.head_open = true;
            false
        }
        b'c' => {
            status.paper_out = true;
            false
        }
        b'd' => {
            status.ribbon_out = true;
            false
        }
        // Media, sensor, head, card, cutter and others: a hand is needed.
        b'e'..=b'g' | b'i'..=b'k' => {
            status.paused = true;
            false
        }
        _ => return None,
    };
    if working {
        status.labels_remaining = status.labels_remaining.max(1);
    }
    status.paused |= matches!(letter, b'E' | b'K' | b'Q' | b'W');
    Some(status)
}
