//! What we build on: licences, bans and sources of `deny.toml`, checked without cargo-deny.
//!
//! Reads `cargo metadata --offline` for the platform we run on, which is what was downloaded.

use crate::Finding;
use crate::tree::Tree;
use serde::Deserialize;
use std::process::{Command, Stdio};

#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Banned>,
}

#[derive(Deserialize)]
struct Banned {
    name: String,
    reason: String,
}

#[derive(Deserialize)]
struct Sources {
    #[serde(rename = "allow-registry")]
    allow_registry: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: Vec<String>,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

pub fn check(tree: &Tree) -> Vec<Finding> {
    let deny = tree.text("deny.toml").expect("deny.toml is not there");
    let deny: Deny = toml::from_str(deny).expect("deny.toml lacks a section");
    let metadata = metadata(tree);
    assert!(metadata.packages.len() > 20, "cargo lists too few packages");
    let mut found = Vec::new();
    for package in &metadata.packages {
        let member = metadata.workspace_members.contains(&package.id);
        for problem in problems(package, member, &deny) {
            let text = format!("{} {}: {problem}", package.name, package.version);
            found.push(Finding::new("Cargo.lock", 1, text));
        }
    }
    found
}

fn metadata(tree: &Tree) -> Metadata {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let run = Command::new(&cargo)
        .args(["metadata", "--offline", "--locked", "--format-version", "1"])
        .args(["--filter-platform", host(), "--manifest-path"])
        .arg(tree.root.join("Cargo.toml"))
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|e| panic!("{cargo} cannot be started: {e}"));
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.success(), "cargo metadata failed: {said}");
    serde_json::from_slice(&run.stdout).expect("cargo metadata printed other JSON")
}

/// The platform this test was built for; only its packages are sure to be downloaded.
fn host() -> &'static str {
    match (std::env::consts::ARCH, cfg!(target_env = "musl")) {
        ("x86_64", false) => "x86_64-unknown-linux-gnu",
        ("x86_64", true) => "x86_64-unknown-linux-musl",
        ("aarch64", false) => "aarch64-unknown-linux-gnu",
        ("aarch64", true) => "aarch64-unknown-linux-musl",
        (arch, _) => panic!("add the target name of {arch} here"),
    }
}

fn problems(package: &Package, member: bool, deny: &Deny) -> Vec<String> {
    let mut problems = Vec::new();
    match &package.source {
        None if member => {}
        None => problems.push("comes from a path outside the workspace; use the registry".into()),
        Some(source) => {
            let registry = source.strip_prefix("registry+").unwrap_or_default();
            if !deny.sources.allow_registry.iter().any(|r| r == registry) {
                problems.push(format!(
                    "comes from {source}; use the registry of deny.toml"
                ));
            }
        }
    }
    if let Some(ban) = deny.bans.deny.iter().find(|b| b.name == package.name) {
        problems.push(format!(
            "is banned: {}; `cargo tree -i` shows who wants it",
            ban.reason
        ));
    }
    match package.license.as_deref() {
        Some(licence) if satisfied(licence, &deny.licenses.allow) => {}
        Some(licence) => problems.push(format!(
            "licence {licence:?} is not allowed by deny.toml; choose another crate, or allow it \
             and extend LICENSE-THIRD-PARTY.md"
        )),
        None => problems.push("states no licence; choose another crate".into()),
    }
    problems
}

/// Whether the allowed licences satisfy an SPDX expression (`/` is the old way to write OR).
fn satisfied(expression: &str, allow: &[String]) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    any(&words, &mut at, allow) && at == words.len()
}

fn any(words: &[&str], at: &mut usize, allow: &[String]) -> bool {
    let mut good = all(words, at, allow);
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        good |= all(words, at, allow);
    }
    good
}

fn all(words: &[&str], at: &mut usize, allow: &[String]) -> bool {
    let mut good = one(words, at, allow);
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        good &= one(words, at, allow);
    }
    good
}

fn one(words: &[&str], at: &mut usize, allow: &[String]) -> bool {
    let Some(word) = words.get(*at) else {
        return false;
    };
    *at += 1;
    if *word == "(" {
        let good = any(words, at, allow);
        let closed = words.get(*at) == Some(&")");
        *at += usize::from(closed);
        return good && closed;
    }
    let mut licence = (*word).to_owned();
    if words.get(*at) == Some(&"WITH") {
        let exception = words.get(*at + 1).copied().unwrap_or_default();
        licence = format!("{licence} WITH {exception}");
        *at = (*at + 2).min(words.len());
    }
    allow.contains(&licence)
}

#[test]
fn licence_expressions_are_understood() {
    let allow = ["MIT", "Apache-2.0", "Unicode-3.0"].map(str::to_owned);
    for good in [
        "MIT",
        "MIT/GPL-3.0",
        "(MIT OR X) AND Unicode-3.0",
        "X WITH Y OR Apache-2.0",
    ] {
        assert!(satisfied(good, &allow), "{good}");
    }
    for bad in [
        "",
        "GPL-3.0",
        "MIT AND X",
        "(MIT",
        "MIT X",
        "Apache-2.0 WITH Y",
        "X OR Y AND MIT",
    ] {
        assert!(!satisfied(bad, &allow), "{bad}");
    }
}

#[test]
fn strangers_are_refused() {
    let deny = Deny {
        licenses: Licenses {
            allow: vec!["MIT".into()],
        },
        bans: Bans {
            deny: vec![Banned {
                name: "bad".into(),
                reason: "slow".into(),
            }],
        },
        sources: Sources {
            allow_registry: vec!["https://index".into()],
        },
    };
    let package = |name: &str, license: Option<&str>, source: Option<&str>| Package {
        id: name.into(),
        name: name.into(),
        version: "1.0.0".into(),
        license: license.map(str::to_owned),
        source: source.map(str::to_owned),
    };
    let count = |p: Package, member| problems(&p, member, &deny).len();
    assert_eq!(
        count(
            package("good", Some("MIT"), Some("registry+https://index")),
            false
        ),
        0
    );
    assert_eq!(count(package("own", Some("MIT"), None), true), 0);
    assert_eq!(count(package("path", Some("MIT"), None), false), 1);
    assert_eq!(
        count(package("bad", None, Some("git+https://index")), false),
        3
    );
}
