//! The session's decisions: what an answer means, what to ask next, when a label is done.

use super::hands::Hands;
use super::report::PrintReportKind;
use super::session::{Active, Phase, Session};
use crate::domain::JobId;
use crate::domain::input::PrintStep;
use firstscan_drivers::printer::{PrinterStatus, QueryKind};
use std::time::Duration;

impl Session {
    pub(super) fn on_status(
        &mut self,
        now: Duration,
        status: PrinterStatus,
        asked: Option<Duration>,
    ) {
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

    pub(super) fn on_counter(&mut self, now: Duration, count: Option<u64>) {
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
    pub(super) fn unanswered(&mut self, now: Duration) {
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
    pub(super) fn is_idle(&self) -> bool {
        let idle =
            |s: &PrinterStatus| !s.fault() && s.formats_in_buffer == 0 && s.labels_remaining == 0;
        self.up && (!self.asker.has_status() || self.status.as_ref().is_some_and(idle))
    }

    /// Moves on whatever can move without waiting, then asks the next question.
    pub(super) fn advance(&mut self, now: Duration) {
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

    /// When a printer that does not even take the resync prefix counts as silent.
    pub(super) fn resync_at(&self) -> Option<Duration> {
        let since = self.resync_since?;
        Some(since.saturating_add(self.timing.answer_max))
    }

    /// When the transfer counts as broken.
    pub(super) fn stall_at(&self) -> Option<Duration> {
        let Some(Active {
            phase: Phase::Writing { moved_at, .. },
            ..
        }) = &self.active
        else {
            return None;
        };
        let fault = self.status.is_some_and(|s| s.fault()) || self.line_trouble.is_some();
        let max = if fault {
            self.timing.fault_stall_max
        } else {
            self.timing.stall_max
        };
        Some(moved_at.saturating_add(max))
    }

    pub(super) fn release_at(&self) -> Option<Duration> {
        match &self.active {
            Some(Active {
                phase: Phase::Ready { since },
                ..
            }) => Some(since.saturating_add(self.timing.release_max)),
            _ => None,
        }
    }

    /// Ends a transfer that did not finish.
    pub(super) fn break_off(&mut self, reason: &str) {
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

    pub(super) fn broken(&mut self, job: &JobId, reason: &str) {
        self.step(
            job.clone(),
            PrintStep::Broken {
                reason: reason.to_owned(),
            },
        );
    }

    pub(super) fn step(&mut self, job: JobId, step: PrintStep) {
        self.reports.push_back(PrintReportKind::Step { job, step });
    }

    /// Work in progress and a full buffer need no hand; all else does.
    pub(super) fn tell_flags(&mut self) {
        let mut flags: Vec<String> = self
            .status
            .iter()
            .flat_map(|s| s.flags())
            .map(Into::into)
            .collect();
        flags.retain(|flag| flag != "busy" && flag != "buffer_full");
        let line = self.line_trouble.into_iter();
        for more in line.chain(self.silent.then_some("silent")) {
            if !flags.iter().any(|flag| flag == more) {
                flags.push(more.into());
            }
        }
        if self.told_flags.as_ref() != Some(&flags) {
            self.told_flags = Some(flags.clone());
            self.reports.push_back(PrintReportKind::Status { flags });
        }
    }
}
