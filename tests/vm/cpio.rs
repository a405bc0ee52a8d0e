//! The archive a kernel unpacks as its first file system (format "newc").

use std::collections::BTreeSet;
use std::path::Path;

const FOLDER: u32 = 0o040_755;
const FILE: u32 = 0o100_000;
const LINK: u32 = 0o120_777;

/// An archive in memory.
#[derive(Default)]
pub struct Archive {
    bytes: Vec<u8>,
    paths: BTreeSet<String>,
}

impl Archive {
    /// A folder and those above it.
    pub fn folder(&mut self, path: &str) {
        let mut so_far = String::new();
        for part in path.split('/').filter(|p| !p.is_empty()) {
            if !so_far.is_empty() {
                so_far.push('/');
            }
            so_far.push_str(part);
            let name = so_far.clone();
            self.put(&name, FOLDER, &[]);
        }
    }

    /// A file with permission bits, and the folders above it.
    pub fn file(&mut self, path: &str, mode: u32, content: &[u8]) {
        self.above(path);
        self.put(path.trim_start_matches('/'), FILE | mode, content);
    }

    /// A symbolic link, and the folders above it.
    pub fn link(&mut self, path: &str, target: &str) {
        self.above(path);
        self.put(path.trim_start_matches('/'), LINK, target.as_bytes());
    }

    pub fn contains(&self, path: &str) -> bool {
        self.paths.contains(path.trim_start_matches('/'))
    }

    /// Writes the archive.
    pub fn write(mut self, path: &Path) -> std::io::Result<()> {
        self.put("TRAILER!!!", 0, &[]);
        std::fs::write(path, self.bytes)
    }

    fn above(&mut self, path: &str) {
        if let Some((folder, _)) = path.rsplit_once('/') {
            self.folder(folder);
        }
    }

    fn put(&mut self, name: &str, mode: u32, content: &[u8]) {
        if !self.paths.insert(name.to_owned()) {
            return;
        }
        let inode = self.paths.len();
        let size = content.len();
        let length = name.len() + 1;
        // Inode, mode, owner and group 0, links, time, size, two device pairs, name, check.
        let header = format!(
            "070701{inode:08x}{mode:08x}{0:08x}{0:08x}{1:08x}{0:08x}{size:08x}{0:08x}{0:08x}{0:08x}\
             {0:08x}{length:08x}{0:08x}",
            0, 1
        );
        self.bytes.extend(header.bytes());
        self.bytes.extend(name.bytes());
        self.bytes.push(0);
        self.pad();
        self.bytes.extend(content);
        self.pad();
    }

    fn pad(&mut self) {
        let whole = self.bytes.len().next_multiple_of(4);
        self.bytes.resize(whole, 0);
    }
}
