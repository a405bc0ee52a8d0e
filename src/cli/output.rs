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

/// A field of a JSON object as people read it: texts without quotes, empty if absent.
pub(crate) fn field(value: &serde_json::Value, key: &str) -> String {
    match value.get(key) {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(serde_json::Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}
