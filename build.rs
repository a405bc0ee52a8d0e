//! How the programs are linked. Nothing is generated here.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |key: &str, value: &str| std::env::var(key).is_ok_and(|of| of == value);
    // Addresses to be filled in at start-up as a bit map instead of a table: 2 MB less to read for
    // every process. glibc 2.36 and later know it, and every linker of this architecture that comes
    // with it; others need not.
    if is("CARGO_CFG_TARGET_ARCH", "x86_64")
        && is("CARGO_CFG_TARGET_OS", "linux")
        && is("CARGO_CFG_TARGET_ENV", "gnu")
    {
        println!("cargo::rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}
