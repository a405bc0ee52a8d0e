//! The player at the printer: takes labels, reads them, sticks and scans them, asks for another.

use super::player::{LOOK, PlayError, Player, number, text};
use crate::content::control::Control;
use crate::emulate::eyes;
use crate::emulate::printers::AnyPrinter;
use firstscan_drivers::bitmap::Bitmap;
use serde_json::Value;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a packer waits for paper before saying that none came out.
const PAPER_MAX: Duration = Duration::from_millis(2500);

impl Player {
    pub(super) fn wait_for_label(&mut self, view: &Value) -> Result<(), PlayError> {
        self.clear_platform();
        self.paper_since = None;
        match text(view, "/parcel/job/state") {
            "failed" | "expired" => self.reprint(view),
            _ => self.act("bench1", view, |_| ()),
        }
    }

    pub(super) fn reprint(&mut self, view: &Value) -> Result<(), PlayError> {
        if text(view, "/prompt").is_empty() {
            return self.act("bench1", view, |p| {
                p.control("bench1", Control::Reprint, None)
            });
        }
        self.act("bench1", view, |p| {
            p.control("bench1", Control::Reason, Some("TORN"))
        })
    }

    /// Takes what came out of the printer and scans what is really on it.
    pub(super) fn stick_label(&mut self, view: &Value) -> Result<(), PlayError> {
        self.clear_platform();
        if !text(view, "/prompt").is_empty() {
            return self.reprint(view);
        }
        let job = text(view, "/parcel/job/id").to_owned();
        // Not recorded the first time: the same label is still in the hand.
        let held = self
            .in_hand
            .as_ref()
            .filter(|(of, _)| *of == job)
            .map(|(_, c)| c.clone());
        let code = match held {
            Some(code) => code,
            None => match self.take_label() {
                Some(picture) => read_label(view, &picture)?,
                None => return self.no_paper(view),
            },
        };
        self.paper_since = None;
        self.in_hand = Some((job, code.clone()));
        let number = text(view, "/parcel/tracking_number").to_owned();
        self.stickers
            .insert(number, text(view, "/parcel/carrier").to_owned());
        self.act("bench1", view, |p| p.scan("bench1", &code))
    }

    fn take_label(&self) -> Option<Arc<Bitmap>> {
        let printer = self.devices.bench("bench1")?.printer.device();
        printer
            .with(|p, _| p.take_label())
            .map(|(_, picture)| picture)
    }

    /// Waits for paper; after a while looks around for a label taken before this run, and only
    /// then says that none came.
    fn no_paper(&mut self, view: &Value) -> Result<(), PlayError> {
        let since = *self.paper_since.get_or_insert_with(Instant::now);
        if since.elapsed() < PAPER_MAX {
            std::thread::sleep(LOOK);
            return Ok(());
        }
        self.paper_since = None;
        if let Some(code) = self.lying_around(view) {
            self.in_hand = Some((text(view, "/parcel/job/id").to_owned(), code));
            return Ok(());
        }
        let counted = view
            .pointer("/parcel/job/evidence")
            .and_then(Value::as_array);
        let counted = counted.is_some_and(|e| e.iter().any(|e| e == "counted"));
        match (text(view, "/parcel/job/state"), counted) {
            ("sending", _) => Ok(()),
            (_, true) => self.reprint(view),
            _ => self.act("bench1", view, |p| {
                p.control("bench1", Control::NoLabel, None)
            }),
        }
    }

    /// The printer's last label, if it is this job's: somebody took it and was interrupted.
    fn lying_around(&self, view: &Value) -> Option<String> {
        let printer = self.devices.bench("bench1")?.printer.device();
        let newest = |p: &AnyPrinter| {
            let label = p.labels().iter().rev().find(|l| !l.spoilt)?;
            p.tray().picture(label.sequence)
        };
        let picture = printer.with(|p, _| newest(p))?;
        let (square, number) = codes_of(view);
        let wanted = if number_of_copies(view) > 0 {
            square
        } else {
            number
        };
        eyes::sees(&picture, &wanted).then_some(wanted)
    }
}

/// Our own square code and the tracking number, as the shown job's label bears them.
fn codes_of(view: &Value) -> (String, String) {
    let (parcel, job) = (text(view, "/parcel/id"), text(view, "/parcel/job/id"));
    (
        format!("FS1/P/{parcel}/J/{job}"),
        text(view, "/parcel/tracking_number").to_owned(),
    )
}

/// What a packer scans on a label that came out: our square tells copies apart, else the bars do.
fn read_label(view: &Value, picture: &Bitmap) -> Result<String, PlayError> {
    let (square, number) = codes_of(view);
    let among = |codes: &[eyes::Seen], text: &str| codes.iter().any(|c| c.text == text);
    if number_of_copies(view) == 0 && among(&eyes::read_linear(picture), &number) {
        return Ok(number);
    }
    let codes = eyes::read_codes(picture);
    if among(&codes, &square) {
        return Ok(square);
    }
    if among(&codes, &number) {
        return Ok(number);
    }
    let first = codes.into_iter().next().map(|c| c.text);
    first.ok_or_else(|| "a label came out that no scanner can read".into())
}

fn number_of_copies(view: &Value) -> u64 {
    number(view, "/parcel/job/copy")
}
