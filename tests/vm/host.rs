//! The host's part: packs, boots, watches, judges.

use crate::cpio::Archive;
use crate::guest;
use crate::kernel::{self, Kernel};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A run takes about a tenth of this on an idle machine.
const RUN_MAX: Duration = Duration::from_secs(600);
/// What each label of the trials adds to that.
const LABEL_MAX: Duration = Duration::from_secs(5);
/// Guest memory in MiB: the unpacked file system and the daemon fit well.
const MEMORY_MIB: u32 = 640;
/// What a kernel that lives for a minute can do without.
const PLAIN: &str = "mitigations=off nokaslr audit=0 lsm=capability nowatchdog rodata=off \
     random.trust_cpu=on cryptomgr.notests tsc=reliable no_timer_check ipv6.disable=1";
/// udev rules of the system that name and mark devices.
const RULES: &[&str] = &[
    "50-udev-default",
    "60-input-id",
    "60-persistent-input",
    "60-serial",
];
/// Groups the system's rules name.
const GROUPS: &str = "root:x:0:\ntty:x:5:\ndialout:x:20:\nlp:x:7:\ninput:x:104:\nkmem:x:15:\n\
                      disk:x:6:\nvideo:x:44:\naudio:x:29:\ncdrom:x:24:\ntape:x:26:\nkvm:x:105:\n\
                      sgx:x:106:\nrender:x:107:\nfirstscan:x:990:\nnogroup:x:65534:\n";
const USERS: &str = "root:x:0:0:root:/:/bin/sh\nfirstscan:x:990:990::/:/bin/sh\n\
                     nobody:x:65534:65534::/:/bin/sh\n";

/// Everything; the error is one line that says what cannot be had, or the guest's story.
pub fn run() -> Result<(), String> {
    let began = Instant::now();
    if std::env::consts::ARCH != "x86_64" {
        return Err("the virtual machine needs an x86_64 host".into());
    }
    let qemu = program("qemu-system-x86_64", "qemu-system-x86")?;
    let folder = folder()?;
    let kernel = kernel::get(&folder.join("kernels"))
        .map_err(|e| format!("the virtual machine has no kernel: {}", e.trim()))?;
    let fetched = began.elapsed();
    // Two runs side by side each have their own.
    let own = folder.join(format!("run-{}", std::process::id()));
    std::fs::create_dir_all(&own).map_err(|e| format!("{}: {e}", own.display()))?;
    let image = own.join("guest.cpio");
    pack(&kernel, &image)?;
    let packed = began.elapsed();
    let (qemu, kernel, image, place) = (&qemu, &kernel, &image, &own);
    let told: Vec<Result<String, String>> = std::thread::scope(|scope| {
        let busy = guest::MACHINES.iter().filter(|m| guest::has_work(m));
        let start = |machine| scope.spawn(move || boot(qemu, kernel, image, place, machine));
        let running: Vec<_> = busy.copied().map(start).collect();
        let join = |r: std::thread::ScopedJoinHandle<'_, _>| {
            r.join().unwrap_or(Err("its watcher panicked".into()))
        };
        running.into_iter().map(join).collect()
    });
    std::fs::remove_dir_all(&own).unwrap_or_default();
    let mut ended_badly = told.is_empty();
    for told in told {
        let story = told?;
        println!("{story}");
        ended_badly |= !story.lines().any(|l| l.trim() == "RC=0");
    }
    let shown = |from: Duration, to: Duration| format!("{:.1} s", (to - from).as_secs_f32());
    println!(
        "kernel {}, packing {}, machines {} ({} s of processor time)",
        shown(Duration::ZERO, fetched),
        shown(fetched, packed),
        shown(packed, began.elapsed()),
        processor_s()
    );
    if ended_badly {
        return Err("a virtual machine did not end well; its story is above".into());
    }
    Ok(())
}

/// What ended children used, in seconds: says more than the clock on a busy machine.
fn processor_s() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split(' ')
        .collect();
    // Fields 16 and 17 of proc(5), counted from the state; 100 ticks a second.
    let ticks = |n: usize| {
        fields
            .get(n)
            .and_then(|f| f.parse::<u64>().ok())
            .unwrap_or_default()
    };
    (ticks(14) + ticks(15)) / 100
}

/// `target/vm`, wherever cargo builds.
fn folder() -> Result<PathBuf, String> {
    let own = std::env::current_exe().map_err(|e| e.to_string())?;
    let target = own.ancestors().nth(3).ok_or("no target folder")?;
    Ok(target.join("vm"))
}

fn program(name: &str, package: &str) -> Result<PathBuf, String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|p| p.join(name))
        .find(|p| p.exists());
    let sbin = ["/usr/sbin", "/sbin"].map(|f| Path::new(f).join(name));
    let found = found.or_else(|| sbin.into_iter().find(|p| p.exists()));
    found.ok_or(format!("{name} is missing: apt-get install {package}"))
}

fn pack(kernel: &Kernel, image: &Path) -> Result<(), String> {
    let mut guest = Archive::default();
    for folder in [
        "proc",
        "sys",
        "dev",
        "run",
        "tmp",
        "var/lib",
        "root",
        "lib/firmware",
    ] {
        guest.folder(folder);
    }
    guest.file("etc/passwd", 0o644, USERS.as_bytes());
    guest.file("etc/group", 0o644, GROUPS.as_bytes());
    let busybox = program("busybox", "busybox-static")?;
    with_libraries(&mut guest, &busybox, "bin/busybox")?;
    guest.link("bin/sh", "busybox");
    let udevadm = program("udevadm", "udev")?;
    with_libraries(&mut guest, &udevadm, "bin/udevadm")?;
    guest.link("lib/systemd/systemd-udevd", "/bin/udevadm");
    for rule in RULES {
        let places = ["/usr/lib/udev/rules.d", "/lib/udev/rules.d"];
        let paths = places.map(|p| Path::new(p).join(format!("{rule}.rules")));
        let rule = paths.iter().find_map(|p| std::fs::read(p).ok());
        let rule = rule.ok_or("udev has no rules: apt-get install udev")?;
        let name = paths[0].file_name().unwrap_or_default().to_string_lossy();
        guest.file(&format!("lib/udev/rules.d/{name}"), 0o644, &rule);
    }
    let own = std::env::current_exe().map_err(|e| e.to_string())?;
    with_libraries(&mut guest, &own, "vm/guest")?;
    let daemon = Path::new(env!("CARGO_BIN_EXE_firstscan"));
    with_libraries(&mut guest, daemon, "vm/firstscan")?;
    let mut modules: Vec<PathBuf> = std::fs::read_dir(&kernel.modules)
        .map_err(|e| format!("{}: {e}", kernel.modules.display()))?
        .flatten()
        .map(|e| e.path())
        .collect();
    modules.sort();
    for module in &modules {
        let name = module.file_name().unwrap_or_default().to_string_lossy();
        let content = std::fs::read(module).map_err(|e| format!("{name}: {e}"))?;
        guest.file(&format!("modules/{name}"), 0o644, &content);
    }
    guest.file("init", 0o755, init().as_bytes());
    guest
        .write(image)
        .map_err(|e| format!("{}: {e}", image.display()))
}

fn init() -> String {
    let mut exports = format!("export {}=1", crate::INSIDE);
    for (name, value) in std::env::vars().filter(|(n, _)| n.starts_with("FIRSTSCAN_VM_")) {
        exports.push_str(&format!("\nexport {name}='{value}'"));
    }
    format!(
        "#!/bin/sh\n\
         /bin/busybox --install -s /bin\n\
         mount -t proc proc /proc; mount -t sysfs sysfs /sys; mount -t devtmpfs dev /dev\n\
         mkdir -p /dev/pts /dev/shm; mount -t devpts devpts /dev/pts\n\
         mount -t tmpfs tmp /tmp; mount -t tmpfs run /run; chmod 1777 /tmp\n\
         echo 1 > /proc/sys/kernel/printk\n\
         ip link set lo up\n\
         cut -d' ' -f1 /proc/uptime | sed 's/^/user space after /'\n\
         for module in /modules/*.ko; do\n\
         insmod $module || echo \"not loaded: $module\"\n\
         done\n\
         cut -d' ' -f1 /proc/uptime | sed 's/^/modules after /'\n\
         /lib/systemd/systemd-udevd --daemon\n\
         udevadm trigger --action=add --subsystem-match=usb; udevadm settle\n\
         export PATH=/bin LC_ALL=C HOME=/tmp RUST_BACKTRACE=1\n\
         {exports}\n\
         cut -d' ' -f1 /proc/uptime | sed 's/^/ready after /'\n\
         /vm/guest --nocapture --test-threads 1\n\
         echo RC=$?\n\
         poweroff -f\n"
    )
}

/// A program without its symbols, and the shared libraries it names.
fn with_libraries(guest: &mut Archive, program: &Path, to: &str) -> Result<(), String> {
    let from = program.to_string_lossy();
    let told = |e: std::io::Error| format!("{from}: {e}");
    let stripped = std::env::temp_dir().join(format!("firstscan-strip-{}", std::process::id()));
    let strip = ["-o", &stripped.to_string_lossy(), &from].map(String::from);
    let strip: Vec<&str> = strip.iter().map(String::as_str).collect();
    let content = match kernel::output("strip", &strip) {
        Ok(_) => std::fs::read(&stripped).map_err(told)?,
        Err(_) => std::fs::read(program).map_err(told)?,
    };
    std::fs::remove_file(&stripped).unwrap_or_default();
    guest.file(to, 0o755, &content);
    // A static program has none, which ldd counts as a failure.
    let listed = kernel::output("ldd", &[&from]).unwrap_or_default();
    let listed = String::from_utf8_lossy(&listed).into_owned();
    let paths: BTreeSet<&str> = listed
        .lines()
        .filter_map(|l| l.split_whitespace().find(|w| w.starts_with('/')))
        .collect();
    if let Some(missing) = listed.lines().find(|l| l.contains("not found")) {
        return Err(format!("{from} lacks a library: {}", missing.trim()));
    }
    for path in paths
        .into_iter()
        .filter(|p| !guest.contains(p))
        .collect::<Vec<_>>()
    {
        let library = std::fs::read(path).map_err(|e| format!("{path}: {e}"))?;
        guest.file(path, 0o755, &library);
    }
    Ok(())
}

/// What the guest printed until it switched itself off.
fn boot(
    qemu: &Path,
    kernel: &Kernel,
    image: &Path,
    place: &Path,
    machine: &str,
) -> Result<String, String> {
    // Where /dev/kvm exists it may be of a kind no stock kernel boots on, and "kvm:tcg" would take
    // it and hang: the emulator alone runs everywhere.
    let accel = std::env::var("FIRSTSCAN_VM_ACCEL").unwrap_or("tcg,thread=multi".into());
    let socket = place.join(format!("ftdi-{machine}.socket"));
    let socket = socket.to_string_lossy();
    // What the kernel does not know goes into the environment of init.
    let name = guest::MACHINE;
    let append = format!("console=ttyS0 quiet panic=-1 {PLAIN} {name}={machine}");
    let mut command = Command::new(qemu);
    command
        .args([
            "-accel",
            &accel,
            "-m",
            &MEMORY_MIB.to_string(),
            "-smp",
            "1",
            "-nic",
            "none",
        ])
        .args([
            "-nodefaults",
            "-display",
            "none",
            "-monitor",
            "none",
            "-no-reboot",
            "-serial",
            "stdio",
        ])
        .arg("-kernel")
        .arg(&kernel.image)
        .arg("-initrd")
        .arg(image)
        .args(["-append", &append])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if machine == guest::FTDI_MACHINE {
        // An adapter whose far end is the guest's own second serial port.
        command.args(["-device", "qemu-xhci"]);
        let far = format!("socket,id=far,path={socket},server=on,wait=off");
        command.args(["-chardev", &far, "-device", "usb-serial,chardev=far"]);
        let near = format!("socket,id=near,path={socket},reconnect=1");
        command.args(["-chardev", &near, "-serial", "chardev:near"]);
    }
    let mut machine = command
        .spawn()
        .map_err(|e| format!("{}: {e}", qemu.display()))?;
    let story = reader(machine.stdout.take());
    let complaints = reader(machine.stderr.take());
    let ended = wait(&mut machine);
    let gather = |r: std::thread::JoinHandle<Vec<u8>>| {
        String::from_utf8_lossy(&r.join().unwrap_or_default()).replace('\r', "")
    };
    let (story, complaints) = (gather(story), gather(complaints));
    if ended && !story.is_empty() {
        return Ok(story);
    }
    let why = if ended {
        "it printed nothing"
    } else {
        "it took too long and was stopped"
    };
    Err(format!("{story}\n{complaints}\nthe virtual machine: {why}"))
}

fn reader(from: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // A broken pipe ends it as the end does.
        from.map(|mut f| f.read_to_end(&mut bytes).unwrap_or_default());
        bytes
    })
}

/// True if it ended by itself.
fn wait(machine: &mut Child) -> bool {
    let until = Instant::now() + RUN_MAX + LABEL_MAX * guest::printing::labels();
    while Instant::now() < until {
        if !matches!(machine.try_wait(), Ok(None)) {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    machine.kill().unwrap_or_default();
    drop(machine.wait());
    false
}
