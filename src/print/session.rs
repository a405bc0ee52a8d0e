//! One printer, one connection at a time, one label at a time: the protocol without a clock, a
//! socket or a channel.

use super::asker::{Answer, Asker};
use super::evidence::Evidence;
use super::flow::token;
use super::hands::Hands;
use super::limits::{Printer, Timing};
use super::report::PrintReportKind;
use super::settle::Doubts;
use crate::domain::JobId;
use crate::domain::input::PrintStep;
use firstscan_drivers::printer::PrinterStatus;
use std::collections::VecDeque;
use std::time::Duration;

/// Labels that may wait for one printer.
pub(super) const QUEUE_MAX: usize = 64;
/// Bytes offered to the connection at once.
const CHUNK_BYTES: usize = 4096;

/// A label with its bytes.
pub(super) struct Job {
    pub(super) id: JobId,
    pub(super) bytes: Vec<u8>,
}

impl std::fmt::Debug for Job {
    /// Without the bytes: they hold an address.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} bytes)", self.id, self.bytes.len())
    }
}

/// Where the label in hand stands.
#[derive(Debug)]
pub(super) enum Phase {
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
pub(super) struct Active {
    pub(super) job: Job,
    pub(super) phase: Phase,
    pub(super) counter_before: Option<u64>,
    /// `Ready` was reported, so `Release` may come.
    pub(super) announced: bool,
}

/// The state machine of a printer that takes bytes, as [`Hands`] describe it.
#[derive(Debug)]
pub struct Session {
    pub(super) timing: Timing,
    pub(super) resync: &'static [u8],
    pub(super) asker: Asker,
    pub(super) up: bool,
    /// Questions and the resync prefix on their way.
    pub(super) small: Vec<u8>,
    pub(super) active: Option<Active>,
    pub(super) queue: VecDeque<Job>,
    pub(super) doubts: Doubts,
    pub(super) status: Option<PrinterStatus>,
    pub(super) silent: bool,
    /// What the line itself says is wrong.
    pub(super) line_trouble: Option<&'static str>,
    /// Since when the resync prefix waits to be taken.
    pub(super) resync_since: Option<Duration>,
    pub(super) next_poll: Duration,
    /// The counter was seen to rise with a label of ours.
    pub(super) counter_rises: bool,
    /// A label's bytes left since the start, so the counter no longer speaks about old jobs.
    pub(super) sent_any: bool,
    pub(super) told_flags: Option<Vec<String>>,
    pub(super) told_lost: Option<String>,
    pub(super) reports: VecDeque<PrintReportKind>,
    pub(super) close: Option<String>,
    /// The printer was left with half a label; until it says otherwise, nothing is sent into it.
    pub(super) half_inside: bool,
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
            line_trouble: None,
            resync_since: None,
            next_poll: Duration::ZERO,
            counter_rises: false,
            sent_any: false,
            told_flags: None,
            told_lost: None,
            reports: VecDeque::new(),
            close: None,
            half_inside: false,
        }
    }
}

impl Hands for Session {
    fn submit(&mut self, now: Duration, id: JobId, mut bytes: Vec<u8>) {
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
        if self.asker.has_status() {
            bytes.extend(self.asker.confirmation(token(&id)));
        }
        self.queue.push_back(Job { id, bytes });
        self.advance(now);
    }

    fn release(&mut self, now: Duration, id: &JobId) {
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

    fn drop_job(&mut self, now: Duration, id: &JobId) {
        self.queue.retain(|job| job.id != *id);
        let unsent = |a: &mut Active| {
            a.job.id == *id && !matches!(a.phase, Phase::Writing { .. } | Phase::Settling(_))
        };
        if self.active.take_if(unsent).is_some() {
            self.advance(now);
        }
    }

    fn settle(&mut self, now: Duration, id: JobId, counter_before: Option<u64>) {
        match counter_before {
            Some(before) if !self.sent_any => self.doubts.add(now, id, before),
            _ => tracing::debug!(job = %id, "the counter cannot settle this job"),
        }
        self.advance(now);
    }

    /// A connection is open. It starts with the resync prefix, so that a half-received label of an
    /// earlier connection or run can neither print nor swallow what follows.
    fn connected(&mut self, now: Duration, what: String) {
        self.up = true;
        self.asker.reset();
        self.status = None;
        self.silent = false;
        self.told_flags = None;
        self.told_lost = None;
        self.close = None;
        self.small = self.resync.to_vec();
        self.resync_since = (!self.small.is_empty()).then_some(now);
        self.line_trouble = None;
        self.next_poll = now;
        self.reports.push_back(PrintReportKind::Connected { what });
        self.advance(now);
    }

    fn lost(&mut self, now: Duration, reason: &str) {
        self.up = false;
        self.asker.reset();
        self.small.clear();
        self.resync_since = None;
        self.line_trouble = None;
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

    fn received(&mut self, now: Duration, bytes: &[u8]) {
        self.asker.receive(bytes);
        while let Some(answer) = self.asker.next_answer() {
            match answer {
                Answer::Status { status, asked } => self.on_status(now, status, asked),
                Answer::Counter { count } => self.on_counter(now, count),
                Answer::Printing => self.on_printing(),
                Answer::Printed { token } => self.on_printed(now, token),
            }
        }
        self.advance(now);
    }

    fn line_says(&mut self, trouble: Option<&'static str>) {
        if self.up && self.line_trouble != trouble {
            self.line_trouble = trouble;
            self.tell_flags();
        }
    }

    fn to_write(&self) -> &[u8] {
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

    fn wrote(&mut self, now: Duration, count: usize) {
        if !self.small.is_empty() {
            self.small.drain(..count.min(self.small.len()));
            if self.small.is_empty() {
                self.resync_since = None;
            }
            return;
        }
        let partial = self.status.is_some_and(|s| s.partial_format);
        let Some(active) = &mut self.active else {
            return;
        };
        let Phase::Writing { written, moved_at } = &mut active.phase else {
            return;
        };
        if !self.sent_any {
            self.sent_any = true;
            self.doubts.judge(None);
        }
        *written += count;
        *moved_at = now;
        let total = active.job.bytes.len();
        if *written < total {
            return;
        }
        let proof = self.asker.proof();
        let evidence = Evidence::new(now, active.counter_before, partial);
        active.phase = Phase::Settling(evidence.proven_by(proof.drained));
        let bytes = u64::try_from(total).unwrap_or(u64::MAX);
        let id = active.job.id.clone();
        self.step(id, PrintStep::Sent { bytes });
        if !self.asker.has_status() {
            self.active = None;
        }
        // Some printers must not be asked while they print: they tell.
        self.next_poll = if proof.asked_while_printing {
            now
        } else {
            now.saturating_add(self.timing.told_max)
        };
        self.advance(now);
    }

    fn handle_timeout(&mut self, now: Duration) {
        if self
            .asker
            .deadline(self.timing.answer_max)
            .is_some_and(|at| at <= now)
        {
            self.unanswered(now);
        }
        if self.resync_at().is_some_and(|at| at <= now) {
            self.silent = true;
            self.resync_since = None;
            self.tell_flags();
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

    fn poll_timeout(&self) -> Option<Duration> {
        let asks = self.up && !self.is_writing() && self.small.is_empty();
        let free = asks && !self.asker.is_waiting();
        let poll = (free && self.asker.has_status()).then_some(self.next_poll);
        let doubts = self.doubts.due().filter(|_| free && self.is_idle());
        let answer = self.asker.deadline(self.timing.answer_max);
        let (resync, stall) = (self.resync_at(), self.stall_at());
        [answer, poll, doubts, resync, stall, self.release_at()]
            .into_iter()
            .flatten()
            .min()
    }

    fn poll_report(&mut self) -> Option<PrintReportKind> {
        self.reports.pop_front()
    }

    fn take_close(&mut self) -> Option<String> {
        self.close.take()
    }

    fn is_writing(&self) -> bool {
        matches!(
            &self.active,
            Some(Active {
                phase: Phase::Writing { .. },
                ..
            })
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use firstscan_drivers::printer::zpl::Zpl;
    use std::collections::BTreeMap;

    const PRINTER: Printer = Printer {
        language: &Zpl,
        status: true,
        counter: true,
    };
    const JOBS: u64 = 6;

    fn status(paper_out: bool, left: u32) -> Vec<u8> {
        let out = u8::from(paper_out);
        format!(
            "\x02030,{out},0,0812,000,0,0,0,000,0,0,0\x03\r\n\
             \x02000,0,0,0,0,2,4,0,{left:08},1,000\x03\r\n\x021234,0\x03\r\n"
        )
        .into_bytes()
    }

    /// Everything a printer, a cable and a station can do, in any order. Job `n` is 300 bytes `n`.
    struct Storm {
        session: Session,
        now: Duration,
        seed: u64,
        written: BTreeMap<u8, usize>,
        released: BTreeMap<u8, bool>,
        ended: BTreeMap<String, u32>,
    }

    impl Storm {
        fn roll(&mut self, sides: u64) -> u64 {
            self.seed ^= self.seed << 13;
            self.seed ^= self.seed >> 7;
            self.seed ^= self.seed << 17;
            self.seed % sides
        }

        fn job(&mut self) -> (u8, JobId) {
            let n = u8::try_from(self.roll(JOBS)).unwrap() + 128;
            (n, JobId::new(n.to_string()))
        }

        fn step(&mut self) {
            let now = self.now;
            match self.roll(40) {
                0..=3 if !self.session.up => self.session.connected(now, "here".into()),
                4 => self.session.lost(now, "gone"),
                5 => self.session.received(now, &status(true, 1)),
                6..=10 => self.session.received(now, &status(false, 0)),
                11 => self.session.received(now, &status(false, 1)),
                12..=15 => {
                    let count = self.roll(9);
                    self.session
                        .received(now, format!("\"{count}\"").as_bytes());
                }
                16 => self.session.received(now, b"\"?\"\x02,,,\x03 noise"),
                17 | 18 => {
                    let (n, job) = self.job();
                    self.session.submit(now, job, vec![n; 300]);
                }
                19..=24 => {
                    let (n, job) = self.job();
                    self.released.insert(n, true);
                    self.session.release(now, &job);
                }
                25 => {
                    let (_, job) = self.job();
                    self.session.drop_job(now, &job);
                }
                26 => {
                    let (before, (_, job)) = (self.roll(9), self.job());
                    self.session.settle(now, job, Some(before));
                }
                _ if self.session.up => self.write(),
                _ => {}
            }
            let pause = Duration::from_millis(self.roll(400));
            self.now += pause;
        }

        fn write(&mut self) {
            let offered = self.session.to_write().to_vec();
            if offered.is_empty() {
                return;
            }
            let limit = u64::try_from(offered.len()).unwrap();
            let some = usize::try_from(self.roll(limit) + 1).unwrap();
            let count = if self.roll(2) == 0 {
                some
            } else {
                offered.len()
            };
            for byte in offered[..count].iter().filter(|b| **b >= 128) {
                assert!(
                    self.released.contains_key(byte),
                    "job {byte} leaves unreleased"
                );
                *self.written.entry(*byte).or_default() += 1;
            }
            self.session.wrote(self.now, count);
        }

        fn settle_down(&mut self) {
            for _ in 0..8 {
                while let Some(report) = self.session.poll_report() {
                    self.count(report);
                }
                if let Some(reason) = self.session.take_close() {
                    self.session.lost(self.now, &reason);
                }
                if self.session.poll_timeout().is_none_or(|at| at > self.now) {
                    return;
                }
                self.session.handle_timeout(self.now);
            }
            panic!("spins: {:?}", self.session);
        }

        fn count(&mut self, report: PrintReportKind) {
            if let PrintReportKind::Step {
                job,
                step: PrintStep::Sent { bytes },
            } = report
            {
                assert_eq!(bytes, 300);
                *self.ended.entry(job.to_string()).or_default() += 1;
            }
        }
    }

    fn at(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn told(session: &mut Session) -> Vec<PrintReportKind> {
        std::iter::from_fn(|| session.poll_report()).collect()
    }

    #[test]
    fn a_printer_that_takes_nothing_at_all_is_silent_in_time() {
        let mut session = Session::new(PRINTER, Timing::default());
        session.connected(at(0), "here".into());
        let due = session.poll_timeout().unwrap();
        assert_eq!(due, Timing::default().answer_max);
        session.handle_timeout(due);
        let flags = vec!["silent".to_owned()];
        assert_eq!(
            told(&mut session).last(),
            Some(&PrintReportKind::Status { flags })
        );
        assert!(
            session.poll_timeout().is_none(),
            "it waits without spinning"
        );
        let resync = session.to_write().len();
        session.wrote(at(9000), resync);
        session.handle_timeout(at(9000));
        assert!(
            !session.to_write().is_empty(),
            "the question goes out at last"
        );
    }

    #[test]
    fn what_the_line_says_is_told_and_buys_the_transfer_time() {
        let mut session = Session::new(PRINTER, Timing::default());
        session.connected(at(0), "here".into());
        session.wrote(at(0), session.to_write().len());
        session.handle_timeout(at(0));
        session.wrote(at(0), session.to_write().len());
        session.received(at(1), &status(false, 0));
        let job = JobId::new("J");
        session.submit(at(2), job.clone(), vec![200; 9000]);
        session.wrote(at(2), session.to_write().len());
        session.received(at(3), b"\"7\"");
        session.release(at(4), &job);
        session.wrote(at(4), 4096);
        told(&mut session);
        session.line_says(Some("paper_out"));
        session.line_says(Some("paper_out"));
        let flags = vec!["paper_out".to_owned()];
        assert_eq!(told(&mut session), [PrintReportKind::Status { flags }]);
        session.handle_timeout(at(60_000));
        assert!(session.is_writing() && session.take_close().is_none());
        session.line_says(None);
        session.handle_timeout(at(60_000));
        assert!(!session.is_writing() && session.take_close().is_some());
    }

    #[test]
    fn no_storm_of_events_makes_it_spin_leak_an_unreleased_byte_or_invent_a_sent_label() {
        let mut sent_all = 0;
        for seed in 1..400_u64 {
            let mut storm = Storm {
                session: Session::new(PRINTER, Timing::default()),
                now: Duration::ZERO,
                seed: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15),
                written: BTreeMap::new(),
                released: BTreeMap::new(),
                ended: BTreeMap::new(),
            };
            for _ in 0..400 {
                storm.step();
                storm.settle_down();
            }
            for (job, sent) in &storm.ended {
                let n: u8 = job.parse().unwrap();
                assert!(
                    storm.written[&n] >= 300 * usize::try_from(*sent).unwrap(),
                    "{job}"
                );
                sent_all += sent;
            }
        }
        assert!(sent_all > 100, "the storm lets labels through: {sent_all}");
    }
}
