//! Recorded exchanges as text: one line per transfer, usable as example, test or bug report.
//!
//! ```text
//! # free comment
//! profile toledo-8217-kg
//! @0 > W
//! @12 < \x0201.25\r
//! ```
//!
//! `@` milliseconds since the start, never falling; `>` to the device, `<` from it; bytes escaped
//! as in profiles, spaces at the ends of a line as `\x20`. Limits hold on reading, so a stranger's
//! file cannot fill the memory.

use crate::profile::{escape, unescape};
use std::fmt::Write;
use std::time::Duration;

mod mask;
mod meaning;

/// Longest transcript read, in lines.
pub const LINES_MAX: usize = 100_000;
/// Most bytes of one transfer.
pub const TRANSFER_BYTES_MAX: usize = 1 << 20;
/// Longest transcript read, in bytes of text.
pub const TEXT_BYTES_MAX: usize = 64 << 20;
/// Longest recording.
const AT_MS_MAX: u64 = 7 * 24 * 3_600_000;

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
        let error = |line, text| TranscriptError { line, text };
        if text.len() > TEXT_BYTES_MAX {
            return Err(error(1, "too long: at most 64 MiB"));
        }
        let mut transcript = Transcript::default();
        for (index, raw) in text.lines().enumerate() {
            let line = index.saturating_add(1);
            if line > LINES_MAX {
                return Err(error(line, "too long: at most 100000 lines"));
            }
            let parsed = transcript.line(raw.trim());
            parsed.map_err(|text| error(line, text))?;
        }
        Ok(transcript)
    }

    fn line(&mut self, content: &str) -> Result<(), &'static str> {
        if content.is_empty() || content.starts_with('#') {
            return Ok(());
        }
        if let Some(profile) = content.strip_prefix("profile ") {
            if self.profile.is_some() || !self.transfers.is_empty() {
                return Err("write one `profile` line, before the first transfer");
            }
            self.profile = Some(profile.trim().to_owned());
            return Ok(());
        }
        let mut parts = content.splitn(3, ' ');
        let time = parts.next().and_then(|t| t.strip_prefix('@'));
        let at_ms = time.and_then(|t| t.parse().ok());
        let direction = match parts.next() {
            Some(">") => Direction::ToDevice,
            Some("<") => Direction::FromDevice,
            _ => return Err("want `@ms > bytes` or `@ms < bytes`"),
        };
        let at_ms: u64 = at_ms
            .filter(|at| *at <= AT_MS_MAX)
            .ok_or("want `@` and milliseconds, at most a week")?;
        if self.transfers.last().is_some_and(|t| t.at_ms > at_ms) {
            return Err("times must not fall: put the lines in order");
        }
        let bytes = unescape(parts.next().unwrap_or_default())
            .ok_or("want bytes with escapes \\xNN, \\r, \\n, \\t, \\\\")?;
        if bytes.len() > TRANSFER_BYTES_MAX {
            return Err("a transfer has at most 1 MiB: split it");
        }
        self.transfers.push(Transfer {
            at_ms,
            direction,
            bytes,
        });
        Ok(())
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
            let bytes = edges(&escape(&transfer.bytes));
            let written = writeln!(text, "@{} {arrow} {bytes}", transfer.at_ms);
            debug_assert!(written.is_ok(), "writing to a string cannot fail");
        }
        text
    }

    /// The transfers with the time to wait before each, for playing them back.
    pub fn replay(&self) -> impl Iterator<Item = (Duration, &Transfer)> {
        let mut last_ms = self.transfers.first().map_or(0, |t| t.at_ms);
        self.transfers.iter().map(move |transfer| {
            let wait = transfer.at_ms.saturating_sub(last_ms);
            last_ms = transfer.at_ms;
            (Duration::from_millis(wait), transfer)
        })
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

/// Spaces at the ends, which an editor might strip, as escapes.
fn edges(text: &str) -> String {
    let head = text
        .len()
        .saturating_sub(text.trim_start_matches(' ').len());
    let inner = text.trim_matches(' ');
    let tail = text.len().saturating_sub(inner.len()).saturating_sub(head);
    format!("{}{inner}{}", "\\x20".repeat(head), "\\x20".repeat(tail))
}
