//! MaxiCode (ISO/IEC 16023), modes 2 to 6, through `anyd`; drawn here as hexagons around a
//! bullseye, of the one physical size the symbology has.
//!
//! Modes 2 and 3 put postcode, country and service class into the strongly protected part. They
//! are read from the data, which is what a scanner reports: either
//! `[)>RS 01 GS yy postcode GS country GS class GS rest` (UPS and other carriers), or
//! `postcode GS country GS class GS rest`.

use anyd::codes::maxicode::MaxiCodeEncoder;
use anyd::output::Encoding;
use anyd::traits::Encode;
use firstscan_drivers::bitmap::{Bitmap, Resolution};

use super::{Encoded, Options, Quiet, Shape, SymbolError, latin1, length};
use crate::label::canvas::packed;

const ROWS: u32 = 33;
const COLUMNS: u32 = 30;
/// From one hexagon's middle to the next one's, nominal (ISO/IEC 16023: L/29 of 25.50 mm).
const PITCH_UM: u64 = 880;
/// From row to row.
const ROW_UM: u64 = 762;
/// Least distance of the outermost columns (24.82 to 27.93 mm) and rows (23.71 to 26.69 mm).
const WIDTH_MIN_UM: u64 = 24_820;
const HEIGHT_MIN_UM: u64 = 23_710;
/// Radii of the bullseye's rings, inner to outer, micrometres; black from odd to even.
const RINGS_UM: [u64; 6] = [510, 1_180, 1_860, 2_530, 3_200, 3_870];
/// Longest data of any mode.
const CHARS_MAX: usize = 138;
const GS: char = '\u{1D}';
/// Format header: `[)>`, RS, `01`, GS, and two digits of a year behind it.
const HEADER: &str = "[)>\u{1E}01\u{1D}";

pub(super) fn symbol(data: &str, options: &Options) -> Result<Encoded, SymbolError> {
    length(data, CHARS_MAX)?;
    let encoder = MaxiCodeEncoder::new();
    let refused = |error: anyd::Error| SymbolError::Rule(format!("{error}; shorten the data"));
    let bytes = latin1(data)?;
    let mode = options.mode;
    let symbol = match mode {
        None if data.starts_with(HEADER) => carrier(&encoder, data, None)?,
        Some(2 | 3) => carrier(&encoder, data, mode)?,
        None => encoder.build_mode(&bytes, 4).map_err(refused)?,
        Some(mode @ 4..=6) => encoder.build_mode(&bytes, mode).map_err(refused)?,
        Some(_) => return Err(SymbolError::Rule("write mode 2 to 6".into())),
    };
    let Encoding::Matrix(matrix) = encoder.encode(&symbol).map_err(refused)? else {
        return Err(SymbolError::Encoder("no grid came back".into()));
    };
    let columns = COLUMNS as usize;
    let dots = (0..ROWS as usize).flat_map(|y| (0..columns).map(move |x| (x, y)));
    Ok(Encoded {
        shape: Shape::MaxiCode(dots.map(|(x, y)| matrix.get(x, y)).collect()),
        quiet: Quiet::around(1),
        text: String::new(),
        data: data.to_owned(),
    })
}

/// Modes 2 and 3.
fn carrier(
    encoder: &MaxiCodeEncoder,
    data: &str,
    mode: Option<u8>,
) -> Result<anyd::Symbol, SymbolError> {
    let wrong = |what: &str| {
        let shape = "write postcode, country (3 digits) and class (3 digits), each followed by GS";
        SymbolError::Rule(format!("{what}; {shape}"))
    };
    // Header and year stay in front of the rest.
    let head = if data.starts_with(HEADER) {
        HEADER.len() + 2
    } else {
        0
    };
    let (head, fields) = data
        .split_at_checked(head)
        .ok_or_else(|| wrong("the header is cut"))?;
    let mut parts = fields.splitn(4, GS);
    let mut part = |what| parts.next().ok_or_else(|| wrong(what));
    let postcode = part("the postcode is missing")?;
    let country = part("the country is missing")?;
    let class = part("the service class is missing")?;
    let rest = part("nothing follows the service class")?;
    let three = |text: &str| match text.parse::<u16>() {
        Ok(number) if text.len() == 3 => Ok(number),
        _ => Err(wrong(&format!("{text:?} has not three digits"))),
    };
    let digits = !postcode.is_empty() && postcode.bytes().all(|b| b.is_ascii_digit());
    let mode = mode.unwrap_or(if digits && postcode.len() <= 9 { 2 } else { 3 });
    let fits = match mode {
        2 => digits && postcode.len() <= 9,
        _ => (1..=6).contains(&postcode.len()) && postcode.is_ascii(),
    };
    if !fits {
        return Err(wrong(&format!(
            "{postcode:?} is no postcode of mode {mode}"
        )));
    }
    let secondary = latin1(&format!("{head}{rest}"))?;
    encoder
        .build_structured(mode, postcode, three(country)?, three(class)?, &secondary)
        .map_err(|error| SymbolError::Rule(format!("{error}; shorten the data")))
}

/// Dots of a length, at least one.
fn dots(um: u64, resolution: Resolution) -> u32 {
    let per = u64::from(resolution.per_um.max(1));
    let dots = (um * u64::from(resolution.dots) + per / 2) / per;
    u32::try_from(dots).unwrap_or(u32::MAX).max(1)
}

/// Distance of columns and of rows in whole dots. Rounding down may leave the symbol narrower
/// (29 columns) or lower (32 rows) than the standard allows: at 300 dpi 10 dots are too few.
fn cell(resolution: Resolution) -> (u32, u32) {
    let cell = |um: u64, steps: u64, least_um: u64| {
        let nearest = dots(um, resolution);
        let per = u64::from(resolution.dots.max(1));
        let length = u64::from(nearest) * steps * u64::from(resolution.per_um) / per;
        nearest + u32::from(length < least_um)
    };
    let pitch = cell(PITCH_UM, u64::from(COLUMNS - 1), WIDTH_MIN_UM);
    (pitch, cell(ROW_UM, u64::from(ROWS - 1), HEIGHT_MIN_UM))
}

pub(super) fn size_dots(resolution: Resolution) -> (u32, u32) {
    let (pitch, row) = cell(resolution);
    // The odd rows stand half a hexagon to the right, the last row needs its lower tip.
    (COLUMNS * pitch, (ROWS - 1) * row + tall(row))
}

/// Height of a hexagon: four thirds of the row distance.
fn tall(row: u32) -> u32 {
    row * 4 / 3
}

pub(super) fn draw(black: &[bool], resolution: Resolution) -> Bitmap {
    let (width, height) = size_dots(resolution);
    let (pitch, row) = cell(resolution);
    let stride = width.div_ceil(8) as usize;
    let mut page = packed(width, height, vec![0; stride * height as usize]);
    let shape = hexagon(pitch, tall(row));
    for (y, modules) in (0_u32..).zip(black.chunks_exact(COLUMNS as usize)) {
        let shift = if y % 2 == 1 { pitch / 2 } else { 0 };
        for (x, _) in (0_u32..).zip(modules).filter(|(_, black)| **black) {
            for (line, (start, count)) in (0_u32..).zip(&shape) {
                page.fill_rect(x * pitch + shift + start, y * row + line, *count, 1, true);
            }
        }
    }
    bullseye(&mut page, pitch, row, resolution);
    page
}

/// Start and length of each line of one hexagon; a dot stays white between neighbours.
fn hexagon(pitch: u32, tall: u32) -> Vec<(u32, u32)> {
    let broad = pitch.saturating_sub(1).max(1);
    let slope = (tall / 4).max(1);
    let line = |y: u32| {
        let from_edge = y.min(tall - 1 - y);
        let cut = if from_edge >= slope {
            0
        } else {
            (slope - from_edge) * broad / (2 * (slope + 1))
        };
        (cut, broad - 2 * cut.min(broad / 2))
    };
    (0..tall).map(line).collect()
}

/// The rings stand around the middle of row 17, between its columns 15 and 16.
fn bullseye(page: &mut Bitmap, pitch: u32, row: u32, resolution: Resolution) {
    // Twice the coordinates, so that half dots are whole.
    let middle_x = i64::from(29 * pitch);
    let middle_y = i64::from(2 * 16 * row + tall(row));
    let rings = RINGS_UM.map(|um| {
        let twice = i64::from(dots(um * 2, resolution));
        twice * twice
    });
    let reach = i64::from(dots(RINGS_UM[5], resolution)) + 1;
    let area = |middle: i64| (middle / 2 - reach)..=(middle / 2 + reach);
    for y in area(middle_y) {
        for x in area(middle_x) {
            let (dx, dy) = (2 * x + 1 - middle_x, 2 * y + 1 - middle_y);
            let distance = dx * dx + dy * dy;
            let inside = rings.iter().filter(|ring| distance >= **ring).count();
            if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y))
                && inside < rings.len()
            {
                page.set(x, y, inside % 2 == 1);
            }
        }
    }
}
