//! PNG in and out. Out: 1-bit grey with the physical size, so that viewers and `label convert`
//! know the scale. In: anything the decoder reads, composed on white and thresholded.

use firstscan_drivers::bitmap::{Bitmap, Resolution};
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder};

use crate::label::import::{density, raster};

/// Length of the signature and of the IHDR chunk that always follows it.
const SIGNATURE_BYTES: usize = 8;
const IHDR_BYTES: usize = 25;

/// Why bytes are no usable PNG, or could not be made one.
#[derive(Debug, thiserror::Error)]
pub enum PngError {
    #[error("the PNG could not be written ({0}); report this")]
    Encode(String),
    #[error("{0}")]
    Decode(#[from] raster::RasterError),
}

/// A 1-bit grey PNG, black = 0, with a pHYs chunk.
///
/// The encoder at hand writes 8-bit grey at least. A row of 1-bit dots is the same bytes as a row
/// of 8-bit dots an eighth as wide (filters work on bytes in both), so it gets the packed bytes
/// and the header is put right afterwards.
pub fn encode(bitmap: &Bitmap, resolution: Resolution) -> Result<Vec<u8>, PngError> {
    let refused = |reason: String| PngError::Encode(reason);
    let view = bitmap.view();
    let inverted: Vec<u8> = (0..view.height())
        .flat_map(|y| view.row(y).iter().map(|byte| !byte))
        .collect();
    let stride = view.width().div_ceil(8);
    let mut out = Vec::with_capacity(inverted.len() / 8);
    PngEncoder::new_with_quality(&mut out, CompressionType::Default, FilterType::NoFilter)
        .write_image(&inverted, stride, view.height(), ExtendedColorType::L8)
        .map_err(|error| refused(error.to_string()))?;
    let header = SIGNATURE_BYTES..SIGNATURE_BYTES + IHDR_BYTES;
    if out.get(SIGNATURE_BYTES + 4..SIGNATURE_BYTES + 8) != Some(b"IHDR") {
        return Err(refused("no IHDR chunk in front".into()));
    }
    let mut ihdr = view.width().to_be_bytes().to_vec();
    ihdr.extend(view.height().to_be_bytes());
    // Bit depth 1, greyscale, deflate, standard filters, not interlaced.
    ihdr.extend([1, 0, 0, 0, 0]);
    let per_metre = pixels_per_metre(resolution).to_be_bytes();
    let mut phys = [per_metre, per_metre].concat();
    phys.push(1);
    let head = [chunk(*b"IHDR", &ihdr), chunk(*b"pHYs", &phys)].concat();
    out.splice(header, head);
    Ok(out)
}

/// Reads a PNG and its resolution, if it states one; grey below the middle is black.
pub fn decode(bytes: &[u8]) -> Result<(Bitmap, Option<Resolution>), PngError> {
    let grey = raster::decode(bytes, image::ImageFormat::Png)?;
    Ok((grey.threshold(), grey.resolution))
}

fn pixels_per_metre(resolution: Resolution) -> u32 {
    let (dots, per_um) = (
        u64::from(resolution.dots),
        u64::from(resolution.per_um).max(1),
    );
    u32::try_from((dots * 1_000_000 + per_um / 2) / per_um).unwrap_or(u32::MAX)
}

fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
    let mut out = u32::try_from(data.len())
        .unwrap_or(0)
        .to_be_bytes()
        .to_vec();
    out.extend(kind);
    out.extend(data);
    out.extend(crc32(&out[4..]).to_be_bytes());
    out
}

/// CRC-32 as PNG wants it (ISO 3309).
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                0xEDB8_8320 ^ (crc >> 1)
            } else {
                crc >> 1
            }
        })
    };
    !bytes.iter().fold(u32::MAX, step)
}

/// Resolution from a PNG's pHYs chunk; None if it has none or it is not in metres.
pub fn stated_resolution(bytes: &[u8]) -> Option<Resolution> {
    let mut at = SIGNATURE_BYTES;
    loop {
        let length = u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?);
        let length = usize::try_from(length)
            .ok()
            .filter(|length| *length < 1 << 30)?;
        let kind = bytes.get(at + 4..at + 8)?;
        let data = bytes.get(at + 8..at + 8 + length)?;
        match (kind, data) {
            (b"IDAT", _) => return None,
            (b"pHYs", [a, b, c, d, y @ .., 1]) if y == [*a, *b, *c, *d] => {
                let per_metre = u32::from_be_bytes([*a, *b, *c, *d]);
                return density::per_metre(per_metre);
            }
            _ => at += 12 + length,
        }
    }
}
