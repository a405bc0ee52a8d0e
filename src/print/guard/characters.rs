//! Characters that begin commands, and those that must not reach the printer as such.

use firstscan_drivers::printer::zpl::tokens::{Tokeniser, unhex};
use std::borrow::Cow;

/// What begins commands and separates parameters at some place of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Characters([u8; 3]);

impl Default for Characters {
    fn default() -> Self {
        Characters(*b"^~,")
    }
}

impl Characters {
    /// Those the next command is read with.
    pub fn of(tokens: &Tokeniser) -> Self {
        Characters(tokens.characters())
    }

    pub fn usual(self) -> bool {
        self == Characters::default()
    }

    pub fn delimiter(self) -> u8 {
        self.0[2]
    }

    /// The parameters with commas between the first `heads` + 1 of them; `None` if a character in
    /// them would mean something else then.
    pub fn parameters(self, parameters: &[u8], heads: usize) -> Option<Cow<'_, [u8]>> {
        if self.usual() {
            return Some(Cow::Borrowed(parameters));
        }
        let mut written = Vec::with_capacity(parameters.len());
        let mut heads = heads;
        for byte in parameters.iter().copied() {
            match byte {
                b'^' | b'~' => return None,
                _ if heads > 0 && byte == self.delimiter() => {
                    written.push(b',');
                    heads -= 1;
                }
                b',' if heads > 0 => return None,
                _ => written.push(byte),
            }
        }
        Some(Cow::Owned(written))
    }
}

/// The first parameter as a whole number.
pub fn number(parameters: &[u8], delimiter: u8) -> Option<u32> {
    let first = parameters.split(|b| *b == delimiter).next()?;
    std::str::from_utf8(first).ok()?.trim().parse().ok()
}

/// Control characters that act at once wherever they stand: STX, ETX, SI, SUB and others. Kept
/// are line ends, blanks, and those that symbols carry (EOT, FS, GS, RS, US).
fn acts(byte: u8) -> bool {
    byte < b' ' && !matches!(byte, 0 | 0x04 | b'\t' | b'\r' | b'\n' | 0x1C..=0x1F)
}

/// Takes out control characters that act as commands, and line ends before a `!`, which begins a
/// command of another language at the start of a line. Line ends mean nothing inside a command.
pub fn defuse(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.iter().any(|b| acts(*b) || matches!(b, b'\r' | b'\n')) {
        return Cow::Borrowed(bytes);
    }
    let mut safe = Vec::with_capacity(bytes.len());
    // Where the blanks at the end of `safe` begin.
    let mut blanks = 0;
    for byte in bytes.iter().copied().filter(|b| !acts(*b)) {
        if byte == b'!' {
            let tail = safe.split_off(blanks);
            safe.extend(tail.into_iter().filter(|b| !matches!(b, b'\r' | b'\n')));
        }
        safe.push(byte);
        if !byte.is_ascii_whitespace() && byte != 0 {
            blanks = safe.len();
        }
    }
    if safe == bytes {
        Cow::Borrowed(bytes)
    } else {
        Cow::Owned(safe)
    }
}

/// Field data for a stream with the usual characters, and whether it needs `^FH_` before it.
pub fn field_data(data: &[u8], hex: Option<u8>) -> (bool, Vec<u8>) {
    let special = |byte: u8| matches!(byte, b'^' | b'~');
    if hex.is_none() && !data.iter().copied().any(special) {
        return (false, data.to_vec());
    }
    // A line end that was typed means nothing, one that was escaped does.
    let typed: Vec<u8> = data
        .iter()
        .copied()
        .filter(|b| !matches!(b, b'\r' | b'\n'))
        .collect();
    let plain = hex.map_or(Cow::Borrowed(typed.as_slice()), |hex| unhex(&typed, hex));
    let mut written = Vec::with_capacity(plain.len());
    for byte in plain.iter().copied() {
        if special(byte) || byte == b'_' || byte < b' ' || byte == 0x7F {
            written.extend_from_slice(format!("_{byte:02X}").as_bytes());
        } else {
            written.push(byte);
        }
    }
    (true, written)
}
