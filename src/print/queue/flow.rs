//! The queue's decisions: what an answer means, what to ask next, when a label is done.

use super::{Accepted, Active, NAME_PREFIX, Phase, Question, QueueSession};
use crate::domain::JobId;
use crate::domain::input::PrintStep;
use crate::print::report::PrintReportKind;
use firstscan_drivers::ipp::{
    self, Document, JobRecord, JobState, QueueState, QueueStatus, Response, Which,
};
use std::time::Duration;

/// What a raw queue of CUPS takes as it is, whatever driver it has.
const RAW: &str = "application/vnd.cups-raw";
const BYTES: &str = "application/octet-stream";

impl QueueSession {
    pub(super) fn on_answer(&mut self, now: Duration, question: Question, response: &Response) {
        match question {
            Question::Queue => self.on_queue(now, response),
            Question::Print => self.on_print(now, response),
            Question::Job => self.on_job(now, response),
            Question::Jobs(which) => self.on_jobs(now, which, response),
            Question::Cancel => {
                let how = if response.is_ok() {
                    "was cancelled there"
                } else {
                    "is still there"
                };
                let reason = format!("the queue neither prints nor ends the label's job: it {how}");
                self.end_broken(now, reason);
            }
        }
    }

    fn on_queue(&mut self, now: Duration, response: &Response) {
        self.state = response.queue().filter(|_| response.is_ok());
        self.warn();
        let doubtful = |state: &QueueState| state.fault() || state.forwards;
        let fault = self.state.as_ref().is_none_or(doubtful);
        self.next_poll = now.saturating_add(match self.active {
            Some(_) => self.timing.settle_poll,
            None => self.timing.idle_poll,
        });
        let refused = self.state.is_none().then(|| response.problem());
        self.tell_flags(now, refused);
        let Some(Phase::Accepted(mut accepted)) = self.phase() else {
            return;
        };
        accepted.spoilt |= fault;
        accepted.look = false;
        let resting = self.state.as_ref().map(|s| s.status) == Some(QueueStatus::Idle);
        accepted.stuck_since = accepted.stuck_since.or(Some(now)).filter(|_| resting);
        let stuck = |since: Duration| now >= since.saturating_add(self.timing.stall_max);
        accepted.cancel = !accepted.completed && accepted.stuck_since.is_some_and(stuck);
        self.set_phase(Phase::Accepted(accepted));
        if accepted.completed
            && self.state.is_some()
            && let Some(id) = self.end(now)
            && !accepted.spoilt
        {
            self.step(id, PrintStep::Drained);
        }
    }

    fn warn(&mut self) {
        let policy = self.state.as_ref().and_then(|s| s.error_policy.as_deref());
        if !self.warned
            && let Some(policy) = policy.filter(|policy| policy.starts_with("retry"))
        {
            self.warned = true;
            let url = &self.url;
            tracing::warn!(url, policy, "a broken label may print twice: set abort-job");
        }
    }

    fn on_print(&mut self, now: Duration, response: &Response) {
        if !response.is_ok() {
            let problem = response.problem();
            self.end_broken(now, format!("the queue did not take the label: {problem}"));
            return;
        }
        match response.jobs().first() {
            Some(job) => self.accepted(now, job.number, false),
            None => self.set_phase(Phase::Missing {
                since: now,
                which: Which::NotCompleted,
            }),
        }
    }

    /// The queue has the job. `late` = that is known only by asking for it.
    fn accepted(&mut self, now: Duration, number: u32, late: bool) {
        let Some(active) = &mut self.active else {
            return;
        };
        active.phase = Phase::Accepted(Accepted {
            number,
            since: now,
            spoilt: late,
            completed: false,
            look: false,
            stuck_since: None,
            cancel: false,
        });
        let bytes = u64::try_from(active.job.bytes.len()).unwrap_or(u64::MAX);
        let id = active.job.id.clone();
        self.next_poll = now;
        self.step(id, PrintStep::Sent { bytes });
    }

    fn on_job(&mut self, now: Duration, response: &Response) {
        let Some(Active {
            job,
            phase: Phase::Accepted(accepted),
        }) = &mut self.active
        else {
            return;
        };
        if !response.is_ok() {
            let problem = response.problem();
            let reason = format!("the queue cannot tell what became of the label: {problem}");
            self.end_broken(now, reason);
            return;
        }
        let ours = |r: &&JobRecord| r.number == accepted.number && has_name(r, &job.id);
        let jobs = response.jobs();
        let Some(record) = jobs.iter().find(ours) else {
            let reason = "the queue lost the label: its number belongs to another job now";
            self.end_broken(now, reason);
            return;
        };
        accepted.look = true;
        match record.state {
            Some(JobState::Stopped) => accepted.spoilt = true,
            Some(JobState::Completed) if record.is_clean() => accepted.completed = true,
            Some(end @ (JobState::Completed | JobState::Cancelled | JobState::Aborted)) => {
                let how = match end {
                    JobState::Cancelled => "cancelled",
                    JobState::Aborted => "aborted",
                    _ => "ended",
                };
                let reasons = record.reasons.join(", ");
                self.end_broken(now, format!("the queue {how} the label's job: {reasons}"));
            }
            _ => {}
        }
    }

    fn on_jobs(&mut self, now: Duration, which: Which, response: &Response) {
        let Some(active) = &self.active else {
            return;
        };
        if !response.is_ok() {
            let problem = response.problem();
            self.end_broken(now, format!("the queue does not tell its jobs: {problem}"));
            return;
        }
        let jobs = response.jobs();
        let found = jobs.iter().find(|record| has_name(record, &active.job.id));
        match (active.phase, found, which) {
            (Phase::Checking(_), Some(_), _) => {
                let reason = "the queue has a job of this label already; nothing was sent again";
                self.end_broken(now, reason);
            }
            (Phase::Checking(_), None, Which::NotCompleted) => {
                self.set_phase(Phase::Checking(Which::Completed));
            }
            (Phase::Checking(_), None, Which::Completed) => {
                let id = active.job.id.clone();
                self.set_phase(Phase::Ready { since: now });
                let counter_before = None;
                self.step(id, PrintStep::Ready { counter_before });
            }
            (Phase::Missing { .. }, Some(record), _) => self.accepted(now, record.number, true),
            (Phase::Missing { since, .. }, None, Which::NotCompleted) => {
                let which = Which::Completed;
                self.set_phase(Phase::Missing { since, which });
            }
            (Phase::Missing { .. }, None, Which::Completed) => {
                let reason = "the connection was lost while the queue took the label, and the \
                              queue has no such job";
                self.end_broken(now, reason);
            }
            _ => {}
        }
    }

    /// Moves on whatever can move without waiting, then asks the next question.
    pub(super) fn advance(&mut self, now: Duration) {
        if self.active.is_none()
            && let Some(job) = self.queue.pop_front()
        {
            let phase = Phase::Waiting;
            self.active = Some(Active { job, phase });
        }
        if !self.up || self.open.is_some() || self.close.is_some() {
            return;
        }
        let idle = self.state.as_ref().is_some_and(|state| state.is_idle());
        if self.phase() == Some(Phase::Waiting) && idle {
            self.set_phase(Phase::Checking(Which::NotCompleted));
        }
        let due = now >= self.next_poll;
        let question = match self.phase() {
            Some(Phase::Released) => Some(Question::Print),
            Some(Phase::Checking(which) | Phase::Missing { which, .. }) => {
                Some(Question::Jobs(which))
            }
            Some(Phase::Accepted(accepted)) if accepted.cancel => Some(Question::Cancel),
            Some(Phase::Accepted(accepted)) if accepted.look => Some(Question::Queue),
            Some(Phase::Accepted(_)) => due.then_some(Question::Job),
            Some(Phase::Waiting | Phase::Ready { .. } | Phase::Printing) | None => {
                due.then_some(Question::Queue)
            }
        };
        if let Some(question) = question {
            self.ask(question);
        }
    }

    fn ask(&mut self, question: Question) {
        self.number = self.number.wrapping_add(1) & 0x7FFF_FFFF;
        let format = self.raw_format();
        let (number, url) = (self.number, self.url.as_str());
        let accepted = match self.phase() {
            Some(Phase::Accepted(accepted)) => accepted.number,
            _ => 0,
        };
        self.small = match (question, &mut self.active) {
            (Question::Print, Some(active)) => {
                let name = job_name(&active.job.id);
                active.phase = Phase::Printing;
                let document = Document {
                    name: &name,
                    format,
                    parts: [self.resync, &active.job.bytes],
                };
                ipp::print_job(number, url, &document)
            }
            (Question::Job, _) => ipp::get_job(number, url, accepted),
            (Question::Cancel, _) => ipp::cancel_job(number, url, accepted),
            (Question::Jobs(which), _) => ipp::get_jobs(number, url, which),
            (Question::Queue | Question::Print, _) => ipp::get_printer(number, url),
        };
        self.open = Some(question);
    }

    /// As raw as the queue takes it: a queue with a driver would take ZPL for plain text.
    fn raw_format(&self) -> &'static str {
        let offered = self.state.as_ref().map(|state| state.formats.as_slice());
        let offered = offered.unwrap_or_default();
        let offers = |format: &&str| offered.iter().any(|o| o == format);
        [RAW, self.format].into_iter().find(offers).unwrap_or(BYTES)
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        match self.phase() {
            Some(Phase::Ready { since }) => Some(since.saturating_add(self.timing.release_max)),
            Some(Phase::Missing { since, .. }) => Some(since.saturating_add(self.timing.stall_max)),
            _ => None,
        }
    }

    pub(super) fn is_due(&self, now: Duration) -> bool {
        self.deadline().is_some_and(|at| at <= now)
    }

    /// `unfinished`: the queue has had a label for long and reports no fault, as it does when the
    /// printer is off.
    fn tell_flags(&mut self, now: Duration, refused: Option<String>) {
        let flags = self.state.as_ref().map(|state| state.flags());
        let mut flags: Vec<String> = flags.into_iter().flatten().map(Into::into).collect();
        flags.extend(refused);
        if let Some(Phase::Accepted(accepted)) = self.phase()
            && !accepted.completed
            && now >= accepted.since.saturating_add(self.timing.stall_max)
        {
            flags.push("unfinished".into());
        }
        if self.told_flags.as_ref() != Some(&flags) {
            self.told_flags = Some(flags.clone());
            self.reports.push_back(PrintReportKind::Status { flags });
        }
    }
}

fn job_name(id: &JobId) -> String {
    format!("{NAME_PREFIX}{id}")
}

fn has_name(record: &JobRecord, id: &JobId) -> bool {
    record.name.as_deref() == Some(job_name(id).as_str())
}
