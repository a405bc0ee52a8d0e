//! Writing systems of a text, and how to tell that one of them cannot be printed here.

use std::collections::BTreeSet;
use std::fmt;

/// A writing system, as far as labels need to tell them apart. Ranges are those of the Unicode
/// character database's blocks (Blocks.txt, Unicode 16).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Script {
    Latin,
    Greek,
    Cyrillic,
    Hebrew,
    Arabic,
    Devanagari,
    Thai,
    /// Chinese characters, of whichever language.
    Han,
    /// Hiragana and katakana.
    Kana,
    Hangul,
    /// Pictures. They say nothing an address needs; the few our own fonts draw in outline print.
    Emoji,
    /// Code points that mean what one company's font says: nobody can know what they show.
    Private,
    /// Anything else that is written: Armenian, Georgian, Tamil and many more.
    Other,
}

impl Script {
    /// The script `c` belongs to; `None` for what all scripts share (digits, punctuation, marks).
    pub const fn of(c: char) -> Option<Self> {
        Some(match c {
            'A'..='Z' | 'a'..='z' | 'ª' | 'º' | 'À'..='Ö' | 'Ø'..='ö' => Self::Latin,
            'ø'..='\u{2AF}' | '\u{1E00}'..='\u{1EFF}' => Self::Latin,
            '\u{2C60}'..='\u{2C7F}' | '\u{A720}'..='\u{A7FF}' => Self::Latin,
            '\u{AB30}'..='\u{AB6F}' | '\u{FB00}'..='\u{FB06}' => Self::Latin,
            '\u{370}'..='\u{3FF}' | '\u{1F00}'..='\u{1FFF}' => Self::Greek,
            '\u{400}'..='\u{52F}' | '\u{1C80}'..='\u{1C8F}' => Self::Cyrillic,
            '\u{2DE0}'..='\u{2DFF}' | '\u{A640}'..='\u{A69F}' => Self::Cyrillic,
            '\u{590}'..='\u{5FF}' | '\u{FB1D}'..='\u{FB4F}' => Self::Hebrew,
            '\u{600}'..='\u{6FF}' | '\u{750}'..='\u{77F}' | '\u{870}'..='\u{8FF}' => Self::Arabic,
            '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFE}' => Self::Arabic,
            '\u{900}'..='\u{97F}' | '\u{A8E0}'..='\u{A8FF}' => Self::Devanagari,
            '\u{E00}'..='\u{E7F}' => Self::Thai,
            '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}' => Self::Hangul,
            '\u{A960}'..='\u{A97F}' | '\u{AC00}'..='\u{D7FF}' => Self::Hangul,
            '\u{FFA0}'..='\u{FFDC}' => Self::Hangul,
            '\u{3040}'..='\u{30FF}' | '\u{31F0}'..='\u{31FF}' => Self::Kana,
            '\u{FF66}'..='\u{FF9F}' | '\u{1AFF0}'..='\u{1B16F}' => Self::Kana,
            '\u{2E80}'..='\u{2FDF}' | '\u{3005}'..='\u{3007}' => Self::Han,
            '\u{3100}'..='\u{312F}' | '\u{31A0}'..='\u{31BF}' => Self::Han,
            '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' => Self::Han,
            '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' => Self::Han,
            '\u{1F000}'..='\u{1FAFF}' => Self::Emoji,
            '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}' => Self::Private,
            '\0'..='\u{36F}' | '\u{2000}'..='\u{2BFF}' | '\u{2E00}'..='\u{2E7F}' => return None,
            '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' => return None,
            '\u{3000}'..='\u{303F}' | '\u{31C0}'..='\u{31EF}' => return None,
            '\u{3200}'..='\u{33FF}' | '\u{FE00}'..='\u{FE6F}' | '\u{FEFF}' => return None,
            '\u{FF00}'..='\u{FF65}' | '\u{FFE0}'..='\u{FFFF}' => return None,
            '\u{E0000}'..='\u{EFFFF}' => return None,
            _ => Self::Other,
        })
    }

    /// As in "no font for Thai".
    pub const fn name(self) -> &'static str {
        match self {
            Self::Latin => "Latin",
            Self::Greek => "Greek",
            Self::Cyrillic => "Cyrillic",
            Self::Hebrew => "Hebrew",
            Self::Arabic => "Arabic",
            Self::Devanagari => "Devanagari",
            Self::Thai => "Thai",
            Self::Han => "Chinese characters",
            Self::Kana => "Japanese kana",
            Self::Hangul => "Korean",
            Self::Emoji => "emoji",
            Self::Private => "private-use characters",
            Self::Other => "another script",
        }
    }

    /// Debian packages of which any one brings a font this software knows, best choice first;
    /// none if no package helps. `label::text` knows the fonts' file names.
    pub const fn packages(self) -> &'static [&'static str] {
        match self {
            Self::Thai => &["fonts-tlwg-loma-ttf", "fonts-noto-core"],
            Self::Devanagari => &["fonts-lohit-deva", "fonts-noto-core"],
            Self::Han => &["fonts-noto-cjk", "fonts-wqy-microhei"],
            Self::Kana => &["fonts-noto-cjk", "fonts-vlgothic"],
            Self::Hangul => &["fonts-noto-cjk", "fonts-nanum"],
            _ => &[],
        }
    }
}

/// Scripts a text uses, in a fixed order; what all scripts share does not count.
pub fn scripts(text: &str) -> BTreeSet<Script> {
    text.chars().filter_map(Script::of).collect()
}

/// Characters no font here can show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unprintable {
    /// Each once, in code point order; never empty.
    chars: Vec<char>,
}

/// Characters listed in a message.
const SHOWN_MAX: usize = 8;

impl Unprintable {
    /// `Ok` if there are none.
    pub fn check(mut chars: Vec<char>) -> Result<(), Self> {
        chars.sort_unstable();
        chars.dedup();
        if chars.is_empty() {
            return Ok(());
        }
        Err(Self { chars })
    }

    /// Each once, in code point order.
    pub fn chars(&self) -> &[char] {
        &self.chars
    }

    /// Their scripts, in a fixed order.
    pub fn scripts(&self) -> BTreeSet<Script> {
        self.chars.iter().filter_map(|c| Script::of(*c)).collect()
    }

    /// What to do, such as "Thai: install the Debian package fonts-tlwg-loma-ttf ...".
    pub fn remedy(&self) -> String {
        let mut parts = Vec::new();
        for script in self.scripts() {
            let name = script.name();
            match (script, script.packages()) {
                (Script::Emoji | Script::Private, _) => parts.push(format!("remove the {name}")),
                (_, []) => {}
                (_, packages) => parts.push(format!(
                    "{name}: install the Debian package {} and restart",
                    packages.join(" or ")
                )),
            }
        }
        let useless = |c: &char| {
            Script::of(*c).is_none_or(|script| {
                !matches!(script, Script::Emoji | Script::Private) && script.packages().is_empty()
            })
        };
        if parts.is_empty() || self.chars.iter().any(useless) {
            parts.push("write it in Latin letters".to_owned());
        } else if self.scripts().iter().any(|s| !s.packages().is_empty()) {
            parts.push("or write it in Latin letters".to_owned());
        }
        parts.join("; ")
    }
}

/// The characters with their code points, such as `王 (U+738B)`.
impl fmt::Display for Unprintable {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, c) in self.chars.iter().take(SHOWN_MAX).enumerate() {
            let comma = if at > 0 { ", " } else { "" };
            // A lone mark or a control character would spoil the line it is shown in.
            let shown = if c.is_alphanumeric() { *c } else { '\u{FFFD}' };
            write!(out, "{comma}{shown} (U+{:04X})", u32::from(*c))?;
        }
        match self.chars.len() {
            more @ 9.. => write!(out, " and {} more", more - SHOWN_MAX),
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Unprintable {}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn scripts_of_addresses() {
        let of = |text: &str| scripts(text).into_iter().collect::<Vec<_>>();
        assert_eq!(of("12-34, 5/6"), []);
        assert_eq!(of("Nguyễn Thị 12"), [Script::Latin]);
        assert_eq!(of("Щёлковское 7"), [Script::Cyrillic]);
        assert_eq!(of("شارع 12 Riyadh"), [Script::Latin, Script::Arabic]);
        assert_eq!(of("東京都みなと区"), [Script::Han, Script::Kana]);
        assert_eq!(of("서울 नई दिल्ली"), [Script::Devanagari, Script::Hangul]);
        assert_eq!(of("กรุงเทพ 😀"), [Script::Thai, Script::Emoji]);
        assert_eq!(of("e\u{301}（）"), [Script::Latin]);
    }

    #[test]
    fn the_remedy_names_script_and_package() {
        let told = |text: &str| {
            let missing = Unprintable::check(text.chars().collect()).unwrap_err();
            (missing.to_string(), missing.remedy())
        };
        let (text, remedy) = told("नन");
        assert_eq!(text, "न (U+0928)");
        assert_eq!(
            remedy,
            "Devanagari: install the Debian package fonts-lohit-deva or fonts-noto-core and \
             restart; or write it in Latin letters"
        );
        assert_eq!(told("\u{1F9A6}").1, "remove the emoji");
        assert_eq!(told("\u{E123}").0, "\u{FFFD} (U+E123)");
        assert_eq!(told("ᚠ").1, "write it in Latin letters");
        assert!(told("0123456789").0.ends_with(" and 2 more"));
        assert_eq!(Unprintable::check(Vec::new()), Ok(()));
    }
}
