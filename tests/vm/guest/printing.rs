//! Labels over USB: every claim of the print session against what the printer really printed.

use super::{node, wait_until};
use firstscan::device::{DeviceConfig, SharedClock};
use firstscan::domain::input::PrintStep;
use firstscan::domain::{Instant as Mono, JobId, Stamp, Wall};
use firstscan::emulate::tray::Tray;
use firstscan::emulate::usbip::{self, Options, UsbDevice};
use firstscan::emulate::zpl_printer::{PrinterSettings, ZplPrinter};
use firstscan::print::{
    PrintOrder, PrintReport, PrintReportKind, PrinterHandle, Timing, start_with,
};
use firstscan_drivers::bitmap::Bitmap;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(15);
/// Labels of each trial with random faults; `FIRSTSCAN_VM_LABELS` sets another number.
const LABELS: u32 = 12;

fn clock() -> SharedClock {
    let wall = Wall {
        unix_ms: 0,
        offset_min: 0,
    };
    Arc::new(move || Stamp {
        wall,
        mono: Mono(0),
    })
}

fn quick() -> Timing {
    Timing {
        settle_poll: Duration::from_millis(20),
        answer_max: Duration::from_millis(400),
        // Longer than this machine stands still when its host has more to do.
        stall_max: Duration::from_secs(2),
        patience: Duration::from_millis(500),
        ..Timing::default()
    }
}

/// A printer on the bus and the session that prints on it.
struct Bench {
    device: UsbDevice<ZplPrinter>,
    printer: PrinterHandle,
    inbox: mpsc::Receiver<PrintReport>,
    steps: VecDeque<PrintStep>,
    _paper: tempfile::TempDir,
}

fn plug() -> (UsbDevice<ZplPrinter>, tempfile::TempDir) {
    let paper = tempfile::tempdir().unwrap();
    let settings = PrinterSettings {
        print_ms: 20,
        boot_ms: 100,
        ..PrinterSettings::default()
    };
    let model = ZplPrinter::new(settings, Tray::open(paper.path()).unwrap());
    let mut options = Options::new(0x0A5F, 0x0164);
    options.serial = "ZD-1".into();
    let device = usbip::printer(model, &options).unwrap();
    node("/dev/usb", "lp");
    (device, paper)
}

fn session(via: &str) -> (PrinterHandle, mpsc::Receiver<PrintReport>) {
    let text = format!(
        "id='b/printer'\nrole='printer'\nprofile='zpl-203'\nusb='0a5f:0164'\nserial='ZD-1'\n\
         via='{via}'\nidle_poll_ms=200"
    );
    let config: DeviceConfig = toml::from_str(&text).unwrap();
    let (reports, inbox) = mpsc::channel(256);
    let printer = start_with(&config, quick(), clock(), reports).unwrap();
    (printer, inbox)
}

impl Bench {
    fn new(via: &str) -> Self {
        let (device, paper) = plug();
        let (printer, inbox) = session(via);
        Self {
            device,
            printer,
            inbox,
            steps: VecDeque::new(),
            _paper: paper,
        }
    }

    async fn next(&mut self) -> PrintReportKind {
        let report = timeout(PATIENCE, self.inbox.recv()).await;
        report
            .expect("news in time")
            .expect("a running session")
            .kind
    }

    /// Passes over other news until `wanted` picks one; steps of jobs are kept for their turn.
    async fn until<T>(&mut self, wanted: impl Fn(&PrintReportKind) -> Option<T>) -> T {
        loop {
            let news = self.next().await;
            if let Some(found) = wanted(&news) {
                return found;
            }
            if let PrintReportKind::Step { step, .. } = news {
                self.steps.push_back(step);
            }
        }
    }

    async fn step(&mut self) -> PrintStep {
        loop {
            if let Some(step) = self.steps.pop_front() {
                return step;
            }
            if let PrintReportKind::Step { step, .. } = self.next().await {
                return step;
            }
        }
    }

    async fn flag(&mut self, wanted: &str) {
        let has = |news: &PrintReportKind| match news {
            PrintReportKind::Status { flags } => flags.iter().any(|f| f == wanted).then_some(()),
            _ => None,
        };
        self.until(has).await;
    }

    fn order(&self, order: PrintOrder) {
        self.printer.order(order).unwrap();
    }

    fn submit(&self, number: u32, picture: Bitmap) {
        let (job, label) = (job(number), Arc::new(picture).into());
        self.order(PrintOrder::Submit { job, label });
    }

    async fn release(&mut self, number: u32) {
        let ready = self.step().await;
        assert!(matches!(ready, PrintStep::Ready { .. }), "{ready:?}");
        self.order(PrintOrder::Release { job: job(number) });
    }

    /// Prints a label and waits for its whole evidence.
    async fn prove(&mut self, number: u32) {
        self.submit(number, small(number));
        self.release(number).await;
        self.proven().await;
    }

    async fn proven(&mut self) {
        let steps = [self.step().await, self.step().await, self.step().await];
        let whole = matches!(
            steps,
            [
                PrintStep::Sent { .. },
                PrintStep::Drained,
                PrintStep::Counted { .. }
            ]
        );
        assert!(whole, "{steps:?}");
    }

    /// Numbers on the labels that came out whole.
    fn printed(&self) -> Vec<u32> {
        self.device.with(|p, _| {
            let whole = p.labels().iter().filter(|l| !l.spoilt);
            let pictures = whole.map(|l| p.tray().picture(l.sequence).unwrap());
            pictures.map(|p| number_on(&p)).collect()
        })
    }
}

fn job(number: u32) -> JobId {
    JobId::new(number.to_string())
}

/// A picture that bears a number.
fn small(number: u32) -> Bitmap {
    Bitmap::from_bits(32, 1, number.to_be_bytes().to_vec()).unwrap()
}

fn number_on(picture: &Bitmap) -> u32 {
    let width = picture.width().min(32);
    let bits = (0..width).map(|x| u32::from(picture.get(x, 0)) << (31 - x));
    bits.sum()
}

/// A picture nothing can compress.
fn large() -> Bitmap {
    let mut seed = 1_u32;
    let noise = (0..102 * 600).map(|_| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        seed.to_be_bytes()[0]
    });
    Bitmap::from_bits(816, 600, noise.collect()).unwrap()
}

pub fn usblp(runtime: &Runtime) {
    runtime.block_on(story("kernel"));
}

pub fn libusb(runtime: &Runtime) {
    runtime.block_on(story("libusb"));
}

/// One printer's bad day.
async fn story(via: &str) {
    let mut bench = Bench::new(via);
    bench.prove(1).await;
    // Paper out before a label: told, held back, printed with the new roll.
    bench.device.with(|p, now| p.set_paper_out(now, true));
    bench.flag("paper_out").await;
    bench.submit(2, small(2));
    bench.device.with(|p, now| p.set_paper_out(now, false));
    bench.release(2).await;
    bench.proven().await;
    // Head open while labels come in: the printer takes no more, the rest waits on the bus.
    bench.submit(3, large());
    bench.release(3).await;
    bench.device.with(|p, now| p.set_head_open(now, true));
    bench.flag("head_open").await;
    bench.device.with(|p, now| p.set_head_open(now, false));
    bench.proven().await;
    // Unplugged in the middle of a raster.
    bench.submit(4, large());
    let ready = bench.step().await;
    assert!(matches!(ready, PrintStep::Ready { .. }), "{ready:?}");
    bench.device.with(|p, _| p.cut_after(20_000));
    let began = Instant::now();
    bench.order(PrintOrder::Release { job: job(4) });
    let broken = bench.step().await;
    assert!(matches!(broken, PrintStep::Broken { .. }), "{broken:?}");
    println!(
        "       {via}: a cut in mid-raster seen after {:?}",
        began.elapsed()
    );
    // It is back by itself, and the next label comes out clean.
    bench.prove(5).await;
    // Off and on between labels.
    bench.device.with(|p, now| p.power_cycle(now));
    let lost = |news: &PrintReportKind| matches!(news, PrintReportKind::Lost { .. }).then_some(());
    bench.until(lost).await;
    bench.prove(6).await;
    let printed = bench.printed();
    for number in [1, 2, 5, 6] {
        let copies = printed.iter().filter(|n| **n == number).count();
        assert_eq!(copies, 1, "label {number} in {printed:?}");
    }
    assert_eq!(printed.len(), 5, "{printed:?}");
}

/// Another program has the printer: told by name, and taken up when it lets go.
pub fn held(runtime: &Runtime) {
    for via in ["kernel", "libusb"] {
        let (device, paper) = plug();
        let held = wait_until("held by another", || hold(via));
        runtime.block_on(async {
            let (printer, inbox) = session(via);
            let mut bench = Bench {
                device,
                printer,
                inbox,
                steps: VecDeque::new(),
                _paper: paper,
            };
            let lost = |news: &PrintReportKind| match news {
                PrintReportKind::Lost { reason } => Some(reason.clone()),
                _ => None,
            };
            let reason = bench.until(lost).await;
            assert!(reason.contains("hold"), "{via}: {reason}");
            drop(held);
            bench.prove(1).await;
            assert_eq!(bench.printed(), [1]);
        });
        super::all_gone();
    }
}

/// Kept to hold a printer.
enum Held {
    Node(#[expect(dead_code, reason = "closed when dropped")] std::fs::File),
    Claim(
        #[expect(dead_code, reason = "released when dropped")]
        rusb::DeviceHandle<rusb::GlobalContext>,
    ),
}

fn hold(via: &str) -> Option<Held> {
    if via == "kernel" {
        let path = super::find("/dev/usb", "lp")?;
        let file = std::fs::OpenOptions::new().write(true).open(path);
        return file.ok().map(Held::Node);
    }
    let handle = rusb::open_device_with_vid_pid(0x0A5F, 0x0164)?;
    handle.set_auto_detach_kernel_driver(true).ok()?;
    handle.claim_interface(0).ok()?;
    Some(Held::Claim(handle))
}

/// What the station knows of a job.
#[derive(Debug, Default, Clone, Copy)]
struct Known {
    sent: bool,
    claimed: bool,
    broken: bool,
    /// Nothing was done to it.
    spared: bool,
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

/// Draws this label's trouble; true if there is none.
fn trouble(dice: &mut Dice, bench: &Bench) -> bool {
    let side = dice.roll(10);
    let within = dice.roll(90);
    bench.device.with(|p, now| match side {
        0 => p.cut_after(within),
        1 => p.set_silent(true),
        2 => p.set_paper_out(now, true),
        3 => p.set_head_open(now, true),
        4 => p.set_paused(now, true),
        _ => {}
    });
    if side == 5 {
        let device = bench.device.device();
        let wait = Duration::from_millis(dice.roll(40));
        tokio::spawn(async move {
            tokio::time::sleep(wait).await;
            device.with(|p, now| p.power_cycle(now));
        });
    }
    side > 5
}

fn heal(device: &firstscan::emulate::link::Device<ZplPrinter>) {
    device.with(|p, now| {
        p.set_silent(false);
        p.set_paper_out(now, false);
        p.set_head_open(now, false);
        p.set_paused(now, false);
    });
}

pub fn faults_usblp(runtime: &Runtime) {
    runtime.block_on(faults("kernel", 0x5EED_0001));
}

pub fn faults_libusb(runtime: &Runtime) {
    runtime.block_on(faults("libusb", 0x5EED_0002));
}

/// Labels of each trial.
pub fn labels() -> u32 {
    let labels = std::env::var("FIRSTSCAN_VM_LABELS").ok();
    labels.and_then(|n| n.parse().ok()).unwrap_or(LABELS)
}

async fn faults(via: &str, seed: u64) {
    let labels = labels();
    let mut bench = Bench::new(via);
    let mut dice = Dice(seed);
    let mut all = Vec::new();
    for n in 1..=labels {
        let known = one(&mut bench, &mut dice, n).await;
        all.push((n, known));
    }
    let printed = bench.printed();
    let (mut claimed, mut doubt, mut stood_still) = (0, 0, 0);
    for (n, known) in &all {
        let copies = printed.iter().filter(|p| *p == n).count();
        assert!(copies <= 1, "label {n} came out {copies} times: {known:?}");
        assert!(
            known.sent || known.broken,
            "label {n} ended without a word: {known:?}"
        );
        if known.claimed {
            assert_eq!(
                copies, 1,
                "label {n} is claimed but never came out: {known:?}"
            );
        }
        claimed += usize::from(known.claimed);
        doubt += usize::from(copies == 1 && !known.claimed);
        stood_still += usize::from(known.spared && !known.claimed);
    }
    let known = |n: &u32| (1..=labels).contains(n);
    assert!(
        printed.iter().all(known),
        "printed what nobody sent: {printed:?}"
    );
    println!(
        "       {via}: {labels} labels, {} printed, {claimed} proven, {doubt} printed but in \
         doubt, {} broken off",
        printed.len(),
        all.iter().filter(|(_, known)| known.broken).count()
    );
    // A machine that stands still for a second breaks a transfer off; that is rare.
    assert!(
        stood_still <= 1 + all.len() / 100,
        "{stood_still} broke without a fault"
    );
    assert!(
        claimed * 2 >= all.len(),
        "most labels are proven: {claimed}"
    );
}

/// One label with what befalls it.
async fn one(bench: &mut Bench, dice: &mut Dice, number: u32) -> Known {
    bench.submit(number, small(number));
    // The last word on the label before may have come too late to be waited for.
    while !matches!(bench.step().await, PrintStep::Ready { .. }) {}
    let spared = trouble(dice, bench);
    let (device, wait) = (
        bench.device.device(),
        Duration::from_millis(50 + dice.roll(400)),
    );
    let healer = tokio::spawn(async move {
        tokio::time::sleep(wait).await;
        heal(&device);
    });
    bench.order(PrintOrder::Release { job: job(number) });
    let mut known = Known {
        spared,
        ..Known::default()
    };
    let mut drained = false;
    let end = Instant::now() + Duration::from_secs(6);
    while !known.broken && !known.claimed && Instant::now() < end {
        match timeout(Duration::from_secs(3), bench.step()).await {
            Err(_) => break,
            Ok(PrintStep::Ready { .. }) => panic!("{number} ready twice"),
            Ok(PrintStep::Sent { .. }) => known.sent = true,
            Ok(PrintStep::Drained) => drained = true,
            Ok(PrintStep::Counted { .. }) => known.claimed = true,
            Ok(PrintStep::Broken { reason }) => {
                known.broken = true;
                if known.spared {
                    println!("       label {number}: {reason}");
                }
            }
        }
    }
    healer.await.unwrap();
    known.claimed |= drained;
    // A cut that was meant for this label strikes no other.
    bench.device.with(|p, _| p.cut_after(u64::MAX));
    known
}
