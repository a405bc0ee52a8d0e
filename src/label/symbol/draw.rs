//! Modules to dots.

use firstscan_drivers::bitmap::{Bitmap, DOTS_MAX};

use super::{Bar, Bearer, Encoded, Geometry, Shape, maxicode};
use crate::label::canvas::packed;

/// Bars of a four-state code per inch, nominal (USPS-B-3200: 20 to 24).
const BARS_PER_INCH: u32 = 22;

impl Encoded {
    /// Width and height of the dots, without quiet zone.
    pub fn size_dots(&self, geometry: &Geometry) -> (u32, u32) {
        let module = geometry.module_dots.max(1);
        let height = geometry.height_dots.max(1);
        match &self.shape {
            Shape::Linear(runs) => {
                let modules: u32 = runs.iter().map(|run| u32::from(*run)).sum();
                (modules.saturating_mul(module), height)
            }
            Shape::TwoWidth { wide, bearer } => {
                let widths = wide.iter().map(|wide| element(*wide, geometry));
                let width = widths.fold(0, u32::saturating_add);
                match bearer {
                    // The frame stands outside the quiet zones.
                    Bearer::Frame => {
                        let sides = frame(self, module).saturating_mul(2);
                        (width.saturating_add(sides), height)
                    }
                    Bearer::None | Bearer::Bars => (width, height),
                }
            }
            Shape::Matrix {
                columns,
                rows,
                row_modules,
                ..
            } => (
                columns.saturating_mul(module),
                rows.saturating_mul(*row_modules).saturating_mul(module),
            ),
            Shape::MaxiCode(_) => maxicode::size_dots(geometry.resolution),
            Shape::FourState(bars) => {
                let count = u32::try_from(bars.len()).unwrap_or(1).max(1);
                let bars = (count - 1).saturating_mul(pitch(geometry));
                (bars.saturating_add(module), height)
            }
        }
    }

    /// The dots, without quiet zone. One white dot if there would be more than any bitmap has.
    pub fn draw(&self, geometry: &Geometry) -> Bitmap {
        let module = geometry.module_dots.max(1);
        let (width, height) = self.size_dots(geometry);
        if u64::from(width) * u64::from(height) > DOTS_MAX {
            return packed(1, 1, vec![0]);
        }
        match &self.shape {
            Shape::Linear(runs) => {
                let widths = runs.iter().map(|run| u32::from(*run) * module);
                stretched(width, height, &bars(width, 0, widths))
            }
            Shape::TwoWidth { wide, bearer } => {
                let widths = wide.iter().map(|wide| element(*wide, geometry));
                let indent = match bearer {
                    Bearer::Frame => frame(self, module),
                    Bearer::None | Bearer::Bars => 0,
                };
                let mut dots = stretched(width, height, &bars(width, indent, widths));
                bear(&mut dots, *bearer, module);
                dots
            }
            Shape::Matrix {
                columns,
                row_modules,
                black,
                ..
            } => matrix(width, height, *columns, row_modules * module, module, black),
            Shape::MaxiCode(black) => maxicode::draw(black, geometry.resolution),
            Shape::FourState(bars) => four_state(width, height, bars, geometry),
        }
    }
}

fn element(wide: bool, geometry: &Geometry) -> u32 {
    let module = geometry.module_dots.max(1);
    if wide {
        let tenths = module.saturating_mul(geometry.wide_tenths.clamp(20, 30));
        tenths.saturating_add(5) / 10
    } else {
        module
    }
}

/// Quiet zone and side bar of a frame.
fn frame(encoded: &Encoded, module: u32) -> u32 {
    (encoded.quiet.left + 4).saturating_mul(module)
}

fn stride(width: u32) -> usize {
    width.div_ceil(8) as usize
}

/// One row of bars.
fn bars(width: u32, indent: u32, widths: impl Iterator<Item = u32>) -> Vec<u8> {
    let mut row = vec![0_u8; stride(width)];
    let (mut x, mut black) = (indent, true);
    for width in widths {
        if black {
            fill(&mut row, x, width);
        }
        x += width;
        black = !black;
    }
    row
}

/// Blackens `count` dots from `x`, whole bytes at once.
fn fill(row: &mut [u8], x: u32, count: u32) {
    let from = x as usize;
    let to = from.saturating_add(count as usize).min(row.len() * 8);
    if from >= to {
        return;
    }
    let (first, last) = (from / 8, (to - 1) / 8);
    let (head, tail) = (0xFF_u8 >> (from % 8), 0xFF_u8 << (7 - (to - 1) % 8));
    if first == last {
        row[first] |= head & tail;
        return;
    }
    row[first] |= head;
    row[first + 1..last].fill(0xFF);
    row[last] |= tail;
}

fn stretched(width: u32, height: u32, row: &[u8]) -> Bitmap {
    packed(width, height, row.repeat(height as usize))
}

fn bear(dots: &mut Bitmap, bearer: Bearer, module: u32) {
    let (width, height) = (dots.width(), dots.height());
    let thick = match bearer {
        Bearer::None => return,
        Bearer::Bars => (2 * module).min(height / 4),
        Bearer::Frame => (4 * module).min(height / 4),
    };
    dots.fill_rect(0, 0, width, thick, true);
    dots.fill_rect(0, height - thick, width, thick, true);
    if bearer == Bearer::Frame {
        dots.fill_rect(0, 0, 4 * module, height, true);
        dots.fill_rect(
            width.saturating_sub(4 * module),
            0,
            4 * module,
            height,
            true,
        );
    }
}

fn matrix(
    width: u32,
    height: u32,
    columns: u32,
    row_dots: u32,
    module: u32,
    black: &[bool],
) -> Bitmap {
    let mut bits = Vec::with_capacity(stride(width) * height as usize);
    let mut row = vec![0_u8; stride(width)];
    for modules in black.chunks_exact((columns as usize).max(1)) {
        row.fill(0);
        let mut x = 0;
        for run in modules.chunk_by(|a, b| a == b) {
            let width = u32::try_from(run.len()).unwrap_or(0) * module;
            if run.first() == Some(&true) {
                fill(&mut row, x, width);
            }
            x += width;
        }
        for _ in 0..row_dots {
            bits.extend_from_slice(&row);
        }
    }
    packed(width, height, bits)
}

/// From one bar's left edge to the next one's; a bar is about half of it.
fn pitch(geometry: &Geometry) -> u32 {
    let resolution = geometry.resolution;
    let inch = u64::from(resolution.dots) * 25_400 / u64::from(resolution.per_um.max(1));
    let nominal = u32::try_from(inch).unwrap_or(203) / BARS_PER_INCH;
    nominal.max(geometry.module_dots.max(1).saturating_add(1))
}

/// Ascender, tracker and descender are a third of the height each.
fn four_state(width: u32, height: u32, bars: &[Bar], geometry: &Geometry) -> Bitmap {
    let mut dots = packed(width, height, vec![0; stride(width) * height as usize]);
    let third = height / 3;
    for (at, bar) in (0_u32..).zip(bars) {
        let top = if bar.ascender { 0 } else { third };
        let bottom = if bar.descender {
            height
        } else {
            height - third
        };
        let x = at * pitch(geometry);
        dots.fill_rect(x, top, geometry.module_dots.max(1), bottom - top, true);
    }
    dots
}
