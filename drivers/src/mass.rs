//! Exact mass: nanograms in an `i64`, beside the number as the scale displayed it.
//!
//! Every unit here is a whole number of nanograms (a pound 453 592 370 000, a grain 64 798 910).
//! The
//! displayed number is kept exactly; its mass is at most half a nanogram off (0.1 oz). No float
//! ever touches a weight.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Digits accepted in a displayed number.
const DIGITS_MAX: usize = 18;

/// A decimal number as sent: `0.50` is mantissa 50, exponent -2, and stays `0.50`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    pub mantissa: i64,
    /// Power of ten, -18 to 18.
    pub exponent: i8,
}

/// Why a text is no decimal number, or a number no mass.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MassError {
    #[error("{0:?} is no decimal number: write digits with at most one point, such as 1.250")]
    Number(String),
    #[error("the mass is larger than 9200 t")]
    Range,
    #[error("{0:?} is no unit of mass: write kg, g, lb or oz")]
    Unit(String),
}

impl Decimal {
    /// Parses digits with an optional sign and one point, no exponent, at most 18 digits.
    ///
    /// # Errors
    /// [`MassError::Number`].
    pub fn parse(text: &str) -> Result<Self, MassError> {
        let fail = || MassError::Number(text.chars().take(40).collect());
        let (negative, digits) = match text.as_bytes().first() {
            Some(b'-') => (true, text.get(1..).unwrap_or_default()),
            Some(b'+') => (false, text.get(1..).unwrap_or_default()),
            _ => (false, text),
        };
        let (mut magnitude, mut count, mut places) = (0_i64, 0_usize, None::<i8>);
        for byte in digits.bytes() {
            match (byte, &mut places) {
                (b'0'..=b'9', places) if count < DIGITS_MAX => {
                    magnitude = magnitude * 10 + i64::from(byte - b'0');
                    count += 1;
                    if let Some(places) = places {
                        *places += 1;
                    }
                }
                (b'.', places @ None) => *places = Some(0),
                _ => return Err(fail()),
            }
        }
        if count == 0 {
            return Err(fail());
        }
        Ok(Decimal {
            mantissa: if negative { -magnitude } else { magnitude },
            exponent: -places.unwrap_or(0),
        })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let digits = self.mantissa.unsigned_abs().to_string();
        if self.exponent >= 0 {
            let zeros = "0".repeat(usize::from(self.exponent.unsigned_abs()));
            return write!(f, "{sign}{digits}{zeros}");
        }
        let places = usize::from(self.exponent.unsigned_abs());
        let padded = format!("{digits:0>width$}", width = places.saturating_add(1));
        let (whole, part) = padded.split_at(padded.len().saturating_sub(places));
        write!(f, "{sign}{whole}.{part}")
    }
}

impl FromStr for Decimal {
    type Err = MassError;

    fn from_str(text: &str) -> Result<Self, MassError> {
        Decimal::parse(text)
    }
}

impl Serialize for Decimal {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Decimal::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A unit scales display.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Unit {
    #[serde(rename = "kg")]
    Kilogram,
    #[serde(rename = "g")]
    Gram,
    #[serde(rename = "lb")]
    Pound,
    #[serde(rename = "oz")]
    Ounce,
    #[serde(rename = "mg")]
    Milligram,
    /// The metric ton of 1000 kg; short and long tons are refused everywhere.
    #[serde(rename = "t")]
    Tonne,
    #[serde(rename = "ct")]
    Carat,
    /// `gn`, not `gr`: that is a gram on many a display.
    #[serde(rename = "gn")]
    Grain,
    #[serde(rename = "dwt")]
    Pennyweight,
    #[serde(rename = "ozt")]
    TroyOunce,
}

/// Names that mean one thing everywhere.
const UNITS: &[(&str, Unit)] = &[
    ("kg", Unit::Kilogram),
    ("g", Unit::Gram),
    ("lb", Unit::Pound),
    ("lbs", Unit::Pound),
    ("oz", Unit::Ounce),
    ("mg", Unit::Milligram),
    ("ct", Unit::Carat),
    ("gn", Unit::Grain),
    ("dwt", Unit::Pennyweight),
    ("ozt", Unit::TroyOunce),
];

impl Unit {
    /// Parses a unit symbol in any case; `lbs` is taken for `lb`. Symbols that mean different
    /// things on different scales (`t`, `gr`) are for a profile to map.
    ///
    /// # Errors
    /// [`MassError::Unit`].
    pub fn parse(text: &str) -> Result<Self, MassError> {
        let name = text.trim();
        let named = |(known, _): &&(&str, Unit)| name.eq_ignore_ascii_case(known);
        match UNITS.iter().find(named) {
            Some((_, unit)) => Ok(*unit),
            None => Err(MassError::Unit(text.chars().take(40).collect())),
        }
    }

    /// `kg`, `g`, `lb`, `oz` and so on.
    pub fn symbol(self) -> &'static str {
        match self {
            Unit::Kilogram => "kg",
            Unit::Gram => "g",
            Unit::Pound => "lb",
            Unit::Ounce => "oz",
            Unit::Milligram => "mg",
            Unit::Tonne => "t",
            Unit::Carat => "ct",
            Unit::Grain => "gn",
            Unit::Pennyweight => "dwt",
            Unit::TroyOunce => "ozt",
        }
    }

    /// Nanograms in one of it.
    pub fn ng(self) -> i64 {
        match self {
            Unit::Kilogram => 1_000_000_000_000,
            Unit::Gram => 1_000_000_000,
            Unit::Pound => 453_592_370_000,
            Unit::Ounce => 28_349_523_125,
            Unit::Milligram => 1_000_000,
            Unit::Tonne => 1_000_000_000_000_000,
            Unit::Carat => 200_000_000,
            Unit::Grain => 64_798_910,
            Unit::Pennyweight => 1_555_173_840,
            Unit::TroyOunce => 31_103_476_800,
        }
    }
}

/// A number times the size of its unit, halves away from zero, as long as nothing on the way leaves
/// 64 bits; what does is for the slower way.
pub(crate) fn scaled(decimal: Decimal, unit: i64) -> Option<i64> {
    let power = 10_i64.checked_pow(u32::from(decimal.exponent.unsigned_abs()))?;
    let scaled = decimal.mantissa.checked_mul(unit)?;
    if decimal.exponent >= 0 {
        return scaled.checked_mul(power);
    }
    let half = power / 2;
    let nudge = if scaled < 0 { -half } else { half };
    scaled.checked_add(nudge)?.checked_div(power)
}

/// A mass in nanograms, about plus or minus 9200 t.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Mass(i64);

impl Mass {
    /// From nanograms.
    pub const fn from_ng(ng: i64) -> Self {
        Mass(ng)
    }

    /// Nanograms.
    pub const fn ng(self) -> i64 {
        self.0
    }

    /// From whole grams; beyond the range it saturates.
    pub const fn from_grams(grams: i64) -> Self {
        Mass(grams.saturating_mul(1_000_000_000))
    }

    /// The mass of a displayed number, to the nanogram.
    ///
    /// # Errors
    /// [`MassError::Range`].
    pub fn from_decimal(decimal: Decimal, unit: Unit) -> Result<Self, MassError> {
        if let Some(ng) = scaled(decimal, unit.ng()) {
            return Ok(Mass(ng));
        }
        let power = 10_i128
            .checked_pow(u32::from(decimal.exponent.unsigned_abs()))
            .ok_or(MassError::Range)?;
        let scaled = i128::from(decimal.mantissa)
            .checked_mul(i128::from(unit.ng()))
            .ok_or(MassError::Range)?;
        let ng = if decimal.exponent >= 0 {
            scaled.checked_mul(power).ok_or(MassError::Range)?
        } else {
            // Half a nanogram (0.1 oz has one) rounds away from zero; the text stays exact.
            let half = power.checked_div(2).ok_or(MassError::Range)?;
            let nudge = if scaled < 0 { -half } else { half };
            let sum = scaled.checked_add(nudge).ok_or(MassError::Range)?;
            sum.checked_div(power).ok_or(MassError::Range)?
        };
        i64::try_from(ng).map(Mass).map_err(|_| MassError::Range)
    }

    /// Sum, or `None` beyond the range.
    pub fn checked_add(self, other: Mass) -> Option<Mass> {
        self.0.checked_add(other.0).map(Mass)
    }

    /// Difference, or `None` beyond the range.
    pub fn checked_sub(self, other: Mass) -> Option<Mass> {
        self.0.checked_sub(other.0).map(Mass)
    }
}

impl fmt::Display for Mass {
    /// Exact grams, such as `1250 g` or `0.5 g`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = Decimal {
            mantissa: self.0,
            exponent: -9,
        }
        .to_string();
        write!(f, "{} g", text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// What a scale says about a reading.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(clippy::struct_excessive_bools)]
pub struct MassFlags {
    pub stable: bool,
    /// Centre of zero.
    pub zero: bool,
    /// Net weight: a tare is subtracted.
    pub net: bool,
    pub over: bool,
    pub under: bool,
    pub fault: bool,
    pub motion: bool,
}

impl MassFlags {
    /// The value must be absent.
    pub fn forbids_value(self) -> bool {
        self.over || self.under || self.fault
    }
}

/// A scale's reading. With `over`, `under` or `fault` there is no value, not a zero.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MassReading {
    pub mass: Option<Mass>,
    /// The number as displayed.
    pub decimal: Option<Decimal>,
    pub unit: Option<Unit>,
    pub flags: MassFlags,
}

impl MassReading {
    /// A reading with its value, unless `over`, `under` or `fault` forbids one.
    ///
    /// # Errors
    /// [`MassError::Range`] if the number is no mass.
    pub fn present(decimal: Decimal, unit: Unit, flags: MassFlags) -> Result<Self, MassError> {
        if flags.forbids_value() {
            return Ok(MassReading::absent(unit, flags));
        }
        Ok(MassReading {
            mass: Some(Mass::from_decimal(decimal, unit)?),
            decimal: Some(decimal),
            unit: Some(unit),
            flags,
        })
    }

    /// A reading without a value.
    pub fn absent(unit: Unit, flags: MassFlags) -> Self {
        MassReading {
            unit: Some(unit),
            flags,
            ..MassReading::default()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_number_keeps_the_resolution_it_was_sent_with() {
        for text in ["0.50", "1.25", "-0.005", "12", "0.000", "007.10"] {
            let decimal = Decimal::parse(text).unwrap();
            let plain = text.trim_start_matches("00");
            assert_eq!(decimal.to_string(), plain, "{text}");
        }
        for text in [
            "",
            ".",
            "1.2.3",
            "1,5",
            "1e3",
            " 1",
            "0x1",
            "1234567890123456789",
        ] {
            assert!(Decimal::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn masses_are_exact_in_every_unit() {
        let mass = |text, unit| Mass::from_decimal(Decimal::parse(text).unwrap(), unit);
        assert_eq!(
            mass("1.25", Unit::Kilogram).unwrap().ng(),
            1_250_000_000_000
        );
        assert_eq!(mass("1.25", Unit::Pound).unwrap().ng(), 566_990_462_500);
        assert_eq!(mass("0.1", Unit::Ounce).unwrap().ng(), 2_834_952_313);
        assert_eq!(mass("-0.1", Unit::Ounce).unwrap().ng(), -2_834_952_313);
        assert_eq!(mass("0.01", Unit::Pound).unwrap().ng(), 4_535_923_700);
        assert_eq!(mass("999999999999", Unit::Kilogram), Err(MassError::Range));
        assert_eq!(mass("1.25", Unit::Kilogram).unwrap().to_string(), "1250 g");
        assert_eq!(Mass::from_ng(500_000_000).to_string(), "0.5 g");
    }
}
