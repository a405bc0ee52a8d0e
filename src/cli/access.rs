//! How commands reach the station's records: through the running daemon's API, else by opening
//! the store, which the daemon's lock forbids while it runs.

use super::Globals;
use crate::app::AppError;
use crate::config::{Config, ConfigError};
use crate::device::config::DeviceConfigError;
use crate::station::mark::DaemonFile;
use crate::store::{OpenOptions, Store, StoreError};
use serde_json::Value;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

/// A command that fails with a defined exit code.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Exit {
    pub code: u8,
    pub text: String,
}

impl Exit {
    /// A failure with this code.
    pub fn new(code: u8, text: impl Into<String>) -> Self {
        Exit {
            code,
            text: text.into(),
        }
    }
}

/// The exit code of an error, by its kind.
pub(crate) fn exit_code(error: &anyhow::Error) -> ExitCode {
    for cause in error.chain() {
        if let Some(exit) = cause.downcast_ref::<Exit>() {
            return ExitCode::from(exit.code);
        }
        if let Some(app) = cause.downcast_ref::<AppError>() {
            return ExitCode::from(app.exit_code());
        }
        if cause.is::<ConfigError>() || cause.is::<DeviceConfigError>() {
            return ExitCode::from(3);
        }
        if cause.is::<StoreError>() {
            return ExitCode::from(5);
        }
    }
    ExitCode::from(1)
}

/// A way to the records.
pub(crate) enum Access {
    Api(Api),
    Store(Store),
}

/// The running daemon.
#[derive(Debug)]
pub(crate) struct Api {
    agent: ureq::Agent,
    url: String,
    token: String,
}

impl Api {
    /// The daemon of a data folder; `None` if none answers.
    pub fn find(data: &Path) -> Option<Self> {
        let daemon = DaemonFile::read(data)?;
        let token = std::fs::read_to_string(data.join(DaemonFile::TOKEN_NAME)).ok()?;
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(30)))
            .http_status_as_error(false)
            .build()
            .new_agent();
        let api = Api {
            agent,
            url: daemon.url,
            token: token.trim().to_owned(),
        };
        let healthy = api.agent.get(format!("{}/healthz", api.url)).call();
        healthy
            .is_ok_and(|r| r.status().is_success())
            .then_some(api)
    }

    /// GET a JSON document; `None` for 404.
    pub fn get(&self, path: &str) -> anyhow::Result<Option<Value>> {
        let request = self.agent.get(format!("{}{path}", self.url));
        let request = request.header("Authorization", format!("Bearer {}", self.token));
        let mut response = request.call()?;
        if response.status().as_u16() == 404 {
            return Ok(None);
        }
        let value: Value = response.body_mut().read_json()?;
        if response.status().is_success() {
            return Ok(Some(value));
        }
        Err(refused(&value).into())
    }

    /// GET a text; `None` for 404.
    pub fn text(&self, path: &str) -> anyhow::Result<Option<String>> {
        let request = self.agent.get(format!("{}{path}", self.url));
        let request = request.header("Authorization", format!("Bearer {}", self.token));
        let mut response = request.call()?;
        match response.status().as_u16() {
            404 => Ok(None),
            200 => Ok(Some(response.body_mut().read_to_string()?)),
            _ => Err(refused(&response.body_mut().read_json()?).into()),
        }
    }

    /// POST a body; status and answer.
    pub fn post(&self, path: &str, media: &str, body: &[u8]) -> anyhow::Result<(u16, Value)> {
        let request = self.agent.post(format!("{}{path}", self.url));
        let request = request
            .header("Authorization", format!("Bearer {}", self.token))
            .header("Content-Type", media);
        let mut response = request.send(body)?;
        let status = response.status().as_u16();
        Ok((status, response.body_mut().read_json()?))
    }
}

/// The daemon's error as one text.
pub(crate) fn refused(value: &Value) -> Exit {
    let text = |key: &str| {
        value
            .pointer(&format!("/error/{key}"))
            .and_then(Value::as_str)
    };
    let mut message = text("text").unwrap_or("the daemon refused this").to_owned();
    if let Some(remedy) = text("remedy") {
        message = format!("{message}: {remedy}");
    }
    Exit::new(1, message)
}

/// Opens the records, preferring the running daemon.
pub(crate) fn open(globals: &Globals) -> anyhow::Result<Access> {
    if let Some(api) = Api::find(&globals.data) {
        return Ok(Access::Api(api));
    }
    if !globals.data.join("firstscan.db").exists() {
        let text = format!(
            "no station data in {}: give the folder with --data, or start the daemon with \
             `firstscan run`",
            globals.data.display()
        );
        return Err(Exit::new(5, text).into());
    }
    Ok(Access::Store(store(globals)?))
}

/// Opens the store itself.
pub(crate) fn store(globals: &Globals) -> anyhow::Result<Store> {
    let config = Config::load(globals.config.as_deref())?;
    let (store, opened) = Store::open(&OpenOptions::new(&globals.data, config.station.id))?;
    if let Some(report) = opened.salvaged {
        eprintln!("firstscan: {}", report.alarm);
    }
    Ok(store)
}

/// The running daemon, or an error that says how to start it.
pub(crate) fn daemon(globals: &Globals) -> anyhow::Result<Api> {
    let text = format!(
        "no daemon answers for {}: start it with `firstscan run --data {0}`",
        globals.data.display()
    );
    Api::find(&globals.data).ok_or_else(|| Exit::new(5, text).into())
}
