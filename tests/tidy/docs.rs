//! Modules say what they are; ARCHITECTURE.md names every part and only tests that exist.

use crate::Finding;
use crate::layers::LAYERS;
use crate::tree::Tree;

const MAP: &str = "ARCHITECTURE.md";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = module_docs(tree);
    let map = tree
        .text(MAP)
        .unwrap_or_else(|| panic!("{MAP} is not there"));
    found.extend(parts_named(tree, map));
    found.extend(tests_named(tree, map));
    found.extend(table_repeated(map));
    found
}

/// Every source file begins with what it is for.
fn module_docs(tree: &Tree) -> Vec<Finding> {
    let product = |p: &str| p.starts_with("src/") || p.starts_with("drivers/src/");
    let bare = tree
        .rust
        .iter()
        .filter(|f| product(&f.path) && f.path != "src/main.rs");
    let bare = bare.filter(|f| !f.whole_test);
    let bare = bare.filter(|f| !f.text.starts_with("//!"));
    let text = "begins without `//!`; say in a sentence what it is for, then its constraints";
    bare.map(|f| Finding::new(&f.path, 1, text)).collect()
}

/// Every folder and file directly under `src` is on the map.
fn parts_named(tree: &Tree, map: &str) -> Vec<Finding> {
    let names = tree.names_in("src");
    let missing = names
        .iter()
        .filter(|n| !map.contains(&format!("`src/{n}`")));
    let missing = missing.filter(|n| **n != "lib.rs");
    let text = |n: &str| format!("does not name `src/{n}`; add it to the map");
    missing.map(|n| Finding::new(MAP, 1, text(n))).collect()
}

/// `tests/file.rs` and `tests/file.rs::test_name` in backticks exist.
fn tests_named(tree: &Tree, map: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for (number, line) in map.lines().enumerate() {
        let mut say = |text| found.push(Finding::new(MAP, number + 1, text));
        for quoted in line.split('`').skip(1).step_by(2) {
            let (path, test) = quoted.split_once("::").unwrap_or((quoted, ""));
            if !path.ends_with(".rs") || !path.contains('/') || path.contains("NAME") {
                continue;
            }
            let Some(file) = tree.rust.iter().find(|f| f.path == path) else {
                say(format!("names `{path}`, which is not there; correct it"));
                continue;
            };
            if !test.is_empty() && !file.functions().iter().any(|f| f.name == test) {
                say(format!(
                    "names `{test}`, which `{path}` does not have; correct it"
                ));
            }
        }
    }
    found
}

/// The table of the map says what the table of the test says.
fn table_repeated(map: &str) -> Vec<Finding> {
    let mut found = Vec::new();
    for (layer, may) in LAYERS.iter().filter(|(layer, _)| *layer != "drivers") {
        let row = map
            .lines()
            .enumerate()
            .find(|(_, l)| l.starts_with(&format!("| `{layer}` |")));
        let shown = match may {
            [] => "nothing".to_owned(),
            _ => may.join(", "),
        };
        let said = row
            .and_then(|(_, line)| line.split('|').nth(2))
            .map(str::trim);
        if said != Some(shown.as_str()) {
            let text =
                format!("the row of `{layer}` should say {shown:?}, as tests/tidy/layers.rs");
            found.push(Finding::new(MAP, row.map_or(1, |(i, _)| i + 1), text));
        }
    }
    found
}

#[test]
fn wrong_names_on_the_map_are_found() {
    let file = |path: &str, text: &str| crate::tree::Text {
        path: path.to_owned(),
        text: text.to_owned(),
    };
    let texts = vec![
        file("src/web/mod.rs", "use x;"),
        file("tests/a.rs", "fn good() {}"),
    ];
    let rust = texts.iter().map(crate::rust::Rust::parse).collect();
    let paths = texts.iter().map(|t| t.path.clone()).collect();
    let tree = Tree {
        root: std::path::PathBuf::new(),
        paths,
        texts,
        rust,
    };
    assert_eq!(module_docs(&tree).len(), 1);
    assert_eq!(parts_named(&tree, "`src/webs`").len(), 1);
    assert_eq!(parts_named(&tree, "the pages are in `src/web`").len(), 0);
    let map = "`tests/a.rs::good` `tests/a.rs::bad`\n`tests/b.rs` `a::b`";
    assert_eq!(tests_named(&tree, map).len(), 2);
}
