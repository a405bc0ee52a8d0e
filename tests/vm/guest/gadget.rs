//! A second opinion: devices made by the kernel's own gadget functions on its dummy controller, of
//! other descent than the emulator, on the product's transports.

use super::{links, node, settle, wait_until};
use firstscan::device::link::UsbWay;
use firstscan::emulate::usbip::SCALE_REPORTS;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::runtime::Runtime;

const CONFIGFS: &str = "/sys/kernel/config";
const IDS: (u16, u16) = (0x0922, 0x8004);

/// A gadget that is plugged in until it is dropped.
struct Gadget(PathBuf);

impl Gadget {
    fn plug(function: &str, settings: &[(&str, &[u8])]) -> Self {
        if !Path::new(CONFIGFS).join("usb_gadget").exists() {
            let mounted = std::process::Command::new("mount")
                .args(["-t", "configfs", "none", CONFIGFS])
                .status();
            assert!(mounted.unwrap().success(), "no configfs");
        }
        let root = Path::new(CONFIGFS).join("usb_gadget").join(function);
        let put = |path: &str, content: &[u8]| fs::write(root.join(path), content).unwrap();
        fs::create_dir(&root).unwrap();
        put("idVendor", format!("{:#06x}", IDS.0).as_bytes());
        put("idProduct", format!("{:#06x}", IDS.1).as_bytes());
        for folder in ["strings/0x409", "configs/c.1"] {
            fs::create_dir(root.join(folder)).unwrap();
        }
        put("strings/0x409/serialnumber", b"GADGET");
        let place = root.join("functions").join(function);
        fs::create_dir(&place).unwrap();
        for (name, content) in settings {
            fs::write(place.join(name), content).unwrap();
        }
        symlink(&place, root.join("configs/c.1").join(function)).unwrap();
        put("UDC", b"dummy_udc.0");
        Self(root)
    }
}

impl Drop for Gadget {
    fn drop(&mut self) {
        drop(fs::write(self.0.join("UDC"), "\n"));
    }
}

pub fn hid_scale(runtime: &Runtime) {
    let gadget = Gadget::plug(
        "hid.usb0",
        &[
            ("protocol", b"0"),
            ("subclass", b"0"),
            ("report_length", b"6"),
            ("report_desc", SCALE_REPORTS),
        ],
    );
    let far = node("/dev", "hidg");
    node("/dev", "hidraw");
    runtime.block_on(async {
        let target = links::target(IDS, UsbWay::Hidraw { page: 0x8D });
        let mut opened = links::open(&target).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        let writer = tokio::task::spawn_blocking(move || {
            let mut far = fs::OpenOptions::new().write(true).open(far).unwrap();
            for tenths in 0..20 {
                far.write_all(&[3, 4, 0x0B, 0xFF, tenths, 0]).unwrap();
            }
        });
        for tenths in 0..20 {
            let report = links::read(&mut opened).await.unwrap();
            assert_eq!(report, [3, 4, 0x0B, 0xFF, tenths, 0]);
        }
        writer.await.unwrap();
        drop(gadget);
        while links::read(&mut opened).await.is_ok() {}
    });
    wait_until("gone", || {
        super::find("/dev", "hidraw").is_none().then_some(())
    });
}

pub fn printer(runtime: &Runtime) {
    let id = b"MFG:Zebra;CMD:ZPL;MDL:ZD421;";
    let gadget = Gadget::plug("printer.usb0", &[("pnp_string", id)]);
    let far = node("/dev", "g_printer");
    node("/dev/usb", "lp");
    settle();
    runtime.block_on(async {
        let mut opened = links::open(&links::target(IDS, UsbWay::Usblp)).await;
        let label = vec![0x5A; 30_000];
        let length = label.len();
        let reader = tokio::task::spawn_blocking(move || {
            let mut far = fs::OpenOptions::new()
                .read(true)
                .write(true)
                .open(far)
                .unwrap();
            let mut got = vec![0; length];
            far.read_exact(&mut got).unwrap();
            far.write_all(b"ready").unwrap();
            // A printer does not close its end while its answer is on the way.
            (got, far)
        });
        // The answer may be there before the last piece is known to be sent.
        let mut answer = links::write(&mut opened, &label).await;
        let (got, _far) = reader.await.unwrap();
        assert_eq!(got, label);
        if answer.is_empty() {
            answer = links::read(&mut opened).await.unwrap();
        }
        assert_eq!(answer, b"ready");
        drop(gadget);
    });
    wait_until("gone", || {
        super::find("/dev/usb", "lp").is_none().then_some(())
    });
}
