//! The child `firstscan run`: started, watched, started again, and asked over its API.

use crate::station::mark::DaemonFile;
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Longest wait for a daemon to answer.
const READY_MAX: Duration = Duration::from_secs(20);
/// Longest wait for a daemon to end by itself.
const END_MAX: Duration = Duration::from_secs(8);

/// Where the child's files are.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The demo folder.
    pub dir: PathBuf,
}

impl Layout {
    /// Configuration written for the child.
    pub fn config(&self) -> PathBuf {
        self.dir.join("station.toml")
    }

    /// The child's data folder.
    pub fn data(&self) -> PathBuf {
        self.dir.join("data")
    }

    fn pid(&self) -> PathBuf {
        self.dir.join("daemon.pid")
    }

    fn log(&self) -> PathBuf {
        self.dir.join("daemon.log")
    }
}

/// A supervised daemon.
#[derive(Debug, Clone)]
pub struct Daemon {
    layout: Layout,
    child: Arc<Mutex<Option<Child>>>,
    agent: ureq::Agent,
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Daemon {
    /// Starts the child with this program's own binary.
    ///
    /// # Errors
    /// If the process cannot be started or its log not be written.
    pub fn start(layout: Layout) -> io::Result<Self> {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(5)))
            .http_status_as_error(false)
            .build()
            .new_agent();
        let daemon = Daemon {
            layout,
            child: Arc::default(),
            agent,
        };
        daemon.spawn()?;
        Ok(daemon)
    }

    fn spawn(&self) -> io::Result<()> {
        let layout = &self.layout;
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(layout.log())?;
        let child = Command::new(std::env::current_exe()?)
            .args(["run", "--end-with-stdin"])
            .arg("--config")
            .arg(layout.config())
            .arg("--data")
            .arg(layout.data())
            // Closes when this process dies, however it dies: the child then ends, too.
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        std::fs::write(layout.pid(), child.id().to_string())?;
        *lock(&self.child) = Some(child);
        Ok(())
    }

    /// Starts the child again if it ended; true if it had.
    ///
    /// # Errors
    /// As [`Daemon::start`].
    pub fn revive(&self) -> io::Result<bool> {
        let ended = match lock(&self.child).as_mut() {
            Some(child) => child.try_wait()?.is_some(),
            None => return Ok(false),
        };
        if ended {
            self.spawn()?;
        }
        Ok(ended)
    }

    /// Waits until the child answers.
    ///
    /// # Errors
    /// A text for people if it does not.
    pub fn wait_ready(&self) -> Result<(), String> {
        let until = Instant::now() + READY_MAX;
        while Instant::now() < until {
            if self.get("/healthz").is_ok() {
                return Ok(());
            }
            self.revive().map_err(|e| e.to_string())?;
            std::thread::sleep(Duration::from_millis(20));
        }
        let log = self.layout.log();
        Err(format!("the daemon does not answer: see {}", log.display()))
    }

    /// Ends the child: SIGTERM, then after a while SIGKILL.
    pub fn stop(&self) {
        let Some(mut child) = lock(&self.child).take() else {
            return;
        };
        let pid = i32::try_from(child.id())
            .ok()
            .and_then(rustix::process::Pid::from_raw);
        if let Some(pid) = pid
            && let Err(error) = rustix::process::kill_process(pid, rustix::process::Signal::TERM)
        {
            tracing::debug!(%error, "the daemon is gone already");
        }
        let until = Instant::now() + END_MAX;
        while Instant::now() < until {
            if !matches!(child.try_wait(), Ok(None)) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(child.kill());
        drop(child.wait());
        drop(std::fs::remove_file(self.layout.pid()));
    }

    /// The child's base address.
    pub fn url(&self) -> Option<String> {
        // A daemon of an earlier run, still ending, is not ours.
        let mark = DaemonFile::read(&self.layout.data())?;
        (Some(mark.pid) == self.pid()).then_some(mark.url)
    }

    fn token(&self) -> String {
        let path = self.layout.data().join(DaemonFile::TOKEN_NAME);
        std::fs::read_to_string(path)
            .unwrap_or_default()
            .trim()
            .to_owned()
    }

    /// GET a JSON document.
    ///
    /// # Errors
    /// A text if there is no answer or a bad one.
    pub fn get(&self, path: &str) -> Result<Value, String> {
        let url = self.url().ok_or("no daemon")?;
        let request = self.agent.get(format!("{url}{path}"));
        let request = request.header("Authorization", format!("Bearer {}", self.token()));
        let mut answer = request.call().map_err(|e| e.to_string())?;
        let status = answer.status();
        let value: Value = answer.body_mut().read_json().map_err(|e| e.to_string())?;
        if status.is_success() {
            Ok(value)
        } else {
            Err(format!("{status}: {value}"))
        }
    }

    /// Asks until there is an answer, and keeps the child alive meanwhile.
    ///
    /// # Errors
    /// The last error's text if there is none in time.
    pub fn insist<T>(&self, ask: impl Fn(&Self) -> Result<T, String>) -> Result<T, String> {
        let until = Instant::now() + READY_MAX;
        loop {
            match ask(self) {
                Ok(answer) => return Ok(answer),
                Err(error) if Instant::now() >= until => return Err(error),
                Err(_) => {
                    self.revive().map_err(|e| e.to_string())?;
                    std::thread::sleep(Duration::from_millis(25));
                }
            }
        }
    }

    /// GET bytes, such as a picture.
    ///
    /// # Errors
    /// As [`Daemon::get`].
    pub fn bytes(&self, path: &str) -> Result<Vec<u8>, String> {
        let url = self.url().ok_or("no daemon")?;
        let request = self.agent.get(format!("{url}{path}"));
        let request = request.header("Authorization", format!("Bearer {}", self.token()));
        let mut answer = request.call().map_err(|e| e.to_string())?;
        let status = answer.status();
        let bytes = answer.body_mut().read_to_vec().map_err(|e| e.to_string())?;
        if status.is_success() {
            Ok(bytes)
        } else {
            Err(status.to_string())
        }
    }

    /// POST a document; status and answer.
    ///
    /// # Errors
    /// A text if there is no answer.
    pub fn post(&self, path: &str, body: &[u8]) -> Result<(u16, Value), String> {
        let url = self.url().ok_or("no daemon")?;
        let request = self.agent.post(format!("{url}{path}"));
        let request = request
            .header("Authorization", format!("Bearer {}", self.token()))
            .header("Content-Type", "application/json");
        let mut answer = request.send(body).map_err(|e| e.to_string())?;
        let status = answer.status().as_u16();
        Ok((status, answer.body_mut().read_json().unwrap_or_default()))
    }

    /// The child's process id.
    pub fn pid(&self) -> Option<u32> {
        lock(&self.child).as_ref().map(Child::id)
    }

    /// The demo folder.
    pub fn dir(&self) -> &Path {
        &self.layout.dir
    }
}
