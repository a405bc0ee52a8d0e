//! The loop: inputs -> reducer -> commit -> effects; and the one handle others hold.

pub mod api;
pub mod clock;
pub mod core;
pub mod handle;
pub mod hands;
mod journey;
pub mod labels;
mod look;
pub mod mark;
pub mod metrics;
pub mod numbers;
mod previews;
mod submit;
