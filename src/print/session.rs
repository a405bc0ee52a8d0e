//! One printer, one connection at a time, one label at a time: the protocol without a clock, a
//! socket or a channel. Inputs are calls with a time; reports and bytes are polled.

use super::asker::{Answer, Asker};
use super::evidence::Evidence;
use super::report::PrintReportKind;
use super::settle::Doubts;
use crate::domain::JobId;
use crate::domain::input::PrintStep;
use firstscan_drivers::printer::{Language, PrinterStatus, QueryKind};
use std::collections::VecDeque;
use std::time::Duration;

/// Labels that may wait for one printer.
const QUEUE_MAX: usize = 64;
/// Bytes offered to the connection at once.
const CHUNK_BYTES: usize = 4096;

/// What a printer can be asked.
#[derive(Clone, Copy)]
pub struct Printer {
    pub language: &'static dyn Language,
    /// It answers status questions.
    pub status: bool,
    /// It tells its label counter.
    pub counter: bool,
}

impl std::fmt::Debug for Printer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Printer")
            .field("language", &self.language.id())
            .finish_non_exhaustive()
    }
}

/// How long things may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Between two status questions while nothing is to be printed.
    pub idle_poll: Duration,
    /// The same while a label waits for its evidence.
    pub settle_poll: Duration,
    /// A question without an answer after this is unanswered.
    pub answer_max: Duration,
    /// A transfer without progress is broken after this, unless the printer reports a fault.
    pub stall_max: Duration,
    /// With a reported fault it is broken only after this.
    pub fault_stall_max: Duration,
    /// How long an idle printer may take to count a label it got.
    pub patience: Duration,
    /// How long a ready label waits for its release.
    pub release_max: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Timing {
            idle_poll: Duration::from_secs(1),
            settle_poll: Duration::from_millis(150),
            answer_max: Duration::from_millis(1500),
            stall_max: Duration::from_secs(10),
            fault_stall_max: Duration::from_secs(600),
            patience: Duration::from_secs(3),
            release_max: Duration::from_secs(60),
        }
    }
}

/// A label with its bytes.
#[derive(Debug)]
struct Job {
    id: JobId,
    bytes: Vec<u8>,
}

/// Where the label in hand stands.
#[derive(Debug)]
enum Phase {
    /// For a printer that is connected, answers, and has no fault.
    Waiting,
    /// The label counter is being read.
    Counting,
    Ready {
        since: Duration,
    },
    Writing {
        written: usize,
        moved_at: Duration,
    },
    Settling(Evidence),
}

/// The label in hand.
#[derive(Debug)]
struct Active {
    job: Job,
    phase: Phase,
    counter_before: Option<u64>,
    /// `Ready` was reported, so `Release` may come.
    announced: bool,
}

/// The state machine. After every call: poll reports until empty, offer `to_write` to the
/// connection, close it if `take_close` says so, and call `handle_timeout` at `poll_timeout`.
#[derive(Debug)]
pub struct Session {
    timing: Timing,
    resync: &'static [u8],
    asker: Asker,
    up: bool,
    /// Questions and the resync prefix on their way.
    small: Vec<u8>,
    active: Option<Active>,
    queue: VecDeque<Job>,
    doubts: Doubts,
    status: Option<PrinterStatus>,
    silent: bool,
    next_poll: Duration,
    /// The counter was seen to rise with a label of ours.
    counter_rises: bool,
    /// A label's bytes left since the start, so the counter no longer speaks about old jobs.
    sent_any: bool,
    told_flags: Option<Vec<String>>,
    told_lost: Option<String>,
    reports: VecDeque<PrintReportKind>,
    close: Option<String>,
}

impl Session {
    /// A printer that is not connected.
    pub fn new(printer: Printer, timing: Timing) -> Self {
        Session {
            timing,
            resync: printer.language.resync(),
            asker: Asker::new(printer.language, printer.status, printer.counter),
            up: false,
            small: Vec::new(),
            active: None,
            queue: VecDeque::new(),
            doubts: Doubts::default(),
            status: None,
            silent: false,
            next_poll: Duration::ZERO,
            counter_rises: false,
            sent_any: false,
            told_flags: None,
            told_lost: None,
            reports: VecDeque::new(),
            close: None,
        }
    }

    /// A new label, encoded; the same job twice is one.
    pub fn submit(&mut self, now: Duration, id: JobId, bytes: Vec<u8>) {
        let active = self.active.as_ref().map(|a| &a.job.id);
        if active == Some(&id) || self.queue.iter().any(|job| job.id == id) {
            return;
        }
        if self.queue.len() >= QUEUE_MAX {
            self.broken(
                &id,
                "too many labels wait for this printer; nothing was sent",
            );
            return;
        }
        self.queue.push_back(Job { id, bytes });
        self.advance(now);
    }

    /// The first byte leaves with the next write.
    pub fn release(&mut self, now: Duration, id: &JobId) {
        let up = self.up;
        let Some(active) = self
            .active
            .as_mut()
            .filter(|a| a.job.id == *id && a.announced)
        else {
            self.broken(
                id,
                "the printer's worker does not hold this label; nothing was sent",
            );
            return;
        };
        if matches!(active.phase, Phase::Writing { .. } | Phase::Settling(_)) {
            return;
        }
        if up {
            active.phase = Phase::Writing {
                written: 0,
                moved_at: now,
            };
        } else {
            self.active = None;
            self.broken(
                id,
                "the connection was lost before the first byte; nothing was sent",
            );
            self.advance(now);
        }
    }

    /// Forgets a label none of whose bytes left.
    pub fn drop_job(&mut self, now: Duration, id: &JobId) {
        self.queue.retain(|job| job.id != *id);
        let unsent = |a: &mut Active| {
            a.job.id == *id && !matches!(a.phase, Phase::Writing { .. } | Phase::Settling(_))
        };
        if self.active.take_if(unsent).is_some() {
            self.advance(now);
        }
    }

    /// A job in doubt from before the start.
    pub fn settle(&mut self, now: Duration, id: JobId, counter_before: Option<u64>) {
        match counter_before {
            Some(before) if !self.sent_any => self.doubts.add(now, id, before),
            _ => tracing::debug!(job = %id, "the counter cannot settle this job"),
        }
        self.advance(now);
    }

    /// A connection is open. It starts with the resync prefix, so that a half-received label of an
    /// earlier connection or run can neither print nor swallow what follows.
    pub fn connected(&mut self, now: Duration, what: String) {
        self.up = true;
        self.asker.reset();
        self.status = None;
        self.silent = false;
        self.told_flags = None;
        self.told_lost = None;
        self.close = None;
        self.small = self.resync.to_vec();
        self.next_poll = now;
        self.reports.push_back(PrintReportKind::Connected { what });
        self.advance(now);
    }

    /// The connection ended, or could not be made; told once per reason.
    pub fn lost(&mut self, now: Duration, reason: &str) {
        self.up = false;
        self.asker.reset();
        self.small.clear();
        self.status = None;
        self.close = None;
        if self.told_lost.as_deref() != Some(reason) {
            self.told_lost = Some(reason.to_owned());
            self.reports.push_back(PrintReportKind::Lost {
                reason: reason.to_owned(),
            });
        }
        match self.active.as_mut().map(|a| &mut a.phase) {
            Some(Phase::Writing { .. }) => self.break_off(reason),
            Some(Phase::Settling(evidence)) => evidence.lost(),
            Some(phase) => *phase = Phase::Waiting,
            None => {}
        }
        self.advance(now);
    }

    /// Bytes from the printer.
    pub fn received(&mut self, now: Duration, bytes: &[u8]) {
        self.asker.receive(bytes);
        while let Some(answer) = self.asker.next_answer() {
            match answer {
                Answer::Status { status, asked } => self.on_status(now, status, asked),
                Answer::Counter { count } => self.on_counter(now, count),
            }
        }
        self.advance(now);
    }

    /// What the connection should take next; empty if nothing.
    pub fn to_write(&self) -> &[u8] {
        if !self.small.is_empty() {
            return &self.small;
        }
        match &self.active {
            Some(Active {
                job,
                phase: Phase::Writing { written, .. },
                ..
            }) => {
                let rest = job.bytes.get(*written..).unwrap_or_default();
                rest.get(..CHUNK_BYTES).unwrap_or(rest)
            }
            _ => &[],
        }
    }

    /// The connection took the first `count` bytes of `to_write`.
    pub fn wrote(&mut self, now: Duration, count: usize) {
        if !self.small.is_empty() {
            self.small.drain(..count.min(self.small.len()));
            return;
        }
        let partial = self.status.is_some_and(|s| s.partial_format);
        let Some(active) = &mut self.active else {
            return;
        };
        let Phase::Writing { written, moved_at } = &mut active.phase else {
            return;
        };
        self.sent_any = true;
        *written += count;
        *moved_at = now;
        let total = active.job.bytes.len();
        if *written < total {
            return;
        }
        active.phase = Phase::Settling(Evidence::new(now, active.counter_before, partial));
        let bytes = u64::try_from(total).unwrap_or(u64::MAX);
        let id = active.job.id.clone();
        self.step(id, PrintStep::Sent { bytes });
        if !self.asker.has_status() {
            self.active = None;
        }
        self.next_poll = now;
        self.advance(now);
    }

    /// Call when the time of `poll_timeout` has come.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self
            .asker
            .deadline(self.timing.answer_max)
            .is_some_and(|at| at <= now)
        {
            self.unanswered(now);
        }
        if self.stall_at().is_some_and(|at| at <= now) {
            let reason = "the printer stopped taking bytes and reports no fault";
            self.break_off(reason);
            self.close = Some(reason.to_owned());
        }
        if self.release_at().is_some_and(|at| at <= now)
            && let Some(active) = self.active.take()
        {
            self.broken(&active.job.id, "no release came in time; nothing was sent");
        }
        self.advance(now);
    }

    /// When `handle_timeout` is due.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let asks = self.up && !self.is_writing() && self.small.is_empty();
        let free = asks && !self.asker.is_waiting();
        let poll = (free && self.asker.has_status()).then_some(self.next_poll);
        let doubts = self.doubts.due().filter(|_| free && self.is_idle());
        let answer = self.asker.deadline(self.timing.answer_max);
        [answer, poll, doubts, self.stall_at(), self.release_at()]
            .into_iter()
            .flatten()
            .min()
    }

    /// News for the station.
    pub fn poll_report(&mut self) -> Option<PrintReportKind> {
        self.reports.pop_front()
    }

    /// The connection must be closed, and why. Tell `lost` afterwards.
    pub fn take_close(&mut self) -> Option<String> {
        self.close.take()
    }

    /// A label is on its way to the printer.
    pub fn is_writing(&self) -> bool {
        matches!(
            &self.active,
            Some(Active {
                phase: Phase::Writing { .. },
                ..
            })
        )
    }

    fn on_status(&mut self, now: Duration, status: PrinterStatus, asked: Option<Duration>) {
        self.silent = false;
        self.status = Some(status);
        let interval = match self.active.as_ref().map(|a| &a.phase) {
            Some(Phase::Settling(_) | Phase::Waiting) => self.timing.settle_poll,
            _ => self.timing.idle_poll,
        };
        self.next_poll = asked.unwrap_or(now).saturating_add(interval).max(now);
        self.tell_flags();
        let Some(Active {
            phase: Phase::Settling(evidence),
            ..
        }) = &mut self.active
        else {
            return;
        };
        if evidence.status(now, &status, asked) && !evidence.wants_counter {
            self.judge(now, None);
        }
    }

    fn on_counter(&mut self, now: Duration, count: Option<u64>) {
        if !self.doubts.is_empty() {
            for (job, before, after) in self.doubts.judge(count) {
                self.step(job, PrintStep::Counted { before, after });
            }
            return;
        }
        match self.active.as_mut().map(|a| &mut a.phase) {
            Some(Phase::Counting) => self.announce(now, count),
            Some(Phase::Settling(evidence)) => {
                evidence.wants_counter = false;
                self.judge(now, count);
            }
            _ => {}
        }
    }

    /// Silence is a state of its own: neither "ok" nor a fault.
    fn unanswered(&mut self, now: Duration) {
        if self.is_writing() {
            // The printer may be reading our label first; what it said before still holds.
            self.asker.give_up(now);
            return;
        }
        self.next_poll = now.saturating_add(self.timing.settle_poll);
        if self.asker.give_up(now) == Some(QueryKind::Counter) {
            // It may be the counter alone: the next status tells.
            self.status = None;
            if let Some(Active {
                phase: phase @ Phase::Counting,
                ..
            }) = &mut self.active
            {
                *phase = Phase::Waiting;
            }
            self.doubts.judge(None);
        } else {
            self.silent = true;
            self.status = None;
            self.tell_flags();
        }
    }

    fn judge(&mut self, now: Duration, counter: Option<u64>) {
        let Some(Active {
            job,
            phase: Phase::Settling(evidence),
            ..
        }) = &self.active
        else {
            return;
        };
        let verdict = evidence.judge(now, counter, self.counter_rises, self.timing.patience);
        let id = job.id.clone();
        if verdict.drained {
            self.step(id.clone(), PrintStep::Drained);
        }
        if let Some((before, after)) = verdict.counted {
            self.counter_rises = true;
            self.step(id.clone(), PrintStep::Counted { before, after });
        }
        if let Some(reason) = verdict.broken {
            self.broken(&id, reason);
        }
        if verdict.done {
            self.active = None;
        }
    }

    fn announce(&mut self, now: Duration, counter_before: Option<u64>) {
        let Some(active) = &mut self.active else {
            return;
        };
        active.phase = Phase::Ready { since: now };
        active.counter_before = counter_before;
        active.announced = true;
        let id = active.job.id.clone();
        self.step(id, PrintStep::Ready { counter_before });
    }

    /// The printer answers, has no fault and nothing to print.
    fn is_idle(&self) -> bool {
        let idle =
            |s: &PrinterStatus| !s.fault() && s.formats_in_buffer == 0 && s.labels_remaining == 0;
        self.up && (!self.asker.has_status() || self.status.as_ref().is_some_and(idle))
    }

    /// Moves on whatever can move without waiting, then asks the next question.
    fn advance(&mut self, now: Duration) {
        if self.active.is_none()
            && let Some(job) = self.queue.pop_front()
        {
            self.active = Some(Active {
                job,
                phase: Phase::Waiting,
                counter_before: None,
                announced: false,
            });
        }
        if !self.doubts.is_empty() && self.up && !self.asker.has_counter(now) {
            self.doubts.judge(None);
        }
        let waiting = matches!(
            &self.active,
            Some(Active {
                phase: Phase::Waiting,
                ..
            })
        );
        if waiting && self.is_idle() && self.doubts.is_empty() {
            if self.asker.has_counter(now) {
                if let Some(active) = &mut self.active {
                    active.phase = Phase::Counting;
                }
            } else {
                self.announce(now, None);
            }
        }
        if self.up && !self.is_writing() && self.small.is_empty() && !self.asker.is_waiting() {
            self.ask(now);
        }
    }

    fn ask(&mut self, now: Duration) {
        let has_counter = self.asker.has_counter(now);
        let idle = self.is_idle();
        let doubts = idle && self.doubts.due().is_some_and(|at| at <= now);
        let counter = match self.active.as_mut().map(|a| &mut a.phase) {
            Some(Phase::Counting) => true,
            // While the counter rests, the idle printer is judged without it.
            Some(Phase::Settling(evidence)) if evidence.wants_counter && !has_counter => {
                evidence.wants_counter = false;
                self.judge(now, None);
                false
            }
            Some(Phase::Settling(evidence)) => evidence.wants_counter,
            _ => doubts,
        };
        if counter {
            self.small = self.asker.ask(now, QueryKind::Counter).to_vec();
        } else if now >= self.next_poll {
            self.small = self.asker.ask(now, QueryKind::Status).to_vec();
        }
    }

    /// When the transfer counts as broken.
    fn stall_at(&self) -> Option<Duration> {
        let Some(Active {
            phase: Phase::Writing { moved_at, .. },
            ..
        }) = &self.active
        else {
            return None;
        };
        let fault = self.status.is_some_and(|s| s.fault());
        let max = if fault {
            self.timing.fault_stall_max
        } else {
            self.timing.stall_max
        };
        Some(moved_at.saturating_add(max))
    }

    fn release_at(&self) -> Option<Duration> {
        match &self.active {
            Some(Active {
                phase: Phase::Ready { since },
                ..
            }) => Some(since.saturating_add(self.timing.release_max)),
            _ => None,
        }
    }

    /// Ends a transfer that did not finish.
    fn break_off(&mut self, reason: &str) {
        if let Some(active) = self
            .active
            .take_if(|a| matches!(a.phase, Phase::Writing { .. }))
        {
            let total = active.job.bytes.len();
            let written = match active.phase {
                Phase::Writing { written, .. } => written,
                _ => 0,
            };
            self.broken(
                &active.job.id,
                &format!("{written} of {total} bytes left, then: {reason}"),
            );
        }
    }

    fn broken(&mut self, job: &JobId, reason: &str) {
        self.step(
            job.clone(),
            PrintStep::Broken {
                reason: reason.to_owned(),
            },
        );
    }

    fn step(&mut self, job: JobId, step: PrintStep) {
        self.reports.push_back(PrintReportKind::Step { job, step });
    }

    /// Work in progress and a full buffer need no hand; all else does.
    fn tell_flags(&mut self) {
        let mut flags: Vec<String> = self
            .status
            .iter()
            .flat_map(|s| s.flags())
            .map(Into::into)
            .collect();
        flags.retain(|flag| flag != "busy" && flag != "buffer_full");
        if self.silent {
            flags.push("silent".into());
        }
        if self.told_flags.as_ref() != Some(&flags) {
            self.told_flags = Some(flags.clone());
            self.reports.push_back(PrintReportKind::Status { flags });
        }
    }
}
