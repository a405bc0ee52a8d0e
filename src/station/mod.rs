//! The loop: inputs -> reducer -> commit -> effects; and the one handle others hold.

pub mod api;
