//! Devices under the supervisor: found, lost and found again, without a word of before.

use super::devices::{self, options, put};
use super::wait_until;
use firstscan::device::{DeviceConfig, DeviceHandle, DeviceReport, ReportKind, start};
use firstscan::domain::{Instant as Mono, Stamp, Wall};
use firstscan::emulate::model::DeviceModel;
use firstscan::emulate::scale::{ScaleSettings, Toledo8217};
use firstscan::emulate::usbip;
use firstscan_drivers::mass::Mass;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_serial::SerialPortBuilderExt;

const SEEN_MAX: Duration = Duration::from_secs(1);
/// A scan that did nothing is tried again after this.
const AGAIN: Duration = Duration::from_secs(3);

/// A device at work.
struct Running {
    handle: DeviceHandle,
    inbox: mpsc::Receiver<DeviceReport>,
}

impl Running {
    /// Call inside a runtime.
    fn start(role: &str, profile: &str, keys: &str) -> Self {
        let text = format!("id='b/{role}'\nrole='{role}'\nprofile='{profile}'\n{keys}");
        let config: DeviceConfig = toml::from_str(&text).unwrap();
        let stamp = || Stamp {
            wall: Wall {
                unix_ms: 0,
                offset_min: 0,
            },
            mono: Mono(0),
        };
        let (reports, inbox) = mpsc::channel(256);
        let handle = start(&config, Arc::new(stamp), reports).unwrap();
        Self { handle, inbox }
    }

    async fn next(&mut self) -> ReportKind {
        let report = timeout(super::NODE_MAX, self.inbox.recv()).await;
        report.expect("news in time").expect("a running task").kind
    }

    /// Passes over news until `wanted` picks one.
    async fn until<T>(&mut self, wanted: impl Fn(&ReportKind) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(&self.next().await) {
                return found;
            }
        }
    }

    async fn connected(&mut self) {
        let is = |news: &ReportKind| matches!(news, ReportKind::Connected { .. }).then_some(());
        self.until(is).await;
    }

    /// Why it is lost.
    async fn lost(&mut self) -> String {
        let reason = |news: &ReportKind| match news {
            ReportKind::Lost { reason } => Some(reason.clone()),
            _ => None,
        };
        self.until(reason).await
    }

    /// The next weight that is told, at rest or not.
    async fn weight(&mut self) -> Option<Mass> {
        let mass = |news: &ReportKind| match news {
            ReportKind::Mass { reading, .. } => Some(reading.mass),
            _ => None,
        };
        self.until(mass).await
    }

    /// What comes of a scan. A machine that stands still for a moment tears a typed code, and it is
    /// scanned again.
    async fn scanned(&mut self, scan: impl Fn()) -> String {
        for _ in 0..5 {
            scan();
            if let Ok(code) = timeout(AGAIN, self.code()).await {
                return code;
            }
        }
        panic!("no code comes through");
    }

    async fn code(&mut self) -> String {
        let code = |news: &ReportKind| match news {
            ReportKind::Scan { code, .. } => Some(code.clone()),
            _ => None,
        };
        self.until(code).await
    }
}

fn is(grams: i64) -> Option<Mass> {
    Some(Mass::from_grams(grams))
}

/// Every weight after the return is of the load that lies there then.
pub fn hid_scale(runtime: &Runtime) {
    for via in ["kernel", "libusb"] {
        let device = devices::scale("S1", 0);
        let _entered = runtime.enter();
        let keys = format!("usb='0922:8003'\nserial='S1'\nvia='{via}'");
        let mut scale = Running::start("scale", "dymo-m10-m25", &keys);
        runtime.block_on(async {
            scale.connected().await;
            put(&device, 100);
            while scale.weight().await != is(100) {}
            let began = Instant::now();
            device.unplug();
            scale.lost().await;
            assert!(began.elapsed() < SEEN_MAX, "{via}: {:?}", began.elapsed());
            put(&device, 300);
            device.replug();
            scale.connected().await;
            for _ in 0..2 {
                assert_eq!(scale.weight().await, is(300), "{via}");
            }
            scale.handle.stop().await;
        });
        drop(device);
        super::all_gone();
    }
}

/// Answers as a serial scale at the far end of the FTDI adapter, until its runtime drops it.
async fn far_end(scale: Arc<Mutex<Toledo8217>>) {
    let mut port = tokio_serial::new("/dev/ttyS1", 9600)
        .open_native_async()
        .unwrap();
    let began = Instant::now();
    let mut buffer = [0; 64];
    loop {
        let count = port.read(&mut buffer).await.unwrap();
        let now = u64::try_from(began.elapsed().as_millis()).unwrap();
        let replies: Vec<Vec<u8>> = {
            let mut scale = scale.lock().unwrap();
            scale.handle_timeout(now);
            scale.receive(now, &buffer[..count]);
            std::iter::from_fn(|| scale.poll_transmit()).collect()
        };
        port.write_all(&replies.concat()).await.unwrap();
    }
}

/// The kernel's switch for the FTDI adapter: off, its driver and node are gone.
fn adapter() -> PathBuf {
    let devices = std::fs::read_dir("/sys/bus/usb/devices").unwrap().flatten();
    let is = |path: &PathBuf| {
        std::fs::read_to_string(path.join("idVendor")).is_ok_and(|id| id.trim() == "0403")
    };
    let adapter = devices.map(|e| e.path()).find(is);
    adapter.expect("QEMU's FTDI adapter").join("authorized")
}

/// A scale behind QEMU's FTDI adapter, taken away and given back.
pub fn ftdi_scale(runtime: &Runtime) {
    let model = Toledo8217::new(ScaleSettings::default());
    let model = Arc::new(Mutex::new(model));
    let far = runtime.spawn(far_end(model.clone()));
    let load = |grams| model.lock().unwrap().put(0, Mass::from_grams(grams));
    load(1250);
    let adapter = adapter();
    let _entered = runtime.enter();
    let mut scale = Running::start("scale", "toledo-8217-kg", "usb='0403:6001'");
    runtime.block_on(async {
        scale.connected().await;
        while scale.weight().await != is(1250) {}
        let began = Instant::now();
        std::fs::write(&adapter, "0").unwrap();
        scale.lost().await;
        assert!(began.elapsed() < SEEN_MAX, "{:?}", began.elapsed());
        load(700);
        std::fs::write(&adapter, "1").unwrap();
        scale.connected().await;
        assert_eq!(scale.weight().await, is(700));
        scale.handle.stop().await;
    });
    far.abort();
    wait_until("its node", || super::find("/dev", "ttyUSB"));
}

/// The same scanner by its serial number, whatever product id its mode has.
pub fn scanner_in_another_mode(runtime: &Runtime) {
    let mut options = options((0x080C, 0x0300), 0);
    options.serial = "GUN-1".into();
    let device = usbip::keyboard(devices::gun("datalogic-d-keyboard"), &options).unwrap();
    let _entered = runtime.enter();
    let keys = "usb='080c:0300'\nserial='GUN-1'";
    let mut scanner = Running::start("scanner", "datalogic-d-keyboard", keys);
    runtime.block_on(async {
        scanner.connected().await;
        for (product, code) in [(0x0400, "first"), (0x0777, "second")] {
            // The kernel drops keys in the moment after the opening.
            tokio::time::sleep(Duration::from_millis(100)).await;
            let scan = || device.with(|gun, _| gun.scan(code));
            assert_eq!(scanner.scanned(scan).await, code);
            device.unplug();
            scanner.lost().await;
            device.set_product(product);
            device.replug();
            if product == 0x0400 {
                scanner.connected().await;
            }
        }
        // A mode its profile does not know is no absence.
        let mut reason = scanner.lost().await;
        while !reason.contains("in a mode its profile does not know") {
            reason = scanner.lost().await;
        }
        assert!(reason.contains("080c:0777"), "{reason}");
        scanner.handle.stop().await;
    });
}
