//! LPrint as an independent client of the emulated printers: it asks its own questions and renders
//! a picture its own way, and zbar reads what came out.

use crate::desk::printer;
use crate::programs::{Program, folder, free_port, program, run};
use firstscan::emulate::printers::AnyPrinter;
use firstscan::emulate::tcp::TcpDevice;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const TEXT: &str = "SFT98000417284B";

struct Lprint {
    _server: Program,
    port: u16,
    home: String,
}

impl Lprint {
    fn start(root: &Path) -> Lprint {
        let home = folder(&root.join("home"));
        let port = free_port();
        let mut command = Command::new(program("lprint"));
        command
            .arg("server")
            .env("HOME", &home)
            .env("TMPDIR", &home);
        for option in [
            format!("server-port={port}"),
            "listen-hostname=localhost".into(),
            "auth-service=none".into(),
            format!("spool-directory={home}/spool"),
            "log-level=debug".into(),
            "log-file=-".into(),
        ] {
            command.args(["-o", &option]);
        }
        let server = Program::start(&mut command, &root.join("lprint.log")).listening(port);
        Lprint {
            _server: server,
            port,
            home,
        }
    }

    fn command(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(program("lprint"));
        command
            .args(arguments)
            .env("HOME", &self.home)
            .env("TMPDIR", &self.home);
        command.args(["-u", &format!("ipp://localhost:{}/", self.port)]);
        run(&mut command)
    }
}

fn wait_for_label(device: &TcpDevice<AnyPrinter>) {
    let end = Instant::now() + Duration::from_secs(30);
    while device.with(|p, _| p.odometer()) == 0 {
        let notes = device.with(|p, _| p.notes().collect::<Vec<_>>().join("; "));
        let transcript = device.transcript_text();
        assert!(Instant::now() < end, "{notes}\n{transcript}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Asks for a label of a barcode through LPrint; returns what zbar reads of what came out.
fn print_with_lprint(language: &str, driver: &str) -> (String, String) {
    let temporary = tempfile::tempdir().unwrap();
    folder(temporary.path());
    let labels = temporary.path().join("labels");
    let device = TcpDevice::start(printer(language, &labels), 0).unwrap();
    let lprint = Lprint::start(temporary.path());
    let uri = format!("socket://{}", device.address());
    lprint.command(&["add", "-d", "zd", "-v", &uri, "-m", driver]);
    let picture = temporary.path().join("code.png");
    let picture = picture.to_str().unwrap();
    run(Command::new(program("zint")).args(["-b", "20", "-d", TEXT, "--scale=3", "-o", picture]));
    lprint.command(&[
        "submit",
        "-d",
        "zd",
        "-o",
        "media=na_index-4x6_4x6in",
        picture,
    ]);
    wait_for_label(&device);
    let label = device.with(|p, _| p.tray().path(&p.labels()[0]));
    let read = run(Command::new(program("zbarimg"))
        .args(["--raw", "-q"])
        .arg(label));
    (read.trim().to_owned(), device.transcript_text())
}

fn hex(text: &str) -> String {
    let bytes: Vec<String> = text.bytes().map(|b| format!("{b:02X}")).collect();
    bytes.join(" ")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lprint_asks_the_emulated_zebra_and_its_label_reads() {
    let made = tokio::task::spawn_blocking(|| print_with_lprint("zpl", "zpl_4inch-203dpi-dt"));
    let (read, transcript) = made.await.unwrap();
    assert_eq!(read, TEXT);
    for question in ["~HQES", "~HS"] {
        assert!(
            transcript.contains(&hex(question)),
            "{question}: {transcript}"
        );
    }
    assert!(transcript.contains(&hex("PRINTER STATUS")), "{transcript}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lprint_prints_on_the_emulated_epl2_printer_and_its_label_reads() {
    let made = tokio::task::spawn_blocking(|| print_with_lprint("epl2", "epl2_4inch-203dpi-dt"));
    let (read, transcript) = made.await.unwrap();
    assert_eq!(read, TEXT, "{transcript}");
}
