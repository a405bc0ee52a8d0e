//! What the miniature printers print on, and how they read bytes.

use firstscan_drivers::bitmap::Bitmap;

/// A printed label: black dots, row by row, as far as anything was drawn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paper {
    pub rows: Vec<Vec<bool>>,
    pub copies: u32,
}

impl Paper {
    pub fn dot(&mut self, x: usize, y: usize, black: bool) {
        if self.rows.len() <= y {
            self.rows.resize(y + 1, Vec::new());
        }
        let row = &mut self.rows[y];
        if row.len() <= x {
            row.resize(x + 1, false);
        }
        row[x] = black;
    }

    /// Eight dots from `x` on, the top bit first.
    pub fn byte(&mut self, x: usize, y: usize, bits: u8) {
        for i in 0..8 {
            self.dot(x + i, y, bits & (0x80 >> i) != 0);
        }
    }

    /// Rows of `stride` bytes.
    pub fn block(&mut self, x: usize, y: usize, stride: usize, bits: &[u8]) {
        for (n, bits) in bits.iter().enumerate() {
            self.byte(x + n % stride * 8, y + n / stride, *bits);
        }
    }

    /// Everything black, as (x, y) in order.
    pub fn ink(&self) -> Vec<(usize, usize)> {
        let row = |(y, row): (usize, &Vec<bool>)| {
            let black = row.iter().enumerate().filter(|(_, black)| **black);
            black.map(|(x, _)| (x, y)).collect::<Vec<_>>()
        };
        self.rows.iter().enumerate().flat_map(row).collect()
    }
}

/// The same of a picture, dot by dot.
pub fn ink(picture: &Bitmap) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for y in 0..picture.height() {
        for x in 0..picture.width() {
            if picture.get(x, y) {
                found.push((x as usize, y as usize));
            }
        }
    }
    found
}

/// What a printer made of a stream.
#[derive(Debug, Default)]
pub struct Printed {
    pub labels: Vec<Paper>,
    /// Commands that made no sense.
    pub strange: usize,
}

/// Bytes that are read from the front.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// Fewer bytes if the stream ends.
    pub fn take(&mut self, n: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(n.min(self.0.len()));
        self.0 = rest;
        taken
    }

    /// Up to and without a byte; the byte is taken too.
    pub fn until(&mut self, end: u8) -> &'a [u8] {
        let n = self.0.iter().position(|b| *b == end);
        let taken = self.take(n.unwrap_or(self.0.len()));
        self.next();
        taken
    }
}

/// Numbers after a command's name, each ended by `separator`; `None` if the line ends first.
pub fn numbers<const N: usize>(input: &mut Reader<'_>, separator: u8) -> Option<[usize; N]> {
    let mut found = [0; N];
    for number in &mut found {
        let n = input
            .0
            .iter()
            .position(|b| *b == separator || *b == b'\n')?;
        if input.0[n] != separator {
            return None;
        }
        let text = std::str::from_utf8(input.until(separator)).ok()?;
        *number = text.trim().parse().ok()?;
    }
    Some(found)
}

/// The only number in a text.
pub fn number(text: &str) -> Option<u32> {
    text.trim().parse().ok()
}
