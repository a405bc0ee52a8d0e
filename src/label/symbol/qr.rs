//! QR code (ISO/IEC 18004) through `fast_qr`.

use fast_qr::{ECL, QRBuilder};

use super::Level;
use super::{Modules, SymbolError};

/// Longest data taken, bytes; far above what a label needs, below what version 40 holds.
pub const BYTES_MAX: usize = 500;
/// Quiet zone on every side, in modules (ISO/IEC 18004: 4X).
pub const QUIET_MODULES: u32 = 4;

/// Encodes `text` (UTF-8 bytes) in the smallest version that holds it.
pub fn encode(text: &str, level: Level) -> Result<Modules, SymbolError> {
    if text.is_empty() {
        return Err(SymbolError::Empty);
    }
    if text.len() > BYTES_MAX {
        return Err(SymbolError::TooLong {
            length: text.len(),
            max: BYTES_MAX,
        });
    }
    let level = match level {
        Level::L => ECL::L,
        Level::M => ECL::M,
        Level::Q => ECL::Q,
        Level::H => ECL::H,
    };
    let built = QRBuilder::new(text).ecl(level).build();
    let code = built.map_err(|error| SymbolError::Encoder(error.to_string()))?;
    let size = code.size;
    let width = u32::try_from(size).map_err(|error| SymbolError::Encoder(error.to_string()))?;
    let black = code.data[..size * size]
        .iter()
        .map(|module| module.value())
        .collect();
    Ok(Modules {
        width,
        height: width,
        quiet: QUIET_MODULES,
        black,
    })
}
