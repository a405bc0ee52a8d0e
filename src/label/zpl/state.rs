//! The interpreter's memory, and the walk through a file: formats are collected from `^XA` to
//! `^XZ` and carried out as a whole, so that a recalled format finds the values given after it.

use std::collections::{BTreeMap, HashMap};

use firstscan_drivers::bitmap::Resolution;
use firstscan_drivers::printer::zpl::tokens::{Piece, Token, Tokeniser, unhex};

use super::charset::Charset;
use super::field::{DATA_BYTES_MAX, Field};
use super::params::{Params, Unit, Units};
use super::scale::Seen;
use super::store::{Command, Store, object_name};
use super::surface::Surface;
use super::typeface::Choice;
use super::{
    COMMANDS_MAX, Interpreted, LABELS_MAX, OUTPUT_BYTES_MAX, ZplError, ZplLabel, ZplSymbol,
};
use crate::label::Problem;

/// Bytes that drawing one file may touch.
pub const WORK_BYTES_MAX: u64 = 512 << 20;
/// Edges that may be looked at for glyphs not yet in the cache.
pub const GLYPH_WORK_MAX: u64 = 60_000_000;
/// Formats within formats.
pub const DEPTH_MAX: usize = 4;
/// Dots of a page.
const PAGE_DOTS_MAX: i64 = 40_000_000;
/// Kinds of notes, and problems, kept.
const REPORTS_MAX: usize = 40;

/// Settings that outlive a label.
#[derive(Debug, Clone)]
pub struct Settings {
    pub units: Units,
    pub charset: Charset,
    pub font: Choice,
    /// `^FW`.
    pub turns: u8,
    pub right: bool,
    /// `^LH`, `^LS`, `^LT`, in dots of the head.
    pub home: (i32, i32),
    pub shift: i32,
    pub top: i32,
    pub reverse: bool,
    pub inverted: bool,
    pub mirrored: bool,
    /// `^BY`: module in dots of the label, wide to narrow in tenths, height in dots of the label.
    pub module: i32,
    pub ratio_tenths: i32,
    pub bar_height: i32,
    /// `^PW`, `^LL`, in dots of the head.
    pub width: Option<i32>,
    pub length: Option<i32>,
}

/// The page in work.
#[derive(Debug)]
pub struct Page {
    pub surface: Surface,
    pub symbols: Vec<ZplSymbol>,
    pub copies: u32,
    /// Something belongs to this label, even if it drew nothing.
    pub used: bool,
}

/// Everything known while a file is interpreted.
#[derive(Debug)]
pub struct State {
    pub settings: Settings,
    /// What the label was written for, nominal dots per inch.
    pub made: u32,
    pub own: u32,
    pub stock: Option<(u32, u32)>,
    pub delimiter: u8,
    pub store: Store,
    pub field: Field,
    /// `^FN` values of the format in work, by number.
    pub values: HashMap<i64, Vec<u8>>,
    pub recalls: bool,
    pub page: Option<Page>,
    /// Where the last text ended, for `^FT` without a place.
    pub pen: (i32, i32),
    pub work: u64,
    pub glyph_work: u64,
    commands: usize,
    pub seen: Seen,
    labels: Vec<ZplLabel>,
    output_bytes: usize,
    unknown: BTreeMap<String, u32>,
    problems: Vec<Problem>,
}

/// Draws a file written for `made` dpi.
pub fn run(
    bytes: &[u8],
    head: Resolution,
    stock: Option<(u32, u32)>,
    made: u32,
) -> Result<(Seen, Interpreted), ZplError> {
    let mut state = State::new(head, stock, made);
    let mut tokeniser = Tokeniser::default();
    tokeniser.push(bytes);
    let mut format: Option<Vec<Command>> = None;
    let mut count = 0_usize;
    while let Some(piece) = tokeniser.next_piece(true) {
        let Piece::Command(token) = piece else {
            continue;
        };
        count += 1;
        if count > COMMANDS_MAX {
            return Err(ZplError::Commands);
        }
        state.delimiter = tokeniser.delimiter();
        match (token.prefix, token.name.as_str()) {
            ('^', "XA") => {
                if format.as_ref().is_some_and(|open| open.iter().any(draws)) {
                    state.unfinished();
                }
                format = Some(Vec::new());
            }
            ('^', "XZ") => {
                if let Some(commands) = format.take() {
                    state.format(&commands)?;
                }
            }
            ('~', "DG" | "DY") => state.download(&token)?,
            (_, "CC" | "CT" | "CD") => {}
            _ => match &mut format {
                Some(open) => open.push((token, state.delimiter)),
                None => state.outside(&token)?,
            },
        }
    }
    if format.is_some_and(|open| open.iter().any(draws)) {
        state.unfinished();
    }
    state.finish()
}

fn draws((token, _): &Command) -> bool {
    matches!(
        token.name.as_str(),
        "FD" | "FV" | "GF" | "GB" | "XG" | "XF" | "IM"
    )
}

impl State {
    fn new(head: Resolution, stock: Option<(u32, u32)>, made: u32) -> Self {
        let own = super::scale::nominal(head);
        let settings = Settings {
            units: Units {
                unit: Unit::Dots,
                up: own,
                down: made.max(1),
                head,
            },
            charset: Charset::default(),
            font: Choice {
                name: b'A',
                height: 0,
                width: 0,
            },
            turns: 0,
            right: false,
            home: (0, 0),
            shift: 0,
            top: 0,
            reverse: false,
            inverted: false,
            mirrored: false,
            module: 2,
            ratio_tenths: 30,
            bar_height: 10,
            width: None,
            length: None,
        };
        Self {
            settings,
            made,
            own,
            stock,
            delimiter: b',',
            store: Store::default(),
            field: Field::default(),
            values: HashMap::new(),
            recalls: false,
            page: None,
            pen: (0, 0),
            work: WORK_BYTES_MAX,
            glyph_work: GLYPH_WORK_MAX,
            commands: 0,
            seen: Seen::default(),
            labels: Vec::new(),
            output_bytes: 0,
            unknown: BTreeMap::new(),
            problems: Vec::new(),
        }
    }

    /// Counts something passed over.
    pub fn note(&mut self, what: impl Into<String>) {
        let what = what.into();
        if self.unknown.len() < REPORTS_MAX || self.unknown.contains_key(&what) {
            let count = self.unknown.entry(what).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// Reports what spoils the print; the same thing once.
    pub fn problem(&mut self, element: &str, message: impl Into<String>, remedy: &str) {
        let problem = Problem::new(element, message, remedy);
        if self.problems.len() < REPORTS_MAX && !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    fn unfinished(&mut self) {
        self.problem(
            "label",
            "a label ends without ^XZ and is not drawn",
            "get the whole file from the carrier again",
        );
    }

    /// Carries out one command of a format or of a recalled one.
    pub fn step(&mut self, token: &Token, delimiter: u8) -> Result<(), ZplError> {
        self.commands += 1;
        if self.commands > COMMANDS_MAX {
            return Err(ZplError::Commands);
        }
        if token.parameters.len() > DATA_BYTES_MAX && matches!(token.name.as_str(), "FD" | "FV") {
            return Err(ZplError::Field(DATA_BYTES_MAX));
        }
        self.delimiter = delimiter;
        self.command(token)
    }

    /// A command between formats: settings count, fields do not.
    fn outside(&mut self, token: &Token) -> Result<(), ZplError> {
        if matches!(
            token.name.as_str(),
            "FO" | "FT" | "FD" | "FS" | "GF" | "GB" | "XF" | "DF"
        ) {
            self.note(format!("{}{} outside of a label", token.prefix, token.name));
            return Ok(());
        }
        self.step(token, self.delimiter)
    }

    fn format(&mut self, commands: &[Command]) -> Result<(), ZplError> {
        self.values = self.field_values(commands);
        self.recalls = commands.iter().any(|(token, _)| token.name == "XF");
        self.page_of(commands);
        self.field = Field::default();
        for (at, (token, delimiter)) in commands.iter().enumerate() {
            if token.prefix == '^' && token.name == "DF" {
                let name = object_name(self.first_part(token), "ZPL");
                let rest = commands.get(at + 1..).unwrap_or_default();
                if !self.store.put_format(name, rest.to_vec()) {
                    self.no_memory();
                }
                self.page = None;
                return Ok(());
            }
            self.step(token, *delimiter)?;
        }
        self.finish_field()?;
        self.finish_page()
    }

    pub fn first_part<'a>(&self, token: &'a Token) -> &'a [u8] {
        Params::new(&token.parameters, self.delimiter).bytes(0)
    }

    /// What `^FN` fields are given, wherever in the format.
    fn field_values(&self, commands: &[Command]) -> HashMap<i64, Vec<u8>> {
        let mut values = HashMap::new();
        let (mut number, mut hex) = (None, None);
        for (token, delimiter) in commands {
            let params = Params::new(&token.parameters, *delimiter);
            match token.name.as_str() {
                "FS" => (number, hex) = (None, None),
                "FN" => number = params.int(0),
                "FH" => hex = Some(token.parameters.first().copied().unwrap_or(b'_')),
                "FD" | "FV" => {
                    if let Some(number) = number {
                        let data = field_data(&token.parameters, hex);
                        values.insert(number, data);
                    }
                }
                _ => {}
            }
        }
        values
    }

    /// Sizes the page from the paper, or from what the format itself says.
    fn page_of(&mut self, commands: &[Command]) {
        for (token, delimiter) in commands {
            let params = Params::new(&token.parameters, *delimiter);
            match token.name.as_str() {
                "PW" => self.settings.width = self.settings.units.length(&params, 0),
                "LL" => self.settings.length = self.settings.units.length(&params, 0),
                _ => continue,
            }
            let wide = self.settings.width.unwrap_or(0);
            let long = self.settings.length.unwrap_or(0);
            self.seen.width = self.seen.width.max(wide);
            self.seen.length = self.seen.length.max(long);
        }
    }

    /// The page, made when first needed.
    pub fn page(&mut self) -> Result<&mut Page, ZplError> {
        if self.page.is_none() {
            let side = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
            let inches = |n: u32| side(n.saturating_mul(self.own));
            let own = |set: Option<i32>, n| set.filter(|n| *n > 0).unwrap_or(inches(n));
            let (width, height) = match self.stock {
                Some((width, height)) => (side(width), side(height)),
                None => (own(self.settings.width, 4), own(self.settings.length, 6)),
            };
            let dots = i64::from(width).saturating_mul(i64::from(height));
            if width < 1 || height < 1 || dots > PAGE_DOTS_MAX {
                return Err(ZplError::Page { width, height });
            }
            if self.labels.len() >= LABELS_MAX {
                return Err(ZplError::Labels);
            }
            self.page = Some(Page {
                surface: Surface::new(width, height, self.work),
                symbols: Vec::new(),
                copies: 1,
                used: false,
            });
        }
        let page = self.page.as_mut();
        page.ok_or(ZplError::Page {
            width: 0,
            height: 0,
        })
    }

    /// Counts work besides drawing.
    pub fn pay(&mut self, cost: u64) -> Result<(), ZplError> {
        match &mut self.page {
            Some(page) => page.surface.pay(cost),
            None => self.work = self.work.saturating_sub(cost),
        }
        self.charge()
    }

    /// Gives up if the last drawing was too much.
    pub fn charge(&mut self) -> Result<(), ZplError> {
        if let Some(page) = &self.page {
            self.work = page.surface.budget();
        }
        if self.work == 0 || self.glyph_work == 0 {
            return Err(ZplError::Work(WORK_BYTES_MAX * 8));
        }
        Ok(())
    }

    fn finish_page(&mut self) -> Result<(), ZplError> {
        let Some(mut page) = self.page.take() else {
            return Ok(());
        };
        self.work = page.surface.budget();
        let reach = page.surface.reach;
        let most = &mut self.seen.reach;
        *most = (most.0.max(reach.0), most.1.max(reach.1));
        if !page.used {
            return Ok(());
        }
        if page.surface.outside {
            self.outside_problem(&page, reach);
        }
        let (width, height) = (page.surface.width(), page.surface.height());
        if self.settings.mirrored {
            page.surface.mirror();
            page.symbols
                .iter_mut()
                .for_each(|s| s.x = width - s.x - s.width);
            let message = "^PM mirrors this label: its codes cannot be read";
            if !page.symbols.is_empty() {
                self.problem(
                    "label",
                    message,
                    "ask the carrier why; print it without ^PMY",
                );
            }
        }
        if self.settings.inverted {
            page.surface.turn_half();
            for symbol in &mut page.symbols {
                symbol.x = width - symbol.x - symbol.width;
                symbol.y = height - symbol.y - symbol.height;
                symbol.turns = (symbol.turns + 2) % 4;
            }
        }
        let bitmap = page.surface.finish();
        self.output_bytes = self.output_bytes.saturating_add(bitmap.bits().len());
        if self.output_bytes > OUTPUT_BYTES_MAX {
            return Err(ZplError::Labels);
        }
        self.labels.push(ZplLabel {
            bitmap,
            copies: page.copies,
            symbols: page.symbols,
        });
        Ok(())
    }

    fn outside_problem(&mut self, page: &Page, reach: (i32, i32)) {
        let (width, height) = (page.surface.width(), page.surface.height());
        let message = if reach.0 > width || reach.1 > height {
            format!(
                "the label reaches to {} x {} dots and the page has {width} x {height}",
                reach.0, reach.1
            )
        } else {
            "the label begins above or left of the page".to_owned()
        };
        self.problem(
            "label",
            message,
            "order this label in the size of the paper; parts of it are cut off",
        );
    }

    pub fn no_memory(&mut self) {
        self.problem(
            "memory",
            "the file stores more graphics or formats than fit",
            "send fewer labels at a time",
        );
    }

    fn finish(self) -> Result<(Seen, Interpreted), ZplError> {
        if self.labels.is_empty() {
            return Err(ZplError::Nothing);
        }
        let times = |(what, count): (&String, &u32)| match count {
            1 => what.clone(),
            _ => format!("{what} ({count} times)"),
        };
        let interpreted = Interpreted {
            labels: self.labels,
            notes: self.unknown.iter().map(times).collect(),
            problems: self.problems,
            made_for_dpi: self.made,
        };
        Ok((self.seen, interpreted))
    }
}

/// Field data without line ends, `^FH` undone.
pub fn field_data(raw: &[u8], hex: Option<u8>) -> Vec<u8> {
    let kept = |b: &u8| !matches!(b, b'\r' | b'\n');
    let plain: Vec<u8> = raw.iter().copied().filter(kept).collect();
    match hex {
        Some(indicator) => unhex(&plain, indicator).into_owned(),
        None => plain,
    }
}
