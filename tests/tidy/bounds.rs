//! What a part of the tree never touches: clocks, files, sockets, other parts' crates, SQL, the
//! screen. Tests inside the sources are free to; the product is not.

use crate::Finding;
use crate::rust::{Rust, words};
use crate::tree::Tree;

const CLOCKS: &[&str] = &["std::time::SystemTime", "std::time::Instant", "tokio::time"];
const FILES: &[&str] = &["std::fs", "std::os", "std::env", "std::process"];
const SOCKETS: &[&str] = &["std::net", "tokio::net", "rustix"];
const THREADS: &[&str] = &["std::thread", "tokio"];
const RANDOM: &[&str] = &["uuid"];

/// Where, what not, and what to do instead.
const BOUNDS: &[(&str, &[&[&str]], &str)] = &[
    (
        "drivers/src/",
        &[CLOCKS, FILES, SOCKETS, THREADS, RANDOM],
        "codecs are sans-IO: take bytes and a time as arguments",
    ),
    (
        "src/content/",
        &[CLOCKS, FILES, SOCKETS, THREADS, RANDOM],
        "meaning is pure: take what is needed as an argument",
    ),
    (
        "src/domain/",
        &[CLOCKS, FILES, SOCKETS, THREADS, RANDOM],
        "the reducer is pure: let the station fetch it and pass it in",
    ),
    (
        "src/label/",
        &[CLOCKS, SOCKETS, THREADS, RANDOM],
        "a label is drawn from its template and fields alone: add a field",
    ),
    (
        "src/carrier/",
        &[CLOCKS, SOCKETS, THREADS, RANDOM],
        "carriers are data: take the time as an argument, leave I/O to the station",
    ),
    (
        "src/store/",
        &[SOCKETS_ONLY],
        "nothing waits for a network while it holds the store: do it in sync or station",
    ),
    (
        "src/sync/sender.rs",
        &[CLOCKS, FILES, SOCKETS, THREADS, RANDOM],
        "the sender is a state machine: the worker has the clock and the connection",
    ),
    (
        "src/station/",
        &[SOCKETS_ONLY],
        "the loop has no sockets: put it into device, print, sync or web",
    ),
    (
        "src/web/",
        &[CONNECTIONS, &["std::process"]],
        "pages reach devices only through the station's commands",
    ),
];

const SOCKETS_ONLY: &[&str] = &["std::net", "tokio::net"];
const CONNECTIONS: &[&str] = &[
    "std::net::TcpStream",
    "std::net::UdpSocket",
    "std::os::unix::net",
    "tokio::net::TcpStream",
    "tokio::net::TcpSocket",
    "tokio::net::UdpSocket",
    "tokio::net::UnixStream",
];

/// A crate and where it may appear. What is wrapped in one place can be replaced in one place.
const OWNERS: &[(&str, &[&str])] = &[
    ("anyhow", &["src/cli/", "src/main.rs"]),
    ("axum", &["src/web/", "src/emulate/"]),
    ("barcoders", &["src/label/"]),
    ("clap", &["src/cli/", "src/main.rs"]),
    ("cosmic_text", &["src/label/"]),
    ("csv", &["src/sync/", "src/cli/"]),
    ("dejavu", &["src/label/"]),
    ("fast_qr", &["src/label/"]),
    ("hayro", &["src/label/"]),
    ("image", &["src/label/", "src/emulate/"]),
    (
        "jiff",
        &["src/station/", "src/sync/", "src/carrier/", "src/label/"],
    ),
    ("printpdf", &["src/label/"]),
    ("rusb", &["src/device/"]),
    ("rusqlite", &["src/store/"]),
    ("rxing", &["src/label/", "src/emulate/"]),
    ("tokio_serial", &["src/device/"]),
    (
        "ureq",
        &[
            "src/sync/",
            "src/cli/",
            "src/emulate/",
            "src/device/link/http.rs",
            "src/device/link/request.rs",
        ],
    ),
];

/// Who reads a clock, and why. Everybody else is given the time.
const CLOCK_READERS: &[(&str, &str)] = &[
    (
        "src/station/clock.rs",
        "the clock: all stamps come from here",
    ),
    ("src/station/core.rs", "measures scan to verdict"),
    ("src/station/hands.rs", "measures trigger to first byte"),
    ("src/store/measure.rs", "measures commits for `doctor`"),
    (
        "src/store/writer.rs",
        "measures commits, dates salvage and backup",
    ),
    ("src/sync/worker.rs", "drives the sender with the time"),
    (
        "src/device/",
        "paces reconnects and codec timers; events carry the station's stamp",
    ),
    ("src/print/", "bounds transfers and status questions"),
    ("src/web/", "heartbeats and waiting times of connections"),
    ("src/emulate/", "emulated devices have a time of their own"),
    ("src/cli/", "waits for the daemon"),
    ("src/app.rs", "composition: measures the start"),
    ("src/telemetry.rs", "dates log lines"),
];

const READS: &[&str] = &[
    "std::time::Instant::now",
    "std::time::SystemTime::now",
    "tokio::time::Instant::now",
    "jiff::Zoned::now",
    "jiff::Timestamp::now",
];

/// Product code of `src` and `drivers/src`.
fn product(tree: &Tree) -> impl Iterator<Item = &Rust> {
    let is = |f: &&Rust| f.path.starts_with("src/") || f.path.starts_with("drivers/src/");
    tree.rust.iter().filter(is).filter(|f| !f.whole_test)
}

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in product(tree) {
        forbidden_paths(file, &mut found);
        owned_crates(file, &mut found);
        no_await(file, &mut found);
        no_sql(file, &mut found);
        no_printing(file, &mut found);
    }
    found
}

pub fn check_clocks(tree: &Tree) -> Vec<Finding> {
    let mut found = Vec::new();
    let listed =
        |file: &Rust, at: &str| file.path == at || at.ends_with('/') && file.path.starts_with(at);
    for file in product(tree) {
        let reads = |used: &&crate::rust::Use| READS.iter().any(|r| used.starts_with(r));
        if CLOCK_READERS.iter().any(|(at, _)| listed(file, at)) {
            continue;
        }
        for used in file
            .uses
            .iter()
            .filter(reads)
            .filter(|u| !file.is_test(u.at))
        {
            let text = format!(
                "`{}` reads a clock; take the time as an argument, or add this file to \
                 CLOCK_READERS in tests/tidy/bounds.rs with a reason",
                used.joined()
            );
            found.push(Finding::new(&file.path, file.line(used.at), text));
        }
    }
    found
}

fn forbidden_paths(file: &Rust, found: &mut Vec<Finding>) {
    for (scope, lists, remedy) in BOUNDS {
        if !file.path.starts_with(scope) {
            continue;
        }
        for used in file.uses.iter().filter(|u| !file.is_test(u.at)) {
            if lists.iter().copied().flatten().any(|p| used.starts_with(p)) {
                let text = format!("`{}` has no place in {scope}; {remedy}", used.joined());
                found.push(Finding::new(&file.path, file.line(used.at), text));
            }
        }
    }
}

fn owned_crates(file: &Rust, found: &mut Vec<Finding>) {
    for used in file.uses.iter().filter(|u| !file.is_test(u.at)) {
        let first = used.path.first().map_or("", String::as_str);
        let Some((_, owners)) = OWNERS.iter().find(|(name, _)| *name == first) else {
            continue;
        };
        if !owners.iter().any(|o| file.path.starts_with(o)) {
            let text = format!(
                "`{first}` belongs to {}; ask that layer for what is needed",
                owners.join(", ")
            );
            found.push(Finding::new(&file.path, file.line(used.at), text));
        }
    }
}

fn no_await(file: &Rust, found: &mut Vec<Finding>) {
    let pure = [
        "drivers/src/",
        "src/content/",
        "src/domain/",
        "src/label/",
        "src/carrier/",
    ];
    if !pure.iter().any(|p| file.path.starts_with(p)) {
        return;
    }
    for at in ["async", "await"].iter().flat_map(|w| words(&file.code, w)) {
        let text = "nothing here may wait; return what is to be done and let the station do it";
        found.push(Finding::new(&file.path, file.line(at), text));
    }
}

fn no_sql(file: &Rust, found: &mut Vec<Finding>) {
    if file.path.starts_with("src/store/") {
        return;
    }
    for (at, string) in file.strings.iter().filter(|(at, _)| !file.is_test(*at)) {
        if is_sql(string) {
            let text = "SQL outside src/store; add a method to the store and call that";
            found.push(Finding::new(&file.path, file.line(*at), text));
        }
    }
}

fn is_sql(text: &str) -> bool {
    let all = |words: &[&str]| words.iter().all(|w| text.contains(w));
    let alone = [
        "INSERT INTO ",
        "INSERT OR ",
        "DELETE FROM ",
        "CREATE TABLE ",
        "PRAGMA ",
    ];
    all(&["SELECT ", " FROM "]) || all(&["UPDATE ", " SET "]) || alone.iter().any(|w| all(&[w]))
}

fn no_printing(file: &Rust, found: &mut Vec<Finding>) {
    // The demo tells what its player does.
    let speaks = ["src/cli/", "src/main.rs", "src/emulate/demo/"];
    if speaks.iter().any(|p| file.path.starts_with(p)) {
        return;
    }
    for name in ["print", "println", "eprint", "eprintln", "dbg"] {
        let called = |at: &usize| file.code[at + name.len()..].starts_with('!');
        for at in words(&file.code, name).into_iter().filter(called) {
            if !file.is_test(at) {
                let text = format!("`{name}!` outside src/cli; use `tracing`, or return the text");
                found.push(Finding::new(&file.path, file.line(at), text));
            }
        }
    }
}

#[test]
fn each_bound_is_noticed_and_tests_are_free() {
    let found = |path: &str, text: &str| {
        let (path, text) = (path.to_owned(), text.to_owned());
        let rust = vec![Rust::parse(&crate::tree::Text { path, text })];
        let (root, paths, texts) = (std::path::PathBuf::new(), Vec::new(), Vec::new());
        let tree = Tree {
            root,
            paths,
            texts,
            rust,
        };
        check(&tree).len() + check_clocks(&tree).len()
    };
    let clock = "use std::time::{Duration, Instant};\nfn f() { Instant::now(); }";
    assert_eq!(found("drivers/src/a.rs", clock), 3);
    assert_eq!(found("src/store/a.rs", clock), 1);
    assert_eq!(found("src/device/a.rs", clock), 0);
    assert_eq!(found("src/domain/a.rs", "async fn f() { g().await }"), 2);
    assert_eq!(
        found("src/web/a.rs", "use tokio::net::{TcpListener, TcpStream};"),
        1
    );
    assert_eq!(
        found("src/sync/a.rs", "const Q: &str = \"SELECT a FROM b\";"),
        1
    );
    assert_eq!(
        found(
            "src/sync/a.rs",
            "fn f() { println!(); rusqlite::Connection::open(); }"
        ),
        2
    );
    assert_eq!(
        found(
            "src/sync/a.rs",
            "#[cfg(test)]\nmod t { fn f() { println!(); } }"
        ),
        0
    );
    assert_eq!(found("src/cli/a.rs", "fn f() { println!(\"x\"); }"), 0);
}
