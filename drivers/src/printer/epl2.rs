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
//! | `UQ` | answers its set-up as text; the first line is model and firmware |
//!
//! Proof: `drained` is code 50 (printing) and then 00. There is no label counter, so `counted` is
//! never claimed. Whoever switched on `US` before us makes the printer say 06, 15 with a code, or
//! 10 (label taken) by itself: those are told apart and prove nothing, because they name no label.
//!
//! Recovery: after media, ribbon or head the printer goes on with the label it holds, and no
//! command of the language forbids that; the label is not sent again by us. After a cut transfer
//! see [`Language::resync`].
//!
//! Sources: Zebra's public EPL2 manual and its `GW` article. Doubts: codes above 50 and the lines
//! of `UQ` differ by firmware, so unknown ones are an answer that says nothing; many clones lack
//! `^ee`, their silence is unknown; `Q` is left out for unknown stock,
//! the printer then keeps what it measured. A cut in the middle of `GW` makes the printer wait for
//! the rest of the data: line feeds fill it up, which are empty lines everywhere else.

use super::raster::{self, COPIES_MAX, Limits, put};
use super::{
    Details, EncodeError, JobOptions, Language, Notice, PrinterIdentity, PrinterStatus, Proof,
    Query, QueryKind, Reply,
};
use crate::bitmap::{BitmapView, Resolution};
use std::ops::Range;

/// One `GW` at most; also the length of the filler after a cut.
const BAND_BYTES_MAX: usize = 2048;
const LIMITS: Limits = Limits {
    width_dots: 1280,
    height_dots: 65_535,
    copies: COPIES_MAX,
};
const FILLER: usize = BAND_BYTES_MAX + 64;

static RESYNC: [u8; FILLER] = raster::filler(b'\n', b"\nN\n");

static QUERIES: [Query; 2] = [
    Query {
        name: "ee",
        kind: QueryKind::Status,
        bytes: b"\n^ee\n",
    },
    Query {
        name: "uq",
        kind: QueryKind::Identity,
        bytes: b"\nUQ\n",
    },
];
/// Longest line of `UQ`.
const LINE_BYTES_MAX: usize = 80;
const ACK: u8 = 0x06;
const NAK: u8 = 0x15;
const TAKEN: u8 = 0x10;

/// Codes of `^ee`. 07 is paper or ribbon: reported as paper, which sends a hand to the printer all
/// the same. The codes of a label that was not understood need no hand, but the label is lost.
const CODES: &[(&[u8; 2], PrinterStatus)] = &[
    (b"00", PrinterStatus::IDLE),
    (b"01", PrinterStatus::detail(Details::LABEL_REFUSED)),
    (b"02", PrinterStatus::detail(Details::LABEL_REFUSED)),
    (b"03", PrinterStatus::detail(Details::LABEL_REFUSED)),
    (b"04", PrinterStatus::BUFFER_FULL),
    (b"05", PrinterStatus::detail(Details::LABEL_REFUSED)),
    (b"06", PrinterStatus::detail(Details::COMMUNICATION_FAULT)),
    (b"07", PrinterStatus::PAPER_OUT),
    (b"08", PrinterStatus::detail(Details::LABEL_REFUSED)),
    (b"09", PrinterStatus::detail(Details::LABEL_REFUSED)),
    (b"10", PrinterStatus::detail(Details::LABEL_REFUSED)),
    (b"11", PrinterStatus::HEAD_OPEN),
    (b"12", PrinterStatus::PAUSED),
    (b"13", PrinterStatus::HOT),
    (
        b"14",
        PrinterStatus::detail(Details::MOTOR_OVER_TEMPERATURE),
    ),
    (b"15", PrinterStatus::detail(Details::BATTERY_LOW)),
    (b"16", PrinterStatus::detail(Details::BATTERY_LOW)),
    (b"50", PrinterStatus::BUSY),
    (b"62", PrinterStatus::COLD),
    (b"80", PrinterStatus::detail(Details::PRINTER_FAULT)),
    (b"81", PrinterStatus::detail(Details::CUTTER_FAULT)),
    (b"82", PrinterStatus::detail(Details::SENSOR_FAULT)),
    (b"83", PrinterStatus::detail(Details::PRINTER_FAULT)),
    (b"84", PrinterStatus::detail(Details::FEED_FAULT)),
    (b"93", PrinterStatus::detail(Details::LABEL_REFUSED)),
];

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

    fn proof(&self) -> Proof {
        Proof::STATUS
    }

    fn queries(&self) -> &'static [Query] {
        &QUERIES
    }

    /// Bytes of the `US` mode, if another host switched it on.
    fn notice(&self, bytes: &[u8]) -> Option<(Range<usize>, Notice)> {
        match bytes {
            [ACK | TAKEN, ..] => Some((0..1, Notice::Other)),
            [NAK, tens, ones, ..] => {
                let notice = code(&[*tens, *ones]).map_or(Notice::Other, Notice::Status);
                let used = if notice == Notice::Other { 1 } else { 3 };
                Some((0..used, notice))
            }
            _ => None,
        }
    }

    fn parse_reply(&self, query: &Query, bytes: &[u8]) -> Reply {
        if bytes.first() == Some(&NAK) && bytes.len() < 3 {
            return Reply::Incomplete;
        }
        let mut start = bytes.iter().take(LINE_BYTES_MAX + 1);
        let Some(end) = start.position(|b| *b == b'\n') else {
            return if bytes.len() > LINE_BYTES_MAX {
                Reply::Unknown(1)
            } else {
                Reply::Incomplete
            };
        };
        let used = end + 1;
        let line = bytes.get(..end).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let reply = match query.kind {
            QueryKind::Identity => identity(line).map(|i| Reply::Identity(i, used)),
            _ => codes(line).map(|s| Reply::Status(s, used)),
        };
        reply.unwrap_or(Reply::Unknown(used))
    }
}

/// One code or two; `None` if one of them says nothing about the printer.
fn codes(line: &[u8]) -> Option<PrinterStatus> {
    let mut parts = line.split(|b| *b == b',');
    let first = code(parts.next()?)?;
    let second = parts.next().map_or(Some(PrinterStatus::IDLE), code)?;
    parts.next().is_none().then(|| first.and(second))
}

fn code(code: &[u8]) -> Option<PrinterStatus> {
    let known = CODES.iter().find(|(known, _)| known.as_slice() == code);
    known.map(|(_, meaning)| *meaning)
}

/// The first line of `UQ`: model, spaces, firmware (`V` and a digit).
fn identity(line: &[u8]) -> Option<PrinterIdentity> {
    let line = std::str::from_utf8(line).ok()?.trim();
    let (model, firmware) = line.rsplit_once(char::is_whitespace)?;
    let mut start = firmware.chars();
    let version = matches!(start.next(), Some('V' | 'v'));
    let version = version && start.next().is_some_and(|c| c.is_ascii_digit());
    version.then(|| PrinterIdentity {
        model: model.trim().to_owned(),
        firmware: firmware.to_owned(),
        dots_per_mm: None,
    })
}
