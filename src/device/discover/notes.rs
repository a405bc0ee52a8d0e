//! What stands in the way of a device, and what to do about it.

use super::Found;
use crate::device::link::refused;
use std::fs;
use std::path::Path;

const PROCESSES_MAX: usize = 4096;

/// Adds what is known to be wrong: rights, other programs.
pub fn add(root: &Path, found: &mut Found) {
    let proc = root.join("proc");
    let mut notes = Vec::new();
    for node in nodes(found) {
        let path = root.join(node.trim_start_matches('/'));
        if !path.exists() {
            notes.push(format!(
                "{node} is not there: in a container, pass the device through"
            ));
            continue;
        }
        let wanted = rustix::fs::Access::READ_OK | rustix::fs::Access::WRITE_OK;
        if rustix::fs::access(&path, wanted) == Err(rustix::io::Errno::ACCESS) {
            let denied = refused::denied(&node, Path::new(&node));
            notes.push(format!("{}; {}", denied.cause, denied.remedy));
        }
        if let Some(holder) = refused::holder(&proc, &path) {
            let busy = refused::busy(&node, Path::new(&node), Some(holder));
            notes.push(format!("{}; {}", busy.cause, busy.remedy));
        }
    }
    if found.bus == "serial" && runs(&proc, "ModemManager") && !is_kept_away(root, found) {
        notes.push(
            "ModemManager runs and may send modem commands into this port: install the udev rules \
             that `firstscan udev` prints, then plug the device in again"
                .to_owned(),
        );
    }
    let usb = found.usb.as_ref();
    let is_printer = usb.is_some_and(|usb| usb.classes.contains(&"printer"));
    if is_printer
        && !found
            .names
            .iter()
            .any(|name| name.starts_with("/dev/usb/lp"))
    {
        let who = ["ipp-usb", "cupsd"]
            .into_iter()
            .find(|name| runs(&proc, name));
        notes.push(match who {
            Some("ipp-usb") => "ipp-usb runs and may hold it: stop the service ipp-usb".to_owned(),
            Some(_) => "CUPS runs and may hold it: print through its queue with queue = \
                        \"ipp://...\", or remove the printer there (`lpadmin -x NAME`)"
                .to_owned(),
            None => "the kernel offers no /dev/usb/lp for it: load the module usblp, or write \
                     via = \"libusb\""
                .to_owned(),
        });
    }
    notes.dedup();
    found.problems = notes;
}

/// The nodes themselves, without the links udev makes.
fn nodes(found: &Found) -> Vec<String> {
    let all = std::iter::once(&found.port).chain(&found.names);
    let is_node = |name: &&String| name.starts_with("/dev/") && !name.contains("/by-");
    all.filter(is_node).cloned().collect()
}

/// Whether a program of this name runs.
pub fn runs(proc: &Path, name: &str) -> bool {
    let Ok(entries) = fs::read_dir(proc) else {
        return false;
    };
    let is_it = |entry: fs::DirEntry| {
        fs::read_to_string(entry.path().join("comm")).is_ok_and(|comm| comm.trim() == name)
    };
    entries.flatten().take(PROCESSES_MAX).any(is_it)
}

/// Whether udev told ModemManager to leave the port alone, by its notes on the node.
fn is_kept_away(root: &Path, found: &Found) -> bool {
    let told = |node: String| {
        let name = node.rsplit('/').next().unwrap_or_default().to_owned();
        let number = fs::read_to_string(root.join("sys/class/tty").join(name).join("dev")).ok()?;
        let path = root
            .join("run/udev/data")
            .join(format!("c{}", number.trim()));
        let notes = fs::read_to_string(path).ok()?;
        let is_told =
            |line: &str| matches!(line, "E:ID_MM_DEVICE_IGNORE=1" | "E:ID_MM_PORT_IGNORE=1");
        Some(notes.lines().any(is_told))
    };
    nodes(found).into_iter().filter_map(told).any(|told| told)
}
