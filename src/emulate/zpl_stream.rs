//! Cuts a printer's input into formats, immediate commands and SGD lines, byte by byte.
//!
//! Formats are everything between `^XA` and `^XZ`; `~` commands act at once, even inside a
//! format; the data of `^GFB` is binary and skipped by its length (`device-protocols` 5.3).

/// Longest SGD line and longest parameters of an immediate command, in bytes.
const LINE_BYTES_MAX: usize = 1024;

/// What the printer makes of its input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// `~XX`, without the tilde, with its parameters: `HS`, `HQES`, `SD15`.
    Immediate(String),
    /// `! U1 ...` without the line end.
    Sgd(String),
    /// The commands between `^XA` and `^XZ`.
    Format(Vec<u8>),
    /// A half-received format was given up: cut short by a new `^XA`, or too long.
    Abandoned { bytes: usize },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Outside,
    Inside,
    /// After `^` outside a format: the two letters of a command.
    Caret {
        letters: Vec<u8>,
    },
    /// After `~`; `resume` tells whether a format goes on behind it.
    Tilde {
        text: Vec<u8>,
        resume: bool,
    },
    Bang {
        line: Vec<u8>,
    },
    /// Binary graphic data inside a format.
    Binary {
        left: usize,
    },
}

/// The splitter.
#[derive(Debug)]
pub struct ZplStream {
    state: State,
    format: Vec<u8>,
    format_bytes_max: usize,
    /// Position of the last `^` in `format`.
    caret: Option<usize>,
}

impl ZplStream {
    /// A splitter that gives up formats longer than `format_bytes_max`.
    pub fn new(format_bytes_max: usize) -> Self {
        Self {
            state: State::Outside,
            format: Vec::new(),
            format_bytes_max,
            caret: None,
        }
    }

    /// Whether a format has begun and not ended.
    pub fn is_partial(&self) -> bool {
        match &self.state {
            State::Inside | State::Binary { .. } => true,
            State::Tilde { resume, .. } => *resume,
            State::Outside | State::Caret { .. } | State::Bang { .. } => false,
        }
    }

    /// Forgets a half-received format; returns its length.
    pub fn reset(&mut self) -> usize {
        self.state = State::Outside;
        self.caret = None;
        std::mem::take(&mut self.format).len()
    }

    /// Takes one byte; returns what it completed.
    pub fn push(&mut self, byte: u8) -> Option<Item> {
        match std::mem::replace(&mut self.state, State::Outside) {
            State::Outside => {
                match byte {
                    b'^' => {
                        self.state = State::Caret {
                            letters: Vec::new(),
                        }
                    }
                    b'~' => {
                        self.state = State::Tilde {
                            text: Vec::new(),
                            resume: false,
                        }
                    }
                    b'!' => self.state = State::Bang { line: vec![byte] },
                    _ => {}
                }
                None
            }
            State::Caret { .. } if byte == b'~' || byte == b'^' => self.push(byte),
            State::Caret { mut letters } => {
                letters.push(byte.to_ascii_uppercase());
                match letters.as_slice() {
                    b"XA" => self.state = State::Inside,
                    [_] => self.state = State::Caret { letters },
                    _ => {}
                }
                None
            }
            State::Tilde { text, resume } => self.tilde(text, resume, byte),
            State::Bang { mut line } => {
                if byte == b'\n' || line.len() >= LINE_BYTES_MAX {
                    let text = String::from_utf8_lossy(&line).trim_end().to_owned();
                    return Some(Item::Sgd(text));
                }
                line.push(byte);
                self.state = State::Bang { line };
                None
            }
            State::Binary { left } => {
                self.format.push(byte);
                self.state = if left > 1 {
                    State::Binary { left: left - 1 }
                } else {
                    State::Inside
                };
                None
            }
            State::Inside => self.inside(byte),
        }
    }

    fn inside(&mut self, byte: u8) -> Option<Item> {
        self.state = State::Inside;
        if byte == b'~' {
            self.state = State::Tilde {
                text: Vec::new(),
                resume: true,
            };
            return None;
        }
        if self.format.len() >= self.format_bytes_max {
            return Some(Item::Abandoned {
                bytes: self.reset(),
            });
        }
        if byte == b'^' {
            self.caret = Some(self.format.len());
        }
        self.format.push(byte);
        let start = self.caret?;
        let command = self.format.get(start..).unwrap_or_default();
        if command.len() == 3 && command.eq_ignore_ascii_case(b"^XZ") {
            self.format.truncate(start);
            let format = std::mem::take(&mut self.format);
            self.reset();
            return Some(Item::Format(format));
        }
        if command.len() == 3 && command.eq_ignore_ascii_case(b"^XA") {
            let bytes = self.reset();
            self.state = State::Inside;
            return Some(Item::Abandoned { bytes });
        }
        if byte == b','
            && let Some(left) = binary_length(command)
        {
            self.caret = None;
            self.state = if left > 0 {
                State::Binary { left }
            } else {
                State::Inside
            };
        }
        None
    }

    fn pass_over(&mut self, text: Vec<u8>, resume: bool) -> Option<Item> {
        self.state = State::Tilde { text, resume };
        None
    }

    fn tilde(&mut self, mut text: Vec<u8>, resume: bool, byte: u8) -> Option<Item> {
        // A graphic is as long as a format, and its lines are no ends.
        let graphic = text.starts_with(b"DG");
        let max = if graphic {
            self.format_bytes_max
        } else {
            LINE_BYTES_MAX
        };
        let ends = match byte {
            b'^' | b'~' => true,
            b'\r' | b'\n' if graphic => return self.pass_over(text, resume),
            b'\r' | b'\n' => true,
            _ => text.len() >= max,
        };
        if !ends {
            // Letters of compressed hex count as they are.
            text.push(if graphic {
                byte
            } else {
                byte.to_ascii_uppercase()
            });
            if !is_whole(&text) {
                self.state = State::Tilde { text, resume };
                return None;
            }
        }
        self.state = if resume {
            State::Inside
        } else {
            State::Outside
        };
        if ends {
            // The byte belongs to what follows. It completes nothing, unless it makes the format
            // too long; then the format is gone, which shows as a missing label.
            drop(self.push(byte));
        }
        Some(Item::Immediate(String::from_utf8_lossy(&text).into_owned()))
    }
}

/// Whether an immediate command is complete without an end mark.
fn is_whole(text: &[u8]) -> bool {
    match text {
        [b'H', b'Q', ..] => text.len() == 4,
        [_, _] => [
            b"HS", b"HI", b"JA", b"JX", b"PS", b"PP", b"JR", b"JC", b"WC",
        ]
        .iter()
        .any(|known| known.as_slice() == text),
        _ => false,
    }
}

/// For `^GFB,bytes,...,...,` with all four commas: how many binary bytes follow.
fn binary_length(command: &[u8]) -> Option<usize> {
    let parameters = command
        .strip_prefix(b"^GFB,")
        .or(command.strip_prefix(b"^gfb,"))?;
    let text = std::str::from_utf8(parameters).ok()?;
    let fields: Vec<&str> = text.split(',').collect();
    match fields.as_slice() {
        [bytes, _, _, ""] => bytes.trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(input: &[u8]) -> Vec<Item> {
        let mut stream = ZplStream::new(1000);
        input.iter().filter_map(|b| stream.push(*b)).collect()
    }

    fn now(text: &str) -> Item {
        Item::Immediate(text.into())
    }

    #[test]
    fn finds_formats_and_immediate_commands() {
        assert_eq!(
            items(b"^XZ^X~JX\r\n^XA^PW8^FO0,0~HS^FDx^FS^XZ~HQES~HI^xa^xz"),
            [
                now("JX"),
                now("HS"),
                Item::Format(b"^PW8^FO0,0^FDx^FS".to_vec()),
                now("HQES"),
                now("HI"),
                Item::Format(vec![]),
            ]
        );
        assert_eq!(items(b"~SD15^XA^XZ"), [now("SD15"), Item::Format(vec![])]);
    }

    #[test]
    fn reads_sgd_lines() {
        assert_eq!(
            items(b"! U1 getvar \"appl.name\"\r\n~HS"),
            [Item::Sgd("! U1 getvar \"appl.name\"".into()), now("HS")]
        );
    }

    #[test]
    fn skips_binary_data_by_length() {
        let format = b"^GFB,6,6,1,^XZ~HS^FS".to_vec();
        assert_eq!(
            items(&[b"^XA".as_slice(), &format, b"^XZ"].concat()),
            [Item::Format(format)]
        );
    }

    #[test]
    fn gives_up_half_formats() {
        assert_eq!(
            items(b"^XA^FO1^XA^FO2^XZ"),
            [Item::Abandoned { bytes: 7 }, Item::Format(b"^FO2".to_vec())]
        );
        let mut stream = ZplStream::new(10);
        let got: Vec<Item> = b"^XA0123456789ab"
            .iter()
            .filter_map(|b| stream.push(*b))
            .collect();
        assert_eq!(got, [Item::Abandoned { bytes: 10 }]);
        assert!(!stream.is_partial());
        b"^XA^GF"
            .iter()
            .for_each(|b| assert_eq!(stream.push(*b), None));
        assert!(stream.is_partial());
        assert_eq!(stream.reset(), 3);
    }
}
