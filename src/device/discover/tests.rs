//! Discovery on a machine made of files.
#![allow(clippy::unwrap_used)]

use super::*;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

struct Machine(tempfile::TempDir);

impl Machine {
    fn new() -> Self {
        let machine = Machine(tempfile::tempdir().unwrap());
        fs::create_dir_all(machine.at("sys/bus/usb/devices")).unwrap();
        fs::create_dir_all(machine.at("sys/class/tty")).unwrap();
        machine
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn file(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn plug(&self, port: &str, ids: &str, texts: &[(&str, &str)]) {
        let (vendor, product) = ids.split_once(':').unwrap();
        let folder = format!("sys/devices/usb1/{port}");
        for (name, text) in [
            ("idVendor", vendor),
            ("idProduct", product),
            ("busnum", "1"),
            ("devnum", "5"),
            ("bDeviceClass", "00"),
        ]
        .iter()
        .chain(texts)
        {
            self.file(&format!("{folder}/{name}"), format!("{text}\n"));
        }
        let link = self.at("sys/bus/usb/devices").join(port);
        if !link.exists() {
            symlink(self.at(&folder), link).unwrap();
        }
    }

    fn unplug(&self, port: &str) {
        fs::remove_file(self.at("sys/bus/usb/devices").join(port)).unwrap();
        fs::remove_dir_all(self.at("sys/devices/usb1").join(port)).unwrap();
    }

    /// An interface with a node at `below`, which is there in `/dev`.
    fn node(&self, port: &str, number: u8, class: &str, below: &str, name: &str) -> String {
        let interface = format!("sys/devices/usb1/{port}/{port}:1.{number}");
        self.file(
            &format!("{interface}/bInterfaceNumber"),
            format!("{number:02x}\n"),
        );
        self.file(
            &format!("{interface}/bInterfaceClass"),
            format!("{class}\n"),
        );
        self.file(
            &format!("{interface}/{below}/uevent"),
            format!("DEVNAME={name}\n"),
        );
        self.file(&format!("dev/{name}"), "");
        interface
    }

    fn list(&self) -> Vec<Found> {
        list_below(self.0.path()).devices
    }

    /// Suggested lines of a device's best candidate, as one line.
    fn suggestion(&self, found: &Found) -> String {
        let profile = found.candidates[0].profile;
        let profile = firstscan_drivers::registry::profile(profile).unwrap();
        let lines = suggest(found, profile, "b1/x");
        let lines = lines.lines().skip(3).map(str::to_owned);
        lines.collect::<Vec<_>>().join(" ")
    }
}

/// Usage page 8D, a weighing device with one byte of data.
const SCALE: [u8; 21] = [
    0x05, 0x8D, 0x09, 0x20, 0xA1, 0x01, 0x09, 0x40, 0x15, 0x00, 0x26, 0xFF, 0x00, 0x75, 0x08, 0x95,
    0x01, 0x81, 0x02, 0xC0, 0x00,
];

#[test]
fn one_device_is_one_entry_with_everything_known_of_it() {
    let machine = Machine::new();
    let texts = [
        ("serial", "0071"),
        ("product", "M25"),
        ("manufacturer", "DY\tMO"),
    ];
    machine.plug("1-1.4", "0922:8004", &texts);
    let hid = "0003:0922:8004.0001";
    let at = machine.node(
        "1-1.4",
        0,
        "03",
        &format!("{hid}/hidraw/hidraw3"),
        "hidraw3",
    );
    machine.file(&format!("{at}/{hid}/report_descriptor"), &SCALE[..20]);
    machine.node(
        "1-1.4",
        0,
        "03",
        &format!("{hid}/input/input9/event7"),
        "input/event7",
    );
    machine.plug("1-2", "1d6b:0002", &[("bDeviceClass", "09")]);
    let found = machine.list();
    let [scale] = found.as_slice() else {
        panic!("hubs are left out: {found:#?}")
    };
    let usb = scale.usb.as_ref().unwrap();
    assert_eq!(scale.port, "usb:1-1.4");
    assert_eq!(scale.names, ["/dev/hidraw3", "/dev/input/event7"]);
    assert_eq!(usb.classes, ["hid"]);
    assert_eq!(usb.usage_pages, ["008d"]);
    assert_eq!(
        (usb.usb_port.as_str(), usb.serial.as_deref()),
        ("1-1.4", Some("0071"))
    );
    assert!(scale.problems.is_empty(), "{:?}", scale.problems);
    let shown = serde_json::to_value(scale).unwrap();
    assert_eq!(shown["usb"]["usage_pages"][0], "008d");
    assert_eq!(shown["twin"], false);
}

#[test]
fn printers_say_what_they_speak() {
    let machine = Machine::new();
    machine.plug("1-3", "0a5f:0164", &[("serial", "ZD1")]);
    let at = machine.node("1-3", 0, "07", "usbmisc/lp1", "usb/lp1");
    let id = "MANUFACTURER:Zebra Technologies ;COMMAND SET:ZPL;MODEL:ZTC ZD621-203dpi ZPL;";
    machine.file(&format!("{at}/ieee1284_id"), id);
    let found = machine.list();
    let printer = &found[0];
    assert_eq!(printer.usb.as_ref().unwrap().ieee1284.as_deref(), Some(id));
    let named = |id: &str| printer.candidates.iter().find(|c| c.profile == id);
    assert!(named("zebra-zd621-203").is_some_and(|c| c.score >= 80));
    let any = named("zpl-203").unwrap();
    assert!(any.score >= 70);
    let evidence = any.evidence.join("; ");
    assert!(
        evidence.contains("it says it speaks ZPL at 203 dpi"),
        "{evidence}"
    );
    let other = printer
        .candidates
        .iter()
        .find(|c| c.profile == "epl2-203")
        .unwrap();
    assert!(other.score < any.score);
    assert_eq!(
        machine.suggestion(printer),
        "usb = \"0a5f:0164\" serial = \"ZD1\""
    );

    // The kernel's driver was taken away.
    fs::remove_dir_all(machine.at(&format!("{at}/usbmisc"))).unwrap();
    assert!(machine.list()[0].problems[0].contains("usblp"));
    machine.file("proc/44/comm", "cupsd\n");
    assert!(machine.list()[0].problems[0].contains("lpadmin -x"));
}

#[test]
fn ports_are_named_by_what_stays_and_twins_by_their_socket() {
    let machine = Machine::new();
    let alias = |folder: &str, name: &str, node: &str| {
        fs::create_dir_all(machine.at("dev/serial").join(folder)).unwrap();
        let link = machine.at("dev/serial").join(folder).join(name);
        symlink(format!("../../{node}"), link).unwrap();
    };
    for (port, node) in [("1-1", "ttyUSB0"), ("1-2", "ttyUSB1")] {
        machine.plug(port, "1a86:7523", &[]);
        machine.node(port, 0, "ff", &format!("{node}/tty/{node}"), node);
    }
    let found = machine.list();
    assert!(found.iter().all(|f| f.twin), "{found:#?}");
    assert_eq!(found[0].port, "/dev/ttyUSB0", "udev made no better name");
    let lines: Vec<String> = found.iter().map(|f| machine.suggestion(f)).collect();
    assert_eq!(lines[0], "usb = \"1a86:7523\" usb_port = \"1-1\"");
    assert_eq!(lines[1], "usb = \"1a86:7523\" usb_port = \"1-2\"");
    let why = &found[0].candidates[0].evidence[0];
    assert!(why.contains("WCH CH340 adapter"), "{why}");

    // One alone: its by-id name would fit any other adapter, the socket's does not.
    machine.unplug("1-2");
    alias("by-id", "usb-1a86_USB_Serial", "ttyUSB0");
    alias("by-path", "pci-0-usb-0:1:1.0", "ttyUSB0");
    let found = machine.list();
    assert_eq!(found[0].port, "/dev/serial/by-path/pci-0-usb-0:1:1.0");
    assert!(!found[0].twin);
    assert!(
        machine
            .suggestion(&found[0])
            .starts_with("port = \"/dev/serial/by-path")
    );
    // With a serial number, by-id is the name.
    machine.plug("1-1", "1a86:7523", &[("serial", "A9")]);
    assert_eq!(
        machine.list()[0].port,
        "/dev/serial/by-id/usb-1a86_USB_Serial"
    );
    assert_eq!(machine.list()[0].names[1], "/dev/ttyUSB0");
}

#[test]
fn built_in_ports_are_listed_and_empty_slots_are_not() {
    let machine = Machine::new();
    for (name, kind) in [("ttyS0", "0"), ("ttyS1", "4")] {
        machine.file(&format!("sys/class/tty/{name}/type"), kind);
        machine.file(&format!("sys/class/tty/{name}/device/x"), "");
        machine.file(&format!("dev/{name}"), "");
    }
    fs::create_dir_all(machine.at("sys/class/tty/tty1")).unwrap();
    let found = machine.list();
    let [port] = found.as_slice() else {
        panic!("{found:#?}")
    };
    assert_eq!((port.port.as_str(), port.names.len()), ("/dev/ttyS1", 0));
    assert!(
        port.candidates
            .iter()
            .any(|c| c.profile == "serial-line" && c.score == 10)
    );
    assert!(machine.suggestion(port).contains("port = \"/dev/ttyS1\""));
    let nothing = list_below(&machine.at("nowhere"));
    assert!(
        nothing.devices.is_empty() && nothing.problems.len() == 2,
        "{nothing:?}"
    );
}

#[test]
fn a_scanner_in_another_mode_is_the_same_scanner() {
    let machine = Machine::new();
    machine.plug("1-1", "0c2e:0b6a", &[]);
    let before = machine.list().remove(0);
    machine.plug("1-1", "0c2e:0b61", &[]);
    let after = machine.list().remove(0);
    assert!(before.is_same_unit(&after) && before != after);
    machine.unplug("1-1");
    machine.plug("1-2", "0c2e:0b61", &[]);
    let elsewhere = machine.list().remove(0);
    assert!(
        !before.is_same_unit(&elsewhere),
        "without a serial number the socket decides"
    );
    machine.plug("1-2", "0c2e:0b6a", &[("serial", "7")]);
    let first = machine.list().remove(0);
    machine.unplug("1-2");
    machine.plug("1-4", "0c2e:0b61", &[("serial", "7")]);
    assert!(first.is_same_unit(&machine.list()[0]));
}

#[test]
fn thieves_are_named() {
    let machine = Machine::new();
    machine.plug("1-1", "0403:6001", &[("serial", "A9")]);
    machine.node("1-1", 0, "ff", "ttyUSB0/tty/ttyUSB0", "ttyUSB0");
    assert!(machine.list()[0].problems.is_empty());
    machine.file("proc/17/comm", "ModemManager\n");
    let problems = machine.list().remove(0).problems;
    assert!(problems[0].contains("ModemManager runs"), "{problems:?}");
    machine.file("sys/class/tty/ttyUSB0/dev", "188:0\n");
    machine.file("run/udev/data/c188:0", "I:1\nE:ID_MM_DEVICE_IGNORE=1\n");
    assert!(
        machine.list()[0].problems.is_empty(),
        "udev told it to keep away"
    );
    // Another process has the port open.
    machine.file("proc/18/comm", "minicom\n");
    fs::create_dir_all(machine.at("proc/18/fd")).unwrap();
    let node = machine.at("dev/ttyUSB0").canonicalize().unwrap();
    symlink(&node, machine.at("proc/18/fd/5")).unwrap();
    let problems = machine.list().remove(0).problems;
    let said = problems
        .iter()
        .any(|p| p.contains("minicom (process 18) holds"));
    assert!(said, "{problems:?}");
    fs::remove_file(node).unwrap();
    assert!(machine.list()[0].problems[0].contains("pass the device through"));
}

#[test]
fn the_system_is_checked_with_remedies() {
    let machine = Machine::new();
    let states = |groups: &[u32], is_root: bool| {
        let checks = system::checks(machine.0.path(), groups, is_root);
        checks
            .into_iter()
            .map(|c| (c.what, c.ok, c.text))
            .collect::<Vec<_>>()
    };
    let bad = states(&[7], false);
    assert_eq!(bad.iter().filter(|(_, ok, _)| !ok).count(), 2, "{bad:?}");
    assert!(bad[0].2.contains("firstscan udev") && bad[1].2.contains("systemd-sysusers"));
    machine.file("etc/group", "root:x:0:\nfirstscan:x:990:ann\n");
    assert!(states(&[7], false)[1].2.contains("usermod"));
    assert!(states(&[990], false)[1].1);
    machine.file("proc/17/comm", "ModemManager\n");
    machine.file("proc/18/comm", "cupsd\n");
    assert!(!states(&[990], true)[2].1, "it roams");
    let rules = firstscan_drivers::udev::rules(&[], &[]);
    let text = firstscan_drivers::udev::text(&rules);
    machine.file("etc/udev/rules.d/60-firstscan.rules", text);
    let good = states(&[990], false);
    assert!(good.iter().all(|(_, ok, _)| *ok), "{good:?}");
    assert_eq!(good.len(), 4);
    machine.file("etc/udev/rules.d/60-firstscan.rules", "# mine\n");
    assert!(!states(&[990], false)[0].1);
}
