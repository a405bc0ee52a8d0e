//! What devices take: from a scanner's last byte to the reducer's input, the processor time of
//! eight idle devices, from plugging in to ready. `cargo bench --bench device` measures;
//! `-- --quick`, or a run as a test, only shows that everything works.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
#[path = "support/measure.rs"]
mod measure;
#[allow(dead_code)]
#[path = "../tests/support/plug.rs"]
mod plug;

use firstscan::device::{DeviceHandle, DeviceReport, ReportKind};
use firstscan::domain::InputKind;
use measure::{Goal, Row, Unit, Which};
use plug::{Plug, at_port, connected, lost, next, wait};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::Receiver;

type Running = (DeviceHandle, Receiver<DeviceReport>);

fn main() {
    let asked = |flag: &str| std::env::args().any(|arg| arg == flag);
    let quick = asked("--quick") || !asked("--bench");
    let few = |many: usize| if quick { (many / 50).max(2) } else { many };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let rows = runtime.block_on(async {
        vec![
            scan_to_input(few(2000)).await,
            plug_to_ready(few(50)).await,
            idle(few(100).min(8)).await,
        ]
    });
    let missed = measure::print(&rows);
    println!("{} rows, {missed} goals missed", rows.len());
}

/// From the write of a code's last byte to the input the reducer decides on.
async fn scan_to_input(count: usize) -> Row {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("scanner");
    let mut plug = Plug::in_socket(&port);
    let (scanner, mut inbox) = at_port("scanner", "serial-line", &port);
    wait(&mut inbox, connected).await;
    let mut times = Vec::with_capacity(count);
    for n in 0..count {
        plug.write(format!("]C100PARCEL{n:08}").as_bytes());
        let began = Instant::now();
        plug.write(b"\r");
        let report = next(&mut inbox).await;
        let ReportKind::Scan { code, .. } = report.kind else {
            panic!("{report:?}")
        };
        let device = report.device;
        std::hint::black_box(InputKind::Scan { device, code });
        times.push(began.elapsed());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    scanner.stop().await;
    Row::times(
        "pty write to reducer input",
        &times,
        Goal::ms(Which::P99, 10),
    )
}

/// From the moment the node of a pulled device is there again to the report that it is in use.
async fn plug_to_ready(count: usize) -> Row {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("scanner");
    let (scanner, mut inbox) = at_port("scanner", "serial-line", &port);
    let mut times = Vec::with_capacity(count);
    wait(&mut inbox, lost).await;
    for n in 0..count {
        // Away for up to a second and a half, so that pauses have grown as far as they do.
        let away = Duration::from_millis(u64::try_from(n * 733 % 1500).unwrap());
        tokio::time::sleep(away).await;
        let began = Instant::now();
        let plug = Plug::in_socket(&port);
        wait(&mut inbox, connected).await;
        times.push(began.elapsed());
        drop(plug);
        wait(&mut inbox, lost).await;
    }
    scanner.stop().await;
    Row::times("plug to ready (pty)", &times, Goal::ms(Which::Max, 1500))
}

/// Processor time per second of four scales at rest that are asked five times a second and four
/// scanners nobody uses. The scales' answers are made in this process and counted too.
async fn idle(seconds: usize) -> Row {
    let folder = tempfile::tempdir().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let mut scales = Vec::new();
    let mut devices: Vec<Running> = Vec::new();
    let mut scanners = Vec::new();
    for n in 0..4 {
        let port = folder.path().join(format!("scale{n}"));
        scales.push(Plug::in_socket(&port));
        devices.push(ready("scale", "toledo-8217-kg", &port).await);
        let port = folder.path().join(format!("scanner{n}"));
        scanners.push(Plug::in_socket(&port));
        devices.push(ready("scanner", "serial-line", &port).await);
    }
    let stopping = Arc::clone(&stop);
    let answering = tokio::task::spawn_blocking(move || {
        while !stopping.load(Ordering::SeqCst) {
            for scale in &mut scales {
                if scale.read().contains(&b'W') {
                    scale.write(b"\x0201.250\r");
                }
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    });
    let mut samples = Vec::new();
    for _ in 0..seconds {
        let (began, before) = (Instant::now(), processor_time());
        while began.elapsed() < Duration::from_secs(1) {
            tokio::time::sleep(Duration::from_millis(100)).await;
            for (_, inbox) in &mut devices {
                while inbox.try_recv().is_ok() {}
            }
        }
        let used = processor_time().saturating_sub(before);
        samples.push(u64::try_from(used.as_nanos()).unwrap());
    }
    stop.store(true, Ordering::SeqCst);
    answering.await.unwrap();
    for (device, _) in devices {
        device.stop().await;
    }
    drop(scanners);
    let name = "processor time per second, 8 devices idle";
    Row::new(name, Unit::Nanoseconds, samples, Goal::ms(Which::P50, 20))
}

async fn ready(role: &str, profile: &str, port: &Path) -> Running {
    let (device, mut inbox) = at_port(role, profile, port);
    wait(&mut inbox, connected).await;
    (device, inbox)
}

/// User and system time of this process.
fn processor_time() -> Duration {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    let seconds = u64::try_from(used.tv_sec).unwrap();
    Duration::new(seconds, u32::try_from(used.tv_nsec).unwrap())
}
