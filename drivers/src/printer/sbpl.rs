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
//! Status letters: `0` to `4` offline, `A` to `E` waiting, `G` to `K` printing, `M` to `Q` waiting to
//! dispense, `S` to `W` analysing. Within each five: nothing, ribbon near its end, buffer nearly
//! full, both, stopped. `a` buffer full, `b` head open, `c` paper end, `d` ribbon end, `e` media,
//! `f` sensor, `g` head, `h` cover, `i` card, `j` cutter, `k` another error.
//!
//! Proof: `drained` is a letter of work or labels remaining, then neither. There is no label
//! counter in this answer, so `counted` is never claimed. The printer must be set to the
//! bidirectional mode (status 4), else it is silent, and silence is unknown.
//!
//! Recovery: `18` cancels what is half received; the printer ends the label it has begun after
//! paper or ribbon by itself, and it is not sent again by us.
//!
//! Sources: public SBPL references of several models. Status 5 of newer models is not read. A picture is rounded up to blocks of eight
//! rows with white ones. Doubts: letters `h` to `k` differ by model, all mean that a hand is
//! needed; the size command differs by model and is left out, the printer's own setting holds. The
//! compressing graphic commands are left out too, blank rows are skipped instead.

use super::raster::{self, COPIES_MAX, Limits, put};
use super::{
    Compression, Details, EncodeError, JobOptions, Language, PrinterStatus, Proof, Query,
    QueryKind, Reply,
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

    fn proof(&self) -> Proof {
        Proof::STATUS
    }

    fn queries(&self) -> &'static [Query] {
        &QUERIES
    }

    fn parse_reply(&self, _query: &Query, bytes: &[u8]) -> Reply {
        let body = match bytes {
            [] => return Reply::Incomplete,
            [STX, body @ ..] => body,
            _ => return Reply::Unknown(1),
        };
        let [_, longest] = ANSWERS;
        let edge = |b: &u8| matches!(*b, STX | ETX);
        match body.iter().take(longest + 1).position(edge) {
            Some(end) if body.get(end) == Some(&ETX) => body
                .get(..end)
                .filter(|body| ANSWERS.contains(&body.len()))
                .and_then(status)
                .map_or(Reply::Unknown(1), |s| Reply::Status(s, end + 2)),
            // The next answer begins: this one was cut off.
            Some(_) => Reply::Unknown(1),
            None if body.len() > longest => Reply::Unknown(1),
            None => Reply::Incomplete,
        }
    }
}

/// Letters of errors.
const ERRORS: &[(u8, PrinterStatus)] = &[
    (b'a', PrinterStatus::BUFFER_FULL),
    (b'b', PrinterStatus::HEAD_OPEN),
    (b'c', PrinterStatus::PAPER_OUT),
    (b'd', PrinterStatus::RIBBON_OUT),
    (b'e', PrinterStatus::detail(Details::MEDIA_FAULT)),
    (b'f', PrinterStatus::detail(Details::SENSOR_FAULT)),
    (b'g', PrinterStatus::detail(Details::HEAD_FAULT)),
    (b'h', PrinterStatus::detail(Details::COVER_OPEN)),
    (b'i', PrinterStatus::detail(Details::CARD_FAULT)),
    (b'j', PrinterStatus::detail(Details::CUTTER_FAULT)),
    (b'k', PrinterStatus::detail(Details::PRINTER_FAULT)),
];
/// First letters of the groups of five.
const GROUPS: &[(u8, PrinterStatus)] = &[
    (b'0', PrinterStatus::PAUSED),
    (b'A', PrinterStatus::IDLE),
    (b'G', PrinterStatus::BUSY),
    (b'M', WAITING),
    (b'S', PrinterStatus::BUSY),
];
const WAITING: PrinterStatus = PrinterStatus {
    label_waiting: true,
    ..PrinterStatus::BUSY
};
/// What the five letters of each group add.
const WARNINGS: [PrinterStatus; 5] = [
    PrinterStatus::IDLE,
    PrinterStatus::detail(Details::RIBBON_LOW),
    PrinterStatus::detail(Details::BUFFER_NEARLY_FULL),
    PrinterStatus::detail(Details::RIBBON_LOW.and(Details::BUFFER_NEARLY_FULL)),
    PrinterStatus::PAUSED,
];

fn status(body: &[u8]) -> Option<PrinterStatus> {
    let letter = *body.get(2)?;
    let remaining = std::str::from_utf8(body.get(3..9)?).ok()?;
    let counted = PrinterStatus {
        labels_remaining: remaining.trim().parse().ok()?,
        ..PrinterStatus::IDLE
    };
    let group = |(first, state): &(u8, PrinterStatus)| {
        let warning = WARNINGS.get(usize::from(letter.checked_sub(*first)?))?;
        Some(state.and(*warning))
    };
    let error = ERRORS.iter().find(|(error, _)| *error == letter);
    let state = error.map(|(_, meaning)| *meaning);
    let state = state.or_else(|| GROUPS.iter().find_map(group))?;
    Some(counted.and(state))
}
