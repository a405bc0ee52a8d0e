//! Logs by audience, on standard error: ERROR somebody must act, WARN somebody should look,
//! INFO what the station did (no codes, names or addresses), DEBUG for whoever debugs.

use tracing_subscriber::EnvFilter;

/// Starts logging. `FIRSTSCAN_LOG` takes a filter such as `debug` or `firstscan::sync=debug`.
/// A second call changes nothing.
pub fn start(default: &str) {
    let filter =
        EnvFilter::try_from_env("FIRSTSCAN_LOG").unwrap_or_else(|_| EnvFilter::new(default));
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(true)
        .compact()
        .try_init();
    if started.is_err() {
        tracing::debug!("logging was already started");
    }
}
