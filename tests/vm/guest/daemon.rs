//! The real daemon as an unprivileged user: refused without the udev rules, at work under exactly
//! the file a package installs, one parcel from order to first scan over USB alone.

use super::devices::{self, KEYBOARD, POS, PRINTER, SCALE, options, put};
use super::{settle, wait_until};
use firstscan::content::control::{Control, payload};
use firstscan::emulate::scale::{ScaleSettings, Toledo8217};
use firstscan::emulate::scales::hid::HidScale;
use firstscan::emulate::scanners::Gun;
use firstscan::emulate::tray::Tray;
use firstscan::emulate::usbip::{self, LineCoding, UsbDevice};
use firstscan::emulate::zpl_printer::{PrinterSettings, ZplPrinter};
use firstscan::label::png;
use firstscan_drivers::bitmap::Resolution;
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
/// Answering is hard work for the daemon in here.
const LOOK_EVERY: Duration = Duration::from_millis(80);
const PARCEL_MAX: Duration = Duration::from_secs(120);
/// A packer whose scan did nothing tries again after this.
const AGAIN: Duration = Duration::from_secs(4);
const RULES: &str = "/etc/udev/rules.d/60-firstscan.rules";
/// As a package installs it.
const SHIPPED: &[u8] = include_bytes!("../../../udev/60-firstscan.rules");
/// A serial device of a chip that the shipped rules know (WCH CH9102), a serial scanner they know,
/// and a scanner they do not.
const CHIP: (u16, u16) = (0x1A86, 0x55D4);
const CDC_SCANNER: (u16, u16) = (0x05E0, 0x1701);
const UNKNOWN: (u16, u16) = (0x0C2E, 0x0B61);

/// Things at the station, whatever they are plugged in as.
trait Kit {
    /// `[[places.devices]]` of bench and dock.
    fn tables(&self) -> [String; 2];
    fn scan(&self, place: &str, code: &str);
    fn put(&self, grams: u16);
    fn printer(&self) -> &UsbDevice<ZplPrinter>;
}

fn table(place: &str, role: &str, profile: &str, ids: (u16, u16), more: &str) -> String {
    let (vendor, product) = ids;
    format!(
        "[[places.devices]]\nid = '{place}/{role}'\nrole = '{role}'\nprofile = '{profile}'\n\
         usb = '{vendor:04x}:{product:04x}'\n{more}\n"
    )
}

fn zebra(port: u8, folder: &Path) -> UsbDevice<ZplPrinter> {
    let tray = Tray::open(&folder.join("paper")).unwrap();
    let model = ZplPrinter::new(PrinterSettings::default(), tray);
    usbip::printer(model, &options(PRINTER, port)).unwrap()
}

/// A serial scale, a scanner that types, a printer on usblp; a HID POS scanner at the dock.
struct Typing {
    scale: UsbDevice<Toledo8217>,
    keyboard: UsbDevice<Gun>,
    printer: UsbDevice<ZplPrinter>,
    dock: UsbDevice<Gun>,
}

impl Typing {
    fn new(folder: &Path) -> Self {
        let mut line = options(CHIP, 0);
        line.instrument = Some(LineCoding::E7);
        Self {
            scale: usbip::cdc_acm(Toledo8217::new(ScaleSettings::default()), &line).unwrap(),
            keyboard: devices::keyboard(1),
            printer: zebra(2, folder),
            dock: devices::pos("intermec-sg20-hid-pos", POS, 3),
        }
    }
}

impl Kit for Typing {
    fn tables(&self) -> [String; 2] {
        let printer = "idle_poll_ms = 500";
        let bench = [
            table("bench1", "scale", "toledo-8217-kg", CHIP, ""),
            table("bench1", "scanner", "keyboard-us", KEYBOARD, ""),
            table("bench1", "printer", "zpl-203", PRINTER, printer),
        ];
        let dock = table("dock1", "scanner", "intermec-sg20-hid-pos", POS, "");
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
        put(&self.scale, grams);
    }

    fn printer(&self) -> &UsbDevice<ZplPrinter> {
        &self.printer
    }
}

/// A HID scale, a HID POS scanner of ids nobody wrote down, a printer on libusb; a serial scanner
/// at the dock.
struct Hid {
    scale: UsbDevice<HidScale>,
    gun: UsbDevice<Gun>,
    printer: UsbDevice<ZplPrinter>,
    dock: UsbDevice<Gun>,
}

impl Hid {
    fn new(folder: &Path) -> Self {
        Self {
            scale: {
                let scale = devices::scale("S1", 0);
                // A daemon on this slow machine has more to do than weigh.
                scale.with(|scale, _| scale.every_ms = 100);
                scale
            },
            gun: devices::pos("zebra-hid-pos", UNKNOWN, 1),
            printer: zebra(2, folder),
            dock: {
                let gun = Gun::by_id("serial-line").unwrap();
                usbip::cdc_acm(gun, &options(CDC_SCANNER, 3)).unwrap()
            },
        }
    }
}

impl Kit for Hid {
    fn tables(&self) -> [String; 2] {
        let libusb = "via = 'libusb'\nidle_poll_ms = 500";
        let bench = [
            table("bench1", "scale", "dymo-m10-m25", SCALE, ""),
            table("bench1", "scanner", "zebra-hid-pos", UNKNOWN, ""),
            table("bench1", "printer", "zpl-203", PRINTER, libusb),
        ];
        let dock = table("dock1", "scanner", "serial-line", CDC_SCANNER, "");
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
        put(&self.scale, grams);
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
        let began = Instant::now();
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
        println!("       the daemon is up after {:?}", began.elapsed());
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

    /// Waits until every device is as it should be.
    fn until(&self, wanted: impl Fn(&(String, String, String)) -> bool) {
        let until = Instant::now() + super::NODE_MAX;
        loop {
            let devices = self.devices();
            if devices.len() == 4 && devices.iter().all(&wanted) {
                return;
            }
            assert!(Instant::now() < until, "{devices:#?}");
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Waits until every device is in order.
    fn all_ok(&self) {
        self.until(|(_, state, _)| state == "ok");
    }

    /// The picture of what a job prints, as PNG.
    fn label(&self, job: &str) -> Vec<u8> {
        let path = format!("{}/api/v1/jobs/{job}/label.png", self.url);
        let request = self.agent.get(path);
        let answer = request.header("Authorization", self.bearer()).call();
        answer.unwrap().body_mut().read_to_vec().unwrap()
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

/// The rules that `firstscan udev` prints for a station with devices of its own.
fn rules_for(config: &Path) -> Vec<u8> {
    run(PROGRAM, &["udev", "--config", &config.to_string_lossy()])
}

/// Puts rules in force, with the commands their head names, if others are.
fn put_rules(rules: &[u8]) {
    if std::fs::read(RULES).is_ok_and(|in_force| in_force == rules) {
        return;
    }
    std::fs::create_dir_all("/etc/udev/rules.d").unwrap();
    std::fs::write(RULES, rules).unwrap();
    run("udevadm", &["control", "--reload"]);
    // Only what the rules speak of: the machine has hundreds of other devices.
    let began = Instant::now();
    let devices = ["usb", "hidraw", "input", "usbmisc"].map(|s| format!("--subsystem-match={s}"));
    let devices: Vec<&str> = devices.iter().map(String::as_str).collect();
    run("udevadm", &[&["trigger"], devices.as_slice()].concat());
    let ports = ["--sysname-match=ttyACM*", "--sysname-match=ttyUSB*"];
    let tty = ["trigger", "--subsystem-match=tty"];
    run("udevadm", &[tty.as_slice(), &ports].concat());
    settle();
    println!("       rules in force after {:?}", began.elapsed());
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    // The daemon's user must be able to reach its files.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(folder.path(), open).unwrap();
    folder
}

fn is_refused((_, state, detail): &(String, String, String)) -> bool {
    state != "ok" && detail.contains("firstscan udev")
}

/// Without rules every device is refused with what to do; under the shipped ones the same daemon
/// takes them up and packs.
pub fn parcel_typing(_: &Runtime) {
    let before = Instant::now();
    drop(std::fs::remove_file(RULES));
    run("udevadm", &["control", "--reload"]);
    let folder = folder();
    let kit = Typing::new(folder.path());
    settle();
    let daemon = Daemon::start(folder.path(), &kit);
    daemon.until(is_refused);
    println!("       refused after {:?}", before.elapsed());
    put_rules(SHIPPED);
    let began = Instant::now();
    daemon.all_ok();
    println!("       taken up {:?} after the rules", began.elapsed());
    pack(&daemon, &kit);
    assert_eq!(kit.scale.line_codings().last(), Some(&LineCoding::E7));
}

/// The shipped rules know no scanner of these ids, and it alone is refused; the configuration
/// names it, so the rules made for this station do.
pub fn parcel_hid(_: &Runtime) {
    put_rules(SHIPPED);
    let folder = folder();
    let kit = Hid::new(folder.path());
    settle();
    let daemon = Daemon::start(folder.path(), &kit);
    daemon.until(|device| match device.0.as_str() {
        "bench1/scanner" => is_refused(device),
        _ => device.1 == "ok",
    });
    put_rules(&rules_for(&folder.path().join("station.toml")));
    daemon.all_ok();
    pack(&daemon, &kit);
}

/// A packer who does what the screens ask for, until the parcel has left.
fn pack(daemon: &Daemon, kit: &dyn Kit) {
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
        if let Some(code) = next(daemon, &view, kit, &mut number).filter(fresh) {
            kit.scan(place, &code);
            last = (code, Instant::now());
        }
        std::thread::sleep(LOOK_EVERY);
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
            let png = png::encode(&picture, Resolution::from_dpi(203)).unwrap();
            assert!(png == daemon.label(&job), "job {job} is another picture");
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
