//! What was done to a foreign label, in words for people.

use serde::Serialize;
use std::fmt;

/// Different entries of one report; the rest is counted in the last one.
const ENTRIES_MAX: usize = 100;
/// Characters of a command that are shown.
const SHOWN_CHARS: usize = 14;

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    Kept,
    KeptAndReset,
    LeftOut,
    PrintedOnce,
    LimitedToStock,
    KeptInMemory,
    NamedInFields,
    Rewritten,
    Added,
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Act::Kept => "kept as it is",
            Act::KeptAndReset => "kept for this label, reset after it",
            Act::LeftOut => "left out",
            Act::PrintedOnce => "printed once",
            Act::LimitedToStock => "limited to the stock, reset after it",
            Act::KeptInMemory => "kept in volatile memory, deleted after this label",
            Act::NamedInFields => "left out, the font is named in each field",
            Act::Rewritten => "written with the usual characters",
            Act::Added => "added",
        })
    }
}

/// One kind of change; [`fmt::Display`] is the sentence for people, such as `^POI turns later
/// labels upside down: kept for this label, reset after it`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Done {
    /// The command as it first stood there, cut to a few characters.
    pub command: String,
    /// How often.
    pub count: u32,
    pub action: Act,
    /// What it does, to be read after the command.
    pub reason: &'static str,
}

impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.command, self.reason, self.action)?;
        if self.count > 1 {
            write!(f, " ({} times)", self.count)?;
        }
        Ok(())
    }
}

/// Entries so far, each with what makes it one of a kind.
#[derive(Debug, Default)]
pub struct Notes {
    done: Vec<(String, Done)>,
}

impl Notes {
    /// Counts one change. `kind` is the command without its parameters.
    pub fn add(&mut self, kind: &str, shown: &[u8], action: Act, reason: &'static str) {
        let same = |(name, done): &&mut (String, Done)| {
            name == kind && done.action == action && done.reason == reason
        };
        let full = self.done.len() >= ENTRIES_MAX;
        if let Some((_, done)) = self.done.iter_mut().find(same) {
            done.count = done.count.saturating_add(1);
        } else if full {
            if let Some((_, last)) = self.done.last_mut() {
                last.command = "And other commands, which".to_owned();
                last.reason = "are of no use to a label";
                last.count = last.count.saturating_add(1);
            }
        } else {
            let done = Done {
                command: show(shown),
                count: 1,
                action,
                reason,
            };
            self.done.push((kind.to_owned(), done));
        }
    }

    pub fn finish(self) -> Vec<Done> {
        self.done.into_iter().map(|(_, done)| done).collect()
    }
}

/// Printable, short, one line.
fn show(bytes: &[u8]) -> String {
    let head = bytes.get(..SHOWN_CHARS * 4).unwrap_or(bytes);
    let text = String::from_utf8_lossy(head);
    let text = text.trim();
    let mut shown: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(SHOWN_CHARS)
        .collect();
    if text.chars().count() > SHOWN_CHARS || head.len() < bytes.len() {
        shown.push('…');
    }
    shown
}
