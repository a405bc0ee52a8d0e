//! Label printers of every language the product prints in: one machine, one dialect each.
//!
//! A dialect reads the bytes of a host as the printer would, from public descriptions of its
//! language and without the product's encoders; what it draws is compared with what was sent. A
//! label it cannot draw it does not print, and says so in its notes.

pub mod brother_ql;
pub mod cpcl;
pub mod dpl;
pub mod dymo;
pub mod dymo_labels;
pub mod epl2;
pub mod escpos;
pub mod machine;
mod page;
pub mod sbpl;
pub mod tspl;

pub use machine::{Condition, Happened, Machine, OnError, PrinterSettings};

use super::model::DeviceModel;
use super::tray::Tray;
use super::zpl_printer::Zpl;
use firstscan_drivers::bitmap::Bitmap;
use std::collections::VecDeque;
use std::fmt::Debug;
use std::ops::{Deref, DerefMut};

/// Notes about commands that were not understood or formats that broke.
const NOTES_MAX: usize = 64;
/// Longest text line of a language made of lines, in bytes.
const LINE_BYTES_MAX: usize = 1024;

/// A printer of a language by its id, such as `zpl`, `brother-ql` or `dymo-550`; `None` if there is
/// no such language.
pub fn model(language: &str, settings: PrinterSettings, tray: Tray) -> Option<AnyPrinter> {
    let dialect = dialect(language, &settings)?;
    Some(LabelPrinter::with(dialect, settings, tray))
}

/// What such a printer understands.
pub fn dialect(language: &str, settings: &PrinterSettings) -> Option<Box<dyn Dialect>> {
    Some(match language {
        "zpl" => Box::new(Zpl::new(settings)),
        "epl2" => Box::new(epl2::Epl2::new(settings)),
        "tspl" => Box::new(tspl::Tspl::new(settings)),
        "escpos" => Box::new(escpos::EscPos::new(settings)),
        "cpcl" => Box::new(cpcl::Cpcl::new(settings)),
        "dpl" => Box::new(dpl::Dpl::new(settings)),
        "sbpl" => Box::new(sbpl::Sbpl::new(settings)),
        "brother-ql" => Box::new(brother_ql::BrotherQl::new(settings)),
        "dymo" => Box::new(dymo::Dymo::new(settings)),
        "dymo-550" => Box::new(dymo_labels::DymoLabels::new(dymo_labels::Series::Of550)),
        "dymo-wireless" => Box::new(dymo_labels::DymoLabels::new(dymo_labels::Series::Wireless)),
        _ => return None,
    })
}

/// A printer whose language was chosen by name.
pub type AnyPrinter = LabelPrinter<Box<dyn Dialect>>;

/// What a dialect makes of its input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    Label {
        picture: Bitmap,
        copies: u32,
    },
    /// To be answered at once with [`Dialect::answer`].
    Ask(Vec<u8>),
    /// To be said when everything before it is printed.
    Receipt(Vec<u8>),
    Pause(bool),
    /// Forgets what waits behind the label in the machine.
    Cancel,
    /// As if switched off and on.
    Restart,
    /// Whether a label that broke off is printed again by itself.
    Reprint(bool),
    Note(String),
}

/// What answers are made of.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    pub condition: Condition,
    pub odometer: u64,
    pub settings: &'a PrinterSettings,
}

/// A printer language as a printer understands it.
pub trait Dialect: Debug + Send + 'static {
    /// Takes one byte.
    fn push(&mut self, byte: u8, items: &mut Vec<Item>);
    /// The answer to a question this dialect found.
    fn answer(&self, question: &[u8], report: &Report<'_>) -> Option<Vec<u8>>;
    /// Whether a label is half received.
    fn is_partial(&self) -> bool;
    /// As after power on.
    fn reset(&mut self);
    /// What the printer says unasked.
    fn news(&mut self, _happened: Happened, _report: &Report<'_>) -> Option<Vec<u8>> {
        None
    }
    /// Length of the label in dots, if it tells that.
    fn label_length(&self) -> u32 {
        0
    }
}

impl Dialect for Box<dyn Dialect> {
    fn push(&mut self, byte: u8, items: &mut Vec<Item>) {
        self.as_mut().push(byte, items);
    }

    fn answer(&self, question: &[u8], report: &Report<'_>) -> Option<Vec<u8>> {
        self.as_ref().answer(question, report)
    }

    fn is_partial(&self) -> bool {
        self.as_ref().is_partial()
    }

    fn reset(&mut self) {
        self.as_mut().reset();
    }

    fn news(&mut self, happened: Happened, report: &Report<'_>) -> Option<Vec<u8>> {
        self.as_mut().news(happened, report)
    }

    fn label_length(&self) -> u32 {
        self.as_ref().label_length()
    }
}

/// A printer: a machine that understands a language.
#[derive(Debug)]
pub struct LabelPrinter<D> {
    machine: Machine,
    dialect: D,
    notes: VecDeque<String>,
}

impl<D> Deref for LabelPrinter<D> {
    type Target = Machine;

    fn deref(&self) -> &Machine {
        &self.machine
    }
}

impl<D> DerefMut for LabelPrinter<D> {
    fn deref_mut(&mut self) -> &mut Machine {
        &mut self.machine
    }
}

impl<D: Dialect> LabelPrinter<D> {
    /// A ready printer with paper.
    pub fn with(dialect: D, settings: PrinterSettings, tray: Tray) -> Self {
        Self {
            machine: Machine::new(settings, tray),
            dialect,
            notes: VecDeque::new(),
        }
    }

    /// Whether it prints or holds data to print.
    pub fn is_busy(&self) -> bool {
        self.machine.holds_labels() || self.dialect.is_partial()
    }

    /// What was not understood or broke, newest last.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        self.notes.iter().map(String::as_str)
    }

    /// Its state as it would tell it.
    pub fn condition(&self) -> Condition {
        Condition {
            partial: self.dialect.is_partial(),
            label_length: self.dialect.label_length(),
            ..self.machine.condition()
        }
    }

    /// Off and on again: buffers are lost, the label in the machine is spoilt.
    pub fn power_cycle(&mut self, now_ms: u64) {
        self.switch_off(now_ms);
        self.machine.switch_on(now_ms);
    }

    /// Off until [`Machine::switch_on`].
    pub fn switch_off(&mut self, now_ms: u64) {
        self.machine.switch_off(now_ms);
        self.dialect.reset();
    }

    fn item(&mut self, now_ms: u64, item: Item) {
        match item {
            Item::Label { picture, copies } => self.machine.take(now_ms, picture, copies),
            Item::Ask(question) => {
                let condition = self.condition();
                let report = report(&self.machine, condition);
                if let Some(answer) = self.dialect.answer(&question, &report) {
                    self.machine.answer(answer);
                }
            }
            Item::Receipt(text) => self.machine.answer_when_printed(text),
            Item::Pause(paused) => self.machine.set_paused(now_ms, paused),
            Item::Cancel => self.machine.cancel(),
            Item::Restart => self.power_cycle(now_ms),
            Item::Reprint(reprint) => self.machine.set_reprint(reprint),
            Item::Note(text) => {
                if self.notes.len() == NOTES_MAX {
                    self.notes.pop_front();
                }
                self.notes.push_back(text);
            }
        }
    }

    /// Says what a machine of this language says unasked.
    fn tell_news(&mut self) {
        while let Some(happened) = self.machine.poll_happened() {
            let condition = self.condition();
            let report = report(&self.machine, condition);
            if let Some(text) = self.dialect.news(happened, &report) {
                self.machine.answer(text);
            }
        }
    }
}

fn report(machine: &Machine, condition: Condition) -> Report<'_> {
    Report {
        condition,
        odometer: machine.odometer(),
        settings: machine.settings(),
    }
}

impl<D: Dialect> DeviceModel for LabelPrinter<D> {
    fn receive(&mut self, now_ms: u64, bytes: &[u8]) {
        self.handle_timeout(now_ms);
        let mut items = Vec::new();
        for &byte in bytes {
            if !self.machine.takes() {
                return;
            }
            self.dialect.push(byte, &mut items);
            for item in items.drain(..) {
                self.item(now_ms, item);
            }
            self.machine.count_byte();
        }
        self.tell_news();
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.tell_news();
        self.machine.poll_transmit()
    }

    fn poll_timeout(&self) -> Option<u64> {
        self.machine.poll_timeout()
    }

    fn handle_timeout(&mut self, now_ms: u64) {
        self.machine.pass(now_ms);
        self.tell_news();
    }

    fn room(&self) -> usize {
        self.machine.room()
    }

    fn poll_disconnect(&mut self) -> bool {
        self.machine.poll_disconnect()
    }

    fn reachable(&self) -> bool {
        self.machine.is_on()
    }

    fn disconnected(&mut self, _now_ms: u64) {
        self.machine.disconnected();
    }
}

#[cfg(test)]
mod tests;
