//! The only folder that knows `rxing`. Its panics on odd pictures count as "not read".

mod charset;
mod picture;

use std::panic::{AssertUnwindSafe, catch_unwind};

use rxing::aztec::AztecReader;
use rxing::common::reedsolomon::{PredefinedGenericGF, ReedSolomonDecoder};
use rxing::common::{BitArray, BitMatrix, DecoderRXingResult};
use rxing::datamatrix::decoder::Decoder as DataMatrixDecoder;
use rxing::datamatrix::detector::zxing_cpp_detector;
use rxing::maxicode::decoder as maxicode;
use rxing::oned::{
    CodaBarReader, Code39Reader, Code93Reader, Code128Reader, EAN8Reader, EAN13Reader, ITFReader,
    OneDReader, UPCAReader,
};
use rxing::pdf417::PDF417Reader;
use rxing::qrcode::QRCodeReader;
use rxing::qrcode::decoder::qrcode_decoder;
use rxing::{
    BinaryBitmap, DecodeHints, Point, RXingResult, RXingResultMetadataType,
    RXingResultMetadataValue, Reader,
};

use super::bits::Sheet;
use crate::label::symbol::Symbology;
use picture::Picture;

pub use charset::utf8;

/// What the reader puts in front of Code 128 data that starts with FNC1.
const GS1_PREFIX: &str = "]C1";
/// Value of FNC1.
const CODE_128_FNC1: u8 = 102;
/// The codeword that announces a character set.
const DATA_MATRIX_ECI: u8 = 241;
/// Shortest data believed of symbologies without a check digit, if nothing says they are there.
const UNCHECKED_CHARS_MIN: usize = 6;
/// Start and stop letters and digits of Codabar in the reader's own order.
const CODABAR: &str = "0123456789-$:/.+ABCD";
/// Code words of a MaxiCode: the primary message with its check words, then the secondary.
const MAXICODE_PRIMARY: usize = 20;
const MAXICODE_WORDS: usize = 144;

/// White put around a row before it is read, whole words: readers want a quiet zone, and whether
/// there is one is measured elsewhere.
pub const MARGIN: usize = 128;

/// What a row of bars says.
#[derive(Debug)]
pub struct Bars {
    pub symbology: Symbology,
    pub data: String,
    /// Columns inside the first and the last character.
    pub from: i32,
    pub to: i32,
}

/// What a matrix says.
#[derive(Debug)]
pub struct Matrix {
    pub symbology: Symbology,
    pub data: String,
    /// Corners or points near them, dots.
    pub points: Vec<(i32, i32)>,
}

/// Runs a reader that may panic.
fn guarded<T>(read: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(read)).ok()?
}

/// A row with [`MARGIN`] white dots in front of and behind it.
pub fn row(words: &[u64], width: usize) -> BitArray {
    let mut bits = BitArray::with_size(width + 2 * MARGIN);
    fill(&mut bits, words, MARGIN);
    bits
}

fn fill(bits: &mut BitArray, words: &[u64], from: usize) {
    let part = usize::BITS as usize;
    for (at, word) in words.iter().enumerate() {
        for piece in 0..64 / part {
            let start = at * 64 + piece * part;
            bits.setBulk(from + start, (word >> (piece * part)) as usize);
        }
    }
}

/// Reads a row as one symbology, from the left only.
pub fn read_bars(bits: &BitArray, symbology: Symbology) -> Option<Bars> {
    guarded(|| bars(bits, symbology))
}

fn bars(bits: &BitArray, wanted: Symbology) -> Option<Bars> {
    let hints = DecodeHints {
        AssumeGs1: Some(true),
        AllowedLengths: matches!(wanted, Symbology::Itf | Symbology::Itf14).then(|| vec![2]),
        ReturnCodabarStartEnd: Some(true),
        ..DecodeHints::default()
    };
    let read = match wanted {
        Symbology::Code128 | Symbology::Gs1_128 => Code128Reader.decode_row(0, bits, &hints),
        Symbology::Code39 => Code39Reader::new().decode_row(0, bits, &hints),
        Symbology::Code93 => Code93Reader::default().decode_row(0, bits, &hints),
        Symbology::Itf | Symbology::Itf14 => ITFReader::default().decode_row(0, bits, &hints),
        Symbology::Ean13 => EAN13Reader.decode_row(0, bits, &hints),
        Symbology::Ean8 => EAN8Reader.decode_row(0, bits, &hints),
        Symbology::UpcA => UPCAReader::default().decode_row(0, bits, &hints),
        Symbology::Codabar => CodaBarReader::default().decode_row(0, bits, &hints),
        _ => return None,
    };
    let read = read.ok()?;
    let mut text = read.getText();
    // A check character that is FNC1 is given as data.
    let codes = read.getRawBytes();
    if codes.len() > 2 && codes[codes.len() - 2] == CODE_128_FNC1 {
        text = text.strip_suffix('\u{1D}').unwrap_or(text);
    }
    let (symbology, data) = match (wanted, text.strip_prefix(GS1_PREFIX)) {
        (Symbology::Code128 | Symbology::Gs1_128, Some(rest)) => {
            (Symbology::Gs1_128, rest.to_owned())
        }
        (Symbology::Gs1_128, None) => (Symbology::Code128, text.to_owned()),
        (Symbology::Codabar, _) => (wanted, codabar(text)?),
        _ => (wanted, text.to_owned()),
    };
    let points = points(read.getPoints());
    let (from, mut to) = (points.first()?.0, points.get(1)?.0);
    if symbology == Symbology::Codabar {
        // The reader's own end is wrong. Characters have 7 elements and a gap between them.
        to = after_elements(bits, from, data.chars().count() * 8 - 1);
    }
    Some(Bars {
        symbology,
        data,
        from: from.min(to),
        to: from.max(to),
    })
}

/// The reader gives places in its table if it is asked for start and stop letters.
fn codabar(places: &str) -> Option<String> {
    let letters = CODABAR.as_bytes();
    let letter = |place: char| letters.get(place as usize).copied().map(char::from);
    places.chars().map(letter).collect()
}

/// The last column of so many elements from the bar at `from` on.
fn after_elements(bits: &BitArray, from: i32, elements: usize) -> i32 {
    let mut at = bits.getNextSet(usize::try_from(from).unwrap_or(0));
    for element in 0..elements {
        at = if element % 2 == 0 {
            bits.getNextUnset(at)
        } else {
            bits.getNextSet(at)
        };
    }
    i32::try_from(at).unwrap_or(i32::MAX) - 1
}

/// Reads a row of unknown bars, from both sides. Strong symbologies first; the weak ones only if
/// they say enough.
pub fn read_any_bars(bits: &mut BitArray) -> Option<Bars> {
    const ORDER: [Symbology; 7] = [
        Symbology::Code128,
        Symbology::Ean13,
        Symbology::Code93,
        Symbology::Code39,
        Symbology::Itf,
        Symbology::Ean8,
        Symbology::Codabar,
    ];
    for backwards in [false, true] {
        if backwards {
            bits.reverse();
        }
        for symbology in ORDER {
            let Some(mut found) = read_bars(bits, symbology) else {
                continue;
            };
            let unchecked = matches!(
                symbology,
                Symbology::Code39 | Symbology::Itf | Symbology::Codabar
            );
            if unchecked && found.data.len() < UNCHECKED_CHARS_MIN {
                continue;
            }
            if backwards {
                let last = i32::try_from(bits.get_size()).unwrap_or(i32::MAX) - 1;
                (found.from, found.to) = (last - found.to, last - found.from);
            }
            if symbology == Symbology::Ean13 && found.data.starts_with('0') {
                found.symbology = Symbology::UpcA;
                found.data.remove(0);
            }
            return Some(found);
        }
    }
    None
}

/// Modules of a matrix, row by row, to what they say.
pub fn read_modules(
    symbology: Symbology,
    columns: usize,
    rows: usize,
    black: impl Fn(usize, usize) -> bool,
) -> Option<Matrix> {
    let width = u32::try_from(columns).ok()?;
    let mut bits = BitMatrix::new(width, u32::try_from(rows).ok()?).ok()?;
    for y in 0..rows {
        for x in 0..columns {
            if black(x, y) {
                bits.set(x as u32, y as u32);
            }
        }
    }
    guarded(|| match symbology {
        Symbology::Qr | Symbology::Gs1Qr => {
            let hints = DecodeHints::default();
            let read = qrcode_decoder::decode_bitmatrix_with_hints(&bits, &hints).ok()?;
            Some(qr(&read, Vec::new()))
        }
        Symbology::DataMatrix | Symbology::Gs1DataMatrix => {
            let read = DataMatrixDecoder::new().decode(&bits).ok()?;
            Some(data_matrix(&read, Vec::new()))
        }
        Symbology::MaxiCode => Some(Matrix {
            symbology,
            data: maxi_code(&bits)?,
            points: Vec::new(),
        }),
        _ => None,
    })
}

fn qr(read: &DecoderRXingResult, points: Vec<(i32, i32)>) -> Matrix {
    // 3 and 4: FNC1 in first position, without and with a character set (ISO/IEC 18004).
    let gs1 = matches!(read.getSymbologyModifier(), 3 | 4);
    Matrix {
        symbology: if gs1 { Symbology::Gs1Qr } else { Symbology::Qr },
        data: bytes_or_text(read),
        points,
    }
}

/// Text without a stated character set is guessed by the reader; if the bytes are UTF-8, that is
/// what they are.
fn bytes_or_text(read: &DecoderRXingResult) -> String {
    if let [segment] = read.getByteSegments().as_slice()
        && let Ok(text) = std::str::from_utf8(segment)
        && !text.is_ascii()
    {
        return text.to_owned();
    }
    read.getText().to_owned()
}

/// Behind a leading ECI the reader gives some texts twice.
fn once(text: &str, codewords: &[u8]) -> String {
    let (first, second) = text.split_at_checked(text.len() / 2).unwrap_or((text, ""));
    let twice = first == second && codewords.first() == Some(&DATA_MATRIX_ECI);
    meant(if twice { first } else { text })
}

/// A text, as UTF-8 if its bytes are that.
fn meant(text: &str) -> String {
    utf8(text).unwrap_or_else(|| text.to_owned())
}

fn data_matrix(read: &DecoderRXingResult, points: Vec<(i32, i32)>) -> Matrix {
    // 2 and 5: FNC1 in first position (ISO/IEC 16022).
    let gs1 = matches!(read.getSymbologyModifier(), 2 | 5);
    let symbology = if gs1 {
        Symbology::Gs1DataMatrix
    } else {
        Symbology::DataMatrix
    };
    let text = read.getText();
    Matrix {
        symbology,
        data: once(text.strip_prefix("]d2").unwrap_or(text), read.getRawBytes()),
        points,
    }
}

/// Modes 2 to 6. The reader refuses mode 6, which is built like mode 4.
fn maxi_code(bits: &BitMatrix) -> Option<String> {
    let read = maxicode::decode_with_hints(bits, &DecodeHints::default());
    if let Ok(read) = read {
        return Some(read.getText().to_owned());
    }
    let mut words = maxicode::BitMatrixParser::new(bits).readCodewords();
    let solver = ReedSolomonDecoder::new(PredefinedGenericGF::MaxicodeField64.into());
    let mut solve = |at: &dyn Fn(usize) -> usize, count: usize, check: i32| {
        let mut part: Vec<i32> = (0..count).map(|n| i32::from(words[at(n)])).collect();
        solver.decode(&mut part, check).ok()?;
        for (n, word) in part.iter().enumerate() {
            words[at(n)] = u8::try_from(*word).ok()?;
        }
        Some(())
    };
    let half = (MAXICODE_WORDS - MAXICODE_PRIMARY) / 2;
    solve(&|n| n, MAXICODE_PRIMARY, 10)?;
    solve(&|n| MAXICODE_PRIMARY + 2 * n, half, 20)?;
    solve(&|n| MAXICODE_PRIMARY + 2 * n + 1, half, 20)?;
    if words[0] & 0x0F != 6 {
        return None;
    }
    let data: Vec<u8> = words[..10].iter().chain(&words[20..104]).copied().collect();
    let read = maxicode::decoded_bit_stream_parser::decode(&data, 4).ok()?;
    Some(read.getText().to_owned())
}

/// Finds and reads one matrix symbol of a kind on a sheet that holds little else.
pub fn read_matrix(sheet: &Sheet, symbology: Symbology) -> Option<Matrix> {
    let picture = Picture::new(sheet)?;
    guarded(|| match symbology {
        Symbology::Qr | Symbology::Gs1Qr => {
            let mut image = BinaryBitmap::new(picture);
            let read = QRCodeReader.decode(&mut image).ok()?;
            let gs1 = matches!(modifier(&read), Some('3' | '4'));
            let kind = if gs1 { Symbology::Gs1Qr } else { Symbology::Qr };
            Some(matrix(kind, &read))
        }
        Symbology::DataMatrix | Symbology::Gs1DataMatrix => {
            let found = zxing_cpp_detector::detect(&picture.bits, true, true).ok()?;
            let decoder = DataMatrixDecoder::new();
            found.iter().find_map(|symbol| {
                use rxing::common::DetectorRXingResult;
                let read = decoder.decode(symbol.getBits()).ok()?;
                Some(data_matrix(&read, points(symbol.getPoints())))
            })
        }
        Symbology::Pdf417 => {
            let mut image = BinaryBitmap::new(picture);
            let read = PDF417Reader.decode_with_hints(&mut image, &DecodeHints::default());
            let read = read.ok()?;
            let mut found = matrix(symbology, &read);
            let (right, bottom) = (whole(sheet.width()) - 1, whole(sheet.height()) - 1);
            for (x, y) in &mut found.points {
                // Points are those of the picture as turned by the reader, anticlockwise.
                (*x, *y) = match orientation(&read) {
                    90 => (right - *y, *x),
                    180 => (right - *x, bottom - *y),
                    270 => (*y, bottom - *x),
                    _ => (*x, *y),
                };
            }
            Some(found)
        }
        Symbology::Aztec => {
            let mut image = BinaryBitmap::new(picture);
            Some(matrix(symbology, &AztecReader.decode(&mut image).ok()?))
        }
        _ => None,
    })
}

fn matrix(symbology: Symbology, read: &RXingResult) -> Matrix {
    let segments = read
        .getRXingResultMetadata()
        .get(&RXingResultMetadataType::BYTE_SEGMENTS);
    let text = match segments {
        Some(RXingResultMetadataValue::ByteSegments(segments)) => match segments.as_slice() {
            [one] => std::str::from_utf8(one)
                .ok()
                .filter(|text| !text.is_ascii()),
            _ => None,
        },
        _ => None,
    };
    Matrix {
        symbology,
        data: text.map_or_else(|| meant(read.getText()), str::to_owned),
        points: points(read.getPoints()),
    }
}

/// The last character of the symbology identifier (`]Q3`).
fn modifier(read: &RXingResult) -> Option<char> {
    let key = RXingResultMetadataType::SYMBOLOGY_IDENTIFIER;
    match read.getRXingResultMetadata().get(&key)? {
        RXingResultMetadataValue::SymbologyIdentifier(text) => text.chars().last(),
        _ => None,
    }
}

fn orientation(read: &RXingResult) -> i32 {
    let key = RXingResultMetadataType::ORIENTATION;
    match read.getRXingResultMetadata().get(&key) {
        Some(RXingResultMetadataValue::Orientation(degrees)) => *degrees,
        _ => 0,
    }
}

fn whole(at: usize) -> i32 {
    i32::try_from(at).unwrap_or(i32::MAX)
}

#[expect(clippy::cast_possible_truncation, reason = "float casts saturate")]
fn points(points: &[Point]) -> Vec<(i32, i32)> {
    let whole = |point: &Point| (point.x.round() as i32, point.y.round() as i32);
    points.iter().map(whole).collect()
}

/// Reads a row of dots (true = black) as Code 128. FNC1 leaves no trace in the text.
#[cfg(test)]
pub(crate) fn decode_row(dots: &[bool]) -> Option<String> {
    let mut bits = BitArray::with_size(dots.len());
    for (at, _) in dots.iter().enumerate().filter(|(_, black)| **black) {
        bits.set(at);
    }
    let result = Code128Reader
        .decode_row(0, &bits, &DecodeHints::default())
        .ok()?;
    Some(result.getText().to_owned())
}
