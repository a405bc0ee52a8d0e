//! What codes mean: check digits, tracking-number formats, control codes, addresses. Pure.

pub mod control;
