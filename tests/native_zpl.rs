//! A carrier's own ZPL on a ZPL printer, passed on behind the guard: it prints as the interpreter
//! draws it, once, and the next label finds the printer as if nothing had been there.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use firstscan::device::DeviceConfig;
use firstscan::domain::input::PrintStep;
use firstscan::domain::{Instant as Mono, JobId, Stamp, Wall};
use firstscan::emulate::tcp::TcpDevice;
use firstscan::emulate::tray::{Tray, read_png};
use firstscan::emulate::zpl_printer::{PrinterSettings, ZplPrinter};
use firstscan::label::zpl;
use firstscan::print::{PrintOrder, PrintReport, PrintReportKind, Printable, start};
use firstscan_drivers::bitmap::{Bitmap, Resolution};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);
/// Home and mirror stay set on a printer, two copies would be two paid labels, and what is stored
/// would stay in it.
const RUDE: &[u8] = b"^XA^PW812^LL1218^LH40,60^PMN^PQ2^MMT^MD10^FO20,20^GB400,300,6^FS\
^FO60,60^A0N,60,60^FDSWIFT^FS^FO60,400^BY3^BCN,200,Y,N,N,A^FDSFT98000417284B^FS^XZ~SD25^XA^JUS^XZ";

async fn printed(reports: &mut mpsc::Receiver<PrintReport>, wanted: fn(&PrintStep) -> bool) {
    let steps = async {
        loop {
            let report = reports.recv().await.unwrap();
            match report.kind {
                PrintReportKind::Step { step, .. } if wanted(&step) => return,
                PrintReportKind::Step {
                    step: PrintStep::Broken { reason },
                    ..
                } => panic!("{reason}"),
                _ => {}
            }
        }
    };
    timeout(PATIENCE, steps).await.expect("the step in time");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_label_prints_once_and_leaves_the_printer_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let tray = Tray::open(folder.path()).unwrap();
    let settings = PrinterSettings::default();
    let device = TcpDevice::start(ZplPrinter::new(settings, tray), 0).unwrap();
    let text = format!(
        "id='b/printer'\nrole='printer'\nprofile='zpl-203'\ntcp='{}'\nforeign_zpl='native'",
        device.address()
    );
    let config: DeviceConfig = toml::from_str(&text).unwrap();
    let (sender, mut reports) = mpsc::channel(256);
    let stamp = || Stamp {
        wall: Wall {
            unix_ms: 0,
            offset_min: 0,
        },
        mono: Mono(0),
    };
    let printer = start(&config, Arc::new(stamp), sender).unwrap();

    let mut own = Bitmap::new(812, 1218).unwrap();
    own.fill_rect(100, 100, 50, 800, true);
    let ours = Printable::from(Arc::new(own.clone()));
    let foreign = Printable {
        zpl: Some(RUDE.into()),
        ..ours.clone()
    };
    for (name, label) in [("j-1", foreign), ("j-2", ours)] {
        let job = JobId::new(name);
        let order = |order| printer.order(order).unwrap();
        order(PrintOrder::Submit {
            job: job.clone(),
            label,
        });
        printed(&mut reports, |step| matches!(step, PrintStep::Ready { .. })).await;
        order(PrintOrder::Release { job });
        printed(
            &mut reports,
            |step| matches!(step, PrintStep::Counted { before, after } if *after == *before + 1),
        )
        .await;
    }

    let pictures: Vec<Bitmap> = {
        let mut files: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "png"))
            .collect();
        files.sort();
        files.iter().map(|file| read_png(file).unwrap()).collect()
    };
    let drawn = zpl::interpret(RUDE, Resolution::from_dpi(203), Some((812, 1218))).unwrap();
    assert_eq!(pictures.len(), 2);
    assert_eq!(pictures[0], drawn.labels[0].bitmap);
    assert_eq!(pictures[1], own);
}
