//! A private CUPS with raw queues to emulated printers.

use crate::desk::{Desk, copies, label, printer};
use crate::programs::{Program, file, folder, free_port, program, run};
use firstscan::emulate::model::DeviceModel;
use firstscan::emulate::printers::AnyPrinter;
use firstscan::emulate::tcp::TcpDevice;
use firstscan_drivers::bitmap::Resolution;
use firstscan_drivers::printer::zpl::Zpl;
use firstscan_drivers::printer::{JobOptions, Language};
use std::process::Command;
use std::time::Duration;
use tempfile::TempDir;

pub struct Cups {
    folder: TempDir,
    server: Option<Program>,
    port: u16,
}

impl Cups {
    /// A server with one raw queue `zd` to the address.
    pub fn start(printer: std::net::SocketAddr) -> Cups {
        let folder = tempfile::tempdir().unwrap();
        let mut cups = Cups {
            folder,
            server: None,
            port: free_port(),
        };
        cups.configure();
        cups.run();
        let uri = format!("socket://{printer}");
        let policy = "printer-error-policy=abort-job";
        cups.command(
            "lpadmin",
            &["-p", "zd", "-E", "-v", &uri, "-m", "raw", "-o", policy],
        );
        cups
    }

    /// The station as its queue's client sees CUPS with the access rules it ships with: everyone on
    /// this host prints, and the names of jobs are shown to their owner only.
    fn configure(&self) {
        let root = folder(self.folder.path());
        let sub = |name: &str| folder(&self.folder.path().join(name));
        let (spool, cache, state) = (sub("spool"), sub("cache"), sub("state"));
        let (temporary, log) = (sub("tmp"), sub("log"));
        let account = if rustix::process::geteuid().is_root() {
            "User lp\nGroup lp\n"
        } else {
            ""
        };
        let files = format!(
            "ServerRoot {root}\nRequestRoot {spool}\nCacheDir {cache}\nStateDir {state}\n\
             TempDir {temporary}\nAccessLog {log}/access\nErrorLog {log}/error\n\
             PageLog {log}/page\n{account}"
        );
        file(&self.folder.path().join("cups-files.conf"), &files, 0o644);
        let daemon = format!(
            "Listen 127.0.0.1:{}\nBrowsing Off\nWebInterface No\nJobRetryInterval 1\n\
             LogLevel debug\n<Location />\nOrder allow,deny\nAllow 127.0.0.1\n</Location>\n\
             <Policy default>\nJobPrivateAccess default\nJobPrivateValues default\n\
             <Limit All>\nOrder allow,deny\nAllow 127.0.0.1\n</Limit>\n</Policy>\n",
            self.port
        );
        file(&self.folder.path().join("cupsd.conf"), &daemon, 0o644);
    }

    pub fn run(&mut self) {
        let at = |name: &str| self.folder.path().join(name);
        let mut command = Command::new(program("cupsd"));
        command.arg("-f").arg("-c").arg(at("cupsd.conf"));
        command.arg("-s").arg(at("cups-files.conf"));
        let started = Program::start(&mut command, &at("output"));
        self.server = Some(started.listening(self.port));
    }

    pub fn stop(&mut self) {
        self.server.take().unwrap().stop();
    }

    pub fn command(&self, name: &str, arguments: &[&str]) {
        let server = format!("127.0.0.1:{}", self.port);
        run(Command::new(program(name))
            .args(arguments)
            .env("CUPS_SERVER", server));
    }

    pub fn address(&self) -> String {
        format!("queue = 'ipp://127.0.0.1:{}/printers/zd'", self.port)
    }

    /// The last lines of its log, for a test that failed.
    pub fn log(&self) -> String {
        let log = std::fs::read_to_string(self.folder.path().join("log/error"));
        let log = log.unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(60).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

/// A printer that also keeps every byte it was sent.
struct Recorder {
    printer: AnyPrinter,
    bytes: Vec<u8>,
}

impl DeviceModel for Recorder {
    fn receive(&mut self, now_ms: u64, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.printer.receive(now_ms, bytes);
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.printer.poll_transmit()
    }

    fn poll_timeout(&self) -> Option<u64> {
        self.printer.poll_timeout()
    }

    fn handle_timeout(&mut self, now_ms: u64) {
        self.printer.handle_timeout(now_ms);
    }

    fn poll_disconnect(&mut self) -> bool {
        self.printer.poll_disconnect()
    }

    fn reachable(&self) -> bool {
        self.printer.reachable()
    }
}

fn on_the_wire(number: u32) -> Vec<u8> {
    let mut bytes = Zpl.resync().to_vec();
    let (head, options) = (Resolution::from_dpi(203), JobOptions::default());
    Zpl.encode(&label(number).view(), head, &options, &mut bytes)
        .unwrap();
    bytes
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_raw_queue_hands_every_byte_on_and_proves_no_more_than_that() {
    let folder = tempfile::tempdir().unwrap();
    let (printer, bytes) = (printer("zpl", folder.path()), Vec::new());
    let device = TcpDevice::start(Recorder { printer, bytes }, 0).unwrap();
    let cups = Cups::start(device.address());
    let mut desk = Desk::new(&cups.address());
    desk.send(1).await;
    desk.sent(1).await;
    desk.quiet(1).await;
    assert_eq!(
        device.with(|r, _| r.bytes.clone()),
        on_the_wire(1),
        "{}",
        cups.log()
    );
    assert_eq!(device.with(|r, _| copies(&r.printer, 1)), 1);

    // A queue that was stopped takes no label from us: it would pour out later.
    cups.command("cupsdisable", &["zd"]);
    tokio::time::sleep(Duration::from_millis(500)).await;
    desk.submit(2);
    desk.quiet(2).await;
    assert!(
        desk.flags.contains(&"paused".to_owned()),
        "{:?}",
        desk.flags
    );
    cups.command("cupsenable", &["zd"]);
    assert!(matches!(desk.step().await, (2, _)));
    assert!(desk.flags.is_empty(), "{:?}", desk.flags);

    // The printer is off: the queue says "processing" and nothing else.
    device.with(|r, now_ms| r.printer.switch_off(now_ms));
    tokio::time::sleep(Duration::from_millis(300)).await;
    desk.release(2);
    desk.sent(2).await;
    desk.submit(3);
    desk.quiet(4).await;
    assert_eq!(desk.flags, ["unfinished"]);
    device.with(|r, now_ms| r.printer.switch_on(now_ms));
    assert!(
        matches!(desk.step().await, (3, _)),
        "the next one waited for it"
    );
    desk.release(3);
    desk.sent(3).await;
    desk.quiet(1).await;
    for number in 1..=3 {
        assert_eq!(
            device.with(|r, _| copies(&r.printer, number)),
            1,
            "{number}"
        );
    }
    desk.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_of_queue_or_station_in_mid_job_prints_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let device = TcpDevice::start(printer("zpl", folder.path()), 0).unwrap();
    let mut cups = Cups::start(device.address());
    let mut desk = Desk::new(&cups.address());
    device.with(|p, _| p.hang_after(Some(50)));
    desk.send(1).await;
    desk.sent(1).await;
    desk.quiet(1).await;
    cups.stop();
    desk.quiet(1).await;
    device.with(|p, _| p.hang_after(None));
    cups.run();
    // The bytes had left already. CUPS keeps the job as pending and does nothing about it, so it is
    // cancelled: it must not come out when the next one wakes the queue.
    desk.broken(1, "cancelled").await;
    assert_eq!(device.with(|p, _| copies(p, 1)), 1, "{}", cups.log());
    desk.send(2).await;
    desk.sent(2).await;
    desk.quiet(1).await;

    // The station forgets that it sent the labels; the queue does not, even when started anew.
    desk.stop().await;
    cups.stop();
    cups.run();
    let mut desk = Desk::new(&cups.address());
    for number in [1, 2] {
        desk.submit(number);
        desk.broken(number, "already").await;
    }
    // A queue that is gone breaks a released label before its first byte.
    desk.submit(3);
    assert!(matches!(desk.step().await, (3, _)));
    cups.stop();
    tokio::time::sleep(Duration::from_millis(500)).await;
    desk.release(3);
    desk.broken(3, "nothing was sent").await;
    cups.run();
    desk.quiet(2).await;
    assert_eq!(device.with(|p, _| p.odometer()), 2);
    desk.stop().await;
}
