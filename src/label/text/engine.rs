//! The font database and the two caches. It holds embedded faces only: the same label looks the
//! same on every machine, and no start-up time goes into scanning a system's fonts.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use cosmic_text::fontdb::{Database, Source};
use cosmic_text::{
    CacheKey, CacheKeyFlags, Font, FontSystem, PlatformFallback, ShapeLine, SubpixelBin,
    SwashCache, SwashContent, fontdb,
};
use unicode::is_invisible;

use super::layout::Style;

/// Coverage from which a dot is black, of 255.
const THRESHOLD: u8 = 128;
/// Entries per cache before it is emptied. A label needs about 100 glyphs and 20 lines.
const GLYPHS_MAX: usize = 4_096;
const LINES_MAX: usize = 512;

static ENGINE: LazyLock<Mutex<Engine>> = LazyLock::new(|| Mutex::new(Engine::new()));

/// The shared engine, built at first use. A panic elsewhere while it was held leaves only caches
/// behind, so a poisoned lock is taken over.
pub fn engine() -> MutexGuard<'static, Engine> {
    ENGINE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `Ok` if every character has a glyph in our fonts, else the ones without, once each.
pub fn printable(text: &str) -> Result<(), Vec<char>> {
    let engine = engine();
    let mut missing: Vec<char> = text.chars().filter(|c| !engine.has(*c)).collect();
    missing.sort_unstable();
    missing.dedup();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(missing)
    }
}

/// A glyph as dots. `left` and `top` lead from the pen to its top left corner, y downwards.
#[derive(Debug, PartialEq, Eq)]
pub struct Glyph {
    pub left: i32,
    pub top: i32,
    pub width: u32,
    pub height: u32,
    /// Rows of whole bytes, first dot in the highest bit.
    pub rows: Vec<u8>,
}

/// Which glyph at which size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GlyphId {
    pub font: fontdb::ID,
    pub glyph: u16,
    pub weight: fontdb::Weight,
    /// Dots per em.
    pub size: u16,
}

/// Fonts, shaper and caches. Not for concurrent use; take it through [`engine`].
pub struct Engine {
    pub(super) fonts: FontSystem,
    swash: SwashCache,
    glyphs: HashMap<GlyphId, Arc<Glyph>>,
    pub(super) lines: HashMap<(Style, String), Arc<ShapeLine>>,
    faces: Vec<Arc<Font>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (glyphs, lines) = (self.glyphs.len(), self.lines.len());
        write!(out, "Engine({glyphs} glyphs, {lines} lines)")
    }
}

impl Engine {
    fn new() -> Self {
        let faces: [&'static [u8]; 4] = [
            dejavu::sans::regular(),
            dejavu::sans::bold(),
            dejavu::sans_condensed::regular(),
            dejavu::sans_condensed::bold(),
        ];
        let mut database = Database::new();
        for face in faces {
            database.load_font_source(Source::Binary(Arc::new(face)));
        }
        let ids: Vec<_> = database
            .faces()
            .map(|face| (face.id, face.weight))
            .collect();
        // The fallback list names fonts of a desktop; of those only DejaVu is in our database.
        let mut fonts = FontSystem::new_with_locale_and_db_and_fallback(
            "en".into(),
            database,
            PlatformFallback,
        );
        let faces = ids
            .into_iter()
            .filter_map(|(id, weight)| fonts.get_font(id, weight))
            .collect();
        let (glyphs, lines) = (HashMap::new(), HashMap::new());
        Self {
            fonts,
            swash: SwashCache::new(),
            glyphs,
            lines,
            faces,
        }
    }

    /// Whether `c` can be printed: a face has it, or it is rightly invisible.
    pub fn has(&self, c: char) -> bool {
        let pictured = || {
            self.faces
                .iter()
                .any(|face| face.as_swash().charmap().map(c) != 0)
        };
        !c.is_control() && (is_invisible(c) || pictured())
    }

    /// Keeps the line cache bounded.
    pub(super) fn room_for_a_line(&mut self) {
        if self.lines.len() >= LINES_MAX {
            self.lines.clear();
        }
    }

    /// The glyph as dots; an empty one if the font has no picture for it.
    pub fn glyph(&mut self, id: GlyphId) -> Arc<Glyph> {
        if let Some(glyph) = self.glyphs.get(&id) {
            return Arc::clone(glyph);
        }
        if self.glyphs.len() >= GLYPHS_MAX {
            self.glyphs.clear();
        }
        let glyph = Arc::new(self.rasterise(id));
        self.glyphs.insert(id, Arc::clone(&glyph));
        glyph
    }

    /// Coverage at a whole-dot position, so that a letter looks the same wherever it stands.
    fn rasterise(&mut self, id: GlyphId) -> Glyph {
        let key = CacheKey {
            font_id: id.font,
            glyph_id: id.glyph,
            font_size_bits: f32::from(id.size).to_bits(),
            x_bin: SubpixelBin::Zero,
            y_bin: SubpixelBin::Zero,
            font_weight: id.weight,
            flags: CacheKeyFlags::empty(),
        };
        let empty = Glyph {
            left: 0,
            top: 0,
            width: 0,
            height: 0,
            rows: Vec::new(),
        };
        let Some(image) = self.swash.get_image_uncached(&mut self.fonts, key) else {
            return empty;
        };
        if image.content != SwashContent::Mask {
            return empty;
        }
        let (width, height) = (image.placement.width, image.placement.height);
        let mut rows = Vec::with_capacity(width.div_ceil(8) as usize * height as usize);
        for row in image.data.chunks_exact((width as usize).max(1)) {
            for eight in row.chunks(8) {
                let set = |byte: u8, (at, c): (usize, &u8)| {
                    byte | (u8::from(*c >= THRESHOLD) << (7 - at))
                };
                rows.push(eight.iter().enumerate().fold(0, set));
            }
        }
        let (left, top) = (image.placement.left, -image.placement.top);
        Glyph {
            left,
            top,
            width,
            height,
            rows,
        }
    }
}

mod unicode {
    /// Characters that have no picture and need none: spaces, joiners and direction marks.
    pub fn is_invisible(c: char) -> bool {
        matches!(c,
            ' ' | '\u{A0}' | '\u{AD}' | '\u{2000}'..='\u{200F}' | '\u{202A}'..='\u{202F}'
            | '\u{205F}'..='\u{2060}' | '\u{2066}'..='\u{2069}' | '\u{3000}'
            | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}')
    }
}
