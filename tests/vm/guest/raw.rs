//! The bench itself: each kind of device seen through the plain system interface, without a line of
//! the product's own transports.

use super::devices::{self, KEYBOARD, PRINTER, SCALE, grams, put};
use super::{node, settle, wait_until};
use firstscan::emulate::scale::{ScaleSettings, Toledo8217};
use firstscan::emulate::tray::Tray;
use firstscan::emulate::usbip::{self, LineCoding, Options};
use firstscan::emulate::zpl_printer::{PrinterSettings, ZplPrinter};
use firstscan_drivers::mass::Mass;
use std::fs::OpenOptions;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;
use tokio_serial::{DataBits, Parity, SerialPortBuilderExt};

pub fn hidraw(_: &Runtime) {
    use std::io::{Read, Write};
    let device = devices::scale("SCALE-1", 0);
    let path = node("/dev", "hidraw");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .unwrap();
    let mut read = || {
        let mut report = [0; 64];
        let count = file.read(&mut report)?;
        Ok::<u16, std::io::Error>(grams(&report[..count]))
    };
    for load in 1..30 {
        put(&device, load);
        while read().unwrap() != load {}
    }
    // Only at rest does it take a load for nothing.
    wait_until("it rests", || devices::rests(&device).then_some(()));
    let mut zero = OpenOptions::new().write(true).open(&path).unwrap();
    zero.write_all(&[2, 2]).unwrap();
    while read().unwrap() != 0 {}
    let began = Instant::now();
    device.unplug();
    // What came before the end may still be read.
    let error = wait_until("the end", || read().err());
    assert_eq!(error.raw_os_error(), Some(5), "{error}");
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    wait_until("the node gone", || (!path.exists()).then_some(()));
}

pub fn libusb(_: &Runtime) {
    let device = devices::scale("SCALE-1", 0);
    node("/dev", "hidraw");
    let handle = wait_until("libusb sees it", || {
        rusb::open_device_with_vid_pid(SCALE.0, SCALE.1)
    });
    handle.set_auto_detach_kernel_driver(true).unwrap();
    handle.claim_interface(0).unwrap();
    let mut report = [0; 64];
    let patience = Duration::from_millis(500);
    for load in 1..30 {
        put(&device, load);
        loop {
            let read = handle.read_interrupt(0x81, &mut report, patience).unwrap();
            if grams(&report[..read]) == load {
                break;
            }
        }
    }
    device.with(|scale, _| scale.every_ms = 60_000);
    let nothing = wait_until("nothing comes any more", || {
        handle
            .read_interrupt(0x81, &mut report, Duration::from_millis(100))
            .err()
    });
    assert_eq!(nothing, rusb::Error::Timeout);
    device.stall(true);
    let stalled = handle.read_interrupt(0x81, &mut report, patience);
    assert_eq!(stalled, Err(rusb::Error::Pipe));
    handle.clear_halt(0x81).unwrap();
    device.unplug();
    let gone = handle.read_interrupt(0x81, &mut report, Duration::from_secs(5));
    assert!(
        matches!(gone, Err(rusb::Error::NoDevice | rusb::Error::Io)),
        "{gone:?}"
    );
}

pub fn keyboard(_: &Runtime) {
    let device = devices::keyboard(0);
    // The machine has a keyboard of its own.
    let ours = |(_, d): &(PathBuf, evdev::Device)| d.input_id().vendor() == KEYBOARD.0;
    let (_, mut keyboard) = wait_until("its events", || evdev::enumerate().find(ours));
    settle();
    keyboard.grab().unwrap();
    std::thread::sleep(Duration::from_millis(50));
    device.with(|gun, _| gun.scan(devices::SCAN));
    let mut pressed = Vec::new();
    while pressed.last() != Some(&28) {
        let events = keyboard.fetch_events().unwrap();
        let down = events.filter(|e| e.event_type().0 == 1 && e.value() == 1);
        pressed.extend(down.map(|e| e.code()));
    }
    assert_eq!(pressed, devices::KEYS_OF_SCAN);
    device.detach().unwrap();
    // First what was typed before: the last key going up.
    let gone = wait_until("the end", || {
        keyboard.fetch_events().map(Iterator::count).err()
    });
    assert_eq!(gone.raw_os_error(), Some(19));
}

pub fn serial(runtime: &Runtime) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut options = Options::new(0x0EB8, 0xF000);
    options.instrument = Some(LineCoding::E7);
    let mut model = Toledo8217::new(ScaleSettings::default());
    model.put(0, Mass::from_grams(1250));
    let device = usbip::cdc_acm(model, &options).unwrap();
    let path = node("/dev", "ttyACM");
    let read = |data_bits, parity| {
        runtime.block_on(async {
            let port = tokio_serial::new(path.to_string_lossy(), 9600);
            let port = port.data_bits(data_bits).parity(parity);
            let mut port = port.open_native_async().unwrap();
            port.write_all(b"W").await.unwrap();
            let mut reply = vec![0; 8];
            port.read_exact(&mut reply[..4]).await.unwrap();
            let rest = port.read_exact(&mut reply[4..]);
            let rest = tokio::time::timeout(Duration::from_millis(300), rest).await;
            reply.truncate(if rest.is_ok() { 8 } else { 4 });
            reply
        })
    };
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(read(DataBits::Seven, Parity::Even), b"\x0201.250\r");
    assert_eq!(device.line_codings().last(), Some(&LineCoding::E7));
    assert_eq!(device.modem_lines(), (false, false), "closed");
    // Heard at 8N1: the parity bit stands in the eighth.
    let wrong = read(DataBits::Eight, Parity::None);
    assert_eq!(wrong[0], 0x82, "{wrong:02X?}");
    assert_eq!(device.line_codings().last(), Some(&LineCoding::N8));
}

pub fn usblp(_: &Runtime) {
    use std::io::{Read, Write};
    let folder = tempfile::tempdir().unwrap();
    let tray = Tray::open(folder.path()).unwrap();
    let model = ZplPrinter::new(PrinterSettings::default(), tray);
    let device = usbip::printer(model, &devices::options(PRINTER, 0)).unwrap();
    let path = node("/dev/usb", "lp");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .open(&path)
        .unwrap();
    file.write_all(b"~HS").unwrap();
    let mut reply = Vec::new();
    while reply.iter().filter(|b| **b == 3).count() < 3 {
        let mut part = [0; 512];
        let read = file.read(&mut part).unwrap();
        reply.extend_from_slice(&part[..read]);
    }
    assert!(
        reply.starts_with(b"\x02030,0,0,"),
        "{:?}",
        String::from_utf8_lossy(&reply)
    );
    let second = OpenOptions::new().write(true).open(&path).unwrap_err();
    assert_eq!(second.raw_os_error(), Some(16), "held by one process");
    file.write_all(b"^XA^FO10,10^GB100,100,5^FS^XZ").unwrap();
    wait_until("the label", || {
        (device.with(|m, _| m.odometer()) == 1).then_some(())
    });
}

/// QEMU's FTDI adapter; its far end is this machine's second serial port.
pub fn ftdi(runtime: &Runtime) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let path = node("/dev", "ttyUSB");
    settle();
    runtime.block_on(async {
        let mut far = tokio_serial::new("/dev/ttyS1", 9600)
            .open_native_async()
            .unwrap();
        let mut port = tokio_serial::new(path.to_string_lossy(), 9600)
            .open_native_async()
            .unwrap();
        port.write_all(b"W").await.unwrap();
        let mut ask = [0; 1];
        far.read_exact(&mut ask).await.unwrap();
        far.write_all(b"\x0201.250\r").await.unwrap();
        let mut reply = [0; 8];
        port.read_exact(&mut reply).await.unwrap();
        assert_eq!(&reply, b"\x0201.250\r");
    });
}
