//! Which face draws which character.

use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use cosmic_text::fontdb::{Database, FaceInfo, Source};
use cosmic_text::skrifa::charmap::Charmap;
use cosmic_text::skrifa::{FontRef, MetadataProvider};
use cosmic_text::{
    Attrs, Family, Font as FontFile, FontSystem, PlatformFallback, Stretch, Weight as FontWeight,
};

use super::clean::{is_invisible, is_mark};
use super::engine::FontData;
use super::host::{Files, Group, Known, Locale};
use super::layout::Style;
use crate::content::script::Script;
use crate::label::render::FontKey;
use crate::label::template::schema::{Font, Weight};

/// A loaded face.
pub struct Face {
    file: Arc<FontFile>,
    /// Which face of the file.
    pub index: u32,
    pub key: FontKey,
    /// Its own hinting instructions are of no use, and its characters fill a square.
    pub east_asian: bool,
    family: String,
    weight: FontWeight,
    stretch: Stretch,
}

impl Face {
    /// The whole font file.
    pub fn bytes(&self) -> &[u8] {
        self.file.data()
    }

    /// The file, for those that embed it.
    pub fn data(&self) -> FontData {
        FontData::new(Arc::clone(&self.file), self.index)
    }

    /// How the shaper is told to use this face and no other.
    pub fn attrs(&self) -> Attrs<'_> {
        let attrs = Attrs::new().family(Family::Name(&self.family));
        attrs.weight(self.weight).stretch(self.stretch)
    }

    /// `None` if the file is broken.
    pub fn open(&self) -> Option<FontRef<'_>> {
        FontRef::from_index(self.bytes(), self.index).ok()
    }

    fn charmap(&self) -> Charmap<'_> {
        self.open().map(|font| font.charmap()).unwrap_or_default()
    }
}

fn pictures(map: &Charmap<'_>, c: char) -> bool {
    Script::of(c) != Some(Script::Private)
        && (is_invisible(c) || map.map(c).is_some_and(|glyph| glyph.to_u32() != 0))
}

/// The embedded faces, and those of the host that were needed so far.
pub struct Faces {
    pub system: FontSystem,
    faces: Vec<Face>,
    by_key: HashMap<FontKey, u16>,
    files: Files,
    /// By file and family; `None` if the file is missing or is not what its name says.
    host: HashMap<(&'static str, &'static str), Option<u16>>,
}

/// Faces in the order of [`Faces::new`], by style: the wanted one, then those that have characters
/// it lacks (the condensed and the bold cuts lack some).
fn order(style: Style) -> [u16; 4] {
    match (style.font, style.weight) {
        (Font::Sans, Weight::Regular) => [0, 2, 1, 3],
        (Font::Sans, Weight::Bold) => [1, 3, 0, 2],
        (Font::Condensed, Weight::Regular) => [2, 0, 3, 1],
        (Font::Condensed, Weight::Bold) => [3, 1, 2, 0],
    }
}

/// A part of a line and the face for it.
pub type Part = (Range<usize>, u16);

impl Faces {
    /// With the embedded faces; fonts of the host are looked for in `folders` once needed.
    pub fn new(folders: Vec<PathBuf>) -> Self {
        let embedded: [&'static [u8]; 4] = [
            dejavu::sans::regular(),
            dejavu::sans::bold(),
            dejavu::sans_condensed::regular(),
            dejavu::sans_condensed::bold(),
        ];
        // The list of fall-backs names fonts of desktops. It is asked only if a face lacks a
        // character although it was chosen for it, which `assign` has reported by then.
        let system = FontSystem::new_with_locale_and_db_and_fallback(
            "en".into(),
            Database::new(),
            PlatformFallback,
        );
        let mut faces = Self {
            system,
            faces: Vec::new(),
            by_key: HashMap::new(),
            files: Files::new(folders),
            host: HashMap::new(),
        };
        for face in embedded {
            faces.load(Source::Binary(Arc::new(face)), false, |_| true);
        }
        faces
    }

    pub fn get(&self, number: u16) -> Option<&Face> {
        self.faces.get(usize::from(number))
    }

    pub fn number(&self, key: FontKey) -> Option<u16> {
        self.by_key.get(&key).copied()
    }

    fn load(
        &mut self,
        source: Source,
        east_asian: bool,
        wanted: impl Fn(&FaceInfo) -> bool,
    ) -> Option<u16> {
        let ids = self.system.db_mut().load_font_source(source);
        let db = self.system.db();
        let mut infos = ids.iter().filter_map(|id| db.face(*id));
        let found = infos.find(|info| wanted(info)).cloned();
        // The other faces of a collection must not be there when it is loaded again for one of
        // them: the shaper would find the same name twice.
        let key = found.as_ref().map(|info| info.id);
        for id in ids.into_iter().filter(|id| Some(*id) != key) {
            self.system.db_mut().remove_face(id);
        }
        let info = found?;
        let (key, index, weight) = (info.id, info.index, info.weight);
        let (stretch, family) = (info.stretch, info.families.first()?.0.clone());
        let number = u16::try_from(self.faces.len()).ok()?;
        let file = self.system.get_font(key, weight)?;
        self.faces.push(Face {
            file,
            index,
            key,
            east_asian,
            family,
            weight,
            stretch,
        });
        self.by_key.insert(key, number);
        Some(number)
    }

    /// A font of the host in the wanted weight, or else its regular one.
    fn host(&mut self, font: &'static Known, group: Group, weight: Weight) -> Option<u16> {
        let names = match weight {
            Weight::Bold => [font.bold, font.regular],
            Weight::Regular => [font.regular, ""],
        };
        names.into_iter().find_map(|name| {
            if let Some(known) = self.host.get(&(name, font.family)) {
                return *known;
            }
            let path = self.files.find(name).map(PathBuf::from);
            let is_it = |info: &FaceInfo| info.families.iter().any(|(f, _)| f == font.family);
            let east_asian = group == Group::EastAsian;
            let load = |path| self.load(Source::File(path), east_asian, is_it);
            let number = path.and_then(load);
            self.host.insert((name, font.family), number);
            number
        })
    }

    /// Parts the line by face, and lists the characters no face draws.
    ///
    /// All characters of one script group in a line come from one face, so that no line mixes
    /// Japanese and Chinese forms.
    pub fn assign(&mut self, style: Style, locale: Locale, line: &str) -> (Vec<Part>, Vec<char>) {
        if let Some(face) = self.only(style, line) {
            return (vec![(0..line.len(), face)], Vec::new());
        }
        let mut of_group = [None; 3];
        for c in line.chars() {
            if let Some(group) = Group::of(c)
                && of_group[group as usize].is_none()
            {
                of_group[group as usize] = Some(self.choose(group, style, locale, line));
            }
        }
        let maps = order(style).map(|number| (number, self.get(number).map(Face::charmap)));
        let (mut parts, mut missing): (Vec<Part>, _) = (Vec::new(), Vec::new());
        for (at, cluster) in clusters(line) {
            let base = cluster.chars().next().unwrap_or(' ');
            let group = Group::of(base).and_then(|group| of_group[group as usize]);
            let face = if let Some(chosen) = group {
                let map = chosen.and_then(|n| self.get(n)).map(Face::charmap);
                let has = |c: &char| map.as_ref().is_some_and(|map| pictures(map, *c));
                missing.extend(cluster.chars().filter(|c| !has(c)));
                chosen.unwrap_or(order(style)[0])
            } else {
                let of =
                    |map: &Option<Charmap<'_>>, c| map.as_ref().is_some_and(|m| pictures(m, c));
                let whole = maps
                    .iter()
                    .find(|(_, map)| cluster.chars().all(|c| of(map, c)));
                let some = || maps.iter().find(|(_, map)| of(map, base));
                let best = whole.or_else(some).unwrap_or(&maps[0]);
                missing.extend(cluster.chars().filter(|c| !of(&best.1, *c)));
                best.0
            };
            let range = at..at + cluster.len();
            match parts.last_mut() {
                Some((last, number)) if *number == face => last.end = range.end,
                _ => parts.push((range, face)),
            }
        }
        missing.sort_unstable();
        missing.dedup();
        (parts, missing)
    }

    /// The style's own face, if it draws the whole line, as it does most lines.
    fn only(&self, style: Style, line: &str) -> Option<u16> {
        let own = order(style)[0];
        if line.is_ascii() {
            return Some(own);
        }
        let map = self.get(own)?.charmap();
        let plain = |c| Group::of(c).is_none() && pictures(&map, c);
        line.chars().all(plain).then_some(own)
    }

    /// The first font of the group that has all of the line's characters of it, or the one that
    /// has most of them.
    fn choose(&mut self, group: Group, style: Style, locale: Locale, line: &str) -> Option<u16> {
        let mut best = (0, None);
        for font in group.fonts(locale, line) {
            let Some(number) = self.host(font, group, style.weight) else {
                continue;
            };
            let map = self.get(number).map(Face::charmap).unwrap_or_default();
            let (mut all, mut drawn) = (0_usize, 0_usize);
            for c in line.chars().filter(|c| Group::of(*c) == Some(group)) {
                all += 1;
                drawn += usize::from(pictures(&map, c));
            }
            if drawn > best.0 {
                best = (drawn, Some(number));
            }
            if drawn == all {
                break;
            }
        }
        best.1
    }
}

/// Characters with the marks on them, and where they start.
fn clusters(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let mut starts = rest.char_indices().skip(1);
        let end = starts
            .find(|(_, c)| !is_mark(*c))
            .map_or(rest.len(), |(at, _)| at);
        let at = line.len() - rest.len();
        let (cluster, after) = rest.split_at(end);
        rest = after;
        (!cluster.is_empty()).then_some((at, cluster))
    })
}
