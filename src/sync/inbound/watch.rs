//! A watched folder: files put there become orders.
//!
//! Constraints: nothing here waits or keeps a clock; a file is taken when two looks, some time
//! apart, saw the same size and date; it leaves the folder only after the callback stored what it
//! says, so that a crash anywhere means reading it again, and the same order twice is one order.
//! Nothing is ever deleted or overwritten: taken files go to `done/`, others to `refused/` beside
//! a `.txt` that explains.

use super::{DOCUMENT_BYTES_MAX, Language};
use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Files looked at in one scan; the others wait for the next.
pub const FILES_PER_SCAN_MAX: usize = 200;
/// A file that stays empty this long is no longer waited for.
const EMPTY_WAIT_MS: u64 = 60_000;
const NAMES_MAX: u32 = 100_000;

/// What the callback did with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// Everything in it is stored.
    Done,
    /// Some or all of it was refused; the lines explain.
    Refused(Vec<String>),
    /// Nothing can be stored now; try again at the next scan.
    Later,
}

/// One file that was dealt with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handled {
    pub name: String,
    pub taken: Taken,
    /// Where it is now; unchanged if [`Taken::Later`].
    pub path: PathBuf,
}

/// Why the folder cannot be worked with.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {error}: make the folder writable for the service's user, on one file system")]
pub struct WatchError {
    path: PathBuf,
    #[source]
    error: io::Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Look {
    bytes: u64,
    modified: Option<SystemTime>,
}

/// A folder and what was seen in it.
#[derive(Debug)]
pub struct Watch {
    folder: PathBuf,
    settle_ms: u64,
    /// By name: what was seen, and since when it is so.
    seen: HashMap<OsString, (Look, u64)>,
}

impl Watch {
    /// Opens a folder and makes `done` and `refused` in it. A file is stable after `settle_ms`
    /// without a change.
    ///
    /// # Errors
    /// [`WatchError`] if a folder cannot be made.
    pub fn open(folder: &Path, settle_ms: u64) -> Result<Watch, WatchError> {
        for part in ["done", "refused"] {
            let path = folder.join(part);
            fs::create_dir_all(&path).map_err(|error| WatchError { path, error })?;
        }
        Ok(Watch {
            folder: folder.to_owned(),
            settle_ms,
            seen: HashMap::new(),
        })
    }

    /// Looks once. `now_ms` is monotonic. `take` gets name, language and bytes of every stable
    /// file, in order of names; it must have stored what it answers [`Taken::Done`] to.
    ///
    /// # Errors
    /// [`WatchError`] if the folder cannot be read or a file not moved; the file stays, and what
    /// was handled before it is handled.
    pub fn scan(
        &mut self,
        now_ms: u64,
        take: &mut dyn FnMut(&str, Language, &[u8]) -> Taken,
    ) -> Result<Vec<Handled>, WatchError> {
        let mut handled = Vec::new();
        for (name, language) in self.stable(now_ms)? {
            let path = self.folder.join(&name);
            let shown = name.to_string_lossy().into_owned();
            let taken = match read(&path) {
                Ok(body) => take(&shown, language, &body),
                Err(Unreadable::Gone) => continue,
                Err(Unreadable::Why(text)) => Taken::Refused(vec![text]),
            };
            let path = match &taken {
                Taken::Later => path,
                Taken::Done => self.put("done", &name, None)?,
                Taken::Refused(lines) => self.put("refused", &name, Some(lines))?,
            };
            if taken != Taken::Later {
                self.seen.remove(&name);
            }
            handled.push(Handled {
                name: shown,
                taken,
                path,
            });
        }
        Ok(handled)
    }

    /// Order files that did not change for long enough.
    fn stable(&mut self, now_ms: u64) -> Result<Vec<(OsString, Language)>, WatchError> {
        let fail = |error| WatchError {
            path: self.folder.clone(),
            error,
        };
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(fail)? {
            let name = entry.map_err(fail)?.file_name();
            let language = Language::of_file(&name.to_string_lossy());
            if let Some(language) = language.filter(|_| !is_hidden(&name)) {
                names.push((name, language));
            }
        }
        names.sort_by(|one, other| one.0.cmp(&other.0));
        self.seen
            .retain(|name, _| names.iter().any(|(there, _)| there == name));

        let mut stable = Vec::new();
        for (name, language) in names {
            let Ok(meta) = fs::symlink_metadata(self.folder.join(&name)) else {
                continue;
            };
            if !meta.is_file() {
                continue;
            }
            let look = Look {
                bytes: meta.len(),
                modified: meta.modified().ok(),
            };
            let entry = self.seen.entry(name.clone()).or_insert((look, now_ms));
            if entry.0 != look {
                *entry = (look, now_ms);
            }
            let wait_ms = if look.bytes == 0 {
                EMPTY_WAIT_MS
            } else {
                self.settle_ms
            };
            let waited_ms = now_ms.saturating_sub(entry.1);
            if waited_ms >= wait_ms && stable.len() < FILES_PER_SCAN_MAX {
                stable.push((name, language));
            }
        }
        Ok(stable)
    }

    /// Moves a file into `done` or `refused` under a name that is free there. The explanation is
    /// written first: a crash in between leaves one too many, never a file without.
    fn put(
        &self,
        part: &str,
        name: &OsStr,
        lines: Option<&[String]>,
    ) -> Result<PathBuf, WatchError> {
        let from = self.folder.join(name);
        let to = free_name(&self.folder.join(part), name).map_err(|error| WatchError {
            path: from.clone(),
            error,
        })?;
        if let Some(lines) = lines {
            let path = with_ending(&to, ".txt");
            explain(&path, lines).map_err(|error| WatchError { path, error })?;
        }
        fs::rename(&from, &to).map_err(|error| WatchError { path: from, error })?;
        Ok(to)
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.to_string_lossy().starts_with('.')
}

enum Unreadable {
    Gone,
    Why(String),
}

fn read(path: &Path) -> Result<Vec<u8>, Unreadable> {
    let bytes = fs::symlink_metadata(path)
        .map_err(|_| Unreadable::Gone)?
        .len();
    if bytes > DOCUMENT_BYTES_MAX as u64 {
        let text = format!("the file has {bytes} bytes: split it below 32 MiB");
        return Err(Unreadable::Why(text));
    }
    fs::read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Unreadable::Gone,
        _ => Unreadable::Why(format!("{error}: make it readable for the service's user")),
    })
}

/// `name`, or `name.2`, `name.3`, ... inside `folder`, whichever is not there yet.
fn free_name(folder: &Path, name: &OsStr) -> io::Result<PathBuf> {
    let plain = folder.join(name);
    let numbered = (2..NAMES_MAX).map(|number| with_ending(&plain, &format!(".{number}")));
    let free = |path: &PathBuf| fs::symlink_metadata(path).is_err();
    std::iter::once(plain.clone())
        .chain(numbered)
        .find(free)
        .ok_or_else(|| io::Error::other("too many files of this name: empty the folder"))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn explain(path: &Path, lines: &[String]) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    for line in lines {
        writeln!(file, "{line}")?;
    }
    file.sync_all()
}

#[cfg(test)]
#[path = "watch_tests.rs"]
mod tests;
