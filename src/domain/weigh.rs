//! Weight as evidence: stable, fresh, from a platform that was empty since the last parcel, and
//! within the band the content predicts.

use super::desk::Refusal;
use super::effect::{Cue, Effect};
use super::event::Fact;
use super::exception;
use super::ids::{DeviceId, JobId, ParcelId};
use super::live::Weighing;
use super::measure;
use super::numbers::free_number;
use super::order::{CarrierLabel, Order};
use super::parcel::{Assignment, Band, Number, Parcel, Stage, WeightCapture};
use super::rate;
use super::step::Desktop;
use firstscan_drivers::mass::{Mass, MassReading};

/// Stops a good weight may end by itself.
const WEIGHT_STOPS: [&str; 4] = [
    "weight_out_of_band",
    "scale_over",
    "scale_fault",
    "unstable_weight",
];

pub(super) fn mass(at: &mut Desktop<'_>, device: &DeviceId, reading: &MassReading, raw: &str) {
    let Some(place) = at.place.clone() else {
        return;
    };
    let empty_max = at.rules.empty_max;
    let live = at.live.place(&place);
    let is_empty = reading.mass.is_some_and(|m| m <= empty_max) && reading.flags.stable;
    if is_empty && live.empty_seen.is_none() {
        live.empty_seen = Some(raw.to_owned());
    }
    live.weighing = Some(Weighing {
        device: device.clone(),
        reading: reading.clone(),
        raw: raw.to_owned(),
        at: at.stamp.mono,
    });
    try_capture(at);
}

/// Takes the weight if everything is right; raises a stop if it is surely wrong.
pub(super) fn try_capture(at: &mut Desktop<'_>) {
    let Some(place) = at.place.clone() else {
        return;
    };
    let Some(parcel) = at.parcel().cloned() else {
        return;
    };
    if parcel.stage != Stage::Weighing || parcel.weight.is_some() {
        return;
    }
    let stop = at.current_stop().map(|s| s.code.clone());
    if stop
        .as_deref()
        .is_some_and(|code| !WEIGHT_STOPS.contains(&code))
    {
        return;
    }
    let Some(weighing) = at.live.place(&place).weighing.clone() else {
        return;
    };
    if at.stamp.mono.since_ms(weighing.at) > at.rules.reading_age_ms_max {
        return;
    }
    let flags = weighing.reading.flags;
    if flags.over || flags.fault {
        let (code, text) = if flags.over {
            ("scale_over", "The scale is overloaded.")
        } else {
            ("scale_fault", "The scale reports a fault.")
        };
        if stop.is_none() {
            at.stop(code, None, text, "Take the parcel off and put it on again.");
        }
        return;
    }
    let (Some(mass), true) = (weighing.reading.mass, flags.stable && !flags.under) else {
        return;
    };
    let Some(empty_before) = at.live.place(&place).empty_seen.clone() else {
        return;
    };
    if mass <= at.rules.empty_max {
        return;
    }
    let band = band(at, &parcel);
    if band.is_some_and(|b| mass < b.min || mass > b.max) {
        if stop.is_none() {
            out_of_band(at, &parcel, mass, band);
        }
        return;
    }
    if stop.is_some() {
        at.clear_stop("weight is right");
    }
    capture(at, &parcel, &weighing, mass, empty_before, band);
}

fn capture(
    at: &mut Desktop<'_>,
    parcel: &Parcel,
    weighing: &Weighing,
    mass: Mass,
    empty_before: String,
    band: Option<Band>,
) {
    let decimal = weighing
        .reading
        .decimal
        .map(|d| d.to_string())
        .unwrap_or_default();
    let weight = WeightCapture {
        mass,
        decimal,
        unit: weighing
            .reading
            .unit
            .map(|u| u.symbol().to_owned())
            .unwrap_or_default(),
        stable: true,
        age_ms: at.stamp.mono.since_ms(weighing.at),
        scale: weighing.device.to_string(),
        raw: weighing.raw.clone(),
        empty_before,
    };
    if let Some(place) = at.place.clone() {
        let live = at.live.place(&place);
        live.empty_seen = None;
        live.moving_since = None;
    }
    let fact = Fact::ParcelWeighed {
        parcel: parcel.id.clone(),
        weight,
        band,
    };
    at.emit(parcel.id.as_str(), fact);
    label_weighed(at);
}

/// The expected weight of the parcel with its box, and the tolerance around it.
pub(super) fn band(at: &Desktop<'_>, parcel: &Parcel) -> Option<Band> {
    band_of(parcel, at.rules, at.desk)
}

/// As [`band`], for the screen.
pub(super) fn band_of(
    parcel: &Parcel,
    rules: &super::rules::Rules,
    desk: &dyn super::desk::Desk,
) -> Option<Band> {
    let items = parcel.items_mass?;
    let box_id = parcel.box_type.as_deref().or(rules.default_box.as_deref());
    let tare = match box_id {
        Some(id) => desk.box_type(id)?.tare,
        None => Mass::from_ng(0),
    };
    let expected = items.checked_add(tare)?;
    let share = expected.ng() / 1000 * i64::from(rules.band_permille);
    let slack = Mass::from_ng(share.max(rules.band_abs.ng()));
    Some(Band {
        min: expected.checked_sub(slack)?,
        expected,
        max: expected.checked_add(slack)?,
    })
}

fn out_of_band(at: &mut Desktop<'_>, parcel: &Parcel, mass: Mass, band: Option<Band>) {
    let Some(band) = band else { return };
    let off_g = (mass.ng() - band.expected.ng()) / 1_000_000_000;
    let word = if off_g < 0 { "light" } else { "heavy" };
    let hint = suspect(at, parcel, off_g)
        .map(|t| format!(" About one {t}."))
        .unwrap_or_default();
    let text = format!("The parcel is {} g too {word}.{hint}", off_g.abs());
    let remedy = "Check the content. It clears when the weight is right.";
    at.stop("weight_out_of_band", None, &text, remedy);
}

/// The article whose single weight explains the difference best, if one does.
fn suspect(at: &Desktop<'_>, parcel: &Parcel, off_g: i64) -> Option<String> {
    let order = at.state.orders.get(&parcel.order)?;
    let gap = |mass: Mass| (mass.ng() / 1_000_000_000 - off_g.abs()).abs();
    let pieces = parcel.trail.iter().zip(&parcel.piece_masses);
    let (sku, mass) = pieces
        .filter_map(|(s, m)| Some((s, (*m)?)))
        .min_by_key(|(_, m)| gap(*m))?;
    let close = gap(mass) <= at.rules.band_abs.ng() / 1_000_000_000;
    let line = order.lines.iter().find(|l| &l.sku == sku)?;
    close.then(|| line.title.clone())
}

/// A weighed (and, where it can be, measured) parcel gets carrier, number and label, in one commit.
pub(super) fn label_weighed(at: &mut Desktop<'_>) {
    label(at, false);
}

/// The packer saw that weight or size changed the service.
pub(super) fn label_confirmed(at: &mut Desktop<'_>) {
    label(at, true);
}

fn label(at: &mut Desktop<'_>, confirmed: bool) {
    let Some(parcel) = at.parcel().cloned() else {
        return;
    };
    let (Stage::Weighing, Some(weight)) = (parcel.stage, parcel.weight.clone()) else {
        return;
    };
    if measure::awaited(at, &parcel) {
        measure::ask(at);
        return;
    }
    let Some(order) = at.state.orders.get(&parcel.order).cloned() else {
        return;
    };
    if exception::is_over_limit(at, &parcel, &order) {
        return;
    }
    let assignment = match assignment(at, &parcel, &order, &weight) {
        Ok(assignment) => assignment,
        Err(refusal) => {
            at.stop("no_carrier", None, &refusal.text, &refusal.remedy);
            return;
        }
    };
    let changed = assignment.changed.clone();
    if let Some(changed) = changed
        .as_ref()
        .filter(|_| at.rules.confirm_rerate && !confirmed)
    {
        let remedy = "Scan OK to label it so, or REWEIGH.";
        at.stop(rate::STOP, None, changed, remedy);
        return;
    }
    let number = match number(at, &parcel, &order, &assignment) {
        Ok(number) => number,
        Err(refusal) => {
            at.stop("no_number", None, &refusal.text, &refusal.remedy);
            return;
        }
    };
    let carrier = assignment.carrier.clone();
    let id = parcel.id.clone();
    at.emit(
        id.as_str(),
        Fact::ParcelAssigned {
            parcel: id.clone(),
            assignment,
        },
    );
    at.emit(
        id.as_str(),
        Fact::NumberAllocated {
            parcel: id.clone(),
            carrier,
            number,
        },
    );
    if let Some(changed) = changed {
        at.say(true, changed);
        at.sound(Cue::Warn);
    }
    request_label(at, &id, None);
}

/// The order's own carrier label, for its first parcel.
fn given<'a>(parcel: &Parcel, order: &'a Order) -> Option<&'a CarrierLabel> {
    order.carrier_label.as_ref().filter(|_| parcel.n == 1)
}

fn assignment(
    at: &Desktop<'_>,
    parcel: &Parcel,
    order: &Order,
    weight: &WeightCapture,
) -> Result<Assignment, Refusal> {
    let Some(given) = given(parcel, order) else {
        return rate::assign(at, parcel, order, weight);
    };
    let name = at
        .desk
        .carrier(&given.carrier)
        .map_or(given.carrier.clone(), |c| c.name);
    Ok(Assignment {
        carrier: given.carrier.clone(),
        carrier_name: name,
        service: given.service.clone(),
        service_name: given.service.clone(),
        template: String::new(),
        reason: "the order came with its carrier label".into(),
        cost: None,
        surcharges: Vec::new(),
        billable: None,
        changed: None,
    })
}

fn number(
    at: &mut Desktop<'_>,
    parcel: &Parcel,
    order: &Order,
    assignment: &Assignment,
) -> Result<Number, Refusal> {
    let Some(given) = given(parcel, order) else {
        return free_number(at, &parcel.id, assignment);
    };
    Ok(Number::given(&given.tracking_number))
}

/// A new label job for the parcel.
pub(super) fn request_label(at: &mut Desktop<'_>, parcel: &ParcelId, reason: Option<String>) {
    let copy = at.state.parcels.get(parcel).map_or(0, |p| p.jobs.len());
    let copy = u32::try_from(copy).unwrap_or(u32::MAX);
    let job = JobId::new(format!("{parcel}.{copy}"));
    let fact = Fact::LabelRequested {
        job: job.clone(),
        parcel: parcel.clone(),
        copy,
        reason,
    };
    at.emit(parcel.as_str(), fact);
    at.effect(Effect::Render {
        job,
        parcel: parcel.clone(),
    });
}

/// Called every tick for each bench: a scale that never rests is said, not waited for.
pub(super) fn watch(at: &mut Desktop<'_>) {
    let Some(place) = at.place.clone() else {
        return;
    };
    let wanted = at
        .parcel()
        .is_some_and(|p| p.stage == Stage::Weighing && p.weight.is_none());
    let now = at.stamp.mono;
    let limit_ms = at.rules.unstable_ms_max;
    let live = at.live.place(&place);
    let moving = live
        .weighing
        .as_ref()
        .is_some_and(|w| w.reading.flags.motion);
    if !wanted || !moving {
        live.moving_since = None;
        return;
    }
    let since = *live.moving_since.get_or_insert(now);
    if now.since_ms(since) >= limit_ms && at.current_stop().is_none() {
        let text = "The weight does not come to rest.";
        at.stop(
            "unstable_weight",
            None,
            text,
            "Hands off. Nothing may touch the parcel.",
        );
    }
}
