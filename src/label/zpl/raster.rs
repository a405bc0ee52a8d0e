//! Pictures in: `^GF`, `~DG`, `~DY`; and pictures at another resolution.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use firstscan_drivers::bitmap::{Bitmap, BitmapView};
use firstscan_drivers::printer::zpl::graphic::{self, GraphicError, crc16};

use super::params::Params;
use crate::label::check;

/// Dots of a scaled picture.
const DOTS_MAX: u64 = 40_000_000;
/// Longest side of a PNG.
const SIDE_MAX: u32 = 4_000;
/// Memory a PNG may take while it is read.
const PNG_BYTES_MAX: u64 = 64 << 20;

/// What a damaged picture costs at most before it is found out.
pub const BROKEN_COST: u64 = 32 << 20;

/// What reading or copying a picture costs, as bytes that drawing touches.
pub fn cost(picture: &Bitmap) -> u64 {
    picture.bits().len() as u64 * 4
}

/// What looking for symbols in a picture costs.
pub fn search_cost(picture: &Bitmap) -> u64 {
    picture.bits().len() as u64 * 256 + (1 << 20)
}

/// Why a stored picture cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RasterError {
    #[error(transparent)]
    Graphic(#[from] GraphicError),
    #[error("~DY of this kind is not read: a graphic (G), PNG (P) or bitmap font only")]
    Kind,
    #[error("the PNG is damaged or too large")]
    Png,
    #[error("the picture is larger than {DOTS_MAX} dots at the head's resolution")]
    Large,
    #[error(
        "a picture with bar codes was made for another resolution and cannot be resized without \
         spoiling them; ask the carrier for this head's resolution, or for PDF"
    )]
    Resample,
}

/// The picture of `~DG`: `name,total,stride,data`.
///
/// # Errors
/// [`RasterError::Graphic`].
pub fn download(parameters: &[u8], delimiter: u8) -> Result<Bitmap, RasterError> {
    let mut parts = parameters.splitn(4, |b| *b == delimiter).skip(1);
    let mut next = || parts.next().unwrap_or_default();
    let (total, stride, data) = (next(), next(), next());
    Ok(counted(total, stride, data, delimiter)?)
}

fn counted(
    total: &[u8],
    stride: &[u8],
    data: &[u8],
    delimiter: u8,
) -> Result<Bitmap, GraphicError> {
    let d = [delimiter];
    let whole = [b"A", &d[..], total, &d, total, &d, stride, &d, data].concat();
    graphic::decode_delimited(&whole, delimiter)
}

/// The picture of `~DY`: `name,format,extension,total,stride,data`.
///
/// # Errors
/// [`RasterError`].
pub fn download_object(parameters: &[u8], delimiter: u8) -> Result<Bitmap, RasterError> {
    let parts: Vec<&[u8]> = parameters.splitn(6, |b| *b == delimiter).collect();
    let part = |at: usize| parts.get(at).copied().unwrap_or_default();
    let head = Params::new(parameters, delimiter);
    let (format, extension) = (head.letter(1), head.letter(2));
    let data = part(5);
    match (format, extension) {
        (_, Some(b'P')) => png(&object_bytes(data, format == Some(b'B'))?),
        (Some(b'A'), Some(b'G')) => Ok(counted(part(3), part(4), data, delimiter)?),
        (Some(b'B'), Some(b'G')) => {
            let d = [delimiter];
            let (total, stride) = (part(3), part(4));
            let whole = [b"B", &d[..], total, &d, total, &d, stride, &d, data].concat();
            Ok(graphic::decode_delimited(&whole, delimiter)?)
        }
        _ => Err(RasterError::Kind),
    }
}

/// File content: binary, `:B64:`, or hex.
fn object_bytes(data: &[u8], binary: bool) -> Result<Vec<u8>, RasterError> {
    if binary {
        return Ok(data.to_vec());
    }
    if let Some(rest) = data.strip_prefix(b":B64:") {
        let colon = rest.iter().rposition(|b| *b == b':');
        let (text, crc) = rest.split_at(colon.ok_or(GraphicError::Checksum)?);
        let crc = std::str::from_utf8(crc.get(1..).unwrap_or_default()).unwrap_or_default();
        if u16::from_str_radix(crc.trim(), 16) != Ok(crc16(text)) {
            return Err(GraphicError::Checksum.into());
        }
        return STANDARD
            .decode(text)
            .map_err(|_| GraphicError::Packed.into());
    }
    let digits: Vec<u8> = data
        .iter()
        .filter(|b| !b.is_ascii_whitespace())
        .map(|b| {
            char::from(*b)
                .to_digit(16)
                .and_then(|d| u8::try_from(d).ok())
        })
        .collect::<Option<_>>()
        .ok_or(RasterError::Png)?;
    Ok(digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect())
}

fn png(bytes: &[u8]) -> Result<Bitmap, RasterError> {
    let mut reader =
        image::ImageReader::with_format(std::io::Cursor::new(bytes), image::ImageFormat::Png);
    let mut limits = image::Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(PNG_BYTES_MAX);
    reader.limits(limits);
    let picture = reader.decode().map_err(|_| RasterError::Png)?;
    let grey = picture.to_luma_alpha8();
    let mut rows = Vec::new();
    for row in grey
        .as_raw()
        .chunks_exact((grey.width() as usize * 2).max(1))
    {
        for eight in row.chunks(16) {
            let black = |pair: &[u8]| pair[0] < 128 && pair[1] >= 128;
            rows.push(
                eight
                    .chunks_exact(2)
                    .enumerate()
                    .fold(0_u8, |byte, (at, pair)| {
                        byte | (u8::from(black(pair)) << (7 - at))
                    }),
            );
        }
    }
    Bitmap::from_bits(grey.width(), grey.height(), rows).map_err(|_| RasterError::Png)
}

/// Each dot repeated.
///
/// # Errors
/// [`RasterError::Large`].
pub fn magnified(picture: &BitmapView<'_>, across: u32, down: u32) -> Result<Bitmap, RasterError> {
    let width = picture.width().saturating_mul(across);
    let height = picture.height().saturating_mul(down);
    if u64::from(width) * u64::from(height) > DOTS_MAX {
        return Err(RasterError::Large);
    }
    let mut out = Bitmap::new(width, height).map_err(|_| RasterError::Large)?;
    for y in 0..picture.height() {
        let mut x = 0;
        while x < picture.width() {
            let from = x;
            let black = picture.get(x, y);
            while x < picture.width() && picture.get(x, y) == black {
                x += 1;
            }
            if black {
                out.fill_rect(from * across, y * down, (x - from) * across, down, true);
            }
        }
    }
    Ok(out)
}

/// A picture drawn at `down` dots for a head with `up` dots on the same length. Whole dots where
/// the ratio is whole within 1.6 percent (203 and 600 dpi are 8 and 24 dots per mm by name); else
/// resampled, but only what holds no symbol.
///
/// # Errors
/// [`RasterError::Resample`], [`RasterError::Large`].
pub fn at_head(picture: &BitmapView<'_>, up: u32, down: u32) -> Result<Bitmap, RasterError> {
    let down = down.max(1);
    let whole = (up + down / 2) / down;
    let off = (whole * down).abs_diff(up) * 1_000;
    if whole > 0 && off <= up * 16 {
        return magnified(picture, whole, whole);
    }
    if !check::check(picture).symbols.is_empty() {
        return Err(RasterError::Resample);
    }
    let side = |n: u32| (u64::from(n) * u64::from(up) / u64::from(down)).max(1);
    let (width, height) = (side(picture.width()), side(picture.height()));
    if width * height > DOTS_MAX {
        return Err(RasterError::Large);
    }
    let bounded = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    let mut out = Bitmap::new(bounded(width), bounded(height)).map_err(|_| RasterError::Large)?;
    let back = |n: u32| bounded(u64::from(n) * u64::from(down) / u64::from(up.max(1)));
    for y in 0..out.height() {
        let rows = back(y)..back(y + 1).max(back(y) + 1);
        for x in 0..out.width() {
            let columns = back(x)..back(x + 1).max(back(x) + 1);
            let dots = rows
                .clone()
                .flat_map(|y| columns.clone().map(move |x| (x, y)));
            let (black, all) = dots.fold((0_u32, 0_u32), |(black, all), (x, y)| {
                (black + u32::from(picture.get(x, y)), all + 1)
            });
            if black * 2 >= all && black > 0 {
                out.set(x, y, true);
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn whole_ratios_repeat_dots_and_others_resample() {
        let mut dot = Bitmap::new(20, 20).unwrap();
        dot.fill_rect(4, 4, 2, 8, true);
        let triple = at_head(&dot.view(), 600, 203).unwrap();
        assert_eq!((triple.width(), triple.height()), (60, 60));
        assert!(triple.get(12, 12) && triple.get(17, 35) && !triple.get(18, 12));
        let half = at_head(&dot.view(), 300, 203).unwrap();
        assert_eq!((half.width(), half.height()), (29, 29));
        assert!(half.get(6, 7) && !half.get(3, 7));
    }

    #[test]
    fn objects_are_read_in_every_wrapping() {
        let hex = b"R:L.GRF,A,G,2,1,F00F";
        let bitmap = download_object(hex, b',').unwrap();
        assert_eq!(bitmap.bits(), [0xF0, 0x0F]);
        assert_eq!(download(b"R:L,2,1,F00F", b',').unwrap(), bitmap);
        let mut picture = image::GrayImage::from_pixel(9, 2, image::Luma([255]));
        picture.put_pixel(8, 1, image::Luma([0]));
        let mut file = std::io::Cursor::new(Vec::new());
        picture
            .write_to(&mut file, image::ImageFormat::Png)
            .unwrap();
        let text = STANDARD.encode(file.into_inner());
        let object = format!("R:P.PNG,P,P,99,,:B64:{text}:{:04X}", crc16(text.as_bytes()));
        let png = download_object(object.as_bytes(), b',').unwrap();
        assert_eq!(png.bits(), [0, 0, 0, 0x80]);
        let broken = object.replace(":B64:i", ":B64:j");
        assert!(download_object(broken.as_bytes(), b',').is_err());
        assert_eq!(
            download_object(b"R:F,B,T,1,,x", b','),
            Err(RasterError::Kind)
        );
    }
}
