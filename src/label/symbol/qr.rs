//! QR code (ISO/IEC 18004): `fast_qr` for plain data, because it is on every label; `qrcode`
//! where FNC1 has to come first.

use fast_qr::{ECL, QRBuilder};
use qrcode::bits::Bits;
use qrcode::{EcLevel, QrCode, Version};

use super::{Encoded, Level, Quiet, Shape, SymbolError, gs1 as elements};

/// Longest data taken, bytes; far above what a label needs, below what version 40 holds.
pub const BYTES_MAX: usize = 500;
/// Quiet zone on every side (ISO/IEC 18004: 4X).
const QUIET: Quiet = Quiet::around(4);

/// Encodes `text` (UTF-8 bytes) in the smallest version that holds it.
pub(super) fn symbol(text: &str, level: Level) -> Result<Encoded, SymbolError> {
    if text.is_empty() {
        return Err(SymbolError::Empty);
    }
    if text.len() > BYTES_MAX {
        let (length, max) = (text.len(), BYTES_MAX);
        return Err(SymbolError::TooLong { length, max });
    }
    let level = match level {
        Level::L => ECL::L,
        Level::M => ECL::M,
        Level::Q => ECL::Q,
        Level::H => ECL::H,
    };
    let refused = |error: String| SymbolError::Encoder(error);
    let code = QRBuilder::new(text).ecl(level).build();
    let code = code.map_err(|error| refused(error.to_string()))?;
    let size = code.size;
    let modules = code.data[..size * size].iter();
    let black = modules.map(|module| module.value()).collect();
    Ok(square(size, black, text.to_owned(), text.to_owned()))
}

fn square(size: usize, black: Vec<bool>, text: String, data: String) -> Encoded {
    let side = u32::try_from(size).unwrap_or(u32::MAX);
    Encoded {
        shape: Shape::Matrix {
            columns: side,
            rows: side,
            row_modules: 1,
            black,
        },
        quiet: QUIET,
        text,
        data,
    }
}

/// GS1 QR: FNC1 in first position, separators as GS.
pub(super) fn gs1(data: &str, level: Level) -> Result<Encoded, SymbolError> {
    let parsed = elements::parse(data)?;
    let scanned = elements::scanned(&parsed);
    let level = match level {
        Level::L => EcLevel::L,
        Level::M => EcLevel::M,
        Level::Q => EcLevel::Q,
        Level::H => EcLevel::H,
    };
    let fitting = |version: i16| {
        let mut bits = Bits::new(Version::Normal(version));
        bits.push_fnc1_first_position().ok()?;
        bits.push_byte_data(scanned.as_bytes()).ok()?;
        bits.push_terminator(level).ok()?;
        QrCode::with_bits(bits, level).ok()
    };
    let code = (1..=40).find_map(fitting).ok_or(SymbolError::TooLong {
        length: scanned.len(),
        max: BYTES_MAX,
    })?;
    let size = code.width();
    let black = code.into_colors().into_iter().map(|c| c == qrcode::Color::Dark);
    let text = elements::readable(&parsed);
    Ok(square(size, black.collect(), text, scanned))
}
