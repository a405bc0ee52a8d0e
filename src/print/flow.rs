//! The session's decisions: what an answer means, what to ask next, when a label is done.

use super::hands::Hands;
use super::report::PrintReportKind;
use super::session::{Active, Phase, Session};
use crate::domain::JobId;
use crate::domain::input::PrintStep;
use firstscan_drivers::printer::{Drained, PrinterStatus, QueryKind};
use std::time::Duration;

/// How many times longer than a stalled transfer a printer may work at a label it got: large
/// pictures take a slow one seconds.
const UNFINISHED_STALLS: u32 = 3;
/// Half a label lies in the printer, and what should clear it did not.
const HALF_INSIDE: &str = "half_label";

impl Session {
    pub(super) fn on_status(
        &mut self,
        now: Duration,
        status: PrinterStatus,
        asked: Option<Duration>,
    ) {
        self.silent = false;
        self.status = Some(status);
        self.half_inside &= status.partial_format;
        let interval = match self.active.as_ref().map(|a| &a.phase) {
            Some(Phase::Settling(_) | Phase::Waiting) => self.timing.settle_poll,
            _ => self.timing.idle_poll,
        };
        if asked.is_some() || self.asker.proof().asked_while_printing {
            self.next_poll = asked.unwrap_or(now).saturating_add(interval).max(now);
        }
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
        } else if evidence.unfinished(now, self.timing.stall_max * UNFINISHED_STALLS)
            && let Some(active) = self.active.take()
        {
            // A new connection clears what the printer holds, or the next label would complete it.
            self.half_inside = true;
            let reason = "the printer still waits for the rest of the label: bytes were lost on \
                          the way, or it was off in between";
            self.broken(&active.job.id, reason);
            self.close = Some(reason.to_owned());
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

    pub(super) fn on_printing(&mut self) {
        if let Some(Active {
            phase: Phase::Settling(evidence),
            ..
        }) = &mut self.active
        {
            evidence.printing();
        }
    }

    pub(super) fn on_printed(&mut self, now: Duration, named: Option<u32>) {
        let Some(Active {
            job,
            phase: Phase::Settling(evidence),
            ..
        }) = &mut self.active
        else {
            return;
        };
        if evidence.printed(now, named == Some(token(&job.id))) {
            self.judge(now, None);
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
        let patience = match self.asker.proof().drained {
            Drained::BusyThenIdle { .. } => self.timing.patience,
            Drained::Told => self.timing.told_max,
        };
        let verdict = evidence.judge(now, counter, self.counter_rises, patience);
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
        let ready = self.up && !self.half_inside;
        ready && (!self.asker.has_status() || self.status.as_ref().is_some_and(idle))
    }

    /// Moves on whatever can move without waiting, then asks the next question.
    pub(super) fn advance(&mut self, now: Duration) {
        if self.close.is_some() {
            // Nothing begins on a line that is about to be closed.
            return;
        }
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
        let half = (self.half_inside && self.status.is_some()).then_some(HALF_INSIDE);
        for more in line.chain(self.silent.then_some("silent")).chain(half) {
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

/// What the printer is to call a job by, if it confirms jobs: FNV-1a, as many bits as it takes.
pub(super) fn token(id: &JobId) -> u32 {
    let mix = |hash: u32, byte: u8| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
    id.to_string().bytes().fold(0x811C_9DC5, mix) & 0x00FF_FFFF
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::hands::Hands;
    use super::super::limits::{Printer, Timing};
    use super::*;
    use firstscan_drivers::printer::Language;
    use firstscan_drivers::printer::brother_ql::BrotherQl;
    use firstscan_drivers::printer::escpos::EscPos;
    use firstscan_drivers::printer::zpl::Zpl;

    const OK: &[u8] = b"\x12\x12\x12\x12";

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// A session whose printer said once that it is well, with a label handed over at 1 s; and what
    /// was written of it.
    fn sent(language: &'static dyn Language, well: &[u8]) -> (Session, Vec<u8>) {
        let printer = Printer {
            language,
            status: true,
            counter: false,
        };
        let mut session = Session::new(printer, Timing::default());
        session.connected(ms(0), "here".into());
        // What ends a cut label, and the first question.
        for _ in 0..2 {
            let count = session.to_write().len();
            session.wrote(ms(1), count);
            session.handle_timeout(ms(1));
        }
        session.received(ms(2), well);
        session.submit(ms(900), JobId::new("job"), vec![7; 5]);
        session.release(ms(900), &JobId::new("job"));
        // The next question comes when the label is gone.
        let label = session.to_write().to_vec();
        session.wrote(ms(1000), label.len());
        (session, label)
    }

    fn steps(session: &mut Session) -> Vec<String> {
        let steps = std::iter::from_fn(|| session.poll_report());
        let steps = steps.filter_map(|report| match report {
            PrintReportKind::Step { step, .. } => Some(format!("{step:?}")),
            _ => None,
        });
        steps.filter(|s| !s.starts_with("Ready")).collect()
    }

    #[test]
    fn a_receipt_printer_proves_a_label_by_its_own_token_only() {
        let (mut session, label) = sent(&EscPos, OK);
        let confirmation = EscPos.confirmation(token(&JobId::new("job")));
        assert_eq!(label, [vec![7; 5], confirmation.clone()].concat());
        assert_eq!(steps(&mut session), ["Sent { bytes: 16 }"]);
        let digits = &confirmation[7..];
        session.received(ms(1100), OK);
        session.received(ms(1200), b"\x37\x22    \0");
        assert!(steps(&mut session).is_empty(), "another label's token");
        for byte in [b"\x37\x22", digits, b"\0"].concat() {
            session.received(ms(1300), &[byte]);
        }
        assert_eq!(steps(&mut session), ["Drained"]);
        assert!(session.active.is_none());
    }

    #[test]
    fn a_label_printer_on_tape_is_not_asked_while_it_prints() {
        let frame = |kind: u8, phase: u8| {
            let mut frame = [0; 32];
            frame[..6].copy_from_slice(b"\x80\x20\x42480");
            (frame[18], frame[19]) = (kind, phase);
            frame
        };
        let (mut session, _) = sent(&BrotherQl, &frame(0, 0));
        assert_eq!(steps(&mut session), ["Sent { bytes: 5 }"]);
        session.handle_timeout(ms(5000));
        assert!(session.to_write().is_empty());
        session.received(ms(5100), &frame(6, 1));
        assert!(steps(&mut session).is_empty());
        session.received(ms(5200), &[frame(1, 1), frame(6, 0)].concat());
        assert_eq!(steps(&mut session), ["Drained"]);
    }

    #[test]
    fn a_printer_that_waits_for_lost_bytes_does_not_hold_up_the_bench() {
        let status = |partial: u8| {
            let text = format!(
                "\x02030,0,0,0812,000,0,0,{partial},000,0,0,0\x03\r\n\
                 \x02000,0,0,0,0,2,4,0,00000000,1,000\x03\r\n\x021234,0\x03\r\n"
            );
            text.into_bytes()
        };
        let (mut session, _) = sent(&Zpl, &status(0));
        assert_eq!(steps(&mut session), ["Sent { bytes: 5 }"]);
        let mut now = ms(1000);
        let mut ask = |session: &mut Session| {
            now += session.timing.settle_poll;
            session.handle_timeout(now);
            let count = session.to_write().len();
            session.wrote(now, count);
            session.received(now, &status(1));
            now
        };
        while ask(&mut session) < ms(30_000) {
            assert!(steps(&mut session).is_empty() && session.take_close().is_none());
        }
        while ask(&mut session) < ms(32_000) {}
        let told = steps(&mut session);
        assert!(
            told.len() == 1 && told[0].contains("lost on the way"),
            "{told:?}"
        );
        assert!(session.take_close().is_some() && session.active.is_none());
        // If the new connection does not clear it, the next label does not go into it.
        session.lost(now, "closed");
        session.connected(now, "here".into());
        session.submit(now, JobId::new("next"), vec![7; 5]);
        for partial in [1, 1, 0] {
            assert!(steps(&mut session).is_empty());
            for _ in 0..2 {
                let count = session.to_write().len();
                session.wrote(now, count);
                now += session.timing.settle_poll;
                session.handle_timeout(now);
            }
            session.received(now, &status(partial));
        }
        assert!(matches!(&session.active, Some(a) if a.announced));
    }

    #[test]
    fn a_printer_that_never_tells_leaves_the_label_at_sent() {
        let (mut session, _) = sent(&EscPos, OK);
        let mut now = ms(1000);
        for _ in 0..400 {
            now += ms(100);
            session.handle_timeout(now);
            let count = session.to_write().len();
            if count > 0 {
                session.wrote(now, count);
                session.received(now, OK);
            }
        }
        assert_eq!(steps(&mut session), ["Sent { bytes: 16 }"]);
        assert!(session.active.is_none());
    }
}
