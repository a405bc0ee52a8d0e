//! Linear symbologies as ZPL writes them: ratio, check digits and start characters by the
//! command's parameters. Patterns are those of ISO/IEC 16388 (Code 39), 16390 (interleaved 2 of
//! 5), 15420 (EAN, UPC), AIM USS-93 and Codabar, USPS publication 25 (Postnet).

/// A linear symbol: runs, black first. `modules` holds widths in modules; if it is empty, `wide`
/// says which runs are wide.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Linear {
    pub symbology: &'static str,
    pub modules: Vec<u8>,
    pub wide: Vec<bool>,
    /// The line under the bars.
    pub text: String,
    /// What a scanner reports; empty where no scanner of ours reads the symbology.
    pub data: String,
}

/// Longest field.
const CHARS_MAX: usize = 128;

/// Why a field is no such symbol.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinearError {
    #[error("there is no data")]
    Empty,
    #[error("more than {CHARS_MAX} characters")]
    Long,
    #[error("character {0:?} is not in this symbology")]
    Character(char),
    #[error("the number system must be 0 and the number one that UPC-E can shorten")]
    UpcE,
}

fn checked(text: &str) -> Result<&str, LinearError> {
    match text.chars().count() {
        0 => Err(LinearError::Empty),
        1..=CHARS_MAX => Ok(text),
        _ => Err(LinearError::Long),
    }
}

fn digits(text: &str) -> Result<Vec<u8>, LinearError> {
    let kept = checked(text)?.chars().filter(|c| *c != ' ' && *c != '-');
    let digit = |c: char| c.to_digit(10).and_then(|d| u8::try_from(d).ok());
    let digits = kept.map(|c| digit(c).ok_or(LinearError::Character(c)));
    let digits: Vec<u8> = digits.collect::<Result<_, _>>()?;
    if digits.is_empty() {
        Err(LinearError::Empty)
    } else {
        Ok(digits)
    }
}

fn shown(digits: &[u8]) -> String {
    digits.iter().map(|d| char::from(b'0' + d)).collect()
}

/// Check digit with weights 3, 1, 3 from the right.
fn check_digit(digits: &[u8]) -> u8 {
    let weighted = digits.iter().rev().zip([3_u32, 1].into_iter().cycle());
    let sum = weighted.fold(0, |sum, (d, weight)| (sum + u32::from(*d) * weight) % 10);
    u8::try_from((10 - sum) % 10).unwrap_or(0)
}

/// `n` and `w` as runs.
fn widths(pattern: &str) -> impl Iterator<Item = bool> + '_ {
    pattern.bytes().map(|b| b == b'w')
}

const CODE39: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%*";
const CODE39_PATTERNS: [&str; 44] = [
    "nnnwwnwnn",
    "wnnwnnnnw",
    "nnwwnnnnw",
    "wnwwnnnnn",
    "nnnwwnnnw",
    "wnnwwnnnn",
    "nnwwwnnnn",
    "nnnwnnwnw",
    "wnnwnnwnn",
    "nnwwnnwnn",
    "wnnnnwnnw",
    "nnwnnwnnw",
    "wnwnnwnnn",
    "nnnnwwnnw",
    "wnnnwwnnn",
    "nnwnwwnnn",
    "nnnnnwwnw",
    "wnnnnwwnn",
    "nnwnnwwnn",
    "nnnnwwwnn",
    "wnnnnnnww",
    "nnwnnnnww",
    "wnwnnnnwn",
    "nnnnwnnww",
    "wnnnwnnwn",
    "nnwnwnnwn",
    "nnnnnnwww",
    "wnnnnnwwn",
    "nnwnnnwwn",
    "nnnnwnwwn",
    "wwnnnnnnw",
    "nwwnnnnnw",
    "wwwnnnnnn",
    "nwnnwnnnw",
    "wwnnwnnnn",
    "nwwnwnnnn",
    "nwnnnnwnw",
    "wwnnnnwnn",
    "nwwnnnwnn",
    "nwnwnwnnn",
    "nwnwnnnwn",
    "nwnnnwnwn",
    "nnnwnwnwn",
    "nwnnwnwnn",
];

/// `^B3`. Lower case becomes upper case; asterisks are put around.
///
/// # Errors
/// [`LinearError`].
pub fn code39(text: &str, check: bool) -> Result<Linear, LinearError> {
    let text = checked(text.trim_matches('*'))?.to_ascii_uppercase();
    let place = |c: char| CODE39.find(c).ok_or(LinearError::Character(c));
    let places: Vec<usize> = text.chars().map(place).collect::<Result<_, _>>()?;
    let mut data = text;
    if check {
        let at = places.iter().sum::<usize>() % 43;
        data.extend(CODE39.chars().nth(at));
    }
    let mut wide = Vec::new();
    for c in ['*'].into_iter().chain(data.chars()).chain(['*']) {
        if !wide.is_empty() {
            wide.push(false);
        }
        wide.extend(widths(CODE39_PATTERNS[place(c)?]));
    }
    Ok(Linear {
        symbology: "code39",
        modules: Vec::new(),
        wide,
        text: format!("*{data}*"),
        data,
    })
}

/// Code 93's characters in the order of Code 39, then the four shifts and the start.
const CODE93_PATTERNS: [&[u8; 6]; 48] = [
    b"131112", b"111213", b"111312", b"111411", b"121113", b"121212", b"121311", b"111114",
    b"131211", b"141111", b"211113", b"211212", b"211311", b"221112", b"221211", b"231111",
    b"112113", b"112212", b"112311", b"122112", b"132111", b"111123", b"111222", b"111321",
    b"121122", b"131121", b"212112", b"212211", b"211122", b"211221", b"221121", b"222111",
    b"112122", b"112221", b"122121", b"123111", b"121131", b"311112", b"311211", b"321111",
    b"112131", b"113121", b"211131", b"121221", b"312111", b"311121", b"122211", b"111141",
];

/// `^BA`.
///
/// # Errors
/// [`LinearError`].
pub fn code93(text: &str) -> Result<Linear, LinearError> {
    let data = checked(text)?.to_ascii_uppercase();
    let place = |c: char| {
        let at = CODE39.find(c).filter(|_| c != '*');
        at.ok_or(LinearError::Character(c))
    };
    let mut values: Vec<usize> = data.chars().map(place).collect::<Result<_, _>>()?;
    for limit in [20, 15] {
        let weights = (1..=limit).cycle();
        let sum: usize = values.iter().rev().zip(weights).map(|(v, w)| v * w).sum();
        values.push(sum % 47);
    }
    let mut modules = Vec::new();
    for value in [47].into_iter().chain(values).chain([47]) {
        modules.extend(CODE93_PATTERNS[value].iter().map(|w| w - b'0'));
    }
    modules.push(1);
    Ok(Linear {
        symbology: "code93",
        modules,
        wide: Vec::new(),
        text: data.clone(),
        data,
    })
}

const TWO_OF_FIVE: [&str; 10] = [
    "nnwwn", "wnnnw", "nwnnw", "wwnnn", "nnwnw", "wnwnn", "nwwnn", "nnnww", "wnnwn", "nwnwn",
];

/// `^B2`. An odd number of digits gets a leading 0.
///
/// # Errors
/// [`LinearError`].
pub fn interleaved(text: &str, check: bool) -> Result<Linear, LinearError> {
    let mut digits = digits(text)?;
    if check {
        digits.push(check_digit(&digits));
    }
    if !digits.len().is_multiple_of(2) {
        digits.insert(0, 0);
    }
    let mut wide = vec![false; 4];
    for pair in digits.chunks_exact(2) {
        let bars = widths(TWO_OF_FIVE[usize::from(pair[0])]);
        let spaces = widths(TWO_OF_FIVE[usize::from(pair[1])]);
        wide.extend(bars.zip(spaces).flat_map(|(bar, space)| [bar, space]));
    }
    wide.extend([true, false, false]);
    let text = shown(&digits);
    Ok(Linear {
        symbology: "itf",
        modules: Vec::new(),
        wide,
        data: text.clone(),
        text,
    })
}

/// `^BI`: industrial 2 of 5, data in the bars only.
///
/// # Errors
/// [`LinearError`].
pub fn industrial(text: &str) -> Result<Linear, LinearError> {
    let digits = digits(text)?;
    let mut wide: Vec<bool> = widths("wnwnnn").collect();
    for digit in &digits {
        let bars = widths(TWO_OF_FIVE[usize::from(*digit)]);
        wide.extend(bars.flat_map(|bar| [bar, false]));
    }
    wide.extend(widths("wnnnw"));
    Ok(Linear {
        symbology: "industrial25",
        modules: Vec::new(),
        wide,
        text: shown(&digits),
        data: String::new(),
    })
}

const CODABAR: &str = "0123456789-$:/.+ABCD";
const CODABAR_PATTERNS: [&str; 20] = [
    "nnnnnww", "nnnnwwn", "nnnwnnw", "wwnnnnn", "nnwnnwn", "wnnnnwn", "nwnnnnw", "nwnnwnn",
    "nwwnnnn", "wnnwnnn", "nnnwwnn", "nnwwnnn", "wnnnwnw", "wnwnnnw", "wnwnwnn", "nnwnwnw",
    "nnwwnwn", "nwnwnnw", "nnnwnww", "nnnwwwn",
];

/// `^BK`, with its start and stop characters.
///
/// # Errors
/// [`LinearError`].
pub fn codabar(text: &str, start: u8, stop: u8) -> Result<Linear, LinearError> {
    let letter = |byte: u8| {
        if matches!(byte, b'A'..=b'D') {
            char::from(byte)
        } else {
            'A'
        }
    };
    let body = checked(text)?.to_ascii_uppercase();
    let full = format!("{}{body}{}", letter(start), letter(stop));
    let mut wide = Vec::new();
    for c in full.chars() {
        let at = CODABAR.find(c).ok_or(LinearError::Character(c))?;
        if !wide.is_empty() {
            wide.push(false);
        }
        wide.extend(widths(CODABAR_PATTERNS[at]));
    }
    Ok(Linear {
        symbology: "codabar",
        modules: Vec::new(),
        wide,
        text: full,
        data: body,
    })
}

const EAN_LEFT: [&[u8; 4]; 10] = [
    b"3211", b"2221", b"2122", b"1411", b"1132", b"1231", b"1114", b"1312", b"1213", b"3112",
];
/// Which of the left digits are mirrored for the first digit of an EAN-13.
const EAN13_MIRRORED: [u8; 10] = [
    0, 0b001_011, 0b001_101, 0b001_110, 0b010_011, 0b011_001, 0b011_100, 0b010_101, 0b010_110,
    0b011_010,
];
/// And for the check digit of a UPC-E.
const UPCE_MIRRORED: [u8; 10] = [
    0b111_000, 0b110_100, 0b110_010, 0b110_001, 0b101_100, 0b100_110, 0b100_011, 0b101_010,
    0b101_001, 0b100_101,
];

fn ean_digits(digits: &[u8], mirrored: u8, modules: &mut Vec<u8>) {
    for (at, digit) in digits.iter().enumerate() {
        let pattern = EAN_LEFT[usize::from(*digit)].iter().map(|w| w - b'0');
        if mirrored >> (digits.len() - 1 - at) & 1 == 1 {
            modules.extend(pattern.rev());
        } else {
            modules.extend(pattern);
        }
    }
}

/// Digits brought to `length` with leading zeros or by cutting the end, then the check digit.
fn fixed(text: &str, length: usize) -> Result<Vec<u8>, LinearError> {
    let mut digits = digits(text)?;
    digits.truncate(length);
    while digits.len() < length {
        digits.insert(0, 0);
    }
    digits.push(check_digit(&digits));
    Ok(digits)
}

fn ean(left: &[u8], mirrored: u8, right: &[u8]) -> Vec<u8> {
    let mut modules = vec![1, 1, 1];
    ean_digits(left, mirrored, &mut modules);
    modules.extend([1; 5]);
    ean_digits(right, 0, &mut modules);
    modules.extend([1, 1, 1]);
    modules
}

fn retail(symbology: &'static str, modules: Vec<u8>, digits: &[u8]) -> Linear {
    let text = shown(digits);
    Linear {
        symbology,
        modules,
        wide: Vec::new(),
        data: text.clone(),
        text,
    }
}

/// `^BE`: 12 digits, the 13th is calculated.
///
/// # Errors
/// [`LinearError`].
pub fn ean13(text: &str) -> Result<Linear, LinearError> {
    let digits = fixed(text, 12)?;
    let mirrored = EAN13_MIRRORED[usize::from(digits[0])];
    let modules = ean(&digits[1..7], mirrored, &digits[7..]);
    Ok(retail("ean13", modules, &digits))
}

/// `^B8`: 7 digits, the 8th is calculated.
///
/// # Errors
/// [`LinearError`].
pub fn ean8(text: &str) -> Result<Linear, LinearError> {
    let digits = fixed(text, 7)?;
    let modules = ean(&digits[..4], 0, &digits[4..]);
    Ok(retail("ean8", modules, &digits))
}

/// `^BU`: 11 digits, the 12th is calculated.
///
/// # Errors
/// [`LinearError`].
pub fn upca(text: &str) -> Result<Linear, LinearError> {
    let digits = fixed(text, 11)?;
    let modules = ean(&digits[..6], 0, &digits[6..]);
    Ok(retail("upca", modules, &digits))
}

/// `^B9`: ten digits (manufacturer and product, as ZPL wants them) or the six already shortened.
///
/// # Errors
/// [`LinearError`].
pub fn upce(text: &str) -> Result<Linear, LinearError> {
    let digits = digits(text)?;
    let short: [u8; 6] = match digits.as_slice() {
        [a, b, c, d, e, f] => [*a, *b, *c, *d, *e, *f],
        [0, ten @ ..] if ten.len() == 10 => shorten(ten)?,
        ten if ten.len() == 10 => shorten(ten)?,
        _ => return Err(LinearError::UpcE),
    };
    let [a, b, c, d, e, f] = short;
    let long = match f {
        0..=2 => [0, a, b, f, 0, 0, 0, 0, c, d, e],
        3 => [0, a, b, c, 0, 0, 0, 0, 0, d, e],
        4 => [0, a, b, c, d, 0, 0, 0, 0, 0, e],
        _ => [0, a, b, c, d, e, 0, 0, 0, 0, f],
    };
    let check = check_digit(&long);
    let mut modules = vec![1, 1, 1];
    ean_digits(&short, UPCE_MIRRORED[usize::from(check)], &mut modules);
    modules.extend([1; 6]);
    let text = format!("0{}{check}", shown(&short));
    Ok(Linear {
        symbology: "upce",
        modules,
        wide: Vec::new(),
        data: text.clone(),
        text,
    })
}

/// Five digits of manufacturer and five of product as UPC-E's six.
fn shorten(ten: &[u8]) -> Result<[u8; 6], LinearError> {
    Ok(match *ten {
        [a, b, c @ 0..=2, 0, 0, 0, 0, p, q, r] => [a, b, p, q, r, c],
        [a, b, c, 0, 0, 0, 0, 0, q, r] => [a, b, c, q, r, 3],
        [a, b, c, d, 0, 0, 0, 0, 0, r] => [a, b, c, d, r, 4],
        [a, b, c, d, e, 0, 0, 0, 0, r @ 5..=9] => [a, b, c, d, e, r],
        _ => return Err(LinearError::UpcE),
    })
}

const POSTNET: [u8; 10] = [
    0b11000, 0b00011, 0b00101, 0b00110, 0b01001, 0b01010, 0b01100, 0b10001, 0b10010, 0b10100,
];

/// `^BZ` for Postnet (or Planet, its inverse): true for a tall bar, frame bars included.
///
/// # Errors
/// [`LinearError`].
pub fn postnet(text: &str, planet: bool) -> Result<(Vec<bool>, String), LinearError> {
    let mut digits = digits(text)?;
    let sum: u32 = digits.iter().map(|d| u32::from(*d)).sum();
    digits.push(u8::try_from((10 - sum % 10) % 10).unwrap_or(0));
    let mut bars = vec![true];
    for digit in &digits {
        let pattern = POSTNET[usize::from(*digit)];
        bars.extend((0..5).rev().map(|bit| (pattern >> bit & 1 == 1) != planet));
    }
    bars.push(true);
    digits.pop();
    Ok((bars, shown(&digits)))
}

impl Linear {
    /// Widths of the runs in dots. Wide ones are the ratio (in tenths) of a module, cut to whole
    /// dots as printers do.
    pub fn runs(&self, module: i32, ratio_tenths: i32) -> Vec<i32> {
        let wide = (module * ratio_tenths / 10).max(module + 1);
        let widths = self
            .modules
            .iter()
            .map(|modules| i32::from(*modules) * module);
        let ratio = self.wide.iter().map(|is| if *is { wide } else { module });
        widths.chain(ratio).collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use barcoders::sym::code39::Code39;
    use barcoders::sym::ean8::EAN8;
    use barcoders::sym::ean13::EAN13;
    use barcoders::sym::tf::TF;

    fn dots(linear: &Linear, ratio: i32) -> Vec<u8> {
        let runs = linear
            .runs(1, ratio)
            .into_iter()
            .zip([1_u8, 0].into_iter().cycle());
        runs.flat_map(|(width, black)| std::iter::repeat_n(black, width.unsigned_abs() as usize))
            .collect()
    }

    #[test]
    fn bars_are_those_of_another_encoder() {
        let all = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";
        let ours = code39(all, false).unwrap();
        assert_eq!(dots(&ours, 20), Code39::new(all).unwrap().encode());
        let ours = code39("CODE39", true).unwrap();
        assert_eq!(ours.data, "CODE39W");
        let ours = interleaved("123456789", true).unwrap();
        assert_eq!(ours.data, "1234567895");
        // The other encoder's stop pattern is 2:1 whatever the rest is.
        let (ours, other) = (
            dots(&ours, 30),
            TF::interleaved("1234567895").unwrap().encode(),
        );
        assert_eq!(ours[..ours.len() - 5], other[..other.len() - 4]);
        for first in 0..10 {
            let data = format!("{first}90123412345");
            let other = EAN13::new(&data).unwrap().encode();
            assert_eq!(dots(&ean13(&data).unwrap(), 20), other, "{data}");
        }
        let other = EAN8::new("1234567").unwrap().encode();
        assert_eq!(dots(&ean8("1234567").unwrap(), 20), other);
        let twelve = ean13("003600029145").unwrap();
        let upca = upca("03600029145").unwrap();
        assert_eq!(
            (upca.data.as_str(), &upca.modules),
            ("036000291452", &twelve.modules)
        );
    }

    #[test]
    fn short_upc_comes_from_long_and_back() {
        assert_eq!(upce("1230000045").unwrap().text, "01234531");
        assert_eq!(upce("654321").unwrap().text, "06543217");
        assert_eq!(upce("1234567890"), Err(LinearError::UpcE));
        assert_eq!(upce("654321").unwrap().modules.iter().sum::<u8>(), 51);
    }

    #[test]
    fn other_symbols_have_their_length() {
        assert_eq!(codabar("40156", b'A', b'B').unwrap().wide.len(), 7 * 8 - 1);
        assert_eq!(
            code93("TEST93")
                .unwrap()
                .modules
                .iter()
                .map(|w| u32::from(*w))
                .sum::<u32>(),
            91
        );
        let (bars, text) = postnet("55555-1237", false).unwrap();
        assert_eq!((bars.len(), text.as_str()), (52, "555551237"));
        assert!(code39("ä", false).is_err() && interleaved("12x", false).is_err());
    }
}
