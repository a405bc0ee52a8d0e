//! PDF417 (ISO/IEC 15438) through `anyd`.

use anyd::codes::pdf417::{EcLevel, Pdf417Encoder};
use anyd::output::Encoding;
use anyd::traits::Encode;
use anyd::{Segment, Symbol, SymbolMeta};

use super::{Encoded, Options, Quiet, Shape, SymbolError, latin1, length};

/// Longest data taken; a symbol holds 1,108 bytes of any kind.
const CHARS_MAX: usize = 1_100;
/// Fewest digits in a row that are worth a change to the numeric mode.
const DIGITS_MIN: usize = 13;
/// Code words a symbol may have.
const WORDS_MAX: usize = 928;
/// Row height in modules unless told otherwise: the least the standard recommends.
const ROW_MODULES: u32 = 3;

/// Latin-1, as scanners take data without a stated character set.
pub(super) fn symbol(data: &str, options: &Options) -> Result<Encoded, SymbolError> {
    length(data, CHARS_MAX)?;
    let bytes = latin1(data)?;
    let row_modules = options.row_modules.unwrap_or(ROW_MODULES);
    if !(2..=10).contains(&row_modules) {
        return Err(SymbolError::Rule(format!(
            "rows {row_modules} modules high; use 2 to 10, 3 is usual"
        )));
    }
    let symbol = sized(&bytes, options)?;
    let SymbolMeta::Pdf417(meta) = &symbol.meta else {
        return Err(SymbolError::Encoder("no PDF417".into()));
    };
    let rows = meta.rows;
    let encoding = Pdf417Encoder::new().encode(&symbol);
    let Encoding::Matrix(matrix) = encoding.map_err(|e| SymbolError::Encoder(e.to_string()))?
    else {
        return Err(SymbolError::Encoder("no matrix".into()));
    };
    let step = (matrix.height() / rows.max(1)).max(1);
    let row = |row: usize| (0..matrix.width()).map(move |x| (x, row * step));
    let black = (0..rows).flat_map(row).map(|(x, y)| matrix.get(x, y));
    let side = |modules: usize| u32::try_from(modules).unwrap_or(u32::MAX);
    Ok(Encoded {
        shape: Shape::Matrix {
            columns: side(matrix.width()),
            rows: side(rows),
            row_modules,
            black: black.collect(),
        },
        quiet: Quiet::around(2),
        text: data.to_owned(),
        data: data.to_owned(),
    })
}

/// Security level for so many bytes, by the recommendation of the standard (annex E), taking a
/// code word for one to two bytes.
const fn level_for(bytes: usize) -> u32 {
    match bytes {
        0..=60 => 2,
        61..=250 => 3,
        251..=500 => 4,
        _ => 5,
    }
}

fn sized(bytes: &[u8], options: &Options) -> Result<Symbol, SymbolError> {
    let wanted = options.ec.unwrap_or_else(|| level_for(bytes.len()));
    let level = u8::try_from(wanted).ok().and_then(EcLevel::new);
    let level =
        level.ok_or_else(|| SymbolError::Rule(format!("security level {wanted}; use 0 to 8")))?;
    let whole = |n: u32| usize::try_from(n).unwrap_or(usize::MAX);
    let segments = segments(bytes);
    let build = |columns| Pdf417Encoder::new().build_sized(segments.clone(), level, columns);
    let height = |symbol: &Symbol| match &symbol.meta {
        SymbolMeta::Pdf417(meta) => meta.rows,
        _ => usize::MAX,
    };
    let too_much = || {
        SymbolError::Rule(
            "the data does not fit such a PDF417; shorten it or choose a larger one".into(),
        )
    };
    let (columns, rows) = (options.columns.map(whole), options.rows.map(whole));
    if columns.is_some_and(|n| !(1..=30).contains(&n))
        || rows.is_some_and(|n| !(3..=90).contains(&n))
    {
        return Err(SymbolError::Rule(
            "use 1 to 30 columns and 3 to 90 rows".into(),
        ));
    }
    let mut symbol = match (columns, rows) {
        (None, None) => automatic(&build, height).ok_or_else(too_much)?,
        (None, Some(rows)) => (1..=30)
            .filter_map(|columns| build(Some(columns)).ok())
            .find(|symbol| height(symbol) <= rows)
            .ok_or_else(too_much)?,
        _ => build(columns).map_err(|_| too_much())?,
    };
    if let (SymbolMeta::Pdf417(meta), Some(rows)) = (&mut symbol.meta, rows) {
        if meta.rows > rows || rows * meta.columns > WORDS_MAX {
            return Err(too_much());
        }
        meta.rows = rows;
    }
    Ok(symbol)
}

/// The shape nearest to three times as wide as high.
fn automatic(
    build: &impl Fn(Option<usize>) -> anyd::Result<Symbol>,
    height: impl Fn(&Symbol) -> usize,
) -> Option<Symbol> {
    let lopsided = |symbol: &Symbol, columns: usize| {
        let high = height(symbol) * usize::try_from(ROW_MODULES).unwrap_or(3) * 3;
        high.abs_diff(columns * 17 + 69)
    };
    let fitting = (1..=30).filter_map(|columns| Some((build(Some(columns)).ok()?, columns)));
    let best = fitting.min_by_key(|(symbol, columns)| lopsided(symbol, *columns));
    best.map(|(symbol, _)| symbol)
}

/// Digits, text and other bytes, each in its own mode.
fn segments(bytes: &[u8]) -> Vec<Segment> {
    let text = |byte: u8| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n');
    let mut out: Vec<Segment> = Vec::new();
    let mut add = |part: &[u8], kind: fn(Vec<u8>) -> Segment| {
        let new = kind(part.to_vec());
        match out.last_mut() {
            Some(last) if last.mode == new.mode => last.data.extend(new.data),
            _ => out.push(new),
        }
    };
    for run in bytes.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
        if run.len() >= DIGITS_MIN && run[0].is_ascii_digit() {
            add(run, Segment::numeric);
            continue;
        }
        for part in run.chunk_by(|a, b| text(*a) == text(*b)) {
            if text(part[0]) {
                add(part, Segment::alphanumeric);
            } else {
                add(part, Segment::byte);
            }
        }
    }
    out
}
