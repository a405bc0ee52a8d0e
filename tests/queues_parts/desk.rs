//! The station's side of one printer.

use firstscan::device::{DeviceConfig, SharedClock};
use firstscan::domain::input::PrintStep;
use firstscan::domain::{Instant as Mono, JobId, Stamp, Wall};
use firstscan::emulate::printers::{AnyPrinter, PrinterSettings, model};
use firstscan::emulate::tray::{Tray, fingerprint};
use firstscan::print::{
    PrintOrder, PrintReport, PrintReportKind, PrinterHandle, Timing, start_with,
};
use firstscan_drivers::bitmap::Bitmap;
use firstscan_drivers::registry;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

pub fn quick() -> Timing {
    Timing {
        settle_poll: Duration::from_millis(20),
        answer_max: Duration::from_millis(200),
        stall_max: Duration::from_millis(1500),
        patience: Duration::from_millis(250),
        ..Timing::default()
    }
}

/// An emulated printer of a language; its labels lie in the folder.
pub fn printer(language: &str, folder: &Path) -> AnyPrinter {
    let settings = PrinterSettings {
        print_ms: 20,
        ..PrinterSettings::default()
    };
    model(language, settings, Tray::open(folder).unwrap()).unwrap()
}

/// A label that bears a number.
pub fn label(number: u32) -> Bitmap {
    let mut picture = Bitmap::new(200, 40).unwrap();
    picture.fill_rect(0, 0, 200, 4, true);
    for bit in (0..32).filter(|bit| number >> bit & 1 == 1) {
        picture.fill_rect(4 + bit * 6, 8, 4, 30, true);
    }
    picture
}

/// How many labels of this number came out whole.
pub fn copies(printer: &AnyPrinter, number: u32) -> usize {
    let wanted = fingerprint(&label(number));
    let whole = printer.labels().iter().filter(|l| !l.spoilt);
    whole.filter(|l| l.sha256 == wanted).count()
}

pub struct Desk {
    printer: PrinterHandle,
    inbox: mpsc::Receiver<PrintReport>,
    pub flags: Vec<String>,
}

impl Desk {
    /// `address` is the configuration's line, such as `tcp = '...'`.
    pub fn new(address: &str) -> Desk {
        let text = format!(
            "id='b/printer'\nrole='printer'\nprofile='zpl-203'\nidle_poll_ms=200\n{address}"
        );
        let config: DeviceConfig = toml::from_str(&text).unwrap();
        let (reports, inbox) = mpsc::channel(256);
        let stamp = || Stamp {
            wall: Wall {
                unix_ms: 0,
                offset_min: 0,
            },
            mono: Mono(0),
        };
        let clock: SharedClock = Arc::new(stamp);
        Desk {
            printer: start_with(&config, quick(), clock, reports).unwrap(),
            inbox,
            flags: Vec::new(),
        }
    }

    pub fn submit(&self, number: u32) {
        let job = JobId::new(number.to_string());
        let label = Arc::new(label(number)).into();
        self.printer
            .order(PrintOrder::Submit { job, label })
            .unwrap();
    }

    pub fn release(&self, number: u32) {
        let job = JobId::new(number.to_string());
        self.printer.order(PrintOrder::Release { job }).unwrap();
    }

    /// The next step of any job; `None` if none comes within the time.
    pub async fn step_within(&mut self, wait: Duration) -> Option<(u32, PrintStep)> {
        let next = async {
            loop {
                let report = self.inbox.recv().await.expect("a running worker");
                match report.kind {
                    PrintReportKind::Step { job, step } => {
                        return (job.as_str().parse().unwrap(), step);
                    }
                    PrintReportKind::Status { flags } => self.flags = flags,
                    _ => {}
                }
            }
        };
        timeout(wait, next).await.ok()
    }

    pub async fn step(&mut self) -> (u32, PrintStep) {
        let step = self.step_within(PATIENCE).await;
        step.unwrap_or_else(|| panic!("no step in time; {:?}", self.flags))
    }

    /// What is known of the printer, and the last that went over the line.
    pub fn story(&self) -> String {
        let profile = registry::profile("zpl-203").unwrap();
        let flight = self.printer.flight().lock().text(profile);
        let lines: Vec<&str> = flight.lines().rev().take(30).collect();
        let last: Vec<&str> = lines.into_iter().rev().collect();
        format!("{:?}\n{}", self.flags, last.join("\n"))
    }

    pub async fn quiet(&mut self, seconds: u64) {
        let step = self.step_within(Duration::from_secs(seconds)).await;
        assert_eq!(step, None, "{:?}", self.flags);
    }

    /// Submits, waits until it may print, releases.
    pub async fn send(&mut self, number: u32) {
        self.submit(number);
        let (of, step) = self.step().await;
        assert!(
            of == number && matches!(step, PrintStep::Ready { .. }),
            "{step:?}"
        );
        self.release(number);
    }

    pub async fn sent(&mut self, number: u32) {
        let (of, step) = self.step().await;
        assert!(
            of == number && matches!(step, PrintStep::Sent { .. }),
            "{step:?}"
        );
    }

    pub async fn drained(&mut self, number: u32) {
        assert_eq!(self.step().await, (number, PrintStep::Drained));
    }

    pub async fn broken(&mut self, number: u32, word: &str) {
        let (of, step) = self.step().await;
        let PrintStep::Broken { reason } = step else {
            panic!("{step:?}")
        };
        assert!(of == number && reason.contains(word), "{reason}");
    }

    pub async fn stop(self) {
        timeout(PATIENCE, self.printer.stop()).await.unwrap();
    }
}
