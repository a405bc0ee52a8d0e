//! The emulated hardware of a demo station: every place's devices, in one folder.
//!
//! `DIR/dev/<place>-<role>` are the serial devices, `DIR/paper/<place>` holds what a printer
//! printed, `DIR/dev/ports.json` remembers network ports, so that the configuration written for
//! the daemon stays true over a restart.

use super::models::{self, Chosen, Models};
use super::printers::{self, AnyPrinter, PrinterSettings};
use super::pty::PtyDevice;
use super::scales::platform::SETTLE_MS;
use super::scales::{self, AnyScale};
use super::scanners::Gun;
use super::tcp::TcpDevice;
use super::tray::Tray;
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
    pub models: Models,
    /// Time a load takes to come to rest, in milliseconds.
    pub settle_ms: u64,
    /// Time to print one label, in milliseconds.
    pub print_ms: u64,
}

impl Default for StationLayout {
    fn default() -> Self {
        Self {
            benches: vec!["bench1".into()],
            docks: vec![("dock1".into(), false)],
            models: Models::default(),
            settle_ms: SETTLE_MS,
            print_ms: PrinterSettings::default().print_ms,
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
    /// The profile that the daemon needs for it.
    pub profile: &'static str,
    pub address: Address,
}

/// A packing bench: scale, scanner, printer.
#[derive(Debug)]
pub struct EmulatedBench {
    pub place: String,
    pub scale: PtyDevice<AnyScale>,
    pub scanner: PtyDevice<Gun>,
    pub printer: TcpDevice<AnyPrinter>,
}

/// A dock: scanner, perhaps a printer.
#[derive(Debug)]
pub struct EmulatedDock {
    pub place: String,
    pub scanner: PtyDevice<Gun>,
    pub printer: Option<TcpDevice<AnyPrinter>>,
}

/// All devices of a station; they run until it is dropped.
#[derive(Debug)]
pub struct EmulatedStation {
    pub benches: Vec<EmulatedBench>,
    pub docks: Vec<EmulatedDock>,
    pub chosen: Chosen,
}

impl EmulatedStation {
    /// Starts all devices below `folder`. Call inside a tokio runtime.
    ///
    /// # Errors
    /// If a pty, port or folder cannot be had, or a model cannot stand in; the text names it.
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
        let chosen = starter.chosen;
        Ok(Self {
            benches,
            docks,
            chosen,
        })
    }

    /// Every device with its address, for the daemon's configuration.
    pub fn connections(&self) -> Vec<Connection> {
        let mut list = Vec::new();
        let mut add = |place: &String, role, address| {
            let of_role = match role {
                "scale" => self.chosen.scale,
                "scanner" => self.chosen.scanner,
                _ => self.chosen.printer,
            };
            list.push(Connection {
                place: place.clone(),
                role,
                profile: &of_role.id,
                address,
            });
        };
        let on_line = |path: &Path| Address::Serial(path.to_owned());
        for bench in &self.benches {
            add(&bench.place, "scale", on_line(bench.scale.path()));
            add(&bench.place, "scanner", on_line(bench.scanner.path()));
            let printer = bench.printer.address().to_string();
            add(&bench.place, "printer", Address::Tcp(printer));
        }
        for dock in &self.docks {
            add(&dock.place, "scanner", on_line(dock.scanner.path()));
            if let Some(printer) = &dock.printer {
                let printer = printer.address().to_string();
                add(&dock.place, "printer", Address::Tcp(printer));
            }
        }
        list
    }

    /// The bench with this id.
    pub fn bench(&self, place: &str) -> Option<&EmulatedBench> {
        self.benches.iter().find(|b| b.place == place)
    }

    /// The scanner at a bench or dock.
    pub fn scanner(&self, place: &str) -> Option<&PtyDevice<Gun>> {
        let at_bench = self.bench(place).map(|b| &b.scanner);
        at_bench.or(self
            .docks
            .iter()
            .find(|d| d.place == place)
            .map(|d| &d.scanner))
    }

    /// The printer at a bench or dock.
    pub fn printer(&self, place: &str) -> Option<&TcpDevice<AnyPrinter>> {
        let at_bench = self.bench(place).map(|b| &b.printer);
        at_bench.or(self
            .docks
            .iter()
            .find(|d| d.place == place)
            .and_then(|d| d.printer.as_ref()))
    }
}

/// Starts devices and remembers their ports.
struct Starter<'a> {
    folder: &'a Path,
    layout: &'a StationLayout,
    chosen: Chosen,
    ports: BTreeMap<String, u16>,
}

impl<'a> Starter<'a> {
    fn new(folder: &'a Path, layout: &'a StationLayout) -> io::Result<Self> {
        let unfit = |e| io::Error::new(io::ErrorKind::InvalidInput, e);
        let chosen = layout.models.resolve().map_err(unfit)?;
        fs::create_dir_all(folder.join("dev"))?;
        // A lost or damaged list only means that new ports are chosen.
        let ports = fs::read(folder.join("dev/ports.json"))
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Ok(Self {
            folder,
            layout,
            chosen,
            ports,
        })
    }

    fn node(&self, place: &str, role: &str) -> PathBuf {
        self.folder.join("dev").join(format!("{place}-{role}"))
    }

    fn scale(&self, place: &str) -> io::Result<PtyDevice<AnyScale>> {
        let model = scales::scale(self.chosen.scale);
        let mut model = model.ok_or_else(|| no_model(&self.chosen.scale.id))?;
        model.set_settle_ms(self.layout.settle_ms);
        PtyDevice::start(model, &self.node(place, "scale"))
    }

    fn scanner(&self, place: &str) -> io::Result<PtyDevice<Gun>> {
        let gun = Gun::of(self.chosen.scanner);
        let gun = gun.ok_or_else(|| no_model(&self.chosen.scanner.id))?;
        PtyDevice::start(gun, &self.node(place, "scanner"))
    }

    fn printer(&mut self, place: &str) -> io::Result<TcpDevice<AnyPrinter>> {
        let tray = Tray::open(&self.folder.join("paper").join(place))?;
        let profile = self.chosen.printer;
        let settings = PrinterSettings {
            print_ms: self.layout.print_ms,
            ..models::settings(profile)
        };
        let model = printers::model(&profile.codec, settings, tray);
        let wanted = self.ports.get(place).copied().unwrap_or(0);
        let device = TcpDevice::start(model.ok_or_else(|| no_model(&profile.id))?, wanted)?;
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

fn no_model(id: &str) -> io::Error {
    let text = format!("no emulated device speaks as profile {id} does");
    io::Error::new(io::ErrorKind::InvalidInput, text)
}
