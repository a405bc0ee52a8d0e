//! Setting a station up with the real binary: rules, detection, assignment, recording, service.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[allow(dead_code)]
#[path = "support/daemon.rs"]
mod daemon;

use daemon::{Daemon, Guarded, code, firstscan, json, run, text, wait_until};
use serde_json::Value;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A serial port whose far end is a thread with a script.
struct Port {
    path: PathBuf,
    ends: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
    /// Keeps the far end open between two openers.
    _near: OwnedFd,
}

impl Port {
    /// `says` gets what was heard since its last call, every 20 ms, and answers.
    fn start(mut says: impl FnMut(&[u8]) -> Vec<u8> + Send + 'static) -> Self {
        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
        let far = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&far).unwrap();
        unlockpt(&far).unwrap();
        let name = ptsname(&far, Vec::new()).unwrap().into_string().unwrap();
        let near = std::fs::File::options()
            .read(true)
            .write(true)
            .open(&name)
            .unwrap();
        let mut mode = rustix::termios::tcgetattr(&near).unwrap();
        mode.make_raw();
        rustix::termios::tcsetattr(&near, rustix::termios::OptionalActions::Now, &mode).unwrap();
        rustix::io::ioctl_fionbio(&far, true).unwrap();
        let mut far = std::fs::File::from(far);
        let ends = Arc::new(AtomicBool::new(false));
        let end = ends.clone();
        let thread = std::thread::spawn(move || {
            while !end.load(Ordering::Relaxed) {
                let mut buffer = [0; 1024];
                let count = far.read(&mut buffer).unwrap_or(0);
                let answer = says(&buffer[..count]);
                // Nobody may be reading: a full line is no failure of the device.
                drop(far.write(&answer));
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        Port {
            path: name.into(),
            ends,
            thread: Some(thread),
            _near: near.into(),
        }
    }

    fn name(&self) -> &str {
        self.path.to_str().unwrap()
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// A parity bit on top of seven, as a line with other settings would show it.
fn even(bytes: &[u8]) -> Vec<u8> {
    let parity = |b: &u8| b | if b.count_ones() % 2 == 1 { 0x80 } else { 0 };
    bytes.iter().map(parity).collect()
}

#[test]
fn udev_prints_what_is_committed_and_adds_what_is_named() {
    let plain = run(&["udev"]);
    assert_eq!(code(&plain), 0, "{}", text(&plain.stderr));
    let committed = Path::new(env!("CARGO_MANIFEST_DIR")).join("udev/60-firstscan.rules");
    assert_eq!(
        text(&plain.stdout),
        std::fs::read_to_string(committed).unwrap()
    );
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("c.toml");
    let device = "[[places]]\nid = \"b1\"\nkind = \"bench\"\n[[places.devices]]\nid = \"b1/s\"\n\
                  role = \"scale\"\nprofile = \"toledo-8217-kg\"\nusb = \"5a5a:0001\"\n";
    std::fs::write(&config, device).unwrap();
    let config = config.to_str().unwrap();
    let more = run(&["--config", config, "udev", "--usb", "ABCD:1234", "--json"]);
    let more = json(&more);
    let rules = more["files"][0]["text"].as_str().unwrap();
    for ids in [("5a5a", "0001"), ("abcd", "1234")] {
        let rule = format!(
            "ATTRS{{idVendor}}==\"{}\", ATTRS{{idProduct}}==\"{}\"",
            ids.0, ids.1
        );
        assert!(rules.contains(&rule), "{rule}");
    }
    assert_eq!(more["group"], "firstscan");
    assert_eq!(code(&run(&["udev", "--usb", "nonsense"])), 2);
    let sysusers = run(&["udev", "--what", "sysusers"]);
    assert!(text(&sysusers.stdout).contains("g firstscan -"));
}

#[test]
fn the_unit_is_sound_and_closed() {
    let unit = text(&run(&["udev", "--what", "unit"]).stdout);
    for line in [
        "Type=notify",
        "WatchdogSec=20s",
        "Restart=always",
        "RestartSec=1s",
        "User=firstscan",
        "DevicePolicy=closed",
        "NoNewPrivileges=yes",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
    ] {
        assert!(unit.lines().any(|l| l == line), "{line}");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("firstscan.service");
    // The program is not installed where the tests run.
    std::fs::write(&file, unit.replace("/usr/bin/firstscan", "/bin/true")).unwrap();
    let Ok(checked) = Command::new("systemd-analyze")
        .arg("verify")
        .arg(&file)
        .output()
    else {
        return;
    };
    assert!(checked.status.success(), "{}", text(&checked.stderr));
    assert_eq!(text(&checked.stderr), "", "no warning either");
}

#[test]
fn the_detector_shows_a_seven_bit_scale_that_talks() {
    let port = Port::start(|_| even(b"ST,+00012.34  kg\r\n"));
    let args = [
        "device",
        "detect",
        "--port",
        port.name(),
        "--listen-ms",
        "400",
    ];
    let shown = run(&args);
    let shown_text = text(&shown.stdout);
    assert_eq!(code(&shown), 0, "{}", text(&shown.stderr));
    assert!(shown_text.contains("nothing was sent"), "{shown_text}");
    assert!(shown_text.contains("have even parity"), "{shown_text}");
    // A pty takes any speed, so the first one tried fits; the parity is the profile's own.
    let block = "profile = \"a-and-d\"\nport = ";
    assert!(
        shown_text.contains(block) && shown_text.contains("baud = 9600"),
        "{shown_text}"
    );
    assert!(!shown_text.contains("parity = "), "{shown_text}");
    let found = json(&run(&[&args[..], &["--json"]].concat()));
    let best = &found["hypotheses"][0];
    assert_eq!(best["profile"], "a-and-d");
    assert_eq!(
        (&best["data_bits"], &best["parity"]),
        (&7.into(), &"even".into())
    );
    assert_eq!(found["asked"], false);
}

#[test]
fn the_detector_asks_only_where_nothing_is_heard_and_never_if_told_so() {
    let asked = Arc::new(AtomicBool::new(false));
    let heard = asked.clone();
    let port = Port::start(move |bytes| {
        if !bytes.is_empty() {
            heard.store(true, Ordering::Relaxed);
        }
        let asks = bytes.iter().filter(|b| **b == b'W').count();
        if asks > 0 && bytes.iter().all(|b| *b == b'W') {
            b"\x0201.25\r".repeat(asks)
        } else {
            Vec::new()
        }
    });
    let quick = ["--listen-ms", "60", "--answer-ms", "300"];
    let detect = ["device", "detect", "--port", port.name(), "--json"];
    let silent = run(&[&detect[..], &quick[..], &["--listen-only"]].concat());
    assert_eq!(code(&silent), 1);
    assert!(!asked.load(Ordering::Relaxed), "not one byte was sent");
    let found = run(&[&detect[..], &quick[..]].concat());
    assert_eq!(code(&found), 0, "{}", text(&found.stderr));
    let found = json(&found);
    let best = &found["hypotheses"][0];
    // Kilograms and pounds look alike on this line, so none is chosen for the operator.
    let mut fitting = found["equals"].as_array().unwrap().clone();
    fitting.push(best["profile"].clone());
    for unit in ["toledo-8217-kg", "toledo-8217-lb"] {
        assert!(fitting.iter().any(|p| p == unit), "{found}");
    }
    let shown = text(&run(&[&detect[..4], &quick[..]].concat()).stdout);
    assert!(shown.contains("\nprofile = \"...\"\n"), "{shown}");
    assert_eq!(best["line"], "9600 7E1");
    assert_eq!(best["evidence"][0], "it answered W");
    let gone = run(&["device", "detect", "--port", "/dev/nowhere"]);
    assert_eq!(code(&gone), 4, "{}", text(&gone.stderr));
}

#[test]
fn a_scanner_is_assigned_by_a_scan_and_written_without_touching_the_rest() {
    let mut calls = 0;
    let port = Port::start(move |_| {
        calls += 1;
        if calls % 25 == 0 {
            b"4006381333931\r".to_vec()
        } else {
            Vec::new()
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("station.toml");
    let old = "# ours\n[station]\nid = \"T1\"\n\n[[places]]\nid = \"bench1\"\nkind = \"bench\"\n";
    std::fs::write(&file, old).unwrap();
    let file_name = file.to_str().unwrap();
    let args = [
        "device",
        "assign",
        "--role",
        "scanner",
        "--allow",
        port.name(),
        "--seconds",
        "20",
        "--write",
        file_name,
        "--json",
    ];
    let assigned = run(&args);
    assert_eq!(code(&assigned), 0, "{}", text(&assigned.stderr));
    let answer = json(&assigned);
    assert_eq!(answer["reacted_to"], "4006381333931");
    assert_eq!(answer["id"], "bench1/scanner");
    let new = std::fs::read_to_string(&file).unwrap();
    assert!(new.starts_with(old), "{new}");
    assert!(new.contains("profile = \"serial-line\""), "{new}");
    assert_eq!(code(&run(&["--config", file_name, "config", "check"])), 0);
    let again = run(&args);
    assert_eq!(code(&again), 3, "{}", text(&again.stderr));
    assert_eq!(
        std::fs::read_to_string(&file).unwrap(),
        new,
        "nothing was written"
    );
    let names = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 1, "nothing lies beside it");
}

#[test]
fn a_scale_is_assigned_by_something_put_on_and_taken_off() {
    let mut calls = 0_u32;
    let port = Port::start(move |_| {
        calls += 1;
        let shown = if (100..200).contains(&(calls % 300)) {
            "00001.25"
        } else {
            "00000.00"
        };
        format!("ST,+{shown}  kg\r\n").into_bytes()
    });
    let assign = [
        "device",
        "assign",
        "--role",
        "scale",
        "--allow",
        port.name(),
    ];
    let unknown = run(&assign);
    assert_eq!(code(&unknown), 2);
    assert!(text(&unknown.stderr).contains("device detect --port"));
    let more = [
        "--profile",
        "a-and-d",
        "--id",
        "bench1/left",
        "--seconds",
        "30",
    ];
    let assigned = run(&[&assign[..], &more].concat());
    let said = text(&assigned.stderr);
    assert_eq!(code(&assigned), 0, "{said}");
    assert!(said.contains("now take it off"), "{said}");
    let block = text(&assigned.stdout);
    assert!(
        block.starts_with("[[places.devices]]\nid = \"bench1/left\"\n"),
        "{block}"
    );
}

#[test]
fn a_recording_is_masked_replayed_and_becomes_an_example() {
    let port = Port::start(|_| b"]C1PETRA-77\r".to_vec());
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let record = |out: &str, more: &[&str]| {
        let args = [
            "device",
            "record",
            "--profile",
            "serial-line",
            "--port",
            port.name(),
        ];
        run(&[&args[..], &["--seconds", "1", "--out", out], more].concat())
    };
    let (masked, raw) = (path("masked.txt"), path("raw.txt"));
    assert_eq!(code(&record(&masked, &[])), 0);
    let shown = std::fs::read_to_string(&masked).unwrap();
    assert!(
        shown.contains("]C1xxxxx-00\\r") && !shown.contains("PETRA"),
        "{shown}"
    );
    assert_eq!(
        code(&record(&masked, &[])),
        2,
        "never over a file that is there"
    );
    assert_eq!(code(&record(&raw, &["--raw"])), 0);
    let replayed = run(&["device", "replay", &raw]);
    assert_eq!(code(&replayed), 0, "{}", text(&replayed.stderr));
    let first: Value =
        serde_json::from_str(text(&replayed.stdout).lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["kind"], &first["text"]),
        (&"scan".into(), &"PETRA-77".into())
    );
    assert!(first["at_ms"].is_u64());
    let example = text(&run(&["device", "replay", &masked, "--example", "two"]).stdout);
    assert!(
        example.starts_with("[[examples]]\nname = \"two\"\n"),
        "{example}"
    );
    assert_eq!(code(&run(&["device", "replay", &path("none")])), 1);
}

#[test]
fn the_running_daemon_tells_what_was_said_lately_and_no_code() {
    let folder = tempfile::tempdir().unwrap();
    let gun = Port::start(|_| b"]C1PETRA-77\r".to_vec());
    let asked_for_weight = |bytes: &[u8]| {
        let asks = bytes.iter().filter(|b| **b == b'W').count();
        b"\x0201.250\r".repeat(asks)
    };
    let scale = Port::start(asked_for_weight);
    let device = |role: &str, profile: &str, port: &Port| {
        format!(
            "[[places.devices]]\nid = 'bench1/{role}'\nrole = '{role}'\nprofile = '{profile}'\n\
             port = '{}'\n",
            port.name()
        )
    };
    let config = format!(
        "[web]\nlisten = '127.0.0.1:0'\n[[places]]\nid = 'bench1'\nkind = 'bench'\n{}{}",
        device("scanner", "serial-line", &gun),
        device("scale", "toledo-8217-kg", &scale)
    );
    let daemon = Daemon::start(folder.path(), &config);
    let data = daemon.data.to_str().unwrap().to_owned();
    let lately = |id: &str, more: &[&str]| {
        let args = ["--data", &data, "device", "record", "--from-daemon", id];
        run(&[&args[..], more].concat())
    };
    let shown = |id: &str, part: &str| {
        let mut shown = String::new();
        wait_until(part, Duration::from_secs(20), || {
            shown = text(&lately(id, &[]).stdout);
            shown.contains(part)
        });
        shown
    };
    let weighed = shown("bench1/scale", "> W\n");
    let weighed = weighed + &shown("bench1/scale", "< \\x0201.250\\r");
    assert!(weighed.contains("profile toledo-8217-kg\n"), "{weighed}");
    assert!(weighed.contains(" connected: /dev/pts/"), "{weighed}");
    let scanned = shown("bench1/scanner", "]C1xxxxx-00\\r");
    assert!(
        scanned.starts_with("# masked") && !scanned.contains("PETRA"),
        "{scanned}"
    );
    // It is a recording like any other.
    let file = folder.path().join("scale.txt");
    let out = ["--out", file.to_str().unwrap()];
    assert_eq!(code(&lately("bench1/scale", &out)), 0);
    let replayed = run(&["device", "replay", out[1]]);
    assert!(
        text(&replayed.stdout).contains(r#""decimal":"1.250""#),
        "{}",
        text(&replayed.stdout)
    );
    assert_eq!(code(&lately("bench1/scale", &out)), 2, "never over a file");
    let unknown = lately("bench9/scale", &[]);
    assert_eq!(code(&unknown), 2);
    assert!(text(&unknown.stderr).contains("no device \"bench9/scale\""));
    // Programs only, and with the token.
    let path = format!("{}/api/v1/devices/bench1%2Fscale/transcript", daemon.url);
    let agent = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(10)))
        .http_status_as_error(false)
        .build()
        .new_agent();
    let refused = agent.get(&path).call();
    assert_eq!(refused.unwrap().status().as_u16(), 401);
    daemon.stop();
    assert_eq!(code(&lately("bench1/scale", &[])), 5, "nobody to ask");
}

#[test]
fn watching_ends_and_listing_is_one_document() {
    let watched = run(&["device", "watch", "--seconds", "1", "--json"]);
    assert_eq!(code(&watched), 0, "{}", text(&watched.stderr));
    for line in text(&watched.stdout).lines() {
        let change: Value = serde_json::from_str(line).unwrap();
        assert_eq!(change["change"], "present");
    }
    let listed = json(&run(&["device", "list", "--json"]));
    assert!(listed["devices"].is_array() && listed["problems"].is_array());
}

#[test]
fn the_service_manager_hears_ready_then_pings_then_stopping() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("notify");
    let manager = UnixDatagram::bind(&socket).unwrap();
    manager
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let config = folder.path().join("c.toml");
    std::fs::write(&config, "[web]\nlisten = \"127.0.0.1:0\"\n").unwrap();
    let data = folder.path().join("data");
    let paths = [config.to_str().unwrap(), data.to_str().unwrap()];
    let mut command = firstscan(&["run", "--config", paths[0], "--data", paths[1]]);
    command
        .env("NOTIFY_SOCKET", &socket)
        .env("WATCHDOG_USEC", "900000");
    let mut daemon = Guarded::start(command, folder.path(), "daemon");
    let hear = || {
        let mut buffer = [0; 256];
        let count = manager.recv(&mut buffer).unwrap();
        text(&buffer[..count]).trim().to_owned()
    };
    assert_eq!(hear(), "READY=1");
    assert!(
        data.join("daemon.json").exists(),
        "ready means that it serves"
    );
    assert_eq!(hear(), "WATCHDOG=1");
    assert_eq!(hear(), "WATCHDOG=1");
    daemon.signal(rustix::process::Signal::TERM);
    let mut last = String::new();
    wait_until("it says that it stops", Duration::from_secs(10), || {
        last = hear();
        last == "STOPPING=1"
    });
    assert!(daemon.wait(Duration::from_secs(10)).success());
}
