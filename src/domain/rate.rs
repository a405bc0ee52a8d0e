//! Rating a parcel: the service weight and size lead to, beside the one that was planned from what
//! should be in the box. What changed between the two is said in words before the label prints.

use super::desk::{AssignRequest, BoxType, Extent, Refusal};
use super::order::Order;
use super::parcel::{Assignment, Parcel, SizeCapture, WeightCapture};
use super::step::Desktop;
use super::weigh;

/// Stop of a changed service that waits for the packer's OK.
pub(super) const STOP: &str = "service_changed";

/// The service for a parcel as weighed and, where it can be, measured.
pub(super) fn assign(
    at: &Desktop<'_>,
    parcel: &Parcel,
    order: &Order,
    weight: &WeightCapture,
) -> Result<Assignment, Refusal> {
    let boxed = box_size(at, parcel);
    let request = AssignRequest {
        size: parcel.size.as_ref().map(SizeCapture::extent).or(boxed),
        ..AssignRequest::of(order, weight.mass, at.stamp.wall)
    };
    let mut assignment = at.desk.assign(&request)?;
    assignment.changed = changed(at, parcel, &request, boxed, weight, &assignment);
    Ok(assignment)
}

/// What differs from the plan; `None` without an expected weight to plan by.
fn changed(
    at: &Desktop<'_>,
    parcel: &Parcel,
    request: &AssignRequest<'_>,
    boxed: Option<Extent>,
    weight: &WeightCapture,
    now: &Assignment,
) -> Option<String> {
    let mass = weigh::band(at, parcel)?.expected;
    let by_content = AssignRequest {
        mass,
        size: boxed,
        ..request.clone()
    };
    let (is, named) = (found(weight, parcel.size.as_ref()), named(now));
    let Ok(planned) = at.desk.assign(&by_content) else {
        return Some(format!(
            "No carrier was planned for {mass}. It {is}: {named}."
        ));
    };
    if (&planned.carrier, &planned.service) != (&now.carrier, &now.service) {
        let was = self::named(&planned);
        return Some(
            match at.desk.admits(&planned.carrier, &planned.service, request) {
                Err(Refusal { text, .. }) => format!("Planned: {text} Now: {named}."),
                Ok(()) => format!("Planned: {was} for {mass}. It {is}: {named}."),
            },
        );
    }
    let more = missing(&now.surcharges, &planned.surcharges);
    let less = missing(&planned.surcharges, &now.surcharges);
    match (more.as_str(), less.as_str()) {
        ("", "") => None,
        ("", less) => Some(format!(
            "{named} was planned with {less}. It {is}: not charged."
        )),
        (more, _) => Some(format!(
            "{named} was planned without {more}. It {is}: charged."
        )),
    }
}

fn named(assignment: &Assignment) -> String {
    format!("{} {}", assignment.carrier_name, assignment.service_name)
}

/// What is in the first list only.
fn missing(list: &[String], other: &[String]) -> String {
    let only: Vec<&str> = list
        .iter()
        .filter(|entry| !other.contains(entry))
        .map(String::as_str)
        .collect();
    only.join(" and ")
}

/// Such as `weighs 6.20 kg and measures 400 x 300 x 200 mm`.
fn found(weight: &WeightCapture, size: Option<&SizeCapture>) -> String {
    let weighs = format!("weighs {} {}", weight.decimal, weight.unit);
    let Some(size) = size.map(SizeCapture::extent) else {
        return weighs;
    };
    let edges = [size.length, size.width, size.height].map(|edge| edge.um() / 1000);
    let [length, width, height] = edges;
    format!("{weighs} and measures {length} x {width} x {height} mm")
}

/// Of the box that was chosen, or the site's usual one.
fn box_size(at: &Desktop<'_>, parcel: &Parcel) -> Option<Extent> {
    let id = parcel
        .box_type
        .as_deref()
        .or(at.rules.default_box.as_deref())?;
    at.desk.box_type(id).and_then(|BoxType { size, .. }| size)
}
