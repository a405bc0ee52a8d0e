//! Reads Rust well enough for rules: comments and literals out, paths, tests, functions.
//!
//! Not a parser. It knows tokens, `use` trees, brace pairs and `mod` blocks; macros are read like
//! any other code. All offsets are bytes and the same in `text` and `code`.

use crate::tree::Text;

/// One source file.
pub struct Rust {
    pub path: String,
    pub text: String,
    /// `text` with comments and the inside of literals blanked; line breaks stay.
    pub code: String,
    /// Content of string literals, with where each begins.
    pub strings: Vec<(usize, String)>,
    /// Byte ranges compiled only for tests.
    pub test_ranges: Vec<(usize, usize)>,
    /// Files that this one declares under `#[cfg(test)]`.
    pub test_files: Vec<String>,
    /// The whole file is test code.
    pub whole_test: bool,
    /// `mod name { .. }` blocks.
    pub inline_mods: Vec<(usize, usize)>,
    /// Paths written here, imports expanded.
    pub uses: Vec<Use>,
    lines: Vec<usize>,
}

/// A path as written, such as `crate::store::Store` or `std::fs::read`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    pub at: usize,
    pub path: Vec<String>,
}

impl Use {
    /// The path begins with these segments, written `a::b`.
    pub fn starts_with(&self, prefix: &str) -> bool {
        let mut own = self.path.iter();
        prefix
            .split("::")
            .all(|s| own.next().is_some_and(|o| o == s))
    }

    pub fn joined(&self) -> String {
        self.path.join("::")
    }
}

/// A function with a body.
pub struct Function {
    pub name: String,
    /// First and last line, from 1.
    pub lines: (usize, usize),
}

impl Rust {
    pub fn parse(file: &Text) -> Self {
        let (code, strings) = blank(&file.text);
        let starts = code.match_indices('\n').map(|(i, _)| i + 1);
        let lines = std::iter::once(0).chain(starts).collect();
        let whole_test = file.path.starts_with("tests/") || file.path.contains("/tests/");
        let mut rust = Rust {
            path: file.path.clone(),
            text: file.text.clone(),
            uses: paths(&code),
            inline_mods: inline_mods(&code),
            code,
            strings,
            test_ranges: Vec::new(),
            test_files: Vec::new(),
            whole_test,
            lines,
        };
        rust.find_tests();
        rust
    }

    /// Line of an offset, from 1.
    pub fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at)
    }

    /// Offset of the first byte of a line.
    pub fn start(&self, line: usize) -> usize {
        self.lines.get(line - 1).copied().unwrap_or(self.code.len())
    }

    pub fn is_test(&self, at: usize) -> bool {
        self.whole_test || self.test_ranges.iter().any(|(a, b)| (*a..*b).contains(&at))
    }

    /// Lines that are no test code.
    pub fn product_lines(&self) -> usize {
        if self.whole_test {
            return 0;
        }
        let test = |(a, b): &(usize, usize)| self.line(*b) - self.line(*a) + 1;
        self.text.lines().count() - self.test_ranges.iter().map(test).sum::<usize>()
    }

    /// Module path of the file inside its package, `["label", "check"]`.
    pub fn module(&self) -> Vec<String> {
        let inside = self.path.rsplit_once("src/").map_or("", |(_, rest)| rest);
        let stem = inside.strip_suffix(".rs").unwrap_or(inside);
        let mut parts: Vec<String> = stem.split('/').map(str::to_owned).collect();
        if matches!(
            parts.last().map(String::as_str),
            Some("mod" | "lib" | "main")
        ) {
            parts.pop();
        }
        parts
    }

    pub fn functions(&self) -> Vec<Function> {
        let mut found = Vec::new();
        for at in words(&self.code, "fn") {
            let rest = &self.code[at + 2..];
            let name = ident(rest.trim_start());
            if name.is_empty() {
                continue;
            }
            let Some(open) = body(&self.code, at) else {
                continue;
            };
            let lines = (self.line(at), self.line(closing(&self.code, open)));
            let name = name.to_owned();
            found.push(Function { name, lines });
        }
        found
    }

    fn find_tests(&mut self) {
        const MARK: &str = "#[cfg(test)]";
        let starts: Vec<usize> = self.code.match_indices(MARK).map(|(i, _)| i).collect();
        for at in starts {
            let mut item = at + MARK.len();
            let mut attributes = String::new();
            loop {
                let rest = &self.code[item..];
                item += rest.len() - rest.trim_start().len();
                if !self.code[item..].starts_with("#[") {
                    break;
                }
                let end = self.code[item..]
                    .find(']')
                    .map_or(self.code.len(), |i| item + i + 1);
                attributes.push_str(&self.text[item..end]);
                item = end;
            }
            let end = match body(&self.code, item) {
                Some(open) => closing(&self.code, open),
                None => self.code[item..].find(';').map_or(item, |i| item + i),
            };
            self.test_ranges.push((at, end));
            let line = &self.code[item..end];
            if let Some(at) = words(line, "mod").first().filter(|_| !line.contains('{')) {
                let name = ident(line[at + 3..].trim_start()).to_owned();
                let set = attributes.split('"').nth(1);
                let folder = match set {
                    Some(_) => self.path.rsplit_once('/').map_or("", |(f, _)| f).to_owned(),
                    None => child_folder(&self.path),
                };
                let file = set.map_or(format!("{name}.rs"), str::to_owned);
                self.test_files.push(format!("{folder}/{file}"));
            }
        }
    }
}

/// Where the modules declared in a file have their files.
pub fn child_folder(path: &str) -> String {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    match name {
        "mod.rs" | "lib.rs" | "main.rs" => folder.to_owned(),
        _ => path.trim_end_matches(".rs").to_owned(),
    }
}

fn is_ident(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The identifier at the start of `text`; empty if there is none.
fn ident(text: &str) -> &str {
    let end = text
        .bytes()
        .position(|b| !is_ident(b))
        .unwrap_or(text.len());
    &text[..end]
}

/// Offsets of a whole word.
pub fn words(code: &str, word: &str) -> Vec<usize> {
    let bytes = code.as_bytes();
    let alone = |i: &usize| {
        let after = bytes.get(i + word.len()).copied();
        (*i == 0 || !is_ident(bytes[i - 1])) && !after.is_some_and(is_ident)
    };
    code.match_indices(word)
        .map(|(i, _)| i)
        .filter(alone)
        .collect()
}

/// Offset of the `{` that opens the item at `at`; `None` if a `;` ends it first.
fn body(code: &str, at: usize) -> Option<usize> {
    let mut depth = 0_i32;
    for (i, byte) in code.bytes().enumerate().skip(at) {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth -= 1,
            b'{' if depth == 0 => return Some(i),
            b';' if depth == 0 => return None,
            _ => {}
        }
    }
    None
}

/// Offset of the brace that closes the one at `open`.
fn closing(code: &str, open: usize) -> usize {
    let mut depth = 0_i32;
    for (i, byte) in code.bytes().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return i;
        }
    }
    code.len()
}

fn inline_mods(code: &str) -> Vec<(usize, usize)> {
    let block = |at: &usize| {
        let open = body(code, *at)?;
        let name = ident(code[at + 3..].trim_start());
        let plain = code[at + 3..open].trim() == name && !name.is_empty();
        plain.then(|| (open, closing(code, open)))
    };
    words(code, "mod").iter().filter_map(block).collect()
}

/// Blanks comments and literals; returns the strings too.
fn blank(text: &str) -> (String, Vec<(usize, String)>) {
    let bytes = text.as_bytes();
    let mut code = bytes.to_vec();
    let mut strings = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let (end, string) = literal(text, at);
        if let Some((from, to)) = string {
            strings.push((from, text[from..to].to_owned()));
        }
        if end > at {
            let plain = |b: &u8| *b == b'\n';
            code[at..end]
                .iter_mut()
                .filter(|b| !plain(b))
                .for_each(|b| *b = b' ');
            // A literal stays one token.
            if !bytes[at..end].starts_with(b"/") {
                code[at] = b'"';
            }
        }
        at = end.max(at + 1);
    }
    (String::from_utf8_lossy(&code).into_owned(), strings)
}

/// End of the comment or literal that begins at `at` (or `at`), and where its content is.
fn literal(text: &str, at: usize) -> (usize, Option<(usize, usize)>) {
    let bytes = text.as_bytes();
    let rest = &bytes[at..];
    let find = |from: usize, what: &str| text[from..].find(what).map_or(text.len(), |i| from + i);
    if rest.starts_with(b"//") {
        return (find(at, "\n"), None);
    }
    if rest.starts_with(b"/*") {
        return (comment_end(bytes, at), None);
    }
    let fresh = at == 0 || !is_ident(bytes[at - 1]);
    if fresh && (rest.starts_with(b"r") || rest.starts_with(b"br")) {
        let open = at + 1 + usize::from(rest[0] == b'b');
        let hashes = bytes[open..].iter().take_while(|b| **b == b'#').count();
        if bytes.get(open + hashes) == Some(&b'"') {
            let close = format!("\"{}", "#".repeat(hashes));
            let from = open + hashes + 1;
            let to = find(from, &close);
            return ((to + close.len()).min(text.len()), Some((from, to)));
        }
    }
    if rest[0] == b'"' {
        let end = quoted_end(bytes, at, b'"');
        return (end, Some((at + 1, (end - 1).max(at + 1))));
    }
    if rest[0] == b'\'' {
        let next = text[at + 1..].chars().next().map_or(1, char::len_utf8);
        let closed = bytes.get(at + 1 + next) == Some(&b'\'');
        if rest.get(1) == Some(&b'\\') || closed && rest.get(1) != Some(&b'\'') {
            return (quoted_end(bytes, at, b'\''), None);
        }
    }
    (at, None)
}

fn quoted_end(bytes: &[u8], at: usize, quote: u8) -> usize {
    let mut i = at + 1;
    while i < bytes.len() && bytes[i] != quote {
        i += 1 + usize::from(bytes[i] == b'\\');
    }
    (i + 1).min(bytes.len())
}

fn comment_end(bytes: &[u8], at: usize) -> usize {
    let (mut i, mut depth) = (at, 0_u32);
    while i < bytes.len() {
        match bytes.get(i..i + 2) {
            Some(b"/*") => (depth, i) = (depth + 1, i + 2),
            Some(b"*/") => (depth, i) = (depth - 1, i + 2),
            _ => i += 1,
        }
        if depth == 0 {
            return i;
        }
    }
    bytes.len()
}

/// All paths of two or more segments, and all imports; first segments that were imported above
/// are replaced by what was imported.
fn paths(code: &str) -> Vec<Use> {
    let mut uses = Vec::new();
    let mut imports: Vec<(String, Use)> = Vec::new();
    let bytes = code.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !is_ident(bytes[at]) {
            at += 1;
            continue;
        }
        let word = ident(&code[at..]);
        let after = code[at + word.len()..].trim_start();
        if word == "use" && !after.starts_with('<') {
            let end = code[at..].find(';').map_or(code.len(), |i| at + i);
            let mut found = Vec::new();
            use_tree(&code[at + 3..end], at + 3, &[], &mut found);
            for (name, used) in found {
                uses.push(used.clone());
                imports.push((name, used));
            }
            at = end;
            continue;
        }
        let end = at + chain_len(&code[at..]);
        let mut path: Vec<String> = code[at..end]
            .split("::")
            .map(|s| s.trim().to_owned())
            .collect();
        if path.len() > 1 {
            let known = imports.iter().rev().find(|(name, _)| *name == path[0]);
            if let Some((_, import)) = known {
                path.splice(..1, import.path.iter().cloned());
            }
            uses.push(Use { at, path });
        }
        at = end;
    }
    uses
}

/// Length of `a::b::c` at the start of `text`.
fn chain_len(text: &str) -> usize {
    let mut end = ident(text).len();
    while let Some(rest) = text[end..].strip_prefix("::") {
        match ident(rest).len() {
            0 => break,
            len => end += 2 + len,
        }
    }
    end
}

/// Flattens `a::{b, c as d, e::*}`; the names are those usable afterwards.
fn use_tree(text: &str, at: usize, prefix: &[String], found: &mut Vec<(String, Use)>) {
    let skip = text.len() - text.trim_start().len();
    let (text, at) = (text.trim(), at + skip);
    if let Some(open) = text.find('{') {
        let mut path = prefix.to_vec();
        let head = text[..open].split("::").map(str::trim);
        path.extend(head.filter(|s| !s.is_empty()).map(str::to_owned));
        let inner = &text[open + 1..text.rfind('}').unwrap_or(text.len())];
        let (mut depth, mut from) = (0_i32, 0);
        for (i, byte) in inner.bytes().chain([b',']).enumerate() {
            match byte {
                b'{' => depth += 1,
                b'}' => depth -= 1,
                b',' if depth == 0 => {
                    use_tree(&inner[from..i], at + open + 1 + from, &path, found);
                    from = i + 1;
                }
                _ => {}
            }
        }
        return;
    }
    let (whole, alias) = text.split_once(" as ").unwrap_or((text, ""));
    let mut path = prefix.to_vec();
    let parts = whole.split("::").map(str::trim);
    path.extend(
        parts
            .filter(|s| !s.is_empty() && *s != "*")
            .map(str::to_owned),
    );
    if path.len() > prefix.len().max(1) && path.last().is_some_and(|s| s == "self") {
        path.pop();
    }
    let last = path.last().cloned().unwrap_or_default();
    let name = match alias.trim() {
        "" => last,
        other => other.to_owned(),
    };
    if !path.is_empty() && !whole.is_empty() {
        found.push((name, Use { at, path }));
    }
}

#[cfg(test)]
fn example(text: &str) -> Rust {
    let path = "src/label/check/mod.rs".to_owned();
    let text = text.to_owned();
    Rust::parse(&Text { path, text })
}

#[test]
fn comments_and_literals_are_no_code() {
    let text = "a // x \"\n/* y /* z */ */ b(\"q\\\"r\", 'c', '\\'', b\"s\", r#\"t\"u\"#, &'l v)";
    let rust = example(text);
    let code: String = rust.code.split_whitespace().collect();
    assert_eq!(code, "ab(\",\",\",b\",\",&'lv)");
    let strings: Vec<&str> = rust.strings.iter().map(|(_, s)| s.as_str()).collect();
    assert_eq!(strings, ["q\\\"r", "s", "t\"u"]);
    assert_eq!(rust.code.len(), text.len());
}

#[test]
fn imports_are_flattened_and_followed() {
    let rust = example(
        "use crate::{store::{self, Store as S}, sync::*};\nuse std::time;\n\
         fn f() { time::Instant::now(); store::open::<u8>(); S::new(); }",
    );
    let shown: Vec<String> = rust.uses.iter().map(Use::joined).collect();
    let expected = [
        "crate::store",
        "crate::store::Store",
        "crate::sync",
        "std::time",
        "std::time::Instant::now",
        "crate::store::open",
        "crate::store::Store::new",
    ];
    assert_eq!(shown, expected);
    assert_eq!(rust.line(rust.uses[4].at), 3);
}

#[test]
fn test_code_is_known_and_not_counted() {
    let rust = example(
        "fn a() {\n}\n#[cfg(test)]\nmod tests {\n    fn b() {\n    }\n}\n\
         #[cfg(test)]\n#[path = \"x_tests.rs\"]\nmod more;\n#[cfg(test)]\nmod side;\n",
    );
    assert_eq!(rust.product_lines(), 2);
    assert!(rust.is_test(rust.text.find("fn b").unwrap()));
    assert!(!rust.is_test(0));
    assert_eq!(
        rust.test_files,
        ["src/label/check/x_tests.rs", "src/label/check/side.rs"]
    );
    let functions = rust.functions();
    assert_eq!(functions[1].name, "b");
    assert_eq!(functions[1].lines, (5, 6));
}
