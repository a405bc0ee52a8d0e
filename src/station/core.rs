//! The station thread: takes inputs in order, decides, commits, then lets effects run.
//!
//! Constraints: one thread owns the state; waiting inputs share one commit; nothing here waits for
//! a device or a network. If a commit fails, the decisions are thrown away, the state is loaded
//! again, and every screen is red until the store works.

use super::clock::StationClock;
use super::look::look;
use super::metrics::Metrics;
use crate::domain::change::RecordKind;
use crate::domain::event::Draft;
use crate::domain::place::PlaceKind;
use crate::domain::screen::{self, Scene};
use crate::domain::state::CodeRef;
use crate::domain::step::Reply;
use crate::domain::view::{Mode, PlaceView, StopView, SyncHealth};
use crate::domain::{
    Desk, Effect, Event, Input, InputKind, Live, PlaceId, Rules, Sku, Stamp, State, step,
};
use crate::store::{Commit, Idempotency, NewDocument, NewPerson, Store, StoreError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, watch};

/// Inputs that may wait; senders wait beyond it.
pub const INPUTS_MAX: usize = 1024;
/// Inputs that share one commit.
const BATCH_MAX: usize = 64;
/// Article pictures remembered.
const PICTURES_MAX: usize = 2000;
/// Live records of one kind loaded at start-up.
const LIVE_RECORDS_MAX: u32 = 200_000;

/// What reaches the station thread.
#[derive(Debug)]
pub enum Message {
    Input(Box<Delivery>),
    /// Something outside the state changed (sync): paint again.
    Repaint,
    Stop,
}

/// An input with what must be stored beside it, and who waits for the outcome.
#[derive(Debug)]
pub struct Delivery {
    pub place: Option<PlaceId>,
    pub stamp: Stamp,
    pub kind: InputKind,
    /// Stored with the commit if the input led to any event.
    pub persons: Vec<NewPerson>,
    pub documents: Vec<NewDocument>,
    /// Key and request hash; the answer is stored with the commit.
    pub idempotency: Option<(String, String)>,
    pub reply: Option<std::sync::mpsc::SyncSender<Outcome>>,
}

impl Delivery {
    /// An input that nobody waits for and nothing is stored beside.
    pub fn plain(place: Option<PlaceId>, stamp: Stamp, kind: InputKind) -> Self {
        Delivery {
            place,
            stamp,
            kind,
            persons: Vec::new(),
            documents: Vec::new(),
            idempotency: None,
            reply: None,
        }
    }
}

/// How a delivered input ended.
pub type Outcome = Result<Option<Reply>, StoreError>;

/// Runs effects; must not block.
pub trait Hands: Send {
    /// Called after the commit, in order. `state` is the state after the whole batch.
    fn run(&mut self, effect: Effect, state: &State);
    /// Events were committed: sync has work.
    fn committed(&mut self, events: &[Event]);
}

/// Shared sync health, written by the sync side.
pub type SharedSync = Arc<Mutex<SyncHealth>>;

/// Where the screens' documents are published, one channel per place.
pub type Views = BTreeMap<PlaceId, watch::Sender<Arc<PlaceView>>>;

/// Everything the station thread owns.
pub struct Core {
    pub store: Store,
    pub clock: StationClock,
    pub rules: Rules,
    pub desk: Arc<dyn Desk + Send + Sync>,
    pub hands: Box<dyn Hands>,
    pub views: Views,
    pub sync: SharedSync,
    pub places: Vec<(PlaceId, PlaceKind)>,
    pub metrics: Arc<Metrics>,
    state: State,
    live: Live,
    pictures: BTreeMap<Sku, String>,
    /// Why the store cannot be used now.
    broken: Option<String>,
    /// Why the last commit failed; every screen is red until one succeeds.
    failed: Option<String>,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core")
            .field("broken", &self.broken)
            .finish_non_exhaustive()
    }
}

/// Why the state cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Record(#[from] crate::domain::state::RecordError),
}

/// Loads the live state from the projections.
///
/// # Errors
/// [`LoadError`] if the store cannot be read or holds a record of another shape.
pub fn load(store: &Store, places: &[(PlaceId, PlaceKind)]) -> Result<State, LoadError> {
    let mut state = State::new(store.station(), &[]);
    for kind in RecordKind::ALL {
        for (id, body) in store.records(kind, true, LIVE_RECORDS_MAX)? {
            state.load(kind, &id, body)?;
        }
    }
    for (id, kind) in places {
        state.ensure_place(id, *kind);
    }
    Ok(state)
}

impl Core {
    /// Puts the parts together around a loaded state.
    #[allow(clippy::too_many_arguments)]
    pub fn new(
        store: Store,
        clock: StationClock,
        rules: Rules,
        desk: Arc<dyn Desk + Send + Sync>,
        hands: Box<dyn Hands>,
        views: Views,
        sync: SharedSync,
        places: Vec<(PlaceId, PlaceKind)>,
        metrics: Arc<Metrics>,
    ) -> Result<Core, LoadError> {
        let state = load(&store, &places)?;
        Ok(Core {
            store,
            clock,
            rules,
            desk,
            hands,
            views,
            sync,
            places,
            metrics,
            state,
            live: Live::default(),
            pictures: BTreeMap::new(),
            broken: None,
            failed: None,
        })
    }

    /// The loop; ends with [`Message::Stop`] or when all senders are gone. Inputs that wait at
    /// that moment are still taken.
    pub fn run(mut self, mut inbox: mpsc::Receiver<Message>) {
        self.paint();
        let mut open = true;
        while open {
            let Some(first) = inbox.blocking_recv() else {
                break;
            };
            let mut batch = vec![first];
            while batch.len() < BATCH_MAX {
                match inbox.try_recv() {
                    Ok(message) => batch.push(message),
                    Err(_) => break,
                }
            }
            let mut deliveries = Vec::new();
            for message in batch {
                match message {
                    Message::Input(delivery) => deliveries.push(*delivery),
                    Message::Repaint => {}
                    Message::Stop => open = false,
                }
            }
            let scans = oldest_scan(&deliveries);
            self.deliver(deliveries);
            self.paint();
            if let Some(at) = scans {
                let ms = self.clock.mono().since_ms(at);
                self.metrics
                    .scan_to_verdict
                    .observe_us(ms.saturating_mul(1000));
            }
        }
    }

    fn deliver(&mut self, deliveries: Vec<Delivery>) {
        let mut group = Vec::new();
        for delivery in deliveries {
            if is_alone(&delivery) {
                self.commit(std::mem::take(&mut group));
                self.commit(vec![delivery]);
            } else {
                group.push(delivery);
            }
        }
        self.commit(group);
    }

    /// Decides a group of inputs, commits once, then runs effects and answers.
    fn commit(&mut self, group: Vec<Delivery>) {
        if group.is_empty() {
            return;
        }
        if self.broken.is_some() && !self.recover() {
            self.refuse(group);
            return;
        }
        let mut commit = Commit::new(self.clock.boot_id.clone(), self.clock.quality());
        let mut effects = Vec::new();
        let mut waiting = Vec::new();
        for delivery in group {
            match self.decide(delivery, &mut commit, &mut effects) {
                Ok(Some(answer)) => waiting.push(answer),
                Ok(None) => {}
                Err(error) => {
                    self.fail(&error, waiting);
                    return;
                }
            }
        }
        let nothing =
            commit.drafts.is_empty() && commit.changes.is_empty() && commit.idempotency.is_none();
        let started = std::time::Instant::now();
        let committed = if nothing {
            Ok(Vec::new())
        } else {
            self.store.commit(commit)
        };
        if !nothing {
            let us = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.metrics.commit.observe_us(us);
        }
        match committed {
            Ok(events) => {
                if !nothing {
                    self.failed = None;
                }
                if !events.is_empty() {
                    self.hands.committed(&events);
                }
                for effect in effects {
                    self.hands.run(effect, &self.state);
                }
                for (reply, answer) in waiting {
                    // Whoever asked may have gone; the commit stands.
                    drop(reply.send(Ok(answer)));
                }
            }
            Err(error) => self.fail(&error, waiting),
        }
    }

    #[allow(clippy::type_complexity)]
    fn decide(
        &mut self,
        delivery: Delivery,
        commit: &mut Commit,
        effects: &mut Vec<Effect>,
    ) -> Result<Option<(Replier, Option<Reply>)>, StoreError> {
        let looked = look(&self.store, &self.state, &delivery.kind)?;
        let input = Input {
            place: delivery.place,
            stamp: delivery.stamp,
            kind: delivery.kind,
        };
        self.find_pictures(&input.kind);
        let done = step(
            &mut self.state,
            &mut self.live,
            &input,
            &looked,
            &self.rules,
            self.desk.as_ref(),
        );
        if !done.drafts.is_empty() {
            commit.persons.extend(delivery.persons);
            commit.documents.extend(delivery.documents);
        }
        log(&done.drafts);
        commit.drafts.extend(done.drafts);
        commit.changes.extend(done.changes);
        effects.extend(done.effects);
        if let Some((key, request_hash)) = delivery.idempotency {
            let response = super::submit::response_text(&input.kind, done.reply.as_ref());
            commit.idempotency = Some(Idempotency {
                key,
                request_hash,
                response,
            });
        }
        Ok(delivery.reply.map(|reply| (reply, done.reply)))
    }

    /// Remembers the article pictures of orders as they come in.
    fn find_pictures(&mut self, kind: &InputKind) {
        let InputKind::Scan { code, .. } = kind else {
            return;
        };
        let order = self.state.by_code(code).find_map(|c| match c {
            CodeRef::Order(id) => self.state.orders.get(id),
            CodeRef::Parcel(_) | CodeRef::Handover(_) => None,
        });
        let skus: Vec<Sku> =
            order.map_or(vec![], |o| o.lines.iter().map(|l| l.sku.clone()).collect());
        for sku in skus {
            if self.pictures.len() >= PICTURES_MAX {
                self.pictures.clear();
            }
            // A picture that cannot be looked up is a tile with initials instead.
            if let Ok(Some(picture)) = self.store.item(&sku).map(|i| i.and_then(|i| i.picture)) {
                self.pictures.insert(sku, format!("/pictures/{picture}"));
            }
        }
    }

    /// The commit did not happen: nothing of the group may be believed.
    fn fail(&mut self, error: &StoreError, waiting: Vec<(Replier, Option<Reply>)>) {
        tracing::error!(%error, "commit failed; state is loaded again");
        for (reply, _) in waiting {
            drop(reply.send(Err(error.clone())));
        }
        self.failed = Some(error.to_string());
        self.broken = Some(error.to_string());
        self.recover();
    }

    /// Loads the state again; true if the station can go on.
    fn recover(&mut self) -> bool {
        if self.store.has_failed() {
            return false;
        }
        match load(&self.store, &self.places) {
            Ok(state) => {
                self.state = state;
                self.live.queued.clear();
                self.broken = None;
                true
            }
            Err(error) => {
                self.broken = Some(error.to_string());
                false
            }
        }
    }

    fn refuse(&mut self, group: Vec<Delivery>) {
        let cause = self.broken.clone().unwrap_or_default();
        for delivery in group {
            if let Some(reply) = delivery.reply {
                drop(reply.send(Err(StoreError::Failed {
                    cause: cause.clone(),
                })));
            }
        }
    }

    /// Publishes every screen that changed.
    fn paint(&mut self) {
        let sync = self
            .sync
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        for (id, sender) in &self.views {
            let scene = Scene {
                state: &self.state,
                live: &self.live,
                rules: &self.rules,
                desk: self.desk.as_ref(),
                sync: &sync,
                pictures: &self.pictures,
                now: self.clock.mono(),
            };
            let Some(mut view) = screen::view(&scene, id) else {
                continue;
            };
            if let Some(cause) = self.broken.as_ref().or(self.failed.as_ref()) {
                red(&mut view, cause, self.clock.now().wall.unix_ms);
            }
            let shown = sender.borrow().clone();
            view.version = shown.version;
            if view != *shown {
                view.version = shown.version.saturating_add(1);
                sender.send_replace(Arc::new(view));
            }
        }
    }
}

/// An answer under a key is stored with its own commit. What concerns archived records reads them
/// from the store, which must have the commits before it.
fn is_alone(delivery: &Delivery) -> bool {
    let archived = match &delivery.kind {
        InputKind::CarrierScan { .. } | InputKind::ExceptionSettled { .. } => true,
        InputKind::Order { order } => order.carrier_label.is_some(),
        _ => false,
    };
    archived || delivery.idempotency.is_some()
}

/// When the oldest scan of a batch arrived.
fn oldest_scan(deliveries: &[Delivery]) -> Option<crate::domain::Instant> {
    let scans = deliveries
        .iter()
        .filter(|d| matches!(d.kind, InputKind::Scan { .. }));
    scans.map(|d| d.stamp.mono).min()
}

type Replier = std::sync::mpsc::SyncSender<Outcome>;

/// The store is down: no screen may look as if work could go on.
fn red(view: &mut PlaceView, cause: &str, now_ms: i64) {
    view.mode = Mode::Stop;
    view.stop = Some(StopView {
        code: "store_failed".into(),
        word: "DO NOT PACK".into(),
        text: format!("Nothing can be recorded: {cause}"),
        remedy: "Call the supervisor.".into(),
        scanned: None,
        since_ms: view.stop.as_ref().map_or(now_ms, |s| s.since_ms),
    });
}

/// The service log: one line per fact, without codes, names or addresses above debug level.
fn log(drafts: &[Draft]) {
    for draft in drafts {
        tracing::info!(kind = draft.fact.kind(), subject = draft.subject, "event");
    }
}
