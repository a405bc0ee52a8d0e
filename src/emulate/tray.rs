//! The paper side of a printer: labels as pictures in a folder, and the counter that outlives it.
//!
//! `printer.json` in the folder holds the odometer and the list of labels, so that a restarted
//! demo finds its printer as it left it. Each label is a PNG named by its odometer reading.

use firstscan_drivers::bitmap::Bitmap;
use image::{GrayImage, ImageFormat};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Pictures kept in memory; older ones are read from their files.
const PICTURES_MAX: usize = 32;
/// Labels listed; a demo prints dozens.
const LABELS_MAX: usize = 20_000;
const STATE_FILE: &str = "printer.json";

/// One label that came out of the printer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrintedLabel {
    /// Counts all labels of the printer, spoilt ones too, from 1.
    pub sequence: u64,
    /// Size in dots.
    pub width: u32,
    pub height: u32,
    /// Hex SHA-256 over width and height (u32 LE each) and the packed rows.
    pub sha256: String,
    /// File name within the folder.
    pub file: String,
    /// Someone took it from the printer.
    pub taken: bool,
    /// It broke off in the middle; the odometer did not count it.
    pub spoilt: bool,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Saved {
    odometer: u64,
    labels: Vec<PrintedLabel>,
}

/// The labels of one printer.
#[derive(Debug)]
pub struct Tray {
    folder: PathBuf,
    saved: Saved,
    pictures: Vec<(u64, Arc<Bitmap>)>,
    failure: Option<String>,
}

impl Tray {
    /// Opens the folder, with what was printed into it before.
    ///
    /// # Errors
    /// If the folder cannot be made, or its `printer.json` is damaged; the text names the file.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join(STATE_FILE);
        let saved = match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|e| {
                let text = format!("{}: {e}; remove the file to start at 0", path.display());
                io::Error::new(io::ErrorKind::InvalidData, text)
            })?,
            Err(e) if e.kind() == io::ErrorKind::NotFound => Saved::default(),
            Err(e) => return Err(e),
        };
        Ok(Self {
            folder: folder.to_owned(),
            saved,
            pictures: Vec::new(),
            failure: None,
        })
    }

    /// Labels printed well in the printer's life.
    pub fn odometer(&self) -> u64 {
        self.saved.odometer
    }

    /// All labels, oldest first.
    pub fn labels(&self) -> &[PrintedLabel] {
        &self.saved.labels
    }

    /// Why the last label or counter could not be stored, if so.
    pub fn failure(&self) -> Option<&str> {
        self.failure.as_deref()
    }

    /// A label comes out. `spoilt` ones are kept but not counted.
    pub fn deliver(&mut self, picture: &Arc<Bitmap>, spoilt: bool) {
        let sequence = self.saved.labels.last().map_or(1, |l| l.sequence + 1);
        self.saved.odometer += u64::from(!spoilt);
        let (width, height) = (picture.width(), picture.height());
        let file = format!("{sequence:06}.png");
        let sha256 = fingerprint(picture);
        let label = PrintedLabel {
            sequence,
            width,
            height,
            sha256,
            file,
            taken: false,
            spoilt,
        };
        let stored = write_png(&self.folder.join(&label.file), picture);
        self.saved.labels.push(label);
        if self.saved.labels.len() > LABELS_MAX {
            self.saved.labels.remove(0);
        }
        self.pictures.push((sequence, Arc::clone(picture)));
        if self.pictures.len() > PICTURES_MAX {
            self.pictures.remove(0);
        }
        self.failure = stored
            .and_then(|()| self.save())
            .err()
            .map(|e| e.to_string());
    }

    /// Takes the newest label nobody took yet, with its picture.
    pub fn take_newest(&mut self) -> Option<(PrintedLabel, Arc<Bitmap>)> {
        let index = self.saved.labels.iter().rposition(|l| !l.taken)?;
        let label = {
            let label = self.saved.labels.get_mut(index)?;
            label.taken = true;
            label.clone()
        };
        self.failure = self.save().err().map(|e| e.to_string());
        let picture = self.picture(label.sequence)?;
        Some((label, picture))
    }

    /// The picture of a label, from memory or its file.
    pub fn picture(&self, sequence: u64) -> Option<Arc<Bitmap>> {
        if let Some((_, picture)) = self.pictures.iter().find(|(s, _)| *s == sequence) {
            return Some(Arc::clone(picture));
        }
        let label = self.saved.labels.iter().find(|l| l.sequence == sequence)?;
        read_png(&self.folder.join(&label.file)).ok().map(Arc::new)
    }

    /// The path of a label's PNG.
    pub fn path(&self, label: &PrintedLabel) -> PathBuf {
        self.folder.join(&label.file)
    }

    fn save(&self) -> io::Result<()> {
        let staged = self.folder.join("printer.json.new");
        fs::write(&staged, serde_json::to_vec(&self.saved)?)?;
        fs::rename(staged, self.folder.join(STATE_FILE))
    }
}

/// Hex SHA-256 of a picture's size and dots.
pub fn fingerprint(picture: &Bitmap) -> String {
    let mut hash = Sha256::new();
    hash.update(picture.width().to_le_bytes());
    hash.update(picture.height().to_le_bytes());
    hash.update(picture.bits());
    hash.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

/// One byte per dot: black 0, white 255.
pub fn to_luma(picture: &Bitmap) -> Vec<u8> {
    let mut luma = Vec::with_capacity(picture.width() as usize * picture.height() as usize);
    for y in 0..picture.height() {
        luma.extend((0..picture.width()).map(|x| if picture.get(x, y) { 0 } else { 255 }));
    }
    luma
}

/// Reads a picture; dots darker than middle grey are black.
///
/// # Errors
/// If the file cannot be read or is no picture.
pub fn read_png(path: &Path) -> io::Result<Bitmap> {
    let grey = image::open(path).map_err(io::Error::other)?.into_luma8();
    let (width, height) = grey.dimensions();
    let mut picture = Bitmap::new(width, height).map_err(io::Error::other)?;
    for (x, y, dot) in grey.enumerate_pixels() {
        picture.set(x, y, dot.0 < [128]);
    }
    Ok(picture)
}

/// A picture as a grey PNG.
///
/// # Errors
/// If the encoder refuses it.
pub fn png(picture: &Bitmap) -> io::Result<Vec<u8>> {
    let grey = GrayImage::from_raw(picture.width(), picture.height(), to_luma(picture))
        .ok_or_else(|| io::Error::other("the picture has no dots"))?;
    let mut bytes = io::Cursor::new(Vec::new());
    grey.write_to(&mut bytes, ImageFormat::Png)
        .map_err(io::Error::other)?;
    Ok(bytes.into_inner())
}

fn write_png(path: &Path, picture: &Bitmap) -> io::Result<()> {
    fs::write(path, png(picture)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn labels_and_counter_survive() {
        let folder = tempfile::tempdir().unwrap();
        let picture = Arc::new(Bitmap::from_bits(10, 2, vec![0xA5, 0x40, 0x00, 0x80]).unwrap());
        let mut tray = Tray::open(folder.path()).unwrap();
        tray.deliver(&picture, false);
        tray.deliver(&picture, true);
        assert_eq!(
            (tray.odometer(), tray.labels().len(), tray.failure()),
            (1, 2, None)
        );
        assert_eq!(tray.take_newest().unwrap().0.sequence, 2);

        let mut again = Tray::open(folder.path()).unwrap();
        assert_eq!(again.odometer(), 1);
        let (label, reread) = again.take_newest().unwrap();
        assert_eq!(label.sequence, 1);
        assert_eq!(*reread, *picture);
        assert_eq!(fingerprint(&reread), label.sha256);
        assert!(again.take_newest().is_none());
        again.deliver(&picture, false);
        assert_eq!(again.labels().last().unwrap().sequence, 3);

        std::fs::write(folder.path().join(STATE_FILE), "{").unwrap();
        let error = Tray::open(folder.path()).unwrap_err().to_string();
        assert!(
            error.contains("printer.json") && error.contains("remove"),
            "{error}"
        );
    }
}
