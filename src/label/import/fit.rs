//! A carrier's page onto our stock, moved and turned in whole dots, never scaled.

use firstscan_drivers::bitmap::{Bitmap, BitmapView};

use crate::label::canvas::{Dots, ink_box, packed};

/// Where the page's ink goes on the stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fit {
    /// On the stock, perhaps a quarter turn to the right.
    Placed { stock: Bitmap, turned: bool },
    /// The ink is larger than the stock both ways round.
    TooLarge { ink: Dots },
    /// Nothing is printed on the page.
    Blank,
}

/// Puts `page` on a stock of `width` x `height` dots. The page is centred; if that would cut ink,
/// it is moved just so far that all of it is on the stock.
pub fn onto_stock(page: &Bitmap, width: u32, height: u32) -> Fit {
    let view = page.view();
    let Some(ink) = ink_box(&view) else {
        return Fit::Blank;
    };
    let fits = |a: i32, b: i32| a <= side(width) && b <= side(height);
    if fits(ink.width, ink.height) {
        return Fit::Placed {
            stock: place(&view, ink, width, height),
            turned: false,
        };
    }
    if fits(ink.height, ink.width) {
        let turned = page.rotated_quarter(1);
        let view = turned.view();
        let Some(ink) = ink_box(&view) else {
            return Fit::Blank;
        };
        return Fit::Placed {
            stock: place(&view, ink, width, height),
            turned: true,
        };
    }
    Fit::TooLarge { ink }
}

fn side(dots: u32) -> i32 {
    i32::try_from(dots).unwrap_or(i32::MAX)
}

/// Offset of the page on the stock along one side: centred, then moved until the ink is inside.
fn offset(page: i32, stock: i32, ink: i32, ink_length: i32) -> i32 {
    let centred = (stock - page).div_euclid(2);
    centred.clamp(-ink, stock - ink_length - ink)
}

fn place(page: &BitmapView<'_>, ink: Dots, width: u32, height: u32) -> Bitmap {
    let x = offset(side(page.width()), side(width), ink.x, ink.width);
    let y = offset(side(page.height()), side(height), ink.y, ink.height);
    if (x, y) == (0, 0) && (page.width(), page.height()) == (width, height) {
        return packed(width, height, page.bits().to_vec());
    }
    // All ink is inside, so that is all there is to move.
    let stride = width.div_ceil(8) as usize;
    let mut stock = packed(width, height, vec![0; stride * height as usize]);
    let at = |start: i32, offset: i32| (start + offset).max(0).unsigned_abs();
    stock.blit(&crop(page, ink).view(), at(ink.x, x), at(ink.y, y));
    stock
}

/// A part of a page. `area` lies on it and is not empty.
pub fn crop(page: &BitmapView<'_>, area: Dots) -> Bitmap {
    let (x, width) = (area.x.unsigned_abs(), area.width.unsigned_abs());
    let (first, shift) = ((x / 8) as usize, x % 8);
    let stride = width.div_ceil(8) as usize;
    let mut rows = Vec::with_capacity(stride * area.height.unsigned_abs() as usize);
    for y in area.y..area.y + area.height {
        let row = page.row(y.unsigned_abs());
        let byte = |at: usize| row.get(at).copied().unwrap_or(0);
        rows.extend((first..first + stride).map(|at| {
            let two = u16::from(byte(at)) << 8 | u16::from(byte(at + 1));
            (two << shift >> 8) as u8
        }));
    }
    packed(width, area.height.unsigned_abs(), rows)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn page(width: u32, height: u32, ink: &[(u32, u32)]) -> Bitmap {
        let mut page = Bitmap::new(width, height).unwrap();
        for (x, y) in ink {
            page.set(*x, *y, true);
        }
        page
    }

    #[test]
    fn parts_are_cut_out_dot_by_dot() {
        let ink = [(3, 1), (9, 1), (10, 2), (18, 3), (4, 4)];
        let whole = page(21, 6, &ink);
        for (x, y, width, height) in [(0, 0, 21, 6), (3, 1, 16, 4), (9, 1, 3, 2), (8, 2, 13, 4)] {
            let part = crop(
                &whole.view(),
                Dots {
                    x,
                    y,
                    width,
                    height,
                },
            );
            for (at_x, at_y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
                let black = ink.contains(&((x + at_x) as u32, (y + at_y) as u32));
                assert_eq!(part.get(at_x as u32, at_y as u32), black, "{at_x} {at_y}");
            }
        }
    }

    fn dots(bitmap: &Bitmap) -> Vec<(u32, u32)> {
        let view = bitmap.view();
        let all = (0..view.height()).flat_map(|y| (0..view.width()).map(move |x| (x, y)));
        all.filter(|(x, y)| view.get(*x, *y)).collect()
    }

    #[test]
    fn pages_are_centred_moved_turned_or_refused() {
        let placed = |page: &Bitmap| match onto_stock(page, 10, 20) {
            Fit::Placed { stock, turned } => (dots(&stock), turned),
            other => panic!("{other:?}"),
        };
        assert_eq!(placed(&page(8, 18, &[(0, 0)])), (vec![(1, 1)], false));
        // A4 with the label in a corner: moved inside.
        assert_eq!(
            placed(&page(40, 60, &[(0, 0), (5, 9)])),
            (vec![(0, 0), (5, 9)], false)
        );
        // Landscape.
        let (ink, turned) = placed(&page(20, 10, &[(0, 0), (19, 9)]));
        assert_eq!((ink, turned), (vec![(9, 0), (0, 19)], true));
        let wide = page(40, 60, &[(0, 0), (30, 30)]);
        assert!(matches!(onto_stock(&wide, 10, 20), Fit::TooLarge { .. }));
        assert_eq!(onto_stock(&page(4, 4, &[]), 10, 20), Fit::Blank);
    }
}
