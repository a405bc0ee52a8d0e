//! Inside the virtual machine, as root: plays the devices, and watches what the kernel, udev and
//! the product make of them.

mod daemon;
mod devices;
mod gadget;
mod links;
pub mod printing;
mod raw;
mod supervised;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Longest wait for a device to get its node, or for a reading to come through.
pub const NODE_MAX: Duration = Duration::from_secs(20);
/// Longest scenario.
const SCENARIO_MAX: Duration = Duration::from_secs(150);
/// What each label of the trials adds to that.
const LABEL_MAX: Duration = Duration::from_secs(2);

/// Machines that run side by side: a machine has one bus, so that its scenarios take turns.
pub const MACHINES: [&str; 2] = ["a", "b"];
/// The one with an FTDI adapter, whose controller takes half a second to start.
pub const FTDI_MACHINE: &str = "a";
/// Set inside a machine: which of them it is.
pub const MACHINE: &str = "FIRSTSCAN_MACHINE";

/// A scenario: its machine, its name, what is done.
type Scenario = (&'static str, &'static str, fn(&Runtime));

#[rustfmt::skip]
const SCENARIOS: &[Scenario] = &[
    ("a", "raw: hid scale on hidraw", raw::hidraw),
    ("a", "raw: hid scale on libusb", raw::libusb),
    ("a", "raw: keyboard on evdev", raw::keyboard),
    ("a", "raw: serial scale on cdc-acm", raw::serial),
    ("a", "raw: label printer on usblp", raw::usblp),
    ("a", "raw: serial scale on ftdi", raw::ftdi),
    ("a", "link: hid scale on hidraw and libusb", links::hid_scale),
    ("a", "link: keyboard on evdev, too fast once", links::keyboard),
    ("a", "link: keyboard reports on hidraw", links::keyboard_reports),
    ("a", "link: pos scanner on hidraw", links::pos_scanner),
    ("a", "link: serial scale on cdc-acm at 7E1", links::serial),
    ("a", "link: two alike are told apart", links::twins),
    ("a", "link: on another port it asks", links::moved),
    ("b", "daemon: rules, then a parcel by keyboard, serial, usblp", daemon::parcel_typing),
    ("b", "daemon: a parcel with hid reports, libusb", daemon::parcel_hid),
    ("b", "supervised: hid scale comes back with another load", supervised::hid_scale),
    ("a", "supervised: serial scale on ftdi", supervised::ftdi_scale),
    ("b", "supervised: a scanner changes its mode", supervised::scanner_in_another_mode),
    ("b", "gadget: hid scale on hidraw", gadget::hid_scale),
    ("b", "gadget: printer on usblp", gadget::printer),
    ("a", "print: a bad day on usblp", printing::usblp),
    ("a", "print: a bad day on libusb", printing::libusb),
    ("b", "print: held by another program", printing::held),
    ("a", "print: random faults on usblp", printing::faults_usblp),
    ("a", "print: random faults on libusb", printing::faults_libusb),
];

/// Whether a name was asked for.
fn is_wanted(name: &str) -> bool {
    let only = std::env::var("FIRSTSCAN_VM_ONLY").unwrap_or_default();
    only.is_empty() || only.split(',').any(|part| name.contains(part))
}

/// Whether a machine has anything to do.
pub fn has_work(machine: &str) -> bool {
    let is = |(of, name, _): &Scenario| *of == machine && is_wanted(name);
    SCENARIOS.iter().any(is)
}

/// All scenarios of this machine, each with its time; panics at the end if one failed.
pub fn run() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map(Arc::new)
        .unwrap();
    let here = std::env::var(MACHINE).unwrap();
    let is_ours = |(of, name, _): &&Scenario| *of == here && is_wanted(name);
    let mut failed = Vec::new();
    for (_, name, scenario) in SCENARIOS.iter().filter(is_ours) {
        let began = Instant::now();
        let most = SCENARIO_MAX + LABEL_MAX * printing::labels();
        let outcome = within(most, &runtime, *scenario);
        println!(
            "{outcome:6} {:5.2} s  {name}",
            began.elapsed().as_secs_f32()
        );
        if outcome != "ok" {
            failed.push(*name);
            println!("{}", kernel_log());
        }
        assert!(
            outcome != "HANGS",
            "{name} does not end; what follows was left out"
        );
        // What a scenario plugged in is gone before the next begins.
        all_gone();
    }
    assert!(failed.is_empty(), "failed: {failed:?}");
}

/// Runs a scenario in a thread of its own: a call that waits in the kernel for ever is told.
fn within(most: Duration, runtime: &Arc<Runtime>, scenario: fn(&Runtime)) -> &'static str {
    let runtime = Arc::clone(runtime);
    let (done, outcome) = mpsc::channel();
    std::thread::spawn(move || {
        let _entered = runtime.enter();
        let outcome = catch_unwind(AssertUnwindSafe(|| scenario(&runtime)));
        // Nobody waits for one that came too late.
        done.send(outcome.is_ok()).unwrap_or_default();
    });
    match outcome.recv_timeout(most) {
        Ok(true) => "ok",
        Ok(false) => "FAILED",
        Err(_) => "HANGS",
    }
}

/// USB devices behind the virtual controller: its own list, and the bus's, a moment behind it.
fn plugged_in() -> Vec<String> {
    let status = std::fs::read_to_string("/sys/devices/platform/vhci_hcd.0/status");
    let status = status.unwrap_or_default();
    let used = |line: &&str| line.split_whitespace().nth(2).is_some_and(|s| s != "004");
    let ports = status.lines().skip(1).filter(used).map(str::to_owned);
    let devices = std::fs::read_dir("/sys/bus/usb/devices")
        .into_iter()
        .flatten()
        .flatten();
    let is = |e: &std::fs::DirEntry| {
        let name = e.file_name().to_string_lossy().into_owned();
        let target = std::fs::read_link(e.path()).unwrap_or_default();
        !name.starts_with("usb")
            && !name.contains(':')
            && target.to_string_lossy().contains("vhci_hcd")
    };
    let devices = devices
        .filter(is)
        .map(|e| e.file_name().to_string_lossy().into_owned());
    ports.chain(devices).collect()
}

/// Waits until all that was plugged in is gone.
#[track_caller]
pub fn all_gone() {
    wait_until("all devices gone", || plugged_in().is_empty().then_some(()));
}

/// The kernel's last words, for a scenario that failed.
fn kernel_log() -> String {
    let printed = std::process::Command::new("dmesg").output();
    let printed = printed.map(|o| String::from_utf8_lossy(&o.stdout).into_owned());
    let printed = printed.unwrap_or_default();
    let lines: Vec<&str> = printed.lines().collect();
    lines[lines.len().saturating_sub(25)..].join("\n")
}

/// Asks until there is an answer.
#[track_caller]
pub fn wait_until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + NODE_MAX;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < until, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Waits until udev is done with all it heard of.
pub fn settle() {
    let done = std::process::Command::new("udevadm").arg("settle").status();
    assert!(done.unwrap().success(), "udevadm settle");
}

/// The node in `folder` whose name starts with `start`, once it is there and udev is done.
#[track_caller]
pub fn node(folder: &str, start: &str) -> PathBuf {
    let found = wait_until(&format!("{folder}/{start}*"), || find(folder, start));
    settle();
    found
}

fn find(folder: &str, start: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(Path::new(folder)).ok()?.flatten();
    let mut all: Vec<PathBuf> = entries
        .filter(|e| e.file_name().to_string_lossy().starts_with(start))
        .map(|e| e.path())
        .collect();
    all.sort();
    all.into_iter().next()
}
