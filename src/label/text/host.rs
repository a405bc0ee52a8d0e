//! Fonts of the host for the scripts whose faces are too large to embed.
//!
//! Only fonts of this list are used, by file name and family: what a label looks like depends on
//! which of them are installed, never on what else lies in the folders or in which order. Nothing
//! is searched before the first character that needs it, and a font is mapped, not read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::content::script::Script;

/// Folder entries looked at, depth of folders, bytes of one font file (Noto Sans CJK has 20 MB).
const ENTRIES_MAX: usize = 50_000;
const DEPTH_MAX: u32 = 6;
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Where Debian and an administrator put fonts.
pub const FOLDERS: [&str; 2] = ["/usr/local/share/fonts", "/usr/share/fonts"];

/// A font we know: the family name inside the file, and the file's name by weight (the bold one is
/// empty if there is none).
#[derive(Debug)]
pub struct Known {
    pub family: &'static str,
    pub regular: &'static str,
    pub bold: &'static str,
}

const fn known(family: &'static str, regular: &'static str, bold: &'static str) -> Known {
    Known {
        family,
        regular,
        bold,
    }
}

const NOTO_CJK: (&str, &str) = ("NotoSansCJK-Regular.ttc", "NotoSansCJK-Bold.ttc");

// In order of choice. Packages: fonts-tlwg-loma-ttf, fonts-tlwg-waree-ttf, fonts-noto-core,
// fonts-lohit-deva, fonts-noto-cjk, fonts-wqy-microhei, fonts-wqy-zenhei, fonts-droid-fallback,
// fonts-vlgothic, fonts-ipafont-gothic, fonts-nanum, fonts-unfonts-core, fonts-arphic-uming.
const THAI: [Known; 3] = [
    known("Loma", "Loma.ttf", "Loma-Bold.ttf"),
    known("Waree", "Waree.ttf", "Waree-Bold.ttf"),
    known("Noto Sans Thai", "NotoSansThai-Regular.ttf", "NotoSansThai-Bold.ttf"),
];
const DEVANAGARI: [Known; 2] = [
    known("Lohit Devanagari", "Lohit-Devanagari.ttf", ""),
    known(
        "Noto Sans Devanagari",
        "NotoSansDevanagari-Regular.ttf",
        "NotoSansDevanagari-Bold.ttf",
    ),
];
const CHINA: [Known; 4] = [
    known("Noto Sans CJK SC", NOTO_CJK.0, NOTO_CJK.1),
    known("WenQuanYi Micro Hei", "wqy-microhei.ttc", ""),
    known("WenQuanYi Zen Hei", "wqy-zenhei.ttc", ""),
    known("Droid Sans Fallback", "DroidSansFallbackFull.ttf", ""),
];
const JAPAN: [Known; 3] = [
    known("Noto Sans CJK JP", NOTO_CJK.0, NOTO_CJK.1),
    known("VL Gothic", "VL-Gothic-Regular.ttf", ""),
    known("IPAGothic", "ipag.ttf", ""),
];
const KOREA: [Known; 3] = [
    known("Noto Sans CJK KR", NOTO_CJK.0, NOTO_CJK.1),
    known("NanumGothic", "NanumGothic.ttf", "NanumGothicBold.ttf"),
    known("UnDotum", "UnDotum.ttf", "UnDotumBold.ttf"),
];
const TAIWAN: [Known; 2] = [
    known("Noto Sans CJK TC", NOTO_CJK.0, NOTO_CJK.1),
    known("AR PL UMing TW", "uming.ttc", ""),
];
const HONG_KONG: [Known; 2] = [
    known("Noto Sans CJK HK", NOTO_CJK.0, NOTO_CJK.1),
    known("AR PL UMing HK", "uming.ttc", ""),
];

/// Whose forms of Chinese characters to show. The same code points are drawn differently in these
/// places ("Han unification"), so the reader's country decides, not the sender's.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Locale {
    China,
    Japan,
    Korea,
    Taiwan,
    HongKong,
    /// Elsewhere: kana speak for Japan, Hangul for Korea, anything else for China.
    #[default]
    Elsewhere,
}

impl Locale {
    /// Of a destination's ISO 3166-1 alpha-2 code, in capitals.
    pub fn of_country(code: &str) -> Self {
        match code {
            "CN" | "SG" => Self::China,
            "JP" => Self::Japan,
            "KR" | "KP" => Self::Korea,
            "TW" => Self::Taiwan,
            "HK" | "MO" => Self::HongKong,
            _ => Self::Elsewhere,
        }
    }

    fn faces(self) -> &'static [Known] {
        match self {
            Self::China | Self::Elsewhere => &CHINA,
            Self::Japan => &JAPAN,
            Self::Korea => &KOREA,
            Self::Taiwan => &TAIWAN,
            Self::HongKong => &HONG_KONG,
        }
    }

    /// The locale to take for a line with these scripts.
    fn of_line(self, line: &str) -> Self {
        let has = |script| line.chars().any(|c| Script::of(c) == Some(script));
        match self {
            Self::Elsewhere if has(Script::Kana) => Self::Japan,
            Self::Elsewhere if has(Script::Hangul) => Self::Korea,
            Self::Elsewhere => Self::China,
            known => known,
        }
    }
}

/// Which list of fonts a character is looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    Thai,
    Devanagari,
    EastAsian,
}

impl Group {
    /// `None` for characters that only our own fonts are asked for.
    pub fn of(c: char) -> Option<Self> {
        match Script::of(c) {
            Some(Script::Thai) => Some(Self::Thai),
            Some(Script::Devanagari) => Some(Self::Devanagari),
            Some(Script::Han | Script::Kana | Script::Hangul) => Some(Self::EastAsian),
            // East Asian punctuation, brackets and full-width forms.
            None => matches!(c, '\u{3000}'..='\u{33FF}' | '\u{FE30}'..='\u{FE4F}'
                | '\u{FF00}'..='\u{FFEF}')
            .then_some(Self::EastAsian),
            _ => None,
        }
    }

    /// Fonts in order of choice. Other countries' forms come after the right ones: a reader knows
    /// them, and without them a parcel would not leave.
    pub fn fonts(self, locale: Locale, line: &str) -> impl Iterator<Item = &'static Known> {
        let (own, others): (&'static [Known], &[Locale]) = match self {
            Self::Thai => (&THAI, &[]),
            Self::Devanagari => (&DEVANAGARI, &[]),
            Self::EastAsian => {
                let locale = locale.of_line(line);
                (locale.faces(), &ORDER)
            }
        };
        own.iter().chain(others.iter().flat_map(|l| l.faces()))
    }
}

const ORDER: [Locale; 5] = [
    Locale::China,
    Locale::Japan,
    Locale::Korea,
    Locale::Taiwan,
    Locale::HongKong,
];

/// Known font files found in folders.
#[derive(Debug)]
pub struct Files {
    folders: Vec<PathBuf>,
    found: Option<BTreeMap<&'static str, PathBuf>>,
}

impl Files {
    /// Nothing is searched yet. The first folder that has a file wins.
    pub fn new(folders: Vec<PathBuf>) -> Self {
        let found = None;
        Self { folders, found }
    }

    /// The file of that name, if one of the folders holds it.
    pub fn find(&mut self, name: &str) -> Option<&Path> {
        let folders = &self.folders;
        let found = self.found.get_or_insert_with(|| search(folders));
        found.get(name).map(PathBuf::as_path)
    }
}

fn names() -> impl Iterator<Item = &'static str> {
    let lists = [
        &THAI[..],
        &DEVANAGARI,
        &CHINA,
        &JAPAN,
        &KOREA,
        &TAIWAN,
        &HONG_KONG,
    ];
    let both = |font: &'static Known| [font.regular, font.bold];
    let all = lists.into_iter().flatten().flat_map(both);
    all.filter(|name| !name.is_empty())
}

fn search(folders: &[PathBuf]) -> BTreeMap<&'static str, PathBuf> {
    let mut found = BTreeMap::new();
    let mut entries_left = ENTRIES_MAX;
    for folder in folders {
        walk(folder, DEPTH_MAX, &mut entries_left, &mut found);
    }
    found
}

/// In the order of names, not of the disk. Links to folders are not followed: they may lead round.
fn walk(
    folder: &Path,
    depth: u32,
    entries_left: &mut usize,
    found: &mut BTreeMap<&'static str, PathBuf>,
) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let mut paths = Vec::new();
    for entry in entries.flatten() {
        if *entries_left == 0 {
            break;
        }
        *entries_left -= 1;
        paths.push((entry.file_name(), entry));
    }
    paths.sort_by(|a, b| a.0.cmp(&b.0));
    for (name, entry) in paths {
        let path = entry.path();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if depth > 1 {
                walk(&path, depth - 1, entries_left, found);
            }
        } else if let Some(name) = names().find(|known| name.to_str() == Some(known)) {
            let fits = |data: std::fs::Metadata| data.is_file() && data.len() <= FILE_BYTES_MAX;
            if std::fs::metadata(&path).is_ok_and(fits) {
                found.entry(name).or_insert(path);
            }
        }
    }
}
