//! A finished field onto the page: text, bars, modules, shapes, pictures.

use super::ZplError;
use super::ZplSymbol;
use super::codes::{Code, Kind};
use super::field::{Drawing, Field};
use super::font::fonts;
use super::frame::{Frame, Origin};
use super::matrix::{self, Grid};
use super::state::State;
use super::surface::{Ink, Surface};
use super::text::{Outcome, Text};
use super::typeface::{Choice, Typeface};
use crate::label::canvas::Dots;

/// What encoding costs, as bytes that drawing touches in that time.
const LINEAR_COST: u64 = 64 << 10;
const MATRIX_COST: u64 = 256 << 10;
const MATRIX_BYTE_COST: u64 = 4 << 10;
/// `^GS` letters A to E. The last two are marks of certifiers and are not drawn.
const SIGNS: [char; 3] = ['®', '©', '™'];

impl State {
    /// Draws the field in work and begins a new one.
    pub fn finish_field(&mut self) -> Result<(), ZplError> {
        let mut field = std::mem::take(&mut self.field);
        if !field.has_content() {
            return Ok(());
        }
        if let Some(number) = field.number {
            if self.recalls && field.origin.is_none() {
                return Ok(());
            }
            let value = self.values.get(&number).cloned();
            field.data = value.or(field.data);
        }
        let origin = field.origin.unwrap_or_else(|| Origin {
            x: self.settings.home.0,
            y: self.settings.home.1,
            ..Origin::default()
        });
        let ink = if field.reverse || self.settings.reverse {
            Ink::Flip
        } else {
            Ink::Black
        };
        self.page()?.used = true;
        match (&field.drawing, &field.data) {
            (Some(drawing), data) => self.drawing(drawing, data.as_deref(), origin, ink)?,
            (None, Some(data)) => {
                let text = self.settings.charset.decode(data).into_owned();
                match field.code {
                    Some(code) => self.code(&code, &text, &field, origin, ink)?,
                    None => self.text(&text, &field, origin, ink)?,
                }
            }
            (None, None) => {}
        }
        self.charge()
    }

    pub fn typeface(&self, choice: Choice) -> Typeface {
        let units = self.settings.units;
        Typeface::new(choice, self.made, |dots| units.scaled(dots))
    }

    fn text(
        &mut self,
        text: &str,
        field: &Field,
        origin: Origin,
        ink: Ink,
    ) -> Result<(), ZplError> {
        let typeface = self.typeface(field.font.unwrap_or(self.settings.font));
        let mut block = field.block;
        if let (Some(block), Some(height)) = (&mut block, field.block_height) {
            block.lines = (height / typeface.height).max(1);
        }
        let text = Text {
            text,
            typeface,
            block,
            origin,
            turns: field.font_turns.unwrap_or(self.settings.turns),
            gap: field.gap,
            ink,
        };
        let outcome = self.put(&text)?;
        self.pen = match text.turns {
            0 => (origin.x + outcome.width, origin.y),
            1 => (origin.x, origin.y + outcome.width),
            2 => (origin.x - outcome.width, origin.y),
            _ => (origin.x, origin.y - outcome.width),
        };
        if outcome.overflow {
            self.note("text longer than its field or block");
        }
        Ok(())
    }

    pub fn put(&mut self, text: &Text<'_>) -> Result<Outcome, ZplError> {
        let page = self.page()?;
        let mut fonts = fonts();
        let before = fonts.work;
        let outcome = text.draw(&mut page.surface, &mut fonts);
        let spent = fonts.work - before;
        drop(fonts);
        self.glyph_work = self.glyph_work.saturating_sub(spent);
        if !outcome.missing.is_empty() {
            let list: String = outcome.missing.iter().take(20).collect();
            self.problem(
                "text",
                format!("no glyph for {list:?}"),
                "order the label as PDF or picture, which bring their own fonts",
            );
        }
        Ok(outcome)
    }

    fn drawing(
        &mut self,
        drawing: &Drawing,
        data: Option<&[u8]>,
        origin: Origin,
        ink: Ink,
    ) -> Result<(), ZplError> {
        let corner = |width: i32, height: i32| {
            let frame = Frame::new(origin, 0, width, height, height);
            frame.point(0, 0)
        };
        match drawing {
            Drawing::Figure(figure, black) => {
                let ink = match (ink, black) {
                    (Ink::Flip, _) => Ink::Flip,
                    (_, true) => Ink::Black,
                    (_, false) => Ink::White,
                };
                let (x, y) = corner(figure.width, figure.height);
                figure.draw(&mut self.page()?.surface, x, y, ink);
            }
            Drawing::Picture(picture) => {
                let side = |n: u32| i32::try_from(n).unwrap_or(0);
                let (x, y) = corner(side(picture.width()), side(picture.height()));
                self.page()?.surface.bitmap(x, y, picture, ink);
            }
            Drawing::Sign { height, turns } => {
                let letter = data.and_then(|data| data.first()).copied().unwrap_or(0);
                let index = usize::from(letter.wrapping_sub(b'A'));
                let Some(sign) = SIGNS.get(index) else {
                    self.note("^GS: a certifier's mark is not drawn");
                    return Ok(());
                };
                let choice = Choice {
                    name: b'0',
                    height: *height,
                    width: *height,
                };
                let sign = sign.to_string();
                let text = Text {
                    text: &sign,
                    typeface: Typeface::new(choice, self.made, |n| n),
                    block: None,
                    origin,
                    turns: *turns,
                    gap: 0,
                    ink,
                };
                self.put(&text)?;
            }
        }
        Ok(())
    }

    fn code(
        &mut self,
        code: &Code,
        text: &str,
        field: &Field,
        origin: Origin,
        ink: Ink,
    ) -> Result<(), ZplError> {
        let bytes = text.len() as u64;
        let drawn = match self.encode_linear(code, text) {
            Some(Ok(linear)) => {
                self.pay(LINEAR_COST)?;
                self.bars(code, &linear, field, origin, ink)
            }
            Some(Err(reason)) => Err(reason),
            None => {
                self.pay(MATRIX_COST + bytes.min(16 << 10) * MATRIX_BYTE_COST)?;
                self.grid(code, text, origin, ink)
            }
        };
        match drawn {
            Ok(outcome) => outcome,
            Err(reason) => {
                let shown: String = text.chars().take(40).filter(|c| !c.is_control()).collect();
                self.problem(
                    "code",
                    format!("the code {shown:?} cannot be drawn: {reason}"),
                    "ask the carrier for a correct label",
                );
                Ok(())
            }
        }
    }

    fn grid(
        &mut self,
        code: &Code,
        text: &str,
        mut origin: Origin,
        ink: Ink,
    ) -> Result<Result<(), ZplError>, String> {
        let sticky = self.settings.module;
        let (grid, cell, row) = match code.kind {
            Kind::Qr { magnification } => {
                // The printer moves a QR code placed by ^FO down by the height set with ^BY.
                if !origin.baseline {
                    origin.y += self.settings.units.scaled(self.settings.bar_height);
                }
                let side = magnification.unwrap_or(self.default_magnification());
                (matrix::qr(text)?, self.module(side), None)
            }
            Kind::DataMatrix(wanted) => {
                if wanted.quality != 200 {
                    self.note("^BX without quality 200 is drawn as ECC 200");
                }
                let grid = matrix::data_matrix(text, &wanted)?;
                let rows = i32::try_from(grid.black.len() / grid.columns.max(1)).unwrap_or(1);
                let from_height = self.settings.bar_height / rows.max(1);
                let side = wanted.module.unwrap_or(from_height.max(1));
                (grid, self.module(side), None)
            }
            Kind::Pdf417(wanted) => {
                let grid = matrix::pdf417(text, &wanted)?;
                let rows = i32::try_from(grid.black.len() / grid.columns.max(1)).unwrap_or(1);
                let from_height = self.settings.bar_height / rows.max(1);
                let row = wanted.row_height.unwrap_or(from_height.max(1));
                let row = self.settings.units.scaled(row).max(1);
                (grid, self.module(sticky), Some(row))
            }
            Kind::Aztec {
                magnification,
                size,
            } => {
                let side = match magnification {
                    0 => self.default_magnification(),
                    side => side,
                };
                (matrix::aztec(text, size)?, self.module(side), None)
            }
            Kind::Postal { kind: b'3' } => {
                let height = code.height.unwrap_or(self.settings.bar_height);
                let height = self.settings.units.scaled(height);
                let grid = matrix::intelligent_mail(text)?;
                let rows = i32::try_from(grid.black.len() / grid.columns.max(1)).unwrap_or(3);
                (
                    grid,
                    self.module(sticky),
                    Some((height / rows.max(1)).max(1)),
                )
            }
            Kind::Postal {
                kind: kind @ (b'0' | b'1'),
            } => {
                return self.postnet(code, text, kind == b'1', origin, ink);
            }
            Kind::MaxiCode { mode } => {
                let grid = matrix::maxicode(text, mode)?;
                return Ok(self.hexagons(&grid, origin, ink));
            }
            _ => return Err("this kind is not drawn".into()),
        };
        let turns = code.turns.unwrap_or(self.settings.turns);
        Ok(self.modules(&grid, (cell, row.unwrap_or(cell)), turns, origin, ink))
    }

    /// Magnification when none is given: by resolution (programming guide, `^BQ`, `^BO`).
    fn default_magnification(&self) -> i32 {
        match self.made {
            0..=159 => 1,
            160..=259 => 2,
            260..=459 => 3,
            _ => 6,
        }
    }

    fn modules(
        &mut self,
        grid: &Grid,
        (cell, row): (i32, i32),
        turns: u8,
        origin: Origin,
        ink: Ink,
    ) -> Result<(), ZplError> {
        let count = |n: usize| i32::try_from(n).unwrap_or(0);
        let rows = count(grid.black.len() / grid.columns.max(1));
        let (width, height) = (count(grid.columns) * cell, rows * row);
        let frame = Frame::new(origin, turns, width, height, height);
        let page = self.page()?;
        for (at, modules) in (0_i32..).zip(grid.black.chunks_exact(grid.columns.max(1))) {
            runs(modules, |from, length| {
                let area = Dots {
                    x: from * cell,
                    y: at * row,
                    width: length * cell,
                    height: row,
                };
                page.surface.fill(frame.place(area), ink);
            });
        }
        page.symbols.push(symbol(
            grid.symbology,
            &grid.data,
            frame.area(),
            cell,
            turns,
        ));
        Ok(())
    }

    /// MaxiCode has one size: hexagons 0.88 mm apart in rows 0.76 mm apart (ISO/IEC 16023). All
    /// are alike; their places are rounded one by one, so that the whole keeps its size.
    fn hexagons(&mut self, grid: &Grid, origin: Origin, ink: Ink) -> Result<(), ZplError> {
        let head = self.settings.units.head;
        let dots = |um: i64| {
            let (up, down) = (i64::from(head.dots), i64::from(head.per_um.max(1)));
            i32::try_from((um * up * 2 + down) / (down * 2)).unwrap_or(1)
        };
        let (across, down) = (dots(880).max(3) - 1, dots(1_015).max(4));
        let (width, height) = (dots(29 * 880) + across, dots(32 * 760) + down);
        let frame = Frame::new(origin, 0, width, height, height);
        let (x, y) = frame.point(0, 0);
        let page = self.page()?;
        for (row, modules) in (0_i64..).zip(grid.black.chunks_exact(30)) {
            let top = y + dots(row * 760);
            for (column, _) in (0_i64..).zip(modules).filter(|(_, black)| **black) {
                let left = x + dots(column * 880 + row % 2 * 440);
                hex(&mut page.surface, left, top, across, down, ink);
            }
        }
        // The rings' radii of the standard, around the place of module 14 in row 16.
        let centre = (
            (x + dots(14 * 880)) * 2 + across,
            (y + dots(16 * 760)) * 2 + down,
        );
        let radii = [510, 1_180, 1_860, 2_530, 3_200, 3_870].map(|um| dots(um * 2));
        rings(&mut page.surface, centre, radii, ink);
        let module = dots(880);
        page.symbols
            .push(symbol(grid.symbology, &grid.data, frame.area(), module, 0));
        Ok(())
    }
}

pub fn symbol(
    symbology: &'static str,
    data: &str,
    area: Dots,
    module: i32,
    turns: u8,
) -> ZplSymbol {
    ZplSymbol {
        symbology,
        data: data.to_owned(),
        x: area.x,
        y: area.y,
        width: area.width,
        height: area.height,
        module_dots: module.unsigned_abs(),
        turns: turns % 4,
    }
}

/// Calls with start and length of each black run.
fn runs(modules: &[bool], mut each: impl FnMut(i32, i32)) {
    let mut at = 0;
    for run in modules.chunk_by(|a, b| a == b) {
        let length = i32::try_from(run.len()).unwrap_or(0);
        if run.first() == Some(&true) {
            each(at, length);
        }
        at += length;
    }
}

/// A hexagon standing on its point, `width` between its upright sides.
fn hex(page: &mut Surface, x: i32, y: i32, width: i32, height: i32, ink: Ink) {
    for row in 0..height {
        let from_end = (row * 2 + 1).min((height - row) * 2 - 1);
        // The slanted quarter at either end.
        let half = (width * from_end * 2 / height.max(1)).min(width);
        let inset = (width - half.max(1)) / 2;
        page.fill(
            Dots {
                x: x + inset,
                y: y + row,
                width: width - 2 * inset,
                height: 1,
            },
            ink,
        );
    }
}

/// Three black rings; `centre` and `radii` in half dots.
fn rings(page: &mut Surface, centre: (i32, i32), radii: [i32; 6], ink: Ink) {
    let half = |radius: i32, off: i32| {
        let square = u64::try_from(radius * radius - off * off).unwrap_or(0);
        i32::try_from(square.isqrt()).unwrap_or(0)
    };
    let top = (centre.1 - radii[5]).div_euclid(2);
    for y in top..=top + radii[5] + 1 {
        let off = (2 * y + 1 - centre.1).abs();
        for ring in radii.chunks_exact(2).filter(|ring| off < ring[1]) {
            let (inner, outer) = (half(ring[0], off), half(ring[1], off));
            let dot = |edge: i32| (centre.0 + edge).div_euclid(2);
            let mut fill = |from: i32, to: i32| {
                let area = Dots {
                    x: from,
                    y,
                    width: to - from,
                    height: 1,
                };
                page.fill(area, ink);
            };
            if off < ring[0] {
                fill(dot(-outer), dot(-inner));
                fill(dot(inner), dot(outer));
            } else {
                fill(dot(-outer), dot(outer));
            }
        }
    }
}
