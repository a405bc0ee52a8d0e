//! Pictures: decoded within limits, grey, scaled by exact area, thresholded.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use firstscan_drivers::bitmap::{Bitmap, Resolution};
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use super::density;
use crate::label::canvas::packed;

/// Grey below this is black.
const THRESHOLD: u8 = 128;
/// Half a dot of black, however it was rounded.
const MIDDLE: std::ops::RangeInclusive<u8> = 126..=129;
/// Longest side, pixels.
pub const SIDE_MAX: u32 = 10_000;
/// Pixels of one picture: A4 at 600 dpi.
pub const PIXELS_MAX: u64 = 40_000_000;
/// Memory the decoder may take.
const DECODER_BYTES_MAX: u64 = 128 << 20;
/// Scans of one progressive JPEG. Usual ones have 10; each costs a pass over the whole picture.
const JPEG_SCANS_MAX: usize = 40;

/// Why a picture cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RasterError {
    #[error("the picture cannot be read ({0}); check that the file is whole and of this kind")]
    Unreadable(String),
}

/// A grey picture, 0 black.
#[derive(Debug, Clone)]
pub struct Grey {
    pub width: u32,
    pub height: u32,
    /// `width * height` bytes.
    pub pixels: Vec<u8>,
    /// As stated in the file.
    pub resolution: Option<Resolution>,
}

/// Reads a picture (of a GIF the first one), on white where it is transparent.
pub fn decode(bytes: &[u8], format: ImageFormat) -> Result<Grey, RasterError> {
    let unreadable = |reason: String| RasterError::Unreadable(reason);
    // Size first: a small file can claim a huge picture.
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    reader.limits(limits);
    let decoder = reader.into_decoder();
    let decoder = decoder.map_err(|error| unreadable(error.to_string()))?;
    let (width, height) = decoder.dimensions();
    let pixels = u64::from(width) * u64::from(height);
    if pixels == 0 || pixels > PIXELS_MAX || decoder.total_bytes() > DECODER_BYTES_MAX {
        return Err(unreadable(format!(
            "{width} x {height} pixels, up to {PIXELS_MAX} work"
        )));
    }
    if format == ImageFormat::Jpeg {
        let scans = bytes.windows(2).filter(|two| *two == [0xFF, 0xDA]).count();
        if scans > JPEG_SCANS_MAX {
            return Err(unreadable(format!("it is coded in {scans} scans")));
        }
    }
    let picture = guarded(|| DynamicImage::from_decoder(decoder))
        .ok_or_else(|| unreadable("the reader failed on it".into()))?
        .map_err(|error| unreadable(error.to_string()))?;
    let (width, height) = (picture.width(), picture.height());
    let pixels = match picture.color().has_alpha() {
        false => picture.into_luma8().into_raw(),
        true => {
            let on_white = |[grey, alpha]: [u8; 2]| {
                let (grey, alpha) = (u16::from(grey), u16::from(alpha));
                ((grey * alpha + 255 * (255 - alpha)) / 255) as u8
            };
            picture
                .into_luma_alpha8()
                .pixels()
                .map(|pixel| on_white(pixel.0))
                .collect()
        }
    };
    let resolution = density::stated(bytes, format);
    Ok(Grey {
        width,
        height,
        pixels,
        resolution,
    })
}

/// Runs foreign code on foreign data; None if it panics.
fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}

/// Eight dots, if none of them is of the middle grey that needs its neighbours: all eight at once
/// in one number, the first dot in its highest byte.
fn clear(eight: &[u8; 8]) -> Option<u8> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const TOPS: u64 = 0x80 * ONES;
    let greys = u64::from_be_bytes(*eight);
    // With its top bit turned round, and 2 added without a carry to the next, the middle is 0 to 3.
    let turned = greys ^ TOPS;
    let moved = ((turned & !TOPS) + 2 * ONES) ^ (turned & TOPS);
    let far = moved & (0xFC * ONES);
    let middle = far.wrapping_sub(ONES) & !far & TOPS;
    if middle != 0 {
        return None;
    }
    // Below the threshold is without the top bit. The product puts the bit of each byte into the
    // highest byte, in their order.
    let black = (!greys & TOPS) >> 7;
    Some((black.wrapping_mul(0x0102_0408_1020_4080) >> 56) as u8)
}

/// Up to eight dots from `start` on, each looked at beside its neighbours if it must be.
fn one_by_one(row: &[u8], above: Option<&[u8]>, start: usize) -> u8 {
    let dots = row.iter().enumerate().skip(start).take(8);
    dots.fold(0, |byte, (at, grey)| {
        let black = if MIDDLE.contains(grey) {
            darkens(row, above, at)
        } else {
            *grey < THRESHOLD
        };
        byte | (u8::from(black) << (7 - (at - start)))
    })
}

/// Whether it is lighter to the left of a dot than there, or, if that is alike, above it.
fn darkens(row: &[u8], above: Option<&[u8]>, at: usize) -> bool {
    let left = at.checked_sub(1).and_then(|left| row.get(left));
    let above = above.and_then(|above| above.get(at));
    let lighter = [left.copied().unwrap_or(255), above.copied().unwrap_or(255)];
    let different = lighter.into_iter().find(|beside| !MIDDLE.contains(beside));
    different.map_or(row[at] < THRESHOLD, |beside| beside > THRESHOLD)
}

impl Grey {
    /// Dots darker than the middle become black.
    ///
    /// An edge that runs through the middle of a dot leaves just the middle grey. If that always
    /// became black, bars would grow by a dot wherever both their edges lie so; so it does on the
    /// left and upper side of something dark only.
    pub fn threshold(&self) -> Bitmap {
        let width = (self.width as usize).max(1);
        let bytes = width.div_ceil(8);
        let mut rows = vec![0; bytes * self.height as usize];
        let mut above: Option<&[u8]> = None;
        for (row, dots) in self.pixels.chunks_exact(width).zip(rows.chunks_mut(bytes)) {
            let (eights, rest) = row.as_chunks::<8>();
            for (number, (eight, dots)) in eights.iter().zip(&mut *dots).enumerate() {
                // Nothing but paper, as most of a label is.
                if u64::from_ne_bytes(*eight) != u64::MAX {
                    *dots = clear(eight).unwrap_or_else(|| one_by_one(row, above, number * 8));
                }
            }
            if let Some(dots) = dots.get_mut(eights.len()).filter(|_| !rest.is_empty()) {
                *dots = one_by_one(row, above, eights.len() * 8);
            }
            above = Some(row);
        }
        packed(self.width, self.height, rows)
    }

    /// Mirrored left to right if asked for, then turned clockwise by quarter turns.
    pub fn turned(self, turns: u8, mirrored: bool) -> Self {
        if turns == 0 && !mirrored {
            return self;
        }
        let (width, height) = (self.width as usize, self.height as usize);
        let quarter = turns % 2 == 1;
        let (across, down) = if quarter {
            (height, width)
        } else {
            (width, height)
        };
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for y in 0..down {
            pixels.extend((0..across).map(|x| {
                let (from_x, from_y) = match turns % 4 {
                    0 => (x, y),
                    1 => (y, height - 1 - x),
                    2 => (width - 1 - x, height - 1 - y),
                    _ => (width - 1 - y, x),
                };
                let from_x = if mirrored { width - 1 - from_x } else { from_x };
                self.pixels[from_y * width + from_x]
            }));
        }
        let (width, height) = if quarter {
            (self.height, self.width)
        } else {
            (self.width, self.height)
        };
        Self {
            width,
            height,
            pixels,
            resolution: self.resolution,
        }
    }

    /// The picture at `width` x `height`; every new pixel is the mean of the area it covers, so
    /// that bars get neither thicker nor thinner on average. Equal size is an exact copy.
    pub fn scaled(&self, width: u32, height: u32) -> Self {
        if (width, height) == (self.width, self.height) {
            return self.clone();
        }
        let columns = spans(self.width, width);
        let mut narrow = Vec::with_capacity(width as usize * self.height as usize);
        for row in self.pixels.chunks_exact((self.width as usize).max(1)) {
            narrow.extend(columns.iter().map(|span| span.mean(|at| row[at])));
        }
        let stride = width as usize;
        let mut pixels = Vec::with_capacity(stride * height as usize);
        for span in spans(self.height, height) {
            pixels.extend((0..stride).map(|x| span.mean(|at| narrow[at * stride + x])));
        }
        Self {
            width,
            height,
            pixels,
            resolution: self.resolution,
        }
    }
}

/// Source pixels `first..` with their weights; the weights add up to the source's length.
struct Span {
    first: usize,
    weights: Vec<u64>,
}

impl Span {
    fn mean(&self, pixel: impl Fn(usize) -> u8) -> u8 {
        let total: u64 = self.weights.iter().sum();
        let parts = self.weights.iter().enumerate();
        let sum: u64 = parts
            .map(|(i, w)| w * u64::from(pixel(self.first + i)))
            .sum();
        u8::try_from((sum + total / 2) / total.max(1)).unwrap_or(255)
    }
}

/// New pixel `i` covers `i * from / to .. (i + 1) * from / to`; in units of `1 / to`.
fn spans(from: u32, to: u32) -> Vec<Span> {
    let (from, to) = (u64::from(from), u64::from(to));
    let span = |index: u64| {
        let (start, end) = (index * from, (index + 1) * from);
        let (first, last) = (start / to, (end - 1) / to);
        let overlap = |at: u64| end.min((at + 1) * to) - start.max(at * to);
        let first_at = usize::try_from(first).unwrap_or(0);
        Span {
            first: first_at,
            weights: (first..=last).map(overlap).collect(),
        }
    };
    (0..to).map(span).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_dots_at_once_are_as_each_by_itself() {
        for grey in 0..=u8::MAX {
            for at in 0..8 {
                for around in [0, 100, 125, 130, 255] {
                    let mut eight = [around; 8];
                    eight[at] = grey;
                    let fold = |byte, grey: &u8| byte << 1 | u8::from(*grey < THRESHOLD);
                    let plain = eight.iter().fold(0, fold);
                    let sure = (!MIDDLE.contains(&grey)).then_some(plain);
                    assert_eq!(clear(&eight), sure, "{grey} at {at} in {around}");
                }
            }
        }
        assert_eq!(clear(&[127, 128, 126, 129, 127, 128, 126, 129]), None);
        assert_eq!(clear(&[0, 255, 0, 255, 0, 0, 0, 255]), Some(0b1010_1110));
    }

    #[test]
    fn scaling_keeps_area() {
        let pixels = vec![0, 0, 255, 255, 255, 255];
        let picture = Grey {
            width: 6,
            height: 1,
            pixels,
            resolution: None,
        };
        assert_eq!(picture.scaled(3, 1).pixels, [0, 255, 255]);
        assert_eq!(picture.scaled(4, 1).pixels, [0, 170, 255, 255]);
        assert_eq!(picture.scaled(12, 2).pixels[..5], [0, 0, 0, 0, 255]);
    }
}
