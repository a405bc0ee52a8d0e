//! TSPL and TSPL2 (TSC and a great many compatible printers): text lines, raster by `BITMAP`.
//!
//! | bytes | meaning |
//! |---|---|
//! | `SIZE w mm,h mm` | label; from the stock if it is known, else from the picture |
//! | `GAP g mm,0 mm` | 0 for continuous stock; left out if unknown |
//! | `DIRECTION 0` `REFERENCE 0,0` | a foreign label may have left others |
//! | `SET TEAR ON`, `SET PEEL ON`, `SET CUTTER 1` | if a mode is asked for |
//! | `CLS` | clears the picture |
//! | `BITMAP x,y,bytes,rows,0,` data CR LF | raster, **1 is white**, mode 0 overwrites |
//! | `PRINT 1,n` | n labels |
//! | `SET REPRINT OFF` | nothing is printed again by itself after paper, ribbon or head |
//! | `ESC ! ?` | answers one byte |
//! | `ESC ! S` | answers `02 b1 b2 b3 b4 03 0D 0A` (firmware 6.29 EZ and later) |
//! | `~!T` | answers the model, CR LF |
//!
//! Bits of the byte: 0 head open, 1 jam, 2 paper out, 3 ribbon out, 4 paused, 5 printing, 6 cover
//! open, 7 another error. `b1` is one of a list, `b2` to `b4` are bits over 40. Lines end CR LF.
//!
//! Proof: `drained` is bit 5 and then 00; a short label may be done between two questions, and is
//! then only `sent`. The mileage (`~!@`) counts distance and no labels, so `counted` is never
//! claimed.
//!
//! Sources: TSC's public TSPL manual, LPrint, a public raster encoder (MIT).
//! Doubts: `SET REPRINT` is from general knowledge, clones without it pass over the line; paper
//! and ribbon low of `b2` are reserved in one manual. Many compatible printers never answer `ESC ! ?`, which means no status rather than a
//! fault; compressed bitmap modes exist in newer firmware only and are not used. NULs fill up a
//! cut bitmap, then `CLS` forgets it; outside of data they are passed over.

use super::raster::{self, COPIES_MAX, Limits, put};
use super::{
    Details, EncodeError, JobOptions, Language, Media, PrintMode, PrinterIdentity, PrinterStatus,
    Proof, Query, QueryKind, Reply,
};
use crate::bitmap::{BitmapView, Resolution};
use crate::length::Length;

/// One `BITMAP` at most; also the length of the filler after a cut.
const BAND_BYTES_MAX: usize = 4096;
const LIMITS: Limits = Limits {
    width_dots: 8_192,
    height_dots: 32_000,
    copies: COPIES_MAX,
};

static RESYNC: [u8; BAND_BYTES_MAX + 64] = raster::filler(0, b"\r\nCLS\r\n");

static QUERIES: [Query; 3] = [
    Query {
        name: "status",
        kind: QueryKind::Status,
        bytes: b"\x1B!?",
    },
    Query {
        name: "detail",
        kind: QueryKind::Status,
        bytes: b"\x1B!S",
    },
    Query {
        name: "model",
        kind: QueryKind::Identity,
        bytes: b"~!T\r\n",
    },
];

const BITS: &[(u8, PrinterStatus)] = &[
    (0x01, PrinterStatus::HEAD_OPEN),
    (0x02, PrinterStatus::detail(Details::JAM)),
    (0x04, PrinterStatus::PAPER_OUT),
    (0x08, PrinterStatus::RIBBON_OUT),
    (0x10, PrinterStatus::PAUSED),
    (0x20, PrinterStatus::BUSY),
    (0x40, PrinterStatus::detail(Details::COVER_OPEN)),
    (0x80, PrinterStatus::detail(Details::PRINTER_FAULT)),
];
/// Values of `b1`.
const STATES: &[(u8, PrinterStatus)] = &[
    (0x40, PrinterStatus::IDLE),
    (0x60, PrinterStatus::PAUSED),
    (0x42, FEEDING),
    (0x43, CUTTING),
    (0x45, PrinterStatus::detail(Details::PRINTER_FAULT)),
    (0x46, FEEDING),
    (0x4B, PrinterStatus::detail(Details::WAITING_FOR_KEY)),
    (0x4C, PrinterStatus::LABEL_WAITING),
    (0x50, PrinterStatus::BUSY),
    (0x57, PrinterStatus::BUSY),
];
const FEEDING: PrinterStatus = PrinterStatus {
    details: Details::FEEDING,
    ..PrinterStatus::BUSY
};
const CUTTING: PrinterStatus = PrinterStatus {
    details: Details::CUTTING,
    ..PrinterStatus::BUSY
};
/// Bits of `b2`, `b3` and `b4`.
const DETAIL: [&[(u8, PrinterStatus)]; 3] = [
    &[
        (0x01, PrinterStatus::detail(Details::PAPER_LOW)),
        (0x02, PrinterStatus::detail(Details::RIBBON_LOW)),
        (0x08, PrinterStatus::BUFFER_FULL),
    ],
    &[
        (0x01, PrinterStatus::HOT),
        (0x02, PrinterStatus::detail(Details::MOTOR_OVER_TEMPERATURE)),
        (0x04, PrinterStatus::detail(Details::HEAD_FAULT)),
        (0x08, PrinterStatus::detail(Details::CUTTER_FAULT)),
        (0x10, PrinterStatus::detail(Details::MEMORY_FAULT)),
    ],
    &[
        (0x01, PrinterStatus::PAPER_OUT),
        (0x02, PrinterStatus::detail(Details::JAM)),
        (0x04, PrinterStatus::RIBBON_OUT),
        (0x08, PrinterStatus::detail(Details::RIBBON_JAM)),
        (0x20, PrinterStatus::HEAD_OPEN),
    ],
];
/// Longest name of a model.
const MODEL_BYTES_MAX: usize = 64;

/// The TSPL language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tspl;

impl Language for Tspl {
    fn id(&self) -> &'static str {
        "tspl"
    }

    fn encode(
        &self,
        picture: &BitmapView<'_>,
        resolution: Resolution,
        options: &JobOptions,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        LIMITS.check(picture, options)?;
        out.reserve(picture.bits().len() + 512);
        let drawn = Media {
            width: resolution.length(picture.width()),
            height: resolution.length(picture.height()),
        };
        let media = options.stock.map_or(drawn, |stock| stock.media);
        let (width, height) = (mm(media.width), mm(media.height));
        put(&format!("SIZE {width} mm,{height} mm\r\n"), out);
        if let Some(stock) = options.stock {
            put(&format!("GAP {} mm,0 mm\r\n", mm(stock.gap)), out);
        }
        put("SET REPRINT OFF\r\nDIRECTION 0\r\nREFERENCE 0,0\r\n", out);
        put(options.mode.map(mode_command).unwrap_or_default(), out);
        put("CLS\r\n", out);
        for band in raster::inked_bands(*picture, BAND_BYTES_MAX) {
            let (y, rows, stride) = (band.y, band.rows, picture.stride());
            put(&format!("BITMAP 0,{y},{stride},{rows},0,"), out);
            raster::put_inverted(band.bits, out);
            put("\r\n", out);
        }
        put(&format!("PRINT 1,{}\r\n", options.copies), out);
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
        match (query.name, bytes) {
            (_, []) => Reply::Incomplete,
            ("detail", _) => detail(bytes),
            ("model", _) => model(bytes),
            (_, [byte, ..]) => Reply::Status(PrinterStatus::of_bits(*byte, BITS), 1),
        }
    }
}

fn detail(bytes: &[u8]) -> Reply {
    let lawful = |at: usize, byte: u8| match at {
        0 => byte == 0x02,
        1 => STATES.iter().any(|(state, _)| *state == byte),
        2..=4 => byte & 0xC0 == 0x40,
        5 => byte == 0x03,
        6 => byte == b'\r',
        _ => byte == b'\n',
    };
    let mut start = bytes.iter().take(8).enumerate();
    if !start.all(|(at, byte)| lawful(at, *byte)) {
        return Reply::Unknown(1);
    }
    let &[_, state, b2, b3, b4, _, _, _, ..] = bytes else {
        return Reply::Incomplete;
    };
    let state = STATES.iter().find(|(known, _)| *known == state);
    let status = state.map_or(PrinterStatus::IDLE, |(_, meaning)| *meaning);
    let sets = DETAIL.into_iter().zip([b2, b3, b4]);
    let status = sets.fold(status, |all, (table, byte)| {
        all.and(PrinterStatus::of_bits(byte & 0x3F, table))
    });
    Reply::Status(status, 8)
}

/// Printable text up to the end of the line.
fn model(bytes: &[u8]) -> Reply {
    let end = bytes.iter().position(|b| !(b' '..=b'~').contains(b));
    match end {
        Some(0) => Reply::Unknown(1),
        Some(end) if end <= MODEL_BYTES_MAX && matches!(bytes.get(end), Some(b'\r' | b'\n')) => {
            let text = bytes.get(..end).unwrap_or_default();
            let identity = PrinterIdentity {
                model: String::from_utf8_lossy(text).trim().to_owned(),
                ..PrinterIdentity::default()
            };
            let feed = usize::from(bytes.get(end..end + 2) == Some(b"\r\n"));
            match bytes.get(end + 1) {
                None if bytes.get(end) == Some(&b'\r') => Reply::Incomplete,
                _ => Reply::Identity(identity, end + 1 + feed),
            }
        }
        Some(end) if end <= MODEL_BYTES_MAX => Reply::Unknown(end + 1),
        None if bytes.len() <= MODEL_BYTES_MAX => Reply::Incomplete,
        _ => Reply::Unknown(1),
    }
}

/// Millimetres with two decimals at most, as every firmware reads them.
fn mm(length: Length) -> String {
    let hundredths = length.um().max(0).saturating_add(5) / 10;
    let text = format!("{}.{:02}", hundredths / 100, hundredths % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Rewinding and applicators have no command of their own.
fn mode_command(mode: PrintMode) -> &'static str {
    match mode {
        PrintMode::TearOff => "SET TEAR ON\r\n",
        PrintMode::Peel => "SET PEEL ON\r\n",
        PrintMode::Cut => "SET CUTTER 1\r\n",
        PrintMode::Rewind | PrintMode::Applicator => "",
    }
}
