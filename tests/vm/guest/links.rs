//! The product's transports on real device nodes: what they carry, how they see an unplugged cable,
//! how they tell devices apart, and how they refuse.

use super::devices::{self, KEYBOARD, POS, SCALE, grams, put, scale};
use super::{node, settle, wait_until};
use firstscan::device::link::find::{Bound, UsbId};
use firstscan::device::link::serial::{LineSettings, Parity};
use firstscan::device::link::{Moved, OpenError, Opened, Target, UsbWay, transfer};
use firstscan::emulate::scale::{ScaleSettings, Toledo8217};
use firstscan::emulate::scanners::{Fault, Scanner};
use firstscan::emulate::usbip::{self, LineCoding, Options, UsbDevice};
use firstscan_drivers::codec::Attachment;
use firstscan_drivers::mass::Mass;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio::time::timeout;

const SCALE_PAGE: u16 = 0x8D;
const SCANNER_PAGE: u16 = 0x8C;
const PATIENCE: Duration = Duration::from_secs(5);
/// An unplugged cable is seen within this.
const SEEN_MAX: Duration = Duration::from_secs(1);

fn id(ids: (u16, u16)) -> UsbId {
    UsbId {
        vendor_id: ids.0,
        product_id: ids.1,
        other_products: Vec::new(),
        serial: None,
        port: None,
    }
}

pub fn target(ids: (u16, u16), way: UsbWay) -> Target {
    Target::Usb { id: id(ids), way }
}

/// Opens as the supervisor does: again until udev is done.
pub async fn open(target: &Target) -> Opened {
    let until = Instant::now() + super::NODE_MAX;
    loop {
        match target.open().await {
            Ok(opened) => return opened,
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn refusal(target: &Target, bound: Option<Bound>) -> String {
    let opened: Result<Opened, OpenError> = target.open_again(bound).await;
    match opened {
        Ok(opened) => panic!("opened {}", opened.what),
        Err(error) => error.to_string(),
    }
}

pub async fn read(opened: &mut Opened) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; 256];
    let moved = timeout(
        PATIENCE,
        transfer(opened.link.as_mut(), &mut bytes, &[], false),
    );
    let moved = moved
        .await
        .map_err(|_| std::io::Error::other("nothing came"))??;
    let Moved::Read(n) = moved else {
        panic!("{moved:?}")
    };
    bytes.truncate(n);
    Ok(bytes)
}

/// Writes everything; what the device answers meanwhile.
pub async fn write(opened: &mut Opened, bytes: &[u8]) -> Vec<u8> {
    let (mut left, mut into, mut answer) = (bytes, [0; 256], Vec::new());
    while !left.is_empty() {
        let moved = timeout(
            PATIENCE,
            transfer(opened.link.as_mut(), &mut into, left, true),
        );
        match moved.await.expect("not taken").unwrap() {
            Moved::Wrote(n) => left = &left[n..],
            Moved::Read(n) => answer.extend(&into[..n]),
        }
    }
    answer
}

/// Pulls the cable; the link must end by itself, and soon.
async fn ends<M: firstscan::emulate::model::DeviceModel>(
    device: &UsbDevice<M>,
    opened: &mut Opened,
) {
    let began = Instant::now();
    device.unplug();
    while read(opened).await.is_ok() {}
    let took = began.elapsed();
    assert!(took < SEEN_MAX, "{took:?} until it was seen");
}

pub fn hid_scale(runtime: &Runtime) {
    for way in [
        UsbWay::Hidraw { page: SCALE_PAGE },
        UsbWay::LibusbHid { page: SCALE_PAGE },
    ] {
        let device = scale("S1", 0);
        node("/dev", "hidraw");
        runtime.block_on(async {
            let mut opened = open(&target(SCALE, way.clone())).await;
            let Attachment::Hid { descriptor } = opened.link.attachment() else {
                panic!("no reports")
            };
            assert_eq!(descriptor, usbip::SCALE_REPORTS);
            for load in 1..40 {
                put(&device, load);
                while grams(&read(&mut opened).await.unwrap()) != load {}
            }
            while !devices::rests(&device) {
                read(&mut opened).await.unwrap();
            }
            write(&mut opened, &[2, 2]).await;
            while grams(&read(&mut opened).await.unwrap()) != 0 {}
            // In the middle of a stream of reports.
            ends(&device, &mut opened).await;
        });
        drop(device);
        super::all_gone();
    }
}

/// Event types, codes and values of records.
fn keys_down(records: &[u8]) -> Vec<u16> {
    let down = |r: &&[u8]| r[0] == 1 && r[4] == 1;
    let code = |r: &[u8]| u16::from_le_bytes([r[2], r[3]]);
    records.chunks_exact(8).filter(down).map(code).collect()
}

pub fn keyboard(runtime: &Runtime) {
    let device = devices::keyboard(0);
    settle();
    runtime.block_on(async {
        let mut opened = open(&target(KEYBOARD, UsbWay::Keyboard)).await;
        assert_eq!(opened.link.attachment(), Attachment::Evdev);
        tokio::time::sleep(Duration::from_millis(100)).await;
        let ours =
            |(_, d): &(std::path::PathBuf, evdev::Device)| d.input_id().vendor() == KEYBOARD.0;
        let (_, mut other) = evdev::enumerate().find(ours).unwrap();
        assert!(other.grab().is_err(), "the keys are ours alone");
        device.with(|gun, _| gun.scan(devices::SCAN));
        let mut seen = Vec::new();
        while seen.last() != Some(&28) {
            seen.extend(keys_down(&read(&mut opened).await.unwrap()));
        }
        assert_eq!(seen, devices::KEYS_OF_SCAN);
        // Faster than any bus: the kernel drops events and says so; what comes later is whole.
        device.set_paced(false);
        device.with(|gun, _| (0..20).for_each(|_| gun.scan("00000000000000000000000000")));
        std::thread::sleep(Duration::from_millis(300));
        let mut dropped = false;
        while let Ok(Ok(records)) = timeout(Duration::from_millis(400), read(&mut opened)).await {
            let told = |r: &[u8]| r[..4] == [0, 0, 3, 0];
            dropped |= records.chunks_exact(8).any(told);
        }
        assert!(dropped, "SYN_DROPPED did not come through");
        device.set_paced(true);
        device.with(|gun, _| gun.scan("777"));
        let mut seen = Vec::new();
        while seen.last() != Some(&28) {
            seen.extend(keys_down(&read(&mut opened).await.unwrap()));
        }
        assert!(seen.ends_with(&[8, 8, 8, 28]), "{seen:?}");
        ends(&device, &mut opened).await;
    });
}

pub fn keyboard_reports(runtime: &Runtime) {
    let gun = devices::alt_gun();
    let device = usbip::keyboard(gun, &devices::options(KEYBOARD, 0)).unwrap();
    settle();
    runtime.block_on(async {
        let mut opened = open(&target(KEYBOARD, UsbWay::KeyboardReports)).await;
        tokio::time::sleep(Duration::from_millis(100)).await;
        // One key twice in a report: the kernel's events cannot show it, the report does.
        device.with(|gun, _| {
            gun.plan(Fault::NoEnd);
            gun.read(b"7", "");
        });
        let reports = [
            read(&mut opened).await.unwrap(),
            read(&mut opened).await.unwrap(),
        ];
        assert_eq!(reports, [vec![4, 0, 0x62, 0x5D, 0x5D, 0, 0, 0], vec![0; 8]]);
        ends(&device, &mut opened).await;
    });
}

pub fn pos_scanner(runtime: &Runtime) {
    let device = devices::pos("intermec-sg20-hid-pos", POS, 0);
    settle();
    let mut report = vec![0; 64];
    report[..12].copy_from_slice(b"\x02\x07]C0ABC1234");
    runtime.block_on(async {
        let mut opened = open(&target(POS, UsbWay::Hidraw { page: SCANNER_PAGE })).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        for _ in 0..20 {
            device.with(|gun, _| gun.scan("ABC1234"));
            assert_eq!(read(&mut opened).await.unwrap(), report);
        }
        let wrong = target(POS, UsbWay::Hidraw { page: SCALE_PAGE });
        let text = refusal(&wrong, None).await;
        assert!(text.contains("0x8c"), "{text}");
        ends(&device, &mut opened).await;
    });
}

pub fn serial(runtime: &Runtime) {
    let ids = (0x0EB8, 0xF000);
    let mut options = Options::new(ids.0, ids.1);
    options.instrument = Some(LineCoding::E7);
    let mut model = Toledo8217::new(ScaleSettings::default());
    model.put(0, Mass::from_grams(1250));
    let device = usbip::cdc_acm(model, &options).unwrap();
    settle();
    let settings = LineSettings {
        baud: 9600,
        data_bits: 7,
        parity: Parity::Even,
        stop_bits: 1,
        dtr: Some(true),
        rts: None,
    };
    runtime.block_on(async {
        let mut opened = open(&target(ids, UsbWay::Tty(settings))).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        for _ in 0..20 {
            write(&mut opened, b"W").await;
            let mut reply = Vec::new();
            while reply.last() != Some(&b'\r') {
                reply.extend(read(&mut opened).await.unwrap());
            }
            assert_eq!(reply, b"\x0201.250\r");
        }
        assert_eq!(device.line_codings().last(), Some(&LineCoding::E7));
        assert!(device.modem_lines().0, "DTR");
        ends(&device, &mut opened).await;
    });
}

/// Two of a kind: refused until the configuration says which, then each by its name or port.
pub fn twins(runtime: &Runtime) {
    let (left, right) = (scale("LEFT", 0), scale("RIGHT", 3));
    put(&left, 5);
    put(&right, 6);
    wait_until("both", || {
        super::find("/dev", "hidraw1").and(super::find("/dev", "hidraw0"))
    });
    settle();
    let way = UsbWay::Hidraw { page: SCALE_PAGE };
    let named = |serial: Option<&str>, port: Option<&str>| Target::Usb {
        id: UsbId {
            serial: serial.map(str::to_owned),
            port: port.map(str::to_owned),
            ..id(SCALE)
        },
        way: way.clone(),
    };
    runtime.block_on(async {
        let text = refusal(&named(None, None), None).await;
        for part in ["LEFT", "RIGHT", "serial = "] {
            assert!(text.contains(part), "{text}");
        }
        let port = wait_until("the port's name", || port_of("RIGHT"));
        let choices = [
            (named(Some("LEFT"), None), &left, 10),
            (named(Some("RIGHT"), None), &right, 20),
            (named(None, Some(&port)), &right, 30),
        ];
        for (target, device, load) in choices {
            let mut opened = open(&target).await;
            put(device, load);
            while grams(&read(&mut opened).await.unwrap()) != load {}
        }
    });
}

/// The folder of the device with this serial number, such as `1-1`.
fn port_of(serial: &str) -> Option<String> {
    let devices = std::fs::read_dir("/sys/bus/usb/devices").ok()?.flatten();
    let is = |e: &std::fs::DirEntry| {
        std::fs::read_to_string(e.path().join("serial")).is_ok_and(|s| s.trim() == serial)
    };
    let found = devices.into_iter().find(is)?;
    Some(found.file_name().to_string_lossy().into_owned())
}

/// A device without a serial number that comes back elsewhere is not taken for itself.
pub fn moved(runtime: &Runtime) {
    let device = scale("", 1);
    settle();
    let plain = target(SCALE, UsbWay::Hidraw { page: SCALE_PAGE });
    runtime.block_on(async {
        let opened = open(&plain).await;
        let bound = opened.link.bound().cloned();
        let before = bound.clone().expect("it is known again").port;
        drop(opened);
        for (port, same) in [(4, false), (1, true)] {
            device.detach().unwrap();
            super::all_gone();
            device.set_port(port);
            device.replug();
            node("/dev", "hidraw");
            if same {
                let opened = plain.open_again(bound.clone()).await.unwrap();
                assert_eq!(opened.link.bound().unwrap().port, before);
            } else {
                // The old node may outlive its device for a moment.
                let until = Instant::now() + super::NODE_MAX;
                let mut text = refusal(&plain, bound.clone()).await;
                while !text.contains("assign") {
                    assert!(Instant::now() < until, "{text}");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    text = refusal(&plain, bound.clone()).await;
                }
            }
        }
    });
}
