//! Lines of text: `^FB` and `^TB` blocks, breaking, justification, drawing.

use super::font::Fonts;
use super::frame::{Frame, Origin};
use super::surface::{Ink, Surface};
use super::typeface::Typeface;

/// Characters of one field that are drawn (`^FD` holds 3,072 bytes).
pub const CHARS_MAX: usize = 3_072;
/// What laying out a character costs, as bytes that drawing touches.
const CHAR_COST: u64 = 128;
/// A break that shows as a hyphen only at the end of a line.
const SOFT_HYPHEN: char = '\u{AD}';

/// How lines stand in a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Justify {
    #[default]
    Left,
    Centre,
    Right,
    Both,
}

/// `^FB` or `^TB`, in dots of the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    pub width: i32,
    /// Lines that fit; later ones are printed over the last, or left out if `cut`.
    pub lines: i32,
    /// Added to the pitch of lines.
    pub spacing: i32,
    pub justify: Justify,
    /// Indent of all lines but the first.
    pub hanging: i32,
    pub cut: bool,
}

/// A field's text ready to be drawn.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    pub text: &'a str,
    pub typeface: Typeface,
    pub block: Option<Block>,
    pub origin: Origin,
    pub turns: u8,
    /// Extra dots between characters (`^FP`).
    pub gap: i32,
    pub ink: Ink,
}

/// What happened while drawing.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Characters without a picture.
    pub missing: Vec<char>,
    /// More text than the block or the field holds.
    pub overflow: bool,
    /// Upright width, for `^FT` without a position.
    pub width: i32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Row {
    from: usize,
    to: usize,
    width: i32,
    hyphen: bool,
    /// Ends a paragraph: not stretched when both sides are justified.
    last: bool,
}

impl Text<'_> {
    /// Draws the field.
    pub fn draw(&self, page: &mut Surface, fonts: &mut Fonts) -> Outcome {
        let (chars, too_long) = match self.block {
            Some(block) if !block.cut => escapes(self.text),
            _ => plain(self.text),
        };
        page.pay(CHAR_COST * chars.len() as u64);
        let advances: Vec<i32> = chars.iter().map(|c| self.advance(fonts, *c)).collect();
        let rows = match self.block {
            Some(block) => {
                let hyphen = self.advance(fonts, '-');
                wrap(&chars, &advances, &block, hyphen)
            }
            None => vec![Row {
                from: 0,
                to: chars.len(),
                width: advances.iter().fold(0, |sum, n| sum.saturating_add(*n)),
                hyphen: false,
                last: true,
            }],
        };
        let pitch = self.typeface.height + self.block.map_or(0, |block| block.spacing);
        let lines = self.block.map_or(1, |block| block.lines.max(1));
        let width = self.block.map_or(rows[0].width, |block| block.width);
        let more = (lines - 1).saturating_mul(pitch);
        let height = self.typeface.height + more;
        let ascent = self.typeface.baseline + more;
        let frame = Frame::new(self.origin, self.turns, width, height, ascent);
        let mut outcome = Outcome {
            overflow: too_long || rows.len() > usize::try_from(lines).unwrap_or(1),
            width,
            ..Outcome::default()
        };
        for (at, row) in (0_i32..).zip(&rows) {
            if at >= lines && self.block.is_some_and(|block| block.cut) {
                break;
            }
            let base = self.typeface.baseline + at.min(lines - 1) * pitch;
            let (x, extra) = self.start(row, at, &chars);
            let mut pen = Pen {
                frame,
                x,
                base,
                extra,
            };
            for (c, advance) in chars[row.from..row.to].iter().zip(&advances[row.from..]) {
                self.character(page, fonts, *c, *advance, &mut pen, &mut outcome);
            }
            if row.hyphen {
                self.character(page, fonts, '-', 0, &mut pen, &mut outcome);
            }
            if page.budget() == 0 {
                break;
            }
        }
        outcome
    }

    fn advance(&self, fonts: &mut Fonts, c: char) -> i32 {
        match c {
            '\n' | SOFT_HYPHEN => 0,
            _ => self.typeface.advance(fonts, c) + self.gap,
        }
    }

    /// Where a row begins, and what every space in it gets (dots, and how many spaces get one
    /// more).
    fn start(&self, row: &Row, at: i32, chars: &[char]) -> (i32, (i32, i32)) {
        let Some(block) = self.block else {
            return (0, (0, 0));
        };
        let indent = if at > 0 { block.hanging } else { 0 };
        let free = (block.width - indent - row.width).max(0);
        match block.justify {
            Justify::Left => (indent, (0, 0)),
            Justify::Centre => (indent + free / 2, (0, 0)),
            Justify::Right => (indent + free, (0, 0)),
            Justify::Both if row.last => (indent, (0, 0)),
            Justify::Both => {
                let spaces = chars[row.from..row.to].iter().filter(|c| **c == ' ');
                let spaces = i32::try_from(spaces.count()).unwrap_or(0);
                let each = free.checked_div(spaces).unwrap_or(0);
                (indent, (each, free.checked_rem(spaces).unwrap_or(0)))
            }
        }
    }

    fn character(
        &self,
        page: &mut Surface,
        fonts: &mut Fonts,
        c: char,
        advance: i32,
        pen: &mut Pen,
        outcome: &mut Outcome,
    ) {
        let (at, base) = (pen.x, pen.base);
        pen.x += advance;
        match c {
            ' ' => {
                pen.x += pen.extra.0 + i32::from(pen.extra.1 > 0);
                pen.extra.1 -= 1;
            }
            '\u{A0}' | SOFT_HYPHEN | '\n' => {}
            _ => match self.typeface.stamp(fonts, c, self.turns) {
                Some((stamp, aside)) => {
                    let (x, y) = pen.frame.point(at + aside, base);
                    page.stamp(x, y, &stamp, self.ink);
                }
                None if outcome.missing.contains(&c) => {}
                None => outcome.missing.push(c),
            },
        }
    }
}

struct Pen {
    frame: Frame,
    x: i32,
    base: i32,
    extra: (i32, i32),
}

/// Characters of a single line; controls are passed over as a printer does.
fn plain(text: &str) -> (Vec<char>, bool) {
    let mut chars = text
        .chars()
        .filter(|c| !c.is_control() && *c != SOFT_HYPHEN);
    let taken = chars.by_ref().take(CHARS_MAX).collect();
    (taken, chars.next().is_some())
}

/// As [`plain`] with the escapes of `^FB`: `\&` new line, `\\` backslash, `\(x)` soft hyphen.
fn escapes(text: &str) -> (Vec<char>, bool) {
    let (raw, too_long) = plain(text);
    let mut chars = Vec::with_capacity(raw.len());
    let mut rest = raw.as_slice();
    loop {
        rest = match rest {
            [] => break,
            ['\\', '&', rest @ ..] => {
                chars.push('\n');
                rest
            }
            ['\\', '\\', rest @ ..] => {
                chars.push('\\');
                rest
            }
            ['\\', '(', _, ')', rest @ ..] | ['\\', '(', ')', rest @ ..] => {
                chars.push(SOFT_HYPHEN);
                rest
            }
            [other, rest @ ..] => {
                chars.push(*other);
                rest
            }
        };
    }
    (chars, too_long)
}

/// Breaks at spaces and soft hyphens, and within words wider than a line. At least one row.
fn wrap(chars: &[char], advances: &[i32], block: &Block, hyphen: i32) -> Vec<Row> {
    let mut rows = Vec::new();
    let (mut from, mut at, mut width) = (0, 0, 0);
    // End of the row, start of the next, width, hyphen.
    let mut chance: Option<(usize, usize, i32, bool)> = None;
    while at < chars.len() {
        let indent = if rows.is_empty() { 0 } else { block.hanging };
        let limit = block.width.saturating_sub(indent);
        match chars[at] {
            '\n' => {
                rows.push(Row {
                    from,
                    to: at,
                    width,
                    hyphen: false,
                    last: true,
                });
                (from, at, width, chance) = (at + 1, at + 1, 0, None);
                continue;
            }
            ' ' => chance = Some((at, at + 1, width, false)),
            SOFT_HYPHEN if width.saturating_add(hyphen) <= limit => {
                chance = Some((at, at + 1, width + hyphen, true));
            }
            _ => {}
        }
        let wider = width.saturating_add(advances[at]);
        if wider > limit && chars[at] != ' ' && at > from {
            let (to, next, width_then, hyphen) = chance.unwrap_or((at, at, width, false));
            rows.push(Row {
                from,
                to,
                width: width_then,
                hyphen,
                last: false,
            });
            (from, at, width, chance) = (next, next, 0, None);
            continue;
        }
        width = wider;
        at += 1;
    }
    // A new line at the very end opens no further line.
    if from < chars.len() || rows.is_empty() {
        rows.push(Row {
            from,
            to: chars.len(),
            width,
            hyphen: false,
            last: true,
        });
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(width: i32) -> Block {
        Block {
            width,
            lines: 9,
            spacing: 0,
            justify: Justify::Left,
            hanging: 0,
            cut: false,
        }
    }

    fn broken(text: &str, block: Block) -> Vec<String> {
        let (chars, _) = escapes(text);
        let advances: Vec<i32> = chars
            .iter()
            .map(|c| i32::from(!matches!(*c, '\n' | SOFT_HYPHEN)))
            .collect();
        let row = |row: &Row| {
            let mut line: String = chars[row.from..row.to].iter().collect();
            line.retain(|c| c != SOFT_HYPHEN);
            if row.hyphen { line + "-" } else { line }
        };
        wrap(&chars, &advances, &block, 1).iter().map(row).collect()
    }

    #[test]
    fn lines_break_at_spaces_marks_and_hyphens() {
        assert_eq!(broken("one two three", block(7)), ["one two", "three"]);
        assert_eq!(broken("one\\&two", block(70)), ["one", "two"]);
        assert_eq!(broken("a\\\\b", block(70)), ["a\\b"]);
        assert_eq!(broken("sun\\(-)flower", block(7)), ["sun-", "flower"]);
        assert_eq!(broken("sun\\(-)flower", block(70)), ["sunflower"]);
        assert_eq!(broken("abcdefgh", block(3)), ["abc", "def", "gh"]);
        assert_eq!(broken("", block(3)), [""]);
        assert_eq!(broken("one\\&", block(7)), ["one"]);
        assert_eq!(broken("abc", block(0)), ["a", "b", "c"]);
        let hanging = Block {
            hanging: 3,
            ..block(7)
        };
        assert_eq!(broken("one two three", hanging), ["one two", "thre", "e"]);
    }

    #[test]
    fn very_long_text_is_cut_and_told() {
        assert!(plain(&"x".repeat(CHARS_MAX + 1)).1);
        assert!(!plain(&"x".repeat(CHARS_MAX)).1);
    }
}
