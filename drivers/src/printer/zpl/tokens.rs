//! A tokeniser for ZPL streams: commands, their parameters, field data, binary graphics.
//!
//! Incremental: give it all bytes so far, get whole tokens, keep the rest. `^CC`, `^CT` and `^CD`
//! (and their `~` forms) change the prefix and delimiter characters from the next command on.

/// Longest single command accepted.
pub const COMMAND_BYTES_MAX: usize = 16 << 20;

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// `^` for format, `~` for control commands, whatever characters stand for them.
    pub prefix: char,
    /// Two letters, upper case; one for `^A` with its font letter in the parameters.
    pub name: String,
    /// Everything up to the next command, line ends removed at the end.
    pub parameters: Vec<u8>,
}

/// Text between commands, such as SGD lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Command(Token),
    /// Bytes outside commands up to and including a line end.
    Text(Vec<u8>),
}

/// The tokeniser's memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokeniser {
    buffer: Vec<u8>,
    caret: u8,
    tilde: u8,
    delimiter: u8,
}

impl Default for Tokeniser {
    fn default() -> Self {
        Tokeniser {
            buffer: Vec::new(),
            caret: b'^',
            tilde: b'~',
            delimiter: b',',
        }
    }
}

impl Tokeniser {
    /// Adds received bytes. Beyond the limit the oldest unfinished command is thrown away.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() > COMMAND_BYTES_MAX {
            self.buffer.clear();
        }
    }

    /// Bytes that are no whole piece yet.
    pub fn pending(&self) -> usize {
        self.buffer.len()
    }

    /// Forgets an unfinished command.
    pub fn clear(&mut self) {
        self.buffer.clear();
    }

    /// The next whole piece. A control command counts as whole only once something follows it or
    /// it is one of those without parameters; pass `flush` when the sender pauses.
    pub fn next_piece(&mut self, flush: bool) -> Option<Piece> {
        let first = *self.buffer.first()?;
        if first != self.caret && first != self.tilde {
            return self.text(flush);
        }
        let name = self.name()?;
        let body = 1 + name.len();
        let length = match binary_length(&name, self.buffer.get(body..)?, self.delimiter) {
            Binary::None => self.command_length(body, &name, flush)?,
            Binary::Bytes(count) => body.checked_add(count)?,
            Binary::Incomplete => return None,
        };
        if self.buffer.len() < length {
            return None;
        }
        let rest = self.buffer.split_off(length);
        let whole = std::mem::replace(&mut self.buffer, rest);
        let raw = whole.get(body..).unwrap_or_default();
        let parameters = if name == "GF" {
            raw.to_vec()
        } else {
            trim_end(raw).to_vec()
        };
        let prefix = if first == self.caret { '^' } else { '~' };
        let token = Token {
            prefix,
            name,
            parameters,
        };
        self.adopt(&token);
        Some(Piece::Command(token))
    }

    fn text(&mut self, flush: bool) -> Option<Piece> {
        let stop = self
            .buffer
            .iter()
            .position(|b| *b == self.caret || *b == self.tilde);
        let line = self
            .buffer
            .iter()
            .position(|b| *b == b'\n')
            .map(|at| at + 1);
        let end = match (stop, line) {
            (Some(stop), Some(line)) => stop.min(line),
            (Some(end), None) | (None, Some(end)) => end,
            (None, None) if flush => self.buffer.len(),
            (None, None) => return None,
        };
        let rest = self.buffer.split_off(end);
        Some(Piece::Text(std::mem::replace(&mut self.buffer, rest)))
    }

    /// The name after the prefix: one letter for `^A`, else two characters.
    fn name(&self) -> Option<String> {
        let first = self.buffer.get(1)?.to_ascii_uppercase();
        let caret = self.buffer.first() == Some(&self.caret);
        if first == b'A' && caret && self.buffer.get(2).is_some_and(|b| *b != b'@') {
            return Some("A".to_owned());
        }
        let second = self.buffer.get(2)?.to_ascii_uppercase();
        Some([first, second].map(char::from).iter().collect())
    }

    /// Length of a command that ends where the next one begins.
    fn command_length(&self, body: usize, name: &str, flush: bool) -> Option<usize> {
        let rest = self.buffer.get(body..)?;
        // The new prefix character follows at once, and may look like a prefix.
        if matches!(name, "CC" | "CT" | "CD") {
            return (!rest.is_empty()).then_some(body + 1);
        }
        let tail = rest;
        let stop = tail
            .iter()
            .position(|b| *b == self.caret || *b == self.tilde);
        let bare = matches!(
            name,
            "XA" | "XZ" | "FS" | "HS" | "HI" | "JA" | "JX" | "JR" | "PS"
        );
        if bare {
            let eol = tail
                .iter()
                .take_while(|b| matches!(b, b'\r' | b'\n' | b' '))
                .count();
            return Some(body + eol);
        }
        match stop {
            Some(at) => Some(body + at),
            None => flush.then(|| body + tail.len()),
        }
    }

    fn adopt(&mut self, token: &Token) {
        let Some(character) = token.parameters.first().copied() else {
            return;
        };
        match token.name.as_str() {
            "CC" => self.caret = character,
            "CT" => self.tilde = character,
            "CD" => self.delimiter = character,
            _ => {}
        }
    }
}

enum Binary {
    None,
    Bytes(usize),
    Incomplete,
}

/// `^GFB,count,...`: the data is counted, not delimited.
fn binary_length(name: &str, rest: &[u8], delimiter: u8) -> Binary {
    if name != "GF" || !matches!(rest.first(), None | Some(b'B' | b'b')) {
        return Binary::None;
    }
    let mut commas = rest
        .iter()
        .enumerate()
        .filter(|(_, b)| **b == delimiter)
        .map(|(at, _)| at);
    let (Some(first), Some(second)) = (commas.next(), commas.next()) else {
        return Binary::Incomplete;
    };
    let Some(header) = commas.nth(1).map(|at| at + 1) else {
        return Binary::Incomplete;
    };
    let count = rest
        .get(first + 1..second)
        .and_then(|t| std::str::from_utf8(t).ok());
    match count.and_then(|t| t.trim().parse::<usize>().ok()) {
        Some(count) if count <= COMMAND_BYTES_MAX => Binary::Bytes(header + count),
        _ => Binary::None,
    }
}

fn trim_end(bytes: &[u8]) -> &[u8] {
    let end = bytes
        .iter()
        .rposition(|b| !matches!(b, b'\r' | b'\n'))
        .map_or(0, |at| at + 1);
    bytes.get(..end).unwrap_or_default()
}
