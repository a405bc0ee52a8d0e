//! Drives one sink: outbox -> sender -> sink -> outbox, and publishes how it fares.
//!
//! Constraints: two threads per sink, so that a slow answer delays nobody (not even `status` or a
//! stop); whoever commits events calls [`Handle::wake`], which never blocks; the watch always
//! holds the latest status.

use super::outbox::{Outbox, Parked, Settlement};
use super::sender::{Answer, Batch, Mood, Output, Sender};
use super::sinks::{self, Sink, SinkConfig, SinkError};
use super::status::{ParkedEvent, SinkStatus};
use crate::domain::Instant;
use crate::pulse::{Ear, Pulse};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};
use tokio::sync::watch;

/// Parked events listed in a status.
const PARKED_LISTED_MAX: u32 = 500;
/// How long a stop waits for a request that is under way.
const STOP_MS_MAX: u64 = 2000;

/// What the worker measured since it started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Metrics {
    /// Events delivered (doubles included), and events newly parked.
    pub delivered: u64,
    pub parked: u64,
    /// Requests, and those that were not answered with verdicts.
    pub requests: u64,
    pub failed: u64,
    /// Duration of the last request.
    pub request_ms_last: u64,
    /// When the oldest event that is not delivered happened, in Unix milliseconds.
    pub oldest_ms: Option<i64>,
}

impl Metrics {
    /// Sync lag: age of the oldest event not delivered, in milliseconds; 0 if there is none.
    pub fn lag_ms(&self, now_unix_ms: i64) -> u64 {
        let age = self
            .oldest_ms
            .map_or(0, |then| now_unix_ms.saturating_sub(then));
        u64::try_from(age).unwrap_or(0)
    }
}

enum Message {
    Wake,
    Retry(mpsc::Sender<Result<u32, String>>),
    Answered(Answer, u64),
    Stop,
}

/// A running sink.
#[derive(Debug)]
pub struct Handle {
    sink: String,
    messages: mpsc::Sender<Message>,
    woken: Arc<AtomicBool>,
    status: watch::Receiver<SinkStatus>,
    metrics: watch::Receiver<Metrics>,
    thread: Option<JoinHandle<()>>,
    ears: (Ear, Ear),
}

impl Handle {
    /// The sink's id.
    pub fn sink(&self) -> &str {
        &self.sink
    }

    /// New events were committed. Never blocks.
    pub fn wake(&self) {
        if !self.woken.swap(true, Ordering::AcqRel) {
            // Fails only after the end, when there is nothing left to wake.
            drop(self.messages.send(Message::Wake));
        }
    }

    /// Makes refused events due again, ends pause and backoff; returns how many were parked.
    ///
    /// # Errors
    /// A text if the outbox cannot be written or the worker has ended.
    pub fn retry_parked(&self) -> Result<u32, String> {
        let ended = || "the sink's worker has ended: restart the daemon".to_owned();
        let (sender, receiver) = mpsc::channel();
        self.messages
            .send(Message::Retry(sender))
            .map_err(|_| ended())?;
        receiver.recv().map_err(|_| ended())?
    }

    /// The latest status.
    pub fn status(&self) -> SinkStatus {
        self.status.borrow().clone()
    }

    /// Every status from now on.
    pub fn watch(&self) -> watch::Receiver<SinkStatus> {
        self.status.clone()
    }

    /// What was measured.
    pub fn metrics(&self) -> Metrics {
        *self.metrics.borrow()
    }

    /// Whether the worker gets on, and whether its requests do.
    pub fn ears(&self) -> (Ear, Ear) {
        self.ears.clone()
    }

    /// Ends the worker. A request under way gets two seconds; its events stay due otherwise.
    pub fn shutdown(mut self) {
        self.end();
    }

    fn end(&mut self) {
        drop(self.messages.send(Message::Stop));
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!(sink = %self.sink, "the sink's worker had panicked");
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.end();
    }
}

/// Starts the worker of a configured sink. `seed` spreads the attempts of a fleet: give each
/// station and start another.
///
/// # Errors
/// [`SinkError`] if the configuration cannot be used or no thread can be started.
pub fn start(config: &SinkConfig, outbox: Box<dyn Outbox>, seed: u64) -> Result<Handle, SinkError> {
    config.check()?;
    let sink = sinks::open(config)?;
    let sender = Sender::new(config.limits(), config.filter()?, Instant(0), seed);
    start_with(&config.id, sender, outbox, sink).map_err(|e| SinkError {
        sink: config.id.clone(),
        problem: e.to_string(),
    })
}

/// Starts a worker of given parts; the sender's clock starts at 0.
///
/// # Errors
/// If no thread can be started.
pub fn start_with(
    id: &str,
    sender: Sender,
    outbox: Box<dyn Outbox>,
    sink: Box<dyn Sink>,
) -> std::io::Result<Handle> {
    let (messages, inbox) = mpsc::channel();
    let empty = SinkStatus {
        sink: id.to_owned(),
        state: word(Mood::Ok).to_owned(),
        acked_through: 0,
        waiting: 0,
        parked: Vec::new(),
        last_ack_ms: None,
        last_error: None,
    };
    let (status_out, status) = watch::channel(empty);
    let (metrics_out, metrics) = watch::channel(Metrics::default());
    let woken = Arc::new(AtomicBool::new(false));
    let (pulse, carrying) = (Pulse::default(), Pulse::default());
    let ears = (pulse.ear(), carrying.ear());
    let requests = start_carrier(id, sink, messages.clone(), carrying)?;
    let mut worker = Worker {
        id: id.to_owned(),
        sender,
        outbox,
        requests,
        status: status_out,
        metrics: metrics_out,
        measured: Metrics::default(),
        last_ack_ms: None,
        outbox_error: None,
        parked: Vec::new(),
        woken: woken.clone(),
        began: std::time::Instant::now(),
        sending: false,
        stopping: false,
    };
    let thread = std::thread::Builder::new()
        .name(format!("sync-{id}"))
        .spawn(move || worker.run(&inbox, &pulse))?;
    Ok(Handle {
        sink: id.to_owned(),
        messages,
        woken,
        status,
        metrics,
        thread: Some(thread),
        ears,
    })
}

/// The thread that waits for the network. Ends when its requests end.
fn start_carrier(
    id: &str,
    mut sink: Box<dyn Sink>,
    messages: mpsc::Sender<Message>,
    pulse: Pulse,
) -> std::io::Result<mpsc::Sender<Batch>> {
    let (requests, inbox) = mpsc::channel::<Batch>();
    std::thread::Builder::new()
        .name(format!("sink-{id}"))
        .spawn(move || {
            for batch in inbox {
                pulse.works();
                let began = std::time::Instant::now();
                let answer = sink.send(&batch, unix_ms().div_euclid(1000));
                pulse.rests();
                let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
                if messages.send(Message::Answered(answer, took_ms)).is_err() {
                    return;
                }
            }
        })?;
    Ok(requests)
}

struct Worker {
    id: String,
    sender: Sender,
    outbox: Box<dyn Outbox>,
    requests: mpsc::Sender<Batch>,
    status: watch::Sender<SinkStatus>,
    metrics: watch::Sender<Metrics>,
    measured: Metrics,
    last_ack_ms: Option<i64>,
    outbox_error: Option<String>,
    parked: Vec<ParkedEvent>,
    woken: Arc<AtomicBool>,
    began: std::time::Instant,
    /// A request is under way.
    sending: bool,
    /// No new request is made.
    stopping: bool,
}

impl Worker {
    fn run(&mut self, inbox: &mpsc::Receiver<Message>, pulse: &Pulse) {
        pulse.works();
        self.list_parked();
        let mut stop_at: Option<Instant> = None;
        loop {
            if stop_at.is_none() {
                self.sender.handle_timeout(self.now());
            }
            self.obey();
            self.publish();
            let until = match stop_at {
                Some(at) if !self.sending || self.now() >= at => return,
                Some(at) => Some(at),
                None => self.sender.poll_timeout(),
            };
            pulse.rests();
            let message = match until {
                None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(at) => inbox.recv_timeout(Duration::from_millis(at.since_ms(self.now()))),
            };
            pulse.works();
            match message {
                Ok(Message::Wake) => {
                    self.woken.store(false, Ordering::Release);
                    self.sender.woken();
                }
                Ok(Message::Retry(reply)) => {
                    // The asker may have gone away; the retry counts all the same.
                    drop(reply.send(self.retry()));
                }
                Ok(Message::Answered(answer, took_ms)) => self.answered(answer, took_ms),
                Ok(Message::Stop) => {
                    self.stopping = true;
                    stop_at = Some(Instant(self.now().0 + STOP_MS_MAX));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn now(&self) -> Instant {
        Instant(u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX))
    }

    /// Does what the sender wants until it waits for something.
    fn obey(&mut self) {
        while let Some(output) = self.sender.poll() {
            match output {
                Output::Want { .. } if self.stopping => {}
                Output::Want {
                    events_max,
                    bytes_max,
                } => match self.outbox.due(events_max, bytes_max) {
                    Ok(due) => {
                        self.outbox_error = None;
                        self.measured.oldest_ms = due.events.first().map(|e| e.unix_ms);
                        self.sender.loaded(self.now(), due);
                    }
                    Err(e) => self.outbox_failed(&e.to_string()),
                },
                Output::Send(batch) => {
                    self.measured.requests += 1;
                    self.sending = true;
                    if self.requests.send(batch).is_err() {
                        let reason = "the sink's thread has ended: restart the daemon".to_owned();
                        self.answered(Answer::Unclear { reason }, 0);
                    }
                }
                Output::Settle(settlement) => self.settle(settlement),
                Output::Pause { reason } => {
                    tracing::warn!(sink = %self.id, %reason, "sync is paused");
                }
            }
        }
    }

    fn settle(&mut self, settlement: Settlement) {
        let parked = settlement.refused.len() as u64;
        for (seq, reason) in &settlement.refused {
            tracing::warn!(sink = %self.id, seq, %reason, "the upstream refused an event");
        }
        // Local events alone are no acknowledgement.
        let accepted = self.sender.accepted();
        match self.outbox.settle(settlement) {
            Ok(()) => {
                self.outbox_error = None;
                self.measured.parked += parked;
                if accepted > self.measured.delivered {
                    self.measured.delivered = accepted;
                    self.last_ack_ms = Some(unix_ms());
                }
                if parked > 0 || !self.parked.is_empty() {
                    self.list_parked();
                }
                self.sender.settled(self.now());
            }
            Err(e) => self.outbox_failed(&e.to_string()),
        }
    }

    fn outbox_failed(&mut self, reason: &str) {
        tracing::error!(sink = %self.id, %reason, "the outbox cannot be used");
        self.outbox_error = Some(reason.to_owned());
        self.sender.outbox_failed(self.now(), reason);
    }

    fn answered(&mut self, answer: Answer, took_ms: u64) {
        self.sending = false;
        self.measured.request_ms_last = took_ms;
        if let Answer::Unclear { .. } | Answer::Status { .. } = &answer {
            self.measured.failed += 1;
            tracing::info!(sink = %self.id, ?answer, "a batch was not taken");
        }
        self.sender.answered(self.now(), answer);
    }

    fn retry(&mut self) -> Result<u32, String> {
        let count = self.outbox.unpark().map_err(|e| e.to_string())?;
        self.list_parked();
        self.sender.resume();
        Ok(count)
    }

    fn list_parked(&mut self) {
        match self.outbox.parked(PARKED_LISTED_MAX) {
            Ok(rows) => self.parked = rows.into_iter().map(parked_event).collect(),
            Err(e) => self.outbox_error = Some(e.to_string()),
        }
    }

    fn publish(&mut self) {
        let backlog = match self.outbox.backlog() {
            Ok(backlog) => backlog,
            Err(e) => {
                self.outbox_error = Some(e.to_string());
                return;
            }
        };
        let idle = self.sender.is_idle();
        if idle {
            self.measured.oldest_ms = None;
        }
        let error = self.outbox_error.as_deref().or(self.sender.last_error());
        let status = SinkStatus {
            sink: self.id.clone(),
            state: word(self.sender.mood()).to_owned(),
            acked_through: backlog.acked_through,
            // What is left when idle are local events, which no one waits for.
            waiting: if idle { 0 } else { backlog.waiting },
            parked: self.parked.clone(),
            last_ack_ms: self.last_ack_ms.or(backlog.acked_ms),
            last_error: error.map(str::to_owned),
        };
        self.status.send_if_modified(|old| {
            let changed = *old != status;
            *old = status;
            changed
        });
        self.metrics.send_replace(self.measured);
    }
}

fn parked_event(row: Parked) -> ParkedEvent {
    ParkedEvent {
        seq: row.seq,
        subject: row.subject,
        kind: row.kind,
        reason: row.reason,
    }
}

fn word(mood: Mood) -> &'static str {
    match mood {
        Mood::Ok => "ok",
        Mood::Waiting => "waiting",
        Mood::Offline => "offline",
        Mood::Paused => "paused",
    }
}

fn unix_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
