//! A device model as data: how to find it, how to talk to it, and recorded proof.

use crate::bitmap::Resolution;
use crate::dimensioner::http_json::HttpOptions;
use crate::length::Length;
use crate::mass::Unit;
use crate::printer::{Compression, JobOptions, Media, PrintMode, Stock};
use crate::scale::framed::FramedOptions;
use serde::{Deserialize, Serialize};

mod check;
mod escape;
mod scanner;

pub use escape::{escape, unescape};
pub use scanner::{Answer, CapsLock, CodeIds, HidShape, HostCommands, ScannerOptions, SsiOptions};

/// Longest profile file.
const PROFILE_BYTES_MAX: usize = 256 << 10;

/// What a device is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Scale,
    Scanner,
    Dimensioner,
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
    /// Report descriptor of a HID device, for its examples and for `device decode`.
    #[serde(default)]
    pub hid: Option<Hid>,
    /// Unit a scale displays in; every scale names one, because a guess would be a wrong weight.
    #[serde(default)]
    pub unit: Option<Unit>,
    #[serde(default)]
    pub scale: ScaleOptions,
    /// Frames of a scale with codec `framed`.
    #[serde(default)]
    pub framed: Option<FramedOptions>,
    /// Requests and answers of a dimensioner with codec `http-json`.
    #[serde(default)]
    pub http: Option<HttpOptions>,
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
    /// Must occur in the manufacturer, product or IEEE-1284 text, in any case.
    #[serde(default)]
    pub text: Option<String>,
}

impl Match {
    /// Whether a device fits: all that is stated must hold. `texts` are its descriptor strings.
    pub fn fits(&self, vendor_id: &str, product_id: &str, texts: &[&str]) -> bool {
        let within = |wanted: &String| {
            let wanted = wanted.to_lowercase();
            texts.iter().any(|t| t.to_lowercase().contains(&wanted))
        };
        self.vendor_id.eq_ignore_ascii_case(vendor_id)
            && self
                .product_id
                .as_ref()
                .is_none_or(|id| id.eq_ignore_ascii_case(product_id))
            && self.text.as_ref().is_none_or(within)
    }
}

/// What a HID device's reports look like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hid {
    /// The report descriptor as hex digits, spaces and line ends between bytes allowed. A
    /// connected device's own descriptor wins.
    pub descriptor: String,
    /// Length of one input report in bytes, its id included.
    pub report_bytes: usize,
}

impl Hid {
    /// Longest report descriptor and report, in bytes.
    pub const DESCRIPTOR_BYTES_MAX: usize = 4096;

    /// The descriptor's bytes; `None` if the text is no hex or too long.
    pub fn descriptor_bytes(&self) -> Option<Vec<u8>> {
        let digits: Vec<u8> = self
            .descriptor
            .bytes()
            .filter(|b| !b.is_ascii_whitespace())
            .collect();
        let (pairs, rest) = digits.as_chunks::<2>();
        if !rest.is_empty() || pairs.len() > Self::DESCRIPTOR_BYTES_MAX {
            return None;
        }
        pairs
            .iter()
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
            .collect()
    }
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

/// Peculiarities of a scale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScaleOptions {
    /// Decimals of a weight that comes without a point; such weights are refused if absent.
    pub implied_decimals: Option<u8>,
    /// A checksum follows each frame (Toledo continuous).
    pub checksum: bool,
    /// The start byte counts for the checksum (CAS).
    pub checksum_start: bool,
    /// The display's fixed zeros come on top of the digits sent (Toledo continuous).
    pub fixed_zeros: bool,
    /// The output report that zeroes, its id first, for a HID scale that obeys another one than
    /// its descriptor tells: text with `\xNN`.
    pub zero_report: Option<String>,
    /// Time from one question to the next, for scales that are asked.
    pub poll_ms: u64,
}

impl Default for ScaleOptions {
    fn default() -> Self {
        ScaleOptions {
            implied_decimals: None,
            checksum: false,
            checksum_start: false,
            fixed_zeros: false,
            zero_report: None,
            poll_ms: 200,
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
    /// From one label to the next, 0 for continuous stock; the printer's own setting if absent.
    #[serde(default)]
    pub gap_um: Option<i64>,
    #[serde(default)]
    pub compression: Compression,
    /// It answers status questions.
    #[serde(default = "yes")]
    pub status: bool,
    /// It counts its labels and tells.
    #[serde(default)]
    pub counter: bool,
    /// What happens to a printed label; the printer's own setting if absent.
    #[serde(default)]
    pub mode: Option<PrintMode>,
}

impl PrinterOptions {
    /// The stock.
    pub fn media(&self) -> Media {
        Media {
            width: Length::from_um(self.media_width_um),
            height: Length::from_um(self.media_height_um),
        }
    }

    /// The head.
    pub fn resolution(&self) -> Resolution {
        Resolution::from_dpi(self.dpi)
    }

    /// A job of so many copies on this printer.
    pub fn job(&self, copies: u32) -> JobOptions {
        JobOptions {
            compression: self.compression,
            copies,
            mode: self.mode,
            stock: self.gap_um.map(|gap| Stock {
                media: self.media(),
                gap: Length::from_um(gap),
            }),
            head_dots: Some(self.width_dots),
        }
    }
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
        if text.len() > PROFILE_BYTES_MAX {
            return Err(ProfileError::Toml {
                origin: origin.to_owned(),
                text: format!("a profile has at most {PROFILE_BYTES_MAX} bytes: split it up"),
            });
        }
        let profile: Profile = toml::from_str(text).map_err(|e| ProfileError::Toml {
            origin: origin.to_owned(),
            text: e.to_string(),
        })?;
        check::check(&profile).map_err(|(key, text)| ProfileError::Value {
            origin: origin.to_owned(),
            key,
            text,
        })?;
        Ok(profile)
    }
}
