//! DPL (Datamax, Honeywell): a picture is stored under a name, placed on a label, and deleted.
//!
//! | bytes | meaning |
//! |---|---|
//! | `STX I D p` name CR, PCX | stores a picture in memory, eight bits wide |
//! | `STX I D A F` name CR, records | stores it in seven bits |
//! | `80nn` hex CR | a record: a row of nn (hex) bytes, 1 is black |
//! | `FFFF` CR | ends the records |
//! | `STX L` CR | begins a label |
//! | `D11` CR | one dot is one dot |
//! | `1Y1100000000000` name CR | the picture, upright, its corner at the origin (lower left) |
//! | `Qnnnn` CR `E` CR | n labels; ends the label and prints it |
//! | `X` CR | ends the label without printing it |
//! | `STX x D G` name CR, `STX z D` CR | deletes the picture, and gives its memory back |
//! | `SOH A` | answers eight letters Y or N, and CR |
//! | `SOH a` | answers seventeen: those eight, a colon, eight more, and CR |
//! | `SOH F` | answers the first eight as one byte, and CR |
//! | `SOH E` | answers the labels that remain, four digits and CR |
//!
//! The letters: interpreter busy, paper out, ribbon fault, batch, printing, paused, label
//! presented, rewinder; then cutter, paper out, ribbon saver, head up, top of form, ribbon low, and
//! two that are not known.
//!
//! Proof: `drained` is a letter of work (busy, batch, printing) and then none. `SOH e` counts the
//! labels of one batch and begins again with the next, so `counted` is never claimed.
//!
//! Recovery: the printer ends its label by itself after paper or ribbon; no command of the
//! reference forbids it. After a cut transfer 9.5 KB of padding are sent. `SOH C` and `SOH #` would
//! be shorter, but may be switched off as every immediate command, and `SOH #` restarts the
//! printer, which also ends the connection: padding works on every set-up, so it stays.
//!
//! Sources: the public class-series manual for commands, and the PCX format, which is described in
//! many places: 128 bytes of head, then rows from the top in run lengths, 0 is black.
//!
//! Doubts, all for want of a printer: what was stated in full is the label and the status; names
//! and shape of the two image formats are from general knowledge, and so is that records of the
//! seven-bit form begin with the bottom row (DPL counts upwards). Inside eight-bit data SOH begins
//! an immediate command, so a picture never holds SOH before anything that is a command's letter.
//! Immediate commands can be switched off: silence is normal. The order of the bits of `SOH F` is
//! not stated in what is public: the first letter is taken as the top bit, and nothing decides on
//! it.

use super::raster::{self, COPIES_MAX, Limits, put};
use super::{
    Compression, Details, EncodeError, JobOptions, Language, PrinterStatus, Proof, Query,
    QueryKind, Reply,
};
use crate::bitmap::{BitmapView, Resolution};

/// A larger picture goes in seven bits: records need no filler after a cut.
const PCX_BYTES_MAX: usize = 288 << 10;
const PCX_HEAD: usize = 128;
/// Longest run of the format.
const RUN_MAX: usize = 63;
const SOH: u8 = 0x01;
const LIMITS: Limits = Limits {
    // Two hex digits count the bytes of a record.
    width_dots: 2_040,
    height_dots: 32_000,
    copies: COPIES_MAX,
};
/// The picture's name: always the same, so that nothing piles up.
const NAME: &str = "FSTLABEL";
const FILLER: usize = PCX_HEAD + 2 * (PCX_BYTES_MAX / RUN_MAX + 1) + 10;

/// A zero head is no picture; runs of 63 fill up a cut one; `FFFF` ends records and `X` a label.
static RESYNC: [u8; FILLER] = resync();

const fn resync() -> [u8; FILLER] {
    let mut bytes = raster::filler::<FILLER>(0, b"\rFFFF\rX\r");
    let mut i = PCX_HEAD;
    while i + 10 < FILLER {
        bytes[i] = 0xFF;
        i += 2;
    }
    bytes
}

static QUERIES: [Query; 4] = [
    Query {
        name: "soh-a",
        kind: QueryKind::Status,
        bytes: b"\x01A",
    },
    Query {
        name: "detail",
        kind: QueryKind::Status,
        bytes: b"\x01a",
    },
    Query {
        name: "flags",
        kind: QueryKind::Status,
        bytes: b"\x01F",
    },
    Query {
        name: "remaining",
        kind: QueryKind::Status,
        bytes: b"\x01E",
    },
];

/// What the letters mean, in order.
const LETTERS: [PrinterStatus; 8] = [
    PrinterStatus {
        partial_format: true,
        ..PrinterStatus::IDLE
    },
    PrinterStatus::PAPER_OUT,
    PrinterStatus::RIBBON_OUT,
    PrinterStatus::BUSY,
    PrinterStatus::BUSY,
    PrinterStatus::PAUSED,
    PrinterStatus::LABEL_WAITING,
    PrinterStatus::detail(Details::REWINDER),
];
/// And those after the colon.
const MORE: [PrinterStatus; 8] = [
    PrinterStatus::detail(Details::CUTTER_FAULT),
    PrinterStatus::PAPER_OUT,
    PrinterStatus::detail(Details::RIBBON_SAVER),
    PrinterStatus::HEAD_OPEN,
    PrinterStatus::detail(Details::TOP_OF_FORM),
    PrinterStatus::detail(Details::RIBBON_LOW),
    PrinterStatus::IDLE,
    PrinterStatus::IDLE,
];

/// The DPL language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dpl;

impl Language for Dpl {
    fn id(&self) -> &'static str {
        "dpl"
    }

    /// Hex means seven bits, everything else run lengths in eight bits.
    fn encode(
        &self,
        picture: &BitmapView<'_>,
        resolution: Resolution,
        options: &JobOptions,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        LIMITS.check(picture, options)?;
        let bytes = picture.bits().len();
        if options.compression == Compression::Hex || bytes > PCX_BYTES_MAX {
            out.reserve(bytes * 2 + 512);
            records(picture, out);
        } else {
            out.reserve(bytes + 512);
            pcx(picture, resolution, out);
        }
        let copies = options.copies;
        let label = format!("\x02L\rD11\r1Y1100000000000{NAME}\rQ{copies:04}\rE\r");
        put(&label, out);
        put(&format!("\x02xDG{NAME}\r\x02zD\r"), out);
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

    fn parse_reply(&self, query: &Query, bytes: &[u8]) -> Reply {
        match query.name {
            "detail" => answer(bytes, b"LLLLLLLL:LLLLLLLL\r"),
            "flags" => answer(bytes, b"*\r"),
            "remaining" => answer(bytes, b"####\r"),
            _ => answer(bytes, b"LLLLLLLL\r"),
        }
    }
}

/// Reads an answer of a shape: `L` a letter Y or N, `#` a digit, `*` any byte, else itself.
fn answer(bytes: &[u8], shape: &[u8]) -> Reply {
    let fits = |(byte, wanted): (&u8, &u8)| match wanted {
        b'L' => matches!(byte, b'Y' | b'N'),
        b'#' => byte.is_ascii_digit(),
        b'*' => true,
        _ => byte == wanted,
    };
    if !bytes.iter().zip(shape).all(fits) {
        // One byte only: the answer may begin with the next.
        return Reply::Unknown(1);
    }
    let Some(answer) = bytes.get(..shape.len()) else {
        return Reply::Incomplete;
    };
    let mut status = PrinterStatus::IDLE;
    match *answer {
        [flags, b'\r'] => {
            let bits = (0..8).rev().map(|bit| flags >> bit & 1 == 1);
            let set = LETTERS.into_iter().zip(bits).filter(|(_, set)| *set);
            status = set.fold(status, |all, (meaning, _)| all.and(meaning));
        }
        [a, b, c, d, b'\r'] => {
            let digits = [a, b, c, d].map(|digit| u32::from(digit.saturating_sub(b'0')));
            status.labels_remaining = digits.iter().fold(0, |n, digit| n * 10 + digit);
        }
        _ => {
            let letters = LETTERS.into_iter().chain([PrinterStatus::IDLE]).chain(MORE);
            let set = letters.zip(answer).filter(|(_, letter)| **letter == b'Y');
            status = set.fold(status, |all, (meaning, _)| all.and(meaning));
        }
    }
    Reply::Status(status, shape.len())
}

fn records(picture: &BitmapView<'_>, out: &mut Vec<u8>) {
    put(&format!("\x02IDAF{NAME}\r"), out);
    let stride = picture.stride();
    for y in (0..picture.height()).rev() {
        put(&format!("80{stride:02X}"), out);
        raster::put_hex(picture.row(y), out);
        out.push(b'\r');
    }
    put("FFFF\r", out);
}

fn pcx(picture: &BitmapView<'_>, resolution: Resolution, out: &mut Vec<u8>) {
    put(&format!("\x02IDp{NAME}\r"), out);
    // Rows are an even number of bytes.
    let even = picture.stride().next_multiple_of(2);
    out.extend_from_slice(&pcx_head(picture, resolution, even));
    let mut row = Vec::with_capacity(even);
    for y in 0..picture.height() {
        row.clear();
        raster::put_inverted(picture.row(y), &mut row);
        row.resize(even, 0xFF);
        runs(&row, out);
    }
}

fn pcx_head(picture: &BitmapView<'_>, resolution: Resolution, even: usize) -> [u8; PCX_HEAD] {
    let low = |n: u32| u16::try_from(n).unwrap_or(u16::MAX);
    let words = [
        (8, low(picture.width().saturating_sub(1))),
        (10, low(picture.height().saturating_sub(1))),
        (12, low(resolution.dots)),
        (14, low(resolution.dots)),
        (66, u16::try_from(even).unwrap_or(u16::MAX)),
    ];
    let mut head = [0; PCX_HEAD];
    // Maker, version, run lengths, one bit per dot; palette black and white; one plane.
    let bytes = [(0, 10), (1, 5), (2, 1), (3, 1), (65, 1), (68, 1)];
    let white = (19..22).map(|at| (at, 0xFF));
    for (at, value) in bytes.into_iter().chain(white) {
        if let Some(byte) = head.get_mut(at) {
            *byte = value;
        }
    }
    for (at, value) in words {
        if let Some(place) = head.get_mut(at..at + 2) {
            place.copy_from_slice(&value.to_le_bytes());
        }
    }
    head
}

/// Run lengths of one row: `C0 + n` and a byte, or a byte below `C0` for itself. After SOH a count
/// always comes first, because no immediate command begins with one.
fn runs(row: &[u8], out: &mut Vec<u8>) {
    let mut rest = row;
    while let Some(first) = rest.first().copied() {
        let run = rest.iter().take(RUN_MAX).take_while(|b| **b == first);
        let run = run.count();
        rest = rest.get(run..).unwrap_or_default();
        if run > 1 || first >= 0xC0 || out.last() == Some(&SOH) {
            out.push(0xC0 | u8::try_from(run).unwrap_or(1));
        }
        out.push(first);
    }
}
