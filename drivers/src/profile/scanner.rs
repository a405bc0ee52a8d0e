//! How a scanner frames its codes, which keys it presses, and what the host may send it.

use super::check::{Finding, fail};
use super::unescape;
use crate::scanner::keyboard;
use crate::scanner::line::AFFIX_BYTES_MAX;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest message to a scanner, in bytes.
const MESSAGE_BYTES_MAX: usize = 512;
/// Most messages of one command, and most answers or no-read texts.
const LIST_MAX: usize = 16;

/// Peculiarities of a scanner. Most concern one protocol and are passed over by the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScannerOptions {
    /// Comes before every code; a code without it is garbage.
    pub prefix: String,
    /// Any of them ends a code.
    pub suffixes: Vec<String>,
    /// The scanner sends AIM identifiers.
    pub aim: bool,
    /// A pause inside a code that makes it garbage, 50 to 5000.
    pub gap_ms: u64,
    /// The pause ends a code instead: for scanners without a suffix.
    pub gap_ends: bool,
    /// Whole messages that say that nothing was read; they are no codes.
    pub no_read: Vec<String>,
    /// Keyboards: the layout programmed into the scanner, whatever the computer's own is.
    pub layout: String,
    /// Keyboards: what to make of the caps lock key.
    pub caps_lock: CapsLock,
    /// Keyboards: digits of an Alt code, 3 or 4, if they are always as many.
    pub alt_digits: Option<u8>,
    /// Keyboards: what a key without a character stands for, such as `Down = '\x1D'`.
    pub keys: BTreeMap<String, String>,
    /// HID POS: the shape of a report whose descriptor does not name its fields.
    pub hid_shape: Option<HidShape>,
    /// Whose symbology byte follows the data.
    pub code_ids: Option<CodeIds>,
    /// How answers to commands look, so that none is ever taken for a code.
    pub answers: Vec<Answer>,
    /// What is sent when.
    pub commands: HostCommands,
    pub ssi: SsiOptions,
}

impl Default for ScannerOptions {
    fn default() -> Self {
        ScannerOptions {
            prefix: String::new(),
            suffixes: vec!["\r".into(), "\n".into()],
            aim: true,
            gap_ms: 500,
            gap_ends: false,
            no_read: Vec::new(),
            layout: "us".into(),
            caps_lock: CapsLock::Ignore,
            alt_digits: None,
            keys: BTreeMap::new(),
            hid_shape: None,
            code_ids: None,
            answers: Vec::new(),
            commands: HostCommands::default(),
            ssi: SsiOptions::default(),
        }
    }
}

/// What to make of the caps lock key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CapsLock {
    /// Shift alone decides: right for scanners that press it to undo the computer's caps lock.
    Ignore,
    /// It turns letters round, from off, and the light's state is believed: right for scanners
    /// that turn letters round themselves when the light is on.
    Follow,
}

/// Shapes of HID POS reports, for descriptors without the usages of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HidShape {
    /// Id 02, length, AIM identifier, 56 bytes, symbology, reserved, more follows.
    Aim,
    /// Id 02, length, 56 bytes, 4 reserved, symbology.
    Newland,
    /// Id 01, length, 62 bytes.
    Microscan,
}

/// A maker's table of symbology bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CodeIds {
    Honeywell,
}

/// How an answer to a command looks; texts with `\xNN`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Answer {
    pub starts: String,
    pub ends: String,
    /// It is an answer even if nothing was asked; otherwise only within two seconds of a command.
    pub unasked: bool,
}

/// Messages to the scanner with `\xNN`; over HID each is one output report, its id first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HostCommands {
    /// After connecting.
    pub connect: Vec<String>,
    /// The code was taken.
    pub accept: Vec<String>,
    /// The code was refused.
    pub reject: Vec<String>,
    /// Read a code now.
    pub trigger: Vec<String>,
}

/// Feedback over SSI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SsiOptions {
    /// Beep codes, 0 to 26; none if absent.
    pub accept_beep: Option<u8>,
    pub reject_beep: Option<u8>,
    /// Lights shown for a refused code, as a mask; 0 for none.
    pub reject_led: u8,
}

impl Default for SsiOptions {
    fn default() -> Self {
        SsiOptions {
            accept_beep: Some(0x00),
            reject_beep: Some(0x06),
            reject_led: 0x01,
        }
    }
}

pub(super) fn check(options: &ScannerOptions) -> Result<(), Finding> {
    framing(options)?;
    keyboard(options)?;
    host(options)
}

fn framing(options: &ScannerOptions) -> Result<(), Finding> {
    if options.prefix.len() > AFFIX_BYTES_MAX {
        return fail("scanner.prefix", "write 16 bytes at most");
    }
    let proper = |s: &String| (1..=AFFIX_BYTES_MAX).contains(&s.len());
    if options.suffixes.len() > 8 || !options.suffixes.iter().all(proper) {
        return fail(
            "scanner.suffixes",
            "write up to 8 texts of 1 to 16 bytes, such as [\"\\r\"]",
        );
    }
    if options.suffixes.is_empty() && !options.gap_ends {
        return fail(
            "scanner.suffixes",
            "write at least one, or gap_ends = true if the scanner sends none",
        );
    }
    if !(50..=5000).contains(&options.gap_ms) {
        return fail("scanner.gap_ms", "write 50 to 5000");
    }
    let proper = |s: &String| (1..=64).contains(&s.len());
    if options.no_read.len() > LIST_MAX || !options.no_read.iter().all(proper) {
        return fail(
            "scanner.no_read",
            "write up to 16 texts of 1 to 64 bytes, such as [\"NR\"]",
        );
    }
    Ok(())
}

fn keyboard(options: &ScannerOptions) -> Result<(), Finding> {
    if keyboard::Layout::find(&options.layout).is_none() {
        let ids: Vec<&str> = keyboard::LAYOUTS.iter().map(|l| l.id).collect();
        return Err((
            "scanner.layout",
            format!("no such layout: write one of {}", ids.join(", ")),
        ));
    }
    if !matches!(options.alt_digits, None | Some(3 | 4)) {
        return fail("scanner.alt_digits", "write 3 or 4, or leave it out");
    }
    for (name, bytes) in &options.keys {
        if keyboard::key_named(name).is_none() {
            return fail(
                "scanner.keys",
                "keys are F1 to F12, Up, Down, Left, Right, Home, End, PageUp, PageDown, Insert, \
                 Delete, Escape, Backspace, Tab and Enter",
            );
        }
        if unescape(bytes).is_none_or(|b| b.len() > AFFIX_BYTES_MAX) {
            return fail(
                "scanner.keys",
                "write up to 16 bytes; escapes are \\xNN, \\r, \\n, \\t and \\\\",
            );
        }
    }
    Ok(())
}

fn host(options: &ScannerOptions) -> Result<(), Finding> {
    let escaped = |text: &String, most: usize| unescape(text).is_some_and(|b| b.len() <= most);
    let proper = |answer: &Answer| {
        escaped(&answer.starts, AFFIX_BYTES_MAX)
            && escaped(&answer.ends, AFFIX_BYTES_MAX)
            && !answer.ends.is_empty()
    };
    if options.answers.len() > LIST_MAX || !options.answers.iter().all(proper) {
        return fail(
            "scanner.answers",
            "write up to 16, each with an end of 1 to 16 bytes such as '\\x06.'",
        );
    }
    let commands = &options.commands;
    let all = [
        &commands.connect,
        &commands.accept,
        &commands.reject,
        &commands.trigger,
    ];
    let proper = |text: &String| !text.is_empty() && escaped(text, MESSAGE_BYTES_MAX);
    if all
        .iter()
        .any(|list| list.len() > LIST_MAX || !list.iter().all(proper))
    {
        return fail(
            "scanner.commands",
            "write up to 16 messages of 1 to 512 bytes each; escapes are \\xNN, \\r, \\n, \\t \
             and \\\\",
        );
    }
    if options.ssi.accept_beep.max(options.ssi.reject_beep) > Some(0x1A) {
        return fail("scanner.ssi", "beep codes are 0 to 26");
    }
    Ok(())
}
