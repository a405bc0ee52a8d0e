//! USPS Intelligent Mail barcode (USPS-B-3200) through `anyd`: 20 digits of tracking code and a
//! routing code of 0, 5, 9 or 11 digits, as 65 bars of four kinds.

use anyd::codes::postal::PostalEncoder;
use anyd::output::Encoding;
use anyd::traits::Encode;

use super::{Bar, Encoded, Quiet, Shape, SymbolError, digits};

const TRACKING_DIGITS: usize = 20;

pub(super) fn symbol(data: &str) -> Result<Encoded, SymbolError> {
    let plain: String = data.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
    if plain.is_empty() {
        return Err(SymbolError::Empty);
    }
    digits(&plain)?;
    if !matches!(plain.len(), 20 | 25 | 29 | 31) {
        let wanted = "20 are needed, and 5, 9 or 11 of a ZIP code may follow";
        let length = plain.len();
        return Err(SymbolError::Length { length, wanted });
    }
    if plain.as_bytes().get(1).is_some_and(|second| *second > b'4') {
        let text = "the second digit must be 0 to 4 (barcode identifier)";
        return Err(SymbolError::Rule(text.into()));
    }
    let (tracking, routing) = plain.split_at(TRACKING_DIGITS);
    let encoder = PostalEncoder::new();
    let refused = |error: anyd::Error| SymbolError::Encoder(error.to_string());
    let symbol = encoder.build_imb(tracking, routing).map_err(refused)?;
    let Encoding::Matrix(matrix) = encoder.encode(&symbol).map_err(refused)? else {
        return Err(SymbolError::Encoder("no rows of bars came back".into()));
    };
    // Bars stand on every other column; the top and the bottom row tell which kind they are.
    let bottom = matrix.height().saturating_sub(1);
    let bar = |x: usize| Bar {
        ascender: matrix.get(x, 0),
        descender: matrix.get(x, bottom),
    };
    // Barcode identifier, service, mailer (9 digits if it begins with 9), serial number, ZIP code.
    let mailer = if plain.as_bytes().get(5) == Some(&b'9') {
        14
    } else {
        11
    };
    let mut text: Vec<&str> = Vec::new();
    let ends = [2, 5, mailer, 20, 25, 29, 31].map(|end| end.min(plain.len()));
    for (from, to) in [0].into_iter().chain(ends).zip(ends) {
        text.extend(plain.get(from..to).filter(|part| !part.is_empty()));
    }
    Ok(Encoded {
        shape: Shape::FourState((0..matrix.width()).step_by(2).map(bar).collect()),
        // 0.125 in at the sides; a bar is about 0.02 in.
        quiet: Quiet {
            left: 6,
            right: 6,
            top: 1,
            bottom: 1,
        },
        text: text.join(" "),
        data: plain,
    })
}
