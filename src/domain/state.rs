//! All live records of a station, and `apply`: the only way they change.

use super::change::{Change, RecordKind};
use super::event::Fact;
use super::handover::{Handover, HandoverState};
use super::ids::{HandoverId, JobId, OperatorId, OrderId, ParcelId, PlaceId};
use super::job::{JobState, LabelJob};
use super::order::{Order, OrderStatus};
use super::parcel::{Parcel, Stage};
use super::place::{Place, PlaceKind};
use super::serials::Span;
use super::time::Wall;
use crate::content::tracking;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Counters of the station; part of the chain's state, never reset.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    pub parcels: u64,
    pub handovers: u64,
    /// The serial behind the last one used, per number range; the first not used yet, if there
    /// are no spans.
    pub ranges: BTreeMap<String, u64>,
    /// What was used, per number range that begins again or is used in blocks; oldest first.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub used: BTreeMap<String, Vec<Span>>,
    /// Blocks this station may use alone, per number range, in the order they came.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub leases: BTreeMap<String, Vec<Lease>>,
}

/// A block of serials, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    pub first: u64,
    pub last: u64,
}

/// What a scannable code leads to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum CodeRef {
    Order(OrderId),
    Parcel(ParcelId),
    Handover(HandoverId),
}

/// Live records. Archived ones (gone with a truck) are only in the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct State {
    pub station: String,
    pub counters: Counters,
    pub orders: BTreeMap<OrderId, Order>,
    pub parcels: BTreeMap<ParcelId, Parcel>,
    pub jobs: BTreeMap<JobId, LabelJob>,
    pub handovers: BTreeMap<HandoverId, Handover>,
    pub places: BTreeMap<PlaceId, Place>,
    codes: BTreeMap<String, BTreeSet<CodeRef>>,
    by_order: BTreeMap<OrderId, BTreeSet<ParcelId>>,
    dirty: BTreeSet<(RecordKind, String)>,
}

/// Who and where an event belongs to; the part of the envelope `apply` may use.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    pub place: Option<&'a PlaceId>,
    pub operator: Option<&'a OperatorId>,
    pub wall: Wall,
}

/// Upper case without spaces: the form codes are compared in.
pub fn normal(code: &str) -> String {
    code.chars()
        .filter(|c| !c.is_whitespace())
        .collect::<String>()
        .to_uppercase()
}

/// A stored record that this version cannot read.
#[derive(Debug, thiserror::Error)]
#[error("stored {kind} {id} cannot be read ({source}): restore a backup or ask for help")]
pub struct RecordError {
    kind: &'static str,
    id: String,
    source: serde_json::Error,
}

impl State {
    /// An empty station with its configured places.
    pub fn new(station: &str, places: &[(PlaceId, PlaceKind)]) -> Self {
        let mut state = State {
            station: station.to_owned(),
            ..State::default()
        };
        for (id, kind) in places {
            state.ensure_place(id, *kind);
        }
        state
    }

    /// Adds a configured place that the store does not know yet.
    pub fn ensure_place(&mut self, id: &PlaceId, kind: PlaceKind) {
        let fresh = || Place {
            id: id.clone(),
            kind,
            operator: None,
            parcel: None,
            handover: None,
            stop: None,
        };
        self.places.entry(id.clone()).or_insert_with(fresh).kind = kind;
    }

    /// Takes up one stored record at start-up.
    ///
    /// # Errors
    /// [`RecordError`] if the body has another shape.
    pub fn load(&mut self, kind: RecordKind, id: &str, body: Value) -> Result<(), RecordError> {
        let fail = |source| RecordError {
            kind: kind.as_str(),
            id: id.to_owned(),
            source,
        };
        match kind {
            RecordKind::Order => {
                let order: Order = serde_json::from_value(body).map_err(fail)?;
                self.orders.insert(order.id.clone(), order);
            }
            RecordKind::Parcel => {
                self.put_parcel(serde_json::from_value(body).map_err(fail)?);
            }
            RecordKind::Job => {
                let job: LabelJob = serde_json::from_value(body).map_err(fail)?;
                self.jobs.insert(job.id.clone(), job);
            }
            RecordKind::Handover => {
                let handover: Handover = serde_json::from_value(body).map_err(fail)?;
                self.handovers.insert(handover.id.clone(), handover);
            }
            RecordKind::Place => {
                let place: Place = serde_json::from_value(body).map_err(fail)?;
                self.places.insert(place.id.clone(), place);
            }
            RecordKind::Station => self.counters = serde_json::from_value(body).map_err(fail)?,
        }
        for code in self.codes_of(kind, id) {
            self.index(kind, id, &code);
        }
        Ok(())
    }

    /// What a scanned code leads to among the live records.
    pub fn by_code(&self, code: &str) -> impl Iterator<Item = &CodeRef> {
        self.codes.get(&normal(code)).into_iter().flatten()
    }

    /// The order's parcels that count (not given up, not voided), by position.
    pub fn parcels_of<'a>(&'a self, order: &OrderId) -> impl Iterator<Item = &'a Parcel> {
        let counts = |p: &&Parcel| !matches!(p.stage, Stage::Aborted | Stage::Voided);
        self.all_parcels_of(order).filter(counts)
    }

    /// All the order's parcels, also those given up.
    pub fn all_parcels_of<'a>(&'a self, order: &OrderId) -> impl Iterator<Item = &'a Parcel> {
        let ids = self.by_order.get(order).into_iter().flatten();
        ids.filter_map(|id| self.parcels.get(id))
    }

    /// Adds a parcel.
    pub(super) fn put_parcel(&mut self, parcel: Parcel) {
        self.by_order
            .entry(parcel.order.clone())
            .or_default()
            .insert(parcel.id.clone());
        self.parcels.insert(parcel.id.clone(), parcel);
    }

    /// Takes an archived parcel back into memory for the step that adds to its record; it leaves
    /// again with the changes of that step.
    pub(super) fn recall(&mut self, parcel: &Parcel) {
        if !self.parcels.contains_key(&parcel.id) {
            self.parcels.insert(parcel.id.clone(), parcel.clone());
            self.touch(RecordKind::Parcel, parcel.id.as_str());
        }
    }

    /// Pieces of the article already in counting parcels of the order.
    pub fn pieces_done(&self, order: &OrderId, sku: &super::ids::Sku) -> u32 {
        self.parcels_of(order)
            .map(|p| p.items.get(sku).copied().unwrap_or(0))
            .sum()
    }

    /// Pieces of the order that no counting parcel holds yet.
    pub fn pieces_left(&self, order: &Order) -> u32 {
        let left = |sku, wanted: u32| wanted.saturating_sub(self.pieces_done(&order.id, sku));
        order.lines.iter().map(|l| left(&l.sku, l.quantity)).sum()
    }

    /// The newest label job of a parcel.
    pub fn last_job(&self, parcel: &Parcel) -> Option<&LabelJob> {
        parcel.jobs.last().and_then(|id| self.jobs.get(id))
    }

    /// Applies one committed or about-to-be-committed fact.
    pub fn apply(&mut self, at: Context<'_>, fact: &Fact) {
        super::apply::apply(self, at, fact);
    }

    /// Applies a stored event.
    pub fn replay(&mut self, event: &super::event::Event) {
        let wall = Wall {
            unix_ms: event.unix_ms,
            offset_min: event.offset_min(),
        };
        let at = Context {
            place: event.place.as_ref(),
            operator: event.operator.as_ref(),
            wall,
        };
        self.apply(at, &event.fact);
    }

    /// Marks a record as changed by the fact being applied.
    pub(super) fn touch(&mut self, kind: RecordKind, id: &str) {
        self.dirty.insert((kind, id.to_owned()));
    }

    /// The records changed since the last call, with archived ones leaving memory.
    pub fn take_changes(&mut self) -> Vec<Change> {
        self.mark_archived();
        let dirty = std::mem::take(&mut self.dirty);
        let mut changes = Vec::with_capacity(dirty.len());
        for (kind, id) in dirty {
            let codes = self.codes_of(kind, &id);
            let Some(body) = self.body(kind, &id) else {
                continue;
            };
            let live = !self.is_archived(kind, &id);
            for code in &codes {
                self.index(kind, &id, code);
            }
            changes.push(Change {
                kind,
                id,
                body,
                live,
                codes,
            });
        }
        for change in changes.iter().filter(|c| !c.live) {
            self.forget(change);
        }
        changes
    }

    fn body(&self, kind: RecordKind, id: &str) -> Option<Value> {
        let value = match kind {
            RecordKind::Order => serde_json::to_value(self.orders.get(&OrderId::new(id))?),
            RecordKind::Parcel => serde_json::to_value(self.parcels.get(&ParcelId::new(id))?),
            RecordKind::Job => serde_json::to_value(self.jobs.get(&JobId::new(id))?),
            RecordKind::Handover => serde_json::to_value(self.handovers.get(&HandoverId::new(id))?),
            RecordKind::Place => serde_json::to_value(self.places.get(&PlaceId::new(id))?),
            RecordKind::Station => serde_json::to_value(&self.counters),
        };
        value.ok()
    }

    fn codes_of(&self, kind: RecordKind, id: &str) -> Vec<String> {
        let mut codes = match kind {
            RecordKind::Order | RecordKind::Handover | RecordKind::Parcel => vec![normal(id)],
            RecordKind::Job | RecordKind::Place | RecordKind::Station => vec![],
        };
        if kind == RecordKind::Parcel {
            let parcel = self.parcels.get(&ParcelId::new(id));
            if let Some(number) = parcel.and_then(Parcel::tracking_number) {
                codes.push(normal(number));
                // The numbers inside it, which other codes of the label may hold alone.
                codes.extend(tracking::names(number));
            }
            codes.sort();
            codes.dedup();
        }
        codes
    }

    fn index(&mut self, kind: RecordKind, id: &str, code: &str) {
        let target = match kind {
            RecordKind::Order => CodeRef::Order(OrderId::new(id)),
            RecordKind::Parcel => CodeRef::Parcel(ParcelId::new(id)),
            RecordKind::Handover => CodeRef::Handover(HandoverId::new(id)),
            RecordKind::Job | RecordKind::Place | RecordKind::Station => return,
        };
        self.codes
            .entry(code.to_owned())
            .or_default()
            .insert(target);
    }

    /// An order is archived when all its pieces are gone or it was cancelled with nothing made;
    /// then its parcels and jobs go with it. A handover is archived when the truck has it.
    fn mark_archived(&mut self) {
        let touched: BTreeSet<OrderId> = self.touched_orders();
        for id in touched {
            if !self.order_archived(&id) {
                continue;
            }
            self.touch(RecordKind::Order, id.as_str());
            let parcels: Vec<ParcelId> = self.all_parcels_of(&id).map(|p| p.id.clone()).collect();
            for parcel in parcels {
                self.touch(RecordKind::Parcel, parcel.as_str());
                let jobs = self
                    .parcels
                    .get(&parcel)
                    .map(|p| p.jobs.clone())
                    .unwrap_or_default();
                for job in jobs {
                    self.touch(RecordKind::Job, job.as_str());
                }
            }
        }
    }

    fn touched_orders(&self) -> BTreeSet<OrderId> {
        let mut orders = BTreeSet::new();
        for (kind, id) in &self.dirty {
            match kind {
                RecordKind::Order => {
                    orders.insert(OrderId::new(id.clone()));
                }
                RecordKind::Parcel => {
                    let parcel = self.parcels.get(&ParcelId::new(id.clone()));
                    orders.extend(parcel.map(|p| p.order.clone()));
                }
                RecordKind::Handover => {
                    let handover = self.handovers.get(&HandoverId::new(id.clone()));
                    let parcels = handover.map(|h| h.parcels.clone()).unwrap_or_default();
                    let order = |p: &ParcelId| self.parcels.get(p).map(|p| p.order.clone());
                    orders.extend(parcels.iter().filter_map(order));
                }
                RecordKind::Job | RecordKind::Place | RecordKind::Station => {}
            }
        }
        orders
    }

    fn order_archived(&self, id: &OrderId) -> bool {
        let Some(order) = self.orders.get(id) else {
            return false;
        };
        let gone = |p: &Parcel| {
            let state = p
                .handover
                .as_ref()
                .and_then(|h| self.handovers.get(h))
                .map(|h| h.state);
            p.stage == Stage::HandedOver && matches!(state, None | Some(HandoverState::Loaded))
        };
        match order.status {
            OrderStatus::Packed => self.parcels_of(id).all(gone),
            OrderStatus::Cancelled => self.parcels_of(id).next().is_none(),
            OrderStatus::Waiting | OrderStatus::Packing | OrderStatus::Parked => false,
        }
    }

    fn is_archived(&self, kind: RecordKind, id: &str) -> bool {
        match kind {
            RecordKind::Order => self.order_archived(&OrderId::new(id)),
            // A parcel recalled for one step comes without its order.
            RecordKind::Parcel => self.parcels.get(&ParcelId::new(id)).is_some_and(|p| {
                !self.orders.contains_key(&p.order) || self.order_archived(&p.order)
            }),
            RecordKind::Job => self
                .jobs
                .get(&JobId::new(id))
                .and_then(|j| self.parcels.get(&j.parcel))
                .is_some_and(|p| self.order_archived(&p.order)),
            RecordKind::Handover => self
                .handovers
                .get(&HandoverId::new(id))
                .is_some_and(|h| matches!(h.state, HandoverState::Loaded | HandoverState::Voided)),
            RecordKind::Place | RecordKind::Station => false,
        }
    }

    fn forget(&mut self, change: &Change) {
        let id = change.id.as_str();
        match change.kind {
            RecordKind::Order => {
                self.by_order.remove(&OrderId::new(id));
                drop(self.orders.remove(&OrderId::new(id)));
            }
            RecordKind::Parcel => drop(self.parcels.remove(&ParcelId::new(id))),
            RecordKind::Job => drop(self.jobs.remove(&JobId::new(id))),
            RecordKind::Handover => drop(self.handovers.remove(&HandoverId::new(id))),
            RecordKind::Place | RecordKind::Station => {}
        }
        for code in &change.codes {
            if let Some(targets) = self.codes.get_mut(code) {
                targets.retain(|t| match t {
                    CodeRef::Order(o) => o.as_str() != id,
                    CodeRef::Parcel(p) => p.as_str() != id,
                    CodeRef::Handover(h) => h.as_str() != id,
                });
                if targets.is_empty() {
                    self.codes.remove(code);
                }
            }
        }
    }

    /// Jobs in a given state, oldest first.
    pub fn jobs_in(&self, state: JobState) -> Vec<LabelJob> {
        self.jobs
            .values()
            .filter(|j| j.state == state)
            .cloned()
            .collect()
    }
}
