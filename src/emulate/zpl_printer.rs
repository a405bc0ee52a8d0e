//! A ZPL label printer: takes formats, prints them in its own time, counts, runs out of paper.
//!
//! It answers while it prints, but stops taking data when its buffer is full (back-pressure).
//! Documented printers stay silent with paper out or head open, many do not: see
//! [`PrinterSettings::answers_in_error`]. After an error a Zebra prints the broken label again by
//! itself unless `^JZN` forbade it (`device-protocols` 5.2, 5.3).

use super::model::DeviceModel;
use super::tray::{PrintedLabel, Tray};
use super::zpl_label::{Drawn, LabelSettings, draw};
use super::zpl_status::{Condition, error_status, host_status, identification, sgd};
use super::zpl_stream::{Item, ZplStream};
use firstscan_drivers::bitmap::Bitmap;
use std::collections::VecDeque;
use std::sync::Arc;

/// Answers waiting; a host that asks without reading loses the rest.
const ANSWERS_MAX: usize = 256;
/// Notes about commands that were not understood or formats that broke.
const NOTES_MAX: usize = 64;

/// What happens to the label in the machine when paper or head fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// It still comes out whole (the sensor sits before the head).
    FinishLabel,
    /// It breaks off; with `^JZY` it is printed again afterwards, else it is lost.
    SpoilLabel,
}

/// How the printer is built and set up.
#[derive(Debug, Clone)]
pub struct PrinterSettings {
    pub model: String,
    pub firmware: String,
    /// Head: dots per millimetre and width in dots.
    pub dpmm: u8,
    pub head_dots: u32,
    /// Time to print one label, in milliseconds.
    pub print_ms: u64,
    /// Time from power on to readiness, in milliseconds.
    pub boot_ms: u64,
    /// Complete formats held, the one being printed included.
    pub formats_max: usize,
    /// The same with paper out, head open or paused; at that it stops reading.
    pub formats_held_max: usize,
    /// Longest format, in bytes.
    pub format_bytes_max: usize,
    /// Whether status queries are answered with paper out or head open.
    pub answers_in_error: bool,
    pub on_error: OnError,
}

impl Default for PrinterSettings {
    fn default() -> Self {
        Self {
            model: "ZTC ZD421-203dpi ZPL".into(),
            firmware: "V93.21.26Z".into(),
            dpmm: 8,
            head_dots: 832,
            print_ms: 60,
            boot_ms: 400,
            formats_max: 3,
            formats_held_max: 2,
            format_bytes_max: 16 * 1024 * 1024,
            answers_in_error: true,
            on_error: OnError::FinishLabel,
        }
    }
}

#[derive(Debug)]
struct Job {
    picture: Arc<Bitmap>,
    copies_left: u32,
}

/// The printer.
#[derive(Debug)]
pub struct ZplPrinter {
    settings: PrinterSettings,
    tray: Tray,
    stream: ZplStream,
    label: LabelSettings,
    queue: VecDeque<Job>,
    /// When the label in the machine is finished.
    printing_until_ms: Option<u64>,
    condition: Condition,
    /// When it is up again, while it boots; `u64::MAX` while it is off.
    off_until_ms: Option<u64>,
    silent: bool,
    reprint_after_error: bool,
    cut_in: Option<u64>,
    disconnect: bool,
    out: VecDeque<Vec<u8>>,
    notes: VecDeque<String>,
}

impl ZplPrinter {
    /// A ready printer with paper.
    pub fn new(settings: PrinterSettings, tray: Tray) -> Self {
        let stream = ZplStream::new(settings.format_bytes_max);
        let label = LabelSettings::new(settings.head_dots, settings.dpmm);
        Self {
            settings,
            tray,
            stream,
            label,
            queue: VecDeque::new(),
            printing_until_ms: None,
            condition: Condition::default(),
            off_until_ms: None,
            silent: false,
            reprint_after_error: true,
            cut_in: None,
            disconnect: false,
            out: VecDeque::new(),
            notes: VecDeque::new(),
        }
    }

    /// Labels counted in the printer's life.
    pub fn odometer(&self) -> u64 {
        self.tray.odometer()
    }

    /// All labels that came out, oldest first.
    pub fn labels(&self) -> &[PrintedLabel] {
        self.tray.labels()
    }

    /// The labels and their pictures.
    pub fn tray(&self) -> &Tray {
        &self.tray
    }

    /// Takes the newest label nobody took yet.
    pub fn take_label(&mut self) -> Option<(PrintedLabel, Arc<Bitmap>)> {
        self.tray.take_newest()
    }

    /// Whether it prints or holds data to print.
    pub fn is_busy(&self) -> bool {
        !self.queue.is_empty() || self.stream.is_partial()
    }

    /// What was not understood or broke, newest last.
    pub fn notes(&self) -> impl Iterator<Item = &str> {
        self.notes.iter().map(String::as_str)
    }

    /// Its state as `~HS` would tell it.
    pub fn condition(&self) -> Condition {
        let waiting = self.queue.len().saturating_sub(1);
        Condition {
            buffer_full: self.is_full(),
            partial: self.stream.is_partial(),
            formats: waiting,
            labels_left: self.queue.front().map_or(0, |job| job.copies_left),
            label_length: self.label.length,
            ..self.condition
        }
    }

    /// Time to print one label from now on, in milliseconds.
    pub fn set_print_ms(&mut self, print_ms: u64) {
        self.settings.print_ms = print_ms;
    }

    /// The paper runs out (`true`) or a new roll is loaded.
    pub fn set_paper_out(&mut self, now_ms: u64, out: bool) {
        self.handle_timeout(now_ms);
        self.condition.paper_out = out;
        self.react(now_ms);
    }

    /// The head is opened or closed.
    pub fn set_head_open(&mut self, now_ms: u64, open: bool) {
        self.handle_timeout(now_ms);
        self.condition.head_open = open;
        self.react(now_ms);
    }

    /// The pause key.
    pub fn set_paused(&mut self, now_ms: u64, paused: bool) {
        self.handle_timeout(now_ms);
        self.condition.paused = paused;
        self.react(now_ms);
    }

    /// It takes data and prints, but answers nothing.
    pub fn set_silent(&mut self, silent: bool) {
        self.silent = silent;
    }

    /// Whether it answers nothing.
    pub fn is_silent(&self) -> bool {
        self.silent
    }

    /// Breaks the connection after this many more bytes from the host.
    pub fn cut_after(&mut self, bytes: u64) {
        self.cut_in = Some(bytes);
        self.disconnect |= bytes == 0;
    }

    /// Off and on again: buffers are lost, the label in the machine is spoilt.
    pub fn power_cycle(&mut self, now_ms: u64) {
        self.switch_off(now_ms);
        self.off_until_ms = Some(now_ms + self.settings.boot_ms);
    }

    /// Off until [`ZplPrinter::switch_on`].
    pub fn switch_off(&mut self, now_ms: u64) {
        self.handle_timeout(now_ms);
        if self.printing_until_ms.take().is_some() {
            self.spoil();
        }
        self.queue.clear();
        self.out.clear();
        self.stream.reset();
        self.label = LabelSettings::new(self.settings.head_dots, self.settings.dpmm);
        self.condition.paused = false;
        self.reprint_after_error = true;
        (self.cut_in, self.disconnect) = (None, true);
        self.off_until_ms = Some(u64::MAX);
    }

    /// On; ready after its boot time.
    pub fn switch_on(&mut self, now_ms: u64) {
        if self.off_until_ms.is_some() {
            self.off_until_ms = Some(now_ms + self.settings.boot_ms);
        }
    }

    /// Powered and booted.
    pub fn is_on(&self) -> bool {
        self.off_until_ms.is_none()
    }

    fn in_error(&self) -> bool {
        self.condition.paper_out || self.condition.head_open
    }

    fn is_full(&self) -> bool {
        let held = self.in_error() || self.condition.paused;
        let max = if held {
            self.settings.formats_held_max
        } else {
            self.settings.formats_max
        };
        self.queue.len() >= max
    }

    /// Starts, stops or goes on printing after the condition changed.
    fn react(&mut self, now_ms: u64) {
        let spoils = self.in_error() && self.settings.on_error == OnError::SpoilLabel;
        if spoils && self.printing_until_ms.take().is_some() {
            self.spoil();
            if !self.reprint_after_error {
                self.finish_copy();
            }
        }
        self.start(now_ms);
    }

    fn start(&mut self, now_ms: u64) {
        let ready = self.is_on() && !self.in_error() && !self.condition.paused;
        if ready && self.printing_until_ms.is_none() && !self.queue.is_empty() {
            self.printing_until_ms = Some(now_ms + self.settings.print_ms);
        }
    }

    fn finish_copy(&mut self) {
        if let Some(job) = self.queue.front_mut() {
            job.copies_left = job.copies_left.saturating_sub(1);
            if job.copies_left == 0 {
                self.queue.pop_front();
            }
        }
    }

    /// The label in the machine comes out half: its lower half stays white.
    fn spoil(&mut self) {
        let Some(job) = self.queue.front() else {
            return;
        };
        let mut half = (*job.picture).clone();
        let printed = half.height() / 2;
        half.fill_rect(0, printed, half.width(), half.height() - printed, false);
        self.tray.deliver(&Arc::new(half), true);
    }

    fn item(&mut self, now_ms: u64, item: Item) {
        match item {
            Item::Immediate(command) => self.immediate(now_ms, &command),
            Item::Sgd(line) => {
                let (condition, odometer) = (self.condition(), self.odometer());
                if let Some(text) = sgd(&line, &condition, odometer, &self.settings.model) {
                    self.answer(text);
                }
            }
            Item::Format(format) => match draw(&format, &mut self.label) {
                Ok(drawn) => self.take_format(now_ms, drawn),
                Err(broken) => self.note(broken),
            },
            Item::Abandoned { bytes } => self.note(format!("gave up {bytes} bytes of a format")),
        }
    }

    fn take_format(&mut self, now_ms: u64, drawn: Drawn) {
        drawn
            .ignored
            .into_iter()
            .for_each(|command| self.note(format!("ignored {command}")));
        if let Some(reprint) = drawn.reprint_after_error {
            self.reprint_after_error = reprint;
        }
        if let Some(picture) = drawn.picture {
            let picture = Arc::new(picture);
            self.queue.push_back(Job {
                picture,
                copies_left: drawn.copies,
            });
        }
        self.start(now_ms);
    }

    fn immediate(&mut self, now_ms: u64, command: &str) {
        match command {
            "HS" => self.answer(host_status(&self.condition())),
            "HI" => {
                let set = &self.settings;
                self.answer(identification(&set.model, &set.firmware, set.dpmm));
            }
            "HQES" => self.answer(error_status(&self.condition())),
            "JX" => self.give_up_partial(),
            "JA" => {
                self.give_up_partial();
                self.queue
                    .truncate(usize::from(self.printing_until_ms.is_some()));
                if let Some(job) = self.queue.front_mut() {
                    job.copies_left = 1;
                }
            }
            "PS" => self.set_paused(now_ms, false),
            "PP" => self.set_paused(now_ms, true),
            "JR" => self.power_cycle(now_ms),
            other => self.note(format!("ignored ~{other}")),
        }
    }

    fn give_up_partial(&mut self) {
        let bytes = self.stream.reset();
        if bytes > 0 {
            self.note(format!("gave up {bytes} bytes of a format"));
        }
    }

    fn answer(&mut self, text: Vec<u8>) {
        let mute = self.silent || (self.in_error() && !self.settings.answers_in_error);
        if !mute && self.out.len() < ANSWERS_MAX {
            self.out.push_back(text);
        }
    }

    fn note(&mut self, text: String) {
        if self.notes.len() == NOTES_MAX {
            self.notes.pop_front();
        }
        self.notes.push_back(text);
    }
}

impl DeviceModel for ZplPrinter {
    fn receive(&mut self, now_ms: u64, bytes: &[u8]) {
        self.handle_timeout(now_ms);
        for &byte in bytes {
            if !self.is_on() || self.cut_in == Some(0) {
                return;
            }
            if let Some(item) = self.stream.push(byte) {
                self.item(now_ms, item);
            }
            if let Some(left) = &mut self.cut_in {
                *left -= 1;
                self.disconnect |= *left == 0;
            }
        }
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    fn poll_timeout(&self) -> Option<u64> {
        let boots = self.off_until_ms.filter(|at_ms| *at_ms < u64::MAX);
        [self.printing_until_ms, boots].into_iter().flatten().min()
    }

    fn handle_timeout(&mut self, now_ms: u64) {
        if self.off_until_ms.is_some_and(|at_ms| at_ms <= now_ms) {
            self.off_until_ms = None;
            self.disconnect = false;
        }
        while let Some(done_ms) = self.printing_until_ms.filter(|at_ms| *at_ms <= now_ms) {
            self.printing_until_ms = None;
            if let Some(job) = self.queue.front() {
                let picture = Arc::clone(&job.picture);
                self.tray.deliver(&picture, false);
            }
            self.finish_copy();
            self.start(done_ms);
        }
    }

    fn room(&self) -> usize {
        if self.is_full() {
            return 0;
        }
        self.cut_in.map_or(usize::MAX, |left| {
            usize::try_from(left).unwrap_or(usize::MAX)
        })
    }

    fn poll_disconnect(&mut self) -> bool {
        let cut = std::mem::take(&mut self.disconnect);
        if cut {
            self.cut_in = None;
        }
        cut
    }

    fn reachable(&self) -> bool {
        self.is_on()
    }

    fn disconnected(&mut self, _now_ms: u64) {
        self.out.clear();
    }
}
