//! How the programs are linked. Nothing is generated here.

use std::process::Command;

/// The first glibc that fills in addresses from a bit map.
const GLIBC_MIN: (u32, u32) = (2, 36);

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let of = |key: &str| std::env::var(key).unwrap_or_default();
    let native = of("HOST") == of("TARGET") && of("CARGO_CFG_TARGET_ENV") == "gnu";
    // Addresses to be filled in at start-up as a bit map instead of a table: 1.5 MB less to read
    // for a process per label. Linkers of other architectures learnt it later than their glibc.
    let known = of("CARGO_CFG_TARGET_ARCH") == "x86_64" && of("CARGO_CFG_TARGET_OS") == "linux";
    if native && known && glibc().is_some_and(|version| version >= GLIBC_MIN) {
        let flag = "-Wl,-z,pack-relative-relocs";
        println!("cargo::rustc-link-arg-bin=firstscan-label={flag}");
    }
}

/// Of this machine: `glibc 2.36`.
fn glibc() -> Option<(u32, u32)> {
    let asked = Command::new("getconf").arg("GNU_LIBC_VERSION").output();
    let told = String::from_utf8(asked.ok()?.stdout).ok()?;
    let (major, minor) = told.trim().strip_prefix("glibc ")?.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
