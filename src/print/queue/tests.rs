#![allow(clippy::unwrap_used)]

use super::*;
use firstscan_drivers::printer::zpl::Zpl;
use std::collections::BTreeMap;

const URL: &str = "ipp://localhost/printers/zd";

/// A queue that behaves, as bytes.
#[derive(Default)]
struct Fake {
    /// Name, state, document.
    jobs: Vec<(String, i32, Vec<u8>)>,
    /// Numbers of jobs before the first of `jobs`; rises when the queue forgets.
    forgotten: usize,
    reason: &'static str,
    stopped: bool,
    formats: &'static [&'static str],
    /// Answers this status to print jobs.
    refuses: Option<u16>,
    /// Does nothing and says so.
    rests: bool,
    device: &'static str,
}

struct Message(Vec<u8>);

impl Message {
    fn put(&mut self, tag: u8, name: &str, value: &[u8]) {
        let length = |n: usize| u16::try_from(n).unwrap().to_be_bytes();
        self.0.push(tag);
        self.0.extend(length(name.len()));
        self.0.extend(name.as_bytes());
        self.0.extend(length(value.len()));
        self.0.extend(value);
    }

    fn job(&mut self, number: usize, name: &str, state: i32) {
        self.0.push(0x02);
        let number = i32::try_from(number).unwrap();
        self.put(0x21, "job-id", &number.to_be_bytes());
        self.put(0x42, "job-name", name.as_bytes());
        self.put(0x23, "job-state", &state.to_be_bytes());
        self.put(0x44, "job-state-reasons", b"none");
    }
}

impl Fake {
    /// The answer to one request, which is carried out.
    fn ask(&mut self, request: &[u8]) -> Vec<u8> {
        // Requests have the form of answers, with the operation for the status.
        let Parsed::Complete(asked, used) = ipp::parse(request) else {
            panic!("no request")
        };
        let operation = &asked.groups[0];
        assert_eq!(operation.texts("printer-uri"), [URL]);
        let mut answer = Message(vec![1, 1, 0, 0]);
        answer.0.extend(asked.number.to_be_bytes());
        let first = self.forgotten + 1;
        match asked.status {
            0x0002 => match self.refuses {
                Some(status) => answer.0[2..4].copy_from_slice(&status.to_be_bytes()),
                None => {
                    let name = operation.texts("job-name").concat();
                    self.jobs.push((name.clone(), 3, request[used..].to_vec()));
                    answer.job(self.forgotten + self.jobs.len(), &name, 3);
                }
            },
            0x0009 => {
                let number = usize::try_from(operation.number("job-id").unwrap()).unwrap();
                match number.checked_sub(first).and_then(|at| self.jobs.get(at)) {
                    Some((name, state, _)) => answer.job(number, name, *state),
                    None => answer.0[2..4].copy_from_slice(&[4, 6]),
                }
            }
            0x0008 => {
                let number = usize::try_from(operation.number("job-id").unwrap()).unwrap();
                self.jobs[number - first].1 = 7;
            }
            0x000A => {
                let done = operation.texts("which-jobs") == ["completed"];
                for (at, (name, state, _)) in self.jobs.iter().enumerate() {
                    if (*state >= 7) == done {
                        answer.job(first + at, name, *state);
                    }
                }
            }
            0x000B => {
                answer.0.push(0x04);
                let waiting = self.jobs.iter().filter(|j| j.1 < 7).count();
                let state = if self.rests {
                    3
                } else if self.stopped {
                    5
                } else {
                    3 + i32::from(waiting > 0)
                };
                answer.put(0x23, "printer-state", &state.to_be_bytes());
                let reason = if self.reason.is_empty() {
                    "none"
                } else {
                    self.reason
                };
                answer.put(0x44, "printer-state-reasons", reason.as_bytes());
                answer.put(0x22, "printer-is-accepting-jobs", &[1]);
                let waiting = i32::try_from(waiting).unwrap().to_be_bytes();
                answer.put(0x21, "queued-job-count", &waiting);
                if !self.device.is_empty() {
                    answer.put(0x45, "device-uri", self.device.as_bytes());
                }
                for format in self.formats {
                    answer.put(0x49, "document-format-supported", format.as_bytes());
                }
            }
            other => panic!("{other:04x}"),
        }
        answer.0.push(0x03);
        answer.0
    }

    /// All jobs go one state on.
    fn finish(&mut self, state: i32) {
        self.jobs
            .iter_mut()
            .filter(|j| j.1 < 7)
            .for_each(|j| j.1 = state);
    }
}

struct Bench {
    session: QueueSession,
    fake: Fake,
    now: Duration,
}

impl Bench {
    fn new() -> Bench {
        let session = QueueSession::new(URL.into(), &Zpl, Timing::default());
        let (fake, now) = (Fake::default(), Duration::from_secs(1));
        let mut bench = Bench { session, fake, now };
        bench.session.connected(bench.now, "zd".into());
        bench
    }

    /// Carries the request out and hands its answer back, some bytes at a time.
    fn exchange(&mut self) -> bool {
        let request = self.session.to_write().to_vec();
        if request.is_empty() {
            return false;
        }
        self.session.wrote(self.now, request.len());
        let answer = self.fake.ask(&request);
        answer
            .chunks(50)
            .for_each(|part| self.session.received(self.now, part));
        assert_eq!(self.session.take_close(), None);
        true
    }

    /// Lets time pass, in steps, with everything the session asks.
    fn pass(&mut self, seconds: u64) -> Vec<PrintStep> {
        let mut steps = Vec::new();
        for _ in 0..seconds * 20 {
            self.now += Duration::from_millis(50);
            if self.session.poll_timeout().is_some_and(|at| at <= self.now) {
                self.session.handle_timeout(self.now);
            }
            for _ in 0..20 {
                if !self.exchange() {
                    break;
                }
            }
            while let Some(report) = self.session.poll_report() {
                if let PrintReportKind::Step { step, .. } = report {
                    steps.push(step);
                }
            }
        }
        steps
    }

    fn start(&mut self, id: &str) {
        let id = JobId::new(id);
        self.session
            .submit(self.now, id.clone(), b"^XA^XZ".to_vec());
        let ready = PrintStep::Ready {
            counter_before: None,
        };
        assert_eq!(self.pass(1), [ready]);
        self.session.release(self.now, &id);
    }
}

const SENT: PrintStep = PrintStep::Sent { bytes: 6 };

fn is_broken(steps: &[PrintStep], word: &str) -> bool {
    matches!(steps, [PrintStep::Broken { reason }] if reason.contains(word))
}

#[test]
fn accepted_is_sent_and_completed_without_a_fault_is_drained() {
    let mut bench = Bench::new();
    bench.fake.formats = &["text/plain", "application/vnd.cups-raw"];
    bench.start("J1");
    assert_eq!(bench.pass(30), [SENT], "processing says nothing");
    let (name, _, document) = bench.fake.jobs[0].clone();
    let want = [Zpl.resync(), b"^XA^XZ"].concat();
    assert_eq!(
        (name.as_str(), document.as_slice()),
        ("firstscan J1", want.as_slice())
    );
    bench.fake.finish(9);
    assert_eq!(bench.pass(5), [PrintStep::Drained]);
    assert_eq!(bench.fake.jobs.len(), 1);
}

#[test]
fn a_queue_that_only_hands_bytes_on_proves_nothing_beyond_sent() {
    for (device, steps) in [
        ("socket://zd:9100", 0),
        ("usb://Zebra/ZD", 0),
        ("ipp://zd/", 1),
    ] {
        let mut bench = Bench::new();
        bench.fake.device = device;
        bench.start("J1");
        assert_eq!(bench.pass(1), [SENT]);
        bench.fake.finish(9);
        assert_eq!(bench.pass(5).len(), steps, "{device}");
        bench.start("J2");
    }
}

#[test]
fn a_fault_holds_labels_back_and_one_meanwhile_is_no_proof() {
    let mut bench = Bench::new();
    bench.fake.reason = "media-empty-warning";
    let id = JobId::new("J1");
    bench
        .session
        .submit(bench.now, id.clone(), b"^XA^XZ".to_vec());
    assert_eq!(bench.pass(5), []);
    bench.fake.reason = "";
    assert!(matches!(bench.pass(2)[..], [PrintStep::Ready { .. }]));
    bench.session.release(bench.now, &id);
    assert_eq!(bench.pass(1), [SENT]);
    bench.fake.reason = "cover-open";
    assert_eq!(bench.pass(1), []);
    bench.fake.reason = "";
    bench.fake.finish(9);
    assert_eq!(bench.pass(5), []);
    bench.start("J2");
}

#[test]
fn cancelled_aborted_and_forgotten_jobs_are_in_doubt() {
    for state in [7, 8] {
        let mut bench = Bench::new();
        bench.start("J1");
        assert_eq!(bench.pass(1), [SENT]);
        bench.fake.finish(state);
        assert!(is_broken(&bench.pass(2), "the label's job"));
    }
    let mut bench = Bench::new();
    bench.start("J1");
    assert_eq!(bench.pass(1), [SENT]);
    (bench.fake.jobs, bench.fake.forgotten) = (Vec::new(), 1);
    assert!(is_broken(&bench.pass(2), "cannot tell"));
    bench.start("J2");
    assert_eq!(bench.pass(1), [SENT]);
    bench.fake.jobs[0].0 = "somebody's".into();
    assert!(is_broken(&bench.pass(2), "belongs to another"));
    bench.fake.finish(9);
    bench.start("J3");
    bench.fake.refuses = Some(0x040A);
    assert!(is_broken(&bench.pass(2), "raw documents"));
}

#[test]
fn a_job_the_queue_forgets_to_print_is_cancelled_and_in_doubt() {
    let mut bench = Bench::new();
    bench.start("J1");
    assert_eq!(bench.pass(1), [SENT]);
    bench.session.lost(bench.now, "gone");
    bench.session.connected(bench.now, "zd".into());
    bench.fake.rests = true;
    assert!(is_broken(&bench.pass(20), "cancelled"));
    assert_eq!(bench.fake.jobs[0].1, 7);
    bench.start("J2");
}

#[test]
fn after_a_lost_answer_the_queue_is_asked_and_nothing_is_sent_again() {
    for (took, came_back) in [(true, true), (false, true), (true, false)] {
        let mut bench = Bench::new();
        bench.start("J1");
        // Whatever is open first is answered; then the job leaves, and its answer is lost.
        while bench.session.phase() != Some(Phase::Printing) {
            assert!(bench.exchange());
        }
        let request = bench.session.to_write().to_vec();
        bench.session.wrote(bench.now, request.len());
        if took {
            bench.fake.ask(&request);
        }
        bench.session.lost(bench.now, "gone");
        if came_back {
            bench.session.connected(bench.now, "zd".into());
        }
        let steps = bench.pass(12);
        match (took, came_back) {
            (true, true) => {
                assert_eq!(steps, [SENT]);
                bench.fake.finish(9);
                assert_eq!(bench.pass(3), [], "a fault may have been missed");
            }
            (false, true) => assert!(is_broken(&steps, "no such job"), "{steps:?}"),
            _ => assert!(is_broken(&steps, "cannot be asked"), "{steps:?}"),
        }
        assert_eq!(bench.fake.jobs.len(), usize::from(took));
    }
}

#[test]
fn a_job_the_queue_has_already_is_not_handed_over_again() {
    for state in [5, 9] {
        let mut bench = Bench::new();
        bench
            .fake
            .jobs
            .push(("firstscan J1".into(), state, Vec::new()));
        let id = JobId::new("J1");
        bench.session.submit(bench.now, id, b"^XA^XZ".to_vec());
        let steps = bench.pass(3);
        match state {
            // It is under way: the queue is not empty, and the label waits.
            5 => assert_eq!(steps, []),
            _ => assert!(is_broken(&steps, "already")),
        }
        bench.fake.finish(9);
        bench.pass(3);
        assert_eq!(bench.fake.jobs.len(), 1);
    }
}

/// Everything a queue, a network and a station can do, in any order.
#[test]
fn any_order_of_events_hands_no_job_over_twice_and_claims_nothing_unproven() {
    let mut proven = 0;
    for seed in 1..=60_u64 {
        let mut dice = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut roll = move |sides: u64| {
            dice ^= dice << 13;
            dice ^= dice >> 7;
            dice ^= dice << 17;
            dice % sides
        };
        let mut bench = Bench::new();
        let mut told: BTreeMap<String, Vec<PrintStep>> = BTreeMap::new();
        for _ in 0..3000 {
            bench.now += Duration::from_millis(roll(300));
            let now = bench.now;
            let id = JobId::new(format!("J{}", roll(8)));
            match roll(24) {
                0 => bench.session.lost(now, "gone"),
                1..=3 if !bench.session.up => bench.session.connected(now, "zd".into()),
                4 | 5 => bench.session.submit(now, id, b"^XA^XZ".to_vec()),
                6..=9 => bench.session.release(now, &id),
                10 => bench.session.drop_job(now, &id),
                11 => {
                    bench.fake.reason =
                        ["", "", "", "media-empty"][usize::try_from(roll(4)).unwrap()]
                }
                12 => bench.fake.finish(if roll(4) == 0 { 8 } else { 9 }),
                13 => bench.session.handle_timeout(now),
                14 if roll(30) == 0 => {
                    // The station starts anew and forgot that the labels were sent.
                    let fresh = QueueSession::new(URL.into(), &Zpl, Timing::default());
                    bench.session = fresh;
                    bench.session.connected(now, "zd".into());
                    told.clear();
                }
                15 if bench.session.up && !bench.session.to_write().is_empty() => {
                    // Taken, carried out or not, and never answered.
                    let request = bench.session.to_write().to_vec();
                    bench.session.wrote(now, request.len());
                    if roll(2) == 0 {
                        bench.fake.ask(&request);
                    }
                    bench.session.lost(now, "no answer");
                }
                _ if bench.session.up => {
                    bench.exchange();
                }
                _ => {}
            }
            while let Some(report) = bench.session.poll_report() {
                if let PrintReportKind::Step { job, step } = report {
                    proven += u32::from(step == PrintStep::Drained);
                    told.entry(job_name(&job)).or_default().push(step);
                }
            }
            check(seed, &bench.fake, &told);
        }
    }
    assert!(proven > 60, "the storm leaves room for proof: {proven}");
}

fn job_name(id: &JobId) -> String {
    format!("{NAME_PREFIX}{id}")
}

fn check(seed: u64, fake: &Fake, told: &BTreeMap<String, Vec<PrintStep>>) {
    for (name, steps) in told {
        let jobs: Vec<_> = fake.jobs.iter().filter(|j| j.0 == *name).collect();
        assert!(jobs.len() <= 1, "{seed}: {name} was handed over twice");
        let drained = steps.iter().filter(|s| **s == PrintStep::Drained).count();
        let sent = steps.iter().filter(|s| **s == SENT).count();
        assert!(sent <= 1 && drained <= sent, "{seed}: {name} {steps:?}");
        assert!(sent == 0 || jobs.len() == 1, "{seed}: {name} {steps:?}");
        assert!(drained == 0 || jobs[0].1 == 9, "{seed}: {name} {steps:?}");
        let counted = |s: &PrintStep| matches!(s, PrintStep::Counted { .. });
        assert!(!steps.iter().any(counted));
    }
}
