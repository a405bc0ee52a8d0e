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
//! | `ESC ! ?` | answers one byte |
//!
//! Its bits: 0 head open, 1 jam, 2 paper out, 3 ribbon out, 4 paused, 5 printing, 6 cover open,
//! 7 another error. Lines end CR LF.
//!
//! Sources: TSC's public TSPL manual, LPrint, a public raster encoder (MIT).
//! Doubts: many compatible printers never answer `ESC ! ?`, which means no status rather than a
//! fault; compressed bitmap modes exist in newer firmware only and are not used. NULs fill up a
//! cut bitmap, then `CLS` forgets it; outside of data they are passed over.

use super::raster::{self, COPIES_MAX, Limits, put};
use super::{
    EncodeError, JobOptions, Language, Media, PrintMode, PrinterStatus, Query, QueryKind, Reply,
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

static QUERIES: [Query; 1] = [Query {
    name: "status",
    kind: QueryKind::Status,
    bytes: b"\x1B!?",
}];

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
        put("DIRECTION 0\r\nREFERENCE 0,0\r\n", out);
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

    fn queries(&self) -> &'static [Query] {
        &QUERIES
    }

    /// The cover counts as the head, a jam or another error as a pause: a hand is needed.
    fn parse_reply(&self, _query: &Query, bytes: &[u8]) -> Reply {
        let Some(byte) = bytes.first() else {
            return Reply::Incomplete;
        };
        let bit = |n: u8| byte >> n & 1 == 1;
        let status = PrinterStatus {
            head_open: bit(0) || bit(6),
            paper_out: bit(2),
            ribbon_out: bit(3),
            paused: bit(4) || bit(1) || bit(7),
            labels_remaining: u32::from(bit(5)),
            ..PrinterStatus::default()
        };
        Reply::Status(status, 1)
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
