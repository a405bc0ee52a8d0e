//! What codes mean: check digits, tracking numbers, GS1 data, control codes, addresses. Pure.
//!
//! Constraints: no I/O and no clock; every function takes hostile text and never panics.

pub mod address;
pub mod check_digit;
pub mod control;
pub mod country;
pub mod gs1;
pub mod lint;
pub mod postcode;
pub mod script;
pub mod tracking;
pub mod weight;
