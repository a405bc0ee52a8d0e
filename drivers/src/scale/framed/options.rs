//! `[framed]` of a profile, checked and turned into what the codec runs on.

use super::pattern::{Checksum, Found, Marks, Pattern, Sum, Tables};
use crate::mass::{MassFlags, Unit};
use crate::profile::unescape;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Longest text of a key.
const TEXT_BYTES_MAX: usize = 64;
/// Most patterns, marks and units of a profile.
const ENTRIES_MAX: usize = 64;

/// `[framed]` as written. Texts with `\xNN`, `\r`, `\n`, `\t`, `\\`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FramedOptions {
    /// Begins a frame.
    pub start: String,
    /// Any of them ends a frame.
    pub ends: Vec<String>,
    /// What the frames look like, first fit wins; see the module's text.
    pub patterns: Vec<String>,
    /// Frames that say nothing about the weight, such as answers to commands.
    pub ignore: Vec<String>,
    /// `{mark NAME}`: text at that place -> flags, separated by commas.
    pub marks: BTreeMap<String, BTreeMap<String, String>>,
    /// `{bits NAME}`: bit number of a byte -> flags when it is set.
    pub bits: BTreeMap<String, BTreeMap<String, String>>,
    /// Names of units other than kg, g, lb, oz.
    pub units: BTreeMap<String, Unit>,
    /// `point` (default) or `comma`.
    pub decimal: String,
    /// Secures the frames at `{check}`: `xor`, `sum`, or `complement` (what makes the sum zero).
    pub checksum: String,
    /// The start mark counts for the checksum.
    pub checksum_start: bool,
    /// Sent to get a reading.
    pub ask: String,
    /// Sent after connecting, and again when the scale is silent: makes it send by itself.
    pub begin: String,
    pub zero: String,
    pub tare: String,
    pub clear_tare: String,
    /// A pause inside a frame that makes it garbage, 50 to 5000 ms; 300 if absent.
    pub gap_ms: Option<u64>,
}

/// What is wrong with a `[framed]` table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("framed.{key}: {text}")]
pub struct FramedError {
    pub key: &'static str,
    /// What is wrong and what to write.
    pub text: String,
}

/// A checked table.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    pub start: Vec<u8>,
    pub ends: Vec<Vec<u8>>,
    pub ask: Vec<u8>,
    pub begin: Vec<u8>,
    pub zero: Vec<u8>,
    pub tare: Vec<u8>,
    pub clear_tare: Vec<u8>,
    pub gap: Duration,
    /// Bytes that may end a frame, begin one or end an echo: all others are only gathered.
    marks: [bool; 256],
    pub patterns: Vec<Pattern>,
    ignore: Vec<Pattern>,
    pub tables: Tables,
}

impl Plan {
    pub fn new(options: &FramedOptions) -> Result<Self, FramedError> {
        let tables = tables(options)?;
        let parse = |key, texts: &[String]| -> Result<Vec<Pattern>, FramedError> {
            let one = |text: &String| {
                Pattern::parse(text, &tables).map_err(|reason| FramedError {
                    key,
                    text: format!("{text:?}: {reason}"),
                })
            };
            if texts.len() > ENTRIES_MAX {
                return wrong(key, "write at most 64");
            }
            texts.iter().map(one).collect()
        };
        let (patterns, ignore) = (
            parse("patterns", &options.patterns)?,
            parse("ignore", &options.ignore)?,
        );
        if patterns.is_empty() {
            return wrong(
                "patterns",
                "write at least one, such as ['{weight} {unit}']",
            );
        }
        let each = options.ends.iter().map(|end| bytes("ends", end));
        let ends: Vec<Vec<u8>> = each.collect::<Result<_, _>>()?;
        if ends.is_empty() || ends.len() > 8 || ends.iter().any(Vec::is_empty) {
            return wrong("ends", "write 1 to 8 texts, such as ['\\r\\n']");
        }
        let gap_ms = options.gap_ms.unwrap_or(300);
        if !(50..=5_000).contains(&gap_ms) {
            return wrong("gap_ms", "write 50 to 5000");
        }
        let start = bytes("start", &options.start)?;
        let mut marks = [false; 256];
        let lasts = ends.iter().chain([&start]).filter_map(|text| text.last());
        for byte in lasts.chain(b"\r\n") {
            if let Some(mark) = marks.get_mut(usize::from(*byte)) {
                *mark = true;
            }
        }
        Ok(Plan {
            marks,
            start,
            ends,
            ask: bytes("ask", &options.ask)?,
            begin: bytes("begin", &options.begin)?,
            zero: bytes("zero", &options.zero)?,
            tare: bytes("tare", &options.tare)?,
            clear_tare: bytes("clear_tare", &options.clear_tare)?,
            gap: Duration::from_millis(gap_ms),
            patterns,
            ignore,
            tables,
        })
    }

    /// What a frame says.
    pub fn read(&self, body: &[u8], unit: Unit) -> Found {
        let ignored = |pattern: &Pattern| pattern.read(body, &self.tables, unit) != Found::Nothing;
        if self.ignore.iter().any(ignored) {
            return Found::Ignored;
        }
        let read = self
            .patterns
            .iter()
            .map(|p| p.read(body, &self.tables, unit));
        let mut found = read.filter(|found| *found != Found::Nothing);
        found.next().unwrap_or(Found::Nothing)
    }

    /// Whether a byte may end a frame, begin one or end an echo.
    pub fn is_mark(&self, byte: u8) -> bool {
        self.marks.get(usize::from(byte)).is_none_or(|mark| *mark)
    }

    /// Whether a frame may begin with this byte by its start mark.
    pub fn begins(&self, byte: u8) -> bool {
        self.start.first() == Some(&byte)
    }

    /// Whether an end mark may end with this byte.
    pub fn may_end(&self, byte: u8) -> bool {
        self.ends.iter().any(|end| end.last() == Some(&byte))
    }

    /// Whether these bytes are what this host sent, come back on a line with echo.
    pub fn is_echo(&self, raw: &[u8]) -> bool {
        self.sent().any(|sent| sent == raw)
    }

    /// What stands behind the echo of a command that has no line end of its own.
    pub fn behind_echo<'a>(&self, body: &'a [u8]) -> Option<&'a [u8]> {
        self.sent().find_map(|sent| body.strip_prefix(sent))
    }

    /// All that this host may send.
    fn sent(&self) -> impl Iterator<Item = &[u8]> {
        let all = [
            &self.ask,
            &self.begin,
            &self.zero,
            &self.tare,
            &self.clear_tare,
        ];
        all.into_iter()
            .map(Vec::as_slice)
            .filter(|sent| !sent.is_empty())
    }
}

fn wrong<T>(key: &'static str, text: &str) -> Result<T, FramedError> {
    let text = text.to_owned();
    Err(FramedError { key, text })
}

fn bytes(key: &'static str, text: &str) -> Result<Vec<u8>, FramedError> {
    match unescape(text).filter(|bytes| bytes.len() <= TEXT_BYTES_MAX) {
        Some(bytes) => Ok(bytes),
        None => wrong(
            key,
            "write at most 64 bytes; escapes are \\xNN, \\r, \\n, \\t and \\\\",
        ),
    }
}

fn tables(options: &FramedOptions) -> Result<Tables, FramedError> {
    let comma = match options.decimal.as_str() {
        "" | "point" => false,
        "comma" => true,
        _ => return wrong("decimal", "write point or comma"),
    };
    let entries = options.marks.values().map(BTreeMap::len).max().unwrap_or(0);
    let names = options
        .marks
        .len()
        .max(options.bits.len())
        .max(options.units.len());
    if entries.max(names) > ENTRIES_MAX {
        return wrong("marks", "write at most 64 of each");
    }
    let mut marks: BTreeMap<String, Marks> = BTreeMap::new();
    for (name, table) in &options.marks {
        let entry =
            |(text, words): (&String, &String)| Ok((bytes("marks", text)?, flags("marks", words)?));
        let mut texts: Marks = table.iter().map(entry).collect::<Result<_, _>>()?;
        // The longest text that fits is meant.
        texts.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        marks.insert(name.clone(), texts);
    }
    let mut bits = BTreeMap::new();
    for (name, table) in &options.bits {
        let mut masks = Vec::new();
        for (bit, words) in table {
            match bit.parse::<u8>().ok().filter(|bit| *bit < 8) {
                Some(bit) => masks.push((1 << bit, flags("bits", words)?)),
                None => return wrong("bits", "write bit numbers \"0\" to \"7\""),
            }
        }
        bits.insert(name.clone(), masks);
    }
    Ok(Tables {
        marks,
        bits,
        units: options.units.clone(),
        comma,
        checksum: checksum(options)?,
    })
}

fn checksum(options: &FramedOptions) -> Result<Option<Checksum>, FramedError> {
    let sum = match options.checksum.as_str() {
        "" => return Ok(None),
        "xor" => Sum::Xor,
        "sum" => Sum::Add,
        "complement" => Sum::Complement,
        _ => return wrong("checksum", "write xor, sum or complement"),
    };
    let before = if options.checksum_start {
        bytes("start", &options.start)?
    } else {
        Vec::new()
    };
    Ok(Some(Checksum { sum, before }))
}

/// `stable,zero` -> flags.
pub(super) fn flags(key: &'static str, words: &str) -> Result<MassFlags, FramedError> {
    let mut flags = MassFlags::default();
    for word in words
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
    {
        match word {
            "stable" => flags.stable = true,
            "motion" => flags.motion = true,
            "zero" => flags.zero = true,
            "net" => flags.net = true,
            "over" => flags.over = true,
            "under" => flags.under = true,
            "fault" => flags.fault = true,
            _ => {
                return wrong(
                    key,
                    "flags are stable, motion, zero, net, over, under, fault",
                );
            }
        }
    }
    Ok(flags)
}
