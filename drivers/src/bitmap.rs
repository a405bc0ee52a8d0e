//! 1-bit pictures on a print head's dot grid, and the head's resolution as a ratio.
//!
//! 1 is black, the first dot of a row is the most significant bit, rows are padded with white to
//! whole bytes. Padding is always white: comparisons and encoders rely on it.

use crate::length::Length;

/// Largest picture in dots (8000 x 8000).
pub const DOTS_MAX: u64 = 64_000_000;

/// Why there is no such picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BitmapError {
    #[error("a picture of {width} x {height} dots is empty or larger than {DOTS_MAX} dots")]
    Size { width: u32, height: u32 },
    #[error("{found} bytes do not make {width} x {height} dots: {expected} are needed")]
    Bytes {
        width: u32,
        height: u32,
        expected: usize,
        found: usize,
    },
}

/// An owned picture.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Bitmap {
    width: u32,
    height: u32,
    stride: usize,
    bits: Vec<u8>,
}

/// A borrowed picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BitmapView<'a> {
    width: u32,
    height: u32,
    stride: usize,
    bits: &'a [u8],
}

fn index(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn stride_of(width: u32) -> usize {
    index(width.div_ceil(8))
}

fn check(width: u32, height: u32) -> Result<usize, BitmapError> {
    let dots = u64::from(width).saturating_mul(u64::from(height));
    if dots == 0 || dots > DOTS_MAX {
        return Err(BitmapError::Size { width, height });
    }
    Ok(stride_of(width).saturating_mul(index(height)))
}

impl Bitmap {
    /// An all-white picture.
    ///
    /// # Errors
    /// [`BitmapError::Size`].
    pub fn new(width: u32, height: u32) -> Result<Self, BitmapError> {
        let bytes = check(width, height)?;
        Ok(Bitmap {
            width,
            height,
            stride: stride_of(width),
            bits: vec![0; bytes],
        })
    }

    /// From rows of packed bits; padding bits are cleared.
    ///
    /// # Errors
    /// [`BitmapError`].
    pub fn from_bits(width: u32, height: u32, bits: Vec<u8>) -> Result<Self, BitmapError> {
        let expected = check(width, height)?;
        if bits.len() != expected {
            return Err(BitmapError::Bytes {
                width,
                height,
                expected,
                found: bits.len(),
            });
        }
        let mut bitmap = Bitmap {
            width,
            height,
            stride: stride_of(width),
            bits,
        };
        if !width.is_multiple_of(8) {
            let mask = 0xFF_u8 << (8 - width % 8);
            for row in bitmap.bits.chunks_exact_mut(bitmap.stride) {
                if let Some(last) = row.last_mut() {
                    *last &= mask;
                }
            }
        }
        Ok(bitmap)
    }

    /// Dots per row.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Bytes per row.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// All rows.
    pub fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// The rows themselves, to be drawn on again.
    pub fn into_bits(self) -> Vec<u8> {
        self.bits
    }

    /// Borrowed.
    pub fn view(&self) -> BitmapView<'_> {
        let Bitmap {
            width,
            height,
            stride,
            ..
        } = *self;
        BitmapView {
            width,
            height,
            stride,
            bits: &self.bits,
        }
    }

    /// Whether a dot is black; outside is white.
    pub fn get(&self, x: u32, y: u32) -> bool {
        self.view().get(x, y)
    }

    /// One row of packed bits; empty below the picture.
    pub fn row(&self, y: u32) -> &[u8] {
        let start = index(y).saturating_mul(self.stride);
        self.bits
            .get(start..start.saturating_add(self.stride))
            .unwrap_or_default()
    }

    /// Sets a dot; outside nothing happens.
    pub fn set(&mut self, x: u32, y: u32, black: bool) {
        if x >= self.width || y >= self.height {
            return;
        }
        let at = index(y) * self.stride + index(x / 8);
        if let Some(byte) = self.bits.get_mut(at) {
            let mask = 0x80_u8 >> (x % 8);
            if black { *byte |= mask } else { *byte &= !mask }
        }
    }

    /// Fills a rectangle, clipped to the picture; whole bytes at a time.
    pub fn fill_rect(&mut self, x: u32, y: u32, width: u32, height: u32, black: bool) {
        let right = x.saturating_add(width).min(self.width);
        let bottom = y.saturating_add(height).min(self.height);
        if x >= right || y >= bottom {
            return;
        }
        let (first, last) = (index(x / 8), index((right - 1) / 8));
        let head = 0xFF_u8 >> (x % 8);
        let tail = 0xFF_u8 << (7 - (right - 1) % 8);
        for row in y..bottom {
            let start = index(row) * self.stride;
            let Some(bytes) = self.bits.get_mut(start + first..=start + last) else {
                return;
            };
            let count = bytes.len();
            for (i, byte) in bytes.iter_mut().enumerate() {
                let mut mask = 0xFF;
                if i == 0 {
                    mask &= head;
                }
                if i + 1 == count {
                    mask &= tail;
                }
                if black { *byte |= mask } else { *byte &= !mask }
            }
        }
    }

    /// Draws another picture's black dots with its corner at `x`, `y`; clipped. Whole bytes at a
    /// time: white padding on both sides makes the shifted edges harmless.
    pub fn blit(&mut self, other: &BitmapView<'_>, x: u32, y: u32) {
        if x >= self.width || y >= self.height {
            return;
        }
        let (first, shift) = (index(x / 8), x % 8);
        let tail = (8 - self.width % 8) % 8;
        for row in 0..other.height.min(self.height - y) {
            let start = index(y + row) * self.stride;
            let Some(line) = self.bits.get_mut(start..start + self.stride) else {
                return;
            };
            let mut carry = 0_u8;
            let source = other.row(row).iter().copied().chain([0]);
            for (byte, target) in source.zip(line.iter_mut().skip(first)) {
                let wide = (u16::from(carry) << 8 | u16::from(byte)) >> shift;
                *target |= u8::try_from(wide & 0xFF).unwrap_or(0);
                carry = byte;
            }
            if let Some(last) = line.last_mut() {
                *last &= 0xFF_u8 << tail;
            }
        }
    }

    /// Turned clockwise by quarter turns.
    pub fn rotated_quarter(&self, turns: u8) -> Bitmap {
        let (width, height) = (self.width, self.height);
        let (w, h) = if turns.is_multiple_of(2) {
            (width, height)
        } else {
            (height, width)
        };
        let stride = stride_of(w);
        let bits = vec![0; stride.saturating_mul(index(h))];
        let mut turned = Bitmap {
            width: w,
            height: h,
            stride,
            bits,
        };
        for y in 0..height {
            for x in 0..width {
                if self.get(x, y) {
                    let (tx, ty) = match turns % 4 {
                        0 => (x, y),
                        1 => (height - 1 - y, x),
                        2 => (width - 1 - x, height - 1 - y),
                        _ => (y, width - 1 - x),
                    };
                    turned.set(tx, ty, true);
                }
            }
        }
        turned
    }
}

impl<'a> BitmapView<'a> {
    /// Dots per row.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Bytes per row.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// All rows.
    pub fn bits(&self) -> &'a [u8] {
        self.bits
    }

    /// One row of packed bits; empty below the picture.
    pub fn row(&self, y: u32) -> &'a [u8] {
        let start = index(y).saturating_mul(self.stride);
        self.bits
            .get(start..start.saturating_add(self.stride))
            .unwrap_or_default()
    }

    /// Whether a dot is black; outside is white.
    pub fn get(&self, x: u32, y: u32) -> bool {
        let byte = self.row(y).get(index(x / 8)).copied().unwrap_or(0);
        x < self.width && byte & (0x80 >> (x % 8)) != 0
    }
}

/// Dots per length as a ratio, because 300 dpi is no whole number of dots per millimetre.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Resolution {
    pub dots: u32,
    pub per_um: u32,
}

impl Resolution {
    /// Nominal dots per inch; 4 in are then exactly `4 * dpi` dots.
    pub const fn from_dpi(dpi: u32) -> Self {
        Resolution {
            dots: dpi,
            per_um: 25_400,
        }
    }

    /// Dots of a length, half a dot rounded up; 0 for negative lengths.
    pub fn dots(self, length: Length) -> u32 {
        let um = u64::try_from(length.um()).unwrap_or(0);
        let per = u64::from(self.per_um.max(1));
        let dots = (um.saturating_mul(u64::from(self.dots)) + per / 2) / per;
        u32::try_from(dots).unwrap_or(u32::MAX)
    }

    /// Length of a number of dots, rounded to the micrometre.
    pub fn length(self, dots: u32) -> Length {
        let per = u64::from(self.dots.max(1));
        let um = (u64::from(dots) * u64::from(self.per_um) + per / 2) / per;
        Length::from_um(i64::try_from(um).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn four_by_six_inches_at_every_head() {
        for (dpi, size) in [(203, (812, 1218)), (300, (1200, 1800)), (600, (2400, 3600))] {
            let head = Resolution::from_dpi(dpi);
            let inches = |n: i64| Length::from_um(n * 25_400);
            assert_eq!((head.dots(inches(4)), head.dots(inches(6))), size);
        }
    }

    #[test]
    fn rectangles_touch_exactly_their_dots() {
        for (x, w) in [(0, 3), (5, 3), (5, 4), (7, 1), (8, 8), (3, 30), (30, 99)] {
            let mut bitmap = Bitmap::new(37, 3).unwrap();
            bitmap.fill_rect(x, 1, w, 1, true);
            for column in 0..40 {
                let inside = column >= x && column < (x + w).min(37);
                assert_eq!(bitmap.get(column, 1), inside, "{x} {w} {column}");
                assert!(!bitmap.get(column, 0) && !bitmap.get(column, 2));
            }
        }
    }

    #[test]
    fn pictures_land_on_exactly_their_dots() {
        let mut stamp = Bitmap::new(13, 3).unwrap();
        for (x, y) in [(0, 0), (7, 0), (8, 1), (12, 2), (3, 1)] {
            stamp.set(x, y, true);
        }
        for (w, x, y) in [
            (40, 0, 0),
            (40, 5, 1),
            (37, 30, 2),
            (16, 8, 3),
            (9, 8, 0),
            (9, 9, 0),
        ] {
            let mut bitmap = Bitmap::new(w, 5).unwrap();
            bitmap.set(1, 1, true);
            let mut slow = bitmap.clone();
            for sy in 0..3 {
                for sx in (0..13).filter(|sx| stamp.get(*sx, sy)) {
                    slow.set(x + sx, y + sy, true);
                }
            }
            bitmap.blit(&stamp.view(), x, y);
            assert_eq!(bitmap, slow, "{w} {x} {y}");
        }
    }

    #[test]
    fn turning_four_times_is_standing_still() {
        let mut bitmap = Bitmap::new(5, 3).unwrap();
        bitmap.set(1, 0, true);
        assert!(bitmap.rotated_quarter(1).get(2, 1));
        let around = (0..4).fold(bitmap.clone(), |b, _| b.rotated_quarter(1));
        assert_eq!(around, bitmap);
        assert_eq!(
            bitmap.rotated_quarter(2),
            bitmap.rotated_quarter(1).rotated_quarter(1)
        );
    }

    #[test]
    fn padding_is_white_and_sizes_are_bounded() {
        let bitmap = Bitmap::from_bits(4, 1, vec![0xFF]).unwrap();
        assert_eq!(bitmap.bits(), [0xF0]);
        assert!(Bitmap::from_bits(9, 1, vec![0]).is_err());
        assert!(Bitmap::new(0, 1).is_err() && Bitmap::new(100_000, 100_000).is_err());
    }
}
