//! Commands whose effect goes beyond their field: kept and set back, limited, or made harmless.

use super::report::Act;
use super::table::Row;
use super::{Guard, characters};
use firstscan_drivers::printer::zpl::tokens::Token;

impl Guard<'_> {
    pub(super) fn keep(&mut self, row: &Row, token: &Token) {
        if self.plain(row, token) && row.command.ends_with('?') {
            self.note(row, Act::Kept);
        }
    }

    pub(super) fn reset(&mut self, row: &Row, token: &Token) {
        let first = token.parameters.first().map(u8::to_ascii_uppercase);
        let beyond = match token.name.as_str() {
            "MU" => {
                self.in_dots = !matches!(first, Some(b'I' | b'M'));
                // Equal resolutions on both sides end a conversion.
                let converts = token.parameters.contains(&self.before.delimiter());
                converts.then_some("^MUD,300,300")
            }
            "CV" => Some("^CVN"),
            "PA" => Some("^PA0,0,0,0"),
            "JM" => Some("^JMA"),
            _ => None,
        };
        if let Some(beyond) = beyond.filter(|b| !self.resets.contains(b)) {
            self.resets.push(beyond);
        }
        if token.name == "CF" && self.letters.iter().any(|l| Some(l.letter) == first) {
            let reason = "uses a font letter that ^CW gave: the printer's own counts";
            self.note_reason(row, Act::Kept, reason);
        }
        if self.plain(row, token) && !self.is_own(token) {
            self.note(row, Act::KeptAndReset);
        }
    }

    /// The preamble sets the very same.
    pub(super) fn is_own(&self, token: &Token) -> bool {
        let parameters = token.parameters.trim_ascii();
        let same = |own: &Vec<u8>| {
            let own = own.strip_prefix(token.name.as_bytes());
            own.is_some_and(|own| {
                let head = own.get(..parameters.len()).unwrap_or_default();
                let ends = matches!(own.get(parameters.len()), None | Some(b','));
                head.eq_ignore_ascii_case(parameters) && ends
            })
        };
        self.own.iter().any(same)
    }

    pub(super) fn stock(&mut self, row: &Row, token: &Token) {
        let most = if token.name == "PW" {
            self.stock.0
        } else {
            self.stock.1
        };
        let size = characters::number(&token.parameters, self.before.delimiter());
        match size {
            Some(size) if size > most && self.in_dots => {
                self.put(token, most.to_string().as_bytes());
                let reason = "is larger than the stock in the printer";
                self.note_reason(row, Act::LimitedToStock, reason);
            }
            Some(size) if size > 0 && size <= most => {
                if self.plain(row, token) && !self.is_own(token) {
                    self.note(row, Act::KeptAndReset);
                }
            }
            _ => self.note_reason(row, Act::LeftOut, "asks for a size that cannot be"),
        }
    }

    pub(super) fn single(&mut self, row: &Row, token: &Token) {
        let parameters = token.parameters.trim_ascii();
        if !matches!(parameters, b"" | b"1") {
            self.note(row, Act::PrintedOnce);
        }
        self.put(token, b"1");
    }
}
