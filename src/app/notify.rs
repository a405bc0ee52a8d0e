//! What the service manager is told: ready, alive, stopping. Without one nothing happens.

use crate::domain::InputKind;
use crate::pulse::Watch;
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

/// Pings the watchdog as long as the station loop answers and nothing that works beside it is
/// stuck. `None` if the service manager does not watch. What hangs, in the store or in a driver for
/// example, is started anew with the daemon; the log names it.
pub(super) fn watchdog(
    inbox: mpsc::Sender<Message>,
    clock: StationClock,
    mut watch: Watch,
) -> Option<JoinHandle<()>> {
    let limit = sd_notify::watchdog_enabled()?;
    // Two chances before the limit.
    let pause = limit / 3;
    Some(tokio::spawn(async move {
        loop {
            tokio::time::sleep(pause).await;
            let mut stuck = watch.stuck(Duration::from_millis(clock.mono().0));
            if !answers(&inbox, &clock, pause).await {
                stuck.push("the station does not answer".to_owned());
            }
            if stuck.is_empty() {
                tell(&[NotifyState::Watchdog]);
            } else {
                let stuck = stuck.join("; ");
                tracing::error!(%stuck, "the watchdog is not told that all is well");
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
