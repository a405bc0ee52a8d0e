//! The one event stream of a page: the full view on connect and at every change, a heartbeat
//! each 2 s. Nothing is replayed: the newest view is the whole truth.

use super::App;
use super::api::watched;
use super::error::Problem;
use super::input::Named;
use crate::domain::view::PlaceView;
use axum::extract::State;
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::time::MissedTickBehavior;
use tokio_stream::wrappers::ReceiverStream;

/// Time between heartbeats; a page covers itself after 5 s without one.
pub(super) const HEARTBEAT_MS: u64 = 2_000;
/// A page reconnects this long after a broken stream.
const RETRY_MS: u64 = 1_000;
/// A page that takes nothing for this long is gone.
const SEND_MS_MAX: u64 = 10_000;

type Frame = Result<Event, Infallible>;

/// `GET /api/v1/places/{place}/stream`.
pub(super) async fn stream(
    State(app): State<App>,
    Named(place): Named,
) -> Result<Response, Problem> {
    let many = |_| Problem::busy("too many screens listen at once");
    let permit = Arc::clone(&app.streams).try_acquire_owned().map_err(many)?;
    let view = watched(&app, &place).await?;
    let (frames, received) = mpsc::channel(2);
    tokio::spawn(feed(app, view, frames, permit));
    Ok(Sse::new(ReceiverStream::new(received)).into_response())
}

async fn feed(
    app: App,
    mut view: watch::Receiver<Arc<PlaceView>>,
    frames: mpsc::Sender<Frame>,
    _permit: OwnedSemaphorePermit,
) {
    let mut stop = app.stop.clone();
    let mut beat = tokio::time::interval(Duration::from_millis(HEARTBEAT_MS));
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    view.mark_changed();
    loop {
        let frame = tokio::select! {
            biased;
            () = frames.closed() => return,
            _ = stop.wait_for(|stopped| *stopped) => return,
            changed = view.changed() => match changed {
                Ok(()) => view_frame(&view.borrow_and_update()),
                Err(_) => return,
            },
            _ = beat.tick() => heartbeat(view.borrow().version, app.pages.build()),
        };
        let limit = Duration::from_millis(SEND_MS_MAX);
        match tokio::time::timeout(limit, frames.send(Ok(frame))).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) | Err(_) => return,
        }
    }
}

fn view_frame(view: &PlaceView) -> Event {
    let data = serde_json::to_string(view).unwrap_or_default();
    Event::default()
        .event("view")
        .id(view.version.to_string())
        .retry(Duration::from_millis(RETRY_MS))
        .data(data)
}

/// `now_ms` lets a mirror on another clock show the right elapsed time; `build` makes a page
/// reload itself after an upgrade.
fn heartbeat(version: u64, build: &str) -> Event {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let now_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
    let data = json!({ "version": version, "now_ms": now_ms, "build": build }).to_string();
    Event::default()
        .event("heartbeat")
        .id(version.to_string())
        .data(data)
}
