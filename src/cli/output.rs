//! Answers on standard output.

use serde::Serialize;
use std::io::Write;

/// One JSON document.
///
/// # Errors
/// If standard output is closed.
pub(crate) fn json<T: Serialize>(value: &T) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    line(&text)
}

/// One line of JSON.
///
/// # Errors
/// If standard output is closed.
pub(crate) fn json_line<T: Serialize>(value: &T) -> anyhow::Result<()> {
    line(&serde_json::to_string(value)?)
}

/// One line of text.
///
/// # Errors
/// If standard output is closed.
pub(crate) fn line(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout(), "{text}")?;
    Ok(())
}
