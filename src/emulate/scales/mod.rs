//! Emulated scales and dimensioners of every class, each a sans-IO [`DeviceModel`] for pty, TCP or
//! USB/IP. Faults of the line are the link's business (`fault`); what goes wrong inside a device
//! (overload, motion, a refused measurement, an answer that is no JSON) is the model's.
//!
//! | model | profiles |
//! |---|---|
//! | [`Toledo8217`] | codec `toledo-8217` |
//! | [`lines::LineScale`] | codec `framed`: MT-SICS, NCI, A&D and so on, by their patterns |
//! | [`continuous::ContinuousScale`] | codec `toledo-continuous` |
//! | [`handshake::Handshake`] | codecs `cas-enq`, `dibal` |
//! | [`hid::HidScale`] | codec `hid-scale`, whole reports |
//! | [`cubiscan::CubiScan`], [`http::HttpDimensioner`] | dimensioners |

pub mod continuous;
pub mod cubiscan;
pub mod handshake;
pub mod hid;
pub mod http;
pub mod lines;
pub mod platform;
#[cfg(test)]
mod tests;

use super::model::DeviceModel;
use super::scale::{Display, ScaleSettings, Toledo8217};
use firstscan_drivers::mass::Unit;
use firstscan_drivers::profile::{Kind, Profile};
use firstscan_drivers::registry;
use platform::Platform;
use std::ops::{Deref, DerefMut};

/// A scale, whatever it speaks: its platform can be loaded, shaken and broken.
pub trait EmulatedScale: DeviceModel {
    /// Its physics.
    fn platform(&self) -> &Platform;
    /// Its physics, to change them.
    fn platform_mut(&mut self) -> &mut Platform;
}

/// The model of a scale's profile; `None` if the profile is of no scale, or of a class that only
/// talks in a way no emulation knows yet.
pub fn scale(profile: &Profile) -> Option<AnyScale> {
    if profile.kind != Kind::Scale {
        return None;
    }
    let unit = profile.unit?;
    let model: Box<dyn EmulatedScale> = match profile.codec.as_str() {
        "toledo-8217" => Box::new(Toledo8217::new(ScaleSettings {
            display: if unit == Unit::Pound {
                Display::Pound
            } else {
                Display::Kilogram
            },
            ..ScaleSettings::default()
        })),
        "toledo-continuous" => Box::new(continuous::ContinuousScale::new(
            unit,
            profile.scale.checksum,
        )),
        "framed" => Box::new(lines::LineScale::new(profile)?),
        "hid-scale" => Box::new(hid::HidScale::new(unit)),
        "cas-enq" => Box::new(handshake::Handshake::cas(
            unit,
            profile.scale.checksum_start,
        )),
        "dibal" => Box::new(handshake::Handshake::dibal()),
        _ => return None,
    };
    Some(AnyScale(model))
}

/// The model of the profile of this id, as `demo --scale ID` names it.
pub fn scale_by_id(id: &str) -> Option<AnyScale> {
    registry::profile(id).and_then(scale)
}

/// Any of the models, as one type for the transports.
pub struct AnyScale(Box<dyn EmulatedScale>);

impl std::fmt::Debug for AnyScale {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("AnyScale").field(self.0.platform()).finish()
    }
}

impl Deref for AnyScale {
    type Target = Platform;

    fn deref(&self) -> &Platform {
        self.0.platform()
    }
}

impl DerefMut for AnyScale {
    fn deref_mut(&mut self) -> &mut Platform {
        self.0.platform_mut()
    }
}

impl DeviceModel for AnyScale {
    fn receive(&mut self, now_ms: u64, bytes: &[u8]) {
        self.0.receive(now_ms, bytes);
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.0.poll_transmit()
    }

    fn poll_timeout(&self) -> Option<u64> {
        self.0.poll_timeout()
    }

    fn handle_timeout(&mut self, now_ms: u64) {
        self.0.handle_timeout(now_ms);
    }

    fn room(&self) -> usize {
        self.0.room()
    }

    fn poll_disconnect(&mut self) -> bool {
        self.0.poll_disconnect()
    }

    fn reachable(&self) -> bool {
        self.0.reachable()
    }

    fn disconnected(&mut self, now_ms: u64) {
        self.0.disconnected(now_ms);
    }
}
