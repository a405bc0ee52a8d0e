//! Keyboard layouts: which character a key gives at which level, and back.

use super::layouts::{COMPOSE, LAYOUTS};

/// Keys of the rows as HID usages (page 07), from left to right.
const ROW_1: [u8; 13] = [
    0x35, 0x1E, 0x1F, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x2D, 0x2E,
];
const ROW_2: [u8; 12] = [
    0x14, 0x1A, 0x08, 0x15, 0x17, 0x1C, 0x18, 0x0C, 0x12, 0x13, 0x2F, 0x30,
];
const ROW_3: [u8; 12] = [
    0x04, 0x16, 0x07, 0x09, 0x0A, 0x0B, 0x0D, 0x0E, 0x0F, 0x33, 0x34, 0x31,
];
/// From the key beside left shift; the last is the extra key of Brazilian keyboards.
const ROW_4: [u8; 12] = [
    0x64, 0x1D, 0x1B, 0x06, 0x19, 0x05, 0x11, 0x10, 0x36, 0x37, 0x38, 0x87,
];

/// The level bits of a key.
pub const SHIFT: u8 = 1;
pub const ALT_GR: u8 = 2;

/// A layout as rows of characters: plain, shift, AltGr, shift and AltGr. A space means no
/// character; a shorter row has none at its end.
#[derive(Debug)]
pub struct Layout {
    /// As in a profile.
    pub id: &'static str,
    /// The rows from the digits down, each with its levels.
    pub rows: [[&'static str; 4]; 4],
    /// The point key of the keypad.
    pub decimal: char,
}

/// A key with the level at which it is pressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stroke {
    pub usage: u8,
    /// [`SHIFT`] and [`ALT_GR`].
    pub level: u8,
}

impl Layout {
    /// The layout of this id.
    pub fn find(id: &str) -> Option<&'static Layout> {
        LAYOUTS.iter().find(|l| l.id == id)
    }

    /// What a key gives at a level. Dead keys give their mark as a modifier letter; see
    /// [`spacing`].
    pub fn character(&self, stroke: Stroke) -> Option<char> {
        // The second key right of the quotes is another one on boards with a tall Enter key.
        let usage = if stroke.usage == 0x32 {
            0x31
        } else {
            stroke.usage
        };
        let keys: [&[u8]; 4] = [&ROW_1, &ROW_2, &ROW_3, &ROW_4];
        for (row, keys) in self.rows.iter().zip(keys) {
            if let Some(place) = keys.iter().position(|key| *key == usage) {
                let level = row.get(usize::from(stroke.level))?;
                return level.chars().nth(place).filter(|c| *c != ' ');
            }
        }
        None
    }

    /// Whether caps lock turns a key round: only where shift makes a letter a capital.
    pub fn is_letter(&self, usage: u8) -> bool {
        let at = |level| self.character(Stroke { usage, level });
        match (at(0), at(SHIFT)) {
            (Some(small), Some(capital)) => {
                small != capital && small.to_uppercase().eq(std::iter::once(capital))
            }
            _ => false,
        }
    }

    /// The keys that type a character: one, or a dead key and another. `None` if it has none.
    pub fn strokes(&self, wanted: char) -> Option<Vec<Stroke>> {
        const SPACE: Stroke = Stroke {
            usage: 0x2C,
            level: 0,
        };
        if wanted == ' ' {
            return Some(vec![SPACE]);
        }
        if let Some(stroke) = self.stroke(wanted).filter(|_| spacing(wanted).is_none()) {
            return Some(vec![stroke]);
        }
        for (mark, alone, pairs) in COMPOSE {
            let Some(dead) = self.stroke(*mark) else {
                continue;
            };
            if *alone == wanted {
                return Some(vec![dead, SPACE]);
            }
            let mut pairs = pairs.chars();
            while let (Some(letter), Some(made)) = (pairs.next(), pairs.next()) {
                if made == wanted
                    && let Some(stroke) = self.stroke(letter)
                {
                    return Some(vec![dead, stroke]);
                }
            }
        }
        None
    }

    fn stroke(&self, wanted: char) -> Option<Stroke> {
        let keys: [&[u8]; 4] = [&ROW_1, &ROW_2, &ROW_3, &ROW_4];
        for level in 0..4_u8 {
            for (row, keys) in self.rows.iter().zip(keys) {
                let chars = row.get(usize::from(level))?.chars();
                if let Some((_, usage)) = chars.zip(keys).find(|(c, _)| *c == wanted) {
                    let usage = *usage;
                    return Some(Stroke { usage, level }).filter(|_| wanted != ' ');
                }
            }
        }
        None
    }
}

/// The character that a dead key gives with the space bar; `None` if the character is no dead key.
pub fn spacing(mark: char) -> Option<char> {
    let found = COMPOSE.iter().find(|(m, _, _)| *m == mark);
    found.map(|(_, alone, _)| *alone)
}

/// A dead key and the character after it.
pub fn compose(mark: char, letter: char) -> Option<char> {
    let (_, _, pairs) = COMPOSE.iter().find(|(m, _, _)| *m == mark)?;
    let mut pairs = pairs.chars();
    while let (Some(from), Some(made)) = (pairs.next(), pairs.next()) {
        if from == letter {
            return Some(made);
        }
    }
    None
}
