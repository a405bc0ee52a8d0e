//! Faces for Zebra's fonts, glyphs as dots, a cache.
//!
//! Font 0 (CG Triumvirate Bold Condensed) is of the Helvetica family; its advance widths here are
//! those of Helvetica Bold, narrowed to 82 %, so that lines become as long as on the printer. The
//! face is DejaVu Sans Condensed Bold, each glyph stretched to that advance. Bitmap fonts are
//! drawn from DejaVu Sans Mono Bold, stretched to their cell.
#![expect(
    clippy::float_arithmetic,
    reason = "outlines come as f32; curves become straight edges in whole font units here"
)]

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use cosmic_text::skrifa::instance::{LocationRef, Size};
use cosmic_text::skrifa::outline::{DrawSettings, OutlinePen};
use cosmic_text::skrifa::{FontRef, MetadataProvider};
use firstscan_drivers::bitmap::Bitmap;

use super::outline::{Edge, Stretch, raster};
use super::surface::Stamp;

/// Units per em that outlines are kept in (DejaVu's own).
const EM: i32 = 2048;
/// Bytes of glyph pictures kept before the cache is emptied.
const CACHE_BYTES_MAX: usize = 8 << 20;
/// Outlines kept.
const OUTLINES_MAX: usize = 4_096;
/// Straight pieces a curve becomes.
const PIECES: i16 = 8;

/// A face that glyphs are taken from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Face {
    Condensed,
    Mono,
}

/// Which picture of a character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct GlyphKey {
    pub face: Face,
    pub character: char,
    pub stretch: Stretch,
    /// Quarter turns clockwise.
    pub turns: u8,
}

#[derive(Debug)]
struct Outline {
    edges: Vec<Edge>,
    /// In [`EM`]ths.
    advance: i32,
}

/// Fonts and caches. Take it through [`fonts`].
pub struct Fonts {
    faces: [Option<FontRef<'static>>; 2],
    outlines: HashMap<(Face, char), Option<Arc<Outline>>>,
    stamps: HashMap<GlyphKey, Arc<Stamp>>,
    stamp_bytes: usize,
    /// Edges looked at while drawing glyphs, ever; a measure of work.
    pub work: u64,
}

static FONTS: LazyLock<Mutex<Fonts>> = LazyLock::new(|| Mutex::new(Fonts::new()));

/// The shared fonts, loaded at first use. A panic elsewhere leaves only caches behind, so a
/// poisoned lock is taken over.
pub fn fonts() -> MutexGuard<'static, Fonts> {
    FONTS.lock().unwrap_or_else(PoisonError::into_inner)
}

impl std::fmt::Debug for Fonts {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "Fonts({} glyphs)", self.stamps.len())
    }
}

/// Advance of Helvetica Bold, thousandths of an em, from the space on.
const HELVETICA_BOLD: [u16; 95] = [
    278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611, 975, 722, 722, 722, 722, 667,
    611, 778, 722, 278, 556, 722, 611, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 333, 278, 333, 584, 556, 333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556,
    278, 889, 611, 611, 611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584,
];
/// Condensed against normal, percent.
const CONDENSED_PERCENT: i32 = 82;
/// What DejaVu Sans Condensed Bold is narrowed to where the table says nothing, percent.
const OTHERS_PERCENT: i32 = 75;

impl Fonts {
    fn new() -> Self {
        let faces: [&'static [u8]; 2] = [dejavu::sans_condensed::bold(), dejavu::sans_mono::bold()];
        Self {
            faces: faces.map(|face| FontRef::new(face).ok()),
            outlines: HashMap::new(),
            stamps: HashMap::new(),
            stamp_bytes: 0,
            work: 0,
        }
    }

    /// Whether the face has a picture for the character.
    pub fn has(&mut self, face: Face, character: char) -> bool {
        self.outline(face, character).is_some()
    }

    /// The substitute for font 0: advance in thousandths of the font's width, what the glyph is
    /// narrowed to, and where it begins so that it stands in the middle; thousandths.
    pub fn condensed(&mut self, character: char) -> (i32, i32, i32) {
        let index = (character as usize).checked_sub(0x20);
        let listed = index.and_then(|at| HELVETICA_BOLD.get(at)).copied();
        let own = self.advance(Face::Condensed, character) * 1_000 / EM;
        let Some(wanted) = listed else {
            return (own * OTHERS_PERCENT / 100, OTHERS_PERCENT * 10, 0);
        };
        let wanted = i32::from(wanted) * CONDENSED_PERCENT / 100;
        // Beyond these a letter's stems would look foreign among the others'.
        let narrow = (wanted * 1_000 / own.max(1)).clamp(660, 860);
        (wanted, narrow, (wanted - own * narrow / 1_000) / 2)
    }

    /// Advance in [`EM`]ths; 0 for what the face does not have.
    fn advance(&mut self, face: Face, character: char) -> i32 {
        let outline = self.outline(face, character);
        outline.map_or(0, |outline| outline.advance)
    }

    /// The character as dots; None if the face has no picture for it.
    pub fn stamp(&mut self, key: GlyphKey) -> Option<Arc<Stamp>> {
        if let Some(stamp) = self.stamps.get(&key) {
            return Some(Arc::clone(stamp));
        }
        let outline = self.outline(key.face, key.character)?;
        let mut stamp = raster(&outline.edges, EM, key.stretch);
        let lines = stamp.height.unsigned_abs() * 4;
        self.work += u64::from(lines) * (outline.edges.len() as u64 + 8);
        if !key.turns.is_multiple_of(4) {
            stamp = turned(&stamp, key.turns);
        }
        self.stamp_bytes += stamp.rows.len() + 128;
        if self.stamp_bytes > CACHE_BYTES_MAX {
            self.stamps.clear();
            self.stamp_bytes = stamp.rows.len() + 128;
        }
        let stamp = Arc::new(stamp);
        self.stamps.insert(key, Arc::clone(&stamp));
        Some(stamp)
    }

    fn outline(&mut self, face: Face, character: char) -> Option<Arc<Outline>> {
        if let Some(outline) = self.outlines.get(&(face, character)) {
            return outline.clone();
        }
        if self.outlines.len() >= OUTLINES_MAX {
            self.outlines.clear();
        }
        let outline = self.load(face, character).map(Arc::new);
        self.outlines.insert((face, character), outline.clone());
        outline
    }

    fn load(&self, face: Face, character: char) -> Option<Outline> {
        let font = self.faces[face as usize].as_ref()?;
        let glyph = font.charmap().map(character)?;
        if glyph.to_u32() == 0 {
            return None;
        }
        let size = Size::new(f32::from(i16::try_from(EM).unwrap_or(0)));
        let metrics = font.glyph_metrics(size, LocationRef::default());
        let advance = whole(metrics.advance_width(glyph).unwrap_or(0.0));
        let settings = DrawSettings::unhinted(size, LocationRef::default());
        let mut contours = Contours::default();
        // What cannot be drawn (a space has no outline either) takes its room and leaves no ink.
        if let Some(outline) = font.outline_glyphs().get(glyph)
            && outline.draw(settings, &mut contours).is_err()
        {
            contours = Contours::default();
        }
        let edges = contours.closed();
        Some(Outline { edges, advance })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "float casts saturate")]
fn whole(value: f32) -> i32 {
    value.round() as i32
}

/// Straight edges of closed contours, as an outline is drawn.
#[derive(Default)]
struct Contours {
    edges: Vec<Edge>,
    start: (f32, f32),
    at: (f32, f32),
}

impl Contours {
    fn to(&mut self, to: (f32, f32)) {
        self.edges.push(Edge {
            from: (whole(self.at.0), whole(self.at.1)),
            to: (whole(to.0), whole(to.1)),
        });
        self.at = to;
    }

    fn closed(mut self) -> Vec<Edge> {
        self.to(self.start);
        self.edges.retain(|edge| edge.from.1 != edge.to.1);
        self.edges
    }
}

impl OutlinePen for Contours {
    fn move_to(&mut self, x: f32, y: f32) {
        self.close();
        self.start = (x, y);
        self.at = self.start;
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.to((x, y));
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        let from = self.at;
        for piece in 1..=PIECES {
            let t = f32::from(piece) / f32::from(PIECES);
            let (a, b, d) = ((1.0 - t) * (1.0 - t), 2.0 * t * (1.0 - t), t * t);
            let (x, y) = (a * from.0 + b * cx + d * x, a * from.1 + b * cy + d * y);
            self.to((x, y));
        }
    }

    fn curve_to(&mut self, cx: f32, cy: f32, ex: f32, ey: f32, x: f32, y: f32) {
        let from = self.at;
        for piece in 1..=PIECES {
            let t = f32::from(piece) / f32::from(PIECES);
            let s = 1.0 - t;
            let (a, b, d, f) = (s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t);
            let x = a * from.0 + b * cx + d * ex + f * x;
            let y = a * from.1 + b * cy + d * ey + f * y;
            self.to((x, y));
        }
    }

    fn close(&mut self) {
        self.to(self.start);
    }
}

/// A stamp turned about its point, clockwise.
fn turned(stamp: &Stamp, turns: u8) -> Stamp {
    let side = |n: i32| n.unsigned_abs();
    let bits = stamp.rows.clone();
    let Ok(bitmap) = Bitmap::from_bits(side(stamp.width), side(stamp.height), bits) else {
        return stamp.clone();
    };
    let bitmap = bitmap.rotated_quarter(turns);
    let (right, bottom) = (stamp.left + stamp.width, stamp.top + stamp.height);
    let (left, top) = match turns % 4 {
        1 => (-bottom, stamp.left),
        2 => (-right, -bottom),
        _ => (stamp.top, -right),
    };
    let whole = |n: u32| i32::try_from(n).unwrap_or(0);
    Stamp {
        left,
        top,
        width: whole(bitmap.width()),
        height: whole(bitmap.height()),
        rows: bitmap.bits().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn font_0_advances_like_helvetica_condensed() {
        let mut fonts = fonts();
        assert_eq!(fonts.condensed('0').0, 455);
        assert_eq!(fonts.condensed('W').0, 774);
        let (accented, _, _) = fonts.condensed('é');
        assert!((400..520).contains(&accented), "{accented}");
    }

    #[test]
    fn a_stem_is_as_high_as_a_capital_and_turns_with_the_text() {
        let key = |turns| GlyphKey {
            face: Face::Condensed,
            character: 'I',
            stretch: Stretch {
                across: 16 * 40,
                down: 16 * 40,
            },
            turns,
        };
        let mut fonts = fonts();
        let plain = fonts.stamp(key(0)).unwrap();
        assert_eq!((plain.top, plain.height), (-29, 29));
        let right = fonts.stamp(key(1)).unwrap();
        assert_eq!((right.left, right.width), (0, 29));
        assert_eq!((right.top, right.height), (plain.left, plain.width));
        let up = fonts.stamp(key(3)).unwrap();
        assert_eq!((up.left, up.width), (-29, 29));
        assert!(
            fonts
                .stamp(GlyphKey {
                    character: '\u{E000}',
                    ..key(0)
                })
                .is_none()
        );
    }
}
