//! `firstscan gs1`.

use super::access::Exit;
use super::output;
use crate::content::gs1::{Dictionary, Form, Parsed, bracketed, link, parse};
use clap::Args;
use serde_json::json;
use std::path::PathBuf;
use std::process::ExitCode;

/// Longest dictionary file read.
const DICTIONARY_BYTES_MAX: u64 = 1 << 20;

/// Arguments of `gs1`.
#[derive(Debug, Args)]
pub(crate) struct Gs1Args {
    /// `(00)...(420)...`, an element string as scanned (^ may stand for FNC1), or a Digital Link
    #[arg(value_name = "DATA")]
    text: String,
    /// The published gs1-syntax-dictionary.txt, for the rules of all identifiers
    #[arg(long, value_name = "FILE")]
    dictionary: Option<PathBuf>,
}

/// Reads and checks GS1 data; exit code 1 if a rule is broken.
pub(crate) fn run(args: &Gs1Args, as_json: bool) -> anyhow::Result<ExitCode> {
    let own = match &args.dictionary {
        Some(path) => Some(load(path)?),
        None => None,
    };
    let dictionary = own.as_ref().unwrap_or_else(|| Dictionary::builtin());
    if !dictionary.unchecked().is_empty() {
        eprintln!("not checked: {}", dictionary.unchecked().join(", "));
    }
    let parsed = parse(&args.text, dictionary);
    if as_json {
        output::json(
            &json!({ "valid": parsed.is_valid(), "elements": parsed.elements,
            "errors": parsed.errors }),
        )?;
    } else {
        people(&parsed, dictionary)?;
    }
    Ok(ExitCode::from(u8::from(!parsed.is_valid())))
}

fn load(path: &std::path::Path) -> anyhow::Result<Dictionary> {
    let told = |why: String| Exit::new(3, format!("dictionary {}: {why}", path.display()));
    let size = std::fs::metadata(path)
        .map_err(|e| told(e.to_string()))?
        .len();
    if size > DICTIONARY_BYTES_MAX {
        return Err(told(format!("{size} bytes are too many for one")).into());
    }
    let text = std::fs::read_to_string(path).map_err(|e| told(e.to_string()))?;
    Ok(Dictionary::parse(&text).map_err(|e| told(e.to_string()))?)
}

fn people(parsed: &Parsed<'_>, dictionary: &Dictionary) -> anyhow::Result<()> {
    for element in &parsed.elements {
        let title = dictionary
            .find(&element.ai)
            .map_or("", |entry| entry.title.as_str());
        let line = format!(
            "({:<4} {:<40} {title}",
            format!("{})", element.ai),
            element.value
        );
        output::line(line.trim_end())?;
    }
    for error in &parsed.errors {
        output::line(&format!("error at {}: {}", error.position, error.message))?;
    }
    if !parsed.is_valid() {
        return Ok(());
    }
    // The same data in the other ways of writing them.
    if parsed.form != Form::Bracketed
        && let Ok(text) = bracketed(&parsed.elements, dictionary)
    {
        output::line(&format!("bracketed     {text}"))?;
    }
    if parsed.form != Form::DigitalLink
        && let Ok(text) = link::build("https://id.gs1.org", &parsed.elements, dictionary)
    {
        output::line(&format!("digital link  {text}"))?;
    }
    Ok(())
}
