//! Files in the printer's memory: what a label stores goes to volatile memory and is deleted.

use super::report::Act;
use super::table::Row;
use super::{Guard, STORED_MAX, characters};
use firstscan_drivers::printer::zpl::tokens::Token;

/// Longest name of a file without its extension.
const NAME_BYTES_MAX: usize = 16;

/// A file as commands name it: `E:LOGO.GRF`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// `R`, `E`, `B`, `A` or `Z`.
    pub drive: Option<u8>,
    pub name: Vec<u8>,
    /// With its dot; may be empty.
    extension: Vec<u8>,
}

/// A letter given to a font.
#[derive(Debug, Clone)]
pub struct Letter {
    pub letter: u8,
    pub font: Vec<u8>,
}

impl Object {
    fn parse(text: &[u8]) -> Option<Object> {
        let text = text.trim_ascii().to_ascii_uppercase();
        let (drive, rest) = match text.as_slice() {
            [drive, b':', rest @ ..] => (Some(*drive), rest),
            rest => (None, rest),
        };
        let dot = rest.iter().position(|b| *b == b'.').unwrap_or(rest.len());
        let (name, extension) = rest.split_at(dot);
        let name = if name.is_empty() { b"UNKNOWN" } else { name };
        let plain = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-');
        let short = extension.len() <= 4 && extension.iter().skip(1).all(plain);
        let named = name.len() <= NAME_BYTES_MAX && name.iter().all(plain);
        let placed = drive.is_none_or(|drive| matches!(drive, b'R' | b'E' | b'B' | b'A' | b'Z'));
        (short && named && placed).then(|| Object {
            drive,
            name: name.to_vec(),
            extension: extension.to_vec(),
        })
    }

    /// In volatile memory.
    fn volatile(&self) -> Vec<u8> {
        [b"R:".as_slice(), &self.name, &self.extension].concat()
    }

    /// The command that deletes it from volatile memory, whatever its extension.
    pub fn deletion(&self) -> Vec<u8> {
        [b"^IDR:".as_slice(), &self.name, b".*^FS"].concat()
    }
}

/// Parameters after the name and before the data.
fn heads(name: &str) -> usize {
    match name {
        "DY" => 5,
        "DB" => 8,
        "DG" => 3,
        "DS" | "DT" | "DU" | "DE" => 2,
        _ => usize::MAX,
    }
}

impl Guard<'_> {
    fn is_stored(&self, object: &Object) -> bool {
        self.stored.iter().any(|stored| stored.name == object.name)
    }

    pub(super) fn store(&mut self, row: &Row, token: &Token) {
        let Some((object, rest)) = self.storable(token) else {
            self.damaged = true;
            let reason = "stores something in the printer that cannot be checked";
            return self.note_reason(row, Act::LeftOut, reason);
        };
        let hidden = rest.split(|b| *b == b',').nth(1);
        let hidden = hidden.is_some_and(|p| p.trim_ascii().eq_ignore_ascii_case(b"N"));
        let parameters = [object.volatile(), rest].concat();
        self.put(token, &parameters);
        self.note(row, Act::KeptInMemory);
        if !self.is_stored(&object) {
            self.stored.push(object);
        }
        match (token.name.as_str(), &mut self.format) {
            ("DF", Some(format)) => format.stored = true,
            ("IS", Some(format)) => {
                format.stored |= hidden;
                format.prints |= !hidden;
            }
            _ => {}
        }
    }

    /// What is to be stored, and the parameters after its name, as they go out.
    fn storable(&self, token: &Token) -> Option<(Object, Vec<u8>)> {
        let delimiter = self.before.delimiter();
        let parameters = token.parameters.as_slice();
        let end = parameters.iter().position(|b| *b == delimiter);
        let (name, rest) = parameters.split_at(end.unwrap_or(parameters.len()));
        let object = Object::parse(name)?;
        if self.stored.len() >= STORED_MAX && !self.is_stored(&object) {
            return None;
        }
        if token.name == "DY" {
            return Some((object, self.file(rest)?));
        }
        let rest = self.before.parameters(rest, heads(&token.name))?;
        Some((object, characters::defuse(&rest).into_owned()))
    }

    /// The parameters of `~DY` after the name: `,format,kind,bytes,bytes-per-row,data`.
    fn file(&self, rest: &[u8]) -> Option<Vec<u8>> {
        let delimiter = self.before.delimiter();
        let mut parts = rest.splitn(6, |b| *b == delimiter).skip(1);
        let (format, kind) = (parts.next()?.trim_ascii(), parts.next()?.trim_ascii());
        let (bytes, row) = (parts.next()?.trim_ascii(), parts.next()?.trim_ascii());
        let data = parts.next()?;
        let plain = |text: &[u8]| text.len() <= 8 && text.iter().all(u8::is_ascii_digit);
        let letter = |kind: &u8| b"BEGPTX".contains(&kind.to_ascii_uppercase());
        let known = matches!(kind, [kind] if letter(kind));
        if !plain(bytes) || !plain(row) || !known {
            return None;
        }
        let head = [
            b",".as_slice(),
            format,
            b",",
            kind,
            b",",
            bytes,
            b",",
            row,
            b",",
        ]
        .concat();
        let data = match format {
            b"B" | b"b" => {
                let count: usize = std::str::from_utf8(bytes).ok()?.parse().ok()?;
                data.get(..count)
                    .filter(|d| d.len() == data.len())?
                    .to_vec()
            }
            b"A" | b"P" | b"a" | b"p" => {
                let data = self.before.parameters(data, 0)?;
                characters::defuse(&data).into_owned()
            }
            _ => return None,
        };
        Some([head, data].concat())
    }

    pub(super) fn recall(&mut self, row: &Row, token: &Token) {
        let at = if token.name == "A@" { 3 } else { 0 };
        let Some(parameters) = self.before.parameters(&token.parameters, usize::MAX) else {
            let reason = "cannot be written with the usual characters";
            return self.note_reason(row, Act::LeftOut, reason);
        };
        let safe = characters::defuse(&parameters).into_owned();
        let mut parts: Vec<Vec<u8>> = safe.split(|b| *b == b',').map(<[u8]>::to_vec).collect();
        let named = parts.get(at).filter(|p| !p.trim_ascii().is_empty());
        if let Some(object) = named.and_then(|name| Object::parse(name)) {
            if !self.is_stored(&object) {
                // `Z:` is what every printer has.
                if object.drive != Some(b'Z') {
                    self.note(row, Act::Kept);
                }
            } else if object.drive.is_some_and(|drive| drive != b'R')
                && let Some(part) = parts.get_mut(at)
            {
                *part = object.volatile();
            }
        }
        self.put(token, &parts.join(&b','));
        match token.name.as_str() {
            "A@" => {}
            "XG" | "IM" => self.drew(),
            _ => self.prints(),
        }
    }

    /// `^CWx,font`: remembered, so that `^Ax` can name the font itself.
    pub(super) fn letter(&mut self, row: &Row, token: &Token) {
        let delimiter = self.before.delimiter();
        let mut parts = token.parameters.split(|b| *b == delimiter);
        let letter = parts.next().unwrap_or_default().trim_ascii().first();
        let font = parts.next().and_then(Object::parse);
        let (Some(letter), Some(font)) = (letter, font) else {
            return self.note(row, Act::LeftOut);
        };
        let letter = letter.to_ascii_uppercase();
        let path = match font.drive {
            Some(drive) if !self.is_stored(&font) => {
                [&[drive, b':'], font.name.as_slice(), &font.extension].concat()
            }
            _ => font.volatile(),
        };
        self.letters.retain(|known| known.letter != letter);
        if self.letters.len() < STORED_MAX {
            self.letters.push(Letter { letter, font: path });
        }
        self.note(row, Act::NamedInFields);
    }

    /// `^Afo,h,w`.
    pub(super) fn font(&mut self, row: &Row, token: &Token) {
        let letter = token.parameters.first().map(u8::to_ascii_uppercase);
        let known = self
            .letters
            .iter()
            .find(|known| Some(known.letter) == letter);
        let Some(path) = known.map(|known| known.font.clone()) else {
            self.plain(row, token);
            return;
        };
        let mut parts = token.parameters.split(|b| *b == self.before.delimiter());
        let mut next = || {
            let part = parts.next().unwrap_or_default().trim_ascii();
            part.iter()
                .copied()
                .filter(u8::is_ascii_alphanumeric)
                .collect::<Vec<u8>>()
        };
        let (first, height, width) = (next(), next(), next());
        let turn = first.get(1..).unwrap_or_default();
        self.out.extend_from_slice(b"^A@");
        self.out
            .extend_from_slice(&[turn, &height, &width, &path].join(&b','));
        if let Some(format) = &mut self.format {
            format.used = true;
        }
    }
}
