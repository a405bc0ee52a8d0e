//! The files of the tree, each read once.

use crate::rust::Rust;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Every text file that belongs to the project.
pub struct Tree {
    pub root: PathBuf,
    /// All paths, text or not, relative to the root, sorted.
    pub paths: Vec<String>,
    pub texts: Vec<Text>,
    pub rust: Vec<Rust>,
}

/// A text file.
pub struct Text {
    pub path: String,
    pub text: String,
}

impl Tree {
    /// The text of a file; `None` if it is not there.
    pub fn text(&self, path: &str) -> Option<&str> {
        let found = self.texts.iter().find(|t| t.path == path);
        found.map(|t| t.text.as_str())
    }

    pub fn has(&self, path: &str) -> bool {
        self.paths.iter().any(|p| p == path)
    }

    /// Names directly inside `folder`, folders included, each once.
    pub fn names_in<'a>(&'a self, folder: &str) -> BTreeSet<&'a str> {
        let start = format!("{folder}/");
        let inside = self.paths.iter().filter_map(|p| p.strip_prefix(&start));
        inside.filter_map(|rest| rest.split('/').next()).collect()
    }
}

/// The tree, read once per run.
pub fn tree() -> &'static Tree {
    static TREE: OnceLock<Tree> = OnceLock::new();
    TREE.get_or_init(|| {
        let set = std::env::var("CARGO_MANIFEST_DIR");
        read(Path::new(
            set.as_deref().unwrap_or(env!("CARGO_MANIFEST_DIR")),
        ))
    })
}

fn read(root: &Path) -> Tree {
    let paths = listed_by_git(root).unwrap_or_else(|| walked(root));
    assert!(
        paths.len() > 50,
        "only {} files found in {root:?}",
        paths.len()
    );
    let mut texts = Vec::new();
    for path in &paths {
        let bytes = std::fs::read(root.join(path)).unwrap_or_default();
        if let Ok(text) = String::from_utf8(bytes) {
            let path = path.clone();
            texts.push(Text { path, text });
        }
    }
    let source = |t: &&Text| t.path.ends_with(".rs");
    let mut rust: Vec<Rust> = texts.iter().filter(source).map(Rust::parse).collect();
    let tests: BTreeSet<String> = rust.iter().flat_map(|r| r.test_files.clone()).collect();
    for file in &mut rust {
        file.whole_test |= tests.contains(&file.path);
    }
    Tree {
        root: root.to_owned(),
        paths,
        texts,
        rust,
    }
}

/// Tracked files and new ones that are not ignored; `None` outside a repository.
fn listed_by_git(root: &Path) -> Option<Vec<String>> {
    let run = Command::new("git")
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .current_dir(root)
        .output()
        .ok()?;
    let list = run.status.success().then_some(run.stdout)?;
    let list = String::from_utf8_lossy(&list);
    let there = |p: &&str| !p.is_empty() && root.join(p).is_file();
    let mut paths: Vec<String> = list.split('\0').filter(there).map(str::to_owned).collect();
    paths.sort();
    paths.dedup();
    (!paths.is_empty()).then_some(paths)
}

/// The files of an unpacked archive.
fn walked(root: &Path) -> Vec<String> {
    let mut paths = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let (path, name) = (entry.path(), entry.file_name());
            if name == "target" || name == ".git" || folder == root && name == "demo" {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(inside) = path.strip_prefix(root) {
                paths.push(inside.to_string_lossy().into_owned());
            }
        }
    }
    paths.sort();
    paths
}

#[test]
fn git_and_a_walk_see_the_same_sources() {
    let root = &tree().root;
    let sources = |mut list: Vec<String>| {
        list.retain(|p| p.starts_with("src/") || p.starts_with("drivers/src/"));
        list
    };
    if let Some(list) = listed_by_git(root) {
        assert_eq!(sources(list), sources(walked(root)));
    }
}
