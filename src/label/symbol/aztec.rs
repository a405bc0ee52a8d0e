//! Aztec Code (ISO/IEC 24778) through `anyd`.

use anyd::codes::aztec::AztecEncoder;
use anyd::output::{BitMatrix, Encoding};
use anyd::traits::Encode;
use anyd::{Segment, Symbol, SymbolMeta};

use super::{Encoded, Options, Quiet, Shape, SymbolError, latin1, length};

/// Longest data taken.
const CHARS_MAX: usize = 1_000;
/// Share of check words unless told otherwise, and what comes on top of any share.
const CHECK_PERCENT: u32 = 23;
const CHECK_WORDS: usize = 3;

/// Latin-1; the smallest symbol that has the wanted share of check words.
pub(super) fn symbol(data: &str, options: &Options) -> Result<Encoded, SymbolError> {
    length(data, CHARS_MAX)?;
    let bytes = latin1(data)?;
    let percent = options.ec.unwrap_or(CHECK_PERCENT);
    if !(5..=90).contains(&percent) {
        return Err(SymbolError::Rule(format!(
            "{percent} % of check words; write 5 to 90"
        )));
    }
    let built = AztecEncoder::new().build(vec![Segment::byte(bytes)]);
    let mut symbol = built.map_err(|_| too_much())?;
    let compact = (1..=4).map(|layers| (true, layers));
    // Full symbols of 1 to 3 layers hold less than compact ones of the same size.
    let full = (4..=22).map(|layers| (false, layers));
    let fit = compact
        .chain(full)
        .find_map(|(compact, layers)| fitting(&mut symbol, compact, layers, percent));
    let matrix = fit.ok_or_else(too_much)?;
    let side = |modules: usize| u32::try_from(modules).unwrap_or(u32::MAX);
    let row = |y: usize| (0..matrix.width()).map(move |x| (x, y));
    let cells = (0..matrix.height()).flat_map(row);
    Ok(Encoded {
        shape: Shape::Matrix {
            columns: side(matrix.width()),
            rows: side(matrix.height()),
            row_modules: 1,
            black: cells.map(|(x, y)| matrix.get(x, y)).collect(),
        },
        // The standard needs none.
        quiet: Quiet::default(),
        text: data.to_owned(),
        data: data.to_owned(),
    })
}

fn too_much() -> SymbolError {
    SymbolError::Rule("the data does not fit with so many check words; shorten it".into())
}

/// The symbol at this size, if it has check words enough.
fn fitting(symbol: &mut Symbol, compact: bool, layers: u8, percent: u32) -> Option<BitMatrix> {
    let SymbolMeta::Aztec(meta) = &mut symbol.meta else {
        return None;
    };
    (meta.compact, meta.layers) = (compact, layers);
    let Encoding::Matrix(matrix) = AztecEncoder::new().encode(symbol).ok()? else {
        return None;
    };
    let bits_per_word = match layers {
        1..=2 => 6,
        3..=8 => 8,
        9..=22 => 10,
        _ => 12,
    };
    let around = if compact { 88 } else { 112 };
    let layers = usize::from(layers);
    let words = (around + 16 * layers) * layers / bits_per_word;
    let check = words.checked_sub(data_words(&matrix, compact))?;
    let wanted = words * usize::try_from(percent).ok()? / 100 + CHECK_WORDS;
    (check >= wanted).then_some(matrix)
}

/// Data words as the mode message around the finder says: 6 bits behind 2 in a compact symbol,
/// 11 behind 5 in a full one. Its bits run clockwise from the top left; a full symbol leaves out
/// the reference grid in the middle of each side.
fn data_words(matrix: &BitMatrix, compact: bool) -> usize {
    let middle = matrix.width() / 2;
    let (distance, reach, skip, count) = if compact { (5, 3, 2, 6) } else { (7, 5, 5, 11) };
    let places = (middle - reach..=middle + reach).filter(|at| compact || *at != middle);
    let top = places.clone().map(|x| matrix.get(x, middle - distance));
    let right = places.clone().map(|y| matrix.get(middle + distance, y));
    let bits = top.chain(right).skip(skip).take(count);
    bits.fold(0, |sum, bit| sum * 2 + usize::from(bit)) + 1
}
