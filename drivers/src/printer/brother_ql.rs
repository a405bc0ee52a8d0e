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
//! | `1B 69 53` | answers 32 bytes: 8 and 9 errors, 19 phase |
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
//! refuse PackBits: their profile says `hex`, which means plain here. A printer must not be asked
//! while it prints, so profiles leave `status` off.

use super::raster::Limits;
use super::{
    Compression, EncodeError, JobOptions, Language, PrintMode, PrinterStatus, Query, QueryKind,
    Reply, Stock,
};
use crate::bitmap::{BitmapView, Resolution};

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

static QUERIES: [Query; 1] = [Query {
    name: "status",
    kind: QueryKind::Status,
    bytes: b"\x1BiS",
}];

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

    fn queries(&self) -> &'static [Query] {
        &QUERIES
    }

    fn parse_reply(&self, _query: &Query, bytes: &[u8]) -> Reply {
        let head = bytes.iter().zip(STATUS_HEAD);
        if let Some(strange) = head.clone().position(|(b, wanted)| *b != wanted) {
            return Reply::Unknown(strange.max(1));
        }
        match bytes.get(..STATUS_BYTES) {
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

/// Byte 8 and 9 errors, 18 kind, 19 phase (1 printing). No stock, its end and a wrong one are all
/// paper; what else needs a hand is a pause. Codes that are not known mean nothing.
fn status(frame: &[u8]) -> PrinterStatus {
    let byte = |n: usize| frame.get(n).copied().unwrap_or(0);
    let (first, second) = (byte(8), byte(9));
    PrinterStatus {
        paper_out: first & 0x03 != 0 || second & 0x01 != 0,
        head_open: second & 0x10 != 0,
        paused: first & 0xFC != 0 || second & 0xEC != 0,
        buffer_full: second & 0x02 != 0,
        labels_remaining: u32::from(byte(19) == 1),
        ..PrinterStatus::default()
    }
}
