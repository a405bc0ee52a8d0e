//! Which resolution a file was written for. Nothing in ZPL says so; the width of the page does,
//! or how far its fields reach, against the paper.

use firstscan_drivers::bitmap::Resolution;

/// Resolutions labels are written for.
const NOMINAL: [u32; 3] = [203, 300, 600];
/// How much narrower or wider than the paper a page may be, percent.
const TOLERANCE_PERCENT: i64 = 5;

/// What was seen of a file when drawn as written, in dots.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Widest `^PW` and longest `^LL`; 0 if there is none.
    pub width: i32,
    pub length: i32,
    /// How far right and down anything reaches.
    pub reach: (i32, i32),
}

/// Nominal dots per inch of a head.
pub fn nominal(head: Resolution) -> u32 {
    let dpi = u64::from(head.dots) * 25_400 / u64::from(head.per_um.max(1));
    let dpi = u32::try_from(dpi).unwrap_or(203);
    let near = |n: &&u32| n.abs_diff(dpi) * 100 <= **n * 3;
    NOMINAL.iter().find(near).copied().unwrap_or(dpi.max(1))
}

/// The resolution `seen` was written for; the head's own unless the page plainly says another.
pub fn made_for(seen: &Seen, head: Resolution, stock: Option<(u32, u32)>) -> u32 {
    let own = nominal(head);
    // Without paper to compare with, 4 in is the width that nearly every carrier label has.
    let (wide, high) = stock.map_or((i64::from(own) * 4, i64::from(own) * 6), |(w, h)| {
        (i64::from(w), i64::from(h))
    });
    let near = |dots: i64, whole: i64| (dots - whole).abs() * 100 <= whole * TOLERANCE_PERCENT;
    let at = |whole: i64, dpi: u32| whole * i64::from(dpi) / i64::from(own);
    let others = || NOMINAL.into_iter().filter(|dpi| *dpi != own);
    let width = i64::from(seen.width);
    if width > 0 {
        if near(width, wide) {
            return own;
        }
        let fits = |dpi: &u32| near(width, at(wide, *dpi));
        if let Some(dpi) = others().find(fits) {
            return dpi;
        }
    }
    let (right, bottom) = (i64::from(seen.reach.0), i64::from(seen.reach.1));
    let over = |dots: i64, whole: i64| dots * 100 > whole * (100 + 2 * TOLERANCE_PERCENT);
    // Too large for the paper: the coarsest head on which it fits and fills it.
    if over(right, wide) || over(bottom, high) {
        let fits = |dpi: &u32| {
            let (w, h) = (at(wide, *dpi), at(high, *dpi));
            *dpi > own && !over(right, w) && !over(bottom, h) && right * 100 >= w * 85
        };
        return others().find(fits).unwrap_or(own);
    }
    // A small part of the paper, but just the right part for another head: nearly to both edges.
    let fills = |dpi: &u32| {
        let (w, h) = (at(wide, *dpi), at(high, *dpi));
        let (width_fits, height_fits) = (right <= w + w / 50, bottom <= h + h / 50);
        *dpi < own && width_fits && height_fits && right * 100 >= w * 93 && bottom * 100 >= h * 80
    };
    others().find(fills).unwrap_or(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(width: i32, reach: (i32, i32)) -> Seen {
        Seen {
            width,
            length: 0,
            reach,
        }
    }

    #[test]
    fn the_page_width_decides_and_then_the_reach() {
        let at = |dpi: u32| (Resolution::from_dpi(dpi), Some((dpi * 4, dpi * 6)));
        let cases = [
            (203, seen(812, (0, 0)), 203),
            (203, seen(800, (0, 0)), 203),
            (300, seen(812, (0, 0)), 203),
            (203, seen(1200, (0, 0)), 300),
            (600, seen(831, (0, 0)), 203),
            (203, seen(2400, (0, 0)), 600),
            (203, seen(0, (790, 1190)), 203),
            (300, seen(0, (790, 1190)), 203),
            (203, seen(0, (1180, 1700)), 300),
            // Nothing plain: left alone.
            (300, seen(0, (500, 600)), 300),
            (203, seen(600, (590, 300)), 203),
            (203, seen(0, (9_000, 700)), 203),
        ];
        for (dpi, seen, made) in cases {
            let (head, stock) = at(dpi);
            assert_eq!(made_for(&seen, head, stock), made, "{dpi} {seen:?}");
        }
        assert_eq!(
            nominal(Resolution {
                dots: 8,
                per_um: 1_000
            }),
            203
        );
        assert_eq!(
            nominal(Resolution {
                dots: 118,
                per_um: 10_000
            }),
            300
        );
    }
}
