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
//!
//! Lines end CR LF. Sources: public CPCL references of several makers. Doubts: dots per inch are
//! always 200 on 203 dpi heads; other heads get their own number. Text outside of a label is
//! printed as it stands, so what ends a cut label is a label of its own: NULs, which are passed
//! over, fill up cut raster, and `ABORT` ends whichever label is open then.

use super::raster::{self, COPIES_MAX, Limits, put};
use super::{
    Compression, EncodeError, JobOptions, Language, PrinterStatus, Query, QueryKind, Reply,
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

static QUERIES: [Query; 1] = [Query {
    name: "status",
    kind: QueryKind::Status,
    bytes: b"\x1Bh",
}];

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

    fn queries(&self) -> &'static [Query] {
        &QUERIES
    }

    /// Bits above the fifth belong to other questions.
    fn parse_reply(&self, _query: &Query, bytes: &[u8]) -> Reply {
        let Some(byte) = bytes.first() else {
            return Reply::Incomplete;
        };
        if byte & 0xE0 != 0 {
            return Reply::Unknown(1);
        }
        let bit = |n: u8| byte >> n & 1 == 1;
        let status = PrinterStatus {
            labels_remaining: u32::from(bit(0)),
            paper_out: bit(1),
            head_open: bit(2),
            ..PrinterStatus::default()
        };
        Reply::Status(status, 1)
    }
}

fn dpi(resolution: Resolution) -> u64 {
    let per = u64::from(resolution.per_um.max(1));
    let dpi = (u64::from(resolution.dots) * 25_400 + per / 2) / per;
    if (190..=210).contains(&dpi) { 200 } else { dpi }
}
