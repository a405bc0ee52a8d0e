//! Taking numbers: for a parcel, by hand, and the blocks a station may take them from.
//!
//! A parcel's key is carrier, number and the carrier's window, never the number alone: two carriers
//! may have the same number on the way at once, and one carrier has it again after its window.

use super::desk::{Refusal, Stock};
use super::event::Fact;
use super::ids::ParcelId;
use super::order::{Order, OrderStatus};
use super::parcel::{Assignment, Number, Parcel};
use super::scan::forms;
use super::serials;
use super::state::{CodeRef, Lease, State, normal};
use super::step::{Desktop, Reply};
use crate::content::tracking;

/// Numbers tried until one is free; each taken one is burnt.
const NUMBER_TRIES_MAX: u32 = 20;
/// Numbers given out by hand at once.
pub const ISSUED_MAX: u32 = 1000;
/// Blocks of one range.
const LEASES_MAX: usize = 200;
const DAY_MS: i64 = 86_400_000;
/// Subject of what was issued by hand, if it has no range.
const MANUAL: &str = "manual";

/// The next number that nothing of the carrier bears; taken ones are burnt.
pub(super) fn free_number(
    at: &mut Desktop<'_>,
    parcel: &ParcelId,
    assignment: &Assignment,
) -> Result<Number, Refusal> {
    let (carrier, service) = (&assignment.carrier, &assignment.service);
    for _ in 0..NUMBER_TRIES_MAX {
        let number = next(at, carrier, service)?;
        let Some(bearer) = bearer(at.state, carrier, &number.tracking_number) else {
            return Ok(number);
        };
        let id = parcel.as_str();
        let allocated = Fact::NumberAllocated {
            parcel: parcel.clone(),
            carrier: carrier.clone(),
            number: number.clone(),
        };
        at.emit(id, allocated);
        let burnt = Fact::NumberBurnt {
            parcel: parcel.clone(),
            number,
            reason: format!("already on {bearer}"),
        };
        at.emit(id, burnt);
    }
    let text = "The number range is full of used numbers.".to_owned();
    let remedy = "Call the supervisor: the carrier's range needs a new block.".to_owned();
    Err(Refusal { text, remedy })
}

/// The desk's next number. If it is the last but the reserve, that is said once.
fn next(at: &mut Desktop<'_>, carrier: &str, service: &str) -> Result<Number, Refusal> {
    let now = at.stamp.wall;
    let number = at.desk.number(carrier, service, &at.state.counters, now)?;
    let range = number.range.as_deref().unwrap_or_default();
    let Some(stock) = stock(at, range) else {
        return Ok(number);
    };
    let left = stock.left.saturating_sub(1);
    if stock.left > stock.low_at && left <= stock.low_at {
        let fact = Fact::NumberRanLow {
            carrier: carrier.to_owned(),
            range: range.to_owned(),
            left,
        };
        at.emit(range, fact);
    }
    Ok(number)
}

fn stock(at: &Desktop<'_>, range: &str) -> Option<Stock> {
    let all = at.desk.stock(&at.state.counters, at.stamp.wall);
    all.into_iter().find(|row| row.range == range)
}

/// What has a number of a carrier already, in words. A code that means something else here counts
/// too: its scan would mislead.
fn bearer(state: &State, carrier: &str, number: &str) -> Option<String> {
    let forms = forms(number);
    let targets = forms.iter().flat_map(|form| state.by_code(form));
    let mut told = targets.filter_map(|target| match target {
        CodeRef::Parcel(id) => {
            let parcel = state.parcels.get(id)?;
            bears(parcel, carrier, number).then(|| format!("parcel {id}"))
        }
        CodeRef::Order(id) => Some(format!("order {id}")),
        CodeRef::Handover(id) => Some(format!("handover {id}")),
    });
    told.next().or_else(|| {
        Some(format!(
            "order {}",
            promised(state, carrier, number).next()?.id
        ))
    })
}

fn bears(parcel: &Parcel, carrier: &str, number: &str) -> bool {
    let is_carriers = parcel
        .assignment
        .as_ref()
        .is_some_and(|a| a.carrier == carrier);
    is_carriers
        && parcel
            .tracking_number()
            .is_some_and(|own| is_same(own, number))
}

fn is_same(one: &str, other: &str) -> bool {
    normal(one) == normal(other) || tracking::is_same(one, other)
}

/// Orders whose own label has a number of a carrier.
fn promised<'a>(
    state: &'a State,
    carrier: &'a str,
    number: &'a str,
) -> impl Iterator<Item = &'a Order> {
    let has = move |order: &&Order| {
        let label = order.carrier_label.as_ref();
        order.status != OrderStatus::Cancelled
            && label.is_some_and(|l| l.carrier == carrier && l.tracking_number == number)
    };
    state.orders.values().filter(has)
}

/// Why the number an order brings cannot be taken: another parcel or order has it, or had it within
/// the carrier's window.
pub(super) fn clash(at: &Desktop<'_>, order: &Order) -> Option<String> {
    let label = order.carrier_label.as_ref()?;
    let (carrier, number) = (&label.carrier, &label.tracking_number);
    let name = at.desk.carrier(carrier).map_or(carrier.clone(), |c| c.name);
    let is_other = |p: &Parcel| p.order != order.id && bears(p, carrier, number);
    let forms = forms(number);
    let live = forms.iter().flat_map(|form| at.state.by_code(form));
    let parcel = live
        .filter_map(|target| match target {
            CodeRef::Parcel(id) => at.state.parcels.get(id),
            CodeRef::Order(_) | CodeRef::Handover(_) => None,
        })
        .find(|p| is_other(p));
    if let Some(parcel) = parcel {
        let (id, owner) = (&parcel.id, &parcel.order);
        return Some(told(number, &format!("is on parcel {id} of order {owner}")));
    }
    if let Some(other) = promised(at.state, carrier, number).find(|o| o.id != order.id) {
        return Some(told(
            number,
            &format!("is on the label of order {}", other.id),
        ));
    }
    let days = at.desk.reuse_days(carrier);
    let window_ms = i64::from(days) * DAY_MS;
    let shipped = |p: &Parcel| p.first_scan.as_ref().map_or(p.opened_at, |scan| scan.at);
    let recent = at.looked.parcels.iter().find(|p| {
        let since_ms = at.stamp.wall.unix_ms.saturating_sub(shipped(p).unix_ms);
        is_other(p) && since_ms < window_ms
    })?;
    let when = shipped(recent).date();
    Some(told(
        number,
        &format!(
            "was on parcel {} on {when}, and {name} has no number twice within {days} days",
            recent.id
        ),
    ))
}

fn told(number: &str, what: &str) -> String {
    format!(
        "carrier_label.tracking_number: {number} {what}: send this order with a label of its own, \
         or cancel the other one first"
    )
}

/// Numbers given out by hand: recorded one by one, answered together.
pub(super) fn issue(at: &mut Desktop<'_>, carrier: &str, service: &str, count: u32) {
    let mut numbers = Vec::new();
    let mut refusal = None;
    let mut taken = 0;
    for _ in 0..count.min(ISSUED_MAX) {
        let found = loop {
            match next(at, carrier, service) {
                Err(why) => break Err(why),
                Ok(number) => {
                    let withheld = bearer(at.state, carrier, &number.tracking_number);
                    let is_free = withheld.is_none();
                    note_issued(at, carrier, service, &number, withheld);
                    if is_free {
                        break Ok(number);
                    }
                }
            }
            taken += 1;
            if taken >= NUMBER_TRIES_MAX {
                let text = "the number range is full of used numbers".to_owned();
                let remedy = "ask the carrier for a new range".to_owned();
                break Err(Refusal { text, remedy });
            }
        };
        match found {
            Ok(number) => numbers.push(number),
            Err(why) => {
                refusal = Some(why.to_string());
                break;
            }
        }
    }
    at.reply(Reply::Numbers { numbers, refusal });
}

fn note_issued(
    at: &mut Desktop<'_>,
    carrier: &str,
    service: &str,
    number: &Number,
    bearer: Option<String>,
) {
    let fact = Fact::NumberIssued {
        carrier: carrier.to_owned(),
        service: service.to_owned(),
        number: number.clone(),
        withheld: bearer.map(|bearer| format!("already on {bearer}")),
    };
    at.emit(number.range.as_deref().unwrap_or(MANUAL), fact);
}

/// A block of a shared range for this station.
pub(super) fn lease(at: &mut Desktop<'_>, range: &str, block: Lease) {
    let Some(stock) = stock(at, range) else {
        at.reply(Reply::Unknown);
        return;
    };
    if let Some(objection) = objection(at, &stock, block) {
        at.reply(Reply::Conflict(objection));
        return;
    }
    let fact = Fact::NumberLeased {
        range: range.to_owned(),
        first: block.first,
        last: block.last,
    };
    at.emit(range, fact);
    at.reply(Reply::Leased);
}

fn objection(at: &Desktop<'_>, stock: &Stock, block: Lease) -> Option<String> {
    let Lease { first, last } = block;
    let range = &stock.range;
    if !stock.shared {
        let remedy = "write shared = true into its table if other stations use it too";
        return Some(format!("range {range} is this station's alone: {remedy}"));
    }
    if first > last {
        return Some(format!("{first} is after {last}: exchange the two"));
    }
    if first < stock.first || last > stock.last {
        return Some(format!(
            "{first} to {last} is not within range {range}: give serials from {} to {}",
            stock.first, stock.last
        ));
    }
    let meets = |own: &&Lease| own.first <= last && first <= own.last;
    if let Some(own) = stock.leases.iter().find(meets) {
        return Some(format!(
            "this station has {} to {} of {range} already: give a block beside it",
            own.first, own.last
        ));
    }
    if serials::is_touched(&at.state.counters, range, block) {
        let remedy = "give a block nobody used";
        return Some(format!(
            "this station used numbers of {range} between {first} and {last}: {remedy}"
        ));
    }
    (stock.leases.len() >= LEASES_MAX).then(|| {
        format!("this station has {LEASES_MAX} blocks of {range}: give it larger ones next time")
    })
}
