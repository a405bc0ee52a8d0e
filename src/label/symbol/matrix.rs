//! Data Matrix (`datamatrix`).

use datamatrix::data::DataEncodingError;
use datamatrix::{DataMatrix, SymbolList, SymbolSize};

use super::{Encoded, Options, Quiet, Shape, SymbolError, gs1};

/// Longest data, bytes; the symbols hold more, no label needs it.
const BYTES_MAX: usize = 500;

fn checked(data: &str) -> Result<(), SymbolError> {
    match data.len() {
        0 => Err(SymbolError::Empty),
        length if length > BYTES_MAX => Err(SymbolError::TooLong {
            length,
            max: BYTES_MAX,
        }),
        _ => Ok(()),
    }
}

fn too_long(data: &str) -> SymbolError {
    SymbolError::Rule(format!(
        "{} bytes do not fit this symbol; shorten the data or choose a larger one",
        data.len()
    ))
}

/// Sizes to choose from. The crate compares the number of characters with the largest size before
/// it packs digits in pairs, so the largest square is in the list of the oblong ones; what lands
/// there did not fit.
fn sizes(options: &Options) -> SymbolList {
    if options.rectangular {
        let oblong = SymbolList::default().enforce_rectangular();
        SymbolList::with_whitelist(oblong.iter().chain([SymbolSize::Square144]))
    } else {
        SymbolList::default().enforce_square()
    }
}

/// Data Matrix ECC 200 (ISO/IEC 16022). ASCII as it is, other text as UTF-8 behind its ECI.
pub(super) fn data_matrix(data: &str, options: &Options) -> Result<Encoded, SymbolError> {
    checked(data)?;
    let sizes = sizes(options);
    let code = if data.is_ascii() {
        DataMatrix::encode(data.as_bytes(), sizes)
    } else {
        DataMatrix::encode_str(data, sizes)
    };
    of_data_matrix(code, options, data.to_owned(), data.to_owned())
}

/// GS1 Data Matrix: FNC1 first.
pub(super) fn gs1_data_matrix(data: &str, options: &Options) -> Result<Encoded, SymbolError> {
    let elements = gs1::parse(data)?;
    let scanned = gs1::scanned(&elements);
    let code = DataMatrix::encode_gs1(scanned.as_bytes(), sizes(options));
    of_data_matrix(code, options, gs1::readable(&elements), scanned)
}

fn of_data_matrix(
    code: Result<DataMatrix, DataEncodingError>,
    options: &Options,
    text: String,
    data: String,
) -> Result<Encoded, SymbolError> {
    let code = code.map_err(|_| too_long(&data))?;
    let bitmap = code.bitmap();
    if options.rectangular && bitmap.width() == bitmap.height() {
        return Err(too_long(&data));
    }
    let side = |modules: usize| u32::try_from(modules).unwrap_or(u32::MAX);
    Ok(Encoded {
        shape: Shape::Matrix {
            columns: side(bitmap.width()),
            rows: side(bitmap.height()),
            row_modules: 1,
            black: bitmap.bits().to_vec(),
        },
        quiet: Quiet::around(1),
        text,
        data,
    })
}
