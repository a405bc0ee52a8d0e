//! Many labels with random faults through one transport: none is lost, doubled, or in a wrong
//! state. `FIRSTSCAN_LABELS` is their number for each transport, if not the usual one.

use crate::cups::Cups;
use crate::desk::{Desk, copies, printer};
use firstscan::domain::input::PrintStep;
use firstscan::emulate::link::Device;
use firstscan::emulate::printers::AnyPrinter;
use firstscan::emulate::pty::PtyDevice;
use firstscan::emulate::tcp::TcpDevice;
use std::path::Path;
use std::time::{Duration, Instant};

const LABELS: u32 = 25;
const LABELS_OF_ONE_MAX: u32 = 250;
/// Time for one label whatever befalls it.
const LABEL_MAX: Duration = Duration::from_secs(30);

fn labels() -> u32 {
    let wanted = std::env::var("FIRSTSCAN_LABELS");
    wanted
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(LABELS)
}

/// What keeps the line to the printer alive.
#[allow(dead_code, reason = "dropping one ends the device")]
enum Line {
    Tcp(TcpDevice<AnyPrinter>),
    Pty(PtyDevice<AnyPrinter>),
    Queue(TcpDevice<AnyPrinter>, Cups),
}

impl Line {
    fn tcp(folder: &Path) -> (Line, Device<AnyPrinter>, String) {
        let device = TcpDevice::start(printer("zpl", folder), 0).unwrap();
        let (handle, address) = (device.device(), format!("tcp = '{}'", device.address()));
        (Line::Tcp(device), handle, address)
    }

    fn pty(folder: &Path) -> (Line, Device<AnyPrinter>, String) {
        let link = folder.join("tty");
        let device = PtyDevice::start(printer("zpl", folder), &link).unwrap();
        let (handle, address) = (device.device(), format!("port = '{}'", link.display()));
        (Line::Pty(device), handle, address)
    }

    fn queue(folder: &Path) -> (Line, Device<AnyPrinter>, String) {
        let device = TcpDevice::start(printer("zpl", folder), 0).unwrap();
        let cups = Cups::start(device.address());
        let (handle, address) = (device.device(), cups.address());
        (Line::Queue(device, cups), handle, address)
    }
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

/// Draws this label's trouble; returns whether it must come out proven all the same.
fn trouble(dice: &mut Dice, device: &Device<AnyPrinter>) -> bool {
    let within = dice.roll(400);
    let print_ms = 40 + dice.roll(30);
    let side = dice.roll(14);
    device.with(|printer, now_ms| {
        printer.set_print_ms(print_ms);
        match side {
            0 => printer.cut_after(within),
            1 => printer.hang_after(Some(within)),
            2 => printer.set_silent(true),
            3 => printer.set_paper_out(now_ms, true),
            4 => printer.set_head_open(now_ms, true),
            5 => printer.power_cycle(now_ms),
            _ => {}
        }
    });
    if side == 6 {
        device.unplug();
    }
    side >= 7
}

/// Some trouble comes while the label is on its way or printed.
async fn later(device: Device<AnyPrinter>, wait_ms: u64, what: u64) {
    tokio::time::sleep(Duration::from_millis(wait_ms)).await;
    match what {
        0 => device.with(|printer, now_ms| printer.power_cycle(now_ms)),
        1 => device.unplug(),
        2 => device.with(|printer, now_ms| printer.set_paper_out(now_ms, true)),
        _ => {}
    }
    tokio::time::sleep(Duration::from_millis(100 + wait_ms * 4)).await;
    heal(&device);
}

fn heal(device: &Device<AnyPrinter>) {
    device.with(|printer, now_ms| {
        printer.set_silent(false);
        printer.set_paper_out(now_ms, false);
        printer.set_head_open(now_ms, false);
        printer.hang_after(None);
        printer.cut_after(u64::MAX);
    });
    device.replug();
}

#[derive(Debug, Default)]
struct Known {
    sent: bool,
    drained: bool,
    counted: bool,
    broken: Option<String>,
    /// Nothing befell it: it must have come out.
    must: bool,
}

/// Hands labels over one after the other; returns what the station knows of each.
async fn trial(
    desk: &mut Desk,
    device: &Device<AnyPrinter>,
    seed: u64,
    labels: u32,
    counts: bool,
) -> Vec<Known> {
    let mut dice = Dice(seed);
    let mut all: Vec<Known> = Vec::new();
    for number in 0..labels {
        let (mut must, mut released, mut later_trouble) = (false, false, None);
        all.push(Known::default());
        desk.submit(number);
        let end = Instant::now() + LABEL_MAX;
        let ended = |k: &Known| k.broken.is_some() || k.counted;
        while !all.last().is_some_and(ended) {
            // After it is sent, nothing more may come: no wrong state, only a doubtful one.
            let sent = all.last().is_some_and(|k| k.sent);
            let wait = match (sent, counts) {
                (false, _) => LABEL_MAX,
                (true, true) => Duration::from_secs(3),
                // A queue that hands bytes on has nothing to add.
                (true, false) => Duration::from_millis(100),
            };
            let Some((of, step)) = desk.step_within(wait).await else {
                assert!(
                    sent,
                    "seed {seed}: label {number} was lost: {}",
                    desk.story()
                );
                break;
            };
            assert!(
                Instant::now() < end,
                "seed {seed}: label {number} takes for ever"
            );
            // A queue may take longer than its turn to end a job.
            let late = of != number && !counts;
            assert!(
                of == number || late,
                "seed {seed}: {number}, not {of}: {step:?}"
            );
            let known = all.get_mut(usize::try_from(of).unwrap()).unwrap();
            match step {
                PrintStep::Ready { .. } => {
                    assert!(!released && !late, "seed {seed}: {number} is ready twice");
                    must = trouble(&mut dice, device);
                    let (wait_ms, what) = (20 + dice.roll(80), if must { 9 } else { dice.roll(6) });
                    later_trouble = Some(tokio::spawn(later(device.clone(), wait_ms, what)));
                    released = true;
                    desk.release(number);
                }
                PrintStep::Sent { .. } => known.sent = true,
                PrintStep::Drained => known.drained = true,
                PrintStep::Counted { before, after } => {
                    assert_eq!(after, before + 1);
                    known.counted = true;
                }
                PrintStep::Broken { reason } => known.broken = Some(reason),
            }
        }
        let known = all.last_mut().unwrap();
        known.must = must;
        // A counter question that got no answer in time lets the counter rest for a while.
        let proven = known.sent && known.broken.is_none() && known.drained == counts;
        assert!(
            proven || !must,
            "seed {seed}: label {number}: {known:?} {:?}",
            desk.flags
        );
        // One label's trouble must not be the next one's.
        if let Some(trouble) = later_trouble.filter(|_| !must) {
            trouble.await.unwrap();
            while !device.with(|printer, _| printer.is_on()) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        heal(device);
    }
    // What a queue still holds comes out, so that it can be counted.
    if !counts {
        while let Some((of, step)) = desk.step_within(Duration::from_secs(8)).await {
            assert!(
                matches!(step, PrintStep::Broken { .. }),
                "seed {seed}: {of} {step:?}"
            );
        }
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    all
}

fn judge(name: &str, seed: u64, printer: &AnyPrinter, all: &[Known], took: Duration) {
    let (mut proven, mut doubtful, mut broken, mut out) = (0, 0, 0, 0);
    for (number, known) in (0..).zip(all) {
        let copies = copies(printer, number);
        let claimed = known.drained || known.counted;
        let at = format!("{name}, seed {seed}, label {number}: {known:?}");
        assert!(copies <= 1, "{copies} copies: {at}");
        assert!(
            known.sent || known.broken.is_some(),
            "lost without a word: {at}"
        );
        assert!(
            !claimed || (known.sent && copies == 1),
            "claimed, and never came out: {at}"
        );
        assert!(copies == 1 || !known.must, "swallowed: {at}");
        proven += usize::from(claimed);
        doubtful += usize::from(copies == 1 && !claimed);
        broken += usize::from(known.broken.is_some());
        out += copies;
    }
    let whole = printer.labels().iter().filter(|l| !l.spoilt).count();
    assert_eq!(
        whole, out,
        "{name}: the printer printed something nobody sent"
    );
    println!(
        "{name}: {} labels in {} s: {out} printed, {proven} proven, {doubtful} printed but in \
         doubt, {broken} broken off; 0 lost, 0 doubled, 0 in a wrong state",
        all.len(),
        took.as_secs()
    );
    assert!(out * 2 > all.len(), "{name}: most labels come out: {out}");
}

/// Several printers share a large number, each with its own luck.
async fn labels_through(name: &'static str, line: fn(&Path) -> (Line, Device<AnyPrinter>, String)) {
    let printers = labels().div_ceil(LABELS_OF_ONE_MAX);
    let shares = (0..printers).map(|n| {
        let seed = 0x5EED_0001 + u64::from(name.as_bytes()[0]) + u64::from(n) * 7919;
        tokio::spawn(share(name, seed, labels() / printers, line))
    });
    for share in shares.collect::<Vec<_>>() {
        share.await.unwrap();
    }
}

async fn share(
    name: &'static str,
    seed: u64,
    labels: u32,
    line: fn(&Path) -> (Line, Device<AnyPrinter>, String),
) {
    let folder = tempfile::tempdir().unwrap();
    let (_line, device, address) = line(folder.path());
    let (mut desk, started) = (Desk::new(&address), Instant::now());
    let all = trial(&mut desk, &device, seed, labels, name != "queue").await;
    let took = started.elapsed();
    device.with(|printer, _| judge(name, seed, printer, &all, took));
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn labels_with_random_faults_over_tcp_none_lost_doubled_or_misreported() {
    labels_through("tcp", Line::tcp).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn labels_with_random_faults_over_a_serial_line_none_lost_doubled_or_misreported() {
    labels_through("serial", Line::pty).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn labels_with_random_faults_through_a_queue_none_lost_doubled_or_misreported() {
    labels_through("queue", Line::queue).await;
}
