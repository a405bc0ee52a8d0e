//! `ippeveprinter`, the sample printer of another hand, with faults from its print command.

use crate::desk::{Desk, label};
use crate::programs::{Program, file, folder, free_port, program};
use firstscan_drivers::bitmap::Resolution;
use firstscan_drivers::printer::zpl::Zpl;
use firstscan_drivers::printer::{JobOptions, Language};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// What it prints lands in `printed`; while `fault` is there, a job runs out of paper and fails.
fn print_command(root: &str) -> String {
    format!(
        "#!/bin/sh\nif [ -e {root}/fault ]; then\n  echo 'STATE: +media-empty-report' >&2\n  \
         exit 1\nfi\necho 'STATE: -media-empty-report' >&2\n\
         for last; do :; done\ncat \"$last\" >>{root}/printed\n"
    )
}

/// It does not start without a service that announces it.
fn announcer(root: &str) -> (Program, Program, String) {
    let at = |name: &str| Path::new(root).join(name);
    let bus = format!("unix:path={root}/bus");
    let dbus = format!(
        "<!DOCTYPE busconfig PUBLIC \"-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN\" \
         \"http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd\">\n<busconfig>\
         <type>system</type><listen>{bus}</listen><auth>EXTERNAL</auth>\
         <policy context=\"default\"><allow user=\"*\"/><allow own=\"*\"/>\
         <allow send_type=\"method_call\"/><allow send_type=\"signal\"/>\
         <allow send_type=\"method_return\"/><allow send_type=\"error\"/>\
         <allow receive_type=\"method_call\"/><allow receive_type=\"signal\"/>\
         <allow receive_type=\"method_return\"/><allow receive_type=\"error\"/>\
         </policy></busconfig>\n"
    );
    let config = file(&at("dbus.conf"), &dbus, 0o644);
    let mut command = Command::new(program("dbus-daemon"));
    command
        .arg(format!("--config-file={config}"))
        .arg("--nofork");
    let daemon = Program::start(&mut command, &at("dbus.log"));
    wait_for(&daemon, || at("bus").exists());
    let avahi = "[server]\nallow-interfaces=lo\nuse-ipv6=no\nenable-dbus=yes\n\
                 [publish]\ndisable-publishing=no\n";
    let config = file(&at("avahi.conf"), avahi, 0o644);
    let mut command = Command::new(program("avahi-daemon"));
    command.args([
        "-f",
        &config,
        "--no-chroot",
        "--no-drop-root",
        "--no-rlimits",
    ]);
    command.env("DBUS_SYSTEM_BUS_ADDRESS", &bus);
    let avahi = Program::start(&mut command, &at("avahi.log"));
    wait_for(&avahi, || avahi.said().contains("Server startup complete"));
    (daemon, avahi, bus)
}

fn wait_for(program: &Program, done: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !done() {
        assert!(Instant::now() < end, "{}", program.said());
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_everywhere_printer_out_of_paper_proves_nothing_and_holds_labels_back() {
    let temporary = tempfile::tempdir().unwrap();
    let root = folder(temporary.path());
    let at = |name: &str| temporary.path().join(name);
    let (_dbus, _avahi, bus) = announcer(&root);
    let command = file(&at("print.sh"), &print_command(&root), 0o755);
    let port = free_port();
    let spool = folder(&at("spool"));
    let mut ippeve = Command::new(program("ippeveprinter"));
    ippeve.args(["-f", "application/vnd.zebra-zpl,application/octet-stream"]);
    ippeve.args([
        "-c",
        &command,
        "-d",
        &spool,
        "-n",
        "localhost",
        "-p",
        &port.to_string(),
    ]);
    ippeve
        .args(["-r", "off", "zd"])
        .env("DBUS_SYSTEM_BUS_ADDRESS", bus);
    let ippeve = Program::start(&mut ippeve, &at("ippeve.log")).listening(port);
    let mut desk = Desk::new(&format!("queue = 'ipp://localhost:{port}/ipp/print'"));

    desk.send(1).await;
    desk.sent(1).await;
    desk.drained(1).await;
    let mut bytes = Zpl.resync().to_vec();
    let (head, options) = (Resolution::from_dpi(203), JobOptions::default());
    Zpl.encode(&label(1).view(), head, &options, &mut bytes)
        .unwrap();
    assert_eq!(
        std::fs::read(at("printed")).unwrap(),
        bytes,
        "{}",
        ippeve.said()
    );

    std::fs::write(at("fault"), "").unwrap();
    desk.send(2).await;
    desk.sent(2).await;
    desk.broken(2, "aborted").await;
    desk.submit(3);
    desk.quiet(2).await;
    assert_eq!(desk.flags, ["paper_out"]);
    assert_eq!(std::fs::read(at("printed")).unwrap().len(), bytes.len());
    desk.stop().await;
}
