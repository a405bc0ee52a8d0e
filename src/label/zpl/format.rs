//! What each command does.

use firstscan_drivers::printer::zpl::graphic;
use firstscan_drivers::printer::zpl::tokens::Token;
use std::sync::Arc;

use super::ZplError;
use super::charset::Charset;
use super::codes::{Code, turns};
use super::field::{Drawing, Field};
use super::frame::Origin;
use super::params::{Params, Unit};
use super::raster;
use super::shapes::{Figure, Shape};
use super::state::{DEPTH_MAX, State, field_data};
use super::store::object_name;
use super::text::{Block, Justify};
use super::typeface::Choice;

/// Copies that are reported as they are; more is a mistake.
const COPIES_MAX: i32 = 9_999;
/// Commands that steer the printer and leave no mark on the label.
const SILENT: &[&str] = &[
    "FX", "PR", "MN", "MM", "MD", "SD", "MT", "TA", "JS", "JU", "JZ", "MF", "PF", "PH", "PP", "JB",
    "JJ", "XB", "SP", "SS", "ST", "SZ", "CV", "CO", "HV", "HZ", "JX", "JA", "HS", "HI", "ML", "PA",
    "SX", "MP",
];

impl State {
    /// Carries out a command.
    pub fn command(&mut self, token: &Token) -> Result<(), ZplError> {
        let params = Params::new(&token.parameters, self.delimiter);
        let name = token.name.as_str();
        if token.prefix == '~' {
            if !SILENT.contains(&name) {
                self.note(format!("~{name} is not known and passed over"));
            }
            return Ok(());
        }
        match name {
            "FO" | "FT" => return self.place(name == "FT", &params),
            "FS" => return self.finish_field(),
            "FD" | "FV" => self.data(token),
            "FH" => self.field.hex = Some(token.parameters.first().copied().unwrap_or(b'_')),
            "FR" => self.field.reverse = true,
            "FN" => self.field.number = params.int(0),
            "FP" => self.direction(&params),
            "SN" => self.field.data = Some(params.bytes(0).to_vec()),
            "SF" => self.note("^SF is drawn with its first number only"),
            "A" => self.font(token, &params),
            "A@" => self.named_font(&params),
            "FB" | "TB" => self.block(name == "TB", &params),
            "GB" | "GC" | "GD" | "GE" => self.figure(name, &params),
            "GF" => self.graphic(token)?,
            "GS" => self.sign(&params),
            "XG" | "IM" | "IL" => return self.recall_graphic(name, &params),
            "IS" => {
                self.finish_field()?;
                self.save_page(object_name(params.bytes(0), "GRF"))?;
                if params.yes(1) == Some(false) {
                    self.page()?.used = false;
                }
            }
            "XF" => return self.recall_format(object_name(params.bytes(0), "ZPL"), 0),
            "ID" => self.store.delete(&object_name(params.bytes(0), "GRF")),
            "PQ" => {
                let copies = params.within(0, 1, COPIES_MAX).unwrap_or(1);
                self.page()?.copies = copies.unsigned_abs();
            }
            _ => match Code::parse(name, &params) {
                Some(code) => self.field.code = Some(code),
                None => self.setting(token, &params),
            },
        }
        Ok(())
    }

    fn place(&mut self, baseline: bool, params: &Params<'_>) -> Result<(), ZplError> {
        if self.field.data.is_some() || self.field.drawing.is_some() {
            // The end of the field before is missing; it is drawn all the same.
            self.finish_field()?;
        }
        let settings = &self.settings;
        let (home, units) = (settings.home, settings.units);
        let or = |at: usize, pen: i32, home: i32| match units.length(params, at) {
            Some(dots) => dots.saturating_add(home),
            None if baseline => pen,
            None => home,
        };
        let right = match params.int(2) {
            Some(1) => true,
            Some(_) => false,
            None => settings.right,
        };
        let x = or(0, self.pen.0, home.0).saturating_sub(settings.shift);
        let y = or(1, self.pen.1, home.1).saturating_add(settings.top);
        self.field.origin = Some(Origin {
            x,
            y,
            baseline,
            right,
        });
        Ok(())
    }

    fn data(&mut self, token: &Token) {
        self.field.data = Some(field_data(&token.parameters, self.field.hex));
    }

    fn direction(&mut self, params: &Params<'_>) {
        if !matches!(params.letter(0), None | Some(b'H')) {
            self.note("^FP: vertical and reverse text is drawn as usual text");
        }
        let gap = params.within(1, 0, 9_999).unwrap_or(0);
        self.field.gap = self.settings.units.scaled(gap);
    }

    /// `^Afo,h,w`: font and orientation stand directly behind the name.
    fn font(&mut self, token: &Token, params: &Params<'_>) {
        let (name, turned) = match token.parameters.as_slice() {
            [] => return,
            [name, rest @ ..] => (name.to_ascii_uppercase(), rest.first().copied()),
        };
        let turned = turned.map(|b| b.to_ascii_uppercase());
        self.field.font_turns = turns(turned);
        self.field.font = Some(self.choice(name, params));
    }

    /// Sizes of a font in dots of the label; unset ones follow each other, or `^CF`.
    fn choice(&self, name: u8, params: &Params<'_>) -> Choice {
        let size = |at: usize| {
            let head = self.settings.units.length(params, at).unwrap_or(0).max(0);
            self.unscaled(head)
        };
        let (height, width) = (size(1), size(2));
        let kept = self.settings.font;
        if height == 0 && width == 0 && kept.name == name {
            return kept;
        }
        Choice {
            name,
            height,
            width,
        }
    }

    /// Dots of the label for dots of the head: typefaces choose their cells by the former.
    fn unscaled(&self, dots: i32) -> i32 {
        let units = &self.settings.units;
        let (up, down) = (i64::from(units.up.max(1)), i64::from(units.down));
        i32::try_from((i64::from(dots) * down * 2 + up) / (up * 2)).unwrap_or(0)
    }

    /// `^A@o,h,w,d:font`: named fonts are not here; the substitute for font 0 stands in.
    fn named_font(&mut self, params: &Params<'_>) {
        self.field.font_turns = turns(params.letter(0));
        self.field.font = Some(self.choice(b'0', params));
        let file = String::from_utf8_lossy(params.bytes(3)).to_ascii_uppercase();
        let file: String = file.chars().filter(|c| !c.is_control()).take(24).collect();
        if !file.is_empty() {
            self.note(format!(
                "font {file} is drawn with the substitute for font 0"
            ));
        }
    }

    fn block(&mut self, cut: bool, params: &Params<'_>) {
        let units = self.settings.units;
        if cut {
            self.field.font_turns = turns(params.letter(0)).or(self.field.font_turns);
            self.field.block_height = Some(units.length_or(params, 2, 1, 1));
            self.field.block = Some(Block {
                width: units.length_or(params, 1, 1, 1),
                lines: 1,
                spacing: 0,
                justify: Justify::Left,
                hanging: 0,
                cut,
            });
            return;
        }
        let width = units.length_or(params, 0, 0, 0);
        if width == 0 {
            return;
        }
        let justify = match params.letter(3) {
            Some(b'C') => Justify::Centre,
            Some(b'R') => Justify::Right,
            Some(b'J') => Justify::Both,
            _ => Justify::Left,
        };
        self.field.block = Some(Block {
            width,
            lines: params.within(1, 1, 9_999).unwrap_or(1),
            spacing: units.length_or(params, 2, -9_999, 0).min(9_999),
            justify,
            hanging: units.length_or(params, 4, 0, 0).min(9_999),
            cut,
        });
    }

    fn figure(&mut self, name: &str, params: &Params<'_>) {
        let units = self.settings.units;
        let length = |at: usize, default: i32| units.length_or(params, at, 1, default).max(1);
        let one = units.scaled(1).max(1);
        let black = |at: usize| params.letter(at) != Some(b'W');
        let (figure, black) = match name {
            "GC" => {
                let (side, thickness) = (length(0, units.scaled(3)), length(1, one));
                let figure = Figure {
                    shape: Shape::Ellipse,
                    width: side,
                    height: side,
                    thickness,
                };
                (figure, black(2))
            }
            _ => {
                let thickness = length(2, one);
                let (width, height) = (length(0, thickness), length(1, thickness));
                let rising = params.letter(4) != Some(b'L') && params.bytes(4) != b"\\";
                let shape = match name {
                    "GB" => Shape::Box {
                        rounding: params.within(4, 0, 8).unwrap_or(0),
                    },
                    "GD" => Shape::Diagonal { rising },
                    _ => Shape::Ellipse,
                };
                let boxed = name == "GB";
                let figure = Figure {
                    shape,
                    width: if boxed { width.max(thickness) } else { width },
                    height: if boxed { height.max(thickness) } else { height },
                    thickness,
                };
                (figure, black(3))
            }
        };
        self.field.drawing = Some(Drawing::Figure(figure, black));
    }

    fn graphic(&mut self, token: &Token) -> Result<(), ZplError> {
        match graphic::decode_delimited(&token.parameters, self.delimiter) {
            Ok(picture) => {
                self.pay(raster::cost(&picture))?;
                let picture = self.at_head(&picture, 1, 1)?;
                self.field.drawing = picture.map(Drawing::Picture);
            }
            Err(error) => {
                let message = format!("a picture (^GF) cannot be read: {error}");
                self.problem("graphic", message, "get the label from the carrier again");
                self.pay(raster::BROKEN_COST)?;
            }
        }
        Ok(())
    }

    /// A picture at the head's resolution, magnified; None (with a problem) if it is too large.
    fn at_head(
        &mut self,
        picture: &firstscan_drivers::bitmap::Bitmap,
        across: u32,
        down: u32,
    ) -> Result<Option<Arc<firstscan_drivers::bitmap::Bitmap>>, ZplError> {
        let mut result = Ok(picture.clone());
        if self.own != self.made {
            self.pay(raster::search_cost(picture))?;
            result = raster::at_head(&picture.view(), self.own, self.made);
        }
        if (across, down) != (1, 1) {
            result = result.and_then(|one| raster::magnified(&one.view(), across, down));
        }
        match result {
            Ok(picture) => {
                self.pay(raster::cost(&picture))?;
                Ok(Some(Arc::new(picture)))
            }
            Err(error @ raster::RasterError::Resample) => Err(ZplError::Raster {
                made: self.made,
                head: self.own,
                reason: error.to_string(),
            }),
            Err(error) => {
                self.problem(
                    "graphic",
                    error.to_string(),
                    "order the label as text, not picture",
                );
                Ok(None)
            }
        }
    }

    fn sign(&mut self, params: &Params<'_>) {
        let height = self
            .settings
            .units
            .length_or(params, 1, 1, self.settings.font.height);
        self.field.drawing = Some(Drawing::Sign {
            height: height.max(1),
            turns: turns(params.letter(0)).unwrap_or(self.settings.turns),
        });
    }

    fn recall_graphic(&mut self, name: &str, params: &Params<'_>) -> Result<(), ZplError> {
        let object = object_name(params.bytes(0), "GRF");
        let Some(picture) = self.store.graphic(&object) else {
            let message = format!("the label uses graphic {object}, which the file does not bring");
            let remedy = "ask the carrier for labels that bring their graphics along";
            self.problem("graphic", message, remedy);
            return Ok(());
        };
        let times = |at: usize| params.within(at, 1, 10).unwrap_or(1).unsigned_abs();
        let (across, down) = if name == "XG" {
            (times(1), times(2))
        } else {
            (1, 1)
        };
        let picture = self.at_head(&picture, across, down)?;
        if name == "IL" {
            self.finish_field()?;
            self.field.origin = Some(Origin::default());
            self.field.drawing = picture.map(Drawing::Picture);
            return self.finish_field();
        }
        self.field.drawing = picture.map(Drawing::Picture);
        Ok(())
    }

    /// Carries out a stored format with the values of the format in work.
    fn recall_format(&mut self, name: String, depth: usize) -> Result<(), ZplError> {
        if depth >= DEPTH_MAX {
            return Err(ZplError::Recursion(DEPTH_MAX));
        }
        let Some(commands) = self.store.format(&name) else {
            let message = format!("the label uses format {name}, which the file does not bring");
            let remedy = "ask the carrier for labels that bring their formats along";
            self.problem("format", message, remedy);
            return Ok(());
        };
        self.field = Field::default();
        for (token, delimiter) in commands.iter() {
            if token.prefix == '^' && token.name == "XF" {
                let params = Params::new(&token.parameters, *delimiter);
                self.recall_format(object_name(params.bytes(0), "ZPL"), depth + 1)?;
            } else {
                self.step(token, *delimiter)?;
            }
        }
        self.finish_field()
    }

    /// Settings of the label and of those after it.
    fn setting(&mut self, token: &Token, params: &Params<'_>) {
        let units = self.settings.units;
        match token.name.as_str() {
            "CF" => {
                let name = params.letter(0).unwrap_or(self.settings.font.name);
                self.settings.font = self.choice(name, params);
            }
            "CW" => self.note("^CW: the named font is drawn with the substitute for font 0"),
            "CI" => match params.int(0).map(Charset::from_number) {
                Some(Some(charset)) => self.settings.charset = charset,
                Some(None) => self.note("^CI: this character set is read as code page 850"),
                None => self.settings.charset = Charset::default(),
            },
            "BY" => {
                let kept = &mut self.settings;
                kept.module = params.within(0, 1, 100).unwrap_or(kept.module);
                let ratio = params.thousandths(1).map(|n| n / 100);
                let ratio = ratio.and_then(|n| i32::try_from(n).ok());
                kept.ratio_tenths = ratio.map_or(kept.ratio_tenths, |n| n.clamp(20, 30));
                kept.bar_height = params.within(2, 1, 32_000).unwrap_or(kept.bar_height);
            }
            "FW" => {
                self.settings.turns = turns(params.letter(0)).unwrap_or(self.settings.turns);
                self.settings.right = params.int(1) == Some(1);
            }
            "LH" => {
                let kept = self.settings.home;
                let at = |part: usize, kept: i32| units.length_or(params, part, 0, kept);
                self.settings.home = (at(0, kept.0), at(1, kept.1));
            }
            "LS" => self.settings.shift = units.length_or(params, 0, -9_999, 0),
            "LT" => self.settings.top = units.length_or(params, 0, -120, 0).min(120),
            "LR" => self.settings.reverse = params.yes(0) == Some(true),
            "PO" => self.settings.inverted = params.letter(0) == Some(b'I'),
            "PM" => self.settings.mirrored = params.yes(0) == Some(true),
            // Read before the format is drawn.
            "PW" | "LL" => {}
            "MU" => self.measure(params),
            "JM" => {
                if params.letter(0) == Some(b'B') {
                    self.note("^JMB (half resolution) is passed over");
                }
            }
            "MC" => {
                if params.yes(0) == Some(false) {
                    self.note("^MCN is passed over: every label begins white");
                }
            }
            name if SILENT.contains(&name) => {}
            name => self.note(format!("^{name} is not known and passed over")),
        }
    }

    /// `^MUd,b,c`: unit, and the conversion from resolution b to c.
    fn measure(&mut self, params: &Params<'_>) {
        self.settings.units.unit = match params.letter(0) {
            Some(b'I') => Unit::Inches,
            Some(b'M') => Unit::Millimetres,
            _ => Unit::Dots,
        };
        let dpi = |at: usize| params.within(at, 100, 600).map(i32::unsigned_abs);
        if let (Some(from), Some(to)) = (dpi(1), dpi(2)) {
            self.settings.units.up = self.own * to;
            self.settings.units.down = self.made.max(1) * from;
        }
    }

    /// `~DG` and `~DY`.
    pub fn download(&mut self, token: &Token) -> Result<(), ZplError> {
        let name = object_name(self.first_part(token), "GRF");
        let picture = if token.name == "DG" {
            raster::download(&token.parameters, self.delimiter)
        } else {
            raster::download_object(&token.parameters, self.delimiter)
        };
        match picture {
            Ok(picture) => {
                // A PNG costs far more than it holds.
                let times = if token.name == "DY" { 16 } else { 1 };
                self.pay(raster::cost(&picture) * times)?;
                if !self.store.put_graphic(name, picture) {
                    self.no_memory();
                }
            }
            Err(raster::RasterError::Kind) => self.note("~DY of a font or an unread kind"),
            Err(error) => {
                let message = format!("graphic {name}: {error}");
                self.problem("graphic", message, "get the label from the carrier again");
                self.pay(raster::BROKEN_COST)?;
            }
        }
        Ok(())
    }

    /// Keeps the page's picture under a name (`^IS`).
    pub fn save_page(&mut self, name: String) -> Result<(), ZplError> {
        let copy = self.page()?.surface.copy();
        self.pay(raster::cost(&copy))?;
        if !self.store.put_graphic(name, copy) {
            self.no_memory();
        }
        Ok(())
    }
}
