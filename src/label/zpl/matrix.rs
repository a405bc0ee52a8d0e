//! Two-dimensional and postal symbols as ZPL asks for them: field prefixes, fixed sizes, escapes.

use anyd::Symbol;
use anyd::codes::aztec::AztecEncoder;
use anyd::codes::maxicode::MaxiCodeEncoder;
use anyd::codes::pdf417::{EcLevel, Pdf417Encoder};
use anyd::codes::postal::PostalEncoder;
use anyd::output::{BitMatrix, Encoding};
use anyd::traits::Encode;
use anyd::{Segment, SymbolMeta};
use datamatrix::{DataMatrixBuilder, SymbolList};
use fast_qr::{ECL, QRBuilder};

use super::codes::{DataMatrix, Pdf417};

/// Longest data looked at: the largest symbol there is holds fewer.
const BYTES_MAX: usize = 3_072;

/// Modules of a symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    pub symbology: &'static str,
    pub columns: usize,
    /// Row by row.
    pub black: Vec<bool>,
    /// What a scanner reports; empty if unknown.
    pub data: String,
}

fn bounded(data: &str) -> Result<&str, String> {
    match data.len() {
        0 => Err("there is no data".into()),
        1..=BYTES_MAX => Ok(data),
        _ => Err(format!("more than {BYTES_MAX} bytes")),
    }
}

fn grid(symbology: &'static str, matrix: &BitMatrix, data: String) -> Grid {
    let rows = 0..matrix.height();
    let black = rows.flat_map(|y| (0..matrix.width()).map(move |x| matrix.get(x, y)));
    Grid {
        symbology,
        columns: matrix.width(),
        black: black.collect(),
        data,
    }
}

fn encoded(encoder: &impl Encode, symbol: &Symbol) -> Result<BitMatrix, String> {
    match encoder.encode(symbol) {
        Ok(Encoding::Matrix(matrix)) => Ok(matrix),
        Ok(_) => Err("the encoder made no matrix".into()),
        Err(error) => Err(error.to_string()),
    }
}

/// Field data of `^BQ`: level, input mode, comma, data. An empty level is Q, a wrong one M; in
/// manual mode a letter (and for bytes a count) tells the kind of data.
fn qr_prefix(data: &str) -> (ECL, &str) {
    let Some((prefix, rest)) = data.split_once(',') else {
        return (ECL::Q, data);
    };
    let (level, manual) = match prefix.as_bytes() {
        [] => (None, false),
        [input @ (b'A' | b'M')] => (None, *input == b'M'),
        [level, input, ..] => (Some(*level), *input == b'M'),
        [level] => (Some(*level), false),
    };
    let level = match level {
        None | Some(b'Q') => ECL::Q,
        Some(b'L') => ECL::L,
        Some(b'H') => ECL::H,
        Some(_) => ECL::M,
    };
    let rest = match (manual, rest.as_bytes()) {
        (true, [b'B', a, b, c, d, ..]) if [a, b, c, d].iter().all(|b| b.is_ascii_digit()) => {
            rest.get(5..).unwrap_or_default()
        }
        (true, [b'N' | b'A' | b'K', ..]) => rest.get(1..).unwrap_or_default(),
        _ => rest,
    };
    (level, rest)
}

/// `^BQ`.
///
/// # Errors
/// What is wrong with the data.
pub fn qr(data: &str) -> Result<Grid, String> {
    let (level, data) = qr_prefix(bounded(data)?);
    let built = QRBuilder::new(bounded(data)?).ecl(level).build();
    let code = built.map_err(|error| error.to_string())?;
    let modules = code.data.iter().take(code.size * code.size);
    Ok(Grid {
        symbology: "qr",
        columns: code.size,
        black: modules.map(|module| module.value()).collect(),
        data: data.to_owned(),
    })
}

/// `^BX` escapes with the escape character: `1` is FNC1, `dNNN` a byte, doubled itself.
fn matrix_bytes(data: &str, escape: Option<u8>) -> (Vec<u8>, bool) {
    let latin: Option<Vec<u8>> = data.chars().map(|c| u8::try_from(c).ok()).collect();
    let raw = latin.unwrap_or_else(|| data.as_bytes().to_vec());
    // Older firmware has `_` where newer has `~`; only its FNC1 in front is common.
    let (escape, gs1) = match escape {
        Some(escape) => (escape, false),
        None if raw.starts_with(b"_1") => (b'_', true),
        None => (b'~', false),
    };
    let (mut out, mut fnc1) = (Vec::with_capacity(raw.len()), gs1);
    let mut rest = raw.as_slice();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != escape {
            out.push(*first);
            continue;
        }
        rest = match tail {
            [b'1', after @ ..] => {
                if out.is_empty() {
                    fnc1 = true;
                } else {
                    out.push(0x1D);
                }
                after
            }
            [b'd', a, b, c, after @ ..] if [a, b, c].iter().all(|d| d.is_ascii_digit()) => {
                let digits = [a, b, c]
                    .iter()
                    .fold(0_u32, |n, d| n * 10 + u32::from(**d - b'0'));
                out.extend(u8::try_from(digits).ok());
                after
            }
            [again, after @ ..] if *again == escape => {
                out.push(escape);
                after
            }
            _ => {
                out.push(escape);
                tail
            }
        };
    }
    (out, fnc1)
}

/// `^BX`, always as ECC 200.
///
/// # Errors
/// What is wrong with the data, or that it does not fit the wanted size.
pub fn data_matrix(data: &str, wanted: &DataMatrix) -> Result<Grid, String> {
    let (bytes, fnc1) = matrix_bytes(bounded(data)?, wanted.escape);
    let mut sizes = SymbolList::default();
    sizes = if wanted.rectangular {
        sizes.enforce_rectangular()
    } else if wanted.columns == 0 || wanted.columns == wanted.rows || wanted.rows == 0 {
        sizes.enforce_square()
    } else {
        sizes
    };
    let whole = |n: u32| usize::try_from(n).unwrap_or(0);
    if wanted.columns > 0 {
        sizes = sizes.enforce_width_in(whole(wanted.columns)..=whole(wanted.columns));
    }
    if wanted.rows > 0 {
        sizes = sizes.enforce_height_in(whole(wanted.rows)..=whole(wanted.rows));
    }
    if sizes.is_empty() {
        return Err(format!(
            "there is no size {} x {}",
            wanted.columns, wanted.rows
        ));
    }
    let builder = DataMatrixBuilder::new()
        .with_symbol_list(sizes)
        .with_fnc1_start(fnc1);
    let code = builder
        .encode(&bytes)
        .map_err(|error| format!("{error:?}"))?;
    let bitmap = code.bitmap();
    let columns = bitmap.width();
    let black = bitmap.bits().to_vec();
    let latin = bytes.iter().map(|b| char::from(*b)).collect();
    Ok(Grid {
        symbology: if fnc1 { "gs1-datamatrix" } else { "datamatrix" },
        columns,
        black,
        data: String::from_utf8(bytes).unwrap_or(latin),
    })
}

/// `^B7`: modules, one grid row per symbol row.
///
/// # Errors
/// What is wrong with the data, or that it does not fit the wanted size.
pub fn pdf417(data: &str, wanted: &Pdf417) -> Result<Grid, String> {
    let text = |c: char| matches!(c, ' '..='~' | '\t' | '\r' | '\n');
    let segment = if bounded(data)?.chars().all(text) {
        Segment::alphanumeric(data.as_bytes().to_vec())
    } else {
        Segment::byte(data.as_bytes().to_vec())
    };
    let level = EcLevel::new(u8::try_from(wanted.security).unwrap_or(0));
    let level = level.ok_or("no such security level")?;
    let rows = wanted.rows.and_then(|n| usize::try_from(n).ok());
    let columns = wanted.columns.and_then(|n| usize::try_from(n).ok());
    let encoder = Pdf417Encoder::new();
    let build = |columns| encoder.build_sized(vec![segment.clone()], level, columns);
    let height = |symbol: &Symbol| match &symbol.meta {
        SymbolMeta::Pdf417(meta) => meta.rows,
        _ => 0,
    };
    let mut symbol = match (columns, rows) {
        (None, Some(rows)) => (1..=30)
            .filter_map(|columns| build(Some(columns)).ok())
            .find(|symbol| height(symbol) <= rows)
            .ok_or("the data does not fit the rows")?,
        _ => build(columns).map_err(|error| error.to_string())?,
    };
    if let (SymbolMeta::Pdf417(meta), Some(rows)) = (&mut symbol.meta, rows) {
        if meta.rows > rows {
            return Err(format!(
                "the data needs {} rows, {rows} are wanted",
                meta.rows
            ));
        }
        // 928 code words at most; a taller wish is not filled up.
        if rows * meta.columns <= 928 {
            meta.rows = rows;
        }
    }
    let rows = height(&symbol).max(1);
    let matrix = encoded(&encoder, &symbol)?;
    let step = (matrix.height() / rows).max(1);
    // A truncated symbol ends with one bar in place of row indicator and stop pattern.
    let (kept, bar) = if wanted.truncated {
        (matrix.width().saturating_sub(35), true)
    } else {
        (matrix.width(), false)
    };
    let mut black = Vec::new();
    for row in 0..rows {
        black.extend((0..kept).map(|x| matrix.get(x, row * step)));
        black.extend(bar.then_some(true));
    }
    Ok(Grid {
        symbology: "pdf417",
        columns: kept + usize::from(bar),
        black,
        data: data.to_owned(),
    })
}

/// `^BO`: `size` is 0 or a percentage for automatic, 101 to 104 compact and 201 to 222 full
/// layers, 300 a rune.
///
/// # Errors
/// What is wrong with the data, or that it does not fit the wanted size.
pub fn aztec(data: &str, size: i32) -> Result<Grid, String> {
    let encoder = AztecEncoder::new();
    if size == 300 {
        let value: u8 = data.trim().parse().map_err(|_| "a rune holds 0 to 255")?;
        let matrix = encoded(&encoder, &encoder.build_rune(value))?;
        return Ok(grid("aztec", &matrix, String::new()));
    }
    let built = encoder.build_text(bounded(data)?);
    let mut symbol = built.map_err(|error| error.to_string())?;
    if let SymbolMeta::Aztec(meta) = &mut symbol.meta {
        let (compact, layers) = match size {
            101..=104 => (true, size - 100),
            201..=222 => (false, size - 200),
            _ => (meta.compact, i32::from(meta.layers)),
        };
        meta.compact = compact;
        meta.layers = u8::try_from(layers).unwrap_or(1);
    }
    let matrix = encoded(&encoder, &symbol)?;
    Ok(grid("aztec", &matrix, data.to_owned()))
}

/// `^BD`: 30 by 33 hexagons. In modes 2 and 3 the data begins with service class (3), country
/// (3) and postcode (9 digits, or 6 characters).
///
/// # Errors
/// What is wrong with the data; the printer would draw nothing.
pub fn maxicode(data: &str, mode: u8) -> Result<Grid, String> {
    let encoder = MaxiCodeEncoder::new();
    let bytes = |text: &str| -> Result<Vec<u8>, String> {
        let latin = text.chars().map(u8::try_from);
        latin
            .collect::<Result<_, _>>()
            .map_err(|_| "characters beyond Latin-1".to_owned())
    };
    let data = bounded(data)?;
    let (symbol, reported) = if mode <= 3 {
        let length = if mode == 2 { 9 } else { 6 };
        let split = data.is_char_boundary(6) && data.is_char_boundary(6 + length);
        if !split || data.len() < 6 + length {
            return Err("the data is shorter than service, country and postcode".into());
        }
        let (head, message) = data.split_at(6 + length);
        let number = |text: &str| {
            let digits = text.bytes().all(|b| b.is_ascii_digit());
            let number = text.parse::<u16>().ok().filter(|_| digits);
            number.ok_or_else(|| format!("{text:?} is no service class or country number"))
        };
        let (service, country) = (number(&head[..3])?, number(&head[3..6])?);
        let postcode = &head[6..];
        if mode == 2 && !postcode.bytes().all(|b| b.is_ascii_digit()) {
            return Err("mode 2 wants nine digits as postcode".into());
        }
        let built = encoder.build_structured(mode, postcode, country, service, &bytes(message)?);
        let carrier = format!("{postcode}\u{1D}{country:03}\u{1D}{service:03}\u{1D}");
        let reported = match message.get(..9) {
            Some(head) if head.starts_with("[)>\u{1E}01\u{1D}") => {
                format!("{head}{carrier}{}", message.get(9..).unwrap_or_default())
            }
            _ => format!("{carrier}{message}"),
        };
        (built, reported)
    } else {
        (encoder.build_mode(&bytes(data)?, mode), data.to_owned())
    };
    let symbol = symbol.map_err(|error| error.to_string())?;
    let matrix = encoded(&encoder, &symbol)?;
    Ok(grid("maxicode", &matrix, reported))
}

/// `^BZ` type 3: the Intelligent Mail bars as a grid of bar and gap columns.
///
/// # Errors
/// What is wrong with the data.
pub fn intelligent_mail(data: &str) -> Result<Grid, String> {
    let digits: String = data.chars().filter(char::is_ascii_digit).collect();
    let (tracking, routing) = digits.split_at_checked(20).ok_or("fewer than 20 digits")?;
    let encoder = PostalEncoder::new();
    let built = encoder.build_imb(tracking, routing);
    let symbol = built.map_err(|error| error.to_string())?;
    let matrix = encoded(&encoder, &symbol)?;
    Ok(grid("imb", &matrix, digits))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn qr_prefixes() {
        let cases = [
            ("QA,hello", ECL::Q, "hello"),
            ("HM,B0005hello", ECL::H, "hello"),
            ("MM,AHELLO", ECL::M, "HELLO"),
            ("LM,N12345", ECL::L, "12345"),
            (",hello", ECL::Q, "hello"),
            ("XA,hello", ECL::M, "hello"),
            ("A,b,c", ECL::Q, "b,c"),
            ("hello", ECL::Q, "hello"),
        ];
        for (data, level, text) in cases {
            let found = qr_prefix(data);
            assert_eq!((found.0 as u8, found.1), (level as u8, text), "{data}");
        }
    }

    #[test]
    fn data_matrix_escapes() {
        assert_eq!(matrix_bytes("_10112", Some(b'_')), (b"0112".to_vec(), true));
        assert_eq!(matrix_bytes("_10112", None), (b"0112".to_vec(), true));
        assert_eq!(
            matrix_bytes("a_1b_d029c__", Some(b'_')),
            (b"a\x1db\x1dc_".to_vec(), false)
        );
        assert_eq!(matrix_bytes("a_b", None), (b"a_b".to_vec(), false));
    }

    #[test]
    fn maxicode_takes_zebra_order_and_refuses_what_the_printer_refuses() {
        let good = maxicode("001840152382802[)>\u{1E}01\u{1D}961Z", 2).unwrap();
        assert_eq!((good.columns, good.black.len()), (30, 990));
        assert_eq!(
            good.data,
            "[)>\u{1E}01\u{1D}96152382802\u{1D}840\u{1D}001\u{1D}1Z"
        );
        assert!(maxicode("001840B1050", 2).is_err());
        assert!(maxicode("001124M5V2T6hello", 2).is_err());
        assert!(maxicode("001124M5V2T6hello", 3).is_ok());
    }

    #[test]
    fn fixed_sizes_are_kept_or_refused() {
        let wanted = Pdf417 {
            row_height: None,
            security: 5,
            columns: Some(14),
            rows: None,
            truncated: false,
        };
        let normal = pdf417(&"A1".repeat(60), &wanted).unwrap();
        assert_eq!(normal.columns, 17 * 14 + 69);
        let short = Pdf417 {
            truncated: true,
            ..wanted
        };
        assert_eq!(pdf417("ABC", &short).unwrap().columns, 17 * 16 + 1);
        let square = DataMatrix {
            module: None,
            quality: 200,
            columns: 0,
            rows: 0,
            escape: None,
            rectangular: false,
        };
        assert_eq!(data_matrix("HELLO", &square).unwrap().columns, 12);
        let small = DataMatrix {
            columns: 10,
            rows: 10,
            ..square
        };
        assert!(data_matrix(&"X".repeat(50), &small).is_err());
        assert_eq!(aztec("HELLO", 103).unwrap().columns, 23);
    }
}
