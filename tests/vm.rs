//! Real kernel drivers: a stock Debian kernel in QEMU, USB devices emulated over USB/IP inside it,
//! the real daemon as an unprivileged user under the shipped udev rules.
//!
//! The one test plays two parts. On the host it fetches the kernel, packs this very program with
//! the daemon into an initial file system and boots it; inside, as root, it plays the devices.
//! `FIRSTSCAN_VM_ONLY=usblp,daemon` boots with only the scenarios whose names contain one of these.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "vm/cpio.rs"]
mod cpio;
#[path = "vm/guest/mod.rs"]
mod guest;
#[path = "vm/host.rs"]
mod host;
#[path = "vm/kernel.rs"]
mod kernel;
#[path = "vm/modules.rs"]
mod modules;

/// Set inside the virtual machine.
const INSIDE: &str = "FIRSTSCAN_VM_INSIDE";

#[test]
fn every_device_path_works_on_a_real_kernel() {
    if std::env::var_os(INSIDE).is_some() {
        guest::run();
    } else if let Err(text) = host::run() {
        panic!("{text}");
    }
}
