//! Parameters of a command, and lengths in the label's units as dots of the head.

use firstscan_drivers::bitmap::Resolution;

/// Parameters of a command that are looked at.
const PARTS: usize = 12;
/// Largest coordinate ZPL knows.
pub const DOTS_MAX: i32 = 32_000;

/// The parts of a command's parameters, blanks around them removed.
#[derive(Debug, Clone, Copy)]
pub struct Params<'a> {
    parts: [&'a [u8]; PARTS],
}

impl<'a> Params<'a> {
    pub fn new(bytes: &'a [u8], delimiter: u8) -> Self {
        let mut parts = [[].as_slice(); PARTS];
        for (slot, part) in parts.iter_mut().zip(bytes.split(|b| *b == delimiter)) {
            *slot = part.trim_ascii();
        }
        Self { parts }
    }

    /// A part's bytes; empty if it is missing.
    pub fn bytes(&self, at: usize) -> &'a [u8] {
        self.parts.get(at).copied().unwrap_or_default()
    }

    /// A part's first letter in upper case.
    pub fn letter(&self, at: usize) -> Option<u8> {
        self.bytes(at).first().map(u8::to_ascii_uppercase)
    }

    /// Yes or no; None if it is neither.
    pub fn yes(&self, at: usize) -> Option<bool> {
        match self.letter(at)? {
            b'Y' => Some(true),
            b'N' => Some(false),
            _ => None,
        }
    }

    /// A number in thousandths, bounded to what no calculation overflows with.
    pub fn thousandths(&self, at: usize) -> Option<i64> {
        thousandths(self.bytes(at))
    }

    /// A whole number; a fraction is cut off.
    pub fn int(&self, at: usize) -> Option<i64> {
        self.thousandths(at).map(|n| n / 1_000)
    }

    /// A whole number within bounds; None also if it is outside.
    pub fn within(&self, at: usize, least: i32, most: i32) -> Option<i32> {
        let number = i32::try_from(self.int(at)?).ok()?;
        (least..=most).contains(&number).then_some(number)
    }
}

/// Reads `[+-]digits[.digits]` from the front; what follows is passed over, as printers do.
fn thousandths(text: &[u8]) -> Option<i64> {
    const MOST: i64 = 1_000_000_000;
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    let (mut number, mut unit, mut read, mut fraction) = (0_i64, 1_000_i64, false, false);
    for byte in digits {
        match byte {
            b'0'..=b'9' if !fraction => {
                number = (number * 10 + i64::from(byte - b'0') * 1_000).min(MOST);
                read = true;
            }
            b'0'..=b'9' => {
                unit /= 10;
                number += i64::from(byte - b'0') * unit;
                read = true;
            }
            b'.' if !fraction => fraction = true,
            _ => break,
        }
    }
    read.then_some(if negative { -number } else { number })
}

/// What numbers in the label are (`^MU`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Unit {
    #[default]
    Dots,
    Inches,
    Millimetres,
}

/// How lengths of the label become dots of the head.
#[derive(Debug, Clone, Copy)]
pub struct Units {
    pub unit: Unit,
    /// Head dots per label dot, as a ratio: head dpi over the dpi the label was written for.
    pub up: u32,
    pub down: u32,
    pub head: Resolution,
}

impl Units {
    /// Dots for a number in thousandths of the unit, nearest, bounded to [`DOTS_MAX`].
    pub fn dots(&self, thousandths: i64) -> i32 {
        let (up, down) = match self.unit {
            Unit::Dots => (i64::from(self.up), i64::from(self.down) * 1_000),
            Unit::Millimetres => (i64::from(self.head.dots), i64::from(self.head.per_um)),
            // A thousandth of an inch is 25.4 um.
            Unit::Inches => (
                i64::from(self.head.dots) * 254,
                i64::from(self.head.per_um) * 10,
            ),
        };
        let down = down.max(1);
        let nearest = (thousandths * up * 2 + down).div_euclid(down * 2);
        i32::try_from(nearest.clamp(-i64::from(DOTS_MAX), i64::from(DOTS_MAX))).unwrap_or(0)
    }

    /// Head dots for whole label dots, whatever `^MU` says.
    pub fn scaled(&self, dots: i32) -> i32 {
        let plain = Units {
            unit: Unit::Dots,
            ..*self
        };
        plain.dots(i64::from(dots) * 1_000)
    }

    /// A part as dots.
    pub fn length(&self, params: &Params<'_>, at: usize) -> Option<i32> {
        params.thousandths(at).map(|n| self.dots(n))
    }

    /// A part as dots, at least `least`.
    pub fn length_or(&self, params: &Params<'_>, at: usize, least: i32, default: i32) -> i32 {
        self.length(params, at).map_or(default, |n| n.max(least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_like_a_printer_does() {
        let params = Params::new(b"12, -3.5 ,x,,+7dots,99999999999999,Y", b',');
        assert_eq!(params.int(0), Some(12));
        assert_eq!(params.thousandths(1), Some(-3_500));
        assert_eq!((params.int(2), params.int(3)), (None, None));
        assert_eq!(params.int(4), Some(7));
        assert_eq!(params.thousandths(5), Some(1_000_000_000));
        assert_eq!(params.yes(6), Some(true));
        assert_eq!((params.int(11), params.int(99)), (None, None));
        assert_eq!(params.within(0, 1, 10), None);
    }

    #[test]
    fn lengths_scale_by_the_exact_ratio() {
        let units = |unit, up, down| Units {
            unit,
            up,
            down,
            head: Resolution::from_dpi(up),
        };
        assert_eq!(units(Unit::Dots, 300, 203).dots(812_000), 1_200);
        assert_eq!(units(Unit::Dots, 203, 203).dots(-5_000), -5);
        assert_eq!(units(Unit::Millimetres, 203, 203).dots(101_600), 812);
        assert_eq!(units(Unit::Inches, 300, 203).dots(4_000), 1_200);
        assert_eq!(
            units(Unit::Dots, 600, 203).dots(i64::from(i32::MAX)),
            32_000
        );
    }
}
