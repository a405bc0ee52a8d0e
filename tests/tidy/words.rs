//! What no file may contain, and which names the top level may have.

use crate::Finding;
use crate::tree::Tree;

/// Everything that may lie at the top.
const TOP_LEVEL: &[&str] = &[
    ".ci",
    ".config",
    ".gitattributes",
    ".gitignore",
    "ARCHITECTURE.md",
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "LICENSE-THIRD-PARTY.md",
    "README.md",
    "benches",
    "build.rs",
    "clippy.toml",
    "deny.toml",
    "drivers",
    "fixtures",
    "src",
    "templates",
    "tests",
    "typos.toml",
    "udev",
];

/// What is unfinished, or true on one machine only. Cut in two so that this file passes.
const WORDS: &[(&str, &str)] = &[
    (
        concat!("TO", "DO"),
        "finish it, or open an issue and say there what is missing",
    ),
    (
        concat!("FIX", "ME"),
        "repair it, or open an issue and say there what is wrong",
    ),
    (concat!("todo", "!"), "write it, or leave the function out"),
    (
        concat!("unimplemented", "!"),
        "write it, or leave the function out",
    ),
    (
        concat!("#[", "ignore"),
        "make the test quick and sure, or delete it",
    ),
    (
        concat!("/wo", "rk/"),
        "name files relative to the repository or to a temporary folder",
    ),
    (
        concat!("/ro", "ot/"),
        "name files relative to the repository or to a temporary folder",
    ),
    (
        concat!("/ho", "me/"),
        "name files relative to the repository or to a temporary folder",
    ),
];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in tree.texts.iter().filter(|t| t.path != "Cargo.lock") {
        for (number, line) in file.text.lines().enumerate() {
            for (word, remedy) in WORDS.iter().filter(|(word, _)| has(line, word)) {
                let text = format!("{word:?} may not stay; {remedy}");
                found.push(Finding::new(&file.path, number + 1, text));
            }
        }
    }
    found
}

pub fn check_top_level(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for path in &tree.paths {
        let name = path.split('/').next().unwrap_or_default();
        if !TOP_LEVEL.contains(&name) {
            let text = "is no name of the top level; put it where it belongs (ARCHITECTURE.md)";
            found.push(Finding::new(path, 1, text));
        }
    }
    found
}

/// The word is there, and is no part of a longer one.
fn has(line: &str, word: &str) -> bool {
    let letter = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        let path = word.starts_with('/');
        let inside = letter(before.chars().next_back()) && word != concat!("#[", "ignore");
        // `https://example.com/home/` and `./work/` are no places of a machine.
        let longer = path && before.ends_with('.');
        !inside && !longer && (path || !letter(after.chars().next()))
    })
}

#[test]
fn words_are_found_whole() {
    let (todo, home) = (WORDS[0].0, WORDS[7].0);
    assert!(has(&format!("// {todo}: later"), todo));
    assert!(!has(&format!("MAS{todo}N"), todo));
    assert!(has(&format!("open(\"{home}x\")"), home));
    assert!(!has(&format!("https://example.com{home}"), home));
    assert!(has(concat!("    #[", "ignore = \"slow\"]"), WORDS[4].0));
}
