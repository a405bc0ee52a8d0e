//! The print worker against a fake label printer on loopback TCP: every promise about evidence is
//! compared with what the printer itself says it printed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::let_underscore_must_use
)]

use firstscan::device::{DeviceConfig, SharedClock};
use firstscan::domain::input::PrintStep;
use firstscan::domain::{Instant as Mono, JobId, Stamp, Wall};
use firstscan::print::{
    PrintOrder, PrintReport, PrintReportKind, PrinterHandle, Timing, start_with,
};
use firstscan_drivers::bitmap::{Bitmap, Resolution};
use firstscan_drivers::printer::zpl::Zpl;
use firstscan_drivers::printer::{JobOptions, Language};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(10);

/// What the fake printer is and does; the test changes it while it runs.
#[derive(Debug, Default)]
struct State {
    print: Duration,
    no_counter: bool,
    paper_out: bool,
    /// Reads and prints, says nothing.
    silent: bool,
    /// Stops reading once this many bytes of a label came, until set to `None`.
    block_at: Option<usize>,
    /// Tells its status by itself when it stops reading.
    alerts: bool,
    /// Breaks the connection once this many bytes of a label came.
    cut_at: Option<usize>,
    /// Breaks the connection when a label is complete.
    cut_at_end: bool,
    /// Loses its memory when it breaks the connection.
    forgets: bool,
    /// Takes no connection.
    away: bool,

    format: Option<Vec<u8>>,
    word: Vec<u8>,
    queue: VecDeque<Vec<u8>>,
    printing_since: Option<Instant>,
    counter: u64,
    printed: Vec<Vec<u8>>,
    connections: u32,
    resyncs: u32,
    first_label_byte: Option<Instant>,
    alerted: bool,
}

impl State {
    fn status(&self) -> Vec<u8> {
        format!(
            "\x02030,{},0,0812,{:03},0,0,{},000,0,0,0\x03\r\n\
             \x02000,0,0,0,0,2,4,0,{:08},1,000\x03\r\n\x021234,0\x03\r\n",
            u8::from(self.paper_out),
            self.queue.len().saturating_sub(1),
            u8::from(self.format.is_some()),
            usize::from(!self.queue.is_empty()),
        )
        .into_bytes()
    }

    /// Prints whatever is due by now.
    fn tick(&mut self) {
        if self.paper_out || self.queue.is_empty() {
            self.printing_since = None;
            return;
        }
        let since = *self.printing_since.get_or_insert_with(Instant::now);
        if since.elapsed() >= self.print {
            self.printed.extend(self.queue.pop_front());
            self.counter += 1;
            self.printing_since = None;
        }
    }

    fn byte(&mut self, byte: u8) -> Vec<u8> {
        self.word.push(byte);
        if let Some(format) = &mut self.format {
            format.push(byte);
            if byte != b'~' && !self.word.starts_with(b"~") {
                self.word.clear();
            }
            if format.ends_with(b"^XZ") {
                self.queue.extend(self.format.take());
                self.tick();
            }
        }
        if self.word.ends_with(b"^XA") {
            self.format = Some(b"^XA".to_vec());
            self.first_label_byte.get_or_insert_with(Instant::now);
        }
        let answer = match self.word.as_slice() {
            b"~HS" => {
                self.tick();
                self.status()
            }
            b"~HI" => b"\x02FAKE,V1,8,8192KB\x03\r\n".to_vec(),
            b"~JX" => {
                self.format = None;
                self.resyncs += 1;
                Vec::new()
            }
            [b'!', .., b'\n'] if self.no_counter => b"\"?\"".to_vec(),
            [b'!', .., b'\n'] => format!("\"{}\"", self.counter).into_bytes(),
            [b'!' | b'^', ..] | [b'~'] | [b'~', _] => return Vec::new(),
            _ => Vec::new(),
        };
        self.word.clear();
        if self.silent { Vec::new() } else { answer }
    }

    /// Bytes of the label that is coming in.
    fn label_bytes(&self) -> usize {
        self.format.as_ref().map_or(0, Vec::len)
    }

    fn must_cut(&self) -> bool {
        let at_end = self.cut_at_end && !self.queue.is_empty();
        at_end
            || self
                .cut_at
                .is_some_and(|at| self.label_bytes() >= at.max(3))
    }

    fn cut(&mut self) {
        self.cut_at = None;
        self.cut_at_end = false;
        self.word.clear();
        if self.forgets {
            self.forgets = false;
            self.queue.clear();
            self.format = None;
        }
    }
}

#[derive(Clone)]
struct Fake {
    state: Arc<Mutex<State>>,
    address: SocketAddr,
}

impl Fake {
    async fn start() -> Fake {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let print = Duration::from_millis(30);
        let state = Arc::new(Mutex::new(State {
            print,
            ..State::default()
        }));
        tokio::spawn(accept(listener, Arc::clone(&state)));
        Fake { state, address }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

async fn accept(listener: TcpListener, state: Arc<Mutex<State>>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        if !state.lock().unwrap().away {
            state.lock().unwrap().connections += 1;
            serve(stream, &state).await;
        }
    }
}

async fn serve(mut stream: TcpStream, state: &Mutex<State>) {
    let mut buffer = [0; 512];
    loop {
        let (blocked, alert) = {
            let mut state = state.lock().unwrap();
            state.tick();
            if state.must_cut() || state.away {
                state.cut();
                return;
            }
            let blocked = state
                .block_at
                .is_some_and(|at| state.label_bytes() >= at.max(3));
            let alert = (blocked && state.alerts && !state.alerted).then(|| state.status());
            state.alerted = blocked;
            (blocked, alert)
        };
        let pause = tokio::time::sleep(Duration::from_millis(1));
        let mut answer = alert.unwrap_or_default();
        tokio::select! {
            read = stream.read(&mut buffer), if !blocked => match read {
                Ok(count) if count > 0 => {
                    let mut state = state.lock().unwrap();
                    for byte in &buffer[..count] {
                        answer.extend(state.byte(*byte));
                        if state.must_cut() {
                            break;
                        }
                    }
                }
                _ => {
                    state.lock().unwrap().word.clear();
                    return;
                }
            },
            () = pause => {}
        }
        if !answer.is_empty() && stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

fn clock() -> SharedClock {
    Arc::new(|| Stamp {
        wall: Wall {
            unix_ms: 0,
            offset_min: 0,
        },
        mono: Mono(0),
    })
}

fn quick() -> Timing {
    Timing {
        settle_poll: Duration::from_millis(10),
        answer_max: Duration::from_millis(200),
        stall_max: Duration::from_millis(300),
        patience: Duration::from_millis(250),
        ..Timing::default()
    }
}

/// The station's side of one printer.
struct Bench {
    fake: Fake,
    printer: PrinterHandle,
    inbox: mpsc::Receiver<PrintReport>,
}

impl Bench {
    async fn new() -> Bench {
        let fake = Fake::start().await;
        Bench::at(fake)
    }

    fn at(fake: Fake) -> Bench {
        let text = format!(
            "id='b/printer'\nrole='printer'\nprofile='zpl-203'\ntcp='{}'\nidle_poll_ms=200",
            fake.address
        );
        let config: DeviceConfig = toml::from_str(&text).unwrap();
        let (reports, inbox) = mpsc::channel(256);
        let printer = start_with(&config, quick(), clock(), reports).unwrap();
        Bench {
            fake,
            printer,
            inbox,
        }
    }

    fn submit(&self, job: &str, picture: Bitmap) {
        let picture = Arc::new(picture);
        self.printer
            .order(PrintOrder::Submit {
                job: JobId::new(job),
                label: picture.into(),
            })
            .unwrap();
    }

    fn release(&self, job: &str) {
        self.printer
            .order(PrintOrder::Release {
                job: JobId::new(job),
            })
            .unwrap();
    }

    async fn next(&mut self) -> PrintReportKind {
        let report = timeout(PATIENCE, self.inbox.recv())
            .await
            .expect("a report in time");
        report.expect("a running worker").kind
    }

    /// The next step of any job; other news are passed over.
    async fn step(&mut self) -> (String, PrintStep) {
        loop {
            if let PrintReportKind::Step { job, step } = self.next().await {
                return (job.to_string(), step);
            }
        }
    }

    async fn flags(&mut self, wanted: &[&str]) {
        loop {
            match self.next().await {
                PrintReportKind::Status { flags } if flags == wanted => return,
                PrintReportKind::Step { job, step } => panic!("{job}: {step:?}"),
                _ => {}
            }
        }
    }

    /// Whether any step comes within a while.
    async fn quiet(&mut self, while_ms: u64) {
        let step = timeout(Duration::from_millis(while_ms), self.step()).await;
        assert!(step.is_err(), "{step:?}");
    }

    /// Submits and releases at once; returns the counter before.
    async fn send(&mut self, job: &str, picture: Bitmap) -> Option<u64> {
        self.submit(job, picture);
        let (_, step) = self.step().await;
        let PrintStep::Ready { counter_before } = step else {
            panic!("{step:?}")
        };
        self.release(job);
        counter_before
    }

    /// Prints a label the ordinary way and checks its evidence.
    async fn print(&mut self, job: &str) {
        let before = self.send(job, small(7)).await.expect("a counter");
        assert!(matches!(self.step().await.1, PrintStep::Sent { .. }));
        assert_eq!(self.step().await.1, PrintStep::Drained);
        let counted = PrintStep::Counted {
            before,
            after: before + 1,
        };
        assert_eq!(self.step().await, (job.to_owned(), counted));
    }
}

/// A picture that bears a number.
fn small(number: u32) -> Bitmap {
    Bitmap::from_bits(32, 1, number.to_be_bytes().to_vec()).unwrap()
}

/// A picture nothing can compress: about 160 KB on the wire.
fn large() -> Bitmap {
    let mut seed = 1_u32;
    let noise = (0..102 * 1218).map(|_| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed.to_be_bytes()[0]
    });
    Bitmap::from_bits(816, 1218, noise.collect()).unwrap()
}

fn encoded(picture: &Bitmap) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (dpi, options) = (Resolution::from_dpi(203), JobOptions::default());
    Zpl.encode(&picture.view(), dpi, &options, &mut bytes)
        .unwrap();
    let end = bytes.windows(3).rposition(|w| w == b"^XZ").unwrap() + 3;
    bytes[..end].to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_labels_over_one_connection_each_fully_proven_and_started_at_once() {
    let mut bench = Bench::new().await;
    bench.fake.state().print = Duration::from_millis(3);
    let mut waits = Vec::new();
    for n in 0..50_u32 {
        let job = format!("J{n}");
        bench.submit(&job, small(n));
        let (_, step) = bench.step().await;
        assert_eq!(
            step,
            PrintStep::Ready {
                counter_before: Some(u64::from(n))
            }
        );
        if n % 10 == 0 {
            bench.quiet(60).await;
        }
        assert_eq!(
            bench.fake.state().first_label_byte,
            None,
            "nothing leaves before the release"
        );
        let released = Instant::now();
        bench.release(&job);
        let bytes = u64::try_from(encoded(&small(n)).len() + 2).unwrap();
        assert_eq!(bench.step().await, (job.clone(), PrintStep::Sent { bytes }));
        assert_eq!(bench.step().await.1, PrintStep::Drained);
        let (before, after) = (u64::from(n), u64::from(n) + 1);
        assert_eq!(bench.step().await.1, PrintStep::Counted { before, after });
        let arrived = bench.fake.state().first_label_byte.take().unwrap();
        waits.push(arrived.saturating_duration_since(released));
    }
    let wanted: Vec<_> = (0..50).map(|n| encoded(&small(n))).collect();
    assert_eq!(bench.fake.state().printed, wanted);
    assert_eq!(bench.fake.state().connections, 1);
    waits.sort();
    println!(
        "release to first byte: median {:?}, worst {:?}",
        waits[25], waits[49]
    );
    assert!(waits[25] < Duration::from_millis(20), "{waits:?}");
    let profile = firstscan_drivers::registry::profile("zpl-203").unwrap();
    let kept = bench.printer.flight().lock().text(profile);
    for part in [" > ~HS", " bytes of a label, left out\n", " connected: "] {
        assert!(kept.contains(part), "{kept}");
    }
    assert!(!kept.contains("^XA"), "a label holds an address: {kept}");
    timeout(PATIENCE, bench.printer.stop()).await.unwrap();
}

#[tokio::test]
async fn without_a_counter_only_seen_work_proves_a_label() {
    let mut bench = Bench::new().await;
    bench.fake.state().no_counter = true;
    bench.fake.state().print = Duration::from_millis(100);
    assert_eq!(bench.send("slow", small(1)).await, None);
    assert!(matches!(bench.step().await.1, PrintStep::Sent { .. }));
    assert_eq!(bench.step().await, ("slow".into(), PrintStep::Drained));
    bench.fake.state().print = Duration::ZERO;
    assert_eq!(bench.send("fast", small(2)).await, None);
    assert!(matches!(bench.step().await.1, PrintStep::Sent { .. }));
    bench.quiet(400).await;
    assert_eq!(bench.fake.state().printed.len(), 2);
    assert_eq!(bench.send("next", small(3)).await, None);
}

#[tokio::test]
async fn a_fault_or_silence_holds_labels_back_and_is_told() {
    let mut bench = Bench::new().await;
    bench.flags(&[]).await;
    bench.fake.state().paper_out = true;
    bench.flags(&["paper_out"]).await;
    bench.submit("held", small(1));
    bench.submit("dropped", small(2));
    bench.quiet(300).await;
    bench
        .printer
        .order(PrintOrder::Drop {
            job: JobId::new("dropped"),
        })
        .unwrap();
    bench.fake.state().paper_out = false;
    bench.flags(&[]).await;
    assert!(matches!(
        bench.step().await.1,
        PrintStep::Ready {
            counter_before: Some(0)
        }
    ));
    bench
        .printer
        .order(PrintOrder::Drop {
            job: JobId::new("held"),
        })
        .unwrap();
    bench.quiet(300).await;
    bench.fake.state().silent = true;
    bench.flags(&["silent"]).await;
    bench.submit("waits", small(3));
    bench.quiet(500).await;
    bench.fake.state().silent = false;
    bench.flags(&[]).await;
    assert!(matches!(bench.step().await, (job, PrintStep::Ready { .. }) if job == "waits"));
    bench.release("held");
    let (job, step) = bench.step().await;
    assert!(
        job == "held" && matches!(step, PrintStep::Broken { .. }),
        "{job} {step:?}"
    );
    assert_eq!(
        bench.fake.state().first_label_byte,
        None,
        "no label byte ever left"
    );
}

#[tokio::test]
async fn back_pressure_with_a_fault_is_waited_out() {
    let mut bench = Bench::new().await;
    {
        let mut state = bench.fake.state();
        (state.block_at, state.alerts) = (Some(20_000), true);
    }
    bench.submit("J1", large());
    assert!(matches!(bench.step().await.1, PrintStep::Ready { .. }));
    bench.fake.state().paper_out = true;
    bench.release("J1");
    bench.flags(&["paper_out"]).await;
    // Three times longer than a dead peer would get.
    bench.quiet(900).await;
    bench.fake.state().block_at = None;
    let (_, step) = bench.step().await;
    assert!(
        matches!(step, PrintStep::Sent { bytes } if bytes > 100_000),
        "{step:?}"
    );
    bench.quiet(300).await;
    bench.fake.state().paper_out = false;
    assert_eq!(bench.step().await.1, PrintStep::Drained);
    assert_eq!(
        bench.step().await.1,
        PrintStep::Counted {
            before: 0,
            after: 1
        }
    );
    assert_eq!(bench.fake.state().printed, [encoded(&large())]);
}

#[tokio::test]
async fn a_peer_that_stops_reading_without_a_word_breaks_the_transfer() {
    let mut bench = Bench::new().await;
    bench.fake.state().block_at = Some(20_000);
    bench.send("J1", large()).await;
    let started = Instant::now();
    let (job, step) = bench.step().await;
    let PrintStep::Broken { reason } = step else {
        panic!("{step:?}")
    };
    assert!(
        job == "J1" && reason.contains("stopped taking bytes"),
        "{reason}"
    );
    assert!(started.elapsed() < Duration::from_secs(2));
    bench.fake.state().block_at = None;
    // The half label neither prints nor swallows the next one.
    bench.print("J2").await;
    assert_eq!(bench.fake.state().printed, [encoded(&small(7))]);
}

#[tokio::test]
async fn a_cut_in_the_middle_breaks_the_job_and_the_next_label_comes_out_clean() {
    let mut bench = Bench::new().await;
    for (n, cut) in [3, 40, 5000, 90_000].into_iter().enumerate() {
        let resyncs = bench.fake.state().resyncs;
        bench.fake.state().cut_at = Some(cut);
        let job = format!("J{n}");
        bench.send(&job, large()).await;
        let (broken, step) = bench.step().await;
        assert!(
            broken == job && matches!(step, PrintStep::Broken { .. }),
            "{cut}: {step:?}"
        );
        bench.print(&format!("K{n}")).await;
        assert!(
            bench.fake.state().resyncs > resyncs,
            "the new connection starts clean"
        );
    }
    assert_eq!(bench.fake.state().printed, vec![encoded(&small(7)); 4]);
}

#[tokio::test]
async fn lost_after_sending_is_settled_by_the_counter_or_not_at_all() {
    let mut bench = Bench::new().await;
    bench.fake.state().cut_at_end = true;
    bench.send("J1", small(1)).await;
    assert!(matches!(bench.step().await.1, PrintStep::Sent { .. }));
    assert_eq!(bench.step().await.1, PrintStep::Drained);
    assert_eq!(
        bench.step().await.1,
        PrintStep::Counted {
            before: 0,
            after: 1
        }
    );
    {
        let mut state = bench.fake.state();
        (state.cut_at_end, state.forgets) = (true, true);
    }
    bench.send("J2", small(2)).await;
    assert!(matches!(bench.step().await.1, PrintStep::Sent { .. }));
    let (job, step) = bench.step().await;
    let PrintStep::Broken { reason } = step else {
        panic!("{step:?}")
    };
    assert!(
        job == "J2" && reason.contains("counter did not rise"),
        "{reason}"
    );
    bench.print("J3").await;
    assert_eq!(bench.fake.state().printed.len(), 2);
}

#[tokio::test]
async fn doubts_of_an_earlier_run_are_settled_before_anything_prints() {
    let fake = Fake::start().await;
    fake.state().counter = 41;
    let settle = |bench: &Bench, job: &str, before| {
        let job = JobId::new(job);
        bench
            .printer
            .order(PrintOrder::Settle {
                job,
                counter_before: before,
            })
            .unwrap();
    };
    let mut bench = Bench::at(fake.clone());
    settle(&bench, "unknown", None);
    settle(&bench, "printed", Some(40));
    settle(&bench, "not", Some(41));
    bench.submit("new", small(1));
    let counted = PrintStep::Counted {
        before: 40,
        after: 41,
    };
    assert_eq!(bench.step().await, ("printed".into(), counted));
    let ready = PrintStep::Ready {
        counter_before: Some(41),
    };
    assert_eq!(bench.step().await, ("new".into(), ready));
    bench.release("new");
    assert!(matches!(bench.step().await.1, PrintStep::Sent { .. }));
    assert_eq!(bench.step().await.1, PrintStep::Drained);
    assert!(matches!(bench.step().await.1, PrintStep::Counted { .. }));
    // Now the counter speaks about the new label, not about old ones.
    settle(&bench, "late", Some(41));
    bench.quiet(700).await;
    timeout(PATIENCE, bench.printer.stop()).await.unwrap();
    let mut bench = Bench::at(fake);
    settle(&bench, "twin-1", Some(41));
    settle(&bench, "twin-2", Some(41));
    bench.quiet(900).await;
}

#[tokio::test]
async fn an_absent_printer_is_told_once_and_found_when_it_comes() {
    let fake = Fake::start().await;
    fake.state().away = true;
    let mut bench = Bench::at(fake);
    bench.submit("J1", small(1));
    tokio::time::sleep(Duration::from_millis(500)).await;
    bench.fake.state().away = false;
    assert!(matches!(bench.step().await.1, PrintStep::Ready { .. }));
    bench.fake.state().away = true;
    loop {
        if matches!(bench.next().await, PrintReportKind::Lost { .. }) {
            break;
        }
    }
    bench.release("J1");
    let (_, step) = bench.step().await;
    let PrintStep::Broken { reason } = step else {
        panic!("{step:?}")
    };
    assert!(reason.contains("nothing was sent"), "{reason}");
    assert_eq!(bench.fake.state().first_label_byte, None);
}

/// What the station knows of a job.
#[derive(Debug, Default)]
struct Known {
    released: bool,
    sent: bool,
    drained: bool,
    counted: bool,
    broken: bool,
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

/// Draws this label's trouble; returns whether it must come out fully proven all the same.
fn trouble(dice: &mut Dice, state: &mut State, length: usize) -> bool {
    // Without a counter, proof needs work that takes long enough to be seen.
    let print_ms_min = if state.no_counter { 30 } else { 0 };
    let side = dice.roll(12);
    let within = usize::try_from(dice.roll(u64::try_from(length).unwrap())).unwrap();
    state.print = Duration::from_millis(print_ms_min + dice.roll(25));
    match side {
        0 => state.cut_at = Some(within),
        1 => (state.cut_at, state.forgets) = (Some(within), true),
        2 => state.cut_at_end = true,
        3 => (state.cut_at_end, state.forgets) = (true, true),
        4 => state.silent = true,
        5 => state.paper_out = true,
        6 => state.block_at = Some(within),
        _ => {}
    }
    side >= 7
}

async fn heal_after(fake: Fake, wait: Duration) {
    tokio::time::sleep(wait).await;
    let mut state = fake.state();
    state.silent = false;
    state.paper_out = false;
    state.block_at = None;
}

/// One printer's share of the trial: the station's knowledge and the printer's own record.
async fn trial(seed: u64, jobs: u32, counter: bool) -> (BTreeMap<u32, Known>, Vec<Vec<u8>>, u64) {
    let mut bench = Bench::new().await;
    bench.fake.state().no_counter = !counter;
    let mut dice = Dice(seed);
    let mut known: BTreeMap<u32, Known> = BTreeMap::new();
    for n in 0..jobs {
        let job = n.to_string();
        let mut must = false;
        let mut of_this = Known::default();
        bench.submit(&job, small(n));
        // Ended by its last evidence, by being broken, or by the next label's turn.
        let end = Instant::now() + Duration::from_secs(4);
        let ended = |k: &Known| k.broken || if counter { k.counted } else { k.drained };
        while !ended(&of_this) && Instant::now() < end {
            let step = timeout(Duration::from_millis(1500), bench.step()).await;
            let Ok((of, step)) = step else { break };
            assert_eq!(of, job, "{step:?}");
            match step {
                PrintStep::Ready { .. } if of_this.released => panic!("{job} ready twice"),
                PrintStep::Ready { .. } => {
                    let length = encoded(&small(n)).len();
                    must = trouble(&mut dice, &mut bench.fake.state(), length);
                    let wait = Duration::from_millis(50 + dice.roll(500));
                    tokio::spawn(heal_after(bench.fake.clone(), wait));
                    of_this.released = true;
                    bench.release(&job);
                }
                PrintStep::Sent { .. } => of_this.sent = true,
                PrintStep::Drained => of_this.drained = true,
                PrintStep::Counted { .. } => of_this.counted = true,
                PrintStep::Broken { .. } => of_this.broken = true,
            }
        }
        let proven = of_this.sent && of_this.drained && of_this.counted == counter;
        assert!(proven || !must, "seed {seed} job {n}: {of_this:?}");
        known.insert(n, of_this);
        // Troubles must not leak into the next label.
        heal_after(bench.fake.clone(), Duration::ZERO).await;
        let mut state = bench.fake.state();
        (state.cut_at, state.cut_at_end, state.forgets) = (None, false, false);
    }
    let state = bench.fake.state();
    (known, state.printed.clone(), state.counter)
}

/// Labels of the trial over TCP; more for an afternoon.
fn labels_wanted() -> u32 {
    let labels = std::env::var("FIRSTSCAN_PRINT_LABELS").ok();
    labels.and_then(|n| n.parse().ok()).unwrap_or(200)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_labels_with_random_faults_none_lost_doubled_or_misreported() {
    let each = labels_wanted().div_ceil(8).max(1);
    let patience = Duration::from_secs(10) + Duration::from_secs(4) * each;
    let trials = (0..8_u64).map(|n| tokio::spawn(trial(0x5EED_0001 + n * 7919, each, n < 6)));
    let trials: Vec<_> = trials.collect();
    let (mut proven, mut doubt, mut printed_all) = (0_u32, 0, 0);
    for trial in trials {
        let (known, printed, counter) = timeout(patience, trial).await.expect("in time").unwrap();
        assert_eq!(u64::try_from(printed.len()).unwrap(), counter);
        printed_all += printed.len();
        let mut strange = printed.len();
        for (n, job) in &known {
            let label = encoded(&small(*n));
            let copies = printed.iter().filter(|p| **p == label).count();
            strange -= copies;
            assert!(copies <= 1, "job {n} came out {copies} times: {job:?}");
            assert!(job.released, "job {n} was lost before it started");
            assert!(
                job.sent || job.broken,
                "job {n} ended without a word: {job:?}"
            );
            if job.counted || job.drained {
                assert_eq!(copies, 1, "job {n} is claimed but never came out: {job:?}");
                assert!(job.sent);
            }
            let claimed = job.counted || job.drained;
            doubt += usize::from(copies == 1 && !claimed);
            proven += u32::from(claimed);
        }
        assert_eq!(strange, 0, "the printer printed something nobody sent");
    }
    let all = 8 * each;
    println!("{all} labels: {printed_all} printed, {proven} proven, {doubt} printed but in doubt");
    assert!(proven * 5 >= all * 3, "most labels are proven: {proven}");
}
