//! ZPL II: raster labels out, status answers in, and a tokeniser for streams.
//!
//! Sources: Zebra's public ZPL programming guide (`~HS`, `~HI`, `^GF`), LPrint's ZPL driver for
//! behaviour. Doubts stay visible: `~HS` may not answer at all while media is out or the head is
//! open, which reads as silence; the text of an alert is from general knowledge; CRC of `:Z64:` is CRC-16/CCITT with initial value 0 over the base64 text.
//!
//! Proof: `drained` is formats in the buffer, labels remaining or a partial format in `~HS`, then
//! none of them and no fault. `counted` is the odometer (`odometer.user_label_count`) one higher.
//! Alerts (`^SX`) are told apart from answers and prove nothing: the letter for "job completed"
//! differs by firmware, and what they report is not tied to a label.
//!
//! Recovery: `^JZN` in every label keeps the printer from printing it again after media, ribbon or
//! head; `~JX` ends a half-received format without printing it.

mod code128;
pub mod graphic;
mod mixed;
mod pack;
pub mod reply;
pub mod tokens;

pub use mixed::{Mixed, Native, QUICK_BYTES_PER_SECOND};

use super::{
    Compression, Counted, EncodeError, FaultsQuery, JobOptions, Language, Notice, PrintMode, Proof,
    Query, QueryKind, Reply,
};
use crate::bitmap::{BitmapView, Resolution};
use std::ops::Range;

/// Widest head ZPL knows, in dots.
const WIDTH_DOTS_MAX: u32 = 32_000;
/// Copies in one job.
const COPIES_MAX: u32 = 99;

/// The ZPL language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zpl;

static QUERIES: [Query; 4] = [
    Query {
        name: "hs",
        kind: QueryKind::Status,
        bytes: b"~HS",
    },
    Query {
        name: "hi",
        kind: QueryKind::Identity,
        bytes: b"~HI",
    },
    Query {
        name: "odometer",
        kind: QueryKind::Counter,
        bytes: b"! U1 getvar \"odometer.user_label_count\"\r\n",
    },
    Query {
        name: "odometer-total",
        kind: QueryKind::Counter,
        bytes: b"! U1 getvar \"odometer.total_label_count\"\r\n",
    },
];

static FAULTS: FaultsQuery = FaultsQuery {
    name: "hqes",
    bytes: b"~HQES",
    parse: reply::faults,
};

impl Language for Zpl {
    fn id(&self) -> &'static str {
        "zpl"
    }

    /// The whole page as one graphic.
    fn encode(
        &self,
        picture: &BitmapView<'_>,
        _resolution: Resolution,
        options: &JobOptions,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        self.encode_mixed(picture, &[], None, options, out)
            .map(drop)
    }

    /// `^XZ` would print what is half there; `~JX` cancels a partially received format only, and
    /// the `~` also ends graphic data in text form, the only form sent here. Doubt: low-cost
    /// clones may not know it.
    fn resync(&self) -> &'static [u8] {
        b"~JX\r\n"
    }

    fn proof(&self) -> Proof {
        Proof {
            counted: Counted::Counter,
            ..Proof::STATUS
        }
    }

    /// An alert, which printers send when `^SX` was set up once.
    fn notice(&self, bytes: &[u8]) -> Option<(Range<usize>, Notice)> {
        reply::alert(bytes).map(|used| (0..used, Notice::Other))
    }

    fn queries(&self) -> &'static [Query] {
        &QUERIES
    }

    fn faults_query(&self) -> Option<&'static FaultsQuery> {
        Some(&FAULTS)
    }

    fn parse_reply(&self, query: &Query, bytes: &[u8]) -> Reply {
        match query.kind {
            QueryKind::Status => reply::host_status(bytes),
            QueryKind::Identity => reply::identity(bytes),
            QueryKind::Counter => reply::counter(bytes),
        }
    }
}

/// One format: known state first (a foreign label may have left any), then what draws it.
///
/// `^JZN` switches off the printer's own reprint after an error: by default a Zebra prints the
/// interrupted label again when the paper is back, and only the journal may decide that. It is a
/// setting of the printer, but costs four bytes here and so survives an exchanged printer. `^PQ`
/// carries the copies; everything else about it stays at its default.
fn label(
    picture: &BitmapView<'_>,
    options: &JobOptions,
    out: &mut Vec<u8>,
    draw: impl FnOnce(&mut Vec<u8>),
) -> Result<(), EncodeError> {
    if !(1..=COPIES_MAX).contains(&options.copies) {
        return Err(EncodeError::Copies {
            copies: options.copies,
            max: COPIES_MAX,
        });
    }
    let (width, height) = (picture.width(), picture.height());
    if width > WIDTH_DOTS_MAX {
        return Err(EncodeError::Wide {
            dots: width,
            max: WIDTH_DOTS_MAX,
        });
    }
    let head = format!("^XA^JZN^MCY^PON^PMN^LRN^LH0,0^LS0^LT0^FWN^PW{width}^LL{height}");
    out.extend_from_slice(head.as_bytes());
    draw(out);
    let mode = options.mode.map(mode_command).unwrap_or_default();
    out.extend_from_slice(format!("{mode}^PQ{}^XZ\r\n", options.copies).as_bytes());
    Ok(())
}

/// `^MM` of a print mode.
fn mode_command(mode: PrintMode) -> &'static str {
    match mode {
        PrintMode::TearOff => "^MMT",
        PrintMode::Peel => "^MMP",
        PrintMode::Cut => "^MMC",
        PrintMode::Rewind => "^MMR",
        PrintMode::Applicator => "^MMA",
    }
}

/// Which compression a name in a profile means.
pub fn compression(name: &str) -> Option<Compression> {
    match name {
        "z64" => Some(Compression::Z64),
        "acs" => Some(Compression::Acs),
        "hex" => Some(Compression::Hex),
        _ => None,
    }
}
