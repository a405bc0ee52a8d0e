//! Dots as 64-bit words, first dot in the lowest bit: what the readers and the rulers work on.
//! Everything outside a sheet is white.

use firstscan_drivers::bitmap::BitmapView;

use crate::label::canvas::Dots;

/// Dots per word.
const WORD: usize = 64;

/// A page, or a part of one, that can be turned and wiped.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    width: usize,
    height: usize,
    stride: usize,
    words: Vec<u64>,
}

impl Sheet {
    /// All white.
    pub fn white(width: usize, height: usize) -> Self {
        let stride = width.div_ceil(WORD);
        Self {
            width,
            height,
            stride,
            words: vec![0; stride * height],
        }
    }

    /// An area of a page, white where it leaves the page.
    pub fn cut(page: &BitmapView<'_>, area: Dots) -> Self {
        let mut sheet = Self::default();
        sheet.recut(page, area);
        sheet
    }

    /// [`Sheet::cut`] into memory that is there already.
    pub fn recut(&mut self, page: &BitmapView<'_>, area: Dots) {
        self.width = usize::try_from(area.width).unwrap_or(0);
        self.height = usize::try_from(area.height).unwrap_or(0);
        self.stride = self.width.div_ceil(WORD);
        self.words.clear();
        self.words.resize(self.stride * self.height, 0);
        if self.stride == 0 {
            return;
        }
        let rest = self.width % WORD;
        let last = if rest == 0 { u64::MAX } else { (1 << rest) - 1 };
        for (y, row) in (area.y..).zip(self.words.chunks_exact_mut(self.stride)) {
            let Ok(y) = u32::try_from(y) else { continue };
            let bytes = page.row(y);
            if bytes.is_empty() {
                break;
            }
            for (at, word) in (area.x..).step_by(WORD).zip(row.iter_mut()) {
                *word = load(bytes, at).reverse_bits();
            }
            if let Some(word) = row.last_mut() {
                *word &= last;
            }
        }
    }

    /// The whole page.
    pub fn from_view(page: &BitmapView<'_>) -> Self {
        let (width, height) = (side(page.width()), side(page.height()));
        let area = Dots {
            x: 0,
            y: 0,
            width,
            height,
        };
        Self::cut(page, area)
    }

    /// An area of this sheet, white where it leaves the sheet.
    pub fn part(&self, area: Dots) -> Self {
        let width = usize::try_from(area.width).unwrap_or(0);
        let mut part = Self::white(width, usize::try_from(area.height).unwrap_or(0));
        for y in 0..part.height {
            let from = area.y.saturating_add(i32::try_from(y).unwrap_or(0));
            for at in 0..part.stride {
                let x = i64::from(area.x) + i64::try_from(at * WORD).unwrap_or(0);
                part.words[y * part.stride + at] = self.bits_at(x, from);
            }
            part.clear_row(y, width, part.stride * WORD);
        }
        part
    }

    /// 64 dots of a row, from any position.
    fn bits_at(&self, x: i64, y: i32) -> u64 {
        let Some(row) = usize::try_from(y).ok().filter(|y| *y < self.height) else {
            return 0;
        };
        let row = self.row(row);
        let (at, shift) = (x.div_euclid(64), x.rem_euclid(64));
        let word = |at: i64| {
            let at = usize::try_from(at).ok();
            at.and_then(|at| row.get(at)).copied().unwrap_or(0)
        };
        if shift == 0 {
            return word(at);
        }
        word(at) >> shift | word(at + 1) << (64 - shift)
    }

    pub fn width(&self) -> usize {
        self.width
    }

    pub fn height(&self) -> usize {
        self.height
    }

    /// A row's words; none below the sheet.
    pub fn row(&self, y: usize) -> &[u64] {
        let row = self.words.get(y * self.stride..(y + 1) * self.stride);
        row.unwrap_or_default()
    }

    /// Whether a dot is black.
    pub fn get(&self, x: i32, y: i32) -> bool {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else {
            return false;
        };
        x < self.width
            && self
                .row(y)
                .get(x / WORD)
                .is_some_and(|w| w >> (x % WORD) & 1 == 1)
    }

    /// Makes a dot of the first row black.
    pub fn blacken(&mut self, x: usize) {
        if let Some(word) = self.words.get_mut(x / WORD) {
            *word |= 1 << (x % WORD);
        }
    }

    /// A quarter clockwise.
    pub fn turned(&self) -> Self {
        let mut turned = Self::white(self.height, self.width);
        for y in 0..self.height {
            let x = self.height - 1 - y;
            let (to, bit) = (x / WORD, 1_u64 << (x % WORD));
            for black in ones(self.row(y)) {
                turned.words[black * turned.stride + to] |= bit;
            }
        }
        turned
    }

    /// Quarters clockwise.
    #[cfg(test)]
    pub fn turned_by(self, quarters: u8) -> Self {
        (0..quarters % 4).fold(self, |sheet, _| sheet.turned())
    }

    /// All rows on top of each other, as one.
    pub fn flat(&self) -> Self {
        let mut flat = Self::white(self.width, 1);
        for y in 0..self.height {
            for (sum, word) in flat.words.iter_mut().zip(self.row(y)) {
                *sum |= word;
            }
        }
        flat
    }

    /// Paints an area white.
    pub fn wipe(&mut self, area: Dots) {
        let clip = |at: i32, max: usize| usize::try_from(at).unwrap_or(0).min(max);
        let left = clip(area.x, self.width);
        let right = clip(area.x.saturating_add(area.width), self.width);
        let bottom = clip(area.y.saturating_add(area.height), self.height);
        for y in clip(area.y, self.height)..bottom {
            self.clear_row(y, left, right);
        }
    }

    fn clear_row(&mut self, y: usize, left: usize, right: usize) {
        if left >= right {
            return;
        }
        for at in left / WORD..=(right - 1) / WORD {
            if let Some(word) = self.words.get_mut(y * self.stride + at) {
                *word &= !span(at, left, right);
            }
        }
    }

    /// The words of a row that hold some columns, with the number of the first.
    fn words(&self, y: usize, left: usize, right: usize) -> impl Iterator<Item = (usize, u64)> {
        let first = left / WORD;
        let words = self.row(y).get(first..).unwrap_or_default();
        let count = right.div_ceil(WORD).saturating_sub(first);
        let masked =
            move |(at, word): (usize, &u64)| (first + at, word & span(first + at, left, right));
        words.iter().take(count).enumerate().map(masked)
    }

    /// Black dots of a row between two columns.
    pub fn ink(&self, y: usize, left: usize, right: usize) -> u32 {
        self.words(y, left, right)
            .map(|(_, word)| word.count_ones())
            .sum()
    }

    /// Dots of two rows that differ between two columns.
    pub fn differ(&self, y: usize, other: usize, left: usize, right: usize) -> u32 {
        let pairs = self
            .words(y, left, right)
            .zip(self.words(other, left, right));
        pairs.map(|((_, a), (_, b))| (a ^ b).count_ones()).sum()
    }

    /// Whether two rows are equal between two columns.
    pub fn alike(&self, y: usize, other: usize, left: usize, right: usize) -> bool {
        let (row, other_row) = (self.row(y), self.row(other));
        let (first, last) = (left.div_ceil(WORD), right / WORD);
        if first >= last {
            return self.differ(y, other, left, right) == 0;
        }
        let whole = row.get(first..last) == other_row.get(first..last);
        whole
            && self.differ(y, other, left, first * WORD) == 0
            && self.differ(y, other, last * WORD, right) == 0
    }

    /// Whether all black dots of a row between two columns are black in the other row too.
    pub fn within(&self, y: usize, other: usize, left: usize, right: usize) -> bool {
        let mut pairs = self
            .words(y, left, right)
            .zip(self.words(other, left, right));
        pairs.all(|((_, a), (_, b))| a & !b == 0)
    }

    /// Lengths of equal-coloured stretches of a row between two columns; the colour of the first
    /// is that of the first dot.
    pub fn runs(&self, y: usize, left: usize, right: usize, out: &mut Vec<usize>) {
        out.clear();
        let row = self.row(y);
        let right = right.min(self.width);
        let mut start = left;
        for at in left / WORD..right.div_ceil(WORD) {
            let before = if at == 0 {
                0
            } else {
                row[at - 1] >> (WORD - 1)
            };
            let mut changes = (row[at] ^ (row[at] << 1 | before)) & span(at, left + 1, right);
            while changes != 0 {
                let x = at * WORD + changes.trailing_zeros() as usize;
                out.push(x - start);
                start = x;
                changes &= changes - 1;
            }
        }
        if right > start {
            out.push(right - start);
        }
    }
}

/// Bits of word `at` that lie in `left..right`.
fn span(at: usize, left: usize, right: usize) -> u64 {
    let (first, end) = (at * WORD, (at + 1) * WORD);
    if left >= end || right <= first || left >= right {
        return 0;
    }
    let low = left.max(first) - first;
    let high = right.min(end) - first;
    (u64::MAX >> (WORD - (high - low))) << low
}

/// Positions of black dots in a row.
pub fn ones(row: &[u64]) -> impl Iterator<Item = usize> + '_ {
    row.iter().enumerate().flat_map(|(at, word)| {
        let mut rest = *word;
        std::iter::from_fn(move || {
            let bit = (rest != 0).then(|| rest.trailing_zeros() as usize)?;
            rest &= rest - 1;
            Some(at * WORD + bit)
        })
    })
}

/// 64 dots of a packed row (first dot in the highest bit) from any position.
fn load(bytes: &[u8], at: i32) -> u64 {
    let (byte, shift) = (at.div_euclid(8), at.rem_euclid(8));
    if let Ok(start) = usize::try_from(byte)
        && let Some(nine) = bytes.get(start..start + 9)
        && let Some((eight, last)) = nine.split_first_chunk::<8>()
    {
        let high = u64::from_be_bytes(*eight) << shift;
        return high | u64::from(last[0]) >> (8 - shift);
    }
    let mut word = 0_u128;
    for offset in 0..9 {
        let byte = usize::try_from(byte + offset).ok();
        let byte = byte.and_then(|at| bytes.get(at)).copied().unwrap_or(0);
        word = word << 8 | u128::from(byte);
    }
    (word >> (8 - shift)) as u64
}

pub fn side(dots: u32) -> i32 {
    i32::try_from(dots).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use firstscan_drivers::bitmap::Bitmap;

    fn noise(width: u32, height: u32) -> Bitmap {
        let mut bitmap = Bitmap::new(width, height).unwrap();
        let mut seed = 1_u32;
        for y in 0..height {
            for x in 0..width {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                bitmap.set(x, y, seed >> 31 == 1);
            }
        }
        bitmap
    }

    #[test]
    fn a_cut_is_the_page_dot_by_dot() {
        let page = noise(203, 37);
        for (x, y, width, height) in [
            (0, 0, 203, 37),
            (-5, -3, 150, 50),
            (7, 2, 64, 5),
            (130, 30, 90, 9),
            (66, 1, 129, 3),
        ] {
            let area = Dots {
                x,
                y,
                width,
                height,
            };
            let whole = Sheet::from_view(&page.view());
            for sheet in [Sheet::cut(&page.view(), area), whole.part(area)] {
                for dy in -1..=height {
                    for dx in -1..=width {
                        let inside = (0..width).contains(&dx) && (0..height).contains(&dy);
                        let (px, py) = (u32::try_from(x + dx), u32::try_from(y + dy));
                        let black = px.is_ok() && py.is_ok() && page.get(px.unwrap(), py.unwrap());
                        assert_eq!(sheet.get(dx, dy), inside && black, "{area:?} {dx},{dy}");
                    }
                }
            }
        }
    }

    #[test]
    fn turning_wiping_counting() {
        let page = noise(131, 40);
        let sheet = Sheet::from_view(&page.view());
        let turned = sheet.turned();
        for y in 0..40 {
            for x in 0..131 {
                assert_eq!(turned.get(39 - y, x), sheet.get(x, y));
            }
        }
        let around = turned.turned_by(3);
        assert_eq!(around.words, sheet.words);
        let mut runs = Vec::new();
        sheet.runs(5, 3, 129, &mut runs);
        assert_eq!(runs.iter().sum::<usize>(), 126);
        let mut colour = sheet.get(3, 5);
        let mut x = 3;
        let mut black = 0;
        for run in &runs {
            let end = x + i32::try_from(*run).unwrap();
            assert!((x..end).all(|x| sheet.get(x, 5) == colour), "{x}");
            black += if colour {
                u32::try_from(*run).unwrap()
            } else {
                0
            };
            (x, colour) = (end, !colour);
        }
        assert_eq!(sheet.ink(5, 3, 129), black);
        let mut wiped = sheet.clone();
        wiped.wipe(Dots {
            x: 60,
            y: -4,
            width: 10,
            height: 9,
        });
        for x in 0..131 {
            assert_eq!(wiped.get(x, 4), sheet.get(x, 4) && !(60..70).contains(&x));
            assert_eq!(wiped.get(x, 5), sheet.get(x, 5));
        }
    }
}
