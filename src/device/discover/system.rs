//! What the system must grant before devices can be used, checked before one is plugged in.

use super::notes::runs;
use firstscan_drivers::udev;
use std::fs;
use std::path::Path;

/// One thing checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    pub what: &'static str,
    pub ok: bool,
    /// What was seen, and what to do if it is not well.
    pub text: String,
}

const RULES: [&str; 4] = [
    "etc/udev/rules.d/60-firstscan.rules",
    "run/udev/rules.d/60-firstscan.rules",
    "usr/lib/udev/rules.d/60-firstscan.rules",
    "lib/udev/rules.d/60-firstscan.rules",
];
const GROUPS_BYTES_MAX: usize = 1 << 20;

/// Rules, group, ModemManager and CUPS of the system below `root`. `groups` are those of this
/// process, `is_root` whether it may open everything anyway.
pub fn checks(root: &Path, groups: &[u32], is_root: bool) -> Vec<Check> {
    let check = |what, ok, text: &str| Check {
        what,
        ok,
        text: text.to_owned(),
    };
    let rules = RULES
        .iter()
        .find_map(|path| fs::read_to_string(root.join(path)).ok());
    let mut checks = vec![match &rules {
        Some(text) if text.contains("LABEL=\"firstscan_end\"") => {
            check("udev rules", true, "installed")
        }
        Some(_) => {
            let text = "60-firstscan.rules is not ours: write what `firstscan udev` prints";
            check("udev rules", false, text)
        }
        None => {
            let text = "not installed: `firstscan udev | sudo tee \
                        /etc/udev/rules.d/60-firstscan.rules`, then `sudo udevadm control --reload \
                        && sudo udevadm trigger`";
            check("udev rules", is_root, text)
        }
    }];
    checks.push(match (group(root), is_root) {
        (_, true) => check("device group", true, "root needs none"),
        (Some(id), _) if groups.contains(&id) => check("device group", true, "this user is in it"),
        (Some(_), _) => {
            let text = "this user is not in the group firstscan: `sudo usermod --append --groups \
                        firstscan $USER`, then log in anew";
            check("device group", false, text)
        }
        (None, _) => {
            let text = "the group firstscan does not exist: `firstscan udev --what sysusers | sudo \
                        tee /usr/lib/sysusers.d/firstscan.conf`, then `sudo systemd-sysusers`";
            check("device group", false, text)
        }
    });
    let proc = root.join("proc");
    if runs(&proc, "ModemManager") {
        let ok = rules.is_some();
        let text = if ok {
            "runs; the rules keep it away from known serial adapters"
        } else {
            "runs and will send modem commands into serial ports: install the udev rules"
        };
        checks.push(check("ModemManager", ok, text));
    }
    if runs(&proc, "cupsd") {
        let text = "runs: a USB printer with a queue there is held by it; use queue = \"ipp://...\" \
                    for such a printer";
        checks.push(check("CUPS", true, text));
    }
    checks
}

/// Number of the group that may open devices.
fn group(root: &Path) -> Option<u32> {
    let text = fs::read(root.join("etc/group")).ok()?;
    let text = String::from_utf8_lossy(text.get(..GROUPS_BYTES_MAX).unwrap_or(&text)).into_owned();
    text.lines().find_map(|line| {
        let mut parts = line.split(':');
        (parts.next() == Some(udev::GROUP)).then(|| parts.nth(1)?.parse().ok())?
    })
}
