//! The bench: badge, order, items, label. One scan per step; red for everything that must not go
//! on.

use super::Cue;
use super::event::Fact;
use super::ids::{OrderId, ParcelId, Sku};
use super::order::{Item, Order, OrderStatus};
use super::parcel::{Parcel, Stage};
use super::place::{Pending, Stop};
use super::scan::Meaning;
use super::step::Desktop;
use super::{controls, exception, label, measure, rate, weigh};
use crate::content::control::Control;

/// A scan at a bench that is not red.
pub(super) fn scan(at: &mut Desktop<'_>, code: &str, meaning: &Meaning) {
    if signs_in(at, code, meaning) {
        return;
    }
    match meaning {
        Meaning::Control { control, param } => {
            controls::at_bench(at, *control, param.as_deref());
            return;
        }
        Meaning::BadControl(why) => {
            at.stop(
                "bad_control",
                Some(code),
                why,
                "Scan OK. Ask for a new control sheet.",
            );
            return;
        }
        _ => {}
    }
    if controls::pending_at_bench(at, code, meaning) {
        return;
    }
    match at.parcel().cloned() {
        Some(parcel) => with_parcel(at, &parcel, code, meaning),
        None => without_parcel(at, code, meaning),
    }
}

/// At any place: a badge signs in, and without one nothing else counts. True if that was all.
pub(super) fn signs_in(at: &mut Desktop<'_>, code: &str, meaning: &Meaning) -> bool {
    if let Meaning::Badge(badge) = meaning {
        sign_in(at, badge);
        return true;
    }
    if at.operator().is_none() {
        at.stop(
            "no_operator",
            Some(code),
            "Nobody is signed in.",
            "Scan your badge first.",
        );
        return true;
    }
    false
}

fn sign_in(at: &mut Desktop<'_>, badge: &super::rules::Badge) {
    let operator = Some(badge.operator.clone());
    if at.operator() != operator {
        at.emit(badge.operator.as_str(), Fact::OperatorChanged { operator });
    }
    at.say(true, format!("Hello, {}", badge.name));
    at.sound(Cue::ItemOk);
}

fn without_parcel(at: &mut Desktop<'_>, code: &str, meaning: &Meaning) {
    match meaning {
        Meaning::Order(id) => start_order(at, id),
        Meaning::Items(items) => item_first(at, code, items),
        Meaning::Parcels(ids) => {
            let parked = ids
                .iter()
                .filter_map(|id| at.state.parcels.get(id))
                .find(|p| p.parked);
            match parked.cloned() {
                Some(parcel) => resume(at, &parcel),
                None => at.warn("This parcel is already packed. Take it to the dock."),
            }
        }
        Meaning::Label { parcel, .. } => {
            let parked = at.state.parcels.get(parcel).filter(|p| p.parked).cloned();
            match parked {
                Some(parcel) => resume(at, &parcel),
                None => at.warn("This parcel is already packed. Take it to the dock."),
            }
        }
        Meaning::Gone => {
            let text = match at.looked.orders.first() {
                Some(o) if o.status == OrderStatus::Cancelled => "This order was cancelled.",
                _ => "This has already left with a truck.",
            };
            at.stop("gone", Some(code), text, "Scan OK and put it aside.");
        }
        _ => unknown(at, code),
    }
}

fn unknown(at: &mut Desktop<'_>, code: &str) {
    let remedy = "Scan OK, then an order, an item or a label.";
    at.stop(
        "unknown_code",
        Some(code),
        "This code is not known here.",
        remedy,
    );
}

/// Opens an order, or takes a parked one up again.
fn start_order(at: &mut Desktop<'_>, id: &OrderId) {
    let Some(order) = at.state.orders.get(id).cloned() else {
        return;
    };
    let code = Some(id.as_str());
    let ok = "Scan OK and put it aside.";
    match order.status {
        OrderStatus::Waiting => open(at, &order),
        OrderStatus::Parked => {
            let parked = at.state.parcels_of(id).find(|p| p.parked).cloned();
            match parked {
                Some(parcel) => resume(at, &parcel),
                None => open(at, &order),
            }
        }
        OrderStatus::Packing => {
            let other = at
                .state
                .parcels_of(id)
                .find(|p| p.is_open())
                .map(|p| p.place.to_string());
            let text = format!(
                "{} has this order open.",
                other.as_deref().unwrap_or("Another bench")
            );
            at.stop("order_elsewhere", code, &text, ok);
        }
        OrderStatus::Packed => at.stop("already_packed", code, "This order is already packed.", ok),
        OrderStatus::Cancelled => {
            let remedy = "Do not ship. Scan OK and put the goods back.";
            at.stop("order_cancelled", code, "This order was cancelled.", remedy);
        }
    }
}

/// Starts packing and opens the first, or the next missing, parcel.
fn open(at: &mut Desktop<'_>, order: &Order) {
    let fact = Fact::PackingStarted {
        order: order.id.clone(),
        version: order.version,
    };
    at.emit(order.id.as_str(), fact);
    open_parcel(at, order);
    if at.current_stop().is_some() {
        return;
    }
    at.say(true, format!("Order {} open", order.id));
    at.sound(Cue::ItemOk);
}

/// Opens the next parcel of an order at the current bench.
pub(super) fn open_parcel(at: &mut Desktop<'_>, order: &Order) -> ParcelId {
    let n = u32::try_from(at.state.parcels_of(&order.id).count()).unwrap_or(u32::MAX);
    let n = n.saturating_add(1);
    let count = at.state.counters.parcels.saturating_add(1);
    let parcel = ParcelId::new(format!("{}-{count:06}", at.state.station));
    let fact = Fact::ParcelOpened {
        parcel: parcel.clone(),
        order: order.id.clone(),
        n,
    };
    at.emit(parcel.as_str(), fact);
    exception::check_number(at, &parcel, order);
    parcel
}

pub(super) fn resume(at: &mut Desktop<'_>, parcel: &Parcel) {
    let order = parcel.order.clone();
    let fact = Fact::PackingResumed {
        order: order.clone(),
        parcel: parcel.id.clone(),
    };
    at.emit(parcel.id.as_str(), fact);
    at.say(true, format!("Order {order} resumed"));
    at.sound(Cue::ItemOk);
    exception::remind(at);
    weigh::try_capture(at);
    // Parked on a stop after its weight was taken: on with what the stop held up.
    if at.current_stop().is_none() {
        weigh::label_weighed(at);
    }
}

/// Item-first: the scanned article opens the oldest waiting order that needs it.
fn item_first(at: &mut Desktop<'_>, code: &str, items: &[Item]) {
    let wants = |o: &&Order| {
        o.status == OrderStatus::Waiting && items.iter().any(|i| left(at, o, &i.sku) > 0)
    };
    let Some(order) = at
        .state
        .orders
        .values()
        .filter(wants)
        .min_by_key(|o| o.pieces())
        .cloned()
    else {
        let remedy = "Scan OK and put the item back.";
        at.stop(
            "nobody_wants",
            Some(code),
            "No waiting order needs this item.",
            remedy,
        );
        return;
    };
    open(at, &order);
    let red = at.current_stop().is_some();
    if let Some(parcel) = at.parcel().filter(|_| !red).cloned() {
        with_parcel(at, &parcel, code, &Meaning::Items(items.to_vec()));
    }
}

/// Pieces of the article the order still needs.
fn left(at: &Desktop<'_>, order: &Order, sku: &Sku) -> u32 {
    let wanted: u32 = order
        .lines
        .iter()
        .filter(|l| &l.sku == sku)
        .map(|l| l.quantity)
        .sum();
    wanted.saturating_sub(at.state.pieces_done(&order.id, sku))
}

fn with_parcel(at: &mut Desktop<'_>, parcel: &Parcel, code: &str, meaning: &Meaning) {
    match (parcel.stage, meaning) {
        (Stage::Verifying, Meaning::Items(items)) => verify(at, parcel, code, items),
        (_, Meaning::Items(_)) => surplus(at, code),
        (_, Meaning::Order(id)) if id == &parcel.order => at.warn("This order is already open."),
        (_, Meaning::Order(_)) => {
            let remedy = "Finish the open one, or scan PARK.";
            at.stop(
                "second_order",
                Some(code),
                "Another order is still open.",
                remedy,
            );
        }
        (Stage::Labelling | Stage::ScanBack, _) => label::scan_back(at, parcel, code, meaning),
        (_, Meaning::Label { .. } | Meaning::Parcels(_)) => {
            let remedy = "Scan OK. Finish this parcel first.";
            at.stop(
                "unexpected_label",
                Some(code),
                "A label is not wanted now.",
                remedy,
            );
        }
        _ => unknown(at, code),
    }
}

fn surplus(at: &mut Desktop<'_>, code: &str) {
    let text = "Already complete: one too many.";
    at.stop("surplus", Some(code), text, "Put 1 back, then scan OK.");
}

fn verify(at: &mut Desktop<'_>, parcel: &Parcel, code: &str, items: &[Item]) {
    let Some(order) = at.state.orders.get(&parcel.order).cloned() else {
        return;
    };
    let ours: Vec<&Item> = items
        .iter()
        .filter(|i| order.lines.iter().any(|l| l.sku == i.sku))
        .collect();
    let open: Vec<&Item> = ours
        .iter()
        .copied()
        .filter(|i| left(at, &order, &i.sku) > 0)
        .collect();
    match (ours.as_slice(), open.as_slice()) {
        ([], _) => {
            let title = items.first().map_or("This item", |i| i.title.as_str());
            let text = format!("{title} is not in this order.");
            at.stop(
                "wrong_item",
                Some(code),
                &text,
                "Put it back. Scan a wanted item or OK.",
            );
        }
        (_, []) => surplus(at, code),
        (_, [item]) => verified(at, parcel, &order, code, item),
        _ => {
            let text = "Two wanted articles share this code.";
            at.stop(
                "ambiguous",
                Some(code),
                text,
                "Scan another code on the item.",
            );
        }
    }
}

fn verified(at: &mut Desktop<'_>, parcel: &Parcel, order: &Order, code: &str, item: &Item) {
    let fact = Fact::ItemVerified {
        parcel: parcel.id.clone(),
        sku: item.sku.clone(),
        code: code.to_owned(),
        mass: item.weight,
    };
    at.emit(parcel.id.as_str(), fact);
    let line_left = left(at, order, &item.sku);
    at.say(true, item.title.clone());
    at.sound(if line_left == 0 {
        Cue::LineComplete
    } else {
        Cue::ItemOk
    });
    if at.state.pieces_left(order) == 0 {
        let of = u32::try_from(at.state.parcels_of(&order.id).count()).ok();
        fill(at, &parcel.id, of);
    }
}

/// The parcel has all it will get: weight next. `of` is known for the order's last parcel.
pub(super) fn fill(at: &mut Desktop<'_>, parcel: &ParcelId, of: Option<u32>) {
    at.emit(
        parcel.as_str(),
        Fact::ParcelFilled {
            parcel: parcel.clone(),
            of,
        },
    );
    weigh::try_capture(at);
}

/// Whether a scan ends a red stop at a bench. Everything else is ignored while red.
pub(super) fn clears(at: &Desktop<'_>, stop: &Stop, code: &str, meaning: &Meaning) -> bool {
    use Control as C;
    let must_abort =
        matches!(stop.code.as_str(), "order_changed" | "order_cancelled") && at.parcel().is_some();
    let control = match meaning {
        Meaning::Control { control, .. } => Some(*control),
        _ => None,
    };
    if stop.code == "no_operator" {
        return matches!(meaning, Meaning::Badge(_)) || control == Some(C::Ok);
    }
    if control == Some(C::Ok) || (control == Some(C::Abort) && at.parcel().is_some()) {
        return true;
    }
    if must_abort {
        return false;
    }
    if exception::is_confirmable(&stop.code) {
        return control == Some(C::Park) || (control == Some(C::Reweigh) && is_weighing(at));
    }
    let stage = at.parcel().map(|p| p.stage);
    match (stage, meaning) {
        (Some(Stage::Verifying), Meaning::Items(items)) => at
            .parcel()
            .and_then(|p| at.state.orders.get(&p.order))
            .is_some_and(|o| items.iter().filter(|i| left(at, o, &i.sku) > 0).count() == 1),
        (Some(Stage::Verifying | Stage::Weighing), _) => match control {
            Some(C::Park) => true,
            Some(C::Reweigh) => stage == Some(Stage::Weighing),
            _ => false,
        },
        (Some(Stage::Labelling | Stage::ScanBack), _) => {
            let fits = at
                .parcel()
                .is_some_and(|p| label::is_right_label(at, p, code, meaning));
            fits || matches!(control, Some(C::Reprint | C::NoLabel | C::Destroyed))
        }
        (None, Meaning::Order(id)) => at
            .state
            .orders
            .get(id)
            .is_some_and(|o| o.status == OrderStatus::Waiting),
        _ => false,
    }
}

fn is_weighing(at: &Desktop<'_>) -> bool {
    at.parcel().is_some_and(|p| p.stage == Stage::Weighing)
}

/// OK was scanned on a stop: some stops have a consequence.
pub(super) fn after_ok(at: &mut Desktop<'_>, stop: &Stop) {
    let Some(place) = at.place.clone() else {
        return;
    };
    at.sound(Cue::ItemOk);
    match stop.code.as_str() {
        "order_cancelled" | "order_changed" if at.parcel().is_some() => {
            controls::abort(at, &stop.text.clone());
        }
        "weight_out_of_band" | "scale_over" | "scale_fault" | "unstable_weight" => {
            at.live.place(&place).empty_seen = None;
        }
        "no_carrier" | "no_number" => weigh::label_weighed(at),
        code if exception::is_confirmable(code) => {
            exception::confirmed(at, code);
            exception::remind(at);
            if at.current_stop().is_none() {
                weigh::label_weighed(at);
            }
        }
        measure::STOP => measure::waive(at),
        rate::STOP => weigh::label_confirmed(at),
        _ => {}
    }
    at.live.place(&place).pending = None::<Pending>;
}
