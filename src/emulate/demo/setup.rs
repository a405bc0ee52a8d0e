//! A demo in a folder: devices, upstream, configuration, daemon. The same folder resumes.

use super::daemon::{Daemon, Layout};
use super::script;
use crate::emulate::bench::{Address, Connection, EmulatedStation, StationLayout};
use crate::emulate::models::{self, Models};
use crate::emulate::upstream::{Fault, Refuse, Upstream, UpstreamConfig, UpstreamHandle};
use crate::sync::sinks::Secret;
use std::fmt::Write;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// The shared secret of the demo's sink; nothing but the emulated upstream knows it.
const SECRET: &str = "whsec_ZGVtby1vbmx5LXNlY3JldC1vZi10aGUtZmlyc3RzY2FuLWRlbW8=";

/// Time a label takes that can be seen at work by questions alone.
const SEEN_MS: u64 = 500;

/// Folder of the site's carrier files, in the demo's.
pub const CARRIERS: &str = "carriers";

/// How the emulated upstream behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpstreamPlan {
    Ok,
    /// Refuses every event for good.
    Refuse,
    /// Cannot be reached; for so many seconds, or all the time.
    Away(Option<u64>),
}

/// What a demo is made of.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    pub dir: PathBuf,
    pub upstream: UpstreamPlan,
    /// What stands at the places.
    pub models: Models,
    /// Quick devices for the auto player, lifelike ones for people.
    pub quick: bool,
    /// Origin that may show the daemon's pages in a frame.
    pub panel: Option<String>,
}

/// A running demo.
#[derive(Debug)]
pub struct Demo {
    pub devices: Arc<EmulatedStation>,
    pub upstream: UpstreamHandle,
    pub daemon: Daemon,
    /// Ends when dropped.
    _upstream: Upstream,
}

impl Demo {
    /// Starts everything below a folder. Call inside a tokio runtime.
    ///
    /// # Errors
    /// A text for people with what to do.
    pub fn start(options: &DemoOptions) -> Result<Self, String> {
        let dir = std::path::absolute(&options.dir).map_err(|e| e.to_string())?;
        let told = |what: &str| {
            let what = what.to_owned();
            move |e: std::io::Error| format!("cannot {what}: {e}")
        };
        fs::create_dir_all(&dir).map_err(told("make the demo folder"))?;
        let mut layout = StationLayout {
            models: options.models.clone(),
            ..StationLayout::default()
        };
        let chosen = options.models.resolve().map_err(|e| e.to_string())?;
        if options.quick {
            layout.settle_ms = 40;
            // A printer without a counter is seen at work only if it works for a while.
            layout.print_ms = if models::counts(chosen.printer) {
                40
            } else {
                SEEN_MS
            };
        }
        let devices = EmulatedStation::start(&dir, &layout).map_err(told("start the devices"))?;
        let ports = dir.join("ports");
        let upstream = Upstream::open(UpstreamConfig {
            address: SocketAddr::from(([127, 0, 0, 1], kept_port(&ports.with_extension("up"))?)),
            secret: Secret::new(SECRET),
            ledger: Some(dir.join("upstream.jsonl")),
        })
        .map_err(told("start the upstream"))?;
        let handle = upstream.handle();
        match options.upstream {
            UpstreamPlan::Ok => {}
            UpstreamPlan::Refuse => handle.set_fault(Fault::Refuse(Refuse::all())),
            UpstreamPlan::Away(None) => handle.set_fault(Fault::Closed),
            UpstreamPlan::Away(Some(s)) => {
                handle.set_fault_for(Fault::Closed, Duration::from_secs(s));
            }
        }
        let carriers = dir.join(CARRIERS);
        fs::create_dir_all(&carriers).map_err(told("make the carrier folder"))?;
        for (name, text) in script::carrier_files() {
            fs::write(carriers.join(name), text).map_err(told("write the carriers"))?;
        }
        let layout = Layout { dir: dir.clone() };
        let web = kept_port(&ports.with_extension("web"))?;
        let text = config(
            &devices.connections(),
            &handle.url(),
            web,
            options.panel.as_deref(),
            &carriers,
        );
        fs::write(layout.config(), text).map_err(told("write the configuration"))?;
        let daemon = Daemon::start(layout).map_err(told("start the daemon"))?;
        daemon.wait_ready()?;
        Ok(Demo {
            devices: Arc::new(devices),
            upstream: handle,
            daemon,
            _upstream: upstream,
        })
    }
}

/// A free port, the same one again in the same folder if nobody took it.
fn kept_port(file: &Path) -> Result<u16, String> {
    let kept = fs::read_to_string(file)
        .ok()
        .and_then(|t| t.trim().parse::<u16>().ok());
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).and_then(|l| l.local_addr());
    let address = kept.and_then(|p| free(p).ok()).map_or_else(|| free(0), Ok);
    let port = address
        .map_err(|e| format!("no free port on loopback: {e}"))?
        .port();
    fs::write(file, port.to_string()).map_err(|e| format!("cannot write {file:?}: {e}"))?;
    Ok(port)
}

/// The configuration of the demo station.
fn config(
    devices: &[Connection],
    upstream: &str,
    web: u16,
    panel: Option<&str>,
    carriers: &Path,
) -> String {
    let mut text = String::from("# Written by `firstscan demo`.\n");
    let mut put = |line: String| {
        let written = writeln!(text, "{line}");
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    };
    put("[station]\nid = \"S1\"\ncountry = \"DE\"\n".into());
    put(format!("[web]\nlisten = \"127.0.0.1:{web}\""));
    if let Some(panel) = panel {
        put(format!("frame_ancestors = [{panel:?}]"));
    }
    put(format!(
        "\n[carriers]\nfolder = {:?}",
        carriers.display().to_string()
    ));
    put(
        "\n[ship_from]\nlines = [\"Nordlicht Versand\", \"Hafenstr. 12\", \"20457 Hamburg\", \
         \"GERMANY\"]\n"
            .into(),
    );
    for (code, operator, name) in [("BADGE-ANNA", "anna", "Anna"), ("BADGE-BEN", "ben", "Ben")] {
        put(format!(
            "[[badges]]\ncode = {code:?}\noperator = {operator:?}\nname = {name:?}\n"
        ));
    }
    for (id, kind, title) in [("bench1", "bench", "Bench 1"), ("dock1", "dock", "Dock 1")] {
        put(format!(
            "[[places]]\nid = {id:?}\nkind = {kind:?}\ntitle = {title:?}"
        ));
        for device in devices.iter().filter(|d| d.place == id) {
            put(format!(
                "\n[[places.devices]]\nid = \"{id}/{}\"",
                device.role
            ));
            put(format!(
                "role = {:?}\nprofile = {:?}",
                device.role, device.profile
            ));
            match &device.address {
                Address::Serial(path) => put(format!("port = {path:?}")),
                Address::Tcp(address) => {
                    put(format!("tcp = {address:?}\nidle_poll_ms = 500"));
                }
            }
        }
        put(String::new());
    }
    put("[[sinks]]\nid = \"platform\"\nkind = \"http\"\nfirst_spread_ms = 0".into());
    put(format!("url = {upstream:?}\nsecret = {SECRET:?}"));
    text
}
