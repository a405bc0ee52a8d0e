//! Recorded exchanges as text: one line per transfer, usable as example, test or bug report.
//!
//! ```text
//! # free comment
//! profile toledo-8217-kg
//! @0 > W
//! @12 < \x0201.25\r
//! ```
//!
//! `@` milliseconds since the start, `>` to the device, `<` from it, bytes escaped as in profiles.

use crate::profile::{escape, unescape};
use std::fmt::Write;

/// Longest transcript read, in lines.
pub const LINES_MAX: usize = 100_000;

/// Direction of a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    ToDevice,
    FromDevice,
}

/// One transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    pub at_ms: u64,
    pub direction: Direction,
    pub bytes: Vec<u8>,
}

/// A recorded exchange.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transcript {
    pub profile: Option<String>,
    pub transfers: Vec<Transfer>,
}

/// What is wrong with a transcript.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {text}")]
pub struct TranscriptError {
    pub line: usize,
    pub text: &'static str,
}

impl Transcript {
    /// Reads the text form.
    ///
    /// # Errors
    /// [`TranscriptError`] with the line and what to write.
    pub fn parse(text: &str) -> Result<Self, TranscriptError> {
        let mut transcript = Transcript::default();
        for (index, raw) in text.lines().enumerate() {
            let line = index.saturating_add(1);
            let fail = |text| Err(TranscriptError { line, text });
            if line > LINES_MAX {
                return fail("too long: at most 100000 lines");
            }
            let content = raw.trim_end();
            if content.is_empty() || content.starts_with('#') {
                continue;
            }
            if let Some(profile) = content.strip_prefix("profile ") {
                transcript.profile = Some(profile.trim().to_owned());
                continue;
            }
            let mut parts = content.splitn(3, ' ');
            let time = parts
                .next()
                .and_then(|t| t.strip_prefix('@'))
                .and_then(|t| t.parse().ok());
            let direction = match parts.next() {
                Some(">") => Direction::ToDevice,
                Some("<") => Direction::FromDevice,
                _ => return fail("want `@ms > bytes` or `@ms < bytes`"),
            };
            let bytes = unescape(parts.next().unwrap_or_default());
            let (Some(at_ms), Some(bytes)) = (time, bytes) else {
                return fail("want `@ms`, and bytes with escapes \\xNN, \\r, \\n, \\t, \\\\");
            };
            transcript.transfers.push(Transfer {
                at_ms,
                direction,
                bytes,
            });
        }
        Ok(transcript)
    }

    /// The text form.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        if let Some(profile) = &self.profile {
            text.push_str("profile ");
            text.push_str(profile);
            text.push('\n');
        }
        for transfer in &self.transfers {
            let arrow = match transfer.direction {
                Direction::ToDevice => '>',
                Direction::FromDevice => '<',
            };
            let bytes = escape(&transfer.bytes);
            let written = writeln!(text, "@{} {arrow} {bytes}", transfer.at_ms);
            debug_assert!(written.is_ok(), "writing to a string cannot fail");
        }
        text
    }

    /// All bytes from the device in order.
    pub fn received(&self) -> Vec<u8> {
        let from = |t: &&Transfer| t.direction == Direction::FromDevice;
        self.transfers
            .iter()
            .filter(from)
            .flat_map(|t| t.bytes.iter().copied())
            .collect()
    }
}
