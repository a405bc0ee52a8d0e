//! `^BC`: Code 128 exactly as the field asks for it, set switches included.
//!
//! In mode N the data steers with `>` and a character (programming guide, `^BC`); the other modes
//! choose the sets themselves. Patterns are those of ISO/IEC 15417.

use super::linear::Linear;

/// Longest field; more is wider than any head.
const CHARS_MAX: usize = 256;
const SHIFT: u8 = 98;
const CODE_C: u8 = 99;
const CODE_B: u8 = 100;
const CODE_A: u8 = 101;
const FNC1: u8 = 102;
const STOP: &[u8] = b"2331112";

/// Widths of bars and spaces of the values 0 to 105.
const PATTERNS: [&[u8; 6]; 106] = [
    b"212222", b"222122", b"222221", b"121223", b"121322", b"131222", b"122213", b"122312",
    b"132212", b"221213", b"221312", b"231212", b"112232", b"122132", b"122231", b"113222",
    b"123122", b"123221", b"223211", b"221132", b"221231", b"213212", b"223112", b"312131",
    b"311222", b"321122", b"321221", b"312212", b"322112", b"322211", b"212123", b"212321",
    b"232121", b"111323", b"131123", b"131321", b"112313", b"132113", b"132311", b"211313",
    b"231113", b"231311", b"112133", b"112331", b"132131", b"113123", b"113321", b"133121",
    b"313121", b"211331", b"231131", b"213113", b"213311", b"213131", b"311123", b"311321",
    b"331121", b"312113", b"312311", b"332111", b"314111", b"221411", b"431111", b"111224",
    b"111422", b"121124", b"121421", b"141122", b"141221", b"112214", b"112412", b"122114",
    b"122411", b"142112", b"142211", b"241211", b"221114", b"413111", b"241112", b"134111",
    b"111242", b"121142", b"121241", b"114212", b"124112", b"124211", b"411212", b"421112",
    b"421211", b"212141", b"214121", b"412121", b"111143", b"111341", b"131141", b"114113",
    b"114311", b"411113", b"411311", b"113141", b"114131", b"311141", b"411131", b"211412",
    b"211214", b"211232",
];

/// Why a field is no Code 128.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Code128Error {
    #[error("there is no data")]
    Empty,
    #[error("more than {CHARS_MAX} characters")]
    Long,
    #[error("character {0:?} is not in Code 128")]
    Character(char),
}

/// How the data is read (`^BC` parameter m).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The data switches sets itself.
    None,
    Automatic,
    /// Nineteen digits with FNC1 and check digit.
    Ucc,
    /// GS1 with brackets.
    Gs1,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Set {
    A,
    B,
    C,
}

impl Set {
    fn start(self) -> u8 {
        match self {
            Set::A => 103,
            Set::B => 104,
            Set::C => 105,
        }
    }

    fn switch(self) -> u8 {
        match self {
            Set::A => CODE_A,
            Set::B => CODE_B,
            Set::C => CODE_C,
        }
    }
}

/// What the data holds, `>` codes read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Char(u8),
    Fnc1,
    /// FNC2, FNC3, shift: a value as it is.
    Value(u8),
    Switch(Set),
}

/// Symbol values being collected, with what a scanner will report.
#[derive(Debug)]
struct Writer {
    values: Vec<u8>,
    set: Set,
    data: String,
    shifted: bool,
}

impl Writer {
    fn new(set: Set) -> Self {
        Self {
            values: vec![set.start()],
            set,
            data: String::new(),
            shifted: false,
        }
    }

    fn switch(&mut self, set: Set) {
        if self.set != set {
            self.values.push(set.switch());
            self.set = set;
        }
    }

    fn fnc1(&mut self) {
        // The first one only marks the kind of data.
        if self.values.len() > 1 {
            self.data.push('\u{1D}');
        }
        self.values.push(FNC1);
    }

    fn pair(&mut self, tens: u8, ones: u8) {
        self.values.push((tens - b'0') * 10 + (ones - b'0'));
        self.data.push(char::from(tens));
        self.data.push(char::from(ones));
    }

    /// A value of set A or B as it is.
    fn value(&mut self, value: u8) {
        let set = match (self.set, std::mem::take(&mut self.shifted)) {
            (Set::A, true) => Set::B,
            (Set::B, true) => Set::A,
            (set, _) => set,
        };
        let byte = match set {
            Set::A if value >= 64 => value - 64,
            _ => value + 32,
        };
        self.values.push(value);
        self.data.push(char::from(byte));
    }

    /// A character in set A or B, shifting if only the other one has it.
    fn char(&mut self, byte: u8) {
        let own = if self.shifted {
            self.set
        } else {
            self.set_for(byte)
        };
        if own != self.set && !self.shifted {
            self.values.push(SHIFT);
            self.shifted = true;
        }
        self.value(if byte < 32 { byte + 64 } else { byte - 32 });
    }

    fn set_for(&self, byte: u8) -> Set {
        match byte {
            0..32 => Set::A,
            96.. => Set::B,
            _ => self.set,
        }
    }

    fn finish(mut self, text: String) -> Linear {
        let weighted = (0_u64..).zip(&self.values);
        let sum: u64 = weighted
            .map(|(at, value)| u64::from(*value) * at.max(1))
            .sum();
        self.values.push(u8::try_from(sum % 103).unwrap_or(0));
        let mut runs = Vec::with_capacity(self.values.len() * 6 + 7);
        for value in &self.values {
            let pattern = PATTERNS[usize::from(*value)];
            runs.extend(pattern.iter().map(|width| width - b'0'));
        }
        runs.extend(STOP.iter().map(|width| width - b'0'));
        let gs1 = self.values.get(1) == Some(&FNC1);
        Linear {
            symbology: if gs1 { "gs1-128" } else { "code128" },
            modules: runs,
            wide: Vec::new(),
            text,
            data: self.data,
        }
    }
}

/// Encodes field data. `check` asks for a GS1 check digit at the end (`^BC` parameter e).
///
/// # Errors
/// [`Code128Error`].
pub fn encode(text: &str, mode: Mode, check: bool) -> Result<Linear, Code128Error> {
    let length = text.chars().count();
    if length == 0 {
        return Err(Code128Error::Empty);
    }
    if length > CHARS_MAX {
        return Err(Code128Error::Long);
    }
    if let Some(wrong) = text.chars().find(|c| u32::from(*c) > 127) {
        return Err(Code128Error::Character(wrong));
    }
    let (units, mut shown) = units(text);
    if !units.iter().any(|u| matches!(u, Unit::Char(_))) {
        return Err(Code128Error::Empty);
    }
    let units = match mode {
        Mode::None | Mode::Automatic => {
            let mut units = units;
            if check {
                let digit = check_digit(units.iter().filter_map(digit_of));
                units.push(Unit::Char(digit));
                shown.push(char::from(digit));
            }
            units
        }
        Mode::Ucc => {
            let mut digits: Vec<u8> = units.iter().filter_map(digit_of).take(19).collect();
            while digits.len() < 19 {
                digits.insert(0, b'0');
            }
            digits.push(check_digit(digits.iter().copied()));
            shown = digits.iter().map(|b| char::from(*b)).collect();
            let digits = digits.into_iter().map(Unit::Char);
            [Unit::Fnc1].into_iter().chain(digits).collect()
        }
        Mode::Gs1 => gs1(&units),
    };
    Ok(match mode {
        Mode::None => explicit(&units).finish(shown),
        _ => automatic(&units).finish(shown),
    })
}

fn digit_of(unit: &Unit) -> Option<u8> {
    match unit {
        Unit::Char(byte) => Some(*byte).filter(u8::is_ascii_digit),
        _ => None,
    }
}

/// GS1 check digit: weights 3, 1, 3 from the right.
fn check_digit(digits: impl DoubleEndedIterator<Item = u8>) -> u8 {
    let weighted = digits.rev().zip([3_u32, 1].into_iter().cycle());
    let sum = weighted.fold(0_u32, |sum, (digit, weight)| {
        (sum + u32::from(digit - b'0') * weight) % 10
    });
    b'0' + u8::try_from((10 - sum) % 10).unwrap_or(0)
}

/// The data with its `>` codes read, and the text shown under the bars.
fn units(text: &str) -> (Vec<Unit>, String) {
    let (mut units, mut shown) = (Vec::new(), String::new());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        let code = tail.first().filter(|_| *first == b'>');
        let unit = match code {
            Some(b'0') => Unit::Char(b'>'),
            Some(b'<') => Unit::Char(b'^'),
            Some(b'=') => Unit::Char(b'~'),
            Some(b'1') => Unit::Char(127),
            Some(b'2') => Unit::Value(96),
            Some(b'3') => Unit::Value(97),
            Some(b'4') => Unit::Value(SHIFT),
            Some(b'5' | b';') => Unit::Switch(Set::C),
            Some(b'6' | b':') => Unit::Switch(Set::B),
            Some(b'7' | b'9') => Unit::Switch(Set::A),
            Some(b'8') => Unit::Fnc1,
            _ => {
                units.push(Unit::Char(*first));
                shown.push(char::from(*first));
                rest = tail;
                continue;
            }
        };
        if let Unit::Char(byte) = unit {
            shown.push(char::from(byte));
        }
        units.push(unit);
        rest = tail.get(1..).unwrap_or_default();
    }
    shown.retain(|c| !c.is_control());
    (units, shown)
}

/// Mode N: set B unless the data says otherwise. In set C only pairs of digits count; a single
/// digit at the end goes into set B so that it is not lost.
fn explicit(units: &[Unit]) -> Writer {
    let start = match units.first() {
        Some(Unit::Switch(set)) => *set,
        _ => Set::B,
    };
    let mut out = Writer::new(start);
    let mut rest = units;
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        match (*first, tail.first().and_then(digit_of)) {
            (Unit::Switch(set), _) => out.switch(set),
            (Unit::Fnc1, _) => out.fnc1(),
            (Unit::Value(value), _) => {
                if out.set != Set::C {
                    out.shifted = value == SHIFT;
                    out.values.push(value);
                }
            }
            (Unit::Char(tens @ b'0'..=b'9'), Some(ones)) if out.set == Set::C => {
                out.pair(tens, ones);
                rest = tail.get(1..).unwrap_or_default();
            }
            (Unit::Char(digit @ b'0'..=b'9'), None) if out.set == Set::C => {
                out.switch(Set::B);
                out.char(digit);
            }
            (Unit::Char(_), _) if out.set == Set::C => {}
            // Set A is written as pairs of digits, too: the values themselves.
            (Unit::Char(tens @ b'0'..=b'9'), Some(ones)) if out.set == Set::A => {
                let value = (tens - b'0') * 10 + (ones - b'0');
                if value < 96 {
                    out.value(value);
                }
                rest = tail.get(1..).unwrap_or_default();
            }
            (Unit::Char(byte), _) => out.char(byte),
        }
    }
    out
}

/// Modes A, U and D: set C for four digits and more, set A for control characters.
fn automatic(units: &[Unit]) -> Writer {
    let run = |at: usize| {
        let rest = units.get(at..).unwrap_or_default();
        rest.iter()
            .take_while(|unit| digit_of(unit).is_some())
            .count()
    };
    let lead = usize::from(units.first() == Some(&Unit::Fnc1));
    let digits = run(lead);
    let all = lead + digits == units.len() && digits >= 2 && digits.is_multiple_of(2);
    let mut out = Writer::new(if digits >= 4 || all { Set::C } else { Set::B });
    let mut at = 0;
    while let Some(unit) = units.get(at) {
        at += 1;
        let byte = match unit {
            Unit::Char(byte) => *byte,
            Unit::Fnc1 => {
                out.fnc1();
                continue;
            }
            Unit::Value(value) if out.set != Set::C && *value != SHIFT => {
                out.values.push(*value);
                continue;
            }
            Unit::Value(_) | Unit::Switch(_) => continue,
        };
        let digits = run(at - 1);
        if out.set == Set::C {
            if let Some(ones) = units.get(at).and_then(digit_of).filter(|_| digits >= 2) {
                out.pair(byte, ones);
                at += 1;
                continue;
            }
            out.switch(if byte < 32 { Set::A } else { Set::B });
        } else if digits >= 4 && digits.is_multiple_of(2) {
            out.switch(Set::C);
            at -= 1;
            continue;
        }
        let set = out.set_for(byte);
        out.switch(set);
        out.char(byte);
    }
    out
}

/// Whether an application identifier's data has a length everyone knows, so that nothing ends it.
fn predefined(ai: &[u8]) -> bool {
    let two = match ai {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9', ..] => (tens - b'0') * 10 + (ones - b'0'),
        _ => return false,
    };
    matches!(two, 0..=4 | 11..=20 | 31..=36 | 41)
}

/// Mode D: FNC1 in front and after data of variable length; brackets and blanks are not encoded.
fn gs1(units: &[Unit]) -> Vec<Unit> {
    let mut out = vec![Unit::Fnc1];
    let mut ai: Vec<u8> = Vec::new();
    let mut inside = false;
    for unit in units {
        match unit {
            Unit::Char(b'(') => {
                let open = !ai.is_empty() && !predefined(&ai);
                if open && out.last() != Some(&Unit::Fnc1) {
                    out.push(Unit::Fnc1);
                }
                (inside, ai) = (true, Vec::new());
            }
            Unit::Char(b')') => inside = false,
            Unit::Char(b' ') => {}
            Unit::Fnc1 if out.last() == Some(&Unit::Fnc1) => {}
            other => {
                if let (true, Unit::Char(byte)) = (inside, other) {
                    ai.push(*byte);
                }
                out.push(*other);
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use barcoders::sym::code128::Code128;

    fn modules(linear: &Linear) -> Vec<u8> {
        let runs = linear.modules.iter().zip([1_u8, 0].into_iter().cycle());
        runs.flat_map(|(width, black)| std::iter::repeat_n(black, usize::from(*width)))
            .collect()
    }

    #[test]
    fn bars_are_those_of_another_encoder() {
        let cases = [
            ("Hello", Mode::None, "ƁHello"),
            (">;123456", Mode::None, "Ć123456"),
            (">:AB>512>6c", Mode::None, "ƁABĆ12Ɓc"),
            (">;>8123456", Mode::None, "ĆŹ123456"),
            (">933343536", Mode::None, "ÀABCD"),
            (
                "1Z999AA10123456784",
                Mode::Automatic,
                "Ɓ1Z999AA1Ć0123456784",
            ),
            (
                "(00)340123450000000018",
                Mode::Gs1,
                "ĆŹ00340123450000000018",
            ),
            ("(10)AB(21)7", Mode::Gs1, "ƁŹ10ABŹ217"),
            ("a>0b", Mode::None, "Ɓa>b"),
        ];
        for (data, mode, other) in cases {
            let linear = encode(data, mode, false).unwrap();
            assert_eq!(
                modules(&linear),
                Code128::new(other).unwrap().encode(),
                "{data}"
            );
        }
    }

    #[test]
    fn reported_data_and_shown_text() {
        let ucc = encode("0034012345000000001", Mode::Ucc, false).unwrap();
        assert_eq!(ucc.text, "00340123450000000017");
        assert_eq!(
            (ucc.data.as_str(), ucc.symbology),
            ("00340123450000000017", "gs1-128")
        );
        let gs1 = encode("(10)AB(21)7", Mode::Gs1, false).unwrap();
        assert_eq!(gs1.data, "10AB\u{1D}217");
        assert_eq!(gs1.text, "(10)AB(21)7");
        // What a set C field holds besides digits is not encoded; a last single digit is.
        let odd = encode(">;12 345", Mode::None, false).unwrap();
        assert_eq!(odd.data, "12345");
        for refused in ["", ">;", "é"] {
            assert!(encode(refused, Mode::None, false).is_err(), "{refused}");
        }
    }
}
