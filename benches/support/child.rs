//! The real daemon as a child process, seen from outside: its answers, its memory, its end.

use super::config::{DEVICES, Surroundings};
use super::stream::Stream;
use serde_json::Value;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for anything the daemon does.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(1);

/// Memory of a process in KiB.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// All resident pages, those of the program's file included.
    pub resident: u64,
    /// Of these, what the process wrote.
    pub anonymous: u64,
}

/// A running daemon; killed when dropped.
pub struct Daemon {
    child: Child,
    data: PathBuf,
    url: String,
    agent: ureq::Agent,
    /// From the start of the process to the first good answer.
    pub ready_after: Duration,
}

impl Daemon {
    /// Starts it on a data folder and waits until it answers.
    pub fn start(around: &Surroundings, data: &Path) -> Result<Self, String> {
        let log = std::fs::File::create(data.with_extension("log")).map_err(|e| e.to_string())?;
        let began = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_firstscan"))
            .args(["--config".as_ref(), around.file.as_os_str()])
            .args(["--data".as_ref(), data.as_os_str()])
            .arg("run")
            .env_remove("FIRSTSCAN_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|e| e.to_string())?;
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(true)
            .build()
            .new_agent();
        let mut daemon = Daemon {
            child,
            data: data.to_owned(),
            url: format!("http://{}", around.web),
            agent,
            ready_after: Duration::ZERO,
        };
        while !answers(around.web) {
            if began.elapsed() > PATIENCE || !matches!(daemon.child.try_wait(), Ok(None)) {
                let log = std::fs::read_to_string(data.with_extension("log")).unwrap_or_default();
                return Err(format!("the daemon does not answer; it says:\n{log}"));
            }
            std::thread::sleep(LOOK);
        }
        daemon.ready_after = began.elapsed();
        Ok(daemon)
    }

    fn token(&self) -> String {
        let token = std::fs::read_to_string(self.data.join("api-token")).unwrap_or_default();
        format!("Bearer {}", token.trim())
    }

    /// A JSON document.
    pub fn get(&self, path: &str) -> Result<Value, String> {
        let request = self.agent.get(format!("{}{path}", self.url));
        let mut answer = request
            .header("Authorization", self.token())
            .call()
            .map_err(text)?;
        answer.body_mut().read_json().map_err(text)
    }

    /// Posts a JSON document.
    pub fn post(&self, path: &str, body: &[u8]) -> Result<(), String> {
        let request = self.agent.post(format!("{}{path}", self.url));
        let request = request.header("Authorization", self.token());
        request
            .header("Content-Type", "application/json")
            .send(body)
            .map_err(text)?;
        Ok(())
    }

    /// Listens to the screen of a place.
    pub fn listen(&self, place: &str) -> Result<Stream, String> {
        let request = self
            .agent
            .get(format!("{}/api/v1/places/{place}/stream", self.url));
        let answer = request
            .header("Authorization", self.token())
            .call()
            .map_err(text)?;
        Ok(Stream::start(answer.into_body().into_reader()))
    }

    /// Waits until every configured device is connected.
    pub fn connected(&self) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let status = self.get("/api/v1/status")?;
            let rows = status
                .get("devices")
                .and_then(Value::as_array)
                .cloned()
                .unwrap_or_default();
            if rows.len() == DEVICES && rows.iter().all(|d| d["state"] == "ok") {
                return Ok(());
            }
            if Instant::now() > until {
                return Err(format!("not all devices are connected: {rows:?}"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What the kernel counts for the process.
    pub fn memory(&self) -> Result<Memory, String> {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
        let field = |name: &str| {
            let line = status.lines().find_map(|l| l.strip_prefix(name))?;
            line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()
        };
        let missing = || "the kernel does not tell the memory".to_owned();
        Ok(Memory {
            resident: field("VmRSS:").ok_or_else(missing)?,
            anonymous: field("RssAnon:").ok_or_else(missing)?,
        })
    }

    /// SIGTERM, and waits for the end.
    pub fn stop(mut self) -> Result<(), String> {
        let pid = i32::try_from(self.child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        let pid = pid.ok_or("no process id")?;
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).map_err(text)?;
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().map_err(text)? {
                return if status.success() {
                    Ok(())
                } else {
                    Err(status.to_string())
                };
            }
            std::thread::sleep(LOOK);
        }
        Err("the daemon does not end".into())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Both fail only for a child that has ended.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Asks `/healthz` once, without a client's overhead.
fn answers(address: SocketAddr) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else {
        return false;
    };
    let request = format!("GET /healthz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let mut answer = [0; 12];
    stream.set_read_timeout(Some(PATIENCE)).is_ok()
        && stream.write_all(request.as_bytes()).is_ok()
        && stream.read_exact(&mut answer).is_ok()
        && &answer == b"HTTP/1.1 200"
}
