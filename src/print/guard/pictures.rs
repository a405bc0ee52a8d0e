//! `^GF`: text forms hold only what such data can hold, binary ones exactly what they announce.

use super::report::Act;
use super::table::Row;
use super::{Guard, characters};
use firstscan_drivers::printer::zpl::tokens::Token;

/// What may stand in hex, run lengths, base64 and their marks.
fn is_text(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b',' | b':' | b'!' | b'+' | b'/' | b'=')
}

impl Guard<'_> {
    pub(super) fn graphic(&mut self, row: &Row, token: &Token) {
        let Some((parameters, whole)) = self.picture(&token.parameters) else {
            self.damaged = true;
            let reason = "holds a picture that cannot be checked";
            return self.note_reason(row, Act::LeftOut, reason);
        };
        if !whole {
            let reason = "goes on with text after its picture";
            self.note_reason(row, Act::Rewritten, reason);
        }
        self.put(token, &parameters);
        self.drew();
    }

    /// `kind,bytes,bytes,bytes-per-row,data` as it goes out, and whether that is all of it.
    fn picture(&self, parameters: &[u8]) -> Option<(Vec<u8>, bool)> {
        let delimiter = self.before.delimiter();
        let mut parts = parameters.splitn(5, |b| *b == delimiter);
        let kind = parts.next()?.trim_ascii();
        let mut head = kind.to_vec();
        let mut count = None;
        for _ in 0..3 {
            let size = parts.next()?.trim_ascii();
            if size.len() > 8 || !size.iter().all(u8::is_ascii_digit) {
                return None;
            }
            count = count.or(Some(size));
            head.push(b',');
            head.extend_from_slice(size);
        }
        head.push(b',');
        let data = parts.next()?;
        match kind {
            b"B" | b"b" => {
                let count: usize = std::str::from_utf8(count?).ok()?.parse().ok()?;
                (data.len() == count).then(|| ([head.as_slice(), data].concat(), true))
            }
            b"A" | b"a" | b"" => {
                let data = characters::defuse(data);
                let ends = data
                    .iter()
                    .position(|b| !is_text(*b) && !b.is_ascii_whitespace());
                let text = data.get(..ends.unwrap_or(data.len())).unwrap_or_default();
                Some(([head.as_slice(), text].concat(), ends.is_none()))
            }
            _ => None,
        }
    }
}
