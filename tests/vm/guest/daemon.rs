//! The real daemon as an unprivileged user: refused without the udev rules, at work under them, one
//! parcel from order to first scan over USB alone.

use super::models::{Platform, Typist};
use super::{settle, wait_until};
use firstscan::content::control::{Control, payload};
use firstscan::emulate::scale::{ScaleSettings, Toledo8217};
use firstscan::emulate::scanner::SerialScanner;
use firstscan::emulate::tray::{Tray, read_png};
use firstscan::emulate::usbip::{self, LineCoding, Options, UsbDevice};
use firstscan::emulate::zpl_printer::{PrinterSettings, ZplPrinter};
use firstscan_drivers::bitmap::Bitmap;
use firstscan_drivers::mass::Mass;
use serde_json::Value;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

const PROGRAM: &str = "/vm/firstscan";
/// User and group `firstscan` of the guest.
const USER: u32 = 990;
const ORDER: &str = "576461413038785101";
const ORDER_DOCUMENT: &[u8] = include_bytes!("../../../fixtures/orders/01-single.json");
const ITEMS: &[u8] = include_bytes!("../../../fixtures/items/items.json");
const BARCODE: &str = "2000047110005";
const GRAMS: u16 = 330;
const PARCEL_MAX: Duration = Duration::from_secs(120);
/// A packer whose scan did nothing tries again after this.
const AGAIN: Duration = Duration::from_secs(4);
const RULES: &str = "/etc/udev/rules.d/60-firstscan.rules";

/// Things at the station, whatever they are plugged in as.
trait Kit {
    /// `[[places.devices]]` of bench and dock.
    fn tables(&self) -> [String; 2];
    fn scan(&self, place: &str, code: &str);
    fn put(&self, grams: u16);
    fn printer(&self) -> &UsbDevice<ZplPrinter>;
}

fn table(place: &str, role: &str, profile: &str, usb: &str, more: &str) -> String {
    format!(
        "[[places.devices]]\nid = '{place}/{role}'\nrole = '{role}'\nprofile = '{profile}'\n\
         usb = '{usb}'\n{more}\n"
    )
}

fn options(vendor: u16, product: u16, port: u8) -> Options {
    let mut options = Options::new(vendor, product);
    options.port = port;
    options
}

fn zebra(port: u8, folder: &Path) -> UsbDevice<ZplPrinter> {
    let tray = Tray::open(&folder.join("paper")).unwrap();
    let model = ZplPrinter::new(PrinterSettings::default(), tray);
    usbip::printer(model, &options(0x0A5F, 0x0164, port)).unwrap()
}

/// A serial scale, a scanner that types, a printer on usblp; a HID POS scanner at the dock.
struct Typing {
    scale: UsbDevice<Toledo8217>,
    keyboard: UsbDevice<Typist>,
    printer: UsbDevice<ZplPrinter>,
    dock: UsbDevice<Typist>,
}

impl Typing {
    fn new(folder: &Path) -> Self {
        let mut line = options(0x0EB8, 0xF000, 0);
        line.instrument = Some(LineCoding::E7);
        Self {
            scale: usbip::cdc_acm(Toledo8217::new(ScaleSettings::default()), &line).unwrap(),
            keyboard: usbip::keyboard(Typist::keys(), &options(0x05E0, 0x1200, 1)).unwrap(),
            printer: zebra(2, folder),
            dock: usbip::hid_pos(Typist::reports(), &options(0x0C2E, 0x0B61, 3)).unwrap(),
        }
    }
}

impl Kit for Typing {
    fn tables(&self) -> [String; 2] {
        let bench = [
            table("bench1", "scale", "toledo-8217-kg", "0eb8:f000", ""),
            table("bench1", "scanner", "keyboard-us", "05e0:1200", ""),
            table(
                "bench1",
                "printer",
                "zpl-203",
                "0a5f:0164",
                "idle_poll_ms = 500",
            ),
        ];
        let dock = table("dock1", "scanner", "zebra-hid-pos", "0c2e:0b61", "");
        [bench.concat(), dock]
    }

    fn scan(&self, place: &str, code: &str) {
        let gun = if place == "dock1" {
            &self.dock
        } else {
            &self.keyboard
        };
        gun.with(|gun, _| gun.scan(code));
    }

    fn put(&self, grams: u16) {
        let load = Mass::from_grams(i64::from(grams));
        self.scale.with(|scale, now| {
            if scale.load() != load {
                scale.put(now, load);
            }
        });
    }

    fn printer(&self) -> &UsbDevice<ZplPrinter> {
        &self.printer
    }
}

/// A HID scale, a HID POS scanner, a printer on libusb; a serial scanner at the dock.
struct Hid {
    scale: UsbDevice<Platform>,
    gun: UsbDevice<Typist>,
    printer: UsbDevice<ZplPrinter>,
    dock: UsbDevice<SerialScanner>,
}

impl Hid {
    fn new(folder: &Path) -> Self {
        Self {
            scale: usbip::hid_scale(Platform::default(), &options(0x0922, 0x8003, 0)).unwrap(),
            gun: usbip::hid_pos(Typist::reports(), &options(0x0C2E, 0x0B61, 1)).unwrap(),
            printer: zebra(2, folder),
            dock: usbip::cdc_acm(SerialScanner::default(), &options(0x05E0, 0x1701, 3)).unwrap(),
        }
    }
}

impl Kit for Hid {
    fn tables(&self) -> [String; 2] {
        let libusb = "via = 'libusb'\nidle_poll_ms = 500";
        let bench = [
            table("bench1", "scale", "dymo-m10-m25", "0922:8003", ""),
            table("bench1", "scanner", "zebra-hid-pos", "0c2e:0b61", ""),
            table("bench1", "printer", "zpl-203", "0a5f:0164", libusb),
        ];
        let dock = table("dock1", "scanner", "serial-line", "05e0:1701", "");
        [bench.concat(), dock]
    }

    fn scan(&self, place: &str, code: &str) {
        if place == "dock1" {
            self.dock.with(|gun, _| gun.scan(code));
        } else {
            self.gun.with(|gun, _| gun.scan(code));
        }
    }

    fn put(&self, grams: u16) {
        self.scale.with(|scale, now| scale.put(now, grams));
    }

    fn printer(&self) -> &UsbDevice<ZplPrinter> {
        &self.printer
    }
}

/// The daemon's process.
struct Daemon {
    child: Child,
    folder: PathBuf,
    url: String,
    agent: ureq::Agent,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.child.kill().unwrap_or_default();
        drop(self.child.wait());
        if std::thread::panicking() {
            println!("{}", self.log());
        }
    }
}

fn config(kit: &dyn Kit) -> String {
    let [bench, dock] = kit.tables();
    format!(
        "[station]\nid = 'S1'\ncountry = 'DE'\n[web]\nlisten = '127.0.0.1:0'\n\
         [ship_from]\nlines = ['Nordlicht Versand', 'Hafenstr. 12', '20457 Hamburg', 'GERMANY']\n\
         [[badges]]\ncode = 'BADGE-ANNA'\noperator = 'anna'\nname = 'Anna'\n\
         [[places]]\nid = 'bench1'\nkind = 'bench'\ntitle = 'Bench 1'\n{bench}\
         [[places]]\nid = 'dock1'\nkind = 'dock'\ntitle = 'Dock 1'\n{dock}"
    )
}

impl Daemon {
    fn start(folder: &Path, kit: &dyn Kit) -> Self {
        let file = folder.join("station.toml");
        std::fs::write(&file, config(kit)).unwrap();
        let data = folder.join("data");
        std::fs::create_dir_all(&data).unwrap();
        chown(&data, Some(USER), Some(USER)).unwrap();
        let log = std::fs::File::create(folder.join("log")).unwrap();
        let child = Command::new(PROGRAM)
            .args(["run", "--config", &file.to_string_lossy()])
            .args(["--data", &data.to_string_lossy()])
            .env_remove(crate::INSIDE)
            .current_dir("/")
            .uid(USER)
            .gid(USER)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(10)))
            .http_status_as_error(false)
            .build()
            .new_agent();
        let mut daemon = Self {
            child,
            folder: folder.to_owned(),
            url: String::new(),
            agent,
        };
        daemon.url = wait_until("the daemon is up", || {
            let mark = std::fs::read(data.join("daemon.json")).ok()?;
            let mark: Value = serde_json::from_slice(&mark).ok()?;
            mark["url"].as_str().map(str::to_owned)
        });
        daemon
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    fn bearer(&self) -> String {
        let token = std::fs::read_to_string(self.folder.join("data/api-token"));
        format!("Bearer {}", token.unwrap_or_default().trim())
    }

    fn get(&self, path: &str) -> Value {
        let request = self.agent.get(format!("{}{path}", self.url));
        let answer = request.header("Authorization", self.bearer()).call();
        answer.unwrap().body_mut().read_json().unwrap()
    }

    fn post(&self, path: &str, body: &[u8]) {
        let request = self.agent.post(format!("{}{path}", self.url));
        let request = request.header("Authorization", self.bearer());
        let request = request.header("Content-Type", "application/json");
        let answer = request.send(body).unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }

    /// State and detail of every device.
    fn devices(&self) -> Vec<(String, String, String)> {
        let status = self.get("/api/v1/status");
        let devices = status["devices"].as_array().cloned().unwrap_or_default();
        let text = |d: &Value, key: &str| d[key].as_str().unwrap_or_default().to_owned();
        let row = |d: &Value| (text(d, "device"), text(d, "state"), text(d, "detail"));
        devices.iter().map(row).collect()
    }

    /// Waits until every device is in order.
    fn all_ok(&self) {
        let until = Instant::now() + super::NODE_MAX;
        loop {
            let devices = self.devices();
            if devices.iter().all(|(_, state, _)| state == "ok") {
                return;
            }
            assert!(Instant::now() < until, "{devices:#?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The picture of what a job prints.
    fn label(&self, job: &str) -> Bitmap {
        let request = self
            .agent
            .get(format!("{}/api/v1/jobs/{job}/label.png", self.url));
        let answer = request.header("Authorization", self.bearer()).call();
        let png = answer.unwrap().body_mut().read_to_vec().unwrap();
        let path = self.folder.join("label.png");
        std::fs::write(&path, png).unwrap();
        read_png(&path).unwrap()
    }

    fn events(&self) -> Vec<String> {
        let events = self.get("/api/v1/events?limit=1000");
        let events = events["events"].as_array().cloned().unwrap_or_default();
        let kind = |e: &Value| e["type"].as_str().unwrap_or_default().to_owned();
        events.iter().map(kind).collect()
    }
}

/// A program of the guest that must succeed; what it printed.
fn run(program: &str, args: &[&str]) -> Vec<u8> {
    let done = Command::new(program).args(args).output().unwrap();
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{program} {args:?}: {complaint}");
    done.stdout
}

/// Puts the rules in force that `firstscan udev` prints for this station.
fn put_rules(config: &Path) {
    let rules = run(PROGRAM, &["udev", "--config", &config.to_string_lossy()]);
    std::fs::create_dir_all("/etc/udev/rules.d").unwrap();
    std::fs::write(RULES, rules).unwrap();
    run("udevadm", &["control", "--reload"]);
    run("udevadm", &["trigger", "--action=add"]);
    settle();
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    // The daemon's user must be able to reach its files.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    folder
}

/// Without rules every device is refused with what to do; with them the same daemon takes them up.
pub fn refused_then_taken(_: &Runtime) {
    drop(std::fs::remove_file(RULES));
    run("udevadm", &["control", "--reload"]);
    let folder = folder();
    let kit = Typing::new(folder.path());
    settle();
    let daemon = Daemon::start(folder.path(), &kit);
    let refused = |(_, state, detail): &(String, String, String)| {
        state != "ok" && detail.contains("firstscan udev")
    };
    wait_until("every device is refused with a remedy", || {
        let devices = daemon.devices();
        (devices.len() == 4 && devices.iter().all(refused)).then_some(())
    });
    put_rules(&folder.path().join("station.toml"));
    daemon.all_ok();
}

pub fn parcel_typing(_: &Runtime) {
    let folder = folder();
    let kit = Typing::new(folder.path());
    pack(folder.path(), &kit);
    assert_eq!(kit.scale.line_codings().last(), Some(&LineCoding::E7));
}

pub fn parcel_hid(_: &Runtime) {
    let folder = folder();
    pack(folder.path(), &Hid::new(folder.path()));
}

/// A packer who does what the screens ask for, until the parcel has left.
fn pack(folder: &Path, kit: &dyn Kit) {
    std::fs::write(folder.join("rules.toml"), config(kit)).unwrap();
    put_rules(&folder.join("rules.toml"));
    let daemon = Daemon::start(folder, kit);
    daemon.all_ok();
    daemon.post("/api/v1/items", ITEMS);
    daemon.post("/api/v1/orders", ORDER_DOCUMENT);
    let until = Instant::now() + PARCEL_MAX;
    let mut last = (String::new(), Instant::now());
    let mut number = String::new();
    loop {
        let place = if number.is_empty() { "bench1" } else { "dock1" };
        let view = daemon.get(&format!("/api/v1/places/{place}/view"));
        if view.pointer("/dock/scanned").and_then(Value::as_u64) == Some(1) {
            break;
        }
        assert!(Instant::now() < until, "{view:#}");
        // The same code twice in a moment is one scan; a screen needs one to follow.
        let fresh = |code: &String| *code != last.0 || last.1.elapsed() > AGAIN;
        if let Some(code) = next(&daemon, &view, kit, &mut number).filter(fresh) {
            kit.scan(place, &code);
            last = (code, Instant::now());
        }
        std::thread::sleep(Duration::from_millis(30));
    }
    let events = daemon.events();
    for kind in [
        "parcel.weighed",
        "label.sent",
        "label.counted",
        "label.verified",
        "parcel.first_scan",
    ] {
        let times = events.iter().filter(|e| *e == kind).count();
        assert_eq!(times, 1, "{kind} in {events:?}");
    }
    assert_eq!(kit.printer().with(|p, _| p.odometer()), 1, "one label");
}

/// What to scan next, if anything; `number` becomes the tracking number on the label.
fn next(daemon: &Daemon, view: &Value, kit: &dyn Kit, number: &mut String) -> Option<String> {
    let text = |pointer: &str| {
        let found = view.pointer(pointer).and_then(Value::as_str);
        found.unwrap_or_default().to_owned()
    };
    match text("/mode").as_str() {
        "login" => Some("BADGE-ANNA".into()),
        "ready" if number.is_empty() => {
            kit.put(0);
            Some(ORDER.into())
        }
        "verifying" | "weighing" if text("/parcel/box_type").is_empty() => {
            Some(payload(Control::Box, Some("BS")))
        }
        "verifying" => Some(BARCODE.into()),
        "weighing" => {
            let armed = view.pointer("/weight/armed").and_then(Value::as_bool);
            kit.put(if armed == Some(true) { GRAMS } else { 0 });
            None
        }
        "labelling" => {
            kit.put(0);
            None
        }
        "scan_back" => {
            let (_, picture) = kit.printer().with(|p, _| p.take_label())?;
            // That it can be read is proven elsewhere; here it must be the label, dot for dot.
            let job = text("/parcel/job/id");
            assert_eq!(*picture, daemon.label(&job), "job {job}");
            *number = text("/parcel/tracking_number");
            kit.scan("bench1", number);
            None
        }
        "dock_ready" => Some(text("/dock/waiting/0/code")).filter(|code| !code.is_empty()),
        "dock_scanning" => Some(number.clone()),
        // A machine that stood still for a moment tore a typed code: the packer scans it again.
        "stop" if text("/stop/code") == "unknown_code" => Some(payload(Control::Ok, None)),
        "stop" => panic!("a stop: {view:#}"),
        _ => None,
    }
}
