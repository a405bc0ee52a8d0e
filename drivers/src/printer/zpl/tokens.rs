//! A tokeniser for ZPL streams: commands, their parameters, field data, binary graphics.
//!
//! Incremental: push bytes as they come, take whole pieces, the rest stays. Every byte is looked
//! at a bounded number of times, however the stream is split, and at most [`COMMAND_BYTES_MAX`]
//! are held. `^CC`, `^CT` and `^CD` (and their `~` forms) change the prefix and delimiter
//! characters from the next command on. A prefix inside a name or a parameter begins the next
//! command, as it does in a printer; only counted binary data (`^GFB`, `~DYB`) is exempt.

use std::borrow::Cow;
use std::ops::Range;

/// Most bytes held: the longest single command.
pub const COMMAND_BYTES_MAX: usize = 16 << 20;
/// Longest text between commands; it comes out in pieces of this size at most.
const TEXT_BYTES_MAX: usize = 4096;
/// Bytes at the front that were handed out and not yet removed.
const USED_BYTES_MAX: usize = 64 << 10;
/// Longest head of a command with counted data.
const HEAD_BYTES_MAX: usize = 256;

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

/// A whole part of the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Command(Token),
    /// Bytes outside commands up to and including a line end, such as SGD lines. Blank text is
    /// passed over.
    Text(Vec<u8>),
    /// This many bytes were thrown away: a command longer than [`COMMAND_BYTES_MAX`].
    Lost(usize),
}

/// The tokeniser's memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tokeniser {
    buffer: Vec<u8>,
    /// Bytes at the front of `buffer` that were handed out already.
    used: usize,
    /// Bytes after `used` known to hold no end of the piece in progress.
    scanned: usize,
    lost: usize,
    /// Bytes of the stream before the first one of `buffer` that was not handed out.
    position: usize,
    /// Where in the stream the last piece stood.
    last: Range<usize>,
    caret: u8,
    tilde: u8,
    delimiter: u8,
}

impl Default for Tokeniser {
    fn default() -> Self {
        Tokeniser {
            buffer: Vec::new(),
            used: 0,
            scanned: 0,
            lost: 0,
            position: 0,
            last: 0..0,
            caret: b'^',
            tilde: b'~',
            delimiter: b',',
        }
    }
}

/// Where the piece at the front ends.
enum End {
    /// After this many bytes.
    At(usize),
    /// More bytes are needed.
    Open,
}

impl Tokeniser {
    /// Adds received bytes; take all pieces out afterwards. What is still unfinished beyond the
    /// limit is thrown away and reported as [`Piece::Lost`].
    pub fn push(&mut self, bytes: &[u8]) {
        if self.pending().saturating_add(bytes.len()) > COMMAND_BYTES_MAX {
            self.lost = self.lost.saturating_add(self.pending());
            self.position = self.position.saturating_add(self.pending());
            self.clear();
        }
        let kept = bytes.len().min(COMMAND_BYTES_MAX);
        self.lost = self.lost.saturating_add(bytes.len().saturating_sub(kept));
        self.buffer
            .extend_from_slice(bytes.get(..kept).unwrap_or_default());
    }

    /// Bytes that are no whole piece yet.
    pub fn pending(&self) -> usize {
        self.buffer.len().saturating_sub(self.used)
    }

    /// Forgets an unfinished command.
    pub fn clear(&mut self) {
        self.buffer.clear();
        self.used = 0;
        self.scanned = 0;
    }

    /// The character that separates parameters now.
    pub fn delimiter(&self) -> u8 {
        self.delimiter
    }

    /// The characters that begin format and control commands and separate parameters now: `^`,
    /// `~` and `,` unless the stream changed them.
    pub fn characters(&self) -> [u8; 3] {
        [self.caret, self.tilde, self.delimiter]
    }

    /// Where in the pushed stream the last piece stood, for passing it on byte for byte; line ends
    /// after a command belong to it. Means nothing after a [`Piece::Lost`].
    pub fn last(&self) -> Range<usize> {
        self.last.clone()
    }

    /// The next whole piece. A command with parameters counts as whole only once something
    /// follows it; pass `flush` when the sender pauses or the stream is complete.
    pub fn next_piece(&mut self, flush: bool) -> Option<Piece> {
        if self.lost > 0 {
            return Some(Piece::Lost(std::mem::take(&mut self.lost)));
        }
        loop {
            let first = *self.rest().first()?;
            if self.is_prefix(first) {
                return self.command(first, flush);
            }
            let text = self.text(flush)?;
            if !text.iter().all(u8::is_ascii_whitespace) {
                return Some(Piece::Text(text));
            }
        }
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.used..).unwrap_or_default()
    }

    fn is_prefix(&self, byte: u8) -> bool {
        byte == self.caret || byte == self.tilde
    }

    /// Hands out the first `length` bytes.
    fn take(&mut self, length: usize) -> Vec<u8> {
        let piece = self.rest().get(..length).unwrap_or_default().to_vec();
        self.used = self.used.saturating_add(piece.len());
        let end = self.position.saturating_add(piece.len());
        self.last = std::mem::replace(&mut self.position, end)..end;
        self.scanned = 0;
        // Removing the front costs a move of the rest, so it is done rarely.
        if self.pending() == 0 {
            self.clear();
        } else if self.used > USED_BYTES_MAX && self.used >= self.pending() {
            self.buffer.drain(..self.used);
            self.used = 0;
        }
        piece
    }

    /// The first byte from `from` on that `ends` accepts; remembers how far it looked. `longest`
    /// bounds the look, so that handing out in parts does not look at the same bytes again.
    fn find(
        &mut self,
        from: usize,
        longest: usize,
        ends: impl Fn(&Self, u8) -> bool,
    ) -> Option<usize> {
        let rest = self.rest();
        let window = rest.get(..longest).unwrap_or(rest);
        let start = from.max(self.scanned);
        let tail = window.get(start..).unwrap_or_default();
        let found = tail.iter().position(|b| ends(self, *b));
        self.scanned = start.saturating_add(found.unwrap_or(tail.len()));
        found.map(|at| start.saturating_add(at))
    }

    fn text(&mut self, flush: bool) -> Option<Vec<u8>> {
        let end = self.find(0, TEXT_BYTES_MAX, |all, b| b == b'\n' || all.is_prefix(b));
        let end = match end {
            Some(at) if self.rest().get(at) == Some(&b'\n') => at.saturating_add(1),
            Some(at) => at,
            None if flush || self.pending() >= TEXT_BYTES_MAX => self.pending(),
            None => return None,
        };
        Some(self.take(end.min(TEXT_BYTES_MAX)))
    }

    fn command(&mut self, first: u8, flush: bool) -> Option<Piece> {
        let Some(name) = self.name(first, flush)? else {
            // A prefix cut short by the next one, or by a control character: no command.
            let end = self.find(1, usize::MAX, |all, b| all.is_prefix(b) || b == b'\n');
            let end = end.or(flush.then(|| self.pending()))?;
            return Some(Piece::Text(self.take(end)));
        };
        let body = name.len().saturating_add(1);
        let End::At(length) = self.end(first, &name, body, flush) else {
            return None;
        };
        if self.pending() < length {
            return None;
        }
        let counted = self.counted(&name, body).is_some();
        let whole = self.take(length);
        let raw = whole.get(body..).unwrap_or_default();
        let parameters = if counted || matches!(name.as_str(), "CC" | "CT" | "CD") {
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

    /// The name after the prefix: one letter for `^A`, else two characters. Outer `None` while
    /// more bytes are needed, inner if there is no name.
    #[allow(clippy::option_option)]
    fn name(&self, first: u8, flush: bool) -> Option<Option<String>> {
        let letter = |at: usize| {
            let byte = self.rest().get(at).copied();
            byte.map(|b| Some(b).filter(|b| b.is_ascii_graphic() && !self.is_prefix(*b)))
        };
        let missing = || flush.then_some(None);
        let Some(one) = letter(1) else {
            return missing();
        };
        let Some(one) = one else {
            return Some(None);
        };
        let Some(two) = letter(2) else {
            return missing();
        };
        let upper = |b: u8| char::from(b.to_ascii_uppercase());
        if one.eq_ignore_ascii_case(&b'A') && first == self.caret && two != Some(b'@') {
            return Some(Some("A".to_owned()));
        }
        Some(two.map(|two| [upper(one), upper(two)].iter().collect()))
    }

    fn end(&mut self, first: u8, name: &str, body: usize, flush: bool) -> End {
        match name {
            // The new character follows at once, and may look like a prefix.
            "CC" | "CT" | "CD" => return End::At(body.saturating_add(1)),
            "XA" | "XZ" | "FS" if first == self.caret => return End::At(body),
            "HS" | "HI" | "JA" | "JX" | "JR" | "PS" if first == self.tilde => {
                return End::At(body);
            }
            _ => {}
        }
        if let Some(Counted::Bytes(length)) = self.counted(name, body) {
            return End::At(length);
        }
        if matches!(self.counted(name, body), Some(Counted::Open)) && !flush {
            return End::Open;
        }
        let stop = self.find(body, usize::MAX, |all, b| all.is_prefix(b));
        match stop {
            Some(at) => End::At(at),
            None if flush => End::At(self.pending()),
            None => End::Open,
        }
    }

    /// Commands whose data is counted, not delimited: `^GFB,count,...,...,data` and
    /// `~DYname,B,type,count,...,data`.
    fn counted(&self, name: &str, body: usize) -> Option<Counted> {
        let head = self.rest().get(body..)?;
        let window = head.get(..HEAD_BYTES_MAX).unwrap_or(head);
        let (mark, count, fields) = match name {
            "GF" => (0, 1, 4),
            "DY" => (1, 3, 5),
            _ => return None,
        };
        let parts: Vec<&[u8]> = window
            .splitn(fields + 1, |b| *b == self.delimiter)
            .collect();
        let mut header = 0_usize;
        for (index, part) in parts.iter().take(fields).enumerate() {
            // A head with a prefix in it is cut short by the next command, however much follows.
            if part.iter().any(|b| self.is_prefix(*b)) {
                return None;
            }
            let whole = index + 1 < parts.len();
            if !whole {
                // Still inside the head: open as long as it may become a binary one.
                return (window.len() < HEAD_BYTES_MAX).then_some(Counted::Open);
            }
            if index == mark && !matches!(part.trim_ascii(), b"B" | b"b") {
                return None;
            }
            header = header.saturating_add(part.len()).saturating_add(1);
        }
        let text = std::str::from_utf8(parts.get(count)?).ok()?;
        let count: usize = text.trim().parse().ok()?;
        let length = body.checked_add(header)?.checked_add(count)?;
        (length <= COMMAND_BYTES_MAX).then_some(Counted::Bytes(length))
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

enum Counted {
    Bytes(usize),
    Open,
}

fn trim_end(bytes: &[u8]) -> &[u8] {
    let end = bytes
        .iter()
        .rposition(|b| !matches!(b, b'\r' | b'\n'))
        .map_or(0, |at| at + 1);
    bytes.get(..end).unwrap_or_default()
}

/// Field data after `^FH` with its indicator (`_` unless given): `_41` is `A`. What is no hex
/// pair after an indicator stays as it is.
pub fn unhex(data: &[u8], indicator: u8) -> Cow<'_, [u8]> {
    if !data.contains(&indicator) {
        return Cow::Borrowed(data);
    }
    let digit = |b: Option<&u8>| b.and_then(|b| char::from(*b).to_digit(16));
    let mut out = Vec::with_capacity(data.len());
    let mut rest = data;
    while let Some((first, tail)) = rest.split_first() {
        let pair = digit(tail.first()).zip(digit(tail.get(1)));
        let byte = pair.and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        match byte.filter(|_| *first == indicator) {
            Some(byte) => {
                out.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_found_again_in_the_stream_however_it_is_split() {
        let stream =
            b"x\r\n~DGR:A.GRF,1,1,FF\r\n^XA\n ^CD;^FO1;2\n^GFB;3;3;3;^~,^CC+ +FDa^b\n+XZ\n";
        let whole: Vec<&[u8]> = vec![
            b"x\r\n",
            b"~DGR:A.GRF,1,1,FF\r\n",
            b"^XA",
            b"^CD;",
            b"^FO1;2\n",
            b"^GFB;3;3;3;^~,",
            b"^CC+",
            b"+FDa^b\n",
            b"+XZ",
        ];
        for chunk in 1..=stream.len() {
            let mut tokeniser = Tokeniser::default();
            let mut found: Vec<&[u8]> = Vec::new();
            let mut parts = stream.chunks(chunk).peekable();
            while let Some(part) = parts.next() {
                tokeniser.push(part);
                while tokeniser.next_piece(parts.peek().is_none()).is_some() {
                    found.extend(stream.get(tokeniser.last()));
                }
            }
            assert_eq!(found, whole, "{chunk}");
        }
    }
}
