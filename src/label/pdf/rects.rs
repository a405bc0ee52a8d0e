//! A bitmap as few filled rectangles: equal runs of black dots on rows below each other are one.

use firstscan_drivers::bitmap::BitmapView;

/// A filled rectangle, in dots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Filled {
    pub x: u32,
    pub y: u32,
    pub width: u32,
    pub height: u32,
}

/// All black dots of the page, each in exactly one rectangle; from the top.
pub fn rects(page: &BitmapView<'_>) -> Vec<Filled> {
    let mut done = Vec::new();
    let (mut open, mut next): (Vec<Filled>, Vec<Filled>) = (Vec::new(), Vec::new());
    let mut runs = Vec::new();
    let mut above: &[u8] = &[];
    for y in 0..page.height() {
        let row = page.row(y);
        if y > 0 && row == above {
            for rect in &mut open {
                rect.height += 1;
            }
            continue;
        }
        above = row;
        row_runs(row, &mut runs);
        next.clear();
        let mut old = open.iter().copied().peekable();
        for (x, width) in runs.iter().copied() {
            while let Some(rect) = old.next_if(|rect| rect.x < x) {
                done.push(rect);
            }
            match old.next_if(|rect| rect.x == x) {
                Some(rect) if rect.width == width => next.push(Filled {
                    height: rect.height + 1,
                    ..rect
                }),
                other => {
                    done.extend(other);
                    let height = 1;
                    next.push(Filled {
                        x,
                        y,
                        width,
                        height,
                    });
                }
            }
        }
        done.extend(old);
        std::mem::swap(&mut open, &mut next);
    }
    done.extend(open);
    done
}

/// Runs of black dots of one row as (start, length).
fn row_runs(row: &[u8], runs: &mut Vec<(u32, u32)>) {
    runs.clear();
    let mut start: Option<u32> = None;
    for (at, byte) in (0_u32..).zip(row.iter().copied().chain([0])) {
        let whole = if start.is_some() { 0xFF } else { 0 };
        if byte == whole {
            continue;
        }
        for bit in 0..8 {
            let x = at * 8 + bit;
            match (start, byte & (0x80 >> bit) != 0) {
                (None, true) => start = Some(x),
                (Some(from), false) => {
                    runs.push((from, x - from));
                    start = None;
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use firstscan_drivers::bitmap::Bitmap;
    use proptest::prelude::*;

    #[test]
    fn bars_are_one_rectangle_each() {
        let mut page = Bitmap::new(40, 20).unwrap();
        page.fill_rect(3, 2, 2, 10, true);
        page.fill_rect(9, 2, 14, 10, true);
        page.fill_rect(0, 15, 40, 1, true);
        let found = rects(&page.view());
        assert_eq!(found.len(), 3);
        let bar = Filled {
            x: 9,
            y: 2,
            width: 14,
            height: 10,
        };
        assert!(found.contains(&bar), "{found:?}");
    }

    proptest! {
        #[test]
        fn every_dot_is_painted_once(
            width in 1_u32..70,
            rows in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 9), 1..20),
        ) {
            let height = u32::try_from(rows.len()).unwrap();
            let stride = width.div_ceil(8) as usize;
            let bits = rows.iter().flat_map(|row| row[..stride].to_vec()).collect();
            let page = Bitmap::from_bits(width, height, bits).unwrap();
            let mut painted = Bitmap::new(width, height).unwrap();
            let mut dots = 0;
            for rect in rects(&page.view()) {
                painted.fill_rect(rect.x, rect.y, rect.width, rect.height, true);
                dots += rect.width * rect.height;
            }
            let black: u32 = page.bits().iter().map(|byte| byte.count_ones()).sum();
            prop_assert_eq!(painted, page);
            prop_assert_eq!(dots, black);
        }
    }
}
