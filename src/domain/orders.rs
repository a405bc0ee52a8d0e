//! Orders coming in: the same order twice is one order, a changed one a new version, a cancelled
//! one stops the bench at once.

use super::effect::Effect;
use super::event::Fact;
use super::ids::{OrderId, ParcelId};
use super::job::JobState;
use super::order::{Order, OrderStatus};
use super::parcel::Stage;
use super::step::{Desktop, OrderReply};

pub(super) fn submit(at: &mut Desktop<'_>, order: &Order) {
    let archived = at.looked.orders.iter().find(|o| o.id == order.id).cloned();
    let Some(stored) = at.state.orders.get(&order.id).cloned().or(archived) else {
        at.emit(
            order.id.as_str(),
            Fact::OrderReceived {
                order: order.clone(),
            },
        );
        at.reply(OrderReply::Received {
            version: order.version,
        });
        return;
    };
    if stored.fingerprint == order.fingerprint {
        at.reply(OrderReply::Unchanged {
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
        at.reply(OrderReply::Conflict(text));
        return;
    }
    let version = stored.version.saturating_add(1);
    let changed = Order {
        version,
        status: stored.status,
        ..order.clone()
    };
    at.emit(order.id.as_str(), Fact::OrderChanged { order: changed });
    at.reply(OrderReply::Changed { version });
    stop_benches(
        at,
        &order.id,
        "order_changed",
        "The order changed.",
        "Scan ABORT, then start it again.",
    );
}

pub(super) fn cancel(at: &mut Desktop<'_>, id: &OrderId, reason: &str) {
    let Some(order) = at.state.orders.get(id).cloned() else {
        let reply = match at.looked.orders.iter().find(|o| &o.id == id) {
            Some(o) if o.status == OrderStatus::Cancelled => OrderReply::Cancelled,
            Some(_) => OrderReply::Conflict(format!("order {id} has already left the station")),
            None => OrderReply::Unknown,
        };
        at.reply(reply);
        return;
    };
    if order.status == OrderStatus::Cancelled {
        at.reply(OrderReply::Cancelled);
        return;
    }
    if at
        .state
        .parcels_of(id)
        .any(|p| p.stage == Stage::HandedOver)
    {
        let text = format!("a parcel of order {id} was already handed over: ask for a return");
        at.reply(OrderReply::Conflict(text));
        return;
    }
    let fact = Fact::OrderCancelled {
        order: id.clone(),
        reason: reason.to_owned(),
    };
    at.emit(id.as_str(), fact);
    at.reply(OrderReply::Cancelled);
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
    let parcels: Vec<ParcelId> = at.state.parcels_of(id).map(|p| p.id.clone()).collect();
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
    let open: Vec<ParcelId> = at.state.parcels_of(id).map(|p| p.id.clone()).collect();
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
