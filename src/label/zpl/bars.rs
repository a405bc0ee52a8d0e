//! Linear symbols onto the page: bars, guard bars, the text line.

use super::ZplError;
use super::code128;
use super::codes::{Code, Kind};
use super::draw::symbol;
use super::field::Field;
use super::font::fonts;
use super::frame::{Frame, Origin};
use super::linear::{self, Linear};
use super::state::State;
use super::surface::Ink;
use super::text::Text;
use super::typeface::Typeface;
use crate::label::canvas::Dots;

/// Dots between bars and the text under them, per module.
const LINE_GAP: i32 = 2;
/// Modules that the guard bars of EAN and UPC reach down.
const GUARD_MODULES: i32 = 5;

impl State {
    pub fn encode_linear(&self, code: &Code, text: &str) -> Option<Result<Linear, String>> {
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
    pub fn module(&mut self, label_dots: i32) -> i32 {
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

    pub fn bars(
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

    pub fn postnet(
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
}

/// Bars on the page.
struct Place {
    frame: Frame,
    width: i32,
    height: i32,
    module: i32,
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
