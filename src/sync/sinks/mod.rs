//! Sinks: where batches go. One file each, and one line in [`open`].

pub mod http;

use super::cloudevents::Filter;
use super::sender::{Answer, Batch, Limits};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};

/// Longest wait for an answer that may be configured.
pub const TIMEOUT_MS_MAX: u64 = 120_000;
/// Most events and bytes of a batch that may be configured.
pub const BATCH_EVENTS_MAX: u32 = 1000;
pub const BATCH_BYTES_MAX: usize = 8 << 20;
/// Longest secret file read, in bytes.
const SECRET_FILE_BYTES_MAX: u64 = 4096;

/// Carries batches to one upstream. Blocking; runs on a thread of its own.
pub trait Sink: Send {
    /// Sends a batch and waits for the answer, within the configured time. `unix_s` is now.
    fn send(&mut self, batch: &Batch, unix_s: i64) -> Answer;
}

/// One configured sink.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SinkConfig {
    /// Name in status and storage; keep it, the cursor belongs to it.
    pub id: String,
    /// `http`.
    pub kind: String,
    /// Address of the receiver; `https`, or `http` to this machine.
    pub url: String,
    /// `whsec_` and 24 to 64 bytes in Base64. Better in a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret: Option<Secret>,
    /// File with the secret, readable by its owner only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// Most events in a batch.
    #[serde(default = "batch_events")]
    pub batch_events: u32,
    /// Most bytes of a batch's JSON.
    #[serde(default = "batch_bytes")]
    pub batch_bytes: usize,
    /// Longest wait for an answer.
    #[serde(default = "timeout_ms")]
    pub timeout_ms: u64,
    /// The first attempt after a start comes within this time, at random.
    #[serde(default = "first_spread_ms")]
    pub first_spread_ms: u64,
    /// Event types to send, such as `parcel.*`; the documented default if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<String>>,
}

/// A configured secret: never shown, not by `Debug` and not by `config show`.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself: for keys, never for people.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(hidden)")
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("(hidden)")
    }
}

/// Why a configured sink cannot be used; names the sink, the cause and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("sink {sink:?}: {problem}")]
pub struct SinkError {
    pub sink: String,
    pub problem: String,
}

fn batch_events() -> u32 {
    100
}

fn batch_bytes() -> usize {
    256 << 10
}

fn timeout_ms() -> u64 {
    15_000
}

fn first_spread_ms() -> u64 {
    500
}

impl SinkConfig {
    /// A sink with the default limits.
    pub fn http(id: impl Into<String>, url: impl Into<String>, secret: Secret) -> Self {
        Self {
            id: id.into(),
            kind: "http".to_owned(),
            url: url.into(),
            secret: Some(secret),
            secret_file: None,
            batch_events: batch_events(),
            batch_bytes: batch_bytes(),
            timeout_ms: timeout_ms(),
            first_spread_ms: first_spread_ms(),
            events: None,
        }
    }

    /// Checks everything that can be checked without a network.
    ///
    /// # Errors
    /// [`SinkError`] with the first problem.
    pub fn check(&self) -> Result<(), SinkError> {
        crate::domain::ids::check(&self.id).map_err(|e| self.error(format!("id: {e}")))?;
        let within = |name: &str, value: u64, max: u64| {
            if (1..=max).contains(&value) {
                return Ok(());
            }
            Err(self.error(format!("{name} is {value}: give 1 to {max}")))
        };
        within(
            "batch_events",
            self.batch_events.into(),
            BATCH_EVENTS_MAX.into(),
        )?;
        within(
            "batch_bytes",
            self.batch_bytes as u64,
            BATCH_BYTES_MAX as u64,
        )?;
        within("timeout_ms", self.timeout_ms, TIMEOUT_MS_MAX)?;
        if self.first_spread_ms > super::sender::BACKOFF_CAP_MS {
            let (is, max) = (self.first_spread_ms, super::sender::BACKOFF_CAP_MS);
            return Err(self.error(format!("first_spread_ms is {is}: give 0 to {max}")));
        }
        self.filter()?;
        open(self).map(|_| ())
    }

    /// Which events go to this sink.
    ///
    /// # Errors
    /// [`SinkError`] if a pattern is none.
    pub fn filter(&self) -> Result<Filter, SinkError> {
        match &self.events {
            None => Ok(Filter::default()),
            Some(patterns) => Filter::new(patterns).map_err(|e| self.error(format!("events: {e}"))),
        }
    }

    /// The bounds of its batches.
    pub fn limits(&self) -> Limits {
        Limits {
            events_max: self.batch_events,
            bytes_max: self.batch_bytes,
            first_spread_ms: self.first_spread_ms,
        }
    }

    /// The secret, from the configuration or its file.
    fn load_secret(&self) -> Result<Secret, SinkError> {
        match (&self.secret, &self.secret_file) {
            (Some(secret), None) => Ok(secret.clone()),
            (None, Some(path)) => read_secret(path).map_err(|problem| self.error(problem)),
            (Some(_), Some(_)) => {
                Err(self.error("secret and secret_file are both set: keep one".to_owned()))
            }
            (None, None) => Err(self.error(
                "no secret: set secret_file to a file with the whsec_... the upstream gave you"
                    .to_owned(),
            )),
        }
    }

    fn error(&self, problem: String) -> SinkError {
        SinkError {
            sink: self.id.clone(),
            problem,
        }
    }
}

/// Opens the sink a configuration describes. Nothing is sent yet.
///
/// # Errors
/// [`SinkError`] for an unknown kind, address or secret.
pub fn open(config: &SinkConfig) -> Result<Box<dyn Sink>, SinkError> {
    match config.kind.as_str() {
        "http" => Ok(Box::new(
            http::HttpSink::new(&config.url, &config.load_secret()?, config.timeout_ms)
                .map_err(|problem| config.error(problem))?,
        )),
        other => Err(config.error(format!("kind {other:?} is unknown: use \"http\""))),
    }
}

/// Reads a secret that only its owner can read.
fn read_secret(path: &Path) -> Result<Secret, String> {
    use std::os::unix::fs::PermissionsExt;
    let at = path.display();
    let meta = std::fs::metadata(path)
        .map_err(|e| format!("secret_file {at}: {e}: create it, or correct the path"))?;
    let mode = meta.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(format!(
            "secret_file {at} has mode {mode:03o}: run `chmod 600 {at}`"
        ));
    }
    if !meta.is_file() || meta.len() > SECRET_FILE_BYTES_MAX {
        return Err(format!(
            "secret_file {at} is no small file: it must hold one whsec_... line"
        ));
    }
    let text = std::fs::read_to_string(path).map_err(|e| format!("secret_file {at}: {e}"))?;
    Ok(Secret::new(text.trim()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;

    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    fn config(url: &str) -> SinkConfig {
        SinkConfig::http("main", url, Secret::new(SECRET))
    }

    #[test]
    fn a_configuration_is_read_strictly_and_hides_its_secret() {
        let text = format!("id='a'\nkind='http'\nurl='https://u.example/x'\nsecret='{SECRET}'");
        let read: SinkConfig = toml::from_str(&text).unwrap();
        assert_eq!((read.batch_events, read.timeout_ms), (100, 15_000));
        read.check().unwrap();
        let shown = format!("{read:?}{}", serde_json::to_string(&read).unwrap());
        assert!(!shown.contains("C2FVs"), "{shown}");
        assert!(toml::from_str::<SinkConfig>(&format!("{text}\nretries=3")).is_err());
    }

    #[test]
    fn every_wrong_setting_is_named() {
        let with = |change: fn(&mut SinkConfig)| {
            let mut config = config("https://u.example/");
            change(&mut config);
            config.check().unwrap_err().to_string()
        };
        assert!(with(|c| c.kind = "fax".to_owned()).contains("fax"));
        assert!(with(|c| c.id = "a b".to_owned()).contains("id"));
        assert!(with(|c| c.batch_events = 0).contains("batch_events"));
        assert!(with(|c| c.timeout_ms = 10_000_000).contains("timeout_ms"));
        assert!(with(|c| c.events = Some(vec!["all".to_owned()])).contains("all"));
        assert!(with(|c| c.secret = None).contains("secret_file"));
        assert!(with(|c| c.secret = Some(Secret::new("hunter2"))).contains("whsec_"));
        assert!(with(|c| c.url = "http://u.example/".to_owned()).contains("https"));
        assert!(with(|c| c.url = "u.example".to_owned()).contains("url"));
        assert!(with(|c| c.url = "https://me:pw@u.example/".to_owned()).contains("url"));
    }

    #[test]
    fn a_secret_file_must_be_private() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        std::fs::write(&path, format!("{SECRET}\n")).unwrap();
        let mut config = config("https://u.example/");
        (config.secret, config.secret_file) = (None, Some(path.clone()));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(
            config
                .check()
                .unwrap_err()
                .to_string()
                .contains("chmod 600")
        );
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        config.check().unwrap();
        config.secret_file = Some(dir.path().join("missing"));
        assert!(config.check().unwrap_err().to_string().contains("missing"));
    }
}
