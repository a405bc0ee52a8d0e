//! The site's own device profiles, laid over the built-in ones before anything asks for one.

use super::{ConfigError, bad};
use firstscan_drivers::registry;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

const KEY: &str = "profiles.folder";
/// Bytes of one file; a profile is a page or two.
const FILE_BYTES_MAX: u64 = 256 << 10;
/// Files looked at in the folder.
const FILES_MAX: usize = 1_000;

/// Device profiles of the site.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ProfilesConfig {
    /// Folder of profile TOML files; one with the id of a built-in profile replaces it.
    pub folder: Option<PathBuf>,
}

impl ProfilesConfig {
    /// Makes the profiles known to this process. The same folder again is no second folder.
    pub(super) fn take(&self) -> Result<(), ConfigError> {
        static TAKEN: OnceLock<PathBuf> = OnceLock::new();
        let Some(folder) = &self.folder else {
            return Ok(());
        };
        if TAKEN.get() == Some(folder) {
            return Ok(());
        }
        let files = read(folder)?;
        registry::use_site_profiles(&files).map_err(|errors| {
            let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
            bad(KEY, texts.join("\n"))
        })?;
        TAKEN.get_or_init(|| folder.clone());
        Ok(())
    }
}

fn read(folder: &Path) -> Result<Vec<(String, String)>, ConfigError> {
    let fail = |path: &Path, error: std::io::Error, remedy: &str| {
        bad(KEY, format!("{}: {error}: {remedy}", path.display()))
    };
    let entries = std::fs::read_dir(folder)
        .map_err(|e| fail(folder, e, "give an existing folder of *.toml files"))?;
    let mut files = Vec::new();
    for entry in entries.take(FILES_MAX) {
        let readable = "make it readable for the service's user";
        let path = entry.map_err(|e| fail(folder, e, readable))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if !name.ends_with(".toml") || name.starts_with('.') || name == "BLUEPRINT.toml" {
            continue;
        }
        let size = std::fs::metadata(&path).map_err(|e| fail(&path, e, readable))?;
        if size.len() > FILE_BYTES_MAX {
            let text = format!("{} is larger than 256 KiB: remove it", path.display());
            return Err(bad(KEY, text));
        }
        let text = std::fs::read_to_string(&path)
            .map_err(|e| fail(&path, e, "save it as readable UTF-8"))?;
        files.push((path.display().to_string(), text));
    }
    files.sort();
    Ok(files)
}
