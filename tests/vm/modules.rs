//! Kernel modules with everything they need, in the order they must be loaded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Modules by name with dashes as underscores.
pub fn find(root: &Path) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
                continue;
            }
            let file = entry.file_name().to_string_lossy().into_owned();
            if let Some((name, "ko" | "ko.xz")) = file.split_once('.') {
                found.insert(name.replace('-', "_"), path);
            }
        }
    }
    found
}

/// Contents of the wanted modules and what they depend on, dependencies first.
pub fn ordered(root: &Path, wanted: &[&str]) -> Result<Vec<(String, Vec<u8>)>, String> {
    let all = find(root);
    let mut done = Vec::new();
    for name in wanted {
        add(&all, name, &mut done)?;
    }
    Ok(done)
}

fn add(
    all: &BTreeMap<String, PathBuf>,
    name: &str,
    done: &mut Vec<(String, Vec<u8>)>,
) -> Result<(), String> {
    if done.iter().any(|(n, _)| n == name) {
        return Ok(());
    }
    let path = all
        .get(name)
        .ok_or(format!("the kernel package has no module {name}"))?;
    let content = content(path)?;
    for needed in needs(&content) {
        add(all, &needed, done)?;
    }
    done.push((name.to_owned(), content));
    Ok(())
}

fn content(path: &Path) -> Result<Vec<u8>, String> {
    if path.extension().is_some_and(|e| e == "xz") {
        return crate::kernel::output("xz", &["-dc", &path.to_string_lossy()]);
    }
    std::fs::read(path).map_err(|e| format!("{}: {e}", path.display()))
}

/// What a module says it depends on.
fn needs(module: &[u8]) -> Vec<String> {
    let key = b"\0depends=";
    let at = module.windows(key.len()).position(|w| w == key);
    let rest = at
        .and_then(|at| module.get(at + key.len()..))
        .unwrap_or_default();
    let text = rest.split(|b| *b == 0).next().unwrap_or_default();
    let text = String::from_utf8_lossy(text);
    let names = text.split(',').filter(|n| !n.is_empty());
    names.map(|n| n.replace('-', "_")).collect()
}
