//! A ZPL label printer: takes formats, prints them in its own time, counts, runs out of paper.
//!
//! It answers while it prints, but stops taking data when its buffer is full (back-pressure).
//! Documented printers stay silent with paper out or head open, many do not: see
//! [`PrinterSettings::answers_in_error`]. After an error a Zebra prints the broken label again by
//! itself unless `^JZN` forbade it (`device-protocols` 5.2, 5.3).

pub use super::printers::{Condition, OnError, PrinterSettings};

use super::printers::{Dialect, Item, LabelPrinter, Report};
use super::tray::Tray;
use super::zpl_label::{LabelSettings, draw};
use super::zpl_status::{error_status, host_status, identification, sgd};
use super::zpl_stream::{self, ZplStream};

/// The printer.
pub type ZplPrinter = LabelPrinter<Zpl>;

impl ZplPrinter {
    /// A ready printer with paper.
    pub fn new(settings: PrinterSettings, tray: Tray) -> Self {
        Self::with(Zpl::new(&settings), settings, tray)
    }
}

/// ZPL as a printer understands it.
#[derive(Debug)]
pub struct Zpl {
    stream: ZplStream,
    label: LabelSettings,
    at_power_on: LabelSettings,
    /// `~DG` commands as they came: graphics for later formats, as other clients send them.
    graphics: Vec<u8>,
    graphics_bytes_max: usize,
}

impl Zpl {
    /// As after power on.
    pub fn new(settings: &PrinterSettings) -> Self {
        let label = LabelSettings::new(settings.head_dots, settings.dpi());
        Self {
            stream: ZplStream::new(settings.format_bytes_max),
            label,
            at_power_on: label,
            graphics: Vec::new(),
            graphics_bytes_max: settings.format_bytes_max,
        }
    }

    fn format(&mut self, format: &[u8], items: &mut Vec<Item>) {
        let drawn = match draw(format, &self.graphics, &mut self.label) {
            Ok(drawn) => drawn,
            Err(broken) => {
                items.push(Item::Note(broken));
                return;
            }
        };
        let ignored = drawn.ignored.into_iter();
        items.extend(ignored.map(|command| Item::Note(format!("ignored {command}"))));
        if drawn.deletes {
            self.graphics.clear();
        }
        items.extend(drawn.reprint_after_error.map(Item::Reprint));
        let copies = drawn.copies;
        let label = drawn.picture.map(|picture| Item::Label { picture, copies });
        items.extend(label);
    }

    fn immediate(&mut self, command: String, items: &mut Vec<Item>) {
        match command.as_str() {
            "HS" | "HI" | "HQES" => items.push(Item::Ask(command.into_bytes())),
            graphic if graphic.starts_with("DG") => self.keep(graphic, items),
            "JX" => self.give_up_partial(items),
            "JA" => {
                self.give_up_partial(items);
                items.push(Item::Cancel);
            }
            "PS" => items.push(Item::Pause(false)),
            "PP" => items.push(Item::Pause(true)),
            "JR" => items.push(Item::Restart),
            other => items.push(Item::Note(format!("ignored ~{other}"))),
        }
    }

    fn keep(&mut self, graphic: &str, items: &mut Vec<Item>) {
        if self.graphics.len() + graphic.len() >= self.graphics_bytes_max {
            items.push(Item::Note("no room for a graphic".into()));
            return;
        }
        self.graphics.push(b'~');
        self.graphics.extend_from_slice(graphic.as_bytes());
        self.graphics.push(b'\n');
    }

    fn give_up_partial(&mut self, items: &mut Vec<Item>) {
        let bytes = self.stream.reset();
        if bytes > 0 {
            items.push(gave_up(bytes));
        }
    }
}

fn gave_up(bytes: usize) -> Item {
    Item::Note(format!("gave up {bytes} bytes of a format"))
}

impl Dialect for Zpl {
    fn push(&mut self, byte: u8, items: &mut Vec<Item>) {
        match self.stream.push(byte) {
            Some(zpl_stream::Item::Immediate(command)) => self.immediate(command, items),
            Some(zpl_stream::Item::Sgd(line)) => items.push(Item::Ask(line.into_bytes())),
            Some(zpl_stream::Item::Format(format)) => self.format(&format, items),
            Some(zpl_stream::Item::Abandoned { bytes }) => items.push(gave_up(bytes)),
            None => {}
        }
    }

    fn answer(&self, question: &[u8], report: &Report<'_>) -> Option<Vec<u8>> {
        let set = report.settings;
        match question {
            b"HS" => Some(host_status(&report.condition)),
            b"HI" => Some(identification(&set.model, &set.firmware, set.dpmm)),
            b"HQES" => Some(error_status(&report.condition)),
            line => {
                let line = String::from_utf8_lossy(line);
                sgd(&line, &report.condition, report.odometer, &set.model)
            }
        }
    }

    fn is_partial(&self) -> bool {
        self.stream.is_partial()
    }

    fn reset(&mut self) {
        self.stream.reset();
        self.label = self.at_power_on;
        self.graphics.clear();
    }

    fn label_length(&self) -> u32 {
        self.label.length
    }
}
