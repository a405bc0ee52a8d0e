//! Explicit lists are complete: modules, protocols, languages, sinks, profiles, templates.

use crate::Finding;
use crate::rust::{child_folder, words};
use crate::tree::Tree;
use std::collections::BTreeSet;

const REGISTRY: &str = "drivers/src/registry.rs";
const SINKS: &str = "src/sync/sinks/mod.rs";

/// Files among the protocols that are no protocol themselves: (module, reason).
const HELPERS: &[(&str, &str)] = &[
    (
        "printer::status",
        "what printers of every language say, by name",
    ),
    (
        "printer::stream",
        "answers of every language out of a mixed stream",
    ),
    (
        "scanner::aim",
        "symbology identifiers, read by every scanner",
    ),
    ("scanner::codeid", "makers' symbology bytes as names"),
    (
        "scanner::packets",
        "resynchronisation, shared by the packet protocols",
    ),
    (
        "dimensioner::pointer",
        "JSON pointers, read by what speaks JSON",
    ),
    (
        "printer::raster",
        "bands, limits and padding of the raster languages",
    ),
];

/// Every source file is declared by its parent, so that nothing rots unseen.
pub fn check_modules(tree: &Tree) -> Vec<Finding> {
    let mut declared = BTreeSet::new();
    for file in &tree.rust {
        for at in words(&file.code, "mod") {
            let rest = file.code[at + 3..].trim_start();
            let Some(name) = rest.split_once(';').map(|(n, _)| n.trim()) else {
                continue;
            };
            let folder = child_folder(&file.path);
            declared.insert(format!("{folder}/{name}.rs"));
            declared.insert(format!("{folder}/{name}/mod.rs"));
        }
        for (_, string) in file.strings.iter().filter(|(_, s)| s.ends_with(".rs")) {
            let folder = file.path.rsplit_once('/').map_or("", |(f, _)| f);
            declared.insert(format!("{folder}/{string}"));
        }
    }
    let root = |p: &str| {
        p.ends_with("src/lib.rs") || p.ends_with("src/main.rs") || p.starts_with("src/bin/")
    };
    let source = |p: &str| p.starts_with("src/") || p.starts_with("drivers/src/");
    let lost = tree
        .rust
        .iter()
        .filter(|f| source(&f.path) && !root(&f.path));
    let lost = lost.filter(|f| !declared.contains(&f.path));
    let text = "no module declares this file; add `mod` to its parent, or delete it";
    lost.map(|f| Finding::new(&f.path, 1, text)).collect()
}

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = protocols(tree);
    found.extend(sinks(tree));
    found.extend(profiles(tree));
    found.extend(templates(tree));
    found
}

fn protocols(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    let list = tree.rust.iter().find(|f| f.path == REGISTRY);
    let list = list.unwrap_or_else(|| panic!("{REGISTRY} is not there"));
    for kind in ["scale", "scanner", "dimensioner", "printer"] {
        let folder = format!("drivers/src/{kind}");
        let modules = tree.names_in(&folder);
        assert!(modules.contains("mod.rs"), "{folder}/mod.rs is not there");
        for name in modules
            .iter()
            .map(|n| n.trim_end_matches(".rs"))
            .filter(|n| *n != "mod")
        {
            let module = format!("{kind}::{name}");
            let in_list = list
                .uses
                .iter()
                .any(|u| u.starts_with(&format!("crate::{module}")));
            if !in_list && !HELPERS.iter().any(|(helper, _)| *helper == module) {
                let text = format!(
                    "`{module}` is in no list of {REGISTRY}; add its line there, or name it in \
                     HELPERS of tests/tidy/registry.rs with a reason"
                );
                found.push(Finding::new(&format!("{folder}/{name}"), 1, text));
            }
        }
    }
    found
}

fn sinks(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    let list = tree.rust.iter().find(|f| f.path == SINKS);
    let list = list.unwrap_or_else(|| panic!("{SINKS} is not there"));
    for name in tree.names_in("src/sync/sinks") {
        let name = name.trim_end_matches(".rs");
        let opened = list
            .uses
            .iter()
            .any(|u| u.path.first().is_some_and(|s| s == name));
        if name != "mod" && !opened {
            let text = format!("`open` in {SINKS} does not know this sink; add its line there");
            found.push(Finding::new(&format!("src/sync/sinks/{name}"), 1, text));
        }
    }
    found
}

/// Profiles parse, say which protocol they speak, and show what it looks like.
fn profiles(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    let registry = tree.rust.iter().find(|f| f.path == REGISTRY);
    let known: BTreeSet<&str> = registry
        .iter()
        .flat_map(|f| f.strings.iter().map(|(_, s)| s.as_str()))
        .collect();
    let mut ids = BTreeSet::new();
    let profiles = tree
        .texts
        .iter()
        .filter(|t| t.path.starts_with("drivers/profiles/"));
    for file in profiles {
        let mut say = |text: String| found.push(Finding::new(&file.path, 1, text));
        let table: toml::Table = match file.text.parse() {
            Ok(table) => table,
            Err(e) => {
                say(format!("is no TOML: {e}"));
                continue;
            }
        };
        let text = |key: &str| {
            table
                .get(key)
                .and_then(toml::Value::as_str)
                .unwrap_or_default()
        };
        if file.path.ends_with("BLUEPRINT.toml") {
            continue;
        }
        if !file.path.ends_with(&format!("/{}.toml", text("id")))
            || !ids.insert(text("id").to_owned())
        {
            say(format!(
                "id is {:?}; give it the name of the file, used once",
                text("id")
            ));
        }
        let folder = format!("drivers/profiles/{}s/", text("kind"));
        if !file.path.starts_with(&folder) {
            say(format!(
                "kind is {:?}; such profiles lie in {folder}",
                text("kind")
            ));
        }
        if text("kind") != "printer" && !known.contains(text("codec")) {
            say(format!(
                "codec {:?} is in no list of {REGISTRY}",
                text("codec")
            ));
        }
        let examples = table.get("examples").and_then(toml::Value::as_array);
        if examples.is_none_or(Vec::is_empty) {
            say("has no examples; record at least one, see BLUEPRINT.toml".to_owned());
        }
    }
    found
}

fn templates(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for name in tree.names_in("templates") {
        for file in ["label.toml", "sample.json"] {
            let path = format!("templates/{name}/{file}");
            if !tree.has(&path) {
                let text = "is missing; a template is a folder with label.toml and sample.json";
                found.push(Finding::new(&path, 1, text));
            }
        }
    }
    found
}

#[test]
fn lost_files_and_bare_profiles_are_found() {
    let files = [
        ("src/lib.rs", "pub mod sync;"),
        ("src/sync/mod.rs", "mod sinks;"),
        (SINKS, "pub mod http; fn open() { http::new() }"),
        ("src/sync/sinks/http.rs", ""),
        ("src/sync/sinks/mqtt.rs", ""),
        (
            REGISTRY,
            "use crate::scale::kern; const A: &str = \"kern\";",
        ),
        (
            "drivers/src/lib.rs",
            "mod registry; mod scale; mod scanner; mod printer; mod dimensioner;",
        ),
        ("drivers/src/scale/mod.rs", "mod kern; mod lost;"),
        ("drivers/src/scale/kern.rs", ""),
        ("drivers/src/scale/lost.rs", ""),
        ("drivers/src/scanner/mod.rs", ""),
        ("drivers/src/dimensioner/mod.rs", ""),
        ("drivers/src/printer/mod.rs", ""),
        (
            "drivers/profiles/scales/a.toml",
            "id = 'a'\nkind = 'scale'\ncodec = 'kern'",
        ),
        ("templates/t/label.toml", ""),
    ];
    let text = |(path, text): &(&str, &str)| crate::tree::Text {
        path: (*path).to_owned(),
        text: (*text).to_owned(),
    };
    let texts: Vec<_> = files.iter().map(text).collect();
    let source = |t: &&crate::tree::Text| t.path.ends_with(".rs");
    let tree = Tree {
        root: std::path::PathBuf::new(),
        paths: files.iter().map(|(p, _)| (*p).to_owned()).collect(),
        rust: texts
            .iter()
            .filter(source)
            .map(crate::rust::Rust::parse)
            .collect(),
        texts,
    };
    let shown = |found: Vec<Finding>| found.iter().map(|f| f.file.clone()).collect::<Vec<_>>();
    assert_eq!(shown(check_modules(&tree)), ["src/sync/sinks/mqtt.rs"]);
    let expected = [
        "drivers/src/scale/lost",
        "src/sync/sinks/mqtt",
        "drivers/profiles/scales/a.toml",
        "templates/t/sample.json",
    ];
    assert_eq!(shown(check(&tree)), expected);
}
