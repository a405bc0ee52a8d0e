//! Dimensions as evidence. A bench with a dimensioner at work waits for a size before it asks for
//! the label; a dimensioner that is away holds nobody up, and one that cannot measure a parcel is
//! passed over by the packer's word, which is recorded.

use super::effect::Effect;
use super::event::Fact;
use super::ids::DeviceId;
use super::parcel::{Parcel, SizeCapture, Stage};
use super::step::Desktop;
use super::weigh;
use firstscan_drivers::length::SizeReading;

/// Its name in the places' device list.
pub(super) const ROLE: &str = "dimensioner";
/// Stop of a parcel that cannot be measured.
pub(super) const STOP: &str = "size_unmeasurable";

/// A reading of the place's dimensioner.
pub(super) fn size(at: &mut Desktop<'_>, device: &DeviceId, reading: &SizeReading, raw: &str) {
    let Some(parcel) = at.parcel().cloned() else {
        return;
    };
    if parcel.stage != Stage::Weighing || parcel.size.is_some() {
        return;
    }
    let stop = at.current_stop().map(|s| s.code.clone());
    if stop.as_deref().is_some_and(|code| code != STOP) {
        return;
    }
    let flags = reading.flags;
    let trouble = if flags.over {
        Some("The parcel is too large to be measured.")
    } else if flags.under {
        Some("The parcel is too small to be measured.")
    } else if flags.fault {
        Some("The dimensioner could not measure the parcel.")
    } else {
        None
    };
    if let Some(text) = trouble {
        if stop.is_none() {
            let remedy = "Lay it flat and measure again, or scan OK to go on without a size.";
            at.stop(STOP, None, text, remedy);
        }
        return;
    }
    let (Some(length), Some(width), Some(height)) = (reading.length, reading.width, reading.height)
    else {
        return;
    };
    if stop.is_some() {
        at.clear_stop("the size is known");
    }
    let size = SizeCapture {
        length_um: length.um(),
        width_um: width.um(),
        height_um: height.um(),
        low_precision: flags.low_precision,
        legal_for_trade: reading.legal_for_trade,
        dimensioner: device.to_string(),
        raw: raw.to_owned(),
    };
    let fact = Fact::ParcelMeasured {
        parcel: parcel.id.clone(),
        size,
    };
    at.emit(parcel.id.as_str(), fact);
    weigh::label_weighed(at);
}

/// Whether the label has to wait for a size.
pub(super) fn awaited(at: &Desktop<'_>, parcel: &Parcel) -> bool {
    let device = at
        .place
        .as_ref()
        .and_then(|place| at.live.places.get(place))
        .and_then(|live| live.devices.get(ROLE));
    parcel.size.is_none() && !parcel.size_waived && device.is_some_and(|state| state == "ok")
}

/// Asks the dimensioner; one that measures by itself takes no notice.
pub(super) fn ask(at: &mut Desktop<'_>) {
    if let Some(place) = at.place.clone() {
        at.effect(Effect::Measure { place });
    }
}

/// The dimensioner came, went, or changed its state.
pub(super) fn device_changed(at: &mut Desktop<'_>) {
    let weighed = at
        .parcel()
        .is_some_and(|p| p.stage == Stage::Weighing && p.weight.is_some());
    if weighed && at.current_stop().is_none() {
        weigh::label_weighed(at);
    }
}

/// The packer goes on without a size.
pub(super) fn waive(at: &mut Desktop<'_>) {
    let Some(parcel) = at.parcel().map(|p| p.id.clone()) else {
        return;
    };
    let fact = Fact::SizeWaived {
        parcel: parcel.clone(),
    };
    at.emit(parcel.as_str(), fact);
    weigh::label_weighed(at);
}
