//! The station that is measured: scale and scanner on ptys, printer on TCP, a dock, a sink.

use super::printer::Printer;
use firstscan::emulate::bench::{Address, EmulatedStation, StationLayout};
use firstscan::emulate::upstream::{Upstream, UpstreamConfig};
use firstscan::sync::sinks::Secret;
use std::fmt::Write;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

/// Known to nobody but the emulated upstream.
const SECRET: &str = "whsec_YmVuY2gtb25seS1zZWNyZXQtb2YtdGhlLWZpcnN0c2Nhbi1iZW5jaA==";
/// Codes on the two badges and the operators they name.
pub const BADGES: [(&str, &str); 2] = [("BADGE-ANNA", "anna"), ("BADGE-BEN", "ben")];
/// Devices that report: scale, two scanners, printer.
pub const DEVICES: usize = 4;
/// Time the scale's platform swings, in milliseconds.
pub const SETTLE_MS: u64 = 40;

/// Everything around the daemon; it outlives any number of daemons.
pub struct Surroundings {
    pub devices: EmulatedStation,
    pub printer: Printer,
    /// Where the daemon will listen.
    pub web: SocketAddr,
    /// The daemon's configuration.
    pub file: PathBuf,
    _upstream: Upstream,
}

impl Surroundings {
    /// Starts devices and upstream below a folder and writes the configuration. Call inside a
    /// tokio runtime.
    pub fn start(dir: &Path) -> Self {
        let layout = StationLayout {
            settle_ms: SETTLE_MS,
            ..StationLayout::default()
        };
        let devices = EmulatedStation::start(dir, &layout).unwrap();
        let upstream = Upstream::open(UpstreamConfig {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            secret: Secret::new(SECRET),
            ledger: None,
        })
        .unwrap();
        let printer = Printer::start();
        let web = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap();
        let file = dir.join("station.toml");
        let text = text(&devices, printer.address, web, &upstream.handle().url());
        std::fs::write(&file, text).unwrap();
        Surroundings {
            devices,
            printer,
            web,
            file,
            _upstream: upstream,
        }
    }
}

fn text(devices: &EmulatedStation, printer: SocketAddr, web: SocketAddr, up: &str) -> String {
    let mut out = format!("[station]\nid = \"S1\"\ncountry = \"DE\"\n[web]\nlisten = \"{web}\"\n");
    let mut put = |line: String| writeln!(out, "{line}").unwrap();
    for (code, operator) in BADGES {
        put(format!(
            "[[badges]]\ncode = {code:?}\noperator = {operator:?}\nname = {operator:?}"
        ));
    }
    for (id, kind) in [("bench1", "bench"), ("dock1", "dock")] {
        put(format!("[[places]]\nid = {id:?}\nkind = {kind:?}"));
        for device in devices.connections().iter().filter(|d| d.place == id) {
            let profile = device.profile;
            let wire = match &device.address {
                Address::Serial(path) => format!("port = {path:?}"),
                Address::Tcp(_) => format!("tcp = \"{printer}\""),
            };
            put(format!("[[places.devices]]\nid = \"{id}/{}\"", device.role));
            put(format!(
                "role = {:?}\nprofile = {profile:?}\n{wire}",
                device.role
            ));
        }
    }
    put("[[sinks]]\nid = \"platform\"\nkind = \"http\"\nfirst_spread_ms = 0".into());
    put(format!("url = {up:?}\nsecret = {SECRET:?}"));
    out
}
