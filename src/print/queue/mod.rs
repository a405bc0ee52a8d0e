//! A print queue as a printer: labels become jobs of the queue, and its word is the evidence.
//!
//! Constraints: a job is handed over once. It bears its id as name, and the queue is asked for that
//! name before (does it have the job already?) and after a connection that ended in the middle
//! (did it take the job?), never by trying again. A label is ready only when the queue is empty and
//! without a fault, so that nothing pours out later. `sent` = the queue has the job; `drained` = an
//! IPP printer completed it and saw no fault from then to now, on one connection; `counted` is
//! beyond a queue. A queue that only hands bytes on (CUPS to a socket or a USB printer) never gives
//! more than `sent`: it calls a job completed when the bytes are gone, and a printer switched off a
//! moment later prints nothing. Before a printer that is off it says "processing" and nothing else:
//! such a job stays `sent`, and the next label waits.
//!
//! A CUPS that was restarted in the middle of a job may keep it for ever as pending and do nothing:
//! such a job is cancelled there, so that it cannot come out later, and is in doubt. A queue that
//! tries a broken job again by itself can print a label twice, which nobody else could prevent: set
//! `printer-error-policy=abort-job`; the worker warns about any other.

mod flow;
#[cfg(test)]
mod tests;

use super::hands::Hands;
use super::limits::Timing;
use super::report::PrintReportKind;
use super::session::{Job, QUEUE_MAX};
use crate::domain::JobId;
use crate::domain::input::PrintStep;
use firstscan_drivers::ipp::{self, Parsed, QueueState, Which};
use firstscan_drivers::printer::Language;
use std::collections::VecDeque;
use std::time::Duration;

/// Before the job's id in its name, for people who look at the queue.
const NAME_PREFIX: &str = "firstscan ";

/// What the queue is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    Queue,
    /// To take the label in hand.
    Print,
    /// How the label's job is.
    Job,
    /// For a job of the label's name.
    Jobs(Which),
    /// To forget the label's job.
    Cancel,
}

/// Where the label in hand stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// For a queue that is connected, empty, and has no fault.
    Waiting,
    /// The queue is asked whether it has such a job already.
    Checking(Which),
    Ready {
        since: Duration,
    },
    Released,
    /// The job is on its way, or the queue's answer is.
    Printing,
    /// The connection ended before that answer: the queue is asked whether it has the job.
    Missing {
        since: Duration,
        which: Which,
    },
    Accepted(Accepted),
}

/// A job the queue has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Accepted {
    number: u32,
    since: Duration,
    /// A fault was seen, or may have been missed.
    spoilt: bool,
    /// The queue is done with it; a last look at the queue is due.
    completed: bool,
    /// The queue is to be asked before the job is again.
    look: bool,
    /// Since when the queue does nothing and the job does not end either.
    stuck_since: Option<Duration>,
    /// It shall not print later.
    cancel: bool,
}

#[derive(Debug)]
struct Active {
    job: Job,
    phase: Phase,
}

/// The state machine of a print queue, as [`Hands`] describe it.
#[derive(Debug)]
pub struct QueueSession {
    timing: Timing,
    url: String,
    /// Media type of the printer's language.
    format: &'static str,
    /// Before every label: what the queue sent last may have broken off.
    resync: &'static [u8],
    up: bool,
    /// Of the last request.
    number: u32,
    /// The request on its way.
    small: Vec<u8>,
    open: Option<Question>,
    answer: Vec<u8>,
    /// As last told on this connection, and not before the last label ended.
    state: Option<QueueState>,
    next_poll: Duration,
    active: Option<Active>,
    queue: VecDeque<Job>,
    /// Name of a connection on which nothing was answered yet.
    news: Option<String>,
    warned: bool,
    told_flags: Option<Vec<String>>,
    told_lost: Option<String>,
    reports: VecDeque<PrintReportKind>,
    close: Option<String>,
}

impl QueueSession {
    /// A queue that is not connected: its `ipp://` address, and the language of its printer.
    pub fn new(url: String, language: &dyn Language, timing: Timing) -> Self {
        QueueSession {
            timing,
            url,
            resync: language.resync(),
            format: match language.id() {
                "zpl" => "application/vnd.zebra-zpl",
                _ => "application/octet-stream",
            },
            up: false,
            number: 0,
            small: Vec::new(),
            open: None,
            answer: Vec::new(),
            state: None,
            next_poll: Duration::ZERO,
            active: None,
            queue: VecDeque::new(),
            news: None,
            warned: false,
            told_flags: None,
            told_lost: None,
            reports: VecDeque::new(),
            close: None,
        }
    }

    fn phase(&self) -> Option<Phase> {
        self.active.as_ref().map(|active| active.phase)
    }

    fn set_phase(&mut self, phase: Phase) {
        if let Some(active) = &mut self.active {
            active.phase = phase;
        }
    }

    /// Any byte of the request that is open may have left.
    fn has_left(&self) -> bool {
        self.small.is_empty()
    }

    fn tell_connected(&mut self) {
        if let Some(what) = self.news.take() {
            self.told_flags = None;
            self.told_lost = None;
            self.reports.push_back(PrintReportKind::Connected { what });
        }
    }

    fn step(&mut self, job: JobId, step: PrintStep) {
        self.reports.push_back(PrintReportKind::Step { job, step });
    }

    fn broken(&mut self, job: JobId, reason: impl Into<String>) {
        let reason = reason.into();
        self.step(job, PrintStep::Broken { reason });
    }

    /// The label in hand is done with; what the queue said before is no word about the next one.
    fn end(&mut self, now: Duration) -> Option<JobId> {
        self.state = None;
        self.next_poll = now;
        self.active.take().map(|active| active.job.id)
    }

    fn end_broken(&mut self, now: Duration, reason: impl Into<String>) {
        if let Some(id) = self.end(now) {
            self.broken(id, reason);
        }
    }
}

impl Hands for QueueSession {
    fn submit(&mut self, now: Duration, id: JobId, bytes: Vec<u8>) {
        let active = self.active.as_ref().map(|a| &a.job.id);
        if active == Some(&id) || self.queue.iter().any(|job| job.id == id) {
            return;
        }
        if self.queue.len() >= QUEUE_MAX {
            let reason = "too many labels wait for this queue; nothing was sent";
            self.broken(id, reason);
            return;
        }
        self.queue.push_back(Job { id, bytes });
        self.advance(now);
    }

    fn release(&mut self, now: Duration, id: &JobId) {
        let active = self.active.as_ref().filter(|a| a.job.id == *id);
        match active.map(|a| a.phase) {
            Some(Phase::Ready { .. }) => self.set_phase(Phase::Released),
            Some(Phase::Waiting | Phase::Checking(_)) => {
                let reason = "the connection was lost before the first byte; nothing was sent";
                self.end_broken(now, reason);
            }
            None => {
                let reason = "the queue's worker does not hold this label; nothing was sent";
                self.broken(id.clone(), reason);
            }
            Some(_) => {}
        }
        self.advance(now);
    }

    fn drop_job(&mut self, now: Duration, id: &JobId) {
        self.queue.retain(|job| job.id != *id);
        let ours = self.active.as_ref().is_some_and(|a| a.job.id == *id);
        let unsent = matches!(
            self.phase(),
            Some(Phase::Waiting | Phase::Checking(_) | Phase::Ready { .. } | Phase::Released)
        );
        if ours && unsent {
            self.end(now);
            self.advance(now);
        }
    }

    /// A queue has no counter, so only a scan settles such a job. It is never handed over again.
    fn settle(&mut self, _now: Duration, id: JobId, _counter_before: Option<u64>) {
        tracing::debug!(job = %id, "a queue cannot settle this job");
    }

    /// Told with the first answer: that something listens there says nothing about the queue.
    fn connected(&mut self, now: Duration, what: String) {
        self.up = true;
        self.close = None;
        self.next_poll = now;
        self.news = Some(what);
        self.advance(now);
    }

    fn lost(&mut self, now: Duration, reason: &str) {
        let left = self.has_left();
        self.up = false;
        self.small.clear();
        self.answer.clear();
        (self.open, self.state, self.close, self.news) = (None, None, None, None);
        if self.told_lost.as_deref() != Some(reason) {
            self.told_lost = Some(reason.to_owned());
            let reason = reason.to_owned();
            self.reports.push_back(PrintReportKind::Lost { reason });
        }
        match self.phase() {
            Some(Phase::Waiting | Phase::Checking(_) | Phase::Ready { .. }) => {
                self.set_phase(Phase::Waiting);
            }
            Some(Phase::Printing) if left => self.set_phase(Phase::Missing {
                since: now,
                which: Which::NotCompleted,
            }),
            Some(Phase::Released | Phase::Printing) => {
                let reason = "the connection was lost before the first byte; nothing was sent";
                self.end_broken(now, reason);
            }
            Some(Phase::Accepted(accepted)) => self.set_phase(Phase::Accepted(Accepted {
                spoilt: true,
                completed: false,
                stuck_since: None,
                ..accepted
            })),
            Some(Phase::Missing { .. }) | None => {}
        }
        self.advance(now);
    }

    fn received(&mut self, now: Duration, bytes: &[u8]) {
        self.answer.extend_from_slice(bytes);
        match ipp::parse(&self.answer) {
            Parsed::Incomplete => {}
            Parsed::Broken(reason) => self.close = Some(reason.to_owned()),
            Parsed::Complete(response, used) => {
                let rest = used < self.answer.len();
                self.answer.clear();
                match self.open.take() {
                    Some(question) if response.number == self.number && !rest => {
                        self.tell_connected();
                        self.on_answer(now, question, &response);
                        self.advance(now);
                    }
                    _ => self.close = Some("the queue answers another question".into()),
                }
            }
        }
    }

    fn to_write(&self) -> &[u8] {
        &self.small
    }

    fn wrote(&mut self, now: Duration, count: usize) {
        self.small.drain(..count.min(self.small.len()));
        if !self.small.is_empty() {
            // A request is one write: what follows would be another request.
            self.small.clear();
            self.close = Some("the connection takes requests in pieces".into());
        }
        self.advance(now);
    }

    fn handle_timeout(&mut self, now: Duration) {
        match self.phase() {
            Some(Phase::Ready { .. }) if self.is_due(now) => {
                self.end_broken(now, "no release came in time; nothing was sent");
            }
            Some(Phase::Missing { .. }) if self.is_due(now) => {
                let reason = "the connection was lost while the queue took the label, and the \
                              queue cannot be asked whether it has it";
                self.end_broken(now, reason);
            }
            _ => {}
        }
        self.advance(now);
    }

    fn poll_timeout(&self) -> Option<Duration> {
        let free = self.up && self.open.is_none();
        let poll = free.then_some(self.next_poll);
        [poll, self.deadline()].into_iter().flatten().min()
    }

    fn poll_report(&mut self) -> Option<PrintReportKind> {
        self.reports.pop_front()
    }

    fn take_close(&mut self) -> Option<String> {
        self.close.take()
    }

    fn is_writing(&self) -> bool {
        matches!(self.phase(), Some(Phase::Released | Phase::Printing))
    }
}
