//! Every emulated device through its real transport, against the drivers' codecs.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use firstscan::emulate::bench::{Address, EmulatedStation, StationLayout};
use firstscan::emulate::fault::{Fault, Planned};
use firstscan::emulate::pty::PtyDevice;
use firstscan::emulate::scale::{ScaleSettings, Toledo8217};
use firstscan::emulate::scanners::Gun;
use firstscan::emulate::tcp::TcpDevice;
use firstscan::emulate::tray::{Tray, fingerprint, read_png};
use firstscan::emulate::zpl_printer::{OnError, PrinterSettings, ZplPrinter};
use firstscan_drivers::bitmap::{Bitmap, Resolution};
use firstscan_drivers::codec::{Codec, Event};
use firstscan_drivers::mass::{Mass, MassReading, Unit};
use firstscan_drivers::printer::zpl::Zpl;
use firstscan_drivers::printer::{
    Compression, JobOptions, Language, PrinterStatus, Query, QueryKind, Reply,
};
use firstscan_drivers::registry;
use firstscan_drivers::scale::toledo8217::Options as ScaleOptions;
use firstscan_drivers::scale::toledo8217::Toledo8217 as ScaleCodec;
use std::path::Path;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_serial::{DataBits, Parity, SerialPortBuilderExt, SerialStream};

const PATIENCE: Duration = Duration::from_secs(10);

// ---- the host's side of a serial line

fn open(path: &Path) -> SerialStream {
    tokio_serial::new(path.to_str().unwrap(), 9600)
        .data_bits(DataBits::Seven)
        .parity(Parity::Even)
        .open_native_async()
        .unwrap()
}

/// A daemon's serial driver in small: one codec on one port.
struct Host {
    port: SerialStream,
    codec: ScaleCodec,
    started: Instant,
}

impl Host {
    fn new(path: &Path) -> Self {
        let (port, codec) = (
            open(path),
            ScaleCodec::new(ScaleOptions::new(Unit::Kilogram)),
        );
        Self {
            port,
            codec,
            started: Instant::now(),
        }
    }

    /// Polls the scale until an event fits; returns it and all readings before.
    async fn until(&mut self, mut fits: impl FnMut(&Event) -> bool) -> Vec<Event> {
        let mut seen = Vec::new();
        let mut buffer = [0; 256];
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            self.codec.handle_timeout(self.started.elapsed());
            while let Some(bytes) = self.codec.poll_transmit() {
                self.port.write_all(&bytes).await.unwrap();
            }
            let pause = Duration::from_millis(5);
            if let Ok(read) = timeout(pause, self.port.read(&mut buffer)).await {
                let n = read.unwrap();
                self.codec.receive(self.started.elapsed(), &buffer[..n]);
            }
            while let Some(emitted) = self.codec.poll_event() {
                let done = fits(&emitted.event);
                seen.push(emitted.event);
                if done {
                    return seen;
                }
            }
        }
        panic!("the scale never said it; seen: {seen:?}");
    }
}

fn mass(event: &Event) -> Option<&MassReading> {
    match event {
        Event::Mass(reading) => Some(reading),
        _ => None,
    }
}

fn is_exactly(event: &Event, grams: i64, text: &str) -> bool {
    mass(event).is_some_and(|m| {
        m.flags.stable
            && m.mass == Some(Mass::from_grams(grams))
            && m.decimal.is_some_and(|d| d.to_string() == text)
    })
}

fn scale() -> (tempfile::TempDir, PtyDevice<Toledo8217>) {
    scale_with(ScaleSettings::default())
}

fn scale_with(settings: ScaleSettings) -> (tempfile::TempDir, PtyDevice<Toledo8217>) {
    let folder = tempfile::tempdir().unwrap();
    let model = Toledo8217::new(settings);
    let device = PtyDevice::start(model, &folder.path().join("dev/bench1-scale")).unwrap();
    (folder, device)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scale_moves_and_then_weighs_exactly() {
    // Long enough that a busy machine still polls it in motion.
    let (_folder, scale) = scale_with(ScaleSettings {
        settle_ms: 1200,
        ..ScaleSettings::default()
    });
    let mut host = Host::new(scale.path());
    let zero =
        |e: &Event| mass(e).is_some_and(|m| m.flags.stable && m.mass == Some(Mass::default()));
    host.until(zero).await;
    let put_at = Instant::now();
    scale.with(|s, now| s.put(now, Mass::from_grams(1250)));
    let seen = host.until(|e| is_exactly(e, 1250, "1.250")).await;
    assert!(
        put_at.elapsed() >= Duration::from_millis(1200),
        "stable before it settled"
    );
    let moved = seen
        .iter()
        .filter_map(mass)
        .any(|m| m.flags.motion && m.mass.is_none());
    assert!(moved, "never in motion: {seen:?}");
    let others = seen
        .iter()
        .filter(|e| !zero(e) && mass(e).is_some_and(|m| m.mass.is_some()));
    assert_eq!(others.count(), 1, "a weight that never lay there: {seen:?}");

    scale.with(|s, now| s.put(now, Mass::from_grams(31_000)));
    host.until(|e| mass(e).is_some_and(|m| m.flags.over && m.mass.is_none()))
        .await;
    scale.with(|s, now| (s.take(now), s.lift_platform(now, true)));
    host.until(|e| mass(e).is_some_and(|m| m.flags.under && m.mass.is_none()))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scale_stays_exact_over_a_bad_line() {
    let (_folder, scale) = scale();
    let mut host = Host::new(scale.path());
    let bad = [
        Planned::always(Fault::Split { bytes: 1 }),
        Planned::always(Fault::ByteDelay { ms: 3 }),
        Planned::always(Fault::Garbage(b"\x11\x00??".to_vec())),
        Planned {
            fault: Fault::DropTerminator,
            after_frames: 1,
            frames: Some(1),
        },
        Planned {
            fault: Fault::Silent,
            after_frames: 1,
            frames: Some(2),
        },
    ];
    for (grams, fault) in (1..).map(|n| 1000 + n).zip(bad) {
        scale.with(|s, now| s.put(now, Mass::from_grams(grams)));
        scale.fault(fault.clone());
        let text = format!("{}.{:03}", grams / 1000, grams % 1000);
        let seen = host.until(|e| is_exactly(e, grams, &text)).await;
        for reading in seen.iter().filter_map(mass) {
            let old = Mass::from_grams(grams - 1);
            let known = [
                None,
                Some(Mass::default()),
                Some(old),
                Some(Mass::from_grams(grams)),
            ];
            assert!(
                known.contains(&reading.mass),
                "{fault:?} made up {reading:?}"
            );
        }
        scale.clear_faults();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scale_can_be_unplugged_and_comes_back() {
    let (_folder, scale) = scale();
    let mut host = Host::new(scale.path());
    host.until(|e| mass(e).is_some()).await;
    let node = std::fs::read_link(scale.path()).unwrap();

    scale.unplug();
    let mut buffer = [0; 64];
    let hung_up = timeout(PATIENCE, async {
        loop {
            match host.port.read(&mut buffer).await {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
        }
    });
    hung_up.await.expect("the host never saw the hang-up");
    wait(|| !scale.host_open()).await;
    assert!(!scale.path().exists() && std::fs::symlink_metadata(scale.path()).is_err());

    // The old node is still held open by the host, so the new one has another name.
    scale.replug();
    wait(|| scale.path().exists()).await;
    assert_ne!(std::fs::read_link(scale.path()).unwrap(), node);
    drop(host);
    Host::new(scale.path()).until(|e| mass(e).is_some()).await;

    // Broken in mid-frame, it comes back by itself.
    let mut host = Host::new(scale.path());
    host.until(|e| mass(e).is_some()).await;
    scale.fault(Planned::once(Fault::DisconnectMidFrame));
    host.port.write_all(b"W").await.unwrap();
    wait(|| !scale.host_open()).await;
    drop(host);
    wait(|| scale.path().exists()).await;
    Host::new(scale.path()).until(|e| mass(e).is_some()).await;
}

/// A serial gun that sends the code and a line end, nothing before it.
fn gun() -> Gun {
    let mut profile = registry::profile("serial-line").unwrap().clone();
    profile.scanner.aim = false;
    Gun::of(&profile).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_reaches_whoever_listens_and_no_one_else() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("bench1-scanner");
    let scanner = PtyDevice::start(gun(), &link).unwrap();
    scanner.with(|gun, _| gun.scan("lost, nobody listens"));
    sleep(Duration::from_millis(50)).await;
    for round in 0..5 {
        let mut port = open(&link);
        wait(|| scanner.host_open()).await;
        scanner.with(|gun, _| gun.scan(&format!("ORDER-{round}")));
        assert_eq!(line(&mut port).await, format!("ORDER-{round}\r"));
        drop(port);
        wait(|| !scanner.host_open()).await;
        scanner.with(|gun, _| gun.scan("lost between two daemons"));
        sleep(Duration::from_millis(20)).await;
    }
}

/// The daemon of an ordinary user is killed and leaves its exclusive lock behind. (Root passes
/// any lock, so that only an ordinary user sees this fail.)
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_daemon_locks_nobody_out() {
    let folder = tempfile::tempdir().unwrap();
    let link = folder.path().join("bench1-scanner");
    let scanner = PtyDevice::start(gun(), &link).unwrap();
    for _ in 0..3 {
        let port = std::fs::File::open(&link).unwrap();
        rustix::termios::ioctl_tiocexcl(&port).unwrap();
        wait(|| scanner.host_open()).await;
        drop(port);
        wait(|| std::fs::File::open(&link).is_ok()).await;
    }
}

/// A daemon that closes and opens the line faster than anyone looks finds it working.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_reopened_at_once_still_works() {
    let (_folder, scale) = scale();
    for _ in 0..50 {
        let mut host = Host::new(scale.path());
        host.until(|e| mass(e).is_some()).await;
    }
}

async fn line(port: &mut SerialStream) -> String {
    let mut text = String::new();
    while !text.ends_with('\r') {
        let byte = timeout(PATIENCE, port.read_u8())
            .await
            .expect("no scan came")
            .unwrap();
        text.push(char::from(byte));
    }
    text
}

async fn wait(mut is: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is() {
        assert!(Instant::now() < deadline, "it never came true");
        sleep(Duration::from_millis(2)).await;
    }
}

// ---- the host's side of a printer

fn printer(folder: &Path, settings: PrinterSettings) -> TcpDevice<ZplPrinter> {
    TcpDevice::start(ZplPrinter::new(settings, Tray::open(folder).unwrap()), 0).unwrap()
}

async fn connect(printer: &TcpDevice<ZplPrinter>) -> TcpStream {
    TcpStream::connect(printer.address()).await.unwrap()
}

/// A picture with every kind of row: blank, full, repeated, striped, pseudo-random.
fn picture(width: u32, height: u32, seed: u32) -> Bitmap {
    let mut bitmap = Bitmap::new(width, height).unwrap();
    bitmap.fill_rect(0, 3, width, 5, true);
    let mut random = seed.wrapping_mul(2_654_435_761) | 1;
    for y in 12..height {
        for x in 0..width {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let black = if y % 7 < 3 {
                (x / 5) % 2 == 0
            } else {
                random >> 30 == 0
            };
            bitmap.set(x, y, black);
        }
    }
    bitmap
}

fn job(picture: &Bitmap, compression: Compression, copies: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    let options = JobOptions {
        compression,
        copies,
        ..JobOptions::default()
    };
    Zpl.encode(
        &picture.view(),
        Resolution::from_dpi(203),
        &options,
        &mut bytes,
    )
    .unwrap();
    bytes
}

fn query(kind: QueryKind) -> &'static Query {
    Zpl.query(kind).unwrap()
}

/// Asks; `None` is silence.
async fn ask(host: &mut TcpStream, kind: QueryKind, patience: Duration) -> Option<Reply> {
    host.write_all(query(kind).bytes).await.unwrap();
    let mut answer = Vec::new();
    let read = timeout(patience, async {
        loop {
            let byte = host.read_u8().await.unwrap();
            answer.push(byte);
            // An SGD answer ends with its second quote, a status with the third line.
            match Zpl.parse_reply(query(kind), &answer) {
                Reply::Incomplete => {}
                reply => break reply,
            }
        }
    });
    read.await.ok()
}

async fn status(host: &mut TcpStream) -> PrinterStatus {
    match ask(host, QueryKind::Status, PATIENCE)
        .await
        .expect("no answer to ~HS")
    {
        Reply::Status(status, _) => status,
        other => panic!("not a status: {other:?}"),
    }
}

async fn is_silent(host: &mut TcpStream) -> bool {
    ask(host, QueryKind::Status, Duration::from_millis(300))
        .await
        .is_none()
}

/// Longer than any test takes.
const NEVER_MS: u64 = 600_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_printer_prints_bit_for_bit_and_counts() {
    let folder = tempfile::tempdir().unwrap();
    let printer_1 = printer(folder.path(), PrinterSettings::default());
    let mut host = connect(&printer_1).await;
    match ask(&mut host, QueryKind::Identity, PATIENCE).await {
        Some(Reply::Identity(who, _)) => assert_eq!(who.model, "ZTC ZD421-203dpi ZPL"),
        other => panic!("no identity: {other:?}"),
    }
    let sizes = [(812, 1218), (813, 40), (96, 33)];
    let mut printed = 0;
    for compression in [Compression::Z64, Compression::Acs, Compression::Hex] {
        for (seed, (width, height)) in (1..).zip(sizes) {
            let picture = picture(width, height, seed);
            host.write_all(&job(&picture, compression, 1))
                .await
                .unwrap();
            printed += 1;
            wait(|| printer_1.with(|p, _| p.odometer()) == printed).await;
            let (label, paper) = printer_1.with(|p, _| p.take_label()).unwrap();
            assert_eq!(*paper, picture, "{compression:?} {width}x{height}");
            assert_eq!((label.width, label.height), (width, height));
            assert_eq!(label.sha256, fingerprint(&picture));
            assert_eq!(read_png(&folder.path().join(&label.file)).unwrap(), picture);
        }
    }
    assert_eq!(printer_1.with(|p, _| p.notes().count()), 0);
    let counted = ask(&mut host, QueryKind::Counter, PATIENCE).await;
    assert!(matches!(counted, Some(Reply::Counter(9, _))), "{counted:?}");
    assert!(!status(&mut host).await.busy());

    // Another printer process in the same folder is the same printer.
    drop((host, printer_1));
    let printer_2 = printer(folder.path(), PrinterSettings::default());
    let mut host = connect(&printer_2).await;
    let counted = ask(&mut host, QueryKind::Counter, PATIENCE).await;
    assert!(matches!(counted, Some(Reply::Counter(9, _))), "{counted:?}");
    assert!(
        printer_2.with(|p, _| p.take_label()).is_none(),
        "all were taken before"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_printer_is_busy_and_then_idle() {
    let folder = tempfile::tempdir().unwrap();
    let settings = PrinterSettings {
        print_ms: 200,
        ..PrinterSettings::default()
    };
    let printer = printer(folder.path(), settings);
    let mut host = connect(&printer).await;
    assert!(!status(&mut host).await.busy());
    host.write_all(&job(&picture(96, 33, 1), Compression::Hex, 3))
        .await
        .unwrap();
    let mut left = Vec::new();
    loop {
        let now = status(&mut host).await;
        assert!(!now.fault());
        if !now.busy() {
            break;
        }
        if left.last() != Some(&now.labels_remaining) {
            left.push(now.labels_remaining);
        }
    }
    assert!(
        !left.is_empty() && left.is_sorted_by(|a, b| a > b) && left[0] <= 3,
        "{left:?}"
    );
    assert_eq!(printer.with(|p, _| p.labels().len()), 3);

    // The printer outlives its host: a label that was sent whole is printed.
    host.write_all(&job(&picture(96, 33, 2), Compression::Hex, 1))
        .await
        .unwrap();
    drop(host);
    wait(|| printer.with(|p, _| p.odometer()) == 4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_paper_it_finishes_says_so_and_stops_reading() {
    let folder = tempfile::tempdir().unwrap();
    let settings = PrinterSettings {
        print_ms: 1200,
        ..PrinterSettings::default()
    };
    let printer = printer(folder.path(), settings);
    let mut host = connect(&printer).await;
    host.write_all(&job(&picture(96, 33, 1), Compression::Hex, 2))
        .await
        .unwrap();
    wait(|| printer.with(|p, _| p.is_busy())).await;
    printer.with(|p, now| p.set_paper_out(now, true));
    wait(|| printer.with(|p, _| p.odometer()) == 1).await;
    let now = status(&mut host).await;
    assert!(
        now.paper_out && now.busy() && now.labels_remaining == 1,
        "{now:?}"
    );

    // Its memory fills up, then it takes nothing more: the host's write does not end.
    let big = job(&picture(812, 1218, 2), Compression::Hex, 1);
    let blocked = timeout(Duration::from_millis(700), async {
        for _ in 0..200 {
            host.write_all(&big).await.unwrap();
        }
    });
    assert!(
        blocked.await.is_err(),
        "50 MB went into a printer without paper"
    );
    assert_eq!(printer.with(|p, _| p.odometer()), 1);
    drop(host);
    printer.with(|p, now| p.set_paper_out(now, false));
    wait(|| printer.with(|p, _| p.odometer()) >= 2).await;
    assert!(printer.with(|p, _| p.labels().iter().all(|l| !l.spoilt)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_head_spoils_a_label_and_zebra_prints_it_again_unless_told_not_to() {
    let folder = tempfile::tempdir().unwrap();
    let on_error = OnError::SpoilLabel;
    let settings = PrinterSettings {
        print_ms: NEVER_MS,
        on_error,
        ..PrinterSettings::default()
    };
    let printer = printer(folder.path(), settings);
    let mut host = connect(&printer).await;
    // The drivers' encoder says ^JZN; a foreign label need not.
    let ours = job(&picture(96, 33, 1), Compression::Hex, 1);
    let foreign = String::from_utf8(ours.clone())
        .unwrap()
        .replace("^JZN", "^JZY");
    for (bytes, counted) in [(foreign.into_bytes(), 1), (ours, 1)] {
        host.write_all(&bytes).await.unwrap();
        wait(|| printer.with(|p, _| p.condition().labels_left) == 1).await;
        printer.with(|p, now| p.set_head_open(now, true));
        assert!(status(&mut host).await.head_open);
        printer.with(|p, _| p.set_print_ms(20));
        printer.with(|p, now| p.set_head_open(now, false));
        wait(|| printer.with(|p, _| !p.is_busy())).await;
        assert_eq!(printer.with(|p, _| p.odometer()), counted);
        printer.with(|p, _| p.set_print_ms(NEVER_MS));
    }
    let spoilt: Vec<bool> = printer.with(|p, _| p.labels().iter().map(|l| l.spoilt).collect());
    assert_eq!(spoilt, [true, false, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_can_go_silent_and_follow_the_documented_silence() {
    let folder = tempfile::tempdir().unwrap();
    let settings = PrinterSettings {
        answers_in_error: false,
        ..PrinterSettings::default()
    };
    let printer = printer(folder.path(), settings);
    let mut host = connect(&printer).await;
    printer.with(|p, _| p.set_silent(true));
    assert!(is_silent(&mut host).await);
    host.write_all(&job(&picture(96, 33, 1), Compression::Acs, 1))
        .await
        .unwrap();
    wait(|| printer.with(|p, _| p.odometer()) == 1).await;
    printer.with(|p, _| p.set_silent(false));
    status(&mut host).await;
    printer.with(|p, now| p.set_paper_out(now, true));
    assert!(is_silent(&mut host).await);
    printer.with(|p, now| p.set_paper_out(now, false));
    printer.fault(Planned::once(Fault::Silent));
    assert!(is_silent(&mut host).await);
    printer.fault(Planned::once(Fault::ByteDelay { ms: 1 }));
    status(&mut host).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_connection_leaves_no_label_and_the_resync_prefix_clears_it() {
    let folder = tempfile::tempdir().unwrap();
    let printer = printer(folder.path(), PrinterSettings::default());
    let whole = job(&picture(96, 33, 1), Compression::Hex, 1);
    let text = String::from_utf8(whole.clone()).unwrap();
    let end = text.find("^XZ").unwrap();
    for cut in [1, 2, 3, 5, 60, 120, end - 1, end, end + 1, end + 2] {
        let before = printer.with(|p, _| p.odometer());
        let mut host = connect(&printer).await;
        wait(|| printer.host_open()).await;
        printer.with(|p, _| p.cut_after(cut as u64));
        // The host may or may not notice while writing.
        host.write_all(&whole).await.unwrap_or_default();
        let mut byte = [0];
        let gone = timeout(PATIENCE, host.read(&mut byte))
            .await
            .expect("never cut");
        assert!(matches!(gone, Ok(0) | Err(_)), "{gone:?}");
        wait(|| !printer.host_open()).await;

        let mut host = connect(&printer).await;
        host.write_all(Zpl.resync()).await.unwrap();
        let now = status(&mut host).await;
        assert!(!now.busy(), "cut at {cut}: {now:?}");
        host.write_all(&whole).await.unwrap();
        wait(|| printer.with(|p, _| p.odometer()) > before).await;
        wait(|| printer.with(|p, _| !p.is_busy())).await;
        assert_eq!(
            printer.with(|p, _| p.odometer()),
            before + 1,
            "cut at {cut}"
        );
        assert_eq!(
            *printer.with(|p, _| p.take_label()).unwrap().1,
            picture(96, 33, 1)
        );
    }
    // Cut behind the last byte, the label is there although the host cannot know.
    let before = printer.with(|p, _| p.odometer());
    let mut host = connect(&printer).await;
    wait(|| printer.host_open()).await;
    printer.with(|p, _| p.cut_after(end as u64 + 3));
    host.write_all(&whole).await.unwrap_or_default();
    wait(|| printer.with(|p, _| p.odometer()) == before + 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn it_loses_what_it_had_when_the_power_goes_and_refuses_until_it_is_up() {
    let folder = tempfile::tempdir().unwrap();
    let settings = PrinterSettings {
        print_ms: NEVER_MS,
        boot_ms: 1000,
        ..PrinterSettings::default()
    };
    let printer = printer(folder.path(), settings);
    let mut host = connect(&printer).await;
    host.write_all(&job(&picture(96, 33, 1), Compression::Hex, 2))
        .await
        .unwrap();
    wait(|| printer.with(|p, _| p.condition().labels_left) == 2).await;
    printer.with(|p, now| p.power_cycle(now));
    let mut byte = [0];
    let gone = timeout(PATIENCE, host.read(&mut byte))
        .await
        .expect("still connected");
    assert!(matches!(gone, Ok(0) | Err(_)));
    wait(|| !printer.host_open()).await;
    assert!(
        TcpStream::connect(printer.address()).await.is_err(),
        "it is off"
    );
    wait(|| printer.with(|p, _| p.is_on())).await;
    let mut host = retry(&printer).await;
    assert!(!status(&mut host).await.busy());
    assert_eq!(
        printer.with(|p, _| (p.odometer(), p.labels().len())),
        (0, 1)
    );

    printer.unplug();
    wait(|| !printer.host_open()).await;
    assert!(
        TcpStream::connect(printer.address()).await.is_err(),
        "its cable is out"
    );
    printer.replug();
    status(&mut retry(&printer).await).await;
}

async fn retry(printer: &TcpDevice<ZplPrinter>) -> TcpStream {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match TcpStream::connect(printer.address()).await {
            Ok(stream) => return stream,
            Err(e) => assert!(Instant::now() < deadline, "{e}"),
        }
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_station_keeps_its_addresses_over_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let layout = StationLayout {
        docks: vec![("dock1".into(), true)],
        ..StationLayout::default()
    };
    let station = EmulatedStation::start(folder.path(), &layout).unwrap();
    let before = station.connections();
    let roles: Vec<(&str, &str)> = before.iter().map(|c| (c.place.as_str(), c.role)).collect();
    assert_eq!(
        roles,
        [
            ("bench1", "scale"),
            ("bench1", "scanner"),
            ("bench1", "printer"),
            ("dock1", "scanner"),
            ("dock1", "printer"),
        ]
    );
    for connection in &before {
        match &connection.address {
            Address::Serial(path) => drop(open(path)),
            Address::Tcp(address) => drop(TcpStream::connect(address).await.unwrap()),
        }
    }
    drop(station);
    sleep(Duration::from_millis(20)).await;
    let again = EmulatedStation::start(folder.path(), &layout).unwrap();
    assert_eq!(again.connections(), before);
    assert!(again.scanner("dock1").is_some() && again.printer("nowhere").is_none());
}
