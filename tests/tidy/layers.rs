//! Who may use whom inside the packages. ARCHITECTURE.md explains the table; this is the table.

use crate::Finding;
use crate::rust::Rust;
use crate::tree::Tree;

/// A layer and what it may use: layers, or parts of layers such as `label::check`. Every layer
/// uses only rows above its own, so that there is no way round.
pub const LAYERS: &[(&str, &[&str])] = &[
    ("drivers", &[]),
    // What works by itself says that it gets on, in every layer.
    ("pulse", &[]),
    ("content", &["drivers"]),
    ("domain", &["drivers", "content"]),
    ("label", &["drivers", "content"]),
    ("carrier", &["drivers", "content", "domain"]),
    ("store", &["domain"]),
    // Ids and stamps only; it never learns what a parcel is.
    ("device", &["drivers", "pulse", "domain"]),
    ("print", &["drivers", "pulse", "domain", "label", "device"]),
    ("sync", &["drivers", "pulse", "content", "domain", "store"]),
    // Each layer owns the type of its own section; this only puts them together.
    (
        "config",
        &["drivers", "content", "domain", "carrier", "device", "sync"],
    ),
    ("telemetry", &["config"]),
    (
        "station",
        &[
            "drivers", "pulse", "content", "domain", "label", "carrier", "store", "device",
            "print", "sync", "config",
        ],
    ),
    (
        "hub",
        &["content", "domain", "carrier", "store", "sync", "config"],
    ),
    // Emulated things share wire types with the product, read labels as a scanner would, and the
    // demo's player finds the daemon as any program does.
    (
        "emulate",
        &[
            "drivers",
            "content",
            "domain",
            "carrier",
            "label::check",
            "label::pdf",
            "label::png",
            // An emulated printer draws what a printer would.
            "label::zpl",
            "sync",
            "station::mark",
        ],
    ),
    ("web", &["content", "domain", "station"]),
    (
        "app",
        &[
            "drivers",
            "pulse",
            "content",
            "domain",
            "label",
            "carrier",
            "store",
            "device",
            "print",
            "sync",
            "config",
            "telemetry",
            "station",
            "hub",
            "web",
        ],
    ),
    // Commands without a daemon: labels, carriers, profiles, discovery, the store when no daemon
    // holds it, the demo. A device only as a whole, for setting it up; never a transport.
    (
        "cli",
        &[
            "drivers",
            "content",
            "domain",
            "label",
            "carrier",
            "store",
            "device::assign",
            "device::config",
            "device::detect",
            "device::discover",
            "device::record",
            // Bytes in, bytes out: what a foreign label would do to a printer.
            "print::guard",
            "sync",
            "config",
            "telemetry",
            "station",
            "emulate",
            "app",
        ],
    ),
    ("main", &["cli", "app", "config", "telemetry"]),
];

/// Edges against the table: (file, path, reason). An entry that is not needed fails.
const EXCEPTIONS: &[(&str, &str, &str)] = &[];

/// Every use of another layer is in the table.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut used = vec![false; EXCEPTIONS.len()];
    for file in tree.rust.iter().filter(|f| layer(f).is_some()) {
        for (at, path) in edges(file) {
            if allowed(layer(file).as_deref().unwrap_or_default(), &path) {
                continue;
            }
            let listed = |(f, p, _): &(&str, &str, &str)| *f == file.path && path.starts_with(p);
            if let Some(i) = EXCEPTIONS.iter().position(listed) {
                used[i] = true;
                continue;
            }
            let own = layer(file).unwrap_or_default();
            let text = format!(
                "`{own}` may not use `{path}`; move what both need into a layer above both, or \
                 pass it in as an argument"
            );
            found.push(Finding::new(&file.path, file.line(at), text));
        }
    }
    for (entry, _) in EXCEPTIONS.iter().zip(used).filter(|(_, used)| !used) {
        let text = format!("the exception for {} is not needed; delete it", entry.0);
        found.push(Finding::new("tests/tidy/layers.rs", 1, text));
    }
    found
}

/// The layer of a product file; `None` for the list of modules and for tests.
fn layer(file: &Rust) -> Option<String> {
    if file.path.starts_with("drivers/src/") {
        return Some("drivers".to_owned());
    }
    if file.path == "src/main.rs" || file.path.starts_with("src/bin/") {
        return Some("main".to_owned());
    }
    file.path.strip_prefix("src/")?;
    file.module().first().cloned()
}

fn allowed(layer: &str, path: &str) -> bool {
    let target = path.split("::").next().unwrap_or_default();
    let row = LAYERS.iter().find(|(name, _)| *name == layer);
    let inside = |allow: &&str| *allow == path || path.starts_with(&format!("{allow}::"));
    target == layer || row.is_some_and(|(_, may)| may.iter().any(inside))
}

/// Paths that leave the file's layer, without `crate::`.
fn edges(file: &Rust) -> Vec<(usize, String)> {
    let own = layer(file).unwrap_or_default();
    let mut edges = Vec::new();
    for used in &file.uses {
        let first = used.path.first().map_or("", String::as_str);
        let path = match first {
            "firstscan_drivers" => "drivers".to_owned(),
            "crate" | "super" if own == "drivers" => continue,
            "crate" => used.path[1..].join("::"),
            "firstscan" if own == "main" => used.path[1..].join("::"),
            "super" => match above(file, used.at, &used.path) {
                Some(path) => path,
                None => continue,
            },
            _ => continue,
        };
        if path != own && !path.starts_with(&format!("{own}::")) && !path.is_empty() {
            edges.push((used.at, path));
        }
    }
    edges
}

/// Where `super::..` leads if it reaches the top of the package.
fn above(file: &Rust, at: usize, path: &[String]) -> Option<String> {
    let steps = path.iter().take_while(|s| *s == "super").count();
    let inline = file
        .inline_mods
        .iter()
        .filter(|(a, b)| (*a..*b).contains(&at))
        .count();
    let up = steps.saturating_sub(inline);
    (up > 0 && up >= file.module().len()).then(|| path[steps..].join("::"))
}

#[test]
fn the_table_has_no_way_round() {
    for (row, (layer, may)) in LAYERS.iter().enumerate() {
        for target in *may {
            let name = target.split("::").next().unwrap();
            let above = LAYERS[..row].iter().any(|(l, _)| *l == name);
            assert!(above, "`{layer}` uses `{target}`, which is no row above it");
        }
    }
}

#[test]
fn forbidden_edges_are_found_in_every_spelling() {
    let found = |path: &str, text: &str| {
        let (path, text) = (path.to_owned(), text.to_owned());
        let file = Rust::parse(&crate::tree::Text { path, text });
        let own = layer(&file).unwrap();
        let bad = edges(&file).into_iter().filter(|(_, p)| !allowed(&own, p));
        bad.map(|(_, p)| p).collect::<Vec<_>>()
    };
    assert_eq!(
        found("src/domain/a.rs", "use crate::{content, store::Store};"),
        ["store::Store"]
    );
    assert_eq!(
        found("src/domain/a.rs", "fn f() { super::super::web::x() }"),
        ["web::x"]
    );
    assert_eq!(
        found("src/web/mod.rs", "use super::device::link;"),
        ["device::link"]
    );
    assert_eq!(
        found("src/web/a.rs", "mod t { use super::super::device; }"),
        [""; 0]
    );
    assert_eq!(
        found("src/web/a.rs", "mod t { use super::super::super::print; }"),
        ["print"]
    );
    assert_eq!(
        found("src/cli/a.rs", "use crate::device::{discover, link};"),
        ["device::link"]
    );
    assert_eq!(
        found("src/label/a.rs", "use firstscan_drivers::mass::Mass;"),
        [""; 0]
    );
    assert_eq!(found("src/new/a.rs", "use crate::domain;"), ["domain"]);
}
