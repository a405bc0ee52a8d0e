//! Orders, parcels, label jobs, handovers, events, and the reducer.
//!
//! Constraints: no I/O, no clock, no randomness that is not an argument; nothing here awaits.
//! `decide` turns an input into facts and effects; `apply` is the only way state changes;
//! `view` turns state into the one document every screen shows.

pub mod change;
pub mod desk;
pub mod effect;
pub mod event;
pub mod handover;
pub mod ids;
pub mod input;
pub mod job;
pub mod order;
pub mod parcel;
pub mod place;
pub mod time;
pub mod view;

pub use effect::{Cue, Effect};
pub use event::{Clock, Event, Fact};
pub use ids::{DeviceId, HandoverId, JobId, OperatorId, OrderId, ParcelId, PlaceId, Sku};
pub use input::{Input, InputKind};
pub use time::{Instant, Stamp, Wall};
