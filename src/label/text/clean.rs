//! What is made of a text before it is shaped: nothing invisible in it can act on the label.

use crate::content::script::Script;

/// Line breaks of every kind become `\n`, other control characters a space, and characters that
/// show nothing but change how others are read or drawn are dropped: marks that turn the reading
/// direction (they make a label lie), soft hyphens, variation selectors, tags. Parts of Korean
/// syllables and Japanese voice marks are joined, because the fonts hold the joined characters.
/// Thai gets places to break lines at.
pub fn clean(text: impl Iterator<Item = char>) -> String {
    let mut out = String::new();
    let mut last = '\n';
    for c in text {
        let c = match c {
            // The shaper knows one paragraph per line; every separator of paragraphs ends one.
            '\n' | '\u{2028}' | '\u{2029}' => '\n',
            _ if c.is_control() => ' ',
            _ if is_dropped(c) => continue,
            _ => c,
        };
        if let Some(joined) = join(last, c) {
            out.pop();
            out.push(joined);
            last = joined;
            continue;
        }
        if breaks_thai(last, c) {
            out.push(THAI_BREAK);
        }
        out.push(c);
        last = c;
    }
    out
}

/// Zero-width space: a line may end here.
pub const THAI_BREAK: char = '\u{200B}';

fn is_dropped(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{61C}' | '\u{180B}'..='\u{180F}' | '\u{200B}' | '\u{200E}' | '\u{200F}'
        | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Characters that have no picture and need none: spaces and joiners.
pub fn is_invisible(c: char) -> bool {
    is_dropped(c)
        || matches!(c, ' ' | '\u{A0}' | '\u{2000}'..='\u{200D}' | '\u{202F}' | '\u{205F}'
            | '\u{3000}')
}

/// Characters drawn on the one before them, or joining it to the next: one face must draw both.
/// Blocks of combining characters and the marks of the scripts in [`Script`].
pub fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36F}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5BD}' | '\u{5BF}'
        | '\u{5C1}'..='\u{5C2}' | '\u{5C4}'..='\u{5C5}' | '\u{5C7}' | '\u{610}'..='\u{61A}'
        | '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{6D6}'..='\u{6DC}' | '\u{6DF}'..='\u{6E4}'
        | '\u{6E7}'..='\u{6E8}' | '\u{6EA}'..='\u{6ED}' | '\u{900}'..='\u{903}'
        | '\u{93A}'..='\u{93C}' | '\u{93E}'..='\u{94F}' | '\u{951}'..='\u{957}'
        | '\u{962}'..='\u{963}' | '\u{E31}' | '\u{E34}'..='\u{E3A}' | '\u{E47}'..='\u{E4E}'
        | '\u{1AB0}'..='\u{1AFF}' | '\u{1DC0}'..='\u{1DFF}' | '\u{200C}' | '\u{200D}'
        | '\u{20D0}'..='\u{20FF}' | '\u{3099}' | '\u{309A}' | '\u{FE20}'..='\u{FE2F}')
}

/// Thai has no spaces between words. Without a dictionary, two places are certain to lie between
/// syllables: before a vowel that is written before its consonant, and after a sign that ends one.
fn breaks_thai(last: char, c: char) -> bool {
    let thai = |c| Script::of(c) == Some(Script::Thai);
    let leading = |c| matches!(c, '\u{E40}'..='\u{E44}');
    let ending = |c| matches!(c, '\u{E2F}' | '\u{E30}' | '\u{E46}');
    let letter = matches!(c, '\u{E01}'..='\u{E2E}');
    thai(last) && !leading(last) && (leading(c) || (ending(last) && letter))
}

/// The character two make together, if they are written apart.
fn join(first: char, second: char) -> Option<char> {
    let (a, b) = (u32::from(first), u32::from(second));
    let joined = match (a, b) {
        // Unicode 3.12: leading consonant and vowel, then a closing consonant.
        (0x1100..=0x1112, 0x1161..=0x1175) => 0xAC00 + ((a - 0x1100) * 21 + b - 0x1161) * 28,
        (0xAC00..=0xD7A3, 0x11A8..=0x11C2) if (a - 0xAC00) % 28 == 0 => a + b - 0x11A7,
        // The voiced kana follow the plain ones, those with a circle come next.
        (0x304B..=0x3062 | 0x30AB..=0x30C2, 0x3099) if a % 2 == 1 => a + 1,
        (0x3064..=0x3068 | 0x30C4..=0x30C8, 0x3099) if a % 2 == 0 => a + 1,
        (0x306F..=0x307B | 0x30CF..=0x30DB, 0x3099) if a % 3 == 0 => a + 1,
        (0x306F..=0x307B | 0x30CF..=0x30DB, 0x309A) if a % 3 == 0 => a + 2,
        (0x3046, 0x3099) => 0x3094,
        (0x30A6, 0x3099) => 0x30F4,
        _ => return None,
    };
    char::from_u32(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(text: &str) -> String {
        clean(text.chars())
    }

    #[test]
    fn nothing_invisible_acts() {
        assert_eq!(cleaned("a\u{202E}b\u{2066}c\u{2069}\u{200F}d"), "abcd");
        assert_eq!(cleaned("a\tb\r\u{85}c\u{1B}"), "a b  c ");
        assert_eq!(cleaned("a\u{2028}b\u{2029}c\nd"), "a\nb\nc\nd");
        assert_eq!(cleaned("so\u{AD}ft \u{E0041}tag \u{FE0F}"), "soft tag ");
        // Joiners shape Persian and Hindi; they stay.
        assert_eq!(cleaned("می\u{200C}خواهم"), "می\u{200C}خواهم");
    }

    #[test]
    fn parts_become_whole() {
        assert_eq!(cleaned("\u{1112}\u{1161}\u{11AB}\u{1100}\u{1173}\u{11AF}"), "한글");
        assert_eq!(cleaned("か\u{3099}は\u{309A}ウ\u{3099}ト\u{3099}つ\u{3099}"), "がぱヴドづ");
        assert_eq!(cleaned("あ\u{3099}"), "あ\u{3099}");
    }

    #[test]
    fn thai_breaks_only_between_syllables() {
        assert_eq!(cleaned("แขวงคลองเตย"), "แขวงคลอง\u{200B}เตย");
        assert_eq!(cleaned("พระโขนง"), "พระ\u{200B}โขนง");
        assert_eq!(cleaned("เพราะ"), "เพราะ");
    }
}
