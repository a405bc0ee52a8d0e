//! A device model as data: how to find it, how to talk to it, and recorded proof.

use crate::printer::Compression;
use serde::{Deserialize, Serialize};

/// What a device is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Scale,
    Scanner,
    Printer,
}

/// A model or family.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Unique, lower case, such as `toledo-8217-kg`.
    pub id: String,
    pub kind: Kind,
    pub vendor: String,
    pub model: String,
    /// Protocol or language: a name of the registry.
    pub codec: String,
    #[serde(default, rename = "match")]
    pub matches: Vec<Match>,
    #[serde(default)]
    pub serial: Serial,
    /// Unit a scale displays in if its protocol does not say.
    #[serde(default)]
    pub unit: Option<String>,
    #[serde(default)]
    pub scanner: ScannerOptions,
    #[serde(default)]
    pub printer: Option<PrinterOptions>,
    pub examples: Vec<Example>,
}

/// Evidence that a USB device is this model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Match {
    /// Four hex digits each.
    pub vendor_id: String,
    #[serde(default)]
    pub product_id: Option<String>,
}

/// Line settings of a serial device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Serial {
    pub baud: u32,
    pub data_bits: u8,
    /// `none`, `even` or `odd`.
    pub parity: String,
    pub stop_bits: u8,
    /// Level of the line after opening; untouched if absent.
    pub dtr: Option<bool>,
    pub rts: Option<bool>,
}

impl Default for Serial {
    fn default() -> Self {
        let parity = "none".to_owned();
        Serial {
            baud: 9600,
            data_bits: 8,
            parity,
            stop_bits: 1,
            dtr: None,
            rts: None,
        }
    }
}

/// Framing of a text scanner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScannerOptions {
    pub prefix: String,
    pub terminators: String,
    pub aim: bool,
    pub gap_ms: u64,
}

impl Default for ScannerOptions {
    fn default() -> Self {
        ScannerOptions {
            prefix: String::new(),
            terminators: "\r\n".into(),
            aim: true,
            gap_ms: 500,
        }
    }
}

/// Head, stock and abilities of a printer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrinterOptions {
    pub dpi: u32,
    /// Dots of the head.
    pub width_dots: u32,
    /// Stock in micrometres.
    pub media_width_um: i64,
    pub media_height_um: i64,
    #[serde(default)]
    pub compression: Compression,
    /// It answers status questions.
    #[serde(default = "yes")]
    pub status: bool,
    /// It counts its labels and tells.
    #[serde(default)]
    pub counter: bool,
}

fn yes() -> bool {
    true
}

/// Recorded bytes and what they mean.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What it shows.
    pub name: String,
    /// Received bytes, as text with `\xNN`, `\r`, `\n`, `\t`, `\\`.
    pub bytes: String,
    /// For printers: which question this answers.
    #[serde(default)]
    pub query: Option<String>,
    /// The decoded lines, each one JSON document as `device decode` prints it.
    pub lines: Vec<String>,
}

/// What is wrong with a profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    #[error("{origin}: {text}")]
    Toml { origin: String, text: String },
    #[error("{origin}: {key}: {text}")]
    Value {
        origin: String,
        key: &'static str,
        text: String,
    },
}

impl Profile {
    /// Reads and checks a profile; `origin` names the file in errors.
    ///
    /// # Errors
    /// [`ProfileError`] naming file, key and what to write.
    pub fn parse(origin: &str, text: &str) -> Result<Self, ProfileError> {
        let toml_error = |e: toml::de::Error| ProfileError::Toml {
            origin: origin.to_owned(),
            text: e.to_string(),
        };
        let profile: Profile = toml::from_str(text).map_err(toml_error)?;
        profile.check(origin)?;
        Ok(profile)
    }

    fn check(&self, origin: &str) -> Result<(), ProfileError> {
        let fail = |key, text: &str| {
            Err(ProfileError::Value {
                origin: origin.to_owned(),
                key,
                text: text.to_owned(),
            })
        };
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if self.id.is_empty() || !self.id.bytes().all(legal) {
            return fail("id", "write lower-case letters, digits and hyphens");
        }
        if self.examples.is_empty() {
            return fail("examples", "add at least one recorded example as proof");
        }
        if !matches!(self.serial.parity.as_str(), "none" | "even" | "odd") {
            return fail("serial.parity", "write none, even or odd");
        }
        if !matches!(self.serial.data_bits, 7 | 8) || !matches!(self.serial.stop_bits, 1 | 2) {
            return fail("serial", "data_bits is 7 or 8, stop_bits 1 or 2");
        }
        if (self.kind == Kind::Printer) != self.printer.is_some() {
            return fail("printer", "printers, and only they, have a [printer] table");
        }
        if self
            .printer
            .as_ref()
            .is_some_and(|p| !matches!(p.dpi, 203 | 300 | 600))
        {
            return fail("printer.dpi", "write 203, 300 or 600");
        }
        if !crate::registry::knows(self.kind, &self.codec) {
            return fail("codec", "no such protocol; see the registry for the names");
        }
        for example in &self.examples {
            if unescape(&example.bytes).is_none() {
                return fail(
                    "examples.bytes",
                    "escapes are \\xNN, \\r, \\n, \\t and \\\\",
                );
            }
        }
        Ok(())
    }
}

/// Bytes of an escaped text; `None` for an unknown escape.
pub fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            continue;
        }
        match rest.next()? {
            'x' => {
                let hex: String = rest.by_ref().take(2).collect();
                bytes.push(
                    u8::from_str_radix(&hex, 16)
                        .ok()
                        .filter(|_| hex.len() == 2)?,
                );
            }
            'r' => bytes.push(b'\r'),
            'n' => bytes.push(b'\n'),
            't' => bytes.push(b'\t'),
            '\\' => bytes.push(b'\\'),
            _ => return None,
        }
    }
    Some(bytes)
}

/// The escaped text of bytes: printable ASCII as it is.
pub fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            0x20..=0x7E => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\x{byte:02X}")),
        }
    }
    text
}
