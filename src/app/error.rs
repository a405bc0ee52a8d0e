//! Why the daemon cannot start, and the exit code that says so.

use crate::carrier::TableErrors;
use crate::config::ConfigError;
use crate::device::DeviceConfigError;
use crate::station::core;
use crate::store::StoreError;
use crate::web::WebError;

/// Why the daemon cannot start or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("carriers.folder: {0}")]
    Tables(#[from] TableErrors),
    #[error(transparent)]
    Device(#[from] DeviceConfigError),
    #[error(transparent)]
    Sink(#[from] crate::sync::sinks::SinkError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Load(#[from] core::LoadError),
    #[error(transparent)]
    Web(#[from] WebError),
    #[error("cannot listen on {address}: {error}; stop the other program or change web.listen")]
    Listen {
        address: std::net::SocketAddr,
        error: std::io::Error,
    },
    #[error("{doing}: {error}")]
    Io {
        doing: String,
        error: std::io::Error,
    },
}

impl AppError {
    /// The exit code of the command-line contract: 3 configuration, 5 store, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            AppError::Config(_)
            | AppError::Tables(_)
            | AppError::Device(_)
            | AppError::Sink(_)
            | AppError::Listen { .. } => 3,
            AppError::Store(_) | AppError::Load(_) => 5,
            AppError::Web(_) | AppError::Io { .. } => 1,
        }
    }
}

/// Says what was being done.
pub(super) fn io(doing: impl Into<String>) -> impl FnOnce(std::io::Error) -> AppError {
    let doing = doing.into();
    move |error| AppError::Io { doing, error }
}
