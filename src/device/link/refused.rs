//! Why the system does not let a node be opened, and what to do about it.

use super::OpenError;
use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// Processes and open files looked at in the search for a holder.
const PROCESSES_MAX: usize = 4096;
const FILES_MAX: usize = 1024;

/// A process that has a node open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    pub name: String,
    pub pid: u32,
}

/// How long a line that was just given up may take to be closed.
const CLOSING_MAX: Duration = Duration::from_millis(1500);
const CLOSING_STEP: Duration = Duration::from_millis(20);

/// Waits while this process still has the node open: a line that is given up is closed aside, and
/// its successor would find it held, by ourselves.
pub fn wait_for_ourselves(node: &Path) {
    let until = Instant::now() + CLOSING_MAX;
    while Instant::now() < until && is_ours(node) {
        std::thread::sleep(CLOSING_STEP);
    }
}

fn is_ours(node: &Path) -> bool {
    let (Ok(node), Ok(files)) = (node.canonicalize(), fs::read_dir("/proc/self/fd")) else {
        return false;
    };
    let mut files = files.flatten().take(FILES_MAX);
    files.any(|link| fs::read_link(link.path()).is_ok_and(|path| path == node))
}

/// What to say of a node that cannot be opened. `what` names the device for people.
pub fn explain(what: &str, node: &Path, error: &io::Error) -> OpenError {
    let shown = node.display();
    match error
        .raw_os_error()
        .map(rustix::io::Errno::from_raw_os_error)
    {
        Some(rustix::io::Errno::ACCESS | rustix::io::Errno::PERM) => denied(what, node),
        Some(rustix::io::Errno::BUSY) => busy(what, node, holder(Path::new("/proc"), node)),
        Some(rustix::io::Errno::NOENT) => OpenError::new(
            what,
            format!("{shown} is not there"),
            "udev makes it in a moment; in a container, pass the device through",
        ),
        _ => OpenError::new(
            what,
            format!("{shown}: {error}"),
            "unplug the device, wait a moment, plug it in again",
        ),
    }
}

/// No permission.
pub fn denied(what: &str, node: &Path) -> OpenError {
    OpenError::new(
        what,
        format!("this user may not open {}", node.display()),
        "install the udev rules that `firstscan udev` prints, put the user into their group, \
         then plug the device in again",
    )
}

/// Another program has it.
pub fn busy(what: &str, node: &Path, holder: Option<Holder>) -> OpenError {
    let shown = node.display();
    let Some(holder) = holder else {
        let remedy = "stop the other program (often ModemManager, brltty, CUPS, ipp-usb or a \
                      second daemon); as root, `fuser` names it";
        return OpenError::new(what, format!("another program holds {shown}"), remedy);
    };
    let cause = format!("{} (process {}) holds {shown}", holder.name, holder.pid);
    OpenError::new(what, cause, advice(&holder))
}

fn advice(holder: &Holder) -> &'static str {
    let name = holder.name.to_ascii_lowercase();
    if holder.pid == std::process::id() {
        "two devices of the configuration are one: remove one of them"
    } else if name.contains("modemmanager") {
        "it takes the port for a modem: install the udev rules that `firstscan udev` prints, \
         they tell it to keep away"
    } else if name.contains("brltty") {
        "it takes the port for a braille display: remove the package brltty"
    } else if name.contains("ipp-usb") {
        "it offers the printer to CUPS: stop the service ipp-usb"
    } else if name.contains("cups") || name == "usb" {
        "CUPS prints on it: remove the printer there (`lpadmin -x NAME`), or print through its \
         queue with queue = \"ipp://...\""
    } else if name.contains("firstscan") {
        "a second daemon runs: stop one of them"
    } else {
        "stop that program"
    }
}

/// Who has the node open, as far as this user may see.
pub fn holder(proc: &Path, node: &Path) -> Option<Holder> {
    let node = node.canonicalize().ok()?;
    let processes = fs::read_dir(proc).ok()?.flatten().take(PROCESSES_MAX);
    processes
        .filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let mut files = fs::read_dir(entry.path().join("fd")).ok()?.flatten();
            let is_node = |link: fs::DirEntry| fs::read_link(link.path()).is_ok_and(|p| p == node);
            files.by_ref().take(FILES_MAX).any(is_node).then_some(())?;
            let name = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
            let name = name.trim().chars().take(64).collect();
            Some(Holder { name, pid })
        })
        .next()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_holder_is_named_with_advice_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let node = folder.path().join("ttyUSB0");
        let file = fs::File::create(&node).unwrap();
        let found = holder(Path::new("/proc"), &node).unwrap();
        assert_eq!(found.pid, std::process::id());
        let text = busy("a scale", &node, Some(found)).to_string();
        assert!(text.contains("two devices of the configuration"), "{text}");
        drop(file);
        assert_eq!(holder(Path::new("/proc"), &node), None);
        for (name, part) in [
            ("ModemManager", "for a modem"),
            ("cupsd", "lpadmin -x"),
            ("usb", "lpadmin -x"),
            ("ipp-usb", "service ipp-usb"),
            ("brltty", "braille"),
            ("minicom", "stop that program"),
        ] {
            let name = name.to_owned();
            let text = busy("x", &node, Some(Holder { name, pid: 1 })).to_string();
            assert!(
                text.contains("(process 1) holds") && text.contains(part),
                "{text}"
            );
        }
    }

    #[test]
    fn causes_of_the_system_become_remedies() {
        for (errno, part) in [
            (rustix::io::Errno::ACCESS, "firstscan udev"),
            (rustix::io::Errno::BUSY, "another program holds"),
            (rustix::io::Errno::NOENT, "is not there"),
            (rustix::io::Errno::IO, "plug it in again"),
        ] {
            let error = io::Error::from_raw_os_error(errno.raw_os_error());
            let text = explain("a scale", Path::new("/nowhere/x"), &error).to_string();
            assert!(text.contains(part), "{text}");
        }
    }
}
