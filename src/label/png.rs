//! PNG in and out. Out: 1-bit grey with the physical size, so that viewers and `label convert`
//! know the scale. In: anything the decoder reads, composed on white and thresholded.

use firstscan_drivers::bitmap::{Bitmap, Resolution};
use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use std::io::Write;

use crate::label::import::{density, raster};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1A\n";

/// Why bytes are no usable PNG, or could not be made one.
#[derive(Debug, thiserror::Error)]
pub enum PngError {
    #[error("the PNG could not be written ({0}); report this")]
    Encode(String),
    #[error("{0}")]
    Decode(#[from] raster::RasterError),
}

/// Effort of the compression, 1 to 9: more takes twice the time and saves a tenth.
const COMPRESSION: u32 = 4;

/// Bytes compressed at a time: the compressor clears its whole free space at each call.
const BATCH_BYTES: usize = 16 << 10;

/// A 1-bit grey PNG, black = 0, with a pHYs chunk. The encoder at hand writes 8-bit grey at least;
/// one bit a dot and no filter is what compresses bars and letters quickest.
pub fn encode(bitmap: &Bitmap, resolution: Resolution) -> Result<Vec<u8>, PngError> {
    let view = bitmap.view();
    let refused = |error: std::io::Error| PngError::Encode(error.to_string());
    let mut rows = ZlibEncoder::new(Vec::with_capacity(32 << 10), Compression::new(COMPRESSION));
    let mut lines = Vec::with_capacity(BATCH_BYTES + view.stride() + 1);
    for y in 0..view.height() {
        lines.push(0);
        lines.extend(view.row(y).iter().map(|byte| !byte));
        if lines.len() >= BATCH_BYTES {
            rows.write_all(&lines).map_err(refused)?;
            lines.clear();
        }
    }
    rows.write_all(&lines).map_err(refused)?;
    let rows = rows.finish().map_err(refused)?;
    let mut header = view.width().to_be_bytes().to_vec();
    header.extend(view.height().to_be_bytes());
    // Bit depth 1, greyscale, deflate, standard filters, not interlaced.
    header.extend([1, 0, 0, 0, 0]);
    let per_metre = pixels_per_metre(resolution).to_be_bytes();
    let mut scale = [per_metre, per_metre].concat();
    scale.push(1);
    let mut out = Vec::with_capacity(rows.len() + 100);
    out.extend_from_slice(SIGNATURE);
    for (kind, data) in [(b"IHDR", header), (b"pHYs", scale), (b"IDAT", rows)] {
        out.extend(chunk(*kind, &data));
    }
    out.extend(chunk(*b"IEND", &[]));
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
    let mut crc = Crc::new();
    crc.update(&out[4..]);
    out.extend(crc.sum().to_be_bytes());
    out
}

/// Resolution from a PNG's pHYs chunk; None if it has none or it is not in metres.
pub fn stated_resolution(bytes: &[u8]) -> Option<Resolution> {
    let mut at = SIGNATURE.len();
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
