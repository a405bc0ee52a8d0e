//! `firstscan label watch`: draws a template again whenever one of its files is saved, and tells
//! mistakes with file and line. For the person who writes a template, with the picture open
//! beside the editor.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use anyhow::Context;
use firstscan_drivers::bitmap::Resolution;

use crate::label::{FieldMap, Problem, Template, check, png, render};

/// From one look at the files to the next.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// Files of a folder that are looked at.
const FILES_MAX: usize = 64;
/// Largest data file read.
const DATA_BYTES_MAX: u64 = 1 << 20;

/// What is watched and where the picture goes.
#[derive(Debug)]
pub struct Watch {
    folder: PathBuf,
    /// Field values; the folder's `sample.json` if absent.
    data: Option<PathBuf>,
    out: PathBuf,
    resolution: Resolution,
    /// Name, time and size of each file when it was drawn last.
    seen: Option<Vec<(PathBuf, SystemTime, u64)>>,
}

impl Watch {
    /// `out` is a PNG; beside the folder, with its name, if absent.
    pub fn new(
        folder: &Path,
        data: Option<PathBuf>,
        out: Option<PathBuf>,
        resolution: Resolution,
    ) -> anyhow::Result<Self> {
        let shown = folder.display();
        let hint = || format!("{shown}: no such folder; give the folder of a label.toml");
        // The whole path, so that a folder is never mistaken for a shipped template's name.
        let folder = fs::canonicalize(folder).with_context(hint)?;
        let out = out.unwrap_or_else(|| folder.with_extension("png"));
        Ok(Self {
            folder,
            data,
            out,
            resolution,
            seen: None,
        })
    }

    /// Looks and draws until nobody listens to `tell` any more.
    pub fn run(mut self, tell: &mut impl Write) -> anyhow::Result<()> {
        loop {
            if let Some(lines) = self.look() {
                for line in lines {
                    if writeln!(tell, "{line}").and_then(|()| tell.flush()).is_err() {
                        return Ok(());
                    }
                }
            }
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Draws if a file is not what it was. What there is to tell; None if nothing changed.
    pub fn look(&mut self) -> Option<Vec<String>> {
        let now = self.stamps();
        if self.seen.as_ref() == Some(&now) {
            return None;
        }
        self.seen = Some(now);
        Some(match self.draw() {
            Ok(lines) => lines,
            Err(error) => vec![format!("{error:#}")],
        })
    }

    fn stamps(&self) -> Vec<(PathBuf, SystemTime, u64)> {
        let inside = fs::read_dir(&self.folder).into_iter().flatten();
        let inside = inside.filter_map(|entry| Some(entry.ok()?.path()));
        let files = inside.chain(self.data.clone()).take(FILES_MAX);
        let mut stamps: Vec<_> = files
            .filter(|path| *path != self.out)
            .filter_map(|path| {
                let meta = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?;
                Some((path, meta.modified().ok()?, meta.len()))
            })
            .collect();
        stamps.sort();
        stamps
    }

    fn draw(&self) -> anyhow::Result<Vec<String>> {
        let folder = self.folder.to_string_lossy();
        let template = Template::load(&folder)?;
        let fields = match &self.data {
            Some(file) => fields(file)?,
            None => template.sample.clone(),
        };
        let start = Instant::now();
        let label = render(&template, &fields, self.resolution);
        let took = start.elapsed();
        let mut problems = label.problems.clone();
        problems.extend(check::expect(&label));
        let picture = png::encode(&label.bitmap, self.resolution)?;
        self.write(&picture)?;
        let mut lines: Vec<String> = problems
            .iter()
            .map(|problem| self.told(&template, problem))
            .collect();
        lines.push(format!(
            "{}: {} x {} dots, {} symbols, {} problems, {} us",
            self.out.display(),
            label.bitmap.width(),
            label.bitmap.height(),
            label.symbols.len(),
            problems.len(),
            took.as_micros()
        ));
        Ok(lines)
    }

    /// A problem of the data, with the line of the element it shows in.
    fn told(&self, template: &Template, problem: &Problem) -> String {
        let first_copy = format!("{}.1", problem.element);
        let element = template
            .elements
            .iter()
            .find(|element| element.id == problem.element || element.id == first_copy);
        let line = element.map_or(1, |element| element.line);
        let file = self.folder.join("label.toml");
        format!("{}:{line}: {problem}", file.display())
    }

    /// Puts the picture in place in one step: a viewer never sees half of it.
    fn write(&self, picture: &[u8]) -> anyhow::Result<()> {
        let shown = self.out.display();
        let hint = || format!("{shown}: cannot be written; check folder, rights and space");
        let part = self.out.with_extension("part");
        fs::write(&part, picture).with_context(hint)?;
        fs::rename(&part, &self.out).with_context(hint)
    }
}

fn fields(file: &Path) -> anyhow::Result<FieldMap> {
    let shown = file.display();
    let hint = || format!("{shown}: cannot be read; check path and rights");
    let size = fs::metadata(file).with_context(hint)?.len();
    anyhow::ensure!(
        size <= DATA_BYTES_MAX,
        "{shown}: {size} bytes, at most {DATA_BYTES_MAX} are read; give a smaller file"
    );
    let text = fs::read(file).with_context(hint)?;
    serde_json::from_slice(&text).map_err(|error| {
        let line = error.line().max(1);
        anyhow::anyhow!("{shown}:{line}: {error}; it must be one JSON object of texts")
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const GOOD: &str = "format = 1\ntitle = \"t\"\nwidth = 30\nheight = 20\n[[element]]\n\
        id = \"a\"\nkind = \"text\"\nx = 1\ny = 1\nwidth = 28\nsize = 4\ntext = \"{name}\"\n";

    #[test]
    fn a_save_draws_again_and_mistakes_name_their_line() {
        let top = tempfile::tempdir().unwrap();
        let folder = top.path().join("mine");
        fs::create_dir(&folder).unwrap();
        let toml = folder.join("label.toml");
        fs::write(&toml, GOOD).unwrap();
        fs::write(folder.join("sample.json"), "{\"name\": \"Ann\"}").unwrap();
        let resolution = Resolution::from_dpi(203);
        let mut watch = Watch::new(&folder, None, None, resolution).unwrap();

        let told = watch.look().unwrap();
        assert!(told[0].contains("240 x 160 dots, 0 symbols, 0 problems"), "{told:?}");
        let first = fs::read(top.path().join("mine.png")).unwrap();
        assert_eq!(watch.look(), None);

        fs::write(&toml, GOOD.replace("kind = \"text\"", "kind = \"oval\"  ")).unwrap();
        let told = watch.look().unwrap();
        assert!(told[0].contains("label.toml:7: element 'a'"), "{told:?}");
        // The last good picture stays.
        assert_eq!(fs::read(top.path().join("mine.png")).unwrap(), first);

        fs::write(&toml, GOOD.replace("{name}", "{nobody} and more")).unwrap();
        let told = watch.look().unwrap();
        assert!(told[0].contains("label.toml:5: a: field 'nobody' is empty"), "{told:?}");
        assert_ne!(fs::read(top.path().join("mine.png")).unwrap(), first);

        fs::remove_dir_all(&folder).unwrap();
        assert!(watch.look().is_some());
        assert_eq!(watch.look(), None);
    }
}
