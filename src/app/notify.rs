//! What the service manager is told: ready, alive, stopping. Without one nothing happens.

use crate::domain::InputKind;
use crate::station::clock::StationClock;
use crate::station::core::{Delivery, Message};
use sd_notify::NotifyState;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// The daemon serves.
pub(super) fn ready() {
    tell(&[NotifyState::Ready]);
}

/// The daemon was told to end, or has to.
pub(super) fn stopping() {
    tell(&[NotifyState::Stopping]);
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!(%error, "the service manager was not told");
    }
}

/// Pings the watchdog as long as the station loop answers and `parts` still run. `None` if the
/// service manager does not watch. A loop that hangs, in the store for example, is started anew.
pub(super) fn watchdog(
    inbox: mpsc::Sender<Message>,
    clock: StationClock,
    parts: impl Fn() -> bool + Send + 'static,
) -> Option<JoinHandle<()>> {
    let limit = sd_notify::watchdog_enabled()?;
    // Two chances before the limit.
    let pause = limit / 3;
    Some(tokio::spawn(async move {
        loop {
            tokio::time::sleep(pause).await;
            if parts() && answers(&inbox, &clock, pause).await {
                tell(&[NotifyState::Watchdog]);
            } else {
                tracing::error!("the station does not answer: the watchdog is not told");
            }
        }
    }))
}

/// Whether the loop takes an input and commits it in time.
async fn answers(inbox: &mpsc::Sender<Message>, clock: &StationClock, max: Duration) -> bool {
    let (reply, answer) = std::sync::mpsc::sync_channel(1);
    let delivery = Delivery {
        reply: Some(reply),
        ..Delivery::plain(None, clock.now(), InputKind::Tick)
    };
    if inbox.try_send(Message::Input(Box::new(delivery))).is_err() {
        return false;
    }
    let wait = move || answer.recv_timeout(max).is_ok();
    tokio::task::spawn_blocking(wait).await.unwrap_or(false)
}
