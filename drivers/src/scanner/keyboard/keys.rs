//! Keys by their HID usage (page 07), by Linux's code and by name.

/// The left and right modifiers begin here, one usage per bit of the boot report.
pub const LEFT_CTRL: u8 = 0xE0;
pub const CAPS_LOCK: u8 = 0x39;
pub const NUM_LOCK: u8 = 0x53;
pub const SCROLL_LOCK: u8 = 0x47;
pub const ENTER: u8 = 0x28;
pub const ESCAPE: u8 = 0x29;
pub const BACKSPACE: u8 = 0x2A;
pub const TAB: u8 = 0x2B;
pub const SPACE: u8 = 0x2C;
pub const DELETE: u8 = 0x4C;
pub const KEYPAD_ENTER: u8 = 0x58;

/// Modifier bits of the boot report.
pub const CTRL: u8 = 0x11;
pub const SHIFT: u8 = 0x22;
pub const LEFT_ALT: u8 = 0x04;
pub const RIGHT_ALT: u8 = 0x40;
pub const GUI: u8 = 0x88;

/// Linux's key codes (`input-event-codes.h`) with their usages.
const CODES: &[(u16, u8)] = &[
    (1, 0x29),
    (2, 0x1E),
    (3, 0x1F),
    (4, 0x20),
    (5, 0x21),
    (6, 0x22),
    (7, 0x23),
    (8, 0x24),
    (9, 0x25),
    (10, 0x26),
    (11, 0x27),
    (12, 0x2D),
    (13, 0x2E),
    (14, 0x2A),
    (15, 0x2B),
    (16, 0x14),
    (17, 0x1A),
    (18, 0x08),
    (19, 0x15),
    (20, 0x17),
    (21, 0x1C),
    (22, 0x18),
    (23, 0x0C),
    (24, 0x12),
    (25, 0x13),
    (26, 0x2F),
    (27, 0x30),
    (28, 0x28),
    (29, 0xE0),
    (30, 0x04),
    (31, 0x16),
    (32, 0x07),
    (33, 0x09),
    (34, 0x0A),
    (35, 0x0B),
    (36, 0x0D),
    (37, 0x0E),
    (38, 0x0F),
    (39, 0x33),
    (40, 0x34),
    (41, 0x35),
    (42, 0xE1),
    (43, 0x31),
    (44, 0x1D),
    (45, 0x1B),
    (46, 0x06),
    (47, 0x19),
    (48, 0x05),
    (49, 0x11),
    (50, 0x10),
    (51, 0x36),
    (52, 0x37),
    (53, 0x38),
    (54, 0xE5),
    (55, 0x55),
    (56, 0xE2),
    (57, 0x2C),
    (58, 0x39),
    (59, 0x3A),
    (60, 0x3B),
    (61, 0x3C),
    (62, 0x3D),
    (63, 0x3E),
    (64, 0x3F),
    (65, 0x40),
    (66, 0x41),
    (67, 0x42),
    (68, 0x43),
    (69, 0x53),
    (70, 0x47),
    (71, 0x5F),
    (72, 0x60),
    (73, 0x61),
    (74, 0x56),
    (75, 0x5C),
    (76, 0x5D),
    (77, 0x5E),
    (78, 0x57),
    (79, 0x59),
    (80, 0x5A),
    (81, 0x5B),
    (82, 0x62),
    (83, 0x63),
    (86, 0x64),
    (87, 0x44),
    (88, 0x45),
    (89, 0x87),
    (96, 0x58),
    (97, 0xE4),
    (98, 0x54),
    (100, 0xE6),
    (102, 0x4A),
    (103, 0x52),
    (104, 0x4B),
    (105, 0x50),
    (106, 0x4F),
    (107, 0x4D),
    (108, 0x51),
    (109, 0x4E),
    (110, 0x49),
    (111, 0x4C),
    (125, 0xE3),
    (126, 0xE7),
];

/// The usage behind a Linux key code.
pub fn usage_of(code: u16) -> Option<u8> {
    let place = CODES.binary_search_by_key(&code, |(code, _)| *code).ok()?;
    CODES.get(place).map(|(_, usage)| *usage)
}

/// The Linux key code of a usage.
pub fn code_of(usage: u8) -> Option<u16> {
    let found = CODES.iter().find(|(_, u)| *u == usage);
    found.map(|(code, _)| *code)
}

/// The usage of a key that a profile names.
pub fn key_named(name: &str) -> Option<u8> {
    const NAMES: &[(&str, u8)] = &[
        ("Enter", ENTER),
        ("Escape", ESCAPE),
        ("Backspace", BACKSPACE),
        ("Tab", TAB),
        ("Insert", 0x49),
        ("Home", 0x4A),
        ("PageUp", 0x4B),
        ("Delete", DELETE),
        ("End", 0x4D),
        ("PageDown", 0x4E),
        ("Right", 0x4F),
        ("Left", 0x50),
        ("Down", 0x51),
        ("Up", 0x52),
    ];
    if let Some(number) = name.strip_prefix('F').and_then(|n| n.parse::<u8>().ok()) {
        return (1..=12)
            .contains(&number)
            .then(|| number.saturating_add(0x39));
    }
    let found = NAMES.iter().find(|(known, _)| *known == name);
    found.map(|(_, usage)| *usage)
}

/// The character of a keypad key; `decimal` is the layout's point key.
pub fn keypad(usage: u8, decimal: char) -> Option<char> {
    let c = match usage {
        0x54 => '/',
        0x55 => '*',
        0x56 => '-',
        0x57 => '+',
        0x59..=0x61 => char::from(b'1'.saturating_add(usage.saturating_sub(0x59))),
        0x62 => '0',
        0x63 => decimal,
        _ => return None,
    };
    Some(c)
}

/// The character at a key's place on a US keyboard, where it can make a control character: many
/// scanners press the place, whatever the layout.
pub fn us_place(usage: u8) -> Option<char> {
    let c = match usage {
        0x04..=0x1D => char::from(b'a'.saturating_add(usage.saturating_sub(0x04))),
        0x1F => '@',
        0x23 => '^',
        0x2D => '_',
        0x2F => '[',
        0x30 => ']',
        0x31 | 0x32 => '\\',
        _ => return None,
    };
    Some(c)
}
