//! Data Matrix (`datamatrix`), PDF417 and Aztec (`anyd`).

use anyd::codes::{aztec::AztecEncoder, pdf417};
use anyd::output::{BitMatrix, Encoding};
use anyd::segment::Segment;
use anyd::traits::Encode;
use datamatrix::{DataMatrix, SymbolList};

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

fn sizes(options: &Options) -> SymbolList {
    if options.rectangular {
        SymbolList::default().enforce_rectangular()
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
    let code = code.map_err(|_| too_long(data))?;
    Ok(of_data_matrix(&code, data.to_owned(), data.to_owned()))
}

/// GS1 Data Matrix: FNC1 first.
pub(super) fn gs1_data_matrix(data: &str, options: &Options) -> Result<Encoded, SymbolError> {
    let elements = gs1::parse(data)?;
    let scanned = gs1::scanned(&elements);
    let code = DataMatrix::encode_gs1(scanned.as_bytes(), sizes(options));
    let code = code.map_err(|_| too_long(&scanned))?;
    Ok(of_data_matrix(&code, gs1::readable(&elements), scanned))
}

fn of_data_matrix(code: &DataMatrix, text: String, data: String) -> Encoded {
    let bitmap = code.bitmap();
    let side = |modules: usize| u32::try_from(modules).unwrap_or(u32::MAX);
    Encoded {
        shape: Shape::Matrix {
            columns: side(bitmap.width()),
            rows: side(bitmap.height()),
            row_modules: 1,
            black: bitmap.bits().to_vec(),
        },
        quiet: Quiet::around(1),
        text,
        data,
    }
}

fn of_matrix(matrix: &BitMatrix, row_modules: u32, quiet: Quiet, data: &str) -> Encoded {
    let (width, height) = (matrix.width(), matrix.height());
    let side = |modules: usize| u32::try_from(modules).unwrap_or(u32::MAX);
    let dots = (0..height).flat_map(|y| (0..width).map(move |x| matrix.get(x, y)));
    Encoded {
        shape: Shape::Matrix {
            columns: side(width),
            rows: side(height),
            row_modules,
            black: dots.collect(),
        },
        quiet,
        text: data.to_owned(),
        data: data.to_owned(),
    }
}

/// PDF417 (ISO/IEC 15438).
pub(super) fn pdf417(data: &str, options: &Options) -> Result<Encoded, SymbolError> {
    checked(data)?;
    let row_modules = options.row_modules.unwrap_or(3);
    if !(2..=10).contains(&row_modules) {
        return Err(SymbolError::Rule("row height: write 2 to 10 modules".into()));
    }
    // ISO/IEC 15438, annex E: more data, more correction.
    let advised = match data.len() {
        0..=40 => 2,
        41..=160 => 3,
        161..=320 => 4,
        _ => 5,
    };
    let level = u8::try_from(options.ec.unwrap_or(advised)).ok();
    let level = level.and_then(pdf417::EcLevel::new);
    let level = level.ok_or_else(|| SymbolError::Rule("write level 0 to 8".into()))?;
    let columns = options.columns.map(|columns| columns as usize);
    if columns.is_some_and(|columns| !(1..=30).contains(&columns)) {
        return Err(SymbolError::Rule("write 1 to 30 columns".into()));
    }
    let plain = data.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
    let segment = if plain {
        Segment::alphanumeric(data.as_bytes().to_vec())
    } else {
        Segment::byte(data.as_bytes().to_vec())
    };
    let encoder = pdf417::Pdf417Encoder::new();
    let symbol = encoder
        .build_sized(vec![segment], level, columns)
        .map_err(|_| too_long(data))?;
    match encoder.encode(&symbol) {
        Ok(Encoding::Matrix(matrix)) => {
            Ok(of_matrix(&matrix, row_modules, Quiet::around(2), data))
        }
        _ => Err(too_long(data)),
    }
}

/// Aztec (ISO/IEC 24778); it needs no quiet zone.
pub(super) fn aztec(data: &str) -> Result<Encoded, SymbolError> {
    checked(data)?;
    let encoder = AztecEncoder::new();
    let symbol = encoder.build_text(data).map_err(|_| too_long(data))?;
    match encoder.encode(&symbol) {
        Ok(Encoding::Matrix(matrix)) => Ok(of_matrix(&matrix, 1, Quiet::default(), data)),
        _ => Err(too_long(data)),
    }
}
