//! Where a field stands on the page, and turning: a field is laid out upright in a box of its own
//! and put on the page through its [`Frame`].

use crate::label::canvas::Dots;

/// Where `^FO` or `^FT` puts a field, in dots of the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Origin {
    pub x: i32,
    pub y: i32,
    /// `^FT`: the point is on the base line (of bars: their lower edge), not the upper left
    /// corner.
    pub baseline: bool,
    /// The field ends at the point instead of beginning there.
    pub right: bool,
}

/// A box on the page with its own upright coordinates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    x: i32,
    y: i32,
    width: i32,
    height: i32,
    /// Quarter turns clockwise.
    pub turns: u8,
}

impl Frame {
    /// A field of `width` by `height` upright dots whose base line is `ascent` below its top.
    pub fn new(origin: Origin, turns: u8, width: i32, height: i32, ascent: i32) -> Self {
        let turns = turns % 4;
        let (mut x, mut y) = (origin.x, origin.y);
        let below = height - ascent;
        if origin.baseline {
            (x, y) = match turns {
                0 => (x, y - ascent),
                1 => (x - below, y),
                2 => (x - width, y - below),
                _ => (x - ascent, y - width),
            };
        }
        if origin.right {
            match turns {
                0 => x -= width,
                1 => y -= width,
                2 if origin.baseline => x += width,
                3 if origin.baseline => y += width,
                _ => {}
            }
        }
        Self {
            x,
            y,
            width,
            height,
            turns,
        }
    }

    /// The page's dots for a rectangle of the box; it may reach beyond the box.
    pub fn place(&self, area: Dots) -> Dots {
        let (right, bottom) = (area.x + area.width, area.y + area.height);
        let (x, y) = match self.turns {
            0 => (area.x, area.y),
            1 => (self.height - bottom, area.x),
            2 => (self.width - right, self.height - bottom),
            _ => (area.y, self.width - right),
        };
        let (width, height) = if self.turns.is_multiple_of(2) {
            (area.width, area.height)
        } else {
            (area.height, area.width)
        };
        Dots {
            x: self.x + x,
            y: self.y + y,
            width,
            height,
        }
    }

    /// The page's point for a point of the box.
    pub fn point(&self, x: i32, y: i32) -> (i32, i32) {
        let at = self.place(Dots {
            x,
            y,
            width: 0,
            height: 0,
        });
        (at.x, at.y)
    }

    /// The whole box on the page.
    pub fn area(&self) -> Dots {
        self.place(Dots {
            x: 0,
            y: 0,
            width: self.width,
            height: self.height,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dots(x: i32, y: i32, width: i32, height: i32) -> Dots {
        Dots {
            x,
            y,
            width,
            height,
        }
    }

    #[test]
    fn turned_fields_keep_their_corner_or_their_base_line() {
        let corner = Origin {
            x: 100,
            y: 200,
            ..Origin::default()
        };
        let line = Origin {
            baseline: true,
            ..corner
        };
        let boxes = [
            (0, dots(100, 200, 50, 20), dots(100, 185, 50, 20)),
            (1, dots(100, 200, 20, 50), dots(95, 200, 20, 50)),
            (2, dots(100, 200, 50, 20), dots(50, 195, 50, 20)),
            (3, dots(100, 200, 20, 50), dots(85, 150, 20, 50)),
        ];
        for (turns, by_corner, by_line) in boxes {
            assert_eq!(Frame::new(corner, turns, 50, 20, 15).area(), by_corner);
            let frame = Frame::new(line, turns, 50, 20, 15);
            assert_eq!(frame.area(), by_line, "{turns}");
            // The start of the base line is the point itself.
            assert_eq!(frame.point(0, 15), (100, 200), "{turns}");
        }
    }
}
