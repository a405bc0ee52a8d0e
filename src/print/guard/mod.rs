//! Guard for foreign ZPL that is passed through to a printer: the label prints, and the printer
//! stays as it was.
//!
//! Constraints: what goes out is bracketed by the printer's own state ([`Preamble`]) before and
//! after; every command is judged by one row of [`table`]; nothing is stored beyond the label,
//! asked, fed, cut, calibrated or reconfigured; one copy per label; only the usual characters
//! begin commands; counted binary pictures pass byte for byte. Control characters that stand for
//! commands (STX for `^XA` and the like) are taken out, so a label written with them is no label
//! here. Guarding what was guarded prints the same labels.
//!
//! Known limits: what a format stored in the printer does when it is recalled cannot be seen; it
//! is reported. Fonts lettered with `^CW` and then used through `^CF` print in the printer's own.

mod characters;
mod objects;
mod pictures;
mod preamble;
mod report;
mod state;
pub mod table;
#[cfg(test)]
mod tests;

pub use preamble::Preamble;
pub use report::{Act, Done};

use characters::Characters;
use firstscan_drivers::printer::zpl::tokens::{Piece, Token, Tokeniser};
use objects::{Letter, Object};
use report::Notes;
use table::{Action, Row};

/// Longest stream that is looked at: three 600 dpi pages in plain hex.
pub const STREAM_BYTES_MAX: usize = 8 << 20;
/// Most commands in one stream: a thousand labels of five hundred.
const PIECES_MAX: u32 = 500_000;
/// Most labels in one stream.
pub const LABELS_MAX: u32 = 1000;
/// Bytes of a command that are looked at for the report.
const SHOWN_BYTES_MAX: usize = 80;
/// Most files one stream may store, and letters it may give to fonts.
const STORED_MAX: usize = 64;

/// A foreign stream that is safe to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guarded {
    /// Empty if there is no label in the stream.
    pub bytes: Vec<u8>,
    /// What was done, one entry for each kind of change.
    pub report: Vec<Done>,
    /// Labels that will print, one copy each.
    pub labels: u32,
    /// The stream was cut short, or holds a picture that cannot be read: what would print is not
    /// the whole label. Ask for the label again rather than print it.
    pub damaged: bool,
}

/// Makes a foreign stream safe for a printer in the state of `preamble`. Never fails: what cannot
/// be passed on is left out, and said.
pub fn guard(bytes: &[u8], preamble: &Preamble) -> Guarded {
    let mut guard = Guard::new(bytes, preamble);
    if bytes.len() > STREAM_BYTES_MAX {
        let reason = "is longer than any label: ask the carrier for a smaller one";
        guard.damage("The file", b"The file", reason);
        return guard.finish(preamble);
    }
    let mut tokens = Tokeniser::default();
    tokens.push(bytes);
    for count in 0..=PIECES_MAX {
        if count == PIECES_MAX {
            let reason = "holds more commands than any label";
            guard.damage("The file", b"The file", reason);
            return guard.finish(preamble);
        }
        guard.before = Characters::of(&tokens);
        match tokens.next_piece(true) {
            Some(Piece::Command(token)) => {
                guard.raw = bytes.get(tokens.last()).unwrap_or_default();
                guard.command(&token);
            }
            Some(Piece::Text(text)) => guard.text(&text),
            Some(Piece::Lost(_)) => guard.damaged = true,
            None => break,
        }
    }
    if tokens.pending() > 0 {
        let reason = "is cut short in the middle of a picture";
        guard.damage("The file", b"The file", reason);
    }
    guard.finish(preamble)
}

/// What was seen of the format in progress.
#[derive(Debug, Clone, Copy, Default)]
struct Format {
    /// Where it begins in the output.
    start: usize,
    /// Something was passed on that is worth a format.
    used: bool,
    prints: bool,
    /// `^DF`: it is stored, not printed.
    stored: bool,
}

/// What was seen of the field in progress.
#[derive(Debug, Clone, Copy, Default)]
struct Field {
    drawn: bool,
    /// The character `^FH` gave.
    hex: Option<u8>,
}

struct Guard<'a> {
    /// The command in progress as it came.
    raw: &'a [u8],
    /// Characters it was written with.
    before: Characters,
    out: Vec<u8>,
    notes: Notes,
    format: Option<Format>,
    field: Field,
    stored: Vec<Object>,
    letters: Vec<Letter>,
    /// Commands of the preamble: repeating one needs no word.
    own: Vec<Vec<u8>>,
    stock: (u32, u32),
    in_dots: bool,
    /// Set back beyond the preamble, each once.
    resets: Vec<&'static str>,
    labels: u32,
    damaged: bool,
}

impl<'a> Guard<'a> {
    fn new(bytes: &'a [u8], preamble: &Preamble) -> Self {
        let commands = preamble.commands();
        let own = commands.split(|b| *b == b'^').filter(|c| !c.is_empty());
        let mut out = Vec::with_capacity(bytes.len().min(STREAM_BYTES_MAX).saturating_add(512));
        out.extend_from_slice(&preamble.format());
        Guard {
            raw: &[],
            before: Characters::default(),
            out,
            notes: Notes::default(),
            format: None,
            field: Field::default(),
            stored: Vec::new(),
            letters: Vec::new(),
            own: own.map(<[u8]>::to_vec).collect(),
            stock: (preamble.width_dots.max(1), preamble.length_dots.max(1)),
            in_dots: true,
            resets: Vec::new(),
            labels: 0,
            damaged: false,
        }
    }

    /// Closes what is open and restores the printer's state.
    fn finish(mut self, preamble: &Preamble) -> Guarded {
        if self.format.is_some_and(|format| format.used) {
            self.damage(
                "^XZ",
                b"^XZ",
                "is missing at the end: the file may be cut short",
            );
        }
        self.end();
        if self.labels == 0 {
            self.out.clear();
        } else {
            self.out.extend_from_slice(b"^XA");
            for reset in &self.resets {
                self.out.extend_from_slice(reset.as_bytes());
            }
            self.out.extend_from_slice(&preamble.commands());
            for object in &self.stored {
                self.out.extend_from_slice(&object.deletion());
            }
            self.out.extend_from_slice(b"^XZ\r\n");
        }
        Guarded {
            bytes: self.out,
            report: self.notes.finish(),
            labels: self.labels,
            damaged: self.damaged,
        }
    }

    fn note(&mut self, row: &Row, act: Act) {
        self.note_reason(row, act, row.reason);
    }

    fn note_reason(&mut self, row: &Row, act: Act, reason: &'static str) {
        // A family or unknown row says nothing about which command it was.
        let name = self.raw.get(1..3).filter(|_| row.command.ends_with('?'));
        let name = name.map(|n| String::from_utf8_lossy(n).to_ascii_uppercase());
        let kind = name.as_deref().unwrap_or(row.command);
        // Whatever character stood for it.
        let (prefix, rest) = (row.command.get(..1), self.raw.get(1..SHOWN_BYTES_MAX));
        let rest = rest.or(self.raw.get(1..)).unwrap_or_default();
        let shown = [prefix.unwrap_or_default().as_bytes(), rest].concat();
        self.notes.add(kind, &shown, act, reason);
    }

    /// Something is missing from what would print.
    fn damage(&mut self, kind: &str, shown: &[u8], reason: &'static str) {
        self.damaged = true;
        self.notes.add(kind, shown, Act::LeftOut, reason);
    }

    fn text(&mut self, text: &[u8]) {
        // `^BX` names its escape character last, and `~` is the usual one: no command follows, so
        // it is none.
        let name = self.raw.get(1..3).unwrap_or_default();
        let escape = name.eq_ignore_ascii_case(b"BX") && self.raw.ends_with(b",");
        let here = self.format.is_some() && self.before.usual();
        if text == b"~" && escape && here {
            return self.out.extend_from_slice(text);
        }
        let printer_command = text.trim_ascii_start().starts_with(b"!");
        let reason = if printer_command {
            "sets or asks something in the printer in another language"
        } else {
            "stands outside of any command"
        };
        let kind = if printer_command { "!" } else { "text" };
        self.notes.add(kind, text, Act::LeftOut, reason);
    }

    fn command(&mut self, token: &Token) {
        let row = table::find(token.prefix, &token.name);
        // Possible once other characters begin commands.
        if token.name.contains(['^', '~']) {
            return self.note_reason(row, Act::LeftOut, "has a name that no command has");
        }
        let anywhere = matches!(
            row.action,
            Action::Begin | Action::Characters | Action::Drop | Action::Comment
        );
        if self.format.is_none() && token.prefix == '^' && !anywhere {
            let reason = "stands outside of any label";
            return self.note_reason(row, Act::LeftOut, reason);
        }
        match row.action {
            Action::Keep => self.keep(row, token),
            Action::Reset => self.reset(row, token),
            Action::Stock => self.stock(row, token),
            // What the preamble says anyway needs no word.
            Action::Drop if self.is_own(token) => {}
            Action::Drop => self.note(row, Act::LeftOut),
            Action::Comment => {}
            Action::Single => self.single(row, token),
            Action::Begin => self.begin(),
            Action::End => self.end(),
            Action::FieldEnd => {
                self.put(token, &[]);
                self.field = Field::default();
            }
            Action::Origin => {
                self.close_field();
                self.plain(row, token);
            }
            Action::Draw => {
                if self.plain(row, token) {
                    self.drew();
                }
            }
            Action::Hex => self.hex(token),
            Action::Data => self.data(row, token),
            Action::Graphic => self.graphic(row, token),
            Action::Store => self.store(row, token),
            Action::Recall => self.recall(row, token),
            Action::Font => self.font(row, token),
            Action::Letter => self.letter(row, token),
            Action::Characters => self.note(row, Act::Rewritten),
        }
    }

    /// Writes a command with the usual prefix, its name and line ends as they came.
    fn put(&mut self, token: &Token, parameters: &[u8]) {
        let name_end = token.name.len().saturating_add(1);
        let tail = name_end.saturating_add(token.parameters.len());
        self.out.push(if token.prefix == '~' { b'~' } else { b'^' });
        let name = self.raw.get(1..name_end).unwrap_or_default();
        self.out.extend_from_slice(name);
        self.out.extend_from_slice(parameters);
        let ends = self.raw.get(tail..).unwrap_or_default();
        self.out.extend_from_slice(ends);
        if let Some(format) = &mut self.format {
            format.used = true;
        }
    }

    /// Passes a command on; false if it cannot be written with the usual characters.
    fn plain(&mut self, row: &Row, token: &Token) -> bool {
        let Some(parameters) = self.before.parameters(&token.parameters, usize::MAX) else {
            self.note_reason(
                row,
                Act::LeftOut,
                "cannot be written with the usual characters",
            );
            return false;
        };
        let safe = characters::defuse(&parameters);
        if safe != parameters {
            self.note_reason(row, Act::Rewritten, "holds characters that act as commands");
        }
        self.put(token, &safe);
        true
    }

    fn drew(&mut self) {
        self.field.drawn = true;
        self.prints();
    }

    fn prints(&mut self) {
        if let Some(format) = &mut self.format {
            format.prints = true;
        }
    }

    fn begin(&mut self) {
        if self.format.is_some_and(|format| format.used) {
            self.damage("^XZ", b"^XZ", "is missing before the next label");
        }
        self.end();
        self.format = Some(Format {
            start: self.out.len(),
            ..Format::default()
        });
        self.out.extend_from_slice(b"^XA");
    }

    fn end(&mut self) {
        let Some(format) = self.format else {
            return;
        };
        self.close_field();
        self.format = None;
        self.field = Field::default();
        let prints = format.prints && !format.stored;
        if prints && self.labels >= LABELS_MAX {
            self.out.truncate(format.start);
            self.damage("^XA", b"^XA", "begins more labels than one file may hold");
        } else if format.used {
            self.labels = self.labels.saturating_add(u32::from(prints));
            self.out.extend_from_slice(b"^XZ\r\n");
        } else {
            self.out.truncate(format.start);
        }
    }

    /// A field that drew something and was not closed takes the next one's place with it.
    fn close_field(&mut self) {
        if self.field.drawn {
            self.out.extend_from_slice(b"^FS");
            self.notes.add(
                "^FS",
                b"^FS",
                Act::Added,
                "is missing at the end of a field",
            );
        }
        self.field = Field::default();
    }

    fn hex(&mut self, token: &Token) {
        self.field.hex = Some(token.parameters.first().copied().unwrap_or(b'_'));
        // With other characters in use, field data is written anew, with an `^FH` of its own.
        if self.before.usual() {
            let parameters = characters::defuse(&token.parameters).into_owned();
            self.put(token, &parameters);
        }
    }

    fn data(&mut self, row: &Row, token: &Token) {
        let data = characters::defuse(&token.parameters);
        if data != token.parameters {
            self.note_reason(row, Act::Rewritten, "holds characters that act as commands");
        }
        if self.before.usual() {
            self.put(token, &data);
        } else {
            let (escaped, data) = characters::field_data(&data, self.field.hex);
            if escaped {
                self.out.extend_from_slice(b"^FH_");
            }
            self.put(token, &data);
        }
        self.drew();
    }
}
