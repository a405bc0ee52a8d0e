//! Bytes of a symbol that states no character set. The reader takes them for Windows 1252 (of
//! which Latin 1 is the larger part); if they are UTF-8, that is what the writer meant.

/// Characters of bytes 0x80 to 0x9F in Windows 1252; those it does not define are control
/// characters.
const HIGH: [char; 32] = [
    '\u{20AC}', '\u{81}', '\u{201A}', '\u{192}', '\u{201E}', '\u{2026}', '\u{2020}', '\u{2021}',
    '\u{2C6}', '\u{2030}', '\u{160}', '\u{2039}', '\u{152}', '\u{8D}', '\u{17D}', '\u{8F}',
    '\u{90}', '\u{2018}', '\u{2019}', '\u{201C}', '\u{201D}', '\u{2022}', '\u{2013}', '\u{2014}',
    '\u{2DC}', '\u{2122}', '\u{161}', '\u{203A}', '\u{153}', '\u{9D}', '\u{17E}', '\u{178}',
];

/// `text` with every run of characters whose bytes are a UTF-8 character put right. None if there
/// is nothing of the kind.
pub fn utf8(text: &str) -> Option<String> {
    if text.is_ascii() {
        return None;
    }
    let letters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(letter) = letters.get(at) {
        match sequence(&letters[at..]) {
            Some((meant, length)) => {
                out.push(meant);
                at += length;
            }
            None => {
                out.push(*letter);
                at += 1;
            }
        }
    }
    (out != text).then_some(out)
}

/// The character that the first letters' bytes are, and how many letters it takes.
fn sequence(letters: &[char]) -> Option<(char, usize)> {
    let length = match byte(*letters.first()?)? {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return None,
    };
    let bytes: Option<Vec<u8>> = letters.get(..length)?.iter().copied().map(byte).collect();
    let meant = String::from_utf8(bytes?).ok()?.chars().next()?;
    Some((meant, length))
}

fn byte(letter: char) -> Option<u8> {
    u8::try_from(letter).ok().or_else(|| {
        let at = HIGH.iter().position(|high| *high == letter)?;
        u8::try_from(0x80 + at).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_utf8_is_taken_for_it() {
        assert_eq!(utf8("GrÃ¼Ã\u{178}e").as_deref(), Some("Grüße"));
        assert_eq!(utf8("ï¿½").as_deref(), Some("\u{FFFD}"));
        assert_eq!(utf8("ï¿½1À").as_deref(), Some("\u{FFFD}1À"));
        for other in ["plain", "Grüße", "東京", ""] {
            assert_eq!(utf8(other), None, "{other}");
        }
    }
}
