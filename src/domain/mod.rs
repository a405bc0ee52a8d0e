//! Orders, parcels, label jobs, handovers, events, and the reducer.
//!
//! Constraints: no I/O, no clock, no randomness that is not an argument; nothing here awaits.
//! `decide` turns an input into facts and effects; `apply` is the only way state changes;
//! `view` turns state into the one document every screen shows.

mod apply;
mod bench;
pub mod change;
mod controls;
pub mod desk;
mod dock;
pub mod effect;
pub mod event;
pub mod exception;
mod gate;
pub mod handover;
pub mod ids;
pub mod input;
pub mod job;
mod journey;
mod label;
pub mod live;
mod measure;
pub mod money;
mod numbers;
pub mod order;
mod orders;
pub mod parcel;
pub mod place;
mod rate;
mod reading;
pub mod rules;
pub mod scan;
pub mod screen;
pub mod serials;
pub mod state;
pub mod step;
pub mod time;
pub mod view;
mod weigh;

pub use desk::Desk;
pub use effect::{Cue, Effect};
pub use event::{Clock, Event, Fact};
pub use ids::{DeviceId, HandoverId, JobId, OperatorId, OrderId, ParcelId, PlaceId, Sku};
pub use input::{Input, InputKind};
pub use live::Live;
pub use numbers::ISSUED_MAX;
pub use rules::Rules;
pub use state::State;
pub use step::{Looked, Step, step};
pub use time::{Instant, Stamp, Wall};
