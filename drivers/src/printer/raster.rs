//! What the raster languages share: limits, blank rows, polarity, hex, padding for a broken
//! transfer. Whole bytes everywhere, never single dots.

use super::{EncodeError, JobOptions};
use crate::bitmap::BitmapView;

/// Copies of one job. Languages count further; a label is never wanted that often.
pub(super) const COPIES_MAX: u32 = 99;
/// Blank rows that end a band: fewer cost less than another command.
const BLANK_ROWS_MIN: usize = 4;

/// Where a language ends.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub width_dots: u32,
    pub height_dots: u32,
    pub copies: u32,
}

impl Limits {
    /// Refuses what the language, or the head if it is known, cannot print.
    pub fn check(self, picture: &BitmapView<'_>, job: &JobOptions) -> Result<(), EncodeError> {
        if !(1..=self.copies).contains(&job.copies) {
            let (copies, max) = (job.copies, self.copies);
            return Err(EncodeError::Copies { copies, max });
        }
        let max = job.head_dots.unwrap_or(u32::MAX).min(self.width_dots);
        if picture.width() > max {
            let dots = picture.width();
            return Err(EncodeError::Wide { dots, max });
        }
        if picture.height() > self.height_dots {
            let (dots, max) = (picture.height(), self.height_dots);
            return Err(EncodeError::Tall { dots, max });
        }
        Ok(())
    }
}

/// Neighbouring rows of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Band<'a> {
    /// First row.
    pub y: usize,
    pub rows: usize,
    /// `rows` times the picture's stride.
    pub bits: &'a [u8],
}

/// The rows of a picture in bands of `bytes_max` bytes (one row at least).
pub(super) struct Bands<'a> {
    picture: BitmapView<'a>,
    rows_max: usize,
    skip_blank: bool,
    next: usize,
    end: usize,
}

/// All rows, in order.
pub(super) fn all_bands(picture: BitmapView<'_>, bytes_max: usize) -> Bands<'_> {
    let stride = picture.stride().max(1);
    Bands {
        picture,
        rows_max: (bytes_max / stride).max(1),
        skip_blank: false,
        next: 0,
        end: picture.bits().len() / stride,
    }
}

/// Rows with ink; longer blanks between them are left out.
pub(super) fn inked_bands(picture: BitmapView<'_>, bytes_max: usize) -> Bands<'_> {
    Bands {
        skip_blank: true,
        ..all_bands(picture, bytes_max)
    }
}

/// Whether a row has no black dot.
pub(super) fn blank(row: &[u8]) -> bool {
    row.iter().fold(0, |all, byte| all | byte) == 0
}

impl<'a> Bands<'a> {
    fn row(&self, y: usize) -> &'a [u8] {
        let stride = self.picture.stride();
        let start = y.saturating_mul(stride);
        let rows = self.picture.bits();
        rows.get(start..start.saturating_add(stride))
            .unwrap_or_default()
    }

    /// End of the band that starts at `from`, without the blank rows at its end.
    fn inked_end(&self, from: usize, limit: usize) -> usize {
        let (mut inked, mut y) = (from, from);
        while y < limit && y.saturating_sub(inked) < BLANK_ROWS_MIN {
            y += 1;
            if !blank(self.row(y - 1)) {
                inked = y;
            }
        }
        inked
    }
}

impl<'a> Iterator for Bands<'a> {
    type Item = Band<'a>;

    fn next(&mut self) -> Option<Band<'a>> {
        while self.skip_blank && self.next < self.end && blank(self.row(self.next)) {
            self.next += 1;
        }
        let y = self.next;
        if y >= self.end {
            return None;
        }
        let limit = y.saturating_add(self.rows_max).min(self.end);
        let end = if self.skip_blank {
            self.inked_end(y, limit)
        } else {
            limit
        };
        self.next = end;
        let stride = self.picture.stride();
        let bits = self.picture.bits().get(y * stride..end * stride)?;
        Some(Band {
            y,
            rows: end - y,
            bits,
        })
    }
}

/// Appends text.
pub(super) fn put(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(text.as_bytes());
}

/// Appends bits for languages where 1 is white. White padding becomes 1, which is white there.
pub(super) fn put_inverted(bits: &[u8], out: &mut Vec<u8>) {
    out.extend(bits.iter().map(|byte| !byte));
}

const HEX: [[u8; 2]; 256] = hex_table();

const fn hex_table() -> [[u8; 2]; 256] {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut table = [[0; 2]; 256];
    let mut i = 0;
    while i < 256 {
        table[i] = [DIGITS[i >> 4], DIGITS[i & 15]];
        i += 1;
    }
    table
}

/// Appends two hex digits per byte.
pub(super) fn put_hex(bits: &[u8], out: &mut Vec<u8>) {
    out.extend(
        bits.iter()
            .flat_map(|b| HEX.get(usize::from(*b)).copied().unwrap_or_default()),
    );
}

/// `N` bytes: `fill` throughout, then `end`. What the rest of a cut transfer is filled up with.
pub(super) const fn filler<const N: usize>(fill: u8, end: &[u8]) -> [u8; N] {
    let mut bytes = [fill; N];
    let mut i = 0;
    while i < end.len() {
        bytes[N - end.len() + i] = end[i];
        i += 1;
    }
    bytes
}
