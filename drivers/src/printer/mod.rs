//! Printer languages: picture in, bytes out; status questions and what the answers mean.
//!
//! What proves a label, as each language's own text explains it. Silence proves nothing and is no
//! fault: it is `unknown`.
//!
//! | language | `drained` | `counted` |
//! |---|---|---|
//! | `zpl` | busy, then idle (1) | label odometer |
//! | `epl2` | busy, then idle (1) | never |
//! | `tspl` | busy, then idle (1) | never |
//! | `escpos` | told, by its token | never |
//! | `cpcl` | busy, then idle (1) | label odometer, where the profile has one |
//! | `dpl` | busy, then idle (1) | never |
//! | `sbpl` | busy, then idle (1) | never |
//! | `brother-ql` | told, after it began | never |
//! | `dymo` | busy, then idle (1) | never |
//! | `dymo-550` | busy, then idle (3) | never |
//! | `dymo-wireless` | busy, then idle (3) | never |
//!
//! In brackets: idle answers in a row. Busy and idle count only in answers asked for after the
//! label's last byte, and never with a fault in between.

pub mod brother_ql;
pub mod cpcl;
pub mod dpl;
pub mod dymo;
pub mod dymo_labels;
pub mod epl2;
pub mod escpos;
mod raster;
pub mod sbpl;
mod status;
mod stream;
pub mod tspl;
pub mod zpl;

pub use crate::registry::LANGUAGES;
pub use status::{Details, PrinterFaults, PrinterIdentity, PrinterStatus};
pub use stream::{Heard, ReplyStream};

use crate::bitmap::{BitmapView, Resolution};
use crate::length::Length;
use serde::{Deserialize, Serialize};

/// The language of an id: `zpl`, `epl2`, `tspl`, `escpos`, `cpcl`, `dpl`, `sbpl`, `brother-ql`,
/// `dymo`, `dymo-550` or `dymo-wireless`.
pub fn language(id: &str) -> Option<&'static dyn Language> {
    LANGUAGES.iter().find(|l| l.id() == id).copied()
}

/// How the raster travels. The names are those of ZPL; other languages take `Hex` for their
/// plainest form (seven bits where they have one) and the others for their own compression.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// zlib in base64 with a checksum; some low-cost printers refuse it.
    #[default]
    Z64,
    /// Run lengths in hex; nearly every printer takes it.
    Acs,
    /// Plain hex; every printer takes it.
    Hex,
}

/// What happens to a label when it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum PrintMode {
    TearOff,
    /// Waits until the label is taken.
    Peel,
    Cut,
    Rewind,
    Applicator,
}

/// The stock in a printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Media {
    pub width: Length,
    pub height: Length,
}

impl Media {
    /// Its size on a print head, as (width, height) in dots.
    pub fn dots(self, head: Resolution) -> (u32, u32) {
        (head.dots(self.width), head.dots(self.height))
    }
}

/// The stock and what separates its labels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stock {
    pub media: Media,
    /// From one label to the next; 0 for continuous stock.
    pub gap: Length,
}

/// Settings of one label job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobOptions {
    pub compression: Compression,
    pub copies: u32,
    /// The printer's own setting if absent. Languages without a command for a mode leave it so;
    /// receipt and tape printers, where a cut is part of the job, cut.
    pub mode: Option<PrintMode>,
    /// What the printer holds; its own setting or measurement counts if absent.
    pub stock: Option<Stock>,
    /// Dots of the head. Wider pictures are refused; unknown if absent.
    pub head_dots: Option<u32>,
}

impl Default for JobOptions {
    fn default() -> Self {
        JobOptions {
            compression: Compression::Z64,
            copies: 1,
            mode: None,
            stock: None,
            head_dots: None,
        }
    }
}

/// Why a picture cannot be encoded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    #[error("{copies} copies: between 1 and {max} are possible")]
    Copies { copies: u32, max: u32 },
    #[error("the picture is {dots} dots wide, head or language end at {max}")]
    Wide { dots: u32, max: u32 },
    #[error("the picture is {dots} dots high, the language ends at {max}")]
    Tall { dots: u32, max: u32 },
}

/// A question a printer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Query {
    /// Name for `--query`, such as `hs`.
    pub name: &'static str,
    pub kind: QueryKind,
    pub bytes: &'static [u8],
}

/// What the answer tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryKind {
    Status,
    Identity,
    /// Labels printed so far.
    Counter,
}

/// The question what is wrong in detail. It stands apart from [`Query`], because its answer says
/// nothing about work in progress, and must never be taken for a status that does.
#[derive(Debug, Clone, Copy)]
pub struct FaultsQuery {
    /// Name for `--query`, such as `hqes`.
    pub name: &'static str,
    pub bytes: &'static [u8],
    /// Reads the start of the received bytes as the answer.
    pub parse: fn(&[u8]) -> FaultsReply,
}

/// An answer to a [`FaultsQuery`], as far as it came; with the number of bytes it took up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultsReply {
    Faults(PrinterFaults, usize),
    Incomplete,
    Unknown(usize),
}

/// An answer, as far as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// With the number of bytes it took up.
    Status(PrinterStatus, usize),
    Identity(PrinterIdentity, usize),
    Counter(u64, usize),
    /// More bytes are needed.
    Incomplete,
    /// Not an answer to this question; skip this many bytes.
    Unknown(usize),
}

/// What a printer says without being asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// It began to print.
    Printing,
    /// A label is on paper: the one whose [`Language::confirmation`] carried this token, or the
    /// oldest one if the language has no tokens.
    Printed {
        token: Option<u32>,
    },
    Status(PrinterStatus),
    /// Anything else that belongs to no question.
    Other,
}

/// What shows that a label was printed: the evidence `drained`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drained {
    /// Seen at work in an answer asked for after the last byte, then idle without a fault in so
    /// many answers in a row.
    BusyThenIdle { idle_answers: u8 },
    /// It says so by itself, with [`Notice::Printed`]. Its status tells nothing about work.
    Told,
}

/// What shows that one label more was printed: the evidence `counted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// A counter of printed labels that lasts longer than a job rose by one.
    Counter,
    /// No such counter.
    Never,
}

/// What proves a label in a language. A declaration: the print session acts on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proof {
    pub drained: Drained,
    pub counted: Counted,
    /// Status questions do no harm while it prints.
    pub asked_while_printing: bool,
}

impl Proof {
    /// A status with a sign of work, which may be asked for at any time.
    pub const STATUS: Self = Proof {
        drained: Drained::BusyThenIdle { idle_answers: 1 },
        counted: Counted::Never,
        asked_while_printing: true,
    };
}

/// A printer language; pure functions, no session.
pub trait Language: Sync + Send {
    /// Id used in profiles.
    fn id(&self) -> &'static str;
    /// Appends one complete label.
    ///
    /// # Errors
    /// [`EncodeError`]; nothing was appended then.
    fn encode(
        &self,
        picture: &BitmapView<'_>,
        resolution: Resolution,
        options: &JobOptions,
        out: &mut Vec<u8>,
    ) -> Result<(), EncodeError>;
    /// Sent before the next label after a broken transfer: ends a half-received format without
    /// printing it.
    fn resync(&self) -> &'static [u8];
    /// What counts as `drained` and `counted`.
    fn proof(&self) -> Proof;
    /// Sent right after a label: makes the printer tell when that label is on paper. Empty for
    /// languages without such a command. Tokens are taken modulo 2^24.
    fn confirmation(&self, _token: u32) -> Vec<u8> {
        Vec::new()
    }
    /// The first complete thing in `bytes` that was said without being asked, and where it stands.
    /// It must be cut out before the rest is read as an answer.
    fn notice(&self, _bytes: &[u8]) -> Option<(std::ops::Range<usize>, Notice)> {
        None
    }
    /// The questions this language has.
    fn queries(&self) -> &'static [Query];
    /// Reads the start of `bytes` as the answer to `query`.
    fn parse_reply(&self, query: &Query, bytes: &[u8]) -> Reply;
    /// The question what is wrong in detail, if the language has one.
    fn faults_query(&self) -> Option<&'static FaultsQuery> {
        None
    }
    /// Names of all questions, for `--query`.
    fn query_names(&self) -> Vec<&'static str> {
        let names = self.queries().iter().map(|q| q.name);
        names.chain(self.faults_query().map(|q| q.name)).collect()
    }
    /// The question of a kind, if the language has one.
    fn query(&self, kind: QueryKind) -> Option<&'static Query> {
        self.queries().iter().find(|q| q.kind == kind)
    }
}
