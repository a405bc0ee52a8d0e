//! The emulated hardware of a demo station: every place's devices, in one folder.
//!
//! `DIR/dev/<place>-<role>` are the serial devices, `DIR/paper/<place>` holds what a printer
//! printed, `DIR/dev/ports.json` remembers network ports, so that the configuration written for
//! the daemon stays true over a restart.

use super::pty::PtyDevice;
use super::scale::{ScaleSettings, Toledo8217};
use super::scanner::SerialScanner;
use super::tcp::TcpDevice;
use super::tray::Tray;
use super::zpl_printer::{PrinterSettings, ZplPrinter};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Which places there are, and how their devices are set up.
#[derive(Debug, Clone)]
pub struct StationLayout {
    pub benches: Vec<String>,
    /// Docks, each with whether it has a printer of its own.
    pub docks: Vec<(String, bool)>,
    pub scale: ScaleSettings,
    pub printer: PrinterSettings,
}

impl Default for StationLayout {
    fn default() -> Self {
        Self {
            benches: vec!["bench1".into()],
            docks: vec![("dock1".into(), false)],
            scale: ScaleSettings::default(),
            printer: PrinterSettings::default(),
        }
    }
}

/// Where the daemon finds a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// Path of a serial device.
    Serial(PathBuf),
    /// `127.0.0.1:port`.
    Tcp(String),
}

/// One device as the daemon's configuration needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    pub place: String,
    /// `scale`, `scanner` or `printer`.
    pub role: &'static str,
    /// What it speaks: `toledo-8217`, `serial-text` or `zpl`.
    pub protocol: &'static str,
    pub address: Address,
}

/// A packing bench: scale, scanner, printer.
#[derive(Debug)]
pub struct EmulatedBench {
    pub place: String,
    pub scale: PtyDevice<Toledo8217>,
    pub scanner: PtyDevice<SerialScanner>,
    pub printer: TcpDevice<ZplPrinter>,
}

/// A dock: scanner, perhaps a printer.
#[derive(Debug)]
pub struct EmulatedDock {
    pub place: String,
    pub scanner: PtyDevice<SerialScanner>,
    pub printer: Option<TcpDevice<ZplPrinter>>,
}

/// All devices of a station; they run until it is dropped.
#[derive(Debug)]
pub struct EmulatedStation {
    pub benches: Vec<EmulatedBench>,
    pub docks: Vec<EmulatedDock>,
}

impl EmulatedStation {
    /// Starts all devices below `folder`. Call inside a tokio runtime.
    ///
    /// # Errors
    /// If a pty, port or folder cannot be had; the text names it.
    pub fn start(folder: &Path, layout: &StationLayout) -> io::Result<Self> {
        let mut starter = Starter::new(folder, layout)?;
        let mut benches = Vec::new();
        for place in &layout.benches {
            benches.push(EmulatedBench {
                place: place.clone(),
                scale: starter.scale(place)?,
                scanner: starter.scanner(place)?,
                printer: starter.printer(place)?,
            });
        }
        let mut docks = Vec::new();
        for (place, has_printer) in &layout.docks {
            let printer = has_printer.then(|| starter.printer(place)).transpose()?;
            let scanner = starter.scanner(place)?;
            docks.push(EmulatedDock {
                place: place.clone(),
                scanner,
                printer,
            });
        }
        starter.remember()?;
        Ok(Self { benches, docks })
    }

    /// Every device with its address, for the daemon's configuration.
    pub fn connections(&self) -> Vec<Connection> {
        let mut list = Vec::new();
        for bench in &self.benches {
            let scale = Address::Serial(bench.scale.path().to_owned());
            list.push(connection(&bench.place, "scale", "toledo-8217", scale));
            list.push(scanner_connection(&bench.place, &bench.scanner));
            list.push(printer_connection(&bench.place, &bench.printer));
        }
        for dock in &self.docks {
            list.push(scanner_connection(&dock.place, &dock.scanner));
            if let Some(printer) = &dock.printer {
                list.push(printer_connection(&dock.place, printer));
            }
        }
        list
    }

    /// The bench with this id.
    pub fn bench(&self, place: &str) -> Option<&EmulatedBench> {
        self.benches.iter().find(|b| b.place == place)
    }

    /// The scanner at a bench or dock.
    pub fn scanner(&self, place: &str) -> Option<&PtyDevice<SerialScanner>> {
        let at_bench = self.bench(place).map(|b| &b.scanner);
        at_bench.or(self
            .docks
            .iter()
            .find(|d| d.place == place)
            .map(|d| &d.scanner))
    }

    /// The printer at a bench or dock.
    pub fn printer(&self, place: &str) -> Option<&TcpDevice<ZplPrinter>> {
        let at_bench = self.bench(place).map(|b| &b.printer);
        at_bench.or(self
            .docks
            .iter()
            .find(|d| d.place == place)
            .and_then(|d| d.printer.as_ref()))
    }
}

fn connection(
    place: &str,
    role: &'static str,
    protocol: &'static str,
    address: Address,
) -> Connection {
    Connection {
        place: place.to_owned(),
        role,
        protocol,
        address,
    }
}

fn scanner_connection(place: &str, scanner: &PtyDevice<SerialScanner>) -> Connection {
    let address = Address::Serial(scanner.path().to_owned());
    connection(place, "scanner", "serial-text", address)
}

fn printer_connection(place: &str, printer: &TcpDevice<ZplPrinter>) -> Connection {
    connection(
        place,
        "printer",
        "zpl",
        Address::Tcp(printer.address().to_string()),
    )
}

/// Starts devices and remembers their ports.
struct Starter<'a> {
    folder: &'a Path,
    layout: &'a StationLayout,
    ports: BTreeMap<String, u16>,
}

impl<'a> Starter<'a> {
    fn new(folder: &'a Path, layout: &'a StationLayout) -> io::Result<Self> {
        fs::create_dir_all(folder.join("dev"))?;
        // A lost or damaged list only means that new ports are chosen.
        let ports = fs::read(folder.join("dev/ports.json"))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Ok(Self {
            folder,
            layout,
            ports,
        })
    }

    fn node(&self, place: &str, role: &str) -> PathBuf {
        self.folder.join("dev").join(format!("{place}-{role}"))
    }

    fn scale(&self, place: &str) -> io::Result<PtyDevice<Toledo8217>> {
        let model = Toledo8217::new(self.layout.scale.clone());
        PtyDevice::start(model, &self.node(place, "scale"))
    }

    fn scanner(&self, place: &str) -> io::Result<PtyDevice<SerialScanner>> {
        PtyDevice::start(SerialScanner::default(), &self.node(place, "scanner"))
    }

    fn printer(&mut self, place: &str) -> io::Result<TcpDevice<ZplPrinter>> {
        let tray = Tray::open(&self.folder.join("paper").join(place))?;
        let model = ZplPrinter::new(self.layout.printer.clone(), tray);
        let wanted = self.ports.get(place).copied().unwrap_or(0);
        let device = TcpDevice::start(model, wanted)?;
        self.ports.insert(place.to_owned(), device.address().port());
        Ok(device)
    }

    fn remember(&self) -> io::Result<()> {
        fs::write(
            self.folder.join("dev/ports.json"),
            serde_json::to_vec(&self.ports)?,
        )
    }
}
