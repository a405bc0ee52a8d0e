//! Child processes of the real binary, ended with the test whatever happens to it.

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// The binary under test.
pub const BIN: &str = env!("CARGO_BIN_EXE_firstscan");

/// A command of the binary that reads nothing.
pub fn firstscan(args: &[&str]) -> Command {
    let mut command = Command::new(BIN);
    command
        .args(args)
        .stdin(Stdio::null())
        .env_remove("RUST_LOG");
    command
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn pid(id: u32) -> Pid {
    Pid::from_raw(i32::try_from(id).unwrap()).unwrap()
}

/// Whether a process exists (a zombie does).
pub fn lives(id: u32) -> bool {
    test_kill_process(pid(id)).is_ok()
}

/// Waits for something to come true.
pub fn wait_until(what: &str, max: Duration, mut done: impl FnMut() -> bool) {
    let until = Instant::now() + max;
    while !done() {
        assert!(Instant::now() < until, "still not: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// A child with its output in files, killed when dropped.
pub struct Guarded {
    pub child: Child,
    out: PathBuf,
    err: PathBuf,
    /// Where a demo notes the process id of its own child.
    note: Option<PathBuf>,
}

impl Guarded {
    /// Starts a command; its output goes to `<folder>/<name>.{out,err}`.
    pub fn start(mut command: Command, folder: &Path, name: &str) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let out = folder.join(format!("{name}.out"));
        let err = folder.join(format!("{name}.err"));
        let file = |path: &Path| std::fs::File::create(path).unwrap();
        let child = command
            .stdout(file(&out))
            .stderr(file(&err))
            .spawn()
            .unwrap();
        Guarded {
            child,
            out,
            err,
            note: None,
        }
    }

    /// A demo in `folder`.
    pub fn demo(folder: &Path, name: &str, args: &[&str]) -> Self {
        let mut command = firstscan(&["demo", "--out", folder.to_str().unwrap()]);
        command.args(args);
        let mut demo = Guarded::start(command, folder, name);
        demo.note = Some(folder.join("daemon.pid"));
        demo
    }

    pub fn out(&self) -> String {
        std::fs::read_to_string(&self.out).unwrap_or_default()
    }

    pub fn err(&self) -> String {
        std::fs::read_to_string(&self.err).unwrap_or_default()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(pid(self.child.id()), signal).unwrap();
    }

    pub fn wait(&mut self, max: Duration) -> ExitStatus {
        let until = Instant::now() + max;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                Instant::now() < until,
                "does not end; it said:\n{}",
                self.err()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.child.kill().unwrap_or_default();
            drop(self.child.wait());
        } else {
            return;
        }
        // The supervised daemon ends by itself when its supervisor is gone; make sure of it.
        let noted = self
            .note
            .as_ref()
            .and_then(|n| std::fs::read_to_string(n).ok());
        if let Some(id) = noted.and_then(|t| t.trim().parse::<u32>().ok())
            && is_ours(id)
        {
            kill_process(pid(id), Signal::KILL).unwrap_or_default();
        }
    }
}

/// Whether the process runs the binary under test: an id may have been given to another.
fn is_ours(id: u32) -> bool {
    std::fs::read_link(format!("/proc/{id}/exe")).is_ok_and(|exe| exe == Path::new(BIN))
}

/// Kills the daemon of a demo or data folder, if it runs now; true if it did.
pub fn kill_noted(note: &Path) -> bool {
    let Ok(text) = std::fs::read_to_string(note) else {
        return false;
    };
    let Ok(id) = text.trim().parse::<u32>() else {
        return false;
    };
    is_ours(id) && kill_process(pid(id), Signal::KILL).is_ok()
}

/// Runs a command to its end.
pub fn run(args: &[&str]) -> Output {
    firstscan(args).output().unwrap()
}

/// The exit code.
pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

/// The one JSON document on standard output.
pub fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| {
        panic!("{e}: {} {}", text(&output.stdout), text(&output.stderr));
    })
}

/// A daemon on its own data folder.
pub struct Daemon {
    pub process: Guarded,
    pub data: PathBuf,
    pub url: String,
}

impl Daemon {
    /// Starts `run` in `folder` with `config` (a TOML text) and waits until it answers.
    pub fn start(folder: &Path, config: &str) -> Self {
        let file = folder.join("station.toml");
        let data = folder.join("data");
        std::fs::write(&file, config).unwrap();
        let paths = [file.to_str().unwrap(), data.to_str().unwrap()];
        let command = firstscan(&["run", "--config", paths[0], "--data", paths[1]]);
        let process = Guarded::start(command, folder, "daemon");
        let mut daemon = Daemon {
            process,
            data,
            url: String::new(),
        };
        let mark = daemon.data.join("daemon.json");
        wait_until("the daemon is ready", Duration::from_secs(20), || {
            let text = std::fs::read(&mark).unwrap_or_default();
            let value: Value = serde_json::from_slice(&text).unwrap_or_default();
            daemon.url = value["url"].as_str().unwrap_or_default().to_owned();
            !daemon.url.is_empty()
        });
        daemon
    }

    pub fn token(&self) -> String {
        std::fs::read_to_string(self.data.join("api-token"))
            .unwrap()
            .trim()
            .to_owned()
    }

    /// Status and answer of a POST.
    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, Value) {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let request = agent.post(format!("{}{path}", self.url));
        let mut request = request
            .header("Authorization", format!("Bearer {}", self.token()))
            .header("Content-Type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = request.send(body).unwrap();
        (
            answer.status().as_u16(),
            answer.body_mut().read_json().unwrap_or_default(),
        )
    }

    /// Ends it as a service manager would.
    pub fn stop(mut self) {
        self.process.signal(Signal::TERM);
        let status = self.process.wait(Duration::from_secs(10));
        assert!(status.success(), "{}", self.process.err());
    }
}
