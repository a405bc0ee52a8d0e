//! From keys going down to characters: levels, control characters, Alt codes, dead keys.

use super::keys;
use super::layout::{self, ALT_GR, Layout, SHIFT, Stroke};

/// What a key gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Typed {
    Char(char),
    Bytes(Vec<u8>),
    /// A key or combination without a meaning: the code it is in cannot be trusted.
    Unknown,
}

/// How a scanner types.
#[derive(Debug, Clone)]
pub(super) struct Manner {
    pub layout: &'static Layout,
    pub follow_caps: bool,
    pub alt_digits: Option<u8>,
    pub keys: Vec<(u8, Vec<u8>)>,
}

/// Digits of an Alt code.
#[derive(Debug, Clone, Copy, Default)]
struct AltCode {
    digits: u8,
    value: u16,
    leading_zero: bool,
    /// Beyond four digits, or a key that is none.
    broken: bool,
    /// Digits may be missing: the kernel told of keys held together.
    chord: bool,
}

#[derive(Debug, Default)]
pub(super) struct Typist {
    modifiers: u8,
    caps: bool,
    alt: AltCode,
    dead: Option<char>,
}

/// Half of an unfinished Alt code or dead key is forgotten at the end of a code.
impl Typist {
    pub fn forget(&mut self) {
        self.alt = AltCode::default();
        self.dead = None;
    }

    /// All keys are up, as far as anybody knows.
    pub fn release(&mut self) {
        self.forget();
        self.modifiers = 0;
    }

    /// Something that is not yet a character is under way.
    pub fn is_midway(&self) -> bool {
        self.alt.digits > 0 || self.alt.broken || self.dead.is_some()
    }

    pub fn modifiers(&self) -> u8 {
        self.modifiers
    }

    /// The caps lock light, where it can be seen.
    pub fn light(&mut self, on: bool) {
        self.caps = on;
    }

    /// An Alt digit went down while another was down, and the kernel may have hidden a third.
    pub fn chord(&mut self) {
        self.alt.chord = self.modifiers & keys::LEFT_ALT != 0;
    }

    /// The modifiers are now these.
    pub fn hold(&mut self, modifiers: u8, manner: &Manner, out: &mut Vec<Typed>) {
        let released = self.modifiers & keys::LEFT_ALT & !modifiers != 0;
        self.modifiers = modifiers;
        if released {
            let code = std::mem::take(&mut self.alt);
            if code.digits > 0 || code.broken {
                let typed = alt_character(code, manner.alt_digits);
                self.give(typed.map_or(Typed::Unknown, Typed::Char), out);
            }
        }
    }

    /// A key went down.
    pub fn press(&mut self, usage: u8, manner: &Manner, out: &mut Vec<Typed>) {
        match usage {
            keys::CAPS_LOCK => {
                self.caps = manner.follow_caps && !self.caps;
                return;
            }
            keys::NUM_LOCK | keys::SCROLL_LOCK => return,
            _ => {}
        }
        if let Some((_, bytes)) = manner.keys.iter().find(|(key, _)| *key == usage) {
            return self.give(Typed::Bytes(bytes.clone()), out);
        }
        let held = self.modifiers;
        let ctrl = held & keys::CTRL != 0;
        if held & keys::LEFT_ALT != 0 && !ctrl && held & keys::RIGHT_ALT == 0 {
            return self.alt_digit(usage);
        }
        let typed = if held & keys::GUI != 0 {
            None
        } else if ctrl && held & keys::LEFT_ALT == 0 {
            self.control(usage, manner.layout)
        } else {
            self.plain(usage, manner.layout)
        };
        match typed.map(|c| (c, layout::spacing(c))) {
            Some((mark, Some(_))) if self.dead.is_none() => self.dead = Some(mark),
            Some((c, _)) => self.give(Typed::Char(c), out),
            None => self.give(Typed::Unknown, out),
        }
    }

    /// A keypad digit while Alt is held.
    fn alt_digit(&mut self, usage: u8) {
        let digit = keys::keypad(usage, '.').and_then(|c| c.to_digit(10));
        let Some(digit) = digit.and_then(|d| u16::try_from(d).ok()) else {
            self.alt.broken = true;
            return;
        };
        if self.alt.digits == 0 {
            self.alt.leading_zero = digit == 0;
        }
        self.alt.digits = self.alt.digits.saturating_add(1);
        self.alt.value = self.alt.value.saturating_mul(10).saturating_add(digit);
    }

    fn plain(&self, usage: u8, layout: &Layout) -> Option<char> {
        let held = self.modifiers;
        match usage {
            keys::ENTER | keys::KEYPAD_ENTER => return Some('\r'),
            keys::TAB => return Some('\t'),
            keys::ESCAPE => return Some('\u{1B}'),
            keys::BACKSPACE => return Some('\u{8}'),
            keys::DELETE => return Some('\u{7F}'),
            keys::SPACE => return Some(' '),
            _ => {}
        }
        if let Some(c) = keys::keypad(usage, layout.decimal) {
            return Some(c);
        }
        // Ctrl and left Alt together are AltGr on Windows, and some scanners press them.
        let alt_gr = held & keys::RIGHT_ALT != 0 || held & keys::LEFT_ALT != 0;
        let turned = self.caps && layout.is_letter(usage);
        let shift = (held & keys::SHIFT != 0) != turned;
        let level = if shift { SHIFT } else { 0 } | if alt_gr { ALT_GR } else { 0 };
        layout.character(Stroke { usage, level })
    }

    /// Ctrl and a key: the control character of its own character, or of its place.
    fn control(&self, usage: u8, layout: &Layout) -> Option<char> {
        if matches!(usage, keys::ENTER | keys::KEYPAD_ENTER) {
            return Some('\n');
        }
        let own = self.plain(usage, layout);
        let usable =
            |c: &char| c.is_ascii_alphabetic() || matches!(c, '@' | '[' | '\\' | ']' | '^' | '_');
        let alt_gr = self.modifiers & keys::RIGHT_ALT != 0;
        let own = own.map(|c| layout::spacing(c).unwrap_or(c)).filter(usable);
        let place = || keys::us_place(usage).filter(|_| !alt_gr);
        let c = u8::try_from(own.or_else(place)?).ok()?;
        Some(char::from(c & 0x1F))
    }

    /// A character, behind what a dead key left.
    fn give(&mut self, typed: Typed, out: &mut Vec<Typed>) {
        let Some(mark) = self.dead.take() else {
            return out.push(typed);
        };
        let alone = layout::spacing(mark).unwrap_or(mark);
        match typed {
            Typed::Char(' ') => out.push(Typed::Char(alone)),
            Typed::Char(c) => match layout::compose(mark, c) {
                Some(made) => out.push(Typed::Char(made)),
                None => {
                    let c = layout::spacing(c).unwrap_or(c);
                    out.extend([Typed::Char(alone), Typed::Char(c)]);
                }
            },
            other => out.extend([Typed::Char(alone), other]),
        }
    }
}

/// The character of an Alt code. Below 128 all systems agree. Above, a leading zero means
/// Windows-1252; without one an OEM code page, of which only the characters that 437 and 850 have
/// in common are believed.
fn alt_character(code: AltCode, wanted: Option<u8>) -> Option<char> {
    /// 128 to 159 of Windows-1252; a space where it has none.
    const ANSI: &str = "€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ";
    /// 128 to 175 of both OEM pages; a space where they differ.
    const OEM: &str = "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ £  ƒáíóúñÑªº¿ ¬½¼¡«»";
    let count = match wanted {
        Some(wanted) => code.digits == wanted,
        None => matches!(code.digits, 3 | 4) && !code.chord,
    };
    if code.broken || !count {
        return None;
    }
    let value = u8::try_from(code.value).ok()?;
    let high = usize::from(value.saturating_sub(128));
    let c = match (value, code.leading_zero) {
        (0..=127, _) => return Some(char::from(value)),
        (160..=255, true) => return Some(char::from(value)),
        (_, true) => ANSI.chars().nth(high),
        (_, false) => OEM.chars().nth(high),
    };
    c.filter(|c| *c != ' ')
}
