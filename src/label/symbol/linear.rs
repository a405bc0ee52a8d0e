//! Linear symbologies other than Code 128. `barcoders` encodes what it does right (Code 39, ITF,
//! EAN); its tables for Codabar `+` and the check characters of Code 93 are wrong, so these two
//! are encoded here.

use barcoders::sym::code39::Code39;
use barcoders::sym::ean8::EAN8;
use barcoders::sym::ean13::EAN13;
use barcoders::sym::tf::TF;

use super::gs1::mod10;
use super::{Bearer, Encoded, Options, Quiet, Shape, SymbolError, digits, length, only};

/// Longest data of the symbologies without a length of their own.
const CHARS_MAX: usize = 48;
const CODE39_CHARS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%";

/// Runs of equal modules, black first.
fn runs(modules: &[u8]) -> Vec<u8> {
    let trimmed = match modules.iter().position(|module| *module == 1) {
        Some(start) => &modules[start..],
        None => &[],
    };
    let run = |run: &[u8]| u8::try_from(run.len()).unwrap_or(u8::MAX);
    trimmed.chunk_by(|a, b| a == b).map(run).collect()
}

/// The same for codes of narrow and wide elements.
fn two_width(modules: &[u8], bearer: Bearer) -> Shape {
    let wide = runs(modules).into_iter().map(|run| run > 1).collect();
    Shape::TwoWidth { wide, bearer }
}

fn refused(error: &impl std::fmt::Display) -> SymbolError {
    SymbolError::Encoder(error.to_string())
}

/// Code 39 (ISO/IEC 16388).
pub(super) fn code39(data: &str, options: &Options) -> Result<Encoded, SymbolError> {
    let pairs = in_pairs(data, options, ['$', '%', '/', '+'])?;
    let code = if options.check_digit == Some(true) {
        Code39::with_checksum(&pairs)
    } else {
        Code39::new(&pairs)
    };
    let modules = code.map_err(|e| refused(&e))?.encode();
    let mut read = data.to_owned();
    if options.check_digit == Some(true) {
        let value = |c: char| CODE39_CHARS.find(c).unwrap_or(0);
        let sum: usize = pairs.chars().map(value).sum();
        read.extend(CODE39_CHARS.chars().nth(sum % 43));
    }
    Ok(Encoded {
        shape: two_width(&modules, Bearer::None),
        quiet: Quiet::sides(10),
        text: format!("*{read}*"),
        data: read,
    })
}

/// The data in characters of Code 39; with `full_ascii`, others by a shift and a letter.
fn in_pairs(
    data: &str,
    options: &Options,
    [dollar, percent, slash, plus]: [char; 4],
) -> Result<String, SymbolError> {
    length(data, CHARS_MAX)?;
    if !options.full_ascii {
        let allowed = "0-9, A-Z, blank and -.$/+%, or full_ascii = true";
        only(data, allowed, |c| CODE39_CHARS.contains(c))?;
        return Ok(data.to_owned());
    }
    only(data, "ASCII", |c| c.is_ascii())?;
    let letter = |from: u8, base: u8, to: u8| char::from(from - base + to);
    let mut pairs = String::new();
    for byte in data.bytes() {
        let c = char::from(byte);
        let (shift, other) = match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'-' | b'.' | b' ' => {
                pairs.push(c);
                continue;
            }
            // Code 93 has shifts of its own, so these stand for themselves.
            b'$' | b'%' | b'/' | b'+' if dollar != '$' => {
                pairs.push(c);
                continue;
            }
            0 => (percent, 'U'),
            1..=26 => (dollar, letter(byte, 1, b'A')),
            27..=31 => (percent, letter(byte, 27, b'A')),
            b'!'..=b'/' => (slash, letter(byte, b'!', b'A')),
            b':' => (slash, 'Z'),
            b';'..=b'?' => (percent, letter(byte, b';', b'F')),
            b'@' => (percent, 'V'),
            b'['..=b'_' => (percent, letter(byte, b'[', b'K')),
            b'`' => (percent, 'W'),
            b'a'..=b'z' => (plus, letter(byte, b'a', b'A')),
            _ => (percent, letter(byte, b'{', b'P')),
        };
        pairs.extend([shift, other]);
    }
    if pairs.chars().count() > CHARS_MAX {
        let (length, max) = (pairs.chars().count(), CHARS_MAX);
        return Err(SymbolError::TooLong { length, max });
    }
    Ok(pairs)
}

/// Nine modules of each character, highest bit first; the last four are the shifts, then start.
const CODE93: [u16; 48] = [
    0x114, 0x148, 0x144, 0x142, 0x128, 0x124, 0x122, 0x150, 0x112, 0x10A, 0x1A8, 0x1A4, 0x1A2,
    0x194, 0x192, 0x18A, 0x168, 0x164, 0x162, 0x134, 0x11A, 0x158, 0x14C, 0x146, 0x12C, 0x116,
    0x1B4, 0x1B2, 0x1AC, 0x1A6, 0x196, 0x19A, 0x16C, 0x166, 0x136, 0x13A, 0x12E, 0x1D4, 0x1D2,
    0x1CA, 0x16E, 0x176, 0x1AE, 0x126, 0x1DA, 0x1D6, 0x132, 0x15E,
];
/// Stand for the four shifts inside this file.
const SHIFTS: [char; 4] = ['\u{1}', '\u{2}', '\u{3}', '\u{4}'];

/// Code 93 with its two check characters.
pub(super) fn code93(data: &str, options: &Options) -> Result<Encoded, SymbolError> {
    let pairs = in_pairs(data, options, SHIFTS)?;
    let value = |c: char| match SHIFTS.iter().position(|shift| *shift == c) {
        Some(at) => 43 + at,
        None => CODE39_CHARS.find(c).unwrap_or(0),
    };
    let mut values: Vec<usize> = pairs.chars().map(value).collect();
    for weights in [20, 15] {
        let weighted = values.iter().rev().zip((1..=weights).cycle());
        let sum: usize = weighted.map(|(value, weight)| value * weight).sum();
        values.push(sum % 47);
    }
    let mut modules = Vec::with_capacity((values.len() + 2) * 9 + 1);
    for value in [47].into_iter().chain(values).chain([47]) {
        modules.extend(
            (0..9)
                .rev()
                .map(|bit| u8::from(CODE93[value] >> bit & 1 == 1)),
        );
    }
    modules.push(1);
    Ok(Encoded {
        shape: Shape::Linear(runs(&modules)),
        quiet: Quiet::sides(10),
        text: data.to_owned(),
        data: data.to_owned(),
    })
}

/// Interleaved 2 of 5 (ISO/IEC 16390).
pub(super) fn itf(data: &str, options: &Options) -> Result<Encoded, SymbolError> {
    length(data, CHARS_MAX)?;
    digits(data)?;
    let mut data = data.to_owned();
    if options.check_digit == Some(true) {
        data.push(mod10(&data));
    }
    if data.len() % 2 == 1 {
        let wanted = "an even number is needed: put a 0 in front";
        let length = data.len();
        return Err(SymbolError::Length { length, wanted });
    }
    interleaved(data, options.bearer.unwrap_or(Bearer::None))
}

fn interleaved(data: String, bearer: Bearer) -> Result<Encoded, SymbolError> {
    let modules = TF::interleaved(&data).map_err(|e| refused(&e))?.encode();
    Ok(Encoded {
        shape: two_width(&modules, bearer),
        quiet: Quiet::sides(10),
        text: data.clone(),
        data,
    })
}

/// ITF-14: a GTIN of 14 digits, between bearer bars.
pub(super) fn itf14(data: &str, options: &Options) -> Result<Encoded, SymbolError> {
    let data = with_check(data, 14, "ITF-14 takes 13, or 14 with the check digit")?;
    let mut encoded = interleaved(data, options.bearer.unwrap_or(Bearer::Bars))?;
    let all = &encoded.data;
    encoded.text = format!("{} {} {} {}", &all[..1], &all[1..3], &all[3..8], &all[8..]);
    Ok(encoded)
}

/// Adds the check digit, or refuses a wrong one.
fn with_check(data: &str, whole: usize, wanted: &'static str) -> Result<String, SymbolError> {
    length(data, CHARS_MAX)?;
    digits(data)?;
    let body = data.get(..whole - 1);
    let (Some(body), true) = (body, data.len() <= whole) else {
        let length = data.len();
        return Err(SymbolError::Length { length, wanted });
    };
    let right = mod10(body);
    match data.chars().nth(whole - 1) {
        Some(found) if found != right => Err(SymbolError::CheckDigit { found, right }),
        _ => Ok(format!("{body}{right}")),
    }
}

/// EAN-13 (ISO/IEC 15420).
pub(super) fn ean13(data: &str) -> Result<Encoded, SymbolError> {
    let data = with_check(data, 13, "EAN-13 takes 12, or 13 with the check digit")?;
    let modules = EAN13::new(&data[..12]).map_err(|e| refused(&e))?.encode();
    Ok(Encoded {
        shape: Shape::Linear(runs(&modules)),
        quiet: Quiet {
            left: 11,
            right: 7,
            ..Quiet::default()
        },
        text: format!("{} {} {}", &data[..1], &data[1..7], &data[7..]),
        data,
    })
}

pub(super) fn ean8(data: &str) -> Result<Encoded, SymbolError> {
    let data = with_check(data, 8, "EAN-8 takes 7, or 8 with the check digit")?;
    let modules = EAN8::new(&data[..7]).map_err(|e| refused(&e))?.encode();
    Ok(Encoded {
        shape: Shape::Linear(runs(&modules)),
        quiet: Quiet::sides(7),
        text: format!("{} {}", &data[..4], &data[4..]),
        data,
    })
}

/// UPC-A: the same bars as the EAN-13 with a 0 in front.
pub(super) fn upca(data: &str) -> Result<Encoded, SymbolError> {
    let data = with_check(data, 12, "UPC-A takes 11, or 12 with the check digit")?;
    let modules = EAN13::new(format!("0{}", &data[..11]))
        .map_err(|e| refused(&e))?
        .encode();
    Ok(Encoded {
        shape: Shape::Linear(runs(&modules)),
        quiet: Quiet::sides(9),
        text: format!(
            "{} {} {} {}",
            &data[..1],
            &data[1..6],
            &data[6..11],
            &data[11..]
        ),
        data,
    })
}

/// Characters with their seven elements, bar first, 1 = wide.
const CODABAR: [(char, u8); 20] = [
    ('0', 0b000_0011),
    ('1', 0b000_0110),
    ('2', 0b000_1001),
    ('3', 0b110_0000),
    ('4', 0b001_0010),
    ('5', 0b100_0010),
    ('6', 0b010_0001),
    ('7', 0b010_0100),
    ('8', 0b011_0000),
    ('9', 0b100_1000),
    ('-', 0b000_1100),
    ('$', 0b001_1000),
    (':', 0b100_0101),
    ('/', 0b101_0001),
    ('.', 0b101_0100),
    ('+', 0b001_0101),
    ('A', 0b001_1010),
    ('B', 0b010_1001),
    ('C', 0b000_1011),
    ('D', 0b000_1110),
];

/// Codabar (EN 798). Start and stop letters are `A` and `A` unless the data brings its own.
pub(super) fn codabar(data: &str, options: &Options) -> Result<Encoded, SymbolError> {
    length(data, CHARS_MAX)?;
    let letter = |c: char| matches!(c, 'A'..='D');
    let framed = data.len() > 2 && data.starts_with(letter) && data.ends_with(letter);
    let (start, inner, stop) = if framed {
        (
            &data[..1],
            &data[1..data.len() - 1],
            &data[data.len() - 1..],
        )
    } else {
        ("A", data, "A")
    };
    only(inner, "digits and -$:/.+ between letters A to D", |c| {
        c.is_ascii_digit() || "-$:/.+".contains(c)
    })?;
    let mut inner = inner.to_owned();
    if options.check_digit == Some(true) {
        // Modulo 16 over all characters, start and stop counted; places in the table are values.
        let place = |c: char| CODABAR.iter().position(|(known, _)| *known == c);
        let letters = format!("{start}{inner}{stop}");
        let sum: usize = letters.chars().filter_map(place).sum();
        inner.extend(CODABAR.get((16 - sum % 16) % 16).map(|(letter, _)| letter));
    }
    let mut wide = Vec::new();
    for c in format!("{start}{inner}{stop}").chars() {
        let found = CODABAR.iter().find(|(known, _)| *known == c);
        let pattern = found.map_or(0, |(_, pattern)| *pattern);
        wide.extend((0..7).rev().map(|bit| pattern >> bit & 1 == 1));
        // A narrow gap between characters.
        wide.push(false);
    }
    wide.pop();
    Ok(Encoded {
        shape: Shape::TwoWidth {
            wide,
            bearer: Bearer::None,
        },
        quiet: Quiet::sides(10),
        text: inner.clone(),
        data: inner,
    })
}
