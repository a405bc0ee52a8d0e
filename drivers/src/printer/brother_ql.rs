//! Brother QL raster: binary commands, one row per command, mirrored.
//!
//! | bytes | meaning |
//! |---|---|
//! | 400 x `00` | ends whatever was half received |
//! | `1B 69 61 01` `1B 40` | raster mode, known state |
//! | `1B 69 7A` n1..n10 | what comes, see below |
//! | `1B 69 4D 40` `1B 69 41 01` | cuts by itself, after every label |
//! | `1B 69 4B 08` | cuts at the end |
//! | `1B 69 64 lo hi` | margin in rows: 35 for continuous stock, 0 for die-cut |
//! | `4D 02` | rows are PackBits; `4D 00` plain |
//! | `67 00 n` data | a row, n bytes; plain: 90 (720 pins) or 162 (1296 pins); 1 is black |
//! | `0C` / `1A` | ends a page / the last page |
//! | `1B 69 53` | answers 32 bytes: 3 to 5 model, 8 and 9 errors, 18 kind, 19 phase |
//!
//! Kinds: 00 an answer, 01 printing completed, 02 error, 04 turned off, 05 notification (byte 22: 03
//! cooling begins, 04 ends), 06 change of phase (byte 19: 01 printing). All but 00 come by
//! themselves.
//!
//! Proof: `drained` is what the printer says by itself: phase 01, then printing completed, both
//! after the last byte. It must not be asked while it prints. There is no label counter, so
//! `counted` is never claimed. Over the network older models say nothing of this: their profile
//! leaves `status` off, and a label is then only `sent`.
//!
//! Recovery: an error or an open cover ends the job, and the printer does not print it again;
//! 400 zeros and `1B 40` clear what is half received.
//!
//! n1 says which fields count (02 type, 04 width, 08 length, 80 recovery); n2 type (0A continuous,
//! 0B die-cut); n3 and n4 width and length in mm; n5 to n8 rows, low byte first; n9 0 for the first
//! page, then 1; n10 0.
//!
//! Sources: Brother's public command references, LPrint's notes, a public driver (MIT). Rows come
//! from the top and mirrored: the right edge of the picture is the first bit, after the pins that
//! lie beyond the stock on that side. There is no count of copies: pages are sent again.
//!
//! Doubts: pins beyond the stock are from general knowledge (`PINS_BEYOND`). Some small models
//! refuse PackBits: their profile says `hex`, which means plain here. Codes of models are told by
//! bytes 3 and 4 or by 4 and 5, depending on who lists them: both are tried, unknown ones kept.

use super::raster::Limits;
use super::{
    Compression, Counted, Details, Drained, EncodeError, JobOptions, Language, Notice, PrintMode,
    PrinterIdentity, PrinterStatus, Proof, Query, QueryKind, Reply, Stock,
};
use crate::bitmap::{BitmapView, Resolution};
use std::ops::Range;

/// Pins of the heads, 8 a byte.
const PINS: u32 = 720;
const PINS_WIDE: u32 = 1296;
const LIMITS: Limits = Limits {
    width_dots: PINS_WIDE,
    height_dots: 32_000,
    copies: 9,
};
/// Rows of a cut label's end are shorter than this.
const ZEROS: usize = 400;
/// Longest stretch of PackBits.
const STRETCH_MAX: usize = 128;
/// (width of the stock in mm, pins beyond its right edge).
const PINS_BEYOND: &[(u8, u32)] = &[
    (12, 29),
    (23, 42),
    (29, 6),
    (38, 12),
    (39, 12),
    (50, 12),
    (62, 12),
    (102, 12),
    (103, 12),
];

const STATUS_BYTES: usize = 32;
const STATUS_HEAD: [u8; 3] = [0x80, 0x20, 0x42];

static RESYNC: [u8; ZEROS + 2] = super::raster::filler(0, b"\x1B@");

static QUERIES: [Query; 2] = [
    Query {
        name: "status",
        kind: QueryKind::Status,
        bytes: b"\x1BiS",
    },
    Query {
        name: "model",
        kind: QueryKind::Identity,
        bytes: b"\x1BiS",
    },
];

/// Bits of byte 8. No stock and its end are paper.
const FIRST: &[(u8, PrinterStatus)] = &[
    (0x03, PrinterStatus::PAPER_OUT),
    (0x04, PrinterStatus::detail(Details::CUTTER_FAULT)),
    (0x08, PrinterStatus::detail(Details::BATTERY_LOW)),
    (0x10, PrinterStatus::detail(Details::LOCKED)),
    (0x20, PrinterStatus::detail(Details::SWITCHED_OFF)),
    (0x40, PrinterStatus::detail(Details::POWER_FAULT)),
    (0x80, PrinterStatus::detail(Details::FAN_FAULT)),
];
/// Bits of byte 9.
const SECOND: &[(u8, PrinterStatus)] = &[
    (0x01, PrinterStatus::detail(Details::WRONG_MEDIA)),
    (0x02, PrinterStatus::BUFFER_FULL),
    (0x04, PrinterStatus::detail(Details::COMMUNICATION_FAULT)),
    (0x08, PrinterStatus::detail(Details::MEMORY_FAULT)),
    (0x10, PrinterStatus::HEAD_OPEN),
    (0x20, PrinterStatus::detail(Details::CANCELLED)),
    (0x40, PrinterStatus::detail(Details::FEED_FAULT)),
    (0x80, PrinterStatus::detail(Details::PRINTER_FAULT)),
];
/// Bytes 4 and 5.
const MODELS: &[([u8; 2], &str)] = &[
    (*b"50", "QL-700"),
    (*b"80", "QL-800"),
    (*b"90", "QL-810W"),
    (*b"A0", "QL-820NWB"),
    (*b"C0", "QL-1100"),
    (*b"D0", "QL-1110NWB"),
];
/// Bytes 3 and 4.
const OLDER_MODELS: &[([u8; 2], &str)] = &[
    (*b"0O", "QL-500/550"),
    (*b"0Q", "QL-650TD"),
    (*b"0P", "QL-1050"),
    (*b"41", "QL-560"),
    (*b"42", "QL-570"),
    (*b"43", "QL-580N"),
    (*b"44", "QL-1060N"),
    (*b"45", "QL-700"),
];

/// The raster language of Brother QL printers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BrotherQl;

impl Language for BrotherQl {
    fn id(&self) -> &'static str {
        "brother-ql"
    }

    fn encode(
        &self,
        picture: &BitmapView<'_>,
        _resolution: Resolution,
        options: &JobOptions,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        LIMITS.check(picture, options)?;
        out.reserve(picture.bits().len() + 1024);
        out.extend(std::iter::repeat_n(0, ZEROS));
        out.extend_from_slice(b"\x1Bia\x01\x1B@");
        for page in 0..options.copies {
            if page > 0 {
                out.push(0x0C);
            }
            page_head(picture.height(), page, options, out);
            rows(picture, options, out);
        }
        out.push(0x1A);
        Ok(())
    }

    fn resync(&self) -> &'static [u8] {
        &RESYNC
    }

    fn proof(&self) -> Proof {
        Proof {
            drained: Drained::Told,
            counted: Counted::Never,
            asked_while_printing: false,
        }
    }

    /// Frames of every kind but the answer.
    fn notice(&self, bytes: &[u8]) -> Option<(Range<usize>, Notice)> {
        let frame = bytes.get(..STATUS_BYTES)?;
        if !frame.starts_with(&STATUS_HEAD) {
            return None;
        }
        let byte = |n: usize| frame.get(n).copied().unwrap_or(0);
        let details = |details| Notice::Status(PrinterStatus::detail(details).and(status(frame)));
        let notice = match (byte(18), byte(19), byte(22)) {
            (0, ..) => return None,
            (1, ..) => Notice::Printed { token: None },
            (2, ..) => Notice::Status(status(frame)),
            (4, ..) => details(Details::SWITCHED_OFF),
            (5, _, 3) => details(Details::COOLING),
            (6, 1, _) => Notice::Printing,
            _ => Notice::Other,
        };
        Some((0..STATUS_BYTES, notice))
    }

    fn queries(&self) -> &'static [Query] {
        &QUERIES
    }

    fn parse_reply(&self, query: &Query, bytes: &[u8]) -> Reply {
        let mut head = bytes.iter().zip(STATUS_HEAD);
        if !head.all(|(byte, wanted)| *byte == wanted) {
            return Reply::Unknown(1);
        }
        match bytes.get(..STATUS_BYTES) {
            Some(frame) if query.kind == QueryKind::Identity => {
                Reply::Identity(identity(frame), STATUS_BYTES)
            }
            Some(frame) => Reply::Status(status(frame), STATUS_BYTES),
            None => Reply::Incomplete,
        }
    }
}

fn page_head(rows: u32, page: u32, options: &JobOptions, out: &mut Vec<u8>) {
    let mm = |um: i64| u8::try_from((um.max(0) + 500) / 1000).unwrap_or(u8::MAX);
    let (flags, kind, width, length) = match options.stock {
        None => (0x80, 0, 0, 0),
        Some(s) if s.gap.um() <= 0 => (0x86, 0x0A, mm(s.media.width.um()), 0),
        Some(s) => {
            let Stock { media, .. } = s;
            (0x8E, 0x0B, mm(media.width.um()), mm(media.height.um()))
        }
    };
    out.extend_from_slice(&[0x1B, b'i', b'z', flags, kind, width, length]);
    out.extend_from_slice(&rows.to_le_bytes());
    out.extend_from_slice(&[u8::from(page > 0), 0]);
    out.extend_from_slice(match options.mode {
        None | Some(PrintMode::Cut) => b"\x1BiM\x40\x1BiA\x01\x1BiK\x08".as_slice(),
        Some(_) => b"\x1BiM\0\x1BiK\0",
    });
    if let Some(stock) = options.stock {
        let margin = if stock.gap.um() > 0 { 0 } else { 35 };
        out.extend_from_slice(&[0x1B, b'i', b'd', margin, 0]);
    }
    let packed = options.compression != Compression::Hex;
    out.extend_from_slice(&[b'M', if packed { 2 } else { 0 }]);
}

/// Bytes of a row: those of the head if it is known, else of the smallest that takes the picture.
fn row_bytes(width: u32, options: &JobOptions) -> usize {
    let wide = options.head_dots.unwrap_or(width).max(width) > PINS;
    let pins = if wide { PINS_WIDE } else { PINS };
    usize::try_from(pins / 8).unwrap_or_default()
}

/// White pins before the picture's right edge.
fn beyond(width: u32, bytes: usize, options: &JobOptions) -> usize {
    let tape = options.stock.map(|s| (s.media.width.um() + 500) / 1000);
    let of_tape = |(mm, _): &&(u8, u32)| tape == Some(i64::from(*mm));
    let pins = PINS_BEYOND
        .iter()
        .find(of_tape)
        .map_or(0, |(_, pins)| *pins);
    let index = |n: u32| usize::try_from(n).unwrap_or_default();
    index(pins).min((bytes * 8).saturating_sub(index(width)))
}

fn rows(picture: &BitmapView<'_>, options: &JobOptions, out: &mut Vec<u8>) {
    let bytes = row_bytes(picture.width(), options);
    let right = beyond(picture.width(), bytes, options);
    let padding = picture.stride() * 8 - usize::try_from(picture.width()).unwrap_or_default();
    let mut row = vec![0_u8; bytes];
    let mut packed = Vec::with_capacity(bytes + 2);
    for y in 0..picture.height() {
        mirror(picture.row(y), padding, right, &mut row);
        packed.clear();
        let data = if options.compression == Compression::Hex {
            &row
        } else {
            pack_bits(&row, &mut packed);
            &packed
        };
        let count = u8::try_from(data.len()).unwrap_or(u8::MAX);
        out.extend_from_slice(&[b'g', 0, count]);
        out.extend_from_slice(data);
    }
}

/// Writes a row mirrored, its right edge `right` bits from the start. Turned bytes begin with the
/// `padding` bits of the row's end, which are white: they may fall off the start.
fn mirror(row: &[u8], padding: usize, right: usize, target: &mut [u8]) {
    target.fill(0);
    // One byte further right than wanted, so that the first carry has a place to fall off.
    let shift = right + 8 - padding;
    let (whole, bits) = (shift / 8, shift % 8);
    for (k, byte) in row.iter().rev().enumerate() {
        let wide = (u16::from(byte.reverse_bits()) << 8 >> bits).to_be_bytes();
        for (offset, part) in wide.into_iter().enumerate() {
            let at = (whole + k + offset).checked_sub(1);
            if let Some(place) = at.and_then(|at| target.get_mut(at)) {
                *place |= part;
            }
        }
    }
}

/// TIFF's PackBits: `1 - n` and a byte for n of it, `n - 1` and n bytes.
fn pack_bits(row: &[u8], out: &mut Vec<u8>) {
    let run = |at: &[u8]| {
        let first = at.first().copied();
        let same = at.iter().take(STRETCH_MAX);
        same.take_while(|b| Some(**b) == first).count()
    };
    let mut rest = row;
    while !rest.is_empty() {
        let same = run(rest);
        if same > 1 {
            out.push(u8::try_from(257 - same).unwrap_or(0));
            out.extend(rest.first());
            rest = rest.get(same..).unwrap_or_default();
            continue;
        }
        // Runs of two are not worth leaving a stretch for.
        let mut plain = 1;
        while plain < rest.len().min(STRETCH_MAX) && run(rest.get(plain..).unwrap_or(rest)) < 3 {
            plain += 1;
        }
        let (now, later) = rest.split_at(plain);
        out.push(u8::try_from(plain - 1).unwrap_or(0));
        out.extend_from_slice(now);
        rest = later;
    }
}

/// Errors, and the phase: 1 is printing.
fn status(frame: &[u8]) -> PrinterStatus {
    let byte = |n: usize| frame.get(n).copied().unwrap_or(0);
    let phase = PrinterStatus {
        labels_remaining: u32::from(byte(19) == 1),
        ..PrinterStatus::IDLE
    };
    phase
        .and(PrinterStatus::of_bits(byte(8), FIRST))
        .and(PrinterStatus::of_bits(byte(9), SECOND))
}

/// The model; a code that is not known stays as it is.
fn identity(frame: &[u8]) -> PrinterIdentity {
    let pair = |at: usize| frame.get(at..at + 2).unwrap_or_default();
    let find = |table: &[([u8; 2], &'static str)], code: &[u8]| {
        let known = table.iter().find(|(known, _)| known.as_slice() == code);
        known.map(|(_, name)| *name)
    };
    // The newer ones all say 34 first, which begins older codes too: so newer ones first.
    let known = find(MODELS, pair(4)).or_else(|| find(OLDER_MODELS, pair(3)));
    let code = frame.get(3..6).unwrap_or_default().escape_ascii();
    PrinterIdentity {
        model: known.map_or_else(|| format!("unknown {code}"), str::to_owned),
        ..PrinterIdentity::default()
    }
}
