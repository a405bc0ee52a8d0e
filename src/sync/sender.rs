//! When to send what, and what an answer means: a state machine without I/O, clock or thread.
//!
//! Inputs are calls with a time; outputs are polled with [`Sender::poll`]; when nothing is left to
//! do, [`Sender::poll_timeout`] says when to call [`Sender::handle_timeout`]. One batch is under
//! way at a time. Rules (reference 5.1):
//!
//! - 408, 425, 429, 5xx and anything unclear: the same events again, after full-jitter backoff
//!   (base 500 ms, cap 60 s); `Retry-After` wins, up to an hour. The receiver drops doubles by id.
//! - 401 and 403 pause the sink, and so does an address that is no receiver (redirects, 404, 405,
//!   406, 410, 415, 426): splitting would park good events for a wrong setting. A paused sink
//!   tries again by itself every five minutes.
//! - 413 and every other 4xx halve the batch until one event is left; that one is the culprit and
//!   is parked. Three culprits in a row with nothing accepted between: the sink pauses instead.
//! - A verdict counts for its event alone. Refused for good: parked, and later events of its
//!   subject wait behind it. Refused for now: stays due; parked after 8 such refusals while the
//!   upstream took other events, or after 30.
//! - A receipt that does not fit the batch's chain head: nothing counts, the sink pauses.

pub use super::batch::{Answer, Batch, Entry, Head, Limits, Outcome, UpstreamReceipt, Verdict};
pub use super::pace::{BACKOFF_BASE_MS, BACKOFF_CAP_MS, Mood, RETRY_AFTER_MS_MAX};

use super::batch::{batch_id, head_of, misfit};
use super::cloudevents::{self, Filter};
use super::outbox::{Due, Receipt, Settlement};
use super::pace::Pace;
use super::refusals::Tries;
use crate::domain::Instant;
use std::collections::{HashMap, VecDeque};

/// A paused sink tries again by itself after this time, plus up to a fifth.
pub const PAUSE_MS: u64 = 300_000;
/// A few local events alone move the cursor only this often, to spare the disk.
pub const LOCAL_SETTLE_MS: u64 = 1000;
/// Local events that are worth a cursor move at once.
const LOCAL_EVENTS_MAX: usize = 8;
/// Single events refused by a whole-request 4xx, one after the other, before the sink pauses.
const CULPRITS_MAX: u32 = 3;

/// What the driver has to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Output {
    /// Ask the outbox and call [`Sender::loaded`].
    Want { events_max: u32, bytes_max: usize },
    /// Hand to the sink and call [`Sender::answered`].
    Send(Batch),
    /// Store and call [`Sender::settled`].
    Settle(Settlement),
    /// For people: the sink stands still until [`Sender::resume`] or the next slow try.
    Pause { reason: String },
}

#[derive(Debug)]
enum State {
    /// Nothing was due when last asked.
    Idle,
    Wait {
        until: Instant,
        wakeable: bool,
    },
    Loading {
        woken: bool,
    },
    Sending(Box<InFlight>),
    Settling {
        through: u64,
        backoff: bool,
    },
    Paused {
        until: Instant,
    },
}

#[derive(Debug)]
struct InFlight {
    batch: Batch,
    /// Numbers in the window that the filter keeps here.
    local: Vec<u64>,
    through: u64,
}

/// The sender of one sink.
#[derive(Debug)]
pub struct Sender {
    limits: Limits,
    filter: Filter,
    state: State,
    outputs: VecDeque<Output>,
    pace: Pace,
    /// Present size of a batch: halved by refusals of a whole request, doubled by success.
    events_now: u32,
    culprits: u32,
    tries: Tries,
    /// Where the cursor is, once known.
    cursor: Option<u64>,
    local_settled: Option<Instant>,
    mood: Mood,
    last_error: Option<String>,
    accepted: u64,
}

impl Sender {
    /// A sender that asks for its first batch within `limits.first_spread_ms`.
    pub fn new(limits: Limits, filter: Filter, now: Instant, seed: u64) -> Self {
        let mut sender = Self {
            limits,
            filter,
            state: State::Idle,
            outputs: VecDeque::new(),
            pace: Pace::new(seed),
            events_now: limits.events_max.max(1),
            culprits: 0,
            tries: Tries::default(),
            cursor: None,
            local_settled: None,
            mood: Mood::Ok,
            last_error: None,
            accepted: 0,
        };
        let delay = sender.pace.uniform(limits.first_spread_ms);
        sender.wait(now, delay, false);
        sender
    }

    /// The next thing to do, until there is none.
    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call [`Sender::handle_timeout`] if nothing else happens before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Wait { until, .. } | State::Paused { until } => Some(until),
            _ => None,
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.poll_timeout().is_some_and(|until| now >= until) {
            self.want();
        }
    }

    /// New events were committed. Never shortens a backoff or a pause.
    pub fn woken(&mut self) {
        match &mut self.state {
            State::Idle | State::Wait { wakeable: true, .. } => self.want(),
            State::Loading { woken } => *woken = true,
            _ => {}
        }
    }

    /// A person asks for another try now.
    pub fn resume(&mut self) {
        self.culprits = 0;
        self.pace.reset();
        if self.mood == Mood::Paused {
            self.mood = Mood::Waiting;
        }
        match &mut self.state {
            State::Loading { woken } => *woken = true,
            State::Sending(_) | State::Settling { .. } => {}
            _ => self.want(),
        }
    }

    /// The outbox answered [`Output::Want`].
    pub fn loaded(&mut self, now: Instant, due: Due) {
        let State::Loading { woken } = self.state else {
            return;
        };
        let moves = self.cursor.is_none_or(|cursor| due.through > cursor);
        let window = self.window(due);
        if !window.batch.entries.is_empty() {
            self.outputs.push_back(Output::Send(window.batch.clone()));
            self.state = State::Sending(Box::new(window));
        } else if woken {
            self.want();
        } else if window.local.is_empty() && !moves {
            self.state = State::Idle;
        } else {
            self.settle_local(now, window);
        }
    }

    /// The outbox could not be read or written: the same again later.
    pub fn outbox_failed(&mut self, now: Instant, reason: &str) {
        if matches!(self.state, State::Loading { .. } | State::Settling { .. }) {
            self.last_error = Some(reason.to_owned());
            self.back_off(now, None);
        }
    }

    /// [`Output::Settle`] is stored.
    pub fn settled(&mut self, now: Instant) {
        let State::Settling { through, backoff } = self.state else {
            return;
        };
        self.cursor = self.cursor.max(Some(through));
        if backoff {
            self.back_off(now, None);
        } else {
            self.want();
        }
    }

    /// The sink answered [`Output::Send`].
    pub fn answered(&mut self, now: Instant, answer: Answer) {
        let state = std::mem::replace(&mut self.state, State::Idle);
        let State::Sending(flight) = state else {
            self.state = state;
            return;
        };
        match answer {
            Answer::Verdicts { verdicts, receipt } => self.judge(now, *flight, &verdicts, receipt),
            Answer::Status {
                status,
                retry_after_ms,
                text,
            } => {
                self.whole(now, *flight, status, retry_after_ms, &text);
            }
            Answer::Unclear { reason } => {
                self.mood = Mood::Offline;
                self.last_error = Some(reason);
                self.back_off(now, None);
            }
        }
    }

    /// How the sink fares.
    pub fn mood(&self) -> Mood {
        self.mood
    }

    /// The last failure, until something is accepted.
    pub fn last_error(&self) -> Option<&str> {
        self.last_error.as_deref()
    }

    /// Events the upstream has taken since the start, doubles included.
    pub fn accepted(&self) -> u64 {
        self.accepted
    }

    /// Everything was delivered, parked or kept here when last asked.
    pub fn is_idle(&self) -> bool {
        matches!(self.state, State::Idle)
    }

    /// Splits what is due into what is sent and what stays here, within the byte limit.
    fn window(&self, due: Due) -> InFlight {
        let (mut entries, mut local, mut bytes) = (Vec::new(), Vec::new(), 2);
        let (mut through, mut head) = (due.through, None);
        for event in &due.events {
            if !self.filter.passes(&event.fact.kind()) {
                local.push(event.seq);
                continue;
            }
            let json = cloudevents::cloud_event(event).to_string();
            let full = bytes + json.len() + 1 > self.limits.bytes_max;
            if (full && !entries.is_empty()) || entries.len() as u64 >= self.events_now.into() {
                through = event.seq - 1;
                break;
            }
            bytes += json.len() + 1;
            head = Some(head_of(event));
            entries.push(Entry {
                seq: event.seq,
                id: event.id.clone(),
                subject: event.subject.clone(),
                json,
            });
        }
        let none = Head {
            station: String::new(),
            epoch: 0,
            seq: 0,
            hash: String::new(),
        };
        let batch = Batch {
            id: batch_id(&entries),
            entries,
            head: head.unwrap_or(none),
        };
        InFlight {
            batch,
            local,
            through,
        }
    }

    /// Nothing to send, but the cursor can move: at once if it is worth it.
    fn settle_local(&mut self, now: Instant, window: InFlight) {
        let rest_ms = self
            .local_settled
            .map_or(0, |then| LOCAL_SETTLE_MS.saturating_sub(now.since_ms(then)));
        // A full window may hide events that are to be sent.
        let few = LOCAL_EVENTS_MAX.min(self.events_now as usize);
        if rest_ms > 0 && window.local.len() < few {
            self.wait(now, rest_ms, true);
            return;
        }
        self.local_settled = Some(now);
        let (through, delivered) = (window.through, window.local);
        self.settle(
            Settlement {
                through,
                delivered,
                ..Settlement::default()
            },
            false,
        );
    }

    /// A status other than 2xx for the whole request.
    fn whole(
        &mut self,
        now: Instant,
        flight: InFlight,
        status: u16,
        retry_after_ms: Option<u64>,
        text: &str,
    ) {
        let said = format!("the upstream answered {status} {}", text.trim());
        self.last_error = Some(said.trim().to_owned());
        match status {
            401 | 403 => self.pause(now, format!("{said}: check the sink's secret")),
            300..=399 | 404 | 405 | 406 | 410 | 415 | 426 => self.pause(
                now,
                format!("{said}: check that the sink's url is the receiver's own address"),
            ),
            408 | 425 | 429 | 500..=599 => {
                self.mood = Mood::Waiting;
                self.back_off(now, retry_after_ms);
            }
            400..=499 => self.halve(now, flight, said),
            _ => {
                self.mood = Mood::Offline;
                self.back_off(now, retry_after_ms);
            }
        }
    }

    /// Something in the batch is not acceptable: look for it.
    fn halve(&mut self, now: Instant, flight: InFlight, said: String) {
        let sent = u32::try_from(flight.batch.entries.len()).unwrap_or(u32::MAX);
        self.mood = Mood::Waiting;
        if sent > 1 {
            self.events_now = sent / 2;
            self.want();
            return;
        }
        if self.culprits >= CULPRITS_MAX {
            self.pause(
                now,
                format!("{said}, for every event: ask the upstream's operator"),
            );
            return;
        }
        self.culprits += 1;
        let refused = flight
            .batch
            .entries
            .iter()
            .map(|e| (e.seq, said.clone()))
            .collect();
        let (through, delivered) = (flight.through, flight.local);
        self.settle(
            Settlement {
                through,
                delivered,
                refused,
                receipt: None,
            },
            false,
        );
    }

    /// 2xx: verdicts count one by one.
    fn judge(
        &mut self,
        now: Instant,
        flight: InFlight,
        verdicts: &[Verdict],
        receipt: Option<UpstreamReceipt>,
    ) {
        if let Some(wrong) = receipt.as_ref().and_then(|r| misfit(r, &flight.batch.head)) {
            self.pause(now, wrong);
            return;
        }
        let verdicts: HashMap<&str, &Verdict> =
            verdicts.iter().map(|v| (v.id.as_str(), v)).collect();
        if !flight
            .batch
            .entries
            .iter()
            .any(|e| verdicts.contains_key(e.id.as_str()))
        {
            self.mood = Mood::Offline;
            self.last_error = Some(
                "the answer holds no verdict on any event sent: check that the sink's url is a \
                 firstscan receiver"
                    .to_owned(),
            );
            self.back_off(now, None);
            return;
        }
        let taken = |e: &&Entry| {
            verdicts
                .get(e.id.as_str())
                .is_some_and(|v| v.verdict != Outcome::Refused)
        };
        let mut delivered: Vec<u64> = flight
            .batch
            .entries
            .iter()
            .filter(taken)
            .map(|e| e.seq)
            .collect();
        self.succeeded(&delivered);
        let refusals = self
            .tries
            .sort(&flight.batch, &verdicts, !delivered.is_empty());
        let left = refusals.left.is_some();
        self.mood = if left { Mood::Waiting } else { Mood::Ok };
        self.last_error = refusals.left;
        if !left {
            // Else the next try comes later each time, whatever else was taken.
            self.pace.reset();
        }
        let refused = refusals.parked;
        delivered.extend(flight.local);
        let receipt = receipt.map(|r| Receipt {
            seq: r.seq,
            head: r.head.clone(),
            body: serde_json::to_string(&r).unwrap_or_default(),
        });
        self.settle(
            Settlement {
                through: flight.through,
                delivered,
                refused,
                receipt,
            },
            left,
        );
    }

    /// The upstream took events.
    fn succeeded(&mut self, delivered: &[u64]) {
        if delivered.is_empty() {
            return;
        }
        self.tries.forget(delivered);
        self.accepted += delivered.len() as u64;
        self.culprits = 0;
        self.events_now = self
            .events_now
            .saturating_mul(2)
            .min(self.limits.events_max.max(1));
    }

    fn want(&mut self) {
        self.state = State::Loading { woken: false };
        let (events_max, bytes_max) = (self.events_now, self.limits.bytes_max);
        self.outputs.push_back(Output::Want {
            events_max,
            bytes_max,
        });
    }

    fn settle(&mut self, settlement: Settlement, backoff: bool) {
        self.state = State::Settling {
            through: settlement.through,
            backoff,
        };
        self.outputs.push_back(Output::Settle(settlement));
    }

    fn pause(&mut self, now: Instant, reason: String) {
        self.mood = Mood::Paused;
        self.last_error = Some(reason.clone());
        let until = Instant(now.0 + PAUSE_MS + self.pace.uniform(PAUSE_MS / 5));
        self.state = State::Paused { until };
        self.outputs.push_back(Output::Pause { reason });
    }

    fn back_off(&mut self, now: Instant, retry_after_ms: Option<u64>) {
        let delay_ms = self.pace.next(retry_after_ms);
        self.wait(now, delay_ms, false);
    }

    fn wait(&mut self, now: Instant, delay_ms: u64, wakeable: bool) {
        self.state = State::Wait {
            until: Instant(now.0.saturating_add(delay_ms)),
            wakeable,
        };
    }
}
