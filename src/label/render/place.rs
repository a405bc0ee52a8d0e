//! From a box in micrometres to dots on the page, and from an upright box to a turned one.

use firstscan_drivers::bitmap::Resolution;

use super::placed::Sides;
use crate::label::canvas::Dots;
use crate::label::template::Area;
use crate::label::units::to_dots;

/// Edges are rounded one by one, so that neighbours still touch; nothing vanishes.
pub fn dots(area: Area, resolution: Resolution) -> Dots {
    let (x, y) = (
        to_dots(area.x_um, resolution),
        to_dots(area.y_um, resolution),
    );
    let right = to_dots(area.x_um + area.width_um, resolution);
    let bottom = to_dots(area.y_um + area.height_um, resolution);
    Dots {
        x,
        y,
        width: (right - x).max(1),
        height: (bottom - y).max(1),
    }
}

/// A box on the page, and the upright box that becomes it when turned clockwise.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    pub page: Dots,
    pub turns: u8,
}

impl Frame {
    /// The box turned back upright, at 0,0.
    pub fn upright(self) -> Dots {
        let Dots { width, height, .. } = self.page;
        let (width, height) = if self.turns.is_multiple_of(2) {
            (width, height)
        } else {
            (height, width)
        };
        Dots {
            x: 0,
            y: 0,
            width,
            height,
        }
    }

    /// Where a part of the upright box is on the page.
    pub fn on_page(self, part: Dots) -> Dots {
        let all = self.upright();
        let (from_right, from_bottom) = (
            all.width - part.x - part.width,
            all.height - part.y - part.height,
        );
        let (x, y) = match self.turns % 4 {
            0 => (part.x, part.y),
            1 => (from_bottom, part.x),
            2 => (from_right, from_bottom),
            _ => (part.y, from_right),
        };
        let (width, height) = if self.turns.is_multiple_of(2) {
            (part.width, part.height)
        } else {
            (part.height, part.width)
        };
        Dots {
            x: self.page.x + x,
            y: self.page.y + y,
            width,
            height,
        }
    }

    /// Sides of something upright, as they lie on the page.
    pub fn sides(self, sides: Sides) -> Sides {
        let Sides {
            left,
            top,
            right,
            bottom,
        } = sides;
        let (left, top, right, bottom) = match self.turns % 4 {
            0 => (left, top, right, bottom),
            1 => (bottom, left, top, right),
            2 => (right, bottom, left, top),
            _ => (top, right, bottom, left),
        };
        Sides {
            left,
            top,
            right,
            bottom,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_quarter_turns_lead_back() {
        let part = Dots {
            x: 3,
            y: 4,
            width: 5,
            height: 6,
        };
        let sides = Sides {
            left: 1,
            top: 2,
            right: 3,
            bottom: 4,
        };
        let page = Dots {
            x: 0,
            y: 0,
            width: 20,
            height: 30,
        };
        let (mut at, mut side, mut turned) = (part, sides, page);
        for _ in 0..4 {
            // What is `turned` now is upright for the next turn.
            let next = Dots {
                width: turned.height,
                height: turned.width,
                ..turned
            };
            let frame = Frame {
                page: next,
                turns: 1,
            };
            (at, side, turned) = (frame.on_page(at), frame.sides(side), next);
        }
        assert_eq!((at, side), (part, sides));
        let frame = Frame { page, turns: 1 };
        // The upright box is 30 x 20; its top left corner becomes the top right one.
        let corner = Dots {
            x: 0,
            y: 0,
            width: 2,
            height: 1,
        };
        let expected = Dots {
            x: 19,
            y: 0,
            width: 1,
            height: 2,
        };
        assert_eq!(frame.on_page(corner), expected);
    }
}
