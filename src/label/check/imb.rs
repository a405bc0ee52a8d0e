//! Reads Intelligent Mail barcodes (USPS-B-3200): 65 bars of four heights. `rxing` has no reader
//! for them. This one is of other descent than the encoder: it measures bars and inverts every
//! step, so that the 11-bit check sequence decides.

use super::bits::Sheet;

/// Bars of the symbol.
const BARS: usize = 65;
/// For each bar: character (A = 0) and bit of its descender, then of its ascender (the standard's
/// bar to character mapping).
const BAR_BITS: [[(u8, u8); 2]; BARS] = [
    [(7, 2), (4, 3)],
    [(1, 10), (0, 0)],
    [(9, 12), (2, 8)],
    [(5, 5), (6, 11)],
    [(8, 9), (3, 1)],
    [(0, 1), (5, 12)],
    [(2, 5), (1, 8)],
    [(4, 4), (9, 11)],
    [(6, 3), (8, 10)],
    [(3, 9), (7, 6)],
    [(5, 11), (1, 4)],
    [(8, 5), (2, 12)],
    [(9, 10), (0, 2)],
    [(7, 1), (6, 7)],
    [(3, 6), (4, 9)],
    [(0, 3), (8, 6)],
    [(6, 4), (2, 7)],
    [(1, 1), (9, 9)],
    [(7, 10), (5, 2)],
    [(4, 0), (3, 8)],
    [(6, 2), (0, 4)],
    [(8, 11), (1, 0)],
    [(9, 8), (3, 12)],
    [(2, 6), (7, 7)],
    [(5, 1), (4, 10)],
    [(1, 12), (6, 9)],
    [(7, 3), (8, 0)],
    [(5, 8), (9, 7)],
    [(4, 6), (2, 10)],
    [(3, 4), (0, 5)],
    [(8, 4), (5, 7)],
    [(7, 11), (1, 9)],
    [(6, 0), (9, 6)],
    [(0, 6), (4, 8)],
    [(2, 1), (3, 2)],
    [(5, 9), (8, 12)],
    [(4, 11), (6, 1)],
    [(9, 5), (7, 4)],
    [(3, 3), (1, 2)],
    [(0, 7), (2, 0)],
    [(1, 3), (4, 1)],
    [(6, 10), (3, 5)],
    [(8, 7), (9, 4)],
    [(2, 11), (5, 6)],
    [(0, 8), (7, 12)],
    [(4, 2), (8, 1)],
    [(5, 10), (3, 0)],
    [(9, 3), (0, 9)],
    [(6, 5), (2, 4)],
    [(7, 8), (1, 7)],
    [(5, 0), (4, 5)],
    [(2, 3), (0, 10)],
    [(6, 12), (9, 2)],
    [(3, 11), (1, 6)],
    [(8, 8), (7, 9)],
    [(5, 4), (0, 11)],
    [(1, 5), (2, 2)],
    [(9, 1), (4, 12)],
    [(8, 3), (6, 6)],
    [(7, 0), (3, 7)],
    [(4, 7), (7, 5)],
    [(0, 12), (1, 11)],
    [(2, 9), (9, 0)],
    [(6, 8), (5, 3)],
    [(3, 10), (8, 2)],
];

/// Characters with five of thirteen bits set, and how many there are.
const FIVE: u16 = 1_287;
const CODEWORDS: u128 = 1_365;
/// The last codeword runs to 635 only.
const LAST_CODEWORDS: u128 = 636;
/// Smallest values with 5, 9 and 11 digits of routing code.
const ZIP: u128 = 1;
const ZIP_4: u128 = 100_001;
const DELIVERY_POINT: u128 = 1_000_100_001;

/// One bar's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bar {
    pub ascender: bool,
    pub descender: bool,
}

/// Reads a symbol that stands upright and alone on `sheet`, either way up. The answer is the 20
/// digits of the tracking code and 0, 5, 9 or 11 of the routing code.
pub fn read(sheet: &Sheet) -> Option<String> {
    let bars = bars(sheet)?;
    decode(&bars).or_else(|| {
        let over = bars.iter().rev().map(|bar| Bar {
            ascender: bar.descender,
            descender: bar.ascender,
        });
        decode(&over.collect::<Vec<_>>())
    })
}

/// The states of 65 bars. None unless there are just as many.
fn bars(sheet: &Sheet) -> Option<Vec<Bar>> {
    let columns = columns(sheet);
    if columns.len() != BARS {
        return None;
    }
    let inked = |y: &usize| sheet.ink(*y, 0, sheet.width()) > 0;
    let top = (0..sheet.height()).find(inked)?;
    let bottom = (0..sheet.height()).rev().find(inked)? + 1;
    // The tracker is the middle third, with a bar's edge half-way between it and the ends.
    let height = bottom - top;
    let high = top + height / 6;
    let low = bottom - 1 - height / 6;
    let most = |y: usize, (left, right): (usize, usize)| {
        sheet.ink(y, left, right) as usize * 2 > right - left
    };
    let middle = top + height / 2;
    let bar = |column: &(usize, usize)| {
        most(middle, *column).then(|| Bar {
            ascender: most(high, *column),
            descender: most(low, *column),
        })
    };
    columns.iter().map(bar).collect()
}

/// Left and right of each stretch of columns with ink.
fn columns(sheet: &Sheet) -> Vec<(usize, usize)> {
    let all = sheet.flat();
    let mut runs = Vec::new();
    all.runs(0, 0, all.width(), &mut runs);
    let mut black = all.get(0, 0);
    let mut x = 0;
    let mut columns = Vec::new();
    for run in runs {
        if black {
            columns.push((x, x + run));
        }
        (x, black) = (x + run, !black);
    }
    columns
}

/// Bars to digits; None if the check sequence is wrong.
fn decode(bars: &[Bar]) -> Option<String> {
    let mut characters = [0_u16; 10];
    for (bar, [descender, ascender]) in bars.iter().zip(BAR_BITS) {
        let set = [(bar.descender, descender), (bar.ascender, ascender)];
        for (_, (character, bit)) in set.into_iter().filter(|(black, _)| *black) {
            characters[usize::from(character)] |= 1 << bit;
        }
    }
    let mut check = 0_u16;
    let mut codewords = [0_u16; 10];
    for (at, (character, codeword)) in characters.iter().zip(&mut codewords).enumerate() {
        let inverted = character.count_ones() > 6;
        check |= u16::from(inverted) << at;
        let plain = if inverted {
            !character & 0x1FFF
        } else {
            *character
        };
        *codeword = match plain.count_ones() {
            5 => rank(plain, 5)?,
            2 => FIVE + rank(plain, 2)?,
            _ => return None,
        };
    }
    // The first codeword also says the highest bit of the check sequence, the last is doubled.
    if codewords[0] > 658 {
        check |= 1 << 10;
        codewords[0] -= 659;
    }
    if codewords[9] % 2 != 0 {
        return None;
    }
    codewords[9] /= 2;
    let mut value = u128::from(codewords[0]);
    for codeword in &codewords[1..9] {
        value = value * CODEWORDS + u128::from(*codeword);
    }
    value = value * LAST_CODEWORDS + u128::from(codewords[9]);
    (value >> 102 == 0 && crc(value) == check).then(|| digits(value))?
}

/// Number of a character among those with `ones` bits set: the standard numbers them upwards,
/// each with its mirror image, and the palindromes from the end.
fn rank(character: u16, ones: u32) -> Option<u16> {
    let total = if ones == 5 { FIVE } else { 78 };
    let (mut low, mut high) = (0, total);
    for candidate in 0..8_192_u16 {
        if candidate.count_ones() != ones {
            continue;
        }
        let mirror = candidate.reverse_bits() >> 3;
        if mirror < candidate {
            continue;
        }
        if mirror == candidate {
            high -= 1;
            if candidate == character {
                return Some(high);
            }
            continue;
        }
        if candidate == character {
            return Some(low);
        }
        if mirror == character {
            return Some(low + 1);
        }
        low += 2;
    }
    None
}

/// 11-bit check sequence over 102 bits, generator 0xF35.
fn crc(value: u128) -> u16 {
    let mut check = 0x7FF_u16;
    for bit in (0..102).rev() {
        let data = u16::from(value >> bit & 1 == 1);
        let high = check >> 10 & 1;
        check = check << 1 & 0x7FF;
        if high != data {
            check ^= 0x735;
        }
    }
    check
}

/// Tracking code and routing code of a value.
fn digits(mut value: u128) -> Option<String> {
    let mut tracking = [0_u8; 20];
    for (at, digit) in tracking.iter_mut().enumerate().rev() {
        // The second digit is 0 to 4 only.
        let base = if at == 1 { 5 } else { 10 };
        *digit = b'0' + u8::try_from(value % base).ok()?;
        value /= base;
    }
    let tracking = String::from_utf8_lossy(&tracking);
    Some(match value {
        0 => tracking.into_owned(),
        ZIP..ZIP_4 => format!("{tracking}{:05}", value - ZIP),
        ZIP_4..DELIVERY_POINT => format!("{tracking}{:09}", value - ZIP_4),
        _ if value - DELIVERY_POINT < 100_000_000_000 => {
            format!("{tracking}{:011}", value - DELIVERY_POINT)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The specification's example: 01234567094987654321 with four kinds of routing code.
    const EXAMPLES: [(&str, &str); 4] = [
        (
            "01234567094987654321",
            "ATTFATTDTTADTAATTDTDTATTDAFDDFADFDFTFFFFFTATFAAAATDFFTDAADFTFDTDT",
        ),
        (
            "0123456709498765432101234",
            "DTTAFADDTTFTDTFTFDTDDADADAFADFATDDFTAAAFDTTADFAAATDFDTDFADDDTDFFT",
        ),
        (
            "01234567094987654321012345678",
            "ADFTTAFDTTTTFATTADTAAATFTFTATDAAAFDDADATATDTDTTDFDTDATADADTDFFTFA",
        ),
        (
            "0123456709498765432101234567891",
            "AADTFFDFTDADTAADAATFDTDDAAADDTDTTDAFADADDDTFFFDDTTTADFAAADFTDAADA",
        ),
    ];

    fn bars_of(letters: &str) -> Vec<Bar> {
        let bar = |letter| Bar {
            ascender: matches!(letter, 'A' | 'F'),
            descender: matches!(letter, 'D' | 'F'),
        };
        letters.chars().map(bar).collect()
    }

    #[test]
    fn every_bit_has_one_bar() {
        let mut seen = [0_u16; 10];
        for (character, bit) in BAR_BITS.into_iter().flatten() {
            assert_eq!(seen[usize::from(character)] >> bit & 1, 0);
            seen[usize::from(character)] |= 1 << bit;
        }
        assert_eq!(seen, [0x1FFF; 10]);
    }

    #[test]
    fn published_examples() {
        for (digits, letters) in EXAMPLES {
            assert_eq!(decode(&bars_of(letters)).as_deref(), Some(digits));
        }
    }

    #[test]
    fn one_wrong_bar_is_refused() {
        for (_, letters) in EXAMPLES {
            for at in 0..BARS {
                let mut bars = bars_of(letters);
                bars[at].ascender = !bars[at].ascender;
                assert_eq!(decode(&bars), None, "{at}");
            }
        }
    }

    /// Draws bars 3 dots wide, 6 apart, 24 high and reads them, both ways up.
    #[test]
    fn drawn_bars_read() {
        for (digits, letters) in EXAMPLES {
            let mut page = firstscan_drivers::bitmap::Bitmap::new(420, 40).unwrap();
            for (at, bar) in (0..).zip(bars_of(letters)) {
                let top = if bar.ascender { 8 } else { 16 };
                let bottom = if bar.descender { 32 } else { 24 };
                page.fill_rect(12 + at * 6, top, 3, bottom - top, true);
            }
            let sheet = Sheet::from_view(&page.view());
            assert_eq!(read(&sheet).as_deref(), Some(digits));
            assert_eq!(read(&sheet.turned_by(2)).as_deref(), Some(digits));
        }
    }
}
