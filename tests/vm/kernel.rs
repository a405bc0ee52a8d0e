//! The stock kernel: fetched as a package with the system's apt, unpacked without installing it,
//! kept under `target/vm`. Its exact name changes with every security update, so that it is asked
//! for each time; without a network what is kept is used.

use crate::modules;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What the devices of the tests need. USB hosts and USB/IP, HID, serial, printer; gadgets for
/// the cross-check.
const MODULES: &[&str] = &[
    "vhci_hcd",
    "xhci_pci",
    "usbhid",
    "hid_generic",
    "evdev",
    "cdc_acm",
    "usblp",
    "ftdi_sio",
    "dummy_hcd",
    "libcomposite",
    "usb_f_hid",
    "usb_f_printer",
];

/// A kernel that is ready to boot.
pub struct Kernel {
    /// The unpacked ELF file: QEMU starts it twice as fast as the packed one.
    pub image: PathBuf,
    /// Folder of modules named `NN-name.ko`, to be loaded in this order.
    pub modules: PathBuf,
}

/// Runs a program and gives what it printed.
///
/// # Errors
/// One line: the program and the last line it complained with.
pub fn output(program: &str, args: &[&str]) -> Result<Vec<u8>, String> {
    let done = run(program, args)?;
    if done.status.success() {
        return Ok(done.stdout);
    }
    let complaint = String::from_utf8_lossy(&done.stderr);
    let last = complaint.lines().last().unwrap_or_default();
    Err(format!("{program} {}: {last}", args.join(" ")))
}

fn run(program: &str, args: &[&str]) -> Result<std::process::Output, String> {
    let mut command = Command::new(program);
    command.args(args).stdin(Stdio::null());
    // Sorts and messages as this file expects them.
    command.env("LC_ALL", "C");
    command
        .output()
        .map_err(|e| format!("cannot start {program}: {e}"))
}

/// The newest kernel to be had, from the package or kept from before.
pub fn get(folder: &Path) -> Result<Kernel, String> {
    std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let apt = Apt::new(folder);
    match apt.newest() {
        Ok(name) => {
            let place = folder.join(&name);
            if !place.join("complete").exists() {
                fetch(&apt, folder, &name)?;
            }
            Ok(Kernel::at(&place))
        }
        Err(error) => {
            let mut kept: Vec<PathBuf> = std::fs::read_dir(folder)
                .into_iter()
                .flatten()
                .flatten()
                .map(|e| e.path())
                .filter(|p| p.join("complete").exists())
                .collect();
            kept.sort();
            kept.pop().map(|p| Kernel::at(&p)).ok_or(error)
        }
    }
}

impl Kernel {
    fn at(place: &Path) -> Self {
        Kernel {
            image: place.join("vmlinux"),
            modules: place.join("modules"),
        }
    }
}

/// apt with the system's package lists, or with lists of our own if it has none.
struct Apt {
    own: Vec<String>,
}

impl Apt {
    fn new(folder: &Path) -> Self {
        let lists = folder.join("lists");
        let cache = folder.join("cache");
        let set = |key: &str, path: &Path| vec!["-o".into(), format!("{key}={}", path.display())];
        let own = [set("Dir::State::lists", &lists), set("Dir::Cache", &cache)].concat();
        std::fs::create_dir_all(lists.join("partial")).unwrap_or_default();
        std::fs::create_dir_all(cache.join("archives/partial")).unwrap_or_default();
        Self { own }
    }

    /// Name of the package the current kernel is in.
    fn newest(&self) -> Result<String, String> {
        let ask = ["depends", "linux-image-amd64"];
        if let Some(name) = run("apt-cache", &ask)
            .ok()
            .and_then(|o| kernel_name(&o.stdout))
        {
            return Ok(name);
        }
        let own: Vec<&str> = self.own.iter().map(String::as_str).collect();
        if run("apt-cache", &[&own, ask.as_slice()].concat())
            .ok()
            .and_then(|o| kernel_name(&o.stdout))
            .is_none()
        {
            output("apt-get", &[&own, ["-qq", "update"].as_slice()].concat())?;
        }
        let listed = output("apt-cache", &[&own, ask.as_slice()].concat())?;
        kernel_name(&listed).ok_or("apt knows no package linux-image-amd64".to_owned())
    }

    /// Downloads a package into `folder`.
    fn download(&self, folder: &Path, name: &str) -> Result<PathBuf, String> {
        let get = |options: &[&str]| {
            let mut command = Command::new("apt-get");
            command.args(options).args(["-qq", "download", name]);
            let done = command.current_dir(folder).stdin(Stdio::null()).output();
            let done = done.map_err(|e| format!("cannot start apt-get: {e}"))?;
            let complaint = String::from_utf8_lossy(&done.stderr).into_owned();
            if done.status.success() {
                Ok(())
            } else {
                Err(complaint)
            }
        };
        let own: Vec<&str> = self.own.iter().map(String::as_str).collect();
        // The lists may name a version the mirror has replaced: look again once.
        if get(&[]).is_err() && get(&own).is_err() {
            output("apt-get", &[&own, ["-qq", "update"].as_slice()].concat())?;
            get(&own)?;
        }
        let start = format!("{name}_");
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let mut files = files.filter(|e| e.file_name().to_string_lossy().starts_with(&start));
        let found = files.next().map(|e| e.path());
        found.ok_or(format!("apt-get download {name} left no file"))
    }
}

fn kernel_name(depends: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(depends);
    let line = text
        .lines()
        .find_map(|l| l.trim().strip_prefix("Depends: "));
    line.map(|l| l.trim().to_owned())
}

fn fetch(apt: &Apt, folder: &Path, name: &str) -> Result<(), String> {
    let package = apt.download(folder, name)?;
    let work = folder.join("unpacked");
    std::fs::remove_dir_all(&work).unwrap_or_default();
    let (from, to) = (package.to_string_lossy(), work.to_string_lossy());
    output("dpkg-deb", &["-x", &from, &to])?;
    let place = folder.join(name);
    std::fs::remove_dir_all(&place).unwrap_or_default();
    let told = |e: std::io::Error| format!("{}: {e}", place.display());
    std::fs::create_dir_all(place.join("modules")).map_err(told)?;
    let mut boot = std::fs::read_dir(work.join("boot"))
        .map_err(told)?
        .flatten();
    let packed = boot.find(|e| e.file_name().to_string_lossy().starts_with("vmlinuz"));
    let packed = packed.ok_or("the kernel package has no vmlinuz")?.path();
    std::fs::write(place.join("vmlinux"), unpack(&packed, &place)?).map_err(told)?;
    // Merged or not, the modules are below one of both.
    let below = ["lib/modules", "usr/lib/modules"].map(|p| work.join(p));
    let root = below
        .iter()
        .find(|p| p.is_dir())
        .ok_or("the kernel package has no modules")?;
    let wanted = modules::ordered(root, MODULES)?;
    for (number, (module, content)) in wanted.iter().enumerate() {
        let file = format!("modules/{number:02}-{module}.ko");
        std::fs::write(place.join(file), content).map_err(told)?;
    }
    std::fs::remove_dir_all(&work).map_err(told)?;
    std::fs::remove_file(&package).map_err(told)?;
    std::fs::write(place.join("complete"), "").map_err(told)
}

/// The ELF file inside a bootable image: packed with xz (6.1) or zstd (6.12).
fn unpack(image: &Path, place: &Path) -> Result<Vec<u8>, String> {
    let bytes = std::fs::read(image).map_err(|e| format!("{}: {e}", image.display()))?;
    let packers: [(&[u8], &str); 2] = [(b"\xFD7zXZ\0", "xz"), (b"\x28\xB5\x2F\xFD", "zstd")];
    let part = place.join("part");
    for (magic, program) in packers {
        let starts = bytes.windows(magic.len()).enumerate();
        for (at, _) in starts.filter(|(_, w)| *w == magic).take(8) {
            let rest = bytes.get(at..).unwrap_or_default();
            std::fs::write(&part, rest).map_err(|e| e.to_string())?;
            // It complains about what follows the packed part; what it unpacked is whole.
            let input = std::fs::File::open(&part).map_err(|e| e.to_string())?;
            let mut command = Command::new(program);
            let done = command.args(["-dc"]).stdin(input).output();
            let done = done.map_err(|e| format!("cannot start {program}: {e}"))?;
            if done.stdout.starts_with(b"\x7FELF") {
                std::fs::remove_file(&part).unwrap_or_default();
                return Ok(done.stdout);
            }
        }
    }
    Err(format!(
        "{}: found no packed kernel inside",
        image.display()
    ))
}
