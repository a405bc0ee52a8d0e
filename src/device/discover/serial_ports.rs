//! Serial ports as sysfs and `/dev/serial` tell them.

use super::Found;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// More ports than a station has; the rest is not shown.
const PORTS_MAX: usize = 256;
const TEXT_BYTES_MAX: usize = 256;

/// Lists ports below `root` (`/`, or a folder in tests), sorted by name.
pub fn list(root: &Path, aliases: &Aliases, problems: &mut Vec<String>) -> Vec<Found> {
    let class = root.join("sys/class/tty");
    let entries = match fs::read_dir(&class) {
        Ok(entries) => entries,
        Err(e) => {
            problems.push(format!(
                "{}: {e}; serial ports cannot be listed",
                class.display()
            ));
            return Vec::new();
        }
    };
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|e| e.file_name().into_string().ok())
        .collect();
    names.retain(|name| is_port(&class, name));
    names.sort();
    names.truncate(PORTS_MAX);
    names
        .into_iter()
        .map(|name| found(aliases, &name))
        .collect()
}

/// Virtual consoles have no device behind them; empty 8250 slots have type 0.
fn is_port(class: &Path, name: &str) -> bool {
    let folder = class.join(name);
    folder.join("device").exists() && read(&folder.join("type")).as_deref() != Some("0")
}

fn found(aliases: &Aliases, name: &str) -> Found {
    let (port, names) = aliases.names(&format!("/dev/{name}"), true);
    Found {
        bus: "serial",
        port,
        names,
        ..Found::default()
    }
}

fn read(path: &Path) -> Option<String> {
    let text = fs::read(path).ok()?;
    let text = String::from_utf8_lossy(text.get(..TEXT_BYTES_MAX).unwrap_or(&text)).into_owned();
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Stable names per node.
#[derive(Debug, Default)]
pub struct Aliases(BTreeMap<String, Vec<String>>);

impl Aliases {
    /// The best name of a node, and the others with the node last: by-id knows the device, by-path
    /// the socket it sits in. An adapter without serial number has a by-id name that its twin
    /// shares, and udev links it to one of the two at random: by-path is better there.
    pub fn names(&self, node: &str, has_serial: bool) -> (String, Vec<String>) {
        let key = node.rsplit('/').next().unwrap_or(node);
        let mut names = self.0.get(key).cloned().unwrap_or_default();
        if !has_serial {
            names.sort_by_key(|name| name.contains("/by-id/"));
        }
        names.push(node.to_owned());
        let best = names.remove(0);
        let is_shared = !has_serial && best.contains("/by-id/");
        if is_shared {
            return (node.to_owned(), vec![best]);
        }
        (best, names)
    }
}

/// The names udev made, by-id before by-path.
pub fn aliases(root: &Path) -> Aliases {
    let mut aliases: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for folder in ["dev/serial/by-id", "dev/serial/by-path"] {
        let Ok(entries) = fs::read_dir(root.join(folder)) else {
            continue;
        };
        let mut links: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
        links.sort();
        for link in links.into_iter().take(PORTS_MAX) {
            let target = fs::read_link(&link).ok();
            let node = target
                .as_deref()
                .and_then(Path::file_name)
                .and_then(|n| n.to_str());
            let shown = link.strip_prefix(root).map(|p| format!("/{}", p.display()));
            if let (Some(node), Ok(shown)) = (node, shown) {
                aliases.entry(node.to_owned()).or_default().push(shown);
            }
        }
    }
    Aliases(aliases)
}
