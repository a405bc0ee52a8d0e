//! The mark a running daemon leaves in its data folder, so that commands find it.

use serde::{Deserialize, Serialize};
use std::path::Path;

/// What a running daemon leaves in its data folder, as `daemon.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DaemonFile {
    pub pid: u32,
    /// Base address, such as `http://127.0.0.1:8470`.
    pub url: String,
}

impl DaemonFile {
    /// Name in the data folder.
    pub const NAME: &'static str = "daemon.json";
    /// Name of the bearer token's file in the data folder.
    pub const TOKEN_NAME: &'static str = "api-token";

    /// The daemon that left its mark in `data`, if the file can be read.
    pub fn read(data: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(data.join(Self::NAME)).ok()?).ok()
    }
}
