//! Scales and scanners through real ptys: split frames, garbage, unplugging, wedged neighbours.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::let_underscore_must_use
)]

use firstscan::device::{
    self, DeviceCommand, DeviceConfig, DeviceHandle, DeviceReport, ReportKind, SharedClock,
};
use firstscan::domain::{Instant as Mono, Stamp, Wall};
use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(8);

/// The device's end of a serial line; dropping it is pulling the plug.
struct Plug {
    master: File,
    link: PathBuf,
}

impl Plug {
    fn in_socket(link: &Path) -> Plug {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let mut raw = tcgetattr(&master).unwrap();
        raw.make_raw();
        tcsetattr(&master, OptionalActions::Now, &raw).unwrap();
        let status = rustix::fs::fcntl_getfl(&master).unwrap();
        rustix::fs::fcntl_setfl(&master, status | OFlags::NONBLOCK).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        symlink(name, link).unwrap();
        Plug {
            master: File::from(master),
            link: link.to_owned(),
        }
    }

    /// What the host wrote; empty if nothing, or if nobody has the line open.
    fn read(&mut self) -> Vec<u8> {
        let mut buffer = [0; 256];
        match self.master.read(&mut buffer) {
            Ok(count) => buffer[..count].to_vec(),
            Err(_) => Vec::new(),
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        match self.master.write_all(bytes) {
            Err(e) if e.kind() != ErrorKind::WouldBlock => panic!("{e}"),
            _ => {}
        }
    }
}

impl Drop for Plug {
    fn drop(&mut self) {
        std::fs::remove_file(&self.link).unwrap();
    }
}

fn clock() -> SharedClock {
    let started = Instant::now();
    Arc::new(move || {
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap();
        let wall = Wall {
            unix_ms: i64::try_from(ms).unwrap(),
            offset_min: 0,
        };
        Stamp {
            wall,
            mono: Mono(ms),
        }
    })
}

fn start(text: &str) -> (DeviceHandle, mpsc::Receiver<DeviceReport>) {
    let config: DeviceConfig = toml::from_str(text).unwrap();
    let (reports, inbox) = mpsc::channel(64);
    (device::start(&config, clock(), reports).unwrap(), inbox)
}

fn scale_at(port: &Path) -> (DeviceHandle, mpsc::Receiver<DeviceReport>) {
    let port = port.display();
    start(&format!(
        "id='b/scale'\nrole='scale'\nprofile='toledo-8217-kg'\nport='{port}'"
    ))
}

fn scanner_at(port: &Path) -> (DeviceHandle, mpsc::Receiver<DeviceReport>) {
    let port = port.display();
    start(&format!(
        "id='b/scanner'\nrole='scanner'\nprofile='serial-line'\nport='{port}'"
    ))
}

async fn next(inbox: &mut mpsc::Receiver<DeviceReport>) -> DeviceReport {
    timeout(PATIENCE, inbox.recv())
        .await
        .expect("a report in time")
        .expect("a running device")
}

/// Waits for the first report of a kind; passes over the others.
async fn wait<T>(
    inbox: &mut mpsc::Receiver<DeviceReport>,
    pick: impl Fn(ReportKind) -> Option<T>,
) -> T {
    loop {
        if let Some(found) = pick(next(inbox).await.kind) {
            return found;
        }
    }
}

fn connected(kind: ReportKind) -> Option<String> {
    match kind {
        ReportKind::Connected { what } => Some(what),
        _ => None,
    }
}

fn lost(kind: ReportKind) -> Option<String> {
    match kind {
        ReportKind::Lost { reason } => Some(reason),
        _ => None,
    }
}

fn grams(kind: &ReportKind) -> Option<i64> {
    match kind {
        ReportKind::Mass { reading, .. } => reading.mass.map(|m| m.ng() / 1_000_000_000),
        _ => None,
    }
}

/// Answers every `W` with `answer` until told to stop; returns the plug.
fn weigh(
    mut plug: Plug,
    answer: &'static [u8],
    stop: &Arc<AtomicBool>,
) -> std::thread::JoinHandle<(Plug, Vec<u8>)> {
    let stop = Arc::clone(stop);
    std::thread::spawn(move || {
        let (end, mut heard) = (Instant::now() + PATIENCE, Vec::new());
        while !stop.load(Ordering::SeqCst) && Instant::now() < end {
            let asked = plug.read();
            for byte in &asked {
                match byte {
                    b'W' => plug.write(answer),
                    _ => plug.write(b"\x02?P\r"),
                }
            }
            heard.extend(asked);
            std::thread::sleep(Duration::from_millis(1));
        }
        (plug, heard)
    })
}

fn end_of(scale: std::thread::JoinHandle<(Plug, Vec<u8>)>, stop: &AtomicBool) -> (Plug, Vec<u8>) {
    stop.store(true, Ordering::SeqCst);
    let ended = scale.join().unwrap();
    stop.store(false, Ordering::SeqCst);
    ended
}

#[tokio::test]
async fn a_scale_is_polled_coalesced_unplugged_and_found_again_without_a_stale_reading() {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("scale");
    let stop = Arc::new(AtomicBool::new(false));
    let (scale, mut inbox) = scale_at(&port);
    let reason = wait(&mut inbox, lost).await;
    assert!(reason.contains("device list"), "{reason}");

    let running = weigh(Plug::in_socket(&port), b"\x0201.250\r", &stop);
    let what = wait(&mut inbox, connected).await;
    assert!(what.contains("9600 7E1") && what.contains("pty"), "{what}");
    let mut stamps = Vec::new();
    while stamps.len() < 4 {
        let report = next(&mut inbox).await;
        assert_eq!(grams(&report.kind), Some(1250), "{report:?}");
        let ReportKind::Mass { raw, .. } = &report.kind else {
            panic!("{report:?}")
        };
        assert_eq!(raw, b"\x0201.250\r");
        stamps.push(report.at.mono.0);
    }
    let gaps: Vec<u64> = stamps.windows(2).map(|w| w[1] - w[0]).collect();
    assert!(
        gaps.iter().all(|gap| (390..1500).contains(gap)),
        "unchanged: {gaps:?}"
    );
    scale.command(DeviceCommand::Zero).unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (plug, heard) = end_of(running, &stop);
    assert!(
        heard.contains(&b'Z') && heard.iter().all(|b| b"WZ".contains(b)),
        "{heard:?}"
    );

    drop(plug);
    wait(&mut inbox, lost).await;
    let unplugged = Instant::now();
    assert!(
        inbox.try_recv().is_err(),
        "nothing comes from an unplugged scale"
    );
    let running = weigh(Plug::in_socket(&port), b"\x0203.000\r", &stop);
    wait(&mut inbox, connected).await;
    assert!(
        unplugged.elapsed() < Duration::from_millis(2500),
        "{:?}",
        unplugged.elapsed()
    );
    assert_eq!(
        grams(&next(&mut inbox).await.kind),
        Some(3000),
        "no stale reading"
    );

    let plug = end_of(running, &stop).0;
    let silent = |flags: &[&str]| ReportKind::Status {
        flags: flags.iter().map(|f| (*f).to_owned()).collect(),
    };
    wait(&mut inbox, |kind| {
        (kind == silent(&["silent"])).then_some(())
    })
    .await;
    let running = weigh(plug, b"\x0203.000\r", &stop);
    wait(&mut inbox, |kind| (kind == silent(&[])).then_some(())).await;
    timeout(PATIENCE, scale.stop()).await.unwrap();
    drop(end_of(running, &stop));
}

#[tokio::test]
async fn scans_survive_splits_merges_garbage_and_stray_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("scanner");
    let mut plug = Plug::in_socket(&port);
    let (scanner, mut inbox) = scanner_at(&port);
    wait(&mut inbox, connected).await;

    for byte in b"]C1009400\x1D21\r\n" {
        plug.write(&[*byte]);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    plug.write(b"4006381333931\rB\xE9\\1\r\x00\xFF\x80 half a co");
    let mut codes = Vec::new();
    while codes.len() < 3 {
        let ReportKind::Scan { code, raw } = next(&mut inbox).await.kind else {
            continue;
        };
        assert!(raw.ends_with(b"\r"));
        codes.push(code);
    }
    assert_eq!(
        codes,
        ["009400\u{1D}21", "4006381333931", "\u{FFFD}B\\xE9\\\\1"]
    );
    // The half code above ends with the pause; what follows is a code of its own.
    tokio::time::sleep(Duration::from_millis(700)).await;
    plug.write(b"NEXT\r");
    let code = wait(&mut inbox, |kind| match kind {
        ReportKind::Scan { code, .. } => Some(code),
        _ => None,
    })
    .await;
    assert_eq!(code, "NEXT");

    plug.write(b"12345");
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(plug);
    wait(&mut inbox, lost).await;
    let mut plug = Plug::in_socket(&port);
    wait(&mut inbox, connected).await;
    plug.write(b"678\r");
    let kind = next(&mut inbox).await.kind;
    assert!(
        matches!(&kind, ReportKind::Scan { code, .. } if code == "678"),
        "{kind:?}"
    );
    timeout(PATIENCE, scanner.stop()).await.unwrap();
}

#[tokio::test]
async fn a_wedged_scale_and_a_deaf_address_delay_no_scan() {
    let folder = tempfile::tempdir().unwrap();
    let (wedged, port) = (folder.path().join("wedged"), folder.path().join("scanner"));
    // Never reads, never answers, but chatters nonsense.
    let mut noisy = Plug::in_socket(&wedged);
    let mut plug = Plug::in_socket(&port);
    let (scale, mut scale_inbox) = scale_at(&wedged);
    // Takes the connection into its backlog and never says a word.
    let deaf = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = deaf.local_addr().unwrap();
    let dead = format!("id='b/dead'\nrole='scanner'\nprofile='serial-line'\ntcp='{address}'");
    let (dead, _dead_inbox) = start(&dead);
    let (scanner, mut inbox) = scanner_at(&port);
    wait(&mut inbox, connected).await;
    wait(&mut scale_inbox, connected).await;
    let mut slowest = Duration::ZERO;
    for n in 0..200 {
        noisy.write(&[0xAA; 64]);
        let sent = Instant::now();
        plug.write(format!("CODE{n}\r").as_bytes());
        let kind = next(&mut inbox).await.kind;
        slowest = slowest.max(sent.elapsed());
        assert!(matches!(&kind, ReportKind::Scan { code, .. } if *code == format!("CODE{n}")));
    }
    println!("slowest of 200 scans beside a wedged scale: {slowest:?}");
    assert!(slowest < Duration::from_millis(250), "{slowest:?}");
    wait(&mut scale_inbox, |kind| {
        matches!(&kind, ReportKind::Status { flags } if flags == &["garbage"]).then_some(())
    })
    .await;
    for device in [scale, dead, scanner] {
        timeout(PATIENCE, device.stop()).await.unwrap();
    }
}

#[tokio::test]
async fn a_printer_is_refused_here_with_a_remedy() {
    let text = "id='b/p'\nrole='printer'\nprofile='zpl-203'\ntcp='127.0.0.1:9100'";
    let config: DeviceConfig = toml::from_str(text).unwrap();
    let (reports, _inbox) = mpsc::channel(1);
    let error = device::start(&config, clock(), reports).unwrap_err();
    assert!(error.to_string().contains("print worker"), "{error}");
}

#[test]
fn discovery_lists_this_machine_without_failing_and_says_what_it_could_not_see() {
    let inventory = device::discover::list();
    let text = serde_json::to_string(&inventory).unwrap();
    println!("{text}");
    assert!(text.starts_with(r#"{"devices":["#));
    for found in &inventory.devices {
        assert!(
            !found.port.is_empty() && matches!(found.bus, "serial" | "usb"),
            "{found:?}"
        );
        let scores: Vec<u8> = found.candidates.iter().map(|c| c.score).collect();
        assert!(scores.is_sorted_by(|a, b| a >= b), "{found:?}");
    }
}
