//! USB scales of the HID point-of-sale class (usage page 0x8D). Everything is taken from the
//! report descriptor; report ids and the order of fields are conventions only.
//!
//! | usage | field of an input report |
//! |---|---|
//! | 40 | weight, unsigned on most devices |
//! | 41 | scaling: the power of ten of the weight, signed |
//! | 51-5C | unit, an array: mg, g, kg, carat, tael, grain, pennyweight, t, ton, troy oz, oz, lb |
//! | 71-78 | status, an array: what the weight is worth (below) |
//!
//! | status | reading |
//! |---|---|
//! | 71 fault, 77 requires calibration, 78 requires re-zeroing | none, `fault` |
//! | 72 stable at centre of zero | exactly 0, `stable`, `zero` |
//! | 73 in motion | the weight, not stable |
//! | 74 weight stable | the weight, `stable` |
//! | 75 under zero | the magnitude made negative, not stable; a magnitude of 0 is `under` |
//! | 76 over weight limit | none, `over` |
//!
//! As commonly numbered: `03 ss uu ee LL HH` is a data report, `04 ss` a status report, `02 bb` the
//! control report with Zero Scale (usage 80). Reports may be padded. A status report between data
//! reports never makes a weight: it takes the last one back when it says something worse.
//!
//! Sources: USB-IF HID Point of Sale Usage Tables 1.02; behaviour of public drivers and captures of
//! DYMO, Stamps.com, Fairbanks and Pitney Bowes scales. Doubts: there is no net flag on this page;
//! four ways of zeroing have been seen on real devices and some have none, so that zeroing is an
//! attempt: readings are not called stable until one at zero came, or [`ZERO_WAIT`] passed. Where
//! the control report is a feature report, both its bits are set, as the one scale wanted that it
//! was seen on; the kernel's hidraw cannot send those without a call this product does not make,
//! libusb can. Tael (regional) and the avoirdupois ton (short or long) are refused. The first
//! report after opening may be of an earlier weighing: whoever opens the device compares times.
//! `under zero` says nothing about rest, so such a reading is never stable.

use crate::codec::{Attachment, Codec, Command, CommandError, Emitted, Event, EventQueue};
use crate::hid::{self, Field, ReportKind, Reports};
use crate::mass::{Decimal, MassFlags, MassReading, Unit};
use std::time::Duration;

/// How long after a zero command readings wait for their confirmation.
pub const ZERO_WAIT: Duration = Duration::from_secs(2);
const PAGE: u32 = 0x8D << 16;
const WEIGHT: u32 = PAGE | 0x40;
const SCALING: u32 = PAGE | 0x41;
const ZERO_SCALE: u32 = PAGE | 0x80;
const ENFORCED_ZERO: u32 = PAGE | 0x81;
/// First and last unit, first and last status.
const UNITS: (u32, u32) = (PAGE | 0x51, PAGE | 0x5C);
const STATES: (u32, u32) = (PAGE | 0x71, PAGE | 0x78);
/// Largest power of ten that is believed.
const SCALING_MAX: i64 = 9;

/// What a status array says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Zero,
    Motion,
    Stable,
    Under,
    Over,
    Fault,
}

/// The fields of one input report; `None` for a report without that part.
#[derive(Debug, Clone)]
struct Layout {
    id: u8,
    state: Field,
    /// Weight, scaling, unit.
    data: Option<(Field, Option<Field>, Field)>,
}

/// The host's side.
#[derive(Debug)]
pub struct HidScale {
    /// Of the profile; `seen` is what the device told last.
    unit: Unit,
    seen: Option<Unit>,
    numbered: bool,
    layouts: Vec<Layout>,
    /// The report that zeroes: ready to send.
    zero: Option<Vec<u8>>,
    /// A zero report that a device needs instead of the one its descriptor tells.
    own_zero: Option<Vec<u8>>,
    to_send: Option<Vec<u8>>,
    /// Until when readings wait for a zero.
    zeroing: Option<Duration>,
    last: Option<State>,
    position: u64,
    events: EventQueue,
}

impl HidScale {
    /// A host for any such scale. `unit` is named by readings whose report has none. `zero_report`,
    /// its id first, replaces the descriptor's, for devices that obey another one only.
    pub fn new(unit: Unit, zero_report: Option<Vec<u8>>) -> Self {
        HidScale {
            unit,
            seen: None,
            numbered: false,
            layouts: Vec::new(),
            zero: None,
            own_zero: zero_report,
            to_send: None,
            zeroing: None,
            last: None,
            position: 0,
            events: EventQueue::default(),
        }
    }

    /// The reading of a report: `Err` if it is none of a scale, `Ok(None)` if it is no news.
    fn read(&mut self, now: Duration, report: &[u8]) -> Result<Option<MassReading>, ()> {
        let id = match (self.numbered, report.first()) {
            (_, None) => return Err(()),
            (true, Some(id)) => *id,
            (false, _) => 0,
        };
        let found = self.layouts.iter().find(|l| l.id == id);
        let layout = found.ok_or(())?;
        let state = state(layout.state.selected(report, 0).ok_or(())?).ok_or(())?;
        let Some((weight, scaling, unit)) = &layout.data else {
            let news = self.last.replace(state) != Some(state);
            let mut flags = flags(state);
            flags.under |= state == State::Under;
            flags.stable = false;
            let worse = state != State::Stable && news;
            let unit = self.seen.unwrap_or(self.unit);
            return Ok(worse.then(|| MassReading::absent(unit, flags)));
        };
        let flags = flags(state);
        let unit = unit.selected(report, 0).and_then(unit_of);
        if flags.forbids_value() {
            self.last = Some(state);
            self.seen = unit.or(self.seen);
            let unit = self.seen.unwrap_or(self.unit);
            return Ok(Some(MassReading::absent(unit, flags)));
        }
        let unit = unit.ok_or(())?;
        let scale = scaling.as_ref().map_or(Some(0), |f| f.get(report, 0));
        let scale = scale.filter(|e| e.abs() <= SCALING_MAX).ok_or(())?;
        let number = Decimal {
            mantissa: weight.get(report, 0).ok_or(())?,
            exponent: i8::try_from(scale).map_err(|_| ())?,
        };
        let reading = present(state, number, unit, flags)?;
        self.last = Some(state);
        self.seen = Some(unit);
        Ok(Some(self.confirm(now, reading)))
    }

    /// After a zero command nothing is stable that is not at zero.
    fn confirm(&mut self, now: Duration, mut reading: MassReading) -> MassReading {
        if reading.flags.zero || self.zeroing.is_some_and(|until| now >= until) {
            self.zeroing = None;
        }
        reading.flags.stable &= self.zeroing.is_none();
        reading
    }
}

fn present(
    state: State,
    mut number: Decimal,
    unit: Unit,
    flags: MassFlags,
) -> Result<MassReading, ()> {
    match state {
        State::Zero => number.mantissa = 0,
        State::Under if number.mantissa == 0 => {
            let under = MassFlags {
                under: true,
                ..flags
            };
            return Ok(MassReading::absent(unit, under));
        }
        State::Under => number.mantissa = number.mantissa.abs().saturating_neg(),
        _ => {}
    }
    MassReading::present(number, unit, flags).map_err(|_| ())
}

fn flags(state: State) -> MassFlags {
    MassFlags {
        stable: matches!(state, State::Zero | State::Stable),
        zero: state == State::Zero,
        motion: state == State::Motion,
        over: state == State::Over,
        fault: state == State::Fault,
        ..MassFlags::default()
    }
}

fn state(usage: u32) -> Option<State> {
    match usage.checked_sub(PAGE)? {
        0x71 | 0x77 | 0x78 => Some(State::Fault),
        0x72 => Some(State::Zero),
        0x73 => Some(State::Motion),
        0x74 => Some(State::Stable),
        0x75 => Some(State::Under),
        0x76 => Some(State::Over),
        _ => None,
    }
}

/// Tael and ton are left out on purpose.
fn unit_of(usage: u32) -> Option<Unit> {
    match usage.checked_sub(PAGE)? {
        0x51 => Some(Unit::Milligram),
        0x52 => Some(Unit::Gram),
        0x53 => Some(Unit::Kilogram),
        0x54 => Some(Unit::Carat),
        0x56 => Some(Unit::Grain),
        0x57 => Some(Unit::Pennyweight),
        0x58 => Some(Unit::Tonne),
        0x5A => Some(Unit::TroyOunce),
        0x5B => Some(Unit::Ounce),
        0x5C => Some(Unit::Pound),
        _ => None,
    }
}

fn layouts(reports: &Reports) -> Vec<Layout> {
    let inputs = || {
        reports
            .fields
            .iter()
            .filter(|f| f.kind == ReportKind::Input)
    };
    let mut ids: Vec<u8> = inputs().map(|f| f.report_id).collect();
    ids.dedup();
    let layout = |id: u8| {
        let among = |(first, last): (u32, u32)| {
            let touches = |f: &&Field| {
                let mut ranges = f.usages.iter();
                f.is_array() && ranges.any(|r| r.first <= last && first <= r.last)
            };
            reports.input(id).find(touches).cloned()
        };
        let holds = |usage| {
            reports
                .input(id)
                .find(|f| !f.is_array() && f.has_usage(usage))
        };
        let data = holds(WEIGHT)
            .and_then(|weight| Some((weight.clone(), holds(SCALING).cloned(), among(UNITS)?)));
        Some(Layout {
            id,
            state: among(STATES)?,
            data,
        })
    };
    ids.into_iter().filter_map(layout).collect()
}

/// The control report with only the zero bit set; with both bits if it is a feature report.
fn zero_report(reports: &Reports) -> Option<Vec<u8>> {
    control(reports, ReportKind::Output, &[ZERO_SCALE])
        .or_else(|| control(reports, ReportKind::Feature, &[ZERO_SCALE, ENFORCED_ZERO]))
}

/// A report with those of the bits set that it has, the first one at least.
fn control(reports: &Reports, kind: ReportKind, bits: &[u32]) -> Option<Vec<u8>> {
    let first = *bits.first()?;
    let holds = |f: &&Field| f.kind == kind && f.has_usage(first);
    let field = reports.fields.iter().find(holds)?;
    let mut report = reports.blank(kind, field.report_id)?;
    let mut set = |bit| Some(field.set(&mut report, field.index_of(bit)?, 1));
    let zeroes = set(first)?;
    for bit in bits.iter().skip(1) {
        // A device may have the one bit only.
        set(*bit).unwrap_or(false);
    }
    zeroes.then_some(report)
}

impl Codec for HidScale {
    fn receive(&mut self, now: Duration, report: &[u8]) {
        let start = self.position;
        self.position = start.saturating_add(report.len() as u64);
        match self.read(now, report) {
            Ok(Some(reading)) => {
                let range = (start, self.position);
                let event = Event::Mass(reading);
                self.events.push(now, report.to_vec(), event, range);
            }
            Ok(None) => {}
            Err(()) => self.events.garbage(now, start, self.position),
        }
    }

    fn command(&mut self, now: Duration, command: Command) -> Result<(), CommandError> {
        let report = match command {
            Command::Zero => self.zero.clone().ok_or(CommandError::Unsupported)?,
            // It reports by itself and has no tare.
            _ => return Err(CommandError::Unsupported),
        };
        if self.zeroing.is_some_and(|until| now < until) {
            return Err(CommandError::Busy);
        }
        self.zeroing = Some(now.saturating_add(ZERO_WAIT));
        self.to_send = Some(report);
        Ok(())
    }

    fn handle_timeout(&mut self, now: Duration) {
        if self.zeroing.is_some_and(|until| now >= until) {
            self.zeroing = None;
        }
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.to_send.take()
    }

    fn poll_event(&mut self) -> Option<Emitted> {
        self.events.pop()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.zeroing
    }

    fn reset(&mut self) {
        *self = HidScale::new(self.unit, self.own_zero.take());
    }

    fn attach(&mut self, how: Attachment<'_>) {
        let Attachment::Hid { descriptor } = how else {
            return;
        };
        // A descriptor that cannot be read leaves no layouts: every report is then garbage.
        let reports = hid::parse(descriptor).unwrap_or_default();
        self.numbered = reports.numbered;
        self.layouts = layouts(&reports);
        let told = zero_report(&reports);
        self.zero = told.map(|report| self.own_zero.clone().unwrap_or(report));
        if self.zero.is_none() {
            self.zero = self.own_zero.clone();
        }
    }
}
