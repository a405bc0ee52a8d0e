//! The picture a printer draws before it prints it.

use firstscan_drivers::bitmap::Bitmap;

/// Longest label in dots.
const LENGTH_DOTS_MAX: u32 = 32_000;
const WIDTH_DOTS_MAX: u32 = 8_192;

/// A page of fixed size; what lies outside is cut off, as at the edge of the paper.
#[derive(Debug, Clone)]
pub(super) struct Page {
    picture: Option<Bitmap>,
    width: u32,
    height: u32,
}

impl Page {
    /// A white page.
    pub fn new(width: u32, height: u32) -> Self {
        Page {
            picture: None,
            width: width.clamp(1, WIDTH_DOTS_MAX),
            height: height.clamp(1, LENGTH_DOTS_MAX),
        }
    }

    /// Draws rows of `stride` bytes, first dot in the top bit; `black` is the bit of a black dot.
    pub fn draw(&mut self, x: u32, y: u32, stride: usize, rows: &[u8], black: bool) {
        let (width, height) = (self.width, self.height);
        let Some(page) = self.page() else { return };
        for (row, bytes) in rows.chunks(stride.max(1)).enumerate() {
            let y = y.saturating_add(u32::try_from(row).unwrap_or(u32::MAX));
            if y >= height {
                return;
            }
            for (column, byte) in bytes.iter().enumerate() {
                let ink = if black { *byte } else { !*byte };
                for bit in (0..8).filter(|bit| ink & (0x80 >> bit) != 0) {
                    let column = u32::try_from(column * 8 + bit).unwrap_or(u32::MAX);
                    let x = x.saturating_add(column);
                    if x < width {
                        page.set(x, y, true);
                    }
                }
            }
        }
    }

    fn page(&mut self) -> Option<&mut Bitmap> {
        if self.picture.is_none() {
            self.picture = Bitmap::new(self.width, self.height).ok();
        }
        self.picture.as_mut()
    }

    /// The page; a new white one takes its place.
    pub fn take(&mut self) -> Option<Bitmap> {
        self.page();
        self.picture.take()
    }
}

/// Rows of equal length as they come, for printers without a page: the label is as long as they
/// are many.
#[derive(Debug, Default)]
pub(super) struct Strip {
    stride: usize,
    bits: Vec<u8>,
}

impl Strip {
    /// One row, cut or filled up with white to the length of the first one.
    pub fn push(&mut self, row: &[u8]) {
        if self.bits.is_empty() {
            self.stride = row.len();
        }
        let rows = self.bits.len() / self.stride.max(1);
        if rows < LENGTH_DOTS_MAX as usize && self.stride > 0 {
            let filled = row.iter().copied().chain(std::iter::repeat(0));
            self.bits.extend(filled.take(self.stride));
        }
    }

    pub fn is_empty(&self) -> bool {
        self.bits.is_empty()
    }

    /// The label; nothing is left.
    pub fn take(&mut self) -> Option<Bitmap> {
        let bits = std::mem::take(&mut self.bits);
        let rows = bits.len().checked_div(self.stride)?;
        let width = u32::try_from(self.stride * 8).ok()?;
        Bitmap::from_bits(width, u32::try_from(rows).ok()?, bits).ok()
    }
}

/// The bytes of hex digits; `None` if one is none or half a byte is left.
pub(super) fn unhex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |b: &u8| char::from(*b).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(high)? << 4 | digit(low)?).ok(),
        _ => None,
    };
    text.chunks(2).map(pair).collect()
}

/// A decimal number at the start of a text, blanks before it passed over.
pub(super) fn number(text: &str) -> u32 {
    let digits = text.trim_start();
    let end = digits.find(|c: char| !c.is_ascii_digit());
    let digits = digits.get(..end.unwrap_or(digits.len()));
    digits.and_then(|d| d.parse().ok()).unwrap_or(0)
}
