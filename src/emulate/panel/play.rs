//! What the packer does, and what that does to the emulated world.

use super::{Panel, PanelItem, PanelOrder, ReceivedEvent, Screens, UpstreamMode};
use crate::emulate::eyes::{Seen, read_codes};
use crate::emulate::link::Device;
use crate::emulate::model::DeviceModel;
use crate::emulate::printers::AnyPrinter;
use crate::emulate::scales::AnyScale;
use crate::emulate::tcp::TcpDevice;
use firstscan_drivers::mass::Mass;
use serde::{Deserialize, Serialize};

/// Control codes that change what is in the box on the table.
const NEXT_BOX: &str = "XCTLNEXR";
const UNDO: &str = "XCTLUNDG";
/// Labels kept at hand to scan again.
const LABELS_MAX: usize = 60;
/// Longest text a gun reads.
const SCAN_BYTES_MAX: usize = 512;
/// What can be put on the scale, in grams: up to above its capacity.
const GRAMS_MAX: i64 = 40_000;
/// Events of the upstream shown.
const EVENTS_MAX: usize = 40;

/// One move of the player.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum Act {
    /// Pulls a trigger at a code.
    Scan {
        place: String,
        text: String,
    },
    /// Puts the box on the scale; without `grams` with the weight it should have now.
    PutBox {
        grams: Option<i64>,
    },
    TakeBox,
    /// Lifts the platform off, or puts it back.
    LiftPlatform {
        lifted: bool,
    },
    /// Leans on the table: the scale does not rest.
    Shake {
        shaking: bool,
    },
    /// Takes the newest label from the printer.
    TakeLabel {
        place: String,
    },
    Printer {
        place: String,
        change: PrinterChange,
    },
    /// Pulls or plugs the cable of `scale`, `scanner` or `printer`.
    Cable {
        place: String,
        device: Role,
        plugged: bool,
    },
    Upstream {
        mode: UpstreamMode,
    },
}

/// Something done to a printer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrinterChange {
    PaperOut,
    PaperIn,
    HeadOpen,
    HeadClosed,
    Silent,
    Answering,
    PowerCycle,
}

/// A device at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Scale,
    Scanner,
    Printer,
}

/// Why a move is not possible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ActError {
    #[error("there is no {0} here: reload the page")]
    NoDevice(String),
    #[error("no label came out that is not taken yet: wait for the printer")]
    NoLabel,
    #[error("that is nothing a gun could read: 1 to 512 printable characters")]
    Text,
    #[error("give a weight between 0 and {GRAMS_MAX} g")]
    Weight,
}

/// A label in the packer's hand or on a box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldLabel {
    pub place: String,
    pub sequence: u64,
    pub codes: Vec<HeldCode>,
}

/// A code that was read from a label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeldCode {
    pub symbology: String,
    pub text: String,
}

impl From<Seen> for HeldCode {
    fn from(seen: Seen) -> Self {
        Self {
            symbology: seen.symbology,
            text: seen.text,
        }
    }
}

/// What the packer has at hand.
#[derive(Debug, Default)]
pub struct Play {
    order: Option<String>,
    /// Barcodes in the box on the table, and in boxes packed before.
    in_box: Vec<String>,
    packed: Vec<String>,
    labels: Vec<HeldLabel>,
}

impl Play {
    /// What a scan tells about the box: an order empties the table, an article goes in.
    fn follow(&mut self, orders: &[PanelOrder], text: &str) {
        if let Some(order) = orders.iter().find(|o| o.code == text) {
            let again = self.order.as_deref() == Some(&order.id);
            if !again {
                *self = Play {
                    labels: std::mem::take(&mut self.labels),
                    ..Play::default()
                };
                self.order = Some(order.id.clone());
            }
        } else if text == NEXT_BOX {
            self.packed.append(&mut self.in_box);
        } else if text == UNDO {
            self.in_box.pop();
        } else if self.missing(orders, text) {
            self.in_box.push(text.to_owned());
        }
    }

    fn current<'a>(&self, orders: &'a [PanelOrder]) -> Option<&'a PanelOrder> {
        orders.iter().find(|o| Some(&o.id) == self.order.as_ref())
    }

    /// Whether the order still wants a piece with this barcode.
    fn missing(&self, orders: &[PanelOrder], barcode: &str) -> bool {
        let item = self
            .current(orders)
            .and_then(|o| o.items.iter().find(|i| i.barcode == barcode));
        let have = self
            .in_box
            .iter()
            .chain(&self.packed)
            .filter(|b| *b == barcode)
            .count();
        item.is_some_and(|i| have < i.quantity as usize)
    }

    /// The weight of the box with what is in it.
    fn grams(&self, orders: &[PanelOrder], box_grams: i64) -> i64 {
        let items: &[PanelItem] = self.current(orders).map_or(&[], |o| &o.items);
        let weight = |code: &String| items.iter().find(|i| &i.barcode == code).map(|i| i.grams);
        box_grams + self.in_box.iter().filter_map(weight).sum::<i64>()
    }
}

impl Panel {
    /// Does one move.
    ///
    /// # Errors
    /// [`ActError`], with what to do instead; nothing happened then.
    pub fn act(&self, act: &Act) -> Result<(), ActError> {
        match act {
            Act::Scan { place, text } => self.scan(place, text),
            Act::PutBox { grams } => {
                let grams = grams.unwrap_or_else(|| self.box_grams(&self.upstream.screens()));
                if !(0..=GRAMS_MAX).contains(&grams) {
                    return Err(ActError::Weight);
                }
                self.scale(|scale, now_ms| scale.put(now_ms, Mass::from_grams(grams)))
            }
            Act::TakeBox => self.scale(|scale, now_ms| scale.take(now_ms)),
            Act::LiftPlatform { lifted } => {
                self.scale(|scale, now_ms| scale.lift_platform(now_ms, *lifted))
            }
            Act::Shake { shaking } => {
                let amplitude = Mass::from_grams(if *shaking { 20 } else { 0 });
                self.scale(|scale, now_ms| scale.set_noise(now_ms, amplitude))
            }
            Act::TakeLabel { place } => self.take_label(place),
            Act::Printer { place, change } => {
                self.printer(place)?.with(|printer, now_ms| match change {
                    PrinterChange::PaperOut => printer.set_paper_out(now_ms, true),
                    PrinterChange::PaperIn => printer.set_paper_out(now_ms, false),
                    PrinterChange::HeadOpen => printer.set_head_open(now_ms, true),
                    PrinterChange::HeadClosed => printer.set_head_open(now_ms, false),
                    PrinterChange::Silent => printer.set_silent(true),
                    PrinterChange::Answering => printer.set_silent(false),
                    PrinterChange::PowerCycle => printer.power_cycle(now_ms),
                });
                Ok(())
            }
            Act::Cable {
                place,
                device,
                plugged,
            } => self.cable(place, *device, *plugged),
            Act::Upstream { mode } => {
                self.upstream.set_mode(*mode);
                Ok(())
            }
        }
    }

    fn scan(&self, place: &str, text: &str) -> Result<(), ActError> {
        let fits = (1..=SCAN_BYTES_MAX).contains(&text.len());
        if !fits || text.bytes().any(|b| b == b'\r' || b == b'\n') {
            return Err(ActError::Text);
        }
        let scanner = self
            .station
            .scanner(place)
            .ok_or_else(|| no("scanner", place))?;
        scanner.with(|gun, _| gun.scan(text));
        if place == self.config.bench {
            self.play().follow(&self.config.orders, text);
        }
        Ok(())
    }

    fn scale(&self, act: impl FnOnce(&mut AnyScale, u64)) -> Result<(), ActError> {
        let place = &self.config.bench;
        let bench = self
            .station
            .bench(place)
            .ok_or_else(|| no("scale", place))?;
        bench.scale.with(act);
        Ok(())
    }

    fn printer(&self, place: &str) -> Result<&TcpDevice<AnyPrinter>, ActError> {
        self.station
            .printer(place)
            .ok_or_else(|| no("printer", place))
    }

    fn take_label(&self, place: &str) -> Result<(), ActError> {
        let taken = self.printer(place)?.with(|printer, _| printer.take_label());
        let (label, picture) = taken.ok_or(ActError::NoLabel)?;
        let codes = read_codes(&picture)
            .into_iter()
            .map(HeldCode::from)
            .collect();
        let held = HeldLabel {
            place: place.to_owned(),
            sequence: label.sequence,
            codes,
        };
        let mut play = self.play();
        play.labels.insert(0, held);
        play.labels.truncate(LABELS_MAX);
        Ok(())
    }

    fn cable(&self, place: &str, device: Role, plugged: bool) -> Result<(), ActError> {
        fn set<M: DeviceModel>(device: &Device<M>, plugged: bool) {
            if plugged {
                device.replug()
            } else {
                device.unplug()
            }
        }
        match device {
            Role::Scale => {
                let bench = self
                    .station
                    .bench(place)
                    .ok_or_else(|| no("scale", place))?;
                set(&bench.scale, plugged);
            }
            Role::Scanner => {
                let gun = self
                    .station
                    .scanner(place)
                    .ok_or_else(|| no("scanner", place))?;
                set(gun, plugged);
            }
            Role::Printer => set(self.printer(place)?, plugged),
        }
        Ok(())
    }

    /// Picks up the labels that were taken before the demo was restarted. Takes a while: it
    /// reads pictures.
    pub fn recall_labels(&self) {
        let place = &self.config.bench;
        let Ok(printer) = self.printer(place) else {
            return;
        };
        let taken: Vec<_> = printer.with(|printer, _| {
            let labels = printer
                .labels()
                .iter()
                .rev()
                .filter(|l| l.taken && !l.spoilt);
            let recent = labels.take(LABELS_MAX);
            recent
                .map(|l| (l.sequence, printer.tray().picture(l.sequence)))
                .collect()
        });
        for (sequence, picture) in taken {
            let Some(picture) = picture else { continue };
            let codes = read_codes(&picture)
                .into_iter()
                .map(HeldCode::from)
                .collect();
            let held = HeldLabel {
                place: place.clone(),
                sequence,
                codes,
            };
            let mut play = self.play();
            if !play.labels.iter().any(|l| l.sequence == sequence) {
                play.labels.push(held);
            }
        }
    }

    /// Weight of the box on the table: what the bench expects, so that cartons, removed pieces
    /// and second boxes come out right; before that, what went into it.
    fn box_grams(&self, screens: &Screens) -> i64 {
        let content = || {
            self.play()
                .grams(&self.config.orders, self.config.box_grams)
        };
        screens.expected_grams().unwrap_or_else(content)
    }

    /// The world as it is now.
    pub fn state(&self) -> State {
        let screens = self.upstream.screens();
        let box_grams = self.box_grams(&screens);
        let play = self.play();
        let places = [&self.config.bench, &self.config.dock];
        State {
            order: play.order.clone(),
            in_box: play.in_box.clone(),
            packed: play.packed.clone(),
            box_grams,
            labels: play.labels.clone(),
            places: places
                .into_iter()
                .map(|place| self.place_state(place))
                .collect(),
            upstream: self.upstream.mode(),
            received: self.upstream.received(EVENTS_MAX),
            screens,
        }
    }

    fn place_state(&self, place: &str) -> PlaceState {
        let scale = self.station.bench(place).map(|bench| ScaleState {
            cable: Cable::of(&bench.scale),
            grams: bench
                .scale
                .with(|scale, _| scale.load().ng() / 1_000_000_000),
            resting: bench.scale.with(|scale, now_ms| scale.is_resting(now_ms)),
            lifted: bench.scale.with(|scale, _| scale.is_lifted()),
            shaking: bench
                .scale
                .with(|scale, _| scale.noise() != Mass::from_grams(0)),
        });
        let scanner = self.station.scanner(place).map(|gun| Cable::of(gun));
        let printer = self.station.printer(place).map(|printer| {
            let cable = Cable::of(printer);
            printer.with(|printer, _| {
                let condition = printer.condition();
                PrinterState {
                    cable,
                    on: printer.is_on(),
                    paper_out: condition.paper_out,
                    head_open: condition.head_open,
                    silent: printer.is_silent(),
                    busy: printer.is_busy(),
                    odometer: printer.odometer(),
                    untaken: printer.labels().iter().filter(|l| !l.taken).count(),
                    last: printer.labels().last().map(|l| l.sequence),
                }
            })
        });
        PlaceState {
            place: place.to_owned(),
            scale,
            scanner,
            printer,
        }
    }

    pub(super) fn picture(&self, place: &str, sequence: u64) -> Option<Vec<u8>> {
        let printer = self.station.printer(place)?;
        let picture = printer.with(|printer, _| printer.tray().picture(sequence))?;
        crate::emulate::tray::png(&picture).ok()
    }
}

fn no(what: &str, place: &str) -> ActError {
    ActError::NoDevice(format!("{what} at {place:?}"))
}

/// What the page paints, polled.
#[derive(Debug, Serialize)]
pub struct State {
    order: Option<String>,
    in_box: Vec<String>,
    packed: Vec<String>,
    /// Weight of the box with its content in grams.
    box_grams: i64,
    labels: Vec<HeldLabel>,
    places: Vec<PlaceState>,
    upstream: UpstreamMode,
    received: Vec<ReceivedEvent>,
    screens: Screens,
}

#[derive(Debug, Serialize)]
struct PlaceState {
    place: String,
    scale: Option<ScaleState>,
    scanner: Option<Cable>,
    printer: Option<PrinterState>,
}

/// Whether the cable is in, and whether the daemon listens at its end.
#[derive(Debug, Serialize)]
struct Cable {
    plugged: bool,
    open: bool,
}

impl Cable {
    fn of<M: DeviceModel>(device: &Device<M>) -> Self {
        Self {
            plugged: device.is_plugged(),
            open: device.host_open(),
        }
    }
}

#[derive(Debug, Serialize)]
#[allow(clippy::struct_excessive_bools)]
struct ScaleState {
    cable: Cable,
    grams: i64,
    resting: bool,
    lifted: bool,
    shaking: bool,
}

#[derive(Debug, Serialize)]
#[allow(clippy::struct_excessive_bools)]
struct PrinterState {
    cable: Cable,
    on: bool,
    paper_out: bool,
    head_open: bool,
    silent: bool,
    busy: bool,
    odometer: u64,
    untaken: usize,
    last: Option<u64>,
}
