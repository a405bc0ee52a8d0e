//! The station's hands: carries effects out after their commit, without ever blocking the loop.

use super::core::Hands;
use super::labels::{LabelQueue, LabelTask, Pictures, Stock, Task};
use super::metrics::Metrics;
use crate::device::{DeviceCommand, DeviceHandle};
use crate::domain::{Cue, Effect, Event, JobId, PlaceId, State};
use crate::label::png;
use crate::print::{PrintOrder, Printable, PrinterHandle};
use crate::store::Store;
use firstscan_drivers::bitmap::{Bitmap, Resolution};
use firstscan_drivers::length::Length;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

/// Stock of a place without a printer: labels are still made, so that they can be seen.
const NO_PRINTER: Stock = Stock {
    resolution: Resolution::from_dpi(203),
    width: Length::from_um(101_600),
    height: Length::from_um(152_400),
};

/// A place's printer as the hands see it.
#[derive(Debug)]
pub struct Printer {
    pub handle: PrinterHandle,
    pub stock: Stock,
}

/// Plays a sound at a place.
pub type Speaker = Box<dyn Fn(&PlaceId, Cue) + Send>;

/// Carries effects out.
pub struct StationHands {
    pub labels: LabelQueue,
    pub printers: BTreeMap<PlaceId, Printer>,
    pub scales: BTreeMap<PlaceId, DeviceHandle>,
    pub dimensioners: BTreeMap<PlaceId, DeviceHandle>,
    pub scanners: BTreeMap<PlaceId, Vec<DeviceHandle>>,
    pub pictures: Pictures,
    pub store: Store,
    /// Called with every sound; plays it where the station has a speaker.
    pub sound: Speaker,
    /// Wakes every sink.
    pub wake: Box<dyn Fn() + Send>,
    pub metrics: Arc<Metrics>,
    /// When the label of a job was triggered.
    pub triggered: BTreeMap<JobId, Instant>,
}

impl std::fmt::Debug for StationHands {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StationHands")
            .field("printers", &self.printers)
            .finish_non_exhaustive()
    }
}

impl Hands for StationHands {
    fn run(&mut self, effect: Effect, state: &State) {
        match effect {
            Effect::Sound { place, cue } => {
                self.tell_scanners(&place, cue);
                (self.sound)(&place, cue);
            }
            Effect::Render { job, .. } => self.render(&job, state),
            Effect::Submit { job, place } => self.submit(job, &place, state),
            Effect::Release { job, place } => {
                if let Some(since) = self.triggered.remove(&job) {
                    let us = u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX);
                    self.metrics.trigger_to_release.observe_us(us);
                }
                self.order(&place, PrintOrder::Release { job });
            }
            Effect::Settle {
                job,
                place,
                counter_before,
            } => {
                let counter_before = Some(counter_before);
                self.order(
                    &place,
                    PrintOrder::Settle {
                        job,
                        counter_before,
                    },
                );
            }
            Effect::DropJob { job, place } => {
                self.triggered.remove(&job);
                self.order(&place, PrintOrder::Drop { job });
            }
            Effect::Manifest { handover } => {
                let Some(handover) = state.handovers.get(&handover) else {
                    return;
                };
                let all = handover
                    .parcels
                    .iter()
                    .filter_map(|id| state.parcels.get(id));
                let parcels = all.cloned().collect();
                self.labels.push(Task::Manifest {
                    handover: Box::new(handover.clone()),
                    parcels,
                });
            }
            Effect::Zero { place } => command(&self.scales, &place, DeviceCommand::Zero),
            Effect::Tare { place } => command(&self.scales, &place, DeviceCommand::Tare),
            Effect::Measure { place } => {
                command(&self.dimensioners, &place, DeviceCommand::Measure);
            }
        }
    }

    fn committed(&mut self, _events: &[Event]) {
        (self.wake)();
    }
}

impl StationHands {
    fn render(&mut self, id: &JobId, state: &State) {
        let Some(job) = state.jobs.get(id).cloned() else {
            return;
        };
        let Some(parcel) = state.parcels.get(&job.parcel).cloned() else {
            return;
        };
        let Some(order) = state.orders.get(&parcel.order).cloned() else {
            return;
        };
        if self.triggered.len() < 1000 {
            self.triggered.insert(id.clone(), Instant::now());
        }
        let stock = self
            .printers
            .get(&job.place)
            .map_or(NO_PRINTER, |p| p.stock);
        self.labels.push(Task::Label(Box::new(LabelTask {
            job,
            parcel,
            order,
            stock,
        })));
    }

    fn submit(&mut self, job: JobId, place: &PlaceId, state: &State) {
        let ready = self
            .pictures
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&job);
        let stored = || {
            let sha = state.jobs.get(&job)?.picture.clone()?;
            self.stored_picture(&sha).map(Printable::from)
        };
        match ready.or_else(stored) {
            Some(label) => self.order(place, PrintOrder::Submit { job, label }),
            None => tracing::error!(%job, "the label's picture is gone: NOLABEL makes a new one"),
        }
    }

    fn stored_picture(&self, sha: &str) -> Option<Arc<Bitmap>> {
        let document = self.store.document(sha).ok()??;
        png::decode(&document.bytes)
            .ok()
            .map(|(bitmap, _)| Arc::new(bitmap))
    }

    /// A place without a printer keeps its jobs queued until they expire: the bench says so.
    fn order(&self, place: &PlaceId, order: PrintOrder) {
        let Some(printer) = self.printers.get(place) else {
            return;
        };
        if let Err(error) = printer.handle.order(order) {
            tracing::error!(%place, %error, "the printer's worker does not take orders");
        }
    }

    /// The guns that can say it say it, too.
    fn tell_scanners(&self, place: &PlaceId, cue: Cue) {
        let verdict = match cue {
            Cue::ItemOk | Cue::LineComplete | Cue::ParcelDone => DeviceCommand::Accept,
            Cue::Warn | Cue::Stop => DeviceCommand::Reject,
            Cue::Device => return,
        };
        for scanner in self.scanners.get(place).into_iter().flatten() {
            if let Err(error) = scanner.command(verdict) {
                tracing::debug!(%place, %error, "a scanner was not told");
            }
        }
    }
}

fn command(devices: &BTreeMap<PlaceId, DeviceHandle>, place: &PlaceId, command: DeviceCommand) {
    let sent = devices.get(place).map(|device| device.command(command));
    if !matches!(sent, Some(Ok(()))) {
        tracing::warn!(%place, ?command, "no device took the command");
    }
}
