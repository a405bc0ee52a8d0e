//! The device's end of a serial line on a pty, and a clock for the host's end.

use firstscan::device::{DeviceConfig, DeviceHandle, DeviceReport, ReportKind, SharedClock};
use firstscan::domain::{Instant as Mono, Stamp, Wall};
use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::time::timeout;

/// No test waits longer for one thing.
pub const PATIENCE: Duration = Duration::from_secs(8);

/// The device's end of a serial line; dropping it is pulling the plug.
pub struct Plug {
    master: File,
    link: PathBuf,
}

impl Plug {
    /// A device whose node is `link`.
    pub fn in_socket(link: &Path) -> Plug {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let mut raw = tcgetattr(&master).unwrap();
        raw.make_raw();
        tcsetattr(&master, OptionalActions::Now, &raw).unwrap();
        let status = rustix::fs::fcntl_getfl(&master).unwrap();
        rustix::fs::fcntl_setfl(&master, status | OFlags::NONBLOCK).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
        symlink(name, link).unwrap();
        Plug {
            master: File::from(master),
            link: link.to_owned(),
        }
    }

    /// What the host wrote; empty if nothing, or if nobody has the line open.
    pub fn read(&mut self) -> Vec<u8> {
        let mut buffer = [0; 256];
        match self.master.read(&mut buffer) {
            Ok(count) => buffer[..count].to_vec(),
            Err(_) => Vec::new(),
        }
    }

    /// Says something; what does not fit is lost, as on a real line.
    pub fn write(&mut self, bytes: &[u8]) {
        match self.master.write_all(bytes) {
            Err(e) if e.kind() != ErrorKind::WouldBlock => panic!("{e}"),
            _ => {}
        }
    }

    /// Says all of it, as fast as the host takes it.
    pub fn pour(&mut self, mut bytes: &[u8]) {
        let end = Instant::now() + PATIENCE;
        while !bytes.is_empty() {
            match self.master.write(bytes) {
                Ok(count) => bytes = &bytes[count..],
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    assert!(Instant::now() < end, "the host takes nothing");
                    std::thread::sleep(Duration::from_micros(200));
                }
                Err(e) => panic!("{e}"),
            }
        }
    }
}

impl Drop for Plug {
    fn drop(&mut self) {
        // After a failed test its folder is gone already.
        drop(std::fs::remove_file(&self.link));
    }
}

/// A clock that starts now.
pub fn clock() -> SharedClock {
    let started = Instant::now();
    Arc::new(move || {
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap();
        let wall = Wall {
            unix_ms: i64::try_from(ms).unwrap(),
            offset_min: 0,
        };
        Stamp {
            wall,
            mono: Mono(ms),
        }
    })
}

/// Starts a device from its configuration.
pub fn start(text: &str) -> (DeviceHandle, mpsc::Receiver<DeviceReport>) {
    let config: DeviceConfig = toml::from_str(text).unwrap();
    let (reports, inbox) = mpsc::channel(64);
    let handle = firstscan::device::start(&config, clock(), reports).unwrap();
    (handle, inbox)
}

/// A device of role and profile at a port, with further keys.
pub fn at_port(
    role: &str,
    profile: &str,
    port: &Path,
) -> (DeviceHandle, mpsc::Receiver<DeviceReport>) {
    let port = port.display();
    start(&format!(
        "id='b/{role}'\nrole='{role}'\nprofile='{profile}'\nport='{port}'"
    ))
}

/// The next report.
pub async fn next(inbox: &mut mpsc::Receiver<DeviceReport>) -> DeviceReport {
    timeout(PATIENCE, inbox.recv())
        .await
        .expect("a report in time")
        .expect("a running device")
}

/// Waits for the first report of a kind; passes over the others.
pub async fn wait<T>(
    inbox: &mut mpsc::Receiver<DeviceReport>,
    pick: impl Fn(ReportKind) -> Option<T>,
) -> T {
    loop {
        if let Some(found) = pick(next(inbox).await.kind) {
            return found;
        }
    }
}

/// The name of what was connected.
pub fn connected(kind: ReportKind) -> Option<String> {
    match kind {
        ReportKind::Connected { what } => Some(what),
        _ => None,
    }
}

/// Why it was lost.
pub fn lost(kind: ReportKind) -> Option<String> {
    match kind {
        ReportKind::Lost { reason } => Some(reason),
        _ => None,
    }
}

/// The status flags.
pub fn flags(kind: ReportKind) -> Option<Vec<String>> {
    match kind {
        ReportKind::Status { flags } => Some(flags),
        _ => None,
    }
}

/// The code of a scan.
pub fn code(kind: ReportKind) -> Option<String> {
    match kind {
        ReportKind::Scan { code, .. } => Some(code),
        _ => None,
    }
}
