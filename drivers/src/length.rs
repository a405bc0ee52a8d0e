//! Exact length: micrometres in an `i64`, and what a dimensioner reports.

use crate::mass::{Decimal, MassReading, scaled};
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

    /// A displayed number in this unit, to the micrometre; `None` beyond the range.
    pub fn from_decimal(decimal: Decimal, unit: LengthUnit) -> Option<Self> {
        if let Some(um) = scaled(decimal, unit.um()) {
            return Some(Length(um));
        }
        let power = 10_i128.checked_pow(u32::from(decimal.exponent.unsigned_abs()))?;
        let product = i128::from(decimal.mantissa).checked_mul(i128::from(unit.um()))?;
        let um = if decimal.exponent >= 0 {
            product.checked_mul(power)?
        } else {
            // Less than a micrometre (0.001 in is 25.4) rounds half away from zero.
            let half = power.checked_div(2)?;
            let nudge = if product < 0 { -half } else { half };
            product.checked_add(nudge)?.checked_div(power)?
        };
        i64::try_from(um).ok().map(Length)
    }

    /// Micrometres.
    pub const fn um(self) -> i64 {
        self.0
    }
}

/// A unit dimensioners display.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LengthUnit {
    #[serde(rename = "mm")]
    Millimetre,
    #[serde(rename = "cm")]
    Centimetre,
    #[serde(rename = "m")]
    Metre,
    #[serde(rename = "in")]
    Inch,
}

impl LengthUnit {
    /// Parses a symbol in any case: mm, cm, m, in.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().to_ascii_lowercase().as_str() {
            "mm" => Some(LengthUnit::Millimetre),
            "cm" => Some(LengthUnit::Centimetre),
            "m" => Some(LengthUnit::Metre),
            "in" | "inch" | "inches" => Some(LengthUnit::Inch),
            _ => None,
        }
    }

    /// Micrometres in one of it.
    pub fn um(self) -> i64 {
        match self {
            LengthUnit::Millimetre => 1_000,
            LengthUnit::Centimetre => 10_000,
            LengthUnit::Metre => 1_000_000,
            LengthUnit::Inch => 25_400,
        }
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
    /// Whether this very result may be used for trade, if the device says so: approval belongs to
    /// a result, not to a device.
    #[serde(default)]
    pub legal_for_trade: Option<bool>,
    /// What the scale beneath it said of the same parcel.
    #[serde(default)]
    pub weight: Option<MassReading>,
}

impl SizeReading {
    /// The device could not measure.
    pub fn fault() -> Self {
        let flags = SizeFlags {
            fault: true,
            ..SizeFlags::default()
        };
        SizeReading {
            flags,
            ..SizeReading::default()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn lengths_are_exact_in_every_unit() {
        let um =
            |text, unit| Length::from_decimal(Decimal::parse(text).unwrap(), unit).map(Length::um);
        assert_eq!(um("31.5", LengthUnit::Centimetre), Some(315_000));
        assert_eq!(um("12.4", LengthUnit::Inch), Some(314_960));
        assert_eq!(um("0.00001", LengthUnit::Inch), Some(0));
        assert_eq!(um("0.00005", LengthUnit::Inch), Some(1));
        assert_eq!(um("-1", LengthUnit::Millimetre), Some(-1000));
        assert_eq!(um("99999999999999", LengthUnit::Metre), None);
        assert_eq!(LengthUnit::parse(" IN "), Some(LengthUnit::Inch));
        assert_eq!(LengthUnit::parse("ft"), None);
    }
}
