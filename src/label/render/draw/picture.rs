//! Pictures into their boxes, dot for dot or scaled to black and white.

use firstscan_drivers::bitmap::{Bitmap, Resolution};

use super::super::place::{Frame, dots};
use super::Drawn;
use crate::label::canvas::{Canvas, Dots};
use crate::label::template::Image;
use crate::label::template::schema::{Align, Fit};

/// Draws a picture into its box.
pub fn image(id: &str, image: &Image, resolution: Resolution) -> Drawn {
    let frame = Frame {
        page: dots(image.area, resolution),
        turns: image.turns,
    };
    let room = frame.upright();
    let mut drawn = Drawn::default();
    let side = |dots: u32| i64::from(dots.max(1));
    let (width, height) = (side(image.bitmap.width()), side(image.bitmap.height()));
    let (across, down) = (i64::from(room.width), i64::from(room.height));
    let (to_width, to_height) = match image.fit {
        Fit::Dots => {
            let times = (across / width).min(down / height);
            if times == 0 {
                let message =
                    format!("the picture has {width} x {height} dots, its box {across} x {down}");
                let remedy = "enlarge the box, give a smaller picture for this resolution with \
                              [element.at.203], or write fit = \"scale\"";
                drawn.problem(id, message, remedy);
                return drawn;
            }
            (width * times, height * times)
        }
        // The side that reaches its edge first decides.
        Fit::Scale if across * height <= down * width => (across, (height * across) / width),
        Fit::Scale => ((width * down) / height, down),
    };
    let (to_width, to_height) = (to_width.max(1), to_height.max(1));
    let scaled = scaled(&image.bitmap, to_width, to_height);
    let free = across - to_width;
    let indent = match image.align {
        Align::Left => 0,
        Align::Center => free / 2,
        Align::Right => free,
    };
    let whole = |dots: i64| i32::try_from(dots).unwrap_or(0);
    drawn.picture = Some((whole(indent), whole((down - to_height) / 2), scaled));
    drawn.turned(frame)
}

/// Each new dot is black if at least half of what it covers is. Whole numbers only: an old dot is
/// `to` wide and a new one `from`.
fn scaled(picture: &Bitmap, to_width: i64, to_height: i64) -> Bitmap {
    let (from_width, from_height) = (i64::from(picture.width()), i64::from(picture.height()));
    let whole = |dots: i64| u32::try_from(dots).unwrap_or(1);
    let mut canvas = Canvas::new(
        i32::try_from(to_width).unwrap_or(1),
        i32::try_from(to_height).unwrap_or(1),
    );
    for y in 0..to_height {
        for x in 0..to_width {
            let (left, right) = (x * from_width, (x + 1) * from_width);
            let (top, bottom) = (y * from_height, (y + 1) * from_height);
            let mut black = 0;
            for py in top / to_height..=(bottom - 1) / to_height {
                let high = ((py + 1) * to_height).min(bottom) - (py * to_height).max(top);
                for px in left / to_width..=(right - 1) / to_width {
                    let wide = ((px + 1) * to_width).min(right) - (px * to_width).max(left);
                    if picture.get(whole(px), whole(py)) {
                        black += wide * high;
                    }
                }
            }
            if black * 2 >= from_width * from_height {
                let (x, y) = (whole(x).cast_signed(), whole(y).cast_signed());
                canvas.fill(
                    Dots {
                        x,
                        y,
                        width: 1,
                        height: 1,
                    },
                    true,
                );
            }
        }
    }
    canvas.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn scaling_by_whole_numbers_repeats_dots_and_back_gives_the_same() {
        let mut picture = Bitmap::new(5, 3).unwrap();
        for (x, y) in [(0, 0), (4, 0), (2, 1), (1, 2)] {
            picture.set(x, y, true);
        }
        let large = scaled(&picture, 15, 9);
        assert!(large.get(12, 0) && large.get(14, 2) && !large.get(11, 0));
        assert!(scaled(&large, 5, 3) == picture);
        assert!(scaled(&picture, 5, 3) == picture);
    }
}
