//! What a sent label proved so far, and when to stop waiting for more.

use firstscan_drivers::printer::{Details, Drained, PrinterStatus};
use std::time::Duration;

/// Copies per label job.
const COPIES: u64 = 1;

/// A label whose bytes were all handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// Answers to questions asked before this say nothing about the label.
    pub sent_at: Duration,
    counter_before: Option<u64>,
    /// A format was half received before ours: its flag is no sign of work.
    partial_before: bool,
    seen_busy: bool,
    /// Paper or head failed since: busy and then idle may mean a spoilt label.
    spoilt: bool,
    was_lost: bool,
    idle_since: Option<Duration>,
    /// Since when it has done nothing but wait for the rest of a label.
    unfinished_since: Option<Duration>,
    /// Idle answers in a row.
    idle_answers: u8,
    proof: Drained,
    /// It told that it prints, and then that the label is on paper.
    told: (bool, bool),
    /// The printer is idle; its counter is wanted.
    pub wants_counter: bool,
}

/// What to tell the station, and whether the job is done with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    pub drained: bool,
    /// Before and after.
    pub counted: Option<(u64, u64)>,
    /// Nothing can be known any more, and why.
    pub broken: Option<&'static str>,
    pub done: bool,
}

impl Evidence {
    /// All bytes left at `sent_at`.
    pub fn new(sent_at: Duration, counter_before: Option<u64>, partial_before: bool) -> Self {
        Evidence {
            sent_at,
            counter_before,
            partial_before,
            seen_busy: false,
            spoilt: false,
            was_lost: false,
            idle_since: None,
            unfinished_since: None,
            idle_answers: 0,
            proof: Drained::BusyThenIdle { idle_answers: 1 },
            told: (false, false),
            wants_counter: false,
        }
    }

    /// With what the printer's language counts as proof.
    #[must_use]
    pub fn proven_by(mut self, proof: Drained) -> Self {
        self.proof = proof;
        self
    }

    /// The printer told by itself that it began to print.
    pub fn printing(&mut self) {
        self.told.0 = true;
    }

    /// The printer told by itself that a label is on paper; `named` says that it is this one. If
    /// it names none, it must have begun to print after this label's last byte. True if that
    /// settles the label.
    pub fn printed(&mut self, now: Duration, named: bool) -> bool {
        let ours = self.proof == Drained::Told && (named || self.told.0);
        if ours && !self.was_lost {
            self.told.1 = true;
            self.idle_since.get_or_insert(now);
        }
        self.told.1
    }

    /// The connection ended: what the printer held may be gone, so work seen before proves
    /// nothing.
    pub fn lost(&mut self) {
        self.was_lost = true;
        self.seen_busy = false;
        self.told = (false, false);
        self.idle_since = None;
        self.unfinished_since = None;
        self.idle_answers = 0;
        self.wants_counter = false;
    }

    /// Whether the printer has waited too long for bytes that all left: some never arrived.
    pub fn unfinished(&self, now: Duration, max: Duration) -> bool {
        let since = self.unfinished_since;
        since.is_some_and(|since| now >= since.saturating_add(max))
    }

    /// A status came; `asked` is when it was asked for. True if the printer is idle without a
    /// fault after the label.
    pub fn status(
        &mut self,
        now: Duration,
        status: &PrinterStatus,
        asked: Option<Duration>,
    ) -> bool {
        let faulty = status.paper_out || status.head_open || status.ribbon_out;
        // A label that was refused never came out.
        let refused = status.details.contains(Details::LABEL_REFUSED) || status.details.fault();
        self.spoilt |= faulty || refused || status.corrupt_memory;
        let waits = status.formats_in_buffer > 0 || status.labels_remaining > 0;
        let partial = status.partial_format && !self.partial_before;
        let busy = waits || partial;
        let ours = asked.is_some_and(|at| at >= self.sent_at);
        if !ours {
            return false;
        }
        // A label that waits to be taken holds up the next one.
        let held = status.label_waiting || status.buffer_full;
        let unfinished = partial && !waits && !held && !status.fault();
        let since = self.unfinished_since.unwrap_or(now);
        self.unfinished_since = unfinished.then_some(since);
        self.seen_busy |= busy;
        if busy || status.fault() {
            self.idle_since = None;
            self.idle_answers = 0;
            self.wants_counter = false;
            return false;
        }
        self.idle_answers = self.idle_answers.saturating_add(1);
        if let Drained::BusyThenIdle { idle_answers } = self.proof
            && self.idle_answers < idle_answers
        {
            return false;
        }
        self.idle_since.get_or_insert(now);
        self.wants_counter = self.counter_before.is_some();
        true
    }

    /// Judges the idle printer by its counter, if it told. `rises` says that this printer's
    /// counter was seen to work before; `patience` is how long idleness may last without proof.
    pub fn judge(
        &self,
        now: Duration,
        counter: Option<u64>,
        rises: bool,
        patience: Duration,
    ) -> Verdict {
        let Some(idle_since) = self.idle_since else {
            return Verdict::default();
        };
        let waited = now >= idle_since.saturating_add(patience);
        let seen = match self.proof {
            Drained::BusyThenIdle { .. } => self.seen_busy,
            Drained::Told => self.told.1,
        };
        let worked = seen && !self.spoilt;
        let rose = match (self.counter_before, counter) {
            (Some(before), Some(after)) => after.checked_sub(before).map(|by| (by, before, after)),
            _ => None,
        };
        match rose {
            Some((COPIES, before, after)) => Verdict {
                drained: true,
                counted: Some((before, after)),
                broken: None,
                done: true,
            },
            // The counter is patient: printers count when the label is out, not when they idle.
            Some((0, ..)) if !waited => Verdict::default(),
            Some((0, ..)) if worked && !rises => Verdict {
                drained: true,
                done: true,
                ..Verdict::default()
            },
            Some((0, ..)) => Verdict {
                broken: Some("the printer is idle and its label counter did not rise"),
                done: true,
                ..Verdict::default()
            },
            // More than ours came out: whose labels they are is not known.
            Some(_) => Verdict {
                drained: worked,
                done: true,
                ..Verdict::default()
            },
            None if worked => Verdict {
                drained: true,
                done: true,
                ..Verdict::default()
            },
            None if !waited => Verdict::default(),
            None => Verdict {
                broken: self.was_lost.then_some(
                    "the connection was lost after the label was sent, and the printer cannot \
                     tell whether it printed",
                ),
                done: true,
                ..Verdict::default()
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: fn(u64) -> Duration = Duration::from_millis;
    const PATIENCE: Duration = Duration::from_secs(2);

    fn idle() -> PrinterStatus {
        PrinterStatus::default()
    }

    fn busy() -> PrinterStatus {
        PrinterStatus {
            labels_remaining: 1,
            ..idle()
        }
    }

    fn out() -> PrinterStatus {
        PrinterStatus {
            paper_out: true,
            ..busy()
        }
    }

    /// The verdict after statuses asked every 100 ms from the moment of sending.
    fn after(before: Option<u64>, seen: &[PrinterStatus], counter: Option<u64>) -> Verdict {
        let mut evidence = Evidence::new(AT(1000), before, false);
        let mut now = AT(1000);
        for status in seen {
            evidence.status(now, status, Some(now));
            now += AT(100);
        }
        evidence.judge(now, counter, false, PATIENCE)
    }

    #[test]
    fn busy_then_idle_is_drained_and_idle_alone_is_nothing() {
        assert!(after(None, &[busy(), idle()], None).drained);
        assert_eq!(after(None, &[idle(), idle()], None), Verdict::default());
        assert_eq!(after(None, &[busy(), busy()], None), Verdict::default());
        let long = vec![idle(); 30];
        let verdict = after(None, &long, None);
        assert!(verdict.done && !verdict.drained && verdict.broken.is_none());
    }

    #[test]
    fn the_counter_proves_exactly_its_own_label() {
        let verdict = after(Some(7), &[idle()], Some(8));
        assert_eq!((verdict.drained, verdict.counted), (true, Some((7, 8))));
        assert_eq!(
            after(Some(7), &[busy(), idle()], Some(7)),
            Verdict::default()
        );
        assert_eq!(after(Some(7), &[busy()], Some(8)), Verdict::default());
        for strange in [9, 6] {
            assert_eq!(after(Some(7), &[idle()], Some(strange)).counted, None);
        }
        let broken = after(Some(7), &vec![idle(); 30], Some(7));
        assert!(broken.broken.is_some() && !broken.drained);
    }

    #[test]
    fn a_printer_that_tells_is_believed_and_its_status_proves_nothing() {
        let told = || Evidence::new(AT(1000), None, false).proven_by(Drained::Told);
        let judge = |e: &Evidence, at| e.judge(AT(at), None, false, PATIENCE);
        let mut evidence = told();
        evidence.status(AT(1100), &busy(), Some(AT(1050)));
        assert!(evidence.status(AT(1200), &idle(), Some(AT(1150))));
        assert_eq!(judge(&evidence, 1200), Verdict::default());
        assert!(judge(&evidence, 9000).done && !judge(&evidence, 9000).drained);
        // A label before this one was meant, unless this one's work was told first.
        assert!(!evidence.printed(AT(1300), false));
        evidence.printing();
        assert!(evidence.printed(AT(1400), false) && judge(&evidence, 1400).drained);
        let mut named = told();
        assert!(named.printed(AT(1100), true) && judge(&named, 1100).drained);
        named.lost();
        assert!(!judge(&named, 1200).drained && !named.printed(AT(1200), true));
        let mut spoilt = told();
        spoilt.status(AT(1100), &out(), None);
        assert!(spoilt.printed(AT(1200), true) && !judge(&spoilt, 1200).drained);
    }

    #[test]
    fn idle_must_last_as_long_as_the_language_says() {
        let proof = Drained::BusyThenIdle { idle_answers: 3 };
        let mut evidence = Evidence::new(AT(0), None, false).proven_by(proof);
        evidence.status(AT(10), &busy(), Some(AT(5)));
        for at in [20, 30] {
            assert!(!evidence.status(AT(at), &idle(), Some(AT(at))));
            assert!(!evidence.judge(AT(at), None, false, PATIENCE).drained);
        }
        assert!(evidence.status(AT(40), &idle(), Some(AT(40))));
        assert!(evidence.judge(AT(40), None, false, PATIENCE).drained);
    }

    #[test]
    fn a_refused_label_is_never_drained() {
        let refused = PrinterStatus::detail(Details::LABEL_REFUSED);
        assert!(!after(None, &[busy(), refused, idle()], None).drained);
    }

    #[test]
    fn a_spoilt_label_is_not_drained_without_the_counter() {
        assert!(!after(None, &[busy(), out(), idle()], None).drained);
        assert!(
            after(Some(1), &[busy(), out(), idle()], Some(2))
                .counted
                .is_some()
        );
    }

    #[test]
    fn answers_to_older_questions_prove_nothing() {
        let mut evidence = Evidence::new(AT(1000), None, false);
        assert!(!evidence.status(AT(1010), &busy(), Some(AT(990))));
        assert!(!evidence.status(AT(1010), &busy(), None));
        assert!(evidence.status(AT(1020), &idle(), Some(AT(1010))));
        assert!(!evidence.judge(AT(1020), None, false, PATIENCE).drained);
    }

    #[test]
    fn work_seen_before_a_lost_connection_proves_nothing() {
        let mut evidence = Evidence::new(AT(0), None, false);
        evidence.status(AT(10), &busy(), Some(AT(5)));
        evidence.lost();
        evidence.status(AT(20), &idle(), Some(AT(15)));
        assert_eq!(
            evidence.judge(AT(20), None, false, PATIENCE),
            Verdict::default()
        );
        let verdict = evidence.judge(AT(9000), None, false, PATIENCE);
        assert!(verdict.done && !verdict.drained && verdict.broken.is_some());
    }
}
