//! Faces, shaper, rasteriser and their caches, shared by all who draw labels.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::clean::clean;
use super::faces::Faces;
use super::host::{FOLDERS, Locale};
use super::layout::{Block, Fitted, Style};
use super::raster::{Glyph, GlyphId, Rasteriser};
use crate::content::script::Unprintable;
use crate::label::render::FontKey;
use crate::label::template::schema::{Font, Weight};

/// Entries of each half of a cache. A label needs about 100 glyphs and 30 texts.
const GLYPHS_MAX: usize = 4_096;
const BLOCKS_MAX: usize = 256;
/// Glyphs of a text worth keeping; longer ones are rare and large.
const BLOCK_GLYPHS_MAX: usize = 400;

static EXTRA_FOLDER: OnceLock<PathBuf> = OnceLock::new();
static ENGINE: OnceLock<Mutex<Engine>> = OnceLock::new();

/// Names a folder whose fonts come before the system's. Only the first call counts, and only
/// before the first text is drawn: one process draws with one set of fonts. False if it was late.
pub fn use_fonts_of(folder: PathBuf) -> bool {
    ENGINE.get().is_none() && EXTRA_FOLDER.set(folder).is_ok()
}

/// The shared engine, built at first use. A panic elsewhere while it was held leaves only caches
/// behind, so a poisoned lock is taken over.
pub fn engine() -> MutexGuard<'static, Engine> {
    let new = || {
        let system = FOLDERS.iter().map(PathBuf::from);
        let folders = EXTRA_FOLDER.get().cloned().into_iter().chain(system);
        Mutex::new(Engine::new(folders.collect()))
    };
    let engine = ENGINE.get_or_init(new);
    engine.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `Ok` if a font has every character, here or on this host; control characters have no glyph.
pub fn printable(text: &str) -> Result<(), Unprintable> {
    // What nearly all texts are made of needs no look at a font.
    if text.bytes().all(|b| matches!(b, b' '..=b'~')) {
        return Ok(());
    }
    engine().printable(text)
}

/// Fonts, shaper and caches. Not for concurrent use; take it through [`engine`].
pub struct Engine {
    pub(super) faces: Faces,
    rasteriser: Rasteriser,
    glyphs: Halves<GlyphId, Arc<Glyph>>,
    blocks: Halves<u64, Arc<Kept>>,
    hasher: RandomState,
}

/// A fitted text with what it was made of, as hashes may collide.
struct Kept {
    block: Block,
    text: String,
    fitted: Arc<Fitted>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (glyphs, blocks) = (self.glyphs.young.len(), self.blocks.young.len());
        write!(out, "Engine({glyphs} glyphs, {blocks} texts)")
    }
}

/// The bytes of a font file that glyph numbers refer to.
pub struct FontData {
    file: Arc<cosmic_text::Font>,
    /// Which face of the file, for collections.
    pub index: u32,
}

impl FontData {
    /// The whole file.
    pub fn bytes(&self) -> &[u8] {
        self.file.data()
    }
}

impl std::fmt::Debug for FontData {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "FontData({} bytes, face {})", self.bytes().len(), self.index)
    }
}

impl Engine {
    /// With the embedded fonts, and those of the host's `folders`, which are searched when a text
    /// first needs them: the first folder that has a font wins.
    pub fn new(folders: Vec<PathBuf>) -> Self {
        Self {
            faces: Faces::new(folders),
            rasteriser: Rasteriser::default(),
            glyphs: Halves::default(),
            blocks: Halves::default(),
            hasher: RandomState::new(),
        }
    }

    /// As [`printable`].
    pub fn printable(&mut self, text: &str) -> Result<(), Unprintable> {
        let mut missing: Vec<char> = text.chars().filter(|c| c.is_control()).collect();
        let style = Style {
            font: Font::Sans,
            weight: Weight::Regular,
        };
        for line in clean(text.chars()).split('\n') {
            missing.extend(self.faces.assign(style, Locale::Elsewhere, line).1);
        }
        Unprintable::check(missing)
    }

    /// The file of a font that a [`GlyphRun`](crate::label::render::GlyphRun) names.
    pub fn font_data(&self, key: FontKey) -> Option<FontData> {
        let face = self.faces.get(self.faces.number(key)?)?;
        Some(face.data())
    }

    /// The glyph as dots; an empty one if the font has no picture for it.
    pub(super) fn glyph(&mut self, id: GlyphId) -> Arc<Glyph> {
        if let Some(glyph) = self.glyphs.get(&id, GLYPHS_MAX) {
            return Arc::clone(glyph);
        }
        let drawn = self.faces.get(id.face).map(|face| self.rasteriser.draw(face, id));
        let glyph = Arc::new(drawn.unwrap_or_default());
        self.glyphs.insert(id, Arc::clone(&glyph), GLYPHS_MAX);
        glyph
    }

    /// The text in its box, from the cache if the same was fitted not long ago.
    pub(super) fn fitted(&mut self, block: &Block, text: &str) -> Arc<Fitted> {
        let key = self.hasher.hash_one((block, text));
        if let Some(kept) = self.blocks.get(&key, BLOCKS_MAX)
            && kept.block == *block
            && kept.text == text
        {
            return Arc::clone(&kept.fitted);
        }
        let fitted = Arc::new(block.fit_anew(self, text));
        if fitted.glyphs.len() <= BLOCK_GLYPHS_MAX {
            let kept = Kept {
                block: *block,
                text: text.to_owned(),
                fitted: Arc::clone(&fitted),
            };
            self.blocks.insert(key, Arc::new(kept), BLOCKS_MAX);
        }
        fitted
    }
}

impl FontData {
    pub(super) fn new(file: Arc<cosmic_text::Font>, index: u32) -> Self {
        Self { file, index }
    }
}

/// A cache in two halves: when the young half is full, it becomes the old one and what nobody
/// asked for meanwhile is dropped. What every label uses is never lost.
struct Halves<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K, V> Default for Halves<K, V> {
    fn default() -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
        }
    }
}

impl<K: Copy + Eq + Hash, V> Halves<K, V> {
    fn get(&mut self, key: &K, max: usize) -> Option<&V> {
        if let Some(value) = self.old.remove(key) {
            self.insert(*key, value, max);
        }
        self.young.get(key)
    }

    fn insert(&mut self, key: K, value: V, max: usize) {
        if self.young.len() >= max {
            // The emptied map keeps its room, so that steady use allocates nothing.
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.insert(key, value);
    }
}
