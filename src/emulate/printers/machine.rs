//! The machine of a label printer, whatever language it speaks: it holds labels, prints them in
//! its own time, counts, runs out of paper, is switched off in the middle, falls silent.

use crate::emulate::tray::{PrintedLabel, Tray};
use firstscan_drivers::bitmap::Bitmap;
use std::collections::VecDeque;
use std::sync::Arc;

/// Answers waiting; a host that asks without reading loses the rest.
const ANSWERS_MAX: usize = 256;

/// What happens to the label in the machine when paper or head fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnError {
    /// It still comes out whole (the sensor sits before the head).
    FinishLabel,
    /// It breaks off; with reprinting on it is printed again afterwards, else it is lost.
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
    /// Length of the stock in dots, for languages that need not state it.
    pub label_dots: u32,
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
            label_dots: 1218,
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

impl PrinterSettings {
    /// Nominal dots per inch (`dpmm` is the printers' name for the head: 8 stands for 203 dpi).
    pub fn dpi(&self) -> u32 {
        match self.dpmm {
            6 => 152,
            12 => 300,
            24 => 600,
            _ => 203,
        }
    }
}

/// The printer's condition at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)]
pub struct Condition {
    pub paper_out: bool,
    pub head_open: bool,
    pub paused: bool,
    /// No more formats are taken.
    pub buffer_full: bool,
    /// A format is half received.
    pub partial: bool,
    /// Complete formats that wait behind the one being printed.
    pub formats: usize,
    /// Labels still to come of the format being printed.
    pub labels_left: u32,
    /// In dots; 0 if the language does not tell it.
    pub label_length: u32,
}

impl Condition {
    /// Paper or head stop it.
    pub fn in_error(&self) -> bool {
        self.paper_out || self.head_open
    }

    /// It holds labels to print.
    pub fn is_printing(&self) -> bool {
        self.labels_left > 0 || self.formats > 0
    }
}

/// What the machine did, for languages that tell it unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Happened {
    Began,
    /// A label came out whole.
    Done,
    /// Paper, head or pause changed.
    Changed,
}

#[derive(Debug)]
struct Job {
    picture: Arc<Bitmap>,
    copies_left: u32,
    /// Said when the last copy is out.
    receipts: Vec<Vec<u8>>,
}

/// The machine.
#[derive(Debug)]
pub struct Machine {
    settings: PrinterSettings,
    tray: Tray,
    queue: VecDeque<Job>,
    /// When the label in the machine is finished.
    printing_until_ms: Option<u64>,
    condition: Condition,
    /// When it is up again, while it boots; `u64::MAX` while it is off.
    off_until_ms: Option<u64>,
    silent: bool,
    reprint_after_error: bool,
    cut_in: Option<u64>,
    /// Bytes until it takes no more.
    hang_in: Option<u64>,
    disconnect: bool,
    out: VecDeque<Vec<u8>>,
    happened: VecDeque<Happened>,
}

impl Machine {
    /// A ready printer with paper.
    pub fn new(settings: PrinterSettings, tray: Tray) -> Self {
        Self {
            settings,
            tray,
            queue: VecDeque::new(),
            printing_until_ms: None,
            condition: Condition::default(),
            off_until_ms: None,
            silent: false,
            reprint_after_error: true,
            cut_in: None,
            hang_in: None,
            disconnect: false,
            out: VecDeque::new(),
            happened: VecDeque::new(),
        }
    }

    /// How it is built.
    pub fn settings(&self) -> &PrinterSettings {
        &self.settings
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

    /// Whether labels wait or are printed.
    pub fn holds_labels(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Its condition, without what only the language knows.
    pub fn condition(&self) -> Condition {
        Condition {
            buffer_full: self.is_full(),
            formats: self.queue.len().saturating_sub(1),
            labels_left: self.queue.front().map_or(0, |job| job.copies_left),
            ..self.condition
        }
    }

    /// Time to print one label from now on, in milliseconds.
    pub fn set_print_ms(&mut self, print_ms: u64) {
        self.settings.print_ms = print_ms;
    }

    /// The paper runs out (`true`) or a new roll is loaded.
    pub fn set_paper_out(&mut self, now_ms: u64, out: bool) {
        self.change(now_ms, |condition| condition.paper_out = out);
    }

    /// The head is opened or closed.
    pub fn set_head_open(&mut self, now_ms: u64, open: bool) {
        self.change(now_ms, |condition| condition.head_open = open);
    }

    /// The pause key.
    pub fn set_paused(&mut self, now_ms: u64, paused: bool) {
        self.change(now_ms, |condition| condition.paused = paused);
    }

    fn change(&mut self, now_ms: u64, set: impl FnOnce(&mut Condition)) {
        self.pass(now_ms);
        set(&mut self.condition);
        self.happened.push_back(Happened::Changed);
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

    /// Takes no more bytes after this many, and keeps the connection: busy with `Some(0)`, dead in
    /// the middle of a label with more; `None` ends it.
    pub fn hang_after(&mut self, bytes: Option<u64>) {
        self.hang_in = bytes;
    }

    /// After an error the broken label is printed again by itself.
    pub fn set_reprint(&mut self, reprint: bool) {
        self.reprint_after_error = reprint;
    }

    /// Off until [`Machine::switch_on`]: buffers are lost, the label in the machine is spoilt.
    pub(super) fn switch_off(&mut self, now_ms: u64) {
        self.pass(now_ms);
        if self.printing_until_ms.take().is_some() {
            self.spoil();
        }
        self.queue.clear();
        self.out.clear();
        self.happened.clear();
        self.condition.paused = false;
        self.reprint_after_error = true;
        (self.cut_in, self.hang_in, self.disconnect) = (None, None, true);
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

    fn is_full(&self) -> bool {
        let held = self.condition.in_error() || self.condition.paused;
        let max = if held {
            self.settings.formats_held_max
        } else {
            self.settings.formats_max
        };
        self.queue.len() >= max
    }

    /// Starts, stops or goes on printing after the condition changed.
    fn react(&mut self, now_ms: u64) {
        let spoils = self.condition.in_error() && self.settings.on_error == OnError::SpoilLabel;
        if spoils && self.printing_until_ms.take().is_some() {
            self.spoil();
            if !self.reprint_after_error {
                self.finish_copy();
            }
        }
        self.start(now_ms);
    }

    fn start(&mut self, now_ms: u64) {
        let ready = self.is_on() && !self.condition.in_error() && !self.condition.paused;
        if ready && self.printing_until_ms.is_none() && !self.queue.is_empty() {
            self.printing_until_ms = Some(now_ms + self.settings.print_ms);
            self.happened.push_back(Happened::Began);
        }
    }

    fn finish_copy(&mut self) {
        let Some(job) = self.queue.front_mut() else {
            return;
        };
        job.copies_left = job.copies_left.saturating_sub(1);
        if job.copies_left == 0
            && let Some(job) = self.queue.pop_front()
        {
            job.receipts.into_iter().for_each(|r| self.answer(r));
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

    /// A complete label.
    pub(super) fn take(&mut self, now_ms: u64, picture: Bitmap, copies: u32) {
        self.queue.push_back(Job {
            picture: Arc::new(picture),
            copies_left: copies.max(1),
            receipts: Vec::new(),
        });
        self.start(now_ms);
    }

    /// Says this once everything taken so far is printed.
    pub(super) fn answer_when_printed(&mut self, text: Vec<u8>) {
        match self.queue.back_mut() {
            Some(job) => job.receipts.push(text),
            None => self.answer(text),
        }
    }

    /// Forgets the labels behind the one in the machine.
    pub(super) fn cancel(&mut self) {
        self.queue
            .truncate(usize::from(self.printing_until_ms.is_some()));
        if let Some(job) = self.queue.front_mut() {
            job.copies_left = 1;
        }
    }

    /// Says something, unless it is mute.
    pub(super) fn answer(&mut self, text: Vec<u8>) {
        let mute = self.silent || (self.condition.in_error() && !self.settings.answers_in_error);
        if !mute && self.out.len() < ANSWERS_MAX {
            self.out.push_back(text);
        }
    }

    /// Whether the next byte is taken.
    pub(super) fn takes(&self) -> bool {
        self.is_on() && self.cut_in != Some(0) && self.hang_in != Some(0)
    }

    /// A byte was taken.
    pub(super) fn count_byte(&mut self) {
        if let Some(left) = &mut self.cut_in {
            *left = left.saturating_sub(1);
            self.disconnect |= *left == 0;
        }
        if let Some(left) = &mut self.hang_in {
            *left = left.saturating_sub(1);
        }
    }

    pub(super) fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    pub(super) fn poll_happened(&mut self) -> Option<Happened> {
        self.happened.pop_front()
    }

    pub(super) fn poll_timeout(&self) -> Option<u64> {
        let boots = self.off_until_ms.filter(|at_ms| *at_ms < u64::MAX);
        [self.printing_until_ms, boots].into_iter().flatten().min()
    }

    /// Lets time pass: labels come out.
    pub(super) fn pass(&mut self, now_ms: u64) {
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
            self.happened.push_back(Happened::Done);
            self.finish_copy();
            self.start(done_ms);
        }
    }

    pub(super) fn room(&self) -> usize {
        if self.is_full() {
            return 0;
        }
        [self.cut_in, self.hang_in]
            .into_iter()
            .flatten()
            .map(|left| usize::try_from(left).unwrap_or(usize::MAX))
            .min()
            .unwrap_or(usize::MAX)
    }

    pub(super) fn poll_disconnect(&mut self) -> bool {
        let cut = std::mem::take(&mut self.disconnect);
        if cut {
            self.cut_in = None;
        }
        cut
    }

    pub(super) fn disconnected(&mut self) {
        self.out.clear();
    }
}
