//! CPCL (mobile label printers): a header line, raster by `CG` or `EG`, then `FORM` and `PRINT`.
//!
//! | bytes | meaning |
//! |---|---|
//! | `! 0 h v height n` | a label, its dots per inch, its length in dots, n times |
//! | `PAGE-WIDTH w` | width in dots |
//! | `CG bytes rows x y ` data | raster, 1 is black |
//! | `EG bytes rows x y ` hex | the same in hex, for lines that are not eight bits wide |
//! | `FORM` `PRINT` | to the next label, and go |
//! | `ABORT` | ends a label without printing it |
//! | `ESC h` | one byte: 0 busy, 1 paper out, 2 latch open, 3 battery low, 4 was reset |
//! | `ESC i` | one byte: 4 jam, 5 label not taken, 6 paper low, 7 ribbon |
//! | `ESC v` | the firmware's version, NUL |
//! | `! U1 getvar "odometer.user_label_count"` | a label counter, on Zebra printers only |
//!
//! Proof: `drained` is bit 0 of `ESC h` and then not; other causes set that bit too, which only
//! delays. `counted` is the odometer where the profile says that the printer has it.
//!
//! Recovery: no command forbids that a printer ends its label after paper or latch; it is not sent
//! again by us.
//!
//! Lines end CR LF. Sources: public CPCL references of several makers. Doubts: dots per inch are
//! always 200 on 203 dpi heads; other heads get their own number. Text outside of a label is
//! printed as it stands, so what ends a cut label is a label of its own: NULs, which are passed
//! over, fill up cut raster, and `ABORT` ends whichever label is open then.

use super::raster::{self, COPIES_MAX, Limits, put};
use super::zpl::reply;
use super::{
    Compression, Counted, Details, EncodeError, JobOptions, Language, PrinterIdentity,
    PrinterStatus, Proof, Query, QueryKind, Reply,
};
use crate::bitmap::{BitmapView, Resolution};

/// One `CG` at most; also the length of the filler after a cut.
const BAND_BYTES_MAX: usize = 2048;
const LIMITS: Limits = Limits {
    width_dots: 2_560,
    height_dots: 32_000,
    copies: COPIES_MAX,
};

static RESYNC: [u8; BAND_BYTES_MAX + 64] = raster::filler(0, b"! 0 200 200 1 1\r\nABORT\r\n");

static QUERIES: [Query; 4] = [
    Query {
        name: "status",
        kind: QueryKind::Status,
        bytes: b"\x1Bh",
    },
    Query {
        name: "detail",
        kind: QueryKind::Status,
        bytes: b"\x1Bi",
    },
    Query {
        name: "version",
        kind: QueryKind::Identity,
        bytes: b"\x1Bv",
    },
    Query {
        name: "odometer",
        kind: QueryKind::Counter,
        bytes: b"! U1 getvar \"odometer.user_label_count\"\r\n",
    },
];

const BITS: &[(u8, PrinterStatus)] = &[
    (0x01, PrinterStatus::BUSY),
    (0x02, PrinterStatus::PAPER_OUT),
    (0x04, PrinterStatus::HEAD_OPEN),
    (0x08, PrinterStatus::detail(Details::BATTERY_LOW)),
    (0x10, PrinterStatus::detail(Details::WAS_RESET)),
];
/// Bits of `ESC i`; what the lower ones say is not known.
const DETAIL: &[(u8, PrinterStatus)] = &[
    (0x10, PrinterStatus::detail(Details::JAM)),
    (0x20, PrinterStatus::LABEL_WAITING),
    (0x40, PrinterStatus::detail(Details::PAPER_LOW)),
    (0x80, PrinterStatus::RIBBON_OUT),
];
/// Longest version.
const VERSION_BYTES_MAX: usize = 64;

/// The CPCL language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cpcl;

impl Language for Cpcl {
    fn id(&self) -> &'static str {
        "cpcl"
    }

    fn encode(
        &self,
        picture: &BitmapView<'_>,
        resolution: Resolution,
        options: &JobOptions,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        LIMITS.check(picture, options)?;
        let hex = options.compression == Compression::Hex;
        out.reserve(picture.bits().len() * if hex { 2 } else { 1 } + 512);
        let (dpi, height, copies) = (dpi(resolution), picture.height(), options.copies);
        put(&format!("! 0 {dpi} {dpi} {height} {copies}\r\n"), out);
        put(&format!("PAGE-WIDTH {}\r\n", picture.width()), out);
        let name = if hex { "EG" } else { "CG" };
        for band in raster::inked_bands(*picture, BAND_BYTES_MAX) {
            let (y, rows, stride) = (band.y, band.rows, picture.stride());
            put(&format!("{name} {stride} {rows} 0 {y} "), out);
            if hex {
                raster::put_hex(band.bits, out);
            } else {
                out.extend_from_slice(band.bits);
            }
            put("\r\n", out);
        }
        put("FORM\r\nPRINT\r\n", out);
        Ok(())
    }

    fn resync(&self) -> &'static [u8] {
        &RESYNC
    }

    fn proof(&self) -> Proof {
        Proof {
            counted: Counted::Counter,
            ..Proof::STATUS
        }
    }

    fn queries(&self) -> &'static [Query] {
        &QUERIES
    }

    /// Bits above the fifth of `ESC h` belong to other questions.
    fn parse_reply(&self, query: &Query, bytes: &[u8]) -> Reply {
        match (query.name, bytes) {
            (_, []) => Reply::Incomplete,
            ("version", _) => version(bytes),
            ("odometer", _) => reply::counter(bytes),
            ("detail", [byte, ..]) => Reply::Status(PrinterStatus::of_bits(*byte, DETAIL), 1),
            (_, [byte, ..]) if byte & 0xE0 != 0 => Reply::Unknown(1),
            (_, [byte, ..]) => Reply::Status(PrinterStatus::of_bits(*byte, BITS), 1),
        }
    }
}

/// Printable text up to a NUL.
fn version(bytes: &[u8]) -> Reply {
    match bytes.iter().position(|b| !(b' '..=b'~').contains(b)) {
        Some(end) if (1..=VERSION_BYTES_MAX).contains(&end) && bytes.get(end) == Some(&0) => {
            let text = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default());
            let identity = PrinterIdentity {
                firmware: text.trim().to_owned(),
                ..PrinterIdentity::default()
            };
            Reply::Identity(identity, end + 1)
        }
        Some(end) if end <= VERSION_BYTES_MAX => Reply::Unknown(end + 1),
        None if bytes.len() <= VERSION_BYTES_MAX => Reply::Incomplete,
        _ => Reply::Unknown(1),
    }
}

fn dpi(resolution: Resolution) -> u64 {
    let per = u64::from(resolution.per_um.max(1));
    let dpi = (u64::from(resolution.dots) * 25_400 + per / 2) / per;
    if (190..=210).contains(&dpi) { 200 } else { dpi }
}
