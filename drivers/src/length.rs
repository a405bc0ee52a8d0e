//! Exact length: micrometres in an `i64`, and what a dimensioner reports.

use serde::{Deserialize, Serialize};

/// A length in micrometres.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Length(i64);

impl Length {
    /// From micrometres.
    pub const fn from_um(um: i64) -> Self {
        Length(um)
    }

    /// From whole millimetres; beyond the range it saturates.
    pub const fn from_mm(mm: i64) -> Self {
        Length(mm.saturating_mul(1000))
    }

    /// Micrometres.
    pub const fn um(self) -> i64 {
        self.0
    }
}

/// What a dimensioner says about a measurement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools)]
pub struct SizeFlags {
    pub over: bool,
    pub under: bool,
    pub low_precision: bool,
    pub fault: bool,
}

/// A measurement; a dimension with a range flag is absent, not a number.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeReading {
    pub length: Option<Length>,
    pub width: Option<Length>,
    pub height: Option<Length>,
    pub flags: SizeFlags,
}
