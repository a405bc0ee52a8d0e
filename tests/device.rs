//! Scales and scanners through real ptys: split frames, garbage, unplugging, wedged neighbours.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::let_underscore_must_use
)]

#[allow(dead_code)]
#[path = "support/plug.rs"]
mod plug;

use firstscan::device::{
    self, DeviceCommand, DeviceConfig, DeviceHandle, DeviceReport, ReportKind,
};
use plug::{PATIENCE, Plug, at_port, clock, code, connected, flags, lost, next, start, wait};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::timeout;

fn scale_at(port: &Path) -> (DeviceHandle, mpsc::Receiver<DeviceReport>) {
    at_port("scale", "toledo-8217-kg", port)
}

fn scanner_at(port: &Path) -> (DeviceHandle, mpsc::Receiver<DeviceReport>) {
    at_port("scanner", "serial-line", port)
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
    // The half code above ends with the pause, and its rest is no code of its own.
    tokio::time::sleep(Duration::from_millis(700)).await;
    plug.write(b"de\rNEXT\r");
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
        noisy.write(&[0x55, 0x01].repeat(32));
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

/// Eight devices, four of each kind; the first scale never reads and floods its line.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_devices_at_once_one_wedged_and_none_delays_another() {
    let folder = tempfile::tempdir().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let (mut scales, mut scanners, mut running) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..4 {
        let port = folder.path().join(format!("scale{n}"));
        let plug = Plug::in_socket(&port);
        scales.push(scale_at(&port));
        running.push(match n {
            0 => wedge(plug, &stop),
            _ => weigh(plug, b"\x0201.250\r", &stop),
        });
        let port = folder.path().join(format!("scanner{n}"));
        let plug = Plug::in_socket(&port);
        let (handle, mut inbox) = scanner_at(&port);
        wait(&mut inbox, connected).await;
        scanners.push((plug, handle, inbox));
    }
    let mut times = Vec::new();
    for round in 0..100 {
        for (n, (plug, _, inbox)) in scanners.iter_mut().enumerate() {
            let sent = Instant::now();
            plug.write(format!("CODE{n}-{round}\r").as_bytes());
            let code = wait(inbox, code).await;
            times.push(sent.elapsed());
            assert_eq!(code, format!("CODE{n}-{round}"));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    times.sort();
    let (p50, p99) = (times[times.len() / 2], times[times.len() * 99 / 100]);
    println!("scan to report beside a wedged scale, eight devices: p50 {p50:?}, p99 {p99:?}");
    assert!(p99 < Duration::from_millis(250), "{p99:?}");
    for (_, inbox) in scales.iter_mut().skip(1) {
        let weighed = wait(inbox, |kind| grams(&kind)).await;
        assert_eq!(weighed, 1250, "and the other scales weigh");
    }
    let garbage = wait(&mut scales[0].1, flags).await;
    assert_eq!(garbage, ["garbage"]);
    for plug in running {
        drop(end_of(plug, &stop));
        stop.store(true, Ordering::SeqCst);
    }
    for handle in scales.into_iter().map(|s| s.0) {
        timeout(PATIENCE, handle.stop()).await.unwrap();
    }
}

/// Chatters nonsense as fast as the line takes it and never reads.
fn wedge(mut plug: Plug, stop: &Arc<AtomicBool>) -> std::thread::JoinHandle<(Plug, Vec<u8>)> {
    let stop = Arc::clone(stop);
    std::thread::spawn(move || {
        let end = Instant::now() + 4 * PATIENCE;
        while !stop.load(Ordering::SeqCst) && Instant::now() < end {
            plug.write(&[0x55, 0x01].repeat(512));
            std::thread::sleep(Duration::from_millis(1));
        }
        (plug, Vec::new())
    })
}

#[tokio::test]
async fn a_seven_bit_line_read_with_eight_is_recognised_and_the_remedy_named() {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("scale");
    let stop = Arc::new(AtomicBool::new(false));
    // "STX 01.25 CR" with even parity, as eight bits show it.
    let running = weigh(
        Plug::in_socket(&port),
        b"\x82\x30\xB1\x2E\xB2\x35\x8D",
        &stop,
    );
    let port = port.display();
    let (scale, mut inbox) = start(&format!(
        "id='b/s'\nrole='scale'\nprofile='toledo-8217-kg'\nport='{port}'\ndata_bits=8\n\
         parity='none'"
    ));
    let told = wait(&mut inbox, flags).await;
    assert_eq!(told, ["garbage", "looks_like_7e1"]);
    timeout(PATIENCE, scale.stop()).await.unwrap();
    drop(end_of(running, &stop));
}

#[tokio::test]
async fn a_lost_code_is_told_until_the_next_good_one() {
    let folder = tempfile::tempdir().unwrap();
    let port = folder.path().join("scanner");
    let mut plug = Plug::in_socket(&port);
    let (scanner, mut inbox) = scanner_at(&port);
    wait(&mut inbox, connected).await;
    plug.write(b"half a code");
    assert_eq!(wait(&mut inbox, flags).await, ["garbage"]);
    plug.write(b"'s rest\rNEXT\r");
    assert_eq!(wait(&mut inbox, code).await, "NEXT");
    assert!(wait(&mut inbox, flags).await.is_empty());
    timeout(PATIENCE, scanner.stop()).await.unwrap();
}

#[tokio::test]
async fn a_recording_weighs_like_the_scale_it_was_made_at() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scale.txt");
    let text =
        "profile toledo-8217-kg\n@0 > W\n@20 < \\x0201.250\\r\n@200 > W\n@220 < \\x0202.500\\r\n";
    std::fs::write(&path, text).unwrap();
    let path = path.display();
    let (scale, mut inbox) = start(&format!(
        "id='b/s'\nrole='scale'\nprofile='toledo-8217-kg'\nreplay='{path}'"
    ));
    assert!(wait(&mut inbox, connected).await.contains("replay of"));
    assert_eq!(wait(&mut inbox, |kind| grams(&kind)).await, 1250);
    assert_eq!(wait(&mut inbox, |kind| grams(&kind)).await, 2500);
    assert_eq!(
        wait(&mut inbox, flags).await,
        ["silent"],
        "it ends in silence"
    );
    timeout(PATIENCE, scale.stop()).await.unwrap();
}

#[tokio::test]
async fn a_weight_a_hid_scale_kept_from_before_the_connection_does_not_count() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("scale.txt");
    // Two reports waited inside it; what comes then is of now.
    let text = "@0 < \\x03\\x04\\x02\\x00\\x63\\x00\n@5 < \\x03\\x04\\x02\\x00\\x64\\x00\n\
                @150 < \\x03\\x04\\x02\\x00\\x14\\x00\n@300 < \\x03\\x04\\x02\\x00\\x15\\x00\n";
    std::fs::write(&path, text).unwrap();
    let path = path.display();
    let (scale, mut inbox) = start(&format!(
        "id='b/s'\nrole='scale'\nprofile='dymo-m10-m25'\nreplay='{path}'"
    ));
    wait(&mut inbox, connected).await;
    assert_eq!(wait(&mut inbox, |kind| grams(&kind)).await, 20);
    assert_eq!(wait(&mut inbox, |kind| grams(&kind)).await, 21);
    let recorded = scale
        .flight()
        .lock()
        .text(firstscan_drivers::registry::profile("dymo-m10-m25").unwrap());
    assert_eq!(recorded.matches(" < ").count(), 4, "{recorded}");
    assert!(recorded.contains(" connected: replay of"), "{recorded}");
    timeout(PATIENCE, scale.stop()).await.unwrap();
}

#[tokio::test]
async fn an_absent_usb_device_is_waited_for_and_told_once() {
    let (scale, mut inbox) =
        start("id='b/s'\nrole='scale'\nprofile='toledo-8217-kg'\nusb='0922:8003'\nusb_port='99-1'");
    let reason = wait(&mut inbox, lost).await;
    assert!(reason.contains("USB 0922:8003 at 99-1"), "{reason}");
    let more = timeout(Duration::from_millis(2500), inbox.recv()).await;
    assert!(more.is_err(), "the same cause is told once: {more:?}");
    timeout(PATIENCE, scale.stop()).await.unwrap();
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
