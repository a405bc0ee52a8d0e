//! Orders coming in: the same order twice is one order, a changed one a new version, a cancelled
//! one stops the bench at once.

use super::effect::Effect;
use super::event::Fact;
use super::exception;
use super::ids::{OrderId, ParcelId};
use super::job::JobState;
use super::numbers;
use super::order::{Order, OrderStatus};
use super::parcel::Stage;
use super::step::{Desktop, Reply};

pub(super) fn submit(at: &mut Desktop<'_>, order: &Order) {
    let archived = at.looked.orders.iter().find(|o| o.id == order.id).cloned();
    let Some(stored) = at.state.orders.get(&order.id).cloned().or(archived) else {
        if let Some(text) = numbers::clash(at, order) {
            at.reply(Reply::Conflict(text));
            return;
        }
        at.emit(
            order.id.as_str(),
            Fact::OrderReceived {
                order: order.clone(),
            },
        );
        at.reply(Reply::Received {
            version: order.version,
        });
        return;
    };
    if stored.fingerprint == order.fingerprint {
        as_before(at, order);
        at.reply(Reply::Unchanged {
            version: stored.version,
        });
        return;
    }
    let made = match stored.status {
        OrderStatus::Waiting => at.state.parcels_of(&order.id).next().is_some(),
        OrderStatus::Packing | OrderStatus::Parked => at
            .state
            .parcels_of(&order.id)
            .any(|p| p.stage > Stage::Verifying),
        OrderStatus::Packed | OrderStatus::Cancelled => true,
    };
    if made {
        let text = format!(
            "order {} is {} and can no longer change: cancel it and send a new order id",
            order.id,
            status_word(stored.status)
        );
        at.reply(Reply::Conflict(text));
        if stored.status != OrderStatus::Cancelled {
            superseded(at, order);
        }
        return;
    }
    if let Some(text) = numbers::clash(at, order) {
        at.reply(Reply::Conflict(text));
        return;
    }
    let version = stored.version.saturating_add(1);
    let changed = Order {
        version,
        status: stored.status,
        ..order.clone()
    };
    at.emit(order.id.as_str(), Fact::OrderChanged { order: changed });
    at.reply(Reply::Changed { version });
    stop_benches(
        at,
        &order.id,
        "order_changed",
        "The order changed.",
        "Scan ABORT, then start it again.",
    );
}

/// The seller wants it as it was packed: nothing is superseded any more.
fn as_before(at: &mut Desktop<'_>, order: &Order) {
    for id in parcel_ids(at, &order.id) {
        exception::gone(at, &id, &[exception::SUPERSEDED]);
    }
}

/// What is packed keeps its old label until somebody decides: the dock holds it back, and a bench
/// that has it open is told at once.
fn superseded(at: &mut Desktop<'_>, order: &Order) {
    if !exception::superseded(at, order) {
        return;
    }
    stop_benches(
        at,
        &order.id,
        exception::SUPERSEDED,
        "The order changed after packing.",
        "Ask the office. Scan ABORT, or OK to go on: the dock keeps it.",
    );
}

fn parcel_ids(at: &Desktop<'_>, id: &OrderId) -> Vec<ParcelId> {
    at.state.parcels_of(id).map(|p| p.id.clone()).collect()
}

pub(super) fn cancel(at: &mut Desktop<'_>, id: &OrderId, reason: &str) {
    let Some(order) = at.state.orders.get(id).cloned() else {
        let reply = match at.looked.orders.iter().find(|o| &o.id == id) {
            Some(o) if o.status == OrderStatus::Cancelled => Reply::Cancelled,
            Some(_) => Reply::Conflict(format!("order {id} has already left the station")),
            None => Reply::Unknown,
        };
        at.reply(reply);
        return;
    };
    if order.status == OrderStatus::Cancelled {
        at.reply(Reply::Cancelled);
        return;
    }
    if at
        .state
        .parcels_of(id)
        .any(|p| p.stage == Stage::HandedOver)
    {
        let text = format!("a parcel of order {id} was already handed over: ask for a return");
        at.reply(Reply::Conflict(text));
        return;
    }
    let fact = Fact::OrderCancelled {
        order: id.clone(),
        reason: reason.to_owned(),
    };
    at.emit(id.as_str(), fact);
    at.reply(Reply::Cancelled);
    drop_waiting_labels(at, id);
    let text = "The order was cancelled.";
    stop_benches(
        at,
        id,
        "order_cancelled",
        text,
        "Do not ship. Scan OK and put the goods back.",
    );
}

/// Labels of the order that have not started to print are taken back.
fn drop_waiting_labels(at: &mut Desktop<'_>, id: &OrderId) {
    let parcels = parcel_ids(at, id);
    for job in at.state.jobs_in(JobState::Queued) {
        if parcels.contains(&job.parcel) {
            let reason = "order cancelled".to_owned();
            let fact = Fact::LabelCancelled {
                job: job.id.clone(),
                reason,
            };
            at.emit(job.parcel.as_str(), fact);
            at.live.queued.remove(&job.id);
            at.effect(Effect::DropJob {
                job: job.id,
                place: job.place,
            });
        }
    }
}

/// Every bench that has a parcel of the order open turns red.
fn stop_benches(at: &mut Desktop<'_>, id: &OrderId, code: &str, text: &str, remedy: &str) {
    let open = parcel_ids(at, id);
    let holds = |p: &&super::place::Place| p.parcel.as_ref().is_some_and(|x| open.contains(x));
    let benches: Vec<_> = at
        .state
        .places
        .values()
        .filter(holds)
        .map(|p| p.id.clone())
        .collect();
    let before = at.place.take();
    for bench in benches {
        at.place = Some(bench);
        at.clear_stop("order news");
        at.stop(code, Some(id.as_str()), text, remedy);
    }
    at.place = before;
}

/// The status as people say it.
pub(super) fn status_word(status: OrderStatus) -> &'static str {
    match status {
        OrderStatus::Waiting => "waiting",
        OrderStatus::Packing => "being packed",
        OrderStatus::Parked => "parked",
        OrderStatus::Packed => "packed",
        OrderStatus::Cancelled => "cancelled",
    }
}
