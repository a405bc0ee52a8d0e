//! A template's files, embedded, on disk or as texts.

use std::path::{Path, PathBuf};

use include_dir::Dir;

use super::TemplateError;

/// Largest file read.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Where a template's files come from.
#[derive(Debug)]
pub enum Files {
    Shipped {
        all: &'static Dir<'static>,
        name: String,
    },
    Folder(PathBuf),
    Texts {
        origin: String,
        toml: String,
        sample: String,
    },
}

impl Files {
    pub fn shipped(all: &'static Dir<'static>, name: &str) -> Self {
        let name = name.to_owned();
        Self::Shipped { all, name }
    }

    pub fn folder(path: &Path) -> Self {
        Self::Folder(path.to_owned())
    }

    pub fn texts(origin: &str, toml: &str, sample: &str) -> Self {
        let (origin, toml, sample) = (origin.to_owned(), toml.to_owned(), sample.to_owned());
        Self::Texts {
            origin,
            toml,
            sample,
        }
    }

    /// How a file is called in errors.
    pub fn shown(&self, file: &str) -> String {
        match self {
            Self::Shipped { name, .. } => format!("{name}/{file}"),
            Self::Folder(path) => path.join(file).display().to_string(),
            Self::Texts { origin, .. } => format!("{origin}/{file}"),
        }
    }

    /// A file as text.
    pub fn text(&self, file: &str) -> Result<String, TemplateError> {
        let bytes = self.bytes(file)?;
        String::from_utf8(bytes).map_err(|_| self.unreadable(file, "it is not UTF-8 text"))
    }

    /// A file's bytes. Only plain names: a template reads nothing outside its folder.
    pub fn bytes(&self, file: &str) -> Result<Vec<u8>, TemplateError> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_');
        if file.is_empty() || file.starts_with('.') || !file.bytes().all(plain) {
            return Err(self.unreadable(
                file,
                "not a plain file name of letters, digits, '.', '-' and '_'",
            ));
        }
        match self {
            Self::Shipped { all, name } => {
                let found = all.get_file(format!("{name}/{file}"));
                let found = found.ok_or_else(|| self.unreadable(file, "no such file"))?;
                Ok(found.contents().to_vec())
            }
            Self::Folder(path) => self.read(file, &path.join(file)),
            Self::Texts { toml, sample, .. } => match file {
                "label.toml" => Ok(toml.clone().into_bytes()),
                "sample.json" => Ok(sample.clone().into_bytes()),
                _ => Err(self.unreadable(file, "this template has no folder")),
            },
        }
    }

    fn read(&self, file: &str, path: &Path) -> Result<Vec<u8>, TemplateError> {
        let failed = |e: std::io::Error| self.unreadable(file, &e.to_string());
        let size = std::fs::metadata(path).map_err(failed)?.len();
        if size > FILE_BYTES_MAX {
            let reason = format!("{size} bytes, at most {FILE_BYTES_MAX} are allowed");
            return Err(self.unreadable(file, &reason));
        }
        std::fs::read(path).map_err(failed)
    }

    fn unreadable(&self, file: &str, reason: &str) -> TemplateError {
        TemplateError::Unreadable {
            file: self.shown(file),
            reason: reason.to_owned(),
        }
    }
}
