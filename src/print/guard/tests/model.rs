//! A printer as a label sees it: what it prints and what state it is left in. Written apart from
//! the product's tokeniser and table on purpose.

use std::collections::{BTreeMap, BTreeSet};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    pub prefix: char,
    pub name: String,
    pub parameters: Vec<u8>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    pub state: BTreeMap<String, String>,
    /// Drive and name.
    pub files: BTreeSet<String>,
    fonts: BTreeMap<u8, String>,
    characters: [u8; 3],
    /// For every label: state that matters to drawing, then commands that draw.
    pub printed: Vec<Vec<String>>,
    /// Everything that was executed.
    pub seen: Vec<Command>,
}

/// State of a printer that no label may leave changed, as after switching on.
const FACTORY: &str = "PO=N PM=N LR=N LH=0,0 LS=0 LT=0 FW=N,0 CI=0 CF=A,9,5 BY=2,3.0,10 PW=832 \
    LL=1218 MU=D MC=Y MM=T MN=Y MT=D MD=0 SD=15 PR=4 JZ=Y CV=N PA=0,0,0,0 JM=A JU= NET= SE= FL=";
/// What a drawing depends on.
const DRAWING: [&str; 16] = [
    "PO", "PM", "LR", "LH", "LS", "FW", "CI", "CF", "BY", "PW", "LL", "MU", "CV", "PA", "JM", "SE",
];

impl Default for Model {
    fn default() -> Self {
        let pairs = FACTORY
            .split_whitespace()
            .map(|p| p.split_once('=').unwrap());
        Model {
            state: pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
            files: BTreeSet::new(),
            fonts: BTreeMap::new(),
            characters: *b"^~,",
            printed: Vec::new(),
            seen: Vec::new(),
        }
    }
}

fn text(bytes: &[u8]) -> String {
    bytes.iter().map(|b| char::from(*b)).collect()
}

fn unhex(data: &[u8], mark: u8) -> Vec<u8> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < data.len() {
        let pair = data
            .get(at + 1..at + 3)
            .and_then(|p| std::str::from_utf8(p).ok());
        let byte = pair.filter(|p| p.bytes().all(|b| b.is_ascii_hexdigit()));
        match byte.and_then(|p| u8::from_str_radix(p, 16).ok()) {
            Some(byte) if data[at] == mark => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(data[at]);
                at += 1;
            }
        }
    }
    out
}

#[derive(Default)]
struct Format {
    open: bool,
    stored: bool,
    prints: bool,
    hex: Option<u8>,
    drawn: Vec<String>,
}

impl Model {
    pub fn run(&mut self, stream: &[u8]) {
        let mut rest = stream;
        let mut format = Format::default();
        while let Some(command) = self.next(&mut rest) {
            self.seen.push(command.clone());
            self.execute(&command, &mut format);
        }
    }

    fn is_prefix(&self, byte: u8) -> bool {
        byte == self.characters[0] || byte == self.characters[1]
    }

    fn next(&mut self, rest: &mut &[u8]) -> Option<Command> {
        loop {
            let at = rest.iter().position(|b| self.is_prefix(*b))?;
            let prefix = if rest[at] == self.characters[0] {
                '^'
            } else {
                '~'
            };
            *rest = &rest[at + 1..];
            let graphic = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_graphic());
            let one = rest.first().filter(|b| !self.is_prefix(**b));
            if !graphic(one) {
                continue;
            }
            let single = prefix == '^' && rest[0].eq_ignore_ascii_case(&b'A');
            let size = if single && rest.get(1) != Some(&b'@') {
                1
            } else {
                2
            };
            if size == 2 && !graphic(rest.get(1).filter(|b| !self.is_prefix(**b))) {
                continue;
            }
            let name = text(&rest[..size]).to_ascii_uppercase();
            *rest = &rest[size..];
            let end = self.end(prefix, &name, rest).min(rest.len());
            let mut parameters = rest[..end].to_vec();
            *rest = &rest[end..];
            if matches!(name.as_str(), "CC" | "CT" | "CD") {
                let which = ["CC", "CT", "CD"].iter().position(|n| *n == name).unwrap();
                if let Some(character) = parameters.first() {
                    self.characters[which] = *character;
                }
            } else if !matches!(
                (name.as_str(), self.counted(&name, &parameters)),
                (_, Some(_))
            ) {
                while matches!(parameters.last(), Some(b'\r' | b'\n')) {
                    parameters.pop();
                }
            }
            return Some(Command {
                prefix,
                name,
                parameters,
            });
        }
    }

    fn end(&self, prefix: char, name: &str, rest: &[u8]) -> usize {
        match (prefix, name) {
            (_, "CC" | "CT" | "CD") => return 1,
            ('^', "XA" | "XZ" | "FS") => return 0,
            ('~', "HS" | "HI" | "JA" | "JX" | "JR" | "PS") => return 0,
            _ => {}
        }
        if let Some(end) = self.counted(name, rest) {
            return end;
        }
        rest.iter()
            .position(|b| self.is_prefix(*b))
            .unwrap_or(rest.len())
    }

    /// Length of parameters that hold counted bytes.
    fn counted(&self, name: &str, rest: &[u8]) -> Option<usize> {
        let (mark, count, heads) = match name {
            "GF" => (0, 1, 4),
            "DY" => (1, 3, 5),
            _ => return None,
        };
        let parts: Vec<&[u8]> = rest
            .splitn(heads + 1, |b| *b == self.characters[2])
            .collect();
        let head: usize = parts.get(..heads)?.iter().map(|p| p.len() + 1).sum();
        let clean = !rest.get(..head)?.iter().any(|b| self.is_prefix(*b));
        let binary = parts[mark].trim_ascii().eq_ignore_ascii_case(b"B");
        let count: usize = text(parts[count]).trim().parse().ok()?;
        (parts.len() > heads && head < 256 && clean && binary).then_some(head + count)
    }

    fn execute(&mut self, command: &Command, format: &mut Format) {
        let parts: Vec<String> = command
            .parameters
            .split(|b| *b == self.characters[2])
            .map(text)
            .collect();
        // Line ends that were typed mean nothing.
        let typed: Vec<u8> = command
            .parameters
            .iter()
            .copied()
            .filter(|b| !matches!(b, b'\r' | b'\n'))
            .collect();
        let all = parts.join(",").replace(['\r', '\n'], "");
        let name = command.name.as_str();
        let outside = command.prefix == '^' && !format.open;
        match (command.prefix, name) {
            ('^', "XA") => {
                *format = Format {
                    open: true,
                    ..Format::default()
                };
            }
            (_, "CC" | "CT" | "CD") | ('^', "FX" | "PQ") => {}
            ('~', "DG" | "DY" | "DB" | "DS" | "DT" | "DU" | "DE") => self.save(&parts[0]),
            ('~', "SD") => self.set("SD", &all),
            ('~', _) => {}
            _ if outside => {}
            ('^', "XZ") => self.finish(format),
            ('^', "FS") => format.hex = None,
            ('^', "FH") => format.hex = Some(*command.parameters.first().unwrap_or(&b'_')),
            ('^', "FD" | "FV") => {
                let data = format.hex.map_or(typed.clone(), |mark| unhex(&typed, mark));
                format.drawn.push(format!("{name} {}", text(&data)));
                format.prints = true;
            }
            ('^', "DF") => {
                self.save(&parts[0]);
                format.stored = true;
            }
            ('^', "IS") => {
                self.save(&parts[0]);
                let hidden = parts
                    .get(1)
                    .is_some_and(|p| p.trim().eq_ignore_ascii_case("N"));
                format.stored |= hidden;
                format.prints |= !hidden;
            }
            ('^', "ID") => {
                let named = parts[0].replace(".*", "");
                self.files.retain(|file| *file != named);
            }
            ('^', "XG" | "XF" | "IM" | "IL") => {
                let known = self.recalled(&parts[0]);
                format
                    .drawn
                    .push(format!("{name} {known} {}", parts[1..].join(",")));
                format.prints = true;
            }
            ('^', "CW") => {
                let path = self.recalled(parts.get(1).map_or("", String::as_str));
                self.fonts.insert(all.bytes().next().unwrap_or(0), path);
            }
            ('^', "A" | "A@") => self.font(name, &parts, format),
            ('^', "GB" | "GC" | "GD" | "GE" | "GF" | "GS" | "SN") => {
                format.drawn.push(format!("{name} {all}"));
                format.prints = true;
            }
            ('^', _) if self.state.contains_key(name) => self.set(name, &all),
            ('^', _) if name.starts_with(['F', 'B']) => {
                format.drawn.push(format!("{name} {all}"));
            }
            _ => {}
        }
    }

    fn set(&mut self, name: &str, value: &str) {
        let value = match (name, value) {
            ("MU", "D,300,300") => "D",
            (_, value) => value.trim(),
        };
        self.state.insert(name.to_owned(), value.to_owned());
    }

    fn split(path: &str) -> (String, String) {
        let path = path.trim().to_ascii_uppercase();
        let (drive, file) = path.split_once(':').unwrap_or(("R", &path));
        let name = file.split('.').next().unwrap_or_default();
        let name = if name.is_empty() { "UNKNOWN" } else { name };
        (drive.to_owned(), name.to_owned())
    }

    fn save(&mut self, path: &str) {
        let (drive, name) = Self::split(path);
        self.files.insert(format!("{drive}:{name}"));
    }

    /// A file of this stream by name, any other by its path.
    fn recalled(&self, path: &str) -> String {
        let (_, name) = Self::split(path);
        let same = |file: &String| file.split_once(':').is_some_and(|(_, n)| n == name);
        if self.files.iter().any(same) {
            return name;
        }
        path.to_ascii_uppercase()
    }

    fn font(&self, name: &str, parts: &[String], format: &mut Format) {
        let part = |at: usize| parts.get(at).map_or("", String::as_str);
        let first = part(0).trim();
        let letter = first.bytes().next().filter(|_| name == "A");
        let path = match letter {
            Some(letter) => self.fonts.get(&letter).cloned(),
            None => Some(self.recalled(part(3))),
        };
        let size = format!("{},{}", part(1), part(2));
        format.drawn.push(match (letter, path) {
            (Some(_), Some(path)) => format!("font {} {size} {path}", &first[1..]),
            (None, Some(path)) => format!("font {first} {size} {path}"),
            _ => format!("font {first} {size}"),
        });
    }

    fn finish(&mut self, format: &mut Format) {
        if format.prints && !format.stored {
            let state = DRAWING.iter().map(|k| format!("{k}={}", self.state[*k]));
            self.printed
                .push(state.chain(format.drawn.drain(..)).collect());
        }
        *format = Format::default();
    }
}
