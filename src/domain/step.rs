//! One step of the station: an input in, facts and effects out.
//!
//! Every fact is applied the moment it is decided, so later decisions of the same step see it.
//! If the commit of a step fails, the caller throws state and live state away and reloads.

use super::change::Change;
use super::desk::Desk;
use super::effect::{Cue, Effect};
use super::event::{Draft, Fact};
use super::ids::{OperatorId, ParcelId, PlaceId};
use super::input::{DeviceChange, Input, InputKind};
use super::job::JobState;
use super::live::Live;
use super::order::{Item, Order};
use super::parcel::{Number, Parcel};
use super::place::{PlaceKind, Stop};
use super::rules::Rules;
use super::state::{Context, State};
use super::time::Stamp;
use super::{bench, dock, exception, journey, label, measure, numbers, orders, scan, weigh};

/// Smaller disagreements between the clocks are drift, not a step.
const CLOCK_STEP_MS_MIN: i64 = 2_000;

/// A snapshot fetched from the store beforehand, for the scanned code or the order in question.
#[derive(Debug, Clone, Default)]
pub struct Looked {
    /// Articles with this barcode.
    pub items: Vec<Item>,
    /// Archived records with this code or id.
    pub orders: Vec<Order>,
    pub parcels: Vec<Parcel>,
}

/// What an input from outside came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Received {
        version: u32,
    },
    Unchanged {
        version: u32,
    },
    Changed {
        version: u32,
    },
    Cancelled,
    /// Not possible any more; the text says why and what to do.
    Conflict(String),
    Unknown,
    /// A carrier's scan became an event of this type.
    Scanned {
        parcel: ParcelId,
        kind: String,
    },
    /// This very scan was reported before.
    Known {
        parcel: ParcelId,
    },
    /// The exception is resolved.
    Settled,
    /// Numbers given out by hand; the refusal says why they are fewer than wanted.
    Numbers {
        numbers: Vec<Number>,
        refusal: Option<String>,
    },
    /// The block is this station's.
    Leased,
}

/// Result of a step: commit first, then run the effects.
#[derive(Debug, Default)]
pub struct Step {
    pub drafts: Vec<Draft>,
    pub changes: Vec<Change>,
    pub effects: Vec<Effect>,
    pub reply: Option<Reply>,
}

/// Everything a decision may look at, and where its facts go.
pub(super) struct Desktop<'a> {
    pub state: &'a mut State,
    pub live: &'a mut Live,
    pub rules: &'a Rules,
    pub desk: &'a dyn Desk,
    pub looked: &'a Looked,
    pub stamp: Stamp,
    /// The place the input belongs to; station-wide inputs work on several in turn.
    pub place: Option<PlaceId>,
    step: Step,
}

/// Takes one input.
pub fn step(
    state: &mut State,
    live: &mut Live,
    input: &Input,
    looked: &Looked,
    rules: &Rules,
    desk: &dyn Desk,
) -> Step {
    live.now = input.stamp.mono;
    let mut at = Desktop {
        state,
        live,
        rules,
        desk,
        looked,
        stamp: input.stamp,
        place: input.place.clone(),
        step: Step::default(),
    };
    at.take(&input.kind);
    let mut step = at.step;
    step.changes = state.take_changes();
    step
}

impl Desktop<'_> {
    fn take(&mut self, kind: &InputKind) {
        match kind {
            InputKind::Scan { device, code } => scan::scan(self, device, code),
            InputKind::Mass {
                device,
                reading,
                raw,
            } => weigh::mass(self, device, reading, raw),
            InputKind::Size {
                device,
                reading,
                raw,
            } => measure::size(self, device, reading, raw),
            InputKind::Device { device, change } => self.device(device, change),
            InputKind::Order { order } => orders::submit(self, order),
            InputKind::OrderRefused { order, problems } => {
                let fact = Fact::OrderRefused {
                    order: order.clone(),
                    problems: problems.clone(),
                };
                // What cannot be read names no order; that the station refused it is known still.
                let subject = match order.as_str() {
                    "" => self.state.station.clone(),
                    order => order.to_owned(),
                };
                self.emit(&subject, fact);
            }
            InputKind::OrderCancelled { order, reason } => orders::cancel(self, order, reason),
            InputKind::Rendered { job, outcome } => label::rendered(self, job, outcome),
            InputKind::Print { job, step } => label::printed(self, job, step),
            InputKind::ManifestMade { handover, document } => {
                let manifest = document.clone();
                let fact = Fact::HandoverDocumented {
                    handover: handover.clone(),
                    manifest,
                };
                self.emit(handover.as_str(), fact);
            }
            InputKind::CarrierScan {
                carrier,
                tracking_number,
                scan,
            } => journey::carrier_scan(self, carrier, tracking_number, scan),
            InputKind::ExceptionSettled {
                parcel,
                code,
                by,
                why,
            } => exception::settled(self, parcel, code, by, why),
            InputKind::IssueNumbers {
                carrier,
                service,
                count,
            } => numbers::issue(self, carrier, service, *count),
            InputKind::LeaseNumbers { range, block } => numbers::lease(self, range, *block),
            InputKind::Tick => self.tick(),
            InputKind::Start { version } => self.start(version),
        }
    }

    /// Records a fact: into the step and into the state.
    pub fn emit(&mut self, subject: &str, fact: Fact) {
        let operator = self.operator();
        let at = Context {
            place: self.place.as_ref(),
            operator: operator.as_ref(),
            wall: self.stamp.wall,
        };
        self.state.apply(at, &fact);
        self.step.drafts.push(Draft {
            subject: subject.to_owned(),
            place: self.place.clone(),
            operator,
            stamp: self.stamp,
            fact,
        });
    }

    pub fn effect(&mut self, effect: Effect) {
        self.step.effects.push(effect);
    }

    pub fn reply(&mut self, reply: Reply) {
        self.step.reply = Some(reply);
    }

    /// Plays a sound at the current place and shows it to pages.
    pub fn sound(&mut self, cue: Cue) {
        let Some(place) = self.place.clone() else {
            return;
        };
        self.live.cues += 1;
        let id = self.live.cues;
        self.live.place(&place).cue = Some((id, cue));
        self.effect(Effect::Sound { place, cue });
    }

    /// Says on screen how the last step ended.
    pub fn say(&mut self, ok: bool, text: impl Into<String>) {
        let Some(place) = self.place.clone() else {
            return;
        };
        let live = self.live.place(&place);
        live.last_ok = ok;
        live.last_text = Some(text.into());
    }

    /// A soft refusal: nothing happened, nothing is red.
    pub fn warn(&mut self, text: &str) {
        self.say(false, text);
        self.sound(Cue::Warn);
    }

    /// Turns the current place red.
    pub fn stop(&mut self, code: &str, scanned: Option<&str>, text: &str, remedy: &str) {
        let Some(place) = self.place.clone() else {
            return;
        };
        let stop = Stop {
            code: code.to_owned(),
            scanned: scanned.map(str::to_owned),
            text: text.to_owned(),
            remedy: remedy.to_owned(),
        };
        self.live.place(&place).stop_since_ms = self.stamp.wall.unix_ms;
        self.emit(place.as_str(), Fact::StopRaised { stop });
        self.sound(Cue::Stop);
    }

    pub fn clear_stop(&mut self, by: &str) {
        let Some(stop) = self.current_stop().cloned() else {
            return;
        };
        let subject = self
            .place
            .as_ref()
            .map(|p| p.to_string())
            .unwrap_or_default();
        self.emit(
            &subject,
            Fact::StopCleared {
                code: stop.code,
                by: by.to_owned(),
            },
        );
    }

    pub fn current_stop(&self) -> Option<&Stop> {
        self.here().and_then(|p| p.stop.as_ref())
    }

    /// The durable state of the current place.
    pub fn here(&self) -> Option<&super::place::Place> {
        self.place.as_ref().and_then(|id| self.state.places.get(id))
    }

    pub fn operator(&self) -> Option<OperatorId> {
        self.here().and_then(|p| p.operator.clone())
    }

    /// The open parcel of the current bench.
    pub fn parcel(&self) -> Option<&Parcel> {
        let id = self.here()?.parcel.as_ref()?;
        self.state.parcels.get(id)
    }

    fn device(&mut self, device: &super::ids::DeviceId, change: &DeviceChange) {
        let role = device
            .as_str()
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        let (word, fact) = match change {
            DeviceChange::Connected { what } => {
                let fact = Fact::DeviceConnected {
                    device: device.clone(),
                    what: what.clone(),
                };
                ("ok".to_owned(), Some(fact))
            }
            DeviceChange::Lost { reason } => {
                let fact = Fact::DeviceLost {
                    device: device.clone(),
                    reason: reason.clone(),
                };
                ("missing".to_owned(), Some(fact))
            }
            DeviceChange::Status { flags } if flags.is_empty() => ("ok".to_owned(), None),
            DeviceChange::Status { flags } => {
                let fault = flags.join(", ");
                let fact = Fact::DeviceFaulted {
                    device: device.clone(),
                    fault: fault.clone(),
                };
                (fault, Some(fact))
            }
        };
        if let Some(place) = self.place.clone() {
            let live = self.live.place(&place);
            let before = live.devices.insert(role.clone(), word.clone());
            if role == "scale" && matches!(change, DeviceChange::Lost { .. }) {
                live.weighing = None;
            }
            if before.as_deref() == Some(word.as_str()) {
                return;
            }
            if word != "ok" {
                self.sound(Cue::Device);
            }
        }
        if let Some(fact) = fact {
            self.emit(device.as_str(), fact);
        }
        if role == measure::ROLE {
            measure::device_changed(self);
        }
    }

    fn tick(&mut self) {
        self.watch_clock();
        label::expire(self);
        let benches: Vec<PlaceId> = self.places(PlaceKind::Bench);
        for place in benches {
            self.place = Some(place);
            weigh::watch(self);
        }
    }

    /// The wall clock may be set while we run; the chain says when and by how much.
    fn watch_clock(&mut self) {
        let now = (self.stamp.wall.unix_ms, self.stamp.mono);
        if let Some((wall_ms, mono)) = self.live.last_tick.replace(now) {
            let passed_ms = i64::try_from(now.1.since_ms(mono)).unwrap_or(i64::MAX);
            let by_ms = now.0.saturating_sub(wall_ms).saturating_sub(passed_ms);
            if by_ms.abs() >= CLOCK_STEP_MS_MIN {
                let station = self.state.station.clone();
                self.emit(&station, Fact::ClockStepped { by_ms });
            }
        }
    }

    fn places(&self, kind: PlaceKind) -> Vec<PlaceId> {
        self.state
            .places
            .values()
            .filter(|p| p.kind == kind)
            .map(|p| p.id.clone())
            .collect()
    }

    /// Takes up what the last run left: the store says how far it came.
    fn start(&mut self, version: &str) {
        let station = self.state.station.clone();
        self.emit(
            &station,
            Fact::StationStarted {
                version: version.to_owned(),
            },
        );
        for job in self.state.jobs_in(JobState::Sending) {
            self.place = Some(job.place.clone());
            let reason = "the station stopped while it was being sent".to_owned();
            self.emit(
                job.parcel.as_str(),
                Fact::LabelInDoubt {
                    job: job.id,
                    reason,
                },
            );
        }
        for job in self.state.jobs_in(JobState::InDoubt) {
            if let Some(counter_before) = job.counter_before {
                self.effect(Effect::Settle {
                    job: job.id,
                    place: job.place,
                    counter_before,
                });
            }
        }
        for job in self.state.jobs_in(JobState::Rendering) {
            self.effect(Effect::Render {
                job: job.id,
                parcel: job.parcel,
            });
        }
        for job in self.state.jobs_in(JobState::Queued) {
            self.live.queued.insert(job.id.clone(), self.stamp.mono);
            self.effect(Effect::Submit {
                job: job.id,
                place: job.place,
            });
        }
        for handover in dock::undocumented(self.state) {
            self.effect(Effect::Manifest { handover });
        }
        self.place = None;
    }
}

/// Scans at a place go to its kind.
pub(super) fn scan_at_place(at: &mut Desktop<'_>, code: &str, meaning: &scan::Meaning) {
    match at.here().map(|p| p.kind) {
        Some(PlaceKind::Bench) => bench::scan(at, code, meaning),
        Some(PlaceKind::Dock) => dock::scan(at, code, meaning),
        None => {}
    }
}
