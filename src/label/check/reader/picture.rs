//! A sheet as the reader's own picture, without a detour over grey values.

use std::borrow::Cow;

use rxing::common::{BitArray, BitMatrix, LineOrientation};
use rxing::{Binarizer, Exceptions, LuminanceSource};

use super::fill;
use crate::label::check::bits::Sheet;

/// A picture that is black and white already.
#[derive(Debug)]
pub struct Picture {
    pub bits: BitMatrix,
    source: NoLuminance,
}

impl Picture {
    /// None if a side is 0.
    pub fn new(sheet: &Sheet) -> Option<Self> {
        let (width, height) = (sheet.width(), sheet.height());
        let mut bits =
            BitMatrix::new(u32::try_from(width).ok()?, u32::try_from(height).ok()?).ok()?;
        for y in 0..height {
            let mut row = BitArray::with_size(width);
            fill(&mut row, sheet.row(y), 0);
            bits.setRow(u32::try_from(y).ok()?, &row);
        }
        Some(Self {
            bits,
            source: NoLuminance { width, height },
        })
    }
}

impl Binarizer for Picture {
    type Source = NoLuminance;

    fn get_luminance_source(&self) -> &NoLuminance {
        &self.source
    }

    fn get_black_row(&self, y: usize) -> rxing::common::Result<Cow<'_, BitArray>> {
        let y = u32::try_from(y).ok().filter(|y| *y < self.bits.height());
        let y = y.ok_or(Exceptions::INDEX_OUT_OF_BOUNDS)?;
        Ok(Cow::Owned(self.bits.getRow(y)))
    }

    fn get_black_row_from_matrix(&self, y: usize) -> rxing::common::Result<Cow<'_, BitArray>> {
        self.get_black_row(y)
    }

    fn get_black_matrix(&self) -> rxing::common::Result<&BitMatrix> {
        Ok(&self.bits)
    }

    fn get_black_line(
        &self,
        at: usize,
        line: LineOrientation,
    ) -> rxing::common::Result<Cow<'_, BitArray>> {
        match line {
            LineOrientation::Row => self.get_black_row(at),
            LineOrientation::Column => {
                let x = u32::try_from(at).ok().filter(|x| *x < self.bits.width());
                let x = x.ok_or(Exceptions::INDEX_OUT_OF_BOUNDS)?;
                Ok(Cow::Owned(self.bits.getCol(x)))
            }
        }
    }

    fn create_binarizer(&self, source: NoLuminance) -> Self {
        let bits = self.bits.clone();
        Self { bits, source }
    }

    fn get_width(&self) -> usize {
        self.source.width
    }

    fn get_height(&self) -> usize {
        self.source.height
    }
}

/// There are no grey values behind a bitmap; no reader used here asks for any.
#[derive(Debug)]
pub struct NoLuminance {
    width: usize,
    height: usize,
}

impl LuminanceSource for NoLuminance {
    fn get_row(&self, _: usize) -> Option<Cow<'_, [u8]>> {
        None
    }

    fn get_column(&self, _: usize) -> Cow<'_, [u8]> {
        Cow::Borrowed(&[])
    }

    fn get_matrix(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&[])
    }

    fn get_width(&self) -> usize {
        self.width
    }

    fn get_height(&self) -> usize {
        self.height
    }

    fn invert(&mut self) {}

    fn get_luma8_point(&self, _: usize, _: usize) -> u8 {
        u8::MAX
    }
}
