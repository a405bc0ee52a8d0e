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
    build(width, height, |to_x, to_y| {
        let (from_x, from_y) = (to_x - x, to_y - y);
        match (u32::try_from(from_x), u32::try_from(from_y)) {
            (Ok(x), Ok(y)) => page.get(x, y),
            _ => false,
        }
    })
}

fn build(width: u32, height: u32, black: impl Fn(i32, i32) -> bool) -> Bitmap {
    let stride = width.div_ceil(8) as usize;
    let mut rows = vec![0_u8; stride * height as usize];
    for (y, row) in (0_i32..).zip(rows.chunks_exact_mut(stride.max(1))) {
        for x in (0..side(width)).filter(|x| black(*x, y)) {
            row[x.unsigned_abs() as usize / 8] |= 0x80 >> (x % 8);
        }
    }
    packed(width, height, rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(width: u32, height: u32, ink: &[(i32, i32)]) -> Bitmap {
        build(width, height, |x, y| ink.contains(&(x, y)))
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
