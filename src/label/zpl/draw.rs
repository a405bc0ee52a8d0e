//! A finished field onto the page: text, bars, modules, shapes, pictures.

use super::ZplError;
use super::ZplSymbol;
use super::code128;
use super::codes::{Code, Kind};
use super::field::{Drawing, Field};
use super::font::fonts;
use super::frame::{Frame, Origin};
use super::linear::{self, Linear};
use super::matrix::{self, Grid};
use super::state::State;
use super::surface::{Ink, Surface};
use super::text::{Outcome, Text};
use super::typeface::{Choice, Typeface};
use crate::label::canvas::Dots;

/// Dots between bars and the text under them, per module.
const LINE_GAP: i32 = 2;
/// Modules that the guard bars of EAN and UPC reach down.
const GUARD_MODULES: i32 = 5;
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

    fn typeface(&self, choice: Choice) -> Typeface {
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

    fn put(&mut self, text: &Text<'_>) -> Result<Outcome, ZplError> {
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
        let drawn = match self.encode_linear(code, text) {
            Some(Ok(linear)) => self.bars(code, &linear, field, origin, ink),
            Some(Err(reason)) => Err(reason),
            None => self.grid(code, text, origin, ink),
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

    fn encode_linear(&self, code: &Code, text: &str) -> Option<Result<Linear, String>> {
        let linear = match code.kind {
            Kind::Code128(mode) => {
                let encoded = code128::encode(text, mode, code.check);
                return Some(encoded.map_err(|error| error.to_string()));
            }
            Kind::Code39 => linear::code39(text, code.check),
            Kind::Code93 => linear::code93(text),
            Kind::Interleaved => linear::interleaved(text, code.check),
            Kind::Industrial => linear::industrial(text),
            Kind::Ean8 => linear::ean8(text),
            Kind::Ean13 => linear::ean13(text),
            Kind::UpcA => linear::upca(text),
            Kind::UpcE => linear::upce(text),
            Kind::Codabar { start, stop } => linear::codabar(text, start, stop),
            _ => return None,
        };
        Some(linear.map_err(|error| error.to_string()))
    }

    /// Dots of a module for so many dots of the label; a problem if it is no longer the same
    /// symbol after rounding.
    fn module(&mut self, label_dots: i32) -> i32 {
        let module = self.settings.units.scaled(label_dots).max(1);
        let exact = i64::from(label_dots) * i64::from(self.own);
        let off = (i64::from(module) * i64::from(self.made.max(1)) - exact).abs();
        if off * 4 > exact {
            let message = format!(
                "a bar code with modules of {label_dots} dots at {} dpi cannot be drawn at {} dpi",
                self.made, self.own
            );
            self.problem(
                "code",
                message,
                "ask the carrier for this head's resolution",
            );
        }
        module
    }

    fn bars(
        &mut self,
        code: &Code,
        linear: &Linear,
        field: &Field,
        origin: Origin,
        ink: Ink,
    ) -> Result<Result<(), ZplError>, String> {
        let module = self.module(self.settings.module);
        let units = self.settings.units;
        let height = units
            .scaled(code.height.unwrap_or(self.settings.bar_height))
            .max(1);
        let runs = linear.runs(module, self.settings.ratio_tenths);
        let width = runs.iter().fold(0_i32, |sum, n| sum.saturating_add(*n));
        let turns = code.turns.unwrap_or(self.settings.turns);
        let frame = Frame::new(origin, turns, width, height, height);
        let guards = guards(linear, code);
        let page = match self.page() {
            Ok(page) => page,
            Err(error) => return Ok(Err(error)),
        };
        let mut x = 0;
        for (at, run) in runs.iter().enumerate() {
            if at % 2 == 0 {
                let long = guards.contains(&(x / module.max(1)));
                let extra = if long { GUARD_MODULES * module } else { 0 };
                let bar = Dots {
                    x,
                    y: 0,
                    width: *run,
                    height: height + extra,
                };
                page.surface.fill(frame.place(bar), ink);
            }
            x += run;
        }
        let area = frame.area();
        page.symbols
            .push(symbol(linear.symbology, &linear.data, area, module, turns));
        if code.line {
            return Ok(self.line(
                code,
                linear,
                field,
                &Place {
                    frame,
                    width,
                    height,
                    module,
                },
                ink,
            ));
        }
        Ok(Ok(()))
    }

    /// The text under (or over) the bars.
    fn line(
        &mut self,
        code: &Code,
        linear: &Linear,
        field: &Field,
        place: &Place,
        ink: Ink,
    ) -> Result<(), ZplError> {
        let typeface = match field.font {
            Some(choice) => self.typeface(choice),
            None => Typeface::font_a(place.module.clamp(1, 10)),
        };
        let gap = LINE_GAP * place.module;
        let top = if code.above {
            -gap - typeface.baseline
        } else {
            place.height + gap
        };
        let base = top + typeface.baseline;
        for (text, from, to) in parts(linear, code, place) {
            let width: i32 = {
                let mut fonts = fonts();
                text.chars().map(|c| typeface.advance(&mut fonts, c)).sum()
            };
            let (x, y) = place.frame.point(from + (to - from - width) / 2, base);
            let origin = Origin {
                x,
                y,
                baseline: true,
                right: false,
            };
            self.put(&Text {
                text: &text,
                typeface,
                block: None,
                origin,
                turns: place.frame.turns,
                gap: 0,
                ink,
            })?;
        }
        Ok(())
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

    fn postnet(
        &mut self,
        code: &Code,
        text: &str,
        planet: bool,
        origin: Origin,
        ink: Ink,
    ) -> Result<Result<(), ZplError>, String> {
        let (bars, _) = linear::postnet(text, planet).map_err(|error| error.to_string())?;
        let module = self.module(self.settings.module);
        let height = code.height.unwrap_or(self.settings.bar_height);
        let height = self.settings.units.scaled(height).max(2);
        let width = i32::try_from(bars.len()).unwrap_or(0) * 2 * module - module;
        let turns = code.turns.unwrap_or(self.settings.turns);
        let frame = Frame::new(origin, turns, width, height, height);
        let page = match self.page() {
            Ok(page) => page,
            Err(error) => return Ok(Err(error)),
        };
        for (at, tall) in (0_i32..).zip(&bars) {
            // A short bar is two fifths of a tall one.
            let bar = if *tall { height } else { (height * 2 + 2) / 5 };
            let area = Dots {
                x: at * 2 * module,
                y: height - bar,
                width: module,
                height: bar,
            };
            page.surface.fill(frame.place(area), ink);
        }
        let name = if planet { "planet" } else { "postnet" };
        page.symbols
            .push(symbol(name, "", frame.area(), module, turns));
        Ok(Ok(()))
    }

    /// MaxiCode has one size: hexagons 0.88 mm apart in rows 0.76 mm apart (ISO/IEC 16023).
    fn hexagons(&mut self, grid: &Grid, origin: Origin, ink: Ink) -> Result<(), ZplError> {
        let head = self.settings.units.head;
        let dots = |um: i64| {
            let (up, down) = (i64::from(head.dots), i64::from(head.per_um.max(1)));
            i32::try_from((um * up * 2 + down) / (down * 2))
                .unwrap_or(1)
                .max(2)
        };
        let (pitch, pace) = (dots(880), dots(760));
        let hexagon = dots(1_015).max(pace + 1);
        let (width, height) = (pitch * 30, pace * 32 + hexagon);
        let frame = Frame::new(origin, 0, width, height, height);
        let (x, y) = frame.point(0, 0);
        let page = self.page()?;
        for (row, modules) in (0_i32..).zip(grid.black.chunks_exact(30)) {
            for (column, _) in (0_i32..).zip(modules).filter(|(_, black)| **black) {
                let left = x + column * pitch + (row % 2) * pitch / 2;
                hex(
                    &mut page.surface,
                    left,
                    y + row * pace,
                    pitch - 1,
                    hexagon,
                    ink,
                );
            }
        }
        // The rings' radii of the standard, around the place of module 14 in row 16.
        let centre = (x * 2 + 29 * pitch - 1, y * 2 + 32 * pace + hexagon);
        let radii = [510, 1_180, 1_860, 2_530, 3_200, 3_870].map(|um| dots(um * 2));
        rings(&mut page.surface, centre, radii, ink);
        page.symbols
            .push(symbol(grid.symbology, &grid.data, frame.area(), pitch, 0));
        Ok(())
    }
}

/// Bars on the page.
struct Place {
    frame: Frame,
    width: i32,
    height: i32,
    module: i32,
}

fn symbol(symbology: &'static str, data: &str, area: Dots, module: i32, turns: u8) -> ZplSymbol {
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

/// Modules where bars of EAN and UPC begin that reach down between the digits.
fn guards(linear: &Linear, code: &Code) -> Vec<i32> {
    if !code.line || code.above {
        return Vec::new();
    }
    match linear.symbology {
        "ean13" => vec![0, 2, 46, 48, 92, 94],
        "ean8" => vec![0, 2, 32, 34, 64, 66],
        "upca" => {
            let mut guards = vec![0, 2, 46, 48, 92, 94];
            // The first and last digit's bars, too.
            guards.extend((3..10).chain(85..92));
            guards
        }
        "upce" => vec![0, 2, 46, 48, 50],
        _ => Vec::new(),
    }
}

/// Pieces of the text line with the range of dots each is centred in.
fn parts(linear: &Linear, code: &Code, place: &Place) -> Vec<(String, i32, i32)> {
    let m = place.module;
    let text = &linear.text;
    let piece = |from: usize, to: usize| text.get(from..to).unwrap_or_default().to_owned();
    let split = |pieces: &[(usize, usize, i32, i32)]| {
        let part = |(from, to, left, right): &(usize, usize, i32, i32)| {
            (piece(*from, *to), left * m, right * m)
        };
        pieces.iter().map(part).collect()
    };
    match linear.symbology {
        _ if code.above => vec![(text.clone(), 0, place.width)],
        "ean13" => split(&[(0, 1, -9, -2), (1, 7, 3, 46), (7, 13, 49, 92)]),
        "ean8" => split(&[(0, 4, 3, 32), (4, 8, 35, 64)]),
        "upca" => split(&[
            (0, 1, -9, -2),
            (1, 6, 10, 46),
            (6, 11, 49, 85),
            (11, 12, 97, 104),
        ]),
        "upce" => split(&[(0, 1, -9, -2), (1, 7, 3, 46), (7, 8, 53, 60)]),
        _ => vec![(text.clone(), 0, place.width)],
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
