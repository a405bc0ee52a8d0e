//! Printer languages: picture in, bytes out; status questions and what the answers mean.

pub mod brother_ql;
pub mod cpcl;
pub mod dpl;
pub mod dymo;
pub mod epl2;
pub mod escpos;
mod raster;
pub mod sbpl;
pub mod tspl;
pub mod zpl;

pub use crate::registry::LANGUAGES;

use crate::bitmap::{BitmapView, Resolution};
use crate::length::Length;
use serde::{Deserialize, Serialize};

/// The language of an id: `zpl`, `epl2`, `tspl`, `escpos`, `cpcl`, `dpl`, `sbpl`, `brother-ql` or
/// `dymo`.
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

/// What a printer says about itself. Silence is not a status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools)]
pub struct PrinterStatus {
    pub paper_out: bool,
    pub paused: bool,
    pub head_open: bool,
    pub ribbon_out: bool,
    pub buffer_full: bool,
    pub over_temperature: bool,
    pub under_temperature: bool,
    pub corrupt_memory: bool,
    pub partial_format: bool,
    pub label_waiting: bool,
    pub formats_in_buffer: u32,
    pub labels_remaining: u32,
}

impl PrinterStatus {
    /// Something is being received or printed.
    pub fn busy(&self) -> bool {
        self.partial_format || self.formats_in_buffer > 0 || self.labels_remaining > 0
    }

    /// A hand is needed before anything prints.
    pub fn fault(&self) -> bool {
        self.paper_out
            || self.paused
            || self.head_open
            || self.ribbon_out
            || self.over_temperature
            || self.under_temperature
            || self.corrupt_memory
    }

    /// Everything that is set, by name; `busy` for work in progress.
    pub fn flags(&self) -> Vec<&'static str> {
        let all = [
            (self.paper_out, "paper_out"),
            (self.paused, "paused"),
            (self.head_open, "head_open"),
            (self.ribbon_out, "ribbon_out"),
            (self.buffer_full, "buffer_full"),
            (self.over_temperature, "over_temperature"),
            (self.under_temperature, "under_temperature"),
            (self.corrupt_memory, "corrupt_memory"),
            (self.label_waiting, "label_waiting"),
            (self.busy(), "busy"),
        ];
        all.into_iter()
            .filter_map(|(set, name)| set.then_some(name))
            .collect()
    }
}

/// Errors and warnings in detail. Deliberately no [`PrinterStatus`]: it tells nothing about work
/// in progress, and a missing word about that must not read as idle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PrinterFaults {
    /// Bits as the language defines them; [`PrinterFaults::flags`] names them.
    pub errors: u32,
    pub warnings: u32,
    /// Names of the bits, lowest first; unnamed bits are empty.
    names: (&'static [&'static str], &'static [&'static str]),
}

impl PrinterFaults {
    pub(crate) const fn new(
        errors: u32,
        warnings: u32,
        names: (&'static [&'static str], &'static [&'static str]),
    ) -> Self {
        PrinterFaults {
            errors,
            warnings,
            names,
        }
    }

    /// Everything that is set, errors first; a bit without a name is `unknown_error` or
    /// `unknown_warning`.
    pub fn flags(&self) -> Vec<&'static str> {
        let mut flags = named(self.errors, self.names.0, "unknown_error");
        flags.extend(named(self.warnings, self.names.1, "unknown_warning"));
        flags
    }
}

fn named(bits: u32, names: &[&'static str], unknown: &'static str) -> Vec<&'static str> {
    let set = (0..u32::BITS).filter(|bit| bits >> bit & 1 == 1);
    let name = |bit: u32| {
        let name = usize::try_from(bit).ok().and_then(|bit| names.get(bit));
        name.copied().filter(|n| !n.is_empty()).unwrap_or(unknown)
    };
    let mut found: Vec<&'static str> = set.map(name).collect();
    found.dedup();
    found
}

/// Model and firmware.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrinterIdentity {
    pub model: String,
    pub firmware: String,
    /// Dots per millimetre, if told.
    pub dots_per_mm: Option<u32>,
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
