//! The page: rectangles and pictures put on it in black, in white or reversing what is there.
//! Everything is clipped; bytes touched are counted against a budget.

use firstscan_drivers::bitmap::Bitmap;

use crate::label::canvas::{Dots, packed};

/// What finding the ends of a row takes, as bytes touched in that time.
const ROW_COST: u64 = 32;

/// How dots are put down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    Black,
    White,
    /// `^FR`, `^LR`: black on white, white on black.
    Flip,
}

/// A small picture with its place relative to a point; rows of whole bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    pub left: i32,
    pub top: i32,
    pub width: i32,
    pub height: i32,
    pub rows: Vec<u8>,
}

/// A page being drawn.
#[derive(Debug)]
pub struct Surface {
    width: i32,
    height: i32,
    stride: usize,
    rows: Vec<u8>,
    /// Bytes that may still be touched.
    budget: u64,
    /// Something was to be drawn beyond the edges.
    pub outside: bool,
    /// How far right and down anything was drawn, or would have been.
    pub reach: (i32, i32),
    /// Something was drawn, or would have been.
    pub touched: bool,
}

fn size(n: i32) -> usize {
    usize::try_from(n).unwrap_or(0)
}

impl Surface {
    /// A white page. The caller has bounded width and height (both at least 1).
    pub fn new(width: i32, height: i32, budget: u64) -> Self {
        let stride = size(width).div_ceil(8);
        Self {
            width,
            height,
            stride,
            rows: vec![0; stride * size(height)],
            budget,
            outside: false,
            reach: (0, 0),
            touched: false,
        }
    }

    pub fn width(&self) -> i32 {
        self.width
    }

    pub fn height(&self) -> i32 {
        self.height
    }

    /// Bytes left; 0 means nothing more is drawn.
    pub fn budget(&self) -> u64 {
        self.budget
    }

    /// Counts work done elsewhere for this page, as bytes that drawing touches in that time.
    pub fn pay(&mut self, cost: u64) {
        self.budget = self.budget.saturating_sub(cost);
    }

    fn spend(&mut self, rows: usize, bytes: usize) -> bool {
        let cost = (rows as u64).saturating_mul(bytes as u64 + ROW_COST);
        let affordable = cost <= self.budget;
        self.budget = if affordable { self.budget - cost } else { 0 };
        affordable
    }

    fn note(&mut self, left: i32, top: i32, right: i32, bottom: i32) {
        self.outside |= left < 0 || top < 0 || right > self.width || bottom > self.height;
        self.reach = (self.reach.0.max(right), self.reach.1.max(bottom));
    }

    /// Paints a rectangle.
    pub fn fill(&mut self, area: Dots, ink: Ink) {
        if area.width <= 0 || area.height <= 0 || !self.spend(1, 0) {
            return;
        }
        self.touched = true;
        let (left, right) = (area.x.max(0), area.x.saturating_add(area.width));
        let (top, bottom) = (area.y.max(0), area.y.saturating_add(area.height));
        if ink != Ink::White {
            self.note(area.x, area.y, right, bottom);
        }
        let (right, bottom) = (right.min(self.width), bottom.min(self.height));
        if left >= right || top >= bottom {
            return;
        }
        let (first, last) = (size(left) / 8, (size(right) - 1) / 8);
        let (top, bottom) = (size(top), size(bottom));
        if !self.spend(bottom - top, last - first + 1) {
            return;
        }
        let head = 0xFF_u8 >> (left % 8);
        let tail = 0xFF_u8 << (7 - (right - 1) % 8);
        let area = &mut self.rows[top * self.stride..bottom * self.stride];
        for row in area.chunks_exact_mut(self.stride) {
            if first == last {
                put(&mut row[first], head & tail, ink);
                continue;
            }
            put(&mut row[first], head, ink);
            match ink {
                Ink::Black => row[first + 1..last].fill(0xFF),
                Ink::White => row[first + 1..last].fill(0),
                Ink::Flip => row[first + 1..last].iter_mut().for_each(|b| *b = !*b),
            }
            put(&mut row[last], tail, ink);
        }
    }

    /// Puts a picture's black dots down with its point at `x`, `y`.
    pub fn stamp(&mut self, x: i32, y: i32, stamp: &Stamp, ink: Ink) {
        let (left, top) = (x.saturating_add(stamp.left), y.saturating_add(stamp.top));
        self.picture(left, top, stamp.width, stamp.height, &stamp.rows, ink);
    }

    /// Puts a bitmap's black dots down with its corner at `x`, `y`.
    pub fn bitmap(&mut self, x: i32, y: i32, bitmap: &Bitmap, ink: Ink) {
        let side = |n: u32| i32::try_from(n).unwrap_or(0);
        let (width, height) = (side(bitmap.width()), side(bitmap.height()));
        self.picture(x, y, width, height, bitmap.bits(), ink);
    }

    fn picture(&mut self, x: i32, y: i32, width: i32, height: i32, rows: &[u8], ink: Ink) {
        let bytes = size(width).div_ceil(8);
        if bytes == 0 || height <= 0 || !self.spend(1, 0) {
            return;
        }
        self.touched = true;
        let (right, bottom) = (x.saturating_add(width), y.saturating_add(height));
        if x < 0 || y < 0 || right > self.width || bottom > self.height {
            // Looking at a byte takes longer than filling it.
            if !self.spend(size(height), bytes.saturating_mul(8)) {
                return;
            }
            // White margins of a picture may hang over the edge.
            if let Some((left, top, right, bottom)) = ink_bounds(rows, bytes) {
                let at = |from: i32, by: usize| from.saturating_add(i32::try_from(by).unwrap_or(0));
                self.note(at(x, left), at(y, top), at(x, right), at(y, bottom));
            }
        } else {
            self.note(x, y, right, bottom);
        }
        let (from, to) = (y.max(0), bottom.min(self.height));
        if from >= to || x >= self.width || right <= 0 {
            return;
        }
        if !self.spend(size(to - from), bytes.min(self.stride)) {
            return;
        }
        let spare = 0xFF_u8 << (self.stride * 8 - size(self.width));
        let skip = size(from.saturating_sub(y));
        let source = rows.chunks_exact(bytes).skip(skip);
        let target = &mut self.rows[size(from) * self.stride..size(to) * self.stride];
        for (line, source) in target.chunks_exact_mut(self.stride).zip(source) {
            blit(line, x, source, ink);
            if let Some(last) = line.last_mut() {
                *last &= spare;
            }
        }
    }

    /// Turned by 180 degrees, as `^POI` does.
    pub fn turn_half(&mut self) {
        self.mirror();
        let rows = self.rows.len() / self.stride;
        for y in 0..rows / 2 {
            let (above, below) = self.rows.split_at_mut((rows - 1 - y) * self.stride);
            above[y * self.stride..(y + 1) * self.stride]
                .swap_with_slice(&mut below[..self.stride]);
        }
    }

    /// Left and right exchanged, as `^PMY` does.
    pub fn mirror(&mut self) {
        let spare = self.stride * 8 - size(self.width);
        for row in self.rows.chunks_exact_mut(self.stride) {
            row.reverse();
            row.iter_mut().for_each(|b| *b = b.reverse_bits());
            if spare == 0 {
                continue;
            }
            for at in 0..row.len() {
                let next = row.get(at + 1).copied().unwrap_or(0);
                row[at] = (row[at] << spare) | (next >> (8 - spare));
            }
        }
    }

    /// The page as it is now.
    pub fn copy(&self) -> Bitmap {
        let side = |n: i32| u32::try_from(n).unwrap_or(1);
        packed(side(self.width), side(self.height), self.rows.clone())
    }

    /// The finished page.
    pub fn finish(self) -> Bitmap {
        let side = |n: i32| u32::try_from(n).unwrap_or(1);
        packed(side(self.width), side(self.height), self.rows)
    }
}

/// Left, top, right and bottom of the black dots.
fn ink_bounds(rows: &[u8], bytes: usize) -> Option<(usize, usize, usize, usize)> {
    let mut all = vec![0_u8; bytes];
    let (mut top, mut bottom) = (None, 0);
    for (y, row) in rows.chunks_exact(bytes).enumerate() {
        if row.iter().all(|byte| *byte == 0) {
            continue;
        }
        top = top.or(Some(y));
        bottom = y + 1;
        all.iter_mut().zip(row).for_each(|(sum, byte)| *sum |= byte);
    }
    let bits = |byte: u8, leading: bool| {
        let zeros = if leading {
            byte.leading_zeros()
        } else {
            byte.trailing_zeros()
        };
        usize::try_from(zeros).unwrap_or(0)
    };
    let first = all.iter().position(|byte| *byte != 0)?;
    let last = all.iter().rposition(|byte| *byte != 0)?;
    let left = first * 8 + bits(all[first], true);
    let right = (last + 1) * 8 - bits(all[last], false);
    Some((left, top?, right, bottom))
}

fn put(byte: &mut u8, mask: u8, ink: Ink) {
    match ink {
        Ink::Black => *byte |= mask,
        Ink::White => *byte &= !mask,
        Ink::Flip => *byte ^= mask,
    }
}

fn blit(target: &mut [u8], x: i32, source: &[u8], ink: Ink) {
    let shift = x.rem_euclid(8);
    let first = x.div_euclid(8);
    // Bytes left of the page are passed over, the shifted rest of the last of them is not.
    let skip = size(first.saturating_neg()).min(source.len());
    let start = size(first);
    if shift == 0 {
        let source = source.get(skip..).unwrap_or_default();
        let target = target.get_mut(start..).unwrap_or_default();
        target
            .iter_mut()
            .zip(source)
            .for_each(|(to, byte)| put(to, *byte, ink));
        return;
    }
    let mut carry = if skip > 0 { source[skip - 1] } else { 0 };
    let rest = source.get(skip..).unwrap_or_default();
    let target = target.get_mut(start..).unwrap_or_default();
    for (to, byte) in target.iter_mut().zip(rest.iter().copied().chain([0])) {
        let both = (u16::from(carry) << 8 | u16::from(byte)) >> shift;
        put(to, both.to_le_bytes()[0], ink);
        carry = byte;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn rect(x: i32, y: i32, width: i32, height: i32) -> Dots {
        Dots {
            x,
            y,
            width,
            height,
        }
    }

    #[test]
    fn pictures_land_on_exactly_their_dots_in_every_ink() {
        let mut stamp = Bitmap::new(13, 3).unwrap();
        for (x, y) in [(0, 0), (7, 0), (8, 1), (12, 2), (3, 1)] {
            stamp.set(x, y, true);
        }
        for ink in [Ink::Black, Ink::White, Ink::Flip] {
            for x in -20..45 {
                for y in [-4, -2, 0, 1, 5] {
                    let mut page = Surface::new(37, 5, u64::MAX);
                    page.fill(rect(4, 1, 20, 3), Ink::Black);
                    let mut slow = page.copy();
                    page.bitmap(x, y, &stamp, ink);
                    for (sx, sy) in (0..13).flat_map(|sx| (0..3).map(move |sy| (sx, sy))) {
                        let at = (x + sx, y + sy);
                        let (Ok(tx), Ok(ty)) = (u32::try_from(at.0), u32::try_from(at.1)) else {
                            continue;
                        };
                        if stamp.get(sx.unsigned_abs(), sy.unsigned_abs()) {
                            let before = slow.get(tx, ty);
                            slow.set(tx, ty, ink == Ink::Black || (ink == Ink::Flip && !before));
                        }
                    }
                    assert_eq!(page.finish(), slow, "{ink:?} {x} {y}");
                }
            }
        }
    }

    #[test]
    fn turning_and_mirroring() {
        let mut page = Surface::new(21, 3, u64::MAX);
        page.fill(rect(1, 0, 2, 1), Ink::Black);
        let plain = page.copy();
        page.turn_half();
        assert_eq!(page.copy(), plain.rotated_quarter(2));
        page.turn_half();
        page.mirror();
        let mirrored = page.copy();
        assert!(mirrored.get(19, 0) && mirrored.get(18, 0) && !mirrored.get(17, 0));
        assert!(!mirrored.get(20, 0));
    }

    #[test]
    fn a_spent_budget_draws_nothing_more() {
        let mut page = Surface::new(64, 10, 80);
        page.fill(rect(0, 0, 64, 1), Ink::Black);
        page.fill(rect(0, 1, 64, 9), Ink::Black);
        assert_eq!(page.budget(), 0);
        assert!(page.copy().get(0, 0) && !page.copy().get(0, 1));
    }
}
